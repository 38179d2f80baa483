//! Who gives way when as many talk on a hoot as may, and who does not. Two may talk on the hoot of these tests.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, RefusalCode, Sound, Value};
use dealerboard_model::{Right, Role, TurretId};
use floor::*;

fn talk(latched: bool) -> Act {
    Act::Talk { line: l("hoot"), on: true, latched }
}

/// A hoot on which everybody of desk a and B1 may talk; these lead a desk.
fn with_supervisors(supervisors: &[TurretId], full: &'static str) -> Desk {
    let mut floor = Desk::floor(&[]);
    floor.lines.get_mut(&l("hoot")).unwrap().members.insert(user(B1), Right::Speak);
    for turret in TURRETS {
        let roles = &mut floor.users.get_mut(&user(turret)).unwrap().roles;
        if supervisors.contains(&turret) {
            roles.insert(Role::Supervisor);
        } else {
            roles.remove(&Role::Supervisor);
        }
    }
    assert!(floor.policies.floor.set("hoot.full", Value::Word(full)));
    Desk::of(floor)
}

#[test]
fn hot_3_a_supervisor_is_displaced_by_supervisors_only() {
    let mut d = with_supervisors(&[A1, A2, B1], "newest");
    d.act(A1, talk(false)).unwrap();
    d.act(A3, talk(false)).unwrap();
    d.act(A2, talk(false)).unwrap();
    assert_eq!(d.talkers("hoot"), [A1, A2], "who leads no desk gives way first");
    assert_eq!(d.refused(A3, talk(false)), RefusalCode::TalkersFull, "all outrank them");
    assert_eq!(d.talkers("hoot"), [A1, A2]);
    d.act(B1, talk(false)).unwrap();
    assert_eq!(d.talkers("hoot"), [A2, B1]);
}

#[test]
fn hot_3_a_silent_latch_of_a_supervisor_gives_way_to_a_supervisor_before_who_speaks_does() {
    let mut d = with_supervisors(&[A1, A2], "newest");
    d.act(A1, talk(true)).unwrap();
    d.speech(A1, false);
    d.act(A3, talk(false)).unwrap();
    d.wait_ms(2_000);
    d.act(A2, talk(false)).unwrap();
    assert_eq!(d.talkers("hoot"), [A3, A2]);
}

#[test]
fn hot_3_a_full_hoot_refuses_the_newest_where_that_is_its_policy_and_a_supervisor_displaces_all_the_same() {
    let mut d = with_supervisors(&[B1], "refuse");
    d.act(A1, talk(false)).unwrap();
    d.act(A2, talk(false)).unwrap();
    assert_eq!(d.refused(A3, talk(false)), RefusalCode::TalkersFull);
    d.act(B1, talk(false)).unwrap();
    assert_eq!(d.talkers("hoot"), [A2, B1]);
}

#[test]
fn hot_4_a_displaced_key_that_is_still_down_does_not_talk_again_until_it_was_let_go() {
    let mut d = with_supervisors(&[], "newest");
    for turret in [A1, A2, A3] {
        d.act(turret, talk(false)).unwrap();
    }
    assert!(d.told(A1, "2 are talking on HOOT") && d.sound(A1) == Some(Sound::Blocking));
    assert_eq!(d.refused(A1, talk(false)), RefusalCode::TalkersFull);
    assert_eq!(d.talkers("hoot"), [A2, A3]);
    d.act(A1, Act::Talk { line: l("hoot"), on: false, latched: false }).unwrap();
    d.act(A1, talk(false)).unwrap();
    assert_eq!(d.talkers("hoot"), [A3, A1]);
}

#[test]
fn hot_4_the_letting_go_of_a_displaced_tap_latches_nothing() {
    let mut d = with_supervisors(&[], "newest");
    for turret in [A1, A2, A3] {
        d.act(turret, talk(false)).unwrap();
    }
    assert_eq!(d.refused(A1, talk(true)), RefusalCode::TalkersFull);
    d.act(A1, talk(false)).unwrap();
    assert_eq!(d.talkers("hoot"), [A3, A1], "the next press is a new one");
}

#[test]
fn hot_4_a_displaced_latch_talks_again_at_the_next_press() {
    let mut d = with_supervisors(&[], "newest");
    d.act(A1, talk(true)).unwrap();
    d.act(A2, talk(false)).unwrap();
    d.act(A3, talk(false)).unwrap();
    d.act(A1, talk(false)).unwrap();
    assert_eq!(d.talkers("hoot"), [A3, A1]);
}
