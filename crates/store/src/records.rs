//! What was changed at run time: JSON values by kind and key, in a SQLite file of their own.
//!
//! Law: unlike the index this file cannot be made anew. What [`Records::write`] has returned from outlives `kill -9` and a
//! power cut, and of one write there is all or nothing. A file that is damaged, or that a newer version has written, is
//! refused by its name and left as it is.

use crate::{Result, StoreError};
use serde_json::Value;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::ffi::OsString;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations/records");

/// SQLite's result codes for a file whose content is wrong (SQLITE_CORRUPT, SQLITE_NOTADB).
const DAMAGE: [u32; 2] = [11, 26];

/// One change: a value is put in the place of any that had this kind and key, or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is, such as `dnd`.
    pub kind: &'static str,
    /// Whose it is.
    pub key: String,
    /// What it says; none removes it.
    pub value: Option<Value>,
}

/// The records of one file.
pub struct Records {
    pub(crate) file: PathBuf,
    pub(crate) connection: SqliteConnection,
}

impl Records {
    /// Opens the records in `file`; makes it when it is not there.
    ///
    /// # Errors
    /// It is damaged, of a newer version, or cannot be written.
    pub async fn open(file: &Path) -> Result<Self> {
        if !exists(file)? {
            make(file).await?;
        }
        let mut records = Self::connect(file, durable()).await?;
        records.check().await?;
        MIGRATOR.run_direct(None, &mut records.connection, false).await.map_err(|error| unusable(file, error))?;
        Ok(records)
    }

    /// Opens the records in `file` to read them beside a switch that may be writing; none when there is no such file.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_beside(file: &Path) -> Result<Option<Self>> {
        if !exists(file)? {
            return Ok(None);
        }
        let mut records = Self::connect(file, SqliteConnectOptions::new()).await?;
        records.check().await?;
        Ok(Some(records))
    }

    /// Every value of a kind in the order of their keys.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn all(&mut self, kind: &'static str) -> Result<Vec<(String, Value)>> {
        let query = sqlx::query_as("SELECT key, value FROM record WHERE kind = ? ORDER BY key").bind(kind);
        let rows: sqlx::Result<Vec<(String, String)>> = query.fetch_all(&mut self.connection).await;
        let mut values = Vec::new();
        for (key, value) in rows.map_err(|error| refused(&self.file, error))? {
            let value = serde_json::from_str(&value).map_err(|error| damaged(&self.file, error))?;
            values.push((key, value));
        }
        Ok(values)
    }

    /// Makes all of `changes`, or none; they are on the disk when this returns.
    ///
    /// # Errors
    /// They cannot be written: nothing has changed.
    pub async fn write(&mut self, changes: &[Change]) -> Result<()> {
        let written = put(&mut self.connection, changes).await;
        written.map_err(|error| refused(&self.file, error))
    }

    /// Closes the file; all of it is then in `file` alone.
    ///
    /// # Errors
    /// The disk refuses: nothing is lost, but a file beside it is still needed.
    pub async fn close(self) -> Result<()> {
        self.connection.close().await.map_err(|error| refused(&self.file, error))
    }

    async fn connect(file: &Path, options: SqliteConnectOptions) -> Result<Self> {
        // SQLite would take an empty file for a new one, and what stood in it for never written.
        if file.metadata().map_err(|error| unusable(file, error))?.len() == 0 {
            return Err(damaged(file, "it is empty"));
        }
        let connection = options.filename(file).connect().await.map_err(|error| refused(file, error))?;
        Ok(Self { file: file.to_owned(), connection })
    }

    /// Refuses what is damaged or newer.
    async fn check(&mut self) -> Result<()> {
        let check = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut self.connection).await;
        let found: String = check.map_err(|error| refused(&self.file, error))?;
        if found != "ok" {
            return Err(damaged(&self.file, found));
        }
        let newest = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations");
        let newest: Option<i64> =
            newest.fetch_one(&mut self.connection).await.map_err(|error| damaged(&self.file, error))?;
        if newest > MIGRATOR.iter().map(|migration| migration.version).max() {
            return Err(StoreError::Newer { file: self.file.clone() });
        }
        Ok(())
    }
}

/// Every commit waits for the disk.
fn durable() -> SqliteConnectOptions {
    SqliteConnectOptions::new().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full)
}

