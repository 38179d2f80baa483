//! What always holds on the simulated floor, checked after each step.
//!
//! Law: what is shown and what is so are compared when everything is at rest: no message is on its way, and every press has
//! had its time. What must never be is looked for in every step.

use super::World;
use super::floor::Desk;
use super::packet;
use dealerboard_model::{LineId, Mute, Position, TrackId, TurretId, Uplink};
use std::collections::{BTreeMap, BTreeSet};

/// `mic.link_loss`, and how often a turret looks at the time.
const LINK_LOSS_US: u64 = 1_000_000 + 110_000;

/// `talk.orphan`, and how often the switch looks for it.
const ORPHAN_US: u64 = 500_000 + 60_000;

/// After so long nothing follows any more from what was pressed or told: `PENDING` of the turret, and a tail.
const REST_US: u64 = 2_400_000;

/// What was seen so far.
#[derive(Default)]
pub struct Watch {
    /// When an uplink was heard last, or first routed.
    heard_us: BTreeMap<(TurretId, Uplink), u64>,
    /// When what was recorded last on a track was captured.
    recorded_us: BTreeMap<TrackId, u64>,
    /// Since when all is at rest.
    rest_since_us: u64,
}

impl Watch {
    /// A packet has come.
    pub fn came(&mut self, turret: TurretId, uplink: Uplink, now_us: u64) {
        self.heard_us.insert((turret, uplink), now_us);
    }

    /// Something was done: what follows from it has its time.
    pub fn disturb(&mut self, now_us: u64) {
        self.rest_since_us = now_us;
    }

    /// The switch has begun anew.
    pub fn forget(&mut self, now_us: u64) {
        *self = Self { rest_since_us: now_us, ..Self::default() };
    }
}

impl World {
    pub(super) fn check(&mut self) {
        let now_us = self.switch.now.mono_us;
        self.no_stale_turret_has_an_open_microphone(now_us);
        self.no_talk_outlives_its_media(now_us);
        self.nobody_hears_themselves();
        self.no_word_is_lost();
        let busy = self.seats.iter().any(|seat| seat.busy_us == now_us || !seat.is_up());
        if busy || !self.switch.told.is_empty() {
            self.watch.rest_since_us = now_us;
        } else if now_us - self.watch.rest_since_us >= REST_US {
            self.what_is_shown_is_so();
        }
    }

    /// I8.
    fn no_stale_turret_has_an_open_microphone(&mut self, now_us: u64) {
        for seat in &self.seats {
            if seat.stale_us.is_some_and(|since| now_us - since > LINK_LOSS_US) {
                assert!(seat.open(false).is_empty(), "I8 {} has {:?} open", seat.user, seat.open(false));
                *self.counts.entry("I8").or_default() += 1;
            }
        }
    }

    /// I7: of talks; the microphone of a call may be lost for longer.
    fn no_talk_outlives_its_media(&mut self, now_us: u64) {
        let routed: BTreeSet<(TurretId, Uplink)> = self.switch.routes.keys().copied().collect();
        self.watch.heard_us.retain(|of, _| routed.contains(of));
        for of in routed {
            let since = *self.watch.heard_us.entry(of).or_insert(now_us);
            let talks = self.switch.exchange.mics(of.0).into_iter().filter(|mic| {
                mic.uplink == of.1
                    && mic.position == Position::Speakers
                    && now_us - mic.since.mono_us.min(now_us) > ORPHAN_US
            });
            let talks: Vec<LineId> = talks.map(|mic| mic.line).collect();
            assert!(talks.is_empty() || now_us - since <= ORPHAN_US, "I7 {of:?} on {talks:?} for {}", now_us - since);
            if !talks.is_empty() {
                *self.counts.entry("I7").or_default() += 1;
            }
        }
    }

