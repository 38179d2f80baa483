//! Voicemail: what is left to somebody whom a call does not reach.

use crate::{LineId, Moment, RecordingId, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How long a caller hears the greeting before the tone, in milliseconds; the greeting itself is a little shorter.
pub const VOICEMAIL_GREETING_MS: u64 = 5_200;

/// A call that is at somebody's voicemail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VoicemailStatus {
    /// Whose, as shown.
    pub name: String,
    /// Since when what its caller says is the message; none while they hear the greeting.
    pub since: Option<Moment>,
}

/// A message: what its caller said in a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Message {
    /// Which recording.
    pub recording: RecordingId,
    /// On which line.
    pub line: LineId,
    /// Who said it.
    pub talker: UserId,
    /// From when, in the time of the recording, UTC milliseconds.
    #[ts(type = "number")]
    pub from_utc_ms: i64,
    /// How long it is, milliseconds; none when it ended with the switch: as far as there is sound.
    #[ts(type = "number | null")]
    pub length_ms: Option<u64>,
}
