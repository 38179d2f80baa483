//! The talk key of several lines at this turret: a group of channels, or lines that were picked.
//!
//! ```text
//! Shut ─down─► Held ─tap, or latch─► Latched ─up, or the switch has ended it─► Shut
//!    refused ─► Refused, 2 s     another talk key ─► gives way, and is back if that is refused
//! ```
//!
//! Law: pure, but for what the task does at its end. No word for the next key is heard by the lines of the one that gave way:
//! the microphone waits until the switch does not list them any more.

use crate::facts::Facts;
use crate::mics::{self, PENDING};
use crate::project::{Local, TalkKey};
use crate::task::TurretTask;
use crate::turret::Input;
use crate::view::LinkView;
use dealerboard_media::{PlaybackControl, Tone};
use dealerboard_model::{LineId, Position};
use dealerboard_wire::Act;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// One press on a key of several lines.
#[derive(Clone, Debug)]
pub struct SeveralKey {
    /// What it was pressed for, as the switch was told.
    pub asked: Vec<LineId>,
    /// What it is meant for now: lines are added and dropped while it is down.
    lines: BTreeSet<LineId>,
    /// How it stands.
    pub key: TalkKey,
}

impl SeveralKey {
    fn is_down(&self) -> bool {
        matches!(self.key, TalkKey::Held | TalkKey::Latched)
    }
}

/// A key that another one has taken the place of.
#[derive(Clone, Debug)]
struct GaveWay {
    by: Uuid,
    key: SeveralKey,
    answered: bool,
}

/// The key that is not shut, if there is one, and the one before it.
#[derive(Clone, Debug, Default)]
pub struct Several {
    open: Option<SeveralKey>,
    before: Option<GaveWay>,
    /// It gave the blocking tone for the press that goes on: a tap asks twice (rule MUT-5).
    blocked: bool,
    refused_until: Option<Instant>,
    /// The press whose tail goes out.
    tail: Option<u64>,
}

impl Several {
    /// The key, however it stands.
    #[must_use]
    pub fn key(&self) -> Option<&SeveralKey> {
        self.open.as_ref()
    }

    /// The key while it is down.
    #[must_use]
    pub fn down(&self) -> Option<&SeveralKey> {
        self.open.as_ref().filter(|open| open.is_down())
    }

    /// It is down, and meant for this line.
    #[must_use]
    pub fn talks_to(&self, line: &LineId) -> bool {
        self.down().is_some_and(|open| open.lines.contains(line))
    }

    /// A word for the key that is down would be heard by lines of one that gave way.
    #[must_use]
    pub fn would_be_overheard(&self, facts: &Facts, local: &Local) -> bool {
        let Some(before) = &self.before else { return false };
        let routed = |line: &LineId| {
            let talk = |mic: &dealerboard_wire::OpenMic| mic.line == *line && is_talk(facts, mic) && !mic.muted;
            facts.mics.iter().any(talk)
        };
        before.key.lines.iter().any(|line| !local.talks_to(line) && routed(line))
    }

    /// The key goes down, or once more.
    pub fn press(&mut self, id: Uuid, lines: &[LineId], latched: bool) {
        let key = if latched { TalkKey::Latched } else { TalkKey::Held };
        (self.tail, self.refused_until) = (None, None);
        match &mut self.open {
            Some(open) if open.asked == lines && open.is_down() => open.key = key,
            Some(_) | None => {
                self.give_way(id);
                self.blocked = false;
                self.open = Some(SeveralKey { asked: lines.into(), lines: lines.iter().cloned().collect(), key });
            }
        }
    }

    /// Another talk key takes its place, by this command.
    pub fn give_way(&mut self, id: Uuid) {
        let Some(key) = self.open.take().filter(SeveralKey::is_down) else { return };
        self.tail = None;
        self.before = Some(GaveWay { by: id, key, answered: false });
    }

    /// It was let go, or the one that gave way to it: the lines that it was meant for, and none of those that it was not.
    pub fn let_go(&mut self, lines: &[LineId]) -> BTreeSet<LineId> {
        if let Some(open) = self.open.take_if(|open| open.asked == lines) {
            (self.tail, self.refused_until) = (None, None);
            return open.lines;
        }
        let gave_way = self.before.as_ref().filter(|before| before.key.asked == lines);
        gave_way.map(|before| before.key.lines.clone()).unwrap_or_default()
    }

    /// A line is added to what it is meant for.
    pub fn add(&mut self, line: &LineId) {
        if let Some(open) = &mut self.open {
            open.lines.insert(line.clone());
        }
    }

    /// A line is dropped from what it is meant for; without any that hears it the key is let go.
    pub fn drop_line(&mut self, line: &LineId, facts: &Facts) {
        let Some(open) = &mut self.open else { return };
        open.lines.remove(line);
        if !facts.mics.iter().any(|mic| is_talk(facts, mic) && open.lines.contains(&mic.line)) {
            (self.open, self.tail) = (None, None);
        }
    }

    /// A command will have no answer: what gave way to it may be open at the switch still, and is to be shut.
    pub fn unanswered(&mut self, id: Uuid) -> Option<Vec<LineId>> {
        self.before.take_if(|before| before.by == id).map(|before| before.key.asked)
    }

