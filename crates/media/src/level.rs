//! The level of a meter: written by a callback, read by whoever draws.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a meter shows when there is nothing, in decibels below full scale.
pub const SILENCE_DBFS: f32 = -90.0;

/// Samples that are compared at a time.
const LANES: usize = 8;

/// The highest peak since it was last read. Wait-free.
#[derive(Debug, Default)]
pub struct Level(AtomicU32);

impl Level {
    /// Takes a block of samples into account.
    pub fn take(&self, block: &[f32]) {
        // In lanes, so that the processor compares many samples at a time: every callback comes here, talk or not.
        let (whole, rest) = block.as_chunks::<LANES>();
        let mut peaks = [0.0_f32; LANES];
        for samples in whole {
            for (peak, sample) in peaks.iter_mut().zip(samples) {
                *peak = peak.max(sample.abs());
            }
        }
        let peak = peaks.iter().chain(rest).fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        // The bits of floats that are not negative have the order of their values.
        self.0.fetch_max(peak.to_bits(), Ordering::Relaxed);
    }

    /// The peak since the last call, in decibels below full scale, [`SILENCE_DBFS`] at least.
    #[must_use]
    pub fn read_dbfs(&self) -> f32 {
        let peak = f32::from_bits(self.0.swap(0, Ordering::Relaxed));
        if peak == 0.0 {
            return SILENCE_DBFS;
        }
        (20.0 * peak.max(1e-9).log10()).max(SILENCE_DBFS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_counts_wherever_it_is_in_a_block_of_any_length() {
        for length in [1, 7, 8, 9, 256, 257] {
            for at in [0, length / 2, length - 1] {
                let mut block = vec![0.1; length];
                block[at] = -0.5;
                let level = Level::default();
                level.take(&block);
                assert!((level.read_dbfs() + 6.02).abs() < 0.01, "{at} of {length}");
            }
        }
    }

    #[test]
    fn what_is_no_number_has_no_level() {
        let level = Level::default();
        level.take(&[f32::NAN; 9]);
        assert!((level.read_dbfs() - SILENCE_DBFS).abs() < f32::EPSILON);
    }

    #[test]
    fn a_level_is_the_peak_since_it_was_read() {
        let level = Level::default();
        level.take(&[0.1, -0.5, 0.2]);
        level.take(&[0.25]);
        assert!((level.read_dbfs() + 6.02).abs() < 0.01);
        assert!((level.read_dbfs() - SILENCE_DBFS).abs() < f32::EPSILON);
    }
}
