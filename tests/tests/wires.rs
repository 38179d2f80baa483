//! Private wires between real turrets: what each position shows and hears.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::Intent;

fn press(turret: &mut Turret, line: &str) {
    press_for(turret, line, None);
}

fn press_for(turret: &mut Turret, line: &str, position: Option<Position>) {
    let call = turret.until_key(line, "is shown", |_| true).unwrap().call;
    turret.act(&Intent::Press { line: LineId::from(line), call, lamp: None, position }).unwrap();
}

fn talk_on(caller: &mut Turret, near: &str, answerer: &mut Turret, far: &str) {
    press(caller, near);
    answerer.until_key(far, "rings", |key| matches!(key.lamp, Lamp::RingingHigh | Lamp::RingingLow)).unwrap();
    press(answerer, far);
    answerer.until_key(far, "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
}

#[test]
fn whoever_answers_an_ard_first_talks_and_the_others_see_who_has_it() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let keane = world.seat("keane").sit_down().unwrap();

    press(&mut reyes, "ard-london");
    lindt.until_key("ard-new-york", "rings red", |key| key.lamp == Lamp::RingingHigh).unwrap();
    keane.until_key("ard-new-york", "rings red", |key| key.lamp == Lamp::RingingHigh).unwrap();
    press(&mut lindt, "ard-new-york");
    keane
        .until_key("ard-new-york", "shows who has it", |key| {
            key.lamp == Lamp::InUseElsewhere && key.words.contains("Lindt")
        })
        .unwrap();

    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&keane.listen("left", 1.0).unwrap(), &[]);
    hears_only(&keane.listen("speakers", 1.0).unwrap(), &[]);
}

#[test]
fn releasing_one_end_of_an_ard_frees_both_and_tells_the_other() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    talk_on(&mut reyes, "ard-london", &mut lindt, "ard-new-york");

    reyes.act(&Intent::Release { position: Position::Left }).unwrap();
    lindt.until_key("ard-new-york", "is idle", |key| key.lamp == Lamp::Idle).unwrap();
    reyes.until_key("ard-london", "is idle", |key| key.lamp == Lamp::Idle).unwrap();
    lindt.until_told("released").unwrap();
}

#[test]
fn an_mrd_rings_only_while_signal_is_pressed() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    press(&mut reyes, "mrd-london");
    reyes.until_key("mrd-london", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
    let quiet = lindt.until_key("mrd-new-york", "is shown", |_| true).unwrap();
    assert_eq!(quiet.lamp, Lamp::Idle, "seizing an MRD rings nobody");

    reyes.act(&Intent::Signal { line: LineId::from("mrd-london"), on: true }).unwrap();
    lindt.until_key("mrd-new-york", "rings", |key| key.lamp == Lamp::RingingLow).unwrap();
    reyes.act(&Intent::Signal { line: LineId::from("mrd-london"), on: false }).unwrap();
    lindt
        .until_key("mrd-new-york", "stops ringing and shows SIGNALLED", |key| {
            key.lamp == Lamp::Idle && key.signalled_utc_ms.is_some()
        })
        .unwrap();

    press(&mut lindt, "mrd-new-york");
    lindt.until_key("mrd-new-york", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
}

#[test]
fn a_held_call_is_resumed_by_a_colleague_who_hears_the_far_end_from_then_on() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    let mut keane = world.seat("keane").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    talk_on(&mut reyes, "ard-london", &mut lindt, "ard-new-york");

    lindt.act(&Intent::Hold { position: Position::Left, exclusive: false }).unwrap();
    lindt.until_key("ard-new-york", "is held here", |key| key.lamp == Lamp::HeldHere).unwrap();
    keane.until_key("ard-new-york", "is held elsewhere", |key| key.lamp == Lamp::HeldElsewhere).unwrap();
    lindt.listen("left", 0.5).unwrap();
    hears_only(&lindt.listen("left", 1.0).unwrap(), &[]);
    press(&mut keane, "ard-new-york");
    keane.until_key("ard-new-york", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
    lindt
        .until_key("ard-new-york", "shows who resumed it", |key| {
            key.lamp == Lamp::InUseElsewhere && key.words.contains("Keane")
        })
        .unwrap();

    hears_only(&keane.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&lindt.listen("left", 1.0).unwrap(), &[]);
}

#[test]
fn left_and_right_handset_each_carry_a_line_and_neither_hears_the_other() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world
        .seat("reyes")
        .says("left", &Voice::Calder.babble(&world))
        .says("right", &Voice::Fenmoor.babble(&world))
        .sit_down()
        .unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut keane = world.seat("keane").says("left", &Voice::Tagus.babble(&world)).sit_down().unwrap();
    talk_on(&mut reyes, "ard-london", &mut lindt, "ard-new-york");
    press_for(&mut reyes, "second-london", Some(Position::Right));
    keane.until_key("second-new-york", "rings", |key| key.lamp == Lamp::RingingLow).unwrap();
    press(&mut keane, "second-new-york");
    reyes.until("both of its microphones are counted", |view| view.header.mics.len() == 2).unwrap();

    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&keane.listen("left", WORDS_S).unwrap(), &[Voice::Fenmoor]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&reyes.listen("right", WORDS_S).unwrap(), &[Voice::Tagus]);
}
