//! What the user does: intents become commands to the switch, or changes of this turret alone.
//!
//! Law: a press opens its gate before the switch is asked, and letting go shuts it before the switch has answered.

use crate::calling::Whom;
use crate::link::ToLink;
use crate::lock;
use crate::mics::{self, PENDING, Pending};
use crate::press::{Deed, LocalDeed, deeds};
use crate::project::{TalkKey, project};
use crate::task::TurretTask;
use crate::turret::Input;
use crate::view::{Change, Intent, LinkView};
use dealerboard_media::PlaybackControl;
use dealerboard_model::{LineId, Position};
use dealerboard_wire::{Act, FromTurret};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

impl TurretTask {
    pub(crate) async fn intend(&mut self, intent: Intent) {
        if let Intent::LogOn { user, password, switch } = intent {
            if self.user.replace(user.clone()) != Some(user.clone()) {
                self.keyed.forget();
            }
            self.leave_session();
            self.local.link = LinkView::Connecting;
            self.send(ToLink::LogOn { era: self.era, user, password, switch }).await;
            return;
        }
        if let Intent::Trust { fingerprint } = &intent {
            match fingerprint.parse() {
                Ok(fingerprint) => self.send(ToLink::Trust(fingerprint)).await,
                Err(sentence) => self.note(None, sentence, true),
            }
            return;
        }
        if lock::is_a_touch(&intent) {
            self.touched = Instant::now();
        }
        if let Intent::Unlock { password } = intent {
            return self.unlock(password).await;
        }
        for deed in deeds(&intent, &self.facts, &self.local) {
            match deed {
                Deed::Act(Act::Talk { line, on: false, .. }) => self.key_up(line).await,
                Deed::Act(Act::Broadcast { lines, on: false, .. }) => self.several_up(lines).await,
                Deed::Act(act) => self.act(act).await,
                Deed::Local(deed) => self.locally(deed).await,
                Deed::Refuse(sentence) => self.note(line_of(&intent), sentence, true),
            }
        }
    }

    /// A key of several lines talks to this one no more; the line's own talk key may.
    fn shut_talk(&mut self, line: &LineId, id: Uuid) {
        if !self.local.talks_to(line) {
            self.local.mics.shut(&self.facts, line, true, id);
        }
    }

    /// A hoot that goes to another microphone, or is put down, is not talked into any more by the one it had.
    fn end_hoots_talk(&mut self, line: &LineId, id: Uuid) {
        if self.facts.is_hoot(line) && self.local.talk.remove(line).is_some() {
            self.local.mics.shut(&self.facts, line, true, id);
            self.tails.remove(line);
        }
    }

    /// A talk key is let go: its tail goes out first.
    async fn key_up(&mut self, line: LineId) {
        let open = matches!(self.local.talk.get(&line), Some(TalkKey::Held | TalkKey::Latched));
        if !open || !matches!(self.local.link, LinkView::Up { .. }) {
            return self.act(Act::Talk { line, on: false, latched: false }).await;
        }
        if self.tails.contains_key(&line) {
            return;
        }
        self.presses += 1;
        let press = self.presses;
        self.tails.insert(line.clone(), press);
        let (told, tail) = (self.inputs.clone(), Duration::from_millis(self.facts.talk_tail_ms));
        tokio::spawn(async move {
            tokio::time::sleep(tail).await;
            // A turret that has stopped has no talk.
            let Some(told) = told.upgrade() else { return };
            let _ = told.send(Input::TailOver(line, press)).await;
        });
    }

    /// The tail is out: the talk is shut here, and the switch is told.
    pub(crate) async fn tail_over(&mut self, line: LineId, press: u64) {
        if self.tails.get(&line) == Some(&press) {
            self.act(Act::Talk { line, on: false, latched: false }).await;
        }
    }

