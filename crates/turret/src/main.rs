//! `dealerboard-turret`: a whole turret without a window. Intents in, changes out, one JSON object a line.
//!
//! Law: however it ends, its microphones are shut and it has logged off first.

mod typed;

use anyhow::{Context, Result, bail};
use clap::Parser;
use dealerboard_media::UplinkConfig;
use dealerboard_model::{Position, UserId};
use dealerboard_turret::view::{Change, Intent, LinkView, PositionView};
use dealerboard_turret::{Devices, FileDevices, Fingerprint, Turret, TurretConfig, start_log};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

/// Intents that may wait to be taken.
const LINES_MAX: usize = 256;

/// How long what still runs may keep the program from ending.
const END_MAX: Duration = Duration::from_millis(500);

/// A turret without a window: reads one JSON intent a line, writes one JSON change of its view a line.
#[derive(Parser)]
#[command(name = "dealerboard-turret", version, after_long_help = typed::help())]
struct Arguments {
    /// The switch, wss://HOST:PORT.
    #[arg(long)]
    switch: String,
    /// Who logs on.
    #[arg(long)]
    user: String,
    /// A file whose first line is the password.
    #[arg(long)]
    password_file: PathBuf,
    /// Fingerprint of the switch's certificate, sha256:… Without it the fingerprint is shown, and a trust intent awaited.
    #[arg(long)]
    pin: Option<Fingerprint>,
    /// What a position hears from its user: left=FILE, right=FILE or hands-free=FILE, 48 kHz mono WAV, or a FIFO of one.
    #[arg(long, value_parser = mic)]
    mic: Vec<(Position, PathBuf)>,
    /// Folder for what each position hears.
    #[arg(long)]
    ears: Option<PathBuf>,
    /// Frames in a device period.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=4096))]
    period: u32,
    /// Length of a frame in milliseconds: 5, 10 or 20.
    #[arg(long, default_value_t = 10, value_parser = frame)]
    frame: u32,
    /// The seat that others see.
    #[arg(long, default_value = "without a window")]
    seat: String,
    /// Goes on when the input ends, until it is told to stop by a signal.
    #[arg(long)]
    stay: bool,
}

fn mic(text: &str) -> Result<(Position, PathBuf), String> {
    let (position, path) = text.split_once('=').ok_or("write POSITION=FILE, such as left=speech.wav")?;
    let position = match position {
        "left" => Position::Left,
        "right" => Position::Right,
        "hands-free" => Position::HandsFree,
        other => return Err(format!("{other} has no microphone; write left, right or hands-free")),
    };
    Ok((position, path.into()))
}

fn frame(text: &str) -> Result<u32, String> {
    match text {
        "5" => Ok(5),
        "10" => Ok(10),
        "20" => Ok(20),
        other => Err(format!("{other} ms is no frame length; write 5, 10 or 20")),
    }
}

