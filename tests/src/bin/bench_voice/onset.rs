//! How a talk begins: a person who already speaks presses the key; from when is the talk heard, and what is missing?

use crate::talk::PERIOD;
use anyhow::Result;
use dealerboard_model::Position;
use dealerboard_tests::chirp::Phases;
use dealerboard_tests::desk::Desk;
use dealerboard_tests::sweep::{self, sweep};
use dealerboard_tests::world::World;
use dealerboard_turret::monotonic_ns;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

const HOOT: &str = "sterling";

/// How long the key is held.
const HELD: Duration = Duration::from_millis(500);

/// Speech before the key goes down, so that what is said meanwhile can be told from what should be heard.
const BEFORE_NS: u64 = 300_000_000;

/// Longest way from mouth to ear that is told from a repetition: 250 ms.
const DELAY_MAX: usize = 12_000;

/// What was measured of the beginnings.
#[derive(Default)]
pub struct Onsets {
    /// From the key to the first sound at the ear, milliseconds.
    pub onset_ms: Vec<f64>,
    /// What was said after the key and is not heard, milliseconds.
    pub clipped_ms: Vec<f64>,
    /// Talks that were not heard at all.
    pub missing: usize,
}

/// A line that has been silent, and a hearer none of whose ears was ever lent: for each talk anew.
pub fn cold(world: &World, runtime: &Handle, talks: usize) -> Result<Onsets> {
    let (mut onsets, mut phases) = (Onsets::default(), Phases::new(0.618));
    for _ in 0..talks {
        let talker = Desk::sit(world, runtime, "reyes", PERIOD)?;
        let hearer = Desk::sit(world, runtime, "lindt", PERIOD)?;
        pause(1_000, &mut phases);
        talk(&talker, &hearer, &mut onsets)?;
    }
    Ok(onsets)
}

/// One talk after the other on the same line between the same turrets.
pub fn warm(world: &World, runtime: &Handle, talks: usize) -> Result<Onsets> {
    let (mut onsets, mut phases) = (Onsets::default(), Phases::new(0.414));
    let talker = Desk::sit(world, runtime, "reyes", PERIOD)?;
    let hearer = Desk::sit(world, runtime, "lindt", PERIOD)?;
    pause(1_000, &mut phases);
    talk(&talker, &hearer, &mut Onsets::default())?;
    for _ in 0..talks {
        pause(500, &mut phases);
        talk(&talker, &hearer, &mut onsets)?;
    }
    Ok(onsets)
}

/// A pause of a person between two talks, of no fixed length.
fn pause(least_ms: u64, phases: &mut Phases) {
    let more_ms = (phases.next().unwrap_or(0.5) * 200.0) as u64;
    std::thread::sleep(Duration::from_millis(least_ms + more_ms));
}

fn talk(talker: &Desk, hearer: &Desk, onsets: &mut Onsets) -> Result<()> {
    let begin_ns = monotonic_ns() + 50_000_000;
    let said: Arc<[f32]> = sweep(3, 72_000, 0.3).into();
    talker.mouth(Position::HandsFree).say(begin_ns, Arc::clone(&said));
    std::thread::sleep(Duration::from_nanos(begin_ns + BEFORE_NS - monotonic_ns()));
    let key_ns = talker.talk(HOOT, true);
    std::thread::sleep(HELD);
    talker.talk(HOOT, false);
    let heard = hearer.ear(Position::Speakers).listen(key_ns, 24_000)?;
    talker.mouth(Position::HandsFree).hush();
    let key_sample = (key_ns - begin_ns) as f64 * 48e-6;
    let Some(onset) = sweep::onset(&heard, &said, key_sample as usize, DELAY_MAX) else {
        onsets.missing += 1;
        return Ok(());
    };
    onsets.onset_ms.push(onset.heard_from as f64 / 48.0);
    onsets.clipped_ms.push(((onset.said_from as f64 - key_sample) / 48.0).max(0.0));
    Ok(())
}

/// From the callback that completes a frame until the packet is at the other turret's ear, milliseconds, one for each
/// packet: the talker's period is one frame, the hearer looks every third of a millisecond.
pub fn transit_ms(world: &World, runtime: &Handle) -> Result<Vec<f64>> {
    let talker = Desk::sit(world, runtime, "reyes", 480)?;
    let hearer = Desk::sit(world, runtime, "lindt", 16)?;
    let begin_ns = monotonic_ns();
    talker.mouth(Position::HandsFree).say(begin_ns, sweep(3, 8 * 48_000, 0.3).into());
    talker.talk(HOOT, true);
    hearer.ear(Position::Speakers).listen(begin_ns + 5_000_000_000, 1)?;
    talker.talk(HOOT, false);
    let sent = talker.log.captures_ns.lock().expect("no holder of this lock panics").clone();
    let arrived = hearer.log.arrivals_ns.lock().expect("no holder of this lock panics").clone();
    let way = |at: &u64| {
        let before = sent.partition_point(|sent| sent <= at).checked_sub(1)?;
        Some((at - sent[before]) as f64 / 1e6)
    };
    Ok(arrived.iter().filter_map(way).collect())
}
