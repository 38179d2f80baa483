//! The rows of the intercom list.
#![allow(clippy::unwrap_used)]

use crate::facts::Facts;
use crate::project::{Local, project};
use crate::view::{GroupView, LinkView, PersonView, TalkView};
use dealerboard_model::{
    Csrc, IntercomCall, Lamp, LineFacts, LineId, LineKind, LinePhase, LineStatus, Moment, Party, PersonStatus,
    Position, RecordPolicy, Ring, RingPriority, Talker, TurretId, Uplink, UserId,
};
use dealerboard_wire::{IntercomGroup, Me, OpenMic, Person};

const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };
const LINE: &str = "intercom-1";

fn user(turret: u32) -> UserId {
    UserId::from(["", "reyes", "lindt", "keane", "marsh"][turret as usize])
}

fn party(turret: u32) -> Party {
    Party::new(user(turret), TurretId(turret), Position::HandsFree, NOW)
}

fn talker(turret: u32) -> Talker {
    Talker { user: user(turret), turret: TurretId(turret), since: NOW }
}

/// Reyes at turret 1, with an intercom that `caller` made and these are in.
fn world(caller: u32, group: Option<&str>, parties: &[u32]) -> (Facts, Local) {
    let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
    let [name, desk_name, seat] = ["A. Reyes", "Rates", "1"].map(str::to_owned);
    facts.me = Some(Me { user: user(1), name, desk: "rates".into(), desk_name, seat, roles: Vec::new() });
    for (turret, name) in [(1, "A. Reyes"), (2, "R. Lindt"), (3, "D. Keane"), (4, "T. Marsh")] {
        facts.people.push(Person { user: user(turret), name: name.into(), desk_name: "Rates".into(), desk: None });
        let status = PersonStatus { user: user(turret), logged_on: true, dnd: false, busy: false };
        facts.person_statuses.insert(user(turret), status);
    }
    facts.groups =
        vec![IntercomGroup { group: "desk".into(), name: "Rates".into(), members: [1, 2, 3, 4].map(user).into() }];
    let about = LineFacts {
        line: LINE.into(),
        name: "A. Reyes, R. Lindt".into(),
        number: String::new(),
        kind: LineKind::Intercom,
        csrc: Csrc(1),
        record: RecordPolicy::On,
    };
    facts.lines.insert(LINE.into(), about);
    let callee = group.is_none().then(|| user(3 - caller));
    let call =
        IntercomCall { caller: user(caller), callee, group: group.map(Into::into), rings: false, latched: Vec::new() };
    let status = LineStatus {
        phase: LinePhase::Talking,
        parties: parties.iter().map(|turret| party(*turret)).collect(),
        talkers: vec![talker(caller)],
        intercom: Some(Box::new(call)),
        ..LineStatus::idle(LINE.into(), NOW)
    };
    facts.statuses.insert(LINE.into(), status);
    (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, ..Local::default() })
}

fn status(facts: &mut Facts) -> &mut LineStatus {
    facts.statuses.get_mut(&LineId::from(LINE)).unwrap()
}

fn rings(facts: &mut Facts) {
    let ring = Ring::new(RingPriority::Low, NOW, "A. Reyes".into());
    status(facts).ring = Some(ring);
}

fn lindt((facts, local): &(Facts, Local)) -> PersonView {
    project(facts, local).people.into_iter().find(|it| it.user == user(2)).unwrap()
}

fn groups((facts, local): &(Facts, Local)) -> Vec<GroupView> {
    project(facts, local).groups
}

#[test]
fn the_row_of_who_is_talked_with_says_who_hears_whom() {
    let mut world = world(1, None, &[1, 2]);
    assert_eq!((lindt(&world).words.as_str(), lindt(&world).lamp), ("Hears you", Lamp::InUseHere));
    status(&mut world.0).talkers.push(talker(2));
    assert_eq!(lindt(&world).words, "In a call with you");
    status(&mut world.0).talkers.remove(0);
    assert_eq!(lindt(&world).words, "Talks to you");
}

#[test]
fn a_call_that_waits_says_at_the_caller_why_and_at_the_callee_who_calls() {
    let mut waiting = world(1, None, &[1]);
    rings(&mut waiting.0);
    let words = |(dnd, busy): (bool, bool), world: &mut (Facts, Local)| {
        let it = world.0.person_statuses.get_mut(&user(2)).unwrap();
        (it.dnd, it.busy) = (dnd, busy);
        lindt(world).words
    };
    assert_eq!(words((true, true), &mut waiting), "DND · waits");
    assert_eq!(words((false, true), &mut waiting), "In a call · waits");
    assert_eq!(words((false, false), &mut waiting), "Rings there");
    let mut called = world(2, None, &[2]);
    rings(&mut called.0);
    assert_eq!((lindt(&called).words.as_str(), lindt(&called).lamp), ("Calls you", Lamp::RingingLow));
}

#[test]
fn int_3_the_talk_key_shows_whether_the_microphone_stays_open_and_when_it_closes_for_its_silence() {
    let mut world = world(1, None, &[1, 2]);
    let mic = |closes_at| OpenMic {
        uplink: Uplink::Mic,
        position: None,
        line: LINE.into(),
        since: NOW,
        hearers: 1,
        muted: false,
        closes_at,
    };
    world.0.mics = vec![mic(None)];
    assert_eq!(lindt(&world).talk, TalkView::Open);
    status(&mut world.0).intercom.as_mut().unwrap().latched = vec![TurretId(1)];
    assert_eq!(lindt(&world).talk, TalkView::Latched);
    world.0.mics = vec![mic(Some(NOW))];
    assert_eq!(lindt(&world).talk, TalkView::Closing);
}

#[test]
fn int_8_a_group_shows_its_size_and_in_its_call_how_many_hear_or_who_talks() {
    let mut idle = world(2, None, &[2]);
    status(&mut idle.0).parties.clear();
    let [row] = &groups(&idle)[..] else { panic!("one group") };
    assert_eq!((row.words.as_str(), row.size, row.lamp), ("Group · 3 people", 3, Lamp::Idle));
    let mine = &groups(&world(1, Some("desk"), &[1, 2, 3]))[0];
    assert_eq!((mine.words.as_str(), mine.lamp), ("2 people with you", Lamp::InUseHere));
    assert_eq!(groups(&world(3, Some("desk"), &[3, 1, 2]))[0].words, "D. Keane talks to you");
}

#[test]
fn int_8_a_call_to_picked_people_has_a_row_of_its_own_below_the_groups_and_nobodys_row_is_in_it() {
    let picked = world(2, Some(LINE), &[2, 1, 3]);
    let rows = groups(&picked);
    assert_eq!(rows.iter().map(|row| row.group.as_str()).collect::<Vec<_>>(), ["desk", LINE]);
    assert_eq!((rows[1].words.as_str(), rows[1].line.clone()), ("R. Lindt talks to you", Some(LINE.into())));
    assert_eq!(lindt(&picked).line, None);
}
