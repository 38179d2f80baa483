//! One talker on one line, as one ear receives them: jitter buffer, decoder and concealment.
//!
//! ```text
//!                      ┌────── came too late for the old delay, in silence ──────┐
//!                      ▼                                                         │
//! Idle ─packet─► Waiting ─delay passed─► Playing ─nothing for 1 s─► Idle    (Playing)
//! ```
//!
//! Time is the sender's: `at` is the RTP timestamp of the next sample (RFC 3550 section 5.1). Where no packet says what
//! to play, sound is made up and counted in `gap`; the next packet's timestamp and sequence number tell what the gap
//! was: a pause or a loss, whose time has passed, or a wait for a packet that came too late, by which everything after
//! it is heard later. Law: the first packet of a talk is played from its first sample, and nothing waits for a
//! retransmission.

use crate::blend::Blend;
use crate::queue::{Held, Queue};
use crate::ramp::Ramp;
use crate::splice;
use crate::stream_stats::StreamStats;
use crate::voice_decoder::VoiceDecoder;
use crate::watch::{LARGE_SAMPLES, Watch};
use crate::{MediaError, RATE_HZ, VoicePacket, ns_to_samples, samples_to_ns};
use dealerboard_model::Csrc;

/// Room for decoded samples: the longest Opus packet (120 ms), and as much again to stretch or join.
const DECODED_MAX: usize = 12_288;

/// Wait before a talk plays, besides one callback: what packets of a quiet network differ by when the sender's callbacks
/// are of 256 samples (5 ms), and 1 ms of noise.
const START_NS: u64 = 6_000_000;

/// The most that a stream learns to wait longer before the next talk plays: 40 ms.
const LEARNED_MAX: i64 = 1_920;

/// Longest time that sound may wait here: above it the oldest is dropped even in mid-speech. More than the early burst
/// of a talk lasts.
const CAP_SAMPLES: usize = 21_600;

/// What is left after dropping.
const KEPT_SAMPLES: usize = 4_800;

/// What is made up fades out over this many samples (60 ms).
const FADE_SAMPLES: usize = 2_880;

/// Samples that are made up at a time: 10 ms, the shortest loss that the speech layer of Opus can conceal.
const CONCEAL_SAMPLES: usize = 480;

/// A talk is over when nothing came for a second: five times as long as a keyed microphone may be silent.
const OVER_SAMPLES: usize = RATE_HZ as usize;

/// A stream that is taken away fades out over this many samples (5 ms).
const TAIL_SAMPLES: usize = 240;

/// After a period was left out, this many times its length is played as it is: 11 % faster in all.
const SPLICE_REST: usize = 8;

/// Farthest that a packet's number may be from the expected one.
const SEQ_AHEAD_MAX: i16 = 500;

/// Farthest back that a packet's number may be before it is taken for another count.
const SEQ_BACK_MAX: i16 = -100;

/// Farthest that a packet's timestamp may be from the expected one: 3 s.
const TIME_MAX: u32 = 3 * RATE_HZ;

/// Packets of another count that make it the new one.
const STRAYS: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Waiting { since_ns: u64 },
    Playing,
}

/// One received stream.
pub(crate) struct Stream {
    /// Whose: line, talker and ear.
    pub key: Option<(Csrc, Csrc, u32)>,
    /// When it last had a packet.
    pub heard_ns: u64,
    pub stats: StreamStats,
    state: State,
    queue: Queue,
    decoder: VoiceDecoder,
    watch: Watch,
    /// Number of the next packet.
    next_seq: u16,
    /// Timestamp of the next sample.
    at: u32,
    /// Samples played since `at`, made up or silent.
    gap: usize,
    decoded: Vec<f32>,
    read: usize,
    /// What is decoded was made up, and counts as gap when it is played.
    made_up: bool,
    /// What made-up sound was left over, to go over into what was said.
    blend: Blend,
    /// The end of a talk whose stream was taken away.
    tail: Vec<f32>,
    gain_was: f32,
    block: usize,
    played_from_ns: u64,
    strays: u32,
    until_splice: usize,
    learned: i64,
}

