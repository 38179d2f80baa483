//! A turret in this process with a mouth and ears that are known to the sample.
//!
//! Law: one clock, CLOCK_MONOTONIC. A device thread calls the callbacks at absolute times, as a sound card's interrupt
//! would; what the mouth says and what an ear hears is named by the nanosecond. No wait is longer than [`PATIENCE`].

use crate::world::World;
use anyhow::{Context, Result, bail};
use dealerboard_media::{UplinkConfig, samples_to_ns};
use dealerboard_model::{Lamp, LineId, Position, UserId};
use dealerboard_turret::view::{Intent, LinkView, View};
use dealerboard_turret::{Callbacks, Devices, Turret, TurretConfig, monotonic_ns};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Samples of the past that an ear keeps: 20 s.
const PAST: usize = 960_000;

/// Times of arrivals and captures that are kept.
const TIMES: usize = 100_000;

/// A sound to be said at a certain time.
struct Sound {
    at_ns: u64,
    samples: Arc<[f32]>,
}

/// What one microphone hears.
#[derive(Default)]
pub struct Mouth {
    sounds: Mutex<Vec<Sound>>,
}

impl Mouth {
    /// Says this; the first sample leaves the mouth at `at_ns`.
    pub fn say(&self, at_ns: u64, samples: Arc<[f32]>) {
        self.sounds.lock().expect("no holder of this lock panics").push(Sound { at_ns, samples });
    }

    /// Says nothing more.
    pub fn hush(&self) {
        self.sounds.lock().expect("no holder of this lock panics").clear();
    }

    fn fill(&self, block: &mut [f32], first_ns: u64) {
        block.fill(0.0);
        let mut sounds = self.sounds.lock().expect("no holder of this lock panics");
        let first = sample_of(first_ns);
        sounds.retain(|sound| sample_of(sound.at_ns) + sound.samples.len() as i64 > first);
        for sound in sounds.iter() {
            let from = first - sample_of(sound.at_ns);
            for (n, out) in block.iter_mut().enumerate() {
                let said = usize::try_from(from + n as i64).ok().and_then(|at| sound.samples.get(at));
                *out += said.copied().unwrap_or(0.0);
            }
        }
    }
}

/// The number of the sample at `ns`, counted from the clock's own zero.
fn sample_of(ns: u64) -> i64 {
    i64::try_from(u128::from(ns) * 48 / 1_000_000).unwrap_or(i64::MAX)
}

#[derive(Default)]
struct Heard {
    /// The first sample that is kept.
    first: i64,
    samples: Vec<f32>,
}

/// What one position hears.
#[derive(Default)]
pub struct Ear {
    heard: Mutex<Heard>,
    grown: Condvar,
}

impl Ear {
    fn take(&self, block: &[f32], first_ns: u64) {
        let mut heard = self.heard.lock().expect("no holder of this lock panics");
        if heard.samples.is_empty() {
            heard.first = sample_of(first_ns);
        }
        if heard.samples.len() > 2 * PAST {
            let gone = heard.samples.len() - PAST;
            heard.samples.drain(..gone);
            heard.first += gone as i64;
        }
        heard.samples.extend_from_slice(block);
        self.grown.notify_all();
    }

    /// Waits until `samples` from `from_ns` on have been heard, and gives them.
    ///
    /// # Errors
    /// The device stands still.
    pub fn listen(&self, from_ns: u64, samples: usize) -> Result<Vec<f32>> {
        let give_up = Instant::now() + PATIENCE;
        let mut heard = self.heard.lock().expect("no holder of this lock panics");
        loop {
            let from = usize::try_from(sample_of(from_ns) - heard.first).unwrap_or(0);
            if let Some(found) = heard.samples.get(from..from + samples) {
                return Ok(found.to_vec());
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("an ear has stopped; is the machine overloaded?");
            }
            heard = self.grown.wait_timeout(heard, left).expect("no holder of this lock panics").0;
        }
    }
}

