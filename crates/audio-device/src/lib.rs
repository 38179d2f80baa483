//! The only crate that opens a sound card.
//!
//! Law: a callback only calls the [`CaptureTap`] or [`Played`] that it owns; both come back when their device is
//! closed or cannot be opened, so that a position outlives its device. A stream plays and records the device that it was
//! opened on, or nothing: see [`stay_environment`].

#[cfg(target_os = "linux")]
mod alsa;
mod errors;
mod list;
mod open;
#[cfg(target_os = "linux")]
mod server;
mod stay;

pub use list::{Choice, Kind, Listed, list};
pub use open::{Alarm, Capture, DeviceError, NotOpened, Open, Playback, Played, Silence, open_capture, open_playback};
pub use stay::stay_environment;
