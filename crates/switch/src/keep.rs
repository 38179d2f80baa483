//! What an operator's commands may change beside a running switch, and other small JSON values by shelf and name. What call
//! control keeps over a restart is in the records (`kept`).
//!
//! Law: a value is on disk when `put` returns, so whoever must not wait for the disk writes on a thread of its own; who reads
//! is served from memory and never waits for the disk. One switch per data folder; an operator's commands may write beside
//! it, and the switch sees that at the next look, which is taken on a thread that may wait.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// How long somebody who asks for a look waits for the disk.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Users that were added beside the floor file's.
    Users,
    /// Password hashes by log-on name.
    Passwords,
    /// Tokens by the SHA-256 of their secret.
    Tokens,
    /// Numbers that no restart may lend again.
    Survivors,
    /// Names of the desks of the floor that was served last, by id.
    Desks,
    /// Names of the users of that floor's file, by log-on name.
    FloorUsers,
}

impl Shelf {
    const ALL: [Self; 6] = [Self::Users, Self::Passwords, Self::Tokens, Self::Survivors, Self::Desks, Self::FloorUsers];

    fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Passwords => "passwords",
            Self::Tokens => "tokens",
            Self::Survivors => "survivors",
            Self::Desks => "desks",
            Self::FloorUsers => "floor-users",
        }
    }
}

/// How a file looks from outside: a written one looks otherwise.
type Looks = (u64, SystemTime, u64);

/// A shelf as last read, and how its file looked then.
#[derive(Default)]
struct Read {
    seen: Option<Looks>,
    values: BTreeMap<String, Value>,
    /// How it looked when it could not be read, as the log was told last.
    unreadable: Option<Option<Looks>>,
}

/// The kept values of one data folder. Clones are the same.
#[derive(Clone)]
pub struct Keep {
    folder: PathBuf,
    shelves: Arc<Mutex<BTreeMap<Shelf, Read>>>,
    /// Held while a shelf is written.
    writing: Arc<Mutex<()>>,
    /// Held for as long as the folder is in use by a switch; none when it was let go.
    in_use: Arc<Mutex<Option<File>>>,
    /// Held while the disk is looked at for others.
    looking: Arc<tokio::sync::Mutex<()>>,
    /// Counts changes of users and passwords.
    changes: Arc<watch::Sender<u64>>,
}

impl Keep {
    /// Opens the data folder for a switch and makes it when it is not there.
    ///
    /// # Errors
    /// It cannot be made or read, or another switch uses it.
    pub fn open(folder: &Path) -> Result<Self> {
        let keep = Self::open_beside(folder)?;
        let file = keep.lock_file("in-use")?;
        if !locked(&file, libc::LOCK_EX | libc::LOCK_NB) {
            bail!(
                "the data folder {} is in use by another switch; stop that one first, or choose another folder with --data",
                folder.display()
            );
        }
        *keep.in_use.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(keep)
    }

