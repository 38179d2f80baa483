//! The switch's clock: monotonic time since its start, UTC beside it, and the time line that recordings are made on.

use crate::accounts::utc_ms;
use dealerboard_model::Moment;
use std::time::{Duration, Instant};

/// The switch's clock. Copies agree.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    start_utc_ms: i64,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now(), start_utc_ms: utc_ms() }
    }

    /// Now.
    pub fn now(self) -> Moment {
        Moment { mono_us: u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX), utc_ms: utc_ms() }
    }

    /// An instant on the recorder's time line, milliseconds: UTC at this clock's start, carried on by monotonic time.
    pub fn recorded_ms(self, instant: Instant) -> i64 {
        let passed_ms = instant.saturating_duration_since(self.start).as_millis();
        self.start_utc_ms.saturating_add(i64::try_from(passed_ms).unwrap_or(i64::MAX))
    }

    /// By how many milliseconds UTC is ahead of the recorder's time line: what it was set forward by since this clock's start.
    pub fn utc_ahead_ms(self) -> i64 {
        utc_ms() - self.recorded_ms(Instant::now())
    }

    /// When `moment` is, for a timer.
    pub fn instant(self, moment: Moment) -> Instant {
        self.start + Duration::from_micros(moment.mono_us)
    }
}
