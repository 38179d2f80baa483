//! Microphones that their user muted here.
//!
//! Law: pure. A mute belongs to the call it was pressed in, and ends with it: the next call on the same handset is heard. One
//! that was pressed on hook waits for the next call.

use crate::facts::Facts;
use dealerboard_model::{CallId, LineId, Position};
use std::collections::BTreeMap;

/// A line, and the call on it.
type Call = (LineId, Option<CallId>);

/// Which positions are muted, and in which call.
#[derive(Clone, Debug, Default)]
pub struct Mutes(BTreeMap<Position, Option<Call>>);

impl Mutes {
    /// This position is muted.
    #[must_use]
    pub fn contains(&self, position: Position) -> bool {
        self.0.contains_key(&position)
    }

    /// Mutes a position in the call that it carries now.
    pub fn mute(&mut self, position: Position, facts: &Facts) {
        self.0.insert(position, call_at(position, facts));
    }

    /// Ends a position's mute.
    pub fn end(&mut self, position: Position) {
        self.0.remove(&position);
    }

    /// Ends the mutes of calls that have left their positions.
    pub fn settle(&mut self, facts: &Facts) {
        self.0.retain(|position, muted_in| {
            let now = call_at(*position, facts);
            let Some((line, _)) = muted_in else {
                *muted_in = now;
                return true;
            };
            // The list of microphones comes after the news of the line: not a sample goes out in between.
            let listed = facts.mics.iter().any(|mic| mic.line == *line && mic.uplink == position.uplink());
            listed || *muted_in == now
        });
    }
}

fn call_at(position: Position, facts: &Facts) -> Option<Call> {
    let line = facts.line_at(position)?;
    Some((line.clone(), facts.statuses.get(line).and_then(|status| status.call)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dealerboard_model::{LineStatus, Moment, Party, TurretId, Uplink, UserId};
    use dealerboard_wire::OpenMic;

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    /// The left handset carries this call of this line; none: it is on hook.
    fn carries(call: Option<(&str, u32)>) -> Facts {
        let statuses = call.map(|(line, call)| {
            let (user, turret, position) = (UserId::from("reyes"), TurretId(1), Position::Left);
            let party = Party { user, turret, position, since: NOW, link_lost: false };
            let status =
                LineStatus { parties: vec![party], call: Some(CallId(call)), ..LineStatus::idle(line.into(), NOW) };
            (LineId::from(line), status)
        });
        Facts { turret: Some(TurretId(1)), statuses: statuses.into_iter().collect(), ..Facts::default() }
    }

    fn muted_in(call: Option<(&str, u32)>) -> Mutes {
        let mut mutes = Mutes::default();
        mutes.mute(Position::Left, &carries(call));
        mutes
    }

    #[test]
    fn a_mute_ends_with_its_call() {
        let mut mutes = muted_in(Some(("calder", 7)));
        mutes.settle(&carries(Some(("calder", 7))));
        assert!(mutes.contains(Position::Left));
        mutes.settle(&carries(None));
        assert!(!mutes.contains(Position::Left));
    }

    #[test]
    fn a_mute_stays_while_the_switch_still_lists_the_microphone_of_the_call_that_ended() {
        let mut mutes = muted_in(Some(("calder", 7)));
        let (uplink, line) = (Uplink::Left, "calder".into());
        let mic = OpenMic { uplink, line, since: NOW, hearers: 1, muted: false, closes_at: None };
        mutes.settle(&Facts { mics: vec![mic], ..carries(None) });
        assert!(mutes.contains(Position::Left));
        mutes.settle(&carries(None));
        assert!(!mutes.contains(Position::Left));
    }

    #[test]
    fn a_call_that_takes_the_place_of_a_muted_one_is_not_muted() {
        for next in [("macro", 8), ("calder", 8)] {
            let mut mutes = muted_in(Some(("calder", 7)));
            mutes.settle(&carries(Some(next)));
            assert!(!mutes.contains(Position::Left), "{next:?}");
        }
    }

    #[test]
    fn a_handset_that_was_muted_on_hook_is_muted_in_its_next_call_only() {
        let mut mutes = muted_in(None);
        for (call, muted) in [(None, true), (Some(("calder", 7)), true), (None, false)] {
            mutes.settle(&carries(call));
            assert_eq!(mutes.contains(Position::Left), muted);
        }
    }
}
