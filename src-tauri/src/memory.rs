//! What this program remembers from start to start: the switch that was logged on at last, and the certificate that is
//! trusted at each switch.
//!
//! Law: a fingerprint is written only after a log-on behind it, and is forgotten by nobody but the person who edits the
//! file. The file is replaced as a whole, and only its owner reads it.

use anyhow::{Context, Result};
use dealerboard_turret::Fingerprint;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The file, in the data folder.
const FILE: &str = "switch.toml";

/// The file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// `wss://host:port` of the switch of the next start.
    address: String,
    /// `sha256:…` of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
    /// The certificates of other switches, by address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    trusted: BTreeMap<String, String>,
}

/// The remembered switches of one data folder.
pub struct Memory {
    path: PathBuf,
    known: Mutex<Option<Known>>,
}

impl Memory {
    /// Reads what is remembered; nothing on the first start.
    ///
    /// # Errors
    /// One sentence when the file cannot be read or is not understood.
    pub fn read(data: &Path) -> Result<Self> {
        let path = data.join(FILE);
        let known = match fs::read_to_string(&path) {
            Ok(text) => Some(understand(&text, &path)?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        Ok(Self { path, known: Mutex::new(known) })
    }

    fn known(&self) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The switch that was logged on at last.
    pub fn switch(&self) -> Option<String> {
        self.known().map(|known| known.address)
    }

    /// The certificate that is trusted at `address`.
    pub fn pin_of(&self, address: &str) -> Option<String> {
        let known = self.known()?;
        if known.address == address { known.pin } else { known.trusted.get(address).cloned() }
    }

    /// Every switch with a trusted certificate, and its fingerprint.
    pub fn pins(&self) -> Vec<(String, Fingerprint)> {
        let Some(known) = self.known() else { return Vec::new() };
        let chosen = known.pin.map(|pin| (known.address, pin));
        let all = chosen.into_iter().chain(known.trusted);
        all.filter_map(|(address, pin)| Some((address, pin.parse().ok()?))).collect()
    }

    /// Remembers that somebody has logged on at `address`, behind the certificate `pin`.
    ///
    /// # Errors
    /// One sentence when the file cannot be written; the next start then knows what it knew before.
    pub fn remember(&self, address: &str, pin: Fingerprint) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = known.clone().unwrap_or_default();
        if let Some(pin) = next.pin.take() {
            next.trusted.insert(std::mem::take(&mut next.address), pin);
        }
        next.trusted.remove(address);
        (next.address, next.pin) = (address.to_owned(), Some(pin.to_string()));
        if known.as_ref() == Some(&next) {
            return Ok(());
        }
        let text = toml::to_string(&next).context("the switch's address cannot be written down")?;
        replace(&self.path, &text)
            .with_context(|| format!("{} cannot be written, so the switch is not remembered", self.path.display()))?;
        *known = Some(next);
        Ok(())
    }
}

fn understand(text: &str, path: &Path) -> Result<Known> {
    let wrong = || format!("{} is not understood; mend or delete it", path.display());
    let known: Known = toml::from_str(text).with_context(wrong)?;
    for pin in known.pin.iter().chain(known.trusted.values()) {
        pin.parse::<Fingerprint>().map_err(anyhow::Error::msg).with_context(wrong)?;
    }
    Ok(known)
}

/// Puts `text` in the place of the file, whole or not at all; readable by its owner only.
pub fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_extension("toml.new");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // What a crash left behind may have other rights.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn pin(digit: &str) -> Fingerprint {
        format!("sha256:{}", digit.repeat(64)).parse().unwrap()
    }

    #[test]
    fn a_switch_that_was_logged_on_at_is_there_at_the_next_start_with_its_certificate() {
        let data = tempfile::tempdir().unwrap();
        Memory::read(data.path()).unwrap().remember("wss://ldn:7443", pin("a")).unwrap();
        let again = Memory::read(data.path()).unwrap();
        assert_eq!(again.switch().as_deref(), Some("wss://ldn:7443"));
        assert_eq!(again.pin_of("wss://ldn:7443"), Some(pin("a").to_string()));
    }

    #[test]
    fn the_file_is_for_its_owner_only_even_after_a_crash_left_an_open_one() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("switch.toml.new"), "half").unwrap();
        Memory::read(data.path()).unwrap().remember("wss://ldn:7443", pin("a")).unwrap();
        let mode = std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_certificate_of_the_switch_before_stays_trusted() {
        let data = tempfile::tempdir().unwrap();
        let memory = Memory::read(data.path()).unwrap();
        memory.remember("wss://ldn:7443", pin("a")).unwrap();
        memory.remember("wss://nyc:7443", pin("b")).unwrap();
        let again = Memory::read(data.path()).unwrap();
        assert_eq!(again.switch().as_deref(), Some("wss://nyc:7443"));
        assert_eq!(again.pin_of("wss://ldn:7443"), Some(pin("a").to_string()));
        assert_eq!(again.pins().len(), 2);
    }

    #[test]
    fn a_file_with_a_broken_fingerprint_is_refused_and_not_overlooked() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(FILE), "address = \"wss://ldn:7443\"\npin = \"sha256:ab\"\n").unwrap();
        let sentence = format!("{:#}", Memory::read(data.path()).err().unwrap());
        assert!(sentence.contains("mend or delete it"), "{sentence}");
    }
}
