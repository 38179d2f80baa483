//! What call control wants recorded is handed to the recorder; how the recorder is, is handed to call control and turrets.

use super::FloorLoop;
use dealerboard_archive::{Gap, Mark, Recorder, RecorderState, RecordingFacts, ToRecorder, TrackFacts};
use dealerboard_call_control::{Happening, Input, Output, Sound};
use dealerboard_model::{Allowed, LineId, Position, RecordingId, TurretId, Uplink, UserId};
use dealerboard_wire::{Answer, Event, FromSwitch, KeyedInterval, RecorderHealth};
use std::collections::BTreeSet;
use std::time::Instant;

/// Intervals that one report may have; a turret has three microphones.
const INTERVALS_MAX: usize = dealerboard_wire::KEYED_INTERVALS_MAX;

/// How far back a report may go, in milliseconds: a turret that was away for longer than a day has logged on anew.
const REPORT_MAX_MS: i64 = 24 * 3_600_000;

/// Least step of UTC that is one, in milliseconds: less is how clocks are kept right.
const UTC_STEP_MS: i64 = 500;

/// By how many milliseconds UTC was set, when what it is ahead of monotonic time has changed by a step.
fn utc_step_ms(ahead_before_ms: i64, ahead_ms: i64) -> Option<i64> {
    let step_ms = ahead_ms.saturating_sub(ahead_before_ms);
    (step_ms.abs() >= UTC_STEP_MS).then_some(step_ms)
}

/// Whether a line was rung to which nobody came, by the words of what happened on each line.
pub fn has_rung_in_vain(happened: &BTreeSet<(Option<LineId>, String)>) -> bool {
    let come =
        [Happening::Answered, Happening::AutoAnswered, Happening::Joined, Happening::Seized].map(|what| words(&what));
    let mut rung = happened.iter().filter(|(_, what)| what == words(&Happening::Rings));
    rung.any(|(line, _)| !come.iter().any(|what| happened.contains(&(line.clone(), (*what).to_owned()))))
}

/// What a listener reads of what happened: nothing that the switch cannot know. The review page knows `Held` and `Resumed` by these words.
fn words(what: &Happening) -> &'static str {
    match what {
        Happening::Seized => "Seized",
        Happening::Rings => "Rings",
        Happening::RingsOn => "Rings on, as nobody of its desk has answered",
        Happening::Answered => "Answered",
        Happening::Joined => "Joined",
        Happening::Called => "Called",
        Happening::AutoAnswered => "Answered by itself",
        Happening::NotAnswered => "Not answered",
        Happening::Held => "Held",
        Happening::HeldExclusively => "Held exclusively",
        Happening::MadePrivate => "Made private",
        Happening::MadeOpen => "Private no more",
        Happening::Overrides { .. } => "Enters by override",
        Happening::Entered => "Entered",
        Happening::SentOn { .. } => "Sent on",
        Happening::Conference { .. } => "Joined with another line",
        Happening::Moved(Position::Left) => "Moved to the left handset",
        Happening::Moved(Position::Right) => "Moved to the right handset",
        Happening::Moved(Position::HandsFree) => "Moved to hands-free",
        Happening::Moved(Position::Speakers) => "Moved to the speakers, microphone shut",
        Happening::TakenOver => "Taken to their other turret",
        Happening::RightSet { allowed: Allowed::None, .. } => "Taken off the hoot",
        Happening::RightSet { allowed: Allowed::Listen, .. } => "May only listen from now on",
        Happening::RightSet { allowed: Allowed::Speak, .. } => "May talk from now on",
        Happening::Dialled { .. } => "Dialled",
        Happening::Diverted { .. } => "Diverted",
        Happening::Voicemail { .. } => "Voicemail",
        Happening::MessageBegins => "The message begins",
        Happening::Declined => "Did not take the call",
        Happening::NotConnected => "Not connected",
        Happening::Cleared => "Cleared",
        Happening::BrokenOff { .. } => "Broken off",
        Happening::Resumed => "Resumed",
        Happening::Left => "Left",
        Happening::Released => "Released",
        Happening::SignalDown => "Signal down",
        Happening::SignalUp => "Signal up",
        Happening::TalkKeyDown { latched: false } => "Talk key down",
        Happening::TalkKeyDown { latched: true } => "Talk key latched",
        Happening::Broadcasts => "Talks to several lines at once",
        Happening::TalkKeyUp => "Talk key up",
        Happening::TalkClosed => "Talk closed by the switch",
        Happening::MicOpened => "Microphone opened",
        Happening::MicLost(Uplink::Left) => "Left handset's microphone lost, as its turret tells",
        Happening::MicLost(Uplink::Right) => "Right handset's microphone lost, as its turret tells",
        Happening::MicLost(Uplink::Mic) => "Hands-free mic lost, as its turret tells",
        Happening::MicMissing(Uplink::Left) => "Left handset has no microphone, as its turret tells",
        Happening::MicMissing(Uplink::Right) => "Right handset has no microphone, as its turret tells",
        Happening::MicMissing(Uplink::Mic) => "There is no hands-free mic, as its turret tells",
        Happening::MicBack(Uplink::Left) => "Left handset's microphone is back",
        Happening::MicBack(Uplink::Right) => "Right handset's microphone is back",
        Happening::MicBack(Uplink::Mic) => "Hands-free mic is back",
        Happening::Locked => "Their turret was locked",
        Happening::Unlocked => "They unlocked their turret",
        Happening::LinkLost => "Link lost",
        Happening::LinkBack => "Link back",
        Happening::Tone(Sound::Beep) => "Beep",
        Happening::Tone(Sound::Blocking) => "Blocking tone",
        Happening::Tone(Sound::Splash) => "Splash tone",
        Happening::Tone(Sound::Reminder) => "Reminder tone",
        Happening::Tone(Sound::Warning) => "Warning tone",
        Happening::Tone(Sound::Override) => "Override tone",
        Happening::Tone(Sound::Busy) => "Busy tone",
        Happening::Tone(Sound::Fail) => "Fail tone",
        Happening::Tone(Sound::Message) => "Tone of the voicemail",
    }
}

