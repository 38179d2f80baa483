//! A message that is played: asked for piece by piece, decoded, and handed to an ear as it has room.
//!
//! Law: pure but for the decoder; a message is played where its user has chosen and gives way to a call there, so that no word
//! of a call is heard under it.

use crate::view::PlayingView;
use dealerboard_media::MessageDecoder;
use dealerboard_model::Position;
use dealerboard_wire::MessageSound;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The next piece is asked for when less than this is left, in samples.
const AHEAD: usize = 48_000 * 3 / 2;

/// A piece that has not come after this long is asked for again.
const AGAIN: Duration = Duration::from_secs(2);

/// A message that is played.
pub struct Playing {
    entry: u64,
    at: Position,
    decoder: MessageDecoder,
    /// Decoded, and not handed to the ear.
    waiting: VecDeque<f32>,
    /// From where the next piece is to be, milliseconds.
    next_ms: u64,
    asked: Option<Instant>,
    /// Something of it was handed to the ear.
    heard: bool,
    /// How long all of it is; none until the first piece has come.
    length_ms: Option<u64>,
}

impl Playing {
    /// A message that begins at `from_ms`.
    ///
    /// # Errors
    /// One sentence: the codec cannot be set up.
    pub fn new(entry: u64, at: Position, from_ms: u64) -> Result<Self, String> {
        let decoder = MessageDecoder::new().map_err(|error| error.to_string())?;
        Ok(Self {
            entry,
            at,
            decoder,
            waiting: VecDeque::new(),
            next_ms: from_ms,
            asked: None,
            heard: false,
            length_ms: None,
        })
    }

    /// Where it is played.
    #[must_use]
    pub fn at(&self) -> Position {
        self.at
    }

    /// The piece to ask for now, if one is.
    pub fn asks(&mut self, now: Instant) -> Option<(u64, u64)> {
        let all = self.length_ms.is_some_and(|length_ms| self.next_ms >= length_ms);
        let waits = self.asked.is_some_and(|at| now.saturating_duration_since(at) < AGAIN);
        if all || waits || self.waiting.len() >= AHEAD {
            return None;
        }
        self.asked = Some(now);
        Some((self.entry, self.next_ms))
    }

    /// Takes a piece; what was not asked for is not heard.
    ///
    /// # Errors
    /// One sentence: why there is none.
    pub fn take(&mut self, sound: &MessageSound) -> Result<(), String> {
        if (sound.entry, sound.from_ms) != (self.entry, self.next_ms) || self.asked.is_none() {
            return Ok(());
        }
        self.asked = None;
        if let Some(trouble) = &sound.trouble {
            return Err(trouble.clone());
        }
        let mut decoded = Vec::new();
        for packet in &sound.packets {
            self.decoder.decode(&packet.payload, packet.samples as usize, &mut decoded);
        }
        // A switch that sends nothing before the end has no more.
        let length_ms = if decoded.is_empty() { self.next_ms } else { sound.length_ms };
        self.length_ms = Some(length_ms);
        self.next_ms += (decoded.len() / 48) as u64;
        self.waiting.extend(decoded);
        Ok(())
    }

    /// Hands over as much as `ear` takes, which says how much that was. Gives the entry when that was its first sound: what
    /// cannot be played stays a message that waits.
    pub fn hand_over(&mut self, mut ear: impl FnMut(&[f32]) -> usize) -> Option<u64> {
        let taken = ear(self.waiting.make_contiguous());
        self.waiting.drain(..taken);
        let begins = taken > 0 && !self.heard;
        self.heard |= begins;
        begins.then_some(self.entry)
    }

    /// All of it was heard, when `unplayed` samples of what was handed over were not.
    #[must_use]
    pub fn is_over(&self, unplayed: usize) -> bool {
        let all = self.length_ms.is_some_and(|length_ms| self.next_ms >= length_ms);
        all && self.waiting.is_empty() && unplayed == 0
    }

