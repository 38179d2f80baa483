//! Writes one track: segments that grow on the disk, are cut by length, and sealed.
//!
//! ```text
//! growing ─60 s, or anew, or the talk is over─► ended ─all of it written─► sealed
//!    └─the disk refused for too long─► given up: cut to what was written, the rest is a gap
//! ```
//!
//! Law: what the disk has taken is never written again; what it has not taken yet stays in memory until it does, or until
//! [`TrackWriter::give_up`] makes a listed gap of it.

use crate::chain::{Entry, Gap, Sealed};
use crate::kept::{Extent, Kept};
use crate::recorder::TrackAudio;
use crate::segment::{Label, Pages};
use crate::track::{Piece, Timeline};
use crate::{RATE_HZ, RecordingFacts, TrackFacts, hex, opus_packet};
use sha2::Digest;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest segment, in samples: one minute.
const SEGMENT_SAMPLES: u64 = 60 * RATE_HZ;

/// Keyed time without any packet, from this length on, is a listed gap: a keyed uplink sends at least every 200 ms.
const SILENT_MS: i64 = 1_000;

/// The longest that one packet of a turret lasts, in milliseconds.
const FRAME_MS: i64 = 20;

/// Why a packet that found no room is missing.
const OVERFLOW: &str = "the recorder could not follow";

/// Folder of the segments, below that of the recordings.
pub const SEGMENTS: &str = "segments";

/// Ending of a segment that is being written.
pub const OPEN: &str = "open";

/// An entry of the chain with the time that it is about, UTC milliseconds.
pub type Dated = (i64, Entry);

struct Segment {
    number: u32,
    /// Below the folder of recordings, as it is called when it is sealed.
    name: String,
    from_utc_ms: i64,
    pages: Pages,
    file: Option<Arc<Kept>>,
    unwritten: VecDeque<u8>,
    /// All that was laid out so far.
    laid_out: Extent,
    /// What the disk has taken.
    kept: Extent,
    ended: bool,
    given_up: bool,
    /// The disk has lost its end.
    cut: bool,
    /// It has the name of a sealed one; the folder may not be on the disk yet.
    renamed: bool,
}

/// One track on its way to the disk.
pub struct TrackWriter {
    facts: TrackFacts,
    recording: Option<RecordingFacts>,
    folder: PathBuf,
    timeline: Timeline,
    segments: VecDeque<Segment>,
    number: u32,
    /// Up to when there is sound, or a listed gap.
    covered_utc_ms: i64,
    /// Since when what comes is thrown away, because the disk takes nothing.
    outage: Option<i64>,
    closed_utc_ms: Option<i64>,
    /// From when to when packets found no room in the recorder's queue.
    overflow: Option<(i64, i64)>,
}

impl TrackWriter {
    /// A track that was opened at `opened_utc_ms`.
    pub fn new(folder: &Path, facts: TrackFacts, recording: Option<RecordingFacts>, opened_utc_ms: i64) -> Self {
        Self {
            facts,
            recording,
            folder: folder.to_owned(),
            timeline: Timeline::default(),
            segments: VecDeque::new(),
            number: 0,
            covered_utc_ms: opened_utc_ms,
            outage: None,
            closed_utc_ms: None,
            overflow: None,
        }
    }

    /// What it is of.
    pub fn facts(&self) -> &TrackFacts {
        &self.facts
    }

    /// Takes a packet.
    pub fn take(&mut self, audio: TrackAudio) {
        self.timeline.take(audio);
    }

    /// Packets of this time found no room in the recorder's queue.
    pub fn overflowed(&mut self, from_utc_ms: i64, to_utc_ms: i64) {
        let (from, to) = self.overflow.unwrap_or((from_utc_ms, to_utc_ms));
        self.overflow = Some((from.min(from_utc_ms), to.max(to_utc_ms)));
    }

    /// The files that are being written, and what was written to them.
    pub fn files(&self) -> impl Iterator<Item = (Arc<Kept>, Extent)> {
        self.segments.iter().filter_map(|segment| Some((segment.file.clone()?, segment.kept.clone())))
    }

