//! What a press means: by the lamp and the call that the user saw.
//!
//! Law: pure; nothing is done here. The switch judges every act again; this only chooses which act is asked for.

use crate::calling::Whom;
use crate::dialling::{self, landing};
use crate::facts::Facts;
use crate::lock;
use crate::messages;
use crate::mics;
use crate::project::{Local, TalkKey};
use crate::view::{DevicePart, Intent, LinkView};
use crate::words::name_of;
use dealerboard_model::{CallId, Lamp, LineId, LinePhase, LineStatus, Position, TransferTo, lamp};
use dealerboard_wire::Act;

/// One thing to do for an intent.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Ask the switch.
    Act(Act),
    /// Change something of this turret alone.
    Local(LocalDeed),
    /// Nothing; the sentence says why and what to do.
    Refuse(String),
}

const NOTHING_THERE: &str = "No line is on this position; press a line's key first.";
const NOTHING_ANNOUNCED: &str = "No call is announced here; press Transfer first.";
const SPEAKERS_HEAR_NOTHING: &str =
    "The speakers have no microphone of their own; choose that of hands-free, which their talk keys use.";
const NO_LINES: &str = "This switch sends calls to people and desks only; choose one of them.";
const UNREACHABLE: &str = "The switch is not reachable; nothing can be pressed until it is back.";

