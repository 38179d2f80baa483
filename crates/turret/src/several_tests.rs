//! The talk key of several lines: what it asks for, what is open, and what is shown of it.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::mics::{open, shown};
use crate::press::{Deed, LocalDeed, deeds};
use crate::project::project;
use crate::view::{ChannelGroupView, DeviceView, Intent, TalkView};
use dealerboard_model::{
    BroadcastLine, BroadcastStatus, Csrc, LeftOut, LineFacts, LineKind, LineStatus, Moment, RecordPolicy, Talker,
    TurretId, Uplink,
};
use dealerboard_wire::{ChannelGroup, OpenMic};

const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

/// Three hoots on the speakers, the first two a group.
fn world() -> (Facts, Local) {
    let lines = ["macro", "rates", "sterling"];
    let mut facts = Facts { turret: Some(TurretId(1)), takes_broadcasts: true, ..Facts::default() };
    for (label, line) in (1..).zip(lines) {
        let (name, kind) = (line.to_uppercase(), LineKind::Hoot);
        let (number, record) = (String::new(), RecordPolicy::On);
        let about = LineFacts { line: line.into(), name, number, kind, csrc: Csrc(label), record };
        facts.lines.insert(line.into(), about);
        facts.statuses.insert(line.into(), LineStatus::idle(line.into(), NOW));
        facts.speakers.push(line.into());
    }
    facts.channel_groups = vec![ChannelGroup { name: "Both".into(), lines: vec!["macro".into(), "rates".into()] }];
    let device = DeviceView { microphone: Some("Mic".into()), ear: Some("Ear".into()), trouble: String::new() };
    let devices = Position::ALL.map(|position| (position, device.clone())).into();
    (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, devices, ..Local::default() })
}

fn lines(all: &[&str]) -> Vec<LineId> {
    all.iter().map(|line| LineId::from(*line)).collect()
}

fn listed(facts: &mut Facts, all: &[&str]) {
    let mic = |line: &&str| OpenMic {
        uplink: Uplink::Mic,
        position: Some(Position::Speakers),
        line: LineId::from(*line),
        since: NOW,
        hearers: 2,
        muted: false,
        closes_at: None,
    };
    facts.mics = all.iter().map(mic).collect();
}

/// The group is talked to, and the switch lists both of its lines.
fn talking() -> (Facts, Local) {
    let (mut facts, mut local) = world();
    local.several.press(Uuid::from_u128(1), &lines(&["macro", "rates"]), true);
    local.several.done(Uuid::from_u128(1));
    listed(&mut facts, &["macro", "rates"]);
    let line = |line: &str| BroadcastLine { line: line.into(), opened: false };
    let status = BroadcastStatus { lines: vec![line("macro"), line("rates")], left_out: Vec::new() };
    facts.broadcast = Some(status);
    (facts, local)
}

fn pressed((facts, local): &(Facts, Local), intent: &Intent) -> Vec<Deed> {
    deeds(intent, facts, local)
}

fn group(world: &(Facts, Local)) -> ChannelGroupView {
    project(&world.0, &world.1).channel_groups.remove(0)
}

fn asks(all: &[&str], on: bool, latched: bool) -> Vec<Deed> {
    vec![Deed::Act(Act::Broadcast { lines: lines(all), on, latched })]
}

#[test]
fn brc_1_a_groups_key_asks_for_the_lines_that_this_turret_shows_in_it() {
    let key = |on, latched| Intent::GroupBroadcast { group: "Both".into(), on, latched };
    assert_eq!(pressed(&world(), &key(true, false)), asks(&["macro", "rates"], true, false));
    assert_eq!(pressed(&talking(), &key(false, false)), asks(&["macro", "rates"], false, false));
    let other = Intent::GroupBroadcast { group: "Nobody".into(), on: true, latched: false };
    assert!(matches!(pressed(&world(), &other).as_slice(), [Deed::Refuse(_)]));
}

