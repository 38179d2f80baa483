//! What is recorded: one track for each open microphone on each line, one recording for each call.
//!
//! Law: keyed is recorded, whether or not anybody hears it. A recording opens with its first track and closes when the
//! call is over.

use crate::happenings::{Happened, Happening};
use crate::messages::Output;
use crate::state::State;
use crate::voice::Voice;
use dealerboard_model::{CallId, LineId, LineKind, RecordPolicy, RecordingId, TrackId, TurretId, Uplink};
use std::collections::{BTreeMap, BTreeSet};

/// What is kept of a call before it is recorded: a call without one open microphone has few key presses.
const BEFORE_MAX: usize = 64;

/// One call that is recorded, or may be.
#[derive(Clone, Debug, Default)]
struct Call {
    recording: Option<RecordingId>,
    /// Where it is, or was.
    lines: BTreeSet<LineId>,
    /// What happened before it was recorded.
    before: Vec<Happened>,
}

/// The tracks of one line's open microphones, each with its call.
type Tracks = BTreeMap<(TurretId, Uplink), (TrackId, CallId)>;

/// Open recordings and tracks.
#[derive(Clone, Debug)]
pub struct Recordings {
    next_recording: u32,
    next_track: u32,
    calls: BTreeMap<CallId, Call>,
    /// The calls of each line that are in `calls`.
    on_lines: BTreeMap<LineId, BTreeSet<CallId>>,
    tracks: BTreeMap<LineId, Tracks>,
}

impl Recordings {
    pub fn new(first_recording: u32, first_track: u32) -> Self {
        Self {
            next_recording: first_recording,
            next_track: first_track,
            calls: BTreeMap::new(),
            on_lines: BTreeMap::new(),
            tracks: BTreeMap::new(),
        }
    }

    /// The track of an open microphone, if it is recorded.
    pub fn track(&self, line: &LineId, turret: TurretId, uplink: Uplink) -> Option<TrackId> {
        self.tracks.get(line)?.get(&(turret, uplink)).map(|(track, _)| *track)
    }

    /// What a call is recorded on.
    pub fn of_call(&self, call: CallId) -> Option<RecordingId> {
        self.calls.get(&call)?.recording
    }

    /// A call of before a restart is recorded on what it was recorded on (SWI-4).
    pub fn go_on(&mut self, line: &LineId, call: CallId, recording: RecordingId) {
        self.call(call, line).recording = Some(recording);
    }

    /// The lines that a turret's uplink is recorded on.
    pub fn lines_of(&self, turret: TurretId, uplink: Uplink) -> Vec<LineId> {
        let mine = self.tracks.iter().filter(|(_, tracks)| tracks.contains_key(&(turret, uplink)));
        mine.map(|(line, _)| line.clone()).collect()
    }

    /// Opens and closes what follows from the microphones that are keyed now on `lines`.
    pub fn follow(&mut self, s: &mut State, lines: &BTreeSet<LineId>, voice: &Voice) {
        for line in lines {
            self.carry_on(s, line, voice);
            self.close_tracks(s, line, voice);
        }
        for line in lines {
            self.open_tracks(s, line, voice);
        }
        for happened in std::mem::take(&mut s.happenings) {
            self.tell(s, happened);
        }
        for line in lines {
            self.close_what_is_over(s, line);
        }
    }

    /// A voice that goes on by another microphone goes on in its track (MOV-1). The old microphone may have been handed on by
    /// another line and still be keyed on this one: its track stays.
    fn carry_on(&mut self, s: &State, line: &LineId, voice: &Voice) {
        let Some(tracks) = self.tracks.get_mut(line) else { return };
        let open = voice.open_towards(line);
        for (new, old) in &s.handed {
            if !tracks.contains_key(new)
                && !open.iter().any(|it| (it.mic.turret, it.mic.uplink) == *old)
                && let Some(track) = tracks.remove(old)
            {
                tracks.insert(*new, track);
            }
        }
    }

