//! Transfer: a call is sent on to somebody else, and comes back when nobody takes it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Value};
use dealerboard_model::{DivertTo, DivertWhen, FarEnd, Lamp, LinePhase, TransferTo, TurretId, lamp};
use floor::*;

use LinePhase::{Held, Idle, Talking};

fn to(turret: TurretId) -> Act {
    Act::Transfer { line: l("ard-a"), to: TransferTo::User(user(turret)) }
}

fn lamps(d: &Desk) -> [Lamp; 3] {
    [A1, A2, A3].map(|turret| lamp(&d.status("ard-a"), turret))
}

/// A1 has sent the call of the ARD on to A2.
fn sent() -> Desk {
    let mut d = Desk::talking();
    d.act(A1, to(A2)).unwrap();
    d
}

#[test]
fn trf_1_a_call_is_sent_to_nobody_who_cannot_take_it_and_stays_where_it_was() {
    let mut d = Desk::talking();
    assert_eq!(d.refused(A1, to(TurretId(99))), RefusalCode::UnknownNumber);
    assert_eq!(d.refused(A1, to(A1)), RefusalCode::Loop);
    d.act(A2, Act::Dnd { on: true }).unwrap();
    assert_eq!(d.refused(A1, to(A2)), RefusalCode::Dnd);
    d.input(Input::LogOff { turret: A3 });
    assert_eq!(d.refused(A1, to(A3)), RefusalCode::NobodyThere);
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert_eq!(d.status("ard-a").parties.len(), 1);
}

#[test]
fn trf_1_nobody_sends_on_a_call_that_a_colleague_is_on_too() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    assert_eq!(d.refused(A1, to(A3)), RefusalCode::NoRight);
}

#[test]
fn trf_2_the_sender_is_free_the_far_end_waits_and_only_who_was_asked_is_rung_and_answers() {
    let mut d = sent();
    assert_eq!(lamps(&d), [Lamp::HeldElsewhere, Lamp::RingingHigh, Lamp::HeldElsewhere]);
    assert_eq!(d.status("ard-b").far, FarEnd::SentOn);
    assert_eq!(d.status("ard-a").ring.unwrap().from, "ARD-A, sent by U1");
    let call = d.call("ard-a");
    let answer = Act::Answer { line: l("ard-a"), call, position: dealerboard_model::Position::Left, private: false };
    assert_eq!(d.refused(A3, answer.clone()), RefusalCode::StillRinging);
    d.act(A2, answer).unwrap();
    assert_eq!(lamps(&d), [Lamp::InUseElsewhere, Lamp::InUseHere, Lamp::InUseElsewhere]);
    assert_eq!(d.route(A2), Some((true, vec![B1], 1)));
    assert_eq!(d.status("ard-b").far, FarEnd::Plain);
}

