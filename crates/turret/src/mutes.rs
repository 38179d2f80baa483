//! Microphones that their user muted here.
//!
//! Law: pure. A mute belongs to the calls that it was pressed in, one that is on its way among them, and ends when they have
//! left the position: released, held or gone elsewhere. The next call there is heard. One that was pressed on hook waits for the
//! next call.

use crate::facts::Facts;
use crate::mics::Mics;
use dealerboard_model::{CallId, LineId, Position};
use std::collections::BTreeMap;

/// A line, and the call on it; none: whichever comes of a press that is on its way.
type Call = (LineId, Option<CallId>);

/// Which positions are muted, and in which calls.
#[derive(Clone, Debug, Default)]
pub struct Mutes(BTreeMap<Position, Vec<Call>>);

impl Mutes {
    /// This position is muted.
    #[must_use]
    pub fn contains(&self, position: Position) -> bool {
        self.0.contains_key(&position)
    }

    /// Mutes a position in the call that it carries, and in the one that is on its way to it.
    pub fn mute(&mut self, position: Position, facts: &Facts, mics: &Mics) {
        let coming = mics.line_on_its_way_to(position).map(|line| (line.clone(), None));
        self.0.insert(position, call_at(position, facts).into_iter().chain(coming).collect());
    }

    /// Ends a position's mute.
    pub fn end(&mut self, position: Position) {
        self.0.remove(&position);
    }

    /// Nobody is logged on any more.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Ends the mutes of calls that have left their positions.
    pub fn settle(&mut self, facts: &Facts, mics: &Mics) {
        self.0.retain(|position, calls| {
            let now = call_at(*position, facts);
            if calls.is_empty() {
                calls.extend(now);
                return true;
            }
            let coming = mics.line_on_its_way_to(*position);
            calls.retain_mut(|(line, call)| {
                // The list of microphones comes after the news of the line: not a sample goes out in between.
                let listed = facts.mics.iter().any(|mic| mic.line == *line && mic.uplink == position.uplink());
                let Some((_, carried)) = now.as_ref().filter(|(carried, _)| carried == line) else {
                    return listed || coming == Some(line);
                };
                *call = call.or(*carried);
                listed || call == carried
            });
            if calls.is_empty() {
                return false;
            }
            // A call that comes in the place of the muted one without a press here, as one that a colleague has announced and
            // gives on does, is muted as well: it was shut for the other one a moment ago.
            let follows = now.filter(|(line, _)| coming != Some(line) && !calls.iter().any(|(it, _)| it == line));
            calls.extend(follows);
            true
        });
    }
}

