//! The desktop turret: see [`dealerboard_window::app`].

use std::process::ExitCode;

fn main() -> ExitCode {
    for (name, value) in dealerboard_turret::stay_environment(|name| std::env::var(name).ok()) {
        // SAFETY: nothing has run yet but this loop, so no other thread reads the environment.
        unsafe { std::env::set_var(name, value) };
    }
    match dealerboard_window::app::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
