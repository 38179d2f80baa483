//! A small floor in virtual time for the rules' tests: two ends of an ARD and of an MRD, and a hoot.
#![allow(
    dead_code,
    clippy::unwrap_used,
    missing_docs,
    reason = "each test file uses a part; a failed unwrap is a failed test"
)]

use dealerboard_call_control::{
    Accepted, Act, Exchange, Floor, GroupSpec, Input, Kept, LineSpec, NumberSpec, Output, Policies, Refusal,
    RefusalCode, Settings, Sound, UserSpec, Value,
};
use dealerboard_model::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

pub const A1: TurretId = TurretId(1);
pub const A2: TurretId = TurretId(2);
pub const A3: TurretId = TurretId(3);
pub const B1: TurretId = TurretId(4);
pub const B2: TurretId = TurretId(5);
pub const B3: TurretId = TurretId(6);
pub const TURRETS: [TurretId; 6] = [A1, A2, A3, B1, B2, B3];

pub fn l(name: &str) -> LineId {
    LineId::from(name)
}

/// Two talkers show what becomes of a third, and who reaches nobody is told why.
const FLOOR_POLICIES: [(&str, Value); 2] = [("hoot.talkers", Value::Count(2)), ("voicemail", Value::Word("off"))];

/// A second turret of A1's user.
pub const A1_TOO: TurretId = TurretId(7);

pub fn user(turret: TurretId) -> UserId {
    let turret = if turret == A1_TOO { A1 } else { turret };
    UserId(format!("u{}", turret.0))
}

/// The desk of the users at an end.
pub fn desk(of: TurretId) -> DeskId {
    DeskId::from(if [A1, A2, A3].contains(&of) { "a" } else { "b" })
}

/// A3 leads its desk, B3 keeps the floor.
fn roles(of: TurretId) -> std::collections::BTreeSet<Role> {
    match of {
        A3 => [Role::Trader, Role::Supervisor].into(),
        B3 => [Role::Trader, Role::Administrator].into(),
        _ => [Role::Trader].into(),
    }
}

/// What one level sets.
pub fn set(all: &[(&str, Value)]) -> Settings {
    let mut settings = Settings::default();
    assert!(all.iter().all(|(name, value)| settings.set(name, *value)), "a policy, and a value that it takes");
    settings
}

pub struct Desk {
    pub exchange: Exchange,
    pub now: Moment,
    pub out: Vec<Output>,
    routes: BTreeMap<(TurretId, Uplink), Vec<TurretId>>,
    /// How lines stand since the last input, as far as it was asked.
    seen: RefCell<BTreeMap<LineId, LineStatus>>,
}

fn spec(name: &str, kind: LineKind, far: Option<&str>, record: RecordPolicy, who: &[(TurretId, Right)]) -> LineSpec {
    LineSpec {
        line: l(name),
        name: name.to_uppercase(),
        kind,
        far: far.map(l),
        priority: RingPriority::High,
        record,
        members: who.iter().map(|(turret, right)| (user(*turret), *right)).collect(),
        order: who.iter().map(|(turret, _)| user(*turret)).collect(),
        overflow: BTreeSet::new(),
        number: None,
    }
}

/// These sit beside each other.
fn beside(turrets: &[TurretId]) -> std::collections::BTreeMap<String, BTreeSet<String>> {
    let seats: BTreeSet<String> = turrets.iter().map(|turret| format!("seat-{}", turret.0)).collect();
    seats.iter().map(|seat| (seat.clone(), seats.iter().filter(|other| *other != seat).cloned().collect())).collect()
}

/// One call of the extension of a turret's user.
fn extension(of: TurretId, number: &str, call: usize) -> LineSpec {
    let line =
        spec(&format!("ext-{number}.{call}"), LineKind::Extension, None, RecordPolicy::Required, &[(of, Right::Speak)]);
    LineSpec { number: Some(NumberSpec { number: number.into(), owner: Some(user(of)), emergency: false }), ..line }
}

fn group(members: &[TurretId]) -> GroupSpec {
    GroupSpec { name: "Everybody".into(), members: members.iter().map(|turret| user(*turret)).collect() }
}

impl Desk {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with_a1_at_both_ends() -> Self {
        Self::with(&[(A1, Right::Speak)])
    }

    /// A floor that sets policies.
    pub fn with_policies(all: &[(&str, Value)]) -> Self {
        let mut floor = Self::floor(&[]);
        for (name, value) in all {
            assert!(floor.policies.floor.set(name, *value), "{name} takes {value}");
        }
        Self::of(floor)
    }

    /// The hoot is muted for neighbours, the MRD for the whole end; A2 and A3 have the MRD on their speakers.
    pub fn muted_floor() -> Floor {
        let mut floor = Self::floor(&[]);
        for (line, mute) in [("hoot", "local"), ("mrd-a", "global")] {
            floor.policies.lines.insert(l(line), set(&[("mute", Value::Word(mute))]));
        }
        for turret in [A2, A3] {
            floor.users.get_mut(&user(turret)).unwrap().speakers.insert(l("mrd-a"));
        }
        floor
    }

