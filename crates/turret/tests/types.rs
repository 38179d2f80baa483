//! The TypeScript of the panel is generated from its Rust types and committed; this test fails when it is stale.
#![allow(clippy::unwrap_used)]

use dealerboard_turret::view::{Change, Intent, View};
use std::collections::BTreeMap;
use std::path::Path;
use ts_rs::{Config, TS};

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|it| it.path().is_file());
    entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[test]
fn the_generated_types_of_the_panel_are_fresh() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/generated");
    let fresh = tempfile::tempdir().unwrap();
    let config = Config::new().with_out_dir(fresh.path());
    View::export_all(&config).unwrap();
    Change::export_all(&config).unwrap();
    Intent::export_all(&config).unwrap();
    if std::env::var_os("DEALERBOARD_WRITE_TYPES").is_some() {
        for (name, text) in files(fresh.path()) {
            std::fs::write(committed.join(name), text).unwrap();
        }
    }
    let (fresh, committed) = (files(fresh.path()), files(&committed));
    let names = fresh.keys().chain(committed.keys());
    let stale: Vec<_> = names.filter(|name| fresh.get(*name) != committed.get(*name)).collect();
    assert!(stale.is_empty(), "write them anew with DEALERBOARD_WRITE_TYPES=1: {stale:?}");
}
