//! The turrets of this program, one behind each window, and the commands of their panels.
//!
//! Law: thin. Intents go to the turret, changes come from it; nothing is decided here. A review window lives as long as the
//! log-on that opened it.

use crate::devices::SeatsDevices;
use crate::drawing;
use crate::log_ons::{self, LogOns};
use crate::memory::Memory;
use crate::review::{Door, Reach};
use dealerboard_model::Position;
use dealerboard_turret::Turret;
use dealerboard_turret::view::{Change, Intent, PositionView, View};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tauri::{AppHandle, Emitter, Manager, State, Theme, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Before a window's label: the label of its review window.
const REVIEW: &str = "review-";

/// Most changes that a window is told in one event.
const TOLD_AT_ONCE: usize = 256;

/// What the program remembers for a window, and its own switch, which it does not.
#[derive(Clone)]
pub struct Remembering {
    /// The remembered switches.
    pub memory: Arc<Memory>,
    /// The address of the switch that this program started.
    pub own: Option<String>,
    /// The devices of every window.
    pub devices: Arc<SeatsDevices>,
    /// Which window this is, from 0.
    pub at: usize,
}

/// One turret, and the door of its review window.
struct Seat {
    turret: Arc<Turret>,
    door: Option<Door>,
}

/// Every turret, by its window's label.
#[derive(Default)]
pub struct Seats(Mutex<BTreeMap<String, Seat>>);

impl Seats {
    fn all_seats(&self) -> MutexGuard<'_, BTreeMap<String, Seat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a turret behind a window and tells the window its changes.
    pub fn seat(&self, app: &AppHandle, label: &str, turret: Turret, remembering: Remembering) {
        let turret = Arc::new(turret);
        tauri::async_runtime::spawn(tell(app.clone(), label.to_owned(), turret.clone(), remembering));
        self.all_seats().insert(label.to_owned(), Seat { turret, door: None });
    }

    /// The turret behind a window.
    pub fn turret(&self, label: &str) -> Option<Arc<Turret>> {
        self.all_seats().get(label).map(|seat| seat.turret.clone())
    }

    /// Every turret.
    pub fn all(&self) -> Vec<Arc<Turret>> {
        self.all_seats().values().map(|seat| seat.turret.clone()).collect()
    }

    /// Takes the turret from behind a window that closes.
    pub fn leave(&self, label: &str) -> Option<Arc<Turret>> {
        self.all_seats().remove(label).map(|seat| seat.turret)
    }

    /// Takes every turret: the program ends.
    pub fn leave_all(&self) -> Vec<Arc<Turret>> {
        std::mem::take(&mut *self.all_seats()).into_values().map(|seat| seat.turret).collect()
    }

    /// Closes every microphone of every turret.
    pub fn close_all(&self) {
        self.all().iter().for_each(|turret| turret.intent(Intent::CloseAll));
    }

    /// Releases every line of every turret.
    pub fn release_all(&self) {
        for turret in self.all() {
            // An intercom on its way has a microphone and no line yet.
            let calling = |it: &PositionView| it.mic_open && it.position != Position::Speakers;
            for position in turret.view().positions.iter().filter(|it| it.line.is_some() || calling(it)) {
                turret.intent(Intent::Release { position: position.position });
            }
        }
    }

    /// Shuts the door of the review window `review`, which has closed.
    pub fn shut_door(&self, review: &str) {
        if let Some(label) = review.strip_prefix(REVIEW)
            && let Some(seat) = self.all_seats().get_mut(label)
        {
            seat.door = None;
        }
    }

    fn keep_open(&self, label: &str, door: Door) {
        if let Some(seat) = self.all_seats().get_mut(label) {
            seat.door = Some(door);
        }
    }
}

/// Tells a window what changes. One that fell behind is shown everything.
async fn tell(app: AppHandle, label: String, turret: Arc<Turret>, remembering: Remembering) {
    let mut changes = turret.subscribe();
    let mut log_ons = LogOns::default();
    // Somebody may have logged on before this listened.
    let mut told = vec![Change::View(Box::new(turret.view()))];
    loop {
        for change in &told {
            if let Change::Devices(view) = change
                && remembering.devices.take(remembering.at, &view.chosen)
            {
                let devices = remembering.devices.clone();
                // On its own: the window does not wait for the disk.
                tauri::async_runtime::spawn_blocking(move || {
                    if let Err(error) = devices.write() {
                        tracing::error!("{error:#}");
                    }
                });
            }
            let turn = log_ons.heed(change);
            if turn.left {
                close_review(&app, &label);
            }
            if turn.came {
                // On its own: the link answers in its own time, and the window waits for none of it.
                let (turret, Remembering { memory, own, .. }) = (turret.clone(), remembering.clone());
                tauri::async_runtime::spawn(async move { log_ons::remember(&turret, own.as_deref(), &memory).await });
            }
        }
        if let Err(error) = app.emit_to(&label, "changes", told) {
            tracing::warn!("the window {label} does not hear its turret: {error}");
        }
        let Some(more) = next(&mut changes, || turret.view()).await else { break };
        told = more;
    }
    // Its last change has told the window why.
    if app.state::<Seats>().turret(&label).is_some() {
        tracing::error!("the turret of the window {label} has ended by a fault; close the window and start again");
    }
}

/// Waits for a change and takes what is ready behind it, oldest first: a window draws them as one. None at the end.
async fn next(changes: &mut Receiver<Change>, whole: impl Fn() -> View) -> Option<Vec<Change>> {
    let everything = || Change::View(Box::new(whole()));
    let mut ready = match changes.recv().await {
        Ok(change) => vec![change],
        Err(RecvError::Lagged(_)) => vec![everything()],
        Err(RecvError::Closed) => return None,
    };
    while ready.len() < TOLD_AT_ONCE {
        match changes.try_recv() {
            Ok(change) => ready.push(change),
            Err(TryRecvError::Lagged(_)) => ready.push(everything()),
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    Some(ready)
}

/// What the user does at the panel.
#[tauri::command]
pub fn intent(window: WebviewWindow, seats: State<'_, Seats>, intent: Intent) {
    if let Some(turret) = seats.turret(window.label()) {
        turret.intent(intent);
    }
}

/// The whole view.
#[tauri::command]
pub fn look(window: WebviewWindow, seats: State<'_, Seats>) -> Result<View, String> {
    seats.turret(window.label()).map(|turret| turret.view()).ok_or_else(|| "This window has no turret.".to_owned())
}

/// Draws what the system draws for the page, such as an open list, in the page's own theme.
#[tauri::command]
pub fn take_theme(window: WebviewWindow, dark: bool) -> Result<(), String> {
    window.set_theme(Some(if dark { Theme::Dark } else { Theme::Light })).map_err(|error| error.to_string())
}

/// Closes the review window of a turret, and its door.
pub fn close_review(app: &AppHandle, label: &str) {
    let review = format!("{REVIEW}{label}");
    app.state::<Seats>().shut_door(&review);
    if let Some(Err(error)) = app.get_webview_window(&review).map(|window| window.destroy()) {
        tracing::warn!("the window {review} does not close: {error}");
    }
}

/// Opens the review page of this turret's switch in a window of its own, logged on as whoever is logged on here.
#[tauri::command]
pub async fn open_review(app: AppHandle, window: WebviewWindow) -> Result<(), String> {
    let label = format!("{REVIEW}{}", window.label());
    if let Some(open) = app.get_webview_window(&label) {
        return open.set_focus().map_err(|error| error.to_string());
    }
    let seats = app.state::<Seats>();
    let turret = seats.turret(window.label()).ok_or("This window has no turret.")?;
    let user = turret.view().header.user_id;
    let access = turret.access().await.ok_or("This turret has stopped; start Dealerboard again.")?;
    let reach = access.pin.and_then(|pin| Reach::new(&access.address, pin));
    let reach = reach.ok_or("Trust the switch's certificate before its recordings are opened.")?;
    let token = access.token.map(|token| token.token);
    let door = Door::open(reach, token.as_deref()).await.map_err(|error| format!("{error:#}"))?;
    let address = door.address.parse().map_err(|error| format!("{error}"))?;
    let review = WebviewWindowBuilder::new(&app, &label, WebviewUrl::External(address))
        .title("Dealerboard review")
        .inner_size(1280.0, 800.0)
        .build()
        .map_err(|error| error.to_string())?;
    drawing::suit(&review);
    seats.keep_open(window.label(), door);
    if seats.turret(window.label()).is_none_or(|turret| turret.view().header.user_id != user) {
        // Whoever asked has gone while the window opened.
        close_review(&app, window.label());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_turret::{Devices, TurretConfig};
    use tokio::sync::broadcast;

    #[tokio::test]
    async fn changes_that_are_ready_are_told_in_one_event_and_in_their_order() {
        let (tell, mut changes) = broadcast::channel(8);
        let first = Change::KeyGone("calder".into());
        let second = Change::Pages(Vec::new());
        tell.send(first.clone()).unwrap();
        tell.send(second.clone()).unwrap();
        let told = next(&mut changes, || unreachable!("nothing was missed")).await;
        assert_eq!(told, Some(vec![first, second]));
    }

    #[tokio::test]
    async fn a_window_that_fell_behind_is_told_everything_first() {
        let config = TurretConfig {
            address: "wss://127.0.0.1:1".into(),
            pin: None,
            seat: String::new(),
            uplink: Default::default(),
        };
        let turret = Turret::start(config, Devices::Hooks(Box::new(drop))).unwrap();
        let (tell, mut changes) = broadcast::channel(1);
        for line in ["calder", "macro"] {
            tell.send(Change::KeyGone(line.into())).unwrap();
        }
        let told = next(&mut changes, || turret.view()).await.unwrap();
        assert_eq!(told, [Change::View(Box::new(turret.view())), Change::KeyGone("macro".into())]);
    }

    #[tokio::test]
    async fn nothing_is_told_when_the_turret_has_ended() {
        let (tell, mut changes) = broadcast::channel::<Change>(1);
        drop(tell);
        assert_eq!(next(&mut changes, || unreachable!("nothing was missed")).await, None);
    }
}
