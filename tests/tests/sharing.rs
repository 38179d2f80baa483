//! Calls that several people share, between real turrets: what each of them hears.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{CallId, Lamp, LineId, Position, UserId};
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::wav;
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::Intent;

fn press(turret: &mut Turret, line: &str, position: Position) {
    let call = turret.until_key(line, "is shown", |_| true).unwrap().call;
    turret.act(&Intent::Press { line: LineId::from(line), call, lamp: None, position: Some(position) }).unwrap();
}

fn talk_on(caller: &mut Turret, near: &str, at: Position, answerer: &mut Turret, far: &str) {
    press(caller, near, at);
    answerer.until_key(far, "rings", |key| matches!(key.lamp, Lamp::RingingHigh | Lamp::RingingLow)).unwrap();
    press(answerer, far, Position::Left);
    caller.until_key(near, "is answered", |key| key.lamp == Lamp::InUseHere && key.call.is_some()).unwrap();
    answerer.until_key(far, "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
}

fn call_on(turret: &Turret, line: &str) -> CallId {
    turret.until_key(line, "has a call", |key| key.call.is_some()).unwrap().call.unwrap()
}

#[test]
fn brg_4_a_colleague_who_joins_hears_both_and_is_heard_by_both() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut marsh = world.seat("marsh").says("left", &Voice::Fenmoor.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    talk_on(&mut reyes, "ard-london", Position::Left, &mut lindt, "ard-new-york");
    marsh.until_key("ard-london", "is in use elsewhere", |key| key.lamp == Lamp::InUseElsewhere).unwrap();
    press(&mut marsh, "ard-london", Position::Left);
    reyes.until_told("T. Marsh has joined").unwrap();

    hears_only(&marsh.listen("left", WORDS_S).unwrap(), &[Voice::Calder, Voice::Hallam]);
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder, Voice::Fenmoor]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Fenmoor, Voice::Hallam]);
}

#[test]
fn prv_1_a_private_call_is_heard_by_nobody_who_is_not_on_it() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut marsh = world.seat("marsh").sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    talk_on(&mut reyes, "ard-london", Position::Left, &mut lindt, "ard-new-york");
    reyes.act(&Intent::Private { position: Position::Left, on: true }).unwrap();
    marsh.until_key("ard-london", "is locked", |key| key.locked).unwrap();
    press(&mut marsh, "ard-london", Position::Left);
    assert!(marsh.until_told("A. Reyes keeps New York ARD private").unwrap().refused);

    hears_only(&marsh.listen("left", 2.0).unwrap(), &[]);
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
}

#[test]
fn sup_2_the_override_tone_is_heard_a_second_before_the_supervisor_is() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut marsh = world.seat("marsh").sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    talk_on(&mut marsh, "ard-london", Position::Left, &mut lindt, "ard-new-york");
    marsh.act(&Intent::Private { position: Position::Left, on: true }).unwrap();
    let key = reyes.until_key("ard-london", "is private", |key| key.locked && key.can_override).unwrap();
    let before = lindt.heard("left").unwrap().len();
    let (line, call, reason) = (key.line, key.call.unwrap(), "a limit was passed".to_owned());
    reyes.act(&Intent::Override { line, call, reason, position: Some(Position::Left) }).unwrap();
    lindt.until_told("A. Reyes enters").unwrap();
    marsh.until_told("A. Reyes enters").unwrap();
    lindt.until_hears("left", Voice::Calder).unwrap();

    let heard = lindt.heard("left").unwrap().split_off(before);
    let is_loud = |block: &[f32]| wav::loudest_dbfs(block) > -50.0;
    let ms = |ms: usize| ms * wav::RATE_HZ as usize / 1_000;
    let tone = heard.chunks(ms(10)).position(is_loud).unwrap() * ms(10);
    assert!(!is_loud(&heard[tone + ms(650)..tone + ms(950)]), "nothing is heard between the tone and the supervisor");
    hears_only(&marsh.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
}

#[test]
fn cnf_1_everybody_in_a_conference_hears_everybody_and_nobody_after_their_line_was_removed() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut keane = world.seat("keane").says("left", &Voice::Tagus.babble(&world)).sit_down().unwrap();
    talk_on(&mut reyes, "second-london", Position::Left, &mut keane, "second-new-york");
    talk_on(&mut reyes, "ard-london", Position::Left, &mut lindt, "ard-new-york");
    let held = reyes.until_key("second-london", "is held here", |key| key.lamp == Lamp::HeldHere).unwrap();
    let call = call_on(&reyes, "second-london");
    reyes.act(&Intent::Join { position: Position::Left, line: held.line, call }).unwrap();
    reyes.until_position(Position::Left, "has two lines", |position| position.joined.len() == 2).unwrap();

    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder, Voice::Tagus]);
    hears_only(&keane.listen("left", WORDS_S).unwrap(), &[Voice::Calder, Voice::Hallam]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Hallam, Voice::Tagus]);

    reyes.act(&Intent::Unjoin { line: LineId::from("second-london") }).unwrap();
    keane.until_key("second-new-york", "is idle", |key| key.lamp == Lamp::Idle).unwrap();
    // What was on its way when the line was removed.
    keane.listen("left", 0.5).unwrap();
    hears_only(&keane.listen("left", 2.0).unwrap(), &[]);
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
}

#[test]
fn trf_5_whom_a_call_is_announced_to_and_its_far_end_never_hear_each_other_before_it_is_given_on() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut marsh = world.seat("marsh").says("hands-free", &Voice::Fenmoor.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    talk_on(&mut reyes, "ard-london", Position::Left, &mut lindt, "ard-new-york");
    let (position, marsh_too) = (Position::Left, UserId::from("marsh"));
    reyes.act(&Intent::Announce { position, to: marsh_too }).unwrap();
    marsh.until_person("reyes", "is in use here", |person| person.lamp == Lamp::InUseHere).unwrap();
    let talks_back = Intent::TalkBack { user: UserId::from("reyes"), on: true, latched: true };
    marsh.act(&talks_back).unwrap();
    // The splash tone of the intercom, and what was on its way.
    marsh.listen("hands-free", 1.0).unwrap();
    hears_only(&marsh.listen("hands-free", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[]);
    hears_only(&reyes.until_hears("left", Voice::Fenmoor).unwrap(), &[Voice::Fenmoor]);

    reyes.act(&Intent::Complete { position }).unwrap();
    marsh.until_key("ard-london", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
    lindt.until_hears("left", Voice::Fenmoor).unwrap();
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Fenmoor]);
    hears_only(&marsh.listen("hands-free", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&reyes.listen("left", 2.0).unwrap(), &[]);
}
