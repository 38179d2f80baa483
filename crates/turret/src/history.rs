//! The history of this user's calls, as the switch tells it, and calling back.
//!
//! Law: pure; entries never change, so what comes twice is the same, and a page and news may come in any order.

use crate::calling::Whom;
use crate::dialling::landing;
use crate::facts::Facts;
use crate::press::{Deed, act, intercom, refuse, seen_now};
use crate::project::Local;
use dealerboard_model::{GroupId, HistoryEntry, HistoryResult, HistoryWay, LineId, LineKind, NumberedEntry, Position};
use dealerboard_wire::Act;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Entries that a turret keeps; the oldest go first.
const KEPT_MAX: usize = 500;

/// What a row's glyph shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HistoryMark {
    /// It came and was answered.
    Came,
    /// Placed, and answered.
    Placed,
    /// Joined, or taken over.
    Joined,
    /// Missed.
    Missed,
    /// A colleague answered.
    AnsweredBy,
    /// Refused.
    Refused,
    /// Placed, and nobody answered.
    NoAnswer,
    /// It rang somewhere else.
    Diverted,
    /// Sent on.
    Transferred,
    /// Sent on, and it came back.
    Returned,
    /// A message was left.
    Voicemail,
    /// Lost with the switch.
    Lost,
}

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryRow {
    /// Its number.
    #[ts(type = "number")]
    pub n: u64,
    /// Its line, for a message near its key.
    pub line: LineId,
    /// The line's name; of an intercom, who it was with.
    pub name: String,
    /// What its glyph shows.
    pub mark: HistoryMark,
    /// `Missed`, `Answered · R. Lindt`, `Answered by T. Marsh`, `Sent to M. Osei`.
    pub words: String,
    /// When it began, UTC milliseconds.
    #[ts(type = "number")]
    pub start_utc_ms: i64,
    /// How long it lasted, or rang in vain, milliseconds.
    #[ts(type = "number")]
    pub lasted_ms: u64,
    /// The message that was left to this user.
    pub message: Option<MessageView>,
}

/// A message of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MessageView {
    /// How long it is, milliseconds; none where that is known only when it is played.
    #[ts(type = "number | null")]
    pub length_ms: Option<u64>,
    /// Its user has heard it.
    pub heard: bool,
}

/// A message that is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlayingView {
    /// Of which entry.
    #[ts(type = "number")]
    pub entry: u64,
    /// Where.
    pub position: Position,
    /// How far it is, seconds.
    #[ts(type = "number")]
    pub at_s: u64,
    /// How long it is, seconds; none until it has begun.
    #[ts(type = "number | null")]
    pub length_s: Option<u64>,
}

/// The history as far as this turret has it. It is told when it is asked for and when it changes, and is no part of the view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryView {
    /// Newest first.
    pub rows: Vec<HistoryRow>,
    /// The switch has older ones.
    pub more: bool,
}

/// What the switch has told of this user's history.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    entries: BTreeMap<u64, NumberedEntry>,
    /// Messages that wait, however old.
    waiting: u32,
    more: bool,
    /// A page has come.
    known: bool,
    /// The newest entry that was there when its user looked.
    seen: u64,
}

impl Journal {
    /// Takes entries: a page, or news.
    pub fn take(&mut self, entries: &[NumberedEntry], page: bool, more: bool) {
        self.entries.extend(entries.iter().map(|it| (it.n, it.clone())));
        let oldest = entries.iter().map(|it| it.n).min();
        // Of a page behind which older ones are known already nothing is learnt of what is older still.
        if page && oldest.is_none_or(|oldest| self.entries.keys().next().is_none_or(|first| oldest <= *first)) {
            self.more = more;
        }
        while self.entries.len() > KEPT_MAX {
            self.entries.pop_first();
            self.more = false;
        }
        // What was there at log-on is no news.
        if page && !std::mem::replace(&mut self.known, true) {
            self.see();
        }
    }

    /// An entry is shown no more, or none of them.
    pub fn hide(&mut self, entry: Option<u64>) {
        match entry {
            Some(n) => drop(self.entries.remove(&n)),
            None => {
                self.entries.retain(|_, it| it.is_unheard());
                self.more = false;
            }
        }
    }

    /// The message of an entry was heard.
    pub fn hear(&mut self, n: u64) {
        self.entries.get_mut(&n).into_iter().for_each(|it| it.heard = true);
    }

    /// So many messages wait.
    pub fn wait(&mut self, count: u32) {
        self.waiting = count;
    }

    /// How many messages wait, and are neither heard nor hidden.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Whether an entry has a message.
    #[must_use]
    pub fn has_message(&self, n: u64) -> bool {
        self.entries.get(&n).is_some_and(|it| it.entry.message.is_some())
    }

    /// Its user looks at it.
    pub fn see(&mut self) {
        self.seen = self.entries.keys().next_back().copied().unwrap_or(self.seen).max(self.seen);
    }

    /// Calls that were missed since its user looked.
    #[must_use]
    pub fn missed(&self) -> u32 {
        let is_missed = |it: &&NumberedEntry| matches!(it.entry.result, HistoryResult::Missed { .. });
        let news = self.entries.range(self.seen.saturating_add(1)..).map(|(_, it)| it);
        u32::try_from(news.filter(is_missed).count()).unwrap_or(u32::MAX)
    }

    /// The oldest entry that is known, where there are older ones.
    #[must_use]
    pub fn oldest(&self) -> Option<u64> {
        self.entries.keys().next().copied().filter(|_| self.more)
    }

