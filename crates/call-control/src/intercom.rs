//! Intercom, one to one.
//!
//! ```text
//! Idle ─press─► Asking ─free and no DND─► Open(whisper) ─callee talks back─► Open(two-way) ─release─► Idle
//!                  └─ DND, or no free position ─► Pending ─accept─► Open(two-way)    Pending ─20 s─► Idle, missed
//! ```
//!
//! Law: the callee hears, and is not heard before they talk back: a microphone opens only by an act of its own user.

use crate::happenings::Happening;
use crate::line::{Leg, Line};
use crate::messages::{Accepted, Output, Refusal, RefusalCode, Sound};
use crate::state::{Done, State};
use crate::timer::Timer;
use dealerboard_model::{LineId, LineKind, Position, TurretId, UserId};

/// Calls a person (INT-1, INT-2, INT-4 to INT-6).
pub fn call(s: &mut State, turret: TurretId, whom: &UserId, at: Position) -> Done {
    let me = s.party(turret, at)?;
    if me.user == *whom {
        return Err(Refusal::new(RefusalCode::UnknownNumber, "That is yourself; choose somebody else."));
    }
    if !s.floor.users.contains_key(whom) {
        let sentence = format!("There is nobody called {whom} on this floor; choose from the list.");
        return Err(Refusal::new(RefusalCode::UnknownNumber, sentence));
    }
    let name = s.name_of(whom);
    if let Some(line) = between(s, &me.user, whom) {
        // Both called in one instant, or mine is up already: one call.
        return accept(s, turret, &line);
    }
    let seats = s.seats.get(whom).into_iter().flatten().map(|turret| (*turret, &s.turrets[turret]));
    let reached = seats.filter(|(_, seat)| seat.lost.is_none());
    let Some(callee) = reached.max_by_key(|(_, seat)| seat.used).map(|(turret, _)| turret) else {
        let is_lost = s.seats.contains_key(whom);
        let why =
            if is_lost { "has lost the switch; call again soon" } else { "is not logged on; call again when they are" };
        return Err(Refusal::new(RefusalCode::NobodyThere, format!("{name} {why}.")));
    };
    crate::position::take(s, turret, at)?;
    let (id, now) = (s.new_call(), s.now);
    let caller = s.name_of(&me.user);
    let line = s.add_intercom(id, format!("{caller}, {name}"), [me.user.clone(), whom.clone()]);
    let free = [Position::HandsFree, Position::Left, Position::Right]
        .into_iter()
        .find(|position| s.line_at(callee, *position).is_none());
    let disturbed = s.dnd.contains(whom);
    let busy = s.lines_of(callee).any(|line| line.leg(callee).is_some());
    s.put_leg(&line, Leg::new(me, true, now));
    s.happened_at(&line, turret, Happening::Called);
    match free.filter(|_| !disturbed && !busy) {
        Some(position) => {
            let party = s.party(callee, position)?;
            s.put_leg(&line, Leg::new(party, false, now));
            s.happened_at(&line, callee, Happening::AutoAnswered);
            s.notice(callee, Some(&line), format!("{caller} talks to you."), Some(Sound::Splash));
            s.notice(turret, Some(&line), format!("{name} hears you."), Some(Sound::Splash));
        }
        None => {
            s.set_ring(&line, caller.clone());
            s.happened(&line, None, Happening::Rings);
            let pending_ms = s.policy(None, Some(whom)).intercom_pending_ms;
            s.set_timer(now.plus_ms(pending_ms), Timer::IntercomPending(line.clone()));
            let why = if disturbed { "does not want to be disturbed" } else { "is in a call" };
            s.notice(turret, Some(&line), format!("{name} {why}; your call waits for an answer."), None);
            let sound = (!disturbed).then_some(Sound::Beep);
            s.notice(callee, Some(&line), format!("{caller} calls you by intercom."), sound);
        }
    }
    Ok(Accepted { line: Some(line), position: Some(at), call: Some(id) })
}

fn between(s: &State, one: &UserId, other: &UserId) -> Option<LineId> {
    let mut calls = s.temporary.iter().filter_map(|line| s.lines.get(line));
    let both = |line: &&Line| line.spec.members.contains_key(one) && line.spec.members.contains_key(other);
    calls.find(both).map(|line| line.spec.line.clone())
}

/// Accepts a pending intercom, or opens one's own microphone in one that is up (talk-back).
pub fn accept(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    talk_back(s, turret, line, true)
}

/// Opens or shuts one's own microphone in an intercom.
pub fn talk_back(s: &mut State, turret: TurretId, line: &LineId, on: bool) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    if found.spec.kind != LineKind::Intercom {
        return Err(Refusal::new(RefusalCode::NoRight, "This is no intercom; use the line's own keys."));
    }
    let call = found.call;
    if found.leg(turret).is_none() {
        if found.ring.is_none() || !on {
            return Err(crate::state::stale(&found.spec.name));
        }
        let free = [Position::HandsFree, Position::Left, Position::Right]
            .into_iter()
            .find(|position| s.line_at(turret, *position).is_none());
        let at = free.unwrap_or(Position::HandsFree);
        crate::position::take(s, turret, at)?;
        let party = s.party(turret, at)?;
        s.put_leg(line, Leg::new(party, false, s.now));
        s.happened_at(line, turret, Happening::Answered);
    }
    let now = s.now;
    let found = s.line_mut(line)?;
    let name = found.spec.name.clone();
    if found.legs().len() > 1 {
        found.ring = None;
    }
    let Some(leg) = s.leg_mut(line, turret) else { return Err(crate::state::stale(&name)) };
    let (position, changes) = (leg.party.position, leg.mic != on);
    if changes {
        (leg.mic, leg.mic_since) = (on, now);
        let what = if on { Happening::TalkKeyDown { latched: false } } else { Happening::TalkKeyUp };
        s.happened_at(line, turret, what);
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(position), call })
}

/// One of the two has left: it is over for both.
pub fn end(s: &mut State, line: &LineId) {
    let Some(found) = s.remove_line(line) else { return };
    for leg in found.legs() {
        s.notice(leg.party.turret, None, "The intercom has ended.".into(), None);
    }
    let to = s.audience(&found);
    s.outputs.push(Output::LineRemoved { line: line.clone(), to });
}

/// Nobody accepted (20 s): the caller is told.
pub fn missed(s: &mut State, line: &LineId) {
    let Some(found) = s.lines.get(line).filter(|found| found.ring.is_some()) else { return };
    let turrets: Vec<TurretId> = found.legs().iter().map(|leg| leg.party.turret).collect();
    s.happened(line, None, Happening::NotAnswered);
    for turret in turrets {
        s.notice(turret, None, "Your intercom call was not answered; try again later.".into(), None);
        s.take_leg(line, turret);
    }
    end(s, line);
}