/// The same with what its doer said of it.
fn sentence(what: &Happening) -> String {
    let said = if let Happening::Overrides { reason: said } | Happening::BrokenOff { why: said } = what {
        said.as_str()
    } else {
        ""
    };
    if let Happening::Conference { with } = what {
        format!("Joined with {with}")
    } else if let Happening::Dialled { number, name } = what {
        format!("Dialled {number}, {name}")
    } else if let Happening::Diverted { to } = what {
        format!("Diverted to {to}")
    } else if let Happening::Voicemail { of } = what {
        format!("Voicemail of {of}")
    } else if let Happening::SentOn { to } = what {
        format!("Sent on to {to}")
    } else if let Happening::RightSet { of, .. } = what {
        format!("{}: {of}", words(what))
    } else if said.is_empty() {
        words(what).to_owned()
    } else {
        format!("{}: {said}", words(what))
    }
}

impl FloorLoop {
    /// Opens and closes recordings and tracks, and marks what happened.
    pub(super) fn record(&mut self, output: Output) {
        // A recording goes by the UTC of its opening: a step is known before.
        self.look_at_utc();
        let now = self.clock.recorded_ms(self.clock.instant(self.handled));
        let message = match output {
            Output::RecordingOpened { recording, call, lines, people, kind } => {
                people.iter().for_each(|user| self.name_person(now, user));
                let names = lines.iter().map(|line| self.name_of(line)).collect();
                ToRecorder::OpenRecording(now, RecordingFacts { recording, call, lines, names, people, kind })
            }
            Output::TrackOpened { track, recording, line, user, turret, uplink } => {
                self.name_person(now, &user);
                ToRecorder::OpenTrack(now, TrackFacts { track, recording, line, talker: user, turret, uplink })
            }
            Output::TrackClosed { track } => ToRecorder::CloseTrack(now, track),
            Output::RecordingClosed { recording } => ToRecorder::CloseRecording(now, recording),
            Output::Happened { recording, at, line, who, what } => {
                who.iter().for_each(|user| self.name_person(now, user));
                let mark = Mark { recording, line: Some(line), who, what_happened: sentence(&what) };
                ToRecorder::Mark(self.clock.recorded_ms(self.clock.instant(at)), mark)
            }
            Output::Answer { .. }
            | Output::LineAdded { .. }
            | Output::Line { .. }
            | Output::LineRemoved { .. }
            | Output::Person(_)
            | Output::Route { .. }
            | Output::Await { .. }
            | Output::Locked { .. }
            | Output::Mics { .. }
            | Output::Notice { .. }
            | Output::Broadcast { .. }
            | Output::Listeners { .. }
            | Output::PanelChanged { .. }
            | Output::SessionOver { .. }
            | Output::History { .. }
            | Output::Message { .. }
            | Output::Kept { .. } => return,
        };
        self.recorder.inbox().tell(message);
    }

    /// Tells the recorder who a log-on name stands for, before it is first recorded and when it stands for somebody else.
    fn name_person(&mut self, now_ms: i64, user: &UserId) {
        let Some(account) = self.accounts.find(user) else { return };
        if self.named.get(user) != Some(&account.name) {
            self.named.insert(user.clone(), account.name.clone());
            self.recorder.inbox().tell(ToRecorder::NamePerson(now_ms, user.clone(), account.name));
        }
    }

    /// What a line is called now: one that was added for a call is forgotten after it.
    fn name_of(&self, line: &LineId) -> String {
        self.facts_of(line).map(|facts| facts.name.clone()).unwrap_or_default()
    }

