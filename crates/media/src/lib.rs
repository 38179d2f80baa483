//! Frames in, frames out: what becomes of a sample between a device and an Opus packet, in both directions.
//!
//! Law: pure. No clock, thread, file or socket; time is an argument, in nanoseconds of one monotonic clock. What runs in
//! a device's callback ([`CaptureTap`], [`PlaybackMixer`]) never allocates, frees, locks or waits: `tests/realtime.rs`
//! holds that. All audio is 48 kHz mono `f32`.
//!
//! ```text
//! device ─► CaptureTap ─ring─► UplinkEncoder ─► packet      packet ─ring─► PlaybackMixer ─► device
//!            gate, meter        frames, Opus                                Stream: jitter buffer, Opus, concealment
//!                                                                           gains, tones, limiter, meters
//! ```

mod blend;
mod capture;
mod decoder_state;
mod gate;
mod level;
mod limiter;
mod message;
mod mixer;
mod queue;
mod ramp;
mod splice;
mod stream;
mod stream_stats;
mod tone;
mod voice_decoder;
mod watch;

pub use capture::{CaptureTap, EncodedPacket, UplinkConfig, UplinkEncoder, capture_pair};
pub use gate::Gate;
pub use level::{Level, SILENCE_DBFS};
pub use message::MessageDecoder;
pub use mixer::{PlaybackConfig, PlaybackControl, PlaybackMixer, PlaybackSender, VoicePacket, playback_pair};
pub use stream_stats::StreamStats;
pub use tone::Tone;

/// Samples in a second.
pub const RATE_HZ: u32 = 48_000;

/// Longest Opus packet that is taken, in bytes: 20 ms at 200 kbit/s.
pub const PAYLOAD_MAX: usize = 512;

/// Nanoseconds that `samples` last.
#[must_use]
pub fn samples_to_ns(samples: usize) -> u64 {
    u64::try_from(samples as u128 * 1_000_000 / 48).unwrap_or(u64::MAX)
}

/// Whole samples in `ns` nanoseconds.
#[must_use]
pub fn ns_to_samples(ns: u64) -> usize {
    usize::try_from(u128::from(ns) * 48 / 1_000_000).unwrap_or(usize::MAX)
}

/// What went wrong before any sound flowed.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// An uplink was asked for frames of a length that there is none of.
    #[error("an uplink cannot send frames of {0} ms; set 5, 10 or 20")]
    Frame(u32),
    /// libopus could not be set up.
    #[error("the speech codec could not be set up ({0}); the program is not built for this machine")]
    Codec(#[from] opus::Error),
    /// libopus could not set up a decoder.
    #[error("the speech decoder could not be set up (libopus error {0}); the program is not built for this machine")]
    Decoder(i32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_nanoseconds_turn_into_each_other_at_any_size() {
        assert_eq!((ns_to_samples(10_000_000), samples_to_ns(480)), (480, 10_000_000));
        assert_eq!(ns_to_samples(u64::MAX), 885_443_715_538_058);
        assert_eq!(samples_to_ns(usize::MAX), u64::MAX);
    }
}
