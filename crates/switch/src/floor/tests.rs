//! Each mistake an administrator makes, and the sentence it gets.
#![allow(clippy::unwrap_used)]

use super::*;
use dealerboard_model::{LineId, UserId};

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

const GROUP: &str = "[[intercom_group]]\nid = \"rates\"\nname = \"Rates\"\n";

#[test]
fn a_group_of_the_intercom_with_nobody_in_it_or_somebody_who_does_not_exist_is_named() {
    let mistakes = |members: &str| read(&format!("{GOOD}\n{GROUP}{members}")).unwrap_err()[0].sentence.clone();
    let sentence = "nobody is in this group; write desks = [\"…\"] or users = [\"…\"]";
    assert_eq!(mistakes(""), sentence);
    assert_eq!(mistakes("users = [\"ryes\"]"), "there is no user \"ryes\"; write \"reyes\" instead");
}

#[test]
fn int_8_a_group_of_more_people_than_an_intercom_reaches_is_named() {
    let people = |count: usize| {
        let user = |n| format!("[[user]]\nid = \"n{n}\"\nname = \"N {n}\"\ndesk = \"new-york\"\n");
        (0..count).map(user).collect::<String>()
    };
    let group = format!("{GROUP}desks = [\"new-york\"]\n");
    assert!(read(&format!("{GOOD}\n{group}{}", people(51))).is_ok());
    let mistakes = read(&format!("{GOOD}\n{group}{}", people(52))).unwrap_err();
    assert!(mistakes[0].sentence.starts_with("the group \"rates\" has 52 people"), "{mistakes:?}");
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
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(check_in(&text, path.parent().unwrap()), Vec::new(), "{}", path.display());
            }
        }
    }
}

const SCRIPTED: &str = r#"
[[user]]
id = "calder"
name = "Calder Wynn"
desk = "new-york"

[[wire]]
kind = "mrd"
[wire.a]
line = "tagus"
name = "Tagus"
desks = ["london"]
[wire.b]
line = "tagus-far"
name = "London"
users = ["calder"]

[[counterparty]]
user = "calder"
says = "offer.wav"
answers = ["calder-far"]
answer_after_ms = 1500
rings = { line = "calder-far", first_after_s = 8, every_s = 45 }
"#;

/// The one mistake of the good floor with a counterparty in which `from` reads `to`.
fn scripted(from: &str, to: &str) -> (usize, String) {
    assert!(SCRIPTED.contains(from));
    let text = format!("{GOOD}{}", SCRIPTED.replacen(from, to, 1));
    let all: Vec<_> = check(&text).into_iter().map(|mistake| (mistake.line, mistake.sentence)).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

#[test]
fn a_counterparty_on_its_own_lines_is_no_mistake() {
    assert_eq!(check(&format!("{GOOD}{SCRIPTED}")), Vec::new());
}

#[test]
fn a_counterparty_that_answers_before_it_is_rung_is_named() {
    let said =
        "\"answer_after_ms\" of a counterparty must be a whole number from 0 to 600000; write answer_after_ms = 0";
    assert_eq!(scripted("answer_after_ms = 1500", "answer_after_ms = -3"), (63, said.to_owned()));
}

#[test]
fn a_counterparty_that_rings_without_a_pause_is_named() {
    let said = "\"every_s\" of rings must be a whole number from 1 to 86400; write every_s = 1";
    assert_eq!(scripted("every_s = 45", "every_s = 0"), (64, said.to_owned()));
}

#[test]
fn a_counterparty_that_rings_nobody_knows_how_often_is_named() {
    let said = "rings has no every_s; write every_s = and a number of seconds";
    assert_eq!(scripted(", every_s = 45", ""), (64, said.to_owned()));
}

#[test]
fn a_counterparty_that_answers_at_the_desks_end_is_given_its_own() {
    let said =
        "\"calder\" is not a line of \"calder\", so answers cannot name it; write one of calder-far, tagus-far instead";
    assert_eq!(scripted("answers = [\"calder-far\"]", "answers = [\"calder\"]"), (62, said.to_owned()));
}

#[test]
fn a_counterparty_that_answers_a_hoot_is_named() {
    let said = "\"sterling\" is a hoot, which nobody answers; take it out of answers, or write speaks_on_hoot";
    assert_eq!(scripted("answers = [\"calder-far\"]", "answers = [\"sterling\"]"), (62, said.to_owned()));
}

#[test]
fn a_counterparty_that_rings_a_manual_wire_is_told_that_signal_alone_rings_it() {
    let said = "\"tagus-far\" is a manual wire, which rings by Signal only; write \"calder-far\" instead";
    assert_eq!(scripted("line = \"calder-far\"", "line = \"tagus-far\""), (64, said.to_owned()));
}

#[test]
fn a_counterparty_that_speaks_on_a_hoot_to_which_it_only_listens_is_named() {
    let speaks = "speaks_on_hoot = { line = \"sterling\", first_after_s = 8, every_s = 45 }";
    let said = "\"calder\" may not speak on \"sterling\"; \
                write speak = { users = [\"calder\"] } at a hoot, or take speaks_on_hoot out";
    assert_eq!(scripted("answer_after_ms = 1500", speaks), (63, said.to_owned()));
}

#[test]
fn a_floor_whose_counterparties_could_do_nothing_is_served_all_the_same() {
    let text = format!("{GOOD}{SCRIPTED}").replace("every_s = 45", "every_s = 0");
    let text = text.replace("answers = [\"calder-far\"]", "answers = [\"calder\"]");
    assert_eq!(check(&text).len(), 2);
    assert!(read(&text).is_ok());
}

#[test]
fn a_counterparty_with_many_lines_is_given_twelve_of_them_to_choose_from() {
    let wires = (10..30).map(|n| {
        format!(
            "[[wire]]\nkind = \"ard\"\n[wire.a]\nline = \"w{n}\"\nname = \"W\"\ndesks = [\"london\"]\n\
             [wire.b]\nline = \"w{n}-other-end\"\nname = \"W\"\nusers = [\"calder\"]\n"
        )
    });
    let wires: String = wires.collect();
    let scripted = SCRIPTED.replace("answers = [\"calder-far\"]", "answers = [\"calder\"]");
    let all = check(&format!("{GOOD}{scripted}{wires}"));
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].sentence.ends_with("w19-other-end … instead"), "{}", all[0].sentence);
}

