//! Which microphones are open, and towards what.
//!
//! Law: pure. A microphone is open while the switch lists it and its user has not shut it since; before it is listed, for
//! two seconds from a press; after the switch is lost, that of a call for one second more. A talk needs its key as well.
//! What was shut opens again only by a press. While a talk is open, or on its way, only talks are open (rule POS-4).

use crate::facts::Facts;
use crate::project::{Local, TalkKey};
use crate::view::LinkView;
use dealerboard_model::{LineId, Position, Uplink};
use dealerboard_wire::OpenMic;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How long a press keeps its gate open while the switch has not listed the microphone.
pub const PENDING: Duration = Duration::from_secs(2);

/// `mic.link_loss`: microphones of calls survive a reconnect in mid-word, no longer.
const MIC_LINK_LOSS: Duration = Duration::from_millis(1_000);

/// A press whose microphone the switch has not listed yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Towards which line; none for an intercom whose line is still to be made.
    pub line: Option<LineId>,
    /// Which uplink.
    pub uplink: Uplink,
    /// For which position.
    pub position: Position,
    /// The gate shuts then, whatever has come.
    pub until: Instant,
}

/// Until when a microphone that its user shut stays shut, whatever the switch lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shut {
    /// While this command has no answer.
    Asked(Uuid),
    /// It may be listed late: until then at least.
    Until(Instant),
    /// While it is listed.
    Listed,
}

/// A microphone that is open towards a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Which line; none for an intercom whose line is still to be made.
    pub line: Option<LineId>,
    /// Which uplink.
    pub uplink: Uplink,
    /// The position that talks: speakers for a talk key.
    pub position: Position,
}

/// What this turret alone knows about its microphones.
#[derive(Clone, Debug, Default)]
pub struct Mics {
    pending: BTreeMap<Uuid, Pending>,
    shut: BTreeMap<(LineId, Uplink), Shut>,
    lingering: Vec<(OpenMic, Position)>,
    linger_until: Option<Instant>,
}

/// The position that a listed microphone belongs to: that of the party on its line, else the speakers' talk keys.
#[must_use]
pub fn place(facts: &Facts, mic: &OpenMic) -> Position {
    facts.position_of(&mic.line).filter(|position| position.uplink() == mic.uplink).unwrap_or(Position::Speakers)
}

/// Every open microphone.
#[must_use]
pub fn open(facts: &Facts, local: &Local) -> Vec<Gate> {
    let listed = shown(facts, local).into_iter().filter(|(mic, _)| !mic.muted);
    let mut all: Vec<Gate> =
        listed.map(|(mic, position)| Gate { line: Some(mic.line), uplink: mic.uplink, position }).collect();
    if matches!(local.link, LinkView::Up { .. }) {
        let pending = local.mics.pending.values();
        all.extend(pending.map(|it| Gate { line: it.line.clone(), uplink: it.uplink, position: it.position }));
    }
    all.retain(|gate| !local.muted.contains(&gate.position));
    // The switch does so as well, one message later: until then words for a talk would reach the call of a handset.
    if all.iter().any(|gate| gate.position == Position::Speakers) {
        all.retain(|gate| gate.position == Position::Speakers);
        if muted_call_would_hear(facts, local) {
            all.clear();
        }
    }
    all
}

/// The microphones that the switch takes voice from and their user muted here: they send silence, so that the switch
/// and the recorder know that they are there.
#[must_use]
pub fn silent(facts: &Facts, local: &Local) -> Vec<Gate> {
    let listed = shown(facts, local).into_iter().filter(|(mic, at)| !mic.muted && local.muted.contains(at));
    listed.map(|(mic, position)| Gate { line: Some(mic.line), uplink: mic.uplink, position }).collect()
}

/// A talk shares its microphone with a hands-free call. One that the user muted hears nothing of it: the talk waits until
/// the switch does not route it there any more.
fn muted_call_would_hear(facts: &Facts, local: &Local) -> bool {
    let routed = |mic: &OpenMic| !mic.muted && place(facts, mic) == Position::HandsFree;
    local.muted.contains(&Position::HandsFree) && facts.mics.iter().any(routed)
}

