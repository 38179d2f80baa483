//! Who is where: log-on, log-off, do-not-disturb, lost and found turrets.

use crate::Floor;
use crate::happenings::Happening;
use crate::hoot;
use crate::line::Line;
use crate::messages::{Accepted, Output, Refusal, Sound};
use crate::private_wire::{far_shows, let_go, release, tell_unattended};
use crate::state::State;
use crate::timer::{LINK_GRACE_MS, LOSS_HOLD_MAX_MS, MIC_AUTO_RESUME_MS, Timer};
use dealerboard_model::{LineId, LineKind, Moment, TurretId, Uplink, UserId};

/// A user has taken a turret: it hears the lines of their speakers.
pub fn log_on(s: &mut State, turret: TurretId, user: &UserId) {
    let monitors = s.floor.users.get(user).map(|spec| spec.speakers.clone()).unwrap_or_default();
    s.seat(turret, user, monitors);
}

/// The microphone of an uplink has gone, or one is there; `lines` are those that it is recorded on.
pub fn microphone(s: &mut State, turret: TurretId, uplink: Uplink, there: bool, lines: &[LineId]) {
    let Some(seat) = s.turrets.get_mut(&turret) else { return };
    let is_news = if there { seat.without_mic.remove(&uplink) } else { seat.without_mic.insert(uplink) };
    if is_news {
        let what = if there { Happening::MicBack(uplink) } else { Happening::MicLost(uplink) };
        lines.iter().for_each(|line| s.happened_at(line, turret, what));
    }
}

/// Takes in users who were added or changed while the exchange runs: whoever is logged on hears the speakers that they have
/// now. Who talks or is on a line stays there.
pub fn users(s: &mut State, floor: Floor) {
    s.appearances = floor.appearances();
    for (line, spec) in floor.lines {
        if let Some(found) = s.lines.get_mut(&line) {
            if found.spec.members != spec.members {
                s.touched.insert(line);
            }
            found.spec.members = spec.members;
        }
    }
    s.floor.users = floor.users;
    s.touched_people.extend(s.floor.users.keys().cloned());
    let seats: Vec<_> = s.turrets.iter().map(|(turret, seat)| (*turret, seat.user.clone())).collect();
    for (turret, user) in seats {
        let monitors = s.floor.users.get(&user).map(|spec| spec.speakers.clone()).unwrap_or_default();
        s.monitor(turret, monitors);
    }
}

fn lines_with(s: &State, turret: TurretId) -> Vec<LineId> {
    let on_it = |line: &&Line| line.leg(turret).is_some() || line.is_held_by(turret);
    s.lines_of(turret).filter(on_it).map(|line| line.spec.line.clone()).collect()
}

/// The session is over: nothing stays open. Calls that somebody else can take wait for them on hold, the rest is released
/// (LOG-3, LOS-4, LOS-7).
pub fn log_off(s: &mut State, now: Moment, turret: TurretId) {
    if !s.turrets.contains_key(&turret) {
        return;
    }
    hoot::stop_all(s, now, turret);
    for line in lines_with(s, turret) {
        leave_to_others(s, now, turret, &line);
    }
    if let Some(seat) = s.unseat(turret)
        && !s.seats.contains_key(&seat.user)
    {
        s.dnd.remove(&seat.user);
        tell_callers(s, &seat.user);
    }
}

/// The turret cannot be reached (LOS-1 to LOS-9): talks and microphones are shut, calls wait.
pub fn lost(s: &mut State, now: Moment, turret: TurretId) {
    let Some(seat) = s.turrets.get_mut(&turret).filter(|seat| seat.lost.is_none()) else { return };
    seat.lost = Some(now);
    s.touched.extend(seat.monitors.iter().cloned());
    hoot::stop_all(s, now, turret);
    mark(s, turret, true);
    for line in lines_with(s, turret) {
        let kind = s.lines.get(&line).map(|found| found.spec.kind);
        if kind == Some(LineKind::Intercom) {
            let _ = release(s, now, turret, &line);
        } else {
            s.leg_mut(&line, turret).into_iter().for_each(|leg| (leg.mic, leg.mic_lapsed) = (false, leg.mic));
            let_go(s, now, turret, &line);
        }
    }
    if let Some(user) = s.user_of(turret).cloned() {
        tell_callers(s, &user);
    }
    s.set_timer(now.plus_ms(LINK_GRACE_MS), Timer::LinkGrace(turret, now.mono_us));
}

