//! Opening one device for one position.

#[cfg(target_os = "linux")]
use crate::alsa::patient;
use crate::errors::Errors;
use crate::list::{self, Choice, Kind};
#[cfg(target_os = "linux")]
use crate::server::{DefaultMicrophone, default_microphone as default_microphone_of_server};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, Device, ErrorKind, Stream, StreamConfig};
use dealerboard_media::{CaptureTap, PlaybackMixer, RATE_HZ, samples_to_ns};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

/// Longest block that a device may ask for, in frames.
const FRAMES_MAX: usize = 16_384;

/// Sound that would be older than this is a device's mistake: no ring that we ask for is as long.
const AGE_MAX_NS: u64 = 200_000_000;

/// What a position without a choice of its own takes, for people.
const DEFAULT_NAME: &str = "System default";

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is none, or none of that name.
    #[error("there is no {0}; plug one in, or choose another device")]
    Missing(String),
    /// Another position, or another program, has it for itself.
    #[error("{0} is in use by another position or program; choose another device, or close that program")]
    Busy(String),
    /// This user may not.
    #[error("{0} is not allowed to this user; ask for the right to use sound devices, or choose another device")]
    Forbidden(String),
    /// It has no 48,000 samples a second, or not in a form that is known here.
    #[error("{0} does not run at 48 kHz; choose another device")]
    Unfit(String),
    /// It does not open; the system's own words are in the log.
    #[error("{0} does not open; check that the sound system runs, or choose another device")]
    Refused(String),
}

/// Called from a device's thread when the device has gone: at most once for each opening.
pub type Alarm = Arc<dyn Fn() + Send + Sync>;

/// What a running device reports.
#[derive(Default)]
struct Health {
    callbacks: AtomicU64,
    lost: AtomicBool,
    why: OnceLock<String>,
}

/// Gives back what a callback owned when the callback is dropped.
struct Lent<T> {
    item: Option<T>,
    back: SyncSender<T>,
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            // There is room for exactly this one; nobody waits for it at exit.
            let _ = self.back.try_send(item);
        }
    }
}

/// A device that did not open.
#[derive(Debug)]
pub struct NotOpened<T> {
    /// For the user.
    pub error: DeviceError,
    /// The system's own words, for the log.
    pub cause: String,
    /// What it would have called: none if it was lost with the device.
    pub item: Option<Box<T>>,
}

/// A device that runs.
pub struct Open<T> {
    stream: Stream,
    back: Receiver<T>,
    health: Arc<Health>,
    /// The device's name, for people.
    pub name: String,
}

/// A running microphone.
pub type Capture = Open<CaptureTap>;

/// A running ear.
pub type Playback = Open<PlaybackMixer>;

/// What an ear plays.
pub trait Played: Send + 'static {
    /// Fills the next block, mono at 48 kHz, which is asked for at `now_ns` of CLOCK_MONOTONIC.
    fn play(&mut self, block: &mut [f32], now_ns: u64);
}

impl Played for PlaybackMixer {
    fn play(&mut self, block: &mut [f32], now_ns: u64) {
        self.on_playback(block, now_ns);
    }
}

/// Nothing, to see whether an ear runs.
#[derive(Debug, Default)]
pub struct Silence;

impl Played for Silence {
    fn play(&mut self, block: &mut [f32], _: u64) {
        block.fill(0.0);
    }
}

impl<T> Open<T> {
    /// Why the device has gone, if it has.
    #[must_use]
    pub fn lost(&self) -> Option<String> {
        let lost = self.health.lost.load(Ordering::Acquire);
        lost.then(|| self.health.why.get().cloned().unwrap_or_else(|| "it was unplugged".into()))
    }

    /// How often its callback was called: one that stands still has stalled.
    #[must_use]
    pub fn callbacks(&self) -> u64 {
        self.health.callbacks.load(Ordering::Relaxed)
    }

    /// Closes the device and gives back what it called; none if its thread does not let go.
    #[must_use]
    pub fn close(self) -> Option<T> {
        drop(self.stream);
        self.back.recv_timeout(std::time::Duration::from_secs(2)).ok()
    }
}

pub(crate) fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec that lives through the call; this clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    (now.tv_sec as u64) * 1_000_000_000 + now.tv_nsec as u64
}

