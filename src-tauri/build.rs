//! Embeds the built panel and generates the window's permissions.

fn main() {
    tauri_build::build();
}
