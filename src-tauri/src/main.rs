//! The desktop turret: see [`dealerboard_window::app`].

fn main() -> anyhow::Result<()> {
    for (name, value) in dealerboard_turret::stay_environment(|name| std::env::var(name).ok()) {
        // SAFETY: nothing has run yet but this loop, so no other thread reads the environment.
        unsafe { std::env::set_var(name, value) };
    }
    dealerboard_window::app::run()
}
