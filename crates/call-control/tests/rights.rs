//! What a supervisor lets somebody do on a hoot while the floor runs, and who is told that they hear it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Happening, Input, Kept, Output, RefusalCode, Sound, Value};
use dealerboard_model::{Allowed, Listener, Right, TurretId};
use floor::*;
use std::collections::BTreeSet;

fn right(of: TurretId, allowed: Allowed) -> Act {
    Act::Right { line: l("hoot"), user: user(of), allowed }
}

fn talk() -> Act {
    Act::Talk { line: l("hoot"), on: true, latched: false }
}

/// A1 talks on the hoot.
fn a1_talks() -> Desk {
    let mut d = Desk::new();
    d.talk(A1, true);
    d
}

fn who_hears(d: &mut Desk, turret: TurretId) -> (Vec<Listener>, bool) {
    d.act(turret, Act::WhoHears { line: l("hoot") }).unwrap();
    let told = |out: &Output| {
        let Output::Listeners { turret: to, people, may_set, .. } = out else { return None };
        (*to == turret).then(|| (people.clone(), *may_set))
    };
    d.out.iter().find_map(told).unwrap()
}

fn kept(d: &Desk) -> Vec<(Kept, bool)> {
    let told = d.out.iter();
    told.filter_map(|out| if let Output::Kept { what, on } = out { Some((what.clone(), *on)) } else { None }).collect()
}

#[test]
fn hot_2_a_right_that_is_lowered_while_its_user_talks_ends_the_talk_at_once_and_they_read_whose_act_it_was() {
    for allowed in [Allowed::Listen, Allowed::None] {
        let mut d = a1_talks();
        d.act(A3, right(A1, allowed)).unwrap();
        assert_eq!((d.talkers("hoot"), d.route(A1)), (vec![], Some((false, vec![], 0))));
        assert!(d.told(A1, "U3 ") && d.sound(A1) == Some(Sound::Warning));
        let marked = |out: &Output| matches!(out, Output::Happened { what: Happening::RightSet { of, allowed: now }, .. } if of == "U1" && *now == allowed);
        assert!(d.out.iter().any(marked), "it stands in the recording");
    }
}

#[test]
fn hot_2_who_is_taken_off_a_hoot_neither_hears_it_nor_sees_who_talks() {
    let mut d = Desk::new();
    d.act(A3, right(A2, Allowed::None)).unwrap();
    assert!(d.out.contains(&Output::PanelChanged { to: vec![A2] }));
    assert!(!d.exchange.appearances(&user(A2)).contains(&l("hoot")));
    d.talk(A1, true);
    assert_eq!(d.route(A1), Some((true, vec![A3, B1], 1)));
    let sees =
        |out: &Output| matches!(out, Output::Line { status, to } if status.line == l("hoot") && to.contains(&A2));
    assert!(!d.out.iter().any(sees));
    assert_eq!(d.refused(A2, talk()), RefusalCode::NoRight);
}

#[test]
fn hot_2_a_right_that_is_raised_opens_no_microphone_and_the_next_press_does() {
    let mut d = Desk::new();
    assert_eq!(d.refused(B1, talk()), RefusalCode::ListenOnly);
    d.act(A3, right(B1, Allowed::Speak)).unwrap();
    assert!(d.exchange.mics(B1).is_empty() && d.told(B1, "press its talk key"));
    d.act(B1, talk()).unwrap();
    assert_eq!(d.talkers("hoot"), [B1]);
}

#[test]
fn hot_2_who_was_never_on_a_hoot_hears_it_by_a_channel_when_a_supervisor_lets_them_in() {
    let mut d = Desk::new();
    d.act(A3, right(B2, Allowed::Listen)).unwrap();
    assert_eq!(d.exchange.rights(&user(B2)), [(l("hoot"), Right::Listen)]);
    assert!(d.exchange.speakers(&user(B2)).contains(&l("hoot")));
    d.talk(A1, true);
    assert_eq!(d.route(A1), Some((true, vec![A2, A3, B1, B2], 1)));
}

#[test]
fn hot_2_only_a_supervisor_of_a_desk_that_has_the_hoot_sets_rights_there() {
    let mut d = Desk::new();
    for turret in [A1, B3] {
        assert_eq!(d.refused(turret, right(A2, Allowed::None)), RefusalCode::NoRight);
    }
    let act = Act::Right { line: l("ard-a"), user: user(A1), allowed: Allowed::Listen };
    assert_eq!(d.refused(A3, act), RefusalCode::NoRight);
    let act = Act::Right { line: l("hoot"), user: "nobody".into(), allowed: Allowed::Listen };
    assert_eq!(d.refused(A3, act), RefusalCode::UnknownNumber);
}

