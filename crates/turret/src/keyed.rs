//! What was keyed while the switch was not there: each microphone's open time, kept until it can be told.
//!
//! Law: pure; no step of a clock changes a length. What is told is cut to the time without the switch.

use crate::mics::Gate;
use dealerboard_model::{LineId, Uplink};
use dealerboard_wire::KeyedInterval;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Intervals that are kept at most; the oldest go first.
const KEPT_MAX: usize = 512;

/// How long an ended interval is kept while the switch is there: longer than a loss goes unnoticed.
const KEPT: Duration = Duration::from_secs(10);

/// Open times of the microphones.
#[derive(Debug, Default)]
pub struct Keyed {
    open: BTreeMap<(LineId, Uplink), Instant>,
    ended: VecDeque<((LineId, Uplink), Instant, Instant)>,
    lost_since: Option<Instant>,
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
        self.lost_since.get_or_insert(since);
    }

    /// The switch is back, at `now_utc_ms` by its clock: what was keyed without it, oldest first.
    pub fn find(&mut self, now: Instant, now_utc_ms: i64) -> Vec<KeyedInterval> {
        let Some(since) = self.lost_since.take() else { return Vec::new() };
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
        assert_eq!(keyed.find(after_ms(start, 9_000), 9_000), interval(3_000, 6_000));
    }

    #[test]
    fn a_microphone_that_shut_before_the_loss_was_noticed_is_told_too() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.follow(&[], after_ms(start, 4_000));
        keyed.lose(after_ms(start, 3_000));
        keyed.follow(&[], after_ms(start, 60_000));
        assert_eq!(keyed.find(after_ms(start, 60_000), 60_000), interval(3_000, 4_000));
    }

    #[test]
    fn a_loss_within_a_loss_is_one_loss_and_is_told_once() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.lose(after_ms(start, 3_000));
        keyed.lose(after_ms(start, 7_000));
        keyed.follow(&left(), after_ms(start, 8_000));
        assert_eq!(keyed.find(after_ms(start, 8_000), 8_000), interval(3_000, 8_000));
        assert_eq!(keyed.find(after_ms(start, 9_000), 9_000), Vec::new());
    }

    #[test]
    fn what_was_keyed_while_the_switch_was_there_is_not_told() {
        let (mut keyed, start) = (Keyed::default(), Instant::now());
        keyed.follow(&left(), after_ms(start, 1_000));
        keyed.follow(&[], after_ms(start, 2_000));
        keyed.lose(after_ms(start, 3_000));
        assert_eq!(keyed.find(after_ms(start, 9_000), 9_000), Vec::new());
    }
}
