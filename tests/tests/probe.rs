//! `dealerboard-turret` as a probe: microphones that are FIFOs and streams, clocks that tell when, other periods and frames.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{LineId, Position};
use dealerboard_tests::chirp::{CHIRP_SAMPLES, chirp, find};
use dealerboard_tests::speech::{Voice, hears_only};
use dealerboard_tests::wav;
use dealerboard_tests::world::{Seat, Turret, World};
use dealerboard_turret::view::Intent;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A FIFO in the world's folder.
fn fifo(world: &World) -> PathBuf {
    let path = world.folder().join("mic.fifo");
    let text = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: mkfifo(3) reads a path that lives through the call.
    assert_eq!(unsafe { libc::mkfifo(text.as_ptr(), 0o600) }, 0);
    path
}

/// Writes `bytes` into a FIFO from another thread, as another program would, and closes it.
fn stream(path: &Path, bytes: Vec<u8>) {
    let path = path.to_owned();
    // The turret may end before it has read everything.
    std::thread::spawn(move || std::fs::File::options().write(true).open(path).and_then(|mut to| to.write_all(&bytes)));
}

/// Begins a talk on the hoot at once.
fn talk(turret: &mut Turret) {
    turret.act(&Intent::Talk { line: LineId::from("sterling"), on: true, latched: true }).unwrap();
    turret.until("its microphone is open", |view| view.header.mics.len() == 1).unwrap();
}

/// A turret that talks on the hoot, as `set`, and one that hears it.
fn talker_and_hearer<'a>(world: &'a World, set: impl FnOnce(Seat<'a>) -> Seat<'a>) -> (Turret, Turret) {
    let hearer = world.seat("lindt").sit_down().unwrap();
    let mut talker = set(world.seat("reyes")).sit_down().unwrap();
    talk(&mut talker);
    (talker, hearer)
}

#[test]
fn a_fifo_is_a_microphone_and_silence_once_its_writer_has_gone() {
    let world = World::start("two-desks").unwrap();
    let fifo = fifo(&world);
    let (_talker, hearer) = talker_and_hearer(&world, |seat| seat.says("hands-free", &fifo));
    hears_only(&hearer.listen("speakers", 1.0).unwrap(), &[]);
    let twice = world.folder().join("twice.wav");
    wav::write(&twice, &Voice::Calder.phrase().repeat(2)).unwrap();
    stream(&fifo, std::fs::read(twice).unwrap());
    hears_only(&hearer.until_hears("speakers", Voice::Calder).unwrap(), &[Voice::Calder]);
    let is_silent = || wav::loudest_dbfs(&hearer.listen("speakers", 1.0).unwrap()) < -60.0;
    assert!((0..30).any(|_| is_silent()), "it is silent when the words have ended");
}

#[test]
fn a_turret_that_is_well_says_nothing_on_its_error_output() {
    let world = World::start("two-desks").unwrap();
    let errors = world.folder().join("errors");
    drop(world.seat("reyes").errors_into(&errors).sit_down().unwrap());
    assert_eq!(std::fs::read_to_string(errors).unwrap(), "");
}

#[test]
fn a_stream_that_does_not_know_its_length_is_heard() {
    let world = World::start("two-desks").unwrap();
    let fifo = fifo(&world);
    let mut bytes = std::fs::read(Voice::Hallam.babble(&world)).unwrap();
    let data = bytes.windows(4).position(|word| word == b"data").unwrap();
    bytes[data + 4..data + 8].fill(0xFF);
    bytes[4..8].fill(0xFF);
    stream(&fifo, bytes);
    let (_talker, hearer) = talker_and_hearer(&world, |seat| seat.says("hands-free", &fifo));
    hears_only(&hearer.until_hears("speakers", Voice::Hallam).unwrap(), &[Voice::Hallam]);
}

#[test]
fn short_periods_and_long_frames_are_heard() {
    let world = World::start("two-desks").unwrap();
    let mic = Voice::Calder.babble(&world);
    let (_talker, hearer) =
        talker_and_hearer(&world, |seat| seat.says("hands-free", &mic).with(&["--period", "128", "--frame", "20"]));
    hears_only(&hearer.until_hears("speakers", Voice::Calder).unwrap(), &[Voice::Calder]);
}

#[test]
fn the_clocks_of_microphone_and_ear_agree_with_the_way_of_a_chirp() {
    const SECOND: usize = 48_000;
    let world = World::start("two-desks").unwrap();
    let mic = world.folder().join("chirps.wav");
    // One chirp a second, each preceded by silence.
    let once: Vec<f32> = std::iter::repeat_n(0.0, SECOND - CHIRP_SAMPLES).chain(chirp()).collect();
    wav::write(&mic, &once.repeat(60)).unwrap();
    let (talker, hearer) = talker_and_hearer(&world, |seat| seat.says("hands-free", &mic));
    hearer.listen("speakers", 8.0).unwrap();
    let said_ns = talker.first_sample_ns("mic", Position::HandsFree).unwrap() as f64;
    let heard_ns = hearer.first_sample_ns("ear", Position::Speakers).unwrap() as f64;
    let ear = hearer.heard("speakers").unwrap();
    let ns = |samples: usize| samples as f64 * 1e9 / SECOND as f64;

    let mut ways_ms = Vec::new();
    for n in 0..60 {
        // Where the chirp would be if it took no time, on the ear's own clock; it has to come within 200 ms.
        let left_ns = said_ns + ns((n + 1) * SECOND - CHIRP_SAMPLES);
        let from = ((left_ns - heard_ns) * SECOND as f64 / 1e9).round();
        if from < 0.0 || from as usize + SECOND / 5 + CHIRP_SAMPLES > ear.len() {
            continue;
        }
        let from = from as usize;
        if let Some(at) = find(&ear[from..from + SECOND / 5 + CHIRP_SAMPLES], 0.6) {
            ways_ms.push(ns(at) / 1e6);
        }
    }
    assert!(ways_ms.len() >= 4, "chirps arrive within 200 ms by the clocks: {ways_ms:?}");
    assert!(ways_ms.iter().all(|way_ms| *way_ms > 0.0), "no chirp is heard before it is said: {ways_ms:?}");
}
