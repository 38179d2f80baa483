//! Intercom to a group: one of the floor file, or people who were picked.
//!
//! ```text
//! Idle ─press─► Open: the caller is heard by all who are free ─caller's release | nobody is left─► Idle
//!                  └─ a member talks back: heard by the caller alone, or by all ─ leaves ─► the others go on
//! ```

use crate::intercom::{Away, Intercom, enter_callee, enter_caller, is_busy, known, seat_of, talk_back};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::policy::{GroupReply, IntercomAnswer};
use crate::position;
use crate::state::{Done, State};
use dealerboard_model::{GroupId, LineId, Position, TurretId, UserId};
use std::collections::BTreeSet;

/// Most people that one call reaches, besides its caller.
pub const GROUP_MAX: usize = 50;

/// Calls a group of the floor file (INT-8).
pub fn call(s: &mut State, turret: TurretId, group: &GroupId, at: Position) -> Done {
    let Some(spec) = s.floor.groups.get(group) else {
        let sentence = format!("There is no group {group} on this floor; choose from the list.");
        return Err(Refusal::new(RefusalCode::UnknownNumber, sentence));
    };
    let (name, members) = (spec.name.clone(), spec.members.clone());
    if let Some(line) = mine(s, turret, group) {
        return talk_back(s, turret, &line, true, true);
    }
    call_all(s, turret, at, Some((group.clone(), name)), members)
}

/// Calls several people who were picked; one of them alone is a plain intercom.
pub fn call_picked(s: &mut State, turret: TurretId, users: &[UserId], at: Position) -> Done {
    let me = s.party(turret, at)?.user;
    users.iter().try_for_each(|user| known(s, user))?;
    let others: BTreeSet<UserId> = users.iter().filter(|user| **user != me).cloned().collect();
    match (others.len(), others.first().cloned()) {
        (_, None) => Err(Refusal::new(RefusalCode::UnknownNumber, "Nobody was picked; pick whom to call.")),
        (1, Some(one)) => crate::intercom::call(s, turret, &one, at),
        (_, Some(_)) => call_all(s, turret, at, None, others),
    }
}

/// The call of this group that this turret's user has made and is on.
fn mine(s: &State, turret: TurretId, group: &GroupId) -> Option<LineId> {
    let called = |about: &Intercom| about.group.as_ref() == Some(group) && about.caller.turret == turret;
    let mut lines = s.lines_of(turret).filter(|line| line.intercom.as_ref().is_some_and(called));
    lines.next().map(|line| line.spec.line.clone())
}

/// Where somebody is reached without a press of theirs, or why not.
fn reach(s: &State, user: &UserId) -> Result<TurretId, &'static str> {
    let turret = seat_of(s, user).map_err(|away| match away {
        Away::LoggedOff => "is not logged on",
        Away::Lost => "has lost the switch",
    })?;
    if s.dnd.contains(user) {
        return Err("does not want to be disturbed");
    }
    if s.is_locked(turret) {
        return Err("has locked their turret");
    }
    if is_busy(s, turret) {
        return Err("is in a call");
    }
    if s.policy(None, Some(user)).intercom_answer == IntercomAnswer::Ring {
        return Err("answers by a press");
    }
    Ok(turret)
}

fn call_all(
    s: &mut State,
    turret: TurretId,
    at: Position,
    group: Option<(GroupId, String)>,
    mut users: BTreeSet<UserId>,
) -> Done {
    let me = s.party(turret, at)?;
    users.remove(&me.user);
    let what = group.as_ref().map_or("These people".to_owned(), |(_, name)| name.clone());
    if users.len() > GROUP_MAX {
        let sentence = format!("{what} would be {} people and a call reaches {GROUP_MAX}; call fewer.", users.len());
        return Err(Refusal::new(RefusalCode::GroupFull, sentence));
    }
    let (mut reached, mut not_reached) = (Vec::new(), Vec::new());
    for user in &users {
        match reach(s, user) {
            Ok(turret) => reached.push((user.clone(), turret)),
            Err(why) => not_reached.push(format!("{} {why}", s.name_of(user))),
        }
    }
    if reached.is_empty() {
        let whom = if not_reached.is_empty() { "it has nobody else".to_owned() } else { not_reached.join(", ") };
        return Err(Refusal::new(RefusalCode::NobodyThere, format!("Nobody of {what} hears you: {whom}.")));
    }
    position::take(s, turret, at)?;
    let id = s.new_call();
    let picked = || (GroupId(format!("intercom-{id}")), format!("Group of {}", users.len()));
    let (group, name) = group.unwrap_or_else(picked);
    let reply_all = s.policy(None, Some(&me.user)).intercom_group_reply == GroupReply::All;
    let about = Intercom { caller: me.clone(), group: Some(group), reply_all, rings: false };
    let members = reached.iter().map(|(user, _)| user.clone()).chain([me.user.clone()]).collect();
    let caller = s.name_of(&me.user);
    let line = s.add_intercom(id, name.clone(), members, about);
    enter_caller(s, &line, me);
    for (_, callee) in &reached {
        enter_callee(s, &line, *callee, false)?;
        s.notice(*callee, Some(&line), format!("{caller} talks to {name}."), Some(Sound::Splash));
    }
    let mut told = format!("{} of {} hear you.", reached.len(), users.len());
    if !not_reached.is_empty() {
        told = format!("{told} Not reached: {}.", not_reached.join(", "));
    }
    s.notice(turret, Some(&line), told, Some(Sound::Splash));
    Ok(Accepted { line: Some(line), position: Some(at), call: Some(id) })
}
