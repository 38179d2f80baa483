//! The way of the review window to its switch: a door on loopback that forwards every request over a connection pinned to
//! the switch's certificate. A web view can neither pin a certificate nor play sound from a custom scheme, so the pages are
//! ordinary ones of `127.0.0.1`.
//!
//! Law: the door opens only for the window that was given its key (a cookie set by the first address); bodies are streamed
//! both ways, ranges pass through; the switch's own cookie stays in the door and never reaches the web view, nor does the
//! turret's token, which logs the door on before the window opens.

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{self, HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use dealerboard_turret::Fingerprint;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How long a log-on or log-off may take; without a log-on the page shows its own card.
const LOG_ON_MAX: Duration = Duration::from_secs(5);

/// Longest answer to a request for a path that opens the pages.
const HAND_OVER_MAX_BYTES: usize = 4_096;

/// The switch's answer to a turret's token: a path that opens the pages once.
#[derive(serde::Deserialize)]
struct HandOver {
    path: String,
}

/// Where a switch is and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// `host:port`.
    pub authority: String,
    /// Its certificate.
    pub pin: Fingerprint,
}

impl Reach {
    /// Reads `wss://host:port` or `https://host:port`.
    #[must_use]
    pub fn new(address: &str, pin: Fingerprint) -> Option<Self> {
        let uri: Uri = address.parse().ok()?;
        let authority = uri.authority()?;
        let authority = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(443));
        Some(Self { authority, pin })
    }
}

/// An open door. Dropping it shuts it and logs it off at the switch.
pub struct Door {
    /// The address that opens the review pages; it holds the key.
    pub address: String,
    task: JoinHandle<()>,
    forward: Forward,
    /// Where the door was opened: it is dropped on the window's thread.
    runtime: Handle,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
        let forward = self.forward.clone();
        self.runtime.spawn(async move {
            match tokio::time::timeout(LOG_ON_MAX, forward.log_off()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::info!("the review window was not logged off: {error:#}"),
                Err(_) => tracing::info!("the review window was not logged off: no answer in time"),
            }
        });
    }
}

#[derive(Clone)]
struct Forward {
    reach: Arc<Reach>,
    tls: TlsConnector,
    key: Arc<str>,
    /// The key's cookie bears the port: a web view sends the cookies of one host to all of its ports (RFC 6265 section 8.5).
    cookie: Arc<str>,
    /// The switch's cookie, as `name=value`.
    jar: Arc<Mutex<Option<String>>>,
}

impl Door {
    /// Opens a door to a switch on a free port of loopback, logged on where `token` is a turret's of somebody who may
    /// review; otherwise the page shows its own log-on card.
    ///
    /// # Errors
    /// No port is free, or the machine gives no random numbers.
    pub async fn open(reach: Reach, token: Option<&str>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free for the review window")?;
        let port = listener.local_addr().context("the review window's port is not known")?.port();
        let mut random = [0_u8; 24];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow::anyhow!("this machine gives no random numbers: {error}"))?;
        let key: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let tls = TlsConnector::from(Arc::new(reach.pin.client_config()?));
        let address = format!("http://127.0.0.1:{port}/?door={key}");
        let cookie = format!("dealerboard-door-{port}").into();
        let forward = Forward { reach: Arc::new(reach), tls, key: key.into(), cookie, jar: Arc::default() };
        if let Some(token) = token {
            match tokio::time::timeout(LOG_ON_MAX, forward.log_on(token)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::info!("the review window opens without a log-on: {error:#}"),
                Err(_) => tracing::info!("the review window opens without a log-on: no answer in time"),
            }
        }
        let router = Router::new().fallback(pass).with_state(forward.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!("the review window is cut off: {error}");
            }
        });
        Ok(Self { address, task, forward, runtime: Handle::current() })
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get(header::COOKIE)?.to_str().ok()?;
    all.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |different, (x, y)| different | (x ^ y)) == 0
}

async fn pass(State(forward): State<Forward>, request: Request) -> Response {
    if let Some(shown) = request.uri().query().and_then(|query| query.strip_prefix("door=")) {
        if !same(shown, &forward.key) {
            return refused(StatusCode::FORBIDDEN, "Open the review page from the turret.");
        }
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", forward.cookie, forward.key);
        return (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, "/".to_owned())])
            .into_response();
    }
    if !cookie(request.headers(), &forward.cookie).is_some_and(|shown| same(shown, &forward.key)) {
        return refused(StatusCode::FORBIDDEN, "Open the review page from the turret.");
    }
    match forward.ask(request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!("the review page did not reach its switch: {error:#}");
            refused(StatusCode::BAD_GATEWAY, "The switch does not answer. Check the network and try again.")
        }
    }
}

