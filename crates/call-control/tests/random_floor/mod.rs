//! Random moves of a whole floor (wires, hoot, intercom, lost turrets, log-offs, a failing recorder) and the invariants of
//! microphones, routes, tracks and what survives a restart after each. Played by
//! `random_moves.rs`, and for hours by `examples/soak.rs`.
//!
//! Law: what is open is learnt from outputs alone, as the switch learns it; nothing is read from inside.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

pub mod likely;

use crate::floor::*;
use dealerboard_call_control::{Act, Exchange, Floor, Input, Kept, KeptParty, MicReport, Output, Value};
use dealerboard_model::{
    Allowed, BROADCAST_MAX, BroadcastStatus, CallId, ConferenceStatus, DivertTo, DivertWhen, LineId, LineKind,
    LinePhase, LineStatus, Moment, Party, Position, Right, TrackId, TransferTo, TurretId, Uplink,
};
use std::collections::{BTreeMap, BTreeSet};

pub const LINES: [&str; 11] = [
    "ard-a",
    "ard-b",
    "mrd-a",
    "mrd-b",
    "hoot",
    "dial",
    "ext-4001.1",
    "ext-4001.2",
    "ext-4002.1",
    "ext-5001.1",
    "ext-5001.2",
];
/// Numbers of the floor, beginnings of them, and one that is none.
const NUMBERS: [&str; 8] = ["4001", "4002", "5001", "40", "5001", "5", "#", "9"];
const POSITIONS: [Position; 3] = [Position::Left, Position::Right, Position::HandsFree];
/// Everybody's turrets, A1's second one too.
const ALL: [TurretId; 7] = [A1, A2, A3, B1, B2, B3, A1_TOO];
const RECORD_GRACE_US: u64 = 3_000_000;

/// Hearers, by which of their lines and whether by handset, and how many tracks.
type Route = (Vec<(TurretId, LineId, bool)>, usize);

/// What a switch knows that has done what it was told.
#[derive(Default)]
struct Switch {
    routes: BTreeMap<(TurretId, Uplink), Route>,
    mics: BTreeMap<TurretId, Vec<MicReport>>,
    lines: BTreeMap<LineId, LineStatus>,
    intercoms: BTreeMap<LineId, Vec<TurretId>>,
    lost: BTreeSet<TurretId>,
    /// Whose session the last input has ended.
    over: Vec<TurretId>,
    failing_since: Option<Moment>,
    awaited: BTreeSet<(TurretId, Uplink)>,
    tracks: BTreeSet<TrackId>,
    broadcasts: BTreeMap<TurretId, BroadcastStatus>,
    kept: BTreeSet<Kept>,
}

impl Switch {
    fn take(&mut self, out: &[Output]) {
        self.over.clear();
        for one in out {
            match one {
                Output::Route { turret, uplink, open: true, legs, tracks, .. } => {
                    let legs = legs.iter().map(|leg| (leg.hearer, leg.label.clone(), leg.handset)).collect();
                    self.routes.insert((*turret, *uplink), (legs, tracks.len()));
                }
                Output::Route { turret, uplink, open: false, .. } => {
                    self.routes.remove(&(*turret, *uplink));
                }
                Output::Mics { turret, mics } => {
                    self.mics.insert(*turret, mics.clone());
                }
                Output::Line { status, .. } => {
                    self.lines.insert(status.line.clone(), status.clone());
                }
                Output::LineAdded { line, kind: LineKind::Intercom, to, .. } => {
                    self.intercoms.entry(line.clone()).or_default().extend(to);
                }
                Output::LineRemoved { line, to } => {
                    if let Some(seen) = self.intercoms.get_mut(line) {
                        seen.retain(|turret| !to.contains(turret));
                    }
                    self.intercoms.retain(|_, seen| !seen.is_empty());
                }
                Output::SessionOver { turret } => {
                    self.lost.remove(turret);
                    self.over.push(*turret);
                }
                Output::Kept { what, on: true } => drop(self.kept.insert(what.clone())),
                Output::Kept { what, on: false } => drop(self.kept.remove(what)),
                Output::Await { turret, uplink, heard_ms: Some(_) } => drop(self.awaited.insert((*turret, *uplink))),
                Output::Await { turret, uplink, heard_ms: None } => drop(self.awaited.remove(&(*turret, *uplink))),
                Output::TrackOpened { track, .. } => drop(self.tracks.insert(*track)),
                Output::Broadcast { turret, status: Some(status) } => {
                    self.broadcasts.insert(*turret, status.clone());
                }
                Output::Broadcast { turret, status: None } => drop(self.broadcasts.remove(turret)),
                Output::TrackClosed { track } => drop(self.tracks.remove(track)),
                Output::Answer { .. }
                | Output::LineAdded { .. }
                | Output::Listeners { .. }
                | Output::PanelChanged { .. }
                | Output::Person(_)
                | Output::Notice { .. }
                | Output::RecordingOpened { .. }
                | Output::Happened { .. }
                | Output::History { .. }
                | Output::RecordingClosed { .. } => {}
            }
        }
    }