#[test]
fn trf_3_what_nobody_takes_in_twenty_seconds_comes_back_to_who_sent_it_alone() {
    let mut d = sent();
    d.wait_ms(19_999);
    assert_eq!(lamps(&d)[1], Lamp::RingingHigh);
    d.wait_ms(1);
    assert_eq!(lamps(&d), [Lamp::RingingHigh, Lamp::HeldElsewhere, Lamp::HeldElsewhere]);
    assert!(d.told(A1, "U2 did not take ARD-A: it is back"));
    d.answer(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn trf_3_who_does_not_want_it_sends_it_back_at_once_and_so_does_who_logs_off() {
    let mut d = sent();
    d.release(A2, "ard-a");
    assert_eq!(lamps(&d)[0], Lamp::RingingHigh);
    let mut d = sent();
    d.input(Input::LogOff { turret: A2 });
    assert_eq!(lamps(&d)[0], Lamp::RingingHigh);
}

#[test]
fn trf_3_a_recall_passes_do_not_disturb() {
    let mut d = sent();
    d.act(A1, Act::Dnd { on: true }).unwrap();
    d.wait_ms(20_000);
    assert_eq!(lamps(&d)[0], Lamp::RingingHigh);
}

#[test]
fn trf_4_a_recall_that_nobody_answers_waits_on_hold_and_rings_for_the_whole_desk() {
    let mut d = sent();
    d.wait_ms(20_000);
    d.wait_ms(15_000);
    assert_eq!((d.phases("ard-a", "ard-b"), lamps(&d)), ((Held, Talking), [Lamp::RingingHigh; 3]));
    d.answer(A3, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn trf_4_when_the_sender_is_gone_it_rings_for_the_whole_desk_at_once() {
    let mut d = sent();
    d.input(Input::LogOff { turret: A1 });
    d.wait_ms(20_000);
    assert_eq!((lamps(&d)[1], lamps(&d)[2]), (Lamp::RingingHigh, Lamp::RingingHigh));
    d.wait_ms(600_000);
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking), "never dropped while the far end waits");
}

#[test]
fn trf_4_the_far_end_that_does_not_wait_ends_it_and_the_sender_is_told() {
    let mut d = sent();
    d.release(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(A1, "The far end of ARD-A released"));
    d.wait_ms(60_000);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn trf_8_its_recording_goes_on_and_its_privacy_is_off() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    d.act(A1, to(A2)).unwrap();
    assert!(!d.recording_closed());
    d.answer(A2, "ard-a");
    assert!(d.status("ard-a").private_by().is_none());
    assert!(!d.out.iter().any(|out| matches!(out, Output::RecordingOpened { .. })));
}

#[test]
fn trf_8_who_has_no_appearance_gets_the_key_for_the_length_of_the_call() {
    let mut d = Desk::talking();
    d.act(A1, to(B3)).unwrap();
    let came = |out: &Output| matches!(out, Output::LineAdded { line, to, .. } if *line == l("ard-a") && *to == [B3]);
    assert!(d.out.iter().any(came));
    d.answer(B3, "ard-a");
    assert_eq!(d.route(B3), Some((true, vec![B1], 1)));
    d.release(B3, "ard-a");
    assert!(d.out.iter().any(|out| matches!(out, Output::LineRemoved { to, .. } if *to == [B3])));
}

#[test]
fn trf_1_a_call_is_sent_to_a_desk_and_the_first_who_answers_has_it() {
    let mut d = Desk::talking();
    d.act(A1, Act::Transfer { line: l("ard-a"), to: TransferTo::Desk("a".into()) }).unwrap();
    assert_eq!(lamps(&d), [Lamp::HeldElsewhere, Lamp::RingingHigh, Lamp::RingingHigh]);
    d.answer(A3, "ard-a");
    assert_eq!(lamps(&d), [Lamp::InUseElsewhere, Lamp::InUseElsewhere, Lamp::InUseHere]);
}

#[test]
fn trf_8_who_has_no_appearance_keeps_the_key_while_they_hold_it() {
    let mut d = Desk::talking();
    d.act(A1, to(B3)).unwrap();
    d.answer(B3, "ard-a");
    d.hold(B3, "ard-a");
    assert!(!d.out.iter().any(|out| matches!(out, Output::LineRemoved { .. })));
    d.act(B3, d.resume("ard-a")).unwrap();
    assert_eq!(d.route(B3), Some((true, vec![B1], 1)));
}

fn to_line(line: &str) -> Act {
    Act::Transfer { line: l("ard-a"), to: TransferTo::Line(l(line)) }
}

/// Where the ARD's call that was sent on rings.
fn rings_at(d: &Desk) -> Vec<TurretId> {
    d.status("ard-a").ring.and_then(|ring| ring.at).unwrap_or_default()
}

/// A1 and B1 talk, and calls of the MRD ring at one after the other.
fn in_order() -> Desk {
    let mut floor = Desk::floor(&[]);
    floor.policies.lines.insert(l("mrd-b"), set(&[("route", Value::Word("in order"))]));
    floor.policies.lines.insert(l("ard-a"), set(&[("transfer.return", Value::Ms(60_000))]));
    Desk::of(floor).talk_on_the_ard()
}

#[test]
fn trf_1_a_call_is_sent_to_a_wire_and_rings_at_its_far_end_but_not_at_who_is_on_the_call() {
    let mut d = Desk::talking();
    d.act(A1, to_line("mrd-a")).unwrap();
    assert_eq!(rings_at(&d), [B2, B3]);
    assert!(d.told(A1, "ARD-A is on its way to MRD-A."));
    d.answer(B3, "ard-a");
    assert_eq!(d.route(B3), Some((true, vec![B1], 1)));
    assert_eq!(d.status("mrd-a").phase, Idle);
}

#[test]
fn trf_1_a_call_is_sent_to_a_shared_number_and_rings_at_those_who_have_it() {
    let mut d = Desk::talking();
    d.act(A1, to_line("dial")).unwrap();
    assert_eq!(rings_at(&d), [A2, A3]);
}

#[test]
fn trf_1_a_divert_of_the_line_that_a_call_is_sent_to_counts() {
    let mut d = Desk::talking();
    let to = Some(DivertTo::User(user(B2)));
    d.act(A2, Act::Divert { line: Some(l("dial")), when: DivertWhen::Always, to }).unwrap();
    d.act(A1, to_line("dial")).unwrap();
    assert_eq!(rings_at(&d), [B2]);
    assert!(d.told(A1, "DIAL, diverted to U5"));
}

#[test]
fn trf_1_what_is_sent_to_a_line_that_rings_in_order_rings_at_one_after_the_other_round_and_round() {
    let mut d = in_order();
    d.act(A1, to_line("mrd-a")).unwrap();
    assert_eq!(rings_at(&d), [B2]);
    d.wait_ms(10_000);
    assert_eq!(rings_at(&d), [B3]);
    d.wait_ms(10_000);
    assert_eq!(rings_at(&d), [B2]);
    d.release(B2, "ard-a");
    assert_eq!(rings_at(&d), [B3]);
    d.wait_ms(10_000);
    assert_eq!(rings_at(&d), [B3], "who does not want it is asked no more");
    d.release(B3, "ard-a");
    assert_eq!(rings_at(&d), [A1]);
}

#[test]
fn trf_3_what_was_sent_to_a_line_comes_back_when_nobody_takes_it() {
    let mut d = in_order();
    d.act(A1, to_line("mrd-a")).unwrap();
    d.wait_ms(59_999);
    assert_ne!(rings_at(&d), [A1]);
    d.wait_ms(1);
    assert_eq!(rings_at(&d), [A1]);
    d.wait_ms(10_000);
    assert_eq!(rings_at(&d), [A1]);
}

#[test]
fn trf_1_a_call_is_sent_to_no_line_that_rings_nobody_and_stays_where_it_was() {
    let mut d = Desk::with_policies(&[("dnd.scope", Value::Word("all"))]).talk_on_the_ard();
    assert_eq!(d.refused(A1, to_line("ard-a")), RefusalCode::Loop);
    assert_eq!(d.refused(A1, to_line("hoot")), RefusalCode::NoRight);
    assert_eq!(d.refused(A1, to_line("mrd-b")), RefusalCode::NoRight);
    assert_eq!(d.refused(A1, to_line("nothing")), RefusalCode::UnknownNumber);
    d.act(B3, Act::Service { line: l("mrd-b"), out: true }).unwrap();
    assert_eq!(d.refused(A1, to_line("mrd-a")), RefusalCode::OutOfService);
    d.act(B3, Act::Service { line: l("mrd-b"), out: false }).unwrap();
    for turret in [B2, B3] {
        d.act(turret, Act::Dnd { on: true }).unwrap();
    }
    assert_eq!(d.refused(A1, to_line("mrd-a")), RefusalCode::Dnd);
    for turret in [B2, B3] {
        d.input(Input::LogOff { turret });
    }
    assert_eq!(d.refused(A1, to_line("mrd-a")), RefusalCode::NobodyThere);
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert_eq!(d.status("ard-a").parties.len(), 1);
}

#[test]
fn i41_a_call_that_was_sent_on_rings_at_somebody_until_it_is_taken_or_its_far_end_goes() {
    let gone: [&[TurretId]; 3] = [&[], &[A2], &[A2, A1]];
    for gone in gone {
        let mut d = sent();
        gone.iter().for_each(|turret| d.input(Input::LogOff { turret: *turret }));
        for _ in 0..60 {
            d.wait_ms(5_000);
            let (near, far) = (d.status("ard-a"), d.status("ard-b"));
            let rings = near.ring.filter(|ring| ring.at.as_ref().is_none_or(|at| !at.is_empty()));
            assert!(rings.is_some() && far.phase == Talking, "{gone:?}");
        }
        d.release(B1, "ard-b");
        assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    }
}
