//! What a floor file says, word by word, each with its line where a later comparison may have to name it.

use super::{Mistake, extensions};
use dealerboard_call_control::Settings;
use dealerboard_model::{LineKind, RecordPolicy, RingPriority, Role};
use std::collections::BTreeSet;

/// A value and the line it stands on, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its line.
    pub line: usize,
}

/// A floor file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloorFile {
    /// The floor's name.
    pub name: String,
    /// Recording policy of lines that say nothing.
    pub record: RecordPolicy,
    /// The floor's own policies.
    pub policy: Settings,
    /// Desks.
    pub desks: Vec<Desk>,
    /// Users.
    pub users: Vec<User>,
    /// Private wires.
    pub wires: Vec<Wire>,
    /// Hoots.
    pub hoots: Vec<Hoot>,
    /// Shout-downs.
    pub shout_downs: Vec<ShoutDown>,
    /// Users' own numbers.
    pub extensions: Vec<Extension>,
    /// Shared lines from which one dials.
    pub dial_lines: Vec<DialLine>,
    /// Speed dials.
    pub speeds: Vec<Speed>,
    /// Groups that are called by intercom.
    pub groups: Vec<Group>,
    /// Seats that are beside each other, one list for each row of them.
    pub neighbours: Vec<Vec<Placed<String>>>,
    /// Pages of keys.
    pub pages: Vec<Page>,
    /// Speaker channels.
    pub speakers: Vec<Channels>,
    /// Users whom programs play (simulated counterparties).
    pub counterparties: Vec<Counterparty>,
}

impl FloorFile {
    /// Numbers that are never refused (ALL-9).
    #[must_use]
    pub fn emergency_numbers(&self) -> BTreeSet<String> {
        let extensions = self.extensions.iter().filter(|it| it.emergency).map(|it| &it.number);
        let dial_lines = self.dial_lines.iter().filter(|it| it.emergency).map(|it| &it.number);
        extensions.chain(dial_lines).map(|number| number.value.clone()).collect()
    }

    /// How many of each there are, in words. A wire is two lines, one at each end.
    #[must_use]
    pub fn in_numbers(&self) -> String {
        let count = |number: usize, one: &str, more: &str| format!("{number} {}", if number == 1 { one } else { more });
        [
            count(self.desks.len(), "desk", "desks"),
            count(self.users.len(), "user", "users"),
            count(
                self.wires.len() * 2
                    + self.hoots.len()
                    + self.shout_downs.len()
                    + extensions::lines(self).len()
                    + self.dial_lines.len(),
                "line",
                "lines",
            ),
            count(self.counterparties.len(), "counterparty", "counterparties"),
        ]
        .join(", ")
    }

    /// Adds a user, or changes one of the same id, whose policies stay; true when anything is new. Places of the user's words
    /// are not compared.
    pub fn with_user(&mut self, user: User) -> bool {
        let same = |known: &User| {
            known.id.value == user.id.value
                && known.name == user.name
                && known.desk.value == user.desk.value
                && known.roles == user.roles
                && known.seat == user.seat
        };
        if self.users.iter().any(same) {
            return false;
        }
        match self.users.iter_mut().find(|known| known.id.value == user.id.value) {
            Some(known) => *known = User { policy: std::mem::take(&mut known.policy), remote: known.remote, ..user },
            None => self.users.push(user),
        }
        true
    }
}

/// A user whom a program plays; how it plays is the program's to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterparty {
    /// The user.
    pub user: Placed<String>,
    /// The lines that it answers.
    pub answers: Vec<Placed<String>>,
    /// The line that it rings.
    pub rings: Option<Placed<String>>,
    /// The hoot that it speaks on.
    pub speaks_on_hoot: Option<Placed<String>>,
    /// The voice files that it speaks, by their names.
    pub voices: Vec<Placed<String>>,
    /// What is wrong with the times at which it does so.
    pub times: Vec<Mistake>,
}

/// A desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Its id.
    pub id: Placed<String>,
    /// Name as shown.
    pub name: String,
    /// Policies of its users.
    pub policy: Settings,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Log-on name.
    pub id: Placed<String>,
    /// Name as shown.
    pub name: String,
    /// The desk's id.
    pub desk: Placed<String>,
    /// Roles.
    pub roles: Vec<Role>,
    /// The usual seat.
    pub seat: String,
    /// Sits elsewhere: nobody is their neighbour.
    pub remote: bool,
    /// The user's own policies.
    pub policy: Settings,
}

