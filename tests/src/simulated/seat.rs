//! A seat of the simulated floor: a real turret without a device, whose link is two queues of JSON texts with a delay.
//!
//! Law: what the link does is what `link` of the turret does, but for the socket: it notices silence after
//! [`LINK_STALE_MS`], lets talks go, comes back, and repeats what was not answered.

use super::packet;
use super::switch::Switch;
use anyhow::Result;
use dealerboard_media::{Gate, UplinkConfig};
use dealerboard_model::{Position, TurretId, Uplink, UserId};
use dealerboard_rtc::switch::forward::UplinkPacket;
use dealerboard_turret::link::{LinkEvent, ToLink, Unanswered};
use dealerboard_turret::view::{Intent, LinkView};
use dealerboard_turret::{Devices, Turret, TurretConfig};
use dealerboard_wire::{Answer, FromSwitch, FromTurret, LINK_STALE_MS};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Messages that may wait in a channel.
const QUEUE_MAX: usize = 4_096;

/// Between two attempts to connect, microseconds.
const AGAIN_US: u64 = 300_000;

/// One seat.
pub struct Seat {
    /// Who sits there.
    pub user: UserId,
    place: String,
    /// The turret's core.
    pub turret: Turret,
    gates: Vec<(Uplink, Gate)>,
    asks: mpsc::Receiver<ToLink>,
    told: mpsc::Sender<(u64, LinkEvent)>,
    era: u64,
    /// The session.
    pub id: Option<TurretId>,
    connection: Option<u64>,
    welcomed: bool,
    up: VecDeque<(u64, String)>,
    down: VecDeque<(u64, String)>,
    unanswered: Unanswered,
    /// Nothing comes through, in either direction.
    pub cut: bool,
    /// Packets of its microphones do not come through.
    pub deaf: bool,
    contact_us: u64,
    again_us: u64,
    /// Since when its panel is stale.
    pub stale_us: Option<u64>,
    /// Something was refused here: what its user shut for it stays shut, and the switch still lists it.
    pub refused: bool,
    /// Until when a gap in its voice has a cause of its own: its user's act, or a loss.
    pub excused_us: u64,
    /// Whether each uplink sends, and the number of its last packet.
    sending: [(bool, u16); 3],
    /// One way, microseconds.
    pub delay_us: u64,
    /// When a message was last on its way.
    pub busy_us: u64,
}

