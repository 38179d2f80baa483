//! A small disk under the recordings: a file system in memory, seen by the switch alone, gone when the switch ends.
//!
//! Needs the right to mount: root, or a kernel that lets every user make namespaces.

use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// File that takes all the room there is.
const FILLER: &str = "filler";

/// What to write before a program so that its recordings below `data` have `kib` KiB of room.
#[must_use]
pub fn small(data: &Path, kib: u32) -> Vec<String> {
    // SAFETY: geteuid(2) takes nothing and cannot fail.
    let namespaces = if unsafe { libc::geteuid() } == 0 { "-m" } else { "-Urm" };
    let recordings = data.join("recordings").display().to_string();
    let script = format!("mkdir -p \"$0\" && mount -t tmpfs -o size={kib}k none \"$0\" && exec \"$@\"");
    ["unshare", namespaces, "sh", "-c", &script, &recordings].map(str::to_owned).into()
}

/// The path of `data` as process `id` sees it.
#[must_use]
pub fn seen_by(id: u32, data: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{id}/root"));
    root.join(data.strip_prefix("/").unwrap_or(data))
}

/// Takes all the room below `data`.
///
/// # Errors
/// Something else than lack of room stops it.
pub fn fill(data: &Path) -> Result<()> {
    let mut file = std::fs::File::create(data.join("recordings").join(FILLER))?;
    loop {
        match file.write_all(&[0x55; 4_096]) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
            Err(error) => return Err(error).context("the small disk could not be filled"),
        }
    }
}

/// Gives the room back.
///
/// # Errors
/// It was not taken.
pub fn empty(data: &Path) -> Result<()> {
    Ok(std::fs::remove_file(data.join("recordings").join(FILLER))?)
}