/// What `intent` asks for; nothing for what is handled elsewhere.
#[must_use]
pub fn deeds(intent: &Intent, facts: &Facts, local: &Local) -> Vec<Deed> {
    if facts.locked && !lock::passes(intent, facts) {
        return refuse(lock::LOCKED);
    }
    if let Some(deeds) = alone(intent, facts, local) {
        return deeds;
    }
    if !matches!(local.link, LinkView::Up { .. }) {
        return refuse(UNREACHABLE);
    }
    match intent {
        Intent::Press { line, call, lamp, position } => {
            let seen = Seen { call: *call, lamp: *lamp };
            press(line, seen, *position, facts, local)
        }
        Intent::AnswerNext { line, call, position } => {
            let position = landing(*position, facts, local);
            act(Act::Answer {
                line: line.clone(),
                call: *call,
                position,
                private: local.next_private.contains(&position),
            })
        }
        Intent::Hold { position, exclusive } => hold(*position, *exclusive, facts, local),
        Intent::Private { position, on } => private(*position, *on, facts, local),
        Intent::Join { position, line, call } => {
            act(Act::Join { line: line.clone(), call: *call, position: *position })
        }
        Intent::Move { line, call, position } => moving(line, *call, *position, facts, local),
        Intent::Transfer { to: TransferTo::Line(_), .. } if !facts.sends_to_lines => refuse(NO_LINES),
        Intent::Transfer { position, to } => at(*position, facts, local, |line| Act::Transfer { line, to: to.clone() }),
        Intent::Announce { position, to } => at(*position, facts, local, |line| Act::Announce { line, to: to.clone() }),
        Intent::Complete { position } => announced(*position, facts, |line| Act::Complete { line }),
        Intent::Cancel { position } => announced(*position, facts, |line| Act::Cancel { line }),
        Intent::Unjoin { line } => act(Act::Unjoin { line: line.clone() }),
        Intent::Override { line, call, reason, position } => {
            let position = landing(*position, facts, local);
            act(Act::Override { line: line.clone(), call: *call, position, reason: reason.clone() })
        }
        Intent::Clear { line } => act(Act::Clear { line: line.clone() }),
        Intent::WhoHears { line } => act(Act::WhoHears { line: line.clone() }),
        Intent::Right { line, user, allowed } => {
            act(Act::Right { line: line.clone(), user: user.clone(), allowed: *allowed })
        }
        Intent::Service { line, out } => act(Act::Service { line: line.clone(), out: *out }),
        Intent::OpenMic { position } => at(*position, facts, local, |line| Act::OpenMic { line }),
        Intent::Signal { line, on } => act(Act::Signal { line: line.clone(), on: *on }),
        Intent::Talk { line, on: true, latched } => hoots::talk(line, *latched, facts, local),
        Intent::Talk { line, on: false, .. } => hoots::let_go(line),
        Intent::GroupBroadcast { group, on, latched } => several::group_talk(group, *on, *latched, facts, local),
        Intent::Broadcast { lines, on, latched } => several::talk(lines, *on, *latched, facts, local),
        Intent::BroadcastLine { line, on } => several::line(line, *on, facts, local),
        Intent::Intercom { user, .. } => intercom(&Whom::Person(user.clone()), facts, local),
        Intent::IntercomGroup { group, .. } => intercom(&Whom::Group(group.clone()), facts, local),
        Intent::IntercomPicked { users } => {
            act(Act::IntercomPicked { users: users.clone(), position: calls_from(facts, local) })
        }
        Intent::TalkBack { user, on, latched } => talk_back(&Whom::Person(user.clone()), *on, *latched, facts, local),
        Intent::GroupTalk { group, on, latched } => talk_back(&Whom::Group(group.clone()), *on, *latched, facts, local),
        Intent::Divert { line, when, to } => act(Act::Divert { line: line.clone(), when: *when, to: to.clone() }),
        Intent::Redial { position } => dialling::redial(*position, facts, local),
        Intent::Decline { line } => act(Act::Release { line: line.clone() }),
        Intent::Dial { digits, position } => dialling::dial(digits, *position, facts, local),
        Intent::Call { to, line, position } => dialling::call(to, line.as_ref(), *position, facts, local),
        Intent::Dnd { on } => act(Act::Dnd { on: *on }),
        Intent::CallBack { entry, position } => facts.history.call_back(*entry, *position, facts, local),
        Intent::PlayMessage { entry, position, from_ms } => messages::play(*entry, *position, *from_ms, facts, local),
        Intent::HideHistory { entry } => act(Act::HideHistory { entry: *entry }),
        Intent::Release { .. }
        | Intent::ReleaseLine { .. }
        | Intent::Mute { .. }
        | Intent::Select { .. }
        | Intent::Volume { .. }
        | Intent::PositionVolume { .. }
        | Intent::ChannelMute { .. }
        | Intent::GroupMute { .. }
        | Intent::Solo { .. }
        | Intent::CloseAll
        | Intent::FocusLost
        | Intent::LogOn { .. }
        | Intent::Trust { .. }
        | Intent::Lock
        | Intent::Unlock { .. }
        | Intent::StillHere
        | Intent::LogOff
        | Intent::StopMessage
        | Intent::History { .. }
        | Intent::Devices
        | Intent::ChooseDevice { .. }
        | Intent::Look => Vec::new(),
    }
}

