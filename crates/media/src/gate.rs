//! The switch of a microphone, and which samples it lets out.
//!
//! Law: a sample is judged by when it was captured, not by when its block comes: a block may come late, and hold what was said
//! before the gate opened, after it shut, or while it was silent.

use crate::{Level, ns_to_samples, samples_to_ns};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

/// What the gate and the callback share.
#[derive(Default)]
pub(crate) struct Shared {
    /// Twice the number of openings so far, and one more while it is open.
    pub(crate) gate: AtomicU32,
    /// The opening, as `gate` counts them, by which a voice goes on that another microphone has carried.
    pub(crate) goes_on: AtomicU32,
    /// An open gate lets silence through.
    silent: AtomicBool,
    /// When the last opening was, by the clock of the captures.
    opened_ns: AtomicU64,
    /// Since when voice goes out, if it does.
    voice_from_ns: AtomicU64,
    /// Until when voice went out the time before.
    voice_until_ns: AtomicU64,
    pub(crate) level: Level,
    pub(crate) encoder: OnceLock<Thread>,
    pub(crate) device: OnceLock<Thread>,
}

pub(crate) fn is_open(gate: u32) -> bool {
    gate % 2 == 1
}

/// The switch of a microphone, for any thread.
#[derive(Clone)]
pub struct Gate(pub(crate) Arc<Shared>);

impl Gate {
    /// Opens the microphone, at `now_ns` of the clock of the captures.
    pub fn open(&self, now_ns: u64) {
        if !self.is_open() {
            self.0.opened_ns.store(now_ns, Ordering::Release);
            self.0.voice_from_ns.store(now_ns, Ordering::Release);
            self.turn(true);
        }
        if let Some(device) = self.0.device.get() {
            device.unpark();
        }
    }

    /// Opens the microphone for a voice that another one has carried until now, which is a talk of its own should this one be
    /// open already: who hears that voice comes in at any of the first packets, and understands it.
    pub fn open_to_go_on(&self, now_ns: u64) {
        self.shut(now_ns);
        let next = self.0.gate.load(Ordering::Acquire).wrapping_add(1);
        self.0.goes_on.store(next, Ordering::Release);
        self.open(now_ns);
    }

    /// Shuts the microphone, at `now_ns`.
    pub fn shut(&self, now_ns: u64) {
        if self.lets_voice_out() {
            self.0.voice_until_ns.store(now_ns, Ordering::Release);
        }
        self.turn(false);
    }

    fn turn(&self, open: bool) {
        let turn = |gate: u32| (is_open(gate) != open).then(|| gate.wrapping_add(1));
        // It is an error only in that there was nothing to turn.
        let _ = self.0.gate.fetch_update(Ordering::AcqRel, Ordering::Acquire, turn);
    }

    /// Makes an open microphone send silence, or what it hears, from `now_ns` on.
    pub fn set_silent(&self, silent: bool, now_ns: u64) {
        if silent && self.lets_voice_out() {
            self.0.voice_until_ns.store(now_ns, Ordering::Release);
        } else if !silent && !self.lets_voice_out() {
            self.0.voice_from_ns.store(now_ns, Ordering::Release);
        }
        self.0.silent.store(silent, Ordering::Release);
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        is_open(self.0.gate.load(Ordering::Acquire))
    }

    /// Whether what the microphone hears goes out: it is open, and not silent.
    #[must_use]
    pub fn lets_voice_out(&self) -> bool {
        self.is_open() && !self.0.silent.load(Ordering::Acquire)
    }

    /// The microphone's level since the last call, open or shut; see [`Level::read_dbfs`].
    #[must_use]
    pub fn level_dbfs(&self) -> f32 {
        self.0.level.read_dbfs()
    }
}

/// Which samples of a block may go out, by when they were captured.
pub(crate) struct Said {
    /// Samples at its beginning that were captured while voice went out the time before.
    pub(crate) until: usize,
    /// Its first sample since voice goes out, which it does not while the gate is silent.
    pub(crate) from: usize,
    /// Some of it was captured since the last opening.
    pub(crate) since_opening: bool,
}

impl Said {
    pub(crate) fn of(shared: &Shared, first_sample_ns: u64, length: usize) -> Self {
        let end_ns = first_sample_ns.saturating_add(samples_to_ns(length));
        let at = |ns: u64| if ns >= end_ns { length } else { ns_to_samples(ns.saturating_sub(first_sample_ns)) };
        let silent = shared.silent.load(Ordering::Acquire);
        Self {
            until: at(shared.voice_until_ns.load(Ordering::Acquire)).min(length),
            from: if silent { length } else { at(shared.voice_from_ns.load(Ordering::Acquire)).min(length) },
            since_opening: end_ns > shared.opened_ns.load(Ordering::Acquire),
        }
    }
}