/// The kind of a private wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireKind {
    /// Automatic ringdown.
    Ard,
    /// Manual ringdown.
    Mrd,
}

impl WireKind {
    /// The kind of the lines at its ends.
    #[must_use]
    pub fn of_line(self) -> LineKind {
        match self {
            Self::Ard => LineKind::Ard,
            Self::Mrd => LineKind::Mrd,
        }
    }
}

/// A private wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// ARD or MRD.
    pub kind: WireKind,
    /// How urgently it rings.
    pub priority: RingPriority,
    /// Whether it is recorded.
    pub record: RecordPolicy,
    /// Policies of both ends.
    pub policy: Settings,
    /// Its two ends.
    pub ends: [End; 2],
}

/// One end of a private wire: a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The line's id.
    pub line: Placed<String>,
    /// What the key shows.
    pub name: String,
    /// The line's number.
    pub number: String,
    /// Who has an appearance of it.
    pub members: Members,
    /// At whom it rings when nobody of them has answered for long.
    pub overflow: Members,
}

/// Desks and users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Desks' ids.
    pub desks: Vec<Placed<String>>,
    /// Users' ids.
    pub users: Vec<Placed<String>>,
}

impl Members {
    /// Whether nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.desks.is_empty() && self.users.is_empty()
    }
}

/// A hoot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hoot {
    /// The line's id.
    pub id: Placed<String>,
    /// What the key shows.
    pub name: String,
    /// The line's number.
    pub number: String,
    /// Whether it is recorded.
    pub record: RecordPolicy,
    /// Its policies.
    pub policy: Settings,
    /// Who hears and talks.
    pub speak: Members,
    /// Who hears.
    pub listen: Members,
}

/// A shout-down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShoutDown {
    /// The line's id.
    pub id: Placed<String>,
    /// What the key shows.
    pub name: String,
    /// The line's number.
    pub number: String,
    /// Whether it is recorded.
    pub record: RecordPolicy,
    /// Its policies.
    pub policy: Settings,
    /// Who is at each of its two ends.
    pub ends: [Members; 2],
}

/// A user's own number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The user.
    pub user: Placed<String>,
    /// The number.
    pub number: Placed<String>,
    /// What its keys show.
    pub name: String,
    /// Whether it is recorded.
    pub record: RecordPolicy,
    /// Its number is an emergency number.
    pub emergency: bool,
    /// Who has its keys besides.
    pub members: Members,
}

/// A shared line from which one dials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialLine {
    /// The line's id.
    pub id: Placed<String>,
    /// What the key shows.
    pub name: String,
    /// The number that reaches it; empty when none does.
    pub number: Placed<String>,
    /// How urgently it rings.
    pub priority: RingPriority,
    /// Whether it is recorded.
    pub record: RecordPolicy,
    /// Its number is an emergency number.
    pub emergency: bool,
    /// Its policies.
    pub policy: Settings,
    /// Who has it.
    pub members: Members,
    /// At whom it rings besides when nobody of them answers.
    pub overflow: Members,
}

/// A number that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speed {
    /// Whose.
    pub whose: Whose,
    /// What is shown.
    pub name: String,
    /// The number.
    pub number: Placed<String>,
}

/// A group that is called by intercom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: Placed<String>,
    /// Name as shown.
    pub name: String,
    /// Who is in it.
    pub members: Members,
}

/// Whose panel something is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's at this desk.
    Desk(Placed<String>),
    /// This user's, instead of the desk's.
    User(Placed<String>),
}

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whose.
    pub whose: Whose,
    /// Name on the tab.
    pub name: String,
    /// Line ids, row by row; an empty word is an empty place.
    pub keys: Vec<Placed<String>>,
}

/// Channels on the speakers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// Whose.
    pub whose: Whose,
    /// Line ids in the order of the channels.
    pub lines: Vec<Placed<String>>,
    /// Groups of them.
    pub groups: Vec<ChannelGroup>,
}

/// Several of the channels, with one talk key and one mute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelGroup {
    /// Name as shown.
    pub name: Placed<String>,
    /// Line ids.
    pub lines: Vec<Placed<String>>,
}
