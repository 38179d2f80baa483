//! Transfer: a call is sent on to somebody else.
//!
//! ```text
//! Talking ─send to U─► Offered (rings at U alone) ─U answers─► Talking
//!                         │  └─`route.step`, of a line whose calls ring at one after the other─► Offered to the next
//!                         └─`transfer.return` | refused | U is gone─► Recalled (rings at its sender) ─they answer─► Talking
//!                                         Recalled ─`transfer.recall` | they are gone─► common hold, rings everywhere
//! ```
//!
//! Law: the far end is with somebody, rings somebody, or waits on a hold that rings: it is never dropped while it waits (I41).

use crate::divert;
use crate::happenings::Happening;
use crate::history;
use crate::hold;
use crate::hoot;
use crate::messages::{Accepted, Refusal, RefusalCode};
use crate::mrd;
use crate::routing;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{LineId, Moment, Party, RingPriority, TransferTo, TurretId, UserId};
use std::collections::BTreeSet;

/// A call that was sent on and has not been answered yet.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Who sent it.
    pub by: Party,
    /// Who may answer: whom it was sent to, or who sent it when it has come back.
    pub at: BTreeSet<UserId>,
    /// To whom it was sent, in words.
    pub to: String,
    /// It has come back to who sent it.
    pub recalled: bool,
    pub since: Moment,
    /// It rings at one after the other.
    turns: Option<Turns>,
}

/// A call that was sent to a line whose calls ring at one after the other (RTE-2).
#[derive(Clone, Debug)]
struct Turns {
    /// Whose order counts.
    line: LineId,
    /// Who was asked in this round.
    tried: BTreeSet<UserId>,
    /// Who is not asked: those who do not want it, its sender, and the far end.
    without: BTreeSet<UserId>,
    /// When the last one was asked, monotonic microseconds.
    step_us: u64,
}

/// Whom a call is sent to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who is rung.
    at: BTreeSet<UserId>,
    /// What they are called.
    name: String,
    turns: Option<Turns>,
}

/// Who is meant: whom a call on `line` may be sent to.
pub fn target(s: &State, turret: TurretId, line: &LineId, to: &TransferTo) -> Result<Target, Refusal> {
    let unknown = |what: &str| {
        Refusal::new(RefusalCode::UnknownNumber, format!("There is no {what} on this floor; choose somebody else."))
    };
    let me = s.user_of(turret);
    let (users, name): (BTreeSet<UserId>, String) = match to {
        TransferTo::User(user) => {
            let spec = s.floor.users.get(user).ok_or_else(|| unknown(&format!("{user}")))?;
            ([user.clone()].into(), spec.name.clone())
        }
        TransferTo::Desk(desk) => {
            let users = s.floor.users.values().filter(|spec| spec.desk == *desk && Some(&spec.user) != me);
            let users: BTreeSet<UserId> = users.map(|spec| spec.user.clone()).collect();
            if users.is_empty() {
                return Err(unknown(&format!("desk {desk} with anybody else")));
            }
            (users, format!("the desk {desk}"))
        }
        TransferTo::Line(to) => return of_line(s, turret, line, to),
    };
    if users.iter().any(|user| Some(user) == me) {
        return Err(Refusal::new(RefusalCode::Loop, "That is yourself; send the call to somebody else."));
    }
    let there: BTreeSet<UserId> = users.into_iter().filter(|user| s.is_reached(user)).collect();
    if there.is_empty() {
        let sentence = format!("Nobody is reached at {name}; send the call to somebody else.");
        return Err(Refusal::new(RefusalCode::NobodyThere, sentence));
    }
    let free: BTreeSet<UserId> = there.into_iter().filter(|user| !s.dnd.contains(user)).collect();
    if free.is_empty() {
        let sentence = format!("{name} does not want to be disturbed; send the call to somebody else.");
        return Err(Refusal::new(RefusalCode::Dnd, sentence));
    }
    Ok(Target { at: free, name, turns: None })
}

