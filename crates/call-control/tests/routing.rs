//! At whom of a desk a line rings, and where it rings on.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Floor, Input, Value};
use dealerboard_model::{Lamp, LineId, TurretId, lamp};
use floor::*;

const IN_ORDER: (&str, Value) = ("route", Value::Word("in order"));
const LONGEST_IDLE: (&str, Value) = ("route", Value::Word("longest idle"));
const MOVE: (&str, Value) = ("overflow", Value::Word("move"));

fn floor(policies: &[(&str, Value)]) -> Floor {
    let mut floor = Desk::floor(&[]);
    for (name, value) in policies {
        assert!(floor.policies.floor.set(name, *value), "{name} takes {value}");
    }
    floor
}

fn desk(policies: &[(&str, Value)]) -> Desk {
    Desk::of(floor(policies))
}

/// A desk whose line rings on at A3, who has no appearance of it.
fn with_overflow(policies: &[(&str, Value)]) -> Desk {
    let mut floor = floor(policies);
    floor.lines.get_mut(&LineId::from("ard-b")).unwrap().overflow = [user(A3)].into();
    Desk::of(floor)
}

fn heard_at(d: &Desk) -> Vec<TurretId> {
    let ring = d.status("ard-b").ring.unwrap();
    let there = |turret: &TurretId| match *turret {
        A3 => d.exchange.lines_of(A3).iter().any(|(line, ..)| *line == l("ard-b")),
        other => d.exchange.person(&user(other)).logged_on,
    };
    [A3, B1, B2, B3].into_iter().filter(there).filter(|turret| ring.is_heard_at(*turret)).collect()
}

/// A call to the desk, answered by `turret` and released.
fn call(d: &mut Desk, turret: TurretId) {
    d.seize(A1, "ard-a");
    d.answer(turret, "ard-b");
    d.wait_ms(1_000);
    d.release(A1, "ard-a");
}

#[test]
fn rte_1_together_rings_at_all_of_a_desk() {
    let mut d = desk(&[]);
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [B1, B2, B3]);
}

#[test]
fn rte_1_in_order_rings_at_the_first_and_is_seen_and_answered_by_all() {
    let mut d = desk(&[IN_ORDER]);
    d.seize(A1, "ard-a");
    assert_eq!((heard_at(&d), lamp(&d.status("ard-b"), B3)), (vec![B1], Lamp::RingingHigh));
    d.answer(B3, "ard-b");
    assert_eq!(d.talkers("ard-b"), [B3]);
}

#[test]
fn rte_1_longest_idle_rings_first_at_who_was_longest_without_a_call_of_this_way() {
    let mut d = desk(&[LONGEST_IDLE]);
    for (rung, answers) in [(B1, B2), (B1, B1), (B3, B3), (B2, B1), (B2, B2), (B3, B3)] {
        d.seize(A1, "ard-a");
        assert_eq!(heard_at(&d), [rung]);
        d.release(A1, "ard-a");
        call(&mut d, answers);
    }
}

#[test]
fn rte_2_it_rings_at_each_for_a_step_and_then_round_again() {
    let mut d = desk(&[IN_ORDER]);
    d.seize(A1, "ard-a");
    d.wait_ms(9_999);
    assert_eq!(heard_at(&d), [B1]);
    for next in [B2, B3, B1, B2] {
        d.wait_ms(if next == B2 && d.now.mono_us < 12_000_000 { 1 } else { 10_000 });
        assert_eq!(heard_at(&d), [next]);
    }
}

#[test]
fn rte_3_who_is_away_lost_or_in_a_call_is_skipped_in_order() {
    let mut d = desk(&[IN_ORDER]);
    d.seize(B1, "mrd-b");
    d.input(Input::LinkLost { turret: B2 });
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [B3]);
}

#[test]
fn rte_3_do_not_disturb_is_skipped_where_it_is_for_all_calls() {
    let mut d = desk(&[IN_ORDER, ("dnd.scope", Value::Word("all"))]);
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [B2]);
    let mut d = desk(&[IN_ORDER]);
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [B1]);
}

#[test]
fn rte_3_together_rings_at_who_is_in_a_call_too() {
    let mut d = with_overflow(&[]);
    d.seize(B1, "mrd-b");
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [B1, B2, B3]);
}

#[test]
fn rte_4_after_route_overflow_it_rings_at_the_overflow_too() {
    let mut d = with_overflow(&[]);
    d.seize(A1, "ard-a");
    d.wait_ms(29_999);
    assert_eq!(heard_at(&d), [B1, B2, B3]);
    d.wait_ms(1);
    assert_eq!(heard_at(&d), [A3, B1, B2, B3]);
    d.answer(A3, "ard-b");
    assert_eq!(d.talkers("ard-b"), [A3]);
    d.release(A3, "ard-b");
    assert_eq!(d.exchange.lines_of(A3), []);
}

