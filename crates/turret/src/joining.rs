//! Conferences as the panel shows them: what is joined at a position, and what could be.

use super::Look;
use crate::view::{JoinableView, JoinedView};
use dealerboard_model::{ConferenceLine, LineFacts, LineId, LinePhase, LineStatus, Role};

impl Look<'_> {
    /// The lines of the conference that a line is in.
    pub(super) fn joined(&self, line: &LineId) -> Vec<JoinedView> {
        let conference = self.facts.statuses.get(line).and_then(|status| status.conference.as_ref());
        let lines = conference.map(|it| it.lines.as_slice()).unwrap_or_default();
        let view = |one: &ConferenceLine| JoinedView {
            line: one.line.clone(),
            name: one.name.clone(),
            removable: self.is_me(&one.by) || self.is_a(Role::Supervisor),
        };
        lines.iter().map(view).collect()
    }

    /// Every call of mine that could be joined with that on `line`.
    pub(super) fn joinable(&self, line: &LineId) -> Vec<JoinableView> {
        let up = |phase: LinePhase| matches!(phase, LinePhase::Talking | LinePhase::Held);
        let can = |about: &LineFacts| about.kind.is_joinable();
        if !self.up() || !self.facts.lines.get(line).is_some_and(can) {
            return Vec::new();
        }
        let mine = self.lines().filter(|(about, status)| {
            let here = self.facts.party_of(&about.line).is_some();
            let held = status.holders.iter().any(|holder| self.is_me(&holder.user));
            (here || held) && can(about) && up(status.phase) && !self.facts.are_joined(line, &about.line)
        });
        let view = |(about, status): (&LineFacts, &LineStatus)| {
            Some(JoinableView { line: about.line.clone(), name: about.name.clone(), call: status.call? })
        };
        mine.filter_map(view).collect()
    }

    /// The name of a line, or those of all lines of its conference.
    pub(super) fn names(&self, line: &LineId) -> String {
        match self.joined(line).as_slice() {
            [] => self.name(line),
            joined => joined.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" + "),
        }
    }
}
