//! Voices that are told apart by their pitch: each hums in a band of its own, so that in the sum of all of them the
//! first millisecond of each one is found.
//!
//! A hum glides as a sweep does, within its band and never the same way twice. Law: nothing of one band is heard in the
//! next one, but for less than half of the loudness in the milliseconds in which a neighbour begins.

use crate::chirp::{RATE_HZ, quantile};
use crate::sweep::{Onset, glide, pitches};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use std::f64::consts::PI;

/// Voices that there are.
pub const VOICES: usize = 12;

/// Middle of the lowest band, hertz.
const LOWEST_HZ: f64 = 400.0;

/// From one band's middle to the next one's, hertz.
const APART_HZ: f64 = 350.0;

/// How far from its middle a voice goes, hertz.
const REACH_HZ: f64 = 100.0;

/// Width of a band's edge, hertz.
const EDGE_HZ: f64 = 75.0;

/// Silence that keeps the end of a sound from its beginning where a transform joins the two: 100 ms.
const APART: usize = 4_800;

/// Samples that tell where in what was said one is: 120 ms.
const PART: usize = 5_760;

/// Likeness from which a part is surely found.
const SURE: f64 = 0.9;

/// Steps of the coarse search, and how far the fine one goes beyond it, in samples.
const COARSE: usize = 12;

fn middle_hz(voice: usize) -> f64 {
    LOWEST_HZ + APART_HZ * voice as f64
}

/// `samples` of voice number `voice` (below [`VOICES`]) at this loudness (0 to 1).
#[must_use]
pub fn hum(voice: usize, samples: usize, loudness: f64) -> Vec<f32> {
    let pitches = pitches(voice as u64).map(|part| middle_hz(voice) + REACH_HZ * (2.0 * part - 1.0));
    glide(middle_hz(voice), pitches, samples, loudness)
}

/// What of `sound` is in the band of a voice, as the analytic signal: its magnitude is how loud the voice is.
fn band(sound: &[f32], voice: usize) -> Vec<Complex<f32>> {
    let mut all: Vec<Complex<f32>> = sound.iter().map(|sample| Complex::new(*sample, 0.0)).collect();
    all.resize(sound.len() + APART, Complex::default());
    let (length, mut planner) = (all.len(), FftPlanner::new());
    planner.plan_fft_forward(length).process(&mut all);
    for (bin, value) in all.iter_mut().enumerate() {
        let off_hz = (bin as f64 * RATE_HZ / length as f64 - middle_hz(voice)).abs();
        let beyond = ((off_hz - REACH_HZ) / EDGE_HZ).clamp(0.0, 1.0);
        // Twice, since the half with the negative frequencies goes.
        *value *= ((1.0 + (PI * beyond).cos()) / length as f64) as f32;
    }
    planner.plan_fft_inverse(length).process(&mut all);
    all.truncate(sound.len());
    all
}

fn energy(part: &[Complex<f32>], step: usize) -> f64 {
    part.iter().step_by(step).map(|value| f64::from(value.norm_sqr())).sum()
}

/// How alike two stretches are, and how alike in phase too; every `step`th sample is looked at.
fn likeness(one: &[Complex<f32>], other: &[Complex<f32>], step: usize) -> (f64, f64) {
    let product: Complex<f32> = one.iter().zip(other).step_by(step).map(|(a, b)| a * b.conj()).sum();
    let norm = (energy(one, step) * energy(other, step)).sqrt().max(1e-9);
    (f64::from(product.norm()) / norm, f64::from(product.re) / norm)
}

/// Where in `said` the stretch `part` is among the places from `from` to `to`, and how alike the two are there.
fn place(part: &[Complex<f32>], said: &[Complex<f32>], from: usize, to: usize) -> Option<(usize, f64)> {
    let at = |lag: usize, step| said.get(lag..lag + part.len()).map(|stretch| likeness(part, stretch, step));
    let coarse = (from..=to).step_by(COARSE).filter_map(|lag| Some((lag, at(lag, 8)?.0)));
    let (near, alike) = coarse.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let fine = (near.saturating_sub(2 * COARSE)..=near + 2 * COARSE).filter_map(|lag| Some((lag, at(lag, 2)?.1)));
    Some((fine.max_by(|a, b| a.1.total_cmp(&b.1))?.0, alike))
}

