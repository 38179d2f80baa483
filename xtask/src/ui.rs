//! The pages: their packages, their build, their own tests.

use crate::step::{root, run};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> Result<PathBuf> {
    let ui = root().join("ui");
    if !ui.join("package.json").is_file() {
        bail!("ui/package.json is missing, so the pages cannot be built; restore the ui folder from version control");
    }
    Ok(ui)
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

/// Installs the packages that `folder`'s lock file names, unless they are installed already.
///
/// # Errors
/// When npm fails.
pub fn install_packages(folder: &Path) -> Result<()> {
    let written = |file: &str| folder.join(file).metadata().and_then(|data| data.modified()).ok();
    let installed = written("node_modules/.package-lock.json");
    if installed.is_some() && installed >= written("package-lock.json") && installed >= written("package.json") {
        return Ok(());
    }
    let title = format!("Install the npm packages of {}", folder.strip_prefix(root()).unwrap_or(folder).display());
    run(&title, npm(folder).args(["ci", "--no-audit", "--no-fund"]))
}

/// Builds the pages into `ui/dist`.
///
/// # Errors
/// When the folder is missing or npm fails.
pub fn build() -> Result<()> {
    let ui = folder()?;
    install_packages(&ui)?;
    run("Build the pages", npm(&ui).args(["run", "--silent", "build"]))
}

/// Checks the pages' types and runs their tests.
///
/// # Errors
/// When one of them fails.
pub fn test() -> Result<()> {
    let ui = folder()?;
    run("Check the pages' types", npm(&ui).args(["run", "--silent", "check"]))?;
    run("Test the pages", npm(&ui).args(["test", "--silent"]))
}
