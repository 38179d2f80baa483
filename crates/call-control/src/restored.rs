//! What becomes of what was kept, after a restart of the switch (SWI-2, SWI-3).
//!
//! ```text
//! on a line or holding it ─restart─► Awaited (link lost, microphone shut) ─back─► as before, microphones by press
//!     an ARD that called  ─restart─► Awaited (nothing rings) ─caller back─► rings again
//!                                    Awaited ─`restart.window`─► LOS-4 to LOS-7; over where nobody of the whole call is back
//! ```
//!
//! Law: nothing opens or rings by itself but what its user was doing: microphones open by a press, and who does not come back in
//! `restart.window` is gone.

use crate::call::Take;
use crate::happenings::Happening;
use crate::kept::{Kept, KeptConference, KeptLine, KeptParty};
use crate::line::{Leg, Line};
use crate::loss::Leaves;
use crate::messages::{Output, Sound};
use crate::record::Recordings;
use crate::state::State;
use crate::timer::Timer;
use crate::{call, conference, hold, mrd, presence, rights, voicemail};
use dealerboard_model::{CallId, ConferenceId, LineId, LineKind, Party, TurretId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Who is waited for since a restart.
#[derive(Clone, Debug, Default)]
pub struct Awaited {
    turrets: BTreeSet<TurretId>,
    /// What rings again when its caller is back.
    callers: Vec<(TurretId, LineId, Take)>,
}

/// Takes back what was kept when the switch ended; it waits `restart.window` for its people (SWI-3).
pub fn restore(s: &mut State, recordings: &mut Recordings, kept: &BTreeSet<Kept>) {
    let mut lines: BTreeMap<LineId, KeptLine> = BTreeMap::new();
    for what in kept {
        match what {
            Kept::Dnd(user) => drop(s.dnd.insert(user.clone())),
            Kept::Right(line, user, allowed) => rights::restore(s, line, user, *allowed),
            Kept::OutOfService(line) => s.line_mut(line).into_iter().for_each(|found| found.failed = true),
            Kept::Divert(of, when, to) => {
                s.diverts.entry(of.clone()).or_default().insert(*when, to.clone());
            }
            Kept::Message(it) => {
                s.next_call = s.next_call.max(it.call.0.saturating_add(1));
                voicemail::restore(s, it);
            }
            Kept::Line(line) => {
                s.next_call = s.next_call.max(line.call.0.saturating_add(1));
                if let Some(recording) = line.recording {
                    recordings.go_on(&line.line, line.call, recording);
                }
                // What was kept of a line that is no more is over with it.
                s.touched.insert(line.line.clone());
                drop(lines.insert(line.line.clone(), known(s, line)));
            }
        }
    }
    let serves = |found: &Line| (found.spec.kind.has_two_ends() || found.spec.kind.is_open()) && !found.failed;
    lines.retain(|line, it| s.lines.get(line).is_some_and(serves) && !it.is_empty());
    let callers: Vec<KeptLine> = lines.extract_if(.., |_, it| it.calling).map(|(_, it)| it).collect();
    // Both ends of an ARD, or of a call that was dialled, are on a call, or neither.
    let ends: BTreeMap<LineId, CallId> = lines.iter().map(|(line, it)| (line.clone(), it.call)).collect();
    lines.retain(|line, it| match s.lines.get(line).map(|found| (found.spec.kind, found.far())) {
        Some((LineKind::Ard, Some(far))) => ends.get(far) == Some(&it.call),
        Some((LineKind::Mrd | LineKind::Ard | LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom, _)) => true,
        Some((LineKind::Extension | LineKind::Dial, _)) => {
            it.dialled.as_ref().is_some_and(|it_is| ends.get(&it_is.peer) == Some(&it.call))
        }
        None => false,
    });
    for it in lines.values() {
        put_back(s, it);
    }
    join_again(s, lines.values());
    for it in callers {
        for party in &it.parties {
            let take = Take { at: party.position, private: party.private };
            seat(s, party);
            s.awaited.callers.push((party.turret, it.line.clone(), take));
        }
    }
    if !kept.is_empty() {
        s.set_timer(s.now.plus_ms(s.policy(None, None).restart_window_ms), Timer::RestartWindow);
    }
}

impl KeptLine {
    fn is_empty(&self) -> bool {
        self.parties.is_empty() && self.holders.is_empty() && self.conference.is_none()
    }
}

/// What the floor still knows of a line that was kept.
fn known(s: &State, line: &KeptLine) -> KeptLine {
    let known = |all: &[KeptParty]| -> Vec<KeptParty> {
        all.iter().filter(|party| s.floor.users.contains_key(&party.user)).cloned().collect()
    };
    KeptLine { parties: known(&line.parties), holders: known(&line.holders), ..line.clone() }
}

/// The session of somebody who is waited for.
fn seat(s: &mut State, party: &KeptParty) {
    if s.awaited.turrets.insert(party.turret) {
        let monitors = rights::speakers(s, &party.user);
        s.seat(party.turret, &party.user, monitors);
        let now = s.now;
        s.turrets.get_mut(&party.turret).into_iter().for_each(|seat| seat.lost = Some(now));
    }
}

/// A hoot is at its handsets again: no call goes on there, and who may not hear it any more does not.
fn put_hoot_back(s: &mut State, it: &KeptLine) {
    let now = s.now;
    let may = |s: &State, user| s.lines.get(&it.line).is_some_and(|found| found.spec.members.contains_key(user));
    let kept: Vec<&KeptParty> = it.parties.iter().filter(|kept| may(s, &kept.user)).collect();
    if kept.is_empty() {
        return;
    }
    let call = s.new_call();
    s.line_mut(&it.line).into_iter().for_each(|found| (found.call, found.since) = (Some(call), now));
    for kept in kept {
        seat(s, kept);
        let party = Party::new(kept.user.clone(), kept.turret, kept.position, now);
        s.put_leg(&it.line, Leg::new(Party { link_lost: true, ..party }, false, now));
    }
}

fn put_back(s: &mut State, it: &KeptLine) {
    let now = s.now;
    if s.lines.get(&it.line).is_some_and(|found| found.spec.kind.is_open()) {
        return put_hoot_back(s, it);
    }
    let Ok(found) = s.line_mut(&it.line) else { return };
    (found.call, found.since, found.far_gone) = (Some(it.call), now, it.far_gone);
    found.emergency = it.dialled.as_ref().is_some_and(|it| it.emergency);
    (found.peer, found.dialled) = it.dialled.clone().map(|it| (it.peer, it.dialled)).unzip();
    found.record_also = it.record_also;
    let far = found.far().cloned().filter(|_| found.spec.kind == LineKind::Mrd);
    // Of an MRD the idle end knows the call of the open one.
    if let Some(far) = far.and_then(|far| s.line_mut(&far).ok())
        && far.call.is_none()
    {
        far.call = Some(it.call);
    }
    for kept in it.parties.iter().chain(&it.holders) {
        seat(s, kept);
        s.add_guest(&it.line, &kept.user);
    }
    let party = |kept: &KeptParty| Party {
        link_lost: true,
        private: kept.private,
        exclusive: kept.exclusive,
        overriding: kept.overriding,
        ..Party::new(kept.user.clone(), kept.turret, kept.position, now)
    };
    for kept in &it.parties {
        s.put_leg(&it.line, Leg::new(party(kept), false, now));
    }
    for kept in &it.holders {
        s.put_holder(&it.line, party(kept));
        hold::begin_timers(s, &it.line, kept.turret);
    }
}

/// Lines that were joined are joined again, where two of them are left.
fn join_again<'k>(s: &mut State, lines: impl Iterator<Item = &'k KeptLine>) {
    let mut all: BTreeMap<ConferenceId, Vec<(&KeptConference, &LineId)>> = BTreeMap::new();
    for it in lines {
        if let Some(joined) = &it.conference {
            all.entry(joined.id).or_default().push((joined, &it.line));
        }
    }
    for (id, mut joined) in all {
        joined.sort_by_key(|(place, _)| place.place);
        let lines = joined.iter().map(|(joined, line)| ((*line).clone(), joined.by.clone(), joined.unattended));
        conference::restore(s, id, lines.collect());
    }
}

