//! What a press means: by the lamp and the call that the user saw.
//!
//! Law: pure; nothing is done here. The switch judges every act again; this only chooses which act is asked for.

use crate::facts::Facts;
use crate::mics;
use crate::project::{Local, TalkKey};
use crate::view::{Intent, LinkView};
use dealerboard_model::{CallId, Lamp, LineId, LineKind, LineStatus, Position, UserId, lamp};
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

/// What the turret does by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum LocalDeed {
    /// The next key lands here.
    Select(Position),
    /// Mutes or opens a position's microphone.
    Mute {
        /// Which position.
        position: Position,
        /// Muted.
        on: bool,
    },
    /// A channel's volume.
    Volume {
        /// Which line.
        line: LineId,
        /// 0 to 1.
        volume: f32,
    },
    /// A position's volume.
    PositionVolume {
        /// Which position.
        position: Position,
        /// 0 to 1.
        volume: f32,
    },
    /// Mutes a channel for one's own ears.
    ChannelMute {
        /// Which line.
        line: LineId,
        /// Muted.
        on: bool,
    },
    /// Solo for one's own ears.
    Solo {
        /// Which line.
        line: LineId,
        /// On.
        on: bool,
    },
    /// Shuts every talk at once.
    CloseAll,
    /// Logs off.
    LogOff,
    /// Shows the whole view again.
    Look,
}

const UNREACHABLE: &str = "The switch is not reachable; nothing can be pressed until it is back.";

/// What `intent` asks for; nothing for what is handled elsewhere.
#[must_use]
pub fn deeds(intent: &Intent, facts: &Facts, local: &Local) -> Vec<Deed> {
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
            act(Act::Answer { line: line.clone(), call: *call, position: landing(*position, facts, local) })
        }
        Intent::Hold { position } => at(*position, facts, local, |line| Act::Hold { line }),
        Intent::OpenMic { position } => at(*position, facts, local, |line| Act::OpenMic { line }),
        Intent::Signal { line, on } => act(Act::Signal { line: line.clone(), on: *on }),
        Intent::Talk { line, on, latched } => act(Act::Talk { line: line.clone(), on: *on, latched: *latched }),
        Intent::Intercom { user } => act(Act::Intercom { user: user.clone(), position: Position::HandsFree }),
        Intent::TalkBack { user, on } => talk_back(user, *on, facts),
        Intent::Dnd { on } => act(Act::Dnd { on: *on }),
        Intent::Release { .. }
        | Intent::Mute { .. }
        | Intent::Select { .. }
        | Intent::Volume { .. }
        | Intent::PositionVolume { .. }
        | Intent::ChannelMute { .. }
        | Intent::Solo { .. }
        | Intent::CloseAll
        | Intent::FocusLost
        | Intent::LogOn { .. }
        | Intent::Trust { .. }
        | Intent::LogOff
        | Intent::Look => Vec::new(),
    }
}