#[test]
fn voice_files_are_not_asked_for_where_there_is_no_folder_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let floors = folder.path().join("floors");
    std::fs::create_dir(&floors).unwrap();
    let text = format!("{GOOD}{SCRIPTED}");
    assert_eq!(check_in(&text, &floors), []);
    std::fs::create_dir(folder.path().join("voices")).unwrap();
    assert_eq!(check_in(&text, &floors).len(), 1);
}

#[test]
fn a_voice_file_that_is_not_there_is_named_with_the_nearest_one() {
    let folder = tempfile::tempdir().unwrap();
    let voices = folder.path().join("voices");
    std::fs::create_dir(&voices).unwrap();
    let said =
        |text: &str| check_in(text, folder.path()).into_iter().map(|mistake| mistake.to_string()).collect::<Vec<_>>();
    let text = format!("{GOOD}{SCRIPTED}");
    let none = format!(
        "61: there is no voice file \"offer.wav\" in {0}; put the file into {0}, or take says out",
        voices.display()
    );
    assert_eq!(said(&text), [none]);
    std::fs::write(voices.join("offers.wav"), "").unwrap();
    let near =
        format!("61: there is no voice file \"offer.wav\" in {}; write \"offers.wav\" instead", voices.display());
    assert_eq!(said(&text), [near]);
}

#[test]
fn a_voice_file_that_no_counterparty_could_speak_is_named_with_what_it_has_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let voices = folder.path().join("voices");
    std::fs::create_dir(&voices).unwrap();
    let check =
        || check_in(&format!("{GOOD}{SCRIPTED}"), folder.path()).into_iter().next().map(|mistake| mistake.to_string());
    let written = |rate: u32| {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        hound::WavWriter::create(voices.join("offer.wav"), spec).unwrap().finalize().unwrap();
    };
    std::fs::write(voices.join("offer.wav"), "no sound").unwrap();
    assert!(check().unwrap().starts_with("61: the voice file \"offer.wav\" cannot be read"), "{:?}", check());
    written(8_000);
    let said = "61: the voice file \"offer.wav\" has 8000 Hz, 1 channel, 16 bits; write it as WAV with 48000 Hz, 1 channel, 16 bits";
    assert_eq!(check().unwrap(), said);
    written(48_000);
    assert_eq!(check(), None);
}

/// The mistakes of the good floor whose `[policy]` table is `lines`, the first of them in line 43.
fn mistakes_of_policies(lines: &str) -> Vec<(usize, String)> {
    let all = check(&format!("{GOOD}\n[policy]\n{lines}\n"));
    all.into_iter().map(|mistake| (mistake.line - 43, mistake.sentence)).collect()
}

