//! What colleagues may do with each other's calls: join, keep private, hold for oneself, enter by override.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Happening, Input, Output, RefusalCode, Sound, Value};
use dealerboard_model::{LinePhase, Position, RingPriority, TurretId};
use floor::*;

use LinePhase::{Held, Idle, Talking};

fn talk_on(line: &str) -> Act {
    Act::Talk { line: l(line), on: true, latched: false }
}

/// A user of A2 whose speakers have the ARD of their end.
fn with_a2_monitoring() -> Desk {
    let mut floor = Desk::floor(&[]);
    floor.users.get_mut(&user(A2)).unwrap().speakers.insert(l("ard-a"));
    let mut d = Desk::new();
    d.input(Input::Users(Box::new(floor)));
    d.talk_on_the_ard()
}

#[test]
fn brg_2_whoever_may_not_join_is_refused() {
    let mut d = Desk::with_policies(&[("bridge.allow", Value::Word("off"))]).talk_on_the_ard();
    let act = d.bridging("ard-a");
    assert_eq!(d.refused(A2, act), RefusalCode::NoRight);
}

#[test]
fn brg_2_a_full_line_is_joined_by_nobody_else() {
    let mut d = Desk::with_policies(&[("bridge.max", Value::Count(2))]).talk_on_the_ard();
    d.bridge(A2, "ard-a");
    let act = d.bridging("ard-a");
    assert_eq!(d.refused(A3, act), RefusalCode::GroupFull);
}

#[test]
fn brg_3_a_call_that_all_its_members_hold_is_resumed_and_not_joined() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    let act = d.bridging("ard-a");
    assert_eq!(d.refused(A2, act), RefusalCode::Stale);
}

#[test]
fn brg_4_the_beep_is_heard_at_both_ends_or_by_nobody_where_that_is_the_policy() {
    for (tone, near, far) in [("all", Some(Sound::Beep), Some(Sound::Beep)), ("none", None, None)] {
        let mut d = Desk::with_policies(&[("bridge.tone", Value::Word(tone))]).talk_on_the_ard();
        d.bridge(A2, "ard-a");
        assert_eq!((d.sound(A1), d.sound(B1)), (near, far), "{tone}");
        assert!(d.told(A1, "U2 has joined"));
    }
}

#[test]
fn prv_1_nobody_joins_a_private_line_and_who_tries_is_told_whose_it_is() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    assert_eq!(d.status("ard-a").private_by().map(|party| party.turret), Some(A1));
    let act = d.bridging("ard-a");
    let refusal = d.act(A2, act).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Private);
    assert!(refusal.sentence.starts_with("U1 keeps ARD-A private"), "{}", refusal.sentence);
}

#[test]
fn prv_1_a_call_can_be_private_from_its_first_moment() {
    let mut d = Desk::new();
    d.act(A1, Act::Seize { line: l("ard-a"), position: Position::Left, private: true }).unwrap();
    assert!(d.status("ard-a").private_by().is_some());
}

#[test]
fn prv_1_a_user_whose_calls_are_always_private_need_not_say_so() {
    let d = Desk::with_policies(&[("privacy", Value::Word("on"))]).talk_on_the_ard();
    assert!(d.status("ard-a").private_by().is_some());
}

#[test]
fn prv_2_who_is_on_the_line_stays_there_and_comes_back_from_hold() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.private(A1, "ard-a", true);
    d.hold(A2, "ard-a");
    let act = d.resume("ard-a");
    d.act(A2, act).unwrap();
    assert_eq!(d.status("ard-a").parties.len(), 2);
}

#[test]
fn prv_3_its_owners_hold_or_leaving_ends_privacy() {
    for leave in [Act::Hold { line: l("ard-a"), exclusive: false }, Act::Release { line: l("ard-a") }] {
        let mut d = Desk::talking();
        d.bridge(A2, "ard-a");
        d.private(A1, "ard-a", true);
        d.act(A1, leave).unwrap();
        assert!(d.status("ard-a").private_by().is_none());
        d.bridge(A3, "ard-a");
    }
}

#[test]
fn prv_3_a_call_is_not_private_any_more_when_it_is_resumed() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    d.hold(A1, "ard-a");
    let act = d.resume("ard-a");
    d.act(A1, act).unwrap();
    assert!(d.status("ard-a").private_by().is_none());
}

#[test]
fn prv_4_speakers_of_colleagues_hear_nothing_of_a_private_line() {
    let mut d = with_a2_monitoring();
    assert_eq!(d.status("ard-b").hearers, 2, "the party and a monitor");
    d.private(A1, "ard-a", true);
    assert_eq!(d.route(B1), Some((true, vec![A1], 1)));
}

#[test]
fn prv_4_a_talk_key_on_a_private_line_is_refused() {
    let mut d = with_a2_monitoring();
    d.private(A1, "ard-a", true);
    assert_eq!(d.refused(A2, talk_on("ard-a")), RefusalCode::Private);
}

