//! Checking recordings: every line follows from the one before, every signature is good, every segment is what was sealed.
//!
//! Law: reads only; needs nothing but the folder. A segment that the recorder has just sealed is waited for to be named,
//! before it is called a stranger. [`Checker`] goes on from what it has walked, and [`verify`] walks everything anew.

use crate::chain::{Entry, Line, Sealed, hash};
use crate::recover::CHAIN_FILE;
use crate::walk::Walk;
use crate::writer::SEGMENTS;
use crate::{Result, file_error, hex};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A sealed segment gets its name before its line: other tracks' segments may have to be sealed in between.
const NAMED_LOOKS: u32 = 100;

/// A line is signed after it was written: the disk may be slow in between.
const SIGNED_LOOKS: u32 = 20;

/// How long one look after the other is taken.
const NAMED_LOOK: Duration = Duration::from_millis(50);

/// Something that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The file, below the folder of recordings.
    pub file: String,
    /// One clause.
    pub why: String,
}

/// What checking found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Segments that were checked.
    pub segments: u32,
    /// Lines of the chain that were checked.
    pub lines: u64,
    /// All that is wrong, in the order of the chain.
    pub wrong: Vec<Wrong>,
    /// Time of the last good checkpoint, UTC milliseconds.
    pub signed_utc_ms: Option<i64>,
    /// Lines since then.
    pub unsigned_lines: u64,
    /// SHA-256 of the key that was checked with, hexadecimal.
    pub key: Option<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.wrong.is_empty()
    }

    /// How far what was checked is signed, as one clause.
    #[must_use]
    pub fn signed_in_words(&self) -> String {
        let Some(utc_ms) = self.signed_utc_ms else { return "no line of it is signed".to_owned() };
        let signed = format!("signed up to {}", utc_text(utc_ms));
        match self.unsigned_lines {
            0 => signed,
            1 => format!("{signed}; 1 line after it is not signed yet"),
            lines => format!("{signed}; {lines} lines after it are not signed yet"),
        }
    }

    pub(crate) fn wrong(&mut self, file: &str, why: impl Into<String>) {
        self.wrong.push(Wrong { file: file.to_owned(), why: why.into() });
    }
}

/// Checks all recordings in `folder`.
///
/// # Errors
/// There are none, or they cannot be read.
pub fn verify(folder: &Path) -> Result<Verdict> {
    verify_while(folder, None, || std::thread::sleep(NAMED_LOOK))
}

/// As [`verify`], with the key's fingerprint from elsewhere: whoever has replaced chain, checkpoints and key is found.
///
/// # Errors
/// There are none, or they cannot be read.
pub fn verify_by(folder: &Path, fingerprint: &str) -> Result<Verdict> {
    verify_while(folder, Some(fingerprint), || std::thread::sleep(NAMED_LOOK))
}

/// As [`verify`]; `wait` lets time pass between two looks at a chain that grows.
fn verify_while(folder: &Path, expected: Option<&str>, mut wait: impl FnMut()) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let (mut known, mut stopped) = (BTreeSet::new(), false);
    let see = |verdict: &mut Verdict, line: &Line, known: &mut BTreeSet<String>, stopped: &mut bool| {
        *stopped = matches!(line.entry, Entry::Stopped);
        if let Entry::SegmentSealed(sealed) = &line.entry {
            check(folder, sealed, verdict);
            known.insert(sealed.file.clone());
        }
    };
    let mut walk = Walk::begin(folder, &mut verdict)?;
    verdict.key = walk.fingerprint();
    if let Some(expected) = expected {
        walk.expect_key(expected, &mut verdict);
    }
    walk.go(&mut verdict, |verdict, line| see(verdict, line, &mut known, &mut stopped))?;
    let mut strangers = strangers(folder, &known);
    for look in 0..NAMED_LOOKS {
        let named = strangers.is_empty() || stopped;
        if walk.is_broken() || named && (look >= SIGNED_LOOKS || !walk.is_forged()) {
            break;
        }
        wait();
        walk.go(&mut verdict, |verdict, line| see(verdict, line, &mut known, &mut stopped))?;
        strangers.retain(|stranger| !known.contains(stranger));
    }
    end(&mut walk, &mut verdict)?;
    for stranger in strangers {
        verdict.wrong(&stranger, "no line of the chain names it");
    }
    Ok(verdict)
}

/// The walk has come to its end: judges what it has not found.
fn end(walk: &mut Walk, verdict: &mut Verdict) -> Result<()> {
    let mut ended = Verdict::default();
    walk.end(&mut ended);
    // To walk may have taken longer than from one checkpoint to the next.
    walk.read_signed(verdict)?;
    verdict.wrong.extend(ended.wrong);
    walk.judge_tail(verdict);
    Ok(())
}

/// A segment, and where the chain names it.
pub struct NamedBy {
    /// Below the folder of recordings.
    pub file: String,
    /// At which byte of the chain the line begins.
    pub chain_at: u64,
    /// SHA-256 of that line when it was followed, hexadecimal.
    pub chain_hash: String,
}

/// Checks one recording after the other, and walks the chain once.
pub struct Checker {
    folder: PathBuf,
    /// As far as the chain was walked, and what was found there.
    walked: Option<(Walk, Verdict)>,
}

