//! `dealerboard-switch`: serves a floor, and the operator's other commands.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use dealerboard_model::UserId;
use dealerboard_switch::{FloorSource, Switch, SwitchOptions, UserList, floor};
use std::io::{BufRead, IsTerminal, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

/// Every log-on takes 19 MiB for a moment and each message some hundred bytes: this one gives the first back to the system,
/// and is quick at the second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The switch of a trading floor: lines, voice, recording and review.
#[derive(Parser)]
#[command(name = "dealerboard-switch", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves a floor until it is told to stop.
    Serve {
        /// The floor file.
        #[arg(long)]
        floor: PathBuf,
        /// The data folder; made when it is not there.
        #[arg(long)]
        data: PathBuf,
        /// Address and port, for TCP and UDP; a name such as localhost:7443 is looked up.
        #[arg(long, default_value = "127.0.0.1:7443", value_parser = listen)]
        listen: SocketAddr,
        /// Address that turrets reach the voice port at, when it is not the one listened on, or, with 0.0.0.0 or [::], none
        /// of this machine's own. May stand several times.
        #[arg(long)]
        advertise: Vec<IpAddr>,
        /// Make a password for every user of the floor file who has none in passwords.txt in the data folder, in place of any
        /// set before, and write it there.
        #[arg(long)]
        sample: bool,
    },
    /// Names every mistake in a floor file with its line, or says that there is none.
    Check {
        /// The floor file.
        #[arg(long)]
        floor: PathBuf,
        /// The data folder of a switch, running or not, that has served it: lists what was changed at run time and wins over
        /// the file.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Adds, changes, lists and removes users, and sets passwords.
    #[command(subcommand)]
    User(UserCommand),
    /// Checks hashes and chain of recordings off line.
    Verify {
        /// A data folder, or the recordings in it.
        path: PathBuf,
        /// SHA-256 of the signing key, or a file with the public key, as it was kept elsewhere.
        #[arg(long)]
        key: Option<String>,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Adds a user beside those of the floor file and sets the password.
    ///
    /// A user of the floor file who has no password yet can be added too: name, desk, roles and seat are then those that are
    /// given here, whatever the floor file says, until the user is removed.
    Add {
        /// Log-on name.
        user: String,
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Name as shown; the log-on name when missing.
        #[arg(long)]
        name: Option<String>,
        /// The desk's id.
        #[arg(long)]
        desk: String,
        /// A role: trader, broker, supervisor, reviewer, officer, administrator. May stand several times.
        #[arg(long = "role")]
        roles: Vec<String>,
        /// The usual seat.
        #[arg(long, default_value = "")]
        seat: String,
        /// File whose first line is the password; otherwise it is asked for.
        #[arg(long)]
        password_file: Option<PathBuf>,
    },
    /// Changes an added user; what is not given, and the password, stays.
    Change {
        /// Log-on name.
        user: String,
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Name as shown.
        #[arg(long)]
        name: Option<String>,
        /// The desk's id.
        #[arg(long)]
        desk: Option<String>,
        /// A role, in place of all held so far. May stand several times.
        #[arg(long = "role")]
        roles: Vec<String>,
        /// The usual seat.
        #[arg(long)]
        seat: Option<String>,
    },
    /// Sets the password of an added user, or of one of the floor file.
    Password {
        /// Log-on name.
        user: String,
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// File whose first line is the password; otherwise it is asked for.
        #[arg(long)]
        password_file: Option<PathBuf>,
    },
    /// Lists added users and those of the floor file, and who has a password.
    List {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Removes an added user, and the password and tokens of any.
    Remove {
        /// Log-on name.
        user: String,
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
}

/// The address to listen on: as it stands, or what its name stands for, IPv4 before IPv6.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let known: Vec<SocketAddr> = text.to_socket_addrs().into_iter().flatten().collect();
    known.iter().find(|address| address.is_ipv4()).or(known.first()).copied().ok_or_else(|| {
        "no such address of this machine is known; write ADDRESS:PORT, such as 127.0.0.1:7443, or 0.0.0.0:7443 for all that \
         it has"
            .to_owned()
    })
}

fn main() -> ExitCode {
    // Two providers in one process would panic at the first handshake; whoever was first is the one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let lines = fmt::layer().with_ansi(shows_colours()).with_writer(std::io::stderr);
    registry().with(filter).with(filter_fn(keeps_secrets)).with(lines).init();
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A terminal that was not asked to leave them out: see no-color.org.
fn shows_colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|asked| asked.is_empty())
}

/// Below `info` the WebSocket library writes whole messages, and with them passwords and tokens.
fn keeps_secrets(about: &tracing::Metadata<'_>) -> bool {
    !about.target().starts_with("tungstenite") || *about.level() <= tracing::Level::INFO
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve { floor, data, listen, advertise, sample } => {
            let options = SwitchOptions {
                advertise,
                sample_passwords: sample,
                ..SwitchOptions::new(FloorSource::File(floor), data, listen)
            };
            dealerboard_switch::raise_descriptors();
            let runtime = tokio::runtime::Runtime::new().context("the system gives no threads")?;
            runtime.block_on(serve(options))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { floor, data } => check(&floor, data.as_deref()),
        Command::User(command) => user(command).map(|()| ExitCode::SUCCESS),
        Command::Verify { path, key } => verify(&path, key.as_deref()),
    }
}

async fn serve(options: SwitchOptions) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be awaited")?;
    let mut running = Switch::start(options).await?;
    let mut out = std::io::stdout();
    writeln!(out, "floor {}", running.floor)?;
    writeln!(out, "listening on wss://{}", running.addr)?;
    writeln!(out, "recordings at https://{}", running.addr)?;
    writeln!(out, "fingerprint {}", running.fingerprint)?;
    out.flush()?;
    tokio::select! {
        _ = terminate.recv() => {}
        ended = tokio::signal::ctrl_c() => ended.context("signals cannot be awaited")?,
        why = running.ended() => {
            tracing::error!("{why}");
            running.stop().await;
            bail!("the switch ends, so that it is started again");
        }
    }
    running.stop().await;
    Ok(())
}

fn check(file: &Path, data: Option<&Path>) -> Result<ExitCode> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the floor file {} cannot be read; name another with --floor", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mistakes = floor::check_in(&text, folder);
    for mistake in &mistakes {
        println!("{}:{mistake}", file.display());
    }
    match floor::read(&text) {
        Ok(floor) if mistakes.is_empty() => {
            println!("{} has no mistakes: {}", file.display(), floor.in_numbers());
            floor.policies_in_words().iter().for_each(|line| println!("{line}"));
            if let Some(data) = data {
                list_changed(data, floor)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(_) | Err(_) => Ok(ExitCode::FAILURE),
    }
}

/// Lists what wins over the floor file.
fn list_changed(data: &Path, floor: floor::FloorFile) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the system gives no threads")?;
    let changed = runtime.block_on(dealerboard_switch::changed_at_run_time(data, floor))?;
    for sentence in &changed {
        println!("{}: {sentence}", data.display());
    }
    if changed.is_empty() {
        println!("{}: nothing that was changed at run time wins over the floor file", data.display());
    }
    Ok(())
}

fn user(command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Add { user, data, name, desk, roles, seat, password_file } => {
            let users = UserList::open(&data)?;
            let account = users.account(&user, name.as_deref().unwrap_or(&user), &desk, &roles, &seat)?;
            users.add(&account, &password(password_file.as_deref())?)?;
            println!("{user} was added");
        }
        UserCommand::Change { user, data, name, desk, roles, seat } => {
            let users = UserList::open(&data)?;
            let was = users.added(&user)?;
            let [name, desk, seat] =
                [(name, was.name), (desk, was.desk), (seat, was.seat)].map(|(now, was)| now.unwrap_or(was));
            let mut account = users.account(&user, &name, &desk, &roles, &seat)?;
            if roles.is_empty() {
                account.roles = was.roles;
            }
            users.change(&account)?;
            println!("{user} was changed");
        }
        UserCommand::Password { user, data, password_file } => {
            let users = UserList::open(&data)?;
            users.check_user(&UserId(user.clone()))?;
            users.set_password(&UserId(user.clone()), &password(password_file.as_deref())?)?;
            println!("the password of {user} was set");
        }
        UserCommand::List { data } => {
            for line in UserList::open(&data)?.lines() {
                println!("{line}");
            }
        }
        UserCommand::Remove { user, data } => {
            UserList::open(&data)?.remove(&UserId(user.clone()))?;
            println!("{user} was removed");
        }
    }
    Ok(())
}