#[test]
fn prv_4_a_talk_key_that_is_down_when_the_line_becomes_private_is_closed_and_its_user_told() {
    let mut d = with_a2_monitoring();
    d.act(A2, talk_on("ard-a")).unwrap();
    assert_eq!(d.talkers("ard-a"), [A1, A2]);
    d.private(A1, "ard-a", true);
    assert_eq!(d.talkers("ard-a"), [A1]);
    assert!(d.told(A2, "your microphone there was closed"));
}

#[test]
fn prv_4_the_far_ends_colleagues_are_the_far_ends_business() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    d.bridge(B2, "ard-b");
    assert_eq!(d.status("ard-b").parties.len(), 2);
}

#[test]
fn a_hoot_has_no_privacy() {
    let mut d = Desk::new();
    assert_eq!(d.refused(A1, Act::Private { line: l("hoot"), on: true }), RefusalCode::NoRight);
}

#[test]
fn hold_3_a_hold_for_oneself_is_resumed_by_nobody_else() {
    let mut d = Desk::talking();
    d.hold_for_oneself(A1, "ard-a");
    assert!(d.status("ard-a").is_held_exclusively());
    let act = d.resume("ard-a");
    let refusal = d.act(A2, act.clone()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::HeldExclusive);
    assert!(refusal.sentence.contains("U1 holds ARD-A for themselves"));
    d.act(A1, act).unwrap();
}

#[test]
fn hold_3_its_user_resumes_a_hold_for_oneself_at_their_other_turret() {
    let mut d = Desk::talking();
    d.hold_for_oneself(A1, "ard-a");
    let second = TurretId(91);
    d.input(Input::LogOn { turret: second, user: user(A1) });
    let act = d.resume("ard-a");
    d.act(second, act).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn hold_4_a_private_call_is_held_for_its_holder_alone() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    d.hold(A1, "ard-a");
    assert!(d.status("ard-a").is_held_exclusively());
}

#[test]
fn hold_4_a_private_call_is_held_for_all_where_that_is_the_policy() {
    let mut d = Desk::with_policies(&[("hold.private", Value::Word("common"))]).talk_on_the_ard();
    d.private(A1, "ard-a", true);
    d.hold(A1, "ard-a");
    let act = d.resume("ard-a");
    d.act(A2, act).unwrap();
}

#[test]
fn hold_5_nobody_else_releases_a_call_that_is_held_for_one_person() {
    let mut d = Desk::talking();
    d.hold_for_oneself(A1, "ard-a");
    assert_eq!(d.refused(A2, Act::Release { line: l("ard-a") }), RefusalCode::HeldExclusive);
}

#[test]
fn hold_5_who_releases_a_common_hold_leaves_a_colleagues_own_one_alone() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.hold(A1, "ard-a");
    d.hold_for_oneself(A2, "ard-a");
    d.release(A3, "ard-a");
    assert!(d.told(A1, "U3 released ARD-A while you held it") && !d.told(A2, "U3 released"));
    assert!(d.told(A3, "U2 holds ARD-A for themselves: it stays on hold"));
    assert_eq!((d.phases("ard-a", "ard-b"), d.status("ard-a").holders.len()), ((Held, Talking), 1));
    assert_eq!(d.refused(A3, Act::Release { line: l("ard-a") }), RefusalCode::HeldExclusive);
    let act = d.resume("ard-a");
    d.act(A2, act).unwrap();
    assert_eq!((d.heard_by(A2), d.heard_by(B1)), (vec![B1], vec![A2]));
}

#[test]
fn hold_6_a_hold_for_oneself_is_everybodys_after_fifteen_minutes() {
    let mut d = Desk::talking();
    d.hold_for_oneself(A1, "ard-a");
    d.wait_ms(15 * 60_000 - 1);
    assert!(d.status("ard-a").is_held_exclusively());
    d.wait_ms(1);
    assert!(!d.status("ard-a").is_held_exclusively());
    assert!(d.told(A2, "can be taken by all now"));
    let act = d.resume("ard-a");
    d.act(A2, act).unwrap();
}