/// What needs no switch; letting go and closing are never refused.
fn alone(intent: &Intent, facts: &Facts, local: &Local) -> Option<Vec<Deed>> {
    let deed = match intent.clone() {
        Intent::Mute { position, on } => return Some(mute(position, on, facts, local)),
        Intent::Release { position } => return Some(release(position, facts, local)),
        Intent::ReleaseLine { line } => return Some(act(Act::Release { line })),
        Intent::TalkBack { user, on: false, .. } => {
            return Some(talk_back(&Whom::Person(user), false, false, facts, local));
        }
        Intent::GroupTalk { group, on: false, .. } => {
            return Some(talk_back(&Whom::Group(group), false, false, facts, local));
        }
        Intent::Intercom { user, lamp } => return hang_up(&Whom::Person(user), lamp, facts, local),
        Intent::IntercomGroup { group, lamp } => return hang_up(&Whom::Group(group), lamp, facts, local),
        Intent::Select { position } => LocalDeed::Select(position),
        Intent::Volume { line, volume } => LocalDeed::Volume { line, volume },
        Intent::PositionVolume { position, volume } => LocalDeed::PositionVolume { position, volume },
        Intent::ChannelMute { line, on } => LocalDeed::ChannelMute { line, on },
        Intent::Solo { line, on } => LocalDeed::Solo { line, on },
        Intent::Lock => return Some(lock::lock(facts)),
        Intent::LogOff => LocalDeed::LogOff,
        Intent::Look => LocalDeed::Look,
        Intent::StopMessage => LocalDeed::StopMessage,
        Intent::History { older } => LocalDeed::History { older },
        Intent::Devices => LocalDeed::Devices,
        Intent::ChooseDevice { position: Position::Speakers, part: DevicePart::Microphone, .. } => {
            return Some(refuse(SPEAKERS_HEAR_NOTHING));
        }
        Intent::ChooseDevice { position, part, device } => LocalDeed::ChooseDevice { position, part, device },
        Intent::CloseAll => return Some(close_all(facts, local)),
        Intent::FocusLost => return Some(shut(local, |key| key == TalkKey::Held)),
        Intent::Talk { line, on: false, .. } => return Some(hoots::let_go(&line)),
        Intent::GroupMute { group, on } => return Some(several::group_mute(&group, on, facts)),
        Intent::GroupBroadcast { group, on: false, .. } => {
            return Some(several::group_talk(&group, false, false, facts, local));
        }
        Intent::Broadcast { lines, on: false, .. } => return Some(several::talk(&lines, false, false, facts, local)),
        Intent::BroadcastLine { line, on: false } => return Some(several::line(&line, false, facts, local)),
        Intent::Signal { line, on: false } => return Some(act(Act::Signal { line, on: false })),
        Intent::LogOn { .. } | Intent::Trust { .. } | Intent::Unlock { .. } | Intent::StillHere => {
            return Some(Vec::new());
        }
        Intent::Press { .. }
        | Intent::AnswerNext { .. }
        | Intent::Hold { .. }
        | Intent::Private { .. }
        | Intent::Join { .. }
        | Intent::Unjoin { .. }
        | Intent::Move { .. }
        | Intent::Transfer { .. }
        | Intent::Announce { .. }
        | Intent::Complete { .. }
        | Intent::Cancel { .. }
        | Intent::Override { .. }
        | Intent::Clear { .. }
        | Intent::Service { .. }
        | Intent::Signal { .. }
        | Intent::Talk { .. }
        | Intent::GroupBroadcast { .. }
        | Intent::Broadcast { .. }
        | Intent::BroadcastLine { .. }
        | Intent::WhoHears { .. }
        | Intent::Right { .. }
        | Intent::OpenMic { .. }
        | Intent::IntercomPicked { .. }
        | Intent::TalkBack { .. }
        | Intent::GroupTalk { .. }
        | Intent::CallBack { .. }
        | Intent::PlayMessage { .. }
        | Intent::HideHistory { .. }
        | Intent::Divert { .. }
        | Intent::Redial { .. }
        | Intent::Decline { .. }
        | Intent::Dial { .. }
        | Intent::Call { .. }
        | Intent::Dnd { .. } => return None,
    };
    Some(vec![Deed::Local(deed)])
}

/// What the key showed when it was pressed.
#[derive(Clone, Copy)]
struct Seen {
    call: Option<CallId>,
    lamp: Option<Lamp>,
}

/// What a press on a lamp asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Seize,
    Answer,
    Resume,
    Bridge,
    Select,
    Nothing,
}

impl Meaning {
    /// A line that was called back is taken while it is free, and answered while it rings: both ends want to talk.
    pub(crate) fn calls_back(self) -> bool {
        match self {
            Self::Seize | Self::Answer => true,
            Self::Resume | Self::Bridge | Self::Select | Self::Nothing => false,
        }
    }
}

/// What a press on a line's key would mean now; none for a line that is not on this turret.
pub(crate) fn seen_now(line: &LineId, facts: &Facts) -> Option<Meaning> {
    Some(meaning(lamp(facts.statuses.get(line)?, facts.turret?)))
}

