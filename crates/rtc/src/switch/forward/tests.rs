//! The rules of forwarding, one sentence each, in virtual time.
#![allow(clippy::unwrap_used)]

use super::*;

const FRAME: Duration = Duration::from_millis(10);
const LINE: Csrc = Csrc(900);

/// A forwarder with a clock that only the test moves.
struct Bench {
    forwarder: Forwarder,
    now: Instant,
}

impl Bench {
    /// Turrets 1 to `turrets`, each with `ears` ears.
    fn new(turrets: u32, ears: usize) -> Self {
        let mut bench = Self { forwarder: Forwarder::new(), now: Instant::now() };
        for turret in 1..=turrets {
            bench.forwarder.set_ears(TurretId(turret), ears, bench.now);
        }
        bench
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn say(&mut self, talker: u32, seq: u16) -> Outcome {
        self.send(talker, seq, u32::from(seq).wrapping_mul(480), false)
    }

    fn send(&mut self, talker: u32, seq: u16, rtp_ts: u32, marker: bool) -> Outcome {
        let payload: Arc<[u8]> = Arc::from([talker as u8, seq as u8]);
        let packet = UplinkPacket { seq, rtp_ts, marker, payload, arrived: self.now };
        self.forwarder.take(TurretId(talker), Uplink::Mic, packet)
    }

    fn route(&mut self, talker: u32, legs: Vec<Leg>) -> Outcome {
        let route = Route { talker: Csrc(talker), legs, tracks: vec![TrackId(talker)], follows: None };
        self.forwarder.set_route(TurretId(talker), Uplink::Mic, Some(route), self.now)
    }

    fn close(&mut self, talker: u32) -> Outcome {
        self.forwarder.set_route(TurretId(talker), Uplink::Mic, None, self.now)
    }
}

fn leg(hearer: u32, lane: Lane) -> Leg {
    Leg { hearer: TurretId(hearer), line: LINE, lane }
}

fn on_speaker(hearer: u32) -> Vec<Leg> {
    vec![leg(hearer, Lane::Speaker)]
}

/// Talker and the talker's sequence number, of every packet that leaves.
fn heard(outcome: &Outcome) -> Vec<(u8, u8)> {
    outcome.ears.iter().map(|packet| (packet.payload[0], packet.payload[1])).collect()
}

fn not_heard(turret: u32, on: bool) -> Notable {
    Notable::NotHeard { turret: TurretId(turret), line: LINE, on }
}

#[test]
fn spk_2_packets_before_the_route_are_kept_for_300_ms_and_forwarded_when_it_comes() {
    let mut bench = Bench::new(2, 16);
    for seq in 0..40 {
        assert!(heard(&bench.say(1, seq)).is_empty());
        bench.pass(FRAME);
    }
    let forwarded = heard(&bench.route(1, on_speaker(2)));
    let expected: Vec<(u8, u8)> = (10..40).map(|seq| (1, seq)).collect();
    assert_eq!(forwarded, expected, "the last 300 ms, in order");
    assert_eq!(heard(&bench.say(1, 40)), [(1, 40)]);
}

#[test]
fn packets_that_overtook_each_other_before_the_route_are_forwarded_in_order() {
    let mut bench = Bench::new(2, 16);
    for seq in [u16::MAX, 1, 0, 2] {
        bench.say(1, seq);
    }
    assert_eq!(heard(&bench.route(1, on_speaker(2))), [(1, 255), (1, 0), (1, 1), (1, 2)]);
}

#[test]
fn spk_2_closing_a_route_throws_away_what_waits() {
    let mut bench = Bench::new(2, 16);
    bench.say(1, 0);
    bench.close(1);
    bench.say(1, 1);
    assert_eq!(heard(&bench.route(1, on_speaker(2))), [(1, 1)]);
}

#[test]
fn what_was_said_before_a_key_went_down_never_reaches_its_line() {
    let mut bench = Bench::new(2, 16);
    bench.route(1, on_speaker(2));
    bench.close(1);
    bench.send(1, 8, 3_840, false);
    bench.send(1, 9, 4_320, true);
    bench.send(1, 10, 4_800, false);
    assert_eq!(heard(&bench.route(1, on_speaker(2))), [(1, 9), (1, 10)]);
}

#[test]
fn without_a_route_nothing_leaves_and_nothing_is_recorded() {
    let mut bench = Bench::new(3, 16);
    let outcome = bench.say(1, 0);
    assert!(outcome.ears.is_empty() && outcome.tracks.is_empty());
    bench.route(1, on_speaker(2));
    bench.close(1);
    let outcome = bench.say(1, 1);
    assert!(outcome.ears.is_empty() && outcome.tracks.is_empty());
}

#[test]
fn a_route_without_hearers_is_recorded_and_heard_by_nobody() {
    let mut bench = Bench::new(2, 16);
    bench.route(1, Vec::new());
    let outcome = bench.say(1, 0);
    assert!(outcome.ears.is_empty());
    assert_eq!(outcome.tracks.len(), 1);
}

#[test]
fn spk_5_a_hearer_gets_one_copy_however_many_lines_lead_there_and_the_handset_names_it() {
    let mut bench = Bench::new(2, 16);
    let other = Leg { hearer: TurretId(2), line: Csrc(901), lane: Lane::Handset };
    bench.route(1, vec![leg(2, Lane::Speaker), other, leg(2, Lane::Speaker)]);
    let outcome = bench.say(1, 0);
    assert_eq!(outcome.ears.len(), 1);
    assert_eq!(outcome.ears[0].csrc, [901, 1]);
}

#[test]
fn i38_nobody_hears_themselves() {
    let mut bench = Bench::new(2, 16);
    bench.route(1, vec![leg(1, Lane::Handset), leg(2, Lane::Speaker)]);
    let hearers: Vec<TurretId> = bench.say(1, 0).ears.iter().map(|packet| packet.hearer).collect();
    assert_eq!(hearers, [TurretId(2)]);
}

#[test]
fn an_ear_keeps_its_sequence_growing_over_changes_of_talker() {
    let mut bench = Bench::new(4, 1);
    let mut seen = Vec::new();
    for (talker, first) in [(1, 60_000), (2, 3), (3, 500), (1, 60_100)] {
        bench.route(talker, on_speaker(4));
        for seq in first..first + 5 {
            seen.extend(bench.say(talker, seq).ears.iter().map(|packet| (packet.ear, packet.seq)));
            bench.pass(FRAME);
        }
        // A straggler from before the first packet would repeat a number of the talker before.
        seen.extend(bench.say(talker, first - 1).ears.iter().map(|packet| (packet.ear, packet.seq)));
        bench.close(talker);
        bench.pass(Duration::from_secs(1));
    }
    let expected: Vec<(usize, u64)> = (1..=20).map(|seq| (0, seq)).collect();
    assert_eq!(seen, expected);
}

#[test]
fn an_ears_timestamp_goes_on_by_the_time_that_passed_between_two_talkers() {
    let mut bench = Bench::new(3, 1);
    bench.route(1, on_speaker(3));
    let first = bench.send(1, 0, 4_000_000_000, true).ears[0].rtp_ts;
    bench.close(1);
    bench.pass(Duration::from_secs(2));
    bench.route(2, on_speaker(3));
    let second = bench.send(2, 0, 77, true).ears[0].rtp_ts;
    assert_eq!(second.wrapping_sub(first), 96_000);
}

#[test]
fn a_lost_packet_leaves_a_hole_in_the_ears_sequence() {
    let mut bench = Bench::new(2, 1);
    bench.route(1, on_speaker(2));
    let seqs: Vec<u64> = [5, 6, 9, 8].iter().map(|seq| bench.say(1, *seq).ears[0].seq).collect();
    assert_eq!(seqs, [1, 2, 5, 4]);
}

#[test]
fn sequence_and_timestamp_go_on_where_the_uplinks_wrap() {
    let mut bench = Bench::new(2, 1);
    bench.route(1, on_speaker(2));
    let before = bench.send(1, u16::MAX, u32::MAX - 479, true);
    let after = bench.send(1, 0, 0, false);
    assert_eq!(after.ears[0].seq, before.ears[0].seq + 1);
    assert_eq!(after.ears[0].rtp_ts.wrapping_sub(before.ears[0].rtp_ts), 480);
    assert_eq!(after.tracks[0].seq, before.tracks[0].seq + 1);
    assert_eq!(after.tracks[0].rtp_ts, before.tracks[0].rtp_ts + 480);
}

#[test]
fn a_talker_who_comes_back_to_a_line_at_once_keeps_the_ear() {
    let mut bench = Bench::new(2, 16);
    bench.route(1, on_speaker(2));
    let before = bench.say(1, 0).ears[0].clone();
    bench.close(1);
    bench.pass(FRAME);
    bench.route(1, on_speaker(2));
    let after = bench.say(1, 1).ears[0].clone();
    assert_eq!((after.ear, after.seq, after.marker), (before.ear, before.seq + 1, true));
}

#[test]
fn a_reconnected_talker_starts_a_new_numbering_and_the_ear_goes_on() {
    let mut bench = Bench::new(2, 1);
    bench.route(1, on_speaker(2));
    assert_eq!(bench.say(1, 40_000).ears[0].seq, 1);
    bench.forwarder.clear_ears(TurretId(1));
    assert_eq!(bench.say(1, 7).ears[0].seq, 2);
}

#[test]
fn a_track_that_stays_open_over_a_reconnection_sees_sequence_and_timestamp_grow() {
    let mut bench = Bench::new(2, 1);
    bench.route(1, on_speaker(2));
    bench.send(1, u16::MAX, u32::MAX - 479, true);
    let mut last = bench.send(1, 7, 0, false).tracks[0].clone();
    for (seq, rtp_ts) in [(3, 5), (u16::MAX, u32::MAX), (0, 0)] {
        bench.forwarder.clear_ears(TurretId(1));
        let next = bench.send(1, seq, rtp_ts, true).tracks[0].clone();
        assert!(next.seq > last.seq && next.rtp_ts > last.rtp_ts, "{next:?} after {last:?}");
        let straggler = bench.send(1, seq.wrapping_sub(100), rtp_ts.wrapping_sub(48_000), false).tracks[0].clone();
        assert!(straggler.seq > last.seq, "{straggler:?} after {last:?}");
        last = next;
    }
}

#[test]
fn the_ears_of_a_turret_that_has_gone_are_free() {
    let mut bench = Bench::new(3, 1);
    bench.route(1, on_speaker(3));
    bench.say(1, 0);
    bench.forwarder.remove(TurretId(1));
    bench.route(2, on_speaker(3));
    assert_eq!(heard(&bench.say(2, 0)), [(2, 0)]);
}

#[test]
fn twelve_who_key_at_the_same_instant_are_all_forwarded_from_their_first_packet() {
    let mut bench = Bench::new(12, 16);
    let mut forwarded = bench.forwarder.set_ears(TurretId(13), 16, bench.now);
    for talker in 1..=12 {
        bench.say(talker, 0);
    }
    bench.pass(FRAME);
    for talker in 1..=12 {
        forwarded.ears.extend(bench.route(talker, on_speaker(13)).ears);
    }
    let expected: Vec<(u8, u8)> = (1..=12).map(|talker| (talker, 0)).collect();
    assert_eq!(heard(&forwarded), expected);
    let ears: std::collections::BTreeSet<usize> = forwarded.ears.iter().map(|packet| packet.ear).collect();
    assert_eq!(ears.len(), 12, "each on an ear of its own");
}

#[test]
fn a_talk_for_which_no_ear_is_free_waits_for_more_and_plays_late() {
    let mut bench = Bench::new(2, 16);
    bench.forwarder.set_ears(TurretId(3), 1, bench.now);
    bench.route(1, on_speaker(3));
    bench.say(1, 0);
    bench.route(2, on_speaker(3));
    for seq in 0..20 {
        let outcome = bench.say(2, seq);
        assert!(outcome.ears.is_empty() && !outcome.notables.contains(&not_heard(3, true)));
        bench.pass(FRAME);
    }
    let late = bench.forwarder.set_ears(TurretId(3), 9, bench.now);
    let expected: Vec<(u8, u8)> = (0..20).map(|seq| (2, seq)).collect();
    assert_eq!(heard(&late), expected);
    assert_eq!(heard(&bench.say(2, 20)), [(2, 20)]);
}

#[test]
fn a_turret_that_brings_no_more_ears_in_300_ms_hears_the_newest_talk_from_its_first_packet() {
    let mut bench = Bench::new(2, 16);
    bench.forwarder.set_ears(TurretId(3), 1, bench.now);
    bench.route(1, on_speaker(3));
    bench.say(1, 0);
    bench.route(2, on_speaker(3));
    bench.say(2, 0);
    bench.pass(TALK_EARLY);
    let outcome = bench.forwarder.tick(bench.now);
    assert_eq!(heard(&outcome), [(2, 0)]);
    assert_eq!(outcome.notables.last(), Some(&not_heard(3, true)));
}

#[test]
fn what_waits_for_an_ear_is_thrown_away_when_its_talk_ends() {
    let mut bench = Bench::new(2, 16);
    bench.forwarder.set_ears(TurretId(3), 1, bench.now);
    bench.route(1, on_speaker(3));
    bench.say(1, 0);
    bench.route(2, on_speaker(3));
    bench.say(2, 0);
    bench.close(2);
    assert!(bench.forwarder.set_ears(TurretId(3), 9, bench.now).ears.is_empty());
}

/// Turrets 1 to 64 talk on the speaker of turret 100, which can have no more ears; 65 to 70 can talk too.
fn full() -> Bench {
    let mut bench = Bench::new(70, 16);
    bench.forwarder.set_ears(TurretId(100), EARS_MAX, bench.now);
    for talker in 1..=64 {
        bench.route(talker, on_speaker(100));
        assert_eq!(bench.say(talker, 0).ears.len(), 1);
    }
    bench
}

#[test]
fn at_the_cap_the_newest_talk_wins_and_the_oldest_is_told_not_heard_once() {
    let mut bench = full();
    bench.route(65, on_speaker(100));
    let outcome = bench.say(65, 0);
    assert_eq!(heard(&outcome), [(65, 0)]);
    assert_eq!(outcome.notables, [not_heard(100, true)]);
    for seq in 1..10 {
        let outcome = bench.say(1, seq);
        assert!(outcome.ears.is_empty(), "the loser takes no ear back");
        assert_eq!(outcome.notables, []);
        assert_eq!(heard(&bench.say(65, seq)), [(65, seq as u8)]);
    }
}

#[test]
fn at_the_cap_a_handset_beats_a_speaker_and_keeps_its_ear_from_newer_speakers() {
    let mut bench = full();
    bench.route(65, vec![leg(100, Lane::Handset)]);
    assert_eq!(heard(&bench.say(65, 0)), [(65, 0)]);
    for talker in 2..=64 {
        bench.route(talker, vec![leg(100, Lane::Handset)]);
    }
    bench.route(66, on_speaker(100));
    let outcome = bench.say(66, 0);
    assert!(outcome.ears.is_empty(), "64 handsets leave no ear for a speaker");
}

#[test]
fn not_heard_is_told_again_as_off_when_an_ear_is_free() {
    let mut bench = full();
    bench.route(65, on_speaker(100));
    bench.say(65, 0);
    bench.say(1, 1);
    bench.close(30);
    bench.pass(Duration::from_millis(400));
    let outcome = bench.say(1, 2);
    assert_eq!(heard(&outcome), [(1, 2)]);
    assert_eq!(outcome.notables, [not_heard(100, false)]);
}

#[test]
fn not_heard_is_told_again_as_off_when_the_talk_that_lost_ends() {
    let mut bench = full();
    bench.route(65, on_speaker(100));
    bench.say(65, 0);
    assert_eq!(bench.close(1).notables, [not_heard(100, false)]);
    bench.route(66, on_speaker(100));
    bench.say(66, 0);
    assert_eq!(bench.forwarder.remove(TurretId(2)).notables, [not_heard(100, false)]);
}

#[test]
fn a_line_stays_not_heard_until_the_last_of_its_losers_is_heard_or_ends() {
    let mut bench = full();
    for talker in [65, 66] {
        bench.route(talker, on_speaker(100));
        bench.say(talker, 0);
    }
    assert_eq!(bench.close(1).notables, []);
    assert_eq!(bench.close(2).notables, [not_heard(100, false)]);
}

#[test]
fn an_orphan_is_told_once_and_again_only_after_it_has_spoken() {
    let mut bench = Bench::new(2, 16);
    let orphan = Notable::Orphan { turret: TurretId(1), uplink: Uplink::Mic };
    bench.route(1, on_speaker(2));
    bench.pass(TALK_ORPHAN - Duration::from_millis(1));
    assert_eq!(bench.forwarder.tick(bench.now).notables, []);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.forwarder.tick(bench.now).notables, std::slice::from_ref(&orphan));
    bench.pass(TALK_ORPHAN);
    assert_eq!(bench.forwarder.tick(bench.now).notables, []);
    bench.say(1, 0);
    bench.pass(TALK_ORPHAN);
    assert_eq!(bench.forwarder.tick(bench.now).notables, [orphan]);
}

