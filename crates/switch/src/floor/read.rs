//! From TOML to words with their lines. Names every unknown key, missing key and wrong type; whether a word names
//! something that exists is for `check` to say.

use super::nearest::instead;
use super::{CHANNELS_MAX, Mistake, NAME_MAX_CHARS, PAGE_KEYS_MAX};
use dealerboard_model::{RecordPolicy, RingPriority, Role};
use std::ops::Range;
use toml_edit::{Document, Item, TableLike, Value};

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
    /// Desks.
    pub desks: Vec<Desk>,
    /// Users.
    pub users: Vec<User>,
    /// Private wires.
    pub wires: Vec<Wire>,
    /// Hoots.
    pub hoots: Vec<Hoot>,
    /// Pages of keys.
    pub pages: Vec<Page>,
    /// Speaker channels.
    pub speakers: Vec<Channels>,
    /// Users whom programs play (simulated counterparties).
    pub counterparties: Vec<Counterparty>,
}

impl FloorFile {
    /// Adds a user, or changes one of the same id; true when anything is new. Places of the user's words are not compared.
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
            Some(known) => *known = user,
            None => self.users.push(user),
        }
        true
    }
}

/// A user whom a program plays; what it plays is the program's to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterparty {
    /// The user.
    pub user: Placed<String>,
    /// The lines that its script names.
    pub lines: Vec<Placed<String>>,
}

/// A desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Its id.
    pub id: Placed<String>,
    /// Name as shown.
    pub name: String,
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
}

/// The kind of a private wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireKind {
    /// Automatic ringdown.
    Ard,
    /// Manual ringdown.
    Mrd,
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
    /// MRD: seizing signals once by itself.
    pub auto_signal: bool,
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
    /// How many may talk at once.
    pub talkers: Option<u32>,
    /// Who hears and talks.
    pub speak: Members,
    /// Who hears.
    pub listen: Members,
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
}

const RECORD: &[(&str, RecordPolicy)] =
    &[("required", RecordPolicy::Required), ("on", RecordPolicy::On), ("off", RecordPolicy::Off)];
const KINDS: &[(&str, WireKind)] = &[("ard", WireKind::Ard), ("mrd", WireKind::Mrd)];
const PRIORITIES: &[(&str, RingPriority)] = &[("high", RingPriority::High), ("low", RingPriority::Low)];
const SIGNALS: &[(&str, bool)] = &[("manual", false), ("auto", true)];
const ROLES: &[(&str, Role)] = &[
    ("trader", Role::Trader),
    ("broker", Role::Broker),
    ("supervisor", Role::Supervisor),
    ("reviewer", Role::Reviewer),
    ("officer", Role::Officer),
    ("administrator", Role::Administrator),
];

/// Reads `text`: what could be read of it (nothing when it is not TOML) and every mistake on the way.
pub fn read(text: &str) -> (Option<FloorFile>, Vec<Mistake>) {
    let mut reading = Reading { text, mistakes: Vec::new() };
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let reason = error.message().lines().next().unwrap_or("it cannot be read").to_owned();
            reading.mistake(reading.line_of(error.span()), format!("this is not TOML ({reason}); correct the line"));
            return (None, reading.mistakes);
        }
    };
    let root = Entry { table: document.as_table(), line: 1, what: "the floor file" };
    let file = reading.floor_file(&root);
    (Some(file), reading.mistakes)
}

/// A table, the line it begins on, and what a person calls it.
struct Entry<'t> {
    table: &'t dyn TableLike,
    line: usize,
    what: &'static str,
}

struct Reading<'t> {
    text: &'t str,
    mistakes: Vec<Mistake>,
}

