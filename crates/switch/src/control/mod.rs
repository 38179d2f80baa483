//! The control connections: one task each, between a turret's WebSocket and the one loop.
//!
//! Law: a connection holds no call state. What it takes in goes to the loop over a bounded queue; what it sends comes from
//! its outbox. Bad input ends the connection with a code and a sentence, never the switch.

mod connection;
mod log_on;

use crate::accounts::{Accounts, Proved};
use crate::clock::Clock;
use crate::outbox::Outbox;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use dealerboard_model::{TurretId, Uplink};
use dealerboard_wire::{Act, KeyedInterval, MESSAGE_MAX_BYTES, SOCKET_BUFFER_BYTES, SUBPROTOCOL, Token};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// One connection of one turret's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub turret: TurretId,
    /// The connection, unique for the run of the switch.
    pub connection: u64,
}

/// A turret whose user has been proved.
pub struct Arrival {
    /// Who, and by which password.
    pub proved: Proved,
    /// The seat it stands at.
    pub seat: String,
    /// The client's version, for the log.
    pub client: String,
    /// Its user has typed their password there, just now.
    pub typed: bool,
    /// The session it wants to go on with.
    pub resume: Option<TurretId>,
    /// For the next connection.
    pub token: Token,
    /// Where its messages go; the welcome and the snapshot first.
    pub outbox: Outbox,
    /// The connection.
    pub connection: u64,
    /// Told the session's number.
    pub arrived: oneshot::Sender<TurretId>,
}

/// What a connection tells the loop.
pub enum FromConnection {
    /// A turret is there.
    Arrived(Box<Arrival>),
    /// Something the user did.
    Command {
        /// Whose.
        session: Session,
        /// The command's id.
        id: Uuid,
        /// What.
        act: Act,
    },
    /// An SDP offer.
    Offer {
        /// Whose.
        session: Session,
        /// The offer's id.
        id: Option<Uuid>,
        /// The offer.
        sdp: String,
    },
    /// The turret's own detector hears speech, or no longer.
    VoiceActivity {
        /// Whose.
        session: Session,
        /// Which uplink.
        uplink: Uplink,
        /// Speech is heard.
        speaking: bool,
    },
    /// The microphone of an uplink has gone, or one is there.
    Microphone {
        /// Whose.
        session: Session,
        /// Which uplink.
        uplink: Uplink,
        /// One is there.
        there: bool,
    },
    /// What was keyed while the switch was not there.
    Keyed {
        /// Whose.
        session: Session,
        /// The report's id; with it an answer is awaited.
        id: Option<Uuid>,
        /// The intervals.
        intervals: Vec<KeyedInterval>,
    },
    /// It wants to see a page of its user's history.
    History {
        /// Whose.
        session: Session,
        /// Only what came before this entry.
        before: Option<u64>,
    },
    /// The user of a locked turret has proved who they are.
    Unlocked {
        /// Whose.
        session: Session,
    },
    /// Its user hears a message.
    MessageHeard {
        /// Whose.
        session: Session,
        /// Which entry of its user's history.
        entry: u64,
    },
    /// It wants to hear a piece of a message.
    MessageSound {
        /// Whose.
        session: Session,
        /// Which entry of its user's history.
        entry: u64,
        /// From where on.
        from_ms: u64,
    },
    /// No contact for `link.stale`, or contact again.
    Contact {
        /// Whose.
        session: Session,
        /// Whether there is contact.
        there: bool,
    },
    /// The connection is gone.
    Closed {
        /// Whose.
        session: Session,
        /// The user logged off; otherwise the grace begins.
        logged_off: bool,
    },
}

/// What every connection is given.
#[derive(Clone)]
pub struct Door {
    /// Who may log on.
    pub accounts: Accounts,
    /// To the loop.
    pub to_loop: mpsc::Sender<FromConnection>,
    /// The time.
    pub clock: Clock,
    /// Numbers that are dialled without a log-on too (ALL-9).
    pub emergency: Arc<BTreeSet<String>>,
    /// Counts connections.
    pub connections: Arc<AtomicU64>,
    /// Held by each connection: when the last is dropped all have ended.
    pub open: mpsc::Sender<std::convert::Infallible>,
}

impl Door {
    fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// `GET /control`: takes the WebSocket. A client that does not offer our subprotocol is told so on it.
pub async fn upgrade(
    State(door): State<Door>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(MESSAGE_MAX_BYTES)
        .max_frame_size(MESSAGE_MAX_BYTES)
        .read_buffer_size(SOCKET_BUFFER_BYTES)
        .write_buffer_size(SOCKET_BUFFER_BYTES);
    let current = upgrade.selected_protocol().is_some_and(|protocol| protocol.as_bytes() == SUBPROTOCOL.as_bytes());
    upgrade.on_upgrade(move |socket| connection::serve(socket, door, from.ip(), current))
}
