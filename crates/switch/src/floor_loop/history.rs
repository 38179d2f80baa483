//! The history of users' calls: each entry gets its number, is kept, and is shown to its user's turrets.
//!
//! Law: the loop keeps no history; what a turret asks for is read by who keeps it, behind all that was handed over before.

use super::FloorLoop;
use crate::floor::{FloorFile, policies};
use crate::history::{Ask, Asked, row};
use crate::kept::Keeper;
use crate::outbox::News;
use dealerboard_call_control::LOCKED;
use dealerboard_model::{DeskId, HistoryEntry, NumberedEntry, TurretId, UserId};
use dealerboard_store::HistoryChange;
use dealerboard_wire::{Answer, Event, FromSwitch, Refusal, RefusalCode};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How often what is too old is thrown away of those who have no calls.
const SWEEP_MS: i64 = 86_400_000;

/// What the loop knows of the history.
pub struct Entries {
    last: u64,
    /// How long the entries of each user are kept.
    keep_ms: BTreeMap<UserId, i64>,
    swept_utc_ms: i64,
}

impl Entries {
    /// After the entry `last`, of the users of `floor`.
    pub fn new(last: u64, floor: &FloorFile) -> Self {
        Self { last, keep_ms: keep_ms(floor), swept_utc_ms: 0 }
    }

    /// Users were added or changed.
    pub fn know(&mut self, floor: &FloorFile) {
        self.keep_ms = keep_ms(floor);
    }

    /// Throws away what is too old of a user's.
    fn trim(&self, keeper: &Keeper, user: &UserId, now_utc_ms: i64) {
        let Some(keep_ms) = self.keep_ms.get(user) else { return };
        let before_utc_ms = now_utc_ms.saturating_sub(*keep_ms);
        keeper.put_history(HistoryChange::Trim { user: user.0.clone(), before_utc_ms });
    }
}

fn keep_ms(floor: &FloorFile) -> BTreeMap<UserId, i64> {
    let set = policies(floor);
    let of = |user: &UserId, desk: &str| {
        let policy = set.of(None, Some(&DeskId(desk.to_owned())), Some(user));
        i64::try_from(policy.history_keep_ms).unwrap_or(i64::MAX)
    };
    let users = floor.users.iter().map(|user| (UserId(user.id.value.clone()), &user.desk.value));
    users.map(|(user, desk)| (user.clone(), of(&user, desk))).collect()
}

impl FloorLoop {
    /// A call is over for somebody.
    pub(super) fn has_ended(&mut self, user: &UserId, entry: HistoryEntry) {
        self.entries.last += 1;
        let entry = NumberedEntry { n: self.entries.last, entry, heard: false };
        self.keeper.put_history(row(user, &entry));
        self.entries.trim(&self.keeper, user, self.clock.now().utc_ms);
        self.tell_readers(user, &Event::History { entries: vec![entry], page: false, more: false });
    }

    /// A turret asks for a page, and is told of each new entry from now on.
    pub(super) fn asks_for_history(&mut self, turret: TurretId, before: Option<u64>) {
        let Some(seat) = self.sessions.get_mut(turret) else { return };
        seat.reads_history = true;
        let (user, outbox) = (seat.user().clone(), seat.outbox.clone());
        self.entries.trim(&self.keeper, &user, self.clock.now().utc_ms);
        self.keeper.ask(Ask { user: user.clone(), what: Asked::Page(before, outbox.clone()) });
        self.keeper.ask(Ask { user, what: Asked::Waiting(vec![outbox]) });
    }

    /// A user sees an entry of theirs no more, or none of them.
    pub(super) fn hide_history(&mut self, turret: TurretId, id: Uuid, entry: Option<u64>) {
        let locked = self.exchange.is_locked(turret);
        let result = if locked {
            Answer::Refused(Refusal { code: RefusalCode::Locked, sentence: LOCKED.to_owned() })
        } else {
            Answer::Done { line: None, position: None, call: None }
        };
        let Some(seat) = self.sessions.get_mut(turret) else { return };
        let user = seat.user().clone();
        seat.answers.put(id, result.clone());
        seat.outbox.message(FromSwitch::Answer { id, result });
        if locked {
            return;
        }
        self.keeper.put_history(HistoryChange::Hide { user: user.0.clone(), n: entry });
        self.tell_readers(&user, &Event::HistoryHidden { entry });
        self.count_messages(&user);
    }

    /// Throws away what is too old, once a day.
    pub(super) fn sweep_history(&mut self) {
        let now_utc_ms = self.clock.now().utc_ms;
        if now_utc_ms.saturating_sub(self.entries.swept_utc_ms) < SWEEP_MS {
            return;
        }
        self.entries.swept_utc_ms = now_utc_ms;
        self.entries.keep_ms.keys().for_each(|user| self.entries.trim(&self.keeper, user, now_utc_ms));
    }

    pub(super) fn tell_readers(&self, user: &UserId, event: &Event) {
        let news = News::of(event.clone());
        let theirs = self.sessions.iter().filter(|(_, seat)| seat.reads_history && !seat.lost && seat.user() == user);
        theirs.for_each(|(_, seat)| seat.outbox.news(&news));
    }
}