impl State {
    /// Who is waited for at a turret since a restart.
    pub fn awaits(&self, turret: TurretId) -> Option<&UserId> {
        self.awaited.turrets.get(&turret).and_then(|turret| self.user_of(*turret))
    }
}

/// A turret that was waited for has gone.
pub fn forget(s: &mut State, turret: TurretId) {
    s.awaited.turrets.remove(&turret);
    s.awaited.callers.retain(|(of, ..)| *of != turret);
}

/// A turret that was waited for is back: what it called rings again, where it still can.
pub fn back(s: &mut State, turret: TurretId) {
    if !s.awaited.turrets.remove(&turret) {
        return;
    }
    let (again, callers) = std::mem::take(&mut s.awaited.callers).into_iter().partition(|(of, ..)| *of == turret);
    s.awaited.callers = callers;
    let again: Vec<(TurretId, LineId, Take)> = again;
    for (turret, line, take) in again {
        // Its microphone opens by a press, as any other after a restart.
        if s.line_at(turret, take.at).is_none() && call::seize(s, turret, &line, take).is_ok() {
            s.leg_mut(&line, turret).into_iter().for_each(|leg| leg.mic = false);
        }
    }
}

/// `restart.window` is over: who has not come back is gone. A call that nobody of either end has come back to is over, any
/// other goes on as when a turret is lost for too long (LOS-4 to LOS-7); do-not-disturb of who is gone ends (LOG-3).
pub fn window_over(s: &mut State) {
    let Awaited { turrets: away, .. } = std::mem::take(&mut s.awaited);
    let lines: BTreeSet<LineId> =
        away.iter().flat_map(|turret| s.lines_of(*turret)).map(|line| line.spec.line.clone()).collect();
    for line in &lines {
        end_without_anybody(s, line, &away);
    }
    for turret in &away {
        let far_ends = far_ends(s, *turret);
        presence::leave(s, *turret, Leaves::Lost);
        s.outputs.push(Output::SessionOver { turret: *turret });
        far_ends.iter().for_each(|(line, far, members)| tell_far(s, line, far, members));
    }
    let gone: Vec<UserId> = s.dnd.iter().filter(|user| !s.seats.contains_key(*user)).cloned().collect();
    for user in gone {
        s.dnd.remove(&user);
        s.touched_people.insert(user);
    }
}

