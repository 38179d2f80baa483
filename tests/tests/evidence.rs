//! What was said is on disk, provably, whatever happens to the switch.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_tests::recordings::{KeyedTime, listed_gaps, segments, unaccounted_ms};
use dealerboard_tests::review::Reviewer;
use dealerboard_tests::speech::Voice;
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::{Intent, LinkView};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
fn i5_after_a_kill_every_second_that_was_keyed_on_a_hoot_is_recorded_or_listed_as_a_gap() {
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
fn i5_after_a_kill_every_second_that_was_keyed_on_a_wire_is_recorded_or_listed_as_a_gap() {
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
fn i43_after_a_kill_in_mid_sentence_turrets_return_with_shut_microphones_and_nothing_said_before_is_lost() {
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

/// Presses the key of a line, as it shows now.
fn press(turret: &mut Turret, line: &str, lamp: Lamp) {
    let key = turret.until_key(line, &format!("shows {lamp:?}"), |key| key.lamp == lamp).unwrap();
    turret.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(lamp), position: None }).unwrap();
}

/// Waits until every recording is over, then gives what the API says of the newest.
fn newest(reviewer: &Reviewer) -> serde_json::Value {
    let began = Instant::now();
    loop {
        let page = reviewer.get("/api/recordings").unwrap();
        let rows = page["recordings"].as_array().unwrap();
        if !rows.is_empty() && rows.iter().all(|row| row["ended_utc_ms"].is_i64()) {
            return reviewer.get(&format!("/api/recordings/{}", rows[0]["id"])).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the recordings do not end: {page}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Who did what on which line, in the order of time.
fn events(detail: &serde_json::Value) -> Vec<String> {
    let events = detail["events"].as_array().unwrap();
    assert!(events.is_sorted_by_key(|event| event["at_utc_ms"].as_i64()));
    let (began, ended) = (&detail["row"]["started_utc_ms"], &detail["row"]["ended_utc_ms"]);
    let within = began.as_i64().unwrap()..=ended.as_i64().unwrap();
    assert!(events.iter().all(|event| within.contains(&event["at_utc_ms"].as_i64().unwrap())), "{detail}");
    let names = |event: &serde_json::Value| {
        let who = event["who"].as_array().unwrap().iter();
        who.map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let told = |event: &serde_json::Value| {
        format!("{} {}: {}", event["line"]["id"].as_str().unwrap(), names(event), event["what"].as_str().unwrap())
    };
    events.iter().map(told).collect()
}

#[test]
fn what_happens_in_a_call_is_told_by_the_review_api_and_proved_by_verify() {
    let mut world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut marsh = world.seat("marsh").sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    press(&mut reyes, "ard-london", Lamp::Idle);
    press(&mut lindt, "ard-new-york", Lamp::RingingHigh);
    lindt.until_key("ard-new-york", "is in use", |key| key.lamp == Lamp::InUseHere).unwrap();
    reyes.act(&Intent::Hold { position: Position::Left, exclusive: false }).unwrap();
    // Else the lamp of before the hold is taken for that of after it.
    marsh.until_key("ard-london", "is held", |key| key.lamp == Lamp::HeldElsewhere).unwrap();
    press(&mut reyes, "ard-london", Lamp::HeldHere);
    press(&mut marsh, "ard-london", Lamp::InUseElsewhere);
    marsh.until_key("ard-london", "is in use", |key| key.lamp == Lamp::InUseHere).unwrap();
    marsh.act(&Intent::Release { position: Position::Left }).unwrap();
    marsh.until_key("ard-london", "is left", |key| key.lamp == Lamp::InUseElsewhere).unwrap();
    reyes.act(&Intent::Release { position: Position::Left }).unwrap();
    lindt.until_key("ard-new-york", "is idle", |key| key.lamp == Lamp::Idle).unwrap();

    let detail = newest(&Reviewer::log_on(&world, "reyes").unwrap());
    let expected = [
        "ard-london reyes: Seized",
        "ard-new-york : Rings",
        "ard-new-york lindt: Answered",
        "ard-london reyes: Held",
        "ard-london reyes: Resumed",
        "ard-london marsh: Joined",
        "ard-london reyes: Beep",
        "ard-london marsh: Left",
        "ard-london reyes: Released",
    ];
    assert_eq!(events(&detail), expected);
    assert_eq!(detail["verdict"]["verified"], true);
    world.stop_switch().unwrap();
    let (sound, said) = world.verify().unwrap();
    assert!(sound, "{said}");
    let chain = world.data().join("recordings").join("chain.jsonl");
    let text = std::fs::read_to_string(&chain).unwrap();
    assert!(text.contains("\"what_happened\":\"Held\""));
    std::fs::write(&chain, text.replace("\"what_happened\":\"Held\"", "\"what_happened\":\"Left\"")).unwrap();
    let (sound, said) = world.verify().unwrap();
    assert!(!sound, "a mark that was changed is found: {said}");
}

#[test]
fn the_talk_keys_of_a_hoot_are_told_by_the_review_api() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    talk(&mut reyes, "sterling", true);
    reyes.until("its microphone is open", |view| view.header.mics.len() == 1).unwrap();
    talk(&mut reyes, "sterling", false);
    reyes.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    let detail = newest(&Reviewer::log_on(&world, "reyes").unwrap());
    assert_eq!(events(&detail), ["sterling reyes: Talk key latched", "sterling reyes: Talk key up"]);
}

#[test]
fn a_recording_shows_the_name_of_who_talked_after_they_were_given_another_one() {
    let world = World::start("two-desks").unwrap();
    world.add_user("novak", "london").unwrap();
    let mut novak = world.seat("novak").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    talk(&mut novak, "sterling", true);
    novak.until("its microphone is open", |view| view.header.mics.len() == 1).unwrap();
    talk(&mut novak, "sterling", false);
    let reviewer = Reviewer::log_on(&world, "reyes").unwrap();
    let names = |found: &serde_json::Value| {
        let shown = [&found["row"]["people"][0], &found["tracks"][0]["talker"], &found["events"][0]["who"][0]];
        shown.map(|person| person["name"].as_str().unwrap().to_owned())
    };
    assert_eq!(names(&newest(&reviewer)), ["novak"; 3]);
    world.rename_user("novak", "Q. Quist").unwrap();
    let began = Instant::now();
    while reviewer.get("/api/recordings").unwrap()["people"][0]["name"] != "Q. Quist" {
        assert!(began.elapsed() < Duration::from_secs(60), "the new name is not shown");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(names(&newest(&reviewer)), ["novak"; 3]);
}