    pub(crate) async fn act(&mut self, act: Act) {
        let id = Uuid::new_v4();
        self.end_fail_tone();
        if let Act::Broadcast { lines, on: true, .. } = &act {
            lines.iter().for_each(|line| self.local.mics.press(id, self.talk_pending(line)));
        }
        let expected = self.expected_mic(&act);
        if let Some(Pending { line: Some(line), uplink, position, .. }) = &expected
            && *position != Position::Speakers
        {
            self.local.mics.open_joined(&self.facts, line, *uplink);
        }
        match (expected, &act) {
            (Some(pending), Act::Move { line, position, .. }) => {
                self.goes_on = Some(pending.uplink);
                self.local.mics.press_to_move(id, pending);
                // A mute goes with its call.
                let was = self.facts.position_of(line).filter(|was| *was != Position::Speakers);
                if was.is_some_and(|was| self.local.muted.contains(was)) {
                    self.local.muted.mute(*position, &self.facts, &self.local.mics);
                }
            }
            (Some(pending), Act::TakeOver { .. }) => {
                self.goes_on = Some(pending.uplink);
                self.local.mics.press(id, pending);
            }
            (Some(pending), _) => self.local.mics.press(id, pending),
            (None, _) => {}
        }
        if let Act::Release { line } | Act::Seize { line, .. } | Act::Move { line, .. } = &act {
            self.end_hoots_talk(line, id);
        }
        match &act {
            Act::Talk { line, on: true, latched } => {
                if !matches!(self.local.talk.get(line), Some(TalkKey::Held | TalkKey::Latched)) {
                    self.blocked.remove(line);
                }
                self.tails.remove(line);
                self.refused_until.remove(line);
                // One line's own key answers that line alone.
                self.local.several.give_way(id);
                self.local.talk.insert(line.clone(), if *latched { TalkKey::Latched } else { TalkKey::Held });
            }
            Act::Talk { line, on: false, .. } => {
                self.local.mics.shut(&self.facts, line, true, id);
                self.tails.remove(line);
                self.refused_until.remove(line);
                self.local.talk.remove(line);
            }
            Act::Broadcast { lines, on: true, latched } => self.local.several.press(id, lines, *latched),
            Act::Broadcast { lines, on: false, .. } => {
                let meant = self.local.several.let_go(lines);
                meant.iter().for_each(|line| self.shut_talk(line, id));
            }
            Act::BroadcastLine { line, on } => {
                if *on {
                    self.local.several.add(line);
                } else {
                    self.local.several.drop_line(line, &self.facts);
                    self.shut_talk(line, id);
                }
            }
            Act::Hold { line, .. }
            | Act::Announce { line, .. }
            | Act::Release { line }
            | Act::TalkBack { line, on: false, .. } => {
                self.local.mics.shut(&self.facts, line, false, id);
            }
            // What is said now is meant for neither: the call is given on, or the intercom ends.
            Act::Complete { line } | Act::Cancel { line } => {
                let status = self.facts.statuses.get(line);
                if let Some(with) = status.and_then(|it| it.announced.as_ref()).map(|announced| announced.with.clone())
                {
                    self.local.mics.shut(&self.facts, &with, false, id);
                }
            }
            Act::Seize { line, .. }
            | Act::Answer { line, .. }
            | Act::Bridge { line, .. }
            | Act::Resume { line, .. }
            | Act::TakeOver { line, .. }
            | Act::Override { line, .. } => {
                self.local.pressed.insert(line.clone());
            }
            Act::Intercom { user, position } => {
                self.local.calls.ask(id, Whom::Person(user.clone()), *position, Instant::now() + PENDING);
            }
            Act::IntercomGroup { group, position } => {
                self.local.calls.ask(id, Whom::Group(group.clone()), *position, Instant::now() + PENDING);
            }
            Act::IntercomPicked { position, .. } => {
                self.local.calls.ask(id, Whom::Picked, *position, Instant::now() + PENDING);
            }
            Act::Call { line, position, .. } => {
                self.local.pressed.extend(line.clone());
                self.local.dialling.ask(id, *position);
            }
            Act::Signal { .. }
            | Act::Divert { .. }
            | Act::Dial { .. }
            | Act::Lock
            | Act::OpenMic { .. }
            | Act::TalkBack { .. }
            | Act::Dnd { .. }
            | Act::HideHistory { .. }
            | Act::Right { .. }
            | Act::WhoHears { .. }
            | Act::Private { .. }
            | Act::Join { .. }
            | Act::Unjoin { .. }
            | Act::Move { .. }
            | Act::Transfer { .. }
            | Act::Clear { .. }
            | Act::Service { .. } => {}
        }
        self.asked.insert(id, act.clone());
        // The gate moves before the switch is asked: no syllable waits for an answer, and none goes out after a release.
        self.follow();
        self.send(ToLink::Command { id, act, pressed: Instant::now() }).await;
    }

