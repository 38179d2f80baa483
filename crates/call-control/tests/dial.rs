//! Dialling: extensions and dial lines of a floor, by number, at once or digit by digit.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Happening, Input, NUMBER_MAX, Output, RefusalCode, Sound, Value};
use dealerboard_model::{CallId, LinePhase, LineStatus, Position, TurretId};
use floor::*;

use LinePhase::{Calling, Dialling, Held, Idle, Ringing, Talking};

const MINE: &str = "ext-4001.1";
const THEIRS: &str = "ext-5001.1";

/// A1 calls B1, who answers.
fn talking() -> Desk {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    d.answer(B1, THEIRS);
    d
}

fn numbers(d: &Desk, line: &str) -> (String, Option<String>) {
    let dialled = d.status(line).dialled.unwrap();
    (dialled.number, dialled.name)
}

fn is_free(d: &Desk, turret: TurretId) -> bool {
    let here = |status: LineStatus| status.parties.iter().any(|party| party.turret == turret);
    ![MINE, "ext-4001.2", THEIRS, "dial"].iter().any(|line| here(d.status(line)))
}

#[test]
fn dial_1_a_seized_line_waits_for_a_number_with_its_microphone_recorded_and_heard_by_nobody() {
    let mut d = Desk::new();
    d.seize(A1, MINE);
    assert_eq!((d.status(MINE).phase, d.route(A1)), (Dialling, Some((true, vec![], 1))));
    d.wait_ms(14_999);
    assert_eq!(d.status(MINE).phase, Dialling);
}

#[test]
fn dial_1_a_forgotten_dial_tone_ends_after_its_time() {
    let mut d = Desk::with_policies(&[("dial.first_digit", Value::Ms(6_000))]);
    d.seize(A1, "dial");
    d.wait_ms(6_000);
    assert_eq!((d.status("dial").phase, is_free(&d, A1), d.sound(A1)), (Idle, true, Some(Sound::Fail)));
    assert!(d.told(A1, "No number was dialled") && d.recording_closed());
}

#[test]
fn dial_2_the_last_digit_of_a_number_rings_it() {
    let mut d = Desk::new();
    d.seize(A1, MINE);
    d.digits(A1, MINE, "5");
    d.digits(A1, MINE, "00");
    assert_eq!((d.status(MINE).phase, numbers(&d, MINE)), (Dialling, ("500".into(), None)));
    d.digits(A1, MINE, "1");
    assert_eq!(d.phases(MINE, THEIRS), (Calling, Ringing));
    assert_eq!(numbers(&d, MINE), ("5001".into(), Some("U4".into())));
    d.wait_ms(10_000);
    assert_eq!(d.status(MINE).phase, Calling, "what waited for digits waits no more");
}

#[test]
fn dial_2_a_number_that_begins_a_longer_one_is_dialled_when_no_digit_follows_or_at_the_hash() {
    for ends in [|d: &mut Desk| d.wait_ms(5_000), |d: &mut Desk| d.digits(A1, MINE, "#")] {
        let mut d = Desk::new();
        d.seize(A1, MINE);
        d.digits(A1, MINE, "40");
        assert_eq!(d.status(MINE).phase, Dialling);
        ends(&mut d);
        assert_eq!(d.phases(MINE, "dial"), (Calling, Ringing));
    }
}

#[test]
fn dial_2_a_whole_number_is_dialled_at_once_on_a_free_line_of_ones_own() {
    let mut d = Desk::new();
    let line = |d: &mut Desk, turret, number: &str| d.dial(turret, number).unwrap().line.unwrap().0;
    assert_eq!(line(&mut d, A1, "4002"), MINE);
    assert_eq!(d.phases(MINE, "ext-4002.1"), (Calling, Ringing));
    d.release(A1, MINE);
    d.seize(A1, MINE);
    d.digits(A1, MINE, "4002");
    let position = Position::Right;
    let second = Act::Call { line: None, number: "5001".into(), position, private: false };
    assert_eq!(d.act(A1, second).unwrap().line.unwrap().0, "ext-4001.2");
    assert_eq!(line(&mut d, A3, "5001"), "dial", "who has no extension dials on the shared line");
}

#[test]
fn dial_2_the_first_digits_take_a_line_and_the_rest_follows_there() {
    let mut d = Desk::new();
    d.dial(A1, "").unwrap();
    assert_eq!((d.status(MINE).phase, numbers(&d, MINE).0), (Dialling, String::new()));
    d.release(A1, MINE);
    d.dial(A1, "50").unwrap();
    d.digits(A1, MINE, "01");
    assert_eq!(d.phases(MINE, THEIRS), (Calling, Ringing));
    d.dial(B2, "5").unwrap_err();
}

