//! Which errors end a stream.
//!
//! Law: pure. A late callback is heard and over, and a sound server that is asked too early fails for a moment. What fails
//! on and on, with no callback in between, has no device any more: cpal repeats it for ever.

use cpal::ErrorKind;

/// How long a stream may fail without a callback.
const FAILS_MAX_NS: u64 = 100_000_000;

/// The errors of one stream since its last callback.
#[derive(Default)]
pub struct Errors {
    /// Callbacks at the first of them, and when that was.
    first: Option<(u64, u64)>,
}

impl Errors {
    /// True when this error ends the stream that has called `callbacks` times up to `now_ns`.
    pub fn end_stream(&mut self, kind: ErrorKind, callbacks: u64, now_ns: u64) -> bool {
        if matches!(kind, ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated) {
            return true;
        }
        match self.first {
            Some((called, since_ns)) if called == callbacks => now_ns.saturating_sub(since_ns) >= FAILS_MAX_NS,
            Some(_) | None => {
                self.first = Some((callbacks, now_ns));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_not_available_ends_its_stream_at_once() {
        assert!(Errors::default().end_stream(ErrorKind::DeviceNotAvailable, 0, 0));
        assert!(Errors::default().end_stream(ErrorKind::StreamInvalidated, 0, 0));
    }

    #[test]
    fn a_stream_that_fails_for_100_ms_without_a_callback_has_ended() {
        let mut errors = Errors::default();
        assert!(!errors.end_stream(ErrorKind::BackendError, 7, 0));
        assert!(!errors.end_stream(ErrorKind::BackendError, 7, FAILS_MAX_NS - 1));
        assert!(errors.end_stream(ErrorKind::BackendError, 7, FAILS_MAX_NS));
    }

    #[test]
    fn a_stream_that_fails_and_calls_again_goes_on() {
        let mut errors = Errors::default();
        for callbacks in 0..100 {
            assert!(!errors.end_stream(ErrorKind::Xrun, callbacks, callbacks * FAILS_MAX_NS));
        }
    }
}
