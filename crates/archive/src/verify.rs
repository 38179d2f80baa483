//! Checking recordings: every line follows from the one before, every signature is good, every segment is what was sealed.
//!
//! Law: reads only; needs nothing but the folder. A line that is still being written at the chain's end is not judged.

use crate::chain::{End, Entry, Line, Sealed};
use crate::checkpoint::{CHECKPOINTS_FILE, Checkpoint, PUBLIC_FILE, public_key};
use crate::recover::CHAIN_FILE;
use crate::writer::SEGMENTS;
use crate::{ArchiveError, Result, file_error, hex};
use dealerboard_model::{RecordingId, TrackId};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

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
    let mut verdict = Verdict::default();
    let mut known = BTreeSet::new();
    walk(folder, &mut verdict, |verdict, line| {
        if let Entry::SegmentSealed(sealed) = &line.entry {
            check(folder, sealed, verdict);
            known.insert(sealed.file.clone());
        }
    })?;
    name_strangers(folder, &known, &mut verdict);
    Ok(verdict)
}

/// Checks the chain, and the segments of one recording.
///
/// # Errors
/// There are no recordings, or they cannot be read.
pub fn verify_recording(folder: &Path, recording: RecordingId) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut tracks: BTreeSet<TrackId> = BTreeSet::new();
    walk(folder, &mut verdict, |verdict, line| match &line.entry {
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
    Ok(verdict)
}

/// Goes along the chain and its checkpoints; stops where the chain breaks.
fn walk(folder: &Path, verdict: &mut Verdict, mut see: impl FnMut(&mut Verdict, &Line)) -> Result<()> {
    let path = folder.join(CHAIN_FILE);
    let mut reader = BufReader::new(File::open(&path).map_err(file_error(&path, "read"))?);
    let mut checkpoints = checkpoints(folder, verdict)?.into_iter().peekable();
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
    let (mut end, mut text) = (End::default(), Vec::new());
    loop {
        text.clear();
        reader.read_until(b'\n', &mut text).map_err(file_error(&path, "read"))?;
        if text.pop_if(|byte| *byte == b'\n').is_none() {
            break;
        }
        let line = match end.take(&text) {
            Ok(line) => line,
            Err(why) => {
                verdict.wrong(CHAIN_FILE, format!("line {}: {why}", end.n + 1));
                return Ok(());
            }
        };
        verdict.lines = end.n;
        verdict.unsigned_lines += 1;
        while let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.n <= end.n) {
            let good = key.as_ref().is_some_and(|key| checkpoint.is_by(key));
            if checkpoint.n == end.n && checkpoint.hash == end.hash && good {
                verdict.signed_utc_ms = Some(checkpoint.at_utc_ms);
                verdict.unsigned_lines = 0;
            } else if key.is_some() {
                let why = format!("the checkpoint at line {} does not belong to this chain", checkpoint.n);
                verdict.wrong(CHECKPOINTS_FILE, why);
            }
        }
        see(verdict, &line);
    }
    if let Some(beyond) = checkpoints.next() {
        let why = format!("it ends at line {}, but line {} was signed: lines were taken away", end.n, beyond.n);
        verdict.wrong(CHAIN_FILE, why);
    }
    Ok(())
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

/// Segments that no line of the chain names did not come from this recorder.
fn name_strangers(folder: &Path, known: &BTreeSet<String>, verdict: &mut Verdict) {
    let days = std::fs::read_dir(folder.join(SEGMENTS)).into_iter().flatten().flatten();
    let files = days.flat_map(|day| std::fs::read_dir(day.path()).into_iter().flatten().flatten());
    let mut strangers: Vec<String> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "opus"))
        .filter_map(|path| Some(path.strip_prefix(folder).ok()?.display().to_string()))
        .filter(|name| !known.contains(name))
        .collect();
    strangers.sort();
    for stranger in strangers {
        verdict.wrong(&stranger, "no line of the chain names it");
    }
}
