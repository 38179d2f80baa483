//! Opening a folder of recordings, also after a power cut.
//!
//! Law: nothing that was recorded is thrown away. A segment that was being written is sealed up to its last whole page; a
//! line of the chain or a checkpoint that was torn is set aside; time that is missing up to the last sign of life is a listed gap.
//! A recording whose call goes on stays open, and says that it was interrupted.

use crate::chain::{End, Entry, Gap, Mark, Sealed};
use crate::checkpoint::{Checkpoint, load_or_make_key, set_torn_aside};
use crate::segment::remains;
use crate::writer::{OPEN, SEGMENTS, sync_folder};
use crate::{ArchiveError, RecordingFacts, Result, TrackFacts, chain, file_error, hex};
use dealerboard_model::{CallId, RecordingId, TrackId};
use ed25519_dalek::SigningKey;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// File of the chain.
pub const CHAIN_FILE: &str = "chain.jsonl";
/// File of the last sign of life.
pub const ALIVE_FILE: &str = "alive";

/// What may have come between the last sign of life and the end, in milliseconds.
const BREATH_MS: i64 = 500;

/// What opening a folder finds.
pub struct Found {
    /// Where the chain ends.
    pub chain: End,
    /// The key of its checkpoints.
    pub key: SigningKey,
    /// The first numbers that were never used.
    pub next_numbers: (RecordingId, TrackId, CallId),
    /// Recordings that go on.
    pub open: Vec<RecordingFacts>,
}

/// What the chain says was open when it ended.
#[derive(Default)]
struct Open {
    recordings: BTreeMap<RecordingId, RecordingFacts>,
    tracks: BTreeMap<TrackId, (TrackFacts, i64)>,
    /// Up to when each open track is on the disk.
    sealed_to: BTreeMap<TrackId, i64>,
    /// Files of open tracks that the chain knows.
    sealed: BTreeSet<String>,
    /// By how much UTC was set while each open recording went on in the one that it began in.
    stepped_ms: BTreeMap<RecordingId, i64>,
    in_order: bool,
    last: (u32, u32, u32),
}

impl Open {
    fn heed(&mut self, utc_ms: i64, entry: Entry) {
        self.in_order = matches!(entry, Entry::Stopped);
        match entry {
            Entry::RecordingOpened(facts) => {
                self.last.0 = self.last.0.max(facts.recording.0);
                self.last.2 = self.last.2.max(facts.call.0);
                self.recordings.insert(facts.recording, facts);
            }
            Entry::TrackOpened(facts) => {
                self.last.1 = self.last.1.max(facts.track.0);
                self.tracks.insert(facts.track, (facts, utc_ms));
            }
            Entry::SegmentSealed(sealed) => {
                let to = sealed.from_utc_ms + i64::try_from(sealed.samples / 48).unwrap_or(0);
                self.sealed_to.insert(sealed.track, to);
                self.sealed.insert(sealed.file);
            }
            Entry::TrackClosed { track } => {
                self.tracks.remove(&track);
                self.sealed_to.remove(&track);
                if self.tracks.is_empty() {
                    self.sealed.clear();
                }
            }
            Entry::RecordingClosed { recording } => {
                self.recordings.remove(&recording);
                self.stepped_ms.remove(&recording);
            }
            Entry::UtcStepped { step_ms } => {
                for recording in self.recordings.keys() {
                    *self.stepped_ms.entry(*recording).or_default() += step_ms;
                }
            }
            Entry::Started { .. }
            | Entry::Stopped
            | Entry::PersonNamed { .. }
            | Entry::Gap(_)
            | Entry::Mark(_)
            | Entry::Recovered { .. } => {}
        }
    }

    /// A time of now as a recording tells it.
    fn in_recording(&self, recording: RecordingId, utc_ms: i64) -> i64 {
        utc_ms - self.stepped_ms.get(&recording).copied().unwrap_or(0)
    }
}

