//! Which samples of a microphone go out, and as which packets.
#![allow(clippy::unwrap_used)]

use super::*;

fn feed(tap: &mut CaptureTap, samples: usize, period: usize, from_ns: u64) -> u64 {
    let mut at = 0;
    while at < samples {
        let block: Vec<f32> = (at..at + period).map(|n| 0.3 * (n as f32 * 0.05).sin()).collect();
        tap.on_capture(&block, from_ns + samples_to_ns(at));
        at += period;
    }
    from_ns + samples_to_ns(at)
}

fn packets(uplink: &mut UplinkEncoder) -> Vec<EncodedPacket> {
    let mut out = EncodedPacket::default();
    std::iter::from_fn(|| uplink.next_packet(&mut out).then(|| out.clone())).collect()
}

#[test]
fn nothing_is_encoded_while_the_gate_is_shut_and_the_meter_moves_all_the_same() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    feed(&mut tap, 4_800, 256, 0);
    assert!(packets(&mut uplink).is_empty());
    assert!(gate.level_dbfs() > -20.0);
}

#[test]
fn a_talk_is_whole_frames_from_its_first_sample_and_the_last_one_is_padded() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    let then = feed(&mut tap, 512, 256, 1_000);
    gate.open(then);
    let end = feed(&mut tap, 1_024, 256, then);
    gate.shut(0);
    tap.on_capture(&[0.0; 256], end);
    let packets = packets(&mut uplink);
    assert_eq!(packets.len(), 3, "1,024 samples are two frames of 480 and a padded one");
    assert_eq!(packets[0].first_sample_ns, then);
    assert_eq!(packets.iter().map(|p| p.marker).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(packets.iter().map(|p| p.seq).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(packets[2].rtp_ts.wrapping_sub(packets[0].rtp_ts), 960);
}

/// Hands blocks of 480 samples of a loud tone over after they were captured, and gives what the ring holds then.
fn late(tap: &mut CaptureTap, uplink: &mut UplinkEncoder, blocks: std::ops::Range<usize>) -> Vec<(u64, Vec<f32>)> {
    for at in blocks {
        tap.on_capture(&[0.5; 480], samples_to_ns(at * 480));
    }
    let blocks = std::iter::from_fn(|| uplink.ring.pop().ok());
    blocks.map(|block| (block.first_sample_ns, block.samples[..block.length].to_vec())).collect()
}

/// The samples, counted from the beginning of time, that were handed on as voice.
fn voiced(blocks: &[(u64, Vec<f32>)]) -> Vec<usize> {
    let at = |(first_ns, samples): &(u64, Vec<f32>)| {
        let first = ns_to_samples(*first_ns + 1_000);
        samples.iter().enumerate().filter(|(_, it)| **it != 0.0).map(|(n, _)| first + n).collect::<Vec<_>>()
    };
    blocks.iter().flat_map(at).collect()
}

/// A sample's place, as the nanosecond at which it is captured.
fn at(sample: usize) -> u64 {
    samples_to_ns(sample) + 1
}

#[test]
fn what_was_said_before_the_opening_stays_here_though_its_block_comes_after_it() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(at(4_900));
    let voiced = voiced(&late(&mut tap, &mut uplink, 0..20));
    assert!(voiced[0].abs_diff(4_900) <= 1, "{} is the first", voiced[0]);
    assert_eq!(voiced.len(), 9_600 - voiced[0]);
}

#[test]
fn what_was_said_since_the_press_goes_out_though_its_block_came_before_the_gate_opened() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    assert!(late(&mut tap, &mut uplink, 0..12).is_empty(), "nothing goes out of a shut microphone");
    gate.open(at(4_900));
    let voiced = voiced(&late(&mut tap, &mut uplink, 12..20));
    assert!(voiced[0].abs_diff(4_900) <= 1, "{} is the first", voiced[0]);
    assert_eq!(voiced.len(), 9_600 - voiced[0]);
}

#[test]
fn no_more_than_the_last_50_ms_are_kept_for_a_press() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    late(&mut tap, &mut uplink, 0..100);
    gate.open(at(1));
    let voiced = voiced(&late(&mut tap, &mut uplink, 100..101));
    assert!((2_400..=2_400 + 480).contains(&(48_000 - voiced[0])), "{} samples", 48_000 - voiced[0]);
}