/// What the device thread of a desk has seen.
#[derive(Default)]
pub struct Log {
    /// Packets that reached this desk's ears.
    pub packets: AtomicU64,
    /// Periods that were called more than a period late: the machine was busy.
    pub late_periods: AtomicU64,
    /// Talks that have reached an ear since the log-on, all at once.
    pub streams: AtomicUsize,
    /// Packets of these talks that came too late or never.
    pub missed: AtomicU64,
    /// The device thread goes before other programs.
    pub real_time: AtomicBool,
    /// How deep a jitter buffer was, milliseconds, one for each callback that took a packet while one talk was heard.
    pub depths_ms: Mutex<Vec<f64>>,
    /// What it aimed at, likewise.
    pub targets_ms: Mutex<Vec<f64>>,
    /// When a callback first saw a new packet, nanoseconds.
    pub arrivals_ns: Mutex<Vec<u64>>,
    /// When the microphones' callbacks were called, nanoseconds.
    pub captures_ns: Mutex<Vec<u64>>,
}

impl Log {
    fn note<T>(list: &Mutex<Vec<T>>, value: T) {
        let mut list = list.lock().expect("no holder of this lock panics");
        if list.len() < TIMES {
            list.push(value);
        }
    }
}

type Mouths = BTreeMap<Position, Arc<Mouth>>;
type Ears = BTreeMap<Position, Arc<Ear>>;

/// A seated turret.
pub struct Desk {
    turret: Turret,
    runtime: Handle,
    mouths: Mouths,
    ears: Ears,
    running: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// What its devices have seen.
    pub log: Arc<Log>,
}

impl Desk {
    /// Logs `user` on with devices of `period` samples, and waits until voice can flow.
    ///
    /// # Errors
    /// The turret does not come up.
    pub fn sit(world: &World, runtime: &Handle, user: &str, period: usize) -> Result<Self> {
        let config = TurretConfig {
            address: world.address.clone(),
            pin: Some(world.pin.parse().map_err(|_| anyhow::anyhow!("the switch's fingerprint is none"))?),
            seat: format!("desk of {user}"),
            uplink: UplinkConfig::default(),
        };
        let (mouths, ears): (Mouths, Ears) =
            Position::ALL.map(|position| ((position, Arc::default()), (position, Arc::default()))).into_iter().unzip();
        let (running, log) = (Arc::new(AtomicBool::new(true)), Arc::new(Log::default()));
        let (given, taken) = std::sync::mpsc::channel();
        let hook = Box::new(move |callbacks: Callbacks| drop(given.send(callbacks)));
        let turret = {
            let _inside = runtime.enter();
            Turret::start(config, Devices::Hooks(hook))?
        };
        let device = Device {
            callbacks: taken.recv_timeout(PATIENCE).context("the turret gives its callbacks when it starts")?,
            mouths: mouths.clone(),
            ears: ears.clone(),
            period,
            running: Arc::clone(&running),
            log: Arc::clone(&log),
        };
        let thread = std::thread::Builder::new().name("device".into()).spawn(move || device.run())?;
        let desk = Self { turret, runtime: runtime.clone(), mouths, ears, running, thread: Some(thread), log };
        let password = std::fs::read_to_string(world.password_file())?;
        desk.turret.intent(Intent::LogOn { user: UserId::from(user), password, switch: None });
        desk.until("voice flows", |view| matches!(view.header.link, LinkView::Up { voice: true, .. }))?;
        Ok(desk)
    }

    /// The mouth at a position.
    pub fn mouth(&self, position: Position) -> &Mouth {
        &self.mouths[&position]
    }

    /// The ear at a position.
    pub fn ear(&self, position: Position) -> &Ear {
        &self.ears[&position]
    }

