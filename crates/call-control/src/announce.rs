//! Announced transfer: its sender talks first to whom the call goes.
//!
//! ```text
//! Talking ─announce to U─► Announced (held for its sender, who talks to U by intercom) ─complete─► U talks
//!                             ├─complete, and U has not answered─► as a transfer without a word (`transfer.rs`)
//!                             ├─cancel─► Talking: the intercom ends, its sender is back on the line
//!                             └─the intercom ends─► held for its sender, who is reminded at once
//! ```
//!
//! Law: the far end and U never hear each other before *complete* (TRF-5): the line is held, or its sender is on it at another
//! position than the intercom. Hanging up never joins strangers, but where a floor wants it to (`transfer.on_release`).

use crate::call::{self, Take};
use crate::happenings::Happening;
use crate::hold;
use crate::intercom;
use crate::line::{Leg, Line};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::policy::KeepOrComplete;
use crate::state::{Done, State, stale};
use crate::transfer::{self, Target};
use dealerboard_model::{LineId, Party, Position, TransferTo, TurretId, UserId};

/// A call whose sender talks about it with whom it may go to.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Who announces it.
    pub by: UserId,
    /// Whom they talk to.
    pub to: UserId,
    /// The intercom of the two.
    pub with: LineId,
}

/// Holds a call for its sender alone and calls somebody who may want it (TRF-5).
pub fn announce(s: &mut State, turret: TurretId, line: &LineId, whom: &UserId) -> Done {
    transfer::sendable(s, turret, line)?;
    hold::may_hold(s, turret, line)?;
    let me = s.party(turret, Position::Left)?.user;
    intercom::may_call(s, &me, whom)?;
    if let Some(other) = s.lines_of_user(&me).find(|found| found.announced.is_some()) {
        let sentence = format!("You announce {} already; complete or cancel that first.", other.spec.name);
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    }
    let at = s.line(line)?.leg(turret).map_or(Position::Left, |leg| leg.party.position);
    // Who talks with them already goes on there.
    let up = intercom::between(s, &me, whom);
    let elsewhere = up.as_ref().map(|up| &s.lines[up]).filter(|up| up.leg(turret).is_none());
    if elsewhere.is_some_and(|up| up.legs().iter().any(|leg| leg.party.user == me)) {
        let sentence = format!("You talk with {} at your other turret; announce the call from there.", s.name_of(whom));
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    }
    if up.as_ref().is_some_and(|up| intercom::holds(s, up, &me)) {
        let sentence = format!("You hold the intercom with {}; resume it, then announce the call.", s.name_of(whom));
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    }
    let up = up.filter(|up| s.lines[up].leg(turret).is_some());
    if up.is_none() && at == Position::Speakers {
        let sentence =
            format!("{} is on your speakers; move it to a handset, then announce it.", s.line(line)?.spec.name);
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    hold::hold(s, turret, line, true)?;
    let with = match up {
        Some(with) => Some(with),
        None => intercom::call(s, turret, whom, at)?.line,
    };
    let position = with.as_ref().and_then(|with| s.lines.get(with)?.leg(turret)).map(|leg| leg.party.position);
    let found = s.line_mut(line)?;
    found.announced = with.map(|with| Announced { by: me, to: whom.clone(), with });
    Ok(Accepted { line: Some(line.clone()), position, call: found.call })
}

/// What a turret's user has announced of a line.
fn mine(s: &State, turret: TurretId, line: &LineId) -> Result<Announced, Refusal> {
    let found = s.line(line)?;
    let announced = found.announced.as_ref().filter(|announced| Some(&announced.by) == s.user_of(turret));
    announced.cloned().ok_or_else(|| {
        let sentence = format!("{} is announced to nobody any more; look at its key.", found.spec.name);
        Refusal::new(RefusalCode::Stale, sentence)
    })
}

/// Where a call goes that is completed before its intercom is answered (TRF-6), as one that was not announced: its sender is
/// alone with it, here. Nowhere else when it is answered.
fn unanswered(s: &State, turret: TurretId, line: &LineId, about: &Announced) -> Result<Option<Target>, Refusal> {
    if s.line(&about.with)?.legs().iter().any(|leg| leg.party.user == about.to) {
        return Ok(None);
    }
    let found = s.line(line)?;
    let (name, to) = (&found.spec.name, s.name_of(&about.to));
    let parties = found.legs().iter().map(|leg| &leg.party).chain(found.holders());
    let (here, others): (Vec<&Party>, Vec<&Party>) = parties.partition(|party| party.turret == turret);
    if others.iter().any(|party| party.user != about.by) {
        let sentence = format!("Others are on {name} too; wait until {to} answers, or leave it to them.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    if here.is_empty() || !others.is_empty() {
        let sentence = format!("You have {name} at your other turret; complete it there.");
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    }
    transfer::target(s, turret, line, &TransferTo::User(about.to.clone())).map(Some)
}

/// Gives the call to whom it was announced (TRF-5); to one who has not answered yet it is sent on without a word (TRF-6).
pub fn complete(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let about = mine(s, turret, line)?;
    s.recordable(line)?;
    let target = unanswered(s, turret, line, &about)?;
    let Announced { by, to, with } = about;
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    let taker = s.line(&with)?.legs().iter().find(|leg| leg.party.user == to).cloned();
    if let Some(target) = target {
        hang_up(s, line, &with);
        return transfer::send(s, turret, line, target);
    }
    let taker = taker.ok_or_else(|| stale(&name))?;
    hang_up(s, line, &with);
    let [sender, receiver] = [&by, &to].map(|user| s.name_of(user));
    leave(s, line, &by);
    s.happened(line, Some(by), Happening::SentOn { to: receiver.clone() });
    let Leg { party: Party { turret: at, position, .. }, mut mic, .. } = taker;
    if let Some(there) = s.line(line)?.leg(at) {
        // They have joined it by its key meanwhile, and stay as they are.
        mic = there.mic;
    } else {
        s.add_guest(line, &to);
        // Their microphone is as it was towards the sender: what they say next is meant for the far end.
        let leg = Leg::new(s.party(at, position)?, mic, s.now);
        call::join(s, line, call.ok_or_else(|| stale(&name))?, leg);
        s.happened_at(line, at, Happening::Answered);
    }
    let talk = if mic { "you are heard there" } else { "press its key to be heard" };
    s.notice(at, Some(line), format!("{sender} gave you {name}: {talk}."), Some(Sound::Beep));
    s.notice(turret, Some(line), format!("{receiver} has {name} now."), None);
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// Goes back to the call (TRF-5): the intercom ends.
pub fn cancel(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let Announced { by, with, .. } = mine(s, turret, line)?;
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call.ok_or_else(|| stale(&found.spec.name))?);
    if let Some(leg) = found.leg(turret) {
        let position = leg.party.position;
        hang_up(s, line, &with);
        return Ok(Accepted { line: Some(line.clone()), position: Some(position), call: Some(call) });
    }
    if found.legs().iter().any(|leg| leg.party.user == by) {
        // They have taken it to their other turret meanwhile.
        hang_up(s, line, &with);
        return Ok(Accepted { line: Some(line.clone()), position: None, call: Some(call) });
    }
    s.recordable(line)?;
    let at = s.line(&with)?.leg(turret).map(|leg| leg.party.position).ok_or_else(|| stale(&name))?;
    hang_up(s, line, &with);
    hold::resume(s, turret, line, call, Take { at, private: false })
}

/// A line was joined with others: who was to hear of it first is in it now, or what was an intercom is a conference, and nothing
/// is announced there any more.
pub fn joined(s: &mut State, line: &LineId) {
    let Some(found) = s.lines.get(line) else { return };
    let members = found.spec.members.keys().filter(|_| found.intercom.is_some());
    let with = |other: &&Line| other.announced.as_ref().is_some_and(|it| it.with == *line);
    let announced = members.flat_map(|user| s.lines_of_user(user)).filter(with).map(|other| other.spec.line.clone());
    let over: Vec<LineId> = announced.chain([line.clone()]).collect();
    for one in over {
        s.line_mut(&one).into_iter().for_each(|found| found.announced = None);
    }
}

/// The intercom of an announcement ends for both.
fn hang_up(s: &mut State, line: &LineId, with: &LineId) {
    s.line_mut(line).into_iter().for_each(|found| found.announced = None);
    let turrets = s.lines.get(with).map(Line::member_turrets).unwrap_or_default();
    for turret in turrets {
        s.take_leg(with, turret);
    }
    intercom::close(s, with);
}

/// Takes a user off a line, with all their holds.
fn leave(s: &mut State, line: &LineId, user: &UserId) {
    let turrets = s.seats.get(user).cloned().unwrap_or_default();
    for turret in turrets {
        s.take_leg(line, turret);
        s.take_holder(line, turret);
    }
}

/// The line that its caller announces by an intercom.
fn announced_by<'s>(s: &'s State, caller: &UserId, with: &LineId) -> Option<&'s Line> {
    s.lines_of_user(caller).find(|line| line.announced.as_ref().is_some_and(|announced| announced.with == *with))
}

