//! Which packet goes to whom: routes, lent ears and the early buffer. Pure: no socket, time is an argument.
//!
//! ```text
//! packet ─► uplink: no route ─► early buffer (talk.early) ──route comes──┐
//!              └─ route ───────────────────────────────────────────────┴─► one copy for each hearer, on an ear lent
//!                                                                          to (line, talker); one for each track
//! ```
//!
//! Law: a packet without a route leaves nobody's turret but its own. Payloads are passed on untouched.

use dealerboard_model::{Csrc, TrackId, TurretId, Uplink};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long packets wait for their route (`talk.early`).
pub const TALK_EARLY: Duration = Duration::from_millis(300);

/// A keyed uplink that sent nothing for this long has lost its turret (`talk.orphan`).
pub const TALK_ORPHAN: Duration = Duration::from_millis(500);

/// How long an ear stays with its talker after the talk has ended, so that the last packets are not mislabelled.
const LINGER: Duration = Duration::from_millis(300);

/// Most packets that wait for one route: [`TALK_EARLY`] of 5 ms frames.
const EARLY_PACKETS_MAX: usize = 60;

/// Most ears of one turret.
pub const EARS_MAX: usize = 64;

/// A turret is asked for more ears when fewer than this many are free.
const EARS_FREE_MIN: usize = 8;

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
}

/// A packet from an uplink.
#[derive(Clone, Debug)]
pub struct UplinkPacket {
    /// Sequence number (RFC 3550 section 5.1).
    pub seq: u16,
    /// Timestamp, 48 kHz.
    pub rtp_ts: u32,
    /// The Opus packet.
    pub payload: Arc<[u8]>,
    /// When it was received.
    pub arrived: Instant,
}

/// A packet for an ear.
#[derive(Clone, Debug)]
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

/// Unwraps a counter of RTP: the value nearest to the last one.
#[derive(Clone, Copy, Debug, Default)]
struct Unwrapped {
    last: Option<u64>,
}

impl Unwrapped {
    /// `value` of `bits` bits, unwrapped; starts in the second lap so that an early straggler is not below zero.
    fn take(&mut self, value: u64, bits: u32) -> u64 {
        let lap = 1_u64 << bits;
        let Some(last) = self.last else {
            self.last = Some(lap + value);
            return lap + value;
        };
        let ahead = value.wrapping_sub(last) & (lap - 1);
        let full = if ahead < lap / 2 { last + ahead } else { last.saturating_sub(lap - ahead) };
        self.last = Some(last.max(full));
        full
    }
}

#[derive(Debug, Default)]
struct UplinkState {
    route: Option<Route>,
    early: VecDeque<UplinkPacket>,
    seq: Unwrapped,
    rtp_ts: Unwrapped,
    /// When it last sent, or was routed.
    alive: Option<Instant>,
    orphaned: bool,
}

/// What an ear plays: one uplink's talk on one line of the hearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lease {
    from: (TurretId, Uplink),
    talker: Csrc,
    line: Csrc,
    lane: Lane,
}

#[derive(Debug)]
struct Ear {
    lease: Option<Lease>,
    /// The talk has ended: free from then on.
    ends: Option<Instant>,
    /// When it was last lent.
    lent: Option<Instant>,
    /// Next sequence number.
    seq: u64,
    /// Sequence number of the ear minus that of the uplink.
    base: u64,
    offset: u32,
    last: Option<(u32, Instant)>,
    fresh: bool,
}

impl Ear {
    fn new() -> Self {
        Self { lease: None, ends: None, lent: None, seq: 1, base: 0, offset: 0, last: None, fresh: false }
    }

    fn is_free(&self, now: Instant) -> bool {
        self.lease.is_none() || self.ends.is_some_and(|end| end <= now)
    }

    fn lend(&mut self, lease: Lease, rtp_ts: u32, now: Instant) {
        // The ear's own clock goes on by the time that has passed, so that a jitter buffer sees no jump.
        let next = self.last.map_or(rtp_ts, |(ts, at)| {
            let passed = now.saturating_duration_since(at).as_micros() * 48 / 1_000;
            ts.wrapping_add(u32::try_from(passed).unwrap_or(u32::MAX).max(480))
        });
        *self = Self {
            lease: Some(lease),
            ends: None,
            lent: Some(now),
            seq: self.seq,
            base: 0,
            offset: next.wrapping_sub(rtp_ts),
            last: self.last,
            fresh: true,
        };
    }
}

