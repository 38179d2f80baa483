//! A gain that moves to where it is wanted without a click.

/// The whole way from silent to as received takes 10 ms.
const STEP: f32 = 1.0 / 480.0;

/// Loudest gain.
const GAIN_MAX: f32 = 2.0;

/// A gain on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    now: f32,
    target: f32,
}

impl Ramp {
    /// A gain that stands.
    pub fn at(gain: f32) -> Self {
        Self { now: gain, target: gain }
    }

    /// Sets where it goes, within 0 and 2; what is not a number changes nothing.
    pub fn aim(&mut self, gain: f32) {
        if gain.is_finite() {
            self.target = gain.clamp(0.0, GAIN_MAX);
        }
    }

    /// The gain of the next sample.
    pub fn step(&mut self) -> f32 {
        self.now += (self.target - self.now).clamp(-STEP, STEP);
        self.now
    }

    /// Goes on by as many samples.
    pub fn pass(&mut self, samples: usize) {
        let way = STEP * samples as f32;
        self.now += (self.target - self.now).clamp(-way, way);
    }

    /// Whether it is where it goes.
    pub fn stands(self) -> bool {
        self.now.to_bits() == self.target.to_bits()
    }

    /// The present gain.
    pub fn now(self) -> f32 {
        self.now
    }

    /// Where it goes.
    pub fn target(self) -> f32 {
        self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_takes_ten_milliseconds_from_silent_to_full_and_no_step_is_larger_than_another() {
        let mut ramp = Ramp::at(0.0);
        ramp.aim(1.0);
        let gains: Vec<f32> = (0..500).map(|_| ramp.step()).collect();
        assert!(gains.windows(2).all(|pair| pair[1] - pair[0] < STEP * 1.01));
        assert!(gains[470] < 1.0 && (gains[481] - 1.0).abs() < 1e-5);
        let mut passed = Ramp::at(0.0);
        passed.aim(1.0);
        passed.pass(240);
        assert!((passed.now() - gains[239]).abs() < 1e-4);
    }

    #[test]
    fn a_gain_that_has_come_to_its_target_stands() {
        let mut ramp = Ramp::at(0.1);
        for target in [1.0, 0.3, 2.0, 0.0, 0.7] {
            ramp.aim(target);
            assert!(!ramp.stands());
            (0..10).for_each(|_| ramp.pass(256));
            assert!(ramp.stands(), "{target}");
        }
    }

    #[test]
    fn a_gain_that_is_no_number_is_not_taken() {
        let mut ramp = Ramp::at(1.0);
        for gain in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            ramp.aim(gain);
        }
        assert_eq!(ramp, Ramp::at(1.0));
    }
}
