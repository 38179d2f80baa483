//! The turret's one task: takes intents, what the link says, and time, one at a time.
//!
//! Law: it ends, and shuts every microphone, when it is told to stop, when nobody holds the turret any more, or when its
//! link has ended. However it ends, its view does not go on looking live, and who listens to its changes hears the end.

use crate::cards::CardViews;
use crate::facts::Facts;
use crate::intake::Overflow;
use crate::keyed::Keyed;
use crate::link::{LinkEvent, ToLink};
use crate::needles::{self, Needles};
use crate::playing::Playing;
use crate::plugged::Plugged;
use crate::project::Local;
use crate::speaking::Speaking;
use crate::tones::Tones;
use crate::turret::{Input, Running};
use crate::view::{Change, DeviceView, LinkView, NoticeView, View};
use crate::voice::{Sends, Voice, monotonic_ns};
use crate::voice_path::VoicePath;
use dealerboard_audio_device::Listed;
use dealerboard_media::Tone;
use dealerboard_model::{Csrc, LineId, Position, Uplink, UserId};
use dealerboard_wire::{Act, FromTurret};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// How often levels are told, and time is looked at.
const TICK: Duration = Duration::from_millis(50);

/// The same while nothing is said or heard here: a meter that starts to move a little later is seen by nobody.
const TICK_AT_REST: Duration = Duration::from_millis(100);

/// The switch's clock is followed when it is so far from where it was.
const CLOCK_STEP_MS: f64 = 50.0;

/// How long a round trip stays on show.
const TRIP_SHOWN: Duration = Duration::from_secs(2);

/// What a turret shows that has ended unasked.
pub(crate) const HAS_ENDED: &str =
    "This turret has ended by a fault, its microphones are shut; close it and start it again.";

/// How long a turret that stops waits for its log-off to be written, and for its voice to be closed.
const LEAVE_MAX: Duration = Duration::from_millis(500);

pub(crate) struct TurretTask {
    pub(crate) facts: Facts,
    pub(crate) local: Local,
    pub(crate) voice: Voice,
    pub(crate) running: Running,
    pub(crate) link: mpsc::Sender<ToLink>,
    /// Weak, so that a turret that nobody holds any more ends.
    pub(crate) inputs: mpsc::WeakSender<Input>,
    pub(crate) overflow: Arc<Overflow>,
    pub(crate) told: broadcast::Sender<Change>,
    pub(crate) view: Arc<Mutex<View>>,
    /// Counts log-ons and log-offs: what the link says of an earlier one is not heard.
    pub(crate) era: u64,
    /// Who logged on last.
    pub(crate) user: Option<UserId>,
    pub(crate) path: VoicePath,
    /// When somebody was at the panel last, or spoke into an open microphone.
    pub(crate) touched: Instant,
    /// Welcomed on a connection whose snapshot is still to come; a later one only says that the floor has changed.
    pub(crate) welcomed: bool,
    /// Commands that the switch has not answered.
    pub(crate) asked: BTreeMap<Uuid, Act>,
    /// The positions whose user is changing the microphone.
    pub(crate) changing_mics: BTreeSet<Position>,
    /// The devices that there were when they were looked for last.
    pub(crate) listed: Option<Listed>,
    pub(crate) keyed: Keyed,
    pub(crate) tails: BTreeMap<LineId, u64>,
    pub(crate) presses: u64,
    /// The tone of a call that did not come about, where it plays, and for which press.
    pub(crate) failing: Option<(Position, Tone, u64)>,
    pub(crate) refused_until: BTreeMap<LineId, Instant>,
    /// Lines whose talk key has given the blocking tone for the press that goes on.
    pub(crate) blocked: BTreeSet<LineId>,
    /// When the switch told something with a tone about a line.
    pub(crate) warned: BTreeMap<LineId, Instant>,
    pub(crate) notices: u32,
    pub(crate) gains: BTreeMap<Csrc, f32>,
    /// A gain found no place on its way to the callback: it is tried again.
    pub(crate) gains_wait: bool,
    pub(crate) tones: Tones,
    pub(crate) speaking: Speaking,
    pub(crate) plugged: Plugged,
    /// The switch of the last welcome takes word of microphones.
    pub(crate) takes_microphones: bool,
    /// The switch of the last welcome keeps histories.
    pub(crate) keeps_history: bool,
    pub(crate) needles: Needles,
    /// The message that is played.
    pub(crate) playing: Option<Playing>,
    /// When the user did what is to be followed, if they did it: their words count from then on, however busy the machine.
    pub(crate) acted_ns: Option<u64>,
    /// The uplink by which a call goes on that was spoken by another microphone, as the user has just wished.
    pub(crate) goes_on: Option<Uplink>,
    /// When the round trip on show was measured.
    pub(crate) trip_shown: Option<Instant>,
    /// The view shows the end.
    pub(crate) left: bool,
}

