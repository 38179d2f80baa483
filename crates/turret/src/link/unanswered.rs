//! Commands that the switch has not answered, in the order of their presses.
//!
//! Law: pure. After a break they are repeated with their ids while younger than two seconds (rule SWI-1). A talk key going
//! down is never repeated: the break has let the key go, and only a press opens it again (rule LOS-8).

use dealerboard_wire::Act;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// A press that was not answered is repeated while it is younger than this.
const REPEAT_MAX: Duration = Duration::from_secs(2);

/// Commands that may be without an answer; the oldest are given up first.
const WAITING_MAX: usize = 1_024;

/// Commands without an answer, the oldest first.
#[derive(Debug, Default)]
pub struct Unanswered(VecDeque<(Uuid, Act, Instant)>);

impl Unanswered {
    /// A command that was pressed at `pressed`; gives the one that is given up for it.
    pub fn push(&mut self, id: Uuid, act: Act, pressed: Instant) -> Option<Uuid> {
        self.0.push_back((id, act, pressed));
        let full = self.0.len() > WAITING_MAX;
        if full { self.0.pop_front().map(|(id, ..)| id) } else { None }
    }

    /// The switch has answered.
    pub fn answered(&mut self, id: Uuid) {
        self.0.retain(|(asked, ..)| *asked != id);
    }

    /// Gives up what is too old.
    pub fn drop_late(&mut self, now: Instant) -> Vec<Uuid> {
        self.drop_where(|_, pressed| now.saturating_duration_since(pressed) > REPEAT_MAX)
    }

    /// The link is lost: gives up what must not be repeated.
    pub fn drop_talks(&mut self) -> Vec<Uuid> {
        self.drop_where(|act, _| {
            matches!(
                act,
                Act::Talk { on: true, .. } | Act::Broadcast { on: true, .. } | Act::BroadcastLine { on: true, .. }
            )
        })
    }

    /// Gives up everything.
    pub fn drop_all(&mut self) -> Vec<Uuid> {
        self.drop_where(|_, _| true)
    }

    /// What is to be repeated, in order.
    pub fn repeat(&self) -> Vec<(Uuid, Act)> {
        self.0.iter().map(|(id, act, _)| (*id, act.clone())).collect()
    }

    fn drop_where(&mut self, which: impl Fn(&Act, Instant) -> bool) -> Vec<Uuid> {
        let dropped = self.0.iter().filter(|(_, act, pressed)| which(act, *pressed)).map(|(id, ..)| *id).collect();
        self.0.retain(|(_, act, pressed)| !which(act, *pressed));
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(on: bool) -> Act {
        Act::Talk { line: "macro".into(), on, latched: false }
    }

    fn hold() -> Act {
        Act::Hold { line: "calder".into(), exclusive: false }
    }

    fn release() -> Act {
        Act::Release { line: "calder".into() }
    }

    /// Ids that would sort against the order of the presses.
    fn waiting(acts: &[Act], now: Instant) -> Unanswered {
        let mut all = Unanswered::default();
        for (place, act) in acts.iter().enumerate() {
            all.push(Uuid::from_u128(100 - place as u128), act.clone(), now);
        }
        all
    }

    fn acts(all: &Unanswered) -> Vec<Act> {
        all.repeat().into_iter().map(|(_, act)| act).collect()
    }

    #[test]
    fn commands_are_repeated_in_the_order_of_their_presses() {
        let all = waiting(&[hold(), release(), hold()], Instant::now());
        assert_eq!(acts(&all), [hold(), release(), hold()]);
    }

    #[test]
    fn a_talk_key_going_down_is_not_repeated_after_a_loss_and_its_going_up_is() {
        let mut all = waiting(&[talk(true), hold(), talk(false)], Instant::now());
        assert_eq!(all.drop_talks(), [Uuid::from_u128(100)]);
        assert_eq!(acts(&all), [hold(), talk(false)]);
    }

    #[test]
    fn swi_1_a_press_older_than_two_seconds_is_given_up() {
        let then = Instant::now();
        let mut all = waiting(&[hold()], then);
        assert!(all.drop_late(then + REPEAT_MAX).is_empty());
        assert_eq!(all.drop_late(then + REPEAT_MAX + Duration::from_millis(1)), [Uuid::from_u128(100)]);
        assert_eq!(acts(&all), []);
    }

    #[test]
    fn what_is_answered_is_not_repeated() {
        let mut all = waiting(&[hold(), release()], Instant::now());
        all.answered(Uuid::from_u128(100));
        assert_eq!(acts(&all), [release()]);
    }
}
