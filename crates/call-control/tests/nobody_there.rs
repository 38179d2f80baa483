//! Whoever rings a line or a person where nobody could answer is told so, in one sentence (rules ALL-8, RTE-5).
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, RefusalCode};
use dealerboard_model::{LinePhase, Position, TurretId};
use floor::*;

fn log_off(desk: &mut Desk, turrets: &[TurretId]) {
    turrets.iter().for_each(|turret| desk.input(Input::LogOff { turret: *turret }));
}

#[test]
fn rte_5_who_rings_an_ard_where_nobody_is_logged_on_is_told_and_it_rings_on() {
    let mut d = Desk::new();
    log_off(&mut d, &[B1, B2, B3]);
    d.seize(A1, "ard-a");
    assert!(d.told(A1, "Nobody is logged on at ARD-A: it rings on until somebody answers or you release."));
    d.input(Input::LogOn { turret: B2, user: user(B2) });
    assert_eq!(d.status("ard-b").phase, LinePhase::Ringing);
    d.answer(B2, "ard-b");
}

#[test]
fn rte_5_who_rings_an_ard_where_somebody_is_logged_on_is_told_nothing() {
    let mut d = Desk::new();
    log_off(&mut d, &[B1, B2]);
    d.seize(A1, "ard-a");
    assert!(!d.told(A1, "Nobody"));
}

#[test]
fn rte_5_who_rings_an_ard_is_told_when_the_last_who_could_answer_logs_off() {
    let mut d = Desk::new();
    log_off(&mut d, &[B1]);
    d.seize(A1, "ard-a");
    log_off(&mut d, &[B2]);
    assert!(!d.told(A1, "Nobody"));
    log_off(&mut d, &[B3]);
    assert!(d.told(A1, "Nobody is logged on at ARD-A"));
}

#[test]
fn rte_5_who_signals_an_mrd_where_nobody_is_logged_on_is_told_how_long_it_is_shown() {
    let mut d = Desk::new();
    log_off(&mut d, &[B1, B2, B3]);
    d.seize(A1, "mrd-a");
    assert!(!d.told(A1, "Nobody"));
    d.signal(A1, "mrd-a", true);
    assert!(d.told(A1, "Nobody is logged on at MRD-A: your signal stays on their key for 10 min."));
}

#[test]
fn all_8_a_call_to_a_person_who_is_logged_off_or_lost_is_refused_with_what_is_so() {
    let call = Act::Intercom { user: user(B1), position: Position::Left };
    let mut d = Desk::new();
    d.input(Input::LinkLost { turret: B1 });
    let refusal = d.act(A1, call.clone()).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.sentence.as_str()),
        (RefusalCode::NobodyThere, "U4 has lost the switch; call again soon.")
    );
    log_off(&mut d, &[B1]);
    let refusal = d.act(A1, call).unwrap_err();
    assert_eq!(refusal.sentence, "U4 is not logged on; call again when they are.");
}

#[test]
fn rte_5_who_rings_an_ard_is_told_when_every_turret_that_could_answer_has_lost_the_switch() {
    let mut d = Desk::new();
    log_off(&mut d, &[B2, B3]);
    d.seize(A1, "ard-a");
    assert!(!d.told(A1, "Nobody"));
    d.input(Input::LinkLost { turret: B1 });
    assert!(d.told(A1, "Nobody is reached at ARD-A: it rings on until somebody answers or you release."));
}