    /// The microphone was shut at this time; what is on its way is still taken.
    pub fn close(&mut self, utc_ms: i64) {
        self.closed_utc_ms = self.closed_utc_ms.or(Some(utc_ms));
    }

    /// When it was closed, UTC milliseconds.
    pub fn closed_utc_ms(&self) -> Option<i64> {
        self.closed_utc_ms
    }

    /// Whether nothing of it is left to be written.
    pub fn is_done(&self) -> bool {
        self.closed_utc_ms.is_some() && self.segments.is_empty() && self.outage.is_none()
    }

    /// Lays out every packet whose turn it is; with `all`, the track is over.
    pub fn advance(&mut self, now_utc_ms: i64, all: bool, news: &mut Vec<Dated>) {
        while let Some(piece) = self.timeline.next(now_utc_ms, all) {
            if self.outage.is_none() {
                self.lay_out(piece, news);
            }
        }
        if let Some(growing) = self.growing() {
            growing.end_page();
        }
        if let (true, Some(closed_utc_ms)) = (all, self.closed_utc_ms) {
            self.end_growing();
            if self.outage.is_none() {
                self.list_lost_tail(news);
                self.list_silence(closed_utc_ms, news);
            }
        }
    }

    fn growing(&mut self) -> Option<&mut Segment> {
        self.segments.back_mut().filter(|segment| !segment.ended)
    }

    fn end_growing(&mut self) {
        if let Some(growing) = self.growing() {
            growing.end();
        }
    }

    fn lay_out(&mut self, piece: Piece, news: &mut Vec<Dated>) {
        let full =
            self.growing().is_some_and(|segment| segment.pages.samples() + piece.pause_samples >= SEGMENT_SAMPLES);
        if let Some((from, to)) = piece.lost {
            let overflow = self.overflow.is_some_and(|(first, last)| first < to && last >= from);
            let why = if overflow { OVERFLOW } else { "it was lost between the turret and the switch" };
            self.gap(from, to, why, news);
        } else if piece.anew {
            self.list_silence(piece.at_utc_ms, news);
        }
        if piece.anew || full {
            self.end_growing();
        }
        let from_utc_ms = match self.growing() {
            Some(_) => None,
            None => Some(self.begin(piece.at_utc_ms)),
        };
        if let Some(segment) = self.growing() {
            if from_utc_ms.is_none() {
                let toc = piece.payload.first().copied().unwrap_or_default();
                let pause = opus_packet::pause(toc, piece.pause_samples);
                let silence = opus_packet::silence(piece.pause_samples);
                let filled: Vec<_> = if piece.lost.is_some() { silence.collect() } else { pause.collect() };
                filled.iter().for_each(|(packet, samples)| segment.pages.packet(packet, *samples));
            }
            segment.pages.packet(&piece.payload, piece.samples);
        }
        let length_ms = i64::try_from(piece.samples * 1_000 / RATE_HZ).unwrap_or(0);
        self.covered_utc_ms = self.covered_utc_ms.max(piece.at_utc_ms + length_ms);
    }

    fn begin(&mut self, at_utc_ms: i64) -> i64 {
        self.timeline.anchor();
        self.number += 1;
        let name = segment_name(&self.facts, self.number, at_utc_ms);
        let label = Label { track: &self.facts, recording: self.recording.as_ref(), from_utc_ms: at_utc_ms };
        self.segments.push_back(Segment {
            number: self.number,
            name,
            from_utc_ms: at_utc_ms,
            pages: Pages::new(&label),
            file: None,
            unwritten: VecDeque::new(),
            laid_out: Extent::default(),
            kept: Extent::default(),
            ended: false,
            given_up: false,
            cut: false,
            renamed: false,
        });
        at_utc_ms
    }

