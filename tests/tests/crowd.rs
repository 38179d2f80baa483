//! Twelve who begin in the same instant are all heard from their first syllable, near and far away.
#![allow(clippy::unwrap_used)]

use dealerboard_tests::crowd::{Crowd, QUIET_FLOOR};
use dealerboard_tests::world::World;
use std::time::Duration;

/// What the ear can miss of a talk without anybody noticing: 5 ms, a fraction of the shortest sound of speech.
const UNHEARD_MS: f64 = 5.0;

fn all_twelve_are_heard_from_their_first_syllable(world: &World) {
    // Two crypto providers in one process would panic at the first handshake: this one is chosen before any.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let crowd = Crowd::sit(world, runtime.handle(), 480).unwrap();
    let (talks, ()) = crowd.talk(|_| Ok(())).unwrap();
    assert_eq!(talks.faults(UNHEARD_MS), [], "{talks:?}");
}

#[test]
fn twelve_who_key_at_once_are_heard_from_their_first_syllable() {
    all_twelve_are_heard_from_their_first_syllable(&World::start(QUIET_FLOOR).unwrap());
}

#[test]
fn twelve_who_key_at_once_are_heard_from_their_first_syllable_through_50_ms_of_network() {
    let world = World::start_far_away(QUIET_FLOOR, Duration::from_millis(50)).unwrap();
    all_twelve_are_heard_from_their_first_syllable(&world);
}
