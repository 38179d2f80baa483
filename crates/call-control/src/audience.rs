//! Which turrets see a line, found without looking at everybody who may.
//!
//! Law: a turret sees the lines that its user has an appearance of, from log-on to log-off, and those of a call whose guest
//! or part they are. Of a line of the floor that is written down here with each change; [`State::audience`] is what counts.

use crate::line::Line;
use crate::state::State;
use dealerboard_model::{LineId, TurretId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// The turrets of the users who have an appearance of each line of the floor.
#[derive(Clone, Debug, Default)]
pub struct Audiences(BTreeMap<LineId, BTreeSet<TurretId>>);

impl Audiences {
    /// A turret's user has these lines from now on, or has logged on.
    pub fn add<'l>(&mut self, turret: TurretId, lines: impl IntoIterator<Item = &'l LineId>) {
        for line in lines {
            self.0.entry(line.clone()).or_default().insert(turret);
        }
    }

    /// They have them no more, or have logged off.
    pub fn remove<'l>(&mut self, turret: TurretId, lines: impl IntoIterator<Item = &'l LineId>) {
        for line in lines {
            if let Some(turrets) = self.0.get_mut(line) {
                turrets.remove(&turret);
            }
        }
    }
}

impl State {
    /// Turrets that see a line: those of its members, and of who has its key for a call.
    pub fn audience(&self, line: &Line) -> Vec<TurretId> {
        let mut turrets = self.members_turrets(line);
        if !line.guests.is_empty() {
            turrets.extend(self.turrets_of(&line.guests));
            turrets.sort_unstable();
        }
        turrets
    }

    fn members_turrets(&self, line: &Line) -> Vec<TurretId> {
        let looked_up = || {
            let mut turrets: Vec<TurretId> = self.turrets_of(line.spec.members.keys()).collect();
            turrets.sort_unstable();
            turrets
        };
        if !self.floor.lines.contains_key(&line.spec.line) {
            return looked_up();
        }
        let known: Vec<TurretId> = self.audiences.0.get(&line.spec.line).into_iter().flatten().copied().collect();
        debug_assert_eq!(known, looked_up(), "{}", line.spec.line);
        known
    }

    fn turrets_of<'u>(&self, users: impl IntoIterator<Item = &'u UserId>) -> impl Iterator<Item = TurretId> {
        users.into_iter().filter_map(|user| self.seats.get(user)).flatten().copied()
    }

    /// Turrets that have a line on their speakers, and whose users have an appearance of it.
    pub fn monitoring(&self, line: &LineId) -> impl Iterator<Item = TurretId> {
        let both = self.monitors.get(line).zip(self.audiences.0.get(line));
        both.into_iter().flat_map(|(monitors, members)| monitors.intersection(members)).copied()
    }

    /// Who has an appearance of which line has changed.
    pub fn count_audiences(&mut self) {
        self.audiences = Audiences::default();
        for (turret, seat) in &self.turrets {
            self.audiences.add(*turret, self.appearances.get(&seat.user).into_iter().flatten());
        }
    }
}