#[test]
fn i7_a_talk_on_an_uplink_that_was_silent_in_a_call_already_is_told_as_well() {
    let mut bench = Bench::new(3, 16);
    let orphan = Notable::Orphan { turret: TurretId(1), uplink: Uplink::Mic };
    bench.route(1, on_speaker(2));
    bench.pass(TALK_ORPHAN);
    assert_eq!(bench.forwarder.tick(bench.now).notables, std::slice::from_ref(&orphan));
    bench.route(1, on_speaker(3));
    assert_eq!(bench.forwarder.tick(bench.now).notables, []);
    bench.pass(TALK_ORPHAN);
    assert_eq!(bench.forwarder.tick(bench.now).notables, [orphan]);
}

#[test]
fn more_ears_are_asked_for_once_for_each_total() {
    let mut bench = Bench::new(40, 16);
    bench.forwarder.set_ears(TurretId(50), 16, bench.now);
    let mut asked = Vec::new();
    for talker in 1..=40 {
        bench.route(talker, on_speaker(50));
        for notable in bench.say(talker, 0).notables {
            let Notable::EarsLow { turret, total } = notable else { panic!("only ears are low") };
            assert_eq!(turret, TurretId(50));
            asked.push((talker, total));
            // The re-offer comes at once: before anybody has to wait.
            asked.extend(bench.forwarder.set_ears(turret, total.into(), bench.now).notables.iter().map(|_| (0, 0)));
        }
    }
    assert_eq!(asked, [(9, 24), (17, 32), (25, 40), (33, 48)]);
}

