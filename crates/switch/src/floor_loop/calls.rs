//! What call control decides is carried out here: answers, lamps and notices to turrets, routes to the voice thread.

use super::{FloorLoop, log};
use crate::outbox::News;
use crate::panel::LINE_LABELS;
use crate::translate::{self, To};
use dealerboard_call_control::{Input, Output};
use dealerboard_model::{Csrc, LineFacts, LineId, LineKind, RecordPolicy, TurretId};
use dealerboard_wire::{Event, FromSwitch, close};
use std::time::Duration;
use uuid::Uuid;

/// Labels of lines that come while the switch runs begin here, above those of the floor file.
pub const ADDED_LABELS: u32 = LINE_LABELS + 0x1000_0000;

impl FloorLoop {
    /// Gives call control one input and carries out all that comes of it.
    pub(super) fn input(&mut self, input: Input) {
        self.handled = self.clock.now();
        let outputs: Vec<Output> = self.exchange.handle(self.handled, input).collect();
        for output in outputs {
            self.carry_out(output);
        }
    }

    /// As [`Self::carry_out`], but for a turret that has just been shown all of it.
    pub(super) fn carry_out_but_for(&mut self, turret: TurretId, output: Output) {
        if let Output::Line { status, mut to } = output {
            to.retain(|other| *other != turret);
            self.carry_out(Output::Line { status, to });
        } else {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        let output = match translate::event(output, self.clock.now()) {
            Ok((To::One(turret), event)) => return self.tell(turret, event),
            Ok((To::Each(turrets), event)) => return self.tell_each(&turrets, event),
            Err(output) => *output,
        };
        match output {
            Output::Answer { turret, id, result } => {
                let (id, result) = (Uuid::from_u128(id), translate::answer(result));
                if let Some(seat) = self.sessions.get_mut(turret) {
                    seat.answers.put(id, result.clone());
                    seat.outbox.message(FromSwitch::Answer { id, result });
                }
            }
            Output::Person(status) => self.people.changed(status.user),
            Output::LineAdded { line, name, kind, to } => {
                // One who gets the key of a line for a call is shown the line as others are.
                let known = self.facts_of(&line).cloned();
                let facts = known.unwrap_or_else(|| self.add_line(line.clone(), name, kind));
                let Some(status) = self.exchange.status(&line) else { return };
                self.tell_each(&to, Event::LineAdded { facts, status });
            }
            Output::LineRemoved { line, to } => {
                if self.exchange.status(&line).is_none() {
                    self.added.remove(&line);
                }
                self.tell_each(&to, Event::LineRemoved { line });
            }
            Output::Route { turret, uplink, open, legs, tracks, follows } => {
                let talker = self.sessions.get(turret).map(|seat| seat.label).filter(|_| open);
                let route =
                    talker.map(|talker| translate::route(talker, &legs, tracks, follows, |line| self.label_of(line)));
                if let Err(error) = self.voice.route(turret, uplink, route) {
                    tracing::warn!(%turret, ?uplink, "its voice could not be routed: {error}");
                }
            }
            Output::Await { turret, uplink, heard_ms } => {
                if let Err(error) = self.voice.wait_for(turret, uplink, heard_ms.map(Duration::from_millis)) {
                    tracing::warn!(%turret, ?uplink, "its voice could not be waited for: {error}");
                }
            }
            Output::Locked { turret, on } => {
                if let Some(seat) = self.sessions.get(turret) {
                    log::locked(turret, seat.user(), on);
                }
                self.tell(turret, Event::Locked { on });
            }
            Output::PanelChanged { to } => {
                for turret in to {
                    if let Some(snapshot) = self.snapshot(turret) {
                        self.tell(turret, Event::Snapshot(Box::new(snapshot)));
                    }
                }
            }
            Output::SessionOver { turret } => {
                // A connection that is silent, but not closed yet, begins anew.
                if let Some(seat) = self.sessions.get(turret) {
                    let sentence = "This turret was not heard for too long; it connects again by itself.";
                    seat.outbox.end(close::NORMAL, Some(sentence.to_owned()));
                }
                self.forget(turret, "did not come back");
            }
            Output::History { user, entry } => self.has_ended(&user, *entry),
            Output::Message { user, entry, said } => self.has_message(&user, *entry, said),
            Output::Kept { what, on } => self.keeper.keep(&what, on),
            Output::RecordingOpened { .. }
            | Output::TrackOpened { .. }
            | Output::TrackClosed { .. }
            | Output::Happened { .. }
            | Output::RecordingClosed { .. } => self.record(output),
            // Told above.
            Output::Line { .. }
            | Output::Mics { .. }
            | Output::Notice { .. }
            | Output::Broadcast { .. }
            | Output::Listeners { .. } => {}
        }
    }

    fn add_line(&mut self, line: LineId, name: String, kind: LineKind) -> LineFacts {
        self.next_line_label += 1;
        let csrc = Csrc(self.next_line_label);
        let facts = LineFacts { line: line.clone(), name, number: String::new(), kind, csrc, record: RecordPolicy::On };
        self.added.insert(line, facts.clone());
        facts
    }

    pub(super) fn label_of(&self, line: &LineId) -> Option<Csrc> {
        self.facts_of(line).map(|facts| facts.csrc)
    }

    /// A line of the floor, or one that was added for a call.
    pub(super) fn facts_of(&self, line: &LineId) -> Option<&LineFacts> {
        self.added.get(line).or_else(|| self.panels.line(line))
    }

    fn tell_each(&self, to: &[TurretId], event: Event) {
        let news = News::of(event);
        let there = to.iter().filter_map(|turret| self.sessions.get(*turret)).filter(|seat| !seat.lost);
        there.for_each(|seat| seat.outbox.news(&news));
    }

    pub(super) fn tell_all(&self, event: Event) {
        self.tell_whom(event, |_| true);
    }

    pub(super) fn tell_whom(&self, event: Event, whom: impl Fn(TurretId) -> bool) {
        let news = News::of(event);
        let told = self.sessions.iter().filter(|(turret, seat)| whom(*turret) && !seat.lost);
        told.for_each(|(_, seat)| seat.outbox.news(&news));
    }
}
