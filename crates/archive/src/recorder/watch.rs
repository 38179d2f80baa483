//! How a recorder is, for whoever asks.
//!
//! Law: asking never waits for the disk, and a thread that the disk does not let go is not taken for a good one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How long the thread may be held by the disk before it counts as failing, milliseconds.
const STUCK_MS: u64 = 2_000;

/// How the recorder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecorderState {
    /// Everything that is said is written.
    Ok,
    /// It cannot write.
    Failing {
        /// One clause: the cause.
        why: String,
    },
}

#[derive(Debug)]
pub struct Shared {
    pub failing: Mutex<Option<String>>,
    pub began: Instant,
    /// Milliseconds from `began` to the thread's last turn.
    pub turned_ms: AtomicU64,
}

impl Shared {
    pub fn passed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// How a recorder is, for whoever asks. Clones watch the same one.
#[derive(Clone, Debug)]
pub struct RecorderWatch {
    pub(super) shared: Arc<Shared>,
}

impl RecorderWatch {
    /// How it is now; a thread that the disk does not let go counts as failing.
    #[must_use]
    pub fn state(&self) -> RecorderState {
        let failing = self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stuck = self.shared.passed_ms().saturating_sub(self.shared.turned_ms.load(Ordering::Acquire)) > STUCK_MS;
        match failing {
            Some(why) => RecorderState::Failing { why },
            None if stuck => RecorderState::Failing { why: "the disk does not answer".to_owned() },
            None => RecorderState::Ok,
        }
    }
}
