//! The view model: everything that the panel draws, as the turret knows it. The window draws it and sends [`Intent`]s;
//! the turret without a window prints it. It holds facts and finished words, no colours and no geometry.
//!
//! Law: plain values. `project.rs` makes a [`View`] from what the switch said; [`changes`] tells what differs.

mod channels;
mod devices;

pub use crate::dial_view::*;
pub use crate::history::{HistoryMark, HistoryRow, HistoryView, MessageView, PlayingView};
pub use crate::intent::{DevicePart, Intent};
pub use crate::listening::{ListenerView, ListenersView};
pub use crate::people_view::*;
pub use channels::{ChannelGroupView, LeftOutView};
use dealerboard_model::{CallId, Divert, Lamp, LineId, LineKind, Mute, Position, Proof, Right, TalkMode, UserId};
pub use devices::{ChosenView, DeviceChoice, DeviceView, DevicesView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything on the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct View {
    /// The header.
    pub header: Header,
    /// Pages of keys: 6 × 7 places each, row by row.
    pub pages: Vec<PageView>,
    /// Every line with an appearance, by line; places of pages refer to them.
    pub keys: Vec<KeyView>,
    /// Left handset, right handset, hands-free, speakers.
    pub positions: Vec<PositionView>,
    /// Speaker channels in their order.
    pub channels: Vec<ChannelView>,
    /// Groups of those channels, then lines that were picked for one talk key, while it is down.
    pub channel_groups: Vec<ChannelGroupView>,
    /// The groups of the intercom list, then calls to people who were picked.
    pub groups: Vec<GroupView>,
    /// The people of the intercom list.
    pub people: Vec<PersonView>,
    /// Lines that ring, in the order of rule RING-2.
    pub incoming: Vec<IncomingView>,
    /// What happened lately, newest first, at most 50.
    pub activity: Vec<NoticeView>,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PageView {
    /// On the tab.
    pub name: String,
    /// The line at each place.
    pub keys: Vec<Option<LineId>>,
    /// How many of its lines ring.
    pub ringing: u32,
}

/// The header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Header {
    /// User's name; empty before log-on.
    pub user: String,
    /// Desk's name.
    pub desk: String,
    /// Seat.
    pub seat: String,
    /// Log-on name; none before log-on.
    pub user_id: Option<UserId>,
    /// The floor's name.
    pub floor: String,
    /// Address of the switch that is spoken to, or would be: `wss://host:port`.
    pub switch: String,
    /// How the link to the switch is.
    pub link: LinkView,
    /// Whether everything said is written, in words.
    pub recorder: RecorderView,
    /// Open microphones.
    pub mics: Vec<MicView>,
    /// Do not disturb is on.
    pub dnd: bool,
    /// How one dials here.
    pub dial: DialView,
    /// Calls that were missed since its user looked at the history.
    pub missed: u32,
    /// Its user has left it; what is shown then.
    pub lock: Option<LockView>,
    /// It can be locked.
    pub can_lock: bool,
    /// Messages that wait, and are neither heard nor hidden.
    pub messages: u32,
    /// The message that is played.
    pub playing: Option<PlayingView>,
    /// May open the review page.
    pub may_review: bool,
    /// The switch's clock minus this machine's, in milliseconds.
    pub clock_offset_ms: f64,
}

/// The link to the switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LinkView {
    /// Before the first contact.
    Connecting,
    /// In contact.
    Up {
        /// Round trip, milliseconds.
        round_trip_ms: Option<f64>,
        /// Voice can flow.
        voice: bool,
    },
    /// No contact: every lamp is stale and every microphone shut.
    Lost {
        /// Since, UTC milliseconds.
        #[ts(type = "number")]
        since_utc_ms: i64,
        /// Next attempt, UTC milliseconds.
        #[ts(type = "number")]
        retry_utc_ms: i64,
    },
    /// Log-on was refused or the switch is not the one that was trusted; nothing is tried until the user acts.
    Refused {
        /// One sentence: what happened, what to do.
        sentence: String,
    },
    /// The switch shows a certificate that is not trusted yet.
    Untrusted {
        /// `sha256:…` of its certificate.
        fingerprint: String,
    },
    /// Nobody is logged on.
    LoggedOff,
}

/// The recorder, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecorderView {
    /// How it is.
    pub state: RecorderState,
    /// `All recorded`, or what is not, or that it is not known.
    pub words: String,
}

/// How the recorder is, as far as this turret knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RecorderState {
    /// Nothing that should be recorded is lost.
    Ok,
    /// Something is not recorded that should be.
    Failing,
    /// The switch is not reached: nobody can say.
    NotKnown,
}

