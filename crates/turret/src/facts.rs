//! Everything the turret knows from the switch.
//!
//! Law: pure; an event replaces exactly what it names, a snapshot replaces everything. `project` draws it, `press` judges by it.

use crate::calling::Whom;
use crate::history::Journal;
use dealerboard_model::{
    AnnouncedCall, BroadcastStatus, Csrc, GroupId, LineFacts, LineId, LineStatus, Party, PersonStatus, Position, Right,
    Ring, RingInCall, RingPriority, TalkMode, TurretId, UserId,
};
use dealerboard_wire::{
    ChannelGroup, Event, IntercomGroup, Me, Number, OpenMic, Page, Person, RecorderHealth, SecondPress, Snapshot,
    TalkerLabel,
};
use std::collections::{BTreeMap, BTreeSet};

/// What the switch said last.
#[derive(Clone, Debug)]
pub struct Facts {
    /// This turret's session; none before log-on.
    pub turret: Option<TurretId>,
    /// Who is logged on here.
    pub me: Option<Me>,
    /// The floor's name.
    pub floor: String,
    /// Every line with an appearance here.
    pub lines: BTreeMap<LineId, LineFacts>,
    /// How each line stands.
    pub statuses: BTreeMap<LineId, LineStatus>,
    /// This user's right on each hoot.
    pub rights: BTreeMap<LineId, Right>,
    /// What a press on a talk key does, where it is not open while it is held.
    pub talk_modes: BTreeMap<LineId, TalkMode>,
    /// Hoots whose microphone is open at a handset as in a call.
    pub open_handsets: BTreeSet<LineId>,
    /// Pages of keys.
    pub pages: Vec<Page>,
    /// The switch takes a talk key of several lines.
    pub takes_broadcasts: bool,
    /// Lines on the speakers, in the order of the channels.
    pub speakers: Vec<LineId>,
    /// Groups of those channels.
    pub channel_groups: Vec<ChannelGroup>,
    /// What this turret talks to with one key.
    pub broadcast: Option<BroadcastStatus>,
    /// Everybody on the floor.
    pub people: Vec<Person>,
    /// How each of them is.
    pub person_statuses: BTreeMap<UserId, PersonStatus>,
    /// Groups that can be called by intercom.
    pub groups: Vec<IntercomGroup>,
    /// Numbers that can be dialled.
    pub directory: Vec<Number>,
    /// Numbers that are kept for this user.
    pub speeds: Vec<Number>,
    /// How long it is heard that a call did not come about, milliseconds.
    pub tone_fail_ms: u64,
    /// How long a microphone stays open after its talk key was let go, milliseconds.
    pub talk_tail_ms: u64,
    /// My microphone in an intercom stays open by itself.
    pub intercom_latches: bool,
    /// What the key of a line that is in use here does besides selecting it.
    pub second_press: SecondPress,
    /// What a new call sounds like while a handset has a line.
    pub ring_in_call: RingInCall,
    /// The switch sends calls on to lines too.
    pub sends_to_lines: bool,
    /// The switch takes the lock of a turret.
    pub takes_locks: bool,
    /// Its user has left this turret.
    pub locked: bool,
    /// After how long without a touch it locks itself, milliseconds.
    pub lock_idle_ms: Option<u64>,
    /// Labels of talkers.
    pub talkers: BTreeMap<Csrc, TalkerLabel>,
    /// Microphones that the switch takes voice from.
    pub mics: Vec<OpenMic>,
    /// The recorder.
    pub recorder: RecorderHealth,
    /// Lines with a talker that this turret has no ear for.
    pub not_heard: BTreeSet<LineId>,
    /// The switch of the last welcome keeps messages.
    pub keeps_messages: bool,
    /// This user's history.
    pub history: Journal,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            turret: None,
            me: None,
            floor: String::new(),
            lines: BTreeMap::new(),
            statuses: BTreeMap::new(),
            rights: BTreeMap::new(),
            talk_modes: BTreeMap::new(),
            open_handsets: BTreeSet::new(),
            pages: Vec::new(),
            takes_broadcasts: false,
            speakers: Vec::new(),
            channel_groups: Vec::new(),
            broadcast: None,
            people: Vec::new(),
            person_statuses: BTreeMap::new(),
            groups: Vec::new(),
            directory: Vec::new(),
            speeds: Vec::new(),
            tone_fail_ms: 5_000,
            talk_tail_ms: 150,
            intercom_latches: true,
            ring_in_call: RingInCall::Beep,
            second_press: SecondPress::Nothing,
            sends_to_lines: false,
            takes_locks: false,
            locked: false,
            lock_idle_ms: None,
            talkers: BTreeMap::new(),
            mics: Vec::new(),
            recorder: RecorderHealth::Ok,
            not_heard: BTreeSet::new(),
            keeps_messages: false,
            history: Journal::default(),
        }
    }
}

