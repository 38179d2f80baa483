//! A seat whose devices are words on a list, without any sound.

#![allow(clippy::unwrap_used)]
use super::*;
use dealerboard_audio_device::DeviceError;
use dealerboard_media::{PlaybackConfig, UplinkConfig, capture_pair, playback_pair};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Plugged = Rc<RefCell<Vec<&'static str>>>;

/// A device that runs as long as it is on the list.
struct Plug<I> {
    name: String,
    plugged: Plugged,
    calls: Cell<u64>,
    item: I,
}

impl<I> Running<I> for Plug<I> {
    fn callbacks(&self) -> u64 {
        self.calls.set(self.calls.get() + 10);
        self.calls.get()
    }

    fn lost(&self) -> Option<String> {
        (!self.plugged.borrow().contains(&self.name.as_str())).then(|| "it was pulled out".into())
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn close(self) -> Option<I> {
        Some(self.item)
    }
}

struct Desk(Plugged);

impl Desk {
    fn open<I>(&self, choice: Option<&Choice>, item: I) -> Result<Plug<I>, NotOpened<I>> {
        let name = choice.map_or("default", |it| it.name.as_str()).to_owned();
        if self.0.borrow().contains(&name.as_str()) {
            return Ok(Plug { name, plugged: Rc::clone(&self.0), calls: Cell::new(0), item });
        }
        Err(NotOpened { error: DeviceError::Missing(name), cause: String::new(), item: Some(Box::new(item)) })
    }
}

impl Opener for Desk {
    type Mic = Plug<CaptureTap>;
    type Ear = Plug<PlaybackMixer>;
    type Silent = Plug<Silence>;

    fn mic(&self, choice: Option<&Choice>, tap: CaptureTap) -> Result<Self::Mic, NotOpened<CaptureTap>> {
        self.open(choice, tap)
    }

    fn ear(&self, choice: Option<&Choice>, mixer: PlaybackMixer) -> Result<Self::Ear, NotOpened<PlaybackMixer>> {
        self.open(choice, mixer)
    }

    fn silent(&self, choice: Option<&Choice>, silence: Silence) -> Result<Self::Silent, NotOpened<Silence>> {
        self.open(choice, silence)
    }
}

/// A left handset with these devices on the list, and what it is made of.
fn left(plugged: &[&'static str]) -> (Seat<Desk>, Desk, CardChoices) {
    let choices = CardChoices::default();
    let (tap, _, _) = capture_pair(UplinkConfig::default()).unwrap();
    let (mixer, _) = playback_pair(PlaybackConfig { streams: 1 }).unwrap();
    let (taps, mixers) = ([(Position::Left, tap)].into(), [(Position::Left, mixer)].into());
    let callbacks = Callbacks { taps, mixers, gates: BTreeMap::new() };
    let mut seat = seats(&choices, callbacks).remove(0);
    let desk = Desk(Rc::new(RefCell::new(plugged.to_vec())));
    opens(&mut seat, &desk);
    (seat, desk, choices)
}

/// Looks until what can be opened is.
fn opens(seat: &mut Seat<Desk>, desk: &Desk) {
    seat.look(desk);
    seat.look(desk);
}

fn is(seat: &Seat<Desk>) -> (Option<String>, Option<String>, bool) {
    let DeviceView { microphone, ear, .. } = seat.view();
    (microphone, ear, seat.is_by_choice())
}

fn called(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn a_microphone_that_is_chosen_is_opened_after_the_one_so_far_was_closed_and_that_it_was_a_choice_is_told() {
    let (mut seat, desk, mut choices) = left(&["default", "headset"]);
    choices.choose(Position::Left, Kind::Microphone, Some(Choice::new("headset", "headset")));
    seat.choose(&choices);
    assert_eq!(is(&seat), (None, called("default"), true));
    seat.told();
    opens(&mut seat, &desk);
    assert_eq!(is(&seat), (called("headset"), called("default"), true));
    seat.told();
    assert!(!seat.is_by_choice());
}

#[test]
fn a_microphone_that_is_chosen_and_does_not_open_is_missing_like_any_other() {
    let (mut seat, desk, mut choices) = left(&["default"]);
    choices.choose(Position::Left, Kind::Microphone, Some(Choice::new("headset", "headset")));
    seat.choose(&choices);
    opens(&mut seat, &desk);
    assert_eq!(is(&seat), (None, called("default"), false));
    assert!(seat.view().trouble.starts_with("There is no headset;"), "{}", seat.view().trouble);
}

#[test]
fn a_microphone_that_had_gone_before_another_was_chosen_comes_back_as_one_that_has_gone() {
    let (mut seat, desk, mut choices) = left(&["default", "headset"]);
    desk.0.borrow_mut().retain(|it| *it != "default");
    opens(&mut seat, &desk);
    choices.choose(Position::Left, Kind::Microphone, Some(Choice::new("headset", "headset")));
    seat.choose(&choices);
    opens(&mut seat, &desk);
    assert_eq!(is(&seat), (called("headset"), None, false));
}

#[test]
fn an_ear_that_is_chosen_takes_the_calls_and_leaves_the_microphone_alone() {
    let (mut seat, desk, mut choices) = left(&["default", "headset"]);
    choices.choose(Position::Left, Kind::Loudspeaker, Some(Choice::new("headset", "headset")));
    seat.choose(&choices);
    opens(&mut seat, &desk);
    assert_eq!(is(&seat), (called("default"), called("headset"), false));
    choices.choose(Position::Left, Kind::Loudspeaker, None);
    seat.choose(&choices);
    opens(&mut seat, &desk);
    assert_eq!(is(&seat), (called("default"), called("default"), false));
}

#[test]
fn a_position_without_any_device_says_so_in_one_sentence() {
    let [mic, ear] = ["microphone", "loudspeaker"].map(|what| Wrong::Missing(what.into()));
    assert_eq!(
        sentence(&[mic, ear]),
        "There is no microphone and no loudspeaker; plug one in, or choose another device."
    );
}

#[test]
fn a_headset_that_has_gone_with_both_its_parts_is_named_once() {
    let lost = Wrong::Lost("Headset".into());
    assert_eq!(sentence(&[lost.clone(), lost]), "The device Headset has gone; it is opened again when it is back.");
}

#[test]
fn a_device_that_is_refused_says_what_to_do_and_nothing_of_the_system_below() {
    let refused = Wrong::Refused(DeviceError::Refused("Headset".into()));
    let said = "Headset does not open; check that the sound system runs, or choose another device.";
    assert_eq!(sentence(&[refused]), said);
}

#[test]
fn a_position_that_is_whole_says_nothing() {
    assert_eq!(sentence(&[]), "");
}
