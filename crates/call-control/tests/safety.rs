//! The rules of safety, each as one sentence in virtual time: latches, lost turrets, a failing recorder, deadlines.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Happening, Input, Output, RefusalCode};
use dealerboard_model::{FarEnd, LinePhase, Position, TurretId, Uplink};
use floor::*;

use LinePhase::{Held, Idle, Talking};

#[test]
fn i7_a_talk_without_media_is_closed() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.input(Input::TalkOrphaned { turret: A1, uplink: Uplink::Mic });
    assert_eq!(d.status("hoot").phase, Idle);
}

#[test]
fn los_4_the_microphone_opens_by_itself_within_three_seconds() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    assert_eq!(d.route(A1), Some((false, vec![], 0)));
    d.wait_ms(3_000);
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!(d.route(A1), Some((true, vec![B1], 1)));
}

#[test]
fn los_4_later_the_microphone_opens_by_press() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(3_001);
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!(d.route(A1), None);
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.route(A1), Some((true, vec![B1], 1)));
}

#[test]
fn los_8_a_talk_stays_shut_after_the_link_is_back() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.input(Input::LinkLost { turret: A1 });
    assert_eq!(d.status("hoot").phase, Idle);
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!(d.status("hoot").phase, Idle);
}

fn fail(d: &mut Desk, failing: bool) {
    d.input(Input::Recorder { failing: failing.then(|| "the disk is full".into()) });
}

#[test]
fn rec_1_a_key_says_that_it_is_not_recorded() {
    let mut d = Desk::new();
    fail(&mut d, true);
    let why = "the disk is full".into();
    assert_eq!(d.status("mrd-a").proof, dealerboard_model::Proof::NotRecorded { why });
}

#[test]
fn rec_2_a_line_that_must_be_recorded_is_refused() {
    let mut d = Desk::new();
    fail(&mut d, true);
    let act = Act::Seize { line: l("ard-a"), position: Position::Left, private: false };
    assert_eq!(d.refused(A1, act), RefusalCode::NotRecorded);
    d.seize(A1, "mrd-a");
}

#[test]
fn rec_3_everybody_on_the_line_is_told_at_once_with_a_tone() {
    let mut d = Desk::talking();
    fail(&mut d, true);
    for turret in [A1, B1] {
        assert!(d.told(turret, "is not recorded now: the disk is full. Microphones close in 3 s unless it is again."));
    }
}

#[test]
fn rec_3_after_the_grace_every_microphone_of_the_call_is_shut() {
    let mut d = Desk::talking();
    fail(&mut d, true);
    d.wait_ms(2_999);
    assert_eq!(d.status("ard-a").talkers.len(), 1);
    d.wait_ms(1);
    assert_eq!((d.route(A1), d.route(B1)), (Some((false, vec![], 0)), Some((false, vec![], 0))));
}

#[test]
fn rec_3_a_call_that_is_silent_for_record_fail_release_is_released_and_told_why() {
    let mut d = Desk::talking();
    fail(&mut d, true);
    d.wait_ms(3_000 + 29_999);
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    d.wait_ms(1);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    for turret in [A1, B1] {
        assert!(d.told(turret, "it is not recorded (the disk is full). What was on it is over."));
    }
    assert!(d.recording_closed());
}

#[test]
fn rec_3_a_call_stays_when_the_recorder_is_back_and_its_users_open_by_press() {
    let mut d = Desk::talking();
    fail(&mut d, true);
    d.wait_ms(20_000);
    fail(&mut d, false);
    d.wait_ms(60_000);
    assert_eq!((d.phases("ard-a", "ard-b"), d.exchange.mics(A1)), ((Talking, Talking), vec![]));
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.route(A1).unwrap().1, [B1]);
}

#[test]
fn rec_3_a_call_that_both_ends_hold_goes_on_waiting() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.hold(B1, "ard-b");
    fail(&mut d, true);
    d.wait_ms(33_001);
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Held, LinePhase::Held));
}

#[test]
fn rec_3_a_second_failure_has_a_grace_of_its_own() {
    let mut d = Desk::talking();
    fail(&mut d, true);
    d.wait_ms(2_000);
    fail(&mut d, false);
    fail(&mut d, true);
    d.wait_ms(2_999);
    assert_eq!(d.status("ard-a").talkers.len(), 1);
}

#[test]
fn tim_2_an_act_beats_a_timer_of_the_same_instant() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.now = d.now.plus_ms(15_000);
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn a_late_timer_fires_at_its_own_due_time() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.signal(A1, "mrd-a", true);
    let due = d.now.plus_ms(500);
    d.signal(A1, "mrd-a", false);
    d.wait_ms(9_000);
    assert_eq!(d.status("mrd-b").signalled, Some(due));
}

