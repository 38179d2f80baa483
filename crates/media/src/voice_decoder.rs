//! Opus, as a jitter buffer needs it: every call gives sound, whatever the packet.
//!
//! Law: what cannot be decoded is concealed; nothing here allocates once the stream exists. A decoder remembers what it made
//! up as if it had been said, so what was made up for a packet that was only late is taken back: leaning on it, the next words
//! come out bent, and several times too loud, for half a second.

use crate::MediaError;
use crate::decoder_state::DecoderState;

/// Longest Opus packet: 120 ms.
const PACKET_SAMPLES_MAX: usize = 5_760;

/// The decoder of one stream.
pub struct VoiceDecoder {
    decoder: DecoderState,
    /// What it was before it made anything up.
    before: DecoderState,
    made_up: bool,
    frame_samples: usize,
}

impl VoiceDecoder {
    pub fn new() -> Result<Self, MediaError> {
        let (decoder, before) = (DecoderState::new()?, DecoderState::new()?);
        Ok(Self { decoder, before, made_up: false, frame_samples: 480 })
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        self.decoder.reset();
        self.made_up = false;
    }

    /// Forgets what it made up since it last decoded.
    pub fn take_back(&mut self) {
        if std::mem::take(&mut self.made_up) {
            self.decoder.become_like(&self.before);
        }
    }

    /// Samples in the last packet.
    pub fn frame_samples(&self) -> usize {
        self.frame_samples
    }

    /// Appends a packet's samples to `out`; false when it was no Opus and its time was concealed.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<f32>) -> bool {
        let start = out.len();
        out.resize(start + PACKET_SAMPLES_MAX, 0.0);
        let samples = if payload.is_empty() { 0 } else { self.decoder.decode(payload, false, &mut out[start..]) };
        out.truncate(start + samples);
        if samples == 0 {
            self.conceal(self.frame_samples, out);
            // Its time has passed, at the sender too.
            self.made_up = false;
            return false;
        }
        self.frame_samples = samples;
        self.made_up = false;
        true
    }

    /// Appends the samples of the packet before `payload`, from the redundancy in it.
    pub fn recover(&mut self, payload: &[u8], out: &mut Vec<f32>) {
        self.fill(payload, true, self.frame_samples, out);
        self.made_up = false;
    }

    /// Appends samples that carry on what was heard; multiples of 2.5 ms.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) {
        if !std::mem::replace(&mut self.made_up, true) {
            self.before.become_like(&self.decoder);
        }
        self.fill(&[], false, samples, out);
    }

    fn fill(&mut self, payload: &[u8], redundancy: bool, samples: usize, out: &mut Vec<f32>) {
        let start = out.len();
        out.resize(start + samples, 0.0);
        let made = self.decoder.decode(payload, redundancy, &mut out[start..]);
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
    use crate::RATE_HZ;
    use opus::{Application, Bitrate, Channels, Encoder};

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
