//! The last thing before a device: no sample leaves full scale, and loud sums are bent, not cut.

/// Below this nothing is changed.
const KNEE: f32 = 0.8;

/// Bends what is above the knee towards full scale; what is not a number becomes silence.
pub fn limit(block: &mut [f32]) {
    for sample in block {
        let size = sample.abs();
        if !size.is_finite() {
            *sample = 0.0;
        } else if size > KNEE {
            let over = (size - KNEE) / (1.0 - KNEE);
            *sample = sample.signum() * (KNEE + (1.0 - KNEE) * over.tanh());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_full_scale_and_speech_level_is_untouched() {
        let mut block = [0.5, -0.79, 4.0, -40.0, f32::NAN, f32::INFINITY];
        limit(&mut block);
        assert_eq!(block[..2], [0.5, -0.79]);
        assert!(block.iter().all(|sample| sample.abs() <= 1.0));
    }
}
