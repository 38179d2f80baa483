//! Which switch this program uses: the one it was told, the one it remembers, or one of its own with the sample floor.

use crate::memory::Memory;
use crate::options::{Options, TURRETS_MAX};
use crate::own_switch::Watched;
use anyhow::{Context, Result};
use dealerboard_switch::{FloorSource, Running, Switch, SwitchOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// The sample floor's file.
pub const SAMPLE_FLOOR: &str = include_str!("../../assets/floors/sample.toml");

/// Who sits at the windows of the sample floor, in their order: as many as there can be windows.
const SAMPLE_USERS: [&str; TURRETS_MAX as usize] = ["a.reyes", "r.lindt", "m.osei", "t.marsh", "d.keane", "m.okafor"];

/// The switch that the turrets of this program speak to.
pub struct Floor {
    /// `wss://host:port`.
    pub address: String,
    /// Its fingerprint, where one is trusted already.
    pub pin: Option<String>,
    own: Option<Own>,
}

/// The switch that this program started, and how it is started again.
struct Own {
    running: Running,
    options: SwitchOptions,
}

/// Who logs on at a window at once.
#[derive(Clone, PartialEq, Eq)]
pub struct LogOn {
    /// Log-on name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl Floor {
    /// Finds the switch, or starts one.
    ///
    /// # Errors
    /// The switch of the sample floor does not start.
    pub async fn reach(options: &Options, data: &Path, memory: &Memory) -> Result<Self> {
        let chosen = options.switch.clone().or_else(|| memory.switch().filter(|_| !options.sample_floor));
        if let Some(address) = chosen {
            let pin = options.pin.clone().or_else(|| memory.pin_of(&address));
            return Ok(Self { address, pin, own: None });
        }
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut switch =
            SwitchOptions::new(FloorSource::Text(SAMPLE_FLOOR.to_owned()), data.join("sample-floor"), listen);
        switch.sample_passwords = true;
        let running = Switch::start(switch.clone()).await.context("the sample floor does not start")?;
        tracing::info!(addr = %running.addr, "the sample floor runs");
        let (address, pin) = (format!("wss://{}", running.addr), Some(running.fingerprint.clone()));
        // Turrets look for it where it was.
        let options = SwitchOptions { listen: running.addr, ..switch };
        Ok(Self { address, pin, own: Some(Own { running, options }) })
    }

    /// Who logs on at the window `at` (from 0): the user named on the command line at the first, a sample user at the
    /// windows of the sample floor.
    ///
    /// # Errors
    /// The password file cannot be read.
    pub fn log_on_at(&self, at: usize, options: &Options) -> Result<Option<LogOn>> {
        if at == 0
            && let (Some(user), Some(password)) = (&options.user, options.password()?)
        {
            return Ok(Some(LogOn { user: user.clone(), password }));
        }
        let sample = self.own.as_ref().zip(SAMPLE_USERS.get(at).copied());
        Ok(sample.and_then(|(own, user)| {
            let password = own.running.password_of(user)?.to_owned();
            Some(LogOn { user: user.to_owned(), password })
        }))
    }

    /// The password that a counterparty of the sample floor logs on with; none at any other switch.
    pub fn sample_password(&self, user: &str) -> Option<&str> {
        self.own.as_ref()?.running.password_of(user)
    }

    /// This program started the switch.
    pub fn is_sample(&self) -> bool {
        self.own.is_some()
    }

    /// Starts the switch that this program started again when it fails, until it is stopped; `give_up` is called when that
    /// does not help. None at any other switch. It needs a tokio runtime.
    pub fn watch(self, give_up: impl FnOnce() + Send + 'static) -> Option<Watched> {
        let Own { running, options } = self.own?;
        Some(Watched::new(running, move || Switch::start(options.clone()), give_up))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    fn options(more: &[&str]) -> Options {
        Options::try_parse_from(std::iter::once("dealerboard").chain(more.iter().copied())).unwrap()
    }

    async fn reach(more: &[&str], data: &Path) -> Floor {
        Floor::reach(&options(more), data, &Memory::read(data).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn with_no_switch_the_sample_floor_starts_and_a_user_of_it_logs_on_at_every_window() {
        let data = tempfile::tempdir().unwrap();
        let floor = reach(&[], data.path()).await;
        let options = options(&[]);
        let windows = 0..usize::from(TURRETS_MAX);
        let users: Vec<_> = windows.map(|at| floor.log_on_at(at, &options).unwrap().unwrap().user).collect();
        assert_eq!(users, SAMPLE_USERS);
        assert!(floor.is_sample() && floor.sample_password("calder").is_some());
        floor.watch(|| {}).unwrap().stop().await;
    }

    #[tokio::test]
    async fn the_sample_floor_comes_back_at_its_address_with_its_certificate_and_passwords() {
        let data = tempfile::tempdir().unwrap();
        let Own { running, options } = reach(&[], data.path()).await.own.unwrap();
        let known = |running: &Running| {
            (running.addr, running.fingerprint.clone(), running.password_of("a.reyes").unwrap().to_owned())
        };
        let before = known(&running);
        running.stop().await;
        let again = Switch::start(options).await.unwrap();
        assert_eq!(known(&again), before);
        again.stop().await;
    }

    #[tokio::test]
    async fn a_remembered_switch_is_used_before_the_sample_floor() {
        let data = tempfile::tempdir().unwrap();
        Memory::read(data.path()).unwrap().remember("wss://ldn:7443", pin()).unwrap();
        let floor = reach(&[], data.path()).await;
        assert_eq!((floor.address.as_str(), floor.pin), ("wss://ldn:7443", Some(pin().to_string())));
        assert!(floor.own.is_none());
    }

    #[tokio::test]
    async fn the_switch_that_was_named_wins() {
        let data = tempfile::tempdir().unwrap();
        Memory::read(data.path()).unwrap().remember("wss://ldn:7443", pin()).unwrap();
        let floor = reach(&["--switch", "wss://here:1"], data.path()).await;
        assert_eq!(floor.address, "wss://here:1");
        assert_eq!(floor.pin, None);
    }

    #[tokio::test]
    async fn a_named_switch_is_held_to_the_certificate_that_was_trusted_there() {
        let data = tempfile::tempdir().unwrap();
        Memory::read(data.path()).unwrap().remember("wss://ldn:7443", pin()).unwrap();
        let floor = reach(&["--switch", "wss://ldn:7443"], data.path()).await;
        assert_eq!(floor.pin, Some(pin().to_string()));
    }

    fn pin() -> dealerboard_turret::Fingerprint {
        format!("sha256:{}", "a".repeat(64)).parse().unwrap()
    }
}