#[derive(Debug, Default)]
struct Peer {
    uplinks: [UplinkState; 3],
    ears: Vec<Ear>,
    asked_for: u16,
}

/// Routes packets between all turrets of a switch.
#[derive(Debug, Default)]
pub struct Forwarder {
    peers: BTreeMap<TurretId, Peer>,
}

impl Forwarder {
    /// No turret yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A turret has (now) this many ears; it is taken in when it was not known.
    pub fn set_ears(&mut self, turret: TurretId, ears: usize) {
        let peer = self.peers.entry(turret).or_default();
        while peer.ears.len() < ears.min(EARS_MAX) {
            peer.ears.push(Ear::new());
        }
    }

    /// A turret's connection is new: its ears are gone until [`Self::set_ears`] tells of the new ones, its routes stay.
    pub fn clear_ears(&mut self, turret: TurretId) {
        if let Some(peer) = self.peers.get_mut(&turret) {
            peer.ears.clear();
            peer.asked_for = 0;
            peer.uplinks.iter_mut().for_each(|uplink| (uplink.seq, uplink.rtp_ts) = Default::default());
        }
    }

    /// A turret's voice has gone: it neither talks nor hears.
    pub fn remove(&mut self, turret: TurretId) {
        self.peers.remove(&turret);
    }

    /// Replaces the route of an uplink; with `None` the talk ends and what waits for a route is thrown away.
    pub fn set_route(&mut self, turret: TurretId, uplink: Uplink, route: Option<Route>, now: Instant) -> Outcome {
        let mut outcome = Outcome::default();
        let state = &mut self.peers.entry(turret).or_default().uplinks[uplink.index()];
        let began = state.route.is_none() && route.is_some();
        if began {
            state.alive = Some(now);
            state.orphaned = false;
        }
        let waiting = std::mem::take(&mut state.early);
        state.route = route;
        let legs = state.route.as_ref().map(|route| route.legs.clone()).unwrap_or_default();
        self.end_leases((turret, uplink), &legs, now);
        if began {
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
        if state.route.is_some() {
            self.forward(turret, uplink, &packet, now, &mut outcome);
        } else {
            let fresh = |held: &UplinkPacket| now.saturating_duration_since(held.arrived) <= TALK_EARLY;
            while state.early.len() >= EARLY_PACKETS_MAX || state.early.front().is_some_and(|held| !fresh(held)) {
                state.early.pop_front();
            }
            state.early.push_back(packet);
        }
        outcome
    }

    fn forward(&mut self, from: TurretId, uplink: Uplink, packet: &UplinkPacket, now: Instant, out: &mut Outcome) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        let state = &mut peer.uplinks[uplink.index()];
        let seq = state.seq.take(u64::from(packet.seq), 16);
        let rtp_ts = state.rtp_ts.take(u64::from(packet.rtp_ts), 32);
        let Some(route) = state.route.take() else { return };
        for track in &route.tracks {
            let payload = Arc::clone(&packet.payload);
            out.tracks.push(TrackPacket { track: *track, seq, rtp_ts, arrived: packet.arrived, payload });
        }
        let mut served: Vec<TurretId> = Vec::with_capacity(route.legs.len());
        for leg in &route.legs {
            // One copy for each hearer, however many lines lead there.
            if leg.hearer == from || served.contains(&leg.hearer) {
                continue;
            }
            served.push(leg.hearer);
            let lease = Lease { from: (from, uplink), talker: route.talker, line: leg.line, lane: leg.lane };
            if let Some(hearer) = self.peers.get_mut(&leg.hearer) {
                hearer.hear(leg.hearer, lease, packet, seq, now, out);
            }
        }
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.uplinks[uplink.index()].route = Some(route);
        }
    }

    /// Ears that play this uplink to hearers who are no longer on its route become free after [`LINGER`].
    fn end_leases(&mut self, from: (TurretId, Uplink), legs: &[Leg], now: Instant) {
        for (turret, peer) in &mut self.peers {
            for ear in &mut peer.ears {
                let Some(lease) = &mut ear.lease else { continue };
                if lease.from != from {
                    continue;
                }
                match legs.iter().find(|leg| leg.hearer == *turret) {
                    Some(leg) if leg.line == lease.line => {
                        lease.lane = leg.lane;
                        ear.ends = None;
                    }
                    Some(_) | None => ear.ends = ear.ends.or(Some(now + LINGER)),
                }
            }
        }
    }

    /// Looks for talks that have outlived their turret; to be called at least every 100 ms.
    pub fn tick(&mut self, now: Instant) -> Vec<Notable> {
        let mut notables = Vec::new();
        for (turret, peer) in &mut self.peers {
            for uplink in Uplink::ALL {
                let state = &mut peer.uplinks[uplink.index()];
                let silent = state.alive.is_some_and(|at| now.saturating_duration_since(at) >= TALK_ORPHAN);
                if state.route.is_some() && silent && !state.orphaned {
                    state.orphaned = true;
                    notables.push(Notable::Orphan { turret: *turret, uplink });
                }
            }
        }
        notables
    }
}

