//! What each press means, as sentences.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::view::DeviceView;
use dealerboard_model::{
    Csrc, LineFacts, LineKind, Moment, Party, RecordPolicy, Ring, RingPriority, Talker, TurretId, UserId,
};
use dealerboard_wire::SecondPress;
use tokio::time::Instant;
use uuid::Uuid;

const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

fn party(turret: u32) -> Party {
    Party::new(UserId::from("reyes"), TurretId(turret), Position::Left, NOW)
}

fn world(kind: LineKind, change: impl FnOnce(&mut LineStatus)) -> (Facts, Local) {
    let line = LineId::from("calder");
    let mut facts = Facts { turret: Some(TurretId(1)), ..Facts::default() };
    let mut status = LineStatus { call: Some(CallId(3)), ..LineStatus::idle(line.clone(), NOW) };
    change(&mut status);
    facts.statuses.insert(line.clone(), status);
    let (name, number) = ("Calder".to_owned(), "4402".to_owned());
    let about = LineFacts { line: line.clone(), name, number, kind, csrc: Csrc(1), record: RecordPolicy::On };
    facts.lines.insert(line, about);
    let mic = DeviceView { microphone: Some("Mic".into()), ear: Some("Ear".into()), trouble: String::new() };
    let devices = Position::ALL.map(|position| (position, mic.clone())).into();
    (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, devices, ..Local::default() })
}

fn pressed(world: &(Facts, Local), call: Option<u32>) -> Vec<Deed> {
    pressed_as(world, call, None)
}

fn pressed_as((facts, local): &(Facts, Local), call: Option<u32>, lamp: Option<Lamp>) -> Vec<Deed> {
    deeds(&Intent::Press { line: "calder".into(), call: call.map(CallId), lamp, position: None }, facts, local)
}

fn is_refused(deeds: &[Deed]) -> bool {
    matches!(deeds, [Deed::Refuse(_)])
}

fn ring(status: &mut LineStatus) {
    status.ring = Some(Ring::new(RingPriority::High, NOW, "Calder".into()));
}

fn answer() -> Vec<Deed> {
    act(Act::Answer { line: "calder".into(), call: CallId(3), position: Position::Left, private: false })
}

#[test]
fn a_press_on_an_idle_line_seizes_it_at_the_left_handset() {
    let world = world(LineKind::Ard, |it| it.call = None);
    assert_eq!(
        pressed(&world, None),
        act(Act::Seize { line: "calder".into(), position: Position::Left, private: false })
    );
}

#[test]
fn a_press_on_a_ringing_line_answers_it() {
    assert_eq!(pressed(&world(LineKind::Ard, ring), Some(3)), answer());
}

#[test]
fn pos_5_a_press_on_a_line_that_is_here_selects_it_and_lets_it_go_only_where_its_user_wishes_that() {
    let mut world = world(LineKind::Ard, |it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(1)]));
    assert_eq!(pressed(&world, Some(3)), [Deed::Local(LocalDeed::Select(Position::Left))]);
    world.0.second_press = SecondPress::Release;
    assert_eq!(pressed(&world, Some(3)), act(Act::Release { line: "calder".into() }));
    assert!(is_refused(&pressed_as(&world, None, Some(Lamp::Idle))), "the second press of two that meant to seize it");
    world.0.second_press = SecondPress::Hold;
    assert_eq!(pressed(&world, Some(3)), act(Act::Hold { line: "calder".into(), exclusive: false }));
}

#[test]
fn log_2_a_press_on_a_line_that_my_other_turret_is_on_takes_it_over() {
    let mut world = world(LineKind::Ard, |it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(2)]));
    assert!(matches!(&pressed(&world, Some(3))[..], [Deed::Act(Act::Bridge { .. })]), "a colleague's");
    let [name, desk_name, seat] = ["A. Reyes", "Rates", "1"].map(str::to_owned);
    let (user, roles) = (UserId::from("reyes"), Vec::new());
    world.0.me = Some(dealerboard_wire::Me { user, name, desk: "rates".into(), desk_name, seat, roles });
    let take = act(Act::TakeOver { line: "calder".into(), call: CallId(3), position: Position::Left });
    assert_eq!(pressed(&world, Some(3)), take);
}

