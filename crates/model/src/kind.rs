//! The kinds of lines, and what each kind can do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The kind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Automatic ringdown: seizing one end rings the other.
    Ard,
    /// Manual ringdown: seizing opens the path silently, *Signal* rings.
    Mrd,
    /// Always-on conference.
    Hoot,
    /// Press and talk: everyone on it hears at once, nothing rings.
    ShoutDown,
    /// Direct talk to one or to a group; such a line exists for the length of one intercom.
    Intercom,
    /// One of the calls that a user's own number carries.
    Extension,
    /// A shared line from which any number is dialled.
    Dial,
}

impl LineKind {
    /// A permanent circuit between two ends.
    #[must_use]
    pub fn is_wire(self) -> bool {
        match self {
            Self::Ard | Self::Mrd => true,
            Self::Hoot | Self::ShoutDown | Self::Intercom | Self::Extension | Self::Dial => false,
        }
    }

    /// Always open to its members, who talk with its talk key: nobody takes it.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::Hoot | Self::ShoutDown => true,
            Self::Ard | Self::Mrd | Self::Intercom | Self::Extension | Self::Dial => false,
        }
    }

    /// Its far end is found by a number, anew for each call.
    #[must_use]
    pub fn is_dialled(self) -> bool {
        match self {
            Self::Extension | Self::Dial => true,
            Self::Ard | Self::Mrd | Self::Hoot | Self::ShoutDown | Self::Intercom => false,
        }
    }

    /// Its calls have two ends: they are held, kept private and sent on.
    #[must_use]
    pub fn has_two_ends(self) -> bool {
        self.is_wire() || self.is_dialled()
    }

    /// Its calls can be joined with others.
    #[must_use]
    pub fn is_joinable(self) -> bool {
        match self {
            Self::Ard | Self::Mrd | Self::Intercom | Self::Extension | Self::Dial => true,
            Self::Hoot | Self::ShoutDown => false,
        }
    }
}
