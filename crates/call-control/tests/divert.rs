//! Divert: calls to an extension, or to a line, ring somewhere else.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, DivertOf, Happening, Input, Kept, Output, RefusalCode, Value};
use dealerboard_model::{
    DivertTo, DivertWhen, HistoryEntry, HistoryResult, LinePhase, Position, RecordPolicy, TurretId,
};
use floor::*;

use DivertWhen::{Always, Busy, NoAnswer};
use LinePhase::{Calling, Idle, Ringing, Talking};

const MINE: &str = "ext-4001.1";
const THEIRS: &str = "ext-5001.1";

fn to(turret: TurretId) -> Option<DivertTo> {
    Some(DivertTo::User(user(turret)))
}

fn divert(d: &mut Desk, turret: TurretId, when: DivertWhen, to: Option<DivertTo>) {
    d.act(turret, Act::Divert { line: None, when, to }).unwrap();
}

/// Where a line sounds.
fn sounds(d: &Desk, line: &str, at: TurretId) -> bool {
    d.status(line).ring.is_some_and(|ring| !ring.quiet_at.contains(&at))
}

fn history_of(d: &Desk, of: TurretId) -> Option<HistoryEntry> {
    d.out.iter().find_map(|out| {
        let Output::History { user: whose, entry } = out else { return None };
        (*whose == user(of)).then(|| (**entry).clone())
    })
}

#[test]
fn div_1_an_extension_that_is_diverted_rings_where_its_calls_go() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(B2));
    d.dial(A1, "5001").unwrap();
    assert_eq!(
        (d.phases(MINE, THEIRS), sounds(&d, THEIRS, B2), sounds(&d, THEIRS, B1)),
        ((Calling, Ringing), true, false)
    );
    d.answer(B2, THEIRS);
    assert_eq!((d.phases(MINE, THEIRS), d.route(B2)), ((Talking, Talking), Some((true, vec![A1], 1))));
}

#[test]
fn div_1_do_not_disturb_diverts_when_that_is_wished() {
    let mut d = Desk::new();
    divert(&mut d, B1, DivertWhen::Dnd, to(B2));
    d.dial(A1, "5001").unwrap();
    assert_eq!(d.status(THEIRS).rings_at, None);
    d.release(A1, MINE);
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.dial(A1, "5001").unwrap();
    assert!(sounds(&d, THEIRS, B2) && !sounds(&d, THEIRS, B1));
}

#[test]
fn div_1_a_full_extension_diverts_to_a_free_one() {
    let mut d = Desk::new();
    divert(&mut d, B1, Busy, to(A2));
    d.seize(B1, THEIRS);
    d.act(B1, Act::Seize { line: l("ext-5001.2"), position: Position::Right, private: false }).unwrap();
    d.dial(A1, "5001").unwrap();
    assert_eq!(
        (d.phases(MINE, "ext-4002.1"), d.status("ext-4002.1").ring.unwrap().from.as_str()),
        ((Calling, Ringing), "U1 4001 for U4")
    );
    assert!(d.told(A1, "U4 is busy: it rings at U2"));
}

#[test]
fn div_1_what_nobody_answers_goes_on_and_ends_when_nobody_answers_there() {
    let mut d = Desk::new();
    divert(&mut d, B1, NoAnswer, to(B2));
    d.dial(A1, "5001").unwrap();
    d.wait_ms(20_000);
    assert!(sounds(&d, THEIRS, B2) && d.told(A1, "diverted to U5"));
    d.wait_ms(20_000);
    assert_eq!(d.phases(MINE, THEIRS), (Idle, Idle));
    assert!(d.told(A1, "did not answer"));
}

#[test]
fn div_1_a_wire_that_is_diverted_rings_there_and_then_where_it_began() {
    let mut d = Desk::new();
    d.act(B1, Act::Divert { line: Some(l("ard-b")), when: NoAnswer, to: to(A2) }).unwrap();
    d.seize(A1, "ard-a");
    d.wait_ms(20_000);
    assert!(sounds(&d, "ard-b", A2) && !sounds(&d, "ard-b", B1));
    d.wait_ms(20_000);
    assert!(sounds(&d, "ard-b", B1) && d.status("ard-b").rings_at.is_none(), "it is back where it began");
    d.wait_ms(60_000);
    assert_eq!(d.status("ard-b").phase, Ringing);
    d.answer(B1, "ard-b");
    assert_eq!(d.route(B1), Some((true, vec![A1], 1)));
}

