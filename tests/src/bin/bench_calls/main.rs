//! `bench-calls`: what handling one input costs call control on a floor of a thousand turrets, as one JSON object with a
//! verdict.
//!
//! Ends with 0 when every limit is kept, with 2 when one is missed, and with 1 when it could not be measured.

mod brain;

use anyhow::{Context, Result, bail};
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

struct Options {
    rounds: u32,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
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
    let mut options = Options { rounds: 2_000, json: None };
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--rounds" => {
                let count = value.parse().ok().filter(|count| *count > 0);
                options.rounds = count.with_context(|| format!("{value} is no count"))?;
            }
            "--json" => options.json = Some(value.into()),
            _ => bail!("{word} is not known; bench-calls takes --rounds N and --json FILE"),
        }
    }
    Ok(options)
}

/// Measures, prints, and tells whether every limit is kept.
fn bench(options: &Options) -> Result<bool> {
    let mut result = brain::measure(options.rounds);
    let required = judge(&result)?;
    let met = required.iter().all(|limit| limit["met"] == true);
    result["required"] = Value::Array(required);
    let text = serde_json::to_string_pretty(&result)?;
    println!("{text}");
    if let Some(file) = &options.json {
        std::fs::write(file, text + "\n").with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(met)
}

/// Each limit with what was measured.
fn judge(result: &Value) -> Result<Vec<Value>> {
    let limit = |what: &str, measured: f64, at_most: f64| json!({ "what": what, "measured": measured, "at_most": at_most, "met": measured <= at_most });
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
