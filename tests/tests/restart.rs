//! What users set survives a restart of the switch, also one that nobody had planned.
#![allow(clippy::unwrap_used)]

use dealerboard_model::Lamp;
use dealerboard_tests::disk;
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
