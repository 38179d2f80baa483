//! Log-on throttling: after a few wrong passwords a name, or an address, has to wait.
//!
//! Law: bounded memory; a wait is never longer than the window, so nobody is locked out by a stranger for good.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Wrong passwords for one name within the window before it has to wait.
pub const NAME_FAILURES_MAX: usize = 5;
/// Wrong passwords from one address within the window before it has to wait.
pub const ADDRESS_FAILURES_MAX: usize = 50;
/// How long a wrong password counts.
pub const WINDOW: Duration = Duration::from_secs(60);
const KEYS_MAX: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    Name(String),
    Address(IpAddr),
}

/// Wrong passwords of the last minute.
#[derive(Default)]
pub struct Throttle {
    failures: HashMap<Source, Vec<Instant>>,
}

impl Throttle {
    /// How long `name` from `address` has to wait before a password is looked at; none when not at all.
    pub fn wait(&self, now: Instant, name: &str, address: IpAddr) -> Option<Duration> {
        [(Source::Name(name.to_owned()), NAME_FAILURES_MAX), (Source::Address(address), ADDRESS_FAILURES_MAX)]
            .into_iter()
            .filter_map(|(source, max)| {
                let recent: Vec<Instant> =
                    self.failures.get(&source)?.iter().copied().filter(|at| now.duration_since(*at) < WINDOW).collect();
                (recent.len() >= max).then(|| WINDOW.saturating_sub(now.duration_since(recent[recent.len() - max])))
            })
            .max()
    }

    /// A wrong password was given.
    pub fn failed(&mut self, now: Instant, name: &str, address: IpAddr) {
        if self.failures.len() >= KEYS_MAX {
            self.failures.retain(|_, times| times.last().is_some_and(|at| now.duration_since(*at) < WINDOW));
        }
        if self.failures.len() >= KEYS_MAX {
            self.failures.clear();
        }
        for (source, max) in
            [(Source::Name(name.to_owned()), NAME_FAILURES_MAX), (Source::Address(address), ADDRESS_FAILURES_MAX)]
        {
            let times = self.failures.entry(source).or_default();
            times.push(now);
            if times.len() > max {
                times.remove(0);
            }
        }
    }

    /// The right password was given: the name starts afresh.
    pub fn succeeded(&mut self, name: &str) {
        self.failures.remove(&Source::Name(name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn the_sixth_attempt_within_a_minute_has_to_wait_until_the_first_is_forgotten() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        for second in 0..5 {
            assert_eq!(throttle.wait(start, "reyes", HERE), None);
            throttle.failed(start + Duration::from_secs(second), "reyes", HERE);
        }
        assert_eq!(throttle.wait(start + Duration::from_secs(10), "reyes", HERE), Some(Duration::from_secs(50)));
        assert_eq!(throttle.wait(start + Duration::from_secs(60), "reyes", HERE), None);
    }

    #[test]
    fn one_name_that_waits_keeps_no_other_waiting() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        (0..5).for_each(|_| throttle.failed(now, "reyes", HERE));
        assert_eq!(throttle.wait(now, "marsh", HERE), None);
    }
}
