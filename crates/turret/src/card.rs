//! One sound device of one position, as it comes and goes.
//!
//! ```text
//!            opens                 it calls and calls
//!  Closed ─────────► Tried ─────────────────────────► Open
//!    ▲                 │ error, or none for PATIENCE    │ error, or none for PATIENCE
//!    └─────────────────┴────────────────────────────────┘      its callback does not come back: Gone
//! ```
//! Law: what opens is not there yet; what calls and calls is. A device that has gone is closed first and told before it is tried
//! again, and it counts as gone, not as missing, until it is back.

use dealerboard_audio_device::{DeviceError, NotOpened, Open};
use std::time::{Duration, Instant};

/// How long a device may be without a callback: an idle Bluetooth headset takes as long to wake.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Callbacks that show that a device runs: a player's first ones only fill its buffer, with or without a device.
const CALLS_MIN: u64 = 8;

/// How long a device that is not there is left alone before it is looked for again: doubled with each search in vain, since
/// each asks the sound system for all that it has, up to the last.
pub const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_LAST: Duration = Duration::from_secs(4);

/// What is wrong with one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is none; what was looked for.
    Missing(String),
    /// It was there a moment ago.
    Lost(String),
    /// It was there a moment ago, and what it played is heard on the second one.
    Elsewhere(String, String),
    /// It is there and does not open.
    Refused(DeviceError),
    /// Its callback did not come back.
    Stuck,
}

impl From<DeviceError> for Wrong {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Missing(what) => Self::Missing(what),
            DeviceError::Busy(_) | DeviceError::Forbidden(_) | DeviceError::Unfit(_) | DeviceError::Refused(_) => {
                Self::Refused(error)
            }
        }
    }
}

/// A device that was opened.
pub trait Running<I> {
    /// How often it has called.
    fn callbacks(&self) -> u64;
    /// Why it has gone, if it has.
    fn lost(&self) -> Option<String>;
    /// For people.
    fn name(&self) -> &str;
    /// Closes it; none when what it calls does not come back.
    fn close(self) -> Option<I>;
}

impl<I> Running<I> for Open<I> {
    fn callbacks(&self) -> u64 {
        Self::callbacks(self)
    }

    fn lost(&self) -> Option<String> {
        Self::lost(self)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn close(self) -> Option<I> {
        Self::close(self)
    }
}

enum State<R, I> {
    Closed(I),
    Tried(R),
    Open(R),
    /// Its callback did not come back: this position needs a restart of the turret.
    Gone,
}

/// One device of one position. `what` it is, for people, when none can be found.
pub struct Card<R, I> {
    what: String,
    state: State<R, I>,
    wrong: Option<Wrong>,
    /// Callbacks when they were last more than before, and when that was.
    seen: (u64, Instant),
    /// When to look for it again.
    again: Instant,
    /// Searches in vain since it was there last.
    in_vain: u32,
}

impl<R: Running<I>, I> Card<R, I> {
    /// A device that is closed, and what it will call.
    pub fn new(what: String, item: I, now: Instant) -> Self {
        Self { what, state: State::Closed(item), wrong: None, seen: (0, now), again: now, in_vain: 0 }
    }

    /// Closes what has gone or stands still, else opens what is closed; true when it has closed it, or could not open it.
    pub fn look(&mut self, now: Instant, open: impl FnOnce(I) -> Result<R, NotOpened<I>>) -> bool {
        let waits = self.is_closed() && now < self.again;
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::Closed(item) if now < self.again => State::Closed(item),
            State::Closed(item) => self.open(now, open(item)),
            State::Tried(running) if self.has_ended(&running, now) => {
                self.close(running, Wrong::Missing(self.what.clone()), now)
            }
            State::Open(running) if self.has_ended(&running, now) => {
                let lost = Wrong::Lost(running.name().to_owned());
                self.close(running, lost, now)
            }
            State::Tried(running) if running.callbacks() >= CALLS_MIN => {
                self.wrong = None;
                self.in_vain = 0;
                State::Open(running)
            }
            State::Tried(running) => State::Tried(running),
            State::Open(running) => State::Open(running),
            State::Gone => State::Gone,
        };
        self.is_closed() && !waits
    }