#[test]
fn mov_1_a_call_moves_to_a_position_that_has_a_device_and_to_no_other() {
    let mut world = world(LineKind::Ard, |it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(1)]));
    let go = |world: &(Facts, Local), position| {
        deeds(&Intent::Move { line: "calder".into(), call: None, position }, &world.0, &world.1)
    };
    let moved = |position| act(Act::Move { line: "calder".into(), call: CallId(3), position });
    assert_eq!(go(&world, Position::Right), moved(Position::Right));
    world.1.devices.get_mut(&Position::Right).unwrap().microphone = None;
    assert!(is_refused(&go(&world, Position::Right)));
    world.1.devices.get_mut(&Position::Speakers).unwrap().microphone = None;
    assert_eq!(go(&world, Position::Speakers), moved(Position::Speakers));
    world.0.statuses.values_mut().for_each(|it| it.parties.clear());
    assert!(is_refused(&go(&world, Position::HandsFree)), "it is not here");
}

#[test]
fn all_1_a_line_seen_idle_that_rings_by_now_is_answered() {
    assert_eq!(pressed(&world(LineKind::Ard, ring), None), answer());
}

#[test]
fn all_1_a_press_on_another_call_than_the_one_seen_is_refused() {
    assert!(matches!(&pressed(&world(LineKind::Ard, ring), Some(2))[..], [Deed::Refuse(_)]));
}

#[test]
fn a_press_on_a_held_line_resumes_it() {
    let world = world(LineKind::Ard, |it| it.holders = vec![party(2)]);
    assert!(matches!(&pressed(&world, Some(3))[..], [Deed::Act(Act::Resume { .. })]));
}

#[test]
fn a_press_on_a_line_in_use_elsewhere_bridges() {
    let world = world(LineKind::Ard, |it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(2)]));
    assert!(matches!(&pressed(&world, Some(3))[..], [Deed::Act(Act::Bridge { .. })]));
}

#[test]
fn pos_5_a_press_on_a_line_in_use_here_selects_its_position() {
    let world = world(LineKind::Ard, |it| it.parties = vec![party(1)]);
    assert_eq!(pressed(&world, Some(3)), vec![Deed::Local(LocalDeed::Select(Position::Left))]);
}

#[test]
fn spk_1_a_press_on_a_hoot_latches_its_talk_key() {
    let talker = Talker { user: UserId::from("marsh"), turret: TurretId(2), since: NOW };
    let world = world(LineKind::Hoot, |it| it.talkers = vec![talker]);
    assert_eq!(pressed(&world, Some(3)), act(Act::Talk { line: "calder".into(), on: true, latched: true }));
}

#[test]
fn nothing_can_be_pressed_while_the_switch_is_lost() {
    let mut world = world(LineKind::Ard, ring);
    world.1.link = LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 };
    assert_eq!(pressed(&world, Some(3)), refuse(UNREACHABLE));
}

#[test]
fn all_1_a_press_meant_to_answer_never_becomes_a_bridge() {
    let world = world(LineKind::Ard, |it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(2)]));
    let sentence = "reyes answered Calder first; press again to join them.";
    assert_eq!(pressed_as(&world, Some(3), Some(Lamp::RingingHigh)), refuse(sentence));
}

#[test]
fn all_1_a_press_meant_to_resume_never_becomes_a_bridge() {
    let world = world(LineKind::Ard, |it| it.parties = vec![party(2)]);
    assert!(is_refused(&pressed_as(&world, Some(3), Some(Lamp::HeldElsewhere))));
}

#[test]
fn a_press_meant_to_bridge_does_not_take_a_line_that_was_held_meanwhile() {
    let world = world(LineKind::Ard, |it| it.holders = vec![party(2)]);
    assert!(is_refused(&pressed_as(&world, Some(3), Some(Lamp::InUseElsewhere))));
}

#[test]
fn a_press_on_a_key_that_was_stale_is_refused() {
    let world = world(LineKind::Ard, |it| it.call = None);
    assert!(is_refused(&pressed_as(&world, None, Some(Lamp::Stale))));
}

#[test]
fn a_line_seen_idle_that_rings_by_now_is_answered_whatever_was_seen_of_its_call() {
    assert_eq!(pressed_as(&world(LineKind::Ard, ring), None, Some(Lamp::Idle)), answer());
}

#[test]
fn a_ring_of_another_priority_is_answered_as_the_same_ring() {
    assert_eq!(pressed_as(&world(LineKind::Ard, ring), Some(3), Some(Lamp::RingingLow)), answer());
}

