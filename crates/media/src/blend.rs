//! Going over from made-up sound into what was said.

/// Made-up sound goes over into what was said within this many samples.
const SAMPLES: usize = 120;

/// What is left over of made-up sound: it would sound next if nothing came.
pub struct Blend(Vec<f32>);

impl Blend {
    pub fn new() -> Self {
        Self(Vec::with_capacity(SAMPLES))
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Samples that it has.
    pub fn known(&self) -> usize {
        self.0.len()
    }

    /// It has as many as it can use.
    pub fn is_full(&self) -> bool {
        self.0.len() == SAMPLES
    }

    /// Takes what follows on what it has, as far as it can be used.
    pub fn take(&mut self, samples: &[f32]) {
        let room = SAMPLES - self.0.len();
        self.0.extend(samples.iter().take(room));
    }

    /// What follows on what it has is silence.
    pub fn fill(&mut self) {
        self.0.resize(SAMPLES, 0.0);
    }

    /// Goes over into `said`, and is empty then.
    pub fn go_over(&mut self, said: &mut [f32]) {
        let length = self.0.len() as f32;
        for (n, (sample, old)) in said.iter_mut().zip(self.0.drain(..)).enumerate() {
            let way = (n as f32 + 0.5) / length;
            *sample = old * (1.0 - way) + *sample * way;
        }
    }
}