/// How long ago the first of so many frames was captured: a thread that comes late gets them late, and in a row.
fn age_ns(at: &cpal::InputStreamTimestamp, frames: usize) -> u64 {
    let age = at.callback.saturating_duration_since(at.capture).as_nanos();
    u64::try_from(age).unwrap_or(u64::MAX).min(AGE_MAX_NS).max(samples_to_ns(frames))
}

fn on_error(health: &Arc<Health>, alarm: &Alarm) -> impl FnMut(cpal::Error) + Send + 'static {
    let (health, alarm, mut errors) = (Arc::clone(health), Arc::clone(alarm), Errors::default());
    move |error| {
        let ended = errors.end_stream(error.kind(), health.callbacks.load(Ordering::Relaxed), monotonic_ns());
        if ended && !health.lost.load(Ordering::Acquire) {
            let _ = health.why.set(error.to_string());
            health.lost.store(true, Ordering::Release);
            alarm();
        }
    }
}

/// Only ALSA needs patience.
#[cfg(not(target_os = "linux"))]
fn patient(device: Device) -> Device {
    device
}

/// The system's default microphone, and its name for people.
#[cfg(target_os = "linux")]
fn default_microphone() -> Option<(Device, String)> {
    let name = match default_microphone_of_server() {
        DefaultMicrophone::Unknown => DEFAULT_NAME.to_owned(),
        DefaultMicrophone::None => return None,
        DefaultMicrophone::Named(name) => name,
    };
    Some((patient(cpal::default_host().default_input_device()?), name))
}

/// The system's default microphone, and its name for people.
#[cfg(not(target_os = "linux"))]
fn default_microphone() -> Option<(Device, String)> {
    Some((cpal::default_host().default_input_device()?, DEFAULT_NAME.to_owned()))
}

/// The system's default loudspeaker, and its name for people.
fn default_loudspeaker() -> Option<(Device, String)> {
    Some((patient(cpal::default_host().default_output_device()?), DEFAULT_NAME.to_owned()))
}

/// The device that was chosen, or the system's, and its name for people.
fn find(choice: Option<&Choice>, kind: Kind) -> Result<(Device, String), DeviceError> {
    let found = match (choice, kind) {
        (Some(wanted), kind) => list::find(wanted, kind),
        (None, Kind::Microphone) => default_microphone(),
        (None, Kind::Loudspeaker) => default_loudspeaker(),
    };
    found.ok_or_else(|| missing(choice, kind))
}

fn missing(choice: Option<&Choice>, kind: Kind) -> DeviceError {
    DeviceError::Missing(kind.called(choice))
}

/// A device that is in the list and did not open. A default that does not open, and is not busy, is nothing but a name.
fn refused<T>(choice: Option<&Choice>, kind: Kind, name: String, cause: &cpal::Error, item: Option<T>) -> NotOpened<T> {
    let error = match (cause.kind(), choice) {
        (ErrorKind::DeviceBusy, _) => DeviceError::Busy(name),
        (ErrorKind::PermissionDenied, _) => DeviceError::Forbidden(name),
        (ErrorKind::UnsupportedConfig, _) => DeviceError::Unfit(name),
        (ErrorKind::DeviceNotAvailable, Some(_)) | (_, None) => missing(choice, kind),
        (_, Some(_)) => DeviceError::Refused(name),
    };
    NotOpened { error, cause: cause.to_string(), item: item.map(Box::new) }
}

/// The configurations to ask for, the best first.
fn configs(channels: u16, period: u32) -> [StreamConfig; 2] {
    [BufferSize::Fixed(period), BufferSize::Default].map(|buffer_size| StreamConfig {
        channels,
        sample_rate: RATE_HZ,
        buffer_size,
    })
}

