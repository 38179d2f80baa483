//! The switch of the simulated floor: the real brain, the real translation and the real forwarder, without a socket.
//!
//! Law: what comes of an input is carried out before the next one, as in the switch's own loop. What turrets are told stands in
//! [`Switch::told`] until it is fetched.

use super::floor::Desk;
use dealerboard_call_control::{Exchange, Input, Kept, Output, SecondLogOn};
use dealerboard_model::{
    Csrc, DeskId, LineFacts, LineId, LineKind, Moment, RecordPolicy, TrackId, TurretId, Uplink, UserId,
};
use dealerboard_rtc::switch::forward::{EarPacket, Forwarder, Notable, Outcome, Route, TrackPacket, UplinkPacket};
use dealerboard_switch::translate::{self, To, ToWhom};
use dealerboard_wire::{
    Answer, Event, FromSwitch, FromTurret, Me, Person, RecorderHealth, SecondPress, Snapshot, TalkerLabel, Token,
    Welcome,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Ears of each turret: more than there are talkers.
const EARS: usize = 32;

/// One turret's session.
struct Session {
    user: UserId,
    seat: String,
    label: Csrc,
    connection: u64,
    lost: bool,
    answers: BTreeMap<Uuid, Answer>,
}

/// What the forwarder has sent on.
#[derive(Default)]
pub struct Sent {
    /// To ears.
    pub ears: Vec<EarPacket>,
    /// To the recorder.
    pub tracks: Vec<TrackPacket>,
}

/// The switch.
pub struct Switch {
    /// The brain.
    pub exchange: Exchange,
    forwarder: Forwarder,
    sessions: BTreeMap<TurretId, Session>,
    added: BTreeMap<LineId, LineFacts>,
    labels: BTreeMap<LineId, Csrc>,
    began: Instant,
    /// Now.
    pub now: Moment,
    kept: BTreeSet<Kept>,
    restarts: u32,
    next_turret: u32,
    /// Who is routed where.
    pub routes: BTreeMap<(TurretId, Uplink), Route>,
    /// Of whom each open track is, and where.
    pub tracks: BTreeMap<TrackId, (LineId, UserId)>,
    /// Turrets are told this, by connection.
    pub told: Vec<(u64, FromSwitch)>,
    /// What was sent on since it was looked at.
    pub sent: Sent,
}

impl Switch {
    /// Nobody is there yet.
    pub fn new() -> Self {
        let now = Moment { mono_us: 1_000_000, utc_ms: 1_000 };
        let floor = Desk::muted_floor();
        let labels = floor.lines.keys().enumerate().map(|(at, line)| (line.clone(), Csrc(1_000 + at as u32))).collect();
        Self {
            exchange: Exchange::new(floor, BTreeSet::new(), now),
            forwarder: Forwarder::new(),
            sessions: BTreeMap::new(),
            added: BTreeMap::new(),
            labels,
            began: Instant::now(),
            now,
            kept: BTreeSet::new(),
            restarts: 0,
            next_turret: 0,
            routes: BTreeMap::new(),
            tracks: BTreeMap::new(),
            told: Vec::new(),
            sent: Sent::default(),
        }
    }

    /// It is killed, and is there again with what it has kept; nobody is connected.
    pub fn restart(&mut self) {
        self.restarts += 1;
        let mut floor = Desk::muted_floor();
        (floor.first_recording, floor.first_track) = (self.restarts * 1_000_000, self.restarts * 1_000_000);
        self.exchange = Exchange::new(floor, self.kept.clone(), self.now);
        self.forwarder = Forwarder::new();
        self.next_turret += 1_000;
        self.sessions.clear();
        self.added.clear();
        self.routes.clear();
        self.tracks.clear();
        self.told.clear();
    }

    /// Now, for packets.
    pub fn instant(&self) -> Instant {
        self.began + Duration::from_micros(self.now.mono_us)
    }

    /// Gives the brain one input, and carries out what comes of it.
    pub fn input(&mut self, input: Input) {
        let outputs: Vec<Output> = self.exchange.handle(self.now, input).collect();
        outputs.into_iter().for_each(|output| self.carry_out(output, None));
    }

    /// Time has passed.
    pub fn time_passes(&mut self, look: bool) {
        while self.exchange.next_deadline().is_some_and(|due| due.mono_us <= self.now.mono_us) {
            self.input(Input::Tick);
        }
        if look {
            let outcome = self.forwarder.tick(self.instant());
            self.heard(outcome);
        }
    }

    /// A packet has come.
    pub fn packet(&mut self, turret: TurretId, uplink: Uplink, mut packet: UplinkPacket) {
        packet.arrived = self.instant();
        let outcome = self.forwarder.take(turret, uplink, packet);
        self.heard(outcome);
    }

    fn heard(&mut self, outcome: Outcome) {
        let Outcome { ears, tracks, notables } = outcome;
        self.sent.ears.extend(ears);
        self.sent.tracks.extend(tracks);
        for notable in notables {
            match notable {
                Notable::Orphan { turret, uplink } => self.input(Input::TalkOrphaned { turret, uplink }),
                Notable::Heard { turret, uplink } => self.input(Input::Heard { turret, uplink }),
                Notable::EarsLow { .. } | Notable::NotHeard { .. } => {}
            }
        }
    }

    /// A turret has connected: its user logs on, or goes on with a session.
    /// None when its user is logged on at as many turrets as may be.
    pub fn arrive(&mut self, connection: u64, user: &UserId, seat: &str, resume: Option<TurretId>) -> Option<TurretId> {
        let mine = |turret: &TurretId| self.sessions.get(turret).is_some_and(|session| session.user == *user);
        let resumed = resume.filter(mine);
        let awaited = resume.filter(|turret| self.exchange.awaits(*turret) == Some(user));
        if resumed.or(awaited).is_none() {
            match self.exchange.second_log_on(user, true) {
                SecondLogOn::Refused(_) => return None,
                SecondLogOn::Ends(ended) => ended.into_iter().for_each(|turret| {
                    self.forget(turret);
                    self.input(Input::LogOff { turret });
                }),
            }
        }
        let turret = resumed.or(awaited).unwrap_or_else(|| {
            self.next_turret += 1;
            TurretId(self.next_turret)
        });
        if let Some(session) = self.sessions.get_mut(&turret) {
            (session.connection, session.lost) = (connection, false);
        } else {
            let (seat, label) = (seat.to_owned(), Csrc(turret.0));
            let answers = BTreeMap::new();
            let session = Session { user: user.clone(), seat, label, connection, lost: false, answers };
            self.sessions.insert(turret, session);
            let outcome = self.forwarder.set_ears(turret, EARS, self.instant());
            self.heard(outcome);
        }
        let welcome = Welcome {
            turret,
            resumed: resumed.is_some(),
            token: Token { token: String::new(), expires_utc_ms: 0 },
            floor: "simulated".into(),
            switch: String::new(),
            takes_microphones: true,
            takes_broadcasts: true,
            takes_locks: false,
            sends_to_lines: true,
            keeps_messages: false,
            keeps_history: false,
        };
        self.told.push((connection, FromSwitch::Welcome(welcome)));
        let input = match resumed.or(awaited) {
            Some(_) => Input::LinkBack { turret },
            None => Input::LogOn { turret, user: user.clone() },
        };
        let mut news: Vec<Output> = self.exchange.handle(self.now, input).collect();
        news.extend(self.exchange.handle(self.now, Input::Seat { turret, seat: seat.to_owned() }));
        let snapshot = self.snapshot(turret);
        self.tell(turret, Event::Snapshot(Box::new(snapshot)));
        news.into_iter().for_each(|output| self.carry_out(output, Some(turret)));
        Some(turret)
    }

    /// A message of a turret has come.
    pub fn take(&mut self, turret: TurretId, connection: u64, message: FromTurret) {
        if self.sessions.get(&turret).is_none_or(|session| session.connection != connection) {
            return;
        }
        match message {
            FromTurret::Command { id, act } => {
                if let Some(result) = self.sessions.get(&turret).and_then(|session| session.answers.get(&id)).cloned() {
                    return self.told.push((connection, FromSwitch::Answer { id, result }));
                }
                if let ToWhom::CallControl(act) = translate::act(&act) {
                    self.input(Input::Act { turret, id: id.as_u128(), act });
                }
            }
            FromTurret::VoiceActivity { uplink, speaking } => {
                self.input(Input::VoiceActivity { turret, uplink, speaking });
            }
            FromTurret::Microphone { uplink, there } => self.input(Input::Microphone { turret, uplink, there }),
            FromTurret::Keyed { id: Some(id), .. } => {
                let result = Answer::Done { line: None, position: None, call: None };
                self.told.push((connection, FromSwitch::Answer { id, result }));
            }
            FromTurret::LogOff => {
                self.forget(turret);
                self.input(Input::LogOff { turret });
            }
            FromTurret::Hello(_)
            | FromTurret::Unlock { .. }
            | FromTurret::MessageHeard { .. }
            | FromTurret::MessageSound { .. }
            | FromTurret::Offer { .. }
            | FromTurret::Heartbeat { .. }
            | FromTurret::Renew
            | FromTurret::Keyed { id: None, .. }
            | FromTurret::History { .. } => {}
        }
    }

    /// Nothing is heard of a turret any more.
    pub fn lose(&mut self, turret: TurretId, connection: u64) {
        if let Some(session) = self.sessions.get_mut(&turret)
            && session.connection == connection
            && !std::mem::replace(&mut session.lost, true)
        {
            self.input(Input::LinkLost { turret });
        }
    }

    fn forget(&mut self, turret: TurretId) {
        if self.sessions.remove(&turret).is_some() {
            let outcome = self.forwarder.remove(turret);
            self.heard(outcome);
        }
    }

    /// Where a session's turret stands.
    pub fn seat_of(&self, turret: TurretId) -> Option<&str> {
        self.sessions.get(&turret).map(|session| session.seat.as_str())
    }

    fn tell(&mut self, turret: TurretId, event: Event) {
        if let Some(session) = self.sessions.get(&turret).filter(|session| !session.lost) {
            self.told.push((session.connection, FromSwitch::Event { seq: 0, event }));
        }
    }

    fn carry_out(&mut self, output: Output, but_for: Option<TurretId>) {
        let output = match translate::event(output, self.now) {
            Ok((to, event)) => {
                let shown = matches!(event, Event::Line { .. });
                let to: Vec<TurretId> = match to {
                    To::One(turret) => vec![turret],
                    To::Each(turrets) => turrets,
                };
                let news = to.into_iter().filter(|turret| !shown || Some(*turret) != but_for);
                return news.for_each(|turret| self.tell(turret, event.clone()));
            }
            Err(output) => output,
        };
        match *output {
            Output::Answer { turret, id, result } => {
                let (id, result) = (Uuid::from_u128(id), translate::answer(result));
                let Some(session) = self.sessions.get_mut(&turret) else { return };
                session.answers.insert(id, result.clone());
                self.told.push((session.connection, FromSwitch::Answer { id, result }));
            }
            Output::LineAdded { line, name, kind, to } => {
                let facts = self.facts(&line, name, kind);
                let Some(status) = self.exchange.status(&line) else { return };
                for turret in to {
                    self.tell(turret, Event::LineAdded { facts: facts.clone(), status: status.clone() });
                }
            }
            Output::Person(status) => {
                let everybody: Vec<TurretId> = self.sessions.keys().copied().collect();
                for turret in everybody.into_iter().filter(|turret| Some(*turret) != but_for) {
                    self.tell(turret, Event::People { statuses: vec![status.clone()] });
                }
            }
            Output::LineRemoved { line, to } => {
                to.into_iter().for_each(|turret| self.tell(turret, Event::LineRemoved { line: line.clone() }));
            }
            Output::Route { turret, uplink, open, legs, tracks, follows } => {
                let talker = self.sessions.get(&turret).map(|session| session.label).filter(|_| open);
                let label = |line: &LineId| self.labels.get(line).copied();
                let route = talker.map(|talker| translate::route(talker, &legs, tracks, follows, label));
                match &route {
                    Some(route) => drop(self.routes.insert((turret, uplink), route.clone())),
                    None => drop(self.routes.remove(&(turret, uplink))),
                }
                let outcome = self.forwarder.set_route(turret, uplink, route, self.instant());
                self.heard(outcome);
            }
            Output::Await { turret, uplink, heard_ms } => {
                self.forwarder.wait_for(turret, uplink, heard_ms.map(Duration::from_millis));
            }
            Output::PanelChanged { to } => {
                for turret in to {
                    let snapshot = self.snapshot(turret);
                    self.tell(turret, Event::Snapshot(Box::new(snapshot)));
                }
            }
            Output::SessionOver { turret } => self.forget(turret),
            Output::Kept { what, on: true } => drop(self.kept.insert(what)),
            Output::Kept { what, on: false } => drop(self.kept.remove(&what)),
            Output::TrackOpened { track, line, user, .. } => drop(self.tracks.insert(track, (line, user))),
            Output::TrackClosed { track } => drop(self.tracks.remove(&track)),
            Output::Line { .. }
            | Output::Mics { .. }
            | Output::Notice { .. }
            | Output::Broadcast { .. }
            | Output::Listeners { .. }
            | Output::Locked { .. }
            | Output::History { .. }
            | Output::Message { .. }
            | Output::RecordingOpened { .. }
            | Output::Happened { .. }
            | Output::RecordingClosed { .. } => {}
        }
    }

    fn facts(&mut self, line: &LineId, name: String, kind: LineKind) -> LineFacts {
        if let Some(facts) = self.added.get(line) {
            return facts.clone();
        }
        let next = Csrc(1_000 + self.labels.len() as u32);
        let csrc = *self.labels.entry(line.clone()).or_insert(next);
        let facts = LineFacts { line: line.clone(), name, number: String::new(), kind, csrc, record: RecordPolicy::On };
        self.added.insert(line.clone(), facts.clone());
        facts
    }

    /// The line that packets name so.
    pub fn line_of(&self, label: u32) -> Option<&LineId> {
        self.labels.iter().find(|(_, csrc)| csrc.0 == label).map(|(line, _)| line)
    }

    fn snapshot(&mut self, turret: TurretId) -> Snapshot {
        let floor = Desk::muted_floor();
        let Session { user, seat, .. } = &self.sessions[&turret];
        let (user, seat) = (user.clone(), seat.clone());
        let spec = &floor.users[&user];
        let mut lines: Vec<LineFacts> = Vec::new();
        for line in self.exchange.appearances(&user) {
            let known = &floor.lines[&line];
            lines.push(self.facts(&line, known.name.clone(), known.kind));
        }
        for (line, name, kind) in self.exchange.lines_of(turret) {
            if !lines.iter().any(|facts| facts.line == line) {
                lines.push(self.facts(&line, name, kind));
            }
        }
        let person = |spec: &dealerboard_call_control::UserSpec| Person {
            user: spec.user.clone(),
            name: spec.name.clone(),
            desk_name: spec.desk.to_string(),
            desk: Some(spec.desk.clone()),
        };
        let talker = |(turret, session): (&TurretId, &Session)| TalkerLabel {
            csrc: session.label,
            user: session.user.clone(),
            turret: *turret,
            seat: session.seat.clone(),
        };
        Snapshot {
            now: self.now,
            me: Me {
                user: user.clone(),
                name: spec.name.clone(),
                desk: DeskId(spec.desk.to_string()),
                desk_name: spec.desk.to_string(),
                seat,
                roles: spec.roles.iter().copied().collect(),
            },
            statuses: lines.iter().filter_map(|facts| self.exchange.status(&facts.line)).collect(),
            lines,
            rights: self.exchange.rights(&user),
            pages: Vec::new(),
            speakers: self.exchange.speakers(&user).into_iter().collect(),
            channel_groups: Vec::new(),
            broadcast: self.exchange.broadcast(turret),
            people: floor.users.values().map(person).collect(),
            person_statuses: floor.users.keys().map(|user| self.exchange.person(user)).collect(),
            talkers: self.sessions.iter().map(talker).collect(),
            mics: self.exchange.mics(turret).into_iter().map(translate::mic).collect(),
            recorder: RecorderHealth::Ok,
            ears: 0,
            talk_modes: Vec::new(),
            open_handsets: Vec::new(),
            groups: Vec::new(),
            intercom_latches: true,
            second_press: SecondPress::Nothing,
            ring_in_call: dealerboard_model::RingInCall::Beep,
            directory: Vec::new(),
            speeds: Vec::new(),
            tone_fail_ms: 5_000,
            locked: false,
            lock_idle_ms: None,
            talk_tail_ms: 150,
        }
    }
}
