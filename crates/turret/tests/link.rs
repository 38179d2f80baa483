//! A turret and its switch, through losses, returns, log-ons and log-offs.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use dealerboard_model::{LineId, Position, Uplink};
use dealerboard_turret::view::{Intent, LinkView, TalkView};
use dealerboard_turret::{Callbacks, Turret};
use dealerboard_wire::{Act, Credentials, Event, FromTurret, Notice, Tone};
use support::*;

fn talk(on: bool) -> Act {
    Act::Talk { line: LineId::from("macro"), on, latched: on }
}

fn press_talk() -> Intent {
    Intent::Talk { line: "macro".into(), on: true, latched: true }
}

#[tokio::test]
async fn a_release_shuts_the_microphone_without_an_answer() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    until(&turret, left_is_open).await;
    turret.intent(Intent::Release { position: Position::Left });
    until(&turret, |view| !left_is_open(view) && view.header.mics.is_empty()).await;
    assert_eq!(peer.command().await.1, Act::Release { line: "calder".into() });
}

#[tokio::test]
async fn a_talk_key_that_is_let_go_shuts_though_the_switch_still_lists_it() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(press_talk());
    assert_eq!(peer.command().await.1, talk(true));
    peer.event(Event::OpenMics { mics: vec![mic("macro", Uplink::Mic)] }).await;
    until(&turret, |view| view.header.mics.len() == 1).await;
    turret.intent(Intent::Talk { line: "macro".into(), on: false, latched: false });
    until(&turret, |view| view.header.mics.is_empty()).await;
    assert_eq!(peer.command().await.1, talk(false));
}

#[tokio::test]
async fn a_snapshot_while_the_switch_is_there_changes_the_panel_and_closes_no_talk() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(press_talk());
    assert_eq!(peer.command().await.1, talk(true));
    peer.event(Event::OpenMics { mics: vec![mic("macro", Uplink::Mic)] }).await;
    until(&turret, |view| view.header.mics.len() == 1).await;
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
async fn the_panel_stays_stale_after_a_return_until_the_snapshot_has_come() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    drop(peer);
    until(&turret, is_lost).await;
    let (mut peer, hello) = switch.arrival().await;
    assert!(matches!(hello.credentials, Credentials::Token { .. }) && hello.resume.is_some());
    peer.welcome(true, 900_000).await;
    peer.offer().await;
    assert!(!is_up(&turret.view()));
    peer.event(Event::Snapshot(Box::new(idle()))).await;
    until(&turret, is_up).await;
}

#[tokio::test]
async fn a_silent_switch_is_lost_and_no_microphone_stays_open() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    until(&turret, left_is_open).await;
    peer.no_more_heartbeats().await;
    until(&turret, is_lost).await;
    until(&turret, |view| !left_is_open(view)).await;
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

#[tokio::test]
async fn a_release_during_a_loss_reaches_the_switch_when_it_is_back_and_stays_shut() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    until(&turret, left_is_open).await;
    drop(peer);
    until(&turret, is_lost).await;
    turret.intent(Intent::Release { position: Position::Left });
    until(&turret, |view| !left_is_open(view)).await;
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    assert_eq!(peer.command().await.1, Act::Release { line: "calder".into() });
    assert!(!left_is_open(&until(&turret, is_up).await));
}

#[tokio::test]
async fn what_was_not_answered_is_repeated_in_order_and_a_talk_is_not() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(press_talk());
    for on in [true, false, true, false] {
        turret.intent(Intent::Dnd { on });
    }
    let mut first = Vec::new();
    for _ in 0..5 {
        first.push(peer.command().await);
    }
    drop(peer);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let mut again = Vec::new();
    for _ in 0..5 {
        again.push(peer.command().await);
    }
    assert_eq!(again[..4], first[1..]);
    assert_eq!(again[4].1, talk(false));
}

