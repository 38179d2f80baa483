//! A turret that nobody touches, and its switch.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use dealerboard_turret::view::{Change, Intent, View};
use dealerboard_wire::{Act, Answer, Credentials, Event, FromSwitch, FromTurret, Refusal, RefusalCode, Snapshot};
use std::time::Duration;
use support::*;

fn is_locked(view: &View) -> bool {
    view.header.lock.is_some()
}

fn locks_after(ms: u64, snapshot: Snapshot) -> Snapshot {
    Snapshot { lock_idle_ms: Some(ms), ..snapshot }
}

#[tokio::test]
async fn log_4_a_turret_that_nobody_touches_locks_itself_and_its_users_password_unlocks_it() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, locks_after(300, idle())).await;
    until(&turret, is_locked).await;
    assert_eq!(peer.command().await.1, Act::Lock);
    turret.intent(Intent::Unlock { password: "not-the-one".into() });
    let id = loop {
        if let FromTurret::Unlock { id, credentials: Credentials::Password { user, .. } } = peer.next().await {
            assert_eq!(user, "reyes".into());
            break id;
        }
    };
    let refusal = Refusal { code: RefusalCode::Locked, sentence: "Wrong.".into() };
    peer.say(FromSwitch::Answer { id, result: Answer::Refused(refusal) }).await;
    let view = until(&turret, |view| view.activity.iter().any(|row| row.sentence == "Wrong.")).await;
    assert!(is_locked(&view) && view.keys.iter().all(|key| key.name.is_empty()));
    peer.event(Event::Locked { on: false }).await;
    let view = until(&turret, |view| !is_locked(view)).await;
    assert!(view.keys.iter().any(|key| key.name == "calder"));
}

#[tokio::test]
async fn log_4_a_turret_stays_unlocked_while_its_handset_is_open_or_somebody_is_there() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, locks_after(400, on_a_call())).await;
    until(&turret, left_is_open).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(!is_locked(&turret.view()));
    peer.event(Event::OpenMics { mics: Vec::new() }).await;
    for _ in 0..8 {
        turret.intent(Intent::StillHere);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!is_locked(&turret.view()));
    until(&turret, is_locked).await;
}

#[tokio::test]
async fn log_4_a_lock_shuts_the_talk_at_once_and_calls_go_on() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    turret.intent(press_talk());
    turret.intent(Intent::Lock);
    assert_eq!(
        [peer.command().await.1, peer.command().await.1, peer.command().await.1],
        [talk(true), talk(false), Act::Lock]
    );
    let view = until(&turret, |view| is_locked(view) && left_is_open(view)).await;
    assert_eq!(view.header.mics.len(), 1);
}

#[tokio::test]
async fn log_4_a_press_at_a_locked_turret_is_told_that_it_is_locked_and_names_nothing() {
    let mut switch = Switch::start().await;
    let (turret, _peer) = seated(&mut switch, idle()).await;
    turret.intent(Intent::Lock);
    until(&turret, is_locked).await;
    turret.intent(Intent::Press { line: "calder".into(), call: None, lamp: None, position: None });
    let view = until(&turret, |view| !view.activity.is_empty()).await;
    assert!(view.activity[0].sentence.starts_with("This turret is locked"), "{:?}", view.activity);
    assert_eq!(view.activity[0].line, None);
}

#[tokio::test]
async fn log_4_what_was_locked_without_the_switch_is_told_when_it_is_back() {
    let mut switch = Switch::start().await;
    let (turret, peer) = seated(&mut switch, idle()).await;
    drop(peer);
    until(&turret, is_lost).await;
    turret.intent(Intent::Lock);
    until(&turret, is_locked).await;
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    assert_eq!(peer.command().await.1, Act::Lock);
    assert!(is_locked(&turret.view()));
}

#[tokio::test]
async fn log_4_a_locked_turret_tells_no_history_until_it_is_unlocked() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, idle()).await;
    let mut changes = turret.subscribe();
    turret.intent(Intent::Lock);
    until(&turret, is_locked).await;
    peer.event(Event::Locked { on: false }).await;
    until(&turret, |view| !is_locked(view)).await;
    let mut told = 0;
    while let Ok(change) = changes.try_recv() {
        told += usize::from(matches!(change, Change::History(_)));
    }
    assert_eq!(told, 2, "nothing, then what there is");
    assert!(turret.access().await.is_some());
    turret.intent(Intent::Lock);
    until(&turret, is_locked).await;
    assert!(turret.access().await.is_none());
}
