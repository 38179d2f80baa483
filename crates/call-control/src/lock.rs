//! A turret that its user has left: locked, until they have proved who they are.
//!
//! ```text
//! Open ─Lock: its key, or nobody has touched it for `lock.idle`─► Locked ─its user's password─► Open
//! ```
//!
//! Law: at a locked turret what runs goes on, and what lets go works. Nothing opens a microphone there, but a call to an
//! emergency number, or from there (ALL-9). Talks end with the lock: nobody is there to let their keys go.

use crate::emergency;
use crate::handset;
use crate::happenings::Happening;
use crate::hoot;
use crate::messages::{Accepted, Act, Output, Refusal, RefusalCode};
use crate::mrd;
use crate::state::{Done, State};
use crate::takeover;
use dealerboard_model::{LineId, Position, TurretId};

/// What whoever presses more than that is told.
pub const LOCKED: &str = "This turret is locked; release, hold and mute still work, for all else type your password.";

/// Locks a turret (LOG-4): its talks are closed, its calls go on.
pub fn lock(s: &mut State, turret: TurretId) -> Done {
    s.party(turret, Position::Speakers)?;
    if !s.is_locked(turret) {
        hoot::stop_all(s, turret);
        handset::shut_all(s, turret);
        takeover::forget(s, turret);
        for line in calls_of(s, turret) {
            mrd::let_go(s, turret, &line);
            // A supervisor who is announced comes to hear, and is heard after a press.
            s.leg_mut(&line, turret).into_iter().filter(|leg| leg.enters.is_some()).for_each(|leg| leg.mic = false);
            s.happened_at(&line, turret, Happening::Locked);
        }
        set(s, turret, true);
    }
    Ok(Accepted::default())
}

/// Its user has proved who they are.
pub fn unlock(s: &mut State, turret: TurretId) {
    if s.is_locked(turret) {
        for line in calls_of(s, turret) {
            s.happened_at(&line, turret, Happening::Unlocked);
        }
        set(s, turret, false);
    }
}

fn calls_of(s: &State, turret: TurretId) -> Vec<LineId> {
    let on_it = s.lines_of(turret).filter(|line| line.leg(turret).is_some());
    on_it.map(|line| line.spec.line.clone()).collect()
}

fn set(s: &mut State, turret: TurretId, on: bool) {
    let Some(seat) = s.turrets.get_mut(&turret) else { return };
    seat.locked = on;
    s.outputs.push(Output::Locked { turret, on });
}

/// Refuses at a locked turret what does more than letting go (LOG-4).
pub fn may(s: &State, turret: TurretId, act: &Act) -> Result<(), Refusal> {
    if !s.is_locked(turret) || passes(s, act) {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::Locked, LOCKED))
}

fn passes(s: &State, act: &Act) -> bool {
    let is_emergency = |line: &LineId| s.lines.get(line).is_some_and(|found| found.emergency);
    match act {
        Act::Release { .. }
        | Act::Hold { .. }
        | Act::Signal { on: false, .. }
        | Act::Talk { on: false, .. }
        | Act::Broadcast { on: false, .. }
        | Act::BroadcastLine { on: false, .. }
        | Act::TalkBack { on: false, .. }
        | Act::Lock => true,
        Act::Call { number, .. } => emergency::is_number(s, number),
        Act::Answer { line, .. } | Act::Resume { line, .. } | Act::OpenMic { line } => is_emergency(line),
        Act::Seize { .. }
        | Act::Bridge { .. }
        | Act::Clear { .. }
        | Act::Service { .. }
        | Act::Join { .. }
        | Act::Move { .. }
        | Act::TakeOver { .. }
        | Act::Transfer { .. }
        | Act::Announce { .. }
        | Act::Complete { .. }
        | Act::Cancel { .. }
        | Act::Unjoin { .. }
        | Act::Private { .. }
        | Act::Override { .. }
        | Act::Signal { on: true, .. }
        | Act::Talk { on: true, .. }
        | Act::Broadcast { on: true, .. }
        | Act::BroadcastLine { on: true, .. }
        | Act::Right { .. }
        | Act::WhoHears { .. }
        | Act::Intercom { .. }
        | Act::IntercomGroup { .. }
        | Act::IntercomPicked { .. }
        | Act::TalkBack { on: true, .. }
        | Act::Divert { .. }
        | Act::Dial { .. }
        | Act::Dnd { .. } => false,
    }
}