    fn open(&self) -> BTreeSet<(TurretId, Uplink, LineId)> {
        let all = self.mics.iter().flat_map(|(turret, mics)| mics.iter().map(move |mic| (*turret, mic)));
        all.filter(|(_, mic)| !mic.muted).map(|(turret, mic)| (turret, mic.uplink, mic.line.clone())).collect()
    }
}

/// One move: who does what where, and how long nothing has happened before it.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub who: usize,
    pub kind: u8,
    pub line: usize,
    pub place: usize,
    pub wait_ms: u64,
}

/// `Move::kind` is less.
pub const KINDS: u8 = 64;

/// `Move::who` is less.
pub const PLAYERS: usize = ALL.len();

/// Of `Move::kind`: before it the switch is killed, one time in three.
const RESTART: u8 = 36;

fn input(d: &Desk, switch: &Switch, one: Move) -> Input {
    let turret = ALL[one.who];
    let name = LINES[one.line];
    let (line, position) = (l(name), POSITIONS[one.place]);
    let call = d.status(name).call.unwrap_or(CallId(0));
    let other = user(TURRETS[(one.who + one.line + 1) % TURRETS.len()]);
    let mine = switch.intercoms.iter().find(|(_, to)| to.contains(&turret)).map(|(line, _)| line.clone());
    let act = match one.kind {
        0 => Act::Seize { line, position, private: false },
        1 => Act::Answer { line, call, position, private: false },
        2 => Act::Bridge { line, call, position },
        3 => Act::Resume { line, call, position, private: false },
        4 => Act::Hold { line, exclusive: false },
        5 => Act::Release { line: mine.unwrap_or(line) },
        6 => Act::Signal { line, on: one.place > 0 },
        7 | 8 => Act::Talk { line, on: true, latched: one.place > 0 },
        9 => Act::Talk { line, on: false, latched: false },
        10 => Act::Intercom { user: other, position },
        11 => Act::TalkBack { line: mine.unwrap_or(line), on: one.place > 0, latched: one.wait_ms.is_multiple_of(2) },
        12 => Act::OpenMic { line },
        13 => Act::Dnd { on: one.place > 0 },
        14 => return Input::LinkLost { turret },
        15 | 16 => return Input::LinkBack { turret },
        17 => return Input::LogOff { turret },
        18 | 19 => return Input::LogOn { turret, user: user(turret) },
        20 => return Input::Recorder { failing: (one.place > 0).then(|| "the disk is full".into()) },
        21 => return Input::TalkOrphaned { turret, uplink: Uplink::Mic },
        22 => return Input::Microphone { turret, uplink: Uplink::Left, there: one.place > 0 },
        24 | 25 => Act::Private { line, on: one.kind == 24 },
        26 => Act::Hold { line, exclusive: true },
        27 | 28 => Act::Override { line, call, position, reason: "a limit".into() },
        29 => Act::Clear { line },
        30..=32 => {
            let line = mine.filter(|_| one.kind == 30).unwrap_or(line);
            Act::Join { call: d.exchange.status(&line).and_then(|it| it.call).unwrap_or(CallId(0)), line, position }
        }
        // One time in three: what is out of service is tried by nobody.
        52 => Act::Service { line, out: one.place == 0 },
        33 => Act::Unjoin { line: mine.unwrap_or(line) },
        34 | 35 => Act::Transfer { line, to: TransferTo::User(other) },
        40 => Act::Announce { line, to: other },
        41 => Act::Complete { line },
        42 => Act::Cancel { line },
        43 | 44 => Act::Move { line: mine.filter(|_| one.kind == 44).unwrap_or(line), call, position },
        45 => Act::Move { line, call, position: Position::Speakers },
        46 => Act::TakeOver { line, call, position },
        47 | 48 => return Input::Heard { turret, uplink: position.uplink() },
        53 => Act::Dial { line, digits: NUMBERS[(one.wait_ms % 8) as usize].into() },
        54..=56 => Act::Call {
            line: Some(line).filter(|_| one.kind == 54),
            number: NUMBERS[(one.wait_ms % 8) as usize].into(),
            position,
            private: false,
        },
        57 | 58 => Act::Divert {
            line: Some(line).filter(|_| one.kind == 58),
            when: [DivertWhen::Always, DivertWhen::Dnd, DivertWhen::Busy, DivertWhen::NoAnswer]
                [(one.wait_ms % 4) as usize],
            to: [None, Some(DivertTo::User(other.clone())), Some(DivertTo::Desk(desk(turret)))][one.place].clone(),
        },
        37 => Act::IntercomGroup { group: "everybody".into(), position },
        38 => Act::IntercomPicked { users: vec![other, user(TURRETS[one.line % TURRETS.len()])], position },
        49 => Act::Right {
            line: l("hoot"),
            user: other,
            allowed: [Allowed::None, Allowed::Listen, Allowed::Speak][one.place],
        },
        50 => Act::WhoHears { line },
        59..=61 => Act::Broadcast { lines: several(one), on: true, latched: one.place > 1 },
        62 => Act::Broadcast { lines: several(one), on: false, latched: false },
        63 => Act::BroadcastLine { line, on: one.place > 0 },
        51 => Act::Talk { line: l("shout"), on: one.place > 0, latched: one.place > 1 },
        _ => return Input::VoiceActivity { turret, uplink: Uplink::Mic, speaking: one.place > 0 },
    };
    Input::Act { turret, id: 7, act }
}