#[test]
fn dial_2_who_has_no_line_to_dial_from_is_told() {
    let mut d = Desk::new();
    assert_eq!(d.dial(B3, "4001").unwrap_err().code, RefusalCode::NoRight);
    d.dial(A3, "5001").unwrap();
    d.seize(A2, "ext-4002.1");
    let other = Act::Call { line: None, number: "5001".into(), position: Position::Right, private: false };
    assert_eq!(d.refused(A2, other), RefusalCode::Busy, "the shared one is in use, too");
}

#[test]
fn dial_3_digits_that_begin_no_number_free_the_line_at_once() {
    let mut d = Desk::new();
    d.seize(A1, MINE);
    d.digits(A1, MINE, "9");
    assert_eq!((d.status(MINE).phase, is_free(&d, A1), d.sound(A1)), (Idle, true, Some(Sound::Fail)));
    assert!(d.told(A1, "There is no number 9"));
}

#[test]
fn dial_3_half_a_number_is_none_when_no_digit_follows() {
    let mut d = Desk::new();
    d.seize(A1, MINE);
    d.digits(A1, MINE, "500");
    d.wait_ms(4_999);
    assert_eq!(d.status(MINE).phase, Dialling);
    d.wait_ms(1);
    assert_eq!(d.status(MINE).phase, Idle);
    assert!(d.told(A1, "There is no number 500"));
}

#[test]
fn dial_3_a_whole_number_that_leads_nowhere_is_refused_and_leaves_everything_as_it_was() {
    let mut d = Desk::talking();
    let (before, long) = (d.status("ard-a"), "1".repeat(NUMBER_MAX + 1));
    for (number, code) in [
        ("999", RefusalCode::UnknownNumber),
        ("50#", RefusalCode::UnknownNumber),
        ("+44", RefusalCode::UnknownNumber),
        (long.as_str(), RefusalCode::UnknownNumber),
        ("4001", RefusalCode::Loop),
    ] {
        assert_eq!(d.dial(A1, number).unwrap_err().code, code, "{number}");
    }
    assert_eq!((d.status("ard-a"), d.status(MINE).phase), (before, Idle));
}

#[test]
fn dial_3_a_wire_takes_no_number_and_a_call_that_is_up_takes_none_either() {
    let mut d = talking();
    let digits = |line: &str| Act::Dial { line: l(line), digits: "1".into() };
    assert_eq!(d.refused(A1, digits("ard-a")), RefusalCode::NoRight);
    assert_eq!(d.refused(A1, digits(MINE)), RefusalCode::Stale);
    let call = Act::Call { line: Some(l("ard-a")), number: "5001".into(), position: Position::Right, private: false };
    assert_eq!(d.refused(A1, call), RefusalCode::NoRight);
}

#[test]
fn dial_4_who_does_not_take_a_call_frees_both_lines_and_the_caller_is_told() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    d.release(B1, THEIRS);
    assert_eq!((d.phases(MINE, THEIRS), d.sound(A1)), ((Idle, Idle), Some(Sound::Busy)));
    assert!(d.told(A1, "U4 does not take your call") && !d.told(B1, "not answered"));
}

#[test]
fn dial_4_only_who_an_extension_belongs_to_refuses_its_calls() {
    let mut d = Desk::new();
    d.dial(B1, "40#").unwrap();
    assert_eq!(d.refused(A1, Act::Release { line: l("dial") }), RefusalCode::Stale);
    assert_eq!(d.status("dial").phase, Ringing);
}

#[test]
fn dial_4_a_caller_who_waits_for_nobody_is_told_and_may_wait_no_longer_than_may_be() {
    let mut d = Desk::with_policies(&[("ring.timeout.dial", Value::Ms(120_000)), ("dial.out_ring", Value::Ms(30_000))]);
    d.dial(A1, "5001").unwrap();
    d.wait_ms(30_000);
    assert_eq!(d.phases(MINE, THEIRS), (Idle, Idle));
    assert!(d.told(A1, "U4 did not answer"));
}

#[test]
fn dial_4_a_person_who_is_not_there_is_named() {
    let mut d = Desk::new();
    d.input(Input::LinkLost { turret: B1 });
    assert!(d.dial(A1, "5001").unwrap_err().sentence.starts_with("Nobody is reached at U4"));
    d.input(Input::LogOff { turret: B1 });
    let refusal = d.dial(A1, "5001").unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NobodyThere);
    assert!(refusal.sentence.starts_with("Nobody is logged on at U4"));
}

