//! Which of several settings is in force.
#![allow(clippy::unwrap_used)]

use super::*;

fn set(all: &[(&str, Value)]) -> Settings {
    let mut settings = Settings::default();
    assert!(all.iter().all(|(name, value)| settings.set(name, *value)));
    settings
}

/// What is in force where floor, line, desk and user set `name` to these, and the floor's alone for anybody else.
fn of(name: &str, floor: Option<Value>, line: Option<Value>, desk: Option<Value>, user: Option<Value>) -> Value {
    let one = |value: Option<Value>| value.map(|value| set(&[(name, value)])).unwrap_or_default();
    let policies = Policies {
        floor: one(floor),
        lines: [("calder".into(), one(line))].into(),
        desks: [("london".into(), one(desk))].into(),
        users: [("reyes".into(), one(user))].into(),
    };
    policies.of(Some(&"calder".into()), Some(&"london".into()), Some(&"reyes".into())).value(name).unwrap()
}

#[test]
fn a_taste_is_the_users_before_the_desks_before_the_lines_before_the_floors() {
    let [a, b, c, d] = [20_000, 30_000, 40_000, 50_000].map(|ms| Some(Value::Ms(ms)));
    let of = |floor, line, desk, user| Some(of("hold.reminder", floor, line, desk, user));
    assert_eq!(of(d, c, b, a), a);
    assert_eq!(of(d, c, b, None), b);
    assert_eq!(of(d, c, None, None), c);
    assert_eq!(of(d, None, None, None), d);
    assert_eq!(of(None, None, None, None), Some(Value::Ms(60_000)));
}

#[test]
fn what_protects_somebody_is_the_smallest_of_all_levels_whoever_sets_it() {
    let [low, mid, high] = [60_000, 120_000, 600_000].map(|ms| Some(Value::Ms(ms)));
    for (floor, line, desk, user) in [(low, mid, high, mid), (high, low, mid, high), (mid, high, low, high)] {
        assert_eq!(Some(of("latch.max", floor, line, desk, user)), low);
    }
    assert_eq!(Some(of("latch.max", high, mid, None, low)), low);
}

#[test]
fn what_is_off_protects_least() {
    let (off, hour) = (Some(Value::Off), Some(Value::Ms(3_600_000)));
    assert_eq!(Some(of("latch.max", hour, None, None, off)), hour);
    assert_eq!(Some(of("latch.max", off, None, None, hour)), hour);
    assert_eq!(Some(of("latch.max", off, None, None, None)), off);
}

#[test]
fn where_the_largest_protects_it_is_the_largest_whoever_sets_it() {
    let spec = Spec { name: "", kind: Kind::ON_OFF, levels: &[Level::Floor], wins: Wins::Largest, reason: "" };
    let [off, on] = [false, true].map(Plain::value);
    assert_eq!(
        [spec.of_two(off, on), spec.of_two(on, off), spec.of_two(off, off)].map(bool::of),
        [true, true, false].map(Some)
    );
}

#[test]
fn a_user_has_the_policies_of_the_desk_that_they_are_of() {
    let user = |user: &str, desk: &str| {
        let spec = crate::UserSpec {
            user: user.into(),
            name: String::new(),
            desk: desk.into(),
            roles: [].into(),
            speakers: [].into(),
        };
        (spec.user.clone(), spec)
    };
    let desks = [("london".into(), set(&[("hold.max", Value::Count(3))]))].into();
    let floor = crate::Floor {
        users: [user("reyes", "london"), user("lindt", "new-york")].into(),
        policies: Policies { desks, ..Policies::default() },
        ..crate::Floor::default()
    };
    let held = ["reyes", "lindt"].map(|user| floor.policy(None, Some(&user.into())).hold_max);
    assert_eq!(held, [3, 8]);
}

#[test]
fn where_nothing_is_set_twelve_talk_on_a_hoot_and_its_recording_waits_ten_seconds_for_the_next() {
    let policy = crate::Floor::default().policy(None, None);
    assert_eq!((policy.hoot_talkers, policy.hoot_activity_gap_ms), (12, 10_000));
}

#[test]
fn a_default_protects_nobody_from_what_was_set() {
    assert_eq!(of("hoot.talkers", None, Some(Value::Count(20)), None, None), Value::Count(20));
}

#[test]
fn what_is_set_for_one_line_desk_or_user_is_not_in_force_for_another() {
    let policies = Policies {
        lines: [("calder".into(), set(&[("bridge.max", Value::Count(2))]))].into(),
        desks: [("london".into(), set(&[("hold.max", Value::Count(3))]))].into(),
        users: [("reyes".into(), set(&[("talk.tail", Value::Ms(0))]))].into(),
        ..Policies::default()
    };
    let others = policies.of(Some(&"tagus".into()), Some(&"new-york".into()), Some(&"lindt".into()));
    assert_eq!(others, Policy::default());
    let mine = policies.of(Some(&"calder".into()), Some(&"london".into()), Some(&"reyes".into()));
    assert_eq!(mine, Policy { bridge_max: 2, hold_max: 3, talk_tail_ms: 0, ..Policy::default() });
}

#[test]
fn a_policy_takes_no_value_of_another_kind_or_outside_of_its_range() {
    let mut settings = Settings::default();
    let wrong = [
        ("hold.reminder", Value::Ms(9_999)),
        ("hold.reminder", Value::Ms(600_001)),
        ("hold.reminder", Value::Off),
        ("hold.reminder", Value::Count(60)),
        ("hoot.talkers", Value::Count(0)),
        ("mrd.signal", Value::Word("always")),
        ("hold.remainder", Value::Ms(60_000)),
    ];
    assert!(wrong.into_iter().all(|(name, value)| !settings.set(name, value)));
    assert_eq!(settings, Settings::default());
}

#[test]
fn every_default_is_in_its_own_range() {
    let wrong = POLICIES.iter().filter(|spec| !spec.kind.takes(Policy::default().value(spec.name).unwrap()));
    assert_eq!(wrong.map(|spec| spec.name).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn every_policy_reads_back_what_was_set() {
    for spec in POLICIES {
        let values = match spec.kind {
            Kind::Span(min, max) => vec![Value::Ms(min), Value::Ms(max)],
            Kind::SpanOrOff(min, max) => vec![Value::Ms(min), Value::Ms(max), Value::Off],
            Kind::Count(min, max) => vec![Value::Count(min), Value::Count(max)],
            Kind::Words(words) => words.iter().map(|word| Value::Word(word)).collect(),
        };
        for value in values {
            assert_eq!(of(spec.name, Some(value), None, None, None), value, "{}", spec.name);
        }
    }
}

#[test]
fn a_time_is_written_in_the_largest_unit_in_which_it_is_whole() {
    let said = [0, 500, 90_000, 120_000].map(|ms| Value::Ms(ms).to_string());
    assert_eq!(said, ["0 s", "500 ms", "90 s", "2 min"]);
}
