//! Where the windows of several turrets stand: beside each other while the screen has room, then each a little further down.
//!
//! Law: pure. One window alone is placed by the desktop.

/// How far a window stands from the one that it would lie upon, logical pixels.
const STEP: f64 = 48.0;

/// A window's width and height within its frame, logical pixels.
pub const WINDOW: (f64, f64) = (1280.0, 800.0);

/// The room that a desktop's title bar takes above a window, at most, logical pixels.
const TITLE_BAR: f64 = 40.0;

/// The place of window `at` (from 0), title bar and all, in a room of this width and height that no task bar takes: from its
/// upper left corner, logical pixels.
pub fn place(at: usize, room: (f64, f64)) -> (f64, f64) {
    let (width, height) = (WINDOW.0, WINDOW.1 + TITLE_BAR);
    let fit = |room: f64, window: f64| ((room / window).floor() as usize).max(1);
    let (columns, rows) = (fit(room.0, width), fit(room.1, height));
    let (round, slot) = (at / (columns * rows), at % (columns * rows));
    let across = |number: usize, window: f64| number as f64 * window + round as f64 * STEP;
    (across(slot % columns, width), across(slot / columns, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_turrets_stand_beside_each_other_on_a_wide_screen() {
        assert_eq!([0, 1].map(|at| place(at, (2560.0, 1440.0))), [(0.0, 0.0), (1280.0, 0.0)]);
    }

    #[test]
    fn no_title_bar_pushes_the_foot_of_a_window_off_the_screen() {
        let third = |height| place(2, (2560.0, height));
        assert_eq!((third(1600.0), third(1680.0)), ((48.0, 48.0), (0.0, 840.0)));
    }

    #[test]
    fn on_a_small_screen_no_window_hides_another() {
        assert_eq!([0, 1, 2].map(|at| place(at, (1920.0, 1080.0))), [(0.0, 0.0), (48.0, 48.0), (96.0, 96.0)]);
    }
}
