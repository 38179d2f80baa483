//! A live call goes to another position of its turret.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Value};
use dealerboard_model::*;
use floor::*;

fn moving(d: &Desk, line: &str, position: Position) -> Act {
    Act::Move { line: l(line), call: d.call(line), position }
}

fn to(d: &mut Desk, turret: TurretId, line: &str, position: Position) {
    d.act(turret, moving(d, line, position)).unwrap();
}

fn heard(d: &mut Desk, turret: TurretId, uplink: Uplink) {
    d.input(Input::Heard { turret, uplink });
}

/// Uplink, hearers, tracks and whom it follows.
type Opened = (Uplink, Vec<TurretId>, Vec<TrackId>, Option<(TurretId, Uplink)>);

/// Each route that the last input opened.
fn opened(d: &Desk) -> Vec<Opened> {
    let route = |out: &Output| {
        let Output::Route { uplink, open: true, legs, tracks, follows, .. } = out else { return None };
        Some((*uplink, legs.iter().map(|leg| leg.hearer).collect(), tracks.clone(), *follows))
    };
    d.out.iter().filter_map(route).collect()
}

fn awaits(d: &Desk) -> Vec<(Uplink, Option<u64>)> {
    let wait = |out: &Output| {
        let Output::Await { uplink, heard_ms, .. } = out else { return None };
        Some((*uplink, *heard_ms))
    };
    d.out.iter().filter_map(wait).collect()
}

fn place(d: &Desk, line: &str, turret: TurretId) -> Position {
    d.status(line).parties.iter().find(|party| party.turret == turret).unwrap().position
}

fn mic(d: &Desk, turret: TurretId) -> Vec<(Uplink, Position)> {
    d.exchange.mics(turret).iter().map(|mic| (mic.uplink, mic.position)).collect()
}

#[test]
fn mov_1_the_old_microphone_is_heard_until_the_new_one_is_and_the_track_goes_on() {
    let mut d = Desk::talking();
    let track = d.exchange.mics(A1).len();
    assert_eq!(track, 1);
    let was = d.status("ard-a");
    to(&mut d, A1, "ard-a", Position::Right);
    assert_eq!((place(&d, "ard-a", A1), mic(&d, A1)), (Position::Right, vec![(Uplink::Left, Position::Left)]));
    assert_eq!((opened(&d), awaits(&d)), (vec![], vec![(Uplink::Right, Some(20))]));
    heard(&mut d, A1, Uplink::Right);
    let [(uplink, hearers, tracks, follows)] = opened(&d).try_into().unwrap();
    assert_eq!((uplink, hearers, follows), (Uplink::Right, vec![B1], Some((A1, Uplink::Left))));
    assert_eq!(tracks, [TrackId(1)], "the track of the left handset");
    assert_eq!((mic(&d, A1), awaits(&d)), (vec![(Uplink::Right, Position::Right)], vec![(Uplink::Right, None)]));
    let is = d.status("ard-a");
    assert_eq!((is.call, is.since, is.parties[0].since), (was.call, was.since, was.parties[0].since));
    assert!(!d.out.iter().any(|out| matches!(out, Output::TrackClosed { .. } | Output::TrackOpened { .. })));
}

#[test]
fn mov_1_a_microphone_that_is_never_heard_is_not_waited_for_for_ever() {
    let mut d = Desk::talking();
    to(&mut d, A1, "ard-a", Position::HandsFree);
    d.wait_ms(499);
    assert_eq!(mic(&d, A1), [(Uplink::Left, Position::Left)]);
    d.wait_ms(1);
    assert_eq!(mic(&d, A1), [(Uplink::Mic, Position::HandsFree)]);
}

#[test]
fn mov_1_what_is_at_the_other_position_is_held() {
    let mut d = Desk::talking();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    to(&mut d, A1, "ard-a", Position::Right);
    assert_eq!((place(&d, "ard-a", A1), d.status("mrd-a").phase), (Position::Right, LinePhase::Held));
}

#[test]
fn mov_1_where_a_busy_position_refuses_nothing_moves() {
    let mut d = Desk::with_policies(&[("position.busy", Value::Word("refuse"))]).talk_on_the_ard();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    let act = moving(&d, "ard-a", Position::Right);
    assert_eq!(d.refused(A1, act), RefusalCode::PositionBusy);
    assert_eq!((place(&d, "ard-a", A1), d.status("mrd-a").phase), (Position::Left, LinePhase::Talking));
}