/// `user` cannot answer any more: who rings where nobody else can is told (RTE-5).
fn tell_callers(s: &mut State, user: &UserId) {
    let rings = |line: &&LineId| s.lines.get(*line).is_some_and(|found| found.ring.is_some());
    let theirs: Vec<LineId> = s.appearances.get(user).into_iter().flatten().filter(rings).cloned().collect();
    theirs.iter().for_each(|line| tell_unattended(s, line));
}

fn mark(s: &mut State, turret: TurretId, lost: bool) {
    for line in lines_with(s, turret) {
        s.mark_lost(&line, turret, lost);
        let far = s.lines.get(&line).and_then(|found| found.spec.far.clone());
        s.happened_at(&line, turret, if lost { Happening::LinkLost } else { Happening::LinkBack });
        far_shows(s, far);
    }
}

/// The turret is back: still at the ear within three seconds, later microphones open by press only (LOS-4).
pub fn back(s: &mut State, now: Moment, turret: TurretId) {
    let Some(seat) = s.turrets.get_mut(&turret) else { return };
    let Some(since) = seat.lost.take() else { return };
    s.touched.extend(seat.monitors.iter().cloned());
    mark(s, turret, false);
    let soon = now.mono_us.saturating_sub(since.mono_us) <= MIC_AUTO_RESUME_MS * 1_000;
    for line in lines_with(s, turret) {
        let opens = soon && s.recordable(&line).is_ok();
        if let Some(leg) = s.leg_mut(&line, turret).filter(|leg| leg.mic_lapsed) {
            leg.mic_lapsed = false;
            if opens {
                (leg.mic, leg.mic_since) = (true, now);
            }
        }
    }
}

/// It did not come back: what colleagues can take is held for them, the rest is released, and the session is over (LOS-1,
/// LOS-4, LOS-6, LOS-7).
pub fn grace_over(s: &mut State, now: Moment, turret: TurretId, since_us: u64) {
    let Some(seat) = s.turrets.get(&turret) else { return };
    if seat.lost.is_none_or(|lost| lost.mono_us != since_us) {
        return;
    }
    log_off(s, now, turret);
    s.outputs.push(Output::SessionOver { turret });
}

/// Its user goes: a call that was theirs alone waits on hold for whoever can take it, a held one goes on waiting, the rest
/// is released.
fn leave_to_others(s: &mut State, now: Moment, turret: TurretId, line: &LineId) {
    let Some(found) = s.lines.get(line) else { return };
    let there = |other: &TurretId| *other != turret && s.turrets[other].lost.is_none();
    let others: Vec<TurretId> = s.audience(found).into_iter().filter(there).collect();
    let alone = found.legs().len() == 1 && found.leg(turret).is_some();
    let held = found.is_held_by(turret);
    let name = found.spec.name.clone();
    let waits = !others.is_empty() && (held || (alone && crate::hold::hold(s, now, turret, line).is_ok()));
    if !waits {
        // A line that is gone already was an intercom with the same two people.
        let _ = release(s, now, turret, line);
        return;
    }
    let who = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    for other in others {
        s.notice(other, Some(line), format!("{who} has left: {name} is on hold."), Some(Sound::Reminder));
    }
    s.set_timer(now.plus_ms(LOSS_HOLD_MAX_MS), Timer::HoldForsaken(line.clone(), turret, now.mono_us));
}

/// Nobody took the call of somebody who went: its far end is not kept for ever (LOS-4).
pub fn forsaken(s: &mut State, now: Moment, line: &LineId, turret: TurretId, left_us: u64) {
    let here = s.turrets.get(&turret).is_some_and(|seat| seat.lost.is_none());
    let meant = |holder: &&dealerboard_model::Party| holder.turret == turret && holder.since.mono_us <= left_us;
    if !here && s.lines.get(line).is_some_and(|found| found.holders().iter().any(|holder| meant(&holder))) {
        let _ = release(s, now, turret, line);
    }
}

/// Sets or ends do-not-disturb.
pub fn dnd(s: &mut State, turret: TurretId, on: bool) -> Result<Accepted, Refusal> {
    let zero = Moment { mono_us: 0, utc_ms: 0 };
    let user = s.party(turret, dealerboard_model::Position::Speakers, zero)?.user;
    if on {
        s.dnd.insert(user.clone());
    } else {
        s.dnd.remove(&user);
    }
    s.touched_people.insert(user);
    Ok(Accepted::default())
}
