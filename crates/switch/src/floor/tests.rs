//! Each mistake an administrator makes, and the sentence it gets.
#![allow(clippy::unwrap_used)]

use super::*;

const GOOD: &str = r#"[floor]
name = "Two desks"

[[desk]]
id = "london"
name = "London"

[[desk]]
id = "new-york"
name = "New York"

[[user]]
id = "reyes"
name = "A. Reyes"
desk = "london"

[[wire]]
kind = "ard"
priority = "high"
[wire.a]
line = "calder"
name = "Calder"
number = "4401"
desks = ["london"]
[wire.b]
line = "calder-far"
name = "London"
number = "4401"
desks = ["new-york"]

[[hoot]]
id = "sterling"
name = "Sterling hoot"
number = "7001"
speak = { desks = ["london"] }
listen = { desks = ["new-york"] }

[[page]]
desk = "london"
name = "Wires"
keys = ["calder", "", "sterling"]
"#;

fn mistakes_after(from: &str, to: &str) -> Vec<(usize, String)> {
    assert!(GOOD.contains(from));
    check(&GOOD.replacen(from, to, 1)).into_iter().map(|mistake| (mistake.line, mistake.sentence)).collect()
}

fn one(from: &str, to: &str) -> (usize, String) {
    let all = mistakes_after(from, to);
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

#[test]
fn a_right_floor_file_has_no_mistakes() {
    assert_eq!(check(GOOD), Vec::new());
}

#[test]
fn a_missing_desk_is_named_with_its_line_and_the_nearest_one() {
    let mistake = one("desk = \"london\"", "desk = \"londom\"");
    assert_eq!(mistake, (15, "there is no desk \"londom\"; write \"london\" instead".to_owned()));
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    let mistake = one("priority = \"high\"", "prioritty = \"high\"");
    assert_eq!(mistake, (19, "a wire has no key \"prioritty\"; write \"priority\" instead".to_owned()));
}

#[test]
fn an_unknown_kind_of_wire_lists_the_kinds() {
    let mistake = one("kind = \"ard\"", "kind = \"shoutdown\"");
    assert_eq!(mistake, (18, "\"shoutdown\" is not a kind of a wire; write one of ard, mrd instead".to_owned()));
}

#[test]
fn a_wire_without_its_second_end_is_named_at_the_wire() {
    let all = mistakes_after(
        "[wire.b]\nline = \"calder-far\"\nname = \"London\"\nnumber = \"4401\"\ndesks = [\"new-york\"]\n",
        "",
    );
    assert_eq!(all[0].0, 17);
    assert!(all[0].1.starts_with("this wire has no end b; write [wire.b]"), "{all:?}");
}

#[test]
fn a_line_id_that_stands_twice_is_named_at_the_second_place() {
    let mistake = one("line = \"calder-far\"", "line = \"calder\"");
    assert_eq!(mistake.0, 26);
    assert!(mistake.1.contains("stands in line 21 already"), "{}", mistake.1);
}

#[test]
fn a_name_over_eighteen_characters_is_named() {
    let mistake = one("name = \"Calder\"", "name = \"Calder Brothers Limited\"");
    assert_eq!(mistake.0, 22);
    assert!(mistake.1.contains("23 characters"), "{}", mistake.1);
}

#[test]
fn a_hoot_on_which_nobody_may_talk_is_named() {
    let mistake = one("speak = { desks = [\"london\"] }\n", "");
    assert_eq!(mistake.0, 31);
    assert!(mistake.1.starts_with("nobody may talk on this hoot"), "{}", mistake.1);
}

#[test]
fn a_key_for_a_line_that_does_not_exist_is_named() {
    let mistake = one("keys = [\"calder\"", "keys = [\"caldre\"");
    assert_eq!(mistake, (41, "there is no line \"caldre\"; write \"calder\" instead".to_owned()));
}

#[test]
fn a_file_that_is_not_toml_is_named_with_its_line() {
    let mistake = one("kind = \"ard\"", "kind = ard\"");
    assert_eq!(mistake.0, 18);
    assert!(mistake.1.starts_with("this is not TOML"), "{}", mistake.1);
}

#[test]
fn all_mistakes_are_named_at_once_in_the_order_of_lines() {
    let text = GOOD.replace("desk = \"london\"", "desk = \"paris\"").replace("kind = \"ard\"", "kind = \"x\"");
    let lines: Vec<usize> = check(&text).iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, vec![15, 18, 39]);
}

#[test]
fn an_empty_file_says_what_to_begin_with() {
    assert_eq!(check("")[0].sentence, "the floor has no name; write [floor] and below it name = \"…\"");
}

#[test]
fn the_sample_floor_and_the_test_floors_have_no_mistakes() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["assets/floors", "tests/floors"] {
        for file in std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
            let path = file.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                assert_eq!(check(&std::fs::read_to_string(&path).unwrap()), Vec::new(), "{}", path.display());
            }
        }
    }
}
