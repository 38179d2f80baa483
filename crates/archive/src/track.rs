//! One track's packets in order and in time.
//!
//! Law: pure. Nothing that came is left out; a hole in the talker's timestamps stays as long as it was, and one that the
//! network made is reported. A packet waits at most [`ORDER_MS`] for one that should come before it.

use crate::recorder::TrackAudio;
use crate::{RATE_HZ, opus_packet};
use std::collections::BTreeMap;

/// How long a packet waits for its predecessor.
pub const ORDER_MS: i64 = 100;

/// Lost sound from this length on is a listed gap; less is filled with a pause.
const LISTED_MS: i64 = 100;

/// Timestamps that are off the time of arrival by more than this were set anew by the talker.
const JUMP_MS: i64 = 2_000;

/// Longest pause after which a packet whose turn it is still shows that the talker's timestamps go on as they were: a keyed
/// uplink sends at least every 200 ms.
const PAUSE_SAMPLES: u64 = RATE_HZ / 4;

/// The next packet of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The Opus packet.
    pub payload: Vec<u8>,
    /// Its length in samples at 48 kHz.
    pub samples: u64,
    /// The pause before it, in samples at 48 kHz.
    pub pause_samples: u64,
    /// Time of its first sample, UTC milliseconds.
    pub at_utc_ms: i64,
    /// What the network lost before it, from and to in UTC milliseconds.
    pub lost: Option<(i64, i64)>,
    /// It does not follow from what was before: a new segment begins with it.
    pub anew: bool,
}

#[derive(Clone, Copy, Debug)]
struct Next {
    seq: u64,
    rtp_ts: u64,
}

/// Puts packets in order and time.
#[derive(Debug, Default)]
pub struct Timeline {
    waiting: BTreeMap<u64, TrackAudio>,
    next: Option<Next>,
    /// UTC milliseconds of timestamp 0, as all pieces of this segment are told.
    base_ms: i64,
    /// The least that was seen since the last [`Self::anchor`].
    least_ms: Option<i64>,
    /// Packets that were no Opus, or came after their turn or twice.
    pub useless: u64,
}

fn ms(samples: u64) -> i64 {
    i64::try_from(samples * 1_000 / RATE_HZ).unwrap_or(i64::MAX)
}

impl Timeline {
    /// Takes a packet.
    pub fn take(&mut self, audio: TrackAudio) {
        let late = self.next.is_some_and(|next| audio.seq < next.seq);
        if late || opus_packet::samples(&audio.payload).is_none() || self.waiting.contains_key(&audio.seq) {
            self.useless += 1;
            return;
        }
        self.waiting.insert(audio.seq, audio);
    }

    /// The next packet whose turn it is; with `all`, nothing waits any more.
    pub fn next(&mut self, now_utc_ms: i64, all: bool) -> Option<Piece> {
        let first = self.waiting.first_entry()?;
        let in_turn = self.next.is_some_and(|next| next.seq == *first.key());
        // One that comes later than now was before a step of UTC: it waits no longer.
        if !all && !in_turn && (0..ORDER_MS).contains(&(now_utc_ms - first.get().utc_ms)) {
            return None;
        }
        let audio = first.remove();
        Some(self.place(audio))
    }

    /// Takes the drift of the talker's clock into account: to be called where a segment begins.
    pub fn anchor(&mut self) {
        if let Some(least_ms) = self.least_ms.take() {
            self.base_ms = least_ms;
        }
    }

