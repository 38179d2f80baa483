//! What is heard is what was said and as loud as it was said, whatever came before it on the same ear.
#![allow(clippy::unwrap_used)]

use dealerboard_media::{
    CaptureTap, EncodedPacket, Gate, PlaybackConfig, PlaybackMixer, PlaybackSender, UplinkConfig, UplinkEncoder,
    VoicePacket, capture_pair, playback_pair, samples_to_ns,
};
use dealerboard_model::Csrc;

const PERIOD: usize = 256;

/// A period that is as long as a frame.
const LONG_PERIOD: usize = 480;

/// Longest way from mouth to ear: 50 ms.
const WAY_MAX: usize = 2_400;

/// A microphone and an ear without a network between them, called once in each period.
struct Path {
    tap: CaptureTap,
    uplink: UplinkEncoder,
    gate: Gate,
    mixer: PlaybackMixer,
    sender: PlaybackSender,
    period: usize,
    periods: usize,
    /// Number of a packet that arrives as something else than Opus.
    broken: Option<u16>,
}

impl Path {
    fn new() -> Self {
        Self::with_period(PERIOD)
    }

    fn with_period(period: usize) -> Self {
        let (tap, uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
        let (mixer, sender) = playback_pair(PlaybackConfig { streams: 2 }).unwrap();
        Self { tap, uplink, gate, mixer, sender, period, periods: 0, broken: None }
    }

    /// Says `samples` and gives what is heard meanwhile.
    fn say(&mut self, samples: &[f32]) -> Vec<f32> {
        self.say_through(samples, |_| 0)
    }

    /// The same through a network that takes so many nanoseconds for each packet, by its number.
    fn say_through(&mut self, samples: &[f32], way_ns: impl Fn(u16) -> u64) -> Vec<f32> {
        let (mut heard, mut packet) = (Vec::new(), EncodedPacket::default());
        for block in samples.chunks_exact(self.period) {
            let now_ns = samples_to_ns(self.periods * self.period);
            self.tap.on_capture(block, now_ns);
            self.periods += 1;
            let arrived_ns = samples_to_ns(self.periods * self.period);
            while self.uplink.next_packet(&mut packet) {
                let EncodedPacket { seq, rtp_ts, mut payload, .. } = packet;
                let (line, talker, length) = (Csrc(7), Csrc(9), packet.length as u16);
                if self.broken == Some(seq) {
                    payload.fill(0xff);
                }
                let arrived_ns = arrived_ns + way_ns(seq);
                self.sender.push(VoicePacket { line, talker, ear: 1, seq, rtp_ts, arrived_ns, payload, length });
            }
            let mut out = vec![0.0; self.period];
            self.mixer.on_playback(&mut out, arrived_ns);
            heard.extend(out);
        }
        heard
    }
}

/// A tone that glides from pitch to pitch, 20 ms each: what the codec leans most on its memory for.
fn glides(samples: usize) -> Vec<f32> {
    let (mut part, mut from_hz, mut phase) = (0.548_f64, 1_000.0, 0.0);
    let mut sound = Vec::with_capacity(samples + 960);
    while sound.len() < samples {
        part = (part + 0.618_033_988_749_895).fract();
        let to_hz = 450.0 + 3_000.0 * (part * 388.0).fract();
        for n in 0..960 {
            let hz = from_hz + (to_hz - from_hz) * f64::from(n) / 960.0;
            phase = (phase + std::f64::consts::TAU * hz / 48_000.0) % std::f64::consts::TAU;
            sound.push((0.3 * phase.sin()) as f32);
        }
        from_hz = to_hz;
    }
    sound.truncate(samples);
    sound
}

fn loudest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |loudest, sample| loudest.max(sample.abs()))
}

/// How alike `said` and the likest stretch of `heard` are, among those that begin in the first [`WAY_MAX`] samples.
fn likeness(said: &[f32], heard: &[f32]) -> f32 {
    let energy = |part: &[f32]| part.iter().map(|sample| sample * sample).sum::<f32>();
    (0..WAY_MAX)
        .filter_map(|lag| heard.get(lag..lag + said.len()))
        .map(|part| {
            let product: f32 = said.iter().zip(part).map(|(a, b)| a * b).sum();
            product / (energy(said) * energy(part)).sqrt().max(1e-6)
        })
        .fold(0.0, f32::max)
}

#[test]
fn talk_after_talk_on_the_same_ear_is_as_loud_as_it_was_said() {
    let (mut path, sound) = (Path::new(), glides(72_000));
    let mut all = Vec::new();
    for talk in 0..100 {
        let from = 12_000 + talk * 37;
        path.gate.open(0);
        let heard = path.say(&sound[from..from + 31_232]);
        path.gate.shut(0);
        all.push(loudest(&heard));
        path.say(&vec![0.0; 256 * (110 + talk % 40)]);
    }
    let worst = all.iter().fold(0.0_f32, |worst, loud| worst.max(*loud));
    assert!(worst < 0.55, "{worst} was heard where 0.3 was said");
}

