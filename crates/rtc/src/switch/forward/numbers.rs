//! The numbers of one uplink's packets, and how a voice goes on by another microphone.
//!
//! ```text
//! Numbered ─its connection is new─► numbered anew, above all before
//!     └─ another microphone has carried the voice until now ─► goes on where that one ended
//! ```
//!
//! Law: for who hears and for who records a voice has one count and one time, whichever microphone it comes by.

use std::time::{Duration, Instant};

/// Samples of a millisecond.
const SAMPLES_MS: u32 = 48;

/// A voice whose next packet comes no later than this after its turn has not paused.
const LATE_MAX: u32 = 20 * SAMPLES_MS;

/// Unwraps a counter of RTP: the value nearest to the last one.
///
/// Law: what it gives after [`Self::begin_anew`] is above all that it gave before: a track that stays open would take
/// anything below for a late packet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unwrapped {
    last: Option<u64>,
    /// All that was given before the numbering began anew is below.
    above: u64,
    /// What is added, since it goes on where another one ended.
    shift: u64,
}

impl Unwrapped {
    /// `value` of `bits` bits, unwrapped; starts in the second lap so that an early straggler is not below zero.
    pub fn take(&mut self, value: u64, bits: u32) -> u64 {
        self.unwrap(value, bits).wrapping_add(self.shift)
    }

    fn unwrap(&mut self, value: u64, bits: u32) -> u64 {
        let lap = 1_u64 << bits;
        let Some(last) = self.last else {
            let first = self.above + lap + value;
            self.last = Some(first);
            return first;
        };
        let ahead = value.wrapping_sub(last) & (lap - 1);
        let full = if ahead < lap / 2 { last + ahead } else { last.saturating_sub(lap - ahead) };
        self.last = Some(last.max(full));
        full
    }

    /// The sender numbers from anywhere from now on.
    pub fn begin_anew(&mut self) {
        let given = self.last.take().map(|last| last.wrapping_add(self.shift) + 1);
        (self.above, self.shift) = (given.unwrap_or(self.above), 0);
    }

    /// `value` is `next` from now on.
    fn go_on_at(&mut self, value: u64, bits: u32, next: u64) {
        self.shift = next.wrapping_sub(self.unwrap(value, bits));
    }
}

/// Where a voice has come to: its newest packet that was passed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub seq: u64,
    pub rtp_ts: u64,
    /// How long that packet is, in samples at 48 kHz.
    pub samples: u32,
    pub arrived: Instant,
}

impl End {
    /// A packet that came at `arrived` says what comes after it, not what was said by the other microphone already.
    pub fn is_before(&self, arrived: Instant) -> bool {
        arrived >= self.arrived + time(self.samples) / 2
    }
}

/// The numbers of one uplink.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    seq: Unwrapped,
    rtp_ts: Unwrapped,
    /// The voice goes on here with the next packet.
    goes_on: Option<End>,
    /// What is below was said before the voice went on here.
    least: u64,
    end: Option<End>,
}

impl Numbers {
    /// Number and time of a packet; none of one that was said before its voice went on here.
    pub fn take(&mut self, (seq, rtp_ts): (u16, u32), payload: &[u8], arrived: Instant) -> Option<(u64, u64)> {
        if let Some(end) = self.goes_on.take() {
            let passed = arrived.saturating_duration_since(end.arrived).as_micros() * u128::from(SAMPLES_MS) / 1_000;
            let passed = u32::try_from(passed).unwrap_or(u32::MAX);
            // A pause of the voice stays one; a packet that the network kept for a moment makes none.
            let step = if passed <= end.samples + LATE_MAX { end.samples } else { passed };
            self.least = end.seq + 1;
            self.seq.go_on_at(u64::from(seq), 16, end.seq + 1);
            self.rtp_ts.go_on_at(u64::from(rtp_ts), 32, end.rtp_ts + u64::from(step));
        }
        let (seq, rtp_ts) = (self.seq.take(u64::from(seq), 16), self.rtp_ts.take(u64::from(rtp_ts), 32));
        if seq < self.least {
            return None;
        }
        if self.end.is_none_or(|end| end.seq < seq) {
            self.end = Some(End { seq, rtp_ts, samples: samples(payload), arrived });
        }
        Some((seq, rtp_ts))
    }

    /// Where the voice has come to.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The next packet goes on where another microphone has ended.
    pub fn go_on(&mut self, end: End) {
        self.goes_on = Some(end);
    }

    /// The connection is new: the sender numbers from anywhere.
    pub fn begin_anew(&mut self) {
        self.seq.begin_anew();
        self.rtp_ts.begin_anew();
        (self.goes_on, self.least, self.end) = (None, 0, None);
    }
}

/// How long so many samples at 48 kHz last.
pub(super) fn time(samples: u32) -> Duration {
    Duration::from_micros(u64::from(samples) * 1_000 / u64::from(SAMPLES_MS))
}

/// How long an Opus packet is, in samples at 48 kHz (RFC 6716 section 3.1).
pub(super) fn samples(payload: &[u8]) -> u32 {
    let Some(toc) = payload.first() else { return 0 };
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..=15 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(payload.get(1).map_or(0, |count| count & 0x3f)),
    };
    (frame * frames).min(120 * SAMPLES_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_says_how_long_it_is() {
        assert_eq!(samples(&[0xf8, 1]), 960);
        assert_eq!(samples(&[0xf0, 1]), 480);
        assert_eq!(samples(&[0x48, 1]), 960, "SILK of 20 ms");
        assert_eq!(samples(&[0xf3, 3]), 1_440, "three frames of 10 ms");
        assert_eq!(samples(&[]), 0);
    }

    #[test]
    fn a_count_that_begins_anew_is_above_all_that_it_gave_after_it_went_on() {
        let mut count = Unwrapped::default();
        count.take(5, 16);
        count.go_on_at(6, 16, 1_000_000);
        assert_eq!(count.take(7, 16), 1_000_001);
        count.begin_anew();
        assert!(count.take(0, 16) > 1_000_001);
    }
}
