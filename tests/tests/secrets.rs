//! What nobody may read in a log or in somebody else's file: passwords and tokens.
#![allow(clippy::unwrap_used)]

use dealerboard_model::LineId;
use dealerboard_switch::{FloorSource, Switch, SwitchOptions};
use dealerboard_tests::world::{PASSWORD, World};
use dealerboard_turret::view::{Intent, LinkView};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A switch that logs all that it can into `log`.
fn chatty(log: &Path) -> World {
    let words = ["env", "RUST_LOG=trace", "sh", "-c", r#"log=$0; exec "$@" 2>>"$log""#];
    let mut wrapper: Vec<String> = words.map(str::to_owned).into();
    wrapper.push(log.display().to_string());
    World::start_at("two-desks", wrapper, "127.0.0.1:0").unwrap()
}

/// A token stands in the switch's answer behind `"token":"`, and has the length of 256 bits in base 64; as hexadecimal
/// digits or a list of bytes its name would be found.
fn has_token(log: &str) -> bool {
    let [_, hex, list] = forms(r#""token":""#);
    let named = log.contains(&hex) || log.contains(&list);
    named
        || log.match_indices("token").any(|(at, _)| {
            let behind = &log[at + "token".len()..];
            let value = behind.trim_start_matches(['"', '\\', ':', ' ', '=', '(', ',']);
            let secret = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
            value.chars().take_while(|letter| secret(*letter)).count() >= 32
        })
}

/// A text as itself, as hexadecimal digits and as a list of bytes: what a library may log of a message.
fn forms(text: &str) -> [String; 3] {
    let hex = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let list = text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    [text.to_owned(), hex, list]
}

#[test]
fn neither_log_at_its_finest_holds_a_password_or_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let (of_switch, of_turret) = (folder.path().join("switch.log"), folder.path().join("turret.log"));
    let mut world = chatty(&of_switch);
    let mut reyes = world.seat("reyes").logs_into(&of_turret).sit_down().unwrap();
    let key = Intent::Press { line: LineId::from("ard-london"), call: None, lamp: None, position: None };
    reyes.act(&key).unwrap();
    reyes.until_key("ard-london", "is called", |key| key.call.is_some()).unwrap();
    // A return brings a token in the place of the password.
    world.kill_switch();
    reyes.until("the loss is shown", |view| matches!(view.header.link, LinkView::Lost { .. })).unwrap();
    world.restart_switch().unwrap();
    reyes.until_logged_on().unwrap();
    world.stop_switch().unwrap();
    for file in [&of_switch, &of_turret] {
        let log = std::fs::read_to_string(file).unwrap();
        assert!(log.lines().count() > 20, "{} is no log at the finest level", file.display());
        let holds = |line: &&str| forms(PASSWORD).iter().any(|form| line.contains(form)) || has_token(line);
        // Who wrote it is named, and not what.
        let writers: BTreeSet<_> = log.lines().filter(holds).map(|line| line.split_whitespace().nth(2)).collect();
        assert!(writers.is_empty(), "{} holds secrets, written by {writers:?}", file.display());
    }
}

#[test]
fn a_token_in_a_log_would_be_found() {
    let token = "x".repeat(43);
    assert!(
        has_token(&format!(r#"got {{\"token\":\"{token}\"}}"#)) && has_token(&format!("Token {{ token: \"{token}\""))
    );
    assert!(!has_token("a token has ended; tokens live for 15 minutes"));
}

#[tokio::test]
async fn only_its_owner_can_read_the_passwords_of_the_sample_floor() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/floors/sample.toml");
    let (data, listen) = (folder.path().join("data"), "127.0.0.1:0".parse().unwrap());
    let options =
        SwitchOptions { sample_passwords: true, ..SwitchOptions::new(FloorSource::File(floor), data.clone(), listen) };
    let switch = Switch::start(options).await.unwrap();
    let file = data.join("passwords.txt");
    assert!(std::fs::read_to_string(&file).unwrap().lines().any(|line| line.starts_with("a.reyes ")));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    switch.stop().await;
}
