//! Two machines on one: network namespaces of our own, joined by one cable, gone when the test ends.
//!
//! Needs iproute2 and the right to make namespaces: root, or sudo without a password.

use anyhow::{Context, Result, bail};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

static MADE: AtomicU32 = AtomicU32::new(0);

/// Two namespaces and the cable between them.
pub struct Network {
    names: [String; 2],
}

impl Network {
    /// Address of the first machine.
    pub const FIRST: &'static str = "10.213.7.1";
    /// Address of the second machine.
    pub const SECOND: &'static str = "10.213.7.2";

    /// Makes both and joins them.
    ///
    /// # Errors
    /// This user may not make namespaces, or iproute2 is not installed.
    pub fn new() -> Result<Self> {
        let stem = format!("db{}x{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let network = Self { names: [format!("{stem}a"), format!("{stem}b")] };
        let [a, b] = &network.names;
        ip(&["netns", "add", a])?;
        ip(&["netns", "add", b])?;
        ip(&["-n", a, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", b])?;
        for (name, address) in [(a, Self::FIRST), (b, Self::SECOND)] {
            ip(&["-n", name, "address", "add", &format!("{address}/30"), "dev", "cable"])?;
            ip(&["-n", name, "link", "set", "cable", "up"])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
        }
        Ok(network)
    }

    /// What to write before a program to run it on machine 0 or 1.
    #[must_use]
    pub fn on(&self, machine: usize) -> Vec<String> {
        let words = ["ip", "netns", "exec", &self.names[machine]];
        privilege().iter().chain(&words).map(|word| (*word).to_owned()).collect()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.names {
            // One that was never made need not go.
            let _ = ip(&["netns", "delete", name]);
        }
    }
}

/// What has to stand before a command that only root may run.
fn privilege() -> &'static [&'static str] {
    // SAFETY: geteuid(2) takes nothing and cannot fail.
    if unsafe { libc::geteuid() } == 0 { &[] } else { &["sudo", "-n"] }
}

fn ip(words: &[&str]) -> Result<()> {
    let all: Vec<&str> = privilege().iter().copied().chain(["ip"]).chain(words.iter().copied()).collect();
    let out = Command::new(all[0]).args(&all[1..]).output().context("iproute2 is needed: apt-get install iproute2")?;
    if !out.status.success() {
        bail!("{}: {}", all.join(" "), String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(())
}
