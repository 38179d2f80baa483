//! What survives a restart of the switch: what was told to be kept is taken back, for those who come back (rules SWI-2, SWI-3).
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Kept, Output};
use dealerboard_model::TurretId;
use floor::*;
use std::collections::BTreeSet;

/// `restart.window`.
const WINDOW_MS: u64 = 30_000;

fn kept(desk: &Desk) -> Vec<(Kept, bool)> {
    let told = desk.out.iter();
    told.filter_map(|out| if let Output::Kept { what, on } = out { Some((what.clone(), *on)) } else { None }).collect()
}

fn dnd(of: TurretId) -> Kept {
    Kept::Dnd(user(of))
}

fn restarted_with_dnd_of(turret: TurretId) -> Desk {
    Desk::restarted(BTreeSet::from([dnd(turret)]))
}

fn log_on(desk: &mut Desk, turret: TurretId) {
    desk.input(Input::LogOn { turret, user: user(turret) });
}

fn has_dnd(desk: &Desk, turret: TurretId) -> bool {
    desk.exchange.person(&user(turret)).dnd
}

#[test]
fn swi_2_do_not_disturb_is_kept_from_when_it_is_set_until_it_ends() {
    let mut d = Desk::new();
    d.act(A1, Act::Dnd { on: true }).unwrap();
    assert_eq!(kept(&d), [(dnd(A1), true)]);
    d.act(A1, Act::Dnd { on: true }).unwrap();
    assert_eq!(kept(&d), [], "it was told already");
    d.act(A1, Act::Dnd { on: false }).unwrap();
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}

#[test]
fn log_3_do_not_disturb_is_no_longer_kept_when_its_user_logs_off() {
    let mut d = Desk::new();
    d.act(A1, Act::Dnd { on: true }).unwrap();
    d.input(Input::LogOff { turret: A1 });
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}

#[test]
fn swi_2_who_comes_back_after_a_restart_is_still_not_to_be_disturbed() {
    let mut d = restarted_with_dnd_of(A1);
    assert!(has_dnd(&d, A1), "also before they are back");
    d.wait_ms(WINDOW_MS - 1);
    log_on(&mut d, A1);
    d.wait_ms(WINDOW_MS);
    assert!(has_dnd(&d, A1));
    assert_eq!(kept(&d), [], "what was kept stays kept");
    d.act(A1, Act::Dnd { on: false }).unwrap();
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}

#[test]
fn log_3_who_does_not_come_back_after_a_restart_may_be_disturbed_when_they_log_on_later() {
    let mut d = restarted_with_dnd_of(A1);
    log_on(&mut d, A2);
    d.wait_ms(WINDOW_MS);
    assert_eq!(kept(&d), [(dnd(A1), false)]);
    let told = |out: &Output| matches!(out, Output::Person(status) if status.user == user(A1) && !status.dnd);
    assert!(d.out.iter().any(told), "others see it end");
    log_on(&mut d, A1);
    assert!(!has_dnd(&d, A1));
}

#[test]
fn log_3_who_logs_off_soon_after_a_restart_ends_do_not_disturb() {
    let mut d = restarted_with_dnd_of(A1);
    log_on(&mut d, A1);
    d.input(Input::LogOff { turret: A1 });
    assert_eq!(kept(&d), [(dnd(A1), false)]);
}
