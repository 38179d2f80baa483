//! The operator's commands, run as an operator runs them.
#![allow(clippy::unwrap_used)]

use dealerboard_store::{Change, Records};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::fd::FromRawFd;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::ptr::{null, null_mut};

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
    // Whoever refuses before it asks may have ended by now.
    match child.stdin.take().unwrap().write_all(typed.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{error}"),
        Ok(()) | Err(_) => {}
    }
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

/// Who is listed, but for those of the floor file who have no password.
fn listed(folder: &Path) -> String {
    let list = said(&switch(&LIST, folder, ""));
    list.lines().filter(|line| !line.ends_with("(floor file)  no password")).map(|line| format!("{line}\n")).collect()
}

/// Serves `floor` from `data` until the switch finds that it cannot listen on somebody else's address, which it looks at last.
fn serve(folder: &Path, floor: &str) -> Output {
    std::fs::write(folder.join("floor.toml"), floor).unwrap();
    let words = ["serve", "--floor", "floor.toml", "--data", "data", "--listen", "203.0.113.1:0"];
    switch(&words, folder, "")
}

/// A folder with a floor that was served from `data`.
fn served() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    serve(folder.path(), FLOOR);
    folder
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
fn check_of_a_right_floor_file_says_so_with_what_it_counted_and_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("floor.toml"), FLOOR).unwrap();
    let output = switch(&["check", "--floor", "floor.toml"], folder.path(), "");
    let sentence = "floor.toml has no mistakes: 2 desks, 4 users, 8 lines, 0 counterparties\n";
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), sentence));
}

/// What `check` says of the floor and of the data folder that it was served from.
fn checked_with_data(folder: &Path) -> String {
    let output = switch(&["check", "--floor", "floor.toml", "--data", "data"], folder, "");
    let said = said(&output);
    said.strip_prefix("floor.toml has no mistakes: 2 desks, 4 users, 8 lines, 0 counterparties\n").unwrap().to_owned()
}

#[tokio::test]
async fn check_lists_what_was_changed_at_run_time_and_wins_over_the_floor_file() {
    let folder = served();
    assert_eq!(
        checked_with_data(folder.path()),
        "data: nothing that was changed at run time wins over the floor file\n"
    );
    let add = ["user", "add", "novak", "--name", "P. Novak", "--desk", "london", "--data", "data"];
    switch(&add, folder.path(), "hyacinth-bulb\n");
    let mut records = Records::open(&folder.path().join("data/records.db")).await.unwrap();
    let dnd = |user: &str| Change { kind: "dnd", key: user.to_owned(), value: Some(true.into()) };
    records.write(&["reyes", "novak", "nobody"].map(dnd)).await.unwrap();
    let expected = "data: do-not-disturb of nobody is dropped when this floor is served, because it has no such user\n\
                    data: do-not-disturb is on for P. Novak (novak)\n\
                    data: do-not-disturb is on for A. Reyes (reyes)\n";
    assert_eq!(checked_with_data(folder.path()), expected);
}

#[test]
fn check_names_a_data_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("floor.toml"), FLOOR).unwrap();
    let output = switch(&["check", "--floor", "floor.toml", "--data", "data"], folder.path(), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("there is no data folder data;"), "{}", said(&output));
}

#[test]
fn serve_refuses_damaged_records_by_their_name() {
    let folder = served();
    std::fs::write(folder.path().join("data/records.db"), "these are no records").unwrap();
    let output = serve(folder.path(), FLOOR);
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output);
    assert!(told.contains("data/records.db is damaged (file is not a database); restore it from a copy"), "{told}");
}

