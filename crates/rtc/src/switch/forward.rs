//! Which packet goes to whom: routes, lent ears and the early buffer. Pure: no socket, time is an argument.
//!
//! ```text
//! packet ─► uplink: no route ─► early buffer (talk.early) ──route comes──┐
//!              └─ route ───────────────────────────────────────────────┴─► one copy for each hearer, on an ear lent
//!                                                                          to (line, talker); one for each track
//! ```
//!
//! A call that moves to another microphone keeps its voice: the new one is waited for, and when it was heard for long enough
//! its route follows the old one, with one count and one time for who hears and who records.
//!
//! Law: a packet without a route leaves nobody's turret but its own. Payloads are passed on untouched. What was said
//! before a talk key went down never reaches that key's line.

mod ears;
mod numbers;
#[cfg(test)]
mod tests;

use dealerboard_model::{Csrc, TrackId, TurretId, Uplink};
use ears::{Ears, Lease};
use numbers::{End, Numbers};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long packets wait for their route (`talk.early`).
pub const TALK_EARLY: Duration = Duration::from_millis(300);

/// A keyed uplink that sent nothing for this long has lost its turret (`talk.orphan`).
pub const TALK_ORPHAN: Duration = Duration::from_millis(500);

/// Most packets that wait for one route: [`TALK_EARLY`] of 5 ms frames.
const EARLY_PACKETS_MAX: usize = 60;

/// Most ears of one turret.
pub const EARS_MAX: usize = 64;

/// Where a hearer listens; a handset beats a speaker when no ear is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A speaker channel.
    Speaker,
    /// A handset or hands-free: a party of the call.
    Handset,
}

/// One hearer of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Which turret.
    pub hearer: TurretId,
    /// The hearer's own line, as the packet names it.
    pub line: Csrc,
    /// Where it is heard.
    pub lane: Lane,
}

/// What becomes of one uplink's packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Whose voice it is, as the packet names it.
    pub talker: Csrc,
    /// Who hears it; nobody, while an ARD still rings.
    pub legs: Vec<Leg>,
    /// Tracks that it is recorded on.
    pub tracks: Vec<TrackId>,
    /// The uplink that has carried this voice until now.
    pub follows: Option<(TurretId, Uplink)>,
}

/// A packet from an uplink.
#[derive(Clone, Debug)]
pub struct UplinkPacket {
    /// Sequence number (RFC 3550 section 5.1).
    pub seq: u16,
    /// Timestamp, 48 kHz.
    pub rtp_ts: u32,
    /// First packet since the microphone was opened.
    pub marker: bool,
    /// The Opus packet.
    pub payload: Arc<[u8]>,
    /// When it was received.
    pub arrived: Instant,
}

/// A packet for an ear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarPacket {
    /// Which turret.
    pub hearer: TurretId,
    /// Which of its ears.
    pub ear: usize,
    /// Sequence number on that ear, unwrapped.
    pub seq: u64,
    /// Timestamp on that ear.
    pub rtp_ts: u32,
    /// First packet of a talk on this ear.
    pub marker: bool,
    /// Line and talker.
    pub csrc: [u32; 2],
    /// The Opus packet.
    pub payload: Arc<[u8]>,
}

/// A packet for the recorder.
#[derive(Clone, Debug)]
pub struct TrackPacket {
    /// Which track.
    pub track: TrackId,
    /// Sequence number of the uplink, unwrapped.
    pub seq: u64,
    /// Timestamp of the uplink, unwrapped, 48 kHz.
    pub rtp_ts: u64,
    /// When it was received.
    pub arrived: Instant,
    /// The Opus packet.
    pub payload: Arc<[u8]>,
}

/// What the switch must know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notable {
    /// A routed uplink has been silent for [`TALK_ORPHAN`].
    Orphan {
        /// Whose.
        turret: TurretId,
        /// Which.
        uplink: Uplink,
    },
    /// An uplink that was waited for is heard.
    Heard {
        /// Whose.
        turret: TurretId,
        /// Which.
        uplink: Uplink,
    },
    /// Few ears are left: a re-offer should bring them to this many.
    EarsLow {
        /// Whose.
        turret: TurretId,
        /// The wanted total.
        total: u16,
    },
    /// No ear was left for a talk, or there is one again.
    NotHeard {
        /// By whom.
        turret: TurretId,
        /// The hearer's line.
        line: Csrc,
        /// So now, or no longer.
        on: bool,
    },
}

/// What one input brought about.
#[derive(Debug, Default)]
pub struct Outcome {
    /// For ears.
    pub ears: Vec<EarPacket>,
    /// For the recorder.
    pub tracks: Vec<TrackPacket>,
    /// For the switch.
    pub notables: Vec<Notable>,
}

#[derive(Debug, Default)]
struct UplinkState {
    route: Option<Route>,
    /// Which talk it is: the number of the newest one is the highest.
    talk: u64,
    early: VecDeque<UplinkPacket>,
    numbers: Numbers,
    /// It is waited for: told when it was heard for so long.
    awaited: Option<Duration>,
    /// When it last sent, or was routed.
    alive: Option<Instant>,
    orphaned: bool,
}

