//! Every table of the floor file with its keys, as the reader knows them and the reference explains them. Policies have a
//! list of their own, at call control.

/// A table, or a part of one.
pub struct Table {
    /// As it stands in the file, in Markdown.
    pub head: &'static str,
    /// What it is: a sentence.
    pub says: &'static str,
    /// Its keys, each with a sentence.
    pub keys: &'static [(&'static str, &'static str)],
}

const ID: (&str, &str) =
    ("id", "What other tables call it: letters, digits, `-`, `_` and `.`; has to be there, and only once in the file.");
const EMERGENCY: (&str, &str) = (
    "emergency",
    "`yes` where its number is an emergency number: no call to it or from there is refused for recorder, log-on or do-not-disturb.",
);
const OVERFLOW: (&str, &str) = (
    "overflow_to",
    "At whom it rings when nobody of them has answered for `route.overflow`, such as `{ desks = [\"sales\"] }`.",
);
const NAME: (&str, &str) = ("name", "What is shown, at most 18 characters; has to be there.");
const NUMBER: (&str, &str) = ("number", "The line's number, as people say it.");
const RECORD: (&str, &str) = (
    "record",
    "`required`, `on` or `off`, in place of what `[floor]` says; a line that must be recorded is shut when it cannot be.",
);
const POLICY: (&str, &str) = ("policy", "Policies that may be set here.");
const DESKS: (&str, &str) = ("desks", "Ids of desks: everybody of them.");
const USERS: (&str, &str) = ("users", "Ids of users.");
const WHOSE_DESK: (&str, &str) = ("desk", "The desk whose users have it; either this or `user` has to be there.");
const WHOSE_USER: (&str, &str) = ("user", "The one user who has it, in place of what the desk has.");
const FIRST_AFTER_S: (&str, &str) = ("first_after_s", "Seconds until the first time, 0 to 86400; has to be there.");
const EVERY_S: (&str, &str) = ("every_s", "Seconds from one time to the next, 1 to 86400; has to be there.");

/// The file as a whole.
pub const ROOT: Table = Table {
    head: "The file",
    says: "TOML. Tables may stand in any order; a double bracket begins one of several.",
    keys: &[
        ("floor", "The floor itself; has to be there."),
        ("policy", "The floor's policies."),
        ("desk", "Desks."),
        ("user", "Users."),
        ("wire", "Private wires."),
        ("hoot", "Hoots."),
        ("shoutdown", "Shout-downs."),
        ("extension", "Users' own numbers."),
        ("dial_line", "Shared lines from which one dials."),
        ("speed", "Speed dials."),
        ("intercom_group", "Groups that are called by intercom."),
        ("neighbours", "Seats beside each other."),
        ("page", "Pages of keys."),
        ("speakers", "Speaker channels."),
        ("counterparty", "Users whom programs play."),
    ],
};

/// The floor.
pub const FLOOR: Table = Table {
    head: "`[floor]`",
    says: "The floor itself.",
    keys: &[
        ("name", "The floor's name; has to be there."),
        ("record", "`required` (the default), `on` or `off`, for every line that does not say otherwise."),
    ],
};

/// A desk.
pub const DESK: Table = Table { head: "`[[desk]]`", says: "People who share lines.", keys: &[ID, NAME, POLICY] };

/// A user.
pub const USER: Table = Table {
    head: "`[[user]]`",
    says: "Somebody who may log on, once they have a password.",
    keys: &[
        ("id", "The log-on name: letters, digits, `-`, `_` and `.`; has to be there, and only once in the file."),
        NAME,
        ("desk", "The id of the user's desk; has to be there."),
        ("roles", "Of `trader` (the default), `broker`, `supervisor`, `reviewer`, `officer`, `administrator`: a list."),
        ("seat", "Where the user usually sits."),
        ("remote", "`yes` for who sits elsewhere, so that nobody is their neighbour, or `no` (the default)."),
        POLICY,
    ],
};