/// Who a call on the line `to` rings, as it is there: its diverts and its routing count, and who is on the call already is not
/// rung for it.
fn of_line(s: &State, turret: TurretId, line: &LineId, to: &LineId) -> Result<Target, Refusal> {
    s.right_on(turret, to)?;
    let spec = &s.line(to)?.spec;
    let name = spec.name.clone();
    if !spec.kind.has_two_ends() {
        let sentence = format!("{name} rings nobody; send the call to somebody else.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    // A wire rings at its far end, a number's line at whoever has it.
    let rung = if spec.kind.is_wire() { spec.far.clone().unwrap_or_else(|| to.clone()) } else { to.clone() };
    let here = s.line(line)?;
    if to == line || rung == *line || here.far() == Some(&rung) {
        return Err(Refusal::new(RefusalCode::Loop, "That is this call itself; send it to somebody else."));
    }
    s.in_service(&rung)?;
    s.recordable(to)?;
    let far = here.far().and_then(|far| s.lines.get(far)).into_iter().flat_map(|far| far.legs().iter());
    let mut without: BTreeSet<UserId> = far.map(|leg| leg.party.user.clone()).collect();
    without.extend(s.user_of(turret).cloned());
    let found = s.line(&rung)?;
    let (at, name, in_turns) = match divert::leads_to(s, found, s.user_of(turret)) {
        Some((at, other)) => (at, format!("{name}, diverted to {other}"), false),
        None => {
            let (asked, in_turns) = routing::would_ask(s, found, &without);
            let many = if in_turns { 1 } else { asked.len() };
            (asked.into_iter().take(many).collect(), name, in_turns)
        }
    };
    let at: BTreeSet<UserId> = at.difference(&without).cloned().collect();
    if at.is_empty() {
        let disturbed = found.spec.order.iter().any(|user| s.is_reached(user) && !without.contains(user));
        let (code, why) = match disturbed {
            true => (RefusalCode::Dnd, format!("{name} does not want to be disturbed")),
            false => (RefusalCode::NobodyThere, format!("Nobody is reached at {name}")),
        };
        return Err(Refusal::new(code, format!("{why}; send the call to somebody else.")));
    }
    let turns = in_turns.then(|| Turns { line: rung, tried: at.clone(), without, step_us: s.now.mono_us });
    Ok(Target { at, name, turns })
}

/// Whether a turret's user may send a call on: they are alone at their end of a wire, and somebody is at the other.
pub fn sendable(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    let name = &found.spec.name;
    if !found.spec.kind.has_two_ends() {
        return Err(Refusal::new(RefusalCode::NoRight, format!("{name} is not sent on; release it.")));
    }
    if found.calling {
        return Err(Refusal::new(RefusalCode::StillRinging, format!("{name} still rings; wait or release it.")));
    }
    if found.leg(turret).is_none() {
        return Err(stale(name));
    }
    if found.conference.is_some() {
        let sentence = format!("{name} is joined with other lines; take it out of them, then send it on.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    if found.legs().len() + found.holders().len() > 1 {
        let sentence = format!("Others are on {name} too; only who is alone there sends it on.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    if !found.far().and_then(|far| s.lines.get(far)).is_some_and(|far| far.has_members()) {
        let sentence = format!("Nobody is at the far end of {name}; there is nobody to send on.");
        return Err(Refusal::new(RefusalCode::NobodyThere, sentence));
    }
    Ok(())
}

/// Sends a call on without announcing it (TRF-1, TRF-2).
pub fn blind(s: &mut State, turret: TurretId, line: &LineId, to: &TransferTo) -> Done {
    sendable(s, turret, line)?;
    let target = target(s, turret, line, to)?;
    s.recordable(line)?;
    send(s, turret, line, target)
}

/// Rings those of `at` for a call that its sender is on or holds; they are free at once.
pub fn send(s: &mut State, turret: TurretId, line: &LineId, target: Target) -> Done {
    let Target { at, name: to, turns } = target;
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    let leg = s.take_leg(line, turret).map(|leg| leg.party);
    let Some(party) = leg.or_else(|| s.take_holder(line, turret)) else { return Err(stale(&name)) };
    mrd::let_go(s, turret, line);
    hoot::close_all(s, line);
    s.happened(line, Some(party.user.clone()), Happening::SentOn { to: to.clone() });
    let from = format!("{name}, sent by {}", s.name_of(&party.user));
    let steps = turns.as_ref().map(|turns| turns.line.clone());
    offer(s, line, Transfer { by: party, at, to: to.clone(), recalled: false, since: s.now, turns }, from);
    steps.into_iter().for_each(|of| set_step(s, line, &of));
    let return_ms = s.policy(Some(line), s.user_of(turret)).transfer_return_ms;
    s.set_timer(s.now.plus_ms(return_ms), Timer::TransferReturns(line.clone(), s.now.mono_us));
    s.notice(turret, Some(line), format!("{name} is on its way to {to}."), None);
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

fn set_step(s: &mut State, line: &LineId, of: &LineId) {
    let step_ms = s.policy(Some(of), None).route_step_ms;
    s.set_timer(s.now.plus_ms(step_ms), Timer::TransferStep(line.clone(), s.now.mono_us));
}

/// Who was asked has not answered in `route.step` (RTE-2).
pub fn step(s: &mut State, line: &LineId, step_us: u64) {
    let turns = s.lines.get(line).and_then(|found| found.transfer.as_ref()).and_then(|it| it.turns.as_ref());
    if turns.is_some_and(|turns| turns.step_us == step_us) {
        next_turn(s, line);
    }
}

/// Asks the next one, round and round; false when nobody is left.
fn next_turn(s: &mut State, line: &LineId) -> bool {
    let transfer = s.lines.get(line).and_then(|found| found.transfer.as_ref());
    let Some(turns) = transfer.and_then(|it| it.turns.clone()) else { return false };
    let Some(rung) = s.lines.get(&turns.line) else { return false };
    let (asked, _) = routing::would_ask(s, rung, &turns.without);
    let untried = asked.iter().find(|user| !turns.tried.contains(*user)).cloned();
    let mut tried = if untried.is_some() { turns.tried.clone() } else { BTreeSet::new() };
    let Some(next) = untried.or_else(|| asked.first().cloned()) else { return false };
    tried.insert(next.clone());
    let now_us = s.now.mono_us;
    let Some(transfer) = s.line_mut(line).ok().and_then(|found| found.transfer.as_mut()) else { return false };
    let was = std::mem::replace(&mut transfer.at, [next.clone()].into());
    transfer.turns = Some(Turns { tried, step_us: now_us, ..turns.clone() });
    was.iter().filter(|user| **user != next).for_each(|user| s.drop_guest(line, user));
    s.add_guest(line, &next);
    set_step(s, line, &turns.line);
    true
}

/// Rings the line where its transfer may be answered, and nowhere else.
fn offer(s: &mut State, line: &LineId, transfer: Transfer, from: String) {
    let now = s.now;
    for user in &transfer.at {
        s.add_guest(line, user);
    }
    s.set_ring(line, from);
    if let Ok(found) = s.line_mut(line) {
        found.transfer = Some(transfer);
        found.since = now;
    }
    s.happened(line, None, Happening::Rings);
}

/// Who was asked has answered; whoever else was asked has no key of it any more.
pub fn answered(s: &mut State, line: &LineId) {
    let Ok(found) = s.line_mut(line) else { return };
    let Some(transfer) = found.transfer.take() else { return };
    let on_it: BTreeSet<UserId> = found.legs().iter().map(|leg| leg.party.user.clone()).collect();
    found.is_routed = transfer.turns.is_some();
    for user in transfer.at.difference(&on_it) {
        s.drop_guest(line, user);
    }
}

/// Whether a turret may answer what was sent on.
pub fn may_answer(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    let Some(transfer) = &found.transfer else { return Ok(()) };
    if s.user_of(turret).is_some_and(|user| transfer.at.contains(user)) {
        return Ok(());
    }
    let sentence = format!("{} is on its way to {}; nobody else can take it now.", found.spec.name, transfer.to);
    Err(Refusal::new(RefusalCode::StillRinging, sentence))
}

/// Nobody has answered in `transfer.return` (TRF-3), or the recall in `transfer.recall` (TRF-4).
pub fn returns(s: &mut State, line: &LineId, since_us: u64) {
    let waiting = s.lines.get(line).and_then(|found| found.transfer.as_ref());
    if waiting.is_some_and(|transfer| transfer.since.mono_us == since_us) {
        comes_back(s, line);
    }
}

/// Somebody who was asked does not want it: the last one sends it back.
pub fn refuse(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let found = s.line(line)?;
    let (call, name) = (found.call, found.spec.name.clone());
    let user = s.user_of(turret).cloned().ok_or_else(|| stale(&name))?;
    history::refused(s, line, &user);
    gone(s, line, &user);
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// Somebody who was asked is asked no more.
pub fn gone(s: &mut State, line: &LineId, user: &UserId) {
    let Ok(found) = s.line_mut(line) else { return };
    let Some(transfer) = &mut found.transfer else { return };
    if !transfer.at.remove(user) {
        return;
    }
    let nobody = transfer.at.is_empty();
    if let Some(turns) = &mut transfer.turns {
        turns.without.insert(user.clone());
    }
    s.drop_guest(line, user);
    if nobody && !next_turn(s, line) {
        comes_back(s, line);
    }
}

fn comes_back(s: &mut State, line: &LineId) {
    let Ok(found) = s.line_mut(line) else { return };
    let Some(transfer) = found.transfer.take() else { return };
    found.ring = None;
    let name = found.spec.name.clone();
    transfer.at.iter().for_each(|user| s.drop_guest(line, user));
    let Transfer { by, to, recalled, since, .. } = transfer;
    s.happened(line, None, Happening::NotAnswered);
    if recalled || !s.is_reached(&by.user) {
        let now = s.now;
        let turret = by.turret;
        s.put_holder(line, Party { since: now, private: false, exclusive: false, overriding: false, ..by });
        let reminder_ms = s.policy(Some(line), None).hold_reminder_ms;
        s.set_timer(now.plus_ms(reminder_ms), Timer::HoldReminder(line.clone(), turret, now.mono_us));
        hold::ring_waiting(s, line, turret);
        return;
    }
    let recall_ms = s.policy(Some(line), Some(&by.user)).transfer_recall_ms;
    let sentence = format!("{to} did not take {name}: it is back, answer it.");
    s.notice(by.turret, Some(line), sentence, None);
    let from = format!("{name}, not taken by {to}");
    // A recall of the same instant as its offer has a time of its own.
    let since = Moment { mono_us: s.now.mono_us.max(since.mono_us + 1), utc_ms: s.now.utc_ms };
    let at = [by.user.clone()].into();
    offer(s, line, Transfer { by, at, to, recalled: true, since, turns: None }, from);
    if let Ok(found) = s.line_mut(line)
        && let Some(ring) = &mut found.ring
    {
        (ring.recall, ring.priority) = (true, RingPriority::High);
    }
    s.set_timer(s.now.plus_ms(recall_ms), Timer::TransferReturns(line.clone(), since.mono_us));
}