impl Seat {
    /// A turret that logs on.
    ///
    /// # Errors
    /// The turret cannot be started.
    pub fn start(user: UserId, place: &str, delay_us: u64) -> Result<Self> {
        let (asks, inbox) = mpsc::channel(QUEUE_MAX);
        let (told, events) = mpsc::channel(QUEUE_MAX);
        let found = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&found);
        let hook = move |callbacks: dealerboard_turret::Callbacks| {
            keep.lock().unwrap_or_else(PoisonError::into_inner).extend(callbacks.gates);
        };
        let config = TurretConfig {
            address: "wss://simulated".into(),
            pin: None,
            seat: place.to_owned(),
            uplink: UplinkConfig::default(),
        };
        let turret = Turret::start_on(config, Devices::Hooks(Box::new(hook)), (asks, events))?;
        turret.intent(Intent::LogOn { user: user.clone(), password: String::new(), switch: None });
        let gates = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Self {
            user,
            place: place.to_owned(),
            turret,
            gates,
            asks: inbox,
            told,
            era: 0,
            id: None,
            connection: None,
            welcomed: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            unanswered: Unanswered::default(),
            cut: false,
            deaf: false,
            contact_us: 0,
            again_us: u64::MAX,
            stale_us: None,
            refused: false,
            excused_us: 0,
            sending: [(false, 0); 3],
            delay_us,
            busy_us: 0,
        })
    }

    fn tell(&self, event: LinkEvent) {
        // A turret that has stopped hears nothing.
        let _ = self.told.try_send((self.era, event));
    }

    fn send(&mut self, now_us: u64, message: &FromTurret) {
        // What is sent while nothing comes through arrives later, or is lost with the connection.
        if self.welcomed {
            let text = serde_json::to_string(message).unwrap_or_default();
            self.up.push_back((now_us + self.delay_us, text));
        }
    }

    /// A message of the switch is on its way here, if this is the connection that it is for.
    pub fn post(&mut self, now_us: u64, connection: u64, message: &FromSwitch) -> bool {
        let mine = self.connection == Some(connection);
        if mine {
            let text = serde_json::to_string(message).unwrap_or_default();
            self.down.push_back((now_us + self.delay_us, text));
            self.busy_us = now_us;
        }
        mine
    }

    /// Does what the turret asks of its link, and what the link does by itself.
    pub fn work(&mut self, switch: &mut Switch, connections: &mut u64) {
        let now_us = switch.now.mono_us;
        while let Ok(ask) = self.asks.try_recv() {
            match ask {
                ToLink::LogOn { era, .. } => {
                    (self.era, self.id, self.again_us) = (era, None, now_us);
                    self.unanswered.drop_all();
                }
                ToLink::Send(message) => self.send(now_us, &message),
                ToLink::Command { id, act, pressed } => {
                    let command = FromTurret::Command { id, act: act.clone() };
                    let _ = self.unanswered.push(id, act, pressed);
                    self.send(now_us, &command);
                }
                ToLink::LogOff { era } => {
                    self.send(now_us, &FromTurret::LogOff);
                    self.era = era;
                }
                ToLink::Trust(_) | ToLink::Know { .. } | ToLink::Access(_) | ToLink::Stop => {}
            }
        }
        if !self.cut && self.connection.is_some() {
            self.contact_us = now_us;
        }
        if self.connection.is_some() && now_us.saturating_sub(self.contact_us) >= LINK_STALE_MS * 1_000 {
            self.close(switch);
        }
        if self.connection.is_none() && self.again_us <= now_us {
            self.attempt(switch, connections);
        }
        self.deliver_up(switch);
        self.deliver_down(now_us);
        if !self.up.is_empty() || !self.down.is_empty() || !self.unanswered.repeat().is_empty() {
            self.busy_us = now_us;
        }
    }

    /// The connection is over, and both ends know.
    pub fn close(&mut self, switch: &mut Switch) {
        let now_us = switch.now.mono_us;
        if let (Some(turret), Some(connection)) = (self.id, self.connection.take()) {
            switch.lose(turret, connection);
        }
        self.welcomed = false;
        (self.up, self.down) = Default::default();
        for id in self.unanswered.drop_talks() {
            self.tell(LinkEvent::Dropped { id });
        }
        let utc_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |it| it.as_millis());
        let utc_ms = i64::try_from(utc_ms).unwrap_or(0);
        self.tell(LinkEvent::Stale { since_utc_ms: utc_ms, retry_utc_ms: utc_ms });
        self.stale_us.get_or_insert(now_us);
        self.busy_us = now_us;
        self.again_us = now_us + AGAIN_US;
        self.excused_us = u64::MAX;
    }

    fn attempt(&mut self, switch: &mut Switch, connections: &mut u64) {
        let now_us = switch.now.mono_us;
        for id in self.unanswered.drop_late(Instant::now()) {
            self.tell(LinkEvent::Dropped { id });
        }
        self.again_us = now_us + AGAIN_US;
        if self.cut {
            return;
        }
        *connections += 1;
        if let Some(turret) = switch.arrive(*connections, &self.user, &self.place, self.id) {
            (self.connection, self.id, self.contact_us) = (Some(*connections), Some(turret), now_us);
        }
    }

    fn deliver_up(&mut self, switch: &mut Switch) {
        let (Some(turret), Some(connection)) = (self.id, self.connection) else { return };
        while !self.cut && self.up.front().is_some_and(|(due, _)| *due <= switch.now.mono_us) {
            let Some((_, text)) = self.up.pop_front() else { return };
            if let Ok(message) = serde_json::from_str(&text) {
                switch.take(turret, connection, message);
            }
        }
    }

    fn deliver_down(&mut self, now_us: u64) {
        while !self.cut && self.down.front().is_some_and(|(due, _)| *due <= now_us) {
            let Some((_, text)) = self.down.pop_front() else { return };
            let Ok(message) = serde_json::from_str::<FromSwitch>(&text) else { continue };
            match message {
                FromSwitch::Welcome(welcome) => {
                    self.welcomed = true;
                    self.stale_us = None;
                    self.excused_us = now_us + 3_000_000;
                    let local = std::net::IpAddr::from([127, 0, 0, 1]);
                    self.tell(LinkEvent::Welcome { welcome: Box::new(welcome), local });
                    for (id, act) in self.unanswered.repeat() {
                        self.send(now_us, &FromTurret::Command { id, act });
                    }
                }
                FromSwitch::Answer { id, ref result } => {
                    self.refused |= matches!(result, Answer::Refused(_));
                    self.unanswered.answered(id);
                    self.tell(LinkEvent::Message(Box::new(message)));
                }
                FromSwitch::Event { .. }
                | FromSwitch::SdpAnswer { .. }
                | FromSwitch::HeartbeatAck { .. }
                | FromSwitch::Token(_)
                | FromSwitch::Goodbye { .. } => self.tell(LinkEvent::Message(Box::new(message))),
            }
        }
    }

    /// The uplinks whose gate is open; with `voice` alone those that send what is said.
    pub fn open(&self, voice: bool) -> BTreeSet<Uplink> {
        let open = self.gates.iter().filter(|(_, gate)| if voice { gate.lets_voice_out() } else { gate.is_open() });
        open.map(|(uplink, _)| *uplink).collect()
    }

    /// What the header shows: microphones that sound goes out of, each with the line that it is named after.
    pub fn header(&self) -> Vec<(Uplink, Option<dealerboard_model::LineId>)> {
        let mics = self.turret.view().header.mics;
        mics.into_iter().filter(|mic| !mic.muted).map(|mic| (mic.position.uplink(), mic.line)).collect()
    }

    /// To how many lines the header says that a talk key of several is open.
    pub fn lines_of_one_key(&self) -> usize {
        let mics = self.turret.view().header.mics;
        let several =
            mics.iter().filter_map(|mic| mic.name.strip_suffix(" lines")?.rsplit(' ').next()?.parse::<usize>().ok());
        several.sum()
    }

    /// Its panel is live.
    pub fn is_up(&self) -> bool {
        matches!(self.turret.view().header.link, LinkView::Up { .. })
    }

    /// What its microphones have captured just now.
    pub fn capture(&mut self, now_us: u64, base: std::time::Instant) -> Vec<(Uplink, UplinkPacket)> {
        let open = self.open(false);
        let mut made = Vec::new();
        for uplink in Uplink::ALL {
            let (sends, seq) = &mut self.sending[uplink.index()];
            let marker = !std::mem::replace(sends, open.contains(&uplink));
            if *sends {
                *seq = seq.wrapping_add(1);
                made.push((uplink, packet::made(*seq, marker, now_us, base)));
            }
        }
        made
    }

    /// A position for a key.
    pub const POSITIONS: [Position; 3] = [Position::Left, Position::Right, Position::HandsFree];
}
