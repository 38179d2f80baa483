//! A hoot, or a shout-down, at a handset or hands-free: heard there, and talked on by that microphone.
//!
//! ```text
//! Speakers ─taken to a position─► There, shut ─talk key─► There, talking ─key up─► There, shut
//!     ▲                             │  ▲  └─`hoot.handset` = open─► There, open ─displaced | lowered | lost─┐
//!     │                             │  └───────────────────────────────────────────────────────────────────┘
//!     └─released | moved to the speakers | another call comes there
//! ```
//!
//! Law: it is no call. It makes nobody busy, nothing of it rings, is held, joined, sent on or kept private, and who leaves ends
//! nothing for others. A microphone that is open there counts among those who talk (HOT-3).

use crate::happenings::Happening;
use crate::hoot;
use crate::line::{Leg, Line, Talk};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::policy::HootHandset;
use crate::position;
use crate::room;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{LineId, Position, Right, TurretId, Uplink};

/// Takes a hoot to a position, where it is heard from now on (HOT-6).
pub fn take(s: &mut State, turret: TurretId, line: &LineId, at: Position) -> Done {
    let right = s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.leg(turret).is_some() {
        let sentence = format!("{name} is at a position here already; move it from there.");
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    }
    let call = found.call;
    let leg = Leg::new(s.party(turret, at)?, false, s.now);
    position::take(s, turret, at)?;
    end_talk(s, turret, line, Some(at));
    let call = call.unwrap_or_else(|| s.new_call());
    s.line_mut(line)?.call = Some(call);
    s.put_leg(line, leg);
    s.happened_at(line, turret, Happening::Seized);
    let opens = s.policy(Some(line), s.user_of(turret)).hoot_handset == HootHandset::Open;
    if opens
        && right == Right::Speak
        && let Err(why) = open_mic(s, turret, line)
    {
        // It is heard all the same, and its user reads why nobody hears them.
        s.notice(turret, Some(line), why.sentence, Some(Sound::Blocking));
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// Opens the microphone of the position where a hoot is, as far as one may talk on it (HOT-1, HOT-3, HOT-6).
pub fn open_mic(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    hoot::may_speak(s, turret, line)?;
    s.recordable(line)?;
    s.not_just_closed(line, turret)?;
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    let Some(leg) = found.leg(turret) else { return Err(stale(&name)) };
    let (position, user) = (leg.party.position, leg.party.user.clone());
    if s.policy(Some(line), Some(&user)).hoot_handset == HootHandset::Keyed {
        return Err(Refusal::new(RefusalCode::NoRight, format!("{name} is talked on with its talk key.")));
    }
    if !leg.mic {
        if found.talk(turret).is_none() {
            room::make(s, turret, line)?;
        }
        // One microphone at a time: a talk by key gives way to the one that stays open.
        hoot::let_go(s, turret, line);
        let now = s.now;
        s.leg_mut(line, turret).into_iter().for_each(|leg| (leg.mic, leg.mic_since) = (true, now));
        s.happened_at(line, turret, Happening::MicOpened);
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(position), call })
}

/// Shuts the microphone of the position where a hoot is, without its user's act: it opens again by a press (I6).
pub fn shut_mic(s: &mut State, turret: TurretId, line: &LineId) {
    let open = |leg: &&mut Leg| leg.mic || leg.mic_lapsed;
    if let Some(leg) = s.leg_mut(line, turret).filter(open) {
        (leg.mic, leg.mic_lapsed, leg.leaving) = (false, false, None);
        s.closed.insert((line.clone(), turret));
        s.happened_at(line, turret, Happening::TalkClosed);
    }
}

/// Shuts what is open at a turret's positions towards hoots (LOG-4).
pub fn shut_all(s: &mut State, turret: TurretId) {
    let open = |it: &&Line| it.spec.kind.is_open() && it.leg(turret).is_some_and(|leg| leg.mic || leg.mic_lapsed);
    let lines: Vec<LineId> = s.lines_of(turret).filter(open).map(|it| it.spec.line.clone()).collect();
    lines.iter().for_each(|line| shut_mic(s, turret, line));
}

/// No voice of a turret's uplink reaches the switch: what it is open for at a hoot is shut, as a talk is (I7).
pub fn orphaned(s: &mut State, turret: TurretId, uplink: Uplink) {
    let open = |it: &&Line| it.leg(turret).is_some_and(|leg| leg.mic && leg.uplink() == uplink);
    let hoots = s.lines_of(turret).filter(|it| it.spec.kind.is_open()).filter(open);
    let lines: Vec<(LineId, String)> = hoots.map(|it| (it.spec.line.clone(), it.spec.name.clone())).collect();
    for (line, name) in lines {
        shut_mic(s, turret, &line);
        let sentence =
            format!("Your voice did not reach the switch: the microphone on {name} was closed. Press again.");
        s.notice(turret, Some(&line), sentence, Some(Sound::Warning));
    }
}

/// A hoot leaves its position: it is on the speakers again where it has a channel, and the rest of it goes on.
pub fn leave(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let Some(Leg { party, .. }) = s.take_leg(line, turret) else {
        let name = &s.line(line)?.spec.name;
        return Err(Refusal::new(RefusalCode::Stale, format!("{name} is at no position here; nothing is released.")));
    };
    end_talk(s, turret, line, None);
    s.happened(line, Some(party.user), Happening::Left);
    Ok(Accepted { line: Some(line.clone()), position: None, call: s.line(line)?.call })
}

/// Ends a talk by another microphone than that of the position where a hoot is from now on, or by a handset's when it is at none:
/// what was put down is not talked into any more. One that talks to several lines has none of them for its own.
pub fn end_talk(s: &mut State, turret: TurretId, line: &LineId, at: Option<Position>) {
    let uplink = at.map_or(Uplink::Mic, Position::uplink);
    let other = |talk: &Talk| !talk.broadcast && talk.uplink != uplink;
    if s.lines.get(line).and_then(|found| found.talk(turret)).is_some_and(other) {
        hoot::let_go(s, turret, line);
    }
}

/// Whether a call that takes the place of a hoot leaves it on the speakers, in words.
pub fn where_it_is(s: &State, turret: TurretId, line: &LineId) -> &'static str {
    let on_speakers = s.turrets.get(&turret).is_some_and(|seat| seat.monitors.contains(line));
    if on_speakers { "on the speakers again" } else { "released" }
}

