//! Lost and found turrets, and what becomes of the calls of somebody who goes.
//!
//! ```text
//! There ─lost─► Grace ─back in time─► There      Grace ─`link.grace`─► Gone: its calls wait on hold for colleagues, or end
//! ```

use crate::ard::tell_unattended;
use crate::call::{self, release};
use crate::happenings::Happening;
use crate::history;
use crate::hold;
use crate::hoot;
use crate::line::Line;
use crate::messages::{Output, Sound};
use crate::mrd::let_go;
use crate::policy::HoldOrRelease;
use crate::routing;
use crate::state::State;
use crate::timer::Timer;
use dealerboard_model::{LineId, LineKind, TurretId, UserId};

/// The lines that a turret is on or holds.
pub fn lines_with(s: &State, turret: TurretId) -> Vec<LineId> {
    let on_it = |line: &&Line| line.leg(turret).is_some() || line.is_held_by(turret);
    s.lines_of(turret).filter(on_it).map(|line| line.spec.line.clone()).collect()
}

/// The turret cannot be reached (LOS-1 to LOS-9): talks and microphones are shut, calls wait.
pub fn lost(s: &mut State, turret: TurretId) {
    let now = s.now;
    let Some(seat) = s.turrets.get_mut(&turret).filter(|seat| seat.lost.is_none()) else { return };
    seat.lost = Some(now);
    // A lost turret lets its talk keys go by itself.
    seat.displaced.clear();
    let user = seat.user.clone();
    let heard = seat.monitors.clone();
    s.touch_heard(heard);
    hoot::stop_all(s, turret);
    crate::takeover::forget(s, turret);
    mark(s, turret, true);
    for line in lines_with(s, turret) {
        let kind = s.lines.get(&line).map(|found| found.spec.kind);
        let conference = s.lines.get(&line).and_then(|found| found.conference);
        if kind == Some(LineKind::Intercom) && conference.is_none() {
            history::lost(s, turret, Some(&line));
            let _ = release(s, turret, &line);
        } else {
            // Talk on a hoot does not come back by itself, by whatever microphone (LOS-8).
            let lapses = kind.is_some_and(|kind| !kind.is_open());
            s.leg_mut(&line, turret)
                .into_iter()
                .for_each(|leg| (leg.mic, leg.mic_lapsed, leg.leaving) = (false, leg.mic && lapses, None));
            let_go(s, turret, &line);
        }
    }
    tell_callers(s, &user);
    if !s.is_reached(&user) {
        routing::left(s, &user);
        crate::divert::left(s, &user);
    }
    let grace_ms = s.policy(None, Some(&user)).link_grace_ms;
    s.set_timer(now.plus_ms(grace_ms), Timer::LinkGrace(turret, now.mono_us));
}

/// `user` cannot answer any more: who rings where nobody else can is told (RTE-5).
pub fn tell_callers(s: &mut State, user: &UserId) {
    let rings = |line: &&LineId| s.lines.get(*line).is_some_and(|found| found.ring.is_some());
    let theirs: Vec<LineId> = s.appearances.get(user).into_iter().flatten().filter(rings).cloned().collect();
    theirs.iter().for_each(|line| tell_unattended(s, line));
}

fn mark(s: &mut State, turret: TurretId, lost: bool) {
    for line in lines_with(s, turret) {
        s.mark_lost(&line, turret, lost);
        s.happened_at(&line, turret, if lost { Happening::LinkLost } else { Happening::LinkBack });
    }
}

/// The turret is back: still at the ear within `mic.auto_resume`, later microphones open by press only (LOS-4).
pub fn back(s: &mut State, turret: TurretId) {
    let Some(seat) = s.turrets.get_mut(&turret) else { return };
    let Some(since) = seat.lost.take() else { return };
    let user = seat.user.clone();
    let heard = seat.monitors.clone();
    s.touch_heard(heard);
    mark(s, turret, false);
    routing::came(s, &user);
    let now = s.now;
    let away_ms = now.mono_us.saturating_sub(since.mono_us) / 1_000;
    for line in lines_with(s, turret) {
        let soon = away_ms <= s.policy(Some(&line), Some(&user)).mic_auto_resume_ms;
        // Nobody may be there (LOG-4).
        let opens = soon && !s.is_locked(turret) && s.recordable(&line).is_ok();
        if let Some(leg) = s.leg_mut(&line, turret).filter(|leg| leg.mic_lapsed) {
            leg.mic_lapsed = false;
            if opens {
                (leg.mic, leg.mic_since) = (true, now);
            }
        }
    }
    crate::restored::back(s, turret);
}

