//! Tones that go with a notice.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which tone goes with a notice. Tones are made at the turret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// One beep: somebody joined, a call waits.
    Beep,
    /// A microphone stays shut.
    Blocking,
    /// An intercom begins.
    Splash,
    /// A held call waits.
    Reminder,
    /// A microphone was closed, or will be.
    Warning,
    /// A supervisor enters a call.
    Override,
    /// Whom one calls is in other calls, or does not take this one.
    Busy,
    /// A call does not come about.
    Fail,
    /// A message of a voicemail begins.
    Message,
}
