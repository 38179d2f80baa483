//! The link to the switch: one task that connects, logs on, beats, notices silence and comes back.
//!
//! ```text
//! Off ─LogOn─► Connecting ─welcome─► Up ─2 s without contact, or closed─► Lost ─retry─► Connecting
//!                  └─ refused, untrusted ─► Off
//! ```
//!
//! Law: what was not answered before a break is repeated with its id while it is younger than 2 s, and dropped after. A
//! certificate is trusted for one address; a log-on ends whatever was before it.

mod handshake;
mod session;
mod unanswered;

use crate::pin::Fingerprint;
use dealerboard_model::{TurretId, UserId};
use dealerboard_wire::{Act, FromSwitch, FromTurret, Token, Welcome};
use handshake::{Broken, connect};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
pub use unanswered::Unanswered;
use uuid::Uuid;

/// Messages that may wait in either direction.
const QUEUE_MAX: usize = 1_024;

/// `link.retry`: doubling from the first to the last.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LAST: Duration = Duration::from_secs(5);

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

/// How the present switch is reached, and what opens it.
#[derive(Clone, Debug)]
pub struct Access {
    /// `wss://host:port`.
    pub address: String,
    /// The certificate that is trusted there.
    pub pin: Option<Fingerprint>,
    /// Opens it for whoever is logged on; none while nobody is.
    pub token: Option<Token>,
}

/// What the turret asks of the link.
pub enum ToLink {
    /// Connects and logs on, anew if need be.
    LogOn {
        /// Comes with every event from now on.
        era: u64,
        /// Who.
        user: UserId,
        /// The password; forgotten when a token is there.
        password: String,
        /// Another switch, `wss://host:port`; none: as before.
        switch: Option<String>,
    },
    /// Sends a message that need not be repeated.
    Send(FromTurret),
    /// Sends a command; repeated after a break until it is answered.
    Command {
        /// Its id.
        id: Uuid,
        /// What.
        act: Act,
        /// When its user pressed.
        pressed: Instant,
    },
    /// Trusts a certificate.
    Trust(Fingerprint),
    /// Logs off.
    LogOff {
        /// Comes with every event from now on.
        era: u64,
    },
    /// Trusts a certificate at an address where none is trusted yet.
    Know {
        /// `wss://host:port`.
        address: String,
        /// Its certificate.
        pin: Fingerprint,
    },
    /// Asks for the present access.
    Access(oneshot::Sender<Access>),
    /// Ends the link.
    Stop,
}

