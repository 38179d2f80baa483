//! Recordings as evidence: what was said, by whom, on which line, and proof that nothing of it was changed.
//!
//! Law: what is evidence is plain files that stand by themselves: segments (Ogg Opus, RFC 7845), one chain of lines that
//! each bear the SHA-256 of the line before, and signed checkpoints. The index that searches are made in is derived from
//! the chain and can be thrown away. Keyed time without recorded audio is a gap, and every gap is in the chain.
//!
//! ```text
//! recordings/
//!   chain.jsonl         what happened, one line each          signing.key, signing.pub   Ed25519
//!   checkpoints.jsonl   signatures over the chain             alive                      last sign of life
//!   segments/YYYY-MM-DD/rNNNNN-tNNNNN-sNNN.opus               (… .opus.open while it is written)
//! ```
//!
//! `track` (pure) puts packets in order and time, `segment` lays them out as Ogg, `recorder` is the thread that writes,
//! `recover` mends what a power cut left, [`verify()`] checks all of it, [`Library`] finds, plays and
//! checks one.

mod chain;
mod checkpoint;
mod following;
mod indexing;
mod kept;
mod library;
mod opus_packet;
mod recorder;
mod recover;
mod segment;
mod sound;
mod sounds;
mod tail;
mod track;
mod verify;
mod walk;
mod writer;

pub use chain::{Entry, Gap, Line, Mark, Sealed};
pub use checkpoint::{key_fingerprint, read_fingerprint};
pub use library::{Filter, GapFound, Library, LineFound, MarkFound, Passage, RecordingFound, TrackFound};
pub use recorder::{Recorder, RecorderInbox, RecorderOptions, RecorderState, RecorderWatch, ToRecorder, TrackAudio};
pub use sound::Peaks;
pub use verify::{Verdict, Wrong, verify, verify_by};

use dealerboard_model::{CallId, LineId, LineKind, RecordingId, TrackId, TurretId, Uplink, UserId};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Sampling rate of all time in Opus, Ogg Opus and RTP (RFC 7587 section 4.1), in Hz.
pub(crate) const RATE_HZ: u64 = 48_000;

/// One call as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFacts {
    /// Its number.
    pub recording: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// The lines that it is found under.
    pub lines: Vec<LineId>,
    /// What these lines are called now, in the same order; shorter where nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The two of an intercom, whether they talk or not; nobody on other lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<UserId>,
    /// The kind of these lines.
    pub kind: LineKind,
}

/// One open microphone on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackFacts {
    /// Its number.
    pub track: TrackId,
    /// In which recording.
    pub recording: RecordingId,
    /// On which line.
    pub line: LineId,
    /// Who talks.
    pub talker: UserId,
    /// At which turret.
    pub turret: TurretId,
    /// Into which microphone.
    pub uplink: Uplink,
}

/// Why the archive could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file or folder.
    #[error("{path} cannot be {done}: {cause}; check the disk and its rights", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// `read`, `written` …
        done: &'static str,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The chain is not what was written.
    #[error("line {line} of {path} is not what was written there: {why}; keep the folder as it is and restore it from a copy", path = path.display())]
    Chain {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// One clause.
        why: String,
    },
    /// The search index.
    #[error("the search index cannot be used: {0}; it is made anew from the chain when its file is deleted")]
    Index(#[from] dealerboard_store::StoreError),
    /// The search index calls a microphone by a word that this version does not know.
    #[error(
        "the search index cannot be used: it knows a microphone \"{0}\"; it is made anew from the chain when its file is deleted"
    )]
    Microphone(String),
    /// The signing key.
    #[error("{path} is no signing key; restore it from a copy", path = path.display())]
    Key {
        /// Which file.
        path: PathBuf,
    },
    /// The system gives no thread.
    #[error("the recorder's thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, ArchiveError>;

pub(crate) fn file_error(path: &std::path::Path, done: &'static str) -> impl FnOnce(std::io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |cause| ArchiveError::File { path, done, cause }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that hexadecimal digits stand for.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.trim().as_bytes();
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
