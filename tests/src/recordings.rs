//! What the switch has recorded, read from its data folder as any player would read it.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// One segment of a talker.
pub struct Recorded {
    /// Who, as its comments say.
    pub talker: String,
    /// On which line, as its comments say.
    pub line: String,
    /// Time of the first sample, UTC milliseconds, as its comments say.
    pub from_utc_ms: i64,
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
    let (talker, line) = (comment(&comments, "TALKER="), comment(&comments, "LINE="));
    let from_utc_ms = comment(&comments, "START=").parse().context("a segment says when it begins")?;
    Ok(Recorded { talker, line, from_utc_ms, file, samples })
}

/// The value of a comment: letters, digits and dashes behind its name.
fn comment(comments: &str, name: &str) -> String {
    let behind = comments.split_once(name).map_or("", |(_, behind)| behind);
    behind.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect()
}

/// Keyed time without recorded audio, as the chain lists it.
pub struct Gap {
    /// Whose words, where it is known.
    pub talker: Option<String>,
    /// From, UTC milliseconds.
    pub from_utc_ms: i64,
    /// To, UTC milliseconds.
    pub to_utc_ms: i64,
    /// The cause.
    pub why: String,
}

/// Every gap that the chain lists, in its order.
///
/// # Errors
/// The chain cannot be read.
pub fn listed_gaps(data: &Path) -> Result<Vec<Gap>> {
    let text = std::fs::read_to_string(data.join("recordings").join("chain.jsonl"))?;
    let mut gaps = Vec::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line)?;
        if line["what"] == "gap" {
            let utc_ms = |name: &str| line[name].as_i64().with_context(|| format!("a gap has {name}"));
            gaps.push(Gap {
                talker: line["talker"].as_str().map(ToOwned::to_owned),
                from_utc_ms: utc_ms("from_utc_ms")?,
                to_utc_ms: utc_ms("to_utc_ms")?,
                why: line["why"].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    Ok(gaps)
}

/// The cause of every gap that the chain lists, in its order.
///
/// # Errors
/// The chain cannot be read.
pub fn gaps(data: &Path) -> Result<Vec<String>> {
    Ok(listed_gaps(data)?.into_iter().map(|gap| gap.why).collect())
}

/// A time in which a microphone was keyed, UTC milliseconds.
#[derive(Clone, Debug)]
pub struct KeyedTime {
    /// Whose.
    pub talker: String,
    /// From.
    pub from_utc_ms: i64,
    /// To.
    pub to_utc_ms: i64,
}

/// How much of `keyed` is neither recorded nor listed as a gap of its talker, in milliseconds.
#[must_use]
pub fn unaccounted_ms(keyed: &KeyedTime, recorded: &[Recorded], gaps: &[Gap]) -> i64 {
    let of_segment = |it: &Recorded| (it.from_utc_ms, it.from_utc_ms + it.samples.len() as i64 / 48);
    let segments = recorded.iter().filter(|it| it.talker == keyed.talker).map(of_segment);
    let mine = gaps.iter().filter(|gap| gap.talker.as_ref() == Some(&keyed.talker));
    let mut known: Vec<(i64, i64)> = segments.chain(mine.map(|gap| (gap.from_utc_ms, gap.to_utc_ms))).collect();
    known.sort_unstable();
    let (mut reached, mut missing) = (keyed.from_utc_ms, 0);
    for (from, to) in known {
        missing += (from.min(keyed.to_utc_ms) - reached).max(0);
        reached = reached.max(to);
    }
    missing + (keyed.to_utc_ms - reached).max(0)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(from_utc_ms: i64, seconds: usize) -> Recorded {
        let (talker, line, file) = ("reyes".to_owned(), String::new(), PathBuf::new());
        Recorded { talker, line, from_utc_ms, file, samples: vec![0.0; 48_000 * seconds] }
    }

    fn gap(talker: &str, from_utc_ms: i64, to_utc_ms: i64) -> Gap {
        Gap { talker: Some(talker.to_owned()), from_utc_ms, to_utc_ms, why: String::new() }
    }

    #[test]
    fn only_what_is_neither_recorded_nor_a_gap_of_its_talker_is_missing() {
        let keyed = KeyedTime { talker: "reyes".to_owned(), from_utc_ms: 1_000, to_utc_ms: 9_000 };
        let kept = [recorded(900, 2), recorded(3_000, 2)];
        assert_eq!(unaccounted_ms(&keyed, &kept, &[gap("lindt", 5_000, 9_000)]), 100 + 4_000);
        assert_eq!(unaccounted_ms(&keyed, &kept, &[gap("reyes", 4_000, 8_000), gap("reyes", 0, 950)]), 100 + 1_000);
        assert_eq!(unaccounted_ms(&keyed, &[], &[]), 8_000);
        assert_eq!(unaccounted_ms(&keyed, &kept, &[gap("reyes", 2_900, 20_000)]), 0);
    }
}
