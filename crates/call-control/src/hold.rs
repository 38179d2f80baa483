//! Hold and resume.
//!
//! ```text
//! Talking ─hold─► Common ─anybody resumes─► Talking      Common ─`hold.escalate`─► rings at all appearances
//!    └─hold of a private call, or for oneself─► Exclusive ─its user resumes─► Talking
//!                                               Exclusive ─`hold.exclusive_max` | its user is gone─► Common
//! ```

use crate::call::{self, Take};
use crate::happenings::Happening;
use crate::hoot;
use crate::line::{Leg, Line};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::mrd;
use crate::mute;
use crate::policy::HoldPrivate;
use crate::position;
use crate::privacy;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{CallId, LineId, LineKind, Party, RingPriority, TurretId};
use std::collections::BTreeSet;

/// Whether a turret's user may hold their leg now (HOLD-9).
pub fn may_hold(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    let name = &found.spec.name;
    match found.spec.kind {
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial => {}
        // A conference is held whole, with whom an intercom has brought in.
        LineKind::Intercom if found.conference.is_some() => {}
        LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => {
            return Err(Refusal::new(RefusalCode::NotHoldable, format!("{name} cannot be held; release it.")));
        }
    }
    if found.calling {
        return Err(Refusal::new(RefusalCode::NotHoldable, format!("{name} still rings; wait or release it.")));
    }
    let Some(leg) = found.leg(turret) else { return Err(stale(name)) };
    if leg.broadcast {
        let sentence = format!("{name} is open for your broadcast and goes with it; move it to a handset to keep it.");
        return Err(Refusal::new(RefusalCode::NotHoldable, sentence));
    }
    let Some(user) = s.user_of(turret) else { return Err(stale(name)) };
    // A conference is one call, whatever it has lines.
    let call_of = |line: &Line| line.conference.map_or_else(|| Err(line.spec.line.clone()), Ok);
    let mine = |line: &&Line| line.holders().iter().any(|holder| holder.user == *user);
    let held: BTreeSet<_> = s.lines_of_user(user).filter(mine).map(call_of).collect();
    let max = s.policy(None, Some(user)).hold_max;
    if held.len() >= max && !held.contains(&call_of(found)) {
        let sentence = format!("You hold {max} calls already; release one first.");
        return Err(Refusal::new(RefusalCode::NotHoldable, sentence));
    }
    Ok(())
}

