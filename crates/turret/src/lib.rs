//! A whole turret without a window: session, positions, devices and the view model.
//!
//! [`Turret`] is one task that owns all state. `link` is the network, `voice` the sound, `files` and `cards` the devices;
//! `facts`, `mics`, `keyed`, `project`, `changes` and `press` are pure: what is known, which microphones are open and were,
//! what it looks like, what differs, what a press means. `speaking` is too: who speaks.

mod acts;
mod cards;
mod changes;
pub mod counterparty;
mod events;
mod facts;
mod files;
mod follow;
mod intent;
mod keyed;
mod link;
mod mics;
mod pin;
mod press;
mod project;
mod speaking;
mod task;
mod tones;
mod turret;
pub mod view;
mod voice;
mod voice_path;

pub use cards::CardChoices;
pub use files::{Clock, FileDevices};
pub use link::Access;
pub use pin::Fingerprint;
pub use turret::{Devices, Turret, TurretConfig};
pub use voice::{Callbacks, monotonic_ns};
