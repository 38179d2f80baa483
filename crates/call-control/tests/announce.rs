//! Announced transfer: who sends a call on talks first to whom it goes.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Sound, Value};
use dealerboard_model::{LineId, LinePhase, Position, TurretId};
use floor::*;

use LinePhase::{Held, Idle, Talking};

/// A1 announces the call of the ARD to A2, who hears it by intercom.
fn announced() -> Desk {
    let mut d = Desk::talking();
    announce(&mut d, A2);
    d
}

fn announce(d: &mut Desk, to: TurretId) {
    d.act(A1, Act::Announce { line: l("ard-a"), to: user(to) }).unwrap();
}

fn with(d: &Desk) -> LineId {
    d.status("ard-a").announced.unwrap().with
}

fn complete() -> Act {
    Act::Complete { line: l("ard-a") }
}

fn talk_back(d: &mut Desk) {
    let line = with(d);
    d.act(A2, Act::TalkBack { line, on: true, latched: true }).unwrap();
}

/// A1 holds an intercom with A2: what is left of a conference whose other line is over.
fn held_intercom() -> Desk {
    let mut d = Desk::talking();
    d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap();
    let intercom = d.exchange.lines_of(A1)[0].0.clone();
    let call = d.status_of(&intercom).unwrap().call.unwrap();
    d.act(A1, Act::Join { line: intercom, call, position: Position::Left }).unwrap();
    d.hold(A1, "ard-a");
    d.release(B1, "ard-b");
    d
}

#[test]
fn int_6_who_holds_what_was_an_intercom_goes_on_with_it_by_its_key() {
    let mut d = held_intercom();
    d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap();
    assert_eq!(d.heard_by(A1), vec![A2]);
    assert_eq!(d.exchange.lines_of(A1).len(), 1, "one call");
}

#[test]
fn trf_5_the_far_end_waits_while_its_sender_talks_to_whom_it_may_go_to() {
    let mut d = announced();
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    assert!(d.status("ard-a").is_held_exclusively());
    talk_back(&mut d);
    assert_eq!((d.heard_by(A1), d.heard_by(A2), d.heard_by(B1)), (vec![A2], vec![A1], vec![]));
}

#[test]
fn trf_5_complete_gives_the_call_to_whom_it_was_announced_with_their_microphone_as_it_was() {
    let mut d = announced();
    talk_back(&mut d);
    let intercom = with(&d);
    d.act(A1, complete()).unwrap();
    assert_eq!((d.heard_by(A2), d.heard_by(B1), d.heard_by(A1)), (vec![B1], vec![A2], vec![]));
    assert!(d.out.iter().any(|out| matches!(out, Output::LineRemoved { line, .. } if *line == intercom)));
    assert!(d.told(A2, "U1 gave you ARD-A: you are heard there"));
    assert!(d.status("ard-a").holders.is_empty());
}

#[test]
fn trf_5_who_has_not_talked_back_hears_the_far_end_and_is_heard_by_a_press() {
    let mut d = announced();
    d.act(A1, complete()).unwrap();
    assert_eq!((d.heard_by(A2), d.heard_by(B1)), (vec![], vec![A2]));
    assert!(d.told(A2, "press its key to be heard"));
    d.act(A2, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.heard_by(A2), vec![B1]);
}

#[test]
fn trf_5_cancel_ends_the_intercom_and_goes_back_to_the_call() {
    let mut d = announced();
    d.act(A1, Act::Cancel { line: l("ard-a") }).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert_eq!((d.heard_by(A1), d.heard_by(B1)), (vec![B1], vec![A1]));
    assert!(d.status("ard-a").announced.is_none());
    assert_eq!(d.refused(A1, complete()), RefusalCode::Stale);
}

#[test]
fn trf_5_its_sender_swaps_between_both_and_neither_hears_the_other() {
    let mut d = announced();
    talk_back(&mut d);
    d.act(A1, d.resume("ard-a")).unwrap();
    assert_eq!((d.heard_by(B1), d.heard_by(A2)), (vec![A1], vec![A1]));
    assert!(!d.heard_by(A1).contains(&A2), "the intercom has made room, its microphone is shut");
    assert!(d.status("ard-a").announced.is_some());
    d.act(A1, complete()).unwrap();
    assert_eq!((d.heard_by(A2), d.heard_by(B1), d.heard_by(A1)), (vec![B1], vec![A2], vec![]));
}