#[test]
fn rte_4_it_moves_to_the_overflow_where_that_is_the_policy_and_the_desk_may_still_answer() {
    let mut d = with_overflow(&[MOVE, IN_ORDER]);
    d.seize(A1, "ard-a");
    d.wait_ms(30_000);
    assert_eq!((heard_at(&d), lamp(&d.status("ard-b"), B1)), (vec![A3], Lamp::RingingHigh));
    d.answer(B1, "ard-b");
    assert_eq!(d.exchange.lines_of(A3), []);
}

#[test]
fn rte_4_it_rings_at_the_overflow_at_once_when_all_are_skipped() {
    let mut d = with_overflow(&[IN_ORDER]);
    [B1, B2, B3].iter().for_each(|turret| d.input(Input::LogOff { turret: *turret }));
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [A3]);
}

#[test]
fn rte_5_where_nobody_is_free_it_rings_at_every_appearance_and_its_caller_is_told() {
    let mut d = desk(&[IN_ORDER]);
    d.seize(B1, "mrd-b");
    [B2, B3].iter().for_each(|turret| {
        let call = d.call("mrd-b");
        d.act(*turret, Act::Bridge { line: l("mrd-b"), call, position: dealerboard_model::Position::Left }).unwrap();
    });
    d.seize(A1, "ard-a");
    assert!(d.told(A1, "Nobody is free at"));
    assert_eq!(heard_at(&d), [B1, B2, B3]);
    d.wait_ms(600_000);
    assert_eq!(heard_at(&d), [B1, B2, B3]);
}

#[test]
fn rte_6_who_logs_on_joins_in_and_who_leaves_is_asked_no_more() {
    let mut d = with_overflow(&[]);
    d.input(Input::LogOff { turret: B3 });
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), [B1, B2]);
    d.input(Input::LogOn { turret: B3, user: user(B3) });
    assert_eq!(heard_at(&d), [B1, B2, B3]);
    [B1, B2, B3].iter().for_each(|turret| d.input(Input::LogOff { turret: *turret }));
    assert_eq!(heard_at(&d), [A3]);
}

#[test]
fn rte_6_whoever_of_the_overflow_logs_on_after_it_is_rung_too() {
    for policies in [&[][..], &[MOVE], &[IN_ORDER]] {
        let mut d = with_overflow(policies);
        d.input(Input::LogOff { turret: A3 });
        d.seize(A1, "ard-a");
        d.wait_ms(31_000);
        let before = heard_at(&d);
        assert!(!before.is_empty() && !before.contains(&A3));
        d.input(Input::LogOn { turret: A3, user: user(A3) });
        assert!(heard_at(&d).contains(&A3), "{policies:?}");
        assert_eq!(heard_at(&d) == [A3], policies == [MOVE], "{policies:?}");
        d.answer(A3, "ard-b");
        assert_eq!(d.talkers("ard-b"), [A3]);
    }
}

#[test]
fn rte_6_an_overflow_that_comes_after_everybody_was_rung_is_rung_as_well() {
    let mut d = with_overflow(&[IN_ORDER, ("dnd.scope", Value::Word("all"))]);
    d.act(A3, Act::Dnd { on: true }).unwrap();
    [B1, B2, B3].iter().for_each(|turret| d.input(Input::LogOff { turret: *turret }));
    d.seize(A1, "ard-a");
    assert_eq!(heard_at(&d), []);
    d.act(A3, Act::Dnd { on: false }).unwrap();
    assert_eq!(heard_at(&d), [A3]);
    d.input(Input::LinkLost { turret: A3 });
    d.input(Input::LinkBack { turret: A3 });
    assert_eq!(heard_at(&d), [A3]);
}

#[test]
fn rte_6_in_order_the_next_one_is_asked_when_who_was_asked_leaves() {
    let mut d = desk(&[IN_ORDER]);
    d.seize(A1, "ard-a");
    d.input(Input::LinkLost { turret: B1 });
    assert_eq!(heard_at(&d), [B2]);
    d.input(Input::LinkBack { turret: B1 });
    d.wait_ms(10_000);
    assert_eq!(heard_at(&d), [B3]);
    d.wait_ms(10_000);
    assert_eq!(heard_at(&d), [B1]);
}

#[test]
fn rte_6_an_answer_ends_all_rings_at_once() {
    let mut d = with_overflow(&[IN_ORDER]);
    d.seize(A1, "ard-a");
    d.wait_ms(31_000);
    d.answer(B2, "ard-b");
    assert_eq!(d.status("ard-b").ring, None);
    d.wait_ms(60_000);
    assert_eq!((d.status("ard-b").ring, d.talkers("ard-b")), (None, vec![B2]));
}

#[test]
fn i23_a_ring_that_goes_through_a_desk_is_always_heard_by_somebody_who_is_there() {
    for route in [IN_ORDER, LONGEST_IDLE] {
        let mut d = desk(&[route]);
        d.seize(A1, "ard-a");
        for turret in [B1, B2, B3, B1, B2] {
            d.input(Input::LogOff { turret });
            d.wait_ms(7_000);
            d.input(Input::LogOn { turret, user: user(turret) });
            assert!(!heard_at(&d).is_empty());
        }
    }
}
