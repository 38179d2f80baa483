//! More rules of private wires, hold, intercom and hoots, each as one sentence in virtual time.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Sound};
use dealerboard_model::{FarEnd, LinePhase, Position, Right, TurretId, Uplink};
use floor::*;

use LinePhase::{Calling, Held, Idle, Ringing, Talking};

fn bridging(d: &Desk, line: &str) -> Act {
    Act::Bridge { line: l(line), call: d.call(line), position: Position::Left }
}

#[test]
fn ard_4_a_colleague_of_who_rings_can_neither_seize_nor_join() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let seize = Act::Seize { line: l("ard-a"), position: Position::Left, private: false };
    assert_eq!(d.refused(A2, seize), RefusalCode::StillRinging);
    let bridge = bridging(&d, "ard-a");
    assert_eq!(d.refused(A2, bridge), RefusalCode::StillRinging);
    assert_eq!(d.phases("ard-a", "ard-b"), (Calling, Ringing));
}

#[test]
fn ard_8_both_ends_hold_and_each_is_reminded_and_resumes_only_itself() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.hold(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Held));
    assert_eq!((d.exchange.mics(A1), d.exchange.mics(B1)), (vec![], vec![]));
    assert!(!d.recording_closed());
    d.wait_ms(60_000);
    assert!(d.told(A1, "on hold for 60 s") && d.told(B1, "on hold for 60 s"));
    d.act(A1, d.resume("ard-a")).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Held));
}

#[test]
fn mrd_3_seizing_signals_nothing_by_itself() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    let far = d.status("mrd-b");
    assert_eq!((far.ring, far.signalled, far.far), (None, None, FarEnd::Open));
}

#[test]
fn brg_2_the_ninth_at_one_end_is_refused() {
    let many: Vec<(TurretId, Right)> = (20..28).map(|turret| (TurretId(turret), Right::Speak)).collect();
    let mut floor = Desk::floor(&many);
    for (turret, _) in &many {
        let like_b1 = floor.users[&user(B1)].clone();
        floor.users.insert(user(*turret), like_b1);
    }
    let mut d = Desk::talking();
    d.input(Input::Users(Box::new(floor)));
    for (turret, _) in &many {
        d.input(Input::LogOn { turret: *turret, user: user(*turret) });
    }
    let ((ninth, _), seven) = many.split_last().unwrap();
    for (turret, _) in seven {
        d.bridge(*turret, "ard-b");
    }
    let bridge = bridging(&d, "ard-b");
    assert_eq!(d.refused(*ninth, bridge), RefusalCode::GroupFull);
    assert_eq!(d.status("ard-b").parties.len(), 8);
}

#[test]
fn brg_3_what_rings_is_held_or_is_an_intercom_is_not_joined() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let bridge = bridging(&d, "ard-b");
    assert_eq!(d.refused(B1, bridge), RefusalCode::Stale);
    d.answer(B1, "ard-b");
    d.hold(A1, "ard-a");
    let bridge = bridging(&d, "ard-a");
    assert_eq!(d.refused(A2, bridge), RefusalCode::Stale);
    let line = d.act(A2, Act::Intercom { user: user(A3), position: Position::Left }).unwrap().line.unwrap();
    let bridge = bridging(&d, line.as_str());
    assert_eq!(d.refused(A1, bridge), RefusalCode::NoRight);
}

#[test]
fn hold_1_the_line_stays_in_use_until_the_last_one_holds_and_who_holds_neither_hears_nor_is_heard() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.hold(A1, "ard-a");
    assert_eq!(d.status("ard-a").phase, Talking);
    assert_eq!(d.status("ard-a").holders[0].turret, A1);
    assert_eq!(d.route(A1), Some((false, vec![], 0)));
    assert_eq!(d.route(A2), Some((true, vec![B1], 1)));
    d.hold(A2, "ard-a");
    assert_eq!(d.status("ard-a").phase, Held);
}

/// A1 with eight calls on hold and a ninth on the left handset.
fn holding_eight() -> Desk {
    let mut floor = Desk::floor(&[]);
    for number in 1..=9 {
        let mut wire = floor.lines[&l("mrd-a")].clone();
        (wire.line, wire.far) = (l(&format!("wire-{number}")), None);
        floor.lines.insert(wire.line.clone(), wire);
    }
    let mut d = Desk::of(floor);
    for number in 1..=9 {
        d.seize(A1, &format!("wire-{number}"));
    }
    d
}

