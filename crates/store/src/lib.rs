//! What the switch keeps in a database: today the index that recordings are searched in, on an embedded SQLite.
//!
//! Law: SQL stands here and nowhere else. Nothing in here is evidence: the index can be thrown away and is made anew.

mod recordings;
mod rows;

pub use recordings::{RecordingIndex, Update};
pub use rows::{
    GapRow, LineLast, LineRow, MarkRow, PersonRow, Position, RecordingQuery, RecordingRow, SegmentRow, TrackRow,
};

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refuses.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("its tables cannot be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Result of this crate's functions.
pub type Result<T> = std::result::Result<T, StoreError>;