#[test]
fn a_second_press_brings_nothing_of_what_was_said_since_the_release() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    late(&mut tap, &mut uplink, 0..4);
    gate.shut(at(1_900));
    late(&mut tap, &mut uplink, 4..10);
    gate.open(at(4_500));
    let voiced = voiced(&late(&mut tap, &mut uplink, 10..20));
    assert!(voiced[0].abs_diff(4_500) <= 1, "{} is the first", voiced[0]);
    assert_eq!(voiced.len(), 9_600 - voiced[0]);
}

#[test]
fn what_was_kept_before_an_opening_that_is_muted_stays_here_after_the_mute() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    late(&mut tap, &mut uplink, 0..10);
    gate.set_silent(true, at(0));
    gate.open(at(3_000));
    assert!(voiced(&late(&mut tap, &mut uplink, 10..14)).is_empty());
    gate.set_silent(false, at(6_500));
    let voiced = voiced(&late(&mut tap, &mut uplink, 14..20));
    assert!(voiced[0] >= 6_719, "{} is the first", voiced[0]);
}

#[test]
fn what_was_kept_before_a_hole_in_the_devices_time_does_not_begin_a_talk() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    late(&mut tap, &mut uplink, 0..10);
    gate.open(at(3_000));
    let voiced = voiced(&late(&mut tap, &mut uplink, 30..34));
    assert_eq!((voiced[0], voiced.len()), (14_400, 1_920));
}

#[test]
fn what_was_said_before_the_shutting_goes_out_though_its_block_comes_after_it() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    late(&mut tap, &mut uplink, 0..2);
    gate.shut(at(2_500));
    let voiced = voiced(&late(&mut tap, &mut uplink, 2..20));
    assert_eq!(voiced[0], 960);
    assert!(voiced[voiced.len() - 1].abs_diff(2_500) <= 1, "{} is the last", voiced[voiced.len() - 1]);
    assert!(tap.rests());
}

#[test]
fn what_was_said_between_two_talks_goes_out_in_neither_though_all_of_it_comes_late() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    late(&mut tap, &mut uplink, 0..2);
    gate.shut(at(2_500));
    gate.open(at(5_100));
    let voiced = voiced(&late(&mut tap, &mut uplink, 2..20));
    assert!(voiced.iter().all(|sample| *sample <= 2_501 || *sample >= 5_099));
    assert_eq!((voiced[0], voiced.last()), (960, Some(&9_599)));
    assert!(voiced.len().abs_diff(2_500 - 960 + 9_600 - 5_100) <= 3, "both talks are whole");
}

#[test]
fn what_was_said_while_muted_stays_here_though_its_block_comes_after_the_mute() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    late(&mut tap, &mut uplink, 0..2);
    gate.set_silent(true, at(2_500));
    gate.set_silent(false, at(5_100));
    let voiced = voiced(&late(&mut tap, &mut uplink, 2..20));
    assert!(voiced.iter().all(|sample| *sample <= 2_501 || *sample >= 5_099));
    assert!(voiced.len().abs_diff(2_500 - 960 + 9_600 - 5_100) <= 3, "what was said before and after is whole");
}

#[test]
fn a_silent_microphone_sends_at_least_every_200_ms_and_nothing_of_what_it_hears() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.set_silent(true, 0);
    gate.open(0);
    let mut at = 0;
    let mut silent = Vec::new();
    for _ in 0..200 {
        at = feed(&mut tap, 720, 240, at);
        silent.extend(packets(&mut uplink));
    }
    assert!(gate.level_dbfs() > -20.0, "the meter moves");
    let widest = silent.windows(2).map(|w| w[1].first_sample_ns - w[0].first_sample_ns).max().unwrap();
    assert!(silent.len() < 100 && widest <= ALIVE_NS + samples_to_ns(480), "{} packets", silent.len());
    let mut decoder = opus::Decoder::new(RATE_HZ, Channels::Mono).unwrap();
    for packet in &silent {
        let mut samples = [0.0; 480];
        decoder.decode_float(&packet.payload[..packet.length], &mut samples, false).unwrap();
        assert!(samples.iter().all(|sample| sample.abs() < 0.001));
    }
    gate.set_silent(false, 0);
    feed(&mut tap, 4_800, 240, at);
    let heard = packets(&mut uplink);
    assert!(heard.len() >= 9 && heard.iter().all(|packet| !packet.marker), "the talk goes on in what is said");
}

