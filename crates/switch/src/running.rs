//! Starting and stopping a switch, in the program and embedded in others.

use crate::accounts::{Account, Accounts, TOKEN_LIFE};
use crate::certificate::{self, Certificate};
use crate::clock::Clock;
use crate::control::Door;
use crate::floor::{self, FloorFile};
use crate::floor_loop::{FloorLoop, INPUTS_MAX};
use crate::keep::{Keep, Shelf};
use crate::kept::Keeper;
use crate::places::Places;
use crate::web::{Review, Web};
use anyhow::{Context, Result, bail};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use dealerboard_archive::{Library, Recorder, RecorderInbox, RecorderOptions, TrackAudio, Verdict};
use dealerboard_model::{RecordingId, UserId};
use dealerboard_rtc::switch::forward::TrackPacket;
use dealerboard_rtc::switch::{HubError, VoiceEvent, VoiceHub, VoiceHubOptions};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Where the passwords of a sample floor are kept, in the data folder.
pub const PASSWORDS_FILE: &str = "passwords.txt";

/// Folder of the recordings, in the data folder.
pub const RECORDINGS: &str = "recordings";

/// Packets that may wait for the recorder: half a minute of ten talkers.
const TRACK_PACKETS_MAX: usize = 32_768;

/// How long connections have for their last sentence.
const STOP_MAX: Duration = Duration::from_secs(2);

/// How long a connection may take for its TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// How long a connection may take for the head of its next question.
const QUESTION_MAX: Duration = Duration::from_secs(10);

/// Where the floor comes from.
#[derive(Clone, Debug)]
pub enum FloorSource {
    /// A file.
    File(PathBuf),
    /// The text itself.
    Text(String),
}

/// How a switch is started.
#[derive(Clone, Debug)]
pub struct SwitchOptions {
    /// The floor.
    pub floor: FloorSource,
    /// The data folder.
    pub data: PathBuf,
    /// Where to listen, TCP and UDP; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Addresses at which turrets reach the voice port, when it is neither the one listened on nor one of this machine's.
    pub advertise: Vec<IpAddr>,
    /// Make a password for every user of the floor who has none in [`PASSWORDS_FILE`], in place of any set before, and keep it
    /// there; only its owner can read that file.
    pub sample_passwords: bool,
    /// How long a token lives.
    pub token_life: Duration,
}

impl SwitchOptions {
    /// A switch of `floor` with everything else as usual.
    #[must_use]
    pub fn new(floor: FloorSource, data: PathBuf, listen: SocketAddr) -> Self {
        Self { floor, data, listen, advertise: Vec::new(), sample_passwords: false, token_life: TOKEN_LIFE }
    }
}

/// Starts switches.
pub struct Switch;

/// A running switch. Dropping it does not stop it in order: call [`Running::stop`].
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// `sha256:` and the hexadecimal digest of its certificate.
    pub fingerprint: String,
    /// The floor's name.
    pub floor: String,
    passwords: BTreeMap<UserId, String>,
    server: Handle<SocketAddr>,
    stop_loop: oneshot::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
    open: mpsc::Receiver<std::convert::Infallible>,
    keep: Keep,
}

