//! The recorder: one thread that writes what is said, as it is said.
//!
//! Law: everything that it is told comes by one bounded queue and is done in that order; nobody waits for the disk. Sound
//! is on its way to the disk at most [`FLUSH`] after it came. While the disk takes nothing, sound is kept in memory for
//! `record.fail_grace`, and everybody who asks is told why.
//!
//! Time: all that it is told bears the time of one line that no step of UTC moves (`now_utc_ms` of [`RecorderOptions`]).
//! A recording is given the UTC of its opening and keeps it to its end, so that nothing within it is too long or too short.

use crate::chain::{Entry, Gap, Mark};
use crate::kept::Extent;
use crate::recover::{self, Found};
use crate::writer::{Dated, TrackWriter};
use crate::{ArchiveError, RecordingFacts, Result, TrackFacts};
use dealerboard_model::{CallId, RecordingId, TrackId, UserId};
use inbox::Overflows;
use ledger::Ledger;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use syncing::Syncing;
use watch::Shared;

mod inbox;
mod ledger;
mod syncing;
mod watch;

pub use inbox::RecorderInbox;
pub use watch::{RecorderState, RecorderWatch};

/// How often sound goes to the disk.
pub const FLUSH: Duration = Duration::from_millis(250);

/// How often the disk is asked for room before somebody needs it.
const PROBE: Duration = Duration::from_secs(1);

/// How often what is on its way is made to outlast a power cut.
const SYNC: Duration = Duration::from_secs(1);

/// How often the chain is signed.
pub(crate) const CHECKPOINT: Duration = Duration::from_secs(60);

/// How long a track that was closed takes packets that are still on their way, milliseconds.
const STRAGGLERS_MS: i64 = 300;

/// A packet of a talker, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackAudio {
    /// Which track.
    pub track: TrackId,
    /// Sequence number of the uplink, unwrapped.
    pub seq: u64,
    /// Timestamp of the uplink, unwrapped, 48 kHz.
    pub rtp_ts: u64,
    /// When it was received, on the recorder's time line.
    pub utc_ms: i64,
    /// The Opus packet.
    pub payload: Arc<[u8]>,
}

/// What the recorder is told. Times are milliseconds on its time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToRecorder {
    /// A call is recorded from now on.
    OpenRecording(i64, RecordingFacts),
    /// A log-on name is a person of this name since this time.
    NamePerson(i64, UserId, String),
    /// A microphone was opened at this time.
    OpenTrack(i64, TrackFacts),
    /// A talker's packet.
    Audio(TrackAudio),
    /// The microphone was shut at this time.
    CloseTrack(i64, TrackId),
    /// The call is over since this time.
    CloseRecording(i64, RecordingId),
    /// Something that a listener should know of.
    Mark(i64, Mark),
    /// UTC was found to have made this step, in milliseconds, by this time.
    UtcStepped(i64, i64),
    /// Keyed time that nothing came of, as a turret reports it; in UTC.
    Lost(Gap),
    /// Everything is sealed and signed, then the thread ends; these recordings go on when it starts again.
    Stop(BTreeSet<RecordingId>),
}

/// How a recorder is made.
#[derive(Clone)]
pub struct RecorderOptions {
    /// The time line: UTC in milliseconds at the start, carried on by a monotonic clock.
    pub now_utc_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// `record.fail_grace`: how long sound is kept in memory while the disk takes nothing.
    pub fail_grace: Duration,
    /// Messages that may wait.
    pub queue: usize,
    /// Version of the program, for the chain.
    pub version: &'static str,
}

/// A running recorder.
pub struct Recorder {
    inbox: RecorderInbox,
    watch: RecorderWatch,
    next_numbers: (RecordingId, TrackId, CallId),
    going_on: BTreeSet<RecordingId>,
    thread: std::thread::JoinHandle<()>,
}