/// Lines of one broadcast: often the same ones, so that a key goes up and down.
fn several(one: Move) -> Vec<LineId> {
    let more = ["hoot", "shout", "mrd-a", "mrd-b", "ard-a"];
    let all = std::iter::once(LINES[one.line]).chain(more.into_iter().skip(one.place));
    all.map(l).collect()
}

/// Every line over which one voice on `line` is heard.
fn group(d: &Desk, line: &LineId) -> BTreeSet<LineId> {
    let mut all: BTreeSet<LineId> = [line.clone()].into();
    loop {
        let mut more = all.clone();
        for one in all.iter().filter_map(|one| d.exchange.status(one)) {
            let other = match one.line.as_str() {
                "ard-a" => Some("ard-b"),
                "ard-b" => Some("ard-a"),
                "mrd-a" => Some("mrd-b"),
                "mrd-b" => Some("mrd-a"),
                _ => None,
            };
            more.extend(other.map(l));
            more.extend(one.conference.into_iter().flat_map(|it| it.lines).map(|it| it.line));
            let dialled = one.dialled.as_ref().and(one.call);
            let same = LINES.into_iter().filter(|line| dialled.is_some() && d.status(line).call == dialled);
            more.extend(same.map(l));
        }
        if more == all {
            return all;
        }
        all = more;
    }
}

/// I33, BRC-1, BRC-5: who is heard is on a line that is talked to; no two lines of a broadcast hear each other; who broadcasts
/// hears each of them; what it has opened is there for as long as it lasts.
fn check_broadcasts(d: &Desk, switch: &Switch) {
    for turret in ALL {
        assert_eq!(switch.broadcasts.get(&turret), d.exchange.broadcast(turret).as_ref(), "I19 {turret}");
    }
    for ((turret, uplink), (legs, _)) in &switch.routes {
        let mics = switch.mics[turret].iter().filter(|mic| mic.uplink == *uplink && !mic.muted);
        let reach: BTreeSet<LineId> = mics.flat_map(|mic| group(d, &mic.line)).collect();
        assert!(legs.iter().all(|(_, label, _)| reach.contains(label)), "I33 {turret} is heard elsewhere: {legs:?}");
    }
    for (turret, status) in &switch.broadcasts {
        assert!(!status.lines.is_empty() && status.lines.len() <= BROADCAST_MAX, "BRC-1 {turret}");
        let groups: Vec<BTreeSet<LineId>> = status.lines.iter().map(|one| group(d, &one.line)).collect();
        for (at, one) in status.lines.iter().enumerate() {
            assert!(!groups[..at].iter().any(|group| group.contains(&one.line)), "I33 {turret} {}", one.line);
            let line = d.exchange.status(&one.line).unwrap();
            assert!(line.talkers.iter().any(|talker| talker.turret == *turret), "BRC-1 {turret} {}", one.line);
            assert!(!line.is_held_exclusively() || line.phase != LinePhase::Held, "I29 {}", one.line);
            let on_it = line.parties.iter().any(|party| party.turret == *turret);
            assert!(!one.opened || on_it, "BRC-5 {turret} {}", one.line);
            let ringdown = one.line.as_str().starts_with("ard") || one.line.as_str().starts_with("ext");
            assert!(!ringdown || on_it, "BRC-2 {turret} {}", one.line);
        }
    }
}

