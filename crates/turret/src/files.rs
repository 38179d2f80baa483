//! Devices made of files: WAV files (or FIFOs) for microphones, WAV files for ears, on a clock of their own.
//!
//! Law: the same callbacks as a sound card's are called, one period at a time, at the same pace. A file that has ended is
//! silence. What was heard is on disk an eighth of a second later at most, in a file that can be read meanwhile. One thread
//! wakes once a period for all devices, and one writes all ears. While every microphone is shut and every ear silent it
//! naps for some periods and makes up for them, until an opening or a packet wakes it: nobody can hear the difference, and
//! a turret at rest costs next to nothing.

use crate::mic_file;
use crate::voice::{Callbacks, monotonic_ns};
use anyhow::{Context, Result};
use dealerboard_media::{CaptureTap, PlaybackMixer, RATE_HZ, samples_to_ns};
use dealerboard_model::Position;
use rtrb::Consumer;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Samples of each ear that are written at a time: 85 ms, unless a period is longer.
const WRITE_SAMPLES: usize = 4_096;

/// Samples of the longest nap: 43 ms, or a period if that is longer.
const NAP_SAMPLES: usize = 2_048;

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
            thread.thread().unpark();
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
    let ears: Vec<(Position, PlaybackMixer)> = callbacks.mixers.into_iter().collect();
    let writer = match &devices.ears {
        Some(folder) => {
            let path = |position: Position| folder.join(format!("{}.wav", name(position)));
            Some(write_behind(&ears.iter().map(|(position, _)| path(*position)).collect::<Vec<_>>())?)
        }
        None => None,
    };
    let period = devices.period.max(16);
    let start_ns = monotonic_ns() + samples_to_ns(period);
    let mut clocks = Vec::new();
    for (position, _, _) in &mics {
        clocks.push(Clock { device: "mic", position: *position, first_sample_monotonic_ns: start_ns });
    }
    for (position, _) in &ears {
        let first_sample_monotonic_ns = start_ns + samples_to_ns(period);
        clocks.push(Clock { device: "ear", position: *position, first_sample_monotonic_ns });
    }
    let heard = EarFiles { writer, heard: silence(ears.len()) };
    let pace = Pace { start_ns, period, running: Arc::clone(&running), mics, ears, heard };
    let thread = std::thread::Builder::new().name("file devices".into()).spawn(move || pace.run())?;
    Ok(RunningFiles { running, thread: Some(thread), clocks })
}

type Mic = (Position, CaptureTap, Option<Consumer<f32>>);

/// What each ear has heard, in the order of the ears.
type Heard = Vec<Vec<f32>>;

struct Pace {
    start_ns: u64,
    period: usize,
    running: Arc<AtomicBool>,
    mics: Vec<Mic>,
    ears: Vec<(Position, PlaybackMixer)>,
    heard: EarFiles,
}

impl Pace {
    fn run(mut self) {
        let thread = std::thread::current();
        self.mics.iter().for_each(|(_, tap, _)| tap.wake(thread.clone()));
        self.ears.iter().for_each(|(_, mixer)| mixer.wake(thread.clone()));
        let mut block = vec![0.0; self.period];
        let mut count: usize = 1;
        // Periods of the last nap are still to be made up for.
        let mut naps = false;
        while self.running.load(Ordering::Acquire) {
            let due_ns = self.start_ns + samples_to_ns(self.period * count);
            let wait_ns = due_ns.saturating_sub(monotonic_ns());
            naps &= wait_ns == 0;
            if wait_ns > 0 && self.rests() {
                naps = true;
                let more = (NAP_SAMPLES / self.period).saturating_sub(1) * self.period;
                std::thread::park_timeout(Duration::from_nanos(wait_ns + samples_to_ns(more)));
                continue;
            }
            std::thread::sleep(Duration::from_nanos(wait_ns));
            // A card that is called late may be as late as its period; what was slept through was asked for in time.
            let asked_ns = if naps { due_ns } else { monotonic_ns().min(due_ns + samples_to_ns(self.period)) };
            self.call(&mut block, due_ns, asked_ns);
            count += 1;
        }
        self.heard.write(1);
    }

    fn rests(&self) -> bool {
        self.mics.iter().all(|(_, tap, _)| tap.rests()) && self.ears.iter().all(|(_, mixer)| mixer.rests())
    }

    /// Calls every device for the period that ends, and the one that begins, at `due_ns`, and is asked for at `asked_ns`.
    fn call(&mut self, block: &mut [f32], due_ns: u64, asked_ns: u64) {
        for (_, tap, samples) in &mut self.mics {
            let said = samples.as_mut().map_or(0, |samples| read(samples, block));
            block[said..].fill(0.0);
            tap.on_capture(block, due_ns - samples_to_ns(self.period));
        }
        for (place, (_, mixer)) in self.ears.iter_mut().enumerate() {
            mixer.on_playback_until(block, due_ns, asked_ns);
            self.heard.take(place, block);
        }
        self.heard.write(WRITE_SAMPLES);
    }
}