impl UplinkState {
    /// Keeps a packet that has no route yet, in the order of the sequence.
    fn keep(&mut self, packet: UplinkPacket) {
        let behind = |held: &UplinkPacket, seq: u16| held.seq.wrapping_sub(seq) > u16::MAX / 2;
        if packet.marker {
            // What was said before this key went down was meant for another line.
            self.early.retain(|held| !behind(held, packet.seq));
        }
        let stale = |held: &UplinkPacket| packet.arrived.saturating_duration_since(held.arrived) > TALK_EARLY;
        while self.early.len() >= EARLY_PACKETS_MAX || self.early.front().is_some_and(stale) {
            self.early.pop_front();
        }
        let place = self.early.iter().rposition(|held| behind(held, packet.seq)).map_or(0, |place| place + 1);
        self.early.insert(place, packet);
    }

    /// It is waited for, and what has come is enough: true once.
    fn is_heard_now(&mut self) -> bool {
        let Some(wanted) = self.awaited else { return false };
        let heard = match (self.early.front(), self.early.back()) {
            (Some(first), Some(last)) => last.rtp_ts.wrapping_sub(first.rtp_ts) + numbers::samples(&last.payload),
            _ => 0,
        };
        let enough = self.route.is_some() || u128::from(heard) >= wanted.as_millis() * 48;
        if enough {
            self.awaited = None;
        }
        enough
    }
}

#[derive(Debug)]
struct Peer {
    uplinks: [UplinkState; 3],
    ears: Ears,
}

impl Peer {
    fn new(turret: TurretId) -> Self {
        Self { uplinks: Default::default(), ears: Ears::new(turret) }
    }
}

/// Routes packets between all turrets of a switch.
#[derive(Debug, Default)]
pub struct Forwarder {
    peers: BTreeMap<TurretId, Peer>,
    talks: u64,
}

