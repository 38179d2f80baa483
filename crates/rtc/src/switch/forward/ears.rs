//! The ears of one turret: which talk plays on which, which talks wait for one, and which lost theirs.
//!
//! ```text
//! talk ─► an ear is free ─────────────────► lent: plays, rewritten to the ear's own sequence and timestamp
//!          └─ none, more can be asked for ─► waits up to `talk.early`, then plays late
//!          └─ none, and no more to come ───► a handset beats a speaker, then the newer talk: the loser is NOT HEARD
//! ```
//!
//! Law: the sequence of an ear only grows, whoever plays on it; a talk that lost never takes an ear back from a newer one.

use super::{EARLY_PACKETS_MAX, EARS_MAX, EarPacket, Lane, Leg, Notable, Outcome, TALK_EARLY, UplinkPacket};
use dealerboard_model::{Csrc, TurretId, Uplink};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an ear stays with its talker after the talk has ended, so that the last packets are not mislabelled.
const LINGER: Duration = Duration::from_millis(300);

/// A turret is asked for more ears when fewer than this many are free.
const EARS_FREE_MIN: usize = 8;

/// A turret that brings no ears for so long is asked again: its offer was lost, or has failed.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(3);

/// Ears that one re-offer brings.
const EARS_STEP: usize = 8;

/// What an ear plays: one uplink's talk on one line of the hearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub from: (TurretId, Uplink),
    pub talker: Csrc,
    pub line: Csrc,
    pub lane: Lane,
    /// Grows with each talk that begins: the newer one has the higher number.
    pub talk: u64,
}

impl Lease {
    fn is_same_talk(&self, other: &Self) -> bool {
        self.from == other.from && self.line == other.line
    }

    fn rank(&self) -> (Lane, u64) {
        (self.lane, self.talk)
    }
}

#[derive(Debug, Default)]
struct Ear {
    lease: Option<Lease>,
    /// The talk has ended: free from then on.
    ends: Option<Instant>,
    /// When it was last lent.
    lent: Option<Instant>,
    /// Next sequence number.
    seq: u64,
    /// Lowest sequence number of the present talk: what is below was somebody else's.
    floor: u64,
    /// Sequence number of the ear minus that of the uplink; none before the first packet of a talk.
    base: Option<u64>,
    offset: u32,
    last: Option<(u32, Instant)>,
}

impl Ear {
    fn is_free(&self, now: Instant) -> bool {
        self.lease.is_none() || self.ends.is_some_and(|end| end <= now)
    }

    fn plays(&self, lease: &Lease) -> bool {
        self.ends.is_none() && self.lease.is_some_and(|held| held.is_same_talk(lease))
    }

    /// Played this talker on this line until just now.
    fn remembers(&self, lease: &Lease) -> bool {
        let same = |held: Lease| held.from.0 == lease.from.0 && held.talker == lease.talker && held.line == lease.line;
        self.ends.is_some() && self.lease.is_some_and(same)
    }

    fn lend(&mut self, lease: Lease, rtp_ts: u32, now: Instant) {
        // The ear's own clock goes on by the time that has passed, so that a jitter buffer sees no jump.
        let next = self.last.map_or(rtp_ts, |(ts, at)| {
            let passed = now.saturating_duration_since(at).as_micros() * 48 / 1_000;
            ts.wrapping_add(u32::try_from(passed).unwrap_or(u32::MAX).max(480))
        });
        self.lease = Some(lease);
        self.ends = None;
        self.lent = Some(now);
        self.floor = self.seq;
        self.base = None;
        self.offset = next.wrapping_sub(rtp_ts);
    }

    /// The header as this ear names it; none when it is older than the talk on this ear.
    fn rewrite(&mut self, lease: &Lease, packet: &UplinkPacket, seq: u64, now: Instant) -> Option<Rewritten> {
        let marker = self.base.is_none();
        // A hole in the uplink stays a hole on the ear: only so can a lost packet be told from a late one.
        let base = *self.base.get_or_insert(self.seq.wrapping_sub(seq));
        let ear_seq = seq.wrapping_add(base);
        // A straggler from before the first packet would repeat a number that another talk has used.
        if ear_seq < self.floor || ear_seq > self.seq.saturating_add(u64::from(u16::MAX)) {
            return None;
        }
        let rtp_ts = packet.rtp_ts.wrapping_add(self.offset);
        if ear_seq >= self.seq {
            self.seq = ear_seq + 1;
            self.last = Some((rtp_ts, now));
        }
        // A talk that has gone on by another turret keeps its name: for who hears it nothing has changed.
        let talker = self.lease.map_or(lease.talker, |held| held.talker);
        Some(Rewritten { seq: ear_seq, rtp_ts, marker, csrc: [lease.line.0, talker.0] })
    }
}

/// A packet's header as an ear sends it.
struct Rewritten {
    seq: u64,
    rtp_ts: u32,
    marker: bool,
    csrc: [u32; 2],
}

