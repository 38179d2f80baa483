//! The program: floor, turrets, windows, and their orderly end.

use crate::data::DataFolder;
use crate::devices::SeatsDevices;
use crate::floor::Floor;
use crate::memory::Memory;
use crate::options::Options;
use crate::seats::{self, Remembering, Seats};
use crate::{drawing, room, tray, turrets};
use anyhow::Result;
use clap::Parser;
use dealerboard_turret::view::Intent;
use std::sync::Arc;
use std::time::Duration;
use tauri::{AppHandle, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder, Window, WindowEvent};

/// How long a turret has to say good-bye when its window closes.
const STOP_MAX: Duration = Duration::from_secs(3);

/// Runs until the last window closes.
///
/// # Errors
/// One sentence: what is missing to start.
pub fn run() -> Result<()> {
    // Two crypto providers in one process would panic at the first handshake: this one is chosen before any.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    dealerboard_turret::start_log("info,rtc=warn,str0m=warn");
    let options = Options::parse();
    let data = DataFolder::take(options.data_folder()?)?;
    let memory = Arc::new(Memory::read(data.path())?);
    let devices = Arc::new(SeatsDevices::read(&options, data.path())?);
    let floor = tauri::async_runtime::block_on(Floor::reach(&options, data.path(), &memory))?;
    let players = tauri::async_runtime::block_on(turrets::play_counterparties(&floor));

    let app = tauri::Builder::default()
        .manage(Seats::default())
        .invoke_handler(tauri::generate_handler![seats::intent, seats::look, seats::open_review, seats::take_theme])
        .on_window_event(window_event)
        .build(tauri::generate_context!())?;
    let handle = app.handle().clone();
    for at in 0..usize::from(options.turrets) {
        open(&handle, at, &floor, &memory, &options, &devices)?;
    }
    tray::put(&handle);
    tray::take_hot_key(&handle);

    let floor = tauri::async_runtime::block_on(async { floor.watch(move || say_failed(&handle)) });
    let mut rest = Some((floor, players, data));
    app.run(move |app, event| {
        if let RunEvent::Exit = event {
            stop_turrets(app);
            if let Some((floor, players, data)) = rest.take() {
                drop(players);
                if let Some(floor) = floor {
                    tauri::async_runtime::block_on(floor.stop());
                }
                drop(data);
            }
        }
    });
    Ok(())
}

/// Starts the turret `at` (from 0) and opens its window.
fn open(
    app: &AppHandle,
    at: usize,
    floor: &Floor,
    memory: &Arc<Memory>,
    options: &Options,
    devices: &Arc<SeatsDevices>,
) -> Result<()> {
    let label = format!("turret-{}", at + 1);
    let log_on = floor.log_on_at(at, options)?;
    let turret = tauri::async_runtime::block_on(turrets::start(floor, memory, log_on, devices.choices(at)))?;
    let own = floor.is_sample().then(|| floor.address.clone());
    app.state::<Seats>().seat(
        app,
        &label,
        turret,
        Remembering { memory: memory.clone(), own, devices: devices.clone(), at },
    );
    let window = WebviewWindowBuilder::new(app, &label, WebviewUrl::default())
        .title(if at == 0 { "Dealerboard".to_owned() } else { format!("Dealerboard {}", at + 1) })
        .inner_size(room::WINDOW.0, room::WINDOW.1)
        .min_inner_size(1180.0, 700.0)
        .build()?;
    drawing::suit(&window);
    if options.turrets > 1
        && let Some(screen) = window.current_monitor()?
    {
        let (area, scale) = (screen.work_area(), screen.scale_factor());
        let tauri::LogicalSize { width, height } = area.size.to_logical(scale);
        let tauri::LogicalPosition::<f64> { x, y } = area.position.to_logical(scale);
        let (right, down) = room::place(at, (width, height));
        window.set_position(tauri::LogicalPosition::new(x + right, y + down))?;
    }
    Ok(())
}

/// The switch of this program does not run any more: every window says so in its title.
fn say_failed(app: &AppHandle) {
    for (label, window) in app.webview_windows() {
        if let Err(error) = window.set_title("Dealerboard: its own switch has failed; quit and start Dealerboard again")
        {
            tracing::warn!("the window {label} does not say that its switch has failed: {error}");
        }
    }
}

fn window_event(window: &Window, event: &WindowEvent) {
    let seats = window.state::<Seats>();
    if let WindowEvent::Focused(false) = event
        && let Some(turret) = seats.turret(window.label())
    {
        turret.intent(Intent::FocusLost);
    }
    if let WindowEvent::Destroyed = event {
        seats.shut_door(window.label());
        if let Some(turret) = seats.turret(window.label()) {
            // Before anything else of the end: microphones shut.
            turret.intent(Intent::CloseAll);
            seats::close_review(window.app_handle(), window.label());
            seats.leave(window.label()).into_iter().for_each(stop);
        }
    }
}

fn stop_turrets(app: &AppHandle) {
    app.state::<Seats>().leave_all().into_iter().for_each(stop);
}

fn stop(turret: Arc<dealerboard_turret::Turret>) {
    tauri::async_runtime::block_on(async move {
        if tokio::time::timeout(STOP_MAX, turret.stop()).await.is_err() {
            tracing::warn!("a turret did not say good-bye in time; its switch will notice");
        }
    });
}
