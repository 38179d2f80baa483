//! Policies: what a floor decides for itself, one entry each, and which of several settings is in force.
//!
//! Law: this list is the only place that knows a policy's default, its range and who may set it. A taste is the user's before
//! the desk's, the desk's before the line's, the line's before the floor's. What protects somebody is the most restrictive of
//! all that was set; the default counts where nobody has set anything.

use dealerboard_model::{DeskId, LineId, LineKind, UserId};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Where a policy may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For everything.
    Floor,
    /// For lines of a kind; on a private wire for both ends.
    Line(LineKind),
    /// For the users of a desk.
    Desk,
    /// For one user.
    User,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Floor => "the floor",
            Self::Line(LineKind::Ard) => "an ARD",
            Self::Line(LineKind::Mrd) => "an MRD",
            Self::Line(LineKind::Hoot) => "a hoot",
            Self::Line(LineKind::ShoutDown) => "a shout-down",
            Self::Line(LineKind::Intercom) => "an intercom",
            Self::Line(LineKind::Extension) => "an extension",
            Self::Line(LineKind::Dial) => "a dial line",
            Self::Desk => "a desk",
            Self::User => "a user",
        })
    }
}

/// Which of several settings is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wins {
    /// A taste: that of the nearest, user before desk before line before floor.
    Nearest,
    /// It protects somebody: the smallest; `off` is the largest time, and words are listed from the smallest on.
    Smallest,
    /// It protects somebody: the largest.
    Largest,
}

/// What a policy may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A time in milliseconds, from the first to the second.
    Span(u64, u64),
    /// The same, or never.
    SpanOrOff(u64, u64),
    /// A whole number, from the first to the second.
    Count(usize, usize),
    /// One of these words.
    Words(&'static [&'static str]),
}

impl Kind {
    /// On or off: a `bool`.
    pub const ON_OFF: Self = Self::Words(&["off", "on"]);

    /// Whether a policy of this kind may be `value`.
    #[must_use]
    pub fn takes(self, value: Value) -> bool {
        match (self, value) {
            (Self::Span(min, max) | Self::SpanOrOff(min, max), Value::Ms(ms)) => (min..=max).contains(&ms),
            (Self::SpanOrOff(..), Value::Off) => true,
            (Self::Count(min, max), Value::Count(count)) => (min..=max).contains(&count),
            (Self::Words(words), Value::Word(word)) => words.contains(&word),
            (Self::Span(..) | Self::SpanOrOff(..) | Self::Count(..) | Self::Words(_), _) => false,
        }
    }

    /// The order of its values.
    fn rank(self, value: Value) -> u64 {
        match value {
            Value::Ms(ms) => ms,
            Value::Off => u64::MAX,
            Value::Count(count) => count as u64,
            Value::Word(word) => match self {
                Self::Words(words) => words.iter().take_while(|known| **known != word).count() as u64,
                Self::Span(..) | Self::SpanOrOff(..) | Self::Count(..) => 0,
            },
        }
    }
}

/// Its range in words.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(min, max) => write!(f, "{} to {}", Value::Ms(*min), Value::Ms(*max)),
            Self::SpanOrOff(min, max) => write!(f, "{} to {}, or off", Value::Ms(*min), Value::Ms(*max)),
            Self::Count(min, max) => write!(f, "{min} to {max}"),
            Self::Words(words) => f.write_str(&words.join(" or ")),
        }
    }
}

/// What a policy is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A time in milliseconds.
    Ms(u64),
    /// Never.
    Off,
    /// A number.
    Count(usize),
    /// A word.
    Word(&'static str),
}

/// As the floor file has it; a time in the largest unit in which it is a whole number.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ms(ms) if *ms > 0 && ms % 86_400_000 == 0 => write!(f, "{} d", ms / 86_400_000),
            Self::Ms(ms) if *ms > 0 && ms % 60_000 == 0 => write!(f, "{} min", ms / 60_000),
            Self::Ms(ms) if ms % 1_000 == 0 => write!(f, "{} s", ms / 1_000),
            Self::Ms(ms) => write!(f, "{ms} ms"),
            Self::Off => f.write_str("off"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// A policy's value as a plain Rust value.
trait Plain: Sized {
    /// None for a value of another kind.
    fn of(value: Value) -> Option<Self>;
    fn value(self) -> Value;
}

impl Plain for u64 {
    fn of(value: Value) -> Option<Self> {
        if let Value::Ms(ms) = value { Some(ms) } else { None }
    }
    fn value(self) -> Value {
        Value::Ms(self)
    }
}

impl Plain for Option<u64> {
    fn of(value: Value) -> Option<Self> {
        if value == Value::Off { Some(None) } else { u64::of(value).map(Some) }
    }
    fn value(self) -> Value {
        self.map_or(Value::Off, Value::Ms)
    }
}

impl Plain for usize {
    fn of(value: Value) -> Option<Self> {
        if let Value::Count(count) = value { Some(count) } else { None }
    }
    fn value(self) -> Value {
        Value::Count(self)
    }
}

impl Plain for bool {
    fn of(value: Value) -> Option<Self> {
        if Kind::ON_OFF.takes(value) { Some(value == Value::Word("on")) } else { None }
    }
    fn value(self) -> Value {
        Value::Word(if self { "on" } else { "off" })
    }
}

/// A policy that is one of a few words, the smallest first: an enum of them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $(#[$of:meta] $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $(#[$of] $variant,)* }

        impl $name {
            pub(crate) const KIND: Kind = Kind::Words(&[$($word),*]);
        }

        impl Plain for $name {
            fn of(value: Value) -> Option<Self> {
                $(if value == Value::Word($word) { return Some(Self::$variant); })*
                None
            }
            fn value(self) -> Value {
                match self { $(Self::$variant => Value::Word($word),)* }
            }
        }
    };
}

