//! Devices made of files: WAV files (or FIFOs) for microphones, WAV files for ears, on a clock of their own.
//!
//! Law: the same callbacks as a sound card's are called, one period at a time, at the same pace. A file that has ended is
//! silence. What was heard is on disk at most a tenth of a second later, in a file that can be read meanwhile.

use crate::mic_file;
use crate::voice::{Callbacks, monotonic_ns};
use anyhow::{Context, Result};
use dealerboard_media::{CaptureTap, PlaybackMixer, RATE_HZ, samples_to_ns};
use dealerboard_model::Position;
use rtrb::Consumer;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Periods between two writings of what was heard.
const PERIODS_A_WRITE: u64 = 16;

/// Writings that may wait: more than that, and the disk is too slow to keep what is heard.
const WRITES_MAX: usize = 256;

/// Files in the place of devices.
#[derive(Clone, Debug)]
pub struct FileDevices {
    /// 48 kHz mono WAV, or a FIFO of one, for `left`, `right`, `hands-free`; what has none is silent.
    pub mics: BTreeMap<Position, PathBuf>,
    /// Folder for `left.wav`, `right.wav`, `hands-free.wav`, `speakers.wav`; none: nothing is kept.
    pub ears: Option<PathBuf>,
    /// Samples in a period.
    pub period: usize,
}

/// When the first sample of a device was taken, or played.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Clock {
    /// `mic` or `ear`.
    #[serde(rename = "clock")]
    pub device: &'static str,
    /// Which position.
    pub position: Position,
    /// CLOCK_MONOTONIC, nanoseconds.
    pub first_sample_monotonic_ns: u64,
}

/// Running file devices; dropping ends them.
pub struct RunningFiles {
    running: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// The first sample of each device.
    pub clocks: Vec<Clock>,
}

impl Drop for RunningFiles {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // The thread only fails where a callback fails, which has been reported there.
            let _ = thread.join();
        }
    }
}

/// The file name of a position.
fn name(position: Position) -> &'static str {
    match position {
        Position::Left => "left",
        Position::Right => "right",
        Position::HandsFree => "hands-free",
        Position::Speakers => "speakers",
    }
}

/// Who is told, in one sentence, what is wrong with a position's microphone.
pub type Tell = Arc<dyn Fn(Position, String) + Send + Sync>;

/// Starts the devices. A microphone that cannot be read is silent, and told.
///
/// # Errors
/// A file cannot be written, or the system gives no thread.
pub fn start(devices: &FileDevices, callbacks: Callbacks, tell: &Tell) -> Result<RunningFiles> {
    let running = Arc::new(AtomicBool::new(true));
    let mut mics = Vec::new();
    for (position, tap) in callbacks.taps {
        let samples = match devices.mics.get(&position) {
            Some(path) => {
                let tell = Arc::clone(tell);
                Some(mic_file::read_ahead(path, &running, move |trouble| tell(position, trouble))?)
            }
            None => None,
        };
        mics.push((position, tap, samples));
    }
    let mut ears = Vec::new();
    for (position, mixer) in callbacks.mixers {
        let writer = match &devices.ears {
            Some(folder) => Some(write_behind(&folder.join(format!("{}.wav", name(position))))?),
            None => None,
        };
        ears.push((position, mixer, writer, Vec::new()));
    }
    let period = devices.period.max(16);
    let start_ns = monotonic_ns() + samples_to_ns(period);
    let mut clocks = Vec::new();
    for (position, _, _) in &mics {
        clocks.push(Clock { device: "mic", position: *position, first_sample_monotonic_ns: start_ns });
    }
    for (position, _, _, _) in &ears {
        let first_sample_monotonic_ns = start_ns + samples_to_ns(period);
        clocks.push(Clock { device: "ear", position: *position, first_sample_monotonic_ns });
    }
    let pace = Pace { start_ns, period, running: Arc::clone(&running), mics, ears };
    let thread = std::thread::Builder::new().name("file devices".into()).spawn(move || pace.run())?;
    Ok(RunningFiles { running, thread: Some(thread), clocks })
}

type Mic = (Position, CaptureTap, Option<Consumer<f32>>);
type Ear = (Position, PlaybackMixer, Option<SyncSender<Vec<f32>>>, Vec<f32>);

struct Pace {
    start_ns: u64,
    period: usize,
    running: Arc<AtomicBool>,
    mics: Vec<Mic>,
    ears: Vec<Ear>,
}

impl Pace {
    fn run(mut self) {
        let mut block = vec![0.0; self.period];
        let mut count: u64 = 0;
        while self.running.load(Ordering::Acquire) {
            count += 1;
            let due_ns = self.start_ns + samples_to_ns(self.period * count as usize);
            let now_ns = monotonic_ns();
            if due_ns > now_ns {
                std::thread::sleep(Duration::from_nanos(due_ns - now_ns));
            }
            for (_, tap, samples) in &mut self.mics {
                block.fill(0.0);
                for sample in &mut block {
                    match samples.as_mut().map(Consumer::pop) {
                        Some(Ok(value)) => *sample = value,
                        Some(Err(_)) | None => break,
                    }
                }
                tap.on_capture(&block, due_ns - samples_to_ns(self.period));
            }
            for (_, mixer, writer, heard) in &mut self.ears {
                mixer.on_playback(&mut block, due_ns);
                let Some(writer) = writer else { continue };
                heard.extend_from_slice(&block);
                if count.is_multiple_of(PERIODS_A_WRITE) && writer.try_send(std::mem::take(heard)).is_err() {
                    tracing::warn!("the disk is too slow to keep what this turret hears");
                }
            }
        }
    }
}

/// Writes a WAV file on a thread of its own; its header is right after each writing.
fn write_behind(path: &Path) -> Result<SyncSender<Vec<f32>>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)
        .with_context(|| format!("{} cannot be written; choose another folder with --ears", path.display()))?;
    let (sender, heard) = sync_channel::<Vec<f32>>(WRITES_MAX);
    std::thread::Builder::new().name("ear file".into()).spawn(move || {
        for samples in heard {
            let written = samples
                .iter()
                .try_for_each(|sample| writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16))
                .and_then(|()| writer.flush());
            if let Err(error) = written {
                tracing::error!(%error, "what this turret hears cannot be kept");
                return;
            }
        }
    })?;
    Ok(sender)
}
