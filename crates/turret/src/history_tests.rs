//! What the history shows, and what calling back asks for.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

use super::*;
use crate::view::LinkView;
use dealerboard_model::{
    CallId, Csrc, LineFacts, LineStatus, Moment, Party, RecordPolicy, Ring, RingPriority, TurretId, UserId,
};

const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

fn entry(result: HistoryResult, way: HistoryWay) -> HistoryEntry {
    HistoryEntry {
        line: "calder".into(),
        name: "Calder".into(),
        kind: LineKind::Ard,
        call: CallId(7),
        way,
        far: Some("R. Lindt".into()),
        user: None,
        group: None,
        via: None,
        start_utc_ms: 1_000,
        answered_utc_ms: None,
        end_utc_ms: 9_000,
        lasted_ms: 0,
        held_ms: 0,
        result,
        message: None,
    }
}

fn numbered(n: u64, entry: HistoryEntry) -> NumberedEntry {
    NumberedEntry { n, entry, heard: false }
}

fn missed(n: u64) -> NumberedEntry {
    numbered(n, entry(HistoryResult::Missed { dnd: false }, HistoryWay::Came))
}

/// A wire, as it stands, and an entry of it.
fn panel(status: LineStatus) -> (Facts, Local) {
    let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
    let (line, record) = (LineId::from("calder"), RecordPolicy::On);
    let about = LineFacts {
        line: line.clone(),
        name: "Calder".into(),
        number: "1".into(),
        kind: LineKind::Ard,
        csrc: Csrc(1),
        record,
    };
    facts.lines.insert(line.clone(), about);
    facts.statuses.insert(line, status);
    facts.history.take(&[missed(4)], true, false);
    (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, ..Local::default() })
}

fn idle() -> LineStatus {
    LineStatus::idle("calder".into(), NOW)
}

fn called_back(status: LineStatus, n: u64) -> Vec<Deed> {
    let (facts, local) = panel(status);
    facts.history.call_back(n, None, &facts, &local)
}

#[test]
fn his_2_calling_back_takes_the_line_that_the_call_came_on() {
    let seize = Act::Seize { line: "calder".into(), position: Position::Left, private: false };
    assert_eq!(called_back(idle(), 4), [Deed::Act(seize.clone())]);
    let ring = Some(Ring::new(RingPriority::Low, NOW, "R. Lindt".into()));
    assert_eq!(called_back(LineStatus { ring, call: Some(CallId(8)), ..idle() }, 4), [Deed::Act(seize)]);
}

#[test]
fn his_2_calling_back_never_joins_who_is_on_the_line() {
    let parties = vec![Party::new(UserId::from("marsh"), TurretId(2), Position::Left, NOW)];
    let phase = dealerboard_model::LinePhase::Talking;
    let refused = called_back(LineStatus { phase, parties, call: Some(CallId(8)), ..idle() }, 4);
    assert!(matches!(&refused[..], [Deed::Refuse(why)] if why.starts_with("Calder is in use;")), "{refused:?}");
    assert!(matches!(&called_back(idle(), 5)[..], [Deed::Refuse(why)] if why.starts_with("There is no such entry")));
}

#[test]
fn his_2_calling_back_an_intercom_calls_the_other_one() {
    let (mut facts, local) = panel(idle());
    let mut came = entry(HistoryResult::Answered, HistoryWay::Came);
    (came.kind, came.user) = (LineKind::Intercom, Some("lindt".into()));
    facts.history.take(&[numbered(5, came.clone())], false, false);
    let call = Act::Intercom { user: "lindt".into(), position: Position::HandsFree };
    assert_eq!(facts.history.call_back(5, None, &facts, &local), [Deed::Act(call)]);
    (came.user, came.group) = (None, Some("intercom-9".into()));
    facts.history.take(&[numbered(6, came)], false, false);
    assert!(matches!(&facts.history.call_back(6, None, &facts, &local)[..], [Deed::Refuse(_)]));
}

#[test]
fn what_was_missed_counts_until_its_user_looks_and_what_was_there_at_log_on_does_not() {
    let mut journal = Journal::default();
    journal.take(&[missed(2), missed(1)], true, false);
    assert_eq!(journal.missed(), 0);
    journal.take(&[missed(3)], false, false);
    let called = numbered(4, entry(HistoryResult::NoAnswer, HistoryWay::Placed));
    journal.take(&[called], false, false);
    journal.take(&[missed(3)], true, false);
    assert_eq!(journal.missed(), 1);
    journal.see();
    assert_eq!(journal.missed(), 0);
}

#[test]
fn pages_and_news_are_one_list_newest_first_without_what_is_hidden() {
    let mut journal = Journal::default();
    journal.take(&[missed(9)], false, false);
    journal.take(&[missed(9), missed(8)], true, true);
    assert_eq!(journal.oldest(), Some(8));
    journal.take(&[missed(3)], true, false);
    journal.hide(Some(8));
    let HistoryView { rows, more } = journal.view();
    assert_eq!((rows.iter().map(|row| row.n).collect::<Vec<_>>(), more), (vec![9, 3], false));
    journal.hide(None);
    assert_eq!(journal.view(), HistoryView::default());
}

#[test]
fn a_row_says_what_became_of_the_call_and_with_whom() {
    let words = |result, way| row(&numbered(1, entry(result, way))).words;
    assert_eq!(words(HistoryResult::Missed { dnd: true }, HistoryWay::Came), "Missed (DND) · R. Lindt");
    assert_eq!(words(HistoryResult::AnsweredBy { who: "T. Marsh".into() }, HistoryWay::Came), "Answered by T. Marsh");
    assert_eq!(words(HistoryResult::Answered, HistoryWay::Placed), "Called · R. Lindt");
    let sent =
        HistoryEntry { via: Some("sent by T. Marsh".into()), ..entry(HistoryResult::Answered, HistoryWay::Came) };
    assert_eq!(row(&numbered(1, sent.clone())).words, "Answered · R. Lindt · sent by T. Marsh");
    assert_eq!(row(&numbered(1, sent.clone())).lasted_ms, 8_000);
}

#[test]
fn vm_2_a_message_is_a_row_that_says_how_long_it_is_and_whether_it_was_heard() {
    let message = dealerboard_model::Message {
        recording: dealerboard_model::RecordingId(3),
        line: "calder".into(),
        talker: "lindt".into(),
        from_utc_ms: 0,
        length_ms: Some(9_000),
    };
    let left = HistoryEntry { message: Some(message), ..entry(HistoryResult::Voicemail, HistoryWay::Came) };
    let mut journal = Journal::default();
    journal.take(&[numbered(4, left), missed(5)], true, false);
    journal.wait(1);
    let shown = |journal: &Journal| journal.view().rows.iter().map(|row| row.message.clone()).collect::<Vec<_>>();
    let message = |heard| Some(MessageView { length_ms: Some(9_000), heard });
    assert_eq!(shown(&journal), [None, message(false)]);
    let row = &journal.view().rows[1];
    assert_eq!((row.mark, row.name.as_str(), row.words.as_str()), (HistoryMark::Voicemail, "R. Lindt", "Message"));
    journal.hear(4);
    assert_eq!((shown(&journal), journal.waiting()), (vec![None, message(true)], 1), "the switch counts");
    let words = row_of(HistoryResult::Voicemail, HistoryWay::Placed);
    assert_eq!(words, "Left a message · R. Lindt");
}

fn row_of(result: HistoryResult, way: HistoryWay) -> String {
    row(&numbered(1, entry(result, way))).words
}
