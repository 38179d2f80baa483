//! Every timer of call control. A timer that is no longer meant finds nothing to do when it fires.

use dealerboard_model::{LineId, Moment, TurretId};
use std::collections::BTreeSet;

/// `signal.min`: a tapped Signal can still be heard.
pub const SIGNAL_MIN_MS: u64 = 500;
/// How long SIGNALLED stands when nobody comes.
pub const SIGNALLED_MS: u64 = 600_000;

/// `history.min_ring`, seconds: what rang for less was not missed.
pub const HISTORY_MIN_RING_S: u64 = 1;
/// `hold.reminder`: a held client is forgotten.
pub const HOLD_REMINDER_MS: u64 = 60_000;
/// `hold.reminder_repeat`.
pub const HOLD_REPEAT_MS: u64 = 30_000;
/// `intercom.pending`: then it was missed.
pub const INTERCOM_PENDING_MS: u64 = 20_000;
/// `talk.held_max`: something lies on the key.
pub const TALK_HELD_MAX_MS: u64 = 120_000;
/// `latch.silent_warn`: a forgotten open microphone.
pub const LATCH_SILENT_MS: u64 = 30_000;
/// `latch.max`: an open microphone in a noisy room.
pub const LATCH_MAX_MS: u64 = 1_800_000;
/// `latch.silent_release`, and the warning before `latch.max` and `talk.held_max`.
pub const TALK_WARNING_MS: u64 = 10_000;
/// `loss.hold_max`: the far end is not kept for ever.
pub const LOSS_HOLD_MAX_MS: u64 = 120_000;
/// `link.grace`: restart of a client. Nothing else counts this time.
pub const LINK_GRACE_MS: u64 = 15_000;
/// `mic.auto_resume`: still at the ear; later it would be a surprise.
pub const MIC_AUTO_RESUME_MS: u64 = 3_000;
/// `restart.window`: a whole floor comes back.
pub const RESTART_WINDOW_MS: u64 = 30_000;
/// `record.fail_grace`: a slow disk is no failure.
pub const RECORD_GRACE_MS: u64 = 3_000;

/// What a timer is for. Safety comes first among those of one instant (rule TIM-2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The recorder has failed for `record.fail_grace`.
    RecordGrace(u64),
    /// The warning about a talk is over.
    TalkCloses(LineId, TurretId, u64),
    /// A latched talk has had no speech for `latch.silent_warn`.
    LatchSilent(LineId, TurretId, u64),
    /// A talk is about to be open for as long as it may.
    TalkLong(LineId, TurretId, u64),
    /// Who held a call is gone, and nobody has taken it for `loss.hold_max`.
    HoldForsaken(LineId, TurretId, u64),
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
            Self::LatchSilent(..)
            | Self::TalkLong(..)
            | Self::HoldForsaken(..)
            | Self::LinkGrace(..)
            | Self::SignalEnds(..)
            | Self::SignalledEnds(..)
            | Self::IntercomPending(_)
            | Self::HoldReminder(..)
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
