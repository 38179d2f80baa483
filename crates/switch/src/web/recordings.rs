//! Recordings: list, search, detail, verification.

use super::types::{Health, Verdict};
use crate::clock::Clock;
use crate::floor::FloorFile;
use anyhow::Result;
use axum::Json;
use axum::extract::State;
use std::path::Path;
use std::sync::Arc;

/// The recordings of one switch. Clones are the same.
#[derive(Clone)]
pub struct Library {
    floor: Arc<str>,
    clock: Clock,
}

impl Library {
    /// The library of a floor.
    pub fn new(file: &FloorFile, clock: Clock) -> Self {
        Self { floor: file.name.as_str().into(), clock }
    }

    /// Checks the recordings at `path`.
    pub fn verify_at(path: &Path) -> Result<Verdict> {
        anyhow::bail!("{} holds no recordings; name a data folder", path.display())
    }
}

/// `GET /api/health`.
pub async fn health(State(library): State<Library>) -> Json<Health> {
    Json(Health {
        floor: library.floor.to_string(),
        switch: env!("CARGO_PKG_VERSION").to_owned(),
        recorder_failing: None,
        now_utc_ms: library.clock.now().utc_ms,
    })
}
