//! What the index is asked for, and what it answers.

use sqlx::FromRow;

/// How far the index has followed its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Position {
    /// Bytes of the source.
    pub bytes: i64,
    /// Lines of the source.
    pub lines: i64,
    /// Hash of the last of them.
    pub hash: String,
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RecordingRow {
    /// Its number.
    pub id: u32,
    /// Kind of its lines.
    pub kind: String,
    /// UTC milliseconds.
    pub opened_utc_ms: i64,
    /// UTC milliseconds; none while it goes on.
    pub closed_utc_ms: Option<i64>,
    /// How many gaps it has.
    pub gaps: u32,
    /// Whether somebody spoke, or may have: one that goes on, or has a gap, counts as spoken.
    pub spoken: bool,
}

/// A line that a recording is found under.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct LineRow {
    /// Its id.
    pub line: String,
    /// What it was called then; empty when nobody knows.
    pub name: String,
}

/// A line that something was recorded on, as it was last.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct LineLast {
    /// Its id.
    pub line: String,
    /// What it was called last; empty when nobody knows.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The two of an intercom, one a line, by their log-on names: it, a tab, what the person was called; empty on other lines.
    pub people: String,
    /// The last recording on it: the two ends of a private wire share it.
    pub recording: u32,
}

/// A log-on name, and whom it stands for.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct PersonRow {
    /// The log-on name.
    pub user: String,
    /// What the person was called; empty when nobody knows.
    pub name: String,
}

/// One track.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct TrackRow {
    /// Its number.
    pub id: u32,
    /// On which line.
    pub line: String,
    /// Who talks.
    pub talker: String,
    /// Into which microphone.
    pub uplink: String,
    /// UTC milliseconds.
    pub opened_utc_ms: i64,
    /// UTC milliseconds; none while it goes on.
    pub closed_utc_ms: Option<i64>,
}

/// One segment of a track.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct SegmentRow {
    /// Of which track.
    pub track: u32,
    /// Counted from 1.
    pub number: u32,
    /// Below the folder of recordings.
    pub file: String,
    /// Time of the first sample, UTC milliseconds.
    pub from_utc_ms: i64,
    /// Samples at 48 kHz.
    pub samples: i64,
    /// At which byte of the source the line begins that names it.
    pub chain_at: i64,
    /// Hash of that line.
    pub chain_hash: String,
    /// Whether it holds more than the pauses of its talker.
    pub spoken: bool,
}

/// Keyed time without sound.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct GapRow {
    /// In which recording.
    pub recording: Option<u32>,
    /// On which line.
    pub line: Option<String>,
    /// Whose.
    pub talker: Option<String>,
    /// UTC milliseconds.
    pub from_utc_ms: i64,
    /// UTC milliseconds.
    pub to_utc_ms: i64,
    /// One clause.
    pub why: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct MarkRow {
    /// UTC milliseconds.
    pub at_utc_ms: i64,
    /// On which line.
    pub line: Option<String>,
    /// Whom it is about, one a line of text.
    pub who: String,
    /// In words.
    pub what_happened: String,
}

/// What to look for; empty fields ask for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingQuery {
    /// Not ended before this time, UTC milliseconds.
    pub from_utc_ms: Option<i64>,
    /// Not begun after this time, UTC milliseconds.
    pub to_utc_ms: Option<i64>,
    /// On one of these lines.
    pub lines: Vec<String>,
    /// With this talker.
    pub talker: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With gaps only.
    pub gaps: bool,
    /// Only those in which somebody spoke, or may have.
    pub spoken: bool,
    /// Numbered below this.
    pub before: Option<u32>,
    /// At most so many.
    pub limit: u32,
}
