//! A sound server of a test's own: PipeWire with named speakers and microphones that nobody else can hear.
//!
//! Law: everything lives in one private folder; every process started here is ended here, by its id.

use anyhow::{Context, Result, bail, ensure};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a part of the server may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running private sound server.
pub struct SoundServer {
    folder: tempfile::TempDir,
    children: Vec<Child>,
    alsa: String,
}

/// Something that plays or records until it is dropped.
pub struct Running(Child);

impl Running {
    /// Waits until it has ended by itself (a file has been played to its end).
    ///
    /// # Errors
    /// It failed.
    pub fn wait(mut self) -> Result<()> {
        let status = self.0.wait()?;
        ensure!(status.success(), "the sound program ended with {status}");
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

impl SoundServer {
    /// Starts a session bus, PipeWire, its session keeper and its PulseAudio face.
    ///
    /// # Errors
    /// One of them is not installed or does not come up.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        DirBuilder::new().mode(0o700).create(folder.path().join("run"))?;
        let mut server = Self { folder, children: Vec::new(), alsa: String::new() };
        let bus = format!("--address=unix:path={}", server.runtime().join("bus").display());
        server.spawn("dbus-daemon", &["--session", "--nofork", &bus])?;
        server.until("the session bus", |server| server.runtime().join("bus").exists())?;
        server.spawn("pipewire", &[])?;
        server.until("PipeWire", |server| server.runtime().join("pipewire-0").exists())?;
        server.spawn("wireplumber", &[])?;
        server.spawn("pipewire-pulse", &[])?;
        server.until("PulseAudio", |server| server.pactl(&["info"]).is_ok())?;
        Ok(server)
    }

    /// Adds a speaker; what is played on it is heard with [`Self::record`].
    ///
    /// # Errors
    /// The server refuses.
    pub fn add_speaker(&mut self, name: &str) -> Result<()> {
        self.pactl(&["load-module", "module-null-sink", &format!("sink_name={name}")])?;
        self.name_for_alsa(name, "playback_node")
    }

    /// Adds a microphone; it hears what [`Self::say`] plays into it.
    ///
    /// # Errors
    /// The server refuses.
    pub fn add_microphone(&mut self, name: &str) -> Result<()> {
        let feed = format!("{name}-feed");
        let mono = ["channels=1", "channel_map=mono"];
        self.pactl(&["load-module", "module-null-sink", &format!("sink_name={feed}"), mono[0], mono[1]])?;
        let (source, master) = (format!("source_name={name}"), format!("master={feed}.monitor"));
        let map = "master_channel_map=mono";
        self.pactl(&["load-module", "module-remap-source", &source, &master, mono[0], mono[1], map])?;
        self.name_for_alsa(name, "capture_node")
    }

    /// Plays a WAV file into a microphone.
    ///
    /// # Errors
    /// The player cannot be started.
    pub fn say(&self, microphone: &str, wav: &Path) -> Result<Running> {
        self.run(Command::new("paplay").arg(format!("--device={microphone}-feed")).arg(wav))
    }

    /// Records what a speaker plays into a WAV file of 48 kHz mono, until the answer is dropped.
    ///
    /// # Errors
    /// The recorder cannot be started.
    pub fn record(&self, speaker: &str, wav: &Path) -> Result<Running> {
        let device = format!("--device={speaker}.monitor");
        let form = ["--file-format=wav", "--rate=48000", "--channels=1", "--format=s16le", "--latency-msec=10"];
        self.run(Command::new("parecord").arg(device).args(form).arg(wav))
    }

    /// Lets `command` see this server's devices and no others.
    pub fn equip(&self, command: &mut Command) {
        command
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.runtime())
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.runtime().join("bus").display()))
            .env_remove("PULSE_SERVER")
            .env_remove("PIPEWIRE_REMOTE");
    }

    fn runtime(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    fn name_for_alsa(&mut self, name: &str, node: &str) -> Result<()> {
        self.alsa +=
            &format!("pcm.{name} {{ type pipewire {node} \"{name}\" hint {{ show on description \"{name}\" }} }}\n");
        std::fs::write(self.folder.path().join(".asoundrc"), &self.alsa).context("the ALSA names cannot be written")
    }

    fn run(&self, command: &mut Command) -> Result<Running> {
        self.equip(command);
        let program = command.get_program().to_string_lossy().into_owned();
        Ok(Running(command.spawn().with_context(|| format!("{program} cannot be started; run cargo xtask setup"))?))
    }

    fn spawn(&mut self, program: &str, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(program);
        self.equip(command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        let child = command.spawn().with_context(|| format!("{program} cannot be started; run cargo xtask setup"))?;
        self.children.push(child);
        Ok(())
    }

    fn pactl(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new("pactl");
        self.equip(command.args(arguments));
        let answer = command.output().context("pactl cannot be started; run cargo xtask setup")?;
        ensure!(answer.status.success(), "pactl: {}", String::from_utf8_lossy(&answer.stderr).trim());
        Ok(())
    }

    fn until(&self, what: &str, is_up: impl Fn(&Self) -> bool) -> Result<()> {
        let began = Instant::now();
        while !is_up(self) {
            if began.elapsed() > PATIENCE {
                bail!("{what} did not come up within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for SoundServer {
    fn drop(&mut self) {
        self.children.iter_mut().rev().for_each(end);
    }
}

/// Asks a process of ours to end, so that a recording's header is written, and waits for it.
fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        // SAFETY: the id belongs to a child that has not been waited for, so it cannot be somebody else's.
        unsafe { libc::kill(child.id().cast_signed(), libc::SIGTERM) };
        let _ = child.wait();
    }
}
