//! The devices of one position: which were chosen, how they are, and what to say of them.
//!
//! Law: who chooses another device has the one so far closed first; that it was their choice is told with it, because a
//! microphone that its user has changed may go on talking, and one that has gone may not (rule POS-6).

use crate::card::{Card, Running, Wrong};
use crate::ear::{Ear, fallbacks};
use crate::view::DeviceView;
use crate::voice::Callbacks;
use dealerboard_audio_device::{
    Alarm, Capture, Choice, Kind, NotOpened, Open, Playback, Silence, open_capture, open_playback,
};
use dealerboard_media::{CaptureTap, PlaybackMixer};
use dealerboard_model::Position;
use std::collections::BTreeMap;
use std::time::Instant;

/// Which devices; none: the system's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardChoices {
    /// Microphones of left, right and hands-free.
    pub mics: BTreeMap<Position, Choice>,
    /// Ears of all four positions.
    pub ears: BTreeMap<Position, Choice>,
    /// Frames in a period.
    pub period: u32,
}

impl CardChoices {
    fn of(&self, kind: Kind) -> &BTreeMap<Position, Choice> {
        match kind {
            Kind::Microphone => &self.mics,
            Kind::Loudspeaker => &self.ears,
        }
    }

    /// Takes another device for a position; none: the system's.
    pub fn choose(&mut self, position: Position, kind: Kind, choice: Option<Choice>) {
        let all = match kind {
            Kind::Microphone => &mut self.mics,
            Kind::Loudspeaker => &mut self.ears,
        };
        match choice {
            Some(choice) => all.insert(position, choice),
            None => all.remove(&position),
        };
    }

    fn wanted(&self, position: Position, kind: Kind) -> Option<Choice> {
        self.of(kind).get(&position).cloned()
    }

    fn fallbacks(&self, position: Position) -> Vec<Option<Choice>> {
        fallbacks(position).iter().map(|other| self.wanted(*other, Kind::Loudspeaker)).collect()
    }
}

/// What opens devices: the sound system, or a test.
pub trait Opener {
    /// A microphone that runs.
    type Mic: Running<CaptureTap>;
    /// An ear that runs.
    type Ear: Running<PlaybackMixer>;
    /// An ear that is tried in silence.
    type Silent: Running<Silence>;
    /// Opens a microphone.
    fn mic(&self, choice: Option<&Choice>, tap: CaptureTap) -> Result<Self::Mic, NotOpened<CaptureTap>>;
    /// Opens an ear.
    fn ear(&self, choice: Option<&Choice>, mixer: PlaybackMixer) -> Result<Self::Ear, NotOpened<PlaybackMixer>>;
    /// Opens an ear that plays nothing.
    fn silent(&self, choice: Option<&Choice>, silence: Silence) -> Result<Self::Silent, NotOpened<Silence>>;
}

/// The sound system.
pub struct Sound {
    /// Frames in a period.
    pub period: u32,
    /// Called when a device has gone.
    pub alarm: Alarm,
}

impl Opener for Sound {
    type Mic = Capture;
    type Ear = Playback;
    type Silent = Open<Silence>;

    fn mic(&self, choice: Option<&Choice>, tap: CaptureTap) -> Result<Capture, NotOpened<CaptureTap>> {
        open_capture(choice, self.period, tap, &self.alarm)
    }

    fn ear(&self, choice: Option<&Choice>, mixer: PlaybackMixer) -> Result<Playback, NotOpened<PlaybackMixer>> {
        open_playback(choice, self.period, mixer, &self.alarm)
    }

    fn silent(&self, choice: Option<&Choice>, silence: Silence) -> Result<Open<Silence>, NotOpened<Silence>> {
        open_playback(choice, self.period, silence, &self.alarm)
    }
}

struct Mic<R> {
    choice: Option<Choice>,
    card: Card<R, CaptureTap>,
    /// Its user has chosen another one, which was not told as open yet.
    by_choice: bool,
}

/// One position.
pub struct Seat<O: Opener> {
    /// Which.
    pub position: Position,
    mic: Option<Mic<O::Mic>>,
    ear: Ear<O::Ear, O::Silent, PlaybackMixer>,
}

