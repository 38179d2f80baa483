//! Opus, as a jitter buffer needs it: every call gives sound, whatever the packet.
//!
//! Law: what cannot be decoded is concealed; nothing here allocates once the stream exists.

use crate::{MediaError, RATE_HZ};
use opus::{Channels, Decoder};

/// Longest Opus packet: 120 ms.
const PACKET_SAMPLES_MAX: usize = 5_760;

/// The decoder of one stream.
pub struct VoiceDecoder {
    decoder: Decoder,
    frame_samples: usize,
}

impl VoiceDecoder {
    pub fn new() -> Result<Self, MediaError> {
        Ok(Self { decoder: Decoder::new(RATE_HZ, Channels::Mono)?, frame_samples: 480 })
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        // A decoder that cannot be reset decodes on from its old state: a soft start, no harm.
        let _ = self.decoder.reset_state();
    }

    /// Samples in the last packet.
    pub fn frame_samples(&self) -> usize {
        self.frame_samples
    }

    /// Appends a packet's samples to `out`; false when it was no Opus and its time was concealed.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<f32>) -> bool {
        let start = out.len();
        out.resize(start + PACKET_SAMPLES_MAX, 0.0);
        let samples = self.decoder.decode_float(payload, &mut out[start..], false).unwrap_or(0);
        out.truncate(start + samples);
        if samples == 0 {
            self.conceal(self.frame_samples, out);
            return false;
        }
        self.frame_samples = samples;
        true
    }

    /// Appends the samples of the packet before `payload`, from the redundancy in it.
    pub fn recover(&mut self, payload: &[u8], out: &mut Vec<f32>) {
        self.fill(payload, true, self.frame_samples, out);
    }

    /// Appends samples that carry on what was heard; multiples of 2.5 ms.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) {
        self.fill(&[], false, samples, out);
    }

    fn fill(&mut self, payload: &[u8], redundancy: bool, samples: usize, out: &mut Vec<f32>) {
        let start = out.len();
        out.resize(start + samples, 0.0);
        let made = self.decoder.decode_float(payload, &mut out[start..], redundancy).unwrap_or(0);
        out[start + made.min(samples)..].fill(0.0);
    }
}

/// Whether an Opus packet carries a second copy of the packet before it (LBRR, RFC 6716 section 4.2.4).
pub fn has_redundancy(payload: &[u8]) -> bool {
    let Ok(length) = i32::try_from(payload.len()) else { return false };
    // SAFETY: the pointer and the length are those of one live slice; the call only reads it, and parses any bytes.
    length > 0 && unsafe { opusic_sys::opus_packet_has_lbrr(payload.as_ptr(), length) } == 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use opus::{Application, Bitrate, Encoder};

    fn redundant(loss_percent: i32) -> usize {
        let mut encoder = Encoder::new(RATE_HZ, Channels::Mono, Application::Voip).unwrap();
        encoder.set_bitrate(Bitrate::Bits(32_000)).unwrap();
        encoder.set_inband_fec(loss_percent > 0).unwrap();
        encoder.set_packet_loss_perc(loss_percent).unwrap();
        let mut payload = [0; 512];
        let tone = |n: usize| 0.4 * (n as f32 * 0.06).sin();
        (0..100)
            .filter(|frame| {
                let samples: Vec<f32> = (frame * 480..frame * 480 + 480).map(tone).collect();
                let length = encoder.encode_float(&samples, &mut payload).unwrap();
                has_redundancy(&payload[..length])
            })
            .count()
    }

    #[test]
    fn redundancy_is_seen_where_the_encoder_put_it() {
        assert!(redundant(20) > 20);
        assert_eq!(redundant(0), 0);
    }

    #[test]
    fn bytes_that_are_no_opus_are_concealed_and_have_no_redundancy() {
        let mut decoder = VoiceDecoder::new().unwrap();
        for payload in [&[][..], &[0xff; 3], &[3, 255, 255, 9], &[0x0b; 400]] {
            let mut out = Vec::new();
            decoder.decode(payload, &mut out);
            assert!(!out.is_empty() && out.iter().all(|sample| sample.is_finite()));
            has_redundancy(payload);
        }
    }
}
