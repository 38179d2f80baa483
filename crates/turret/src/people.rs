//! The intercom list as it is drawn: people, and groups.
//!
//! Law: pure, like the rest of the projection.

use super::{Look, mics};
use crate::view::{GroupView, PersonView, TalkView};
use dealerboard_model::{GroupId, Lamp, LineFacts, LineId, LineStatus, Position, UserId};
use dealerboard_wire::{IntercomGroup, Person};
use std::collections::BTreeMap;

impl Look<'_> {
    /// Everybody else. What is asked of each of them is looked up once for all: a floor has a thousand people and as many numbers.
    pub(super) fn people(&self) -> Vec<PersonView> {
        let directory = self.facts.directory.iter().rev();
        let numbers: BTreeMap<&UserId, &str> =
            directory.filter_map(|it| Some((it.user.as_ref()?, it.number.as_str()))).collect();
        let intercoms: Vec<&LineFacts> = self.facts.intercoms().collect();
        let others = self.facts.people.iter().filter(|it| !self.is_me(&it.user));
        let line = |user: &UserId| self.facts.intercom_among(intercoms.iter().copied(), user).cloned();
        others.map(|it| self.person(it, line(&it.user), numbers.get(&it.user).copied())).collect()
    }

    fn person(&self, person: &Person, line: Option<LineId>, number: Option<&str>) -> PersonView {
        let status = line.as_ref().and_then(|it| self.facts.statuses.get(it));
        let now = self.facts.person_statuses.get(&person.user);
        let (logged_on, dnd) = (now.is_some_and(|it| it.logged_on), now.is_some_and(|it| it.dnd));
        let busy = now.is_some_and(|it| it.busy);
        let here = line.as_ref().is_some_and(|it| self.facts.party_of(it).is_some());
        let waits = status.is_some_and(|it| it.ring.is_some());
        let (lamp, words) = match now {
            _ if !self.up() => (Lamp::Stale, "Stale"),
            _ if waits && here && dnd => (Lamp::InUseHere, "DND · waits"),
            _ if waits && here && busy => (Lamp::InUseHere, "In a call · waits"),
            _ if waits && here => (Lamp::InUseHere, "Rings there"),
            _ if waits => (Lamp::RingingLow, "Calls you"),
            _ if here => (Lamp::InUseHere, status.map_or("", |it| self.who_hears_whom(it))),
            _ if !logged_on => (Lamp::Idle, "Logged off"),
            _ if dnd => (Lamp::Idle, "Do not disturb"),
            _ if busy => (Lamp::InUseElsewhere, "In a call"),
            _ => (Lamp::Idle, person.desk_name.as_str()),
        };
        PersonView {
            user: person.user.clone(),
            name: person.name.clone(),
            words: words.to_owned(),
            desk: person.desk.clone(),
            desk_name: person.desk_name.clone(),
            number: number.map(str::to_owned),
            lamp,
            dnd,
            logged_on,
            talk: self.intercom_talk(line.as_ref()),
            line: line.filter(|_| here || waits),
        }
    }

    /// Of two who are in an intercom.
    fn who_hears_whom(&self, status: &LineStatus) -> &'static str {
        let mine = status.talkers.iter().any(|it| Some(it.turret) == self.facts.turret);
        let theirs = status.talkers.iter().any(|it| Some(it.turret) != self.facts.turret);
        match (mine, theirs) {
            (true, false) => "Hears you",
            (false, true) => "Talks to you",
            (true, true) | (false, false) => "In a call with you",
        }
    }

    /// How one's own talk key in an intercom stands.
    fn intercom_talk(&self, line: Option<&LineId>) -> TalkView {
        let Some(line) = line.filter(|_| self.up()) else {
            return if self.up() { TalkView::Closed } else { TalkView::Stale };
        };
        let shown = mics::shown(self.facts, self.local);
        let goes_out = |at: Position| !self.local.muted.contains(at);
        let open = shown.iter().find(|(it, at)| it.line == *line && !it.muted && goes_out(*at));
        let about = self.facts.statuses.get(line).and_then(|it| it.intercom.as_ref());
        let latched = about.zip(self.facts.turret).is_some_and(|(it, me)| it.latched.contains(&me));
        match open {
            Some((mic, _)) if mic.closes_at.is_some() => TalkView::Closing,
            Some(_) if latched => TalkView::Latched,
            Some(_) => TalkView::Open,
            None => self.talk(line),
        }
    }

    /// The groups of the floor, then calls to people who were picked.
    pub(super) fn groups(&self) -> Vec<GroupView> {
        let of_floor = self.facts.groups.iter().map(|group| self.group(group));
        let known = |group: &GroupId| self.facts.groups.iter().any(|it| it.group == *group);
        let picked = self.lines().filter_map(|(about, status)| {
            let group = status.intercom.as_ref()?.group.clone().filter(|group| !known(group))?;
            let members = status.parties.iter().map(|party| party.user.clone()).collect();
            Some(self.group(&IntercomGroup { group, name: about.name.clone(), members }))
        });
        of_floor.chain(picked).collect()
    }

    fn group(&self, group: &IntercomGroup) -> GroupView {
        let line = self.facts.line_of_group(&group.group).filter(|it| self.facts.party_of(it).is_some()).cloned();
        let status = line.as_ref().and_then(|it| self.facts.statuses.get(it));
        let people = group.members.iter().filter(|it| !self.is_me(it)).count();
        let (lamp, words) = match status {
            _ if !self.up() => (Lamp::Stale, "Stale".to_owned()),
            Some(status) => (Lamp::InUseHere, self.group_words(status)),
            None => (Lamp::Idle, format!("Group · {}", counted(people))),
        };
        GroupView {
            group: group.group.clone(),
            name: group.name.clone(),
            words,
            size: u32::try_from(people).unwrap_or(u32::MAX),
            lamp,
            talk: self.intercom_talk(line.as_ref()),
            line,
        }
    }

    /// Who talks to whom in a group.
    pub(super) fn group_words(&self, status: &LineStatus) -> String {
        let Some(about) = &status.intercom else { return String::new() };
        if self.is_me(&about.caller) {
            let talks_back = status.talkers.iter().rev().find(|it| !self.is_me(&it.user));
            return match talks_back {
                Some(talker) => format!("{} talks to you", self.facts.name_of(&talker.user)),
                None => format!("{} with you", counted(status.parties.len().saturating_sub(1))),
            };
        }
        format!("{} talks to you", self.facts.name_of(&about.caller))
    }
}

fn counted(people: usize) -> String {
    if people == 1 { "1 person".into() } else { format!("{people} people") }
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