/// A private wire.
pub const WIRE: Table = Table {
    head: "`[[wire]]`",
    says: "A private wire: a line at each of its two ends.",
    keys: &[
        (
            "kind",
            "`ard`, which rings the far end when it is seized, or `mrd`, which rings it by Signal; has to be there.",
        ),
        ("priority", "How it rings: `high`, or `low` (the default)."),
        RECORD,
        ("policy", "Policies that may be set here; they hold at both ends."),
        ("a", "One end; has to be there."),
        ("b", "The other end; has to be there."),
    ],
};

/// One end of a private wire.
pub const END: Table = Table {
    head: "`[wire.a]` and `[wire.b]`",
    says: "An end of the wire above: a line.",
    keys: &[
        ("line", "The line's id: letters, digits, `-`, `_` and `.`; has to be there, and only once in the file."),
        NAME,
        NUMBER,
        ("desks", "Ids of desks: everybody of them has the line. Either this or `users` has to be there."),
        ("users", "Ids of users who have the line."),
        OVERFLOW,
    ],
};

/// A hoot.
pub const HOOT: Table = Table {
    head: "`[[hoot]]`",
    says: "A line that is always open to everybody on it.",
    keys: &[
        ID,
        NAME,
        NUMBER,
        RECORD,
        POLICY,
        ("speak", "Who hears and may talk, such as `{ desks = [\"london\"] }`; has to be there."),
        ("listen", "Who only hears."),
    ],
};

/// Who is on a hoot, or at an end of a shout-down.
pub const MEMBERS: Table = Table {
    head: "`speak` and `listen` of a hoot, `a` and `b` of a shout-down",
    says: "Who is on it.",
    keys: &[DESKS, USERS],
};

/// A shout-down.
pub const SHOUT_DOWN: Table = Table {
    head: "`[[shoutdown]]`",
    says: "A line between two ends: who presses its talk key is heard at once by everybody at both, and nothing rings. It is on the speakers of all of them.",
    keys: &[
        ID,
        NAME,
        NUMBER,
        RECORD,
        POLICY,
        ("a", "Who is at one end, such as `{ desks = [\"london\"] }`; has to be there."),
        ("b", "Who is at the other end; has to be there."),
    ],
};

/// A user's own number.
pub const EXTENSION: Table = Table {
    head: "`[[extension]]`",
    says: "A user's own number: `extension.calls` lines, whose ids are `ext-NUMBER.1`, `ext-NUMBER.2` and so on. Numbers reach this floor alone: there is no trunk to the outside.",
    keys: &[
        ("user", "The id of the user; has to be there, and once as a user of an extension."),
        ("number", "The number: digits, at most 32; has to be there, and only once in the file."),
        EMERGENCY,
        NAME,
        RECORD,
        ("desks", "Ids of desks whose users have its keys besides, such as an assistant's."),
        ("users", "Ids of users who have its keys besides."),
    ],
};

/// A dial line.
pub const DIAL_LINE: Table = Table {
    head: "`[[dial_line]]`",
    says: "A line that several people share, and from which they dial.",
    keys: &[
        ID,
        NAME,
        (
            "number",
            "The number that rings it: digits, at most 32, only once in the file; without one it is dialled from only.",
        ),
        EMERGENCY,
        ("priority", "How it rings: `high`, or `low` (the default)."),
        RECORD,
        POLICY,
        ("desks", "Ids of desks: everybody of them has the line. Either this or `users` has to be there."),
        ("users", "Ids of users who have the line."),
        OVERFLOW,
    ],
};

/// A speed dial.
pub const SPEED: Table = Table {
    head: "`[[speed]]`",
    says: "A number that is kept, for a desk or for one user: who dials finds it first.",
    keys: &[
        ("desk", "The desk whose users have it; either this or `user` has to be there."),
        ("user", "The one user who has it, besides those of their desk."),
        NAME,
        ("number", "The number of an extension or of a dial line; has to be there."),
    ],
};

