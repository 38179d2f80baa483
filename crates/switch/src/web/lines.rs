//! The lines that a reviewer chooses from: one entry for each thing that a person means by a line.
//!
//! Law: pure. The two ends of a private wire are one entry, and so are all intercom calls of the same two people, or to a group; no two
//! entries of one kind read the same.

use super::types::LineChoice;
use crate::floor::FloorFile;
use dealerboard_archive::LineFound;
use dealerboard_model::LineId;
use std::collections::BTreeMap;

/// A choice, and the lines that are meant by it.
pub type Meant = (LineChoice, Vec<LineId>);

/// Kinds in the order in which they are offered.
const KINDS: [&str; 5] = ["ard", "mrd", "hoot", "shout_down", "intercom"];

/// The lines of the present floor, in its order.
pub struct FloorLines(BTreeMap<LineId, FloorLine>);

struct FloorLine {
    place: usize,
    name: String,
    number: String,
}

impl FloorLines {
    /// Of a floor file.
    pub fn of(file: &FloorFile) -> Self {
        let ends = file.wires.iter().flat_map(|wire| &wire.ends).map(|end| (&end.line, &end.name, &end.number));
        let hoots = file.hoots.iter().map(|hoot| (&hoot.id, &hoot.name, &hoot.number));
        let line = |(place, (id, name, number)): (usize, (&crate::floor::Placed<String>, &String, &String))| {
            (LineId(id.value.clone()), FloorLine { place, name: name.clone(), number: number.clone() })
        };
        Self(ends.chain(hoots).enumerate().map(line).collect())
    }

    /// What the floor calls a line.
    pub fn name(&self, line: &LineId) -> Option<&str> {
        self.0.get(line).map(|line| line.name.as_str())
    }

    /// The choices that lines on which something was recorded make.
    pub fn to_choose(&self, mut found: Vec<LineFound>) -> Vec<Meant> {
        found.sort_by_key(|line| (self.0.get(&line.line).map_or(usize::MAX, |known| known.place), line.last));
        let mut groups: BTreeMap<(usize, String), Vec<LineFound>> = BTreeMap::new();
        for line in found {
            let kind = KINDS.iter().position(|kind| *kind == line.kind).unwrap_or(KINDS.len());
            groups.entry((kind, together(&line))).or_default().push(line);
        }
        let choice = |((kind, _), lines): ((usize, String), Vec<LineFound>)| (kind, apart(&lines), self.choice(&lines));
        let mut all: Vec<(usize, String, Meant)> = groups.into_iter().map(choice).collect();
        let mut named: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for (kind, _, (choice, _)) in &all {
            *named.entry((*kind, choice.name.clone())).or_default() += 1;
        }
        for (kind, apart, (choice, _)) in &mut all {
            if named.get(&(*kind, choice.name.clone())).is_some_and(|same| *same > 1) {
                choice.name = format!("{} ({apart})", choice.name);
            }
        }
        all.sort_by_key(|(kind, _, (choice, _))| (*kind, choice.name.to_lowercase()));
        all.into_iter().map(|(_, _, meant)| meant).collect()
    }

