//! The TypeScript of the review API is generated from its Rust types and committed; this test fails when it is stale.
#![allow(clippy::unwrap_used)]

use dealerboard_switch::web::types;
use std::collections::BTreeMap;
use std::path::Path;
use ts_rs::{Config, TS};

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[test]
fn the_generated_types_of_the_review_pages_are_fresh() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/generated/review");
    let fresh = tempfile::tempdir().unwrap();
    let config = Config::new().with_out_dir(fresh.path());
    types::Problem::export_all(&config).unwrap();
    types::LogOnForm::export_all(&config).unwrap();
    types::Me::export_all(&config).unwrap();
    types::HandOverLink::export_all(&config).unwrap();
    types::Health::export_all(&config).unwrap();
    types::RecordingPage::export_all(&config).unwrap();
    types::RecordingDetail::export_all(&config).unwrap();
    types::Peaks::export_all(&config).unwrap();
    if std::env::var_os("DEALERBOARD_WRITE_TYPES").is_some() {
        std::fs::create_dir_all(&committed).unwrap();
        for (name, text) in files(fresh.path()) {
            std::fs::write(committed.join(name), text).unwrap();
        }
    }
    assert_eq!(files(fresh.path()), files(&committed), "write them anew with DEALERBOARD_WRITE_TYPES=1");
}
