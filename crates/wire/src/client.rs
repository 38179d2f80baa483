//! What a turret sends.

use dealerboard_model::{
    Allowed, CallId, DivertTo, DivertWhen, GroupId, LineId, Position, TransferTo, TurretId, Uplink, UserId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// A message from turret to switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromTurret {
    /// The first message of every connection.
    Hello(Hello),
    /// Something the user did; answered once, by its id.
    Command {
        /// Made by the turret; the same id twice takes effect once.
        id: Uuid,
        /// What was done.
        act: Act,
    },
    /// The SDP offer (RFC 8829) of a turret: three uplinks and a pool of ears, or more ears by a re-offer.
    Offer {
        /// Made by the turret; the answer bears it too. Of offers that come while one is answered only the newest is.
        #[serde(default)]
        id: Option<Uuid>,
        /// The offer.
        sdp: String,
    },
    /// A sign of life, answered by [`crate::FromSwitch::HeartbeatAck`] with the same number.
    Heartbeat {
        /// Counts up.
        n: u64,
    },
    /// Asks for a fresh token before the present one ends.
    Renew,
    /// Whether somebody speaks into an open uplink, by the turret's own detector; sent on change.
    VoiceActivity {
        /// Which uplink.
        uplink: Uplink,
        /// Speech is heard.
        speaking: bool,
    },
    /// The microphone of an uplink has gone, or one is there: of each uplink after a snapshot, then on change. Only for a
    /// switch whose [`crate::Welcome`] takes it: an older one would end the connection.
    Microphone {
        /// Which uplink.
        uplink: Uplink,
        /// One is there.
        there: bool,
    },
    /// What had been keyed while the switch was not there, so that every lost second is listed. Answered as done by its id,
    /// and repeated after a break until it is.
    Keyed {
        /// Made by the turret; the same id twice is listed once. Without it there is no answer.
        #[serde(default)]
        id: Option<Uuid>,
        /// The intervals, at most [`crate::KEYED_INTERVALS_MAX`].
        intervals: Vec<KeyedInterval>,
    },
    /// Asks for a page of this user's history, newest first, and for word of each new entry from now on. Only for a switch
    /// whose [`crate::Welcome`] keeps it: an older one would end the connection.
    History {
        /// Only what came before this entry; none: the newest.
        #[serde(default)]
        #[ts(type = "number | null")]
        before: Option<u64>,
    },
    /// The user of a locked turret types their password; answered by its id. Only for a switch whose [`crate::Welcome`] takes
    /// locks: an older one would end the connection.
    Unlock {
        /// Made by the turret.
        id: Uuid,
        /// By password: that of whoever is logged on here.
        credentials: Credentials,
    },
    /// The first sound of a message was handed to an ear: it waits no more. Only for a switch whose [`crate::Welcome`] keeps
    /// messages.
    MessageHeard {
        /// Which entry.
        #[ts(type = "number")]
        entry: u64,
    },
    /// Asks for a piece of the sound of a message in this user's history. Only for a switch whose [`crate::Welcome`] keeps
    /// messages.
    MessageSound {
        /// Which entry.
        #[ts(type = "number")]
        entry: u64,
        /// From where on, milliseconds.
        #[ts(type = "number")]
        from_ms: u64,
    },
    /// Leaves in good order.
    LogOff,
}

/// The first message of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Hello {
    /// Version of the protocol: 1.
    pub protocol: u32,
    /// The client's own version, for the log.
    pub client: String,
    /// The seat it stands at; shown to others.
    pub seat: String,
    /// How the user proves who they are.
    pub credentials: Credentials,
    /// The turret's earlier session, when it comes back after a break.
    pub resume: Option<TurretId>,
}

/// How a user proves who they are.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Credentials {
    /// With name and password.
    Password {
        /// Log-on name.
        user: UserId,
        /// Password, as typed.
        password: String,
    },
    /// With a token from an earlier [`crate::Welcome`].
    Token {
        /// The token.
        token: String,
    },
}

