//! From TOML to words with their lines. Names every unknown key, missing key and wrong type; whether a word names
//! something that exists is for `check` to say.

use super::entry::{Entry, Reading};
use super::keys;
use super::nearest::instead;
use super::words::{
    ChannelGroup, Channels, Counterparty, Desk, DialLine, End, Extension, FloorFile, Group, Hoot, Members, Page,
    Placed, ShoutDown, Speed, User, Whose, Wire, WireKind,
};
use super::{CHANNEL_GROUPS_MAX, CHANNELS_MAX, Mistake, PAGE_KEYS_MAX};
use dealerboard_call_control::{Level, NUMBER_MAX};
use dealerboard_model::{BROADCAST_MAX, LineKind, RecordPolicy, RingPriority, Role};
use toml_edit::Document;

const RECORD: &[(&str, RecordPolicy)] =
    &[("required", RecordPolicy::Required), ("on", RecordPolicy::On), ("off", RecordPolicy::Off)];
const YES_NO: &[(&str, bool)] = &[("yes", true), ("no", false)];
const KINDS: &[(&str, WireKind)] = &[("ard", WireKind::Ard), ("mrd", WireKind::Mrd)];
const PRIORITIES: &[(&str, RingPriority)] = &[("high", RingPriority::High), ("low", RingPriority::Low)];
const ROLES: &[(&str, Role)] = &[
    ("trader", Role::Trader),
    ("broker", Role::Broker),
    ("supervisor", Role::Supervisor),
    ("reviewer", Role::Reviewer),
    ("officer", Role::Officer),
    ("administrator", Role::Administrator),
];

/// Longest time before a counterparty answers, in milliseconds.
const AFTER_MS_MAX: i64 = 600_000;

/// Longest time before, and between, what a counterparty does again and again: a day, in seconds.
const AGAIN_S_MAX: i64 = 86_400;

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

