//! Real turrets and the real voice port on loopback: what is sent arrives, labelled, at those who are to hear it.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Csrc, TrackId, TurretId, Uplink};
use dealerboard_rtc::switch::forward::{Lane, Leg, Route, TrackPacket};
use dealerboard_rtc::switch::{VoiceEvent, VoiceHub, VoiceHubOptions};
use dealerboard_rtc::turret::{Downlink, TurretVoice, VoiceState};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tokio::sync::mpsc;

const ALICE: TurretId = TurretId(1);
const BOB: TurretId = TurretId(2);
const LINE: Csrc = Csrc(0x8000_0001);
const ALICE_VOICE: Csrc = Csrc(0x4000_0001);

struct Floor {
    hub: VoiceHub,
    tracks: Receiver<TrackPacket>,
    _events: mpsc::Receiver<VoiceEvent>,
}

fn floor() -> Floor {
    let (recorded, tracks) = sync_channel(1_000);
    let recorder = Box::new(move |packet| recorded.try_send(packet).is_ok());
    let (events, seen) = mpsc::channel(1_000);
    let options = VoiceHubOptions { bind: "127.0.0.1:0".parse().unwrap(), advertise: vec![], recorder, events };
    Floor { hub: VoiceHub::start(options).unwrap(), tracks, _events: seen }
}

async fn turret(hub: &VoiceHub, id: TurretId) -> (TurretVoice, mpsc::UnboundedReceiver<Downlink>) {
    let (heard, ears) = mpsc::unbounded_channel();
    let sink = Arc::new(move |packet| drop(heard.send(packet)));
    let (voice, offer) = TurretVoice::offer([127, 0, 0, 1].into(), 16, id.0 * 16, sink).await.unwrap();
    voice.accept(&hub.answer(id, offer, false).await.unwrap()).await.unwrap();
    voice.state().wait_for(|state| *state == VoiceState::Connected).await.unwrap();
    (voice, ears)
}

fn to_bob() -> Route {
    let legs = vec![Leg { hearer: BOB, line: LINE, lane: Lane::Handset }];
    Route { talker: ALICE_VOICE, legs, tracks: vec![TrackId(7)], follows: None }
}

async fn say(voice: &TurretVoice, count: u16) {
    let sender = voice.sender(Uplink::Left);
    for n in 0..count {
        let payload = bytes::Bytes::copy_from_slice(&n.to_be_bytes());
        sender.send(n, u32::from(n) * 480, n == 0, payload).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_packet_of_a_routed_talk_arrives_in_order_with_line_and_talker() {
    let floor = floor();
    let (alice, _) = turret(&floor.hub, ALICE).await;
    let (_bob, mut ears) = turret(&floor.hub, BOB).await;
    floor.hub.route(ALICE, Uplink::Left, Some(to_bob())).unwrap();
    say(&alice, 50).await;
    for n in 0..50_u16 {
        let packet = ears.recv().await.unwrap();
        assert_eq!((packet.line, packet.talker), (LINE, ALICE_VOICE));
        assert_eq!(packet.payload[..], n.to_be_bytes());
        assert_eq!(packet.marker, n == 0);
        assert_eq!(floor.tracks.recv().unwrap().track, TrackId(7));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_that_come_before_their_route_are_heard_when_it_comes() {
    let floor = floor();
    let (alice, _) = turret(&floor.hub, ALICE).await;
    let (_bob, mut ears) = turret(&floor.hub, BOB).await;
    say(&alice, 10).await;
    floor.hub.route(ALICE, Uplink::Left, Some(to_bob())).unwrap();
    for n in 0..10_u16 {
        assert_eq!(ears.recv().await.unwrap().payload[..], n.to_be_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_more_ears_come_by_a_second_offer_without_a_lost_packet() {
    let floor = floor();
    let (alice, _) = turret(&floor.hub, ALICE).await;
    let (mut bob, mut ears) = turret(&floor.hub, BOB).await;
    floor.hub.route(ALICE, Uplink::Left, Some(to_bob())).unwrap();
    let saying = tokio::spawn(async move { say(&alice, 100).await });
    let offer = bob.offer_more_ears(24).await.unwrap();
    bob.accept(&floor.hub.answer(BOB, offer, true).await.unwrap()).await.unwrap();
    for n in 0..100_u16 {
        assert_eq!(ears.recv().await.unwrap().payload[..], n.to_be_bytes());
    }
    saying.await.unwrap();
}

#[tokio::test]
async fn turrets_are_told_the_advertised_address_and_no_other() {
    let (events, _seen) = mpsc::channel(1);
    let advertise = vec![[192, 0, 2, 7].into()];
    let options =
        VoiceHubOptions { bind: "127.0.0.1:0".parse().unwrap(), advertise, recorder: Box::new(|_| true), events };
    let hub = VoiceHub::start(options).unwrap();
    let told: Vec<String> = hub.candidates().iter().map(|candidate| candidate.ip().to_string()).collect();
    assert_eq!(told, ["192.0.2.7"]);
}