impl Stream {
    pub fn new() -> Result<Self, MediaError> {
        Ok(Self {
            key: None,
            heard_ns: 0,
            stats: StreamStats::default(),
            state: State::Idle,
            queue: Queue::new(),
            decoder: VoiceDecoder::new()?,
            watch: Watch::new(),
            next_seq: 0,
            at: 0,
            gap: 0,
            decoded: Vec::with_capacity(DECODED_MAX),
            read: 0,
            made_up: false,
            blend: Blend::new(),
            tail: Vec::with_capacity(TAIL_SAMPLES),
            gain_was: 0.0,
            block: 256,
            played_from_ns: 0,
            strays: 0,
            until_splice: 0,
            learned: 0,
        })
    }

    /// Begins anew for another talker or ear; what still sounds fades out.
    pub fn lend(&mut self, key: (Csrc, Csrc, u32)) {
        self.rest();
        self.key = Some(key);
        self.stats = StreamStats::default();
        self.watch = Watch::new();
        self.learned = 0;
    }

    pub fn is_idle(&self) -> bool {
        self.state == State::Idle && self.tail.is_empty()
    }

    /// Whether nothing but silence is left of what came.
    fn is_hushed(&self) -> bool {
        self.queue.is_empty() && self.gap >= FADE_SAMPLES
    }

    fn rest(&mut self) {
        self.fade_out();
        self.state = State::Idle;
        self.queue.clear();
        self.decoded.clear();
        self.read = 0;
        self.gap = 0;
        self.made_up = false;
        self.blend.clear();
        self.strays = 0;
        self.until_splice = 0;
        self.decoder.reset();
    }

    fn fade_out(&mut self) {
        if self.state != State::Playing || self.gap >= FADE_SAMPLES {
            return;
        }
        self.decoded.drain(..self.read);
        self.read = 0;
        if self.decoded.len() < TAIL_SAMPLES {
            self.decoder.conceal(CONCEAL_SAMPLES, &mut self.decoded);
        }
        self.tail.clear();
        self.tail.extend(self.decoded.iter().take(TAIL_SAMPLES).map(|sample| sample * self.gain_was));
        for (n, sample) in self.tail.iter_mut().enumerate() {
            *sample *= 1.0 - (n as f32 + 1.0) / TAIL_SAMPLES as f32;
        }
    }

    /// Takes a packet. An empty one says nothing and is not taken.
    pub fn push(&mut self, packet: &VoicePacket) {
        if packet.length == 0 {
            return;
        }
        self.stats.packets += 1;
        self.heard_ns = packet.arrived_ns;
        if self.state == State::Idle {
            self.begin(packet);
        }
        let ahead = packet.seq.wrapping_sub(self.next_seq) as i16;
        let time = (packet.rtp_ts.wrapping_sub(self.at) as i32).unsigned_abs();
        let foreign = !(SEQ_BACK_MAX..=SEQ_AHEAD_MAX).contains(&ahead) || time > TIME_MAX;
        let early = matches!(self.state, State::Waiting { .. }) && !foreign;
        if foreign || (ahead < 0 && !early) {
            self.strays += 1;
            let another = if foreign { STRAYS } else { 2 * STRAYS };
            if !(self.is_hushed() && foreign || self.strays >= another && (foreign || self.is_hushed())) {
                self.stats.late += 1;
                return;
            }
            self.rest();
            self.begin(packet);
        } else if ahead < 0 {
            self.start_sooner(packet);
        }
        self.strays = 0;
        if self.queue.is_full() {
            self.drop_oldest();
        }
        if !self.queue.insert(packet) {
            self.stats.late += 1;
        }
    }

