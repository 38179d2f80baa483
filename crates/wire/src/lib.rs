//! The control protocol between turret and switch: versioned messages over one WebSocket, as JSON text frames.
//!
//! Law: pure values and their JSON; no I/O, clock or randomness. `call-control` is unknown here: one file in the switch
//! translates. Every command has an id and gets one answer; the id makes a repeat harmless. Every event has a sequence
//! number; after a break a turret gets a snapshot.

mod client;
mod lists;
mod message;
mod refusal;
mod server;
mod tone;

pub use client::*;
pub use lists::*;
pub use message::*;
pub use refusal::*;
pub use server::*;
pub use tone::*;

/// The WebSocket subprotocol (RFC 6455 section 1.9) of this version.
pub const SUBPROTOCOL: &str = "dealerboard.v1";

/// The path of the control WebSocket.
pub const CONTROL_PATH: &str = "/control";

/// Longest text frame that a switch takes, in bytes: an offer with 64 ears is under 64 kB.
pub const MESSAGE_MAX_BYTES: usize = 256 * 1024;

/// Longest text frame that a turret takes of its switch, in bytes: the first picture of a floor of a thousand people is
/// half a megabyte.
pub const FROM_SWITCH_MAX_BYTES: usize = 4 * 1024 * 1024;

/// What either end of a control connection reads at a time, and gathers before it writes, in bytes. Most messages are of a
/// quarter of it; a WebSocket keeps both, and clears the first at each read.
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024;

/// How often the turret sends a heartbeat, each of which the switch answers, in milliseconds.
pub const HEARTBEAT_MS: u64 = 1_000;

/// After this long without any contact everything is stale (`link.stale`), in milliseconds.
pub const LINK_STALE_MS: u64 = 2_000;

/// Most intervals in one report of keyed time; what is more goes in another report.
pub const KEYED_INTERVALS_MAX: usize = 64;

/// WebSocket close codes (RFC 6455 section 7.4.2, private range) and what they mean.
pub mod close {
    /// The other side left in good order.
    pub const NORMAL: u16 = 1000;
    /// Log-on refused: wrong name, password or token; log on again.
    pub const NOT_LOGGED_ON: u16 = 4001;
    /// The client speaks a version that this switch does not.
    pub const VERSION: u16 = 4002;
    /// The client read too slowly and events that must not be lost piled up.
    pub const TOO_SLOW: u16 = 4003;
    /// A message was not of the protocol.
    pub const PROTOCOL: u16 = 4004;
    /// The session was taken by a newer connection of the same turret.
    pub const REPLACED: u16 = 4005;
    /// The switch is stopping.
    pub const STOPPING: u16 = 4006;
}
