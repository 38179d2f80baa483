//! A floor of many turrets over their sockets, small: that all arrives, not how soon. `bench-calls` says how soon.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use std::process::Command;

#[test]
fn every_change_reaches_every_turret_while_the_floor_works_and_nobody_is_refused_or_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result.json");
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench-calls"));
    bench.args(["--only", "sockets", "--turrets", "40", "--changes", "30", "--json"]).arg(&file);
    let ended = bench.env("RUST_LOG", "error").output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    // How long it takes is the business of nobody here: 2 is the end of a bench that misses a limit.
    assert!(matches!(ended.status.code(), Some(0 | 2)), "{said}");
    let result: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let sockets = &result["sockets"];
    let [changes, lost, refused, away] =
        ["changes", "changes_not_arrived", "refused", "turned_away"].map(|figure| &sockets[figure]);
    assert_eq!([changes, lost, refused, away], [&json!(30), &json!(0), &json!(0), &json!(0)], "{sockets:#}");
}