impl Facts {
    /// Replaces everything but the session, the floor's name, the history, and what is not heard: that is of the voice
    /// connection.
    pub fn snapshot(&mut self, snapshot: Snapshot) {
        self.me = Some(snapshot.me);
        self.lines = snapshot.lines.into_iter().map(|facts| (facts.line.clone(), self.as_seen(facts))).collect();
        self.statuses = snapshot.statuses.into_iter().map(|status| (status.line.clone(), status)).collect();
        self.rights = snapshot.rights.into_iter().collect();
        self.talk_modes = snapshot.talk_modes.into_iter().collect();
        self.open_handsets = snapshot.open_handsets.into_iter().collect();
        self.pages = snapshot.pages;
        self.speakers = snapshot.speakers;
        (self.channel_groups, self.broadcast) = (snapshot.channel_groups, snapshot.broadcast);
        self.people = snapshot.people;
        self.person_statuses = snapshot.person_statuses.into_iter().map(|it| (it.user.clone(), it)).collect();
        (self.groups, self.intercom_latches) = (snapshot.groups, snapshot.intercom_latches);
        self.second_press = snapshot.second_press;
        self.ring_in_call = snapshot.ring_in_call;
        // What was locked stays so, though the switch was started anew meanwhile: it is told.
        self.locked |= snapshot.locked;
        self.lock_idle_ms = snapshot.lock_idle_ms;
        (self.directory, self.tone_fail_ms) = (snapshot.directory, snapshot.tone_fail_ms);
        self.talk_tail_ms = snapshot.talk_tail_ms;
        self.speeds = snapshot.speeds;
        self.talkers = snapshot.talkers.into_iter().map(|label| (label.csrc, label)).collect();
        self.mics = snapshot.mics;
        self.recorder = snapshot.recorder;
        self.not_heard.retain(|line| self.lines.contains_key(line));
    }