impl Recorder {
    /// Opens the recordings in `folder`, mends what a power cut left, and starts.
    ///
    /// # Errors
    /// The folder cannot be made or written, or its chain or key is not what was written there.
    pub fn start(folder: &Path, options: RecorderOptions) -> Result<Self> {
        Self::start_again(folder, options, &BTreeSet::new())
    }

    /// As [`Self::start`]; recordings of `goes_on` that were open when the last one ended go on (SWI-4).
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(folder: &Path, options: RecorderOptions, goes_on: &BTreeSet<RecordingId>) -> Result<Self> {
        let found = recover::open(folder, (options.now_utc_ms)(), options.version, goes_on)?;
        let Found { chain, key, next_numbers, open } = found;
        let open = open.into_iter().map(|facts| (facts.recording, Open { facts, ahead_ms: 0 }));
        let recordings: BTreeMap<RecordingId, Open> = open.collect();
        let going_on = recordings.keys().copied().collect();
        let shared =
            Arc::new(Shared { failing: Mutex::default(), began: Instant::now(), turned_ms: AtomicU64::new(0) });
        let (queue, messages) = sync_channel(options.queue);
        let ledger = Ledger::open(folder, chain, key)?;
        let waiting: Arc<Mutex<VecDeque<ToRecorder>>> = Arc::default();
        let overflows = Overflows::default();
        let thread = RecorderThread {
            folder: folder.to_owned(),
            messages,
            waiting: Arc::clone(&waiting),
            overflows: Arc::clone(&overflows),
            syncing: Syncing::start().map_err(ArchiveError::Thread)?,
            stopping: None,
            shared: Arc::clone(&shared),
            options,
            ledger,
            ahead_ms: 0,
            recordings,
            closing: BTreeMap::new(),
            tracks: BTreeMap::new(),
            news: Vec::new(),
            failing: None,
        };
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || thread.run())
            .map_err(ArchiveError::Thread)?;
        let watch = RecorderWatch { shared };
        Ok(Self { inbox: RecorderInbox { queue, waiting, overflows }, watch, next_numbers, going_on, thread })
    }

    /// Where it is told things.
    #[must_use]
    pub fn inbox(&self) -> RecorderInbox {
        self.inbox.clone()
    }

    /// The first numbers of recordings, tracks and calls that were never used in this folder.
    #[must_use]
    pub fn next_numbers(&self) -> (RecordingId, TrackId, CallId) {
        self.next_numbers
    }

    /// The recordings that go on since the last start.
    #[must_use]
    pub fn going_on(&self) -> &BTreeSet<RecordingId> {
        &self.going_on
    }

    /// For those who ask how it is.
    #[must_use]
    pub fn watch(&self) -> RecorderWatch {
        self.watch.clone()
    }

    /// How it is now.
    #[must_use]
    pub fn state(&self) -> RecorderState {
        self.watch.state()
    }

    /// Seals and signs everything, and ends. Waits for the disk.
    pub fn stop(self) {
        self.stop_for_now(BTreeSet::new());
    }

    /// As [`Self::stop`]; the recordings of `goes_on` stay open for the next start (SWI-4).
    pub fn stop_for_now(self, goes_on: BTreeSet<RecordingId>) {
        self.inbox.tell(ToRecorder::Stop(goes_on));
        if self.thread.join().is_err() {
            tracing::error!("the recorder did not end in order");
        }
    }
}

struct Failing {
    since: Instant,
    /// On the time line.
    since_ms: i64,
    why: String,
    given_up: bool,
}

/// A recording that is not over.
struct Open {
    facts: RecordingFacts,
    /// By how much UTC was ahead of the time line when it was opened: it is told in this UTC to its end.
    ahead_ms: i64,
}

