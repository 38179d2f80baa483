//! What a press means on a hoot or a shout-down, and on any talk key.
//!
//! Law: pure, like the rest of `press.rs`. A talk key opens one microphone: that of hands-free, or that of the handset where
//! its hoot is listened to.

use super::{Deed, Seen, act, refuse};
use crate::facts::Facts;
use crate::mics;
use crate::project::{Local, TalkKey};
use crate::words::{at_words, name_of};
use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_wire::Act;

pub(super) const NO_MICROPHONE: &str =
    "The talk keys have no microphone; plug one in, or choose another, and press again.";

/// A press on a hoot's key opens its talk, or lets it go. One that showed this turret talking never opens it.
pub(super) fn press(line: &LineId, seen: Seen, facts: &Facts, local: &Local) -> Vec<Deed> {
    let talks = matches!(local.talk.get(line), Some(TalkKey::Held | TalkKey::Latched));
    let meant_to_shut = seen.lamp == Some(Lamp::InUseHere) && facts.party_of(line).is_none();
    if talks || meant_to_shut { let_go(line) } else { talk(line, true, facts, local) }
}

/// A talk key goes down.
pub(super) fn talk(line: &LineId, latched: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    let (at, name) = (facts.talks_at(line), name_of(line, facts));
    if local.lacks_microphone(at) {
        return match at {
            Position::HandsFree | Position::Speakers => refuse(NO_MICROPHONE),
            Position::Left | Position::Right => {
                let place = at_words(at);
                refuse(&format!("{name} is {place}, which has no microphone; plug one in, or move {name}."))
            }
        };
    }
    if at != Position::HandsFree && local.muted.contains(at) {
        return refuse(&format!("{name} is {}, which is muted; end its mute, then press again.", at_words(at)));
    }
    let open = mics::shown(facts, local).into_iter().any(|(mic, place)| mic.line == *line && place == at);
    if facts.is_hoot(line) && open {
        return refuse(&format!("{name} hears you already: its microphone is open {}.", at_words(at)));
    }
    act(Act::Talk { line: line.clone(), on: true, latched })
}

/// It goes up: that is never refused.
pub(super) fn let_go(line: &LineId) -> Vec<Deed> {
    act(Act::Talk { line: line.clone(), on: false, latched: false })
}

/// Lets the talk key go whose hoot is at a position.
pub(super) fn shut(position: Position, facts: &Facts, local: &Local) -> Vec<Deed> {
    let line = facts.line_at(position).filter(|line| facts.is_hoot(line) && local.talk.contains_key(*line));
    line.map(let_go).unwrap_or_default()
}
