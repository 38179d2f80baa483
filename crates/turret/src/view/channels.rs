//! Groups of speaker channels.

use super::TalkView;
use dealerboard_model::{LineId, TalkMode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Several channels with one talk key and one mute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChannelGroupView {
    /// What the floor file calls it; none for lines that were picked on the spot.
    pub group: Option<String>,
    /// Name.
    pub name: String,
    /// Its lines.
    pub lines: Vec<LineId>,
    /// `4 lines`, `M. Okafor · Macro`, `3 of 4 hear you`.
    pub words: String,
    /// The talk key.
    pub talk: TalkView,
    /// What a press on it does.
    pub talk_mode: TalkMode,
    /// Talking since, UTC milliseconds.
    #[ts(type = "number | null")]
    pub talk_since_utc_ms: Option<i64>,
    /// A silent latch closes at, UTC milliseconds.
    #[ts(type = "number | null")]
    pub closes_utc_ms: Option<i64>,
    /// Those that hear me now.
    pub hear: Vec<LineId>,
    /// Those of its lines that do not, while I talk, each with why.
    pub left_out: Vec<LeftOutView>,
    /// All of its channels are muted by the user.
    pub muted: bool,
}

/// One line that the talk key of several leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeftOutView {
    /// Which.
    pub line: LineId,
    /// Its name.
    pub name: String,
    /// Why, in one sentence.
    pub sentence: String,
}
