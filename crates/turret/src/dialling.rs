//! Dialling at the turret: whom a number or a name means, digits that come before their line, and the tones of a call that
//! does not come about.
//!
//! Law: no digit is lost. What is typed while the line is on its way follows it there.

use crate::facts::Facts;
use crate::press::{Deed, LocalDeed};
use crate::project::Local;
use crate::task::TurretTask;
use crate::turret::Input;
use dealerboard_media::{PlaybackControl, Tone};
use dealerboard_model::{LineId, LinePhase, LineStatus, Position, TurretId};
use dealerboard_wire::{Act, Answer, RefusalCode};
use std::time::Duration;
use uuid::Uuid;

/// Digits that wait for their line.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// The call that takes the line, and where to.
    asked: Option<(Uuid, Position)>,
    digits: String,
    /// The line that came.
    line: Option<LineId>,
}

impl Waiting {
    /// A call is on its way to a position.
    pub fn ask(&mut self, id: Uuid, position: Position) {
        *self = Self { asked: Some((id, position)), ..Self::default() };
    }

    fn is_on_its_way_to(&self, position: Position) -> bool {
        self.asked.is_some_and(|(_, at)| at == position)
    }

    /// The call was answered: the digits go to its line, or to nobody.
    pub fn answered(&mut self, id: Uuid, line: Option<&LineId>) {
        if self.asked.is_some_and(|(asked, _)| asked == id) {
            self.asked = None;
            match line {
                Some(line) if !self.digits.is_empty() => self.line = Some(line.clone()),
                Some(_) | None => self.digits.clear(),
            }
        }
    }

    /// The digits whose line has come.
    pub fn due(&mut self) -> Option<Act> {
        let line = self.line.take()?;
        Some(Act::Dial { line, digits: std::mem::take(&mut self.digits) })
    }
}

/// The line at a position that waits for digits.
fn dialling_at<'f>(position: Position, facts: &'f Facts, local: &'f Local) -> Option<&'f LineId> {
    let waits = |line: &&LineId| facts.statuses.get(*line).is_some_and(|it| it.phase == LinePhase::Dialling);
    let kind = |line: &&LineId| facts.lines.get(*line).is_some_and(|it| it.kind.is_dialled());
    facts.line_at(position).filter(waits).or_else(|| local.mics.line_on_its_way_to(position).filter(kind))
}

/// Digits from the keypad: to the line that waits for them, else to a line of one's own, which they take.
#[must_use]
pub fn dial(digits: &str, to: Option<Position>, facts: &Facts, local: &Local) -> Vec<Deed> {
    let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() || !is_number(&digits) {
        return vec![Deed::Refuse(format!("\"{digits}\" is no number; use digits, * and #."))];
    }
    let asked = to.or(local.selected);
    let all = [Position::Left, Position::Right, Position::HandsFree];
    let waits = |position: &Position| dialling_at(*position, facts, local).is_some();
    let place = asked.filter(|at| waits(at)).or_else(|| all.into_iter().find(waits).filter(|_| to.is_none()));
    if let Some(line) = place.and_then(|position| dialling_at(position, facts, local)) {
        return vec![Deed::Act(Act::Dial { line: line.clone(), digits })];
    }
    let position = landing(to, facts, local);
    if local.dialling.is_on_its_way_to(position) {
        return vec![Deed::Local(LocalDeed::Digits(digits))];
    }
    let private = local.next_private.contains(&position);
    vec![Deed::Act(Act::Call { line: None, number: digits, position, private })]
}

/// Calls a number, or whoever is called so.
#[must_use]
pub fn call(to: &str, line: Option<&LineId>, at: Option<Position>, facts: &Facts, local: &Local) -> Vec<Deed> {
    match number_of(to, facts) {
        Ok(number) => {
            let position = landing(at, facts, local);
            let private = local.next_private.contains(&position);
            // A number that begins a longer one is meant as it stands.
            let number = format!("{}#", number.trim_end_matches('#'));
            vec![Deed::Act(Act::Call { line: line.cloned(), number, position, private })]
        }
        Err(sentence) => vec![Deed::Refuse(sentence)],
    }
}

/// Rule POS-1: as given, else as selected, else left; a busy left handset gives way to a free right one.
pub fn landing(given: Option<Position>, facts: &Facts, local: &Local) -> Position {
    if let Some(position) = given.or(local.selected) {
        return position;
    }
    let busy = |position| facts.line_at(position).is_some();
    if busy(Position::Left) && !busy(Position::Right) { Position::Right } else { Position::Left }
}