impl TurretTask {
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Input>, mut events: mpsc::Receiver<(u64, LinkEvent)>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let overflow = Arc::clone(&self.overflow);
        let mut rests = false;
        loop {
            tokio::select! {
                biased;
                input = inbox.recv() => match input {
                    Some(Input::Stop(done)) => {
                        self.leave(LinkView::LoggedOff, events).await;
                        drop(self);
                        // Nobody waits any more.
                        let _ = done.send(());
                        return;
                    }
                    Some(input) => self.take(input).await,
                    None => return self.leave(LinkView::LoggedOff, events).await,
                },
                intent = overflow.next() => self.intend(intent).await,
                event = events.recv() => match event {
                    Some((era, event)) => self.heed(era, event).await,
                    None => {
                        tracing::error!("the turret ends: its link has ended by itself");
                        return self.leave(ended_by_itself(), events).await;
                    }
                },
                _ = tick.tick() => {
                    let changed = self.on_tick().await;
                    rests = !changed && self.is_quiet();
                    if rests {
                        tick.reset_after(TICK_AT_REST);
                    }
                    if !changed {
                        continue;
                    }
                }
            }
            if std::mem::take(&mut rests) {
                tick.reset();
            }
            self.follow();
        }
    }

    async fn leave(&mut self, shows: LinkView, mut events: mpsc::Receiver<(u64, LinkEvent)>) {
        self.show_end(shows);
        self.era += 1;
        let goodbye = async {
            // The link may have ended first; then there is nobody to tell.
            let _ = self.link.send(ToLink::LogOff { era: self.era }).await;
            let _ = self.link.send(ToLink::Stop).await;
            while events.recv().await.is_some() {}
        };
        let _ = timeout(LEAVE_MAX, goodbye).await;
        if let Some(closing) = std::mem::take(&mut self.path).close() {
            let _ = timeout(LEAVE_MAX, closing).await;
        }
    }

    /// Shuts every microphone; from now on the view shows nothing but why there is nothing.
    fn show_end(&mut self, link: LinkView) {
        self.voice.set_gates([Sends::Nothing; 3], monotonic_ns());
        self.left = true;
        self.facts = Facts::default();
        self.local.mics.forget();
        self.local.calls.forget();
        self.local.stale_since_utc_ms = None;
        self.forget();
        self.local.link = link;
        self.show();
    }

    async fn take(&mut self, input: Input) {
        self.acted_ns = None;
        match input {
            Input::Intent(intent, acted_ns) => {
                self.acted_ns = Some(acted_ns);
                self.intend(intent).await;
            }
            Input::Voice(number, made) => self.voice_made(number, made).await,
            Input::VoiceState(number, state) => self.voice_state(number, state),
            Input::VoiceAgain(number) => self.voice_again(number),
            Input::MoreEars(number, sdp) => self.more_ears_made(number, sdp).await,
            Input::OfferOver(id) => self.offer_over(id),
            Input::TailOver(line, press) => self.tail_over(line, press).await,
            Input::SeveralTailOver(press) => self.several_tail_over(press).await,
            Input::ToneOver(press) => self.tone_over(press),
            Input::Devices(devices) => self.devices(devices).await,
            Input::Listed(listed) => self.listed(listed),
            Input::Trouble(position, trouble) => {
                let mut views = self.local.devices.clone();
                let ear = views.get(&position).and_then(|view| view.ear.clone());
                views.insert(position, DeviceView { microphone: None, ear, trouble });
                self.devices(CardViews { views, by_choice: BTreeSet::new() }).await;
            }
            Input::Know(address, pin) => self.send(ToLink::Know { address, pin }).await,
            // Who is not there opens no other page either (LOG-4).
            Input::Access(_) if self.facts.locked => {}
            Input::Access(asker) => self.send(ToLink::Access(asker)).await,
            Input::Stop(_) => {}
        }
    }

    pub(crate) fn note(&mut self, line: Option<LineId>, sentence: String, refused: bool) {
        self.notices += 1;
        let at_utc_ms = self.switch_utc_ms();
        self.local.activity.push_front(NoticeView { n: self.notices, line, sentence, at_utc_ms, refused });
        self.local.activity.truncate(50);
    }

    pub(crate) async fn send(&self, message: ToLink) {
        if self.link.send(message).await.is_err() {
            tracing::warn!("the link to the switch has ended");
        }
    }

    /// True when something has changed by time alone: at rest nothing follows from a tick.
    async fn on_tick(&mut self) -> bool {
        let now = Instant::now();
        let over: Vec<LineId> =
            self.refused_until.iter().filter(|(_, until)| **until <= now).map(|(l, _)| l.clone()).collect();
        let locks = self.look_for_its_user(now).await;
        let several = self.local.several.on_tick(now);
        let plays = self.go_on_playing().await;
        let changed = locks || plays || several || !over.is_empty() || self.local.mics.is_due(now) || self.gains_wait;
        for line in over {
            self.refused_until.remove(&line);
            self.local.talk.remove(&line);
        }
        let mics_dbfs = self.voice.mic_levels_dbfs();
        self.tell_speech(mics_dbfs, now).await;
        if self.told.receiver_count() > 0 {
            self.meter(mics_dbfs, now);
        }
        changed
    }

    /// No microphone is open, and no meter moves.
    fn is_quiet(&self) -> bool {
        self.needles.rest() && self.voice.speaking() == [false; 3]
    }

    async fn tell_speech(&mut self, mics_dbfs: [f32; 3], now: Instant) {
        if !matches!(self.local.link, LinkView::Up { .. }) {
            return self.speaking.forget();
        }
        // The gates stand as they follow from what is known: only the levels are new.
        for (uplink, speaking) in self.speaking.follow(self.voice.speaking(), mics_dbfs, now) {
            if speaking {
                self.touched = now;
            }
            self.tell_switch(FromTurret::VoiceActivity { uplink, speaking }).await;
        }
    }

    fn meter(&mut self, mics_dbfs: [f32; 3], now: Instant) {
        let lines_dbfs = self.voice.line_levels_dbfs();
        let Some(steps) = self.needles.follow(mics_dbfs, &lines_dbfs, now) else { return };
        let name = |csrc: Csrc| self.facts.lines.values().find(|line| line.csrc == csrc).map(|line| line.line.clone());
        self.tell(Change::Meters(needles::told(steps, name)));
    }

    /// Takes a measured offset of the switch's clock over.
    pub(crate) fn follow_clock(&mut self, measured_ms: f64) {
        self.local.clock_offset_ms = steady_ms(self.local.clock_offset_ms, measured_ms);
    }

    /// Takes a round trip over into the view: as exactly as it is read there, and no more often than it can be read.
    pub(crate) fn show_round_trip(&mut self, ms: f64) {
        let now = Instant::now();
        let LinkView::Up { round_trip_ms, .. } = &mut self.local.link else { return };
        let shown = self.trip_shown.is_some_and(|at| now.saturating_duration_since(at) < TRIP_SHOWN);
        if round_trip_ms.is_none() || !shown {
            *round_trip_ms = Some(as_read_ms(ms));
            self.trip_shown = Some(now);
        }
    }
}

