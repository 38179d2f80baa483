//! Whom a number or a name means, and digits before their line.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::view::LinkView;
use dealerboard_model::{Csrc, LineFacts, LineKind, LineStatus, Moment, Party, RecordPolicy, TurretId, UserId};
use dealerboard_wire::Number;

fn world() -> (Facts, Local) {
    let number = |number: &str, name: &str, user: Option<&str>| Number {
        number: number.into(),
        name: name.into(),
        user: user.map(UserId::from),
        emergency: false,
    };
    let directory = vec![
        number("4012", "Mara Lindt", Some("m.lindt")),
        number("4013", "Tom Marsh", Some("t.marsh")),
        number("4014", "Mara Osei", Some("m.osei")),
        number("4000", "Rates desk", None),
    ];
    let facts = Facts { turret: Some(TurretId(1)), directory, ..Facts::default() };
    (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, ..Local::default() })
}

fn acts(deeds: Vec<Deed>) -> Act {
    match deeds.as_slice() {
        [Deed::Act(act)] => act.clone(),
        other => panic!("{other:?}"),
    }
}

fn dialled(act: Act) -> String {
    if let Act::Call { number, .. } = act { number } else { panic!("{act:?}") }
}

fn put(facts: &mut Facts, phase: LinePhase) {
    let (line, now) = (LineId::from("ext-4001.1"), Moment { mono_us: 0, utc_ms: 0 });
    let about = LineFacts {
        line: line.clone(),
        name: "Reyes".into(),
        number: "4001".into(),
        kind: LineKind::Extension,
        csrc: Csrc(1),
        record: RecordPolicy::On,
    };
    facts.lines.insert(line.clone(), about);
    let party = Party::new("reyes".into(), TurretId(1), Position::Right, now);
    let status = LineStatus { phase, parties: vec![party], ..LineStatus::idle(line.clone(), now) };
    facts.statuses.insert(line, status);
}

#[test]
fn dial_2_a_number_is_called_as_it_stands_and_a_name_by_its_number() {
    let (facts, local) = world();
    let number = |to: &str| dialled(acts(call(to, None, None, &facts, &local)));
    assert_eq!(number("40 12"), "4012#");
    assert_eq!(number("Tom Marsh"), "4013#");
    assert_eq!(number("marsh"), "4013#");
    assert_eq!(number("m.lindt"), "4012#");
}

#[test]
fn dial_3_a_name_that_nobody_has_or_that_several_have_is_refused_with_who_is_meant() {
    let (facts, local) = world();
    let refused = |to: &str| match call(to, None, None, &facts, &local).as_slice() {
        [Deed::Refuse(sentence)] => sentence.clone(),
        other => panic!("{other:?}"),
    };
    assert!(refused("mara").contains("Mara Lindt (4012), Mara Osei (4014); say which"));
    assert!(refused("hallam").contains("Nobody called \"hallam\""));
    assert!(refused("  ").starts_with("Say whom to call"));
}

#[test]
fn dial_2_digits_go_to_the_line_that_waits_for_them() {
    let (mut facts, local) = world();
    put(&mut facts, LinePhase::Dialling);
    let line = LineId::from("ext-4001.1");
    assert_eq!(acts(dial("5", None, &facts, &local)), Act::Dial { line: line.clone(), digits: "5".into() });
    assert_eq!(acts(dial("5", Some(Position::Right), &facts, &local)), Act::Dial { line, digits: "5".into() });
    assert_eq!(dialled(acts(dial("5", Some(Position::Left), &facts, &local))), "5");
}

#[test]
fn dial_2_the_first_digit_takes_a_line_and_those_typed_meanwhile_follow_it() {
    let (facts, mut local) = world();
    assert_eq!(dialled(acts(dial("4", None, &facts, &local))), "4");
    let id = Uuid::from_u128(1);
    local.dialling.ask(id, Position::Left);
    assert_eq!(dial("0", None, &facts, &local), [Deed::Local(LocalDeed::Digits("0".into()))]);
    local.dialling.digits.push_str("012");
    local.dialling.answered(Uuid::from_u128(2), Some(&LineId::from("other")));
    assert_eq!(local.dialling.due(), None, "another answer");
    let line = LineId::from("ext-4001.1");
    local.dialling.answered(id, Some(&line));
    assert_eq!(local.dialling.due(), Some(Act::Dial { line, digits: "012".into() }));
    assert_eq!(local.dialling.due(), None);
}

#[test]
fn dial_2_the_number_that_was_dialled_last_is_called_again() {
    let (mut facts, mut local) = world();
    assert!(matches!(&redial(None, &facts, &local)[..], [Deed::Refuse(_)]));
    put(&mut facts, LinePhase::Calling);
    let status = facts.statuses.values_mut().next().unwrap();
    let dialled = dealerboard_model::Dialled { number: "4013".into(), name: None, incoming: false };
    status.dialled = Some(Box::new(dialled));
    local.last_dialled = just_dialled(status, facts.turret);
    facts.statuses.clear();
    assert_eq!(dialled_by(redial(None, &facts, &local)), "4013#");
    assert_eq!(just_dialled(&LineStatus::idle("a".into(), Moment { mono_us: 0, utc_ms: 0 }), facts.turret), None);
}

fn dialled_by(deeds: Vec<Deed>) -> String {
    dialled(acts(deeds))
}

#[test]
fn dial_3_what_is_no_digit_is_not_dialled() {
    let (facts, local) = world();
    assert!(matches!(&dial("4a", None, &facts, &local)[..], [Deed::Refuse(_)]));
}
