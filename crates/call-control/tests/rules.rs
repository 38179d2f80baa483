//! The rules of calls, each as one sentence in virtual time.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Sound, UserSpec};
use dealerboard_model::{FarEnd, LinePhase, Position, TurretId};
use floor::*;

use LinePhase::{Calling, Held, Idle, Ringing, Talking};

#[test]
fn ard_1_seizing_rings_the_far_end_and_is_recorded_but_unheard() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Calling, Ringing));
    assert_eq!(d.route(A1), Some((true, vec![], 1)));
}

#[test]
fn ard_2_answering_connects_both_ways() {
    let d = Desk::talking();
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert_eq!(d.status("ard-b").ring, None);
    assert_eq!(d.route(A1), Some((true, vec![B1], 1)));
    assert_eq!(d.route(B1), Some((true, vec![A1], 1)));
}

#[test]
fn ard_3_releasing_a_call_that_rings_leaves_both_ends_idle() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.recording_closed());
}

#[test]
fn ard_3_everybody_who_could_have_answered_is_told_of_a_call_that_nobody_did() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.wait_ms(7_000);
    d.release(A1, "ard-a");
    for turret in [B1, B2] {
        assert!(d.told(turret, "ARD-B rang for 7 s and was not answered."));
    }
    assert!(!d.told(A1, "not answered"));
}

#[test]
fn his_2_a_slip_of_the_finger_is_no_missed_call() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.wait_ms(900);
    d.release(A1, "ard-a");
    assert!(!d.told(B1, "not answered"));
}

#[test]
fn ard_3_nobody_is_told_that_a_call_was_missed_that_somebody_answered() {
    let mut d = Desk::talking();
    d.release(A1, "ard-a");
    assert!(!d.told(B2, "not answered"));
}

#[test]
fn ard_5_glare_connects() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.seize(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn ard_6_holding_shows_the_far_end_held_and_nobody_hears() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    assert_eq!(d.status("ard-b").far, FarEnd::Held);
    assert_eq!(d.route(A1), Some((false, vec![], 0)));
    assert_eq!(d.route(B1), Some((true, vec![], 1)));
}

#[test]
fn ard_7_resuming_connects_again_in_the_same_recording() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.act(A1, d.resume("ard-a")).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert!(d.out.iter().any(|out| matches!(out, Output::TrackOpened { .. })));
    assert!(!d.out.iter().any(|out| matches!(out, Output::RecordingOpened { .. })));
}

#[test]
fn ard_9_the_holder_is_told_when_the_far_end_releases() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.release(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(A1, "released"));
}

#[test]
fn ard_10_one_of_several_leaves_and_the_others_hear_on() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert_eq!(d.route(B1), Some((true, vec![A2], 1)));
}

#[test]
fn ard_11_the_last_release_ends_it_for_both_and_closes_the_recording() {
    let mut d = Desk::talking();
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(B1, "released"));
    assert!(d.recording_closed());
}

#[test]
fn a_release_on_a_ringing_end_changes_nothing() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    assert_eq!(d.refused(B1, Act::Release { line: l("ard-b") }), RefusalCode::Stale);
    assert_eq!(d.phases("ard-a", "ard-b"), (Calling, Ringing));
}

#[test]
fn a_release_on_a_hoot_or_by_one_who_is_not_on_it_changes_nothing() {
    let mut d = Desk::talking();
    d.talk(A1, true);
    for (turret, line) in [(A1, "hoot"), (A2, "ard-a"), (A2, "mrd-a")] {
        assert_eq!(d.refused(turret, Act::Release { line: l(line) }), RefusalCode::Stale);
    }
    assert_eq!(d.refused(B1, Act::Release { line: l("ard-a") }), RefusalCode::NoRight);
    assert_eq!(d.phases("ard-a", "hoot"), (Talking, Talking));
}

#[test]
fn mrd_1_seizing_marks_the_far_end_without_ring_or_call() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    let far = d.status("mrd-b");
    assert_eq!((far.phase, far.far, far.ring, far.call), (Idle, FarEnd::Open, None, None));
}

