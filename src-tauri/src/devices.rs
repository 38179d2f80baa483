//! The sound devices of each window: the file that names them, and what is chosen in the windows.
//!
//! Law: a file that was named on the command line counts, and is never written; what is chosen then counts until the end.
//! Otherwise each choice is written down at once, where the next start finds it.

use crate::memory;
use crate::options::Options;
use anyhow::{Context, Result};
use dealerboard_model::Position;
use dealerboard_turret::CardChoices;
use dealerboard_turret::view::{ChosenView, DeviceChoice};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file of what was chosen, in the data folder.
const FILE: &str = "devices.toml";

/// Frames in a period that devices are asked for.
const PERIOD_FRAMES: u32 = 256;

/// A device: written by hand its name will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Named {
    Name(String),
    Device(DeviceChoice),
}

impl From<Named> for DeviceChoice {
    fn from(named: Named) -> Self {
        match named {
            Named::Name(name) => Self { id: name.clone(), name },
            Named::Device(device) => device,
        }
    }
}

impl From<DeviceChoice> for Named {
    fn from(device: DeviceChoice) -> Self {
        if device.id == device.name { Self::Name(device.name) } else { Self::Device(device) }
    }
}

/// The devices of one position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PositionDevices {
    /// Microphone.
    #[serde(skip_serializing_if = "Option::is_none")]
    microphone: Option<Named>,
    /// Earpiece or loudspeaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    ear: Option<Named>,
}

/// The devices of one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct SeatDevices {
    left: PositionDevices,
    right: PositionDevices,
    hands_free: PositionDevices,
    speakers: PositionDevices,
}

impl SeatDevices {
    fn at(&mut self, position: Position) -> &mut PositionDevices {
        match position {
            Position::Left => &mut self.left,
            Position::Right => &mut self.right,
            Position::HandsFree => &mut self.hands_free,
            Position::Speakers => &mut self.speakers,
        }
    }
}

/// Every window's devices, first window first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DevicesFile {
    #[serde(default)]
    turret: Vec<SeatDevices>,
}

/// The devices of every window.
pub struct SeatsDevices {
    /// Where choices are written down; none: nowhere.
    path: Option<PathBuf>,
    file: Mutex<DevicesFile>,
    /// Held while the file is written.
    writing: Mutex<()>,
}

impl SeatsDevices {
    /// Reads the file that `options` name, else what was chosen before.
    ///
    /// # Errors
    /// One sentence with the place of the mistake.
    pub fn read(options: &Options, data: &Path) -> Result<Self> {
        let (path, file) = match &options.devices {
            Some(named) => {
                let text = fs::read_to_string(named);
                let cannot =
                    || format!("the devices file {} cannot be read; name another with --devices", named.display());
                (None, understand(&text.with_context(cannot)?, named)?)
            }
            None => {
                let path = data.join(FILE);
                let file = match fs::read_to_string(&path) {
                    Ok(text) => understand(&text, &path)?,
                    Err(error) if error.kind() == ErrorKind::NotFound => DevicesFile::default(),
                    Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
                };
                (Some(path), file)
            }
        };
        Ok(Self { path, file: Mutex::new(file), writing: Mutex::default() })
    }

    fn file(&self) -> MutexGuard<'_, DevicesFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The devices of the window `at` (from 0); the system's where none are named.
    pub fn choices(&self, at: usize) -> CardChoices {
        let mut seat = self.file().turret.get(at).cloned().unwrap_or_default();
        let mut choices = CardChoices { period: PERIOD_FRAMES, ..CardChoices::default() };
        for position in Position::ALL {
            let PositionDevices { microphone, ear } = std::mem::take(seat.at(position));
            let choice = |named: Named| (position, DeviceChoice::from(named).into());
            choices.mics.extend(microphone.map(choice));
            choices.ears.extend(ear.map(choice));
        }
        choices
    }