#[tokio::test]
async fn what_was_keyed_without_the_switch_is_told_at_the_return() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    until(&turret, left_is_open).await;
    let broken_utc_ms = switch_now().utc_ms;
    drop(peer);
    until(&turret, |view| is_lost(view) && !left_is_open(view)).await;
    let (mut peer, _) = switch.arrival().await;
    peer.welcome(true, 900_000).await;
    let (_, intervals) = peer.report().await;
    assert_eq!((intervals[0].line.as_str(), intervals[0].uplink), ("calder", Uplink::Left));
    let length_ms = intervals[0].to_utc_ms - intervals[0].from_utc_ms;
    assert!(length_ms > 0 && (intervals[0].from_utc_ms - broken_utc_ms).abs() < 60_000, "{intervals:?}");
}

#[tokio::test]
async fn a_report_of_keyed_time_is_told_at_every_return_until_it_is_answered() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    until(&turret, left_is_open).await;
    drop(peer);
    until(&turret, |view| is_lost(view) && !left_is_open(view)).await;
    let mut reports = Vec::new();
    for _ in 0..3 {
        let (mut peer, _) = switch.arrival().await;
        peer.welcome(true, 900_000).await;
        reports.push(peer.report().await);
    }
    assert!(reports[0].0.is_some() && reports[1] == reports[0] && reports[2] == reports[0], "{reports:?}");
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let (id, _) = peer.report().await;
    peer.done(id.unwrap()).await;
    until(&turret, is_up).await;
    drop(peer);
    until(&turret, is_lost).await;
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(Intent::Dnd { on: true });
    loop {
        match peer.next().await {
            FromTurret::Command { act: Act::Dnd { .. }, .. } => break,
            FromTurret::Keyed { .. } => panic!("what was answered is told again"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_token_is_renewed_by_the_clock_of_the_switch() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.welcome(false, 3_000).await;
    peer.event(Event::Snapshot(Box::new(idle()))).await;
    while peer.next().await != FromTurret::Renew {}
    assert!(is_up(&turret.view()));
}

#[tokio::test]
async fn the_switch_of_the_log_on_card_is_asked_and_trusted_by_its_own_fingerprint() {
    let (first, mut other) = (Switch::start().await, Switch::start().await);
    let turret = first.turret();
    log_on(&turret, "reyes", Some(other.address.clone()));
    let fingerprint = other.fingerprint.clone();
    until(&turret, |view| view.header.link == LinkView::Untrusted { fingerprint: fingerprint.clone() }).await;
    turret.intent(Intent::Trust { fingerprint: other.fingerprint.clone() });
    let (_peer, hello) = other.arrival().await;
    assert!(matches!(hello.credentials, Credentials::Password { .. }));
}

#[tokio::test]
async fn a_switch_with_another_certificate_than_the_trusted_one_is_refused() {
    let (switch, other) = (Switch::start().await, Switch::start().await);
    let turret = switch.turret_with(Some(other.fingerprint.clone()));
    log_on(&turret, "reyes", None);
    until(&turret, |view| matches!(view.header.link, LinkView::Refused { .. })).await;
}

#[tokio::test]
async fn another_log_on_ends_the_session_before_it() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    until(&turret, left_is_open).await;
    log_on(&turret, "lindt", None);
    until(&turret, |view| !left_is_open(view)).await;
    while peer.next().await != FromTurret::LogOff {}
    let (_peer, hello) = switch.arrival().await;
    assert!(matches!(&hello.credentials, Credentials::Password { user, .. } if user.as_str() == "lindt"));
    assert_eq!(hello.resume, None);
}

#[tokio::test]
async fn logging_off_during_a_loss_is_not_undone_by_it() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    drop(peer);
    until(&turret, is_lost).await;
    turret.intent(Intent::LogOff);
    until(&turret, |view| view.header.link == LinkView::LoggedOff).await;
    log_on(&turret, "lindt", None);
    let (_peer, hello) = switch.arrival().await;
    assert!(matches!(hello.credentials, Credentials::Password { .. }));
    assert!(!is_lost(&turret.view()));
}

#[tokio::test]
async fn a_turret_that_nobody_holds_any_more_logs_off_and_ends() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(on_a_call()).await;
    until(&turret, left_is_open).await;
    drop(turret);
    while peer.next().await != FromTurret::LogOff {}
}

#[tokio::test]
async fn a_turret_that_was_stopped_has_logged_off() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.stop().await;
    while peer.next().await != FromTurret::LogOff {}
}

