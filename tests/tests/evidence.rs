//! What was said is on disk, provably, whatever happens to the switch.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_tests::recordings::{KeyedTime, listed_gaps, segments, unaccounted_ms};
use dealerboard_tests::speech::Voice;
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::{Intent, LinkView};
use std::time::{SystemTime, UNIX_EPOCH};

fn talk(turret: &mut Turret, line: &str, on: bool) {
    turret.act(&Intent::Talk { line: LineId::from(line), on, latched: true }).unwrap();
}

/// Kills the switch while `turret` has one microphone open, waits until it is shut, and gives for how long it was keyed.
fn keyed_until_lost(turret: &Turret, user: &str, kill: impl FnOnce()) -> KeyedTime {
    let view = turret.until("its microphone is open", |view| view.header.mics.len() == 1).unwrap();
    kill();
    turret.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (talker, from_utc_ms) = (user.to_owned(), view.header.mics[0].since_utc_ms);
    KeyedTime { talker, from_utc_ms, to_utc_ms: i64::try_from(now.as_millis()).unwrap() }
}

fn is_back(view: &dealerboard_turret::view::View) -> bool {
    matches!(view.header.link, LinkView::Up { voice: true, .. })
}

/// Asserts that all that was keyed is recorded, or listed as a gap: but for the way of a message or two.
fn is_accounted_for(world: &World, keyed: &[KeyedTime]) {
    let (recorded, gaps) = (segments(&world.data()).unwrap(), listed_gaps(&world.data()).unwrap());
    for time in keyed {
        let missing_ms = unaccounted_ms(time, &recorded, &gaps);
        assert!(missing_ms < 500, "{missing_ms} ms of {time:?} are neither recorded nor listed");
    }
    let (sound, said) = world.verify().unwrap();
    assert!(sound, "{said}");
}

#[test]
fn after_a_kill_every_second_that_was_keyed_on_a_hoot_is_recorded_or_listed_as_a_gap() {
    let mut world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    talk(&mut reyes, "sterling", true);
    reyes.listen("speakers", 4.0).unwrap();
    let keyed = keyed_until_lost(&reyes, "reyes", || world.kill_switch());
    world.restart_switch().unwrap();
    reyes.until("it is back by itself", is_back).unwrap();
    world.stop_switch().unwrap();
    is_accounted_for(&world, &[keyed]);
}

#[test]
fn after_a_kill_every_second_that_was_keyed_on_a_wire_is_recorded_or_listed_as_a_gap() {
    let mut world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    reyes.act(&Intent::Press { line: LineId::from("ard-london"), call: None, lamp: None, position: None }).unwrap();
    let key = lindt.until_key("ard-new-york", "rings", |key| key.lamp == Lamp::RingingHigh).unwrap();
    lindt.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(key.lamp), position: None }).unwrap();
    lindt.until("its microphone is open", |view| view.header.mics.len() == 1).unwrap();
    lindt.listen("left", 4.0).unwrap();
    let mut keyed = Vec::new();
    let first = keyed_until_lost(&reyes, "reyes", || {
        keyed.push(keyed_until_lost(&lindt, "lindt", || world.kill_switch()));
    });
    keyed.push(first);
    world.restart_switch().unwrap();
    for turret in [&reyes, &lindt] {
        turret.until("it is back by itself", is_back).unwrap();
        turret.until("no microphone came back", |view| view.header.mics.is_empty()).unwrap();
    }
    world.stop_switch().unwrap();
    is_accounted_for(&world, &keyed);
}

#[test]
fn every_talker_is_recorded_on_a_track_of_their_own_and_the_chain_verifies() {
    let mut world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    reyes.act(&Intent::Press { line: LineId::from("ard-london"), call: None, lamp: None, position: None }).unwrap();
    let key = lindt.until_key("ard-new-york", "rings", |key| key.lamp == Lamp::RingingHigh).unwrap();
    lindt.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(key.lamp), position: None }).unwrap();
    lindt
        .until_key("ard-new-york", "shows that it is recorded", |key| {
            matches!(key.proof, dealerboard_model::Proof::Recorded)
        })
        .unwrap();
    lindt.listen("left", 6.0).unwrap();
    reyes.act(&Intent::Release { position: Position::Left }).unwrap();
    lindt.until_key("ard-new-york", "is idle", |key| key.lamp == Lamp::Idle).unwrap();
    world.stop_switch().unwrap();

    let tracks = segments(&world.data()).unwrap();
    let of = |talker: &str| tracks.iter().find(|track| track.talker == talker).unwrap();
    assert!(Voice::Calder.likeness(&of("reyes").samples) > 0.7, "what reyes said is on reyes' track");
    assert!(Voice::Hallam.likeness(&of("reyes").samples) < 0.4, "and nobody else is");
    assert!(Voice::Hallam.likeness(&of("lindt").samples) > 0.7, "what lindt said is on lindt's track");
    let (sound, said) = world.verify().unwrap();
    assert!(sound, "{said}");
}

#[test]
fn a_changed_byte_in_a_recording_is_named_by_verify() {
    let mut world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    talk(&mut reyes, "sterling", true);
    reyes.until("one microphone is counted", |view| view.header.mics.len() == 1).unwrap();
    reyes.listen("speakers", 2.0).unwrap();
    talk(&mut reyes, "sterling", false);
    world.stop_switch().unwrap();
    let track = &segments(&world.data()).unwrap()[0];
    let mut bytes = std::fs::read(&track.file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&track.file, bytes).unwrap();

    let (sound, said) = world.verify().unwrap();
    assert!(!sound);
    let name = track.file.file_name().unwrap().to_string_lossy().into_owned();
    assert!(said.contains(&name), "the wrong segment {name} is named: {said}");
}

#[test]
fn after_a_kill_in_mid_sentence_turrets_return_with_shut_microphones_and_nothing_said_before_is_lost() {
    let mut world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let lindt = world.seat("lindt").sit_down().unwrap();
    talk(&mut reyes, "sterling", true);
    lindt.until_channel("sterling", "is heard", |channel| channel.talking).unwrap();
    lindt.listen("speakers", 8.0).unwrap();

    world.kill_switch();
    reyes.until("the loss is shown", |view| matches!(view.header.link, LinkView::Lost { .. })).unwrap();
    reyes.until_key("sterling", "is stale", |key| key.lamp == Lamp::Stale).unwrap();
    reyes.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    world.restart_switch().unwrap();
    for turret in [&reyes, &lindt] {
        turret
            .until("it is back by itself", |view| matches!(view.header.link, LinkView::Up { voice: true, .. }))
            .unwrap();
        turret.until_key("sterling", "is idle", |key| key.lamp == Lamp::Idle).unwrap();
    }
    reyes.until("no microphone came back", |view| view.header.mics.is_empty()).unwrap();
    world.stop_switch().unwrap();

    let tracks = segments(&world.data()).unwrap();
    let kept: f64 = tracks.iter().map(|track| track.samples.len() as f64 / 48_000.0).sum();
    assert!(kept >= 7.0, "of 8 s and more at most one may be missing, kept are {kept:.1} s");
    assert!(Voice::Calder.likeness(&tracks[0].samples) > 0.7);
    let (sound, said) = world.verify().unwrap();
    assert!(sound, "{said}");
}
