//! The recorder's hand on the chain, the checkpoints and the sign of life.

use crate::chain::End;
use crate::checkpoint::{CHECKPOINTS_FILE, Checkpoint, set_torn_aside};
use crate::kept::Kept;
use crate::recover::{ALIVE_FILE, CHAIN_FILE};
use crate::writer::{Dated, SEGMENTS};
use crate::{Result, file_error};
use ed25519_dalek::SigningKey;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Room that must be there before somebody needs it, in bytes.
const ROOM: usize = 64 * 1_024;

/// File that asks for room.
const PROBE_FILE: &str = "probe";

/// Chain, checkpoints and sign of life of one folder.
pub struct Ledger {
    folder: PathBuf,
    key: SigningKey,
    end: End,
    chain: File,
    unwritten: VecDeque<u8>,
    checkpoints: File,
    alive: Arc<Kept>,
    /// The chain has lines that no checkpoint covers.
    unsigned: bool,
    /// Lines that were written may not outlast a power cut yet.
    unsynced: bool,
    /// The last checkpoint may not have been written to its end.
    torn: bool,
}

impl Ledger {
    /// Goes on where a chain ends.
    pub fn open(folder: &Path, end: End, key: SigningKey) -> Result<Self> {
        let open = |name: &str, append: bool| {
            let path = folder.join(name);
            let mut options = File::options();
            options.create(true).append(append).write(true).mode(0o600).open(&path).map_err(file_error(&path, "opened"))
        };
        Ok(Self {
            folder: folder.to_owned(),
            key,
            end,
            chain: open(CHAIN_FILE, true)?,
            unwritten: VecDeque::new(),
            checkpoints: open(CHECKPOINTS_FILE, true)?,
            alive: Arc::new(Kept::new(open(ALIVE_FILE, false)?)),
            unsigned: false,
            unsynced: false,
            torn: false,
        })
    }

    /// Takes news into the chain.
    pub fn append(&mut self, news: &mut Vec<Dated>) {
        for (utc_ms, entry) in news.drain(..) {
            self.unwritten.extend(self.end.push(utc_ms, &entry));
            self.unwritten.push_back(b'\n');
            self.unsigned = true;
        }
    }

    /// Brings the chain to the disk, and the sign of life.
    pub fn write(&mut self, now_utc_ms: i64) -> io::Result<()> {
        self.unsynced |= !self.unwritten.is_empty();
        while !self.unwritten.is_empty() {
            match self.chain.write(self.unwritten.as_slices().0) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => drop(self.unwritten.drain(..taken)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.unsynced {
            self.chain.sync_data()?;
            self.unsynced = false;
        }
        // It is written anew each time: what was lost of it does not matter.
        let _ = self.alive.cut();
        self.alive.file().write_all_at(format!("{now_utc_ms:020}\n").as_bytes(), 0)
    }

    /// The file of the sign of life.
    pub fn alive(&self) -> Arc<Kept> {
        Arc::clone(&self.alive)
    }

    /// Whether there is room for what may come.
    pub fn probe(&self) -> io::Result<()> {
        let path = self.folder.join(SEGMENTS).join(PROBE_FILE);
        let asked = std::fs::write(&path, vec![0x55; ROOM]);
        let removed = std::fs::remove_file(&path);
        asked.and(removed)
    }

    /// Signs the chain's end, if it has grown.
    pub fn sign(&mut self, now_utc_ms: i64) -> io::Result<()> {
        if !self.unsigned || self.unsynced || !self.unwritten.is_empty() {
            return Ok(());
        }
        if self.torn {
            set_torn_aside(&self.folder).map_err(io::Error::other)?;
            self.torn = false;
        }
        self.chain.sync_all().inspect_err(|_| self.unsynced = true)?;
        let mut line = serde_json::to_vec(&Checkpoint::sign(&self.key, &self.end, now_utc_ms))?;
        line.push(b'\n');
        self.torn = true;
        self.checkpoints.write_all(&line)?;
        self.torn = false;
        self.checkpoints.sync_all()?;
        self.unsigned = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::chain::Entry;
    use crate::checkpoint::load_or_make_key;

    fn ledger(folder: &Path) -> Ledger {
        Ledger::open(folder, End::default(), load_or_make_key(folder).unwrap()).unwrap()
    }

    #[test]
    fn a_chain_that_could_not_be_synced_is_synced_by_the_next_write_even_without_news() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = ledger(folder.path());
        // A pipe cannot be brought to any disk.
        let (_reader, pipe) = io::pipe().unwrap();
        ledger.chain = File::from(std::os::fd::OwnedFd::from(pipe));
        ledger.append(&mut vec![(1_000, Entry::Stopped)]);
        assert!(ledger.write(1_000).is_err());
        assert!(ledger.write(1_250).is_err());
        ledger.chain = File::create(folder.path().join("other")).unwrap();
        ledger.write(1_500).unwrap();
    }

    #[test]
    fn a_checkpoint_that_the_disk_took_half_of_does_not_spoil_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = ledger(folder.path());
        ledger.append(&mut vec![(1_000, Entry::Stopped)]);
        ledger.write(1_000).unwrap();
        ledger.checkpoints.write_all(b"{\"n\":1").unwrap();
        ledger.torn = true;
        ledger.sign(1_000).unwrap();
        let text = std::fs::read_to_string(folder.path().join(CHECKPOINTS_FILE)).unwrap();
        let lines: Vec<Checkpoint> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(std::fs::read(folder.path().join("checkpoints.torn-0")).unwrap(), b"{\"n\":1");
    }
}
