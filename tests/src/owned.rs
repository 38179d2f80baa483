//! Programs of this workspace, and processes that end with their owner.

use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};

/// A program of this workspace, built beside the running test.
///
/// # Errors
/// It has not been built.
pub fn program(name: &str) -> Result<PathBuf> {
    let here = std::env::current_exe().context("the test knows its own file")?;
    let found = here.ancestors().skip(1).take(3).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("{name} is not built beside {}; run cargo build --workspace first", here.display()))
}

/// A process that ends with its owner.
pub struct Owned(pub(crate) Child);

impl Owned {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.0.wait()
    }

    /// Ends it without any warning, as a power cut would.
    pub fn kill(&mut self) {
        // A process that has already ended is what was wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.kill();
    }
}