/// What is said of one line of the `[policy]` table.
fn of_policy(line: &str) -> String {
    let all = mistakes_of_policies(line);
    assert!(all.len() == 1 && all[0].0 == 1, "{all:?}");
    all.into_iter().next().unwrap().1
}

#[test]
fn an_unknown_policy_is_named_with_the_nearest_known_one() {
    let said = "there is no policy \"hold.remainder\"; write \"hold.reminder\" instead";
    assert_eq!(of_policy("hold.remainder = \"45 s\""), said);
}

#[test]
fn a_policy_that_cannot_be_set_here_is_named_with_where_it_can() {
    let said = "\"hoot.talkers\" cannot be set at a user; set it at the floor, a hoot or a shout-down";
    assert_eq!(one("desk = \"london\"\n", "desk = \"london\"\npolicy.hoot.talkers = 5\n"), (16, said.to_owned()));
    let said = "\"mrd.signal\" cannot be set at an ARD; set it at the floor or an MRD";
    let policy = "kind = \"ard\"\npolicy = { mrd.signal = \"auto\" }\n";
    assert_eq!(one("kind = \"ard\"\n", policy), (19, said.to_owned()));
}

#[test]
fn a_time_out_of_its_range_is_named_with_the_range_and_the_nearest_time_in_it() {
    let said = "\"hold.reminder\" must be a time with its unit, 10 s to 10 min; write hold.reminder = ";
    assert_eq!(of_policy("hold.reminder = \"9 s\""), format!("{said}\"10 s\""));
    assert_eq!(of_policy("hold.reminder = \"11 min\""), format!("{said}\"10 min\""));
    assert_eq!(of_policy("hold.reminder = \"off\""), format!("{said}\"10 min\""));
}

#[test]
fn a_time_without_its_unit_is_named_with_what_was_probably_meant() {
    let said = "\"hold.reminder\" must be a time with its unit, 10 s to 10 min; write hold.reminder = ";
    assert_eq!(of_policy("hold.reminder = 45"), format!("{said}\"45 s\""));
    assert_eq!(of_policy("hold.reminder = \"soon\""), format!("{said}\"1 min\""));
    assert_eq!(of_policy("hold.reminder = \"-45 s\""), format!("{said}\"1 min\""));
    assert_eq!(of_policy("hold.reminder = { every = \"45 s\" }"), format!("{said}\"1 min\""));
}

#[test]
fn a_number_that_a_policy_does_not_take_is_named_with_the_nearest_one() {
    let said = "\"hoot.talkers\" must be a whole number, 1 to 64; write hoot.talkers = ";
    assert_eq!(of_policy("hoot.talkers = 80"), format!("{said}64"));
    assert_eq!(of_policy("hoot.talkers = -1"), format!("{said}1"));
    assert_eq!(of_policy("hoot.talkers = \"9\""), format!("{said}9"));
    assert_eq!(of_policy("hoot.talkers = 2.5"), format!("{said}12"));
}

#[test]
fn a_word_that_a_policy_does_not_take_is_named_with_the_nearest_one() {
    let said = "\"mrd.signal\" must be manual or auto; write mrd.signal = ";
    assert_eq!(of_policy("mrd.signal = \"autto\""), format!("{said}\"auto\""));
    assert_eq!(of_policy("mrd.signal = true"), format!("{said}\"manual\""));
}

#[test]
fn every_mistake_in_a_table_of_policies_is_named_at_its_own_line() {
    let lines = "hold.reminder = \"45 s\"\nhold.max = 0\nlatch.max = \"off\"\nlatch.min = \"off\"\n\"hold.reminder\" = \"50 s\"";
    let all = mistakes_of_policies(lines);
    assert_eq!(all.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5]);
    assert_eq!(all[2].1, "\"hold.reminder\" is set in this table already; take one of the two out");
}

#[test]
fn a_table_of_policies_that_is_no_table_is_named() {
    let said = "\"policy\" must be a table; write policy = { … }";
    assert_eq!(one("id = \"reyes\"\n", "id = \"reyes\"\npolicy = \"strict\"\n"), (14, said.to_owned()));
}

