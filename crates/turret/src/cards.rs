//! Sound cards behind the positions, watched: a device that is missing or goes away is looked for again each second.
//!
//! Law: a position outlives its device. While there is none the call stays, the panel says so, and nothing is captured. A
//! device that has gone is closed, then told, and only then opened again (rule POS-6).

use crate::card::{Card, Wrong};
use crate::ear::{Ear, fallbacks};
use crate::view::DeviceView;
use crate::voice::Callbacks;
use dealerboard_audio_device::{Alarm, Capture, Open, Playback, Silence, open_capture, open_playback};
use dealerboard_media::{CaptureTap, PlaybackMixer};
use dealerboard_model::Position;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How often devices are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How often while one of them has just been opened.
const SOON: Duration = Duration::from_millis(20);

/// Wakes that may wait: one is enough to look at all devices, and one place is for the end.
const WAKES_MAX: usize = 2;

/// Which devices, by id or name; none: the system's default.
#[derive(Clone, Debug, Default)]
pub struct CardChoices {
    /// Microphones of left, right and hands-free.
    pub mics: BTreeMap<Position, String>,
    /// Ears of all four positions.
    pub ears: BTreeMap<Position, String>,
    /// Frames in a period.
    pub period: u32,
}

/// Told of all positions' devices when one changed.
pub type Tell = Box<dyn Fn(BTreeMap<Position, DeviceView>) + Send>;

/// What wakes the thread before its time.
enum Wake {
    /// A device says that it has gone.
    Lost,
    /// The turret ends.
    Stop,
}

/// Running devices; dropping closes them.
pub struct RunningCards {
    wake: SyncSender<Wake>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl RunningCards {
    /// Opens what is there. What is not is told, and opened when it comes.
    pub fn start(choices: CardChoices, callbacks: Callbacks, tell: Tell) -> Self {
        let (wake, woken) = sync_channel(WAKES_MAX);
        let lost = wake.clone();
        // A wake that finds no room is not needed: the one before it looks at all devices.
        let alarm: Alarm = Arc::new(move || drop(lost.try_send(Wake::Lost)));
        let thread = std::thread::Builder::new().name("devices".into()).spawn(move || {
            let mut seats = seats(&choices, callbacks);
            let mut told = BTreeMap::new();
            loop {
                for seat in &mut seats {
                    seat.look(choices.period, &alarm);
                }
                let views: BTreeMap<_, _> = seats.iter().map(|seat| (seat.position, seat.view())).collect();
                if views != told {
                    tell(views.clone());
                    told = views;
                }
                let pause = if seats.iter().any(Seat::is_tried) { SOON } else { LOOK };
                match woken.recv_timeout(pause) {
                    Ok(Wake::Lost) | Err(RecvTimeoutError::Timeout) => {}
                    Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        if let Err(error) = &thread {
            tracing::error!(%error, "sound devices cannot be opened: the system gives no thread");
        }
        Self { wake, thread: thread.ok() }
    }
}

impl Drop for RunningCards {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // It only fails where a device's own code fails; there is nothing left to close then.
            let _ = self.wake.send(Wake::Stop);
            let _ = thread.join();
        }
    }
}

struct Seat {
    position: Position,
    mic_choice: Option<String>,
    mic: Option<Card<Capture, CaptureTap>>,
    ear: Ear<Playback, Open<Silence>, PlaybackMixer>,
}

/// A device for people who have to find it: what it is, and its name when it was chosen.
fn what(kind: &str, choice: Option<&String>) -> String {
    choice.map_or_else(|| kind.to_owned(), |name| format!("{kind} called {name}"))
}

fn seats(choices: &CardChoices, callbacks: Callbacks) -> Vec<Seat> {
    let Callbacks { mut taps, mixers } = callbacks;
    let now = Instant::now();
    let seat = |(position, mixer)| {
        let (mic_choice, ear_choice) = (choices.mics.get(&position), choices.ears.get(&position));
        let others = fallbacks(position).iter().map(|other| choices.ears.get(other).cloned()).collect();
        Seat {
            position,
            mic_choice: mic_choice.cloned(),
            mic: taps.remove(&position).map(|tap| Card::new(what("microphone", mic_choice), tap, now)),
            ear: Ear::new(what("loudspeaker", ear_choice), ear_choice.cloned(), others, mixer, now),
        }
    };
    mixers.into_iter().map(seat).collect()
}

impl Seat {
    /// Looks after both devices.
    fn look(&mut self, period: u32, alarm: &Alarm) {
        if let Some(mic) = &mut self.mic {
            mic.look(Instant::now(), |tap| open_capture(self.mic_choice.as_deref(), period, tap, alarm));
        }
        self.ear.look(
            Instant::now(),
            |choice: Option<&str>, mixer| open_playback(choice, period, mixer, alarm),
            |choice: Option<&str>, silence| open_playback(choice, period, silence, alarm),
        );
    }

    fn is_tried(&self) -> bool {
        self.mic.as_ref().is_some_and(Card::is_tried) || self.ear.is_tried()
    }

    /// How they are.
    fn view(&self) -> DeviceView {
        let mic = self.mic.as_ref().and_then(Card::wrong).cloned();
        let wrongs: Vec<_> = mic.into_iter().chain(self.ear.wrong()).collect();
        let microphone = self.mic.as_ref().and_then(Card::name);
        DeviceView { microphone, ear: self.ear.name(), trouble: sentence(&wrongs) }
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
mod tests {
    use super::*;
    use dealerboard_audio_device::DeviceError;

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
}
