//! The switch's side of the voice: one UDP socket and one thread for all turrets.
//!
//! [`forward`] decides (pure), `peers` speaks WebRTC through str0m (no socket), `socket` sends many datagrams at once,
//! `hub` is the thread that joins them.

pub mod forward;
mod hub;
mod peers;
mod socket;

pub use hub::{HubError, HubStats, TrackSink, VoiceEvent, VoiceHub, VoiceHubOptions};
