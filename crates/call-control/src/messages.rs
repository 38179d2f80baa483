//! What goes into the exchange and what comes out of it.

use crate::Floor;
use crate::happenings::Happening;
use crate::kept::Kept;
use crate::voicemail::Said;
use dealerboard_model::{
    Allowed, BroadcastStatus, CallId, DivertTo, DivertWhen, GroupId, HistoryEntry, LineId, LineKind, LineStatus,
    Listener, Moment, PersonStatus, Position, RecordingId, TrackId, TransferTo, TurretId, Uplink, UserId,
};

/// Everything that can change call state.
#[derive(Clone, Debug)]
pub enum Input {
    /// A user has taken a turret.
    LogOn {
        /// The session.
        turret: TurretId,
        /// Who.
        user: UserId,
    },
    /// Where a turret stands.
    Seat {
        /// The session.
        turret: TurretId,
        /// The seat's name.
        seat: String,
    },
    /// The session is over.
    LogOff {
        /// The session.
        turret: TurretId,
    },
    /// The user of a locked turret has proved who they are.
    Unlock {
        /// The session.
        turret: TurretId,
    },
    /// The turret cannot be reached.
    LinkLost {
        /// The session.
        turret: TurretId,
    },
    /// The turret is back.
    LinkBack {
        /// The session.
        turret: TurretId,
    },
    /// A user did something.
    Act {
        /// At which turret.
        turret: TurretId,
        /// Comes back with the answer.
        id: u128,
        /// What.
        act: Act,
    },
    /// An uplink that is open has sent nothing for `talk.orphan`.
    TalkOrphaned {
        /// Which turret.
        turret: TurretId,
        /// Which uplink.
        uplink: Uplink,
    },
    /// An uplink that was waited for ([`Output::Await`]) is heard.
    Heard {
        /// Which turret.
        turret: TurretId,
        /// Which uplink.
        uplink: Uplink,
    },
    /// Speech into an open microphone has begun or ended.
    VoiceActivity {
        /// Which turret.
        turret: TurretId,
        /// Which uplink.
        uplink: Uplink,
        /// It has begun.
        speaking: bool,
    },
    /// The microphone of an uplink has gone, or one is there.
    Microphone {
        /// Which turret.
        turret: TurretId,
        /// Which uplink.
        uplink: Uplink,
        /// One is there.
        there: bool,
    },
    /// The recorder can write, or cannot and why.
    Recorder {
        /// The cause, while it cannot.
        failing: Option<String>,
    },
    /// Users were added or changed: what this floor says of users and of who has an appearance of its lines replaces
    /// what was known. Its lines are the old ones.
    Users(Box<Floor>),
    /// Time has passed: [`crate::Exchange::next_deadline`] is due.
    Tick,
}

/// What a user did. Each carries what its user saw (rule ALL-1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of all acts are: line, the call that was shown, position, on or off")]
pub enum Act {
    /// Takes an idle line.
    Seize { line: LineId, position: Position, private: bool },
    /// Answers a ringing line.
    Answer { line: LineId, call: CallId, position: Position, private: bool },
    /// Joins a line that others are on.
    Bridge { line: LineId, call: CallId, position: Position },
    /// Takes a held line.
    Resume { line: LineId, call: CallId, position: Position, private: bool },
    /// Holds one's own leg, for oneself alone where that is wished.
    Hold { line: LineId, exclusive: bool },
    /// Lets a line go.
    Release { line: LineId },
    /// Ends whatever is on a line: an administrator's act.
    Clear { line: LineId },
    /// Takes a line out of service, or puts it back: an administrator's act.
    Service { line: LineId, out: bool },
    /// Adds a line to what a position carries: everybody on either hears everybody.
    Join { line: LineId, call: CallId, position: Position },
    /// Takes a call that is here to another position.
    Move { line: LineId, call: CallId, position: Position },
    /// Takes a call that this user is on at their other turret.
    TakeOver { line: LineId, call: CallId, position: Position },
    /// Sends a call on to somebody else.
    Transfer { line: LineId, to: TransferTo },
    /// Holds a call and talks to somebody who may want it.
    Announce { line: LineId, to: UserId },
    /// Gives a call to whom it was announced.
    Complete { line: LineId },
    /// Goes back to a call that was announced to somebody.
    Cancel { line: LineId },
    /// Takes a line out of a conference.
    Unjoin { line: LineId },
    /// Keeps everybody else off the line that one is on.
    Private { line: LineId, on: bool },
    /// Enters a call as its desk's supervisor, after everybody on it was told.
    Override { line: LineId, call: CallId, position: Position, reason: String },
    /// MRD: rings the far end while on.
    Signal { line: LineId, on: bool },
    /// Talk key of a speaker channel or hoot.
    Talk { line: LineId, on: bool, latched: bool },
    /// Talk key of several lines at once.
    Broadcast { lines: Vec<LineId>, on: bool, latched: bool },
    /// Adds a line to what that key talks to, or drops it, while it is down.
    BroadcastLine { line: LineId, on: bool },
    /// Sets what a user may do on a hoot: a supervisor's act.
    Right { line: LineId, user: UserId, allowed: Allowed },
    /// Asks who hears a hoot.
    WhoHears { line: LineId },
    /// Opens the microphone of one's own party after a lapse.
    OpenMic { line: LineId },
    /// Calls a person.
    Intercom { user: UserId, position: Position },
    /// Calls a group of the floor file.
    IntercomGroup { group: GroupId, position: Position },
    /// Calls several people at once.
    IntercomPicked { users: Vec<UserId>, position: Position },
    /// Talks back in an intercom, or accepts a pending one.
    TalkBack { line: LineId, on: bool, latched: bool },
    /// Diverts calls of a line, of the user's own extension when none is named; no longer where nobody is named.
    Divert { line: Option<LineId>, when: DivertWhen, to: Option<DivertTo> },
    /// Digits of a number, on a line that waits for one.
    Dial { line: LineId, digits: String },
    /// Takes a line, a free one of the user's own when none is named, and dials a whole number there.
    Call { line: Option<LineId>, number: String, position: Position, private: bool },
    /// Locks the turret until its user has proved who they are.
    Lock,
    /// Sets or ends do-not-disturb.
    Dnd { on: bool },
}