#[test]
fn a_press_meant_to_end_a_talk_on_a_hoot_does_not_begin_another() {
    let off = act(Act::Talk { line: "calder".into(), on: false, latched: false });
    assert_eq!(pressed_as(&world(LineKind::Hoot, |_| {}), Some(3), Some(Lamp::InUseHere)), off);
}

#[test]
fn a_release_is_taken_while_the_switch_is_lost() {
    let (facts, mut local) = world(LineKind::Ard, |it| it.parties = vec![party(1)]);
    local.link = LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 };
    let release = act(Act::Release { line: "calder".into() });
    assert_eq!(deeds(&Intent::Release { position: Position::Left }, &facts, &local), release);
}

#[test]
fn muting_hands_free_lets_the_talk_keys_go_that_share_its_microphone() {
    let (facts, mut local) = world(LineKind::Hoot, |_| {});
    local.talk = [("calder".into(), TalkKey::Latched)].into();
    let mute = Intent::Mute { position: Position::HandsFree, on: true };
    let off = Deed::Act(Act::Talk { line: "calder".into(), on: false, latched: false });
    assert!(deeds(&mute, &facts, &local).contains(&off));
}

#[test]
fn spk_6_losing_focus_shuts_held_keys_and_leaves_latched_ones() {
    let (facts, mut local) = world(LineKind::Hoot, |_| {});
    local.talk = [("calder".into(), TalkKey::Held), ("macro".into(), TalkKey::Latched)].into();
    let shut = act(Act::Talk { line: "calder".into(), on: false, latched: false });
    assert_eq!(deeds(&Intent::FocusLost, &facts, &local), shut);
}

#[test]
fn a_hold_of_an_empty_position_is_refused() {
    let (facts, local) = world(LineKind::Ard, |_| {});
    let hold = Intent::Hold { position: Position::Right, exclusive: false };
    assert!(matches!(&deeds(&hold, &facts, &local)[..], [Deed::Refuse(_)]));
}

/// An intercom with `lindt` on its way, and the id of its command.
fn calling() -> (Facts, Local, Uuid) {
    let ((facts, mut local), id) = (world(LineKind::Ard, |_| {}), Uuid::from_u128(1));
    local.calls.ask(id, Whom::Person("lindt".into()), Position::HandsFree, Instant::now());
    (facts, local, id)
}

#[test]
fn a_colleague_who_is_pressed_again_while_the_call_is_on_its_way_is_not_talked_to() {
    let (facts, mut local, id) = calling();
    let press = Intent::Intercom { user: "lindt".into(), lamp: None };
    assert_eq!(deeds(&press, &facts, &local), [Deed::Local(LocalDeed::TakeBack(id))]);
    local.calls.take_back(id);
    assert!(is_refused(&deeds(&press, &facts, &local)));
}

#[test]
fn a_release_of_hands_free_ends_an_intercom_on_its_way_while_the_switch_is_lost_too() {
    let (facts, mut local, id) = calling();
    let release = Intent::Release { position: Position::HandsFree };
    assert_eq!(deeds(&release, &facts, &local), [Deed::Local(LocalDeed::TakeBack(id))]);
    local.link = LinkView::Lost { since_utc_ms: 0, retry_utc_ms: 0 };
    assert_eq!(deeds(&release, &facts, &local), [Deed::Local(LocalDeed::TakeBack(id))]);
}

#[test]
fn pos_1_a_busy_left_handset_gives_way_to_a_free_right_one() {
    let (facts, local) = world(LineKind::Ard, |it| it.parties = vec![party(1)]);
    assert_eq!(landing(None, &facts, &local), Position::Right);
}

#[test]
fn a_hold_of_what_still_rings_is_refused_here_and_shuts_nothing() {
    let hold = Intent::Hold { position: Position::Left, exclusive: false };
    let (facts, local) = world(LineKind::Ard, |it| (it.phase, it.parties) = (LinePhase::Calling, vec![party(1)]));
    assert!(is_refused(&deeds(&hold, &facts, &local)));
    let (facts, local) = world(LineKind::Ard, |it| (it.phase, it.parties) = (LinePhase::Talking, vec![party(1)]));
    assert_eq!(deeds(&hold, &facts, &local), act(Act::Hold { line: "calder".into(), exclusive: false }));
}

