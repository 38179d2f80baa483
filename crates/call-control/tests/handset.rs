//! A hoot at a handset: it is heard there, and talked on by that microphone. Two may talk on the hoot of these tests.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Kept, Output, RefusalCode, Sound, Value};
use dealerboard_model::{Allowed, Lamp, LinePhase, Position, Right, TurretId, Uplink, lamp};
use floor::*;

fn take(at: Position) -> Act {
    Act::Seize { line: l("hoot"), position: at, private: false }
}

fn move_to(d: &Desk, position: Position) -> Act {
    Act::Move { line: l("hoot"), call: d.call("hoot"), position }
}

/// A1 has the hoot at the left handset, whose microphone opens with the talk key.
fn keyed() -> Desk {
    let mut d = Desk::new();
    d.act(A1, take(Position::Left)).unwrap();
    d
}

/// A floor on which the microphone of a handset with a hoot is open.
fn open_floor() -> Desk {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("hoot.handset", Value::Word("open")));
    floor.lines.get_mut(&l("hoot")).unwrap().members.insert(user(B2), Right::Speak);
    Desk::of(floor)
}

/// A1 has the hoot at the left handset, whose microphone is open.
fn open() -> Desk {
    let mut d = open_floor();
    d.act(A1, take(Position::Left)).unwrap();
    d
}

/// What is open at a turret: by which microphone, where, and whether it is kept from being heard.
fn mics(d: &Desk, turret: TurretId) -> Vec<(Uplink, Position, bool)> {
    d.exchange.mics(turret).iter().map(|mic| (mic.uplink, mic.position, mic.muted)).collect()
}

/// Who hears a turret, by handset or not, as its last route says.
fn legs(d: &Desk, of: TurretId) -> Vec<(TurretId, bool)> {
    let routes = d.out.iter().rev().filter_map(|out| {
        let Output::Route { turret, legs, .. } = out else { return None };
        (*turret == of).then(|| legs.iter().map(|leg| (leg.hearer, leg.handset)).collect())
    });
    routes.into_iter().next().unwrap_or_default()
}

#[test]
fn hot_6_a_hoot_that_was_taken_to_a_handset_is_heard_there_alone_and_nothing_opens() {
    let mut d = keyed();
    assert_eq!(mics(&d, A1), []);
    let status = d.status("hoot");
    assert_eq!((status.phase, status.parties[0].position, status.hearers), (LinePhase::Idle, Position::Left, 4));
    d.talk(A2, true);
    assert_eq!(legs(&d, A2), [(A1, true), (A3, false), (B1, false)]);
}

#[test]
fn hot_6_its_talk_key_opens_the_microphone_of_that_handset_and_shuts_it() {
    let mut d = keyed();
    d.talk(A1, true);
    assert_eq!(mics(&d, A1), [(Uplink::Left, Position::Speakers, false)]);
    assert_eq!((d.talkers("hoot"), d.heard_by(A1)), (vec![A1], vec![A2, A3, B1]));
    d.talk(A1, false);
    assert_eq!((mics(&d, A1), d.talkers("hoot"), d.heard_by(A1)), (vec![], vec![], vec![]));
}

#[test]
fn hot_6_who_only_listens_at_a_handset_lights_no_lamp_but_their_own_and_is_not_busy() {
    let mut d = keyed();
    let status = d.status("hoot");
    assert_eq!([A1, A2].map(|turret| lamp(&status, turret)), [Lamp::InUseHere, Lamp::Idle]);
    assert!(!d.exchange.person(&user(A1)).busy);
    d.act(B1, Act::Intercom { user: user(A1), position: Position::Left }).unwrap();
    assert!(d.told(A1, "U4 talks to you"), "it does not wait as for who is in a call");
}

#[test]
fn hot_6_an_open_handset_talks_from_the_moment_it_has_the_hoot() {
    let mut d = open();
    assert_eq!(mics(&d, A1), [(Uplink::Left, Position::Left, false)]);
    assert_eq!((d.talkers("hoot"), d.status("hoot").phase), (vec![A1], LinePhase::Talking));
    let key = Act::Talk { line: l("hoot"), on: true, latched: false };
    assert_eq!(d.refused(A1, key), RefusalCode::Stale, "one microphone at a time");
}

