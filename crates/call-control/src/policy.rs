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
            Self::Line(LineKind::Intercom) => "an intercom",
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
            fn put(&mut self, name: &str, value: Value) {
                match name {
                    $($name => self.$field = Plain::of(value).unwrap_or(self.$field),)*
                    _ => {}
                }
            }
        }
    };
}

const FLOOR: &[Level] = &[Level::Floor];
const MRD: &[Level] = &[Level::Floor, Level::Line(LineKind::Mrd)];
const WIRE: &[Level] = &[Level::Floor, Level::Line(LineKind::Ard), Level::Line(LineKind::Mrd)];
const HOOT: &[Level] = &[Level::Floor, Level::Line(LineKind::Hoot)];
const PERSON: &[Level] = &[Level::Floor, Level::Desk, Level::User];
const WIRE_AND_PERSON: &[Level] =
    &[Level::Floor, Level::Line(LineKind::Ard), Level::Line(LineKind::Mrd), Level::Desk, Level::User];
const ANYWHERE: &[Level] = &[
    Level::Floor,
    Level::Line(LineKind::Ard),
    Level::Line(LineKind::Mrd),
    Level::Line(LineKind::Hoot),
    Level::Desk,
    Level::User,
];

const S: u64 = 1_000;
const MIN: u64 = 60 * S;

words! {
    /// `mrd.signal`: what seizing an MRD does besides opening it.
    MrdSignal {
        /// Nothing: its user presses Signal.
        Manual = "manual",
        /// It signals once, for `signal.min`.
        Auto = "auto",
    }
}

words! {
    /// `position.busy`: what becomes of a position's call when another one takes its place.
    PositionBusy {
        /// The new one is refused.
        Refuse = "refuse",
        /// The first one is held.
        Hold = "hold",
        /// The first one is released.
        Release = "release",
    }
}

words! {
    /// `bridge.tone`: who hears that somebody has joined.
    BridgeTone {
        /// Nobody; the name is shown all the same.
        None = "none",
        /// Those at the same end.
        OwnEnd = "own end",
        /// Those at both ends.
        All = "all",
    }
}

words! {
    /// `hold.private`: for whom a private call is held.
    HoldPrivate {
        /// For its holder alone.
        Exclusive = "exclusive",
        /// For everybody with the line.
        Common = "common",
    }
}

words! {
    /// `conference.no_local`: what becomes of a conference that everybody here has left.
    ConferenceNoLocal {
        /// All its lines are released.
        Release = "release",
        /// Its far ends go on talking with each other.
        Keep = "keep",
    }
}

words! {
    /// What becomes of a call when its user is gone.
    HoldOrRelease {
        /// It waits on hold for whoever can take it.
        Hold = "hold",
        /// It is released.
        Release = "release",
    }
}

mod intercom;
pub use intercom::{DndIntercom, GroupReply, IntercomAnswer, IntercomTalk};

