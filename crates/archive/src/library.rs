//! Finding and playing what was recorded.
//!
//! Law: reads the chain and the segments, never writes them. Its index follows the chain before each question; when the
//! chain is not the one that the index had followed, the index is made anew.

use crate::chain::{End, Entry};
use crate::following::{Followed, Following};
use crate::recover::CHAIN_FILE;
use crate::sound::{self, Peaks, Read as SegmentRead};
use crate::sounds::Sounds;
use crate::verify::{Checker, NamedBy, Verdict};
use crate::{ArchiveError, Result, TrackFacts, file_error};
use dealerboard_model::{LineId, LineKind, RecordingId, TrackId, TurretId, Uplink, UserId};
use dealerboard_store::{
    GapRow, LineRow, MarkRow, Position, RecordingIndex, RecordingQuery, RecordingRow, SegmentRow, TrackRow, Update,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use tokio::sync::Mutex;

/// File of the index, beside the chain.
const INDEX_FILE: &str = "index.db";

/// What to look for.
pub type Filter = RecordingQuery;

/// One recording that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFound {
    /// Its number.
    pub recording: RecordingId,
    /// Kind of its lines: `ard`, `mrd`, `hoot`, `intercom`.
    pub kind: String,
    /// UTC milliseconds.
    pub opened_utc_ms: i64,
    /// UTC milliseconds; none while it goes on.
    pub closed_utc_ms: Option<i64>,
    /// The lines that it was on.
    pub lines: Vec<LineId>,
    /// What these lines were called then, where the chain says it.
    pub line_names: BTreeMap<LineId, String>,
    /// Its tracks, in the order of time.
    pub tracks: Vec<TrackFound>,
    /// How many gaps it has.
    pub gaps: u32,
    /// Whether somebody spoke, or may have: one that goes on, or has a gap, counts as spoken.
    pub spoken: bool,
    /// Everything that happened on each of its lines, in words, each once.
    pub happened: BTreeSet<(Option<LineId>, String)>,
}

/// One track of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackFound {
    /// Its number.
    pub track: TrackId,
    /// On which line.
    pub line: LineId,
    /// Who talks.
    pub talker: UserId,
    /// When the microphone was opened or, once something is sealed, the time of its first sample; UTC milliseconds.
    pub from_utc_ms: i64,
    /// Length of what is sealed, pauses between its segments included, in milliseconds.
    pub length_ms: u64,
}

/// Keyed time without recorded audio.
pub type GapFound = GapRow;

/// Something that happened during a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkFound {
    /// When, UTC milliseconds.
    pub at_utc_ms: i64,
    /// On which line, where it is of one.
    pub line: Option<LineId>,
    /// Who did it, or who heard it.
    pub who: Vec<UserId>,
    /// What, in words.
    pub what_happened: String,
}

/// The recordings of one folder. Clones are the same.
#[derive(Clone)]
pub struct Library {
    folder: PathBuf,
    index: RecordingIndex,
    /// One at a time follows the chain.
    following: Arc<Mutex<()>>,
    /// One recording is checked at a time: the recorder needs the disk, too. [`crate::verify()`] walks beside it.
    checker: Arc<std::sync::Mutex<Checker>>,
    sounds: Arc<Sounds>,
}

impl Library {
    /// Opens the library of a folder that a recorder has opened.
    ///
    /// # Errors
    /// The index cannot be opened.
    pub async fn open(folder: &Path) -> Result<Self> {
        let index = RecordingIndex::open(&folder.join(INDEX_FILE)).await?;
        let checker = Arc::new(std::sync::Mutex::new(Checker::of(folder)));
        Ok(Self { folder: folder.to_owned(), index, following: Arc::default(), checker, sounds: Arc::default() })
    }

    /// The folder of the recordings.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Recordings, newest first.
    ///
    /// # Errors
    /// The chain or the index cannot be read.
    pub async fn recordings(&self, filter: &Filter) -> Result<Vec<RecordingFound>> {
        self.follow().await?;
        let mut found = Vec::new();
        for row in self.index.recordings(filter).await? {
            found.push(self.found(row).await?);
        }
        Ok(found)
    }

