//! What the switch sends.

use crate::{ChannelGroup, IntercomGroup, Me, MessageSound, Number, Page, Person, Refusal, Tone};
use dealerboard_model::{
    BroadcastStatus, CallId, Csrc, LineFacts, LineId, LineStatus, Listener, Moment, NumberedEntry, PersonStatus,
    Position, Right, RingInCall, TalkMode, TurretId, Uplink, UserId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// A message from switch to turret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "nearly every message is an event: a box would be made for each")]
pub enum FromSwitch {
    /// Log-on succeeded; a [`Snapshot`] follows as the first event.
    Welcome(Welcome),
    /// The one answer to a command, or to a report of keyed time.
    Answer {
        /// The command's id, or the report's.
        id: Uuid,
        /// What came of it.
        result: Answer,
    },
    /// The SDP answer to an offer.
    SdpAnswer {
        /// The offer's id, where it had one.
        #[serde(default)]
        id: Option<Uuid>,
        /// The answer, or none when the offer could not be taken.
        sdp: Option<String>,
        /// Why not, in one sentence.
        error: Option<String>,
    },
    /// Answers a heartbeat.
    HeartbeatAck {
        /// The heartbeat's number.
        n: u64,
        /// The switch's time.
        now: Moment,
    },
    /// A fresh token.
    Token(Token),
    /// Something changed.
    Event {
        /// Counts up by one per session; a hole means that a snapshot is due.
        seq: u64,
        /// What.
        event: Event,
    },
    /// The connection ends, and why; the close code follows.
    Goodbye {
        /// See [`crate::close`].
        code: u16,
        /// One sentence: what happened, what to do.
        sentence: String,
    },
}

/// Log-on succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Welcome {
    /// The session; name it to resume after a break.
    pub turret: TurretId,
    /// Whether the earlier session goes on.
    pub resumed: bool,
    /// For the next connection.
    pub token: Token,
    /// The floor's name.
    pub floor: String,
    /// The switch's version.
    pub switch: String,
    /// The switch takes [`crate::FromTurret::Microphone`].
    #[serde(default)]
    pub takes_microphones: bool,
    /// The switch takes [`crate::Act::Broadcast`].
    #[serde(default)]
    pub takes_broadcasts: bool,
    /// The switch sends calls on to lines too.
    #[serde(default)]
    pub sends_to_lines: bool,
    /// The switch takes [`crate::Act::Lock`] and [`crate::FromTurret::Unlock`].
    #[serde(default)]
    pub takes_locks: bool,
    /// The switch keeps the history of calls: it takes [`crate::FromTurret::History`].
    #[serde(default)]
    pub keeps_history: bool,
    /// The switch keeps messages: it takes [`crate::FromTurret::MessageSound`].
    #[serde(default)]
    pub keeps_messages: bool,
}

/// A short-lived token.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Token {
    /// Opaque; a secret.
    pub token: String,
    /// When it ends, UTC milliseconds.
    #[ts(type = "number")]
    pub expires_utc_ms: i64,
}

impl std::fmt::Debug for Token {
    /// Never shows the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token {{ expires_utc_ms: {} }}", self.expires_utc_ms)
    }
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Answer {
    /// Done.
    Done {
        /// The line concerned; for an intercom the line made for it.
        line: Option<LineId>,
        /// Where it went (rule POS-1).
        position: Option<Position>,
        /// The call.
        call: Option<CallId>,
    },
    /// Not done; nothing has changed.
    Refused(Refusal),
}

