//! One position's ear: the streams of everybody who is heard there, mixed for one device.
//!
//! Law: [`PlaybackMixer::on_playback`] runs in the device's callback and owns all it needs; packets and wishes reach it
//! by rings, levels leave it by atomics.

use crate::level::Level;
use crate::limiter::limit;
use crate::stream::{Stream, StreamStats};
use crate::tone::{Tone, TonePlayer};
use crate::{MediaError, PAYLOAD_MAX};
use dealerboard_model::Csrc;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Lines that one position can hear.
const LINES: usize = 96;

/// Packets that may wait for the next callback: 12 talkers for 200 ms.
const PACKETS: usize = 256;

/// Wishes that may wait for the next callback.
const WISHES: usize = 256;

/// A gain moves to its target by this much a sample: 5 ms for the whole way.
const RAMP: f32 = 1.0 / 240.0;

/// A packet for an ear.
#[derive(Clone)]
pub struct VoicePacket {
    /// The line it is heard on.
    pub line: Csrc,
    /// Who talks.
    pub talker: Csrc,
    /// The ear it came by: sequence numbers belong to it.
    pub ear: u32,
    /// Sequence number.
    pub seq: u16,
    /// When it was received.
    pub arrived_ns: u64,
    /// The Opus packet.
    pub payload: [u8; PAYLOAD_MAX],
    /// Its length in bytes.
    pub length: u16,
}

impl Default for VoicePacket {
    fn default() -> Self {
        Self { line: Csrc(0), talker: Csrc(0), ear: 0, seq: 0, arrived_ns: 0, payload: [0; PAYLOAD_MAX], length: 0 }
    }
}

/// What the turret wants of a position's ear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlaybackControl {
    /// How loud a line is; 0 is silent, 1 as received.
    Gain {
        /// Which line.
        line: Csrc,
        /// The gain.
        gain: f32,
    },
    /// How loud the position is.
    Master(f32),
    /// Starts a tone.
    Start(Tone),
    /// Stops a tone.
    Stop(Tone),
}

/// How a position's ear is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaybackConfig {
    /// Talks that can be heard at once.
    pub streams: usize,
}

#[derive(Default)]
struct LineLevel {
    line: AtomicU32,
    level: Level,
}

struct Shared {
    levels: Vec<LineLevel>,
    overflows: AtomicU32,
    concealed: AtomicU32,
}

struct LineGain {
    line: Csrc,
    now: f32,
    target: f32,
}

/// The part that lives in the device's callback.
pub struct PlaybackMixer {
    shared: Arc<Shared>,
    packets: Consumer<VoicePacket>,
    wishes: Consumer<PlaybackControl>,
    streams: Vec<Stream>,
    gains: Vec<LineGain>,
    master: f32,
    tones: TonePlayer,
}

/// The part that others hold.
pub struct PlaybackSender {
    shared: Arc<Shared>,
    packets: Producer<VoicePacket>,
    wishes: Producer<PlaybackControl>,
}

/// Makes the two parts of a position's ear.
///
/// # Errors
/// libopus cannot be set up.
pub fn playback_pair(config: PlaybackConfig) -> Result<(PlaybackMixer, PlaybackSender), MediaError> {
    let levels = (0..LINES).map(|_| LineLevel::default()).collect();
    let shared = Arc::new(Shared { levels, overflows: AtomicU32::new(0), concealed: AtomicU32::new(0) });
    let (packets, packets_in) = RingBuffer::new(PACKETS);
    let (wishes, wishes_in) = RingBuffer::new(WISHES);
    let mixer = PlaybackMixer {
        shared: Arc::clone(&shared),
        packets: packets_in,
        wishes: wishes_in,
        streams: (0..config.streams).map(|_| Stream::new()).collect::<Result<_, _>>()?,
        gains: Vec::with_capacity(LINES),
        master: 1.0,
        tones: TonePlayer::default(),
    };
    Ok((mixer, PlaybackSender { shared, packets, wishes }))
}

