//! `dealerboard-turret` as a program: how it ends while its input is held open.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_wire::FromTurret;
use std::process::Stdio;
use std::time::Duration;
use support::*;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

struct Program {
    process: Child,
    _folder: tempfile::TempDir,
}

fn program(address: &str, pin: &str) -> Program {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "tulip").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dealerboard-turret"));
    command.args(["--user", "reyes", "--switch", address, "--pin", pin, "--password-file"]).arg(password);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Program { process: command.spawn().unwrap(), _folder: folder }
}

fn some_pin() -> String {
    format!("sha256:{}", "0a".repeat(32))
}

/// How it ended and what it said, its input held open all the time.
async fn end(mut program: Program) -> (Option<i32>, String) {
    let _held = program.process.stdin.take();
    let ended = timeout(Duration::from_secs(30), program.process.wait_with_output());
    let output = ended.await.expect("the program ends").unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn an_address_that_is_none_is_told_in_one_sentence() {
    let (code, said) = end(program("https://switch:7443", &some_pin())).await;
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("wss://host:port"), "{said}");
}

#[tokio::test]
async fn an_unknown_host_is_told_in_one_sentence() {
    let (code, said) = end(program("wss://no-such-switch.invalid:7443", &some_pin())).await;
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("no-such-switch.invalid"), "{said}");
}

#[tokio::test]
async fn another_certificate_ends_it() {
    let switch = Switch::start().await;
    let (code, said) = end(program(&switch.address, &some_pin())).await;
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
}

#[tokio::test]
async fn it_logs_off_and_ends_when_it_is_told_to() {
    let mut switch = Switch::start().await;
    let mut program = program(&switch.address, &switch.fingerprint);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    let mut said = BufReader::new(program.process.stdout.take().unwrap()).lines();
    while !said.next_line().await.unwrap().unwrap().contains(r#""state":"up""#) {}
    let id = i32::try_from(program.process.id().unwrap()).unwrap();
    // SAFETY: a signal to a process that this test started and has not waited for.
    unsafe { libc::kill(id, libc::SIGTERM) };
    while peer.next().await != FromTurret::LogOff {}
    assert_eq!(end(program).await.0, Some(0));
}

#[tokio::test]
async fn a_switch_that_does_not_answer_yet_is_tried_again() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("wss://{}", listener.local_addr().unwrap())
    };
    let mut program = program(&address, &some_pin());
    let mut said = BufReader::new(program.process.stdout.take().unwrap()).lines();
    while !said.next_line().await.unwrap().unwrap().contains(r#""state":"lost""#) {}
    assert!(program.process.try_wait().unwrap().is_none());
}
