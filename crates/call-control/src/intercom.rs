//! Intercom, one to one. `group.rs` is the one to many; what both have in common is here.
//!
//! ```text
//! Idle ─press─► Asking ─free and no DND─► Open(whisper) ─callee talks back─► Open(two-way) ─release─► Idle
//!                  └─ DND, busy, or rings by policy ─► Pending ─accept─► Open(two-way)   Pending ─`intercom.pending`─► Idle, missed
//! ```
//!
//! Law: the callee hears, and is not heard before they talk back: a microphone opens only by an act of its own user, or by
//! their own policy. Each open microphone has a key that closes it when it is forgotten (`hoot.rs` watches it).

use crate::announce;
use crate::call;
use crate::call::Take;
use crate::happenings::Happening;
use crate::hold;
use crate::hoot;
use crate::line::{Key, Leg, Line};
use crate::messages::{Accepted, Output, Refusal, RefusalCode, Sound};
use crate::moves;
use crate::policy::{DndIntercom, IntercomAnswer, IntercomTalk};
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{GroupId, LineId, LineKind, Party, Position, TurretId, UserId};

/// What an intercom's line knows besides what every line does.
#[derive(Clone, Debug)]
pub struct Intercom {
    pub caller: Party,
    /// Who was called; the line's own id where people were picked. None: one person.
    pub group: Option<GroupId>,
    /// Everybody in a group hears who talks back.
    pub reply_all: bool,
    /// It rings with a sound until it is answered.
    pub rings: bool,
}

/// Calls a person (INT-1, INT-2, INT-4 to INT-6).
pub fn call(s: &mut State, turret: TurretId, whom: &UserId, at: Position) -> Done {
    let me = s.party(turret, at)?;
    let callee = may_call(s, &me.user, whom)?;
    let name = s.name_of(whom);
    if let Some(line) = between(s, &me.user, whom) {
        if holds(s, &line, &me.user) && s.line(&line)?.leg(turret).is_none() {
            let call = s.line(&line)?.call.ok_or_else(|| stale(&name))?;
            return hold::resume(s, turret, &line, call, Take { at, private: false });
        }
        // Both called in one instant, or mine is up already: one call.
        return accept(s, turret, &line, None);
    }
    let (disturbed, policy) = (s.dnd.contains(whom), s.policy(None, Some(whom)));
    crate::position::take(s, turret, at)?;
    let id = s.new_call();
    let caller = s.name_of(&me.user);
    let about = Intercom { caller: me.clone(), group: None, reply_all: false, rings: false };
    let line = s.add_intercom(id, format!("{caller}, {name}"), [me.user.clone(), whom.clone()].into(), about);
    enter_caller(s, &line, me);
    let (busy, locked) = (is_busy(s, callee), s.is_locked(callee));
    let rings = policy.intercom_answer == IntercomAnswer::Ring;
    if disturbed || busy || locked || rings {
        let why = match (disturbed, busy) {
            (true, _) => "does not want to be disturbed",
            (false, true) => "is in a call",
            (false, false) if locked => "has locked their turret",
            (false, false) => "answers by a press",
        };
        waits(s, &line, (turret, callee), why, (!disturbed && busy).then_some(Sound::Beep));
        set_rings(s, &line, !disturbed && !busy && rings);
    } else {
        let open = policy.intercom_answer == IntercomAnswer::Open;
        enter_callee(s, &line, callee, open)?;
        s.notice(callee, Some(&line), format!("{caller} talks to you."), Some(Sound::Splash));
        s.notice(turret, Some(&line), format!("{name} hears you."), Some(Sound::Splash));
    }
    Ok(Accepted { line: Some(line), position: Some(at), call: Some(id) })
}

/// Where `whom` is reached by `me`, who is theirs to call now.
pub fn may_call(s: &State, me: &UserId, whom: &UserId) -> Result<TurretId, Refusal> {
    if me == whom {
        return Err(Refusal::new(RefusalCode::UnknownNumber, "That is yourself; choose somebody else."));
    }
    known(s, whom)?;
    let name = s.name_of(whom);
    let callee = seat_of(s, whom).map_err(|why| {
        let sentence = match why {
            Away::LoggedOff => format!("{name} is not logged on; call again when they are."),
            Away::Lost => format!("{name} has lost the switch; call again soon."),
        };
        Refusal::new(RefusalCode::NobodyThere, sentence)
    })?;
    let refuses = s.dnd.contains(whom) && s.policy(None, Some(whom)).dnd_intercom == DndIntercom::Refuse;
    if refuses && between(s, me, whom).is_none() {
        let sentence = format!("{name} does not want to be disturbed; call again later.");
        return Err(Refusal::new(RefusalCode::Dnd, sentence));
    }
    Ok(callee)
}

