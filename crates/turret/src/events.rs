//! What the link and the devices say.
//!
//! Law: while the switch is lost nothing is shown as known; a snapshot ends that, and nothing before it. A talk never
//! comes back by itself.

use crate::acts::line_of_act;
use crate::cards::CardViews;
use crate::dialling::just_dialled;
use crate::history;
use crate::link::LinkEvent;
use crate::listening::listeners;
use crate::mics;
use crate::project::TalkKey;
use crate::task::{TurretTask, tone_of, utc_ms};
use crate::view::{Change, DeviceView, LinkView};
use crate::words::not_sent;
use dealerboard_media::{PlaybackControl, Tone};
use dealerboard_model::{LineId, Position, Uplink};
use dealerboard_wire::{self as wire, Act, Answer, Event, FromSwitch, FromTurret, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

impl TurretTask {
    pub(crate) async fn heed(&mut self, era: u64, event: LinkEvent) {
        if era != self.era {
            return;
        }
        match event {
            LinkEvent::Connecting { switch } => {
                self.local.switch = switch;
                if !matches!(self.local.link, LinkView::Lost { .. }) {
                    self.local.link = LinkView::Connecting;
                }
            }
            LinkEvent::Untrusted(fingerprint) => {
                self.local.link = LinkView::Untrusted { fingerprint: fingerprint.to_string() };
            }
            LinkEvent::Welcome { welcome, local } => {
                self.welcomed = true;
                self.facts.turret = Some(welcome.turret);
                self.facts.floor.clone_from(&welcome.floor);
                (self.facts.takes_broadcasts, self.facts.takes_locks) = (welcome.takes_broadcasts, welcome.takes_locks);
                self.facts.sends_to_lines = welcome.sends_to_lines;
                (self.takes_microphones, self.keeps_history) = (welcome.takes_microphones, welcome.keeps_history);
                self.facts.keeps_messages = welcome.keeps_messages;
                self.open_voice(local, welcome.resumed);
                self.report_keyed().await;
            }
            LinkEvent::Message(message) => self.hear(*message).await,
            LinkEvent::RoundTrip { ms, clock_offset_ms } => {
                self.follow_clock(clock_offset_ms);
                self.show_round_trip(ms);
            }
            LinkEvent::Stale { since_utc_ms, retry_utc_ms } => self.lost(since_utc_ms, retry_utc_ms).await,
            LinkEvent::Refused(sentence) => {
                self.local.link = LinkView::Refused { sentence };
                self.forget();
                self.asked.clear();
                self.local.mics.forget();
                self.local.calls.forget();
                self.facts.mics.clear();
                self.plugged.lose();
                self.end_voice();
            }
            LinkEvent::Dropped { id } => self.dropped(id).await,
        }
        self.release_taken_back().await;
        self.dial_what_waits().await;
    }

    /// A press was not answered in time: whatever became of it, its user has to look.
    async fn dropped(&mut self, id: Uuid) {
        let act = self.answered_line(id);
        self.local.mics.give_up(id);
        self.local.mics.answered(id);
        let taken_back = self.local.calls.dropped(id);
        self.local.dialling.answered(id, None);
        if let Some(lines) = self.local.several.unanswered(id) {
            self.act(Act::Broadcast { lines, on: false, latched: false }).await;
        }
        let Some(act) = act else { return };
        if let Some(sentence) = not_sent(&act, &self.facts).filter(|_| !taken_back) {
            self.note(line_of_act(&act).cloned(), sentence, true);
        }
        // The switch may have taken it: it must not keep a talk whose key is dark here.
        if let Act::Talk { line, on: true, .. } = &act
            && !self.talk_is_open(line)
        {
            self.act(Act::Talk { line: line.clone(), on: false, latched: false }).await;
        } else if let Act::Broadcast { lines, on: true, .. } = act
            && self.local.several.down().is_none_or(|open| open.asked != lines)
        {
            self.act(Act::Broadcast { lines, on: false, latched: false }).await;
        }
    }

    /// What was keyed without the switch is told, again too, until it has answered.
    async fn report_keyed(&mut self) {
        let untold = self.keyed.find(Instant::now(), self.switch_utc_ms(), Uuid::new_v4);
        if untold > 0 {
            tracing::error!(untold, "too much was keyed without the switch: the oldest intervals are not reported");
        }
        for (id, intervals) in self.keyed.reports() {
            self.tell_switch(FromTurret::Keyed { id: Some(id), intervals }).await;
        }
    }

    /// No contact. Times are by this machine's clock.
    async fn lost(&mut self, since_utc_ms: i64, retry_utc_ms: i64) {
        let offset_ms = self.local.clock_offset_ms as i64;
        let silent_ms = u64::try_from(utc_ms() - since_utc_ms).unwrap_or(0);
        let since_utc_ms = *self.local.stale_since_utc_ms.get_or_insert(since_utc_ms + offset_ms);
        let was_lost = matches!(self.local.link, LinkView::Lost { .. });
        self.local.link = LinkView::Lost { since_utc_ms, retry_utc_ms: retry_utc_ms + offset_ms };
        let now = Instant::now();
        // A connection that was welcomed and broke before its snapshot was a return to the reports, and to nothing else.
        self.plugged.lose();
        self.keyed.lose(now.checked_sub(Duration::from_millis(silent_ms)).unwrap_or(now));
        if was_lost {
            return;
        }
        self.stop_message();
        self.local.mics.lose(&mut self.facts, Instant::now());
        let talks: Vec<LineId> =
            self.local.talk.iter().filter(|(_, key)| **key != TalkKey::Refused).map(|(line, _)| line.clone()).collect();
        for line in talks {
            self.act(Act::Talk { line, on: false, latched: false }).await;
        }
        self.shut_several().await;
        self.forget();
        self.voice.control(Position::Speakers, PlaybackControl::Start(Tone::Warning));
    }

    /// The switch is back: what it lists counts, but for talks, whose keys were let go with it.
    async fn found(&mut self, snapshot: Snapshot) {
        self.local.clock_offset_ms = (snapshot.now.utc_ms - utc_ms()) as f64;
        let knows = snapshot.locked;
        self.facts.snapshot(snapshot);
        self.forget();
        self.touched = Instant::now();
        self.local.mics.found();
        self.local.stale_since_utc_ms = None;
        self.local.link = LinkView::Up { round_trip_ms: None, voice: self.path.up };
        let plugged = self.plugged.begin(self.takes_microphones, &self.local.devices);
        self.tell_plugged(plugged).await;
        if self.keeps_history {
            self.tell_switch(FromTurret::History { before: None }).await;
        }
        if self.facts.locked && !knows {
            self.act(Act::Lock).await;
        }
        self.release_taken_back().await;
        let talk = |mic: &&dealerboard_wire::OpenMic| mics::place(&self.facts, mic) == Position::Speakers;
        let talks: Vec<LineId> = self.facts.mics.iter().filter(talk).map(|mic| mic.line.clone()).collect();
        for line in talks {
            self.act(Act::Talk { line, on: false, latched: false }).await;
        }
    }

    async fn hear(&mut self, message: FromSwitch) {
        match message {
            FromSwitch::Event { event: Event::Snapshot(snapshot), .. } if std::mem::take(&mut self.welcomed) => {
                self.found(*snapshot).await;
            }
            FromSwitch::Event { event: Event::Notice(notice), .. } => {
                if let Some(tone) = notice.tone {
                    let position = self.ear_for(notice.line.as_ref());
                    let lasts = matches!(tone, wire::Tone::Busy | wire::Tone::Fail);
                    if lasts {
                        self.fail_tone(position, tone_of(tone));
                    } else {
                        self.voice.control(position, PlaybackControl::Start(tone_of(tone)));
                    }
                    match tone {
                        wire::Tone::Busy | wire::Tone::Fail => {}
                        wire::Tone::Blocking | wire::Tone::Warning => {
                            notice.line.clone().into_iter().for_each(|line| self.warn(line));
                        }
                        wire::Tone::Beep
                        | wire::Tone::Splash
                        | wire::Tone::Reminder
                        | wire::Tone::Override
                        | wire::Tone::Message => {}
                    }
                }
                if !notice.sentence.is_empty() {
                    self.note(notice.line, notice.sentence, false);
                }
            }
            FromSwitch::Event { event: Event::MoreEars { total }, .. } => self.more_ears(total),
            FromSwitch::Event { event: Event::MessageSound(sound), .. } => self.message_came(&sound),
            FromSwitch::Event {
                event: event @ (Event::History { .. } | Event::HistoryHidden { .. } | Event::MessageHeard { .. }),
                ..
            } => {
                self.facts.event(&event);
                self.tell_history(&event);
            }
            FromSwitch::Event { event: Event::Listeners { line, people, may_set }, .. } => {
                self.tell_unlocked(Change::Listeners(listeners(line, people, may_set, &self.facts)));
            }
            FromSwitch::Event { event, .. } => {
                if let Event::Broadcast { status: Some(status) } = &event {
                    status.left_out.iter().for_each(|one| self.local.mics.not_coming(&one.line));
                }
                let locked = self.facts.locked;
                self.facts.event(&event);
                self.follow_lock(locked);
                if let Event::Line { status } = &event
                    && let Some(number) = just_dialled(status, self.facts.turret)
                {
                    self.local.last_dialled = Some(number);
                }
            }
            FromSwitch::Answer { id, result } => self.answered(id, result),
            FromSwitch::SdpAnswer { id, sdp, error } => self.sdp_answered(id, sdp, error),
            FromSwitch::Welcome(_)
            | FromSwitch::HeartbeatAck { .. }
            | FromSwitch::Token(_)
            | FromSwitch::Goodbye { .. } => {}
        }
    }

    /// News of the history are told one by one, a page as a whole.
    fn tell_history(&self, event: &Event) {
        if let Event::History { entries, page: false, .. } = event {
            entries.iter().for_each(|entry| self.tell_unlocked(Change::HistoryEntry(history::news(entry))));
        } else {
            self.tell_unlocked(Change::History(self.facts.history.view()));
        }
    }

    fn ear_for(&self, line: Option<&LineId>) -> Position {
        line.and_then(|line| self.facts.position_of(line)).unwrap_or(Position::Speakers)
    }

    fn answered_line(&mut self, id: Uuid) -> Option<Act> {
        let act = self.asked.remove(&id);
        if let Some(line) = act.as_ref().and_then(line_of_act) {
            self.local.pressed.remove(line);
        }
        act
    }

    fn answered(&mut self, id: Uuid, result: Answer) {
        if self.keyed.answered(id) {
            return;
        }
        let act = self.answered_line(id);
        self.local.mics.answered(id);
        self.call_answered(id, act.as_ref(), &result);
        match result {
            Answer::Done { line, .. } => {
                if let Some(line) = &line {
                    self.local.mics.line_made(id, line);
                }
                self.local.several.done(id);
                self.local.calls.made(id, line);
            }
            Answer::Refused(refusal) => {
                self.local.mics.give_up(id);
                self.local.calls.refused(id);
                self.several_refused(id, act.as_ref());
                let line = act.as_ref().and_then(line_of_act).cloned();
                if let Some(Act::Talk { line, on: true, .. }) = &act {
                    if self.local.talk.contains_key(line) {
                        self.local.talk.insert(line.clone(), TalkKey::Refused);
                        self.refused_until.insert(line.clone(), Instant::now() + mics::PENDING);
                    }
                    // A tap asks twice: once held, once latched (rule MUT-5).
                    if self.blocked.insert(line.clone()) {
                        self.voice.control(Position::Speakers, PlaybackControl::Start(Tone::Blocking));
                    }
                }
                self.note(line, refusal.sentence, true);
            }
        }
    }

    /// Devices have come or gone. A microphone that is another than before, or whose ear has gone, talks to nobody until
    /// its user presses; one that they changed themselves goes on talking.
    pub(crate) async fn devices(&mut self, CardViews { views, by_choice }: CardViews) {
        // A talk that ends by this is still open when the switch hears why.
        let plugged = self.plugged.follow(&views, &by_choice);
        self.tell_plugged(plugged).await;
        for position in no_longer_theirs(&self.local.devices, &views, &self.changing_mics, &by_choice) {
            let gates = mics::open(&self.facts, &self.local);
            if gates.iter().any(|gate| gate.uplink == position.uplink()) {
                let sentence =
                    "A device in use has gone or was changed, and its microphone is closed; press to talk again.";
                self.note(self.facts.line_at(position).cloned(), sentence.into(), false);
            }
            self.local.mics.shut_device(&self.facts, position, Instant::now());
            let talks: Vec<LineId> = self.local.talk.keys().cloned().collect();
            for line in talks.into_iter().filter(|line| self.facts.talks_at(line) == position).collect::<Vec<_>>() {
                self.act(Act::Talk { line, on: false, latched: false }).await;
            }
            if position == Position::HandsFree {
                self.shut_several().await;
            }
        }
        self.local.devices = views;
        self.changing_mics = by_choice;
    }

    async fn tell_plugged(&self, plugged: Vec<(Uplink, bool)>) {
        for (uplink, there) in plugged {
            self.tell_switch(FromTurret::Microphone { uplink, there }).await;
        }
    }

    /// Now by the switch's clock, UTC milliseconds.
    pub(crate) fn switch_utc_ms(&self) -> i64 {
        utc_ms() + self.local.clock_offset_ms as i64
    }
}

/// The positions whose microphone talks to nobody until its user presses: it is another one, and that was not their choice,
/// or the one that they chose does not open, or their ear has gone.
fn no_longer_theirs(
    was: &BTreeMap<Position, DeviceView>,
    is: &BTreeMap<Position, DeviceView>,
    was_changing: &BTreeSet<Position>,
    by_choice: &BTreeSet<Position>,
) -> Vec<Position> {
    let shut = |at: &Position| {
        let (old, new) = (was.get(at), is.get(at));
        let microphone = |view: Option<&DeviceView>| view.and_then(|view| view.microphone.clone());
        let other = microphone(old) != microphone(new) || was_changing.contains(at) && microphone(new).is_none();
        other && !by_choice.contains(at) || lost_ear(old, new)
    };
    Position::ALL.into_iter().filter(shut).collect()
}

/// The ear of a position that talks has gone, to nowhere or to another position's. One that is back ends its trouble.
fn lost_ear(was: Option<&DeviceView>, is: Option<&DeviceView>) -> bool {
    let (Some(was), Some(is)) = (was, is) else { return false };
    was.microphone.is_some() && was.ear.is_some() && was.ear != is.ear && !is.trouble.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(microphone: Option<&str>, ear: Option<&str>, trouble: &str) -> DeviceView {
        let name = |name: Option<&str>| name.map(str::to_owned);
        DeviceView { microphone: name(microphone), ear: name(ear), trouble: trouble.to_owned() }
    }

    #[test]
    fn an_ear_that_goes_away_or_elsewhere_is_lost_to_its_microphone_and_one_that_is_back_is_not() {
        let whole = device(Some("headset"), Some("headset"), "");
        let elsewhere = device(Some("headset"), Some("box"), "The device headset has gone.");
        let nowhere = device(Some("headset"), None, "The device headset has gone.");
        assert!(lost_ear(Some(&whole), Some(&elsewhere)) && lost_ear(Some(&whole), Some(&nowhere)));
        assert!(!lost_ear(Some(&elsewhere), Some(&whole)) && !lost_ear(Some(&nowhere), Some(&elsewhere)));
    }

    #[test]
    fn a_position_without_a_microphone_has_none_to_lose() {
        let speakers = device(None, Some("box"), "");
        assert!(!lost_ear(Some(&speakers), Some(&device(None, None, "The device box has gone."))));
        assert!(!lost_ear(None, Some(&speakers)));
    }

    /// Whose microphones are shut when the left handset's device becomes `is`; `changing` says at which of the two looks its
    /// user is known to change it.
    fn shut(was: Option<&str>, is: Option<&str>, changing: [bool; 2]) -> Vec<Position> {
        let views = |name| [(Position::Left, device(name, Some("headset"), ""))].into();
        let [was_changing, by_choice] = changing.map(|is| is.then_some(Position::Left).into_iter().collect());
        no_longer_theirs(&views(was), &views(is), &was_changing, &by_choice)
    }

    #[test]
    fn a_microphone_that_its_user_changes_goes_on_talking_while_the_other_one_is_opened() {
        assert_eq!(shut(Some("headset"), None, [false, true]), []);
        assert_eq!(shut(None, Some("desk"), [true, true]), []);
        assert_eq!(shut(Some("desk"), Some("desk"), [true, false]), []);
    }

    #[test]
    fn a_microphone_that_was_chosen_and_does_not_open_is_shut() {
        assert_eq!(shut(None, None, [true, false]), [Position::Left]);
        assert_eq!(shut(None, Some("desk"), [false, false]), [Position::Left]);
    }

    #[test]
    fn a_microphone_that_is_another_by_nobodys_choice_is_shut() {
        assert_eq!(shut(Some("headset"), None, [false, false]), [Position::Left]);
        assert_eq!(shut(Some("headset"), Some("desk"), [false, false]), [Position::Left]);
    }
}