    fn with(more_at_b: &[(TurretId, Right)]) -> Self {
        Self::of(Self::floor(more_at_b))
    }

    /// Nobody is logged on since a restart, over which this was kept.
    pub fn restarted(kept: BTreeSet<Kept>) -> Self {
        Self::started(Self::floor(&[]), kept)
    }

    fn started(floor: Floor, kept: BTreeSet<Kept>) -> Self {
        let now = Moment { mono_us: 1_000_000, utc_ms: 1_000 };
        Self {
            exchange: Exchange::new(floor, kept, now),
            now,
            out: Vec::new(),
            routes: BTreeMap::new(),
            seen: RefCell::default(),
        }
    }

    /// Everybody is logged on to this floor.
    pub fn of(floor: Floor) -> Self {
        let mut desk = Self::started(floor, BTreeSet::new());
        for turret in TURRETS {
            desk.input(Input::LogOn { turret, user: user(turret) });
        }
        desk
    }

    pub fn floor(more_at_b: &[(TurretId, Right)]) -> Floor {
        let speak = |turrets: [TurretId; 3]| turrets.map(|turret| (turret, Right::Speak));
        let (a, b) = (speak([A1, A2, A3]), [&speak([B1, B2, B3]), more_at_b].concat());
        let required = RecordPolicy::Required;
        let hoot = [(A1, Right::Speak), (A2, Right::Speak), (A3, Right::Speak), (B1, Right::Listen)];
        let lines = [
            spec("ard-a", LineKind::Ard, Some("ard-b"), required, &a),
            spec("ard-b", LineKind::Ard, Some("ard-a"), required, &b),
            spec("mrd-a", LineKind::Mrd, Some("mrd-b"), RecordPolicy::On, &a),
            spec("mrd-b", LineKind::Mrd, Some("mrd-a"), RecordPolicy::On, &b),
            spec("hoot", LineKind::Hoot, None, RecordPolicy::On, &hoot),
            spec("shout", LineKind::ShoutDown, None, RecordPolicy::On, &[a, speak([B1, B2, B3])].concat()),
            extension(A1, "4001", 1),
            extension(A1, "4001", 2),
            extension(A2, "4002", 1),
            extension(B1, "5001", 1),
            extension(B1, "5001", 2),
            LineSpec {
                number: Some(NumberSpec { number: "40".into(), owner: None, emergency: false }),
                ..spec("dial", LineKind::Dial, None, required, &a)
            },
        ];
        let users = TURRETS.map(|turret| {
            let speakers = std::iter::once(l("hoot")).collect();
            (
                user(turret),
                UserSpec {
                    user: user(turret),
                    name: format!("U{}", turret.0),
                    desk: desk(turret),
                    roles: roles(turret),
                    speakers,
                },
            )
        });
        Floor {
            lines: lines.into_iter().map(|line| (line.line.clone(), line)).collect(),
            users: users.into_iter().collect(),
            groups: [(GroupId::from("everybody"), group(&TURRETS))].into(),
            policies: Policies { floor: set(&FLOOR_POLICIES), ..Policies::default() },
            seats: TURRETS.map(|turret| (user(turret), format!("seat-{}", turret.0))).into(),
            neighbours: beside(&[A1, A2]),
            remote: BTreeSet::new(),
            first_call: 1,
            first_recording: 1,
            first_track: 1,
        }
    }

    pub fn input(&mut self, input: Input) {
        self.seen.take();
        self.out = self.exchange.handle(self.now, input).collect();
        for out in &self.out {
            if let Output::Route { turret, uplink, legs, .. } = out {
                self.routes.insert((*turret, *uplink), legs.iter().map(|leg| leg.hearer).collect());
            }
        }
    }

