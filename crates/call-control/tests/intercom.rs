//! Intercom to one and to a group, each rule as one sentence in virtual time.
#![allow(clippy::unwrap_used)]

mod floor;

use dealerboard_call_control::{Act, Floor, GroupSpec, Happening, Input, Output, RefusalCode, Sound, Value};
use dealerboard_model::{GroupId, Position, TurretId, Uplink, UserId};
use floor::*;

/// A1 calls B1 from hands-free: the line.
fn call(d: &mut Desk) -> String {
    d.act(A1, calling(B1)).unwrap().line.unwrap().0
}

fn calling(whom: TurretId) -> Act {
    Act::Intercom { user: user(whom), position: Position::HandsFree }
}

/// A1 calls everybody: the line.
fn call_everybody(d: &mut Desk) -> String {
    d.act(A1, everybody()).unwrap().line.unwrap().0
}

fn everybody() -> Act {
    Act::IntercomGroup { group: "everybody".into(), position: Position::HandsFree }
}

fn picking(whom: &[TurretId]) -> Act {
    let users = whom.iter().map(|turret| user(*turret)).collect();
    Act::IntercomPicked { users, position: Position::HandsFree }
}

fn key(d: &mut Desk, turret: TurretId, line: &str, on: bool, latched: bool) {
    d.act(turret, Act::TalkBack { line: l(line), on, latched }).unwrap();
}

fn word(name: &str, word: &'static str) -> Desk {
    Desk::with_policies(&[(name, Value::Word(word))])
}

/// Where a turret is on a line.
fn place(d: &Desk, line: &str, turret: TurretId) -> Option<Position> {
    d.status(line).parties.iter().find(|party| party.turret == turret).map(|party| party.position)
}

fn is_over(d: &Desk, line: &str) -> bool {
    d.exchange.status(&l(line)).is_none()
}

#[test]
fn int_1_a_callee_without_a_hands_free_mic_hears_at_the_loudspeaker_all_the_same() {
    let mut d = Desk::new();
    d.input(Input::Microphone { turret: B1, uplink: Uplink::Mic, there: false });
    let line = call(&mut d);
    assert_eq!(place(&d, &line, B1), Some(Position::HandsFree));
}

#[test]
fn int_1_who_answers_by_a_press_does_so_where_there_is_a_microphone() {
    let mut d = word("intercom.answer", "ring");
    d.input(Input::Microphone { turret: B1, uplink: Uplink::Mic, there: false });
    let line = call(&mut d);
    d.act(B1, Act::TalkBack { line: l(&line), on: true, latched: true }).unwrap();
    assert_eq!(place(&d, &line, B1), Some(Position::Left));
}

#[test]
fn int_1_who_sits_at_two_turrets_hears_at_the_one_that_they_used_last() {
    let mut d = Desk::new();
    let second = TurretId(44);
    d.input(Input::LogOn { turret: second, user: user(B1) });
    d.act(B1, Act::Dnd { on: false }).unwrap();
    let line = call(&mut d);
    assert_eq!((place(&d, &line, B1), place(&d, &line, second)), (Some(Position::HandsFree), None));
    d.release(A1, &line);
    d.act(second, Act::Dnd { on: false }).unwrap();
    let line = call(&mut d);
    assert_eq!((place(&d, &line, B1), place(&d, &line, second)), (None, Some(Position::HandsFree)));
}

#[test]
fn int_2_who_wishes_to_be_heard_at_once_is() {
    let mut d = word("intercom.answer", "open");
    call(&mut d);
    assert_eq!(d.route(B1), Some((true, vec![A1], 1)));
}

#[test]
fn int_2_at_who_wishes_to_answer_it_rings_until_they_do_and_nothing_is_heard_before() {
    let mut d = word("intercom.answer", "ring");
    let line = call(&mut d);
    assert!(d.status(&line).intercom.unwrap().rings && d.told(A1, "U4 answers by a press"));
    assert_eq!((d.route(A1), d.route(B1)), (Some((true, vec![], 1)), None));
    let answer = Act::Answer { line: l(&line), call: d.call(&line), position: Position::Right, private: false };
    d.act(B1, answer).unwrap();
    assert!(d.status(&line).ring.is_none() && !d.status(&line).intercom.unwrap().rings);
    assert_eq!(place(&d, &line, B1), Some(Position::Right));
    assert_eq!((d.route(A1), d.route(B1)), (Some((true, vec![B1], 1)), Some((true, vec![A1], 1))));
}

