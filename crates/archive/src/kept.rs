//! A file that the disk may lose parts of after it has taken them.
//!
//! Law: what could not be synced once is lost, whatever the system says the next time: it tells each loss once and forgets
//! what it had. Whoever writes the file looks here before it is called complete.

use sha2::Sha256;
use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much of a segment the disk has.
#[derive(Clone, Default)]
pub struct Extent {
    /// Length in bytes.
    pub bytes: u64,
    /// Length in samples at 48 kHz.
    pub samples: u64,
    /// Hash of these bytes, not finished.
    pub hash: Sha256,
}

#[derive(Default)]
struct State {
    synced: Extent,
    lost: bool,
}

/// A file, and how much of it outlasts a power cut.
pub struct Kept {
    file: File,
    /// Held while the disk is waited for: two who wait would not both be told of a loss.
    syncing: Mutex<()>,
    state: Mutex<State>,
}

impl Kept {
    /// Nothing of it was synced yet.
    pub fn new(file: File) -> Self {
        Self { file, syncing: Mutex::default(), state: Mutex::default() }
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Waits until what was written so far, which is `extent`, outlasts a power cut.
    ///
    /// # Errors
    /// The disk has lost of it what had not been synced before.
    pub fn sync(&self, extent: &Extent) -> io::Result<()> {
        let _alone = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_lost() {
            return Err(io::Error::other("it has lost what was written"));
        }
        let synced = self.file.sync_all();
        let mut state = self.state();
        match &synced {
            Ok(()) => state.synced = extent.clone(),
            Err(_) => state.lost = true,
        }
        synced
    }

    /// Whether the disk has lost something.
    pub fn is_lost(&self) -> bool {
        self.state().lost
    }

    /// How much is left of it after a loss; from now on that is all of it.
    pub fn cut(&self) -> Extent {
        let mut state = self.state();
        state.lost = false;
        state.synced.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub fn lose(&self) {
        self.state().lost = true;
    }
}
