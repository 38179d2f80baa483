//! The switch's side of the voice: one UDP socket and one thread for all turrets.
//!
//! [`forward`] decides (pure), `peers` speaks WebRTC through str0m (no socket), `socket` sends many datagrams at once,
//! `commands` come in, what is `unsaid` goes out, `reach` says where turrets reach it, `hub` is the thread that joins them.

mod commands;
pub mod forward;
mod hub;
mod peers;
mod reach;
mod socket;
mod unsaid;

pub use hub::{HubError, HubStats, TrackSink, VoiceEvent, VoiceHub, VoiceHubOptions};