/// Holds one's own leg (HOLD-1); for oneself alone when wished, or when it was private (HOLD-4). Of a conference, all of it
/// (CNF-7).
pub fn hold(s: &mut State, turret: TurretId, line: &LineId, exclusive: bool) -> Done {
    let lines = s.joined_with(line);
    for one in &lines {
        may_hold(s, turret, one)?;
    }
    let call = s.line(line)?.call;
    lines.iter().for_each(|one| hold_leg(s, turret, one, exclusive));
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

fn hold_leg(s: &mut State, turret: TurretId, line: &LineId, exclusive: bool) {
    let now = s.now;
    let Some(Leg { mut party, .. }) = s.take_leg(line, turret) else { return };
    let user = party.user.clone();
    let policy = s.policy(Some(line), Some(&user));
    // A call that is announced waits for who announces it (TRF-5).
    let announced = s.lines.get(line).and_then(|found| found.announced.as_ref()).is_some_and(|it| it.by == user);
    let exclusive = exclusive || announced || (party.private && policy.hold_private == HoldPrivate::Exclusive);
    (party.since, party.private, party.exclusive, party.overriding) = (now, false, exclusive, false);
    s.put_holder(line, party);
    let Ok(found) = s.line_mut(line) else { return };
    if found.legs().is_empty() {
        found.since = now;
        // A held line is heard and spoken on by nobody, by speaker channel neither.
        hoot::close_all(s, line);
    }
    privacy::close_strangers(s, line);
    mute::close_strangers(s, line);
    s.happened(line, Some(user), if exclusive { Happening::HeldExclusively } else { Happening::Held });
    mrd::let_go(s, turret, line);
    begin_timers(s, line, turret);
}

/// The time of a hold that begins now, or goes on after a restart.
pub fn begin_timers(s: &mut State, line: &LineId, turret: TurretId) {
    let now = s.now;
    let Some(holder) = s.lines.get(line).and_then(|found| found.hold_of(turret)) else { return };
    let (exclusive, policy) = (holder.exclusive, s.policy(Some(line), Some(&holder.user)));
    s.set_timer(now.plus_ms(policy.hold_reminder_ms), Timer::HoldReminder(line.clone(), turret, now.mono_us));
    if exclusive {
        let at = now.plus_ms(policy.hold_exclusive_max_ms);
        s.set_timer(at, Timer::HoldExclusiveOver(line.clone(), turret, now.mono_us));
    } else {
        watch(s, line, turret, now.mono_us);
    }
}

/// A common hold rings everywhere when nobody has taken it for `hold.escalate`.
fn watch(s: &mut State, line: &LineId, turret: TurretId, since_us: u64) {
    let user = s.lines.get(line).and_then(|found| found.hold_of(turret)).map(|holder| holder.user.clone());
    if let Some(escalate_ms) = s.policy(Some(line), user.as_ref()).hold_escalate_ms {
        s.set_timer(s.now.plus_ms(escalate_ms), Timer::HoldEscalates(line.clone(), turret, since_us));
    }
}

/// Whose hold a turret's user would take on `found`: their own before the oldest of somebody else's.
///
/// # Errors
/// [`RefusalCode::HeldExclusive`] when all are for somebody else alone, stale when nobody holds it.
pub fn takeable(s: &State, turret: TurretId, found: &Line) -> Result<TurretId, Refusal> {
    let me = s.user_of(turret);
    let own = found.holders().iter().filter(|holder| Some(&holder.user) == me);
    let own = own.min_by_key(|holder| holder.turret != turret);
    let common = found.holders().iter().find(|holder| !holder.exclusive);
    let name = &found.spec.name;
    match (own, common, found.holders().first()) {
        (Some(holder), _, _) | (None, Some(holder), _) => Ok(holder.turret),
        (None, None, Some(holder)) => {
            let who = s.name_of(&holder.user);
            let sentence = format!("{who} holds {name} for themselves; call them by intercom.");
            Err(Refusal::new(RefusalCode::HeldExclusive, sentence))
        }
        (None, None, None) => Err(stale(name)),
    }
}

/// The holds that a turret's user may let go though they are not on the line: their own and common ones, no colleague's who
/// holds it for themselves (HOLD-5).
pub fn releasable(s: &State, turret: TurretId, found: &Line) -> Vec<Party> {
    let me = s.user_of(turret);
    found.holders().iter().filter(|holder| !holder.exclusive || Some(&holder.user) == me).cloned().collect()
}

/// Takes a held line (HOLD-3, HOLD-8).
pub fn resume(s: &mut State, turret: TurretId, line: &LineId, call: CallId, take: Take) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.call != Some(call) || found.leg(turret).is_some() {
        return Err(stale(&name));
    }
    let me = s.user_of(turret);
    let mine = found.holders().iter().any(|holder| Some(&holder.user) == me);
    // Who came last is who resumed.
    if let (Some(winner), false) = (found.legs().last(), mine) {
        let who = s.name_of(&winner.party.user);
        return Err(Refusal::new(
            RefusalCode::ResumedBy,
            format!("{who} resumed {name} first; press its key to join them."),
        ));
    }
    crate::transfer::may_answer(s, turret, line)?;
    let from = takeable(s, turret, found)?;
    s.recordable(line)?;
    let leg = crate::call::taker(s, turret, line, take)?;
    position::take(s, turret, take.at)?;
    for one in s.joined_with(line) {
        s.take_holder(&one, from);
    }
    crate::call::join(s, line, call, leg);
    s.happened_on_all(line, turret, &Happening::Resumed);
    Ok(Accepted { line: Some(line.clone()), position: Some(take.at), call: Some(call) })
}

fn holder<'s>(s: &'s State, line: &LineId, turret: TurretId, since_us: u64) -> Option<&'s Party> {
    s.lines.get(line)?.hold_of(turret).filter(|holder| holder.since.mono_us == since_us)
}

