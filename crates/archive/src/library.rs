//! Finding and playing what was recorded.
//!
//! Law: reads the chain and the segments, never writes them. Its index follows the chain before each question; when the
//! chain is not the one that the index had followed, the index is made anew. Only what a start has to catch up with, which may
//! be the whole archive, is not waited for to the end: [`Library::is_behind`] says so.

mod passage;

use crate::chain::End;
use crate::following::{Followed, Following};
use crate::indexing::{Place, take, uplink_of};
use crate::recover::CHAIN_FILE;
use crate::sound::{self, Peaks, Read as SegmentRead};
use crate::sounds::Sounds;
use crate::verify::{Checker, NamedBy, Verdict};
use crate::{ArchiveError, Result, TrackFacts, file_error};
use dealerboard_model::{LineId, RecordingId, TrackId, TurretId, Uplink, UserId};
use dealerboard_store::{
    GapRow, LineLast, MarkRow, PersonRow, Position, RecordingIndex, RecordingQuery, RecordingRow, SegmentRow, TrackRow,
};
pub use passage::Passage;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a question waits for what a start has to catch up with.
const CATCH_UP_WAIT: Duration = Duration::from_secs(1);

/// File of the index, beside the chain.
const INDEX_FILE: &str = "index.db";

/// What to look for.
pub type Filter = RecordingQuery;

/// One recording that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFound {
    /// Its number.
    pub recording: RecordingId,
    /// Kind of its lines: `ard`, `mrd`, `hoot`, `shout_down`, `intercom`.
    pub kind: String,
    /// UTC milliseconds.
    pub opened_utc_ms: i64,
    /// UTC milliseconds; none while it goes on.
    pub closed_utc_ms: Option<i64>,
    /// The lines that it was on.
    pub lines: Vec<LineId>,
    /// What these lines were called then, where the chain says it.
    pub line_names: BTreeMap<LineId, String>,
    /// What its people were called then, where the chain says it.
    pub people_names: BTreeMap<UserId, String>,
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
    /// Into which microphone.
    pub uplink: Uplink,
    /// When the microphone was opened or, once something is sealed, the time of its first sample; UTC milliseconds.
    pub from_utc_ms: i64,
    /// Length of what is sealed, pauses between its segments included, in milliseconds.
    pub length_ms: u64,
}

/// A line that something was recorded on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFound {
    /// Its id.
    pub line: LineId,
    /// What it was called last, where the chain says it.
    pub name: Option<String>,
    /// Its kind: `ard`, `mrd`, `hoot`, `intercom`.
    pub kind: String,
    /// The two of an intercom by their log-on names, with what they were called then; nobody on other lines.
    pub people: BTreeMap<UserId, String>,
    /// The last recording on it: the two ends of a private wire share it.
    pub last: RecordingId,
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
    /// What a start has to catch up with is not all indexed.
    behind: Arc<AtomicBool>,
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
        Ok(Self {
            folder: folder.to_owned(),
            index,
            following: Arc::default(),
            behind: Arc::default(),
            checker,
            sounds: Arc::default(),
        })
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
        self.follow_soon().await?;
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
        self.follow_soon().await?;
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
        self.follow_soon().await?;
        let named = |row: SegmentRow| NamedBy {
            file: row.file,
            chain_at: u64::try_from(row.chain_at).unwrap_or(0),
            chain_hash: row.chain_hash,
        };
        let segments: Vec<NamedBy> = self.index.segments_of(recording.0).await?.into_iter().map(named).collect();
        let checker = Arc::clone(&self.checker);
        in_background(move || checker.lock().unwrap_or_else(PoisonError::into_inner).recording(&segments)).await
    }

    /// Every line that something was recorded on.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn lines(&self) -> Result<Vec<LineFound>> {
        let person = |(user, name): (&str, &str)| (UserId::from(user), name.to_owned());
        let found = |row: LineLast| LineFound {
            line: LineId(row.line),
            name: Some(row.name).filter(|name| !name.is_empty()),
            kind: row.kind,
            people: row.people.lines().filter_map(|one| one.split_once('\t')).map(person).collect(),
            last: RecordingId(row.recording),
        };
        Ok(self.index.lines().await?.into_iter().map(found).collect())
    }

    /// Everybody who was ever recorded, with what they were called last, where the chain says it.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn talkers(&self) -> Result<Vec<(UserId, Option<String>)>> {
        let named = |row: PersonRow| (UserId(row.user), Some(row.name).filter(|name| !name.is_empty()));
        Ok(self.index.talkers().await?.into_iter().map(named).collect())
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
        let (folder, turn) = (self.folder.clone(), self.sounds.turn_to_draw().await?);
        in_background(move || {
            let _turn = turn;
            Ok(Some(sound::peaks(&sound::in_time(&read_segments(&folder, &segments)?))))
        })
        .await
    }

    async fn track(&self, recording: RecordingId, track: TrackId) -> Result<Option<(TrackFacts, Vec<SegmentRow>)>> {
        self.follow_soon().await?;
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
            uplink: uplink_of(&row.uplink)?,
        };
        Ok((!segments.is_empty()).then_some((facts, segments)))
    }

    async fn found(&self, row: RecordingRow) -> Result<RecordingFound> {
        let segments = self.index.segments_of(row.id).await?;
        let tracks = self.index.tracks_of(row.id).await?;
        let lines = self.index.lines_of(row.id).await?;
        let people = self.index.people_of(row.id).await?;
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
            people_names: people.into_iter().map(|person| (UserId(person.user), person.name)).collect(),
            tracks: tracks.into_iter().map(|track| track_found(track, &segments)).collect::<Result<_>>()?,
            gaps: row.gaps,
            spoken: row.spoken,
            happened: happened.into_iter().map(|(line, what)| (line.map(LineId), what)).collect(),
        })
    }

    /// Begins to bring the index up to the chain's last whole line, beside questions, which find what is indexed by then: after
    /// a start, or with another version, that may be little.
    ///
    /// # Errors
    /// The chain or the index cannot be read, or the chain is broken.
    pub fn catch_up(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let library = self.clone();
        library.behind.store(true, Ordering::SeqCst);
        async move {
            let _alone = library.following.lock().await;
            let done = library.follow_alone().await;
            library.behind.store(false, Ordering::SeqCst);
            done
        }
    }

    /// Whether [`Self::catch_up`] has not ended, so that recordings may be missing.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.behind.load(Ordering::SeqCst)
    }

    /// Follows before a question.
    async fn follow_soon(&self) -> Result<()> {
        if self.is_behind() {
            let _ = tokio::time::timeout(CATCH_UP_WAIT, self.following.lock()).await;
        }
        if self.is_behind() { Ok(()) } else { self.follow().await }
    }

    /// Brings the index up to the chain's last whole line.
    ///
    /// # Errors
    /// The chain or the index cannot be read, or the chain is broken.
    pub async fn follow(&self) -> Result<()> {
        let _alone = self.following.lock().await;
        self.follow_alone().await
    }

    async fn follow_alone(&self) -> Result<()> {
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
        loop {
            let (still, lines) = in_background(move || {
                let lines = following.next()?;
                Ok((following, lines))
            })
            .await?;
            following = still;
            if lines.is_empty() {
                return Ok(());
            }
            // What was read is found while the rest is read, and is not read again should the program end.
            let mut update = self.index.update().await?;
            for Followed { line, at, hash } in lines {
                let place = Place { n: line.n, at, hash: &hash };
                take(&mut update, &self.folder, &place, line.at_utc_ms, line.entry).await?;
            }
            let lines = i64::try_from(following.end.n).unwrap_or(i64::MAX);
            let bytes = i64::try_from(following.bytes).unwrap_or(i64::MAX);
            update.finish(&Position { bytes, lines, hash: following.end.hash.clone() }).await?;
        }
    }
}

