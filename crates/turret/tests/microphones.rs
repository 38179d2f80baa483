//! Which microphones are open while a turret and its switch speak to each other, and what is told of them.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_model::{LineId, Position, Uplink};
use dealerboard_turret::view::{Intent, TalkView};
use dealerboard_turret::{Callbacks, Turret};
use dealerboard_wire::{Act, Event, Notice, OpenMic, Tone};
use support::*;

/// A turret whose talk on `macro` the switch lists.
async fn talking(switch: &mut Switch) -> (Turret, Peer) {
    let (turret, mut peer) = seated(switch, idle()).await;
    turret.intent(press_talk());
    assert_eq!(peer.command().await.1, talk(true));
    peer.event(Event::OpenMics { mics: vec![mic("macro", Uplink::Mic)] }).await;
    until(&turret, |view| view.header.mics.len() == 1).await;
    (turret, peer)
}

#[tokio::test]
async fn a_release_shuts_the_microphone_without_an_answer() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, on_a_call()).await;
    until(&turret, left_is_open).await;
    turret.intent(Intent::Release { position: Position::Left });
    until(&turret, |view| !left_is_open(view) && view.header.mics.is_empty()).await;
    assert_eq!(peer.command().await.1, Act::Release { line: "calder".into() });
}

#[tokio::test]
async fn a_talk_key_that_is_let_go_shuts_though_the_switch_still_lists_it() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = talking(&mut switch).await;
    turret.intent(Intent::Talk { line: "macro".into(), on: false, latched: false });
    until(&turret, |view| view.header.mics.is_empty()).await;
    assert_eq!(peer.command().await.1, talk(false));
}

#[tokio::test]
async fn spk_1_a_talk_goes_on_for_150_ms_after_its_key_so_that_the_last_syllable_is_heard() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = talking(&mut switch).await;
    let let_go = std::time::Instant::now();
    turret.intent(Intent::Talk { line: "macro".into(), on: false, latched: false });
    assert_eq!(peer.command().await.1, talk(false));
    assert!(let_go.elapsed() >= std::time::Duration::from_millis(150), "{:?}", let_go.elapsed());
}

#[tokio::test]
async fn a_snapshot_while_the_switch_is_there_changes_the_panel_and_closes_no_talk() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = talking(&mut switch).await;
    let mut moved = idle();
    moved.mics = vec![mic("macro", Uplink::Mic)];
    moved.me.desk_name = "Tokyo".into();
    peer.event(Event::Snapshot(Box::new(moved))).await;
    let view = until(&turret, |view| view.header.desk == "Tokyo").await;
    assert_eq!(view.header.mics.len(), 1);
    turret.intent(Intent::Press { line: "calder".into(), call: None, lamp: None, position: None });
    assert!(matches!(peer.command().await.1, Act::Seize { .. }), "the talk was not let go before");
}

#[tokio::test]
async fn a_talk_that_was_opened_and_ended_before_it_was_listed_goes_dark() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = seated(&mut switch, idle()).await;
    turret.intent(press_talk());
    let (id, _) = peer.command().await;
    peer.done(id).await;
    peer.event(Event::OpenMics { mics: Vec::new() }).await;
    until(&turret, |view| talk_key(view) == TalkView::Latched).await;
    until(&turret, |view| talk_key(view) == TalkView::Closed).await;
}

/// A turret whose latched talk on `macro` is listed, its speakers still silent.
async fn latched(switch: &mut Switch) -> (Turret, Callbacks, Peer) {
    let (turret, mut callbacks, mut peer) = seated_with_ears(switch, idle()).await;
    turret.intent(press_talk());
    let (id, _) = peer.command().await;
    peer.done(id).await;
    peer.event(Event::OpenMics { mics: vec![mic("macro", Uplink::Mic)] }).await;
    until(&turret, |view| view.header.mics.len() == 1).await;
    assert!(!tone_on_speakers(&mut callbacks));
    (turret, callbacks, peer)
}

#[tokio::test]
async fn a_talk_that_the_switch_ends_without_a_word_is_heard_and_told() {
    let mut switch = Switch::start().await;
    let (turret, mut callbacks, mut peer) = latched(&mut switch).await;
    peer.event(Event::OpenMics { mics: Vec::new() }).await;
    let view = until(&turret, |view| talk_key(view) == TalkView::Closed).await;
    assert!(view.activity[0].sentence.starts_with("The switch closed your microphone on macro;"), "{view:?}");
    assert!(tone_on_speakers(&mut callbacks));
}

