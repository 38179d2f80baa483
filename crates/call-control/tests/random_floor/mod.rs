//! Random moves of a whole floor (wires, hoot, intercom, lost turrets, log-offs, a failing recorder) and the invariants of
//! microphones, routes, tracks and what survives a restart after each. Played by
//! `random_moves.rs`, and for hours by `examples/soak.rs`. `moves.rs` is what may be done, `likely.rs` what somebody would do who
//! looks at their panel, `known.rs` what a switch learns of it, `holds.rs` what is checked.
//!
//! Law: what is open is learnt from outputs alone, as the switch learns it; nothing is read from inside.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod holds;
mod known;
pub mod likely;
pub mod moves;

use crate::floor::*;
use dealerboard_call_control::{Floor, Input, Output, Value};
use dealerboard_model::{LineKind, LinePhase, LineStatus, TurretId};
use holds::{Before, Members, check, check_rings, check_step, members, members_without_broadcasts};
use known::Switch;
use moves::{ALL, LINES, Move, RESTART, input};
use std::collections::BTreeSet;

fn step(d: &mut Desk, switch: &mut Switch, input: &Input) {
    let lines = LINES.iter().map(|line| d.status(line)).collect();
    let (locked, by_handset) = (switch.locked.clone(), switch.by_handset());
    let before = Before { locked, by_handset, open: switch.open(), lines };
    d.input(input.clone());
    switch.take(&d.out);
    switch.told(input, d.now);
    check_step(d, switch, &before, input);
}

/// A floor that is played on, beside one that is given the same inputs.
pub struct Played {
    d: Desk,
    floor: fn() -> Floor,
    switch: Switch,
    again: Desk,
    /// Turrets with a session.
    on: BTreeSet<TurretId>,
    restarts: u32,
}

/// Lines that ring through their desks one after the other, on to somebody of the other desk, and late at one appearance;
/// extensions with a voicemail.
fn routed() -> Floor {
    let mut floor = Desk::muted_floor();
    let word = |word| Value::Word(word);
    assert!(floor.policies.floor.set("route", word("in order")));
    assert!(floor.policies.floor.set("voicemail", word("on")));
    assert!(floor.policies.floor.set("hoot.handset", word("open")));
    assert!(floor.policies.lines.entry(l("mrd-b")).or_default().set("route", word("longest idle")));
    assert!(floor.policies.lines.entry(l("ard-b")).or_default().set("overflow", word("move")));
    assert!(floor.policies.users.entry(user(B2)).or_default().set("appearance.ring", word("delayed")));
    assert!(floor.policies.users.entry(user(A2)).or_default().set("dnd.scope", word("all")));
    for (line, to) in [("ard-b", A3), ("mrd-b", A2)] {
        floor.lines.get_mut(&l(line)).unwrap().overflow = [user(to)].into();
    }
    floor
}

impl Played {
    pub fn new() -> Self {
        Self::on(Desk::muted_floor)
    }

    /// On a floor that routes what rings.
    pub fn routed() -> Self {
        Self::on(routed)
    }

    fn on(floor: fn() -> Floor) -> Self {
        let (d, again) = (Desk::of(floor()), Desk::of(floor()));
        Self { floor, d, switch: Switch::default(), again, on: TURRETS.into(), restarts: 0 }
    }

    /// How a line stands, as turrets were told last; that this is so is checked after each move.
    fn status(&self, line: &str) -> LineStatus {
        let told = self.switch.lines.get(&l(line));
        told.cloned().unwrap_or_else(|| self.d.status(line))
    }

    /// The switch is killed, and is there again at once.
    fn restart(&mut self) {
        let before = LINES.map(|line| self.d.status(line));
        let stays = before.each_ref().map(|status| members_without_broadcasts(status, &self.switch));
        self.restarts += 1;
        for d in [&mut self.d, &mut self.again] {
            let mut floor = (self.floor)();
            (floor.first_recording, floor.first_track) = (self.restarts * 1_000_000, self.restarts * 1_000_000);
            d.restart(floor, self.switch.kept.clone());
        }
        let awaited = ALL.into_iter().filter(|turret| self.d.exchange.awaits(*turret).is_some());
        self.on = awaited.collect();
        let kept = std::mem::take(&mut self.switch.kept);
        self.switch = Switch { kept, lost: self.on.clone(), ..Switch::default() };
        for (status, stays) in before.iter().zip(stays) {
            if status.sent_to.is_some() {
                continue;
            }
            let now = self.d.status(status.line.as_str());
            let calls = matches!(status.phase, LinePhase::Calling | LinePhase::Dialling);
            let expected = if calls { Members::default() } else { stays };
            assert_eq!(members(&now), expected, "SWI-2 {} over a restart", status.line);
            assert_eq!(now.ring, None, "SWI-2 {}", status.line);
        }
    }

    /// Makes one move and checks all that always holds; gives what was done, and what came of it, when it was possible.
    pub fn make(&mut self, one: Move) -> Option<(Input, &[Output])> {
        if one.kind == RESTART && one.place == 0 {
            self.restart();
        }
        let Self { d, switch, again, on, .. } = self;
        let input = input(d, switch, one);
        d.now = d.now.plus_ms(one.wait_ms);
        again.now = d.now;
        step(d, switch, &Input::Tick);
        again.input(Input::Tick);
        check(d, switch);
        on.retain(|turret| !switch.over.contains(turret));
        check_rings(d, switch, on);
        // One session for each turret, and nothing from one that is lost, as the switch sees to.
        let possible = match &input {
            Input::LogOn { turret, .. } => on.insert(*turret),
            Input::LogOff { turret } => on.remove(turret),
            Input::Act { turret, .. } => on.contains(turret) && !switch.lost.contains(turret),
            Input::LinkLost { turret } | Input::LinkBack { turret } => on.contains(turret),
            Input::Unlock { turret } => on.contains(turret) && !switch.lost.contains(turret),
            // What was not waited for, or is not there any more, is not told.
            Input::Heard { turret, uplink } => switch.awaited.contains(&(*turret, *uplink)),
            Input::TalkOrphaned { .. }
            | Input::Seat { .. }
            | Input::VoiceActivity { .. }
            | Input::Microphone { .. }
            | Input::Recorder { .. }
            | Input::Users(_)
            | Input::Tick => true,
        };
        if !possible {
            return None;
        }
        step(d, switch, &input);
        if let Input::LogOn { turret, .. } = &input {
            // What goes on already stands in its snapshot.
            let seen = d.exchange.lines_of(*turret).into_iter().filter(|(.., kind)| *kind == LineKind::Intercom);
            seen.for_each(|(line, ..)| switch.intercoms.entry(line).or_default().push(*turret));
        }
        again.input(input.clone());
        on.retain(|turret| !switch.over.contains(turret));
        check(d, switch);
        check_rings(d, switch, on);
        assert_eq!(&d.out, &again.out, "I11");
        Some((input, &self.d.out))
    }
}
