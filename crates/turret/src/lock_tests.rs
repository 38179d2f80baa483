//! What a locked turret takes and shows.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::changes::changes;
use crate::press::deeds;
use crate::project::project;
use crate::view::{DeviceView, NoticeView};
use dealerboard_model::{
    CallId, Csrc, Dialled, LineFacts, LineKind, LinePhase, LineStatus, Moment, Party, RecordPolicy, TurretId, Uplink,
};
use dealerboard_wire::{Number, OpenMic, Person};

const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };
const LEFT: Position = Position::Left;

fn about(line: &str, kind: LineKind) -> LineFacts {
    let (line, name, number) = (LineId::from(line), format!("Name of {line}"), "4402".to_owned());
    LineFacts { line, name, number, kind, csrc: Csrc(1), record: RecordPolicy::On }
}

/// On a wire at the left handset, whose microphone is open; an emergency number is in the directory.
fn world(locked: bool) -> (Facts, Local) {
    let mut facts = Facts { turret: Some(TurretId(1)), locked, takes_locks: true, ..Facts::default() };
    let number = |number: &str, emergency| Number { number: number.into(), name: "N".into(), user: None, emergency };
    facts.directory = vec![number("112", true), number("4012", false)];
    for (line, kind) in [("calder", LineKind::Ard), ("macro", LineKind::Hoot), ("ext", LineKind::Extension)] {
        facts.lines.insert(line.into(), about(line, kind));
        facts.statuses.insert(line.into(), LineStatus::idle(line.into(), NOW));
    }
    let calder = facts.statuses.get_mut(&LineId::from("calder")).unwrap();
    (calder.phase, calder.call) = (LinePhase::Talking, Some(CallId(3)));
    calder.parties = vec![Party::new("reyes".into(), TurretId(1), LEFT, NOW)];
    facts.mics = vec![OpenMic {
        uplink: Uplink::Left,
        position: Some(LEFT),
        line: "calder".into(),
        since: NOW,
        hearers: 1,
        muted: false,
        closes_at: None,
    }];
    facts.speakers = vec!["macro".into()];
    let name = "R. Lindt".to_owned();
    facts.people = vec![Person { user: "lindt".into(), name, desk_name: "Rates".into(), desk: None }];
    let mic = DeviceView { microphone: Some("Mic".into()), ear: Some("Ear".into()), trouble: String::new() };
    let devices = Position::ALL.map(|position| (position, mic.clone())).into();
    (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, devices, ..Local::default() })
}

fn notice(n: u32, line: Option<&str>, refused: bool) -> NoticeView {
    NoticeView { n, line: line.map(LineId::from), sentence: "R. Lindt did.".into(), at_utc_ms: 0, refused }
}

fn is_refused(intent: &Intent, (facts, local): &(Facts, Local)) -> bool {
    matches!(deeds(intent, facts, local).as_slice(), [Deed::Refuse(sentence)] if sentence == LOCKED)
}

fn press(line: &str) -> Intent {
    Intent::Press { line: line.into(), call: None, lamp: None, position: None }
}

#[test]
fn log_4_a_locked_turret_takes_what_lets_go_and_nothing_that_opens() {
    let world = world(true);
    let lets_go = [
        Intent::Release { position: LEFT },
        Intent::ReleaseLine { line: "calder".into() },
        Intent::Hold { position: LEFT, exclusive: false },
        Intent::Mute { position: LEFT, on: true },
        Intent::CloseAll,
        Intent::Volume { line: "macro".into(), volume: 0.1 },
        Intent::LogOff,
    ];
    assert!(lets_go.iter().all(|intent| !is_refused(intent, &world)));
    let more = [
        press("macro"),
        Intent::Mute { position: LEFT, on: false },
        Intent::OpenMic { position: LEFT },
        Intent::Talk { line: "macro".into(), on: true, latched: false },
        Intent::Transfer { position: LEFT, to: dealerboard_model::TransferTo::User("lindt".into()) },
        Intent::History { older: false },
        Intent::Devices,
        Intent::Dnd { on: true },
    ];
    for intent in more {
        assert!(is_refused(&intent, &world), "{intent:?}");
    }
}

#[test]
fn log_4_an_emergency_number_is_called_at_a_locked_turret_and_its_call_back_is_answered() {
    let (mut facts, local) = world(true);
    let call = |to: &str| Intent::Call { to: to.into(), line: None, position: None };
    let ext = facts.statuses.get_mut(&LineId::from("ext")).unwrap();
    ext.dialled = Some(Box::new(Dialled { number: "112".into(), name: None, incoming: true }));
    let world = (facts, local);
    assert!(!is_refused(&call("112"), &world) && is_refused(&call("4012"), &world));
    assert!(!is_refused(&press("ext"), &world));
    let view = project(&world.0, &world.1);
    assert_eq!(view.header.lock.unwrap().emergency[0].number, "112");
    assert!(view.keys.iter().any(|key| key.name == "Name of ext"));
}

#[test]
fn log_4_a_locked_turret_shows_lamps_without_names_and_the_microphone_that_is_open() {
    let (facts, mut local) = world(true);
    local.told_before_lock = 2;
    local.activity =
        [notice(4, None, true), notice(3, Some("calder"), true), notice(2, None, true), notice(1, None, false)].into();
    let view = project(&facts, &local);
    let shown = serde_json::to_string(&View {
        header: crate::view::Header { mics: Vec::new(), ..view.header.clone() },
        ..view.clone()
    });
    let shown = shown.unwrap();
    assert!(!shown.contains("Name of") && !shown.contains("4402"), "{shown}");
    assert_eq!(view.keys.iter().find(|key| key.line == "calder".into()).unwrap().lamp, Lamp::InUseHere);
    assert_eq!(view.positions[0].name, A_CALL);
    assert!(view.positions[0].can_hold && view.positions[0].mic_open);
    assert_eq!(view.header.mics[0].name, "Name of calder");
    assert!(view.people.is_empty() && view.channels[0].name.is_empty());
    let told: Vec<_> = view.activity.iter().map(|row| (row.n, row.line.clone())).collect();
    assert_eq!(told, [(4, None), (3, None)]);
}

#[test]
fn log_4_a_lock_and_its_end_show_the_whole_panel_anew() {
    let (open, shut) = (world(false), world(true));
    let (open, shut) = (project(&open.0, &open.1), project(&shut.0, &shut.1));
    assert_eq!(changes(&open, &shut), [Change::View(Box::new(shut.clone()))]);
    assert_eq!(changes(&shut, &open), [Change::View(Box::new(open.clone()))]);
}

#[test]
fn log_4_a_switch_that_locks_no_turret_is_not_asked() {
    let mut facts = Facts { takes_locks: false, ..Facts::default() };
    assert!(matches!(lock(&facts).as_slice(), [Deed::Refuse(_)]));
    facts.takes_locks = true;
    assert_eq!(lock(&facts), [Deed::Local(LocalDeed::Lock)]);
}

#[test]
fn log_4_a_window_that_loses_the_focus_is_no_touch() {
    assert!(is_a_touch(&Intent::StillHere) && is_a_touch(&press("calder")));
    assert!(!is_a_touch(&Intent::FocusLost) && !is_a_touch(&Intent::Look));
}