/// One open microphone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MicView {
    /// The line it is open towards; none for an intercom that the switch has not made yet.
    pub line: Option<LineId>,
    /// The line's name, or that of who is called.
    pub name: String,
    /// `Left`, `Right`, `Hands-free`.
    pub position: Position,
    /// Since, UTC milliseconds by the switch's clock.
    #[ts(type = "number")]
    pub since_utc_ms: i64,
    /// How many hear it.
    pub hearers: u32,
    /// Kept from being heard by a speaker talk key.
    pub muted: bool,
    /// A silent latch closes at this time, UTC milliseconds.
    #[ts(type = "number | null")]
    pub closes_utc_ms: Option<i64>,
}

/// One line's key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct KeyView {
    /// Which line.
    pub line: LineId,
    /// Name.
    pub name: String,
    /// Number.
    pub number: String,
    /// Kind.
    pub kind: LineKind,
    /// The lamp.
    pub lamp: Lamp,
    /// The second line, finished: `ARD 4402`, `R. Lindt`, `4 on line`, `Left · Marsh`, `Held by you`, `ON HOLD · T. Marsh`, `HELD BY FAR END`.
    pub words: String,
    /// Everybody on it, for the full list.
    pub who: Vec<String>,
    /// A timer that counts from here, UTC milliseconds; only where the user must act.
    #[ts(type = "number | null")]
    pub timer_utc_ms: Option<i64>,
    /// The call on it; none while idle.
    pub call: Option<CallId>,
    /// The position of mine that is on it.
    pub position: Option<Position>,
    /// Whether what is said is on disk.
    pub proof: Proof,
    /// MRD: SIGNALLED at this time, UTC milliseconds.
    #[ts(type = "number | null")]
    pub signalled_utc_ms: Option<i64>,
    /// A press is on its way to the switch.
    pub pressed: bool,
    /// My right, on a hoot.
    pub right: Option<Right>,
    /// What loudspeakers at this end leave out of it.
    pub mute: Mute,
    /// What a press does where the key is a talk key.
    pub talk_mode: TalkMode,
    /// The talk key that it is; none for what is no hoot and no shout-down.
    pub talk: Option<TalkView>,
    /// Its diverts.
    pub diverts: Vec<Divert>,
    /// Where a call on it goes, or has gone.
    pub diverted: Option<String>,
    /// I may divert its calls.
    pub can_divert: bool,
    /// Nobody else gets in: it is private, or held for one person alone.
    pub locked: bool,
    /// I may enter the call on it as its desk's supervisor.
    pub can_override: bool,
    /// I may end whatever is on it.
    pub can_clear: bool,
    /// I may take it out of service, or put it back.
    pub can_service: bool,
    /// The last knowledge, UTC milliseconds, while stale.
    #[ts(type = "number | null")]
    pub stale_since_utc_ms: Option<i64>,
}

/// One handset, or hands-free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PositionView {
    /// Which.
    pub position: Position,
    /// The line on it.
    pub line: Option<LineId>,
    /// The line's name.
    pub name: String,
    /// `with T. Marsh`, `Calling`, `Next key you press lands here`.
    pub words: String,
    /// Since, UTC milliseconds.
    #[ts(type = "number | null")]
    pub since_utc_ms: Option<i64>,
    /// The microphone goes out.
    pub mic_open: bool,
    /// Muted by the user.
    pub muted: bool,
    /// The party's microphone was closed by a lapse: press to talk again.
    pub mic_lapsed: bool,
    /// Proof of what is said.
    pub proof: Proof,
    /// The talk key of the hoot on it; none where its microphone is open as in a call, and for all other lines.
    pub talk: Option<TalkView>,
    /// What a press on that key does.
    pub talk_mode: TalkMode,
    /// Talking with it since, UTC milliseconds.
    #[ts(type = "number | null")]
    pub talk_since_utc_ms: Option<i64>,
    /// There is a call on it that can be held: an intercom cannot (rule INT-7), nor what still rings at the far end.
    pub can_hold: bool,
    /// It keeps everybody else off its call; while idle, off the next one.
    pub private: bool,
    /// Its call can be kept private; while idle, the next one can.
    pub can_private: bool,
    /// The line on it is an MRD whose far end has not come yet: Signal is offered.
    pub can_signal: bool,
    /// Its call can be sent on to somebody else.
    pub can_transfer: bool,
    /// The call that is announced here; none: no call is.
    pub announcing: Option<AnnouncingView>,
    /// Its call can be left to the speakers.
    pub can_speakers: bool,
    /// The lines of the conference on it; none for a plain call.
    pub joined: Vec<JoinedView>,
    /// What can be joined with its call: calls of mine at other positions, and those that I hold.
    pub joinable: Vec<JoinableView>,
    /// Names of the devices in use.
    pub device: DeviceView,
    /// The next key lands here.
    pub selected: bool,
    /// Its line waits for digits.
    pub dialling: bool,
    /// Volume, 0 to 1.
    pub volume: f32,
}

