//! What survives a restart of the switch (SWI-2, SWI-3): what call control says must be kept, and what it does with it afterwards.
//!
//! ```text
//! on a line or holding it ─restart─► Awaited (link lost, microphone shut) ─back─► as before, microphones by press
//!     an ARD that called  ─restart─► Awaited (nothing rings) ─caller back─► rings again
//!                                    Awaited ─`restart.window`─► LOS-4 to LOS-7; over where nobody of the whole call is back
//! ```
//!
//! Law: what is kept is derived from the one state after each input, for what that touched, as what turrets see is, so that no
//! feature can change it and forget to say so. No talk, latch, intercom, ring or transfer is kept.

use crate::call::Take;
use crate::divert::{DivertOf, Diverts};
use crate::happenings::Happening;
use crate::line::{Leg, Line};
use crate::loss::Leaves;
use crate::messages::{Output, Sound};
use crate::record::Recordings;
use crate::state::State;
use crate::timer::Timer;
use crate::{call, conference, hold, mrd, presence, rights};
use dealerboard_model::{
    Allowed, CallId, ConferenceId, DivertTo, DivertWhen, LineId, LineKind, Party, Position, RecordingId, TurretId,
    UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A user does not want to be disturbed.
    Dnd(UserId),
    /// Who is on one end of a wire, or holds it.
    Line(KeptLine),
    /// What a supervisor allows a user on a hoot.
    Right(LineId, UserId, Allowed),
    /// A line is out of service.
    OutOfService(LineId),
    /// Calls are diverted.
    Divert(DivertOf, DivertWhen, DivertTo),
}

/// One end of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptLine {
    /// Which.
    pub line: LineId,
    /// The call on it.
    pub call: CallId,
    /// What the call is recorded on.
    pub recording: Option<RecordingId>,
    /// ARD: the far end has not answered.
    pub calling: bool,
    /// MRD: the far end was open and has released.
    pub far_gone: bool,
    /// Who is on it.
    pub parties: Vec<KeptParty>,
    /// Who holds it.
    pub holders: Vec<KeptParty>,
    /// The conference that it is in.
    pub conference: Option<KeptConference>,
}

/// Somebody who is on a line or holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptParty {
    /// Who.
    pub user: UserId,
    /// At which turret.
    pub turret: TurretId,
    /// Where at that turret.
    pub position: Position,
    /// Keeps everybody else off the line.
    pub private: bool,
    /// Holds it for themselves alone.
    pub exclusive: bool,
    /// Entered by override.
    pub overriding: bool,
}

/// A line's place in a conference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptConference {
    /// Which.
    pub id: ConferenceId,
    /// Its place among the lines that are kept of it.
    pub place: u32,
    /// Who added it.
    pub by: UserId,
    /// It goes on without anybody here.
    pub unattended: bool,
}

/// What was told to be kept.
#[derive(Clone, Debug, Default)]
pub struct Told {
    dnd: BTreeSet<UserId>,
    lines: BTreeMap<LineId, KeptLine>,
    rights: BTreeMap<LineId, BTreeMap<UserId, Allowed>>,
    failed: BTreeSet<LineId>,
    diverts: BTreeMap<DivertOf, Diverts>,
    /// What a restart may have left that is not so any more.
    unsure: bool,
}

/// Who is waited for since a restart.
#[derive(Clone, Debug, Default)]
pub struct Awaited {
    turrets: BTreeSet<TurretId>,
    /// What rings again when its caller is back.
    callers: Vec<(TurretId, LineId, Take)>,
}

impl Told {
    /// As the switch has it on its disk.
    pub fn new(kept: &BTreeSet<Kept>) -> Self {
        let mut told = Self { unsure: true, ..Self::default() };
        for what in kept {
            match what {
                Kept::Dnd(user) => drop(told.dnd.insert(user.clone())),
                Kept::Line(line) => drop(told.lines.insert(line.line.clone(), line.clone())),
                Kept::Right(line, user, allowed) => {
                    told.rights.entry(line.clone()).or_default().insert(user.clone(), *allowed);
                }
                Kept::OutOfService(line) => drop(told.failed.insert(line.clone())),
                Kept::Divert(of, when, to) => {
                    told.diverts.entry(of.clone()).or_default().insert(*when, to.clone());
                }
            }
        }
        told
    }