/// Who announces hangs up: that gives the call on, where the floor wants it so (TRF-6) and it can be given.
pub fn completes(s: &State, turret: TurretId, with: &LineId) -> Option<LineId> {
    let user = s.user_of(turret)?;
    let line = announced_by(s, user, with)?;
    let about = line.announced.as_ref()?;
    let line = &line.spec.line;
    let wanted = s.policy(Some(line), Some(user)).transfer_on_release == KeepOrComplete::Complete;
    let given = wanted && s.recordable(line).is_ok() && unanswered(s, turret, line, about).is_ok();
    given.then(|| line.clone())
}

/// The intercom is over and the call was given to nobody: it stays held for who announced it, who is reminded at once (TRF-6,
/// TRF-7); for everybody with the line, when they are lost (LOS-10).
pub fn over(s: &mut State, with: &Line) {
    let caller = with.spec.members.keys().find_map(|user| announced_by(s, user, &with.spec.line));
    let Some(line) = caller.map(|line| line.spec.line.clone()) else { return };
    let Ok(found) = s.line_mut(&line) else { return };
    let Some(announced) = found.announced.take() else { return };
    let holds: Vec<TurretId> =
        found.holders().iter().filter(|holder| holder.user == announced.by).map(|holder| holder.turret).collect();
    let name = found.spec.name.clone();
    let to = s.name_of(&announced.to);
    let sound = (!s.dnd.contains(&announced.by)).then_some(Sound::Reminder);
    for turret in holds {
        if s.turrets.get(&turret).is_none_or(|seat| seat.lost.is_some()) {
            hold::opens_to_all(s, &line, turret);
        } else {
            s.notice(turret, Some(&line), format!("{to} did not take {name}: it waits on hold for you."), sound);
        }
    }
}
