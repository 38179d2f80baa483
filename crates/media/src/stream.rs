//! One talker on one line, as one ear receives them: jitter buffer, decoder and concealment.
//!
//! ```text
//! Idle ─packet─► Waiting ─target passed─► Playing ─nothing for 60 ms─► Idle
//! ```
//!
//! The buffer is kept in time, not in packets: a packet's *slack* is how long it lay ready before its first sample was
//! needed. The least slack of the last second is held at a small margin: silence is cut while it is more; concealment
//! stretches time when it is less. Law: the first packet of a talk is always played, and nothing waits for a
//! retransmission.

use crate::{MediaError, PAYLOAD_MAX, RATE_HZ, VoicePacket, ns_to_samples, samples_to_ns};
use dealerboard_model::Csrc;
use opus::{Channels, Decoder};

/// Places for packets that came before their turn: 320 ms of 10 ms frames.
const PLACES: usize = 32;

/// Room for decoded samples: the longest Opus packet (120 ms) and a block.
const DECODED_MAX: usize = 8_192;

/// Wait before the first packet of a talk plays: what callbacks of 256 samples at both ends can differ by.
const START_NS: u64 = 11_000_000;

/// Slack that is left to every packet.
const MARGIN_NS: u64 = 2_000_000;

/// Slack above the margin that is worth cutting.
const WORTH_NS: u64 = 1_000_000;

/// Depth above which old sound is dropped even in mid-speech.
const CAP_NS: u64 = 200_000_000;

/// How long slack is watched before it is judged.
const WATCH_NS: u64 = 1_000_000_000;

/// Concealment fades out over this many samples (60 ms), then the stream is idle.
const FADE_SAMPLES: usize = 2_880;

/// Samples that concealment makes at a time: 2.5 ms, the shortest Opus frame.
const CONCEAL_SAMPLES: usize = 120;

/// A sample below this is silence that may be cut: −50 dBFS.
const SILENT: f32 = 0.003;

struct Held {
    seq: u16,
    arrived_ns: u64,
    length: usize,
    payload: [u8; PAYLOAD_MAX],
}

/// What a stream has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Packets taken.
    pub packets: u64,
    /// Packets that came after their turn, or twice.
    pub late: u64,
    /// Packets restored from the redundancy in their successor.
    pub recovered: u64,
    /// Samples made up because nothing was there.
    pub concealed_samples: u64,
    /// Samples of silence cut to come closer to now.
    pub cut_samples: u64,
    /// Packets that were no Opus.
    pub broken: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Waiting { plays_ns: u64 },
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
    held: Vec<Option<Held>>,
    next: u16,
    decoder: Decoder,
    decoded: Vec<f32>,
    read: usize,
    frame_samples: usize,
    concealed: usize,
    slack_min_ns: u64,
    watch_from_ns: u64,
    cut: usize,
}

impl Stream {
    pub fn new() -> Result<Self, MediaError> {
        Ok(Self {
            key: None,
            heard_ns: 0,
            stats: StreamStats::default(),
            state: State::Idle,
            held: (0..PLACES).map(|_| None).collect(),
            next: 0,
            decoder: Decoder::new(RATE_HZ, Channels::Mono)?,
            decoded: Vec::with_capacity(DECODED_MAX),
            read: 0,
            frame_samples: 480,
            concealed: 0,
            slack_min_ns: u64::MAX,
            watch_from_ns: 0,
            cut: 0,
        })
    }

    /// Begins anew for another talker or ear.
    pub fn lend(&mut self, key: (Csrc, Csrc, u32)) {
        self.key = Some(key);
        self.stats = StreamStats::default();
        self.rest();
    }

    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    fn rest(&mut self) {
        self.state = State::Idle;
        self.held.iter_mut().for_each(|place| *place = None);
        self.decoded.clear();
        self.read = 0;
        self.concealed = 0;
        self.cut = 0;
        // A decoder that cannot be reset decodes on from its old state: a soft start, no harm.
        let _ = self.decoder.reset_state();
    }

