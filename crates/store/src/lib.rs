//! What the switch keeps in databases, on an embedded SQLite: the index that recordings are searched in, and the records of what
//! was changed at run time.
//!
//! Law: SQL stands here and nowhere else. Nothing in here is evidence. The index can be thrown away and is made anew; the
//! records cannot, and are never written over when they cannot be read.

mod history;
mod recordings;
mod records;
mod rows;

use std::path::PathBuf;

pub use history::{HISTORY_MAX, HistoryChange, HistoryRow, HistoryShown};
pub use recordings::{RecordingIndex, Update};
pub use records::{Change, Records};
pub use rows::{
    GapRow, LineLast, LineRow, MarkRow, PersonRow, Position, RecordingQuery, RecordingRow, SegmentRow, TrackRow,
};

/// Why a database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refuses.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("its tables cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Its file cannot be reached, made or written.
    #[error("{} cannot be used ({why}); check the space on its disk and who owns it", file.display())]
    Unusable {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// What stands in its file is wrong.
    #[error(
        "{} is damaged ({why}); restore it from a copy, or move it and its -wal away to start without what was changed at run time",
        file.display()
    )]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Its file is for a later program.
    #[error(
        "{} was written by a newer version of this program; start that version, or restore a copy from before it",
        file.display()
    )]
    Newer {
        /// Which file.
        file: PathBuf,
    },
}

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, StoreError>;
