//! What a process costs, from `/proc`: processor time and memory.

use anyhow::{Context, Result};

/// Processor time that a process has used so far, user and system, in microseconds. Its grain is a tick: 10 ms.
pub fn cpu_us(id: u32) -> Result<f64> {
    let text =
        std::fs::read_to_string(format!("/proc/{id}/stat")).with_context(|| format!("process {id} has ended"))?;
    // The name in brackets may hold spaces; user and system time are the 12th and 13th word behind it.
    let (_, words) = text.rsplit_once(')').context("/proc/PID/stat has a name in brackets")?;
    let ticks: f64 = words.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum();
    // SAFETY: sysconf takes a number and gives one.
    let hz = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1) as f64;
    Ok(ticks * 1e6 / hz)
}

/// Memory of a process in MB (resident set): now, and at most so far.
pub fn rss_mb(id: u32) -> Result<[f64; 2]> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let value_mb = |name: &str| -> Result<f64> {
        let line =
            text.lines().find(|line| line.starts_with(name)).context("/proc/PID/status tells VmRSS and VmHWM")?;
        let kb: f64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).context("it is a number")?;
        Ok(kb / 1_024.0)
    };
    Ok([value_mb("VmRSS:")?, value_mb("VmHWM:")?])
}
