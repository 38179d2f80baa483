//! The floor file: desks, users, lines, hoots, and what each panel shows, as an administrator writes them in TOML.
//!
//! Law: reading never panics and never stops at the first mistake: every mistake is named with its line and what to write
//! instead. `read` takes the words from the file, `check` compares them with each other, `build` (beside the translation) makes
//! call control's floor of them. A switch plays no counterparties: what is wrong with what they do, which `scripts` names, and
//! with what they say, which `voices` does, hinders no floor.

mod build;
mod check;
mod entry;
mod extensions;
mod keys;
mod nearest;
mod policies;
mod read;
mod scripts;
mod voices;
mod words;

pub use build::{build, policies};
pub use extensions::lines as extension_lines;
pub use keys::{TABLES, Table};
pub use policies::levels_in_words;
pub use words::{
    Channels, Counterparty, Desk, DialLine, End, Extension, FloorFile, Hoot, Members, Page, Placed, ShoutDown, User,
    Whose, Wire, WireKind,
};

use std::fmt;
use std::path::Path;

/// Longest name that a key can show, in characters.
pub const NAME_MAX_CHARS: usize = 18;

/// Places on a page of keys: six rows of seven.
pub const PAGE_KEYS_MAX: usize = 42;

/// Speaker channels of one turret.
pub const CHANNELS_MAX: usize = 32;

/// Groups of the speaker channels of one turret.
pub const CHANNEL_GROUPS_MAX: usize = 8;

/// One mistake in a floor file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub sentence: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.sentence)
    }
}

/// Reads a floor file.
///
/// # Errors
/// Every mistake in it, in the order of its lines.
pub fn read(text: &str) -> Result<FloorFile, Vec<Mistake>> {
    let (file, mistakes) = compared(text);
    match file {
        Some(file) if mistakes.is_empty() => Ok(file),
        Some(_) | None => Err(mistakes),
    }
}

/// What could be read of a floor file, and every mistake in its words.
fn compared(text: &str) -> (Option<FloorFile>, Vec<Mistake>) {
    let (file, mut mistakes) = read::read(text);
    if let Some(file) = &file {
        mistakes.extend(check::compare(file));
    }
    mistakes.sort();
    mistakes.dedup();
    (file, mistakes)
}

/// Every mistake in a floor file, in what its counterparties do too, which only programs that play them need; in the order of
/// its lines.
#[must_use]
pub fn check(text: &str) -> Vec<Mistake> {
    judged(text, scripts::compare)
}

/// As [`check`], of a floor file that stands in `folder`, the voice files there too.
#[must_use]
pub fn check_in(text: &str, folder: &Path) -> Vec<Mistake> {
    judged(text, |file| [scripts::compare(file), voices::compare(file, folder)].concat())
}

fn judged(text: &str, played: impl Fn(&FloorFile) -> Vec<Mistake>) -> Vec<Mistake> {
    let (file, mut mistakes) = compared(text);
    mistakes.extend(file.iter().flat_map(played));
    mistakes.sort();
    mistakes.dedup();
    mistakes
}

#[cfg(test)]
mod tests;
