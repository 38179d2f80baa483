//! Devices made of files: WAV files (or FIFOs) for microphones, WAV files for ears, on a clock of their own.
//!
//! Law: the same callbacks as a sound card's are called, one period at a time, at the same pace. A file that has ended is
//! silence. What was heard is on disk at most a tenth of a second later, in a file that can be read meanwhile.

use crate::voice::{Callbacks, monotonic_ns};
use anyhow::{Context, Result, bail};
use dealerboard_media::{CaptureTap, PlaybackMixer, RATE_HZ, samples_to_ns};
use dealerboard_model::Position;
use rtrb::{Consumer, Producer, RingBuffer};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Samples that are read ahead of a microphone: a second.
const AHEAD: usize = RATE_HZ as usize;

/// Periods between two writings of what was heard.
const PERIODS_A_WRITE: u64 = 16;

/// Writings that may wait: more than that, and the disk is too slow to keep what is heard.
const WRITES_MAX: usize = 256;

/// Files in the place of devices.
#[derive(Clone, Debug)]
pub struct FileDevices {
    /// 48 kHz mono WAV for `left`, `right`, `hands-free`; what has none is silent.
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

/// Starts the devices.
///
/// # Errors
/// A file cannot be read or written, or is not 48 kHz mono.
pub fn start(devices: &FileDevices, callbacks: Callbacks) -> Result<RunningFiles> {
    let running = Arc::new(AtomicBool::new(true));
    let mut mics = Vec::new();
    for (position, tap) in callbacks.taps {
        let samples = match devices.mics.get(&position) {
            Some(path) => Some(read_ahead(path, &running)?),
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

/// Reads a WAV file or FIFO on a thread of its own, a second ahead.
fn read_ahead(path: &Path, running: &Arc<AtomicBool>) -> Result<Consumer<f32>> {
    let shown = path.display().to_string();
    if !path.exists() {
        bail!("the microphone file {shown} does not exist; name a 48 kHz mono WAV file");
    }
    let is_file = path.is_file();
    let (mut producer, consumer) = RingBuffer::new(AHEAD);
    let (ready, filled) = sync_channel::<Result<()>>(1);
    let (path, running) = (path.to_owned(), Arc::clone(running));
    std::thread::Builder::new().name("mic file".into()).spawn(move || {
        let reader = match open_wav(&path) {
            Ok(reader) => reader,
            Err(error) => {
                // Nobody waits for a FIFO that is opened late.
                let _ = ready.send(Err(error));
                return;
            }
        };
        feed(reader, &mut producer, &running, || drop(ready.try_send(Ok(()))));
        drop(ready.try_send(Ok(())));
    })?;
    if is_file {
        filled.recv().with_context(|| format!("the microphone file {shown} could not be read"))??;
    }
    Ok(consumer)
}

type Wav = hound::WavReader<BufReader<File>>;

fn open_wav(path: &Path) -> Result<Wav> {
    let shown = path.display();
    let reader = hound::WavReader::open(path).with_context(|| format!("{shown} is not a WAV file"))?;
    let spec = reader.spec();
    if spec.sample_rate != RATE_HZ || spec.channels != 1 {
        bail!("{shown} has {} Hz and {} channels; make it 48000 Hz mono", spec.sample_rate, spec.channels);
    }
    Ok(reader)
}

fn feed(mut wav: Wav, ring: &mut Producer<f32>, running: &AtomicBool, full: impl Fn()) {
    let spec = wav.spec();
    let scale = 1.0 / f64::from(1_u32 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
    let mut push = |sample: f32| {
        while ring.is_full() {
            full();
            if !running.load(Ordering::Acquire) || ring.is_abandoned() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        ring.push(sample).is_ok()
    };
    match spec.sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().map_while(Result::ok).all(&mut push),
        hound::SampleFormat::Int => wav.samples::<i32>().map_while(Result::ok).all(|s| push(s as f32 * scale)),
    };
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
