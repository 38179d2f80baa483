//! The tray icon and the hot key: both act on every turret of this program, and both may be missing.

use crate::seats::Seats;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager};
use tauri_plugin_global_shortcut::{GlobalShortcutExt, ShortcutState};

/// Closes every microphone, whichever program has the keyboard.
const CLOSE_ALL: &str = "CmdOrCtrl+Shift+Escape";

/// Puts the icon into the tray, where there is one.
pub fn put(app: &AppHandle) {
    // The library behind the icon panics where the desktop has none; the turret works without.
    match catch_unwind(AssertUnwindSafe(|| build(app))) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!("there is no tray icon: {error}"),
        Err(_) => tracing::info!("there is no tray icon: this desktop has no tray"),
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let item = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
    let menu =
        Menu::with_items(app, &[&item("mute", "Mute all")?, &item("release", "Release all")?, &item("quit", "Quit")?])?;
    let mut tray = TrayIconBuilder::new().menu(&menu).tooltip("Dealerboard").on_menu_event(|app, event| {
        let seats = app.state::<Seats>();
        match event.id().as_ref() {
            "mute" => seats.close_all(),
            "release" => seats.release_all(),
            "quit" => app.exit(0),
            other => tracing::debug!("the tray has no entry {other}"),
        }
    });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app).map(drop)
}

/// Takes the hot key that closes every microphone, where the desktop gives one.
pub fn take_hot_key(app: &AppHandle) {
    let plugin = tauri_plugin_global_shortcut::Builder::new().build();
    if let Err(error) = app.plugin(plugin) {
        return tracing::info!("there is no global hot key: {error}");
    }
    let taken = app.global_shortcut().on_shortcut(CLOSE_ALL, |app, _, event| {
        if event.state() == ShortcutState::Pressed {
            app.state::<Seats>().close_all();
        }
    });
    if let Err(error) = taken {
        tracing::info!("the hot key {CLOSE_ALL} is not ours: {error}");
    }
}