#[test]
fn int_3_a_caller_who_talks_by_a_held_key_is_heard_only_while_it_is_down() {
    let mut d = word("intercom.talk", "momentary");
    let line = call(&mut d);
    assert!(d.exchange.mics(A1).is_empty());
    key(&mut d, A1, &line, true, true);
    assert_eq!(d.route(A1), Some((true, vec![B1], 1)));
    assert!(d.status(&line).intercom.unwrap().latched.is_empty(), "what is asked for as a latch is a held key");
    key(&mut d, A1, &line, false, false);
    assert!(d.exchange.mics(A1).is_empty());
}

#[test]
fn int_3_a_callers_microphone_into_which_nothing_is_said_is_announced_and_closed() {
    let mut d = Desk::new();
    let line = call(&mut d);
    d.speech(A1, false);
    d.wait_ms(30_000);
    assert!(d.told(A1, "Nothing has been said on the intercom with U4 for 30 s: it closes in 10 s."));
    assert!(d.exchange.mics(A1)[0].closes_at.is_some());
    d.wait_ms(10_000);
    assert!(d.exchange.mics(A1).is_empty() && !is_over(&d, &line));
}

#[test]
fn int_3_speech_and_a_press_keep_a_silent_microphone_open() {
    for press in [false, true] {
        let mut d = Desk::new();
        let line = call(&mut d);
        d.speech(A1, false);
        d.wait_ms(30_000);
        if press {
            key(&mut d, A1, &line, true, true);
        } else {
            d.speech(A1, true);
        }
        d.wait_ms(10_000);
        assert_eq!((d.exchange.mics(A1).len(), d.exchange.mics(A1)[0].closes_at), (1, None));
    }
}

#[test]
fn int_3_the_silence_that_counts_is_that_of_the_microphone_which_is_open() {
    let mut d = Desk::new();
    d.act(A1, Act::Intercom { user: user(B1), position: Position::Left }).unwrap();
    d.speech(A1, false);
    d.input(Input::VoiceActivity { turret: A1, uplink: Uplink::Left, speaking: true });
    d.wait_ms(60_000);
    assert_eq!(d.exchange.mics(A1).len(), 1);
}

#[test]
fn int_3_a_key_that_is_held_down_for_long_is_closed() {
    let mut d = Desk::new();
    let line = call(&mut d);
    key(&mut d, B1, &line, true, false);
    d.wait_ms(110_000);
    assert!(d.told(B1, "The talk key of the intercom with U1 has been down for long"));
    d.wait_ms(10_000);
    assert!(d.exchange.mics(B1).is_empty());
}

#[test]
fn all_5_an_intercoms_microphone_that_closes_stays_closed_though_its_key_is_pressed_in_that_instant() {
    let mut d = Desk::new();
    let line = call(&mut d);
    d.speech(A1, false);
    d.wait_ms(30_000);
    d.now = d.now.plus_ms(10_000);
    assert_eq!(d.refused(A1, Act::TalkBack { line: l(&line), on: true, latched: true }), RefusalCode::Stale);
    assert!(d.exchange.mics(A1).is_empty());
}

#[test]
fn int_4_where_the_callee_has_it_so_do_not_disturb_refuses_and_nothing_changes() {
    let mut d = word("dnd.intercom", "refuse");
    d.act(B1, Act::Dnd { on: true }).unwrap();
    d.act(A1, calling(B2)).unwrap();
    assert_eq!(d.refused(A1, calling(B1)), RefusalCode::Dnd);
    assert!(!d.out.iter().any(|out| matches!(out, Output::LineAdded { .. } | Output::Mics { .. })));
}

#[test]
fn int_5_a_call_that_nobody_accepted_is_told_to_who_was_called() {
    let mut d = Desk::new().talk_on_the_ard();
    d.act(A2, calling(B1)).unwrap();
    d.wait_ms(20_000);
    assert!(d.told(B1, "U2 called you by intercom and was not answered.") && d.told(A2, "was not answered"));
}

