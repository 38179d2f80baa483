//! Room on a line that many may talk on: who may talk now, and who gives way.
//!
//! ```text
//! Room ─as many talk as may─► Full ─a newcomer─► one gives way: a silent latch, else the oldest talk of the lowest rank
//!                              └─ all outrank the newcomer, or `hoot.full` = refuse ─► `talkers_full`
//! ```
//!
//! Law: a supervisor outranks who is none, gives way to supervisors alone, and is never refused for want of room while somebody
//! who is none talks.

use crate::handset;
use crate::hoot;
use crate::line::Line;
use crate::messages::{Refusal, RefusalCode, Sound};
use crate::policy::HootFull;
use crate::state::State;
use dealerboard_model::{LineId, Moment, Role, TurretId, Uplink, UserId};

/// One of those who talk: by a talk key, or by a microphone that is open at a handset (HOT-6), which stays open as a latch does.
struct Talker<'s> {
    user: &'s UserId,
    turret: TurretId,
    uplink: Uplink,
    since: Moment,
    pressed: Moment,
    latched: bool,
}

/// Who talks, the oldest talk first; each turret once.
fn talkers(line: &Line) -> Vec<Talker<'_>> {
    let talks = line.talks().iter().map(|it| Talker {
        user: &it.user,
        turret: it.turret,
        uplink: it.uplink,
        since: it.since,
        pressed: it.pressed,
        latched: it.latched,
    });
    let open = line.legs().iter().filter(|leg| leg.mic && line.talk(leg.party.turret).is_none()).map(|leg| Talker {
        user: &leg.party.user,
        turret: leg.party.turret,
        uplink: leg.uplink(),
        since: leg.mic_since,
        pressed: leg.mic_since,
        latched: true,
    });
    let mut all: Vec<_> = talks.chain(open).collect();
    all.sort_by_key(|talker| talker.since.mono_us);
    all
}

/// Makes room for a talk of a turret's user (HOT-3, HOT-4).
pub fn make(s: &mut State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let Some((loser, latched)) = loser(s, turret, line)? else { return Ok(()) };
    let (limit, name) = (s.policy(Some(line), None).hoot_talkers, s.line(line)?.spec.name.clone());
    hoot::stop(s, loser, line);
    handset::shut_mic(s, loser, line);
    // Its key may be down still: until it is let go it says nothing new.
    if let Some(seat) = s.turrets.get_mut(&loser).filter(|_| !latched) {
        seat.displaced.insert(line.clone());
    }
    let sentence = format!("{limit} are talking on {name}: your microphone was closed for a newer talk.");
    s.notice(loser, Some(line), sentence, Some(Sound::Blocking));
    Ok(())
}

/// Whether there is room for a talk of a turret's user, or somebody who gives way to it.
pub fn is_there(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    loser(s, turret, line).map(drop)
}

/// Who gives way to a talk of a turret's user, and whether their key was latched; nobody while there is room, or they talk
/// already.
fn loser(s: &State, turret: TurretId, line: &LineId) -> Result<Option<(TurretId, bool)>, Refusal> {
    let (found, talkers) = (s.line(line)?, talkers(s.line(line)?));
    let limit = s.policy(Some(line), None).hoot_talkers;
    if talkers.len() < limit || talkers.iter().any(|talker| talker.turret == turret) {
        return Ok(None);
    }
    let sentence = || {
        let name = &found.spec.name;
        format!("{limit} are talking on {name}, as many as may; press again when one of them has ended.")
    };
    let loser = gives_way(s, &talkers, line, s.user_of(turret));
    loser.map(Some).ok_or_else(|| Refusal::new(RefusalCode::TalkersFull, sentence()))
}

/// Who gives way to a talk of `user`, and whether their key was latched.
fn gives_way(s: &State, talkers: &[Talker<'_>], line: &LineId, user: Option<&UserId>) -> Option<(TurretId, bool)> {
    let policy = s.policy(Some(line), None);
    let mine = user.is_some_and(|user| rank(s, user));
    let may = |talker: &&Talker<'_>| match (rank(s, talker.user), mine) {
        (false, true) => true,
        (true, false) => false,
        (true, true) | (false, false) => policy.hoot_full == HootFull::Newest,
    };
    let (now_us, silent_us) = (s.now.mono_us, policy.hoot_silent_talker_ms * 1_000);
    let quiet_us = |talker: &Talker<'_>| {
        let since = hoot::quiet_since(s, talker.turret, talker.uplink, talker.pressed)?;
        Some(since.mono_us).filter(|since_us| now_us - since_us >= silent_us)
    };
    let latched = talkers.iter().filter(may).filter(|talker| talker.latched);
    let silent = latched.filter_map(|talker| Some((quiet_us(talker)?, talker))).min_by_key(|(since_us, _)| *since_us);
    let oldest = || talkers.iter().filter(may).min_by_key(|talker| rank(s, talker.user));
    silent.map(|(_, talker)| talker).or_else(oldest).map(|talker| (talker.turret, talker.latched))
}

/// Who leads a desk stands above who does not.
fn rank(s: &State, user: &UserId) -> bool {
    s.floor.users.get(user).is_some_and(|user| user.roles.contains(&Role::Supervisor))
}

/// A key that was displaced while it was down says nothing before it was let go (HOT-4).
pub fn let_go_first(s: &mut State, turret: TurretId, line: &LineId, latched: bool) -> Result<(), Refusal> {
    let refused = must_let_go(s, turret, line);
    // What latches is the letting go of a tap: the next press is a new one.
    if latched && let Some(seat) = s.turrets.get_mut(&turret) {
        seat.displaced.remove(line);
    }
    refused
}

/// Refuses while a displaced key of this turret is still down.
pub fn must_let_go(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let name = &s.line(line)?.spec.name;
    if !s.turrets.get(&turret).is_some_and(|seat| seat.displaced.contains(line)) {
        return Ok(());
    }
    let sentence = format!("Your talk on {name} was closed for a newer one; let its key go and press again to talk.");
    Err(Refusal::new(RefusalCode::TalkersFull, sentence))
}
