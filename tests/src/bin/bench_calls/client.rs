//! One turret as its switch sees it: a control connection that logs on, reads all that it is told, beats, and sends what its
//! user does. It has no panel and no voice.
//!
//! Law: an event that is missing, a message that is too long or not understood ends it, as it ends a turret.

use super::many::ON_ALL;
use anyhow::{Context, Result, anyhow, bail, ensure};
use dealerboard_model::{LinePhase, UserId};
use dealerboard_wire::{
    Act, Answer, CONTROL_PATH, Credentials, Event, FROM_SWITCH_MAX_BYTES, FromSwitch, FromTurret, HEARTBEAT_MS, Hello,
    SOCKET_BUFFER_BYTES, SUBPROTOCOL,
};
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use uuid::Uuid;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// What a turret tells the bench.
pub enum Told {
    /// It has its first picture of the floor, of so many bytes.
    There { bytes: usize },
    /// It has read a status of the line that all show.
    Shows { turret: usize, taken: bool, at: Instant },
    /// Its command has an answer.
    Answered { id: Uuid, answer: Answer, at: Instant },
    /// Its connection has ended, and why.
    Over { turret: usize, why: String },
}

/// What all turrets have read so far.
#[derive(Default)]
pub struct Counts {
    /// WebSocket messages.
    pub frames: AtomicU64,
    /// Bytes of their text: TLS and the frames' heads are not counted.
    pub bytes: AtomicU64,
}

/// Where the switch is, and what all turrets share.
#[derive(Clone)]
pub struct Around {
    pub switch: SocketAddr,
    pub tls: Arc<ClientConfig>,
    /// Held while somebody logs on: a switch looks at few passwords at once.
    pub log_on: Arc<Semaphore>,
    pub counts: Arc<Counts>,
    pub told: mpsc::Sender<Told>,
}

/// Who sits at a turret, and the address that it calls from.
pub struct Who {
    pub turret: usize,
    pub user: UserId,
    pub password: String,
    pub from: SocketAddr,
}

/// Runs a turret until nobody can send acts to it any more.
pub async fn run(who: Who, around: Around, acts: mpsc::Receiver<(Uuid, Act)>) {
    let turret = who.turret;
    if let Err(error) = serve(who, &around, acts).await {
        // Nobody asks any more when the bench has ended.
        let _ = around.told.send(Told::Over { turret, why: format!("{error:#}") }).await;
    }
}

async fn serve(who: Who, around: &Around, mut acts: mpsc::Receiver<(Uuid, Act)>) -> Result<()> {
    let mut logging_on = Some(Arc::clone(&around.log_on).acquire_owned().await?);
    let mut socket = connect(&who, around).await?;
    let credentials = Credentials::Password { user: who.user, password: who.password };
    let client = "bench-calls".to_owned();
    send(
        &mut socket,
        &FromTurret::Hello(Hello { protocol: 1, client, seat: String::new(), credentials, resume: None }),
    )
    .await?;
    let mut beat = tokio::time::interval(Duration::from_millis(HEARTBEAT_MS));
    // Turrets that came together do not beat together.
    beat.reset_after(Duration::from_millis(fastrand::u64(0..HEARTBEAT_MS)));
    let (mut beats, mut seq) = (0, None);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let at = Instant::now();
                    around.counts.frames.fetch_add(1, Ordering::Relaxed);
                    around.counts.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
                    if let Some(told) = read(who.turret, text.as_str(), at, &mut seq, &mut logging_on)? {
                        around.told.send(told).await?;
                    }
                }
                Some(Ok(Message::Close(_))) | None => bail!("the switch has closed the connection"),
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Err(error.into()),
            },
            act = acts.recv() => match act {
                Some((id, act)) => send(&mut socket, &FromTurret::Command { id, act }).await?,
                None => return Ok(()),
            },
            _ = beat.tick(), if seq.is_some() => {
                beats += 1;
                send(&mut socket, &FromTurret::Heartbeat { n: beats }).await?;
            }
        }
    }
}

/// What is read of every message.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    r#type: &'a str,
    seq: Option<u64>,
    #[serde(borrow)]
    event: Option<EventHead<'a>>,
}

#[derive(Deserialize)]
struct EventHead<'a> {
    event: &'a str,
}

/// What the bench is told of a message. Only what it is told of is read whole: on a floor each turret reads with a processor
/// of its own.
fn read(
    turret: usize,
    text: &str,
    at: Instant,
    seq: &mut Option<u64>,
    logging_on: &mut Option<OwnedSemaphorePermit>,
) -> Result<Option<Told>> {
    let head: Head = serde_json::from_str(text).context("the switch is not understood")?;
    if let Some(now) = head.seq {
        ensure!(seq.is_none_or(|last| now == last + 1), "an event is missing before {now}");
        *seq = Some(now);
    }
    let is_wanted = match (head.r#type, head.event.as_ref().map(|head| head.event)) {
        ("event", Some("snapshot")) => logging_on.take().is_some(),
        ("event", Some("line")) => text.contains(ON_ALL),
        ("answer" | "goodbye", _) => true,
        _ => false,
    };
    if !is_wanted {
        return Ok(None);
    }
    Ok(match serde_json::from_str(text).context("the switch is not understood")? {
        FromSwitch::Answer { id, result } => Some(Told::Answered { id, answer: result, at }),
        FromSwitch::Goodbye { sentence, .. } => bail!("{sentence}"),
        FromSwitch::Event { event: Event::Line { status }, .. } if status.line.0 == ON_ALL => {
            Some(Told::Shows { turret, taken: status.phase != LinePhase::Idle, at })
        }
        FromSwitch::Event { event: Event::Snapshot(_), .. } => Some(Told::There { bytes: text.len() }),
        FromSwitch::Event { .. }
        | FromSwitch::Welcome(_)
        | FromSwitch::SdpAnswer { .. }
        | FromSwitch::HeartbeatAck { .. }
        | FromSwitch::Token(_) => None,
    })
}

async fn connect(who: &Who, around: &Around) -> Result<Socket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(who.from).with_context(|| format!("nothing can be sent from {}", who.from))?;
    let stream = socket.connect(around.switch).await.context("the switch is not reached")?;
    stream.set_nodelay(true)?;
    let name = ServerName::from(around.switch.ip());
    let tls = TlsConnector::from(Arc::clone(&around.tls)).connect(name, stream).await?;
    let mut request = format!("wss://{}{CONTROL_PATH}", around.switch).into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    let limits = WebSocketConfig::default()
        .max_message_size(Some(FROM_SWITCH_MAX_BYTES))
        .read_buffer_size(SOCKET_BUFFER_BYTES)
        .write_buffer_size(SOCKET_BUFFER_BYTES);
    let made = client_async_with_config(request, tls, Some(limits)).await;
    made.map(|(socket, _)| socket).map_err(|error| anyhow!("the switch takes no control connection: {error}"))
}

async fn send(socket: &mut Socket, message: &FromTurret) -> Result<()> {
    Ok(socket.send(Message::text(serde_json::to_string(message)?)).await?)
}
