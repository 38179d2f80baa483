//! What was keyed while the switch was not there: each microphone's open time, kept until the switch has taken it.
//!
//! Law: pure; no step of a clock changes a length. What is told is cut to the time without the switch, and no moment is in
//! two reports; a report is told at every return, under its one id, until it is answered.

use crate::mics::Gate;
use dealerboard_model::{LineId, Uplink};
use dealerboard_wire::{KEYED_INTERVALS_MAX, KeyedInterval};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Intervals that are kept at most; the oldest go first.
const KEPT_MAX: usize = 512;

/// Reports that wait for their answer at most; the oldest go first.
const REPORTS_MAX: usize = KEPT_MAX / KEYED_INTERVALS_MAX;

/// How long an ended interval is kept while the switch is there: longer than a loss goes unnoticed.
const KEPT: Duration = Duration::from_secs(10);

/// Open times of the microphones.
#[derive(Debug, Default)]
pub struct Keyed {
    open: BTreeMap<(LineId, Uplink), Instant>,
    ended: VecDeque<((LineId, Uplink), Instant, Instant)>,
    lost_since: Option<Instant>,
    /// Up to when everything is in a report.
    reported: Option<Instant>,
    reports: VecDeque<(Uuid, Vec<KeyedInterval>)>,
}

impl Keyed {
    /// These microphones are open now, all others are shut.
    pub fn follow(&mut self, gates: &[Gate], now: Instant) {
        let keys: Vec<(LineId, Uplink)> =
            gates.iter().filter_map(|gate| Some((gate.line.clone()?, gate.uplink))).collect();
        let ended = &mut self.ended;
        self.open.retain(|key, from| {
            let goes_on = keys.contains(key);
            if !goes_on {
                ended.push_back((key.clone(), *from, now));
            }
            goes_on
        });
        for key in keys {
            self.open.entry(key).or_insert(now);
        }
        let wanted =
            |to: Instant| now.saturating_duration_since(to) <= KEPT || self.lost_since.is_some_and(|at| at < to);
        while self.ended.front().is_some_and(|(_, _, to)| self.ended.len() > KEPT_MAX || !wanted(*to)) {
            self.ended.pop_front();
        }
    }

    /// The switch was last heard at `since`; a loss within a loss is one loss.
    pub fn lose(&mut self, since: Instant) {
        let since = self.reported.map_or(since, |reported| since.max(reported));
        self.lost_since.get_or_insert(since);
    }

    /// The switch is back, at `now_utc_ms` by its clock: what was keyed without it is to be reported. Gives how many
    /// intervals found no room and will never be.
    pub fn find(&mut self, now: Instant, now_utc_ms: i64, new_id: impl Fn() -> Uuid) -> usize {
        for intervals in self.keyed_without(now, now_utc_ms).chunks(KEYED_INTERVALS_MAX) {
            self.reports.push_back((new_id(), intervals.to_vec()));
        }
        let too_many = self.reports.len().saturating_sub(REPORTS_MAX);
        self.reports.drain(..too_many).map(|(_, intervals)| intervals.len()).sum()
    }

    /// Every report that the switch has not answered, oldest first.
    pub fn reports(&self) -> impl Iterator<Item = (Uuid, Vec<KeyedInterval>)> {
        self.reports.iter().cloned()
    }

    /// The switch has taken a report; false when `id` is none's.
    pub fn answered(&mut self, id: Uuid) -> bool {
        let waiting = self.reports.len();
        self.reports.retain(|(report, _)| *report != id);
        self.reports.len() < waiting
    }

    fn keyed_without(&mut self, now: Instant, now_utc_ms: i64) -> Vec<KeyedInterval> {
        let Some(since) = self.lost_since.take() else { return Vec::new() };
        self.reported = Some(now);
        let utc_ms = |at: Instant| {
            let ago = now.saturating_duration_since(at).as_millis();
            now_utc_ms - i64::try_from(ago).unwrap_or(i64::MAX)
        };
        let still = self.open.iter().map(|(key, from)| (key.clone(), *from, now));
        let all = self.ended.iter().cloned().chain(still);
        let cut = all.map(|(key, from, to)| (key, from.max(since), to)).filter(|(_, from, to)| from < to);
        cut.map(|((line, uplink), from, to)| KeyedInterval {
            line,
            uplink,
            from_utc_ms: utc_ms(from),
            to_utc_ms: utc_ms(to),
        })
        .collect()
    }

