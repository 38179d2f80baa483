//! Twelve who key in the same instant towards one turret that has heard nobody yet.

use crate::desk::Desk;
use crate::process;
use crate::talk::PERIOD;
use anyhow::Result;
use dealerboard_model::Position;
use dealerboard_tests::chirp::quantile;
use dealerboard_tests::sweep::{likeness, place, sweep};
use dealerboard_tests::world::World;
use dealerboard_turret::monotonic_ns;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

const HOOT: &str = "shout";

const TALKERS: [&str; 12] =
    ["adler", "bowen", "cairns", "dunne", "eaton", "farrow", "greer", "hollis", "irving", "jarvis", "kerr", "lomax"];

/// Samples in 10 ms.
const STEP: usize = 480;

/// Likeness from which one of twelve voices is surely there, over 100 ms; a twelfth of the energy gives 0.29.
const SURE: f64 = 0.2;

/// Longest way from mouth to ear that is looked for, in steps: 300 ms.
const DELAY_MAX: usize = 30;

/// Who of the twelve is heard, how much of each is missing, and what forwarding to so many costs.
pub fn measure(runtime: &Handle) -> Result<Value> {
    let world = World::start("thirteen")?;
    let talkers: Vec<Desk> =
        TALKERS.iter().map(|user| Desk::sit(&world, runtime, user, PERIOD)).collect::<Result<_>>()?;
    let hearer = Desk::sit(&world, runtime, "moss", PERIOD)?;
    let begin_ns = monotonic_ns() + 200_000_000;
    let said: Vec<Arc<[f32]>> = (0..12).map(|seed| sweep(seed, 4 * 48_000, 0.07).into()).collect();
    for (desk, sound) in talkers.iter().zip(&said) {
        desk.mouth(Position::HandsFree).say(begin_ns, Arc::clone(sound));
    }
    std::thread::sleep(Duration::from_nanos(begin_ns + 500_000_000 - monotonic_ns()));
    let keys_ns: Vec<u64> = talkers.iter().map(|desk| desk.talk(HOOT, true)).collect();
    let from_ns = keys_ns[0];
    hearer.ear(Position::Speakers).listen(from_ns + 500_000_000, 1)?;
    let switch = world.switch_id()?;
    let packets = || talkers.iter().map(Desk::packets).sum::<u64>() + hearer.packets();
    let (cpu_us, before) = (process::cpu_us(switch)?, packets());
    hearer.ear(Position::Speakers).listen(from_ns + 2_500_000_000, 1)?;
    let (cpu_us, forwarded) = (process::cpu_us(switch)? - cpu_us, packets() - before);
    let streams = hearer.log.streams.load(std::sync::atomic::Ordering::Relaxed);
    for desk in &talkers {
        desk.talk(HOOT, false);
    }
    let heard = hearer.ear(Position::Speakers).listen(from_ns, 48_000)?;
    let keys = keys_ns.iter().zip(&said);
    let clipped: Vec<f64> = keys
        .filter_map(|(key_ns, sound)| clipped_ms(&heard, sound, sample(key_ns - begin_ns), sample(key_ns - from_ns)))
        .collect();
    Ok(json!({
        "heard": streams,
        "found_in_the_sound": clipped.len(),
        "clipped_ms": { "p50": quantile(&clipped, 0.5), "max": quantile(&clipped, 1.0), "resolution": 20 },
        "keys_within_ms": (keys_ns[11] - keys_ns[0]) as f64 / 1e6,
        "forwarded_packets": forwarded,
        "switch_cpu_us_per_forwarded_packet": cpu_us / forwarded.max(1) as f64,
        "late_device_periods": talkers.iter().chain([&hearer]).map(Desk::late_periods).sum::<u64>(),
    }))
}

fn sample(ns: u64) -> usize {
    (ns * 48 / 1_000_000) as usize
}

/// What is missing of a talk whose key went down at sample `key` of `said` and `after` of `heard`; none when it is not
/// heard.
fn clipped_ms(heard: &[f32], said: &[f32], key: usize, after: usize) -> Option<f64> {
    // Inside the talk it is found for certain; that gives its delay and how alike it is among the others.
    let (delay, alike) = (10..40)
        .step_by(5)
        .map(|step| {
            let part = &said[key + step * STEP..key + (step + 10) * STEP];
            let now = after + step * STEP;
            let (at, alike) = place(part, heard, now, now + DELAY_MAX * STEP);
            (at - step * STEP, alike)
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    if alike < SURE {
        return None;
    }
    let is_there = |step: usize| {
        let slice = &said[key + step * STEP..key + (step + 4) * STEP];
        let from = (delay + step * STEP).saturating_sub(STEP);
        // Two thirds of the usual likeness: most of the slice is there. A jitter buffer moves it a little.
        (from..from + 2 * STEP)
            .any(|lag| heard.get(lag..lag + slice.len()).is_some_and(|stretch| likeness(slice, stretch) > 0.66 * alike))
    };
    let first = (0..20).find(|step| is_there(*step))?;
    // The first slice is found when it is more than half there.
    Some(if first == 0 { 0.0 } else { (first * 10 + 10) as f64 })
}
