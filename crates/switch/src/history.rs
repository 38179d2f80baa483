//! The history of users' calls on its way to the records, and pages of it on their way to turrets.
//!
//! Law: who hands over an entry or asks for a page never waits for the disk. What waits is bounded; a page shows what waits
//! too, so that an entry is never missing in one because the disk is slow.

use crate::outbox::Outbox;
use dealerboard_model::{HistoryEntry, NumberedEntry, UserId};
use dealerboard_store::{HistoryChange, HistoryRow, Records};
use dealerboard_wire::Event;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::oneshot;

/// Entries of one page.
const PAGE: u32 = 100;

/// Changes that wait for the disk at most; the oldest are given up beyond it.
const WAITING_MAX: usize = 20_000;

/// A question about a user's history.
pub struct Ask {
    /// Whose.
    pub user: UserId,
    /// What.
    pub what: Asked,
}

/// What is asked of a history.
pub enum Asked {
    /// A page, of what came before an entry where one is named.
    Page(Option<u64>, Outbox),
    /// How many messages wait, for all of these turrets.
    Waiting(Vec<Outbox>),
    /// One entry.
    Entry(u64, oneshot::Sender<Option<HistoryEntry>>),
}

/// Changes that are not written yet, and who waits for a page.
#[derive(Default)]
pub struct HistoryWaiting {
    changes: VecDeque<HistoryChange>,
    asks: Vec<Ask>,
}

impl HistoryWaiting {
    /// A change comes.
    pub fn put(&mut self, change: HistoryChange) {
        self.changes.push_back(change);
    }

    /// Somebody wants a page.
    pub fn ask(&mut self, ask: Ask) {
        self.asks.push(ask);
    }

    /// Everything that waits.
    pub fn take(&mut self) -> (Vec<HistoryChange>, Vec<Ask>) {
        (std::mem::take(&mut self.changes).into(), std::mem::take(&mut self.asks))
    }

    /// Takes back what could not be written; the number of changes for which there is no room.
    pub fn put_back(&mut self, changes: Vec<HistoryChange>) -> usize {
        let newer = std::mem::replace(&mut self.changes, changes.into());
        self.changes.extend(newer);
        let surplus = self.changes.len().saturating_sub(WAITING_MAX);
        drop(self.changes.drain(..surplus));
        surplus
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.changes.len()
    }
}

/// Answers what is asked, by what is written and what is not written yet.
pub async fn answer(records: &mut Records, ask: Ask, waiting: &[HistoryChange]) {
    let Ask { user, what } = ask;
    match what {
        Asked::Page(before, outbox) => page(records, &user, before, &outbox, waiting).await,
        Asked::Waiting(outboxes) => {
            let count = messages_waiting(records, &user, waiting).await;
            outboxes.iter().for_each(|outbox| outbox.event(Event::MessagesWaiting { count }));
        }
        Asked::Entry(n, answer) => {
            let _ = answer.send(entry(records, &user, n, waiting).await);
        }
    }
}

/// How many messages wait; what is not written yet counts as well.
async fn messages_waiting(records: &mut Records, user: &UserId, waiting: &[HistoryChange]) -> u32 {
    let written = records.messages_waiting(user.as_str()).await.unwrap_or_else(|error| {
        tracing::error!(%user, "the messages that wait cannot be counted: {error}");
        0
    });
    let comes =
        |change: &&HistoryChange| matches!(change, HistoryChange::Put(row) if row.user == user.0 && row.message);
    written.saturating_add(u32::try_from(waiting.iter().filter(comes).count()).unwrap_or(u32::MAX))
}

/// One entry that its user has not hidden.
async fn entry(records: &mut Records, user: &UserId, n: u64, waiting: &[HistoryChange]) -> Option<HistoryEntry> {
    let written = records.history_entry(user.as_str(), n).await.unwrap_or_else(|error| {
        tracing::error!(%user, n, "an entry of a history cannot be read: {error}");
        None
    });
    let mut entries: BTreeMap<u64, (Value, bool)> = written.into_iter().map(|entry| (n, (entry, false))).collect();
    waiting.iter().for_each(|change| lay_over(&mut entries, change, user, None));
    serde_json::from_value(entries.remove(&n)?.0).ok()
}

