//! A shout-down: press and talk, and everybody at both ends hears at once.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Output, RefusalCode};
use dealerboard_model::{Lamp, LinePhase, Position, TransferTo, TurretId, lamp};
use floor::*;

fn talk(on: bool) -> Act {
    Act::Talk { line: l("shout"), on, latched: false }
}

fn a1_talks() -> Desk {
    let mut d = Desk::new();
    d.act(A1, talk(true)).unwrap();
    d
}

#[test]
fn shd_1_who_presses_is_heard_at_once_by_everybody_at_both_ends_and_nothing_rings() {
    let d = a1_talks();
    assert_eq!(d.route(A1), Some((true, vec![A2, A3, B1, B2, B3], 1)));
    let status = d.status("shout");
    assert_eq!((status.phase, &status.ring), (LinePhase::Talking, &None));
    let lamps = [A1, A2, B1].map(|turret: TurretId| lamp(&status, turret));
    assert_eq!(lamps, [Lamp::InUseHere, Lamp::InUseElsewhere, Lamp::InUseElsewhere]);
    assert_eq!(status.talkers[0].user, user(A1), "both desks read who talks");
}

#[test]
fn shd_2_it_is_idle_with_the_last_talker_and_its_recording_closes_after_the_gap() {
    let mut d = a1_talks();
    d.act(B1, talk(true)).unwrap();
    d.act(A1, talk(false)).unwrap();
    assert_eq!(d.status("shout").phase, LinePhase::Talking);
    d.act(B1, talk(false)).unwrap();
    assert_eq!(d.status("shout").phase, LinePhase::Idle);
    d.wait_ms(9_999);
    assert!(!d.recording_closed());
    d.wait_ms(1);
    assert!(d.recording_closed());
}

#[test]
fn shd_3_it_is_on_the_speakers_of_each_of_its_members_though_the_floor_file_does_not_say_so() {
    let d = Desk::new();
    assert!(TURRETS.into_iter().all(|turret| d.exchange.speakers(&user(turret)).contains(&l("shout"))));
}

#[test]
fn shd_4_it_is_neither_joined_held_kept_private_nor_sent_on() {
    let mut d = a1_talks();
    let (line, call, position) = (l("shout"), d.call("shout"), Position::Left);
    let refused = [
        (Act::Bridge { line: line.clone(), call, position }, RefusalCode::NoRight),
        (Act::Hold { line: line.clone(), exclusive: false }, RefusalCode::NotHoldable),
        (Act::Private { line: line.clone(), on: true }, RefusalCode::NoRight),
        (Act::Override { line: line.clone(), call, position, reason: "a limit".into() }, RefusalCode::NoRight),
        (Act::Transfer { line, to: TransferTo::User(user(A2)) }, RefusalCode::NoRight),
    ];
    for (act, code) in refused {
        assert_eq!(d.refused(A3, act.clone()), code, "{act:?}");
    }
    assert_eq!(d.talkers("shout"), [A1]);
}

#[test]
fn shd_4_as_many_talk_as_on_a_hoot_and_the_newest_displaces_the_oldest() {
    let mut d = a1_talks();
    d.act(A2, talk(true)).unwrap();
    d.act(B1, talk(true)).unwrap();
    assert_eq!(d.talkers("shout"), [A2, B1]);
    assert!(d.out.iter().any(|out| matches!(out, Output::Route { turret, open: false, .. } if *turret == A1)));
}
