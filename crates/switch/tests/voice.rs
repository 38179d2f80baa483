//! Voice over the switch's own port: a real turret's connection, negotiated over the control connection.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use dealerboard_rtc::turret::{TurretVoice, VoiceState};
use dealerboard_wire::{FromSwitch, FromTurret};
use std::sync::Arc;
use support::{Turret, World};
use uuid::Uuid;

async fn negotiate(turret: &mut Turret, voice: &TurretVoice, sdp: String) {
    let offer = Some(Uuid::new_v4());
    turret.send(&FromTurret::Offer { id: offer, sdp }).await;
    loop {
        if let FromSwitch::SdpAnswer { id, sdp, error } = turret.next().await {
            assert_eq!((id, error), (offer, None));
            voice.accept(&sdp.unwrap()).await.unwrap();
            return;
        }
    }
}

#[tokio::test]
async fn one_offer_over_the_control_connection_opens_the_voice_path() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    let ears = turret.snapshot.as_ref().unwrap().ears;
    let local = world.running().addr.ip();
    let (mut voice, sdp) = TurretVoice::offer(local, ears, 1_000, Arc::new(|_| {})).await.unwrap();
    negotiate(&mut turret, &voice, sdp).await;
    let mut state = voice.state();
    state.wait_for(|state| *state == VoiceState::Connected).await.unwrap();

    // More ears come by a second offer, on the connection that is there.
    let sdp = voice.offer_more_ears(ears + 8).await.unwrap();
    negotiate(&mut turret, &voice, sdp).await;
    assert_eq!(*state.borrow(), VoiceState::Connected);
    voice.close().await.unwrap();
}
