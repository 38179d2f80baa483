//! What waits to be sent to one turret.
//!
//! Law: bounded. Lamp states, people and open microphones are conflated, the newest wins, and a snapshot stands for all of them; answers, rings in a notice, labels
//! and recorder events are never dropped: when too many of those wait, the reader is too slow and is told so. Sequence
//! numbers are given when a message leaves, so a conflated event leaves no hole. What many are told is put into JSON once,
//! by the first that sends it.

use dealerboard_model::{LineId, PersonStatus, UserId};
use dealerboard_wire::{Event, FromSwitch};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Notify;

/// Messages that may wait beside the conflated ones.
pub const WAITING_MAX: usize = 1_024;

/// What a message is conflated by.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Slot {
    Line(LineId),
    People,
    OpenMics,
    Listeners(LineId),
    Broadcast,
    Snapshot,
    MessagesWaiting,
}

/// An event, for one turret or for many.
#[derive(Debug)]
pub struct News {
    event: Event,
    slot: Option<Slot>,
    json: OnceLock<String>,
}

impl News {
    /// For whoever it is given to.
    pub fn of(event: Event) -> Arc<Self> {
        let slot = slot_of(&event);
        Arc::new(Self { event, slot, json: OnceLock::new() })
    }

    /// The message that brings it as number `seq` of a session; the same text as [`FromSwitch::Event`] is.
    fn text(&self, seq: u64) -> String {
        let json = self.json.get_or_init(|| json(&self.event));
        format!(r#"{{"type":"event","seq":{seq},"event":{json}}}"#)
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("messages are plain values")
}

#[derive(Debug)]
enum Waiting {
    Message(Box<FromSwitch>),
    News(Arc<News>),
}

impl Waiting {
    fn slot(&self) -> Option<&Slot> {
        match self {
            Self::Message(_) => None,
            Self::News(news) => news.slot.as_ref(),
        }
    }

    /// Takes the place of `older` in the queue, with what it alone says.
    fn take_place_of(self, older: &mut Self) {
        let merged = match (&*older, &self) {
            (Self::News(old), Self::News(new)) => people_of_both(&old.event, &new.event),
            (Self::Message(_), _) | (_, Self::Message(_)) => None,
        };
        *older = merged.map_or(self, Self::News);
    }
}

/// What two events say of people, the second where both speak of somebody; none where the second says all.
fn people_of_both(first: &Event, second: &Event) -> Option<Arc<News>> {
    let (Event::People { statuses: first }, Event::People { statuses: second }) = (first, second) else { return None };
    let mut newest: BTreeMap<&UserId, &PersonStatus> = first.iter().map(|status| (&status.user, status)).collect();
    newest.extend(second.iter().map(|status| (&status.user, status)));
    Some(News::of(Event::People { statuses: newest.into_values().cloned().collect() }))
}

/// A message on its way out.
#[derive(Debug)]
pub enum Leaving {
    /// No event.
    Message(Box<FromSwitch>),
    /// An event with its number in the session.
    News(u64, Arc<News>),
}

impl Leaving {
    /// As it is sent.
    pub fn text(&self) -> String {
        match self {
            Self::Message(message) => json(message.as_ref()),
            Self::News(seq, news) => news.text(*seq),
        }
    }
}

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// See [`dealerboard_wire::close`].
    pub code: u16,
    /// One sentence for the person; none when the turret left by itself.
    pub sentence: Option<String>,
}

#[derive(Default)]
struct Contents {
    waiting: VecDeque<Waiting>,
    plain: usize,
    seq: u64,
    ending: Option<Ending>,
}

/// The queue between the loop and one connection. Clones are the same queue.
#[derive(Clone, Default)]
pub struct Outbox {
    contents: Arc<Mutex<Contents>>,
    filled: Arc<Notify>,
    ended: Arc<Notify>,
}

/// What the writer does next.
#[derive(Debug)]
pub enum Next {
    /// Send this.
    Send(Leaving),
    /// Say why and close.
    End(Ending),
}

impl Outbox {
    /// Queues a message that is no event.
    pub fn message(&self, message: FromSwitch) {
        self.push(Waiting::Message(Box::new(message)));
    }

    /// Queues an event, in place of an older one that it makes untrue.
    pub fn event(&self, event: Event) {
        self.news(&News::of(event));
    }

