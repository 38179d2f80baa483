//! Logging on over a real WebSocket: who gets in, who does not, and what they are told.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use dealerboard_model::{LineId, PersonStatus, Position, TurretId, Uplink};
use dealerboard_switch::UserList;
use dealerboard_wire::{
    Act, Answer, Credentials, Event, FromSwitch, FromTurret, HEARTBEAT_MS, KeyedInterval, RefusalCode, SUBPROTOCOL,
    close,
};
use futures_util::SinkExt;
use std::time::Duration;
use support::{World, password, token};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

#[tokio::test]
async fn the_right_password_gets_a_welcome_and_the_panel() {
    let world = World::start().await;
    let turret = world.log_on("reyes").await;
    let snapshot = turret.snapshot.unwrap();
    assert_eq!(snapshot.me.desk_name, "London");
    let lines: Vec<&LineId> = snapshot.lines.iter().map(|facts| &facts.line).collect();
    let wanted = ["ard-london", "second-london", "mrd-london", "sterling", "macro"].map(LineId::from);
    assert_eq!(lines, wanted.iter().collect::<Vec<_>>());
    assert!(snapshot.person_statuses.iter().any(|status| status.user == "reyes".into() && status.logged_on));
}

#[tokio::test]
async fn each_turret_is_told_the_tail_of_its_own_users_talk_keys() {
    let london = "id = \"london\"\n";
    assert!(support::FLOOR.contains(london));
    let of_desk = support::FLOOR.replacen(london, &format!("{london}policy.talk.tail = \"250 ms\"\n"), 1);
    let world = World::with_floor(format!("{of_desk}\n[policy]\ntalk.tail = \"50 ms\"\n")).await;
    let tail = async |user| world.log_on(user).await.snapshot.unwrap().talk_tail_ms;
    assert_eq!([tail("reyes").await, tail("lindt").await], [250, 50]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_the_same() {
    let world = World::start().await;
    for user in ["reyes", "nobody"] {
        let (sentence, code) = world.say_hello(password(user, "not-the-one"), None).await.end().await;
        assert_eq!(code, close::NOT_LOGGED_ON);
        assert_eq!(sentence.unwrap(), "The name or the password is not right; type both again.");
    }
}

#[tokio::test]
async fn after_five_wrong_passwords_even_the_right_one_has_to_wait() {
    let world = World::start().await;
    for _ in 0..5 {
        world.say_hello(password("marsh", "not-the-one"), None).await.end().await;
    }
    let right = password("marsh", &world.password("marsh"));
    let (sentence, _) = world.say_hello(right, None).await.end().await;
    assert!(sentence.unwrap().starts_with("There were too many wrong passwords; wait "));
    world.log_on("reyes").await;
}

#[tokio::test]
async fn a_token_that_has_ended_is_told_to_log_on_again() {
    let world = World::with_token_life(Duration::ZERO).await;
    let turret = world.log_on("reyes").await;
    let (sentence, code) = world.say_hello(token(&turret.token), None).await.end().await;
    assert_eq!((sentence.as_deref(), code), (Some("Your log-on has ended; log on again."), close::NOT_LOGGED_ON));
}

#[tokio::test]
async fn log_4_a_turret_whose_log_on_has_ended_stays_and_may_only_let_go() {
    let world = World::with_token_life(Duration::ZERO).await;
    let mut turret = world.log_on("reyes").await;
    let line = LineId::from("mrd-london");
    let seize = Act::Seize { line: line.clone(), position: Position::Left, private: false };
    let Answer::Refused(refusal) = turret.command(seize).await else { panic!("nobody may seize") };
    assert_eq!(refusal.code, RefusalCode::Locked);
    let Answer::Refused(refusal) = turret.command(Act::Release { line }).await else { panic!("nothing is held") };
    assert_ne!(refusal.code, RefusalCode::Locked, "the release is judged by call control");
    turret.send(&FromTurret::Renew).await;
    while !matches!(turret.next().await, FromSwitch::Token(_)) {}
}

/// Asks to unlock a turret; gives the answer, and whether the turret is told that it is unlocked.
async fn unlock(turret: &mut support::Turret, credentials: Credentials) -> (Answer, bool) {
    let wanted = Uuid::new_v4();
    turret.send(&FromTurret::Unlock { id: wanted, credentials }).await;
    let (mut answer, mut told) = (None, false);
    loop {
        match turret.next().await {
            FromSwitch::Answer { id, result } if id == wanted => answer = Some(result),
            FromSwitch::Event { event: Event::Locked { on: false }, .. } => told = true,
            _ => {}
        }
        if let Some(answer) = answer.clone()
            && (told || matches!(answer, Answer::Refused(_)))
        {
            return (answer, told);
        }
    }
}

#[tokio::test]
async fn log_4_a_locked_turret_refuses_a_seize_until_its_own_users_password_has_come() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    let seize = Act::Seize { line: "mrd-london".into(), position: Position::Left, private: false };
    assert!(matches!(turret.command(Act::Lock).await, Answer::Done { .. }));
    for act in [seize.clone(), Act::HideHistory { entry: None }] {
        let Answer::Refused(refusal) = turret.command(act).await else { panic!("it is locked") };
        assert_eq!(refusal.code, RefusalCode::Locked);
    }
    let (mine, theirs) = (world.password("reyes"), world.password("lindt"));
    for wrong in [password("reyes", "not-the-one"), password("lindt", &theirs), token(&turret.token)] {
        let (Answer::Refused(refusal), false) = unlock(&mut turret, wrong).await else { panic!("it stays locked") };
        assert_eq!(refusal.code, RefusalCode::Locked);
    }
    assert!(matches!(unlock(&mut turret, password("reyes", &mine)).await, (Answer::Done { .. }, true)));
    assert!(matches!(turret.command(seize).await, Answer::Done { .. }));
}

#[tokio::test]
async fn log_4_a_log_on_that_has_ended_is_a_fresh_one_when_the_password_was_typed_and_no_call_is_lost() {
    let world = World::with_token_life(Duration::from_secs(2)).await;
    let mut turret = world.log_on("reyes").await;
    let seize = |line: &str| Act::Seize { line: line.into(), position: Position::Left, private: false };
    assert!(matches!(turret.command(seize("mrd-london")).await, Answer::Done { .. }));
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let Answer::Refused(refusal) = turret.command(Act::Hold { line: "ard-london".into(), exclusive: false }).await
    else {
        panic!("nothing is there to hold")
    };
    assert_ne!(refusal.code, RefusalCode::Locked);
    let Answer::Refused(refusal) = turret.command(seize("ard-london")).await else { panic!("it has ended") };
    assert_eq!(refusal.code, RefusalCode::Locked);
    assert!(matches!(turret.command(Act::Lock).await, Answer::Done { .. }));
    let right = password("reyes", &world.password("reyes"));
    assert!(matches!(unlock(&mut turret, right).await, (Answer::Done { .. }, true)));
    assert!(matches!(turret.command(seize("ard-london")).await, Answer::Done { .. }));
}

#[tokio::test]
async fn log_4_wrong_passwords_at_a_locked_turret_are_counted_as_those_of_a_log_on() {
    let world = World::start().await;
    let mut turret = world.log_on("marsh").await;
    turret.command(Act::Lock).await;
    for _ in 0..5 {
        unlock(&mut turret, password("marsh", "not-the-one")).await;
    }
    let right = password("marsh", &world.password("marsh"));
    let (Answer::Refused(refusal), false) = unlock(&mut turret, right).await else { panic!("it stays locked") };
    assert!(refusal.sentence.starts_with("There were too many wrong passwords; wait "), "{}", refusal.sentence);
}

#[tokio::test]
async fn log_4_a_lock_is_there_again_for_a_turret_that_comes_back_by_its_token_and_ends_with_a_typed_password() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    turret.command(Act::Lock).await;
    let again = world.log_on_with(token(&turret.token), Some(turret.turret)).await;
    assert!(again.snapshot.unwrap().locked);
    let typed = world.log_on_with(password("reyes", &world.password("reyes")), Some(turret.turret)).await;
    assert!(!typed.snapshot.unwrap().locked);
}

