//! The review pages are embedded from `ui/dist-review`; the folder may be empty until they have been built.

fn main() {
    let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist-review");
    if let Err(error) = std::fs::create_dir_all(&pages) {
        println!("cargo::warning={} cannot be made: {error}", pages.display());
    }
    println!("cargo::rerun-if-changed={}", pages.display());
}
