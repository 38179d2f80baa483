//! Where others tell the recorder things.
//!
//! Law: nobody waits. Only sound may find no room; it is known then from when to when, and of which track.

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
        let taken = self.queue.try_send(ToRecorder::Audio(audio)).is_ok();
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
        while let Some(next) = waiting.pop_front() {
            match self.queue.try_send(next) {
                Ok(()) => {}
                Err(TrySendError::Full(next)) => return waiting.push_front(next),
                Err(TrySendError::Disconnected(_)) => return tracing::error!("the recorder has ended"),
            }
        }
    }
}