    /// I38.
    fn nobody_hears_themselves(&mut self) {
        let floor = Desk::muted_floor();
        for packet in std::mem::take(&mut self.switch.sent.ears) {
            let talker = TurretId(packet.csrc[1]);
            assert_ne!(packet.hearer, talker, "I38");
            let (Some(line), Some(hears), Some(talks)) =
                (self.switch.line_of(packet.csrc[0]), self.switch.seat_of(packet.hearer), self.switch.seat_of(talker))
            else {
                continue;
            };
            *self.counts.entry("I38").or_default() += 1;
            let Some(status) = self.switch.exchange.status(line) else { continue };
            let by_handset = status
                .parties
                .iter()
                .any(|party| party.turret == packet.hearer && party.position != Position::Speakers);
            let beside = floor.neighbours.get(hears).is_some_and(|beside| beside.contains(talks));
            assert!(by_handset || !beside || status.mute != Mute::Local, "I38 {hears} plays {talks} on {line}");
        }
    }

    /// I46.
    fn no_word_is_lost(&mut self) {
        let now_us = self.switch.now.mono_us;
        for sent in std::mem::take(&mut self.switch.sent.tracks) {
            let captured_us = packet::captured_us(&sent.payload);
            let last_us = self.watch.recorded_us.insert(sent.track, captured_us).unwrap_or(captured_us);
            let Some((line, who)) = self.switch.tracks.get(&sent.track) else { continue };
            let excused = self.seats.iter().any(|seat| seat.user == *who && now_us < seat.excused_us);
            assert!(
                excused || captured_us <= last_us + packet::LENGTH_US,
                "I46 {who} on {line}: {} ms are missing",
                (captured_us - last_us.min(captured_us)) / 1_000
            );
            if !excused {
                *self.counts.entry("I46").or_default() += 1;
            }
        }
        let open = &self.switch.tracks;
        self.watch.recorded_us.retain(|track, _| open.contains_key(track));
    }

    /// I3, I44.
    fn what_is_shown_is_so(&mut self) {
        self.count("I3, I44");
        let mut shown = BTreeSet::new();
        for seat in &self.seats {
            let Some(turret) = seat.id else { continue };
            let speaks = seat.open(true);
            let header = seat.header();
            let uplinks: BTreeSet<Uplink> = header.iter().map(|(uplink, _)| *uplink).collect();
            assert_eq!(uplinks, speaks, "I3 {} shows {header:?}", seat.user);
            // What its user muted here sends silence, so that the switch knows that it is there.
            shown.extend(seat.open(false).into_iter().map(|uplink| (turret, uplink)));
            let mics = self.switch.exchange.mics(turret);
            for (uplink, line) in &header {
                let fed =
                    |line: &LineId| mics.iter().any(|mic| mic.uplink == *uplink && mic.line == *line && !mic.muted);
                assert!(line.as_ref().is_some_and(fed), "I3 {} shows {uplink:?} {line:?}, fed are {mics:?}", seat.user);
            }
            for mic in mics.iter().filter(|mic| !mic.muted && speaks.contains(&mic.uplink)) {
                let named = header.iter().any(|(uplink, line)| {
                    *uplink == mic.uplink && line.as_ref().is_some_and(|line| self.is_one(turret, line, &mic.line))
                });
                // One key may cover a line that had a talk of its own before, and is no part of the switch's broadcast.
                let talks = mics.iter().filter(|mic| mic.position == Position::Speakers).count();
                let counted = mic.position == Position::Speakers && seat.lines_of_one_key() == talks;
                assert!(named || counted, "I3 {} feeds {} and shows {header:?}, of {mics:?}", seat.user, mic.line);
            }
        }
        // What its user shut for an act that was then refused stays shut: it is routed, and nothing comes.
        let shut: BTreeSet<TurretId> =
            self.seats.iter().filter(|seat| seat.refused).filter_map(|seat| seat.id).collect();
        let mut routed: BTreeSet<(TurretId, Uplink)> = self.switch.routes.keys().copied().collect();
        routed.retain(|of| shown.contains(of) || !shut.contains(&of.0));
        assert_eq!(shown, routed, "I44");
    }

    /// Two lines are shown as one microphone: they are joined, or talked to by one key.
    fn is_one(&self, turret: TurretId, one: &LineId, other: &LineId) -> bool {
        let joined = self.switch.exchange.status(one).and_then(|status| status.conference);
        let joined = joined.is_some_and(|it| it.lines.iter().any(|joined| joined.line == *other));
        let several = self.switch.exchange.broadcast(turret);
        let several =
            several.is_some_and(|it| [one, other].iter().all(|line| it.lines.iter().any(|at| at.line == **line)));
        one == other || joined || several
    }
}
