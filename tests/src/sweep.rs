//! Sound without a pause that never repeats itself: what is missing at the start of a talk is read off what arrived.
//!
//! A sweep glides from pitch to pitch at one loudness, 20 ms each, in an order of its own for each seed. Twenty
//! milliseconds of it are found among others, and the first that arrive tell how much is missing before them.

use crate::chirp::RATE_HZ;
use std::f64::consts::TAU;

/// Samples that one glide lasts: 20 ms.
const GLIDE: usize = 960;

/// Samples in a millisecond.
const MS: usize = 48;

/// `samples` of sweep number `seed` at this loudness (0 to 1).
#[must_use]
pub fn sweep(seed: u32, samples: usize, loudness: f64) -> Vec<f32> {
    let pitches = pitches(seed.into()).map(|part| 450.0 + 3_000.0 * part);
    glide(1_000.0, pitches, samples, loudness)
}

/// Numbers from 0 to 1 without any pattern, the same for the same seed.
pub fn pitches(seed: u64) -> impl Iterator<Item = f64> {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(move || random.f64())
}

/// `samples` at this loudness that glide from `from_hz` to each of `pitches` in turn, 20 ms each, without a step of phase.
#[must_use]
pub fn glide(mut from_hz: f64, mut pitches: impl Iterator<Item = f64>, samples: usize, loudness: f64) -> Vec<f32> {
    let mut phase = 0.0;
    let mut sound = Vec::with_capacity(samples + GLIDE);
    while sound.len() < samples {
        let to_hz = pitches.next().unwrap_or(from_hz);
        for n in 0..GLIDE {
            let hz = from_hz + (to_hz - from_hz) * n as f64 / GLIDE as f64;
            phase = (phase + TAU * hz / RATE_HZ) % TAU;
            sound.push((loudness * phase.sin()) as f32);
        }
        from_hz = to_hz;
    }
    sound.truncate(samples);
    sound
}

/// How alike two stretches of the same length are, −1 to 1.
#[must_use]
pub fn likeness(one: &[f32], other: &[f32]) -> f64 {
    let product: f64 = one.iter().zip(other).map(|(a, b)| f64::from(a * b)).sum();
    let energy = |sound: &[f32]| sound.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    let norm = (energy(one) * energy(other)).sqrt();
    if norm > 1e-9 { product / norm } else { 0.0 }
}

/// Where in `sound` the stretch `part` is, among the lags from `from` to `to`, and how alike the two are there.
#[must_use]
pub fn place(part: &[f32], sound: &[f32], from: usize, to: usize) -> (usize, f64) {
    let last = to.min(sound.len().saturating_sub(part.len()));
    let all = (from..=last).map(|lag| (lag, likeness(part, &sound[lag..lag + part.len()])));
    all.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((from, 0.0))
}

/// How a talk began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onset {
    /// Sample of what was heard at which the talk is first heard.
    pub heard_from: usize,
    /// Sample of what was said that is heard first.
    pub said_from: usize,
}

/// Finds the beginning of `said` in `heard`, which is silent before it; none when it is not there. What was said at sample
/// `now` would be heard at sample 0 if sound took no time; it takes at most `delay_max` samples.
#[must_use]
pub fn onset(heard: &[f32], said: &[f32], now: usize, delay_max: usize) -> Option<Onset> {
    let loudness = |at: usize| heard[at..at + MS].iter().map(|s| s * s).sum::<f32>();
    let last = heard.len().checked_sub(50 * MS)?;
    let usual = (0..last).map(loudness).fold(0.0, f32::max);
    if usual < 1e-4 {
        return None;
    }
    // A tenth of the usual amplitude: the codec fades in within two milliseconds.
    let heard_from = (0..last).find(|at| loudness(*at) > 0.01 * usual)?;
    // Where a loss is concealed right after the beginning, the sound behind it tells.
    (1..20).map(|step| 5 * MS * step).find_map(|skip| {
        let part = heard.get(heard_from + skip..heard_from + skip + 40 * MS)?;
        let newest = now + heard_from + skip;
        let (at, alike) = place(part, said, newest.saturating_sub(delay_max), newest);
        (alike > 0.6).then(|| Onset { heard_from, said_from: at.saturating_sub(skip) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_onset_is_found_to_the_millisecond() {
        let said = sweep(0, 48_000, 0.3);
        let mut heard = vec![0.0; 7_000];
        heard.extend(&said[3_000..24_000]);
        let onset = onset(&heard, &said, 0, 9_600).expect("it is there");
        assert!(onset.heard_from.abs_diff(7_000) < MS, "{onset:?}");
        assert!((onset.said_from + 7_000).abs_diff(onset.heard_from + 3_000) < 3, "{onset:?}");
    }

    #[test]
    fn one_sweep_is_found_among_twelve_and_an_absent_one_is_not() {
        let all: Vec<Vec<f32>> = (0..13).map(|seed| sweep(seed, 24_000, 0.08)).collect();
        let mixed: Vec<f32> = (0..24_000).map(|n| all[..12].iter().map(|sound| sound[n]).sum()).collect();
        for present in &all[..12] {
            let (at, alike) = place(&present[4_800..14_400], &mixed, 4_000, 6_000);
            assert!(at.abs_diff(4_800) < 3, "{at}");
            assert!(alike > 0.15, "{alike}");
        }
        let (_, alike) = place(&all[12][4_800..14_400], &mixed, 4_000, 6_000);
        assert!(alike < 0.12, "{alike}");
    }

    #[test]
    fn silence_has_no_onset() {
        assert_eq!(onset(&[0.0; 20_000], &sweep(0, 20_000, 0.3), 0, 9_600), None);
    }
}