#[test]
fn a_talk_key_without_a_microphone_is_refused_with_words_and_can_still_be_let_go() {
    let (facts, mut local) = world(LineKind::Hoot, |_| {});
    local.devices.clear();
    let talk = |on| Intent::Talk { line: "calder".into(), on, latched: false };
    assert_eq!(deeds(&talk(true), &facts, &local), refuse(hoots::NO_MICROPHONE));
    assert!(!is_refused(&deeds(&talk(false), &facts, &local)));
}

#[test]
fn the_speakers_have_no_microphone_to_choose_and_everything_else_is_chosen_without_a_switch() {
    let (facts, mut local) = world(LineKind::Ard, |_| {});
    local.link = LinkView::LoggedOff;
    let choose = |position, part| deeds(&Intent::ChooseDevice { position, part, device: None }, &facts, &local);
    assert_eq!(choose(Position::Speakers, DevicePart::Microphone), refuse(SPEAKERS_HEAR_NOTHING));
    assert!(!is_refused(&choose(Position::Speakers, DevicePart::Ear)));
    assert!(!is_refused(&choose(Position::HandsFree, DevicePart::Microphone)));
}

#[test]
fn ring_5_answer_next_asks_for_the_call_that_was_shown_though_another_is_the_first_by_now() {
    let world = world(LineKind::Ard, |it| {
        ring(it);
        it.call = Some(CallId(9));
    });
    let shown = Intent::AnswerNext { line: "calder".into(), call: CallId(3), position: None };
    assert_eq!(deeds(&shown, &world.0, &world.1), answer());
}

/// An intercom of mine with `lindt` that rings, or not, and whether I am in it.
fn with_lindt(rings: bool, here: bool) -> (Facts, Local) {
    let mut world = world(LineKind::Intercom, |it| {
        if rings {
            ring(it);
        }
        let lindt = Party::new(UserId::from("lindt"), TurretId(2), Position::HandsFree, NOW);
        it.parties = std::iter::once(lindt).chain(here.then(|| party(1))).collect();
    });
    world.0.me = None;
    world
}

fn row(lamp: Option<Lamp>) -> Intent {
    Intent::Intercom { user: "lindt".into(), lamp }
}

#[test]
fn a_press_on_the_row_of_who_calls_accepts_and_on_that_of_who_is_talked_with_ends() {
    let line = LineId::from("calder");
    let accepts = act(Act::TalkBack { line: line.clone(), on: true, latched: true });
    let ends = act(Act::Release { line });
    for lamp in [None, Some(Lamp::RingingLow)] {
        let (facts, local) = with_lindt(true, false);
        assert_eq!(deeds(&row(lamp), &facts, &local), accepts, "{lamp:?}");
    }
    for lamp in [None, Some(Lamp::InUseHere)] {
        let (facts, local) = with_lindt(false, true);
        assert_eq!(deeds(&row(lamp), &facts, &local), ends, "{lamp:?}");
    }
}

#[test]
fn all_1_a_press_that_meant_to_end_or_accept_an_intercom_that_is_over_calls_nobody() {
    let (facts, local) = world(LineKind::Ard, |_| {});
    for lamp in [Lamp::InUseHere, Lamp::RingingLow] {
        assert!(is_refused(&deeds(&row(Some(lamp)), &facts, &local)), "{lamp:?}");
    }
}

#[test]
fn int_6_a_press_that_meant_to_call_who_has_just_called_talks_back_and_does_not_hang_up() {
    let (facts, local) = with_lindt(false, true);
    let talks = act(Act::TalkBack { line: "calder".into(), on: true, latched: true });
    assert_eq!(deeds(&row(Some(Lamp::Idle)), &facts, &local), talks);
}

#[test]
fn int_3_where_a_key_is_held_to_talk_the_latch_of_a_tap_lets_it_go() {
    let (mut facts, local) = with_lindt(false, true);
    facts.intercom_latches = false;
    let latch = Intent::TalkBack { user: "lindt".into(), on: true, latched: true };
    let open = |on, latched| act(Act::TalkBack { line: "calder".into(), on, latched });
    assert_eq!(deeds(&latch, &facts, &local), open(true, true));
    let (line, uplink) = (LineId::from("calder"), dealerboard_model::Uplink::Left);
    facts.mics = vec![dealerboard_wire::OpenMic {
        uplink,
        position: None,
        line,
        since: NOW,
        hearers: 1,
        muted: false,
        closes_at: None,
    }];
    assert_eq!(deeds(&latch, &facts, &local), open(false, false));
}