    /// The recordings of calls that are kept; one that nobody has answered is over.
    pub fn recordings(&self) -> BTreeSet<RecordingId> {
        self.lines.values().filter(|line| !line.calling).filter_map(|line| line.recording).collect()
    }
}

impl From<&Party> for KeptParty {
    fn from(party: &Party) -> Self {
        let Party { user, turret, position, private, exclusive, overriding, since: _, link_lost: _ } = party;
        let (private, exclusive, overriding) = (*private, *exclusive, *overriding);
        Self { user: user.clone(), turret: *turret, position: *position, private, exclusive, overriding }
    }
}

/// What is kept of a line: who is on a wire or holds it. What was sent on waits for its sender.
fn of(s: &State, recordings: &Recordings, line: &LineId) -> Option<KeptLine> {
    let found = s.lines.get(line).filter(|found| found.spec.kind.is_wire())?;
    let call = found.call?;
    let parties: Vec<KeptParty> = found.legs().iter().map(|leg| KeptParty::from(&leg.party)).collect();
    let sender = found.transfer.as_ref().map(|transfer| KeptParty {
        private: false,
        exclusive: false,
        overriding: false,
        ..KeptParty::from(&transfer.by)
    });
    let holders: Vec<KeptParty> = found.holders().iter().map(KeptParty::from).chain(sender).collect();
    if parties.is_empty() && holders.is_empty() && !found.unattended {
        return None;
    }
    Some(KeptLine {
        line: line.clone(),
        call,
        recording: recordings.of_call(call),
        calling: found.calling,
        far_gone: found.far_gone,
        parties,
        holders,
        conference: conference_of(s, found),
    })
}

/// An intercom that a conference has brought in ends with the restart: a conference of two lines is a plain call then.
fn conference_of(s: &State, found: &Line) -> Option<KeptConference> {
    let id = found.conference?;
    let is_wire = |line: &LineId| s.lines.get(line).is_some_and(|it| it.spec.kind.is_wire());
    let lines: Vec<_> = s.conferences.get(&id)?.iter().filter(|one| is_wire(&one.line)).collect();
    let place = lines.iter().position(|one| one.line == found.spec.line).filter(|_| lines.len() > 1)?;
    let by = lines.get(place)?.by.clone();
    Some(KeptConference { id, place: u32::try_from(place).unwrap_or(u32::MAX), by, unattended: found.unattended })
}

/// Says what of `lines` and `people` is to be kept from now on, and before it what no longer is.
pub fn derive(
    s: &mut State,
    recordings: &Recordings,
    told: &mut Told,
    lines: &BTreeSet<LineId>,
    people: &BTreeSet<UserId>,
) {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let known = |told: &Told| told.lines.keys().chain(told.rights.keys()).chain(&told.failed).cloned().collect();
    let was_unsure = std::mem::take(&mut told.unsure);
    let all = was_unsure.then(|| (known(told), told.dnd.clone()));
    let (mut more_lines, mut more_people): (BTreeSet<LineId>, BTreeSet<UserId>) = all.unwrap_or_default();
    for of in told.diverts.keys().filter(|_| was_unsure) {
        match of {
            DivertOf::User(user) => drop(more_people.insert(user.clone())),
            DivertOf::Line(line) => drop(more_lines.insert(line.clone())),
        }
    }
    for user in people.iter().chain(&more_people) {
        derive_diverts(s, told, &DivertOf::User(user.clone()), &mut gone, &mut come);
        match (told.dnd.contains(user), s.dnd.contains(user)) {
            (false, true) => come.push(Kept::Dnd(user.clone())),
            (true, false) => gone.push(Kept::Dnd(user.clone())),
            (true, true) | (false, false) => continue,
        }
        if !told.dnd.remove(user) {
            told.dnd.insert(user.clone());
        }
    }
    for line in lines.iter().chain(&more_lines) {
        derive_rights(s, told, line, &mut gone, &mut come);
        derive_diverts(s, told, &DivertOf::Line(line.clone()), &mut gone, &mut come);
        let failed = s.lines.get(line).is_some_and(|found| found.failed);
        if failed && told.failed.insert(line.clone()) {
            come.push(Kept::OutOfService(line.clone()));
        } else if !failed && told.failed.remove(line) {
            gone.push(Kept::OutOfService(line.clone()));
        }
        let now = of(s, recordings, line);
        if now.as_ref() == told.lines.get(line) {
            continue;
        }
        gone.extend(told.lines.remove(line).map(Kept::Line));
        if let Some(now) = now {
            told.lines.insert(line.clone(), now.clone());
            come.push(Kept::Line(now));
        }
    }
    let gone = gone.into_iter().map(|what| Output::Kept { what, on: false });
    let come = come.into_iter().map(|what| Output::Kept { what, on: true });
    s.outputs.extend(gone.chain(come));
}