#[tokio::test]
async fn all_9_a_turret_whose_log_on_has_ended_calls_an_emergency_number_and_no_other() {
    let number = |user, number, emergency| {
        format!(
            "[[extension]]\nuser = \"{user}\"\nnumber = \"{number}\"\nname = \"{user}\"\nemergency = \"{emergency}\"\n\n"
        )
    };
    let numbers = [number("reyes", "4012", "no"), number("lindt", "112", "yes")].concat();
    let world = World::with(Duration::ZERO, format!("{}\n{numbers}", support::FLOOR)).await;
    let _lindt = world.log_on("lindt").await;
    let mut turret = world.log_on("reyes").await;
    let call = |number: &str| Act::Call { line: None, number: number.into(), position: Position::Left, private: false };
    let Answer::Refused(refusal) = turret.command(call("4013#")).await else { panic!("nobody else is called") };
    assert_eq!(refusal.code, RefusalCode::Locked);
    assert!(matches!(turret.command(call("112#")).await, Answer::Done { .. }));
}

#[tokio::test]
async fn a_turret_logs_on_while_the_disk_takes_no_tokens() {
    let world = World::start().await;
    std::fs::create_dir(world.folder.path().join("data/tokens.new")).unwrap();
    let turret = world.log_on("reyes").await;
    world.log_on_with(token(&turret.token), Some(turret.turret)).await;
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    turret.send(&FromTurret::Renew).await;
    let FromSwitch::Token(fresh) = turret.next().await else { panic!() };
    assert_ne!(fresh.token, turret.token);
    world.log_on_with(token(&fresh.token), None).await;
}

