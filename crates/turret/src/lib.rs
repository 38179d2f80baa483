//! A whole turret without a window: session, positions, devices and the view model.
//!
//! [`Turret`] is one task that owns all state. `link` is the network, `voice` the sound, `files` and `cards` the devices;
//! `facts`, `project`, `changes` and `press` are pure: what is known, what it looks like, what differs, what a press means.

mod cards;
mod changes;
pub mod counterparty;
mod facts;
mod files;
mod follow;
mod intent;
mod link;
mod pin;
mod press;
mod project;
mod task;
mod tones;
mod turret;
pub mod view;
mod voice;

pub use cards::CardChoices;
pub use files::{Clock, FileDevices};
pub use pin::Fingerprint;
pub use turret::{Devices, Turret, TurretConfig};
pub use voice::{Callbacks, monotonic_ns};
