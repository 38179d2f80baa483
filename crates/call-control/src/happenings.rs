//! What happens in a call, for whoever listens to its recording.
//!
//! Law: told where it happens, by the feature that does it; `record` gives each to its call's recording. Nothing is told of
//! what was refused.

use crate::messages::Sound;
use crate::state::State;
use dealerboard_model::{Allowed, CallId, LineId, Moment, Position, TurretId, Uplink, UserId};

/// What a listener should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Somebody took an idle line.
    Seized,
    /// The line rings.
    Rings,
    /// It rings on at somebody because nobody of its desk has answered.
    RingsOn,
    /// Somebody answered.
    Answered,
    /// Somebody joined colleagues.
    Joined,
    /// Somebody calls by intercom.
    Called,
    /// The intercom was answered without a press: who is called hears, and is not heard.
    AutoAnswered,
    /// An intercom was not answered in time.
    NotAnswered,
    /// Somebody held their own leg.
    Held,
    /// Somebody held it for themselves alone.
    HeldExclusively,
    /// Somebody resumed.
    Resumed,
    /// Somebody keeps everybody else off the line.
    MadePrivate,
    /// They do so no more.
    MadeOpen,
    /// A supervisor enters by override, and everybody on the line is told.
    Overrides {
        /// Why, as they gave it.
        reason: String,
    },
    /// The supervisor hears and is heard from now on.
    Entered,
    /// Somebody sent the call on.
    SentOn {
        /// To whom.
        to: String,
    },
    /// Somebody took the call to another position.
    Moved(Position),
    /// Somebody took the call to their other turret.
    TakenOver,
    /// Somebody joined the line with another one.
    Conference {
        /// The name of the other one.
        with: String,
    },
    /// A supervisor set what somebody may do on the hoot.
    RightSet {
        /// Whose right: their name.
        of: String,
        /// What they may do from now on.
        allowed: Allowed,
    },
    /// Somebody dialled a number.
    Dialled {
        /// The number.
        number: String,
        /// Whom it reaches.
        name: String,
    },
    /// The call rings somewhere else.
    Diverted {
        /// Where.
        to: String,
    },
    /// Its caller reaches nobody, and hears that they may leave a message.
    Voicemail {
        /// For whom.
        of: String,
    },
    /// The message begins.
    MessageBegins,
    /// Who was rung does not take the call.
    Declined,
    /// The call does not come about.
    NotConnected,
    /// An administrator ended the call.
    Cleared,
    /// It was ended for everybody at once.
    BrokenOff {
        /// Why.
        why: String,
    },
    /// Somebody left colleagues on the line.
    Left,
    /// The last one of an end left.
    Released,
    /// A Signal key went down.
    SignalDown,
    /// It was let go.
    SignalUp,
    /// A talk key went down.
    TalkKeyDown {
        /// It stays open when it is let go.
        latched: bool,
    },
    /// It is one key for several lines at once: they hear the same words.
    Broadcasts,
    /// It was let go.
    TalkKeyUp,
    /// A talk was closed without its user.
    TalkClosed,
    /// Somebody opened a microphone that a lapse had shut.
    MicOpened,
    /// The microphone that somebody is keyed with has gone.
    MicLost(Uplink),
    /// Somebody is keyed with a microphone that is not there.
    MicMissing(Uplink),
    /// The microphone is there again.
    MicBack(Uplink),
    /// Somebody's turret was locked: nobody may be at the microphone.
    Locked,
    /// They have unlocked it.
    Unlocked,
    /// A turret cannot be reached.
    LinkLost,
    /// It is back.
    LinkBack,
    /// A tone was played at these people's turrets.
    Tone(Sound),
}

/// Something that happened in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Moment,
    /// In which call.
    pub call: CallId,
    /// On which line.
    pub line: LineId,
    /// Who did it, or who heard it; nobody when it has no doer.
    pub who: Vec<UserId>,
    /// What.
    pub what: Happening,
}

impl State {
    /// Something happens on a line; without a call it is of nobody's recording.
    pub fn happened(&mut self, line: &LineId, who: Option<UserId>, what: Happening) {
        let Some(call) = self.lines.get(line).and_then(|found| found.call) else { return };
        let heard_by_more = matches!(what, Happening::Tone(_));
        if let Some(last) = self.happenings.last_mut()
            && heard_by_more
            && (last.at, last.call, &last.line, &last.what) == (self.now, call, line, &what)
        {
            last.who.extend(who);
            return;
        }
        let who = who.into_iter().collect();
        self.happenings.push(Happened { at: self.now, call, line: line.clone(), who, what });
    }

    /// As [`Self::happened_at`], on each line of a conference: each has a recording of its own, and a listener of any of them is
    /// told (CNF-8).
    pub fn happened_on_all(&mut self, line: &LineId, turret: TurretId, what: &Happening) {
        for one in self.joined_with(line) {
            self.happened_at(&one, turret, what.clone());
        }
    }

    /// As [`Self::happened`], by the user of a turret.
    pub fn happened_at(&mut self, line: &LineId, turret: TurretId, what: Happening) {
        let who = self.user_of(turret).cloned();
        self.happened(line, who, what);
    }
}