/// Why an act changed nothing (rule ALL-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalCode {
    /// Somebody else answered first.
    AnsweredBy,
    /// Somebody else resumed first.
    ResumedBy,
    /// Somebody on the line keeps everybody else off it.
    Private,
    /// Somebody else holds it for themselves.
    HeldExclusive,
    /// The far end still rings.
    StillRinging,
    /// A member that may only listen.
    ListenOnly,
    /// The user has no right to this.
    NoRight,
    /// The line must be recorded and the recorder cannot write.
    NotRecorded,
    /// The line is left out of the speakers of its end.
    MutedGlobal,
    /// As many talk as may.
    TalkersFull,
    /// The position carries a call that could not be put aside.
    PositionBusy,
    /// The line is out of service.
    OutOfService,
    /// What the user saw is no longer so.
    Stale,
    /// No such line or person.
    UnknownNumber,
    /// As many are on it as may.
    GroupFull,
    /// This kind cannot be held, or the user holds as many as allowed.
    NotHoldable,
    /// Not added by this user.
    NotYours,
    /// It would come back to where it is.
    Loop,
    /// Whoever is called does not want to be disturbed.
    Dnd,
    /// Nobody is there.
    NobodyThere,
    /// As many calls are there as may.
    Busy,
    /// The turret is locked.
    Locked,
}

/// A refusal: nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For the person: what happened, what to do.
    pub sentence: String,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }
}

/// An accepted act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The line concerned; the new one of an intercom.
    pub line: Option<LineId>,
    /// Where it went (rule POS-1).
    pub position: Option<Position>,
    /// The call.
    pub call: Option<CallId>,
}

/// One hearer of an uplink.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteLeg {
    /// Which turret hears.
    pub hearer: TurretId,
    /// The hearer's own line.
    pub label: LineId,
    /// By handset, as a party; otherwise by speaker channel.
    pub handset: bool,
}

/// A microphone of a turret, as its header shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicReport {
    /// Which uplink.
    pub uplink: Uplink,
    /// The position that it belongs to; the speakers for a talk key.
    pub position: Position,
    /// The line it is open towards.
    pub line: LineId,
    /// Since when.
    pub since: Moment,
    /// How many turrets can hear it.
    pub hearers: u32,
    /// Kept from being heard by a speaker talk key (rule POS-4).
    pub muted: bool,
    /// When the switch shuts it unless its user does something (rule SPK-3).
    pub closes_at: Option<Moment>,
}

/// A tone that goes with a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Somebody joined, a call waits.
    Beep,
    /// A microphone stays shut.
    Blocking,
    /// An intercom begins.
    Splash,
    /// A held call waits.
    Reminder,
    /// A microphone was closed.
    Warning,
    /// A supervisor enters.
    Override,
    /// Whom one calls is in other calls, or does not take this one.
    Busy,
    /// A call does not come about.
    Fail,
    /// A message begins.
    Message,
}