#[tokio::test]
async fn swi_2_a_token_outlives_a_restart_of_the_switch() {
    let mut world = World::start().await;
    let turret = world.log_on("reyes").await;
    world.restart().await;
    world.log_on_with(token(&turret.token), Some(turret.turret)).await;
}

#[tokio::test]
async fn an_old_client_is_told_that_its_version_is_another() {
    let world = World::start().await;
    let mut old = world.connect(SUBPROTOCOL).await;
    old.socket.send(Message::Text(r#"{"type":"hello","protocol":0,"name":"x"}"#.into())).await.unwrap();
    let (sentence, code) = old.end().await;
    assert_eq!(code, close::VERSION);
    assert!(sentence.unwrap().starts_with("This turret speaks another version than its switch"));
}

#[tokio::test]
async fn what_is_no_message_of_the_protocol_ends_the_connection_and_not_the_switch() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    turret.socket.send(Message::Text("{\"type\":\"shout\"}".into())).await.unwrap();
    assert_eq!(turret.end().await.1, close::PROTOCOL);
    world.log_on("reyes").await;
}

#[tokio::test]
async fn a_newer_connection_takes_the_session_over_and_the_old_one_is_told() {
    let world = World::start().await;
    let mut old = world.log_on("reyes").await;
    let new = world.log_on_with(token(&old.token), Some(old.turret)).await;
    assert_eq!(new.turret, old.turret);
    assert_eq!(old.end().await.1, close::REPLACED);
}

#[tokio::test]
async fn nobody_goes_on_with_the_session_of_another_user() {
    let world = World::start().await;
    let reyes = world.log_on("reyes").await;
    let marsh = world.log_on_with(password("marsh", &world.password("marsh")), Some(reyes.turret)).await;
    assert_ne!(marsh.turret, reyes.turret);
    assert_ne!(marsh.turret, TurretId(0));
}

#[tokio::test]
async fn log_1_a_third_turret_of_a_user_is_told_where_they_are_logged_on() {
    let world = World::start().await;
    let _both = (world.log_on("reyes").await, world.log_on("reyes").await);
    let (sentence, code) = world.say_hello(password("reyes", &world.password("reyes")), None).await.end().await;
    let told = "You are logged on at 1 and 1 already; log off there first.";
    assert_eq!((sentence.as_deref(), code), (Some(told), close::NOT_LOGGED_ON));
}

#[tokio::test]
async fn log_1_a_log_on_that_moves_its_user_logs_the_other_turret_off_and_its_call_waits_on_hold() {
    let moves = format!("{}\n[policy]\nlogon.second = \"move\"\n", support::FLOOR);
    let world = World::with_floor(moves).await;
    let (mut first, mut marsh) = (world.log_on("reyes").await, world.log_on("marsh").await);
    let line = LineId::from("mrd-london");
    let seize = Act::Seize { line: line.clone(), position: Position::Left, private: false };
    assert!(matches!(first.command(seize).await, Answer::Done { .. }));
    let second = world.log_on("reyes").await;
    let told = "You have logged on at 1: this turret is logged off.";
    assert_eq!(first.end().await, (Some(told.to_owned()), close::NOT_LOGGED_ON));
    let held = marsh.until("mrd-london", |status| !status.holders.is_empty()).await;
    assert_eq!(held.holders[0].turret, first.turret);
    assert!(second.snapshot.unwrap().statuses.iter().any(|status| status.line == line && status.parties.is_empty()));
}

fn has_left(statuses: &[PersonStatus], user: &str) -> bool {
    statuses.iter().any(|status| status.user == user.into() && !status.logged_on)
}

#[tokio::test]
async fn everybody_sees_that_a_colleague_has_logged_on() {
    let world = World::start().await;
    let mut reyes = world.log_on("reyes").await;
    world.log_on("lindt").await;
    loop {
        if let FromSwitch::Event { event: Event::People { statuses }, .. } = reyes.next().await
            && statuses.iter().any(|status| status.user == "lindt".into() && status.logged_on)
        {
            break;
        }
    }
}

#[tokio::test]
async fn a_heartbeat_is_answered_with_its_number() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    turret.send(&FromTurret::Heartbeat { n: 7 }).await;
    assert!(matches!(turret.next().await, FromSwitch::HeartbeatAck { n: 7, .. }));
}