impl Peer {
    fn hear(&mut self, me: TurretId, lease: Lease, packet: &UplinkPacket, seq: u64, now: Instant, out: &mut Outcome) {
        let same = |ear: &Ear| ear.lease.is_some_and(|l| l.from == lease.from && l.line == lease.line);
        let index = match self.ears.iter().position(same) {
            Some(index) => index,
            None => match self.lend(lease, packet.rtp_ts, now) {
                Some((index, loser)) => {
                    if let Some(loser) = loser {
                        out.notables.push(Notable::NotHeard { turret: me, line: loser, on: true });
                    }
                    self.ask_for_more(me, now, out);
                    index
                }
                None => {
                    out.notables.push(Notable::NotHeard { turret: me, line: lease.line, on: true });
                    return;
                }
            },
        };
        let ear = &mut self.ears[index];
        let rtp_ts = packet.rtp_ts.wrapping_add(ear.offset);
        // A hole in the uplink stays a hole on the ear: only so can a lost packet be told from a late one.
        let marker = std::mem::replace(&mut ear.fresh, false);
        if marker {
            ear.base = ear.seq.wrapping_sub(seq);
        }
        let ear_seq = seq.wrapping_add(ear.base);
        ear.seq = ear.seq.max(ear_seq + 1);
        ear.last = Some((rtp_ts, now));
        let csrc = [lease.line.0, lease.talker.0];
        let payload = Arc::clone(&packet.payload);
        out.ears.push(EarPacket { hearer: me, ear: index, seq: ear_seq, rtp_ts, marker, csrc, payload });
    }
}

impl Peer {
    /// Lends an ear; gives its index, and the line of the talk that lost it where none was free.
    fn lend(&mut self, lease: Lease, rtp_ts: u32, now: Instant) -> Option<(usize, Option<Csrc>)> {
        let free = (0..self.ears.len()).filter(|i| self.ears[*i].is_free(now)).min_by_key(|i| self.ears[*i].lent);
        let (index, loser) = match free {
            Some(index) => (index, None),
            None => {
                // A handset beats a speaker, then the newest talk wins: the oldest talk of the lowest lane loses.
                let rank = |ear: &Ear| ear.lease.map(|held| (held.lane, ear.lent));
                let index = (0..self.ears.len()).min_by_key(|i| rank(&self.ears[*i]))?;
                let held = self.ears[index].lease?;
                if held.lane > lease.lane {
                    return None;
                }
                (index, Some(held.line))
            }
        };
        self.ears[index].lend(lease, rtp_ts, now);
        Some((index, loser))
    }

    fn ask_for_more(&mut self, me: TurretId, now: Instant, out: &mut Outcome) {
        let free = self.ears.iter().filter(|ear| ear.is_free(now)).count();
        let total = u16::try_from((self.ears.len() + 8).min(EARS_MAX)).unwrap_or(u16::MAX);
        if free < EARS_FREE_MIN && usize::from(total) > self.ears.len() && self.asked_for < total {
            self.asked_for = total;
            out.notables.push(Notable::EarsLow { turret: me, total });
        }
    }
}
