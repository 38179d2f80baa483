//! What the switch keeps over a restart: small JSON values by shelf and name.
//!
//! Law: a value is on disk when `put` returns. One process per data folder.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Users that were added beside the floor file's.
    Users,
    /// Password hashes by log-on name.
    Passwords,
    /// Tokens by the SHA-256 of their secret.
    Tokens,
    /// What call control keeps over a restart.
    Survivors,
}

impl Shelf {
    fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Passwords => "passwords",
            Self::Tokens => "tokens",
            Self::Survivors => "survivors",
        }
    }
}

type Shelves = BTreeMap<String, BTreeMap<String, Value>>;

/// The kept values of one data folder. Clones are the same.
#[derive(Clone)]
pub struct Keep {
    folder: PathBuf,
    shelves: Arc<Mutex<Shelves>>,
    /// Held for as long as the folder is in use; none when the switch has let it go.
    lock: Arc<Mutex<Option<File>>>,
}

impl Keep {
    /// Opens the data folder and makes it when it is not there.
    ///
    /// # Errors
    /// It cannot be made or read, or another switch uses it.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| {
            format!("the data folder {} cannot be made; choose another with --data", folder.display())
        })?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join("in-use"))
            .with_context(|| format!("the data folder {} cannot be written; check who owns it", folder.display()))?;
        // SAFETY: flock(2) takes a descriptor that `lock` keeps open, and a number.
        if unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
            bail!(
                "the data folder {} is in use by another switch; stop that one first, or choose another folder with --data",
                folder.display()
            );
        }
        let mut shelves = Shelves::new();
        for shelf in [Shelf::Users, Shelf::Passwords, Shelf::Tokens, Shelf::Survivors] {
            let file = folder.join(format!("{}.json", shelf.name()));
            let values = match std::fs::read(&file) {
                Ok(bytes) => serde_json::from_slice(&bytes)
                    .with_context(|| format!("{} is damaged; restore it from a copy or remove it", file.display()))?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
                Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
            };
            shelves.insert(shelf.name().to_owned(), values);
        }
        Ok(Self {
            folder: folder.to_owned(),
            shelves: Arc::new(Mutex::new(shelves)),
            lock: Arc::new(Mutex::new(Some(lock))),
        })
    }

    /// The value called `name`, if it is there and still of this type.
    pub fn get<T: DeserializeOwned>(&self, shelf: Shelf, name: &str) -> Option<T> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_value(shelves.get(shelf.name())?.get(name)?.clone()).ok()
    }

    /// All values of a shelf in the order of their names.
    pub fn all<T: DeserializeOwned>(&self, shelf: Shelf) -> Vec<(String, T)> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let values = shelves.get(shelf.name());
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

    /// Lets the folder go: another switch may open it, and nothing is kept any more.
    pub fn let_go(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn change(&self, shelf: Shelf, change: impl FnOnce(&mut BTreeMap<String, Value>)) -> Result<()> {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() {
            bail!("the switch has stopped and keeps nothing any more; start it again");
        }
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let values = shelves.entry(shelf.name().to_owned()).or_default();
        change(values);
        let bytes = serde_json::to_vec_pretty(values).context("kept values are JSON")?;
        write_private(&self.folder.join(format!("{}.json", shelf.name())), &bytes)
    }
}

/// Writes a file that only its owner can read, whole or not at all.
///
/// # Errors
/// The folder cannot be written.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = file.with_extension("new");
    let told = || format!("{} cannot be written; check the space on the disk and who owns the folder", file.display());
    let _ = std::fs::remove_file(&fresh);
    let mut out = File::options().create_new(true).write(true).mode(0o600).open(&fresh).with_context(told)?;
    out.write_all(bytes).and_then(|()| out.sync_all()).with_context(told)?;
    std::fs::rename(&fresh, file).with_context(told)
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

    #[test]
    fn a_kept_value_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        Keep::open(folder.path()).unwrap().put(Shelf::Passwords, "reyes", &"hash").unwrap();
        let kept: Option<String> = Keep::open(folder.path()).unwrap().get(Shelf::Passwords, "reyes");
        assert_eq!(kept.as_deref(), Some("hash"));
    }
}