#[tokio::test]
async fn a_talk_that_the_switch_ends_with_its_reason_is_told_once() {
    let mut switch = Switch::start().await;
    let (turret, mut callbacks, mut peer) = latched(&mut switch).await;
    let (line, sentence) = (Some(LineId::from("macro")), "Twelve are talking on macro.".to_owned());
    peer.event(Event::Notice(Notice { line, sentence, tone: Some(Tone::Blocking), at: support::NOW })).await;
    peer.event(Event::OpenMics { mics: Vec::new() }).await;
    let view = until(&turret, |view| talk_key(view) == TalkView::Closed).await;
    assert_eq!(
        view.activity.iter().map(|it| it.sentence.as_str()).collect::<Vec<_>>(),
        ["Twelve are talking on macro."]
    );
    assert!(tone_on_speakers(&mut callbacks));
}

#[tokio::test]
async fn a_talk_that_its_user_ends_gives_no_tone_and_no_words() {
    let mut switch = Switch::start().await;
    let (turret, mut callbacks, mut peer) = latched(&mut switch).await;
    turret.intent(Intent::Talk { line: "macro".into(), on: false, latched: false });
    assert_eq!(peer.command().await.1, talk(false));
    peer.event(Event::OpenMics { mics: Vec::new() }).await;
    peer.event(Event::NotHeard { line: "macro".into(), on: true }).await;
    let view = until(&turret, |view| view.channels[0].words == "NOT HEARD").await;
    assert!(view.activity.is_empty() && !tone_on_speakers(&mut callbacks));
}

#[tokio::test]
async fn mut_5_a_talk_key_that_is_tapped_and_refused_gives_one_blocking_tone() {
    let mut switch = Switch::start().await;
    let (turret, mut callbacks, mut peer) = seated_with_ears(&mut switch, idle()).await;
    for latched in [false, true] {
        turret.intent(Intent::Talk { line: "macro".into(), on: true, latched });
    }
    let ids = [peer.command().await.0, peer.command().await.0];
    peer.refuse(ids[0], "You may only listen on macro.").await;
    until(&turret, |view| talk_key(view) == TalkView::Refused).await;
    let blocks = (0..1_000).take_while(|_| tone_on_speakers(&mut callbacks)).count();
    assert!((1..1_000).contains(&blocks), "one tone that ends: {blocks}");
    peer.refuse(ids[1], "You may only listen on macro.").await;
    until(&turret, |view| view.activity.len() == 2).await;
    assert!(!tone_on_speakers(&mut callbacks));
}

#[tokio::test]
async fn a_press_that_the_switch_does_not_answer_is_told_as_not_sent() {
    let mut switch = Switch::start().await;
    let (turret, _peer) = seated(&mut switch, idle()).await;
    turret.intent(Intent::Press { line: "calder".into(), call: None, lamp: None, position: Some(Position::Left) });
    until(&turret, |view| {
        view.activity.iter().any(|it| it.refused && it.sentence.starts_with("Not sent: the press on calder;"))
    })
    .await;
}

/// A turret that calls R. Lindt and takes the call back by `second` before the switch has answered; the command's id.
async fn taken_back(switch: &mut Switch, second: Intent) -> (Turret, Peer, uuid::Uuid) {
    let (turret, mut peer) = seated(switch, idle()).await;
    turret.intent(Intent::Intercom { user: "lindt".into(), lamp: None });
    let (id, act) = peer.command().await;
    assert!(matches!(act, Act::Intercom { .. }));
    until(&turret, |view| view.header.mics.len() == 1).await;
    turret.intent(second);
    until(&turret, |view| view.header.mics.is_empty()).await;
    (turret, peer, id)
}

#[tokio::test]
async fn an_intercom_that_is_pressed_again_on_its_way_is_released_when_it_is_made_and_opens_no_microphone() {
    let mut switch = Switch::start().await;
    let again = Intent::Intercom { user: "lindt".into(), lamp: None };
    let (turret, mut peer, id) = taken_back(&mut switch, again).await;
    peer.done_on(id, Some("ic-1".into())).await;
    let (facts, status) = intercom();
    peer.event(Event::LineAdded { facts, status }).await;
    peer.event(Event::OpenMics { mics: vec![mic("ic-1", Uplink::Mic)] }).await;
    peer.event(Event::NotHeard { line: "macro".into(), on: true }).await;
    let view = until(&turret, |view| view.channels[0].words == "NOT HEARD").await;
    assert!(view.header.mics.is_empty() && view.positions.iter().all(|it| !it.mic_open));
    assert_eq!(peer.command().await.1, Act::Release { line: "ic-1".into() });
}