    /// One recording.
    ///
    /// # Errors
    /// The chain or the index cannot be read.
    pub async fn recording(&self, recording: RecordingId) -> Result<Option<RecordingFound>> {
        self.follow().await?;
        match self.index.recording(recording.0).await? {
            Some(row) => Ok(Some(self.found(row).await?)),
            None => Ok(None),
        }
    }

    /// Its gaps.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn gaps(&self, recording: RecordingId) -> Result<Vec<GapFound>> {
        Ok(self.index.gaps_of(recording.0).await?)
    }

    /// What happened during it.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn marks(&self, recording: RecordingId) -> Result<Vec<MarkFound>> {
        let found = |row: MarkRow| MarkFound {
            at_utc_ms: row.at_utc_ms,
            line: row.line.map(LineId),
            who: row.who.lines().map(UserId::from).collect(),
            what_happened: row.what_happened,
        };
        Ok(self.index.marks_of(recording.0).await?.into_iter().map(found).collect())
    }

    /// Checks a recording: its segments, the lines of the chain that seal them, and the chain. What was walked of the chain
    /// before is not walked again, so this takes as long as the recording is; [`crate::verify()`] walks all of it.
    ///
    /// # Errors
    /// The chain or the index cannot be read.
    pub async fn check(&self, recording: RecordingId) -> Result<Verdict> {
        self.follow().await?;
        let named = |row: SegmentRow| NamedBy {
            file: row.file,
            chain_at: u64::try_from(row.chain_at).unwrap_or(0),
            chain_hash: row.chain_hash,
        };
        let segments: Vec<NamedBy> = self.index.segments_of(recording.0).await?.into_iter().map(named).collect();
        let checker = Arc::clone(&self.checker);
        in_background(move || checker.lock().unwrap_or_else(PoisonError::into_inner).recording(&segments)).await
    }

    /// Every line that something was recorded on, with what it was called last, where the chain says it.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn lines(&self) -> Result<Vec<(LineId, Option<String>)>> {
        let named = |row: LineRow| (LineId(row.line), Some(row.name).filter(|name| !name.is_empty()));
        Ok(self.index.lines().await?.into_iter().map(named).collect())
    }

    /// Everybody who was ever recorded.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn talkers(&self) -> Result<Vec<UserId>> {
        Ok(self.index.talkers().await?.into_iter().map(UserId).collect())
    }

    /// What is sealed of a track, as one Ogg Opus file (RFC 7845) in true time; none when there is nothing.
    ///
    /// # Errors
    /// The index or a segment cannot be read.
    pub async fn track_audio(&self, recording: RecordingId, track: TrackId) -> Result<Option<Arc<[u8]>>> {
        let Some((facts, segments)) = self.track(recording, track).await? else { return Ok(None) };
        let key = (track.0, segments.last().map(|last| last.chain_hash.clone()).unwrap_or_default());
        if let Some(kept) = self.sounds.get(&key) {
            return Ok(Some(kept));
        }
        let turn = self.sounds.turn().await?;
        if let Some(kept) = self.sounds.get(&key) {
            return Ok(Some(kept));
        }
        let (folder, sounds) = (self.folder.clone(), Arc::clone(&self.sounds));
        in_background(move || {
            let _turn = turn;
            let read = read_segments(&folder, &segments)?;
            let from_utc_ms = read.first().map_or(0, |first| first.from_utc_ms);
            let file: Arc<[u8]> = sound::stream(&facts, from_utc_ms, &sound::in_time(&read)).into();
            sounds.keep(key, &file);
            Ok(Some(file))
        })
        .await
    }

    /// The loudness of what is sealed of a track; none when there is nothing.
    ///
    /// # Errors
    /// The index or a segment cannot be read.
    pub async fn peaks(&self, recording: RecordingId, track: TrackId) -> Result<Option<Peaks>> {
        let Some((_, segments)) = self.track(recording, track).await? else { return Ok(None) };
        let (folder, turn) = (self.folder.clone(), self.sounds.turn().await?);
        in_background(move || {
            let _turn = turn;
            Ok(Some(sound::peaks(&sound::in_time(&read_segments(&folder, &segments)?))))
        })
        .await
    }

    async fn track(&self, recording: RecordingId, track: TrackId) -> Result<Option<(TrackFacts, Vec<SegmentRow>)>> {
        self.follow().await?;
        let Some(row) = self.index.tracks_of(recording.0).await?.into_iter().find(|row| row.id == track.0) else {
            return Ok(None);
        };
        let mut segments = self.index.segments_of(recording.0).await?;
        segments.retain(|segment| segment.track == track.0);
        let facts = TrackFacts {
            track,
            recording,
            line: LineId(row.line),
            talker: UserId(row.talker),
            turret: TurretId(0),
            uplink: Uplink::Mic,
        };
        Ok((!segments.is_empty()).then_some((facts, segments)))
    }

    async fn found(&self, row: RecordingRow) -> Result<RecordingFound> {
        let segments = self.index.segments_of(row.id).await?;
        let tracks = self.index.tracks_of(row.id).await?;
        let lines = self.index.lines_of(row.id).await?;
        let happened = self.index.happened_in(row.id).await?;
        let named = lines.iter().filter(|line| !line.name.is_empty());
        let line_names = named.map(|line| (LineId(line.line.clone()), line.name.clone())).collect();
        Ok(RecordingFound {
            recording: RecordingId(row.id),
            kind: row.kind,
            opened_utc_ms: row.opened_utc_ms,
            closed_utc_ms: row.closed_utc_ms,
            lines: lines.into_iter().map(|line| LineId(line.line)).collect(),
            line_names,
            tracks: tracks.into_iter().map(|track| track_found(track, &segments)).collect(),
            gaps: row.gaps,
            spoken: row.spoken,
            happened: happened.into_iter().map(|(line, what)| (line.map(LineId), what)).collect(),
        })
    }

    /// Brings the index up to the chain's last whole line.
    ///
    /// # Errors
    /// The chain or the index cannot be read, or the chain is broken.
    pub async fn follow(&self) -> Result<()> {
        let _alone = self.following.lock().await;
        let mut position = self.index.position().await?.unwrap_or_default();
        let path = self.folder.join(CHAIN_FILE);
        let asked = path.clone();
        let length = in_background(move || std::fs::metadata(&asked).map_err(file_error(&asked, "read"))).await?.len();
        if length < u64::try_from(position.bytes).unwrap_or(0) {
            self.index.clear().await?;
            position = Position::default();
        }
        match self.read_on(&path, &position).await {
            Err(ArchiveError::Chain { .. }) if position.lines > 0 => {
                self.index.clear().await?;
                self.read_on(&path, &Position::default()).await
            }
            done => done,
        }
    }

    async fn read_on(&self, path: &Path, position: &Position) -> Result<()> {
        let bytes = u64::try_from(position.bytes).unwrap_or(0);
        let end = match position.lines {
            0 => End::default(),
            lines => End { n: u64::try_from(lines).unwrap_or(0), hash: position.hash.clone() },
        };
        let owned = path.to_owned();
        let mut following = in_background(move || Following::on(&owned, bytes, end)).await?;
        let mut update = self.index.update().await?;
        loop {
            let (still, lines) = in_background(move || {
                let lines = following.next()?;
                Ok((following, lines))
            })
            .await?;
            following = still;
            if lines.is_empty() {
                break;
            }
            for Followed { line, at, hash } in lines {
                let place = Place { n: line.n, at, hash: &hash };
                take(&mut update, &self.folder, &place, line.at_utc_ms, line.entry).await?;
            }
        }
        let Following { end, bytes, .. } = following;
        let lines = i64::try_from(end.n).unwrap_or(i64::MAX);
        let position = Position { bytes: i64::try_from(bytes).unwrap_or(i64::MAX), lines, hash: end.hash };
        Ok(update.finish(&position).await?)
    }
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(ArchiveError::Thread(std::io::Error::other(error))),
    }
}

