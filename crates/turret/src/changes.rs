//! What differs between two views, as whole parts.
//!
//! Law: applying the changes to the old view, part by part, gives the new one; equal views give none.

use crate::view::{Change, View};

/// The changes from `old` to `new`; notices newer than the newest old one, oldest first.
#[must_use]
pub fn changes(old: &View, new: &View) -> Vec<Change> {
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
    if old.people.iter().map(|it| &it.user).eq(new.people.iter().map(|it| &it.user)) {
        let pairs = old.people.iter().zip(&new.people);
        all.extend(pairs.filter(|(was, is)| was != is).map(|(_, is)| Change::Person(is.clone())));
    } else {
        all.push(Change::People(new.people.clone()));
    }
    if old.incoming != new.incoming {
        all.push(Change::Incoming(new.incoming.clone()));
    }
    let newest = old.activity.iter().map(|it| it.n).max();
    let fresh = new.activity.iter().rev().filter(|it| newest.is_none_or(|newest| it.n > newest));
    all.extend(fresh.map(|it| Change::Notice(it.clone())));
    all
}
