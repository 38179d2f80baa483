//! One talk key, several lines: each hears its user, who hears each; no line hears another.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Floor, Happening, Input, Kept, Output, RefusalCode, Sound, Value};
use dealerboard_model::{Allowed, BroadcastStatus, LinePhase, LineStatus, Position, TrackId, TurretId, Uplink};
use floor::*;
use std::collections::BTreeSet;

use LinePhase::{Calling, Idle, Ringing, Talking};

const ALL: [&str; 3] = ["mrd-a", "hoot", "shout"];

fn to(lines: &[&str], on: bool, latched: bool) -> Act {
    Act::Broadcast { lines: lines.iter().map(|line| l(line)).collect(), on, latched }
}

fn down(d: &mut Desk, turret: TurretId, lines: &[&str]) {
    d.act(turret, to(lines, true, false)).unwrap();
}

fn up(d: &mut Desk, turret: TurretId, lines: &[&str]) {
    d.act(turret, to(lines, false, false)).unwrap();
}

fn one(d: &mut Desk, turret: TurretId, line: &str, on: bool) {
    d.act(turret, Act::BroadcastLine { line: l(line), on }).unwrap();
}

fn open(d: &Desk, turret: TurretId) -> Vec<String> {
    let status = d.exchange.broadcast(turret).unwrap_or_default();
    status.lines.into_iter().map(|one| one.line.0).collect()
}

fn left_out(d: &Desk, turret: TurretId) -> Vec<String> {
    let status = d.exchange.broadcast(turret).unwrap_or_default();
    status.left_out.into_iter().map(|one| one.line.0).collect()
}

/// The tones and sentences that a turret gets.
fn told(d: &Desk, of: TurretId) -> Vec<(Option<String>, Option<Sound>)> {
    let told = d.out.iter().filter_map(|out| {
        let Output::Notice { turret, line, sound, .. } = out else { return None };
        (*turret == of).then(|| (line.as_ref().map(ToString::to_string), *sound))
    });
    told.collect()
}

/// Who hears a turret's hands-free microphone, and by which of their lines.
fn route(d: &Desk, of: TurretId) -> Vec<(TurretId, String)> {
    let routes = d.out.iter().rev().find_map(|out| {
        let Output::Route { turret, uplink: Uplink::Mic, legs, .. } = out else { return None };
        (*turret == of).then(|| legs.iter().map(|leg| (leg.hearer, leg.label.to_string())).collect())
    });
    routes.unwrap_or_default()
}

fn all(d: &Desk) -> Vec<LineStatus> {
    ["ard-a", "ard-b", "mrd-a", "mrd-b", "hoot", "shout"].map(|line| d.status(line)).into()
}

fn ringing() -> Floor {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("broadcast.ard", Value::Word("ring")));
    floor
}

/// Nobody of desk A has the hoot on their speakers.
fn without_channels() -> Desk {
    let mut floor = Desk::floor(&[]);
    floor.users.values_mut().for_each(|user| user.speakers.clear());
    Desk::of(floor)
}

#[test]
fn brc_1_each_line_hears_who_talks_to_several_with_one_key() {
    let mut d = Desk::new();
    d.seize(B1, "mrd-b");
    down(&mut d, A1, &ALL);
    assert_eq!(open(&d, A1), ALL);
    let heard: BTreeSet<_> = route(&d, A1).into_iter().collect();
    assert!(heard.contains(&(B1, "mrd-b".into())), "{heard:?}");
    assert!(heard.contains(&(A2, "hoot".into())) && heard.contains(&(B2, "shout".into())), "{heard:?}");
}

#[test]
fn brc_1_who_talks_hears_every_line_whether_it_is_on_their_speakers_or_not() {
    let mut d = without_channels();
    d.seize(B1, "mrd-b");
    d.talk(A2, true);
    assert!(!route(&d, A2).contains(&(A1, "hoot".into())));
    down(&mut d, A1, &["mrd-a", "hoot"]);
    assert_eq!(route(&d, A2), [(A1, "hoot".into())]);
    assert!(d.heard_by(B1).contains(&A1), "the reply on the wire");
    up(&mut d, A1, &["mrd-a", "hoot"]);
    assert_eq!(route(&d, A2), []);
}

