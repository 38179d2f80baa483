//! What call control keeps over a restart, in the records of the data folder: read at the start, written as it changes.
//!
//! Law: who hands over a change never waits for the disk. While the disk is slow or full the newest of each key waits, so that no
//! more waits than the floor has users; meanwhile the floor is served as ever, and only a restart would not know of it.

mod divert;
mod line;
mod message;

use crate::floor::FloorFile;
use crate::history::{Ask, HistoryWaiting, answer};
use crate::users::UserList;
use anyhow::Result;
use dealerboard_call_control::{Kept, KeptMessage};
use dealerboard_model::{Allowed, DivertTo, LineId, RecordingId, UserId};
use dealerboard_store::{Change, HistoryChange, Records, StoreError};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How soon a write that the disk has refused is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Kind of the records of users who do not want to be disturbed.
const DND: &str = "dnd";

/// Kind of the records of who is on which end of a wire.
const LINE: &str = "line";

/// Kind of the records of rights on hoots; their keys are a hoot and a user.
const RIGHT: &str = "right";

/// Kind of the records of diverts; their keys are whose calls, and in which case.
const DIVERT: &str = "divert";

/// Kind of the records of lines that are out of service.
const OUT_OF_SERVICE: &str = "out_of_service";

/// Kind of the records of messages that are being left; their keys are the lines on which they are said.
const MESSAGE: &str = "message";

/// File of the records in a data folder.
fn file_in(data: &Path) -> PathBuf {
    data.join("records.db")
}

fn change(what: &Kept, on: bool) -> Change {
    let (kind, key, value) = match what {
        Kept::Dnd(user) => (DND, user.to_string(), json!(true)),
        Kept::OutOfService(line) => (OUT_OF_SERVICE, line.to_string(), json!(true)),
        Kept::Divert(of, when, to) => (DIVERT, divert::key(of, *when), json!(to)),
        Kept::Line(kept) => (LINE, kept.line.to_string(), line::to_value(kept)),
        Kept::Message(kept) => (MESSAGE, kept.line.to_string(), message::to_value(kept)),
        // Neither id has a slash.
        Kept::Right(line, user, allowed) => (RIGHT, format!("{line}/{user}"), json!(allowed)),
    };
    Change { kind, key, value: on.then_some(value) }
}

async fn read(records: &mut Records) -> Result<BTreeSet<Kept>, StoreError> {
    let dnd = records.all(DND).await?.into_iter().map(|(user, _)| Kept::Dnd(UserId(user)));
    let mut kept: BTreeSet<Kept> = dnd.collect();
    kept.extend(records.all(OUT_OF_SERVICE).await?.into_iter().map(|(line, _)| Kept::OutOfService(LineId(line))));
    for (line, value) in records.all(LINE).await? {
        match line::from_value(&line, value) {
            Ok(line) => drop(kept.insert(Kept::Line(line))),
            Err(error) => tracing::error!(line, "who was on a line cannot be read, its call is over: {error}"),
        }
    }
    for (line, value) in records.all(MESSAGE).await? {
        match message::from_value(&line, value) {
            Ok(message) => drop(kept.insert(Kept::Message(message))),
            Err(error) => {
                tracing::error!(line, "a message that was being left cannot be read, listen to its recording: {error}")
            }
        }
    }
    for (key, value) in records.all(DIVERT).await? {
        match (divert::from_key(&key), serde_json::from_value::<DivertTo>(value)) {
            (Some((of, when)), Ok(to)) => drop(kept.insert(Kept::Divert(of, when, to))),
            (None, _) | (_, Err(_)) => {
                tracing::error!(key, "a divert cannot be read, its calls ring where they are: set it again")
            }
        }
    }
    for (key, value) in records.all(RIGHT).await? {
        let ids = key.split_once('/').map(|(line, user)| (LineId(line.to_owned()), UserId(user.to_owned())));
        match (ids, serde_json::from_value::<Allowed>(value)) {
            (Some((line, user)), Ok(allowed)) => drop(kept.insert(Kept::Right(line, user, allowed))),
            (None, _) | (_, Err(_)) => {
                tracing::error!(key, "a right on a hoot cannot be read, it is as in the floor file")
            }
        }
    }
    Ok(kept)
}

