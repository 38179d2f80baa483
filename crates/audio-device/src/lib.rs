//! The only crate that opens a sound card.
//!
//! Law: a callback only calls the [`CaptureTap`] or [`Played`] that it owns; both come back when their device is
//! closed or cannot be opened, so that a position outlives its device. A stream plays and records the device that it was
//! opened on, or nothing: see [`stay_environment`].

mod errors;
mod open;
mod stay;

pub use open::{Alarm, Capture, DeviceError, NotOpened, Open, Playback, Played, Silence, open_capture, open_playback};
pub use stay::stay_environment;

use cpal::traits::{DeviceTrait, HostTrait};

/// A device as the system lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFacts {
    /// Stays the same from start to start.
    pub id: String,
    /// For people.
    pub name: String,
    /// Has a microphone.
    pub captures: bool,
    /// Has an ear.
    pub plays: bool,
}

/// Every device of the system; none where there is no sound system.
#[must_use]
pub fn list() -> Vec<DeviceFacts> {
    let Ok(devices) = cpal::default_host().devices() else { return Vec::new() };
    devices
        .filter_map(|device| {
            let id = device.id().ok()?.to_string();
            let captures = device.default_input_config().is_ok();
            let plays = device.default_output_config().is_ok();
            Some(DeviceFacts { id, name: device.to_string(), captures, plays })
        })
        .collect()
}
