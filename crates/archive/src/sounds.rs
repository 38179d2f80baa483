//! The tracks that were put together last: a browser asks for one file in many ranges.
//!
//! Law: at most [`BYTES_MAX`] are kept; one sound is made at a time, however many ask, for the recorder needs the machine, too.
//! One loudness is made beside it: it takes long, and whoever wants to hear does not wait for what is to be drawn.

use crate::{ArchiveError, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most that is kept in memory.
const BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// The chain's line that names the last segment of a track: another one means another sound.
pub type Key = (u32, String);

/// Files as they are heard, the one that was asked for last in front.
pub struct Sounds {
    kept: Mutex<VecDeque<(Key, Arc<[u8]>)>>,
    one: Arc<Semaphore>,
    one_drawn: Arc<Semaphore>,
}

impl Default for Sounds {
    fn default() -> Self {
        Self { kept: Mutex::default(), one: Arc::new(Semaphore::new(1)), one_drawn: Arc::new(Semaphore::new(1)) }
    }
}

impl Sounds {
    /// Waits until nobody else makes a sound; the permit goes with the work, also when who asked has gone.
    ///
    /// # Errors
    /// There are none while this lives.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        turn_of(&self.one).await
    }

    /// Waits until nobody else makes a loudness, as [`Self::turn`] does for a sound.
    ///
    /// # Errors
    /// There are none while this lives.
    pub async fn turn_to_draw(&self) -> Result<OwnedSemaphorePermit> {
        turn_of(&self.one_drawn).await
    }

    /// The file, if it is kept.
    pub fn get(&self, key: &Key) -> Option<Arc<[u8]>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == key)?;
        let found = kept.remove(place)?;
        let file = Arc::clone(&found.1);
        kept.push_front(found);
        Some(file)
    }

    /// Keeps a file, and lets those go that were asked for longest ago.
    pub fn keep(&self, key: Key, file: &Arc<[u8]>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|((track, _), _)| *track != key.0);
        kept.push_front((key, Arc::clone(file)));
        let mut bytes = 0;
        kept.retain(|(_, file)| {
            bytes += file.len();
            bytes <= BYTES_MAX
        });
    }
}

async fn turn_of(one: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    let turn = Arc::clone(one).acquire_owned().await;
    turn.map_err(|error| ArchiveError::Thread(std::io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(track: u32, line: &str) -> Key {
        (track, line.to_owned())
    }

    #[test]
    fn a_track_that_has_grown_takes_the_place_of_what_it_was() {
        let sounds = Sounds::default();
        sounds.keep(key(1, "a"), &Arc::from([1].as_slice()));
        sounds.keep(key(1, "b"), &Arc::from([2].as_slice()));
        assert_eq!((sounds.get(&key(1, "a")), sounds.get(&key(1, "b"))), (None, Some(Arc::from([2].as_slice()))));
    }

    #[tokio::test]
    async fn one_sound_is_made_at_a_time() {
        let sounds = Sounds::default();
        let sounding = sounds.turn().await.unwrap();
        let mut next = std::pin::pin!(sounds.turn());
        let mut asks = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(next.as_mut().poll(&mut asks).is_pending());
        drop(sounding);
        assert!(next.await.is_ok());
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let (sounds, large) = (Sounds::default(), Arc::from(vec![0; BYTES_MAX / 2]));
        (1..=3).for_each(|track| sounds.keep(key(track, "a"), &large));
        let kept = [1, 2, 3].map(|track| sounds.get(&key(track, "a")).is_some());
        assert_eq!(kept, [false, true, true]);
        sounds.keep(key(4, "a"), &Arc::from(vec![0; BYTES_MAX + 1]));
        assert!(sounds.get(&key(4, "a")).is_none());
    }
}
