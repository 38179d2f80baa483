//! The workspace's own order: which way dependencies point, what pure crates may touch, and how files look.
#![allow(clippy::unwrap_used)]

mod workspace;

use std::path::PathBuf;
use std::process::Command;
use workspace::{root, sources};

/// Each crate and the crates of this workspace that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("call-control", &["model"]),
    ("wire", &["model"]),
    ("media", &["model"]),
    ("audio-device", &["model", "media"]),
    ("rtc", &["model", "media"]),
    ("store", &["model"]),
    ("archive", &["model", "store"]),
    ("turret", &["model", "rtc", "audio-device", "media", "wire"]),
    ("switch", &["model", "call-control", "wire", "rtc", "media", "archive", "store"]),
    // The program: a turret behind each window, and the switch that it can embed.
    ("window", &["model", "turret", "switch"]),
];

/// Crates without an outside world, and the words that would bring one in.
const PURE: &[&str] = &["model", "call-control", "wire", "media"];
const OUTSIDE: &[&str] =
    &["Instant::now", "SystemTime", "tokio::", "std::fs", "std::net", "thread::spawn", "getrandom::", "std::env::"];

const LINES_MAX: usize = 500;

/// The part of a file before its tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

#[test]
fn dependencies_point_only_along_the_drawn_arrows() {
    let answer = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = match package["name"].as_str().unwrap() {
            "dealerboard" => "window",
            name => match name.strip_prefix("dealerboard-") {
                Some(name) => name,
                None => continue,
            },
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            assert_eq!(name, "tests", "the crate {name} has no row in the table of arrows");
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let is_for_tests = dependency["kind"] == "dev";
            if let Some(to) = dependency["name"].as_str().unwrap().strip_prefix("dealerboard-")
                && !is_for_tests
                && !allowed.contains(&to)
            {
                wrong.push(format!("{name} -> {to}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn pure_crates_touch_no_outside_world() {
    let mut wrong = Vec::new();
    for name in PURE {
        for (path, text) in sources(&root().join("crates").join(name).join("src")) {
            if path.file_name().is_some_and(|file| file == "tests.rs") {
                continue;
            }
            let code: Vec<&str> = product(&text).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.join("\n");
            wrong.extend(
                OUTSIDE.iter().filter(|word| code.contains(**word)).map(|word| format!("{}: {word}", path.display())),
            );
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_source_file_begins_with_its_header() {
    let bare: Vec<PathBuf> = sources(&root())
        .into_iter()
        .filter(|(_, text)| !text.lines().take(3).any(|line| line.starts_with("//!")))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(bare, Vec::<PathBuf>::new());
}

#[test]
fn no_file_is_long_without_a_reason() {
    let long: Vec<PathBuf> = sources(&root())
        .into_iter()
        .filter(|(path, text)| {
            let is_test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
            !is_test && product(text).lines().count() > LINES_MAX && !text.contains("// long: ")
        })
        .map(|(path, _)| path)
        .collect();
    assert_eq!(long, Vec::<PathBuf>::new());
}

#[test]
fn nothing_is_left_for_later() {
    // Written in two parts, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("to", "do!(")];
    let left: Vec<PathBuf> = sources(&root())
        .into_iter()
        .filter(|(_, text)| words.iter().any(|word| text.contains(word)))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[test]
fn every_test_that_the_architecture_names_exists() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = text.split("## What always holds").nth(1).unwrap().split("\n## ").next().unwrap();
    let column = table.lines().filter_map(|row| row.rsplit('|').nth(1));
    let named: Vec<&str> = column.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 20, "the table of invariants is there");
    let all: Vec<String> = sources(&root()).into_iter().map(|(_, text)| text).collect();
    let exists = |name: &&str| all.iter().any(|text| text.contains(&format!("fn {name}(")));
    let missing: Vec<&str> = named.into_iter().filter(|name| !exists(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