impl Switch {
    /// Starts a switch within the present tokio runtime.
    ///
    /// # Errors
    /// One sentence: the floor file has mistakes, the data folder is in use, the address is taken.
    pub async fn start(options: SwitchOptions) -> Result<Running> {
        // The embedding program may have installed the same provider already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let file = read_floor(&options.floor)?;
        let keep = Keep::open(&options.data)?;
        if let Err(error) = keep_floor(&file, &keep) {
            // A full disk must not keep a floor from being served.
            tracing::warn!("commands about users know an earlier floor: {error:#}");
        }
        let file = with_added_users(file, &keep);
        let mut keeper = Keeper::start(&options.data, &file).await?;
        let accounts = Accounts::new(&file, keep.clone(), options.token_life)?;
        let passwords = if options.sample_passwords {
            let (accounts, folder) = (accounts.clone(), options.data.join(PASSWORDS_FILE));
            tokio::task::spawn_blocking(move || accounts.make_sample_passwords(&folder)).await??
        } else {
            BTreeMap::new()
        };
        let mut named = options.advertise.clone();
        named.push(options.listen.ip());
        let Certificate { server_config, fingerprint } = certificate::load_or_make(&options.data, &named)?;
        let (heard_by, heard) = mpsc::channel(INPUTS_MAX);
        let clock = Clock::start();
        let recordings = options.data.join(RECORDINGS);
        let recorder = start_recorder(recordings.clone(), clock, &file, keeper.recordings()).await?;
        keeper.recorded_on(recorder.going_on());
        let signing = dealerboard_archive::key_fingerprint(&recordings)?;
        tracing::info!("recordings are signed by the key sha256:{signing}; keep it elsewhere, for verify --key");
        let library = Library::open(&recordings).await?;
        let catching_up = library.catch_up();
        tokio::spawn(async move {
            if let Err(error) = catching_up.await {
                tracing::error!("recordings cannot be found: {error}");
            }
        });
        let (listener, voice) = listen(&options, clock, &recorder.inbox(), &heard_by)?;
        let addr = listener.local_addr().context("the listening address is not known")?;

        let (to_loop, inputs) = mpsc::channel(INPUTS_MAX);
        let (stop_loop, stop) = oneshot::channel();
        let review = Review::new(&file, accounts.clone(), clock, library.clone(), recorder.watch());
        let (voice, known) = (Arc::new(voice), accounts.clone());
        let floor_loop = FloorLoop::new(clock, file.clone(), keeper, keep.clone(), known, voice, (recorder, library));
        let (open_connection, open) = mpsc::channel(1);
        let door = Door {
            accounts: accounts.clone(),
            to_loop,
            clock,
            emergency: Arc::new(file.emergency_numbers()),
            connections: Arc::default(),
            open: open_connection,
        };
        let web = Web::new(door, accounts, review);
        let server = Handle::new();
        let tls = RustlsAcceptor::new(RustlsConfig::from_config(server_config)).handshake_timeout(HANDSHAKE_MAX);
        let mut serving = axum_server::from_tcp(listener)
            .with_context(|| format!("nobody can connect to {addr}"))?
            .acceptor(tls.acceptor(Places::of_process()))
            .handle(server.clone());
        // One version only: who says nothing at all would otherwise be waited for, to learn which one it is.
        let mut http = Builder::new(TokioExecutor::new()).http1_only();
        http.http1().timer(TokioTimer::new()).header_read_timeout(QUESTION_MAX);
        *serving.http_builder() = http;
        let service = web.router().into_make_service_with_connect_info::<SocketAddr>();
        let tasks = vec![
            tokio::spawn(floor_loop.run(inputs, heard, stop)),
            tokio::spawn(async move {
                if let Err(error) = serving.serve(service).await {
                    tracing::error!("no more connections are taken: {error}");
                }
            }),
        ];
        Ok(Running { addr, fingerprint, floor: file.name, passwords, server, stop_loop, tasks, open, keep })
    }
}

impl Running {
    /// The password that was made for a user of the sample floor.
    #[must_use]
    pub fn password_of(&self, user: &str) -> Option<&str> {
        self.passwords.get(&UserId::from(user)).map(String::as_str)
    }

    /// Waits until a part of the switch ends by itself, which only a fault makes it do, and says so in one sentence: what
    /// embeds the switch should then end, so that it is started anew. Turrets see the loss and connect again.
    pub async fn ended(&mut self) -> String {
        if self.tasks.is_empty() {
            return std::future::pending().await;
        }
        let (ended, place, _) = futures_util::future::select_all(self.tasks.iter_mut()).await;
        drop(self.tasks.remove(place));
        match ended {
            Ok(()) => "a part of the switch has ended by itself; the log says which".to_owned(),
            Err(error) => format!("a part of the switch has failed ({error}); it has to be started again"),
        }
    }

    /// Stops in order: turrets are told, recordings sealed, connections closed.
    pub async fn stop(mut self) {
        let _ = self.stop_loop.send(());
        self.server.graceful_shutdown(Some(STOP_MAX));
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!("a part of the switch did not end in order: {error}");
            }
        }
        let _ = tokio::time::timeout(STOP_MAX, self.open.recv()).await;
        self.keep.let_go();
    }
}

/// Checks hashes, chain and signatures of the recordings at `path`: a data folder, or the recordings in it. `key` is the
/// fingerprint of their key, or a file with the public key, that was kept elsewhere.
///
/// # Errors
/// There are no recordings, or they cannot be read; `key` is none.
pub fn verify(path: &Path, key: Option<&str>) -> Result<Verdict> {
    let within = path.join(RECORDINGS);
    let folder = if within.is_dir() { within } else { path.to_owned() };
    let checked = match key {
        None => dealerboard_archive::verify(&folder),
        Some(key) => {
            let fingerprint = dealerboard_archive::read_fingerprint(key)
                .with_context(|| format!("{key} is neither a key's sha256 nor a file with a public key"))?;
            dealerboard_archive::verify_by(&folder, &fingerprint)
        }
    };
    checked.with_context(|| format!("{} holds no recordings that could be checked; name a data folder", path.display()))
}

/// What checking found, as one sentence.
#[must_use]
pub fn in_words(verdict: &Verdict) -> String {
    crate::web::types::Verdict::of(verdict).sentence
}

