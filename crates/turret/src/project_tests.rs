//! What a panel must never show wrongly: a lamp, an open microphone, a talk key.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::mics::{PENDING, Pending};
use crate::view::{JoinableView, MicView, TalkView};
use dealerboard_model::{
    CallId, ConferenceId, ConferenceLine, ConferenceStatus, Csrc, Moment, Party, PersonStatus, RecordPolicy, Ring,
    RingPriority, TurretId, Uplink, UserId,
};
use dealerboard_wire::{Me, OpenMic, Person, TalkerLabel};
use tokio::time::Instant;
use uuid::Uuid;

fn at(utc_ms: i64) -> Moment {
    Moment { mono_us: 0, utc_ms }
}

fn party(turret: u32) -> Party {
    let (user, position) = (UserId::from("reyes"), Position::Left);
    Party::new(user, TurretId(turret), position, at(5))
}

fn mic(line: &str, uplink: Uplink) -> OpenMic {
    OpenMic { uplink, position: None, line: line.into(), since: at(5), hearers: 3, muted: false, closes_at: None }
}

fn whole() -> DeviceView {
    DeviceView { microphone: Some("Left handset".into()), ear: Some("Left handset".into()), trouble: String::new() }
}

/// A wire and a hoot on an otherwise empty panel, the link up.
fn world(change: impl FnOnce(&mut LineStatus)) -> (Facts, Local) {
    let mut facts = Facts { turret: Some(TurretId(1)), speakers: vec!["macro".into()], ..Facts::default() };
    for (line, kind) in [("calder", LineKind::Ard), ("macro", LineKind::Hoot)] {
        let (name, number) = (line.to_owned(), "4402".to_owned());
        let about = LineFacts { line: line.into(), name, number, kind, csrc: Csrc(1), record: RecordPolicy::On };
        facts.lines.insert(line.into(), about);
        facts.statuses.insert(line.into(), LineStatus::idle(line.into(), at(0)));
    }
    change(facts.statuses.get_mut(&LineId::from("calder")).unwrap());
    let devices = Position::ALL.map(|position| (position, whole())).into();
    (facts, Local { link: up(), devices, ..Local::default() })
}

fn up() -> LinkView {
    LinkView::Up { round_trip_ms: None, voice: true }
}

fn on_a_call() -> (Facts, Local) {
    let (mut facts, local) = world(|it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(1)]));
    facts.mics = vec![mic("calder", Uplink::Left)];
    (facts, local)
}

fn key(view: &View) -> &KeyView {
    view.keys.iter().find(|key| key.line.as_str() == "calder").unwrap()
}

fn left(view: &View) -> &PositionView {
    &view.positions[0]
}

#[test]
fn every_lamp_and_talk_key_is_stale_while_the_switch_is_lost() {
    let (facts, mut local) = on_a_call();
    local.link = LinkView::Lost { since_utc_ms: 7, retry_utc_ms: 8 };
    local.stale_since_utc_ms = Some(7);
    let view = project(&facts, &local);
    assert!(view.keys.iter().all(|key| key.lamp == Lamp::Stale && key.stale_since_utc_ms == Some(7)));
    assert!(view.channels.iter().all(|channel| channel.talk == TalkView::Stale && channel.lamp == Lamp::Stale));
}

#[test]
fn a_far_end_whose_turret_is_lost_is_shown_as_such() {
    let (mut facts, local) = on_a_call();
    facts.statuses.get_mut(&LineId::from("calder")).unwrap().far = dealerboard_model::FarEnd::LinkLost;
    assert_eq!(key(&project(&facts, &local)).words, "LINK LOST");
}

#[test]
fn log_1_a_line_that_my_other_turret_is_on_is_in_use_elsewhere_by_me_at_its_seat() {
    let (mut facts, local) = world(|it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(2)]));
    let (user, roles, csrc, turret) = (UserId::from("reyes"), Vec::new(), Csrc(9), TurretId(2));
    let [name, desk_name, seat] = ["A. Reyes", "Rates", "1"].map(str::to_owned);
    facts.me = Some(Me { user: user.clone(), name, desk: "rates".into(), desk_name, seat, roles });
    facts.talkers.insert(csrc, TalkerLabel { csrc, user, turret, seat: "4-12".into() });
    let view = project(&facts, &local);
    assert_eq!((key(&view).lamp, key(&view).words.as_str()), (Lamp::InUseElsewhere, "you at 4-12"));
    facts.statuses.values_mut().for_each(|it| it.parties.push(Party { user: "lindt".into(), ..party(3) }));
    assert_eq!(key(&project(&facts, &local)).words, "you at 4-12, lindt");
}

