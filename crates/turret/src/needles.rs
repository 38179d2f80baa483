//! Levels as meters show them.
//!
//! Law: a meter rises with the next drawing, falls evenly and moves in steps that can be seen; what nobody would see is not told.

use crate::view::Meters;
use dealerboard_media::SILENCE_DBFS;
use dealerboard_model::{Csrc, LineId};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How fast a meter falls, in decibels a second.
const FALL_DB_PER_S: f32 = 20.0;

/// The lowest level that a meter shows, in decibels below full scale.
const FLOOR_DBFS: f32 = -60.0;

/// What moves a meter visibly, in decibels: a segment of the shortest one.
const STEP_DB: f32 = 2.5;

/// Meters are drawn no more often than this, since every drawing of a window has its price: with each second tick, even if
/// that comes a little early.
const DRAWN_EVERY: Duration = Duration::from_millis(80);

/// Every meter of a turret.
#[derive(Debug)]
pub(crate) struct Needles {
    mics_dbfs: [f32; 3],
    lines_dbfs: BTreeMap<Csrc, f32>,
    fell: Option<Instant>,
    told: Option<Instant>,
    shown: ([f32; 3], BTreeMap<Csrc, f32>),
}

impl Default for Needles {
    fn default() -> Self {
        let mics_dbfs = [SILENCE_DBFS; 3];
        let shown = (mics_dbfs, BTreeMap::new());
        Self { mics_dbfs, lines_dbfs: BTreeMap::new(), fell: None, told: None, shown }
    }
}

impl Needles {
    /// Takes the levels since the last call and gives what meters show now, where that is not what they were last told.
    pub(crate) fn follow(
        &mut self,
        mics_dbfs: [f32; 3],
        lines_dbfs: &BTreeMap<Csrc, f32>,
        now: Instant,
    ) -> Option<([f32; 3], BTreeMap<Csrc, f32>)> {
        let since = self.fell.replace(now).map_or(Duration::ZERO, |fell| now.saturating_duration_since(fell));
        let fall_db = FALL_DB_PER_S * since.as_secs_f32();
        for (needle, dbfs) in self.mics_dbfs.iter_mut().zip(mics_dbfs) {
            *needle = dbfs.max(*needle - fall_db).max(SILENCE_DBFS);
        }
        for needle in self.lines_dbfs.values_mut() {
            *needle -= fall_db;
        }
        for (line, dbfs) in lines_dbfs {
            let needle = self.lines_dbfs.entry(*line).or_insert(*dbfs);
            *needle = needle.max(*dbfs);
        }
        self.lines_dbfs.retain(|_, needle| step(*needle) > SILENCE_DBFS);
        let lines = self.lines_dbfs.iter().map(|(line, needle)| (*line, step(*needle))).collect();
        let steps = (self.mics_dbfs.map(step), lines);
        let soon = self.told.is_some_and(|told| now.saturating_duration_since(told) < DRAWN_EVERY);
        if soon || steps == self.shown {
            return None;
        }
        self.told = Some(now);
        self.shown.clone_from(&steps);
        Some(steps)
    }

    /// Nothing is shown, and nothing is about to be.
    pub(crate) fn rest(&self) -> bool {
        self.shown.0 == [SILENCE_DBFS; 3] && self.shown.1.is_empty() && self.lines_dbfs.is_empty()
    }
}

/// The step that shows a level, in decibels below full scale; silence where a meter shows nothing.
fn step(dbfs: f32) -> f32 {
    let step = (dbfs / STEP_DB).round() * STEP_DB;
    if step <= FLOOR_DBFS { SILENCE_DBFS } else { step }
}

/// What a window is told; lines that are not known have no meter.
pub(crate) fn told(
    (mics_dbfs, lines): ([f32; 3], BTreeMap<Csrc, f32>),
    name: impl Fn(Csrc) -> Option<LineId>,
) -> Meters {
    Meters { mics_dbfs, lines_dbfs: lines.into_iter().filter_map(|(csrc, dbfs)| Some((name(csrc)?, dbfs))).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const QUIET: [f32; 3] = [SILENCE_DBFS; 3];

    fn left(dbfs: f32) -> [f32; 3] {
        [dbfs, SILENCE_DBFS, SILENCE_DBFS]
    }

    fn none() -> BTreeMap<Csrc, f32> {
        BTreeMap::new()
    }

    #[test]
    fn silence_is_never_told() {
        let (mut needles, now) = (Needles::default(), Instant::now());
        assert_eq!(needles.follow(QUIET, &none(), now), None);
        assert!(needles.rest());
    }

    #[test]
    fn a_level_below_what_a_meter_shows_is_not_told() {
        let mut needles = Needles::default();
        assert_eq!(needles.follow(left(-70.0), &none(), Instant::now()), None);
    }

    #[test]
    fn a_change_below_one_visible_step_is_not_told() {
        let (mut needles, now) = (Needles::default(), Instant::now());
        assert_eq!(needles.follow(left(-20.0), &none(), now), Some((left(-20.0), none())));
        assert_eq!(needles.follow(left(-19.0), &none(), now + DRAWN_EVERY), None);
        assert_eq!(needles.follow(left(-17.4), &none(), now + 2 * DRAWN_EVERY), Some((left(-17.5), none())));
    }

    #[test]
    fn a_meter_rises_with_the_next_drawing_and_falls_evenly() {
        let (mut needles, now) = (Needles::default(), Instant::now());
        assert_eq!(needles.follow(left(-10.0), &none(), now).unwrap().0, left(-10.0));
        let half_a_second = now + Duration::from_millis(500);
        assert_eq!(needles.follow(QUIET, &none(), half_a_second).unwrap().0, left(-20.0));
        assert_eq!(needles.follow(left(-5.0), &none(), half_a_second + DRAWN_EVERY).unwrap().0, left(-5.0));
    }

    #[test]
    fn what_comes_sooner_than_the_next_drawing_waits_for_it() {
        let (mut needles, now) = (Needles::default(), Instant::now());
        needles.follow(left(-40.0), &none(), now);
        assert_eq!(needles.follow(left(-10.0), &none(), now + DRAWN_EVERY / 2), None);
        let shown = needles.follow(QUIET, &none(), now + DRAWN_EVERY).unwrap();
        assert_eq!(shown.0, left(-10.0), "the peak is shown");
    }

    #[test]
    fn a_line_that_falls_silent_is_told_until_its_meter_is_dark() {
        let (mut needles, now) = (Needles::default(), Instant::now());
        let loud = BTreeMap::from([(Csrc(7), -30.0)]);
        assert_eq!(needles.follow(QUIET, &loud, now), Some((QUIET, loud)));
        assert!(!needles.rest());
        let dark = needles.follow(QUIET, &none(), now + Duration::from_secs(3));
        assert_eq!(dark, Some((QUIET, none())));
        assert!(needles.rest());
    }
}