impl PlaybackSender {
    /// Hands a packet to the callback; false when it takes none, since the device has stopped.
    pub fn push(&mut self, packet: VoicePacket) -> bool {
        let taken = self.packets.push(packet).is_ok();
        if !taken {
            self.shared.overflows.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// Hands a wish to the callback; false when it takes none.
    pub fn control(&mut self, wish: PlaybackControl) -> bool {
        self.wishes.push(wish).is_ok()
    }

    /// The level of each line that was heard since the last call.
    pub fn levels(&self) -> impl Iterator<Item = (Csrc, f32)> + '_ {
        let known = self.shared.levels.iter().map(|entry| (entry.line.load(Ordering::Acquire), &entry.level));
        known.take_while(|(line, _)| *line != 0).map(|(line, level)| (Csrc(line), level.read_dbfs()))
    }

    /// Packets that found no place because the device had stopped.
    #[must_use]
    pub fn overflows(&self) -> u32 {
        self.shared.overflows.load(Ordering::Relaxed)
    }

    /// Samples that had to be made up so far, as far as they fit.
    #[must_use]
    pub fn concealed_samples(&self) -> u32 {
        self.shared.concealed.load(Ordering::Relaxed)
    }
}

impl PlaybackMixer {
    /// Fills a block for the device; its first sample is played at `first_sample_ns`.
    pub fn on_playback(&mut self, out: &mut [f32], first_sample_ns: u64) {
        out.fill(0.0);
        while let Ok(wish) = self.wishes.pop() {
            self.obey(wish);
        }
        while let Ok(packet) = self.packets.pop() {
            self.take(&packet);
        }
        let mut concealed = 0;
        for stream in &mut self.streams {
            let (Some((line, _, _)), false) = (stream.key, stream.is_idle()) else { continue };
            let gain = gain_of(&mut self.gains, &self.shared, line);
            let peak = stream.add(out, first_sample_ns, gain);
            concealed += stream.stats.concealed_samples;
            if let Some(entry) = self.shared.levels.iter().find(|entry| entry.line.load(Ordering::Relaxed) == line.0) {
                entry.level.take(&[peak]);
            }
        }
        self.shared.concealed.store(u32::try_from(concealed).unwrap_or(u32::MAX), Ordering::Relaxed);
        for gain in &mut self.gains {
            let way = RAMP * out.len() as f32;
            gain.now += (gain.target - gain.now).clamp(-way, way);
        }
        out.iter_mut().for_each(|sample| *sample *= self.master);
        self.tones.add(out);
        limit(out);
    }

    fn obey(&mut self, wish: PlaybackControl) {
        match wish {
            PlaybackControl::Gain { line, gain } => {
                gain_of(&mut self.gains, &self.shared, line);
                if let Some(entry) = self.gains.iter_mut().find(|entry| entry.line == line) {
                    entry.target = gain.clamp(0.0, 2.0);
                }
            }
            PlaybackControl::Master(gain) => self.master = gain.clamp(0.0, 2.0),
            PlaybackControl::Start(tone) => self.tones.start(tone),
            PlaybackControl::Stop(tone) => self.tones.stop(tone),
        }
    }

    fn take(&mut self, packet: &VoicePacket) {
        let key = (packet.line, packet.talker, packet.ear);
        let place = self.streams.iter().position(|stream| stream.key == Some(key)).or_else(|| {
            // A free stream, else the one that has been silent for longest: the newest talk is heard.
            let place = (0..self.streams.len())
                .min_by_key(|place| (!self.streams[*place].is_idle(), self.streams[*place].heard_ns))?;
            self.streams[place].lend(key);
            Some(place)
        });
        if let Some(place) = place {
            self.streams[place].push(packet);
        }
    }

    /// What each stream that plays has done so far.
    pub fn stats(&self) -> impl Iterator<Item = StreamStats> + '_ {
        self.streams.iter().filter(|stream| stream.key.is_some()).map(|stream| stream.stats)
    }
}

/// The present gain of a line; a line that is new is heard as received.
fn gain_of(gains: &mut Vec<LineGain>, shared: &Shared, line: Csrc) -> f32 {
    if let Some(entry) = gains.iter().find(|entry| entry.line == line) {
        return entry.now;
    }
    if gains.len() < LINES {
        shared.levels[gains.len()].line.store(line.0, Ordering::Release);
        gains.push(LineGain { line, now: 1.0, target: 1.0 });
    }
    1.0
}