    /// Takes a packet.
    pub fn push(&mut self, packet: &VoicePacket) {
        self.stats.packets += 1;
        self.heard_ns = packet.arrived_ns;
        if self.state == State::Idle {
            self.rest();
            self.next = packet.seq;
            self.state = State::Waiting { plays_ns: packet.arrived_ns + START_NS };
            self.slack_min_ns = u64::MAX;
            self.watch_from_ns = packet.arrived_ns;
        }
        let ahead = packet.seq.wrapping_sub(self.next) as i16;
        if ahead < 0 {
            self.stats.late += 1;
            return;
        }
        if usize::from(ahead.unsigned_abs()) >= PLACES {
            // A jump that no buffer bridges: what is held is older than what counts.
            self.held.iter_mut().for_each(|place| *place = None);
            self.next = packet.seq;
        }
        let place = &mut self.held[usize::from(packet.seq) % PLACES];
        if place.as_ref().is_some_and(|held| held.seq == packet.seq) {
            self.stats.late += 1;
            return;
        }
        *place = Some(Held {
            seq: packet.seq,
            arrived_ns: packet.arrived_ns,
            length: usize::from(packet.length).min(PAYLOAD_MAX),
            payload: packet.payload,
        });
    }

    /// Adds the stream's next samples to `out`, whose first sample is played at `now_ns`; gives the loudest.
    pub fn add(&mut self, out: &mut [f32], now_ns: u64, gain: f32) -> f32 {
        let mut from = 0;
        if let State::Waiting { plays_ns } = self.state {
            from = ns_to_samples(plays_ns.saturating_sub(now_ns)).min(out.len());
            if from == out.len() {
                return 0.0;
            }
            self.state = State::Playing;
        }
        let mut peak = 0.0_f32;
        while from < out.len() && self.state == State::Playing {
            if self.read == self.decoded.len() {
                self.refill(now_ns + samples_to_ns(from));
                self.cut_silence();
                continue;
            }
            let part = (self.decoded.len() - self.read).min(out.len() - from);
            let samples = &self.decoded[self.read..self.read + part];
            for (sum, sample) in out[from..from + part].iter_mut().zip(samples) {
                *sum += gain * sample;
                peak = peak.max((gain * sample).abs());
            }
            self.read += part;
            from += part;
        }
        peak
    }

    /// Decodes the next frame, or makes one up. Leaves at least one sample, or the stream idle.
    fn refill(&mut self, needed_ns: u64) {
        self.decoded.clear();
        self.read = 0;
        if self.depth_ns() > CAP_NS {
            self.drop_oldest();
        }
        if let Some(held) = self.held[usize::from(self.next) % PLACES].take_if(|held| held.seq == self.next) {
            self.next = self.next.wrapping_add(1);
            self.watch(needed_ns.saturating_sub(held.arrived_ns), needed_ns);
            self.decode(&held.payload[..held.length], false);
        } else if self.held.iter().flatten().next().is_some() {
            self.recover();
        } else {
            self.conceal(CONCEAL_SAMPLES);
        }
    }

    fn depth_ns(&self) -> u64 {
        samples_to_ns(self.held.iter().flatten().count() * self.frame_samples)
    }

    fn drop_oldest(&mut self) {
        while samples_to_ns(self.held.iter().flatten().count() * self.frame_samples) > CAP_NS / 4 {
            self.held[usize::from(self.next) % PLACES] = None;
            self.next = self.next.wrapping_add(1);
        }
    }

    fn decode(&mut self, payload: &[u8], redundancy: bool) {
        self.decoded.resize(if redundancy { self.frame_samples } else { 5_760 }, 0.0);
        match self.decoder.decode_float(payload, &mut self.decoded, redundancy) {
            Ok(samples) if samples > 0 => {
                self.decoded.truncate(samples);
                if !redundancy {
                    self.frame_samples = samples;
                }
                self.concealed = 0;
            }
            Ok(_) | Err(_) => {
                self.stats.broken += 1;
                self.conceal(CONCEAL_SAMPLES);
            }
        }
    }

    /// The next packet is lost and a later one is there: its redundancy if it is the very next, concealment otherwise.
    fn recover(&mut self) {
        self.next = self.next.wrapping_add(1);
        let next = self.next;
        if let Some(held) = self.held[usize::from(next) % PLACES].take_if(|held| held.seq == next) {
            self.stats.recovered += 1;
            self.decode(&held.payload[..held.length], true);
            self.held[usize::from(next) % PLACES] = Some(held);
        } else {
            self.conceal(self.frame_samples);
        }
    }

