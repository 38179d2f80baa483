//! Runs a program as a named step, and says at intervals that it is still running and how long it took.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often a long step says that it is still running.
const REMINDER: Duration = Duration::from_secs(20);

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// Cargo, in the workspace's folder.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs `command` as the step `title`, its output going to the terminal.
///
/// # Errors
/// When it cannot be started or ends with a failure.
pub fn run(title: &str, command: &mut Command) -> Result<()> {
    let status = status(title, command)?;
    succeeded(title, command, status)
}

/// The step `title` has ended with a success.
///
/// # Errors
/// It has not.
pub fn succeeded(title: &str, command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{title}: {} ended with {status}; its own words are above", command.get_program().to_string_lossy());
    }
    Ok(())
}

/// Runs `command` as the step `title`, its output going to the terminal, and gives how it ended.
///
/// # Errors
/// When it cannot be started.
pub fn status(title: &str, command: &mut Command) -> Result<ExitStatus> {
    eprintln!("==> {title}");
    let began = Instant::now();
    let (ended, wait) = channel::<()>();
    let status = std::thread::scope(|scope| {
        scope.spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(REMINDER) {
                eprintln!("... {title}: {} s so far", began.elapsed().as_secs());
            }
        });
        let status = command.status();
        drop(ended);
        status
    });
    let program = command.get_program().to_string_lossy().into_owned();
    let status =
        status.with_context(|| format!("{title}: {program} could not be started; install it and try again"))?;
    eprintln!("    {title}: ended after {:.1} s", began.elapsed().as_secs_f32());
    Ok(status)
}

/// Runs a program that stays open for as long as its user likes.
///
/// # Errors
/// When it cannot be started, or fails.
pub fn open_program(title: &str, command: &mut Command) -> Result<()> {
    eprintln!("==> {title}");
    let status = command.status().with_context(|| format!("{title}: it could not be started"))?;
    succeeded(title, command, status)
}

/// Whether a program of this name is on the path.
pub fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}
