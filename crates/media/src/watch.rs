//! How much sooner a stream could be played: the evidence of the last seconds.
//!
//! A device asks for a block at a time, so a packet counts as there when the callback starts in which its first sample
//! is due. Law: *spare* is by how much a packet could have been due sooner and still be there, with a margin, when that
//! callback starts; what is safe is the least spare of all packets in the window.

/// Parts of the window.
const PARTS: usize = 16;

/// Length of a part: the window is 8 s.
const PART_NS: u64 = 500_000_000;

/// Evidence before a small spare is believed.
const SETTLED_NS: u64 = 2_000_000_000;

/// Evidence before a large spare is believed: an early burst plays late and is to be made good soon.
const LARGE_SETTLED_NS: u64 = 250_000_000;

/// A large spare: 30 ms.
pub const LARGE_SAMPLES: i64 = 1_440;

/// A spare that is not worth a cut: 1 ms.
const WORTH_SAMPLES: i64 = 48;

/// Margin that a cut leaves to every packet: 2 ms.
const MARGIN_SAMPLES: i64 = 96;

/// Margin below which silence is stretched before a packet comes too late: 0.5 ms.
const LOW_SAMPLES: i64 = 24;

/// Longest time without cuts after a packet that came too late.
const PATIENCE_MAX_NS: u64 = 64_000_000_000;

/// The window of one stream.
pub struct Watch {
    parts: [Option<Spare>; PARTS],
    part: usize,
    part_from_ns: u64,
    since_ns: u64,
    patience_ns: u64,
    has_cut: bool,
    /// Nothing has come too late since the talk began.
    is_fresh: bool,
}

/// What could be cut, and what is left above the low mark, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spare {
    cut: i64,
    low: i64,
}

impl Watch {
    pub fn new() -> Self {
        Self {
            parts: [None; PARTS],
            part: 0,
            part_from_ns: 0,
            since_ns: 0,
            patience_ns: SETTLED_NS,
            has_cut: false,
            is_fresh: true,
        }
    }

    /// Forgets all evidence: the next packet begins a talk.
    pub fn clear(&mut self, now_ns: u64) {
        self.parts = [None; PARTS];
        self.part_from_ns = now_ns;
        self.since_ns = now_ns;
        self.is_fresh = true;
    }

    /// Takes note of a packet that arrived `slack` samples before the callback of `block` samples in which it is due at
    /// offset `from`.
    pub fn note(&mut self, slack: i64, from: usize, block: usize, now_ns: u64) {
        while now_ns.saturating_sub(self.part_from_ns) >= PART_NS {
            self.part = (self.part + 1) % PARTS;
            self.parts[self.part] = None;
            self.part_from_ns += PART_NS;
            if now_ns.saturating_sub(self.part_from_ns) >= PART_NS * PARTS as u64 {
                self.parts = [None; PARTS];
                self.part_from_ns = now_ns;
            }
        }
        let (from, block) = (from as i64, block.max(1) as i64);
        let spare = |margin: i64| from + (slack - margin).div_euclid(block) * block;
        let new = Spare { cut: spare(MARGIN_SAMPLES), low: spare(LOW_SAMPLES) };
        let least = self.parts[self.part].unwrap_or(new);
        self.parts[self.part] = Some(Spare { cut: least.cut.min(new.cut), low: least.low.min(new.low) });
    }

    /// The stream is from now on heard `samples` later; sooner if negative.
    pub fn shift(&mut self, samples: i64) {
        for spare in self.parts.iter_mut().flatten() {
            spare.cut += samples;
            spare.low += samples;
        }
        self.has_cut |= samples < 0;
    }

    /// A packet came too late: no cut for a while, for longer when it was a cut that has done it.
    pub fn late(&mut self, now_ns: u64) {
        if std::mem::take(&mut self.has_cut) {
            self.patience_ns = (self.patience_ns * 2).min(PATIENCE_MAX_NS);
        }
        self.since_ns = now_ns;
        self.is_fresh = false;
    }

    /// Samples by which the stream may come closer to now.
    pub fn cut_samples(&self, now_ns: u64) -> usize {
        let Some(least) = self.parts.iter().flatten().map(|spare| spare.cut).min() else { return 0 };
        let age_ns = now_ns.saturating_sub(self.since_ns);
        let believed =
            age_ns >= self.patience_ns || (self.is_fresh && least > LARGE_SAMPLES && age_ns >= LARGE_SETTLED_NS);
        if believed && least > WORTH_SAMPLES { least as usize } else { 0 }
    }

    /// Samples by which silence is to be stretched before a packet comes too late.
    pub fn stretch_samples(&self) -> usize {
        let least = self.parts.iter().flatten().map(|spare| spare.low).min().unwrap_or(0);
        usize::try_from(-least).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_measured_against_the_start_of_its_callback() {
        let mut watch = Watch::new();
        watch.clear(0);
        // It arrived 300 samples before the callback, and its first sample is due 100 samples into it.
        watch.note(300, 100, 256, 1_000_000);
        assert_eq!(watch.cut_samples(2_000_000_000), 100, "100 sooner is the same callback; 101 the one before");
        watch.note(360, 70, 256, 2_000_000);
        assert_eq!(watch.cut_samples(2_000_000_000), 100, "326 are spared by the other one");
    }

    #[test]
    fn cuts_wait_for_evidence_and_longer_when_they_have_done_harm() {
        let mut watch = Watch::new();
        watch.clear(0);
        watch.note(600, 0, 256, 1);
        assert_eq!((watch.cut_samples(1_999_999_999), watch.cut_samples(2_000_000_000)), (0, 256));
        watch.shift(-256);
        watch.late(2_000_000_000);
        watch.shift(256);
        assert_eq!((watch.cut_samples(5_999_999_999), watch.cut_samples(6_000_000_000)), (0, 256));
    }
}