#[test]
fn before_a_log_on_no_lamp_is_lit() {
    let (mut facts, local) = on_a_call();
    facts.turret = None;
    assert_eq!(key(&project(&facts, &local)).lamp, Lamp::Stale);
}

#[test]
fn a_position_shows_its_microphone_open_only_while_it_is() {
    let (facts, mut local) = on_a_call();
    assert!(left(&project(&facts, &local)).mic_open);
    local.muted.mute(Position::Left, &facts, &local.mics);
    let view = project(&facts, &local);
    assert!(!left(&view).mic_open && left(&view).muted && view.header.mics.is_empty());
}

#[test]
fn a_microphone_on_its_way_is_shown_open() {
    let (facts, mut local) = world(|_| {});
    let (uplink, position) = (Uplink::Left, Position::Left);
    let until = Instant::now() + PENDING;
    let pending = Pending { line: Some("calder".into()), uplink, position, since_utc_ms: 7, until };
    local.mics.press(Uuid::from_u128(1), pending);
    let view = project(&facts, &local);
    assert!(left(&view).mic_open);
    let shown: Vec<_> = view.header.mics.iter().map(|mic| (mic.name.as_str(), mic.since_utc_ms, mic.muted)).collect();
    assert_eq!(shown, [("calder", 7, false)]);
}

#[test]
fn an_intercom_on_its_way_is_counted_in_the_header_by_the_name_of_who_is_called() {
    let (mut facts, mut local) = world(|_| {});
    facts.people =
        vec![Person { user: "lindt".into(), name: "R. Lindt".into(), desk_name: "Rates".into(), desk: None }];
    let (uplink, position, until) = (Uplink::Mic, Position::HandsFree, Instant::now() + PENDING);
    local.mics.press(Uuid::from_u128(1), Pending { line: None, uplink, position, since_utc_ms: 7, until });
    local.calls.ask(Uuid::from_u128(1), crate::calling::Whom::Person("lindt".into()), position, until);
    let mics = project(&facts, &local).header.mics;
    assert_eq!(mics.iter().map(|mic| (mic.line.clone(), mic.name.as_str())).collect::<Vec<_>>(), [(None, "R. Lindt")]);
}

#[test]
fn a_handset_is_shown_muted_from_the_moment_that_a_talk_key_is_down() {
    let (facts, mut local) = on_a_call();
    let (uplink, position, until) = (Uplink::Mic, Position::Speakers, Instant::now() + PENDING);
    let line = Some(LineId::from("macro"));
    local.mics.press(Uuid::from_u128(1), Pending { line, uplink, position, since_utc_ms: 7, until });
    local.talk.insert("macro".into(), TalkKey::Held);
    let mics = project(&facts, &local).header.mics;
    let shown: Vec<_> = mics.iter().map(|mic| (mic.name.as_str(), mic.muted)).collect();
    assert_eq!(shown, [("calder", true), ("macro", false)]);
}

#[test]
fn a_microphone_that_was_shut_here_is_not_shown_open_though_the_switch_lists_it() {
    let (facts, mut local) = on_a_call();
    local.mics.shut(&facts, &"calder".into(), false, Uuid::from_u128(1));
    let view = project(&facts, &local);
    assert!(!left(&view).mic_open && left(&view).mic_lapsed && view.header.mics.is_empty());
}

#[test]
fn a_microphone_that_outlives_the_switch_for_a_moment_is_listed() {
    let (mut facts, mut local) = on_a_call();
    local.link = LinkView::Lost { since_utc_ms: 7, retry_utc_ms: 8 };
    local.mics.lose(&mut facts, Instant::now());
    let view = project(&facts, &local);
    assert!(left(&view).mic_open && view.header.mics.len() == 1);
}

