//! A turret that its user has left (LOG-4).
//!
//! Law: while it is locked it shows lamps and no names, but that of an open microphone, and takes what lets go; the switch
//! refuses all else as well. It locks at once, whatever the switch says, and unlocks when the switch says so.

use crate::dialling;
use crate::facts::Facts;
use crate::intake::lets_go;
use crate::link::ToLink;
use crate::mics;
use crate::press::{Deed, LocalDeed, refuse};
use crate::project::{Local, TalkKey};
use crate::task::TurretTask;
use crate::view::{Change, HistoryView, Intent, LinkView, LockView, SpeedView, View};
use dealerboard_model::{Lamp, LineId, Position};
use dealerboard_wire::{Act, Credentials, FromTurret};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// What a press at a locked turret is told.
pub const LOCKED: &str = "This turret is locked; release, hold and mute work, for all else type your password.";
const NO_LOCKS: &str = "This switch locks no turret; log off instead.";
const NOT_REACHED: &str = "The switch is not reachable, and only it knows your password; wait until it is back.";

/// What a locked turret calls a line whose name it does not show.
const A_CALL: &str = "A call";

/// Whether somebody is there who does this.
pub fn is_a_touch(intent: &Intent) -> bool {
    !matches!(intent, Intent::FocusLost | Intent::Look)
}

/// What a press on the lock does.
pub fn lock(facts: &Facts) -> Vec<Deed> {
    if facts.takes_locks { vec![Deed::Local(LocalDeed::Lock)] } else { refuse(NO_LOCKS) }
}

/// Whether a locked turret takes an intent: it lets go, is about one's own ears, proves somebody, or is about an emergency call.
#[must_use]
pub fn passes(intent: &Intent, facts: &Facts) -> bool {
    let emergency = |line: &LineId| facts.is_emergency_call(line);
    let at = |position: &Position| facts.line_at(*position).is_some_and(emergency);
    match intent {
        Intent::Volume { .. }
        | Intent::PositionVolume { .. }
        | Intent::ChannelMute { .. }
        | Intent::GroupMute { .. }
        | Intent::Look
        | Intent::StillHere
        | Intent::LogOn { .. }
        | Intent::Unlock { .. }
        | Intent::Trust { .. } => true,
        Intent::Call { to, .. } => dialling::number_of(to, facts).is_ok_and(|number| facts.is_emergency(&number)),
        Intent::Press { line, .. } | Intent::AnswerNext { line, .. } => emergency(line),
        Intent::OpenMic { position } | Intent::Mute { position, on: false } => at(position),
        Intent::Hold { .. }
        | Intent::Release { .. }
        | Intent::ReleaseLine { .. }
        | Intent::Mute { on: true, .. }
        | Intent::CloseAll
        | Intent::FocusLost
        | Intent::Lock
        | Intent::LogOff
        | Intent::Private { .. }
        | Intent::Join { .. }
        | Intent::Unjoin { .. }
        | Intent::Move { .. }
        | Intent::Transfer { .. }
        | Intent::Announce { .. }
        | Intent::Complete { .. }
        | Intent::Cancel { .. }
        | Intent::Override { .. }
        | Intent::Clear { .. }
        | Intent::Service { .. }
        | Intent::Signal { .. }
        | Intent::Talk { .. }
        | Intent::GroupBroadcast { .. }
        | Intent::Broadcast { .. }
        | Intent::BroadcastLine { .. }
        | Intent::WhoHears { .. }
        | Intent::Right { .. }
        | Intent::Select { .. }
        | Intent::Intercom { .. }
        | Intent::IntercomGroup { .. }
        | Intent::IntercomPicked { .. }
        | Intent::TalkBack { .. }
        | Intent::GroupTalk { .. }
        | Intent::Divert { .. }
        | Intent::Redial { .. }
        | Intent::Decline { .. }
        | Intent::Dial { .. }
        | Intent::Dnd { .. }
        | Intent::History { .. }
        | Intent::CallBack { .. }
        | Intent::HideHistory { .. }
        | Intent::PlayMessage { .. }
        | Intent::StopMessage
        | Intent::Solo { .. }
        | Intent::Devices
        | Intent::ChooseDevice { .. } => lets_go(intent),
    }
}

/// What the card of a locked turret shows.
pub fn shown(facts: &Facts) -> LockView {
    let numbers = facts.directory.iter().filter(|it| it.emergency);
    let number = |it: &dealerboard_wire::Number| SpeedView { name: it.name.clone(), number: it.number.clone() };
    LockView { emergency: numbers.map(number).collect() }
}