#[test]
fn pos_3_a_first_call_that_is_an_intercom_goes_on_at_a_free_handset_and_its_user_is_not_heard_there_before_a_press() {
    let mut d = Desk::new();
    let line = call(&mut d);
    d.act(A1, Act::Seize { line: l("ard-a"), position: Position::HandsFree, private: false }).unwrap();
    assert_eq!(place(&d, &line, A1), Some(Position::Left));
    assert_eq!(d.exchange.mics(A1).iter().map(|mic| mic.line.clone()).collect::<Vec<_>>(), [l("ard-a")]);
    assert!(d.told(A1, "The intercom goes on at the left handset"));
    key(&mut d, A1, &line, true, true);
    assert_eq!(d.exchange.mics(A1).len(), 2);
}

#[test]
fn pos_3_an_intercom_for_which_no_handset_is_free_is_released() {
    let mut d = Desk::new();
    for (line, position) in [("ard-a", Position::Left), ("mrd-a", Position::Right)] {
        d.act(A1, Act::Seize { line: l(line), position, private: false }).unwrap();
    }
    let line = call(&mut d);
    d.act(A1, Act::Intercom { user: user(B2), position: Position::HandsFree }).unwrap();
    assert!(is_over(&d, &line) && d.told(A1, "The intercom is released: another call took its place."));
}

#[test]
fn int_8_all_of_a_group_who_are_free_hear_the_caller_and_the_others_are_named() {
    let mut d = Desk::new().talk_on_the_ard();
    d.act(B2, Act::Dnd { on: true }).unwrap();
    d.input(Input::LinkLost { turret: B3 });
    d.release(A1, "ard-a");
    d.seize(B1, "ard-b");
    let line = call_everybody(&mut d);
    assert_eq!(d.route(A1), Some((true, vec![A2, A3], 1)));
    let not = "Not reached: U4 is in a call, U5 does not want to be disturbed, U6 has lost the switch.";
    assert!(d.told(A1, &format!("2 of 5 hear you. {not}")));
    assert_eq!((d.sound(A2), d.sound(B2)), (Some(Sound::Splash), None));
    assert_eq!(d.status(&line).parties.len(), 3);
}

#[test]
fn int_8_who_talks_back_is_heard_by_the_caller_alone() {
    let mut d = Desk::new();
    let line = call_everybody(&mut d);
    key(&mut d, B1, &line, true, true);
    assert_eq!(d.route(B1), Some((true, vec![A1], 1)));
}

#[test]
fn int_8_where_the_caller_has_it_so_everybody_hears_who_talks_back() {
    let mut d = word("intercom.group_reply", "all");
    let line = call_everybody(&mut d);
    key(&mut d, B1, &line, true, true);
    assert_eq!(d.route(B1), Some((true, vec![A1, A2, A3, B2, B3], 1)));
}

#[test]
fn int_8_a_group_opens_nobodys_microphone_though_their_own_intercoms_are_open() {
    let mut d = word("intercom.answer", "open");
    call_everybody(&mut d);
    assert!(TURRETS[1..].iter().all(|turret| d.exchange.mics(*turret).is_empty()));
}

#[test]
fn int_8_the_callers_release_ends_it_for_all_and_a_members_for_them_alone() {
    let mut d = Desk::new();
    let line = call_everybody(&mut d);
    d.release(B1, &line);
    assert!(!is_over(&d, &line) && place(&d, &line, B1).is_none());
    d.release(A1, &line);
    assert!(is_over(&d, &line) && d.told(B2, "The intercom has ended.") && d.recording_closed());
}

#[test]
fn int_8_it_ends_when_the_last_member_has_left() {
    let mut d = Desk::new();
    let line = d.act(A1, picking(&[A2, A3])).unwrap().line.unwrap().0;
    d.release(A2, &line);
    assert!(!is_over(&d, &line));
    d.release(A3, &line);
    assert!(is_over(&d, &line) && d.told(A1, "The intercom has ended."));
}

#[test]
fn int_8_people_who_are_picked_are_called_at_once_and_one_alone_as_ever() {
    let mut d = Desk::new();
    d.act(A1, picking(&[B1, A2, B1, A1])).unwrap();
    assert_eq!(d.route(A1), Some((true, vec![A2, B1], 1)));
    assert!(d.told(B1, "U1 talks to Group of 2."));
    let mut d = Desk::new();
    let line = d.act(A1, picking(&[B1])).unwrap().line.unwrap().0;
    assert_eq!(d.status(&line).intercom.unwrap().group, None);
    assert_eq!(d.refused(A1, picking(&[A1])), RefusalCode::UnknownNumber);
}

