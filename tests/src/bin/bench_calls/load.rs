//! The ordinary work of a floor: calls on wires and talks on hoots of one desk, an intent at a time.
//!
//! ```text
//! seize ─► answered at the far end ─► bridged ─► left ─► held ─► resumed ─► released at both ends ─► talk on a hoot ─► again
//! ```
//!
//! Law: steady. So many intents a second are sent whatever comes of them; a step whose predecessor has no answer yet is not
//! sent, but counted as late.

use super::many::{DESKS, Many, far, hoot, near};
use dealerboard_model::{CallId, Position};
use dealerboard_wire::{Act, Answer};
use std::collections::HashMap;
use std::time::Instant;
use uuid::Uuid;

/// Steps of a script before it begins anew.
const STEPS: usize = 10;

/// The step at which the far end of a wire is released that does not end by itself.
const RELEASE_FAR: usize = 7;

/// Three people who go through a call again and again.
struct Script {
    desk: usize,
    /// The caller, a colleague, and who is at the far end.
    turrets: [usize; 3],
    /// The wires that are theirs.
    wires: Vec<usize>,
    wire: usize,
    step: usize,
    call: CallId,
    waits: bool,
}

/// All that is going on.
pub struct Load {
    many: Many,
    scripts: Vec<Script>,
    next: usize,
    sent: HashMap<Uuid, (usize, Instant)>,
    /// From the sending of each intent to its answer, milliseconds.
    pub answered_ms: Vec<f64>,
    /// Sentences of refusals.
    pub refused: Vec<String>,
    /// Steps that were not sent.
    pub late: usize,
}

impl Load {
    /// A script for every tenth turret; no two share a turret or a wire.
    pub fn new(many: Many) -> Self {
        let a_desk = (many.a_desk() / 10).max(1);
        let mut scripts = Vec::new();
        for number in 0..a_desk * DESKS {
            // Desks take turns, so that what comes one after the other is not on the same one.
            let (desk, place) = (number % DESKS, number / DESKS);
            let turrets = [(desk, 0), (desk, 1), (Many::far(desk), 2)];
            scripts.push(Script {
                desk,
                turrets: turrets.map(|(desk, part)| many.turret(desk, 3 * place + part)),
                wires: (desk + DESKS * place..many.wires()).step_by(DESKS * a_desk).collect(),
                wire: 0,
                step: 0,
                call: CallId(0),
                waits: false,
            });
        }
        Self { many, scripts, next: 0, sent: HashMap::new(), answered_ms: Vec::new(), refused: Vec::new(), late: 0 }
    }

    /// Intents a second: each script does one.
    pub fn a_second(&self) -> usize {
        self.scripts.len()
    }

    /// A turret that has no part in these calls.
    pub fn somebody_else(&self) -> usize {
        let busy = 3 * self.scripts.len() / DESKS;
        self.many.turret(fastrand::usize(..DESKS), fastrand::usize(busy..self.many.a_desk()))
    }

    /// The next intent, and the turret where it is meant; none when the one before it has no answer.
    pub fn next(&mut self) -> Option<(usize, Uuid, Act)> {
        let place = self.next;
        self.next = (self.next + 1) % self.scripts.len();
        let script = &mut self.scripts[place];
        if script.waits {
            self.late += 1;
            return None;
        }
        let (turret, act) = script.act();
        script.waits = true;
        let id = Uuid::from_u128(fastrand::u128(..));
        self.sent.insert(id, (place, Instant::now()));
        Some((turret, id, act))
    }

    /// An intent has its answer; false when it is none of these.
    pub fn answered(&mut self, id: Uuid, answer: Answer, at: Instant) -> bool {
        let Some((place, sent)) = self.sent.remove(&id) else { return false };
        self.answered_ms.push((at - sent).as_secs_f64() * 1e3);
        let script = &mut self.scripts[place];
        script.waits = false;
        match answer {
            Answer::Done { call, .. } => script.call = call.unwrap_or(script.call),
            Answer::Refused(refusal) => {
                self.refused.push(format!("step {}: {}", script.step, refusal.sentence));
            }
        }
        script.step += 1;
        if script.step % STEPS == RELEASE_FAR && Many::rings(script.wire) {
            // Both ends of it were released by the one.
            script.step += 1;
        }
        true
    }

    /// What was measured so far is of the warm-up.
    pub fn measure(&mut self) {
        self.answered_ms.clear();
        self.late = 0;
    }
}

impl Script {
    fn act(&mut self) -> (usize, Act) {
        let step = self.step % STEPS;
        if step == 0 {
            self.wire = self.wires[fastrand::usize(..self.wires.len())];
        }
        let [caller, colleague, other] = self.turrets;
        let (near, far, call) = (near(self.wire), far(self.wire), self.call);
        let (position, private) = (Position::Left, false);
        let hoot = hoot(self.desk);
        match step {
            0 => (caller, Act::Seize { line: near, position, private }),
            1 if Many::rings(self.wire) => (other, Act::Answer { line: far, call, position, private }),
            1 => (other, Act::Seize { line: far, position, private }),
            2 => (colleague, Act::Bridge { line: near, call, position: Position::Right }),
            3 => (colleague, Act::Release { line: near }),
            4 => (caller, Act::Hold { line: near, exclusive: false }),
            5 => (caller, Act::Resume { line: near, call, position, private }),
            6 => (caller, Act::Release { line: near }),
            RELEASE_FAR => (other, Act::Release { line: far }),
            8 => (caller, Act::Talk { line: hoot, on: true, latched: false }),
            _ => (caller, Act::Talk { line: hoot, on: false, latched: false }),
        }
    }
}
