//! What is done on the simulated floor: what users press, and what goes wrong.

use super::World;
use super::seat::Seat;
use anyhow::Result;
use dealerboard_model::{GroupId, LineId, Position, TransferTo, UserId};
use dealerboard_turret::view::Intent;

/// The first six are what the first seeds play on.
const LINES: [&str; 9] = ["ard-a", "ard-b", "mrd-a", "mrd-b", "hoot", "shout", "dial", "ext-4001.1", "ext-5001.1"];

/// What can be dialled on this floor.
const NUMBERS: [&str; 5] = ["4001", "4002", "5001", "40#", "4711"];

/// Seeds from here on also dial, transfer, call groups, and have hoots at handsets.
pub(super) const WIDE: u64 = 10_000;

/// How long everything rests now and then, so that what is shown can be compared with what is so.
const REST_US: u64 = 3_200_000;

/// How long a gap in somebody's voice is owed to what they have just done.
const EXCUSED_US: u64 = 3_000_000;

impl World {
    /// Now and then somebody does something, or something goes wrong.
    pub(super) fn do_something(&mut self, now_us: u64) -> Result<()> {
        if now_us < self.rest_until_us || self.random.u8(..24) != 0 {
            return Ok(());
        }
        let at = self.random.usize(..self.seats.len());
        match self.random.u8(..100) {
            0..=3 => self.rest_until_us = now_us + REST_US,
            4 => self.cut(at),
            5 => self.seats[at].cut = false,
            6..=8 => {
                (0..self.seats.len()).for_each(|seat| (self.seats[seat].cut, self.seats[seat].deaf) = (false, false))
            }
            9 if self.random.bool() => {
                self.did("a connection breaks", at);
                self.seats[at].close(&mut self.switch);
            }
            10 if self.random.u8(..4) == 0 => self.deafen(at, now_us),
            11 if self.random.u8(..6) == 0 => self.restart_turret(at)?,
            12 if self.random.u8(..8) == 0 => self.restart_switch(now_us),
            _ => self.press(at, now_us),
        }
        Ok(())
    }

    fn did(&mut self, what: &'static str, at: usize) {
        self.watch.disturb(self.switch.now.mono_us);
        self.count(what);
        self.done.push(format!("{} {what} {}", self.switch.now.mono_us / 1_000, SEATS_NAMES[at]));
    }

    fn cut(&mut self, at: usize) {
        self.did("a network is cut", at);
        self.seats[at].cut = true;
        self.seats[at].excused_us = u64::MAX;
    }

    /// Its packets do not come through, though its messages do.
    fn deafen(&mut self, at: usize, now_us: u64) {
        self.did("packets are lost", at);
        self.seats[at].deaf = true;
        self.seats[at].excused_us = now_us + 60_000_000;
    }

    fn restart_turret(&mut self, at: usize) -> Result<()> {
        self.did("a turret restarts", at);
        let old = &mut self.seats[at];
        old.close(&mut self.switch);
        let (user, place) = super::SEATS[at];
        let delay_us = old.delay_us;
        self.seats[at] = Seat::start(UserId::from(user), place, delay_us)?;
        self.seats[at].excused_us = u64::MAX;
        Ok(())
    }

    fn restart_switch(&mut self, now_us: u64) {
        self.did("the switch restarts", 0);
        self.switch.restart();
        self.air.clear();
        self.watch.forget(now_us);
        for seat in &mut self.seats {
            seat.close(&mut self.switch);
            seat.excused_us = now_us + 10_000_000;
        }
    }

    fn press(&mut self, at: usize, now_us: u64) {
        let random = &mut self.random;
        let (lines, deeds) = if self.wide { (LINES.len(), 60) } else { (6, 40) };
        let line = LineId::from(LINES[random.usize(..lines)]);
        let position = Seat::POSITIONS[random.usize(..3)];
        let on = random.bool();
        let user = UserId(format!("u{}", random.u8(1..6)));
        let view = self.seats[at].turret.view();
        let mine: Vec<_> = view.header.mics.iter().filter_map(|mic| mic.line.clone()).collect();
        let here = mine.get(random.usize(..mine.len().max(1))).cloned().unwrap_or_else(|| line.clone());
        let moves = [Position::Left, Position::Right, Position::HandsFree, Position::Speakers];
        let (what, intent) = match random.u8(..deeds) {
            0..=9 => ("press", Intent::Press { line, call: None, lamp: None, position: Some(position) }),
            10..=15 => ("move", Intent::Move { line: here, call: None, position: moves[random.usize(..4)] }),
            16..=18 => ("hold", Intent::Hold { position, exclusive: random.u8(..4) == 0 }),
            19..=20 => ("release", Intent::Release { position }),
            21..=26 => ("talk", Intent::Talk { line, on, latched: random.bool() }),
            27 => ("mute", Intent::Mute { position, on }),
            28..=29 => ("intercom", Intent::Intercom { user, lamp: None }),
            30..=31 => ("talk back", Intent::TalkBack { user, on, latched: random.bool() }),
            32 => ("open", Intent::OpenMic { position }),
            33 => ("close all", Intent::CloseAll),
            34 => ("private", Intent::Private { position, on }),
            35 => ("signal", Intent::Signal { line, on }),
            36..=37 => {
                let lines = vec![line, LineId::from("hoot"), LineId::from("shout")];
                ("broadcast", Intent::Broadcast { lines, on, latched: random.bool() })
            }
            40..=43 => {
                let hoot = LineId::from(LINES[random.usize(4..6)]);
                ("hoot at a handset", Intent::Move { line: hoot, call: None, position: moves[random.usize(..4)] })
            }
            44..=45 => ("group", Intent::IntercomGroup { group: GroupId::from("everybody"), lamp: None }),
            46 => ("group talk", Intent::GroupTalk { group: GroupId::from("everybody"), on, latched: random.bool() }),
            47..=49 => {
                let to = NUMBERS[random.usize(..NUMBERS.len())].to_owned();
                ("call", Intent::Call { to, line: None, position: Some(position) })
            }
            50..=51 => ("transfer", Intent::Transfer { position, to: TransferTo::User(user) }),
            52..=54 => ("announce", Intent::Announce { position, to: user }),
            55..=56 => ("complete", Intent::Complete { position }),
            57 => ("cancel", Intent::Cancel { position }),
            58 => ("do not disturb", Intent::Dnd { on }),
            59 => ("unjoin", Intent::Unjoin { line: here }),
            _ => {
                let held = self.switch.exchange.status(&line).and_then(|status| status.call);
                let Some(call) = held else { return };
                self.seats.iter_mut().for_each(|seat| seat.excused_us = seat.excused_us.max(now_us + EXCUSED_US));
                ("join", Intent::Join { position, line, call })
            }
        };
        self.did(what, at);
        if let Some(done) = self.done.last_mut() {
            done.push_str(&format!(" {intent:?}"));
        }
        let user = self.seats[at].user.clone();
        if what != "move" {
            let until_us = now_us + EXCUSED_US;
            let theirs = self.seats.iter_mut().filter(|seat| seat.user == user);
            theirs.for_each(|seat| seat.excused_us = seat.excused_us.max(until_us));
        }
        self.seats[at].turret.intent(intent);
    }
}

const SEATS_NAMES: [&str; 6] = ["A1", "A2", "A3", "B1", "B2", "A1 too"];
