//! Disks that take no more: a small one under the recordings, a file system in memory that the switch alone sees and that is
//! gone when it ends; and all of them, for a process that may write to no file.
//!
//! The small one needs the right to mount: root, or a kernel that lets every user make namespaces.

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

/// What to write before a program so that a write that is refused by [`refuse`] is an error to it, and not its end.
#[must_use]
pub fn refusable() -> Vec<String> {
    ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""].map(str::to_owned).into()
}

/// Refuses every write to a file that process `id` tries, or no longer.
///
/// # Errors
/// The process is not ours.
pub fn refuse(id: u32, on: bool) -> Result<()> {
    let id = libc::pid_t::try_from(id).context("a process id is small")?;
    let limit = libc::rlimit { rlim_cur: if on { 0 } else { libc::RLIM_INFINITY }, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: `limit` lives through the call, and the old one is not asked for.
    if unsafe { libc::prlimit(id, libc::RLIMIT_FSIZE, &raw const limit, std::ptr::null_mut()) } != 0 {
        return Err(std::io::Error::last_os_error()).context("the process takes no limit");
    }
    Ok(())
}