    /// One choice: the names of its lines, each once, and the number, or that the floor has it no more. An intercom is called by
    /// its two people as they were called last, in the order of their log-on names.
    fn choice(&self, lines: &[LineFound]) -> Meant {
        let mut names: Vec<&str> = Vec::new();
        for line in lines {
            let name = self.name(&line.line).or(line.name.as_deref()).unwrap_or(&line.line.0);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let last = lines.last().filter(|last| last.people.len() == 2);
        let people = last.map(|last| last.people.values().map(String::as_str).collect::<Vec<_>>().join(", "));
        let known = lines.iter().find_map(|line| self.0.get(&line.line));
        let more = match known {
            Some(line) if line.number.is_empty() => String::new(),
            Some(line) => format!(", {}", line.number),
            None if lines.iter().any(is_intercom) => String::new(),
            None => ", no longer on the floor".to_owned(),
        };
        let (id, kind) = lines.first().map(|line| (line.line.to_string(), line.kind.clone())).unwrap_or_default();
        let name = people.unwrap_or_else(|| format!("{}{more}", names.join(" – ")));
        (LineChoice { id, kind, name }, lines.iter().map(|line| line.line.clone()).collect())
    }
}

/// The lines that are meant by the id of one of them: itself alone when nothing was recorded on it.
pub fn meant_by(choices: &[Meant], line: &str) -> Vec<String> {
    let meant = choices.iter().find(|(_, lines)| lines.iter().any(|one| one.0 == line));
    meant.map_or_else(|| vec![line.to_owned()], |(_, lines)| lines.iter().map(ToString::to_string).collect())
}

fn is_intercom(line: &LineFound) -> bool {
    line.kind == "intercom"
}

/// What tells a choice from another one of its name: the log-on names of an intercom's two people, else the first of its lines.
fn apart(lines: &[LineFound]) -> String {
    lines.first().map(|first| both(first, ", ").unwrap_or_else(|| first.line.to_string())).unwrap_or_default()
}

/// What lines have in common that are one choice: the two people of an intercom, whoever called and whatever they were called
/// then; the name of a group's; else the last recording, which is on both ends of a wire.
fn together(line: &LineFound) -> String {
    let group = || line.name.clone().filter(|_| is_intercom(line));
    both(line, "\n").or_else(group).unwrap_or_else(|| format!("{:010}", line.last.0))
}

/// The log-on names of the two people of an intercom, in their order.
fn both(line: &LineFound, between: &str) -> Option<String> {
    let users: Vec<&str> = line.people.keys().map(|user| user.0.as_str()).collect();
    (users.len() == 2).then(|| users.join(between))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::{RecordingId, UserId};

    fn found(line: &str, kind: &str, name: Option<&str>, last: u32) -> LineFound {
        let (line, name) = (LineId::from(line), name.map(str::to_owned));
        LineFound { line, name, kind: kind.to_owned(), people: BTreeMap::new(), last: RecordingId(last) }
    }

    fn intercom(call: u32, people: [(&str, &str); 2]) -> LineFound {
        let name = people.map(|(_, name)| name).join(", ");
        let people = people.map(|(user, name)| (UserId::from(user), name.to_owned())).into();
        LineFound { people, ..found(&format!("intercom-{call}"), "intercom", Some(&name), call) }
    }

    fn choices(lines: Vec<LineFound>) -> Vec<Meant> {
        let file = crate::floor::read(include_str!("../../../../tests/floors/two-desks.toml")).unwrap();
        FloorLines::of(&file).to_choose(lines)
    }

    fn names(lines: Vec<LineFound>) -> Vec<String> {
        choices(lines).into_iter().map(|(choice, _)| choice.name).collect()
    }

    #[test]
    fn the_two_ends_of_a_wire_are_one_choice_that_asks_for_both() {
        let all = choices(vec![found("ard-new-york", "ard", None, 7), found("ard-london", "ard", None, 7)]);
        let [(choice, _)] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((choice.id.as_str(), choice.name.as_str()), ("ard-london", "New York ARD – London ARD, 4401"));
        assert_eq!(meant_by(&all, "ard-new-york"), ["ard-london", "ard-new-york"]);
    }

    #[test]
    fn every_intercom_of_the_same_two_people_is_one_choice_whoever_called_and_by_their_last_names() {
        let (lindt, reyes) = (("lindt", "R. Lindt"), ("reyes", "A. Reyes"));
        let all = choices(vec![
            intercom(4, [lindt, reyes]),
            intercom(12, [("reyes", "A. Moreau"), lindt]),
            intercom(13, [reyes, ("keane", "D. Keane")]),
        ]);
        let shown: Vec<_> = all.iter().map(|(choice, lines)| (choice.name.as_str(), lines.len())).collect();
        assert_eq!(shown, [("D. Keane, A. Reyes", 1), ("R. Lindt, A. Moreau", 2)]);
        assert_eq!(meant_by(&all, "intercom-4"), ["intercom-4", "intercom-12"]);
    }

    #[test]
    fn every_intercom_to_a_group_is_one_choice_whoever_was_there() {
        let desk = |call: u32, more: &[(&str, &str)]| {
            let people = [&[("lindt", "R. Lindt"), ("reyes", "A. Reyes"), ("keane", "D. Keane")], more].concat();
            let people = people.into_iter().map(|(user, name)| (UserId::from(user), name.to_owned())).collect();
            LineFound { people, ..found(&format!("intercom-{call}"), "intercom", Some("Rates London"), call) }
        };
        assert_eq!(names(vec![desk(4, &[]), desk(9, &[("marsh", "T. Marsh")])]), ["Rates London"]);
    }

    #[test]
    fn intercoms_of_others_with_the_same_names_are_told_apart_by_their_log_on_names() {
        let lindt = ("lindt", "R. Lindt");
        let all = names(vec![
            intercom(4, [lindt, ("reyes", "A. Reyes")]),
            intercom(5, [("reyes2", "A. Reyes"), lindt]),
            intercom(6, [lindt, ("reyes2", "A. Reyes")]),
        ]);
        assert_eq!(all, ["R. Lindt, A. Reyes (lindt, reyes)", "R. Lindt, A. Reyes (lindt, reyes2)"]);
    }

    #[test]
    fn a_name_with_a_comma_is_not_torn() {
        let all = names(vec![
            intercom(4, [("lindt", "Lindt, R."), ("reyes", "A. Reyes")]),
            intercom(5, [("moreau", "R."), ("novak", "A. Reyes, Lindt")]),
        ]);
        assert_eq!(all, ["Lindt, R., A. Reyes", "R., A. Reyes, Lindt"]);
    }

    #[test]
    fn lines_that_the_floor_has_no_more_are_told_apart_though_they_had_one_name() {
        let old = |line: &str, last| found(line, "ard", Some("Norrbank"), last);
        let all = names(vec![old("n1", 1), old("n1-far", 1), old("n2", 2)]);
        assert_eq!(all, ["Norrbank, no longer on the floor (n1)", "Norrbank, no longer on the floor (n2)"]);
    }

    #[test]
    fn choices_are_sorted_by_kind_and_then_by_name() {
        let all = names(vec![
            found("sterling", "hoot", None, 1),
            found("macro", "hoot", None, 2),
            found("second-london", "ard", None, 3),
            found("ard-london", "ard", None, 4),
        ]);
        let of_the_wires = ["New York ARD, 4401", "New York second, 4402"];
        assert_eq!(all[..2], of_the_wires);
        assert!(all[2] < all[3], "{all:?}");
    }
}
