//! What the sound server knows of its devices, and ALSA does not tell: which there are, what people call them, and whether
//! there is any microphone at all.
//!
//! Law: asks only. Without any microphone PipeWire and PulseAudio give as their default one what a loudspeaker plays: opened in
//! the place of a microphone, it would send everybody the words of everybody else.

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, GetSourceInfo, MAX_VERSION, Prop, Props, ProtocolError, ServerInfo,
    SetClientNameReply, SinkInfo, SinkInfoList, SourceInfo, SourceInfoList, read_reply_message, write_command_message,
};
use pulseaudio::{cookie_path_from_env, socket_path_from_env};
use std::ffi::{CStr, CString};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Longest wait for all the answers that are asked for on one connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bytes of the secret that clients of PulseAudio share with it.
const COOKIE_BYTES: usize = 256;

/// The loudspeaker that a server has while it has none.
const DUMMY: &CStr = c"auto_null";

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

/// One microphone or loudspeaker of the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The server's own name of it, which stays the same while it is plugged out and in.
    pub node: String,
    /// For people.
    pub name: String,
}

/// What the server has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// It is PipeWire, and not PulseAudio.
    pub is_pipewire: bool,
    /// Microphones.
    pub microphones: Vec<Node>,
    /// Loudspeakers.
    pub loudspeakers: Vec<Node>,
    /// The name of the system's microphone, for people; none: there is none.
    pub default_microphone: Option<String>,
    /// The name of the system's loudspeaker, for people; none: there is none.
    pub default_loudspeaker: Option<String>,
}

/// Asks the server for its default microphone. Waits for a second at most.
pub fn default_microphone() -> DefaultMicrophone {
    let Some(mut server) = Server::connect() else { return DefaultMicrophone::Unknown };
    // A server that does not say which microphone it would give gives none.
    judge(server.default_source().ok().flatten().as_ref())
}

/// Asks the server for all that it has; none where no server answers. Waits for a second at most.
pub fn nodes() -> Option<Nodes> {
    let mut server = Server::connect()?;
    server.greet().ok()?;
    let about = server.ask::<ServerInfo>(&Command::GetServerInfo).ok()?;
    let sources = server.ask::<SourceInfoList>(&Command::GetSourceInfoList).ok()?;
    let sinks = server.ask::<SinkInfoList>(&Command::GetSinkInfoList).ok()?;
    Some(sort(&about, &sources, &sinks))
}

/// A socket that gives up when its time is over, however much it brings until then.
struct Timed {
    socket: UnixStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.left()?))?;
        self.socket.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.left()?))?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// A connection on which one question is asked after the other: it has no thread, and ends when it is dropped.
struct Server {
    socket: BufReader<Timed>,
    version: u16,
    asked: u32,
}

impl Server {
    fn connect() -> Option<Self> {
        let until = Instant::now() + PATIENCE;
        let socket = UnixStream::connect(socket_path_from_env()?).ok()?;
        Some(Self { socket: BufReader::new(Timed { socket, until }), version: MAX_VERSION, asked: 0 })
    }

    fn ask<T: CommandReply>(&mut self, command: &Command) -> Result<T, ProtocolError> {
        self.asked += 1;
        write_command_message(self.socket.get_mut(), self.asked, command, self.version)?;
        Ok(read_reply_message(&mut self.socket, self.version)?.1)
    }

    /// Says who asks: nothing else is answered before.
    fn greet(&mut self) -> Result<(), ProtocolError> {
        let kept = cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
        // PipeWire asks for none, but for its length.
        let cookie = kept.unwrap_or_else(|| vec![0; COOKIE_BYTES]);
        let proof = AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let server: AuthReply = self.ask(&Command::Auth(proof))?;
        self.version = server.version.min(MAX_VERSION);
        let mut name = Props::new();
        name.set(Prop::ApplicationName, c"Dealerboard");
        self.ask::<SetClientNameReply>(&Command::SetClientName(name)).map(drop)
    }

