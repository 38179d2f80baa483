//! Every rule of `docs/behaviour.md` has a test that is named after it, every test that is named after a rule has its row there,
//! and the files that it names are there.
#![allow(clippy::unwrap_used)]

mod workspace;

use std::collections::BTreeSet;
use workspace::{root, sources};

const DOCUMENT: &str = "docs/behaviour.md";

/// The rows of the document that state a rule: its name and where it is decided.
fn rules(document: &str) -> Vec<(&str, &str)> {
    let row = |line| {
        let cells: Vec<&str> = str::split(line, '|').map(str::trim).collect();
        let ["", name, .., place, ""] = cells[..] else { return None };
        is_rule(name).then_some((name, place))
    };
    document.lines().filter_map(row).collect()
}

/// `ARD-5`, or `I14` of what always holds.
fn is_rule(name: &str) -> bool {
    let (family, number) = name.split_once('-').unwrap_or_else(|| name.split_at(usize::from(name.starts_with('I'))));
    let is_family = !family.is_empty() && family.chars().all(|letter| letter.is_ascii_uppercase());
    is_family && is_number(number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit())
}

/// The rule that a test is named after: `ARD-5` of `ard_5_glare_connects`, `I14` of `i14_a_position_carries_one_call`.
fn rule_of(test: &str) -> Option<String> {
    let mut words = test.split('_');
    let (first, second) = (words.next()?, words.next()?);
    if let Some(number) = first.strip_prefix('i').filter(|number| is_number(number)) {
        return Some(format!("I{number}"));
    }
    let is_family = !first.is_empty() && first.chars().all(|letter| letter.is_ascii_lowercase());
    (is_family && is_number(second) && words.next().is_some()).then(|| format!("{}-{second}", first.to_uppercase()))
}

/// The names of the test functions of a Rust file.
fn tests_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if !line.starts_with("#[test]") && !line.starts_with("#[tokio::test") {
            continue;
        }
        let function = lines.by_ref().find_map(|line| line.split_once("fn "));
        let name = function.and_then(|(_, name)| name.split(['(', '<']).next());
        found.extend(name.map(str::to_owned));
    }
    found
}

/// Where document and tests differ, one sentence each.
fn differences(document: &str, tests: &[String]) -> Vec<String> {
    let stated: BTreeSet<String> = rules(document).into_iter().map(|(name, _)| name.to_owned()).collect();
    let tested: BTreeSet<String> = tests.iter().filter_map(|test| rule_of(test)).collect();
    let untested = stated.difference(&tested);
    let untested = untested.map(|rule| format!("{rule} has no test; name one after it, or take it out of {DOCUMENT}."));
    let unstated = tests.iter().filter(|test| rule_of(test).is_some_and(|rule| !stated.contains(&rule)));
    let unstated =
        unstated.map(|test| format!("{test} has no rule in {DOCUMENT}; state it there, or rename the test."));
    untested.chain(unstated).collect()
}

/// The files that the document names and that are not there, one sentence each.
fn missing_files(document: &str, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let named = |(rule, place): (&str, &str)| {
        let files: Vec<String> = place.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let rule = rule.to_owned();
        files.into_iter().map(move |file| (rule.clone(), file))
    };
    let missing = rules(document).into_iter().flat_map(named).filter(|(_, file)| !is_there(file));
    missing
        .map(|(rule, file)| format!("{rule} is decided in {file}, which is not there; name the right file."))
        .collect()
}

fn document() -> String {
    std::fs::read_to_string(root().join(DOCUMENT)).unwrap()
}

#[test]
fn every_rule_of_behaviour_has_a_test_and_every_test_of_a_rule_its_rule() {
    let document = document();
    assert!(rules(&document).len() > 100, "the tables of rules are there");
    let tests: Vec<String> = sources(&root()).iter().flat_map(|(_, text)| tests_of(text)).collect();
    let differences = differences(&document, &tests);
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn every_file_that_behaviour_names_is_there() {
    let is_there = |file: &str| root().join("crates").join(file).is_file() || root().join(file).is_file();
    let missing = missing_files(&document(), is_there);
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

const TWO_RULES: &str = "\
# Rules
| rule | what happens | where |
|---|---|---|
| ARD-5 | Glare connects. | `wires.rs` |
| I14 | A position carries one call. | `hold.rs`, `wires.rs` |
";

fn names(tests: &[&str]) -> Vec<String> {
    tests.iter().map(|test| (*test).to_owned()).collect()
}

#[test]
fn rules_and_tests_that_have_each_other_differ_in_nothing() {
    let tests = names(&["ard_5_glare_connects", "i14_one_call", "ard_5_and_so_it_stays", "five_rings_are_five"]);
    assert_eq!(differences(TWO_RULES, &tests), [""; 0]);
}

#[test]
fn a_rule_without_a_test_is_named() {
    let sentence = "ARD-5 has no test; name one after it, or take it out of docs/behaviour.md.";
    assert_eq!(differences(TWO_RULES, &names(&["i14_one_call", "a_ring_is_heard"])), [sentence]);
}

#[test]
fn a_test_without_a_rule_is_named_whether_its_family_is_known_or_not() {
    let tests = names(&["ard_5_glare_connects", "i14_one_call", "ard_55_another", "i1_heard", "mov_1_moves"]);
    let sentence = |test: &str| format!("{test} has no rule in docs/behaviour.md; state it there, or rename the test.");
    assert_eq!(differences(TWO_RULES, &tests), ["ard_55_another", "i1_heard", "mov_1_moves"].map(sentence));
}

#[test]
fn a_file_that_is_not_there_is_named_with_its_rule() {
    let sentence = "I14 is decided in hold.rs, which is not there; name the right file.";
    assert_eq!(missing_files(TWO_RULES, |file| file == "wires.rs"), [sentence]);
}

#[test]
fn tests_are_found_by_their_attribute_and_other_functions_are_none() {
    let text = "#[test]\nfn one() {}\n    #[tokio::test(start_paused = true)]\n    #[ignore]\n    async fn two() {\n\nfn ard_5() {}\n";
    assert_eq!(tests_of(text), ["one", "two"]);
}
