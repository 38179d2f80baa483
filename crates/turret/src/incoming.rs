//! The lines that ring here, in the order in which they are to be answered.

use super::{Look, dial_look, kind_and_number};
use crate::view::IncomingView;
use dealerboard_model::{LineFacts, LineStatus};

impl Look<'_> {
    pub(super) fn incoming(&self) -> Vec<IncomingView> {
        // Whom this user calls is nobody who calls them.
        let mine = |about: &LineFacts| self.facts.party_of(&about.line).is_some();
        let rings = self.lines().filter(|(about, status)| !mine(about) && self.facts.rings_here(status));
        let mut all: Vec<_> = rings.filter_map(|(about, it)| Some((about, it, it.ring.as_ref()?))).collect();
        // What waits on hold goes before what is new (RING-2), and who leaves a message waits for nobody.
        all.sort_by_key(|(about, it, ring)| {
            let urgent = std::cmp::Reverse(self.facts.priority_here(ring));
            (it.voicemail.is_some(), !ring.recall, urgent, ring.since, &about.line)
        });
        let row = |(about, status, ring): (&LineFacts, &LineStatus, &dealerboard_model::Ring)| {
            let priority = match self.facts.priority_here(ring) {
                dealerboard_model::RingPriority::High => "High",
                dealerboard_model::RingPriority::Low => "Low",
            };
            let words = if status.sent_to.is_some() {
                ring.from.clone()
            } else if status.voicemail.is_some() {
                format!("{} leaves a message", ring.from)
            } else if ring.recall {
                format!("On hold by {}", ring.from)
            } else if let Some(whom) = dial_look::other_end(status) {
                format!("{priority} · {whom}")
            } else {
                format!("{priority} · {}", kind_and_number(about))
            };
            IncomingView {
                line: about.line.clone(),
                name: about.name.clone(),
                words,
                lamp: self.lamp(status),
                can_decline: self.can_decline(about, status),
                call: status.call,
                since_utc_ms: ring.since.utc_ms,
            }
        };
        all.into_iter().map(row).collect()
    }
}