/// I6: whose microphone may have opened by this input.
fn opener(input: &Input) -> Option<TurretId> {
    match input {
        Input::Act { turret, .. } | Input::LinkBack { turret } | Input::Heard { turret, .. } => Some(*turret),
        Input::TalkOrphaned { .. }
        | Input::LogOn { .. }
        | Input::LogOff { .. }
        | Input::Seat { .. }
        | Input::LinkLost { .. }
        | Input::VoiceActivity { .. }
        | Input::Microphone { .. }
        | Input::Recorder { .. }
        | Input::Users(_)
        | Input::Tick => None,
    }
}

/// Somebody is on a line by handset or hands-free.
fn by_handset(d: &Desk, line: &str) -> bool {
    d.status(line).parties.iter().any(|party| party.position != Position::Speakers)
}

/// The user of a turret is on a line.
fn on_it(d: &Desk, line: &str, turret: TurretId) -> bool {
    d.status(line).parties.iter().any(|party| party.user == user(turret))
}

/// What the user of a turret may do on the hoot.
fn right(d: &Desk, turret: TurretId) -> Option<Right> {
    d.exchange.rights(&user(turret)).into_iter().find(|(line, _)| *line == l("hoot")).map(|(_, right)| right)
}

fn check(d: &Desk, switch: &Switch) {
    let open = switch.open();
    let keyed: BTreeSet<_> = open.iter().map(|(turret, uplink, _)| (*turret, *uplink)).collect();
    assert_eq!(keyed, switch.routes.keys().copied().collect(), "I44");
    for (turret, uplink, line) in &open {
        assert!(!switch.lost.contains(turret), "I8 {turret}");
        let failing_us = switch.failing_since.map(|since| d.now.mono_us - since.mono_us);
        if line.as_str().starts_with("ard") {
            match failing_us {
                None => assert!(switch.routes[&(*turret, *uplink)].1 > 0, "I4 {turret} {line}"),
                Some(us) => assert!(us < RECORD_GRACE_US, "I4 {turret} {line} after the grace"),
            }
        }
    }
    let members = |line: &LineId| d.status(line.as_str()).parties.iter().map(|party| party.turret).collect::<Vec<_>>();
    for ((turret, _), (legs, _)) in &switch.routes {
        for (hearer, label, handset) in legs {
            assert_ne!(hearer, turret, "I38");
            match label.as_str() {
                "shout" => assert!(ALL.contains(hearer), "I1 {hearer}"),
                "hoot" if [*turret, *hearer].iter().all(|it| [A1, A2].contains(it)) => panic!("I38 {turret} {hearer}"),
                "hoot" => assert!(right(d, *hearer).is_some(), "I1 {hearer} hears the hoot"),
                name if LINES.contains(&name) => {
                    let is_party = members(label).contains(hearer);
                    assert!(!handset || is_party, "I1 {label}");
                    let alone = name != "mrd-a" || *handset || !by_handset(d, name);
                    assert!(alone || on_it(d, name, *hearer), "I39 {hearer} plays {label}");
                    assert!(is_party || d.status(name).private_by().is_none(), "I1, PRV-4 {label}");
                }
                name => {
                    assert!(switch.intercoms[label].contains(hearer), "I1 {label}");
                    let about = d.status(name).intercom.unwrap();
                    let replies = about.group.is_some() && user(*turret) != about.caller;
                    assert!(!replies || user(*hearer) == about.caller, "I34 {label}");
                }
            }
        }
    }
    let mrd = d.status("mrd-a");
    let talks = mrd.talkers.iter().filter(|talker| by_handset(d, "mrd-a") && !on_it(d, "mrd-a", talker.turret));
    assert_eq!(talks.count(), 0, "I39");
    check_conferences(d);
    check_broadcasts(d, switch);
    check_dialled(d);
    for (turret, uplink) in &switch.awaited {
        let waits = switch.open().iter().any(|(at, by, _)| user(*at) == user(*turret) && (at, by) != (turret, uplink));
        let quiet =
            LINES.iter().any(|line| d.status(line).parties.iter().any(|party| user(party.turret) == user(*turret)));
        assert!(waits || quiet || !switch.intercoms.is_empty(), "{turret} is waited for, and carries nothing");
    }
    for status in LINES.iter().map(|line| d.status(line)) {
        let turrets: BTreeSet<_> = status.parties.iter().map(|party| party.turret).collect();
        assert_eq!(turrets.len(), status.parties.len(), "I15 {}", status.line);
    }
    for status in LINES.iter().map(|line| d.status(line)) {
        assert!(status.holders.iter().all(|holder| !holder.private), "I30 {}", status.line);
        assert!(status.parties.iter().all(|party| !party.exclusive), "HOLD-4 {}", status.line);
        if status.phase == LinePhase::OutOfService {
            let used = !status.parties.is_empty() || !status.holders.is_empty() || !status.talkers.is_empty();
            assert!(!used && status.ring.is_none() && status.call.is_none(), "ARD-12, I21 {}", status.line);
        }
        let waits = status.sent_to.is_some();
        assert!(
            !waits || status.ring.as_ref().is_some_and(|ring| ring.at.as_ref().is_some_and(|at| !at.is_empty())),
            "I41"
        );
    }
    let undisturbed = TURRETS.map(user).into_iter().filter(|user| d.exchange.person(user).dnd);
    let failed = LINES.iter().filter(|line| d.status(line).phase == LinePhase::OutOfService).map(|line| l(line));
    let told =
        switch.kept.iter().filter_map(|what| if let Kept::OutOfService(line) = what { Some(line) } else { None });
    assert_eq!(failed.collect::<BTreeSet<_>>(), told.cloned().collect(), "ARD-12");
    let dnd = switch.kept.iter().filter(|what| matches!(what, Kept::Dnd(_))).cloned();
    assert_eq!(dnd.collect::<BTreeSet<_>>(), undisturbed.map(Kept::Dnd).collect(), "SWI-2");
    check_kept_lines(d, switch);
    let of_file = |turret| match turret {
        A1 | A2 | A3 => Some(Right::Speak),
        B1 => Some(Right::Listen),
        _ => None,
    };
    let set = TURRETS.into_iter().filter(|turret| right(d, *turret) != of_file(*turret));
    let set = set.map(|turret| Kept::Right(l("hoot"), user(turret), right(d, turret).into()));
    let rights = switch.kept.iter().filter(|what| matches!(what, Kept::Right(..))).cloned();
    assert_eq!(rights.collect::<BTreeSet<_>>(), set.collect(), "SWI-2");
    let hoot = d.status("hoot");
    assert!(hoot.talkers.len() <= 2, "I37");
    assert!(d.status("shout").talkers.len() <= 2, "I37");
    let may_talk = |turret| right(d, turret) == Some(Right::Speak);
    assert!(hoot.talkers.iter().all(|talker| may_talk(talker.turret)), "I37 right");
    for line in LINES {
        assert_eq!(switch.lines.get(&l(line)).unwrap_or(&d.status(line)), &d.status(line), "I16, I19 {line}");
    }
    assert!(d.exchange.next_deadline().is_none_or(|due| due.mono_us > d.now.mono_us), "I42");
}

