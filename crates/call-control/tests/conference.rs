//! Conferences: lines that are joined at one position.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Input, Output, RefusalCode, Value};
use dealerboard_model::{LineKind, LinePhase, Position, RecordPolicy, TurretId};
use floor::*;
use std::collections::BTreeSet;

use LinePhase::{Held, Idle, Talking};

fn join(d: &Desk, line: &str) -> Act {
    Act::Join { line: l(line), call: d.call(line), position: Position::Left }
}

fn unjoin(line: &str) -> Act {
    Act::Unjoin { line: l(line) }
}

/// A1 talks on the ARD with B1 and has the MRD with B2 on hold.
fn one_held(policies: &[(&str, Value)]) -> Desk {
    let mut d = Desk::with_policies(policies);
    d.seize(A1, "mrd-a");
    d.seize(B2, "mrd-b");
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    d
}

/// A1 has joined both.
fn joined_with(policies: &[(&str, Value)]) -> Desk {
    let mut d = one_held(policies);
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    d
}

fn joined() -> Desk {
    joined_with(&[])
}

/// Who hears a turret, by the last route that was told of it in these outputs.
fn hears(d: &Desk, talker: TurretId) -> Option<BTreeSet<TurretId>> {
    d.route(talker).map(|(_, hearers, _)| hearers.into_iter().collect())
}

fn on(d: &Desk, line: &str) -> Vec<TurretId> {
    d.status(line).parties.iter().map(|party| party.turret).collect()
}

fn names(d: &Desk, line: &str) -> Vec<String> {
    d.status(line).conference.map(|it| it.lines.into_iter().map(|one| one.name).collect()).unwrap_or_default()
}

#[test]
fn cnf_1_a_held_line_that_is_joined_is_heard_by_everybody_and_hears_everybody() {
    let d = joined();
    assert_eq!(d.phases("ard-a", "mrd-a"), (Talking, Talking));
    assert_eq!(hears(&d, A1), Some([B1, B2].into()));
    assert_eq!(hears(&d, B1), Some([A1, B2].into()));
    assert_eq!(hears(&d, B2), Some([A1, B1].into()));
}

#[test]
fn cnf_1_a_line_at_another_position_comes_to_the_position_that_it_is_joined_to() {
    let mut d = Desk::talking();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    let places: Vec<Position> =
        ["ard-a", "mrd-a"].iter().flat_map(|line| d.status(line).parties).map(|party| party.position).collect();
    assert_eq!(places, [Position::Left, Position::Left]);
}

#[test]
fn cnf_1_a_person_comes_in_by_intercom() {
    let mut d = Desk::talking();
    let accepted = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap();
    let intercom = accepted.line.unwrap();
    let act = Act::Join { call: d.call(intercom.as_str()), line: intercom.clone(), position: Position::Left };
    d.act(A1, act).unwrap();
    assert_eq!(hears(&d, B1), Some([A1, A2].into()));
    assert_eq!(d.status("ard-a").talkers.len(), 1, "A2 talks only by a press of their own");
    d.act(A2, Act::OpenMic { line: intercom }).unwrap();
    assert_eq!(hears(&d, A2), Some([A1, B1].into()));
}

#[test]
fn cnf_1_a_line_that_still_rings_or_is_a_hoot_is_not_joined() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.act(A1, Act::Seize { line: l("ard-a"), position: Position::Right, private: false }).unwrap();
    let act = join(&d, "ard-a");
    assert_eq!(d.refused(A1, act), RefusalCode::StillRinging);
    d.talk(A1, true);
    let act = join(&d, "hoot");
    assert_eq!(d.refused(A1, act), RefusalCode::NoRight);
}

