//! The review pages' door: who gets in, with which cookie, and what everybody else is told.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_model::{Position, Uplink};
use dealerboard_wire::{Act, Answer, FromTurret};
use support::World;

#[tokio::test]
async fn a_reviewer_gets_a_cookie_that_no_script_and_no_other_site_can_use() {
    let world = World::start().await;
    let reply = world.review_as("reyes").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["name"], "A. Reyes");
    for word in ["HttpOnly", "Secure", "SameSite=Strict"] {
        assert!(reply.headers["set-cookie"].contains(word), "{word}");
    }
    let me = world.ask("GET /api/me", &[("Cookie", &reply.cookie())], "").await;
    assert_eq!((me.status, me.json()["user"].as_str()), (200, Some("reyes")));
    assert_eq!(me.headers["cache-control"], "no-store");
    assert_eq!(me.headers["x-content-type-options"], "nosniff");
    assert!(me.headers["content-security-policy"].starts_with("default-src 'self'"));
}

#[tokio::test]
async fn a_trader_without_the_role_is_told_whom_to_ask() {
    let world = World::start().await;
    let reply = world.review_as("marsh").await;
    assert_eq!(reply.status, 403);
    assert_eq!(reply.sentence(), "T. Marsh may not open recordings; ask the administrator for the role of reviewer.");
    assert!(!reply.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_wrong_password_gets_one_sentence() {
    let world = World::start().await;
    let form = r#"{"user":"reyes","password":"not-the-one"}"#;
    let reply = world.ask("POST /api/log-on", &[("Content-Type", "application/json")], form).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.sentence(), "The name or the password is not right; type both again.");
}

#[tokio::test]
async fn nobody_gets_in_without_a_cookie_or_after_logging_off() {
    let world = World::start().await;
    let without = world.ask("GET /api/me", &[], "").await;
    assert_eq!((without.status, without.sentence().as_str()), (401, "Your log-on has ended; log on again."));
    let cookie = world.review_as("reyes").await.cookie();
    let off = world.ask("POST /api/log-off", &[("Cookie", &cookie)], "").await;
    assert_eq!(off.status, 204);
    assert_eq!(world.ask("GET /api/me", &[("Cookie", &cookie)], "").await.status, 401);
}

#[tokio::test]
async fn a_turrets_token_opens_the_review_pages_once_and_no_cookie_opens_a_turret() {
    let world = World::start().await;
    let turret = world.log_on("reyes").await;
    let bearer = format!("Bearer {}", turret.token);
    let link = world.ask("POST /api/hand-over", &[("Authorization", &bearer)], "").await;
    let path = link.json()["path"].as_str().unwrap().to_owned();
    let first = world.ask(&format!("GET {path}"), &[], "").await;
    assert_eq!((first.status, first.headers["location"].as_str()), (303, "/"));
    assert_eq!(world.ask("GET /api/me", &[("Cookie", &first.cookie())], "").await.status, 200);
    let second = world.ask(&format!("GET {path}"), &[], "").await;
    assert!(!second.headers.contains_key("set-cookie"));
    let secret = first.cookie().split_once('=').unwrap().1.to_owned();
    let (_, code) = world.say_hello(support::token(&secret), None).await.end().await;
    assert_eq!(code, dealerboard_wire::close::NOT_LOGGED_ON);
}

#[tokio::test]
async fn a_turret_of_somebody_who_may_not_review_gets_no_link() {
    let world = World::start().await;
    let turret = world.log_on("marsh").await;
    let bearer = format!("Bearer {}", turret.token);
    assert_eq!(world.ask("POST /api/hand-over", &[("Authorization", &bearer)], "").await.status, 403);
}

#[tokio::test]
async fn health_is_there_for_everybody_and_an_unknown_question_gets_a_sentence() {
    let world = World::start().await;
    assert_eq!(world.ask("GET /api/health", &[], "").await.json()["floor"], "Two desks");
    let unknown = world.ask("GET /api/weather", &[], "").await;
    assert_eq!((unknown.status, unknown.sentence().as_str()), (404, "There is no such question in this API."));
}

#[tokio::test]
async fn a_page_that_asks_by_itself_finds_recordings_and_keeps_no_log_on_alive() {
    let world = World::with_token_life(std::time::Duration::from_secs(1)).await;
    let cookie = world.review_as("reyes").await.cookie();
    let by_itself = [("Cookie", cookie.as_str()), ("Dealerboard-By-Itself", "true")];
    let mut answered = 0;
    while world.ask("GET /api/recordings?spoken=true", &by_itself, "").await.status == 200 {
        answered += 1;
    }
    assert!(answered > 0);
    assert_eq!(world.ask("GET /api/me", &[("Cookie", &cookie)], "").await.status, 401);
}

#[tokio::test]
async fn a_microphone_that_is_lost_in_a_call_is_an_event_of_its_recording_with_who_lost_it() {
    let world = World::start().await;
    let mut turret = world.log_on("reyes").await;
    let seized =
        turret.command(Act::Seize { line: "ard-london".into(), position: Position::Left, private: false }).await;
    assert!(matches!(seized, Answer::Done { .. }));
    for there in [false, true] {
        turret.send(&FromTurret::Microphone { uplink: Uplink::Left, there }).await;
    }
    turret.command(Act::Release { line: "ard-london".into() }).await;
    let cookie = world.review_as("reyes").await.cookie();
    let events = loop {
        let detail = world.ask("GET /api/recordings/1", &[("Cookie", &cookie)], "").await;
        if detail.status == 200 && !detail.json()["row"]["ended_utc_ms"].is_null() {
            break detail.json()["events"].as_array().unwrap().clone();
        }
    };
    let told: Vec<_> =
        events.iter().map(|event| (event["who"][0]["name"].as_str(), event["what"].as_str().unwrap())).collect();
    let words = ["Left handset's microphone lost, as its turret tells", "Left handset's microphone is back"];
    assert_eq!(told[2..4], words.map(|what| (Some("A. Reyes"), what)), "{told:?}");
}

#[tokio::test]
async fn an_intercom_that_its_callee_was_told_nothing_of_is_chosen_by_both_of_its_people() {
    let world = World::start().await;
    let mut callee = world.log_on("lindt").await;
    callee.command(Act::Dnd { on: true }).await;
    let mut caller = world.log_on("reyes").await;
    let called = caller.command(Act::Intercom { user: "lindt".into(), position: Position::Left }).await;
    let Answer::Done { line: Some(line), .. } = called else { panic!("{called:?}") };
    caller.command(Act::Release { line }).await;
    let cookie = world.review_as("reyes").await.cookie();
    let choice = loop {
        let page = world.ask("GET /api/recordings", &[("Cookie", &cookie)], "").await.json();
        if let Some(choice) = page["lines"].as_array().and_then(|lines| lines.first().cloned()) {
            break choice;
        }
    };
    assert_eq!((choice["kind"].as_str(), choice["name"].as_str()), (Some("intercom"), Some("R. Lindt, A. Reyes")));
}