impl Forwarder {
    /// No turret yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn peer(&mut self, turret: TurretId) -> &mut Peer {
        self.peers.entry(turret).or_insert_with(|| Peer::new(turret))
    }

    /// A turret has (now) this many ears; it is taken in when it was not known. What waits for an ear plays.
    pub fn set_ears(&mut self, turret: TurretId, ears: usize, now: Instant) -> Outcome {
        let mut outcome = Outcome::default();
        self.peer(turret).ears.grow(ears, now, &mut outcome);
        outcome
    }

    /// A turret's connection is new: its ears are gone until [`Self::set_ears`] tells of the new ones, its routes stay.
    pub fn clear_ears(&mut self, turret: TurretId) -> Outcome {
        if let Some(peer) = self.peers.get_mut(&turret) {
            peer.ears.clear();
            for uplink in &mut peer.uplinks {
                uplink.numbers.begin_anew();
                uplink.early.clear();
            }
        }
        self.forget(turret)
    }

    /// A turret's voice has gone: it neither talks nor hears.
    pub fn remove(&mut self, turret: TurretId) -> Outcome {
        self.peers.remove(&turret);
        self.forget(turret)
    }

    fn forget(&mut self, talker: TurretId) -> Outcome {
        let mut outcome = Outcome::default();
        self.peers.values_mut().for_each(|hearer| hearer.ears.forget(talker, &mut outcome));
        outcome
    }

    /// Waits for an uplink until it was heard for so long, and tells then; or no longer.
    pub fn wait_for(&mut self, turret: TurretId, uplink: Uplink, heard: Option<Duration>) {
        self.peer(turret).uplinks[uplink.index()].awaited = heard;
    }

    /// Replaces the route of an uplink; with `None` the talk ends and what waits for a route is thrown away.
    pub fn set_route(&mut self, turret: TurretId, uplink: Uplink, route: Option<Route>, now: Instant) -> Outcome {
        let mut outcome = Outcome::default();
        let route = route.map(|route| Route { legs: one_for_each_hearer(turret, &route.legs), ..route });
        let next = self.talks + 1;
        let follows = route.as_ref().and_then(|route| route.follows);
        let end = follows.and_then(|(old, by)| self.peers.get(&old)?.uplinks[by.index()].numbers.end());
        let state = &mut self.peer(turret).uplinks[uplink.index()];
        let began = state.route.is_none() && route.is_some();
        if began || (state.orphaned && route.is_some()) {
            // What is routed now has its own time, on an uplink too that was told to be silent for what it was routed to before.
            state.alive = Some(now);
            state.orphaned = false;
        }
        if began {
            state.talk = next;
        }
        let mut waiting = std::mem::take(&mut state.early);
        if let (Some(end), true) = (end, began) {
            state.numbers.go_on(end);
            leave_out_carried(&mut waiting, end);
        }
        let legs = route.as_ref().map_or(&[][..], |route| &route.legs);
        for (hearer, peer) in &mut self.peers {
            let leg = legs.iter().find(|leg| leg.hearer == *hearer);
            if let (Some(old), Some(leg)) = (follows, leg) {
                peer.ears.go_on(old, (turret, uplink), leg);
            }
            peer.ears.reroute((turret, uplink), leg, now, &mut outcome);
        }
        self.peer(turret).uplinks[uplink.index()].route = route;
        if began {
            self.talks = next;
            for packet in waiting {
                if now.saturating_duration_since(packet.arrived) <= TALK_EARLY {
                    self.forward(turret, uplink, &packet, now, &mut outcome);
                }
            }
        }
        outcome
    }

    /// A packet has come from an uplink.
    pub fn take(&mut self, turret: TurretId, uplink: Uplink, packet: UplinkPacket) -> Outcome {
        let mut outcome = Outcome::default();
        let now = packet.arrived;
        let Some(peer) = self.peers.get_mut(&turret) else { return outcome };
        let state = &mut peer.uplinks[uplink.index()];
        state.alive = Some(now);
        state.orphaned = false;
        if state.route.is_none() {
            state.keep(packet);
            if state.is_heard_now() {
                outcome.notables.push(Notable::Heard { turret, uplink });
            }
            return outcome;
        }
        if state.is_heard_now() {
            outcome.notables.push(Notable::Heard { turret, uplink });
        }
        self.forward(turret, uplink, &packet, now, &mut outcome);
        outcome
    }

    /// Whether a talk has been told as outliving its turret, and is still open and silent.
    #[must_use]
    pub fn is_orphan(&self, turret: TurretId, uplink: Uplink) -> bool {
        let state = self.peers.get(&turret).map(|peer| &peer.uplinks[uplink.index()]);
        state.is_some_and(|state| state.orphaned && state.route.is_some())
    }

    fn forward(&mut self, from: TurretId, uplink: Uplink, packet: &UplinkPacket, now: Instant, out: &mut Outcome) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        let state = &mut peer.uplinks[uplink.index()];
        let Some(route) = state.route.take() else { return };
        let talk = state.talk;
        let Some((seq, rtp_ts)) = state.numbers.take((packet.seq, packet.rtp_ts), &packet.payload, packet.arrived)
        else {
            state.route = Some(route);
            return;
        };
        // The low bits are the time that an ear goes by.
        let packet = &UplinkPacket { rtp_ts: rtp_ts as u32, ..packet.clone() };
        for track in &route.tracks {
            let payload = Arc::clone(&packet.payload);
            out.tracks.push(TrackPacket { track: *track, seq, rtp_ts, arrived: packet.arrived, payload });
        }
        for leg in &route.legs {
            let lease = Lease { from: (from, uplink), talker: route.talker, line: leg.line, lane: leg.lane, talk };
            if let Some(hearer) = self.peers.get_mut(&leg.hearer) {
                hearer.ears.hear(lease, packet, seq, now, out);
            }
        }
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.uplinks[uplink.index()].route = Some(route);
        }
    }

    /// Looks for talks that have outlived their turret, and for ears for those that wait; to be called at least every
    /// 100 ms.
    pub fn tick(&mut self, now: Instant) -> Outcome {
        let mut outcome = Outcome::default();
        for (turret, peer) in &mut self.peers {
            peer.ears.settle(now, &mut outcome);
            for uplink in Uplink::ALL {
                let state = &mut peer.uplinks[uplink.index()];
                let silent = state.alive.is_some_and(|at| now.saturating_duration_since(at) >= TALK_ORPHAN);
                if state.route.is_some() && silent && !state.orphaned {
                    state.orphaned = true;
                    outcome.notables.push(Notable::Orphan { turret: *turret, uplink });
                }
            }
        }
        outcome
    }
}

/// Leaves out what another microphone has carried until `end`. Of packets that came at once all but the last were said before
/// they came: each counts as if it had come as soon after it was said as the one behind it.
fn leave_out_carried(waiting: &mut VecDeque<UplinkPacket>, end: End) {
    let mut behind: Option<(u32, Instant)> = None;
    let mut carried = 0;
    for (place, packet) in waiting.iter().enumerate().rev() {
        let sooner = behind.and_then(|(rtp_ts, at)| at.checked_sub(numbers::time(rtp_ts.wrapping_sub(packet.rtp_ts))));
        let at = sooner.map_or(packet.arrived, |at| at.min(packet.arrived));
        if !end.is_before(at) {
            carried = place + 1;
            break;
        }
        behind = Some((packet.rtp_ts, at));
    }
    waiting.drain(..carried);
}

/// One copy for each hearer, however many lines lead there, on the best lane; none for the talker.
fn one_for_each_hearer(talker: TurretId, legs: &[Leg]) -> Vec<Leg> {
    let mut kept: Vec<Leg> = Vec::with_capacity(legs.len());
    for leg in legs.iter().filter(|leg| leg.hearer != talker) {
        match kept.iter_mut().find(|held| held.hearer == leg.hearer) {
            Some(held) if held.lane < leg.lane => *held = *leg,
            Some(_) => {}
            None => kept.push(*leg),
        }
    }
    kept
}
