//! What the switch's log keeps of what is done on the floor: each refusal, override, change of rights and loss is one event
//! (I45), with who, where and the code. What changes the call alone stands in its recording.

use crate::accounts::Account;
use dealerboard_model::{TurretId, UserId};
use dealerboard_wire::{Act, Answer};
use serde_json::Value;

/// An act has its answer.
pub fn answered(turret: TurretId, user: &UserId, act: &Act, result: &Answer) {
    let on = told_of(act);
    match result {
        Answer::Refused(refusal) => {
            let code = serde_json::to_value(refusal.code).unwrap_or_default();
            tracing::info!(%turret, %user, act = word(&on["act"]), on = target(&on), code = word(&code), "refused");
        }
        Answer::Done { .. } => {
            if let Act::Right { line, user: of, allowed } = act {
                tracing::info!(%turret, %user, %line, %of, ?allowed, "rights changed");
            } else if matches!(act, Act::Override { .. } | Act::Clear { .. } | Act::Service { .. }) {
                tracing::info!(%turret, %user, act = word(&on["act"]), on = target(&on), "override");
            }
        }
    }
}

/// A user has other rights than before, or is new.
pub fn rights(account: &Account) {
    tracing::info!(user = %account.user, desk = account.desk, roles = ?account.roles, "rights changed");
}

/// A turret cannot be reached.
pub fn lost(turret: TurretId, user: &UserId) {
    tracing::info!(%turret, %user, "turret lost");
}

/// A turret is locked, or no longer.
pub fn locked(turret: TurretId, user: &UserId, on: bool) {
    tracing::info!(%turret, %user, "turret {}", if on { "locked" } else { "unlocked" });
}

/// Whoever wants to go on at a locked turret has not proved who they are.
pub fn not_unlocked(turret: TurretId, user: &UserId, why: &str) {
    tracing::info!(%turret, %user, why, "turret stays locked");
}

/// The recorder cannot write, or writes again.
pub fn recorder(failing: Option<&str>) {
    match failing {
        Some(why) => tracing::info!(why, "recorder lost"),
        None => tracing::info!("recorder back"),
    }
}

fn told_of(act: &Act) -> Value {
    serde_json::to_value(act).unwrap_or_default()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What an act is about: its line, or whom it calls.
fn target(act: &Value) -> &str {
    let named = ["line", "group", "user"].iter().map(|field| word(&act[*field])).find(|word| !word.is_empty());
    // Of several lines the first stands for all.
    named.unwrap_or_else(|| word(&act["lines"][0]))
}
