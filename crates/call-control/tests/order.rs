//! The rules of every act, each as one sentence in virtual time: what was seen, who was first, what a refusal leaves, time.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode};
use dealerboard_model::{FarEnd, LinePhase, Position, UserId};
use floor::*;

use LinePhase::{Idle, Talking};

#[test]
fn all_2_the_second_of_two_rivals_is_told_who_won_and_keeps_the_call_that_their_position_carries() {
    let mut d = Desk::new();
    d.seize(B2, "mrd-b");
    d.seize(A1, "ard-a");
    let late = Act::Answer { line: l("ard-b"), call: d.call("ard-b"), position: Position::Left, private: false };
    d.answer(B1, "ard-b");
    let refusal = d.act(B2, late).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.sentence.as_str()),
        (RefusalCode::AnsweredBy, "U4 answered ARD-B first; press its key to join them.")
    );
    assert_eq!(d.status("mrd-b").parties[0].turret, B2);
}

#[test]
fn all_3_a_line_that_its_position_cannot_take_is_not_seized_nor_shown_nor_recorded() {
    let mut d = Desk::new();
    let act = Act::Seize { line: l("mrd-a"), position: Position::Speakers, private: false };
    assert_eq!(d.refused(A1, act), RefusalCode::PositionBusy);
    assert_eq!(d.out.len(), 1, "the refusal is all that comes of it");
    assert_eq!((d.status("mrd-a").phase, d.status("mrd-b").far), (Idle, FarEnd::Plain));
}

#[test]
fn all_4_a_refusal_has_a_code_and_one_sentence() {
    let mut d = Desk::talking();
    let position = Position::Right;
    let refused = [
        (A2, Act::Release { line: l("ard-a") }, RefusalCode::Stale),
        (B1, Act::Seize { line: l("ard-a"), position, private: false }, RefusalCode::NoRight),
        (B1, Act::Talk { line: l("hoot"), on: true, latched: false }, RefusalCode::ListenOnly),
        (A1, Act::Hold { line: l("hoot"), exclusive: false }, RefusalCode::NotHoldable),
        (A1, Act::Intercom { user: UserId::from("stranger"), position }, RefusalCode::UnknownNumber),
        (A1, Act::Talk { line: l("mrd-a"), on: true, latched: false }, RefusalCode::NobodyThere),
    ];
    for (turret, act, code) in refused {
        let refusal = d.act(turret, act).unwrap_err();
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert!(refusal.sentence.ends_with('.') && !refusal.sentence.contains(". "), "{refusal:?}");
    }
}

#[test]
fn all_6_a_microphone_that_a_lapse_has_shut_stays_shut_when_its_cause_is_over_until_a_press() {
    let mut d = Desk::talking();
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
    d.wait_ms(3_000);
    d.input(Input::Recorder { failing: None });
    assert_eq!(d.exchange.mics(A1), []);
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.exchange.mics(A1).len(), 1);
}

#[test]
fn all_7_who_listens_by_speaker_channel_is_no_party_of_what_they_hear() {
    let mut d = Desk::new();
    d.talk(A1, true);
    assert_eq!(d.status("hoot").hearers, 3);
    assert_eq!(d.status("hoot").parties, []);
}

#[test]
fn all_7_both_ends_of_a_wire_have_one_call() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.seize(B1, "mrd-b");
    assert_eq!(d.call("mrd-a"), d.call("mrd-b"));
}

#[test]
fn tim_1_a_step_of_utc_moves_no_deadline() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.now.utc_ms += 3_600_000;
    d.wait_ms(59_999);
    assert!(!d.told(A1, "on hold"));
    d.wait_ms(1);
    assert!(d.told(A1, "ARD-A has been on hold for 60 s."));
}

#[test]
fn ring_1_every_turret_with_an_appearance_of_the_far_end_is_told_that_it_rings() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let rings = |out: &Output| {
        let Output::Line { status, to } = out else { return None };
        status.ring.as_ref().map(|_| (status.line.clone(), to.clone()))
    };
    assert_eq!(d.out.iter().filter_map(rings).collect::<Vec<_>>(), [(l("ard-b"), vec![B1, B2, B3])]);
}

#[test]
fn log_1_a_user_at_two_turrets_sees_the_call_of_the_one_as_in_use_elsewhere_at_the_other() {
    let (mut d, second) = (Desk::new(), dealerboard_model::TurretId(9));
    d.input(Input::LogOn { turret: second, user: user(A1) });
    d.seize(A1, "mrd-a");
    let sees =
        |out: &Output| matches!(out, Output::Line { status, to } if status.line == l("mrd-a") && to.contains(&second));
    assert!(d.out.iter().any(sees));
    let status = d.status("mrd-a");
    let lamps = [A1, second].map(|turret| dealerboard_model::lamp(&status, turret));
    assert_eq!(lamps, [dealerboard_model::Lamp::InUseHere, dealerboard_model::Lamp::InUseElsewhere]);
}

#[test]
fn log_3_do_not_disturb_ends_with_the_last_session_of_its_user() {
    let (mut d, second) = (Desk::new(), dealerboard_model::TurretId(9));
    d.input(Input::LogOn { turret: second, user: user(B1) });
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.input(Input::LogOff { turret: B1 });
    assert!(d.exchange.person(&user(B1)).dnd);
    d.input(Input::LogOff { turret: second });
    assert!(!d.exchange.person(&user(B1)).dnd);
}

#[test]
fn los_2_a_line_rings_on_while_one_of_its_turrets_is_lost_and_is_answered_there_after_its_return() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.input(Input::LinkLost { turret: B1 });
    assert!(d.status("ard-b").ring.is_some());
    d.input(Input::LinkBack { turret: B1 });
    d.answer(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn los_3_a_caller_who_is_lost_goes_on_ringing_and_is_answered_when_they_are_back_in_time() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(14_999);
    d.input(Input::LinkBack { turret: A1 });
    d.answer(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn los_3_the_call_of_a_caller_who_does_not_return_is_released_and_was_missed() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(15_000);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(B1, "ARD-B rang for 15 s and was not answered."));
}