fn closes_at(d: &Desk, turret: TurretId) -> Option<dealerboard_model::Moment> {
    d.exchange.mics(turret).first().and_then(|mic| mic.closes_at)
}

/// A latch of A1 into which nothing has been said for `ms`.
fn silent_latch(ms: u64) -> Desk {
    let mut d = Desk::new();
    d.latch(A1);
    d.speech(A1, false);
    d.wait_ms(ms);
    d
}

#[test]
fn spk_3_a_silent_latch_is_announced_and_then_closed() {
    let mut d = silent_latch(29_999);
    assert_eq!(closes_at(&d, A1), None);
    d.wait_ms(1);
    assert!(d.told(A1, "Nothing has been said on HOOT for 30 s: it closes in 10 s."));
    assert_eq!(closes_at(&d, A1), Some(d.now.plus_ms(10_000)));
    d.wait_ms(9_999);
    assert_eq!(d.talkers("hoot"), [A1]);
    d.wait_ms(1);
    assert!(d.talkers("hoot").is_empty() && d.told(A1, "was closed: nothing was said."));
}

#[test]
fn spk_3_speech_keeps_a_latch_open_and_its_end_begins_the_watch_anew() {
    let mut d = silent_latch(35_000);
    d.speech(A1, true);
    assert_eq!(closes_at(&d, A1), None);
    d.wait_ms(60_000);
    d.speech(A1, false);
    d.wait_ms(39_999);
    assert_eq!(d.talkers("hoot"), [A1]);
    d.wait_ms(1);
    assert!(d.talkers("hoot").is_empty());
}

#[test]
fn spk_3_a_press_keeps_a_latch_open() {
    let mut d = silent_latch(35_000);
    d.latch(A1);
    assert_eq!(closes_at(&d, A1), None);
    d.wait_ms(39_999);
    assert_eq!(d.talkers("hoot"), [A1]);
}

#[test]
fn spk_3_a_latch_closes_after_thirty_minutes_of_speech_too() {
    let mut d = Desk::new();
    d.latch(A1);
    d.speech(A1, true);
    d.wait_ms(1_790_000);
    assert!(d.told(A1, "HOOT has been open for 30 min: it closes in 10 s."));
    d.wait_ms(10_000);
    assert!(d.talkers("hoot").is_empty());
}

#[test]
fn spk_3_a_key_that_is_down_for_two_minutes_is_announced_and_then_closed() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.wait_ms(110_000);
    assert!(d.told(A1, "has been down for long: it closes in 10 s."));
    d.wait_ms(10_000);
    assert!(d.talkers("hoot").is_empty());
}

#[test]
fn i7_a_talk_on_a_line_that_its_microphone_is_open_to_already_has_a_time_of_its_own_to_be_heard_in() {
    let mut d = Desk::new();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::HandsFree, private: false }).unwrap();
    assert!(d.route(A1).is_some());
    d.act(A1, Act::Talk { line: l("mrd-a"), on: true, latched: true }).unwrap();
    assert!(d.route(A1).is_some(), "the switch waits anew for what is said");
}

#[test]
fn i7_whose_talk_had_no_media_is_told_with_a_tone() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.input(Input::TalkOrphaned { turret: A1, uplink: Uplink::Mic });
    assert!(d.told(A1, "the microphone on HOOT was closed. Press again."));
}

#[test]
fn los_4_the_far_end_sees_a_lost_link_and_counts_nobody_there() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    let there = d.status("ard-b");
    assert_eq!((there.far, there.hearers), (FarEnd::LinkLost, 0));
    d.input(Input::LinkBack { turret: A1 });
    let there = d.status("ard-b");
    assert_eq!((there.far, there.hearers), (FarEnd::Plain, 1));
}

#[test]
fn los_4_a_call_of_a_turret_that_does_not_return_waits_on_hold_for_its_colleagues() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(15_000);
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    assert!(d.told(A2, "U1 has left: ARD-A is on hold."));
    d.input(Input::LogOff { turret: A1 });
    d.act(A2, d.resume("ard-a")).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn los_1_the_session_of_a_turret_that_does_not_return_is_over_and_its_colleagues_are_told_once() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(14_999);
    let mut all = d.out.clone();
    d.wait_ms(1);
    all.append(&mut d.out.clone());
    d.input(Input::LogOff { turret: A1 });
    all.append(&mut d.out.clone());
    let count = |is: &dyn Fn(&Output) -> bool| all.iter().filter(|out| is(out)).count();
    let told =
        |out: &Output| matches!(out, Output::Notice { turret: A2, sentence, .. } if sentence.contains("has left"));
    assert_eq!(count(&told), 1);
    assert_eq!(count(&|out| matches!(out, Output::SessionOver { turret: A1 })), 1);
    let gone = |out: &Output| matches!(out, Output::Person(status) if status.user == user(A1) && !status.logged_on);
    assert_eq!(count(&gone), 1);
}

