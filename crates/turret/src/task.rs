//! The turret's one task: takes intents, what the link says, and time, one at a time.

use crate::facts::Facts;
use crate::link::{LinkEvent, ToLink};
use crate::press::{Deed, LocalDeed, deeds};
use crate::project::{Local, TalkKey, project};
use crate::tones::Tones;
use crate::turret::{Input, Running};
use crate::view::{Change, Intent, LinkView, Meters, NoticeView, View};
use crate::voice::Voice;
use dealerboard_media::{PlaybackControl, SILENCE_DBFS, Tone};
use dealerboard_model::{Csrc, LineId, Position, Uplink};
use dealerboard_rtc::turret::{TurretVoice, VoiceState};
use dealerboard_wire::{Act, Answer, Event, FromSwitch, FromTurret};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use uuid::Uuid;

/// Ears at first.
const EARS: u16 = 16;

/// How long a press keeps its gate open while the switch has not listed the microphone.
const PENDING: Duration = Duration::from_secs(2);

/// `talk.tail`: the last syllable after the key.
const TALK_TAIL: Duration = Duration::from_millis(150);

/// How often levels are told, and time is looked at.
const TICK: Duration = Duration::from_millis(50);

/// A press whose microphone the switch has not listed yet.
pub(crate) struct Pending {
    pub(crate) line: LineId,
    pub(crate) uplink: Uplink,
    pub(crate) position: Position,
    pub(crate) until: Instant,
}

pub(crate) struct TurretTask {
    pub(crate) facts: Facts,
    pub(crate) local: Local,
    pub(crate) voice: Voice,
    pub(crate) running: Running,
    pub(crate) link: mpsc::Sender<ToLink>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) told: broadcast::Sender<Change>,
    pub(crate) view: Arc<Mutex<View>>,
    pub(crate) connection: Option<Arc<tokio::sync::Mutex<TurretVoice>>>,
    pub(crate) pending: BTreeMap<Uuid, Pending>,
    pub(crate) tails: BTreeMap<LineId, u64>,
    pub(crate) presses: u64,
    pub(crate) refused_until: BTreeMap<LineId, Instant>,
    pub(crate) stale_at: Option<Instant>,
    pub(crate) notices: u32,
    pub(crate) gains: BTreeMap<Csrc, f32>,
    pub(crate) tones: Tones,
    pub(crate) metered: bool,
}

