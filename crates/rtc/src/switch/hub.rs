//! The voice thread: socket, peers and forwarder joined in one loop, and the handle that others hold.

use super::commands::{Command, Commands};
use super::forward::{Forwarder, Notable, Outcome, Route, TrackPacket};
use super::peers::{self, FromPeer, Peer};
use super::reach;
use super::socket::VoiceSocket;
use super::unsaid::Unsaid;
use dealerboard_model::{TurretId, Uplink};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;

/// Longest sleep of the voice thread: talks that outlive their turret are looked for this often.
const NAP_MAX: Duration = Duration::from_millis(50);

/// Datagrams taken in one round before the batch is sent.
const ROUND_MAX: usize = 64;

/// What went wrong with the voice of the switch.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The socket could not be had.
    #[error("the voice port {0} cannot be opened ({1}); choose another address with --listen")]
    Bind(SocketAddr, io::Error),
    /// It listens everywhere, and this machine has no address that another one could reach.
    #[error(
        "this machine has no network address at which turrets could reach {0}; connect it to a network, name an address \
         with --advertise, or serve this machine alone with --listen 127.0.0.1:{port}",
        port = .0.port()
    )]
    Unreachable(SocketAddr),
    /// The thread could not be started.
    #[error("the voice thread could not be started: {0}")]
    Thread(io::Error),
    /// An offer was refused.
    #[error("{0}")]
    Offer(String),
    /// Too many commands wait for the voice thread.
    #[error("the switch is too busy for another voice connection; try again")]
    Busy,
    /// The voice thread has ended.
    #[error("the switch is stopping; try again")]
    Stopped,
}

/// How to start a [`VoiceHub`].
pub struct VoiceHubOptions {
    /// Where to listen for datagrams.
    pub bind: SocketAddr,
    /// Addresses that turrets reach this machine at; without any, the bound one, or all of this machine's when it is bound
    /// to every address.
    pub advertise: Vec<IpAddr>,
    /// Takes packets for the recorder, at once; what it refuses is counted in [`HubStats`].
    pub recorder: TrackSink,
    /// Where events go; closed when the voice thread ends, for whatever reason.
    pub events: mpsc::Sender<VoiceEvent>,
}

/// Takes a packet for the recorder and never waits; false when there was no room for it.
pub type TrackSink = Box<dyn Fn(TrackPacket) -> bool + Send>;

/// What the voice path reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceEvent {
    /// A turret's voice can flow.
    Connected(TurretId),
    /// See [`Notable`].
    Notable(Notable),
}

/// Counters since the start, at most 150 ms old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Packets from uplinks.
    pub packets_in: u64,
    /// Packets to ears.
    pub packets_forwarded: u64,
    /// Packets for the recorder that did not fit: each is a listed loss.
    pub record_overflows: u64,
    /// Datagrams of nobody known.
    pub strangers: u64,
    /// Connected turrets.
    pub peers: usize,
    /// CPU time of the voice thread, microseconds.
    pub cpu_us: u64,
}