    /// Another session: what was keyed in the old one is not its own.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dealerboard_model::Position;

    fn left() -> Vec<Gate> {
        vec![Gate { line: Some("calder".into()), uplink: Uplink::Left, position: Position::Left }]
    }

    fn interval(from_utc_ms: i64, to_utc_ms: i64) -> Vec<KeyedInterval> {
        vec![KeyedInterval { line: "calder".into(), uplink: Uplink::Left, from_utc_ms, to_utc_ms }]
    }

    /// What is reported at a return then.
    fn found(keyed: &mut Keyed, now: Instant, now_utc_ms: i64) -> Vec<KeyedInterval> {
        let before = keyed.reports().count();
        assert_eq!(keyed.find(now, now_utc_ms, Uuid::new_v4), 0);
        keyed.reports().skip(before).flat_map(|(_, intervals)| intervals).collect()
    }

    fn after_ms(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn what_was_keyed_after_the_last_contact_is_told_and_no_more() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.follow(&left(), after_ms(start, 5_000));
        keyed.lose(after_ms(start, 3_000));
        keyed.follow(&[], after_ms(start, 6_000));
        assert_eq!(found(&mut keyed, after_ms(start, 9_000), 9_000), interval(3_000, 6_000));
    }

    #[test]
    fn a_microphone_that_shut_before_the_loss_was_noticed_is_told_too() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.follow(&[], after_ms(start, 4_000));
        keyed.lose(after_ms(start, 3_000));
        keyed.follow(&[], after_ms(start, 60_000));
        assert_eq!(found(&mut keyed, after_ms(start, 60_000), 60_000), interval(3_000, 4_000));
    }

    #[test]
    fn a_loss_within_a_loss_is_one_loss_and_is_told_once() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.lose(after_ms(start, 3_000));
        keyed.lose(after_ms(start, 7_000));
        keyed.follow(&left(), after_ms(start, 8_000));
        assert_eq!(found(&mut keyed, after_ms(start, 8_000), 8_000), interval(3_000, 8_000));
        assert_eq!(found(&mut keyed, after_ms(start, 9_000), 9_000), Vec::new());
    }

    #[test]
    fn what_was_keyed_while_the_switch_was_there_is_not_told() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.follow(&[], after_ms(start, 2_000));
        keyed.lose(after_ms(start, 3_000));
        assert_eq!(found(&mut keyed, after_ms(start, 9_000), 9_000), Vec::new());
    }

    #[test]
    fn a_report_is_kept_under_its_id_until_it_is_answered_whatever_is_lost_meanwhile() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.lose(after_ms(start, 3_000));
        found(&mut keyed, after_ms(start, 4_000), 4_000);
        let told: Vec<_> = keyed.reports().collect();
        keyed.follow(&[], after_ms(start, 4_500));
        keyed.lose(after_ms(start, 5_000));
        found(&mut keyed, after_ms(start, 6_000), 6_000);
        assert_eq!(keyed.reports().collect::<Vec<_>>(), told);
        assert!(keyed.answered(told[0].0) && !keyed.answered(told[0].0));
        assert_eq!(keyed.reports().count(), 0);
    }

    #[test]
    fn no_moment_is_in_two_reports_though_the_last_contact_was_before_the_first_of_them() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.lose(after_ms(start, 3_000));
        assert_eq!(found(&mut keyed, after_ms(start, 4_000), 4_000), interval(3_000, 4_000));
        keyed.lose(after_ms(start, 3_990));
        keyed.follow(&[], after_ms(start, 4_700));
        assert_eq!(found(&mut keyed, after_ms(start, 5_000), 5_000), interval(4_000, 4_700));
    }

    #[test]
    fn what_does_not_fit_into_one_report_goes_in_more_and_what_is_too_much_is_counted() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        let open = left();
        keyed.lose(start);
        for ms in 0..1_000 {
            keyed.follow(if ms % 2 == 0 { &[] } else { &open }, after_ms(start, ms));
        }
        assert_eq!(keyed.find(after_ms(start, 1_000), 1_000, Uuid::new_v4), 0);
        let lengths: Vec<usize> = keyed.reports().map(|(_, intervals)| intervals.len()).collect();
        assert_eq!(lengths, [64, 64, 64, 64, 64, 64, 64, 52]);
        keyed.lose(after_ms(start, 1_001));
        keyed.follow(&[], after_ms(start, 1_002));
        assert_eq!(keyed.find(after_ms(start, 2_000), 2_000, Uuid::new_v4), 64);
    }
}
