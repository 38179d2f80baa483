//! An ear that goes away and comes back, without any sound.

use super::*;
use crate::card::AGAIN;
use dealerboard_audio_device::DeviceError;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

type Plugged = Rc<RefCell<BTreeSet<String>>>;

/// A device that runs as long as it is plugged.
struct Plug {
    name: String,
    plugged: Plugged,
    calls: Cell<u64>,
}

impl<I: Default> Running<I> for Plug {
    fn callbacks(&self) -> u64 {
        self.calls.set(self.calls.get() + 10);
        self.calls.get()
    }

    fn lost(&self) -> Option<String> {
        (!self.plugged.borrow().contains(&self.name)).then(|| "it was pulled out".into())
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn close(self) -> Option<I> {
        Some(I::default())
    }
}

struct Desk {
    ear: Ear<Plug, Plug, u8>,
    plugged: Plugged,
    now: Instant,
}

fn opens<I>(plugged: &Plugged) -> impl Opens<Plug, I> + use<'_, I> {
    move |choice, item| {
        let name = choice.map_or("default", |it| it.name.as_str()).to_owned();
        if plugged.borrow().contains(&name) {
            return Ok(Plug { name, plugged: Rc::clone(plugged), calls: Cell::new(0) });
        }
        Err(NotOpened { error: DeviceError::Missing(name), cause: String::new(), item: Some(Box::new(item)) })
    }
}

impl Desk {
    fn with(plugged: &[&str]) -> Self {
        let now = Instant::now();
        let ear = Ear::new(called("left"), vec![called("right"), called("box")], 0, now);
        let plugged = Rc::new(RefCell::new(plugged.iter().map(|it| (*it).to_owned()).collect()));
        let mut desk = Self { ear, plugged, now };
        desk.seconds_pass();
        desk
    }

    /// Looks often for six seconds.
    fn seconds_pass(&mut self) {
        for _ in 0..6 * AGAIN.as_millis() / 20 {
            self.now += Duration::from_millis(20);
            self.ear.look(self.now, opens(&self.plugged), opens(&self.plugged));
        }
    }

    fn unplug(&mut self, name: &str) {
        self.plugged.borrow_mut().remove(name);
        self.seconds_pass();
    }

    fn heard(&self) -> Option<String> {
        self.ear.name()
    }
}

fn called(name: &str) -> Option<Choice> {
    Some(Choice::new(name, name))
}

fn elsewhere(heard: &str) -> Option<Wrong> {
    Some(Wrong::Elsewhere("left".into(), heard.into()))
}

#[test]
fn pos_6_an_ear_that_goes_away_is_heard_on_the_first_other_one_that_opens_and_says_so() {
    let mut desk = Desk::with(&["left", "right", "box"]);
    assert_eq!((desk.heard().as_deref(), desk.ear.wrong()), (Some("left"), None));
    desk.unplug("left");
    assert_eq!((desk.heard().as_deref(), desk.ear.wrong()), (Some("right"), elsewhere("right")));
    desk.unplug("right");
    assert_eq!((desk.heard().as_deref(), desk.ear.wrong()), (Some("box"), elsewhere("box")));
}

#[test]
fn an_ear_that_is_back_takes_its_calls_back() {
    let mut desk = Desk::with(&["left", "right"]);
    desk.unplug("left");
    desk.plugged.borrow_mut().insert("left".into());
    desk.seconds_pass();
    assert_eq!((desk.heard().as_deref(), desk.ear.wrong()), (Some("left"), None));
}

#[test]
fn an_ear_that_was_never_there_is_heard_nowhere() {
    let desk = Desk::with(&["right", "box"]);
    assert_eq!((desk.heard(), desk.ear.wrong()), (None, Some(Wrong::Missing("left".into()))));
}

#[test]
fn an_ear_that_goes_away_with_all_others_is_gone_until_it_is_back() {
    let mut desk = Desk::with(&["left"]);
    desk.unplug("left");
    assert_eq!((desk.heard(), desk.ear.wrong()), (None, Some(Wrong::Lost("left".into()))));
    desk.plugged.borrow_mut().insert("left".into());
    desk.seconds_pass();
    assert_eq!((desk.heard().as_deref(), desk.ear.wrong()), (Some("left"), None));
}

#[test]
fn another_ear_that_is_chosen_is_heard_in_the_place_of_one_that_has_gone() {
    let mut desk = Desk::with(&["left", "right", "headset"]);
    desk.unplug("left");
    desk.ear.choose(called("headset"), vec![called("right")], desk.now);
    assert_eq!(desk.heard(), None);
    desk.seconds_pass();
    assert_eq!((desk.heard().as_deref(), desk.ear.wrong()), (Some("headset"), None));
}

#[test]
fn an_ear_that_is_heard_elsewhere_follows_what_is_chosen_there() {
    let mut desk = Desk::with(&["left", "right", "headset"]);
    desk.unplug("left");
    desk.ear.choose(called("left"), vec![called("headset")], desk.now);
    desk.seconds_pass();
    assert_eq!((desk.heard().as_deref(), desk.ear.wrong()), (Some("headset"), elsewhere("headset")));
}
