//! Hold, resume, and what becomes of a position's earlier call.

use crate::happenings::Happening;
use crate::hoot;
use crate::line::Leg;
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::private_wire::{far_shows, let_go};
use crate::state::{State, stale};
use crate::timer::{HOLD_REMINDER_MS, HOLD_REPEAT_MS, Timer};
use dealerboard_model::{CallId, LineId, LineKind, Moment, Party, Position, TurretId};

/// `hold.max`, per user.
const HOLD_MAX: usize = 8;

fn may_hold(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    let name = &found.spec.name;
    match found.spec.kind {
        LineKind::Ard | LineKind::Mrd => {}
        LineKind::Hoot | LineKind::Intercom => {
            return Err(Refusal::new(RefusalCode::NotHoldable, format!("{name} cannot be held; release it.")));
        }
    }
    if found.calling {
        return Err(Refusal::new(RefusalCode::NotHoldable, format!("{name} still rings; wait or release it.")));
    }
    if found.leg(turret).is_none() {
        return Err(stale(name));
    }
    let Some(user) = s.user_of(turret) else { return Err(stale(name)) };
    let holders = s.lines_of_user(user).flat_map(|line| line.holders());
    let held = holders.filter(|holder| holder.user == *user).count();
    if held >= HOLD_MAX {
        let sentence = format!("You hold {HOLD_MAX} calls already; release one first.");
        return Err(Refusal::new(RefusalCode::NotHoldable, sentence));
    }
    Ok(())
}

/// Holds one's own leg (HOLD-1).
pub fn hold(s: &mut State, now: Moment, turret: TurretId, line: &LineId) -> Result<Accepted, Refusal> {
    may_hold(s, turret, line)?;
    let name = s.line(line)?.spec.name.clone();
    let Some(Leg { mut party, .. }) = s.take_leg(line, turret) else { return Err(stale(&name)) };
    party.since = now;
    let user = party.user.clone();
    s.put_holder(line, party);
    let found = s.line_mut(line)?;
    let (call, far) = (found.call, found.spec.far.clone());
    if found.legs().is_empty() {
        found.since = now;
        // A held line is heard and spoken on by nobody, by speaker channel neither.
        hoot::close_all(s, line);
    }
    s.happened(line, Some(user), Happening::Held);
    far_shows(s, far);
    let_go(s, now, turret, line);
    s.set_timer(now.plus_ms(HOLD_REMINDER_MS), Timer::HoldReminder(line.clone(), turret, now.mono_us));
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// Takes a held line (HOLD-3, HOLD-8).
pub fn resume(
    s: &mut State,
    now: Moment,
    turret: TurretId,
    line: &LineId,
    call: CallId,
    at: Position,
) -> Result<Accepted, Refusal> {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.call != Some(call) || found.leg(turret).is_some() {
        return Err(stale(&name));
    }
    // One's own hold if there is one, else the oldest.
    let mine = found.is_held_by(turret);
    let from = if mine { Some(turret) } else { found.holders().first().map(|holder| holder.turret) };
    let Some(from) = from.filter(|_| mine || found.legs().is_empty()) else {
        // Who came last is who resumed.
        let winner = found.legs().last().map(|leg| leg.party.user.clone());
        return Err(match winner {
            Some(user) => {
                let who = s.name_of(&user);
                Refusal::new(RefusalCode::ResumedBy, format!("{who} resumed {name} first."))
            }
            None => stale(&name),
        });
    };
    s.recordable(line)?;
    take_position(s, now, turret, at)?;
    let party = s.party(turret, at, now)?;
    s.take_holder(line, from);
    let found = s.line_mut(line)?;
    if found.legs().is_empty() {
        found.since = now;
    }
    let far = found.spec.far.clone();
    s.put_leg(line, Leg::new(party, true, now));
    s.happened_at(line, turret, Happening::Resumed);
    far_shows(s, far);
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// Makes a position free: what it carries is held (POS-2), or released if it only rings yet, or is an intercom (POS-3).
pub fn take_position(s: &mut State, now: Moment, turret: TurretId, at: Position) -> Result<(), Refusal> {
    if at == Position::Speakers {
        let sentence = "The speakers carry channels, not calls; choose a handset or hands-free.";
        return Err(Refusal::new(RefusalCode::PositionBusy, sentence));
    }
    let Some(line) = s.line_at(turret, at) else { return Ok(()) };
    let found = s.line(&line)?;
    let intercom = found.spec.kind == LineKind::Intercom;
    let name = if intercom { "The intercom".to_owned() } else { found.spec.name.clone() };
    if found.calling || intercom {
        crate::private_wire::release(s, now, turret, &line)?;
        s.notice(turret, None, format!("{name} is released: another call took its place."), None);
        return Ok(());
    }
    hold(s, now, turret, &line).map_err(|refusal| Refusal {
        code: if refusal.code == RefusalCode::NotHoldable { RefusalCode::PositionBusy } else { refusal.code },
        sentence: refusal.sentence,
    })?;
    s.notice(turret, Some(&line), format!("{name} is on hold: another call took its place."), None);
    Ok(())
}

/// A held client waits (HOLD-7).
pub fn remind(s: &mut State, now: Moment, line: &LineId, turret: TurretId, since_us: u64) {
    let Some(found) = s.lines.get(line) else { return };
    let meant = |holder: &&Party| holder.turret == turret && holder.since.mono_us == since_us;
    let Some(holder) = found.holders().iter().find(meant) else { return };
    let held_s = (now.mono_us - holder.since.mono_us) / 1_000_000;
    let sentence = format!("{} has been on hold for {held_s} s.", found.spec.name);
    let sound = (!s.dnd.contains(&holder.user)).then_some(Sound::Reminder);
    // Whoever can take the call of somebody who is gone is reminded of it (LOS-7).
    let gone = s.turrets.get(&turret).is_none_or(|seat| seat.lost.is_some());
    let to = if gone { s.audience(found) } else { vec![turret] };
    for turret in to {
        s.notice(turret, Some(line), sentence.clone(), sound);
    }
    s.set_timer(now.plus_ms(HOLD_REPEAT_MS), Timer::HoldReminder(line.clone(), turret, since_us));
}
