//! Makes what was written outlast a power cut, beside the recorder's thread.
//!
//! Law: whoever asks never waits; while the disk is busy with the last request, a new one is left out, for the next one
//! asks for the same files again. A disk that loses what it has taken is told of at the next look.

use crate::kept::{Extent, Kept};
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// The hand on the thread that waits for the disk; it ends when this is dropped.
pub struct Syncing {
    requests: SyncSender<Vec<(Arc<Kept>, Extent)>>,
    refused: Arc<Mutex<Option<io::Error>>>,
}

impl Syncing {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> io::Result<Self> {
        let (requests, asked) = sync_channel::<Vec<(Arc<Kept>, Extent)>>(1);
        let refused: Arc<Mutex<Option<io::Error>>> = Arc::default();
        let tell = Arc::clone(&refused);
        std::thread::Builder::new().name("recorder-sync".into()).spawn(move || {
            while let Ok(files) = asked.recv() {
                for error in files.iter().filter_map(|(file, extent)| file.sync(extent).err()) {
                    *tell.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        })?;
        Ok(Self { requests, refused })
    }

    /// Asks for these files to be brought to the disk.
    pub fn ask(&self, files: Vec<(Arc<Kept>, Extent)>) {
        // Full: the disk is slower than once a second, and the next request is as good.
        let _ = self.requests.try_send(files);
    }

    /// What the disk has refused since the last look.
    ///
    /// # Errors
    /// The disk lost what it had taken.
    pub fn result(&self) -> io::Result<()> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_disk_refuses_is_told_once() {
        // A pipe cannot be brought to any disk.
        let (_, pipe) = io::pipe().unwrap();
        let syncing = Syncing::start().unwrap();
        let file = std::fs::File::from(std::os::fd::OwnedFd::from(pipe));
        syncing.ask(vec![(Arc::new(Kept::new(file)), Extent::default())]);
        while syncing.refused.lock().unwrap().is_none() {
            std::thread::yield_now();
        }
        assert!(syncing.result().is_err());
        assert!(syncing.result().is_ok());
    }
}
