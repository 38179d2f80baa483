//! Where a line rings with a sound, where it is only seen, and how urgently.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Output, Value};
use dealerboard_model::{Lamp, Ring, RingPriority, TurretId, lamp};
use floor::*;

/// A floor where a user has policies of their own.
fn with(of: TurretId, policies: &[(&str, Value)]) -> Desk {
    let mut floor = Desk::floor(&[]);
    let settings = floor.policies.users.entry(user(of)).or_default();
    for (name, value) in policies {
        assert!(settings.set(name, *value), "{name} takes {value}");
    }
    Desk::of(floor)
}

fn ring(d: &Desk) -> Ring {
    d.status("ard-b").ring.unwrap()
}

fn heard_at(d: &Desk) -> Vec<TurretId> {
    [B1, B2, B3].into_iter().filter(|turret| ring(d).is_heard_at(*turret)).collect()
}

#[test]
fn ring_1_an_appearance_that_is_a_lamp_is_seen_and_not_heard_and_answers() {
    let mut d = with(B2, &[("appearance.ring", Value::Word("lamp"))]);
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [B1, B3]);
    assert_eq!(lamp(&d.status("ard-b"), B2), Lamp::RingingHigh);
    d.answer(B2, "ard-b");
}

#[test]
fn ring_1_a_delayed_appearance_is_heard_when_its_delay_is_over() {
    let mut d = with(B2, &[("appearance.ring", Value::Word("delayed")), ("ring.delay", Value::Ms(4_000))]);
    d.seize(A1, "ard-a");
    d.wait_ms(3_999);
    assert_eq!(heard_at(&d), [B1, B3]);
    d.wait_ms(1);
    assert_eq!(heard_at(&d), [B1, B2, B3]);
    assert!(d.out.iter().any(|out| matches!(out, Output::Line { status, .. } if status.line == l("ard-b"))));
}

#[test]
fn ring_1_an_appearance_that_does_not_ring_shows_nothing() {
    let mut d = with(B2, &[("appearance.ring", Value::Word("none"))]);
    d.seize(A1, "ard-a");
    assert_eq!((heard_at(&d), lamp(&d.status("ard-b"), B2)), (vec![B1, B3], Lamp::Idle));
    d.seize(B2, "ard-b");
    assert_eq!(d.talkers("ard-b"), [B2]);
}

#[test]
fn ring_1_what_was_sent_to_somebody_is_heard_however_their_appearances_ring() {
    let mut d = with(B2, &[("appearance.ring", Value::Word("none"))]).talk_on_the_ard();
    let to = dealerboard_model::TransferTo::User(user(B2));
    d.act(B1, Act::Transfer { line: l("ard-b"), to }).unwrap();
    assert_eq!(heard_at(&d), [B2]);
}

#[test]
fn ring_1_a_ring_that_was_only_seen_is_not_missed() {
    let mut d = with(B2, &[("appearance.ring", Value::Word("delayed")), ("ring.delay", Value::Ms(4_000))]);
    let missed = |d: &Desk| {
        let came = |out: &Output| matches!(out, Output::History { user: whose, .. } if *whose == user(B2));
        d.out.iter().any(came)
    };
    d.seize(A1, "ard-a");
    d.wait_ms(3_000);
    d.release(A1, "ard-a");
    assert!(!missed(&d));
    d.seize(A1, "ard-a");
    d.wait_ms(6_000);
    d.release(A1, "ard-a");
    assert!(missed(&d));
}

fn low(mut floor: dealerboard_call_control::Floor) -> dealerboard_call_control::Floor {
    floor.lines.values_mut().for_each(|line| line.priority = RingPriority::Low);
    floor
}

#[test]
fn ring_2_a_ring_is_as_urgent_as_the_highest_of_line_appearance_and_caller() {
    let mut floor = low(Desk::floor(&[]));
    assert!(floor.policies.users.entry(user(B2)).or_default().set("appearance.priority", Value::Word("high")));
    let mut d = Desk::of(floor);
    d.seize(A1, "ard-a");
    assert_eq!((ring(&d).priority_at(B1), ring(&d).priority_at(B2)), (RingPriority::Low, RingPriority::High));
    assert_eq!(lamp(&d.status("ard-b"), B2), Lamp::RingingHigh);
    let mut floor = low(Desk::floor(&[]));
    assert!(floor.policies.users.entry(user(A1)).or_default().set("caller.priority", Value::Word("high")));
    let mut d = Desk::of(floor);
    d.seize(A1, "ard-a");
    assert_eq!(ring(&d).priority_at(B1), RingPriority::High);
}

#[test]
fn ring_4_do_not_disturb_of_all_calls_keeps_wires_silent_too_and_shows_them() {
    let mut d = with(B2, &[("dnd.scope", Value::Word("all"))]);
    d.act(B2, Act::Dnd { on: true }).unwrap();
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.seize(A1, "ard-a");
    assert_eq!((heard_at(&d), lamp(&d.status("ard-b"), B2)), (vec![B1, B3], Lamp::RingingHigh));
    d.act(B2, Act::Dnd { on: false }).unwrap();
    assert_eq!(heard_at(&d), [B1, B2, B3]);
}
