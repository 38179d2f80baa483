//! Conferences: lines joined at one position, so that everybody on any of them hears everybody.
//!
//! ```text
//! Plain ─join another line─► Joined ─join more─► Joined ─one line is left, by removal or its far end─► Plain
//!                              └─last party here leaves─► all lines released, or kept (`conference.no_local`)
//! ```
//!
//! Law: a party of a conference is a party on each of its lines, at one position (CNF-3); who joins one line joins all, and who
//! leaves one leaves all.

use crate::announce;
use crate::call;
use crate::happenings::Happening;
use crate::line::Leg;
use crate::messages::{Accepted, Output, Refusal, RefusalCode, Sound};
use crate::mrd;
use crate::mute;
use crate::policy::ConferenceNoLocal;
use crate::privacy;
use crate::state::{Done, State, stale};
use dealerboard_model::{CallId, ConferenceId, LineId, LineKind, Party, Position, Role, TurretId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// One line of a conference, and whose it is: who adds a line removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    pub line: LineId,
    pub by: UserId,
}

impl State {
    /// The lines of the conference that a line is in, in the order in which they came; the line alone when it is in none.
    pub fn joined_with(&self, line: &LineId) -> Vec<LineId> {
        let conference = self.lines.get(line).and_then(|found| found.conference);
        match conference.and_then(|id| self.conferences.get(&id)) {
            Some(joined) => joined.iter().map(|one| one.line.clone()).collect(),
            None => vec![line.clone()],
        }
    }

    /// Every line over which one voice on `line` is heard: far ends, and what is joined at either end.
    pub fn group(&self, line: &LineId) -> Vec<LineId> {
        let mut all = vec![line.clone()];
        let mut at = 0;
        while let Some(next) = all.get(at).cloned() {
            at += 1;
            let far = self.lines.get(&next).and_then(|found| found.far()).cloned();
            for reached in far.into_iter().chain(self.joined_with(&next)) {
                if !all.contains(&reached) {
                    all.push(reached);
                }
            }
        }
        all
    }

    fn touch_group(&mut self, line: &LineId) {
        let all = self.group(line);
        self.touched.extend(all);
    }

    /// Who hears these lines has changed, and so what every line over which they are heard says of its hearers.
    pub fn touch_heard(&mut self, lines: impl IntoIterator<Item = LineId>) {
        lines.into_iter().for_each(|line| self.touch_group(&line));
    }
}

fn name_of(s: &State, line: &LineId) -> String {
    s.lines.get(line).map(|found| found.spec.name.clone()).unwrap_or_default()
}

/// Whether a line can be in a conference now.
fn joinable(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    let name = &found.spec.name;
    if !found.spec.kind.is_joinable() || found.intercom.as_ref().is_some_and(|about| about.group.is_some()) {
        let sentence = format!("{name} is open to its members already; it is not joined with calls.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    if found.calling || (found.ring.is_some() && found.holders().is_empty()) {
        return Err(Refusal::new(
            RefusalCode::StillRinging,
            format!("{name} still rings; join it when it is answered."),
        ));
    }
    match found.private_by().filter(|owner| Some(&owner.user) != s.user_of(turret)) {
        Some(_) => s.open_to_others(line),
        None => Ok(()),
    }
}

/// Adds a line to what a position carries (CNF-1).
pub fn join(s: &mut State, turret: TurretId, line: &LineId, call: CallId, at: Position) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.call != Some(call) {
        return Err(stale(&name));
    }
    if at == Position::Speakers {
        let sentence = format!("{name} is joined with a call at a handset or hands-free; move one there first.");
        return Err(Refusal::new(RefusalCode::PositionBusy, sentence));
    }
    let Some(base) = s.line_at(turret, at) else {
        let sentence = "Nothing is on this position; take a line there first, then join the other one.";
        return Err(Refusal::new(RefusalCode::NobodyThere, sentence));
    };
    let (here, more) = (s.joined_with(&base), s.joined_with(line));
    if here.contains(line) {
        return Err(Refusal::new(RefusalCode::Stale, format!("{name} is part of this call already; talk on.")));
    }
    for one in here.iter().chain(&more) {
        joinable(s, turret, one)?;
        s.recordable(one)?;
    }
    let max = s.policy(None, s.user_of(turret)).conference_max_lines;
    if here.len() + more.len() > max {
        let sentence = format!("A conference has {max} lines at most; remove one of them, then join {name}.");
        return Err(Refusal::new(RefusalCode::GroupFull, sentence));
    }
    let from = if found.leg(turret).is_some() { None } else { Some(crate::hold::takeable(s, turret, found)?) };
    if from.is_some() && !found.legs().is_empty() && !found.is_held_by(turret) {
        return Err(Refusal::new(
            RefusalCode::Stale,
            format!("Colleagues are on {name}; press its key to join them first."),
        ));
    }
    let me = s.party(turret, at)?;
    if let Some(from) = from {
        more.iter().for_each(|one| drop(s.take_holder(one, from)));
        let Some(mine) = s.line(&base)?.leg(turret).cloned() else { return Err(stale(&name)) };
        // They are on it as they are on what it is joined with.
        s.put_leg(line, Leg { party: Party { since: s.now, ..mine.party.clone() }, ..mine });
    }
    make_one(s, &base, line, &me.user);
    s.joined_with(&base).iter().for_each(|one| announce::joined(s, one));
    spread(s, &base, Some((turret, at)));
    privacy::close_strangers(s, &base);
    mute::close_strangers(s, &base);
    let who = s.name_of(&me.user);
    let base_name = name_of(s, &base);
    for (one, others) in here.iter().map(|one| (one, &more)).chain(more.iter().map(|one| (one, &here))) {
        for other in others {
            s.happened_at(one, turret, Happening::Conference { with: name_of(s, other) });
        }
    }
    tell_all(s, &base, turret, &format!("{who} has joined {base_name} and {name}."));
    Ok(Accepted { line: Some(base), position: Some(at), call: Some(call) })
}