#[test]
fn cnf_1_a_conference_is_full_at_its_policys_number_of_lines() {
    let mut floor = Desk::floor(&[]);
    let spec = floor.lines[&l("mrd-a")].clone();
    let more = dealerboard_call_control::LineSpec { line: l("mrd-c"), name: "MRD-C".into(), far: None, ..spec };
    floor.lines.insert(l("mrd-c"), more);
    assert!(floor.policies.floor.set("conference.max_lines", Value::Count(2)));
    let mut d = Desk::of(floor);
    for line in ["mrd-c", "mrd-a", "ard-a"] {
        d.seize(A1, line);
    }
    d.answer(B1, "ard-b");
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    let act = join(&d, "mrd-c");
    assert_eq!(d.refused(A1, act), RefusalCode::GroupFull);
}

#[test]
fn cnf_2_who_joins_one_line_of_a_conference_joins_all_of_it() {
    let mut d = joined();
    d.bridge(A2, "ard-a");
    assert_eq!((on(&d, "ard-a"), on(&d, "mrd-a")), (vec![A1, A2], vec![A1, A2]));
    assert_eq!(hears(&d, A2), Some([A1, B1, B2].into()));
}

#[test]
fn cnf_2_who_has_no_appearance_of_a_line_gets_its_key_for_as_long_as_they_are_on_it() {
    let mut floor = Desk::floor(&[]);
    floor.lines.get_mut(&l("mrd-a")).unwrap().members.remove(&user(A2));
    let mut d = Desk::of(floor);
    d.seize(A1, "mrd-a");
    d.seize(B2, "mrd-b");
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    d.bridge(A2, "ard-a");
    let came = |out: &Output| matches!(out, Output::LineAdded { line, to, .. } if *line == l("mrd-a") && *to == [A2]);
    assert!(d.out.iter().any(came));
    assert_eq!(d.exchange.lines_of(A2), [(l("mrd-a"), "MRD-A".to_owned(), LineKind::Mrd)]);
    d.release(A2, "ard-a");
    let gone = |out: &Output| matches!(out, Output::LineRemoved { line, to } if *line == l("mrd-a") && *to == [A2]);
    assert!(d.out.iter().any(gone));
    assert_eq!(d.exchange.lines_of(A2), []);
}

#[test]
fn cnf_3_a_party_is_a_party_on_each_line_and_each_key_names_all_of_them() {
    let d = joined();
    assert_eq!((on(&d, "ard-a"), on(&d, "mrd-a")), (vec![A1], vec![A1]));
    assert_eq!(names(&d, "ard-a"), ["ARD-A", "MRD-A"]);
    assert_eq!(names(&d, "mrd-a"), ["ARD-A", "MRD-A"]);
    assert_eq!(names(&d, "ard-b"), [""; 0], "the far end's key is the far end's");
}

#[test]
fn cnf_4_each_removes_what_they_added_and_a_supervisor_anything() {
    let mut d = joined();
    d.bridge(A2, "ard-a");
    assert_eq!(d.refused(A2, unjoin("mrd-a")), RefusalCode::NotYours);
    d.bridge(A3, "ard-a");
    d.act(A3, unjoin("mrd-a")).unwrap();
    assert_eq!(on(&d, "ard-a"), [A1, A2, A3]);
}

#[test]
fn cnf_4_a_line_that_is_removed_is_idle_everywhere_and_hears_nothing_any_more() {
    let mut d = joined();
    d.act(A1, unjoin("ard-a")).unwrap();
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert!(d.told(B1, "released"));
    assert_eq!((names(&d, "mrd-a"), hears(&d, A1), hears(&d, B2)), (vec![], Some([B2].into()), Some([A1].into())));
}

#[test]
fn cnf_4_whom_an_intercom_brought_in_goes_with_it() {
    let mut d = Desk::talking();
    let intercom = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap().line.unwrap();
    let act = Act::Join { call: d.call(intercom.as_str()), line: intercom.clone(), position: Position::Left };
    d.act(A1, act).unwrap();
    d.act(A1, Act::Unjoin { line: intercom }).unwrap();
    assert_eq!(on(&d, "ard-a"), [A1]);
}

