//! One user at two turrets: who may log on where, and how a call goes from one to the other.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, SecondLogOn, Value};
use dealerboard_model::*;
use floor::*;

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

/// A1 and B1 talk, and A1's user is at a second turret, too.
fn talking_with_two() -> Desk {
    let mut d = Desk::talking();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    d
}

fn taking(d: &Desk) -> Act {
    Act::TakeOver { line: l("ard-a"), call: d.call("ard-a"), position: Position::Right }
}

fn on_it(d: &Desk) -> Vec<(TurretId, Position)> {
    d.status("ard-a").parties.iter().map(|party| (party.turret, party.position)).collect()
}

#[test]
fn log_2_the_call_comes_with_the_first_word_from_here_and_its_track_goes_on() {
    let mut d = talking_with_two();
    d.private(A1, "ard-a", true);
    let act = taking(&d);
    d.act(A1_TOO, act).unwrap();
    let waits = Output::Await { turret: A1_TOO, uplink: Uplink::Right, heard_ms: Some(20) };
    assert!(d.out.contains(&waits));
    assert_eq!((on_it(&d), d.exchange.mics(A1_TOO)), (vec![(A1, Position::Left)], vec![]));
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    assert_eq!((on_it(&d), d.exchange.mics(A1)), (vec![(A1_TOO, Position::Right)], vec![]));
    let goes_on = |out: &Output| {
        let Output::Route { turret: A1_TOO, open: true, tracks, follows, .. } = out else { return false };
        (tracks.as_slice(), *follows) == (&[TrackId(1)], Some((A1, Uplink::Left)))
    };
    assert!(d.out.iter().any(goes_on), "{:?}", d.out);
    assert!(d.status("ard-a").private_by().is_some() && d.told(A1, "to your other turret"));
    let status = d.status("ard-a");
    assert_eq!((lamp(&status, A1), lamp(&status, A1_TOO)), (Lamp::InUseElsewhere, Lamp::InUseHere));
}

#[test]
fn log_2_what_is_not_heard_from_here_in_time_stays_there_and_both_are_told() {
    let mut d = talking_with_two();
    let act = taking(&d);
    d.act(A1_TOO, act).unwrap();
    d.wait_ms(1_999);
    assert!(!d.told(A1, "stays here"));
    d.wait_ms(1);
    assert!(d.told(A1, "stays here") && d.told(A1_TOO, "stays at your other turret"));
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    assert_eq!((on_it(&d), d.exchange.mics(A1).len()), (vec![(A1, Position::Left)], 1));
}

#[test]
fn log_2_nobody_takes_over_what_is_not_theirs_or_is_over() {
    let mut d = talking_with_two();
    let act = taking(&d);
    assert_eq!(d.refused(A2, act.clone()), RefusalCode::Stale);
    assert_eq!(d.refused(A1, act.clone()), RefusalCode::Stale);
    d.act(A1_TOO, act.clone()).unwrap();
    d.release(A1, "ard-a");
    assert_eq!(d.refused(A1_TOO, act), RefusalCode::Stale);
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    assert_eq!(on_it(&d), []);
}

#[test]
fn log_2_what_is_at_the_position_here_is_held_when_the_call_comes_and_not_before() {
    let mut d = talking_with_two();
    d.act(A1_TOO, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    let act = taking(&d);
    d.act(A1_TOO, act).unwrap();
    assert_eq!(d.status("mrd-a").phase, LinePhase::Talking);
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    assert_eq!((d.status("mrd-a").phase, on_it(&d)), (LinePhase::Held, vec![(A1_TOO, Position::Right)]));
}

#[test]
fn i15_who_joins_a_call_while_they_take_it_over_is_on_it_once_at_each_turret() {
    let mut d = talking_with_two();
    d.act(A1_TOO, Act::TakeOver { line: l("ard-a"), call: d.call("ard-a"), position: Position::HandsFree }).unwrap();
    let act = d.bridging("ard-a");
    d.act(A1_TOO, act).unwrap();
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Mic });
    let on: Vec<TurretId> = d.status("ard-a").parties.iter().map(|party| party.turret).collect();
    assert_eq!(on, [A1, A1_TOO]);
}

#[test]
fn i15_a_call_that_is_joined_with_one_of_the_turret_that_takes_it_over_is_there_once() {
    let mut d = talking_with_two();
    d.act(A1_TOO, Act::Seize { line: l("mrd-a"), position: Position::HandsFree, private: false }).unwrap();
    let call = d.call("mrd-a");
    d.act(A3, Act::Bridge { line: l("mrd-a"), call, position: Position::Right }).unwrap();
    d.bridge(A3, "ard-a");
    d.act(A1_TOO, Act::TakeOver { line: l("ard-a"), call: d.call("ard-a"), position: Position::Right }).unwrap();
    d.act(A3, Act::Join { line: l("mrd-a"), call, position: Position::Left }).unwrap();
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    let parties = d.status("ard-a").parties;
    assert_eq!(parties.iter().filter(|party| party.turret == A1_TOO).count(), 1, "{parties:?}");
}