/// Who is on a line and who holds it.
type Members = (Vec<(TurretId, Position)>, Vec<(TurretId, Position)>);

fn members(status: &LineStatus) -> Members {
    let of = |all: &[Party]| all.iter().map(|party| (party.turret, party.position)).collect();
    (of(&status.parties), of(&status.holders))
}

/// As [`members`], but for whom a broadcast alone has put there.
fn members_without_broadcasts(status: &LineStatus, switch: &Switch) -> Members {
    let opened = |turret: &TurretId| {
        let lines = switch.broadcasts.get(turret).into_iter().flat_map(|it| &it.lines);
        lines.into_iter().any(|one| one.opened && one.line == status.line)
    };
    let (mut parties, holders) = members(status);
    parties.retain(|(turret, _)| !opened(turret));
    (parties, holders)
}

/// SWI-2: who is on a wire, and who holds it, is what was told to be kept; what was sent on is its sender's.
fn check_kept_lines(d: &Desk, switch: &Switch) {
    for status in LINES[..4].iter().map(|line| d.status(line)) {
        let lines = switch.kept.iter().filter_map(|what| if let Kept::Line(kept) = what { Some(kept) } else { None });
        let mut kept = lines.filter(|kept| kept.line == status.line);
        let of = |all: &[KeptParty]| all.iter().map(|party| (party.turret, party.position)).collect();
        let told: Option<Members> = kept.next().map(|kept| (of(&kept.parties), of(&kept.holders)));
        assert!(kept.next().is_none(), "SWI-2 {} is kept twice", status.line);
        let (parties, holders) = members_without_broadcasts(&status, switch);
        let stays = |joined: &ConferenceStatus| {
            joined.lines.iter().filter(|one| LINES.contains(&one.line.as_str())).count() > 1
        };
        let goes_on = status.conference.as_ref().is_some_and(stays);
        if status.sent_to.is_some() {
            assert_eq!(told.map(|told| told.1.len()), Some(1), "SWI-2 {}", status.line);
        } else if parties.is_empty() && holders.is_empty() {
            assert_eq!(told.is_some(), goes_on, "SWI-2 {}", status.line);
        } else {
            assert_eq!(told, Some((parties, holders)), "SWI-2 {}", status.line);
        }
    }
}