#[test]
fn every_position_says_what_its_device_lacks_in_a_call_as_well() {
    let (facts, mut local) = on_a_call();
    let trouble = "There is no microphone.".to_owned();
    local.devices = Position::ALL.map(|it| (it, DeviceView { trouble: trouble.clone(), ..whole() })).into();
    let view = project(&facts, &local);
    assert_eq!(view.positions.iter().map(|it| it.position).collect::<Vec<_>>(), Position::ALL);
    assert!(view.positions.iter().all(|it| it.device.trouble == trouble));
}

#[test]
fn a_talk_key_without_a_microphone_says_so() {
    let (facts, mut local) = world(|_| {});
    local.devices.get_mut(&Position::HandsFree).unwrap().microphone = None;
    assert_eq!(project(&facts, &local).channels[0].talk, TalkView::NoDevice);
}

#[test]
fn a_latch_that_will_close_says_when() {
    let (mut facts, mut local) = world(|_| {});
    facts.mics = vec![OpenMic { closes_at: Some(at(99)), ..mic("macro", Uplink::Mic) }];
    local.talk.insert("macro".into(), TalkKey::Latched);
    let view = project(&facts, &local);
    assert_eq!((view.channels[0].talk, view.channels[0].closes_utc_ms), (TalkView::Closing, Some(99)));
    for (hearers, words) in [(3, "3 hear you"), (1, "1 hears you"), (0, "nobody hears you")] {
        facts.mics[0].hearers = hearers;
        assert_eq!(project(&facts, &local).channels[0].words, words);
    }
}

#[test]
fn ring_2_the_first_to_answer_is_the_highest_priority_that_rings_longest() {
    let (mut facts, local) = world(|it| {
        it.ring = Some(Ring::new(RingPriority::Low, at(1), "Calder".into()));
    });
    let ring = Some(Ring::new(RingPriority::High, at(2), "Macro".into()));
    facts.statuses.get_mut(&LineId::from("macro")).unwrap().ring = ring;
    let lines: Vec<LineId> = project(&facts, &local).incoming.into_iter().map(|row| row.line).collect();
    assert_eq!(lines, ["macro".into(), "calder".into()]);
}

#[test]
fn a_recorder_that_fails_is_never_shown_as_all_recorded() {
    let (mut facts, local) = world(|_| {});
    facts.recorder = RecorderHealth::Failing { why: "disk full".into() };
    let shown = project(&facts, &local).header.recorder;
    assert_eq!((shown.state, shown.words.as_str()), (RecorderState::Failing, "Not recorded: disk full"));
}

#[test]
fn nothing_is_said_to_be_recorded_while_the_switch_is_not_reached() {
    let (mut facts, mut local) = on_a_call();
    facts.statuses.values_mut().for_each(|status| status.proof = Proof::Recorded);
    for link in [LinkView::LoggedOff, LinkView::Connecting, LinkView::Lost { since_utc_ms: 7, retry_utc_ms: 8 }] {
        local.link = link;
        let view = project(&facts, &local);
        let words = view.header.recorder.words.as_str();
        assert_eq!((view.header.recorder.state, words), (RecorderState::NotKnown, "Not known"));
        let proofs = view.keys.iter().map(|key| &key.proof).chain(view.channels.iter().map(|channel| &channel.proof));
        assert!(proofs.chain(view.positions.iter().map(|at| &at.proof)).all(|proof| *proof == Proof::Silent));
    }
}

#[test]
fn an_mrd_tells_that_its_far_end_waits_or_has_gone() {
    let (facts, local) = world(|it| it.far = dealerboard_model::FarEnd::Open);
    assert_eq!(key(&project(&facts, &local)).words, "FAR END OPEN");
    let (facts, local) = world(|it| {
        (it.phase, it.parties) = (LinePhase::Talking, vec![party(1)]);
        it.far = dealerboard_model::FarEnd::Gone;
    });
    assert_eq!(key(&project(&facts, &local)).words, "FAR END GONE");
}

#[test]
fn hold_is_offered_for_a_wire_and_not_for_an_intercom() {
    let (mut facts, local) = on_a_call();
    assert!(left(&project(&facts, &local)).can_hold);
    facts.lines.get_mut(&LineId::from("calder")).unwrap().kind = LineKind::Intercom;
    assert!(!left(&project(&facts, &local)).can_hold);
}

