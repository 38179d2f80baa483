//! Voicemail: messages for whoever was not reached.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Happening, Input, Kept, Output, RefusalCode, Said, Sound, Value};
use dealerboard_model::{
    DivertTo, DivertWhen, HistoryEntry, HistoryResult, LinePhase, Position, TransferTo, TurretId, Uplink,
    VOICEMAIL_GREETING_MS, VoicemailStatus,
};
use floor::*;
use std::collections::BTreeSet;

use LinePhase::{Calling, Idle, Ringing, Talking};

const MINE: &str = "ext-4001.1";
const THEIRS: &str = "ext-5001.1";
const NO_ANSWER_MS: u64 = 20_000;

fn desk_with(all: &[(&str, Value)]) -> Desk {
    Desk::with_policies(&[&[("voicemail", Value::Word("on"))], all].concat())
}

/// A1 has called B1, who has not answered: the greeting is heard.
fn greeted_with(all: &[(&str, Value)]) -> Desk {
    let mut d = desk_with(all);
    d.dial(A1, "5001").unwrap();
    d.wait_ms(NO_ANSWER_MS);
    d
}

/// The tone has just been heard.
fn after_the_tone_with(all: &[(&str, Value)]) -> Desk {
    let mut d = greeted_with(all);
    d.wait_ms(VOICEMAIL_GREETING_MS);
    d
}

fn after_the_tone() -> Desk {
    after_the_tone_with(&[])
}

fn voicemail(d: &Desk, line: &str) -> Option<VoicemailStatus> {
    d.status(line).voicemail.map(|it| *it)
}

/// The message that the last input has brought to a turret's user.
fn message(d: &Desk, turret: TurretId) -> Option<(HistoryEntry, Said)> {
    d.out.iter().find_map(|out| {
        let Output::Message { user: whose, entry, said } = out else { return None };
        (*whose == user(turret)).then(|| ((**entry).clone(), said.clone()))
    })
}

fn results(d: &Desk, turret: TurretId) -> Vec<HistoryResult> {
    let of = |out: &Output| {
        let Output::History { user: whose, entry } = out else { return None };
        (*whose == user(turret)).then(|| entry.result.clone())
    };
    d.out.iter().filter_map(of).collect()
}

fn happened(d: &Desk, what: &Happening) -> bool {
    d.out.iter().any(|out| matches!(out, Output::Happened { what: found, .. } if found == what))
}

fn divert(d: &mut Desk, of: TurretId, when: DivertWhen, to: DivertTo) {
    d.act(of, Act::Divert { line: None, when, to: Some(to) }).unwrap();
}

#[test]
fn vm_1_who_is_not_answered_hears_the_greeting_then_the_tone_and_leaves_a_message() {
    let mut d = greeted_with(&[]);
    assert_eq!(voicemail(&d, MINE), Some(VoicemailStatus { name: "U4".into(), since: None }));
    assert!(d.told(A1, "U4 did not answer; leave a message for U4 after the tone."));
    assert!(happened(&d, &Happening::Voicemail { of: "U4".into() }));
    d.wait_ms(VOICEMAIL_GREETING_MS - 1);
    assert_eq!(voicemail(&d, MINE).unwrap().since, None);
    d.wait_ms(1);
    let began = d.now;
    assert_eq!((voicemail(&d, MINE).unwrap().since, d.sound(A1)), (Some(began), Some(Sound::Message)));
    d.wait_ms(23_000);
    d.release(A1, MINE);
    let (entry, said) = message(&d, B1).unwrap();
    assert_eq!((said.line, said.talker, said.from, said.to), (l(MINE), user(A1), began, Some(d.now)));
    let of_the_call = (entry.line, entry.far, entry.result, entry.start_utc_ms);
    assert_eq!(of_the_call, (l(THEIRS), Some("U1 4001".into()), HistoryResult::Voicemail, 1_000));
    assert_eq!((results(&d, A1), results(&d, B1)), (vec![HistoryResult::Voicemail], vec![]));
    assert!(d.told(B1, "U1 left a message of 23 s") && d.recording_closed());
    assert_eq!(d.phases(MINE, THEIRS), (Idle, Idle));
}