    /// As [`Self::event`], for an event that others are told too.
    pub fn news(&self, news: &Arc<News>) {
        if news.slot == Some(Slot::Snapshot) {
            // It shows all of these as they are now; one that came after it in the place of an older one would be undone.
            self.lock().waiting.retain(|waiting| waiting.slot().is_none());
        }
        self.push(Waiting::News(Arc::clone(news)));
    }

    /// Ends the connection after what is being sent now; the first reason stands.
    pub fn end(&self, code: u16, sentence: Option<String>) {
        let mut contents = self.lock();
        if contents.ending.is_none() {
            contents.ending = Some(Ending { code, sentence });
        }
        drop(contents);
        self.filled.notify_one();
        self.ended.notify_waiters();
    }

    /// Whether the connection is to end.
    pub fn is_ended(&self) -> bool {
        self.lock().ending.is_some()
    }

    /// Waits until the connection is to end.
    pub async fn wait_ended(&self) {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.is_ended() {
                return;
            }
            ended.await;
        }
    }

    /// The next thing to send. An ending lets answers through that wait already, but for a reader who is too slow.
    pub async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.filled.notified().await;
        }
    }

    /// What is there to be sent at once, if anything is.
    pub fn take(&self) -> Option<Next> {
        let mut contents = self.lock();
        let too_slow = contents.ending.as_ref().is_some_and(|ending| ending.code == dealerboard_wire::close::TOO_SLOW);
        if !too_slow && let Some(waiting) = contents.waiting.pop_front() {
            contents.plain -= usize::from(waiting.slot().is_none());
            return Some(Next::Send(match waiting {
                Waiting::Message(message) => Leaving::Message(message),
                Waiting::News(news) => {
                    contents.seq += 1;
                    Leaving::News(contents.seq, news)
                }
            }));
        }
        contents.ending.clone().map(Next::End)
    }

    fn push(&self, waiting: Waiting) {
        let mut contents = self.lock();
        if contents.ending.is_some() {
            return;
        }
        if let Some(slot) = waiting.slot()
            && let Some(older) = contents.waiting.iter_mut().find(|older| older.slot() == Some(slot))
        {
            waiting.take_place_of(older);
            return;
        }
        contents.plain += usize::from(waiting.slot().is_none());
        contents.waiting.push_back(waiting);
        let full = contents.plain > WAITING_MAX;
        drop(contents);
        if full {
            let sentence = "This turret reads too slowly and was disconnected; it will connect again by itself.";
            self.end(dealerboard_wire::close::TOO_SLOW, Some(sentence.to_owned()));
        }
        self.filled.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Contents> {
        // Nothing in here panics while it holds the lock; a poisoned one is as good.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slot_of(event: &Event) -> Option<Slot> {
    match event {
        Event::Line { status } => Some(Slot::Line(status.line.clone())),
        Event::People { .. } => Some(Slot::People),
        Event::OpenMics { .. } => Some(Slot::OpenMics),
        Event::Listeners { line, .. } => Some(Slot::Listeners(line.clone())),
        Event::Broadcast { .. } => Some(Slot::Broadcast),
        Event::MessagesWaiting { .. } => Some(Slot::MessagesWaiting),
        Event::Snapshot(_) => Some(Slot::Snapshot),
        Event::LineAdded { .. }
        | Event::LineRemoved { .. }
        | Event::TalkerLabel { .. }
        | Event::Locked { .. }
        | Event::Notice(_)
        | Event::Recorder { .. }
        | Event::MoreEars { .. }
        | Event::History { .. }
        | Event::HistoryHidden { .. }
        | Event::MessageHeard { .. }
        | Event::MessageSound(_)
        | Event::NotHeard { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
    use super::*;
    use dealerboard_model::{LineStatus, Moment};
    use dealerboard_wire::{Notice, close};

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    fn line(id: &str, hearers: u32) -> Event {
        Event::Line { status: LineStatus { hearers, ..LineStatus::idle(LineId::from(id), NOW) } }
    }

    fn people(busy: &[(&str, bool)]) -> Event {
        let status = |(user, busy): &(&str, bool)| {
            let user = UserId::from(*user);
            PersonStatus { user, logged_on: true, dnd: false, busy: *busy }
        };
        Event::People { statuses: busy.iter().map(status).collect() }
    }

    fn snapshot() -> Event {
        let text = r#"{"event":"snapshot","now":{"mono_us":0,"utc_ms":0},"me":{"user":"reyes","name":"A. Reyes","desk":"london",
            "desk_name":"London","seat":"","roles":[]},"lines":[],"statuses":[],"rights":[],"pages":[],"speakers":[],
            "people":[],"person_statuses":[],"talkers":[],"mics":[],"recorder":{"state":"ok"},"ears":16,
            "talk_tail_ms":150}"#;
        serde_json::from_str(text).unwrap()
    }

    fn notice(n: usize) -> Event {
        Event::Notice(Notice { line: None, sentence: n.to_string(), tone: None, at: NOW })
    }

    /// The next event as its reader understands it.
    async fn sent(outbox: &Outbox) -> (u64, Event) {
        let Next::Send(leaving) = outbox.next().await else { panic!() };
        let FromSwitch::Event { seq, event } = serde_json::from_str(&leaving.text()).unwrap() else { panic!() };
        (seq, event)
    }

    #[tokio::test]
    async fn what_many_are_told_is_one_text_with_the_number_of_each() {
        let (first, second) = (Outbox::default(), Outbox::default());
        first.event(notice(1));
        let news = News::of(line("a", 1));
        [&first, &second].iter().for_each(|outbox| outbox.news(&news));
        first.next().await;
        for (outbox, seq) in [(first, 2), (second, 1)] {
            let Next::Send(leaving) = outbox.next().await else { panic!() };
            assert_eq!(leaving.text(), json(&FromSwitch::Event { seq, event: line("a", 1) }));
        }
    }

    #[tokio::test]
    async fn of_two_states_of_one_line_only_the_newest_is_sent() {
        let outbox = Outbox::default();
        outbox.event(line("a", 1));
        outbox.event(line("b", 1));
        outbox.event(line("a", 2));
        assert_eq!(sent(&outbox).await, (1, line("a", 2)));
        assert_eq!(sent(&outbox).await, (2, line("b", 1)));
    }

    #[tokio::test]
    async fn people_who_wait_to_be_told_of_go_with_those_who_change_meanwhile() {
        let outbox = Outbox::default();
        outbox.event(people(&[("lindt", false), ("marsh", false)]));
        outbox.event(notice(1));
        outbox.event(people(&[("marsh", true), ("reyes", true)]));
        assert_eq!(sent(&outbox).await, (1, people(&[("lindt", false), ("marsh", true), ("reyes", true)])));
        assert_eq!(sent(&outbox).await, (2, notice(1)));
    }

    #[tokio::test]
    async fn a_snapshot_takes_the_place_of_the_states_that_waited_before_it_and_of_no_later_one() {
        let outbox = Outbox::default();
        outbox.event(line("a", 1));
        outbox.event(notice(1));
        outbox.event(snapshot());
        outbox.event(line("a", 2));
        for (seq, wanted) in [(1, notice(1)), (2, snapshot()), (3, line("a", 2))] {
            assert_eq!(sent(&outbox).await, (seq, wanted));
        }
    }

    #[tokio::test]
    async fn notices_are_never_conflated() {
        let outbox = Outbox::default();
        outbox.event(notice(1));
        outbox.event(notice(2));
        for n in [1, 2] {
            assert_eq!(sent(&outbox).await.1, notice(n));
        }
    }

    #[tokio::test]
    async fn a_reader_who_is_too_slow_is_told_why_and_closed() {
        let outbox = Outbox::default();
        (0..=WAITING_MAX).for_each(|n| outbox.event(notice(n)));
        let Next::End(ending) = outbox.next().await else { panic!() };
        assert_eq!(ending.code, close::TOO_SLOW);
        assert!(ending.sentence.unwrap().starts_with("This turret reads too slowly"));
    }

    #[tokio::test]
    async fn any_number_of_lamp_changes_makes_nobody_too_slow() {
        let outbox = Outbox::default();
        (0..100_000).for_each(|n| outbox.event(line("a", n)));
        assert!(!outbox.is_ended());
    }

    #[tokio::test]
    async fn what_waits_is_sent_before_an_orderly_end() {
        let outbox = Outbox::default();
        outbox.event(notice(1));
        outbox.end(close::STOPPING, None);
        assert!(matches!(outbox.next().await, Next::Send(_)));
        assert!(matches!(outbox.next().await, Next::End(_)));
    }
}