/// One policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// As the floor file calls it.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Where it may be set.
    pub levels: &'static [Level],
    /// Which setting is in force.
    pub wins: Wins,
    /// What it is, and why: a clause.
    pub reason: &'static str,
}

/// The list. An entry is its name, the field of [`Policy`] and its type, the default, the kind, the levels, which setting
/// wins, and what it is for.
macro_rules! policies {
    ($($name:literal $field:ident: $type:ty = $default:expr, $kind:expr, $levels:expr, $wins:ident, $reason:literal;)*) => {
        /// Every policy, in the order of the list.
        pub const POLICIES: &[Spec] = &[$(
            Spec { name: $name, kind: $kind, levels: $levels, wins: Wins::$wins, reason: $reason },
        )*];

        /// What is in force for one user on one line. Names that end in `_ms` are milliseconds; none is never.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Policy {
            $(#[doc = concat!("`", $name, "`: ", $reason, ".")] pub $field: $type,)*
        }

        impl Default for Policy {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl Policy {
            /// What the policy of this name is; none when there is no such policy.
            #[must_use]
            pub fn value(&self, name: &str) -> Option<Value> {
                match name {
                    $($name => Some(self.$field.value()),)*
                    _ => None,
                }
            }

            /// Takes a value that the policy of this name may have.
            pub(super) fn put(&mut self, name: &str, value: Value) {
                match name {
                    $($name => self.$field = Plain::of(value).unwrap_or(self.$field),)*
                    _ => {}
                }
            }
        }
    };
}

impl Spec {
    /// The policy of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        POLICIES.iter().find(|spec| spec.name == name)
    }

    /// Which of two settings is in force.
    fn of_two(&self, nearer: Value, farther: Value) -> Value {
        let (near, far) = (self.kind.rank(nearer), self.kind.rank(farther));
        match self.wins {
            Wins::Smallest if far < near => farther,
            Wins::Largest if far > near => farther,
            Wins::Nearest | Wins::Smallest | Wins::Largest => nearer,
        }
    }
}

/// What one level sets: a few policies of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, Value>);

impl Settings {
    /// Sets the policy of this name. False, and nothing is set, when there is none or it cannot be `value`.
    #[must_use]
    pub fn set(&mut self, name: &str, value: Value) -> bool {
        let spec = Spec::of(name).filter(|spec| spec.kind.takes(value));
        spec.is_some_and(|spec| {
            self.0.insert(spec.name, value);
            true
        })
    }

    /// All that is set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Value)> {
        self.0.iter().map(|(name, value)| (*name, *value))
    }

    /// These and those of a level that is farther away.
    fn over(&self, farther: &Self) -> Self {
        let mut both = farther.0.clone();
        for (name, value) in self.iter() {
            let farther = Spec::of(name).zip(both.get(name).copied());
            both.insert(name, farther.map_or(value, |(spec, farther)| spec.of_two(value, farther)));
        }
        Self(both)
    }
}

/// What every level of a floor sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// The floor itself.
    pub floor: Settings,
    /// Lines.
    pub lines: BTreeMap<LineId, Settings>,
    /// Desks.
    pub desks: BTreeMap<DeskId, Settings>,
    /// Users.
    pub users: BTreeMap<UserId, Settings>,
}

impl Policies {
    /// What is in force on a line for a user of a desk. [`crate::Floor::policy`] knows the desk.
    #[must_use]
    pub fn of(&self, line: Option<&LineId>, desk: Option<&DeskId>, user: Option<&UserId>) -> Policy {
        let nearer = [
            line.and_then(|line| self.lines.get(line)),
            desk.and_then(|desk| self.desks.get(desk)),
            user.and_then(|user| self.users.get(user)),
        ];
        let both = |farther: Cow<'_, Settings>, settings: &Settings| Cow::Owned(settings.over(&farther));
        let set = nearer.into_iter().flatten().fold(Cow::Borrowed(&self.floor), both);
        let mut policy = Policy::default();
        set.iter().for_each(|(name, value)| policy.put(name, value));
        policy
    }
}

mod list;
pub use list::*;

#[cfg(test)]
mod tests;