policies! {
    "ring.timeout.ard" ring_timeout_ard_ms: Option<u64> = None, Kind::SpanOrOff(10 * S, 600 * S), WIRE, Nearest,
        "how long a private wire rings before it is released by itself; without it a wire rings until somebody comes";
    "position.busy" position_busy: PositionBusy = PositionBusy::Hold, PositionBusy::KIND, PERSON, Nearest,
        "what becomes of a position's call when another one is taken there, so that nothing is lost";
    "bridge.allow" bridge_allow: bool = true, Kind::ON_OFF, WIRE_AND_PERSON, Smallest,
        "whether a user may join calls of others, which is what a shared desk is for";
    "bridge.tone" bridge_tone: BridgeTone = BridgeTone::OwnEnd, BridgeTone::KIND, WIRE, Nearest,
        "who hears one beep when somebody joins";
    "privacy" privacy: bool = false, Kind::ON_OFF, WIRE_AND_PERSON, Largest,
        "whether calls are private from their first moment";
    "hold.private" hold_private: HoldPrivate = HoldPrivate::Exclusive, HoldPrivate::KIND, WIRE_AND_PERSON, Smallest,
        "for whom a private call is held, so that nobody gets in by the back door";
    "hold.escalate" hold_escalate_ms: Option<u64> = Some(180 * S), Kind::SpanOrOff(30 * S, 3_600 * S),
        WIRE_AND_PERSON, Nearest,
        "when a held call rings for the whole desk, which may save it";
    "hold.exclusive_max" hold_exclusive_max_ms: u64 = 15 * MIN, Kind::Span(MIN, 120 * MIN), WIRE_AND_PERSON, Smallest,
        "how long a call is held for one person, who may have gone home";
    "hold.exclusive_end" hold_exclusive_end: HoldOrRelease = HoldOrRelease::Hold, HoldOrRelease::KIND,
        WIRE_AND_PERSON, Nearest,
        "whether a call that was held for one person can be taken by all afterwards, or is released";
    "conference.max_lines" conference_max_lines: usize = 8, Kind::Count(2, 16), PERSON, Smallest,
        "how many lines one conference has at most";
    "conference.no_local" conference_no_local: ConferenceNoLocal = ConferenceNoLocal::Release, ConferenceNoLocal::KIND,
        PERSON, Smallest,
        "whether the far ends of a conference go on talking with each other when everybody here has left";
    "transfer.return" transfer_return_ms: u64 = 20 * S, Kind::Span(10 * S, 180 * S), WIRE_AND_PERSON, Nearest,
        "how long a call that was sent on rings before it comes back to who sent it";
    "transfer.recall" transfer_recall_ms: u64 = 15 * S, Kind::Span(10 * S, 120 * S), WIRE_AND_PERSON, Nearest,
        "how long it rings there before it waits on hold and rings for the whole desk";
    "override.reason" override_reason: bool = true, Kind::ON_OFF, WIRE_AND_PERSON, Largest,
        "whether a supervisor who enters a call has to say why";
    "override.lead" override_lead_ms: u64 = S, Kind::Span(500, 5 * S), WIRE_AND_PERSON, Largest,
        "how long a supervisor is announced before they hear anything, so that those on the line can stop speaking";
    "logoff.calls" logoff_calls: HoldOrRelease = HoldOrRelease::Hold, HoldOrRelease::KIND, WIRE_AND_PERSON, Nearest,
        "whether the calls of somebody who logs off wait on hold for their colleagues, or are released";
    "loss.call" loss_call: HoldOrRelease = HoldOrRelease::Hold, HoldOrRelease::KIND, WIRE_AND_PERSON, Nearest,
        "whether the calls of a turret that does not come back wait on hold for its colleagues, or are released";
    "signal.min" signal_min_ms: u64 = 500, Kind::Span(0, 2 * S), MRD, Nearest,
        "how long Signal rings at least, so that a tap is heard";
    "mrd.signal" mrd_signal: MrdSignal = MrdSignal::Manual, MrdSignal::KIND, MRD, Nearest,
        "whether seizing an MRD signals once by itself, for desks whose far ends expect a ring";
    "bridge.max" bridge_max: usize = 8, Kind::Count(1, 32), WIRE, Smallest,
        "how many may be on one end of a wire, so that whoever talks knows who hears";
    "hold.reminder" hold_reminder_ms: u64 = 60 * S, Kind::Span(10 * S, 600 * S), WIRE_AND_PERSON, Nearest,
        "when the holder is reminded of a held call, because a client on hold is forgotten";
    "hold.reminder_repeat" hold_reminder_repeat_ms: u64 = 30 * S, Kind::Span(10 * S, 300 * S), WIRE_AND_PERSON, Nearest,
        "how often the reminder comes again";
    "hold.max" hold_max: usize = 8, Kind::Count(1, 32), PERSON, Smallest,
        "how many calls one user may hold, so that none waits unseen";
    "intercom.pending" intercom_pending_ms: u64 = 20 * S, Kind::Span(5 * S, 60 * S), PERSON, Nearest,
        "how long an intercom waits to be accepted before it was missed";
    "intercom.answer" intercom_answer: IntercomAnswer = IntercomAnswer::Whisper, IntercomAnswer::KIND, PERSON, Nearest,
        "what an intercom does at a free callee, whose microphone nobody else opens unless they wish it";
    "intercom.talk" intercom_talk: IntercomTalk = IntercomTalk::Latched, IntercomTalk::KIND, PERSON, Nearest,
        "whether a user's microphone in an intercom stays open by itself, or only while its key is held";
    "intercom.group_reply" intercom_group_reply: GroupReply = GroupReply::Caller, GroupReply::KIND, PERSON, Smallest,
        "who hears what is said back to a caller of a group";
    "dnd.intercom" dnd_intercom: DndIntercom = DndIntercom::Pending, DndIntercom::KIND, PERSON, Nearest,
        "whether an intercom waits at who does not want to be disturbed, or is refused";
    "hoot.talkers" hoot_talkers: usize = 12, Kind::Count(1, 64), HOOT, Smallest,
        "how many talk on a hoot at once, because more are understood by nobody";
    "hoot.silent_talker" hoot_silent_talker_ms: u64 = 2 * S, Kind::Span(500, 10 * S), HOOT, Nearest,
        "after how long a silent latch gives way to a new talker before anybody who speaks does";
    "hoot.activity_gap" hoot_activity_gap_ms: u64 = 10 * S, Kind::Span(2 * S, 60 * S), HOOT, Nearest,
        "how long a hoot's recording waits for the next talker, so that an exchange of words is one recording";
    "talk.tail" talk_tail_ms: u64 = 150, Kind::Span(0, 500), PERSON, Nearest,
        "how long a microphone stays open after its talk key, for the last syllable";
    "talk.held_max" talk_held_max_ms: u64 = 120 * S, Kind::Span(30 * S, 600 * S), ANYWHERE, Smallest,
        "how long a talk key may be held down, because something may lie on it";
    "latch.silent_warn" latch_silent_warn_ms: u64 = 30 * S, Kind::Span(5 * S, 300 * S), ANYWHERE, Smallest,
        "after how long without speech a latch is announced as a forgotten open microphone";
    "latch.silent_release" latch_silent_release_ms: u64 = 10 * S, Kind::Span(3 * S, 60 * S), ANYWHERE, Smallest,
        "how long after its announcement a silent latch is closed";
    "latch.max" latch_max_ms: Option<u64> = Some(30 * MIN), Kind::SpanOrOff(MIN, 240 * MIN), ANYWHERE, Smallest,
        "how long a latch may be open at all, because a noisy room keeps it from being silent";
    "link.grace" link_grace_ms: u64 = 15 * S, Kind::Span(5 * S, 120 * S), PERSON, Smallest,
        "how long a lost turret keeps its calls, which is enough for a restart of it";
    "mic.auto_resume" mic_auto_resume_ms: u64 = 3 * S, Kind::Span(0, 10 * S), WIRE_AND_PERSON, Smallest,
        "how soon a turret has to be back to open the microphone of a call again by itself: later it would surprise";
    "loss.hold_max" loss_hold_max_ms: u64 = 120 * S, Kind::Span(30 * S, 600 * S), WIRE_AND_PERSON, Smallest,
        "how long the call of a lost turret waits on hold for somebody, so that the far end is not kept for ever";
    "restart.window" restart_window_ms: u64 = 30 * S, Kind::Span(10 * S, 300 * S), FLOOR, Nearest,
        "how long a switch that was started again waits for its turrets: a whole floor comes back";
    "record.fail_grace" record_fail_grace_ms: u64 = 3 * S, Kind::Span(0, 10 * S), FLOOR, Smallest,
        "how long the recorder keeps sound in memory before it has failed, because a slow disk is no failure";
    "history.min_ring" history_min_ring_ms: u64 = S, Kind::Span(0, 5 * S), PERSON, Nearest,
        "how long a call must have rung to count as missed";
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

#[cfg(test)]
mod tests;
