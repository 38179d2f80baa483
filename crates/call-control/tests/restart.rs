//! What survives a restart of the switch: what was told to be kept is taken back, for those who come back (rules SWI-2, SWI-3).
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Kept, Output, RefusalCode, Sound};
use dealerboard_model::{FarEnd, LineId, LinePhase, Position, RecordingId, TransferTo, TurretId};
use floor::*;
use std::collections::BTreeSet;

/// `restart.window`.
const WINDOW_MS: u64 = 30_000;

fn kept(desk: &Desk) -> Vec<(Kept, bool)> {
    let told = desk.out.iter();
    told.filter_map(|out| if let Output::Kept { what, on } = out { Some((what.clone(), *on)) } else { None }).collect()
}

fn dnd(of: TurretId) -> Kept {
    Kept::Dnd(user(of))
}

fn restarted_with_dnd_of(turret: TurretId) -> Desk {
    Desk::restarted(BTreeSet::from([dnd(turret)]))
}

fn log_on(desk: &mut Desk, turret: TurretId) {
    desk.input(Input::LogOn { turret, user: user(turret) });
}

fn has_dnd(desk: &Desk, turret: TurretId) -> bool {
    desk.exchange.person(&user(turret)).dnd
}

#[test]
fn swi_2_do_not_disturb_is_kept_from_when_it_is_set_until_it_ends() {
    let mut d = Desk::new();
    d.act(A1, Act::Dnd { on: true }).unwrap();
    assert_eq!(kept(&d), [(dnd(A1), true)]);
    d.act(A1, Act::Dnd { on: true }).unwrap();
    assert_eq!(kept(&d), [], "it was told already");
    d.act(A1, Act::Dnd { on: false }).unwrap();
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}

#[test]
fn log_3_do_not_disturb_is_no_longer_kept_when_its_user_logs_off() {
    let mut d = Desk::new();
    d.act(A1, Act::Dnd { on: true }).unwrap();
    d.input(Input::LogOff { turret: A1 });
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}

#[test]
fn swi_2_who_comes_back_after_a_restart_is_still_not_to_be_disturbed() {
    let mut d = restarted_with_dnd_of(A1);
    assert!(has_dnd(&d, A1), "also before they are back");
    d.wait_ms(WINDOW_MS - 1);
    log_on(&mut d, A1);
    d.wait_ms(WINDOW_MS);
    assert!(has_dnd(&d, A1));
    assert_eq!(kept(&d), [], "what was kept stays kept");
    d.act(A1, Act::Dnd { on: false }).unwrap();
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}

#[test]
fn log_3_who_does_not_come_back_after_a_restart_may_be_disturbed_when_they_log_on_later() {
    let mut d = restarted_with_dnd_of(A1);
    log_on(&mut d, A2);
    d.wait_ms(WINDOW_MS);
    assert_eq!(kept(&d), [(dnd(A1), false)]);
    let told = |out: &Output| matches!(out, Output::Person(status) if status.user == user(A1) && !status.dnd);
    assert!(d.out.iter().any(told), "others see it end");
    log_on(&mut d, A1);
    assert!(!has_dnd(&d, A1));
}

#[test]
fn log_3_who_logs_off_soon_after_a_restart_ends_do_not_disturb() {
    let mut d = restarted_with_dnd_of(A1);
    log_on(&mut d, A1);
    d.input(Input::LogOff { turret: A1 });
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}

/// A floor on which things happen, and what it has told to be kept.
struct Before {
    d: Desk,
    kept: BTreeSet<Kept>,
    /// The last recording that was opened.
    recording: Option<RecordingId>,
}

impl Before {
    fn new() -> Self {
        Self { d: Desk::new(), kept: BTreeSet::new(), recording: None }
    }

    /// A1 and B1 talk on the ARD.
    fn talking() -> Self {
        let mut before = Self::new();
        before.go(|d| d.seize(A1, "ard-a"));
        before.go(|d| d.answer(B1, "ard-b"));
        before
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "no other output outlives a restart")]
    fn go(&mut self, step: impl FnOnce(&mut Desk)) {
        step(&mut self.d);
        for out in &self.d.out {
            match out {
                Output::Kept { what, on: true } => drop(self.kept.insert(what.clone())),
                Output::Kept { what, on: false } => drop(self.kept.remove(what)),
                Output::RecordingOpened { recording, .. } => self.recording = Some(*recording),
                _ => {}
            }
        }
    }

    /// The switch is killed and starts again.
    fn restart(self) -> Desk {
        Desk::restarted(self.kept)
    }
}

fn back(d: &mut Desk, turret: TurretId) {
    assert_eq!(d.exchange.awaits(turret), Some(&user(turret)));
    d.input(Input::LinkBack { turret });
}

