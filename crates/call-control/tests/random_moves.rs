//! Random moves of a whole floor, each followed by all that always holds (`random_floor/mod.rs`).
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;
mod random_floor;

use proptest::prelude::*;
use random_floor::Played;
use random_floor::likely::{Counts, Wrong, again, run, shrink};
use random_floor::moves::{KINDS, LINES, Move, PLAYERS};

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0..PLAYERS, 0_u8..KINDS, 0_usize..LINES.len(), 0_usize..3, prop_oneof![0_u64..900, 0_u64..40_000]);
    let one = one.prop_map(|(who, kind, line, place, wait_ms)| Move { who, kind, line, place, wait_ms });
    prop::collection::vec(one, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_moves_open_no_microphone_unasked_unrouted_or_unrecorded(moves in moves()) {
        let mut played = Played::new();
        for one in moves {
            played.make(one);
        }
    }

    #[test]
    fn random_moves_on_a_floor_that_routes_leave_no_ring_unheard(moves in moves()) {
        let mut played = Played::routed();
        for one in moves {
            played.make(one);
        }
    }
}

/// Seeds of a soak that once failed, and some that never did: each is a run of its own.
const SEEDS: [u64; 35] = [
    1, 2, 3, 4, 5, 6, 7, 8, 386, 1_003, 1_006, 1_019, 1_032, 1_076, 1_197, 1_416, 1_664, 31_394, 31_522, 31_547,
    51_024, 51_358, 31_797, 51_552, 31_884, 51_563, 32_413, 52_823, 91_181, 90_794, 91_881, 102_319, 104_897, 108_635,
    143_436,
];

/// Moves of a seed that is played again.
const MOVES: usize = 300;

#[test]
fn the_seeds_of_soaks_keep_what_always_holds_and_most_of_their_moves_are_accepted() {
    let mut counts = Counts::default();
    for seed in SEEDS {
        if let Err(wrong) = run(seed, MOVES, &mut counts) {
            let Wrong { why, moves } = shrink(wrong);
            panic!("seed {seed}: {why} after {moves:?}, and again: {:?}", again(&moves));
        }
    }
    let (accepted, refused) = counts.of.values().fold((0, 0), |(yes, no), of| (yes + of.0, no + of.1));
    assert!(accepted * 100 >= (accepted + refused) * 60, "{accepted} accepted, {refused} refused: {:?}", counts.codes);
}
