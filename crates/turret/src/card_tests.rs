//! A device that comes and goes, without any sound.

use super::*;
use std::cell::Cell;
use std::rc::Rc;

/// What a fake device is told to be.
#[derive(Clone, Default)]
struct Plug {
    callbacks: Rc<Cell<u64>>,
    lost: Rc<Cell<bool>>,
    closed: Rc<Cell<u32>>,
}

impl Running<()> for Plug {
    fn callbacks(&self) -> u64 {
        self.callbacks.get()
    }

    fn lost(&self) -> Option<String> {
        self.lost.get().then(|| "it was pulled out".into())
    }

    fn name(&self) -> &'static str {
        "Headset"
    }

    fn close(self) -> Option<()> {
        self.closed.set(self.closed.get() + 1);
        Some(())
    }
}

struct Desk {
    card: Card<Plug, ()>,
    plug: Plug,
    now: Instant,
}

impl Desk {
    fn new() -> Self {
        let now = Instant::now();
        Self { card: Card::new("microphone called Headset".into(), (), now), plug: Plug::default(), now }
    }

    fn look_after(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        let plug = self.plug.clone();
        let _ = self.card.look(self.now, |()| Ok(plug));
    }

    fn is_refused_after(&mut self, ms: u64, error: DeviceError) {
        self.now += Duration::from_millis(ms);
        self.card.look(self.now, |()| Err(NotOpened { error, cause: String::new(), item: Some(Box::new(())) }));
    }

    fn calls(&self, times: u64) {
        self.plug.callbacks.set(self.plug.callbacks.get() + times);
    }

    fn opened() -> Self {
        let mut desk = Self::new();
        desk.look_after(0);
        desk.calls(8);
        desk.look_after(10);
        desk
    }
}

#[test]
fn a_device_that_opens_is_there_when_it_calls_and_calls() {
    let mut desk = Desk::new();
    desk.look_after(0);
    desk.calls(7);
    desk.look_after(10);
    assert_eq!((desk.card.name(), desk.card.is_tried()), (None, true));
    desk.calls(1);
    desk.look_after(10);
    assert_eq!((desk.card.name().as_deref(), desk.card.is_tried()), (Some("Headset"), false));
}

#[test]
fn a_player_that_only_fills_its_buffer_is_missing() {
    let mut desk = Desk::new();
    desk.look_after(0);
    desk.calls(2);
    desk.look_after(0);
    desk.look_after(1_999);
    assert_eq!(desk.card.wrong(), None);
    desk.look_after(1);
    assert_eq!(desk.card.wrong(), Some(&Wrong::Missing("microphone called Headset".into())));
    assert_eq!(desk.plug.closed.get(), 1);
}

#[test]
fn a_device_that_reports_its_end_is_closed_at_once_and_not_opened_in_the_same_look() {
    let mut desk = Desk::opened();
    desk.plug.lost.set(true);
    desk.look_after(1);
    assert_eq!((desk.card.name(), desk.card.is_tried(), desk.plug.closed.get()), (None, false, 1));
    assert_eq!(desk.card.wrong(), Some(&Wrong::Lost("Headset".into())));
}

#[test]
fn a_device_that_stands_still_for_two_seconds_has_gone_however_often_it_is_looked_at() {
    let mut desk = Desk::opened();
    for _ in 0..199 {
        desk.look_after(10);
    }
    assert!(desk.card.name().is_some());
    desk.look_after(10);
    assert_eq!(desk.card.wrong(), Some(&Wrong::Lost("Headset".into())));
}

#[test]
fn a_device_that_has_gone_counts_as_gone_while_it_is_looked_for() {
    let mut desk = Desk::opened();
    desk.plug.lost.set(true);
    desk.look_after(1);
    desk.is_refused_after(1_000, DeviceError::Missing("microphone called Headset".into()));
    assert_eq!(desk.card.wrong(), Some(&Wrong::Lost("Headset".into())));
    desk.plug = Plug::default();
    desk.look_after(1_000);
    assert_eq!((desk.card.name(), desk.card.wrong()), (None, Some(&Wrong::Lost("Headset".into()))));
    desk.calls(8);
    desk.look_after(10);
    assert_eq!((desk.card.name().as_deref(), desk.card.wrong()), (Some("Headset"), None));
}

#[test]
fn a_device_that_is_refused_says_why() {
    let mut desk = Desk::new();
    desk.is_refused_after(0, DeviceError::Busy("Headset".into()));
    assert_eq!(desk.card.wrong(), Some(&Wrong::Refused(DeviceError::Busy("Headset".into()))));
}

#[test]
fn a_device_that_is_not_there_is_looked_for_each_second() {
    let mut desk = Desk::new();
    desk.is_refused_after(0, DeviceError::Missing("microphone called Headset".into()));
    desk.look_after(999);
    assert!(!desk.card.is_tried());
    desk.look_after(1);
    assert!(desk.card.is_tried());
}

#[test]
fn a_device_that_is_missing_is_looked_for_less_and_less_often_but_every_four_seconds_at_least() {
    let mut desk = Desk::new();
    let mut searches = Vec::new();
    for second in 0..16 {
        let asked = Cell::new(false);
        desk.card.look(desk.now + Duration::from_secs(second), |()| {
            asked.set(true);
            let error = DeviceError::Missing("microphone".into());
            Err(NotOpened { error, cause: String::new(), item: Some(Box::new(())) })
        });
        if asked.get() {
            searches.push(second);
        }
    }
    assert_eq!(searches, [0, 1, 3, 7, 11, 15]);
}

#[test]
fn a_device_that_is_chosen_is_opened_at_once_in_the_place_of_the_one_so_far_which_is_closed() {
    let mut desk = Desk::opened();
    desk.plug.lost.set(true);
    desk.look_after(10);
    desk.card.choose("microphone called Desk".into(), desk.now);
    assert_eq!((desk.card.name(), desk.card.wrong()), (None, None));
    desk.plug = Plug::default();
    desk.look_after(0);
    assert!(desk.card.is_tried());
}

#[test]
fn a_device_that_another_position_has_let_go_is_opened_without_a_wait() {
    let mut desk = Desk::new();
    desk.is_refused_after(0, DeviceError::Busy("Headset".into()));
    desk.card.hurry(desk.now);
    desk.look_after(0);
    assert!(desk.card.is_tried());
}
