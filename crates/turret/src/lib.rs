//! A whole turret without a window: session, positions, devices and the view model.
//!
//! [`Turret`] is one task that owns all state. `link` is the network, `voice` the sound, `files` (with `mic_file`) and `cards`
//! (each `seat` a `card` and an `ear`) the devices, `choosing` which, of those that `lister` finds;
//! `facts`, `mics`, `mutes`, `calling`, `keyed`, `project`, `changes` and `press` are pure: what is known, which microphones are open or muted,
//! which intercoms are on their way, what was keyed without the switch,
//! what it looks like, what differs, what a press means. `listening` shows who hears a hoot. `speaking` is too: who speaks, and `plugged`: which microphones are there; so are `words`,
//! what the user is told, and `places`, where each line is heard.

mod acts;
mod calling;
mod card;
mod cards;
mod changes;
mod choosing;
pub mod counterparty;
mod dial_view;
mod dialling;
mod ear;
mod events;
mod facts;
mod files;
mod follow;
mod gains;
mod history;
mod intake;
mod intent;
mod keyed;
pub mod link;
mod listening;
mod lister;
mod lock;
mod log;
mod messages;
mod mic_file;
mod mics;
mod mutes;
mod needles;
mod people_view;
mod pin;
mod places;
mod playing;
mod plugged;
mod press;
mod project;
mod seat;
mod several;
mod speaking;
mod task;
mod tones;
mod turret;
pub mod view;
mod voice;
mod voice_path;
mod words;

pub use dealerboard_audio_device::{Choice, stay_environment};
pub use files::{Clock, FileDevices};
pub use link::Access;
pub use log::start_log;
pub use pin::Fingerprint;
pub use seat::CardChoices;
pub use turret::{Devices, Turret, TurretConfig};
pub use voice::{Callbacks, monotonic_ns};
