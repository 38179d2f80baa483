//! Compares what counterparties do with the lines that they do it on.
//!
//! Law: only words that name something are judged here; that they name something is for `check` to say.

use super::Mistake;
use super::nearest::instead;
use super::words::{Counterparty, End, FloorFile, Hoot, Members, Placed, Wire, WireKind};
use crate::panel::{members, rights};
use dealerboard_model::{Right, UserId};

/// Every line that a counterparty cannot answer, ring or speak on, and every time at which it could not.
pub fn compare(file: &FloorFile) -> Vec<Mistake> {
    let known = |counterparty: &&Counterparty| file.users.iter().any(|user| user.id.value == counterparty.user.value);
    let on_lines = file.counterparties.iter().filter(known).flat_map(|counterparty| of(file, counterparty));
    let times = file.counterparties.iter().flat_map(|counterparty| counterparty.times.iter().cloned());
    on_lines.chain(times).collect()
}

fn of(file: &FloorFile, counterparty: &Counterparty) -> Vec<Mistake> {
    let user = &counterparty.user.value;
    let ends: Vec<(&Wire, &End)> =
        file.wires.iter().flat_map(|wire| wire.ends.iter().map(move |end| (wire, end))).collect();
    let mut mistakes = Vec::new();
    let own: Vec<(WireKind, &str)> = ends
        .iter()
        .filter(|(_, end)| is_of(file, &end.members, user))
        .map(|(wire, end)| (wire.kind, end.line.value.as_str()))
        .collect();
    let own_lines: Vec<&str> = own.iter().map(|(_, line)| *line).collect();
    for line in &counterparty.answers {
        let found = ends.iter().find(|(_, end)| end.line.value == line.value);
        if found.is_some_and(|(_, end)| !is_of(file, &end.members, user)) {
            mistakes.push(not_own("answers", user, line, &own_lines));
        } else if file.hoots.iter().any(|hoot| hoot.id.value == line.value) {
            let sentence = format!(
                "\"{}\" is a hoot, which nobody answers; take it out of answers, or write speaks_on_hoot",
                line.value
            );
            mistakes.push(Mistake { line: line.line, sentence });
        }
    }
    if let Some(line) = &counterparty.rings {
        let own_ards: Vec<&str> =
            own.iter().filter(|(kind, _)| *kind == WireKind::Ard).map(|(_, line)| *line).collect();
        mistakes.extend(cannot_ring(file, user, line, &own_ards));
    }
    if let Some(line) = &counterparty.speaks_on_hoot {
        mistakes.extend(cannot_speak(file, user, line));
    }
    mistakes
}

/// Why `user` cannot ring `line`: only seizing an ARD of one's own rings.
fn cannot_ring(file: &FloorFile, user: &str, line: &Placed<String>, own: &[&str]) -> Option<Mistake> {
    let mut ends = file.wires.iter().flat_map(|wire| wire.ends.iter().map(move |end| (wire.kind, end)));
    let found = ends.find(|(_, end)| end.line.value == line.value);
    let is_hoot = file.hoots.iter().any(|hoot| hoot.id.value == line.value);
    let why = match found {
        Some((WireKind::Mrd, _)) => "a manual wire, which rings by Signal only",
        None if is_hoot => "a hoot, which never rings",
        None => return None,
        Some((WireKind::Ard, end)) => {
            return (!is_of(file, &end.members, user)).then(|| not_own("rings", user, line, own));
        }
    };
    let better = own_instead(line, own, "rings");
    Some(Mistake { line: line.line, sentence: format!("\"{}\" is {why}; {better}", line.value) })
}

fn cannot_speak(file: &FloorFile, user: &str, line: &Placed<String>) -> Option<Mistake> {
    let may = |hoot: &&Hoot| rights(file, &hoot.speak, &hoot.listen).get(&UserId::from(user)) == Some(&Right::Speak);
    let mine = file.hoots.iter().filter(may);
    let mine: Vec<&str> = mine.map(|hoot| hoot.id.value.as_str()).collect();
    let is_hoot = file.hoots.iter().any(|hoot| hoot.id.value == line.value);
    let is_wire = file.wires.iter().flat_map(|wire| &wire.ends).any(|end| end.line.value == line.value);
    let why = match (is_hoot, is_wire) {
        (true, _) if mine.contains(&line.value.as_str()) => return None,
        (true, _) => format!("\"{user}\" may not speak on \"{}\"", line.value),
        (false, true) => format!("\"{}\" is a private wire and no hoot", line.value),
        (false, false) => return None,
    };
    let better = match mine.as_slice() {
        [] => format!("write speak = {{ users = [\"{user}\"] }} at a hoot, or take speaks_on_hoot out"),
        mine => instead(&line.value, mine.iter().copied()),
    };
    Some(Mistake { line: line.line, sentence: format!("{why}; {better}") })
}

/// `user` does something on a line that is somebody else's.
fn not_own(what: &str, user: &str, line: &Placed<String>, own: &[&str]) -> Mistake {
    let better = own_instead(line, own, what);
    let sentence = format!("\"{}\" is not a line of \"{user}\", so {what} cannot name it; {better}", line.value);
    Mistake { line: line.line, sentence }
}

fn own_instead(line: &Placed<String>, own: &[&str], what: &str) -> String {
    match own {
        [] => format!("name a line of this user's own, or take {what} out"),
        own => instead(&line.value, own.iter().copied()),
    }
}

fn is_of(file: &FloorFile, named: &Members, user: &str) -> bool {
    members(file, named).contains(&UserId::from(user))
}
