//! Was this what was said? Normalised cross-correlation of heard sound against said sound.
//!
//! Law: silence, noise and other speech score low at every lag; loudness does not matter. Both are 48 kHz mono.

use rustfft::{FftPlanner, num_complex::Complex};

const RATE_HZ: f64 = 48_000.0;

/// Power below which a stretch of heard sound counts as silence (−70 dBFS).
const SILENT_POWER: f64 = 1e-7;

/// Where, and how well, heard sound matches said sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// 0 for nothing alike, 1 for an exact copy at any loudness and either polarity.
    pub correlation: f64,
    /// How much later than in `said` it begins in `heard`, in milliseconds.
    pub lag_ms: f64,
}

/// The place in `heard` that is most like the whole of `said`.
#[must_use]
pub fn best_match(said: &[f32], heard: &[f32]) -> Match {
    let nothing = Match { correlation: 0.0, lag_ms: 0.0 };
    let said_energy = energy(said);
    if said.is_empty() || heard.len() < said.len() || said_energy <= SILENT_POWER * said.len() as f64 {
        return nothing;
    }
    let products = correlate(said, heard);
    let floor = SILENT_POWER * said.len() as f64;
    let mut window = energy(&heard[..said.len()]);
    let mut best = nothing;
    for (lag, product) in products.iter().take(heard.len() - said.len() + 1).enumerate() {
        if window > floor {
            let correlation = (product.abs() / (said_energy * window).sqrt()).min(1.0);
            if correlation > best.correlation {
                best = Match { correlation, lag_ms: lag as f64 * 1_000.0 / RATE_HZ };
            }
        }
        if let Some(next) = heard.get(lag + said.len()) {
            window += f64::from(*next).powi(2) - f64::from(heard[lag]).powi(2);
        }
    }
    best
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample).powi(2)).sum()
}

/// The sum of products at every lag from 0.
fn correlate(said: &[f32], heard: &[f32]) -> Vec<f64> {
    let size = (said.len() + heard.len()).next_power_of_two();
    let mut planner = FftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(size);
    let spectrum = |samples: &[f32]| {
        let mut bins: Vec<Complex<f64>> = samples.iter().map(|sample| Complex::new(f64::from(*sample), 0.0)).collect();
        bins.resize(size, Complex::new(0.0, 0.0));
        forward.process(&mut bins);
        bins
    };
    let said = spectrum(said);
    let mut product: Vec<Complex<f64>> = spectrum(heard).iter().zip(&said).map(|(a, b)| a * b.conj()).collect();
    planner.plan_fft_inverse(size).process(&mut product);
    product.iter().map(|bin| bin.re / size as f64).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn voice(name: &str) -> Vec<f32> {
        let path = format!("{}/../assets/voices/{name}.wav", env!("CARGO_MANIFEST_DIR"));
        hound::WavReader::open(path).unwrap().samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect()
    }

    fn noise(samples: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        (0..samples).map(|_| next()).collect()
    }

    #[test]
    fn the_same_words_later_and_quieter_are_found_where_they_are() {
        let said = voice("tagus-bid");
        let mut heard = vec![0.0; 4_800];
        heard.extend(said.iter().map(|sample| sample * 0.1));
        let found = best_match(&said, &heard);
        assert!(found.correlation > 0.99 && (found.lag_ms - 100.0).abs() < 0.05, "{found:?}");
    }

    #[test]
    fn silence_is_not_the_words() {
        let said = voice("tagus-bid");
        assert_eq!(best_match(&said, &vec![0.0; said.len() * 2]).correlation, 0.0);
    }

    #[test]
    fn noise_is_not_the_words() {
        let said = voice("tagus-bid");
        let found = best_match(&said, &noise(said.len() * 2));
        assert!(found.correlation < 0.2, "{found:?}");
    }

    #[test]
    fn other_words_are_not_the_words() {
        let said = voice("tagus-bid")[..96_000].to_vec();
        let found = best_match(&said, &voice("wexcombe-market"));
        assert!(found.correlation < 0.4, "{found:?}");
    }
}
