//! What a process costs, from `/proc`: processor time and memory.

use anyhow::{Context, Result, ensure};

/// Processor time that the running threads of a process have used so far, in microseconds. Their own sums are read, for the
/// process's own is counted in ticks of 10 ms, which work that is done at every tick meets always or never. The time of
/// threads that have ended is not in it.
///
/// # Errors
/// The process has ended, or the kernel does not tell.
pub fn cpu_us(id: u32) -> Result<f64> {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).with_context(|| format!("process {id} has ended"))?;
    let mut ns = 0.0;
    for thread in threads {
        // A thread may end meanwhile.
        let Ok(text) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        ns +=
            text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).context("schedstat is numbers")?;
    }
    ensure!(ns > 0.0, "this kernel does not tell what a thread costs (schedstat)");
    Ok(ns / 1e3)
}

/// Processor time that a process has used so far as itself and in the kernel, in seconds, the time of threads that have ended
/// with it. Its parts are counted in ticks of 10 ms: it is for stretches of many seconds.
///
/// # Errors
/// The process has ended, or the kernel does not tell.
pub fn cpu_s(id: u32) -> Result<[f64; 2]> {
    let text =
        std::fs::read_to_string(format!("/proc/{id}/stat")).with_context(|| format!("process {id} has ended"))?;
    // The program's name stands in brackets and may hold anything; the state is the first word behind it.
    let words: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| words.get(place).and_then(|word| word.parse::<f64>().ok());
    let used = ticks(11).zip(ticks(12)).context("/proc/PID/stat tells utime and stime")?;
    // SAFETY: sysconf(3) takes a number.
    let a_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    ensure!(a_second > 0, "this system does not tell its ticks");
    Ok([used.0, used.1].map(|ticks| ticks / a_second as f64))
}

/// Memory of a process in MB (resident set): now, and at most so far.
///
/// # Errors
/// The process has ended, or the kernel does not tell.
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
