//! A call goes to the other turret of its user.
//!
//! ```text
//! There ─its key is pressed here─► Asked ─a microphone is heard here─► Here
//!                                    └─`takeover.wait`─► There, and both turrets are told
//! ```
//!
//! Law: never two open microphones. The one there is open until the first word from here, and what cannot be heard here stays
//! there (LOG-2). The call, its privacy, its recording and its track go on.

use crate::happenings::Happening;
use crate::hoot;
use crate::line::{Goes, Key, Leg};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::moves;
use crate::mrd;
use crate::mute;
use crate::position;
use crate::privacy;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{CallId, LineId, Position, TurretId, Uplink};

/// Asks for a call that this user is on at their other turret.
pub fn ask(s: &mut State, turret: TurretId, line: &LineId, call: CallId, at: Position) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    let me = s.user_of(turret);
    let theirs =
        found.legs().iter().map(|leg| &leg.party).find(|party| Some(&party.user) == me && party.turret != turret);
    let Some(from) = theirs.filter(|_| found.call == Some(call) && found.leg(turret).is_none()) else {
        return Err(stale(&name));
    };
    if found.spec.kind.is_open() {
        let sentence = format!("{name} is heard at both of your turrets; take it to a handset here.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    let (from, lines) = (from.turret, s.joined_with(line));
    for one in &lines {
        s.recordable(one)?;
    }
    if at == Position::Speakers {
        let sentence = format!("{name} comes to a handset or to hands-free; choose one of them.");
        return Err(Refusal::new(RefusalCode::PositionBusy, sentence));
    }
    moves::has_microphone(s, turret, at)?;
    position::may_take(s, turret, at)?;
    give_way(s, turret, at, &lines);
    let now = s.now;
    for one in &lines {
        s.leg_mut(one, from).into_iter().for_each(|leg| leg.goes = Some(Goes { turret, at, since: now }));
    }
    let wait_ms = s.policy(None, s.user_of(turret)).takeover_wait_ms;
    s.set_timer(now.plus_ms(wait_ms), Timer::TakeOverEnds(from, turret, now.mono_us));
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// The lines of `from` that are asked for as `which` says; those of a conference are one after the other.
fn asked(s: &State, from: TurretId, which: impl Fn(&Goes) -> bool) -> Vec<LineId> {
    let goes = |leg: &Leg| leg.goes.as_ref().is_some_and(&which);
    s.lines_of(from).filter(|it| it.leg(from).is_some_and(goes)).map(|it| it.spec.line.clone()).collect()
}

/// A microphone is heard at a turret that has asked for a call: it comes.
pub fn heard(s: &mut State, turret: TurretId, uplink: Uplink) {
    let Some(user) = s.user_of(turret).cloned() else { return };
    for from in s.seats.get(&user).cloned().unwrap_or_default() {
        let lines = asked(s, from, |goes| goes.turret == turret && goes.at.uplink() == uplink);
        let Some(at) = lines.first().and_then(|line| s.lines.get(line)?.leg(from)?.goes).map(|goes| goes.at) else {
            continue;
        };
        // What comes is no other call that would take its own place.
        asked_no_more(s, from, &lines);
        // Somebody may have joined it with a call that is here already.
        let is_here = |line: &LineId| s.lines.get(line).is_some_and(|found| found.leg(turret).is_some());
        if lines.iter().any(is_here) || position::take(s, turret, at).is_err() {
            give_up(s, from, turret, &lines);
            continue;
        }
        lines.iter().for_each(|line| come(s, line, from, turret, at));
    }
}

fn come(s: &mut State, line: &LineId, from: TurretId, turret: TurretId, at: Position) {
    hoot::let_go(s, turret, line);
    let talked = s.lines.get(line).is_some_and(|found| found.talk(from).is_some());
    hoot::let_go(s, from, line);
    let Some(leg) = s.lines.get(line).and_then(|found| found.leg(from)).cloned() else { return };
    let said = leg.mic && leg.enters.is_none() && !s.talks_anywhere(from);
    if said {
        s.handed.insert((turret, at.uplink()), (from, leg.uplink()));
    }
    let since = if leg.mic { leg.mic_since } else { s.now };
    let mut party = leg.party.clone();
    (party.turret, party.position, party.link_lost) = (turret, at, false);
    // Who is on it here does not hold it here as well.
    s.take_holder(line, turret);
    let key = leg.key.map(|key| Key { pressed: s.now, closes: None, ..key });
    s.put_leg(line, Leg { enters: leg.enters, key, ..Leg::new(party, true, since) });
    // What its old turret waited for is waited for here.
    if let Some(enters) = leg.enters {
        s.set_timer(enters, Timer::OverrideEnters(turret, enters.mono_us));
    }
    hoot::watch(s, turret, line);
    mrd::let_go(s, from, line);
    s.take_leg(line, from);
    privacy::close_strangers(s, line);
    mute::close_strangers(s, line);
    if talked {
        // It was not let go there: nobody at that turret is heard again by it (POS-4).
        hoot::shut_handsets(s, from);
    }
    s.happened_at(line, turret, Happening::TakenOver);
    let name = s.lines.get(line).map(|found| found.spec.name.clone()).unwrap_or_default();
    s.notice(from, Some(line), format!("You have taken {name} to your other turret."), None);
}

/// A position carries one call: what was asked for there before stays where it is.
pub fn give_way(s: &mut State, turret: TurretId, at: Position, lines: &[LineId]) {
    let Some(user) = s.user_of(turret).cloned() else { return };
    for from in s.seats.get(&user).cloned().unwrap_or_default() {
        let earlier = asked(s, from, |goes| goes.turret == turret && goes.at == at);
        let earlier: Vec<LineId> = earlier.into_iter().filter(|line| !lines.contains(line)).collect();
        asked_no_more(s, from, &earlier);
        if let Some(found) = earlier.first().and_then(|line| s.lines.get(line)) {
            let (line, name) = (found.spec.line.clone(), &found.spec.name);
            let sentence = format!("{name} stays at your other turret: another call took its place here.");
            s.notice(turret, Some(&line), sentence, None);
        }
    }
}

/// Nothing was heard at the turret that has asked: the call stays where it is.
pub fn ends(s: &mut State, from: TurretId, turret: TurretId, since_us: u64) {
    let lines = asked(s, from, |goes| goes.turret == turret && goes.since.mono_us == since_us);
    asked_no_more(s, from, &lines);
    give_up(s, from, turret, &lines);
}

fn asked_no_more(s: &mut State, from: TurretId, lines: &[LineId]) {
    for line in lines {
        s.leg_mut(line, from).into_iter().for_each(|leg| leg.goes = None);
    }
}

fn give_up(s: &mut State, from: TurretId, turret: TurretId, lines: &[LineId]) {
    let Some(found) = lines.first().and_then(|line| s.lines.get(line)) else { return };
    let (line, name) = (found.spec.line.clone(), found.spec.name.clone());
    let here = format!(
        "{name} stays at your other turret: nothing was heard from here. Look at the microphone, and press again."
    );
    s.notice(turret, Some(&line), here, Some(Sound::Blocking));
    let there = format!("{name} stays here: nothing was heard from your other turret.");
    s.notice(from, Some(&line), there, None);
}

/// A turret is gone: it asks for nothing any more.
pub fn forget(s: &mut State, turret: TurretId) {
    let Some(user) = s.user_of(turret).cloned() else { return };
    for from in s.seats.get(&user).cloned().unwrap_or_default() {
        let lines = asked(s, from, |goes| goes.turret == turret);
        asked_no_more(s, from, &lines);
    }
}