    fn close_tracks(&mut self, s: &mut State, line: &LineId, voice: &Voice) {
        let Some(tracks) = self.tracks.get_mut(line) else { return };
        let call = s.lines.get(line).and_then(|found| found.call);
        let open = voice.open_towards(line);
        tracks.retain(|(turret, uplink), (track, of)| {
            let is_keyed = call == Some(*of)
                && open.iter().any(|it| !it.mic.muted && (it.mic.turret, it.mic.uplink) == (*turret, *uplink));
            if !is_keyed {
                s.outputs.push(Output::TrackClosed { track: *track });
            }
            is_keyed
        });
        if tracks.is_empty() {
            self.tracks.remove(line);
        }
    }

    fn open_tracks(&mut self, s: &mut State, line: &LineId, voice: &Voice) {
        let Some(found) = s.lines.get(line) else { return };
        let (Some(call), false) = (found.call, s.record_policy(line) == RecordPolicy::Off) else { return };
        for mic in voice.open_towards(line).iter().map(|open| &open.mic).filter(|mic| !mic.muted) {
            let (turret, uplink, user) = (mic.turret, mic.uplink, mic.user.clone());
            if self.track(line, turret, uplink).is_some() {
                continue;
            }
            let recording = self.recording(s, line, call);
            let track = TrackId(self.next_track);
            self.next_track += 1;
            self.tracks.entry(line.clone()).or_default().insert((turret, uplink), (track, call));
            // What a turret told before it was lost is in the recording already, and it tells it anew.
            let is_back = s.happenings.iter().any(|it| {
                (&it.what, &it.line, it.who.as_slice()) == (&Happening::LinkBack, line, std::slice::from_ref(&user))
            });
            if !is_back && s.turrets.get(&turret).is_some_and(|seat| seat.without_mic.contains(&uplink)) {
                s.happened(line, Some(user.clone()), Happening::MicMissing(uplink));
            }
            s.outputs.push(Output::TrackOpened { track, recording, line: line.clone(), user, turret, uplink });
        }
    }

    /// What is kept of a call, which begins to be kept.
    fn call(&mut self, call: CallId, line: &LineId) -> &mut Call {
        self.on_lines.entry(line.clone()).or_default().insert(call);
        let kept = self.calls.entry(call).or_default();
        kept.lines.insert(line.clone());
        kept
    }

    /// Gives what happened to its call's recording; what comes before that opens waits for it.
    fn tell(&mut self, s: &mut State, happened: Happened) {
        let call = self.call(happened.call, &happened.line);
        let Some(recording) = call.recording else {
            if call.before.len() < BEFORE_MAX {
                call.before.push(happened);
            }
            return;
        };
        let Happened { at, call: _, line, who, what } = happened;
        s.outputs.push(Output::Happened { recording, at, line, who, what });
    }

    fn recording(&mut self, s: &mut State, line: &LineId, call: CallId) -> RecordingId {
        let next = RecordingId(self.next_recording);
        let kept = self.call(call, line);
        if let Some(recording) = kept.recording {
            return recording;
        }
        kept.recording = Some(next);
        let before = std::mem::take(&mut kept.before);
        self.next_recording += 1;
        if let Some(found) = s.lines.get(line) {
            let kind = found.spec.kind;
            let lines = std::iter::once(line.clone()).chain(found.far().cloned()).collect();
            let both = kind == LineKind::Intercom;
            let people = found.spec.members.keys().filter(|_| both).cloned().collect();
            s.outputs.push(Output::RecordingOpened { recording: next, call, lines, people, kind });
        }
        for happened in before {
            self.tell(s, happened);
        }
        next
    }

    /// Ends the calls of a line that are on no line any more.
    fn close_what_is_over(&mut self, s: &mut State, line: &LineId) {
        let Some(calls) = self.on_lines.get(line) else { return };
        let lives = |call: CallId, on: &LineId| s.lines.get(on).is_some_and(|found| found.call == Some(call));
        let is_over =
            |call: &&CallId| self.calls.get(call).is_none_or(|kept| !kept.lines.iter().any(|on| lives(**call, on)));
        let over: Vec<CallId> = calls.iter().filter(is_over).copied().collect();
        for call in over {
            let Some(kept) = self.calls.remove(&call) else { continue };
            for on in &kept.lines {
                if let Some(calls) = self.on_lines.get_mut(on) {
                    calls.remove(&call);
                    if calls.is_empty() {
                        self.on_lines.remove(on);
                    }
                }
            }
            if let Some(recording) = kept.recording {
                s.outputs.push(Output::RecordingClosed { recording });
            }
        }
    }
}