#[test]
fn a_turret_whose_re_offer_was_lost_is_asked_for_ears_again_after_three_seconds() {
    let mut bench = Bench::new(20, 16);
    bench.forwarder.set_ears(TurretId(50), 16, bench.now);
    let mut asked = Vec::new();
    for talker in 1..=14 {
        bench.route(talker, on_speaker(50));
        asked.push(bench.say(talker, 0).notables.len());
        if talker == 12 {
            bench.pass(ears::ASK_AGAIN);
        }
    }
    assert_eq!(asked, [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
}

#[test]
fn an_orphan_that_speaks_again_is_none() {
    let mut bench = Bench::new(2, 16);
    bench.route(1, on_speaker(2));
    bench.pass(TALK_ORPHAN);
    bench.forwarder.tick(bench.now);
    assert!(bench.forwarder.is_orphan(TurretId(1), Uplink::Mic));
    bench.say(1, 0);
    assert!(!bench.forwarder.is_orphan(TurretId(1), Uplink::Mic));
}

/// Turret 1 talks by its left uplink, packets of 10 ms, and is heard by turret 2.
fn by(bench: &mut Bench, turret: u32, uplink: Uplink, seq: u16, rtp_ts: u32) -> Outcome {
    let payload: Arc<[u8]> = Arc::from([0xf0, seq as u8]);
    let packet = UplinkPacket { seq, rtp_ts, marker: false, payload, arrived: bench.now };
    bench.forwarder.take(TurretId(turret), uplink, packet)
}

fn moved(bench: &mut Bench, turret: u32, uplink: Uplink, follows: Option<(TurretId, Uplink)>) -> Outcome {
    let legs = vec![leg(2, Lane::Handset)];
    let route = Route { talker: Csrc(turret), legs, tracks: vec![TrackId(7)], follows };
    bench.forwarder.set_route(TurretId(turret), uplink, Some(route), bench.now)
}

/// Ear, its count and time, and the talker's name, of every packet that leaves.
fn ears(outcome: &Outcome) -> Vec<(usize, u64, u32, u32)> {
    outcome.ears.iter().map(|it| (it.ear, it.seq, it.rtp_ts, it.csrc[1])).collect()
}

#[test]
fn mov_1_a_voice_that_moves_keeps_its_ear_its_count_and_its_time_for_who_hears_and_who_records() {
    for (to, by_turret) in [(Uplink::Right, 1), (Uplink::Left, 3)] {
        let mut bench = Bench::new(3, 16);
        moved(&mut bench, 1, Uplink::Left, None);
        let (mut heard, mut tracked) = (Vec::new(), Vec::new());
        let mut note = |outcome: &Outcome| {
            heard.extend(ears(outcome));
            tracked.extend(outcome.tracks.iter().map(|it| (it.seq, it.rtp_ts)));
        };
        bench.forwarder.wait_for(TurretId(by_turret), to, Some(Duration::from_millis(20)));
        for n in 0..4_u16 {
            note(&by(&mut bench, 1, Uplink::Left, 65_534_u16.wrapping_add(n), u32::from(n) * 480));
            bench.pass(FRAME / 2);
            if n >= 2 {
                let told = by(&mut bench, by_turret, to, 7 + n, 4_000_000_000 + u32::from(n) * 480);
                let heard = Notable::Heard { turret: TurretId(by_turret), uplink: to };
                assert_eq!(told.notables.contains(&heard), n == 3, "after 20 ms, and once");
            }
            bench.pass(FRAME / 2);
        }
        note(&moved(&mut bench, by_turret, to, Some((TurretId(1), Uplink::Left))));
        bench.forwarder.set_route(TurretId(1), Uplink::Left, None, bench.now);
        assert!(ears(&by(&mut bench, 1, Uplink::Left, 2, 1_920)).is_empty(), "the old one is heard no more");
        for n in 4..7_u16 {
            note(&by(&mut bench, by_turret, to, 7 + n, 4_000_000_000 + u32::from(n) * 480));
            bench.pass(FRAME);
        }
        assert_eq!(heard.len(), 8, "four of the old one, then one that waited and three");
        let steps = |one: &(usize, u64, u32, u32), next: &(usize, u64, u32, u32)| {
            (next.0, next.1, next.2, next.3) == (one.0, one.1 + 1, one.2.wrapping_add(480), one.3)
        };
        assert!(heard.windows(2).all(|pair| steps(&pair[0], &pair[1])), "{heard:?}");
        assert!(tracked.windows(2).all(|pair| pair[1] == (pair[0].0 + 1, pair[0].1 + 480)), "{tracked:?}");
    }
}

#[test]
fn a_voice_that_was_closed_a_moment_before_it_moves_goes_on_all_the_same() {
    let mut bench = Bench::new(2, 16);
    moved(&mut bench, 1, Uplink::Left, None);
    let first = ears(&by(&mut bench, 1, Uplink::Left, 1, 480));
    bench.forwarder.set_route(TurretId(1), Uplink::Left, None, bench.now);
    moved(&mut bench, 1, Uplink::Right, Some((TurretId(1), Uplink::Left)));
    bench.pass(FRAME * 20);
    let next = ears(&by(&mut bench, 1, Uplink::Right, 90, 77));
    assert_eq!(next, [(first[0].0, first[0].1 + 1, first[0].2 + 200 * 48, 1)], "a pause stays as long as it was");
}

#[test]
fn mov_1_what_was_said_before_a_burst_came_and_the_old_microphone_has_carried_is_not_heard_twice() {
    // The burst comes so long after the newest packet of the old microphone.
    for (after_ms, left) in [(2, 0), (8, 1), (18, 2)] {
        let mut bench = Bench::new(2, 16);
        moved(&mut bench, 1, Uplink::Left, None);
        bench.forwarder.wait_for(TurretId(1), Uplink::Right, Some(Duration::from_millis(20)));
        for n in 0..8_u16 {
            bench.pass(FRAME);
            by(&mut bench, 1, Uplink::Left, n, u32::from(n) * 480);
        }
        bench.pass(Duration::from_millis(after_ms));
        for n in 0..5_u16 {
            by(&mut bench, 1, Uplink::Right, n, 7_000 + u32::from(n) * 480);
        }
        let mut heard = moved(&mut bench, 1, Uplink::Right, Some((TurretId(1), Uplink::Left))).ears;
        bench.pass(FRAME);
        heard.extend(by(&mut bench, 1, Uplink::Right, 5, 7_000 + 5 * 480).ears);
        let said: Vec<u8> = heard.iter().map(|it| it.payload[1]).collect();
        let expected: Vec<u8> = (5 - left..6).collect();
        assert_eq!(said, expected, "{after_ms} ms after the old one");
        assert_eq!(heard[0].seq, 9, "it follows eight of the old one");
        assert!(heard.windows(2).all(|it| it[1].seq == it[0].seq + 1 && it[1].rtp_ts == it[0].rtp_ts + 480));
    }
}

#[test]
fn a_burst_of_a_microphone_that_follows_no_other_is_heard_whole() {
    let mut bench = Bench::new(2, 16);
    for n in 0..5_u16 {
        by(&mut bench, 1, Uplink::Right, n, u32::from(n) * 480);
    }
    let heard = moved(&mut bench, 1, Uplink::Right, None).ears;
    assert_eq!(heard.iter().map(|it| it.payload[1]).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}
