//! A switch that does what a test says, over a real TLS WebSocket on loopback, and a turret that speaks to it.
//!
//! Law: heartbeats are answered unless the test says otherwise; everything else is said and heard by the test itself.
#![allow(dead_code, clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

use dealerboard_media::UplinkConfig;
use dealerboard_model::*;
use dealerboard_turret::view::{Intent, LinkView, TalkView, View};
use dealerboard_turret::{Callbacks, Devices, Turret, TurretConfig, monotonic_ns};
use dealerboard_wire::*;
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use uuid::Uuid;

/// Longest wait for an event before a test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

/// A switch's address, certificate and door.
pub struct Switch {
    pub address: String,
    pub fingerprint: String,
    arrivals: mpsc::Receiver<Peer>,
}

impl Switch {
    pub async fn start() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let digest = Sha256::digest(&certificate);
        let fingerprint = digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("wss://{}", listener.local_addr().unwrap());
        let (arrived, arrivals) = mpsc::channel(16);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A turret that does not trust the certificate goes away in the handshake.
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, answer).await else { continue };
                let (said, inbox) = mpsc::channel(256);
                let (outbox, to_say) = mpsc::channel(256);
                tokio::spawn(converse(socket, said, to_say));
                let _ = arrived.send(Peer { inbox, outbox, seq: 0 }).await;
            }
        });
        Self { address, fingerprint, arrivals }
    }

    /// The next connection, and what it said first.
    pub async fn arrival(&mut self) -> (Peer, Hello) {
        let mut peer = timeout(PATIENCE, self.arrivals.recv()).await.expect("a turret connects").unwrap();
        let FromTurret::Hello(hello) = peer.next().await else { panic!("a turret says who it is first") };
        (peer, hello)
    }

    pub fn turret(&self) -> Turret {
        self.turret_with(Some(self.fingerprint.clone()))
    }

    pub fn turret_with(&self, pin: Option<String>) -> Turret {
        self.turret_and_ears(pin).0
    }

    /// A turret, and what its devices call.
    pub fn turret_and_ears(&self, pin: Option<String>) -> (Turret, Callbacks) {
        let config = TurretConfig {
            address: self.address.clone(),
            pin: pin.map(|pin| pin.parse().unwrap()),
            seat: "1".into(),
            uplink: UplinkConfig::default(),
        };
        let (give, taken) = std::sync::mpsc::channel();
        let hook = move |callbacks: Callbacks| give.send(callbacks).unwrap();
        let turret = Turret::start(config, Devices::Hooks(Box::new(hook))).unwrap();
        (turret, taken.recv().unwrap())
    }
}

#[allow(clippy::result_large_err, reason = "the library asks for it")]
fn answer(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse().unwrap());
    Ok(response)
}

enum Say {
    Message(Box<FromSwitch>),
    NoMoreHeartbeats,
}

async fn converse(
    mut socket: WebSocketStream<TlsStream<TcpStream>>,
    said: mpsc::Sender<FromTurret>,
    mut to_say: mpsc::Receiver<Say>,
) {
    let mut beats = true;
    loop {
        let message = tokio::select! {
            say = to_say.recv() => match say {
                Some(Say::Message(message)) => *message,
                Some(Say::NoMoreHeartbeats) => {
                    beats = false;
                    continue;
                }
                None => return,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text).unwrap() {
                    FromTurret::Heartbeat { n } if beats => FromSwitch::HeartbeatAck { n, now: switch_now() },
                    FromTurret::Heartbeat { .. } => continue,
                    message => {
                        let _ = said.send(message).await;
                        continue;
                    }
                },
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
        };
        let _ = socket.send(Message::text(serde_json::to_string(&message).unwrap())).await;
    }
}

/// The switch's clock is an hour behind that of its turrets.
pub fn switch_now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Moment { mono_us: 0, utc_ms: since.as_millis() as i64 - 3_600_000 }
}

/// One connection, seen from the switch; dropping it breaks it.
pub struct Peer {
    inbox: mpsc::Receiver<FromTurret>,
    outbox: mpsc::Sender<Say>,
    seq: u64,
}

impl Peer {
    pub async fn next(&mut self) -> FromTurret {
        timeout(PATIENCE, self.inbox.recv()).await.expect("the turret says something").expect("it is still there")
    }

