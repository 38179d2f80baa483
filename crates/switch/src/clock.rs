//! The switch's clock: monotonic time since its start, and UTC beside it.

use crate::accounts::utc_ms;
use dealerboard_model::Moment;
use std::time::{Duration, Instant};

/// The switch's clock. Copies agree.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Now.
    pub fn now(self) -> Moment {
        Moment { mono_us: u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX), utc_ms: utc_ms() }
    }

    /// The UTC time of an instant that has just passed, in milliseconds.
    pub fn utc_ms_of(self, instant: Instant) -> i64 {
        utc_ms() - i64::try_from(instant.elapsed().as_millis()).unwrap_or(0)
    }

    /// When `moment` is, for a timer.
    pub fn instant(self, moment: Moment) -> Instant {
        self.start + Duration::from_micros(moment.mono_us)
    }
}