#[test]
fn what_each_level_sets_is_in_force_there_and_a_wires_at_both_of_its_ends() {
    let text = GOOD
        .replace("name = \"London\"\n\n", "name = \"London\"\npolicy.hold.max = 4\n\n")
        .replace("name = \"A. Reyes\"\n", "name = \"A. Reyes\"\npolicy = { talk.tail = \"0.2 s\" }\n")
        .replace("priority = \"high\"\n", "priority = \"high\"\n[wire.policy]\nbridge.max = 2\n")
        .replace("number = \"7001\"\n", "number = \"7001\"\npolicy.hoot.talkers = 20\n");
    let file = read(&format!("{text}\n[policy]\nlatch.max = \"off\"\nhold.reminder = \"1.5 min\"\n")).unwrap();
    let policies = policies(&file);
    let [calder, far, sterling] =
        ["calder", "calder-far", "sterling"].map(|line| policies.of(Some(&line.into()), None, None));
    assert_eq!([calder.bridge_max, far.bridge_max, sterling.bridge_max], [2, 2, 8]);
    assert_eq!([calder.hoot_talkers, sterling.hoot_talkers], [12, 20]);
    let reyes = policies.of(None, Some(&"london".into()), Some(&"reyes".into()));
    assert_eq!((reyes.hold_max, reyes.talk_tail_ms), (4, 200));
    assert_eq!((reyes.latch_max_ms, reyes.hold_reminder_ms), (None, 90_000));
    let lindt = policies.of(None, Some(&"new-york".into()), Some(&"lindt".into()));
    assert_eq!((lindt.hold_max, lindt.talk_tail_ms), (8, 150));
}

#[test]
fn hot_8_a_hoot_with_more_people_than_it_may_have_is_named() {
    let text = GOOD.replace("number = \"7001\"\n", "number = \"7001\"\npolicy.hoot.members = 2\n");
    let more = ["second", "third"].map(|id| format!("[[user]]\nid = \"{id}\"\nname = \"{id}\"\ndesk = \"london\"\n"));
    let text = format!("{text}\n{}", more.concat());
    let mistakes = check(&text);
    let [mistake] = mistakes.as_slice() else { panic!("{mistakes:?}") };
    assert_eq!(mistake.sentence, "the hoot \"sterling\" has 3 people and may have 2; take some out");
}

#[test]
fn shd_3_a_shout_down_is_on_the_panel_and_the_speakers_of_both_its_ends() {
    let shout = "\n[[shoutdown]]\nid = \"shout\"\nname = \"Shout\"\na = { desks = [\"london\"] }\nb = { users = [\"reyes\"] }\n";
    let file = read(&format!("{GOOD}{shout}")).unwrap();
    let line = &build(&file, [1, 1, 1]).lines[&"shout".into()];
    assert_eq!((line.kind, line.members.len()), (dealerboard_model::LineKind::ShoutDown, 1));
    assert!(crate::panel::Panels::new(&file).of(&"reyes".into()).lines.contains(&"shout".into()));
    let without = shout.replace("b = { users = [\"reyes\"] }\n", "");
    let sentence = "nobody is at the end b of this shout-down; write b = { desks = [\"…\"] }";
    assert_eq!(check(&format!("{GOOD}{without}"))[0].sentence, sentence);
}

#[test]
fn mut_2_seats_of_one_list_are_beside_each_other_both_ways() {
    let text = format!("{GOOD}\n[[neighbours]]\nseats = [\"4-12\", \"4-13\"]\n");
    let text = text.replace("name = \"A. Reyes\"\n", "name = \"A. Reyes\"\nremote = \"yes\"\n");
    let floor = build(&read(&text).unwrap(), [1, 1, 1]);
    assert!(floor.neighbours["4-12"].contains("4-13") && floor.neighbours["4-13"].contains("4-12"));
    assert!(floor.remote.contains(&"reyes".into()));
    let alone = format!("{GOOD}\n[[neighbours]]\nseats = [\"4-12\"]\n");
    let sentence = "neighbours are two seats at least; write seats = [\"…\", \"…\"]";
    assert_eq!(check(&alone)[0].sentence, sentence);
}

#[test]
fn what_an_operator_changes_of_a_user_leaves_the_users_policies() {
    let text = GOOD.replace("name = \"A. Reyes\"\n", "name = \"A. Reyes\"\npolicy.hold.max = 2\n");
    let mut file = read(&text).unwrap();
    let other = read(&GOOD.replace("A. Reyes", "B. Reyes")).unwrap().users.remove(0);
    assert!(file.with_user(other));
    assert_eq!(file.users[0].name, "B. Reyes");
    assert_eq!(policies(&file).of(None, None, Some(&"reyes".into())).hold_max, 2);
}

#[test]
fn rte_1_a_line_rings_in_the_order_in_which_its_people_are_named() {
    let more = "desk = \"london\"\n\n[[user]]\nid = \"adams\"\nname = \"B. Adams\"\ndesk = \"london\"\n";
    let text = GOOD.replacen("desk = \"london\"\n", more, 1);
    let order = |text: &str| {
        let floor = build(&read(text).unwrap(), [1, 1, 1]);
        floor.lines[&dealerboard_model::LineId::from("calder")]
            .order
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&text), ["reyes", "adams"]);
    let named = text.replacen("desks = [\"london\"]", "desks = [\"london\"]\nusers = [\"adams\"]", 1);
    assert_eq!(order(&named), ["adams", "reyes"]);
}