/// Reads what there is into the beginning of `block`; gives how many samples that are.
fn read(samples: &mut Consumer<f32>, block: &mut [f32]) -> usize {
    let there = samples.slots().min(block.len());
    let Ok(chunk) = samples.read_chunk(there) else { return 0 };
    let (first, second) = chunk.as_slices();
    block[..first.len()].copy_from_slice(first);
    block[first.len()..there].copy_from_slice(second);
    chunk.commit_all();
    there
}

/// What the ears heard, on its way to the thread that writes it.
struct EarFiles {
    /// None: nothing is kept.
    writer: Option<SyncSender<Heard>>,
    heard: Heard,
}

impl EarFiles {
    fn take(&mut self, place: usize, block: &[f32]) {
        if self.writer.is_some() {
            self.heard[place].extend_from_slice(block);
        }
    }

    /// Hands on what was heard when it is `enough` samples.
    fn write(&mut self, enough: usize) {
        let Some(writer) = &self.writer else { return };
        if self.heard.first().is_none_or(|samples| samples.len() < enough) {
            return;
        }
        let fresh = silence(self.heard.len());
        if writer.try_send(std::mem::replace(&mut self.heard, fresh)).is_err() {
            tracing::warn!("the disk is too slow to keep what this turret hears");
        }
    }
}

/// Room for what so many ears will hear.
fn silence(ears: usize) -> Heard {
    (0..ears).map(|_| Vec::with_capacity(WRITE_SAMPLES)).collect()
}

/// Bytes before the sound in an ear's file.
const HEADER: u64 = 44;

/// One ear's WAV file: 48 kHz mono, 16 bit.
struct EarFile {
    file: File,
    /// Bytes of sound so far.
    length: u64,
    bytes: Vec<u8>,
}

impl EarFile {
    fn create(path: &Path) -> Result<Self> {
        let explain = || format!("{} cannot be written; choose another folder with --ears", path.display());
        let file = File::create(path).with_context(explain)?;
        let ear = Self { file, length: 0, bytes: Vec::new() };
        ear.write_header().with_context(explain)?;
        Ok(ear)
    }

    /// The header of as much sound as there is. What is longer than a WAV file can say goes on to its end.
    fn write_header(&self) -> io::Result<()> {
        let length = u32::try_from(self.length).unwrap_or(u32::MAX);
        let mut header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        header[4..8].copy_from_slice(&length.saturating_add(HEADER as u32 - 8).to_le_bytes());
        header.extend(RATE_HZ.to_le_bytes());
        header.extend((RATE_HZ * 2).to_le_bytes());
        header.extend(b"\x02\0\x10\0data");
        header.extend(length.to_le_bytes());
        self.file.write_all_at(&header, 0)
    }

    fn append(&mut self, samples: &[f32]) -> io::Result<()> {
        self.bytes.resize(2 * samples.len(), 0);
        for (bytes, sample) in self.bytes.as_chunks_mut().0.iter_mut().zip(samples) {
            *bytes = ((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes();
        }
        self.file.write_all_at(&self.bytes, HEADER + self.length)?;
        self.length += self.bytes.len() as u64;
        self.write_header()
    }
}

/// Writes a WAV file for each ear on one thread beside the devices'; their headers are right after each writing.
fn write_behind(paths: &[PathBuf]) -> Result<SyncSender<Heard>> {
    let mut files = paths.iter().map(|path| EarFile::create(path).map(Some)).collect::<Result<Vec<_>>>()?;
    let (sender, batches) = sync_channel::<Heard>(WRITES_MAX);
    std::thread::Builder::new().name("ear files".into()).spawn(move || {
        for heard in batches {
            for (place, samples) in files.iter_mut().zip(heard) {
                let Some(Err(error)) = place.as_mut().map(|file| file.append(&samples)) else { continue };
                tracing::error!(%error, "what this turret hears cannot be kept");
                *place = None;
            }
        }
    })?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_ear_can_be_read_as_a_wav_file_after_each_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("left.wav");
        let mut ear = EarFile::create(&path).unwrap();
        for (samples, wanted) in [(&[0.5, -2.0][..], &[16_383, -32_767][..]), (&[0.0], &[16_383, -32_767, 0])] {
            ear.append(samples).unwrap();
            let wav = hound::WavReader::open(&path).unwrap();
            assert_eq!((wav.spec().sample_rate, wav.spec().channels), (RATE_HZ, 1));
            let read: Vec<i16> = wav.into_samples::<i16>().map(Result::unwrap).collect();
            assert_eq!(read, wanted);
        }
    }
}