/// Opens `folder` for a recorder; makes it when it is not there. Of what was open, `goes_on` stays so.
pub fn open(folder: &Path, now_utc_ms: i64, version: &str, goes_on: &BTreeSet<RecordingId>) -> Result<Found> {
    let segments = folder.join(SEGMENTS);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&segments).map_err(file_error(&segments, "made"))?;
    let key = load_or_make_key(folder)?;
    set_torn_aside(folder)?;
    let (mut end, mut open, torn_bytes) = read_chain(folder)?;
    let mut news = Vec::new();
    if end.n > 0 && !open.in_order {
        let found = mend(folder, &mut open, &mut news)?;
        news.push((now_utc_ms, Entry::Recovered { segments: found, torn_bytes }));
    }
    close_all(folder, &open, now_utc_ms, goes_on, &mut news);
    news.push((now_utc_ms, Entry::Started { version: version.to_owned(), key: hex(key.verifying_key().as_bytes()) }));
    append(folder, &mut end, &news)?;
    let (recording, track, call) = open.last;
    let next_numbers = (RecordingId(recording + 1), TrackId(track + 1), CallId(call + 1));
    sign(folder, &key, &end, now_utc_ms)?;
    let open = open.recordings.into_values().filter(|facts| goes_on.contains(&facts.recording)).collect();
    Ok(Found { chain: end, key, next_numbers, open })
}

/// Reads the chain; what stands behind the last line feed is set aside. Gives its end and how long that was.
fn read_chain(folder: &Path) -> Result<(End, Open, u64)> {
    let path = folder.join(CHAIN_FILE);
    let mut file = File::options();
    let file =
        file.create(true).append(true).read(true).mode(0o600).open(&path).map_err(file_error(&path, "opened"))?;
    let mut reader = BufReader::new(&file);
    let (mut end, mut open, mut whole_bytes) = (End::default(), Open::default(), 0);
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.read_until(b'\n', &mut text).map_err(file_error(&path, "read"))?;
        if text.pop_if(|byte| *byte == b'\n').is_none() {
            break;
        }
        let at = end.n + 1;
        let line = end.take(&text).map_err(|why| ArchiveError::Chain { path: path.clone(), line: at, why })?;
        open.heed(line.at_utc_ms, line.entry);
        whole_bytes += read as u64;
    }
    if !text.is_empty() {
        let aside = folder.join(format!("chain.torn-{whole_bytes}"));
        std::fs::write(&aside, &text).map_err(file_error(&aside, "written"))?;
        file.set_len(whole_bytes).and_then(|()| file.sync_all()).map_err(file_error(&path, "written"))?;
    }
    Ok((end, open, text.len() as u64))
}

