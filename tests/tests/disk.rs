//! A full disk under the recorder: everybody is told at once, nobody talks unrecorded, and nothing written is lost.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position, Proof};
use dealerboard_tests::disk;
use dealerboard_tests::recordings::{gaps, until_sealed};
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::Intent;

fn talk(turret: &mut Turret, on: bool) {
    turret.act(&Intent::Talk { line: LineId::from("sterling"), on, latched: true }).unwrap();
}

#[test]
fn a_full_disk_closes_the_microphones_of_lines_that_must_be_recorded_until_there_is_room() {
    let world = World::start_behind("two-desks", |data| disk::small(data, 2_048), "127.0.0.1:0").unwrap();
    let data = disk::seen_by(world.switch_id().unwrap(), &world.data());
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let lindt = world.seat("lindt").sit_down().unwrap();
    talk(&mut reyes, true);
    hears_only(&lindt.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder]);

    disk::fill(&data).unwrap();
    let failing = |proof: &Proof| matches!(proof, Proof::NotRecorded { why } if why == "the disk is full");
    lindt.until_key("sterling", "says that it is not recorded", |key| failing(&key.proof)).unwrap();
    reyes.until("its header says why", |view| view.header.recorder.words.contains("the disk is full")).unwrap();
    reyes.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    lindt.until_channel("sterling", "is quiet", |channel| !channel.talking).unwrap();
    hears_only(&lindt.listen("speakers", 2.0).unwrap()[48_000..], &[]);
    talk(&mut reyes, true);
    assert!(reyes.until_told("must be recorded").unwrap().refused);
    reyes.until("its microphone is still shut", |view| view.header.mics.is_empty()).unwrap();

    disk::empty(&data).unwrap();
    lindt.until_key("sterling", "is well again", |key| !failing(&key.proof)).unwrap();
    talk(&mut reyes, true);
    hears_only(&lindt.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder]);
    talk(&mut reyes, false);
    reyes.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();

    let kept = until_sealed(&data, 2).unwrap();
    assert!(Voice::Calder.likeness(&kept[0].samples) > 0.7, "what was said before is there");
    assert!(Voice::Calder.likeness(&kept.last().unwrap().samples) > 0.7, "and what was said after");
    assert!(gaps(&data).unwrap().iter().any(|why| why == "the disk is full"), "what is missing is listed");
}

fn press(turret: &mut Turret, line: &str) {
    let call = turret.until_key(line, "is shown", |_| true).unwrap().call;
    let position = Some(Position::Left);
    turret.act(&Intent::Press { line: LineId::from(line), call, lamp: None, position }).unwrap();
}

#[test]
fn a_call_that_must_be_recorded_falls_silent_when_the_recorder_fails_and_is_released() {
    let world = World::start_behind("two-desks", |_| disk::refusable(), "127.0.0.1:0").unwrap();
    let switch = world.switch_id().unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    press(&mut reyes, "ard-london");
    lindt.until_key("ard-new-york", "rings", |key| key.lamp == Lamp::RingingHigh).unwrap();
    press(&mut lindt, "ard-new-york");
    lindt.until_hears("left", Voice::Calder).unwrap();

    disk::refuse(switch, true).unwrap();
    for turret in [&reyes, &lindt] {
        turret.until_told("is not recorded now").unwrap();
        turret.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    }
    lindt.until_key("ard-new-york", "is still in use", |key| key.lamp == Lamp::InUseHere).unwrap();
    hears_only(&lindt.listen("left", 2.0).unwrap()[48_000..], &[]);

    // The first time it comes back before `record.fail_release`: a press opens.
    disk::refuse(switch, false).unwrap();
    let recorded = |proof: &Proof| !matches!(proof, Proof::NotRecorded { .. });
    reyes.until_key("ard-london", "is recorded again", |key| recorded(&key.proof)).unwrap();
    reyes.act(&Intent::OpenMic { position: Position::Left }).unwrap();
    lindt.until_hears("left", Voice::Calder).unwrap();

    disk::refuse(switch, true).unwrap();
    for (turret, line) in [(&reyes, "ard-london"), (&lindt, "ard-new-york")] {
        turret.until_told("What was on it is over").unwrap();
        turret.until_key(line, "is idle", |key| key.lamp == Lamp::Idle).unwrap();
    }
    disk::refuse(switch, false).unwrap();
}
