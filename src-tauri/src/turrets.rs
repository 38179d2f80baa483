//! Starts turrets: one for each window, and one for each simulated counterparty of the sample floor.

use crate::floor::{Floor, LogOn, SAMPLE_FLOOR};
use crate::memory::Memory;
use anyhow::{Context, Result};
use dealerboard_model::UserId;
use dealerboard_turret::counterparty::{Script, play, voice_from_wav};
use dealerboard_turret::view::Intent;
use dealerboard_turret::{CardChoices, Devices, Fingerprint, Turret, TurretConfig};
use serde::Deserialize;
use tokio::task::JoinSet;

macro_rules! voices {
    ($($name:literal),* $(,)?) => {
        /// The voices of the sample floor.
        const VOICES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../assets/voices/", $name)))),*];
    };
}

voices![
    "calder-offer.wav",
    "corbel-done.wav",
    "fenmoor-check.wav",
    "hallam-bid.wav",
    "macro-hoot.wav",
    "orsay-quote.wav",
    "sterling-hoot.wav",
    "tagus-bid.wav",
    "wexcombe-market.wav",
    "wolds-answer.wav",
];

/// The part of the sample floor's file that is about counterparties.
#[derive(Deserialize)]
struct Scripts {
    #[serde(default)]
    counterparty: Vec<Script>,
}

fn config(floor: &Floor, seat: &str) -> Result<TurretConfig> {
    let pin = floor.pin.as_deref().map(str::parse::<Fingerprint>).transpose();
    Ok(TurretConfig {
        address: floor.address.clone(),
        pin: pin.map_err(|_| anyhow::anyhow!("--pin is no fingerprint; it is sha256: and 64 digits"))?,
        seat: seat.to_owned(),
        uplink: Default::default(),
    })
}

/// Starts the turret of a window and logs its user on where that is known. It shows the user's own seat: a window is no place
/// in a room.
///
/// # Errors
/// The pin is malformed, or the system gives no thread.
pub async fn start(floor: &Floor, memory: &Memory, log_on: Option<LogOn>, devices: CardChoices) -> Result<Turret> {
    let turret = Turret::start(config(floor, "")?, Devices::Cards(devices))?;
    for (address, pin) in memory.pins() {
        turret.know(address, pin);
    }
    if let Some(LogOn { user, password }) = log_on {
        turret.intent(Intent::LogOn { user: UserId(user), password, switch: None });
    }
    Ok(turret)
}

/// Starts the counterparties of the sample floor; they play until the set is dropped. At any other switch there are none.
pub async fn play_counterparties(floor: &Floor) -> JoinSet<()> {
    let mut players = JoinSet::new();
    if !floor.is_sample() {
        return players;
    }
    let scripts = match toml::from_str::<Scripts>(&counterparties_only(SAMPLE_FLOOR)) {
        Ok(scripts) => scripts.counterparty,
        Err(error) => {
            tracing::error!(%error, "the sample floor's counterparties are not understood");
            return players;
        }
    };
    for script in scripts {
        let Some(password) = floor.sample_password(&script.user).map(str::to_owned) else { continue };
        match config(floor, "simulated") {
            Ok(config) => {
                players.spawn(async move {
                    let user = script.user.clone();
                    if let Err(error) = play(config, password, script, voice).await {
                        tracing::error!(%user, %error, "a counterparty does not play");
                    }
                });
            }
            Err(error) => tracing::error!(%error, "counterparties cannot reach the sample floor"),
        }
    }
    players
}

/// The counterparties of a floor file; everything else in it is the switch's to read.
fn counterparties_only(text: &str) -> String {
    let Ok(mut table) = text.parse::<toml::Table>() else { return String::new() };
    table.retain(|name, _| name == "counterparty");
    table.to_string()
}

fn voice(name: &str) -> Result<Vec<f32>> {
    let bytes = VOICES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes);
    voice_from_wav(bytes.with_context(|| format!("there is no sample voice {name}"))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_voice_that_a_counterparty_says_is_there() {
        let scripts: Scripts = toml::from_str(&counterparties_only(SAMPLE_FLOOR)).unwrap();
        assert!(!scripts.counterparty.is_empty());
        for script in scripts.counterparty {
            let hoot = script.speaks_on_hoot.and_then(|again| again.says);
            for name in script.says.into_iter().chain(hoot) {
                assert!(!voice(&name).unwrap().is_empty(), "{name} is silent");
            }
        }
    }
}
