//! Talk keys: hoots, and the speaker channels of wires.
//!
//! ```text
//! Shut ─key, gates ok─► Talking ─key up | displaced | lost | held too long─► Shut
//! ```

use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::state::{State, Talk};
use crate::timer::{TALK_HELD_MAX_MS, Timer};
use dealerboard_model::{LineId, LineKind, Moment, Right, TurretId};

/// A talk key goes down or up (SPK-1, HOT-1, HOT-3).
pub fn talk(
    s: &mut State,
    now: Moment,
    turret: TurretId,
    line: &LineId,
    on: bool,
    latched: bool,
) -> Result<Accepted, Refusal> {
    let right = s.right_on(turret, line)?;
    if !on {
        stop(s, now, turret, line);
        return Ok(Accepted { line: Some(line.clone()), position: None, call: None });
    }
    if right == Right::Listen {
        let name = s.line(line)?.spec.name.clone();
        s.notice(turret, None, String::new(), Some(Sound::Blocking));
        let sentence = format!("You may only listen on {name}; a supervisor can let you speak.");
        return Err(Refusal::new(RefusalCode::ListenOnly, sentence));
    }
    may_talk_now(s, line)?;
    s.recordable(line)?;
    let user = s.party(turret, dealerboard_model::Position::Speakers, now)?.user;
    if s.line(line)?.spec.kind == LineKind::Hoot && s.line(line)?.talks.iter().all(|talk| talk.turret != turret) {
        make_room(s, now, line)?;
    }
    let call = match s.line(line)?.call {
        Some(call) => call,
        None => s.new_call(),
    };
    let found = s.line_mut(line)?;
    if found.talks.is_empty() {
        found.since = now;
    }
    found.call = Some(call);
    match found.talks.iter_mut().find(|talk| talk.turret == turret) {
        Some(talk) => talk.latched = latched,
        None => found.talks.push(Talk { user, turret, since: now, latched }),
    }
    if !latched {
        let timer = Timer::TalkHeld(line.clone(), turret, now.mono_us);
        s.set_timer(now.plus_ms(TALK_HELD_MAX_MS), timer);
    }
    Ok(Accepted { line: Some(line.clone()), position: None, call: Some(call) })
}

/// A wire can be talked on from the speakers only while it is up.
fn may_talk_now(s: &State, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    let name = &found.spec.name;
    match found.spec.kind {
        LineKind::Hoot => Ok(()),
        LineKind::Ard | LineKind::Mrd if !found.legs.is_empty() && !found.calling => Ok(()),
        LineKind::Ard | LineKind::Mrd => {
            Err(Refusal::new(RefusalCode::NobodyThere, format!("Nobody is on {name}; press its key to ring.")))
        }
        LineKind::Intercom => Err(Refusal::new(RefusalCode::NoRight, "Use the talk key beside the person's name.")),
    }
}

/// At the limit the newest talk displaces the oldest (HOT-3, HOT-4).
fn make_room(s: &mut State, now: Moment, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    let limit = s.floor.hoot_talkers.max(1);
    if found.talks.len() < limit {
        return Ok(());
    }
    let latched = found.talks.iter().find(|talk| talk.latched);
    let Some(loser) = latched.or(found.talks.first()).map(|talk| talk.turret) else { return Ok(()) };
    let name = found.spec.name.clone();
    stop(s, now, loser, line);
    let sentence = format!("{limit} are talking on {name}: your microphone was closed for a newer talk.");
    s.notice(loser, Some(line), sentence, Some(Sound::Blocking));
    Ok(())
}

/// Ends a talk; without one nothing happens.
pub fn stop(s: &mut State, now: Moment, turret: TurretId, line: &LineId) {
    let gap_ms = s.floor.hoot_gap_ms;
    let Ok(found) = s.line_mut(line) else { return };
    let before = found.talks.len();
    found.talks.retain(|talk| talk.turret != turret);
    if found.talks.is_empty() && before > 0 && found.spec.kind == LineKind::Hoot {
        found.since = now;
        s.set_timer(now.plus_ms(gap_ms), Timer::HootGap(line.clone(), now.mono_us));
    }
}

/// Ends all talks of a turret (LOS-8, SPK-6).
pub fn stop_all(s: &mut State, now: Moment, turret: TurretId) {
    let talks_on = |line: &crate::state::Line| line.talks.iter().any(|talk| talk.turret == turret);
    let lines: Vec<LineId> = s.lines.values().filter(|line| talks_on(line)).map(|l| l.spec.line.clone()).collect();
    for line in lines {
        stop(s, now, turret, &line);
    }
}

/// Something lies on the key (SPK-3).
pub fn held_too_long(s: &mut State, now: Moment, line: &LineId, turret: TurretId, since_us: u64) {
    let Some(found) = s.lines.get(line) else { return };
    let held = |talk: &&Talk| talk.turret == turret && !talk.latched && talk.since.mono_us == since_us;
    if found.talks.iter().find(held).is_none() {
        return;
    }
    let sentence = format!("The talk key of {} was down for two minutes: your microphone was closed.", found.spec.name);
    stop(s, now, turret, line);
    s.notice(turret, Some(line), sentence, Some(Sound::Warning));
}

/// A hoot has been quiet for long enough: what follows is a new recording (HOT-7).
pub fn gap(s: &mut State, line: &LineId, since_us: u64) {
    if let Ok(found) = s.line_mut(line)
        && found.talks.is_empty()
        && found.since.mono_us == since_us
    {
        found.call = None;
    }
}