/// The file as a whole and its parts.
impl Reading<'_> {
    fn floor_file(&mut self, root: &Entry<'_>) -> FloorFile {
        self.known_keys(root, &["floor", "desk", "user", "wire", "hoot", "page", "speakers", "counterparty"]);
        let floor = self.table(root, "floor", "the floor");
        let (name, record) = match floor {
            Some(floor) => {
                self.known_keys(&floor, &["name", "record"]);
                (self.word(&floor, "name").value, self.choice(&floor, "record", RECORD, RecordPolicy::Required))
            }
            None => (String::new(), RecordPolicy::Required),
        };
        FloorFile {
            name,
            record,
            desks: self.tables(root, "desk", "a desk").iter().map(|entry| self.desk(entry)).collect(),
            users: self.tables(root, "user", "a user").iter().map(|entry| self.user(entry)).collect(),
            wires: self.tables(root, "wire", "a wire").iter().filter_map(|entry| self.wire(entry, record)).collect(),
            hoots: self.tables(root, "hoot", "a hoot").iter().map(|entry| self.hoot(entry, record)).collect(),
            pages: self.tables(root, "page", "a page").iter().filter_map(|entry| self.page(entry)).collect(),
            speakers: self
                .tables(root, "speakers", "speakers")
                .iter()
                .filter_map(|entry| self.channels(entry))
                .collect(),
            counterparties: self
                .tables(root, "counterparty", "a counterparty")
                .iter()
                .map(|entry| self.counterparty(entry))
                .collect(),
        }
    }

    fn desk(&mut self, entry: &Entry<'_>) -> Desk {
        self.known_keys(entry, &["id", "name"]);
        Desk { id: self.id(entry, "id"), name: self.name(entry) }
    }

    fn user(&mut self, entry: &Entry<'_>) -> User {
        self.known_keys(entry, &["id", "name", "desk", "roles", "seat"]);
        let known: Vec<&str> = ROLES.iter().map(|(word, _)| *word).collect();
        let mut roles = Vec::new();
        for role in self.words(entry, "roles") {
            match ROLES.iter().find(|(word, _)| *word == role.value) {
                Some((_, role)) => roles.push(*role),
                None => {
                    let better = instead(&role.value, known.iter().copied());
                    self.mistake(role.line, format!("\"{}\" is not a role; {better}", role.value));
                }
            }
        }
        if roles.is_empty() {
            roles.push(Role::Trader);
        }
        User {
            id: self.id(entry, "id"),
            name: self.name(entry),
            desk: self.word(entry, "desk"),
            roles,
            seat: self.optional_word(entry, "seat").map(|seat| seat.value).unwrap_or_default(),
        }
    }

    fn wire(&mut self, entry: &Entry<'_>, record: RecordPolicy) -> Option<Wire> {
        self.known_keys(entry, &["kind", "priority", "record", "signal", "a", "b"]);
        if entry.table.get("kind").is_none() {
            self.mistake(entry.line, "this wire has no kind; write kind = \"ard\" or kind = \"mrd\"".to_owned());
        }
        let kind = self.choice(entry, "kind", KINDS, WireKind::Ard);
        let priority = self.choice(entry, "priority", PRIORITIES, RingPriority::Low);
        let record = self.choice(entry, "record", RECORD, record);
        let auto_signal = self.choice(entry, "signal", SIGNALS, false);
        let a = self.end(entry, "a");
        let b = self.end(entry, "b");
        Some(Wire { kind, priority, record, auto_signal, ends: [a?, b?] })
    }

    fn end(&mut self, wire: &Entry<'_>, key: &'static str) -> Option<End> {
        if wire.table.get(key).is_none() {
            self.mistake(
                wire.line,
                format!("this wire has no end {key}; write [wire.{key}] with line, name, number and desks or users"),
            );
            return None;
        }
        let entry = self.table(wire, key, "an end of a wire")?;
        self.known_keys(&entry, &["line", "name", "number", "desks", "users"]);
        let members = Members { desks: self.words(&entry, "desks"), users: self.words(&entry, "users") };
        if members.is_empty() {
            self.mistake(
                entry.line,
                "this end of a wire is on nobody's panel; write desks = [\"…\"] or users = [\"…\"]".to_owned(),
            );
        }
        Some(End {
            line: self.id(&entry, "line"),
            name: self.name(&entry),
            number: self.optional_word(&entry, "number").map(|word| word.value).unwrap_or_default(),
            members,
        })
    }

    fn hoot(&mut self, entry: &Entry<'_>, record: RecordPolicy) -> Hoot {
        self.known_keys(entry, &["id", "name", "number", "record", "talkers", "speak", "listen"]);
        let speak = self.members(entry, "speak");
        let listen = self.members(entry, "listen");
        if speak.is_empty() {
            self.mistake(
                entry.line,
                "nobody may talk on this hoot; write speak = { desks = [\"…\"] } or speak = { users = [\"…\"] }"
                    .to_owned(),
            );
        }
        Hoot {
            id: self.id(entry, "id"),
            name: self.name(entry),
            number: self.optional_word(entry, "number").map(|word| word.value).unwrap_or_default(),
            record: self.choice(entry, "record", RECORD, record),
            talkers: self.count(entry, "talkers", 1..=64),
            speak,
            listen,
        }
    }

    fn members(&mut self, entry: &Entry<'_>, key: &'static str) -> Members {
        let Some(members) = self.table(entry, key, "members").filter(|_| entry.table.get(key).is_some()) else {
            return Members::default();
        };
        self.known_keys(&members, &["desks", "users"]);
        Members { desks: self.words(&members, "desks"), users: self.words(&members, "users") }
    }

    fn page(&mut self, entry: &Entry<'_>) -> Option<Page> {
        self.known_keys(entry, &["desk", "user", "name", "keys"]);
        let keys = self.words(entry, "keys");
        if keys.len() > PAGE_KEYS_MAX {
            self.mistake(
                entry.line,
                format!(
                    "a page has {PAGE_KEYS_MAX} places and this one has {} keys; put the rest on a page of their own",
                    keys.len()
                ),
            );
        }
        Some(Page { name: self.name(entry), keys, whose: self.whose(entry)? })
    }

    fn channels(&mut self, entry: &Entry<'_>) -> Option<Channels> {
        self.known_keys(entry, &["desk", "user", "channels"]);
        let lines = self.words(entry, "channels");
        if lines.len() > CHANNELS_MAX {
            self.mistake(
                entry.line,
                format!("speakers have {CHANNELS_MAX} channels and {} are listed; take some out", lines.len()),
            );
        }
        Some(Channels { lines, whose: self.whose(entry)? })
    }

    fn counterparty(&mut self, entry: &Entry<'_>) -> Counterparty {
        self.known_keys(entry, &["user", "says", "answers", "answer_after_ms", "rings", "speaks_on_hoot"]);
        let mut lines = self.words(entry, "answers");
        if let Some(rings) = self.table(entry, "rings", "rings") {
            self.known_keys(&rings, &["line", "first_after_s", "every_s"]);
            lines.push(self.word(&rings, "line"));
        }
        if let Some(speaks) = self.table(entry, "speaks_on_hoot", "speaks_on_hoot") {
            self.known_keys(&speaks, &["line", "says", "first_after_s", "every_s"]);
            lines.push(self.word(&speaks, "line"));
        }
        Counterparty { user: self.word(entry, "user"), lines }
    }

    fn whose(&mut self, entry: &Entry<'_>) -> Option<Whose> {
        match (self.optional_word(entry, "desk"), self.optional_word(entry, "user")) {
            (Some(desk), None) => Some(Whose::Desk(desk)),
            (None, Some(user)) => Some(Whose::User(user)),
            (None, None) => {
                self.mistake(
                    entry.line,
                    format!("{} must say whose it is; write desk = \"…\" or user = \"…\"", entry.what),
                );
                None
            }
            (Some(_), Some(user)) => {
                self.mistake(
                    user.line,
                    format!("{} is either a desk's or a user's; take one of the two out", entry.what),
                );
                None
            }
        }
    }
}

