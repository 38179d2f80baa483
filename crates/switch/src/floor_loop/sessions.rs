//! Who is logged on where: sessions of turrets, through lost and found connections.

use super::offers::Offers;
use crate::accounts::{Account, Proved};
use crate::control::{Arrival, Session};
use crate::outbox::Outbox;
use dealerboard_model::{Csrc, LineId, TurretId, UserId};
use dealerboard_wire::{Answer, TalkerLabel, close};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Commands whose answers are remembered: a turret repeats only what was not answered before a break.
const ANSWERS_MAX: usize = 256;

/// Reports of keyed time that are remembered: a whole floor comes back after one loss.
const REPORTS_MAX: usize = 4_096;

/// The last answers of one session.
#[derive(Default)]
pub struct Answers {
    last: VecDeque<(Uuid, Answer)>,
}

impl Answers {
    /// What was answered to this command already.
    pub fn of(&self, command: Uuid) -> Option<Answer> {
        self.last.iter().find(|(id, _)| *id == command).map(|(_, answer)| answer.clone())
    }

    /// Remembers an answer.
    pub fn put(&mut self, command: Uuid, answer: Answer) {
        if self.last.len() >= ANSWERS_MAX {
            self.last.pop_front();
        }
        self.last.push_back((command, answer));
    }
}

/// One turret's session.
pub struct Seat {
    /// Who, and by which password.
    pub proved: Proved,
    /// Where it stands.
    pub seat: String,
    /// What its packets bear.
    pub label: Csrc,
    /// Where its messages go.
    pub outbox: Outbox,
    /// The connection that it has now.
    pub connection: u64,
    /// Where its offers of voice connections go.
    pub offers: Offers,
    /// Lines of which it does not hear everybody, as it was told or is to be told when it comes back.
    pub not_heard: BTreeSet<LineId>,
    /// Answers to its last commands, by id: a repeat gets the same one and changes nothing.
    pub answers: Answers,
    /// It has asked for its user's history, and is told of what comes into it.
    pub reads_history: bool,
    /// One piece of a message at a time is read for it, and the next while that one is sent.
    pub listens: Arc<Semaphore>,
    /// Nothing is heard of it: call control knows.
    pub silent: bool,
    /// That connection is lost: call control says when its session is over.
    pub lost: bool,
}

impl Seat {
    /// Who.
    pub fn user(&self) -> &UserId {
        &self.proved.account.user
    }

    /// Whose packets bear its label, and where they sit.
    pub fn talker(&self, turret: TurretId) -> TalkerLabel {
        TalkerLabel { csrc: self.label, user: self.user().clone(), turret, seat: self.seat.clone() }
    }
}

/// All sessions, by number.
#[derive(Default)]
pub struct Sessions {
    seats: BTreeMap<TurretId, Seat>,
    /// Reports of keyed time that were taken last: a turret repeats one in its next session too.
    reports: VecDeque<Uuid>,
}

impl Sessions {
    /// The session that `arrival` may go on with: one of the same user.
    pub fn resumable(&self, arrival: &Arrival) -> Option<TurretId> {
        let turret = arrival.resume?;
        let seat = self.seats.get(&turret)?;
        (seat.user() == &arrival.proved.account.user).then_some(turret)
    }

    /// Gives an old session its new connection; the old connection is told and closed.
    pub fn take_over(&mut self, turret: TurretId, arrival: &Arrival) {
        let Some(seat) = self.seats.get_mut(&turret) else { return };
        let sentence = "This turret is connected anew; this connection is closed.";
        seat.outbox.end(close::REPLACED, Some(sentence.to_owned()));
        seat.outbox = arrival.outbox.clone();
        seat.connection = arrival.connection;
        (seat.lost, seat.silent) = (false, false);
        seat.seat.clone_from(&arrival.seat);
        seat.proved = arrival.proved.clone();
    }

    /// Begins a session.
    pub fn begin(&mut self, turret: TurretId, label: Csrc, offers: Offers, arrival: &Arrival) {
        let seat = Seat {
            proved: arrival.proved.clone(),
            seat: arrival.seat.clone(),
            label,
            outbox: arrival.outbox.clone(),
            connection: arrival.connection,
            offers,
            not_heard: BTreeSet::new(),
            answers: Answers::default(),
            reads_history: false,
            listens: Arc::new(Semaphore::new(2)),
            lost: false,
            silent: false,
        };
        self.seats.insert(turret, seat);
    }

    /// What is known of a user has changed.
    pub fn know(&mut self, account: &Account) {
        for seat in self.seats.values_mut().filter(|seat| *seat.user() == account.user) {
            seat.proved.account = account.clone();
        }
    }

    /// Ends a session.
    pub fn end(&mut self, turret: TurretId) -> Option<Seat> {
        self.seats.remove(&turret)
    }

    /// Whether this is the connection that its session has now.
    pub fn is_current(&self, session: Session) -> bool {
        self.seats.get(&session.turret).is_some_and(|seat| seat.connection == session.connection)
    }

    /// One session.
    pub fn get(&self, turret: TurretId) -> Option<&Seat> {
        self.seats.get(&turret)
    }

    /// One session, to change.
    pub fn get_mut(&mut self, turret: TurretId) -> Option<&mut Seat> {
        self.seats.get_mut(&turret)
    }

    /// All sessions in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TurretId, &Seat)> {
        self.seats.iter().map(|(turret, seat)| (*turret, seat))
    }

    /// Whether this report of keyed time was not taken yet; it is from now on.
    pub fn is_new_report(&mut self, report: Uuid) -> bool {
        let new = !self.reports.contains(&report);
        if new {
            self.reports.push_back(report);
            if self.reports.len() > REPORTS_MAX {
                self.reports.pop_front();
            }
        }
        new
    }

    /// The labels of all talkers.
    pub fn labels(&self) -> Vec<TalkerLabel> {
        self.iter().map(|(turret, seat)| seat.talker(turret)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(call: u32) -> Answer {
        Answer::Done { line: None, position: None, call: Some(dealerboard_model::CallId(call)) }
    }

    #[test]
    fn i10_a_repeated_command_gets_the_answer_of_the_first() {
        let mut answers = Answers::default();
        answers.put(Uuid::from_u128(1), done(1));
        answers.put(Uuid::from_u128(2), done(2));
        assert_eq!(answers.of(Uuid::from_u128(1)), Some(done(1)));
        assert_eq!(answers.of(Uuid::from_u128(3)), None);
    }

    #[test]
    fn the_oldest_answers_are_forgotten_first() {
        let mut answers = Answers::default();
        for n in 0..=256_u32 {
            answers.put(Uuid::from_u128(u128::from(n)), done(n));
        }
        assert_eq!(answers.of(Uuid::from_u128(0)), None);
        assert_eq!(answers.of(Uuid::from_u128(256)), Some(done(256)));
    }
}