    fn place(&mut self, audio: TrackAudio) -> Piece {
        let samples = opus_packet::samples(&audio.payload).unwrap_or(0);
        let seen_ms = audio.utc_ms - ms(audio.rtp_ts);
        let follows = self.next.filter(|next| {
            let goes_on = audio.seq == next.seq
                && audio.rtp_ts.checked_sub(next.rtp_ts).is_some_and(|pause| pause <= PAUSE_SAMPLES);
            let jumped = (seen_ms - self.base_ms).abs() > JUMP_MS && !goes_on;
            !jumped && audio.rtp_ts + opus_packet::SAMPLES_MAX >= next.rtp_ts
        });
        let anew = follows.is_none();
        if anew {
            self.base_ms = seen_ms;
            self.least_ms = None;
        }
        self.least_ms = Some(self.least_ms.map_or(seen_ms, |least| least.min(seen_ms)));
        let at_utc_ms = self.base_ms + ms(audio.rtp_ts);
        let pause_samples = follows.map_or(0, |next| audio.rtp_ts.saturating_sub(next.rtp_ts));
        let was_lost = follows.is_some_and(|next| audio.seq > next.seq) && ms(pause_samples) >= LISTED_MS;
        self.next = Some(Next { seq: audio.seq + 1, rtp_ts: audio.rtp_ts + samples });
        Piece {
            payload: audio.payload.to_vec(),
            samples,
            pause_samples,
            at_utc_ms,
            lost: was_lost.then(|| (at_utc_ms - ms(pause_samples), at_utc_ms)),
            anew,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::TrackId;

    /// Fullband CELT of 20 ms.
    const PAYLOAD: [u8; 3] = [0xf8, 1, 2];

    fn packet(seq: u64, rtp_ts: u64, utc_ms: i64) -> TrackAudio {
        TrackAudio { track: TrackId(1), seq, rtp_ts, utc_ms, payload: PAYLOAD.as_slice().into() }
    }

    fn drained(timeline: &mut Timeline) -> Vec<Piece> {
        std::iter::from_fn(|| timeline.next(i64::MAX, true)).collect()
    }

    #[test]
    fn packets_that_were_swapped_on_the_way_stand_in_order() {
        let mut timeline = Timeline::default();
        for (seq, rtp_ts) in [(10, 0), (12, 1_920), (11, 960), (12, 1_920)] {
            timeline.take(packet(seq, rtp_ts, 1_000));
        }
        let pieces = drained(&mut timeline);
        assert_eq!(pieces.iter().map(|piece| piece.at_utc_ms).collect::<Vec<_>>(), [1_000, 1_020, 1_040]);
        assert!(pieces.iter().all(|piece| piece.pause_samples == 0 && piece.lost.is_none()));
        assert_eq!(timeline.useless, 1);
    }

    #[test]
    fn a_packet_waits_a_tenth_of_a_second_for_its_predecessor() {
        let mut timeline = Timeline::default();
        timeline.take(packet(1, 0, 1_000));
        timeline.take(packet(3, 1_920, 1_040));
        assert!(timeline.next(1_100, false).is_some());
        assert!(timeline.next(1_139, false).is_none());
        assert!(timeline.next(1_140, false).is_some());
    }

    #[test]
    fn a_pause_of_the_talker_stays_as_long_as_it_was_and_is_no_loss() {
        let mut timeline = Timeline::default();
        timeline.take(packet(1, 0, 1_000));
        timeline.take(packet(2, 48_000, 2_000));
        let pieces = drained(&mut timeline);
        assert_eq!((pieces[1].pause_samples, pieces[1].lost), (48_000 - 960, None));
    }

    #[test]
    fn what_the_network_lost_is_reported_from_and_to() {
        let mut timeline = Timeline::default();
        timeline.take(packet(1, 0, 1_000));
        timeline.take(packet(12, 10_560, 1_220));
        assert_eq!(drained(&mut timeline)[1].lost, Some((1_020, 1_220)));
    }

    #[test]
    fn a_single_lost_packet_is_filled_and_not_listed() {
        let mut timeline = Timeline::default();
        timeline.take(packet(1, 0, 1_000));
        timeline.take(packet(3, 1_920, 1_040));
        let pieces = drained(&mut timeline);
        assert_eq!((pieces[1].pause_samples, pieces[1].lost), (960, None));
    }

    #[test]
    fn timestamps_that_were_set_anew_begin_a_segment_at_the_time_of_arrival() {
        let mut timeline = Timeline::default();
        timeline.take(packet(1, 0, 1_000));
        timeline.take(packet(2, 4_000_000_000, 1_020));
        timeline.take(packet(3, 960, 1_040));
        let pieces = drained(&mut timeline);
        assert!(pieces.iter().all(|piece| piece.anew && piece.pause_samples == 0));
        assert_eq!(pieces.iter().map(|piece| piece.at_utc_ms).collect::<Vec<_>>(), [1_000, 1_020, 1_040]);
    }

    #[test]
    fn what_is_no_opus_packet_is_left_out() {
        let mut timeline = Timeline::default();
        timeline.take(TrackAudio { payload: [].as_slice().into(), ..packet(1, 0, 0) });
        assert_eq!((drained(&mut timeline).len(), timeline.useless), (0, 1));
    }

    #[test]
    fn a_talker_whose_clock_runs_fast_is_put_right_where_a_segment_begins() {
        let mut timeline = Timeline::default();
        for n in 0..100_u64 {
            timeline.take(packet(n, n * 960, 1_000 + n as i64 * 19));
        }
        drained(&mut timeline);
        timeline.anchor();
        timeline.take(packet(100, 96_000, 2_900));
        assert_eq!(drained(&mut timeline)[0].at_utc_ms, 1_000 + 99 * 19 - 99 * 20 + 2_000);
    }

    #[test]
    fn a_step_of_utc_within_a_talk_is_neither_a_gap_nor_a_new_segment() {
        for step_ms in [-3_600_000, 5_000] {
            let mut timeline = Timeline::default();
            for n in 0..10_u64 {
                let stepped = if n < 5 { 0 } else { step_ms };
                timeline.take(packet(n, n * 960, 4_000_000 + n as i64 * 20 + stepped));
            }
            let pieces = drained(&mut timeline);
            assert_eq!(pieces.iter().map(|piece| piece.anew).filter(|anew| *anew).count(), 1);
            assert!(pieces.iter().all(|piece| piece.pause_samples == 0 && piece.lost.is_none()));
            assert_eq!(pieces[9].at_utc_ms, 4_000_180);
        }
    }

    #[test]
    fn a_packet_from_before_utc_went_back_does_not_wait_for_its_predecessor() {
        let mut timeline = Timeline::default();
        timeline.take(packet(1, 0, 4_000_000));
        timeline.take(packet(3, 1_920, 4_000_040));
        assert!(timeline.next(400_000, false).is_some());
        assert!(timeline.next(400_000, false).is_some());
    }
}