/// Seals the segments that were being written, and names those that were sealed in the last moment.
fn mend(folder: &Path, open: &mut Open, news: &mut Vec<(i64, Entry)>) -> Result<u32> {
    let mut found = 0;
    for path in files(&folder.join(SEGMENTS))? {
        let Some((track, number)) = numbers_of(&path) else { continue };
        let sealed = if is_open(&path) { path.with_extension("") } else { path.clone() };
        let name = sealed.strip_prefix(folder).unwrap_or(&sealed).display().to_string();
        // One that was sealed and renamed, but not yet named by the chain, is mended too.
        if !is_open(&path) && (!open.tracks.contains_key(&track) || open.sealed.contains(&name)) {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(file_error(&path, "read"))?;
        let left = remains(&bytes);
        let (Some(from_utc_ms), true) = (left.from_utc_ms, left.samples > 0) else {
            // Not one page of sound was written: there is nothing in it to keep.
            std::fs::remove_file(&path).map_err(file_error(&path, "removed"))?;
            continue;
        };
        let file = File::options().write(true).open(&path).map_err(file_error(&path, "opened"))?;
        file.set_len(left.bytes).and_then(|()| file.sync_all()).map_err(file_error(&path, "written"))?;
        std::fs::rename(&path, &sealed).map_err(file_error(&path, "renamed"))?;
        let within = sealed.parent().unwrap_or(folder);
        sync_folder(within).map_err(file_error(within, "written"))?;
        let kept = bytes.get(..left.bytes as usize).unwrap_or(&bytes);
        let entry = Entry::SegmentSealed(Sealed {
            track,
            number,
            file: name,
            from_utc_ms,
            samples: left.samples,
            bytes: left.bytes,
            sha256: chain::hash(kept),
        });
        open.heed(from_utc_ms, entry.clone());
        news.push((from_utc_ms, entry));
        found += 1;
    }
    Ok(found)
}

/// Lists what is missing of every open track and closes it, and every recording that does not go on.
fn close_all(
    folder: &Path,
    open: &Open,
    now_utc_ms: i64,
    goes_on: &BTreeSet<RecordingId>,
    news: &mut Vec<(i64, Entry)>,
) {
    let alive = std::fs::read_to_string(folder.join(ALIVE_FILE)).ok();
    let alive_utc_ms: Option<i64> = alive.and_then(|text| text.trim().parse().ok());
    for (track, (facts, opened_utc_ms)) in &open.tracks {
        let from_utc_ms = open.sealed_to.get(track).copied().unwrap_or(*opened_utc_ms);
        let to_utc_ms = alive_utc_ms.map_or(now_utc_ms, |alive| alive + BREATH_MS);
        let to_utc_ms = open.in_recording(facts.recording, to_utc_ms).max(from_utc_ms);
        let gap = Gap {
            recording: Some(facts.recording),
            track: Some(*track),
            line: Some(facts.line.clone()),
            talker: Some(facts.talker.clone()),
            from_utc_ms,
            to_utc_ms,
            why: "the switch was cut off; what came last may be missing".to_owned(),
        };
        news.push((to_utc_ms, Entry::Gap(gap)));
        news.push((to_utc_ms, Entry::TrackClosed { track: *track }));
    }
    for recording in open.recordings.keys() {
        let ended_utc_ms = open.in_recording(*recording, alive_utc_ms.unwrap_or(now_utc_ms));
        if !goes_on.contains(recording) {
            news.push((ended_utc_ms, Entry::RecordingClosed { recording: *recording }));
            continue;
        }
        let how = if open.in_order { "stopped" } else { "cut off" };
        let what_happened = format!("The switch was {how}; the recording goes on after its restart");
        let mark = Mark { recording: *recording, line: None, who: Vec::new(), what_happened };
        news.push((ended_utc_ms, Entry::Mark(mark)));
    }
}

fn append(folder: &Path, end: &mut End, news: &[(i64, Entry)]) -> Result<()> {
    let path = folder.join(CHAIN_FILE);
    let mut text = Vec::new();
    for (utc_ms, entry) in news {
        text.extend(end.push(*utc_ms, entry));
        text.push(b'\n');
    }
    let mut file = File::options().append(true).open(&path).map_err(file_error(&path, "opened"))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(file_error(&path, "written"))
}

fn sign(folder: &Path, key: &SigningKey, end: &End, now_utc_ms: i64) -> Result<()> {
    let path = folder.join(crate::checkpoint::CHECKPOINTS_FILE);
    let mut text = serde_json::to_vec(&Checkpoint::sign(key, end, now_utc_ms)).expect("a checkpoint is plain values");
    text.push(b'\n');
    let mut options = File::options();
    let mut file = options.create(true).append(true).mode(0o600).open(&path).map_err(file_error(&path, "opened"))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(file_error(&path, "written"))
}

/// Every segment, written to its end or not, in the order of time.
fn files(segments: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for day in listed(segments)?.into_iter().filter(|day| day.is_dir()) {
        found.extend(listed(&day)?);
    }
    found.sort();
    Ok(found)
}

fn is_open(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == OPEN)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(file_error(folder, "read"))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(file_error(folder, "read"))).collect()
}

/// Track and number that a segment's name says: `rNNNNN-tNNNNN-sNNN.opus.open`.
fn numbers_of(path: &Path) -> Option<(TrackId, u32)> {
    let name = path.file_name()?.to_str()?.split('.').next()?;
    let mut parts = name.split('-').skip(1);
    let track = parts.next()?.strip_prefix('t')?.parse().ok()?;
    let number = parts.next()?.strip_prefix('s')?.parse().ok()?;
    Some((TrackId(track), number))
}