/// A talk that waits for an ear.
#[derive(Debug)]
struct Waiting {
    lease: Lease,
    since: Instant,
    packets: VecDeque<(UplinkPacket, u64)>,
}

/// All ears of one turret.
#[derive(Debug)]
pub(super) struct Ears {
    me: TurretId,
    ears: Vec<Ear>,
    waiting: Vec<Waiting>,
    unheard: Vec<Lease>,
    /// The total that was last asked for, and when.
    asked_for: Option<(u16, Instant)>,
}

impl Ears {
    pub fn new(me: TurretId) -> Self {
        Self { me, ears: Vec::new(), waiting: Vec::new(), unheard: Vec::new(), asked_for: None }
    }

    /// There are (now) this many; what waits plays on the new ones.
    pub fn grow(&mut self, count: usize, now: Instant, out: &mut Outcome) {
        while self.ears.len() < count.min(EARS_MAX) {
            self.ears.push(Ear { seq: 1, floor: 1, ..Ear::default() });
        }
        self.settle(now, out);
    }

    /// The connection is new: none is left, and nothing is known of what is heard.
    pub fn clear(&mut self) {
        *self = Self::new(self.me);
    }

    /// A talker's connection is new, or gone: its numbering starts anew, so its ears are lent anew.
    pub fn forget(&mut self, talker: TurretId, out: &mut Outcome) {
        for ear in &mut self.ears {
            if ear.lease.is_some_and(|lease| lease.from.0 == talker) {
                ear.ends = ear.ends.or(ear.lent);
            }
        }
        self.waiting.retain(|waiting| waiting.lease.from.0 != talker);
        let gone: Vec<Lease> = self.unheard.iter().filter(|lease| lease.from.0 == talker).copied().collect();
        gone.iter().for_each(|lease| self.tell_heard(lease, out));
    }

    /// The talk that `old` has carried on `leg` goes on by `new`, on the same ear, with the name that it has there.
    pub fn go_on(&mut self, old: (TurretId, Uplink), new: (TurretId, Uplink), leg: &Leg) {
        let same = |lease: &Lease| lease.from == old && lease.line == leg.line;
        for ear in &mut self.ears {
            if let Some(lease) = ear.lease.as_mut().filter(|lease| same(lease)) {
                lease.from = new;
                ear.ends = None;
            }
        }
        let waiting = self.waiting.iter_mut().map(|waiting| &mut waiting.lease);
        waiting.chain(&mut self.unheard).filter(|lease| same(lease)).for_each(|lease| lease.from = new);
    }