#[test]
fn hot_1_who_may_only_listen_hears_at_an_open_handset_and_is_not_heard() {
    let mut d = open_floor();
    d.act(B1, take(Position::Left)).unwrap();
    assert_eq!((mics(&d, B1), d.sound(B1)), (vec![], None));
    assert_eq!(d.refused(B1, Act::OpenMic { line: l("hoot") }), RefusalCode::ListenOnly);
}

#[test]
fn hot_3_an_open_handset_gives_way_as_a_latch_does_and_opens_again_by_a_press() {
    let mut d = open();
    d.wait_ms(1);
    d.talk(A2, true);
    d.talk(A3, true);
    assert_eq!((d.talkers("hoot"), mics(&d, A1)), (vec![A2, A3], vec![]));
    assert!(d.told(A1, "2 are talking on HOOT") && d.sound(A1) == Some(Sound::Blocking));
    assert_eq!(d.status("hoot").parties[0].turret, A1, "it is heard as before");
    d.act(A1, Act::OpenMic { line: l("hoot") }).unwrap();
    assert_eq!(d.talkers("hoot"), [A1, A3]);
}

#[test]
fn hot_3_where_a_full_hoot_refuses_an_open_handset_listens_and_its_user_reads_why_it_is_shut() {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("hoot.handset", Value::Word("open")));
    assert!(floor.policies.floor.set("hoot.full", Value::Word("refuse")));
    let mut d = Desk::of(floor);
    d.talk(A2, true);
    d.talk(A3, true);
    d.act(A1, take(Position::Left)).unwrap();
    assert_eq!((mics(&d, A1), d.status("hoot").parties.len()), (vec![], 1));
    assert!(d.told(A1, "2 are talking on HOOT, as many as may"));
}

#[test]
fn hot_6_a_call_that_comes_there_sends_the_hoot_back_to_the_speakers() {
    let mut d = open();
    d.seize(A1, "ard-a");
    assert!(d.told(A1, "HOOT is on the speakers again: another call took its place."));
    assert_eq!((d.status("hoot").parties.len(), d.talkers("hoot")), (0, vec![]));
    d.talk(A2, true);
    assert_eq!(legs(&d, A2), [(A1, false), (A3, false), (B1, false), (B2, false)]);
}

#[test]
fn hot_6_who_puts_it_down_ends_nothing_for_others_and_is_not_heard_by_that_handset_any_more() {
    let mut d = keyed();
    d.act(A2, take(Position::Right)).unwrap();
    d.talk(A1, true);
    d.talk(A3, true);
    d.release(A1, "hoot");
    assert_eq!((mics(&d, A1), d.talkers("hoot")), (vec![], vec![A3]));
    assert_eq!(d.status("hoot").parties.iter().map(|party| party.turret).collect::<Vec<_>>(), [A2]);
    assert_eq!(d.refused(A1, Act::Release { line: l("hoot") }), RefusalCode::Stale);
}

#[test]
fn hot_6_it_moves_from_handset_to_handset_and_back_to_the_speakers() {
    let mut d = open();
    let to = move_to(&d, Position::Right);
    d.act(A1, to).unwrap();
    d.input(Input::Heard { turret: A1, uplink: Uplink::Right });
    assert_eq!(mics(&d, A1), [(Uplink::Right, Position::Right, false)]);
    let to = move_to(&d, Position::Speakers);
    d.act(A1, to).unwrap();
    assert_eq!((mics(&d, A1), d.status("hoot").parties.len()), (vec![], 0));
}