struct RecorderThread {
    folder: PathBuf,
    messages: Receiver<ToRecorder>,
    waiting: Arc<Mutex<VecDeque<ToRecorder>>>,
    overflows: Overflows,
    syncing: Syncing,
    /// It was told to stop, and what stays open.
    stopping: Option<BTreeSet<RecordingId>>,
    shared: Arc<Shared>,
    options: RecorderOptions,
    ledger: Ledger,
    /// By how much UTC is ahead of the time line now.
    ahead_ms: i64,
    recordings: BTreeMap<RecordingId, Open>,
    /// Recordings that are over as soon as their tracks are sealed.
    closing: BTreeMap<RecordingId, i64>,
    tracks: BTreeMap<TrackId, TrackWriter>,
    news: Vec<Dated>,
    failing: Option<Failing>,
}

impl RecorderThread {
    fn run(mut self) {
        let (mut flushed, mut probed, mut signed, mut synced) =
            (Instant::now(), Instant::now(), Instant::now(), Instant::now());
        while self.stopping.is_none() {
            self.shared.turned_ms.store(self.shared.passed_ms(), Ordering::Release);
            let wait = FLUSH.saturating_sub(flushed.elapsed());
            match self.messages.recv_timeout(wait) {
                Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if flushed.elapsed() < FLUSH {
                continue;
            }
            flushed = Instant::now();
            self.take_waiting();
            let probe = self.failing.is_some() || probed.elapsed() >= PROBE;
            self.flush(false, probe);
            if probe {
                probed = Instant::now();
            }
            if synced.elapsed() >= SYNC {
                self.sync();
                synced = Instant::now();
            }
            if signed.elapsed() >= CHECKPOINT && self.failing.is_none() {
                self.sign();
                signed = Instant::now();
            }
        }
        self.finish();
    }

    fn take(&mut self, message: ToRecorder) {
        match message {
            ToRecorder::Audio(audio) => {
                if let Some(track) = self.tracks.get_mut(&audio.track) {
                    let utc_ms = audio.utc_ms + ahead_ms(&self.recordings, track.facts().recording, self.ahead_ms);
                    track.take(TrackAudio { utc_ms, ..audio });
                }
            }
            ToRecorder::OpenRecording(at_ms, facts) => {
                self.news.push((at_ms + self.ahead_ms, Entry::RecordingOpened(facts.clone())));
                self.recordings.insert(facts.recording, Open { facts, ahead_ms: self.ahead_ms });
            }
            ToRecorder::NamePerson(at_ms, user, name) => {
                self.news.push((at_ms + self.ahead_ms, Entry::PersonNamed { user, name }));
            }
            ToRecorder::OpenTrack(at_ms, facts) => {
                let utc_ms = at_ms + ahead_ms(&self.recordings, facts.recording, self.ahead_ms);
                self.news.push((utc_ms, Entry::TrackOpened(facts.clone())));
                let recording = self.recordings.get(&facts.recording).map(|open| open.facts.clone());
                let mut writer = TrackWriter::new(&self.folder, facts.clone(), recording, utc_ms);
                if self.failing.as_ref().is_some_and(|failing| failing.given_up) {
                    writer.give_up();
                }
                self.tracks.insert(facts.track, writer);
            }
            ToRecorder::CloseTrack(at_ms, track) => {
                if let Some(track) = self.tracks.get_mut(&track) {
                    track.close(at_ms + ahead_ms(&self.recordings, track.facts().recording, self.ahead_ms));
                }
            }
            ToRecorder::CloseRecording(at_ms, recording) => {
                let utc_ms = at_ms + ahead_ms(&self.recordings, recording, self.ahead_ms);
                self.closing.insert(recording, utc_ms);
            }
            ToRecorder::Mark(at_ms, mark) => {
                let utc_ms = at_ms + ahead_ms(&self.recordings, mark.recording, self.ahead_ms);
                self.news.push((utc_ms, Entry::Mark(mark)));
            }
            ToRecorder::UtcStepped(at_ms, step_ms) => self.step(at_ms, step_ms),
            ToRecorder::Lost(gap) => self.news.push((gap.to_utc_ms, Entry::Gap(gap))),
            ToRecorder::Stop(goes_on) => self.stopping = Some(goes_on),
        }
    }

    /// UTC is another from now on; what is being recorded goes on in the one that it began in, and says so.
    fn step(&mut self, at_ms: i64, step_ms: i64) {
        self.ahead_ms += step_ms;
        self.news.push((at_ms + self.ahead_ms, Entry::UtcStepped { step_ms }));
        let (seconds, way) = (step_ms.abs() as f64 / 1_000.0, if step_ms < 0 { "back" } else { "forward" });
        for (recording, open) in &self.recordings {
            let what_happened = format!("UTC was set {seconds:.1} s {way}; times here go on as they were");
            let mark = Mark { recording: *recording, line: None, who: Vec::new(), what_happened };
            self.news.push((at_ms + open.ahead_ms, Entry::Mark(mark)));
        }
    }

    /// What found no room in the queue, now that there is some.
    fn take_waiting(&mut self) {
        let (earlier, waiting) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.is_empty() {
                return;
            }
            // All that came before it is still in the queue, and nothing later gets there while it is held.
            let earlier: Vec<ToRecorder> = self.messages.try_iter().collect();
            (earlier, std::mem::take(&mut *waiting))
        };
        earlier.into_iter().chain(waiting).for_each(|message| self.take(message));
    }

