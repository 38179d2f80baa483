//! Finding and playing: by time, line, person and gaps; what is played is what was said.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_archive::{Filter, Library, Mark, RecordingFacts, ToRecorder, TrackAudio, TrackFacts};
use dealerboard_model::{LineKind, RecordingId, TrackId, Uplink, UserId};
use std::ops::Range;
use std::path::Path;
use support::*;

fn filter() -> Filter {
    Filter { limit: 10, ..Filter::default() }
}

fn numbers(found: &[dealerboard_archive::RecordingFound]) -> Vec<u32> {
    found.iter().map(|row| row.recording.0).collect()
}

#[tokio::test]
async fn recordings_are_found_by_person_line_time_kind_and_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    let second = one_talk(&recorder, 2, "lindt", 440.0, 200);
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    let find = async |filter: Filter| numbers(&library.recordings(&filter).await.unwrap());
    assert_eq!(find(filter()).await, [2, 1]);
    assert_eq!(find(Filter { talker: Some("reyes".into()), ..filter() }).await, [1]);
    assert_eq!(find(Filter { lines: vec!["ard-london".into()], ..filter() }).await, [2, 1]);
    assert_eq!(find(Filter { lines: vec!["no such line".into()], ..filter() }).await, [] as [u32; 0]);
    assert_eq!(find(Filter { kind: Some("hoot".into()), ..filter() }).await, [] as [u32; 0]);
    assert_eq!(find(Filter { to_utc_ms: Some(second + 100), ..filter() }).await, [2]);
    assert_eq!(find(Filter { gaps: true, ..filter() }).await, [] as [u32; 0]);
    assert_eq!(find(Filter { before: Some(2), ..filter() }).await, [1]);
    assert_eq!(find(Filter { limit: 1, ..filter() }).await, [2]);
}

#[tokio::test]
async fn a_track_plays_as_one_file_in_true_time_over_its_segments() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms() - 5_000);
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    Talker::new(1, 440.0, began).says(&inbox, 50);
    // The talker's clock is set anew, three seconds after the start: another segment.
    let mut again = Talker::new(1, 440.0, began + 3_000);
    let mut packets: Vec<_> = (0..50).map(|_| again.packet()).collect();
    packets
        .iter_mut()
        .for_each(|packet| (packet.seq, packet.rtp_ts) = (packet.seq + 50, packet.rtp_ts + 9_000_000_000));
    packets.into_iter().for_each(|packet| assert!(inbox.audio(packet)));
    inbox.tell(ToRecorder::CloseTrack(began + 4_000, TrackId(1)));
    recorder.stop();

    let library = Library::open(folder.path()).await.unwrap();
    let found = library.recording(RecordingId(1)).await.unwrap().unwrap();
    assert_eq!((found.tracks[0].from_utc_ms, found.tracks[0].length_ms), (began, 4_000));
    let audio = library.track_audio(RecordingId(1), TrackId(1)).await.unwrap().unwrap();
    let heard = decode(&audio);
    assert_eq!(heard.len(), 4 * 48_000);
    assert!(tone_share(&heard[4_800..40_000], 440.0) > 0.9);
    assert!(heard[72_000..140_000].iter().all(|sample| sample.abs() < 0.01), "the pause is a pause");
    assert!(tone_share(&heard[150_000..], 440.0) > 0.9);
    let peaks = library.peaks(RecordingId(1), TrackId(1)).await.unwrap().unwrap();
    assert_eq!((peaks.step_ms, peaks.peaks.len()), (20, 200));
    assert!(peaks.peaks[20] > 80 && peaks.peaks[100] < 5);
}

#[tokio::test]
async fn a_recording_that_goes_on_is_listed_and_its_sealed_part_grows() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms());
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    inbox.tell(ToRecorder::OpenTrack(began, track(1, 1, "reyes")));
    until_chain(folder.path(), |lines| lines.len() == 3);
    let library = Library::open(folder.path()).await.unwrap();
    let found = library.recordings(&filter()).await.unwrap();
    assert_eq!((found[0].closed_utc_ms, found[0].tracks[0].length_ms), (None, 0));
    Talker::new(1, 440.0, began).says(&inbox, 30);
    recorder.stop();
    let found = library.recordings(&filter()).await.unwrap();
    assert!(found[0].closed_utc_ms.is_some() && found[0].tracks[0].length_ms == 600);
}

#[tokio::test]
async fn an_index_of_another_chain_is_made_anew() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (folder, talker) in [(&folder, "reyes"), (&other, "lindt")] {
        let recorder = start(folder.path());
        if talker == "reyes" {
            let named = |user: &str| ToRecorder::NamePerson(now_utc_ms(), user.into(), "A. Reyes".to_owned());
            ["reyes", "lindt"].into_iter().for_each(|user| recorder.inbox().tell(named(user)));
        }
        one_talk(&recorder, 1, talker, 440.0, 30);
        recorder.stop();
    }
    Library::open(folder.path()).await.unwrap().follow().await.unwrap();
    std::fs::copy(other.path().join("chain.jsonl"), folder.path().join("chain.jsonl")).unwrap();
    let recorder = start(folder.path());
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    library.follow().await.unwrap();
    assert_eq!(library.talkers().await.unwrap(), [("lindt".into(), None)]);
    assert!(library.recording(RecordingId(1)).await.unwrap().unwrap().people_names.is_empty());
}