fn on(d: &Desk, line: &str) -> Vec<TurretId> {
    d.status(line).parties.iter().map(|party| party.turret).collect()
}

fn holding(d: &Desk, line: &str) -> Vec<TurretId> {
    d.status(line).holders.iter().map(|party| party.turret).collect()
}

#[test]
fn swi_2_who_talks_and_who_holds_is_so_again_after_a_restart() {
    let mut before = Before::talking();
    before.go(|d| d.bridge(A2, "ard-a"));
    before.go(|d| d.hold(B1, "ard-b"));
    before.go(|d| d.seize(B2, "mrd-b"));
    let call = before.d.call("ard-a");
    let d = before.restart();
    assert_eq!((on(&d, "ard-a"), holding(&d, "ard-b"), on(&d, "mrd-b")), (vec![A1, A2], vec![B1], vec![B2]));
    assert_eq!((d.call("ard-a"), d.call("ard-b")), (call, call));
    assert_eq!((d.status("ard-a").far, d.status("mrd-a").phase), (FarEnd::Held, LinePhase::Idle));
}

#[test]
fn swi_2_a_call_that_was_dialled_is_so_again_after_a_restart_and_one_that_rings_is_over() {
    let mut before = Before::talking();
    before.go(|d| drop(d.dial(A2, "5001").unwrap()));
    before.go(|d| d.answer(B1, "ext-5001.1"));
    before.go(|d| drop(d.dial(A1, "5001").unwrap()));
    let mut d = before.restart();
    assert_eq!((on(&d, "ext-4002.1"), on(&d, "ext-5001.1")), (vec![A2], vec![B1]));
    assert_eq!(d.phases("ext-4001.1", "ext-5001.2"), (LinePhase::Idle, LinePhase::Idle));
    assert_eq!(d.status("ext-4002.1").dialled.unwrap().name.as_deref(), Some("U4"));
    [A2, B1].into_iter().for_each(|turret| log_on(&mut d, turret));
    d.release(A2, "ext-4002.1");
    assert_eq!(d.phases("ext-4002.1", "ext-5001.1"), (LinePhase::Idle, LinePhase::Idle));
}

#[test]
fn swi_2_privacy_and_an_exclusive_hold_outlive_a_restart() {
    let mut before = Before::talking();
    before.go(|d| d.private(A1, "ard-a", true));
    before.go(|d| d.hold_for_oneself(B1, "ard-b"));
    let mut d = before.restart();
    for turret in [A2, B2] {
        log_on(&mut d, turret);
    }
    assert_eq!(d.refused(A2, d.bridging("ard-a")), RefusalCode::Private);
    assert_eq!(d.refused(B2, d.resume("ard-b")), RefusalCode::HeldExclusive);
}

#[test]
fn swi_2_lines_that_were_joined_are_joined_after_a_restart() {
    let mut before = Before::talking();
    before.go(|d| d.hold(A1, "ard-a"));
    before.go(|d| d.seize(B2, "mrd-b"));
    before.go(|d| d.seize(A1, "mrd-a"));
    let call = before.d.call("ard-a");
    before.go(|d| drop(d.act(A1, Act::Join { line: l("ard-a"), call, position: Position::Left }).unwrap()));
    let d = before.restart();
    let lines: Vec<LineId> = d.status("ard-a").conference.unwrap().lines.into_iter().map(|one| one.line).collect();
    assert_eq!(lines, [l("mrd-a"), l("ard-a")]);
    assert_eq!(d.status("mrd-a").conference, d.status("ard-a").conference);
    assert_eq!((on(&d, "ard-a"), on(&d, "mrd-a")), (vec![A1], vec![A1]));
}

#[test]
fn swi_2_no_talk_intercom_or_ring_outlives_a_restart() {
    let mut before = Before::new();
    before.go(|d| d.seize(A1, "ard-a"));
    before.go(|d| d.latch(A2));
    before.go(|d| drop(d.act(A3, Act::Intercom { user: user(B1), position: Position::Left }).unwrap()));
    let d = before.restart();
    assert_eq!((d.phases("ard-a", "ard-b"), d.talkers("hoot").len()), ((LinePhase::Idle, LinePhase::Idle), 0));
    assert!(d.exchange.lines_of(A3).is_empty());
}

#[test]
fn swi_2_what_was_sent_on_waits_on_hold_of_its_sender_after_a_restart() {
    let mut before = Before::talking();
    before.go(|d| drop(d.act(A1, Act::Transfer { line: l("ard-a"), to: TransferTo::User(user(A2)) }).unwrap()));
    let d = before.restart();
    assert_eq!((holding(&d, "ard-a"), d.status("ard-a").sent_to, on(&d, "ard-b")), (vec![A1], None, vec![B1]));
}

