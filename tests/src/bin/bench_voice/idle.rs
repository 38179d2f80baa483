//! What programs cost that have nothing to do: a turret that is logged on, and its switch.

use anyhow::Result;
use dealerboard_tests::process;
use dealerboard_tests::world::World;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long the idle programs are watched.
const WATCHED: Duration = Duration::from_secs(20);

/// From the log-on until all is quiet.
const SETTLING: Duration = Duration::from_secs(2);

/// A turret process without a window and its switch: all callbacks run, nobody talks. The results of both.
pub fn measure(world: &World, opus_encode_us: f64) -> Result<(Value, Value)> {
    let turret = world.seat("marsh").sit_down()?;
    let switch = world.switch_id()?;
    std::thread::sleep(SETTLING);
    let began = Instant::now();
    let before_us = [process::cpu_us(turret.id())?, process::cpu_us(switch)?];
    std::thread::sleep(WATCHED);
    let after_us = [process::cpu_us(turret.id())?, process::cpu_us(switch)?];
    let seconds = began.elapsed().as_secs_f64();
    let [turret_us, switch_us] = [0, 1].map(|place| (after_us[place] - before_us[place]) / seconds);
    let shown = |id: u32, us_a_second: f64| -> Result<Value> {
        let [rss_mb, peak_rss_mb] = process::rss_mb(id)?;
        Ok(json!({
            "cpu_percent_of_a_core": us_a_second / 1e4,
            "cpu_us_per_second": us_a_second,
            "cpu_in_opus_encodes_per_second": us_a_second / opus_encode_us,
            "rss_mb": rss_mb,
            "peak_rss_mb": peak_rss_mb,
        }))
    };
    Ok((shown(turret.id(), turret_us)?, shown(switch, switch_us)?))
}
