//! The sound of a recorded message, out of its Opus packets.

use crate::MediaError;
use crate::voice_decoder::VoiceDecoder;

/// Longest pause that one packet may stand for, in samples.
const PAUSE_MAX: usize = 5_760;

/// Decodes one message, packet by packet.
pub struct MessageDecoder(VoiceDecoder);

impl MessageDecoder {
    /// A decoder that has heard nothing.
    ///
    /// # Errors
    /// libopus cannot be set up.
    pub fn new() -> Result<Self, MediaError> {
        Ok(Self(VoiceDecoder::new()?))
    }

    /// Appends `samples` of 48 kHz: what the packet says, silence for a packet of one byte, which is a pause.
    pub fn decode(&mut self, payload: &[u8], samples: usize, out: &mut Vec<f32>) {
        let end = out.len() + samples.min(PAUSE_MAX);
        if payload.len() > 1 {
            self.0.decode(payload, out);
        }
        out.resize(end, 0.0);
    }
}
