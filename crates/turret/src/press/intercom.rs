//! What a press on a row of the intercom list means, and its talk key.
//!
//! Law: pure, as all of `press`; by the lamp that the user saw.

use super::{Deed, LocalDeed, Meaning, act, meaning, refuse};
use crate::calling::Whom;
use crate::facts::Facts;
use crate::mics;
use crate::project::Local;
use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_wire::Act;

/// What a press on a row of the intercom list means, by the lamp that was seen; else by how it is.
fn row_means(lamp: Option<Lamp>, line: Option<&LineId>, facts: &Facts) -> Meaning {
    match (lamp.map(meaning), line) {
        (Some(Meaning::Answer), _) => Meaning::Answer,
        (Some(Meaning::Select | Meaning::Resume), _) => Meaning::Select,
        (Some(Meaning::Seize | Meaning::Bridge | Meaning::Nothing), _) | (None, None) => Meaning::Seize,
        (None, Some(line)) if facts.party_of(line).is_some() => Meaning::Select,
        (None, Some(_)) => Meaning::Answer,
    }
}

/// Ends the intercom with `whom`, one on its way too; nothing when the press was not meant so.
pub fn hang_up(whom: &Whom, lamp: Option<Lamp>, facts: &Facts, local: &Local) -> Option<Vec<Deed>> {
    let name = facts.name_of_whom(whom);
    if let Some((id, call)) = local.calls.to(whom) {
        let sentence = format!("The call to {name} is just being ended; press again in a moment.");
        return Some(if call.taken_back { refuse(&sentence) } else { vec![Deed::Local(LocalDeed::TakeBack(id))] });
    }
    let line = facts.intercom_of(whom);
    match (row_means(lamp, line, facts), line) {
        (Meaning::Select, Some(line)) => Some(act(Act::Release { line: line.clone() })),
        (Meaning::Select | Meaning::Answer, None) => {
            Some(refuse(&format!("The call with {name} has ended; press again to call them.")))
        }
        _ => None,
    }
}

/// Calls `whom`, or accepts their call that waits: who calls each other at once has one call (INT-6).
pub fn intercom(whom: &Whom, facts: &Facts, local: &Local) -> Vec<Deed> {
    let position = calls_from(facts, local);
    match (facts.intercom_of(whom), whom) {
        (Some(line), _) => act(Act::TalkBack { line: line.clone(), on: true, latched: true }),
        (None, Whom::Person(user)) => act(Act::Intercom { user: user.clone(), position }),
        (None, Whom::Group(group)) => act(Act::IntercomGroup { group: group.clone(), position }),
        (None, Whom::Picked) => Vec::new(),
    }
}

/// Hands-free, or a free handset where only that has a microphone.
pub fn calls_from(facts: &Facts, local: &Local) -> Position {
    let handset = |position: &Position| !local.lacks_microphone(*position) && facts.line_at(*position).is_none();
    if !local.lacks_microphone(Position::HandsFree) {
        return Position::HandsFree;
    }
    [Position::Left, Position::Right].into_iter().find(handset).unwrap_or(Position::HandsFree)
}

/// Where microphones do not stay open by themselves, the latch that a tap asks for is the key that was let go.
pub fn talk_back(whom: &Whom, on: bool, latched: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    let Some(line) = facts.intercom_of(whom) else {
        return refuse(&format!("There is no intercom with {}; call first.", facts.name_of_whom(whom)));
    };
    let is_open = || mics::open(facts, local).iter().any(|gate| gate.line.as_ref() == Some(line));
    let on = on && !(latched && !facts.intercom_latches && is_open());
    act(Act::TalkBack { line: line.clone(), on, latched: on && latched })
}
