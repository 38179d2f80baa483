//! What checking finds: each way of changing what was sealed is named.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_archive::{Library, Verdict, verify};
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
