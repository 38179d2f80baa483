//! Which tones follow from what the turret knows.

use crate::facts::Facts;
use crate::voice::Voice;
use dealerboard_media::{PlaybackControl, Tone};
use dealerboard_model::{LineKind, LinePhase, Position, RingPriority};

/// The tones that go on until they are stopped, as they play now.
#[derive(Debug, Default)]
pub struct Tones {
    ring: Option<Tone>,
    ringback: Option<Position>,
}

impl Tones {
    /// Starts and stops what follows from the facts; nothing while the link is lost.
    pub fn follow(&mut self, facts: &Facts, link_up: bool, voice: &Voice) {
        let ring = if link_up { ring(facts) } else { None };
        if ring != self.ring {
            self.ring.take().map(|tone| voice.control(Position::Speakers, PlaybackControl::Stop(tone)));
            ring.map(|tone| voice.control(Position::Speakers, PlaybackControl::Start(tone)));
            self.ring = ring;
        }
        let ringback = if link_up { ringback(facts) } else { None };
        if ringback != self.ringback {
            let tone = Tone::Ringback;
            self.ringback.take().map(|position| voice.control(position, PlaybackControl::Stop(tone)));
            ringback.map(|position| voice.control(position, PlaybackControl::Start(tone)));
            self.ringback = ringback;
        }
    }
}

/// The one ring sound of a turret: the highest priority that rings; none while a handset is open (RING-3).
fn ring(facts: &Facts) -> Option<Tone> {
    let busy = [Position::Left, Position::Right].iter().any(|position| facts.line_at(*position).is_some());
    if busy {
        return None;
    }
    let rings = facts.statuses.values().filter(|status| {
        let kind = facts.lines.get(&status.line).map(|line| line.kind);
        matches!(kind, Some(LineKind::Ard | LineKind::Mrd)) && status.parties.is_empty()
    });
    rings.filter_map(|status| status.ring.as_ref()).map(|ring| ring.priority).max().map(|priority| match priority {
        RingPriority::High => Tone::RingHigh,
        RingPriority::Low => Tone::RingLow,
    })
}

/// Where the far end is heard to ring.
fn ringback(facts: &Facts) -> Option<Position> {
    let calling = facts.statuses.values().filter(|status| status.phase == LinePhase::Calling);
    calling.filter_map(|status| facts.position_of(&status.line)).next()
}
