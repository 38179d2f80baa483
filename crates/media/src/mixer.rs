//! One position's ear: the streams of everybody who is heard there, mixed for one device.
//!
//! Law: [`PlaybackMixer::on_playback`] runs in the device's callback and owns all it needs; packets and wishes reach it
//! by rings, levels leave it by atomics.

use crate::level::Level;
use crate::limiter::limit;
use crate::ramp::Ramp;
use crate::stream::Stream;
use crate::stream_stats::StreamStats;
use crate::tone::{Tone, TonePlayer};
use crate::{MediaError, PAYLOAD_MAX};
use dealerboard_model::Csrc;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

/// Lines whose gains one position keeps. A line that is as received and unheard gives its place to a new one.
const LINES: usize = 512;

/// Packets that may wait for the next callback: the early bursts (300 ms) of 24 talks at once.
const PACKETS: usize = 768;

/// Wishes that may wait for the next callback.
const WISHES: usize = 256;

/// Sound of a message that may wait for the next callbacks: a second.
const CLIP_SAMPLES: usize = 48_000;

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
    /// Timestamp of its first sample, 48 kHz (RFC 7587 section 4.1): what time it has, whatever was lost before it.
    pub rtp_ts: u32,
    /// When it was received.
    pub arrived_ns: u64,
    /// The Opus packet.
    pub payload: [u8; PAYLOAD_MAX],
    /// Its length in bytes.
    pub length: u16,
}

impl Default for VoicePacket {
    fn default() -> Self {
        Self {
            line: Csrc(0),
            talker: Csrc(0),
            ear: 0,
            seq: 0,
            rtp_ts: 0,
            arrived_ns: 0,
            payload: [0; PAYLOAD_MAX],
            length: 0,
        }
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
    /// Throws away what waits of a message.
    EndClip,
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
    device: OnceLock<Thread>,
}

impl Shared {
    fn wake_device(&self) {
        if let Some(device) = self.device.get() {
            device.unpark();
        }
    }
}

struct LineGain {
    line: Csrc,
    gain: Ramp,
}

/// The part that lives in the device's callback.
pub struct PlaybackMixer {
    shared: Arc<Shared>,
    packets: Consumer<VoicePacket>,
    wishes: Consumer<PlaybackControl>,
    clip: Consumer<f32>,
    streams: Vec<Stream>,
    gains: Vec<LineGain>,
    master: Ramp,
    tones: TonePlayer,
    /// No stream sounds and every gain stands: until something comes, nothing changes that.
    rests: bool,
}

/// The part that others hold.
pub struct PlaybackSender {
    shared: Arc<Shared>,
    packets: Producer<VoicePacket>,
    wishes: Producer<PlaybackControl>,
    clip: Producer<f32>,
}

/// Makes the two parts of a position's ear.
///
/// # Errors
/// libopus cannot be set up.
pub fn playback_pair(config: PlaybackConfig) -> Result<(PlaybackMixer, PlaybackSender), MediaError> {
    let levels = (0..LINES).map(|_| LineLevel::default()).collect();
    let shared = Arc::new(Shared { levels, device: OnceLock::new() });
    let (packets, packets_in) = RingBuffer::new(PACKETS);
    let (wishes, wishes_in) = RingBuffer::new(WISHES);
    let (clip, clip_in) = RingBuffer::new(CLIP_SAMPLES);
    let mixer = PlaybackMixer {
        shared: Arc::clone(&shared),
        packets: packets_in,
        wishes: wishes_in,
        clip: clip_in,
        streams: (0..config.streams).map(|_| Stream::new()).collect::<Result<_, _>>()?,
        gains: Vec::with_capacity(LINES),
        master: Ramp::at(1.0),
        tones: TonePlayer::default(),
        rests: false,
    };
    Ok((mixer, PlaybackSender { shared, packets, wishes, clip }))
}

impl PlaybackSender {
    /// Hands a packet to the callback; false when it takes none, since the device has stopped.
    pub fn push(&mut self, packet: VoicePacket) -> bool {
        let taken = self.packets.push(packet).is_ok();
        self.shared.wake_device();
        taken
    }

    /// Hands a wish to the callback; false when it takes none.
    pub fn control(&mut self, wish: PlaybackControl) -> bool {
        let taken = self.wishes.push(wish).is_ok();
        self.shared.wake_device();
        taken
    }

    /// Hands the next samples of a message to the callback; how many it has taken.
    pub fn play(&mut self, samples: &[f32]) -> usize {
        let (taken, _) = self.clip.push_partial_slice(samples);
        let count = taken.len();
        self.shared.wake_device();
        count
    }

    /// Samples of a message that were not played yet.
    #[must_use]
    pub fn clip_waits(&self) -> usize {
        CLIP_SAMPLES - self.clip.slots()
    }

    /// The level of each line that was heard since the last call.
    pub fn levels(&self) -> impl Iterator<Item = (Csrc, f32)> + '_ {
        let known = self.shared.levels.iter().map(|entry| (entry.line.load(Ordering::Acquire), &entry.level));
        known.take_while(|(line, _)| *line != 0).map(|(line, level)| (Csrc(line), level.read_dbfs()))
    }
}

impl PlaybackMixer {
    /// Names the thread that calls it, if that sleeps longer while the ear rests: what comes wakes it. The first call counts.
    pub fn wake(&self, thread: Thread) {
        let _ = self.shared.device.set(thread);
    }