/// Everybody here but `except` reads what has become of the conference, and hears one beep.
fn tell_all(s: &mut State, line: &LineId, except: TurretId, sentence: &str) {
    let Some(found) = s.lines.get(line) else { return };
    for turret in found.member_turrets().into_iter().filter(|turret| *turret != except) {
        s.notice(turret, Some(line), sentence.to_owned(), Some(Sound::Beep));
    }
}

/// Puts the lines of two calls into one conference.
fn make_one(s: &mut State, base: &LineId, line: &LineId, by: &UserId) {
    let id = match s.lines.get(base).and_then(|found| found.conference) {
        Some(id) => id,
        None => {
            s.next_conference += 1;
            ConferenceId(s.next_conference)
        }
    };
    let other = s.lines.get(line).and_then(|found| found.conference).and_then(|id| s.conferences.remove(&id));
    let mine = |line: &LineId| Joined { line: line.clone(), by: by.clone() };
    let all = s.conferences.entry(id).or_default();
    if all.is_empty() {
        all.push(mine(base));
    }
    all.extend(other.unwrap_or_else(|| vec![mine(line)]));
    let lines: Vec<LineId> = all.iter().map(|one| one.line.clone()).collect();
    for one in &lines {
        s.line_mut(one).into_iter().for_each(|found| found.conference = Some(id));
    }
    s.touch_group(base);
}

/// Joins lines again that were joined when the switch ended, each with who added it and whether it goes on without anybody here.
pub fn restore(s: &mut State, id: ConferenceId, lines: Vec<(LineId, UserId, bool)>) {
    if lines.len() < 2 {
        for (line, ..) in lines {
            if s.lines.get(&line).is_some_and(|found| !found.has_members()) {
                call::end(s, &line);
            }
        }
        return;
    }
    s.next_conference = s.next_conference.max(id.0);
    for (line, _, unattended) in &lines {
        let Ok(found) = s.line_mut(line) else { continue };
        (found.conference, found.unattended) = (Some(id), *unattended);
    }
    s.conferences.insert(id, lines.into_iter().map(|(line, by, _)| Joined { line, by }).collect());
}

/// Puts everybody who is on one line of a conference on all of it, each at one position: that which `at` names for its turret,
/// else that on the line that came first (CNF-2, CNF-3). One private line makes the whole private (CNF-8).
pub fn spread(s: &mut State, line: &LineId, at: Option<(TurretId, Position)>) {
    let lines = s.joined_with(line);
    if lines.len() < 2 {
        return;
    }
    let mut parties: BTreeMap<TurretId, Leg> = BTreeMap::new();
    for leg in lines.iter().filter_map(|one| s.lines.get(one)).flat_map(|found| found.legs()) {
        let known = parties.entry(leg.party.turret).or_insert_with(|| leg.clone());
        let private = known.party.private || leg.party.private;
        // Of somebody who is at two positions the microphone is that of the one where they stay.
        if at == Some((leg.party.turret, leg.party.position)) {
            *known = leg.clone();
        }
        known.party.private = private;
        // Who is in a conference stays when their broadcast ends (BRC-5).
        known.broadcast = false;
    }
    let here: BTreeSet<TurretId> = parties.keys().copied().collect();
    for (turret, mut whole) in parties {
        // Who is on it at a turret takes it there from nowhere else any more (LOG-2).
        whole.goes = whole.goes.filter(|goes| !here.contains(&goes.turret));
        for one in &lines {
            // A key that closes when it is forgotten is watched where it is pressed: at an intercom.
            let keyed = s.lines.get(one).is_some_and(|found| found.intercom.is_some());
            let leg = Leg { key: whole.key.filter(|_| keyed), ..whole.clone() };
            if let Some(there) = s.leg_mut(one, turret) {
                *there = leg;
                continue;
            }
            s.add_guest(one, &leg.party.user);
            s.take_holder(one, turret);
            s.put_leg(one, leg);
        }
    }
    for one in &lines {
        s.line_mut(one).into_iter().for_each(|found| {
            found.unattended = false;
            // What rang because it waited on hold is taken.
            found.ring = found.ring.take().filter(|ring| !ring.recall || found.legs().is_empty());
        });
    }
}