#[test]
fn hold_6_a_hold_for_oneself_is_released_at_its_end_where_that_is_the_policy() {
    let mut d = Desk::with_policies(&[("hold.exclusive_end", Value::Word("release"))]).talk_on_the_ard();
    d.hold_for_oneself(A1, "ard-a");
    d.wait_ms(15 * 60_000);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn hold_6_the_hold_of_somebody_who_logs_off_is_everybodys() {
    let mut d = Desk::talking();
    d.hold_for_oneself(A1, "ard-a");
    d.input(Input::LogOff { turret: A1 });
    let act = d.resume("ard-a");
    d.act(A2, act).unwrap();
}

#[test]
fn hold_7_a_call_that_nobody_takes_for_three_minutes_rings_at_every_appearance() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    d.wait_ms(179_999);
    assert_eq!(d.status("ard-a").ring, None);
    d.wait_ms(1);
    let ring = d.status("ard-a").ring.unwrap();
    assert_eq!((ring.recall, ring.priority, ring.from.as_str()), (true, RingPriority::High, "U1"));
    assert_eq!(d.phases("ard-a", "ard-b"), (Held, Talking));
    d.answer(A2, "ard-a");
    assert_eq!((d.status("ard-a").ring, d.phases("ard-a", "ard-b")), (None, (Talking, Talking)));
}

#[test]
fn hold_7_a_hold_for_oneself_rings_nowhere() {
    let mut d = Desk::talking();
    d.hold_for_oneself(A1, "ard-a");
    d.wait_ms(600_000);
    assert_eq!(d.status("ard-a").ring, None);
}

#[test]
fn hold_10_an_administrator_clears_a_line_that_somebody_holds_for_themselves() {
    let mut d = Desk::talking();
    d.hold_for_oneself(B1, "ard-b");
    assert_eq!(d.refused(B2, Act::Clear { line: l("ard-b") }), RefusalCode::NoRight);
    d.act(B3, Act::Clear { line: l("ard-b") }).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(B1, "U6 cleared ARD-B"));
}

#[test]
fn sup_1_only_a_supervisor_of_a_desk_that_has_the_line_enters_and_says_why() {
    let mut d = Desk::talking();
    let act = d.overriding("ard-a");
    assert_eq!(d.refused(A2, act), RefusalCode::NoRight);
    let Act::Override { line, call, position, .. } = d.overriding("ard-a") else { unreachable!() };
    let silent = Act::Override { line, call, position, reason: " ".into() };
    assert_eq!(d.refused(A3, silent), RefusalCode::NoRight);
}

#[test]
fn sup_2_everybody_at_both_ends_hears_a_tone_and_sees_the_name_before_the_supervisor_hears_anything() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    for turret in [A1, B1] {
        assert_eq!(d.sound(turret), Some(Sound::Override));
        assert!(d.told(turret, "U3 enters ARD-"));
    }
    let entering = d.status("ard-a").parties.into_iter().find(|party| party.turret == A3).unwrap();
    assert!(entering.overriding);
    assert_eq!(d.route(B1), None, "who is heard by whom has not changed");
    assert_eq!(d.route(A3), None);
    d.wait_ms(999);
    assert_eq!(d.route(B1), None);
    d.wait_ms(1);
    assert_eq!(d.route(B1), Some((true, vec![A1, A3], 1)));
    assert_eq!(d.route(A3), Some((true, vec![A1, B1], 1)));
}

#[test]
fn sup_3_a_private_call_that_a_supervisor_has_entered_stays_private_for_all_others() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    d.wait_ms(1_000);
    let act = d.bridging("ard-a");
    assert_eq!(d.refused(A2, act), RefusalCode::Private);
}

#[test]
fn sup_3_an_override_passes_no_recorder_that_cannot_write() {
    let mut d = Desk::talking();
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
    let act = d.overriding("ard-a");
    assert_eq!(d.refused(A3, act), RefusalCode::NotRecorded);
}

#[test]
fn sup_2_an_override_is_an_event_of_the_recording_with_its_reason() {
    let mut d = Desk::talking();
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    let why = d.out.iter().find_map(|out| {
        let Output::Happened { what: Happening::Overrides { reason }, who, .. } = out else { return None };
        Some((who.clone(), reason.clone()))
    });
    assert_eq!(why, Some((vec![user(A3)], "a limit".to_owned())));
}

#[test]
fn i29_an_override_takes_a_call_that_is_held_for_somebody_else() {
    let mut d = Desk::talking();
    d.hold_for_oneself(A1, "ard-a");
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    d.wait_ms(1_000);
    assert_eq!(d.route(A3), Some((true, vec![B1], 1)));
}

#[test]
fn a_supervisor_who_lets_go_before_they_are_on_the_line_is_never_heard_there() {
    let mut d = Desk::talking();
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    d.release(A3, "ard-a");
    d.wait_ms(5_000);
    assert_eq!(d.status("ard-a").parties.len(), 1);
}

#[test]
fn nothing_that_rings_or_is_idle_is_entered_by_override() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    let act = d.overriding("ard-a");
    assert_eq!(d.refused(A3, act.clone()), RefusalCode::StillRinging);
    d.release(A1, "ard-a");
    assert_eq!(d.refused(A3, act), RefusalCode::Stale);
}

