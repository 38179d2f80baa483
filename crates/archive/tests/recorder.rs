//! What the recorder writes, and what it does when the disk refuses.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_archive::{Entry, RecorderState, ToRecorder, verify};
use dealerboard_model::TrackId;
use support::*;

#[test]
fn what_a_talker_said_is_in_a_file_that_any_player_opens() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 100);
    recorder.stop();
    let files = segments(folder.path());
    assert_eq!(files.len(), 1);
    assert!(files[0].to_string_lossy().ends_with("r00001-t00001-s001.opus"));
    let heard = decode(&std::fs::read(&files[0]).unwrap());
    assert_eq!(heard.len(), 96_000);
    assert!(tone_share(&heard[4_800..], 440.0) > 0.95);
}

#[test]
fn two_talkers_on_one_line_are_never_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms());
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    let (mut low, mut high) = (Talker::new(1, 300.0, began), Talker::new(2, 1_100.0, began));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    inbox.tell(ToRecorder::OpenTrack(began, track(2, 1, "lindt")));
    for _ in 0..60 {
        low.says(&inbox, 1);
        high.says(&inbox, 1);
    }
    recorder.stop();
    let heard: Vec<_> = segments(folder.path()).iter().map(|file| decode(&std::fs::read(file).unwrap())).collect();
    assert!(tone_share(&heard[0][4_800..], 300.0) > 0.95 && tone_share(&heard[0][4_800..], 1_100.0) < 0.01);
    assert!(tone_share(&heard[1][4_800..], 1_100.0) > 0.95 && tone_share(&heard[1][4_800..], 300.0) < 0.01);
}

#[test]
fn a_long_talk_is_cut_into_segments_of_a_minute_without_losing_a_packet() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 50 * 130);
    recorder.stop();
    let files = segments(folder.path());
    assert_eq!(files.len(), 3);
    let samples: usize = files.iter().map(|file| decode(&std::fs::read(file).unwrap()).len()).sum();
    assert_eq!(samples, 130 * 48_000);
    assert!(verify(folder.path()).unwrap().holds());
}

#[test]
fn sound_that_the_network_lost_is_a_listed_gap_and_the_rest_stays_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms() - 3_000);
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    let mut talker = Talker::new(1, 440.0, began);
    talker.says(&inbox, 50);
    (0..25).for_each(|_| drop(talker.packet()));
    talker.says(&inbox, 50);
    inbox.tell(ToRecorder::CloseTrack(began + 2_500, TrackId(1)));
    recorder.stop();
    let listed = gaps(folder.path());
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].from_utc_ms, listed[0].to_utc_ms), (began + 1_000, began + 1_500));
    assert_eq!(listed[0].why, "it was lost between the turret and the switch");
    assert_eq!(decode(&std::fs::read(&segments(folder.path())[0]).unwrap()).len(), 120_000);
}

#[test]
fn a_microphone_that_was_open_without_any_sound_is_a_listed_gap() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms() - 5_000);
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    inbox.tell(ToRecorder::CloseTrack(began + 4_000, TrackId(1)));
    recorder.stop();
    let listed = gaps(folder.path());
    assert_eq!((listed[0].from_utc_ms, listed[0].to_utc_ms), (began, began + 4_000));
    assert_eq!(listed[0].talker.as_ref().unwrap().as_str(), "reyes");
}

#[test]
fn the_chain_tells_a_talk_in_its_order_and_ends_signed() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    recorder.stop();
    let told: Vec<&'static str> = chain(folder.path())
        .iter()
        .map(|line| match &line.entry {
            Entry::Started { .. } => "started",
            Entry::RecordingOpened(_) => "recording opened",
            Entry::TrackOpened(_) => "track opened",
            Entry::SegmentSealed(_) => "segment sealed",
            Entry::TrackClosed { .. } => "track closed",
            Entry::RecordingClosed { .. } => "recording closed",
            Entry::Stopped => "stopped",
            Entry::PersonNamed { .. }
            | Entry::Gap(_)
            | Entry::Mark(_)
            | Entry::UtcStepped { .. }
            | Entry::Recovered { .. } => "something else",
        })
        .collect();
    assert_eq!(
        told,
        [
            "started",
            "recording opened",
            "track opened",
            "segment sealed",
            "track closed",
            "recording closed",
            "stopped"
        ]
    );
    let verdict = verify(folder.path()).unwrap();
    assert!(verdict.holds() && verdict.unsigned_lines == 0, "{verdict:?}");
}

#[test]
fn numbers_go_on_behind_all_that_were_ever_used() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 41, "reyes", 440.0, 5);
    recorder.stop();
    let (recording, track, call) = start(folder.path()).next_numbers();
    assert_eq!((recording.0, track.0, call.0), (42, 42, 42));
}

#[test]
fn rec_3_a_disk_that_refuses_for_a_moment_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    block_segments(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms());
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    let mut talker = Talker::new(1, 440.0, began);
    talker.says(&inbox, 25);
    let failing = until_state(&recorder, |state| *state != RecorderState::Ok);
    assert!(matches!(failing, RecorderState::Failing { why } if why.starts_with("the disk refuses")));
    unblock_segments(folder.path());
    until_state(&recorder, |state| *state == RecorderState::Ok);
    talker.says(&inbox, 25);
    inbox.tell(ToRecorder::CloseTrack(began + 1_000, TrackId(1)));
    recorder.stop();
    assert_eq!(gaps(folder.path()), []);
    assert_eq!(decode(&std::fs::read(&segments(folder.path())[0]).unwrap()).len(), 48_000);
}

#[test]
fn a_disk_that_refuses_for_long_costs_a_listed_gap_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    block_segments(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms());
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    let mut talker = Talker::new(1, 440.0, began);
    until_state(&recorder, |state| *state != RecorderState::Ok);
    while now_utc_ms() - began < 2_000 {
        talker.says(&inbox, 1);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    unblock_segments(folder.path());
    until_state(&recorder, |state| *state == RecorderState::Ok);
    let back = now_utc_ms();
    talker.began_utc_ms = back - talker.seq as i64 * 20;
    talker.says(&inbox, 50);
    inbox.tell(ToRecorder::CloseTrack(back + 1_000, TrackId(1)));
    recorder.stop();
    let listed = gaps(folder.path());
    assert_eq!(listed[0].from_utc_ms, began);
    assert!(listed[0].to_utc_ms <= back && listed[0].to_utc_ms > began + 1_900);
    assert_eq!(decode(&std::fs::read(&segments(folder.path())[0]).unwrap()).len(), 48_000);
    assert!(verify(folder.path()).unwrap().holds());
}

/// Puts a file where the segments' folder should be: nothing can be made in it, whoever asks.
fn block_segments(folder: &std::path::Path) {
    std::fs::remove_dir(folder.join("segments")).unwrap();
    std::fs::write(folder.join("segments"), "in the way").unwrap();
}

fn unblock_segments(folder: &std::path::Path) {
    std::fs::remove_file(folder.join("segments")).unwrap();
    std::fs::create_dir(folder.join("segments")).unwrap();
}