#[test]
fn mrd_2_a_tapped_signal_rings_for_its_least_time_then_shows_signalled() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.signal(A1, "mrd-a", true);
    d.signal(A1, "mrd-a", false);
    d.wait_ms(499);
    assert_eq!(d.status("mrd-b").phase, Ringing);
    d.wait_ms(1);
    assert_eq!(d.status("mrd-b").phase, Idle);
    assert_eq!(d.status("mrd-b").signalled, Some(d.now));
    assert!(d.told(B1, "MRD-B has signalled; press its key to talk.") && !d.told(A1, "signalled"));
    d.wait_ms(600_000);
    assert_eq!(d.status("mrd-b").signalled, None);
}

#[test]
fn mrd_2_releasing_holding_or_losing_the_link_lets_signal_go() {
    let ends: [fn(&mut Desk); 3] =
        [|d| d.release(A1, "mrd-a"), |d| d.hold(A1, "mrd-a"), |d| d.input(Input::LinkLost { turret: A1 })];
    for end in ends {
        let mut d = Desk::new();
        d.seize(A1, "mrd-a");
        d.signal(A1, "mrd-a", true);
        end(&mut d);
        assert_eq!(d.status("mrd-b").phase, Ringing);
        d.wait_ms(500);
        assert_eq!(d.status("mrd-b").phase, Idle);
        assert_eq!(d.status("mrd-b").signalled, Some(d.now));
    }
}

#[test]
fn mrd_4_both_open_hear_each_other_and_the_ring_stops() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.signal(A1, "mrd-a", true);
    d.seize(B1, "mrd-b");
    assert_eq!(d.phases("mrd-a", "mrd-b"), (Talking, Talking));
    assert_eq!(d.status("mrd-b").ring, None);
    assert_eq!(d.route(A1), Some((true, vec![B1], 1)));
    assert_eq!(d.route(B1), Some((true, vec![A1], 1)));
}

#[test]
fn mrd_5_a_release_leaves_the_far_end_open_and_marked() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.seize(B1, "mrd-b");
    d.release(A1, "mrd-a");
    assert_eq!(d.phases("mrd-a", "mrd-b"), (Idle, Talking));
    assert_eq!(d.status("mrd-b").far, FarEnd::Gone);
    assert!(!d.recording_closed());
    d.release(B1, "mrd-b");
    assert!(d.recording_closed());
}

#[test]
fn pos_2_a_busy_position_holds_its_first_call() {
    let mut d = Desk::talking();
    d.seize(A1, "mrd-a");
    assert_eq!(d.phases("ard-a", "mrd-a"), (Held, Talking));
    assert!(d.told(A1, "is on hold: another call took its place"), "nothing waits untold");
}

#[test]
fn pos_3_a_first_call_that_rings_is_released() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.seize(A1, "mrd-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(A1, "is released: another call took its place"));
}

#[test]
fn ring_6_the_second_answer_is_told_who_was_first() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let call = d.call("ard-b");
    d.answer(B1, "ard-b");
    let late = Act::Answer { line: l("ard-b"), call, position: Position::Left, private: false };
    let refusal = d.act(B2, late).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::AnsweredBy);
    assert!(refusal.sentence.contains("U4"));
    assert_eq!(d.status("ard-b").parties.len(), 1);
}

#[test]
fn hold_2_a_colleagues_release_leaves_the_call_held() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.hold(A1, "ard-a");
    d.release(A2, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
}

#[test]
fn hold_3_a_colleague_resumes_a_common_hold() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.act(A2, d.resume("ard-a")).unwrap();
    assert_eq!(d.status("ard-a").parties[0].turret, A2);
}

#[test]
fn hold_8_one_resumes_and_the_other_is_told_by_whom() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.act(A2, d.resume("ard-a")).unwrap();
    assert_eq!(d.refused(A3, d.resume("ard-a")), RefusalCode::ResumedBy);
}

#[test]
fn hold_8_a_colleagues_hold_is_not_resumed_while_somebody_is_on_the_line() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.hold(A1, "ard-a");
    assert_eq!(d.refused(A3, d.resume("ard-a")), RefusalCode::ResumedBy);
    d.act(A1, d.resume("ard-a")).unwrap();
    assert_eq!(d.status("ard-a").parties.len(), 2);
}

