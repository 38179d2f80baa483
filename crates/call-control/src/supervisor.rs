//! Override: a supervisor enters a call, private or held for one person too. Never silently.
//!
//! ```text
//! Outside ─override─► Announced (tone and name to everybody; hears nothing) ─`override.lead`─► On the line ─release─► Outside
//! ```

use crate::call::join;
use crate::happenings::Happening;
use crate::line::{Leg, Line};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::position;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{CallId, LineId, LineKind, Position, Role, TurretId, UserId};
use std::collections::BTreeSet;

/// Longest reason that is kept, in characters.
const REASON_MAX: usize = 200;

/// Enters a call (SUP-1, SUP-2).
pub fn override_call(s: &mut State, turret: TurretId, line: &LineId, call: CallId, at: Position, reason: &str) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    supervises(s, turret, line)?;
    match found.spec.kind {
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial => {}
        LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => {
            let sentence = format!("{name} cannot be entered by override; only calls on lines can.");
            return Err(Refusal::new(RefusalCode::NoRight, sentence));
        }
    }
    if found.calling || found.transfer.is_some() || (found.ring.is_some() && !found.has_members()) {
        return Err(Refusal::new(RefusalCode::StillRinging, format!("{name} still rings; nobody talks there yet.")));
    }
    if found.call != Some(call) || !found.has_members() || found.leg(turret).is_some() {
        return Err(stale(&name));
    }
    let policy = s.policy(Some(line), s.user_of(turret));
    let reason: String = reason.trim().chars().take(REASON_MAX).collect();
    if policy.override_reason && reason.is_empty() {
        let sentence = format!("Say why you enter {name}; the reason is kept with its recording.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    s.recordable(line)?;
    let mut leg = Leg::new(s.party(turret, at)?, true, s.now);
    position::take(s, turret, at)?;
    let who = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    s.happened_on_all(line, turret, &Happening::Overrides { reason });
    announce(s, line, &who);
    let enters = s.now.plus_ms(policy.override_lead_ms);
    (leg.enters, leg.party.overriding) = (Some(enters), true);
    join(s, line, call, leg);
    s.set_timer(enters, Timer::OverrideEnters(turret, enters.mono_us));
    s.notice(turret, Some(line), format!("They were told; you are on {name} in a moment."), Some(Sound::Override));
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// A supervisor of a desk that has the line.
fn supervises(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    if leads_a_desk_of(s, turret, found.spec.members.keys()) {
        return Ok(());
    }
    let sentence = format!("Only a supervisor of a desk that has {} may enter it.", found.spec.name);
    Err(Refusal::new(RefusalCode::NoRight, sentence))
}

/// The user of a turret leads the desk of one of `users`.
pub fn leads_a_desk_of<'u>(s: &State, turret: TurretId, users: impl IntoIterator<Item = &'u UserId>) -> bool {
    let me = s.user_of(turret).and_then(|user| s.floor.users.get(user));
    let Some(me) = me.filter(|me| me.roles.contains(&Role::Supervisor)) else { return false };
    users.into_iter().filter_map(|user| s.floor.users.get(user)).any(|user| user.desk == me.desk)
}

/// Everybody who will be heard, on every line that is joined, is told once, by a tone and the name.
fn announce(s: &mut State, line: &LineId, who: &str) {
    let mut told = BTreeSet::new();
    for end in s.group(line) {
        let Some(found) = s.lines.get(&end) else { continue };
        let sentence = format!("{who} enters {} as supervisor.", found.spec.name);
        for turret in found.member_turrets() {
            if told.insert(turret) {
                s.notice(turret, Some(&end), sentence.clone(), Some(Sound::Override));
            }
        }
    }
}

/// Those on the line had time to stop speaking: the supervisor hears and is heard, on all that is joined.
pub fn enters(s: &mut State, turret: TurretId, at_us: u64) {
    let now = s.now;
    let waits = |line: &&Line| line.leg(turret).and_then(|leg| leg.enters).is_some_and(|at| at.mono_us == at_us);
    let lines: Vec<LineId> = s.lines_of(turret).filter(waits).map(|line| line.spec.line.clone()).collect();
    for line in lines {
        s.leg_mut(&line, turret).into_iter().for_each(|leg| (leg.enters, leg.mic_since) = (None, now));
        s.happened_at(&line, turret, Happening::Entered);
    }
}
