//! The ear of one position: its own device, or another position's while its own has gone.
//!
//! Law: only an ear that was there and went away is heard elsewhere (rule POS-6); its own device is tried in silence
//! meanwhile, and takes the calls back when it runs.

use crate::card::{Card, Running, Wrong};
use dealerboard_audio_device::{Choice, Kind, NotOpened, Silence};
use dealerboard_model::Position;
use std::time::Instant;

/// Opens the ear that was chosen, or the system's.
pub trait Opens<R, I>: Fn(Option<&Choice>, I) -> Result<R, NotOpened<I>> {}

impl<R, I, F: Fn(Option<&Choice>, I) -> Result<R, NotOpened<I>>> Opens<R, I> for F {}

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
    own: Option<Choice>,
    fallbacks: Vec<Option<Choice>>,
    card: Card<R, I>,
    place: Place<S>,
}

impl<R: Running<I>, S: Running<Silence>, I> Ear<R, S, I> {
    /// An ear that is closed: its `own` device, and those it may be heard on while that has gone.
    pub fn new(own: Option<Choice>, fallbacks: Vec<Option<Choice>>, item: I, now: Instant) -> Self {
        let card = Card::new(what(own.as_ref()), item, now);
        let mut ear = Self { card, own, fallbacks: Vec::new(), place: Place::Own };
        ear.fall_back_on(fallbacks);
        ear
    }

    fn fall_back_on(&mut self, others: Vec<Option<Choice>>) {
        self.fallbacks = others.into_iter().filter(|it| *it != self.own).collect();
    }

    /// Takes another `own` device, and other ones to be heard on: what is open in the place of it is closed.
    pub fn choose(&mut self, own: Option<Choice>, fallbacks: Vec<Option<Choice>>, now: Instant) {
        let other = own != self.own;
        let before = std::mem::take(&mut self.fallbacks);
        self.own = own;
        self.fall_back_on(fallbacks);
        match &mut self.place {
            Place::Elsewhere(_, _, own) if other || self.fallbacks.is_empty() => {
                own.shut(now);
                self.place = Place::Own;
                self.card.choose(what(self.own.as_ref()), now);
            }
            Place::Elsewhere(at, ..) if self.fallbacks != before => {
                *at = 0;
                self.card.shut(now);
            }
            Place::Own if other => self.card.choose(what(self.own.as_ref()), now),
            Place::Elsewhere(..) | Place::Own => {}
        }
        self.card.hurry(now);
    }

    /// Looks after it.
    pub fn look(&mut self, now: Instant, open: impl Opens<R, I>, silent: impl Opens<S, Silence>) {
        let choice = match &self.place {
            Place::Own => self.own.as_ref(),
            Place::Elsewhere(at, ..) => self.fallbacks[*at].as_ref(),
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
                    self.place = Place::Elsewhere(0, name, Card::new(what(self.own.as_ref()), Silence, now));
                }
            }
            Place::Elsewhere(at, _, own) => {
                own.look(now, |item| silent(self.own.as_ref(), item));
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

fn what(own: Option<&Choice>) -> String {
    Kind::Loudspeaker.called(own)
}

#[cfg(test)]
#[path = "ear_tests.rs"]
mod tests;
