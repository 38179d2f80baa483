//! libopus alone, in the same run: the unit that other costs are told in.

use anyhow::Result;
use dealerboard_media::UplinkConfig;
use dealerboard_tests::chirp::quantile;
use dealerboard_tests::sweep::sweep;
use opus::{Application, Bitrate, Channels, Decoder, Encoder};
use std::time::Instant;

/// Frames that are timed.
const FRAMES: usize = 2_000;

/// What one frame of the uplink costs.
pub struct Codec {
    /// Median of one encode, microseconds.
    pub encode_us: f64,
    /// Median of one decode, microseconds.
    pub decode_us: f64,
    /// Look-ahead of the encoder, milliseconds.
    pub lookahead_ms: f64,
}

/// Times libopus as an uplink of `config` uses it.
pub fn measure(config: UplinkConfig) -> Result<Codec> {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip)?;
    encoder.set_bitrate(Bitrate::Bits(config.bitrate_bps))?;
    encoder.set_complexity(6)?;
    encoder.set_dtx(true)?;
    encoder.set_inband_fec(true)?;
    let mut decoder = Decoder::new(48_000, Channels::Mono)?;
    let sound = sweep(0, FRAMES * config.frame_samples(), 0.3);
    let (mut encodes, mut decodes) = (Vec::with_capacity(FRAMES), Vec::with_capacity(FRAMES));
    let (mut packet, mut decoded) = ([0; 1_275], [0.0; 5_760]);
    for frame in sound.chunks_exact(config.frame_samples()) {
        let began = Instant::now();
        let length = encoder.encode_float(frame, &mut packet)?;
        let between = Instant::now();
        decoder.decode_float(&packet[..length], &mut decoded, false)?;
        decodes.push(between.elapsed().as_secs_f64() * 1e6);
        encodes.push((between - began).as_secs_f64() * 1e6);
    }
    Ok(Codec {
        encode_us: quantile(&encodes, 0.5),
        decode_us: quantile(&decodes, 0.5),
        lookahead_ms: f64::from(encoder.get_lookahead()?) / 48.0,
    })
}
