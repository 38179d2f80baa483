//! What everybody sees of people: who is there, busy, or not to be disturbed. Told to a part of the turrets at a time.
//!
//! ```text
//! Nobody has changed ─somebody has─► Waits ─[each `STEP`]─► the next part is told ─[all `PARTS`]─► Nobody has changed
//! ```
//!
//! Law: each call changes what a whole floor sees of somebody. A turret is told of all who have changed since it was told
//! last, as they are then: a thousand are woken five times a second and not for each of them, and never all at once, where
//! they would hold up a lamp.

use super::FloorLoop;
use dealerboard_model::{TurretId, UserId};
use dealerboard_wire::Event;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Parts of the turrets, by their numbers.
const PARTS: u32 = 8;

/// How long one part waits for the next; all of them together take less than a glance at the list.
const STEP: Duration = Duration::from_millis(25);

/// Who has changed, with how many parts have still to be told of them.
#[derive(Default)]
pub struct People {
    changed: BTreeMap<UserId, u32>,
    next: u32,
    due: Option<Instant>,
}

impl People {
    /// Somebody is seen otherwise from now on.
    pub fn changed(&mut self, user: UserId) {
        self.changed.insert(user, PARTS);
        self.due.get_or_insert_with(|| Instant::now() + STEP);
    }

    /// Waits until a part is to be told; for ever while nobody has changed.
    pub async fn step(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// The part that is told now, and of whom.
    fn take(&mut self) -> (u32, Vec<UserId>) {
        let part = self.next;
        self.next = (part + 1) % PARTS;
        let told = self.changed.keys().cloned().collect();
        self.changed.retain(|_, left| {
            *left -= 1;
            *left > 0
        });
        self.due = (!self.changed.is_empty()).then(|| Instant::now() + STEP);
        (part, told)
    }
}

impl FloorLoop {
    /// Tells the next part of the turrets how those are who have changed.
    pub(super) fn tell_people(&mut self) {
        let (part, changed) = self.people.take();
        let statuses = changed.iter().map(|user| self.exchange.person(user)).collect();
        self.tell_whom(Event::People { statuses }, |TurretId(number)| number % PARTS == part);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn each_part_is_told_once_of_who_has_changed_in_a_step_of_its_own() {
        let mut people = People::default();
        people.changed("reyes".into());
        let mut told = BTreeMap::new();
        let began = Instant::now();
        for n in 1..=PARTS {
            if n == 3 {
                ["marsh", "marsh"].into_iter().for_each(|user| people.changed(user.into()));
            }
            people.step().await;
            assert_eq!(began.elapsed(), n * STEP);
            let (part, users) = people.take();
            told.insert(part, users);
        }
        let (reyes, both) = (vec!["reyes".into()], vec!["marsh".into(), "reyes".into()]);
        assert_eq!(told.values().filter(|users| **users == reyes).count(), 2);
        assert_eq!(told.values().filter(|users| **users == both).count() as u32, PARTS - 2);
        // The first two have not been told of the second yet.
        assert_eq!([people.take().1, people.take().1], [vec!["marsh".into()], vec!["marsh".into()]]);
        assert!(timeout(PARTS * STEP, people.step()).await.is_err(), "all have been told of all");
    }
}