/// A call that its user announces to somebody before they give it to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AnnouncingView {
    /// The call's line.
    pub line: LineId,
    /// Its name.
    pub name: String,
    /// To whom.
    pub to: String,
    /// The call waits on hold, and can be talked to without ending the intercom: a position is free for it.
    pub swap: Option<CallId>,
}

/// One line of a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JoinedView {
    /// Which.
    pub line: LineId,
    /// Its name.
    pub name: String,
    /// I may take it out.
    pub removable: bool,
}

/// A call that can be joined with another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JoinableView {
    /// Which line.
    pub line: LineId,
    /// Its name.
    pub name: String,
    /// Its call.
    pub call: CallId,
}

/// One speaker channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ChannelView {
    /// 1, 2, 3 …
    pub number: u32,
    /// Which line.
    pub line: LineId,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: LineKind,
    /// `M. Okafor +1`, `quiet 0:42`, `38 on · quiet`, `38 hear you`, `muted by you`, `NOT HEARD`.
    pub words: String,
    /// Somebody else talks now.
    pub talking: bool,
    /// Volume, 0 to 1.
    pub volume: f32,
    /// Muted by the user.
    pub muted: bool,
    /// Only this and other solo channels are heard.
    pub solo: bool,
    /// Turned down by an open handset.
    pub ducked: bool,
    /// The talk key.
    pub talk: TalkView,
    /// What a press on it does.
    pub talk_mode: TalkMode,
    /// Talking since, UTC milliseconds.
    #[ts(type = "number | null")]
    pub talk_since_utc_ms: Option<i64>,
    /// A call of mine that was moved to the speakers.
    pub here: bool,
    /// It hears me by the talk key of several lines; its own one would answer it alone.
    pub grouped: bool,
    /// A silent latch closes at, UTC milliseconds.
    #[ts(type = "number | null")]
    pub closes_utc_ms: Option<i64>,
    /// Quiet since, UTC milliseconds.
    #[ts(type = "number | null")]
    pub quiet_since_utc_ms: Option<i64>,
    /// Proof of what is said.
    pub proof: Proof,
    /// The lamp of its line.
    pub lamp: Lamp,
}

/// One ringing line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IncomingView {
    /// Which.
    pub line: LineId,
    /// Name.
    pub name: String,
    /// `High · ARD 4416`.
    pub words: String,
    /// Red or amber.
    pub lamp: Lamp,
    /// Its user may say that they do not take it.
    pub can_decline: bool,
    /// The call.
    pub call: Option<CallId>,
    /// Rings since, UTC milliseconds.
    #[ts(type = "number")]
    pub since_utc_ms: i64,
}

/// Something that happened: a toast near a key, and a row of the activity list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NoticeView {
    /// Counts up.
    pub n: u32,
    /// The line it concerns.
    pub line: Option<LineId>,
    /// What happened and what to do, one or two sentences.
    pub sentence: String,
    /// When, UTC milliseconds.
    #[ts(type = "number")]
    pub at_utc_ms: i64,
    /// It answers a press of this user that changed nothing.
    pub refused: bool,
}

/// Levels for the meters, in decibels below full scale; at most 30 times a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Meters {
    /// Microphones: left, right, hands-free.
    pub mics_dbfs: [f32; 3],
    /// What each line plays here.
    pub lines_dbfs: Vec<(LineId, f32)>,
}

/// One change of the view: the whole of the named part, replacing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "change", content = "value", rename_all = "snake_case")]
pub enum Change {
    /// Everything.
    View(Box<View>),
    /// The header.
    Header(Header),
    /// The pages.
    Pages(Vec<PageView>),
    /// One key.
    Key(KeyView),
    /// A line has no key any more.
    KeyGone(LineId),
    /// One position.
    Position(PositionView),
    /// All channels: their number or order changed.
    Channels(Vec<ChannelView>),
    /// One channel.
    Channel(ChannelView),
    /// All groups of channels.
    ChannelGroups(Vec<ChannelGroupView>),
    /// All people.
    People(Vec<PersonView>),
    /// One person.
    Person(PersonView),
    /// All groups of the intercom list.
    Groups(Vec<GroupView>),
    /// Ringing lines.
    Incoming(Vec<IncomingView>),
    /// A notice came.
    Notice(NoticeView),
    /// The history.
    History(HistoryView),
    /// An entry of the history came.
    HistoryEntry(HistoryRow),
    /// Levels.
    Meters(Meters),
    /// What devices there are, and which were chosen.
    Devices(DevicesView),
    /// Who hears a hoot.
    Listeners(ListenersView),
}
