//! The link to the switch: one task that connects, logs on, beats, notices silence and comes back.
//!
//! ```text
//! Off ─LogOn─► Connecting ─welcome─► Up ─2 s without contact, or closed─► Lost ─retry─► Connecting
//!                  └─ refused, untrusted ─► Off
//! ```
//!
//! Law: what was not answered before a break is repeated with its id while it is younger than 2 s, and dropped after.

use crate::pin::{Fingerprint, Seen, client_config};
use dealerboard_model::{TurretId, UserId};
use dealerboard_wire::{
    Act, CONTROL_PATH, Credentials, FromSwitch, FromTurret, HEARTBEAT_MS, Hello, LINK_STALE_MS, MESSAGE_MAX_BYTES,
    SUBPROTOCOL, Token, Welcome, close,
};
use futures_util::{SinkExt, StreamExt};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use uuid::Uuid;

/// Messages that may wait in either direction.
const QUEUE_MAX: usize = 1_024;

/// `link.retry`: doubling from the first to the last.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// Longest time for a connection to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A press that was not answered is repeated while it is younger than this.
const REPEAT_MAX: Duration = Duration::from_secs(2);

/// Which switch.
#[derive(Clone, Debug)]
pub struct LinkOptions {
    /// `wss://host:port`.
    pub address: String,
    /// The trusted certificate.
    pub pin: Option<Fingerprint>,
    /// The seat, as others see it.
    pub seat: String,
}

/// What the turret asks of the link.
pub enum ToLink {
    /// Connects and logs on.
    LogOn {
        /// Who.
        user: UserId,
        /// The password; forgotten when a token is there.
        password: String,
    },
    /// Sends a message that need not be repeated.
    Send(FromTurret),
    /// Sends a command; repeated after a break until it is answered.
    Command {
        /// Its id.
        id: Uuid,
        /// What.
        act: Act,
    },
    /// Trusts a certificate.
    Trust(Fingerprint),
    /// Logs off.
    LogOff,
    /// Ends the link.
    Stop,
}

/// What the link tells.
pub enum LinkEvent {
    /// An attempt begins.
    Connecting,
    /// The certificate is not trusted yet.
    Untrusted(Fingerprint),
    /// Logged on.
    Welcome {
        /// The switch's word.
        welcome: Box<Welcome>,
        /// This machine's address towards the switch.
        local: IpAddr,
    },
    /// A message of the switch.
    Message(Box<FromSwitch>),
    /// A heartbeat came back.
    RoundTrip {
        /// There and back.
        ms: f64,
        /// The switch's clock minus ours.
        clock_offset_ms: f64,
    },
    /// No contact.
    Stale {
        /// Since, UTC milliseconds.
        since_utc_ms: i64,
        /// Next attempt, UTC milliseconds.
        retry_utc_ms: i64,
    },
    /// Nothing is tried until the user acts; one sentence says why.
    Refused(String),
    /// A command was not answered in time and is not repeated.
    Dropped {
        /// Its id.
        id: Uuid,
    },
}

