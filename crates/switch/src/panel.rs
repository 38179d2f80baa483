//! What each user's panel shows, from the floor file: lines with their labels, pages, speaker channels, rights, people.
//!
//! Law: nothing here changes while the switch runs, but for the lines of intercoms, which the loop adds itself. Who has which
//! line and what right on it is call control's to say: supervisors change it.

use crate::floor::{FloorFile, Members, PAGE_KEYS_MAX, Placed, Whose, WireKind, extension_lines};
use dealerboard_model::{Csrc, DeskId, GroupId, LineFacts, LineId, LineKind, RecordPolicy, Right, UserId};
use dealerboard_wire::{ChannelGroup, IntercomGroup, Number, Page, Person};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Labels of lines begin here; those of talkers below.
pub const LINE_LABELS: u32 = 0x8000_0000;
/// Labels of talkers begin here.
pub const TALKER_LABELS: u32 = 0x4000_0000;

/// One user's panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    /// Every line with an appearance.
    pub lines: Vec<LineId>,
    /// Pages of keys.
    pub pages: Vec<Page>,
    /// Speaker channels.
    pub speakers: Vec<LineId>,
    /// Speed dials.
    pub speeds: Vec<Number>,
    /// Groups of them.
    pub groups: Vec<ChannelGroup>,
}

impl Panel {
    /// The pages, with the keys of lines that are `there` still.
    pub fn pages_with(&self, there: impl Fn(&LineId) -> bool) -> Vec<Page> {
        let key = |key: &Option<LineId>| key.clone().filter(|line| there(line));
        let page = |page: &Page| Page { name: page.name.clone(), keys: page.keys.iter().map(key).collect() };
        self.pages.iter().map(page).collect()
    }

    /// The groups of channels, with the lines that are `there` still; one without any is left out.
    pub fn groups_with(&self, there: impl Fn(&LineId) -> bool) -> Vec<ChannelGroup> {
        let lines = |group: &ChannelGroup| group.lines.iter().filter(|line| there(line)).cloned().collect();
        let groups = self.groups.iter().map(|group| ChannelGroup { name: group.name.clone(), lines: lines(group) });
        groups.filter(|group| !group.lines.is_empty()).collect()
    }

    /// The speaker channels: those of the floor file that are `there` still, then the others of them.
    pub fn speakers_with(&self, there: &BTreeSet<LineId>) -> Vec<LineId> {
        let of_file = self.speakers.iter().filter(|line| there.contains(*line));
        of_file.chain(there.iter().filter(|line| !self.speakers.contains(line))).cloned().collect()
    }
}

/// A line of the floor and who has an appearance of it.
struct Appearing {
    facts: LineFacts,
    users: BTreeSet<UserId>,
}

/// All panels of a floor.
pub struct Panels {
    lines: Vec<Appearing>,
    /// Places in `lines`.
    places: HashMap<LineId, usize>,
    panels: HashMap<UserId, Panel>,
    desk_names: HashMap<String, String>,
    people: Vec<Person>,
    groups: Vec<IntercomGroup>,
    directory: Vec<Number>,
}

impl Panels {
    /// The panels of every user of `file`.
    pub fn new(file: &FloorFile) -> Self {
        let mut next_label = LINE_LABELS;
        let mut label = || {
            next_label += 1;
            Csrc(next_label)
        };
        let mut lines = Vec::new();
        for wire in &file.wires {
            let kind = match wire.kind {
                WireKind::Ard => LineKind::Ard,
                WireKind::Mrd => LineKind::Mrd,
            };
            for end in &wire.ends {
                let facts = facts(&end.line, &end.name, &end.number, kind, label(), wire.record);
                lines.push(Appearing { facts, users: members(file, &end.members) });
            }
        }
        for hoot in &file.hoots {
            let users = rights(file, &hoot.speak, &hoot.listen).into_keys().collect();
            let facts = facts(&hoot.id, &hoot.name, &hoot.number, LineKind::Hoot, label(), hoot.record);
            lines.push(Appearing { facts, users });
        }
        for shout in &file.shout_downs {
            let facts = facts(&shout.id, &shout.name, &shout.number, LineKind::ShoutDown, label(), shout.record);
            let users = shout.ends.iter().flat_map(|end| members(file, end)).collect();
            lines.push(Appearing { facts, users });
        }
        for one in extension_lines(file) {
            let of = one.of;
            let id = Placed { value: one.line.0, line: of.number.line };
            let facts = facts(&id, &of.name, &one.shown, LineKind::Extension, label(), of.record);
            let mut users = members(file, &of.members);
            users.insert(UserId(of.user.value.clone()));
            lines.push(Appearing { facts, users });
        }
        for of in &file.dial_lines {
            let facts = facts(&of.id, &of.name, &of.number.value, LineKind::Dial, label(), of.record);
            lines.push(Appearing { facts, users: members(file, &of.members) });
        }
        let desk_names: HashMap<String, String> =
            file.desks.iter().map(|desk| (desk.id.value.clone(), desk.name.clone())).collect();
        let people = file.users.iter().map(|user| Person {
            user: UserId(user.id.value.clone()),
            name: user.name.clone(),
            desk: Some(DeskId(user.desk.value.clone())),
            desk_name: desk_names.get(&user.desk.value).cloned().unwrap_or_default(),
        });
        let people = people.collect();
        let groups = file.groups.iter().map(|group| IntercomGroup {
            group: GroupId(group.id.value.clone()),
            name: group.name.clone(),
            members: members(file, &group.members).into_iter().collect(),
        });
        let groups = groups.collect();
        let directory = directory(file);
        let panels = file
            .users
            .iter()
            .map(|user| {
                let id = UserId(user.id.value.clone());
                let panel = panel(file, &id, &user.desk.value, &lines);
                (id, panel)
            })
            .collect();
        let places = lines.iter().enumerate().map(|(place, line)| (line.facts.line.clone(), place)).collect();
        Self { lines, places, panels, desk_names, people, groups, directory }
    }