/// What supervisors allow on one hoot.
fn derive_rights(s: &State, told: &mut Told, line: &LineId, gone: &mut Vec<Kept>, come: &mut Vec<Kept>) {
    if s.rights.get(line) == told.rights.get(line) {
        return;
    }
    let now = s.rights.get(line).cloned().unwrap_or_default();
    let before = told.rights.remove(line).unwrap_or_default();
    let right = |(user, allowed): (&UserId, &Allowed)| Kept::Right(line.clone(), user.clone(), *allowed);
    gone.extend(before.iter().filter(|(user, allowed)| now.get(*user) != Some(*allowed)).map(right));
    come.extend(now.iter().filter(|(user, allowed)| before.get(*user) != Some(*allowed)).map(right));
    if !now.is_empty() {
        told.rights.insert(line.clone(), now);
    }
}

/// Where the calls of a user or of a line go.
fn derive_diverts(s: &State, told: &mut Told, of: &DivertOf, gone: &mut Vec<Kept>, come: &mut Vec<Kept>) {
    if s.diverts.get(of) == told.diverts.get(of) {
        return;
    }
    let now = s.diverts.get(of).cloned().unwrap_or_default();
    let before = told.diverts.remove(of).unwrap_or_default();
    let divert = |(when, to): (&DivertWhen, &DivertTo)| Kept::Divert(of.clone(), *when, to.clone());
    gone.extend(before.iter().filter(|(when, to)| now.get(*when) != Some(*to)).map(divert));
    come.extend(now.iter().filter(|(when, to)| before.get(*when) != Some(*to)).map(divert));
    if !now.is_empty() {
        told.diverts.insert(of.clone(), now);
    }
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
    let serves = |found: &Line| found.spec.kind.is_wire() && !found.failed;
    lines.retain(|line, it| s.lines.get(line).is_some_and(serves) && !it.is_empty());
    let callers: Vec<KeptLine> = lines.extract_if(.., |_, it| it.calling).map(|(_, it)| it).collect();
    // Both ends of an ARD are on a call, or neither.
    let ends: BTreeMap<LineId, CallId> = lines.iter().map(|(line, it)| (line.clone(), it.call)).collect();
    lines.retain(|line, it| match s.lines.get(line).map(|found| (found.spec.kind, found.far())) {
        Some((LineKind::Ard, Some(far))) => ends.get(far) == Some(&it.call),
        Some((
            LineKind::Mrd
            | LineKind::Ard
            | LineKind::Hoot
            | LineKind::ShoutDown
            | LineKind::Intercom
            | LineKind::Extension
            | LineKind::Dial,
            _,
        )) => true,
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
        let unattended = self.conference.as_ref().is_some_and(|it| it.unattended);
        self.parties.is_empty() && self.holders.is_empty() && !unattended
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

fn put_back(s: &mut State, it: &KeptLine) {
    let now = s.now;
    let Ok(found) = s.line_mut(&it.line) else { return };
    (found.call, found.since, found.far_gone) = (Some(it.call), now, it.far_gone);
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
    if all.is_empty() || !all.is_subset(away) {
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