/// A held client waits (HOLD-7).
pub fn remind(s: &mut State, line: &LineId, turret: TurretId, since_us: u64) {
    let Some(holder) = holder(s, line, turret, since_us) else { return };
    let Some(found) = s.lines.get(line) else { return };
    let sentence = format!("{} has been on hold for {}.", found.spec.name, time_since(s, holder));
    let sound = (!s.dnd.contains(&holder.user)).then_some(Sound::Reminder);
    let repeat_ms = s.policy(Some(line), Some(&holder.user)).hold_reminder_repeat_ms;
    // Whoever can take the call of somebody who is gone is reminded of it (LOS-7).
    let gone = s.turrets.get(&turret).is_none_or(|seat| seat.lost.is_some());
    let to = if gone && !holder.exclusive { s.audience(found) } else { vec![turret] };
    for turret in to {
        s.notice(turret, Some(line), sentence.clone(), sound);
    }
    s.set_timer(s.now.plus_ms(repeat_ms), Timer::HoldReminder(line.clone(), turret, since_us));
}

/// Nobody has taken a common hold for long: it rings everywhere until somebody does (HOLD-7).
pub fn escalates(s: &mut State, line: &LineId, turret: TurretId, since_us: u64) {
    if holder(s, line, turret, since_us).is_some_and(|holder| !holder.exclusive) {
        ring_waiting(s, line, turret);
    }
}

/// Rings a held line at all its appearances (HOLD-7, LOS-4).
pub fn ring_waiting(s: &mut State, line: &LineId, turret: TurretId) {
    let Some(found) = s.lines.get(line).filter(|found| found.legs().is_empty()) else { return };
    let Some(holder) = found.hold_of(turret) else { return };
    let from = s.name_of(&holder.user);
    s.set_ring(line, from);
    if let Ok(found) = s.line_mut(line)
        && let Some(ring) = &mut found.ring
    {
        (ring.recall, ring.priority) = (true, RingPriority::High);
    }
    s.happened(line, None, Happening::Rings);
}

/// A hold that was one person's alone is everybody's from now on (HOLD-6): or it is released, where that is the policy.
pub fn opens_to_all(s: &mut State, line: &LineId, turret: TurretId) {
    let Some(found) = s.lines.get(line) else { return };
    let Some(holder) = found.hold_of(turret).filter(|holder| holder.exclusive).cloned() else { return };
    let (name, who) = (found.spec.name.clone(), s.name_of(&holder.user));
    let Some(was) = s.take_holder(line, turret) else { return };
    s.put_holder(line, Party { exclusive: false, ..was });
    let audience = s.lines.get(line).map(|found| s.audience(found)).unwrap_or_default();
    for other in audience {
        s.notice(other, Some(line), format!("{name}, which {who} held, can be taken by all now."), None);
    }
    watch(s, line, turret, holder.since.mono_us);
}

/// `hold.exclusive_max` has passed, and its user has not come back to it (HOLD-6).
pub fn exclusive_over(s: &mut State, line: &LineId, turret: TurretId, since_us: u64) {
    let Some(holder) = holder(s, line, turret, since_us).filter(|holder| holder.exclusive) else { return };
    match s.policy(Some(line), Some(&holder.user)).hold_exclusive_end {
        crate::policy::HoldOrRelease::Hold => opens_to_all(s, line, turret),
        crate::policy::HoldOrRelease::Release => released_at_its_end(s, line, turret, &holder.clone()),
    }
}

/// It is released at its end, and its user is told: at their turrets, or its line's audience when they have none any more.
fn released_at_its_end(s: &mut State, line: &LineId, turret: TurretId, holder: &Party) {
    let Some(found) = s.lines.get(line) else { return };
    let (name, time) = (found.spec.name.clone(), time_since(s, holder));
    let what = match goes_on_without(found, turret) {
        true => "your colleagues go on with it",
        false => "the call was released",
    };
    let at = s.seats.get(&holder.user).map(|seats| seats.iter().copied().collect());
    for to in at.unwrap_or_else(|| s.audience(found)) {
        let whose = if s.user_of(to) == Some(&holder.user) { "Your".into() } else { s.name_of(&holder.user) + "'s" };
        let sentence = format!("{whose} hold of {name} is over after {time}: {what}.");
        s.notice(to, Some(line), sentence, Some(Sound::Warning));
    }
    let why = format!("it was on hold for {} for {time}, longer than one person may", s.name_of(&holder.user));
    call::lapse(s, turret, line, &why);
}

/// Somebody else is on a line, or holds it.
pub fn goes_on_without(found: &Line, turret: TurretId) -> bool {
    !found.legs().is_empty() || found.holders().iter().any(|holder| holder.turret != turret)
}

/// For how long somebody holds a line, in words.
pub fn time_since(s: &State, holder: &Party) -> String {
    match s.now.mono_us.saturating_sub(holder.since.mono_us) / 1_000_000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}
