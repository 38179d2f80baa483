//! After a power cut: what was written is kept, what is missing is listed.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_archive::{Entry, Recorder, ToRecorder, verify};
use std::path::Path;
use support::*;

/// A folder as a power cut leaves it: a copy of all files of a recorder that runs.
fn cut_off(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("cp").arg("-a").arg(folder.join(".")).arg(copy.path()).status().unwrap();
    assert!(status.success());
    copy
}

/// A recorder in the middle of a talk of `seconds`, all of it on the disk but the last moment.
fn in_mid_sentence(folder: &Path, seconds: usize) -> (Recorder, i64) {
    let recorder = start(folder);
    let (inbox, began) = (recorder.inbox(), now_utc_ms() - seconds as i64 * 1_000);
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    Talker::new(1, 440.0, began).says(&inbox, seconds * 50);
    let before = alive(folder);
    while alive(folder) < before + 600 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    (recorder, began)
}

fn alive(folder: &Path) -> i64 {
    std::fs::read_to_string(folder.join("alive")).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

#[test]
fn swi_4_what_was_written_before_a_power_cut_is_sealed_and_the_rest_is_a_listed_gap() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, began) = in_mid_sentence(folder.path(), 4);
    let copy = cut_off(folder.path());
    recorder.stop();

    start(copy.path()).stop();
    let files = segments(copy.path());
    assert!(files.iter().all(|file| file.extension().unwrap() == "opus"), "{files:?}");
    let kept = decode(&std::fs::read(&files[0]).unwrap()).len();
    assert!(kept >= 3 * 48_000, "of 4 s only {kept} samples were kept");
    let listed = gaps(copy.path());
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].from_utc_ms, began + kept as i64 / 48);
    assert!(listed[0].to_utc_ms >= listed[0].from_utc_ms);
    assert!(chain(copy.path()).iter().any(|line| matches!(line.entry, Entry::Recovered { segments: 1, .. })));
    let verdict = verify(copy.path()).unwrap();
    assert!(verdict.holds(), "{verdict:?}");
}

#[test]
fn a_line_that_was_torn_is_set_aside_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    let copy = {
        until_chain(folder.path(), |lines| lines.iter().any(|line| matches!(line.entry, Entry::TrackClosed { .. })));
        cut_off(folder.path())
    };
    recorder.stop();
    let path = copy.path().join("chain.jsonl");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], b"{\"n\":99,\"at_utc"].concat()).unwrap();

    start(copy.path()).stop();
    assert_eq!(std::fs::read(copy.path().join(format!("chain.torn-{}", whole.len()))).unwrap(), b"{\"n\":99,\"at_utc");
    let torn = |line: &dealerboard_archive::Line| matches!(line.entry, Entry::Recovered { torn_bytes: 15, .. });
    assert!(chain(copy.path()).iter().any(torn));
    assert!(verify(copy.path()).unwrap().holds());
}

#[test]
fn a_segment_that_was_sealed_in_the_last_moment_is_named_by_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, _) = in_mid_sentence(folder.path(), 2);
    let copy = cut_off(folder.path());
    recorder.stop();
    let open = segments(copy.path()).remove(0);
    std::fs::rename(&open, open.with_extension("")).unwrap();

    start(copy.path()).stop();
    let verdict = verify(copy.path()).unwrap();
    assert!(verdict.holds() && verdict.segments == 1, "{verdict:?}");
}

#[test]
fn a_chain_that_somebody_changed_is_not_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    recorder.stop();
    let path = folder.path().join("chain.jsonl");
    let text = std::fs::read_to_string(&path).unwrap().replace("reyes", "lindt");
    std::fs::write(&path, text).unwrap();
    let Err(error) = Recorder::start(folder.path(), options()) else { panic!("it was written on") };
    let said = error.to_string();
    assert!(said.starts_with("line 4 of ") && said.contains("it does not follow from the line before"), "{said}");
}

#[test]
fn a_checkpoint_that_was_torn_is_set_aside_and_the_recordings_hold() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path()).stop();
    let path = folder.path().join("checkpoints.jsonl");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], b"{\"n\":2,\"ha"].concat()).unwrap();

    start(folder.path()).stop();
    let aside = folder.path().join(format!("checkpoints.torn-{}", whole.len()));
    assert_eq!(std::fs::read(aside).unwrap(), b"{\"n\":2,\"ha");
    let verdict = verify(folder.path()).unwrap();
    assert!(verdict.holds(), "{verdict:?}");
}
