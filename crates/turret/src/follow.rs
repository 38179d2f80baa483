//! What follows from what is known: gates, places, gains, tones and the view.
//!
//! Law: nothing is decided here; the microphones are decided in `mics`, what is heard in `gains`, what is seen in `project`.

use crate::changes::changes;
use crate::gains;
use crate::mics;
use crate::project::{TalkKey, project};
use crate::task::TurretTask;
use crate::view::{Change, LinkView};
use crate::voice::{Sends, monotonic_ns};
use crate::words::talk_ended;
use dealerboard_media::{PlaybackControl, Tone};
use dealerboard_model::{Csrc, LineId, Position, Uplink};
use dealerboard_wire::{Act, OpenMic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;

/// The switch's own words for what it shut come just before its list of microphones; then no more are needed.
const WARNED: Duration = Duration::from_secs(1);

impl TurretTask {
    /// Gates, places, gains, tones and view, as they follow from what is known.
    pub(crate) fn follow(&mut self) {
        let up = matches!(self.local.link, LinkView::Up { .. });
        self.local.mics.settle(&self.facts, up, Instant::now());
        self.local.calls.settle(&self.facts, up, Instant::now());
        self.local.muted.settle(&self.facts, &self.local.mics);
        // What was meant for the next call is in force on it.
        let facts = &self.facts;
        self.local.next_private.retain(|position| facts.line_at(*position).is_none());
        self.local.several.settle(&self.facts);
        self.drop_ended_talks();
        let open = mics::open(&self.facts, &self.local);
        let silent = mics::silent(&self.facts, &self.local);
        let goes_on = self.goes_on.take();
        let sends = Uplink::ALL.map(|uplink| {
            let among = |gates: &[mics::Gate]| gates.iter().any(|gate| gate.uplink == uplink);
            match (among(&open), among(&silent)) {
                (true, _) if goes_on == Some(uplink) => Sends::VoiceGoesOn,
                (true, _) => Sends::Voice,
                (false, true) => Sends::Silence,
                (false, false) => Sends::Nothing,
            }
        });
        self.voice.set_gates(sends, self.acted_ns.take().unwrap_or_else(monotonic_ns));
        self.keyed.follow(&open, Instant::now());
        self.place_lines();
        self.set_gains();
        for (position, wish) in self.tones.follow(&self.facts, up) {
            self.voice.control(position, wish);
        }
        self.show();
    }

    /// The view, as it follows from what is known, and what differs from the one before.
    pub(crate) fn show(&self) {
        let now = project(&self.facts, &self.local);
        let differences = {
            let mut shown = self.view.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// A talk that is neither listed nor on its way has ended, and does not come back by itself. Whose user did not let it
    /// go hears it, and reads why.
    fn drop_ended_talks(&mut self) {
        // What a loss ends is told as the loss.
        if !matches!(self.local.link, LinkView::Up { .. }) {
            return;
        }
        self.drop_ended_several();
        let lit: Vec<LineId> = self.local.talk.keys().cloned().collect();
        for line in lit {
            if self.local.talk.get(&line) == Some(&TalkKey::Refused) || self.talk_is_open(&line) {
                continue;
            }
            self.local.talk.remove(&line);
            let let_go = self.tails.contains_key(&line);
            if !let_go && !self.warned(&line) {
                self.voice.control(Position::Speakers, PlaybackControl::Start(Tone::Warning));
                // What was not answered is told as not sent.
                if !self.asked.values().any(|act| matches!(act, Act::Talk { line: on, on: true, .. } if *on == line)) {
                    self.note(Some(line.clone()), talk_ended(&line, &self.facts), false);
                }
            }
        }
    }

    /// The switch has told, with a tone, that `line` is not talked on: what follows from it is told by then.
    pub(crate) fn warn(&mut self, line: LineId) {
        let now = Instant::now();
        self.warned.retain(|_, at| now.saturating_duration_since(*at) < WARNED);
        self.warned.insert(line, now);
    }

    pub(crate) fn warned(&self, line: &LineId) -> bool {
        self.warned.get(line).is_some_and(|at| at.elapsed() < WARNED)
    }

    /// Whether a talk on `line` is listed by the switch with its key lit, or on its way.
    pub(crate) fn talk_is_open(&self, line: &LineId) -> bool {
        let talk = |mic: &OpenMic| mic.line == *line && mics::place(&self.facts, mic) == Position::Speakers;
        let listed = self.local.talk.contains_key(line) && self.facts.mics.iter().any(talk);
        let here = |it: &mics::Pending| it.position == Position::Speakers && it.line.as_ref() == Some(line);
        listed || self.local.mics.pending().any(here)
    }

    /// A line is heard where its party is, or will be; else on its speaker channel.
    fn place_lines(&self) {
        let mut places = BTreeMap::new();
        for (line, facts) in &self.facts.lines {
            let same = |it: &&mics::Pending| it.line.as_ref() == Some(line) && it.position != Position::Speakers;
            let pending = || self.local.mics.pending().find(same);
            let party = self.facts.position_of(line).or_else(|| pending().map(|pending| pending.position));
            let channel = self.facts.is_channel(line).then_some(Position::Speakers);
            places.insert(facts.csrc, party.or(channel));
        }
        self.voice.place(places);
    }

    fn set_gains(&mut self) {
        self.gains_wait = false;
        self.reset_gains();
        for (csrc, gain) in gains::gains(&self.facts, &self.local.channels) {
            if self.gains.get(&csrc) == Some(&gain) {
                continue;
            }
            if self.voice.control(Position::Speakers, PlaybackControl::Gain { line: csrc, gain }) {
                self.gains.insert(csrc, gain);
            } else {
                self.gains_wait = true;
            }
        }
    }

    /// A line that is on the speakers no more is as received when it comes back, and leaves its place in the mixer. Not
    /// while the switch is lost: what still sounds then ends as it was.
    fn reset_gains(&mut self) {
        if !matches!(self.local.link, LinkView::Up { .. }) {
            return;
        }
        let on: BTreeSet<Csrc> =
            self.facts.channels().filter_map(|line| self.facts.lines.get(line)).map(|facts| facts.csrc).collect();
        let voice = &self.voice;
        self.gains.retain(|csrc, _| {
            let reset = PlaybackControl::Gain { line: *csrc, gain: 1.0 };
            on.contains(csrc) || !voice.control(Position::Speakers, reset)
        });
    }
}