#[test]
fn rte_4_a_desk_that_a_line_is_to_ring_on_at_has_to_be_there() {
    let text = |desk: &str| {
        let to = format!("desks = [\"new-york\"]\noverflow_to = {{ desks = [\"{desk}\"] }}\n");
        GOOD.replacen("desks = [\"new-york\"]\n", &to, 1)
    };
    let floor = build(&read(&text("london")).unwrap(), [1, 1, 1]);
    assert_eq!(floor.lines[&dealerboard_model::LineId::from("calder-far")].overflow, ["reyes".into()].into());
    let mistakes = check(&text("londom"));
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].sentence.contains("there is no desk \"londom\""), "{mistakes:?}");
}

#[test]
fn dial_5_an_extension_has_a_line_for_each_of_its_calls_and_its_number_reaches_all_of_them() {
    let extension = "[[extension]]\nuser = \"reyes\"\nnumber = \"4012\"\nname = \"Reyes\"\n\n\
        [[dial_line]]\nid = \"desk-line\"\nname = \"Rates\"\nnumber = \"4000\"\nemergency = \"yes\"\ndesks = [\"london\"]\n";
    let file = read(&format!("{}\n{extension}", include_str!("../../../../tests/floors/two-desks.toml"))).unwrap();
    let floor = build(&file, [1, 1, 1]);
    for line in ["ext-4012.1", "ext-4012.2"] {
        let number = floor.lines[&LineId::from(line)].number.clone().unwrap();
        assert_eq!((number.number.as_str(), number.owner), ("4012", Some(UserId::from("reyes"))));
    }
    assert!(!floor.lines.contains_key(&LineId::from("ext-4012.3")));
    let desk_line = floor.lines[&LineId::from("desk-line")].number.clone().unwrap();
    assert_eq!((desk_line.number.as_str(), desk_line.emergency), ("4000", true));
    assert_eq!(file.emergency_numbers(), ["4000".to_owned()].into());
}

#[test]
fn dial_3_a_number_is_digits_and_stands_once_in_the_file() {
    let twice = "[[extension]]\nuser = \"reyes\"\nnumber = \"4012\"\nname = \"Reyes\"\n\n\
        [[extension]]\nuser = \"marsh\"\nnumber = \"4012\"\nname = \"Marsh\"\n\n\
        [[extension]]\nuser = \"lindt\"\nnumber = \"+44\"\nname = \"Lindt\"\n";
    let text = format!("{}\n{twice}", include_str!("../../../../tests/floors/two-desks.toml"));
    let sentences: Vec<String> = read(&text).unwrap_err().into_iter().map(|it| it.sentence).collect();
    assert!(sentences.iter().any(|it| it.contains("the number \"4012\" stands in line")), "{sentences:?}");
    assert!(sentences.iter().any(|it| it.contains("the number \"+44\" must be digits")), "{sentences:?}");
}

#[test]
fn spk_5_groups_of_channels_are_on_the_panel_and_name_only_channels_of_their_own_speakers() {
    let speakers = |groups: &str| {
        let channels = "[[speakers]]\ndesk = \"london\"\nchannels = [\"calder\", \"sterling\"]\n";
        check(&format!("{GOOD}\n{channels}groups = {groups}\n"))
    };
    let said = |groups: &str| speakers(groups).into_iter().map(|mistake| mistake.sentence).collect::<Vec<_>>();
    assert_eq!(said("[{ name = \"Both\", lines = [\"calder\", \"sterling\"] }]"), [""; 0]);
    assert_eq!(
        said("[{ name = \"Both\", lines = [\"caldr\"] }]"),
        ["there is no channel \"caldr\"; write \"calder\" instead"]
    );
    assert!(said("[{ name = \"None\", lines = [] }]")[0].starts_with("a group of channels has 1 to 10 lines"));
    let odd = said("[{ name = \"Both\", line = [] }]");
    assert!(odd.iter().any(|it| it.contains("a group of channels has no key \"line\"")), "{odd:?}");
    assert!(said("\"both\"")[0].contains("must be a list of tables"));
    let twice = "[{ name = \"A\", lines = [\"calder\", \"calder\"] }, { name = \"A\", lines = [\"sterling\"] }]";
    assert_eq!(said(twice).len(), 2, "{:?}", said(twice));
}