    fn begin(&mut self, packet: &VoicePacket) {
        (self.next_seq, self.at) = (packet.seq, packet.rtp_ts);
        self.wait_from(packet.arrived_ns);
        self.watch.clear(packet.arrived_ns);
    }

    fn wait_from(&mut self, arrived_ns: u64) {
        self.state = State::Waiting { since_ns: arrived_ns };
        self.played_from_ns = u64::MAX;
    }

    /// When a talk plays that has been waiting since `since_ns`.
    fn plays_ns(&self, since_ns: u64) -> u64 {
        let learned = usize::try_from(self.learned).unwrap_or(0);
        since_ns.saturating_add(START_NS).saturating_add(samples_to_ns(self.block + learned))
    }

    /// The packets at the beginning of a talk were swapped: it begins with the earlier one.
    fn start_sooner(&mut self, packet: &VoicePacket) {
        let State::Waiting { since_ns } = self.state else { return };
        let sooner = usize::try_from(self.at.wrapping_sub(packet.rtp_ts) as i32).unwrap_or(0);
        // It plays as soon as it has come, and what follows it is not heard later than it would have been.
        let soonest_ns = packet.arrived_ns.saturating_sub(START_NS);
        let since_ns = since_ns.saturating_sub(samples_to_ns(sooner)).max(soonest_ns);
        self.state = State::Waiting { since_ns };
        (self.next_seq, self.at) = (packet.seq, packet.rtp_ts);
    }

    /// Adds the stream's next samples to `out`, whose first sample is played at `now_ns`; gives the loudest.
    pub fn add(&mut self, out: &mut [f32], now_ns: u64, mut gain: Ramp) -> f32 {
        let mut peak = 0.0_f32;
        for (sum, sample) in out.iter_mut().zip(&self.tail) {
            *sum += sample;
            peak = peak.max(sample.abs());
        }
        self.tail.drain(..out.len().min(self.tail.len()));
        self.block = out.len();
        self.leave_made_up();
        let mut from = 0;
        while from < out.len() {
            match self.state {
                State::Idle => break,
                State::Waiting { since_ns } => {
                    let plays_ns = self.plays_ns(since_ns);
                    let wait = ns_to_samples(plays_ns.saturating_sub(now_ns)).saturating_sub(from);
                    if wait >= out.len() - from {
                        break;
                    }
                    gain.pass(wait);
                    from += wait;
                    self.played_from_ns = plays_ns;
                    self.state = State::Playing;
                }
                State::Playing if self.read == self.decoded.len() => self.refill(now_ns, from),
                State::Playing => {
                    let part = (self.decoded.len() - self.read).min(out.len() - from);
                    let samples = &self.decoded[self.read..self.read + part];
                    for (sum, sample) in out[from..from + part].iter_mut().zip(samples) {
                        let sample = gain.step() * sample;
                        *sum += sample;
                        peak = peak.max(sample.abs());
                    }
                    self.read += part;
                    from += part;
                    self.gap += if self.made_up { part } else { 0 };
                    self.until_splice = self.until_splice.saturating_sub(part);
                }
            }
        }
        self.gain_was = gain.now();
        peak
    }

    /// Samples that are still to pass before the next packet's turn, if there is one; negative when it is late.
    fn until(&self, next: &Held) -> i64 {
        let ahead = i64::from(next.rtp_ts.wrapping_sub(self.at) as i32).max(0);
        ahead - self.gap as i64
    }

    /// A packet that came while sound was made up is played as soon as its turn has come.
    fn leave_made_up(&mut self) {
        let Some(next) = self.queue.front().filter(|_| self.made_up) else { return };
        let until = usize::try_from(self.until(&next)).unwrap_or(0);
        self.keep_made_up(until);
    }

    /// Keeps at most so many of the samples that were made up; the rest goes over into what comes next.
    fn keep_made_up(&mut self, samples: usize) {
        if self.decoded.len() - self.read > samples {
            let end = self.read + samples;
            self.blend.clear();
            self.blend.take(&self.decoded[end..]);
            self.decoded.truncate(end);
        }
    }