    /// What is written outlasts a power cut from soon on; the thread does not wait for it.
    fn sync(&self) {
        let files = self.tracks.values().flat_map(TrackWriter::files);
        self.syncing.ask(files.chain([(self.ledger.alive(), Extent::default())]).collect());
    }

    /// Brings everything to the disk that is due; `all`: nothing more comes.
    fn flush(&mut self, all: bool, probe: bool) {
        let now_ms = (self.options.now_utc_ms)();
        let overflows = std::mem::take(&mut *self.overflows.lock().unwrap_or_else(PoisonError::into_inner));
        for (track, (from_utc_ms, to_utc_ms)) in overflows {
            if let Some(track) = self.tracks.get_mut(&track) {
                let ahead_ms = ahead_ms(&self.recordings, track.facts().recording, self.ahead_ms);
                track.overflowed(from_utc_ms + ahead_ms, to_utc_ms + ahead_ms);
            }
        }
        for track in self.tracks.values_mut() {
            let now_utc_ms = now_ms + ahead_ms(&self.recordings, track.facts().recording, self.ahead_ms);
            // A close that is still to come is of a caller with another idea of now: it is not waited for.
            let waits = |closed| (0..STRAGGLERS_MS).contains(&(now_utc_ms - closed));
            let over = track.closed_utc_ms().is_some_and(|closed| !waits(closed));
            if all {
                track.close(now_utc_ms);
            }
            track.advance(now_utc_ms, all || over, &mut self.news);
        }
        let written = self.write(now_ms + self.ahead_ms, probe);
        self.judge(written, now_ms);
    }

    fn write(&mut self, now_utc_ms: i64, probe: bool) -> std::io::Result<()> {
        self.syncing.result()?;
        if probe {
            self.ledger.probe()?;
        }
        // What a segment belongs to is known before the segment is there.
        self.ledger.append(&mut self.news);
        self.ledger.write(now_utc_ms)?;
        for track in self.tracks.values_mut() {
            track.write(&mut self.news)?;
        }
        self.close_what_is_over();
        self.ledger.append(&mut self.news);
        self.ledger.write(now_utc_ms)
    }

    fn close_what_is_over(&mut self) {
        let news = &mut self.news;
        self.tracks.retain(|track, writer| {
            if let (true, Some(closed_utc_ms)) = (writer.is_done(), writer.closed_utc_ms()) {
                news.push((closed_utc_ms, Entry::TrackClosed { track: *track }));
                return false;
            }
            true
        });
        let (tracks, recordings) = (&self.tracks, &mut self.recordings);
        self.closing.retain(|recording, utc_ms| {
            let open = tracks.values().any(|track| track.facts().recording == *recording);
            if !open {
                recordings.remove(recording);
                news.push((*utc_ms, Entry::RecordingClosed { recording: *recording }));
            }
            open
        });
    }

