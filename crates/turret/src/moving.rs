//! What a press means for a line that is here: it is selected, let go, or goes to another position.
//!
//! Law: pure, like the rest of `press.rs`.

use super::{Deed, LocalDeed, act, hold_line, refuse};
use crate::facts::Facts;
use crate::project::Local;
use crate::words::name_of;
use dealerboard_model::{CallId, LineId, Position};
use dealerboard_wire::{Act, SecondPress};

/// A press on the key of a line that is in use here selects it; its user may wish that it lets the line go in place of that
/// (POS-5).
pub(super) fn second_press(line: &LineId, position: Position, facts: &Facts) -> Vec<Deed> {
    match (facts.second_press, position) {
        (SecondPress::Nothing, Position::Speakers) => {
            let name = name_of(line, facts);
            refuse(&format!("{name} is on the speakers; press its talk key there, or move it to a handset."))
        }
        (SecondPress::Nothing, _) => vec![Deed::Local(LocalDeed::Select(position))],
        (SecondPress::Release, _) => act(Act::Release { line: line.clone() }),
        (SecondPress::Hold, _) => hold_line(line.clone(), false, facts),
    }
}

/// A call goes to a position where its user can hear, and but for the speakers talk.
pub(super) fn moving(line: &LineId, call: Option<CallId>, to: Position, facts: &Facts, local: &Local) -> Vec<Deed> {
    let deaf = local.devices.get(&to).is_none_or(|it| it.ear.is_none());
    if deaf || (to != Position::Speakers && local.lacks_microphone(to)) {
        return refuse("That position has no device; plug one in, or choose another position.");
    }
    let here = facts.position_of(line).and_then(|_| facts.statuses.get(line)?.call);
    match (here, to) {
        // A hoot's call is whichever is said there: it comes and goes while the hoot stays.
        (Some(now), _) if facts.is_hoot(line) => act(Act::Move { line: line.clone(), call: now, position: to }),
        (Some(now), _) => act(Act::Move { line: line.clone(), call: call.unwrap_or(now), position: to }),
        (None, Position::Left | Position::Right | Position::HandsFree) if facts.is_hoot(line) => {
            act(Act::Seize { line: line.clone(), position: to, private: false })
        }
        (None, _) => refuse(&format!("{} is not here; press its key to take it.", name_of(line, facts))),
    }
}
