//! The machine's preparation: Debian packages, Node.js and npm.
//!
//! Law: installs only what is missing, and only as root or where sudo asks for no password; otherwise it prints the exact
//! command and stops.

use crate::step::{is_installed, run};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Oldest Node.js and npm that build the pages (major, minor).
const NODE_MIN: (u32, u32) = (20, 19);
const NPM_MIN: (u32, u32) = (9, 0);

const BUILD: &str = "libwebkit2gtk-4.1-dev build-essential curl file libxdo-dev libssl-dev \
    libayatana-appindicator3-dev librsvg2-dev libasound2-dev cmake clang libclang-dev pkg-config";

const TEST: &str = "xvfb xauth imagemagick webkit2gtk-driver dbus pipewire wireplumber pipewire-pulse pipewire-alsa \
    pipewire-bin pulseaudio-utils alsa-utils libasound2-plugins chromium opus-tools ffmpeg espeak-ng iproute2 nftables";

/// What the machine is prepared for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To build and run.
    Build,
    /// To build, run and test.
    Test,
}

/// Installs the missing packages and checks Node.js and npm.
///
/// # Errors
/// When something is missing that this user may not install.
pub fn install(purpose: Purpose) -> Result<()> {
    let mut wanted: Vec<&str> = BUILD.split_whitespace().collect();
    if purpose == Purpose::Test {
        wanted.extend(TEST.split_whitespace());
    }
    if !is_installed("dpkg-query") || !is_installed("apt-get") {
        eprintln!("    This is not a Debian system: the counterparts of these packages must be installed already:");
        eprintln!("    {}", wanted.join(" "));
    } else {
        install_packages(&missing(&wanted)?)?;
    }
    at_least("node", "Node.js", NODE_MIN)?;
    at_least("npm", "npm", NPM_MIN)
}

/// Those of `wanted` that are not installed.
fn missing<'w>(wanted: &[&'w str]) -> Result<Vec<&'w str>> {
    let answer = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\n"])
        .args(wanted)
        .stderr(Stdio::null())
        .output()
        .context("dpkg-query could not be started")?;
    Ok(not_installed(wanted, &String::from_utf8_lossy(&answer.stdout)))
}

fn not_installed<'w>(wanted: &[&'w str], answer: &str) -> Vec<&'w str> {
    let installed: Vec<&str> = answer.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|package| !installed.contains(package)).collect()
}

fn install_packages(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        eprintln!("    System packages: all installed");
        return Ok(());
    }
    // SAFETY: `geteuid` has no preconditions and cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root && !sudo_asks_nothing() {
        bail!(refusal(packages));
    }
    let apt = || {
        let mut command = Command::new(if is_root { "env" } else { "sudo" });
        if !is_root {
            command.args(["--non-interactive", "env"]);
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    };
    run("Refresh the package lists", apt().args(["--quiet", "update"]))?;
    run(
        &format!("Install {}", packages.join(" ")),
        apt().args(["--quiet", "install", "--yes", "--no-install-recommends"]).args(packages),
    )
}

/// What a user reads who may not install packages.
fn refusal(packages: &[&str]) -> String {
    format!(
        "these packages are missing and only an administrator may install them; run this, then try again:\n\n    \
         sudo apt-get update && sudo apt-get install --yes --no-install-recommends {}\n",
        packages.join(" ")
    )
}

fn sudo_asks_nothing() -> bool {
    Command::new("sudo")
        .args(["--non-interactive", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Checks that `program --version` is at least `oldest`.
fn at_least(program: &str, name: &str, oldest: (u32, u32)) -> Result<()> {
    let wanted = format!("{}.{}", oldest.0, oldest.1);
    let Ok(answer) = Command::new(program).arg("--version").output() else {
        bail!("{name} is not installed; install {name} {wanted} or newer (https://nodejs.org) and try again");
    };
    let answer = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    match version(&answer) {
        Some(found) if found >= oldest => Ok(()),
        Some(_) | None => bail!("{name} here is \"{answer}\"; install {name} {wanted} or newer and try again"),
    }
}

/// Major and minor of `v20.19.1` or `11.4.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_with_and_without_its_letter() {
        assert_eq!((version("v20.19.1"), version("11.4.2"), version("none")), (Some((20, 19)), Some((11, 4)), None));
    }

    #[test]
    fn who_may_not_install_packages_reads_the_command_on_a_line_of_its_own() {
        let command = "    sudo apt-get update && sudo apt-get install --yes --no-install-recommends clang xvfb";
        assert!(refusal(&["clang", "xvfb"]).lines().any(|line| line == command));
    }

    #[test]
    fn a_removed_package_counts_as_missing() {
        let answer = "cmake installed\nclang config-files\n";
        assert_eq!(not_installed(&["cmake", "clang", "xvfb"], answer), vec!["clang", "xvfb"]);
    }
}