    /// As it is shown, when `unplayed` samples of what was handed over were not heard.
    #[must_use]
    pub fn view(&self, unplayed: usize) -> PlayingView {
        let ahead_ms = ((self.waiting.len() + unplayed) / 48) as u64;
        PlayingView {
            entry: self.entry,
            position: self.at,
            at_s: self.next_ms.saturating_sub(ahead_ms) / 1_000,
            length_s: self.length_ms.map(|length_ms| length_ms.div_ceil(1_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_wire::OpusPacket;

    fn piece(from_ms: u64, pauses: usize, length_ms: u64) -> MessageSound {
        let packet = OpusPacket { samples: 480, payload: vec![0xf8] };
        MessageSound { entry: 7, from_ms, packets: vec![packet; pauses], length_ms, trouble: None }
    }

    #[test]
    fn vm_2_a_message_is_asked_for_piece_by_piece_and_is_over_when_all_of_it_was_heard() {
        let (mut playing, now) = (Playing::new(7, Position::Left, 0).unwrap(), Instant::now());
        assert_eq!((playing.asks(now), playing.asks(now)), (Some((7, 0)), None));
        playing.take(&piece(0, 500, 6_000)).unwrap();
        assert_eq!(playing.asks(now), None, "there is enough");
        let mut heard = 0;
        playing.hand_over(|samples| {
            heard += samples.len().min(200_000);
            samples.len().min(200_000)
        });
        assert_eq!(
            playing.view(48_000),
            PlayingView { entry: 7, position: Position::Left, at_s: 3, length_s: Some(6) }
        );
        assert_eq!(playing.asks(now), Some((7, 5_000)));
        playing.take(&piece(5_000, 100, 6_000)).unwrap();
        playing.hand_over(<[f32]>::len);
        assert_eq!((playing.asks(now), playing.is_over(1), playing.is_over(0)), (None, false, true));
    }

    #[test]
    fn vm_2_a_piece_that_does_not_come_is_asked_for_again_and_one_of_another_message_is_not_heard() {
        let (mut playing, now) = (Playing::new(7, Position::Left, 0).unwrap(), Instant::now());
        playing.take(&piece(0, 10, 6_000)).unwrap();
        assert_eq!(playing.asks(now), Some((7, 0)), "nothing was asked for");
        playing.take(&MessageSound { entry: 8, ..piece(0, 10, 6_000) }).unwrap();
        assert_eq!((playing.asks(now), playing.asks(now + AGAIN)), (None, Some((7, 0))));
    }

    #[test]
    fn vm_2_a_message_that_is_shorter_than_was_said_is_over_at_its_end() {
        let mut playing = Playing::new(7, Position::Left, 0).unwrap();
        playing.asks(Instant::now());
        playing.take(&piece(0, 0, 6_000)).unwrap();
        assert!(playing.is_over(0));
    }

    #[test]
    fn vm_2_a_message_is_heard_when_its_first_sound_is_at_the_ear_and_that_is_told_once() {
        let mut playing = Playing::new(7, Position::Left, 0).unwrap();
        playing.asks(Instant::now());
        assert_eq!(playing.hand_over(<[f32]>::len), None, "there is nothing yet");
        playing.take(&piece(0, 500, 6_000)).unwrap();
        assert_eq!(playing.hand_over(|_| 0), None, "the ear has no room");
        assert_eq!(playing.hand_over(|samples| samples.len().min(480)), Some(7));
        assert_eq!(playing.hand_over(<[f32]>::len), None, "that is told");
    }

    #[test]
    fn vm_2_a_message_that_cannot_be_played_says_why() {
        let mut playing = Playing::new(7, Position::Left, 0).unwrap();
        playing.asks(Instant::now());
        let trouble = Some("There is no such message.".to_owned());
        let refused = playing.take(&MessageSound { trouble, ..piece(0, 0, 0) });
        assert_eq!(refused, Err("There is no such message.".to_owned()));
    }
}
