//! Checking recordings: every line follows from the one before, every signature is good, every segment is what was sealed.
//!
//! Law: reads only; needs nothing but the folder. A line that is still being written at the chain's end is not judged, and
//! a segment that the recorder has just sealed is waited for to be named, before it is called a stranger.

use crate::chain::{End, Entry, Line, Sealed};
use crate::checkpoint::{CHECKPOINTS_FILE, Checkpoint, PUBLIC_FILE, public_key};
use crate::recover::CHAIN_FILE;
use crate::writer::SEGMENTS;
use crate::{ArchiveError, Result, file_error, hex};
use dealerboard_model::{RecordingId, TrackId};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A sealed segment gets its name before its line: other tracks' segments may have to be sealed in between.
const NAMED_LOOKS: u32 = 100;

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
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.wrong.is_empty()
    }

    fn wrong(&mut self, file: &str, why: impl Into<String>) {
        self.wrong.push(Wrong { file: file.to_owned(), why: why.into() });
    }
}

/// Checks all recordings in `folder`.
///
/// # Errors
/// There are none, or they cannot be read.
pub fn verify(folder: &Path) -> Result<Verdict> {
    verify_while(folder, || std::thread::sleep(NAMED_LOOK))
}

/// As [`verify`]; `wait` lets time pass between two looks at a chain that grows.
fn verify_while(folder: &Path, mut wait: impl FnMut()) -> Result<Verdict> {
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
    walk.go(&mut verdict, |verdict, line| see(verdict, line, &mut known, &mut stopped))?;
    let mut strangers = strangers(folder, &known);
    for _ in 0..NAMED_LOOKS {
        if strangers.is_empty() || stopped || walk.broken {
            break;
        }
        wait();
        walk.go(&mut verdict, |verdict, line| see(verdict, line, &mut known, &mut stopped))?;
        strangers.retain(|stranger| !known.contains(stranger));
    }
    walk.end(&mut verdict);
    for stranger in strangers {
        verdict.wrong(&stranger, "no line of the chain names it");
    }
    Ok(verdict)
}

/// Checks the chain, and the segments of one recording.
///
/// # Errors
/// There are no recordings, or they cannot be read.
pub fn verify_recording(folder: &Path, recording: RecordingId) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut tracks: BTreeSet<TrackId> = BTreeSet::new();
    let mut walk = Walk::begin(folder, &mut verdict)?;
    walk.go(&mut verdict, |verdict, line| match &line.entry {
        Entry::TrackOpened(facts) if facts.recording == recording => {
            tracks.insert(facts.track);
        }
        Entry::SegmentSealed(sealed) if tracks.contains(&sealed.track) => check(folder, sealed, verdict),
        Entry::Started { .. }
        | Entry::Stopped
        | Entry::RecordingOpened(_)
        | Entry::RecordingClosed { .. }
        | Entry::TrackOpened(_)
        | Entry::TrackClosed { .. }
        | Entry::SegmentSealed(_)
        | Entry::Gap(_)
        | Entry::Mark { .. }
        | Entry::Recovered { .. } => {}
    })?;
    walk.end(&mut verdict);
    Ok(verdict)
}

/// A walk along the chain and its checkpoints; it stops where the chain breaks, and can go on where the chain has grown.
struct Walk {
    path: PathBuf,
    reader: BufReader<File>,
    checkpoints: Peekable<std::vec::IntoIter<Checkpoint>>,
    key: Option<VerifyingKey>,
    end: End,
    /// What was read of a line that has no end yet.
    text: Vec<u8>,
    broken: bool,
}

impl Walk {
    fn begin(folder: &Path, verdict: &mut Verdict) -> Result<Self> {
        let path = folder.join(CHAIN_FILE);
        let reader = BufReader::new(File::open(&path).map_err(file_error(&path, "read"))?);
        let checkpoints = checkpoints(folder, verdict)?.into_iter().peekable();
        let key = match public_key(folder) {
            Ok(key) => Some(key),
            Err(ArchiveError::Key { .. } | ArchiveError::File { .. }) => {
                verdict.wrong(PUBLIC_FILE, "it is no public key, so that no checkpoint can be checked");
                None
            }
            Err(error @ (ArchiveError::Chain { .. } | ArchiveError::Index(_) | ArchiveError::Thread(_))) => {
                return Err(error);
            }
        };
        Ok(Self { path, reader, checkpoints, key, end: End::default(), text: Vec::new(), broken: false })
    }

    /// Goes on to the last whole line that is there now.
    fn go(&mut self, verdict: &mut Verdict, mut see: impl FnMut(&mut Verdict, &Line)) -> Result<()> {
        while !self.broken {
            self.reader.read_until(b'\n', &mut self.text).map_err(file_error(&self.path, "read"))?;
            if self.text.pop_if(|byte| *byte == b'\n').is_none() {
                break;
            }
            match self.end.take(&self.text) {
                Ok(line) => {
                    verdict.lines = self.end.n;
                    verdict.unsigned_lines += 1;
                    self.compare_checkpoints(verdict);
                    see(verdict, &line);
                }
                Err(why) => {
                    verdict.wrong(CHAIN_FILE, format!("line {}: {why}", self.end.n + 1));
                    self.broken = true;
                }
            }
            self.text.clear();
        }
        Ok(())
    }

    fn compare_checkpoints(&mut self, verdict: &mut Verdict) {
        let end = &self.end;
        while let Some(checkpoint) = self.checkpoints.next_if(|checkpoint| checkpoint.n <= end.n) {
            let good = self.key.as_ref().is_some_and(|key| checkpoint.is_by(key));
            if checkpoint.n == end.n && checkpoint.hash == end.hash && good {
                verdict.signed_utc_ms = Some(checkpoint.at_utc_ms);
                verdict.unsigned_lines = 0;
            } else if self.key.is_some() {
                let why = format!("the checkpoint at line {} does not belong to this chain", checkpoint.n);
                verdict.wrong(CHECKPOINTS_FILE, why);
            }
        }
    }

    /// Nothing more is read: what was signed beyond the last line is missing.
    fn end(mut self, verdict: &mut Verdict) {
        if let Some(beyond) = self.checkpoints.next().filter(|_| !self.broken) {
            let (last, signed) = (self.end.n, beyond.n);
            let why = format!("it ends at line {last}, but line {signed} was signed: lines were taken away");
            verdict.wrong(CHAIN_FILE, why);
        }
    }
}

fn checkpoints(folder: &Path, verdict: &mut Verdict) -> Result<Vec<Checkpoint>> {
    let path = folder.join(CHECKPOINTS_FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            verdict.wrong(CHECKPOINTS_FILE, "it is missing");
            return Ok(Vec::new());
        }
        Err(cause) => return Err(file_error(&path, "read")(cause)),
    };
    let mut read = Vec::new();
    // A last line without its line feed is still being written.
    let whole = text.rfind('\n').map_or("", |at| &text[..at]);
    for (place, line) in whole.lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(checkpoint) => read.push(checkpoint),
            Err(error) => verdict.wrong(CHECKPOINTS_FILE, format!("line {}: it cannot be read ({error})", place + 1)),
        }
    }
    Ok(read)
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
    use crate::checkpoint::load_or_make_key;
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
        let verdict = verify_while(folder.path(), || {
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
        assert_eq!(verify_while(folder.path(), || {}).unwrap().wrong.len(), 1);
    }
}
