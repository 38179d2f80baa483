//! When a microphone opens and shuts, as sentences.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::project::TalkKey;
use dealerboard_model::{LineStatus, Moment, Party, TurretId, UserId};

const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn mic(line: &str, uplink: Uplink) -> OpenMic {
    OpenMic { uplink, position: None, line: line.into(), since: NOW, hearers: 1, muted: false, closes_at: None }
}

/// This turret is on `calder` at the left handset, and its microphone is listed.
fn on_a_call() -> (Facts, Local) {
    let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
    let (user, turret, position) = (UserId::from("reyes"), TurretId(1), Position::Left);
    let party = Party::new(user, turret, position, NOW);
    let status = LineStatus { parties: vec![party], ..LineStatus::idle("calder".into(), NOW) };
    facts.statuses.insert("calder".into(), status);
    facts.mics = vec![mic("calder", Uplink::Left)];
    (facts, Local { link: up(), ..Local::default() })
}

/// This turret talks on the hoot `macro`.
fn talking() -> (Facts, Local) {
    let facts = Facts { turret: Some(TurretId(1)), mics: vec![mic("macro", Uplink::Mic)], ..Facts::default() };
    let talk = [("macro".into(), TalkKey::Latched)].into();
    (facts, Local { link: up(), talk, ..Local::default() })
}

fn up() -> LinkView {
    LinkView::Up { round_trip_ms: None, voice: true }
}

fn lost() -> LinkView {
    LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 }
}

fn uplinks(facts: &Facts, local: &Local) -> Vec<Uplink> {
    open(facts, local).into_iter().map(|gate| gate.uplink).collect()
}

fn seize(local: &mut Local, now: Instant) {
    let (uplink, position) = (Uplink::Left, Position::Left);
    let pending = Pending { line: Some("calder".into()), uplink, position, since_utc_ms: 0, until: now + PENDING };
    local.mics.press(id(1), pending);
}

fn settle(facts: &Facts, local: &mut Local, now: Instant) {
    let up = matches!(local.link, LinkView::Up { .. });
    local.mics.settle(facts, up, now);
}