#[test]
fn a_keyed_microphone_in_a_silent_room_sends_at_least_every_200_ms() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    let mut sent = Vec::new();
    for n in 0..600 {
        tap.on_capture(&[0.0; 240], samples_to_ns(n * 240));
        sent.extend(packets(&mut uplink));
    }
    assert!(sent.len() < 200, "silence is not sent in full: {} packets", sent.len());
    let widest = sent.windows(2).map(|w| w[1].first_sample_ns - w[0].first_sample_ns).max().unwrap();
    assert!(widest <= ALIVE_NS + samples_to_ns(480));
}

/// A vowel at 120 Hz: pulses that ring at 600 Hz.
fn vowel(samples: usize) -> Vec<f32> {
    let (mut last, mut before) = (0.0_f32, 0.0_f32);
    let ring = |n: usize| {
        let pulse = if n.is_multiple_of(400) { 0.03 } else { 0.0 };
        (last, before) = (pulse + 1.9835 * last - 0.9896 * before, last);
        last
    };
    (0..samples).map(ring).collect()
}

/// The packets of a microphone that opens at sample `from` of what is said.
fn packets_from(said: &[f32], from: usize, open: impl Fn(&Gate, u64)) -> Vec<EncodedPacket> {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    open(&gate, at(from));
    let mut all = Vec::new();
    for (place, block) in said.chunks_exact(240).enumerate() {
        tap.on_capture(block, samples_to_ns(place * 240));
        all.extend(packets(&mut uplink));
    }
    all
}

#[test]
fn mov_1_a_decoder_that_has_heard_another_microphone_understands_a_talk_from_any_of_its_first_packets() {
    let tone: Vec<f32> =
        (0..96_000).map(|n| 0.3 * (n as f32 * 440.0 * std::f32::consts::TAU / 48_000.0).sin()).collect();
    for (what, said) in [("tone", tone), ("vowel", vowel(96_000))] {
        let old = packets_from(&said, 0, Gate::open);
        for (opens, skipped) in [(72_000, 1), (72_130, 2), (72_310, 3), (72_400, 10), (72_470, 19)] {
            let new = packets_from(&said, opens, Gate::open_to_go_on);
            let mut decoder = opus::Decoder::new(RATE_HZ, Channels::Mono).unwrap();
            let mut level = |packet: &EncodedPacket| {
                let mut samples = [0.0; 480];
                decoder.decode_float(&packet.payload[..packet.length], &mut samples, false).unwrap();
                (samples.iter().map(|it| it * it).sum::<f32>() / 480.0).sqrt()
            };
            let goes_on_ns = new[skipped].first_sample_ns;
            let before: Vec<f32> =
                old.iter().take_while(|it| it.first_sample_ns < goes_on_ns).map(&mut level).collect();
            let usual = before[before.len() - 20..].iter().sum::<f32>() / 20.0;
            let after: Vec<f32> = new[skipped..].iter().take(20).map(|it| level(it) / usual).collect();
            assert!(after.iter().all(|it| (0.5..1.5).contains(it)), "{what} from packet {skipped}: {after:.2?}");
        }
    }
}

#[test]
fn a_voice_that_goes_on_by_an_open_microphone_is_a_talk_of_its_own_and_nothing_of_it_is_missing() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    let then = feed(&mut tap, 4_800, 240, 0);
    gate.open_to_go_on(then);
    feed(&mut tap, 4_800, 240, then);
    let packets = packets(&mut uplink);
    let begun: Vec<u64> = packets.iter().filter(|it| it.marker).map(|it| it.first_sample_ns).collect();
    assert_eq!(begun, [0, then]);
    assert!(packets.windows(2).all(|it| it[1].seq == it[0].seq + 1));
}
