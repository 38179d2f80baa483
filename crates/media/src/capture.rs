//! From a microphone's callback to Opus packets.
//!
//! Law: while the gate is shut or silent, samples go no further than the meter; a silent one sends silence in their place,
//! so that who listens and who records knows that the microphone is there. What counts is when a sample was captured, however
//! late its block comes: what was said before the gate opened is never encoded; all that was said before it shut is, and is
//! flushed through the codec's look-ahead, so that the far end hears it. A shut microphone keeps its last 50 ms here: a busy
//! turret may come to a press after the block that holds the first syllable. A voice that goes on here from another microphone
//! is understood from any of its first packets.

use crate::gate::{Gate, Said, Shared, is_open};
use crate::{MediaError, PAYLOAD_MAX, RATE_HZ, ns_to_samples, samples_to_ns};
use opus::{Application, Bitrate, Channels, Encoder, Signal};
use rtrb::{Consumer, Producer, RingBuffer};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::Thread;

/// Samples in one block of the ring.
const BLOCK: usize = 128;

/// Blocks in the ring: 340 ms, far more than an encoder may lag.
const BLOCKS: usize = 128;

/// A hole in the device's time that ends a talk: the device was lost, or its callback stood still.
const HOLE_NS: u64 = 100_000_000;

/// What a shut microphone keeps: 50 ms before its last period.
const KEPT_NS: u64 = 50_000_000;

/// The most blocks of it; where a device's periods are shorter than 38 samples that is less.
const KEPT_BLOCKS: usize = 64;

/// A keyed uplink sends at least this often, silence or not: silence is not absence.
const ALIVE_NS: u64 = 200_000_000;

/// Where a voice goes on from another microphone, packets lean on nothing for so long, 200 ms: more than `move.overlap` with the
/// delays of a busy network. The switch passes the voice on from one of them (rule MOV-1), to a decoder that remembers the other
/// microphone. What leans on what is not remembered comes out at a tenth of its level, and takes 100 ms to come back.
const ALONE_SAMPLES: usize = 9_600;

/// From 7 on libopus tells noise from sound by what the sound is, and by how loud it is beside the talk. Below, a tone that does
/// not change is noise after a second, and DTX leaves it out.
const COMPLEXITY: i32 = 7;

/// Packets of at most this many bytes say only that nothing is said (RFC 6716 section 3.1, DTX).
const DTX_BYTES: usize = 2;

/// How an uplink encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UplinkConfig {
    /// Length of a frame in milliseconds: 5, 10 or 20.
    pub frame_ms: u32,
    /// Bits per second.
    pub bitrate_bps: i32,
}

impl Default for UplinkConfig {
    fn default() -> Self {
        Self { frame_ms: 10, bitrate_bps: 48_000 }
    }
}

impl UplinkConfig {
    /// Samples in a frame.
    #[must_use]
    pub fn frame_samples(&self) -> usize {
        (self.frame_ms * RATE_HZ / 1_000) as usize
    }
}

#[derive(Clone, Copy)]
struct Block {
    samples: [f32; BLOCK],
    length: usize,
    first_sample_ns: u64,
    begins: bool,
    /// It begins a talk in which a voice goes on that another microphone has carried.
    goes_on: bool,
    ends: bool,
}

impl Block {
    /// At most [`BLOCK`] samples.
    fn of(samples: &[f32], first_sample_ns: u64) -> Self {
        let mut block = Self { length: samples.len(), ..Self::empty(first_sample_ns) };
        block.samples[..samples.len()].copy_from_slice(samples);
        block
    }

    fn empty(first_sample_ns: u64) -> Self {
        Self { samples: [0.0; BLOCK], length: 0, first_sample_ns, begins: false, goes_on: false, ends: false }
    }
}

/// The part that lives in the device's callback.
pub struct CaptureTap {
    shared: Arc<Shared>,
    ring: Producer<Block>,
    /// The opening whose talk goes on, if one does.
    talk: Option<u32>,
    /// The last blocks before an opening, the oldest first.
    kept: VecDeque<Block>,
    /// When the next sample of the talk is due.
    next_ns: u64,
    /// The end of a talk has found no place in the ring yet.
    ending: bool,
}