/// Shows who waits for a page what is written of it, and what is not written yet.
async fn page(records: &mut Records, user: &UserId, before: Option<u64>, outbox: &Outbox, waiting: &[HistoryChange]) {
    let written = records.history(user.as_str(), before, PAGE).await.unwrap_or_else(|error| {
        tracing::error!(%user, "what is written of a history cannot be read: {error}");
        Vec::new()
    });
    let more = written.len() >= PAGE as usize;
    let mut entries: BTreeMap<u64, (Value, bool)> =
        written.into_iter().map(|it| (it.n, (it.entry, it.heard))).collect();
    for change in waiting {
        lay_over(&mut entries, change, user, before);
    }
    let entries = entries.into_iter().rev().filter_map(|(n, (entry, heard))| {
        let entry = serde_json::from_value(entry);
        // What a newer version has written is not shown, and stays where it is.
        entry.ok().map(|entry| NumberedEntry { n, entry, heard })
    });
    outbox.event(Event::History { entries: entries.collect(), page: true, more });
}

fn lay_over(entries: &mut BTreeMap<u64, (Value, bool)>, change: &HistoryChange, user: &UserId, before: Option<u64>) {
    match change {
        HistoryChange::Put(row) if row.user == user.0 && before.is_none_or(|before| row.n < before) => {
            entries.insert(row.n, (row.entry.clone(), false));
        }
        HistoryChange::Heard { user: whose, n } if *whose == user.0 => {
            entries.get_mut(n).into_iter().for_each(|(_, heard)| *heard = true);
        }
        HistoryChange::Hide { user: whose, n: Some(n) } if *whose == user.0 => drop(entries.remove(n)),
        HistoryChange::Hide { user: whose, n: None } if *whose == user.0 => {
            entries.retain(|_, (entry, heard)| !*heard && !entry["message"].is_null())
        }
        HistoryChange::Put(_)
        | HistoryChange::Hide { .. }
        | HistoryChange::Heard { .. }
        | HistoryChange::Trim { .. } => {}
    }
}

/// An entry as it is written.
pub fn row(user: &UserId, numbered: &NumberedEntry) -> HistoryChange {
    HistoryChange::Put(HistoryRow {
        n: numbered.n,
        user: user.0.clone(),
        ended_utc_ms: numbered.entry.end_utc_ms,
        entry: serde_json::to_value(&numbered.entry).unwrap_or_default(),
        message: numbered.entry.message.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(n: u64, user: &str) -> HistoryChange {
        HistoryChange::Put(HistoryRow { n, user: user.into(), ended_utc_ms: 0, entry: Value::from(n), message: false })
    }

    #[test]
    fn a_page_shows_what_waits_for_the_disk_and_not_what_was_hidden_meanwhile() {
        let reyes = UserId::from("reyes");
        let mut entries: BTreeMap<u64, (Value, bool)> = [1, 2].map(|n| (n, (Value::from(n), false))).into();
        let hide = |n| HistoryChange::Hide { user: "reyes".into(), n };
        let heard = HistoryChange::Heard { user: "reyes".into(), n: 2 };
        for change in [put(3, "reyes"), put(4, "marsh"), put(9, "reyes"), hide(Some(1)), heard] {
            lay_over(&mut entries, &change, &reyes, Some(9));
        }
        let shown: Vec<_> = entries.iter().map(|(n, (_, heard))| (*n, *heard)).collect();
        assert_eq!(shown, [(2, true), (3, false)]);
        lay_over(&mut entries, &hide(None), &reyes, Some(9));
        assert!(entries.is_empty());
    }

    #[test]
    fn what_the_disk_refused_is_before_what_came_meanwhile_and_bounded() {
        let mut waiting = HistoryWaiting::default();
        waiting.put(put(2, "reyes"));
        assert_eq!(waiting.put_back(vec![put(1, "reyes")]), 0);
        assert_eq!(waiting.take().0, [put(1, "reyes"), put(2, "reyes")]);
        let many = (0..WAITING_MAX as u64 + 3).map(|n| put(n, "reyes")).collect();
        assert_eq!((waiting.put_back(many), waiting.len()), (3, WAITING_MAX));
    }
}