#[tokio::test]
async fn a_second_switch_on_the_same_data_folder_gets_one_sentence() {
    let world = World::start().await;
    let listen = "127.0.0.1:0".parse().unwrap();
    let options = dealerboard_switch::SwitchOptions::new(
        dealerboard_switch::FloorSource::Text(support::FLOOR.into()),
        world.folder.path().join("data"),
        listen,
    );
    let error = dealerboard_switch::Switch::start(options).await.err().unwrap().to_string();
    assert!(error.contains("is in use by another switch"), "{error}");
}

#[tokio::test]
async fn a_user_who_is_added_while_the_switch_runs_logs_on_with_the_lines_of_their_desk() {
    let world = World::start().await;
    let users = UserList::open(&world.folder.path().join("data")).unwrap();
    users.add(&trader(&users, "novak", "P. Novak", "london"), "hyacinth-bulb").unwrap();
    let turret = world.log_on_with(password("novak", "hyacinth-bulb"), None).await;
    let snapshot = turret.snapshot.unwrap();
    assert_eq!(snapshot.me.name, "P. Novak");
    assert!(snapshot.lines.iter().any(|facts| facts.line == LineId::from("ard-london")));
}

#[tokio::test]
async fn a_user_who_is_added_is_on_the_panels_of_those_who_are_logged_on_before_they_log_on() {
    let world = World::start().await;
    let mut reyes = world.log_on("reyes").await;
    let users = UserList::open(&world.folder.path().join("data")).unwrap();
    users.add(&trader(&users, "novak", "P. Novak", "london"), "hyacinth-bulb").unwrap();
    let snapshot = reyes.until_snapshot(|snapshot| snapshot.people.len() > 4).await;
    assert!(snapshot.people.iter().any(|person| person.user == "novak".into()));
    assert!(snapshot.person_statuses.iter().any(|status| status.user == "novak".into() && !status.logged_on));
}

#[tokio::test]
async fn a_user_who_is_moved_while_they_are_logged_on_sees_the_lamps_of_their_new_desk() {
    let world = World::start().await;
    let users = UserList::open(&world.folder.path().join("data")).unwrap();
    let mut marsh = world.log_on("marsh").await;
    let mut lindt = world.log_on("lindt").await;
    users.change(&trader(&users, "marsh", "T. Marsh", "new-york")).unwrap();
    let line = LineId::from("ard-new-york");
    let snapshot = marsh.until_snapshot(|snapshot| snapshot.me.desk == "new-york".into()).await;
    assert!(snapshot.lines.iter().any(|facts| facts.line == line));
    assert!(snapshot.statuses.iter().any(|status| status.line == line));
    lindt.command(Act::Seize { line, position: Position::Left, private: false }).await;
    marsh.until("ard-new-york", |status| status.call.is_some()).await;
}

#[tokio::test]
async fn a_new_password_ends_the_users_sessions_tokens_and_cookies_and_nobody_elses() {
    let world = World::start().await;
    let (mut reyes, mut marsh) = (world.log_on("reyes").await, world.log_on("marsh").await);
    let cookie = world.review_as("reyes").await.cookie();
    let users = UserList::open(&world.folder.path().join("data")).unwrap();
    users.set_password(&"reyes".into(), "hyacinth-bulb").unwrap();
    let (sentence, code) = reyes.end().await;
    assert_eq!(code, close::NOT_LOGGED_ON);
    assert!(sentence.unwrap().starts_with("Your password was changed"));
    let again = world.say_hello(token(&reyes.token), Some(reyes.turret)).await.end().await;
    assert_eq!(again.0.as_deref(), Some("Your log-on has ended; log on again."));
    assert_eq!(world.ask("GET /api/me", &[("Cookie", &cookie)], "").await.status, 401);
    world.log_on_with(password("reyes", "hyacinth-bulb"), None).await;
    marsh.send(&FromTurret::Heartbeat { n: 7 }).await;
    while !matches!(marsh.next().await, FromSwitch::HeartbeatAck { n: 7, .. }) {}
}

#[tokio::test]
async fn a_user_who_is_removed_is_logged_off() {
    let world = World::start().await;
    let users = UserList::open(&world.folder.path().join("data")).unwrap();
    users.add(&trader(&users, "novak", "P. Novak", "london"), "hyacinth-bulb").unwrap();
    let mut novak = world.log_on_with(password("novak", "hyacinth-bulb"), None).await;
    users.remove(&"novak".into()).unwrap();
    assert_eq!(novak.end().await.1, close::NOT_LOGGED_ON);
}