impl CaptureTap {
    /// Names the thread that calls it, if that sleeps longer while the microphone rests: an opening wakes it. The first call
    /// counts.
    pub fn wake(&self, thread: Thread) {
        let _ = self.shared.device.set(thread);
    }

    /// It is shut, and nothing of a talk is left to be handed on.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.talk.is_none() && !self.ending && !is_open(self.shared.gate.load(Ordering::Acquire))
    }

    /// Takes a block from the device; `first_sample_ns` is when its first sample was captured.
    pub fn on_capture(&mut self, samples: &[f32], first_sample_ns: u64) {
        self.shared.level.take(samples);
        let gate = self.shared.gate.load(Ordering::Acquire);
        let said = Said::of(&self.shared, first_sample_ns, samples.len());
        let hole = first_sample_ns.saturating_sub(self.next_ns) > HOLE_NS;
        if let Some(talk) = self.talk.filter(|talk| *talk != gate || hole) {
            // What was said before the gate shut belongs to that talk, unless the block holds the next one as well.
            if !hole && said.until > 0 && (talk.wrapping_add(1) == gate || !said.since_opening) {
                self.talk_on(talk, samples, said.until..samples.len(), first_sample_ns);
                return self.wake_encoder();
            }
            self.talk = None;
            self.ending = true;
        }
        let open = is_open(gate) && said.since_opening;
        if !open {
            self.keep(samples, first_sample_ns);
        }
        if !open && !self.ending {
            return;
        }
        self.end(first_sample_ns);
        if open {
            let goes_on = self.talk == Some(gate);
            if !goes_on {
                self.hand_on_kept(gate, first_sample_ns);
            }
            let before = if goes_on { said.until } else { 0 };
            self.talk_on(gate, samples, before..said.from, first_sample_ns);
        }
        self.wake_encoder();
    }

    fn keep(&mut self, samples: &[f32], first_sample_ns: u64) {
        let oldest_ns = first_sample_ns.saturating_sub(KEPT_NS);
        while self.kept.front().is_some_and(|block| block.first_sample_ns < oldest_ns) {
            self.kept.pop_front();
        }
        for (place, part) in samples.chunks(BLOCK).enumerate() {
            if self.kept.len() == KEPT_BLOCKS {
                self.kept.pop_front();
            }
            self.kept.push_back(Block::of(part, first_sample_ns.saturating_add(samples_to_ns(place * BLOCK))));
        }
    }

    /// Begins the talk with what was kept and is part of it: said since the opening, up to `until_ns`, and not before a hole in
    /// the device's time, which would have ended the talk.
    fn hand_on_kept(&mut self, talk: u32, until_ns: u64) {
        while let Some(block) = self.kept.pop_front() {
            let said = Said::of(&self.shared, block.first_sample_ns, block.length);
            let age_ns = until_ns.saturating_sub(block.first_sample_ns);
            if said.from < block.length && age_ns <= HOLE_NS {
                self.talk_on(talk, &block.samples[..block.length], 0..said.from, block.first_sample_ns);
            }
        }
    }

    fn wake_encoder(&self) {
        if let Some(encoder) = self.shared.encoder.get() {
            encoder.unpark();
        }
    }

    fn end(&mut self, now_ns: u64) {
        if self.ending {
            let block = Block { ends: true, ..Block::empty(now_ns) };
            // While the ring is full, the end is tried again with the next block.
            self.ending = self.ring.push(block).is_err();
        }
    }

    /// Hands a block of the talk on, with silence in the place of the samples of `quiet`.
    fn talk_on(&mut self, talk: u32, samples: &[f32], quiet: Range<usize>, first_sample_ns: u64) {
        for (place, part) in samples.chunks(BLOCK).enumerate() {
            let at = place * BLOCK;
            let first_sample_ns = first_sample_ns.saturating_add(samples_to_ns(at));
            let begins = self.talk != Some(talk);
            let goes_on = begins && self.shared.goes_on.load(Ordering::Acquire) == talk;
            let mut block = Block { begins, goes_on, ..Block::of(part, first_sample_ns) };
            let [from, to] = [quiet.start, quiet.end].map(|sample| sample.saturating_sub(at).min(part.len()));
            if from < to {
                block.samples[from..to].fill(0.0);
            }
            if self.ending || self.ring.push(block).is_err() {
                // What comes after lost samples begins anew, at its own time.
                self.ending |= self.talk.take().is_some();
            } else {
                self.talk = Some(talk);
            }
        }
        self.next_ns = first_sample_ns.saturating_add(samples_to_ns(samples.len()));
    }
}