    /// The route of `from` has changed: it reaches this turret on `leg`, or no longer. Ears become free after [`LINGER`].
    pub fn reroute(&mut self, from: (TurretId, Uplink), leg: Option<&Leg>, now: Instant, out: &mut Outcome) {
        let stays = |lease: &Lease| leg.filter(|leg| leg.line == lease.line).map(|leg| leg.lane);
        for ear in &mut self.ears {
            let Some(lease) = ear.lease.as_mut().filter(|lease| lease.from == from) else { continue };
            match stays(lease) {
                Some(lane) => lease.lane = lane,
                None => ear.ends = ear.ends.or(Some(now + LINGER)),
            }
        }
        self.waiting.retain(|waiting| waiting.lease.from != from || stays(&waiting.lease).is_some());
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.lease.from == from) {
            waiting.lease.lane = stays(&waiting.lease).unwrap_or(waiting.lease.lane);
        }
        let over = |lease: &&Lease| lease.from == from && stays(lease).is_none();
        let ended: Vec<Lease> = self.unheard.iter().filter(over).copied().collect();
        ended.iter().for_each(|lease| self.tell_heard(lease, out));
    }

    /// Plays a packet of a talk, or keeps it until there is an ear.
    pub fn hear(&mut self, lease: Lease, packet: &UplinkPacket, seq: u64, now: Instant, out: &mut Outcome) {
        self.settle(now, out);
        if let Some(index) = self.ears.iter().position(|ear| ear.plays(&lease)) {
            self.play(index, &lease, packet, seq, now, out);
        } else if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.lease.is_same_talk(&lease)) {
            if waiting.packets.len() >= EARLY_PACKETS_MAX {
                waiting.packets.pop_front();
            }
            waiting.packets.push_back((packet.clone(), seq));
        } else if let Some(index) = self.free(&lease, now) {
            self.lend(index, lease, packet.rtp_ts, now, out);
            self.play(index, &lease, packet, seq, now, out);
        } else if self.may_wait(&lease) {
            let packets = VecDeque::from([(packet.clone(), seq)]);
            self.waiting.push(Waiting { lease, since: now, packets });
            self.ask_for_more(now, out);
        } else if let Some(index) = self.beaten(&lease) {
            self.lend(index, lease, packet.rtp_ts, now, out);
            self.play(index, &lease, packet, seq, now, out);
        } else {
            self.tell_unheard(lease, out);
            self.ask_for_more(now, out);
        }
    }

    /// Gives ears to the talks that wait: free ones, and after [`TALK_EARLY`] those of talks that they beat.
    pub fn settle(&mut self, now: Instant, out: &mut Outcome) {
        let mut place = 0;
        while let Some(Waiting { lease, since, packets }) = self.waiting.get(place) {
            let (lease, late) = (*lease, now.saturating_duration_since(*since) >= TALK_EARLY);
            let first = packets.front().map_or(0, |(packet, _)| packet.rtp_ts);
            let index = self.free(&lease, now).or_else(|| late.then(|| self.beaten(&lease)).flatten());
            if index.is_none() && !late {
                place += 1;
                continue;
            }
            let waiting = self.waiting.remove(place);
            let Some(index) = index else {
                self.tell_unheard(lease, out);
                continue;
            };
            self.lend(index, lease, first, now, out);
            for (packet, seq) in &waiting.packets {
                self.play(index, &lease, packet, *seq, now, out);
            }
        }
    }

    /// More ears can come, and this talk has not been waiting in vain before.
    fn may_wait(&self, lease: &Lease) -> bool {
        let lost = self.unheard.iter().any(|unheard| unheard.is_same_talk(lease));
        !lost && self.ears.len() < EARS_MAX && self.waiting.len() < EARS_MAX
    }

    /// A free ear: the one where this talker was just heard on this line, or else the one that has rested longest.
    fn free(&self, lease: &Lease, now: Instant) -> Option<usize> {
        let remembering = self.ears.iter().position(|ear| ear.remembers(lease));
        let rested = || (0..self.ears.len()).filter(|i| self.ears[*i].is_free(now)).min_by_key(|i| self.ears[*i].lent);
        remembering.or_else(rested)
    }

    /// The ear whose talk `lease` beats: one whose talk has ended, else the oldest talk of the lowest lane.
    fn beaten(&self, lease: &Lease) -> Option<usize> {
        let rank = |ear: &Ear| (ear.ends.is_none(), ear.lease.map(|held| held.rank()));
        let index = (0..self.ears.len()).min_by_key(|i| rank(&self.ears[*i]))?;
        (rank(&self.ears[index]) < (true, Some(lease.rank()))).then_some(index)
    }

    fn lend(&mut self, index: usize, lease: Lease, rtp_ts: u32, now: Instant, out: &mut Outcome) {
        let ear = &mut self.ears[index];
        let loser = ear.lease.filter(|_| ear.ends.is_none());
        ear.lend(lease, rtp_ts, now);
        self.tell_heard(&lease, out);
        if let Some(loser) = loser {
            self.tell_unheard(loser, out);
        }
        self.ask_for_more(now, out);
    }

    fn play(&mut self, index: usize, lease: &Lease, packet: &UplinkPacket, seq: u64, now: Instant, out: &mut Outcome) {
        if let Some(Rewritten { seq, rtp_ts, marker, csrc }) = self.ears[index].rewrite(lease, packet, seq, now) {
            let payload = Arc::clone(&packet.payload);
            out.ears.push(EarPacket { hearer: self.me, ear: index, seq, rtp_ts, marker, csrc, payload });
        }
    }

    fn ask_for_more(&mut self, now: Instant, out: &mut Outcome) {
        let free = self.ears.iter().filter(|ear| ear.is_free(now)).count();
        let total = u16::try_from((self.ears.len() + EARS_STEP).min(EARS_MAX)).unwrap_or(u16::MAX);
        // Without any, the first offer is still on its way and brings its own.
        let can_grow = !self.ears.is_empty() && usize::from(total) > self.ears.len();
        let on_its_way =
            self.asked_for.is_some_and(|(asked, at)| asked >= total && now.saturating_duration_since(at) < ASK_AGAIN);
        if free < EARS_FREE_MIN && can_grow && !on_its_way {
            self.asked_for = Some((total, now));
            out.notables.push(Notable::EarsLow { turret: self.me, total });
        }
    }

    fn tell_unheard(&mut self, lease: Lease, out: &mut Outcome) {
        if self.unheard.iter().any(|unheard| unheard.is_same_talk(&lease)) {
            return;
        }
        let shown = self.unheard.iter().any(|unheard| unheard.line == lease.line);
        self.unheard.push(lease);
        if !shown {
            out.notables.push(Notable::NotHeard { turret: self.me, line: lease.line, on: true });
        }
    }

    fn tell_heard(&mut self, lease: &Lease, out: &mut Outcome) {
        let before = self.unheard.len();
        self.unheard.retain(|unheard| !unheard.is_same_talk(lease));
        if self.unheard.len() < before && self.unheard.iter().all(|unheard| unheard.line != lease.line) {
            out.notables.push(Notable::NotHeard { turret: self.me, line: lease.line, on: false });
        }
    }
}