/// What needs no switch; letting go and closing are never refused.
fn alone(intent: &Intent, facts: &Facts, local: &Local) -> Option<Vec<Deed>> {
    let deed = match intent.clone() {
        Intent::Mute { position, on } => return Some(mute(position, on, local)),
        Intent::Release { position } => return Some(at(position, facts, local, |line| Act::Release { line })),
        Intent::TalkBack { user, on: false } => return Some(talk_back(&user, false, facts)),
        Intent::Intercom { user } => {
            let line = facts.intercom_with(&user)?.clone();
            return Some(act(Act::Release { line }));
        }
        Intent::Select { position } => LocalDeed::Select(position),
        Intent::Volume { line, volume } => LocalDeed::Volume { line, volume },
        Intent::PositionVolume { position, volume } => LocalDeed::PositionVolume { position, volume },
        Intent::ChannelMute { line, on } => LocalDeed::ChannelMute { line, on },
        Intent::Solo { line, on } => LocalDeed::Solo { line, on },
        Intent::LogOff => LocalDeed::LogOff,
        Intent::Look => LocalDeed::Look,
        Intent::CloseAll => return Some(close_all(facts, local)),
        Intent::FocusLost => return Some(shut(local, |key| key == TalkKey::Held)),
        Intent::Talk { line, on: false, .. } => return Some(act(Act::Talk { line, on: false, latched: false })),
        Intent::Signal { line, on: false } => return Some(act(Act::Signal { line, on: false })),
        Intent::LogOn { .. } | Intent::Trust { .. } => return Some(Vec::new()),
        Intent::Press { .. }
        | Intent::AnswerNext { .. }
        | Intent::Hold { .. }
        | Intent::Signal { .. }
        | Intent::Talk { .. }
        | Intent::OpenMic { .. }
        | Intent::TalkBack { .. }
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
enum Meaning {
    Seize,
    Answer,
    Resume,
    Bridge,
    Select,
    Nothing,
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
        return refuse("This line is not on this turret any more; look at the panel and press another key.");
    };
    if about.kind == LineKind::Hoot {
        return press_hoot(line, seen, facts, local);
    }
    let shown = lamp(status, me);
    let means = meaning(seen.lamp.unwrap_or(shown));
    let is = meaning(shown);
    let name = &about.name;
    // A wire that begins to ring while it is seized is answered: both ends want to talk.
    let met = is == Meaning::Answer && seen.call.is_none() && matches!(means, Meaning::Seize | Meaning::Answer);
    if !met && (seen.call != status.call || means != is) {
        return refuse(&changed(name, means, is, status, facts));
    }
    let position = landing(to, facts, local);
    let line = line.clone();
    match (is, status.call) {
        (Meaning::Nothing, _) => refuse(&format!("{name} is out of service; use another line.")),
        (Meaning::Select, _) => match facts.position_of(&line) {
            Some(position) => vec![Deed::Local(LocalDeed::Select(position))],
            None => act(Act::Talk { line, on: false, latched: false }),
        },
        (Meaning::Seize, _) => act(Act::Seize { line, position }),
        (Meaning::Answer, Some(call)) => act(Act::Answer { line, call, position }),
        (Meaning::Resume, Some(call)) => act(Act::Resume { line, call, position }),
        (Meaning::Bridge, Some(call)) => act(Act::Bridge { line, call, position }),
        (_, None) => refuse(&format!("{name} has no call; look at its key and press again.")),
    }
}

/// A press on a hoot's key opens its talk, or lets it go. One that showed this turret talking never opens it.
fn press_hoot(line: &LineId, seen: Seen, facts: &Facts, local: &Local) -> Vec<Deed> {
    let talks = matches!(local.talk.get(line), Some(TalkKey::Held | TalkKey::Latched));
    let meant_to_shut = seen.lamp == Some(Lamp::InUseHere) && facts.party_of(line).is_none();
    let on = !talks && !meant_to_shut;
    act(Act::Talk { line: line.clone(), on, latched: on })
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

/// Rule POS-1: as given, else as selected, else left; a busy left handset gives way to a free right one.
fn landing(given: Option<Position>, facts: &Facts, local: &Local) -> Position {
    if let Some(position) = given.or(local.selected) {
        return position;
    }
    let busy = |position| facts.line_at(position).is_some();
    if busy(Position::Left) && !busy(Position::Right) { Position::Right } else { Position::Left }
}

fn at(position: Position, facts: &Facts, local: &Local, make: impl FnOnce(LineId) -> Act) -> Vec<Deed> {
    match facts.line_at(position).or_else(|| local.mics.line_on_its_way_to(position)) {
        Some(line) => act(make(line.clone())),
        None => refuse("No line is on this position; press a line's key first."),
    }
}

fn talk_back(user: &UserId, on: bool, facts: &Facts) -> Vec<Deed> {
    match facts.intercom_with(user) {
        Some(line) => act(Act::TalkBack { line: line.clone(), on }),
        None => refuse(&format!("There is no intercom with {}; call first.", facts.name_of(user))),
    }
}

fn shut(local: &Local, which: impl Fn(TalkKey) -> bool) -> Vec<Deed> {
    let keys = local.talk.iter().filter(|(_, key)| which(**key));
    keys.map(|(line, _)| Deed::Act(Act::Talk { line: line.clone(), on: false, latched: false })).collect()
}

/// The microphone of hands-free is that of the talk keys too: muting it lets them go.
fn mute(position: Position, on: bool, local: &Local) -> Vec<Deed> {
    let mut all = vec![Deed::Local(LocalDeed::Mute { position, on })];
    if on && matches!(position, Position::HandsFree | Position::Speakers) {
        all.extend(shut(local, |key| key != TalkKey::Refused));
    }
    all
}

fn close_all(facts: &Facts, local: &Local) -> Vec<Deed> {
    let mut all = vec![Deed::Local(LocalDeed::CloseAll)];
    all.extend(shut(local, |key| key != TalkKey::Refused));
    for gate in mics::open(facts, local) {
        match (gate.position, gate.line) {
            (Position::Speakers, Some(line)) if !local.talk.contains_key(&line) => {
                all.push(Deed::Act(Act::Talk { line, on: false, latched: false }));
            }
            (Position::Speakers, _) => {}
            (position, _) => all.push(Deed::Local(LocalDeed::Mute { position, on: true })),
        }
    }
    all
}

fn act(act: Act) -> Vec<Deed> {
    vec![Deed::Act(act)]
}

fn refuse(sentence: &str) -> Vec<Deed> {
    vec![Deed::Refuse(sentence.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use dealerboard_model::{Csrc, LineFacts, Moment, Party, RecordPolicy, Ring, RingPriority, Talker, TurretId};

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    fn party(turret: u32) -> Party {
        Party {
            user: UserId::from("reyes"),
            turret: TurretId(turret),
            position: Position::Left,
            since: NOW,
            link_lost: false,
        }
    }

    fn world(kind: LineKind, change: impl FnOnce(&mut LineStatus)) -> (Facts, Local) {
        let line = LineId::from("calder");
        let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
        let mut status = LineStatus { call: Some(CallId(3)), ..LineStatus::idle(line.clone(), NOW) };
        change(&mut status);
        facts.statuses.insert(line.clone(), status);
        let (name, number) = ("Calder".to_owned(), "4402".to_owned());
        let about = LineFacts { line: line.clone(), name, number, kind, csrc: Csrc(1), record: RecordPolicy::On };
        facts.lines.insert(line, about);
        (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, ..Local::default() })
    }

    fn pressed(world: &(Facts, Local), call: Option<u32>) -> Vec<Deed> {
        pressed_as(world, call, None)
    }

    fn pressed_as((facts, local): &(Facts, Local), call: Option<u32>, lamp: Option<Lamp>) -> Vec<Deed> {
        deeds(&Intent::Press { line: "calder".into(), call: call.map(CallId), lamp, position: None }, facts, local)
    }

    fn is_refused(deeds: &[Deed]) -> bool {
        matches!(deeds, [Deed::Refuse(_)])
    }

    fn ring(status: &mut LineStatus) {
        status.ring = Some(Ring { priority: RingPriority::High, since: NOW, from: "Calder".into() });
    }

    fn answer() -> Vec<Deed> {
        act(Act::Answer { line: "calder".into(), call: CallId(3), position: Position::Left })
    }

    #[test]
    fn a_press_on_an_idle_line_seizes_it_at_the_left_handset() {
        let world = world(LineKind::Ard, |it| it.call = None);
        assert_eq!(pressed(&world, None), act(Act::Seize { line: "calder".into(), position: Position::Left }));
    }

    #[test]
    fn a_press_on_a_ringing_line_answers_it() {
        assert_eq!(pressed(&world(LineKind::Ard, ring), Some(3)), answer());
    }

    #[test]
    fn a_line_seen_idle_that_rings_by_now_is_answered() {
        assert_eq!(pressed(&world(LineKind::Ard, ring), None), answer());
    }

    #[test]
    fn a_press_on_another_call_than_the_one_seen_is_refused() {
        assert!(matches!(&pressed(&world(LineKind::Ard, ring), Some(2))[..], [Deed::Refuse(_)]));
    }

    #[test]
    fn a_press_on_a_held_line_resumes_it() {
        let world = world(LineKind::Ard, |it| it.holders = vec![party(2)]);
        assert!(matches!(&pressed(&world, Some(3))[..], [Deed::Act(Act::Resume { .. })]));
    }

    #[test]
    fn a_press_on_a_line_in_use_elsewhere_bridges() {
        let world = world(LineKind::Ard, |it| it.parties = vec![party(2)]);
        assert!(matches!(&pressed(&world, Some(3))[..], [Deed::Act(Act::Bridge { .. })]));
    }

    #[test]
    fn a_press_on_a_line_in_use_here_selects_its_position() {
        let world = world(LineKind::Ard, |it| it.parties = vec![party(1)]);
        assert_eq!(pressed(&world, Some(3)), vec![Deed::Local(LocalDeed::Select(Position::Left))]);
    }

    #[test]
    fn a_press_on_a_hoot_latches_its_talk_key() {
        let talker = Talker { user: UserId::from("marsh"), turret: TurretId(2), since: NOW };
        let world = world(LineKind::Hoot, |it| it.talkers = vec![talker]);
        assert_eq!(pressed(&world, Some(3)), act(Act::Talk { line: "calder".into(), on: true, latched: true }));
    }

    #[test]
    fn nothing_can_be_pressed_while_the_switch_is_lost() {
        let mut world = world(LineKind::Ard, ring);
        world.1.link = LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 };
        assert_eq!(pressed(&world, Some(3)), refuse(UNREACHABLE));
    }

    #[test]
    fn a_press_meant_to_answer_never_becomes_a_bridge() {
        let world = world(LineKind::Ard, |it| it.parties = vec![party(2)]);
        let sentence = "reyes answered Calder first; press again to join them.";
        assert_eq!(pressed_as(&world, Some(3), Some(Lamp::RingingHigh)), refuse(sentence));
    }

    #[test]
    fn a_press_meant_to_resume_never_becomes_a_bridge() {
        let world = world(LineKind::Ard, |it| it.parties = vec![party(2)]);
        assert!(is_refused(&pressed_as(&world, Some(3), Some(Lamp::HeldElsewhere))));
    }

    #[test]
    fn a_press_meant_to_bridge_does_not_take_a_line_that_was_held_meanwhile() {
        let world = world(LineKind::Ard, |it| it.holders = vec![party(2)]);
        assert!(is_refused(&pressed_as(&world, Some(3), Some(Lamp::InUseElsewhere))));
    }

    #[test]
    fn a_press_on_a_key_that_was_stale_is_refused() {
        let world = world(LineKind::Ard, |it| it.call = None);
        assert!(is_refused(&pressed_as(&world, None, Some(Lamp::Stale))));
    }

    #[test]
    fn a_line_seen_idle_that_rings_by_now_is_answered_whatever_was_seen_of_its_call() {
        assert_eq!(pressed_as(&world(LineKind::Ard, ring), None, Some(Lamp::Idle)), answer());
    }

    #[test]
    fn a_ring_of_another_priority_is_answered_as_the_same_ring() {
        assert_eq!(pressed_as(&world(LineKind::Ard, ring), Some(3), Some(Lamp::RingingLow)), answer());
    }

    #[test]
    fn a_press_meant_to_end_a_talk_on_a_hoot_does_not_begin_another() {
        let off = act(Act::Talk { line: "calder".into(), on: false, latched: false });
        assert_eq!(pressed_as(&world(LineKind::Hoot, |_| {}), Some(3), Some(Lamp::InUseHere)), off);
    }

    #[test]
    fn a_release_is_taken_while_the_switch_is_lost() {
        let (facts, mut local) = world(LineKind::Ard, |it| it.parties = vec![party(1)]);
        local.link = LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 };
        let release = act(Act::Release { line: "calder".into() });
        assert_eq!(deeds(&Intent::Release { position: Position::Left }, &facts, &local), release);
    }

    #[test]
    fn muting_hands_free_lets_the_talk_keys_go_that_share_its_microphone() {
        let (facts, mut local) = world(LineKind::Hoot, |_| {});
        local.talk = [("calder".into(), TalkKey::Latched)].into();
        let mute = Intent::Mute { position: Position::HandsFree, on: true };
        let off = Deed::Act(Act::Talk { line: "calder".into(), on: false, latched: false });
        assert!(deeds(&mute, &facts, &local).contains(&off));
    }

    #[test]
    fn losing_focus_shuts_held_keys_and_leaves_latched_ones() {
        let (facts, mut local) = world(LineKind::Hoot, |_| {});
        local.talk = [("calder".into(), TalkKey::Held), ("macro".into(), TalkKey::Latched)].into();
        let shut = act(Act::Talk { line: "calder".into(), on: false, latched: false });
        assert_eq!(deeds(&Intent::FocusLost, &facts, &local), shut);
    }

    #[test]
    fn a_hold_of_an_empty_position_is_refused() {
        let (facts, local) = world(LineKind::Ard, |_| {});
        let hold = Intent::Hold { position: Position::Right };
        assert!(matches!(&deeds(&hold, &facts, &local)[..], [Deed::Refuse(_)]));
    }

    #[test]
    fn a_busy_left_handset_gives_way_to_a_free_right_one() {
        let (facts, local) = world(LineKind::Ard, |it| it.parties = vec![party(1)]);
        assert_eq!(landing(None, &facts, &local), Position::Right);
    }
}