#[test]
fn check_lists_the_policies_that_differ_from_their_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let hoot = "id = \"sterling\"\n";
    let floor = FLOOR.replacen(hoot, &format!("{hoot}policy.hoot.talkers = 6\n"), 1);
    let sets = "[policy]\nhold.reminder = \"45 s\"\nhold.max = 8\nlatch.max = \"off\"\n";
    std::fs::write(folder.path().join("floor.toml"), format!("{floor}\n{sets}")).unwrap();
    let output = switch(&["check", "--floor", "floor.toml"], folder.path(), "");
    let sentences = "floor.toml has no mistakes: 2 desks, 4 users, 8 lines, 0 counterparties\n\
                     the floor sets hold.reminder = \"45 s\", latch.max = \"off\"\n\
                     the hoot sterling sets hoot.talkers = 6\n";
    assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), sentences));
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
    let folder = served();
    let add =
        ["user", "add", "novak", "--name", "P. Novak", "--desk", "london", "--role", "reviewer", "--data", "data"];
    assert_eq!(said(&switch(&add, folder.path(), "hyacinth-bulb\n")), "novak was added\n");
    assert_eq!(listed(folder.path()), "novak  P. Novak  london  reviewer  password set\n");
    let remove = switch(&["user", "remove", "novak", "--data", "data"], folder.path(), "");
    assert_eq!(said(&remove), "novak was removed\n");
    let again = switch(&["user", "remove", "novak", "--data", "data"], folder.path(), "");
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).starts_with("there is no user \"novak\" in this data folder"));
}

#[test]
fn no_password_is_kept_in_the_clear() {
    let folder = served();
    std::fs::write(folder.path().join("password"), "hyacinth-bulb\n").unwrap();
    let words = ["user", "password", "reyes", "--data", "data", "--password-file", "password"];
    assert_eq!(said(&switch(&words, folder.path(), "")), "the password of reyes was set\n");
    let files = std::fs::read_dir(folder.path().join("data")).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file| file.is_file()) {
        let text = std::fs::read(file).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("hyacinth"));
    }
}

