//! Log-on throttling: after a few wrong passwords a name from one address, or an address, has to wait.
//!
//! Law: only wrong passwords from one's own address make anybody wait, never longer than the window; what strangers elsewhere
//! do to a name slows it down by a second, and not at all where the name was right lately. So nobody is locked out by a
//! stranger. Bounded memory, as names are bounded by who asks: many strangers push out the oldest of the others, never all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong passwords for one name from one address within the window before it has to wait there.
pub const NAME_FAILURES_MAX: usize = 5;
/// Wrong passwords from one address within the window before it has to wait.
pub const ADDRESS_FAILURES_MAX: usize = 50;
/// Wrong passwords for one name, from wherever, within the window before it is slowed down.
pub const NAME_ANYWHERE_MAX: usize = 20;
/// How long a wrong password counts.
pub const WINDOW: Duration = Duration::from_secs(60);
/// By how much a name is slowed down.
pub const PAUSE: Duration = Duration::from_secs(1);
/// How long a right password exempts its name from being slowed down where it was typed.
pub const LATELY: Duration = Duration::from_secs(7 * 24 * 3_600);
const KEYS_MAX: usize = 10_000;
/// Times kept beyond those that make wait: what is being looked at and turns out right leaves as many as before.
const LOOKED_AT: usize = 4;

/// Whom an address stands for: with IPv6 everybody has a whole network of 2^64 (RFC 6177).
pub fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    NameFrom(String, IpAddr),
    Name(String),
    Address(IpAddr),
}

impl Source {
    /// Who is charged for a wrong password.
    fn of(name: &str, address: IpAddr) -> [Self; 3] {
        [Self::NameFrom(name.to_owned(), address), Self::Name(name.to_owned()), Self::Address(address)]
    }

    fn failures_max(&self) -> usize {
        match self {
            Self::NameFrom(..) => NAME_FAILURES_MAX,
            Self::Name(_) => NAME_ANYWHERE_MAX,
            Self::Address(_) => ADDRESS_FAILURES_MAX,
        }
    }
}

/// Wrong passwords of the last minute, and where names were right lately.
#[derive(Default)]
pub struct Throttle {
    failures: HashMap<Source, Vec<Instant>>,
    right: HashMap<(String, IpAddr), Instant>,
}

impl Throttle {
    /// How long `name` from `address` has to wait before a password is looked at; none when not at all.
    pub fn wait(&self, now: Instant, name: &str, address: IpAddr) -> Option<Duration> {
        let [at_address, _, address] = Source::of(name, address);
        [at_address, address].iter().filter_map(|source| self.full(now, source)).max()
    }

    /// By how much `name` from `address` is slowed down, since it is being guessed somewhere; none when not at all.
    pub fn pause(&self, now: Instant, name: &str, address: IpAddr) -> Option<Duration> {
        let right = self.right.get(&(name.to_owned(), address));
        if right.is_some_and(|at| now.duration_since(*at) < LATELY) {
            return None;
        }
        self.full(now, &Source::Name(name.to_owned())).map(|_| PAUSE)
    }

    /// How long until `source` has fewer wrong passwords than it may; none when it has.
    fn full(&self, now: Instant, source: &Source) -> Option<Duration> {
        let max = source.failures_max();
        let recent: Vec<Instant> =
            self.failures.get(source)?.iter().copied().filter(|at| now.duration_since(*at) < WINDOW).collect();
        (recent.len() >= max).then(|| WINDOW.saturating_sub(now.duration_since(recent[recent.len() - max])))
    }

    /// A password is looked at, and counts as wrong until [`Self::succeeded`].
    pub fn failed(&mut self, now: Instant, name: &str, address: IpAddr) {
        if self.failures.len() + 2 >= KEYS_MAX {
            self.failures.retain(|_, times| times.last().is_some_and(|at| now.duration_since(*at) < WINDOW));
        }
        for source in Source::of(name, address) {
            if self.failures.len() >= KEYS_MAX && !self.failures.contains_key(&source) {
                self.forget_oldest();
            }
            let max = source.failures_max();
            let times = self.failures.entry(source).or_default();
            times.push(now);
            if times.len() > max + LOOKED_AT {
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

    /// The password that was looked at since `at` was right: the name starts afresh at this address, and nobody is charged
    /// for it. What strangers typed elsewhere counts on.
    pub fn succeeded(&mut self, at: Instant, name: &str, address: IpAddr) {
        let [at_address, name_anywhere, whole_address] = Source::of(name, address);
        self.failures.remove(&at_address);
        for source in [name_anywhere, whole_address] {
            let Some(times) = self.failures.get_mut(&source) else { continue };
            if let Some(place) = times.iter().rposition(|counted| *counted == at) {
                times.remove(place);
            }
            if times.is_empty() {
                self.failures.remove(&source);
            }
        }
        let right = (name.to_owned(), address);
        if self.right.len() >= KEYS_MAX && !self.right.contains_key(&right) {
            let oldest = self.right.iter().min_by_key(|(_, at)| **at).map(|(right, _)| right.clone());
            oldest.and_then(|oldest| self.right.remove(&oldest));
        }
        self.right.insert(right, at);
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

    fn stranger(n: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + n).to_be_bytes())
    }

    #[test]
    fn strangers_who_guess_a_name_slow_its_owner_down_by_a_second_and_keep_nobody_waiting() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..100 {
            throttle.failed(now, "reyes", stranger(n / 5));
        }
        assert_eq!(throttle.wait(now, "reyes", HERE), None);
        assert_eq!(throttle.pause(now, "reyes", HERE), Some(PAUSE));
        assert_eq!(throttle.pause(now, "marsh", HERE), None);
        assert!(throttle.wait(now, "reyes", stranger(0)).is_some(), "the stranger waits");
    }

    #[test]
    fn where_a_name_was_right_lately_strangers_do_not_even_slow_it_down() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        throttle.failed(start, "reyes", HERE);
        throttle.succeeded(start, "reyes", HERE);
        let now = start + Duration::from_secs(24 * 3_600);
        for n in 0..100 {
            throttle.failed(now, "reyes", stranger(n / 5));
        }
        assert_eq!(throttle.pause(now, "reyes", HERE), None);
        assert_eq!(throttle.pause(now, "reyes", stranger(1_000)), Some(PAUSE));
        let later = now + Duration::from_secs(1);
        throttle.failed(later, "reyes", HERE);
        throttle.succeeded(later, "reyes", HERE);
        assert_eq!(throttle.pause(later, "reyes", stranger(1_000)), Some(PAUSE), "what strangers typed counts on");
    }

    #[test]
    fn ten_thousand_strangers_do_not_make_a_waiting_name_free() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
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