    /// Makes up samples that fade out; after 60 ms of them the stream rests.
    fn conceal(&mut self, samples: usize) {
        if self.concealed >= FADE_SAMPLES {
            self.rest();
            return;
        }
        self.decoded.resize(samples, 0.0);
        let made = self.decoder.decode_float(&[], &mut self.decoded, false).unwrap_or(0);
        self.decoded[made.min(samples)..].fill(0.0);
        for (n, sample) in self.decoded.iter_mut().enumerate() {
            let left = FADE_SAMPLES.saturating_sub(self.concealed + n) as f32 / FADE_SAMPLES as f32;
            *sample *= left;
        }
        self.concealed += samples;
        self.stats.concealed_samples += samples as u64;
    }

    /// Takes note of a packet's slack, and each second decides how much silence to cut.
    fn watch(&mut self, slack_ns: u64, now_ns: u64) {
        self.slack_min_ns = self.slack_min_ns.min(slack_ns);
        if now_ns.saturating_sub(self.watch_from_ns) < WATCH_NS {
            return;
        }
        let spare_ns = self.slack_min_ns.saturating_sub(MARGIN_NS);
        self.cut = if spare_ns > WORTH_NS { ns_to_samples(spare_ns) } else { 0 };
        self.slack_min_ns = u64::MAX;
        self.watch_from_ns = now_ns;
    }

