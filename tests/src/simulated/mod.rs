//! A floor of real turrets and a real switch without a socket, a sound card or a clock: time is tokio's, stopped and moved on by
//! [`World::step`]; messages and packets travel with a delay, links break and come back, turrets and the switch restart.
//!
//! Law: a run is its seed. What is checked after each step stands in `holds.rs`; what users do in `deeds.rs`.

mod deeds;
#[path = "../../../crates/call-control/tests/floor/mod.rs"]
mod floor;
mod holds;
mod packet;
mod seat;
mod switch;

use anyhow::Result;
use dealerboard_model::{TurretId, Uplink, UserId};
use dealerboard_rtc::switch::forward::UplinkPacket;
use holds::Watch;
use seat::Seat;
use std::collections::BTreeMap;
use std::time::Duration;
use switch::Switch;

/// How far time goes in one step.
const STEP_US: u64 = 5_000;

/// How often lost talks are looked for.
const LOOK_US: u64 = 50_000;

/// Who sits where: two seats are of one user.
const SEATS: [(&str, &str); 6] =
    [("u1", "seat-1"), ("u2", "seat-2"), ("u3", "seat-3"), ("u4", "seat-4"), ("u5", "seat-5"), ("u1", "seat-7")];

/// A simulated floor.
pub struct World {
    switch: Switch,
    seats: Vec<Seat>,
    connections: u64,
    /// Packets on their way, by when they come.
    air: BTreeMap<(u64, u64), (TurretId, Uplink, UplinkPacket)>,
    packets: u64,
    random: fastrand::Rng,
    watch: Watch,
    /// Nothing is done before: everything comes to rest.
    rest_until_us: u64,
    /// More is played than the first seeds did.
    wide: bool,
    /// What was done, the last of it last.
    pub done: Vec<String>,
    /// How often each kind of thing was done or was seen to hold.
    pub counts: BTreeMap<&'static str, u64>,
}

impl World {
    /// A floor of a seed, in a runtime whose time stands still.
    ///
    /// # Errors
    /// A turret cannot be started.
    pub fn new(seed: u64) -> Result<Self> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut seats = Vec::new();
        for (user, place) in SEATS {
            seats.push(Seat::start(UserId::from(user), place, random.u64(1_000..40_000))?);
        }
        Ok(Self {
            switch: Switch::new(),
            seats,
            connections: 0,
            air: BTreeMap::new(),
            packets: 0,
            random,
            watch: Watch::default(),
            rest_until_us: 0,
            wide: seed >= deeds::WIDE,
            done: Vec::new(),
            counts: BTreeMap::new(),
        })
    }

    /// Time goes on; what is due happens, something is done now and then, and all that always holds is checked.
    ///
    /// # Errors
    /// A turret cannot be started again.
    ///
    /// # Panics
    /// Something does not hold.
    pub async fn step(&mut self) -> Result<()> {
        tokio::time::sleep(Duration::from_micros(STEP_US)).await;
        self.switch.now.mono_us += STEP_US;
        self.switch.now.utc_ms = i64::try_from(self.switch.now.mono_us / 1_000).unwrap_or(i64::MAX);
        let now_us = self.switch.now.mono_us;
        for seat in &mut self.seats {
            seat.work(&mut self.switch, &mut self.connections);
        }
        self.speak(now_us);
        self.carry(now_us);
        self.switch.time_passes(now_us.is_multiple_of(LOOK_US));
        self.do_something(now_us)?;
        for (connection, message) in std::mem::take(&mut self.switch.told) {
            let _ = self.seats.iter_mut().any(|seat| seat.post(now_us, connection, &message));
        }
        self.check();
        Ok(())
    }

    /// How much time has passed on the floor's clock.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.switch.now.mono_us / 1_000
    }

    /// Every open microphone makes a packet each 20 ms.
    fn speak(&mut self, now_us: u64) {
        if !now_us.is_multiple_of(packet::LENGTH_US) {
            return;
        }
        let base = self.switch.instant();
        for seat in &mut self.seats {
            for (uplink, packet) in seat.capture(now_us, base) {
                let Some(turret) = seat.id.filter(|_| !seat.cut && !seat.deaf) else { continue };
                self.packets += 1;
                self.air.insert((now_us + seat.delay_us, self.packets), (turret, uplink, packet));
            }
        }
    }

    fn carry(&mut self, now_us: u64) {
        while let Some(first) = self.air.first_entry().filter(|entry| entry.key().0 <= now_us) {
            let (turret, uplink, packet) = first.remove();
            self.watch.came(turret, uplink, now_us);
            self.switch.packet(turret, uplink, packet);
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
}
