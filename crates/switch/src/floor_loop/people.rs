//! What everybody sees of people: who is there, busy, or not to be disturbed. Told to all in steps.
//!
//! ```text
//! Nobody has changed ─somebody has─► Waits ─[`STEP`]─► everybody is told of all who have
//! ```
//!
//! Law: each call changes what a whole floor sees of somebody. A step tells how they are at its end, so that a thousand
//! turrets are woken ten times a second and not for each of them.

use super::FloorLoop;
use dealerboard_model::UserId;
use dealerboard_wire::Event;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long somebody waits for others to be told of with them: less than a glance at the list takes.
const STEP: Duration = Duration::from_millis(100);

/// Who has changed since everybody was told last.
#[derive(Default)]
pub struct People {
    changed: BTreeSet<UserId>,
    due: Option<Instant>,
}

impl People {
    /// Somebody is seen otherwise from now on.
    pub fn changed(&mut self, user: UserId) {
        self.changed.insert(user);
        self.due.get_or_insert_with(|| Instant::now() + STEP);
    }

    /// Waits for the end of the step; for ever while nobody has changed.
    pub async fn step(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    fn take(&mut self) -> BTreeSet<UserId> {
        self.due = None;
        std::mem::take(&mut self.changed)
    }
}

impl FloorLoop {
    /// Tells everybody how those are who have changed.
    pub(super) fn tell_people(&mut self) {
        let statuses = self.people.take().iter().map(|user| self.exchange.person(user)).collect();
        self.tell_all(Event::People { statuses });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn who_changes_within_a_step_is_told_of_once_with_the_others_at_its_end() {
        let mut people = People::default();
        for user in ["reyes", "marsh", "reyes"] {
            people.changed(user.into());
        }
        let began = Instant::now();
        people.step().await;
        assert_eq!(began.elapsed(), STEP);
        assert_eq!(people.take(), BTreeSet::from(["marsh".into(), "reyes".into()]));
        assert!(timeout(10 * STEP, people.step()).await.is_err(), "nobody has changed");
    }
}