#[test]
fn vm_1_what_is_said_at_a_voicemail_is_recorded_and_heard_by_nobody() {
    let mut d = desk_with(&[]);
    d.dial(A1, "5001").unwrap();
    let seized = d.route(A1);
    assert_eq!(seized, Some((true, vec![], 1)));
    d.wait_ms(NO_ANSWER_MS + VOICEMAIL_GREETING_MS);
    assert_eq!((d.route(A1), d.heard_by(A1)), (None, vec![]), "the track goes on");
}

#[test]
fn vm_1_a_message_on_a_line_that_is_not_recorded_is() {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("voicemail", Value::Word("on")));
    floor.lines.get_mut(&l(MINE)).unwrap().record = dealerboard_model::RecordPolicy::Off;
    floor.lines.get_mut(&l(THEIRS)).unwrap().record = dealerboard_model::RecordPolicy::Off;
    let mut d = Desk::of(floor);
    d.dial(A1, "5001").unwrap();
    assert_eq!(d.route(A1), Some((true, vec![], 0)));
    d.wait_ms(NO_ANSWER_MS);
    assert_eq!(d.route(A1), Some((true, vec![], 1)));
    d.wait_ms(VOICEMAIL_GREETING_MS + 5_000);
    d.release(A1, MINE);
    assert!(message(&d, B1).is_some());
}

#[test]
fn vm_1_the_hash_key_passes_the_greeting_over() {
    let mut d = greeted_with(&[]);
    d.digits(A1, MINE, "#");
    assert_eq!((voicemail(&d, MINE).unwrap().since, d.sound(A1)), (Some(d.now), Some(Sound::Message)));
    let again = Act::Dial { line: l(MINE), digits: "1".into() };
    assert_eq!(d.refused(A1, again), RefusalCode::Stale);
    let began = d.now;
    d.wait_ms(VOICEMAIL_GREETING_MS);
    assert_eq!((voicemail(&d, MINE).unwrap().since, d.sound(A1)), (Some(began), None), "one tone");
}

#[test]
fn vm_1_a_message_is_at_most_as_long_as_one_may_be() {
    let mut d = after_the_tone_with(&[("voicemail.max", Value::Ms(30_000))]);
    d.wait_ms(29_999);
    assert_eq!(d.status(MINE).phase, Calling);
    d.wait_ms(1);
    assert_eq!((d.status(MINE).phase, message(&d, B1).is_some()), (Idle, true));
    assert!(d.told(A1, "A message for U4 can be no longer"));
}

#[test]
fn vm_1_what_is_too_short_is_a_call_that_was_missed() {
    let mut d = after_the_tone();
    d.wait_ms(1_999);
    d.release(A1, MINE);
    assert_eq!(message(&d, B1), None);
    assert_eq!(results(&d, B1), [HistoryResult::Missed { dnd: false }]);
    assert_eq!(results(&d, A1), [HistoryResult::NoAnswer]);
    let mut d = greeted_with(&[]);
    d.release(A1, MINE);
    assert_eq!((message(&d, B1), results(&d, B1).len()), (None, 1));
}

#[test]
fn vm_1_nobody_joins_holds_or_sends_on_a_call_at_a_voicemail() {
    let mut d = after_the_tone();
    let call = d.call(MINE);
    let position = Position::Left;
    for act in [
        Act::Hold { line: l(MINE), exclusive: false },
        Act::Transfer { line: l(MINE), to: TransferTo::User(user(A2)) },
        Act::Announce { line: l(MINE), to: user(A2) },
        Act::Bridge { line: l(MINE), call, position },
        Act::Join { line: l(MINE), call, position: Position::Right },
    ] {
        d.act(A1, act.clone()).unwrap_err();
        assert!(voicemail(&d, MINE).is_some(), "{act:?}");
    }
}

#[test]
fn vm_1_its_owner_may_pick_up_meanwhile_and_what_was_said_stays_a_message() {
    let mut d = after_the_tone();
    assert_eq!(d.phases(MINE, THEIRS), (Calling, Ringing));
    let ring = d.status(THEIRS).ring.unwrap();
    assert!(ring.is_at(B1) && !ring.is_heard_at(B1), "seen, and rung no more");
    assert!(voicemail(&d, THEIRS).is_some());
    d.wait_ms(5_000);
    d.answer(B1, THEIRS);
    let picked_up = d.now;
    assert_eq!(message(&d, B1).unwrap().1.to, Some(picked_up));
    assert_eq!((d.phases(MINE, THEIRS), d.heard_by(A1)), ((Talking, Talking), vec![B1]));
    assert_eq!((voicemail(&d, MINE), voicemail(&d, THEIRS)), (None, None));
    d.wait_ms(60_000);
    d.release(B1, THEIRS);
    assert_eq!(message(&d, B1), None, "once");
    assert_eq!((results(&d, A1), results(&d, B1)), (vec![HistoryResult::Answered], vec![HistoryResult::Answered]));
}