/// The handle of the voice thread; dropping it ends the thread.
pub struct VoiceHub {
    commands: Commands,
    waker: Mutex<UnixStream>,
    candidates: Vec<SocketAddr>,
    stats: Arc<Mutex<HubStats>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl VoiceHub {
    /// Opens the voice port and starts the thread.
    ///
    /// # Errors
    /// The port is in use, no other machine could reach it though it listens everywhere, or the system gives no thread.
    pub fn start(options: VoiceHubOptions) -> Result<Self, HubError> {
        let refused = |error| HubError::Bind(options.bind, error);
        let socket = VoiceSocket::bind(options.bind).map_err(refused)?;
        let bound = socket.local_addr().map_err(refused)?;
        let of_machine =
            if bound.ip().is_unspecified() { reach::of_this_machine().map_err(refused)? } else { Vec::new() };
        let candidates = reach::candidates(bound, &options.advertise, &of_machine);
        if candidates.is_empty() {
            return Err(HubError::Unreachable(bound));
        }
        let (waker, woken) = UnixStream::pair().map_err(HubError::Thread)?;
        woken.set_nonblocking(true).map_err(HubError::Thread)?;
        waker.set_nonblocking(true).map_err(HubError::Thread)?;
        let commands = Commands::default();
        let stats = Arc::new(Mutex::new(HubStats::default()));
        let thread = VoiceThread {
            socket,
            woken,
            inbox: Commands::clone(&commands),
            candidates: candidates.clone(),
            peers: BTreeMap::new(),
            addresses: HashMap::new(),
            forwarder: Forwarder::new(),
            recorder: options.recorder,
            events: options.events,
            unsaid: Unsaid::default(),
            counted: HubStats::default(),
            stats: Arc::clone(&stats),
        };
        let thread =
            std::thread::Builder::new().name("voice".into()).spawn(move || thread.run()).map_err(HubError::Thread)?;
        Ok(Self { commands, waker: Mutex::new(waker), candidates, stats, thread: Some(thread) })
    }

    /// Addresses that turrets are told.
    #[must_use]
    pub fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// Answers a turret's offer: its first, or one with more ears on the connection that it has.
    ///
    /// # Errors
    /// The offer cannot be answered, or the switch is stopping.
    pub async fn answer(&self, turret: TurretId, offer: String, again: bool) -> Result<String, HubError> {
        if again {
            let (reply, answered) = oneshot::channel();
            self.command(Command::Again(turret, offer.clone(), reply))?;
            if let Some(answer) = answered.await.map_err(|_| HubError::Stopped)? {
                return answer.map_err(HubError::Offer);
            }
        }
        let candidates = self.candidates.clone();
        // A connection costs milliseconds to build: never on the voice thread.
        let built = tokio::task::spawn_blocking(move || peers::answer(&offer, &candidates, Instant::now()));
        let (peer, answer) = built.await.map_err(|_| HubError::Stopped)?.map_err(HubError::Offer)?;
        self.command(Command::Add(turret, Box::new(peer)))?;
        Ok(answer)
    }

    /// A turret has left.
    ///
    /// # Errors
    /// The switch is stopping.
    pub fn remove(&self, turret: TurretId) -> Result<(), HubError> {
        self.command(Command::Remove(turret))
    }

    /// Replaces the route of an uplink; none ends the talk and drops what waits.
    ///
    /// # Errors
    /// The switch is stopping.
    pub fn route(&self, turret: TurretId, uplink: Uplink, route: Option<Route>) -> Result<(), HubError> {
        self.command(Command::Route(turret, uplink, route))
    }

    /// Waits for an uplink until it was heard for so long, which is told as [`Notable::Heard`]; or no longer.
    ///
    /// # Errors
    /// The switch is stopping.
    pub fn wait_for(&self, turret: TurretId, uplink: Uplink, heard: Option<Duration>) -> Result<(), HubError> {
        self.command(Command::Await(turret, uplink, heard))
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> HubStats {
        *self.stats.lock().expect("no holder of this lock panics")
    }

    fn command(&self, command: Command) -> Result<(), HubError> {
        self.commands.put(command)?;
        // A full pipe means that the thread is being woken already.
        let _ = self.waker.lock().expect("no holder of this lock panics").write(&[1]);
        Ok(())
    }
}

impl Drop for VoiceHub {
    fn drop(&mut self) {
        // When the queue is gone the thread has ended already.
        let _ = self.command(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct VoiceThread {
    socket: VoiceSocket,
    woken: UnixStream,
    inbox: Commands,
    candidates: Vec<SocketAddr>,
    peers: BTreeMap<TurretId, Peer>,
    addresses: HashMap<SocketAddr, TurretId>,
    forwarder: Forwarder,
    recorder: TrackSink,
    events: mpsc::Sender<VoiceEvent>,
    unsaid: Unsaid,
    counted: HubStats,
    stats: Arc<Mutex<HubStats>>,
}

impl VoiceThread {
    fn run(mut self) {
        let mut buffer = [0_u8; 2_048];
        let mut published = Instant::now();
        loop {
            if !self.obey() {
                return;
            }
            let mut taken = 0;
            while taken < ROUND_MAX {
                let Some((length, source)) = self.socket.receive(&mut buffer) else { break };
                taken += 1;
                self.on_datagram(&buffer[..length], source);
            }
            self.socket.flush();
            let now = Instant::now();
            self.on_time(now);
            if now.saturating_duration_since(published) > Duration::from_millis(100) {
                published = now;
                self.publish();
            }
            if taken < ROUND_MAX {
                let next = self.peers.values().map(|peer| peer.wake).min();
                let nap = next.map_or(NAP_MAX, |wake| wake.saturating_duration_since(now).min(NAP_MAX));
                self.socket.wait(&self.woken, nap);
            }
        }
    }

    /// Takes all commands; false when the thread is to end.
    fn obey(&mut self) -> bool {
        let mut drain = [0_u8; 64];
        while matches!(self.woken.read(&mut drain), Ok(read) if read > 0) {}
        for command in self.inbox.take() {
            let now = Instant::now();
            match command {
                Command::Add(turret, peer) => {
                    self.forget(turret);
                    let outcome = self.forwarder.clear_ears(turret);
                    self.deliver(outcome, now);
                    self.peers.insert(turret, *peer);
                    let outcome = self.forwarder.set_ears(turret, 0, now);
                    self.deliver(outcome, now);
                    self.drain(turret, now);
                }
                Command::Again(turret, offer, reply) => {
                    let answer = self.peers.get_mut(&turret).map(|peer| peer.answer_again(&offer));
                    // Nobody waits any more: the turret has gone.
                    let _ = reply.send(answer);
                    self.drain(turret, now);
                }
                Command::Remove(turret) => {
                    self.forget(turret);
                    self.unsaid.forget(turret);
                    let outcome = self.forwarder.remove(turret);
                    self.deliver(outcome, now);
                }
                Command::Route(turret, uplink, route) => {
                    let outcome = self.forwarder.set_route(turret, uplink, route, now);
                    self.deliver(outcome, now);
                }
                Command::Await(turret, uplink, heard) => self.forwarder.wait_for(turret, uplink, heard),
                Command::Stop => return false,
            }
        }
        true
    }

    fn forget(&mut self, turret: TurretId) {
        self.peers.remove(&turret);
        self.addresses.retain(|_, known| *known != turret);
    }

    fn on_datagram(&mut self, bytes: &[u8], source: SocketAddr) {
        let now = Instant::now();
        let Some(to) = reach::likely(&self.candidates, source) else { return };
        let Some(input) = peers::datagram(now, source, to, bytes) else {
            self.counted.strangers += 1;
            return;
        };
        let known = self.addresses.get(&source).copied();
        let Some(turret) = known.or_else(|| self.peers.iter().find(|(_, p)| p.accepts(&input)).map(|(t, _)| *t)) else {
            self.counted.strangers += 1;
            return;
        };
        self.addresses.insert(source, turret);
        if let Some(peer) = self.peers.get_mut(&turret)
            && let Err(error) = peer.receive(input)
        {
            tracing::debug!(%turret, %error, "a datagram was not taken");
        }
        self.drain(turret, now);
    }

    /// Takes everything that waits at a peer, and all that follows from it.
    fn drain(&mut self, turret: TurretId, now: Instant) {
        let Some(peer) = self.peers.get_mut(&turret) else { return };
        let (mut packets, mut ears, mut connected) = (Vec::new(), None, false);
        let socket = &mut self.socket;
        peer.drain(now, |out| match out {
            FromPeer::Transmit(contents, to) => socket.push(contents, to),
            FromPeer::Packet(uplink, packet) => packets.push((uplink, packet)),
            FromPeer::Connected => connected = true,
            FromPeer::Ears(count) => ears = Some(count),
        });
        if let Some(count) = ears {
            let outcome = self.forwarder.set_ears(turret, count, now);
            self.deliver(outcome, now);
        }
        if connected {
            self.tell(VoiceEvent::Connected(turret));
        }
        for (uplink, packet) in packets {
            self.counted.packets_in += 1;
            let outcome = self.forwarder.take(turret, uplink, packet);
            self.deliver(outcome, now);
        }
    }

    fn deliver(&mut self, outcome: Outcome, now: Instant) {
        for packet in outcome.tracks {
            if !(self.recorder)(packet) {
                self.counted.record_overflows += 1;
            }
        }
        for packet in &outcome.ears {
            let Some(peer) = self.peers.get_mut(&packet.hearer) else { continue };
            peer.write(packet, now);
            // A packet that is written leaves by the next time-out.
            if peer.tick(now).is_ok() {
                self.counted.packets_forwarded += 1;
            }
            let socket = &mut self.socket;
            peer.drain(now, |out| {
                if let FromPeer::Transmit(contents, to) = out {
                    socket.push(contents, to);
                }
            });
        }
        for notable in outcome.notables {
            self.tell(VoiceEvent::Notable(notable));
        }
    }

    fn on_time(&mut self, now: Instant) {
        let due: Vec<TurretId> = self.peers.iter().filter(|(_, p)| p.wake <= now).map(|(turret, _)| *turret).collect();
        for turret in due {
            if let Some(peer) = self.peers.get_mut(&turret)
                && let Err(error) = peer.tick(now)
            {
                tracing::debug!(%turret, %error, "a voice connection's timer failed");
            }
            self.drain(turret, now);
        }
        let outcome = self.forwarder.tick(now);
        self.deliver(outcome, now);
        self.tell_unsaid();
        self.socket.flush();
    }

    fn tell(&mut self, event: VoiceEvent) {
        self.unsaid.push(event);
        self.tell_unsaid();
    }

    /// Tells what the switch was too busy for; a talk that is heard again has no more to be told of as outliving.
    fn tell_unsaid(&mut self) {
        let (forwarder, events) = (&self.forwarder, &self.events);
        self.unsaid.tell(
            |event| match event {
                VoiceEvent::Notable(Notable::Orphan { turret, uplink }) => forwarder.is_orphan(*turret, *uplink),
                VoiceEvent::Notable(Notable::EarsLow { .. } | Notable::NotHeard { .. } | Notable::Heard { .. })
                | VoiceEvent::Connected(_) => true,
            },
            |event| match events.try_send(event) {
                // Nobody listens any more: the switch is ending.
                Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
                Err(TrySendError::Full(event)) => Err(event),
            },
        );
    }

    fn publish(&mut self) {
        self.counted.peers = self.peers.len();
        self.counted.cpu_us = thread_cpu_us();
        *self.stats.lock().expect("no holder of this lock panics") = self.counted;
    }
}

impl Drop for VoiceThread {
    fn drop(&mut self) {
        // Also when it panicked: whoever commands it from now on is told.
        self.inbox.end();
    }
}

fn thread_cpu_us() -> u64 {
    let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `spent` is a valid timespec that lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut spent) };
    (spent.tv_sec as u64) * 1_000_000 + (spent.tv_nsec as u64) / 1_000
}