/// One encoded frame.
#[derive(Clone)]
pub struct EncodedPacket {
    /// The Opus packet.
    pub payload: [u8; PAYLOAD_MAX],
    /// Its length in bytes.
    pub length: usize,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp, 48 kHz.
    pub rtp_ts: u32,
    /// First packet of a talk.
    pub marker: bool,
    /// When the frame's first sample was captured.
    pub first_sample_ns: u64,
}

impl Default for EncodedPacket {
    fn default() -> Self {
        Self { payload: [0; PAYLOAD_MAX], length: 0, seq: 0, rtp_ts: 0, marker: false, first_sample_ns: 0 }
    }
}

/// The part that lives on the uplink thread.
pub struct UplinkEncoder {
    shared: Arc<Shared>,
    ring: Consumer<Block>,
    encoder: Encoder,
    frame: Vec<f32>,
    frame_samples: usize,
    frame_ns: u64,
    rest: Option<(Block, usize)>,
    /// Samples of silence that are still to be encoded so that the last ones come out at the far end.
    flush: usize,
    look_ahead: usize,
    /// Samples of this talk whose packets are still to lean on nothing; none: they may.
    alone: Option<usize>,
    marker: bool,
    seq: u16,
    rtp_ts: u32,
    sent_ns: u64,
}

/// Makes the two parts of an uplink and its gate, which is shut.
///
/// # Errors
/// The frame's length is none of those that there are, or libopus cannot be set up.
pub fn capture_pair(config: UplinkConfig) -> Result<(CaptureTap, UplinkEncoder, Gate), MediaError> {
    if ![5, 10, 20].contains(&config.frame_ms) {
        return Err(MediaError::Frame(config.frame_ms));
    }
    let mut encoder = Encoder::new(RATE_HZ, Channels::Mono, Application::Voip)?;
    encoder.set_bitrate(Bitrate::Bits(config.bitrate_bps))?;
    encoder.set_complexity(COMPLEXITY)?;
    encoder.set_dtx(true)?;
    encoder.set_inband_fec(false)?;
    let look_ahead = usize::try_from(encoder.get_lookahead()?).unwrap_or(0);
    let shared = Arc::new(Shared::default());
    let (producer, consumer) = RingBuffer::new(BLOCKS);
    let tap = CaptureTap {
        shared: Arc::clone(&shared),
        ring: producer,
        talk: None,
        kept: VecDeque::with_capacity(KEPT_BLOCKS),
        next_ns: 0,
        ending: false,
    };
    let uplink = UplinkEncoder {
        shared: Arc::clone(&shared),
        ring: consumer,
        encoder,
        frame: Vec::with_capacity(config.frame_samples()),
        frame_samples: config.frame_samples(),
        frame_ns: 0,
        rest: None,
        flush: 0,
        look_ahead,
        alone: None,
        marker: false,
        seq: 0,
        rtp_ts: 0,
        sent_ns: 0,
    };
    Ok((tap, uplink, Gate(shared)))
}

impl UplinkEncoder {
    /// Names the thread that is woken when there is something to encode. The first call counts.
    pub fn wake(&self, thread: Thread) {
        let _ = self.shared.encoder.set(thread);
    }

