//! What the switch has recorded, read from its data folder as any player would read it.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// One segment of a talker.
pub struct Recorded {
    /// Who, as its comments say.
    pub talker: String,
    /// On which line, as its comments say.
    pub line: String,
    /// Where it is.
    pub file: PathBuf,
    /// What is heard in it, 48 kHz mono.
    pub samples: Vec<f32>,
}

/// Every sealed segment below the data folder, in the order of recordings, tracks and segments.
///
/// # Errors
/// A segment is no Ogg Opus file that can be decoded.
pub fn segments(data: &Path) -> Result<Vec<Recorded>> {
    let mut files = Vec::new();
    for day in std::fs::read_dir(data.join("recordings").join("segments"))? {
        for file in std::fs::read_dir(day?.path())? {
            files.push(file?.path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "opus"));
    files.sort_by_key(|file| file.file_name().map(ToOwned::to_owned));
    files.into_iter().map(read).collect()
}

fn read(file: PathBuf) -> Result<Recorded> {
    let mut reader = ogg::PacketReader::new(std::fs::File::open(&file)?);
    let head = reader.read_packet()?.context("a segment begins with OpusHead")?;
    ensure!(head.data.starts_with(b"OpusHead"), "{} is no Ogg Opus", file.display());
    let comments = reader.read_packet()?.context("comments follow")?;
    let comments = String::from_utf8_lossy(&comments.data).into_owned();
    let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono)?;
    let (mut samples, mut frame) = (Vec::new(), vec![0.0; 5_760]);
    while let Some(packet) = reader.read_packet()? {
        let length = opus::packet::get_nb_samples(&packet.data, 48_000)?;
        let payload = if packet.data.len() == 1 { &[][..] } else { &packet.data[..] };
        let made = decoder.decode_float(payload, &mut frame[..length], false)?;
        samples.extend_from_slice(&frame[..made]);
    }
    Ok(Recorded { talker: comment(&comments, "TALKER="), line: comment(&comments, "LINE="), file, samples })
}

/// The value of a comment: letters, digits and dashes behind its name.
fn comment(comments: &str, name: &str) -> String {
    let behind = comments.split_once(name).map_or("", |(_, behind)| behind);
    behind.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect()
}

/// The cause of every gap that the chain lists, in its order.
///
/// # Errors
/// The chain cannot be read.
pub fn gaps(data: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(data.join("recordings").join("chain.jsonl"))?;
    let mut causes = Vec::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line)?;
        if line["what"] == "gap" {
            causes.push(line["why"].as_str().unwrap_or_default().to_owned());
        }
    }
    Ok(causes)
}

/// Waits until so many segments are sealed.
///
/// # Errors
/// They are not within a minute.
pub fn until_sealed(data: &Path, count: usize) -> Result<Vec<Recorded>> {
    let began = std::time::Instant::now();
    loop {
        let found = segments(data)?;
        if found.len() >= count {
            return Ok(found);
        }
        ensure!(began.elapsed().as_secs() < 60, "only {} segments of {count} were sealed", found.len());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