    /// Cuts what is to be cut out of a frame that is silent throughout.
    fn cut_silence(&mut self) {
        let samples = self.cut.min(self.decoded.len().saturating_sub(1));
        if samples > 0 && self.decoded.iter().all(|sample| sample.abs() < SILENT) {
            self.decoded.truncate(self.decoded.len() - samples);
            self.cut -= samples;
            self.stats.cut_samples += samples as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use opus::{Application, Encoder};

    /// A talker who says one 440 Hz tone, in packets of 10 ms.
    struct Talker {
        encoder: Encoder,
        seq: u16,
    }

    impl Talker {
        fn new() -> Self {
            let mut encoder = Encoder::new(RATE_HZ, Channels::Mono, Application::Voip).unwrap();
            encoder.set_bitrate(opus::Bitrate::Bits(24_000)).unwrap();
            encoder.set_inband_fec(true).unwrap();
            encoder.set_packet_loss_perc(20).unwrap();
            Self { encoder, seq: 65_530 }
        }

        fn packet(&mut self, arrived_ns: u64) -> VoicePacket {
            let from = usize::from(self.seq.wrapping_sub(65_530)) * 480;
            let tone: Vec<f32> = (from..from + 480)
                .map(|n| 0.4 * (std::f32::consts::TAU * 440.0 * n as f32 / RATE_HZ as f32).sin())
                .collect();
            let mut packet = VoicePacket { arrived_ns, seq: self.seq, ..VoicePacket::default() };
            packet.length = self.encoder.encode_float(&tone, &mut packet.payload).unwrap() as u16;
            self.seq = self.seq.wrapping_add(1);
            packet
        }
    }

    /// Plays blocks of 256 samples; packets are delivered by the time of arrival that they bear.
    fn listen(packets: &[VoicePacket], blocks: usize) -> (Vec<f32>, StreamStats) {
        let mut stream = Stream::new().unwrap();
        let mut heard = Vec::new();
        let mut waiting = packets.iter().peekable();
        for block in 0..blocks {
            let now_ns = samples_to_ns(block * 256);
            while let Some(packet) = waiting.next_if(|packet| packet.arrived_ns <= now_ns) {
                stream.push(packet);
            }
            let mut out = [0.0; 256];
            stream.add(&mut out, now_ns, 1.0);
            heard.extend(out);
        }
        (heard, stream.stats)
    }

    fn loud_from(heard: &[f32]) -> usize {
        heard.iter().position(|sample| sample.abs() > 0.1).unwrap()
    }

    #[test]
    fn a_quiet_network_needs_no_concealment_and_less_than_a_frame_of_wait() {
        let mut talker = Talker::new();
        let packets: Vec<_> = (0..200).map(|n| talker.packet(n * 10_000_000)).collect();
        let (heard, stats) = listen(&packets, 374);
        assert_eq!((stats.concealed_samples, stats.late), (0, 0));
        assert!(loud_from(&heard) < 480 + 480 + 312, "start, and the codec's look-ahead");
    }

    #[test]
    fn reordered_and_doubled_packets_are_played_once_and_in_order() {
        let mut talker = Talker::new();
        let mut packets: Vec<_> = (0..100).map(|n| talker.packet(n * 10_000_000)).collect();
        packets.insert(21, packets[20].clone());
        let (a, b) = (packets[50].arrived_ns, packets[51].arrived_ns);
        packets.swap(50, 51);
        (packets[50].arrived_ns, packets[51].arrived_ns) = (a, b - 4_000_000);
        let (_, stats) = listen(&packets, 187);
        assert_eq!((stats.late, stats.recovered), (1, 0));
    }

    #[test]
    fn a_lost_packet_is_restored_from_its_successor() {
        let mut talker = Talker::new();
        let mut packets: Vec<_> = (0..100).map(|n| talker.packet(n * 10_000_000)).collect();
        packets.remove(50);
        // The successor has to be there when the lost one is due: the buffer is a little deeper than on a quiet network.
        packets.iter_mut().skip(1).for_each(|packet| packet.arrived_ns = packet.arrived_ns.saturating_sub(12_000_000));
        let (heard, stats) = listen(&packets, 180);
        assert_eq!(stats.recovered, 1);
        let middle = &heard[20_000..28_000];
        assert!(middle.chunks(480).all(|part| part.iter().any(|sample| sample.abs() > 0.1)), "no hole is heard");
    }

    #[test]
    fn the_end_of_a_talk_fades_out_and_the_next_one_starts_at_once() {
        let mut talker = Talker::new();
        let mut packets: Vec<_> = (0..20).map(|n| talker.packet(n * 10_000_000)).collect();
        packets.extend((0..20).map(|n| talker.packet(1_000_000_000 + n * 10_000_000)));
        let (heard, _) = listen(&packets, 240);
        assert!(heard[20_000..47_000].iter().all(|sample| *sample == 0.0), "silence between the talks");
        assert!(loud_from(&heard[48_000..]) < 480 + 480 + 312);
    }

    #[test]
    fn a_delay_that_has_passed_is_made_good_in_the_next_silence() {
        let mut talker = Talker::new();
        let mut packets: Vec<_> = (0..60).map(|n| talker.packet(n * 10_000_000)).collect();
        // Forty milliseconds of delay at once, for 0.2 s, then a normal network and silence.
        packets[20..40].iter_mut().for_each(|packet| packet.arrived_ns += 40_000_000);
        packets.sort_by_key(|packet| packet.arrived_ns);
        let mut quiet = Encoder::new(RATE_HZ, Channels::Mono, Application::Voip).unwrap();
        for n in 60..400 {
            let mut packet = VoicePacket { arrived_ns: n * 10_000_000, seq: talker.seq, ..VoicePacket::default() };
            packet.length = quiet.encode_float(&[0.0; 480], &mut packet.payload).unwrap() as u16;
            talker.seq = talker.seq.wrapping_add(1);
            packets.push(packet);
        }
        let (_, stats) = listen(&packets, 740);
        assert!(stats.cut_samples > 1_000, "cut were {} samples", stats.cut_samples);
    }

    #[test]
    fn garbage_is_counted_and_makes_no_noise() {
        let mut talker = Talker::new();
        let mut packets: Vec<_> = (0..100).map(|n| talker.packet(n * 10_000_000)).collect();
        for (n, packet) in packets.iter_mut().enumerate().skip(1) {
            packet.payload.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at * 7 + n * 13) as u8 | 3);
            packet.length = (n * 37 % PAYLOAD_MAX) as u16;
            packet.seq = packet.seq.wrapping_mul(if n % 10 == 0 { 31 } else { 1 });
        }
        let (heard, _) = listen(&packets, 200);
        assert!(heard.iter().all(|sample| sample.is_finite()));
    }
}
