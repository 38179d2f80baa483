//! Intercoms that their user has pressed and that the panel does not list yet: each can be taken back.
//!
//! Law: pure. What was taken back is due to be released as soon as its line is known, by the answer or by the list of
//! lines, whatever breaks in between; until then it is not called again.

use crate::facts::Facts;
use dealerboard_model::{GroupId, LineId, Position, UserId};
use std::collections::BTreeMap;
use tokio::time::Instant;
use uuid::Uuid;

/// Who is called by intercom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// One person.
    Person(UserId),
    /// A group of the floor file, or one of picked people that is up.
    Group(GroupId),
    /// Several people who were picked.
    Picked,
}

/// One intercom on its way.
#[derive(Clone, Debug)]
pub struct Calling {
    /// Who is called.
    pub whom: Whom,
    /// Where the caller talks.
    pub position: Position,
    /// Its user does not want it any more.
    pub taken_back: bool,
    /// Once the switch has made it.
    line: Option<LineId>,
    /// The switch has not answered yet.
    asked: bool,
    /// An answered one that is not listed by then is over.
    until: Instant,
}

/// Intercoms on their way, by the id of their command.
#[derive(Clone, Debug, Default)]
pub struct Calls(BTreeMap<Uuid, Calling>);

impl Calls {
    /// The switch is asked for an intercom with `whom`.
    pub fn ask(&mut self, id: Uuid, whom: Whom, position: Position, until: Instant) {
        self.0.insert(id, Calling { whom, position, taken_back: false, line: None, asked: true, until });
    }

    /// The call to `whom` that is on its way, the one that was not taken back first.
    #[must_use]
    pub fn to(&self, whom: &Whom) -> Option<(Uuid, &Calling)> {
        let calls = self.0.iter().filter(|(_, call)| call.whom == *whom).map(|(id, call)| (*id, call));
        calls.min_by_key(|(_, call)| call.taken_back)
    }

    /// The calls on their way from `position` that were not taken back.
    pub fn at(&self, position: Position) -> impl Iterator<Item = (Uuid, &Calling)> {
        let here = move |call: &Calling| call.position == position && !call.taken_back;
        self.0.iter().filter(move |(_, call)| here(call)).map(|(id, call)| (*id, call))
    }

    /// Its user does not want it any more.
    pub fn take_back(&mut self, id: Uuid) {
        if let Some(call) = self.0.get_mut(&id) {
            call.taken_back = true;
        }
    }

    /// The switch has made it: this is its line.
    pub fn made(&mut self, id: Uuid, line: Option<LineId>) {
        match (self.0.get_mut(&id), line) {
            (Some(call), Some(line)) => (call.line, call.asked) = (Some(line), false),
            (Some(_), None) => drop(self.0.remove(&id)),
            (None, _) => {}
        }
    }

    /// The switch has refused it.
    pub fn refused(&mut self, id: Uuid) {
        self.0.remove(&id);
    }

    /// No answer comes any more, though the switch may have made it; true when it was taken back.
    pub fn dropped(&mut self, id: Uuid) -> bool {
        match self.0.get_mut(&id) {
            Some(call) if call.taken_back => {
                call.asked = false;
                true
            }
            Some(_) => {
                self.0.remove(&id);
                false
            }
            None => false,
        }
    }

    /// The lines of calls that were taken back: they are to be released now, and are forgotten here.
    pub fn due(&mut self, facts: &Facts) -> Vec<LineId> {
        let mut lines = Vec::new();
        self.0.retain(|_, call| {
            let line = call.line.as_ref().or_else(|| facts.intercom_of(&call.whom));
            let due = line.filter(|_| call.taken_back).cloned();
            let stays = due.is_none();
            lines.extend(due);
            stays
        });
        lines
    }

    /// What the panel lists is on its way no more, nor what nobody answers or shows. While the switch is lost, what was
    /// taken back and not answered may be listed at its return.
    pub fn settle(&mut self, facts: &Facts, up: bool, now: Instant) {
        self.0.retain(|_, call| {
            let listed = call.line.as_ref().is_some_and(|line| facts.lines.contains_key(line));
            call.asked || (call.taken_back && !up) || (call.line.is_some() && !listed && call.until > now)
        });
    }

    /// Nothing that was pressed is meant any more.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mics::PENDING;
    use dealerboard_model::{Csrc, LineFacts, LineKind, LineStatus, Moment, RecordPolicy};

    const ID: Uuid = Uuid::from_u128(1);

    fn calling(now: Instant) -> Calls {
        let mut calls = Calls::default();
        calls.ask(ID, Whom::Person("lindt".into()), Position::HandsFree, now + PENDING);
        calls
    }

    fn listed() -> Facts {
        let (line, name, number) = (LineId::from("ic-1"), "lindt".to_owned(), String::new());
        let (kind, csrc, record) = (LineKind::Intercom, Csrc(9), RecordPolicy::On);
        let mut facts = Facts::default();
        facts.statuses.insert(line.clone(), LineStatus::idle(line.clone(), Moment { mono_us: 0, utc_ms: 0 }));
        facts.lines.insert(line.clone(), LineFacts { line, name, number, kind, csrc, record });
        facts
    }

    #[test]
    fn a_call_that_was_taken_back_is_released_when_the_switch_has_made_it() {
        let mut calls = calling(Instant::now());
        calls.take_back(ID);
        assert!(calls.due(&Facts::default()).is_empty());
        calls.made(ID, Some("ic-1".into()));
        assert_eq!(calls.due(&Facts::default()), ["ic-1".into()]);
        assert!(calls.due(&Facts::default()).is_empty());
    }

    #[test]
    fn a_call_that_was_taken_back_is_released_when_it_is_listed_though_its_answer_was_lost() {
        let now = Instant::now();
        let mut calls = calling(now);
        calls.take_back(ID);
        assert!(calls.dropped(ID));
        calls.settle(&Facts::default(), false, now + 10 * PENDING);
        assert_eq!(calls.due(&listed()), ["ic-1".into()]);
    }

    #[test]
    fn a_call_that_was_not_taken_back_is_not_released() {
        let mut calls = calling(Instant::now());
        calls.made(ID, Some("ic-1".into()));
        assert!(calls.due(&listed()).is_empty());
    }

    #[test]
    fn a_call_that_is_listed_refused_or_never_shown_is_on_its_way_no_more() {
        let now = Instant::now();
        let is_over = |change: &dyn Fn(&mut Calls), facts: &Facts, now| {
            let mut calls = calling(now);
            change(&mut calls);
            calls.settle(facts, true, now + PENDING);
            calls.to(&Whom::Person("lindt".into())).is_none()
        };
        let made = |calls: &mut Calls| calls.made(ID, Some("ic-1".into()));
        assert!(is_over(&made, &listed(), now) && is_over(&made, &Facts::default(), now));
        assert!(is_over(&|calls| calls.refused(ID), &Facts::default(), now));
        assert!(!is_over(&|_| {}, &Facts::default(), now));
    }
}
