//! Diverts as records: the key is whose calls in which case, the value is where they go.

use super::name_of;
use crate::floor::FloorFile;
use dealerboard_call_control::DivertOf;
use dealerboard_model::{DivertTo, DivertWhen, LineId, UserId};

const CASES: [(DivertWhen, &str, &str); 4] = [
    (DivertWhen::Always, "always", "always"),
    (DivertWhen::Dnd, "dnd", "while they do not want to be disturbed"),
    (DivertWhen::Busy, "busy", "when all are taken"),
    (DivertWhen::NoAnswer, "no_answer", "when nobody answers"),
];

fn case(when: DivertWhen) -> (&'static str, &'static str) {
    let found = CASES.iter().find(|(one, ..)| *one == when);
    found.map(|(_, name, words)| (*name, *words)).unwrap_or_default()
}

/// No id has a slash.
pub fn key(of: &DivertOf, when: DivertWhen) -> String {
    let name = case(when).0;
    match of {
        DivertOf::User(user) => format!("user/{user}/{name}"),
        DivertOf::Line(line) => format!("line/{line}/{name}"),
    }
}

pub fn from_key(key: &str) -> Option<(DivertOf, DivertWhen)> {
    let mut parts = key.split('/');
    let (kind, id, name) = (parts.next()?, parts.next()?.to_owned(), parts.next()?);
    let of = match kind {
        "user" => DivertOf::User(UserId(id)),
        "line" => DivertOf::Line(LineId(id)),
        _ => return None,
    };
    let (when, ..) = CASES.iter().find(|(_, one, _)| *one == name)?;
    Some((of, *when))
}

/// Whose calls they are, the floor does not have.
pub fn is_strange(of: &DivertOf, floor: &FloorFile) -> bool {
    match of {
        DivertOf::User(user) => !floor.extensions.iter().any(|it| it.user.value == user.as_str()),
        DivertOf::Line(line) => {
            let ends = floor.wires.iter().flat_map(|wire| &wire.ends).map(|end| &end.line);
            !ends.chain(floor.dial_lines.iter().map(|it| &it.id)).any(|id| id.value == line.as_str())
        }
    }
}

pub fn in_words(of: &DivertOf, when: DivertWhen, to: &DivertTo, floor: &FloorFile) -> String {
    let whose = match of {
        DivertOf::User(user) => format!("calls to {}", name_of(user, floor).unwrap_or(user.as_str())),
        DivertOf::Line(line) => format!("calls on {line}"),
    };
    let to = match to {
        DivertTo::User(user) => name_of(user, floor).unwrap_or(user.as_str()).to_owned(),
        DivertTo::Desk(desk) => format!("the desk {desk}"),
        DivertTo::Line(line) => format!("those on {line}"),
        DivertTo::Voicemail => "voicemail".to_owned(),
    };
    if is_strange(of, floor) {
        return format!(
            "the divert of {whose} to {to} is dropped when this floor is served, because it has no such line"
        );
    }
    format!("{whose} go to {to} {}", case(when).1)
}

#[cfg(test)]
mod tests {
    use super::{CASES, from_key, key};
    use dealerboard_call_control::DivertOf;

    #[test]
    fn div_1_a_divert_is_read_by_the_key_that_it_was_written_with() {
        for (when, ..) in CASES {
            for of in [DivertOf::User("a.reyes".into()), DivertOf::Line("calder-wynn".into())] {
                assert_eq!(from_key(&key(&of, when)), Some((of, when)));
            }
        }
        assert!(["", "user/a", "desk/a/busy", "line/a/never"].into_iter().all(|it| from_key(it).is_none()));
    }
}