#[test]
fn trf_5_nobody_announces_to_who_is_not_there_and_the_call_stays_where_it_was() {
    let mut d = Desk::talking();
    let to = |turret| Act::Announce { line: l("ard-a"), to: user(turret) };
    assert_eq!(d.refused(A1, to(A1)), RefusalCode::UnknownNumber);
    d.input(Input::LogOff { turret: A2 });
    assert_eq!(d.refused(A1, to(A2)), RefusalCode::NobodyThere);
    assert_eq!((d.phases("ard-a", "ard-b"), d.heard_by(A1)), ((Talking, Talking), vec![B1]));
}

#[test]
fn trf_5_joining_the_call_with_the_intercom_ends_the_announcement() {
    let mut d = announced();
    let call = d.call("ard-a");
    d.act(A1, Act::Join { line: l("ard-a"), call, position: Position::Left }).unwrap();
    assert_eq!((d.status("ard-a").announced, d.refused(A1, complete())), (None, RefusalCode::Stale));
    assert_eq!(d.status("ard-a").parties.len(), 2, "whom it was announced to is on it, once");
}

#[test]
fn trf_5_who_talks_with_them_at_the_other_seat_announces_from_there_and_the_call_stays_where_it_was() {
    let mut d = Desk::talking();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    d.act(A1_TOO, Act::Intercom { user: user(A2), position: Position::Left }).unwrap();
    assert_eq!(d.refused(A1, Act::Announce { line: l("ard-a"), to: user(A2) }), RefusalCode::Stale);
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn trf_5_who_holds_an_intercom_with_them_resumes_it_first_and_the_call_stays_where_it_was() {
    let mut d = held_intercom().talk_on_the_ard();
    assert_eq!(d.refused(A1, Act::Announce { line: l("ard-a"), to: user(A2) }), RefusalCode::Stale);
    assert_eq!((d.phases("ard-a", "ard-b"), d.heard_by(A1)), ((Talking, Talking), vec![B1]));
}

#[test]
fn trf_5_joining_another_call_with_the_intercom_ends_the_announcement() {
    let mut d = announced();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    d.hold(A1, "mrd-a");
    let call = d.call("mrd-a");
    d.act(A1, Act::Join { line: l("mrd-a"), call, position: Position::Left }).unwrap();
    assert_eq!((d.status("ard-a").announced, d.refused(A1, complete())), (None, RefusalCode::Stale));
}

#[test]
fn trf_6_complete_before_the_answer_sends_it_on_as_if_it_had_not_been_announced() {
    let mut d = Desk::talking();
    d.act(A2, Act::Seize { line: l("mrd-a"), position: Position::Left, private: false }).unwrap();
    announce(&mut d, A2);
    d.act(A1, complete()).unwrap();
    assert_eq!(d.status("ard-a").sent_to.as_deref(), Some("U2"));
    d.answer(A2, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

/// A2 is in a call and is rung by A1, who is back on the line at the other handset, where A3 has joined.
fn with_a_colleague(policies: &[(&str, Value)]) -> Desk {
    let mut d = Desk::with_policies(policies).talk_on_the_ard();
    d.seize(A2, "mrd-a");
    announce(&mut d, A2);
    let Act::Resume { line, call, .. } = d.resume("ard-a") else { unreachable!() };
    d.act(A1, Act::Resume { line, call, position: Position::Right, private: false }).unwrap();
    d.bridge(A3, "ard-a");
    d
}

#[test]
fn trf_6_complete_before_the_answer_is_refused_while_a_colleague_is_on_the_call() {
    let mut d = with_a_colleague(&[]);
    let refusal = d.act(A1, complete()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NoRight);
    assert_eq!(refusal.sentence, "Others are on ARD-A too; wait until U2 answers, or leave it to them.");
    assert_eq!((d.status("ard-a").sent_to, d.heard_by(A3)), (None, vec![A1, B1]));
    assert!(d.status("ard-a").announced.is_some(), "nothing has changed");
    let (line, call) = (with(&d), d.status_of(&with(&d)).unwrap().call.unwrap());
    d.act(A2, Act::Answer { line, call, position: Position::Right, private: false }).unwrap();
    d.act(A1, complete()).unwrap();
    assert_eq!(d.talkers("ard-a"), [A3, A2]);
}

#[test]
fn trf_6_hanging_up_before_the_answer_leaves_the_call_to_a_colleague_who_is_on_it() {
    let mut d = with_a_colleague(&[("transfer.on_release", Value::Word("complete"))]);
    d.release(A1, with(&d).as_str());
    assert_eq!((d.status("ard-a").sent_to, d.status("ard-a").announced), (None, None));
    assert_eq!(d.heard_by(A3), vec![A1, B1]);
}

#[test]
fn trf_6_complete_before_the_answer_is_refused_at_the_turret_that_does_not_have_the_call() {
    let mut d = Desk::talking();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    d.seize(A2, "mrd-a");
    announce(&mut d, A2);
    assert_eq!(d.refused(A1_TOO, complete()), RefusalCode::Stale);
    assert!(d.status("ard-a").announced.is_some(), "nothing has changed");
    d.act(A1, complete()).unwrap();
}

#[test]
fn trf_6_hanging_up_keeps_the_call_for_its_sender_who_is_reminded_at_once() {
    let mut d = announced();
    d.release(A1, with(&d).as_str());
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    assert!(d.told(A1, "U2 did not take ARD-A: it waits on hold for you"));
    assert_eq!(d.sound(A1), Some(Sound::Reminder));
    assert!(d.status("ard-a").announced.is_none());
}

#[test]
fn trf_6_hanging_up_completes_where_the_floor_wants_it_so() {
    let mut d = Desk::with_policies(&[("transfer.on_release", Value::Word("complete"))]);
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    announce(&mut d, A2);
    talk_back(&mut d);
    d.release(A1, with(&d).as_str());
    assert_eq!((d.heard_by(A2), d.heard_by(B1)), (vec![B1], vec![A2]));
}

#[test]
fn trf_7_when_the_other_one_has_gone_its_sender_keeps_the_call_on_hold() {
    let mut d = announced();
    d.release(A2, with(&d).as_str());
    assert!(d.told(A1, "it waits on hold for you"));
    assert_eq!(d.refused(A1, complete()), RefusalCode::Stale);
    d.act(A1, d.resume("ard-a")).unwrap();
    assert_eq!(d.heard_by(B1), vec![A1]);
}

#[test]
fn trf_7_when_the_far_end_has_gone_the_intercom_is_a_plain_one_and_its_sender_is_told() {
    let mut d = announced();
    let intercom = with(&d);
    d.release(B1, "ard-b");
    assert!(d.told(A1, "The far end of ARD-A released"));
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert_eq!((d.status(intercom.as_str()).phase, d.heard_by(A1)), (Talking, vec![A2]));
    d.release(A1, intercom.as_str());
    assert!(!d.told(A1, "waits on hold"));
}

#[test]
fn trf_8_who_was_announced_a_call_without_an_appearance_of_it_gets_its_key() {
    let mut d = Desk::talking();
    announce(&mut d, B3);
    d.act(A1, complete()).unwrap();
    assert!(
        d.out.iter().any(|out| matches!(out, Output::LineAdded { line, to, .. } if *line == l("ard-a") && *to == [B3]))
    );
    d.act(B3, Act::OpenMic { line: l("ard-a") }).unwrap();
    assert_eq!(d.heard_by(B3), vec![B1]);
}

#[test]
fn los_10_a_sender_who_is_lost_leaves_the_call_on_hold_for_everybody() {
    let mut d = announced();
    d.input(Input::LinkLost { turret: A1 });
    let status = d.status("ard-a");
    assert!(status.phase == Held && !status.is_held_exclusively());
    d.act(A3, d.resume("ard-a")).unwrap();
    assert_eq!(d.heard_by(B1), vec![A3]);
}

#[test]
fn los_10_a_sender_who_is_back_in_time_resumes_it() {
    let mut d = announced();
    d.input(Input::LinkLost { turret: A1 });
    d.input(Input::LinkBack { turret: A1 });
    d.act(A1, d.resume("ard-a")).unwrap();
    assert_eq!(d.heard_by(B1), vec![A1]);
}

#[test]
fn trf_5_whom_a_call_goes_to_is_on_it_once_though_they_have_joined_it_by_its_key() {
    let mut d = announced();
    talk_back(&mut d);
    d.act(A1, d.resume("ard-a")).unwrap();
    d.act(A2, d.bridging("ard-a")).unwrap();
    d.act(A1, complete()).unwrap();
    let on: Vec<TurretId> = d.status("ard-a").parties.iter().map(|party| party.turret).collect();
    assert_eq!(on, [A2]);
    d.release(A2, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn trf_5_who_has_taken_the_call_at_their_other_turret_ends_the_intercom_by_cancel() {
    let mut d = Desk::talking();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    announce(&mut d, A2);
    let intercom = with(&d);
    d.act(A1_TOO, d.resume("ard-a")).unwrap();
    d.act(A1, Act::Cancel { line: l("ard-a") }).unwrap();
    assert!(d.status_of(&intercom).is_none());
    assert_eq!(d.status("ard-a").parties[0].turret, A1_TOO);
}
