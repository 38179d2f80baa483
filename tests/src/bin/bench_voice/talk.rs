//! Mouth to ear on a private wire: chirps over running speech, and chirps after a pause.

use anyhow::Result;
use dealerboard_model::{Lamp, Position};
use dealerboard_tests::chirp::{Phases, chirp, find};
use dealerboard_tests::desk::Desk;
use dealerboard_tests::process;
use dealerboard_tests::speech::Voice;
use dealerboard_tests::world::World;
use dealerboard_turret::monotonic_ns;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::runtime::Handle;

/// Samples of a device period.
pub const PERIOD: usize = 256;

/// Chirps of one call: each call has fresh turrets, so that the two devices meet in another phase.
const CHIRPS_A_CALL: usize = 30;

/// Peak of the speech below the chirps: they are found in it for certain.
const SOFT: f32 = 0.1;

/// Chirps of each call that come after a pause.
const AFTER_PAUSE: usize = 3;

const SECOND_NS: u64 = 1_000_000_000;

/// What was measured on the wire.
#[derive(Default)]
pub struct Talk {
    /// From mouth to ear in running speech, milliseconds, one for each chirp that was found.
    pub in_speech_ms: Vec<f64>,
    /// The same after at least 700 ms of silence.
    pub after_pause_ms: Vec<f64>,
    /// Chirps in running speech that were not found.
    pub missing: usize,
    /// Chirps after a pause that were not found.
    pub missing_after_pause: usize,
    /// Processor time of the switch, microseconds.
    pub switch_cpu_us: f64,
    /// Packets that reached ears meanwhile.
    pub packets: u64,
    /// Depth of the hearer's jitter buffer in running speech, milliseconds, one for each callback that took a packet.
    pub depths_ms: Vec<f64>,
    /// What it aimed at, likewise.
    pub targets_ms: Vec<f64>,
    /// Device periods that were called late.
    pub late_periods: u64,
    /// The device threads went before other programs.
    pub real_time: bool,
}

/// Says `chirps` chirps in running speech, and a few after pauses.
pub fn measure(world: &World, runtime: &Handle, chirps: usize) -> Result<Talk> {
    let mut talk = Talk::default();
    let mut phases = Phases::new(0.271);
    let mut left = chirps;
    while left > 0 {
        let now = left.min(CHIRPS_A_CALL);
        left -= now;
        call(world, runtime, now, &mut phases, &mut talk)?;
    }
    Ok(talk)
}

fn call(world: &World, runtime: &Handle, chirps: usize, phases: &mut Phases, talk: &mut Talk) -> Result<()> {
    let reyes = Desk::sit(world, runtime, "reyes", PERIOD)?;
    let lindt = Desk::sit(world, runtime, "lindt", PERIOD)?;
    reyes.press("ard-london", |lamp| lamp == Lamp::Idle)?;
    lindt.press("ard-new-york", |lamp| matches!(lamp, Lamp::RingingHigh | Lamp::RingingLow))?;
    lindt.until("the wire is answered", |view| {
        view.keys.iter().any(|key| key.line.as_str() == "ard-new-york" && key.lamp == Lamp::InUseHere)
    })?;
    let switch = world.switch_id()?;
    let begin_ns = monotonic_ns() + SECOND_NS / 10;
    for (desk, voice) in [(&reyes, Voice::Calder), (&lindt, Voice::Hallam)] {
        desk.mouth(Position::Left).say(begin_ns, running(voice, chirps + 3));
    }
    // The first seconds let both jitter buffers settle.
    let first_ns = begin_ns + 2 * SECOND_NS;
    lindt.ear(Position::Left).listen(first_ns - SECOND_NS / 5, 1)?;
    let settling = lindt.log.depths_ms.lock().expect("no holder of this lock panics").len();
    let (cpu_us, packets) = (process::cpu_us(switch)?, reyes.packets() + lindt.packets());
    for number in 0..chirps {
        let at_ns = first_ns + number as u64 * SECOND_NS + phase_ns(phases);
        let found = said_and_heard(&reyes, &lindt, at_ns)?;
        talk.in_speech_ms.extend(found);
        talk.missing += usize::from(found.is_none());
    }
    talk.switch_cpu_us += process::cpu_us(switch)? - cpu_us;
    talk.packets += reyes.packets() + lindt.packets() - packets;
    for (all, list) in [(&mut talk.depths_ms, &lindt.log.depths_ms), (&mut talk.targets_ms, &lindt.log.targets_ms)] {
        all.extend(list.lock().expect("no holder of this lock panics").iter().skip(settling));
    }
    [&reyes, &lindt].iter().for_each(|desk| desk.mouth(Position::Left).hush());
    for _ in 0..AFTER_PAUSE {
        let at_ns = monotonic_ns() + 7 * SECOND_NS / 10 + phase_ns(phases);
        let found = said_and_heard(&reyes, &lindt, at_ns)?;
        talk.after_pause_ms.extend(found);
        talk.missing_after_pause += usize::from(found.is_none());
    }
    talk.late_periods += reyes.late_periods() + lindt.late_periods();
    talk.real_time = lindt.log.real_time.load(Ordering::Relaxed);
    Ok(())
}

/// Somebody who speaks softly for so many seconds, with the short pauses of speech.
fn running(voice: Voice, seconds: usize) -> Arc<[f32]> {
    let phrase = voice.phrase();
    let peak = phrase.iter().fold(0.01_f32, |peak, sample| peak.max(sample.abs()));
    phrase.iter().map(|sample| sample * SOFT / peak).cycle().take(seconds * 48_000).collect()
}

/// A random part of 400 ms: no chirp meets frames and periods as the one before did.
fn phase_ns(phases: &mut Phases) -> u64 {
    (phases.next().unwrap_or(0.5) * 400e6) as u64
}

/// Says a chirp at `at_ns` and gives the milliseconds until it is heard.
fn said_and_heard(talker: &Desk, hearer: &Desk, at_ns: u64) -> Result<Option<f64>> {
    talker.mouth(Position::Left).say(at_ns, chirp().into());
    let heard = hearer.ear(Position::Left).listen(at_ns, 24_000)?;
    Ok(find(&heard, 0.6).map(|lag| lag as f64 / 48.0))
}
