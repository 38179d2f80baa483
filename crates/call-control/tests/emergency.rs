//! Emergency numbers: calls to one, and from there, are refused for nothing that protects others.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Kept, Output, RefusalCode};
use dealerboard_model::{DivertTo, DivertWhen, LinePhase, Position, Proof};
use floor::*;

use LinePhase::{Calling, Idle, Ringing, Talking};

const MINE: &str = "ext-4001.1";
const THEIRS: &str = "ext-5001.1";

/// B1's extension is the emergency number.
fn desk() -> Desk {
    let mut floor = Desk::floor(&[]);
    for call in [THEIRS, "ext-5001.2"] {
        floor.lines.get_mut(&l(call)).unwrap().number.as_mut().unwrap().emergency = true;
    }
    Desk::of(floor)
}

fn failing(d: &mut Desk) {
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
}

#[test]
fn all_9_an_emergency_number_is_called_and_answered_while_the_recorder_cannot_write_and_no_other_is() {
    let mut d = desk();
    failing(&mut d);
    assert_eq!(d.dial(A1, "4002").unwrap_err().code, RefusalCode::NotRecorded);
    d.dial(A1, "5001").unwrap();
    d.answer(B1, THEIRS);
    assert_eq!((d.phases(MINE, THEIRS), d.route(A1).unwrap().1), ((Talking, Talking), vec![B1]));
    assert!(matches!(d.status(MINE).proof, Proof::NotRecorded { .. }), "that it is a gap is shown");
}

#[test]
fn all_9_an_emergency_call_goes_on_when_the_recorder_fails_in_it_for_good() {
    let mut d = desk();
    d.dial(A1, "5001").unwrap();
    d.answer(B1, THEIRS);
    failing(&mut d);
    d.wait_ms(60_000);
    assert_eq!((d.phases(MINE, THEIRS), d.heard_by(A1)), ((Talking, Talking), vec![B1]));
}

#[test]
fn all_9_a_line_that_was_seized_without_a_recorder_reaches_the_emergency_number_alone() {
    let mut d = desk();
    failing(&mut d);
    d.seize(A1, MINE);
    d.digits(A1, MINE, "4002");
    assert_eq!(d.status(MINE).phase, Idle);
    assert!(d.told(A1, "must be recorded"));
    d.seize(A1, MINE);
    d.digits(A1, MINE, "5001");
    assert_eq!(d.phases(MINE, THEIRS), (Calling, Ringing));
}

#[test]
fn all_9_it_rings_through_do_not_disturb_and_diverts_both_ways() {
    for (from, number, rung) in [(A1, "5001", THEIRS), (B1, "4001", MINE)] {
        let mut d = desk();
        let to = if from == A1 { B1 } else { A1 };
        d.act(to, Act::Dnd { on: true }).unwrap();
        d.act(to, Act::Divert { line: None, when: DivertWhen::Always, to: Some(DivertTo::User(user(A2))) }).unwrap();
        d.dial(from, number).unwrap();
        let status = d.status(rung);
        assert_eq!((status.rings_at, status.ring.unwrap().quiet_at), (None, vec![]), "{number}");
    }
}

#[test]
fn all_9_an_emergency_call_is_one_after_a_restart_too() {
    let mut d = desk();
    d.dial(A1, "5001").unwrap();
    d.answer(B1, THEIRS);
    let kept = d.out.iter().filter_map(|out| {
        let Output::Kept { what, on: true } = out else { return None };
        Some(what.clone())
    });
    let kept: std::collections::BTreeSet<Kept> = kept.collect();
    let mut floor = Desk::floor(&[]);
    floor.lines.get_mut(&l(THEIRS)).unwrap().number.as_mut().unwrap().emergency = true;
    d.restart(floor, kept);
    d.input(Input::LinkBack { turret: A1 });
    d.input(Input::LinkBack { turret: B1 });
    failing(&mut d);
    d.act(A1, Act::OpenMic { line: l(MINE) }).unwrap();
    assert_eq!(d.phases(MINE, THEIRS), (Talking, Talking));
    let position = Position::Left;
    assert!(d.status(MINE).parties.iter().any(|party| party.position == position));
}