#[tokio::test]
async fn a_turret_that_lost_its_connection_goes_on_with_its_session() {
    let world = World::start().await;
    let turret = world.log_on("reyes").await;
    let (session, secret) = (turret.turret, turret.token.clone());
    drop(turret);
    assert_eq!(world.log_on_with(token(&secret), Some(session)).await.turret, session);
}

#[tokio::test]
async fn a_turret_that_does_not_come_back_is_seen_to_be_gone_and_its_colleague_is_told_once_of_its_call() {
    let world = World::start().await;
    let (mut reyes, mut marsh, mut lindt) =
        (world.log_on("reyes").await, world.log_on("marsh").await, world.log_on("lindt").await);
    reyes.command(Act::Seize { line: LineId::from("ard-london"), position: Position::Left, private: false }).await;
    let line = LineId::from("ard-new-york");
    let call = lindt.until("ard-new-york", |status| status.ring.is_some()).await.call.unwrap();
    lindt.command(Act::Answer { line, call, position: Position::Left, private: false }).await;
    drop(reyes);
    let mut told = Vec::new();
    let mut beat = tokio::time::interval(Duration::from_millis(HEARTBEAT_MS));
    loop {
        let message = tokio::select! {
            message = marsh.next() => message,
            _ = beat.tick() => {
                marsh.send(&FromTurret::Heartbeat { n: 1 }).await;
                continue;
            }
        };
        match message {
            FromSwitch::Event { event: Event::Notice(notice), .. } => told.push(notice.sentence),
            FromSwitch::Event { event: Event::People { statuses }, .. } if has_left(&statuses, "reyes") => break,
            _ => {}
        }
    }
    marsh.send(&FromTurret::Heartbeat { n: 7 }).await;
    loop {
        match marsh.next().await {
            FromSwitch::Event { event: Event::Notice(notice), .. } => told.push(notice.sentence),
            FromSwitch::HeartbeatAck { n: 7, .. } => break,
            _ => {}
        }
    }
    told.retain(|sentence| sentence.contains("has left"));
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn no_session_number_is_used_again_after_a_restart() {
    let mut world = World::start().await;
    let before = world.log_on("reyes").await.turret;
    world.restart().await;
    assert!(world.log_on("marsh").await.turret > before);
}

#[tokio::test]
async fn a_turret_that_logs_off_is_seen_to_be_gone_at_once() {
    let world = World::start().await;
    let mut reyes = world.log_on("reyes").await;
    let mut lindt = world.log_on("lindt").await;
    lindt.send(&FromTurret::LogOff).await;
    loop {
        if let FromSwitch::Event { event: Event::People { statuses }, .. } = reyes.next().await
            && has_left(&statuses, "lindt")
        {
            break;
        }
    }
}

#[tokio::test]
async fn an_offer_that_is_no_offer_is_answered_with_the_reason() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    turret.send(&FromTurret::Offer { id: None, sdp: "not an offer".into() }).await;
    let FromSwitch::SdpAnswer { id: None, sdp: None, error: Some(_) } = turret.next().await else { panic!() };
}

#[tokio::test]
async fn a_report_of_keyed_time_is_answered_each_time_and_listed_once_in_another_session_too() {
    let mut world = World::start().await;
    let now_utc_ms = world.log_on("reyes").await.snapshot.unwrap().now.utc_ms;
    let interval = KeyedInterval {
        line: "sterling".into(),
        uplink: Uplink::Mic,
        from_utc_ms: now_utc_ms - 2_000,
        to_utc_ms: now_utc_ms - 1_000,
    };
    let report = FromTurret::Keyed { id: Some(Uuid::from_u128(7)), intervals: vec![interval] };
    for _ in 0..2 {
        let mut turret = world.log_on("reyes").await;
        turret.send(&report).await;
        loop {
            if let FromSwitch::Answer { id, result } = turret.next().await {
                assert!(id == Uuid::from_u128(7) && matches!(result, Answer::Done { .. }));
                break;
            }
        }
    }
    world.switch.take().unwrap().stop().await;
    let chain = world.folder.path().join("data").join("recordings").join("chain.jsonl");
    let chain = std::fs::read_to_string(chain).unwrap();
    assert_eq!(chain.matches("the turret had no switch to talk to").count(), 1, "{chain}");
}

fn trader(users: &UserList, user: &str, name: &str, desk: &str) -> dealerboard_switch::Account {
    users.account(user, name, desk, &["trader".into()], "4-09").unwrap()
}
