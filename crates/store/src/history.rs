//! The history of users' calls, in the file of the records: entries by number, bounded for each user.
//!
//! Law: an entry is written once and never changed; that its message was heard stands beside it. What its user hides is there
//! until its time is over, and shown to nobody. A message that nobody has heard yet goes with its time, and with no number.

use crate::Result;
use crate::records::{Records, refused};
use serde_json::Value;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

/// The newest entries that are kept of one user.
pub const HISTORY_MAX: u32 = 500;

/// One entry of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Its number, which no other has.
    pub n: u64,
    /// Whose it is.
    pub user: String,
    /// When it ended, UTC milliseconds.
    pub ended_utc_ms: i64,
    /// What it says.
    pub entry: Value,
    /// It has a message that its user has not heard yet.
    pub message: bool,
}

/// One entry as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryShown {
    /// Its number.
    pub n: u64,
    /// What it says.
    pub entry: Value,
    /// Its message was heard.
    pub heard: bool,
}

/// One change of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryChange {
    /// An entry comes.
    Put(HistoryRow),
    /// A user sees this entry no more, or none of those that there are but for messages that they have not heard.
    Hide {
        /// Whose.
        user: String,
        /// Which; none: all.
        n: Option<u64>,
    },
    /// A user has heard the message of an entry.
    Heard {
        /// Whose.
        user: String,
        /// Which.
        n: u64,
    },
    /// What ended before is thrown away, and all but the newest [`HISTORY_MAX`].
    Trim {
        /// Whose.
        user: String,
        /// UTC milliseconds.
        before_utc_ms: i64,
    },
}

impl Records {
    /// Makes all of `changes`, or none; they are on the disk when this returns.
    ///
    /// # Errors
    /// They cannot be written: nothing has changed.
    pub async fn write_history(&mut self, changes: &[HistoryChange]) -> Result<()> {
        let written = put(&mut self.connection, changes).await;
        written.map_err(|error| refused(&self.file, error))
    }

    /// The newest entries of a user that they have not hidden, at most `max`, newest first; of those before `before` where
    /// that is given.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn history(&mut self, user: &str, before: Option<u64>, max: u32) -> Result<Vec<HistoryShown>> {
        let query = sqlx::query_as(
            "SELECT n, entry, heard FROM history WHERE user = ? AND hidden = 0 AND n < ? ORDER BY n DESC LIMIT ?",
        );
        let query = query.bind(user).bind(before.map_or(i64::MAX, number)).bind(max);
        let rows: sqlx::Result<Vec<(i64, String, bool)>> = query.fetch_all(&mut self.connection).await;
        let shown = |(n, entry, heard): (i64, String, bool)| HistoryShown {
            n: u64::try_from(n).unwrap_or(0),
            entry: serde_json::from_str(&entry).unwrap_or(Value::Null),
            heard,
        };
        Ok(rows.map_err(|error| refused(&self.file, error))?.into_iter().map(shown).collect())
    }

    /// One entry of a user that they have not hidden.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn history_entry(&mut self, user: &str, n: u64) -> Result<Option<Value>> {
        let query = sqlx::query_scalar("SELECT entry FROM history WHERE user = ? AND n = ? AND hidden = 0");
        let row: sqlx::Result<Option<String>> =
            query.bind(user).bind(number(n)).fetch_optional(&mut self.connection).await;
        let row = row.map_err(|error| refused(&self.file, error))?;
        Ok(row.and_then(|entry| serde_json::from_str(&entry).ok()))
    }

    /// How many messages wait for a user: neither heard nor hidden.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn messages_waiting(&mut self, user: &str) -> Result<u32> {
        let query = "SELECT count(*) FROM history WHERE user = ? AND message = 1 AND heard = 0 AND hidden = 0";
        let count: sqlx::Result<i64> = sqlx::query_scalar(query).bind(user).fetch_one(&mut self.connection).await;
        Ok(u32::try_from(count.map_err(|error| refused(&self.file, error))?).unwrap_or(u32::MAX))
    }

    /// The greatest number of an entry; 0 when there was none.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn last_history(&mut self) -> Result<u64> {
        let query = sqlx::query_scalar("SELECT coalesce(max(n), 0) FROM history");
        let last: sqlx::Result<i64> = query.fetch_one(&mut self.connection).await;
        Ok(u64::try_from(last.map_err(|error| refused(&self.file, error))?).unwrap_or(0))
    }
}