/// Ends a call of which nobody at all has come back.
fn end_without_anybody(s: &mut State, line: &LineId, away: &BTreeSet<TurretId>) {
    let group = s.group(line);
    let members = |s: &State, line: &LineId| s.lines.get(line).map(Line::member_turrets).unwrap_or_default();
    let all: BTreeSet<TurretId> = group.iter().flat_map(|one| members(s, one)).collect();
    if all.is_empty() || !all.is_subset(away) || s.lines.get(line).is_some_and(|found| found.spec.kind.is_open()) {
        return;
    }
    for one in &group {
        for member in members(s, one) {
            mrd::let_go(s, member, one);
            s.take_leg(one, member);
            s.take_holder(one, member);
        }
        s.happened(one, None, Happening::Released);
        call::end(s, one);
    }
}

/// The lines of a turret, each with its far end and who is there.
fn far_ends(s: &State, turret: TurretId) -> Vec<(LineId, LineId, BTreeSet<TurretId>)> {
    let far = |line: &Line| s.lines.get(line.far()?).map(|far| (far.spec.line.clone(), far.member_turrets()));
    s.lines_of(turret).filter_map(|line| far(line).map(|(far, at)| (line.spec.line.clone(), far, at))).collect()
}

/// Who was at the far end of a line that is idle now, because nobody came back to it, hears so.
fn tell_far(s: &mut State, line: &LineId, far: &LineId, members: &BTreeSet<TurretId>) {
    if s.lines.get(line).is_none_or(Line::has_members) {
        return;
    }
    let name = s.lines.get(far).map(|end| end.spec.name.clone()).unwrap_or_default();
    let there = members.iter().filter(|turret| s.turrets.get(turret).is_some_and(|seat| seat.lost.is_none()));
    for turret in there.copied().collect::<Vec<_>>() {
        let sentence = format!("Nobody came back to the far end of {name} after the restart of the switch.");
        s.notice(turret, Some(far), sentence, Some(Sound::Warning));
    }
}
