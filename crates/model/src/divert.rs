//! Where calls ring instead.

use crate::{DeskId, LineId, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// When calls ring somewhere else, in the order in which the first that applies counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DivertWhen {
    /// At once.
    Always,
    /// While its user does not want to be disturbed.
    Dnd,
    /// When all of its calls are taken.
    Busy,
    /// When nobody answers.
    NoAnswer,
}

/// Where calls ring instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DivertTo {
    /// At one person.
    User(UserId),
    /// At everybody of a desk who is there.
    Desk(DeskId),
    /// At everybody who has a line.
    Line(LineId),
    /// Nowhere: whoever calls leaves a message.
    Voicemail,
}

/// One divert of a line's calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct Divert {
    /// In which case.
    pub when: DivertWhen,
    /// Where to.
    pub to: DivertTo,
    /// What that is called.
    pub name: String,
}