/// The microphones that the switch takes voice from and their user has not shut, with their positions.
#[must_use]
pub fn shown(facts: &Facts, local: &Local) -> Vec<(OpenMic, Position)> {
    let mut all: Vec<(OpenMic, Position)> = match local.link {
        LinkView::Up { .. } => facts.mics.iter().map(|mic| (mic.clone(), place(facts, mic))).collect(),
        LinkView::Lost { .. } | LinkView::Connecting { .. } => local.mics.lingering.clone(),
        LinkView::Refused { .. } | LinkView::Untrusted { .. } | LinkView::LoggedOff => Vec::new(),
    };
    let keyed = |line: &LineId| matches!(local.talk.get(line), Some(TalkKey::Held | TalkKey::Latched));
    all.retain(|(mic, position)| *position != Position::Speakers || keyed(&mic.line));
    all.retain(|(mic, _)| !local.mics.is_shut(mic));
    all
}

impl Mics {
    /// A press is on its way: its gate opens before the switch is asked.
    pub fn press(&mut self, id: Uuid, pending: Pending) {
        if let Some(line) = &pending.line {
            self.shut.remove(&(line.clone(), pending.uplink));
        }
        self.pending.insert(id, pending);
    }

    /// The line that a press puts on `position`, before the switch has said so.
    #[must_use]
    pub fn line_on_its_way_to(&self, position: Position) -> Option<&LineId> {
        self.pending.values().filter(|it| it.position == position).find_map(|it| it.line.as_ref())
    }