/// I23: a new call that rings on an ARD is heard by somebody, while anybody is there who could answer.
fn check_rings(d: &Desk, switch: &Switch, on: &BTreeSet<TurretId>) {
    for (name, at) in [("ard-a", vec![A1, A1_TOO, A2, A3]), ("ard-b", vec![B1, B2, B3])] {
        let status = d.status(name);
        let Some(ring) = status.ring.filter(|ring| !ring.recall && status.sent_to.is_none()) else { continue };
        let undisturbed = |turret: TurretId| turret == A2 && d.exchange.person(&user(turret)).dnd;
        let is_there =
            |turret: &TurretId| on.contains(turret) && !switch.lost.contains(turret) && !undisturbed(*turret);
        let has_key = |turret: &TurretId| d.exchange.lines_of(*turret).iter().any(|(line, ..)| *line == l(name));
        let guests = ALL.into_iter().filter(has_key).filter(is_there);
        let there: Vec<TurretId> = at.into_iter().filter(is_there).collect();
        let heard = there.iter().copied().chain(guests).any(|turret| ring.is_heard_at(turret));
        assert!(there.is_empty() || heard, "I23 {name} {ring:?}");
    }
}

/// I14, I31, CNF-3: a position carries one call or one conference, and who is on one line of a conference is on all of it.
fn check_conferences(d: &Desk) {
    let all: Vec<LineStatus> = LINES.iter().map(|line| d.status(line)).collect();
    let mut carried: BTreeMap<(TurretId, Position), BTreeSet<String>> = BTreeMap::new();
    for status in &all {
        let joined = status.conference.as_ref();
        for party in &status.parties {
            let call = joined.map_or_else(|| status.line.to_string(), |it| format!("conference {}", it.id));
            if party.position == Position::Speakers {
                continue;
            }
            carried.entry((party.turret, party.position)).or_default().insert(call);
        }
        let Some(joined) = joined else { continue };
        assert!(joined.lines.len() > 1, "CNF-8 {}", status.line);
        let on = |status: &LineStatus| status.parties.iter().map(|party| party.turret).collect::<BTreeSet<_>>();
        for one in joined.lines.iter().filter_map(|one| all.iter().find(|it| it.line == one.line)) {
            assert_eq!(one.conference.as_ref(), Some(joined), "I16 {}", one.line);
            assert_eq!(on(one), on(status), "CNF-3 {} {}", one.line, status.line);
        }
    }
    assert!(carried.values().all(|calls| calls.len() == 1), "I14 {carried:?}");
}

/// HIS-1: who is out of a line's call, and waits for nobody whom they sent it to, has an entry of it; its times are in order.
fn check_history(d: &Desk, before: &[LineStatus], input: &Input) {
    let entries = d
        .out
        .iter()
        .filter_map(|out| if let Output::History { user, entry } = out { Some((user, entry)) } else { None });
    let entries: Vec<_> = entries.collect();
    for (user, entry) in &entries {
        let in_order = entry.start_utc_ms <= entry.answered_utc_ms.unwrap_or(entry.start_utc_ms)
            && entry.answered_utc_ms.unwrap_or(entry.start_utc_ms) <= entry.end_utc_ms
            && i64::try_from(entry.held_ms).unwrap() <= entry.end_utc_ms - entry.start_utc_ms;
        assert!(in_order, "HIS-1 {user} {entry:?} after {input:?}");
    }
    for was in before {
        let is = d.status(was.line.as_str());
        let on = |status: &LineStatus| {
            let parties = status.parties.iter().chain(&status.holders);
            parties.map(|party| party.user.clone()).collect::<BTreeSet<_>>()
        };
        let same = is.call == was.call;
        for user in on(was).iter().filter(|user| !(same && on(&is).contains(*user))) {
            let told = entries.iter().filter(|(of, entry)| *of == user && entry.line == was.line).count();
            assert!(told > 0 || is.sent_to.is_some(), "HIS-1 {user} was on {} before {input:?}", was.line);
        }
    }
}