#[test]
fn i39_whom_an_intercom_brought_in_talks_by_no_key_when_it_has_gone() {
    let mut d = Desk::of(Desk::muted_floor());
    d.seize(A1, "mrd-a");
    let intercom = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap().line.unwrap();
    let act = Act::Join { call: d.call(intercom.as_str()), line: intercom.clone(), position: Position::Left };
    d.act(A1, act).unwrap();
    d.act(A2, Act::Talk { line: l("mrd-a"), on: true, latched: true }).unwrap();
    d.act(A1, Act::Unjoin { line: intercom }).unwrap();
    assert_eq!(d.talkers("mrd-a"), [A1]);
}

#[test]
fn cnf_5_who_leaves_ends_nothing_and_what_they_added_is_the_longest_presents() {
    let mut d = joined();
    d.bridge(A2, "ard-a");
    d.release(A1, "mrd-a");
    assert_eq!((on(&d, "ard-a"), on(&d, "mrd-a")), (vec![A2], vec![A2]));
    d.act(A2, unjoin("mrd-a")).unwrap();
    assert_eq!(d.status("mrd-a").phase, Idle);
}

#[test]
fn cnf_5_a_hold_keeps_what_its_holder_added() {
    let mut d = joined();
    d.bridge(A2, "ard-a");
    d.hold(A1, "ard-a");
    assert_eq!(d.refused(A2, unjoin("mrd-a")), RefusalCode::NotYours);
}

#[test]
fn cnf_5_who_held_one_line_before_it_was_joined_holds_all_of_them_when_nobody_else_is_left() {
    let mut d = Desk::talking();
    d.act(A2, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    d.act(A1, Act::Bridge { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Right }).unwrap();
    d.hold(A2, "mrd-a");
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "mrd-a"), (Held, Held));
    d.act(A2, d.resume("ard-a")).unwrap();
    assert_eq!((on(&d, "ard-a"), on(&d, "mrd-a")), (vec![A2], vec![A2]));
}

#[test]
fn cnf_5_who_leaves_a_conference_of_which_they_hold_one_line_at_their_other_turret_holds_all_of_it() {
    let mut d = Desk::talking();
    d.input(Input::LogOn { turret: A1_TOO, user: user(A1) });
    d.bridge(A1_TOO, "ard-a");
    d.hold(A1_TOO, "ard-a");
    d.seize(B2, "mrd-b");
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "mrd-a"), (Held, Held), "no far end waits at a line that looks idle");
    assert_eq!((d.heard_by(B1), d.heard_by(B2)), (vec![B2], vec![B1]));
}

#[test]
fn cnf_6_all_lines_are_released_when_the_last_one_here_leaves() {
    let mut d = joined();
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert_eq!((d.status("mrd-a").phase, d.status("mrd-b").phase), (Idle, Talking));
}

#[test]
fn cnf_6_the_far_ends_go_on_without_anybody_here_where_that_is_the_policy() {
    let mut d = joined_with(&[("conference.no_local", Value::Word("keep"))]);
    d.release(A1, "ard-a");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert_eq!(hears(&d, B1), Some([B2].into()));
    d.release(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "mrd-a"), (Idle, Idle));
}

#[test]
fn cnf_6_a_colleague_joins_far_ends_that_went_on_alone() {
    let mut d = joined_with(&[("conference.no_local", Value::Word("keep"))]);
    d.release(A1, "ard-a");
    d.bridge(A2, "mrd-a");
    assert_eq!(hears(&d, A2), Some([B1, B2].into()));
}

#[test]
fn cnf_6_a_conference_whose_holder_has_logged_off_is_over_when_nobody_has_taken_it_in_time() {
    let mut d = joined();
    d.hold(A1, "ard-a");
    d.input(Input::LogOff { turret: A1 });
    d.wait_ms(600_000);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert_eq!((d.status("mrd-a").phase, names(&d, "mrd-a"), d.heard_by(B1)), (Idle, vec![], vec![]));
}

