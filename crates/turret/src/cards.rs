//! Sound cards behind the positions, watched: a device that is missing or goes away is looked for again each second.
//!
//! Law: a position outlives its device. While there is none the call stays, the panel says so, and nothing is captured. A
//! device that has gone, or that its user has changed, is closed, then told, and only then another is opened (rule POS-6).

use crate::lister::Lister;
use crate::seat::{CardChoices, Opener, Seat, Sound, seats};
use crate::view::DeviceView;
use crate::voice::Callbacks;
use dealerboard_audio_device::{Alarm, Choice, Kind, Listed, list};
use dealerboard_model::Position;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often devices are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How often while one of them has just been opened.
const SOON: Duration = Duration::from_millis(20);

/// Wakes that may wait: one is enough to look at all devices, and one place is for the end.
const WAKES_MAX: usize = 2;

/// How all positions' devices are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardViews {
    /// Each position's.
    pub views: BTreeMap<Position, DeviceView>,
    /// The positions whose microphone is being changed, or just was, by their user's own choice.
    pub by_choice: BTreeSet<Position>,
}

/// What the devices' threads have to tell.
pub enum News {
    /// A device changed.
    Views(CardViews),
    /// What there is to choose from, because it was asked for.
    List(Listed),
}

/// Told the news, on the threads of the devices.
pub type Tell = Arc<dyn Fn(News) + Send + Sync>;

/// What wakes the thread before its time.
enum Wake {
    /// A device says that it has gone, or others were chosen.
    Look,
    /// The turret ends.
    Stop,
}

/// What the thread takes at its next look, where others were chosen: the newest counts.
type Chosen = Mutex<Option<CardChoices>>;

/// Running devices; dropping closes them.
pub struct RunningCards {
    choices: CardChoices,
    chosen: Arc<Chosen>,
    wake: SyncSender<Wake>,
    thread: Option<std::thread::JoinHandle<()>>,
    lister: Lister,
}

impl RunningCards {
    /// Opens what is there. What is not is told, and opened when it comes.
    pub fn start(choices: CardChoices, callbacks: Callbacks, tell: Tell) -> Self {
        let (wake, woken) = sync_channel(WAKES_MAX);
        let lost = wake.clone();
        // A wake that finds no room is not needed: the one before it looks at all devices.
        let alarm: Alarm = Arc::new(move || drop(lost.try_send(Wake::Look)));
        let chosen = Arc::<Chosen>::default();
        let (choose, first) = (Arc::clone(&chosen), choices.clone());
        let tell_list = Arc::clone(&tell);
        let lister = Lister::start(list, move |listed| tell_list(News::List(listed)));
        let thread = std::thread::Builder::new().name("devices".into()).spawn(move || {
            let sound = Sound { period: first.period, alarm };
            let mut seats = seats(&first, callbacks);
            let mut told = CardViews::default();
            loop {
                let choices = lock(&choose).take();
                if let Some(choices) = choices {
                    seats.iter_mut().for_each(|seat| seat.choose(&choices));
                    tell_news(&mut seats, &mut told, &tell);
                }
                seats.iter_mut().for_each(|seat| seat.look(&sound));
                tell_news(&mut seats, &mut told, &tell);
                let pause = if seats.iter().any(Seat::is_tried) { SOON } else { LOOK };
                match woken.recv_timeout(pause) {
                    Ok(Wake::Look) | Err(RecvTimeoutError::Timeout) => {}
                    Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        if let Err(error) = &thread {
            tracing::error!(%error, "sound devices cannot be opened: the system gives no thread");
        }
        Self { choices, chosen, wake, thread: thread.ok(), lister }
    }

    /// Which devices are used.
    pub fn choices(&self) -> &CardChoices {
        &self.choices
    }

    /// Takes another device for a position, at once; none: the system's. Never waits.
    pub fn choose(&mut self, position: Position, kind: Kind, choice: Option<Choice>) {
        self.choices.choose(position, kind, choice);
        *lock(&self.chosen) = Some(self.choices.clone());
        // One that finds no room is not needed: the one before it takes what was chosen.
        drop(self.wake.try_send(Wake::Look));
    }

    /// Asks what there is to choose from. Never waits.
    pub fn list(&self) {
        self.lister.list();
    }
}

fn lock(chosen: &Chosen) -> MutexGuard<'_, Option<CardChoices>> {
    chosen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells how all devices are, if they are not as they were.
fn tell_news<O: Opener>(seats: &mut [Seat<O>], told: &mut CardViews, tell: &Tell) {
    let news = CardViews {
        views: seats.iter().map(|seat| (seat.position, seat.view())).collect(),
        by_choice: seats.iter().filter(|seat| seat.is_by_choice()).map(|seat| seat.position).collect(),
    };
    if news != *told {
        tell(News::Views(news.clone()));
        *told = news;
    }
    seats.iter_mut().for_each(Seat::told);
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
