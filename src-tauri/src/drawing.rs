//! How a window is drawn on this machine.
//!
//! Law: without a graphics device a window draws only what has changed. Composing the whole of it anew for every lamp is
//! what a graphics device does for nothing, and what a processor needs milliseconds for while it carries voice.

#[cfg(any(target_os = "linux", test))]
use std::path::Path;
use tauri::WebviewWindow;

/// Where Linux shows what can draw.
#[cfg(target_os = "linux")]
const GRAPHICS: &str = "/dev/dri";

/// Before the number of a device that can draw; one that only has a screen is called otherwise.
#[cfg(any(target_os = "linux", test))]
const RENDERS: &str = "renderD";

/// Whether one of the devices in `folder` can draw.
#[cfg(any(target_os = "linux", test))]
fn can_render(folder: &Path) -> bool {
    let Ok(devices) = std::fs::read_dir(folder) else { return false };
    devices.flatten().any(|device| device.file_name().to_string_lossy().starts_with(RENDERS))
}

/// Draws the window in the way that costs this machine least.
#[cfg(target_os = "linux")]
pub fn suit(window: &WebviewWindow) {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    if can_render(Path::new(GRAPHICS)) {
        return;
    }
    let done = window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    });
    if let Err(error) = done {
        tracing::warn!("the window {} is drawn in a way that costs much: {error}", window.label());
    }
}

/// Draws the window in the way that costs this machine least: the system knows it.
#[cfg(not(target_os = "linux"))]
pub fn suit(_window: &WebviewWindow) {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_device_that_only_has_a_screen_cannot_render() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("card0"), "").unwrap();
        assert!(!can_render(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").unwrap();
        assert!(can_render(folder.path()));
    }

    #[test]
    fn a_machine_without_graphics_cannot_render() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!can_render(&folder.path().join("dri")));
    }
}