#[test]
fn pos_2_a_busy_position_refuses_or_releases_where_that_is_the_policy() {
    let mrd = || Act::Seize { line: l("mrd-a"), position: Position::Left, private: false };
    let mut d = Desk::with_policies(&[("position.busy", Value::Word("refuse"))]).talk_on_the_ard();
    assert_eq!(d.refused(A1, mrd()), RefusalCode::PositionBusy);
    let mut d = Desk::with_policies(&[("position.busy", Value::Word("release"))]).talk_on_the_ard();
    d.act(A1, mrd()).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn ard_1_a_wire_that_rings_for_as_long_as_its_policy_allows_is_released_and_its_caller_told() {
    let mut d = Desk::with_policies(&[("ring.timeout.ard", Value::Ms(30_000))]);
    d.seize(A1, "ard-a");
    d.wait_ms(29_999);
    assert_eq!(d.phases("ard-a", "ard-b"), (LinePhase::Calling, LinePhase::Ringing));
    d.wait_ms(1);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(A1, "Nobody answered ARD-A") && d.told(B1, "was not answered"));
}

#[test]
fn mrd_3_seizing_signals_once_where_that_is_the_policy_and_only_an_idle_far_end() {
    let mut d = Desk::with_policies(&[("mrd.signal", Value::Word("auto"))]);
    d.seize(A1, "mrd-a");
    assert_eq!(d.status("mrd-b").phase, LinePhase::Ringing);
    d.wait_ms(500);
    assert_eq!((d.status("mrd-b").ring.is_none(), d.status("mrd-b").signalled.is_some()), (true, true));
    d.seize(B1, "mrd-b");
    assert!(!d.told(A1, "signals"));
}

#[test]
fn los_5_a_private_call_of_a_lost_turret_waits_for_its_user_alone_then_rings_for_all() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    d.input(Input::LinkLost { turret: A1 });
    let act = d.bridging("ard-a");
    assert_eq!(d.refused(A2, act), RefusalCode::Private);
    d.wait_ms(15_000);
    assert!(d.status("ard-a").is_held_exclusively());
    d.wait_ms(120_000);
    assert!(d.status("ard-a").ring.is_some_and(|ring| ring.recall));
    d.answer(A2, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn los_4_the_call_of_a_turret_that_does_not_return_rings_for_its_colleagues() {
    let mut d = Desk::talking();
    d.input(Input::LinkLost { turret: A1 });
    d.wait_ms(15_000);
    assert!(d.status("ard-a").ring.is_some_and(|ring| ring.recall && ring.priority == RingPriority::High));
    d.answer(A2, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
}

#[test]
fn log_3_calls_are_released_at_log_off_where_that_is_the_policy() {
    let mut d = Desk::with_policies(&[("logoff.calls", Value::Word("release"))]).talk_on_the_ard();
    d.input(Input::LogOff { turret: A1 });
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
}

#[test]
fn hold_6_a_hold_for_oneself_that_ends_with_its_call_is_told_and_marked_as_nobodys_release() {
    let mut d = Desk::with_policies(&[("hold.exclusive_end", Value::Word("release"))]).talk_on_the_ard();
    d.hold_for_oneself(A1, "ard-a");
    d.wait_ms(15 * 60_000);
    assert!(d.told(A1, "Your hold of ARD-A is over after 15 min: the call was released."));
    let warned = |out: &Output| matches!(out, Output::Notice { turret: A1, sound: Some(Sound::Warning), .. });
    assert!(d.out.iter().any(warned));
    let why = Happening::BrokenOff { why: "it was on hold for U1 for 15 min, longer than one person may".into() };
    let marks = |wanted: &Happening| {
        d.out.iter().any(|out| matches!(out, Output::Happened { who, what, .. } if what == wanted && who.is_empty()))
    };
    assert!(marks(&why) && !marks(&Happening::Released));
}

#[test]
fn hold_6_a_hold_for_oneself_that_ends_leaves_its_call_to_colleagues_who_are_on_it() {
    let mut d = Desk::with_policies(&[("hold.exclusive_end", Value::Word("release"))]).talk_on_the_ard();
    d.bridge(A2, "ard-a");
    d.hold_for_oneself(A1, "ard-a");
    d.wait_ms(15 * 60_000);
    assert!(d.told(A1, "Your hold of ARD-A is over after 15 min: your colleagues go on with it."));
    assert_eq!((d.status("ard-a").holders.len(), d.heard_by(A2)), (0, vec![B1]));
}

#[test]
fn hold_7_a_long_hold_is_reminded_of_in_minutes() {
    let mut d = Desk::talking();
    d.hold(A1, "ard-a");
    for (wait_ms, time) in [(60_000, "60 s"), (30_000, "90 s"), (30_000, "2 min"), (30_000, "2 min"), (30_000, "3 min")]
    {
        d.wait_ms(wait_ms);
        assert!(d.told(A1, &format!("ARD-A has been on hold for {time}.")), "{time}");
    }
}