#[test]
fn the_speaker_channel_of_a_wire_says_who_is_on_it() {
    let words = |(mut facts, local): (Facts, Local)| {
        facts.speakers = vec!["calder".into()];
        project(&facts, &local).channels[0].words.clone()
    };
    assert_eq!(words(world(|_| {})), "quiet");
    assert_eq!(words(on_a_call()), "on Left");
    assert_eq!(words(world(|it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(2)]))), "reyes is on");
    assert_eq!(
        words(world(|it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(2), party(3)]))),
        "reyes +1 on"
    );
}

/// An intercom that I called and the other has not accepted, with my microphone open.
fn a_call_to_lindt() -> (Facts, Local) {
    let (mut facts, local) = on_a_call();
    let lindt = Person { user: "lindt".into(), name: "R. Lindt".into(), desk_name: "Rates".into(), desk: None };
    facts.lines.get_mut(&LineId::from("calder")).unwrap().kind = LineKind::Intercom;
    facts.lines.get_mut(&LineId::from("calder")).unwrap().name = "R. Lindt".into();
    let ring = Ring::new(RingPriority::Low, at(0), "A. Reyes".into());
    let status = facts.statuses.get_mut(&LineId::from("calder")).unwrap();
    (status.ring, status.call) = (Some(ring), Some(CallId(7)));
    facts
        .person_statuses
        .insert("lindt".into(), PersonStatus { user: "lindt".into(), logged_on: true, dnd: true, busy: false });
    facts.people.push(lindt);
    facts.me = Some(Me {
        user: "reyes".into(),
        name: "A. Reyes".into(),
        desk: "rates".into(),
        desk_name: "Rates".into(),
        seat: "1".into(),
        roles: Vec::new(),
    });
    (facts, local)
}

#[test]
fn a_call_of_mine_that_is_not_accepted_yet_says_so_and_is_nobody_who_calls_me() {
    let (facts, local) = a_call_to_lindt();
    let view = project(&facts, &local);
    assert_eq!(view.people[0].words, "DND · waits");
    assert_eq!(view.incoming, []);
}

#[test]
fn the_talk_key_of_an_intercom_is_not_open_while_its_microphone_is_muted() {
    let (facts, mut local) = a_call_to_lindt();
    assert_eq!(project(&facts, &local).people[0].talk, TalkView::Open);
    local.muted.mute(Position::Left, &facts, &local.mics);
    assert_eq!(project(&facts, &local).people[0].talk, TalkView::Closed);
}

/// Users at turrets 2, 3 and so on, who are on the wire, and the names that their keys show.
fn in_use_by(users: &[&str]) -> (Facts, Local) {
    let parties = (2..).zip(users).map(|(turret, user)| Party { user: UserId::from(*user), ..party(turret) });
    let (mut facts, local) = world(|it| (it.phase, it.parties) = (LinePhase::Talking, parties.collect()));
    for (user, name) in [("lindt", "R. Lindt"), ("marsh", "J. Marsh"), ("okoro", "T. Okoro")] {
        facts.people.push(Person { user: user.into(), name: name.into(), desk_name: "Rates".into(), desk: None });
    }
    (facts, local)
}

#[test]
fn brg_1_a_key_in_use_elsewhere_shows_one_or_two_names_and_above_that_a_count() {
    let words = |users: &[&str]| {
        let (facts, local) = in_use_by(users);
        key(&project(&facts, &local)).words.clone()
    };
    assert_eq!(words(&["lindt"]), "R. Lindt");
    assert_eq!(words(&["lindt", "marsh"]), "Lindt, Marsh");
    assert_eq!(words(&["lindt", "marsh", "okoro"]), "3 on line");
}

#[test]
fn i20_a_key_names_once_each_who_is_on_its_line_holds_it_or_talks_there() {
    let (mut facts, local) = in_use_by(&["lindt"]);
    let status = facts.statuses.get_mut(&LineId::from("calder")).unwrap();
    status.holders = vec![Party { user: "marsh".into(), ..party(3) }];
    let talker =
        |user: &str, turret| dealerboard_model::Talker { user: user.into(), turret: TurretId(turret), since: at(5) };
    status.talkers = vec![talker("lindt", 2), talker("okoro", 4)];
    assert_eq!(key(&project(&facts, &local)).who, ["R. Lindt", "J. Marsh", "T. Okoro"]);
}

