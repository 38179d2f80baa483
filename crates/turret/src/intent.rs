//! What a user can do at the panel, in one list: the window's language and that of the turret without a window.
//!
//! Law: plain values. `press` turns them into acts of the protocol, by what the user saw.

use crate::view::DeviceChoice;
use dealerboard_model::{Allowed, CallId, DivertTo, DivertWhen, GroupId, Lamp, LineId, Position, TransferTo, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a position has a device for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DevicePart {
    /// To talk.
    Microphone,
    /// To hear.
    Ear,
}

/// What a user does at the panel. The turret turns it into acts of the protocol, by what the user saw.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "intent", rename_all = "snake_case")]
pub enum Intent {
    /// Presses a line's key: answers, resumes, bridges, selects or seizes by the lamp shown (ALL-1).
    Press {
        /// Which line.
        line: LineId,
        /// The call that the key showed; for a press on what was seen. None while idle.
        #[serde(default)]
        call: Option<CallId>,
        /// The lamp that the key showed; what the press meant (rule ALL-1). None: as it is now.
        #[serde(default)]
        lamp: Option<Lamp>,
        /// Where to; none: the selected position.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Answers the line shown at the head of the incoming list.
    AnswerNext {
        /// The line shown at its head.
        line: LineId,
        /// Its call.
        call: CallId,
        /// Where to.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Holds what a position carries.
    Hold {
        /// Which position.
        position: Position,
        /// For oneself alone: nobody else can take it.
        #[serde(default)]
        exclusive: bool,
    },
    /// Keeps everybody else off what a position carries; of an idle position, off the next call that is taken there.
    Private {
        /// Which position.
        position: Position,
        /// Private.
        on: bool,
    },
    /// Adds a line to what a position carries: one of mine at another position, or that I hold.
    Join {
        /// Which position.
        position: Position,
        /// Which line.
        line: LineId,
        /// The call that its key showed.
        call: CallId,
    },
    /// Takes a line that is here to another position; to the speakers with a shut microphone.
    Move {
        /// Which line.
        line: LineId,
        /// The call that its key showed. None: as it is now.
        #[serde(default)]
        call: Option<CallId>,
        /// Where to.
        position: Position,
    },
    /// Releases a line that is here, wherever it is.
    ReleaseLine {
        /// Which line.
        line: LineId,
    },
    /// Sends what a position carries on to somebody else.
    Transfer {
        /// Which position.
        position: Position,
        /// To whom.
        to: TransferTo,
    },
    /// Holds what a position carries and talks to somebody who may want it.
    Announce {
        /// Which position.
        position: Position,
        /// To whom.
        to: UserId,
    },
    /// Gives the call that is announced at a position to whom it was announced.
    Complete {
        /// Which position.
        position: Position,
    },
    /// Goes back to the call that is announced at a position.
    Cancel {
        /// Which position.
        position: Position,
    },
    /// Takes a line that I added out of a conference.
    Unjoin {
        /// Which line.
        line: LineId,
    },
    /// Enters a call as a supervisor of its desk; everybody on it is told before.
    Override {
        /// Which line.
        line: LineId,
        /// The call that its key showed.
        call: CallId,
        /// Why; kept with the recording.
        reason: String,
        /// Where to; none: the selected position.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Ends whatever is on a line: for an administrator.
    Clear {
        /// Which line.
        line: LineId,
    },
    /// Takes a line out of service, or puts it back: for an administrator.
    Service {
        /// Which line.
        line: LineId,
        /// Out of service; otherwise back.
        out: bool,
    },
    /// Releases what a position carries.
    Release {
        /// Which position.
        position: Position,
    },
    /// MRD: Signal.
    Signal {
        /// Which line.
        line: LineId,
        /// Pressed or let go.
        on: bool,
    },
    /// A talk key: of a channel, of a hoot's key.
    Talk {
        /// Which line.
        line: LineId,
        /// Pressed or let go.
        on: bool,
        /// Latches.
        #[serde(default)]
        latched: bool,
    },
    /// The one talk key of a group of channels.
    GroupBroadcast {
        /// Which: by its name.
        group: String,
        /// Pressed or let go.
        on: bool,
        /// Latches.
        #[serde(default)]
        latched: bool,
    },
    /// One talk key for lines that were picked on the spot.
    Broadcast {
        /// Which lines, at most ten.
        lines: Vec<LineId>,
        /// Pressed or let go.
        on: bool,
        /// Latches.
        #[serde(default)]
        latched: bool,
    },
    /// Adds a line to what the talk key of several lines talks to, or drops it, while it is down.
    BroadcastLine {
        /// Which line.
        line: LineId,
        /// Added; otherwise dropped.
        on: bool,
    },
    /// Mutes all channels of a group for one's own ears.
    GroupMute {
        /// Which: by its name.
        group: String,
        /// Muted.
        on: bool,
    },
    /// Mutes or opens a position's microphone.
    Mute {
        /// Which position.
        position: Position,
        /// Muted.
        on: bool,
    },
    /// Asks who hears a hoot.
    WhoHears {
        /// Which hoot.
        line: LineId,
    },
    /// Sets what a user may do on a hoot: for a supervisor of a desk that has it.
    Right {
        /// Which hoot.
        line: LineId,
        /// Whose right.
        user: UserId,
        /// What they may do.
        allowed: Allowed,
    },
    /// Opens a party's microphone again after a lapse.
    OpenMic {
        /// Which position.
        position: Position,
    },
    /// Chooses where the next key lands.
    Select {
        /// Which position.
        position: Position,
    },
    /// Calls a person; accepts their call that waits, or ends the intercom when there is one.
    Intercom {
        /// Whom.
        user: UserId,
        /// The lamp that their row showed; what the press meant (rule ALL-1). None: as it is now.
        #[serde(default)]
        lamp: Option<Lamp>,
    },
    /// Calls a group; ends its call, or leaves it, when there is one.
    IntercomGroup {
        /// Which: as listed.
        group: GroupId,
        /// The lamp that its row showed; what the press meant (rule ALL-1). None: as it is now.
        #[serde(default)]
        lamp: Option<Lamp>,
    },
    /// Calls several people at once.
    IntercomPicked {
        /// Whom.
        users: Vec<UserId>,
    },
    /// Talk key on a person's row: talks back, or accepts a pending intercom.
    TalkBack {
        /// Whom.
        user: UserId,
        /// Open or shut.
        on: bool,
        /// It stays open until then; otherwise the key is held down.
        #[serde(default = "latched")]
        latched: bool,
    },
    /// Talk key on a group's row.
    GroupTalk {
        /// Which: as listed.
        group: GroupId,
        /// Open or shut.
        on: bool,
        /// It stays open until then; otherwise the key is held down.
        #[serde(default = "latched")]
        latched: bool,
    },
    /// Diverts the calls of one's own extension, or of a line; nobody named ends it.
    Divert {
        /// Which line; none: one's own extension.
        #[serde(default)]
        line: Option<LineId>,
        /// In which case.
        when: DivertWhen,
        /// Where to.
        #[serde(default)]
        to: Option<DivertTo>,
    },
    /// Digits from a keypad: for the line that waits for them, or for one of one's own, which they take.
    Dial {
        /// Digits, `*`, and `#`, which ends the number.
        digits: String,
        /// Where to; none: where a line waits for them, else the selected position.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Calls a number, or whoever is called so.
    Call {
        /// A number, or a name.
        to: String,
        /// On which line; none: a free one of one's own.
        #[serde(default)]
        line: Option<LineId>,
        /// Where to; none: the selected position.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Calls the number again that was dialled last here.
    Redial {
        /// Where to; none: the selected position.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Does not take a call that rings at one's own extension, or was sent on to one.
    Decline {
        /// Which line.
        line: LineId,
    },
    /// Sets or ends do-not-disturb.
    Dnd {
        /// On or off.
        on: bool,
    },
    /// Lists the history of calls; its user has seen what was missed.
    History {
        /// Asks the switch for older entries too.
        #[serde(default)]
        older: bool,
    },
    /// Calls back by an entry of the history: on the line that it came on, or by intercom.
    CallBack {
        /// Its number.
        #[ts(type = "number")]
        entry: u64,
        /// Where to; none: the selected position.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Plays the message of an entry of the history.
    PlayMessage {
        /// Its number.
        #[ts(type = "number")]
        entry: u64,
        /// Where; none: the selected position, never the speakers.
        #[serde(default)]
        position: Option<Position>,
        /// From where on, milliseconds.
        #[serde(default)]
        #[ts(type = "number")]
        from_ms: u64,
    },
    /// Plays no message any more.
    StopMessage,
    /// Shows an entry of the history no more.
    HideHistory {
        /// Its number; none: all that there are.
        #[serde(default)]
        #[ts(type = "number | null")]
        entry: Option<u64>,
    },
    /// A channel's volume.
    Volume {
        /// Which line.
        line: LineId,
        /// 0 to 1.
        volume: f32,
    },
    /// A position's volume.
    PositionVolume {
        /// Which position.
        position: Position,
        /// 0 to 1.
        volume: f32,
    },
    /// Mutes a channel for one's own ears.
    ChannelMute {
        /// Which line.
        line: LineId,
        /// Muted.
        on: bool,
    },
    /// Solo for one's own ears.
    Solo {
        /// Which line.
        line: LineId,
        /// On.
        on: bool,
    },
    /// Asks which devices there are and which were chosen.
    Devices,
    /// Takes another device for a position, at once; none: the system's.
    ChooseDevice {
        /// Which position.
        position: Position,
        /// Its microphone, or its earpiece or loudspeaker.
        part: DevicePart,
        /// Which device, as it was listed.
        device: Option<DeviceChoice>,
    },
    /// Closes every open talk key and mutes every handset.
    CloseAll,
    /// The window lost focus, or the screen was locked: talk keys held by keyboard close.
    FocusLost,
    /// Logs on.
    LogOn {
        /// Log-on name.
        user: UserId,
        /// Password.
        password: String,
        /// The switch, `wss://host:port`; none: as before.
        #[serde(default)]
        switch: Option<String>,
    },
    /// Trusts the switch whose fingerprint was shown.
    Trust {
        /// `sha256:…`.
        fingerprint: String,
    },
    /// Locks this turret until its user has typed their password.
    Lock,
    /// Unlocks this turret.
    Unlock {
        /// The password of who is logged on.
        password: String,
    },
    /// Somebody is at the panel, and presses nothing.
    StillHere,
    /// Logs off.
    LogOff,
    /// Asks for the whole view.
    Look,
}

/// Who types an intent holds no key.
fn latched() -> bool {
    true
}

impl std::fmt::Debug for Intent {
    /// Never shows a secret: this type may stand in a log line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Self::Unlock { .. } = self {
            return f.debug_struct("Unlock").finish_non_exhaustive();
        }
        if let Self::LogOn { user, switch, .. } = self {
            return f.debug_struct("LogOn").field("user", user).field("switch", switch).finish_non_exhaustive();
        }
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_on_that_is_printed_does_not_show_its_password() {
        let log_on = Intent::LogOn { user: "reyes".into(), password: "tulip".into(), switch: None };
        let printed = format!("{log_on:?} {:?}", Some(log_on.clone()));
        assert!(printed.contains("reyes") && !printed.contains("tulip"), "{printed}");
    }

    #[test]
    fn an_unlocking_that_is_printed_does_not_show_its_password() {
        assert!(!format!("{:?}", Intent::Unlock { password: "tulip".into() }).contains("tulip"));
    }

    #[test]
    fn what_is_printed_of_an_intent_names_it_and_its_line() {
        let printed = format!("{:?}", Intent::Signal { line: "calder".into(), on: true });
        assert!(printed.contains("signal") && printed.contains("calder"), "{printed}");
    }
}
