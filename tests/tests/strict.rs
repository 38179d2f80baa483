//! What keeps hoots and loudspeakers in order, between real turrets: who gives way, who is left out, what is closed.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::{Intent, TalkView};

fn talk(turret: &mut Turret, latched: bool) {
    turret.act(&Intent::Talk { line: LineId::from("sterling"), on: true, latched }).unwrap();
    // Until the switch has it: who is the oldest talker is decided there.
    turret.until("it is heard", |view| view.header.mics.iter().any(|mic| mic.hearers > 0)).unwrap();
}

fn press(turret: &mut Turret, line: &str) {
    let call = turret.until_key(line, "is shown", |_| true).unwrap().call;
    let position = Some(Position::Left);
    turret.act(&Intent::Press { line: LineId::from(line), call, lamp: None, position }).unwrap();
    turret.until_key(line, "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
}

#[test]
fn hot_3_of_more_than_may_talk_the_oldest_gives_way_and_is_heard_no_more() {
    let world = World::start("strict").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut keane = world.seat("keane").says("hands-free", &Voice::Tagus.babble(&world)).sit_down().unwrap();
    talk(&mut reyes, false);
    talk(&mut lindt, false);
    hears_only(&keane.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder, Voice::Hallam]);
    talk(&mut keane, false);
    reyes.until_told("your microphone was closed for a newer talk").unwrap();
    reyes.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    // What was on its way.
    lindt.listen("speakers", 0.5).unwrap();
    hears_only(&lindt.listen("speakers", WORDS_S).unwrap(), &[Voice::Tagus]);
    hears_only(&keane.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&reyes.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam, Voice::Tagus]);
}

#[test]
fn hot_6_a_hoot_at_a_handset_is_heard_there_and_not_aloud_and_hears_that_handset() {
    let world = World::start("strict").unwrap();
    let reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world));
    let mut reyes = reyes.says("hands-free", &Voice::Tagus.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let keane = world.seat("keane").sit_down().unwrap();
    let sterling = || LineId::from("sterling");
    reyes.act(&Intent::Move { line: sterling(), call: None, position: Position::Left }).unwrap();
    reyes.until_key("sterling", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
    assert_eq!(keane.until_key("sterling", "is shown", |_| true).unwrap().lamp, Lamp::Idle, "nobody talks");
    talk(&mut lindt, false);
    hears_only(&reyes.until_hears("left", Voice::Hallam).unwrap(), &[Voice::Hallam]);
    hears_only(&reyes.listen("speakers", WORDS_S).unwrap(), &[]);
    talk(&mut reyes, false);
    keane.until_hears("speakers", Voice::Calder).unwrap();
    hears_only(&keane.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder, Voice::Hallam]);
    reyes.act(&Intent::Move { line: sterling(), call: None, position: Position::Speakers }).unwrap();
    reyes.until("it is not talked into any more", |view| view.header.mics.is_empty()).unwrap();
    hears_only(&reyes.until_hears("speakers", Voice::Hallam).unwrap(), &[Voice::Hallam]);
    keane.listen("speakers", 0.5).unwrap();
    hears_only(&keane.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
}

#[test]
fn hot_6_the_handset_of_who_wishes_that_is_open_on_a_hoot_for_as_long_as_it_is_there() {
    let world = World::start("strict").unwrap();
    let mut marsh = world.seat("marsh").says("right", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let keane = world.seat("keane").sit_down().unwrap();
    marsh.act(&Intent::Move { line: LineId::from("sterling"), call: None, position: Position::Right }).unwrap();
    hears_only(&keane.until_hears("speakers", Voice::Calder).unwrap(), &[Voice::Calder]);
    marsh.act(&Intent::Release { position: Position::Right }).unwrap();
    marsh.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    keane.listen("speakers", 0.5).unwrap();
    hears_only(&keane.listen("speakers", WORDS_S).unwrap(), &[]);
}

#[test]
fn mut_2_a_neighbours_loudspeaker_leaves_out_who_sits_beside_it_and_nobody_else() {
    let world = World::start("strict").unwrap();
    let reyes = world.seat("reyes").with(&["--seat", "4-12"]);
    let mut reyes = reyes.says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let marsh = world.seat("marsh").with(&["--seat", "4-11"]).sit_down().unwrap();
    let keane = world.seat("keane").sit_down().unwrap();
    talk(&mut reyes, false);
    talk(&mut lindt, false);
    hears_only(&marsh.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&keane.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder, Voice::Hallam]);
}

#[test]
fn mut_3_no_loudspeaker_of_the_desk_plays_a_line_that_somebody_has_at_a_handset() {
    let world = World::start("strict").unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let marsh = world.seat("marsh").sit_down().unwrap();
    press(&mut lindt, "mrd-new-york");
    hears_only(&marsh.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
    press(&mut reyes, "mrd-london");
    marsh.until_channel("mrd-london", "is muted for all", |channel| channel.words.contains("GLOBAL MUTE")).unwrap();
    marsh.listen("speakers", 0.5).unwrap();
    hears_only(&marsh.listen("speakers", WORDS_S).unwrap(), &[]);
    hears_only(&reyes.listen("left", WORDS_S).unwrap(), &[Voice::Hallam]);
    reyes.act(&Intent::Release { position: Position::Left }).unwrap();
    hears_only(&marsh.until_hears("speakers", Voice::Hallam).unwrap(), &[Voice::Hallam]);
}

#[test]
fn spk_3_a_latch_into_which_nobody_speaks_is_announced_and_closed_and_one_that_is_spoken_into_stays() {
    let world = World::start("strict").unwrap();
    let mut reyes = world.seat("reyes").sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    talk(&mut lindt, true);
    talk(&mut reyes, true);
    reyes.until("it is counted", |view| view.header.mics.len() == 1).unwrap();
    reyes.until_channel("sterling", "closes soon", |channel| channel.talk == TalkView::Closing).unwrap();
    reyes.until("its microphone is shut", |view| view.header.mics.is_empty()).unwrap();
    lindt.until_channel("sterling", "stays latched", |channel| channel.talk == TalkView::Latched).unwrap();
    hears_only(&reyes.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
}
