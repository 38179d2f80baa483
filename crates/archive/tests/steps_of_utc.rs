//! A step of UTC while somebody is recorded, in virtual time: nothing within a recording is too long, too short or missing.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_archive::{Entry, Mark, Recorder, RecorderOptions, ToRecorder};
use dealerboard_model::{RecordingId, TrackId};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use support::*;

const BEGAN: i64 = 1_790_000_000_000;

/// A recorder whose time line goes on only when it is told.
fn start_at(folder: &Path) -> (Recorder, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(BEGAN));
    let told = Arc::clone(&now);
    let options = RecorderOptions { now_utc_ms: Arc::new(move || told.load(Ordering::SeqCst)), ..options() };
    (Recorder::start(folder, options).unwrap(), now)
}

fn mark(recording: u32, what: &str) -> Mark {
    Mark {
        recording: RecordingId(recording),
        line: Some("ard-london".into()),
        who: vec!["reyes".into()],
        what_happened: what.into(),
    }
}

/// Four seconds of talk with a step of UTC in the middle, then a second call; gives the times of the chain by what they are of.
fn talk_over_a_step(step_ms: i64) -> Vec<(String, i64)> {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, now) = start_at(folder.path());
    let inbox = recorder.inbox();
    inbox.tell(ToRecorder::OpenRecording(BEGAN, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(BEGAN, track(1, 1, "reyes")));
    let mut talker = Talker::new(1, 440.0, BEGAN);
    talker.says(&inbox, 100);
    inbox.tell(ToRecorder::UtcStepped(BEGAN + 2_000, step_ms));
    talker.says(&inbox, 100);
    inbox.tell(ToRecorder::Mark(BEGAN + 3_000, mark(1, "Held")));
    now.store(BEGAN + 4_000, Ordering::SeqCst);
    inbox.tell(ToRecorder::CloseTrack(BEGAN + 4_000, TrackId(1)));
    inbox.tell(ToRecorder::CloseRecording(BEGAN + 4_000, RecordingId(1)));
    inbox.tell(ToRecorder::OpenRecording(BEGAN + 5_000, recording(2)));
    inbox.tell(ToRecorder::Mark(BEGAN + 5_000, mark(2, "Seized")));
    now.store(BEGAN + 6_000, Ordering::SeqCst);
    recorder.stop();
    assert!(dealerboard_archive::verify(folder.path()).unwrap().holds());
    let named = |line: dealerboard_archive::Line| {
        let what = match line.entry {
            Entry::Mark(mark) => format!("mark {}: {}", mark.recording, mark.what_happened),
            Entry::RecordingOpened(facts) => format!("opened {}", facts.recording),
            Entry::RecordingClosed { recording } => format!("closed {recording}"),
            Entry::SegmentSealed(sealed) => format!("segment of {} samples", sealed.samples),
            Entry::UtcStepped { step_ms } => format!("step of {step_ms}"),
            Entry::Gap(gap) => format!("gap: {}", gap.why),
            Entry::Started { .. } | Entry::Stopped | Entry::Recovered { .. } => return None,
            Entry::PersonNamed { .. } | Entry::TrackOpened(_) | Entry::TrackClosed { .. } => return None,
        };
        Some((what, line.at_utc_ms - BEGAN))
    };
    let mut times: Vec<_> = chain(folder.path()).into_iter().filter_map(named).collect();
    times.sort();
    times
}

#[test]
fn tim_1_a_step_of_utc_makes_no_gap_and_leaves_every_time_of_the_recording_where_it_was() {
    for (step_ms, words) in [(5_000, "5.0 s forward"), (-3_600_000, "3600.0 s back")] {
        let mut expected = vec![
            ("closed 1".to_owned(), 4_000),
            ("mark 1: Held".to_owned(), 3_000),
            (format!("mark 1: UTC was set {words}; times here go on as they were"), 2_000),
            ("opened 1".to_owned(), 0),
            (format!("segment of {} samples", 4 * 48_000), 0),
            // What begins after the step goes by the UTC of after the step.
            ("closed 2".to_owned(), 6_000 + step_ms),
            ("mark 2: Seized".to_owned(), 5_000 + step_ms),
            ("opened 2".to_owned(), 5_000 + step_ms),
            (format!("step of {step_ms}"), 2_000 + step_ms),
        ];
        expected.sort();
        assert_eq!(talk_over_a_step(step_ms), expected);
    }
}

#[test]
fn a_power_cut_after_a_step_lists_what_is_missing_in_the_time_of_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, now) = start_at(folder.path());
    let inbox = recorder.inbox();
    inbox.tell(ToRecorder::OpenRecording(BEGAN, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(BEGAN, track(1, 1, "reyes")));
    inbox.tell(ToRecorder::UtcStepped(BEGAN + 1_000, 60_000));
    now.store(BEGAN + 2_000, Ordering::SeqCst);
    until_chain(folder.path(), |lines| lines.iter().any(|line| matches!(line.entry, Entry::UtcStepped { .. })));
    let copy = tempfile::tempdir().unwrap();
    for file in ["chain.jsonl", "checkpoints.jsonl", "signing.key", "signing.pub"] {
        std::fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    std::fs::write(copy.path().join("alive"), format!("{:020}\n", BEGAN + 62_000)).unwrap();
    recorder.stop();
    start(copy.path()).stop();
    let gaps: Vec<_> = gaps(copy.path()).into_iter().map(|gap| (gap.from_utc_ms, gap.to_utc_ms)).collect();
    assert_eq!(gaps, [(BEGAN, BEGAN + 2_500)]);
}
