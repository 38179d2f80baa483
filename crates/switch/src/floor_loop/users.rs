//! What an operator does to users while the switch runs: they are added, moved, removed, and get new passwords.
//!
//! Law: a session lasts no longer than the password that proved it.

use super::FloorLoop;
use crate::accounts::Account;
use crate::floor::build;
use crate::panel::Panels;
use dealerboard_call_control::Input;
use dealerboard_model::TurretId;
use dealerboard_wire::{Event, close};

/// What somebody is told whose log-on an operator has ended.
pub const NO_LONGER: &str = "Your password was changed or your user removed; log on again, or ask the administrator.";

impl FloorLoop {
    /// Users or passwords have changed: sessions that were proved by an old one end, at once, and all others are shown the
    /// floor as it is now.
    pub(super) fn users_have_changed(&mut self) {
        let over = self.sessions.iter().filter(|(_, seat)| !self.accounts.holds(&seat.proved));
        let over: Vec<TurretId> = over.map(|(turret, _)| turret).collect();
        for turret in over {
            if let Some(seat) = self.sessions.get(turret) {
                seat.outbox.end(close::NOT_LOGGED_ON, Some(NO_LONGER.to_owned()));
            }
            self.end(turret, "its password was changed or its user removed");
        }
        // One of a desk that this floor does not have was told of when the switch started, or is when they log on.
        let of_floor = |account: &Account| self.floor.desks.iter().any(|desk| desk.id.value == account.desk);
        let added: Vec<Account> = self.accounts.added().into_iter().filter(of_floor).collect();
        self.know(&added);
    }

    /// Takes in users who were added, or changed, after the switch started. Labels of lines stay: they go by the order of
    /// lines in the file.
    pub(super) fn know(&mut self, accounts: &[Account]) {
        let mut changed = false;
        for account in accounts.iter().filter(|account| self.floor.with_user(account.as_floor_user())) {
            self.sessions.know(account);
            super::log::rights(account);
            changed = true;
        }
        if !changed {
            return;
        }
        self.panels = Panels::new(&self.floor);
        self.entries.know(&self.floor);
        // The numbers of a floor that is only looked at are of no meaning.
        self.input(Input::Users(Box::new(build(&self.floor, [1, 1, 1]))));
        // Lines may have come and gone on any panel: lamps that were not told of before are only right in a whole picture.
        for (turret, seat) in self.sessions.iter().filter(|(_, seat)| !seat.lost) {
            if let Some(snapshot) = self.snapshot(turret) {
                seat.outbox.event(Event::Snapshot(Box::new(snapshot)));
            }
        }
    }
}
