//! A switch on one machine, turrets on another: each in a network namespace of its own.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId};
use dealerboard_tests::network::Network;
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::World;
use dealerboard_turret::view::Intent;

#[test]
fn two_turrets_on_another_machine_talk_through_the_switch() {
    let network = Network::new().unwrap();
    let listen = format!("{}:7443", Network::FIRST);
    let world = World::start_at("two-desks", network.on(0), &listen).unwrap();
    let mic = Voice::Calder.babble(&world);
    let mut reyes = world.seat("reyes").through(network.on(1)).says("left", &mic).sit_down().unwrap();
    let mut lindt = world.seat("lindt").through(network.on(1)).sit_down().unwrap();
    reyes.act(&Intent::Press { line: LineId::from("ard-london"), call: None, lamp: None, position: None }).unwrap();
    let key = lindt.until_key("ard-new-york", "rings", |key| key.lamp == Lamp::RingingHigh).unwrap();
    lindt.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(key.lamp), position: None }).unwrap();
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
}
