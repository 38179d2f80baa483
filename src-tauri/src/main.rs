//! The desktop turret: see [`dealerboard_window::app`].

fn main() -> anyhow::Result<()> {
    dealerboard_window::app::run()
}
