//! What follows from what is known: gates, places, gains, tones and the view.
//!
//! Law: a microphone is open only while the switch lists it, or for two seconds while a press of its user is on its way.

use crate::changes::changes;
use crate::project::project;
use crate::task::TurretTask;
use crate::view::{Change, LinkView};
use dealerboard_media::PlaybackControl;
use dealerboard_model::Position;
use std::collections::BTreeMap;
use std::time::Duration;

/// `mic.link_loss`: microphones of calls survive a reconnect in mid-word, no longer.
const MIC_LINK_LOSS: Duration = Duration::from_millis(1_000);

/// `duck.level` as a factor: −12 dB.
const DUCKED: f32 = 0.25;

impl TurretTask {
    /// Gates, places, gains, tones and view, as they follow from what is known.
    pub(crate) fn follow(&mut self) {
        self.voice.set_gates(self.open_gates());
        self.place_lines();
        self.set_gains();
        let up = matches!(self.local.link, LinkView::Up { .. });
        self.tones.follow(&self.facts, up, &self.voice);
        let now = project(&self.facts, &self.local);
        let differences = {
            let mut shown = self.view.lock().expect("no holder of this lock panics");
            let differences = changes(&shown, &now);
            *shown = now;
            differences
        };
        differences.into_iter().for_each(|change| self.tell(change));
    }

    pub(crate) fn tell(&self, change: Change) {
        // Without a listener there is nobody to tell.
        let _ = self.told.send(change);
    }

    fn open_gates(&self) -> [bool; 3] {
        let mut open = [false; 3];
        let lost_long = self.stale_at.is_some_and(|at| at.elapsed() >= MIC_LINK_LOSS);
        if lost_long || matches!(self.local.link, LinkView::Refused { .. } | LinkView::LoggedOff) {
            return open;
        }
        for mic in self.facts.mics.iter().filter(|mic| !mic.muted) {
            let party = self.facts.position_of(&mic.line);
            // A talk is shut at once when the switch is lost, a call a second later.
            let stays = party.is_some() || self.stale_at.is_none();
            if stays && party.is_none_or(|position| !self.local.muted.contains(&position)) {
                open[mic.uplink.index()] = true;
            }
        }
        for pending in self.pending.values() {
            if !self.local.muted.contains(&pending.position) {
                open[pending.uplink.index()] = true;
            }
        }
        open
    }

    /// A line is heard where its party is, or will be; else on its speaker channel.
    fn place_lines(&self) {
        let mut places = BTreeMap::new();
        for (line, facts) in &self.facts.lines {
            let pending = || self.pending.values().find(|p| p.line == *line && p.position != Position::Speakers);
            let party = self.facts.position_of(line).or_else(|| pending().map(|pending| pending.position));
            let channel = self.facts.speakers.contains(line).then_some(Position::Speakers);
            if let Some(position) = party.or(channel) {
                places.insert(facts.csrc, position);
            }
        }
        self.voice.place(places);
    }

    fn set_gains(&mut self) {
        let solo = self.facts.speakers.iter().any(|line| self.local.channels.get(line).is_some_and(|c| c.solo));
        let handset = |mic: &dealerboard_wire::OpenMic| {
            matches!(self.facts.position_of(&mic.line), Some(Position::Left | Position::Right))
        };
        let ducked = if self.facts.mics.iter().any(handset) { DUCKED } else { 1.0 };
        for line in self.facts.speakers.clone() {
            let Some(csrc) = self.facts.lines.get(&line).map(|facts| facts.csrc) else { continue };
            let channel = self.local.channels.get(&line).cloned().unwrap_or_default();
            let silent = channel.muted || (solo && !channel.solo);
            let gain = if silent { 0.0 } else { channel.volume * ducked };
            if self.gains.get(&csrc) != Some(&gain)
                && self.voice.control(Position::Speakers, PlaybackControl::Gain { line: csrc, gain })
            {
                self.gains.insert(csrc, gain);
            }
        }
    }
}