/// Takes the names away, and what cannot be pressed. What is told now answers who is there: it stays.
pub fn veil(view: &mut View, facts: &Facts, local: &Local) {
    view.header.dial = Default::default();
    (view.header.missed, view.header.may_review) = (0, false);
    let emergency = |line: &LineId| facts.is_emergency_call(line);
    for key in view.keys.iter_mut().filter(|key| !emergency(&key.line)) {
        (key.name, key.number, key.who) = Default::default();
        key.words = words(key.lamp).to_owned();
        (key.diverts, key.diverted) = Default::default();
        (key.can_divert, key.can_override, key.can_clear, key.can_service) = (false, false, false, false);
    }
    for at in view.positions.iter_mut().filter(|at| at.line.as_ref().is_some_and(|line| !emergency(line))) {
        at.name = A_CALL.to_owned();
        at.words.clear();
        (at.joined, at.joinable, at.announcing) = Default::default();
        (at.can_private, at.can_signal, at.can_transfer, at.can_speakers) = (false, false, false, false);
        (at.mic_lapsed, at.dialling) = (false, false);
    }
    for channel in &mut view.channels {
        channel.name.clear();
        channel.words.clear();
    }
    for group in &mut view.channel_groups {
        group.words.clear();
        group.left_out.clear();
    }
    for row in view.incoming.iter_mut().filter(|row| !emergency(&row.line)) {
        row.name = A_CALL.to_owned();
        row.words = words(row.lamp).to_owned();
        row.can_decline = false;
    }
    view.people.clear();
    view.groups.clear();
    view.activity.retain(|row| row.refused && row.n > local.told_before_lock);
    view.activity.iter_mut().for_each(|row| row.line = None);
}

fn words(lamp: Lamp) -> &'static str {
    match lamp {
        Lamp::Stale => "Stale",
        Lamp::OutOfService => "Out of service",
        Lamp::RingingHigh | Lamp::RingingLow => "RINGING",
        Lamp::InUseHere => "In use here",
        Lamp::HeldHere => "Held here",
        Lamp::InUseElsewhere => "In use",
        Lamp::HeldElsewhere => "Held",
        Lamp::Idle => "",
    }
}

impl TurretTask {
    /// Locks the turret: its talks are shut at once, and the switch is told, now or when it is back.
    pub(crate) async fn lock(&mut self) {
        if std::mem::replace(&mut self.facts.locked, true) {
            return;
        }
        self.follow_lock(false);
        let down = self.local.talk.iter().filter(|(_, key)| **key != TalkKey::Refused);
        for line in down.map(|(line, _)| line.clone()).collect::<Vec<_>>() {
            self.act(Act::Talk { line, on: false, latched: false }).await;
        }
        self.shut_several().await;
        if matches!(self.local.link, LinkView::Up { .. }) {
            self.act(Act::Lock).await;
        }
    }

    /// What is told beside the view, when the turret was locked or unlocked.
    pub(crate) fn follow_lock(&mut self, was: bool) {
        match (was, self.facts.locked) {
            (false, true) => {
                self.stop_message();
                self.local.told_before_lock = self.notices;
                self.tell(Change::History(HistoryView { rows: Vec::new(), more: false }));
            }
            (true, false) => {
                self.touched = Instant::now();
                self.tell(Change::History(self.facts.history.view()));
            }
            (true, true) | (false, false) => {}
        }
    }

    /// Tells what names people or lines, while somebody is there to read it.
    pub(crate) fn tell_unlocked(&self, change: Change) {
        if !self.facts.locked {
            self.tell(change);
        }
    }

    /// Asks the switch to unlock this turret.
    pub(crate) async fn unlock(&mut self, password: String) {
        let Some(user) = self.user.clone().filter(|_| self.facts.locked) else { return };
        if !matches!(self.local.link, LinkView::Up { .. }) {
            return self.note(None, NOT_REACHED.to_owned(), true);
        }
        let credentials = Credentials::Password { user, password };
        self.send(ToLink::Send(FromTurret::Unlock { id: Uuid::new_v4(), credentials })).await;
    }

    /// Locks the turret when nobody has touched it for `lock.idle`: not while the microphone of a handset is open or a talk key is
    /// down. True when it does.
    pub(crate) async fn look_for_its_user(&mut self, now: Instant) -> bool {
        let up = matches!(self.local.link, LinkView::Up { .. });
        let idle_ms = self.facts.lock_idle_ms.filter(|_| up && self.facts.takes_locks && !self.facts.locked);
        let Some(idle_ms) = idle_ms else { return false };
        if now.saturating_duration_since(self.touched) < Duration::from_millis(idle_ms) {
            return false;
        }
        let open = mics::open(&self.facts, &self.local);
        if open.iter().any(|gate| gate.position != Position::HandsFree) {
            self.touched = now;
            return false;
        }
        self.lock().await;
        true
    }
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