/// The password: first line of the file, or of the standard input, typed unseen at a terminal.
fn password(file: Option<&Path>) -> Result<String> {
    let line = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("the password file {} cannot be read", file.display()))?;
            text.lines().next().unwrap_or_default().to_owned()
        }
        None => {
            let terminal = std::io::stdin().is_terminal();
            if terminal {
                eprint!("password: ");
            }
            let mut line = String::new();
            unseen(terminal, || std::io::stdin().lock().read_line(&mut line)).context("the password cannot be read")?;
            line
        }
    };
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("no password was given; type one, or name a file with --password-file");
    }
    Ok(password)
}

/// Runs `read` while the terminal does not show what is typed.
fn unseen<T>(terminal: bool, read: impl FnOnce() -> T) -> T {
    if !terminal {
        return read();
    }
    // SAFETY: tcgetattr and tcsetattr take the standard input and a structure that lives here; a failure changes nothing.
    let shown = unsafe {
        let mut shown: libc::termios = std::mem::zeroed();
        (libc::tcgetattr(0, &raw mut shown) == 0).then_some(shown)
    };
    if let Some(mut hidden) = shown {
        hidden.c_lflag &= !libc::ECHO;
        // SAFETY: as above.
        unsafe { libc::tcsetattr(0, libc::TCSANOW, &raw const hidden) };
    }
    let read = read();
    if let Some(shown) = shown {
        // SAFETY: as above.
        unsafe { libc::tcsetattr(0, libc::TCSANOW, &raw const shown) };
        eprintln!();
    }
    read
}

fn verify(path: &Path, key: Option<&str>) -> Result<ExitCode> {
    let verdict = dealerboard_switch::verify(path, key)?;
    for wrong in &verdict.wrong {
        println!("{}: {}", wrong.file, wrong.why);
    }
    if let Some(key) = &verdict.key {
        println!("signed by the key sha256:{key}");
    }
    println!("{}", dealerboard_switch::in_words(&verdict));
    Ok(if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
