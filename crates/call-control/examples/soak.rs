//! `soak`: plays random moves of a whole floor in virtual time, for as many as it is told, and prints as one JSON object what was
//! done. A run is a seed; with the `next_seed` that it prints it goes on where it ended.
//!
//! Ends with 0 when all that always holds did, with 2 when it did not: then it prints the seed, and the fewest moves that it found.
#![allow(clippy::unwrap_used, reason = "shared with the tests")]

#[path = "../tests/floor/mod.rs"]
mod floor;
#[allow(dead_code, reason = "the ordinary tests play on one more floor")]
#[path = "../tests/random_floor/mod.rs"]
mod random_floor;

use random_floor::likely::{Counts, Wrong, again, run, shrink};
use std::process::ExitCode;
use std::time::Instant;

/// Moves of one seed.
const RUN: u64 = 300;

/// Least share of moves that are accepted, in percent.
const ACCEPTED_PERCENT: u64 = 60;

fn main() -> ExitCode {
    let Some((moves, first)) = options(std::env::args().skip(1)) else {
        eprintln!("soak takes --moves N and --seed S, whole numbers");
        return ExitCode::FAILURE;
    };
    std::panic::set_hook(Box::new(|_| {}));
    let (began, mut counts, mut seed) = (Instant::now(), Counts::default(), first);
    let mut wrong = None;
    while (seed - first) * RUN < moves && wrong.is_none() {
        wrong = run(seed, RUN as usize, &mut counts).err();
        seed += 1;
    }
    let (accepted, refused) = counts.of.values().fold((0, 0), |(yes, no), of| (yes + of.0, no + of.1));
    let met = wrong.is_none() && accepted * 100 >= (accepted + refused) * ACCEPTED_PERCENT;
    let acts = counts.of.iter().map(|(what, (yes, no))| format!("    \"{what}\": [{yes}, {no}]")).collect::<Vec<_>>();
    let codes = counts.codes.iter().map(|(code, count)| format!("    \"{code}\": {count}")).collect::<Vec<_>>();
    println!("{{\n  \"first_seed\": {first},\n  \"next_seed\": {seed},\n  \"moves\": {},", (seed - first) * RUN);
    println!(
        "  \"seconds\": {:.1},\n  \"accepted\": {accepted},\n  \"refused\": {refused},",
        began.elapsed().as_secs_f64()
    );
    println!("  \"accepted_and_refused\": {{\n{}\n  }},", acts.join(",\n"));
    let marks = counts.marks.iter().map(|(mark, count)| format!("    \"{mark}\": {count}")).collect::<Vec<_>>();
    println!("  \"marks\": {{\n{}\n  }},", marks.join(",\n"));
    println!("  \"codes\": {{\n{}\n  }},\n  \"met\": {met}\n}}", codes.join(",\n"));
    match wrong.map(shrink) {
        Some(Wrong { why, moves }) => {
            eprintln!("seed {}: {why}\nafter {moves:#?}\nplayed again: {:?}", seed - 1, again(&moves));
            ExitCode::from(2)
        }
        None if met => ExitCode::SUCCESS,
        None => ExitCode::from(2),
    }
}

/// Moves and the first seed.
fn options(mut words: impl Iterator<Item = String>) -> Option<(u64, u64)> {
    let (mut moves, mut seed) = (1_000_000, 1);
    while let Some(word) = words.next() {
        let value = words.next()?.parse().ok()?;
        match word.as_str() {
            "--moves" => moves = value,
            "--seed" => seed = value,
            _ => return None,
        }
    }
    Some((moves, seed))
}
