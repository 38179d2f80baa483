//! Joins microphones, codec, network and ears of one turret.
//!
//! Law: a gate opens and shuts here and nowhere else, by [`Voice::set_gates`]; what comes from the switch is played where
//! its line is on this turret, and nowhere if it is nowhere.

use crate::places::Places;
use dealerboard_media::{
    CaptureTap, EncodedPacket, Gate, MediaError, PlaybackConfig, PlaybackControl, PlaybackMixer, PlaybackSender,
    SILENCE_DBFS, UplinkConfig, UplinkEncoder, VoicePacket, capture_pair, playback_pair,
};
use dealerboard_model::{Csrc, Position, Uplink};
use dealerboard_rtc::turret::{Downlink, Sink, UplinkSender};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Talks that a handset can hear at once.
const HANDSET_STREAMS: usize = 16;

/// Talks that the speakers can play at once.
const SPEAKER_STREAMS: usize = 48;

/// How long the uplink thread sleeps at most when nothing wakes it.
const NAP: Duration = Duration::from_millis(500);

/// Nanoseconds of CLOCK_MONOTONIC: the one clock of devices, packets and tests.
#[must_use]
pub fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec that lives through the call; this clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    (now.tv_sec as u64) * 1_000_000_000 + now.tv_nsec as u64
}

/// The callbacks of this turret's devices, for whoever has the devices.
pub struct Callbacks {
    /// Left handset, right handset, hands-free mic.
    pub taps: BTreeMap<Position, CaptureTap>,
    /// All four positions.
    pub mixers: BTreeMap<Position, PlaybackMixer>,
    /// Whether each microphone is open, to show at the device.
    pub gates: BTreeMap<Uplink, Gate>,
}

/// What an uplink sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// Its gate is shut.
    Nothing,
    /// Its position is muted here, and keyed at the switch.
    Silence,
    /// What its microphone hears.
    Voice,
    /// What its microphone hears from now on: a voice that another one has carried until now.
    VoiceGoesOn,
}

type Senders = Arc<Mutex<[Option<UplinkSender>; 3]>>;

struct Ears {
    senders: BTreeMap<Position, Mutex<PlaybackSender>>,
    places: Mutex<Places>,
}

