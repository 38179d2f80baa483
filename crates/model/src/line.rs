//! What a line is, and the one truth about it that every turret with an appearance is told.

use crate::{
    CallId, ConferenceId, Csrc, DeskId, Divert, GroupId, LineId, LineKind, Moment, Position, TurretId, UserId,
    VoicemailStatus,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What loudspeakers leave out of a line, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// Nothing.
    #[default]
    None,
    /// The voices of neighbours.
    Local,
    /// All of it, at every speaker of this end but those of who is on it.
    Global,
}

/// What a press on a talk key does (`talk.mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TalkMode {
    /// Open while it is held.
    #[default]
    Momentary,
    /// One press opens, the next one shuts.
    Latched,
    /// Open while it is held; a tap latches.
    Both,
}

/// Ring priority of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RingPriority {
    /// Amber.
    Low,
    /// Red.
    High,
}

/// What a new call sounds like while a handset has a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RingInCall {
    /// Nothing: the key shows it.
    Lamp,
    /// One beep.
    #[default]
    Beep,
    /// As ever.
    Ring,
}

/// What a member of a hoot may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Hears; talk is refused.
    Listen,
    /// Hears and talks.
    Speak,
}

/// What a supervisor allows somebody on a hoot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// Nothing: neither hears it nor sees who talks.
    None,
    /// To hear.
    Listen,
    /// To hear and to talk.
    Speak,
}

impl Allowed {
    /// The right that this is; none for nothing.
    #[must_use]
    pub fn right(self) -> Option<Right> {
        match self {
            Self::None => None,
            Self::Listen => Some(Right::Listen),
            Self::Speak => Some(Right::Speak),
        }
    }
}

impl From<Option<Right>> for Allowed {
    fn from(right: Option<Right>) -> Self {
        match right {
            None => Self::None,
            Some(Right::Listen) => Self::Listen,
            Some(Right::Speak) => Self::Speak,
        }
    }
}

/// Somebody who is, or could be, on a hoot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Listener {
    /// Who.
    pub user: UserId,
    /// What they may do there.
    pub allowed: Allowed,
    /// They can hear now whoever talks there.
    pub hears: bool,
    /// Their microphone is open towards it.
    pub talks: bool,
}

/// The recording policy of a line (rule REC-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RecordPolicy {
    /// Talk is refused while the recorder cannot write.
    Required,
    /// Recorded; while the recorder cannot write the key says so and the gap is listed.
    On,
    /// Not recorded, and the key says so.
    Off,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LinePhase {
    /// Nobody here, no ring.
    Idle,
    /// This end was seized, and no number has been dialled yet, or not all of one.
    Dialling,
    /// This end was seized, and the far end rings.
    Calling,
    /// This end rings (called, MRD signalled, intercom pending).
    Ringing,
    /// Two ends talk; an MRD that is open; a hoot with a talker; an intercom.
    Talking,
    /// Everybody at this end holds.
    Held,
    /// Failed: no call is possible.
    OutOfService,
}

/// Whether what is said on a line now is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Proof {
    /// Nothing is said: no seal.
    Silent,
    /// Recorded up to now.
    Recorded,
    /// The line's policy is off: said, and not recorded by intention.
    OffByPolicy,
    /// Should be recorded and is not.
    NotRecorded {
        /// One clause: the cause, as the recorder names it.
        why: String,
    },
}

/// One user at one position of one turret who is on a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct Party {
    /// Who.
    pub user: UserId,
    /// At which turret.
    pub turret: TurretId,
    /// Where at that turret.
    pub position: Position,
    /// Since when on the line or, among `holders`, on hold.
    pub since: Moment,
    /// The turret's link is lost and its grace runs.
    pub link_lost: bool,
    /// Keeps everybody else off the line.
    #[serde(default)]
    pub private: bool,
    /// Among `holders`: holds it for themselves alone.
    #[serde(default)]
    pub exclusive: bool,
    /// A supervisor who entered by override.
    #[serde(default)]
    pub overriding: bool,
}

