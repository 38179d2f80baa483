//! Where a talk begins and ends in its packets, sample for sample.
#![allow(clippy::unwrap_used)]

use dealerboard_media::{CaptureTap, EncodedPacket, UplinkConfig, UplinkEncoder, capture_pair, samples_to_ns};
use opus::{Channels, Decoder};

const SECOND_NS: u64 = 1_000_000_000;

/// Brings `samples` of a tone to the tap in blocks of 240, from `from_ns` on.
fn speak(tap: &mut CaptureTap, samples: usize, from_ns: u64) {
    for at in (0..samples).step_by(240) {
        let block: Vec<f32> = (at..at + 240).map(|n| 0.3 * (n as f32 * 0.05).sin()).collect();
        tap.on_capture(&block, from_ns + samples_to_ns(at));
    }
}

fn packets(uplink: &mut UplinkEncoder) -> Vec<EncodedPacket> {
    let mut out = EncodedPacket::default();
    std::iter::from_fn(|| uplink.next_packet(&mut out).then(|| out.clone())).collect()
}

#[test]
fn the_last_syllable_comes_out_at_the_far_end_whole() {
    for config in [5, 10, 20].map(|frame_ms| UplinkConfig { frame_ms, ..UplinkConfig::default() }) {
        let (mut tap, mut uplink, gate) = capture_pair(config).unwrap();
        gate.open(0);
        speak(&mut tap, 9_600, 0);
        gate.shut(0);
        speak(&mut tap, 240, samples_to_ns(9_600));
        let mut decoder = Decoder::new(48_000, Channels::Mono).unwrap();
        let mut heard = Vec::new();
        for packet in packets(&mut uplink) {
            let mut samples = [0.0; 960];
            let length = decoder.decode_float(&packet.payload[..packet.length], &mut samples, false).unwrap();
            heard.extend_from_slice(&samples[..length]);
        }
        let look_ahead = 312;
        assert!(heard.len() >= 9_600 + look_ahead, "{config:?}: {} samples", heard.len());
        let last = &heard[9_600 + look_ahead - 120..9_600 + look_ahead];
        assert!(last.iter().any(|sample| sample.abs() > 0.1), "{config:?}");
    }
}

#[test]
fn a_talk_that_ended_while_its_device_was_away_is_not_joined_to_the_next_one() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    speak(&mut tap, 960, 0);
    // The device is lost: no callback sees the gate shut and open again.
    gate.shut(0);
    gate.open(0);
    speak(&mut tap, 960, 5 * SECOND_NS);
    let packets = packets(&mut uplink);
    let begins: Vec<_> = packets.iter().filter(|packet| packet.marker).collect();
    assert_eq!(begins.iter().map(|packet| packet.first_sample_ns).collect::<Vec<_>>(), [0, 5 * SECOND_NS]);
    assert_eq!(begins[1].rtp_ts.wrapping_sub(begins[0].rtp_ts), 5 * 48_000);
}

#[test]
fn a_talk_goes_on_by_the_clock_when_its_device_comes_back() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    speak(&mut tap, 960, 0);
    speak(&mut tap, 960, 2 * SECOND_NS);
    let packets = packets(&mut uplink);
    let back = packets.iter().find(|packet| packet.first_sample_ns == 2 * SECOND_NS).unwrap();
    assert!(back.marker);
    assert_eq!(back.rtp_ts.wrapping_sub(packets[0].rtp_ts), 2 * 48_000);
}

#[test]
fn nothing_of_a_shut_gate_is_sent_when_the_device_comes_back() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    speak(&mut tap, 960, 0);
    gate.shut(0);
    speak(&mut tap, 4_800, 5 * SECOND_NS);
    assert_eq!(packets(&mut uplink).len(), 3, "two frames, and one for the codec's look-ahead");
}

#[test]
fn what_follows_samples_that_were_lost_to_a_sleeping_encoder_keeps_its_time() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    speak(&mut tap, 48_000, 0);
    let before = packets(&mut uplink);
    speak(&mut tap, 960, SECOND_NS);
    let after = packets(&mut uplink);
    let anew = after.iter().find(|packet| packet.marker).unwrap();
    assert_eq!(anew.rtp_ts.wrapping_sub(before[0].rtp_ts), 48_000);
}

#[test]
fn the_end_of_a_talk_gets_through_a_full_ring() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    speak(&mut tap, 48_000, 0);
    gate.shut(0);
    speak(&mut tap, 240, SECOND_NS);
    let sent = packets(&mut uplink).len();
    speak(&mut tap, 240, SECOND_NS + samples_to_ns(240));
    assert!(sent > 0 && !packets(&mut uplink).is_empty(), "the last frame and the look-ahead follow");
}

#[test]
fn a_frame_of_another_length_is_refused_in_one_sentence() {
    for frame_ms in [0, 1, 7, 40, u32::MAX] {
        let refused = capture_pair(UplinkConfig { frame_ms, ..UplinkConfig::default() }).map(|_| ()).unwrap_err();
        assert_eq!(refused.to_string(), format!("an uplink cannot send frames of {frame_ms} ms; set 5, 10 or 20"));
    }
}