#[test]
fn hold_9_nobody_holds_a_ninth_call() {
    let mut d = holding_eight();
    assert_eq!(d.phases("wire-8", "wire-9"), (Held, Talking));
    assert_eq!(d.refused(A1, Act::Hold { line: l("wire-9"), exclusive: false }), RefusalCode::NotHoldable);
    assert_eq!(d.status("wire-9").phase, Talking);
}

#[test]
fn pos_3_a_first_call_that_cannot_be_held_stays_and_the_new_one_is_refused() {
    let mut d = holding_eight();
    let seize = Act::Seize { line: l("mrd-a"), position: Position::Left, private: false };
    assert_eq!(d.refused(A1, seize), RefusalCode::PositionBusy);
    assert_eq!(d.phases("wire-9", "mrd-a"), (Talking, Idle));
}

fn intercom(d: &mut Desk, whom: TurretId) -> String {
    d.act(A1, Act::Intercom { user: user(whom), position: Position::Left }).unwrap().line.unwrap().0
}

#[test]
fn int_3_the_microphone_of_the_caller_stays_open_without_another_press() {
    let mut d = Desk::new();
    let line = intercom(&mut d, B1);
    d.wait_ms(120_000);
    assert_eq!(d.exchange.mics(A1).iter().map(|mic| mic.line.to_string()).collect::<Vec<_>>(), [line]);
}

#[test]
fn int_5_an_intercom_waits_with_one_beep_while_its_callee_is_in_a_call_that_goes_on_untouched() {
    let mut d = Desk::new();
    d.seize(A2, "ard-a");
    d.answer(B1, "ard-b");
    let line = intercom(&mut d, B1);
    assert!(d.status(&line).ring.is_some());
    let beeps = |out: &&Output| matches!(out, Output::Notice { turret: B1, sound: Some(Sound::Beep), .. });
    assert_eq!(d.out.iter().filter(beeps).count(), 1);
    assert!(d.told(A1, "U4 is in a call; your call waits for an answer."));
    assert_eq!((d.route(A2), d.route(B1)), (None, None));
    d.wait_ms(20_000);
    assert!(d.exchange.status(&l(&line)).is_none() && d.told(A1, "was not answered"));
}

#[test]
fn int_7_an_intercom_is_not_held() {
    let mut d = Desk::new();
    let line = intercom(&mut d, B1);
    assert_eq!(d.refused(A1, Act::Hold { line: l(&line), exclusive: false }), RefusalCode::NotHoldable);
}

#[test]
fn los_9_an_intercom_ends_when_one_of_its_two_is_lost_and_the_other_is_told() {
    let mut d = Desk::new();
    let line = intercom(&mut d, B1);
    d.input(Input::LinkLost { turret: B1 });
    assert!(d.exchange.status(&l(&line)).is_none() && d.told(A1, "The intercom has ended."));
}

#[test]
fn hot_5_a_hoot_is_not_held_and_says_how_many_hear() {
    let mut d = Desk::new();
    assert_eq!(d.status("hoot").phase, Idle);
    assert_eq!(d.status("hoot").hearers, 4);
    d.talk(A1, true);
    assert_eq!((d.status("hoot").phase, d.status("hoot").hearers), (Talking, 3));
    assert_eq!(d.refused(A1, Act::Hold { line: l("hoot"), exclusive: false }), RefusalCode::NotHoldable);
}

#[test]
fn hot_6_who_is_reached_on_two_lines_hears_a_talk_once_and_who_talks_does_not_hear_it() {
    let mut d = Desk::new();
    d.seize(A2, "ard-a");
    d.answer(B1, "ard-b");
    d.act(A1, Act::Talk { line: l("ard-a"), on: true, latched: false }).unwrap();
    d.talk(A1, true);
    let mics = d.exchange.mics(A1);
    assert!(mics.len() == 2 && mics.iter().all(|mic| mic.uplink == Uplink::Mic));
    assert_eq!(d.route(A1), Some((true, vec![A2, A3, B1], 2)));
}
