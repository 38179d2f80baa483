//! What the sound server knows of its default microphone, and ALSA does not tell: its name, and whether there is one at all.
//!
//! Law: asks only. Without any microphone PipeWire and PulseAudio give as their default one what a loudspeaker plays: opened in
//! the place of a microphone, it would send everybody the words of everybody else.

use futures_executor::block_on;
use pulseaudio::protocol::SourceInfo;
use pulseaudio::{Client, cookie_path_from_env, socket_path_from_env};
use std::ffi::{CStr, CString};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longest wait for a server that takes the connection and says nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bytes of the secret that clients of PulseAudio share with it.
const COOKIE_BYTES: usize = 256;

/// The default microphone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultMicrophone {
    /// No server can be asked: there is only what ALSA knows.
    Unknown,
    /// There is none.
    None,
    /// There is one of this name, for people.
    Named(String),
}

/// Asks the server for its default microphone.
pub fn default_microphone() -> DefaultMicrophone {
    let Some(client) = connect() else { return DefaultMicrophone::Unknown };
    let source = block_on(async {
        let name = client.server_info().await.ok()?.default_source_name?;
        client.source_info_by_name(name).await.ok()
    });
    judge(source.as_ref())
}

fn connect() -> Option<Client> {
    let socket = UnixStream::connect(socket_path_from_env()?).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    let kept = cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
    // PipeWire asks for none, but for its length.
    let cookie = kept.unwrap_or_else(|| vec![0; COOKIE_BYTES]);
    Client::new_unix(c"Dealerboard", socket, Some(cookie)).ok()
}

fn judge(source: Option<&SourceInfo>) -> DefaultMicrophone {
    let Some(source) = source.filter(|source| source.monitor_of_sink_index.is_none()) else {
        return DefaultMicrophone::None;
    };
    let name: &CStr = source.description.as_ref().map_or(&source.name, CString::as_c_str);
    DefaultMicrophone::Named(name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(monitor_of: Option<u32>, description: Option<&CStr>) -> SourceInfo {
        let description = description.map(CString::from);
        SourceInfo {
            name: c"alsa_input.usb".into(),
            description,
            monitor_of_sink_index: monitor_of,
            ..Default::default()
        }
    }

    #[test]
    fn what_a_loudspeaker_plays_is_no_microphone() {
        assert_eq!(judge(Some(&source(Some(3), Some(c"Monitor of speakers")))), DefaultMicrophone::None);
        assert_eq!(judge(None), DefaultMicrophone::None);
    }

    #[test]
    fn a_microphone_has_the_name_that_the_server_gives_it() {
        let named = |name: &str| DefaultMicrophone::Named(name.to_owned());
        assert_eq!(judge(Some(&source(None, Some(c"Headset")))), named("Headset"));
        assert_eq!(judge(Some(&source(None, None))), named("alsa_input.usb"));
    }
}