/// The file as a whole and its parts.
impl Reading<'_> {
    fn floor_file(&mut self, root: &Entry<'_>) -> FloorFile {
        self.known_keys(root, &keys::ROOT);
        let floor = self.table(root, "floor", "the floor");
        let (name, record) = match floor {
            Some(floor) => {
                self.known_keys(&floor, &keys::FLOOR);
                (self.word(&floor, "name").value, self.choice(&floor, "record", RECORD, RecordPolicy::Required))
            }
            None => (String::new(), RecordPolicy::Required),
        };
        FloorFile {
            name,
            record,
            policy: self.policy(root, Level::Floor),
            desks: self.tables(root, "desk", "a desk").iter().map(|entry| self.desk(entry)).collect(),
            users: self.tables(root, "user", "a user").iter().map(|entry| self.user(entry)).collect(),
            wires: self.tables(root, "wire", "a wire").iter().filter_map(|entry| self.wire(entry, record)).collect(),
            hoots: self.tables(root, "hoot", "a hoot").iter().map(|entry| self.hoot(entry, record)).collect(),
            shout_downs: self
                .tables(root, "shoutdown", "a shout-down")
                .iter()
                .map(|entry| self.shout_down(entry, record))
                .collect(),
            extensions: self
                .tables(root, "extension", "an extension")
                .iter()
                .map(|entry| self.extension(entry, record))
                .collect(),
            dial_lines: self
                .tables(root, "dial_line", "a dial line")
                .iter()
                .map(|entry| self.dial_line(entry, record))
                .collect(),
            speeds: self.tables(root, "speed", "a speed dial").iter().filter_map(|entry| self.speed(entry)).collect(),
            groups: self.tables(root, "intercom_group", "a group").iter().map(|entry| self.group(entry)).collect(),
            neighbours: self.tables(root, "neighbours", "neighbours").iter().map(|entry| self.beside(entry)).collect(),
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
        self.known_keys(entry, &keys::DESK);
        Desk { id: self.id(entry, "id"), name: self.name(entry), policy: self.policy(entry, Level::Desk) }
    }

    fn user(&mut self, entry: &Entry<'_>) -> User {
        self.known_keys(entry, &keys::USER);
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
            remote: self.choice(entry, "remote", YES_NO, false),
            policy: self.policy(entry, Level::User),
        }
    }

    fn wire(&mut self, entry: &Entry<'_>, record: RecordPolicy) -> Option<Wire> {
        self.known_keys(entry, &keys::WIRE);
        if entry.table.get("kind").is_none() {
            self.mistake(entry.line, "this wire has no kind; write kind = \"ard\" or kind = \"mrd\"".to_owned());
        }
        let kind = self.choice(entry, "kind", KINDS, WireKind::Ard);
        let priority = self.choice(entry, "priority", PRIORITIES, RingPriority::Low);
        let record = self.choice(entry, "record", RECORD, record);
        let policy = self.policy(entry, Level::Line(kind.of_line()));
        let a = self.end(entry, "a");
        let b = self.end(entry, "b");
        Some(Wire { kind, priority, record, policy, ends: [a?, b?] })
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
        self.known_keys(&entry, &keys::END);
        let members = Members { desks: self.words(&entry, "desks"), users: self.words(&entry, "users") };
        if members.is_empty() {
            self.mistake(
                entry.line,
                "this end of a wire is on nobody's panel; write desks = [\"…\"] or users = [\"…\"]".to_owned(),
            );
        }
        Some(End {
            overflow: self.overflow(&entry),
            line: self.id(&entry, "line"),
            name: self.name(&entry),
            number: self.optional_word(&entry, "number").map(|word| word.value).unwrap_or_default(),
            members,
        })
    }

    fn overflow(&mut self, entry: &Entry<'_>) -> Members {
        let named = entry.table.get("overflow_to").is_some();
        if named { self.members(entry, "overflow_to") } else { Members::default() }
    }

    fn hoot(&mut self, entry: &Entry<'_>, record: RecordPolicy) -> Hoot {
        self.known_keys(entry, &keys::HOOT);
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
            policy: self.policy(entry, Level::Line(LineKind::Hoot)),
            speak,
            listen,
        }
    }

    fn shout_down(&mut self, entry: &Entry<'_>, record: RecordPolicy) -> ShoutDown {
        self.known_keys(entry, &keys::SHOUT_DOWN);
        let ends = ["a", "b"].map(|key| {
            let end = self.members(entry, key);
            if end.is_empty() {
                let sentence =
                    format!("nobody is at the end {key} of this shout-down; write {key} = {{ desks = [\"…\"] }}");
                self.mistake(entry.line, sentence);
            }
            end
        });
        ShoutDown {
            id: self.id(entry, "id"),
            name: self.name(entry),
            number: self.optional_word(entry, "number").map(|word| word.value).unwrap_or_default(),
            record: self.choice(entry, "record", RECORD, record),
            policy: self.policy(entry, Level::Line(LineKind::ShoutDown)),
            ends,
        }
    }

    fn extension(&mut self, entry: &Entry<'_>, record: RecordPolicy) -> Extension {
        self.known_keys(entry, &keys::EXTENSION);
        let number = self.word(entry, "number");
        self.number(&number);
        Extension {
            user: self.word(entry, "user"),
            number,
            name: self.name(entry),
            record: self.choice(entry, "record", RECORD, record),
            emergency: self.choice(entry, "emergency", YES_NO, false),
            members: Members { desks: self.words(entry, "desks"), users: self.words(entry, "users") },
        }
    }

    fn dial_line(&mut self, entry: &Entry<'_>, record: RecordPolicy) -> DialLine {
        self.known_keys(entry, &keys::DIAL_LINE);
        let members = Members { desks: self.words(entry, "desks"), users: self.words(entry, "users") };
        if members.is_empty() {
            let sentence = "this dial line is on nobody's panel; write desks = [\"…\"] or users = [\"…\"]";
            self.mistake(entry.line, sentence.to_owned());
        }
        let none = Placed { value: String::new(), line: entry.line };
        let number = self.optional_word(entry, "number").unwrap_or(none);
        self.number(&number);
        DialLine {
            id: self.id(entry, "id"),
            name: self.name(entry),
            number,
            priority: self.choice(entry, "priority", PRIORITIES, RingPriority::Low),
            record: self.choice(entry, "record", RECORD, record),
            emergency: self.choice(entry, "emergency", YES_NO, false),
            policy: self.policy(entry, Level::Line(LineKind::Dial)),
            members,
            overflow: self.overflow(entry),
        }
    }

    fn speed(&mut self, entry: &Entry<'_>) -> Option<Speed> {
        self.known_keys(entry, &keys::SPEED);
        Some(Speed { name: self.name(entry), number: self.word(entry, "number"), whose: self.whose(entry)? })
    }

    /// A number that can be dialled, or none.
    fn number(&mut self, number: &Placed<String>) {
        let digits = number.value.bytes().all(|c| c.is_ascii_digit());
        if !digits || number.value.len() > NUMBER_MAX {
            let sentence = format!("the number \"{}\" must be digits, at most {NUMBER_MAX}", number.value);
            self.mistake(number.line, format!("{sentence}; write number = \"4012\""));
        }
    }

    fn group(&mut self, entry: &Entry<'_>) -> Group {
        self.known_keys(entry, &keys::GROUP);
        let members = Members { desks: self.words(entry, "desks"), users: self.words(entry, "users") };
        if members.is_empty() {
            let sentence = "nobody is in this group; write desks = [\"…\"] or users = [\"…\"]";
            self.mistake(entry.line, sentence.to_owned());
        }
        Group { id: self.id(entry, "id"), name: self.name(entry), members }
    }

    /// The seats of one list of neighbours.
    fn beside(&mut self, entry: &Entry<'_>) -> Vec<Placed<String>> {
        self.known_keys(entry, &keys::NEIGHBOURS);
        let seats = self.words(entry, "seats");
        if seats.len() < 2 {
            let sentence = "neighbours are two seats at least; write seats = [\"…\", \"…\"]";
            self.mistake(entry.line, sentence.to_owned());
        }
        seats
    }

    fn members(&mut self, entry: &Entry<'_>, key: &'static str) -> Members {
        let Some(members) = self.table(entry, key, "members").filter(|_| entry.table.get(key).is_some()) else {
            return Members::default();
        };
        self.known_keys(&members, &keys::MEMBERS);
        Members { desks: self.words(&members, "desks"), users: self.words(&members, "users") }
    }

    fn page(&mut self, entry: &Entry<'_>) -> Option<Page> {
        self.known_keys(entry, &keys::PAGE);
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
        self.known_keys(entry, &keys::SPEAKERS);
        let lines = self.words(entry, "channels");
        if lines.len() > CHANNELS_MAX {
            self.mistake(
                entry.line,
                format!("speakers have {CHANNELS_MAX} channels and {} are listed; take some out", lines.len()),
            );
        }
        let groups = self.parts(entry, "groups", "a group of channels");
        if groups.len() > CHANNEL_GROUPS_MAX {
            let sentence =
                format!("speakers have {CHANNEL_GROUPS_MAX} groups and {} are listed; take some out", groups.len());
            self.mistake(entry.line, sentence);
        }
        let groups = groups.iter().map(|group| self.channel_group(group)).collect();
        Some(Channels { lines, groups, whose: self.whose(entry)? })
    }

    fn channel_group(&mut self, entry: &Entry<'_>) -> ChannelGroup {
        self.known_keys(entry, &keys::CHANNEL_GROUP);
        let lines = self.words(entry, "lines");
        let (name, most) = (self.name(entry), BROADCAST_MAX);
        if lines.is_empty() || lines.len() > most {
            let sentence = format!("a group of channels has 1 to {most} lines and \"{name}\" has {}", lines.len());
            self.mistake(entry.line, format!("{sentence}; write lines = [\"…\", \"…\"]"));
        }
        ChannelGroup { name: Placed { value: name, line: entry.line }, lines }
    }

    fn counterparty(&mut self, entry: &Entry<'_>) -> Counterparty {
        self.known_keys(entry, &keys::COUNTERPARTY);
        let before = self.mistakes.len();
        self.count(entry, "answer_after_ms", 0..=AFTER_MS_MAX);
        let mut times = self.mistakes.split_off(before);
        let mut voices = Vec::from_iter(self.optional_word(entry, "says"));
        let rings = self.table(entry, "rings", "rings").map(|rings| {
            self.known_keys(&rings, &keys::RINGS);
            self.again(&rings, &mut times)
        });
        let speaks_on_hoot = self.table(entry, "speaks_on_hoot", "speaks_on_hoot").map(|speaks| {
            self.known_keys(&speaks, &keys::SPEAKS);
            voices.extend(self.optional_word(&speaks, "says"));
            self.again(&speaks, &mut times)
        });
        let answers = self.words(entry, "answers");
        Counterparty { user: self.word(entry, "user"), answers, rings, speaks_on_hoot, voices, times }
    }

    /// The line of what is done again and again; what is wrong with its two times, which have to be there, goes to `times`.
    fn again(&mut self, entry: &Entry<'_>, times: &mut Vec<Mistake>) -> Placed<String> {
        let before = self.mistakes.len();
        for (key, range) in [("first_after_s", 0..=AGAIN_S_MAX), ("every_s", 1..=AGAIN_S_MAX)] {
            if entry.table.get(key).is_none() {
                self.mistake(entry.line, format!("{} has no {key}; write {key} = and a number of seconds", entry.what));
            }
            self.count(entry, key, range);
        }
        times.extend(self.mistakes.split_off(before));
        self.word(entry, "line")
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
