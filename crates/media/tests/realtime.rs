//! What runs in a device's callback touches no allocator.
#![allow(clippy::unwrap_used)]

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use dealerboard_media::{
    EncodedPacket, PlaybackConfig, PlaybackControl, Tone, UplinkConfig, VoicePacket, capture_pair, playback_pair,
    samples_to_ns,
};
use dealerboard_model::Csrc;

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

#[test]
fn callbacks_never_allocate_while_twelve_talk_with_pauses_and_losses_and_a_tone_plays() {
    let (mut tap, mut uplink, gate) = capture_pair(UplinkConfig::default()).unwrap();
    let (mut mixer, mut ear) = playback_pair(PlaybackConfig { streams: 16 }).unwrap();
    let mut late = Vec::new();
    let mut packet = EncodedPacket::default();
    let mut heard = 0.0_f32;
    for block in 0..400_usize {
        let now_ns = samples_to_ns(block * 256);
        let samples: Vec<f32> = (0..256).map(|n| 0.3 * ((block * 256 + n) as f32 * 0.07).sin()).collect();
        // The first press is come to late, and there is a pause between two talks.
        match block {
            100 => gate.open(now_ns - samples_to_ns(5 * 256)),
            250 => gate.shut(now_ns),
            280 => gate.open(now_ns),
            _ => {}
        }
        assert_no_alloc(|| tap.on_capture(&samples, now_ns));
        while uplink.next_packet(&mut packet) {
            for talker in 0..12 {
                let mut voice = VoicePacket { line: Csrc(1 + talker % 4), talker: Csrc(talker), ..Default::default() };
                (voice.seq, voice.rtp_ts, voice.arrived_ns) = (packet.seq, packet.rtp_ts, now_ns);
                (voice.payload, voice.length) = (packet.payload, packet.length as u16);
                match block {
                    150..160 | 180..200 => late.push(voice),
                    210 => {}
                    220 => _ = ear.push(VoicePacket { length: 1, payload: [0xff; _], ..voice }),
                    _ => _ = ear.push(voice),
                }
            }
        }
        if block == 160 || block == 200 {
            late.drain(..).for_each(|voice| _ = ear.push(VoicePacket { arrived_ns: now_ns, ..voice }));
        }
        if block == 200 {
            ear.control(PlaybackControl::Gain { line: Csrc(2), gain: 0.5 });
            ear.control(PlaybackControl::Start(Tone::Beep));
        }
        let mut out = [0.0; 256];
        assert_no_alloc(|| mixer.on_playback(&mut out, now_ns));
        heard = out.iter().fold(heard, |peak, sample| peak.max(sample.abs()));
    }
    assert!(heard > 0.3, "the twelve are heard");
}