/// Every position, with its devices closed.
pub fn seats<O: Opener>(choices: &CardChoices, callbacks: Callbacks) -> Vec<Seat<O>> {
    let Callbacks { mut taps, mixers, .. } = callbacks;
    let now = Instant::now();
    let mic = |position, tap| {
        let choice = choices.wanted(position, Kind::Microphone);
        Mic { card: Card::new(Kind::Microphone.called(choice.as_ref()), tap, now), choice, by_choice: false }
    };
    let seat = |(position, mixer)| Seat {
        position,
        mic: taps.remove(&position).map(|tap| mic(position, tap)),
        ear: Ear::new(choices.wanted(position, Kind::Loudspeaker), choices.fallbacks(position), mixer, now),
    };
    mixers.into_iter().map(seat).collect()
}

impl<O: Opener> Seat<O> {
    /// Looks after both devices.
    pub fn look(&mut self, opener: &O) {
        if let Some(Mic { choice, card, .. }) = &mut self.mic {
            card.look(Instant::now(), |tap| opener.mic(choice.as_ref(), tap));
        }
        self.ear.look(
            Instant::now(),
            |choice: Option<&Choice>, mixer| opener.ear(choice, mixer),
            |choice: Option<&Choice>, silence| opener.silent(choice, silence),
        );
    }

    /// Closes what is another device now, and looks again at once for what is not there: another position may have had it.
    pub fn choose(&mut self, choices: &CardChoices) {
        let now = Instant::now();
        let wanted = choices.wanted(self.position, Kind::Microphone);
        if let Some(mic) = &mut self.mic
            && mic.choice != wanted
        {
            mic.by_choice = mic.card.name().is_some() || mic.by_choice;
            mic.card.choose(Kind::Microphone.called(wanted.as_ref()), now);
        }
        if let Some(mic) = &mut self.mic {
            mic.choice = wanted;
            mic.card.hurry(now);
        }
        self.ear.choose(choices.wanted(self.position, Kind::Loudspeaker), choices.fallbacks(self.position), now);
    }

    /// A device was opened and has not called yet.
    pub fn is_tried(&self) -> bool {
        self.mic.as_ref().is_some_and(|mic| mic.card.is_tried()) || self.ear.is_tried()
    }

    /// Its microphone is being changed, or has been, by its user's choice and by nothing else.
    pub fn is_by_choice(&self) -> bool {
        self.mic.as_ref().is_some_and(|mic| mic.by_choice && mic.card.wrong().is_none())
    }

    /// How it is was told.
    pub fn told(&mut self) {
        if let Some(mic) = &mut self.mic {
            mic.by_choice &= mic.card.name().is_none() && mic.card.wrong().is_none();
        }
    }

    /// How they are.
    pub fn view(&self) -> DeviceView {
        let card = self.mic.as_ref().map(|mic| &mic.card);
        let wrongs: Vec<_> = card.and_then(Card::wrong).cloned().into_iter().chain(self.ear.wrong()).collect();
        DeviceView { microphone: card.and_then(Card::name), ear: self.ear.name(), trouble: sentence(&wrongs) }
    }
}

/// What is wrong with a position, and what to do; nothing is said twice.
fn sentence(wrongs: &[Wrong]) -> String {
    let (mut missing, mut lost, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for wrong in wrongs {
        let (list, words) = match wrong {
            Wrong::Missing(what) => (&mut missing, what.clone()),
            Wrong::Lost(name) => (&mut lost, name.clone()),
            Wrong::Elsewhere(name, heard) => {
                let words = format!("The device {name} has gone; its calls are heard on {heard} until it is back.");
                (&mut rest, words)
            }
            Wrong::Refused(error) => (&mut rest, capital(&error.to_string())),
            Wrong::Stuck => (&mut rest, "This device does not answer any more; start the turret again.".to_owned()),
        };
        if !list.contains(&words) {
            list.push(words);
        }
    }
    let mut sentences = Vec::new();
    if !missing.is_empty() {
        sentences.push(format!("There is no {}; plug one in, or choose another device.", missing.join(" and no ")));
    }
    if !lost.is_empty() {
        let names = lost.join(" and ");
        sentences.push(format!("The device {names} has gone; it is opened again when it is back."));
    }
    sentences.extend(rest);
    sentences.join(" ")
}

fn capital(error: &str) -> String {
    let mut letters = error.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>() + ".").unwrap_or_default()
}

#[cfg(test)]
#[path = "seat_tests.rs"]
mod tests;