fn name_of<'f>(user: &UserId, floor: &'f FloorFile) -> Option<&'f str> {
    floor.users.iter().find(|known| known.id.value == user.as_str()).map(|known| known.name.as_str())
}

/// It is of somebody whom the floor does not have. What is kept of a line that is no more call control lets go, which knows
/// its call's recording.
fn is_strange(what: &Kept, floor: &FloorFile) -> bool {
    match what {
        Kept::Dnd(user) => name_of(user, floor).is_none(),
        Kept::Right(line, user, _) => {
            name_of(user, floor).is_none() || !floor.hoots.iter().any(|hoot| hoot.id.value == line.as_str())
        }
        Kept::Divert(of, ..) => divert::is_strange(of, floor),
        Kept::Message(message) => name_of(&message.owner, floor).is_none(),
        Kept::Line(_) | Kept::OutOfService(_) => false,
    }
}

fn in_words(what: &Kept, floor: &FloorFile) -> String {
    match what {
        Kept::Dnd(user) => match name_of(user, floor) {
            Some(name) => format!("do-not-disturb is on for {name} ({user})"),
            None => {
                format!("do-not-disturb of {user} is dropped when this floor is served, because it has no such user")
            }
        },
        Kept::OutOfService(line) => format!("{line} is out of service"),
        Kept::Message(KeptMessage { owner, caller, .. }) => {
            let [owner, caller] = [owner, caller].map(|user| name_of(user, floor).unwrap_or(user.as_str()));
            format!("{caller} is leaving a message for {owner}")
        }
        Kept::Divert(of, when, to) => divert::in_words(of, *when, to, floor),
        Kept::Line(kept) => {
            let who = kept.parties.iter().chain(&kept.holders).map(|party| &party.user);
            let who: Vec<&str> = who.map(|user| name_of(user, floor).unwrap_or(user.as_str())).collect();
            format!("the call on {} waits for {} to come back", kept.line, who.join(", "))
        }
        Kept::Right(line, user, _) if is_strange(what, floor) => format!(
            "what a supervisor let {user} do on the hoot {line} is dropped when this floor is served, because it has not both"
        ),
        Kept::Right(line, user, allowed) => {
            let may = match allowed {
                Allowed::None => "is taken off",
                Allowed::Listen => "may only listen on",
                Allowed::Speak => "may talk on",
            };
            let name = name_of(user, floor).unwrap_or(user.as_str());
            format!("{name} ({user}) {may} the hoot {line}, as a supervisor has set")
        }
    }
}

/// What wins over the floor file because it was changed while a switch served it from `data`, a sentence each.
///
/// # Errors
/// No floor was served from that folder, or its records cannot be read.
pub async fn changed_at_run_time(data: &Path, floor: FloorFile) -> Result<Vec<String>> {
    let floor = UserList::open(data)?.added_to(floor);
    let Some(mut records) = Records::open_beside(&file_in(data)).await? else { return Ok(Vec::new()) };
    let kept = read(&mut records).await?;
    records.close().await?;
    Ok(kept.iter().map(|what| in_words(what, &floor)).collect())
}

/// Changes that are not written yet, the newest of each kind and key.
#[derive(Default)]
struct Waiting {
    changes: BTreeMap<(&'static str, String), Option<Value>>,
    history: HistoryWaiting,
}

impl Waiting {
    fn put(&mut self, Change { kind, key, value }: Change) {
        self.changes.insert((kind, key), value);
    }

    fn take(&mut self) -> Vec<Change> {
        let all = std::mem::take(&mut self.changes);
        all.into_iter().map(|((kind, key), value)| Change { kind, key, value }).collect()
    }

