//! Privacy: who is on a line keeps everybody else off it.
//!
//! ```text
//! Open ─its party sets it─► Private ─owner releases it, holds or leaves─► Open      only a supervisor's override enters
//! ```
//!
//! Law: privacy is a mark of its owner's own leg, so that it ends with it.

use crate::happenings::Happening;
use crate::hoot;
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::state::{Done, State, stale};
use dealerboard_model::{LineId, LineKind, Party, TurretId};

/// Sets or releases privacy (PRV-1 to PRV-4).
pub fn set(s: &mut State, turret: TurretId, line: &LineId, on: bool) -> Done {
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    match found.spec.kind {
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial => {}
        LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => {
            let sentence = format!("{name} has no privacy: nobody but its own members hears it.");
            return Err(Refusal::new(RefusalCode::NoRight, sentence));
        }
    }
    let leg = found.leg(turret).ok_or_else(|| stale(&name))?;
    let (position, changes) = (leg.party.position, leg.party.private != on);
    if changes {
        for one in s.joined_with(line) {
            s.leg_mut(&one, turret).into_iter().for_each(|leg| leg.party.private = on);
        }
        s.happened_on_all(line, turret, if on { &Happening::MadePrivate } else { &Happening::MadeOpen });
        close_strangers(s, line);
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(position), call })
}

/// Nobody talks on a line that is private, or joined with one, who is not on it: talk keys of colleagues shut, and they are
/// told (PRV-4).
pub fn close_strangers(s: &mut State, line: &LineId) {
    let Some(owner) = s.private_by(line) else { return };
    let who = s.name_of(&owner.user);
    for one in s.joined_with(line) {
        let Some(found) = s.lines.get(&one) else { continue };
        let name = found.spec.name.clone();
        let strangers: Vec<TurretId> =
            found.talks().iter().map(|talk| talk.turret).filter(|turret| found.leg(*turret).is_none()).collect();
        for stranger in strangers {
            hoot::stop(s, stranger, &one);
            let sentence = format!("{who} made {name} private: your microphone there was closed.");
            s.notice(stranger, Some(&one), sentence, Some(Sound::Blocking));
        }
    }
}

impl State {
    /// Who keeps others off a line, or off one that it is joined with (CNF-8).
    fn private_by(&self, line: &LineId) -> Option<Party> {
        let all = self.joined_with(line);
        all.iter().filter_map(|one| self.lines.get(one)).find_map(|found| found.private_by()).cloned()
    }

    /// Refuses while somebody keeps the line private.
    pub fn open_to_others(&self, line: &LineId) -> Result<(), Refusal> {
        let name = &self.line(line)?.spec.name;
        match self.private_by(line) {
            Some(owner) => {
                let who = self.name_of(&owner.user);
                let sentence = format!("{who} keeps {name} private; call them by intercom.");
                Err(Refusal::new(RefusalCode::Private, sentence))
            }
            None => Ok(()),
        }
    }
}
