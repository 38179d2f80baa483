//! Calls that move: from one microphone to another, and from one turret of a user to their other one. The far end hears a tone
//! go on, and the recording has one track.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_tests::recordings::{Recorded, gaps, until_sealed};
use dealerboard_tests::wav;
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::Intent;
use std::path::PathBuf;

/// 10 ms.
const BLOCK: usize = 480;

/// Blocks in which the tone may be quieter where one microphone takes the other's place: the one in which the two meet.
const QUIETER_MAX: usize = 1;

/// A tone of two minutes, so that what is missing of it is found.
fn tone(world: &World) -> PathBuf {
    let file = world.folder().join("tone.wav");
    let sample = |n: usize| 0.3 * (n as f32 * 440.0 * std::f32::consts::TAU / 48_000.0).sin();
    wav::write(&file, &(0..120 * 48_000).map(sample).collect::<Vec<f32>>()).unwrap();
    file
}

fn press(turret: &mut Turret, line: &str, lamp: Lamp) {
    let key = turret.until_key(line, "is shown", |key| key.lamp == lamp).unwrap();
    let position = Some(Position::Left);
    turret.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(lamp), position }).unwrap();
}

/// Reyes has called Lindt, who hears the tone.
fn talking(world: &World, reyes: &mut Turret, lindt: &mut Turret) {
    press(reyes, "ard-london", Lamp::Idle);
    let rings = |lamp| matches!(lamp, Lamp::RingingHigh | Lamp::RingingLow);
    let lamp = lindt.until_key("ard-new-york", "rings", |key| rings(key.lamp)).unwrap().lamp;
    press(lindt, "ard-new-york", lamp);
    lindt.until_key("ard-new-york", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
    lindt.listen("left", 1.5).unwrap();
    assert!(gaps(&world.data()).unwrap().is_empty());
}

/// Blocks in which the tone is missing, by their places: quieter than half of it.
fn missing(heard: &[f32]) -> Vec<usize> {
    let rms = |block: &[f32]| (block.iter().map(|sample| sample * sample).sum::<f32>() / block.len() as f32).sqrt();
    let mut all: Vec<f32> = heard.chunks_exact(BLOCK).map(rms).collect();
    let blocks = all.clone();
    all.sort_by(f32::total_cmp);
    let usual = all[all.len() / 2];
    assert!(usual > 0.01, "the tone is heard: {usual}");
    blocks.iter().enumerate().filter(|(_, rms)| **rms < usual / 2.0).map(|(place, _)| place).collect()
}

/// The one track of Reyes, after everything was released.
fn track(world: &World, lindt: &mut Turret) -> Recorded {
    lindt.act(&Intent::Release { position: Position::Left }).unwrap();
    let all = until_sealed(&world.data(), 2).unwrap();
    let mut mine: Vec<Recorded> = all.into_iter().filter(|it| it.talker == "reyes").collect();
    assert_eq!(mine.len(), 1, "one track");
    assert_eq!(gaps(&world.data()).unwrap(), Vec::<String>::new());
    mine.remove(0)
}

#[test]
fn mov_1_the_far_end_hears_a_call_go_on_when_it_moves_between_microphones_and_it_is_one_track() {
    let world = World::start("two-desks").unwrap();
    let file = tone(&world);
    let reyes = world.seat("reyes").says("left", &file).says("right", &file).says("hands-free", &file);
    let (mut reyes, mut lindt) = (reyes.sit_down().unwrap(), world.seat("lindt").sit_down().unwrap());
    talking(&world, &mut reyes, &mut lindt);
    for position in [Position::Right, Position::HandsFree, Position::Left] {
        let before = lindt.heard("left").unwrap().len();
        reyes.act(&Intent::Move { line: LineId::from("ard-london"), call: None, position }).unwrap();
        reyes.until_position(position, "is open there", |it| it.line.is_some() && it.mic_open).unwrap();
        lindt.listen("left", 1.0).unwrap();
        let heard = lindt.heard("left").unwrap().split_off(before);
        let missing = missing(&heard);
        println!("quieter blocks after the move to {position:?}: {missing:?}");
        assert!(missing.len() <= QUIETER_MAX, "after the move to {position:?}: {missing:?}");
        let mics = reyes.until("one open microphone", |view| view.header.mics.len() == 1).unwrap().header.mics;
        assert_eq!(mics[0].position, position);
    }
    let recorded = track(&world, &mut lindt);
    let (first, last) = (48_000 / 2, recorded.samples.len() - 48_000 / 2);
    let missing = missing(&recorded.samples[first..last]);
    println!("quieter blocks of the track: {missing:?}");
    assert!(missing.len() <= 3 * QUIETER_MAX, "{missing:?}");
}

#[test]
fn log_2_the_far_end_hears_a_call_go_on_when_it_is_taken_to_the_other_seat_and_it_is_one_track() {
    let world = World::start("two-desks").unwrap();
    let file = tone(&world);
    let mut reyes = world.seat("reyes").says("left", &file).sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    talking(&world, &mut reyes, &mut lindt);
    let mut other = world.seat("reyes").with(&["--seat", "home"]).says("left", &file).sit_down().unwrap();
    let before = lindt.heard("left").unwrap().len();
    press(&mut other, "ard-london", Lamp::InUseElsewhere);
    other.until_key("ard-london", "is here", |key| key.lamp == Lamp::InUseHere).unwrap();
    let words = |key: &dealerboard_turret::view::KeyView| key.words == "you at home";
    reyes.until_key("ard-london", "is at the other seat", words).unwrap();
    assert!(reyes.until("no open microphone", |view| view.header.mics.is_empty()).is_ok());
    lindt.listen("left", 1.0).unwrap();
    let heard = lindt.heard("left").unwrap().split_off(before);
    let missing = missing(&heard);
    println!("quieter blocks after the take-over: {missing:?}");
    assert!(missing.len() <= QUIETER_MAX, "{missing:?}");
    track(&world, &mut lindt);
}
