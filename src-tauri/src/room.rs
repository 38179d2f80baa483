//! Where the windows of several turrets stand: beside each other while the screen has room, then each a little further down.
//!
//! Law: pure. One window alone is placed by the desktop.

/// How far a window stands from the one that it would lie upon, logical pixels.
const STEP: f64 = 48.0;

/// A window's width and height, logical pixels.
pub const WINDOW: (f64, f64) = (1280.0, 800.0);

/// The place of window `at` (from 0) on a screen of this width and height, from its upper left corner, logical pixels.
pub fn place(at: usize, screen: (f64, f64)) -> (f64, f64) {
    let fit = |room: f64, window: f64| ((room / window).floor() as usize).max(1);
    let (columns, rows) = (fit(screen.0, WINDOW.0), fit(screen.1, WINDOW.1));
    let (round, slot) = (at / (columns * rows), at % (columns * rows));
    let across = |number: usize, window: f64| number as f64 * window + round as f64 * STEP;
    (across(slot % columns, WINDOW.0), across(slot / columns, WINDOW.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_turrets_stand_beside_each_other_on_a_wide_screen() {
        assert_eq!([0, 1].map(|at| place(at, (2560.0, 1440.0))), [(0.0, 0.0), (1280.0, 0.0)]);
    }

    #[test]
    fn on_a_small_screen_no_window_hides_another() {
        assert_eq!([0, 1, 2].map(|at| place(at, (1920.0, 1080.0))), [(0.0, 0.0), (48.0, 48.0), (96.0, 96.0)]);
    }
}