fn main() -> ExitCode {
    // Two crypto providers in one process would panic at the first handshake: this one is chosen before any.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    start_log("warn");
    match start(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let ended = runtime.block_on(run(arguments));
    // A name that is still being looked up must not keep the program.
    runtime.shutdown_timeout(END_MAX);
    ended
}

async fn run(arguments: Arguments) -> Result<()> {
    let mut ends = Ends { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    let password = std::fs::read_to_string(&arguments.password_file)
        .with_context(|| format!("{} cannot be read", arguments.password_file.display()))?;
    if let Some(folder) = &arguments.ears {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let config = TurretConfig {
        address: arguments.switch,
        pin: arguments.pin,
        seat: arguments.seat,
        uplink: UplinkConfig { frame_ms: arguments.frame, ..UplinkConfig::default() },
    };
    let mics: BTreeMap<_, _> = arguments.mic.into_iter().collect();
    let files = FileDevices { mics, ears: arguments.ears, period: arguments.period as usize };
    let turret = Turret::start(config, Devices::Files(files))?;
    let changes = turret.subscribe();
    let password = password.lines().next().unwrap_or_default().to_owned();
    turret.intent(Intent::LogOn { user: UserId(arguments.user), password, switch: None });
    let ended = attend(&turret, changes, arguments.stay, &mut ends).await;
    turret.stop().await;
    ended
}

/// What ends the program from outside.
struct Ends {
    term: Signal,
    interrupt: Signal,
}

/// Takes intents and writes changes, until something ends it.
async fn attend(turret: &Turret, mut changes: Receiver<Change>, stay: bool, ends: &mut Ends) -> Result<()> {
    turret.clocks().iter().try_for_each(print)?;
    let (mut watch, first) = (Watch::default(), Change::View(Box::new(turret.view())));
    print(&first)?;
    watch.see(&first)?;
    let mut lines = read_lines()?;
    loop {
        tokio::select! {
            change = changes.recv() => {
                let change = match change {
                    Ok(change) => change,
                    Err(RecvError::Lagged(_)) => Change::View(Box::new(turret.view())),
                    Err(RecvError::Closed) => bail!("The turret has ended by a fault; start it again."),
                };
                print(&change)?;
                watch.see(&change)?;
            }
            line = lines.recv(), if !watch.input_ended => match line {
                Some(line) => take(turret, &line),
                None if stay => watch.end_input()?,
                None => return Ok(()),
            },
            _ = ends.term.recv() => return Ok(()),
            _ = ends.interrupt.recv() => return Ok(()),
        }
    }
}

/// What the program itself has to know about what it prints.
#[derive(Default)]
struct Watch {
    was_up: bool,
    input_ended: bool,
    /// The certificate that waits for trust.
    untrusted: Option<String>,
    /// What is wrong with each position's devices.
    troubles: BTreeMap<Position, String>,
}

impl Watch {
    /// Says what is wrong with a device on the error output.
    ///
    /// # Errors
    /// The log-on was refused, or nobody is left to trust the switch.
    fn see(&mut self, change: &Change) -> Result<()> {
        match change {
            Change::Header(header) => self.see_link(&header.link),
            Change::View(view) => {
                view.positions.iter().for_each(|position| self.see_position(position));
                self.see_link(&view.header.link)
            }
            Change::Position(position) => {
                self.see_position(position);
                Ok(())
            }
            Change::Pages(_)
            | Change::Key(_)
            | Change::KeyGone(_)
            | Change::Channels(_)
            | Change::Channel(_)
            | Change::People(_)
            | Change::Person(_)
            | Change::Groups(_)
            | Change::ChannelGroups(_)
            | Change::Incoming(_)
            | Change::Notice(_)
            | Change::Meters(_)
            | Change::History(_)
            | Change::HistoryEntry(_)
            | Change::Devices(_)
            | Change::Listeners(_) => Ok(()),
        }
    }

    fn see_position(&mut self, position: &PositionView) {
        let trouble = &position.device.trouble;
        if self.troubles.get(&position.position) != Some(trouble) {
            if !trouble.is_empty() {
                eprintln!("{trouble}");
            }
            self.troubles.insert(position.position, trouble.clone());
        }
    }

    fn see_link(&mut self, link: &LinkView) -> Result<()> {
        self.untrusted = None;
        match link {
            LinkView::Up { .. } => self.was_up = true,
            LinkView::Refused { sentence } if !self.was_up => bail!("{sentence}"),
            LinkView::Untrusted { fingerprint } => self.untrusted = Some(fingerprint.clone()),
            LinkView::Refused { .. } | LinkView::Connecting | LinkView::Lost { .. } | LinkView::LoggedOff => {}
        }
        self.trust_can_come()
    }

    fn end_input(&mut self) -> Result<()> {
        self.input_ended = true;
        self.trust_can_come()
    }

    fn trust_can_come(&self) -> Result<()> {
        if let (true, Some(fingerprint)) = (self.input_ended, &self.untrusted) {
            bail!("The switch shows the certificate {fingerprint}, which is not trusted; give it with --pin.");
        }
        Ok(())
    }
}

/// Lines of the input, read on a thread of their own: a read that waits for ever must not keep the program.
fn read_lines() -> Result<mpsc::Receiver<String>> {
    let (read, lines) = mpsc::channel(LINES_MAX);
    let run = move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            // Nobody takes intents any more.
            if read.blocking_send(line).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("intents".into()).spawn(run).context("the system gives no thread")?;
    Ok(lines)
}

fn take(turret: &Turret, line: &str) {
    if line.trim().is_empty() {
        return;
    }
    match typed::read(line) {
        Ok(intent) => turret.intent(intent),
        Err(sentence) => eprintln!("{}", serde_json::json!({ "error": sentence })),
    }
}

fn print(value: &impl Serialize) -> Result<()> {
    let line = serde_json::to_string(value).context("a change is a plain value")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("nobody reads the changes any more")
}