#[test]
fn i33_no_line_of_a_broadcast_hears_another() {
    let mut d = Desk::new();
    d.seize(B1, "mrd-b");
    d.seize(A1, "ard-a");
    d.answer(B2, "ard-b");
    down(&mut d, A1, &["mrd-a", "ard-a"]);
    assert!(!d.heard_by(B1).contains(&B2) && !d.heard_by(B2).contains(&B1));
    assert_eq!((d.heard_by(B1), d.heard_by(B2)), (vec![A1], vec![A1]), "replies are for who talks alone");
}

#[test]
fn i33_a_line_that_is_connected_with_another_one_is_left_out_and_dropped_when_it_is_joined() {
    let mut d = Desk::new();
    d.seize(A1, "ard-a");
    d.answer(B1, "ard-b");
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    down(&mut d, A1, &["ard-a", "mrd-a", "hoot"]);
    assert_eq!(open(&d, A1), ["ard-a", "mrd-a", "hoot"]);
    d.act(A1, Act::Join { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Left }).unwrap();
    assert_eq!(open(&d, A1), ["ard-a", "hoot"]);
    assert!(d.told(A1, "connected with ARD-A"));
    up(&mut d, A1, &["ard-a", "mrd-a", "hoot"]);
    down(&mut d, A1, &["mrd-a", "ard-a", "hoot"]);
    assert_eq!((open(&d, A1), left_out(&d, A1)), (vec!["mrd-a".into(), "hoot".into()], vec!["ard-a".to_owned()]));
}

#[test]
fn brc_1_nothing_tells_a_line_of_another_one() {
    let mut d = Desk::new();
    d.seize(B1, "mrd-b");
    down(&mut d, A1, &ALL);
    assert!(d.out.iter().all(|out| !matches!(out, Output::Broadcast { turret, .. } if *turret != A1)));
    assert!(TURRETS[1..].iter().all(|turret| told(&d, *turret).is_empty()));
    let words = format!("{:?}", d.status("mrd-b"));
    assert!(!words.contains("hoot") && !words.contains("shout"), "{words}");
}