/// Removes a line that this user has added; it is idle everywhere at once (CNF-4).
pub fn remove(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let found = s.line(line)?;
    let (call, name) = (found.call, found.spec.name.clone());
    let me = s.user_of(turret).cloned().ok_or_else(|| stale(&name))?;
    let joined = found.conference.and_then(|id| s.conferences.get(&id));
    let Some(added) = joined.and_then(|lines| lines.iter().find(|one| one.line == *line)) else {
        return Err(Refusal::new(RefusalCode::Stale, format!("{name} is in no conference; release it.")));
    };
    let is_on_it = s.joined_with(line).iter().any(|one| s.lines.get(one).is_some_and(|it| it.leg(turret).is_some()));
    let leads = s.floor.users.get(&me).is_some_and(|spec| spec.roles.contains(&Role::Supervisor));
    if !is_on_it || (added.by != me && !leads) {
        let who = s.name_of(&added.by);
        let sentence = format!("{who} added {name}; only they or a supervisor remove it.");
        return Err(Refusal::new(RefusalCode::NotYours, sentence));
    }
    let who = s.name_of(&me);
    tell_all(s, line, turret, &format!("{who} has removed {name}."));
    let (kind, by) = (s.line(line)?.spec.kind, added_by(s, line));
    let (id, others) = (s.line(line)?.conference, s.joined_with(line));
    let mut brought = BTreeSet::new();
    if kind == LineKind::Intercom {
        // Whom an intercom brought in goes with it.
        brought.extend(s.line(line)?.spec.members.keys().filter(|user| Some(*user) != by.as_ref()).cloned());
        leave_all(s, line, &brought);
    }
    s.happened(line, Some(me), Happening::Released);
    take_out(s, line);
    // What they alone were on is another's now, or over.
    id.into_iter().for_each(|id| brought.iter().for_each(|user| left(s, id, user)));
    for other in others.iter().filter(|_| !brought.is_empty()) {
        if s.lines.get(other).is_some_and(|found| found.conference.is_none() && !found.has_members()) {
            call::end(s, other);
        }
    }
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

fn added_by(s: &State, line: &LineId) -> Option<UserId> {
    let id = s.lines.get(line)?.conference?;
    s.conferences.get(&id)?.iter().find(|one| one.line == *line).map(|one| one.by.clone())
}

/// Takes users off every line of a conference.
fn leave_all(s: &mut State, line: &LineId, users: &BTreeSet<UserId>) {
    for one in s.joined_with(line) {
        let Some(found) = s.lines.get(&one) else { continue };
        let legs = found.legs().iter().map(|leg| &leg.party).filter(|party| users.contains(&party.user));
        let turrets: Vec<TurretId> = legs.map(|party| party.turret).collect();
        let holders = found.holders().iter().filter(|holder| users.contains(&holder.user));
        let holders: Vec<TurretId> = holders.map(|holder| holder.turret).collect();
        for turret in turrets {
            mrd::let_go(s, turret, &one);
            s.take_leg(&one, turret);
        }
        holders.into_iter().for_each(|turret| drop(s.take_holder(&one, turret)));
        // Who is not on it any more talks there by no key either, where strangers may not.
        privacy::close_strangers(s, &one);
        mute::close_strangers(s, &one);
    }
}

/// Releases a line of a conference for everybody here; who is left on the others stays there.
fn take_out(s: &mut State, line: &LineId) {
    drop_line(s, line);
    let Some(found) = s.lines.get(line) else { return };
    for turret in found.member_turrets() {
        mrd::let_go(s, turret, line);
        s.take_leg(line, turret);
        s.take_holder(line, turret);
    }
    call::end(s, line);
}

/// A line is over: the others are a conference without it, or a plain call (CNF-8).
pub fn drop_line(s: &mut State, line: &LineId) {
    let Some(id) = s.lines.get(line).and_then(|found| found.conference) else { return };
    s.touch_group(line);
    s.line_mut(line).into_iter().for_each(|found| found.conference = None);
    let Some(joined) = s.conferences.get_mut(&id) else { return };
    joined.retain(|one| one.line != *line);
    let left: Vec<LineId> = joined.iter().map(|one| one.line.clone()).collect();
    if let [last] = left.as_slice() {
        s.conferences.remove(&id);
        let Ok(found) = s.line_mut(last) else { return };
        found.conference = None;
        // Two far ends without anybody here have nobody to talk to any more.
        let alone = std::mem::take(&mut found.unattended) && found.legs().is_empty() && found.holders().is_empty();
        let left = found.legs().len() + found.holders().len();
        // Nor has one person in what was an intercom, though it rings because they hold it.
        let called = found.ring.as_ref().is_some_and(|ring| !ring.recall);
        let alone = alone || (found.intercom.is_some() && !called && left < 2);
        if alone {
            call::end(s, last);
        }
    }
}

/// Who holds one line of a conference on which nobody is any more holds all of it: no line of it waits for nobody.
fn hold_all(s: &mut State, lines: &[LineId], heir: &UserId) {
    let all = || lines.iter().filter_map(|line| s.lines.get(line));
    if all().any(|found| !found.legs().is_empty()) {
        return;
    }
    let Some(party) = all().flat_map(|found| found.holders()).find(|party| party.user == *heir).cloned() else {
        return;
    };
    for line in lines {
        if s.lines.get(line).is_some_and(|found| !found.is_held_by(party.turret)) {
            s.add_guest(line, heir);
            s.put_holder(line, Party { since: s.now, ..party.clone() });
            crate::hold::begin_timers(s, line, party.turret);
        }
    }
}

/// Somebody has left a conference: what they added is the longest present's (CNF-5), and nobody's when none is left: then all of
/// it is released, or goes on without anybody here (CNF-6).
pub fn left(s: &mut State, id: ConferenceId, user: &UserId) {
    let Some(joined) = s.conferences.get(&id) else { return };
    let lines: Vec<LineId> = joined.iter().map(|one| one.line.clone()).collect();
    let members: Vec<&Party> = lines
        .iter()
        .filter_map(|line| s.lines.get(line))
        .flat_map(|found| found.legs().iter().map(|leg| &leg.party).chain(found.holders()))
        .collect();
    if members.iter().any(|party| party.user == *user) {
        // What they hold at their other turret is all of it, where nobody is on it any more.
        return hold_all(s, &lines, user);
    }
    let heir = members.iter().min_by_key(|party| party.since).map(|party| party.user.clone());
    match heir {
        Some(heir) => {
            for one in s.conferences.entry(id).or_default().iter_mut().filter(|one| one.by == *user) {
                one.by = heir.clone();
            }
            hold_all(s, &lines, &heir);
            s.touched.extend(lines);
        }
        None if s.policy(None, Some(user)).conference_no_local == ConferenceNoLocal::Keep => {
            for line in &lines {
                s.line_mut(line).into_iter().for_each(|found| found.unattended = true);
            }
        }
        None => {
            for line in &lines {
                drop_line(s, line);
                call::end(s, line);
            }
        }
    }
}

impl State {
    /// Lets somebody who has no appearance of a line use it for the length of a call: its key comes to their turrets.
    pub fn add_guest(&mut self, line: &LineId, user: &UserId) {
        let Ok(found) = self.line_mut(line) else { return };
        if found.spec.members.contains_key(user) || !found.guests.insert(user.clone()) {
            return;
        }
        let (name, kind) = (found.spec.name.clone(), found.spec.kind);
        self.guest_lines.entry(user.clone()).or_default().insert(line.clone());
        let to = self.seats.get(user).into_iter().flatten().copied().collect();
        self.outputs.push(Output::LineAdded { line: line.clone(), name, kind, to });
    }

    /// The key of a guest goes.
    pub fn drop_guest(&mut self, line: &LineId, user: &UserId) {
        let Ok(found) = self.line_mut(line) else { return };
        if found.guests.remove(user) {
            if let Some(lines) = self.guest_lines.get_mut(user) {
                lines.remove(line);
            }
            let to = self.seats.get(user).into_iter().flatten().copied().collect();
            self.outputs.push(Output::LineRemoved { line: line.clone(), to });
        }
    }

    /// All guests of a call that is over.
    pub fn drop_guests(&mut self, line: &LineId) {
        let guests: BTreeSet<UserId> = self.lines.get(line).map(|found| found.guests.clone()).unwrap_or_default();
        guests.iter().for_each(|user| self.drop_guest(line, user));
    }
}