    /// The panel of `user`; empty for somebody whom the floor file does not name.
    pub fn of(&self, user: &UserId) -> Panel {
        self.panels.get(user).cloned().unwrap_or_default()
    }

    /// One line of the floor.
    pub fn line(&self, line: &LineId) -> Option<&LineFacts> {
        self.places.get(line).and_then(|place| self.lines.get(*place)).map(|appearing| &appearing.facts)
    }

    /// Every line of the floor.
    pub fn lines(&self) -> impl Iterator<Item = &LineFacts> {
        self.lines.iter().map(|appearing| &appearing.facts)
    }

    /// Everybody on the floor.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Groups that can be called by intercom.
    pub fn groups(&self) -> &[IntercomGroup] {
        &self.groups
    }

    /// Numbers that can be dialled.
    pub fn directory(&self) -> &[Number] {
        &self.directory
    }

    /// Name of a desk as shown.
    pub fn desk_name(&self, desk: &str) -> String {
        self.desk_names.get(desk).cloned().unwrap_or_else(|| desk.to_owned())
    }
}

fn facts(id: &Placed<String>, name: &str, number: &str, kind: LineKind, csrc: Csrc, record: RecordPolicy) -> LineFacts {
    LineFacts { line: LineId(id.value.clone()), name: name.to_owned(), number: number.to_owned(), kind, csrc, record }
}

/// Every number of the floor, users' before shared lines'.
fn directory(file: &FloorFile) -> Vec<Number> {
    let of_user = |id: &str| file.users.iter().find(|user| user.id.value == id);
    let extensions = file.extensions.iter().map(|it| Number {
        number: it.number.value.clone(),
        name: of_user(&it.user.value).map_or_else(|| it.name.clone(), |user| user.name.clone()),
        user: Some(UserId(it.user.value.clone())),
        emergency: it.emergency,
    });
    let lines = file.dial_lines.iter().filter(|it| !it.number.value.is_empty()).map(|it| Number {
        number: it.number.value.clone(),
        name: it.name.clone(),
        user: None,
        emergency: it.emergency,
    });
    extensions.chain(lines).collect()
}

/// Everybody whom `members` names, by desk or by name.
pub fn members(file: &FloorFile, members: &Members) -> BTreeSet<UserId> {
    let by_desk = |desk: &str| members.desks.iter().any(|named| named.value == desk);
    let by_name = |user: &str| members.users.iter().any(|named| named.value == user);
    let users = file.users.iter().filter(|user| by_desk(&user.desk.value) || by_name(&user.id.value));
    users.map(|user| UserId(user.id.value.clone())).collect()
}

/// Rights on a hoot: the user's entry wins over the desk's, and of two of the same sort the greater one.
pub fn rights(file: &FloorFile, speak: &Members, listen: &Members) -> BTreeMap<UserId, Right> {
    let names = |list: &[Placed<String>], word: &str| list.iter().any(|named| named.value == word);
    let right_of = |user: &str, desk: &str| {
        if names(&speak.users, user) {
            Some(Right::Speak)
        } else if names(&listen.users, user) {
            Some(Right::Listen)
        } else if names(&speak.desks, desk) {
            Some(Right::Speak)
        } else if names(&listen.desks, desk) {
            Some(Right::Listen)
        } else {
            None
        }
    };
    let users = file.users.iter();
    users
        .filter_map(|user| Some((UserId(user.id.value.clone()), right_of(&user.id.value, &user.desk.value)?)))
        .collect()
}

