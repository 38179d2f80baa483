//! Voicemail between real turrets: what the caller hears, and what the message sounds like to whom it was left.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, Position};
use dealerboard_tests::compare::best_match;
use dealerboard_tests::recordings::until_sealed;
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::wav;
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::{Intent, View};
use std::path::Path;

/// The number of the one entry with a message, once a turret has it.
fn message(turret: &mut Turret) -> u64 {
    turret.until("a message waits", |view| view.header.messages == 1).unwrap();
    turret.act(&Intent::History { older: false }).unwrap();
    turret.until_in_history("a message", |row| row.message.is_some()).unwrap().n
}

fn call(turret: &mut Turret, number: &str) {
    let position = Some(Position::Left);
    turret.act(&Intent::Call { to: number.into(), line: None, position }).unwrap();
}

fn is_at_the_tone(view: &View) -> bool {
    view.positions.iter().any(|position| position.words.starts_with("Message for R. Lindt"))
}

#[test]
fn vm_1_the_caller_hears_the_greeting_and_the_message_is_heard_by_whom_it_was_left_to_and_at_their_ear_alone() {
    let world = World::start("extensions").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    call(&mut reyes, "4017");
    lindt.until_key("ext-4017.1", "rings", |key| matches!(key.lamp, Lamp::RingingHigh | Lamp::RingingLow)).unwrap();
    reyes.until("the tone is heard", is_at_the_tone).unwrap();
    let greeting = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/voices/voicemail-greeting.wav");
    let second = wav::read(&greeting).unwrap()[wav::RATE_HZ as usize..2 * wav::RATE_HZ as usize].to_vec();
    let likeness = best_match(&second, &reyes.heard("left").unwrap()).correlation;
    assert!(likeness > 0.9, "the greeting was not heard: {likeness:.2}");
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[]);
    reyes.act(&Intent::Release { position: Position::Left }).unwrap();

    let entry = message(&mut lindt);
    let played = |view: &View| view.header.playing.as_ref().is_some_and(|it| it.length_s.is_some());
    until_sealed(&world.data(), 1).unwrap();
    lindt.act(&Intent::PlayMessage { entry, position: None, from_ms: 0 }).unwrap();
    lindt.until("it is played", played).unwrap();
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&lindt.listen("speakers", 0.5).unwrap(), &[]);
    lindt.until("it was heard", |view| view.header.messages == 0).unwrap();
    lindt.until("it has ended by itself", |view| view.header.playing.is_none()).unwrap();
    hears_only(&reyes.listen("left", 1.0).unwrap(), &[]);
}