#[test]
fn vm_1_a_call_that_is_picked_up_during_the_greeting_leaves_no_message() {
    let mut d = greeted_with(&[]);
    d.answer(B1, THEIRS);
    assert_eq!((message(&d, B1), d.status(MINE).phase), (None, Talking));
    d.wait_ms(60_000);
    assert_eq!((d.status(MINE).phase, d.sound(A1)), (Talking, None), "no tone comes into the call");
}

#[test]
fn vm_1_a_call_that_is_not_wanted_goes_to_the_voicemail() {
    let mut d = desk_with(&[]);
    d.dial(A1, "5001").unwrap();
    d.release(B1, THEIRS);
    assert_eq!(results(&d, B1), [HistoryResult::Refused]);
    assert!(d.told(A1, "U4 does not take your call now; leave a message"));
    d.wait_ms(VOICEMAIL_GREETING_MS + 5_000);
    let release = Act::Release { line: l(THEIRS) };
    assert_eq!(d.refused(B1, release), RefusalCode::Stale, "nobody cuts a message off");
    d.release(A1, MINE);
    assert!(message(&d, B1).is_some() && results(&d, B1).is_empty());
}

#[test]
fn vm_1_when_all_calls_are_taken_or_nobody_is_there_it_answers_at_once() {
    let mut d = desk_with(&[]);
    d.dial(A2, "5001").unwrap();
    d.answer(B1, THEIRS);
    d.dial(A3, "5001").unwrap();
    d.dial(A1, "5001").unwrap();
    assert!(d.told(A1, "U4 is busy; leave a message for U4"));
    d.wait_ms(VOICEMAIL_GREETING_MS + 5_000);
    d.release(A1, MINE);
    assert_eq!(message(&d, B1).unwrap().0.line, l(THEIRS));

    let mut d = desk_with(&[]);
    d.input(Input::LogOff { turret: B1 });
    d.dial(A1, "5001").unwrap();
    assert!(d.told(A1, "Nobody is logged on at U4; leave a message for U4"));
    d.wait_ms(VOICEMAIL_GREETING_MS + 5_000);
    d.release(A1, MINE);
    assert!(message(&d, B1).is_some(), "it waits for its owner");
    d.dial(A1, "5001").unwrap();
    d.release(A1, MINE);
    assert_eq!(results(&d, B1), [HistoryResult::Missed { dnd: false }]);
}

#[test]
fn vm_1_a_divert_that_takes_the_call_goes_before_the_voicemail() {
    let mut d = desk_with(&[]);
    divert(&mut d, B1, DivertWhen::NoAnswer, DivertTo::User(user(B2)));
    d.dial(A1, "5001").unwrap();
    d.wait_ms(NO_ANSWER_MS);
    assert_eq!(voicemail(&d, MINE), None);
    d.wait_ms(NO_ANSWER_MS);
    assert_eq!(voicemail(&d, MINE).unwrap().name, "U4", "in the end it is that of whom the call was for");
}

#[test]
fn div_1_calls_can_be_diverted_to_ones_own_voicemail() {
    let mut d = desk_with(&[]);
    divert(&mut d, B1, DivertWhen::Always, DivertTo::Voicemail);
    d.dial(A1, "5001").unwrap();
    assert!(voicemail(&d, MINE).is_some() && d.status(THEIRS).ring.is_none());
    assert!(d.told(A1, "U4 takes messages only; leave a message for U4"));
    d.release(A1, MINE);
    d.act(B1, Act::Divert { line: None, when: DivertWhen::Always, to: None }).unwrap();
    divert(&mut d, B1, DivertWhen::Dnd, DivertTo::Voicemail);
    d.dial(A1, "5001").unwrap();
    assert_eq!(voicemail(&d, MINE), None);
    d.release(A1, MINE);
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.dial(A1, "5001").unwrap();
    assert!(voicemail(&d, MINE).is_some());
    let on_a_line = Act::Divert { line: Some(l("ard-a")), when: DivertWhen::Always, to: Some(DivertTo::Voicemail) };
    assert_eq!(d.refused(A1, on_a_line), RefusalCode::UnknownNumber, "a line is nobody's");
}