fn read_segments(folder: &Path, segments: &[SegmentRow]) -> Result<Vec<SegmentRead>> {
    let read = |segment: &SegmentRow| {
        let path = folder.join(&segment.file);
        let bytes = std::fs::read(&path).map_err(file_error(&path, "read"))?;
        Ok(SegmentRead { from_utc_ms: segment.from_utc_ms, bytes })
    };
    segments.iter().map(read).collect()
}

fn track_found(track: TrackRow, segments: &[SegmentRow]) -> TrackFound {
    let mine = || segments.iter().filter(|segment| segment.track == track.id);
    let from_utc_ms = mine().next().map_or(track.opened_utc_ms, |first| first.from_utc_ms);
    let to_utc_ms = mine().next_back().map_or(from_utc_ms, |last| last.from_utc_ms + last.samples / 48);
    TrackFound {
        track: TrackId(track.id),
        line: LineId(track.line),
        talker: UserId(track.talker),
        from_utc_ms,
        length_ms: u64::try_from(to_utc_ms - from_utc_ms).unwrap_or(0),
    }
}

/// A line of the chain.
struct Place<'a> {
    n: u64,
    /// At which byte it begins.
    at: u64,
    hash: &'a str,
}

/// What each line of the chain means to the index.
async fn take(update: &mut Update, folder: &Path, place: &Place<'_>, at_utc_ms: i64, entry: Entry) -> Result<()> {
    let n = i64::try_from(place.n).unwrap_or(i64::MAX);
    match entry {
        Entry::RecordingOpened(facts) => {
            let row = RecordingRow {
                id: facts.recording.0,
                kind: kind_name(facts.kind).to_owned(),
                opened_utc_ms: at_utc_ms,
                closed_utc_ms: None,
                gaps: 0,
                spoken: true,
            };
            let names = facts.names.into_iter().chain(std::iter::repeat(String::new()));
            let lines = facts.lines.into_iter().zip(names).map(|(line, name)| LineRow { line: line.0, name });
            let lines: Vec<LineRow> = lines.collect();
            update.recording(&row, facts.call.0, &lines).await?;
        }
        Entry::RecordingClosed { recording } => update.recording_closed(recording.0, at_utc_ms).await?,
        Entry::TrackOpened(facts) => {
            let row = TrackRow {
                id: facts.track.0,
                line: facts.line.0,
                talker: facts.talker.0,
                opened_utc_ms: at_utc_ms,
                closed_utc_ms: None,
            };
            update.track(facts.recording.0, &row).await?;
        }
        Entry::TrackClosed { track } => update.track_closed(track.0, at_utc_ms).await?,
        Entry::SegmentSealed(sealed) => {
            let path = folder.join(&sealed.file);
            let (number, samples, bytes) = (sealed.number, sealed.samples, sealed.bytes);
            let spoken = in_background(move || Ok(sound::is_spoken(&path, number, samples, bytes))).await?;
            let row = SegmentRow {
                track: sealed.track.0,
                number: sealed.number,
                file: sealed.file,
                from_utc_ms: sealed.from_utc_ms,
                samples: i64::try_from(sealed.samples).unwrap_or(i64::MAX),
                chain_at: i64::try_from(place.at).unwrap_or(i64::MAX),
                chain_hash: place.hash.to_owned(),
                spoken,
            };
            update.segment(&row).await?;
        }
        Entry::Gap(gap) => {
            let row = GapRow {
                recording: gap.recording.map(|recording| recording.0),
                line: gap.line.map(|line| line.0),
                talker: gap.talker.map(|talker| talker.0),
                from_utc_ms: gap.from_utc_ms,
                to_utc_ms: gap.to_utc_ms,
                why: gap.why,
            };
            update.gap(n, &row).await?;
        }
        Entry::Mark(mark) => {
            let who: Vec<String> = mark.who.into_iter().map(|user| user.0).collect();
            let line = mark.line.map(|line| line.0);
            let row = MarkRow { at_utc_ms, line, who: who.join("\n"), what_happened: mark.what_happened };
            update.mark(n, mark.recording.0, &row).await?;
        }
        Entry::Started { .. } | Entry::Stopped | Entry::UtcStepped { .. } | Entry::Recovered { .. } => {}
    }
    Ok(())
}

fn kind_name(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Ard => "ard",
        LineKind::Mrd => "mrd",
        LineKind::Hoot => "hoot",
        LineKind::Intercom => "intercom",
    }
}