/// One turret's voice, but for the connection.
pub struct Voice {
    gates: [Gate; 3],
    ears: Arc<Ears>,
    senders: Senders,
    running: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Voice {
    /// Makes codecs and rings, and starts the uplink thread on the present tokio runtime.
    ///
    /// # Errors
    /// The codec cannot be set up, or the system gives no thread.
    pub fn start(config: UplinkConfig) -> anyhow::Result<(Self, Callbacks)> {
        let (mut taps, mut encoders, mut gates) = (BTreeMap::new(), Vec::new(), Vec::new());
        for position in [Position::Left, Position::Right, Position::HandsFree] {
            let (tap, encoder, gate) = capture_pair(config)?;
            taps.insert(position, tap);
            encoders.push(encoder);
            gates.push(gate);
        }
        let (mixers, ears) = ears()?;
        let senders: Senders = Arc::default();
        let running = Arc::new(AtomicBool::new(true));
        let uplinks = UplinkThread {
            encoders,
            senders: Arc::clone(&senders),
            running: Arc::clone(&running),
            runtime: tokio::runtime::Handle::current(),
        };
        let thread = std::thread::Builder::new().name("uplinks".into()).spawn(move || uplinks.run())?;
        let shown = Uplink::ALL.into_iter().map(|uplink| (uplink, gates[uplink.index()].clone())).collect();
        let gates = gates.try_into().unwrap_or_else(|_| unreachable!("three positions have a microphone"));
        let voice = Self { gates, ears, senders, running, thread: Some(thread) };
        Ok((voice, Callbacks { taps, mixers, gates: shown }))
    }

    /// Opens the gates of the uplinks that are to send, and shuts all others, as from `now_ns` of CLOCK_MONOTONIC on.
    pub fn set_gates(&self, sends: [Sends; 3], now_ns: u64) {
        for uplink in Uplink::ALL {
            let gate = &self.gates[uplink.index()];
            // In an order in which nothing of a muted microphone passes in between.
            match sends[uplink.index()] {
                Sends::Nothing => gate.shut(now_ns),
                Sends::Silence => {
                    gate.set_silent(true, now_ns);
                    gate.open(now_ns);
                }
                Sends::Voice => {
                    gate.set_silent(false, now_ns);
                    gate.open(now_ns);
                }
                Sends::VoiceGoesOn => {
                    gate.set_silent(false, now_ns);
                    gate.open_to_go_on(now_ns);
                }
            }
        }
    }

    /// The uplinks that send what their microphone hears.
    #[must_use]
    pub fn speaking(&self) -> [bool; 3] {
        [0, 1, 2].map(|uplink: usize| self.gates[uplink].lets_voice_out())
    }

    /// Where packets of a new connection go.
    pub fn connect(&self, senders: [UplinkSender; 3]) {
        *self.senders.lock().expect("no holder of this lock panics") = senders.map(Some);
    }

    /// Packets go nowhere any more.
    pub fn disconnect(&self) {
        *self.senders.lock().expect("no holder of this lock panics") = [None, None, None];
    }

    /// What takes the packets of a connection.
    #[must_use]
    pub fn sink(&self) -> Sink {
        let ears = Arc::clone(&self.ears);
        Arc::new(move |packet| ears.hear(&packet))
    }

    /// Says which lines this turret knows, and where each is heard; none: nowhere.
    pub fn place(&self, known: BTreeMap<Csrc, Option<Position>>) {
        // Held until what waited is handed over: what comes meanwhile follows it.
        let mut places = self.ears.places.lock().expect("no holder of this lock panics");
        for (position, packet) in places.know(known, monotonic_ns()) {
            self.ears.play(position, packet);
        }
    }

    /// Hands a wish to a position's ear; false when its device takes none.
    pub fn control(&self, position: Position, wish: PlaybackControl) -> bool {
        let sender = self.ears.senders.get(&position);
        sender.is_some_and(|sender| sender.lock().expect("no holder of this lock panics").control(wish))
    }

    /// Hands the next samples of a message to a position's ear; how many it has taken.
    pub fn play(&self, position: Position, samples: &[f32]) -> usize {
        let sender = self.ears.senders.get(&position);
        sender.map_or(0, |sender| sender.lock().expect("no holder of this lock panics").play(samples))
    }

    /// Samples of a message that a position's ear has not played yet.
    #[must_use]
    pub fn clip_waits(&self, position: Position) -> usize {
        let sender = self.ears.senders.get(&position);
        sender.map_or(0, |sender| sender.lock().expect("no holder of this lock panics").clip_waits())
    }

    /// Levels of the microphones since the last call: left, right, hands-free.
    #[must_use]
    pub fn mic_levels_dbfs(&self) -> [f32; 3] {
        [0, 1, 2].map(|uplink: usize| self.gates[uplink].level_dbfs())
    }

    /// Levels of the lines that were heard since the last call, the loudest position of each.
    #[must_use]
    pub fn line_levels_dbfs(&self) -> BTreeMap<Csrc, f32> {
        let mut levels = BTreeMap::new();
        for sender in self.ears.senders.values() {
            let sender = sender.lock().expect("no holder of this lock panics");
            for (line, dbfs) in sender.levels().filter(|(_, dbfs)| *dbfs > SILENCE_DBFS) {
                let level = levels.entry(line).or_insert(dbfs);
                *level = level.max(dbfs);
            }
        }
        levels
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.set_gates([Sends::Nothing; 3], monotonic_ns());
        self.running.store(false, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // Not joined: it may be waiting for the runtime whose thread this is. It ends by itself.
            thread.thread().unpark();
        }
    }
}

fn ears() -> Result<(BTreeMap<Position, PlaybackMixer>, Arc<Ears>), MediaError> {
    let (mut mixers, mut senders) = (BTreeMap::new(), BTreeMap::new());
    for position in Position::ALL {
        let streams = if position == Position::Speakers { SPEAKER_STREAMS } else { HANDSET_STREAMS };
        let (mixer, sender) = playback_pair(PlaybackConfig { streams })?;
        mixers.insert(position, mixer);
        senders.insert(position, Mutex::new(sender));
    }
    Ok((mixers, Arc::new(Ears { senders, places: Mutex::default() })))
}

impl Ears {
    fn hear(&self, packet: &Downlink) {
        let mut voice = VoicePacket {
            line: packet.line,
            talker: packet.talker,
            ear: packet.ssrc,
            seq: packet.seq,
            rtp_ts: packet.rtp_ts,
            arrived_ns: monotonic_ns(),
            ..VoicePacket::default()
        };
        // An empty packet would be read as a loss by the decoder; one that is too long is no speech.
        let Some(payload) = voice.payload.get_mut(..packet.payload.len()).filter(|place| !place.is_empty()) else {
            return;
        };
        payload.copy_from_slice(&packet.payload);
        voice.length = u16::try_from(packet.payload.len()).unwrap_or(0);
        let mut places = self.places.lock().expect("no holder of this lock panics");
        if let Some((position, voice)) = places.take(voice) {
            self.play(position, voice);
        }
    }

    fn play(&self, position: Position, voice: VoicePacket) {
        if let Some(sender) = self.senders.get(&position) {
            sender.lock().expect("no holder of this lock panics").push(voice);
        }
    }
}

/// Encodes what the microphones' callbacks hand over, and sends it.
struct UplinkThread {
    encoders: Vec<UplinkEncoder>,
    senders: Senders,
    running: Arc<AtomicBool>,
    runtime: tokio::runtime::Handle,
}

impl UplinkThread {
    fn run(mut self) {
        for encoder in &self.encoders {
            encoder.wake(std::thread::current());
        }
        let mut packet = EncodedPacket::default();
        while self.running.load(Ordering::Acquire) {
            for (place, encoder) in self.encoders.iter_mut().enumerate() {
                while encoder.next_packet(&mut packet) {
                    let sender = self.senders.lock().expect("no holder of this lock panics")[place].clone();
                    let Some(sender) = sender else { continue };
                    let payload = packet.payload[..packet.length].to_vec().into();
                    // What cannot be sent is lost; the link's own watch says that the switch is away.
                    let _ = self.runtime.block_on(sender.send(packet.seq, packet.rtp_ts, packet.marker, payload));
                }
            }
            std::thread::park_timeout(NAP);
        }
    }
}