#[tokio::test]
async fn what_happened_is_found_with_who_did_it_in_the_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let (inbox, began) = (recorder.inbox(), now_utc_ms());
    inbox.tell(ToRecorder::OpenRecording(began, recording(1)));
    let mark = |who: &[&str], what: &str| Mark {
        recording: RecordingId(1),
        line: Some("ard-london".into()),
        who: who.iter().map(|user| UserId::from(*user)).collect(),
        what_happened: what.into(),
    };
    inbox.tell(ToRecorder::Mark(began + 20, mark(&["reyes", "marsh"], "Beep")));
    inbox.tell(ToRecorder::Mark(began + 10, mark(&[], "Rings")));
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    library.follow().await.unwrap();
    let marks = library.marks(RecordingId(1)).await.unwrap();
    let told: Vec<_> = marks.iter().map(|mark| (mark.at_utc_ms - began, mark.what_happened.as_str())).collect();
    assert_eq!(told, [(10, "Rings"), (20, "Beep")]);
    assert_eq!((marks[0].who.len(), marks[1].who.as_slice()), (0, [UserId::from("reyes"), "marsh".into()].as_slice()));
    assert_eq!(marks[0].line, Some("ard-london".into()));
    assert!(dealerboard_archive::verify(folder.path()).unwrap().holds());
}

#[tokio::test]
async fn a_check_goes_on_from_where_the_last_one_ended_and_still_finds_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    one_talk(&recorder, 2, "reyes", 440.0, 30);
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    let first = library.check(RecordingId(1)).await.unwrap();
    assert_eq!((first.segments, first.wrong.as_slice(), first.unsigned_lines), (1, [].as_slice(), 0));

    // Another start and talk: more lines, more signatures.
    let recorder = start(folder.path());
    one_talk(&recorder, 3, "lindt", 440.0, 30);
    recorder.stop();
    let third = library.check(RecordingId(3)).await.unwrap();
    assert_eq!((third.segments, third.wrong.as_slice(), third.unsigned_lines), (1, [].as_slice(), 0));
    assert_eq!(third.lines, dealerboard_archive::verify(folder.path()).unwrap().lines);

    // The line that seals the second one's segment is changed behind the check's back, in place.
    let path = folder.path().join("chain.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let sealed = text.lines().filter(|line| line.contains("segment_sealed")).nth(1).unwrap();
    let forged = sealed.replace("\"samples\":28800", "\"samples\":28801");
    assert_ne!(sealed, forged);
    std::fs::write(&path, text.replace(sealed, &forged)).unwrap();
    let second = library.check(RecordingId(2)).await.unwrap();
    assert!(!second.holds());
    assert!(
        library.check(RecordingId(1)).await.unwrap().holds(),
        "what is another's is found by a check of everything"
    );
    assert!(!dealerboard_archive::verify(folder.path()).unwrap().holds());
}

#[tokio::test]
async fn lines_that_were_taken_away_after_a_check_are_missed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    assert!(library.check(RecordingId(1)).await.unwrap().holds());
    let path = folder.path().join("chain.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    std::fs::write(&path, &text[..last]).unwrap();
    assert!(!library.check(RecordingId(1)).await.unwrap().holds());
}

#[tokio::test]
async fn a_line_is_found_by_the_name_that_it_had_when_it_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    let found = library.recording(RecordingId(1)).await.unwrap().unwrap();
    assert_eq!(found.line_names.into_iter().collect::<Vec<_>>(), [("ard-london".into(), "London".to_owned())]);
    let lines = library.lines().await.unwrap().into_iter().map(|line| (line.line, line.name, line.last.0));
    let named = ("ard-london".into(), Some("London".to_owned()), 1);
    assert_eq!(lines.collect::<Vec<_>>(), [named, ("ard-new-york".into(), None, 1)]);
}

#[tokio::test]
async fn an_intercom_is_found_with_both_of_its_people_though_only_one_of_them_talked() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    let inbox = recorder.inbox();
    for user in ["lindt", "reyes"] {
        inbox.tell(ToRecorder::NamePerson(now_utc_ms(), user.into(), user.to_uppercase()));
    }
    let (lines, people) = (vec!["intercom-1".into()], vec!["lindt".into(), "reyes".into()]);
    let called = RecordingFacts { lines, people, kind: LineKind::Intercom, ..recording(1) };
    inbox.tell(ToRecorder::OpenRecording(now_utc_ms(), called));
    let line = "intercom-1".into();
    inbox.tell(ToRecorder::OpenTrack(now_utc_ms(), TrackFacts { line, ..track(1, 1, "reyes") }));
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    library.follow().await.unwrap();
    let found = library.lines().await.unwrap().into_iter().map(|line| (line.line, line.people));
    let both = [("lindt", "LINDT"), ("reyes", "REYES")].map(|(user, name)| (user.into(), name.to_owned()));
    assert_eq!(found.collect::<Vec<_>>(), [("intercom-1".into(), both.into())]);
}

