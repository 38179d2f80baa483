//! One attempt to reach a switch: its name, TCP, TLS by pin, WebSocket.
//!
//! Law: what can only be mended by the user is told apart from what may pass by itself.

use crate::pin::{Fingerprint, Seen, client_config};
use dealerboard_wire::{CONTROL_PATH, FROM_SWITCH_MAX_BYTES, SOCKET_BUFFER_BYTES, SUBPROTOCOL};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

/// Longest time for a connection to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// The control connection.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no connection.
#[derive(Debug)]
pub enum Broken {
    /// The address is none; the sentence says what one is.
    Address(String),
    /// Nobody knows the host; the sentence names it.
    Host(String),
    /// The certificate is not the trusted one, or none is trusted yet.
    Certificate(Fingerprint),
    /// It may pass by itself.
    Connection,
}

/// Connects to `address`, `wss://host:port`, if its certificate is `pin`; gives this machine's address towards it too.
pub async fn connect(address: String, pin: Option<Fingerprint>) -> Result<(Socket, IpAddr), Broken> {
    let seen = Seen::default();
    let made = tokio::time::timeout(CONNECT_MAX, handshake(&address, pin, Arc::clone(&seen))).await;
    let shown = *seen.lock().expect("no holder of this lock panics");
    match (made, shown) {
        (Ok(Err(Broken::Connection)), Some(shown)) if pin != Some(shown) => Err(Broken::Certificate(shown)),
        (Ok(made), _) => made,
        (Err(_), _) => Err(Broken::Connection),
    }
}

async fn handshake(address: &str, pin: Option<Fingerprint>, seen: Seen) -> Result<(Socket, IpAddr), Broken> {
    let wrong = || Broken::Address(format!("{address} is no address of a switch; it is wss://host:port."));
    let host = address.strip_prefix("wss://").ok_or_else(wrong)?;
    let mut request = format!("{address}{CONTROL_PATH}").into_client_request().map_err(|_| wrong())?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    let places = lookup_host(host).await.map_err(|error| {
        tracing::debug!(%error, "a host is not known");
        if error.kind() == std::io::ErrorKind::InvalidInput {
            return wrong();
        }
        Broken::Host(format!("The switch {host} is not known on this network; check its name, or the network."))
    })?;
    let places: Vec<_> = places.collect();
    let stream = TcpStream::connect(places.as_slice()).await.map_err(|_| Broken::Connection)?;
    // Every message is small and wanted at once.
    stream.set_nodelay(true).map_err(|_| Broken::Connection)?;
    let local = stream.local_addr().map_err(|_| Broken::Connection)?.ip();
    let limits = WebSocketConfig::default()
        .max_message_size(Some(FROM_SWITCH_MAX_BYTES))
        .read_buffer_size(SOCKET_BUFFER_BYTES)
        .write_buffer_size(SOCKET_BUFFER_BYTES);
    let config = client_config(pin, seen).map_err(|error| {
        tracing::error!(%error, "this build cannot speak TLS");
        Broken::Connection
    })?;
    let connector = Some(Connector::Rustls(Arc::new(config)));
    let made = client_async_tls_with_config(request, stream, Some(limits), connector).await;
    made.map(|(socket, _)| (socket, local)).map_err(|error: tungstenite::Error| {
        tracing::debug!(%error, "the switch was not reached");
        Broken::Connection
    })
}

/// The connection does not take what is sent.
pub struct Lost;

/// Sends one message, in `within` or not at all.
pub async fn send<M: serde::Serialize>(socket: &mut Socket, message: &M, within: Duration) -> Result<(), Lost> {
    use futures_util::SinkExt;
    let text = serde_json::to_string(message).expect("messages are plain values");
    match tokio::time::timeout(within, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Lost),
    }
}
