//! WAV files of the tests: 48 kHz mono, read whole or as far as they are written.

use anyhow::{Context, Result, ensure};
use std::path::Path;

/// The rate of every file.
pub const RATE_HZ: u32 = 48_000;

/// Reads the samples of a WAV file, even while it is being written: what stands behind the header counts.
///
/// # Errors
/// The file is missing, or is not 48 kHz mono of 16 bit or float.
pub fn read(path: &Path) -> Result<Vec<f32>> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.len() < 44 {
        return Ok(Vec::new());
    }
    let field = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let rate = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
    ensure!(rate == RATE_HZ && field(22) == 1, "{} is not 48 kHz mono", path.display());
    let start = bytes.windows(4).position(|word| word == b"data").context("a WAV file has a data chunk")? + 8;
    let body = bytes.get(start..).unwrap_or_default();
    Ok(match field(34) {
        16 => body.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect(),
        32 => body.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect(),
        bits => anyhow::bail!("{} has {bits} bits", path.display()),
    })
}

/// Writes samples as 16-bit WAV.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, samples: &[f32]) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16)?;
    }
    writer.finalize()?;
    Ok(())
}

/// Loudness of the loudest tenth of a second, in decibels below full scale; −120 for silence.
#[must_use]
pub fn loudest_dbfs(samples: &[f32]) -> f64 {
    let loudest = samples
        .chunks(RATE_HZ as usize / 10)
        .map(|part| part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / part.len() as f64)
        .fold(0.0, f64::max);
    (10.0 * loudest.max(1e-12).log10()).max(-120.0)
}