#[test]
fn int_3_who_has_what_is_left_of_a_conference_on_the_speakers_talks_back_at_a_position_with_a_microphone() {
    let mut d = Desk::talking();
    let intercom = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap().line.unwrap();
    d.bridge(A3, "ard-a");
    let call = d.call("ard-a");
    d.act(A3, Act::Move { line: l("ard-a"), call, position: Position::Speakers }).unwrap();
    let call = d.status_of(&intercom).unwrap().call.unwrap();
    d.act(A1, Act::Join { line: intercom.clone(), call, position: Position::Left }).unwrap();
    d.release(B1, "ard-b");
    let at = |d: &Desk| d.status_of(&intercom).unwrap().parties.iter().find(|it| it.turret == A3).unwrap().position;
    assert_eq!(at(&d), Position::Speakers);
    d.act(A3, Act::TalkBack { line: intercom.clone(), on: true, latched: true }).unwrap();
    assert_eq!((at(&d), d.heard_by(A3)), (Position::HandsFree, vec![A1, A2]));
}

#[test]
fn cnf_3_who_talks_back_into_what_rings_on_hold_as_part_of_a_conference_takes_all_of_it() {
    let mut d = Desk::talking();
    let intercom = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap().line.unwrap();
    let call = d.status_of(&intercom).unwrap().call.unwrap();
    d.act(A1, Act::Join { line: intercom.clone(), call, position: Position::Left }).unwrap();
    d.release(A2, "ard-a");
    d.hold(A1, "ard-a");
    d.wait_ms(180_000);
    d.act(A2, Act::TalkBack { line: intercom.clone(), on: true, latched: true }).unwrap();
    let ring = d.status_of(&intercom).unwrap().ring;
    assert_eq!((on(&d, "ard-a"), on(&d, intercom.as_str()), ring), (vec![A2], vec![A2], None));
    assert_eq!((d.heard_by(A2), d.status("ard-a").holders), (vec![B1], vec![]));
}

#[test]
fn cnf_7_all_lines_are_held_together_and_resumed_together_by_any_of_them() {
    let mut d = joined();
    d.hold(A1, "ard-a");
    assert_eq!((d.status("ard-a").phase, d.status("mrd-a").phase), (Held, Held));
    let act = d.resume("mrd-a");
    d.act(A2, act).unwrap();
    assert_eq!((on(&d, "ard-a"), on(&d, "mrd-a")), (vec![A2], vec![A2]));
    assert_eq!(hears(&d, A2), Some([B1, B2].into()));
    assert_eq!(d.refused(A2, unjoin("mrd-a")), RefusalCode::NotYours);
}

#[test]
fn i21_no_line_of_a_conference_rings_on_when_one_that_rang_on_hold_is_taken() {
    let mut d = joined();
    d.hold(A1, "ard-a");
    d.wait_ms(180_000);
    assert!(["ard-a", "mrd-a"].into_iter().all(|line| d.status(line).ring.is_some()));
    d.answer(A2, "mrd-a");
    assert_eq!((d.status("ard-a").ring, d.status("mrd-a").ring), (None, None));
}

#[test]
fn i21_a_held_line_that_rings_is_quiet_when_it_is_joined_with_another_call() {
    let mut d = one_held(&[]);
    d.wait_ms(180_000);
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    assert_eq!(d.status("mrd-a").ring, None);
}

#[test]
fn cnf_8_one_private_line_makes_the_whole_private() {
    let mut d = joined();
    d.private(A1, "mrd-a", true);
    let act = d.bridging("ard-a");
    assert_eq!(d.refused(A2, act), RefusalCode::Private);
}

#[test]
fn cnf_8_one_line_that_must_be_recorded_makes_the_whole_so() {
    let mut floor = Desk::floor(&[]);
    floor.lines.get_mut(&l("mrd-a")).unwrap().record = RecordPolicy::Off;
    let mut d = Desk::of(floor);
    d.seize(A1, "mrd-a");
    assert_eq!(d.route(A1).unwrap().2, 0, "not recorded on its own");
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    assert_eq!(d.route(A1).unwrap().2, 2);
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
    d.wait_ms(3_000);
    assert!(d.status("mrd-a").talkers.is_empty());
}