/// Finds the beginning of voice `voice` in `heard`, the sum of several, in which it is silent at first; none when it is
/// not there. What it said at sample `now` of `said` would be heard at sample 0 if sound took no time; it takes at most
/// `delay_max` samples.
#[must_use]
pub fn onset(heard: &[f32], said: &[f32], voice: usize, now: usize, delay_max: usize) -> Option<Onset> {
    let from = now.saturating_sub(delay_max);
    let until = (now + heard.len()).min(said.len());
    let (heard, said) = (band(heard, voice), band(said.get(from..until)?, voice));
    let loud: Vec<f64> = heard.iter().step_by(8).map(|value| f64::from(value.norm())).collect();
    // A talk that is heard for the last quarter at least.
    let usual = quantile(&loud, 0.8);
    if usual < 1e-3 {
        return None;
    }
    // The band's filter makes a slope of a few milliseconds of what was sudden; its middle is where it was.
    let heard_from = heard.iter().position(|value| f64::from(value.norm()) > 0.5 * usual)?;
    // Where a loss is concealed right after the beginning, the sound behind it tells.
    (1..40).map(|step| 240 * step).find_map(|skip| {
        let part = heard.get(heard_from + skip..heard_from + skip + PART)?;
        let newest = now - from + heard_from + skip;
        let (at, alike) = place(part, &said, newest.saturating_sub(delay_max), newest)?;
        (alike > SURE).then(|| Onset { heard_from, said_from: (at + from).saturating_sub(skip) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All twelve, of which each is heard from its own sample on: the first column what is missing, the second its delay.
    fn mixed(clips: impl Fn(usize) -> (usize, usize)) -> (Vec<Vec<f32>>, Vec<f32>) {
        let said: Vec<Vec<f32>> = (0..VOICES).map(|voice| hum(voice, 96_000, 0.07)).collect();
        let mut heard = vec![0.0; 48_000];
        for (voice, sound) in said.iter().enumerate() {
            let (missing, delay) = clips(voice);
            for n in missing + delay..heard.len() {
                heard[n] += sound[24_000 + n - delay];
            }
        }
        (said, heard)
    }

    #[test]
    fn what_is_missing_of_each_of_twelve_is_found_to_the_millisecond() {
        let clips = |voice: usize| ([0, 0, 480, 0, 6_240, 100, 0, 0, 960, 0, 2_000, 0][voice], 1_300 + 37 * voice);
        let (said, heard) = mixed(clips);
        for (voice, sound) in said.iter().enumerate() {
            let (missing, delay) = clips(voice);
            let onset = onset(&heard, sound, voice, 24_000, 14_400).expect("it is there");
            assert!(onset.heard_from.abs_diff(missing + delay) < 60, "{voice}: {onset:?}");
            assert!(onset.said_from.abs_diff(24_000 + missing) < 60, "{voice}: {onset:?}");
        }
    }

    #[test]
    fn no_part_of_a_hum_is_taken_for_another_one() {
        for voice in 0..VOICES {
            let said = band(&hum(voice, 96_000, 0.07), voice);
            for now in (24_000..90_000).step_by(6_000) {
                let elsewhere = place(&said[now..now + PART], &said, now - 19_200, now - PART / 2);
                let (_, alike) = elsewhere.expect("there is room to look");
                assert!(alike < SURE, "{voice} at {now} is like what it was before by {alike}");
            }
        }
    }

    #[test]
    fn a_voice_that_is_silent_among_eleven_is_not_found() {
        let (said, heard) = mixed(|voice| if voice == 5 { (48_000, 0) } else { (0, 1_300) });
        assert_eq!(onset(&heard, &said[5], 5, 24_000, 14_400), None);
    }
}
