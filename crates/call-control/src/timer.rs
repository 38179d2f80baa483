//! Every timer of call control. A timer that is no longer meant finds nothing to do when it fires.

use dealerboard_model::{CallId, LineId, Moment, TurretId};
use std::collections::BTreeSet;

/// How long SIGNALLED stands when nobody comes.
pub const SIGNALLED_MS: u64 = 600_000;

/// How long before `latch.max` and `talk.held_max` a talk is announced to close.
pub const TALK_WARNING_MS: u64 = 10_000;

/// What a timer is for. Safety comes first among those of one instant (rule TIM-2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The recorder has failed for `record.fail_grace`.
    RecordGrace(u64),
    /// Calls have been silent for `record.fail_release`, because they are not recorded.
    RecordRelease(u64),
    /// The warning about a talk is over.
    TalkCloses(LineId, TurretId, u64),
    /// A latched talk has had no speech for `latch.silent_warn`.
    LatchSilent(LineId, TurretId, u64),
    /// A talk is about to be open for as long as it may.
    TalkLong(LineId, TurretId, u64),
    /// Who held a call is gone, and nobody has taken it for `loss.hold_max`.
    HoldForsaken(LineId, TurretId, u64),
    /// The new microphone of a call that has moved was waited for long enough.
    MoveOver(TurretId, u64),
    /// A turret has asked another one of its user for a call, and was not heard for `takeover.wait`.
    TakeOverEnds(TurretId, TurretId, u64),
    /// A turret has been lost for `link.grace`.
    LinkGrace(TurretId, u64),
    /// Signal was let go: the ring has lasted long enough.
    SignalEnds(LineId, u64),
    /// SIGNALLED has stood long enough.
    SignalledEnds(LineId, u64),
    /// An intercom was not accepted.
    IntercomPending(LineId),
    /// A held call waits.
    HoldReminder(LineId, TurretId, u64),
    /// Nobody has taken a common hold for `hold.escalate`.
    HoldEscalates(LineId, TurretId, u64),
    /// An exclusive hold has lasted for `hold.exclusive_max`.
    HoldExclusiveOver(LineId, TurretId, u64),
    /// A supervisor was announced for `override.lead`.
    OverrideEnters(TurretId, u64),
    /// Nobody has answered what was sent on.
    TransferReturns(LineId, u64),
    /// Who was asked to take a call that was sent to a line has not answered in `route.step`.
    TransferStep(LineId, u64),
    /// A line has rung for as long as some appearances wait.
    RingDelay(LineId, u64),
    /// Who was asked in turn has not answered.
    RouteStep(LineId, u64),
    /// Nobody of a desk has answered for `route.overflow`.
    RouteOverflow(LineId, u64),
    /// An ARD has rung for `ring.timeout.ard`.
    RingTimeout(LineId, CallId),
    /// No digit has come in time after so many.
    DialDigits(LineId, CallId, usize),
    /// A line that was dialled has rung for `ring.timeout.dial`.
    DialNoAnswer(LineId, CallId),
    /// A caller has let it ring for `dial.out_ring`.
    DialOutRing(LineId, CallId),
    /// The greeting of a voicemail is over.
    VoicemailTone(LineId, CallId),
    /// A message is as long as one may be.
    VoicemailFull(LineId, CallId),
    /// A hoot has been quiet for `hoot.activity_gap`.
    HootGap(LineId, u64),
    /// Who was there before a restart has had time to come back.
    RestartWindow,
}

impl Timer {
    /// Shuts a microphone that should not be open: no press of the same instant keeps it open.
    fn is_safety(&self) -> bool {
        match self {
            Self::RecordGrace(_) | Self::TalkCloses(..) => true,
            Self::RecordRelease(_)
            | Self::LatchSilent(..)
            | Self::TalkLong(..)
            | Self::HoldForsaken(..)
            | Self::MoveOver(..)
            | Self::TakeOverEnds(..)
            | Self::LinkGrace(..)
            | Self::SignalEnds(..)
            | Self::SignalledEnds(..)
            | Self::IntercomPending(_)
            | Self::HoldReminder(..)
            | Self::HoldEscalates(..)
            | Self::HoldExclusiveOver(..)
            | Self::OverrideEnters(..)
            | Self::TransferReturns(..)
            | Self::TransferStep(..)
            | Self::RingDelay(..)
            | Self::RouteStep(..)
            | Self::RouteOverflow(..)
            | Self::RingTimeout(..)
            | Self::DialDigits(..)
            | Self::DialNoAnswer(..)
            | Self::DialOutRing(..)
            | Self::VoicemailTone(..)
            | Self::VoicemailFull(..)
            | Self::HootGap(..)
            | Self::RestartWindow => false,
        }
    }
}

/// All timers, the next one first.
#[derive(Clone, Debug, Default)]
pub struct Timers(BTreeSet<(u64, Timer)>);

impl Timers {
    /// Sets a timer.
    pub fn set(&mut self, at: Moment, timer: Timer) {
        self.0.insert((at.mono_us, timer));
    }

    /// When the next one is due.
    pub fn next_us(&self) -> Option<u64> {
        self.0.first().map(|(at, _)| *at)
    }

    /// The next one that is due before `until_us`, with its due time.
    pub fn take_before(&mut self, until_us: u64) -> Option<(u64, Timer)> {
        if self.next_us()? >= until_us {
            return None;
        }
        self.0.pop_first()
    }

    /// The next one that goes before an input of `now_us`: whatever was due earlier, and safety of the same instant.
    pub fn take_before_input(&mut self, now_us: u64) -> Option<(u64, Timer)> {
        let (at_us, timer) = self.0.first()?;
        if *at_us < now_us || (*at_us == now_us && timer.is_safety()) { self.0.pop_first() } else { None }
    }
}
