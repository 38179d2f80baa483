//! Call control alone: what handling one input costs on a floor of a thousand turrets.
//!
//! Law: nothing but call control is in the measured time: an input goes in, all that comes of it is drained.

use dealerboard_call_control::{Act, Exchange, Floor, Input, LineSpec, Output, UserSpec};
use dealerboard_model::{
    CallId, LineId, LineKind, LinePhase, Moment, Position, RecordPolicy, Right, RingPriority, TurretId, UserId,
};
use dealerboard_tests::chirp::quantile;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Turrets, one a user.
pub const TURRETS: u32 = 1_000;
/// Lines that each are on [`ON_EACH`] turrets.
const LINES: u32 = 2_000;
/// Turrets with an appearance of an ordinary line.
const ON_EACH: u32 = 100;
/// Every n-th line is a hoot; the rest are ends of wires.
const HOOT_EVERY: u32 = 20;

/// A line's place on the floor: `TURRETS` users in blocks of `ON_EACH` share lines.
fn members(block: u32) -> BTreeMap<UserId, Right> {
    let blocks = TURRETS / ON_EACH;
    let first = (block % blocks) * ON_EACH;
    (first..first + ON_EACH).map(|user| (user_id(user), Right::Speak)).collect()
}

fn user_id(user: u32) -> UserId {
    UserId(format!("user-{user:04}"))
}

fn line(name: String, kind: LineKind, far: Option<String>, members: BTreeMap<UserId, Right>) -> LineSpec {
    LineSpec {
        line: LineId(name.clone()),
        name,
        kind,
        far: far.map(LineId),
        priority: RingPriority::High,
        record: RecordPolicy::Required,
        order: members.keys().cloned().collect(),
        overflow: BTreeSet::new(),
        members,
        number: None,
    }
}

/// The floor: wires and hoots on a hundred turrets each, and a hoot and a wire on all.
pub fn floor() -> Floor {
    let mut lines = Vec::new();
    for pair in 0..LINES / 2 {
        let (a, b) = (format!("line-{pair:04}-a"), format!("line-{pair:04}-b"));
        if pair.is_multiple_of(HOOT_EVERY / 2) {
            lines.push(line(a, LineKind::Hoot, None, members(pair)));
            lines.push(line(b, LineKind::Hoot, None, members(pair + 1)));
            continue;
        }
        let kind = if pair.is_multiple_of(3) { LineKind::Mrd } else { LineKind::Ard };
        lines.push(line(a.clone(), kind, Some(b.clone()), members(pair)));
        lines.push(line(b, kind, Some(a), members(pair + 5)));
    }
    let everybody = || (0..TURRETS).map(|user| (user_id(user), Right::Speak)).collect::<BTreeMap<_, _>>();
    lines.push(line("all-hoot".into(), LineKind::Hoot, None, everybody()));
    lines.push(line("all-a".into(), LineKind::Ard, Some("all-b".into()), everybody()));
    lines.push(line("all-b".into(), LineKind::Ard, Some("all-a".into()), everybody()));
    let mut speakers: BTreeMap<UserId, BTreeSet<LineId>> = BTreeMap::new();
    for hoot in lines.iter().filter(|line| line.kind == LineKind::Hoot) {
        for user in hoot.members.keys() {
            let mine = speakers.entry(user.clone()).or_default();
            if mine.len() < 16 || hoot.members.len() > 100 {
                mine.insert(hoot.line.clone());
            }
        }
    }
    let users = (0..TURRETS).map(user_id).map(|user| {
        let speakers = speakers.remove(&user).unwrap_or_default();
        (
            user.clone(),
            UserSpec { name: user.to_string(), desk: "rates".into(), roles: BTreeSet::new(), speakers, user },
        )
    });
    Floor {
        lines: lines.into_iter().map(|line| (line.line.clone(), line)).collect(),
        users: users.collect(),
        groups: Default::default(),
        first_call: 1,
        first_recording: 1,
        first_track: 1,
        ..Floor::default()
    }
}

/// A floor in use, and what each kind of input has cost.
struct Measured {
    exchange: Exchange,
    now: Moment,
    dice: fastrand::Rng,
    costs_us: BTreeMap<&'static str, Vec<f64>>,
    refused: usize,
}

impl Measured {
    /// Takes an input, and what was due before it first: a switch is woken for that at its time.
    fn input(&mut self, what: &'static str, input: Input) {
        self.now = self.now.plus_ms(2);
        while self.exchange.next_deadline().is_some_and(|due| due.mono_us <= self.now.mono_us) {
            self.take("all_timers", Input::Tick);
        }
        self.take(what, input);
    }

    fn take(&mut self, what: &'static str, input: Input) {
        let begun = Instant::now();
        let outputs: Vec<Output> = self.exchange.handle(self.now, input).collect();
        let us = begun.elapsed().as_secs_f64() * 1e6;
        self.refused += outputs.iter().filter(|out| matches!(out, Output::Answer { result: Err(_), .. })).count();
        self.costs_us.entry(what).or_default().push(us);
    }

    fn act(&mut self, what: &'static str, turret: u32, act: Act) {
        self.input(what, Input::Act { turret: TurretId(turret), id: 1, act });
    }

    fn call(&self, line: &LineId) -> CallId {
        self.exchange.status(line).and_then(|status| status.call).unwrap_or(CallId(0))
    }