#[test]
fn div_1_a_divert_to_a_desk_rings_at_everybody_there_and_to_a_line_at_who_has_it() {
    for to in [DivertTo::Desk(desk(B1)), DivertTo::Line(l("ard-b"))] {
        let mut d = Desk::new();
        divert(&mut d, B1, Always, Some(to));
        d.dial(A1, "5001").unwrap();
        assert!([B1, B2].into_iter().all(|at| sounds(&d, THEIRS, at)));
        d.answer(B2, THEIRS);
        assert_eq!(d.phases(MINE, THEIRS), (Talking, Talking));
    }
}

#[test]
fn div_2_a_divert_to_oneself_and_a_circle_are_refused_with_the_path() {
    let mut d = Desk::new();
    let act = |to| Act::Divert { line: None, when: Always, to };
    assert_eq!(d.refused(B1, act(to(B1))), RefusalCode::Loop);
    divert(&mut d, A1, Always, to(A2));
    divert(&mut d, A2, Always, to(B1));
    let refusal = d.act(B1, act(to(A1))).unwrap_err();
    assert_eq!((refusal.code, refusal.sentence.contains("U4 → U1 → U2 → U4")), (RefusalCode::Loop, true));
}

#[test]
fn div_2_what_does_not_ring_or_is_not_there_is_refused() {
    let mut d = Desk::new();
    let act = |line: Option<&str>, to| Act::Divert { line: line.map(l), when: Always, to };
    assert_eq!(d.refused(B3, act(None, to(B1))), RefusalCode::NoRight, "no extension");
    assert_eq!(d.refused(A1, act(Some("hoot"), to(B1))), RefusalCode::NoRight);
    assert_eq!(d.refused(A1, act(None, Some(DivertTo::Line(l("hoot"))))), RefusalCode::UnknownNumber);
    assert_eq!(d.refused(A1, act(None, Some(DivertTo::User("x".into())))), RefusalCode::UnknownNumber);
}

#[test]
fn div_3_a_call_goes_on_no_more_often_than_may_be() {
    for (hops, last) in [(1, A2), (2, B2)] {
        let mut d = Desk::with_policies(&[("divert.hops", Value::Count(hops))]);
        divert(&mut d, B1, Always, to(A2));
        divert(&mut d, A2, Always, to(B2));
        d.dial(A1, "5001").unwrap();
        assert!(sounds(&d, THEIRS, last), "{hops}");
    }
}

#[test]
fn div_4_whoever_calls_are_diverted_to_may_call_back() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(A1));
    d.dial(A1, "5001").unwrap();
    assert!(sounds(&d, THEIRS, B1));
}

#[test]
fn div_4_a_colleague_of_the_desk_that_calls_are_diverted_to_rings_through() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, Some(DivertTo::Desk(desk(A1))));
    d.dial(A1, "5001").unwrap();
    assert_eq!((sounds(&d, THEIRS, B1), d.status(THEIRS).rings_at), (true, None));
}

#[test]
fn div_5_an_intercom_is_not_diverted() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(B2));
    let line = d.act(A1, Act::Intercom { user: user(B1), position: Position::Left }).unwrap().line.unwrap();
    assert!(d.exchange.status(&line).unwrap().parties.iter().any(|party| party.turret == B1));
}

#[test]
fn div_6_a_diverted_line_shows_where_its_calls_go_and_its_own_desk_may_answer() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(B2));
    assert_eq!(d.status(THEIRS).diverts.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["U5"]);
    d.dial(A1, "5001").unwrap();
    d.answer(B1, THEIRS);
    assert_eq!(d.status(THEIRS).phase, Talking);
    let gone = |out: &Output| matches!(out, Output::LineRemoved { line, to } if *line == l(THEIRS) && to == &[B2]);
    assert!(d.out.iter().any(gone), "who was rung has its key no more");
    divert(&mut d, B1, Always, None);
    assert_eq!(d.status(THEIRS).diverts, []);
}

#[test]
fn div_7_a_target_that_is_not_there_or_does_not_want_it_is_passed_over() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(B2));
    divert(&mut d, B1, NoAnswer, to(B3));
    d.input(Input::LogOff { turret: B2 });
    d.dial(A1, "5001").unwrap();
    assert!(sounds(&d, THEIRS, B1), "it rings where it is");
    d.wait_ms(20_000);
    assert!(sounds(&d, THEIRS, B3));
    d.release(B3, THEIRS);
    assert!(sounds(&d, THEIRS, B1) && d.status(THEIRS).phase == Ringing);
}

