//! A switch on one machine, turrets on another: each in a network namespace of its own.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId};
use dealerboard_tests::network::Network;
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::World;
use dealerboard_turret::view::{Intent, LinkView};

/// A switch that is started as the manual starts one for other machines.
fn on_the_first_machine(network: &Network) -> World {
    let mut world = World::start_at("two-desks", network.on(0), "0.0.0.0:7443").unwrap();
    world.address = format!("wss://{}:7443", Network::FIRST);
    world
}

#[test]
fn two_turrets_on_another_machine_talk_through_the_switch() {
    let network = Network::new().unwrap();
    let world = on_the_first_machine(&network);
    let mic = Voice::Calder.babble(&world);
    let mut reyes = world.seat("reyes").through(network.on(1)).says("left", &mic).sit_down().unwrap();
    let mut lindt = world.seat("lindt").through(network.on(1)).sit_down().unwrap();
    reyes.act(&Intent::Press { line: LineId::from("ard-london"), call: None, lamp: None, position: None }).unwrap();
    let key = lindt.until_key("ard-new-york", "rings", |key| key.lamp == Lamp::RingingHigh).unwrap();
    lindt.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(key.lamp), position: None }).unwrap();
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
}

#[test]
fn a_user_who_was_added_while_the_switch_runs_trusts_it_by_its_fingerprint_from_another_machine_and_is_heard() {
    let network = Network::new().unwrap();
    let world = on_the_first_machine(&network);
    let lindt = world.seat("lindt").through(network.on(1)).sit_down().unwrap();
    world.add_user("tanaka", "london").unwrap();

    let mic = Voice::Calder.babble(&world);
    let seat = world.seat("tanaka").through(network.on(1)).says("hands-free", &mic);
    let mut tanaka = seat.unpinned().start().unwrap();
    let shown = LinkView::Untrusted { fingerprint: world.pin.clone() };
    let view = tanaka.until("the fingerprint is shown", |view| view.header.link == shown).unwrap();
    assert!(view.keys.is_empty() && view.header.user.is_empty(), "nothing is known before the switch is trusted");
    tanaka.act(&Intent::Trust { fingerprint: world.pin.clone() }).unwrap();
    tanaka.until_logged_on().unwrap();
    tanaka.act(&Intent::Talk { line: LineId::from("sterling"), on: true, latched: true }).unwrap();
    lindt.until_channel("sterling", "is talked on", |channel| channel.talking).unwrap();
    hears_only(&lindt.until_hears("speakers", Voice::Calder).unwrap(), &[Voice::Calder]);
}
