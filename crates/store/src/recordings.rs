//! The index of recordings: who talked on which line when, where the sound is, and what is missing.

use crate::Result;
use crate::rows::{
    GapRow, LineLast, LineRow, MarkRow, PersonRow, Position, RecordingQuery, RecordingRow, SegmentRow, TrackRow,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{QueryBuilder, Sqlite, SqlitePool, Transaction};
use std::path::Path;

/// Whether somebody spoke in the recording `r`, or may have.
const SPOKEN: &str = "(r.closed_utc_ms IS NULL OR r.gaps > 0 OR EXISTS (SELECT 1 FROM segment s JOIN track t ON t.id = s.track \
                      WHERE t.recording = r.id AND s.spoken))";

/// Most rows that one answer has.
const ROWS_MAX: u32 = 500;

/// The index in one SQLite file. Clones share its connections.
#[derive(Clone)]
pub struct RecordingIndex {
    pool: SqlitePool,
}

impl RecordingIndex {
    /// Opens the index at `path`; makes it when it is not there.
    ///
    /// # Errors
    /// It is no database, or cannot be written.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        sqlx::migrate!().run(&pool).await?;
        Ok(Self { pool })
    }

    /// How far it has followed its source.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn position(&self) -> Result<Option<Position>> {
        Ok(sqlx::query_as("SELECT bytes, lines, hash FROM position").fetch_optional(&self.pool).await?)
    }

    /// Forgets everything, to begin anew.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn clear(&self) -> Result<()> {
        let tables = [
            "position",
            "recording",
            "recording_line",
            "recording_person",
            "person",
            "track",
            "segment",
            "gap",
            "mark",
        ];
        for table in tables {
            QueryBuilder::<Sqlite>::new("DELETE FROM ").push(table).build().execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Begins to take changes; nothing of it is seen before [`Update::finish`].
    ///
    /// # Errors
    /// The database refuses.
    pub async fn update(&self) -> Result<Update> {
        Ok(Update { transaction: self.pool.begin().await? })
    }

    /// Recordings, newest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn recordings(&self, query: &RecordingQuery) -> Result<Vec<RecordingRow>> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT id, kind, opened_utc_ms, closed_utc_ms, gaps, ");
        sql.push(SPOKEN).push(" AS spoken FROM recording r WHERE TRUE");
        if let Some(from) = query.from_utc_ms {
            sql.push(" AND (r.closed_utc_ms IS NULL OR r.closed_utc_ms >= ").push_bind(from).push(")");
        }
        if let Some(to) = query.to_utc_ms {
            sql.push(" AND r.opened_utc_ms <= ").push_bind(to);
        }
        if !query.lines.is_empty() {
            sql.push(" AND EXISTS (SELECT 1 FROM recording_line l WHERE l.recording = r.id AND l.line IN ");
            sql.push("(SELECT value FROM json_each(").push_bind(serde_json::json!(query.lines).to_string()).push(")))");
        }
        if let Some(talker) = &query.talker {
            sql.push(" AND EXISTS (SELECT 1 FROM track t WHERE t.recording = r.id AND t.talker = ");
            sql.push_bind(talker.clone()).push(")");
        }
        if let Some(kind) = &query.kind {
            sql.push(" AND r.kind = ").push_bind(kind.clone());
        }
        if query.gaps {
            sql.push(" AND r.gaps > 0");
        }
        if query.spoken {
            sql.push(" AND ").push(SPOKEN);
        }
        if let Some(before) = query.before {
            sql.push(" AND r.id < ").push_bind(before);
        }
        sql.push(" ORDER BY r.id DESC LIMIT ").push_bind(query.limit.clamp(1, ROWS_MAX));
        Ok(sql.build_query_as().fetch_all(&self.pool).await?)
    }

    /// One recording.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn recording(&self, id: u32) -> Result<Option<RecordingRow>> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT id, kind, opened_utc_ms, closed_utc_ms, gaps, ");
        sql.push(SPOKEN).push(" AS spoken FROM recording r WHERE r.id = ").push_bind(id);
        Ok(sql.build_query_as().fetch_optional(&self.pool).await?)
    }

    /// The lines that a recording is found under.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn lines_of(&self, recording: u32) -> Result<Vec<LineRow>> {
        let sql = "SELECT line, name FROM recording_line WHERE recording = ? ORDER BY line";
        Ok(sqlx::query_as(sql).bind(recording).fetch_all(&self.pool).await?)
    }

    /// Whom the log-on names in a recording stood for when they first were in it, where that is known.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn people_of(&self, recording: u32) -> Result<Vec<PersonRow>> {
        let sql = "SELECT user, name FROM recording_person WHERE recording = ?";
        Ok(sqlx::query_as(sql).bind(recording).fetch_all(&self.pool).await?)
    }

    /// The tracks of a recording in the order of time.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn tracks_of(&self, recording: u32) -> Result<Vec<TrackRow>> {
        let sql =
            "SELECT id, line, talker, uplink, opened_utc_ms, closed_utc_ms FROM track WHERE recording = ? ORDER BY id";
        Ok(sqlx::query_as(sql).bind(recording).fetch_all(&self.pool).await?)
    }

    /// The sealed segments of a recording, by track and number.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn segments_of(&self, recording: u32) -> Result<Vec<SegmentRow>> {
        let sql = "SELECT s.track, s.number, s.file, s.from_utc_ms, s.samples, s.chain_at, s.chain_hash, s.spoken \
                   FROM segment s JOIN track t ON t.id = s.track WHERE t.recording = ? ORDER BY s.track, s.number";
        Ok(sqlx::query_as(sql).bind(recording).fetch_all(&self.pool).await?)
    }

    /// The gaps of a recording in the order of time.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn gaps_of(&self, recording: u32) -> Result<Vec<GapRow>> {
        let sql = "SELECT recording, line, talker, from_utc_ms, to_utc_ms, why FROM gap \
                   WHERE recording = ? ORDER BY from_utc_ms";
        Ok(sqlx::query_as(sql).bind(recording).fetch_all(&self.pool).await?)
    }

    /// What happened during a recording.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn marks_of(&self, recording: u32) -> Result<Vec<MarkRow>> {
        let sql = "SELECT at_utc_ms, line, who, what_happened FROM mark WHERE recording = ? ORDER BY at_utc_ms, n";
        Ok(sqlx::query_as(sql).bind(recording).fetch_all(&self.pool).await?)
    }

    /// Everything that happened on each line during a recording, in words, each once.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn happened_in(&self, recording: u32) -> Result<Vec<(Option<String>, String)>> {
        let sql = "SELECT DISTINCT line, what_happened FROM mark WHERE recording = ?";
        Ok(sqlx::query_as(sql).bind(recording).fetch_all(&self.pool).await?)
    }

    /// Every line that something was recorded on, as it was last.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn lines(&self) -> Result<Vec<LineLast>> {
        let sql = "SELECT l.line, r.kind, r.id AS recording, coalesce((SELECT n.name FROM recording_line n \
                   WHERE n.line = l.line AND n.name <> '' ORDER BY n.recording DESC LIMIT 1), '') AS name, \
                   coalesce((SELECT group_concat(user || char(9) || name, char(10)) FROM (SELECT user, name FROM recording_person p \
                   WHERE p.recording = r.id AND r.kind = 'intercom' ORDER BY user)), '') AS people \
                   FROM (SELECT line, max(recording) AS last FROM recording_line GROUP BY line) l \
                   JOIN recording r ON r.id = l.last ORDER BY l.line";
        Ok(sqlx::query_as(sql).fetch_all(&self.pool).await?)
    }

    /// Everybody who was ever recorded, as they were called last.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn talkers(&self) -> Result<Vec<PersonRow>> {
        let sql = "SELECT DISTINCT t.talker AS user, coalesce(p.name, '') AS name \
                   FROM track t LEFT JOIN person p ON p.user = t.talker ORDER BY t.talker";
        Ok(sqlx::query_as(sql).fetch_all(&self.pool).await?)
    }
}