    /// It plays silence until something comes.
    #[must_use]
    pub fn rests(&self) -> bool {
        let nothing_comes = self.packets.is_empty() && self.wishes.is_empty() && self.clip.is_empty();
        self.rests && nothing_comes && self.master.stands() && !self.tones.plays()
    }

    /// Fills a block for the device; its first sample is played at `first_sample_ns`, and what has come until then is heard.
    pub fn on_playback(&mut self, out: &mut [f32], first_sample_ns: u64) {
        self.on_playback_until(out, first_sample_ns, first_sample_ns);
    }

    /// The same for a device that keeps a time of its own: what has come until `asked_ns`, when it asks for the block, is
    /// heard.
    pub fn on_playback_until(&mut self, out: &mut [f32], first_sample_ns: u64, asked_ns: u64) {
        out.fill(0.0);
        while let Ok(wish) = self.wishes.pop() {
            self.rests = false;
            self.obey(wish);
        }
        while self.packets.peek().is_ok_and(|packet| packet.arrived_ns <= asked_ns) {
            let Ok(packet) = self.packets.pop() else { break };
            self.rests = false;
            self.take(&packet);
        }
        let talk = !self.rests && self.add_streams(out, first_sample_ns);
        let sounds = self.add_clip(out) || talk;
        if !sounds && !self.tones.plays() {
            // An ear hears nothing most of its time: silence costs nothing.
            self.master.pass(out.len());
            return;
        }
        out.iter_mut().for_each(|sample| *sample *= self.master.step());
        self.tones.add(out);
        limit(out);
    }

    /// Adds what was handed over of a message; false when none waits.
    fn add_clip(&mut self, out: &mut [f32]) -> bool {
        let ready = self.clip.slots().min(out.len());
        let Ok(clip) = self.clip.read_chunk(ready) else { return false };
        out.iter_mut().zip(clip).for_each(|(sample, said)| *sample += said);
        ready > 0
    }

    /// Adds what the streams play, and moves the gains on; false when none plays.
    fn add_streams(&mut self, out: &mut [f32], first_sample_ns: u64) -> bool {
        let mut sounds = false;
        for stream in &mut self.streams {
            let (Some((line, _, _)), false) = (stream.key, stream.is_idle()) else { continue };
            sounds = true;
            // A line that found no place is not played: its mute could not be kept.
            let place = self.gains.iter().position(|entry| entry.line == line);
            let gain = place.map_or(Ramp::at(0.0), |place| self.gains[place].gain);
            let peak = stream.add(out, first_sample_ns, gain);
            if let Some(place) = place {
                self.shared.levels[place].level.take(&[peak]);
            }
        }
        self.gains.iter_mut().for_each(|entry| entry.gain.pass(out.len()));
        self.rests = !sounds && self.gains.iter().all(|entry| entry.gain.stands());
        sounds
    }

    fn obey(&mut self, wish: PlaybackControl) {
        match wish {
            PlaybackControl::Gain { line, gain } => {
                let heard = self.streams.iter().any(|stream| !stream.is_idle() && is_on(stream, line));
                if let Some(place) = self.place_of(line) {
                    let ramp = &mut self.gains[place].gain;
                    ramp.aim(gain);
                    if !heard {
                        *ramp = Ramp::at(ramp.target());
                    }
                }
            }
            PlaybackControl::Master(gain) => self.master.aim(gain),
            PlaybackControl::Start(tone) => self.tones.start(tone),
            PlaybackControl::Stop(tone) => self.tones.stop(tone),
            PlaybackControl::EndClip => {
                let waits = self.clip.slots();
                self.clip.read_chunk(waits).into_iter().for_each(|chunk| chunk.commit_all());
            }
        }
    }

    fn take(&mut self, packet: &VoicePacket) {
        let key = (packet.line, packet.talker, packet.ear);
        let place = self.streams.iter().position(|stream| stream.key == Some(key)).or_else(|| {
            self.place_of(packet.line);
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

    /// Where the gain of a line stands; a line that is new is heard as received. None when every place is a line that
    /// is heard or has a gain of its own.
    fn place_of(&mut self, line: Csrc) -> Option<usize> {
        if let Some(place) = self.gains.iter().position(|entry| entry.line == line) {
            return Some(place);
        }
        let new = LineGain { line, gain: Ramp::at(1.0) };
        let place = if self.gains.len() < LINES {
            self.gains.push(new);
            self.gains.len() - 1
        } else {
            let heard = |line: Csrc| self.streams.iter().any(|stream| is_on(stream, line));
            let free = |entry: &LineGain| entry.gain == Ramp::at(1.0) && !heard(entry.line);
            let place = self.gains.iter().position(free)?;
            self.gains[place] = new;
            place
        };
        let entry = &self.shared.levels[place];
        entry.line.store(line.0, Ordering::Release);
        Some(place)
    }

    /// What each stream that plays has done so far.
    pub fn stats(&self) -> impl Iterator<Item = StreamStats> + '_ {
        self.streams.iter().filter(|stream| stream.key.is_some()).map(|stream| stream.stats)
    }
}

fn is_on(stream: &Stream, line: Csrc) -> bool {
    stream.key.is_some_and(|(of, _, _)| of == line)
}