impl Checker {
    /// Has walked nothing yet.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), walked: None }
    }

    /// Checks what the chain has grown by, then the segments and the lines that name them.
    pub fn recording(&mut self, segments: &[NamedBy]) -> Result<Verdict> {
        let (mut walk, mut chain) = match self.walked.take().filter(|(walk, _)| walk.goes_on()) {
            Some(walked) => walked,
            None => {
                let mut chain = Verdict::default();
                let walk = Walk::begin(&self.folder, &mut chain)?;
                chain.key = walk.fingerprint();
                (walk, chain)
            }
        };
        walk.go(&mut chain, |_, _| {})?;
        for _ in 0..SIGNED_LOOKS {
            if !walk.is_forged() {
                break;
            }
            std::thread::sleep(NAMED_LOOK);
            walk.go(&mut chain, |_, _| {})?;
        }
        let mut verdict = chain.clone();
        walk.end(&mut verdict);
        walk.judge_tail(&mut verdict);
        self.walked = Some((walk, chain));
        let path = self.folder.join(CHAIN_FILE);
        let mut lines = BufReader::new(File::open(&path).map_err(file_error(&path, "read"))?);
        for segment in segments {
            match named(&mut lines, segment).map_err(file_error(&path, "read"))? {
                Some(sealed) => check(&self.folder, &sealed, &mut verdict),
                None => {
                    verdict.wrong(&segment.file, "the line of the chain that sealed it is not what was written there")
                }
            }
        }
        Ok(verdict)
    }
}

/// What the chain says of a segment now, if it is what it said when it was followed.
fn named(lines: &mut BufReader<File>, segment: &NamedBy) -> std::io::Result<Option<Sealed>> {
    let mut text = Vec::new();
    lines.seek(SeekFrom::Start(segment.chain_at))?;
    lines.read_until(b'\n', &mut text)?;
    text.pop_if(|byte| *byte == b'\n');
    if hash(&text) != segment.chain_hash {
        return Ok(None);
    }
    let line: Option<Line> = serde_json::from_slice(&text).ok();
    Ok(line.and_then(|line| if let Entry::SegmentSealed(sealed) = line.entry { Some(sealed) } else { None }))
}

/// A time as YYYY-MM-DD hh:mm:ss UTC.
fn utc_text(utc_ms: i64) -> String {
    let Ok(at) = time::OffsetDateTime::from_unix_timestamp(utc_ms.div_euclid(1_000)) else {
        return format!("{utc_ms} ms after 1970 UTC");
    };
    format!("{} {:02}:{:02}:{:02} UTC", at.date(), at.hour(), at.minute(), at.second())
}

fn check(folder: &Path, sealed: &Sealed, verdict: &mut Verdict) {
    verdict.segments += 1;
    match digest(&folder.join(&sealed.file)) {
        Ok(digest) if digest == sealed.sha256 => {}
        Ok(_) => verdict.wrong(&sealed.file, "its content is not what was sealed"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => verdict.wrong(&sealed.file, "it is missing"),
        Err(error) => verdict.wrong(&sealed.file, format!("it cannot be read ({error})")),
    }
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut part) = (Sha256::new(), vec![0; 64 * 1_024]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&part[..read]),
        }
    }
}

/// Segments that no line of the chain names.
fn strangers(folder: &Path, known: &BTreeSet<String>) -> Vec<String> {
    let days = std::fs::read_dir(folder.join(SEGMENTS)).into_iter().flatten().flatten();
    let files = days.flat_map(|day| std::fs::read_dir(day.path()).into_iter().flatten().flatten());
    let mut strangers: Vec<String> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "opus"))
        .filter_map(|path| Some(path.strip_prefix(folder).ok()?.display().to_string()))
        .filter(|name| !known.contains(name))
        .collect();
    strangers.sort();
    strangers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::chain::End;
    use crate::checkpoint::{CHECKPOINTS_FILE, Checkpoint, load_or_make_key};
    use dealerboard_model::TrackId;
    use std::io::Write;

    /// A chain whose last line names a segment that is there, but that line is not written yet; gives it.
    fn just_sealed(folder: &Path) -> Vec<u8> {
        let key = load_or_make_key(folder).unwrap();
        let mut end = End::default();
        let mut chain = end.push(1_000, &Entry::TrackClosed { track: TrackId(9) });
        chain.push(b'\n');
        std::fs::write(folder.join(CHAIN_FILE), chain).unwrap();
        let signed = serde_json::to_vec(&Checkpoint::sign(&key, &end, 1_000)).unwrap();
        std::fs::write(folder.join(CHECKPOINTS_FILE), [&signed[..], b"\n"].concat()).unwrap();
        let file = format!("{SEGMENTS}/1970-01-01/r00001-t00001-s001.opus");
        std::fs::create_dir_all(folder.join(&file).parent().unwrap()).unwrap();
        std::fs::write(folder.join(&file), b"sound").unwrap();
        let sha256 = crate::chain::hash(b"sound");
        let sealed = Sealed { track: TrackId(1), number: 1, file, from_utc_ms: 0, samples: 960, bytes: 5, sha256 };
        let mut line = end.push(1_000, &Entry::SegmentSealed(sealed));
        line.push(b'\n');
        line
    }

    #[test]
    fn a_segment_that_has_just_been_sealed_is_no_stranger_when_its_line_follows_in_two_parts() {
        let folder = tempfile::tempdir().unwrap();
        let mut line = just_sealed(folder.path());
        let half = line.len() / 2;
        let verdict = verify_while(folder.path(), None, || {
            let part: Vec<u8> = line.drain(..half.min(line.len())).collect();
            let mut chain = File::options().append(true).open(folder.path().join(CHAIN_FILE)).unwrap();
            chain.write_all(&part).unwrap();
        });
        assert_eq!((verdict.as_ref().unwrap().segments, verdict.unwrap().wrong), (1, vec![]));
    }

    #[test]
    fn a_segment_that_no_line_follows_for_is_a_stranger_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        just_sealed(folder.path());
        assert_eq!(verify_while(folder.path(), None, || {}).unwrap().wrong.len(), 1);
    }
}