    /// The presses whose microphones are not listed yet.
    pub fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.pending.values()
    }

    /// A press was refused, or is not sent any more.
    pub fn give_up(&mut self, id: Uuid) {
        self.pending.remove(&id);
    }

    /// The line that the switch made for an intercom.
    pub fn line_made(&mut self, id: Uuid, line: &LineId) {
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.line.get_or_insert_with(|| line.clone());
        }
    }

    /// The user lets go: the microphone of the call on `line`, or with `talk` of the talk key, is shut by command `by`.
    pub fn shut(&mut self, facts: &Facts, line: &LineId, talk: bool, by: Uuid) {
        let same = |at: &LineId, position: Position| at == line && (position == Position::Speakers) == talk;
        self.shut_where(facts, same, |_| Shut::Asked(by));
    }

    /// The device behind `uplink` has gone or come (rule POS-6): whatever it is open towards is shut.
    pub fn shut_device(&mut self, facts: &Facts, position: Position, now: Instant) {
        let here = |_: &LineId, at: Position| at.uplink() == position.uplink();
        self.shut_where(facts, here, |listed| if listed { Shut::Listed } else { Shut::Until(now + PENDING) });
        self.pending.retain(|_, pending| pending.uplink != position.uplink());
    }

    /// Every talk is shut.
    pub fn shut_talks(&mut self, facts: &Facts, now: Instant) {
        let talk = |_: &LineId, at: Position| at == Position::Speakers;
        self.shut_where(facts, talk, |listed| if listed { Shut::Listed } else { Shut::Until(now + PENDING) });
    }

    fn shut_where(&mut self, facts: &Facts, which: impl Fn(&LineId, Position) -> bool, how: impl Fn(bool) -> Shut) {
        let listed = facts.mics.iter().map(|mic| (mic.clone(), place(facts, mic))).chain(self.lingering.clone());
        for (mic, _) in listed.filter(|(mic, position)| which(&mic.line, *position)) {
            self.shut.insert((mic.line, mic.uplink), how(true));
        }
        self.pending.retain(|_, pending| match &pending.line {
            Some(line) if which(line, pending.position) => {
                self.shut.entry((line.clone(), pending.uplink)).or_insert_with(|| how(false));
                false
            }
            Some(_) | None => true,
        });
    }

    /// The user opens the microphone of the call on `line` again.
    pub fn reopen(&mut self, line: &LineId, uplink: Uplink) {
        let key = (line.clone(), uplink);
        if !matches!(self.shut.get(&key), Some(Shut::Asked(_))) {
            self.shut.remove(&key);
        }
    }

    /// A command has its answer, or will have none.
    pub fn answered(&mut self, id: Uuid) {
        for shut in self.shut.values_mut().filter(|shut| **shut == Shut::Asked(id)) {
            *shut = Shut::Listed;
        }
    }

    /// The switch is lost: talks are over, calls go on for a moment, and nothing is known to be listed.
    pub fn lose(&mut self, facts: &mut Facts, now: Instant) {
        let mics = std::mem::take(&mut facts.mics);
        let placed = mics.into_iter().map(|mic| (place(facts, &mic), mic));
        let calls = placed.filter(|(position, mic)| *position != Position::Speakers && !mic.muted);
        self.lingering = calls.map(|(position, mic)| (mic, position)).collect();
        self.linger_until = Some(now + MIC_LINK_LOSS);
        self.pending.clear();
    }

    /// A snapshot has come: what the switch lists counts from now on.
    pub fn found(&mut self) {
        self.lingering.clear();
        self.linger_until = None;
        self.pending.clear();
    }

    /// Nothing that was pressed is meant any more, and nothing is open.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What time and the switch have settled.
    pub fn settle(&mut self, facts: &Facts, up: bool, now: Instant) {
        if self.linger_until.is_some_and(|until| until <= now) {
            self.lingering.clear();
            self.linger_until = None;
        }
        self.pending.retain(|_, pending| {
            let talk = pending.position == Position::Speakers;
            let same = |mic: &&OpenMic| Some(&mic.line) == pending.line.as_ref();
            let listed = facts.mics.iter().filter(same).any(|mic| (place(facts, mic) == Position::Speakers) == talk);
            pending.until > now && !listed
        });
        let listed = |(line, uplink): &(LineId, Uplink)| {
            let mut all = facts.mics.iter().chain(self.lingering.iter().map(|(mic, _)| mic));
            all.any(|mic| mic.line == *line && mic.uplink == *uplink)
        };
        self.shut.retain(|key, shut| match shut {
            Shut::Asked(_) => true,
            Shut::Until(_) if listed(key) => {
                *shut = Shut::Listed;
                true
            }
            Shut::Until(until) => *until > now,
            // While the switch is lost nothing is listed, and what was shut must not come back with it.
            Shut::Listed => !up || listed(key),
        });
    }

    /// Whether time has something to settle.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        let pending = self.pending.values().any(|pending| pending.until <= now);
        let shut = self.shut.values().any(|shut| matches!(shut, Shut::Until(until) if *until <= now));
        pending || shut || self.linger_until.is_some_and(|until| until <= now)
    }

    fn is_shut(&self, mic: &OpenMic) -> bool {
        self.shut.contains_key(&(mic.line.clone(), mic.uplink))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::{LineStatus, Moment, Party, TurretId, UserId};

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn mic(line: &str, uplink: Uplink) -> OpenMic {
        OpenMic { uplink, line: line.into(), since: NOW, hearers: 1, muted: false, closes_at: None }
    }

    /// This turret is on `calder` at the left handset, and its microphone is listed.
    fn on_a_call() -> (Facts, Local) {
        let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
        let (user, turret, position) = (UserId::from("reyes"), TurretId(1), Position::Left);
        let party = Party { user, turret, position, since: NOW, link_lost: false };
        let status = LineStatus { parties: vec![party], ..LineStatus::idle("calder".into(), NOW) };
        facts.statuses.insert("calder".into(), status);
        facts.mics = vec![mic("calder", Uplink::Left)];
        (facts, Local { link: up(), ..Local::default() })
    }

    /// This turret talks on the hoot `macro`.
    fn talking() -> (Facts, Local) {
        let facts = Facts { turret: Some(TurretId(1)), mics: vec![mic("macro", Uplink::Mic)], ..Facts::default() };
        let talk = [("macro".into(), TalkKey::Latched)].into();
        (facts, Local { link: up(), talk, ..Local::default() })
    }

    fn up() -> LinkView {
        LinkView::Up { round_trip_ms: None, voice: true }
    }

    fn lost() -> LinkView {
        LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 }
    }

    fn uplinks(facts: &Facts, local: &Local) -> Vec<Uplink> {
        open(facts, local).into_iter().map(|gate| gate.uplink).collect()
    }

    fn seize(local: &mut Local, now: Instant) {
        let (uplink, position) = (Uplink::Left, Position::Left);
        let pending = Pending { line: Some("calder".into()), uplink, position, until: now + PENDING };
        local.mics.press(id(1), pending);
    }

    fn settle(facts: &Facts, local: &mut Local, now: Instant) {
        let up = matches!(local.link, LinkView::Up { .. });
        local.mics.settle(facts, up, now);
    }

    #[test]
    fn a_release_shuts_before_the_switch_has_answered() {
        let (facts, mut local) = on_a_call();
        assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
        local.mics.shut(&facts, &"calder".into(), false, id(7));
        assert_eq!(uplinks(&facts, &local), []);
    }

    #[test]
    fn a_release_that_the_switch_refuses_leaves_the_microphone_shut_until_it_is_pressed() {
        let (facts, mut local) = on_a_call();
        local.mics.shut(&facts, &"calder".into(), false, id(7));
        local.mics.answered(id(7));
        settle(&facts, &mut local, Instant::now());
        assert_eq!(uplinks(&facts, &local), []);
        local.mics.reopen(&"calder".into(), Uplink::Left);
        assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    }

    #[test]
    fn a_line_that_is_seized_again_after_its_release_opens_again() {
        let (mut facts, mut local) = on_a_call();
        local.mics.shut(&facts, &"calder".into(), false, id(7));
        facts.mics.clear();
        local.mics.answered(id(7));
        settle(&facts, &mut local, Instant::now());
        facts.mics = vec![mic("calder", Uplink::Left)];
        assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    }

    #[test]
    fn a_press_that_is_released_on_its_way_stays_shut_when_it_is_listed_late() {
        let now = Instant::now();
        let (facts, mut local) = on_a_call();
        let before = Facts { turret: Some(TurretId(1)), ..Facts::default() };
        seize(&mut local, now);
        assert_eq!(uplinks(&before, &local), [Uplink::Left]);
        local.mics.shut(&before, &"calder".into(), false, id(7));
        settle(&before, &mut local, now);
        assert_eq!(uplinks(&before, &local), []);
        settle(&facts, &mut local, now);
        assert_eq!(uplinks(&facts, &local), []);
    }

    #[test]
    fn a_press_that_is_never_listed_shuts_after_two_seconds() {
        let now = Instant::now();
        let (facts, mut local) = (Facts::default(), Local { link: up(), ..Local::default() });
        seize(&mut local, now);
        settle(&facts, &mut local, now + PENDING);
        assert_eq!(uplinks(&facts, &local), []);
    }

    #[test]
    fn a_talk_is_open_only_while_its_key_is_down_here() {
        let (facts, mut local) = talking();
        assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
        local.talk.clear();
        assert_eq!(uplinks(&facts, &local), []);
    }

    #[test]
    fn muting_shuts_at_once() {
        let (facts, mut local) = on_a_call();
        local.muted.insert(Position::Left);
        assert_eq!(uplinks(&facts, &local), []);
    }

    #[test]
    fn a_muted_microphone_sends_silence_while_the_switch_lists_it() {
        let (mut facts, mut local) = on_a_call();
        assert_eq!(silent(&facts, &local), []);
        local.muted.insert(Position::Left);
        assert_eq!(silent(&facts, &local).len(), 1);
        facts.mics.clear();
        assert_eq!(silent(&facts, &local), []);
    }

    #[test]
    fn a_microphone_that_was_let_go_does_not_even_send_silence() {
        let (facts, mut local) = on_a_call();
        local.muted.insert(Position::Left);
        local.mics.shut(&facts, &"calder".into(), false, id(7));
        assert_eq!(silent(&facts, &local), []);
    }

    #[test]
    fn a_call_survives_a_loss_for_one_second_and_its_microphone_is_shown_meanwhile() {
        let now = Instant::now();
        let (mut facts, mut local) = on_a_call();
        local.link = lost();
        local.mics.lose(&mut facts, now);
        settle(&facts, &mut local, now + MIC_LINK_LOSS - Duration::from_millis(1));
        assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
        assert_eq!(shown(&facts, &local).len(), 1);
        settle(&facts, &mut local, now + MIC_LINK_LOSS);
        assert_eq!(uplinks(&facts, &local), []);
        assert!(facts.mics.is_empty());
    }

    #[test]
    fn a_talk_is_shut_by_a_loss_at_once() {
        let (mut facts, mut local) = talking();
        local.link = lost();
        local.mics.lose(&mut facts, Instant::now());
        assert_eq!(uplinks(&facts, &local), []);
    }

    #[test]
    fn a_release_while_the_switch_is_lost_shuts_and_stays_shut_when_it_is_back() {
        let now = Instant::now();
        let (mut facts, mut local) = on_a_call();
        let listed = facts.mics.clone();
        local.link = lost();
        local.mics.lose(&mut facts, now);
        local.mics.shut(&facts, &"calder".into(), false, id(7));
        assert_eq!(uplinks(&facts, &local), []);
        local.mics.answered(id(7));
        settle(&facts, &mut local, now + Duration::from_secs(5));
        (facts.mics, local.link) = (listed, up());
        local.mics.found();
        settle(&facts, &mut local, now + Duration::from_secs(6));
        assert_eq!(uplinks(&facts, &local), []);
    }

    #[test]
    fn a_device_that_comes_back_stays_shut_until_it_is_pressed() {
        let now = Instant::now();
        let (facts, mut local) = on_a_call();
        local.mics.shut_device(&facts, Position::Left, now);
        settle(&facts, &mut local, now + Duration::from_secs(60));
        assert_eq!(uplinks(&facts, &local), []);
        seize(&mut local, now + Duration::from_secs(60));
        assert_eq!(uplinks(&facts, &local), [Uplink::Left, Uplink::Left]);
    }

    #[test]
    fn a_device_that_goes_leaves_the_other_positions_open() {
        let (facts, mut local) = on_a_call();
        local.mics.shut_device(&facts, Position::Right, Instant::now());
        assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    }

    #[test]
    fn a_press_that_is_not_answered_is_due_when_its_time_is_over() {
        let mut mics = Mics::default();
        let now = Instant::now();
        assert!(!mics.is_due(now));
        let line = Some(LineId::from("calder"));
        mics.press(id(1), Pending { line, uplink: Uplink::Left, position: Position::Left, until: now + PENDING });
        assert_eq!([now, now + PENDING].map(|at| mics.is_due(at)), [false, true]);
        mics.settle(&Facts::default(), true, now + PENDING);
        assert!(!mics.is_due(now + PENDING));
    }

    #[test]
    fn a_handset_that_a_talk_key_keeps_from_being_heard_is_shut() {
        let (mut facts, local) = on_a_call();
        facts.mics[0].muted = true;
        assert_eq!(uplinks(&facts, &local), []);
    }

    fn key_down(local: &mut Local, line: &str, now: Instant) {
        let (uplink, position) = (Uplink::Mic, Position::Speakers);
        local.mics.press(id(2), Pending { line: Some(line.into()), uplink, position, until: now + PENDING });
        local.talk.insert(line.into(), TalkKey::Held);
    }

    #[test]
    fn a_handset_is_shut_from_the_moment_that_a_talk_key_is_down() {
        let (facts, mut local) = on_a_call();
        key_down(&mut local, "macro", Instant::now());
        assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
    }

    #[test]
    fn a_handset_is_open_again_when_the_talk_is_over_and_the_switch_says_so() {
        let (mut facts, mut local) = on_a_call();
        facts.mics[0].muted = true;
        facts.mics.push(mic("macro", Uplink::Mic));
        local.talk.insert("macro".into(), TalkKey::Latched);
        assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
        facts.mics = vec![mic("calder", Uplink::Left)];
        local.talk.clear();
        assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    }

    #[test]
    fn a_talk_waits_until_a_muted_hands_free_call_is_not_fed_from_its_microphone() {
        let (mut facts, mut local) = on_a_call();
        facts.statuses.get_mut(&LineId::from("calder")).unwrap().parties[0].position = Position::HandsFree;
        facts.mics = vec![mic("calder", Uplink::Mic)];
        local.muted.insert(Position::HandsFree);
        key_down(&mut local, "macro", Instant::now());
        assert_eq!(uplinks(&facts, &local), []);
        facts.mics[0].muted = true;
        assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
    }
}
