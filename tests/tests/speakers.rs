//! Hoots, talk keys and intercom between real turrets: what each position shows and hears.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{GroupId, Lamp, LineId, Position, UserId};
use dealerboard_tests::speech::{Voice, WORDS_S, hears_only};
use dealerboard_tests::world::World;
use dealerboard_turret::view::{Intent, TalkView};

fn talk(line: &str, on: bool, latched: bool) -> Intent {
    Intent::Talk { line: LineId::from(line), on, latched }
}

#[test]
fn a_latched_talk_key_stays_open_and_is_counted_until_close_all() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    reyes.act(&talk("sterling", true, true)).unwrap();
    reyes.until_channel("sterling", "is latched", |channel| channel.talk == TalkView::Latched).unwrap();
    reyes.until("one microphone is counted", |view| view.header.mics.len() == 1).unwrap();
    reyes.act(&Intent::CloseAll).unwrap();
    reyes.until("no microphone is counted", |view| view.header.mics.is_empty()).unwrap();
    reyes.until_channel("sterling", "is closed", |channel| channel.talk == TalkView::Closed).unwrap();
}

#[test]
fn a_listen_only_member_cannot_talk_and_is_told_so() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let lindt = world.seat("lindt").sit_down().unwrap();
    reyes.act(&talk("macro", true, false)).unwrap();
    let told = reyes.until_told("isten").unwrap();
    assert!(told.refused, "the sentence answers the press");
    hears_only(&lindt.listen("speakers", 3.0).unwrap(), &[]);
}

#[test]
fn do_not_disturb_is_seen_by_others_and_keeps_an_intercom_silent() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    lindt.act(&Intent::Dnd { on: true }).unwrap();
    reyes.until_person("lindt", "shows do not disturb", |person| person.dnd).unwrap();
    reyes.act(&Intent::Intercom { user: UserId::from("lindt"), lamp: None }).unwrap();
    lindt.until_person("reyes", "is pending", |person| matches!(person.lamp, Lamp::RingingLow)).unwrap();
    hears_only(&lindt.listen("hands-free", 3.0).unwrap(), &[]);
    hears_only(&lindt.listen("speakers", 1.0).unwrap(), &[]);
}

#[test]
fn muting_a_handset_stops_its_voice_and_the_call_goes_on() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    reyes.act(&Intent::Press { line: LineId::from("ard-london"), call: None, lamp: None, position: None }).unwrap();
    let key = lindt.until_key("ard-new-york", "rings", |key| key.lamp == Lamp::RingingHigh).unwrap();
    lindt.act(&Intent::Press { line: key.line, call: key.call, lamp: Some(key.lamp), position: None }).unwrap();
    hears_only(&lindt.listen("left", WORDS_S).unwrap(), &[Voice::Calder]);
    reyes.act(&Intent::Mute { position: Position::Left, on: true }).unwrap();
    reyes.until_position(Position::Left, "is muted", |position| position.muted && !position.mic_open).unwrap();
    lindt.listen("left", 0.5).unwrap();
    hears_only(&lindt.listen("left", 3.0).unwrap(), &[]);
    reyes.until_key("ard-london", "is in use here", |key| key.lamp == Lamp::InUseHere).unwrap();
}

#[test]
fn who_talks_on_a_hoot_is_named_and_heard_by_everybody_on_it_but_themselves() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let marsh = world.seat("marsh").sit_down().unwrap();
    reyes.act(&talk("sterling", true, false)).unwrap();
    marsh.until_channel("sterling", "names who talks", |channel| channel.words == "A. Reyes").unwrap();
    lindt.act(&talk("sterling", true, false)).unwrap();
    marsh
        .until_channel("sterling", "names the newest and counts the others", |channel| channel.words == "R. Lindt +1")
        .unwrap();

    hears_only(&marsh.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder, Voice::Hallam]);
    hears_only(&reyes.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&lindt.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder]);
}

#[test]
fn a_muted_channel_is_silent_and_the_others_go_on() {
    let world = World::start("two-desks").unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut keane = world.seat("keane").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut reyes = world.seat("reyes").sit_down().unwrap();
    lindt.act(&talk("sterling", true, false)).unwrap();
    keane.act(&talk("macro", true, false)).unwrap();
    reyes.until_channel("macro", "is heard", |channel| channel.talking).unwrap();
    reyes.act(&Intent::ChannelMute { line: LineId::from("sterling"), on: true }).unwrap();
    reyes.until_channel("sterling", "is muted", |channel| channel.muted).unwrap();
    reyes.listen("speakers", 0.5).unwrap();
    hears_only(&reyes.listen("speakers", WORDS_S).unwrap(), &[Voice::Hallam]);
    reyes.act(&Intent::ChannelMute { line: LineId::from("sterling"), on: false }).unwrap();
    reyes.until_channel("sterling", "is no longer muted", |channel| !channel.muted).unwrap();
    hears_only(&reyes.listen("speakers", WORDS_S).unwrap(), &[Voice::Calder, Voice::Hallam]);
}

#[test]
fn an_intercom_is_answered_by_itself_and_its_callee_is_heard_only_after_talking_back() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    reyes.act(&Intent::Intercom { user: UserId::from("lindt"), lamp: None }).unwrap();
    lindt.until_person("reyes", "is in use here", |person| person.lamp == Lamp::InUseHere).unwrap();
    lindt.listen("hands-free", 1.0).unwrap();
    hears_only(&lindt.listen("hands-free", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&reyes.listen("hands-free", 1.0).unwrap(), &[]);
    lindt.until("its own microphone is shut", |view| view.header.mics.is_empty()).unwrap();

    lindt.act(&Intent::TalkBack { user: UserId::from("reyes"), on: true, latched: true }).unwrap();
    hears_only(&reyes.listen("hands-free", WORDS_S).unwrap(), &[Voice::Hallam]);
    lindt.act(&Intent::TalkBack { user: UserId::from("reyes"), on: false, latched: true }).unwrap();
    reyes.listen("hands-free", 1.0).unwrap();
    hears_only(&reyes.listen("hands-free", 1.0).unwrap(), &[]);
}

#[test]
fn all_of_a_group_hear_its_caller_and_who_talks_back_is_heard_by_the_caller_alone() {
    let world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("hands-free", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("hands-free", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    let mut keane = world.seat("keane").sit_down().unwrap();
    let group = GroupId::from("everybody");
    reyes.act(&Intent::IntercomGroup { group: group.clone(), lamp: None }).unwrap();
    for member in [&mut lindt, &mut keane] {
        member.until("it hears the caller", |view| view.groups[0].words.ends_with("Reyes talks to you")).unwrap();
    }
    reyes.until_told("Not reached: T. Marsh is not logged on.").unwrap();
    hears_only(&lindt.listen("hands-free", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&keane.listen("hands-free", WORDS_S).unwrap(), &[Voice::Calder]);
    hears_only(&reyes.listen("hands-free", 1.0).unwrap(), &[]);

    lindt.act(&Intent::GroupTalk { group: group.clone(), on: true, latched: true }).unwrap();
    hears_only(&reyes.listen("hands-free", WORDS_S).unwrap(), &[Voice::Hallam]);
    hears_only(&keane.listen("hands-free", WORDS_S).unwrap(), &[Voice::Calder]);
    reyes.act(&Intent::IntercomGroup { group, lamp: None }).unwrap();
    keane.until("the group is over", |view| view.groups[0].line.is_none()).unwrap();
}