/// Something changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Everything, replacing what was known.
    Snapshot(Box<Snapshot>),
    /// A line's one truth; conflated, the newest wins.
    Line {
        /// The truth.
        status: LineStatus,
    },
    /// A line came (an intercom), with its label.
    LineAdded {
        /// What it is.
        facts: LineFacts,
        /// How it stands.
        status: LineStatus,
    },
    /// A line of its time is over (an intercom).
    LineRemoved {
        /// Which.
        line: LineId,
    },
    /// What others see of users who have changed; conflated.
    People {
        /// How each of them is now.
        statuses: Vec<PersonStatus>,
    },
    /// A talker's label.
    TalkerLabel {
        /// The label.
        label: TalkerLabel,
    },
    /// The microphones of this turret that the switch takes voice from; what is not listed is shut. Conflated.
    OpenMics {
        /// All of them.
        mics: Vec<OpenMic>,
    },
    /// Who hears a hoot, because this turret asked.
    Listeners {
        /// Which hoot.
        line: LineId,
        /// Everybody who is on it, or was before a supervisor took them off.
        people: Vec<Listener>,
        /// This user may set their rights.
        may_set: bool,
    },
    /// What this turret talks to with one key; none: nothing. Conflated.
    Broadcast {
        /// All of it.
        status: Option<BroadcastStatus>,
    },
    /// This turret is locked, or no longer; for one that has locked itself.
    Locked {
        /// It is.
        on: bool,
    },
    /// A message for this user, near the key it concerns.
    Notice(Notice),
    /// The recorder's state.
    Recorder {
        /// How it is.
        recorder: RecorderHealth,
    },
    /// Offer more ears, so that this many are there.
    MoreEars {
        /// The new total.
        total: u16,
    },
    /// This turret could not be given an ear for a talker: the channel shows NOT HEARD.
    NotHeard {
        /// On which line.
        line: LineId,
        /// Whether it is so now.
        on: bool,
    },
    /// Entries of this user's history, newest first; for a turret that has asked.
    History {
        /// The entries.
        entries: Vec<NumberedEntry>,
        /// It is the page that was asked for, not news.
        page: bool,
        /// There are older ones than this page.
        more: bool,
    },
    /// How many messages wait for this user, and are neither heard nor hidden; for a turret that has asked for the history.
    MessagesWaiting {
        /// How many.
        count: u32,
    },
    /// The message of an entry was heard, here or at another turret of this user.
    MessageHeard {
        /// Which entry.
        #[ts(type = "number")]
        entry: u64,
    },
    /// A piece of a message, for the turret that has asked for it.
    MessageSound(MessageSound),
    /// An entry of this user's history is shown no more.
    HistoryHidden {
        /// Which; none: all that there were.
        #[ts(type = "number | null")]
        entry: Option<u64>,
    },
}

/// Everything a turret needs to draw its panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Snapshot {
    /// The switch's time.
    pub now: Moment,
    /// Who is logged on here.
    pub me: Me,
    /// Every line with an appearance here.
    pub lines: Vec<LineFacts>,
    /// How each stands.
    pub statuses: Vec<LineStatus>,
    /// This user's right on each hoot of theirs.
    pub rights: Vec<(LineId, Right)>,
    /// Pages of keys.
    pub pages: Vec<Page>,
    /// Lines on the speakers, in the order of the channels.
    pub speakers: Vec<LineId>,
    /// Groups of those channels, each with one talk key and one mute.
    #[serde(default)]
    pub channel_groups: Vec<ChannelGroup>,
    /// What this turret talks to with one key.
    #[serde(default)]
    pub broadcast: Option<BroadcastStatus>,
    /// Everybody on the floor.
    pub people: Vec<Person>,
    /// How each of them is.
    pub person_statuses: Vec<PersonStatus>,
    /// Labels of all present talkers.
    pub talkers: Vec<TalkerLabel>,
    /// The microphones that the switch takes voice from.
    pub mics: Vec<OpenMic>,
    /// The recorder.
    pub recorder: RecorderHealth,
    /// Number of ears a turret offers at first.
    pub ears: u16,
    /// What a press on the talk key of a line does, where it is not open while it is held (`talk.mode`).
    #[serde(default)]
    pub talk_modes: Vec<(LineId, TalkMode)>,
    /// The hoots and shout-downs whose microphone is open at a handset as in a call, where others open with their talk key.
    #[serde(default)]
    pub open_handsets: Vec<LineId>,
    /// Groups that can be called by intercom.
    #[serde(default)]
    pub groups: Vec<IntercomGroup>,
    /// Whether this user's microphone in an intercom stays open by itself (`intercom.talk`).
    #[serde(default = "latches")]
    pub intercom_latches: bool,
    /// What the key of a line that is in use here does besides selecting it (`key.second_press`).
    #[serde(default)]
    pub second_press: SecondPress,
    /// What a new call sounds like while a handset has a line (`ring.in_call`).
    #[serde(default)]
    pub ring_in_call: RingInCall,
    /// Numbers that can be dialled.
    #[serde(default)]
    pub directory: Vec<Number>,
    /// Numbers that the floor file keeps for this user.
    #[serde(default)]
    pub speeds: Vec<Number>,
    /// How long the user hears that a call did not come about (`tone.fail`), milliseconds.
    #[serde(default = "tone_fail_ms")]
    pub tone_fail_ms: u64,
    /// This turret is locked.
    #[serde(default)]
    pub locked: bool,
    /// After how long without a touch this turret locks itself (`lock.idle`), milliseconds; none: never.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub lock_idle_ms: Option<u64>,
    /// How long a talk key's tail stays open after release (`talk.tail`), milliseconds.
    pub talk_tail_ms: u64,
}