fn refused(status: StatusCode, sentence: &str) -> Response {
    (status, axum::Json(serde_json::json!({ "sentence": sentence }))).into_response()
}

/// Headers that belong to one connection (RFC 9110 section 7.6.1) and are not forwarded.
const OF_THE_CONNECTION: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TE, header::TRAILER];

impl Forward {
    /// Logs on with a turret's token. The cookie that comes of it stays in the jar.
    async fn log_on(&self, token: &str) -> Result<()> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).context("the token is no header")?;
        bearer.set_sensitive(true);
        let ask = http::Request::post("/api/hand-over").header(header::AUTHORIZATION, bearer).body(Body::empty())?;
        let answer = self.ask(ask).await?;
        ensure!(answer.status().is_success(), "the switch answered {}", answer.status());
        let body = axum::body::to_bytes(answer.into_body(), HAND_OVER_MAX_BYTES).await?;
        let HandOver { path } = serde_json::from_slice(&body).context("the switch gave no path")?;
        self.ask(http::Request::get(path).body(Body::empty())?).await?;
        ensure!(self.kept().is_some(), "the switch gave no cookie");
        Ok(())
    }

    /// Ends what the cookie in the jar opens, if there is one.
    async fn log_off(&self) -> Result<()> {
        if self.kept().is_some() {
            self.ask(http::Request::post("/api/log-off").body(Body::empty())?).await?;
        }
        Ok(())
    }

    /// The switch's cookie, as it is sent.
    fn kept(&self) -> Option<String> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ask(&self, request: Request) -> Result<Response> {
        let stream = tokio::time::timeout(CONNECT_MAX, self.connect()).await.context("no answer in time")??;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection of the review page ended: {error}");
            }
        });
        let answer = sender.send_request(self.outward(request)?).await?;
        let (mut parts, body) = answer.into_parts();
        self.keep_cookie(&mut parts.headers);
        OF_THE_CONNECTION.iter().for_each(|name| drop(parts.headers.remove(name)));
        Ok(Response::from_parts(parts, Body::new(body)))
    }

    async fn connect(&self) -> Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let stream = TcpStream::connect(&self.reach.authority).await?;
        let host = self.reach.authority.rsplit_once(':').map_or(self.reach.authority.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
        Ok(self.tls.connect(name, stream).await?)
    }

    /// The request as the switch sees it: its own path, host and cookie.
    fn outward(&self, request: Request) -> Result<Request> {
        let (mut parts, body) = request.into_parts();
        parts.uri = parts.uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
        OF_THE_CONNECTION.iter().for_each(|name| drop(parts.headers.remove(name)));
        parts.headers.remove(header::COOKIE);
        parts.headers.remove(header::ORIGIN);
        parts.headers.remove(header::REFERER);
        parts.headers.insert(header::HOST, HeaderValue::from_str(&self.reach.authority)?);
        if let Some(kept) = self.kept() {
            parts.headers.insert(header::COOKIE, HeaderValue::from_str(&kept)?);
        }
        Ok(Request::from_parts(parts, body))
    }

    fn keep_cookie(&self, headers: &mut HeaderMap) {
        let Some(set) = headers.remove(header::SET_COOKIE) else { return };
        let Some(pair) = set.to_str().ok().and_then(|text| text.split(';').next()) else { return };
        let gone = pair.ends_with('=');
        *self.jar.lock().unwrap_or_else(PoisonError::into_inner) = (!gone).then(|| pair.to_owned());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::UserId;
    use dealerboard_switch::{FloorSource, Running, Switch, SwitchOptions};
    use dealerboard_turret::view::Intent;
    use dealerboard_turret::{Devices, Turret, TurretConfig};
    use std::collections::BTreeMap;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn switch(folder: &std::path::Path) -> Running {
        let floor = FloorSource::Text(include_str!("../../assets/floors/sample.toml").to_owned());
        let mut options = SwitchOptions::new(floor, folder.to_path_buf(), "127.0.0.1:0".parse().unwrap());
        options.sample_passwords = true;
        Switch::start(options).await.unwrap()
    }

    async fn get(address: &str, path: &str, cookie: &str) -> String {
        let authority = address.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        let mut stream = TcpStream::connect(&authority).await.unwrap();
        let text = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn key_of(door: &Door) -> String {
        format!("{}={}", door.forward.cookie, door.forward.key)
    }

    #[tokio::test]
    async fn the_door_reaches_the_switch_whose_fingerprint_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let running = switch(folder.path()).await;
        let reach = Reach::new(&format!("wss://{}", running.addr), running.fingerprint.parse().unwrap()).unwrap();
        let door = Door::open(reach, None).await.unwrap();
        let answer = get(&door.address, "/api/health", &key_of(&door)).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Sample floor"), "{answer}");
        running.stop().await;
    }

    /// A turret of the sample floor, logged on as `user`, and its token.
    async fn token_of(running: &Running, user: &str) -> (Turret, String) {
        let config = TurretConfig {
            address: format!("wss://{}", running.addr),
            pin: Some(running.fingerprint.parse().unwrap()),
            seat: String::new(),
            uplink: Default::default(),
        };
        let turret = Turret::start(config, Devices::Hooks(Box::new(drop))).unwrap();
        let mut changes = turret.subscribe();
        let password = running.password_of(user).unwrap().to_owned();
        turret.intent(Intent::LogOn { user: UserId(user.to_owned()), password, switch: None });
        while turret.view().header.user_id.is_none() {
            changes.recv().await.unwrap();
        }
        let token = turret.access().await.unwrap().token.unwrap().token;
        (turret, token)
    }

    async fn me_behind_the_door_of(user: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let running = switch(folder.path()).await;
        let (turret, token) = token_of(&running, user).await;
        let reach = Reach::new(&format!("wss://{}", running.addr), running.fingerprint.parse().unwrap()).unwrap();
        let door = Door::open(reach, Some(&token)).await.unwrap();
        let answer = get(&door.address, "/api/me", &key_of(&door)).await;
        turret.stop().await;
        running.stop().await;
        answer
    }

    #[tokio::test]
    async fn the_door_is_logged_on_as_the_reviewer_whose_turret_opened_it() {
        let answer = me_behind_the_door_of("a.reyes").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("A. Reyes"), "{answer}");
        assert!(!answer.to_ascii_lowercase().contains("set-cookie"), "{answer}");
    }

    #[tokio::test]
    async fn the_door_of_somebody_who_may_not_review_leads_to_the_log_on_card() {
        let answer = me_behind_the_door_of("t.marsh").await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }

    #[tokio::test]
    async fn what_the_door_was_logged_on_with_opens_nothing_once_it_is_shut() {
        let folder = tempfile::tempdir().unwrap();
        let running = switch(folder.path()).await;
        let (turret, token) = token_of(&running, "a.reyes").await;
        let reach = Reach::new(&format!("wss://{}", running.addr), running.fingerprint.parse().unwrap()).unwrap();
        let door = Door::open(reach, Some(&token)).await.unwrap();
        let cookie = door.forward.kept();
        let thief = Forward { jar: Arc::new(Mutex::new(cookie)), ..door.forward.clone() };
        let me = || http::Request::get("/api/me").body(Body::empty()).unwrap();
        assert_eq!(thief.ask(me()).await.unwrap().status(), StatusCode::OK);
        drop(door);
        while thief.ask(me()).await.unwrap().status() != StatusCode::UNAUTHORIZED {}
        turret.stop().await;
        running.stop().await;
    }

    #[tokio::test]
    async fn the_door_does_not_speak_to_another_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let running = switch(folder.path()).await;
        let wrong = format!("sha256:{}", "0".repeat(64));
        let door = Door::open(Reach::new(&format!("wss://{}", running.addr), wrong.parse().unwrap()).unwrap(), None)
            .await
            .unwrap();
        let answer = get(&door.address, "/api/health", &key_of(&door)).await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        running.stop().await;
    }

    /// What a web view keeps when it opens a door: a cookie jar for `127.0.0.1`, whatever the port (RFC 6265 section 8.5).
    async fn enter(door: &Door, jar: &mut BTreeMap<String, String>) {
        let path = format!("/{}", door.address.rsplit_once('/').unwrap().1);
        let answer = get(&door.address, &path, &sent(jar)).await;
        let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
        jar.insert(name.to_owned(), value.to_owned());
    }

    fn sent(jar: &BTreeMap<String, String>) -> String {
        let pairs: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    #[tokio::test]
    async fn two_review_windows_that_share_cookies_stay_open_beside_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let running = switch(folder.path()).await;
        let reach = Reach::new(&format!("wss://{}", running.addr), running.fingerprint.parse().unwrap()).unwrap();
        let left = Door::open(reach.clone(), None).await.unwrap();
        let right = Door::open(reach, None).await.unwrap();
        let mut jar = BTreeMap::new();
        enter(&left, &mut jar).await;
        enter(&right, &mut jar).await;
        for door in [&left, &right] {
            let answer = get(&door.address, "/api/health", &sent(&jar)).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        running.stop().await;
    }

    #[tokio::test]
    async fn the_door_stays_shut_without_its_key() {
        let reach = Reach::new("wss://127.0.0.1:1", format!("sha256:{}", "0".repeat(64)).parse().unwrap()).unwrap();
        let door = Door::open(reach, None).await.unwrap();
        assert!(get(&door.address, "/api/health", "").await.starts_with("HTTP/1.1 403"));
        assert!(get(&door.address, "/?door=0000", "").await.starts_with("HTTP/1.1 403"));
    }
}
