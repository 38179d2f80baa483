//! The level of a meter: written by a callback, read by whoever draws.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a meter shows when there is nothing, in decibels below full scale.
pub const SILENCE_DBFS: f32 = -90.0;

/// The highest peak since it was last read. Wait-free.
#[derive(Debug, Default)]
pub struct Level(AtomicU32);

impl Level {
    /// Takes a block of samples into account.
    pub fn take(&self, block: &[f32]) {
        let peak = block.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        // The bits of floats that are not negative have the order of their values.
        self.0.fetch_max(peak.to_bits(), Ordering::Relaxed);
    }

    /// The peak since the last call, in decibels below full scale, [`SILENCE_DBFS`] at least.
    #[must_use]
    pub fn read_dbfs(&self) -> f32 {
        let peak = f32::from_bits(self.0.swap(0, Ordering::Relaxed));
        (20.0 * peak.max(1e-9).log10()).max(SILENCE_DBFS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_the_peak_since_it_was_read() {
        let level = Level::default();
        level.take(&[0.1, -0.5, 0.2]);
        level.take(&[0.25]);
        assert!((level.read_dbfs() + 6.02).abs() < 0.01);
        assert!((level.read_dbfs() - SILENCE_DBFS).abs() < f32::EPSILON);
    }
}
