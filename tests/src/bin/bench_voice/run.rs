//! One run: all measurements, or one of them, as one JSON object.

use crate::{codec, crowd, idle, onset, talk};
use anyhow::{Result, bail};
use dealerboard_media::UplinkConfig;
use dealerboard_tests::chirp::quantile;
use dealerboard_tests::world::World;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

/// How the stages were had; stands in the result.
const STAGES_NOTE: &str = "capture_fill is computed: a sample waits for its whole frame, part before it is sent and \
    part when it is played, and on average half a device period for the callback. encode is the timed libopus encode \
    plus the encoder's look-ahead as libopus reports it. network is measured: from the callback that completes a frame \
    to the hearer's callback, looked at every 0.33 ms, less the encode; both turrets and the switch are on loopback. \
    decode is the timed libopus decode. playback is computed: half a period until the next callback. jitter_buffer is \
    what remains of the median mouth to ear. jitter_target_ms and jitter_depth_ms are the mixer's own: what the first \
    packet of a talk would wait, and what packets in running speech waited from their arrival to their first sample, \
    playback included. A device plays the block that a callback fills from the time of that callback on: what a sound \
    card buffers beyond it is not included.";

/// A measurement that can be had alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Programs at rest.
    Idle,
    /// How talks begin.
    Onset,
    /// Mouth to ear.
    Talk,
    /// Twelve at once.
    Crowd,
}

impl Part {
    /// The part of this name.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "idle" => Ok(Self::Idle),
            "onset" => Ok(Self::Onset),
            "talk" => Ok(Self::Talk),
            "crowd" => Ok(Self::Crowd),
            _ => bail!("{name} is no part of the bench; there are idle, onset, talk and crowd"),
        }
    }
}

/// What is to be measured.
pub struct Wanted {
    /// Chirps, one a second.
    pub chirps: usize,
    /// Talks whose beginning is measured on a line that was just used; without it, as many as the chirps ask for.
    pub talks: Option<usize>,
    /// One part alone; the stages of mouth to ear need all of them.
    pub only: Option<Part>,
}

/// Measures once.
pub fn run(runtime: &Handle, wanted: &Wanted) -> Result<Value> {
    let wants = |part: Part| wanted.only.is_none_or(|only| only == part);
    let config = UplinkConfig::default();
    let codec = codec::measure(config)?;
    let mut result = Map::new();
    let mut put = |more: Value| result.extend(more.as_object().cloned().unwrap_or_default());
    put(json!({
        "frame_ms": config.frame_ms,
        "device_period_samples": talk::PERIOD,
        "libopus_encode_us": codec.encode_us,
        "libopus_decode_us": codec.decode_us,
    }));
    let world = World::start("two-desks")?;
    if wants(Part::Idle) {
        eprintln!("A turret that is logged on and idle");
        let (turret, switch) = idle::measure(&world, codec.encode_us)?;
        put(json!({ "idle_turret": turret, "idle_switch": switch }));
    }
    if wants(Part::Onset) {
        eprintln!("Talk onset");
        put(onsets(&world, runtime, wanted)?);
    }
    if wants(Part::Talk) {
        eprintln!("The way from frame to ear");
        let transit_ms = onset::transit_ms(&world, runtime)?;
        eprintln!("Mouth to ear, {} chirps", wanted.chirps);
        let talk = talk::measure(&world, runtime, wanted.chirps)?;
        put(mouth_to_ear(&talk, &codec, &transit_ms, config)?);
    }
    drop(world);
    if wants(Part::Crowd) {
        eprintln!("Twelve at once");
        let crowd = crowd::measure(runtime)?;
        let cpu_us = crowd["direct"]["switch_cpu_us_per_forwarded_packet"].as_f64().unwrap_or(0.0);
        put(json!({ "twelve_talkers": crowd, "twelve_talkers_cpu_in_opus_encodes": cpu_us / codec.encode_us }));
    }
    Ok(Value::Object(result))
}

fn onsets(world: &World, runtime: &Handle, wanted: &Wanted) -> Result<Value> {
    let warm = wanted.talks.unwrap_or((wanted.chirps / 5).clamp(10, 60));
    let cold = wanted.talks.map_or((wanted.chirps / 20).clamp(3, 15), |talks| talks.div_ceil(4));
    let cold = onset::cold(world, runtime, cold)?;
    let warm = onset::warm(world, runtime, warm)?;
    if cold.onset_ms.is_empty() || warm.onset_ms.is_empty() {
        bail!("no beginning was heard: {} cold and {} warm talks are missing", cold.missing, warm.missing);
    }
    let clipped: Vec<f64> = cold.clipped_ms.iter().chain(&warm.clipped_ms).copied().collect();
    Ok(json!({
        "talk_onset_ms": { "cold": spread(&cold.onset_ms), "warm": spread(&warm.onset_ms) },
        "talks": { "cold": cold.onset_ms.len(), "warm": warm.onset_ms.len(), "not_heard": cold.missing + warm.missing },
        "onset_clipped_ms": { "p50": quantile(&clipped, 0.5), "max": quantile(&clipped, 1.0), "resolution": 1 },
    }))
}

fn mouth_to_ear(talk: &talk::Talk, codec: &codec::Codec, transit_ms: &[f64], config: UplinkConfig) -> Result<Value> {
    if talk.in_speech_ms.is_empty() {
        bail!("nothing was heard: all {} chirps are missing", talk.missing);
    }
    let cpu_us = talk.switch_cpu_us / talk.packets.max(1) as f64;
    let period_ms = talk::PERIOD as f64 / 48.0;
    let found = talk.in_speech_ms.len();
    Ok(json!({
        "mouth_to_ear_ms": spread(&talk.in_speech_ms),
        "mouth_to_ear_after_pause_ms": spread(&talk.after_pause_ms),
        "chirps": { "said": found + talk.missing, "found": found, "missing": talk.missing,
            "after_pause_found": talk.after_pause_ms.len(), "after_pause_missing": talk.missing_after_pause },
        "switch_cpu_us_per_forwarded_packet": cpu_us,
        "switch_cpu_in_opus_encodes": cpu_us / codec.encode_us,
        "forwarded_packets": talk.packets,
        "jitter_target_ms": quantile(&talk.targets_ms, 0.5),
        "jitter_depth_ms": spread(&talk.depths_ms),
        "stages_ms": stages(talk, codec, transit_ms, f64::from(config.frame_ms), period_ms),
        "stages_note": STAGES_NOTE,
        "late_device_periods": talk.late_periods,
        "device_threads_real_time": talk.real_time,
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