#[test]
fn int_8_a_call_that_reaches_nobody_is_refused_with_who_is_why_not_there() {
    let mut d = Desk::new();
    d.act(A2, Act::Dnd { on: true }).unwrap();
    d.act(A3, Act::Dnd { on: true }).unwrap();
    let refusal = d.act(A1, picking(&[A2, A3])).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NobodyThere);
    assert!(refusal.sentence.contains("U2 does not want to be disturbed"), "{}", refusal.sentence);
}

#[test]
fn int_8_a_group_of_fifty_is_called_and_one_more_is_refused() {
    for (people, is_full) in [(51, false), (52, true)] {
        let mut floor = Desk::floor(&[]);
        let members = (0..people).map(|n| UserId(format!("n{n}"))).chain([user(B1)]).take(people).collect();
        floor.groups.insert(GroupId::from("all"), GroupSpec { name: "All".into(), members });
        let mut d = desk_of(floor, people);
        let result = d.act(n(0), Act::IntercomGroup { group: "all".into(), position: Position::HandsFree });
        assert_eq!(result.map_err(|refusal| refusal.code == RefusalCode::GroupFull).is_err(), is_full, "{people}");
    }
}

fn n(number: usize) -> TurretId {
    TurretId(100 + u32::try_from(number).unwrap())
}

/// The floor with so many more people, all logged on.
fn desk_of(mut floor: Floor, people: usize) -> Desk {
    let like = floor.users[&user(A1)].clone();
    for number in 0..people {
        let id = UserId(format!("n{number}"));
        floor.users.insert(id.clone(), dealerboard_call_control::UserSpec { user: id, ..like.clone() });
    }
    let mut d = Desk::of(floor);
    for number in 0..people {
        d.input(Input::LogOn { turret: n(number), user: UserId(format!("n{number}")) });
    }
    d
}

#[test]
fn int_8_it_is_recorded_with_all_of_its_people_and_who_left_it() {
    let mut d = Desk::new();
    let line = d.act(A1, picking(&[A2, A3])).unwrap().line.unwrap().0;
    let people = d
        .out
        .iter()
        .find_map(|out| if let Output::RecordingOpened { people, .. } = out { Some(people.clone()) } else { None });
    assert_eq!(people.unwrap(), [A1, A2, A3].map(user));
    d.release(A2, &line);
    let left = |out: &Output| matches!(out, Output::Happened { what: Happening::Left, who, .. } if *who == [user(A2)]);
    assert!(d.out.iter().any(left));
}

#[test]
fn los_9_a_lost_member_leaves_a_group_and_a_lost_caller_ends_it() {
    let mut d = Desk::new();
    let line = call_everybody(&mut d);
    d.input(Input::LinkLost { turret: B1 });
    assert!(!is_over(&d, &line) && place(&d, &line, B1).is_none());
    d.input(Input::LinkLost { turret: A1 });
    assert!(is_over(&d, &line) && d.told(B2, "The intercom has ended."));
}

#[test]
fn i34_replies_in_a_group_reach_its_caller_alone() {
    let mut d = Desk::new();
    let line = call_everybody(&mut d);
    for turret in &TURRETS[1..] {
        key(&mut d, *turret, &line, true, true);
        assert_eq!(d.route(*turret), Some((true, vec![A1], 1)), "{turret}");
    }
}

#[test]
fn int_1_what_one_has_left_and_others_go_on_with_is_no_call_of_theirs_any_more() {
    let mut d = Desk::talking();
    let line = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap().line.unwrap();
    let call = d.call(line.as_str());
    d.act(A1, Act::Join { line: line.clone(), call, position: Position::Left }).unwrap();
    d.bridge(A3, "ard-a");
    d.release(A1, "ard-a");
    d.release(B1, "ard-b");
    assert_eq!(d.status(line.as_str()).parties.len(), 2, "A2 and A3 go on");
    let again = d.act(A1, Act::Intercom { user: user(A2), position: Position::Left }).unwrap().line.unwrap();
    assert_ne!(again, line);
}