/// What the link tells.
pub enum LinkEvent {
    /// An attempt begins.
    Connecting {
        /// To which switch.
        switch: String,
    },
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
    /// No contact; times by this machine's clock.
    Stale {
        /// The last contact, UTC milliseconds.
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

/// Starts the link's task on the present tokio runtime. Each event comes with the era of the log-on it belongs to.
pub fn start(options: LinkOptions) -> (mpsc::Sender<ToLink>, mpsc::Receiver<(u64, LinkEvent)>) {
    let (asks, inbox) = mpsc::channel(QUEUE_MAX);
    let (told, events) = mpsc::channel(QUEUE_MAX);
    let address = plain(&options.address);
    let link = Link {
        seat: options.seat,
        pins: options.pin.map(|pin| (address.clone(), pin)).into_iter().collect(),
        address,
        inbox,
        told,
        era: 0,
        log_on: None,
        token: None,
        turret: None,
        clock_offset_ms: None,
        contact: None,
        retry: RETRY_FIRST,
        shown: None,
        unanswered: Unanswered::default(),
    };
    tokio::spawn(link.run());
    (asks, events)
}

fn plain(address: &str) -> String {
    address.trim().trim_end_matches('/').to_owned()
}

/// How an attempt or a connection came to its end.
enum End {
    /// By the user's wish, or for good.
    Off,
    /// The link is to be stopped.
    Stop,
    /// Lost: it is tried again after a while.
    Lost,
    /// Another log-on, or a certificate that is trusted now: it is tried at once.
    Again,
}

struct Link {
    seat: String,
    address: String,
    /// The trusted certificate of each address.
    pins: BTreeMap<String, Fingerprint>,
    inbox: mpsc::Receiver<ToLink>,
    told: mpsc::Sender<(u64, LinkEvent)>,
    era: u64,
    log_on: Option<(UserId, String)>,
    token: Option<Token>,
    /// The session to resume: there was a welcome since the log-on.
    turret: Option<TurretId>,
    clock_offset_ms: Option<f64>,
    /// The last contact while logged on.
    contact: Option<Instant>,
    retry: Duration,
    /// The certificate that waits for its user's trust.
    shown: Option<Fingerprint>,
    unanswered: Unanswered,
}

impl Link {
    async fn run(mut self) {
        loop {
            let end = if self.log_on.is_none() && self.token.is_none() {
                let ask = self.inbox.recv().await;
                self.take(ask).await.unwrap_or(End::Off)
            } else {
                self.attempt().await
            };
            let end = if let End::Lost = end { self.lose().await } else { end };
            match end {
                End::Stop => return,
                End::Off => self.forget(),
                End::Lost | End::Again => {}
            }
        }
    }

    async fn tell(&self, event: LinkEvent) {
        // The turret has ended: the next look at the inbox says so.
        let _ = self.told.send((self.era, event)).await;
    }

    async fn tell_dropped(&self, dropped: Vec<Uuid>) {
        for id in dropped {
            self.tell(LinkEvent::Dropped { id }).await;
        }
    }

    fn forget(&mut self) {
        (self.log_on, self.token, self.turret, self.contact) = (None, None, None, None);
        self.clock_offset_ms = None;
        self.retry = RETRY_FIRST;
        // Whoever logged off means none of it any more.
        self.unanswered.drop_all();
    }

    /// Takes what is asked while there is no connection; an end when it ends the present state.
    async fn take(&mut self, ask: Option<ToLink>) -> Option<End> {
        match ask {
            Some(ToLink::LogOn { era, user, password, switch }) => {
                self.forget();
                self.era = era;
                self.log_on = Some((user, password));
                if let Some(switch) = switch {
                    self.address = plain(&switch);
                }
                Some(End::Again)
            }
            Some(ToLink::LogOff { era }) => {
                self.era = era;
                Some(End::Off)
            }
            Some(ToLink::Trust(pin)) => {
                let waits = self.shown == Some(pin) || !self.pins.contains_key(&self.address);
                if waits {
                    self.pins.insert(self.address.clone(), pin);
                }
                (self.shown.take_if(|shown| *shown == pin)).map(|_| End::Again)
            }
            Some(ToLink::Command { id, act, pressed }) => {
                let dropped = self.unanswered.push(id, act, pressed);
                self.tell_dropped(dropped.into_iter().collect()).await;
                None
            }
            Some(ToLink::Know { address, pin }) => {
                self.pins.entry(plain(&address)).or_insert(pin);
                None
            }
            Some(ToLink::Access(asker)) => {
                // Who does not wait any more needs no answer.
                let _ = asker.send(self.access());
                None
            }
            Some(ToLink::Send(_)) => None,
            Some(ToLink::Stop) | None => Some(End::Stop),
        }
    }

    fn access(&self) -> Access {
        let pin = self.pins.get(&self.address).copied();
        Access { address: self.address.clone(), pin, token: self.token.clone() }
    }

    async fn attempt(&mut self) -> End {
        self.tell(LinkEvent::Connecting { switch: self.address.clone() }).await;
        let pin = self.pins.get(&self.address).copied();
        let connecting = connect(self.address.clone(), pin);
        tokio::pin!(connecting);
        let made = loop {
            tokio::select! {
                made = &mut connecting => break made,
                ask = self.inbox.recv() => if let Some(end) = self.take(ask).await {
                    return end;
                },
            }
        };
        let sentence = match made {
            Ok((socket, local)) => return self.serve(socket, local).await,
            Err(Broken::Connection) => return End::Lost,
            Err(Broken::Certificate(shown)) if pin.is_none() => return self.wait_for_trust(shown).await,
            Err(Broken::Certificate(_)) => {
                "The switch shows another certificate than the one that was trusted; do not \
                                            log on, and ask your administrator."
                    .to_owned()
            }
            // A name that was known a moment ago will be known again.
            Err(Broken::Host(_)) if self.turret.is_some() => return End::Lost,
            Err(Broken::Address(sentence) | Broken::Host(sentence)) => sentence,
        };
        self.tell(LinkEvent::Refused(sentence)).await;
        End::Off
    }

    /// Waits until the user has trusted the certificate that is shown, or gives up.
    async fn wait_for_trust(&mut self, shown: Fingerprint) -> End {
        self.shown = Some(shown);
        self.tell(LinkEvent::Untrusted(shown)).await;
        loop {
            let ask = self.inbox.recv().await;
            if let Some(end) = self.take(ask).await {
                self.shown = None;
                return end;
            }
        }
    }

    /// Tells the loss, and waits between two attempts. Presses of that time wait for the switch.
    async fn lose(&mut self) -> End {
        let dropped = self.unanswered.drop_talks();
        self.tell_dropped(dropped).await;
        let wait = jittered(self.retry);
        self.retry = (self.retry * 2).min(RETRY_LAST);
        let now_utc_ms = utc_ms();
        let since_utc_ms = now_utc_ms - self.contact.map_or(0, |at| ms(at.elapsed()));
        self.tell(LinkEvent::Stale { since_utc_ms, retry_utc_ms: now_utc_ms + ms(wait) }).await;
        let until = Instant::now() + wait;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => break,
                ask = self.inbox.recv() => if let Some(end) = self.take(ask).await {
                    return end;
                },
            }
        }
        let dropped = self.unanswered.drop_late(Instant::now());
        self.tell_dropped(dropped).await;
        End::Lost
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
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