    /// Opens the data folder for an operator's command, beside a switch that may be using it.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open_beside(folder: &Path) -> Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| {
            format!("the data folder {} cannot be made; choose another with --data", folder.display())
        })?;
        let keep = Self {
            folder: folder.to_owned(),
            shelves: Arc::default(),
            writing: Arc::default(),
            in_use: Arc::default(),
            looking: Arc::default(),
            changes: Arc::new(watch::Sender::new(0)),
        };
        for shelf in Shelf::ALL {
            keep.fresh(shelf)?;
        }
        Ok(keep)
    }

    /// Whether a switch or a command has ever kept anything here.
    pub fn has_any(&self) -> bool {
        Shelf::ALL.into_iter().any(|shelf| self.file(shelf).exists())
    }

    /// The value called `name`, if it is there and still of this type.
    pub fn get<T: DeserializeOwned>(&self, shelf: Shelf, name: &str) -> Option<T> {
        let shelves = self.lock();
        serde_json::from_value(shelves.get(&shelf)?.values.get(name)?.clone()).ok()
    }

    /// All values of a shelf in the order of their names.
    pub fn all<T: DeserializeOwned>(&self, shelf: Shelf) -> Vec<(String, T)> {
        let shelves = self.lock();
        let values = shelves.get(&shelf).map(|read| &read.values);
        values
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), serde_json::from_value(value.clone()).ok()?)))
            .collect()
    }

    /// Keeps `value` as `name`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put<T: Serialize>(&self, shelf: Shelf, name: &str, value: &T) -> Result<()> {
        let value = serde_json::to_value(value).context("a kept value is JSON")?;
        self.change(shelf, |values| {
            values.insert(name.to_owned(), value);
        })
    }

    /// Removes every value of a shelf that `gone` names.
    ///
    /// # Errors
    /// The shelf cannot be written.
    pub fn remove(&self, shelf: Shelf, gone: impl Fn(&str, &Value) -> bool) -> Result<()> {
        self.change(shelf, |values| values.retain(|name, value| !gone(name, value)))
    }

    /// Lets the folder go: another switch may open it.
    pub fn let_go(&self) {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Changes a shelf in one write.
    ///
    /// # Errors
    /// The shelf cannot be written; nothing has changed.
    pub fn change(&self, shelf: Shelf, change: impl FnOnce(&mut BTreeMap<String, Value>)) -> Result<()> {
        // One writer at a time, in this process and in any other, so that no change is written over.
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = self.lock_file("writing")?;
        if !locked(&writing, libc::LOCK_EX) {
            bail!("the data folder {} cannot be locked; check its file system", self.folder.display());
        }
        self.fresh(shelf)?;
        let before = self.lock().entry(shelf).or_default().values.clone();
        let mut values = before.clone();
        change(&mut values);
        if values == before {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(&values).context("kept values are JSON")?;
        write_private(&self.file(shelf), &bytes)?;
        let seen = looks(&self.file(shelf));
        self.lock().insert(shelf, Read { seen, values, unreadable: None });
        self.tell_of_change(shelf);
        Ok(())
    }

    /// Keeps every writer waiting until the guard is dropped.
    #[cfg(test)]
    pub fn lock_for_writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees what somebody else has written; what cannot be read stays as it was. Waits for the disk.
    pub fn look(&self) {
        for shelf in Shelf::ALL {
            let Err(error) = self.fresh(shelf) else { continue };
            let looks = looks(&self.file(shelf));
            let mut shelves = self.lock();
            let read = shelves.entry(shelf).or_default();
            if read.unreadable.replace(looks) != Some(looks) {
                tracing::error!("{error:#}");
            }
        }
    }

    /// As [`Self::look`], on a thread that may wait for the disk; after a second what is known has to do.
    pub async fn look_soon(&self) {
        let looked = async {
            let turn = Arc::clone(&self.looking).lock_owned().await;
            let keep = self.clone();
            let looking = tokio::task::spawn_blocking(move || {
                keep.look();
                drop(turn);
            });
            let _ = looking.await;
        };
        let _ = tokio::time::timeout(LOOK_MAX, looked).await;
    }

    /// Changes whenever users or passwords have changed, by whomsoever.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn tell_of_change(&self, shelf: Shelf) {
        match shelf {
            Shelf::Users | Shelf::Passwords => self.changes.send_modify(|changes| *changes += 1),
            Shelf::Tokens | Shelf::Survivors | Shelf::Desks | Shelf::FloorUsers => {}
        }
    }

    /// Reads a shelf again when somebody else has written it.
    fn fresh(&self, shelf: Shelf) -> Result<()> {
        let file = self.file(shelf);
        let before = self.lock().get(&shelf).and_then(|read| read.seen);
        let seen = looks(&file);
        if seen == before {
            return Ok(());
        }
        let values: BTreeMap<String, Value> = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is damaged; restore it from a copy or remove it", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
        };
        let mut shelves = self.lock();
        let read = shelves.entry(shelf).or_default();
        // What was written here meanwhile is newer than what was read.
        if read.seen != before {
            return Ok(());
        }
        let changed = read.values != values;
        *read = Read { seen, values, unreadable: None };
        drop(shelves);
        if changed {
            self.tell_of_change(shelf);
        }
        Ok(())
    }

    fn file(&self, shelf: Shelf) -> PathBuf {
        self.folder.join(format!("{}.json", shelf.name()))
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        let folder = &self.folder;
        File::options().create(true).truncate(false).write(true).mode(0o600).open(folder.join(name)).with_context(
            || {
                format!(
                    "the data folder {} cannot be written; check who owns it and the space on its disk",
                    folder.display()
                )
            },
        )
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Shelf, Read>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn looks(file: &Path) -> Option<Looks> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.ino(), metadata.modified().ok()?, metadata.len()))
}

