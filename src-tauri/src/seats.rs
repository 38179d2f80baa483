//! The turrets of this program, one behind each window, and the commands of their panels.
//!
//! Law: thin. Intents go to the turret, changes come from it; nothing is decided here.

use crate::review::{Door, Reach};
use dealerboard_turret::Turret;
use dealerboard_turret::view::{Change, Intent, View};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tauri::{AppHandle, Emitter, Manager, State, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tokio::sync::broadcast::error::RecvError;

/// One turret and how its switch is reached.
struct Seat {
    turret: Arc<Turret>,
    address: String,
    pin: Option<String>,
    door: Option<Door>,
}

/// Every turret, by its window's label.
#[derive(Default)]
pub struct Seats(Mutex<BTreeMap<String, Seat>>);

impl Seats {
    /// Puts a turret behind a window and tells the window its changes.
    pub fn seat(&self, app: &AppHandle, label: &str, turret: Turret, address: String, pin: Option<String>) {
        let turret = Arc::new(turret);
        tauri::async_runtime::spawn(tell(app.clone(), label.to_owned(), turret.clone()));
        let seat = Seat { turret, address, pin, door: None };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(label.to_owned(), seat);
    }

    /// The turret behind a window.
    pub fn turret(&self, label: &str) -> Option<Arc<Turret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(label).map(|seat| seat.turret.clone())
    }

    /// Every turret.
    pub fn all(&self) -> Vec<Arc<Turret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().map(|seat| seat.turret.clone()).collect()
    }

    /// Takes the turret from behind a window that closes.
    pub fn leave(&self, label: &str) -> Option<Arc<Turret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(label).map(|seat| seat.turret)
    }

    /// Closes every microphone of every turret.
    pub fn close_all(&self) {
        self.all().iter().for_each(|turret| turret.intent(Intent::CloseAll));
    }

    /// Releases every line of every turret.
    pub fn release_all(&self) {
        for turret in self.all() {
            for position in turret.view().positions.iter().filter(|position| position.line.is_some()) {
                turret.intent(Intent::Release { position: position.position });
            }
        }
    }

    /// Remembers where the user sends this turret, so that the review page goes to the same switch.
    fn follow(&self, label: &str, intent: &Intent) {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seat) = seats.get_mut(label) else { return };
        if let Intent::LogOn { switch: Some(address), .. } = intent
            && *address != seat.address
        {
            seat.address.clone_from(address);
            seat.pin = None;
        }
        if let Intent::Trust { fingerprint } = intent {
            seat.pin = Some(fingerprint.clone());
        }
    }

    fn reach(&self, label: &str) -> Option<Reach> {
        let seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seat = seats.get(label)?;
        Reach::new(&seat.address, seat.pin.as_deref()?)
    }

    fn keep_open(&self, label: &str, door: Door) {
        if let Some(seat) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(label) {
            seat.door = Some(door);
        }
    }
}

/// Tells a window what changes. One that fell behind is shown everything.
async fn tell(app: AppHandle, label: String, turret: Arc<Turret>) {
    let mut changes = turret.subscribe();
    loop {
        let change = match changes.recv().await {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => Change::View(Box::new(turret.view())),
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = app.emit_to(&label, "change", change) {
            tracing::warn!("the window {label} does not hear its turret: {error}");
        }
    }
}

/// What the user does at the panel.
#[tauri::command]
pub fn intent(window: WebviewWindow, seats: State<'_, Seats>, intent: Intent) {
    seats.follow(window.label(), &intent);
    if let Some(turret) = seats.turret(window.label()) {
        turret.intent(intent);
    }
}

/// The whole view.
#[tauri::command]
pub fn look(window: WebviewWindow, seats: State<'_, Seats>) -> Result<View, String> {
    seats.turret(window.label()).map(|turret| turret.view()).ok_or_else(|| "This window has no turret.".to_owned())
}

/// Opens the review page of this turret's switch in a window of its own.
#[tauri::command]
pub async fn open_review(app: AppHandle, window: WebviewWindow) -> Result<(), String> {
    let label = format!("review-{}", window.label());
    if let Some(open) = app.get_webview_window(&label) {
        return open.set_focus().map_err(|error| error.to_string());
    }
    let seats = app.state::<Seats>();
    let reach =
        seats.reach(window.label()).ok_or("Trust the switch's certificate before its recordings are opened.")?;
    let door = Door::open(reach).await.map_err(|error| format!("{error:#}"))?;
    let address = door.address.parse().map_err(|error| format!("{error}"))?;
    WebviewWindowBuilder::new(&app, &label, WebviewUrl::External(address))
        .title("Dealerboard review")
        .inner_size(1280.0, 800.0)
        .build()
        .map_err(|error| error.to_string())?;
    seats.keep_open(window.label(), door);
    Ok(())
}
