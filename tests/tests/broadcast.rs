//! One talk key for several lines, between real turrets: what each far end hears, and what who talks hears.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::{Intent, TalkView};

fn press(turret: &mut Turret, line: &str) {
    let call = turret.until_key(line, "is shown", |_| true).unwrap().call;
    let position = Some(Position::Left);
    turret.act(&Intent::Press { line: LineId::from(line), call, lamp: None, position }).unwrap();
}

fn broadcast(lines: &[&str], on: bool) -> Intent {
    Intent::Broadcast { lines: lines.iter().map(|line| LineId::from(*line)).collect(), on, latched: on }
}

#[test]
fn brc_1_two_far_ends_hear_who_talks_to_both_and_never_each_other_and_their_replies_are_heard() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut keane = world.seat("keane").says("left", &Voice::Tagus.babble(&world)).sit_down().unwrap();
    press(&mut lindt, "mrd-new-york");
    press(&mut reyes, "second-london");
    keane.until_key("second-new-york", "rings", |key| key.lamp == Lamp::RingingLow).unwrap();
    press(&mut keane, "second-new-york");
    keane.until_key("second-new-york", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();

    let lines = ["mrd-london", "second-london"];
    reyes.act(&broadcast(&lines, true)).unwrap();
    let both = |view: &dealerboard_turret::view::View| view.channel_groups.iter().any(|group| group.hear.len() == 2);
    reyes.until("both lines hear", both).unwrap();
    reyes
        .until("one microphone is counted", |view| view.header.mics.iter().filter(|mic| !mic.muted).count() == 1)
        .unwrap();

    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&keane.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&reyes.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Tagus]);

    reyes.act(&broadcast(&lines, false)).unwrap();
    reyes.until_key("mrd-london", "is released", |key| key.lamp != Lamp::InUseHere).unwrap();
    reyes.until_key("second-london", "stays in use", |key| key.lamp == Lamp::InUseHere).unwrap();
    // What was on its way when the key was let go.
    lindt.listen("left", 0.5).unwrap();
    hears_only(&lindt.listen("left", 2.0).unwrap(), &[]);
}

#[test]
fn spk_5_one_talk_key_of_a_group_talks_to_its_channels_and_names_the_one_that_is_left_out() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let lindt = world.seat("lindt").sit_down().unwrap();
    reyes.act(&Intent::GroupBroadcast { group: "Hoots".into(), on: true, latched: true }).unwrap();
    reyes.until_told("Left out: You may only listen on Macro hoot").unwrap();
    let latched = |view: &dealerboard_turret::view::View| {
        let group = &view.channel_groups[0];
        let left_out: Vec<&str> = group.left_out.iter().map(|one| one.name.as_str()).collect();
        group.talk == TalkView::Latched && group.words == "1 of 2 hears you" && left_out == ["Macro hoot"]
    };
    reyes.until("the group says who hears", latched).unwrap();
    hears_only(&lindt.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder]);

    reyes.act(&Intent::CloseAll).unwrap();
    reyes.until("the group is shut", |view| view.channel_groups[0].talk == TalkView::Closed).unwrap();
    reyes.until("no microphone is counted", |view| view.header.mics.is_empty()).unwrap();
}