#[test]
fn a_word_after_a_pause_is_like_what_was_said() {
    let (mut path, sound) = (Path::new(), glides(72_000));
    path.gate.open(0);
    let (mut alike, mut loud): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
    for word in 0..100 {
        path.say(&sound[12_032..36_352]);
        path.say(&vec![0.0; 256 * (130 + word % 40)]);
        let from = 24_000 + 41 * word;
        let mut said = vec![0.0; 7 * word % 480];
        said.extend(&sound[from..from + 960]);
        said.resize(9_600 - 9_600 % 256, 0.0);
        let heard = path.say(&said);
        alike.push(likeness(&said[7 * word % 480..7 * word % 480 + 960], &heard));
        loud.push(loudest(&heard));
    }
    let (least, worst) = (alike.iter().copied().fold(1.0, f32::min), loud.iter().copied().fold(0.0, f32::max));
    assert!(least > 0.85, "one of the words is only alike by {least}");
    assert!(worst < 0.55, "{worst} was heard where 0.3 was said");
}

#[test]
fn a_tone_that_does_not_change_is_as_loud_after_five_seconds_as_at_its_beginning() {
    let tone = |n: usize| 0.1 * (std::f32::consts::TAU * 440.0 * n as f32 / 48_000.0).sin();
    let mut path = Path::new();
    path.gate.open(0);
    let heard = path.say(&(0..240_128).map(tone).collect::<Vec<_>>());
    let quietest = heard[24_000..].chunks(4_800).map(loudest).fold(1.0, f32::min);
    assert!(quietest > 0.08, "it went down to {quietest} of 0.1");
}

/// A hum that goes slowly round `middle_hz`.
fn hum(middle_hz: f32, samples: usize) -> Vec<f32> {
    let mut phase = 0.0_f32;
    (0..samples)
        .map(|n| {
            let hz = middle_hz + 100.0 * (n as f32 / 4_800.0).sin();
            phase = (phase + std::f32::consts::TAU * hz / 48_000.0) % std::f32::consts::TAU;
            0.1 * phase.sin()
        })
        .collect()
}

/// The farthest that a sample is from the one before it.
fn steepest(samples: &[f32]) -> f32 {
    samples.windows(2).fold(0.0, |steepest, pair| steepest.max((pair[1] - pair[0]).abs()))
}

#[test]
fn a_wait_for_late_packets_bends_nothing_of_what_comes_after_it() {
    let (mut alike, mut loud, mut steep): (Vec<f32>, Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..120 {
        let late_ms = [18 + round % 53, 90 + round % 47][usize::from(round % 3 == 0)];
        let said = hum(400.0 + 8.0 * round as f32, 26_112);
        // Where a talk plays from the beginning of a long period, nothing made up is left over when a late packet comes; from
        // a little before or after it, some samples are.
        let begins = [(PERIOD, 0), (LONG_PERIOD, 192), (LONG_PERIOD, 187), (LONG_PERIOD, 197)];
        let (period, begin) = begins[round as usize % begins.len()];
        let begin_ns = samples_to_ns(begin);
        let mut path = Path::with_period(period);
        path.gate.open(0);
        let late_from = 2 + round as u16 % 7;
        let heard = path.say_through(&said, |seq| if seq < late_from { begin_ns } else { late_ms * 1_000_000 });
        let after = 9_600 + late_ms as usize * 48;
        loud.push(loudest(&heard));
        alike.push(likeness(&said[9_600..16_800], &heard[after..]));
        steep.push(steepest(&heard) / steepest(&said));
    }
    let most = |all: &[f32]| all.iter().copied().fold(0.0, f32::max);
    let least = alike.iter().copied().fold(1.0, f32::min);
    assert!(least > 0.95, "after a wait one of the hums is only alike by {least}; {alike:?}");
    assert!(most(&loud) < 0.13, "{} was heard where 0.1 was said; {loud:?}", most(&loud));
    assert!(most(&steep) < 2.0, "it clicked, {} times as steep as what was said; {steep:?}", most(&steep));
}

#[test]
fn a_stall_that_is_too_long_to_be_made_good_and_a_broken_packet_do_not_click() {
    for (period, round) in
        [PERIOD, LONG_PERIOD, 441].into_iter().flat_map(|period| (0..12).map(move |round| (period, round)))
    {
        let said = hum(500.0 + 40.0 * round as f32, 72_000);
        let mut path = Path::with_period(period);
        path.gate.open(0);
        path.broken = Some(110);
        // Packets 20 to 80 come all at once.
        let heard =
            path.say_through(&said, |seq| if (20..80).contains(&seq) { u64::from(80 - seq) * 10_000_000 } else { 0 });
        let steep = steepest(&heard) / steepest(&said);
        assert!(steep < 2.0, "it clicked, {steep} times as steep as what was said");
        assert!(loudest(&heard) < 0.15, "{} was heard where 0.1 was said", loudest(&heard));
    }
}