/// I21 to I23, I25, I26: a dialled call is on two lines or, while its number is dialled, on one; what rings has a caller, and
/// not for longer than it may.
fn check_dialled(d: &Desk) {
    let all: Vec<LineStatus> = LINES[5..].iter().map(|line| d.status(line)).collect();
    for status in &all {
        let line = &status.line;
        let ends: Vec<&LineStatus> = all.iter().filter(|it| it.call.is_some() && it.call == status.call).collect();
        match status.phase {
            LinePhase::Idle => {
                assert_eq!((&status.call, &status.ring, &status.dialled), (&None, &None, &None), "I25 {line}");
            }
            LinePhase::Dialling => assert_eq!(ends.len(), 1, "I25 {line}"),
            LinePhase::Calling | LinePhase::Ringing | LinePhase::Talking | LinePhase::Held => {
                assert_eq!(ends.len(), 2, "I26 {line}");
            }
            LinePhase::OutOfService => {}
        }
        if status.phase == LinePhase::Ringing {
            let other = ends.iter().find(|it| it.line != *line).unwrap();
            assert_eq!(other.phase, LinePhase::Calling, "I21, I22 {line}");
            let rang_us = d.now.mono_us - status.ring.as_ref().unwrap().since.mono_us;
            // `dial.out_ring`: a call that was diverted rings at several in turn.
            assert!(rang_us < 120_000_000, "I23 {line}");
        }
    }
}

fn step(d: &mut Desk, switch: &mut Switch, input: &Input) {
    let before = switch.open();
    let states: Vec<LineStatus> = LINES.iter().map(|line| d.status(line)).collect();
    let was_failing = switch.failing_since;
    d.input(input.clone());
    switch.take(&d.out);
    match input {
        Input::LinkLost { turret } => drop(switch.lost.insert(*turret)),
        Input::LinkBack { turret } | Input::LogOn { turret, .. } | Input::LogOff { turret } => {
            switch.lost.remove(turret);
        }
        Input::Recorder { failing } => switch.failing_since = failing.as_ref().map(|_| was_failing.unwrap_or(d.now)),
        Input::Act { .. }
        | Input::Heard { .. }
        | Input::Seat { .. }
        | Input::TalkOrphaned { .. }
        | Input::VoiceActivity { .. }
        | Input::Microphone { .. }
        | Input::Users(_)
        | Input::Tick => {}
    }
    check_history(d, &states, input);
    for (turret, uplink, line) in switch.open().difference(&before) {
        // Lines that were joined with that of a microphone that is open already, and what was given to who talks about it.
        let joined = d.exchange.status(line).is_some_and(|it| it.conference.is_some());
        let given = matches!(input, Input::Act { act: Act::Complete { .. }, .. });
        if (joined || given) && before.iter().any(|(at, by, _)| (at, by) == (turret, uplink)) {
            continue;
        }
        // A call that has moved: its other microphone was open until now.
        if before.iter().any(|(at, by, on)| at == turret && on == line && by != uplink) {
            continue;
        }
        // A supervisor's own press, `override.lead` ago.
        let parties = d.exchange.status(line).map(|it| it.parties).unwrap_or_default();
        let entered = parties.iter().any(|party| party.turret == *turret && party.overriding);
        assert!(entered || opener(input) == Some(*turret), "I6 {turret} {line} after {input:?}");
    }
    if let Input::Act {
        act: Act::Intercom { .. } | Act::IntercomGroup { .. } | Act::IntercomPicked { .. },
        turret,
        ..
    } = input
    {
        for out in &d.out {
            if let Output::Notice { turret: to, sound: Some(_), .. } = out {
                assert!(to == turret || !d.exchange.person(&user(*to)).dnd, "I36 {to} after {input:?}");
            }
        }
    }
    if let Input::Heard { .. } = input {
        let ended = d.out.iter().filter(|out| matches!(out, Output::TrackClosed { .. })).count();
        let held = d
            .out
            .iter()
            .any(|out| matches!(out, Output::Notice { sentence, .. } if sentence.contains("took its place")));
        assert!(ended == 0 || held, "I46 after {input:?}: {:?}", d.out);
    }
    let refused = d.out.iter().any(|out| matches!(out, Output::Answer { result: Err(_), .. }));
    if refused {
        let after: Vec<LineStatus> = LINES.iter().map(|line| d.status(line)).collect();
        assert_eq!((states, before), (after, switch.open()), "I9 {input:?}");
    }
}

/// A floor that is played on, beside one that is given the same inputs.
pub struct Played {
    d: Desk,
    floor: fn() -> Floor,
    switch: Switch,
    again: Desk,
    /// Turrets with a session.
    on: BTreeSet<TurretId>,
    restarts: u32,
}

