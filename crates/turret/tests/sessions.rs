//! Whose session a turret has, with which switch, and how it ends.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_turret::view::{Intent, LinkView};
use dealerboard_wire::{Credentials, Event, FromTurret};
use support::*;

#[tokio::test]
async fn a_token_is_renewed_by_the_clock_of_the_switch() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.welcome(false, 3_000).await;
    peer.event(Event::Snapshot(Box::new(idle()))).await;
    while peer.next().await != FromTurret::Renew {}
    assert!(is_up(&turret.view()));
}

#[tokio::test]
async fn the_switch_of_the_log_on_card_is_asked_and_trusted_by_its_own_fingerprint() {
    let (first, mut other) = (Switch::start().await, Switch::start().await);
    let turret = first.turret();
    log_on(&turret, "reyes", Some(other.address.clone()));
    let fingerprint = other.fingerprint.clone();
    until(&turret, |view| view.header.link == LinkView::Untrusted { fingerprint: fingerprint.clone() }).await;
    turret.intent(Intent::Trust { fingerprint: other.fingerprint.clone() });
    let (_peer, hello) = other.arrival().await;
    assert!(matches!(hello.credentials, Credentials::Password { .. }));
}

#[tokio::test]
async fn a_switch_with_another_certificate_than_the_trusted_one_is_refused() {
    let (switch, other) = (Switch::start().await, Switch::start().await);
    let turret = switch.turret_with(Some(other.fingerprint.clone()));
    log_on(&turret, "reyes", None);
    until(&turret, |view| matches!(view.header.link, LinkView::Refused { .. })).await;
}

#[tokio::test]
async fn a_certificate_that_is_known_from_before_is_not_asked_about_and_another_is_refused() {
    let (first, other) = (Switch::start().await, Switch::start().await);
    let turret = first.turret();
    turret.know(other.address.clone(), first.fingerprint.parse().unwrap());
    log_on(&turret, "reyes", Some(other.address.clone()));
    until(&turret, |view| matches!(view.header.link, LinkView::Refused { .. })).await;
}

#[tokio::test]
async fn another_log_on_ends_the_session_before_it() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    log_on(&turret, "lindt", None);
    until(&turret, |view| !left_is_open(view)).await;
    while peer.next().await != FromTurret::LogOff {}
    let (_peer, hello) = switch.arrival().await;
    assert!(matches!(&hello.credentials, Credentials::Password { user, .. } if user.as_str() == "lindt"));
    assert_eq!(hello.resume, None);
}

#[tokio::test]
async fn logging_off_during_a_loss_is_not_undone_by_it() {
    let mut switch = Switch::start().await;
    let (turret, peer) = seated(&mut switch, idle()).await;
    drop(peer);
    until(&turret, is_lost).await;
    turret.intent(Intent::LogOff);
    until(&turret, |view| view.header.link == LinkView::LoggedOff).await;
    log_on(&turret, "lindt", None);
    let (_peer, hello) = switch.arrival().await;
    assert!(matches!(hello.credentials, Credentials::Password { .. }));
    assert!(!is_lost(&turret.view()));
}

#[tokio::test]
async fn a_turret_that_nobody_holds_any_more_logs_off_and_ends() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    drop(turret);
    while peer.next().await != FromTurret::LogOff {}
}

#[tokio::test]
async fn a_turret_that_was_stopped_has_logged_off() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, idle()).await;
    turret.stop().await;
    while peer.next().await != FromTurret::LogOff {}
}

#[tokio::test]
async fn the_access_is_that_of_the_present_log_on_and_holds_no_token_after_it() {
    let (first, mut other) = (Switch::start().await, Switch::start().await);
    let turret = first.turret();
    turret.know(other.address.clone(), other.fingerprint.parse().unwrap());
    log_on(&turret, "reyes", Some(format!("{}/", other.address)));
    let (mut peer, _) = other.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    let access = turret.access().await.unwrap();
    assert_eq!((access.address, access.pin.map(|pin| pin.to_string())), (other.address, Some(other.fingerprint)));
    assert!(access.token.is_some());
    turret.intent(Intent::LogOff);
    assert_eq!(turret.access().await.unwrap().token, None);
}