/// Refuses for somebody who is not on this floor.
pub fn known(s: &State, whom: &UserId) -> Result<(), Refusal> {
    if s.floor.users.contains_key(whom) {
        return Ok(());
    }
    let sentence = format!("There is nobody called {whom} on this floor; choose from the list.");
    Err(Refusal::new(RefusalCode::UnknownNumber, sentence))
}

/// Why a person is at no turret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    LoggedOff,
    Lost,
}

/// The turret that somebody used last, of those that are reached (INT-1); a locked one only where there is no other.
pub fn seat_of(s: &State, user: &UserId) -> Result<TurretId, Away> {
    let seats = s.seats.get(user).ok_or(Away::LoggedOff)?;
    let reached = seats.iter().map(|turret| (*turret, &s.turrets[turret])).filter(|(_, seat)| seat.lost.is_none());
    reached.max_by_key(|(_, seat)| (!seat.locked, seat.used)).map(|(turret, _)| turret).ok_or(Away::Lost)
}

/// In a call there (INT-5): an intercom is never mixed in.
pub fn is_busy(s: &State, turret: TurretId) -> bool {
    s.lines_of(turret).any(|line| line.leg(turret).is_some() && !line.spec.kind.is_open())
}

/// No call is there: a hoot gives way (HOT-6).
fn is_free(s: &State, turret: TurretId, position: Position) -> bool {
    let line = s.line_at(turret, position).and_then(|line| s.lines.get(&line));
    line.is_none_or(|line| line.spec.kind.is_open())
}

/// Hands-free, else a handset, that is free (INT-1): a handset that lies on its hook is heard by nobody.
fn free_to_hear(s: &State, turret: TurretId) -> Option<Position> {
    let all = [Position::HandsFree, Position::Left, Position::Right];
    all.into_iter().find(|position| is_free(s, turret, *position))
}

/// The same for who answers by a press, and so wants to talk: one with a microphone first.
fn free_to_talk(s: &State, turret: TurretId) -> Option<Position> {
    let seat = s.turrets.get(&turret)?;
    let all = [Position::HandsFree, Position::Left, Position::Right];
    let mut free = all.into_iter().filter(|position| is_free(s, turret, *position));
    free.find(|position| !seat.without_mic.contains(&position.uplink())).or_else(|| free_to_hear(s, turret))
}

/// The one-to-one call of two people, whoever of them called. What one of them has left, and who else is on it goes on with, is
/// theirs no more.
pub fn between(s: &State, one: &UserId, other: &UserId) -> Option<LineId> {
    let on = |line: &Line, user: &UserId| {
        let legs = line.legs().iter().map(|leg| &leg.party);
        line.ring.is_some() || legs.chain(line.holders()).any(|party| party.user == *user)
    };
    let of = |line: &Line, user: &UserId| line.spec.members.contains_key(user) && on(line, user);
    let both = |line: &&Line| [one, other].iter().all(|user| of(line, user));
    // One that was joined with other lines is a conference.
    let single =
        |line: &&Line| line.conference.is_none() && line.intercom.as_ref().is_some_and(|about| about.group.is_none());
    let mut calls = s.lines_of_user(one).chain(s.lines_of_user(other)).filter(single);
    calls.find(both).map(|line| line.spec.line.clone())
}

/// Somebody holds an intercom: what is left of a conference that they held.
pub fn holds(s: &State, line: &LineId, user: &UserId) -> bool {
    s.lines.get(line).is_some_and(|found| found.holders().iter().any(|holder| holder.user == *user))
}

