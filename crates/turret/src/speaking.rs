//! Whether somebody speaks into an open microphone, by its level.
//!
//! Law: pure; told is what changes, and what a microphone begins with. A shut microphone has no speech, whatever it hears.

use dealerboard_model::Uplink;
use std::time::Duration;
use tokio::time::Instant;

/// A peak above this is speech, decibels below full scale: above a room and below a quiet voice at a handset.
const SPEECH_DBFS: f32 = -45.0;

/// A pause this long ends speech: longer than one between words.
const PAUSE: Duration = Duration::from_millis(500);

/// What was told last of each uplink.
#[derive(Debug, Default)]
pub struct Speaking {
    heard: [Option<Instant>; 3],
    open: [bool; 3],
    told: [bool; 3],
}

impl Speaking {
    /// Takes the peaks since the last call; gives what has changed.
    pub fn follow(&mut self, open: [bool; 3], peaks_dbfs: [f32; 3], now: Instant) -> Vec<(Uplink, bool)> {
        let mut changed = Vec::new();
        for uplink in Uplink::ALL {
            let at = uplink.index();
            if !open[at] {
                self.heard[at] = None;
            } else if peaks_dbfs[at] > SPEECH_DBFS {
                self.heard[at] = Some(now);
            }
            let speaks = self.heard[at].is_some_and(|heard| now.saturating_duration_since(heard) < PAUSE);
            // That nobody speaks into it yet is news: without it the switch would not watch a latch that stays silent.
            let opens = open[at] && !self.open[at];
            if std::mem::replace(&mut self.told[at], speaks) != speaks || opens {
                changed.push((uplink, speaks));
            }
        }
        self.open = open;
        changed
    }

    /// The switch knows nothing of it any more.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: [bool; 3] = [true, false, false];
    const LOUD: [f32; 3] = [-20.0, -20.0, -90.0];
    const QUIET: [f32; 3] = [-60.0, -60.0, -90.0];

    #[test]
    fn speech_is_told_once_when_it_begins_and_once_after_a_pause() {
        let (mut speaking, start) = (Speaking::default(), Instant::now());
        assert_eq!(speaking.follow(LEFT, LOUD, start), [(Uplink::Left, true)]);
        assert_eq!(speaking.follow(LEFT, QUIET, start + PAUSE / 2), []);
        assert_eq!(speaking.follow(LEFT, QUIET, start + PAUSE), [(Uplink::Left, false)]);
        assert_eq!(speaking.follow(LEFT, QUIET, start + PAUSE * 2), []);
    }

    #[test]
    fn a_microphone_that_opens_in_silence_says_so() {
        let (mut speaking, start) = (Speaking::default(), Instant::now());
        assert_eq!(speaking.follow(LEFT, QUIET, start), [(Uplink::Left, false)]);
        assert_eq!(speaking.follow(LEFT, QUIET, start), []);
    }

    #[test]
    fn a_microphone_that_shuts_has_no_speech_at_once() {
        let (mut speaking, start) = (Speaking::default(), Instant::now());
        speaking.follow(LEFT, LOUD, start);
        assert_eq!(speaking.follow([false; 3], LOUD, start), [(Uplink::Left, false)]);
    }
}