#[test]
fn a_key_of_several_lines_without_a_microphone_or_at_an_older_switch_is_refused_here() {
    let key = Intent::Broadcast { lines: lines(&["macro", "rates"]), on: true, latched: false };
    let mut older = world();
    older.0.takes_broadcasts = false;
    let mut mute = world();
    mute.1.devices.get_mut(&Position::HandsFree).unwrap().microphone = None;
    for world in [older, mute] {
        assert!(matches!(pressed(&world, &key).as_slice(), [Deed::Refuse(_)]));
    }
}

#[test]
fn spk_5_the_one_mute_of_a_group_mutes_each_of_its_channels_for_ones_own_ears() {
    let mute = |line: &str| Deed::Local(LocalDeed::ChannelMute { line: line.into(), on: true });
    let key = Intent::GroupMute { group: "Both".into(), on: true };
    assert_eq!(pressed(&world(), &key), [mute("macro"), mute("rates")]);
    let mut world = world();
    world.1.channels.entry("macro".into()).or_default().muted = true;
    assert!(!group(&world).muted);
    world.1.channels.entry("rates".into()).or_default().muted = true;
    assert!(group(&world).muted);
}

#[test]
fn brc_4_a_line_is_added_or_dropped_while_a_key_of_several_is_down_and_at_no_other_time() {
    let add = Intent::BroadcastLine { line: "sterling".into(), on: true };
    assert_eq!(pressed(&talking(), &add), [Deed::Act(Act::BroadcastLine { line: "sterling".into(), on: true })]);
    assert!(matches!(pressed(&world(), &add).as_slice(), [Deed::Refuse(_)]));
}

#[test]
fn spk_6_a_held_key_of_several_lines_is_let_go_with_the_focus_and_a_latched_one_is_not() {
    let mut held = talking();
    held.1.several.press(Uuid::from_u128(2), &lines(&["macro", "rates"]), false);
    assert_eq!(pressed(&held, &Intent::FocusLost), asks(&["macro", "rates"], false, false));
    assert_eq!(pressed(&talking(), &Intent::FocusLost), []);
    let closed = pressed(&talking(), &Intent::CloseAll);
    assert!(closed.contains(&asks(&["macro", "rates"], false, false)[0]));
    assert!(!closed.iter().any(|deed| matches!(deed, Deed::Act(Act::Talk { .. }))), "{closed:?}");
}

#[test]
fn brc_1_the_header_counts_one_microphone_with_what_its_key_talks_to() {
    let (facts, local) = talking();
    assert_eq!(open(&facts, &local).len(), 2);
    let mics = project(&facts, &local).header.mics;
    assert_eq!((mics.len(), mics[0].name.as_str(), mics[0].hearers), (1, "Both · 2 lines", 4));
}

#[test]
fn brc_3_a_group_shows_how_many_hear_and_who_is_left_out() {
    let mut world = talking();
    let status = world.0.broadcast.as_mut().unwrap();
    status.lines.truncate(1);
    status.left_out = vec![LeftOut { line: "rates".into(), sentence: "You may only listen on RATES.".into() }];
    let shown = group(&world);
    assert_eq!((shown.talk, shown.words.as_str()), (TalkView::Latched, "1 of 2 hears you"));
    assert_eq!((shown.left_out[0].name.as_str(), shown.left_out.len()), ("RATES", 1));
    assert_eq!(shown.hear, lines(&["macro"]));
}

#[test]
fn a_group_that_is_silent_names_who_talks_on_one_of_its_lines() {
    let mut world = world();
    assert_eq!(group(&world).words, "2 lines");
    let talker = Talker { user: "lindt".into(), turret: TurretId(2), since: NOW };
    world.0.statuses.get_mut(&LineId::from("rates")).unwrap().talkers = vec![talker];
    assert_eq!(group(&world).words, "lindt · RATES");
}