/// Opens the recordings beside the runtime: mending what a power cut left reads and writes files.
async fn start_recorder(
    folder: PathBuf,
    clock: Clock,
    file: &FloorFile,
    goes_on: BTreeSet<RecordingId>,
) -> Result<Recorder> {
    let policy = floor::policies(file).of(None, None, None);
    let options = RecorderOptions {
        now_utc_ms: Arc::new(move || clock.recorded_ms(Instant::now())),
        fail_grace: Duration::from_millis(policy.record_fail_grace_ms),
        queue: TRACK_PACKETS_MAX,
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(tokio::task::spawn_blocking(move || Recorder::start_again(&folder, options, &goes_on)).await??)
}

fn read_floor(source: &FloorSource) -> Result<FloorFile> {
    let (place, text) = match source {
        FloorSource::File(file) => {
            let text = std::fs::read_to_string(file).with_context(|| {
                format!("the floor file {} cannot be read; name another with --floor", file.display())
            })?;
            (file.display().to_string(), text)
        }
        FloorSource::Text(text) => ("floor".to_owned(), text.clone()),
    };
    match floor::read(&text) {
        Ok(file) => Ok(file),
        Err(mistakes) => {
            let named: Vec<String> = mistakes.iter().map(|mistake| format!("{place}:{mistake}")).collect();
            bail!("{}", named.join("\n"))
        }
    }
}

/// Keeps desks and users of the floor file for the commands about users.
fn keep_floor(file: &FloorFile, keep: &Keep) -> Result<()> {
    let desks: BTreeMap<String, serde_json::Value> =
        file.desks.iter().map(|desk| (desk.id.value.clone(), desk.name.as_str().into())).collect();
    let users: BTreeMap<String, serde_json::Value> =
        file.users.iter().map(|user| (user.id.value.clone(), user.name.as_str().into())).collect();
    keep.change(Shelf::Desks, |kept| *kept = desks)?;
    keep.change(Shelf::FloorUsers, |kept| *kept = users)
}

/// The floor with the users that were added to its data folder; one whose desk is gone is left out and named.
pub fn with_added_users(mut file: FloorFile, keep: &Keep) -> FloorFile {
    for (_, account) in keep.all::<Account>(Shelf::Users) {
        if !file.desks.iter().any(|desk| desk.id.value == account.desk) {
            tracing::warn!(
                "the added user {} is of the desk {}, which this floor does not have",
                account.user,
                account.desk
            );
            continue;
        }
        file.with_user(account.as_floor_user());
    }
    file
}

/// Takes the same port number for TCP and UDP. When any port will do, a few are tried until both are free.
fn listen(
    options: &SwitchOptions,
    clock: Clock,
    recorder: &RecorderInbox,
    events: &mpsc::Sender<VoiceEvent>,
) -> Result<(TcpListener, VoiceHub)> {
    let mut attempts = if options.listen.port() == 0 { 8 } else { 1 };
    loop {
        attempts -= 1;
        let listener = TcpListener::bind(options.listen).with_context(|| {
            format!("{} cannot be listened on; stop who uses it, or choose another with --listen", options.listen)
        })?;
        listener.set_nonblocking(true).context("the listening socket cannot be used")?;
        let voice = VoiceHub::start(VoiceHubOptions {
            bind: listener.local_addr().context("the listening address is not known")?,
            advertise: options.advertise.clone(),
            recorder: to_recorder(clock, recorder.clone()),
            events: events.clone(),
        });
        match voice {
            Ok(voice) => return Ok((listener, voice)),
            Err(error @ HubError::Unreachable(_)) => return Err(error.into()),
            Err(error) if attempts == 0 => return Err(error.into()),
            Err(_) => {}
        }
    }
}

fn to_recorder(clock: Clock, inbox: RecorderInbox) -> dealerboard_rtc::switch::TrackSink {
    Box::new(move |packet: TrackPacket| {
        let TrackPacket { track, seq, rtp_ts, arrived, payload } = packet;
        inbox.audio(TrackAudio { track, seq, rtp_ts, utc_ms: clock.recorded_ms(arrived), payload })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn switch(folder: &Path) -> Running {
        let floor = FloorSource::Text(include_str!("../../../tests/floors/two-desks.toml").into());
        Switch::start(SwitchOptions::new(floor, folder.to_owned(), "127.0.0.1:0".parse().unwrap())).await.unwrap()
    }

    #[tokio::test]
    async fn a_part_of_the_switch_that_ends_by_itself_is_told_of_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let mut running = switch(folder.path()).await;
        running.tasks[0].abort();
        let why = running.ended().await;
        assert!(why.starts_with("a part of the switch has failed"), "{why}");
        running.stop().await;
    }
}