#[test]
fn hot_2_a_right_that_is_lowered_shuts_the_handset_and_one_that_is_taken_away_takes_the_hoot_from_it() {
    let mut d = open_floor();
    d.act(A1, take(Position::Left)).unwrap();
    let right = |allowed| Act::Right { line: l("hoot"), user: user(A1), allowed };
    d.act(A3, right(Allowed::Listen)).unwrap();
    assert_eq!((mics(&d, A1), d.status("hoot").parties.len()), (vec![], 1));
    d.act(A3, right(Allowed::None)).unwrap();
    assert_eq!(d.status("hoot").parties.len(), 0);
    d.talk(A2, true);
    assert!(!d.heard_by(A2).contains(&A1));
}

#[test]
fn hot_5_it_cannot_be_held_joined_sent_on_kept_private_or_taken_to_ones_other_turret() {
    let mut d = keyed();
    d.seize(A1, "mrd-a");
    d.act(A1, take(Position::Right)).unwrap();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    let (line, call, position) = (l("hoot"), d.call("hoot"), Position::Left);
    let refused = [
        (A1, Act::Hold { line: line.clone(), exclusive: false }, RefusalCode::NotHoldable),
        (A1, Act::Join { line: line.clone(), call, position }, RefusalCode::NoRight),
        (
            A1,
            Act::Transfer { line: line.clone(), to: dealerboard_model::TransferTo::User(user(A2)) },
            RefusalCode::NoRight,
        ),
        (A1, Act::Announce { line: line.clone(), to: user(A2) }, RefusalCode::NoRight),
        (A1, Act::Private { line: line.clone(), on: true }, RefusalCode::NoRight),
        (A2, Act::Bridge { line: line.clone(), call, position }, RefusalCode::NoRight),
        (A1_TOO, Act::TakeOver { line, call, position }, RefusalCode::NoRight),
    ];
    for (turret, act, code) in refused {
        assert_eq!(d.refused(turret, act.clone()), code, "{act:?}");
    }
}

#[test]
fn hot_7_what_is_said_after_the_gap_is_a_new_recording_though_the_hoot_stays_at_the_handset() {
    let mut d = keyed();
    let before = d.call("hoot");
    d.talk(A2, true);
    d.talk(A2, false);
    d.wait_ms(10_000);
    assert!(d.recording_closed() && d.call("hoot") != before);
    d.release(A1, "hoot");
    assert_eq!(d.status("hoot").call, None);
}

#[test]
fn los_8_talk_on_a_hoot_does_not_come_back_by_itself_by_an_open_handset_neither() {
    let mut d = open();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(1_000);
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!((mics(&d, A1), d.status("hoot").parties.len()), (vec![], 1));
    d.act(A1, Act::OpenMic { line: l("hoot") }).unwrap();
    assert_eq!(mics(&d, A1), [(Uplink::Left, Position::Left, false)]);
}

#[test]
fn log_4_a_lock_shuts_the_handset_that_has_a_hoot_and_goes_on_listening() {
    let mut d = open();
    d.act(A1, Act::Lock).unwrap();
    assert_eq!((mics(&d, A1), d.status("hoot").parties.len()), (vec![], 1));
}

#[test]
fn i7_a_talk_by_a_handset_does_not_outlive_its_media_and_one_by_the_talk_keys_is_another() {
    let mut d = keyed();
    d.talk(A1, true);
    d.act(A1, Act::Talk { line: l("shout"), on: true, latched: false }).unwrap();
    d.input(Input::TalkOrphaned { turret: A1, uplink: Uplink::Left });
    assert_eq!((d.talkers("hoot"), d.talkers("shout")), (vec![], vec![A1]));
    d.input(Input::TalkOrphaned { turret: A1, uplink: Uplink::Mic });
    assert_eq!(d.talkers("shout"), []);
}

#[test]
fn i7_an_open_handset_does_not_outlive_its_media_and_the_hoot_stays_there() {
    let mut d = open();
    d.input(Input::TalkOrphaned { turret: A1, uplink: Uplink::Left });
    assert_eq!((mics(&d, A1), d.status("hoot").parties.len()), (vec![], 1));
    assert!(d.told(A1, "Your voice did not reach the switch"));
}

