//! A live call goes to another position of its turret.
//!
//! ```text
//! Here ─Move to a position with a microphone─► Moving ─the new microphone is heard | `MOVE_MAX_MS`─► There
//!   └─Move to the speakers, or while nothing is said here─► There
//! ```
//!
//! Law: it is heard at the new position at once, and spoken by one microphone at a time: by the old one until the new one is
//! heard. The call, its privacy, its recording and its track go on (MOV-1).

use crate::handset;
use crate::happenings::Happening;
use crate::hoot;
use crate::line::{Leaving, Leg};
use crate::messages::{Accepted, Refusal, RefusalCode};
use crate::mute;
use crate::position;
use crate::privacy;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{CallId, LineId, LineKind, Position, TurretId, Uplink};

/// How long the new microphone is waited for: then the old one is off, whether the new one is heard or not.
pub const MOVE_MAX_MS: u64 = 500;

/// Calls that the speakers of one turret carry at most, besides their channels.
pub const SPEAKERS_MAX: usize = 32;

/// Moves a call, with all that is joined with it.
pub fn to(s: &mut State, turret: TurretId, line: &LineId, call: CallId, at: Position) -> Done {
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    let Some(leg) = found.leg(turret).filter(|_| found.call == Some(call)) else { return Err(stale(&name)) };
    let from = leg.party.position;
    if from == at {
        return Err(Refusal::new(RefusalCode::Stale, format!("{name} is there already; nothing has moved.")));
    }
    if found.spec.kind.is_open() && at == Position::Speakers {
        return handset::leave(s, turret, line);
    }
    let lines = s.joined_with(line);
    if at == Position::Speakers {
        may_be_on_speakers(s, turret, &lines)?;
    } else {
        has_microphone(s, turret, at)?;
    }
    if from == Position::Speakers {
        for one in &lines {
            s.recordable(one)?;
            s.not_just_closed(one, turret)?;
        }
    }
    if at != Position::Speakers {
        position::take(s, turret, at)?;
    }
    for one in &lines {
        if from == Position::Speakers {
            hoot::let_go(s, turret, one);
        }
        if s.line(one)?.spec.kind.is_open() {
            handset::end_talk(s, turret, one, Some(at));
        }
        s.happened_at(one, turret, Happening::Moved(at));
    }
    let talks = s.talks_anywhere(turret);
    let now = s.now;
    for one in &lines {
        let Some(leg) = s.leg_mut(one, turret) else { continue };
        match at {
            Position::Speakers => (leg.mic, leg.mic_lapsed, leg.key, leg.leaving) = (false, false, None, None),
            Position::Left | Position::Right | Position::HandsFree if from == Position::Speakers => {
                (leg.mic, leg.mic_since) = (true, now);
            }
            Position::Left | Position::Right | Position::HandsFree => {
                let (old, said) = (leg.uplink(), leg.mic && leg.enters.is_none() && !talks);
                leg.leaving = (said && old != at.uplink()).then_some(Leaving { uplink: old, since: now });
            }
        }
        (leg.party.position, leg.broadcast) = (at, false);
    }
    // Who comes from the speakers to a handset may bring a global mute with them (MUT-4).
    privacy::close_strangers(s, line);
    mute::close_strangers(s, line);
    s.set_timer(now.plus_ms(MOVE_MAX_MS), Timer::MoveOver(turret, now.mono_us));
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// Nobody talks to a microphone that is not there.
pub fn has_microphone(s: &State, turret: TurretId, at: Position) -> Result<(), Refusal> {
    let lacks = s.turrets.get(&turret).is_some_and(|seat| seat.without_mic.contains(&at.uplink()));
    if lacks {
        let sentence = "That position has no microphone; plug one in, or choose another position.";
        return Err(Refusal::new(RefusalCode::PositionBusy, sentence));
    }
    Ok(())
}

/// A wire whose far end has come can be left to the speakers (MOV-2).
fn may_be_on_speakers(s: &State, turret: TurretId, lines: &[LineId]) -> Result<(), Refusal> {
    for one in lines {
        let found = s.line(one)?;
        let name = &found.spec.name;
        match found.spec.kind {
            LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial => {}
            LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => {
                let sentence = format!("{name} has no talk key among the speaker channels; move it to hands-free.");
                return Err(Refusal::new(RefusalCode::NoRight, sentence));
            }
        }
        if found.calling {
            let sentence = format!("{name} still rings; move it when it is answered.");
            return Err(Refusal::new(RefusalCode::StillRinging, sentence));
        }
    }
    let on_speakers = |leg: &Leg| leg.party.position == Position::Speakers;
    let there = s.lines_of(turret).filter(|it| it.leg(turret).is_some_and(on_speakers)).count();
    if there + lines.len() > SPEAKERS_MAX {
        let sentence = format!("The speakers carry {SPEAKERS_MAX} calls already; move one of them first.");
        return Err(Refusal::new(RefusalCode::GroupFull, sentence));
    }
    Ok(())
}

/// A microphone that was waited for is heard: what was said by another one goes on by it.
pub fn heard(s: &mut State, turret: TurretId, uplink: Uplink) {
    arrive(s, turret, |leg| leg.party.position.uplink() == uplink);
}

/// The new microphone was not heard in time; nothing is said by the old one any more.
pub fn over(s: &mut State, turret: TurretId, since_us: u64) {
    arrive(s, turret, |leg| leg.leaving.is_some_and(|leaving| leaving.since.mono_us == since_us));
}

fn arrive(s: &mut State, turret: TurretId, which: impl Fn(&Leg) -> bool) {
    let moving = |leg: &Leg| leg.leaving.is_some() && which(leg);
    let lines: Vec<LineId> =
        s.lines_of(turret).filter(|it| it.leg(turret).is_some_and(moving)).map(|it| it.spec.line.clone()).collect();
    for line in lines {
        let Some(leg) = s.leg_mut(&line, turret) else { continue };
        let Some(Leaving { uplink: old, .. }) = leg.leaving.take() else { continue };
        let new = leg.party.position.uplink();
        s.handed.insert((turret, new), (turret, old));
    }
}
