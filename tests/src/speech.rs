//! Speech for the tests: who says what, and whether an ear heard it.

use crate::compare;
use crate::wav;
use crate::world::World;
use std::path::{Path, PathBuf};

/// Somebody who speaks without end, each in a voice and with words of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// A counterparty.
    Calder,
    /// A counterparty.
    Fenmoor,
    /// A counterparty.
    Hallam,
    /// A counterparty.
    Tagus,
}

impl Voice {
    /// Everybody.
    pub const ALL: [Self; 4] = [Self::Calder, Self::Fenmoor, Self::Hallam, Self::Tagus];

    fn file(self) -> &'static str {
        match self {
            Self::Calder => "calder-offer.wav",
            Self::Fenmoor => "fenmoor-check.wav",
            Self::Hallam => "hallam-bid.wav",
            Self::Tagus => "tagus-bid.wav",
        }
    }

    /// The words once, 48 kHz mono.
    #[must_use]
    pub fn phrase(self) -> Vec<f32> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/voices").join(self.file());
        wav::read(&path).expect("the sample voices are in the repository")
    }

    /// A microphone that hears the words over and over for five minutes, with a breath between.
    #[must_use]
    pub fn babble(self, world: &World) -> PathBuf {
        let path = world.folder().join(format!("{self:?}.wav"));
        let mut once = self.phrase();
        once.extend(std::iter::repeat_n(0.0, wav::RATE_HZ as usize / 4));
        let times = 300 * wav::RATE_HZ as usize / once.len();
        wav::write(&path, &once.repeat(times)).expect("the test's own folder can be written");
        path
    }

    /// How surely `heard` contains these words: 0 for anything else, near 1 for a good copy.
    ///
    /// Each of the three loudest seconds is looked for; the best one counts, so that a hiccup of a busy machine in one of
    /// them does not turn words into other words. How good the sound is, the bench tells.
    #[must_use]
    pub fn likeness(self, heard: &[f32]) -> f64 {
        let phrase = self.phrase();
        let mut seconds: Vec<&[f32]> = phrase.chunks_exact(wav::RATE_HZ as usize).collect();
        seconds.sort_by(|a, b| energy(b).total_cmp(&energy(a)));
        seconds.iter().take(3).map(|said| compare::best_match(said, heard).correlation).fold(0.0, f64::max)
    }
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample).powi(2)).sum()
}

/// How long to listen to [`Voice::babble`], in seconds: so long that each second of the words is heard whole.
pub const WORDS_S: f64 = 6.5;

/// Loudest level that still counts as silence.
const SILENCE_DBFS: f64 = -50.0;

/// Asserts that `heard` holds the words of each of `voices`, and of nobody else; of nobody: that it is silent.
///
/// # Panics
/// It is not so: the test has failed.
pub fn hears_only(heard: &[f32], voices: &[Voice]) {
    let loudest_dbfs = wav::loudest_dbfs(heard);
    if voices.is_empty() {
        assert!(loudest_dbfs < SILENCE_DBFS, "silence was expected, but there is sound at {loudest_dbfs:.0} dBFS");
        return;
    }
    // Voices that sound together share the energy that likeness is measured against.
    let enough = 0.7 / (voices.len() as f64).sqrt();
    for voice in Voice::ALL {
        let likeness = voice.likeness(heard);
        if voices.contains(&voice) {
            assert!(
                likeness > enough,
                "{voice:?} was not heard: likeness {likeness:.2}, loudest {loudest_dbfs:.0} dBFS"
            );
        } else {
            assert!(likeness < 0.4, "{voice:?} was heard and should not be: likeness {likeness:.2}");
        }
    }
}
