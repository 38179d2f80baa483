//! A turret that its user has left.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Value};
use dealerboard_model::*;
use floor::*;

const POSITION: Position = Position::Left;

/// A1 and B1 talk on the ARD, and A1 has locked their turret.
fn locked() -> Desk {
    let mut d = Desk::talking();
    d.act(A1, Act::Lock).unwrap();
    d
}

fn locked_told(d: &Desk, turret: TurretId, on: bool) -> bool {
    d.out.contains(&Output::Locked { turret, on })
}

#[test]
fn log_4_a_locked_turret_refuses_what_does_more_than_letting_go_and_nothing_changes() {
    let mut d = locked();
    assert!(locked_told(&d, A1, true) && d.exchange.is_locked(A1));
    let (line, call) = (l("ard-a"), d.call("ard-a"));
    let refused = [
        Act::Seize { line: l("mrd-a"), position: POSITION, private: false },
        Act::Talk { line: l("hoot"), on: true, latched: false },
        Act::Broadcast { lines: vec![l("hoot")], on: true, latched: false },
        Act::Intercom { user: user(A2), position: POSITION },
        Act::Move { line: line.clone(), call, position: Position::Right },
        Act::Transfer { line: line.clone(), to: TransferTo::User(user(A2)) },
        Act::Private { line, on: true },
        Act::Call { line: None, number: "4002".into(), position: POSITION, private: false },
        Act::Dnd { on: true },
    ];
    let before = d.status("ard-a");
    for act in refused {
        assert_eq!(d.refused(A1, act), RefusalCode::Locked);
    }
    assert_eq!(d.status("ard-a"), before);
}

#[test]
fn log_4_calls_of_a_locked_turret_go_on_and_are_held_and_released_there() {
    let mut d = locked();
    assert_eq!(d.heard_by(A1), [B1]);
    d.hold(A1, "ard-a");
    assert_eq!(d.status("ard-a").phase, LinePhase::Held);
    let resume = d.resume("ard-a");
    assert_eq!(d.refused(A1, resume.clone()), RefusalCode::Locked);
    d.input(Input::Unlock { turret: A1 });
    assert!(locked_told(&d, A1, false));
    d.act(A1, resume).unwrap();
    d.act(A1, Act::Lock).unwrap();
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Idle, LinePhase::Idle));
}

#[test]
fn log_4_a_lock_ends_the_talks_of_its_turret_and_the_calls_that_they_kept_from_hearing_stay_shut() {
    let mut d = Desk::talking();
    d.latch(A1);
    assert_eq!(d.talkers("hoot"), [A1]);
    d.act(A1, Act::Lock).unwrap();
    assert!(d.talkers("hoot").is_empty() && d.exchange.mics(A1).is_empty());
    assert_eq!(d.refused(A1, Act::OpenMic { line: l("ard-a") }), RefusalCode::Locked);
    d.input(Input::Unlock { turret: A1 });
    d.act(A1, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.heard_by(A1), [B1]);
}

#[test]
fn log_4_a_lock_comes_twice_and_ends_twice_without_a_word() {
    let mut d = locked();
    d.act(A1, Act::Lock).unwrap();
    assert!(!locked_told(&d, A1, true));
    d.input(Input::Unlock { turret: A2 });
    assert!(!locked_told(&d, A2, false));
}

#[test]
fn log_4_an_intercom_waits_at_a_locked_turret_and_a_group_does_not_reach_it() {
    let mut d = Desk::with_policies(&[("intercom.answer", Value::Word("open"))]);
    d.act(B1, Act::Lock).unwrap();
    let called = d.act(A1, Act::Intercom { user: user(B1), position: POSITION }).unwrap();
    assert!(d.told(A1, "has locked their turret"));
    let line = called.line.unwrap();
    assert_eq!(d.status(line.as_str()).parties.len(), 1);
    let accept = Act::TalkBack { line: line.clone(), on: true, latched: true };
    assert_eq!(d.refused(B1, accept.clone()), RefusalCode::Locked);
    let picked = Act::IntercomPicked { users: vec![user(B1), user(B2)], position: POSITION };
    d.act(A2, picked).unwrap();
    assert!(d.told(A2, "U4 has locked their turret"));
    d.input(Input::Unlock { turret: B1 });
    d.act(B1, accept).unwrap();
    assert_eq!(d.status(line.as_str()).parties.len(), 2);
}

#[test]
fn log_4_an_intercom_reaches_the_turret_of_its_user_that_is_not_locked() {
    let mut d = Desk::new();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    d.act(A1_TOO, Act::Dnd { on: false }).unwrap();
    d.act(A1_TOO, Act::Lock).unwrap();
    let called = d.act(B1, Act::Intercom { user: user(A1), position: POSITION }).unwrap();
    let status = d.status(called.line.unwrap().as_str());
    assert_eq!(status.parties.iter().map(|party| party.turret).collect::<Vec<_>>(), [B1, A1]);
}

#[test]
fn log_4_a_lock_stays_over_a_lost_link_and_microphones_stay_shut_after_it() {
    let mut d = locked();
    d.input(Input::LinkLost { turret: A1 });
    d.input(Input::LinkBack { turret: A1 });
    assert!(d.exchange.is_locked(A1) && d.exchange.mics(A1).is_empty());
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Talking, LinePhase::Talking));
}

#[test]
fn log_4_a_supervisor_who_locks_before_they_have_entered_is_not_heard() {
    let mut d = Desk::talking();
    let enter = d.overriding("ard-a");
    d.act(A3, enter).unwrap();
    d.act(A3, Act::Lock).unwrap();
    d.wait_ms(5_000);
    assert!(d.exchange.mics(A3).is_empty() && d.heard_by(A3).is_empty());
}

#[test]
fn log_4_a_call_that_was_asked_for_at_a_turret_that_is_locked_meanwhile_stays_where_it_is() {
    let mut d = Desk::talking();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    let call = d.call("ard-a");
    d.act(A1_TOO, Act::TakeOver { line: l("ard-a"), call, position: POSITION }).unwrap();
    d.act(A1_TOO, Act::Lock).unwrap();
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Left });
    assert_eq!(d.status("ard-a").parties[0].turret, A1);
}

#[test]
fn log_4_an_emergency_number_is_called_at_a_locked_turret_and_answered_when_it_calls_back() {
    let mut floor = Desk::floor(&[]);
    for call in ["ext-5001.1", "ext-5001.2"] {
        floor.lines.get_mut(&l(call)).unwrap().number.as_mut().unwrap().emergency = true;
    }
    let mut d = Desk::of(floor);
    d.act(A1, Act::Lock).unwrap();
    d.dial(A1, "5001#").unwrap();
    d.answer(B1, "ext-5001.1");
    assert_eq!(d.phases("ext-4001.1", "ext-5001.1"), (LinePhase::Talking, LinePhase::Talking));
    d.hold(A1, "ext-4001.1");
    let resume = d.resume("ext-4001.1");
    d.act(A1, resume).unwrap();
    d.release(A1, "ext-4001.1");
    d.dial(B1, "4001").unwrap();
    d.answer(A1, "ext-4001.1");
    assert_eq!(d.heard_by(A1), [B1]);
}

#[test]
fn log_4_the_recording_of_a_call_says_when_a_turret_on_it_was_locked_and_unlocked() {
    let mut d = locked();
    let marked = |d: &Desk, words: &str| {
        d.out.iter().any(|out| matches!(out, Output::Happened { what, .. } if format!("{what:?}") == words))
    };
    assert!(marked(&d, "Locked"));
    d.input(Input::Unlock { turret: A1 });
    assert!(marked(&d, "Unlocked"));
}
