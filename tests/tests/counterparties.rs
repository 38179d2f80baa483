//! The sample floor for one person alone: counterparties who answer, talk back, ring in and speak on hoots.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position, UserId};
use dealerboard_tests::compare::best_match;
use dealerboard_tests::players::{play, scripts};
use dealerboard_tests::speech::{Voice, hears_only};
use dealerboard_tests::world::{Turret, World};
use dealerboard_tests::{players::Players, wav};
use dealerboard_turret::counterparty::Script;
use dealerboard_turret::view::Intent;
use std::path::Path;

/// The sample floor with those of its counterparties that `chosen` lets through, as it has changed them.
fn floor(chosen: impl Fn(&mut Script) -> bool) -> (World, Players) {
    let world = World::start_sample().unwrap();
    let mut all = scripts(&world).unwrap();
    all.retain_mut(chosen);
    let players = play(&world, all).unwrap();
    (world, players)
}

/// One that only answers.
fn answers_only(script: &mut Script) -> bool {
    (script.rings, script.speaks_on_hoot) = (None, None);
    true
}

fn press(turret: &mut Turret, line: &str) {
    let key = turret.until_key(line, "is shown", |_| true).unwrap();
    turret.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(key.lamp), position: None }).unwrap();
}

fn release(turret: &mut Turret, line: &str) {
    turret.act(&Intent::Release { position: Position::Left }).unwrap();
    turret.until_key(line, "is idle", |key| key.lamp == Lamp::Idle).unwrap();
}

/// Waits until the far end of a called wire has answered.
fn until_answered(turret: &Turret, name: &str) {
    let on = |it: &dealerboard_turret::view::PositionView| it.name == name && it.words != "Calling";
    turret.until_position(Position::Left, "is answered", on).unwrap();
}

/// Waits until `ear` has heard the words of `voice`, and asserts that nobody else is heard beside them.
fn hears(turret: &Turret, ear: &str, voice: Voice) {
    hears_only(&turret.until_hears(ear, voice).unwrap(), &[voice]);
}

#[test]
fn a_counterparty_rings_in_by_itself_and_speaks_once_it_is_answered() {
    let (world, _players) = floor(|script| script.user == "calder");
    let mut reyes = world.seat("a.reyes").sit_down().unwrap();
    reyes.until_key("calder-wynn", "rings red", |key| key.lamp == Lamp::RingingHigh).unwrap();
    press(&mut reyes, "calder-wynn");
    until_answered(&reyes, "Calder Wynn");
    hears(&reyes, "left", Voice::Calder);
}

#[test]
fn a_called_counterparty_answers_an_ard_and_speaks() {
    let (world, _players) = floor(|script| script.user == "hallam" && answers_only(script));
    let mut reyes = world.seat("a.reyes").sit_down().unwrap();
    press(&mut reyes, "hallam-street");
    until_answered(&reyes, "Hallam Street");
    hears(&reyes, "left", Voice::Hallam);
    release(&mut reyes, "hallam-street");
}

#[test]
fn a_tapped_signal_is_answered_though_its_ring_has_ended_and_the_release_ends_both_ends() {
    let (world, _players) = floor(|script| script.user == "fenmoor" && answers_only(script));
    let mut reyes = world.seat("a.reyes").sit_down().unwrap();
    reyes.until_person("fenmoor", "is logged on", |person| person.logged_on).unwrap();
    press(&mut reyes, "fenmoor");
    reyes.until_key("fenmoor", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
    for on in [true, false] {
        reyes.act(&Intent::Signal { line: LineId::from("fenmoor"), on }).unwrap();
    }
    reyes.until_person("fenmoor", "has answered", |person| person.lamp == Lamp::InUseElsewhere).unwrap();
    hears(&reyes, "left", Voice::Fenmoor);
    release(&mut reyes, "fenmoor");
    reyes.until_person("fenmoor", "is on no call", |person| person.lamp == Lamp::Idle).unwrap();
}

#[test]
fn a_counterparty_called_by_intercom_talks_back_until_the_caller_releases() {
    let (world, _players) = floor(|script| script.user == "hallam" && answers_only(script));
    let mut reyes = world.seat("a.reyes").sit_down().unwrap();
    reyes.until_person("hallam", "is logged on", |person| person.logged_on).unwrap();
    let intercom = Intent::Intercom { user: UserId::from("hallam"), lamp: None };
    reyes.act(&intercom).unwrap();
    reyes.until_person("hallam", "is talked to", |person| person.lamp == Lamp::InUseHere).unwrap();
    hears(&reyes, "hands-free", Voice::Hallam);
    reyes.act(&intercom).unwrap();
    reyes.until_person("hallam", "is on no call", |person| person.lamp == Lamp::Idle).unwrap();
}

#[test]
fn a_counterparty_speaks_on_its_hoot_again_and_again() {
    let (world, _players) = floor(|script| {
        script.rings = None;
        let hoot = script.speaks_on_hoot.as_mut().filter(|_| script.user == "calder");
        hoot.map(|again| (again.first_after_s, again.every_s) = (3, 12)).is_some()
    });
    let reyes = world.seat("a.reyes").sit_down().unwrap();
    let words = wav::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/voices/sterling-hoot.wav")).unwrap();
    let mut likenesses = Vec::new();
    while likenesses.iter().filter(|likeness| **likeness > 0.6).count() < 2 {
        assert!(likenesses.len() < 5, "the hoot's words are not heard: {likenesses:?}");
        reyes.until_channel("sterling-hoot", "is talked on", |channel| channel.talking).unwrap();
        let heard = reyes.listen("speakers", 1.0 + words.len() as f64 / 48_000.0).unwrap();
        likenesses.push(best_match(&words[48_000..96_000], &heard).correlation);
        reyes.until_channel("sterling-hoot", "is quiet", |channel| !channel.talking).unwrap();
    }
}

#[test]
fn one_person_in_london_has_an_ard_of_each_priority_and_an_mrd_that_are_answered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/floors/sample.toml");
    let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |value: &toml::Value, name: &str| value[name].as_str().unwrap().to_owned();
    let parties = file["counterparty"].as_array().unwrap();
    let all_of = |name: &str| -> Vec<String> {
        let lists = parties.iter().filter_map(|it| it.get(name)?.as_array());
        lists.flatten().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let answered = all_of("answers");
    let wires = file["wire"].as_array().unwrap().iter();
    let mine: Vec<(String, String)> = wires
        .filter(|wire| answered.contains(&text(&wire["b"], "line")))
        .filter(|wire| wire["a"]["desks"].as_array().unwrap().iter().any(|it| it.as_str() == Some("london-rates")))
        .map(|wire| (text(wire, "kind"), text(wire, "priority")))
        .collect();
    let has = |kind: &str, priority: Option<&str>| {
        mine.iter().any(|(is, at)| is == kind && priority.is_none_or(|wanted| wanted == at))
    };
    assert!(mine.len() >= 4 && has("ard", Some("high")) && has("ard", Some("low")) && has("mrd", None), "{mine:?}");
}
