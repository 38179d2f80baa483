//! Log-on throttling: after a few wrong passwords a name, or an address, has to wait.
//!
//! Law: bounded memory, as names are bounded by who asks; a wait is never longer than the window, so nobody is locked out by
//! a stranger for good. Many strangers push out the oldest of the others, never all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong passwords for one name within the window before it has to wait.
pub const NAME_FAILURES_MAX: usize = 5;
/// Wrong passwords from one address within the window before it has to wait.
pub const ADDRESS_FAILURES_MAX: usize = 50;
/// How long a wrong password counts.
pub const WINDOW: Duration = Duration::from_secs(60);
const KEYS_MAX: usize = 10_000;

/// Whom an address stands for: with IPv6 everybody has a whole network of 2^64 (RFC 6177).
pub fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

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

    /// A password is looked at, and counts as wrong until [`Self::succeeded`].
    pub fn failed(&mut self, now: Instant, name: &str, address: IpAddr) {
        if self.failures.len() >= KEYS_MAX {
            self.failures.retain(|_, times| times.last().is_some_and(|at| now.duration_since(*at) < WINDOW));
        }
        for (source, max) in
            [(Source::Name(name.to_owned()), NAME_FAILURES_MAX), (Source::Address(address), ADDRESS_FAILURES_MAX)]
        {
            if self.failures.len() >= KEYS_MAX && !self.failures.contains_key(&source) {
                self.forget_oldest();
            }
            let times = self.failures.entry(source).or_default();
            times.push(now);
            if times.len() > max {
                times.remove(0);
            }
        }
    }

    fn forget_oldest(&mut self) {
        let oldest = self.failures.iter().min_by_key(|(_, times)| times.last().copied());
        if let Some(source) = oldest.map(|(source, _)| source.clone()) {
            self.failures.remove(&source);
        }
    }

    /// The password that was looked at since `at` was right: the name starts afresh, and the address is not charged for it.
    pub fn succeeded(&mut self, at: Instant, name: &str, address: IpAddr) {
        self.failures.remove(&Source::Name(name.to_owned()));
        let address = Source::Address(address);
        if let Some(times) = self.failures.get_mut(&address) {
            if let Some(place) = times.iter().rposition(|counted| *counted == at) {
                times.remove(place);
            }
            if times.is_empty() {
                self.failures.remove(&address);
            }
        }
    }

    /// Addresses with wrong passwords.
    #[cfg(test)]
    pub fn addresses_counted(&self) -> usize {
        self.failures.keys().filter(|source| matches!(source, Source::Address(_))).count()
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

    #[test]
    fn ten_thousand_strangers_do_not_make_a_waiting_name_free() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        let stranger = |n: u32| IpAddr::from(n.to_be_bytes());
        for n in 0..KEYS_MAX as u32 {
            throttle.failed(start, &n.to_string(), stranger(n));
        }
        let now = start + Duration::from_secs(1);
        (0..5).for_each(|_| throttle.failed(now, "reyes", HERE));
        for n in 0..100 {
            throttle.failed(now, &format!("other-{n}"), stranger(1_000_000 + n));
        }
        assert!(throttle.wait(now, "reyes", HERE).is_some());
        assert!(throttle.failures.len() <= KEYS_MAX);
    }
}