    /// Takes back what could not be written; what came meanwhile is newer.
    fn put_back(&mut self, changes: Vec<Change>) {
        for Change { kind, key, value } in changes {
            self.changes.entry((kind, key)).or_insert(value);
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what is kept. Dropping it writes what waits too, but nobody knows when that is done.
pub struct Keeper {
    last_history: u64,
    restored: BTreeSet<Kept>,
    waiting: Arc<Mutex<Waiting>>,
    told: watch::Sender<()>,
    writing: JoinHandle<()>,
}

impl Keeper {
    /// Reads what is kept in the data folder, for the users of `floor`; what is of nobody there is named and forgotten.
    ///
    /// # Errors
    /// One sentence: the records are damaged, of a newer version, or cannot be written.
    pub async fn start(data: &Path, floor: &FloorFile) -> Result<Self> {
        let mut records = Records::open(&file_in(data)).await?;
        let (restored, strangers): (BTreeSet<Kept>, BTreeSet<Kept>) =
            read(&mut records).await?.into_iter().partition(|what| !is_strange(what, floor));
        let last_history = records.last_history().await?;
        let waiting = Arc::<Mutex<Waiting>>::default();
        let (told, hears) = watch::channel(());
        let writing = tokio::spawn(write_all(records, Arc::clone(&waiting), hears));
        let keeper = Self { last_history, restored, waiting, told, writing };
        for what in &strangers {
            tracing::warn!("{}", in_words(what, floor));
            keeper.keep(what, false);
        }
        Ok(keeper)
    }

    /// What was kept when the switch ended.
    pub fn restored(&self) -> BTreeSet<Kept> {
        self.restored.clone()
    }

    /// The recordings of calls that were kept.
    pub fn recordings(&self) -> BTreeSet<RecordingId> {
        let recording = |what: &Kept| match what {
            Kept::Line(line) => line.recording,
            Kept::Dnd(_) | Kept::Right(..) | Kept::OutOfService(_) | Kept::Divert(..) | Kept::Message(_) => None,
        };
        self.restored.iter().filter_map(recording).collect()
    }

    /// Forgets on what a call was recorded that the recorder does not know.
    pub fn recorded_on(&mut self, known: &BTreeSet<RecordingId>) {
        let all = std::mem::take(&mut self.restored);
        self.restored = all
            .into_iter()
            .map(|what| match what {
                Kept::Line(mut line) => {
                    line.recording = line.recording.filter(|recording| known.contains(recording));
                    Kept::Line(line)
                }
                other @ (Kept::Dnd(_)
                | Kept::Right(..)
                | Kept::OutOfService(_)
                | Kept::Divert(..)
                | Kept::Message(_)) => other,
            })
            .collect();
    }

    /// Keeps `what` from now on, or no longer.
    pub fn keep(&self, what: &Kept, on: bool) {
        lock(&self.waiting).put(change(what, on));
        self.told.send_replace(());
    }

    /// The number of the newest entry of a history, when the switch was started.
    pub fn last_history(&self) -> u64 {
        self.last_history
    }

    /// Changes the history of users' calls.
    pub fn put_history(&self, change: HistoryChange) {
        lock(&self.waiting).history.put(change);
        self.told.send_replace(());
    }

    /// Shows somebody a page of it, behind all that was changed before.
    pub fn ask(&self, ask: Ask) {
        lock(&self.waiting).history.ask(ask);
        self.told.send_replace(());
    }

    /// Writes what waits and closes the records.
    pub async fn stop(self) {
        drop(self.told);
        if let Err(error) = self.writing.await {
            tracing::error!("the records were not closed in order: {error}");
        }
    }
}

/// What is written by half is written again as a whole: each change can be made twice.
async fn write(records: &mut Records, changes: &[Change], history: &[HistoryChange]) -> Result<(), StoreError> {
    if !changes.is_empty() {
        records.write(changes).await?;
    }
    if !history.is_empty() {
        records.write_history(history).await?;
    }
    Ok(())
}

/// Writes what waits whenever it is told, until nobody can tell it any more.
async fn write_all(mut records: Records, waiting: Arc<Mutex<Waiting>>, mut told: watch::Receiver<()>) {
    let mut failing: Option<String> = None;
    let mut over = false;
    while !over {
        over = match &failing {
            None => told.changed().await.is_err(),
            Some(_) => matches!(timeout(AGAIN, told.changed()).await, Ok(Err(_))),
        };
        let (changes, (history, asks)) = {
            let mut waiting = lock(&waiting);
            (waiting.take(), waiting.history.take())
        };
        let mut unwritten = Vec::new();
        if !(changes.is_empty() && history.is_empty()) {
            match write(&mut records, &changes, &history).await {
                Ok(()) => {
                    if failing.take().is_some() {
                        tracing::info!(
                            "what users change is kept over a restart again, with all that was changed meanwhile"
                        );
                    }
                }
                Err(error) => {
                    unwritten.clone_from(&history);
                    let surplus = {
                        let mut waiting = lock(&waiting);
                        waiting.put_back(changes);
                        waiting.history.put_back(history)
                    };
                    let why = error.to_string();
                    if failing.as_ref() != Some(&why) {
                        tracing::error!("what users change is not kept over a restart: {why}");
                    }
                    if surplus > 0 {
                        tracing::error!(surplus, "the oldest entries of histories that wait for the disk are given up");
                    }
                    failing = Some(why);
                }
            }
        }
        for ask in asks {
            answer(&mut records, ask, &unwritten).await;
        }
    }
    let lost = {
        let mut waiting = lock(&waiting);
        waiting.take().len() + waiting.history.len()
    };
    if lost > 0 {
        tracing::error!(lost, "what was changed last could not be kept over the restart");
    }
    if let Err(error) = records.close().await {
        tracing::warn!("the records were not closed in order: {error}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn floor() -> FloorFile {
        crate::floor::read(include_str!("../../../tests/floors/two-desks.toml")).unwrap()
    }

    fn dnd(user: &str) -> Kept {
        Kept::Dnd(UserId::from(user))
    }

    #[tokio::test]
    async fn all_that_was_kept_when_the_switch_stops_is_there_when_it_starts_again() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::start(folder.path(), &floor()).await.unwrap();
        assert_eq!(keeper.restored(), BTreeSet::new());
        let right = Kept::Right("macro".into(), "lindt".into(), Allowed::None);
        keeper.keep(&right, true);
        for user in ["reyes", "lindt"] {
            keeper.keep(&dnd(user), true);
        }
        keeper.keep(&dnd("lindt"), false);
        keeper.stop().await;
        let again = Keeper::start(folder.path(), &floor()).await.unwrap();
        assert_eq!(again.restored(), BTreeSet::from([dnd("reyes"), right]));
    }

    #[tokio::test]
    async fn what_is_kept_for_nobody_of_the_floor_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::start(folder.path(), &floor()).await.unwrap();
        keeper.keep(&dnd("nobody"), true);
        keeper.keep(&Kept::Right("no-hoot".into(), "lindt".into(), Allowed::Listen), true);
        keeper.stop().await;
        let again = Keeper::start(folder.path(), &floor()).await.unwrap();
        assert_eq!(again.restored(), BTreeSet::new());
        again.stop().await;
        let mut records = Records::open(&file_in(folder.path())).await.unwrap();
        assert_eq!(read(&mut records).await.unwrap(), BTreeSet::new());
    }

    #[test]
    fn what_the_disk_refused_does_not_take_the_place_of_what_came_meanwhile() {
        let mut waiting = Waiting::default();
        waiting.put(change(&dnd("reyes"), true));
        waiting.put(change(&dnd("lindt"), true));
        let refused = waiting.take();
        waiting.put(change(&dnd("reyes"), false));
        waiting.put_back(refused);
        assert_eq!(waiting.take(), [change(&dnd("lindt"), true), change(&dnd("reyes"), false)]);
    }
}