    /// Takes over what is chosen at the window `at` (from 0); true when that has to be written.
    pub fn take(&self, at: usize, chosen: &[ChosenView]) -> bool {
        let mut seat = SeatDevices::default();
        for ChosenView { position, microphone, ear } in chosen.iter().cloned() {
            *seat.at(position) = PositionDevices { microphone: microphone.map(Named::from), ear: ear.map(Named::from) };
        }
        let mut file = self.file();
        if file.turret.len() <= at {
            file.turret.resize(at + 1, SeatDevices::default());
        }
        let before = std::mem::replace(&mut file.turret[at], seat);
        self.path.is_some() && file.turret[at] != before
    }

    /// Writes down what was chosen. It waits for the disk.
    ///
    /// # Errors
    /// One sentence when the file cannot be written; the next start then knows what it knew before.
    pub fn write(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let text = toml::to_string(&*self.file()).context("the chosen devices cannot be written down")?;
        memory::replace(path, &text)
            .with_context(|| format!("{} cannot be written, so the chosen devices are not remembered", path.display()))
    }
}

fn understand(text: &str, path: &Path) -> Result<DevicesFile> {
    toml::from_str(text).with_context(|| format!("{} is not understood; mend or delete it", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;
    use dealerboard_turret::Choice;

    fn read(more: &[&str], data: &Path) -> Result<SeatsDevices> {
        let options = std::iter::once("dealerboard").chain(more.iter().copied());
        SeatsDevices::read(&Options::try_parse_from(options).unwrap(), data)
    }

    fn chosen(id: &str, name: &str) -> ChosenView {
        let microphone = Some(DeviceChoice { id: id.into(), name: name.into() });
        ChosenView { position: Position::Right, microphone, ear: None }
    }

    fn mic(devices: &SeatsDevices, at: usize, position: Position) -> Option<(String, String)> {
        devices.choices(at).mics.get(&position).map(|Choice { id, name }| (id.clone(), name.clone()))
    }

    #[test]
    fn what_was_chosen_at_a_window_is_there_at_its_next_start_and_at_no_other_window() {
        let data = tempfile::tempdir().unwrap();
        let devices = read(&[], data.path()).unwrap();
        assert!(devices.take(1, &[chosen("server:usb", "Headset")]));
        devices.write().unwrap();
        let again = read(&[], data.path()).unwrap();
        assert_eq!(mic(&again, 1, Position::Right), Some(("server:usb".into(), "Headset".into())));
        assert_eq!((mic(&again, 0, Position::Right), mic(&again, 1, Position::Left)), (None, None));
        assert!(!again.take(1, &[chosen("server:usb", "Headset")]));
    }

    #[test]
    fn a_file_that_is_named_wins_and_is_not_written_nor_is_what_was_remembered() {
        let data = tempfile::tempdir().unwrap();
        let remembered = read(&[], data.path()).unwrap();
        remembered.take(0, &[chosen("server:usb", "Headset")]);
        remembered.write().unwrap();
        let named = data.path().join("mine.toml");
        let text = "[[turret]]\nleft = { microphone = \"mic1\", ear = { id = \"server:ear\", name = \"Ear\" } }\n";
        fs::write(&named, text).unwrap();
        let devices = read(&["--devices", named.to_str().unwrap()], data.path()).unwrap();
        assert_eq!(mic(&devices, 0, Position::Left), Some(("mic1".into(), "mic1".into())));
        assert!(!devices.take(0, &[chosen("server:desk", "Desk")]));
        assert_eq!(fs::read_to_string(named).unwrap(), text);
        assert!(mic(&read(&[], data.path()).unwrap(), 0, Position::Right).is_some());
    }

    #[test]
    fn a_file_that_is_not_understood_is_named_and_not_overlooked() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(FILE), "[[turret]]\nmiddle = {}\n").unwrap();
        let sentence = format!("{:#}", read(&[], data.path()).err().unwrap());
        assert!(sentence.contains("devices.toml is not understood; mend or delete it"), "{sentence}");
    }
}