fn meaning(lamp: Lamp) -> Meaning {
    match lamp {
        Lamp::Idle => Meaning::Seize,
        Lamp::RingingHigh | Lamp::RingingLow => Meaning::Answer,
        Lamp::HeldHere | Lamp::HeldElsewhere => Meaning::Resume,
        Lamp::InUseElsewhere => Meaning::Bridge,
        Lamp::InUseHere => Meaning::Select,
        Lamp::Stale | Lamp::OutOfService => Meaning::Nothing,
    }
}

fn press(line: &LineId, seen: Seen, to: Option<Position>, facts: &Facts, local: &Local) -> Vec<Deed> {
    let (Some(about), Some(status), Some(me)) = (facts.lines.get(line), facts.statuses.get(line), facts.turret) else {
        return refuse("This line is not on this turret; look at the panel and press another key.");
    };
    if about.kind.is_open() {
        return match to.filter(|to| facts.position_of(line) != Some(*to)) {
            Some(to) => moving(line, None, to, facts, local),
            None => hoots::press(line, seen, facts, local),
        };
    }
    let shown = lamp(status, me);
    let (means, is) = (meaning(seen.lamp.unwrap_or(shown)), meaning(shown));
    let name = &about.name;
    // A wire that begins to ring while it is seized is answered: both ends want to talk.
    let met = is == Meaning::Answer && seen.call.is_none() && matches!(means, Meaning::Seize | Meaning::Answer);
    if !met && (seen.call != status.call || means != is) {
        return refuse(&changed(name, means, is, status, facts));
    }
    let position = landing(to, facts, local);
    let (line, private) = (line.clone(), local.next_private.contains(&position));
    match (is, status.call) {
        (Meaning::Nothing, _) => refuse(&format!("{name} is out of service; use another line.")),
        (Meaning::Select, _) => match facts.position_of(&line) {
            Some(position) => second_press(&line, position, facts),
            None => act(Act::Talk { line, on: false, latched: false }),
        },
        (Meaning::Seize, _) => act(Act::Seize { line, position, private }),
        (Meaning::Answer, Some(call)) => act(Act::Answer { line, call, position, private }),
        (Meaning::Resume, Some(call)) => act(Act::Resume { line, call, position, private }),
        (Meaning::Bridge, Some(call)) if status.parties.iter().any(|it| facts.other_seat_of_mine(it).is_some()) => {
            act(Act::TakeOver { line, call, position })
        }
        (Meaning::Bridge, Some(call)) => act(Act::Bridge { line, call, position }),
        (_, None) => refuse(&format!("{name} has no call; look at its key and press again.")),
    }
}

/// Why a press on what is no longer so does nothing, by name where somebody was quicker.
fn changed(name: &str, meant: Meaning, is: Meaning, status: &LineStatus, facts: &Facts) -> String {
    let others = status.parties.iter().filter(|party| Some(party.turret) != facts.turret);
    let who = others.map(|party| facts.name_of(&party.user)).next();
    match (meant, is, who) {
        (Meaning::Answer, Meaning::Bridge, Some(who)) => {
            format!("{who} answered {name} first; press again to join them.")
        }
        (Meaning::Resume, Meaning::Bridge, Some(who)) => {
            format!("{who} took {name} first; press again to join them.")
        }
        _ => format!("{name} changed while you pressed; look at its key and press again."),
    }
}

fn at(position: Position, facts: &Facts, local: &Local, make: impl FnOnce(LineId) -> Act) -> Vec<Deed> {
    match facts.line_at(position).or_else(|| local.mics.line_on_its_way_to(position)) {
        Some(line) => act(make(line.clone())),
        None => refuse(NOTHING_THERE),
    }
}

/// An act on the call that is announced at a position, which carries it or the intercom about it.
fn announced(position: Position, facts: &Facts, make: impl FnOnce(LineId) -> Act) -> Vec<Deed> {
    match facts.announced_at(position) {
        Some((status, _)) => act(make(status.line.clone())),
        None => refuse(NOTHING_ANNOUNCED),
    }
}