impl TurretTask {
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Input>, mut events: mpsc::Receiver<LinkEvent>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                input = inbox.recv() => match input {
                    Some(Input::Stop(done)) => {
                        self.leave().await;
                        // Nobody waits any more.
                        let _ = done.send(());
                        return;
                    }
                    Some(input) => self.take(input).await,
                    None => return self.leave().await,
                },
                event = events.recv() => match event {
                    Some(event) => self.heed(event).await,
                    None => return self.leave().await,
                },
                _ = tick.tick() => self.on_tick(),
            }
            self.follow();
        }
    }

    async fn leave(&mut self) {
        self.voice.set_gates([false; 3]);
        // The link may have ended first; then there is nobody to tell.
        let _ = self.link.send(ToLink::LogOff).await;
        let _ = self.link.send(ToLink::Stop).await;
        if let Some(connection) = self.connection.take() {
            let _ = connection.lock().await.close().await;
        }
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Intent(intent) => self.intend(intent).await,
            Input::Voice(Ok((voice, sdp))) => {
                self.voice.connect(Uplink::ALL.map(|uplink| voice.sender(uplink)));
                let mut states = voice.state();
                self.connection = Some(Arc::new(tokio::sync::Mutex::new(voice)));
                self.send(ToLink::Send(FromTurret::Offer { sdp })).await;
                let told = self.inputs.clone();
                tokio::spawn(async move {
                    while states.changed().await.is_ok() {
                        let state = *states.borrow_and_update();
                        if told.send(Input::VoiceState(state)).await.is_err() {
                            return;
                        }
                    }
                });
            }
            Input::Voice(Err(error)) => self.note(None, error.to_string(), false),
            Input::VoiceState(state) => {
                if let LinkView::Up { voice, .. } = &mut self.local.link {
                    *voice = state == VoiceState::Connected;
                }
            }
            Input::TailOver(line, press) if self.tails.get(&line) == Some(&press) => {
                self.tails.remove(&line);
                self.local.talk.remove(&line);
                self.act(Act::Talk { line, on: false, latched: false }).await;
            }
            Input::Devices(views) => self.local.devices = views,
            Input::TailOver(..) | Input::Stop(_) => {}
        }
    }

    async fn intend(&mut self, intent: Intent) {
        if let Intent::LogOn { user, password, .. } = intent {
            self.send(ToLink::LogOn { user, password }).await;
            return;
        }
        if let Intent::Trust { fingerprint } = &intent {
            match fingerprint.parse() {
                Ok(fingerprint) => self.send(ToLink::Trust(fingerprint)).await,
                Err(sentence) => self.note(None, sentence, true),
            }
            return;
        }
        for deed in deeds(&intent, &self.facts, &self.local) {
            match deed {
                Deed::Act(Act::Talk { line, on: false, .. }) => self.key_up(line),
                Deed::Act(act) => self.act(act).await,
                Deed::Local(deed) => self.locally(deed).await,
                Deed::Refuse(sentence) => self.note(line_of(&intent), sentence, true),
            }
        }
    }

    /// A talk key is let go: its tail goes out first.
    fn key_up(&mut self, line: LineId) {
        self.presses += 1;
        let press = self.presses;
        self.tails.insert(line.clone(), press);
        let told = self.inputs.clone();
        tokio::spawn(async move {
            tokio::time::sleep(TALK_TAIL).await;
            // The turret has stopped: so has the talk.
            let _ = told.send(Input::TailOver(line, press)).await;
        });
    }

    async fn act(&mut self, act: Act) {
        let id = Uuid::new_v4();
        if let Some(pending) = self.expected_mic(&act) {
            self.pending.insert(id, pending);
        }
        match &act {
            Act::Talk { line, on: true, latched } => {
                self.tails.remove(line);
                self.refused_until.remove(line);
                self.local.talk.insert(line.clone(), if *latched { TalkKey::Latched } else { TalkKey::Held });
            }
            Act::Hold { line } | Act::Release { line } => self.pending.retain(|_, pending| pending.line != *line),
            Act::Seize { line, .. }
            | Act::Answer { line, .. }
            | Act::Bridge { line, .. }
            | Act::Resume { line, .. } => {
                self.local.pressed.insert(line.clone());
            }
            Act::Talk { .. }
            | Act::Signal { .. }
            | Act::OpenMic { .. }
            | Act::Monitor { .. }
            | Act::Intercom { .. }
            | Act::TalkBack { .. }
            | Act::Dnd { .. } => {}
        }
        // The gate opens before the switch is asked: no syllable waits for an answer.
        self.follow();
        self.send(ToLink::Command { id, act }).await;
    }

    /// The microphone that an act will open, if it is accepted.
    fn expected_mic(&self, act: &Act) -> Option<Pending> {
        let (line, position) = match act {
            Act::Seize { line, position }
            | Act::Answer { line, position, .. }
            | Act::Bridge { line, position, .. }
            | Act::Resume { line, position, .. } => (line.clone(), *position),
            Act::Talk { line, on: true, .. } => (line.clone(), Position::Speakers),
            Act::OpenMic { line } => (line.clone(), self.facts.position_of(line)?),
            Act::TalkBack { line, on: true } => {
                (line.clone(), self.facts.position_of(line).unwrap_or(Position::HandsFree))
            }
            Act::Intercom { position, .. } => (LineId(String::new()), *position),
            Act::Talk { .. }
            | Act::TalkBack { .. }
            | Act::Hold { .. }
            | Act::Release { .. }
            | Act::Signal { .. }
            | Act::Monitor { .. }
            | Act::Dnd { .. } => return None,
        };
        Some(Pending { line, uplink: position.uplink(), position, until: Instant::now() + PENDING })
    }

    async fn locally(&mut self, deed: LocalDeed) {
        match deed {
            LocalDeed::Select(position) => self.local.selected = Some(position),
            LocalDeed::Mute { position, on } => {
                if on {
                    self.local.muted.insert(position);
                } else {
                    self.local.muted.remove(&position);
                }
            }
            LocalDeed::Volume { line, volume } => {
                self.local.channels.entry(line).or_default().volume = volume.clamp(0.0, 1.0);
            }
            LocalDeed::PositionVolume { position, volume } => {
                let volume = volume.clamp(0.0, 1.0);
                self.local.volumes.insert(position, volume);
                self.voice.control(position, PlaybackControl::Master(volume));
            }
            LocalDeed::ChannelMute { line, on } => self.local.channels.entry(line).or_default().muted = on,
            LocalDeed::Solo { line, on } => self.local.channels.entry(line).or_default().solo = on,
            LocalDeed::CloseAll => self.pending.clear(),
            LocalDeed::LogOff => {
                self.send(ToLink::LogOff).await;
                self.local.link = LinkView::LoggedOff;
                self.facts = Facts::default();
                self.forget();
            }
            LocalDeed::Look => self.tell(Change::View(Box::new(project(&self.facts, &self.local)))),
        }
    }

    /// Nothing that was pressed is meant any more.
    fn forget(&mut self) {
        self.pending.clear();
        self.local.pressed.clear();
        self.local.talk.clear();
        self.tails.clear();
    }

    async fn heed(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Connecting => {
                if !matches!(self.local.link, LinkView::Lost { .. }) {
                    self.local.link = LinkView::Connecting { switch: String::new() };
                }
            }
            LinkEvent::Untrusted(fingerprint) => {
                self.local.link = LinkView::Untrusted { fingerprint: fingerprint.to_string() };
            }
            LinkEvent::Welcome { welcome, local } => {
                self.facts.turret = Some(welcome.turret);
                self.facts.floor.clone_from(&welcome.floor);
                self.open_voice(local, welcome.resumed).await;
            }
            LinkEvent::Message(message) => self.hear(*message).await,
            LinkEvent::RoundTrip { ms, clock_offset_ms } => {
                self.local.clock_offset_ms = clock_offset_ms;
                if let LinkView::Up { round_trip_ms, .. } = &mut self.local.link {
                    *round_trip_ms = Some(ms);
                }
            }
            LinkEvent::Stale { since_utc_ms, retry_utc_ms } => {
                self.local.stale_since_utc_ms.get_or_insert(since_utc_ms);
                let since_utc_ms = self.local.stale_since_utc_ms.unwrap_or(since_utc_ms);
                self.local.link = LinkView::Lost { since_utc_ms, retry_utc_ms };
                if self.stale_at.is_none() {
                    self.stale_at = Some(Instant::now());
                    self.forget();
                    self.voice.control(Position::Speakers, PlaybackControl::Start(Tone::Warning));
                }
            }
            LinkEvent::Refused(sentence) => {
                self.local.link = LinkView::Refused { sentence };
                self.forget();
                self.facts.mics.clear();
            }
            LinkEvent::Dropped { id } => {
                self.pending.remove(&id);
                self.local.pressed.clear();
            }
        }
    }

    async fn open_voice(&mut self, local: IpAddr, resumed: bool) {
        let connected = match &self.connection {
            Some(connection) => *connection.lock().await.state().borrow() == VoiceState::Connected,
            None => false,
        };
        let keep = resumed && connected;
        self.local.link = LinkView::Up { round_trip_ms: None, voice: keep };
        self.local.stale_since_utc_ms = None;
        self.stale_at = None;
        if keep {
            return;
        }
        self.voice.disconnect();
        if let Some(old) = self.connection.take() {
            // It is broken already; closing only frees its socket.
            tokio::spawn(async move { drop(old.lock().await.close().await) });
        }
        let (told, sink) = (self.inputs.clone(), self.voice.sink());
        let ssrc = Uuid::new_v4().as_u128() as u32 & 0x3fff_fff0;
        tokio::spawn(async move {
            let made = TurretVoice::offer(local, EARS, ssrc, sink).await;
            // The turret has stopped.
            let _ = told.send(Input::Voice(made)).await;
        });
    }

    async fn hear(&mut self, message: FromSwitch) {
        match message {
            FromSwitch::Event { event: Event::Snapshot(snapshot), .. } => {
                self.facts.snapshot(*snapshot);
                self.forget();
            }
            FromSwitch::Event { event: Event::Notice(notice), .. } => {
                if let Some(tone) = notice.tone {
                    let position = self.ear_for(notice.line.as_ref());
                    self.voice.control(position, PlaybackControl::Start(tone_of(tone)));
                }
                if !notice.sentence.is_empty() {
                    self.note(notice.line, notice.sentence, false);
                }
            }
            FromSwitch::Event { event: Event::MoreEars { total }, .. } => self.more_ears(total).await,
            FromSwitch::Event { event, .. } => {
                self.facts.event(&event);
                if let Event::OpenMics { mics } = &event {
                    self.pending.retain(|_, pending| !mics.iter().any(|mic| mic.line == pending.line));
                    // A talk that the switch has ended does not come back by itself.
                    let talks = |line: &LineId| mics.iter().any(|mic| mic.line == *line);
                    let waits = |line: &LineId| self.pending.values().any(|pending| pending.line == *line);
                    self.local.talk.retain(|line, key| *key == TalkKey::Refused || talks(line) || waits(line));
                }
            }
            FromSwitch::Answer { id, result } => self.answered(id, result),
            FromSwitch::SdpAnswer { sdp: Some(sdp), .. } => {
                if let Some(connection) = self.connection.clone() {
                    tokio::spawn(async move {
                        if let Err(error) = connection.lock().await.accept(&sdp).await {
                            tracing::warn!(%error, "the switch's answer was not taken");
                        }
                    });
                }
            }
            FromSwitch::SdpAnswer { sdp: None, error } => {
                self.note(None, error.unwrap_or_else(|| "The switch gives this turret no voice.".into()), false);
            }
            FromSwitch::Welcome(_)
            | FromSwitch::HeartbeatAck { .. }
            | FromSwitch::Token(_)
            | FromSwitch::Goodbye { .. } => {}
        }
    }

    async fn more_ears(&mut self, total: u16) {
        let Some(connection) = self.connection.clone() else { return };
        let link = self.link.clone();
        tokio::spawn(async move {
            match connection.lock().await.offer_more_ears(total).await {
                // The link has ended: the next connection has ears of its own.
                Ok(sdp) => drop(link.send(ToLink::Send(FromTurret::Offer { sdp })).await),
                Err(error) => tracing::warn!(%error, "more ears could not be offered"),
            }
        });
    }

    fn ear_for(&self, line: Option<&LineId>) -> Position {
        line.and_then(|line| self.facts.position_of(line)).unwrap_or(Position::Speakers)
    }

    fn answered(&mut self, id: Uuid, result: Answer) {
        let pending = self.pending.get(&id).map(|pending| pending.line.clone());
        if let Some(line) = &pending {
            self.local.pressed.remove(line);
        }
        match result {
            Answer::Done { .. } => {}
            Answer::Refused(refusal) => {
                self.pending.remove(&id);
                if let Some(line) = pending.as_ref().filter(|line| self.local.talk.contains_key(line)) {
                    self.local.talk.insert(line.clone(), TalkKey::Refused);
                    self.refused_until.insert(line.clone(), Instant::now() + PENDING);
                    self.voice.control(Position::Speakers, PlaybackControl::Start(Tone::Blocking));
                }
                self.note(pending, refusal.sentence, true);
            }
        }
    }

    fn note(&mut self, line: Option<LineId>, sentence: String, refused: bool) {
        self.notices += 1;
        let at_utc_ms = utc_ms() + self.local.clock_offset_ms as i64;
        self.local.activity.push_front(NoticeView { n: self.notices, line, sentence, at_utc_ms, refused });
        self.local.activity.truncate(50);
    }

    async fn send(&self, message: ToLink) {
        if self.link.send(message).await.is_err() {
            tracing::warn!("the link to the switch has ended");
        }
    }

    fn on_tick(&mut self) {
        let now = Instant::now();
        self.pending.retain(|_, pending| pending.until > now);
        let over: Vec<LineId> =
            self.refused_until.iter().filter(|(_, until)| **until <= now).map(|(l, _)| l.clone()).collect();
        for line in over {
            self.refused_until.remove(&line);
            self.local.talk.remove(&line);
        }
        if self.told.receiver_count() > 0 {
            self.meter();
        }
    }

    fn meter(&mut self) {
        let mics_dbfs = self.voice.mic_levels_dbfs();
        let lines = self.voice.line_levels_dbfs();
        let name = |csrc: Csrc| self.facts.lines.values().find(|line| line.csrc == csrc).map(|line| line.line.clone());
        let lines_dbfs: Vec<_> = lines
            .into_iter()
            .filter(|(_, dbfs)| *dbfs > SILENCE_DBFS)
            .filter_map(|(csrc, dbfs)| Some((name(csrc)?, dbfs)))
            .collect();
        let moves = !lines_dbfs.is_empty() || mics_dbfs.iter().any(|dbfs| *dbfs > SILENCE_DBFS);
        if moves || self.metered {
            self.tell(Change::Meters(Meters { mics_dbfs, lines_dbfs }));
        }
        self.metered = moves;
    }
}

impl Drop for TurretTask {
    fn drop(&mut self) {
        self.voice.set_gates([false; 3]);
        // Devices end before the codecs that they call.
        self.running = Running::Hooks;
    }
}

/// The line that an intent names, for a message near its key.
fn line_of(intent: &Intent) -> Option<LineId> {
    if let Intent::Press { line, .. }
    | Intent::AnswerNext { line, .. }
    | Intent::Signal { line, .. }
    | Intent::Talk { line, .. }
    | Intent::Monitor { line, .. } = intent
    {
        Some(line.clone())
    } else {
        None
    }
}

fn tone_of(tone: dealerboard_wire::Tone) -> Tone {
    match tone {
        dealerboard_wire::Tone::Beep => Tone::Beep,
        dealerboard_wire::Tone::Blocking => Tone::Blocking,
        dealerboard_wire::Tone::Splash => Tone::Splash,
        dealerboard_wire::Tone::Reminder => Tone::Reminder,
        dealerboard_wire::Tone::Warning => Tone::Warning,
    }
}

fn utc_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
