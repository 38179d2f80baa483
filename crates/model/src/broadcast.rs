//! Talking to several lines with one talk key.

use crate::LineId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Lines of one broadcast, and of a saved group of speaker channels, at most.
pub const BROADCAST_MAX: usize = 10;

/// The broadcast of a turret, as its switch has it: for that turret alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BroadcastStatus {
    /// The lines that hear it, in the order in which they came.
    pub lines: Vec<BroadcastLine>,
    /// Those that were asked for and do not, each with why.
    pub left_out: Vec<LeftOut>,
}

/// One line that hears a broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BroadcastLine {
    /// Which.
    pub line: LineId,
    /// The broadcast has opened it, and lets it go when it ends.
    pub opened: bool,
}

/// One line that a broadcast leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeftOut {
    /// Which.
    pub line: LineId,
    /// Why, in one sentence.
    pub sentence: String,
}