#[test]
fn hold_7_a_new_hold_is_reminded_of_by_its_own_time() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.wait_ms(30_000);
    d.act(A1, d.resume("ard-a")).unwrap();
    d.hold(A1, "ard-a");
    d.wait_ms(30_000);
    assert!(!d.told(A1, "on hold"));
    d.wait_ms(30_000);
    assert!(d.told(A1, "on hold for 60 s"));
}

#[test]
fn hold_10_a_colleague_who_could_resume_releases_a_held_call() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.release(A2, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn brg_2_pressing_a_line_in_use_joins_it() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    assert_eq!(d.route(A2), Some((true, vec![A1, B1], 1)));
}

#[test]
fn brg_4_who_is_on_it_hears_one_beep_and_the_name() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    let beeps = |out: &&Output| matches!(out, Output::Notice { turret, sound: Some(Sound::Beep), .. } if *turret == A1);
    assert_eq!(d.out.iter().filter(beeps).count(), 1);
    assert!(d.told(A1, "U2"));
}

#[test]
fn hot_1_who_may_only_listen_hears_and_is_refused() {
    let mut d = Desk::new();
    let act = Act::Talk { line: l("hoot"), on: true, latched: false };
    let refusal = d.act(B1, act).unwrap_err();
    let sentence = "You may only listen on HOOT; to talk there, ask your administrator.";
    assert_eq!((refusal.code, refusal.sentence.as_str()), (RefusalCode::ListenOnly, sentence));
    assert_eq!(d.route(B1), None);
    d.talk(A1, true);
    assert_eq!(d.route(A1), Some((true, vec![A2, A3, B1], 1)));
}

#[test]
fn hot_3_the_newest_talk_displaces_the_oldest() {
    let mut d = Desk::new();
    for turret in [A1, A2, A3] {
        d.talk(turret, true);
    }
    let talkers: Vec<_> = d.status("hoot").talkers.iter().map(|talker| talker.turret).collect();
    assert_eq!(talkers, [A2, A3]);
}

#[test]
fn hot_4_the_displaced_one_is_told_with_the_blocking_tone() {
    let mut d = Desk::new();
    for turret in [A1, A2, A3] {
        d.talk(turret, true);
    }
    let told =
        |out: &Output| matches!(out, Output::Notice { turret, sound: Some(Sound::Blocking), .. } if *turret == A1);
    assert!(d.out.iter().any(told));
}

#[test]
fn hot_7_a_quiet_hoot_closes_its_recording_after_the_gap() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.talk(A1, false);
    d.wait_ms(9_999);
    assert!(!d.recording_closed());
    d.wait_ms(1);
    assert!(d.recording_closed());
}

fn intercom(d: &mut Desk) -> String {
    let act = Act::Intercom { user: user(B1), position: Position::Left };
    d.act(A1, act).unwrap().line.unwrap().0
}

#[test]
fn int_1_a_free_callee_hears_at_once_by_hands_free() {
    let mut d = Desk::new();
    let line = intercom(&mut d);
    assert_eq!(d.status(&line).parties[1].position, Position::HandsFree);
    assert_eq!(d.route(A1), Some((true, vec![B1], 1)));
}

#[test]
fn int_2_the_callee_is_heard_only_after_talking_back() {
    let mut d = Desk::new();
    let line = intercom(&mut d);
    assert_eq!(d.route(B1), None);
    d.act(B1, Act::TalkBack { line: l(&line), on: true, latched: true }).unwrap();
    assert_eq!(d.route(B1), Some((true, vec![A1], 1)));
}

#[test]
fn int_1_whoever_of_the_two_releases_ends_it_for_both() {
    for leaves in [A1, B1] {
        let mut d = Desk::new();
        let line = intercom(&mut d);
        d.release(leaves, &line);
        assert!(d.exchange.status(&l(&line)).is_none());
        assert!(d.told(if leaves == A1 { B1 } else { A1 }, "The intercom has ended."));
        assert!(d.exchange.mics(A1).is_empty());
    }
}

#[test]
fn int_4_dnd_makes_an_intercom_wait_without_sound() {
    let mut d = Desk::new();
    d.act(B1, Act::Dnd { on: true }).unwrap();
    let line = intercom(&mut d);
    assert!(d.status(&line).ring.is_some());
    let sounds = |out: &Output| matches!(out, Output::Notice { turret, sound: Some(_), .. } if *turret == B1);
    assert!(!d.out.iter().any(sounds));
    assert!(d.told(A1, "disturbed"));
}