#[tokio::test]
async fn a_voice_that_was_refused_is_offered_again() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    for _ in 0..2 {
        let offer = peer.offer().await;
        peer.refuse_voice(offer, "Not now.").await;
    }
    peer.offer().await;
    let told = turret.view().activity.iter().filter(|notice| notice.sentence == "Not now.").count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn an_answer_to_an_older_offer_of_voice_is_not_taken_for_that_of_the_newest() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let first = peer.offer().await;
    peer.refuse_voice(first, "Not now.").await;
    let second = peer.offer().await;
    assert_ne!(first, second);
    // The session begins anew: what it tells about voice is told again.
    drop(peer);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let third = peer.offer().await;
    peer.refuse_voice(second, "Too late.").await;
    peer.refuse_voice(third, "Not yet.").await;
    let view = until(&turret, |view| view.activity.iter().any(|it| it.sentence == "Not yet.")).await;
    assert!(view.activity.iter().all(|it| it.sentence != "Too late."), "{view:?}");
}

#[tokio::test]
async fn voice_that_the_switch_does_not_answer_for_is_offered_again() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let first = peer.offer().await;
    assert_ne!(first, peer.offer().await);
}

#[tokio::test]
async fn a_talk_that_was_opened_and_ended_before_it_was_listed_goes_dark() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(press_talk());
    let (id, _) = peer.command().await;
    peer.done(id).await;
    peer.event(Event::OpenMics { mics: Vec::new() }).await;
    until(&turret, |view| talk_key(view) == TalkView::Latched).await;
    until(&turret, |view| talk_key(view) == TalkView::Closed).await;
}

/// A turret whose latched talk on `macro` is listed, its speakers still silent.
async fn latched(switch: &mut Switch) -> (Turret, Callbacks, Peer) {
    let (turret, mut callbacks) = switch.turret_and_ears(Some(switch.fingerprint.clone()));
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
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
async fn a_press_that_the_switch_does_not_answer_is_told_as_not_sent() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(Intent::Press { line: "calder".into(), call: None, lamp: None, position: Some(Position::Left) });
    until(&turret, |view| {
        view.activity.iter().any(|it| it.refused && it.sentence.starts_with("Not sent: the press on calder;"))
    })
    .await;
}

/// A turret that calls R. Lindt and takes the call back by `second` before the switch has answered; the command's id.
async fn taken_back(switch: &mut Switch, second: Intent) -> (Turret, Peer, uuid::Uuid) {
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    turret.intent(Intent::Intercom { user: "lindt".into() });
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
    let again = Intent::Intercom { user: "lindt".into() };
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
async fn another_voice_connection_forgets_what_the_one_before_it_could_not_hear() {
    let mut switch = Switch::start().await;
    let turret = switch.turret();
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    peer.event(Event::NotHeard { line: "macro".into(), on: true }).await;
    until(&turret, |view| view.channels.iter().any(|it| it.words == "NOT HEARD")).await;
    drop(peer);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, |view| is_up(view) && view.channels.iter().all(|it| it.words != "NOT HEARD")).await;
}

#[tokio::test]
async fn the_access_is_that_of_the_present_log_on_and_holds_no_token_after_it() {
    let (first, mut other) = (Switch::start().await, Switch::start().await);
    let turret = first.turret();
    turret.know(other.address.clone(), other.fingerprint.parse().unwrap());
    log_on(&turret, "reyes", Some(format!("{}/", other.address)));
    let (mut peer, _) = other.arrival().await;
    peer.let_in(idle()).await;
    until(&turret, is_up).await;
    let access = turret.access().await.unwrap();
    assert_eq!((access.address, access.pin.map(|pin| pin.to_string())), (other.address, Some(other.fingerprint)));
    assert!(access.token.is_some());
    turret.intent(Intent::LogOff);
    assert_eq!(turret.access().await.unwrap().token, None);
}

#[tokio::test]
async fn a_certificate_that_is_known_from_before_is_not_asked_about_and_another_is_refused() {
    let (first, other) = (Switch::start().await, Switch::start().await);
    let turret = first.turret();
    turret.know(other.address.clone(), first.fingerprint.parse().unwrap());
    log_on(&turret, "reyes", Some(other.address.clone()));
    until(&turret, |view| matches!(view.header.link, LinkView::Refused { .. })).await;
}
