//! Random moves of a whole floor, each followed by all that always holds (`random_floor/mod.rs`).
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;
mod random_floor;

use proptest::prelude::*;
use random_floor::{KINDS, LINES, Move, PLAYERS, Played};

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
}