#[test]
fn int_6_two_who_call_each_other_have_one_two_way_call() {
    let mut d = Desk::new();
    let line = intercom(&mut d);
    let back = d.act(B1, Act::Intercom { user: user(A1), position: Position::Left }).unwrap();
    assert_eq!(back.line, Some(l(&line)));
    assert_eq!(d.status(&line).talkers.len(), 2);
}

#[test]
fn a_position_that_rings_the_line_itself_cannot_answer_it() {
    let mut d = Desk::with_a1_at_both_ends();
    d.seize(A1, "ard-a");
    let answer = Act::Answer { line: l("ard-b"), call: d.call("ard-b"), position: Position::Left, private: false };
    assert_eq!(d.refused(A1, answer), RefusalCode::PositionBusy);
    assert_eq!(d.phases("ard-a", "ard-b"), (Calling, Ringing));
}

#[test]
fn i38_who_is_at_both_ends_does_not_hear_their_own_voice() {
    let mut d = Desk::with_a1_at_both_ends();
    d.seize(A1, "ard-a");
    let call = d.call("ard-b");
    d.act(A1, Act::Answer { line: l("ard-b"), call, position: Position::Right, private: false }).unwrap();
    let own = |out: &Output| matches!(out, Output::Route { turret, legs, .. } if legs.iter().any(|leg| leg.hearer == *turret));
    assert!(!d.out.iter().any(own));
}

#[test]
fn a_user_who_was_added_while_the_exchange_runs_is_called_and_answers() {
    let mut d = Desk::new();
    let (turret, end) = (TurretId(77), (TurretId(77), dealerboard_model::Right::Speak));
    let mut floor = Desk::floor(&[end]);
    let speakers = std::collections::BTreeSet::new();
    floor.users.insert(
        user(turret),
        UserSpec { user: user(turret), name: "N. New".into(), desk: desk(turret), roles: [].into(), speakers },
    );
    d.input(Input::Users(Box::new(floor)));
    d.input(Input::LogOn { turret, user: user(turret) });
    d.seize(A1, "ard-a");
    let call = d.status("ard-b").call.unwrap();
    d.act(turret, Act::Answer { line: l("ard-b"), call, position: Position::Left, private: false }).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn a_user_whose_speakers_change_while_they_are_logged_on_hears_what_is_on_them_now() {
    let mut d = Desk::new();
    d.latch(A1);
    assert!(d.route(A1).unwrap().1.contains(&A2));
    let mut floor = Desk::floor(&[]);
    floor.users.get_mut(&user(A2)).unwrap().speakers.clear();
    d.input(Input::Users(Box::new(floor)));
    assert!(!d.route(A1).unwrap().1.contains(&A2));
    d.input(Input::Users(Box::new(Desk::floor(&[]))));
    assert!(d.route(A1).unwrap().1.contains(&A2));
}

#[test]
fn hot_3_a_latch_that_is_silent_is_displaced_before_an_older_talk() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.latch(A2);
    d.speech(A2, false);
    d.wait_ms(2_000);
    d.talk(A3, true);
    assert_eq!(d.talkers("hoot"), [A1, A3]);
}

#[test]
fn hot_3_a_latch_whose_user_speaks_is_not_displaced_before_an_older_talk() {
    let mut d = Desk::new();
    d.talk(A1, true);
    d.latch(A2);
    d.speech(A2, true);
    d.wait_ms(2_000);
    d.talk(A3, true);
    assert_eq!(d.talkers("hoot"), [A2, A3]);
}

#[test]
fn pos_4_a_talk_key_takes_its_user_off_the_talkers_of_their_call_until_it_closes() {
    let mut d = Desk::talking();
    d.talk(A1, true);
    let sent =
        |d: &Desk| d.out.iter().any(|out| matches!(out, Output::Line { status, .. } if status.line == l("ard-a")));
    assert!(sent(&d) && d.talkers("ard-a").is_empty());
    d.talk(A1, false);
    assert!(sent(&d) && d.talkers("ard-a") == [A1]);
}
