//! What the history of each user says of their calls.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, Value};
use dealerboard_model::{HistoryEntry, HistoryResult, HistoryWay, Position, TransferTo, TurretId};
use floor::*;

/// What the last input has put into the history of a turret's user.
fn entries(d: &Desk, turret: TurretId) -> Vec<HistoryEntry> {
    let of = |out: &Output| {
        let Output::History { user: whose, entry } = out else { return None };
        (*whose == user(turret)).then(|| (**entry).clone())
    };
    d.out.iter().filter_map(of).collect()
}

fn entry(d: &Desk, turret: TurretId) -> HistoryEntry {
    let all = entries(d, turret);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

fn result(d: &Desk, turret: TurretId) -> (HistoryWay, HistoryResult) {
    let HistoryEntry { way, result, .. } = entry(d, turret);
    (way, result)
}

const MISSED: (HistoryWay, HistoryResult) = (HistoryWay::Came, HistoryResult::Missed { dnd: false });

#[test]
fn his_1_a_call_that_is_over_is_an_entry_of_both_who_were_on_it() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.wait_ms(4_000);
    d.answer(B1, "ard-b");
    d.wait_ms(60_000);
    d.hold(B1, "ard-b");
    d.wait_ms(5_000);
    let resume = d.resume("ard-b");
    d.act(B1, resume).unwrap();
    d.wait_ms(1_000);
    d.release(A1, "ard-a");
    let (placed, came) = (entry(&d, A1), entry(&d, B1));
    assert_eq!((placed.way, placed.result.clone()), (HistoryWay::Placed, HistoryResult::Answered));
    assert_eq!((placed.far.as_deref(), placed.name.as_str(), placed.line.clone()), (Some("U4"), "ARD-A", l("ard-a")));
    assert_eq!((placed.lasted_ms, placed.held_ms), (66_000, 0));
    assert_eq!(
        (came.way, came.result.clone(), came.far.as_deref()),
        (HistoryWay::Came, HistoryResult::Answered, Some("U1"))
    );
    assert_eq!((came.lasted_ms, came.held_ms), (66_000, 5_000));
    let times = (came.start_utc_ms, came.answered_utc_ms.unwrap(), came.end_utc_ms);
    assert_eq!(times, (1_000, 5_000, 71_000));
    assert_eq!(placed.call, came.call);
}

#[test]
fn his_1_who_leaves_colleagues_has_their_entry_at_once_and_they_go_on() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.release(A1, "ard-a");
    assert_eq!(result(&d, A1), (HistoryWay::Placed, HistoryResult::Answered));
    assert_eq!((entries(&d, A2).len(), entries(&d, B1).len()), (0, 0));
    d.release(A2, "ard-a");
    assert_eq!(result(&d, A2), (HistoryWay::Joined, HistoryResult::Answered));
    assert_eq!(entry(&d, A2).far.as_deref(), Some("U4"));
}

#[test]
fn his_1_a_caller_whom_nobody_answers_has_an_entry_that_says_so() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.wait_ms(7_000);
    d.release(A1, "ard-a");
    assert_eq!(result(&d, A1), (HistoryWay::Placed, HistoryResult::NoAnswer));
    assert_eq!((entry(&d, A1).lasted_ms, entry(&d, A1).far), (0, None));
    let entry = entry(&d, B2);
    assert_eq!((entry.end_utc_ms - entry.start_utc_ms, entry.answered_utc_ms), (7_000, None));
}

#[test]
fn his_1_an_mrd_that_its_far_end_opens_was_answered() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.wait_ms(2_000);
    d.seize(B1, "mrd-b");
    d.wait_ms(3_000);
    d.release(A1, "mrd-a");
    assert_eq!((result(&d, A1), entry(&d, A1).lasted_ms), ((HistoryWay::Placed, HistoryResult::Answered), 3_000));
    d.release(B1, "mrd-b");
    assert_eq!(result(&d, B1), (HistoryWay::Came, HistoryResult::Answered));
}

#[test]
fn his_1_a_call_that_was_sent_on_was_transferred_and_came_by_who_sent_it() {
    let mut d = Desk::talking();
    d.wait_ms(1_000);
    d.act(B1, Act::Transfer { line: l("ard-b"), to: TransferTo::User(user(B2)) }).unwrap();
    assert_eq!(entries(&d, B1), []);
    d.answer(B2, "ard-b");
    assert_eq!(result(&d, B1), (HistoryWay::Came, HistoryResult::Transferred { to: "U5".into() }));
    d.release(B2, "ard-b");
    let taken = entry(&d, B2);
    assert_eq!((taken.way, taken.result), (HistoryWay::Came, HistoryResult::Answered));
    assert_eq!((taken.far.as_deref(), taken.via.as_deref()), (Some("U1"), Some("sent by U4")));
}