/// The caller is on the line, with an open microphone unless their policy is to hold its key (INT-3).
pub fn enter_caller(s: &mut State, line: &LineId, me: Party) {
    let (turret, user) = (me.turret, me.user.clone());
    s.put_leg(line, Leg::new(me, false, s.now));
    s.happened_at(line, turret, Happening::Called);
    if s.policy(None, Some(&user)).intercom_talk == IntercomTalk::Latched {
        open(s, turret, line, true);
    }
}

/// The callee hears without a press (INT-1); they are heard as well only where that is their own wish (INT-2).
pub fn enter_callee(s: &mut State, line: &LineId, callee: TurretId, is_open: bool) -> Result<(), Refusal> {
    let at = free_to_hear(s, callee).unwrap_or(Position::HandsFree);
    let party = s.party(callee, at)?;
    crate::position::take(s, callee, at)?;
    s.put_leg(line, Leg::new(party, false, s.now));
    s.happened_at(line, callee, Happening::AutoAnswered);
    if is_open && !open(s, callee, line, true).is_empty() {
        s.happened_at(line, callee, Happening::MicOpened);
    }
    Ok(())
}

/// The call waits at its callee until they accept it (INT-4, INT-5).
fn waits(s: &mut State, line: &LineId, (turret, callee): (TurretId, TurretId), why: &str, sound: Option<Sound>) {
    let [caller, name] = [turret, callee].map(|at| s.user_of(at).map(|user| s.name_of(user)).unwrap_or_default());
    s.set_ring(line, caller.clone());
    s.happened(line, None, Happening::Rings);
    let pending_ms = s.policy(None, s.user_of(callee)).intercom_pending_ms;
    s.set_timer(s.now.plus_ms(pending_ms), Timer::IntercomPending(line.clone()));
    s.notice(turret, Some(line), format!("{name} {why}; your call waits for an answer."), None);
    s.notice(callee, Some(line), format!("{caller} calls you by intercom."), sound);
}

fn set_rings(s: &mut State, line: &LineId, rings: bool) {
    if let Ok(found) = s.line_mut(line)
        && let Some(about) = &mut found.intercom
    {
        about.rings = rings;
    }
}

/// Accepts a pending intercom at a position, else at a free one; or opens one's own microphone in one that is up.
pub fn accept(s: &mut State, turret: TurretId, line: &LineId, at: Option<Position>) -> Done {
    let joins = s.line(line)?.leg(turret).is_none();
    if joins {
        s.right_on(turret, line)?;
        let found = s.line(line)?;
        if found.ring.is_none() {
            return Err(stale(&found.spec.name));
        }
        let at = at.or_else(|| free_to_talk(s, turret)).unwrap_or(Position::HandsFree);
        if !found.holders().is_empty() {
            // It rings because it waits on hold, with all that it is joined with.
            let call = found.call.ok_or_else(|| stale(&found.spec.name))?;
            return hold::resume(s, turret, line, call, Take { at, private: false });
        }
        crate::position::take(s, turret, at)?;
        let party = s.party(turret, at)?;
        s.put_leg(line, Leg::new(party, false, s.now));
        s.happened_at(line, turret, Happening::Answered);
        s.line_mut(line)?.ring = None;
        set_rings(s, line, false);
    }
    talk_back(s, turret, line, true, true)
}

/// Opens or shuts one's own microphone in an intercom; opening accepts a pending one.
pub fn talk_back(s: &mut State, turret: TurretId, line: &LineId, on: bool, latched: bool) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    if found.spec.kind != LineKind::Intercom {
        return Err(Refusal::new(RefusalCode::NoRight, "This is no intercom; use the line's own keys."));
    }
    let (call, name) = (found.call, found.spec.name.clone());
    let Some(leg) = found.leg(turret) else {
        return if on { accept(s, turret, line, None) } else { Err(stale(&name)) };
    };
    let (mut position, user) = (leg.party.position, leg.party.user.clone());
    if on {
        // It may be joined with lines that must be recorded.
        s.recordable(line)?;
        s.not_just_closed(line, turret)?;
        if position == Position::Speakers {
            // What is left of a conference that was on the speakers has no talk key there.
            position = free_to_talk(s, turret).unwrap_or(Position::HandsFree);
            moves::to(s, turret, line, call.ok_or_else(|| stale(&name))?, position)?;
        }
        let may_latch = s.policy(None, Some(&user)).intercom_talk == IntercomTalk::Latched;
        let latched = latched && may_latch;
        for opened in open(s, turret, line, latched) {
            s.happened_at(&opened, turret, Happening::TalkKeyDown { latched });
        }
    } else {
        for closed in call::shut_all(s, turret, line) {
            s.happened_at(&closed, turret, Happening::TalkKeyUp);
        }
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(position), call })
}

