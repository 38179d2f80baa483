//! Who hears a hoot, as it is shown.
//!
//! Law: pure; people who hear come first, each by name.

use crate::facts::Facts;
use dealerboard_model::{Allowed, LineId, Listener, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Who hears a hoot, and what each may do there. It is told when it is asked for, and is no part of the view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListenersView {
    /// Which hoot.
    pub line: LineId,
    /// Its name.
    pub name: String,
    /// I may set rights there.
    pub may_set: bool,
    /// Everybody who is on it, who hears first, or whom a supervisor took off.
    pub people: Vec<ListenerView>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListenerView {
    /// Log-on name.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// `talks`, `hears`, `you`, `logged off`, `does not hear`.
    pub words: String,
    /// What they may do.
    pub allowed: Allowed,
    /// They can hear now whoever talks there.
    pub hears: bool,
}

/// What the switch has told of a hoot's people, for the panel.
pub fn listeners(line: LineId, people: Vec<Listener>, may_set: bool, facts: &Facts) -> ListenersView {
    let name = facts.lines.get(&line).map_or_else(|| line.to_string(), |about| about.name.clone());
    let mut people: Vec<ListenerView> = people.into_iter().map(|it| listener(it, facts)).collect();
    people.sort_by(|one, other| (!one.hears, &one.name, &one.user).cmp(&(!other.hears, &other.name, &other.user)));
    ListenersView { line, name, may_set, people }
}

fn listener(it: Listener, facts: &Facts) -> ListenerView {
    let logged_on = facts.person_statuses.get(&it.user).is_some_and(|status| status.logged_on);
    let me = facts.me.as_ref().is_some_and(|me| me.user == it.user);
    let words = match it {
        Listener { talks: true, .. } => "talks",
        _ if me => "you",
        Listener { hears: true, .. } => "hears",
        _ if !logged_on => "logged off",
        Listener { .. } => "does not hear",
    };
    let name = facts.name_of(&it.user);
    ListenerView { name, words: words.to_owned(), allowed: it.allowed, hears: it.hears, user: it.user }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dealerboard_model::PersonStatus;

    #[test]
    fn hot_5_who_hears_is_listed_before_who_does_not_with_what_keeps_them() {
        let person = |user: &str, hears, talks| Listener { user: user.into(), allowed: Allowed::Speak, hears, talks };
        let mut facts = Facts::default();
        for user in ["a", "c", "d"] {
            let user = UserId::from(user);
            let status = PersonStatus { user: user.clone(), logged_on: true, dnd: false, busy: false };
            facts.person_statuses.insert(user, status);
        }
        let people = vec![
            person("a", false, false),
            person("b", false, false),
            person("c", true, false),
            person("d", true, true),
        ];
        let view = listeners("macro".into(), people, false, &facts);
        let rows: Vec<_> = view.people.iter().map(|it| (it.name.as_str(), it.words.as_str())).collect();
        assert_eq!(rows, [("c", "hears"), ("d", "talks"), ("a", "does not hear"), ("b", "logged off")]);
    }
}