fn panel(file: &FloorFile, user: &UserId, desk: &str, lines: &[Appearing]) -> Panel {
    let mine: Vec<LineId> = lines
        .iter()
        .filter(|appearing| appearing.users.contains(user))
        .map(|appearing| appearing.facts.line.clone())
        .collect();
    let of_user = |whose: &Whose| matches!(whose, Whose::User(named) if named.value == user.0);
    let of_desk = |whose: &Whose| matches!(whose, Whose::Desk(named) if named.value == desk);
    let own_pages = file.pages.iter().any(|page| of_user(&page.whose));
    let is_page = |whose: &Whose| if own_pages { of_user(whose) } else { of_desk(whose) };
    let mut pages: Vec<Page> = file
        .pages
        .iter()
        .filter(|page| is_page(&page.whose))
        .map(|page| Page { name: page.name.clone(), keys: keys(&page.keys, &mine) })
        .collect();
    if pages.is_empty() {
        pages = mine
            .chunks(PAGE_KEYS_MAX)
            .enumerate()
            .map(|(n, lines)| Page { name: format!("Page {}", n + 1), keys: lines.iter().cloned().map(Some).collect() })
            .collect();
    }
    let own_speakers = file.speakers.iter().any(|speakers| of_user(&speakers.whose));
    let is_speakers = |whose: &Whose| if own_speakers { of_user(whose) } else { of_desk(whose) };
    let channels = || file.speakers.iter().filter(|speakers| is_speakers(&speakers.whose));
    let there = |words: &[Placed<String>]| keys(words, &mine).into_iter().flatten().collect::<Vec<_>>();
    let speakers = channels().flat_map(|speakers| there(&speakers.lines)).collect();
    let groups = channels().flat_map(|speakers| &speakers.groups);
    let groups = groups.map(|group| ChannelGroup { name: group.name.value.clone(), lines: there(&group.lines) });
    let mine_to_dial = file.speeds.iter().filter(|speed| of_user(&speed.whose) || of_desk(&speed.whose));
    let speeds = mine_to_dial.map(|speed| Number {
        number: speed.number.value.clone(),
        name: speed.name.clone(),
        user: None,
        emergency: false,
    });
    Panel { groups: groups.collect(), lines: mine, pages, speakers, speeds: speeds.collect() }
}

/// Places of a page; a line without an appearance here leaves its place empty.
fn keys(words: &[Placed<String>], mine: &[LineId]) -> Vec<Option<LineId>> {
    words.iter().map(|word| mine.iter().find(|line| line.0 == word.value).cloned()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn two_desks() -> FloorFile {
        crate::floor::read(include_str!("../../../tests/floors/two-desks.toml")).unwrap()
    }

    #[test]
    fn each_end_of_a_wire_appears_at_its_own_desk_only() {
        let panels = Panels::new(&two_desks());
        let appears = |user: &str| panels.of(&UserId::from(user)).lines.contains(&LineId::from("ard-london"));
        assert!(appears("reyes") && appears("marsh"));
        assert!(!appears("lindt"));
    }

    #[test]
    fn a_line_that_a_user_is_taken_off_leaves_its_place_empty_and_one_they_are_put_on_is_their_last_channel() {
        let panel = Panels::new(&two_desks()).of(&UserId::from("reyes"));
        let (first, new) = (panel.speakers[0].clone(), LineId::from("a-new-hoot"));
        let others: BTreeSet<LineId> = panel.speakers[1..].iter().cloned().chain([new.clone()]).collect();
        let channels = panel.speakers_with(&others);
        assert_eq!((channels.len(), channels.last()), (panel.speakers.len(), Some(&new)));
        let keys = |pages: &[Page]| pages.iter().flat_map(|page| page.keys.clone()).collect::<Vec<_>>();
        let (before, after) = (keys(&panel.pages), keys(&panel.pages_with(|line| *line != first)));
        assert_eq!(before.len(), after.len());
        assert!(before.contains(&Some(first.clone())) && !after.contains(&Some(first)));
    }

    #[test]
    fn no_two_lines_bear_one_label() {
        let panels = Panels::new(&two_desks());
        let labels: BTreeSet<Csrc> = panels.lines().map(|facts| facts.csrc).collect();
        assert_eq!(labels.len(), panels.lines().count());
    }
}