#[test]
fn brc_1_more_than_ten_lines_and_none_are_refused() {
    let mut d = Desk::new();
    let many: Vec<String> = (0..11).map(|n| format!("line-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(d.refused(A1, to(&many, true, false)), RefusalCode::GroupFull);
    assert_eq!(d.refused(A1, to(&[], true, false)), RefusalCode::NobodyThere);
}

#[test]
fn brc_2_an_idle_mrd_is_opened_on_the_speakers_and_nothing_rings() {
    let mut d = Desk::new();
    down(&mut d, A1, &["mrd-a"]);
    assert_eq!(d.phases("mrd-a", "mrd-b"), (Talking, Idle));
    let status = d.status("mrd-a");
    assert_eq!((status.parties[0].turret, status.parties[0].position), (A1, Position::Speakers));
    assert_eq!(d.status("mrd-b").ring, None);
    assert!(d.exchange.broadcast(A1).unwrap().lines[0].opened);
}

#[test]
fn brc_2_a_wire_where_its_user_is_connected_is_talked_on_and_one_where_only_a_colleague_is_is_left_out() {
    let mut d = Desk::talking();
    down(&mut d, A1, &["ard-a", "hoot"]);
    assert_eq!(open(&d, A1), ["ard-a", "hoot"]);
    assert!(route(&d, A1).contains(&(B1, "ard-b".into())));
    down(&mut d, A2, &["ard-a", "hoot"]);
    assert_eq!((open(&d, A2), left_out(&d, A2)), (vec!["hoot".into()], vec!["ard-a".to_owned()]));
    assert!(d.told(A2, "You are not on ARD-A"));
}

#[test]
fn brc_2_an_idle_ard_is_skipped_or_rung_by_the_policy() {
    let mut d = Desk::new();
    down(&mut d, A1, &["ard-a", "hoot"]);
    assert_eq!((open(&d, A1), d.status("ard-a").phase), (vec!["hoot".into()], Idle));
    let mut d = Desk::of(ringing());
    down(&mut d, A1, &["ard-a", "hoot"]);
    assert_eq!(open(&d, A1), ["ard-a", "hoot"]);
    assert_eq!(d.phases("ard-a", "ard-b"), (Calling, Ringing));
    assert!(!route(&d, A1).iter().any(|(_, label)| label == "ard-b"), "nobody hears before the answer");
    d.answer(B1, "ard-b");
    assert!(route(&d, A1).contains(&(B1, "ard-b".into())));
}

#[test]
fn brc_2_a_wire_that_rings_at_this_end_or_is_on_hold_is_not_answered_by_a_broadcast() {
    let mut d = Desk::of(ringing());
    d.seize(B1, "ard-b");
    down(&mut d, A1, &["ard-a", "hoot"]);
    assert_eq!((open(&d, A1), d.status("ard-a").phase), (vec!["hoot".into()], Ringing));
    d.seize(A2, "mrd-a");
    d.hold(A2, "mrd-a");
    assert_eq!(d.refused(A3, to(&["mrd-a"], true, false)), RefusalCode::NobodyThere);
}

#[test]
fn brc_3_lines_that_cannot_are_named_at_their_keys_with_one_tone() {
    let mut d = Desk::of(Desk::muted_floor());
    d.seize(A2, "ard-a");
    d.answer(B2, "ard-b");
    d.private(A2, "ard-a", true);
    d.act(A3, Act::Seize { line: l("mrd-a"), position: Position::Left, private: false }).unwrap();
    down(&mut d, A1, &["ard-a", "mrd-a", "dial", "shout"]);
    assert_eq!(
        (open(&d, A1), left_out(&d, A1)),
        (vec!["shout".into()], vec!["ard-a".to_owned(), "mrd-a".into(), "dial".into()])
    );
    let expected = [("ard-a", Some(Sound::Blocking)), ("mrd-a", None), ("dial", None)];
    assert_eq!(told(&d, A1), expected.map(|(line, sound)| (Some(line.to_owned()), sound)));
}

#[test]
fn brc_3_who_may_only_listen_and_what_is_not_recorded_or_out_of_service_is_left_out() {
    let mut d = Desk::new();
    down(&mut d, B1, &["hoot", "shout"]);
    assert_eq!((open(&d, B1), left_out(&d, B1)), (vec!["shout".into()], vec!["hoot".to_owned()]));
    let mut d = Desk::talking();
    d.act(B3, Act::Service { line: l("mrd-b"), out: true }).unwrap();
    d.input(Input::Recorder { failing: Some("the disk is full".into()) });
    down(&mut d, A1, &["ard-a", "mrd-a", "hoot"]);
    assert_eq!((open(&d, A1), left_out(&d, A1)), (vec!["hoot".into()], vec!["ard-a".to_owned(), "mrd-a".into()]));
}

#[test]
fn brc_3_where_no_line_is_left_it_is_refused_and_nothing_has_changed() {
    let mut d = Desk::new();
    let before = all(&d);
    let refusal = d.act(B1, to(&["hoot", "ard-b"], true, true)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::ListenOnly);
    assert_eq!((before, d.exchange.broadcast(B1), d.exchange.mics(B1)), (all(&d), None, vec![]));
    assert_eq!(told(&d, B1), [(Some("hoot".to_owned()), None), (Some("ard-b".into()), None)]);
}

#[test]
fn brc_3_a_hoot_that_is_full_is_left_out_where_nobody_gives_way() {
    let mut floor = Desk::floor(&[]);
    assert!(floor.policies.floor.set("hoot.full", Value::Word("refuse")));
    let mut d = Desk::of(floor);
    d.talk(A2, true);
    d.talk(A3, true);
    down(&mut d, A1, &["hoot", "shout"]);
    assert_eq!((open(&d, A1), left_out(&d, A1)), (vec!["shout".into()], vec!["hoot".to_owned()]));
}

#[test]
fn brc_4_a_line_that_is_dropped_or_added_changes_no_other() {
    let mut d = Desk::new();
    d.seize(B1, "mrd-b");
    down(&mut d, A1, &["hoot", "shout"]);
    let since = d.status("hoot").talkers[0].since;
    one(&mut d, A1, "mrd-a", true);
    assert_eq!(open(&d, A1), ["hoot", "shout", "mrd-a"]);
    d.wait_ms(500);
    one(&mut d, A1, "shout", false);
    assert_eq!((open(&d, A1), d.talkers("shout")), (vec!["hoot".into(), "mrd-a".into()], vec![]));
    one(&mut d, A1, "mrd-a", false);
    assert_eq!(d.status("mrd-a").phase, Idle);
    assert_eq!(d.status("hoot").talkers[0].since, since);
    assert_eq!(d.refused(A1, Act::BroadcastLine { line: l("shout"), on: false }), RefusalCode::Stale);
    one(&mut d, A1, "hoot", false);
    assert_eq!(d.exchange.broadcast(A1), None);
    assert_eq!(d.refused(A1, Act::BroadcastLine { line: l("hoot"), on: true }), RefusalCode::Stale);
}

#[test]
fn brc_4_the_far_ends_release_drops_its_line_alone_and_the_handset_is_open_again_after_the_key() {
    let mut d = Desk::talking();
    d.act(A1, Act::Seize { line: l("mrd-a"), position: Position::Right, private: false }).unwrap();
    down(&mut d, A1, &["ard-a", "hoot"]);
    d.release(B1, "ard-b");
    assert_eq!((open(&d, A1), d.talkers("hoot")), (vec!["hoot".into()], vec![A1]));
    up(&mut d, A1, &["ard-a", "hoot"]);
    assert_eq!(d.talkers("mrd-a"), [A1], "POS-4");
}

#[test]
fn brc_4_the_talk_key_of_one_line_answers_that_line_alone() {
    let mut d = Desk::new();
    d.seize(B1, "mrd-b");
    down(&mut d, A1, &ALL);
    d.act(A1, Act::Talk { line: l("mrd-a"), on: true, latched: false }).unwrap();
    assert_eq!((d.exchange.broadcast(A1), d.talkers("hoot"), d.talkers("shout")), (None, vec![], vec![]));
    assert_eq!(route(&d, A1), [(B1, "mrd-b".into())]);
    d.act(A1, Act::Talk { line: l("mrd-a"), on: false, latched: false }).unwrap();
    assert_eq!(d.status("mrd-a").phase, Talking, "the line that was answered stays until it is released");
}

#[test]
fn brc_4_the_talk_key_of_another_line_closes_the_broadcast_too_and_a_refused_one_does_not() {
    let mut d = Desk::new();
    down(&mut d, A1, &["mrd-a", "shout"]);
    assert_eq!(d.refused(A1, Act::Talk { line: l("ard-a"), on: true, latched: false }), RefusalCode::NobodyThere);
    assert_eq!(open(&d, A1), ["mrd-a", "shout"]);
    d.talk(A1, true);
    assert_eq!((d.exchange.broadcast(A1), d.talkers("hoot")), (None, vec![A1]));
    assert_eq!(d.status("mrd-a").phase, Idle);
}

#[test]
fn brc_4_another_broadcast_takes_the_place_of_the_first_and_the_first_ones_key_up_ends_nothing() {
    let mut d = Desk::new();
    down(&mut d, A1, &["mrd-a", "hoot"]);
    let since = d.status("mrd-a").parties[0].since;
    d.wait_ms(100);
    down(&mut d, A1, &["shout", "mrd-a"]);
    assert_eq!((open(&d, A1), d.talkers("hoot")), (vec!["shout".into(), "mrd-a".into()], vec![]));
    assert_eq!(d.status("mrd-a").parties[0].since, since, "what is in both stays open");
    up(&mut d, A1, &["mrd-a", "hoot"]);
    assert_eq!(open(&d, A1), ["shout", "mrd-a"]);
    up(&mut d, A1, &["shout", "mrd-a"]);
    assert_eq!((d.exchange.broadcast(A1), d.status("mrd-a").phase), (None, Idle));
}

#[test]
fn brc_5_at_its_end_what_it_opened_and_nobody_else_uses_is_released_and_the_others_stay() {
    let mut d = Desk::talking();
    d.seize(A2, "dial");
    d.act(A2, Act::Release { line: l("dial") }).unwrap();
    down(&mut d, A1, &["ard-a", "mrd-a", "hoot"]);
    d.bridge(A2, "mrd-a");
    up(&mut d, A1, &["ard-a", "mrd-a", "hoot"]);
    assert_eq!(d.status("mrd-a").parties.len(), 2, "a colleague uses it");
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    let mut d = Desk::new();
    d.seize(B1, "mrd-b");
    down(&mut d, A1, &["mrd-a"]);
    up(&mut d, A1, &["mrd-a"]);
    assert_eq!(d.phases("mrd-a", "mrd-b"), (Idle, Talking));
}

#[test]
fn brc_5_a_wire_that_was_rung_is_released_with_the_broadcast_until_somebody_answers_it() {
    let mut d = Desk::of(ringing());
    down(&mut d, A1, &["ard-a", "hoot"]);
    up(&mut d, A1, &["ard-a", "hoot"]);
    assert_eq!(d.phases("ard-a", "ard-b"), (Idle, Idle));
    down(&mut d, A1, &["ard-a", "hoot"]);
    d.answer(B1, "ard-b");
    up(&mut d, A1, &["ard-a", "hoot"]);
    assert_eq!(d.phases("ard-a", "ard-b"), (Talking, Talking));
    assert_eq!(d.talkers("ard-a"), []);
}

#[test]
fn brc_5_each_line_has_a_track_of_its_own_and_a_mark_that_the_words_go_to_others_too() {
    let mut d = Desk::new();
    down(&mut d, A1, &ALL);
    let tracks: Vec<(TrackId, String)> = d
        .out
        .iter()
        .filter_map(|out| {
            let Output::TrackOpened { track, line, turret: A1, uplink: Uplink::Mic, .. } = out else { return None };
            Some((*track, line.to_string()))
        })
        .collect();
    assert_eq!(tracks.iter().map(|(_, line)| line.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from(ALL));
    let is_mark = |out: &&Output| matches!(out, Output::Happened { what: Happening::Broadcasts, .. });
    assert_eq!(d.out.iter().filter(is_mark).count(), 3);
    up(&mut d, A1, &ALL);
    assert_eq!(d.out.iter().filter(|out| matches!(out, Output::TrackClosed { .. })).count(), 3);
}

#[test]
fn brc_5_what_it_opened_goes_with_a_lost_turret_a_log_off_and_a_restart() {
    for end in [
        Input::LinkLost { turret: A1 },
        Input::LogOff { turret: A1 },
        Input::TalkOrphaned { turret: A1, uplink: Uplink::Mic },
    ] {
        let mut d = Desk::new();
        down(&mut d, A1, &ALL);
        d.input(end.clone());
        assert_eq!((d.status("mrd-a").phase, d.exchange.broadcast(A1)), (Idle, None), "{end:?}");
        assert!(ALL.iter().all(|line| d.talkers(line).is_empty()), "{end:?}");
    }
    let mut d = Desk::new();
    down(&mut d, A1, &ALL);
    assert!(!d.out.iter().any(|out| matches!(out, Output::Kept { what: Kept::Line(_), .. })), "SWI-2");
}

#[test]
fn spk_3_a_broadcast_that_is_forgotten_is_announced_once_and_closed_as_one() {
    let mut d = Desk::new();
    d.speech(A1, false);
    d.act(A1, to(&ALL, true, true)).unwrap();
    d.wait_ms(30_000);
    assert_eq!(told(&d, A1).len(), 1);
    assert!(d.told(A1, "MRD-A, HOOT, SHOUT"));
    d.speech(A1, true);
    d.speech(A1, false);
    d.wait_ms(29_999);
    assert_eq!(open(&d, A1), ALL);
    d.wait_ms(1);
    d.wait_ms(10_000);
    assert_eq!((d.exchange.broadcast(A1), told(&d, A1).len()), (None, 1));
    assert_eq!(d.status("mrd-a").phase, Idle);
}

#[test]
fn spk_3_a_broadcast_closes_in_time_though_the_line_that_was_announced_has_left_it() {
    let mut d = Desk::new();
    d.act(A1, to(&ALL, true, false)).unwrap();
    d.wait_ms(110_000);
    assert!(d.told(A1, "has been down for long"));
    d.act(A3, Act::Right { line: l("hoot"), user: user(A1), allowed: Allowed::Listen }).unwrap();
    d.act(B3, Act::Service { line: l("mrd-a"), out: true }).unwrap();
    assert_eq!(open(&d, A1), ["shout"]);
    d.wait_ms(10_000);
    assert_eq!(d.exchange.broadcast(A1), None);
}

#[test]
fn hot_4_a_broadcast_that_is_displaced_on_a_hoot_goes_on_elsewhere_and_is_not_there_until_its_key_was_let_go() {
    let mut d = Desk::new();
    down(&mut d, A1, &["hoot", "shout"]);
    d.wait_ms(10);
    d.talk(A2, true);
    d.talk(A3, true);
    assert_eq!((open(&d, A1), d.talkers("shout")), (vec!["shout".into()], vec![A1]));
    assert_eq!(d.refused(A1, Act::BroadcastLine { line: l("hoot"), on: true }), RefusalCode::TalkersFull);
    up(&mut d, A1, &["hoot", "shout"]);
    d.talk(A3, false);
    down(&mut d, A1, &["hoot", "shout"]);
    assert_eq!(open(&d, A1), ["hoot", "shout"]);
}

#[test]
fn hold_9_what_a_broadcast_opened_is_not_held_and_a_handset_keeps_it() {
    let mut d = Desk::new();
    down(&mut d, A1, &["mrd-a", "hoot"]);
    assert_eq!(d.refused(A1, Act::Hold { line: l("mrd-a"), exclusive: false }), RefusalCode::NotHoldable);
    let call = d.call("mrd-a");
    d.act(A1, Act::Move { line: l("mrd-a"), call, position: Position::Left }).unwrap();
    assert_eq!(open(&d, A1), ["hoot"]);
    up(&mut d, A1, &["mrd-a", "hoot"]);
    assert_eq!(d.talkers("mrd-a"), [A1]);
}

#[test]
fn sup_2_a_supervisor_who_was_only_announced_talks_by_no_talk_key() {
    let mut d = Desk::talking();
    d.private(A1, "ard-a", true);
    let act = d.overriding("ard-a");
    d.act(A3, act).unwrap();
    assert_eq!(d.refused(A3, Act::Talk { line: l("ard-a"), on: true, latched: false }), RefusalCode::Stale);
    down(&mut d, A3, &["ard-a", "hoot"]);
    assert_eq!(open(&d, A3), ["hoot"]);
}

#[test]
fn brc_3_what_is_told_of_a_broadcast_is_told_once_and_to_its_turret_alone() {
    let mut d = Desk::new();
    down(&mut d, A1, &["hoot", "ard-a"]);
    let told: Vec<(TurretId, Option<BroadcastStatus>)> = d
        .out
        .iter()
        .filter_map(|out| {
            let Output::Broadcast { turret, status } = out else { return None };
            Some((*turret, status.clone()))
        })
        .collect();
    assert_eq!(told, [(A1, d.exchange.broadcast(A1))]);
    d.act(A1, to(&["hoot", "ard-a"], true, true)).unwrap();
    assert!(
        !d.out.iter().any(|out| matches!(out, Output::Broadcast { .. } | Output::Notice { .. })),
        "a tap asks twice"
    );
}

#[test]
fn brc_5_who_is_in_a_conference_with_a_line_that_their_broadcast_opened_is_kept_there() {
    let mut d = Desk::new();
    down(&mut d, A2, &["mrd-a"]);
    d.act(A1, Act::Bridge { line: l("mrd-a"), call: d.call("mrd-a"), position: Position::Left }).unwrap();
    d.act(A1, Act::Seize { line: l("ard-a"), position: Position::Right, private: false }).unwrap();
    d.answer(B1, "ard-b");
    let call = d.call("mrd-a");
    d.act(A1, Act::Join { line: l("mrd-a"), call, position: Position::Right }).unwrap();
    let kept = |out: &Output| {
        let Output::Kept { what: Kept::Line(kept), on: true } = out else { return false };
        kept.line == l("mrd-a") && kept.parties.iter().any(|party| party.turret == A2)
    };
    assert!(d.out.iter().any(kept));
}

#[test]
fn prv_4_who_holds_a_line_that_a_colleague_keeps_private_talks_there_no_more() {
    let mut d = Desk::new();
    d.seize(A1, "mrd-a");
    d.bridge(A2, "mrd-a");
    d.private(A2, "mrd-a", true);
    down(&mut d, A1, &["mrd-a", "hoot"]);
    d.hold(A1, "mrd-a");
    assert_eq!(open(&d, A1), ["hoot"]);
}
