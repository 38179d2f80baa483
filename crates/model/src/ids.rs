//! Ids and labels. Names come from the floor file, numbers are lent by the switch.

use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as it stands in the floor file.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $repr:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        pub struct $name(pub $repr);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

name_id! {
    /// A line's id in the floor file: one *end* of a private wire, or a hoot.
    LineId
}
name_id! {
    /// A user's log-on name.
    UserId
}
name_id! {
    /// A desk's id in the floor file.
    DeskId
}
name_id! {
    /// An intercom group's id in the floor file; of people who were picked, that of their call.
    GroupId
}
number_id! {
    /// One turret's session at the switch: from log-on to log-off, through lost and found connections. Unique for the
    /// life of a data folder.
    TurretId, u32
}
number_id! {
    /// One call, one intercom, or one stretch of activity on a hoot. Unique for the life of a data folder.
    CallId, u32
}
number_id! {
    /// One conference: lines that are joined. Not reused within a session of the switch.
    ConferenceId, u32
}
number_id! {
    /// One recording: all tracks of one call, or of one stretch of hoot activity.
    RecordingId, u32
}
number_id! {
    /// One track: one talker on one line, unmixed.
    TrackId, u32
}
number_id! {
    /// A contributing source of RFC 3550 section 5.1, lent by the switch: it labels a packet with a line or a talker.
    /// Not reused within a session of the switch.
    Csrc, u32
}

/// Where a person talks from: the three positions that have an uplink. The speakers' talk keys use the hands-free mic's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Uplink {
    /// Left handset.
    Left,
    /// Right handset.
    Right,
    /// Hands-free mic; also what the speakers' talk keys open.
    Mic,
}

impl Uplink {
    /// All uplinks, in the order in which a turret offers them.
    pub const ALL: [Self; 3] = [Self::Left, Self::Right, Self::Mic];

    /// 0, 1, 2: the place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Left => 0,
            Self::Right => 1,
            Self::Mic => 2,
        }
    }
}

/// A place of a turret where a person listens and (but for the speakers) takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// Left handset.
    Left,
    /// Right handset.
    Right,
    /// Hands-free mic with the loudspeaker.
    HandsFree,
    /// The speakers: many channels at once, and calls that were moved there.
    Speakers,
}

impl Position {
    /// All positions, in the order of the panel.
    pub const ALL: [Self; 4] = [Self::Left, Self::Right, Self::HandsFree, Self::Speakers];

    /// The position whose own microphone an uplink carries.
    #[must_use]
    pub fn of(uplink: Uplink) -> Self {
        match uplink {
            Uplink::Left => Self::Left,
            Uplink::Right => Self::Right,
            Uplink::Mic => Self::HandsFree,
        }
    }

    /// The uplink that carries this position's voice.
    #[must_use]
    pub fn uplink(self) -> Uplink {
        match self {
            Self::Left => Uplink::Left,
            Self::Right => Uplink::Right,
            Self::HandsFree | Self::Speakers => Uplink::Mic,
        }
    }
}

/// A moment as the switch knows it: monotonic time that orders and times everything, and UTC beside it for show and
/// record (rule TIM-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct Moment {
    /// Monotonic microseconds since the switch started.
    pub mono_us: u64,
    /// Milliseconds since 1970-01-01 UTC.
    #[ts(type = "number")]
    pub utc_ms: i64,
}

impl Moment {
    /// The moment `later_us` microseconds after this one.
    #[must_use]
    pub fn plus_us(self, later_us: u64) -> Self {
        let later_ms = i64::try_from(later_us / 1_000).unwrap_or(i64::MAX);
        Self { mono_us: self.mono_us.saturating_add(later_us), utc_ms: self.utc_ms.saturating_add(later_ms) }
    }

    /// The moment `later_ms` milliseconds after this one.
    #[must_use]
    pub fn plus_ms(self, later_ms: u64) -> Self {
        self.plus_us(later_ms.saturating_mul(1_000))
    }
}