#[test]
fn an_intercom_is_called_from_a_handset_where_only_that_has_a_microphone() {
    let (facts, mut local) = world(LineKind::Ard, |_| {});
    local.devices.remove(&Position::HandsFree);
    assert!(!local.lacks_microphone(Position::Left));
    let called = act(Act::Intercom { user: "lindt".into(), position: Position::Left });
    assert_eq!(deeds(&row(None), &facts, &local), called);
}

#[test]
fn trf_1_a_call_is_sent_to_a_line_by_a_switch_that_takes_lines_and_by_no_other() {
    let mut world = world(LineKind::Ard, |it| it.parties = vec![party(1)]);
    let send = Intent::Transfer { position: Position::Left, to: TransferTo::Line("fenmoor".into()) };
    assert!(is_refused(&deeds(&send, &world.0, &world.1)));
    world.0.sends_to_lines = true;
    let to = TransferTo::Line("fenmoor".into());
    assert_eq!(deeds(&send, &world.0, &world.1), act(Act::Transfer { line: "calder".into(), to }));
}

#[test]
fn hot_6_a_hoot_is_taken_to_the_position_that_is_chosen_and_goes_on_to_another_and_back_to_the_speakers() {
    let mut world = world(LineKind::Hoot, |it| it.call = None);
    let go = |world: &(Facts, Local), position| {
        deeds(&Intent::Move { line: "calder".into(), call: None, position }, &world.0, &world.1)
    };
    let taken = |position| act(Act::Seize { line: "calder".into(), position, private: false });
    assert_eq!(go(&world, Position::Right), taken(Position::Right));
    assert!(is_refused(&go(&world, Position::Speakers)), "it is there");
    let pressed = Intent::Press { line: "calder".into(), call: None, lamp: None, position: Some(Position::Left) };
    assert_eq!(deeds(&pressed, &world.0, &world.1), taken(Position::Left));
    world.0.statuses.values_mut().for_each(|it| (it.call, it.parties) = (Some(CallId(3)), vec![party(1)]));
    let moved = |position| act(Act::Move { line: "calder".into(), call: CallId(3), position });
    assert_eq!(go(&world, Position::Right), moved(Position::Right));
    assert_eq!(go(&world, Position::Speakers), moved(Position::Speakers));
}

#[test]
fn hot_6_the_talk_key_of_a_hoot_at_a_handset_needs_that_handset_unmuted() {
    let (facts, mut local) = world(LineKind::Hoot, |it| it.parties = vec![party(1)]);
    let talk = Intent::Talk { line: "calder".into(), on: true, latched: false };
    local.devices.get_mut(&Position::HandsFree).unwrap().microphone = None;
    let opens = act(Act::Talk { line: "calder".into(), on: true, latched: false });
    assert_eq!(deeds(&talk, &facts, &local), opens);
    local.muted.mute(Position::Left, &facts, &local.mics);
    assert!(is_refused(&deeds(&talk, &facts, &local)), "it is muted");
    local.muted.end(Position::Left);
    local.devices.get_mut(&Position::Left).unwrap().microphone = None;
    assert!(is_refused(&deeds(&talk, &facts, &local)), "it has no microphone");
}

#[test]
fn hot_6_a_mute_of_the_handset_lets_the_talk_key_of_its_hoot_go() {
    let (facts, mut local) = world(LineKind::Hoot, |it| it.parties = vec![party(1)]);
    local.talk.insert("calder".into(), TalkKey::Latched);
    let mute = |position| deeds(&Intent::Mute { position, on: true }, &facts, &local);
    let up = Deed::Act(Act::Talk { line: "calder".into(), on: false, latched: false });
    let muted = |position| Deed::Local(LocalDeed::Mute { position, on: true });
    assert_eq!(mute(Position::Left), [muted(Position::Left), up]);
    assert_eq!(mute(Position::Right), [muted(Position::Right)]);
}

#[test]
fn hot_6_a_talk_key_is_refused_while_its_hoot_hears_the_open_handset() {
    let (mut facts, local) = world(LineKind::Hoot, |it| it.parties = vec![party(1)]);
    let (uplink, position) = (dealerboard_model::Uplink::Left, Some(Position::Left));
    let (line, since) = ("calder".into(), NOW);
    facts.mics =
        vec![dealerboard_wire::OpenMic { uplink, position, line, since, hearers: 1, muted: false, closes_at: None }];
    assert!(is_refused(&deeds(&Intent::Talk { line: "calder".into(), on: true, latched: false }, &facts, &local)));
}
