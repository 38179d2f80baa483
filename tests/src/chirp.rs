//! Chirps that are said and found again: the measure of mouth-to-ear and of clipping.
//!
//! A chirp sweeps from 500 Hz to 4 kHz in 20 ms: Opus carries it well, and its autocorrelation has one sharp peak, so
//! that its place is found to the sample.

use std::f64::consts::PI;

/// Samples in a second.
pub const RATE_HZ: f64 = 48_000.0;

/// Length of a chirp, in samples: 20 ms.
pub const CHIRP_SAMPLES: usize = 960;

/// One chirp at half of full scale, with soft edges of 1 ms.
#[must_use]
pub fn chirp() -> Vec<f32> {
    let seconds = CHIRP_SAMPLES as f64 / RATE_HZ;
    let (from_hz, to_hz) = (500.0, 4_000.0);
    (0..CHIRP_SAMPLES)
        .map(|n| {
            let t = n as f64 / RATE_HZ;
            let phase = 2.0 * PI * (from_hz * t + (to_hz - from_hz) * t * t / (2.0 * seconds));
            let edge = (n.min(CHIRP_SAMPLES - 1 - n) as f64 / 48.0).min(1.0);
            (0.5 * edge * phase.sin()) as f32
        })
        .collect()
}

/// A repeatable stream of numbers below one (Weyl sequence): phases that favour no alignment of frames and periods.
#[derive(Clone, Debug)]
pub struct Phases(f64);

impl Phases {
    /// Starts at `seed`.
    #[must_use]
    pub fn new(seed: f64) -> Self {
        Self(seed.fract())
    }
}

impl Iterator for Phases {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.0 = (self.0 + 0.618_033_988_749_895).fract();
        Some(self.0)
    }
}

/// Where in `heard` a chirp begins, as the lag with the highest normalised correlation, if that is at least `surely`.
#[must_use]
pub fn find(heard: &[f32], surely: f64) -> Option<usize> {
    let said = chirp();
    let said_energy: f64 = said.iter().map(|s| f64::from(*s).powi(2)).sum();
    let mut heard_energy: f64 = heard.iter().take(said.len()).map(|s| f64::from(*s).powi(2)).sum();
    let mut best = (surely, None);
    for lag in 0..=heard.len().checked_sub(said.len())? {
        let window = &heard[lag..lag + said.len()];
        if heard_energy > 1e-4 * said_energy {
            let product: f64 = window.iter().zip(&said).map(|(a, b)| f64::from(a * b)).sum();
            let likeness = product / (said_energy * heard_energy).sqrt();
            if likeness > best.0 {
                best = (likeness, Some(lag));
            }
        }
        if let Some(next) = heard.get(lag + said.len()) {
            heard_energy += f64::from(*next).powi(2) - f64::from(window[0]).powi(2);
        }
    }
    best.1
}

/// The value below which `share` (0 to 1) of the values lie; 0 for none.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chirp_is_found_where_it_was_put() {
        let mut heard = vec![0.001_f32; 10_000];
        heard.splice(3_217..3_217 + CHIRP_SAMPLES, chirp());
        assert_eq!(find(&heard, 0.7), Some(3_217));
    }

    #[test]
    fn no_chirp_is_found_in_noise_or_silence() {
        let noise: Vec<f32> = Phases::new(0.3).take(10_000).map(|p| (p - 0.5) as f32).collect();
        assert_eq!(find(&noise, 0.7), None);
        assert_eq!(find(&[0.0; 10_000], 0.7), None);
    }

    #[test]
    fn half_of_the_values_lie_below_the_median() {
        assert!((quantile(&[3.0, 1.0, 2.0], 0.5) - 2.0).abs() < f64::EPSILON);
    }
}