    /// The microphone that an act will open, if it is accepted.
    fn expected_mic(&self, act: &Act) -> Option<Pending> {
        let (line, position) = match act {
            // The switch opens its microphone, or its talk key does.
            Act::Seize { line, .. } if self.facts.is_hoot(line) => return None,
            Act::Talk { line, on: true, .. } => {
                let uplink = self.facts.talks_at(line).uplink();
                return Some(Pending { uplink, ..self.talk_pending(line) });
            }
            Act::Seize { line, position, .. }
            | Act::Answer { line, position, .. }
            | Act::Bridge { line, position, .. }
            | Act::Resume { line, position, .. }
            | Act::TakeOver { line, position, .. } => (Some(line.clone()), *position),
            Act::Move { line, position, .. } if *position != Position::Speakers && self.will_talk(line) => {
                (Some(line.clone()), *position)
            }
            Act::BroadcastLine { line, on: true } => (Some(line.clone()), Position::Speakers),
            Act::Call { line, position, .. } => (line.clone(), *position),
            Act::OpenMic { line } => (Some(line.clone()), self.facts.position_of(line)?),
            Act::TalkBack { line, on: true, .. } => {
                (Some(line.clone()), self.facts.position_of(line).unwrap_or(Position::HandsFree))
            }
            Act::Cancel { line } => {
                let with = self.facts.statuses.get(line)?.announced.as_ref()?.with.clone();
                (Some(line.clone()), self.facts.position_of(line).or(self.facts.position_of(&with))?)
            }
            // Who talks by a held key has opened nothing yet.
            Act::Intercom { position, .. }
            | Act::IntercomGroup { position, .. }
            | Act::IntercomPicked { position, .. }
                if self.facts.intercom_latches =>
            {
                (None, *position)
            }
            Act::Talk { .. }
            | Act::Intercom { .. }
            | Act::IntercomGroup { .. }
            | Act::IntercomPicked { .. }
            | Act::TalkBack { .. }
            | Act::Hold { .. }
            | Act::Release { .. }
            | Act::Signal { .. }
            | Act::Right { .. }
            | Act::WhoHears { .. }
            | Act::Broadcast { .. }
            | Act::BroadcastLine { .. }
            | Act::Private { .. }
            | Act::Join { .. }
            | Act::Unjoin { .. }
            | Act::Move { .. }
            | Act::Transfer { .. }
            | Act::Announce { .. }
            | Act::Complete { .. }
            | Act::Override { .. }
            | Act::Clear { .. }
            | Act::HideHistory { .. }
            | Act::Service { .. }
            | Act::Divert { .. }
            | Act::Dial { .. }
            | Act::Lock
            | Act::Dnd { .. } => return None,
        };
        let (since_utc_ms, until) = (self.switch_utc_ms(), Instant::now() + PENDING);
        Some(Pending { line, uplink: position.uplink(), position, since_utc_ms, until })
    }

    /// The talk that a press asks for on `line`.
    fn talk_pending(&self, line: &LineId) -> Pending {
        let (since_utc_ms, until, position) = (self.switch_utc_ms(), Instant::now() + PENDING, Position::Speakers);
        Pending { line: Some(line.clone()), uplink: position.uplink(), position, since_utc_ms, until }
    }

    /// A call on `line` is spoken where it goes: its microphone is open, or it comes from the speakers.
    fn will_talk(&self, line: &LineId) -> bool {
        let shown = mics::shown(&self.facts, &self.local);
        let open = shown.iter().any(|(mic, at)| mic.line == *line && *at != Position::Speakers);
        open || self.facts.position_of(line) == Some(Position::Speakers)
    }

    /// Intercoms that were taken back end as soon as their lines are known.
    pub(crate) async fn release_taken_back(&mut self) {
        for line in self.local.calls.due(&self.facts) {
            self.local.mics.keep_shut(&line, Instant::now());
            self.act(Act::Release { line }).await;
        }
    }

    async fn locally(&mut self, deed: LocalDeed) {
        match deed {
            LocalDeed::Select(position) => self.local.selected = Some(position),
            LocalDeed::Mute { position, on: true } => {
                self.local.muted.mute(position, &self.facts, &self.local.mics);
                // One microphone serves hands-free and the talk keys.
                if matches!(position, Position::HandsFree | Position::Speakers) {
                    self.local.mics.shut_talks(&self.facts, Instant::now());
                }
            }
            LocalDeed::Mute { position, on: false } => {
                self.local.muted.end(position);
                if let Some(line) = self.facts.line_at(position) {
                    self.local.mics.reopen(&self.facts, line, position.uplink());
                }
            }
            LocalDeed::Volume { line, volume } => {
                self.local.channels.entry(line).or_default().volume = volume.clamp(0.0, 1.0);
            }
            LocalDeed::PositionVolume { position, volume } => {
                let volume = volume.clamp(0.0, 1.0);
                self.local.volumes.insert(position, volume);
                self.voice.control(position, PlaybackControl::Master(volume));
            }
            LocalDeed::ChannelMute { line, on } => self.local.channels.entry(line).or_default().muted = on,
            LocalDeed::Solo { line, on } => self.local.channels.entry(line).or_default().solo = on,
            LocalDeed::NextPrivate { position, on: true } => {
                self.local.next_private.insert(position);
            }
            LocalDeed::NextPrivate { position, on: false } => {
                self.local.next_private.remove(&position);
            }
            LocalDeed::TakeBack(id) => {
                self.local.mics.give_up(id);
                self.local.calls.take_back(id);
                self.release_taken_back().await;
            }
            LocalDeed::Digits(digits) => self.more_digits(&digits),
            LocalDeed::CloseAll => self.local.mics.shut_talks(&self.facts, Instant::now()),
            LocalDeed::Lock => self.lock().await,
            LocalDeed::LogOff => {
                self.keyed.forget();
                self.user = None;
                self.leave_session();
                self.local.link = LinkView::LoggedOff;
                self.send(ToLink::LogOff { era: self.era }).await;
            }
            LocalDeed::PlayMessage { entry, position, from_ms } => self.play_message(entry, position, from_ms),
            LocalDeed::StopMessage => self.stop_message(),
            LocalDeed::History { older } => self.list_history(older).await,
            LocalDeed::Devices => self.list_devices(),
            LocalDeed::ChooseDevice { position, part, device } => self.choose_device(position, part, device),
            LocalDeed::Look => self.tell(Change::View(Box::new(project(&self.facts, &self.local)))),
        }
    }