/// Opens a microphone, or presses its key anew; its key is watched from now on. Gives the lines towards which it was shut.
fn open(s: &mut State, turret: TurretId, line: &LineId, latched: bool) -> Vec<LineId> {
    let opened = call::open_all(s, turret, line);
    let key = Key { latched, pressed: s.now, closes: None };
    s.leg_mut(line, turret).into_iter().for_each(|leg| leg.key = Some(key));
    hoot::watch(s, turret, line);
    opened
}

/// Shuts an intercom's microphone that its user has not shut; there is none on other lines.
pub fn shut(s: &mut State, turret: TurretId, line: &LineId) {
    let keyed = |leg: &Leg| leg.mic && leg.key.is_some();
    if !s.lines.get(line).and_then(|found| found.leg(turret)).is_some_and(keyed) {
        return;
    }
    shut_towards_all(s, turret, line);
}

fn shut_towards_all(s: &mut State, turret: TurretId, line: &LineId) {
    for closed in call::shut_all(s, turret, line) {
        s.closed.insert((closed.clone(), turret));
        s.happened_at(&closed, turret, Happening::TalkClosed);
    }
}

/// Another call takes its position: it goes on at a free handset, where its user is not heard before they press (POS-3).
/// False when no handset is free.
pub fn makes_room(s: &mut State, turret: TurretId, line: &LineId) -> bool {
    let handset = [(Position::Left, "left"), (Position::Right, "right")];
    let mut free = handset.into_iter().filter(|(position, _)| s.line_at(turret, *position).is_none());
    let Some((to, word)) = free.next() else { return false };
    // One that a conference has left has no key, and is open all the same.
    shut_towards_all(s, turret, line);
    s.leg_mut(line, turret).into_iter().for_each(|leg| leg.party.position = to);
    let sentence = format!("The intercom goes on at the {word} handset; press its talk key to be heard there.");
    s.notice(turret, Some(line), sentence, None);
    true
}

/// How `user` calls the line in a sentence: an intercom is known by who else is in it.
pub fn name_for(s: &State, line: &Line, user: Option<&UserId>) -> String {
    let single = line.intercom.as_ref().is_some_and(|about| about.group.is_none());
    match line.spec.members.keys().find(|member| Some(*member) != user) {
        Some(other) if single => format!("the intercom with {}", s.name_of(other)),
        Some(_) | None => line.spec.name.clone(),
    }
}

/// Who is left goes on without who has left: the caller of a group and a member.
pub fn goes_on(line: &Line) -> bool {
    let group = line.intercom.as_ref().filter(|about| about.group.is_some());
    group.is_some_and(|about| line.leg(about.caller.turret).is_some() && line.legs().len() > 1)
}

/// It is over for everybody.
pub fn end(s: &mut State, line: &LineId) {
    if let Some(found) = s.lines.get(line).filter(|found| found.ring.is_some()) {
        let who = found.intercom.as_ref().map(|about| s.name_of(&about.caller.user)).unwrap_or_default();
        let caller = found.intercom.as_ref().map(|about| about.caller.turret);
        let called: Vec<TurretId> = s.audience(found).into_iter().filter(|turret| Some(*turret) != caller).collect();
        for turret in called {
            s.notice(turret, None, format!("{who} called you by intercom and was not answered."), None);
        }
    }
    let Some(found) = close(s, line) else { return };
    for leg in found.legs() {
        s.notice(leg.party.turret, None, "The intercom has ended.".into(), None);
    }
    announce::over(s, &found);
}

/// Its line goes, without a word.
pub fn close(s: &mut State, line: &LineId) -> Option<Line> {
    let found = s.remove_line(line)?;
    let to = s.audience(&found);
    s.outputs.push(Output::LineRemoved { line: line.clone(), to });
    Some(found)
}

/// Nobody accepted within `intercom.pending`: the caller is told.
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