#[tokio::test]
async fn a_recording_keeps_the_name_of_who_talked_after_their_log_on_name_was_given_to_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    for (talk, name) in [(1, "A. Reyes"), (2, "B. Reyes")] {
        recorder.inbox().tell(ToRecorder::NamePerson(now_utc_ms(), "reyes".into(), name.to_owned()));
        one_talk(&recorder, talk, "reyes", 440.0, 30);
    }
    recorder.stop();
    let library = Library::open(folder.path()).await.unwrap();
    for (talk, name) in [(1, "A. Reyes"), (2, "B. Reyes")] {
        let found = library.recording(RecordingId(talk)).await.unwrap().unwrap();
        assert_eq!(found.people_names.into_iter().collect::<Vec<_>>(), [("reyes".into(), name.to_owned())]);
    }
    assert_eq!(library.talkers().await.unwrap(), [("reyes".into(), Some("B. Reyes".to_owned()))]);
    assert!(dealerboard_archive::verify(folder.path()).unwrap().holds());
}

#[tokio::test]
async fn a_recording_in_which_nobody_spoke_is_told_from_one_with_a_word_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let library = rung(folder.path(), 1_000, [0..0, 500..515]).await;
    let found = library.recordings(&filter()).await.unwrap();
    assert_eq!(found.iter().map(|row| (row.recording.0, row.spoken)).collect::<Vec<_>>(), [(2, true), (1, false)]);
    let spoken = library.recordings(&Filter { spoken: true, ..filter() }).await.unwrap();
    assert_eq!(numbers(&spoken), [2]);
}

#[tokio::test]
async fn a_word_on_the_edge_of_two_segments_is_told_from_minutes_of_silence() {
    let folder = tempfile::tempdir().unwrap();
    let library = rung(folder.path(), 6_500, [0..0, 2_990..2_998]).await;
    let found = library.recordings(&filter()).await.unwrap();
    assert_eq!(found.iter().map(|row| (row.recording.0, row.spoken)).collect::<Vec<_>>(), [(2, true), (1, false)]);
    assert!(segments(folder.path()).len() > 4);
}

/// Recordings of a microphone that is open for so many frames of 20 ms, silent but for the frames of a word: numbered from 1.
async fn rung(folder: &Path, frames: u64, words: [Range<u64>; 2]) -> Library {
    let recorder = start(folder);
    let inbox = recorder.inbox();
    let length_ms = 20 * i64::try_from(frames).unwrap();
    for (n, word) in (1..).zip(words) {
        let began = now_utc_ms() - length_ms;
        inbox.tell(ToRecorder::OpenRecording(began, recording(n)));
        inbox.tell(ToRecorder::OpenTrack(began, track(n, n, "reyes")));
        for packet in sent(n, began, frames, word) {
            assert!(inbox.audio(packet));
        }
        inbox.tell(ToRecorder::CloseTrack(began + length_ms, TrackId(n)));
        inbox.tell(ToRecorder::CloseRecording(began + length_ms, RecordingId(n)));
    }
    recorder.stop();
    Library::open(folder).await.unwrap()
}

/// What a turret sends of such a microphone: silence, and a tone in the frames of `word`.
fn sent(track: u32, began_utc_ms: i64, frames: u64, word: Range<u64>) -> Vec<TrackAudio> {
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
    encoder.set_dtx(true).unwrap();
    let (mut packets, mut sent) = (Vec::new(), 0);
    for frame in 0..frames {
        let loud = if word.contains(&frame) { 0.3 } else { 0.0 };
        let samples: Vec<f32> = (0..960).map(|at| loud * ((frame * 960 + at) as f32 * 0.05).sin()).collect();
        let payload = encoder.encode_vec_float(&samples, 400).unwrap();
        // As a turret does: of silence, only a sign of life.
        if payload.len() > 2 || frame >= sent + 10 {
            let (seq, rtp_ts) = (packets.len() as u64, frame * 960);
            let utc_ms = began_utc_ms + 20 * i64::try_from(frame).unwrap();
            packets.push(TrackAudio { track: TrackId(track), seq, rtp_ts, utc_ms, payload: payload.into() });
            sent = frame;
        }
    }
    packets
}

#[tokio::test]
async fn a_track_says_into_which_microphone_it_was_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = start(folder.path());
    one_talk(&recorder, 1, "reyes", 440.0, 30);
    recorder.stop();
    let found = Library::open(folder.path()).await.unwrap().recording(RecordingId(1)).await.unwrap().unwrap();
    assert_eq!(found.tracks.iter().map(|track| track.uplink).collect::<Vec<_>>(), [Uplink::Left]);
}