/// What an input brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly every output is a line's truth: a box would be made for each")]
pub enum Output {
    /// The one answer to an act.
    Answer {
        /// Whose.
        turret: TurretId,
        /// Which.
        id: u128,
        /// What came of it.
        result: Result<Accepted, Refusal>,
    },
    /// A line came, for these turrets.
    LineAdded {
        /// Which.
        line: LineId,
        /// What its key shows.
        name: String,
        /// Its kind.
        kind: LineKind,
        /// Who sees it.
        to: Vec<TurretId>,
    },
    /// A line's truth has changed.
    Line {
        /// The truth.
        status: LineStatus,
        /// Who sees it.
        to: Vec<TurretId>,
    },
    /// A line is over.
    LineRemoved {
        /// Which.
        line: LineId,
        /// Who saw it.
        to: Vec<TurretId>,
    },
    /// What others see of a user has changed.
    Person(PersonStatus),
    /// An uplink's route has changed: replaces the old one.
    Route {
        /// Whose.
        turret: TurretId,
        /// Which.
        uplink: Uplink,
        /// Open; otherwise what waits for a route is thrown away.
        open: bool,
        /// Who hears it.
        legs: Vec<RouteLeg>,
        /// What it is recorded on.
        tracks: Vec<TrackId>,
        /// The uplink that has carried this voice until now.
        follows: Option<(TurretId, Uplink)>,
    },
    /// An uplink without a route is waited for, until it was heard for so long; none: no longer.
    Await {
        /// Whose.
        turret: TurretId,
        /// Which.
        uplink: Uplink,
        /// Milliseconds.
        heard_ms: Option<u64>,
    },
    /// A turret is locked, or no longer.
    Locked {
        /// Which.
        turret: TurretId,
        /// It is.
        on: bool,
    },
    /// The open microphones of a turret have changed.
    Mics {
        /// Whose.
        turret: TurretId,
        /// All of them.
        mics: Vec<MicReport>,
    },
    /// What a turret talks to with one key has changed.
    Broadcast {
        /// Whose.
        turret: TurretId,
        /// All of it; none when it is over.
        status: Option<BroadcastStatus>,
    },
    /// A message for one turret.
    Notice {
        /// Whose.
        turret: TurretId,
        /// The line it concerns.
        line: Option<LineId>,
        /// What happened.
        sentence: String,
        /// The tone with it.
        sound: Option<Sound>,
    },
    /// Who hears a hoot, because it was asked.
    Listeners {
        /// Who asked.
        turret: TurretId,
        /// Which hoot.
        line: LineId,
        /// Everybody who is on it, or was before a supervisor took them off.
        people: Vec<Listener>,
        /// Whether the one who asked may set their rights.
        may_set: bool,
    },
    /// Which lines these turrets have, or what they may do there, has changed.
    PanelChanged {
        /// All turrets of one user.
        to: Vec<TurretId>,
    },
    /// A turret did not come back within `link.grace`: its session is over, as if it had logged off.
    SessionOver {
        /// The session.
        turret: TurretId,
    },
    /// A recording begins.
    RecordingOpened {
        /// Which.
        recording: RecordingId,
        /// Of which call.
        call: CallId,
        /// On which lines.
        lines: Vec<LineId>,
        /// Those of an intercom, whether they talk or not; nobody on other lines.
        people: Vec<UserId>,
        /// Of which kind.
        kind: LineKind,
    },
    /// A talker is recorded from now on.
    TrackOpened {
        /// Which.
        track: TrackId,
        /// In which recording.
        recording: RecordingId,
        /// On which line.
        line: LineId,
        /// Who.
        user: UserId,
        /// Where.
        turret: TurretId,
        /// By which uplink.
        uplink: Uplink,
    },
    /// A talker is silent from now on.
    TrackClosed {
        /// Which.
        track: TrackId,
    },
    /// Something happened that whoever listens to a recording should know of.
    Happened {
        /// In which recording.
        recording: RecordingId,
        /// When.
        at: Moment,
        /// On which line.
        line: LineId,
        /// Who did it, or who heard it; nobody when it has no doer.
        who: Vec<UserId>,
        /// What.
        what: Happening,
    },
    /// A recording is over.
    RecordingClosed {
        /// Which.
        recording: RecordingId,
    },
    /// A call is over for somebody: what their history says of it.
    History {
        /// Whose history.
        user: UserId,
        /// What it says.
        entry: Box<HistoryEntry>,
    },
    /// A message was left to somebody.
    Message {
        /// Whose history it is in.
        user: UserId,
        /// What their history says of it.
        entry: Box<HistoryEntry>,
        /// Where it was said.
        said: Said,
    },
    /// Something is to be kept over a restart from now on, or no longer. What is no longer kept is said first.
    Kept {
        /// What.
        what: Kept,
        /// From now on; otherwise no longer.
        on: bool,
    },
}
