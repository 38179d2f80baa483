//! Transfer: a call is sent on to somebody else.
//!
//! ```text
//! Talking ─send to U─► Offered (rings at U alone) ─U answers─► Talking
//!                         └─`transfer.return` | refused | U is gone─► Recalled (rings at its sender) ─they answer─► Talking
//!                                         Recalled ─`transfer.recall` | they are gone─► common hold, rings everywhere
//! ```
//!
//! Law: the far end is with somebody, rings somebody, or waits on a hold that rings: it is never dropped while it waits (I41).

use crate::happenings::Happening;
use crate::history;
use crate::hold;
use crate::hoot;
use crate::messages::{Accepted, Refusal, RefusalCode};
use crate::mrd;
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
}

/// Who is meant, and their name.
pub fn target(s: &State, turret: TurretId, to: &TransferTo) -> Result<(BTreeSet<UserId>, String), Refusal> {
    let unknown = |what: &str| Refusal::new(RefusalCode::UnknownNumber, format!("There is no {what} on this floor."));
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
    };
    if users.iter().any(|user| Some(user) == me) {
        return Err(Refusal::new(RefusalCode::Loop, "That is yourself; send the call to somebody else."));
    }
    let there: BTreeSet<UserId> = users.into_iter().filter(|user| is_there(s, user)).collect();
    if there.is_empty() {
        let sentence = format!("Nobody is reached at {name}; send the call to somebody else.");
        return Err(Refusal::new(RefusalCode::NobodyThere, sentence));
    }
    let free: BTreeSet<UserId> = there.into_iter().filter(|user| !s.dnd.contains(user)).collect();
    if free.is_empty() {
        let sentence = format!("{name} does not want to be disturbed; send the call to somebody else.");
        return Err(Refusal::new(RefusalCode::Dnd, sentence));
    }
    Ok((free, name))
}

fn is_there(s: &State, user: &UserId) -> bool {
    s.seats.get(user).into_iter().flatten().any(|turret| s.turrets[turret].lost.is_none())
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
    let target = target(s, turret, to)?;
    s.recordable(line)?;
    send(s, turret, line, target)
}

/// Rings those of `at` for a call that its sender is on or holds; they are free at once.
pub fn send(s: &mut State, turret: TurretId, line: &LineId, (at, to): (BTreeSet<UserId>, String)) -> Done {
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    let leg = s.take_leg(line, turret).map(|leg| leg.party);
    let Some(party) = leg.or_else(|| s.take_holder(line, turret)) else { return Err(stale(&name)) };
    mrd::let_go(s, turret, line);
    hoot::close_all(s, line);
    s.happened(line, Some(party.user.clone()), Happening::SentOn { to: to.clone() });
    let from = format!("{name}, sent by {}", s.name_of(&party.user));
    offer(s, line, Transfer { by: party, at, to: to.clone(), recalled: false, since: s.now }, from);
    let return_ms = s.policy(Some(line), s.user_of(turret)).transfer_return_ms;
    s.set_timer(s.now.plus_ms(return_ms), Timer::TransferReturns(line.clone(), s.now.mono_us));
    s.notice(turret, Some(line), format!("{name} is on its way to {to}."), None);
    Ok(Accepted { line: Some(line.clone()), position: None, call })
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
    s.drop_guest(line, user);
    if nobody {
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
    if recalled || !is_there(s, &by.user) {
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
    offer(s, line, Transfer { by, at, to, recalled: true, since }, from);
    if let Ok(found) = s.line_mut(line)
        && let Some(ring) = &mut found.ring
    {
        (ring.recall, ring.priority) = (true, RingPriority::High);
    }
    s.set_timer(s.now.plus_ms(recall_ms), Timer::TransferReturns(line.clone(), since.mono_us));
}