#[test]
fn cnf_8_a_far_end_that_drops_takes_its_line_alone_and_one_line_is_a_plain_call() {
    let mut d = joined();
    d.release(B1, "ard-b");
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    assert_eq!((names(&d, "mrd-a"), on(&d, "mrd-a")), (vec![], vec![A1]));
    d.release(A1, "mrd-a");
    assert_eq!(d.status("mrd-a").phase, Idle);
}

#[test]
fn cnf_8_an_intercom_that_is_left_with_one_person_when_the_other_line_goes_is_over() {
    let mut d = Desk::talking();
    let intercom = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap().line.unwrap();
    let act = Act::Join { call: d.call(intercom.as_str()), line: intercom.clone(), position: Position::Left };
    d.act(A1, act).unwrap();
    d.release(A1, "ard-a");
    assert_eq!(on(&d, intercom.as_str()), vec![A2]);
    d.release(B1, "ard-b");
    assert_eq!(d.exchange.status(&intercom), None);
    assert!(d.told(A2, "The intercom has ended"));
    d.act(A1, Act::Intercom { user: user(A2), position: Position::Left }).unwrap();
}

#[test]
fn cnf_5_what_somebody_has_joined_whom_an_intercom_brought_in_is_held_by_who_is_left_when_they_go_with_it() {
    let mut d = Desk::talking();
    d.bridge(A2, "ard-a");
    d.hold(A2, "ard-a");
    d.wait_ms(1_000);
    let intercom = d.act(A1, Act::Intercom { user: user(A3), position: Position::Right }).unwrap().line.unwrap();
    let call = d.call(intercom.as_str());
    d.act(A1, Act::Join { call, line: intercom.clone(), position: Position::Left }).unwrap();
    d.act(A3, Act::Seize { line: l("mrd-a"), position: Position::HandsFree, private: false }).unwrap();
    d.act(A3, Act::Join { call: d.call("ard-a"), line: l("ard-a"), position: Position::HandsFree }).unwrap();
    d.release(A1, "ard-a");
    assert_eq!(on(&d, "mrd-a"), vec![A3]);
    d.act(A3, Act::Unjoin { line: intercom }).unwrap();
    assert_eq!((on(&d, "ard-a"), on(&d, "mrd-a")), (vec![], vec![]));
    assert_eq!(d.phases("ard-a", "mrd-a"), (Held, Held), "no far end waits at a line that looks idle");
}

#[test]
fn pos_4_who_talked_to_a_line_that_a_colleague_removes_is_heard_on_the_others_after_a_press_alone() {
    let mut d = joined();
    let act = d.bridging("ard-a");
    d.act(A2, act).unwrap();
    assert!(d.talkers("ard-a").contains(&A2));
    d.act(A2, Act::Talk { line: l("mrd-a"), on: true, latched: true }).unwrap();
    assert!(!d.talkers("ard-a").contains(&A2), "the talk key alone is heard");
    d.act(A1, unjoin("mrd-a")).unwrap();
    assert_eq!((on(&d, "ard-a"), d.talkers("ard-a")), (vec![A1, A2], vec![A1]));
}

#[test]
fn los_9_a_conference_outlives_a_lost_turret_that_came_in_by_intercom() {
    let mut d = Desk::talking();
    let intercom = d.act(A1, Act::Intercom { user: user(A2), position: Position::Right }).unwrap().line.unwrap();
    let act = Act::Join { call: d.call(intercom.as_str()), line: intercom, position: Position::Left };
    d.act(A1, act).unwrap();
    d.input(Input::LinkLost { turret: A2 });
    d.wait_ms(15_000);
    assert_eq!((on(&d, "ard-a"), d.phases("ard-a", "ard-b")), (vec![A1], (Talking, Talking)));
}

#[test]
fn pos_3_a_conference_is_held_whole_when_another_call_takes_its_position() {
    let mut floor = Desk::floor(&[]);
    let spec = floor.lines[&l("mrd-a")].clone();
    floor.lines.insert(l("mrd-c"), dealerboard_call_control::LineSpec { line: l("mrd-c"), far: None, ..spec });
    let mut d = Desk::of(floor);
    d.seize(A1, "mrd-a");
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    d.seize(A1, "mrd-c");
    assert_eq!((d.status("ard-a").phase, d.status("mrd-a").phase), (Held, Held));
}