#[test]
fn swi_2_what_the_floor_has_no_more_is_let_go_and_its_recording_closed() {
    let mut before = Before::talking();
    let recording = before.recording.unwrap();
    before.kept.retain(|what| !matches!(what, Kept::Line(kept) if kept.line == l("ard-b")));
    let mut d = before.restart();
    d.input(Input::Tick);
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Idle, LinePhase::Idle), "an ARD has two ends");
    assert!(d.out.contains(&Output::RecordingClosed { recording }));
    assert_eq!(kept(&d).iter().map(|(_, on)| *on).collect::<Vec<_>>(), [false]);
}

#[test]
fn swi_3_a_call_waits_as_link_lost_and_microphones_open_by_press() {
    let mut d = Before::talking().restart();
    assert_eq!(d.status("ard-a").far, FarEnd::LinkLost);
    back(&mut d, A1);
    back(&mut d, B1);
    assert_eq!(
        (d.status("ard-a").far, d.phases("ard-a", "ard-b")),
        (FarEnd::Plain, (LinePhase::Talking, LinePhase::Talking))
    );
    assert_eq!((d.exchange.mics(A1), d.exchange.mics(B1)), (vec![], vec![]));
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.route(A1).unwrap().1, [B1]);
    d.wait_ms(WINDOW_MS);
    assert_eq!(on(&d, "ard-b"), [B1], "who is back stays");
}

#[test]
fn swi_3_who_is_back_hears_and_sees_the_call_end_when_nobody_is_at_the_other_end() {
    let mut d = Before::talking().restart();
    back(&mut d, A1);
    d.wait_ms(WINDOW_MS);
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Idle, LinePhase::Idle));
    assert!(d.told(A1, "Nobody came back to the far end of ARD-A"));
    assert_eq!(d.sound(A1).or(Some(Sound::Warning)), Some(Sound::Warning));
}

#[test]
fn swi_3_who_is_back_is_kept_waiting_for_a_colleague_of_who_is_not() {
    let mut d = Before::talking().restart();
    back(&mut d, A1);
    log_on(&mut d, B2);
    d.wait_ms(WINDOW_MS);
    assert_eq!((d.status("ard-b").phase, holding(&d, "ard-b")), (LinePhase::Held, vec![B1]));
    assert!(d.status("ard-b").ring.is_some_and(|ring| ring.recall), "it rings at who can take it");
    d.act(B2, d.resume("ard-b")).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Talking, LinePhase::Talking));
}

#[test]
fn swi_3_a_call_that_nobody_at_all_has_come_back_to_is_over() {
    let before = Before::talking();
    let recording = before.recording.unwrap();
    let mut d = before.restart();
    for turret in [A2, B2] {
        log_on(&mut d, turret);
    }
    d.wait_ms(WINDOW_MS - 1);
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Talking, LinePhase::Talking));
    d.wait_ms(1);
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Idle, LinePhase::Idle));
    assert!(d.out.contains(&Output::RecordingClosed { recording }));
    assert!(d.out.contains(&Output::SessionOver { turret: A1 }));
    assert_eq!(d.exchange.awaits(A1), None);
}

#[test]
fn swi_3_an_ard_that_called_rings_again_only_when_its_caller_is_back() {
    let mut before = Before::new();
    before.go(|d| d.seize(A1, "ard-a"));
    let mut d = before.restart();
    log_on(&mut d, B1);
    assert_eq!(d.status("ard-b").phase, LinePhase::Idle);
    back(&mut d, A1);
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Calling, LinePhase::Ringing));
    assert_eq!(d.exchange.mics(A1), []);
    d.answer(B1, "ard-b");
    assert_eq!(on(&d, "ard-a"), [A1]);
}

#[test]
fn swi_3_the_time_of_a_hold_begins_anew() {
    let mut before = Before::talking();
    before.go(|d| d.hold(A1, "ard-a"));
    before.go(|d| d.wait_ms(50_000));
    let mut d = before.restart();
    back(&mut d, A1);
    back(&mut d, B1);
    d.wait_ms(59_999);
    assert!(!d.told(A1, "has been on hold"));
    d.wait_ms(1);
    assert!(d.told(A1, "has been on hold for 60 s"));
}

#[test]
fn swi_4_an_interrupted_call_goes_on_in_its_recording() {
    let before = Before::talking();
    let was = before.recording.unwrap();
    let mut d = before.restart();
    back(&mut d, A1);
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    let opened = |out: &Output| if let Output::TrackOpened { recording, .. } = out { Some(*recording) } else { None };
    assert_eq!(d.out.iter().filter_map(opened).collect::<Vec<_>>(), [was]);
    assert!(!d.out.iter().any(|out| matches!(out, Output::RecordingOpened { .. })));
}