    /// Lists the end of a talk that found no room: no later packet shows that it is missing.
    fn list_lost_tail(&mut self, news: &mut Vec<Dated>) {
        if let Some((from, to)) = self.overflow.take().filter(|(_, to)| *to >= self.covered_utc_ms) {
            self.gap(from.max(self.covered_utc_ms), to + FRAME_MS, OVERFLOW, news);
        }
    }

    /// Lists keyed time in which nothing came.
    fn list_silence(&mut self, to_utc_ms: i64, news: &mut Vec<Dated>) {
        let from_utc_ms = self.covered_utc_ms;
        if to_utc_ms - from_utc_ms >= SILENT_MS {
            self.gap(from_utc_ms, to_utc_ms, "no sound came from the turret", news);
        }
    }

    fn gap(&mut self, from_utc_ms: i64, to_utc_ms: i64, why: &str, news: &mut Vec<Dated>) {
        self.covered_utc_ms = self.covered_utc_ms.max(to_utc_ms);
        let gap = Gap {
            recording: Some(self.facts.recording),
            track: Some(self.facts.track),
            line: Some(self.facts.line.clone()),
            talker: Some(self.facts.talker.clone()),
            from_utc_ms,
            to_utc_ms,
            why: why.to_owned(),
        };
        news.push((to_utc_ms, Entry::Gap(gap)));
    }

    /// Writes what is laid out, and seals what has ended.
    ///
    /// # Errors
    /// The disk does not take it; it stays in memory and is tried again by the next call.
    pub fn write(&mut self, news: &mut Vec<Dated>) -> io::Result<()> {
        self.cut_what_was_lost(news);
        while let Some(segment) = self.segments.front_mut() {
            segment.write(&self.folder)?;
            if !segment.ended {
                break;
            }
            if segment.kept.bytes > 0 {
                let sealed = segment.seal(&self.folder, &self.facts, sync_folder)?;
                news.push((segment.from_utc_ms, Entry::SegmentSealed(sealed)));
            }
            self.segments.pop_front();
        }
        Ok(())
    }

    /// What the disk had taken and could not keep is a gap: its segment ends at what was synced last.
    fn cut_what_was_lost(&mut self, news: &mut Vec<Dated>) {
        let length_ms = |samples: u64| i64::try_from(samples * 1_000 / RATE_HZ).unwrap_or(0);
        let cut: Vec<(i64, i64)> = (self.segments.iter_mut())
            .filter_map(|segment| Some((segment.from_utc_ms, segment.cut()?)))
            .map(|(from_utc_ms, (from, to))| (from_utc_ms + length_ms(from), from_utc_ms + length_ms(to)))
            .collect();
        for (from_utc_ms, to_utc_ms) in cut {
            self.gap(from_utc_ms, to_utc_ms, "the disk lost what it had taken", news);
        }
    }

    /// The disk has taken nothing for too long: what waits in memory, and what comes, is a gap from here on.
    pub fn give_up(&mut self) {
        let mut lost_from = None;
        for segment in &mut self.segments {
            if !segment.unwritten.is_empty() {
                let kept_ms = i64::try_from(segment.kept.samples * 1_000 / RATE_HZ).unwrap_or(0);
                lost_from = lost_from.or(Some(segment.from_utc_ms + kept_ms));
                segment.give_up();
            }
        }
        self.end_growing();
        self.outage = self.outage.or(lost_from).or(Some(self.covered_utc_ms));
    }

    /// The disk takes what comes from now on; the gap is listed.
    pub fn come_back(&mut self, now_utc_ms: i64, why: &str, news: &mut Vec<Dated>) {
        let Some(from_utc_ms) = self.outage.take() else { return };
        let to_utc_ms = self.closed_utc_ms.map_or(now_utc_ms, |closed| closed.max(from_utc_ms));
        self.gap(from_utc_ms, to_utc_ms, why, news);
    }
}

impl Segment {
    fn end_page(&mut self) {
        self.pages.end_page();
        self.laid_out();
    }

    fn end(&mut self) {
        self.pages.end_stream();
        self.laid_out();
        self.ended = true;
    }