#[test]
fn los_4_nobody_takes_it_and_after_two_minutes_the_far_end_is_let_go() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(15_000);
    d.input(Input::LogOff { turret: A1 });
    d.wait_ms(119_999);
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    d.wait_ms(1);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(B1, "released"));
}

#[test]
fn log_3_a_call_of_somebody_who_logs_off_waits_on_hold_and_everybody_who_can_take_it_is_reminded() {
    let mut d = Desk::talking();
    d.input(Input::LogOff { turret: A1 });
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    d.wait_ms(60_000);
    assert!(d.told(A2, "has been on hold for 60 s") && d.told(A3, "has been on hold for 60 s"));
}

#[test]
fn log_3_a_call_that_nobody_else_can_take_is_released() {
    let mut d = Desk::talking();
    for turret in [A2, A3, A1] {
        d.input(Input::LogOff { turret });
    }
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn los_6_colleagues_go_on_when_one_of_them_is_lost() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(15_000);
    assert_eq!(d.status("ard-a").parties.iter().map(|party| party.turret).collect::<Vec<_>>(), [A2]);
}

#[test]
fn los_7_a_held_call_stays_held_when_its_holder_is_lost() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(15_000);
    d.input(Input::LogOff { turret: A1 });
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    d.act(A2, d.resume("ard-a")).unwrap();
}

#[test]
fn tim_2_a_safety_deadline_beats_an_act_of_the_same_instant() {
    let mut d = silent_latch(30_000);
    d.now = d.now.plus_ms(10_000);
    assert_eq!(d.refused(A1, latch()), RefusalCode::Stale);
    assert!(d.told(A1, "was closed: nothing was said."));
}

#[test]
fn all_5_a_latch_that_closes_for_its_silence_stays_closed_though_it_is_pressed_in_that_instant() {
    let mut d = silent_latch(30_000);
    d.now = d.now.plus_ms(10_000);
    d.refused(A1, latch());
    assert!(d.talkers("hoot").is_empty() && d.exchange.mics(A1).is_empty());
    d.latch(A1);
    assert_eq!(d.talkers("hoot"), [A1], "the next press opens it");
}

fn latch() -> Act {
    Act::Talk { line: l("hoot"), on: true, latched: true }
}

#[test]
fn pos_4_a_talk_that_the_far_end_of_its_wire_has_ended_leaves_their_intercom_shut_until_a_press() {
    let mut d = Desk::talking();
    d.act(A2, Act::Talk { line: l("ard-a"), on: true, latched: true }).unwrap();
    d.act(A2, Act::Intercom { user: user(A3), position: Position::Left }).unwrap();
    d.release(B1, "ard-b");
    assert_eq!(d.status("ard-a").phase, Idle);
    let opens = |out: &Output| matches!(out, Output::Route { turret, open: true, .. } if *turret == A2);
    assert!(!d.out.iter().any(opens), "{:?}", d.out);
}

#[test]
fn pos_4_a_talk_that_its_user_did_not_end_leaves_their_handset_shut_until_a_press() {
    let mut d = Desk::talking();
    d.talk(A1, true);
    d.input(Input::TalkOrphaned { turret: A1, uplink: Uplink::Mic });
    d.talk(A1, false);
    assert!(d.talkers("ard-a").is_empty());
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.talkers("ard-a"), [A1]);
}

/// The reason that the recording of a line was told, and by whom.
fn broken_off(d: &Desk, line: &str) -> Option<(String, usize)> {
    d.out.iter().find_map(|out| {
        let Output::Happened { line: on, who, what: Happening::BrokenOff { why }, .. } = out else { return None };
        (*on == l(line)).then(|| (why.clone(), who.len()))
    })
}

#[test]
fn log_3_a_call_that_nobody_has_taken_in_time_ends_without_a_doer_and_its_end_is_told() {
    let mut d = Desk::talking();
    d.input(Input::LogOff { turret: A1 });
    d.wait_ms(119_999);
    d.wait_ms(1);
    for turret in [A2, A3] {
        assert!(d.told(turret, "Nobody took ARD-A, which U1 left on hold, in 2 min: the call is over."));
    }
    assert_eq!(broken_off(&d, "ard-a"), Some(("U1 left it on hold, and nobody took it in 2 min".into(), 0)));
    let released = |out: &Output| matches!(out, Output::Happened { what: Happening::Released, .. });
    assert!(!d.out.iter().any(released) && d.told(B1, "released"));
}