/// This turret has `calder` and `fenmoor` joined at the left handset; it has added `fenmoor`.
fn in_a_conference() -> (Facts, Local) {
    let (mut facts, local) = on_a_call();
    let about =
        LineFacts { line: "fenmoor".into(), name: "fenmoor".into(), ..facts.lines[&LineId::from("calder")].clone() };
    let lines = [("calder", "marsh"), ("fenmoor", "reyes")];
    let lines = lines.map(|(line, by)| ConferenceLine { line: line.into(), name: line.into(), by: by.into() });
    let conference = Some(ConferenceStatus { id: ConferenceId(1), lines: lines.into(), unattended: false });
    let calder = facts.statuses.get_mut(&LineId::from("calder")).unwrap();
    calder.conference = conference.clone();
    let fenmoor = LineStatus { line: "fenmoor".into(), call: Some(CallId(4)), ..calder.clone() };
    facts.lines.insert("fenmoor".into(), about);
    facts.statuses.insert("fenmoor".into(), fenmoor);
    facts.mics.push(mic("fenmoor", Uplink::Left));
    facts.me = Some(Me {
        user: "reyes".into(),
        name: "A. Reyes".into(),
        desk: "london".into(),
        desk_name: "London".into(),
        seat: String::new(),
        roles: Vec::new(),
    });
    (facts, local)
}

#[test]
fn cnf_3_a_handset_names_every_line_of_its_conference_and_only_what_i_added_can_be_removed() {
    let (facts, local) = in_a_conference();
    let view = project(&facts, &local);
    assert_eq!(left(&view).name, "calder + fenmoor");
    let removable: Vec<_> = left(&view).joined.iter().map(|it| (it.name.as_str(), it.removable)).collect();
    assert_eq!(removable, [("calder", false), ("fenmoor", true)]);
    assert_eq!(key(&view).words, "Left · 2 joined");
}

#[test]
fn cnf_3_one_microphone_towards_a_conference_is_listed_once_with_all_its_lines() {
    let (facts, local) = in_a_conference();
    let names: Vec<_> = project(&facts, &local).header.mics.into_iter().map(|it: MicView| it.name).collect();
    assert_eq!(names, ["calder + fenmoor"]);
}

#[test]
fn cnf_1_a_call_that_i_hold_can_be_joined_and_one_of_the_same_conference_cannot() {
    let (mut facts, local) = in_a_conference();
    assert_eq!(left(&project(&facts, &local)).joinable, []);
    for line in ["calder", "fenmoor"] {
        facts.statuses.get_mut(&LineId::from(line)).unwrap().conference = None;
    }
    let held = facts.statuses.get_mut(&LineId::from("fenmoor")).unwrap();
    (held.phase, held.holders) = (LinePhase::Held, std::mem::take(&mut held.parties));
    let joinable = JoinableView { line: "fenmoor".into(), name: "fenmoor".into(), call: CallId(4) };
    assert_eq!(left(&project(&facts, &local)).joinable, [joinable]);
}

#[test]
fn hold_7_a_call_that_waits_for_long_rings_with_the_name_of_who_holds_it_and_goes_before_new_ones() {
    let (mut facts, local) = world(|it| {
        let ring = Ring { recall: true, ..Ring::new(RingPriority::Low, at(9), "T. Marsh".into()) };
        (it.phase, it.holders, it.ring) = (LinePhase::Held, vec![party(2)], Some(ring));
    });
    let new = Ring::new(RingPriority::High, at(1), "Far".into());
    facts.statuses.get_mut(&LineId::from("macro")).unwrap().ring = Some(new);
    let view = project(&facts, &local);
    assert_eq!(key(&view).words, "ON HOLD · Marsh");
    let rows: Vec<_> = view.incoming.iter().map(|row| (row.name.as_str(), row.words.as_str())).collect();
    assert_eq!(rows[0], ("calder", "On hold by T. Marsh"));
}

