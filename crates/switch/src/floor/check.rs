//! Compares the words of a floor file with each other: what is named must exist, and exist once.

use super::nearest::instead;
use super::policies;
use super::words::{FloorFile, Members, Placed, Whose};
use super::{CHANNELS_MAX, Mistake, extensions};
use crate::panel::{members, rights};
use dealerboard_call_control::GROUP_MAX;
use dealerboard_model::LineId;
use std::collections::HashMap;

/// Every mistake that shows only when the whole file is known.
pub fn compare(file: &FloorFile) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    once("desk", file.desks.iter().map(|desk| &desk.id), &mut mistakes);
    once("user", file.users.iter().map(|user| &user.id), &mut mistakes);
    let ends = file.wires.iter().flat_map(|wire| wire.ends.iter());
    let open = || file.hoots.iter().map(|hoot| &hoot.id).chain(file.shout_downs.iter().map(|shout| &shout.id));
    let of_extensions = extensions::ids(file);
    let dial_lines = file.dial_lines.iter().map(|line| &line.id);
    let line_ids = || ends.clone().map(|end| &end.line).chain(open()).chain(dial_lines.clone()).chain(&of_extensions);
    once("line", line_ids(), &mut mistakes);
    let numbers = file.extensions.iter().map(|it| &it.number).chain(file.dial_lines.iter().map(|it| &it.number));
    once("number", numbers, &mut mistakes);
    once("extension of user", file.extensions.iter().map(|it| &it.user), &mut mistakes);
    once("group", file.groups.iter().map(|group| &group.id), &mut mistakes);

    let desks: Vec<&str> = file.desks.iter().map(|desk| desk.id.value.as_str()).collect();
    let users: Vec<&str> = file.users.iter().map(|user| user.id.value.as_str()).collect();
    let lines: Vec<&str> = line_ids().map(|id| id.value.as_str()).collect();

    for user in &file.users {
        exists("desk", &user.desk, &desks, &mut mistakes);
    }
    let members = ends
        .clone()
        .flat_map(|end| [&end.members, &end.overflow])
        .chain(file.hoots.iter().flat_map(|hoot| [&hoot.speak, &hoot.listen]));
    let members = members.chain(file.shout_downs.iter().flat_map(|shout| &shout.ends));
    let members = members.chain(file.groups.iter().map(|group| &group.members));
    let members = members.chain(file.extensions.iter().map(|it| &it.members));
    let members = members.chain(file.dial_lines.iter().flat_map(|it| [&it.members, &it.overflow]));
    for extension in &file.extensions {
        exists("user", &extension.user, &users, &mut mistakes);
    }
    for Members { desks: named_desks, users: named_users } in members {
        named_desks.iter().for_each(|desk| exists("desk", desk, &desks, &mut mistakes));
        named_users.iter().for_each(|user| exists("user", user, &users, &mut mistakes));
    }
    let panels = file
        .pages
        .iter()
        .map(|page| (&page.whose, &page.keys))
        .chain(file.speakers.iter().map(|speakers| (&speakers.whose, &speakers.lines)));
    for (whose, named_lines) in panels {
        match whose {
            Whose::Desk(desk) => exists("desk", desk, &desks, &mut mistakes),
            Whose::User(user) => exists("user", user, &users, &mut mistakes),
        }
        let named = named_lines.iter().filter(|line| !line.value.is_empty());
        named.for_each(|line| exists("line", line, &lines, &mut mistakes));
    }
    for counterparty in &file.counterparties {
        exists("user", &counterparty.user, &users, &mut mistakes);
        let named = counterparty.answers.iter().chain(&counterparty.rings).chain(&counterparty.speaks_on_hoot);
        named.for_each(|line| exists("line", line, &lines, &mut mistakes));
    }
    let numbers: Vec<&str> = file.extensions.iter().map(|it| it.number.value.as_str()).collect();
    let dialled = file.dial_lines.iter().map(|it| it.number.value.as_str()).filter(|it| !it.is_empty());
    let numbers: Vec<&str> = numbers.into_iter().chain(dialled).collect();
    for speed in &file.speeds {
        exists("number", &speed.number, &numbers, &mut mistakes);
        match &speed.whose {
            Whose::Desk(desk) => exists("desk", desk, &desks, &mut mistakes),
            Whose::User(user) => exists("user", user, &users, &mut mistakes),
        }
    }
    channels_listed_once(file, &mut mistakes);
    channel_groups_are_channels(file, &mut mistakes);
    groups_are_reached(file, &mut mistakes);
    hoots_have_room(file, &mut mistakes);
    mistakes
}

/// Names a hoot with more people than `hoot.members` lets on it.
fn hoots_have_room(file: &FloorFile, mistakes: &mut Vec<Mistake>) {
    let policies = policies(file);
    for hoot in &file.hoots {
        let people = rights(file, &hoot.speak, &hoot.listen).len();
        let max = policies.of(Some(&LineId(hoot.id.value.clone())), None, None).hoot_members;
        if people > max {
            let id = &hoot.id;
            let sentence = format!("the hoot \"{}\" has {people} people and may have {max}; take some out", id.value);
            mistakes.push(Mistake { line: id.line, sentence });
        }
    }
}

/// Names a group that is larger than a call reaches, whoever of it calls.
fn groups_are_reached(file: &FloorFile, mistakes: &mut Vec<Mistake>) {
    for group in &file.groups {
        let people = members(file, &group.members).len();
        if people > GROUP_MAX + 1 {
            let id = &group.id;
            let sentence = format!(
                "the group \"{}\" has {people} people and an intercom reaches {GROUP_MAX} besides its caller; take some out",
                id.value
            );
            mistakes.push(Mistake { line: id.line, sentence });
        }
    }
}

/// Of groups of channels each has a name of its own, and lines that are channels there.
fn channel_groups_are_channels(file: &FloorFile, mistakes: &mut Vec<Mistake>) {
    for speakers in &file.speakers {
        let channels: Vec<&str> = speakers.lines.iter().map(|line| line.value.as_str()).collect();
        once("group of channels", speakers.groups.iter().map(|group| &group.name), mistakes);
        for group in &speakers.groups {
            once("line of this group", group.lines.iter(), mistakes);
            group.lines.iter().for_each(|line| exists("channel", line, &channels, mistakes));
        }
    }
}

fn channels_listed_once(file: &FloorFile, mistakes: &mut Vec<Mistake>) {
    for speakers in &file.speakers {
        once("channel", speakers.lines.iter().take(CHANNELS_MAX), mistakes);
    }
}

/// Names every later definition of an id.
fn once<'f>(what: &str, ids: impl Iterator<Item = &'f Placed<String>>, mistakes: &mut Vec<Mistake>) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    for id in ids.filter(|id| !id.value.is_empty()) {
        if let Some(line) = first.insert(&id.value, id.line) {
            first.insert(&id.value, line);
            mistakes.push(Mistake {
                line: id.line,
                sentence: format!(
                    "the {what} \"{}\" stands in line {line} already; give this one another name or take it out",
                    id.value
                ),
            });
        }
    }
}

/// Names a word that should be one of `known`.
fn exists(what: &str, word: &Placed<String>, known: &[&str], mistakes: &mut Vec<Mistake>) {
    if word.value.is_empty() || known.contains(&word.value.as_str()) {
        return;
    }
    let better = instead(&word.value, known.iter().copied());
    mistakes.push(Mistake { line: word.line, sentence: format!("there is no {what} \"{}\"; {better}", word.value) });
}
