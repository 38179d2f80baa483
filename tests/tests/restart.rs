//! What users set survives a restart of the switch, also one that nobody had planned.
#![allow(clippy::unwrap_used)]

use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_tests::disk;
use dealerboard_tests::recordings::{listed_gaps, segments};
use dealerboard_tests::speech::Voice;
use dealerboard_tests::world::{Turret, World};
use dealerboard_turret::view::{Intent, LinkView, PersonView};

const KEPT: &str = "do-not-disturb is on for";

fn shows_dnd(person: &PersonView) -> bool {
    person.dnd && person.logged_on && person.lamp == Lamp::Idle
}

/// Kills the switch, starts it again, and waits until `turrets` are back.
fn kill_and_restart(world: &mut World, turrets: &[&Turret]) {
    world.kill_switch();
    for turret in turrets {
        turret.until("the loss is shown", |view| matches!(view.header.link, LinkView::Lost { .. })).unwrap();
    }
    world.restart_switch().unwrap();
    for turret in turrets {
        turret.until_logged_on().unwrap();
    }
}

#[test]
fn do_not_disturb_outlives_a_kill_of_the_switch_for_who_comes_back() {
    let mut world = World::start("two-desks").unwrap();
    let reyes = world.seat("reyes").sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    lindt.act(&Intent::Dnd { on: true }).unwrap();
    reyes.until_person("lindt", "shows do not disturb", shows_dnd).unwrap();
    world.until_checked(KEPT).unwrap();

    kill_and_restart(&mut world, &[&reyes, &lindt]);
    reyes.until_person("lindt", "shows do not disturb again", shows_dnd).unwrap();
    lindt.until("its own panel says so", |view| view.header.dnd).unwrap();

    lindt.act(&Intent::Dnd { on: false }).unwrap();
    world.until_checked("nothing that was changed at run time").unwrap();
    kill_and_restart(&mut world, &[&reyes, &lindt]);
    reyes.until_person("lindt", "may be disturbed", |person| person.logged_on && !person.dnd).unwrap();
}

fn press(turret: &mut Turret, line: &str) {
    let call = turret.until_key(line, "is shown", |_| true).unwrap().call;
    let position = Some(Position::Left);
    turret.act(&Intent::Press { line: LineId::from(line), call, lamp: None, position }).unwrap();
}

/// How often the chain says that something happened.
fn in_chain(world: &World, what: &str) -> usize {
    let chain = std::fs::read_to_string(world.data().join("recordings").join("chain.jsonl")).unwrap();
    chain.lines().filter(|line| line.contains(&format!("\"what\":\"{what}\""))).count()
}

#[test]
fn a_call_outlives_a_kill_of_the_switch_and_its_recording_is_one_with_a_gap() {
    let mut world = World::start("two-desks").unwrap();
    let mut reyes = world.seat("reyes").says("left", &Voice::Calder.babble(&world)).sit_down().unwrap();
    let mut lindt = world.seat("lindt").says("left", &Voice::Hallam.babble(&world)).sit_down().unwrap();
    press(&mut reyes, "ard-london");
    lindt.until_key("ard-new-york", "rings", |key| key.lamp == Lamp::RingingHigh).unwrap();
    press(&mut lindt, "ard-new-york");
    lindt.until_hears("left", Voice::Calder).unwrap();
    world.until_checked("the call on ard-london waits for A. Reyes").unwrap();

    kill_and_restart(&mut world, &[&reyes, &lindt]);
    for (turret, line) in [(&mut reyes, "ard-london"), (&mut lindt, "ard-new-york")] {
        turret.until_key(line, "is in use here again", |key| key.lamp == Lamp::InUseHere).unwrap();
        turret.until("no microphone came back", |view| view.header.mics.is_empty()).unwrap();
        turret.act(&Intent::OpenMic { position: Position::Left }).unwrap();
    }
    lindt.until_hears("left", Voice::Calder).unwrap();
    reyes.until_hears("left", Voice::Hallam).unwrap();

    reyes.act(&Intent::Release { position: Position::Left }).unwrap();
    lindt.until_key("ard-new-york", "is idle", |key| key.lamp == Lamp::Idle).unwrap();
    world.stop_switch().unwrap();
    assert_eq!((in_chain(&world, "recording_opened"), in_chain(&world, "recording_closed")), (1, 1));
    for user in ["reyes", "lindt"] {
        let kept = segments(&world.data()).unwrap().into_iter().filter(|segment| segment.talker == user).count();
        assert_eq!(kept, 2, "one track of {user} before and one after");
        assert!(listed_gaps(&world.data()).unwrap().iter().any(|gap| gap.talker.as_deref() == Some(user)));
    }
    let (sound, said) = world.verify().unwrap();
    assert!(sound, "{said}");
}

#[test]
fn do_not_disturb_is_shown_while_the_disk_takes_nothing_and_kept_when_it_does() {
    let world = World::start_behind("two-desks", |_| disk::refusable(), "127.0.0.1:0").unwrap();
    let switch = world.switch_id().unwrap();
    let reyes = world.seat("reyes").sit_down().unwrap();
    let mut lindt = world.seat("lindt").sit_down().unwrap();
    disk::refuse(switch, true).unwrap();
    lindt.act(&Intent::Dnd { on: true }).unwrap();
    reyes.until_person("lindt", "shows do not disturb", shows_dnd).unwrap();
    world.until_checked("nothing that was changed at run time").unwrap();
    disk::refuse(switch, false).unwrap();
    world.until_checked(KEPT).unwrap();
}