pub(crate) async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
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

fn track_found(track: TrackRow, segments: &[SegmentRow]) -> Result<TrackFound> {
    let mine = || segments.iter().filter(|segment| segment.track == track.id);
    let from_utc_ms = mine().next().map_or(track.opened_utc_ms, |first| first.from_utc_ms);
    let to_utc_ms = mine().next_back().map_or(from_utc_ms, |last| last.from_utc_ms + last.samples / 48);
    Ok(TrackFound {
        track: TrackId(track.id),
        line: LineId(track.line),
        talker: UserId(track.talker),
        uplink: uplink_of(&track.uplink)?,
        from_utc_ms,
        length_ms: u64::try_from(to_utc_ms - from_utc_ms).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Recorder, RecorderOptions, RecordingFacts, ToRecorder, TrackAudio};
    use dealerboard_model::{CallId, LineKind};
    use tokio::time::timeout;

    /// A folder with a recording of one track.
    fn recorded(folder: &Path) {
        let (recording, track, line) = (RecordingId(1), TrackId(1), LineId::from("ard-london"));
        let (fail_grace, version) = (Duration::from_secs(1), "test");
        let options = RecorderOptions { now_utc_ms: Arc::new(|| 0), fail_grace, queue: 8, version };
        let (lines, kind) = (vec![line.clone()], LineKind::Ard);
        let (talker, turret, uplink) = (UserId::from("reyes"), TurretId(1), Uplink::Left);
        let recorder = Recorder::start(folder, options).unwrap();
        let inbox = recorder.inbox();
        let facts = RecordingFacts { recording, call: CallId(1), lines, names: Vec::new(), people: Vec::new(), kind };
        inbox.tell(ToRecorder::OpenRecording(0, facts));
        inbox.tell(ToRecorder::OpenTrack(0, TrackFacts { track, recording, line, talker, turret, uplink }));
        assert!(inbox.audio(TrackAudio { track, seq: 1, rtp_ts: 0, utc_ms: 0, payload: [0xf8, 0xff, 0xfe].into() }));
        recorder.stop();
    }

    #[tokio::test]
    async fn neither_a_sound_nor_a_loudness_is_kept_waiting_by_the_other() {
        let (folder, long) = (tempfile::tempdir().unwrap(), Duration::from_secs(10));
        recorded(folder.path());
        let library = Library::open(folder.path()).await.unwrap();
        let (recording, track) = (RecordingId(1), TrackId(1));
        let sounding = library.sounds.turn().await.unwrap();
        let peaks = timeout(long, library.peaks(recording, track)).await.expect("it waits for a sound");
        assert!(peaks.unwrap().is_some());
        drop(sounding);
        let _drawing = library.sounds.turn_to_draw().await.unwrap();
        let sound = timeout(long, library.track_audio(recording, track)).await.expect("it waits for a loudness");
        assert!(sound.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_search_is_answered_while_a_start_catches_up_and_says_that_recordings_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CHAIN_FILE), "").unwrap();
        let library = Library::open(folder.path()).await.unwrap();
        // Whoever follows the chain takes long.
        let long = library.following.lock().await;
        let catching_up = tokio::spawn(library.catch_up());
        assert_eq!(library.recordings(&Filter { limit: 10, ..Filter::default() }).await.unwrap(), []);
        assert!(library.is_behind());
        drop(long);
        catching_up.await.unwrap().unwrap();
        assert!(!library.is_behind());
    }
}