#[test]
fn sup_2_a_supervisor_hears_no_line_of_a_conference_before_everybody_on_all_of_it_was_told() {
    let mut d = joined();
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    assert!([A1, B1, B2].into_iter().all(|turret| d.told(turret, "U3 enters")), "also who came in by another line");
    assert_eq!([hears(&d, B1), hears(&d, B2), hears(&d, A3)], [None, None, None], "nobody's hearers have changed");
    d.wait_ms(1_000);
    assert_eq!(hears(&d, A3), Some([A1, B1, B2].into()));
    assert_eq!(hears(&d, B2), Some([A1, A3, B1].into()));
}

#[test]
fn prv_3_who_joins_a_conference_locks_none_of_its_lines_though_their_calls_are_private_by_policy() {
    let mut floor = Desk::floor(&[]);
    floor.policies.users.insert(user(A2), set(&[("privacy", Value::Word("on"))]));
    let mut d = Desk::of(floor);
    d.seize(A1, "mrd-a");
    d.seize(B2, "mrd-b");
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    let act = join(&d, "mrd-a");
    d.act(A1, act).unwrap();
    d.bridge(A2, "ard-a");
    assert!(["ard-a", "mrd-a"].iter().all(|line| d.status(line).private_by().is_none()));
}

#[test]
fn prv_4_a_talk_key_on_any_line_of_a_conference_that_becomes_private_is_closed() {
    let mut d = joined();
    d.act(A2, Act::Talk { line: l("mrd-a"), on: true, latched: false }).unwrap();
    assert_eq!(d.talkers("mrd-a"), [A1, A2]);
    d.private(A1, "ard-a", true);
    assert_eq!(d.talkers("mrd-a"), [A1]);
}

#[test]
fn prv_4_a_talk_key_on_a_line_that_is_joined_with_a_private_one_is_closed() {
    let mut d = one_held(&[]);
    d.act(A2, Act::Talk { line: l("ard-a"), on: true, latched: false }).unwrap();
    d.private(A1, "ard-a", true);
    assert_eq!(d.talkers("ard-a"), [A1]);
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.seize(B2, "mrd-b");
    d.act(A2, Act::Talk { line: l("mrd-a"), on: true, latched: false }).unwrap();
    d.act(A1, Act::Seize { line: l("ard-a"), position: Position::Right, private: true }).unwrap();
    d.answer(B1, "ard-b");
    let act = Act::Join { line: l("ard-a"), call: d.call("ard-a"), position: Position::Left };
    d.act(A1, act).unwrap();
    assert_eq!(d.talkers("mrd-a"), [A1]);
}

#[test]
fn cnf_5_who_logs_off_from_a_conference_takes_no_hold_of_a_colleague_with_them() {
    let mut d = joined_with(&[("logoff.calls", Value::Word("release"))]);
    d.bridge(A2, "ard-a");
    d.hold(A2, "ard-a");
    d.input(Input::LogOff { turret: A1 });
    assert_eq!((d.status("ard-a").holders.len(), d.status("mrd-a").holders.len()), (1, 1));
}

#[test]
fn i19_who_is_heard_by_one_more_over_a_conference_of_the_far_end_is_told_so() {
    let mut d = Desk::talking();
    d.seize(A2, "mrd-a");
    d.act(B1, Act::Seize { line: l("mrd-b"), position: Position::Right, private: false }).unwrap();
    let call = d.call("mrd-b");
    d.act(B1, Act::Join { line: l("mrd-b"), call, position: Position::Left }).unwrap();
    let before = d.status("ard-a").hearers;
    d.bridge(A3, "mrd-a");
    let told = d.out.iter().find_map(|out| {
        let Output::Line { status, .. } = out else { return None };
        (status.line == l("ard-a")).then_some(status.hearers)
    });
    assert_eq!(told, Some(before + 1));
}