#[test]
fn div_7_who_takes_messages_only_is_passed_over() {
    let mut d = desk_with(&[]);
    divert(&mut d, A2, DivertWhen::Always, DivertTo::Voicemail);
    divert(&mut d, B1, DivertWhen::Always, DivertTo::User(user(A2)));
    d.dial(A1, "5001").unwrap();
    assert!(d.status(THEIRS).ring.unwrap().is_heard_at(B1), "it rings at whom it is for");
}

#[test]
fn vm_2_without_the_recorder_there_is_no_message_and_the_caller_is_told() {
    let mut d = desk_with(&[]);
    d.dial(A1, "5001").unwrap();
    d.wait_ms(NO_ANSWER_MS - 1_000);
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
    d.wait_ms(1_000);
    assert_eq!((d.status(MINE).phase, voicemail(&d, MINE)), (Idle, None));
    assert!(d.told(A1, "No message can be taken: the recorder cannot write (the disk is full)."));
}

#[test]
fn vm_2_a_recorder_that_fails_ends_a_message_and_what_was_said_before_is_kept() {
    let mut d = after_the_tone();
    d.wait_ms(5_000);
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
    assert_eq!((d.status(MINE).phase, message(&d, B1).is_some()), (Idle, true));
    assert!(d.out.iter().any(|out| matches!(out, Output::Notice { turret, sentence, .. }
        if *turret == A1 && sentence.contains("What you said before is kept"))));
}

#[test]
fn vm_1_who_wants_no_voicemail_has_none() {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("voicemail", Value::Word("on")));
    floor.policies.users.insert(user(B1), set(&[("voicemail", Value::Word("off"))]));
    let mut d = Desk::of(floor);
    d.dial(A1, "5001").unwrap();
    d.wait_ms(NO_ANSWER_MS);
    assert_eq!(d.phases(MINE, THEIRS), (Idle, Idle));
    let to = Some(DivertTo::Voicemail);
    assert_eq!(d.refused(B1, Act::Divert { line: None, when: DivertWhen::Always, to }), RefusalCode::UnknownNumber);
}

#[test]
fn vm_1_a_caller_who_is_lost_leaves_what_they_have_said() {
    let mut d = after_the_tone();
    d.wait_ms(5_000);
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(15_000);
    assert!(message(&d, B1).is_some() && d.status(MINE).phase == Idle);
}

#[test]
fn swi_2_a_message_that_a_restart_cuts_off_is_left_as_far_as_it_was_recorded() {
    let mut d = desk_with(&[]);
    let mut kept: BTreeSet<Kept> = BTreeSet::new();
    let take = |d: &Desk, kept: &mut BTreeSet<Kept>| {
        for out in &d.out {
            let Output::Kept { what, on } = out else { continue };
            if *on {
                kept.insert(what.clone());
            } else {
                kept.remove(what);
            }
        }
    };
    d.dial(A1, "5001").unwrap();
    take(&d, &mut kept);
    d.wait_ms(NO_ANSWER_MS);
    take(&d, &mut kept);
    assert!(kept.is_empty(), "no greeting is kept");
    d.wait_ms(VOICEMAIL_GREETING_MS);
    let began = d.now;
    take(&d, &mut kept);
    let mut after = Desk::restarted(kept.clone());
    after.input(Input::Tick);
    let (entry, said) = message(&after, B1).unwrap();
    assert_eq!((said.from.utc_ms, said.to, entry.far), (began.utc_ms, None, Some("U1 4001".into())));
    assert!(after.out.iter().any(|out| matches!(out, Output::Kept { what: Kept::Message(_), on: false })), "once");
    d.release(A1, MINE);
    take(&d, &mut kept);
    assert!(kept.is_empty());
}

#[test]
fn vm_1_a_call_that_moves_to_another_microphone_goes_on_with_its_message() {
    let mut d = after_the_tone();
    let call = d.call(MINE);
    d.act(A1, Act::Move { line: l(MINE), call, position: Position::HandsFree }).unwrap();
    d.input(Input::Heard { turret: A1, uplink: Uplink::Mic });
    d.wait_ms(5_000);
    d.release(A1, MINE);
    assert!(message(&d, B1).is_some());
}
