//! A floor of real turrets and a real switch in virtual time: what users press, what breaks, and what holds all the while.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

use dealerboard_tests::simulated::World;
use std::collections::BTreeMap;

/// Seeds that are played each time; those from 10,000 on dial, transfer, call groups and have hoots at handsets as well.
const SEEDS: [u64; 19] =
    [1, 3, 11, 13, 25, 32, 53, 57, 69, 116, 120, 128, 162, 173, 237, 10_000, 10_001, 10_002, 10_003];

/// Steps of a seed, of 5 ms each.
const STEPS: usize = 24_000;

/// Says what was done last when something does not hold.
struct Last(World);

impl Drop for Last {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("after {} ms", self.0.now_ms());
            let last = self.0.done.len().saturating_sub(150);
            eprintln!("done last, each with its millisecond:\n{}", self.0.done[last..].join("\n"));
        }
    }
}

fn play(seed: u64, steps: usize) -> BTreeMap<&'static str, u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(seed).unwrap();
        let mut world = Last(world);
        for _ in 0..steps {
            world.0.step().await.unwrap();
        }
        std::mem::take(&mut world.0.counts)
    })
}

#[test]
fn what_turrets_show_is_what_the_switch_forwards_whatever_is_pressed_and_whatever_breaks() {
    let seeds: Vec<u64> = match std::env::var("SIMULATED_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => SEEDS.into(),
    };
    let mut counts = BTreeMap::new();
    for seed in seeds {
        for (what, count) in play(seed, STEPS) {
            *counts.entry(what).or_insert(0) += count;
        }
    }
    println!("{counts:?}");
    if std::env::var("SIMULATED_SEED").is_ok() {
        return;
    }
    for rule in ["I3, I44", "I7", "I8", "I38", "I46"] {
        assert!(counts.get(rule).is_some_and(|count| *count > 20), "{rule} was hardly looked at: {counts:?}");
    }
}
