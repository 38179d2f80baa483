//! The reference of the floor file is written from what the reader knows and committed; this test fails when it is stale.
#![allow(clippy::unwrap_used)]

use dealerboard_call_control::{POLICIES, Policy, Spec, Wins};
use dealerboard_switch::floor::{TABLES, Table, levels_in_words};
use std::path::Path;

const BEGINNING: &str = "# The floor file, key by key

This page is written from the program. [The sample floor](../assets/floors/sample.toml) is a whole file to begin with, and
`dealerboard-switch check --floor FILE` names every mistake in one with its line and what to write instead.
";

const POLICIES_BEGIN: &str = "
## Policies

What a floor decides for itself. The table `[policy]` sets policies for the whole floor, the table `policy` of a `[[desk]]`,
`[[user]]`, `[[wire]]` or `[[hoot]]` for that one alone, where the column *set at* allows it:

```toml
[policy]
hold.reminder = \"45 s\"
latch.max = \"off\"

[[hoot]]
id = \"sterling\"
name = \"Sterling hoot\"
speak = { desks = [\"london\"] }
policy.hoot.talkers = 6
```

A time is text: a number and its unit, `ms`, `s` or `min`. Where several levels set one policy, *nearest* takes the user's
before the desk's, the desk's before the line's, the line's before the floor's; a policy that protects somebody takes the
*smallest* or *largest* of all that were set, `off` being larger than any time. The default is in force where nobody has set
anything.

| policy | default | range | set at | which wins | what it is |
|---|---|---|---|---|---|
";

fn table(table: &Table) -> String {
    let keys = table.keys.iter().map(|(key, says)| format!("| `{key}` | {says} |\n"));
    format!("\n## {}\n\n{}\n\n| key | what it says |\n|---|---|\n{}", table.head, table.says, keys.collect::<String>())
}

fn policy(spec: &Spec) -> String {
    let wins = match spec.wins {
        Wins::Nearest => "nearest",
        Wins::Smallest => "smallest",
        Wins::Largest => "largest",
    };
    let (name, default) = (spec.name, Policy::default().value(spec.name).unwrap());
    let levels = levels_in_words(spec.levels);
    format!("| `{name}` | {default} | {} | {levels} | {wins} | {} |\n", spec.kind, spec.reason)
}

#[test]
fn the_reference_of_the_floor_file_is_fresh() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policies.md");
    let tables: String = TABLES.iter().map(|of| table(of)).collect();
    let policies: String = POLICIES.iter().map(policy).collect();
    let fresh = [BEGINNING, &tables, POLICIES_BEGIN, &policies].concat();
    if std::env::var_os("DEALERBOARD_WRITE_TYPES").is_some() {
        std::fs::create_dir_all(committed.parent().unwrap()).unwrap();
        std::fs::write(&committed, &fresh).unwrap();
    }
    let there = std::fs::read_to_string(&committed).unwrap_or_default();
    assert!(there == fresh, "write docs/policies.md anew with DEALERBOARD_WRITE_TYPES=1");
}

#[test]
fn the_example_of_the_reference_has_no_mistakes() {
    let example = POLICIES_BEGIN.split("```").nth(1).unwrap().trim_start_matches("toml");
    let desk = "[floor]\nname = \"Example\"\n[[desk]]\nid = \"london\"\nname = \"London\"\n";
    assert_eq!(dealerboard_switch::floor::check(&format!("{desk}{example}")), []);
}