#[test]
fn dial_5_it_rings_at_every_turret_of_its_user_with_the_callers_name_and_number() {
    let mut d = Desk::new();
    let second = TurretId(77);
    d.input(Input::LogOn { turret: second, user: user(B1) });
    d.dial(A1, "5001").unwrap();
    assert_eq!((d.status(THEIRS).ring.unwrap().from, numbers(&d, THEIRS).1), ("U1 4001".into(), Some("U1".into())));
    let sent = |out: &Output| matches!(out, Output::Line { status, to } if status.line == l(THEIRS) && to.contains(&B1) && to.contains(&second));
    assert!(d.out.iter().any(sent));
}

#[test]
fn dial_6_the_answer_connects_both_ways_and_not_before() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    assert_eq!(d.route(A1), Some((true, vec![], 1)));
    d.answer(B1, THEIRS);
    assert_eq!(d.phases(MINE, THEIRS), (Talking, Talking));
    assert_eq!((d.route(A1), d.route(B1)), (Some((true, vec![B1], 1)), Some((true, vec![A1], 1))));
}

#[test]
fn dial_6_nobody_answers_in_time_and_both_sides_are_told() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    d.wait_ms(20_000);
    assert_eq!((d.phases(MINE, THEIRS), d.sound(A1)), ((Idle, Idle), Some(Sound::Fail)));
    assert!(d.told(A1, "U4 did not answer") && d.told(B1, "U1 4001") && d.recording_closed());
}

#[test]
fn dial_6_the_release_of_either_ends_it_and_the_other_reads_who() {
    for (leaves, line, other) in [(A1, MINE, B1), (B1, THEIRS, A1)] {
        let mut d = talking();
        d.release(leaves, line);
        assert_eq!(d.phases(MINE, THEIRS), (Idle, Idle));
        let who = if leaves == A1 { "U1 released" } else { "U4 released" };
        assert!(d.told(other, who));
        assert_eq!((d.status(MINE).dialled, d.status(THEIRS).dialled), (None, None));
    }
}

#[test]
fn dial_7_who_seizes_a_line_that_begins_to_ring_is_refused() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    let seize = Act::Seize { line: l(THEIRS), position: Position::Left, private: false };
    let refusal = d.act(B1, seize).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Stale);
    assert!(refusal.sentence.contains("rang while you pressed"));
    assert_eq!(d.phases(MINE, THEIRS), (Calling, Ringing));
}

#[test]
fn dial_8_a_second_call_rings_beside_the_first_and_a_third_hears_the_busy_tone() {
    let mut d = talking();
    d.dial(A2, "5001").unwrap();
    assert_eq!(d.status("ext-5001.2").phase, Ringing);
    let refusal = d.dial(A3, "5001").unwrap_err();
    assert_eq!((refusal.code, refusal.sentence.starts_with("U4 is busy")), (RefusalCode::Busy, true));
    d.seize(A3, "dial");
    d.digits(A3, "dial", "5001");
    assert_eq!((d.status("dial").phase, d.sound(A3)), (Idle, Some(Sound::Busy)));
}

#[test]
fn dial_8_who_dials_takes_one_of_the_calls_of_their_extension() {
    let mut d = Desk::new();
    d.seize(B1, THEIRS);
    d.dial(A1, "5001").unwrap();
    assert_eq!(d.status("ext-5001.2").phase, Ringing);
}

#[test]
fn ring_4_do_not_disturb_keeps_calls_of_its_scope_without_a_sound() {
    for (scope, extension, wire) in
        [("intercom", false, false), ("intercom+extension", true, false), ("all", true, true)]
    {
        let mut d = Desk::with_policies(&[("dnd.scope", Value::Word(scope))]);
        d.act(B1, Act::Dnd { on: true }).unwrap();
        d.dial(A1, "5001").unwrap();
        assert_eq!(d.told(A1, "does not want to be disturbed"), extension, "{scope}");
        d.seize(A2, "ard-a");
        let quiet = |line: &str| d.status(line).ring.unwrap().quiet_at == [B1];
        assert_eq!((quiet(THEIRS), quiet("ard-b")), (extension, wire), "{scope}");
    }
}

#[test]
fn ring_4_who_may_be_disturbed_again_hears_what_rings() {
    let mut d = Desk::new();
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.dial(A1, "5001").unwrap();
    d.act(B1, Act::Dnd { on: false }).unwrap();
    let sent = |out: &Output| matches!(out, Output::Line { status, .. } if status.line == l(THEIRS));
    assert!(d.out.iter().any(sent) && d.status(THEIRS).ring.unwrap().quiet_at.is_empty());
}

