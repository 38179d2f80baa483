//! The history of a user's calls: an entry for each that rang at them, and for each that they placed or joined.

use crate::{CallId, GroupId, LineId, LineKind, Message, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a call came to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HistoryWay {
    /// They placed it.
    Placed,
    /// It rang at them, or reached them without a press.
    Came,
    /// They joined it, or took it over: colleagues were on it.
    Joined,
}

/// What became of a call for its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum HistoryResult {
    /// It was answered, and they were on it.
    Answered,
    /// A colleague answered it.
    AnsweredBy {
        /// Their name.
        who: String,
    },
    /// Nobody answered it.
    Missed {
        /// Its user did not want to be disturbed.
        dnd: bool,
    },
    /// They did not want it.
    Refused,
    /// They placed it, and nobody answered.
    NoAnswer,
    /// It rang somewhere else instead.
    Diverted {
        /// Where.
        to: String,
    },
    /// They sent it on.
    Transferred {
        /// To whom.
        to: String,
    },
    /// They sent it on, and it came back.
    Returned {
        /// Who did not take it.
        from: String,
    },
    /// A message was left: to them, or by them.
    Voicemail,
    /// Their turret lost the switch.
    Lost,
}

/// One call of one user, after its end. An entry never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryEntry {
    /// On which line.
    pub line: LineId,
    /// What its key showed.
    pub name: String,
    /// The line's kind.
    pub kind: LineKind,
    /// Which call.
    pub call: CallId,
    /// How it came.
    pub way: HistoryWay,
    /// Who was at the far end, as far as anybody was.
    pub far: Option<String>,
    /// Of an intercom with one person: who it was with.
    pub user: Option<UserId>,
    /// Of an intercom with a group: which.
    pub group: Option<GroupId>,
    /// By which way it came besides its line, such as `sent by T. Marsh`.
    pub via: Option<String>,
    /// When it began to ring, or was placed or joined, UTC milliseconds.
    #[ts(type = "number")]
    pub start_utc_ms: i64,
    /// When it was answered, UTC milliseconds.
    #[ts(type = "number | null")]
    pub answered_utc_ms: Option<i64>,
    /// When its user was out of it, UTC milliseconds.
    #[ts(type = "number")]
    pub end_utc_ms: i64,
    /// How long it lasted from the answer on, milliseconds; a step of UTC does not change it.
    #[ts(type = "number")]
    pub lasted_ms: u64,
    /// How long its user held it, milliseconds.
    #[ts(type = "number")]
    pub held_ms: u64,
    /// What became of it.
    pub result: HistoryResult,
    /// The message that was left to its user.
    #[serde(default)]
    pub message: Option<Message>,
}

/// An entry with the number by which its user names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NumberedEntry {
    /// Counts up over the whole floor.
    #[ts(type = "number")]
    pub n: u64,
    /// The entry.
    pub entry: HistoryEntry,
    /// Of a message: its user has heard it.
    #[serde(default)]
    pub heard: bool,
}

impl NumberedEntry {
    /// It has a message that its user has not heard: it stays when they hide all.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.entry.message.is_some() && !self.heard
    }
}
