//! The operator's commands, run as an operator runs them.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const FLOOR: &str = include_str!("../../../tests/floors/two-desks.toml");

fn switch(words: &[&str], folder: &Path, typed: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dealerboard-switch"))
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

#[test]
fn check_names_the_file_the_line_and_what_to_write_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = FLOOR.replacen("desk = \"london\"", "desk = \"londn\"", 1);
    std::fs::write(folder.path().join("floor.toml"), wrong).unwrap();
    let output = switch(&["check", "--floor", "floor.toml"], folder.path(), "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), "floor.toml:18: there is no desk \"londn\"; write \"london\" instead\n");
}

#[test]
fn check_of_a_right_floor_file_says_nothing_and_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("floor.toml"), FLOOR).unwrap();
    let output = switch(&["check", "--floor", "floor.toml"], folder.path(), "");
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), ""));
}

#[test]
fn serve_refuses_a_floor_file_that_names_a_missing_desk_with_the_same_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = FLOOR.replacen("desk = \"london\"", "desk = \"londn\"", 1);
    std::fs::write(folder.path().join("floor.toml"), wrong).unwrap();
    let words = ["serve", "--floor", "floor.toml", "--data", "data", "--listen", "127.0.0.1:0"];
    let output = switch(&words, folder.path(), "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), "floor.toml:18: there is no desk \"londn\"; write \"london\" instead\n");
}

#[test]
fn a_user_is_added_listed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let add =
        ["user", "add", "novak", "--name", "P. Novak", "--desk", "london", "--role", "reviewer", "--data", "data"];
    assert_eq!(said(&switch(&add, folder.path(), "hyacinth-bulb\n")), "novak was added\n");
    let list = said(&switch(&["user", "list", "--data", "data"], folder.path(), ""));
    assert_eq!(list, "novak  P. Novak  london  reviewer  password set\n");
    let remove = switch(&["user", "remove", "novak", "--data", "data"], folder.path(), "");
    assert_eq!(said(&remove), "novak was removed\n");
    let again = switch(&["user", "remove", "novak", "--data", "data"], folder.path(), "");
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).starts_with("there is no user \"novak\" in this data folder"));
}

#[test]
fn no_password_is_kept_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "hyacinth-bulb\n").unwrap();
    let words = ["user", "password", "reyes", "--data", "data", "--password-file", "password"];
    assert_eq!(said(&switch(&words, folder.path(), "")), "the password of reyes was set\n");
    for file in std::fs::read_dir(folder.path().join("data")).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("hyacinth"));
    }
}

#[test]
fn a_role_that_does_not_exist_is_refused_with_those_that_do() {
    let folder = tempfile::tempdir().unwrap();
    let add = ["user", "add", "novak", "--desk", "london", "--role", "boss", "--data", "data"];
    let output = switch(&add, folder.path(), "hyacinth-bulb\n");
    assert_eq!(
        said(&output),
        "\"boss\" is not a role; write one of trader, broker, supervisor, reviewer, officer, administrator\n"
    );
}

const ADD: [&str; 7] = ["user", "add", "novak", "--desk", "london", "--data", "data"];
const LIST: [&str; 4] = ["user", "list", "--data", "data"];

#[test]
fn a_user_whose_password_is_too_short_is_not_added() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(said(&switch(&ADD, folder.path(), "hyacinth-bulb\n")), "novak was added\n");
    let add = ["user", "add", "keane", "--desk", "london", "--data", "data"];
    let output = switch(&add, folder.path(), "short\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), "the password is shorter than 8 characters; choose a longer one\n");
    assert_eq!(said(&switch(&LIST, folder.path(), "")), "novak  novak  london  trader  password set\n");
}

#[test]
fn a_user_who_is_there_is_not_added_again_and_keeps_desk_and_password() {
    let folder = tempfile::tempdir().unwrap();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let before = std::fs::read(folder.path().join("data/passwords.json")).unwrap();
    let again = ["user", "add", "novak", "--desk", "new-york", "--data", "data"];
    let output = switch(&again, folder.path(), "another-bulb\n");
    assert_eq!(output.status.code(), Some(1));
    let sentence = "there is a user \"novak\" already; give them another password with: user password novak\n";
    assert_eq!(said(&output), sentence);
    assert_eq!(said(&switch(&LIST, folder.path(), "")), "novak  novak  london  trader  password set\n");
    assert_eq!(std::fs::read(folder.path().join("data/passwords.json")).unwrap(), before);
}

#[test]
fn a_user_who_has_a_password_is_not_added_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    switch(&["user", "password", "novak", "--data", "data"], folder.path(), "hyacinth-bulb\n");
    let before = std::fs::read(folder.path().join("data/passwords.json")).unwrap();
    let output = switch(&ADD, folder.path(), "another-bulb\n");
    assert_eq!(output.status.code(), Some(1));
    let sentence = "there is a user \"novak\" already; give them another password with: user password novak\n";
    assert_eq!(said(&output), sentence);
    assert_eq!(said(&switch(&LIST, folder.path(), "")), "novak  (floor file)  password set\n");
    assert_eq!(std::fs::read(folder.path().join("data/passwords.json")).unwrap(), before);
}

#[test]
fn an_added_user_is_moved_to_another_desk_and_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let moved = switch(&["user", "change", "novak", "--desk", "new-york", "--data", "data"], folder.path(), "");
    assert_eq!(said(&moved), "novak was changed\n");
    assert_eq!(said(&switch(&LIST, folder.path(), "")), "novak  novak  new-york  trader  password set\n");
    switch(&["user", "change", "novak", "--role", "reviewer", "--data", "data"], folder.path(), "");
    assert_eq!(said(&switch(&LIST, folder.path(), "")), "novak  novak  new-york  reviewer  password set\n");
}

#[test]
fn nobody_is_changed_who_was_not_added() {
    let folder = tempfile::tempdir().unwrap();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let output = switch(&["user", "change", "reyes", "--desk", "new-york", "--data", "data"], folder.path(), "");
    assert_eq!(output.status.code(), Some(1));
    let sentence = "nobody called \"reyes\" was added; see who was with: user list, or change the floor file\n";
    assert_eq!(said(&output), sentence);
}

#[test]
fn listing_a_data_folder_that_is_not_there_says_so_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    for words in [LIST.as_slice(), &["user", "remove", "novak", "--data", "data"]] {
        let output = switch(words, folder.path(), "");
        assert_eq!(output.status.code(), Some(1));
        let sentence = "there is no data folder data; name the one that the switch serves with --data\n";
        assert_eq!(said(&output), sentence);
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_switch_that_starts_without_the_desk_of_an_added_user_names_both() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("floor.toml"), FLOOR).unwrap();
    let add = ["user", "add", "novak", "--desk", "paris", "--data", "data"];
    switch(&add, folder.path(), "hyacinth-bulb\n");
    // An address of nobody here: the switch ends once it has read the floor and its users.
    let words = ["serve", "--floor", "floor.toml", "--data", "data", "--listen", "203.0.113.1:0"];
    let output = switch(&words, folder.path(), "");
    assert!(said(&output).contains("the added user novak is of the desk paris, which this floor does not have"));
}
