//! What an Opus packet says about itself (RFC 6716 section 3.1), without decoding it.

use crate::RATE_HZ;

/// Longest time that one packet may hold: 120 ms, in samples at 48 kHz.
pub const SAMPLES_MAX: u64 = 5_760;

/// How many samples at 48 kHz a packet holds; none when it is no Opus packet.
pub fn samples(payload: &[u8]) -> Option<u64> {
    let samples = opus::packet::get_nb_samples(payload, RATE_HZ as u32).ok()? as u64;
    (1..=SAMPLES_MAX).contains(&samples).then_some(samples)
}

/// Frame lengths of the CELT mode, longest first: size code (RFC 6716 section 3.1, table 2) and samples at 48 kHz.
const LENGTHS: [(u8, u64); 4] = [(3, 960), (2, 480), (1, 240), (0, 120)];

/// CELT-only configurations, fullband.
const FULLBAND: u8 = 28;

fn cut(samples: u64) -> impl Iterator<Item = (u8, u64)> {
    let mut left = samples;
    std::iter::from_fn(move || {
        let (size, length) = LENGTHS.into_iter().find(|(_, length)| *length <= left)?;
        left -= length;
        Some((size, length))
    })
}

/// Packets for a time in which the talker sent nothing: a table-of-contents byte in the talker's bandwidth with an empty
/// frame, which a decoder takes as discontinuous transmission, as every listener's did (RFC 6716 section 3.2.1). What is
/// shorter than 2.5 ms is left over.
pub fn pause(toc: u8, samples: u64) -> impl Iterator<Item = (Vec<u8>, u64)> {
    let bandwidth = match toc >> 3 {
        0..=3 | 16..=19 => 16,
        4..=11 | 20..=23 => 20,
        12..=13 | 24..=27 => 24,
        _ => FULLBAND,
    };
    cut(samples).map(move |(size, length)| (vec![(bandwidth + size) << 3], length))
}

/// Packets of digital silence, for a time of which nothing is known: a decoder must not make anything up for it. What is
/// shorter than 2.5 ms is left over.
pub fn silence(samples: u64) -> impl Iterator<Item = (Vec<u8>, u64)> {
    // The two bytes set CELT's silence flag (RFC 6716 section 4.3).
    cut(samples).map(|(size, length)| (vec![(FULLBAND + size) << 3, 0xff, 0xfe], length))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pauses_and_silence_are_as_long_as_they_say() {
        for toc in 0..=255_u8 {
            for (packet, length) in pause(toc, 960 + 480 + 240 + 120 + 7).chain(silence(960 + 480 + 240 + 120 + 7)) {
                assert_eq!(samples(&packet), Some(length), "{toc}");
            }
        }
        assert_eq!(pause(0x78, 4_800).map(|(_, length)| length).sum::<u64>(), 4_800);
    }

    #[test]
    fn silence_is_silent_for_a_decoder_in_mid_sound() {
        let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
        let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).unwrap();
        let mut heard = vec![0.0; 960];
        for n in 0..20 {
            let tone: Vec<f32> = (0..960).map(|at| 0.4 * ((n * 960 + at) as f32 * 0.06).sin()).collect();
            let packet = encoder.encode_vec_float(&tone, 400).unwrap();
            decoder.decode_float(&packet, &mut heard, false).unwrap();
        }
        for (place, (packet, length)) in silence(4 * 960 + 480 + 240 + 120).enumerate() {
            let length = length as usize;
            decoder.decode_float(&packet, &mut heard[..length], false).unwrap();
            assert!(place < 2 || heard[..length].iter().all(|sample| sample.abs() < 0.001), "{place}");
        }
    }

    #[test]
    fn what_is_no_opus_packet_has_no_length() {
        assert_eq!(samples(&[]), None);
        assert_eq!(samples(&[0x03, 0x00]), None);
    }
}
