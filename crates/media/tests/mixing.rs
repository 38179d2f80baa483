//! What an ear's gains, streams and counts do, sample for sample.
#![allow(clippy::unwrap_used)]

use dealerboard_media::{
    EncodedPacket, PlaybackConfig, PlaybackControl, PlaybackMixer, PlaybackSender, UplinkConfig, VoicePacket,
    capture_pair, ns_to_samples, playback_pair, samples_to_ns,
};
use dealerboard_model::Csrc;

const BLOCK: usize = 256;

/// A tone of 100 Hz for half a second, as packets that arrive when they are encoded.
fn tone(line: u32, talker: u32) -> Vec<VoicePacket> {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    gate.open(0);
    let (mut packets, mut encoded) = (Vec::new(), EncodedPacket::default());
    for n in 0..100 {
        let samples: Vec<f32> =
            (n * 240..n * 240 + 240).map(|at| 0.4 * (std::f32::consts::TAU * at as f32 / 480.0).sin()).collect();
        tap.on_capture(&samples, samples_to_ns(n * 240));
        while uplink.next_packet(&mut encoded) {
            packets.push(VoicePacket {
                line: Csrc(line),
                talker: Csrc(talker),
                ear: talker,
                seq: encoded.seq,
                rtp_ts: encoded.rtp_ts,
                arrived_ns: samples_to_ns((n + 1) * 240),
                payload: encoded.payload,
                length: encoded.length as u16,
            });
        }
    }
    packets
}

/// An ear that plays block after block.
struct Ear {
    mixer: PlaybackMixer,
    sender: PlaybackSender,
    block: usize,
}

impl Ear {
    fn new(streams: usize) -> Self {
        let (mixer, sender) = playback_pair(PlaybackConfig { streams }).unwrap();
        Self { mixer, sender, block: 0 }
    }

    /// Plays blocks, each after the packets that have arrived since the one before.
    fn play(&mut self, packets: &[VoicePacket], blocks: usize) -> Vec<f32> {
        let mut heard = Vec::new();
        for _ in 0..blocks {
            let now_ns = samples_to_ns(self.block * BLOCK);
            let before_ns = self.block.checked_sub(1).map(|block| samples_to_ns(block * BLOCK));
            let new = |packet: &&VoicePacket| {
                packet.arrived_ns <= now_ns && before_ns.is_none_or(|before_ns| packet.arrived_ns > before_ns)
            };
            for packet in packets.iter().filter(new) {
                assert!(self.sender.push(packet.clone()));
            }
            let mut out = [0.0; BLOCK];
            self.mixer.on_playback(&mut out, now_ns);
            heard.extend(out);
            self.block += 1;
        }
        heard
    }

    fn gain(&mut self, line: u32, gain: f32) {
        assert!(self.sender.control(PlaybackControl::Gain { line: Csrc(line), gain }));
    }
}

fn loudest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// The largest step from one sample to the next; 0.0053 for the tone itself.
fn largest_step(samples: &[f32]) -> f32 {
    samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn a_mute_takes_ten_milliseconds_and_makes_no_click() {
    let packets = tone(7, 1);
    let mut ear = Ear::new(4);
    let before = ear.play(&packets, 40);
    ear.gain(7, 0.0);
    let after = ear.play(&packets, 20);
    assert!(largest_step(&[&before[4_000..], &after[..]].concat()) < 0.008);
    assert!(loudest(&after[..240]) > 0.1 && loudest(&after[481..]) == 0.0);
}

#[test]
fn the_position_s_own_loudness_ramps_as_well() {
    let packets = tone(7, 1);
    let mut ear = Ear::new(4);
    let before = ear.play(&packets, 40);
    assert!(ear.sender.control(PlaybackControl::Master(0.0)));
    let after = ear.play(&packets, 20);
    assert!(largest_step(&[&before[4_000..], &after[..]].concat()) < 0.008);
    assert!(loudest(&after[481..]) == 0.0);
}

#[test]
fn a_gain_that_is_no_number_changes_nothing() {
    let packets = tone(7, 1);
    let (mut plain, mut ear) = (Ear::new(4), Ear::new(4));
    for gain in [f32::NAN, f32::INFINITY] {
        ear.gain(7, gain);
        assert!(ear.sender.control(PlaybackControl::Master(gain)));
    }
    assert_eq!(plain.play(&packets, 60), ear.play(&packets, 60));
}

#[test]
fn a_line_that_is_muted_before_it_speaks_is_never_heard() {
    let mut ear = Ear::new(4);
    ear.gain(7, 0.0);
    assert_eq!(loudest(&ear.play(&tone(7, 1), 60)), 0.0);
}

#[test]
fn a_mute_is_kept_however_many_lines_come_and_go() {
    let mut ear = Ear::new(4);
    ear.gain(7, 0.0);
    for line in 100..2_000 {
        ear.gain(line, 1.0);
        ear.play(&[], 1);
    }
    ear.gain(8, 0.0);
    ear.block = 0;
    let (seven, eight) = (tone(7, 1), tone(8, 2));
    assert_eq!(loudest(&ear.play(&[seven, eight].concat(), 60)), 0.0);
    ear.block = 0;
    assert!(loudest(&ear.play(&tone(9, 3), 60)) > 0.3, "a new line is heard");
}

#[test]
fn a_line_for_which_there_is_no_place_is_silent_rather_than_loud() {
    let mut ear = Ear::new(4);
    for line in 100..700 {
        ear.gain(line, 0.5);
        ear.play(&[], 1);
    }
    ear.block = 0;
    assert_eq!(loudest(&ear.play(&tone(7, 1), 60)), 0.0);
}

#[test]
fn a_talk_whose_stream_is_taken_away_fades_out() {
    let (first, mut second) = (tone(7, 1), tone(8, 2));
    second.truncate(20);
    second.iter_mut().for_each(|packet| packet.arrived_ns += 200_000_000);
    let mut ear = Ear::new(1);
    let until: Vec<_> = first.iter().filter(|packet| packet.arrived_ns < 200_000_000).cloned().collect();
    let heard = ear.play(&[until, second].concat(), 80);
    assert!(loudest(&heard[9_000..9_600]) > 0.2, "the first one still talks");
    assert!(largest_step(&heard[2_000..18_000]) < 0.01, "{}", largest_step(&heard[2_000..18_000]));
}

#[test]
fn a_packet_is_heard_in_no_block_that_was_due_before_it_came() {
    let mut ear = Ear::new(1);
    let packets: Vec<VoicePacket> = tone(7, 1)
        .into_iter()
        .map(|packet| VoicePacket { arrived_ns: packet.arrived_ns + 1_000_000_000, ..packet })
        .collect();
    packets.iter().for_each(|packet| assert!(ear.sender.push(packet.clone())));
    let due = ns_to_samples(packets[0].arrived_ns) / BLOCK;
    let heard = ear.play(&[], due + 10);
    let (early, rest) = heard.split_at(due * BLOCK);
    assert!(early.iter().all(|sample| *sample == 0.0), "nothing is heard before it has come");
    assert!(rest.iter().any(|sample| sample.abs() > 0.1), "and then it is");
}
