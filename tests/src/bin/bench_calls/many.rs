//! A floor file of many desks' worth of turrets: who sits where, and which line is whose.
//!
//! Law: an ordinary line is on one desk, a tenth of all turrets; [`ON_ALL`] alone is on every one.

use dealerboard_model::{LineId, UserId};

/// Desks; each wire is between a desk and the one that is half of them further on.
pub const DESKS: usize = 10;

/// The line that every turret shows: the near end of a wire, whose far end is at the first desk.
pub const ON_ALL: &str = "wire-of-all";

/// Turrets at least: three at each desk have a part in a call.
pub const TURRETS_MIN: usize = 40;

/// A floor of so many turrets.
#[derive(Clone, Copy)]
pub struct Many {
    /// One a user; a multiple of [`DESKS`].
    pub turrets: usize,
}

impl Many {
    /// Turrets of a desk, which sit side by side.
    pub fn a_desk(self) -> usize {
        self.turrets / DESKS
    }

    /// Private wires; each has two lines.
    pub fn wires(self) -> usize {
        self.turrets * 19 / 20
    }

    /// Hoots, each of a single desk; every desk has one at least.
    pub fn hoots(self) -> usize {
        (self.turrets / DESKS).max(DESKS)
    }

    /// Lines that are on one desk.
    pub fn lines(self) -> usize {
        2 * self.wires() + self.hoots()
    }

    /// The turret at a place of a desk.
    pub fn turret(self, desk: usize, place: usize) -> usize {
        (desk % DESKS) * self.a_desk() + place
    }

    /// The desk at the other end of the wires of `desk`.
    pub fn far(desk: usize) -> usize {
        (desk + DESKS / 2) % DESKS
    }

    /// Whether a wire rings as soon as it is seized.
    pub fn rings(wire: usize) -> bool {
        !(wire / DESKS).is_multiple_of(3)
    }

    /// The floor file.
    pub fn file(self) -> String {
        let mut text = String::from("[floor]\nname = \"Many\"\nrecord = \"required\"\n");
        let mut add = |part: String| {
            text.push('\n');
            text.push_str(&part);
        };
        for desk in 0..DESKS {
            add(format!("[[desk]]\nid = \"desk-{desk}\"\nname = \"Desk {desk}\"\n"));
        }
        for turret in 0..self.turrets {
            let (user, desk) = (user(turret), turret / self.a_desk());
            add(format!("[[user]]\nid = \"{user}\"\nname = \"{user}\"\ndesk = \"desk-{desk}\"\nseat = \"{turret}\"\n"));
        }
        for wire in 0..self.wires() {
            let kind = if Self::rings(wire) { "ard" } else { "mrd" };
            let end = |end: &str, line: LineId, desk: usize| {
                format!(
                    "[wire.{end}]\nline = \"{line}\"\nname = \"{line}\"\nnumber = \"{wire}\"\ndesks = [\"desk-{desk}\"]\n"
                )
            };
            let near = end("a", near(wire), wire % DESKS);
            let far = end("b", far(wire), Self::far(wire % DESKS));
            add(format!("[[wire]]\nkind = \"{kind}\"\npriority = \"high\"\n{near}{far}"));
        }
        for number in 0..self.hoots() {
            let (id, desk) = (hoot(number), desk(number % DESKS));
            add(format!("[[hoot]]\nid = \"{id}\"\nname = \"{id}\"\nspeak = {{ desks = [\"{desk}\"] }}\n"));
        }
        let all: Vec<String> = (0..DESKS).map(desk).collect();
        add(format!(
            "[[wire]]\nkind = \"mrd\"\n[wire.a]\nline = \"{ON_ALL}\"\nname = \"All\"\ndesks = {all:?}\n\
             [wire.b]\nline = \"{ON_ALL}-far\"\nname = \"All\"\ndesks = [\"{}\"]\n",
            all[0]
        ));
        for desk in 0..DESKS {
            let own = (desk..self.hoots()).step_by(DESKS).map(|number| hoot(number).0);
            let channels: Vec<String> = own.collect();
            add(format!("[[speakers]]\ndesk = \"desk-{desk}\"\nchannels = {channels:?}\n"));
        }
        text
    }
}

fn desk(number: usize) -> String {
    format!("desk-{number}")
}

/// Who sits at a turret.
pub fn user(turret: usize) -> UserId {
    UserId(format!("user-{turret:04}"))
}

/// The end of a wire where calls are made.
pub fn near(wire: usize) -> LineId {
    LineId(format!("wire-{wire:04}-a"))
}

/// Its other end.
pub fn far(wire: usize) -> LineId {
    LineId(format!("wire-{wire:04}-b"))
}

/// A hoot of one desk.
pub fn hoot(number: usize) -> LineId {
    LineId(format!("hoot-{number:03}"))
}
