//! `dealerboard-turret` as a program: how it ends while its input is held open.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_wire::{Credentials, FromTurret};
use std::process::Stdio;
use std::time::Duration;
use support::*;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

struct Program {
    process: Child,
    _folder: tempfile::TempDir,
}

fn program(address: &str, pin: &str) -> Program {
    program_with(address, &["--pin", pin])
}

fn program_with(address: &str, more: &[&str]) -> Program {
    program_that_logs(None, address, more)
}

/// As [`program_with`], with `RUST_LOG` as given.
fn program_that_logs(level: Option<&str>, address: &str, more: &[&str]) -> Program {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "tulip").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dealerboard-turret"));
    command.args(["--user", "reyes", "--switch", address, "--password-file"]).arg(password).args(more);
    command.env_remove("RUST_LOG").envs(level.map(|level| ("RUST_LOG", level)));
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

/// Waits for a line of the output that holds `words`.
async fn until_said(program: &mut Program, words: &str) {
    let mut said = BufReader::new(program.process.stdout.take().unwrap()).lines();
    let wait = async { while !said.next_line().await.unwrap().expect("it still runs").contains(words) {} };
    timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("{words} is said"));
    // What comes later is read too: a full pipe would stop the program.
    tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
}

#[tokio::test]
async fn without_a_pin_it_shows_the_fingerprint_and_goes_on_only_when_it_is_trusted() {
    let mut switch = Switch::start().await;
    let mut program = program_with(&switch.address, &[]);
    until_said(&mut program, &format!(r#""state":"untrusted","fingerprint":"{}""#, switch.fingerprint)).await;
    let trust = format!(r#"{{"intent":"trust","fingerprint":"{}"}}"#, switch.fingerprint);
    let mut input = program.process.stdin.take().unwrap();
    input.write_all(format!("{trust}\n").as_bytes()).await.unwrap();
    let (_peer, hello) = switch.arrival().await;
    assert!(matches!(hello.credentials, Credentials::Password { user, .. } if user.as_str() == "reyes"));
}

#[tokio::test]
async fn a_certificate_that_nobody_is_left_to_trust_ends_it_in_one_sentence() {
    let switch = Switch::start().await;
    let mut program = program_with(&switch.address, &["--stay"]);
    drop(program.process.stdin.take());
    let (code, said) = end(program).await;
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains(&switch.fingerprint) && said.contains("--pin"), "{said}");
}

/// A turret whose left microphone is `file` shows that it has none and why, and says that once.
async fn shows_the_trouble_of(file: &std::path::Path, words: &str) {
    let mut switch = Switch::start().await;
    let mic = format!("left={}", file.display());
    let mut program = program_with(&switch.address, &["--pin", &switch.fingerprint, "--mic", &mic]);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(idle()).await;
    until_said(&mut program, r#""microphone":null"#).await;
    drop(program.process.stdin.take());
    let (code, said) = end(program).await;
    assert_eq!((code, said.lines().count()), (Some(0), 1), "{said}");
    assert!(said.contains(words), "{said}");
}

#[tokio::test]
async fn a_microphone_file_that_does_not_exist_is_told_and_the_turret_runs() {
    let folder = tempfile::tempdir().unwrap();
    shows_the_trouble_of(&folder.path().join("none.wav"), "does not exist").await;
}

#[tokio::test]
async fn a_microphone_file_that_is_no_wav_is_told_and_the_turret_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words.txt");
    std::fs::write(&file, "No sound at all, but some words.").unwrap();
    shows_the_trouble_of(&file, "is not a WAV file").await;
}

#[tokio::test]
async fn a_fifo_of_another_rate_is_told_and_the_turret_runs() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("mic");
    let path = std::ffi::CString::new(fifo.to_str().unwrap()).unwrap();
    // SAFETY: mkfifo(3) reads a path that lives through the call.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    let writer = fifo.clone();
    std::thread::spawn(move || {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        hound::WavWriter::new(&mut bytes, spec).unwrap().finalize().unwrap();
        std::fs::write(&writer, bytes.into_inner()).unwrap();
    });
    shows_the_trouble_of(&fifo, "44100 Hz").await;
}

#[tokio::test]
async fn a_line_that_is_no_intent_is_answered_with_one_sentence_and_the_turret_runs_on() {
    let switch = Switch::start().await;
    let mut program = program(&switch.address, &switch.fingerprint);
    let mut input = program.process.stdin.take().unwrap();
    input.write_all(b"{\"intent\":\"hold\"}\n").await.unwrap();
    let mut errors = BufReader::new(program.process.stderr.take().unwrap()).lines();
    let said = errors.next_line().await.unwrap().unwrap();
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(error["error"].as_str().unwrap().starts_with("The intent \"hold\" lacks \"position\";"), "{said}");
    assert!(program.process.try_wait().unwrap().is_none());
}

#[tokio::test]
async fn the_help_shows_the_intents() {
    let help = Command::new(env!("CARGO_BIN_EXE_dealerboard-turret")).arg("--help").output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains(r#"{"intent":"position_volume","position":"left","volume":0.5}"#), "{help}");
}

#[tokio::test]
async fn a_log_in_a_file_has_no_colours() {
    let program = program_that_logs(Some("debug"), "wss://no-such-switch.invalid:7443", &["--pin", &some_pin()]);
    let (_, said) = end(program).await;
    assert!(said.contains("DEBUG") && !said.contains('\u{1b}'), "{said}");
}
