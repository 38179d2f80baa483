//! A reviewer at the switch's pages: logs on and asks the API over TLS, trusting the switch's own certificate alone.

use crate::world::{PASSWORD, World};
use anyhow::{Context, Result, anyhow, ensure};
use dealerboard_turret::Fingerprint;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// Somebody who is logged on to the review pages.
pub struct Reviewer {
    address: String,
    config: Arc<ClientConfig>,
    cookie: String,
}

impl Reviewer {
    /// Logs `user` on.
    ///
    /// # Errors
    /// The switch does not answer, or refuses.
    pub fn log_on(world: &World, user: &str) -> Result<Self> {
        let pin: Fingerprint = world.pin.parse().map_err(|_| anyhow!("the switch's fingerprint is none"))?;
        let config = Arc::new(pin.client_config()?);
        let address = world.address.trim_start_matches("wss://").to_owned();
        let mut reviewer = Self { address, config, cookie: String::new() };
        let form = serde_json::json!({ "user": user, "password": PASSWORD }).to_string();
        let (head, _) = reviewer.exchange("POST /api/log-on", &form)?;
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("a cookie comes back")?;
        reviewer.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(reviewer)
    }

    /// What the switch answers to `GET path`.
    ///
    /// # Errors
    /// It does not answer, or refuses.
    pub fn get(&self, path: &str) -> Result<Value> {
        let (_, body) = self.exchange(&format!("GET {path}"), "")?;
        Ok(serde_json::from_str(&body)?)
    }

    fn exchange(&self, request: &str, body: &str) -> Result<(String, String)> {
        let connection = ClientConnection::new(Arc::clone(&self.config), ServerName::try_from("localhost")?)?;
        let mut tls = StreamOwned::new(connection, TcpStream::connect(&self.address)?);
        let (cookie, length) = (&self.cookie, body.len());
        let head = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Cookie: {cookie}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        tls.write_all(head.as_bytes())?;
        let mut bytes = Vec::new();
        match tls.read_to_end(&mut bytes) {
            // A server may close without the goodbye of TLS.
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        let text = String::from_utf8(bytes)?;
        let (head, body) = text.split_once("\r\n\r\n").context("an answer has a head")?;
        ensure!(head.starts_with("HTTP/1.1 2"), "{request} is refused: {text}");
        Ok((head.to_owned(), body.to_owned()))
    }
}
