//! ALSA devices, waited for as ALSA wants it.
//!
//! cpal asks a device only once what to poll. The plugins of PipeWire and PulseAudio want to be asked before each wait:
//! else what is polled stays ready, the thread never sleeps, and PipeWire drops, untold, what a thread without rest does
//! not fetch within one period. These devices are cpal's own, wrapped, and wait by `snd_pcm_wait`, which asks each time.
//!
//! Law: a microphone's ring holds [`RING_FRAMES`], so that a late thread loses nothing; an ear's holds two periods, because
//! there it is delay.

use alsa::pcm::{Access, Format, HwParams, IoFormat, PCM};
use alsa::{Direction, ValueOr};
use cpal::platform::CustomDevice;
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, Data, Device, DeviceDescription, DeviceId, Error, ErrorKind, FrameCount, FromSample, InputCallbackInfo,
    InputStreamTimestamp, OutputCallbackInfo, OutputStreamTimestamp, Sample, SampleFormat, StreamConfig, StreamInstant,
    SupportedStreamConfig, SupportedStreamConfigRange,
};
use dealerboard_media::{RATE_HZ, samples_to_ns};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Frames that a microphone keeps for a late thread: 170 ms.
const RING_FRAMES: usize = 8_192;

/// Frames in a period when the caller has no wish.
const PERIOD_FRAMES: usize = 1_024;

/// Periods in the ring of an ear.
const EAR_PERIODS: usize = 2;

/// Longest wait for a period, after which the thread looks whether it shall end.
const WAIT_MS: u32 = 50;

/// How long a stream that is dropped waits for its thread.
const END_MAX: Duration = Duration::from_millis(500);

/// How long a device that fails is left alone.
const PAUSE: Duration = Duration::from_millis(5);

/// Plugins are not safe to open at the same time.
static OPENING: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    OPENING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same device, waited for with patience; any that is not ALSA's as it is.
pub fn patient(device: Device) -> Device {
    match device.id() {
        Ok(id) if id.host() == cpal::HostId::Alsa => Device::from(CustomDevice::from_device(Card { device, id })),
        Ok(_) | Err(_) => device,
    }
}

/// What the plugin `device` opens under the name `pcm`, which stands in no list.
pub fn through(device: Device, pcm: &str) -> Device {
    let id = DeviceId::new(cpal::HostId::Alsa, pcm);
    Device::from(CustomDevice::from_device(Card { device, id }))
}

/// A device of cpal's, or one that a plugin of its opens under another id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Card {
    device: Device,
    id: DeviceId,
}

impl fmt::Display for Card {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.device.fmt(to)
    }
}

impl DeviceTrait for Card {
    type SupportedInputConfigs = std::vec::IntoIter<SupportedStreamConfigRange>;
    type SupportedOutputConfigs = std::vec::IntoIter<SupportedStreamConfigRange>;
    type Stream = Stream;

    fn description(&self) -> Result<DeviceDescription, Error> {
        self.device.description()
    }

    fn id(&self) -> Result<DeviceId, Error> {
        Ok(self.id.clone())
    }

    fn supported_input_configs(&self) -> Result<Self::SupportedInputConfigs, Error> {
        let _alone = alone();
        Ok(self.device.supported_input_configs()?.collect::<Vec<_>>().into_iter())
    }

    fn supported_output_configs(&self) -> Result<Self::SupportedOutputConfigs, Error> {
        let _alone = alone();
        Ok(self.device.supported_output_configs()?.collect::<Vec<_>>().into_iter())
    }

    fn default_input_config(&self) -> Result<SupportedStreamConfig, Error> {
        let _alone = alone();
        self.device.default_input_config()
    }

    fn default_output_config(&self) -> Result<SupportedStreamConfig, Error> {
        let _alone = alone();
        self.device.default_output_config()
    }