#[test]
fn div_7_who_is_not_logged_on_is_reached_where_their_calls_go() {
    let mut d = Desk::new();
    divert(&mut d, B1, NoAnswer, to(B2));
    d.input(Input::LogOff { turret: B1 });
    d.dial(A1, "5001").unwrap();
    assert!(sounds(&d, THEIRS, B2));
    d.input(Input::LogOff { turret: B2 });
    d.release(A1, MINE);
    assert_eq!(d.dial(A1, "5001").unwrap_err().code, RefusalCode::NobodyThere);
}

#[test]
fn div_7_when_the_link_of_a_target_is_lost_it_rings_where_it_began() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(B2));
    d.dial(A1, "5001").unwrap();
    d.input(Input::LinkLost { turret: B2 });
    assert!(sounds(&d, THEIRS, B1));
}

#[test]
fn div_7_a_target_that_does_not_want_to_be_disturbed_any_more_is_passed_over() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(B2));
    d.dial(A1, "5001").unwrap();
    d.act(B2, Act::Dnd { on: true }).unwrap();
    assert!(sounds(&d, THEIRS, B1) && d.status(THEIRS).rings_at.is_none(), "it is back where it began");
}

#[test]
fn div_7_a_call_that_somebody_took_by_a_divert_is_recorded_as_strictly_as_their_own() {
    let mut floor = Desk::floor(&[]);
    floor.lines.get_mut(&l(THEIRS)).unwrap().record = RecordPolicy::Off;
    let mut d = Desk::of(floor);
    d.act(B1, Act::Divert { line: None, when: Always, to: to(A2) }).unwrap();
    d.input(Input::Recorder { failing: Some("The disk is full".into()) });
    d.act(A3, Act::Seize { line: l("dial"), position: Position::Left, private: false }).unwrap_err();
    d.input(Input::Recorder { failing: None });
    d.dial(A1, "5001").unwrap();
    d.input(Input::Recorder { failing: Some("The disk is full".into()) });
    let answer = Act::Answer { line: l(THEIRS), call: d.call(THEIRS), position: Position::Left, private: false };
    assert_eq!(d.refused(A2, answer), RefusalCode::NotRecorded);
}

#[test]
fn div_7_the_history_says_where_a_call_went_and_for_whom_it_came() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(A2));
    divert(&mut d, A2, Always, to(B2));
    d.dial(A1, "5001").unwrap();
    d.answer(B2, THEIRS);
    let at_the_original = history_of(&d, B1).unwrap();
    assert_eq!(at_the_original.result, HistoryResult::Diverted { to: "U5".into() });
    d.release(A1, MINE);
    let at_the_target = history_of(&d, B2).unwrap();
    assert_eq!((at_the_target.result, at_the_target.via.as_deref()), (HistoryResult::Answered, Some("for U4, via U2")));
}

#[test]
fn div_1_a_divert_is_kept_over_a_restart() {
    let mut d = Desk::new();
    divert(&mut d, B1, Always, to(B2));
    let kept = Kept::Divert(DivertOf::User(user(B1)), Always, DivertTo::User(user(B2)));
    assert!(d.out.contains(&Output::Kept { what: kept.clone(), on: true }));
    let mut again = Desk::restarted([kept.clone()].into());
    assert_eq!(again.status(THEIRS).diverts.len(), 1);
    again.input(Input::LogOn { turret: B1, user: user(B1) });
    divert(&mut again, B1, Always, None);
    assert!(again.out.contains(&Output::Kept { what: kept, on: false }));
}

#[test]
fn i40_a_call_visits_nobody_twice_though_all_divert_in_a_circle() {
    let mut d = Desk::new();
    divert(&mut d, B1, NoAnswer, to(A1));
    divert(&mut d, A1, NoAnswer, to(A2));
    divert(&mut d, A2, NoAnswer, to(B1));
    d.dial(A3, "5001").unwrap();
    let mut went = Vec::new();
    for _ in 0..6 {
        d.wait_ms(20_000);
        went.extend(d.out.iter().filter_map(|out| {
            let Output::Happened { what: Happening::Diverted { to }, .. } = out else { return None };
            Some(to.clone())
        }));
    }
    assert_eq!((went, d.status(THEIRS).phase), (vec!["U1".to_owned(), "U2".to_owned()], Idle));
}