    /// Waits until the view satisfies `wanted`.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn until(&self, what: &str, wanted: impl Fn(&View) -> bool) -> Result<View> {
        let give_up = Instant::now() + PATIENCE;
        let mut changes = self.turret.subscribe();
        loop {
            let view = self.turret.view();
            if wanted(&view) {
                return Ok(view);
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("waited in vain until {what}; last seen: {:?} {:?}", view.header.link, view.activity.first());
            }
            // A lagging or silent channel is no fault: the view itself is looked at again.
            let nap = left.min(Duration::from_millis(200));
            let _ = self.runtime.block_on(async { tokio::time::timeout(nap, changes.recv()).await });
        }
    }

    /// Waits until the key of `line` satisfies `wanted`, and presses it.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn press(&self, line: &str, wanted: impl Fn(Lamp) -> bool) -> Result<()> {
        let view = self.until(&format!("{line} can be pressed"), |view| {
            view.keys.iter().any(|key| key.line.as_str() == line && wanted(key.lamp))
        })?;
        let call = view.keys.iter().find(|key| key.line.as_str() == line).and_then(|key| key.call);
        self.turret.intent(Intent::Press {
            line: LineId::from(line),
            call,
            lamp: None,
            position: Some(Position::Left),
        });
        Ok(())
    }

    /// Presses or lets go a talk key; gives when that was.
    pub fn talk(&self, line: &str, on: bool) -> u64 {
        let at_ns = monotonic_ns();
        self.turret.intent(Intent::Talk { line: LineId::from(line), on, latched: false });
        at_ns
    }

    /// Device periods that were called more than a period late.
    pub fn late_periods(&self) -> u64 {
        self.log.late_periods.load(Ordering::Relaxed)
    }

    /// Packets that have reached this desk's ears.
    pub fn packets(&self) -> u64 {
        self.log.packets.load(Ordering::Relaxed)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let turret = self.turret.clone();
        // A turret that does not end in time goes with the process.
        let _ = self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), turret.stop()).await });
        self.running.store(false, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Device {
    callbacks: Callbacks,
    mouths: Mouths,
    ears: Ears,
    period: usize,
    running: Arc<AtomicBool>,
    log: Arc<Log>,
}

impl Device {
    fn run(mut self) {
        self.log.real_time.store(be_real_time(), Ordering::Relaxed);
        let mut block = vec![0.0; self.period];
        let start_ns = monotonic_ns();
        let mut known = 0;
        let mut count = 0;
        while self.running.load(Ordering::Acquire) {
            count += 1;
            let due_ns = start_ns + samples_to_ns(self.period * count);
            sleep_until(due_ns);
            let called_ns = monotonic_ns();
            if called_ns > due_ns + samples_to_ns(self.period.max(256)) {
                self.log.late_periods.fetch_add(1, Ordering::Relaxed);
            }
            Log::note(&self.log.captures_ns, called_ns);
            let first_ns = due_ns - samples_to_ns(self.period);
            for (position, tap) in &mut self.callbacks.taps {
                self.mouths[position].fill(&mut block, first_ns);
                tap.on_capture(&block, first_ns);
            }
            let (mut packets, mut missed, mut streams, mut buffer) = (0, 0, 0, None);
            for (position, mixer) in &mut self.callbacks.mixers {
                let asked_ns = called_ns.min(due_ns + samples_to_ns(self.period));
                mixer.on_playback_until(&mut block, due_ns, asked_ns);
                self.ears[position].take(&block, due_ns);
                for stream in mixer.stats().filter(|stream| stream.packets > 0) {
                    packets += stream.packets;
                    missed += stream.late + stream.lost;
                    streams += 1;
                    buffer = Some((stream.depth_samples, stream.target_samples));
                }
            }
            self.log.streams.store(streams, Ordering::Relaxed);
            self.log.missed.store(missed, Ordering::Relaxed);
            if packets > known {
                self.log.packets.fetch_add(packets - known, Ordering::Relaxed);
                Log::note(&self.log.arrivals_ns, called_ns);
                if let (Some((depth, target)), 1) = (buffer, streams) {
                    Log::note(&self.log.depths_ms, depth as f64 / 48.0);
                    Log::note(&self.log.targets_ms, target as f64 / 48.0);
                }
            }
            // A stream that is lent anew starts its count anew.
            known = packets;
        }
    }
}

/// A sound card's interrupt does not wait for other programs; where the system allows it, nor does this thread.
fn be_real_time() -> bool {
    let priority = libc::sched_param { sched_priority: 10 };
    // SAFETY: `priority` lives through the call; 0 is the calling thread. Without the right the thread stays as it was.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const priority) == 0 }
}

fn sleep_until(due_ns: u64) {
    let due = libc::timespec {
        tv_sec: (due_ns / 1_000_000_000).try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: (due_ns % 1_000_000_000).try_into().unwrap_or(0),
    };
    // SAFETY: `due` lives through the call, and no remaining time is asked for.
    unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &raw const due, std::ptr::null_mut()) };
}
