//! `dealerboard-turret`: a whole turret without a window. Intents in, changes out, one JSON object a line.

use anyhow::{Context, Result, bail};
use clap::Parser;
use dealerboard_media::UplinkConfig;
use dealerboard_model::{Position, UserId};
use dealerboard_turret::view::{Change, Intent, LinkView};
use dealerboard_turret::{Devices, FileDevices, Fingerprint, Turret, TurretConfig};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

/// A turret without a window: reads one JSON intent a line, writes one JSON change of its view a line.
#[derive(Parser)]
#[command(name = "dealerboard-turret", version)]
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
    /// Fingerprint of the switch's certificate, sha256:…
    #[arg(long)]
    pin: Fingerprint,
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

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    // Two crypto providers in one process would panic at the first handshake: this one is chosen before any.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let password = std::fs::read_to_string(&arguments.password_file)
        .with_context(|| format!("{} cannot be read", arguments.password_file.display()))?;
    if let Some(folder) = &arguments.ears {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let config = TurretConfig {
        address: arguments.switch,
        pin: Some(arguments.pin),
        seat: arguments.seat,
        uplink: UplinkConfig { frame_ms: arguments.frame, ..UplinkConfig::default() },
        review_url: None,
    };
    let mics: BTreeMap<_, _> = arguments.mic.into_iter().collect();
    let files = FileDevices { mics, ears: arguments.ears, period: arguments.period as usize };
    let turret = Turret::start(config, Devices::Files(files))?;
    turret.clocks().iter().try_for_each(print)?;
    let mut changes = turret.subscribe();
    print(&Change::View(Box::new(turret.view())))?;
    let password = password.lines().next().unwrap_or_default().to_owned();
    turret.intent(Intent::LogOn { user: UserId(arguments.user), password, switch: None });

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let (mut reading, mut was_up) = (true, false);
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Ok(change) => {
                    print(&change)?;
                    if let Change::Header(header) = &change {
                        was_up |= matches!(header.link, LinkView::Up { .. });
                        if let (LinkView::Refused { sentence }, false) = (&header.link, was_up) {
                            bail!("{sentence}");
                        }
                    }
                }
                Err(RecvError::Lagged(_)) => print(&Change::View(Box::new(turret.view())))?,
                Err(RecvError::Closed) => return Ok(()),
            },
            line = lines.next_line(), if reading => match line {
                Ok(Some(line)) => take(&turret, &line),
                Ok(None) | Err(_) if arguments.stay => reading = false,
                Ok(None) | Err(_) => break,
            },
            _ = term.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    turret.stop().await;
    Ok(())
}

fn take(turret: &Turret, line: &str) {
    if line.trim().is_empty() {
        return;
    }
    match serde_json::from_str::<Intent>(line) {
        Ok(intent) => turret.intent(intent),
        Err(error) => {
            let sentence = format!("This line is no intent ({error}); write one JSON object a line.");
            eprintln!("{}", serde_json::json!({ "error": sentence }));
        }
    }
}

fn print(value: &impl Serialize) -> Result<()> {
    let line = serde_json::to_string(value).context("a change is a plain value")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("nobody reads the changes any more")
}