    /// Tells the encoder how many packets in a hundred are lost. Above 0, each packet carries the one before it a second
    /// time (in-band FEC, RFC 6716 section 2.1.7).
    ///
    /// # Errors
    /// libopus refuses.
    pub fn set_expected_loss(&mut self, percent: u8) -> Result<(), MediaError> {
        self.encoder.set_inband_fec(percent > 0)?;
        Ok(self.encoder.set_packet_loss_perc(i32::from(percent.min(100)))?)
    }

    /// The next packet, if one is ready.
    pub fn next_packet(&mut self, out: &mut EncodedPacket) -> bool {
        loop {
            if self.flush > 0 {
                self.pad();
            } else if let Some((block, from)) = self.rest.take().or_else(|| self.ring.pop().ok().map(|b| (b, 0))) {
                self.take(block, from);
            } else {
                return false;
            }
            if self.frame.len() == self.frame_samples && self.encode(out) {
                return true;
            }
        }
    }

    fn take(&mut self, block: Block, from: usize) {
        if block.begins && from == 0 {
            self.begin(block.first_sample_ns, block.goes_on);
        }
        if self.frame.is_empty() && block.length > 0 {
            self.frame_ns = block.first_sample_ns + samples_to_ns(from);
        }
        let part = (self.frame_samples - self.frame.len()).min(block.length - from);
        self.frame.extend_from_slice(&block.samples[from..from + part]);
        if from + part < block.length {
            self.rest = Some((block, from + part));
        }
        if block.ends {
            self.flush = self.look_ahead;
        }
    }

    /// Fills the frame up with silence. As much as the codec looks ahead has to follow the last sample of a talk.
    fn pad(&mut self) {
        let room = self.frame_samples - self.frame.len();
        if self.frame.is_empty() {
            self.frame_ns = self.frame_ns.saturating_add(samples_to_ns(self.frame_samples));
        }
        self.frame.resize(self.frame_samples, 0.0);
        self.flush = self.flush.saturating_sub(room);
    }

    fn begin(&mut self, first_sample_ns: u64, goes_on: bool) {
        self.frame.clear();
        self.flush = 0;
        self.marker = true;
        // The timestamp goes on by the clock over the pause, and never back.
        let by_clock = ns_to_samples(first_sample_ns) as u32;
        if by_clock.wrapping_sub(self.rtp_ts) < u32::MAX / 2 {
            self.rtp_ts = by_clock;
        }
        // A fresh talk does not begin with the echo of the last one; the encoder only refuses when it is broken.
        let _ = self.encoder.reset_state();
        self.stand_alone(goes_on);
    }

    /// Makes packets that lean on nothing, or on those before them.
    fn stand_alone(&mut self, alone: bool) {
        // The speech layer of Opus leans on the samples before a packet even where it predicts nothing, and what is called music
        // goes without that layer; the encoder only refuses when it is broken.
        let _ = self.encoder.set_signal(if alone { Signal::Music } else { Signal::Auto });
        let _ = self.encoder.set_prediction_disabled(alone);
        self.alone = alone.then_some(ALONE_SAMPLES);
    }

    /// Encodes the frame; false when it says nothing that has to be sent.
    fn encode(&mut self, out: &mut EncodedPacket) -> bool {
        match self.alone {
            Some(0) => self.stand_alone(false),
            Some(left) => self.alone = Some(left.saturating_sub(self.frame_samples)),
            None => {}
        }
        let length = self.encoder.encode_float(&self.frame, &mut out.payload);
        self.frame.clear();
        let rtp_ts = self.rtp_ts;
        self.rtp_ts = self.rtp_ts.wrapping_add(self.frame_samples as u32);
        // libopus fails on no frame of the right length; if it did, the frame would be lost, not the talk.
        let Ok(length) = length else { return false };
        let quiet = length <= DTX_BYTES && !self.marker;
        if quiet && self.frame_ns.saturating_sub(self.sent_ns) < ALIVE_NS {
            return false;
        }
        out.length = length;
        out.seq = self.seq;
        out.rtp_ts = rtp_ts;
        out.marker = std::mem::take(&mut self.marker);
        out.first_sample_ns = self.frame_ns;
        self.seq = self.seq.wrapping_add(1);
        self.sent_ns = self.frame_ns;
        true
    }
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
