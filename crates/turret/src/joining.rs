//! Several calls at one position as the panel shows them: what is joined there, what could be, and what is announced.

use super::Look;
use crate::view::{AnnouncingView, JoinableView, JoinedView};
use dealerboard_model::{ConferenceLine, LineFacts, LineId, LinePhase, LineStatus, Position, Role};

impl Look<'_> {
    /// What is on a line can be left to the speakers: a hoot, or a call that is with all that is joined with it on wires whose
    /// far ends have come.
    pub(super) fn can_speakers(&self, line: &LineId) -> bool {
        let mut joined = self.lines().filter(|(about, _)| self.facts.are_joined(line, &about.line));
        let can = |about: &LineFacts, status: &LineStatus| match about.kind.is_wire() {
            true => status.phase == LinePhase::Talking,
            false => about.kind.is_open(),
        };
        self.up() && joined.all(|(about, status)| can(about, status))
    }

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

    /// The call that is announced at a position.
    pub(super) fn announcing(&self, position: Position) -> Option<AnnouncingView> {
        let (status, announced) = self.facts.announced_at(position)?;
        // The intercom makes room at a handset while its caller is back on the call.
        let free = |at: &Position| self.facts.line_at(*at).is_none();
        let waits = self.facts.party_of(&status.line).is_none();
        let has_room = [Position::Left, Position::Right].iter().any(free);
        Some(AnnouncingView {
            line: status.line.clone(),
            name: self.name(&status.line),
            to: self.facts.name_of(&announced.to),
            swap: status.call.filter(|_| waits && has_room),
        })
    }

    /// The name of a line, or those of all lines of its conference.
    pub(super) fn names(&self, line: &LineId) -> String {
        match self.joined(line).as_slice() {
            [] => self.name(line),
            joined => joined.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" + "),
        }
    }
}