/// Single values.
impl Reading<'_> {
    fn mistake(&mut self, line: usize, sentence: String) {
        self.mistakes.push(Mistake { line, sentence });
    }

    fn line_of(&self, span: Option<Range<usize>>) -> usize {
        let offset = span.map_or(0, |span| span.start).min(self.text.len());
        self.text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn line_of_key(&self, entry: &Entry<'_>, key: &str) -> usize {
        match entry.table.get_key_value(key).and_then(|(key, _)| key.span()) {
            Some(span) => self.line_of(Some(span)),
            None => entry.line,
        }
    }

    fn known_keys(&mut self, entry: &Entry<'_>, known: &[&str]) {
        let unknown: Vec<String> =
            entry.table.iter().map(|(key, _)| key).filter(|key| !known.contains(key)).map(str::to_owned).collect();
        for key in unknown {
            let line = match entry.table.get(&key).and_then(Item::as_array_of_tables).and_then(|tables| tables.get(0)) {
                Some(table) => self.line_of(table.span()),
                None => self.line_of_key(entry, &key),
            };
            let better = instead(&key, known.iter().copied());
            self.mistake(line, format!("{} has no key \"{key}\"; {better}", entry.what));
        }
    }

    fn table<'t>(&mut self, entry: &Entry<'t>, key: &str, what: &'static str) -> Option<Entry<'t>> {
        let Some(item) = entry.table.get(key) else {
            if key == "floor" {
                self.mistake(1, "the floor has no name; write [floor] and below it name = \"…\"".to_owned());
            }
            return None;
        };
        let Some(table) = item.as_table_like() else {
            let line = self.line_of_key(entry, key);
            self.mistake(line, format!("\"{key}\" must be a table; write {key} = {{ … }}"));
            return None;
        };
        let line = item.span().map_or_else(|| self.line_of_key(entry, key), |span| self.line_of(Some(span)));
        Some(Entry { table, line, what })
    }

    fn tables<'t>(&mut self, root: &Entry<'t>, key: &str, what: &'static str) -> Vec<Entry<'t>> {
        match root.table.get(key) {
            None => Vec::new(),
            Some(Item::ArrayOfTables(tables)) => {
                tables.iter().map(|table| Entry { table, line: self.line_of(table.span()), what }).collect()
            }
            Some(Item::None | Item::Value(_) | Item::Table(_)) => {
                let line = self.line_of_key(root, key);
                self.mistake(line, format!("there can be several; write [[{key}]] with double brackets"));
                Vec::new()
            }
        }
    }

    fn optional_word(&mut self, entry: &Entry<'_>, key: &str) -> Option<Placed<String>> {
        let item = entry.table.get(key)?;
        let line = self.line_of_key(entry, key);
        match item.as_str() {
            Some(word) => Some(Placed { value: word.trim().to_owned(), line }),
            None => {
                self.mistake(line, format!("\"{key}\" of {} must be text; write {key} = \"…\"", entry.what));
                None
            }
        }
    }

    fn word(&mut self, entry: &Entry<'_>, key: &str) -> Placed<String> {
        if entry.table.get(key).is_none() {
            self.mistake(entry.line, format!("{} has no {key}; write {key} = \"…\"", entry.what));
            return Placed { value: String::new(), line: entry.line };
        }
        let word = self.optional_word(entry, key).unwrap_or(Placed { value: String::new(), line: entry.line });
        if word.value.is_empty() && entry.table.get(key).is_some_and(|item| item.as_str().is_some()) {
            self.mistake(word.line, format!("\"{key}\" of {} is empty; write a word between the quotes", entry.what));
        }
        word
    }

    fn name(&mut self, entry: &Entry<'_>) -> String {
        let name = self.word(entry, "name");
        let length = name.value.chars().count();
        if length > NAME_MAX_CHARS {
            self.mistake(
                name.line,
                format!(
                    "the name \"{}\" has {length} characters and a key shows {NAME_MAX_CHARS}; shorten it",
                    name.value
                ),
            );
        }
        name.value
    }

    fn id(&mut self, entry: &Entry<'_>, key: &str) -> Placed<String> {
        let id = self.word(entry, key);
        let odd = id.value.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        if let Some(odd) = odd {
            self.mistake(
                id.line,
                format!("the {key} \"{}\" contains \"{odd}\"; use letters, digits, - _ and . only", id.value),
            );
        }
        id
    }

    fn words(&mut self, entry: &Entry<'_>, key: &str) -> Vec<Placed<String>> {
        let Some(item) = entry.table.get(key) else { return Vec::new() };
        let key_line = self.line_of_key(entry, key);
        let Some(array) = item.as_array() else {
            self.mistake(key_line, format!("\"{key}\" of {} must be a list; write {key} = [\"…\", \"…\"]", entry.what));
            return Vec::new();
        };
        let mut words = Vec::new();
        for value in array {
            let line = value.span().map_or(key_line, |span| self.line_of(Some(span)));
            match value.as_str() {
                Some(word) => words.push(Placed { value: word.trim().to_owned(), line }),
                None => self.mistake(line, format!("\"{key}\" of {} lists text only; put it in quotes", entry.what)),
            }
        }
        words
    }

    fn choice<T: Copy>(&mut self, entry: &Entry<'_>, key: &str, choices: &[(&str, T)], or: T) -> T {
        let Some(word) = self.optional_word(entry, key) else { return or };
        if let Some((_, value)) = choices.iter().find(|(choice, _)| *choice == word.value) {
            return *value;
        }
        let better = instead(&word.value, choices.iter().map(|(choice, _)| *choice));
        self.mistake(word.line, format!("\"{}\" is not a {key} of {}; {better}", word.value, entry.what));
        or
    }

    fn count(&mut self, entry: &Entry<'_>, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<u32> {
        let item = entry.table.get(key)?;
        match item.as_value().and_then(Value::as_integer).filter(|number| range.contains(number)) {
            Some(number) => u32::try_from(number).ok(),
            None => {
                let line = self.line_of_key(entry, key);
                self.mistake(
                    line,
                    format!(
                        "\"{key}\" of {} must be a whole number from {} to {}",
                        entry.what,
                        range.start(),
                        range.end()
                    ),
                );
                None
            }
        }
    }
}