    /// As it is shown.
    #[must_use]
    pub fn view(&self) -> HistoryView {
        let rows = self.entries.values().rev().map(row);
        HistoryView { rows: rows.collect(), more: self.more }
    }

    /// Calls back by an entry: on the line that it came on, or by intercom (HIS-2).
    #[must_use]
    pub fn call_back(&self, n: u64, to: Option<Position>, facts: &Facts, local: &Local) -> Vec<Deed> {
        let Some(NumberedEntry { entry, .. }) = self.entries.get(&n) else {
            return refuse("There is no such entry; look at the history and choose one.");
        };
        match (entry.kind, &entry.user, &entry.group) {
            (LineKind::Intercom, Some(user), _) => intercom(&Whom::Person(user.clone()), facts, local),
            (LineKind::Intercom, None, group) => call_group(group.as_ref(), facts, local),
            (LineKind::Extension | LineKind::Dial, ..) => match number_of(entry) {
                Some(number) => crate::dialling::call(number, None, to, facts, local),
                None => refuse("No number stands in this entry; dial one."),
            },
            (LineKind::Ard | LineKind::Mrd | LineKind::Hoot | LineKind::ShoutDown, ..) => {
                call_line(entry, to, facts, local)
            }
        }
    }
}

/// The number at the other end of a dialled call, as it stands behind the name.
fn number_of(entry: &HistoryEntry) -> Option<&str> {
    let last = entry.far.as_deref()?.rsplit(' ').next()?;
    last.bytes().all(|c| c.is_ascii_digit() || c == b'*').then_some(last).filter(|it| !it.is_empty())
}

fn call_group(group: Option<&GroupId>, facts: &Facts, local: &Local) -> Vec<Deed> {
    match group.filter(|group| facts.groups.iter().any(|known| known.group == **group)) {
        Some(group) => intercom(&Whom::Group(group.clone()), facts, local),
        None => refuse("These people were picked for one call; pick them again to call them."),
    }
}

fn call_line(entry: &HistoryEntry, to: Option<Position>, facts: &Facts, local: &Local) -> Vec<Deed> {
    let position = landing(to, facts, local);
    let private = local.next_private.contains(&position);
    let line = entry.line.clone();
    match seen_now(&line, facts) {
        Some(seen) if seen.calls_back() => act(Act::Seize { line, position, private }),
        Some(_) => refuse(&format!("{} is in use; press its key to join, take or answer it.", entry.name)),
        None => refuse(&format!("{} is not on this turret any more; press another key.", entry.name)),
    }
}

fn row(numbered: &NumberedEntry) -> HistoryRow {
    let NumberedEntry { n, entry, heard } = numbered;
    let (mark, words) = match (&entry.result, entry.way) {
        (HistoryResult::Answered, HistoryWay::Came) => (HistoryMark::Came, "Answered".to_owned()),
        (HistoryResult::Answered, HistoryWay::Placed) => (HistoryMark::Placed, "Called".to_owned()),
        (HistoryResult::Answered, HistoryWay::Joined) => (HistoryMark::Joined, "Joined".to_owned()),
        (HistoryResult::AnsweredBy { who }, _) => (HistoryMark::AnsweredBy, format!("Answered by {who}")),
        (HistoryResult::Missed { dnd: false }, _) => (HistoryMark::Missed, "Missed".to_owned()),
        (HistoryResult::Missed { dnd: true }, _) => (HistoryMark::Missed, "Missed (DND)".to_owned()),
        (HistoryResult::Refused, _) => (HistoryMark::Refused, "Refused".to_owned()),
        (HistoryResult::NoAnswer, _) => (HistoryMark::NoAnswer, "No answer".to_owned()),
        (HistoryResult::Diverted { to }, _) => (HistoryMark::Diverted, format!("Diverted to {to}")),
        (HistoryResult::Transferred { to }, _) => (HistoryMark::Transferred, format!("Sent to {to}")),
        (HistoryResult::Returned { from }, _) => (HistoryMark::Returned, format!("Came back from {from}")),
        (HistoryResult::Voicemail, HistoryWay::Came) => (HistoryMark::Voicemail, "Message".to_owned()),
        (HistoryResult::Voicemail, _) => (HistoryMark::NoAnswer, "Left a message".to_owned()),
        (HistoryResult::Lost, _) => (HistoryMark::Lost, "Lost with the switch".to_owned()),
    };
    // Who it is from, or with, says more than the line of one's own.
    let by_person = entry.kind == LineKind::Intercom || entry.message.is_some();
    let name = entry.far.clone().filter(|_| by_person).unwrap_or_else(|| entry.name.clone());
    let far = entry.far.as_deref().filter(|_| !by_person && !matches!(entry.result, HistoryResult::AnsweredBy { .. }));
    let more = [far, entry.via.as_deref()].into_iter().flatten().map(|what| format!(" · {what}"));
    let rang_ms = u64::try_from(entry.end_utc_ms.saturating_sub(entry.start_utc_ms)).unwrap_or(0);
    HistoryRow {
        n: *n,
        line: entry.line.clone(),
        name,
        mark,
        words: words + &more.collect::<String>(),
        start_utc_ms: entry.start_utc_ms,
        lasted_ms: if entry.answered_utc_ms.is_some() { entry.lasted_ms } else { rang_ms },
        message: entry.message.as_ref().map(|it| MessageView { length_ms: it.length_ms, heard: *heard }),
    }
}

/// A row that has just come.
#[must_use]
pub fn news(numbered: &NumberedEntry) -> HistoryRow {
    row(numbered)
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
