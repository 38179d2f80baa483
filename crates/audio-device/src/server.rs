//! What the sound server knows of its default microphone, and ALSA does not tell: its name, and whether there is one at all.
//!
//! Law: asks only. Without any microphone PipeWire and PulseAudio give as their default one what a loudspeaker plays: opened in
//! the place of a microphone, it would send everybody the words of everybody else.

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, GetSourceInfo, MAX_VERSION, Prop, Props, ProtocolError, ServerInfo,
    SetClientNameReply, SourceInfo, read_reply_message, write_command_message,
};
use pulseaudio::{cookie_path_from_env, socket_path_from_env};
use std::ffi::{CStr, CString};
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longest wait for an answer.
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
    let Some(socket) = connect() else { return DefaultMicrophone::Unknown };
    let mut server = Server { socket: BufReader::new(socket), version: MAX_VERSION, asked: 0 };
    // A server that does not say which microphone it would give gives none.
    judge(server.default_source().ok().flatten().as_ref())
}

fn connect() -> Option<UnixStream> {
    let socket = UnixStream::connect(socket_path_from_env()?).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    socket.set_write_timeout(Some(PATIENCE)).ok()?;
    Some(socket)
}

/// A connection on which one question is asked after the other: it has no thread, and ends when it is dropped.
struct Server {
    socket: BufReader<UnixStream>,
    version: u16,
    asked: u32,
}

impl Server {
    fn ask<T: CommandReply>(&mut self, command: &Command) -> Result<T, ProtocolError> {
        self.asked += 1;
        write_command_message(self.socket.get_mut(), self.asked, command, self.version)?;
        Ok(read_reply_message(&mut self.socket, self.version)?.1)
    }

    fn default_source(&mut self) -> Result<Option<SourceInfo>, ProtocolError> {
        let kept = cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
        // PipeWire asks for none, but for its length.
        let cookie = kept.unwrap_or_else(|| vec![0; COOKIE_BYTES]);
        let proof = AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let server: AuthReply = self.ask(&Command::Auth(proof))?;
        self.version = server.version.min(MAX_VERSION);
        let mut name = Props::new();
        name.set(Prop::ApplicationName, c"Dealerboard");
        self.ask::<SetClientNameReply>(&Command::SetClientName(name))?;
        let Some(name) = self.ask::<ServerInfo>(&Command::GetServerInfo)?.default_source_name else { return Ok(None) };
        self.ask(&Command::GetSourceInfo(GetSourceInfo { index: None, name: Some(name) })).map(Some)
    }
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