/// Lines that ring through their desks one after the other, on to somebody of the other desk, and late at one appearance.
fn routed() -> Floor {
    let mut floor = Desk::muted_floor();
    let word = |word| Value::Word(word);
    assert!(floor.policies.floor.set("route", word("in order")));
    assert!(floor.policies.lines.entry(l("mrd-b")).or_default().set("route", word("longest idle")));
    assert!(floor.policies.lines.entry(l("ard-b")).or_default().set("overflow", word("move")));
    assert!(floor.policies.users.entry(user(B2)).or_default().set("appearance.ring", word("delayed")));
    assert!(floor.policies.users.entry(user(A2)).or_default().set("dnd.scope", word("all")));
    for (line, to) in [("ard-b", A3), ("mrd-b", A2)] {
        floor.lines.get_mut(&l(line)).unwrap().overflow = [user(to)].into();
    }
    floor
}

impl Played {
    pub fn new() -> Self {
        Self::on(Desk::muted_floor)
    }

    /// On a floor that routes what rings.
    pub fn routed() -> Self {
        Self::on(routed)
    }

    fn on(floor: fn() -> Floor) -> Self {
        let (d, again) = (Desk::of(floor()), Desk::of(floor()));
        Self { floor, d, switch: Switch::default(), again, on: TURRETS.into(), restarts: 0 }
    }

    /// The switch is killed, and is there again at once.
    fn restart(&mut self) {
        let before = LINES.map(|line| self.d.status(line));
        let stays = before.each_ref().map(|status| members_without_broadcasts(status, &self.switch));
        self.restarts += 1;
        for d in [&mut self.d, &mut self.again] {
            let mut floor = (self.floor)();
            (floor.first_recording, floor.first_track) = (self.restarts * 1_000_000, self.restarts * 1_000_000);
            d.exchange = Exchange::new(floor, self.switch.kept.clone(), d.now);
        }
        let awaited = ALL.into_iter().filter(|turret| self.d.exchange.awaits(*turret).is_some());
        self.on = awaited.collect();
        let kept = std::mem::take(&mut self.switch.kept);
        self.switch = Switch { kept, lost: self.on.clone(), ..Switch::default() };
        for (status, stays) in before.iter().zip(stays) {
            if status.line.as_str() == "hoot" || status.sent_to.is_some() {
                continue;
            }
            let now = self.d.status(status.line.as_str());
            let calls = matches!(status.phase, LinePhase::Calling | LinePhase::Dialling);
            let expected = if calls { Members::default() } else { stays };
            assert_eq!(members(&now), expected, "SWI-2 {} over a restart", status.line);
            assert_eq!(now.ring, None, "SWI-2 {}", status.line);
        }
    }

    /// Makes one move and checks all that always holds; gives what was done, and what came of it, when it was possible.
    pub fn make(&mut self, one: Move) -> Option<(Input, &[Output])> {
        if one.kind == RESTART && one.place == 0 {
            self.restart();
        }
        let Self { d, switch, again, on, .. } = self;
        let input = input(d, switch, one);
        d.now = d.now.plus_ms(one.wait_ms);
        again.now = d.now;
        step(d, switch, &Input::Tick);
        again.input(Input::Tick);
        check(d, switch);
        on.retain(|turret| !switch.over.contains(turret));
        check_rings(d, switch, on);
        // One session for each turret, and nothing from one that is lost, as the switch sees to.
        let possible = match &input {
            Input::LogOn { turret, .. } => on.insert(*turret),
            Input::LogOff { turret } => on.remove(turret),
            Input::Act { turret, .. } => on.contains(turret) && !switch.lost.contains(turret),
            Input::LinkLost { turret } | Input::LinkBack { turret } => on.contains(turret),
            // What was not waited for, or is not there any more, is not told.
            Input::Heard { turret, uplink } => switch.awaited.contains(&(*turret, *uplink)),
            Input::TalkOrphaned { .. }
            | Input::Seat { .. }
            | Input::VoiceActivity { .. }
            | Input::Microphone { .. }
            | Input::Recorder { .. }
            | Input::Users(_)
            | Input::Tick => true,
        };
        if !possible {
            return None;
        }
        step(d, switch, &input);
        if let Input::LogOn { turret, .. } = &input {
            // What goes on already stands in its snapshot.
            let seen = d.exchange.lines_of(*turret).into_iter().filter(|(.., kind)| *kind == LineKind::Intercom);
            seen.for_each(|(line, ..)| switch.intercoms.entry(line).or_default().push(*turret));
        }
        again.input(input.clone());
        on.retain(|turret| !switch.over.contains(turret));
        check(d, switch);
        check_rings(d, switch, on);
        assert_eq!(&d.out, &again.out, "I11");
        Some((input, &self.d.out))
    }
}
