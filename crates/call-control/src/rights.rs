//! Rights on hoots, as supervisors set them while the floor runs, and who hears a hoot.
//!
//! ```text
//! none ◄─supervisor─► listen ◄─supervisor─► speak      lowered: the talk ends with it; raised: talking needs a press
//! ```
//!
//! Law: who is on a line are the floor file's members with what was set over them; what is as the floor file has it is not kept.

use crate::handset;
use crate::happenings::Happening;
use crate::hoot;
use crate::intercom::known;
use crate::messages::{Accepted, Output, Refusal, RefusalCode, Sound};
use crate::state::{Done, State};
use crate::supervisor::leads_a_desk_of;
use crate::voice::{hearing, mics_of};
use dealerboard_model::{Allowed, LineId, LineKind, Listener, Right, TurretId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Sets what a user may do on a hoot (HOT-2).
pub fn set(s: &mut State, turret: TurretId, line: &LineId, user: &UserId, allowed: Allowed) -> Done {
    let name = hoot_name(s, line)?;
    if !may_set(s, turret, line) {
        let sentence = format!("Only a supervisor of a desk that has {name} sets rights there; ask one of them.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    known(s, user)?;
    let before = s.line(line)?.spec.members.get(user).copied();
    let done = Ok(Accepted { line: Some(line.clone()), position: None, call: s.line(line)?.call });
    if before == allowed.right() {
        return done;
    }
    let max = s.policy(Some(line), None).hoot_members;
    if before.is_none() && s.line(line)?.spec.members.len() >= max {
        let sentence = format!("{max} people are on {name}, and no more may be; take somebody off first.");
        return Err(Refusal::new(RefusalCode::GroupFull, sentence));
    }
    put(s, line, user, allowed);
    let who = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    let of = s.name_of(user);
    s.happened_at(line, turret, Happening::RightSet { of, allowed });
    let seats: Vec<TurretId> = s.seats.get(user).into_iter().flatten().copied().collect();
    for seat in &seats {
        let found = s.line(line)?;
        let spoke = found.talk(*seat).is_some() || found.leg(*seat).is_some_and(|leg| leg.mic);
        let talked = allowed != Allowed::Speak && spoke;
        if talked {
            hoot::stop(s, *seat, line);
            handset::shut_mic(s, *seat, line);
        }
        if allowed == Allowed::None && s.line(line)?.leg(*seat).is_some() {
            handset::leave(s, *seat, line)?;
        }
        let speakers = speakers(s, user);
        s.monitor(*seat, speakers);
        let sound = talked.then_some(Sound::Warning);
        let sentence = match allowed {
            Allowed::None => format!("{who} took you off {name}: you do not hear it any more."),
            Allowed::Listen => format!("{who} lets you listen on {name}, and not talk."),
            Allowed::Speak => format!("{who} lets you talk on {name}; press its talk key to talk."),
        };
        s.notice(*seat, (allowed != Allowed::None).then_some(line), sentence, sound);
    }
    if !seats.is_empty() {
        s.outputs.push(Output::PanelChanged { to: seats });
    }
    done
}

/// Tells who hears a hoot, to one who is on it or may set its rights (HOT-5).
pub fn who_hears(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let found = s.line(line)?;
    let (kind, name) = (found.spec.kind, &found.spec.name);
    if !kind.is_open() {
        let sentence = format!("{name} is heard by who is on it; its key and its handset say who that is.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    let may_set = kind == LineKind::Hoot && may_set(s, turret, line);
    if !may_set {
        s.right_on(turret, line)?;
    }
    let found = s.line(line)?;
    let hear = hearing(s, found, turret);
    let hear: BTreeSet<&UserId> = hear
        .iter()
        .filter_map(|leg| s.turrets.get(&leg.hearer))
        .filter(|seat| seat.lost.is_none())
        .map(|seat| &seat.user)
        .collect();
    let of_file = s.floor.lines.get(line).into_iter().flat_map(|spec| spec.members.keys());
    let users: BTreeSet<&UserId> = of_file.chain(found.spec.members.keys()).collect();
    let one = |user: &UserId| Listener {
        user: user.clone(),
        allowed: found.spec.members.get(user).copied().into(),
        hears: hear.contains(user),
        talks: mics_of(s, found).iter().any(|mic| !mic.muted && mic.user == *user),
    };
    let people = users.into_iter().map(one).collect();
    let call = found.call;
    s.outputs.push(Output::Listeners { turret, line: line.clone(), people, may_set });
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// A supervisor of a desk that has the hoot, in the floor file or by another supervisor's act.
fn may_set(s: &State, turret: TurretId, line: &LineId) -> bool {
    let of_file = s.floor.lines.get(line).into_iter().flat_map(|spec| spec.members.keys());
    let now = s.lines.get(line).into_iter().flat_map(|found| found.spec.members.keys());
    leads_a_desk_of(s, turret, of_file.chain(now))
}

fn hoot_name(s: &State, line: &LineId) -> Result<String, Refusal> {
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    match found.spec.kind {
        LineKind::Hoot => Ok(name),
        LineKind::Ard
        | LineKind::Mrd
        | LineKind::ShoutDown
        | LineKind::Intercom
        | LineKind::Extension
        | LineKind::Dial => {
            let sentence = format!("{name} is no hoot; who has its key is the administrator's to say.");
            Err(Refusal::new(RefusalCode::NoRight, sentence))
        }
    }
}

/// Takes in what was set, or takes it back where it is as the floor file has it.
fn put(s: &mut State, line: &LineId, user: &UserId, allowed: Allowed) {
    let of_file = s.floor.lines.get(line).and_then(|spec| spec.members.get(user)).copied();
    let set = s.rights.entry(line.clone()).or_default();
    if allowed.right() == of_file {
        set.remove(user);
    } else {
        set.insert(user.clone(), allowed);
    }
    if set.is_empty() {
        s.rights.remove(line);
    }
    let turrets = s.seats.get(user).cloned().unwrap_or_default();
    let Ok(found) = s.line_mut(line) else { return };
    match allowed.right() {
        Some(right) => {
            found.spec.members.insert(user.clone(), right);
            s.appearances.entry(user.clone()).or_default().insert(line.clone());
            turrets.iter().for_each(|turret| s.audiences.add(*turret, [line]));
        }
        None => {
            found.spec.members.remove(user);
            if let Some(lines) = s.appearances.get_mut(user) {
                lines.remove(line);
            }
            turrets.iter().for_each(|turret| s.audiences.remove(*turret, [line]));
        }
    }
}

/// Takes back what was set before a restart, where the floor still has both.
pub fn restore(s: &mut State, line: &LineId, user: &UserId, allowed: Allowed) {
    if s.floor.users.contains_key(user) && hoot_name(s, line).is_ok() {
        put(s, line, user, allowed);
    }
}

/// Who is on a line, with what was set over the floor file's members. Past `hoot.members` nobody comes in anew (HOT-8).
pub fn members(s: &State, line: &LineId) -> BTreeMap<UserId, Right> {
    let Some(spec) = s.floor.lines.get(line) else { return BTreeMap::new() };
    let mut members = spec.members.clone();
    for (user, allowed) in s.rights.get(line).into_iter().flatten() {
        match allowed.right() {
            Some(right) => drop(members.insert(user.clone(), right)),
            None => drop(members.remove(user)),
        }
    }
    let max = s.policy(Some(line), None).hoot_members;
    if spec.kind == LineKind::Hoot && members.len() > max {
        let are_on = s.lines.get(line).map(|found| found.spec.members.keys().cloned().collect::<BTreeSet<_>>());
        let are_on = are_on.unwrap_or_default();
        let new = members.keys().filter(|user| !are_on.contains(*user));
        let over: Vec<UserId> = new.rev().take(members.len() - max).cloned().collect();
        members.retain(|user, _| !over.contains(user));
    }
    members
}

/// The lines of the floor that each user has an appearance of.
pub fn appearances(s: &State) -> BTreeMap<UserId, BTreeSet<LineId>> {
    let mut of_users: BTreeMap<UserId, BTreeSet<LineId>> = BTreeMap::new();
    for line in s.floor.lines.keys().filter_map(|line| s.lines.get(line)) {
        for user in line.spec.members.keys() {
            of_users.entry(user.clone()).or_default().insert(line.spec.line.clone());
        }
    }
    of_users
}

/// The lines on a user's speakers: those of the floor file, hoots that a supervisor put them on, and every shout-down of
/// theirs, so that all hear it (SHD-3).
pub fn speakers(s: &State, user: &UserId) -> BTreeSet<LineId> {
    let mut lines = s.floor.users.get(user).map(|spec| spec.speakers.clone()).unwrap_or_default();
    let of_file = |line: &LineId| s.floor.lines.get(line).is_some_and(|spec| spec.members.contains_key(user));
    let let_in = |users: &BTreeMap<UserId, Allowed>| users.get(user).is_some_and(|it| it.right().is_some());
    let more = s.rights.iter().filter(|(line, users)| let_in(users) && !of_file(line));
    lines.extend(more.map(|(line, _)| line.clone()));
    let mine = s.appearances.get(user).into_iter().flatten();
    let shouts = |line: &&LineId| s.lines.get(*line).is_some_and(|found| found.spec.kind == LineKind::ShoutDown);
    lines.extend(mine.filter(shouts).cloned());
    lines
}