    /// Its name, while it is there.
    pub fn name(&self) -> Option<String> {
        match &self.state {
            State::Open(running) => Some(running.name().to_owned()),
            State::Tried(_) | State::Closed(_) | State::Gone => None,
        }
    }

    /// What is wrong with it.
    pub fn wrong(&self) -> Option<&Wrong> {
        self.wrong.as_ref()
    }

    /// It was opened and has not called yet.
    pub fn is_tried(&self) -> bool {
        matches!(self.state, State::Tried(_))
    }

    fn open(&mut self, now: Instant, opened: Result<R, NotOpened<I>>) -> State<R, I> {
        self.again = now + self.pause();
        self.in_vain += 1;
        match opened {
            Ok(running) => {
                self.seen = (0, now);
                State::Tried(running)
            }
            Err(NotOpened { error, cause, item: Some(item) }) => {
                self.lacks(error.into(), &cause);
                State::Closed(*item)
            }
            Err(NotOpened { cause, item: None, .. }) => {
                tracing::error!(device = self.what, cause, "a sound device keeps what it was to call");
                self.wrong = Some(Wrong::Stuck);
                State::Gone
            }
        }
    }

    /// How long it is left alone now.
    fn pause(&self) -> Duration {
        AGAIN.saturating_mul(1 << self.in_vain.min(8)).min(AGAIN_LAST)
    }

    fn has_ended(&mut self, running: &R, now: Instant) -> bool {
        let callbacks = running.callbacks();
        if callbacks != self.seen.0 {
            self.seen = (callbacks, now);
        }
        running.lost().is_some() || now.duration_since(self.seen.1) >= PATIENCE
    }

    fn close(&mut self, running: R, wrong: Wrong, now: Instant) -> State<R, I> {
        self.again = now + self.pause();
        let cause = running.lost().unwrap_or_else(|| "it does not call".into());
        let Some(item) = running.close() else {
            tracing::error!(device = self.what, cause, "a sound device keeps what it called");
            self.wrong = Some(Wrong::Stuck);
            return State::Gone;
        };
        self.lacks(wrong, &cause);
        State::Closed(item)
    }

    /// A device that was there is still the one that has gone, however the search for it fails.
    fn lacks(&mut self, wrong: Wrong, cause: &str) {
        if !matches!(self.wrong, Some(Wrong::Lost(_))) && self.wrong.as_ref() != Some(&wrong) {
            tracing::warn!(device = self.what, ?wrong, cause, "a sound device cannot be used");
            self.wrong = Some(wrong);
        }
    }

    /// Closes it, so that the next look opens it, as another one if it likes.
    pub fn shut(&mut self, now: Instant) {
        self.again = now;
        self.in_vain = 0;
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::Tried(running) | State::Open(running) => match running.close() {
                Some(item) => State::Closed(item),
                None => {
                    self.wrong = Some(Wrong::Stuck);
                    State::Gone
                }
            },
            State::Closed(item) => State::Closed(item),
            State::Gone => State::Gone,
        };
    }

    /// Another device is wanted, which is `what` for people: closes the one so far, so that the next look opens the other.
    pub fn choose(&mut self, what: String, now: Instant) {
        self.what = what;
        self.shut(now);
        if self.is_closed() {
            self.wrong = None;
        }
    }

    /// Looks for it at the next look, if it is not there, however often that was in vain.
    pub fn hurry(&mut self, now: Instant) {
        if self.is_closed() {
            (self.again, self.in_vain) = (now, 0);
        }
    }

    /// It is neither there nor tried, and can be opened.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed(_))
    }
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