#[test]
fn hot_2_a_supervisor_who_has_taken_their_whole_desk_off_a_hoot_can_put_it_back() {
    let mut d = Desk::new();
    for turret in [A1, A2, A3] {
        d.act(A3, right(turret, Allowed::None)).unwrap();
    }
    d.act(A3, right(A1, Allowed::Speak)).unwrap();
    d.talk(A1, true);
    assert_eq!(d.talkers("hoot"), [A1]);
}

#[test]
fn hot_2_what_was_set_stays_set_when_users_are_added() {
    let mut d = Desk::new();
    d.act(A3, right(A1, Allowed::Listen)).unwrap();
    d.act(A3, right(B2, Allowed::Speak)).unwrap();
    d.input(Input::Users(Box::new(Desk::floor(&[]))));
    assert_eq!(d.refused(A1, talk()), RefusalCode::ListenOnly);
    d.act(B2, talk()).unwrap();
}

#[test]
fn swi_2_what_a_supervisor_allowed_outlives_a_restart_until_it_is_as_the_floor_file_has_it() {
    let mut d = Desk::new();
    let set = Kept::Right(l("hoot"), user(A1), Allowed::Listen);
    d.act(A3, right(A1, Allowed::Listen)).unwrap();
    assert_eq!(kept(&d), [(set.clone(), true)]);
    let mut d = Desk::restarted(BTreeSet::from([set.clone()]));
    for turret in TURRETS {
        d.input(Input::LogOn { turret, user: user(turret) });
    }
    d.wait_ms(60_000);
    assert_eq!(d.refused(A1, talk()), RefusalCode::ListenOnly);
    d.act(A3, right(A1, Allowed::Speak)).unwrap();
    assert_eq!(kept(&d), [(set, false)]);
    d.act(A1, talk()).unwrap();
}

#[test]
fn hot_5_who_can_hear_a_talker_is_listed_before_and_while_they_talk() {
    let mut d = Desk::new();
    let hear = |d: &mut Desk| {
        let (people, _) = who_hears(d, A1);
        people.into_iter().filter(|one| one.hears).map(|one| one.user).collect::<Vec<_>>()
    };
    assert_eq!(hear(&mut d), [user(A2), user(A3), user(B1)]);
    d.talk(A1, true);
    d.input(Input::LogOff { turret: A2 });
    d.input(Input::LinkLost { turret: B1 });
    assert_eq!(hear(&mut d), [user(A3)]);
    let talks: Vec<_> = who_hears(&mut d, A3).0.into_iter().filter(|one| one.talks).map(|one| one.user).collect();
    assert_eq!(talks, [user(A1)]);
}

#[test]
fn hot_5_who_is_not_on_a_hoot_is_not_told_who_hears_it_and_its_supervisor_is_told_whom_they_took_off() {
    let mut d = Desk::new();
    assert_eq!(d.refused(B2, Act::WhoHears { line: l("hoot") }), RefusalCode::NoRight);
    d.act(A3, right(A1, Allowed::None)).unwrap();
    let (people, may_set) = who_hears(&mut d, A3);
    let off = Listener { user: user(A1), allowed: Allowed::None, hears: false, talks: false };
    assert!(may_set && people.contains(&off));
    assert!(!who_hears(&mut d, A2).1);
}

#[test]
fn hot_8_a_full_hoot_takes_nobody_in_and_those_in_stay() {
    let mut d = Desk::with_policies(&[("hoot.members", Value::Count(4))]);
    d.talk(A1, true);
    assert_eq!(d.refused(A3, right(B2, Allowed::Listen)), RefusalCode::GroupFull);
    assert_eq!(d.talkers("hoot"), [A1]);
    d.act(A3, right(B1, Allowed::None)).unwrap();
    d.act(A3, right(B2, Allowed::Listen)).unwrap();
}

#[test]
fn hot_8_users_who_are_added_find_no_place_on_a_full_hoot() {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("hoot.members", Value::Count(4)));
    let mut d = Desk::of(floor);
    let mut more = Desk::floor(&[]);
    more.lines.get_mut(&l("hoot")).unwrap().members.insert("a-new-one".into(), Right::Speak);
    d.input(Input::Users(Box::new(more)));
    assert!(!d.exchange.appearances(&"a-new-one".into()).contains(&l("hoot")));
    assert_eq!(who_hears(&mut d, A1).0.iter().filter(|one| one.allowed != Allowed::None).count(), 4);
}