#[test]
fn a_role_that_does_not_exist_is_refused_with_those_that_do() {
    let folder = served();
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
    let folder = served();
    assert_eq!(said(&switch(&ADD, folder.path(), "hyacinth-bulb\n")), "novak was added\n");
    let add = ["user", "add", "keane", "--desk", "london", "--data", "data"];
    let output = switch(&add, folder.path(), "short\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output), "the password is shorter than 8 characters; choose a longer one\n");
    assert_eq!(listed(folder.path()), "novak  novak  london  trader  password set\n");
}

#[test]
fn a_user_who_is_there_is_not_added_again_and_keeps_desk_and_password() {
    let folder = served();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let before = std::fs::read(folder.path().join("data/passwords.json")).unwrap();
    let again = ["user", "add", "novak", "--desk", "new-york", "--data", "data"];
    let output = switch(&again, folder.path(), "another-bulb\n");
    assert_eq!(output.status.code(), Some(1));
    let sentence = "there is a user \"novak\" already; give them another password with: user password novak\n";
    assert_eq!(said(&output), sentence);
    assert_eq!(listed(folder.path()), "novak  novak  london  trader  password set\n");
    assert_eq!(std::fs::read(folder.path().join("data/passwords.json")).unwrap(), before);
}

#[test]
fn a_user_who_has_a_password_is_not_added_and_keeps_it() {
    let folder = served();
    switch(&["user", "password", "lindt", "--data", "data"], folder.path(), "hyacinth-bulb\n");
    let before = std::fs::read(folder.path().join("data/passwords.json")).unwrap();
    let output =
        switch(&["user", "add", "lindt", "--desk", "london", "--data", "data"], folder.path(), "another-bulb\n");
    assert_eq!(output.status.code(), Some(1));
    let sentence = "there is a user \"lindt\" already; give them another password with: user password lindt\n";
    assert_eq!(said(&output), sentence);
    assert_eq!(listed(folder.path()), "lindt  (floor file)  password set\n");
    assert_eq!(std::fs::read(folder.path().join("data/passwords.json")).unwrap(), before);
}

#[test]
fn a_password_is_set_for_somebody_whom_the_floor_has_and_for_nobody_else() {
    let folder = served();
    let output = switch(&["user", "password", "nobody", "--data", "data"], folder.path(), "");
    assert_eq!(output.status.code(), Some(1));
    let sentence =
        "there is no user \"nobody\", neither in the floor file nor added; see who there is with: user list\n";
    assert_eq!(said(&output), sentence);
    switch(&["user", "password", "lindt", "--data", "data"], folder.path(), "hyacinth-bulb\n");
    let all = said(&switch(&LIST, folder.path(), ""));
    assert!(all.contains("lindt  (floor file)  password set\n"), "{all}");
    assert!(all.contains("reyes  (floor file)  no password\n") && !all.contains("nobody"), "{all}");
}

#[test]
fn an_added_user_is_moved_to_another_desk_and_keeps_the_rest() {
    let folder = served();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let moved = switch(&["user", "change", "novak", "--desk", "new-york", "--data", "data"], folder.path(), "");
    assert_eq!(said(&moved), "novak was changed\n");
    assert_eq!(listed(folder.path()), "novak  novak  new-york  trader  password set\n");
    switch(&["user", "change", "novak", "--role", "reviewer", "--data", "data"], folder.path(), "");
    assert_eq!(listed(folder.path()), "novak  novak  new-york  reviewer  password set\n");
}

#[test]
fn nobody_is_changed_who_was_not_added() {
    let folder = served();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let output = switch(&["user", "change", "reyes", "--desk", "new-york", "--data", "data"], folder.path(), "");
    assert_eq!(output.status.code(), Some(1));
    let sentence = "nobody called \"reyes\" was added; see who was with: user list, or change the floor file\n";
    assert_eq!(said(&output), sentence);
}

/// Every command about users, on the data folder `data`.
const ON_DATA: [&[&str]; 5] = [
    &ADD,
    &["user", "change", "novak", "--desk", "new-york", "--data", "data"],
    &["user", "password", "novak", "--data", "data"],
    &LIST,
    &["user", "remove", "novak", "--data", "data"],
];

#[test]
fn a_data_folder_that_is_not_there_is_named_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    for words in ON_DATA {
        let output = switch(words, folder.path(), "hyacinth-bulb\n");
        assert_eq!(output.status.code(), Some(1));
        let sentence = "there is no data folder data; name the one that the switch serves with --data, or serve a floor there first\n";
        assert_eq!(said(&output), sentence);
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_folder_from_which_nothing_was_served_is_named_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    for words in ON_DATA {
        let output = switch(words, folder.path(), "hyacinth-bulb\n");
        assert_eq!(output.status.code(), Some(1));
        let sentence = "no floor was served from data yet; name the data folder that the switch serves with --data, or serve a floor there first\n";
        assert_eq!(said(&output), sentence);
    }
    assert_eq!(std::fs::read_dir(folder.path().join("data")).unwrap().count(), 0);
}

#[test]
fn a_folder_whose_desks_no_switch_has_kept_yet_refuses_only_who_names_a_desk() {
    let folder = served();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    for kept in ["desks", "floor-users"] {
        std::fs::remove_file(folder.path().join(format!("data/{kept}.json"))).unwrap();
    }
    let said = |words: &[&str]| said(&switch(words, folder.path(), "hyacinth-bulb\n"));
    let sentence =
        "the desks of the floor are not known yet; start this version of the switch once with this data folder\n";
    assert_eq!(said(&["user", "add", "keane", "--desk", "london", "--data", "data"]), sentence);
    assert_eq!(said(&["user", "change", "novak", "--desk", "new-york", "--data", "data"]), sentence);
    assert_eq!(said(&["user", "change", "novak", "--role", "reviewer", "--data", "data"]), "novak was changed\n");
    assert_eq!(said(&["user", "password", "novak", "--data", "data"]), "the password of novak was set\n");
    assert_eq!(said(&LIST), "novak  novak  london  reviewer  password set\n");
    assert_eq!(said(&["user", "remove", "novak", "--data", "data"]), "novak was removed\n");
}

#[test]
fn a_desk_that_the_floor_does_not_have_is_refused_with_those_that_it_has() {
    let folder = served();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let add = ["user", "add", "keane", "--desk", "londn", "--data", "data"];
    let change = ["user", "change", "novak", "--desk", "londn", "--data", "data"];
    for words in [add, change] {
        let output = switch(&words, folder.path(), "hyacinth-bulb\n");
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(said(&output), "the floor has no desk \"londn\"; write one of london, new-york\n");
    }
    assert_eq!(listed(folder.path()), "novak  novak  london  trader  password set\n");
}

#[test]
fn a_desk_of_the_floor_that_was_served_last_is_taken_and_one_of_an_earlier_floor_is_not() {
    let folder = served();
    serve(folder.path(), &FLOOR.replace("\"london\"", "\"paris\""));
    assert_eq!(switch(&ADD, folder.path(), "hyacinth-bulb\n").status.code(), Some(1));
    let add = ["user", "add", "novak", "--desk", "paris", "--data", "data"];
    assert_eq!(said(&switch(&add, folder.path(), "hyacinth-bulb\n")), "novak was added\n");
}

#[test]
fn a_switch_that_starts_without_the_desk_of_an_added_user_names_both() {
    let folder = served();
    switch(&ADD, folder.path(), "hyacinth-bulb\n");
    let output = serve(folder.path(), &FLOOR.replace("\"london\"", "\"paris\""));
    assert!(said(&output).contains("the added user novak is of the desk london, which this floor does not have"));
}

/// A switch that runs, and what it says where it listens.
struct Serving {
    process: std::process::Child,
    address: String,
}

/// Serves the floor at `listen` until it listens; what it logs goes to `log`.
fn serving(folder: &Path, listen: &str, log: Stdio, no_color: &str) -> Serving {
    std::fs::write(folder.join("floor.toml"), FLOOR).unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_dealerboard-switch"))
        .args(["serve", "--floor", "floor.toml", "--data", "data", "--listen", listen])
        .env("NO_COLOR", no_color)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
    let address = said.find_map(|line| line.unwrap().strip_prefix("listening on wss://").map(str::to_owned)).unwrap();
    Serving { process, address }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_name_is_listened_on_at_the_address_that_it_stands_for() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serving(folder.path(), "localhost:0", Stdio::null(), "");
    assert!(serving.address.starts_with("127.0.0.1:"), "{}", serving.address);
}

#[test]
fn what_is_no_address_to_listen_on_is_told_with_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["7443", "no-such-machine.invalid:7443"] {
        let words = ["serve", "--floor", "floor.toml", "--data", "data", "--listen", listen];
        let said = said(&switch(&words, folder.path(), ""));
        assert!(said.contains(listen) && said.contains("write ADDRESS:PORT, such as 127.0.0.1:7443"), "{said}");
    }
}