/// Opens a microphone: the device that was chosen, or the system's default.
///
/// # Errors
/// Why, and the tap back.
pub fn open_capture(
    choice: Option<&Choice>,
    period: u32,
    tap: CaptureTap,
    alarm: &Alarm,
) -> Result<Capture, NotOpened<CaptureTap>> {
    let (device, name) = match find(choice, Kind::Microphone) {
        Ok(found) => found,
        Err(error) => {
            return Err(NotOpened { cause: "it is not in the list".into(), error, item: Some(Box::new(tap)) });
        }
    };
    let channels = device.default_input_config().map_or(1, |config| config.channels());
    let (mut tap, mut last) = (tap, cpal::Error::from(ErrorKind::DeviceNotAvailable));
    for config in configs(channels, period) {
        let (back, returned) = sync_channel(1);
        let health = Arc::new(Health::default());
        let (counted, mut lent) = (Arc::clone(&health), Lent { item: Some(tap), back });
        let mut mono = vec![0.0_f32; FRAMES_MAX];
        let width = usize::from(channels).max(1);
        let built = device.build_input_stream(
            config,
            move |data: &[f32], info: &cpal::InputCallbackInfo| {
                counted.callbacks.fetch_add(1, Ordering::Relaxed);
                let frames = (data.len() / width).min(FRAMES_MAX);
                for (sample, frame) in mono.iter_mut().zip(data.chunks_exact(width)) {
                    *sample = frame[0];
                }
                let first_ns = monotonic_ns().saturating_sub(age_ns(&info.timestamp(), frames));
                if let Some(tap) = &mut lent.item {
                    tap.on_capture(&mono[..frames], first_ns);
                }
            },
            on_error(&health, alarm),
            None,
        );
        match built.and_then(|stream| stream.play().map(|()| stream)) {
            Ok(stream) => return Ok(Open { stream, back: returned, health, name }),
            Err(error) => {
                last = error;
                match returned.recv() {
                    Ok(item) => tap = item,
                    Err(_) => return Err(refused(choice, Kind::Microphone, name, &last, None)),
                }
            }
        }
    }
    Err(refused(choice, Kind::Microphone, name, &last, Some(tap)))
}

/// Opens an ear: the device that was chosen, or the system's default.
///
/// # Errors
/// Why, and what was to be played back.
pub fn open_playback<P: Played>(
    choice: Option<&Choice>,
    period: u32,
    played: P,
    alarm: &Alarm,
) -> Result<Open<P>, NotOpened<P>> {
    let (device, name) = match find(choice, Kind::Loudspeaker) {
        Ok(found) => found,
        Err(error) => {
            return Err(NotOpened { cause: "it is not in the list".into(), error, item: Some(Box::new(played)) });
        }
    };
    let channels = device.default_output_config().map_or(2, |config| config.channels());
    let (mut played, mut last) = (played, cpal::Error::from(ErrorKind::DeviceNotAvailable));
    for config in configs(channels, period) {
        let (back, returned) = sync_channel(1);
        let health = Arc::new(Health::default());
        let (counted, mut lent) = (Arc::clone(&health), Lent { item: Some(played), back });
        let mut mono = vec![0.0_f32; FRAMES_MAX];
        let width = usize::from(channels).max(1);
        let built = device.build_output_stream(
            config,
            move |data: &mut [f32], _: &cpal::OutputCallbackInfo| {
                counted.callbacks.fetch_add(1, Ordering::Relaxed);
                let frames = (data.len() / width).min(FRAMES_MAX);
                if let Some(played) = &mut lent.item {
                    played.play(&mut mono[..frames], monotonic_ns());
                }
                for (frame, sample) in data.chunks_exact_mut(width).zip(&mono) {
                    frame.fill(*sample);
                }
            },
            on_error(&health, alarm),
            None,
        );
        match built.and_then(|stream| stream.play().map(|()| stream)) {
            Ok(stream) => return Ok(Open { stream, back: returned, health, name }),
            Err(error) => {
                last = error;
                match returned.recv() {
                    Ok(item) => played = item,
                    Err(_) => return Err(refused(choice, Kind::Loudspeaker, name, &last, None)),
                }
            }
        }
    }
    Err(refused(choice, Kind::Loudspeaker, name, &last, Some(played)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cpal::{InputStreamTimestamp, StreamInstant};

    /// A block of 480 frames that is fetched at 2 s of the stream's clock.
    fn age_of_block_captured_at(millis: u64) -> u64 {
        let at = |millis| StreamInstant::from_millis(millis);
        age_ns(&InputStreamTimestamp { callback: at(2_000), capture: at(millis) }, 480)
    }

    #[test]
    fn a_block_that_is_fetched_late_keeps_the_time_at_which_it_was_captured() {
        assert_eq!(age_of_block_captured_at(1_850), 150_000_000);
    }

    #[test]
    fn a_block_is_as_old_as_it_is_long_at_least_and_a_fifth_of_a_second_at_most_whatever_its_device_says() {
        assert_eq!(age_of_block_captured_at(2_000), 10_000_000);
        assert_eq!(age_of_block_captured_at(2_100), 10_000_000);
        assert_eq!(age_of_block_captured_at(0), AGE_MAX_NS);
    }
}
