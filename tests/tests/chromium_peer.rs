//! Our voice path against a stack that is not ours: a Chromium page is a turret, and speech passes both ways.
#![allow(clippy::unwrap_used)]

use dealerboard_model::LineId;
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::wav;
use dealerboard_tests::world::World;
use dealerboard_turret::view::Intent;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_chromium_page_talks_on_a_hoot_and_hears_who_else_does() {
    let world = World::start("two-desks").unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let heard = world.folder().join("chromium.wav");
    let mut page = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/chromium-peer.mjs"))
        .args([&world.address, "reyes"])
        .arg(world.password_file())
        .arg("sterling")
        .arg(Voice::Calder.babble(&world))
        .arg(&heard)
        .arg("10")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(page.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("ready"));

    lindt.act(&Intent::Talk { line: LineId::from("sterling"), on: true, latched: true }).unwrap();
    hears_only(&lindt.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder]);

    let report: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert!(page.wait().unwrap().success());
    hears_only(&wav::read(&heard).unwrap(), &[Voice::Hallam]);
    let labels = report["csrcs"].as_array().unwrap();
    assert!(labels.iter().any(|label| label.as_array().unwrap().len() == 2), "line and talker are named: {report}");
}
