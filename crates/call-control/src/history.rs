//! The history of each user's calls: an entry when a call is over for them.
//!
//! ```text
//! nothing ─it rings at them─► Rings ─they answer─► On it ─release | sent on | lost─► an entry
//!    │                          └─a colleague answers | nobody does─► an entry       ▲
//!    └─they place it | join it ──────────────────────────────────────────────────────┘ (on it, or on hold)
//! ```
//!
//! Law: who is on a line, holds it or is rung is read from the one state after each act and each timer, so that no feature can
//! change it and forget the history; only what the state does not show is told here ([`refused`], [`lost`]). What is kept is
//! that of calls that are not over, one part for each line and user.

use crate::divert;
use crate::line::Line;
use crate::messages::Output;
use crate::ringing;
use crate::routing;
use crate::state::State;
use crate::voicemail::{self, Voicemail};
use dealerboard_model::{
    CallId, GroupId, HistoryEntry, HistoryResult, HistoryWay, LineId, LineKind, Moment, Party, TurretId, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// All calls that are not over for somebody, by line.
#[derive(Clone, Debug, Default)]
pub struct History(BTreeMap<LineId, Calls>);

/// What users have of one line's call.
#[derive(Clone, Debug)]
struct Calls {
    call: CallId,
    name: String,
    kind: LineKind,
    parts: BTreeMap<UserId, Part>,
}

/// One user's part in a call.
#[derive(Clone, Debug)]
struct Part {
    way: HistoryWay,
    far: Option<String>,
    user: Option<UserId>,
    group: Option<GroupId>,
    via: Option<String>,
    start: Moment,
    answered: Option<Moment>,
    held_us: u64,
    held_since: Option<Moment>,
    /// They did not want to be disturbed while it rang.
    dnd: bool,
    /// They sent it on, and to whom.
    sent_to: Option<String>,
    /// It rang somewhere else instead, and where.
    diverted_to: Option<String>,
    returned: bool,
    refused: bool,
    lost: bool,
    /// They left a message.
    left_message: bool,
}

/// Takes what has changed on the lines that were touched.
pub fn follow(s: &mut State) {
    let (touched, mut history) = (std::mem::take(&mut s.touched), std::mem::take(&mut s.history));
    for line in &touched {
        history.follow(s, line);
    }
    (s.touched, s.history) = (touched, history);
}

/// Somebody did not want what rang at them.
pub fn refused(s: &mut State, line: &LineId, user: &UserId) {
    s.history.part(line, user).into_iter().for_each(|part| part.refused = true);
}

/// The calls of a turret that was lost, or the one on a line, are theirs no more unless they take them again.
pub fn lost(s: &mut State, turret: TurretId, only: Option<&LineId>) {
    let Some(user) = s.user_of(turret).cloned() else { return };
    let all = s.lines_of(turret).map(|line| &line.spec.line).filter(|line| only.is_none_or(|only| only == *line));
    let lines: Vec<LineId> = all.cloned().collect();
    for line in lines {
        s.history.part(&line, &user).into_iter().for_each(|part| part.lost = true);
    }
}

/// A caller left a message: its owner has an entry of it instead of a missed call.
pub fn left_message(s: &mut State, line: &LineId, about: &Voicemail) {
    s.history.part(line, &about.caller).into_iter().for_each(|part| part.left_message = true);
    if let Some(calls) = s.history.0.get_mut(&about.at).filter(|calls| calls.call == about.call) {
        calls.parts.remove(&about.owner);
    }
}

/// What the owner of a voicemail is told of a call that ended there.
pub fn of_voicemail(s: &State, line: &LineId, about: &Voicemail, result: HistoryResult) -> HistoryEntry {
    let Voicemail { owner: _, at, call, called, caller, since: _ } = about;
    let spec = |line: &LineId| s.lines.get(line).map(|found| &found.spec);
    let number = spec(line).and_then(|spec| spec.number.as_ref()).map(|it| it.number.as_str()).unwrap_or_default();
    HistoryEntry {
        line: at.clone(),
        name: spec(at).map(|spec| spec.name.clone()).unwrap_or_default(),
        kind: LineKind::Extension,
        call: *call,
        way: HistoryWay::Came,
        far: Some(format!("{} {number}", s.name_of(caller)).trim().to_owned()),
        user: None,
        group: None,
        via: None,
        start_utc_ms: called.utc_ms,
        answered_utc_ms: None,
        end_utc_ms: s.now.utc_ms,
        lasted_ms: 0,
        held_ms: 0,
        result,
        message: None,
    }
}

impl History {
    fn part(&mut self, line: &LineId, user: &UserId) -> Option<&mut Part> {
        self.0.get_mut(line)?.parts.get_mut(user)
    }

    fn follow(&mut self, s: &mut State, line: &LineId) {
        let call = s.lines.get(line).and_then(|found| found.call);
        if self.0.get(line).is_some_and(|calls| Some(calls.call) != call)
            && let Some(over) = self.0.remove(line)
        {
            let Calls { parts, .. } = &over;
            let entries: Vec<Output> =
                parts.iter().filter_map(|(user, part)| over.entry(s, line, user, part)).collect();
            s.outputs.extend(entries);
        }
        let (Some(found), Some(call)) = (s.lines.get(line).filter(|found| is_kept(found)), call) else { return };
        let mut calls = self.0.remove(line).unwrap_or_else(|| Calls {
            call,
            name: found.spec.name.clone(),
            kind: found.spec.kind,
            parts: BTreeMap::new(),
        });
        calls.begin(s, found);
        for (user, part) in &mut calls.parts {
            part.follow(s, found, user);
        }
        let is_over = |(user, part): &(&UserId, &Part)| !part.goes_on(found, user);
        let over: Vec<UserId> = calls.parts.iter().filter(is_over).map(|(user, _)| user.clone()).collect();
        for user in over {
            let Some(part) = calls.parts.remove(&user) else { continue };
            let entry = calls.entry(s, line, &user, &part);
            s.outputs.extend(entry);
        }
        if !calls.parts.is_empty() {
            self.0.insert(line.clone(), calls);
        }
    }
}

/// Calls are on wires and intercoms; who listens or talks on a hoot has no call.
fn is_kept(line: &Line) -> bool {
    match line.spec.kind {
        LineKind::Ard | LineKind::Mrd | LineKind::Intercom | LineKind::Extension | LineKind::Dial => true,
        LineKind::Hoot | LineKind::ShoutDown => false,
    }
}

fn members(line: &Line) -> impl Iterator<Item = &Party> {
    line.legs().iter().map(|leg| &leg.party).chain(line.holders())
}

/// At whom it rings, some of them more than once; what waits on hold is no new call.
fn rung<'s>(s: &'s State, line: &'s Line) -> impl Iterator<Item = &'s UserId> {
    let is_new = line.ring.as_ref().is_some_and(|ring| !ring.recall) && !voicemail::is_at(s, line);
    let caller = line.intercom.as_ref().map(|about| &about.caller.user);
    let sent = line.transfer.as_ref();
    let asked = sent.into_iter().flat_map(|transfer| &transfer.at).filter(|user| s.seats.contains_key(*user));
    let audience = if is_new && sent.is_none() { s.audience(line) } else { Vec::new() };
    let here = audience.into_iter().filter_map(|turret| s.user_of(turret));
    let hears = |user: &&UserId| ringing::is_at(s, line, user) && !ringing::is_quiet_for_now(s, line, user);
    let users = asked.filter(move |_| is_new).chain(here);
    users.filter(move |user| Some(*user) != caller).filter(hears)
}

/// Names of who is at the far end: one, and how many more.
fn far_of(s: &State, line: &Line) -> Option<String> {
    if let Some(dialled) = &line.dialled {
        // Who dials reads whom the number reaches, also where nobody answers.
        let name = dialled.name.as_deref().unwrap_or_default();
        return Some(format!("{name} {}", dialled.number).trim().to_owned()).filter(|far| !far.is_empty());
    }
    let far = s.lines.get(line.far()?)?;
    let users: BTreeSet<&UserId> = members(far).map(|party| &party.user).collect();
    let first = members(far).next().map(|party| s.name_of(&party.user))?;
    Some(if users.len() > 1 { format!("{first} +{}", users.len() - 1) } else { first })
}

/// Whether both ends are there.
fn is_up(s: &State, line: &Line, user: &UserId) -> bool {
    match line.spec.kind {
        LineKind::Ard | LineKind::Extension | LineKind::Dial => !line.calling,
        LineKind::Mrd => line.far().and_then(|far| s.lines.get(far)).is_some_and(Line::has_members),
        LineKind::Intercom => line.legs().iter().any(|leg| leg.party.user != *user),
        LineKind::Hoot | LineKind::ShoutDown => true,
    }
}

impl Calls {
    /// Parts begin for who has come, and for whom it rings at.
    fn begin(&mut self, s: &State, line: &Line) {
        let colleagues = self.parts.values().any(|part| part.answered.is_some() || part.way == HistoryWay::Placed);
        for party in members(line) {
            if !self.parts.contains_key(&party.user) {
                let way = way_of(s, line, &party.user, colleagues);
                let mut part = Part::new(s, line, &party.user, way);
                part.answered = (way == HistoryWay::Joined).then_some(s.now);
                self.parts.insert(party.user.clone(), part);
            }
        }
        // Many are rung at once, and few differ.
        let mut alike: Option<Part> = None;
        for user in rung(s, line) {
            if self.parts.contains_key(user) {
                continue;
            }
            let mut part = match &alike {
                Some(part) if line.intercom.is_none() => Part { dnd: s.dnd.contains(user), ..part.clone() },
                Some(_) | None => Part::new(s, line, user, HistoryWay::Came),
            };
            match (&line.transfer, &line.ring) {
                (Some(sent), _) => part.via = Some(format!("sent by {}", s.name_of(&sent.by.user))),
                (None, Some(ring)) => {
                    part.far = Some(ring.from.clone());
                    let overflow = || routing::is_overflow(line, user).then(|| "overflow".to_owned());
                    part.via = divert::via(line, user).or_else(overflow);
                }
                (None, None) => {}
            }
            alike.get_or_insert_with(|| part.clone());
            self.parts.insert(user.clone(), part);
        }
    }

    /// What becomes of a part that is over; nothing of a ring that was only a slip (HIS-2).
    fn entry(&self, s: &State, line: &LineId, user: &UserId, part: &Part) -> Option<Output> {
        let found = s.lines.get(line).filter(|found| found.call == Some(self.call));
        let result = part.result(s, found, user)?;
        let us_since = |moment: Moment| s.now.mono_us.saturating_sub(moment.mono_us);
        let held_us = part.held_us + part.held_since.map_or(0, us_since);
        let entry = HistoryEntry {
            line: line.clone(),
            name: self.name.clone(),
            kind: self.kind,
            call: self.call,
            way: part.way,
            far: part.far.clone(),
            user: part.user.clone(),
            group: part.group.clone(),
            via: part.via.clone(),
            start_utc_ms: part.start.utc_ms,
            answered_utc_ms: part.answered.map(|at| at.utc_ms),
            end_utc_ms: s.now.utc_ms,
            lasted_ms: part.answered.map_or(0, us_since) / 1_000,
            held_ms: held_us / 1_000,
            result,
            message: None,
        };
        Some(Output::History { user: user.clone(), entry: Box::new(entry) })
    }
}

/// How somebody who is on a line without having been rung has come there.
fn way_of(s: &State, line: &Line, user: &UserId, colleagues: bool) -> HistoryWay {
    if let Some(about) = &line.intercom {
        return match () {
            () if about.caller.user == *user => HistoryWay::Placed,
            () if line.spec.members.contains_key(user) => HistoryWay::Came,
            () => HistoryWay::Joined,
        };
    }
    if colleagues {
        return HistoryWay::Joined;
    }
    // An ARD that was seized calls; an MRD that was opened before its far end has nobody there yet.
    let placed = match line.spec.kind {
        LineKind::Ard | LineKind::Extension | LineKind::Dial => line.calling,
        LineKind::Mrd => !line.far().and_then(|far| s.lines.get(far)).is_some_and(Line::has_members),
        LineKind::Intercom | LineKind::Hoot | LineKind::ShoutDown => false,
    };
    if placed { HistoryWay::Placed } else { HistoryWay::Came }
}

impl Part {
    fn new(s: &State, line: &Line, user: &UserId, way: HistoryWay) -> Self {
        let about = line.intercom.as_ref();
        let group = about.and_then(|about| about.group.clone());
        let other = line.spec.members.keys().find(|member| about.is_some() && group.is_none() && *member != user);
        let far = match (about, other) {
            (None, _) => far_of(s, line),
            (Some(_), Some(other)) => Some(s.name_of(other)),
            (Some(about), None) if about.caller.user != *user => Some(s.name_of(&about.caller.user)),
            (Some(_), None) => None,
        };
        Self {
            way,
            far,
            user: other.cloned(),
            group,
            via: None,
            start: s.now,
            answered: None,
            held_us: 0,
            held_since: None,
            dnd: s.dnd.contains(user),
            sent_to: None,
            diverted_to: None,
            returned: false,
            refused: false,
            lost: false,
            left_message: false,
        }
    }

    fn follow(&mut self, s: &State, line: &Line, user: &UserId) {
        let mut legs = line.legs().iter().map(|leg| &leg.party).filter(|party| party.user == *user).peekable();
        let (on, holds) = (legs.peek().is_some(), line.holders().iter().any(|holder| holder.user == *user));
        self.lost &= !legs.any(|party| !party.link_lost);
        if self.answered.is_none() && (on || holds) && is_up(s, line, user) {
            self.answered = Some(s.now);
            self.far = self.far.take().or_else(|| far_of(s, line));
        }
        if line.calling && line.dialled.is_some() {
            self.far = far_of(s, line);
        }
        self.dnd |= self.answered.is_none() && s.dnd.contains(user);
        if let Some(diverted) = &line.diverted {
            self.diverted_to = divert::rings_at(line).filter(|_| !diverted.is_rung(user));
        }
        match self.held_since {
            None if holds && !on => self.held_since = Some(s.now),
            Some(since) if on || !holds => {
                self.held_us += s.now.mono_us.saturating_sub(since.mono_us);
                self.held_since = None;
            }
            None | Some(_) => {}
        }
        if let Some(sent) = line.transfer.as_ref().filter(|sent| sent.by.user == *user) {
            (self.sent_to, self.returned) = (Some(sent.to.clone()), sent.recalled);
        }
    }

    /// They are on it or hold it, wait for whom they sent it to, or are rung.
    fn goes_on(&self, line: &Line, user: &UserId) -> bool {
        let is_new = line.ring.as_ref().is_some_and(|ring| !ring.recall) || line.signalled.is_some();
        let rings = self.way == HistoryWay::Came && self.answered.is_none() && !self.refused && is_new;
        rings
            || members(line).any(|party| party.user == *user)
            || line.transfer.as_ref().is_some_and(|sent| sent.by.user == *user)
    }

    fn result(&self, s: &State, line: Option<&Line>, user: &UserId) -> Option<HistoryResult> {
        let sent_to = self.sent_to.clone();
        if self.refused {
            return Some(HistoryResult::Refused);
        }
        if self.lost {
            return Some(HistoryResult::Lost);
        }
        if self.left_message && self.answered.is_none() {
            return Some(HistoryResult::Voicemail);
        }
        Some(match (sent_to, self.returned, self.answered, self.way) {
            (Some(from), true, ..) => HistoryResult::Returned { from },
            (Some(to), false, ..) => HistoryResult::Transferred { to },
            (None, _, Some(_), _) | (None, _, None, HistoryWay::Joined) => HistoryResult::Answered,
            (None, _, None, HistoryWay::Placed) => HistoryResult::NoAnswer,
            (None, _, None, HistoryWay::Came) => {
                let winner = line.and_then(|line| line.legs().first()).map(|leg| s.name_of(&leg.party.user));
                if let Some(to) = self.diverted_to.clone() {
                    return Some(HistoryResult::Diverted { to });
                }
                if let Some(who) = winner {
                    return Some(HistoryResult::AnsweredBy { who });
                }
                let rang_ms = s.now.mono_us.saturating_sub(self.start.mono_us) / 1_000;
                let least_ms = s.policy(None, Some(user)).history_min_ring_ms;
                return (rang_ms >= least_ms)
                    .then_some(HistoryResult::Missed { dnd: self.dnd || s.dnd.contains(user) });
            }
        })
    }
}