fn locked(file: &File, how: libc::c_int) -> bool {
    // SAFETY: flock(2) takes a descriptor that `file` keeps open, and a number.
    unsafe { libc::flock(file.as_raw_fd(), how) == 0 }
}

/// Writes a file that only its owner can read, whole or not at all; it outlives a power cut when this returns.
///
/// # Errors
/// The folder cannot be written.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = file.with_extension("new");
    let told = || format!("{} cannot be written; check the space on the disk and who owns the folder", file.display());
    let _ = std::fs::remove_file(&fresh);
    let mut out = File::options().create_new(true).write(true).mode(0o600).open(&fresh).with_context(told)?;
    out.write_all(bytes).and_then(|()| out.sync_all()).with_context(told)?;
    std::fs::rename(&fresh, file).with_context(told)?;
    // A name that is not on the disk yet would be the old file again after a power cut.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(told)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_second_switch_on_one_data_folder_gets_one_clear_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Keep::open(folder.path()).unwrap();
        let error = Keep::open(folder.path()).err().unwrap().to_string();
        assert!(
            error.ends_with("is in use by another switch; stop that one first, or choose another folder with --data")
        );
    }

    #[tokio::test]
    async fn what_a_command_writes_beside_a_running_switch_is_seen_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let running = Keep::open(folder.path()).unwrap();
        let mut changes = running.changes();
        Keep::open_beside(folder.path()).unwrap().put(Shelf::Passwords, "reyes", &"new").unwrap();
        assert_eq!(running.get::<String>(Shelf::Passwords, "reyes"), None, "who reads does not ask the disk");
        running.look_soon().await;
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert_eq!(running.get::<String>(Shelf::Passwords, "reyes").as_deref(), Some("new"));
        running.look_soon().await;
        assert!(!changes.has_changed().unwrap());
        running.put(Shelf::Passwords, "marsh", &"other").unwrap();
        assert_eq!(running.all::<String>(Shelf::Passwords).len(), 2);
    }

    #[tokio::test]
    async fn a_shelf_that_was_damaged_stays_as_it_was_and_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let running = Keep::open(folder.path()).unwrap();
        running.put(Shelf::Passwords, "reyes", &"hash").unwrap();
        std::fs::write(folder.path().join("passwords.json"), "{").unwrap();
        running.look_soon().await;
        assert_eq!(running.get::<String>(Shelf::Passwords, "reyes").as_deref(), Some("hash"));
        let refused = running.put(Shelf::Passwords, "marsh", &"other").unwrap_err().to_string();
        assert!(refused.ends_with("is damaged; restore it from a copy or remove it"), "{refused}");
    }

    #[test]
    fn a_kept_value_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        Keep::open(folder.path()).unwrap().put(Shelf::Passwords, "reyes", &"hash").unwrap();
        let kept: Option<String> = Keep::open(folder.path()).unwrap().get(Shelf::Passwords, "reyes");
        assert_eq!(kept.as_deref(), Some("hash"));
    }

    #[test]
    fn who_reads_does_not_wait_for_who_writes() {
        let folder = tempfile::tempdir().unwrap();
        let keep = Keep::open(folder.path()).unwrap();
        keep.put(Shelf::Passwords, "reyes", &"hash").unwrap();
        // An operator's command that takes its time.
        let held = keep.lock_file("writing").unwrap();
        assert!(locked(&held, libc::LOCK_EX));
        let writer = std::thread::spawn({
            let keep = keep.clone();
            move || keep.put(Shelf::Passwords, "marsh", &"other").unwrap()
        });
        while keep.writing.try_lock().is_ok() {
            std::thread::yield_now();
        }
        assert_eq!(keep.get::<String>(Shelf::Passwords, "reyes").as_deref(), Some("hash"));
        drop(held);
        writer.join().unwrap();
        assert_eq!(keep.get::<String>(Shelf::Passwords, "marsh").as_deref(), Some("other"));
    }
}