    /// Tells everybody when the recorder has failed, or writes again; the log also, when it cannot follow.
    pub(super) fn look_at_recorder(&mut self) {
        let overflows = self.voice.stats().record_overflows;
        if overflows > self.record_overflows {
            let lost = overflows - self.record_overflows;
            tracing::error!(lost, "the recorder cannot follow: packets were not recorded, the gaps are listed");
            self.record_overflows = overflows;
        }
        self.look_at_utc();
        let state = self.recorder.state();
        if state == self.recorder_state {
            return;
        }
        self.recorder_state = state.clone();
        let failing = match state {
            RecorderState::Ok => None,
            RecorderState::Failing { why } => Some(why),
        };
        super::log::recorder(failing.as_deref());
        self.input(Input::Recorder { failing });
        self.tell_all(Event::Recorder { recorder: self.recorder_health() });
    }

    /// A step of UTC moves no deadline (rule TIM-1), is logged, and stands in the chain.
    fn look_at_utc(&mut self) {
        let ahead_ms = self.clock.utc_ahead_ms();
        if let Some(step_ms) = utc_step_ms(self.utc_ahead_ms, ahead_ms) {
            tracing::warn!(
                step_ms,
                "UTC has made a step: times that are shown follow it, open recordings go on in the time that they began in"
            );
            self.recorder.inbox().tell(ToRecorder::UtcStepped(self.clock.recorded_ms(Instant::now()), step_ms));
            self.utc_ahead_ms = ahead_ms;
        }
    }

    /// How the recorder is, as turrets are told.
    pub(super) fn recorder_health(&self) -> RecorderHealth {
        match &self.recorder_state {
            RecorderState::Ok => RecorderHealth::Ok,
            RecorderState::Failing { why } => RecorderHealth::Failing { why: why.clone() },
        }
    }

    /// Takes a turret's report of keyed time, one that is repeated once, and answers that it is taken.
    pub(super) fn take_report(&mut self, turret: TurretId, id: Option<uuid::Uuid>, intervals: Vec<KeyedInterval>) {
        if intervals.len() > INTERVALS_MAX {
            tracing::warn!(%turret, intervals = intervals.len(), "a report of keyed time is too long, its end is not listed");
        }
        if id.is_none_or(|id| self.sessions.is_new_report(id)) {
            self.list_lost(turret, intervals);
        }
        if let (Some(id), Some(seat)) = (id, self.sessions.get(turret)) {
            let result = Answer::Done { line: None, position: None, call: None };
            seat.outbox.message(FromSwitch::Answer { id, result });
        }
    }

    /// Lists what a turret had keyed while the switch was not there to record it.
    pub(super) fn list_lost(&mut self, turret: TurretId, intervals: Vec<KeyedInterval>) {
        let Some(user) = self.sessions.get(turret).map(|seat| seat.user().clone()) else { return };
        let now = self.clock.now().utc_ms;
        for interval in intervals.into_iter().take(INTERVALS_MAX) {
            let plausible = (now - REPORT_MAX_MS..=now).contains(&interval.from_utc_ms)
                && interval.to_utc_ms >= interval.from_utc_ms
                && interval.to_utc_ms <= now;
            if !plausible || self.label_of(&interval.line).is_none() {
                tracing::warn!(%turret, ?interval, "a report of keyed time was not believed");
                continue;
            }
            self.name_person(self.clock.recorded_ms(Instant::now()), &user);
            self.recorder.inbox().tell(ToRecorder::Lost(Gap {
                recording: None,
                track: None,
                line: Some(interval.line),
                talker: Some(user.clone()),
                from_utc_ms: interval.from_utc_ms,
                to_utc_ms: interval.to_utc_ms,
                why: "the turret had no switch to talk to".to_owned(),
            }));
        }
    }
}

/// Seals everything; recordings of calls that are kept go on when the switch starts again. Waits for the disk, beside the runtime.
pub async fn stop(recorder: Recorder, goes_on: BTreeSet<RecordingId>) {
    if let Err(error) = tokio::task::spawn_blocking(move || recorder.stop_for_now(goes_on)).await {
        tracing::error!("the recorder did not end in order: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_in_vain_when_nobody_came_to_the_line_that_rang() {
        let in_vain = |happened: &[(&str, Happening)]| {
            let told = happened.iter().map(|(line, what)| (Some(LineId::from(*line)), words(what).to_owned()));
            has_rung_in_vain(&told.collect())
        };
        let rung = [("near", Happening::Seized), ("far", Happening::Rings), ("near", Happening::Released)];
        assert!(in_vain(&rung));
        for came in [Happening::Answered, Happening::AutoAnswered, Happening::Joined, Happening::Seized] {
            assert!(!in_vain(&[rung.as_slice(), &[("far", came.clone())]].concat()), "{came:?}");
        }
        assert!(in_vain(&[rung.as_slice(), &[("near", Happening::Joined)]].concat()));
        assert!(
            !in_vain(&[("near", Happening::Seized), ("near", Happening::Released)]),
            "a manual wire without a signal"
        );
    }

    #[test]
    fn utc_that_goes_another_way_than_monotonic_time_has_made_a_step() {
        assert_eq!(utc_step_ms(0, 20), None);
        assert_eq!(utc_step_ms(20, 3_020), Some(3_000));
        assert_eq!(utc_step_ms(3_020, -996_980), Some(-1_000_000));
    }
}