    /// Decodes what is next, or makes it up. Leaves samples, or another state.
    fn refill(&mut self, now_ns: u64, from: usize) {
        self.decoded.clear();
        self.read = 0;
        self.made_up = false;
        if self.queue.span_samples() > CAP_SAMPLES {
            self.drop_oldest();
        }
        let Some(next) = self.queue.front() else {
            if self.gap >= OVER_SAMPLES {
                self.rest();
            } else {
                self.make_up(CONCEAL_SAMPLES);
            }
            return;
        };
        let until = self.until(&next);
        let lost = next.seq.wrapping_sub(self.next_seq);
        let waits = i64::try_from(ns_to_samples(now_ns.saturating_sub(next.arrived_ns))).unwrap_or(i64::MAX);
        if until > 0 && until.saturating_add(waits) > CAP_SAMPLES as i64 {
            // No packet waits that long: its timestamp tells nothing.
            self.settle(&next, lost, 0);
        } else if until > 0 {
            self.bridge(&next, lost, until as usize);
            return;
        } else if until < 0 && self.gap >= FADE_SAMPLES {
            self.settle(&next, lost, until);
            self.wait_from(next.arrived_ns);
            self.watch.clear(now_ns);
            self.watch.late(now_ns);
            return;
        } else {
            self.settle(&next, lost, until);
            self.watch.shift(-until);
            self.learned = (self.learned - until).min(LEARNED_MAX);
            if until < 0 {
                self.watch.late(now_ns);
            }
        }
        self.play(&next, now_ns, from);
        self.adjust(now_ns, from);
    }

    /// The gap before `next` is over: counts what it was, and moves on to it.
    fn settle(&mut self, next: &Held, lost: u16, until: i64) {
        let made_up = self.gap.min(FADE_SAMPLES);
        if self.gap > 0 && self.follows(next) {
            self.go_on();
        } else if self.gap >= FADE_SAMPLES {
            // The sender's encoder remembers silence, or nothing. A decoder that remembers the sound that it made up itself
            // would lean on it, and a clear word would come out bent, or many times as loud.
            self.decoder.reset();
        }
        let excess = usize::try_from(-until).unwrap_or(0);
        self.stats.lost += u64::from(lost);
        self.stats.concealed_samples += if lost > 0 { made_up } else { made_up.min(excess) } as u64;
        (self.next_seq, self.at, self.gap) = (next.seq, next.rtp_ts, 0);
    }

    /// Whether a packet is the very next one, and nothing is missing before it.
    fn follows(&self, next: &Held) -> bool {
        (next.seq, next.rtp_ts) == (self.next_seq, self.at)
    }

    /// What comes next was only late: the decoder goes on from where the sender's encoder did. That does not join what sounds
    /// now, so as much as the blend can use is made up once more.
    fn go_on(&mut self) {
        let from = self.gap + self.blend.known();
        if !self.blend.is_full() && from < FADE_SAMPLES {
            self.decoder.conceal(CONCEAL_SAMPLES, &mut self.decoded);
            fade_out(&mut self.decoded, from);
            self.blend.take(&self.decoded);
            self.decoded.clear();
        }
        self.blend.fill();
        self.decoder.take_back();
    }

    /// Fills `samples` until the turn of `next`: a pause with silence, a loss with its redundancy, else made up.
    fn bridge(&mut self, next: &Held, lost: u16, samples: usize) {
        let frame = self.decoder.frame_samples();
        if lost > 0 && self.queue.has_redundancy(next) {
            if samples == frame {
                self.decoder.recover(self.queue.payload(next), &mut self.decoded);
                self.settle(next, lost, 0);
                self.stats.recovered += 1;
                self.blend.go_over(&mut self.decoded);
                return;
            }
            if samples > frame {
                self.make_up(CONCEAL_SAMPLES);
                self.keep_made_up(samples - frame);
                return;
            }
        }
        self.make_up(CONCEAL_SAMPLES);
        self.keep_made_up(samples);
    }