#[test]
fn mov_1_nothing_moves_to_a_position_without_a_microphone_to_where_it_is_or_after_another_call() {
    let mut d = Desk::talking();
    d.input(Input::Microphone { turret: A1, uplink: Uplink::Right, there: false });
    let act = moving(&d, "ard-a", Position::Right);
    assert_eq!(d.refused(A1, act), RefusalCode::PositionBusy);
    let act = moving(&d, "ard-a", Position::Left);
    assert_eq!(d.refused(A1, act), RefusalCode::Stale);
    let act = Act::Move { line: l("ard-a"), call: CallId(99), position: Position::HandsFree };
    assert_eq!(d.refused(A1, act), RefusalCode::Stale);
    let act = moving(&d, "ard-a", Position::Right);
    assert_eq!(d.refused(A2, act), RefusalCode::Stale, "who is not on it");
    assert_eq!((place(&d, "ard-a", A1), mic(&d, A1)), (Position::Left, vec![(Uplink::Left, Position::Left)]));
}

#[test]
fn mov_1_a_conference_moves_whole_and_stays_private() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    d.act(A1, Act::Join { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Left }).unwrap();
    to(&mut d, A1, "mrd-a", Position::HandsFree);
    heard(&mut d, A1, Uplink::Mic);
    for line in ["ard-a", "mrd-a"] {
        assert_eq!(place(&d, line, A1), Position::HandsFree);
        assert!(d.status(line).private_by().is_some());
    }
    assert_eq!(opened(&d)[0].3, Some((A1, Uplink::Left)));
    assert_eq!(d.exchange.mics(A1).len(), 2, "one microphone, towards both");
}

#[test]
fn mov_1_a_call_that_is_released_while_it_moves_is_gone_and_nothing_is_waited_for() {
    let mut d = Desk::talking();
    to(&mut d, A1, "ard-a", Position::Right);
    d.release(A1, "ard-a");
    assert_eq!((awaits(&d), mic(&d, A1)), (vec![(Uplink::Right, None)], vec![]));
    heard(&mut d, A1, Uplink::Right);
    assert_eq!(opened(&d), []);
}

#[test]
fn mov_1_a_shut_microphone_stays_shut_where_its_call_goes() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(3_001);
    d.input(Input::LinkBack { turret: A1 });
    to(&mut d, A1, "ard-a", Position::Right);
    assert_eq!((place(&d, "ard-a", A1), mic(&d, A1), awaits(&d)), (Position::Right, vec![], vec![]));
}

#[test]
fn mov_2_on_the_speakers_a_call_is_here_heard_and_spoken_by_its_talk_key_alone() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    to(&mut d, A1, "ard-a", Position::Speakers);
    let status = d.status("ard-a");
    assert_eq!((lamp(&status, A1), mic(&d, A1)), (Lamp::InUseHere, vec![]));
    assert!(status.private_by().is_some(), "private to the switch");
    assert_eq!(d.refused(A1, Act::OpenMic { line: l("ard-a") }), RefusalCode::NoRight);
    d.act(A1, Act::Talk { line: l("ard-a"), on: true, latched: false }).unwrap();
    assert_eq!(mic(&d, A1), [(Uplink::Mic, Position::Speakers)]);
    assert_eq!(opened(&d)[0].1, [B1]);
    d.act(A1, Act::Talk { line: l("ard-a"), on: false, latched: false }).unwrap();
    assert_eq!(mic(&d, A1), []);
}

#[test]
fn mov_2_several_calls_are_on_the_speakers_and_a_call_comes_back_with_its_microphone_open() {
    let mut d = Desk::talking();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    to(&mut d, A1, "ard-a", Position::Speakers);
    to(&mut d, A1, "mrd-a", Position::Speakers);
    assert_eq!((place(&d, "ard-a", A1), place(&d, "mrd-a", A1)), (Position::Speakers, Position::Speakers));
    d.act(A1, Act::Talk { line: l("mrd-a"), on: true, latched: true }).unwrap();
    to(&mut d, A1, "mrd-a", Position::Left);
    assert_eq!((place(&d, "mrd-a", A1), mic(&d, A1)), (Position::Left, vec![(Uplink::Left, Position::Left)]));
    assert_eq!(place(&d, "ard-a", A1), Position::Speakers);
}

#[test]
fn mov_2_neither_an_intercom_nor_what_still_rings_goes_to_the_speakers() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let act = moving(&d, "ard-a", Position::Speakers);
    assert_eq!(d.refused(A1, act), RefusalCode::StillRinging);
    let call = Act::Intercom { user: user(B1), position: Position::HandsFree };
    let line = d.act(A2, call).unwrap().line.unwrap().0;
    let act = moving(&d, &line, Position::Speakers);
    assert_eq!(d.refused(A2, act), RefusalCode::NoRight);
    to(&mut d, A2, &line, Position::Left);
    assert_eq!(place(&d, &line, A2), Position::Left, "an intercom goes to a handset");
}
