//! A full disk under the recorder: everybody is told at once, nobody talks unrecorded, and nothing written is lost.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{LineId, Proof};
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