#[test]
fn prv_1_a_private_line_is_locked_elsewhere_and_says_so() {
    let (facts, local) = world(|it| {
        let owner = Party { private: true, ..party(2) };
        (it.phase, it.parties) = (LinePhase::Talking, vec![owner]);
    });
    let view = project(&facts, &local);
    assert_eq!((key(&view).lamp, key(&view).locked), (Lamp::InUseElsewhere, true));
    assert_eq!(key(&view).words, "reyes · private");
}

#[test]
fn sup_1_only_a_supervisor_is_offered_to_enter_a_call() {
    let (mut facts, local) = in_a_conference();
    facts.turret = Some(TurretId(7));
    assert!(!key(&project(&facts, &local)).can_override);
    facts.me.as_mut().unwrap().roles = vec![Role::Supervisor];
    assert!(key(&project(&facts, &local)).can_override);
}

/// The hoot is at the left handset, where this turret listens.
fn listening() -> (Facts, Local) {
    let (mut facts, local) = world(|_| {});
    let hoot = facts.statuses.get_mut(&LineId::from("macro")).unwrap();
    (hoot.parties, hoot.hearers, hoot.call) = (vec![party(1)], 4, Some(CallId(3)));
    (facts, local)
}

#[test]
fn hot_6_a_hoot_at_a_handset_shows_its_talk_key_there_and_nothing_that_a_call_has() {
    let (facts, local) = listening();
    let view = project(&facts, &local);
    let at = left(&view);
    assert_eq!((at.name.as_str(), at.words.as_str(), at.talk), ("macro", "4 on · quiet", Some(TalkView::Closed)));
    assert!(!at.can_hold && !at.can_private && !at.can_transfer && at.joinable.is_empty() && !at.mic_lapsed);
    assert!(at.can_speakers);
    assert_eq!(view.channels[0].words, "on Left · quiet");
}

#[test]
fn hot_6_the_handset_of_a_hoot_is_shown_open_while_its_key_talks() {
    let (mut facts, mut local) = listening();
    facts.mics = vec![OpenMic { position: Some(Position::Speakers), ..mic("macro", Uplink::Left) }];
    local.talk.insert("macro".into(), TalkKey::Held);
    let view = project(&facts, &local);
    assert_eq!((left(&view).mic_open, left(&view).talk), (true, Some(TalkView::Open)));
    assert_eq!(view.header.mics.iter().map(|mic| mic.position).collect::<Vec<_>>(), [Position::Left]);
}

#[test]
fn hot_6_an_open_handset_that_was_shut_says_so_and_has_no_talk_key() {
    let (mut facts, local) = listening();
    facts.open_handsets.insert("macro".into());
    assert!(left(&project(&facts, &local)).mic_lapsed && left(&project(&facts, &local)).talk.is_none());
    facts.rights.insert("macro".into(), Right::Listen);
    assert!(!left(&project(&facts, &local)).mic_lapsed, "who may only listen has nothing to open");
}

#[test]
fn hot_6_who_listens_at_a_handset_is_not_named_on_the_key_and_who_talks_is() {
    let (mut facts, local) = listening();
    let hoot = facts.statuses.get_mut(&LineId::from("macro")).unwrap();
    hoot.parties.push(Party { user: "lindt".into(), ..party(2) });
    let words = |facts: &Facts| {
        let view = project(facts, &local);
        view.keys.into_iter().find(|key| key.line.as_str() == "macro").unwrap().words
    };
    assert_eq!(words(&facts), "Left");
    let talker = dealerboard_model::Talker { user: "lindt".into(), turret: TurretId(2), since: at(5) };
    facts.statuses.get_mut(&LineId::from("macro")).unwrap().talkers.push(talker);
    assert_eq!(words(&facts), "Left · lindt");
}

#[test]
fn the_speakers_show_no_open_microphone_while_a_hands_free_call_has_theirs() {
    let (mut facts, local) = world(|it| {
        (it.phase, it.parties) = (LinePhase::Talking, vec![Party { position: Position::HandsFree, ..party(1) }]);
    });
    facts.mics = vec![mic("calder", Uplink::Mic)];
    let open = project(&facts, &local).positions.into_iter().filter(|at| at.mic_open).map(|at| at.position);
    assert_eq!(open.collect::<Vec<_>>(), [Position::HandsFree]);
}