    /// The next command; what else is said before it is passed over.
    pub async fn command(&mut self) -> (Uuid, Act) {
        loop {
            if let FromTurret::Command { id, act } = self.next().await {
                return (id, act);
            }
        }
    }

    /// The next report of keyed time, and its id.
    pub async fn report(&mut self) -> (Option<Uuid>, Vec<KeyedInterval>) {
        loop {
            if let FromTurret::Keyed { id, intervals } = self.next().await {
                return (id, intervals);
            }
        }
    }

    /// The next offer of voice: its id.
    pub async fn offer(&mut self) -> Option<Uuid> {
        loop {
            if let FromTurret::Offer { id, .. } = self.next().await {
                return id;
            }
        }
    }

    /// Refuses an offer of voice.
    pub async fn refuse_voice(&self, id: Option<Uuid>, why: &str) {
        self.say(FromSwitch::SdpAnswer { id, sdp: None, error: Some(why.to_owned()) }).await;
    }

    pub async fn say(&self, message: FromSwitch) {
        self.outbox.send(Say::Message(Box::new(message))).await.unwrap();
    }

    pub async fn no_more_heartbeats(&self) {
        self.outbox.send(Say::NoMoreHeartbeats).await.unwrap();
    }

    pub async fn welcome(&self, resumed: bool, token_life_ms: i64) {
        let expires_utc_ms = switch_now().utc_ms + token_life_ms;
        let token = Token { token: "hyacinth".into(), expires_utc_ms };
        let (floor, switch) = ("Test".into(), "1".into());
        self.say(FromSwitch::Welcome(Welcome {
            turret: TurretId(1),
            resumed,
            token,
            floor,
            switch,
            takes_microphones: false,
            takes_broadcasts: true,
            takes_locks: true,
            sends_to_lines: true,
            keeps_history: false,
            keeps_messages: false,
        }))
        .await;
    }

    pub async fn event(&mut self, event: Event) {
        self.seq += 1;
        self.say(FromSwitch::Event { seq: self.seq, event }).await;
    }

    /// Answers a command: it is done.
    pub async fn done(&self, id: Uuid) {
        self.done_on(id, None).await;
    }

    /// Answers a command: it is refused.
    pub async fn refuse(&mut self, id: Uuid, sentence: &str) {
        let refusal = Refusal { code: RefusalCode::ListenOnly, sentence: sentence.to_owned() };
        self.say(FromSwitch::Answer { id, result: Answer::Refused(refusal) }).await;
    }

    /// Answers a command: it is done, on this line.
    pub async fn done_on(&self, id: Uuid, line: Option<LineId>) {
        self.say(FromSwitch::Answer { id, result: Answer::Done { line, position: None, call: None } }).await;
    }

    /// Welcome and snapshot, as a switch does it.
    pub async fn let_in(&mut self, snapshot: Snapshot) {
        self.welcome(false, 900_000).await;
        self.event(Event::Snapshot(Box::new(snapshot))).await;
    }
}

pub fn log_on(turret: &Turret, user: &str, switch: Option<String>) {
    turret.intent(Intent::LogOn { user: user.into(), password: "tulip".into(), switch });
}

/// A turret whose user the switch has let in with this snapshot, as soon as the panel shows it.
pub async fn seated(switch: &mut Switch, snapshot: Snapshot) -> (Turret, Peer) {
    let (turret, _, peer) = seated_with_ears(switch, snapshot).await;
    (turret, peer)
}

/// The same with the callbacks of its devices.
pub async fn seated_with_ears(switch: &mut Switch, snapshot: Snapshot) -> (Turret, Callbacks, Peer) {
    let (turret, callbacks) = switch.turret_and_ears(Some(switch.fingerprint.clone()));
    log_on(&turret, "reyes", None);
    let (mut peer, _) = switch.arrival().await;
    peer.let_in(snapshot).await;
    until(&turret, is_up).await;
    (turret, callbacks, peer)
}

/// The latched talk on the hoot, begun or ended: as the turret tells the switch.
pub fn talk(on: bool) -> Act {
    Act::Talk { line: LineId::from("macro"), on, latched: on }
}

/// The same as its user presses it.
pub fn press_talk() -> Intent {
    Intent::Talk { line: "macro".into(), on: true, latched: true }
}

