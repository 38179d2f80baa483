//! Which switch this program uses: the one it was told, the one it remembers, or one of its own with the sample floor.

use crate::options::Options;
use anyhow::{Context, Result};
use dealerboard_switch::{FloorSource, Running, Switch, SwitchOptions};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// The sample floor's file.
pub const SAMPLE_FLOOR: &str = include_str!("../../assets/floors/sample.toml");

/// Who sits at the windows of the sample floor, in their order.
const SAMPLE_USERS: [&str; 4] = ["a.reyes", "r.lindt", "m.osei", "t.marsh"];

/// The file that remembers a switch, in the data folder: `address = "wss://…"` and `pin = "sha256:…"`.
const REMEMBERED: &str = "switch.toml";

/// The switch that the turrets of this program speak to.
pub struct Floor {
    /// `wss://host:port`.
    pub address: String,
    /// Its fingerprint, where one is trusted already.
    pub pin: Option<String>,
    own: Option<Running>,
}

/// Who logs on at a window at once.
#[derive(Clone, PartialEq, Eq)]
pub struct LogOn {
    /// Log-on name.
    pub user: String,
    /// Password.
    pub password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    address: String,
    pin: Option<String>,
}

impl Floor {
    /// Finds the switch, or starts one.
    ///
    /// # Errors
    /// The remembered switch cannot be read, or the switch of the sample floor does not start.
    pub async fn reach(options: &Options, data: &Path) -> Result<Self> {
        if let Some(address) = &options.switch {
            return Ok(Self { address: address.clone(), pin: options.pin.clone(), own: None });
        }
        if !options.sample_floor
            && let Some(known) = remembered(data)?
        {
            return Ok(Self { address: known.address, pin: known.pin, own: None });
        }
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut switch =
            SwitchOptions::new(FloorSource::Text(SAMPLE_FLOOR.to_owned()), data.join("sample-floor"), listen);
        switch.sample_passwords = true;
        let own = Switch::start(switch).await.context("the sample floor does not start")?;
        tracing::info!(addr = %own.addr, "the sample floor runs");
        Ok(Self { address: format!("wss://{}", own.addr), pin: Some(own.fingerprint.clone()), own: Some(own) })
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
            let password = own.password_of(user)?.to_owned();
            Some(LogOn { user: user.to_owned(), password })
        }))
    }

    /// The password that a counterparty of the sample floor logs on with; none at any other switch.
    pub fn sample_password(&self, user: &str) -> Option<&str> {
        self.own.as_ref()?.password_of(user)
    }

    /// This program started the switch.
    pub fn is_sample(&self) -> bool {
        self.own.is_some()
    }

    /// Stops the switch that this program started.
    pub async fn stop(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}

fn remembered(data: &Path) -> Result<Option<Remembered>> {
    let path = data.join(REMEMBERED);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    toml::from_str(&text).map(Some).with_context(|| format!("{} is not understood; mend or delete it", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    fn options(more: &[&str]) -> Options {
        Options::try_parse_from(std::iter::once("dealerboard").chain(more.iter().copied())).unwrap()
    }

    #[tokio::test]
    async fn with_no_switch_the_sample_floor_starts_and_its_users_can_log_on() {
        let data = tempfile::tempdir().unwrap();
        let options = options(&["--turrets", "2"]);
        let floor = Floor::reach(&options, data.path()).await.unwrap();
        let users: Vec<_> = (0..2).map(|at| floor.log_on_at(at, &options).unwrap().unwrap().user).collect();
        assert_eq!(users, ["a.reyes", "r.lindt"]);
        assert!(floor.is_sample() && floor.sample_password("calder").is_some());
        floor.stop().await;
    }

    #[tokio::test]
    async fn a_remembered_switch_is_used_before_the_sample_floor() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(REMEMBERED), "address = \"wss://ldn:7443\"\npin = \"sha256:ab\"\n").unwrap();
        let floor = Floor::reach(&options(&[]), data.path()).await.unwrap();
        assert_eq!((floor.address.as_str(), floor.pin.as_deref()), ("wss://ldn:7443", Some("sha256:ab")));
        assert!(!floor.is_sample());
    }

    #[tokio::test]
    async fn the_switch_that_was_named_wins() {
        let data = tempfile::tempdir().unwrap();
        let floor = Floor::reach(&options(&["--switch", "wss://here:1"]), data.path()).await.unwrap();
        assert_eq!(floor.address, "wss://here:1");
        assert_eq!(floor.pin, None);
    }
}