#[test]
fn i15_who_takes_over_a_call_at_a_turret_where_they_hold_it_holds_it_there_no_more() {
    let mut d = talking_with_two();
    d.act(A1_TOO, d.bridging("ard-a")).unwrap();
    d.hold(A1_TOO, "ard-a");
    d.act(A1_TOO, Act::TakeOver { line: l("ard-a"), call: d.call("ard-a"), position: Position::Right }).unwrap();
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    let status = d.status("ard-a");
    assert_eq!((status.parties.len(), status.parties[0].turret, status.holders), (1, A1_TOO, vec![]));
}

#[test]
fn cnf_3_who_joins_a_conference_that_they_have_asked_for_and_holds_it_here_has_asked_for_none_of_it() {
    let mut d = talking_with_two();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    d.act(A1, Act::Join { line: l("ard-a"), call: d.call("ard-a"), position: Position::Right }).unwrap();
    d.act(A1_TOO, Act::TakeOver { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::HandsFree }).unwrap();
    d.act(A1_TOO, Act::Bridge { line: l("ard-a"), call: d.call("ard-a"), position: Position::Left }).unwrap();
    d.hold(A1_TOO, "ard-a");
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Mic });
    let at = |line| d.status(line).parties.iter().map(|party| party.turret).collect::<Vec<_>>();
    assert_eq!((at("ard-a"), at("mrd-a")), (vec![A1], vec![A1]));
}

#[test]
fn log_2_of_two_calls_that_are_asked_for_at_one_position_the_last_one_comes() {
    let mut d = talking_with_two();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    for line in ["ard-a", "mrd-a"] {
        d.act(A1_TOO, Act::TakeOver { line: l(line), call: d.call(line), position: Position::HandsFree }).unwrap();
    }
    assert!(d.told(A1_TOO, "ARD-A stays at your other turret: another call took its place here."));
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Mic });
    let at = |line| d.status(line).parties.iter().map(|party| party.turret).collect::<Vec<_>>();
    assert_eq!((at("ard-a"), at("mrd-a")), (vec![A1], vec![A1_TOO]));
}

#[test]
fn log_2_a_call_that_is_asked_for_stays_where_it_is_when_another_one_is_taken_in_its_place() {
    let mut d = talking_with_two();
    let act = taking(&d);
    d.act(A1_TOO, act).unwrap();
    d.act(A1_TOO, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    assert!(d.told(A1_TOO, "ARD-A stays at your other turret: another call took its place here."));
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    assert_eq!((d.status("mrd-a").phase, on_it(&d)), (LinePhase::Talking, vec![(A1, Position::Left)]));
}

#[test]
fn i46_a_track_stays_with_its_microphone_while_the_calls_other_end_leaves_that_microphone() {
    let mut d = both("allow");
    let own =
        d.act(A1, Act::Call { line: None, number: "40#".into(), position: Position::Left, private: false }).unwrap();
    let (own, call) = (own.line.unwrap(), own.call.unwrap());
    d.act(A3, Act::Answer { line: l("dial"), call, position: Position::Right, private: false }).unwrap();
    d.hold(A3, "dial");
    // Its user is at both ends of it.
    d.act(A1_TOO, Act::Resume { line: l("dial"), call, position: Position::Right, private: false }).unwrap();
    d.act(A1_TOO, Act::Move { line: l("dial"), call, position: Position::Left }).unwrap();
    d.act(A1_TOO, Act::TakeOver { line: own.clone(), call, position: Position::Right }).unwrap();
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    assert_eq!(d.status(&own.0).parties[0].turret, A1_TOO);
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Left });
    assert!(!d.out.iter().any(|out| matches!(out, Output::TrackClosed { .. })), "{:?}", d.out);
}

#[test]
fn pos_4_a_talk_that_goes_to_the_other_turret_with_its_call_leaves_the_handset_shut_until_a_press() {
    let mut d = Desk::new();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    d.act(A1, Act::Broadcast { lines: vec![l("mrd-a")], on: true, latched: true }).unwrap();
    let position = Position::HandsFree;
    let intercom = d.act(A1, Act::Intercom { user: user(A2), position }).unwrap().line.unwrap();
    assert!(!d.talkers(intercom.as_str()).contains(&A1), "the talk key alone is heard");
    let call = d.call("mrd-a");
    d.act(A1_TOO, Act::TakeOver { line: l("mrd-a"), call, position: Position::Right }).unwrap();
    d.input(Input::Heard { turret: A1_TOO, uplink: Uplink::Right });
    assert_eq!(d.talkers("mrd-a"), [A1_TOO]);
    assert!(!d.talkers(intercom.as_str()).contains(&A1));
    d.act(A1, Act::OpenMic { line: intercom.clone() }).unwrap();
    assert!(d.talkers(intercom.as_str()).contains(&A1));
}

#[test]
fn sup_2_a_supervisor_who_takes_over_before_they_have_entered_enters_at_the_other_turret() {
    let mut d = Desk::talking();
    let too = TurretId(8);
    d.input(Input::LogOn { turret: too, user: user(A3) });
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    d.act(too, Act::TakeOver { line: l("ard-a"), call: d.call("ard-a"), position: Position::Left }).unwrap();
    d.input(Input::Heard { turret: too, uplink: Uplink::Left });
    assert_eq!(d.heard_by(too), vec![]);
    d.wait_ms(5_000);
    assert_eq!(d.heard_by(too), vec![A1, B1]);
}
