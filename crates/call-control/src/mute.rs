//! Mutes of loudspeakers, so that no microphone hears them: local ones leave my voice out of my neighbours' speakers, global
//! ones leave a line out of everybody else's speakers at my end while I am on it by handset.
//!
//! Law: most restrictive of the line's own, and of its users' who are on it by handset. Handsets always hear and talk; what is
//! left out is not sent.

use crate::hoot;
use crate::line::Line;
use crate::messages::{Refusal, RefusalCode, Sound};
use crate::policy::MutePolicy;
use crate::state::State;
use dealerboard_model::{LineId, LineKind, Mute, Party, Position, TurretId, UserId};

fn policy(s: &State, line: &Line, user: Option<&UserId>) -> Mute {
    let set = match s.policy(Some(&line.spec.line), user).mute {
        MutePolicy::None => Mute::None,
        MutePolicy::Local => Mute::Local,
        MutePolicy::Global => Mute::Global,
    };
    match line.spec.kind {
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial => set,
        // These are there to be heard by all.
        LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => set.min(Mute::Local),
    }
}

/// Who is on an end otherwise than by the speakers.
fn by_handset(line: &Line) -> impl Iterator<Item = &Party> {
    line.legs().iter().map(|leg| &leg.party).filter(|party| party.position != Position::Speakers)
}

/// What is in force at an end of a line (MUT-1).
pub fn in_force(s: &State, line: &Line) -> Mute {
    let users = by_handset(line).map(|party| policy(s, line, Some(&party.user)));
    users.max().unwrap_or_default().max(policy(s, line, None))
}

/// A talker's voice on `line` is left out of their neighbours' speakers (MUT-2).
pub fn is_local(s: &State, line: &Line, talker: TurretId) -> bool {
    let mine = s.user_of(talker).map(|user| policy(s, line, Some(user)));
    in_force(s, line).max(mine.unwrap_or_default()) >= Mute::Local
}

/// The seats of two turrets are beside each other, and both of their users sit there.
pub fn are_neighbours(s: &State, one: TurretId, other: TurretId) -> bool {
    let seat = |turret| s.turrets.get(&turret).filter(|seat| !s.floor.remote.contains(&seat.user));
    let (Some(one), Some(other)) = (seat(one), seat(other)) else { return false };
    s.floor.neighbours.get(&one.seat).is_some_and(|seats| seats.contains(&other.seat))
}

/// An end is left out of the speakers of everybody but its own users (MUT-3).
pub fn is_global(s: &State, line: &Line) -> bool {
    by_handset(line).next().is_some() && in_force(s, line) == Mute::Global
}

/// Whether a user is on an end, at whichever turret.
pub fn is_on(line: &Line, user: &UserId) -> bool {
    line.legs().iter().any(|leg| leg.party.user == *user)
}

/// Refuses a talk key at an end that is left out of the speakers, but for who is on it (MUT-3).
pub fn may_talk(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let found = s.line(line)?;
    if !is_global(s, found) || s.user_of(turret).is_some_and(|user| is_on(found, user)) {
        return Ok(());
    }
    let sentence = format!("{} is muted at your end while a handset is on it; join it by its key.", found.spec.name);
    Err(Refusal::new(RefusalCode::MutedGlobal, sentence))
}

/// Talk keys of those who are not on these ends, or not any more, are shut when a global mute overtakes them (MUT-4).
pub fn close_strangers(s: &mut State, line: &LineId) {
    for one in s.joined_with(line) {
        let Some(found) = s.lines.get(&one).filter(|found| is_global(s, found)) else { continue };
        let name = found.spec.name.clone();
        let strangers = found.talks().iter().filter(|talk| !is_on(found, &talk.user)).map(|talk| talk.turret);
        for stranger in strangers.collect::<Vec<_>>() {
            hoot::stop(s, stranger, &one);
            let sentence = format!("{name} is muted at your end now: your microphone there was closed.");
            s.notice(stranger, Some(&one), sentence, Some(Sound::Blocking));
        }
    }
}
