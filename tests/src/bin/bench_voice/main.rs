//! `bench-voice`: mouth to ear, talk onset, clipping and the cost of forwarding, as one JSON object.
//!
//! A real switch process, real turrets in this process whose devices are threads on an absolute clock, and a matched
//! filter for an ear. `desk` is such a turret; `talk`, `onset` and `crowd` are the measurements; `codec` and `process`
//! tell what things cost. Law: every wait is bounded; a figure that cannot be had is an error, never a guess.

mod codec;
mod crowd;
mod desk;
mod onset;
mod process;
mod talk;

use anyhow::{Context, Result, bail};
use dealerboard_media::UplinkConfig;
use dealerboard_tests::chirp::quantile;
use dealerboard_tests::world::World;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Handle;

/// How the stages were had; stands in the result.
const STAGES_NOTE: &str = "capture_fill is computed: a sample waits for its whole frame, part before it is sent and \
    part when it is played, and on average half a device period for the callback. encode is the timed libopus encode \
    plus the encoder's look-ahead as libopus reports it. network is measured: from the callback that completes a frame \
    to the hearer's callback, looked at every 0.33 ms, less the encode; both turrets and the switch are on loopback. \
    decode is the timed libopus decode. playback is computed: half a period until the next callback. jitter_buffer is \
    what remains of the median mouth to ear, and jitter_target_ms is the same. A device plays the block that a callback \
    fills from the time of that callback on: what a sound card buffers beyond it is not included.";

/// How long the idle programs are watched.
const IDLE: Duration = Duration::from_secs(20);

struct Options {
    chirps: usize,
    runs: usize,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    // Two crypto providers in one process would panic at the first handshake: this one is chosen before any.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match options(std::env::args().skip(1)).and_then(|options| bench(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options { chirps: 300, runs: 1, json: None };
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        let count = || value.parse().ok().filter(|count| *count > 0).with_context(|| format!("{value} is no count"));
        match word.as_str() {
            "--chirps" => options.chirps = count()?,
            "--runs" => options.runs = count()?,
            "--json" => options.json = Some(value.into()),
            _ => bail!("{word} is not known; bench-voice takes --chirps N, --runs N and --json FILE"),
        }
    }
    Ok(options)
}

fn bench(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut runs = Vec::new();
    for number in 1..=options.runs {
        eprintln!("Run {number} of {}", options.runs);
        runs.push(run(runtime.handle(), options.chirps)?);
    }
    let mut result = median(&runs);
    result["runs"] = json!(options.runs);
    let text = serde_json::to_string_pretty(&result)?;
    println!("{text}");
    if let Some(file) = &options.json {
        std::fs::write(file, text + "\n").with_context(|| format!("{} cannot be written", file.display()))?;
    }
    runtime.shutdown_timeout(Duration::from_secs(5));
    Ok(())
}

