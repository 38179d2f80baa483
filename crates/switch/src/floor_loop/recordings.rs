//! What call control wants recorded is handed to the recorder; how the recorder is, is handed to call control and turrets.

use super::FloorLoop;
use dealerboard_archive::{Gap, RecorderState, RecordingFacts, ToRecorder, TrackFacts};
use dealerboard_call_control::{Input, Output};
use dealerboard_model::{Moment, TurretId};
use dealerboard_wire::{Event, KeyedInterval, RecorderHealth};

/// Intervals that one report may have; a turret has three microphones.
const INTERVALS_MAX: usize = 64;

/// How far back a report may go, in milliseconds: a turret that was away for longer than a day has logged on anew.
const REPORT_MAX_MS: i64 = 24 * 3_600_000;

/// Least step of UTC that is one, in milliseconds: less is how clocks are kept right.
const UTC_STEP_MS: i64 = 500;

/// By how many milliseconds UTC has gone on more than monotonic time, when it is a step.
fn utc_step_ms(before: Moment, now: Moment) -> Option<i64> {
    let passed_ms = i64::try_from(now.mono_us.saturating_sub(before.mono_us) / 1_000).unwrap_or(i64::MAX);
    let step_ms = now.utc_ms.saturating_sub(before.utc_ms).saturating_sub(passed_ms);
    (step_ms.abs() >= UTC_STEP_MS).then_some(step_ms)
}

impl FloorLoop {
    /// Opens and closes recordings and tracks.
    pub(super) fn record(&self, output: Output) {
        let now = self.clock.now().utc_ms;
        let message = match output {
            Output::RecordingOpened { recording, call, lines, kind } => {
                ToRecorder::OpenRecording(now, RecordingFacts { recording, call, lines, kind })
            }
            Output::TrackOpened { track, recording, line, user, turret, uplink } => {
                ToRecorder::OpenTrack(now, TrackFacts { track, recording, line, talker: user, turret, uplink })
            }
            Output::TrackClosed { track } => ToRecorder::CloseTrack(now, track),
            Output::RecordingClosed { recording } => ToRecorder::CloseRecording(now, recording),
            Output::Answer { .. }
            | Output::LineAdded { .. }
            | Output::Line { .. }
            | Output::LineRemoved { .. }
            | Output::Person(_)
            | Output::Route { .. }
            | Output::Mics { .. }
            | Output::Notice { .. }
            | Output::SessionOver { .. } => return,
        };
        self.recorder.inbox().tell(message);
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
        self.input(Input::Recorder { failing });
        self.tell_all(&Event::Recorder { recorder: self.recorder_health() });
    }

    /// A step of UTC moves no deadline (rule TIM-1), and is logged.
    fn look_at_utc(&mut self) {
        let now = self.clock.now();
        if let Some(step_ms) = utc_step_ms(self.utc_seen, now) {
            tracing::warn!(step_ms, "UTC has made a step: times that are shown and recorded from now on follow it");
        }
        self.utc_seen = now;
    }

    /// How the recorder is, as turrets are told.
    pub(super) fn recorder_health(&self) -> RecorderHealth {
        match &self.recorder_state {
            RecorderState::Ok => RecorderHealth::Ok,
            RecorderState::Failing { why } => RecorderHealth::Failing { why: why.clone() },
        }
    }

    /// Lists what a turret had keyed while the switch was not there to record it.
    pub(super) fn list_lost(&self, turret: TurretId, intervals: Vec<KeyedInterval>) {
        let Some(seat) = self.sessions.get(turret) else { return };
        let now = self.clock.now().utc_ms;
        for interval in intervals.into_iter().take(INTERVALS_MAX) {
            let plausible = (now - REPORT_MAX_MS..=now).contains(&interval.from_utc_ms)
                && interval.to_utc_ms >= interval.from_utc_ms
                && interval.to_utc_ms <= now;
            if !plausible || self.label_of(&interval.line).is_none() {
                tracing::warn!(%turret, ?interval, "a report of keyed time was not believed");
                continue;
            }
            self.recorder.inbox().tell(ToRecorder::Lost(Gap {
                recording: None,
                track: None,
                line: Some(interval.line),
                talker: Some(seat.user().clone()),
                from_utc_ms: interval.from_utc_ms,
                to_utc_ms: interval.to_utc_ms,
                why: "the turret had no switch to talk to".to_owned(),
            }));
        }
    }

    /// Seals everything. Waits for the disk, beside the runtime.
    pub(super) async fn stop_recorder(self) {
        let recorder = self.recorder;
        if let Err(error) = tokio::task::spawn_blocking(move || recorder.stop()).await {
            tracing::error!("the recorder did not end in order: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_ms: u64, utc_ms: i64) -> Moment {
        Moment { mono_us: mono_ms * 1_000, utc_ms }
    }

    #[test]
    fn utc_that_goes_another_way_than_monotonic_time_has_made_a_step() {
        assert_eq!(utc_step_ms(at(0, 1_000_000), at(60_000, 1_060_020)), None);
        assert_eq!(utc_step_ms(at(0, 1_000_000), at(250, 1_003_250)), Some(3_000));
        assert_eq!(utc_step_ms(at(0, 1_000_000), at(250, 250)), Some(-1_000_000));
    }
}