/// Changes that are taken together.
pub struct Update {
    transaction: Transaction<'static, Sqlite>,
}

impl Update {
    /// A recording begins; these people are in it, whether they talk or not.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn recording(
        &mut self,
        row: &RecordingRow,
        call: u32,
        lines: &[LineRow],
        people: &[String],
    ) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO recording (id, call, kind, opened_utc_ms) VALUES (?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(row.id).bind(call).bind(&row.kind).bind(row.opened_utc_ms);
        query.execute(&mut *self.transaction).await?;
        for line in lines {
            self.recording_line(row.id, &line.line, &line.name).await?;
        }
        for user in people {
            self.recording_person(row.id, user).await?;
        }
        Ok(())
    }

    /// A recording is found under this line too.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn recording_line(&mut self, recording: u32, line: &str, name: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO recording_line (recording, line, name) VALUES (?, ?, ?)";
        sqlx::query(sql).bind(recording).bind(line).bind(name).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// A log-on name stands for this person in what comes next.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn person(&mut self, user: &str, name: &str) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO person (user, name) VALUES (?, ?)";
        sqlx::query(sql).bind(user).bind(name).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// This log-on name is in a recording, and stands there for whom it stood at first.
    async fn recording_person(&mut self, recording: u32, user: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO recording_person SELECT ?, user, name FROM person WHERE user = ?";
        sqlx::query(sql).bind(recording).bind(user).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// A recording is over.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn recording_closed(&mut self, recording: u32, utc_ms: i64) -> Result<()> {
        let sql = "UPDATE recording SET closed_utc_ms = ? WHERE id = ?";
        sqlx::query(sql).bind(utc_ms).bind(recording).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// A track begins.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn track(&mut self, recording: u32, row: &TrackRow) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO track (id, recording, line, talker, uplink, opened_utc_ms) VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(row.id).bind(recording).bind(&row.line).bind(&row.talker).bind(&row.uplink);
        query.bind(row.opened_utc_ms).execute(&mut *self.transaction).await?;
        self.recording_person(recording, &row.talker).await?;
        self.recording_line(recording, &row.line, "").await
    }

    /// A track is over.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn track_closed(&mut self, track: u32, utc_ms: i64) -> Result<()> {
        let sql = "UPDATE track SET closed_utc_ms = ? WHERE id = ?";
        sqlx::query(sql).bind(utc_ms).bind(track).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// A segment is sealed.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn segment(&mut self, row: &SegmentRow) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO segment (track, number, file, from_utc_ms, samples, chain_at, chain_hash, spoken) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(row.track).bind(row.number).bind(&row.file);
        let query =
            query.bind(row.from_utc_ms).bind(row.samples).bind(row.chain_at).bind(&row.chain_hash).bind(row.spoken);
        query.execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Something is missing. A gap that no recording is named for is shown with the nearest one on its line.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn gap(&mut self, n: i64, row: &GapRow) -> Result<()> {
        let recording = match row.recording {
            Some(recording) => Some(recording),
            None => self.nearest(row).await?,
        };
        let sql = "INSERT OR IGNORE INTO gap (n, recording, line, talker, from_utc_ms, to_utc_ms, why) \
                   VALUES (?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(n).bind(recording).bind(&row.line).bind(&row.talker);
        let query = query.bind(row.from_utc_ms).bind(row.to_utc_ms).bind(&row.why);
        query.execute(&mut *self.transaction).await?;
        if let (Some(recording), Some(talker)) = (recording, &row.talker) {
            self.recording_person(recording, talker).await?;
        }
        let sql = "UPDATE recording SET gaps = (SELECT count(*) FROM gap WHERE recording = ?1) WHERE id = ?1";
        sqlx::query(sql).bind(recording).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// The recording that a gap is shown with when nobody knows whose it is: the last on that line that had begun by then.
    async fn nearest(&mut self, gap: &GapRow) -> Result<Option<u32>> {
        let sql = "SELECT r.id FROM recording r JOIN recording_line l ON l.recording = r.id \
                   WHERE l.line = ? AND r.opened_utc_ms <= ? ORDER BY r.opened_utc_ms DESC LIMIT 1";
        let query = sqlx::query_scalar(sql).bind(&gap.line).bind(gap.to_utc_ms);
        Ok(query.fetch_optional(&mut *self.transaction).await?)
    }

    /// Something happened.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn mark(&mut self, n: i64, recording: u32, row: &MarkRow) -> Result<()> {
        let sql =
            "INSERT OR IGNORE INTO mark (n, recording, at_utc_ms, line, who, what_happened) VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(n).bind(recording).bind(row.at_utc_ms).bind(&row.line).bind(&row.who);
        let query = query.bind(&row.what_happened);
        query.execute(&mut *self.transaction).await?;
        for user in row.who.lines() {
            self.recording_person(recording, user).await?;
        }
        Ok(())
    }

    /// Everything so far is seen from now on, and the index stands at `position`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn finish(mut self, position: &Position) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO position (one, bytes, lines, hash) VALUES (1, ?, ?, ?)";
        let query = sqlx::query(sql).bind(position.bytes).bind(position.lines).bind(&position.hash);
        query.execute(&mut *self.transaction).await?;
        Ok(self.transaction.commit().await?)
    }
}
