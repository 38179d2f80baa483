//! Everything that judges the workspace: formatting, lints, tests, and the suites that drive the window and a browser.

use crate::step::{cargo, is_installed, root, run};
use crate::{setup, ui};
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A sound server of its own beside the program that needs it; all of them end with the program.
const SESSION: &str = r#"
pipewire & a=$!
for i in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/pipewire-0" ] && break; sleep 0.1; done
wireplumber & b=$!
pipewire-pulse & c=$!
trap 'kill $c $b $a 2>/dev/null; wait' EXIT
for i in $(seq 100); do pactl info >/dev/null 2>&1 && break; sleep 0.1; done
"$@"
"#;

/// The package whose tests keep real time: one at once, here and in `.config/nextest.toml`.
const REAL_TIME: &str = "dealerboard-tests";

/// Formatting, lints, and licences where cargo-deny is installed.
///
/// # Errors
/// At the first complaint.
pub fn check() -> Result<()> {
    run("Check the formatting", cargo().args(["fmt", "--all", "--check"]))?;
    run(
        "Check the lints",
        cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"]),
    )?;
    if is_installed("cargo-deny") {
        run("Check licences and advisories", cargo().args(["deny", "--all-features", "check"]))?;
    } else {
        println!("==> Licences and advisories are not checked: cargo-deny is not installed");
    }
    Ok(())
}

/// Every test, after the set-up that it needs.
///
/// # Errors
/// At the first step that fails.
pub fn test() -> Result<()> {
    setup::install(setup::Purpose::Test)?;
    ui::build()?;
    ui::test()?;
    check()?;
    // The end-to-end suites start the built programs, and cargo builds a package's own binaries only for its own tests.
    run("Build the programs", cargo().args(["build", "--workspace", "--bins"]))?;
    ui::install_packages(&root().join("tests/e2e"))?;
    if is_installed("cargo-nextest") {
        run("Test the workspace", cargo().args(["nextest", "run", "--workspace"]))?;
    } else {
        run("Test the crates", cargo().args(["test", "--workspace", "--exclude", REAL_TIME]))?;
        run("Test the whole system", cargo().args(["test", "--package", REAL_TIME, "--", "--test-threads", "1"]))?;
    }
    end_to_end()
}

/// Runs each suite `tests/e2e/*.test.mjs` in a session of its own.
fn end_to_end() -> Result<()> {
    let mut suites: Vec<PathBuf> = std::fs::read_dir(root().join("tests/e2e"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    suites.sort();
    for suite in suites {
        let title = format!("End to end: {}", suite.file_stem().unwrap_or_default().to_string_lossy());
        if let Err(error) = in_private_session(&title, &suite, &[]) {
            // Sound in real time, on a machine that others use as well: what fails twice is broken.
            println!("==> {title} failed and is run once more: {error:#}");
            in_private_session(&title, &suite, &[])?;
        }
    }
    Ok(())
}

/// Runs a Node.js script with a display, a session bus and a sound server that nobody else uses.
///
/// # Errors
/// When the script is missing or fails.
pub fn in_private_session(title: &str, script: &Path, arguments: &[&OsStr]) -> Result<()> {
    if !script.is_file() {
        bail!("{} is missing; restore it from version control", script.display());
    }
    let runtime = tempfile::Builder::new()
        .prefix("dealerboard-session-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .context("no folder could be made for the private session")?;
    let mut command = Command::new("xvfb-run");
    command
        .args(["--auto-servernum", "--server-args=-screen 0 1600x1000x24"])
        .args(["dbus-run-session", "--config-file"])
        .arg(root().join("xtask/session-bus.conf"))
        .args(["--", "bash", "-c", SESSION, "session", "node"])
        .arg(script)
        .args(arguments)
        .current_dir(root())
        .env("DEALERBOARD_PROGRAMS", std::env::current_exe()?.with_file_name(""))
        .env("XDG_RUNTIME_DIR", runtime.path());
    run(title, &mut command)
}