    /// Makes up samples that fade out.
    fn make_up(&mut self, samples: usize) {
        self.made_up = true;
        if self.gap >= FADE_SAMPLES {
            self.decoded.resize(samples, 0.0);
            return;
        }
        self.decoder.conceal(samples, &mut self.decoded);
        fade_out(&mut self.decoded, self.gap);
        self.blend.go_over(&mut self.decoded);
    }

    /// Decodes the packet at the front, behind what is decoded already.
    fn play(&mut self, next: &Held, now_ns: u64, from: usize) {
        self.queue.pop();
        let slack = ns_to_samples(now_ns.saturating_sub(next.arrived_ns));
        self.stats.depth_samples = slack + from;
        self.stats.target_samples = ns_to_samples(START_NS) + self.block + usize::try_from(self.learned).unwrap_or(0);
        if next.arrived_ns > self.played_from_ns {
            let slack = i64::try_from(slack).unwrap_or(i64::MAX / 2);
            self.watch.note(slack, from, self.block, now_ns);
        }
        let start = self.decoded.len();
        let whole = self.decoder.decode(self.queue.payload(next), &mut self.decoded);
        self.stats.broken += u64::from(!whole);
        self.next_seq = next.seq.wrapping_add(1);
        self.at = next.rtp_ts.wrapping_add((self.decoded.len() - start) as u32);
        self.blend.go_over(&mut self.decoded[start..]);
    }

    /// Comes closer to now where there is time to spare, or goes a little farther from it, best in silence.
    fn adjust(&mut self, now_ns: u64, from: usize) {
        let cut = self.watch.cut_samples(now_ns);
        let silent = splice::is_silent(&self.decoded);
        let before = self.decoded.len();
        if silent && cut > 0 {
            // At most half of a pause goes: its rhythm stays, and a callback never decodes many frames.
            self.decoded.truncate(before - cut.min(before / 2));
        } else if silent {
            let stretch = self.watch.stretch_samples().min(DECODED_MAX - before);
            self.decoded.resize(before + stretch, 0.0);
            self.stats.stretched_samples += stretch as u64;
        } else if cut as i64 > LARGE_SAMPLES / 2 && self.until_splice == 0 {
            if let Some(next) = self.queue.front().filter(|next| self.follows(next)) {
                self.play(&next, now_ns, from + before);
            }
            let left_out = splice::shorten(&mut self.decoded, cut);
            self.stats.cut_samples += left_out as u64;
            self.until_splice = left_out * SPLICE_REST;
            self.later_by(-(left_out as i64));
            return;
        }
        self.stats.cut_samples += before.saturating_sub(self.decoded.len()) as u64;
        self.later_by(self.decoded.len() as i64 - before as i64);
    }

    fn later_by(&mut self, samples: i64) {
        if samples != 0 {
            self.watch.shift(samples);
            self.learned = (self.learned + samples).clamp(0, LEARNED_MAX);
        }
    }

    fn drop_oldest(&mut self) {
        while self.queue.span_samples() > KEPT_SAMPLES || self.queue.is_full() {
            let Some(old) = self.queue.pop() else { return };
            let Some(next) = self.queue.front() else { return };
            let dropped = usize::try_from(next.rtp_ts.wrapping_sub(old.rtp_ts) as i32).unwrap_or(0);
            self.stats.cut_samples += dropped as u64;
            self.watch.shift(-(dropped as i64));
            (self.next_seq, self.at, self.gap) = (next.seq, next.rtp_ts, 0);
        }
    }
}

/// Made-up sound grows quieter until [`FADE_SAMPLES`] have been made up; `from` were before these.
fn fade_out(samples: &mut [f32], from: usize) {
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample *= FADE_SAMPLES.saturating_sub(from + n) as f32 / FADE_SAMPLES as f32;
    }
}
