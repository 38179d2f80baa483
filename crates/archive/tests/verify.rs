//! What checking finds: each way of changing what was sealed is named.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_archive::{Entry, Library, ToRecorder, Verdict, key_fingerprint, read_fingerprint, verify, verify_by};
use dealerboard_model::RecordingId;
use std::path::Path;
use support::*;

fn three_talks() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    for n in 1..=3 {
        one_talk(&recorder, n, "reyes", 440.0, 30);
    }
    recorder.stop();
    folder
}

fn wrong(folder: &Path) -> Vec<(String, String)> {
    let verdict: Verdict = verify(folder).unwrap();
    verdict.wrong.into_iter().map(|wrong| (wrong.file, wrong.why)).collect()
}

#[test]
fn untouched_recordings_hold() {
    let folder = three_talks();
    let verdict = verify(folder.path()).unwrap();
    assert_eq!((verdict.segments, verdict.wrong.len()), (3, 0));
    assert!(verdict.signed_utc_ms.is_some());
}

#[tokio::test]
async fn one_changed_bit_of_a_segment_is_named_and_no_other_segment_is() {
    let folder = three_talks();
    let file = segments(folder.path()).remove(1);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let name = file.strip_prefix(folder.path()).unwrap().display().to_string();
    assert_eq!(wrong(folder.path()), [(name, "its content is not what was sealed".to_owned())]);
    let library = Library::open(folder.path()).await.unwrap();
    assert!(!library.check(RecordingId(2)).await.unwrap().holds());
    assert!(library.check(RecordingId(1)).await.unwrap().holds());
}

#[test]
fn a_missing_segment_is_named() {
    let folder = three_talks();
    let file = segments(folder.path()).remove(2);
    std::fs::remove_file(&file).unwrap();
    let name = file.strip_prefix(folder.path()).unwrap().display().to_string();
    assert_eq!(wrong(folder.path()), [(name, "it is missing".to_owned())]);
}

#[test]
fn a_segment_that_was_slipped_in_is_named() {
    let folder = three_talks();
    let file = segments(folder.path()).remove(0);
    std::fs::copy(&file, file.with_file_name("r00009-t00009-s001.opus")).unwrap();
    assert_eq!(wrong(folder.path())[0].1, "no line of the chain names it");
}

#[test]
fn a_chain_that_was_cut_short_does_not_reach_its_checkpoint() {
    let folder = three_talks();
    let path = folder.path().join("chain.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.lines().take(8).collect();
    std::fs::write(&path, kept.join("\n") + "\n").unwrap();
    assert!(wrong(folder.path()).iter().any(|(_, why)| why.ends_with("lines were taken away")));
}

#[test]
fn a_chain_that_was_made_anew_with_good_hashes_fails_at_its_checkpoints() {
    let (folder, other) = (three_talks(), three_talks());
    for file in ["chain.jsonl", "segments"] {
        let path = folder.path().join(file);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap();
        }
        let status = std::process::Command::new("cp").arg("-a").arg(other.path().join(file)).arg(&path).status();
        assert!(status.unwrap().success());
    }
    let said = wrong(folder.path());
    assert!(
        said.iter().any(|(file, why)| file == "checkpoints.jsonl" && why.contains("does not belong to this chain"))
    );
}

#[test]
fn a_folder_without_recordings_gets_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let said = verify(folder.path()).unwrap_err().to_string();
    assert!(said.contains("chain.jsonl cannot be read"), "{said}");
}

fn cut_checkpoints(folder: &Path, kept: usize) {
    let path = folder.join("checkpoints.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.lines().take(kept).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

#[test]
fn a_chain_whose_checkpoints_were_all_taken_away_is_named() {
    let folder = three_talks();
    cut_checkpoints(folder.path(), 0);
    assert_eq!(wrong(folder.path()), [("chain.jsonl".to_owned(), "no line of it is signed".to_owned())]);
}

#[test]
fn a_chain_that_was_stopped_in_order_and_whose_last_checkpoint_was_taken_away_is_named() {
    let folder = three_talks();
    cut_checkpoints(folder.path(), 1);
    let (file, why) = wrong(folder.path()).remove(0);
    assert_eq!(file, "chain.jsonl");
    assert!(why.ends_with("says that the recorder was stopped in order, but nobody signed it"), "{why}");
}

#[test]
fn a_start_that_nobody_signed_is_named_when_the_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path()).stop();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    recorder.stop();
    cut_checkpoints(folder.path(), 2);
    let path = folder.path().join("chain.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let unstopped: Vec<&str> = text.lines().filter(|line| !line.contains("\"n\":9,")).collect();
    std::fs::write(&path, unstopped.join("\n") + "\n").unwrap();
    let why = wrong(folder.path()).remove(0).1;
    assert_eq!(why, "it goes on after the start at line 3, which nobody signed");
}

#[test]
fn a_tail_that_was_written_over_minutes_and_never_signed_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms());
    inbox.tell(ToRecorder::OpenRecording(began - 200_000, recording(1)));
    inbox.tell(ToRecorder::CloseRecording(began, RecordingId(1)));
    until_chain(folder.path(), |lines| lines.len() == 3);
    let why = wrong(folder.path()).remove(0).1;
    recorder.stop();
    assert_eq!(why, "lines 2 to 3 span 200 s, and nobody signed them");
}

#[test]
fn an_honest_tail_of_a_recorder_that_was_cut_off_is_said_and_not_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    until_chain(folder.path(), |lines| lines.iter().any(|line| matches!(line.entry, Entry::RecordingClosed { .. })));
    let verdict = verify(folder.path()).unwrap();
    recorder.stop();
    assert_eq!(verdict.wrong, []);
    let said = verdict.signed_in_words();
    assert!(said.starts_with("signed up to 2") && said.ends_with("UTC; 5 lines after it are not signed yet"), "{said}");
}

#[test]
fn a_start_with_another_key_than_the_public_one_is_named() {
    let folder = three_talks();
    let (other, public) = (three_talks(), folder.path().join("signing.pub"));
    std::fs::copy(other.path().join("signing.pub"), &public).unwrap();
    let said = wrong(folder.path());
    let why = "it is not the key that the recorder was started with at line 1";
    assert!(said.contains(&("signing.pub".to_owned(), why.to_owned())), "{said:?}");
}

#[test]
fn recordings_that_were_replaced_with_their_key_are_found_by_a_fingerprint_that_was_kept_elsewhere() {
    let (folder, other) = (three_talks(), three_talks());
    let kept = key_fingerprint(folder.path()).unwrap();
    assert!(verify_by(folder.path(), &kept).unwrap().holds());
    let verdict = verify_by(other.path(), &kept).unwrap();
    assert_eq!((verdict.wrong.len(), verdict.wrong[0].file.as_str()), (1, "signing.pub"));
    let file = folder.path().join("signing.pub").display().to_string();
    assert_eq!(read_fingerprint(&file).unwrap(), kept);
    assert_eq!(read_fingerprint(&format!("sha256:{}", kept.to_uppercase())).unwrap(), kept);
    assert!(read_fingerprint("none of these").is_err());
}