impl std::fmt::Debug for Credentials {
    /// Never shows a secret: this type may stand in a log line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password {{ user: {user} }}"),
            Self::Token { .. } => f.write_str("Token"),
        }
    }
}

/// Time during which a microphone was open towards a line, as the turret saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeyedInterval {
    /// Which line.
    pub line: LineId,
    /// Which uplink.
    pub uplink: Uplink,
    /// From, in UTC milliseconds.
    #[ts(type = "number")]
    pub from_utc_ms: i64,
    /// To, in UTC milliseconds.
    #[ts(type = "number")]
    pub to_utc_ms: i64,
}

/// A turret that does not say has no key that closes when it is let go.
fn latched() -> bool {
    true
}

/// What a user did. Each carries what its user saw (rule ALL-1): the line, and the call where one was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Takes an idle line.
    Seize {
        /// Which line.
        line: LineId,
        /// Where to.
        position: Position,
        /// Private from its first moment, whatever its user's policy is.
        #[serde(default)]
        private: bool,
    },
    /// Answers a ringing line.
    Answer {
        /// Which line.
        line: LineId,
        /// The call that was shown ringing.
        call: CallId,
        /// Where to.
        position: Position,
        /// Private from its first moment, whatever its user's policy is.
        #[serde(default)]
        private: bool,
    },
    /// Joins a line that others are on.
    Bridge {
        /// Which line.
        line: LineId,
        /// The call that was shown.
        call: CallId,
        /// Where to.
        position: Position,
    },
    /// Takes a held line.
    Resume {
        /// Which line.
        line: LineId,
        /// The call that was shown held.
        call: CallId,
        /// Where to.
        position: Position,
        /// Private from its first moment, whatever its user's policy is.
        #[serde(default)]
        private: bool,
    },
    /// Holds one's own leg.
    Hold {
        /// Which line.
        line: LineId,
        /// For oneself alone.
        #[serde(default)]
        exclusive: bool,
    },
    /// Lets a line go.
    Release {
        /// Which line.
        line: LineId,
    },
    /// Adds a line to what a position carries: everybody on either hears everybody.
    Join {
        /// Which line.
        line: LineId,
        /// The call that was shown.
        call: CallId,
        /// What it is added to.
        position: Position,
    },
    /// Takes a call that is here to another position; to the speakers with a shut microphone.
    Move {
        /// Which line.
        line: LineId,
        /// The call that was shown.
        call: CallId,
        /// Where to.
        position: Position,
    },
    /// Takes a call that this user is on at their other turret; it comes with the first word from here.
    TakeOver {
        /// Which line.
        line: LineId,
        /// The call that was shown.
        call: CallId,
        /// Where to.
        position: Position,
    },
    /// Sends a call on to somebody else.
    Transfer {
        /// Which line.
        line: LineId,
        /// To whom.
        to: TransferTo,
    },
    /// Holds a call for oneself, and talks to somebody who may want it.
    Announce {
        /// Which line.
        line: LineId,
        /// To whom.
        to: UserId,
    },
    /// Gives a call to whom it was announced.
    Complete {
        /// Which line.
        line: LineId,
    },
    /// Goes back to a call that was announced.
    Cancel {
        /// Which line.
        line: LineId,
    },
    /// Takes a line out of a conference.
    Unjoin {
        /// Which line.
        line: LineId,
    },
    /// Keeps everybody else off the line that one is on, or no longer.
    Private {
        /// Which line.
        line: LineId,
        /// Private.
        on: bool,
    },
    /// Enters a call as a supervisor of its desk, after everybody on it was told.
    Override {
        /// Which line.
        line: LineId,
        /// The call that was shown.
        call: CallId,
        /// Where to.
        position: Position,
        /// Why; kept with the recording.
        reason: String,
    },
    /// Ends whatever is on a line: an administrator's act.
    Clear {
        /// Which line.
        line: LineId,
    },
    /// Takes a line out of service, or puts it back: an administrator's act.
    Service {
        /// Which line.
        line: LineId,
        /// Out of service; otherwise back.
        out: bool,
    },
    /// MRD: rings the far end while on.
    Signal {
        /// Which line.
        line: LineId,
        /// Pressed or let go.
        on: bool,
    },
    /// Talk key of a speaker channel or hoot: opens the hands-free mic towards the line.
    Talk {
        /// Which line.
        line: LineId,
        /// Pressed or let go.
        on: bool,
        /// The key was latched, not held.
        latched: bool,
    },
    /// Talk key of several lines at once: opens the hands-free mic towards each that can be talked on. Only for a switch whose
    /// [`crate::Welcome`] takes it.
    Broadcast {
        /// The lines of the key, at most [`dealerboard_model::BROADCAST_MAX`].
        lines: Vec<LineId>,
        /// Pressed or let go.
        on: bool,
        /// The key was latched, not held.
        latched: bool,
    },
    /// Adds a line to what that key talks to, or drops it, while it is down.
    BroadcastLine {
        /// Which line.
        line: LineId,
        /// Added; otherwise dropped.
        on: bool,
    },
    /// Sets what a user may do on a hoot: a supervisor's act.
    Right {
        /// Which hoot.
        line: LineId,
        /// Whose right.
        user: UserId,
        /// What they may do.
        allowed: Allowed,
    },
    /// Asks who hears a hoot; [`crate::Event::Listeners`] comes before the answer.
    WhoHears {
        /// Which hoot.
        line: LineId,
    },
    /// Opens the microphone of one's own party again after a lapse closed it.
    OpenMic {
        /// Which line.
        line: LineId,
    },
    /// Calls a person.
    Intercom {
        /// Whom.
        user: UserId,
        /// Where one listens: hands-free, or a handset.
        position: Position,
    },
    /// Calls a group of the floor file.
    IntercomGroup {
        /// Which.
        group: GroupId,
        /// Where one listens: hands-free, or a handset.
        position: Position,
    },
    /// Calls several people at once.
    IntercomPicked {
        /// Whom.
        users: Vec<UserId>,
        /// Where one listens: hands-free, or a handset.
        position: Position,
    },
    /// Talks back in an intercom, or accepts a pending one.
    TalkBack {
        /// The intercom's line.
        line: LineId,
        /// Open or shut.
        on: bool,
        /// The key was latched, not held.
        #[serde(default = "latched")]
        latched: bool,
    },
    /// Shows an entry of one's own history no more; only for a switch that keeps it.
    HideHistory {
        /// Which; none: all that there are.
        #[ts(type = "number | null")]
        entry: Option<u64>,
    },
    /// Diverts calls of a line, of the user's own extension when none is named; no longer where nobody is named.
    Divert {
        /// Which line.
        #[serde(default)]
        line: Option<LineId>,
        /// In which case.
        when: DivertWhen,
        /// Where to.
        to: Option<DivertTo>,
    },
    /// Digits of a number, on a line that waits for one; `#` ends it.
    Dial {
        /// Which line.
        line: LineId,
        /// The digits.
        digits: String,
    },
    /// Takes a line and dials there.
    Call {
        /// Which line; none: a free one of the user's own.
        #[serde(default)]
        line: Option<LineId>,
        /// The number, or its first digits; `#` ends it.
        number: String,
        /// Where to.
        position: Position,
        /// Private from its first moment, whatever its user's policy is.
        #[serde(default)]
        private: bool,
    },
    /// Locks the turret until its user has typed their password. Only for a switch whose [`crate::Welcome`] takes locks.
    Lock,
    /// Sets or ends do-not-disturb.
    Dnd {
        /// On or off.
        on: bool,
    },
}
