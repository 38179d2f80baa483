//! What differs between two views, as whole parts.
//!
//! Law: applying the changes to the old view, part by part, gives the new one; equal views give none.

use crate::view::{Change, View};

/// The changes from `old` to `new`; notices newer than the newest old one, oldest first.
#[must_use]
pub fn changes(old: &View, new: &View) -> Vec<Change> {
    // Nothing else takes back what was told.
    let veiled = old.header.lock.is_some() != new.header.lock.is_some();
    if veiled || (new.activity.is_empty() && !old.activity.is_empty()) {
        return vec![Change::View(Box::new(new.clone()))];
    }
    let mut all = Vec::new();
    if old.header != new.header {
        all.push(Change::Header(new.header.clone()));
    }
    if old.pages != new.pages {
        all.push(Change::Pages(new.pages.clone()));
    }
    for key in &new.keys {
        if !old.keys.contains(key) {
            all.push(Change::Key(key.clone()));
        }
    }
    for key in &old.keys {
        if !new.keys.iter().any(|it| it.line == key.line) {
            all.push(Change::KeyGone(key.line.clone()));
        }
    }
    for position in &new.positions {
        if !old.positions.contains(position) {
            all.push(Change::Position(position.clone()));
        }
    }
    if old.channels.iter().map(|it| &it.line).eq(new.channels.iter().map(|it| &it.line)) {
        let pairs = old.channels.iter().zip(&new.channels);
        all.extend(pairs.filter(|(was, is)| was != is).map(|(_, is)| Change::Channel(is.clone())));
    } else {
        all.push(Change::Channels(new.channels.clone()));
    }
    if old.channel_groups != new.channel_groups {
        all.push(Change::ChannelGroups(new.channel_groups.clone()));
    }
    if old.people.iter().map(|it| &it.user).eq(new.people.iter().map(|it| &it.user)) {
        let pairs = old.people.iter().zip(&new.people);
        all.extend(pairs.filter(|(was, is)| was != is).map(|(_, is)| Change::Person(is.clone())));
    } else {
        all.push(Change::People(new.people.clone()));
    }
    if old.groups != new.groups {
        all.push(Change::Groups(new.groups.clone()));
    }
    if old.incoming != new.incoming {
        all.push(Change::Incoming(new.incoming.clone()));
    }
    let newest = old.activity.iter().map(|it| it.n).max();
    let fresh = new.activity.iter().rev().filter(|it| newest.is_none_or(|newest| it.n > newest));
    all.extend(fresh.map(|it| Change::Notice(it.clone())));
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::facts::Facts;
    use crate::project::{Local, project};
    use crate::view::{LinkView, NoticeView};
    use dealerboard_model::{Csrc, LineFacts, LineId, LineKind, LineStatus, Moment, RecordPolicy, TurretId};

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    /// A panel with these wires, the first `channels` of them on the speakers.
    fn panel(lines: &[&str], channels: usize) -> (Facts, Local) {
        let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
        for line in lines {
            let (id, name) = (LineId::from(*line), (*line).to_owned());
            let (kind, record) = (LineKind::Ard, RecordPolicy::On);
            let about = LineFacts { line: id.clone(), name, number: "1".into(), kind, csrc: Csrc(1), record };
            facts.lines.insert(id.clone(), about);
            facts.statuses.insert(id.clone(), LineStatus::idle(id, NOW));
        }
        facts.speakers = lines[..channels].iter().map(|line| LineId::from(*line)).collect();
        let link = LinkView::Up { round_trip_ms: None, voice: true };
        (facts, Local { link, ..Local::default() })
    }

    fn view(lines: &[&str], channels: usize) -> View {
        let (facts, local) = panel(lines, channels);
        project(&facts, &local)
    }

    fn notice(n: u32) -> NoticeView {
        NoticeView { n, line: None, sentence: format!("Notice {n}."), at_utc_ms: 0, refused: false }
    }

    #[test]
    fn equal_views_differ_in_nothing() {
        assert_eq!(changes(&view(&["calder"], 1), &view(&["calder"], 1)), []);
    }

    #[test]
    fn what_happened_to_one_user_is_taken_back_for_the_next() {
        let (facts, mut local) = panel(&["calder"], 0);
        local.activity.push_front(notice(1));
        let old = project(&facts, &local);
        local.activity.clear();
        let new = project(&facts, &local);
        assert_eq!(changes(&old, &new), [Change::View(Box::new(new))]);
    }

    #[test]
    fn a_lost_link_changes_every_lamp() {
        let (facts, mut local) = panel(&["calder", "macro"], 0);
        let old = project(&facts, &local);
        local.link = LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 };
        let told = changes(&old, &project(&facts, &local));
        assert_eq!(told.iter().filter(|it| matches!(it, Change::Key(_))).count(), 2);
        assert!(told.iter().any(|it| matches!(it, Change::Header(_))));
    }

    #[test]
    fn a_line_that_is_gone_is_told() {
        let told = changes(&view(&["calder", "macro"], 0), &view(&["calder"], 0));
        assert_eq!(told, [Change::KeyGone("macro".into())]);
    }

    #[test]
    fn another_order_of_channels_is_told_as_a_whole() {
        let (mut facts, local) = panel(&["calder", "macro"], 2);
        let old = project(&facts, &local);
        facts.speakers.reverse();
        let new = project(&facts, &local);
        assert_eq!(changes(&old, &new), [Change::Channels(new.channels.clone())]);
    }

    #[test]
    fn notices_are_told_once_and_the_oldest_first() {
        let (facts, mut local) = panel(&[], 0);
        local.activity = [notice(1)].into();
        let old = project(&facts, &local);
        local.activity = [notice(3), notice(2), notice(1)].into();
        let told = changes(&old, &project(&facts, &local));
        assert_eq!(told, [Change::Notice(notice(2)), Change::Notice(notice(3))]);
    }
}