#[test]
fn pos_4_an_open_handset_does_not_hear_what_is_said_by_a_talk_key_and_hears_again_after_it() {
    let mut d = open();
    d.act(A1, Act::Talk { line: l("shout"), on: true, latched: false }).unwrap();
    assert_eq!(mics(&d, A1), [(Uplink::Left, Position::Left, true), (Uplink::Mic, Position::Speakers, false)]);
    assert_eq!(d.talkers("hoot"), []);
    d.act(A1, Act::Talk { line: l("shout"), on: false, latched: false }).unwrap();
    assert_eq!(d.talkers("hoot"), [A1]);
}

#[test]
fn swi_2_a_restart_leaves_a_hoot_at_its_handset_shut() {
    let mut d = open_floor();
    let mut kept = std::collections::BTreeSet::new();
    d.act(A1, take(Position::Left)).unwrap();
    let told = d.out.iter().filter_map(|out| if let Output::Kept { what, on: true } = out { Some(what) } else { None });
    kept.extend(told.cloned());
    assert!(kept.iter().any(|what| matches!(what, Kept::Line(line) if line.line == l("hoot"))));
    let mut floor = Desk::floor(&[]);
    (floor.first_recording, floor.first_track) = (100, 100);
    d.restart(floor, kept);
    d.input(Input::LogOn { turret: A2, user: user(A2) });
    d.talk(A2, true);
    d.input(Input::LinkBack { turret: A1 });
    assert_eq!((mics(&d, A1), d.status("hoot").parties[0].position), (vec![], Position::Left));
    d.wait_ms(60_000);
    assert_eq!(d.talkers("hoot"), [A2], "who did not come back ends nobody's talk");
}

#[test]
fn hot_6_a_latched_talk_ends_when_its_hoot_is_taken_to_another_microphone() {
    let mut d = Desk::new();
    d.latch(A1);
    d.act(A1, take(Position::Left)).unwrap();
    assert_eq!((mics(&d, A1), d.talkers("hoot")), (vec![], vec![]), "it was that of hands-free");
    d.latch(A1);
    let to = move_to(&d, Position::Right);
    d.act(A1, to).unwrap();
    assert_eq!(mics(&d, A1), [], "it was that of the left handset");
    d.latch(A1);
    assert_eq!(mics(&d, A1), [(Uplink::Right, Position::Speakers, false)]);
    d.release(A1, "hoot");
    assert_eq!(mics(&d, A1), []);
}

#[test]
fn hot_6_an_intercom_is_heard_where_a_hoot_was_and_the_hoot_leaves_for_the_speakers() {
    let mut d = Desk::new();
    d.act(A1, take(Position::HandsFree)).unwrap();
    let line = d.act(B1, Act::Intercom { user: user(A1), position: Position::Left }).unwrap().line.unwrap();
    let at = d.status(line.as_str()).parties.into_iter().find(|party| party.turret == A1).unwrap();
    assert_eq!((at.position, d.status("hoot").parties.len()), (Position::HandsFree, 0));
}

#[test]
fn hot_6_a_hoot_gives_way_to_a_call_where_a_busy_position_takes_none() {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("position.busy", Value::Word("refuse")));
    let mut d = Desk::of(floor);
    d.act(A1, take(Position::Left)).unwrap();
    d.seize(A1, "ard-a");
    assert_eq!(d.status("hoot").parties.len(), 0);
}

#[test]
fn hot_1_a_restart_puts_nobody_back_on_a_hoot_who_is_taken_off_it_meanwhile() {
    let mut d = Desk::new();
    d.act(A1, take(Position::Left)).unwrap();
    let told = d.out.iter().filter_map(|out| if let Output::Kept { what, on: true } = out { Some(what) } else { None });
    let mut floor = Desk::floor(&[]);
    floor.lines.get_mut(&l("hoot")).unwrap().members.remove(&user(A1));
    let kept = told.cloned().collect();
    d.restart(floor, kept);
    assert_eq!(d.status("hoot").parties.len(), 0);
}