/// Makes a file without records, which only its owner can read, beside its place and moves it there, so that it is never there
/// by half.
async fn make(file: &Path) -> Result<()> {
    // What was written last may stand there alone.
    if beside(file, "-wal").metadata().is_ok_and(|wal| wal.len() > 0) {
        return Err(damaged(file, "it is gone while its -wal is there"));
    }
    let fresh = beside(file, ".new");
    // What a killed start has left.
    for left in [fresh.clone(), beside(&fresh, "-wal"), beside(&fresh, "-shm")] {
        match std::fs::remove_file(left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unusable(file, error)),
            Ok(()) | Err(_) => {}
        }
    }
    let private = std::fs::File::options().create_new(true).write(true).mode(0o600).open(&fresh);
    private.map_err(|error| unusable(file, error))?;
    let mut connection = durable().filename(&fresh).connect().await.map_err(|error| refused(file, error))?;
    MIGRATOR.run_direct(None, &mut connection, false).await.map_err(|error| unusable(file, error))?;
    connection.close().await.map_err(|error| refused(file, error))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let moved = std::fs::rename(&fresh, file).and_then(|()| std::fs::File::open(folder)?.sync_all());
    moved.map_err(|error| unusable(file, error))
}

fn exists(file: &Path) -> Result<bool> {
    file.try_exists().map_err(|error| unusable(file, error))
}

