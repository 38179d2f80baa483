//! The history of users' calls, as turrets are shown it.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_model::{HistoryResult, NumberedEntry, Position};
use dealerboard_wire::{Act, Event, FromSwitch, FromTurret};
use support::{Turret, World};

async fn told(turret: &mut Turret) -> (Vec<NumberedEntry>, bool) {
    loop {
        if let FromSwitch::Event { event: Event::History { entries, page, .. }, .. } = turret.next().await {
            return (entries, page);
        }
    }
}

async fn page(turret: &mut Turret, before: Option<u64>) -> Vec<NumberedEntry> {
    turret.send(&FromTurret::History { before }).await;
    loop {
        if let (entries, true) = told(turret).await {
            return entries;
        }
    }
}

/// A call that nobody answers.
async fn ring_in_vain(turret: &mut Turret) {
    turret.command(Act::Seize { line: "ard-london".into(), position: Position::Left, private: false }).await;
    turret.command(Act::Release { line: "ard-london".into() }).await;
}

#[tokio::test]
async fn his_1_an_entry_is_shown_when_its_call_is_over_and_again_after_a_restart() {
    let mut world = World::start().await;
    let mut reyes = world.log_on("reyes").await;
    assert_eq!(page(&mut reyes, None).await, []);
    ring_in_vain(&mut reyes).await;
    let (news, is_page) = told(&mut reyes).await;
    assert_eq!((news.len(), is_page, &news[0].entry.result), (1, false, &HistoryResult::NoAnswer));
    world.restart().await;
    let mut reyes = world.log_on("reyes").await;
    assert_eq!(page(&mut reyes, None).await, news);
    ring_in_vain(&mut reyes).await;
    let later = told(&mut reyes).await.0;
    assert!(later[0].n > news[0].n);
    assert_eq!(page(&mut reyes, Some(later[0].n)).await, news);
    let mut marsh = world.log_on("marsh").await;
    assert_eq!(page(&mut marsh, None).await, []);
}

#[tokio::test]
async fn his_2_what_a_user_hides_is_gone_from_all_their_turrets_and_stays_so() {
    let mut world = World::start().await;
    let (mut reyes, mut second) = (world.log_on("reyes").await, world.log_on("reyes").await);
    page(&mut second, None).await;
    ring_in_vain(&mut reyes).await;
    let news = told(&mut second).await.0;
    let n = news[0].n;
    reyes.command(Act::HideHistory { entry: Some(n) }).await;
    loop {
        if let FromSwitch::Event { event: Event::HistoryHidden { entry }, .. } = second.next().await {
            assert_eq!(entry, Some(n));
            break;
        }
    }
    assert_eq!(page(&mut second, None).await, []);
    world.restart().await;
    let mut reyes = world.log_on("reyes").await;
    assert_eq!(page(&mut reyes, None).await, []);
}
