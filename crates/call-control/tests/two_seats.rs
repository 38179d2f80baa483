//! One user at two turrets: who may log on where.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Input, Output, SecondLogOn, Value};
use dealerboard_model::*;
use floor::*;

/// A second turret of A1's user.
const A1_TOO: TurretId = TurretId(7);

fn with(policy: &'static str) -> Desk {
    Desk::with_policies(&[("logon.second", Value::Word(policy))])
}

fn both(policy: &'static str) -> Desk {
    let mut d = with(policy);
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    d
}

#[test]
fn log_1_a_user_is_logged_on_at_two_turrets_and_not_at_three() {
    assert_eq!(with("allow").exchange.second_log_on(&user(A1), true), SecondLogOn::Ends(vec![]));
    assert_eq!(both("allow").exchange.second_log_on(&user(A1), true), SecondLogOn::Refused(vec![A1, A1_TOO]));
}

#[test]
fn log_1_one_of_two_turrets_that_is_lost_keeps_nobody_out_and_ends_for_the_third() {
    let mut d = both("allow");
    d.input(Input::LinkLost { turret: A1 });
    assert_eq!(d.exchange.second_log_on(&user(A1), true), SecondLogOn::Ends(vec![A1]));
}

#[test]
fn log_1_a_second_turret_is_refused_where_that_is_the_policy_but_not_for_one_that_is_lost() {
    let mut d = with("refuse");
    assert_eq!(d.exchange.second_log_on(&user(A1), true), SecondLogOn::Refused(vec![A1]));
    assert_eq!(d.exchange.second_log_on(&UserId::from("new"), true), SecondLogOn::Ends(vec![]));
    d.input(Input::LinkLost { turret: A1 });
    assert_eq!(d.exchange.second_log_on(&user(A1), true), SecondLogOn::Ends(vec![A1]));
}

#[test]
fn log_1_a_log_on_moves_its_user_and_a_turret_that_comes_back_by_itself_does_not() {
    let d = with("move");
    assert_eq!(d.exchange.second_log_on(&user(A1), true), SecondLogOn::Ends(vec![A1]));
    assert_eq!(d.exchange.second_log_on(&user(A1), false), SecondLogOn::Refused(vec![A1]));
}

#[test]
fn log_1_both_turrets_of_a_user_see_all_lamps() {
    let mut d = both("allow");
    d.seize(A1, "ard-a");
    let to = d.out.iter().find_map(|out| if let Output::Line { to, .. } = out { Some(to.clone()) } else { None });
    assert_eq!(to.unwrap(), [A1, A2, A3, A1_TOO]);
    let status = d.status("ard-a");
    assert_eq!((lamp(&status, A1), lamp(&status, A1_TOO)), (Lamp::InUseHere, Lamp::InUseElsewhere));
}
