//! The ear of one position: its own device, or another position's while its own has gone.
//!
//! Law: only an ear that was there and went away is heard elsewhere (rule POS-6); its own device is tried in silence
//! meanwhile, and takes the calls back when it runs.

use crate::card::{Card, Running, Wrong};
use dealerboard_audio_device::{NotOpened, Silence};
use dealerboard_model::Position;
use std::time::Instant;

/// Opens the ear of that name, or the system's default.
pub trait Opens<R, I>: Fn(Option<&str>, I) -> Result<R, NotOpened<I>> {}

impl<R, I, F: Fn(Option<&str>, I) -> Result<R, NotOpened<I>>> Opens<R, I> for F {}

/// Whose ears take the calls of `position`, the best first: a handset's stay private as long as they can.
#[must_use]
pub fn fallbacks(position: Position) -> &'static [Position] {
    match position {
        Position::Left => &[Position::Right, Position::HandsFree],
        Position::Right => &[Position::Left, Position::HandsFree],
        Position::HandsFree => &[Position::Speakers],
        Position::Speakers => &[Position::HandsFree],
    }
}

/// Where an ear stands.
enum Place<S> {
    /// At its own device.
    Own,
    /// At the fallback of this index; its own one, of this name, has gone and is tried by playing silence.
    Elsewhere(usize, String, Card<S, Silence>),
}

/// The ear of one position.
pub struct Ear<R, S, I> {
    what: String,
    own: Option<String>,
    fallbacks: Vec<Option<String>>,
    card: Card<R, I>,
    place: Place<S>,
}

impl<R: Running<I>, S: Running<Silence>, I> Ear<R, S, I> {
    /// An ear that is closed. `what` it is, for people; its `own` device, and those it may be heard on while that has gone.
    pub fn new(what: String, own: Option<String>, fallbacks: Vec<Option<String>>, item: I, now: Instant) -> Self {
        let fallbacks = fallbacks.into_iter().filter(|it| *it != own).collect();
        Self { card: Card::new(what.clone(), item, now), what, own, fallbacks, place: Place::Own }
    }

    /// Looks after it.
    pub fn look(&mut self, now: Instant, open: impl Opens<R, I>, silent: impl Opens<S, Silence>) {
        let choice = match &self.place {
            Place::Own => self.own.as_deref(),
            Place::Elsewhere(at, ..) => self.fallbacks[*at].as_deref(),
        };
        let failed = self.card.look(now, |item| open(choice, item));
        let gone = match self.card.wrong() {
            Some(Wrong::Lost(name)) => Some(name.clone()),
            Some(Wrong::Missing(_) | Wrong::Elsewhere(..) | Wrong::Refused(_) | Wrong::Stuck) | None => None,
        };
        match &mut self.place {
            Place::Own => {
                if let (Some(name), true, false) = (gone, failed, self.fallbacks.is_empty()) {
                    self.card.shut(now);
                    self.place = Place::Elsewhere(0, name, Card::new(self.what.clone(), Silence, now));
                }
            }
            Place::Elsewhere(at, _, own) => {
                own.look(now, |item| silent(self.own.as_deref(), item));
                if own.name().is_some() {
                    own.shut(now);
                    self.card.shut(now);
                    self.place = Place::Own;
                } else if failed {
                    *at = (*at + 1) % self.fallbacks.len();
                }
            }
        }
    }

    /// The device that is heard.
    pub fn name(&self) -> Option<String> {
        self.card.name()
    }

    /// What is wrong with it.
    pub fn wrong(&self) -> Option<Wrong> {
        match (&self.place, self.card.name()) {
            (Place::Elsewhere(_, lost, _), Some(heard)) => Some(Wrong::Elsewhere(lost.clone(), heard)),
            (Place::Elsewhere(_, lost, _), None) if self.card.wrong() != Some(&Wrong::Stuck) => {
                Some(Wrong::Lost(lost.clone()))
            }
            (Place::Elsewhere(..) | Place::Own, _) => self.card.wrong().cloned(),
        }
    }

    /// A device was opened for it and has not called yet.
    pub fn is_tried(&self) -> bool {
        self.card.is_tried()
            || match &self.place {
                Place::Own => false,
                Place::Elsewhere(_, _, own) => own.is_tried(),
            }
    }
}

#[cfg(test)]
#[path = "ear_tests.rs"]
mod tests;
