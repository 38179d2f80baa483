//! Shortens sound without a click: a whole number of its periods is left out.
//!
//! Law: what begins a piece stays its beginning, what ends it stays its end, so that its neighbours fit.

/// A sample below this is silence: −50 dBFS.
const SILENT: f32 = 0.003;

/// Steps of the first, coarse search, in samples.
const COARSE: usize = 4;

/// Whether all of it is silence.
pub fn is_silent(samples: &[f32]) -> bool {
    samples.iter().all(|sample| sample.abs() < SILENT)
}

/// Leaves out at most `most` samples where the sound repeats itself best; gives how many.
pub fn shorten(samples: &mut Vec<f32>, most: usize) -> usize {
    let overlap = samples.len() / 4;
    let longest = most.min(samples.len() - overlap);
    let shortest = samples.len() / 5;
    if overlap == 0 || shortest == 0 || longest < shortest {
        return 0;
    }
    let best = |lags: &mut dyn Iterator<Item = usize>, step: usize| {
        lags.map(|lag| (lag, likeness(samples, lag, overlap, step)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(shortest, |(lag, _)| lag)
    };
    let near = best(&mut (shortest..=longest).step_by(COARSE), 2);
    let lag = best(&mut (near.saturating_sub(COARSE).max(shortest)..=(near + COARSE).min(longest)), 1);
    for n in 0..overlap {
        let way = (n as f32 + 0.5) / overlap as f32;
        samples[lag + n] = samples[n] * (1.0 - way) + samples[lag + n] * way;
    }
    samples.copy_within(lag.., 0);
    samples.truncate(samples.len() - lag);
    lag
}

/// Correlation of the beginning with what stands `lag` later, from −1 to 1.
fn likeness(samples: &[f32], lag: usize, overlap: usize, step: usize) -> f32 {
    let (mut product, mut here, mut there) = (0.0, 1e-9, 1e-9);
    for n in (0..overlap).step_by(step) {
        let (a, b) = (samples[n], samples[lag + n]);
        product += a * b;
        here += a * a;
        there += b * b;
    }
    product / (here * there).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_periodic_sound_is_shortened_by_whole_periods() {
        let tone = |n: usize| 0.5 * (std::f32::consts::TAU * n as f32 / 200.0).sin();
        let mut samples: Vec<f32> = (0..960).map(tone).collect();
        let left_out = shorten(&mut samples, 700);
        assert_eq!(left_out % 200, 0, "{left_out} samples are whole periods");
        assert_eq!(samples.len(), 960 - left_out);
        assert!(samples.iter().enumerate().all(|(n, sample)| (sample - tone(n)).abs() < 0.01));
    }

    #[test]
    fn what_is_too_short_stays_as_it_is() {
        for length in [0, 1, 3, 100] {
            let mut samples = vec![0.1; length];
            assert_eq!((shorten(&mut samples, 10), samples.len()), (0, length));
        }
    }
}