fn call_at(position: Position, facts: &Facts) -> Option<Call> {
    let line = facts.line_at(position)?;
    // A hoot's call comes and goes with what is said there.
    let call = facts.statuses.get(line).filter(|_| !facts.is_hoot(line)).and_then(|status| status.call);
    Some((line.clone(), call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mics::{PENDING, Pending};
    use dealerboard_model::{LineStatus, Moment, Party, TurretId, Uplink, UserId};
    use dealerboard_wire::OpenMic;
    use tokio::time::Instant;
    use uuid::Uuid;

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    /// The left handset carries this call of this line; none: it is on hook.
    fn carries(call: Option<(&str, u32)>) -> Facts {
        let statuses = call.map(|(line, call)| {
            let (user, turret, position) = (UserId::from("reyes"), TurretId(1), Position::Left);
            let party = Party::new(user, turret, position, NOW);
            let status =
                LineStatus { parties: vec![party], call: Some(CallId(call)), ..LineStatus::idle(line.into(), NOW) };
            (LineId::from(line), status)
        });
        Facts { turret: Some(TurretId(1)), statuses: statuses.into_iter().collect(), ..Facts::default() }
    }

    fn muted_in(call: Option<(&str, u32)>) -> Mutes {
        let mut mutes = Mutes::default();
        mutes.mute(Position::Left, &carries(call), &Mics::default());
        mutes
    }

    #[test]
    fn a_mute_ends_with_its_call() {
        let mut mutes = muted_in(Some(("calder", 7)));
        mutes.settle(&carries(Some(("calder", 7))), &Mics::default());
        assert!(mutes.contains(Position::Left));
        mutes.settle(&carries(None), &Mics::default());
        assert!(!mutes.contains(Position::Left));
    }

    #[test]
    fn a_mute_stays_while_the_switch_still_lists_the_microphone_of_the_call_that_ended() {
        let mut mutes = muted_in(Some(("calder", 7)));
        let (uplink, line) = (Uplink::Left, "calder".into());
        let mic = OpenMic { uplink, position: None, line, since: NOW, hearers: 1, muted: false, closes_at: None };
        mutes.settle(&Facts { mics: vec![mic], ..carries(None) }, &Mics::default());
        assert!(mutes.contains(Position::Left));
        mutes.settle(&carries(None), &Mics::default());
        assert!(!mutes.contains(Position::Left));
    }

    #[test]
    fn a_mute_goes_on_in_a_call_that_somebody_else_puts_in_the_place_of_the_muted_one() {
        let mut mutes = muted_in(Some(("intercom-3", 3)));
        let (uplink, line) = (Uplink::Left, "intercom-3".into());
        let mic = OpenMic { uplink, position: None, line, since: NOW, hearers: 1, muted: false, closes_at: None };
        mutes.settle(&Facts { mics: vec![mic], ..carries(Some(("calder", 7))) }, &Mics::default());
        mutes.settle(&carries(Some(("calder", 7))), &Mics::default());
        assert!(mutes.contains(Position::Left));
    }

    #[test]
    fn what_is_shut_while_the_next_call_is_on_its_way_is_shut_in_it() {
        let (mut mics, mut mutes) = (Mics::default(), Mutes::default());
        let (uplink, position, until) = (Uplink::Left, Position::Left, Instant::now() + PENDING);
        let line = Some(LineId::from("macro"));
        mics.press(Uuid::from_u128(1), Pending { line, uplink, position, since_utc_ms: 7, until });
        mutes.mute(Position::Left, &carries(Some(("calder", 7))), &mics);
        mutes.settle(&carries(None), &mics);
        for (call, muted) in [(8, true), (8, true), (9, false)] {
            mutes.settle(&carries(Some(("macro", call))), &Mics::default());
            assert_eq!(mutes.contains(Position::Left), muted, "{call}");
        }
    }

    #[test]
    fn a_refused_call_opens_no_microphone_that_was_shut_while_it_was_on_its_way() {
        let (mut mics, mut mutes) = (Mics::default(), Mutes::default());
        let (uplink, position, until) = (Uplink::Left, Position::Left, Instant::now() + PENDING);
        let line = Some(LineId::from("macro"));
        mics.press(Uuid::from_u128(1), Pending { line, uplink, position, since_utc_ms: 7, until });
        mutes.mute(Position::Left, &carries(Some(("calder", 7))), &mics);
        mutes.settle(&carries(Some(("calder", 7))), &Mics::default());
        assert!(mutes.contains(Position::Left));
    }

    #[test]
    fn a_call_that_takes_the_place_of_a_muted_one_is_not_muted() {
        for next in [("macro", 8), ("calder", 8)] {
            let mut mutes = muted_in(Some(("calder", 7)));
            mutes.settle(&carries(Some(next)), &Mics::default());
            assert!(!mutes.contains(Position::Left), "{next:?}");
        }
    }

    #[test]
    fn a_handset_that_was_muted_on_hook_is_muted_in_its_next_call_only() {
        let mut mutes = muted_in(None);
        for (call, muted) in [(None, true), (Some(("calder", 7)), true), (None, false)] {
            mutes.settle(&carries(call), &Mics::default());
            assert_eq!(mutes.contains(Position::Left), muted);
        }
    }
}
