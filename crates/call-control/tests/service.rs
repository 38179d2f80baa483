//! A line that has failed, and one that is put back (rule ARD-12).
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Happening, Input, Kept, Output, RefusalCode};
use dealerboard_model::{LinePhase, Position};
use floor::*;

use LinePhase::{Idle, OutOfService, Talking};

fn service(d: &mut Desk, line: &str, out: bool) {
    d.act(B3, Act::Service { line: l(line), out }).unwrap();
}

#[test]
fn ard_12_a_wire_is_taken_out_of_service_at_both_ends_and_its_call_is_over_and_told() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    service(&mut d, "ard-b", true);
    assert_eq!(d.phases("ard-a", "ard-b"), (OutOfService, OutOfService));
    for turret in [A1, A2, B1] {
        assert!(d.told(turret, "U6 took it out of service. What was on it is over."));
    }
    assert_eq!((d.exchange.mics(A1), d.exchange.mics(B1)), (vec![], vec![]));
}

#[test]
fn ard_12_the_recording_closes_with_the_reason() {
    let mut d = Desk::talking();
    service(&mut d, "ard-a", true);
    let why = Happening::BrokenOff { why: "U6 took it out of service".into() };
    let place = |wanted: &dyn Fn(&Output) -> bool| d.out.iter().position(wanted).unwrap();
    let told = place(&|out| matches!(out, Output::Happened { what, .. } if *what == why));
    assert!(told < place(&|out| matches!(out, Output::RecordingClosed { .. })));
}

#[test]
fn ard_12_nothing_begins_on_a_line_that_is_out_of_service() {
    let mut d = Desk::new();
    for line in ["ard-a", "mrd-a", "hoot"] {
        service(&mut d, line, true);
    }
    for line in ["ard-a", "mrd-a"] {
        let seize = Act::Seize { line: l(line), position: Position::Left, private: false };
        assert_eq!(d.refused(A1, seize), RefusalCode::OutOfService);
    }
    assert_eq!(d.refused(A1, Act::Talk { line: l("hoot"), on: true, latched: false }), RefusalCode::OutOfService);
    assert_eq!(d.refused(A1, Act::Signal { line: l("mrd-a"), on: true }), RefusalCode::OutOfService);
}

#[test]
fn ard_12_a_talk_and_a_ring_end_with_the_line() {
    let mut d = Desk::new();
    d.latch(A1);
    service(&mut d, "hoot", true);
    assert!(d.told(A1, "took it out of service") && d.talkers("hoot").is_empty());
    d.seize(A1, "mrd-a");
    d.signal(A1, "mrd-a", true);
    service(&mut d, "mrd-b", true);
    d.wait_ms(1_000_000);
    assert_eq!((d.status("mrd-b").ring, d.status("mrd-b").signalled), (None, None));
}

#[test]
fn ard_12_a_line_comes_back_to_idle_and_is_used_again() {
    let mut d = Desk::talking();
    service(&mut d, "ard-a", true);
    service(&mut d, "ard-b", false);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
}

#[test]
fn ard_12_only_an_administrator_takes_a_line_out_and_no_line_twice() {
    let mut d = Desk::new();
    let out = |out| Act::Service { line: l("ard-a"), out };
    assert_eq!(d.refused(A1, out(true)), RefusalCode::NoRight);
    assert_eq!(d.refused(B3, out(false)), RefusalCode::Stale);
    service(&mut d, "ard-a", true);
    assert_eq!(d.refused(B3, out(true)), RefusalCode::Stale);
}

#[test]
fn ard_12_a_line_is_out_of_service_after_a_restart_too() {
    let mut d = Desk::new();
    service(&mut d, "ard-a", true);
    let kept = |out: &Output| if let Output::Kept { what, on: true } = out { Some(what.clone()) } else { None };
    let kept: std::collections::BTreeSet<Kept> = d.out.iter().filter_map(kept).collect();
    assert_eq!(kept.len(), 2, "both ends");
    let mut d = Desk::restarted(kept);
    assert_eq!(d.phases("ard-a", "ard-b"), (OutOfService, OutOfService));
    d.input(Input::LogOn { turret: B3, user: user(B3) });
    service(&mut d, "ard-a", false);
    assert!(d.out.iter().filter(|out| matches!(out, Output::Kept { on: false, .. })).count() == 2);
}

#[test]
fn ard_12_a_dialled_call_is_over_at_both_ends_and_the_other_partys_line_stays_in_service() {
    let mut d = Desk::new();
    d.dial(A1, "5001").unwrap();
    d.answer(B1, "ext-5001.1");
    service(&mut d, "ext-4001.1", true);
    assert_eq!(d.phases("ext-4001.1", "ext-5001.1"), (OutOfService, Idle));
    assert!(d.told(A1, "EXT-4001.1: U6 took it out of service. What was on it is over."));
    assert!(d.told(
        B1,
        "EXT-5001.1: the far end, EXT-4001.1, broke off: U6 took it out of service. What was on it is over."
    ));
    let kept = |out: &&Output| matches!(out, Output::Kept { what: Kept::OutOfService(_), on: true });
    assert_eq!(d.out.iter().filter(kept).count(), 1, "one line");
    d.dial(A2, "5001").unwrap();
    d.answer(B1, "ext-5001.1");
    service(&mut d, "ext-4001.1", false);
    assert_eq!(d.phases("ext-4001.1", "ext-5001.1"), (Idle, Talking));
}