/// Starts the link's task on the present tokio runtime.
pub fn start(options: LinkOptions) -> (mpsc::Sender<ToLink>, mpsc::Receiver<LinkEvent>) {
    let (asks, inbox) = mpsc::channel(QUEUE_MAX);
    let (told, events) = mpsc::channel(QUEUE_MAX);
    let link = Link { options, inbox, told, log_on: None, token: None, turret: None, unanswered: BTreeMap::new() };
    tokio::spawn(link.run());
    (asks, events)
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a connection came to its end.
enum End {
    /// By the user's wish, or for good.
    Off,
    /// The link is to be stopped.
    Stop,
    /// Lost: it is tried again.
    Lost,
}

struct Link {
    options: LinkOptions,
    inbox: mpsc::Receiver<ToLink>,
    told: mpsc::Sender<LinkEvent>,
    log_on: Option<(UserId, String)>,
    token: Option<Token>,
    turret: Option<TurretId>,
    unanswered: BTreeMap<Uuid, (Act, Instant)>,
}

impl Link {
    async fn run(mut self) {
        let mut retry = RETRY_FIRST;
        loop {
            if self.log_on.is_none() && self.token.is_none() {
                retry = RETRY_FIRST;
                match self.inbox.recv().await {
                    Some(ToLink::LogOn { user, password }) => self.log_on = Some((user, password)),
                    Some(ToLink::Trust(pin)) => self.options.pin = Some(pin),
                    Some(ToLink::Stop) | None => return,
                    Some(ToLink::Send(_) | ToLink::Command { .. } | ToLink::LogOff) => {}
                }
                continue;
            }
            self.tell(LinkEvent::Connecting).await;
            let end = match self.connect().await {
                Ok((socket, local)) => {
                    retry = RETRY_FIRST;
                    self.serve(socket, local).await
                }
                Err(end) => end,
            };
            match end {
                End::Stop => return,
                End::Off => (self.log_on, self.token, self.turret) = (None, None, None),
                End::Lost => {
                    let wait = jittered(retry);
                    retry = (retry * 2).min(RETRY_LAST);
                    let (since_utc_ms, wait_ms) = (utc_ms(), i64::try_from(wait.as_millis()).unwrap_or(0));
                    self.tell(LinkEvent::Stale { since_utc_ms, retry_utc_ms: since_utc_ms + wait_ms }).await;
                    if self.wait(wait).await {
                        return;
                    }
                }
            }
        }
    }

    async fn tell(&self, event: LinkEvent) {
        // The turret has ended: the next look at the inbox says so.
        let _ = self.told.send(event).await;
    }

    /// Waits between two attempts; true when the link is to stop. Presses of that time wait for the switch.
    async fn wait(&mut self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return false,
                ask = self.inbox.recv() => match ask {
                    Some(ToLink::Stop) | None => return true,
                    Some(ToLink::LogOff) => {
                        (self.log_on, self.token, self.turret) = (None, None, None);
                        return false;
                    }
                    Some(ToLink::Command { id, act }) => {
                        self.unanswered.insert(id, (act, Instant::now()));
                    }
                    Some(ToLink::LogOn { user, password }) => self.log_on = Some((user, password)),
                    Some(ToLink::Trust(pin)) => self.options.pin = Some(pin),
                    Some(ToLink::Send(_)) => {}
                },
            }
        }
    }

    async fn connect(&mut self) -> Result<(Socket, IpAddr), End> {
        let address = self.options.address.trim_end_matches('/').to_owned();
        let host = address.strip_prefix("wss://").unwrap_or(&address).to_owned();
        let seen = Seen::default();
        let Ok(config) = client_config(self.options.pin, Arc::clone(&seen)) else { return Err(End::Off) };
        let made = tokio::time::timeout(CONNECT_MAX, handshake(&address, &host, Arc::new(config))).await;
        match made {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(Broken::Address(sentence))) => {
                self.tell(LinkEvent::Refused(sentence)).await;
                Err(End::Off)
            }
            Ok(Err(Broken::Connection)) | Err(_) => {
                let shown = *seen.lock().expect("no holder of this lock panics");
                match (shown, self.options.pin) {
                    (Some(shown), None) => {
                        self.tell(LinkEvent::Untrusted(shown)).await;
                        return Err(self.wait_for_trust(shown).await);
                    }
                    (Some(shown), Some(pin)) if shown != pin => {
                        let sentence = "The switch shows another certificate than the one that was trusted; do not log \
                                        on, and ask your administrator.";
                        self.tell(LinkEvent::Refused(sentence.into())).await;
                        return Err(End::Off);
                    }
                    (Some(_) | None, _) => {}
                }
                Err(End::Lost)
            }
        }
    }

    /// Waits until the user has trusted the certificate that is shown, or gives up.
    async fn wait_for_trust(&mut self, shown: Fingerprint) -> End {
        loop {
            match self.inbox.recv().await {
                Some(ToLink::Trust(pin)) if pin == shown => {
                    self.options.pin = Some(pin);
                    return End::Lost;
                }
                Some(ToLink::LogOn { user, password }) => self.log_on = Some((user, password)),
                Some(ToLink::LogOff) => return End::Off,
                Some(ToLink::Stop) | None => return End::Stop,
                Some(ToLink::Trust(_) | ToLink::Send(_) | ToLink::Command { .. }) => {}
            }
        }
    }

    fn hello(&self) -> Option<FromTurret> {
        let credentials = match (&self.token, &self.log_on) {
            (Some(token), _) => Credentials::Token { token: token.token.clone() },
            (None, Some((user, password))) => Credentials::Password { user: user.clone(), password: password.clone() },
            (None, None) => return None,
        };
        Some(FromTurret::Hello(Hello {
            protocol: 1,
            client: format!("dealerboard-turret {}", env!("CARGO_PKG_VERSION")),
            seat: self.options.seat.clone(),
            credentials,
            resume: self.turret,
        }))
    }

    async fn serve(&mut self, mut socket: Socket, local: IpAddr) -> End {
        let Some(hello) = self.hello() else { return End::Off };
        if send(&mut socket, &hello).await.is_err() {
            return End::Lost;
        }
        let mut beat = tokio::time::interval(Duration::from_millis(HEARTBEAT_MS));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut up = Up { contact: Instant::now(), beats: 0, beaten: Instant::now(), seq: None, renewed: false };
        loop {
            let stale = up.contact + Duration::from_millis(LINK_STALE_MS);
            tokio::select! {
                () = tokio::time::sleep_until(stale) => return End::Lost,
                _ = beat.tick() => {
                    (up.beats, up.beaten) = (up.beats + 1, Instant::now());
                    if self.beat(&mut socket, &mut up).await.is_err() {
                        return End::Lost;
                    }
                }
                ask = self.inbox.recv() => match self.ask(&mut socket, ask).await {
                    Ok(()) => {}
                    Err(end) => return end,
                },
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        up.contact = Instant::now();
                        match serde_json::from_str::<FromSwitch>(&text) {
                            Ok(message) => if let Some(end) = self.hear(&mut socket, message, local, &mut up).await {
                                return end;
                            },
                            Err(error) => {
                                tracing::warn!(%error, "the switch sent what this turret does not understand");
                                return End::Lost;
                            }
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Lost,
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                        up.contact = Instant::now();
                    }
                },
            }
        }
    }

    async fn beat(&mut self, socket: &mut Socket, up: &mut Up) -> Result<(), Lost> {
        let late = |(_, at): &(Act, Instant)| at.elapsed() > REPEAT_MAX;
        let dropped: Vec<Uuid> = self.unanswered.iter().filter(|(_, sent)| late(sent)).map(|(id, _)| *id).collect();
        for id in dropped {
            self.unanswered.remove(&id);
            self.tell(LinkEvent::Dropped { id }).await;
        }
        // A third of the token's life is left to be safe against a slow switch.
        let left_ms = self.token.as_ref().map(|token| token.expires_utc_ms - utc_ms());
        if left_ms.is_some_and(|left| left < 300_000) && !up.renewed {
            up.renewed = true;
            send(socket, &FromTurret::Renew).await?;
        }
        send(socket, &FromTurret::Heartbeat { n: up.beats }).await
    }

    async fn ask(&mut self, socket: &mut Socket, ask: Option<ToLink>) -> Result<(), End> {
        match ask {
            Some(ToLink::Send(message)) => send(socket, &message).await.map_err(|Lost| End::Lost),
            Some(ToLink::Command { id, act }) => {
                self.unanswered.insert(id, (act.clone(), Instant::now()));
                send(socket, &FromTurret::Command { id, act }).await.map_err(|Lost| End::Lost)
            }
            Some(ToLink::LogOff) => {
                // It is the last message: a lost one is noticed by the switch itself.
                let _ = send(socket, &FromTurret::LogOff).await;
                let _ = socket.close(None).await;
                Err(End::Off)
            }
            Some(ToLink::LogOn { user, password }) => {
                self.log_on = Some((user, password));
                Ok(())
            }
            Some(ToLink::Trust(_)) => Ok(()),
            Some(ToLink::Stop) | None => {
                let _ = socket.close(None).await;
                Err(End::Stop)
            }
        }
    }

    async fn hear(&mut self, socket: &mut Socket, message: FromSwitch, local: IpAddr, up: &mut Up) -> Option<End> {
        match message {
            FromSwitch::Welcome(welcome) => {
                self.turret = Some(welcome.turret);
                self.token = Some(welcome.token.clone());
                // The password is not needed any more; the token is.
                self.log_on = None;
                self.tell(LinkEvent::Welcome { welcome: Box::new(welcome), local }).await;
                let repeat: Vec<_> = self.unanswered.iter().map(|(id, (act, _))| (*id, act.clone())).collect();
                for (id, act) in repeat {
                    if send(socket, &FromTurret::Command { id, act }).await.is_err() {
                        return Some(End::Lost);
                    }
                }
            }
            FromSwitch::Token(token) => {
                self.token = Some(token);
                up.renewed = false;
            }
            FromSwitch::HeartbeatAck { n, now } if n == up.beats => {
                let ms = up.beaten.elapsed().as_secs_f64() * 1_000.0;
                let clock_offset_ms = now.utc_ms as f64 + ms / 2.0 - utc_ms() as f64;
                self.tell(LinkEvent::RoundTrip { ms, clock_offset_ms }).await;
            }
            FromSwitch::HeartbeatAck { .. } => {}
            FromSwitch::Goodbye { code: close::NOT_LOGGED_ON | close::VERSION, sentence } => {
                self.tell(LinkEvent::Refused(sentence)).await;
                return Some(End::Off);
            }
            FromSwitch::Goodbye { sentence, .. } => {
                tracing::info!(sentence, "the switch ended the connection");
                return Some(End::Lost);
            }
            FromSwitch::Event { seq, event } => {
                if up.seq.is_some_and(|last| seq != last + 1) {
                    tracing::warn!(seq, "an event is missing: a snapshot is fetched");
                    return Some(End::Lost);
                }
                up.seq = Some(seq);
                self.tell(LinkEvent::Message(Box::new(FromSwitch::Event { seq, event }))).await;
            }
            FromSwitch::Answer { id, result } => {
                self.unanswered.remove(&id);
                self.tell(LinkEvent::Message(Box::new(FromSwitch::Answer { id, result }))).await;
            }
            FromSwitch::SdpAnswer { sdp, error } => {
                self.tell(LinkEvent::Message(Box::new(FromSwitch::SdpAnswer { sdp, error }))).await;
            }
        }
        None
    }
}