impl Party {
    /// Somebody on a line like anybody else.
    #[must_use]
    pub fn new(user: UserId, turret: TurretId, position: Position, since: Moment) -> Self {
        Self { user, turret, position, since, link_lost: false, private: false, exclusive: false, overriding: false }
    }
}

/// One user whose microphone is open towards a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct Talker {
    /// Who.
    pub user: UserId,
    /// At which turret.
    pub turret: TurretId,
    /// Since when.
    pub since: Moment,
}

/// A ring at this end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Ring {
    /// How urgent.
    pub priority: RingPriority,
    /// Since when.
    pub since: Moment,
    /// Who rings, as the key shows it; the far line's name where no person is known. Of a recall: who held the call.
    pub from: String,
    /// No new call: one that waits on hold for somebody to take it, or has come back to who sent it on.
    #[serde(default)]
    pub recall: bool,
    /// It rings at these turrets alone, and is answered nowhere else; none: wherever there is an appearance.
    #[serde(default)]
    pub at: Option<Vec<TurretId>>,
    /// It is seen at these turrets, and not heard.
    #[serde(default)]
    pub quiet_at: Vec<TurretId>,
    /// It rings with high priority at these turrets, whatever `priority` is.
    #[serde(default)]
    pub high_at: Vec<TurretId>,
}

impl Ring {
    /// A new call that rings wherever there is an appearance.
    #[must_use]
    pub fn new(priority: RingPriority, since: Moment, from: String) -> Self {
        Self { priority, since, from, recall: false, at: None, quiet_at: Vec::new(), high_at: Vec::new() }
    }

    /// It rings at `turret`.
    #[must_use]
    pub fn is_at(&self, turret: TurretId) -> bool {
        self.at.as_ref().is_none_or(|turrets| turrets.contains(&turret))
    }

    /// It is heard at `turret`.
    #[must_use]
    pub fn is_heard_at(&self, turret: TurretId) -> bool {
        self.is_at(turret) && !self.quiet_at.contains(&turret)
    }

    /// How urgent it is at `turret`.
    #[must_use]
    pub fn priority_at(&self, turret: TurretId) -> RingPriority {
        if self.high_at.contains(&turret) { RingPriority::High } else { self.priority }
    }
}

/// Whom a call is sent on to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TransferTo {
    /// One person.
    User(UserId),
    /// Everybody of a desk who is there: the first who answers has it.
    Desk(DeskId),
    /// Who a call on this line rings: the far end of a wire, those with a number's line.
    Line(LineId),
}

/// What is seen of the far end of a private wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FarEnd {
    /// Nothing to say.
    Plain,
    /// MRD: the far end has opened the line and hears our talkers.
    Open,
    /// MRD: the far end has gone, our end is still open.
    Gone,
    /// The far end holds.
    Held,
    /// The far end has sent the call on, and it rings there.
    SentOn,
    /// The far end's turret is lost and its grace runs.
    LinkLost,
}

/// What is to know of a dialled call: at its caller's line what was dialled, at the line that it rings who calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct Dialled {
    /// The number at the other end; while it is dialled the digits so far.
    pub number: String,
    /// Who is at the other end; nobody while it is not known.
    pub name: Option<String>,
    /// This line was rung; otherwise it dialled.
    pub incoming: bool,
}

/// What is to know of an intercom besides who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IntercomCall {
    /// Who called.
    pub caller: UserId,
    /// The one person who was called; none of a group.
    pub callee: Option<UserId>,
    /// The group that was called, the line's own id where people were picked; none: one person.
    pub group: Option<GroupId>,
    /// It rings with a sound at its callee, who wishes to answer by a press.
    pub rings: bool,
    /// Turrets whose microphone stays open without a key that is held.
    pub latched: Vec<TurretId>,
}