/// What a switch does that does not say.
fn latches() -> bool {
    true
}

/// What a switch does that does not dial.
fn tone_fail_ms() -> u64 {
    5_000
}

/// The label that a talker's packets bear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TalkerLabel {
    /// The label.
    pub csrc: Csrc,
    /// Whose it is.
    pub user: UserId,
    /// At which turret.
    pub turret: TurretId,
    /// Where that turret stands.
    #[serde(default)]
    pub seat: String,
}

/// What the key of a line that is in use here does besides selecting its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SecondPress {
    /// Nothing.
    #[default]
    Nothing,
    /// Releases the line.
    Release,
    /// Holds the line.
    Hold,
}

/// A microphone that the switch takes voice from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpenMic {
    /// Which uplink.
    pub uplink: Uplink,
    /// The position that it belongs to, the speakers for a talk key; a call that has just moved still has the microphone of where
    /// it was. None: that of the party on its line.
    #[serde(default)]
    pub position: Option<Position>,
    /// The line it is open towards.
    pub line: LineId,
    /// Since when.
    pub since: Moment,
    /// How many turrets can hear it.
    pub hearers: u32,
    /// A speaker talk key of this turret keeps this handset from being heard (rule POS-4).
    pub muted: bool,
    /// When a silent latch closes, if it is warned.
    pub closes_at: Option<Moment>,
}

/// A message for one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Notice {
    /// The line it concerns.
    pub line: Option<LineId>,
    /// What happened.
    pub sentence: String,
    /// The tone with it.
    pub tone: Option<Tone>,
    /// When.
    pub at: Moment,
}

/// How the recorder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RecorderHealth {
    /// Everything that is said is written.
    Ok,
    /// It cannot write.
    Failing {
        /// One clause: the cause.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Act, Credentials, FromTurret};

    #[test]
    fn a_command_survives_the_wire() {
        let command = FromTurret::Command {
            id: Uuid::from_u128(7),
            act: Act::Answer {
                line: LineId::from("calder"),
                call: CallId(3),
                position: Position::Left,
                private: false,
            },
        };
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(serde_json::from_str::<FromTurret>(&text).unwrap(), command);
    }

    #[test]
    fn a_secret_never_shows_in_a_log_line() {
        let credentials = Credentials::Password { user: UserId::from("reyes"), password: "tulip".into() };
        let token = Token { token: "hyacinth".into(), expires_utc_ms: 1 };
        assert!(!format!("{credentials:?} {token:?}").contains("tulip"));
        assert!(!format!("{credentials:?} {token:?}").contains("hyacinth"));
    }

    #[test]
    fn the_talk_key_of_an_older_turret_in_an_intercom_is_a_latch() {
        let act = serde_json::from_str::<Act>(r#"{"act":"talk_back","line":"intercom-1","on":true}"#).unwrap();
        assert_eq!(act, Act::TalkBack { line: LineId::from("intercom-1"), on: true, latched: true });
    }

    #[test]
    fn an_unknown_message_is_an_error_and_not_a_panic() {
        assert!(serde_json::from_str::<FromTurret>(r#"{"type":"shout"}"#).is_err());
    }
}