/// Calls the number again that was dialled last here.
#[must_use]
pub fn redial(at: Option<Position>, facts: &Facts, local: &Local) -> Vec<Deed> {
    match &local.last_dialled {
        Some(number) => call(number, None, at, facts, local),
        None => vec![Deed::Refuse("No number was dialled here yet; dial one.".to_owned())],
    }
}

/// The number that a turret's user has just dialled, by what the switch says of a line of theirs.
#[must_use]
pub fn just_dialled(status: &LineStatus, turret: Option<TurretId>) -> Option<String> {
    let mine = status.parties.iter().any(|party| Some(party.turret) == turret);
    let dialled = status.dialled.as_ref().filter(|it| mine && !it.incoming)?;
    (status.phase == LinePhase::Calling).then(|| dialled.number.clone())
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'*' | b'#'))
}

/// The number that somebody means.
pub fn number_of(to: &str, facts: &Facts) -> Result<String, String> {
    let to = to.trim();
    let digits: String = to.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() {
        return Err("Say whom to call: a number, or a name.".to_owned());
    }
    if is_number(&digits) {
        return Ok(digits);
    }
    let wanted = to.to_lowercase();
    let exact = facts.directory.iter().find(|it| {
        it.name.to_lowercase() == wanted || it.user.as_ref().is_some_and(|user| user.as_str().to_lowercase() == wanted)
    });
    if let Some(found) = exact {
        return Ok(found.number.clone());
    }
    let found: Vec<_> = facts.directory.iter().filter(|it| it.name.to_lowercase().contains(&wanted)).collect();
    match found.as_slice() {
        [] => Err(format!("Nobody called \"{to}\" has a number; look for them in the directory.")),
        [one] => Ok(one.number.clone()),
        several => {
            let names: Vec<String> = several.iter().take(5).map(|it| format!("{} ({})", it.name, it.number)).collect();
            Err(format!("\"{to}\" may be {}; say which.", names.join(", ")))
        }
    }
}

impl TurretTask {
    /// Digits whose line has come are dialled there.
    pub(crate) async fn dial_what_waits(&mut self) {
        if let Some(act) = self.local.dialling.due() {
            self.act(act).await;
        }
    }

    /// More digits for a line that is on its way.
    pub(crate) fn more_digits(&mut self, digits: &str) {
        self.local.dialling.digits.push_str(digits);
    }

    /// A call on its way was answered.
    pub(crate) fn call_answered(&mut self, id: Uuid, act: Option<&Act>, result: &Answer) {
        match result {
            Answer::Done { line, .. } => self.local.dialling.answered(id, line.as_ref()),
            Answer::Refused(refusal) => {
                self.local.dialling.answered(id, None);
                let Some(Act::Call { position, .. }) = act else { return };
                let tone = if refusal.code == RefusalCode::Busy { Tone::Busy } else { Tone::Fail };
                self.fail_tone(*position, tone);
            }
        }
    }

    /// A call does not come about: that is heard for a while, where nobody talks. In a call one short tone says it.
    pub(crate) fn fail_tone(&mut self, position: Position, tone: Tone) {
        self.end_fail_tone();
        let talks = |line: &LineId| self.facts.statuses.get(line).is_some_and(|it| it.phase == LinePhase::Talking);
        if self.facts.line_at(position).is_some_and(talks) {
            self.voice.control(position, PlaybackControl::Start(Tone::Blocking));
            return;
        }
        self.presses += 1;
        let press = self.presses;
        self.failing = Some((position, tone, press));
        self.voice.control(position, PlaybackControl::Start(tone));
        let (told, wait) = (self.inputs.clone(), Duration::from_millis(self.facts.tone_fail_ms));
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            // A turret that has stopped plays nothing.
            let Some(told) = told.upgrade() else { return };
            let _ = told.send(Input::ToneOver(press)).await;
        });
    }

    /// It was heard for long enough.
    pub(crate) fn tone_over(&mut self, press: u64) {
        if self.failing.is_some_and(|(_, _, playing)| playing == press) {
            self.end_fail_tone();
        }
    }

    /// Its user goes on to something else.
    pub(crate) fn end_fail_tone(&mut self) {
        if let Some((position, tone, _)) = self.failing.take() {
            self.voice.control(position, PlaybackControl::Stop(tone));
        }
    }
}

#[cfg(test)]
#[path = "dialling_tests.rs"]
mod tests;
