//! Sentences that the turret itself tells its user.
//!
//! Law: pure; each says what happened and what to do.

use crate::calling::Whom;
use crate::facts::Facts;
use dealerboard_model::{LineId, Position};
use dealerboard_wire::Act;

/// The name that the user knows a line by.
pub fn name_of(line: &LineId, facts: &Facts) -> String {
    facts.lines.get(line).map_or_else(|| line.to_string(), |about| about.name.clone())
}

/// Where something is at this turret.
#[must_use]
pub fn at_words(position: Position) -> &'static str {
    match position {
        Position::Left => "at the left handset",
        Position::Right => "at the right handset",
        Position::HandsFree => "at hands-free",
        Position::Speakers => "on the speakers",
    }
}

/// That the switch did not take a press in time. None where letting go has its effect without the switch.
pub fn not_sent(act: &Act, facts: &Facts) -> Option<String> {
    let name = |line: &LineId| name_of(line, facts);
    let sentence = match act {
        Act::Seize { line, .. } | Act::Answer { line, .. } | Act::Bridge { line, .. } | Act::Resume { line, .. } => {
            format!("Not sent: the press on {}; look at its key and press again.", name(line))
        }
        Act::Hold { line, .. } => {
            format!("Not sent: the hold of {}; look at its key and press Hold again.", name(line))
        }
        Act::Release { line } => {
            format!("Not sent: the release of {}; look at its key and press Release again.", name(line))
        }
        Act::Signal { line, on: true } => format!("Not sent: the signal on {}; press Signal again.", name(line)),
        Act::Talk { line, on: true, .. } => {
            format!("Not sent: the talk key of {}; press it again to talk.", name(line))
        }
        Act::Broadcast { on: true, .. } => "Not sent: the talk key of your lines; press it again to talk.".to_owned(),
        Act::BroadcastLine { line, .. } => {
            format!("Not sent: {} hears you, or not, as before; press again.", name(line))
        }
        Act::Right { line, user, .. } => {
            format!("Not sent: what {} may do on {} is as it was; set it again.", facts.name_of(user), name(line))
        }
        Act::WhoHears { .. } => return None,
        Act::OpenMic { line } => format!("Not sent: the microphone of {} stays closed; press again.", name(line)),
        Act::Intercom { user, .. } => format!("Not sent: the call to {}; press again.", facts.name_of(user)),
        Act::IntercomGroup { group, .. } => {
            format!("Not sent: the call to {}; press again.", facts.name_of_whom(&Whom::Group(group.clone())))
        }
        Act::IntercomPicked { .. } => "Not sent: the call to the people you picked; pick them again.".to_owned(),
        Act::TalkBack { line, on: true, .. } => {
            format!("Not sent: the talk key of {}; press it again to talk.", name(line))
        }
        Act::Join { line, .. } => format!("Not sent: {} is not joined; press again.", name(line)),
        Act::Move { line, .. } => format!("Not sent: {} stays where it is; press again.", name(line)),
        Act::TakeOver { line, .. } => format!("Not sent: {} stays at your other turret; press again.", name(line)),
        Act::Transfer { line, .. } => format!("Not sent: {} stays here; press again.", name(line)),
        Act::Announce { line, .. } => format!("Not sent: {} is announced to nobody; press again.", name(line)),
        Act::Complete { line } => format!("Not sent: {} stays held here; press Complete again.", name(line)),
        Act::Cancel { line } => format!("Not sent: {} stays held here; press Cancel again.", name(line)),
        Act::Unjoin { line } => format!("Not sent: {} is not removed; press again.", name(line)),
        Act::Private { line, .. } => format!("Not sent: privacy of {} is as it was; press again.", name(line)),
        Act::Override { line, .. } => format!("Not sent: you did not enter {}; press again.", name(line)),
        Act::Service { line, .. } => format!("Not sent: {} is in service, or not, as it was; press again.", name(line)),
        Act::Clear { line } => format!("Not sent: {} is not cleared; press again.", name(line)),
        Act::HideHistory { .. } => "Not sent: the history is as it was; hide it again.".to_owned(),
        Act::Divert { .. } => "Not sent: calls go where they went before; set it again.".to_owned(),
        Act::Dial { line, digits } => format!("Not sent: {digits} on {}; dial again.", name(line)),
        Act::Call { number, .. } => format!("Not sent: the call to {}; dial again.", number.trim_end_matches('#')),
        Act::Dnd { .. } => "Not sent: do not disturb is as it was; press again.".to_owned(),
        // It is locked here, and the switch is told when it is back.
        Act::Lock => return None,
        Act::Signal { on: false, .. }
        | Act::Talk { on: false, .. }
        | Act::Broadcast { on: false, .. }
        | Act::TalkBack { on: false, .. } => return None,
    };
    Some(sentence)
}

/// That the switch ended a talk whose key was not let go.
pub fn talk_ended(line: &LineId, facts: &Facts) -> String {
    format!("The switch closed your microphone on {}; press its talk key to talk again.", name_of(line, facts))
}
