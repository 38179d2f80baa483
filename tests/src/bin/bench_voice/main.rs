//! `bench-voice`: mouth to ear, talk onset, clipping and the cost of forwarding, as one JSON object with a verdict.
//!
//! A real switch process, real turrets in this process whose devices are threads on an absolute clock, and a matched
//! filter for an ear. `run` is one run of the measurements `idle`, `onset`, `talk` and `crowd`; `codec` tells
//! what things cost; `required` judges. Law: every wait is bounded; a figure that cannot be had is an error, never a guess.
//!
//! Ends with 0 when every limit is kept, with 2 when one is missed, and with 1 when it could not be measured.

mod codec;
mod crowd;
mod idle;
mod onset;
mod required;
mod run;
mod talk;

use anyhow::{Context, Result, bail};
use dealerboard_tests::chirp::quantile;
use run::{Part, Wanted};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What the program ends with when a limit is missed.
const MISSED: u8 = 2;

struct Options {
    wanted: Wanted,
    runs: usize,
    json: Option<PathBuf>,
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
    let mut options = Options { wanted: Wanted { chirps: 300, talks: None, only: None }, runs: 3, json: None };
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        let count = || value.parse().ok().filter(|count| *count > 0).with_context(|| format!("{value} is no count"));
        match word.as_str() {
            "--chirps" => options.wanted.chirps = count()?,
            "--talks" => options.wanted.talks = Some(count()?),
            "--only" => options.wanted.only = Some(Part::named(&value)?),
            "--runs" => options.runs = count()?,
            "--json" => options.json = Some(value.into()),
            _ => bail!(
                "{word} is not known; bench-voice takes --chirps N, --talks N, --only PART, --runs N and --json FILE"
            ),
        }
    }
    Ok(options)
}

/// Measures, prints, and tells whether every limit is kept.
fn bench(options: &Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut runs = Vec::new();
    for number in 1..=options.runs {
        eprintln!("Run {number} of {}", options.runs);
        runs.push(run::run(runtime.handle(), &options.wanted)?);
    }
    let mut result = median(&runs);
    let required = required::judge(&result);
    let met = required::is_met(&required);
    result["runs"] = json!(options.runs);
    result["stages_expected_ms"] = required::expected_ms();
    result["missed_stage"] = json!(required::missed_stage(&result, &required));
    result["required"] = Value::Array(required);
    result["runs_detail"] = Value::Array(runs.iter().map(|run| median(std::slice::from_ref(run))).collect());
    let text = serde_json::to_string_pretty(&result)?;
    println!("{text}");
    if let Some(file) = &options.json {
        std::fs::write(file, text + "\n").with_context(|| format!("{} cannot be written", file.display()))?;
    }
    runtime.shutdown_timeout(Duration::from_secs(5));
    Ok(met)
}

/// The median of each number of several results of the same shape.
fn median(runs: &[Value]) -> Value {
    match runs {
        [Value::Object(first), ..] => {
            let of = |key: &String| runs.iter().filter_map(|run| run.get(key)).cloned().collect::<Vec<_>>();
            Value::Object(first.keys().map(|key| (key.clone(), median(&of(key)))).collect::<Map<_, _>>())
        }
        [Value::Number(_), ..] => {
            let numbers: Vec<f64> = runs.iter().filter_map(Value::as_f64).collect();
            let median = quantile(&numbers, 0.5);
            if runs.iter().all(Value::is_u64) {
                return json!(median as u64);
            }
            // Thousandths of a millisecond and of a microsecond are noise.
            json!((median * 1e3).round() / 1e3)
        }
        [other, ..] => other.clone(),
        [] => Value::Null,
    }
}