    /// A command was done: what gave way to it is over.
    pub fn done(&mut self, id: Uuid) {
        if let Some(before) = self.before.as_mut().filter(|before| before.by == id) {
            before.answered = true;
        }
    }

    /// A command was refused: what gave way to it goes on, for nothing has changed. True when it was a press on this key.
    pub fn refused(&mut self, id: Uuid, act: Option<&Act>) -> bool {
        let mine = match act {
            Some(Act::Broadcast { lines, on: true, .. }) => {
                self.open.as_mut().filter(|open| open.asked == *lines).is_some_and(|open| {
                    open.key = TalkKey::Refused;
                    true
                })
            }
            Some(_) | None => false,
        };
        if mine {
            self.refused_until = Some(Instant::now() + PENDING);
        }
        if let Some(before) = self.before.take_if(|before| before.by == id) {
            self.open = Some(before.key);
        }
        mine
    }

    /// The blocking tone is due, once for each press.
    fn blocks(&mut self) -> bool {
        !std::mem::replace(&mut self.blocked, true)
    }

    /// What time and the switch have settled.
    pub fn settle(&mut self, facts: &Facts) {
        let listed =
            |before: &GaveWay| facts.mics.iter().any(|mic| is_talk(facts, mic) && before.key.lines.contains(&mic.line));
        self.before.take_if(|before| before.answered && !listed(before));
    }

    /// A refusal has been on show for long enough. True when it was.
    pub fn on_tick(&mut self, now: Instant) -> bool {
        let over = self.refused_until.take_if(|until| *until <= now).is_some();
        if over && self.open.as_ref().is_some_and(|open| open.key == TalkKey::Refused) {
            self.open = None;
        }
        over
    }

    /// Nothing that was pressed is meant any more.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// A microphone that a talk key keeps open.
fn is_talk(facts: &Facts, mic: &dealerboard_wire::OpenMic) -> bool {
    mics::place(facts, mic) == Position::Speakers
}

impl TurretTask {
    /// The key of several lines is let go: its tail goes out first.
    pub(crate) async fn several_up(&mut self, lines: Vec<LineId>) {
        let open = self.local.several.down().is_some_and(|open| open.asked == lines);
        if !open || !matches!(self.local.link, LinkView::Up { .. }) {
            return self.act(Act::Broadcast { lines, on: false, latched: false }).await;
        }
        if self.local.several.tail.is_some() {
            return;
        }
        self.presses += 1;
        let press = self.presses;
        self.local.several.tail = Some(press);
        let (told, tail) = (self.inputs.clone(), Duration::from_millis(self.facts.talk_tail_ms));
        tokio::spawn(async move {
            tokio::time::sleep(tail).await;
            // A turret that has stopped has no talk.
            let Some(told) = told.upgrade() else { return };
            let _ = told.send(Input::SeveralTailOver(press)).await;
        });
    }

    /// The tail is out: the talk is shut here, and the switch is told.
    pub(crate) async fn several_tail_over(&mut self, press: u64) {
        if self.local.several.tail == Some(press) {
            self.shut_several().await;
        }
    }

    /// Shuts the key of several lines, if it is down.
    pub(crate) async fn shut_several(&mut self) {
        if let Some(lines) = self.local.several.down().map(|open| open.asked.clone()) {
            self.act(Act::Broadcast { lines, on: false, latched: false }).await;
        }
    }

    /// A press was refused: the tone for it, if it was one on this key.
    pub(crate) fn several_refused(&mut self, id: Uuid, act: Option<&Act>) {
        let adds = matches!(act, Some(Act::BroadcastLine { on: true, .. }));
        if adds || (self.local.several.refused(id, act) && self.local.several.blocks()) {
            self.voice.control(Position::Speakers, PlaybackControl::Start(Tone::Blocking));
        }
    }

    /// A key that is neither listed nor on its way to any line has ended, and does not come back by itself.
    pub(crate) fn drop_ended_several(&mut self) {
        let Some(open) = self.local.several.down() else { return };
        let lines = open.lines.clone();
        let listed = self.facts.mics.iter().any(|mic| is_talk(&self.facts, mic) && lines.contains(&mic.line));
        let here = |it: &mics::Pending| {
            it.position == Position::Speakers && it.line.as_ref().is_some_and(|line| lines.contains(line))
        };
        if listed || self.local.mics.pending().any(here) {
            return;
        }
        let asked = open.asked.clone();
        let let_go = self.local.several.tail.is_some();
        self.local.several.let_go(&asked);
        if !let_go && !lines.iter().any(|line| self.warned(line)) {
            self.voice.control(Position::Speakers, PlaybackControl::Start(Tone::Warning));
            let unanswered = |act: &Act| matches!(act, Act::Broadcast { lines, on: true, .. } if *lines == asked);
            if !self.asked.values().any(unanswered) {
                let sentence = "The switch closed your microphone on these lines; press their talk key to talk again.";
                self.note(None, sentence.into(), false);
            }
        }
    }
}

#[cfg(test)]
#[path = "several_tests.rs"]
mod tests;