    fn judge(&mut self, written: std::io::Result<()>, now_ms: i64) {
        match (written, &mut self.failing) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => self.come_back(now_ms),
            (Err(error), None) => {
                let why = cause(&error);
                tracing::error!("nothing can be recorded: {why}");
                self.tell(Some(why.clone()));
                self.failing = Some(Failing { since: Instant::now(), since_ms: now_ms, why, given_up: false });
            }
            (Err(_), Some(failing)) => {
                if failing.since.elapsed() >= self.options.fail_grace && !failing.given_up {
                    failing.given_up = true;
                    self.tracks.values_mut().for_each(TrackWriter::give_up);
                }
            }
        }
    }

    fn come_back(&mut self, now_ms: i64) {
        let Some(failing) = self.failing.take() else { return };
        let lost_ms = now_ms - failing.since_ms;
        tracing::info!("the recorder writes again, after {lost_ms} ms without: {}", failing.why);
        for track in self.tracks.values_mut() {
            let now_utc_ms = now_ms + ahead_ms(&self.recordings, track.facts().recording, self.ahead_ms);
            track.come_back(now_utc_ms, &failing.why, &mut self.news);
        }
        self.tell(None);
    }

    fn tell(&self, failing: Option<String>) {
        *self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner) = failing;
    }

    fn sign(&mut self) {
        if let Err(error) = self.ledger.sign((self.options.now_utc_ms)() + self.ahead_ms) {
            tracing::error!("the chain of recordings could not be signed: {}", cause(&error));
        }
    }

    fn finish(mut self) {
        self.take_waiting();
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
        let now_ms = (self.options.now_utc_ms)();
        let goes_on = self.stopping.take().unwrap_or_default();
        for (recording, open) in self.recordings.iter().filter(|(recording, _)| !goes_on.contains(recording)) {
            self.closing.entry(*recording).or_insert(now_ms + open.ahead_ms);
        }
        // Once for the sound, once more for what follows from its being sealed.
        self.flush(true, false);
        self.news.push((now_ms + self.ahead_ms, Entry::Stopped));
        self.flush(true, false);
        match &self.failing {
            None => self.sign(),
            Some(failing) => tracing::error!("the recorder ends with sound that is not on the disk: {}", failing.why),
        }
    }
}

/// By how much the UTC that a recording is told in is ahead of the time line; that of now when it is not known.
fn ahead_ms(recordings: &BTreeMap<RecordingId, Open>, recording: RecordingId, now_ms: i64) -> i64 {
    recordings.get(&recording).map_or(now_ms, |open| open.ahead_ms)
}

/// What went wrong with the disk, as one clause for a key.
fn cause(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let known = [
        (StorageFull, "the disk is full"),
        (QuotaExceeded, "the disk is full"),
        (ReadOnlyFilesystem, "the disk is read-only"),
        (PermissionDenied, "the folder of recordings may not be written"),
    ];
    let clause = known.into_iter().find(|(kind, _)| *kind == error.kind());
    clause.map_or_else(|| format!("the disk refuses ({error})"), |(_, clause)| clause.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn start(folder: &Path) -> Recorder {
        let fail_grace = Duration::from_secs(3);
        Recorder::start(
            folder,
            RecorderOptions { now_utc_ms: Arc::new(|| 1_000), fail_grace, queue: 8, version: "test" },
        )
        .unwrap()
    }

    #[test]
    fn a_stop_that_found_no_room_in_the_queue_ends_the_recorder() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = start(folder.path());
        recorder.inbox.waiting.lock().unwrap().push_back(ToRecorder::Stop(BTreeSet::new()));
        recorder.thread.join().unwrap();
    }
}
