//! Twelve who key in the same instant towards one turret that has heard nobody yet: directly, and from far away.

use crate::talk::PERIOD;
use anyhow::Result;
use dealerboard_model::Position;
use dealerboard_tests::chirp::quantile;
use dealerboard_tests::crowd::{Crowd, FLOOR};
use dealerboard_tests::desk::Desk;
use dealerboard_tests::process;
use dealerboard_tests::world::World;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::runtime::Handle;

/// How far away the switch is in the second row, each way.
const FAR: Duration = Duration::from_millis(50);

/// How exactly the beginning of one voice among twelve is found.
const RESOLUTION_MS: f64 = 2.0;

/// Who of the twelve is heard, how much of each is missing, and what forwarding to so many costs: `direct`, and
/// `through_50_ms`.
pub fn measure(runtime: &Handle) -> Result<Value> {
    let direct = row(&World::start(FLOOR)?, runtime)?;
    let far = row(&World::start_far_away(FLOOR, FAR)?, runtime)?;
    Ok(json!({ "direct": direct, "through_50_ms": far }))
}

fn row(world: &World, runtime: &Handle) -> Result<Value> {
    let crowd = Crowd::sit(world, runtime, PERIOD)?;
    let switch = world.switch_id()?;
    let packets = || crowd.talkers.iter().map(Desk::packets).sum::<u64>() + crowd.hearer.packets();
    let (talks, (cpu_us, forwarded)) = crowd.talk(|from_ns| {
        let (cpu_us, before) = (process::cpu_us(switch)?, packets());
        crowd.hearer.ear(Position::Speakers).listen(from_ns + 3_200_000_000, 1)?;
        Ok((process::cpu_us(switch)? - cpu_us, packets() - before))
    })?;
    // What is less than the resolution is nothing.
    let clipped: Vec<f64> =
        talks.clipped_ms.iter().flatten().map(|ms| if *ms < RESOLUTION_MS { 0.0 } else { *ms }).collect();
    Ok(json!({
        "heard": talks.found(),
        "streams": talks.streams,
        "clipped_ms": { "p50": quantile(&clipped, 0.5), "max": quantile(&clipped, 1.0), "resolution": RESOLUTION_MS },
        "mouth_to_ear_at_the_beginning_ms":
            { "p50": quantile(&talks.delays_ms, 0.5), "max": quantile(&talks.delays_ms, 1.0) },
        "keys_within_ms": talks.keys_within_ms,
        "forwarded_packets": forwarded,
        "switch_cpu_us_per_forwarded_packet": cpu_us / forwarded.max(1) as f64,
        "late_device_periods": crowd.talkers.iter().chain([&crowd.hearer]).map(Desk::late_periods).sum::<u64>(),
    }))
}
