//! What turrets were told last: the truth about each line, person and microphone, for snapshots.

use crate::panel::Panels;
use dealerboard_model::{LineId, LineStatus, Moment, PersonStatus, TurretId, UserId};
use dealerboard_wire::{OpenMic, RecorderHealth};
use std::collections::BTreeMap;

/// As last told.
pub struct Shown {
    lines: BTreeMap<LineId, LineStatus>,
    people: BTreeMap<UserId, PersonStatus>,
    mics: BTreeMap<TurretId, Vec<OpenMic>>,
    recorder: RecorderHealth,
    start: Moment,
}

impl Shown {
    /// Idle lines, nobody logged on.
    pub fn new(panels: &Panels, start: Moment) -> Self {
        let lines = panels.lines().map(|facts| (facts.line.clone(), LineStatus::idle(facts.line.clone(), start)));
        let person = |user: &UserId| PersonStatus { user: user.clone(), logged_on: false, dnd: false, busy: false };
        let people = panels.people().iter().map(|someone| (someone.user.clone(), person(&someone.user)));
        Self {
            lines: lines.collect(),
            people: people.collect(),
            mics: BTreeMap::new(),
            recorder: RecorderHealth::Ok,
            start,
        }
    }

    /// A line; idle when nothing was ever told.
    pub fn line(&self, line: &LineId) -> LineStatus {
        self.lines.get(line).cloned().unwrap_or_else(|| LineStatus::idle(line.clone(), self.start))
    }

    /// A person.
    pub fn person(&self, user: &UserId) -> PersonStatus {
        let nobody = || PersonStatus { user: user.clone(), logged_on: false, dnd: false, busy: false };
        self.people.get(user).cloned().unwrap_or_else(nobody)
    }

    /// Everybody.
    pub fn people(&self) -> Vec<PersonStatus> {
        self.people.values().cloned().collect()
    }

    /// True when that is news.
    pub fn set_person(&mut self, status: PersonStatus) -> bool {
        self.people.insert(status.user.clone(), status.clone()).as_ref() != Some(&status)
    }

    /// The open microphones of a turret.
    pub fn mics(&self, turret: TurretId) -> Vec<OpenMic> {
        self.mics.get(&turret).cloned().unwrap_or_default()
    }

    /// The recorder.
    pub fn recorder(&self) -> RecorderHealth {
        self.recorder.clone()
    }
}