    fn default_source(&mut self) -> Result<Option<SourceInfo>, ProtocolError> {
        self.greet()?;
        let Some(name) = self.ask::<ServerInfo>(&Command::GetServerInfo)?.default_source_name else { return Ok(None) };
        self.ask(&Command::GetSourceInfo(GetSourceInfo { index: None, name: Some(name) })).map(Some)
    }
}

fn judge(source: Option<&SourceInfo>) -> DefaultMicrophone {
    let Some(source) = source.filter(|source| source.monitor_of_sink_index.is_none()) else {
        return DefaultMicrophone::None;
    };
    DefaultMicrophone::Named(node(&source.name, source.description.as_ref()).name)
}

fn node(node: &CStr, description: Option<&CString>) -> Node {
    let text = |text: &CStr| text.to_string_lossy().into_owned();
    Node { node: text(node), name: text(description.map_or(node, CString::as_c_str)) }
}

/// What there is to choose from: neither what a loudspeaker plays, nor the loudspeaker that stands for none.
fn sort(about: &ServerInfo, sources: &[SourceInfo], sinks: &[SinkInfo]) -> Nodes {
    let microphones = sources.iter().filter(|it| it.monitor_of_sink_index.is_none());
    let microphones: Vec<_> = microphones.map(|it| node(&it.name, it.description.as_ref())).collect();
    let loudspeakers = sinks.iter().filter(|it| it.name.as_c_str() != DUMMY);
    let loudspeakers: Vec<_> = loudspeakers.map(|it| node(&it.name, it.description.as_ref())).collect();
    let named = |nodes: &[Node], default: Option<&CString>| {
        let default = default?.to_string_lossy();
        nodes.iter().find(|it| it.node == default).map(|it| it.name.clone())
    };
    Nodes {
        is_pipewire: about.server_name.as_ref().is_some_and(|name| name.to_string_lossy().contains("PipeWire")),
        default_microphone: named(&microphones, about.default_source_name.as_ref()),
        default_loudspeaker: named(&loudspeakers, about.default_sink_name.as_ref()),
        microphones,
        loudspeakers,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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
    fn a_server_that_brings_its_answers_byte_by_byte_is_given_up_when_the_time_for_all_of_them_is_over() {
        let (socket, mut server) = UnixStream::pair().unwrap();
        let mut timed = Timed { socket, until: Instant::now() + Duration::from_secs(60) };
        server.write_all(&[1, 2]).unwrap();
        timed.read_exact(&mut [0]).unwrap();
        timed.until = Instant::now();
        assert_eq!(timed.read_exact(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
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

    #[test]
    fn the_list_has_no_microphone_that_is_what_a_loudspeaker_plays_and_no_loudspeaker_that_is_none() {
        let sink = |name: &CStr, description: &CStr| SinkInfo {
            name: name.into(),
            description: Some(description.into()),
            ..Default::default()
        };
        let about = ServerInfo {
            server_name: Some(c"PulseAudio (on PipeWire 1.4.2)".into()),
            default_source_name: Some(c"alsa_input.usb".into()),
            default_sink_name: Some(c"auto_null".into()),
            ..Default::default()
        };
        let sources = [source(None, Some(c"Headset")), source(Some(3), Some(c"Monitor of Headset"))];
        let sinks = [sink(c"auto_null", c"Dummy Output"), sink(c"alsa_output.usb", c"Headset")];
        let headset = |node: &str| vec![Node { node: node.to_owned(), name: "Headset".to_owned() }];
        let nodes = sort(&about, &sources, &sinks);
        assert_eq!(nodes.microphones, headset("alsa_input.usb"));
        assert_eq!(nodes.loudspeakers, headset("alsa_output.usb"));
        assert_eq!((nodes.default_microphone.as_deref(), nodes.default_loudspeaker), (Some("Headset"), None));
        assert!(nodes.is_pipewire);
    }
}
