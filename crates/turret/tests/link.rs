//! A turret and its switch, through losses and returns of the link and of voice.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use dealerboard_model::{Position, Uplink};
use dealerboard_turret::view::Intent;
use dealerboard_wire::{Act, Credentials, Event, FromTurret, MESSAGE_MAX_BYTES, Person, Snapshot};
use support::*;

#[tokio::test]
async fn swi_1_the_panel_stays_stale_after_a_return_until_the_snapshot_has_come() {
    let mut switch = Switch::start().await;
    let (turret, peer) = seated(&mut switch, idle()).await;
    drop(peer);
    until(&turret, is_lost).await;
    let (mut peer, hello) = switch.arrival().await;
    assert!(matches!(hello.credentials, Credentials::Token { .. }) && hello.resume.is_some());
    peer.welcome(true, 900_000).await;
    peer.offer().await;
    assert!(!is_up(&turret.view()));
    peer.event(Event::Snapshot(Box::new(idle()))).await;
    until(&turret, is_up).await;
}

#[tokio::test]
async fn the_first_picture_of_a_floor_of_thousands_is_taken() {
    let mut switch = Switch::start().await;
    let person = |n: u32| Person {
        user: format!("user-{n:04}").as_str().into(),
        name: format!("Somebody Number {n}"),
        desk: Some("london-rates".into()),
        desk_name: "London Rates".to_owned(),
    };
    let people: Vec<Person> = (0..4_000).map(person).collect();
    assert!(serde_json::to_vec(&people).unwrap().len() > MESSAGE_MAX_BYTES);
    let (turret, _peer) = seated(&mut switch, Snapshot { people, ..idle() }).await;
    until(&turret, is_up).await;
}

#[tokio::test]
async fn a_silent_switch_is_lost_and_no_microphone_stays_open() {
    let mut switch = Switch::start().await;
    let (turret, peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    peer.no_more_heartbeats().await;
    until(&turret, is_lost).await;
    until(&turret, |view| !left_is_open(view)).await;
}

#[tokio::test]
async fn a_release_during_a_loss_reaches_the_switch_when_it_is_back_and_stays_shut() {
    let mut switch = Switch::start().await;
    let (turret, peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    drop(peer);
    until(&turret, is_lost).await;
    turret.intent(Intent::Release { position: Position::Left });
    until(&turret, |view| !left_is_open(view)).await;
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    assert_eq!(peer.command().await.1, Act::Release { line: "calder".into() });
    assert!(!left_is_open(&until(&turret, is_up).await));
}

#[tokio::test]
async fn swi_1_what_was_not_answered_is_repeated_in_order_and_a_talk_is_not() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, idle()).await;
    turret.intent(press_talk());
    for on in [true, false, true, false] {
        turret.intent(Intent::Dnd { on });
    }
    let mut first = Vec::new();
    for _ in 0..5 {
        first.push(peer.command().await);
    }
    drop(peer);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let mut again = Vec::new();
    for _ in 0..5 {
        again.push(peer.command().await);
    }
    assert_eq!(again[..4], first[1..]);
    assert_eq!(again[4].1, talk(false));
}

#[tokio::test]
async fn what_was_keyed_without_the_switch_is_told_at_the_return() {
    let mut switch = Switch::start().await;
    let (turret, peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    let broken_utc_ms = switch_now().utc_ms;
    drop(peer);
    until(&turret, |view| is_lost(view) && !left_is_open(view)).await;
    let (mut peer, _) = switch.arrival().await;
    peer.welcome(true, 900_000).await;
    let (_, intervals) = peer.report().await;
    assert_eq!((intervals[0].line.as_str(), intervals[0].uplink), ("calder", Uplink::Left));
    let length_ms = intervals[0].to_utc_ms - intervals[0].from_utc_ms;
    assert!(length_ms > 0 && (intervals[0].from_utc_ms - broken_utc_ms).abs() < 60_000, "{intervals:?}");
}

#[tokio::test]
async fn a_report_of_keyed_time_is_told_at_every_return_until_it_is_answered() {
    let mut switch = Switch::start().await;
    let (turret, peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    drop(peer);
    until(&turret, |view| is_lost(view) && !left_is_open(view)).await;
    let mut reports = Vec::new();
    for _ in 0..3 {
        let (mut peer, _) = switch.arrival().await;
        peer.welcome(true, 900_000).await;
        reports.push(peer.report().await);
    }
    assert!(reports[0].0.is_some() && reports[1] == reports[0] && reports[2] == reports[0], "{reports:?}");
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let (id, _) = peer.report().await;
    peer.done(id.unwrap()).await;
    until(&turret, is_up).await;
    drop(peer);
    until(&turret, is_lost).await;
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(Intent::Dnd { on: true });
    loop {
        match peer.next().await {
            FromTurret::Command { act: Act::Dnd { .. }, .. } => break,
            FromTurret::Keyed { .. } => panic!("what was answered is told again"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_voice_that_was_refused_is_offered_again() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    for _ in 0..2 {
        let offer = peer.offer().await;
        peer.refuse_voice(offer, "Not now.").await;
    }
    peer.offer().await;
    let told = turret.view().activity.iter().filter(|notice| notice.sentence == "Not now.").count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn an_answer_to_an_older_offer_of_voice_is_not_taken_for_that_of_the_newest() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let first = peer.offer().await;
    peer.refuse_voice(first, "Not now.").await;
    let second = peer.offer().await;
    assert_ne!(first, second);
    // The session begins anew: what it tells about voice is told again.
    drop(peer);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let third = peer.offer().await;
    peer.refuse_voice(second, "Too late.").await;
    peer.refuse_voice(third, "Not yet.").await;
    let view = until(&turret, |view| view.activity.iter().any(|it| it.sentence == "Not yet.")).await;
    assert!(view.activity.iter().all(|it| it.sentence != "Too late."), "{view:?}");
}

#[tokio::test]
async fn voice_that_the_switch_does_not_answer_for_is_offered_again() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let first = peer.offer().await;
    assert_ne!(first, peer.offer().await);
}

#[tokio::test]
async fn another_voice_connection_forgets_what_the_one_before_it_could_not_hear() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    peer.event(Event::NotHeard { line: "macro".into(), on: true }).await;
    until(&turret, |view| view.channels.iter().any(|it| it.words == "NOT HEARD")).await;
    drop(peer);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, |view| is_up(view) && view.channels.iter().all(|it| it.words != "NOT HEARD")).await;
}