#[test]
fn ring_4_the_end_of_do_not_disturb_by_a_log_off_is_told_of_what_rings() {
    let mut d = Desk::new();
    d.act(A1, Act::Dnd { on: true }).unwrap();
    let mut floor = Desk::floor(&[]);
    floor.lines.get_mut(&l("ext-4001.1")).unwrap().members.insert(user(A2), dealerboard_model::Right::Speak);
    d.input(Input::Users(Box::new(floor)));
    d.dial(B1, "4001").unwrap();
    assert_eq!(d.status(MINE).ring.unwrap().quiet_at, [A1]);
    d.input(Input::LogOff { turret: A1 });
    let sent = |out: &Output| matches!(out, Output::Line { status, .. } if status.line == l(MINE));
    assert!(d.out.iter().any(sent) && d.status(MINE).ring.unwrap().quiet_at.is_empty());
}

#[test]
fn i36_an_extensions_call_makes_no_sound_at_who_does_not_want_to_be_disturbed_and_is_not_answered_for_them() {
    let mut d = Desk::new();
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.dial(A1, "5001").unwrap();
    assert_eq!(
        (d.sound(B1), d.status(THEIRS).phase, d.status(THEIRS).ring.unwrap().quiet_at),
        (None, Ringing, vec![B1])
    );
}

#[test]
fn hold_1_a_dialled_call_is_held_and_resumed_as_a_wires() {
    let mut d = talking();
    d.hold(A1, MINE);
    assert_eq!(d.phases(MINE, THEIRS), (Held, Talking));
    d.act(A1, d.resume(MINE)).unwrap();
    assert_eq!(d.route(A1), Some((true, vec![B1], 1)));
}

#[test]
fn brg_2_a_colleague_joins_a_call_of_a_dial_line_and_not_while_it_dials() {
    let mut d = Desk::new();
    d.seize(A1, "dial");
    let act = d.bridging("dial");
    assert_eq!(d.refused(A2, act), RefusalCode::StillRinging);
    d.digits(A1, "dial", "5001");
    d.answer(B1, THEIRS);
    d.bridge(A2, "dial");
    assert_eq!(d.route(A2), Some((true, vec![A1, B1], 1)));
}

#[test]
fn pos_3_a_line_that_dials_gives_way_to_the_next_call_and_is_released() {
    let mut d = Desk::new();
    d.seize(A1, MINE);
    d.seize(A1, "mrd-a");
    assert_eq!((d.status(MINE).phase, d.status("mrd-a").phase), (Idle, Talking));
}

#[test]
fn trf_2_a_dialled_call_is_sent_on_and_its_other_end_stays() {
    let mut d = talking();
    d.act(B1, Act::Transfer { line: l(THEIRS), to: dealerboard_model::TransferTo::User(user(B2)) }).unwrap();
    assert!(d.status(THEIRS).ring.unwrap().is_at(B2) && d.status(MINE).phase == Talking);
    d.answer(B2, THEIRS);
    assert_eq!(d.route(B2), Some((true, vec![A1], 1)));
}

#[test]
fn cnf_1_a_dialled_call_is_joined_with_a_wire() {
    let mut d = talking();
    let (line, call, position) =
        (l("mrd-a"), Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }, Position::Left);
    let call = d.act(A1, call).unwrap().call.unwrap();
    d.act(A1, Act::Join { line, call, position }).unwrap();
    d.seize(B2, "mrd-b");
    assert_eq!(d.route(B2), Some((true, vec![A1, B1], 1)));
    d.release(B1, THEIRS);
    assert_eq!((d.status(MINE).phase, d.status("mrd-a").phase), (Idle, Talking));
}

#[test]
fn los_3_a_lost_caller_who_does_not_come_back_rings_no_longer() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(14_999);
    assert_eq!(d.status(THEIRS).phase, Ringing);
    d.wait_ms(1);
    assert_eq!(d.phases(MINE, THEIRS), (Idle, Idle));
}

#[test]
fn i23_what_was_dialled_rings_no_longer_than_it_may() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    d.dial(A3, "40#").unwrap_err();
    d.wait_ms(20_000);
    assert_eq!(d.status(THEIRS).ring, None);
}

#[test]
fn i25_a_line_that_dialled_shows_no_call_when_it_is_idle() {
    let mut d = talking();
    d.release(A1, MINE);
    for line in [MINE, THEIRS] {
        assert_eq!((d.status(line).call, d.status(line).dialled), (None::<CallId>, None), "{line}");
    }
}

#[test]
fn what_happens_in_a_dialled_call_is_told_to_its_recording() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    let told = |d: &Desk, wanted: &Happening| {
        d.out.iter().any(|out| matches!(out, Output::Happened { what, .. } if what == wanted))
    };
    assert!(told(&d, &Happening::Dialled { number: "5001".into(), name: "U4".into() }) && told(&d, &Happening::Rings));
    d.release(B1, THEIRS);
    assert!(told(&d, &Happening::Declined) && told(&d, &Happening::NotConnected));
}
