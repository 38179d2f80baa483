//! The data folder of one running program.
//!
//! Law: two programs never share a folder: each would overwrite what the other remembers.

use anyhow::{Context, Result, bail};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Locked while a program runs on the folder; the system lets go of it when the program ends, however it ends.
const LOCK: &str = "dealerboard.lock";

/// A data folder that nobody else uses until this is dropped.
pub struct DataFolder {
    path: PathBuf,
    #[allow(dead_code, reason = "held so that the folder stays locked")]
    lock: File,
}

impl DataFolder {
    /// Makes the folder where it is missing, and takes it.
    ///
    /// # Errors
    /// One sentence when another program runs on it, or it cannot be made.
    pub fn take(path: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&path)
            .with_context(|| format!("the data folder {} cannot be made; name another with --data", path.display()))?;
        let lock =
            File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).with_context(|| {
                format!("the data folder {} cannot be written; name another with --data", path.display())
            })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "Dealerboard runs already on the data folder {}; use its window, or start this one with another --data",
                path.display()
            ),
            Err(TryLockError::Error(error)) => Err(error)
                .with_context(|| format!("the data folder {} cannot be locked; check its file system", path.display())),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_second_program_on_the_same_data_folder_is_refused_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::take(folder.path().to_path_buf()).unwrap();
        let sentence = format!("{:#}", DataFolder::take(folder.path().to_path_buf()).err().unwrap());
        assert!(sentence.contains("runs already") && !sentence.contains('\n'), "{sentence}");
        drop(first);
        assert!(DataFolder::take(folder.path().to_path_buf()).is_ok());
    }
}