    fn build_input_stream_raw<D, E>(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        mut on_data: D,
        on_error: E,
        _: Option<Duration>,
    ) -> Result<Stream, Error>
    where
        D: FnMut(&Data, &InputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        let (pcm, shape) = Shape::of(&config, format)?.open(self.id.id(), Direction::Capture)?;
        Ok(Stream::new(shape, move |stop| {
            let mut runs = Running { pcm, shape, stop, on_error };
            let mut take = |block: &mut [f32], age_frames: usize| {
                // SAFETY: the block is as long as is said, of this format, and outlives the call.
                let data = unsafe { Data::from_parts(block.as_mut_ptr().cast(), block.len(), SampleFormat::F32) };
                let callback = now();
                let capture = StreamInstant::from_nanos(now_ns().saturating_sub(samples_to_ns(age_frames)));
                on_data(&data, &InputCallbackInfo::new(InputStreamTimestamp { callback, capture }));
            };
            let _told = match shape.form {
                Form::F32 => runs.capture::<f32>(&mut take),
                Form::S32 => runs.capture::<i32>(&mut take),
                Form::S16 => runs.capture::<i16>(&mut take),
            };
            // The device is closed before what it called is given back: whoever has that may open it again.
            drop(runs);
        }))
    }

    fn build_output_stream_raw<D, E>(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        mut on_data: D,
        on_error: E,
        _: Option<Duration>,
    ) -> Result<Stream, Error>
    where
        D: FnMut(&mut Data, &OutputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        let (pcm, shape) = Shape::of(&config, format)?.open(self.id.id(), Direction::Playback)?;
        Ok(Stream::new(shape, move |stop| {
            let mut runs = Running { pcm, shape, stop, on_error };
            let mut fill = |block: &mut [f32], queued_frames: usize| {
                // SAFETY: the block is as long as is said, of this format, and outlives the call.
                let mut data = unsafe { Data::from_parts(block.as_mut_ptr().cast(), block.len(), SampleFormat::F32) };
                let callback = now();
                let playback = StreamInstant::from_nanos(now_ns().saturating_add(samples_to_ns(queued_frames)));
                on_data(&mut data, &OutputCallbackInfo::new(OutputStreamTimestamp { callback, playback }));
            };
            let _told = match shape.form {
                Form::F32 => runs.play::<f32>(&mut fill),
                Form::S32 => runs.play::<i32>(&mut fill),
                Form::S16 => runs.play::<i16>(&mut fill),
            };
            drop(runs);
        }))
    }
}

/// How a device runs.
#[derive(Clone, Copy)]
struct Shape {
    channels: usize,
    period: usize,
    ring: usize,
    form: Form,
}

/// How a device gives or takes a sample.
#[derive(Clone, Copy)]
enum Form {
    F32,
    S32,
    S16,
}

impl Form {
    /// The best first.
    const ALL: [Self; 3] = [Self::F32, Self::S32, Self::S16];

    fn alsa(self) -> Format {
        match self {
            Self::F32 => Format::float(),
            Self::S32 => Format::s32(),
            Self::S16 => Format::s16(),
        }
    }
}

impl Shape {
    fn of(config: &StreamConfig, format: SampleFormat) -> Result<Self, Error> {
        if format != SampleFormat::F32 || config.sample_rate != RATE_HZ || config.channels == 0 {
            return Err(ErrorKind::UnsupportedConfig.into());
        }
        let period = match config.buffer_size {
            BufferSize::Fixed(frames) => frames as usize,
            BufferSize::Default => PERIOD_FRAMES,
        };
        Ok(Self { channels: usize::from(config.channels), period, ring: 0, form: Form::F32 })
    }

