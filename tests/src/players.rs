//! The counterparties of a floor file, played in this process over the real control connection and the real voice path.

use crate::world::{PASSWORD, World};
use anyhow::{Context, Result};
use dealerboard_media::UplinkConfig;
use dealerboard_turret::TurretConfig;
use dealerboard_turret::counterparty::{Script, voice_from_folder};
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

/// Counterparties that play until they are dropped.
pub struct Players {
    _runtime: Runtime,
}

/// The scripts in the floor file of `world`.
///
/// # Errors
/// There are none, or one is not understood.
pub fn scripts(world: &World) -> Result<Vec<Script>> {
    let file: toml::Table = std::fs::read_to_string(world.floor_file())?.parse()?;
    let all = file.get("counterparty").cloned().context("the floor file has counterparties")?;
    Ok(all.try_into()?)
}

/// Plays `scripts`, each as the user that it names.
///
/// # Errors
/// The system gives no thread.
pub fn play(world: &World, scripts: Vec<Script>) -> Result<Players> {
    // Another test of this process may have chosen it already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for script in scripts {
        let config = TurretConfig {
            address: world.address.clone(),
            pin: Some(world.pin.parse().map_err(anyhow::Error::msg)?),
            seat: "simulated".into(),
            uplink: UplinkConfig::default(),
        };
        let voices = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/voices");
        runtime.spawn(async move {
            let voice = move |name: &str| voice_from_folder(&voices, name);
            let played = dealerboard_turret::counterparty::play(config, PASSWORD.into(), script, voice).await;
            played.expect("a counterparty of the floor file plays");
        });
    }
    Ok(Players { _runtime: runtime })
}