#[test]
fn lines_that_were_picked_are_shown_beside_the_groups_while_they_are_talked_to() {
    let (mut facts, mut local) = world();
    local.several.press(Uuid::from_u128(1), &lines(&["macro", "sterling"]), false);
    listed(&mut facts, &["macro", "sterling"]);
    let view = project(&facts, &local);
    let last = view.channel_groups.last().unwrap();
    assert_eq!((last.group.as_ref(), last.talk, view.channel_groups.len()), (None, TalkView::Open, 2));
    let grouped = view.channels.iter().filter(|channel| channel.grouped).map(|channel| channel.line.as_str());
    assert_eq!(grouped.collect::<Vec<_>>(), ["macro", "sterling"]);
}

#[test]
fn brc_4_no_word_for_one_line_is_heard_by_the_others_of_the_group_that_gave_way() {
    let (mut facts, mut local) = talking();
    let id = Uuid::from_u128(2);
    local.several.give_way(id);
    local.talk.insert("macro".into(), TalkKey::Latched);
    assert_eq!(open(&facts, &local), [], "the switch still lists the other line");
    local.several.done(id);
    local.several.settle(&facts);
    assert_eq!(open(&facts, &local), []);
    listed(&mut facts, &["macro"]);
    local.several.settle(&facts);
    assert_eq!(open(&facts, &local).len(), 1);
}

#[test]
fn a_key_that_gave_way_goes_on_where_the_other_one_is_refused() {
    let (facts, mut local) = talking();
    let id = Uuid::from_u128(2);
    local.several.give_way(id);
    let talk = Act::Talk { line: "sterling".into(), on: true, latched: false };
    assert!(!local.several.refused(id, Some(&talk)));
    assert_eq!((shown(&facts, &local).len(), open(&facts, &local).len()), (2, 2));
}

#[test]
fn a_refused_key_of_several_lines_says_so_for_two_seconds_and_is_shut() {
    let (facts, mut local) = world();
    let id = Uuid::from_u128(1);
    local.several.press(id, &lines(&["macro", "rates"]), false);
    let act = Act::Broadcast { lines: lines(&["macro", "rates"]), on: true, latched: false };
    assert!(local.several.refused(id, Some(&act)));
    assert_eq!(group(&(facts.clone(), local.clone())).talk, TalkView::Refused);
    assert!(local.several.on_tick(Instant::now() + PENDING));
    assert_eq!(group(&(facts, local)).talk, TalkView::Closed);
}

#[test]
fn brc_4_the_last_line_that_hears_lets_the_key_go_when_it_is_dropped() {
    let (mut facts, mut local) = talking();
    local.several.drop_line(&"macro".into(), &facts);
    assert!(local.several.talks_to(&"rates".into()) && !local.several.talks_to(&"macro".into()));
    listed(&mut facts, &["rates"]);
    local.several.drop_line(&"rates".into(), &facts);
    assert!(local.several.down().is_none());
}

#[test]
fn i3_a_key_of_several_lines_that_is_let_go_shuts_no_line_that_it_was_not_meant_for() {
    let (_, mut local) = talking();
    assert!(local.several.let_go(&lines(&["macro", "sterling"])).is_empty(), "another key is down");
    assert!(local.several.talks_to(&"macro".into()));
    let meant = local.several.let_go(&lines(&["macro", "rates"]));
    assert_eq!(meant.into_iter().collect::<Vec<_>>(), lines(&["macro", "rates"]));
    assert!(local.several.let_go(&lines(&["macro", "rates"])).is_empty(), "no key is down");
}

#[test]
fn what_gave_way_to_a_press_that_has_no_answer_is_shut_at_the_switch() {
    let (_, mut local) = talking();
    local.several.give_way(Uuid::from_u128(2));
    assert_eq!(local.several.unanswered(Uuid::from_u128(3)), None);
    assert_eq!(local.several.unanswered(Uuid::from_u128(2)), Some(lines(&["macro", "rates"])));
}