/// The one truth about a line, the same for every turret with an appearance of it (rule BRG-1). What a turret shows is
/// a projection of it: see [`crate::lamp`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LineStatus {
    /// Which line.
    pub line: LineId,
    /// Where it stands.
    pub phase: LinePhase,
    /// The call on it; none while idle.
    pub call: Option<CallId>,
    /// Since when it stands there.
    pub since: Moment,
    /// Who is on it by handset or hands-free.
    pub parties: Vec<Party>,
    /// Who holds it.
    pub holders: Vec<Party>,
    /// Whose microphone is open towards it, newest last.
    pub talkers: Vec<Talker>,
    /// The ring at this end.
    pub ring: Option<Ring>,
    /// MRD: signalled at this moment, and nobody has come yet.
    pub signalled: Option<Moment>,
    /// The far end, as seen from here.
    pub far: FarEnd,
    /// Whether what is said is on disk.
    pub proof: Proof,
    /// Sent on to somebody who has not answered yet: to whom.
    #[serde(default)]
    pub sent_to: Option<String>,
    /// Its holder talks about it with whom it may go to.
    #[serde(default)]
    pub announced: Option<Box<AnnouncedCall>>,
    /// The conference that it is in.
    #[serde(default)]
    pub conference: Option<ConferenceStatus>,
    /// How many turrets can hear a talker on this line now, the talker's own not counted.
    pub hearers: u32,
    /// What loudspeakers at this end leave out of it.
    #[serde(default)]
    pub mute: Mute,
    /// Of an intercom.
    #[serde(default)]
    pub intercom: Option<Box<IntercomCall>>,
    /// Of a call that was dialled.
    #[serde(default)]
    pub dialled: Option<Box<Dialled>>,
    /// Its diverts, in the order in which the first that applies counts.
    #[serde(default)]
    pub diverts: Vec<Divert>,
    /// Where the call that rings was diverted to, in words.
    #[serde(default)]
    pub rings_at: Option<String>,
    /// Its caller is at somebody's voicemail.
    #[serde(default)]
    pub voicemail: Option<Box<VoicemailStatus>>,
}

/// A call that its holder announces to somebody by intercom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AnnouncedCall {
    /// Who announces it.
    pub by: UserId,
    /// To whom.
    pub to: UserId,
    /// The intercom of the two.
    pub with: LineId,
}

/// Lines that are joined: everybody on any of them hears everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConferenceStatus {
    /// Which.
    pub id: ConferenceId,
    /// Its lines, in the order in which they came.
    pub lines: Vec<ConferenceLine>,
    /// Nobody at this end is on it: its far ends talk with each other.
    pub unattended: bool,
}

/// One line of a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConferenceLine {
    /// Which.
    pub line: LineId,
    /// What its key shows.
    pub name: String,
    /// Who added it, and so removes it.
    pub by: UserId,
}

impl LineStatus {
    /// Who keeps others off it, at this end.
    #[must_use]
    pub fn private_by(&self) -> Option<&Party> {
        self.parties.iter().find(|party| party.private)
    }

    /// It is held, and all who hold it do so for themselves alone.
    #[must_use]
    pub fn is_held_exclusively(&self) -> bool {
        self.parties.is_empty() && !self.holders.is_empty() && self.holders.iter().all(|holder| holder.exclusive)
    }

    /// An idle line.
    #[must_use]
    pub fn idle(line: LineId, now: Moment) -> Self {
        Self {
            line,
            phase: LinePhase::Idle,
            call: None,
            since: now,
            parties: Vec::new(),
            holders: Vec::new(),
            talkers: Vec::new(),
            ring: None,
            signalled: None,
            far: FarEnd::Plain,
            proof: Proof::Silent,
            sent_to: None,
            announced: None,
            conference: None,
            hearers: 0,
            mute: Mute::None,
            intercom: None,
            dialled: None,
            diverts: Vec::new(),
            rings_at: None,
            voicemail: None,
        }
    }
}

/// What does not change about a line while the switch runs: from the floor file, with the label lent by the switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LineFacts {
    /// Which line.
    pub line: LineId,
    /// What the key shows, at most 18 characters.
    pub name: String,
    /// The line's number, for the key's second line.
    pub number: String,
    /// Its kind.
    pub kind: LineKind,
    /// Its label on every packet.
    pub csrc: Csrc,
    /// Whether it is recorded.
    pub record: RecordPolicy,
}