    /// Shows the history, which its user has seen then; what is older comes when the switch has answered.
    async fn list_history(&mut self, older: bool) {
        self.facts.history.see();
        self.tell(Change::History(self.facts.history.view()));
        let up = matches!(self.local.link, LinkView::Up { .. });
        if let Some(before) = self.facts.history.oldest().filter(|_| older && up) {
            self.tell_switch(FromTurret::History { before: Some(before) }).await;
        }
    }

    /// The session is over: every microphone is shut, nothing is known, and what the link still says of it is not heard.
    fn leave_session(&mut self) {
        self.era += 1;
        self.stop_message();
        self.facts = Default::default();
        self.local.mics.forget();
        self.local.muted.forget();
        self.local.next_private.clear();
        // What happened to one user is not shown to the next.
        self.local.activity.clear();
        self.local.calls.forget();
        (self.local.dialling, self.local.last_dialled) = Default::default();
        self.end_fail_tone();
        self.plugged.lose();
        self.local.stale_since_utc_ms = None;
        self.asked.clear();
        self.forget();
        self.end_voice();
    }

    /// Nothing that was pressed is meant any more.
    pub(crate) fn forget(&mut self) {
        self.local.pressed.clear();
        self.local.talk.clear();
        self.local.several.forget();
        self.refused_until.clear();
        self.blocked.clear();
        self.tails.clear();
    }
}

/// The line that an intent names, for a message near its key.
fn line_of(intent: &Intent) -> Option<LineId> {
    if let Intent::Press { line, .. }
    | Intent::AnswerNext { line, .. }
    | Intent::Signal { line, .. }
    | Intent::Override { line, .. }
    | Intent::Clear { line }
    | Intent::Service { line, .. }
    | Intent::Join { line, .. }
    | Intent::Move { line, .. }
    | Intent::ReleaseLine { line }
    | Intent::Unjoin { line }
    | Intent::WhoHears { line }
    | Intent::Right { line, .. }
    | Intent::BroadcastLine { line, .. }
    | Intent::Talk { line, .. } = intent
    {
        Some(line.clone())
    } else {
        None
    }
}

/// The line that an act names.
pub(crate) fn line_of_act(act: &Act) -> Option<&LineId> {
    match act {
        Act::Seize { line, .. }
        | Act::Answer { line, .. }
        | Act::Bridge { line, .. }
        | Act::Resume { line, .. }
        | Act::Hold { line, .. }
        | Act::Release { line }
        | Act::Private { line, .. }
        | Act::Join { line, .. }
        | Act::Unjoin { line }
        | Act::Move { line, .. }
        | Act::TakeOver { line, .. }
        | Act::Transfer { line, .. }
        | Act::Announce { line, .. }
        | Act::Complete { line }
        | Act::Cancel { line }
        | Act::Override { line, .. }
        | Act::Clear { line }
        | Act::Service { line, .. }
        | Act::Signal { line, .. }
        | Act::Talk { line, .. }
        | Act::Right { line, .. }
        | Act::WhoHears { line }
        | Act::BroadcastLine { line, .. }
        | Act::OpenMic { line }
        | Act::TalkBack { line, .. }
        | Act::Dial { line, .. } => Some(line),
        Act::Call { line, .. } | Act::Divert { line, .. } => line.as_ref(),
        Act::Intercom { .. }
        | Act::IntercomGroup { .. }
        | Act::IntercomPicked { .. }
        | Act::Broadcast { .. }
        | Act::HideHistory { .. }
        | Act::Lock
        | Act::Dnd { .. } => None,
    }
}
