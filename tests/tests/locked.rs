//! A turret that its user has locked, and a call that is sent to a line, between real turrets: what each of them hears.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position, TransferTo};
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::Intent;

fn press(turret: &mut Turret, line: &str) {
    let call = turret.until_key(line, "is shown", |_| true).unwrap().call;
    let position = Some(Position::Left);
    turret.act(&Intent::Press { line: LineId::from(line), call, lamp: None, position }).unwrap();
}

fn answer(turret: &mut Turret, line: &str) {
    turret.until_key(line, "rings", |key| matches!(key.lamp, Lamp::RingingHigh | Lamp::RingingLow)).unwrap();
    press(turret, line);
    turret.until_key(line, "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
}

#[test]
fn log_4_a_call_at_a_locked_turret_is_heard_both_ways_and_released_there() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    press(&mut reyes, "ard-london");
    answer(&mut lindt, "ard-new-york");
    reyes.act(&Intent::Lock).unwrap();
    reyes.until_key("ard-london", "has no name", |key| key.name.is_empty() && key.lamp == Lamp::InUseHere).unwrap();
    press(&mut reyes, "mrd-london");
    assert!(reyes.until_told("This turret is locked").unwrap().refused);

    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Hallam]);
    reyes.act(&Intent::Release { position: Position::Left }).unwrap();
    lindt.until_key("ard-new-york", "is idle", |key| key.lamp == Lamp::Idle).unwrap();
}

#[test]
fn trf_1_a_call_that_was_sent_to_a_line_talks_with_who_is_at_its_far_end() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut keane = world.seat("keane").says("left", &Voice::Fenmoor.babble(&world)).sit_down().unwrap();
    press(&mut reyes, "ard-london");
    answer(&mut lindt, "ard-new-york");
    reyes.until_key("ard-london", "is answered", |key| key.lamp == Lamp::InUseHere).unwrap();
    let to = TransferTo::Line("mrd-london".into());
    reyes.act(&Intent::Transfer { position: Position::Left, to }).unwrap();
    answer(&mut keane, "ard-london");

    hears_only(&keane.listen("left", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Fenmoor]);
    hears_only(&reyes.listen("left", 2.0).unwrap(), &[]);
}
