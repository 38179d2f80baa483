//! Sound cards behind the positions, watched: a device that is missing or goes away is looked for again each second.
//!
//! Law: a position outlives its device. While there is none the call stays, the panel says so, and nothing is captured. A
//! device that has gone is told before it is opened again (rule POS-6).

use crate::view::DeviceView;
use crate::voice::Callbacks;
use dealerboard_audio_device::{Capture, DeviceError, NotOpened, Playback, open_capture, open_playback};
use dealerboard_media::{CaptureTap, PlaybackMixer};
use dealerboard_model::Position;
use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How often devices are looked at.
const LOOK: Duration = Duration::from_secs(1);

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

/// Running devices; dropping closes them.
pub struct RunningCards {
    stop: Option<SyncSender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl RunningCards {
    /// Opens what is there. What is not is told, and opened when it comes.
    pub fn start(choices: CardChoices, callbacks: Callbacks, tell: Tell) -> Self {
        let (stop, stopped) = sync_channel(1);
        let thread = std::thread::Builder::new().name("devices".into()).spawn(move || {
            let mut seats = seats(&choices, callbacks);
            let mut told = BTreeMap::new();
            loop {
                let views: BTreeMap<_, _> =
                    seats.iter_mut().map(|seat| (seat.position, seat.look(choices.period))).collect();
                if views != told {
                    tell(views.clone());
                    told = views;
                }
                match stopped.recv_timeout(LOOK) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        if let Err(error) = &thread {
            tracing::error!(%error, "sound devices cannot be opened: the system gives no thread");
        }
        Self { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for RunningCards {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // It only fails where a device's own code fails; there is nothing left to close then.
            let _ = thread.join();
        }
    }
}

/// What is wrong with one device.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrong {
    /// There is none; what was looked for.
    Missing(String),
    /// It was there a moment ago.
    Lost(String),
    /// It is there and does not open; one sentence.
    Refused(String),
    /// Its callback did not come back.
    Stuck,
}

enum Device<O, C> {
    Open(O),
    Closed(C),
    /// Its callback did not come back: this position needs a restart of the turret.
    Gone,
}

struct Seat {
    position: Position,
    mic_choice: Option<String>,
    ear_choice: Option<String>,
    mic: Option<Device<Capture, CaptureTap>>,
    ear: Device<Playback, PlaybackMixer>,
    stalled: (u64, u64),
}

fn seats(choices: &CardChoices, callbacks: Callbacks) -> Vec<Seat> {
    let Callbacks { mut taps, mixers } = callbacks;
    let seat = |(position, mixer)| Seat {
        position,
        mic_choice: choices.mics.get(&position).cloned(),
        ear_choice: choices.ears.get(&position).cloned(),
        mic: taps.remove(&position).map(Device::Closed),
        ear: Device::Closed(mixer),
        stalled: (0, 0),
    };
    mixers.into_iter().map(seat).collect()
}

impl Seat {
    /// Looks after both devices and says how they are.
    fn look(&mut self, period: u32) -> DeviceView {
        let mut wrongs = Vec::new();
        let choice = self.mic_choice.clone();
        let microphone = self.mic.take().and_then(|device| {
            let open = |tap| open_capture(choice.as_deref(), period, tap);
            let (device, name, trouble) = tend(device, open, &mut self.stalled.0);
            self.mic = Some(device);
            wrongs.extend(trouble);
            name
        });
        let choice = self.ear_choice.clone();
        let open = |mixer| open_playback(choice.as_deref(), period, mixer);
        let device = std::mem::replace(&mut self.ear, Device::Gone);
        let (device, ear, trouble) = tend(device, open, &mut self.stalled.1);
        self.ear = device;
        wrongs.extend(trouble);
        DeviceView { microphone, ear, trouble: sentence(&wrongs) }
    }
}

type Tended<I> = (Device<dealerboard_audio_device::Open<I>, I>, Option<String>, Option<Wrong>);

/// Closes a device that has gone or stands still, opens one that is closed; gives its name and what is wrong.
fn tend<I>(
    device: Device<dealerboard_audio_device::Open<I>, I>,
    open: impl Fn(I) -> Result<dealerboard_audio_device::Open<I>, NotOpened<I>>,
    seen: &mut u64,
) -> Tended<I> {
    let closed = match device {
        Device::Open(open) => {
            let callbacks = open.callbacks();
            let stands = callbacks == *seen;
            *seen = callbacks;
            if open.lost().is_none() && !stands {
                let name = open.name.clone();
                return (Device::Open(open), Some(name), None);
            }
            *seen = u64::MAX;
            let lost = Wrong::Lost(open.name.clone());
            return match open.close() {
                Some(item) => (Device::Closed(item), None, Some(lost)),
                None => (Device::Gone, None, Some(Wrong::Stuck)),
            };
        }
        Device::Closed(item) => item,
        Device::Gone => return (Device::Gone, None, Some(Wrong::Stuck)),
    };
    *seen = u64::MAX;
    match open(closed) {
        Ok(open) => {
            let name = open.name.clone();
            (Device::Open(open), Some(name), None)
        }
        Err(refused) => match *refused {
            (error, Some(item)) => (Device::Closed(item), None, Some(wrong(error))),
            (_, None) => (Device::Gone, None, Some(Wrong::Stuck)),
        },
    }
}

fn wrong(error: DeviceError) -> Wrong {
    match error {
        DeviceError::Missing(what) => Wrong::Missing(what),
        DeviceError::Refused(..) => Wrong::Refused(capital(&error.to_string())),
    }
}

/// What is wrong with a position, and what to do; nothing is said twice.
fn sentence(wrongs: &[Wrong]) -> String {
    let (mut missing, mut lost, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for wrong in wrongs {
        let (list, words) = match wrong {
            Wrong::Missing(what) => (&mut missing, what.as_str()),
            Wrong::Lost(name) => (&mut lost, name.as_str()),
            Wrong::Refused(sentence) => (&mut rest, sentence.as_str()),
            Wrong::Stuck => (&mut rest, "This device does not answer any more; start the turret again."),
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
    sentences.extend(rest.into_iter().map(str::to_owned));
    sentences.join(" ")
}

fn capital(error: &str) -> String {
    let mut letters = error.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>() + ".").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_without_any_device_says_so_in_one_sentence() {
        let wrongs = ["microphone", "loudspeaker"].map(|what| wrong(DeviceError::Missing(what.into())));
        assert_eq!(
            sentence(&wrongs),
            "There is no microphone and no loudspeaker; plug one in, or choose another device."
        );
    }

    #[test]
    fn a_headset_that_has_gone_with_both_its_parts_is_named_once() {
        let wrongs = [Wrong::Lost("Headset".into()), Wrong::Lost("Headset".into())];
        assert_eq!(sentence(&wrongs), "The device Headset has gone; it is opened again when it is back.");
    }

    #[test]
    fn a_position_that_is_whole_says_nothing() {
        assert_eq!(sentence(&[]), "");
    }
}
