//! Twelve who key in the same instant towards one turret that has heard nobody yet: who is heard, and from when on.
//!
//! Each hums in a band of its own, so that each one's first millisecond is found in the sum.

use crate::choir::{self, VOICES, hum};
use crate::desk::Desk;
use crate::world::World;
use anyhow::Result;
use dealerboard_model::Position;
use dealerboard_turret::monotonic_ns;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::Handle;

/// The floor where all thirteen hear the hoot.
pub const FLOOR: &str = "thirteen";

/// The floor where only one does, so that a slow machine has less to do.
pub const QUIET_FLOOR: &str = "twelve-and-one";

const HOOT: &str = "shout";

const TALKERS: [&str; VOICES] =
    ["adler", "bowen", "cairns", "dunne", "eaton", "farrow", "greer", "hollis", "irving", "jarvis", "kerr", "lomax"];

const HEARER: &str = "moss";

/// Longest way from mouth to ear that is looked for: 400 ms.
const DELAY_MAX: usize = 19_200;

/// How long a key is down before what was heard is looked at: 1.2 s.
const HEARD: usize = 57_600;

/// Twelve who have begun to speak, and one who hears them.
pub struct Crowd {
    /// Who talks.
    pub talkers: Vec<Desk>,
    /// Who hears.
    pub hearer: Desk,
}

/// How the talks of a crowd began.
#[derive(Clone, Debug)]
pub struct Beginnings {
    /// Talks that reached the hearer.
    pub streams: usize,
    /// Packets that came to the hearer too late or never.
    pub missed: u64,
    /// What is missing of each talk, milliseconds; none where nothing of it is found in the sound.
    pub clipped_ms: Vec<Option<f64>>,
    /// From mouth to ear at the beginning of each talk that was found, milliseconds.
    pub delays_ms: Vec<f64>,
    /// From the first key to the last, milliseconds.
    pub keys_within_ms: f64,
}

impl Crowd {
    /// Seats all thirteen, with devices of `period` samples.
    ///
    /// # Errors
    /// A turret does not come up.
    pub fn sit(world: &World, runtime: &Handle, period: usize) -> Result<Self> {
        let talkers = TALKERS.iter().map(|user| Desk::sit(world, runtime, user, period)).collect::<Result<_>>()?;
        Ok(Self { talkers, hearer: Desk::sit(world, runtime, HEARER, period)? })
    }

    /// All key in the same instant, while they speak. `meanwhile` is called when the keys are down, with the time of the
    /// first; then they let go.
    ///
    /// # Errors
    /// An ear stops, or `meanwhile` fails.
    pub fn talk<T>(&self, meanwhile: impl FnOnce(u64) -> Result<T>) -> Result<(Beginnings, T)> {
        let begin_ns = monotonic_ns() + 200_000_000;
        let said: Vec<Arc<[f32]>> = (0..VOICES).map(|voice| hum(voice, 5 * 48_000, 0.07).into()).collect();
        for (desk, sound) in self.talkers.iter().zip(&said) {
            desk.mouth(Position::HandsFree).say(begin_ns, Arc::clone(sound));
        }
        std::thread::sleep(Duration::from_nanos((begin_ns + 500_000_000).saturating_sub(monotonic_ns())));
        let keys_ns: Vec<u64> = self.talkers.iter().map(|desk| desk.talk(HOOT, true)).collect();
        let from_ns = keys_ns[0];
        let heard = self.hearer.ear(Position::Speakers).listen(from_ns, HEARD)?;
        let result = meanwhile(from_ns)?;
        let streams = self.hearer.log.streams.load(Ordering::Relaxed);
        let missed = self.hearer.log.missed.load(Ordering::Relaxed);
        for desk in &self.talkers {
            desk.talk(HOOT, false);
        }
        let (mut clipped_ms, mut delays_ms) = (Vec::new(), Vec::new());
        for (voice, (key_ns, sound)) in keys_ns.iter().zip(&said).enumerate() {
            let key = sample(key_ns - begin_ns);
            let onset = choir::onset(&heard, sound, voice, sample(from_ns - begin_ns), DELAY_MAX);
            clipped_ms.push(onset.map(|onset| onset.said_from.saturating_sub(key) as f64 / 48.0));
            let delay = |onset: crate::sweep::Onset| onset.heard_from + sample(from_ns - begin_ns) - onset.said_from;
            delays_ms.extend(onset.map(|onset| delay(onset) as f64 / 48.0));
        }
        let keys_within_ms = (keys_ns[VOICES - 1] - from_ns) as f64 / 1e6;
        Ok((Beginnings { streams, missed, clipped_ms, delays_ms, keys_within_ms }, result))
    }
}

impl Beginnings {
    /// Talks that are found in the sound.
    #[must_use]
    pub fn found(&self) -> usize {
        self.clipped_ms.iter().flatten().count()
    }

    /// Who is not heard from the first syllable on, for people: the voice's number and what is missing.
    #[must_use]
    pub fn faults(&self, most_ms: f64) -> Vec<(usize, Option<f64>)> {
        let voices = self.clipped_ms.iter().copied().enumerate();
        voices.filter(|(_, clipped)| clipped.is_none_or(|ms| ms > most_ms)).collect()
    }
}

fn sample(ns: u64) -> usize {
    (ns * 48 / 1_000_000) as usize
}