#[test]
fn a_log_in_a_file_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    drop(serving(folder.path(), "127.0.0.1:0", std::fs::File::create(&log).unwrap().into(), ""));
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("INFO") && !log.contains('\u{1b}'), "{log}");
}

/// The first line that a switch logs at a terminal, with `NO_COLOR` as given.
fn logged_at_a_terminal(no_color: &str) -> String {
    let (mut ours, mut its) = (0, 0);
    // SAFETY: openpty(3) writes two descriptors into integers that live here, and takes no name and no settings.
    let opened = unsafe { libc::openpty(&raw mut ours, &raw mut its, null_mut(), null(), null()) };
    assert_eq!(opened, 0);
    // SAFETY: both descriptors were opened above and belong to nobody else.
    let (ours, its) = unsafe { (std::fs::File::from_raw_fd(ours), std::fs::File::from_raw_fd(its)) };
    let folder = tempfile::tempdir().unwrap();
    let _serving = serving(folder.path(), "127.0.0.1:0", its.into(), no_color);
    let mut line = String::new();
    BufReader::new(ours).read_line(&mut line).unwrap();
    line
}

#[test]
fn a_log_at_a_terminal_has_colours_unless_no_color_is_set() {
    assert!(logged_at_a_terminal("").contains('\u{1b}'));
    assert!(!logged_at_a_terminal("1").contains('\u{1b}'));
}