    /// Takes one change; what does not concern the panel's facts is left to others.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Snapshot(snapshot) => self.snapshot((**snapshot).clone()),
            Event::Line { status } => {
                self.statuses.insert(status.line.clone(), status.clone());
            }
            Event::LineAdded { facts, status } => {
                self.lines.insert(facts.line.clone(), self.as_seen(facts.clone()));
                self.statuses.insert(status.line.clone(), status.clone());
            }
            Event::LineRemoved { line } => {
                self.lines.remove(line);
                self.statuses.remove(line);
                self.not_heard.remove(line);
            }
            Event::People { statuses } => {
                let changed = statuses.iter().map(|status| (status.user.clone(), status.clone()));
                self.person_statuses.extend(changed);
            }
            Event::TalkerLabel { label } => {
                self.talkers.insert(label.csrc, label.clone());
            }
            Event::Locked { on } => self.locked = *on,
            Event::OpenMics { mics } => self.mics.clone_from(mics),
            Event::Broadcast { status } => self.broadcast.clone_from(status),
            Event::Recorder { recorder } => self.recorder = recorder.clone(),
            Event::NotHeard { line, on: true } => {
                self.not_heard.insert(line.clone());
            }
            Event::NotHeard { line, on: false } => {
                self.not_heard.remove(line);
            }
            Event::History { entries, page, more } => self.history.take(entries, *page, *more),
            Event::HistoryHidden { entry } => self.history.hide(*entry),
            Event::MessageHeard { entry } => self.history.hear(*entry),
            Event::MessagesWaiting { count } => self.history.wait(*count),
            Event::Notice(_) | Event::Listeners { .. } | Event::MoreEars { .. } | Event::MessageSound(_) => {}
        }
    }

    /// Whether a number is an emergency number.
    #[must_use]
    pub fn is_emergency(&self, number: &str) -> bool {
        let number = number.trim_end_matches('#');
        self.directory.iter().any(|it| it.emergency && it.number == number)
    }

    /// Whether a line's call is one to an emergency number, or from there.
    #[must_use]
    pub fn is_emergency_call(&self, line: &LineId) -> bool {
        let dialled = self.statuses.get(line).and_then(|status| status.dialled.as_ref());
        dialled.is_some_and(|it| self.is_emergency(&it.number))
    }

    /// My party on `line`; none while I am not on it.
    #[must_use]
    pub fn party_of(&self, line: &LineId) -> Option<&Party> {
        let turret = self.turret?;
        self.statuses.get(line)?.parties.iter().find(|party| party.turret == turret)
    }

    /// Where my party on `line` is.
    #[must_use]
    pub fn position_of(&self, line: &LineId) -> Option<Position> {
        self.party_of(line).map(|party| party.position)
    }

    /// A hoot, or a shout-down.
    #[must_use]
    pub fn is_hoot(&self, line: &LineId) -> bool {
        self.lines.get(line).is_some_and(|facts| facts.kind.is_open())
    }

    /// The position whose microphone the talk key of `line` opens: where a hoot is listened to, else hands-free.
    #[must_use]
    pub fn talks_at(&self, line: &LineId) -> Position {
        self.position_of(line).filter(|_| self.is_hoot(line)).unwrap_or(Position::HandsFree)
    }

    /// The call that I announce, at a position that carries it or the intercom about it.
    #[must_use]
    pub fn announced_at(&self, position: Position) -> Option<(&LineStatus, &AnnouncedCall)> {
        let me = &self.me.as_ref()?.user;
        let mine = self.statuses.values().filter_map(|it| Some((it, it.announced.as_deref()?)));
        let mut mine = mine.filter(|(_, announced)| announced.by == *me);
        mine.find(|(it, announced)| {
            [&it.line, &announced.with].iter().any(|one| self.position_of(one) == Some(position))
        })
    }

    /// Whether two lines are one call: they are joined.
    #[must_use]
    pub fn are_joined(&self, one: &LineId, other: &LineId) -> bool {
        let conference = |line| self.statuses.get(line).and_then(|status| status.conference.as_ref());
        one == other || conference(one).is_some_and(|it| it.lines.iter().any(|joined| joined.line == *other))
    }

    /// Whether a line rings here.
    #[must_use]
    pub fn rings_here(&self, status: &LineStatus) -> bool {
        let is_at = |ring: &Ring| self.turret.map_or(ring.at.is_none(), |turret| ring.is_at(turret));
        status.ring.as_ref().is_some_and(is_at)
    }

    /// It is heard on the speakers while its user talks to it and to others with one key.
    fn is_broadcast_to(&self, line: &LineId) -> bool {
        let lines = self.broadcast.iter().flat_map(|it| &it.lines);
        lines.into_iter().any(|one| one.line == *line)
    }

    /// A line has a channel on the speakers, or is heard there as one.
    #[must_use]
    pub fn is_channel(&self, line: &LineId) -> bool {
        self.speakers.contains(line) || self.is_broadcast_to(line)
    }

    /// The channels of the speakers, in their order: calls that were moved there come last, and what is talked to with others.
    pub fn channels(&self) -> impl Iterator<Item = &LineId> {
        let moved = |line: &&LineId| {
            let here = match self.position_of(line) {
                Some(position) => position == Position::Speakers,
                None => self.is_broadcast_to(line),
            };
            here && !self.speakers.contains(line)
        };
        self.speakers.iter().chain(self.statuses.keys().filter(moved))
    }

    /// Whether it rings here with a sound.
    #[must_use]
    pub fn is_heard_here(&self, status: &LineStatus) -> bool {
        let quiet = |ring: &Ring| self.turret.is_some_and(|turret| ring.quiet_at.contains(&turret));
        self.rings_here(status) && !status.ring.as_ref().is_some_and(quiet)
    }

    /// How urgent a ring is here.
    #[must_use]
    pub fn priority_here(&self, ring: &Ring) -> RingPriority {
        self.turret.map_or(ring.priority, |turret| ring.priority_at(turret))
    }

    /// The line that `position` carries; of a conference, one of its lines. The speakers carry channels.
    #[must_use]
    pub fn line_at(&self, position: Position) -> Option<&LineId> {
        if position == Position::Speakers {
            return None;
        }
        self.statuses.keys().find(|line| self.position_of(line) == Some(position))
    }

    /// The name of a user, or the log-on name where no name is known.
    #[must_use]
    pub fn name_of(&self, user: &UserId) -> String {
        self.people.iter().find(|it| it.user == *user).map_or_else(|| user.to_string(), |it| it.name.clone())
    }

    /// Where another turret stands at which I am logged on too; none when it is somebody else's.
    #[must_use]
    pub fn other_seat_of_mine(&self, party: &Party) -> Option<&str> {
        let mine = self.me.as_ref().is_some_and(|me| me.user == party.user) && Some(party.turret) != self.turret;
        let label = || self.talkers.values().find(|label| label.turret == party.turret);
        mine.then(|| label().map_or("", |label| label.seat.as_str()))
    }

    /// An intercom is named after both who are in it; each of them sees the other's name.
    fn as_seen(&self, mut facts: LineFacts) -> LineFacts {
        let mine = self.me.as_ref().map_or("", |me| me.name.as_str());
        if facts.kind == dealerboard_model::LineKind::Intercom {
            let first = facts.name.strip_prefix(mine).and_then(|rest| rest.strip_prefix(", "));
            let other = first.or_else(|| facts.name.strip_suffix(mine).and_then(|rest| rest.strip_suffix(", ")));
            facts.name = other.unwrap_or(&facts.name).to_owned();
        }
        facts
    }

    /// What somebody or a group is called.
    #[must_use]
    pub fn name_of_whom(&self, whom: &Whom) -> String {
        match whom {
            Whom::Person(user) => self.name_of(user),
            Whom::Group(group) => {
                let known = self.groups.iter().find(|it| it.group == *group);
                let picked = || self.line_of_group(group).and_then(|line| self.lines.get(line));
                let name = known.map(|it| &it.name).or_else(|| picked().map(|it| &it.name));
                name.map_or_else(|| group.to_string(), Clone::clone)
            }
            Whom::Picked => "the people you picked".to_owned(),
        }
    }

    /// The call of a group that I am in, while there is one.
    #[must_use]
    pub fn line_of_group(&self, group: &GroupId) -> Option<&LineId> {
        let of = |status: &&LineStatus| status.intercom.as_ref().and_then(|it| it.group.as_ref()) == Some(group);
        let mut lines = self.statuses.values().filter(of).map(|status| &status.line);
        let mine = lines.clone().find(|line| self.party_of(line).is_some());
        mine.or_else(|| lines.next())
    }

    /// The intercom with `whom`, while there is one that can be told.
    #[must_use]
    pub fn intercom_of(&self, whom: &Whom) -> Option<&LineId> {
        match whom {
            Whom::Person(user) => self.intercom_with(user),
            Whom::Group(group) => self.line_of_group(group),
            Whom::Picked => None,
        }
    }

    /// The intercom with `user` alone, while there is one.
    #[must_use]
    pub fn intercom_with(&self, user: &UserId) -> Option<&LineId> {
        self.intercom_among(self.intercoms(), user)
    }

    /// The intercoms of two that there are.
    pub(crate) fn intercoms(&self) -> impl Iterator<Item = &LineFacts> {
        let group = |it: &&LineFacts| {
            let status = self.statuses.get(&it.line).and_then(|status| status.intercom.as_ref());
            status.is_some_and(|about| about.group.is_some())
        };
        self.lines.values().filter(move |it| it.kind == dealerboard_model::LineKind::Intercom && !group(it))
    }

    /// That of them which is with somebody.
    pub(crate) fn intercom_among<'f>(
        &'f self,
        intercoms: impl Iterator<Item = &'f LineFacts>,
        user: &UserId,
    ) -> Option<&'f LineId> {
        let me = self.me.as_ref().map(|me| &me.user);
        intercoms.map(|it| &it.line).find(|line| {
            if let Some(about) = self.statuses.get(line).and_then(|it| it.intercom.as_ref()) {
                return about.caller == *user || about.callee.as_ref() == Some(user);
            }
            // A switch that does not say who is in it.
            let on = self.statuses.get(line).into_iter().flat_map(|it| it.parties.iter().chain(&it.holders));
            let mut others = on.map(|party| &party.user).filter(|it| Some(*it) != me).peekable();
            if others.peek().is_some() {
                others.any(|it| it == user)
            } else {
                self.lines.get(*line).is_some_and(|it| it.name == self.name_of(user))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dealerboard_model::{LineKind, Moment, RecordPolicy, Uplink};

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    fn party(turret: u32, position: Position) -> Party {
        Party::new(UserId::from("reyes"), TurretId(turret), position, NOW)
    }

    fn status(line: &str, parties: Vec<Party>) -> LineStatus {
        LineStatus { parties, ..LineStatus::idle(line.into(), NOW) }
    }

    fn mine() -> Facts {
        Facts { turret: Some(TurretId(1)), ..Facts::default() }
    }

    fn snapshot(lines: Vec<LineFacts>) -> Snapshot {
        let (user, name, desk_name) = (UserId::from("reyes"), "A. Reyes".to_owned(), "Rates".to_owned());
        Snapshot {
            channel_groups: Vec::new(),
            broadcast: None,
            now: NOW,
            me: Me { user, name, desk: "rates".into(), desk_name, seat: "1".into(), roles: Vec::new() },
            lines,
            statuses: Vec::new(),
            rights: Vec::new(),
            talk_modes: Vec::new(),
            open_handsets: Vec::new(),
            pages: Vec::new(),
            speakers: Vec::new(),
            people: Vec::new(),
            person_statuses: Vec::new(),
            groups: Vec::new(),
            intercom_latches: true,
            ring_in_call: RingInCall::Beep,
            second_press: SecondPress::Nothing,
            locked: false,
            lock_idle_ms: None,
            talkers: Vec::new(),
            mics: Vec::new(),
            recorder: RecorderHealth::Ok,
            ears: 16,
            directory: Vec::new(),
            speeds: Vec::new(),
            tone_fail_ms: 5_000,
            talk_tail_ms: 150,
        }
    }

    #[test]
    fn an_intercom_is_named_after_the_other_one_whoever_called() {
        let intercom = |line: &str, name: &str| LineFacts {
            line: line.into(),
            name: name.into(),
            number: String::new(),
            kind: LineKind::Intercom,
            csrc: dealerboard_model::Csrc(9),
            record: RecordPolicy::On,
        };
        let mut facts = mine();
        facts.snapshot(snapshot(vec![
            intercom("called", "R. Lindt, A. Reyes"),
            intercom("calling", "A. Reyes, D. Keane"),
        ]));
        let names: Vec<&str> = facts.lines.values().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["R. Lindt", "D. Keane"]);
    }

    #[test]
    fn my_place_is_that_of_my_turret_and_not_of_my_user() {
        let mut facts = mine();
        facts.event(&Event::Line { status: status("calder", vec![party(2, Position::Right)]) });
        assert_eq!(facts.position_of(&"calder".into()), None);
        facts.event(&Event::Line {
            status: status("calder", vec![party(2, Position::Right), party(1, Position::Left)]),
        });
        assert_eq!(facts.position_of(&"calder".into()), Some(Position::Left));
        assert_eq!(facts.line_at(Position::Right), None);
    }

    #[test]
    fn a_list_of_microphones_replaces_the_one_before() {
        let mic = |line: &str| OpenMic {
            uplink: Uplink::Left,
            position: None,
            line: line.into(),
            since: NOW,
            hearers: 0,
            muted: false,
            closes_at: None,
        };
        let mut facts = mine();
        facts.event(&Event::OpenMics { mics: vec![mic("calder")] });
        facts.event(&Event::OpenMics { mics: vec![mic("macro")] });
        assert_eq!(facts.mics, [mic("macro")]);
    }

    #[test]
    fn a_line_that_is_removed_carries_no_position_any_more() {
        let mut facts = mine();
        facts.event(&Event::Line { status: status("calder", vec![party(1, Position::Left)]) });
        facts.event(&Event::LineRemoved { line: "calder".into() });
        assert_eq!(facts.line_at(Position::Left), None);
    }

    #[test]
    fn a_channel_that_is_heard_again_is_not_shown_as_not_heard() {
        let mut facts = mine();
        facts.event(&Event::NotHeard { line: "macro".into(), on: true });
        facts.event(&Event::NotHeard { line: "macro".into(), on: false });
        assert!(facts.not_heard.is_empty());
    }

    #[test]
    fn a_channel_that_is_not_heard_stays_so_through_a_snapshot() {
        let mut facts = mine();
        let (line, kind, record) = (LineId::from("macro"), LineKind::Hoot, RecordPolicy::On);
        let about = LineFacts { line, name: "Macro".into(), number: String::new(), kind, csrc: Csrc(1), record };
        facts.event(&Event::NotHeard { line: "macro".into(), on: true });
        facts.event(&Event::NotHeard { line: "gone".into(), on: true });
        facts.snapshot(snapshot(vec![about]));
        assert_eq!(facts.not_heard, ["macro".into()].into());
    }
}