    /// Opens the device of that name, with what it makes of these wishes.
    fn open(mut self, name: &str, direction: Direction) -> Result<(PCM, Self), Error> {
        let pcm = {
            let _alone = alone();
            PCM::new(name, direction, true).map_err(|error| match error.errno() {
                // It has no such direction.
                libc::EINVAL => Error::from(ErrorKind::UnsupportedOperation),
                _ => error.into(),
            })?
        };
        {
            let wish = HwParams::any(&pcm)?;
            wish.set_access(Access::RWInterleaved)?;
            let known = Form::ALL.into_iter().find(|form| wish.test_format(form.alsa()).is_ok());
            self.form = known.ok_or(ErrorKind::UnsupportedConfig)?;
            wish.set_format(self.form.alsa())?;
            wish.set_channels(self.channels as u32)?;
            wish.set_rate(RATE_HZ, ValueOr::Nearest)?;
            match direction {
                Direction::Capture => {
                    self.period = frames(wish.set_period_size_near(self.period as i64, ValueOr::Nearest)?);
                    // A device that must have a longer one has it: its oldest sound is then taken for younger than it is.
                    let _ = wish.set_buffer_size_max(RING_FRAMES.max(EAR_PERIODS * self.period) as i64);
                    self.ring = frames(wish.set_buffer_size_near(RING_FRAMES.max(EAR_PERIODS * self.period) as i64)?);
                }
                Direction::Playback => {
                    self.ring = frames(wish.set_buffer_size_near((EAR_PERIODS * self.period) as i64)?);
                    self.period = frames(wish.set_period_size_near(self.period as i64, ValueOr::Nearest)?);
                }
            }
            pcm.hw_params(&wish)?;
        }
        if self.period == 0 || self.ring < self.period {
            return Err(ErrorKind::DeviceNotAvailable.into());
        }
        {
            let wish = pcm.sw_params_current()?;
            wish.set_avail_min(self.period as i64)?;
            wish.set_start_threshold(match direction {
                Direction::Capture => 1,
                // Whole periods, since no other are written.
                Direction::Playback => ((self.ring / self.period).min(EAR_PERIODS) * self.period) as i64,
            })?;
            pcm.sw_params(&wish)?;
        }
        pcm.prepare()?;
        Ok((pcm, self))
    }
}

