//! Refusals: a code for programs and one sentence for people (rule ALL-4).

use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

/// Why an act changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// Somebody else answered first.
    AnsweredBy,
    /// Somebody else resumed first.
    ResumedBy,
    /// The line is private.
    Private,
    /// Held exclusively by somebody else.
    HeldExclusive,
    /// The far end still rings: there is nothing to join yet.
    StillRinging,
    /// A member that may only listen.
    ListenOnly,
    /// The user has no right to this.
    NoRight,
    /// The line must be recorded and the recorder cannot write.
    NotRecorded,
    /// A colleague's handset mutes the speakers of this end.
    MutedGlobal,
    /// As many talk as may.
    TalkersFull,
    /// The position carries a call that could not be put aside.
    PositionBusy,
    /// The line has failed.
    OutOfService,
    /// What the user saw is no longer so.
    Stale,
    /// A divert would lead back to itself.
    Loop,
    /// No such number, line or person.
    UnknownNumber,
    /// A group or line is full.
    GroupFull,
    /// The turret is locked.
    Locked,
    /// Not added by this user.
    NotYours,
    /// Do not disturb.
    Dnd,
    /// This kind cannot be held, or the user holds as many as allowed.
    NotHoldable,
    /// Nobody is there.
    NobodyThere,
    /// As many calls are there as may.
    Busy,
}

/// A refusal: nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For the person: what happened, what to do.
    pub sentence: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Refusal {}