/// Holding shuts the microphone before the switch has answered, so what the switch would refuse is refused here.
fn hold(position: Position, exclusive: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    match facts.line_at(position) {
        Some(line) => hold_line(line.clone(), exclusive, facts),
        None => at(position, facts, local, |line| Act::Hold { line, exclusive }),
    }
}

fn hold_line(line: LineId, exclusive: bool, facts: &Facts) -> Vec<Deed> {
    let rings = |phase| matches!(phase, LinePhase::Calling | LinePhase::Dialling);
    if facts.statuses.get(&line).is_some_and(|it| rings(it.phase)) {
        return refuse(&format!("{} still rings; wait for an answer, or release it.", name_of(&line, facts)));
    }
    act(Act::Hold { line, exclusive })
}

/// Privacy of the call at `position`; without one, of the next call that is taken there.
fn private(position: Position, on: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    match facts.line_at(position).or_else(|| local.mics.line_on_its_way_to(position)) {
        Some(line) => act(Act::Private { line: line.clone(), on }),
        None => vec![Deed::Local(LocalDeed::NextPrivate { position, on })],
    }
}

/// Lets go of the line at `position`, and of the intercom on its way from there.
fn release(position: Position, facts: &Facts, local: &Local) -> Vec<Deed> {
    let calls = local.calls.at(position).map(|(id, _)| Deed::Local(LocalDeed::TakeBack(id)));
    let line = facts.line_at(position).or_else(|| local.mics.line_on_its_way_to(position));
    let release = line.map(|line| Deed::Act(Act::Release { line: line.clone() }));
    let all: Vec<Deed> = release.into_iter().chain(calls).collect();
    if all.is_empty() { refuse(NOTHING_THERE) } else { all }
}

fn shut(local: &Local, which: impl Fn(TalkKey) -> bool) -> Vec<Deed> {
    local
        .talk
        .iter()
        .filter(|(_, key)| which(**key))
        .map(|(line, _)| Deed::Act(Act::Talk { line: line.clone(), on: false, latched: false }))
        .chain(several::shut(local, &which))
        .collect()
}

/// A microphone of a talk key that is muted lets the key go: that of hands-free is that of all of them, that of a handset is
/// that of the hoot there.
fn mute(position: Position, on: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    let mut all = vec![Deed::Local(LocalDeed::Mute { position, on })];
    match position {
        Position::HandsFree | Position::Speakers if on => all.extend(shut(local, |key| key != TalkKey::Refused)),
        Position::Left | Position::Right if on => all.extend(hoots::shut(position, facts, local)),
        Position::Left | Position::Right | Position::HandsFree | Position::Speakers => {}
    }
    all
}

fn close_all(facts: &Facts, local: &Local) -> Vec<Deed> {
    let mut all = vec![Deed::Local(LocalDeed::CloseAll)];
    all.extend(shut(local, |key| key != TalkKey::Refused));
    for gate in mics::open(facts, local) {
        match (gate.position, gate.line) {
            (Position::Speakers, Some(line)) if !local.talk.contains_key(&line) && !local.several.talks_to(&line) => {
                all.push(Deed::Act(Act::Talk { line, on: false, latched: false }));
            }
            (Position::Speakers, _) => {}
            (position, _) => all.push(Deed::Local(LocalDeed::Mute { position, on: true })),
        }
    }
    all
}

pub(crate) fn act(act: Act) -> Vec<Deed> {
    vec![Deed::Act(act)]
}

pub(crate) fn refuse(sentence: &str) -> Vec<Deed> {
    vec![Deed::Refuse(sentence.to_owned())]
}

mod hoots;
mod intercom;
mod local;
#[path = "moving.rs"]
mod moving;
mod several;
pub(crate) use intercom::intercom;
use intercom::{calls_from, hang_up, talk_back};
pub use local::LocalDeed;
use moving::{moving, second_press};

#[cfg(test)]
#[path = "press_tests.rs"]
mod tests;
