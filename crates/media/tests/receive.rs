//! What an ear hears of a talk, sample for sample, in virtual time: devices call back in blocks, packets come when the
//! sender's callbacks let them go, and the network does what the test says.
#![allow(clippy::unwrap_used)]

use dealerboard_media::{
    EncodedPacket, PlaybackConfig, StreamStats, UplinkConfig, VoicePacket, capture_pair, playback_pair, samples_to_ns,
};
use dealerboard_model::Csrc;

/// What a quiet network takes.
const NETWORK_NS: u64 = 300_000;

/// Syllables of 250 ms, 120 ms apart, each with a rising tone of its own: no part of one is like another.
fn syllables(samples: usize) -> Vec<f32> {
    let sample = |n: usize| {
        let (syllable, at) = (n / 17_760, n % 17_760);
        let hz = 180.0 + 37.0 * (syllable % 7) as f32;
        let time = at as f32 / 48_000.0;
        let tone = |times: f32| (std::f32::consts::TAU * hz * times * (time + 0.8 * time * time)).sin();
        if at < 12_000 { 0.25 * tone(1.0) + 0.15 * tone(2.0) + 0.1 * tone(5.0) } else { 0.0 }
    };
    (0..samples).map(sample).collect()
}

/// Says `samples` into a microphone whose callback brings `block` samples; a packet arrives when its last callback has
/// ended and the network has taken it over.
fn say(samples: &[f32], block: usize, config: UplinkConfig, loss_percent: u8) -> Vec<VoicePacket> {
    let (mut tap, mut uplink, gate) = capture_pair(config).unwrap();
    uplink.set_expected_loss(loss_percent).unwrap();
    gate.open(0);
    let (mut packets, mut encoded) = (Vec::new(), EncodedPacket::default());
    for (n, part) in samples.chunks(block).enumerate() {
        tap.on_capture(part, samples_to_ns(n * block));
        while uplink.next_packet(&mut encoded) {
            packets.push(VoicePacket {
                line: Csrc(7),
                talker: Csrc(9),
                ear: 1,
                seq: encoded.seq.wrapping_add(65_500),
                rtp_ts: encoded.rtp_ts.wrapping_sub(48_000),
                arrived_ns: samples_to_ns((n + 1) * block) + NETWORK_NS,
                payload: encoded.payload,
                length: encoded.length as u16,
            });
        }
    }
    packets
}

/// An ear whose callback asks for `block` samples, the first time at `phase_ns`.
struct Ear {
    block: usize,
    phase_ns: u64,
}

struct Heard {
    samples: Vec<f32>,
    /// What the stream had done at the end of each block.
    stats: Vec<StreamStats>,
    block: usize,
}

impl Ear {
    /// Hears packets as they arrive, until a second after the last one.
    fn hear(&self, packets: &[VoicePacket]) -> Heard {
        let (mut mixer, mut sender) = playback_pair(PlaybackConfig { streams: 2 }).unwrap();
        let mut waiting: Vec<&VoicePacket> = packets.iter().collect();
        waiting.sort_by_key(|packet| packet.arrived_ns);
        let end_ns = waiting.last().map_or(0, |packet| packet.arrived_ns) + 500_000_000;
        let mut waiting = waiting.into_iter().peekable();
        let mut heard = Heard { samples: Vec::new(), stats: Vec::new(), block: self.block };
        for n in 0.. {
            let now_ns = self.phase_ns + samples_to_ns(n * self.block);
            if now_ns > end_ns {
                break;
            }
            while let Some(packet) = waiting.next_if(|packet| packet.arrived_ns <= now_ns) {
                assert!(sender.push(packet.clone()));
            }
            let mut out = vec![0.0; self.block];
            mixer.on_playback(&mut out, now_ns);
            heard.samples.extend(out);
            heard.stats.push(mixer.stats().next().unwrap_or_default());
        }
        // From here on the clock of samples is the clock of the microphone.
        let early = (self.phase_ns * 48 / 1_000_000) as usize;
        heard.samples.splice(0..0, std::iter::repeat_n(0.0, early));
        heard
    }
}

impl Heard {
    fn end(&self) -> StreamStats {
        *self.stats.last().unwrap()
    }