/// Waits until the view is as `is` says.
pub async fn until(turret: &Turret, is: impl Fn(&View) -> bool) -> View {
    let mut changes = turret.subscribe();
    let wait = async {
        loop {
            let view = turret.view();
            if is(&view) {
                return view;
            }
            if let Err(broadcast::error::RecvError::Closed) = changes.recv().await {
                panic!("the turret has ended: {:?}", turret.view());
            }
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("the view is not so: {:?}", turret.view()))
}

pub fn is_up(view: &View) -> bool {
    matches!(view.header.link, LinkView::Up { .. })
}

pub fn is_lost(view: &View) -> bool {
    matches!(view.header.link, LinkView::Lost { .. })
}

pub fn left_is_open(view: &View) -> bool {
    view.positions.iter().any(|it| it.position == Position::Left && it.mic_open)
}

/// How the talk key of the only channel stands.
pub fn talk_key(view: &View) -> TalkView {
    view.channels[0].talk
}

/// Whether a tone sounds on the speakers: in the next 10 ms of their device.
pub fn tone_on_speakers(callbacks: &mut Callbacks) -> bool {
    let mut block = [0.0; 480];
    callbacks.mixers.get_mut(&Position::Speakers).unwrap().on_playback(&mut block, monotonic_ns());
    block.iter().any(|sample| sample.abs() > 0.01)
}

fn about(line: &str, kind: LineKind) -> LineFacts {
    let (name, number) = (line.to_owned(), "4402".to_owned());
    LineFacts { line: line.into(), name, number, kind, csrc: Csrc(9), record: RecordPolicy::On }
}

pub fn mic(line: &str, uplink: Uplink) -> OpenMic {
    OpenMic { uplink, position: None, line: line.into(), since: NOW, hearers: 1, muted: false, closes_at: None }
}

/// A wire `calder` and a hoot `macro`, both idle.
pub fn idle() -> Snapshot {
    let (user, name, desk_name) = (UserId::from("reyes"), "A. Reyes".to_owned(), "Rates".to_owned());
    let desk = DeskId::from("rates");
    Snapshot {
        channel_groups: Vec::new(),
        broadcast: None,
        now: switch_now(),
        me: Me { user, name, desk, desk_name, seat: "1".into(), roles: Vec::new() },
        lines: vec![about("calder", LineKind::Ard), about("macro", LineKind::Hoot)],
        statuses: ["calder", "macro"].map(|line| LineStatus::idle(line.into(), NOW)).into(),
        rights: vec![("macro".into(), Right::Speak)],
        talk_modes: Vec::new(),
        open_handsets: Vec::new(),
        pages: Vec::new(),
        speakers: vec!["macro".into()],
        people: Vec::new(),
        person_statuses: Vec::new(),
        groups: Vec::new(),
        intercom_latches: true,
        ring_in_call: dealerboard_model::RingInCall::Beep,
        second_press: Default::default(),
        talkers: Vec::new(),
        mics: Vec::new(),
        recorder: RecorderHealth::Ok,
        ears: 16,
        directory: Vec::new(),
        speeds: Vec::new(),
        tone_fail_ms: 5_000,
        locked: false,
        lock_idle_ms: None,
        talk_tail_ms: 150,
    }
}

/// An intercom with R. Lindt that this turret has called from hands-free.
pub fn intercom() -> (LineFacts, LineStatus) {
    let (user, turret, position) = (UserId::from("reyes"), TurretId(1), Position::HandsFree);
    let facts = LineFacts { name: "A. Reyes, lindt".into(), ..about("ic-1", LineKind::Intercom) };
    let mut status = LineStatus::idle("ic-1".into(), NOW);
    status.parties = vec![Party::new(user, turret, position, NOW)];
    (facts, status)
}

/// The same with a call on `calder` at the left handset, its microphone open.
pub fn on_a_call() -> Snapshot {
    let mut snapshot = idle();
    let (user, turret, position) = (UserId::from("reyes"), TurretId(1), Position::Left);
    snapshot.statuses[0].phase = LinePhase::Talking;
    snapshot.statuses[0].call = Some(CallId(3));
    snapshot.statuses[0].parties = vec![Party::new(user, turret, position, NOW)];
    snapshot.mics = vec![mic("calder", Uplink::Left)];
    snapshot
}
