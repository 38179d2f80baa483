//! `bench-calls`: what a call costs on a floor of a thousand turrets, as one JSON object with a verdict.
//!
//! `brain` is what handling one input costs call control alone. `sockets` is how soon a change of a line reaches the last of
//! the turrets that show it: a switch in a process of its own, on the floor that `many` writes, each turret a `client` over
//! TLS, while `load` does the ordinary work of the floor. A switch and all turrets on one machine share its processors: what a
//! thousand turrets take to receive is in the figures, though on a floor each has its own.
//!
//! Law: every wait is bounded; a figure that cannot be had is an error, never a guess. Ends with 0 when every limit is kept,
//! with 2 when one is missed, and with 1 when it could not be measured.

mod brain;
mod client;
mod load;
mod many;
mod sockets;

use anyhow::{Context, Result, bail, ensure};
use many::{DESKS, TURRETS_MIN};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What the program ends with when a limit is missed.
const MISSED: u8 = 2;

/// p99 of one input that concerns a line on a hundred turrets, microseconds.
const ORDINARY_US: f64 = 200.0;

/// p99 of one input that concerns a line on all turrets, or a whole turret, microseconds.
const ON_ALL_US: f64 = 1_000.0;

/// Longest time to load the floor, seconds.
const LOAD_S: f64 = 1.0;

/// p99 of a change of a line that all turrets show, from its intent to the last of them, milliseconds.
const TO_THE_LAST_MS: f64 = 30.0;

/// The switch's own: call control is measured with it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options {
    rounds: u32,
    turrets: usize,
    changes: usize,
    only: Option<Part>,
    json: Option<PathBuf>,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Call control alone, in this process.
    Brain,
    /// A switch and its turrets over their sockets.
    Sockets,
}

fn main() -> ExitCode {
    // Two crypto providers in one process would panic at the first handshake: this one is chosen before any.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match options(std::env::args().skip(1)).and_then(|options| bench(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(MISSED),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options { rounds: 2_000, turrets: 1_000, changes: 300, only: None, json: None };
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        let count =
            || value.parse::<u32>().ok().filter(|count| *count > 0).with_context(|| format!("{value} is no count"));
        match word.as_str() {
            "--rounds" => options.rounds = count()?,
            "--turrets" => options.turrets = count()? as usize,
            "--changes" => options.changes = count()? as usize,
            "--only" if value == "brain" => options.only = Some(Part::Brain),
            "--only" if value == "sockets" => options.only = Some(Part::Sockets),
            "--only" => bail!("{value} is no part; brain and sockets are"),
            "--json" => options.json = Some(value.into()),
            _ => bail!(
                "{word} is not known; bench-calls takes --rounds N, --turrets N, --changes N, --only PART and --json FILE"
            ),
        }
    }
    let fit = options.turrets >= TURRETS_MIN && options.turrets.is_multiple_of(2 * DESKS);
    ensure!(fit, "{} turrets cannot be; take {TURRETS_MIN} at least, in twenties", options.turrets);
    Ok(options)
}

/// Measures, prints, and tells whether every limit is kept.
fn bench(options: &Options) -> Result<bool> {
    let mut result = json!({});
    let mut required = Vec::new();
    if options.only != Some(Part::Sockets) {
        result = brain::measure(options.rounds);
        required = judge(&result)?;
    }
    if options.only != Some(Part::Brain) {
        let sockets = sockets::measure(options.turrets, options.changes)?;
        required.extend(judge_sockets(&sockets)?);
        result["sockets"] = sockets;
    }
    let met = required.iter().all(|limit| limit["met"] == true);
    result["required"] = Value::Array(required);
    let text = serde_json::to_string_pretty(&result)?;
    println!("{text}");
    if let Some(file) = &options.json {
        std::fs::write(file, text + "\n").with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(met)
}

fn limit(what: &str, measured: f64, at_most: f64) -> Value {
    json!({ "what": what, "measured": measured, "at_most": at_most, "met": measured <= at_most })
}

/// Each limit of call control with what was measured.
fn judge(result: &Value) -> Result<Vec<Value>> {
    let loaded_s = result["loaded_s"].as_f64().context("the floor was not loaded")?;
    let mut all = vec![limit("load the floor, s", loaded_s, LOAD_S)];
    for (what, cost) in result["features"].as_object().context("nothing was measured")? {
        let p99_us = cost["p99_us"].as_f64().with_context(|| format!("{what} was not measured"))?;
        // Who comes, goes or is lost is on every line of their speakers, one of which all have.
        let on_all = what.starts_with("all_") || what.starts_with("link_") || what == "log_on";
        all.push(limit(&format!("{what}, p99 us"), p99_us, if on_all { ON_ALL_US } else { ORDINARY_US }));
    }
    Ok(all)
}

/// Each limit of the floor as a whole with what was measured.
fn judge_sockets(sockets: &Value) -> Result<Vec<Value>> {
    let figure =
        |at: &str| sockets.pointer(at).and_then(Value::as_f64).with_context(|| format!("{at} was not measured"));
    Ok(vec![
        limit("a change to the last turret, p99 ms", figure("/change_ms/p99")?, TO_THE_LAST_MS),
        limit("changes that have not arrived everywhere", figure("/changes_not_arrived")?, 0.0),
        limit("intents that were refused", figure("/refused")?, 0.0),
        limit("turrets that were turned away", figure("/turned_away")?, 0.0),
    ])
}