fn run(runtime: &Handle, chirps: usize) -> Result<Value> {
    let config = UplinkConfig::default();
    let codec = codec::measure(config)?;
    let world = World::start("two-desks")?;
    eprintln!("A turret that is logged on and idle");
    let (idle_turret, idle_switch_percent) = idle(&world)?;
    eprintln!("The way from frame to ear");
    let transit_ms = onset::transit_ms(&world, runtime)?;
    eprintln!("Talk onset");
    let cold = onset::cold(&world, runtime, (chirps / 20).clamp(3, 15))?;
    let warm = onset::warm(&world, runtime, (chirps / 5).clamp(10, 60))?;
    eprintln!("Mouth to ear, {chirps} chirps");
    let talk = talk::measure(&world, runtime, chirps)?;
    drop(world);
    eprintln!("Twelve at once");
    let crowd = crowd::measure(runtime)?;
    if talk.in_speech_ms.is_empty() || cold.onset_ms.is_empty() || warm.onset_ms.is_empty() {
        bail!(
            "nothing was heard: {} chirps, {} cold and {} warm talks are missing",
            talk.missing,
            cold.missing,
            warm.missing
        );
    }
    let frame_ms = f64::from(config.frame_ms);
    let period_ms = talk::PERIOD as f64 / 48.0;
    let stages = stages(&talk, &codec, &transit_ms, frame_ms, period_ms);
    let cpu_us = talk.switch_cpu_us / talk.packets.max(1) as f64;
    let crowd_cpu_us = crowd["switch_cpu_us_per_forwarded_packet"].as_f64().unwrap_or(0.0);
    let clipped: Vec<f64> = cold.clipped_ms.iter().chain(&warm.clipped_ms).copied().collect();
    Ok(json!({
        "mouth_to_ear_ms": spread(&talk.in_speech_ms),
        "mouth_to_ear_after_pause_ms": spread(&talk.after_pause_ms),
        "chirps": { "said": chirps, "found": talk.in_speech_ms.len(), "missing": talk.missing,
            "after_pause_found": talk.after_pause_ms.len(), "after_pause_missing": talk.missing_after_pause },
        "talk_onset_ms": { "cold": spread(&cold.onset_ms), "warm": spread(&warm.onset_ms) },
        "talks": { "cold": cold.onset_ms.len(), "warm": warm.onset_ms.len(), "not_heard": cold.missing + warm.missing },
        "onset_clipped_ms": { "p50": quantile(&clipped, 0.5), "max": quantile(&clipped, 1.0), "resolution": 1 },
        "switch_cpu_us_per_forwarded_packet": cpu_us,
        "switch_cpu_in_opus_encodes": cpu_us / codec.encode_us,
        "forwarded_packets": talk.packets,
        "jitter_target_ms": stages["jitter_buffer"],
        "stages_ms": stages,
        "stages_note": STAGES_NOTE,
        "frame_ms": config.frame_ms,
        "device_period_samples": talk::PERIOD,
        "late_device_periods": talk.late_periods,
        "device_threads_real_time": talk.real_time,
        "libopus_encode_us": codec.encode_us,
        "libopus_decode_us": codec.decode_us,
        "idle_turret": idle_turret,
        "idle_switch": { "cpu_percent_of_a_core": idle_switch_percent },
        "twelve_talkers": crowd,
        "twelve_talkers_cpu_in_opus_encodes": crowd_cpu_us / codec.encode_us,
    }))
}

fn spread(values: &[f64]) -> Value {
    json!({ "p50": quantile(values, 0.5), "p99": quantile(values, 0.99), "max": quantile(values, 1.0) })
}

fn stages(talk: &talk::Talk, codec: &codec::Codec, transit_ms: &[f64], frame_ms: f64, period_ms: f64) -> Value {
    let median_ms = quantile(&talk.in_speech_ms, 0.5);
    let capture_fill = frame_ms + period_ms / 2.0;
    let encode = codec.encode_us / 1e3 + codec.lookahead_ms;
    let network = (quantile(transit_ms, 0.5) - codec.encode_us / 1e3).max(0.0);
    let decode = codec.decode_us / 1e3;
    let playback = period_ms / 2.0;
    let known = capture_fill + encode + network + decode + playback;
    json!({
        "capture_fill": capture_fill,
        "encode": encode,
        "network": network,
        "network_p99": quantile(transit_ms, 0.99),
        "jitter_buffer": median_ms - known,
        "decode": decode,
        "playback": playback,
        "median_mouth_to_ear": median_ms,
    })
}

/// A turret process without a window for 20 s: logged on, all callbacks running, nobody talks.
fn idle(world: &World) -> Result<(Value, f64)> {
    let turret = world.seat("marsh").sit_down()?;
    let switch = world.switch_id()?;
    std::thread::sleep(Duration::from_secs(2));
    let before_us = [turret.id(), switch].map(process::cpu_us);
    std::thread::sleep(IDLE);
    let after_us = [turret.id(), switch].map(process::cpu_us);
    let [turret_percent, switch_percent] = [0, 1].map(|place: usize| match (&before_us[place], &after_us[place]) {
        (Ok(before), Ok(after)) => Ok((after - before) / (IDLE.as_secs_f64() * 1e4)),
        (Err(error), _) | (_, Err(error)) => bail!("{error:#}"),
    });
    let shown = json!({ "cpu_percent_of_a_core": turret_percent?, "rss_mb": process::rss_mb(turret.id())? });
    Ok((shown, switch_percent?))
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