/// It did not come back: what colleagues can take is held for them, the rest is released, and the session is over (LOS-1,
/// LOS-4 to LOS-7).
pub fn grace_over(s: &mut State, turret: TurretId, since_us: u64) {
    let Some(seat) = s.turrets.get(&turret) else { return };
    if seat.lost.is_none_or(|lost| lost.mono_us != since_us) {
        return;
    }
    history::lost(s, turret, None);
    crate::presence::leave(s, turret, Leaves::Lost);
    s.outputs.push(Output::SessionOver { turret });
}

/// How a user goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// They log off.
    LogsOff,
    /// Their turret was lost and did not come back.
    Lost,
}

/// Its user goes: a call that was theirs alone waits on hold for whoever can take it, a held one goes on waiting, the rest
/// is released (LOG-3, LOS-4 to LOS-7).
pub fn leave_to_others(s: &mut State, turret: TurretId, line: &LineId, how: Leaves) {
    // Of a conference one release, or one hold, is that of all its lines.
    let mine = |found: &&Line| found.leg(turret).is_some() || found.is_held_by(turret);
    let Some(found) = s.lines.get(line).filter(mine) else { return };
    let there = |other: &TurretId| *other != turret && s.turrets[other].lost.is_none();
    let others: Vec<TurretId> = s.audience(found).into_iter().filter(there).collect();
    // Whoever can take one line of a conference has all of it.
    let anybody = may_take(s, line).any(|turret| there(&turret));
    let leg = found.leg(turret).filter(|_| found.legs().len() == 1);
    let (alone, private) = (leg.is_some(), leg.is_some_and(|leg| leg.party.private));
    let exclusive = found.hold_of(turret).is_some_and(|holder| holder.exclusive);
    let held = found.is_held_by(turret);
    let name = found.spec.name.clone();
    let user = s.user_of(turret).cloned();
    let policy = s.policy(Some(line), user.as_ref());
    let policy_keeps = match how {
        Leaves::LogsOff if exclusive => policy.hold_exclusive_end == HoldOrRelease::Hold,
        Leaves::LogsOff => policy.logoff_calls == HoldOrRelease::Hold,
        Leaves::Lost => policy.loss_call == HoldOrRelease::Hold,
    };
    // What its user has for themselves waits for them alone first, when their turret was lost (LOS-5).
    let waits_for_user = how == Leaves::Lost && (private || exclusive);
    let keeps = policy_keeps && (anybody || waits_for_user);
    let waits = keeps && (held || (alone && hold::hold(s, turret, line, waits_for_user).is_ok()));
    if !waits {
        // A line that is gone already was an intercom with the same two people.
        let _ = release(s, turret, line);
        return;
    }
    s.set_timer(s.now.plus_ms(policy.loss_hold_max_ms), Timer::HoldForsaken(line.clone(), turret, s.now.mono_us));
    if waits_for_user {
        return;
    }
    hold::opens_to_all(s, line, turret);
    let who = user.map(|user| s.name_of(&user)).unwrap_or_default();
    for other in others {
        s.notice(other, Some(line), format!("{who} has left: {name} is on hold."), Some(Sound::Reminder));
    }
    if how == Leaves::Lost {
        hold::ring_waiting(s, line, turret);
    }
}

/// Turrets that see a line, or one that is joined with it; some of them more than once.
fn may_take(s: &State, line: &LineId) -> impl Iterator<Item = TurretId> {
    let lines = s.joined_with(line).into_iter().filter_map(|one| s.lines.get(&one));
    lines.flat_map(|found| s.audience(found))
}

/// Nobody took the call of somebody who went: it opens to all where it was theirs alone, and is released then (LOS-4, LOS-5).
pub fn forsaken(s: &mut State, line: &LineId, turret: TurretId, left_us: u64) {
    let here = s.turrets.get(&turret).is_some_and(|seat| seat.lost.is_none());
    let Some(found) = s.lines.get(line).filter(|_| !here) else { return };
    let Some(holder) = found.hold_of(turret).filter(|holder| holder.since.mono_us <= left_us) else { return };
    if holder.exclusive && may_take(s, line).next().is_some() {
        let again_ms = s.policy(Some(line), Some(&holder.user)).loss_hold_max_ms;
        hold::opens_to_all(s, line, turret);
        hold::ring_waiting(s, line, turret);
        s.set_timer(s.now.plus_ms(again_ms), Timer::HoldForsaken(line.clone(), turret, s.now.mono_us));
    } else {
        let (name, who, time) = (found.spec.name.clone(), s.name_of(&holder.user), hold::time_since(s, holder));
        let told = if hold::goes_on_without(found, turret) { Vec::new() } else { s.audience(found) };
        for other in told {
            let sentence = format!("Nobody took {name}, which {who} left on hold, in {time}: the call is over.");
            s.notice(other, Some(line), sentence, None);
        }
        call::lapse(s, turret, line, &format!("{who} left it on hold, and nobody took it in {time}"));
    }
}
