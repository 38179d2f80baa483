//! Where others tell the recorder things.
//!
//! Law: nobody waits, and nothing overtakes what was told before. Only sound may find no room; it is known then from when to
//! when, and of which track.

use super::{ToRecorder, TrackAudio};
use dealerboard_model::TrackId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the recorder is told things. Clones lead to the same one.
#[derive(Clone)]
pub struct RecorderInbox {
    pub(super) queue: SyncSender<ToRecorder>,
    /// What found no place in the queue and must not be lost: all but sound.
    pub(super) waiting: Arc<Mutex<VecDeque<ToRecorder>>>,
    pub(super) overflows: Overflows,
}

/// From when to when packets of a track found no room, UTC milliseconds; as many as there are tracks.
pub type Overflows = Arc<Mutex<BTreeMap<TrackId, (i64, i64)>>>;

impl RecorderInbox {
    /// Hands over a packet; false when there was no room for it. The recorder lists what is missing for that reason, but
    /// for less than a tenth of a second within a talk, which it fills.
    #[must_use]
    pub fn audio(&self, audio: TrackAudio) -> bool {
        let (track, utc_ms) = (audio.track, audio.utc_ms);
        // What still waits for room may be the opening of this very track.
        let caught_up = self.send_on(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let taken = caught_up && self.queue.try_send(ToRecorder::Audio(audio)).is_ok();
        if !taken {
            let mut overflows = self.overflows.lock().unwrap_or_else(PoisonError::into_inner);
            let (from, to) = overflows.entry(track).or_insert((utc_ms, utc_ms));
            (*from, *to) = ((*from).min(utc_ms), (*to).max(utc_ms));
        }
        taken
    }

    /// Tells everything else. Never waits, and nothing is lost: what finds no room follows with the next message, in
    /// order. There are as many as people press keys.
    pub fn tell(&self, message: ToRecorder) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(message);
        self.send_on(&mut waiting);
    }

    /// Sends what waits, in order; whether nothing waits any more.
    fn send_on(&self, waiting: &mut VecDeque<ToRecorder>) -> bool {
        while let Some(next) = waiting.pop_front() {
            match self.queue.try_send(next) {
                Ok(()) => {}
                Err(TrySendError::Full(next)) => {
                    waiting.push_front(next);
                    return false;
                }
                Err(TrySendError::Disconnected(_)) => tracing::error!("the recorder has ended"),
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::mpsc::sync_channel;

    fn audio(seq: u64) -> TrackAudio {
        TrackAudio { track: TrackId(1), seq, rtp_ts: seq * 960, utc_ms: 1_000, payload: [0xf8].as_slice().into() }
    }

    #[test]
    fn sound_never_overtakes_what_was_told_before_it_and_is_listed_while_there_is_no_room() {
        let (queue, messages) = sync_channel(1);
        let inbox = RecorderInbox { queue, waiting: Arc::default(), overflows: Overflows::default() };
        let told = [TrackId(1), TrackId(2), TrackId(3)].map(|track| ToRecorder::CloseTrack(1_000, track));
        told.iter().for_each(|message| inbox.tell(message.clone()));
        assert_eq!(messages.recv().unwrap(), told[0]);
        assert!(!inbox.audio(audio(1)), "there is room, but not for what comes later");
        assert_eq!(inbox.overflows.lock().unwrap().get(&TrackId(1)), Some(&(1_000, 1_000)));
        assert_eq!(messages.recv().unwrap(), told[1]);
        assert!(!inbox.audio(audio(2)));
        assert_eq!(messages.recv().unwrap(), told[2]);
        assert!(inbox.audio(audio(3)));
        assert_eq!(messages.recv().unwrap(), ToRecorder::Audio(audio(3)));
    }
}