#[test]
fn a_release_shuts_before_the_switch_has_answered() {
    let (facts, mut local) = on_a_call();
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    local.mics.shut(&facts, &"calder".into(), false, id(7));
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn a_release_that_the_switch_refuses_leaves_the_microphone_shut_until_it_is_pressed() {
    let (facts, mut local) = on_a_call();
    local.mics.shut(&facts, &"calder".into(), false, id(7));
    local.mics.answered(id(7));
    settle(&facts, &mut local, Instant::now());
    assert_eq!(uplinks(&facts, &local), []);
    local.mics.reopen(&facts, &"calder".into(), Uplink::Left);
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
}

#[test]
fn a_line_that_is_seized_again_after_its_release_opens_again() {
    let (mut facts, mut local) = on_a_call();
    local.mics.shut(&facts, &"calder".into(), false, id(7));
    facts.mics.clear();
    local.mics.answered(id(7));
    settle(&facts, &mut local, Instant::now());
    facts.mics = vec![mic("calder", Uplink::Left)];
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
}

#[test]
fn a_press_that_is_released_on_its_way_stays_shut_when_it_is_listed_late() {
    let now = Instant::now();
    let (facts, mut local) = on_a_call();
    let before = Facts { turret: Some(TurretId(1)), ..Facts::default() };
    seize(&mut local, now);
    assert_eq!(uplinks(&before, &local), [Uplink::Left]);
    local.mics.shut(&before, &"calder".into(), false, id(7));
    settle(&before, &mut local, now);
    assert_eq!(uplinks(&before, &local), []);
    settle(&facts, &mut local, now);
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn a_press_that_is_never_listed_shuts_after_two_seconds() {
    let now = Instant::now();
    let (facts, mut local) = (Facts::default(), Local { link: up(), ..Local::default() });
    seize(&mut local, now);
    settle(&facts, &mut local, now + PENDING);
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn a_talk_is_open_only_while_its_key_is_down_here() {
    let (facts, mut local) = talking();
    assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
    local.talk.clear();
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn muting_shuts_at_once() {
    let (facts, mut local) = on_a_call();
    local.muted.mute(Position::Left, &facts, &local.mics);
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn mov_1_a_call_that_moves_to_a_muted_microphone_is_silent_there_before_the_switch_lists_it() {
    let (facts, mut local) = on_a_call();
    local.muted.mute(Position::Right, &facts, &local.mics);
    let (uplink, position) = (Uplink::Right, Position::Right);
    let until = Instant::now() + PENDING;
    let pending = Pending { line: Some("calder".into()), uplink, position, since_utc_ms: 0, until };
    local.mics.press_to_move(id(1), pending);
    assert_eq!(uplinks(&facts, &local), [Uplink::Left], "the call is heard from where it was until then");
    let silence: Vec<Uplink> = silent(&facts, &local).into_iter().map(|gate| gate.uplink).collect();
    assert_eq!(silence, [Uplink::Right]);
    local.link = lost();
    assert_eq!(silent(&facts, &local), []);
}

#[test]
fn a_muted_microphone_sends_silence_while_the_switch_lists_it() {
    let (mut facts, mut local) = on_a_call();
    assert_eq!(silent(&facts, &local), []);
    local.muted.mute(Position::Left, &facts, &local.mics);
    assert_eq!(silent(&facts, &local).len(), 1);
    facts.mics.clear();
    assert_eq!(silent(&facts, &local), []);
}

#[test]
fn a_microphone_that_was_let_go_does_not_even_send_silence() {
    let (facts, mut local) = on_a_call();
    local.muted.mute(Position::Left, &facts, &local.mics);
    local.mics.shut(&facts, &"calder".into(), false, id(7));
    assert_eq!(silent(&facts, &local), []);
}

#[test]
fn i8_a_call_survives_a_loss_for_one_second_and_its_microphone_is_shown_meanwhile() {
    let now = Instant::now();
    let (mut facts, mut local) = on_a_call();
    local.link = lost();
    local.mics.lose(&mut facts, now);
    settle(&facts, &mut local, now + MIC_LINK_LOSS - Duration::from_millis(1));
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    assert_eq!(shown(&facts, &local).len(), 1);
    settle(&facts, &mut local, now + MIC_LINK_LOSS);
    assert_eq!(uplinks(&facts, &local), []);
    assert!(facts.mics.is_empty());
}

#[test]
fn a_talk_is_shut_by_a_loss_at_once() {
    let (mut facts, mut local) = talking();
    local.link = lost();
    local.mics.lose(&mut facts, Instant::now());
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn a_release_while_the_switch_is_lost_shuts_and_stays_shut_when_it_is_back() {
    let now = Instant::now();
    let (mut facts, mut local) = on_a_call();
    let listed = facts.mics.clone();
    local.link = lost();
    local.mics.lose(&mut facts, now);
    local.mics.shut(&facts, &"calder".into(), false, id(7));
    assert_eq!(uplinks(&facts, &local), []);
    local.mics.answered(id(7));
    settle(&facts, &mut local, now + Duration::from_secs(5));
    (facts.mics, local.link) = (listed, up());
    local.mics.found();
    settle(&facts, &mut local, now + Duration::from_secs(6));
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn pos_6_a_device_that_comes_back_stays_shut_until_it_is_pressed() {
    let now = Instant::now();
    let (facts, mut local) = on_a_call();
    local.mics.shut_device(&facts, Position::Left, now);
    settle(&facts, &mut local, now + Duration::from_secs(60));
    assert_eq!(uplinks(&facts, &local), []);
    seize(&mut local, now + Duration::from_secs(60));
    assert_eq!(uplinks(&facts, &local), [Uplink::Left, Uplink::Left]);
}

#[test]
fn a_device_that_goes_leaves_the_other_positions_open() {
    let (facts, mut local) = on_a_call();
    local.mics.shut_device(&facts, Position::Right, Instant::now());
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
}

#[test]
fn a_press_that_is_not_answered_is_due_when_its_time_is_over() {
    let mut mics = Mics::default();
    let now = Instant::now();
    assert!(!mics.is_due(now));
    let line = Some(LineId::from("calder"));
    let (uplink, position) = (Uplink::Left, Position::Left);
    mics.press(id(1), Pending { line, uplink, position, since_utc_ms: 0, until: now + PENDING });
    assert_eq!([now, now + PENDING].map(|at| mics.is_due(at)), [false, true]);
    mics.settle(&Facts::default(), true, now + PENDING);
    assert!(!mics.is_due(now + PENDING));
}

#[test]
fn a_handset_that_a_talk_key_keeps_from_being_heard_is_shut() {
    let (mut facts, local) = on_a_call();
    facts.mics[0].muted = true;
    assert_eq!(uplinks(&facts, &local), []);
}

fn key_down(local: &mut Local, line: &str, now: Instant) {
    let (uplink, position) = (Uplink::Mic, Position::Speakers);
    local
        .mics
        .press(id(2), Pending { line: Some(line.into()), uplink, position, since_utc_ms: 0, until: now + PENDING });
    local.talk.insert(line.into(), TalkKey::Held);
}

#[test]
fn a_handset_is_shut_from_the_moment_that_a_talk_key_is_down() {
    let (facts, mut local) = on_a_call();
    key_down(&mut local, "macro", Instant::now());
    assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
}

#[test]
fn a_handset_is_open_again_when_the_talk_is_over_and_the_switch_says_so() {
    let (mut facts, mut local) = on_a_call();
    facts.mics[0].muted = true;
    facts.mics.push(mic("macro", Uplink::Mic));
    local.talk.insert("macro".into(), TalkKey::Latched);
    assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
    facts.mics = vec![mic("calder", Uplink::Left)];
    local.talk.clear();
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
}

#[test]
fn a_talk_waits_until_a_muted_hands_free_call_is_not_fed_from_its_microphone() {
    let (mut facts, mut local) = on_a_call();
    facts.statuses.get_mut(&LineId::from("calder")).unwrap().parties[0].position = Position::HandsFree;
    facts.mics = vec![mic("calder", Uplink::Mic)];
    local.muted.mute(Position::HandsFree, &facts, &local.mics);
    key_down(&mut local, "macro", Instant::now());
    assert_eq!(uplinks(&facts, &local), []);
    facts.mics[0].muted = true;
    assert_eq!(uplinks(&facts, &local), [Uplink::Mic]);
}

#[test]
fn cnf_5_who_releases_one_line_of_a_conference_is_heard_on_none_of_it_before_the_switch_has_answered() {
    let (mut facts, mut local) = on_a_call();
    let lines = ["calder", "fenmoor"].map(|line| dealerboard_model::ConferenceLine {
        line: line.into(),
        name: line.into(),
        by: "reyes".into(),
    });
    let conference = dealerboard_model::ConferenceId(1);
    let joined = dealerboard_model::ConferenceStatus { id: conference, lines: lines.into(), unattended: false };
    facts.statuses.get_mut(&LineId::from("calder")).unwrap().conference = Some(joined);
    let fenmoor = LineStatus { line: "fenmoor".into(), ..facts.statuses[&LineId::from("calder")].clone() };
    facts.statuses.insert("fenmoor".into(), fenmoor);
    facts.mics.push(mic("fenmoor", Uplink::Left));
    local.mics.shut(&facts, &"fenmoor".into(), false, id(1));
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn mov_1_both_microphones_of_a_call_that_moves_are_open_until_the_old_one_is_listed_no_more() {
    let (mut facts, mut local) = on_a_call();
    let now = Instant::now();
    let (line, uplink, position) = (Some(LineId::from("calder")), Uplink::Right, Position::Right);
    local.mics.press_to_move(id(1), Pending { line, uplink, position, since_utc_ms: 0, until: now + PENDING });
    settle(&facts, &mut local, now);
    assert_eq!(uplinks(&facts, &local), [Uplink::Left, Uplink::Right]);
    facts.statuses.values_mut().for_each(|it| it.parties[0].position = Position::Right);
    facts.mics[0].position = Some(Position::Left);
    settle(&facts, &mut local, now);
    assert_eq!(uplinks(&facts, &local), [Uplink::Left, Uplink::Right]);
    facts.mics = vec![mic("calder", Uplink::Right)];
    settle(&facts, &mut local, now);
    assert_eq!(uplinks(&facts, &local), [Uplink::Right]);
}

#[test]
fn mov_1_a_call_that_goes_back_before_the_switch_has_moved_it_is_heard_all_the_while() {
    let (mut facts, mut local) = on_a_call();
    let now = Instant::now();
    let mut go = |number, position: Position, ms| {
        let (line, uplink, until) =
            (Some("calder".into()), position.uplink(), now + PENDING + Duration::from_millis(ms));
        local.mics.press_to_move(id(number), Pending { line, uplink, position, since_utc_ms: 0, until });
        settle(&facts, &mut local, now);
    };
    go(1, Position::Right, 0);
    go(2, Position::Left, 35);
    facts.mics = vec![OpenMic { position: Some(Position::Right), ..mic("calder", Uplink::Right) }];
    settle(&facts, &mut local, now);
    assert_eq!(uplinks(&facts, &local), [Uplink::Right, Uplink::Left], "the second move is still on its way");
    facts.mics = vec![mic("calder", Uplink::Left)];
    settle(&facts, &mut local, now);
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
}

/// This turret talks on the hoot `macro` by its left handset, whose key is latched.
fn talking_at_a_handset() -> (Facts, Local) {
    let (mut facts, local) = talking();
    facts.mics = vec![OpenMic { position: Some(Position::Speakers), ..mic("macro", Uplink::Left) }];
    (facts, local)
}

#[test]
fn hot_6_a_talk_by_a_handset_opens_its_microphone_and_that_of_a_muted_one_sends_silence() {
    let (facts, mut local) = talking_at_a_handset();
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    local.muted.mute(Position::Left, &facts, &local.mics);
    assert_eq!(uplinks(&facts, &local), []);
    assert_eq!(silent(&facts, &local).into_iter().map(|gate| gate.uplink).collect::<Vec<_>>(), [Uplink::Left]);
}

#[test]
fn pos_6_a_talk_by_a_handset_that_is_unplugged_stays_shut() {
    let (facts, mut local) = talking_at_a_handset();
    local.mics.shut_device(&facts, Position::HandsFree, Instant::now());
    assert_eq!(uplinks(&facts, &local), [Uplink::Left]);
    local.mics.shut_device(&facts, Position::Left, Instant::now());
    assert_eq!(uplinks(&facts, &local), []);
}

#[test]
fn cnf_3_a_press_opens_the_microphone_of_all_that_is_joined_though_a_device_that_went_had_shut_it() {
    let (mut facts, mut local) = on_a_call();
    let line =
        |line: &str| dealerboard_model::ConferenceLine { line: line.into(), name: line.into(), by: "reyes".into() };
    let id_of = dealerboard_model::ConferenceId(1);
    let lines = ["calder", "norrbank"].map(line).into();
    let conference = Some(dealerboard_model::ConferenceStatus { id: id_of, lines, unattended: false });
    let both = facts.statuses.remove(&LineId::from("calder")).unwrap();
    for name in ["calder", "norrbank"] {
        let status = LineStatus { line: name.into(), conference: conference.clone(), ..both.clone() };
        facts.statuses.insert(name.into(), status);
    }
    facts.mics.push(mic("norrbank", Uplink::Left));
    let now = Instant::now();
    local.mics.shut_device(&facts, Position::Left, now);
    assert_eq!(shown(&facts, &local), []);
    local.mics.open_joined(&facts, &"calder".into(), Uplink::Left);
    seize(&mut local, now);
    settle(&facts, &mut local, now);
    assert_eq!(shown(&facts, &local).len(), 2, "the header names every line that hears");
}

#[test]
fn i3_a_talk_that_is_pressed_again_before_the_switch_has_closed_the_last_one_is_open_and_shown() {
    let (mut facts, mut local) = talking();
    let now = Instant::now();
    local.mics.shut(&facts, &"macro".into(), true, id(7));
    local.talk.clear();
    key_down(&mut local, "macro", now);
    settle(&facts, &mut local, now);
    facts.mics.clear();
    settle(&facts, &mut local, now);
    assert_eq!(uplinks(&facts, &local), [Uplink::Mic], "what was listed was the last talk");
    facts.mics = vec![OpenMic { since: Moment { mono_us: 1, utc_ms: 0 }, ..mic("macro", Uplink::Mic) }];
    settle(&facts, &mut local, now);
    assert_eq!((uplinks(&facts, &local), local.mics.pending().count()), (vec![Uplink::Mic], 0));
}