    fn laid_out(&mut self) {
        let bytes = self.pages.take();
        self.laid_out.hash.update(&bytes);
        self.laid_out.bytes += bytes.len() as u64;
        self.laid_out.samples = self.pages.paged_samples();
        self.unwritten.extend(bytes);
    }

    fn give_up(&mut self) {
        self.unwritten.clear();
        self.laid_out = self.kept.clone();
        self.ended = true;
        self.given_up = true;
    }

    /// Ends where it was synced last, if the disk has lost something since then; from and to which sample it did.
    fn cut(&mut self) -> Option<(u64, u64)> {
        let left = self.file.as_ref().filter(|file| file.is_lost())?.cut();
        if std::mem::replace(&mut self.cut, true) || self.renamed {
            return None;
        }
        let laid_out = if self.ended { self.laid_out.samples } else { self.pages.samples() };
        self.kept = left;
        self.give_up();
        (laid_out > self.kept.samples).then_some((self.kept.samples, laid_out))
    }

    fn write(&mut self, folder: &Path) -> io::Result<()> {
        if self.given_up && self.kept.bytes == 0 {
            return self.forget(folder);
        }
        if self.file.is_none() && !self.unwritten.is_empty() {
            self.file = Some(Arc::new(Kept::new(create(&folder.join(&self.name))?)));
        }
        let Some(mut file) = self.file.as_deref().map(Kept::file) else { return Ok(()) };
        if self.given_up {
            return file.set_len(self.kept.bytes);
        }
        while !self.unwritten.is_empty() {
            match file.write(self.unwritten.as_slices().0) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => drop(self.unwritten.drain(..taken)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.kept = self.laid_out.clone();
        Ok(())
    }

    /// Nothing whole was ever written: the file goes, if there is one.
    fn forget(&mut self, folder: &Path) -> io::Result<()> {
        match self.file.take() {
            Some(_) => std::fs::remove_file(open_path(&folder.join(&self.name))),
            None => Ok(()),
        }
    }

    /// Seals it; what was done before `sync` or something else failed is not done again.
    fn seal(
        &mut self,
        folder: &Path,
        facts: &TrackFacts,
        sync: impl Fn(&Path) -> io::Result<()>,
    ) -> io::Result<Sealed> {
        let path = folder.join(&self.name);
        if let Some(file) = self.file.as_ref().filter(|_| !self.renamed) {
            file.sync(&self.kept)?;
        }
        if !self.renamed {
            std::fs::rename(open_path(&path), &path)?;
            self.renamed = true;
        }
        sync(path.parent().unwrap_or(folder))?;
        Ok(Sealed {
            track: facts.track,
            number: self.number,
            file: self.name.clone(),
            from_utc_ms: self.from_utc_ms,
            samples: self.kept.samples,
            bytes: self.kept.bytes,
            sha256: hex(&self.kept.hash.clone().finalize()),
        })
    }
}

/// Makes a rename in `folder` outlast a power cut.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn segment_name(facts: &TrackFacts, number: u32, at_utc_ms: i64) -> String {
    let (recording, track) = (facts.recording, facts.track);
    format!("{SEGMENTS}/{}/r{:05}-t{:05}-s{number:03}.opus", day(at_utc_ms), recording.0, track.0)
}

/// The UTC day of a time, as YYYY-MM-DD.
fn day(utc_ms: i64) -> String {
    let date = time::OffsetDateTime::from_unix_timestamp(utc_ms.div_euclid(1_000));
    date.map_or_else(|_| "0000-00-00".to_owned(), |date| date.date().to_string())
}

/// What a segment is called while it is written.
pub fn open_path(sealed: &Path) -> PathBuf {
    sealed.with_extension(format!("opus.{OPEN}"))
}

fn create(sealed: &Path) -> io::Result<File> {
    if let Some(folder) = sealed.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    std::fs::OpenOptions::new().append(true).create_new(true).mode(0o600).open(open_path(sealed))
}

#[cfg(test)]
mod tests;