#[test]
fn his_1_a_call_that_came_back_was_returned_and_who_did_not_want_it_refused_it() {
    let mut d = Desk::talking();
    d.act(B1, Act::Transfer { line: l("ard-b"), to: TransferTo::User(user(B2)) }).unwrap();
    d.wait_ms(2_000);
    d.release(B2, "ard-b");
    assert_eq!(result(&d, B2), (HistoryWay::Came, HistoryResult::Refused));
    d.answer(B1, "ard-b");
    d.release(B1, "ard-b");
    assert_eq!(result(&d, B1), (HistoryWay::Came, HistoryResult::Returned { from: "U5".into() }));
}

#[test]
fn his_1_the_call_of_a_turret_that_does_not_come_back_was_lost() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: B1 });
    d.wait_ms(16_000);
    assert_eq!(entries(&d, B1), []);
    d.answer(B2, "ard-b");
    assert_eq!(result(&d, B1), (HistoryWay::Came, HistoryResult::Lost));
    d.release(B2, "ard-b");
    assert_eq!(result(&d, B2), (HistoryWay::Joined, HistoryResult::Answered));
}

#[test]
fn his_1_an_intercom_is_an_entry_with_whom_it_was() {
    let mut d = Desk::new();
    d.act(A1, Act::Intercom { user: user(B1), position: Position::HandsFree }).unwrap();
    d.wait_ms(2_000);
    let line = d.exchange.lines_of(A1)[0].0.clone();
    d.act(A1, Act::Release { line }).unwrap();
    let (called, came) = (entry(&d, A1), entry(&d, B1));
    assert_eq!((called.way, called.result, called.user), (HistoryWay::Placed, HistoryResult::Answered, Some(user(B1))));
    assert_eq!((came.way, came.result, came.user), (HistoryWay::Came, HistoryResult::Answered, Some(user(A1))));
    assert_eq!((called.far.as_deref(), called.lasted_ms), (Some("U4"), 2_000));
}

#[test]
fn his_2_what_rang_and_nobody_answered_was_missed_by_all_at_whom_it_rang() {
    let mut d = Desk::new();
    d.input(Input::LogOff { turret: B3 });
    d.seize(A1, "ard-a");
    d.wait_ms(3_000);
    d.release(A1, "ard-a");
    assert_eq!((result(&d, B1), result(&d, B2)), (MISSED, MISSED));
    assert_eq!(entries(&d, B3), []);
}

#[test]
fn his_2_a_slip_is_no_entry_of_who_was_rung() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.wait_ms(900);
    d.release(A1, "ard-a");
    assert_eq!((entries(&d, B1), entries(&d, A1).len()), (vec![], 1));
    let mut d = Desk::with_policies(&[("history.min_ring", Value::Ms(0)), ("hoot.talkers", Value::Count(2))]);
    d.seize(A1, "ard-a");
    d.wait_ms(100);
    d.release(A1, "ard-a");
    assert_eq!(result(&d, B1), MISSED);
}

#[test]
fn his_2_what_a_colleague_answered_was_not_missed() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.wait_ms(3_000);
    d.answer(B2, "ard-b");
    assert_eq!(result(&d, B1), (HistoryWay::Came, HistoryResult::AnsweredBy { who: "U5".into() }));
    assert_eq!(entries(&d, B2), []);
    d.bridge(B1, "ard-b");
    d.release(B1, "ard-b");
    assert_eq!(result(&d, B1), (HistoryWay::Joined, HistoryResult::Answered));
}

#[test]
fn his_2_with_do_not_disturb_it_was_missed_so() {
    let mut d = Desk::new();
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.seize(A1, "ard-a");
    d.wait_ms(3_000);
    d.release(A1, "ard-a");
    assert_eq!(result(&d, B1), (HistoryWay::Came, HistoryResult::Missed { dnd: true }));
    assert_eq!(result(&d, B2), MISSED);
}

#[test]
fn his_2_who_logs_on_while_it_rings_misses_it_from_then_on() {
    let mut d = Desk::new();
    d.input(Input::LogOff { turret: B3 });
    d.seize(A1, "ard-a");
    d.wait_ms(5_000);
    d.input(Input::LogOn { turret: B3, user: user(B3) });
    d.wait_ms(2_000);
    d.release(A1, "ard-a");
    let missed = entry(&d, B3);
    assert_eq!(missed.end_utc_ms - missed.start_utc_ms, 2_000);
}

#[test]
fn his_2_a_signal_that_was_let_go_is_missed_when_its_mark_goes() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.signal(A1, "mrd-a", true);
    d.signal(A1, "mrd-a", false);
    d.wait_ms(2_000);
    assert_eq!(entries(&d, B1), []);
    d.release(A1, "mrd-a");
    assert_eq!(result(&d, B1), MISSED);
    d.seize(A1, "mrd-a");
    d.signal(A1, "mrd-a", true);
    d.signal(A1, "mrd-a", false);
    d.wait_ms(2_000);
    d.seize(B1, "mrd-b");
    assert_eq!(result(&d, B2), (HistoryWay::Came, HistoryResult::AnsweredBy { who: "U4".into() }));
}
