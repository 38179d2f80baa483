//! The chain: one JSON object a line, each with the SHA-256 of the whole line before it.
//!
//! Law: pure. A line is never changed; what is learned later is a new line. Whoever changes, adds or takes away a line
//! changes the hash that the next line bears, up to the next signed checkpoint.

use crate::{RecordingFacts, TrackFacts, hex};
use dealerboard_model::{LineId, RecordingId, TrackId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the first line bears in the place of a predecessor's hash.
pub const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Something that the archive can prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry {
    /// The recorder has started.
    Started {
        /// Version of the program.
        version: String,
        /// The public key of its checkpoints, hexadecimal.
        key: String,
    },
    /// The recorder was stopped in order.
    Stopped,
    /// A log-on name is this person from here on.
    PersonNamed {
        /// Which.
        user: UserId,
        /// Their name.
        name: String,
    },
    /// A call is recorded from now on.
    RecordingOpened(RecordingFacts),
    /// Nothing more belongs to this recording.
    RecordingClosed {
        /// Which.
        recording: RecordingId,
    },
    /// A microphone was opened.
    TrackOpened(TrackFacts),
    /// It was shut.
    TrackClosed {
        /// Which.
        track: TrackId,
    },
    /// A segment is complete.
    SegmentSealed(Sealed),
    /// Keyed time without recorded audio.
    Gap(Gap),
    /// Something that a listener should know of.
    Mark(Mark),
    /// UTC was set to another time. Recordings that were open go on in the time that they began in.
    UtcStepped {
        /// By how many milliseconds, forward when it is positive.
        step_ms: i64,
    },
    /// The recorder had not been stopped in order; what it left was mended.
    Recovered {
        /// Segments that were sealed as they were found.
        segments: u32,
        /// Bytes at the chain's end that were no whole line; they are kept beside it.
        torn_bytes: u64,
    },
}

/// A segment of a track, complete and never written again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Of which track.
    pub track: TrackId,
    /// Counted from 1 within the track.
    pub number: u32,
    /// Below the folder of recordings.
    pub file: String,
    /// Time of its first sample, UTC milliseconds.
    pub from_utc_ms: i64,
    /// Its length in samples at 48 kHz.
    pub samples: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

/// Something that a listener should know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// In which recording.
    pub recording: RecordingId,
    /// On which line, where it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    /// Who did it, or who heard it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who: Vec<UserId>,
    /// What, in words.
    pub what_happened: String,
}

/// Keyed time without recorded audio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// In which recording, where it is known.
    pub recording: Option<RecordingId>,
    /// On which track, where it is known.
    pub track: Option<TrackId>,
    /// On which line.
    pub line: Option<LineId>,
    /// Whose words.
    pub talker: Option<UserId>,
    /// From, UTC milliseconds.
    pub from_utc_ms: i64,
    /// To, UTC milliseconds.
    pub to_utc_ms: i64,
    /// One clause.
    pub why: String,
}

/// One line of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Counted from 1.
    pub n: u64,
    /// When it was written, UTC milliseconds.
    pub at_utc_ms: i64,
    /// SHA-256 of the line before, without its line feed, hexadecimal.
    pub prev: String,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Lines so far.
    pub n: u64,
    /// SHA-256 of the last one, hexadecimal; [`FIRST`] when there is none.
    pub hash: String,
}

impl Default for End {
    fn default() -> Self {
        Self { n: 0, hash: FIRST.to_owned() }
    }
}

impl End {
    /// The next line, without its line feed; the chain ends with it from now on.
    pub fn push(&mut self, at_utc_ms: i64, entry: &Entry) -> Vec<u8> {
        let line = Line { n: self.n + 1, at_utc_ms, prev: self.hash.clone(), entry: entry.clone() };
        let text = serde_json::to_vec(&line).expect("an entry has no map with keys that are no text");
        self.n += 1;
        self.hash = hash(&text);
        text
    }

    /// Takes the next line of a chain that was read, without its line feed.
    ///
    /// # Errors
    /// One clause: it is no line of this chain, or not this one's turn.
    pub fn take(&mut self, text: &[u8]) -> Result<Line, String> {
        let line: Line = serde_json::from_slice(text).map_err(|error| format!("it cannot be read ({error})"))?;
        if line.n != self.n + 1 {
            return Err(format!("it is numbered {} where {} should stand", line.n, self.n + 1));
        }
        if line.prev != self.hash {
            return Err("it does not follow from the line before".to_owned());
        }
        self.n = line.n;
        self.hash = hash(text);
        Ok(line)
    }
}

/// SHA-256, hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn closed(n: u32) -> Entry {
        Entry::TrackClosed { track: TrackId(n) }
    }

    fn three() -> Vec<Vec<u8>> {
        let mut end = End::default();
        (1..=3).map(|n| end.push(1_000, &closed(n))).collect()
    }

    #[test]
    fn lines_that_follow_from_each_other_are_taken() {
        let mut end = End::default();
        let read: Vec<_> = three().iter().map(|line| end.take(line).unwrap().entry).collect();
        assert_eq!(read, [closed(1), closed(2), closed(3)]);
        assert_eq!(end.n, 3);
    }

    #[test]
    fn a_changed_line_is_found_at_its_successor() {
        let lines = three();
        let text = String::from_utf8(lines[1].clone()).unwrap().replace("\"track\":2", "\"track\":7");
        let mut end = End::default();
        end.take(&lines[0]).unwrap();
        end.take(text.as_bytes()).unwrap();
        assert_eq!(end.take(&lines[2]).unwrap_err(), "it does not follow from the line before");
    }

    #[test]
    fn a_line_that_was_taken_away_is_missed() {
        let lines = three();
        let mut end = End::default();
        end.take(&lines[0]).unwrap();
        assert_eq!(end.take(&lines[2]).unwrap_err(), "it is numbered 3 where 2 should stand");
    }
}