/// A group of the intercom.
pub const GROUP: Table = Table {
    head: "`[[intercom_group]]`",
    says: "People who are called by intercom with one press, at most 50 besides the caller; everybody has it on their list.",
    keys: &[ID, NAME, ("desks", "Ids of desks: everybody of them. Either this or `users` has to be there."), USERS],
};

/// Seats beside each other.
pub const NEIGHBOURS: Table = Table {
    head: "`[[neighbours]]`",
    says: "Seats so near to each other that a microphone at one hears the loudspeakers at the others; `mute` keeps them apart.",
    keys: &[("seats", "Names of seats, as users have them; each is beside all others of the list.")],
};

/// A page of keys.
pub const PAGE: Table = Table {
    head: "`[[page]]`",
    says: "A page of keys on a panel.",
    keys: &[
        WHOSE_DESK,
        WHOSE_USER,
        NAME,
        ("keys", "Ids of lines, row by row, at most 42; `\"\"` leaves a place empty."),
    ],
};

/// Speaker channels.
pub const SPEAKERS: Table = Table {
    head: "`[[speakers]]`",
    says: "The speaker channels of a panel.",
    keys: &[
        WHOSE_DESK,
        WHOSE_USER,
        (
            "channels",
            "Ids of lines in the order of the channels, at most 32, each once; wires may be monitored like hoots.",
        ),
        (
            "groups",
            "Several of these channels under one talk key and one mute, such as `[{ name = \"Clients\", lines = [\"calder\", \"macro\"] }]`; at most 8.",
        ),
    ],
};

/// A group of speaker channels.
pub const CHANNEL_GROUP: Table = Table {
    head: "`groups` of `[[speakers]]`",
    says: "One talk key that talks to several channels at once; none of them hears another.",
    keys: &[
        ("name", "What is shown, at most 18 characters; has to be there, and once among these groups."),
        ("lines", "Ids of lines, of `channels` above, 1 to 10, each once; has to be there."),
    ],
};

/// A simulated counterparty.
pub const COUNTERPARTY: Table = Table {
    head: "`[[counterparty]]`",
    says: "A user whom a program plays; a switch plays nobody. An MRD is answered after Signal too, and an intercom with the same voice.",
    keys: &[
        ("user", "The id of the user; has to be there."),
        (
            "says",
            "The voice file that it speaks once answered, in the folder `voices` beside the floor file or beside its folder: WAV, 48 kHz, one channel, 16 bits.",
        ),
        ("answers", "Ids of lines that it answers."),
        ("answer_after_ms", "After how many milliseconds it answers, 0 to 600000."),
        ("rings", "The ARD that it rings, again and again."),
        ("speaks_on_hoot", "The hoot that it speaks on, again and again."),
    ],
};

/// What a counterparty rings.
pub const RINGS: Table = Table {
    head: "`rings` of a counterparty",
    says: "How a counterparty rings.",
    keys: &[("line", "The id of an ARD's end of its own; has to be there."), FIRST_AFTER_S, EVERY_S],
};

/// Where a counterparty speaks.
pub const SPEAKS: Table = Table {
    head: "`speaks_on_hoot` of a counterparty",
    says: "How a counterparty speaks on a hoot.",
    keys: &[
        ("line", "The id of a hoot on which it may speak; has to be there."),
        ("says", "The voice file that it speaks there."),
        FIRST_AFTER_S,
        EVERY_S,
    ],
};

/// All of them, in the order of the reference.
pub const TABLES: &[&Table] = &[
    &ROOT,
    &FLOOR,
    &DESK,
    &USER,
    &WIRE,
    &END,
    &HOOT,
    &SHOUT_DOWN,
    &MEMBERS,
    &EXTENSION,
    &DIAL_LINE,
    &SPEED,
    &GROUP,
    &NEIGHBOURS,
    &PAGE,
    &SPEAKERS,
    &CHANNEL_GROUP,
    &COUNTERPARTY,
    &RINGS,
    &SPEAKS,
];