fn frames(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

fn now_ns() -> u64 {
    crate::open::monotonic_ns()
}

fn now() -> StreamInstant {
    StreamInstant::from_nanos(now_ns())
}

/// A device's thread, which begins with `play` and ends when the stream is dropped.
struct Stream {
    stop: Arc<AtomicBool>,
    shape: Shape,
    start: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// Hung up when the thread has ended, or was never begun.
    ended: Mutex<Receiver<()>>,
}

impl Stream {
    fn new(shape: Shape, run: impl FnOnce(Arc<AtomicBool>) + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let (alive, ended): (Sender<()>, _) = channel();
        let start: Box<dyn FnOnce() + Send> = Box::new(move || {
            run(seen);
            drop(alive);
        });
        Self { stop, shape, start: Mutex::new(Some(start)), ended: Mutex::new(ended) }
    }
}

impl StreamTrait for Stream {
    fn play(&self) -> Result<(), Error> {
        let Some(run) = self.start.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        let begun = thread::Builder::new().name("sound card".into()).spawn(run);
        begun.map(drop).map_err(|error| Error::with_message(ErrorKind::BackendError, error.to_string()))
    }

    fn pause(&self) -> Result<(), Error> {
        Err(ErrorKind::UnsupportedOperation.into())
    }

    fn now(&self) -> StreamInstant {
        now()
    }

    fn buffer_size(&self) -> Result<FrameCount, Error> {
        Ok(self.shape.period as FrameCount)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        *self.start.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // It ends within a period. One that is stuck in a device's own code is left behind.
        let _ = self.ended.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(END_MAX);
    }
}

/// The device has gone, and that was told.
struct Gone;

struct Running<E> {
    pcm: PCM,
    shape: Shape,
    stop: Arc<AtomicBool>,
    on_error: E,
}

impl<E: FnMut(Error)> Running<E> {
    /// Calls `take` with each period, and the age of its first frame, until the stream is dropped or the device has gone.
    fn capture<S: IoFormat + Sample>(&mut self, take: &mut dyn FnMut(&mut [f32], usize)) -> Result<(), Gone>
    where
        f32: FromSample<S>,
    {
        let Self { pcm, shape, stop, on_error } = self;
        let mut raw = vec![S::EQUILIBRIUM; shape.period * shape.channels];
        let mut block = vec![0.0_f32; raw.len()];
        let mut read = pcm.start().map(|()| 0);
        let io = pcm.io_checked::<S>().map_err(|_| Gone)?;
        while !stop.load(Ordering::Acquire) {
            read = read.and_then(|_| {
                let there = wait(pcm, shape.period)?;
                if there > 0 {
                    whole(shape.period, stop, |done| io.readi(&mut raw[done * shape.channels..]))?;
                }
                Ok(there)
            });
            match read {
                Ok(0) => {}
                Ok(there) => {
                    for (sample, read) in block.iter_mut().zip(&raw) {
                        *sample = f32::from_sample(*read);
                    }
                    take(&mut block, there);
                }
                Err(error) => {
                    recover(pcm, error, on_error)?;
                    // What still fails is told by the next round.
                    read = pcm.start().map(|()| 0).or(Ok(0));
                }
            }
        }
        Ok(())
    }

    /// Calls `fill` for each period, with how many frames are played before it.
    fn play<S: IoFormat + Sample + FromSample<f32>>(
        &mut self,
        fill: &mut dyn FnMut(&mut [f32], usize),
    ) -> Result<(), Gone> {
        let Self { pcm, shape, stop, on_error } = self;
        let mut raw = vec![S::EQUILIBRIUM; shape.period * shape.channels];
        let mut block = vec![0.0_f32; raw.len()];
        let io = pcm.io_checked::<S>().map_err(|_| Gone)?;
        while !stop.load(Ordering::Acquire) {
            let written = wait(pcm, shape.period).and_then(|room| {
                if room == 0 {
                    return Ok(());
                }
                fill(&mut block, shape.ring.saturating_sub(room));
                for (played, sample) in raw.iter_mut().zip(&block) {
                    *played = S::from_sample(*sample);
                }
                whole(shape.period, stop, |done| io.writei(&raw[done * shape.channels..]))
            });
            if let Err(error) = written {
                recover(pcm, error, on_error)?;
            }
        }
        Ok(())
    }
}

/// Waits for a period, and says how many frames there are; 0 when there was none for a while.
fn wait(pcm: &PCM, period: usize) -> Result<usize, alsa::Error> {
    let there = frames(pcm.avail()?);
    if there >= period {
        return Ok(there);
    }
    if !pcm.wait(Some(WAIT_MS))? {
        return Ok(0);
    }
    let there = frames(pcm.avail()?);
    if there >= period {
        return Ok(there);
    }
    // A plugin has woken us too early.
    thread::sleep(Duration::from_nanos(samples_to_ns(period - there)));
    Ok(0)
}

/// Moves a whole period in as many parts as the device makes of it; `part` takes how much is done and gives how much more is.
fn whole(
    period: usize,
    stop: &AtomicBool,
    mut part: impl FnMut(usize) -> Result<usize, alsa::Error>,
) -> Result<(), alsa::Error> {
    let mut done = 0;
    while done < period && !stop.load(Ordering::Acquire) {
        match part(done) {
            Ok(more) if more > 0 => done += more,
            Ok(_) => thread::sleep(PAUSE),
            Err(error) if is_over(error) => thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// It was nothing but a bad moment.
fn is_over(error: alsa::Error) -> bool {
    matches!(error.errno(), libc::EAGAIN | libc::EINTR)
}

/// Tells the error and makes the device ready to start again.
fn recover(pcm: &PCM, error: alsa::Error, on_error: &mut impl FnMut(Error)) -> Result<(), Gone> {
    let number = error.errno();
    if is_over(error) {
        return Ok(());
    }
    let told = Error::from(error);
    let gone = told.kind() == ErrorKind::DeviceNotAvailable;
    on_error(told);
    if gone {
        return Err(Gone);
    }
    if number != libc::EPIPE {
        thread::sleep(PAUSE);
    }
    if number != libc::ESTRPIPE || pcm.resume().is_err() {
        // What still fails is told by the next round.
        let _ = pcm.prepare();
    }
    Ok(())
}
