//! What the program is told when it starts: its command line.

use clap::Parser;
use std::path::PathBuf;

/// The most turrets that one program opens: one for each user of the sample floor.
pub const TURRETS_MAX: u8 = 6;

/// A trading turret. With no switch named it starts one of its own with a sample floor.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// How many turrets to open, each in a window of its own.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(TURRETS_MAX)))]
    pub turrets: u8,
    /// The switch, as `wss://host:port`.
    #[arg(long, value_name = "ADDRESS")]
    pub switch: Option<String>,
    /// The fingerprint of the switch's certificate, `sha256:…`; without it you are asked before the first log-on.
    #[arg(long, value_name = "FINGERPRINT", requires = "switch")]
    pub pin: Option<String>,
    /// Where settings and the sample floor's recordings are kept.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Logs this user on at once.
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub user: Option<String>,
    /// A file whose first line is the password.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// Starts the sample floor even when a switch was used before.
    #[arg(long, conflicts_with = "switch")]
    pub sample_floor: bool,
    /// A file that names the sound devices of each position; without it those that were chosen in the window are taken.
    #[arg(long, value_name = "FILE")]
    pub devices: Option<PathBuf>,
}

impl Options {
    /// The folder that everything is kept in.
    ///
    /// # Errors
    /// One sentence when this user has no home and none was named.
    pub fn data_folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(named) = &self.data {
            return Ok(named.clone());
        }
        directories::ProjectDirs::from("org", "Dealerboard", "Dealerboard")
            .map(|folders| folders.data_local_dir().to_path_buf())
            .ok_or_else(|| anyhow::anyhow!("there is no home folder to keep settings in; name one with --data"))
    }

    /// The password, without the line's end.
    ///
    /// # Errors
    /// One sentence when the file cannot be read or is empty.
    pub fn password(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.password_file else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            anyhow::anyhow!("the password file {} cannot be read ({error}); name another", path.display())
        })?;
        match text.lines().next().filter(|line| !line.is_empty()) {
            Some(line) => Ok(Some(line.to_owned())),
            None => {
                anyhow::bail!("the password file {} is empty; write the password in its first line", path.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn options(more: &[&str]) -> Options {
        Options::try_parse_from(std::iter::once("dealerboard").chain(more.iter().copied())).unwrap()
    }

    #[test]
    fn a_pin_without_a_switch_is_refused() {
        assert!(Options::try_parse_from(["dealerboard", "--pin", "sha256:00"]).is_err());
    }

    #[test]
    fn a_password_file_that_is_not_there_is_named() {
        let sentence =
            options(&["--user", "a.reyes", "--password-file", "/nowhere/secret"]).password().unwrap_err().to_string();
        assert!(sentence.contains("/nowhere/secret"), "{sentence}");
    }
}