/// One connection.
struct Up {
    contact: Instant,
    beats: u64,
    beaten: Instant,
    seq: Option<u64>,
    renewed: bool,
}

struct Lost;

async fn send(socket: &mut Socket, message: &FromTurret) -> Result<(), Lost> {
    let text = serde_json::to_string(message).expect("messages are plain values");
    socket.send(Message::text(text)).await.map_err(|_| Lost)
}

enum Broken {
    Address(String),
    Connection,
}

async fn handshake(address: &str, host: &str, config: Arc<rustls::ClientConfig>) -> Result<(Socket, IpAddr), Broken> {
    let wrong = || Broken::Address(format!("{address} is no address of a switch; it is wss://host:port."));
    if !address.starts_with("wss://") {
        return Err(wrong());
    }
    let mut request = format!("{address}{CONTROL_PATH}").into_client_request().map_err(|_| wrong())?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    let refused = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::InvalidInput { wrong() } else { Broken::Connection }
    };
    let stream = TcpStream::connect(host).await.map_err(refused)?;
    // Every message is small and wanted at once.
    stream.set_nodelay(true).map_err(|_| Broken::Connection)?;
    let local = stream.local_addr().map_err(|_| Broken::Connection)?.ip();
    let limits = WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX_BYTES));
    let connector = Some(Connector::Rustls(config));
    let made = client_async_tls_with_config(request, stream, Some(limits), connector).await;
    made.map(|(socket, _)| (socket, local)).map_err(|error: tungstenite::Error| {
        tracing::debug!(%error, "the switch was not reached");
        Broken::Connection
    })
}

/// ±50 %, from a random id: turrets that lost one switch do not come back in one instant.
fn jittered(wait: Duration) -> Duration {
    let share = f64::from(Uuid::new_v4().as_u128() as u16) / f64::from(u16::MAX);
    wait.mul_f64(0.5 + share)
}

fn utc_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