impl Drop for TurretTask {
    fn drop(&mut self) {
        if !self.left {
            tracing::error!("the turret has ended by a fault");
            self.show_end(ended_by_itself());
        }
        // Devices end before the codecs that they call.
        self.running = Running::Hooks;
    }
}

/// The offset of the switch's clock to go by: the one so far until the measured one is far from it, since every heartbeat
/// measures anew, and a clock with seconds shows no millisecond.
fn steady_ms(so_far_ms: f64, measured_ms: f64) -> f64 {
    if (measured_ms - so_far_ms).abs() < CLOCK_STEP_MS { so_far_ms } else { measured_ms }
}

/// A round trip with the digits that a person reads: tenths of a millisecond below ten, else whole ones.
fn as_read_ms(ms: f64) -> f64 {
    if ms < 10.0 { (ms * 10.0).round() / 10.0 } else { ms.round() }
}

fn ended_by_itself() -> LinkView {
    LinkView::Refused { sentence: HAS_ENDED.to_owned() }
}

pub(crate) fn tone_of(tone: dealerboard_wire::Tone) -> Tone {
    match tone {
        dealerboard_wire::Tone::Beep => Tone::Beep,
        dealerboard_wire::Tone::Blocking => Tone::Blocking,
        dealerboard_wire::Tone::Splash => Tone::Splash,
        dealerboard_wire::Tone::Reminder => Tone::Reminder,
        dealerboard_wire::Tone::Warning => Tone::Warning,
        dealerboard_wire::Tone::Override => Tone::Override,
        dealerboard_wire::Tone::Busy => Tone::Busy,
        dealerboard_wire::Tone::Fail => Tone::Fail,
        dealerboard_wire::Tone::Message => Tone::Message,
    }
}

pub(crate) fn utc_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_offset_that_no_clock_shows_changes_nothing() {
        assert_eq!(
            [1_000.9, 1_049.0, 951.0, 1_050.0].map(|ms| steady_ms(1_000.0, ms)),
            [1_000.0, 1_000.0, 1_000.0, 1_050.0]
        );
    }

    #[test]
    fn a_round_trip_has_no_more_digits_than_are_read() {
        assert_eq!([0.8461, 9.96, 10.4, 250.7].map(as_read_ms), [0.8, 10.0, 10.0, 251.0]);
    }
}
