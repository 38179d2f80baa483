//! What is recorded: one track for each open microphone on each line, one recording for each call.
//!
//! Law: keyed is recorded, whether or not anybody hears it. A recording opens with its first track and closes when the
//! call is over.

use crate::happenings::{Happened, Happening};
use crate::messages::Output;
use crate::state::State;
use dealerboard_model::{CallId, LineId, LineKind, RecordPolicy, RecordingId, TrackId, TurretId, Uplink, UserId};
use std::collections::BTreeMap;

/// What is kept of a call before it is recorded: a call without one open microphone has few key presses.
const BEFORE_MAX: usize = 64;

type Keyed = (LineId, TurretId, Uplink, UserId);

/// Open recordings and tracks.
#[derive(Clone, Debug)]
pub struct Recordings {
    next_recording: u32,
    next_track: u32,
    open: BTreeMap<CallId, RecordingId>,
    tracks: BTreeMap<(LineId, TurretId, Uplink), (TrackId, CallId)>,
    /// What happened in calls that are not recorded yet, and may be.
    before: BTreeMap<CallId, Vec<Happened>>,
}

impl Recordings {
    pub fn new(first_recording: u32, first_track: u32) -> Self {
        Self {
            next_recording: first_recording,
            next_track: first_track,
            open: BTreeMap::new(),
            tracks: BTreeMap::new(),
            before: BTreeMap::new(),
        }
    }

    /// The track of an open microphone, if it is recorded.
    pub fn track(&self, line: &LineId, turret: TurretId, uplink: Uplink) -> Option<TrackId> {
        self.tracks.get(&(line.clone(), turret, uplink)).map(|(track, _)| *track)
    }

    /// The lines that a turret's uplink is recorded on.
    pub fn lines_of(&self, turret: TurretId, uplink: Uplink) -> Vec<LineId> {
        let mine = self.tracks.keys().filter(|key| (key.1, key.2) == (turret, uplink));
        mine.map(|(line, ..)| line.clone()).collect()
    }

    /// Opens and closes what follows from the microphones that are keyed now.
    pub fn follow(&mut self, s: &mut State, keyed: &[Keyed]) {
        let is_keyed = |key: &(LineId, TurretId, Uplink), call: CallId, s: &State| {
            keyed.iter().any(|(line, turret, uplink, _)| (line, *turret, *uplink) == (&key.0, key.1, key.2))
                && s.lines.get(&key.0).and_then(|line| line.call) == Some(call)
        };
        let over: Vec<_> = self
            .tracks
            .iter()
            .filter(|(key, (_, call))| !is_keyed(key, *call, s))
            .map(|(key, _)| key.clone())
            .collect();
        for key in over {
            if let Some((track, _)) = self.tracks.remove(&key) {
                s.outputs.push(Output::TrackClosed { track });
            }
        }
        for (line, turret, uplink, user) in keyed {
            let Some(found) = s.lines.get(line) else { continue };
            let (Some(call), false) = (found.call, found.spec.record == RecordPolicy::Off) else { continue };
            let key = (line.clone(), *turret, *uplink);
            if self.tracks.contains_key(&key) {
                continue;
            }
            let recording = self.recording(s, line, call);
            let track = TrackId(self.next_track);
            self.next_track += 1;
            self.tracks.insert(key, (track, call));
            // What a turret told before it was lost is in the recording already, and it tells it anew.
            let is_back = s.happenings.iter().any(|it| {
                (it.what, &it.line, it.who.as_slice()) == (Happening::LinkBack, line, std::slice::from_ref(user))
            });
            if !is_back && s.turrets.get(turret).is_some_and(|seat| seat.without_mic.contains(uplink)) {
                s.happened(line, Some(user.clone()), Happening::MicMissing(*uplink));
            }
            let (line, user) = (line.clone(), user.clone());
            s.outputs.push(Output::TrackOpened { track, recording, line, user, turret: *turret, uplink: *uplink });
        }
        for happened in std::mem::take(&mut s.happenings) {
            self.tell(s, happened);
        }
        self.close_what_is_over(s);
    }

    /// Gives what happened to its call's recording; what comes before that opens waits for it.
    fn tell(&mut self, s: &mut State, happened: Happened) {
        let Some(recording) = self.open.get(&happened.call).copied() else {
            let before = self.before.entry(happened.call).or_default();
            if before.len() < BEFORE_MAX {
                before.push(happened);
            }
            return;
        };
        let Happened { at, call: _, line, who, what } = happened;
        s.outputs.push(Output::Happened { recording, at, line, who, what });
    }

    fn recording(&mut self, s: &mut State, line: &LineId, call: CallId) -> RecordingId {
        if let Some(recording) = self.open.get(&call) {
            return *recording;
        }
        let recording = RecordingId(self.next_recording);
        self.next_recording += 1;
        self.open.insert(call, recording);
        if let Some(found) = s.lines.get(line) {
            let kind = found.spec.kind;
            let lines = std::iter::once(line.clone()).chain(found.spec.far.clone()).collect();
            let both = kind == LineKind::Intercom;
            let people = found.spec.members.keys().filter(|_| both).cloned().collect();
            s.outputs.push(Output::RecordingOpened { recording, call, lines, people, kind });
        }
        for happened in self.before.remove(&call).unwrap_or_default() {
            self.tell(s, happened);
        }
        recording
    }

    fn close_what_is_over(&mut self, s: &mut State) {
        let lives = |call: CallId| s.lines.values().any(|line| line.call == Some(call));
        self.before.retain(|call, _| lives(*call));
        let over: Vec<CallId> = self.open.keys().copied().filter(|call| !lives(*call)).collect();
        for call in over {
            if let Some(recording) = self.open.remove(&call) {
                s.outputs.push(Output::RecordingClosed { recording });
            }
        }
    }
}
