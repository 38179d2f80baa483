//! A switch on loopback and turrets that speak to it over a real WebSocket, pinned to its certificate.
#![allow(dead_code, clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

use dealerboard_model::{LineId, LineStatus, TurretId, UserId};
use dealerboard_switch::{FloorSource, Running, Switch, SwitchOptions};
use dealerboard_wire::*;
use futures_util::{SinkExt, StreamExt};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use uuid::Uuid;

pub mod http;

pub const FLOOR: &str = include_str!("../../../../tests/floors/two-desks.toml");

/// Takes one certificate only: the one with this fingerprint.
#[derive(Debug)]
pub struct Pin {
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut seen = "sha256:".to_owned();
        Sha256::digest(end_entity.as_ref()).iter().for_each(|byte| write!(seen, "{byte:02x}").unwrap());
        if seen == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("another certificate than the pinned one".into()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What a client trusts: the switch's own certificate and no other.
pub fn pinned(fingerprint: &str) -> Arc<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let pin = Pin { fingerprint: fingerprint.to_owned(), provider: provider.clone() };
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.dangerous().with_custom_certificate_verifier(Arc::new(pin)).with_no_client_auth())
}

/// A switch and its data folder.
pub struct World {
    pub folder: tempfile::TempDir,
    pub switch: Option<Running>,
    pub token_life: Duration,
    pub floor: String,
}

impl World {
    pub async fn start() -> Self {
        Self::with_token_life(Duration::from_secs(900)).await
    }

    pub async fn with_token_life(token_life: Duration) -> Self {
        Self::with(token_life, FLOOR.into()).await
    }

    pub async fn with_floor(floor: String) -> Self {
        Self::with(Duration::from_secs(900), floor).await
    }

    pub async fn with(token_life: Duration, floor: String) -> Self {
        let mut world = Self { folder: tempfile::tempdir().unwrap(), switch: None, token_life, floor };
        world.switch_on().await;
        world
    }

    pub async fn switch_on(&mut self) {
        let listen = "127.0.0.1:0".parse().unwrap();
        let options = SwitchOptions {
            sample_passwords: true,
            token_life: self.token_life,
            ..SwitchOptions::new(FloorSource::Text(self.floor.clone()), self.folder.path().join("data"), listen)
        };
        self.switch = Some(Switch::start(options).await.unwrap());
    }

    pub async fn restart(&mut self) {
        self.switch.take().unwrap().stop().await;
        self.switch_on().await;
    }

    pub fn running(&self) -> &Running {
        self.switch.as_ref().unwrap()
    }

    pub fn password(&self, user: &str) -> String {
        self.running().password_of(user).unwrap().to_owned()
    }

    pub async fn connect(&self, subprotocol: &str) -> Turret {
        let mut request = format!("wss://{}{CONTROL_PATH}", self.running().addr).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", subprotocol.parse().unwrap());
        let tls = Connector::Rustls(pinned(&self.running().fingerprint));
        let (socket, _) = connect_async_tls_with_config(request, None, true, Some(tls)).await.unwrap();
        Turret { socket, turret: TurretId(0), token: String::new(), snapshot: None }
    }

    pub async fn say_hello(&self, credentials: Credentials, resume: Option<TurretId>) -> Turret {
        let mut turret = self.connect(SUBPROTOCOL).await;
        turret.hello(credentials, resume).await;
        turret
    }

    /// A turret of `user` that has its snapshot.
    pub async fn log_on(&self, user: &str) -> Turret {
        let credentials = Credentials::Password { user: user.into(), password: self.password(user) };
        self.log_on_with(credentials, None).await
    }

    pub async fn log_on_with(&self, credentials: Credentials, resume: Option<TurretId>) -> Turret {
        let mut turret = self.say_hello(credentials, resume).await;
        let FromSwitch::Welcome(welcome) = turret.next().await else { panic!("no welcome") };
        turret.turret = welcome.turret;
        turret.token = welcome.token.token;
        let FromSwitch::Event { seq: 1, event: Event::Snapshot(snapshot) } = turret.next().await else {
            panic!("no snapshot")
        };
        turret.snapshot = Some(*snapshot);
        turret
    }
}

/// A turret's control connection.
pub struct Turret {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub turret: TurretId,
    pub token: String,
    pub snapshot: Option<Snapshot>,
}

impl Turret {
    pub async fn hello(&mut self, credentials: Credentials, resume: Option<TurretId>) {
        let hello = Hello { protocol: 1, client: "test".into(), seat: "1".into(), credentials, resume };
        self.send(&FromTurret::Hello(hello)).await;
    }

    pub async fn send(&mut self, message: &FromTurret) {
        let text = serde_json::to_string(message).unwrap();
        self.socket.send(Message::Text(text.into())).await.unwrap();
    }

    pub async fn next(&mut self) -> FromSwitch {
        loop {
            match self.socket.next().await.expect("a message before the end").unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a message: {other:?}"),
            }
        }
    }

    /// Reads to the end: the last sentence and the close code.
    pub async fn end(&mut self) -> (Option<String>, u16) {
        let mut sentence = None;
        loop {
            match self.socket.next().await.expect("a close frame").unwrap() {
                Message::Text(text) => {
                    if let FromSwitch::Goodbye { sentence: said, .. } = serde_json::from_str(text.as_str()).unwrap() {
                        sentence = Some(said);
                    }
                }
                Message::Close(frame) => return (sentence, frame.unwrap().code.into()),
                _ => {}
            }
        }
    }

    /// Waits for a snapshot that is as `wanted` says.
    pub async fn until_snapshot(&mut self, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
        loop {
            if let FromSwitch::Event { event: Event::Snapshot(snapshot), .. } = self.next().await
                && wanted(&snapshot)
            {
                return *snapshot;
            }
        }
    }

    pub async fn command(&mut self, act: Act) -> Answer {
        self.command_as(Uuid::new_v4(), act).await
    }

    pub async fn command_as(&mut self, command: Uuid, act: Act) -> Answer {
        self.send(&FromTurret::Command { id: command, act }).await;
        loop {
            if let FromSwitch::Answer { id, result } = self.next().await {
                assert_eq!(id, command);
                return result;
            }
        }
    }

    /// Waits until `line` is as `wanted` says.
    pub async fn until(&mut self, line: &str, wanted: impl Fn(&LineStatus) -> bool) -> LineStatus {
        loop {
            if let FromSwitch::Event { event: Event::Line { status }, .. } = self.next().await
                && status.line == LineId::from(line)
                && wanted(&status)
            {
                return status;
            }
        }
    }
}

pub fn password(user: &str, password: &str) -> Credentials {
    Credentials::Password { user: UserId::from(user), password: password.into() }
}

pub fn token(token: &str) -> Credentials {
    Credentials::Token { token: token.into() }
}