    pub fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.input(Input::Tick);
    }

    pub fn act(&mut self, turret: TurretId, act: Act) -> Result<Accepted, Refusal> {
        self.input(Input::Act { turret, id: 7, act });
        let answers: Vec<_> = self
            .out
            .iter()
            .filter_map(|out| if let Output::Answer { id: 7, result, .. } = out { Some(result.clone()) } else { None })
            .collect();
        assert_eq!(answers.len(), 1, "one answer to one act");
        answers.into_iter().next().unwrap()
    }

    pub fn refused(&mut self, turret: TurretId, act: Act) -> RefusalCode {
        self.act(turret, act).unwrap_err().code
    }

    pub fn seize(&mut self, turret: TurretId, line: &str) {
        self.act(turret, Act::Seize { line: l(line), position: Position::Left, private: false }).unwrap();
    }

    /// Calls a number at the left handset.
    pub fn dial(&mut self, turret: TurretId, number: &str) -> Result<Accepted, Refusal> {
        let position = Position::Left;
        self.act(turret, Act::Call { line: None, number: number.into(), position, private: false })
    }

    pub fn digits(&mut self, turret: TurretId, line: &str, digits: &str) {
        self.act(turret, Act::Dial { line: l(line), digits: digits.into() }).unwrap();
    }

    pub fn answer(&mut self, turret: TurretId, line: &str) {
        let call = self.call(line);
        self.act(turret, Act::Answer { line: l(line), call, position: Position::Left, private: false }).unwrap();
    }

    pub fn bridge(&mut self, turret: TurretId, line: &str) {
        let call = self.call(line);
        self.act(turret, Act::Bridge { line: l(line), call, position: Position::Left }).unwrap();
    }

    pub fn resume(&self, line: &str) -> Act {
        Act::Resume { line: l(line), call: self.call(line), position: Position::Left, private: false }
    }

    pub fn hold(&mut self, turret: TurretId, line: &str) {
        self.act(turret, Act::Hold { line: l(line), exclusive: false }).unwrap();
    }

    pub fn hold_for_oneself(&mut self, turret: TurretId, line: &str) {
        self.act(turret, Act::Hold { line: l(line), exclusive: true }).unwrap();
    }

    pub fn private(&mut self, turret: TurretId, line: &str, on: bool) {
        self.act(turret, Act::Private { line: l(line), on }).unwrap();
    }

    /// A supervisor's entry, with a reason.
    pub fn overriding(&self, line: &str) -> Act {
        Act::Override { line: l(line), call: self.call(line), position: Position::Left, reason: "a limit".into() }
    }

    pub fn bridging(&self, line: &str) -> Act {
        Act::Bridge { line: l(line), call: self.call(line), position: Position::Left }
    }

    pub fn sound(&self, turret: TurretId) -> Option<Sound> {
        self.out.iter().find_map(|out| {
            let Output::Notice { turret: to, sound, .. } = out else { return None };
            sound.filter(|_| *to == turret)
        })
    }

    pub fn release(&mut self, turret: TurretId, line: &str) {
        self.act(turret, Act::Release { line: l(line) }).unwrap();
    }

    pub fn signal(&mut self, turret: TurretId, line: &str, on: bool) {
        self.act(turret, Act::Signal { line: l(line), on }).unwrap();
    }

    pub fn talk(&mut self, turret: TurretId, on: bool) {
        self.act(turret, Act::Talk { line: l("hoot"), on, latched: false }).unwrap();
    }

    pub fn latch(&mut self, turret: TurretId) {
        self.act(turret, Act::Talk { line: l("hoot"), on: true, latched: true }).unwrap();
    }

    pub fn speech(&mut self, turret: TurretId, speaking: bool) {
        self.input(Input::VoiceActivity { turret, uplink: Uplink::Mic, speaking });
    }

    pub fn talkers(&self, line: &str) -> Vec<TurretId> {
        self.status(line).talkers.iter().map(|talker| talker.turret).collect()
    }

    pub fn status(&self, line: &str) -> LineStatus {
        self.status_of(&l(line)).unwrap()
    }

    /// How a line stands, while there is one.
    pub fn status_of(&self, line: &LineId) -> Option<LineStatus> {
        if let Some(seen) = self.seen.borrow().get(line) {
            return Some(seen.clone());
        }
        let status = self.exchange.status(line)?;
        self.seen.borrow_mut().insert(line.clone(), status.clone());
        Some(status)
    }

    /// The switch is killed, and is there again with what was kept.
    pub fn restart(&mut self, floor: Floor, kept: BTreeSet<Kept>) {
        self.exchange = Exchange::new(floor, kept, self.now);
        self.seen.take();
    }

    pub fn call(&self, line: &str) -> CallId {
        self.status(line).call.unwrap()
    }

    pub fn phases(&self, one: &str, other: &str) -> (LinePhase, LinePhase) {
        (self.status(one).phase, self.status(other).phase)
    }

    /// An ARD that A1 and B1 talk on.
    pub fn talking() -> Self {
        Self::new().talk_on_the_ard()
    }

    /// A1 and B1 talk on the ARD.
    pub fn talk_on_the_ard(mut self) -> Self {
        self.seize(A1, "ard-a");
        self.answer(B1, "ard-b");
        self
    }

    /// Who hears the left handset of a turret after the last input, if its route changed.
    pub fn route(&self, of: TurretId) -> Option<(bool, Vec<TurretId>, usize)> {
        self.out.iter().rev().find_map(|out| {
            let Output::Route { turret, open, legs, tracks, .. } = out else { return None };
            let hearers = legs.iter().map(|leg| leg.hearer).collect();
            (*turret == of).then_some((*open, hearers, tracks.len()))
        })
    }

    /// Who hears a turret now, by whichever microphone.
    pub fn heard_by(&self, talker: TurretId) -> Vec<TurretId> {
        let routes = self.routes.iter().filter(|((turret, _), _)| *turret == talker);
        routes.flat_map(|(_, hearers)| hearers.iter().copied()).collect()
    }

    pub fn told(&self, turret: TurretId, words: &str) -> bool {
        self.out.iter().any(
            |out| matches!(out, Output::Notice { turret: to, sentence, .. } if *to == turret && sentence.contains(words)),
        )
    }

    pub fn recording_closed(&self) -> bool {
        self.out.iter().any(|out| matches!(out, Output::RecordingClosed { .. }))
    }
}
