//! A part of a recording: what one talker said on one line for a while.
//!
//! Law: cut at whole packets of true time; what is not sealed yet is not there yet.

use super::{Library, in_background, read_segments};
use crate::{Result, sound};
use dealerboard_model::{LineId, RecordingId, UserId};
use dealerboard_store::SegmentRow;

/// A part of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Of which.
    pub recording: RecordingId,
    /// On which line.
    pub line: LineId,
    /// Who talks.
    pub talker: UserId,
    /// From when, in the recording's time, UTC milliseconds.
    pub from_utc_ms: i64,
    /// For how long; none: to its end.
    pub length_ms: Option<u64>,
}

impl Library {
    /// What one talker said on a line from a time on, for so long or as far as there is sound: Opus packets with their lengths
    /// in samples. Nothing while it is not sealed.
    ///
    /// # Errors
    /// The index or a segment cannot be read.
    pub async fn passage(&self, passage: Passage) -> Result<Vec<(Vec<u8>, u64)>> {
        self.follow_soon().await?;
        let Passage { recording, line, talker, from_utc_ms, length_ms } = passage;
        let mut tracks = self.index.tracks_of(recording.0).await?;
        tracks.retain(|row| row.line == line.0 && row.talker == talker.0);
        let mut segments = self.index.segments_of(recording.0).await?;
        segments.retain(|segment| tracks.iter().any(|track| track.id == segment.track));
        let to_utc_ms = length_ms.map_or(i64::MAX, |length| from_utc_ms.saturating_add_unsigned(length));
        let is_within = |segment: &SegmentRow| {
            segment.from_utc_ms < to_utc_ms && segment.from_utc_ms + segment.samples / 48 > from_utc_ms
        };
        segments.retain(is_within);
        segments.sort_by_key(|segment| segment.from_utc_ms);
        let (folder, turn) = (self.folder.clone(), self.sounds.turn().await?);
        in_background(move || {
            let _turn = turn;
            let read = read_segments(&folder, &segments)?;
            let begins_ms = read.first().map_or(from_utc_ms, |first| first.from_utc_ms);
            let skipped = u64::try_from(from_utc_ms.saturating_sub(begins_ms)).unwrap_or(0) * 48;
            Ok(sound::cut(sound::in_time(&read), skipped, length_ms.map(|length| length * 48)))
        })
        .await
    }
}
