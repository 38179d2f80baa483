//! What may be done on the floor of the random moves: a move is numbers alone, and becomes an input by what the floor shows.
//!
//! Law: the same move on the same floor is the same input.

use super::known::Switch;
use crate::floor::*;
use dealerboard_call_control::{Act, Input};
use dealerboard_model::{Allowed, CallId, DivertTo, DivertWhen, LineId, Position, TransferTo, TurretId, Uplink};

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
pub const POSITIONS: [Position; 3] = [Position::Left, Position::Right, Position::HandsFree];
/// Everybody's turrets, A1's second one too.
pub const ALL: [TurretId; 7] = [A1, A2, A3, B1, B2, B3, A1_TOO];

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
pub const KINDS: u8 = 66;

/// `Move::who` is less.
pub const PLAYERS: usize = ALL.len();

/// Of `Move::kind`: before it the switch is killed, one time in three.
pub const RESTART: u8 = 36;

/// Of `Move::kind`: a line is taken out of service, one time in three, or put back.
pub const SERVICE: u8 = 52;

/// What a move does.
pub fn input(d: &Desk, switch: &Switch, one: Move) -> Input {
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
        21 => return Input::TalkOrphaned { turret, uplink: position.uplink() },
        22 => return Input::Microphone { turret, uplink: Uplink::Left, there: one.place > 0 },
        24 | 25 => Act::Private { line, on: one.kind == 24 },
        26 => Act::Hold { line, exclusive: true },
        27 | 28 => Act::Override { line, call, position, reason: "a limit".into() },
        29 => Act::Clear { line },
        30..=32 => {
            let line = mine.filter(|_| one.kind == 30).unwrap_or(line);
            Act::Join { call: d.exchange.status(&line).and_then(|it| it.call).unwrap_or(CallId(0)), line, position }
        }
        SERVICE => Act::Service { line, out: one.place == 0 },
        33 => Act::Unjoin { line: mine.filter(|_| one.place == 0).unwrap_or(line) },
        34 => Act::Transfer { line, to: TransferTo::User(other) },
        35 => Act::Transfer { line, to: TransferTo::Line(l(LINES[(one.wait_ms % 11) as usize])) },
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
            to: match one.place {
                0 => None,
                1 => Some(DivertTo::User(other.clone())),
                _ if one.wait_ms.is_multiple_of(3) => Some(DivertTo::Voicemail),
                _ => Some(DivertTo::Desk(desk(turret))),
            },
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
        64 => Act::Lock,
        65 => return Input::Unlock { turret },
        51 => Act::Talk { line: l("shout"), on: one.place > 0, latched: one.place > 1 },
        _ => return Input::VoiceActivity { turret, uplink: POSITIONS[one.line % 3].uplink(), speaking: one.place > 0 },
    };
    Input::Act { turret, id: 7, act }
}

/// Lines of one broadcast: often the same ones, so that a key goes up and down.
fn several(one: Move) -> Vec<LineId> {
    let more = ["hoot", "shout", "mrd-a", "mrd-b", "ard-a"];
    let all = std::iter::once(LINES[one.line]).chain(more.into_iter().skip(one.place));
    all.map(l).collect()
}