/// The microphone that a talk key of a turret opens towards a line: that of the handset where it listens to a hoot.
pub fn talks_by(s: &State, turret: TurretId, line: &LineId) -> Uplink {
    let found = s.lines.get(line).filter(|found| found.spec.kind.is_open());
    let leg = found.and_then(|found| found.leg(turret)).filter(|leg| !leg.mic);
    leg.map_or(Uplink::Mic, |leg| leg.party.position.uplink())
}

/// Since when a hoot is talked on, or quiet; and its call, which is over when nobody has talked for `hoot.activity_gap` and
/// none is at a position (HOT-7).
pub fn follow(s: &mut State) {
    let open = |s: &State, line: &LineId| s.lines.get(line).is_some_and(|found| found.spec.kind.is_open());
    let hoots: Vec<LineId> = s.touched.iter().filter(|line| open(s, line)).cloned().collect();
    for line in hoots {
        let (gap_ms, now) = (s.policy(Some(&line), None).hoot_activity_gap_ms, s.now);
        let Some(found) = s.lines.get_mut(&line) else { continue };
        let spoken = found.is_spoken_on();
        if std::mem::replace(&mut found.spoken, spoken) != spoken {
            found.since = now;
        }
        if found.call.is_some() && !spoken {
            let ends = found.since.plus_ms(gap_ms);
            let since_us = found.since.mono_us;
            if ends.mono_us > now.mono_us {
                s.set_timer(ends, Timer::HootGap(line, since_us));
            } else if found.legs().is_empty() {
                found.call = None;
            }
        }
    }
}

/// A hoot has been quiet for long enough: what follows is a new recording.
pub fn gap(s: &mut State, line: &LineId, since_us: u64) {
    let Some(found) = s.lines.get(line) else { return };
    if found.is_spoken_on() || found.since.mono_us != since_us {
        return;
    }
    let call = (!found.legs().is_empty()).then(|| s.new_call());
    s.line_mut(line).into_iter().for_each(|found| found.call = call);
}