    fn at_s(&self, second: usize) -> StreamStats {
        self.stats[(second * 48_000 / self.block).min(self.stats.len() - 1)]
    }

    /// By how many samples what is heard in the range from..to lags behind what was said there.
    fn lag(&self, said: &[f32], from: usize, to: usize) -> (usize, f32) {
        let energy = |part: &[f32]| part.iter().map(|sample| sample * sample).sum::<f32>();
        let likeness = |lag: usize| {
            let heard = &self.samples[from + lag..to + lag];
            let product: f32 = said[from..to].iter().zip(heard).map(|(a, b)| a * b).sum();
            product / (energy(&said[from..to]) * energy(heard)).sqrt().max(1e-6)
        };
        (480..19_200)
            .filter(|lag| to + lag <= self.samples.len())
            .map(|lag| (lag, likeness(lag)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap()
    }
}

/// Repeatable noise from 0 to `most`.
fn noise(n: usize, most: u64) -> u64 {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) % (most + 1)
}

/// A minute said in blocks of `said_block` and heard in blocks of `block`, with 0.5 ms of noise on every arrival: nothing
/// is made up, and after the first seconds nothing is cut.
fn a_minute_is_plain(said_block: usize, block: usize) {
    let mut packets = say(&syllables(62 * 48_000), said_block, UplinkConfig::default(), 0);
    packets.iter_mut().enumerate().for_each(|(n, packet)| packet.arrived_ns += noise(n, 1_000_000));
    for phase_us in [0, 2_300, 4_900] {
        let heard = Ear { block, phase_ns: phase_us * 1_000 }.hear(&packets);
        let (settled, minute, end) = (heard.at_s(3), heard.at_s(61), heard.end());
        let here = format!("{said_block} into {block} at {phase_us} us");
        assert_eq!((end.concealed_samples, end.late, end.lost), (0, 0, 0), "{here}: {end:?}");
        assert_eq!(minute.cut_samples, settled.cut_samples, "{here}: cut once at most");
        assert_eq!(minute.stretched_samples, 0, "{here}");
    }
}

#[test]
fn a_minute_on_a_quiet_network_in_blocks_of_256_has_nothing_made_up_and_nothing_cut() {
    a_minute_is_plain(256, 256);
}

#[test]
fn a_minute_on_a_quiet_network_in_blocks_of_480_has_nothing_made_up_and_nothing_cut() {
    a_minute_is_plain(480, 480);
    a_minute_is_plain(256, 480);
}

#[test]
fn a_minute_on_a_quiet_network_in_blocks_of_128_has_nothing_made_up_and_nothing_cut() {
    a_minute_is_plain(128, 128);
    a_minute_is_plain(480, 128);
}

#[test]
fn from_mouth_to_ear_takes_less_than_33_ms_on_a_quiet_network_and_28_ms_once_settled() {
    let said = syllables(10 * 48_000);
    let packets = say(&said, 256, UplinkConfig::default(), 0);
    for phase_us in [0, 600, 1_900, 3_100, 4_400, 5_200] {
        let heard = Ear { block: 256, phase_ns: phase_us * 1_000 }.hear(&packets);
        let (first, likeness) = heard.lag(&said, 0, 12_000);
        assert!(first < 33 * 48 && likeness > 0.9, "{phase_us} us: {first} samples, {likeness}");
        let (last, likeness) = heard.lag(&said, 25 * 17_760, 26 * 17_760);
        assert!(last < 29 * 48 && likeness > 0.9, "{phase_us} us: {last} samples, {likeness}");
    }
}

#[test]
fn a_lost_packet_adds_no_time() {
    let said = syllables(6 * 48_000);
    let whole = say(&said, 256, UplinkConfig::default(), 0);
    let ear = Ear { block: 256, phase_ns: 1_000_000 };
    // Eleven packets in the first syllables: each in the middle of sound.
    let lossy: Vec<_> = whole.iter().enumerate().filter(|(n, _)| n % 37 != 12).map(|(_, p)| p.clone()).collect();
    let (all, some) = (ear.hear(&whole), ear.hear(&lossy));
    let lost = (whole.len() - lossy.len()) as u64;
    assert_eq!((some.end().lost, some.end().recovered), (lost, 0));
    assert!(some.end().concealed_samples <= lost * 480, "{:?}", some.end());
    let there = 15 * 17_760;
    let (lag, lag_after_loss) = (all.lag(&said, there, there + 12_000).0, some.lag(&said, there, there + 12_000).0);
    assert!(lag.abs_diff(lag_after_loss) < 48, "{lag} {lag_after_loss}");
}

#[test]
fn a_lost_packet_is_restored_from_its_successor_when_that_is_there_in_time() {
    let said = syllables(48_000);
    let mut packets = say(&said, 480, UplinkConfig::default(), 20);
    packets.remove(10);
    // The talk came as an early burst: everything is there long before its turn.
    packets.iter_mut().take(30).for_each(|packet| packet.arrived_ns = 300_000_000);
    let end = Ear { block: 256, phase_ns: 0 }.hear(&packets).end();
    assert_eq!((end.lost, end.recovered, end.concealed_samples), (1, 1, 0));
    let mut packets = say(&said, 480, UplinkConfig::default(), 0);
    packets.remove(10);
    packets.iter_mut().take(30).for_each(|packet| packet.arrived_ns = 300_000_000);
    let end = Ear { block: 256, phase_ns: 0 }.hear(&packets).end();
    assert_eq!((end.lost, end.recovered, end.concealed_samples), (1, 0, 480), "without redundancy");
}

#[test]
fn a_pause_is_silence_of_its_own_length_and_no_loss() {
    let said = syllables(8 * 48_000);
    let mut packets = say(&said, 256, UplinkConfig::default(), 0);
    let ear = Ear { block: 256, phase_ns: 2_000_000 };
    let whole = ear.hear(&packets);
    // The packets of silence between two syllables are never sent: timestamps jump, numbers do not.
    let (from, to) = (packets[0].rtp_ts.wrapping_add(30 * 480), packets[0].rtp_ts.wrapping_add(35 * 480));
    let quiet = |packet: &VoicePacket| packet.rtp_ts.wrapping_sub(from) < to.wrapping_sub(from);
    let unsent = packets.iter().filter(|packet| quiet(packet)).count() as u16;
    packets.retain(|packet| !quiet(packet));
    packets.iter_mut().skip(30).for_each(|packet| packet.seq = packet.seq.wrapping_sub(unsent));
    let paused = ear.hear(&packets);
    assert_eq!((unsent, paused.end().lost, paused.end().concealed_samples), (5, 0, 0));
    assert_eq!(whole.lag(&said, 17_760, 29_760).0, paused.lag(&said, 17_760, 29_760).0);
}

#[test]
fn the_first_syllable_is_whole_when_the_first_two_packets_are_swapped() {
    let said = syllables(48_000);
    let mut packets = say(&said, 480, UplinkConfig::default(), 0);
    let ear = Ear { block: 256, phase_ns: 0 };
    let whole = ear.hear(&packets);
    (packets[0].arrived_ns, packets[1].arrived_ns) = (packets[1].arrived_ns - 5_000_000, packets[0].arrived_ns);
    let swapped = ear.hear(&packets);
    assert_eq!((swapped.end().late, swapped.end().lost), (0, 0));
    let (lag, likeness) = swapped.lag(&said, 0, 12_000);
    assert!(likeness > 0.97 * whole.lag(&said, 0, 12_000).1 && lag < 40 * 48, "lag {lag}, likeness {likeness}");
}

#[test]
fn an_early_burst_is_heard_from_its_first_sample_and_its_delay_is_made_good_without_a_hole() {
    for frame_ms in [5, 10, 20] {
        let said = syllables(12 * 48_000);
        let mut packets = say(&said, 240, UplinkConfig { frame_ms, ..UplinkConfig::default() }, 0);
        let route_ns = 320_000_000;
        packets.iter_mut().for_each(|packet| packet.arrived_ns = packet.arrived_ns.max(route_ns));
        let heard = Ear { block: 256, phase_ns: 0 }.hear(&packets);
        let end = heard.end();
        assert_eq!((end.lost, end.late, end.concealed_samples), (0, 0, 0), "{frame_ms} ms: {end:?}");
        let (first, likeness) = heard.lag(&said, 0, 9_600);
        assert!(likeness > 0.9 && first > 320 * 48 && first < 350 * 48, "{frame_ms} ms: {first}, {likeness}");
        let (last, likeness) = heard.lag(&said, 30 * 17_760, 31 * 17_760);
        assert!(likeness > 0.9 && last < 45 * 48, "{frame_ms} ms: {last} samples late at the end, {likeness}");
        assert!(end.cut_samples > 240 * 48, "{end:?}");
    }
}

#[test]
fn jitter_makes_the_delay_grow_once_and_then_it_stays() {
    let said = syllables(40 * 48_000);
    let mut packets = say(&said, 256, UplinkConfig::default(), 0);
    packets.iter_mut().enumerate().for_each(|(n, packet)| packet.arrived_ns += noise(n, 25_000_000));
    let heard = Ear { block: 256, phase_ns: 0 }.hear(&packets);
    let (early, end) = (heard.at_s(4), heard.end());
    assert!(early.concealed_samples > 0 && early.concealed_samples < 2_400, "{early:?}");
    assert!(end.concealed_samples - early.concealed_samples <= 256, "{early:?} {end:?}");
    assert!(end.cut_samples <= 256, "{end:?}");
}

#[test]
fn a_delay_that_has_passed_is_made_good_in_silence() {
    let said = syllables(20 * 48_000);
    let mut packets = say(&said, 256, UplinkConfig::default(), 0);
    packets.iter_mut().skip(100).take(40).for_each(|packet| packet.arrived_ns += 40_000_000);
    let heard = Ear { block: 256, phase_ns: 0 }.hear(&packets);
    assert!(heard.end().concealed_samples <= 2_400 && heard.end().lost == 0, "{:?}", heard.end());
    let (last, likeness) = heard.lag(&said, 50 * 17_760, 51 * 17_760);
    assert!(last < 31 * 48 && likeness > 0.9, "{last} samples");
}

#[test]
fn a_stall_in_mid_speech_loses_nothing_that_came_after_it() {
    let said = syllables(6 * 48_000);
    let mut packets = say(&said, 256, UplinkConfig::default(), 0);
    let stalled: Vec<_> = (100..130).collect();
    let then_ns = packets[130].arrived_ns;
    stalled.iter().for_each(|n| packets[*n].arrived_ns = then_ns);
    let end = Ear { block: 256, phase_ns: 0 }.hear(&packets).end();
    assert_eq!((end.late, end.lost), (0, 0), "{end:?}");
    assert!(end.concealed_samples <= 2_880, "{end:?}");
}

#[test]
fn doubled_and_empty_packets_change_nothing() {
    let said = syllables(48_000);
    let mut packets = say(&said, 256, UplinkConfig::default(), 0);
    let ear = Ear { block: 256, phase_ns: 0 };
    let plain = ear.hear(&packets).samples;
    let doubled: Vec<_> = packets.iter().step_by(7).cloned().collect();
    let empty = packets.iter().step_by(5).map(|packet| VoicePacket { length: 0, ..packet.clone() });
    packets.extend(empty.chain(doubled).collect::<Vec<_>>());
    assert!(ear.hear(&packets).samples == plain);
}

#[test]
fn a_talk_that_is_over_fades_out_and_the_next_one_starts_at_its_first_sample() {
    let said = syllables(19_200);
    let first = say(&said[..9_600], 240, UplinkConfig::default(), 0);
    let mut second = say(&said, 240, UplinkConfig::default(), 0);
    for packet in &mut second {
        packet.seq = packet.seq.wrapping_add(first.len() as u16);
        packet.rtp_ts = packet.rtp_ts.wrapping_add(96_000);
        packet.arrived_ns += 2_000_000_000;
    }
    let heard = Ear { block: 256, phase_ns: 0 }.hear(&[first, second].concat());
    assert!(heard.samples[15_000..96_000].iter().all(|sample| *sample == 0.0), "silence between the talks");
    let shifted = Heard { samples: heard.samples[96_000..].to_vec(), ..heard };
    let (lag, likeness) = shifted.lag(&said, 0, 12_000);
    assert!(lag < 33 * 48 && likeness > 0.9, "{lag} {likeness}");
    assert_eq!((shifted.end().lost, shifted.end().concealed_samples), (0, 0), "the end of a talk is no loss");
}

#[test]
fn a_sender_that_counts_anew_is_heard_again() {
    let said = syllables(96_000);
    let mut packets = say(&said, 240, UplinkConfig::default(), 0);
    packets.iter_mut().skip(100).for_each(|packet| {
        packet.seq = packet.seq.wrapping_add(30_000);
        packet.rtp_ts = packet.rtp_ts.wrapping_add(2_000_000_000);
    });
    let heard = Ear { block: 256, phase_ns: 0 }.hear(&packets);
    assert!(heard.lag(&said, 4 * 17_760, 4 * 17_760 + 12_000).1 > 0.9);
}

#[test]
fn garbage_makes_no_noise_and_no_end() {
    let mut packets = say(&syllables(96_000), 256, UplinkConfig::default(), 0);
    for (n, packet) in packets.iter_mut().enumerate().skip(1) {
        packet.payload.iter_mut().enumerate().for_each(|(at, byte)| *byte = noise(at * 7 + n * 513, 255) as u8);
        packet.length = noise(n, 600) as u16;
        packet.seq = packet.seq.wrapping_mul(if n % 10 == 0 { 31 } else { 1 });
        packet.rtp_ts = packet.rtp_ts.wrapping_add(if n % 7 == 0 { noise(n, u64::from(u32::MAX)) as u32 } else { 0 });
    }
    let heard = Ear { block: 256, phase_ns: 0 }.hear(&packets);
    assert!(heard.samples.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
}

#[test]
fn a_talker_who_thinks_for_two_seconds_is_heard_again_at_the_same_delay() {
    let mut said = syllables(6 * 48_000);
    said[3 * 17_760..9 * 17_760].fill(0.0);
    let packets = say(&said, 256, UplinkConfig::default(), 0);
    assert!(packets.len() < 500, "silence is not sent in full: {} packets", packets.len());
    for phase_us in [0, 1_700, 3_300, 5_000] {
        let heard = Ear { block: 256, phase_ns: phase_us * 1_000 }.hear(&packets);
        assert_eq!((heard.end().lost, heard.end().late, heard.end().concealed_samples), (0, 0, 0), "{phase_us} us");
        let (lag, likeness) = heard.lag(&said, 9 * 17_760, 9 * 17_760 + 12_000);
        assert!(lag < 33 * 48 && likeness > 0.9, "{phase_us} us: {lag} {likeness}");
    }
}

#[test]
fn stalls_that_come_again_are_heard_only_until_the_delay_has_learned_them() {
    for stall_ms in [30, 80, 150] {
        for apart_s in [1, 5] {
            let mut packets = say(&syllables(60 * 48_000), 256, UplinkConfig::default(), 0);
            for packet in &mut packets {
                let (apart_ns, stall_ns) = (apart_s * 1_000_000_000, stall_ms * 1_000_000);
                let since_ns = (packet.arrived_ns + 500_000_000) % apart_ns;
                packet.arrived_ns += stall_ns - since_ns.min(stall_ns);
            }
            let heard = Ear { block: 256, phase_ns: 0 }.hear(&packets);
            let (learned, end, here) = (heard.at_s(30), heard.end(), format!("{stall_ms} ms each {apart_s} s"));
            let made_up = end.concealed_samples - learned.concealed_samples;
            assert!(made_up <= 256, "{here}: {made_up} samples after {learned:?}");
            assert!(end.lost == 0 && end.late == 0, "{here}: {end:?}");
        }
    }
}

#[test]
fn clocks_that_drift_apart_are_followed_in_silence_and_nothing_is_made_up() {
    for parts_per_million in [-300_i64, 300] {
        let mut packets = say(&syllables(60 * 48_000), 256, UplinkConfig::default(), 0);
        for packet in &mut packets {
            let drift = packet.arrived_ns as i64 * parts_per_million / 1_000_000;
            packet.arrived_ns = packet.arrived_ns.saturating_add_signed(drift);
        }
        let end = Ear { block: 256, phase_ns: 0 }.hear(&packets).end();
        assert_eq!((end.concealed_samples, end.late, end.lost), (0, 0, 0), "{parts_per_million}: {end:?}");
        assert!(end.cut_samples.abs_diff(end.stretched_samples) > 500, "{parts_per_million}: {end:?}");
    }
}
