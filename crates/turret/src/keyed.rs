//! What was keyed while the switch was not there: each microphone's open time, kept until it can be told.
//!
//! Law: pure; times are UTC milliseconds by the switch's clock. What is told is cut to the time without the switch.

use crate::mics::Gate;
use dealerboard_model::{LineId, Uplink};
use dealerboard_wire::KeyedInterval;
use std::collections::{BTreeMap, VecDeque};

/// Intervals that are kept at most; the oldest go first.
const KEPT_MAX: usize = 512;

/// How long an ended interval is kept while the switch is there, milliseconds: longer than a loss goes unnoticed.
const KEPT_MS: i64 = 10_000;

/// Open times of the microphones.
#[derive(Debug, Default)]
pub struct Keyed {
    open: BTreeMap<(LineId, Uplink), i64>,
    ended: VecDeque<KeyedInterval>,
    lost_since: Option<i64>,
}

impl Keyed {
    /// These microphones are open now, all others are shut.
    pub fn follow(&mut self, gates: &[Gate], now_utc_ms: i64) {
        let keys: Vec<(LineId, Uplink)> =
            gates.iter().filter_map(|gate| Some((gate.line.clone()?, gate.uplink))).collect();
        let ended = &mut self.ended;
        self.open.retain(|key, from| {
            let goes_on = keys.contains(key);
            if !goes_on {
                let (line, uplink) = key.clone();
                ended.push_back(KeyedInterval { line, uplink, from_utc_ms: *from, to_utc_ms: now_utc_ms });
            }
            goes_on
        });
        for key in keys {
            self.open.entry(key).or_insert(now_utc_ms);
        }
        let old = self.lost_since.unwrap_or(now_utc_ms).min(now_utc_ms) - KEPT_MS;
        while self.ended.front().is_some_and(|first| self.ended.len() > KEPT_MAX || first.to_utc_ms < old) {
            self.ended.pop_front();
        }
    }

    /// The switch was last heard at `since_utc_ms`; a loss within a loss is one loss.
    pub fn lose(&mut self, since_utc_ms: i64) {
        self.lost_since.get_or_insert(since_utc_ms);
    }

    /// The switch is back: what was keyed without it, oldest first.
    pub fn find(&mut self, now_utc_ms: i64) -> Vec<KeyedInterval> {
        let Some(since) = self.lost_since.take() else { return Vec::new() };
        let still = self.open.iter().map(|((line, uplink), from)| KeyedInterval {
            line: line.clone(),
            uplink: *uplink,
            from_utc_ms: *from,
            to_utc_ms: now_utc_ms,
        });
        let all = self.ended.iter().cloned().chain(still);
        let cut = all.map(|it| KeyedInterval { from_utc_ms: it.from_utc_ms.max(since), ..it });
        cut.filter(|it| it.from_utc_ms < it.to_utc_ms).collect()
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

    #[test]
    fn what_was_keyed_after_the_last_contact_is_told_and_no_more() {
        let mut keyed = Keyed::default();
        keyed.follow(&left(), 1_000);
        keyed.follow(&left(), 5_000);
        keyed.lose(3_000);
        keyed.follow(&[], 6_000);
        assert_eq!(keyed.find(9_000), interval(3_000, 6_000));
    }

    #[test]
    fn a_microphone_that_shut_before_the_loss_was_noticed_is_told_too() {
        let mut keyed = Keyed::default();
        keyed.follow(&left(), 1_000);
        keyed.follow(&[], 4_000);
        keyed.lose(3_000);
        assert_eq!(keyed.find(9_000), interval(3_000, 4_000));
    }

    #[test]
    fn a_loss_within_a_loss_is_one_loss_and_is_told_once() {
        let mut keyed = Keyed::default();
        keyed.follow(&left(), 1_000);
        keyed.lose(3_000);
        keyed.lose(7_000);
        keyed.follow(&left(), 8_000);
        assert_eq!(keyed.find(8_000), interval(3_000, 8_000));
        assert_eq!(keyed.find(9_000), Vec::new());
    }

    #[test]
    fn what_was_keyed_while_the_switch_was_there_is_not_told() {
        let mut keyed = Keyed::default();
        keyed.follow(&left(), 1_000);
        keyed.follow(&[], 2_000);
        keyed.lose(3_000);
        assert_eq!(keyed.find(9_000), Vec::new());
    }
}