#[test]
fn cnf_5_whose_hold_a_colleague_releases_has_left_and_who_holds_it_for_themselves_has_all_of_it() {
    let mut d = joined();
    d.bridge(A2, "ard-a");
    d.hold(A1, "ard-a");
    d.hold_for_oneself(A2, "ard-a");
    d.release(A3, "ard-a");
    for line in ["ard-a", "mrd-a"] {
        assert_eq!((d.status(line).phase, d.status(line).holders.len()), (Held, 1), "{line}");
    }
    assert!(d.status("ard-a").conference.unwrap().lines.iter().all(|one| one.by == user(A2)));
    d.act(A2, d.resume("mrd-a")).unwrap();
    assert_eq!(hears(&d, A2), Some([B1, B2].into()));
}

#[test]
fn hold_9_a_conference_on_hold_is_one_call() {
    let mut d = joined_with(&[("hold.max", Value::Count(2))]);
    d.hold(A1, "ard-a");
    d.dial(A1, "5001").unwrap();
    d.answer(B1, "ext-5001.1");
    d.hold(A1, "ext-4001.1");
    d.dial(A1, "5001").unwrap();
    d.answer(B1, "ext-5001.2");
    let third = Act::Hold { line: l("ext-4001.2"), exclusive: false };
    assert_eq!(d.refused(A1, third), RefusalCode::NotHoldable);
}

#[test]
fn log_3_a_conference_with_an_extension_of_ones_own_waits_on_hold_for_those_who_can_take_the_other_line() {
    let mut d = Desk::talking();
    let number = Act::Call { line: None, number: "4002".into(), position: Position::Right, private: false };
    let own = d.act(A1, number).unwrap().line.unwrap();
    d.act(A2, Act::Answer { line: l("ext-4002.1"), call: d.call(&own.0), position: Position::Left, private: false })
        .unwrap();
    d.act(A1, Act::Join { line: l("ard-a"), call: d.call("ard-a"), position: Position::Right }).unwrap();
    d.input(Input::LogOff { turret: A1 });
    assert_eq!((d.status("ard-a").phase, d.status("ard-b").phase), (Held, Talking));
}

#[test]
fn hold_6_a_line_that_comes_to_be_held_with_a_conference_is_its_holders_alone_no_longer_than_they_may() {
    let mut d = Desk::talking();
    d.act(A2, Act::Seize { line: l("mrd-a"), position: Position::Left, private: false }).unwrap();
    d.act(A1, Act::Bridge { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Right }).unwrap();
    d.hold_for_oneself(A2, "mrd-a");
    d.wait_ms(20_000);
    d.act(A1, Act::Join { line: l("ard-a"), call: d.call("ard-a"), position: Position::Right }).unwrap();
    d.release(A1, "ard-a");
    assert!(d.status("ard-a").is_held_exclusively());
    d.wait_ms(3_600_000);
    assert!(!d.status("ard-a").is_held_exclusively(), "as long as its user may keep it");
}

#[test]
fn cnf_1_who_joins_a_held_line_while_they_enter_as_supervisor_is_heard_on_neither_before_their_time() {
    let mut d = Desk::talking();
    d.act(A3, Act::Seize { line: l("mrd-a"), position: Position::Left, private: false }).unwrap();
    d.hold(A3, "mrd-a");
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    d.act(A3, Act::Join { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Left }).unwrap();
    assert_eq!((d.heard_by(A3), d.heard_by(A1)), (vec![], vec![B1]));
    d.wait_ms(5_000);
    assert_eq!(d.heard_by(A3), vec![A1, B1]);
}

#[test]
fn cnf_1_nothing_is_joined_with_what_the_speakers_carry() {
    let mut d = Desk::talking();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    d.act(A1, Act::Move { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Speakers }).unwrap();
    let join = Act::Join { line: l("ard-a"), call: d.call("ard-a"), position: Position::Speakers };
    assert_eq!(d.refused(A1, join), RefusalCode::PositionBusy);
}