    /// One wire through a whole call: `a` and `b` are turrets at its ends, `c` a colleague of `a`.
    fn wire(&mut self, names: [&'static str; 7], near: &str, far: &str, [a, b, c]: [u32; 3]) {
        let (near, far) = (LineId::from(near), LineId::from(far));
        let is_idle = |status: dealerboard_model::LineStatus| status.phase == LinePhase::Idle;
        if !self.exchange.status(&near).is_some_and(is_idle) {
            return;
        }
        let (left, right) = (Position::Left, Position::Right);
        self.act(names[0], a, Act::Seize { line: near.clone(), position: left, private: false });
        let call = self.call(&near);
        if self.exchange.status(&far).is_some_and(|status| status.ring.is_some()) {
            self.act(names[1], b, Act::Answer { line: far.clone(), call, position: left, private: false });
        } else {
            self.act(names[0], b, Act::Seize { line: far.clone(), position: left, private: false });
        }
        self.act(names[2], c, Act::Bridge { line: near.clone(), call, position: right });
        self.act(names[3], c, Act::Release { line: near.clone() });
        self.act(names[4], a, Act::Hold { line: near.clone(), exclusive: false });
        self.act(names[5], a, Act::Resume { line: near.clone(), call, position: left, private: false });
        self.act(names[6], a, Act::Release { line: near });
        self.act(names[3], b, Act::Release { line: far });
    }
}

const ORDINARY: [&str; 7] = ["seize", "answer", "bridge", "release", "hold", "resume", "release"];
const ON_ALL: [&str; 7] =
    ["all_seize", "all_answer", "all_bridge", "all_release", "all_hold", "all_resume", "all_release"];

/// Measures `rounds` rounds of everything that a turret can do, on a floor where a quarter of all wires is up.
pub fn measure(rounds: u32) -> Value {
    let begun = Instant::now();
    let floor = floor();
    let now = Moment { mono_us: 1, utc_ms: 1 };
    let exchange = Exchange::new(floor, BTreeSet::new(), now);
    let mut m = Measured { exchange, now, dice: fastrand::Rng::with_seed(7), costs_us: BTreeMap::new(), refused: 0 };
    let loaded_s = begun.elapsed().as_secs_f64();
    for turret in 0..TURRETS {
        m.input("log_on", Input::LogOn { turret: TurretId(turret), user: user_id(turret) });
    }
    // Calls that are up all the time, at positions that the measured ones leave alone.
    for pair in (0..LINES / 2).step_by(4) {
        let (near, far) = (LineId(format!("line-{pair:04}-a")), LineId(format!("line-{pair:04}-b")));
        let (a, b) = ((pair % 10) * ON_EACH + pair / 10 % ON_EACH, ((pair + 5) % 10) * ON_EACH + pair / 10 % ON_EACH);
        m.act("standing", a, Act::Seize { line: near, position: Position::HandsFree, private: false });
        let call = m.call(&far);
        m.act("standing", b, Act::Answer { line: far, call, position: Position::HandsFree, private: false });
    }
    m.refused = 0;
    for round in 0..rounds {
        let pair = m.dice.u32(0..LINES / 2);
        let (near_block, far_block) = (pair % 10, (pair + 5) % 10);
        let a = near_block * ON_EACH + m.dice.u32(0..ON_EACH / 2);
        let c = near_block * ON_EACH + m.dice.u32(ON_EACH / 2..ON_EACH);
        let b = far_block * ON_EACH + m.dice.u32(0..ON_EACH);
        if pair.is_multiple_of(HOOT_EVERY / 2) {
            let hoot = LineId(format!("line-{pair:04}-a"));
            m.act("talk_key_down", a, Act::Talk { line: hoot.clone(), on: true, latched: false });
            m.act("talk_key_up", a, Act::Talk { line: hoot, on: false, latched: false });
        } else {
            m.wire(ORDINARY, &format!("line-{pair:04}-a"), &format!("line-{pair:04}-b"), [a, b, c]);
        }
        if round.is_multiple_of(4) {
            let ten = (0..10).map(|n| LineId(format!("line-{:04}-a", (pair + 10 * n) % (LINES / 2))));
            let lines: Vec<LineId> = ten.collect();
            m.act("broadcast", a, Act::Broadcast { lines: lines.clone(), on: true, latched: false });
            m.act("broadcast_end", a, Act::Broadcast { lines, on: false, latched: false });
            m.act("all_talk_key_down", a, Act::Talk { line: "all-hoot".into(), on: true, latched: false });
            m.act("all_talk_key_up", a, Act::Talk { line: "all-hoot".into(), on: false, latched: false });
            m.wire(ON_ALL, "all-a", "all-b", [a, b, c]);
            m.act("intercom", a, Act::Intercom { user: user_id(b), position: Position::Right });
            let line = m.exchange.lines_of(TurretId(a)).into_iter().next().map(|(line, ..)| line);
            if let Some(line) = line {
                m.act("intercom_talk_back", b, Act::TalkBack { line: line.clone(), on: true, latched: true });
                m.act("intercom_release", a, Act::Release { line });
            }
            m.act("dnd", c, Act::Dnd { on: round.is_multiple_of(8) });
            m.input("link_lost", Input::LinkLost { turret: TurretId(c) });
            m.input("link_back", Input::LinkBack { turret: TurretId(c) });
        }
    }
    let of = |costs: &Vec<f64>| json!({ "inputs": costs.len(), "p50_us": quantile(costs, 0.5), "p99_us": quantile(costs, 0.99) });
    let features: Map<String, Value> = m.costs_us.iter().map(|(what, costs)| ((*what).to_owned(), of(costs))).collect();
    json!({ "turrets": TURRETS, "lines": LINES + 3, "turrets_on_each_line": ON_EACH, "loaded_s": loaded_s, "refused": m.refused, "features": features })
}
