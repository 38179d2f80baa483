//! One track on its way to a disk that has its moods.
#![allow(clippy::unwrap_used)]

use super::*;
use dealerboard_model::{LineId, RecordingId, TrackId, TurretId, Uplink};

fn writer(folder: &Path) -> TrackWriter {
    let facts = TrackFacts {
        track: TrackId(1),
        recording: RecordingId(1),
        line: LineId::from("macro"),
        talker: "reyes".into(),
        turret: TurretId(1),
        uplink: Uplink::Mic,
    };
    TrackWriter::new(folder, facts, None, 1_000)
}

fn packet(seq: u64, utc_ms: i64) -> TrackAudio {
    // Fullband CELT of 20 ms.
    TrackAudio { track: TrackId(1), seq, rtp_ts: seq * 960, utc_ms, payload: [0xf8, 1, 2].as_slice().into() }
}

fn gaps(news: &[Dated]) -> Vec<(i64, i64, &str)> {
    let gap = |(_, entry): &'_ Dated| if let Entry::Gap(gap) = entry { Some(gap.clone()) } else { None };
    let found = news.iter().filter_map(gap);
    found.map(|gap| (gap.from_utc_ms, gap.to_utc_ms, if gap.why == OVERFLOW { OVERFLOW } else { "" })).collect()
}

#[test]
fn a_folder_that_could_not_be_synced_after_the_rename_is_synced_by_the_next_try() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, mut news) = (writer(folder.path()), Vec::new());
    writer.take(packet(1, 1_000));
    writer.close(1_020);
    writer.advance(2_000, true, &mut news);
    let (facts, segment) = (writer.facts.clone(), &mut writer.segments[0]);
    segment.write(folder.path()).unwrap();
    let refuse = |_: &Path| Err(io::ErrorKind::StorageFull.into());
    let refused = segment.seal(folder.path(), &facts, refuse).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::StorageFull);
    writer.write(&mut news).unwrap();
    assert!(news.iter().any(|(_, entry)| matches!(entry, Entry::SegmentSealed(_))));
    assert!(writer.is_done());
}

#[test]
fn a_segment_that_the_disk_has_lost_ends_at_what_was_synced_and_the_rest_is_a_listed_gap() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, mut news) = (writer(folder.path()), Vec::new());
    (0..10).for_each(|seq| writer.take(packet(seq, 1_000 + seq as i64 * 20)));
    writer.advance(3_000, false, &mut news);
    writer.write(&mut news).unwrap();
    writer.files().for_each(|(file, extent)| file.sync(&extent).unwrap());
    (10..20).for_each(|seq| writer.take(packet(seq, 1_000 + seq as i64 * 20)));
    writer.advance(3_250, false, &mut news);
    writer.write(&mut news).unwrap();
    writer.files().for_each(|(file, _)| file.lose());
    (20..30).for_each(|seq| writer.take(packet(seq, 1_000 + seq as i64 * 20)));
    writer.write(&mut news).unwrap();
    writer.close(1_600);
    writer.advance(5_000, true, &mut news);
    writer.write(&mut news).unwrap();
    let sealed =
        |(_, entry): &Dated| if let Entry::SegmentSealed(sealed) = entry { Some(sealed.clone()) } else { None };
    let sealed = news.iter().filter_map(sealed).map(|sealed| (sealed.from_utc_ms, sealed.samples / 48));
    assert_eq!(sealed.collect::<Vec<_>>(), [(1_000, 180), (1_400, 200)]);
    assert_eq!(gaps(&news), [(1_180, 1_400, "")]);
}

#[test]
fn the_end_of_a_talk_that_found_no_room_is_a_listed_gap_however_short() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, mut news) = (writer(folder.path()), Vec::new());
    writer.take(packet(1, 1_000));
    writer.overflowed(1_020, 1_060);
    writer.close(1_080);
    writer.advance(2_000, true, &mut news);
    assert_eq!(gaps(&news), [(1_020, 1_080, OVERFLOW)]);
}

#[test]
fn a_hole_that_the_queue_made_is_not_called_the_networks() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, mut news) = (writer(folder.path()), Vec::new());
    writer.take(packet(1, 1_000));
    writer.overflowed(1_020, 1_180);
    writer.take(packet(11, 1_200));
    writer.close(1_220);
    writer.advance(2_000, true, &mut news);
    assert_eq!(gaps(&news), [(1_020, 1_200, OVERFLOW)]);
}