#[tokio::test]
async fn an_intercom_that_is_released_on_its_way_is_ended_though_the_link_breaks_before_its_answer() {
    let mut switch = Switch::start().await;
    let release = Intent::Release { position: Position::HandsFree };
    let (turret, peer, _) = taken_back(&mut switch, release).await;
    drop(peer);
    until(&turret, is_lost).await;
    let (mut peer, _) = switch.arrival().await;
    let (facts, status) = intercom();
    let mut snapshot = idle();
    snapshot.lines.push(facts);
    snapshot.statuses.push(status);
    snapshot.mics = vec![mic("ic-1", Uplink::Mic)];
    peer.let_in(snapshot).await;
    while peer.command().await.1 != (Act::Release { line: "ic-1".into() }) {}
    assert!(until(&turret, is_up).await.header.mics.is_empty());
}

#[tokio::test]
async fn a_talk_that_the_switch_still_lists_at_the_return_stays_shut_and_is_ended() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    let mut snapshot = idle();
    snapshot.mics = vec![mic("macro", Uplink::Mic)];
    peer.let_in(snapshot).await;
    assert_eq!(peer.command().await.1, talk(false));
    assert!(turret.view().header.mics.is_empty());
}

/// A key of two lines: the hoot, and the wire beside it.
fn both(on: bool) -> Act {
    Act::Broadcast { lines: vec!["macro".into(), "calder".into()], on, latched: on }
}

fn press_both(on: bool) -> Intent {
    Intent::Broadcast { lines: vec!["macro".into(), "calder".into()], on, latched: on }
}

fn talks(lines: &[&str]) -> Event {
    let talk = |line: &&str| OpenMic { position: Some(Position::Speakers), ..mic(line, Uplink::Mic) };
    Event::OpenMics { mics: lines.iter().map(talk).collect() }
}

/// A turret whose switch lists both lines of its key.
async fn broadcasting(switch: &mut Switch) -> (Turret, Peer) {
    let (turret, mut peer) = seated(switch, idle()).await;
    turret.intent(press_both(true));
    let (id, act) = peer.command().await;
    assert_eq!(act, both(true));
    until(&turret, |view| view.header.mics.len() == 1).await;
    peer.done(id).await;
    peer.event(talks(&["macro", "calder"])).await;
    until(&turret, |view| view.header.mics.first().is_some_and(|mic| mic.hearers == 2)).await;
    (turret, peer)
}

#[tokio::test]
async fn brc_1_a_key_of_several_lines_opens_one_microphone_with_the_press_and_its_tail_goes_out() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = broadcasting(&mut switch).await;
    let let_go = std::time::Instant::now();
    turret.intent(press_both(false));
    assert_eq!(peer.command().await.1, both(false));
    assert!(let_go.elapsed() >= std::time::Duration::from_millis(150), "{:?}", let_go.elapsed());
    until(&turret, |view| view.header.mics.is_empty() && view.channel_groups.is_empty()).await;
}

#[tokio::test]
async fn spk_1_the_tail_of_a_talk_key_is_as_long_as_the_switch_says() {
    let mut switch = Switch::start().await;
    let mut snapshot = idle();
    snapshot.talk_tail_ms = 400;
    let (turret, mut peer) = seated(&mut switch, snapshot).await;
    turret.intent(press_talk());
    let (id, act) = peer.command().await;
    assert_eq!(act, talk(true));
    peer.done(id).await;
    peer.event(talks(&["macro"])).await;
    until(&turret, |view| talk_key(view) == TalkView::Latched).await;
    let let_go = std::time::Instant::now();
    turret.intent(Intent::Talk { line: "macro".into(), on: false, latched: false });
    assert_eq!(peer.command().await.1, talk(false));
    assert!(let_go.elapsed() >= std::time::Duration::from_millis(400), "{:?}", let_go.elapsed());
}

#[tokio::test]
async fn brc_4_the_talk_key_of_one_line_takes_the_place_of_that_of_several() {
    let mut switch = Switch::start().await;
    let (turret, mut peer) = broadcasting(&mut switch).await;
    turret.intent(press_talk());
    let (id, act) = peer.command().await;
    assert_eq!(act, talk(true));
    peer.done(id).await;
    peer.event(talks(&["macro"])).await;
    let view = until(&turret, |view| talk_key(view) == TalkView::Latched && view.header.mics.len() == 1).await;
    assert!(view.channel_groups.is_empty() && !view.channels[0].grouped);
}

#[tokio::test]
async fn los_8_a_key_of_several_lines_is_let_go_when_the_switch_is_lost() {
    let mut switch = Switch::start().await;
    let (turret, peer) = broadcasting(&mut switch).await;
    peer.no_more_heartbeats().await;
    let view = until(&turret, is_lost).await;
    assert!(view.header.mics.is_empty() && view.channel_groups.is_empty());
}