/// SQLite counts in signed numbers.
fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

async fn put(connection: &mut SqliteConnection, changes: &[HistoryChange]) -> sqlx::Result<()> {
    let mut all = connection.begin().await?;
    for change in changes {
        let query = match change {
            HistoryChange::Put(HistoryRow { n, user, ended_utc_ms, entry, message }) => {
                let insert =
                    "INSERT OR IGNORE INTO history (n, user, ended_utc_ms, entry, message) VALUES (?, ?, ?, ?, ?)";
                let insert = sqlx::query(insert).bind(number(*n)).bind(user).bind(ended_utc_ms);
                insert.bind(entry.to_string()).bind(message)
            }
            HistoryChange::Heard { user, n } => {
                sqlx::query("UPDATE history SET heard = 1 WHERE user = ? AND n = ?").bind(user).bind(number(*n))
            }
            HistoryChange::Hide { user, n: Some(n) } => {
                sqlx::query("UPDATE history SET hidden = 1 WHERE user = ? AND n = ?").bind(user).bind(number(*n))
            }
            HistoryChange::Hide { user, n: None } => {
                let hide = "UPDATE history SET hidden = 1 WHERE user = ? AND NOT (message = 1 AND heard = 0)";
                sqlx::query(hide).bind(user)
            }
            HistoryChange::Trim { user, before_utc_ms } => {
                let delete = "DELETE FROM history WHERE user = ?1 AND (ended_utc_ms < ?2 OR (n <= coalesce( \
                              (SELECT n FROM history WHERE user = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?3), -1) \
                              AND NOT (message = 1 AND heard = 0 AND hidden = 0)))";
                sqlx::query(delete).bind(user).bind(before_utc_ms).bind(HISTORY_MAX)
            }
        };
        query.execute(&mut *all).await?;
    }
    all.commit().await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn row(n: u64, user: &str, ended_utc_ms: i64) -> HistoryChange {
        HistoryChange::Put(HistoryRow { n, user: user.into(), ended_utc_ms, entry: json!({ "n": n }), message: false })
    }

    async fn numbers(records: &mut Records, user: &str, before: Option<u64>, max: u32) -> Vec<u64> {
        records.history(user, before, max).await.unwrap().into_iter().map(|it| it.n).collect()
    }

    async fn opened() -> (tempfile::TempDir, Records) {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(&folder.path().join("records.db")).await.unwrap();
        (folder, records)
    }

    #[tokio::test]
    async fn the_newest_entries_of_one_user_come_first_and_the_older_ones_after() {
        let (folder, mut records) = opened().await;
        assert_eq!(records.last_history().await.unwrap(), 0);
        let changes: Vec<_> = (1..=5).map(|n| row(n, if n == 3 { "marsh" } else { "reyes" }, 10)).collect();
        records.write_history(&changes).await.unwrap();
        records.close().await.unwrap();
        let mut records = Records::open(&folder.path().join("records.db")).await.unwrap();
        assert_eq!(numbers(&mut records, "reyes", None, 2).await, [5, 4]);
        assert_eq!(numbers(&mut records, "reyes", Some(4), 9).await, [2, 1]);
        let shown = HistoryShown { n: 3, entry: json!({ "n": 3 }), heard: false };
        assert_eq!(records.history("marsh", None, 9).await.unwrap(), [shown]);
        assert_eq!(records.last_history().await.unwrap(), 5);
    }

    #[tokio::test]
    async fn what_a_user_has_hidden_is_shown_no_more_and_what_comes_later_is() {
        let (_folder, mut records) = opened().await;
        records.write_history(&[row(1, "reyes", 10), row(2, "reyes", 10), row(3, "marsh", 10)]).await.unwrap();
        let hide = |n| HistoryChange::Hide { user: "reyes".into(), n };
        records.write_history(&[hide(Some(2)), hide(Some(3))]).await.unwrap();
        assert_eq!(numbers(&mut records, "reyes", None, 9).await, [1]);
        assert_eq!(numbers(&mut records, "marsh", None, 9).await, [3]);
        records.write_history(&[hide(None), row(4, "reyes", 10)]).await.unwrap();
        assert_eq!(numbers(&mut records, "reyes", None, 9).await, [4]);
    }

    #[tokio::test]
    async fn of_each_user_the_newest_are_kept_and_nothing_longer_than_its_time() {
        let (_folder, mut records) = opened().await;
        let max = u64::from(HISTORY_MAX);
        let changes: Vec<_> = (1..=max + 2).map(|n| row(n, "reyes", 10)).collect();
        records.write_history(&changes).await.unwrap();
        let trim = |before_utc_ms| HistoryChange::Trim { user: "reyes".into(), before_utc_ms };
        records.write_history(&[row(max + 3, "marsh", 1), trim(10)]).await.unwrap();
        let kept = numbers(&mut records, "reyes", None, 9_999).await;
        assert_eq!((kept.len(), kept.last()), (HISTORY_MAX as usize, Some(&3)));
        records.write_history(&[row(max + 4, "reyes", 20), trim(11)]).await.unwrap();
        assert_eq!(numbers(&mut records, "reyes", None, 9).await, [max + 4]);
        assert_eq!(numbers(&mut records, "marsh", None, 9).await, [max + 3]);
    }

    #[tokio::test]
    async fn vm_2_a_message_waits_until_its_user_has_heard_or_hidden_it_however_many_calls_come_after_it() {
        let (_folder, mut records) = opened().await;
        let message = |n| {
            let HistoryChange::Put(row) = row(n, "reyes", 10) else { unreachable!() };
            HistoryChange::Put(HistoryRow { message: true, ..row })
        };
        let max = u64::from(HISTORY_MAX);
        let mut changes: Vec<_> = (1..=3).map(message).collect();
        changes.extend((4..=max + 3).map(|n| row(n, "reyes", 10)));
        changes.push(HistoryChange::Trim { user: "reyes".into(), before_utc_ms: 10 });
        records.write_history(&changes).await.unwrap();
        assert_eq!(records.messages_waiting("reyes").await.unwrap(), 3);
        let hide_all = HistoryChange::Hide { user: "reyes".into(), n: None };
        records.write_history(&[hide_all]).await.unwrap();
        assert_eq!(records.messages_waiting("reyes").await.unwrap(), 3, "what was not heard stays");
        let heard = HistoryChange::Heard { user: "reyes".into(), n: 1 };
        let hidden = HistoryChange::Hide { user: "reyes".into(), n: Some(2) };
        records.write_history(&[heard, HistoryChange::Heard { user: "marsh".into(), n: 3 }, hidden]).await.unwrap();
        assert_eq!(records.messages_waiting("reyes").await.unwrap(), 1);
        assert!(records.history("reyes", Some(2), 9).await.unwrap()[0].heard);
        assert_eq!(records.history_entry("reyes", 3).await.unwrap(), Some(json!({ "n": 3 })));
        let hidden_or_anothers = [records.history_entry("reyes", 2).await, records.history_entry("marsh", 3).await];
        assert!(hidden_or_anothers.into_iter().all(|entry| entry.unwrap().is_none()));
        records.write_history(&[HistoryChange::Trim { user: "reyes".into(), before_utc_ms: 10 }]).await.unwrap();
        assert_eq!(records.history_entry("reyes", 1).await.unwrap(), None, "what was heard goes with the others");
        records.write_history(&[HistoryChange::Trim { user: "reyes".into(), before_utc_ms: 11 }]).await.unwrap();
        assert_eq!(records.messages_waiting("reyes").await.unwrap(), 0);
    }
}
