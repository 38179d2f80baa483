//! What the panel shows of people: the intercom list.

use dealerboard_model::{DeskId, GroupId, Lamp, LineId, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a talk key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TalkView {
    /// Shut.
    Closed,
    /// Open while held.
    Open,
    /// Open until pressed again.
    Latched,
    /// Latched and silent: closes soon.
    Closing,
    /// Refused just now.
    Refused,
    /// This user may only listen.
    ListenOnly,
    /// There is no microphone.
    NoDevice,
    /// The switch is lost.
    Stale,
}

/// One person in the intercom list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PersonView {
    /// Log-on name.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// What they are doing: `Hears you`, `Talks to you`, `In a call with you`, `DND · waits`, `Calls you`, `In a call`, `Logged off`, `Do not disturb`, the desk's name.
    pub words: String,
    /// Their desk.
    pub desk: Option<DeskId>,
    /// What it is called.
    pub desk_name: String,
    /// Their number, where they have an extension.
    pub number: Option<String>,
    /// Idle, in use here, in use elsewhere (in a call), ringing (pending at mine), stale.
    pub lamp: Lamp,
    /// Do not disturb.
    pub dnd: bool,
    /// Logged on.
    pub logged_on: bool,
    /// The intercom with this person, while there is one.
    pub line: Option<LineId>,
    /// My microphone is open towards them.
    pub talk: TalkView,
}

/// One group in the intercom list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GroupView {
    /// Its id; of people who were picked, that of their call.
    pub group: GroupId,
    /// Name.
    pub name: String,
    /// `Group · 12 people`, `9 people with you`, `A. Reyes talks to you`.
    pub words: String,
    /// How many are in it besides this user.
    pub size: u32,
    /// Idle, in use here, stale.
    pub lamp: Lamp,
    /// Its call, while this turret is in one.
    pub line: Option<LineId>,
    /// My microphone is open towards it.
    pub talk: TalkView,
}