async fn put(connection: &mut SqliteConnection, changes: &[Change]) -> sqlx::Result<()> {
    let mut all = connection.begin().await?;
    for Change { kind, key, value } in changes {
        let query = match value {
            Some(value) => sqlx::query("INSERT OR REPLACE INTO record (kind, key, value) VALUES (?, ?, ?)")
                .bind(kind)
                .bind(key)
                .bind(value.to_string()),
            None => sqlx::query("DELETE FROM record WHERE kind = ? AND key = ?").bind(kind).bind(key),
        };
        query.execute(&mut *all).await?;
    }
    all.commit().await
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn damaged(file: &Path, why: impl ToString) -> StoreError {
    StoreError::Damaged { file: file.to_owned(), why: why.to_string().replace('\n', " ") }
}

/// What SQLite says of a file: that it is damaged, or that it cannot be used.
pub(crate) fn refused(file: &Path, error: sqlx::Error) -> StoreError {
    let Some(told) = error.as_database_error() else { return unusable(file, error) };
    let code: Option<u32> = told.code().and_then(|code| code.parse().ok());
    match code.filter(|code| DAMAGE.contains(&(code & 0xff))) {
        Some(_) => damaged(file, told.message()),
        None => unusable(file, told.message()),
    }
}

fn unusable(file: &Path, why: impl ToString) -> StoreError {
    StoreError::Unusable { file: file.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::MetadataExt;
    use std::process::{Command, Stdio};

    /// Where the process that is killed in mid-write finds its file.
    const WRITES: &str = "RECORDS_THAT_A_TEST_WRITES";

    fn put(key: &str, value: Value) -> Change {
        Change { kind: "dnd", key: key.to_owned(), value: Some(value) }
    }

    fn gone(key: &str) -> Change {
        Change { kind: "dnd", key: key.to_owned(), value: None }
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("records.db");
        (folder, file)
    }

    /// A closed file with one record.
    async fn closed() -> (tempfile::TempDir, PathBuf) {
        let (folder, file) = place();
        let mut records = Records::open(&file).await.unwrap();
        records.write(&[put("reyes", json!(true))]).await.unwrap();
        records.close().await.unwrap();
        (folder, file)
    }

    async fn refusal(file: &Path) -> String {
        match Records::open(file).await {
            Ok(_) => panic!("it opens"),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn what_was_written_is_there_when_the_file_is_opened_again() {
        let (_folder, file) = closed().await;
        let mut records = Records::open(&file).await.unwrap();
        records.write(&[put("lindt", json!({ "since": 5 })), put("marsh", json!(1)), gone("reyes")]).await.unwrap();
        records.write(&[put("marsh", json!(2))]).await.unwrap();
        records.close().await.unwrap();
        let mut records = Records::open(&file).await.unwrap();
        let expected = [("lindt".to_owned(), json!({ "since": 5 })), ("marsh".to_owned(), json!(2))];
        assert_eq!(records.all("dnd").await.unwrap(), expected);
        assert_eq!(records.all("divert").await.unwrap(), []);
    }

    #[tokio::test]
    async fn records_are_read_beside_whoever_writes_them() {
        let (_folder, file) = closed().await;
        let mut writer = Records::open(&file).await.unwrap();
        writer.write(&[gone("reyes"), put("lindt", json!(true))]).await.unwrap();
        let mut reader = Records::open_beside(&file).await.unwrap().unwrap();
        assert_eq!(reader.all("dnd").await.unwrap(), [("lindt".to_owned(), json!(true))]);
        writer.write(&[gone("lindt")]).await.unwrap();
        assert_eq!(reader.all("dnd").await.unwrap(), []);
    }

    #[tokio::test]
    async fn who_only_reads_records_makes_no_file() {
        let (folder, file) = closed().await;
        assert!(Records::open_beside(&folder.path().join("other.db")).await.unwrap().is_none());
        let mut reader = Records::open_beside(&file).await.unwrap().unwrap();
        assert_eq!(reader.all("dnd").await.unwrap(), [("reyes".to_owned(), json!(true))]);
        reader.close().await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, ["records.db"]);
    }

    #[tokio::test]
    async fn only_the_owner_of_records_can_read_them() {
        let (folder, file) = place();
        let mut records = Records::open(&file).await.unwrap();
        records.write(&[put("reyes", json!(true))]).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(files.len(), 3, "the file, what was written last, and what its readers share");
        for file in files {
            assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600, "{:?}", file.path());
        }
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_and_left_as_it_is() {
        let (_folder, file) = closed().await;
        let whole = std::fs::read(&file).unwrap();
        let cut = whole[..whole.len() / 2].to_vec();
        let mut overwritten = whole.clone();
        overwritten[4_200..].fill(0x55);
        let mut other = whole.clone();
        other[..16].fill(0x55);
        for wrong in [cut, overwritten, other, Vec::new()] {
            std::fs::write(&file, &wrong).unwrap();
            let told = refusal(&file).await;
            let begins = format!("{} is damaged (", file.display());
            assert!(told.starts_with(&begins) && told.contains("restore it from a copy"), "{told}");
            assert_eq!(std::fs::read(&file).unwrap(), wrong);
        }
    }

    #[tokio::test]
    async fn records_that_are_gone_but_for_what_was_written_last_are_not_begun_anew() {
        let (_folder, file) = place();
        std::fs::write(beside(&file, "-wal"), b"written last").unwrap();
        let told = refusal(&file).await;
        assert!(told.contains("records.db is damaged (it is gone while its -wal is there)"), "{told}");
        assert!(beside(&file, "-wal").exists() && !file.exists());
    }

    #[tokio::test]
    async fn a_file_of_a_newer_version_is_refused_in_one_sentence() {
        let (_folder, file) = closed().await;
        let mut records = Records::open(&file).await.unwrap();
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (9999, 'newer', TRUE, x'00', 0)";
        sqlx::query(newer).execute(&mut records.connection).await.unwrap();
        records.close().await.unwrap();
        let expected = format!(
            "{} was written by a newer version of this program; start that version, or restore a copy from before it",
            file.display()
        );
        assert_eq!(refusal(&file).await, expected);
        let Err(beside) = Records::open_beside(&file).await else { panic!("it opens") };
        assert_eq!(beside.to_string(), expected);
    }

    #[tokio::test]
    async fn what_a_killed_first_start_has_left_does_not_stop_the_next_one() {
        let (_folder, file) = place();
        std::fs::write(beside(&file, ".new"), b"half").unwrap();
        std::fs::write(beside(&file, ".new-wal"), b"half").unwrap();
        let mut records = Records::open(&file).await.unwrap();
        assert_eq!(records.all("dnd").await.unwrap(), []);
    }

    /// Writes a hundred records with the same number, then says that number, and so on.
    async fn write_without_end(file: &Path) {
        let mut records = Records::open(file).await.unwrap();
        for n in 1_u32.. {
            let batch: Vec<Change> = (0..100).map(|user| put(&format!("user-{user:02}"), json!(n))).collect();
            records.write(&batch).await.unwrap();
            println!("written {n}");
        }
    }

    #[tokio::test]
    async fn a_write_is_there_as_a_whole_after_a_kill_and_nothing_before_it_is_lost() {
        if let Some(file) = std::env::var_os(WRITES) {
            return write_without_end(Path::new(&file)).await;
        }
        let (_folder, file) = place();
        let this = "records::tests::a_write_is_there_as_a_whole_after_a_kill_and_nothing_before_it_is_lost";
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([this, "--exact", "--nocapture"]).env(WRITES, &file).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(|line| line.ok());
        let mut written = lines.filter_map(|line| line.rsplit_once("written ")?.1.parse::<u64>().ok());
        assert_eq!(written.by_ref().find(|n| *n >= 20), Some(20));
        child.kill().unwrap();
        child.wait().unwrap();
        let said = written.last().unwrap_or(20);
        let records = Records::open(&file).await.unwrap().all("dnd").await.unwrap();
        let numbers: Vec<u64> = records.iter().filter_map(|(_, value)| value.as_u64()).collect();
        assert_eq!(numbers, vec![numbers[0]; 100]);
        assert!(numbers[0] == said || numbers[0] == said + 1, "{} after {said} were said", numbers[0]);
    }
}
