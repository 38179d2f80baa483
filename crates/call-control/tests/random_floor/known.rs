//! What a switch knows that has done what it was told.
//!
//! Law: what is open is learnt from outputs alone, as the switch learns it; nothing is read from inside.

use dealerboard_call_control::{Input, Kept, MicReport, Output};
use dealerboard_model::{
    BroadcastStatus, LineId, LineKind, LineStatus, Moment, Position, TrackId, TurretId, Uplink, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// Hearers, by which of their lines and whether by handset, and how many tracks.
pub type Route = (Vec<(TurretId, LineId, bool)>, usize);

/// What it knows.
#[derive(Default)]
pub struct Switch {
    pub routes: BTreeMap<(TurretId, Uplink), Route>,
    pub mics: BTreeMap<TurretId, Vec<MicReport>>,
    pub lines: BTreeMap<LineId, LineStatus>,
    pub intercoms: BTreeMap<LineId, Vec<TurretId>>,
    pub lost: BTreeSet<TurretId>,
    pub locked: BTreeSet<TurretId>,
    /// Whose session the last input has ended.
    pub over: Vec<TurretId>,
    pub failing_since: Option<Moment>,
    pub awaited: BTreeSet<(TurretId, Uplink)>,
    /// Of whom, on which line.
    pub tracks: BTreeMap<TrackId, (LineId, UserId)>,
    /// Whose tracks on which lines the last input has ended.
    pub ended: Vec<(LineId, UserId)>,
    pub broadcasts: BTreeMap<TurretId, BroadcastStatus>,
    pub kept: BTreeSet<Kept>,
}

impl Switch {
    pub fn take(&mut self, out: &[Output]) {
        self.over.clear();
        self.ended.clear();
        for one in out {
            match one {
                Output::Route { turret, uplink, open: true, legs, tracks, .. } => {
                    let legs = legs.iter().map(|leg| (leg.hearer, leg.label.clone(), leg.handset)).collect();
                    self.routes.insert((*turret, *uplink), (legs, tracks.len()));
                }
                Output::Route { turret, uplink, open: false, .. } => {
                    self.routes.remove(&(*turret, *uplink));
                }
                Output::Mics { turret, mics } => {
                    self.mics.insert(*turret, mics.clone());
                }
                Output::Line { status, .. } => {
                    self.lines.insert(status.line.clone(), status.clone());
                }
                Output::LineAdded { line, kind: LineKind::Intercom, to, .. } => {
                    self.intercoms.entry(line.clone()).or_default().extend(to);
                }
                Output::LineRemoved { line, to } => {
                    if let Some(seen) = self.intercoms.get_mut(line) {
                        seen.retain(|turret| !to.contains(turret));
                    }
                    self.intercoms.retain(|_, seen| !seen.is_empty());
                }
                Output::SessionOver { turret } => {
                    self.lost.remove(turret);
                    self.locked.remove(turret);
                    self.over.push(*turret);
                }
                Output::Kept { what, on: true } => drop(self.kept.insert(what.clone())),
                Output::Kept { what, on: false } => drop(self.kept.remove(what)),
                Output::Await { turret, uplink, heard_ms: Some(_) } => drop(self.awaited.insert((*turret, *uplink))),
                Output::Await { turret, uplink, heard_ms: None } => drop(self.awaited.remove(&(*turret, *uplink))),
                Output::Locked { turret, on: true } => drop(self.locked.insert(*turret)),
                Output::Locked { turret, on: false } => drop(self.locked.remove(turret)),
                Output::TrackOpened { track, line, user, .. } => {
                    self.tracks.insert(*track, (line.clone(), user.clone()));
                }
                Output::Broadcast { turret, status: Some(status) } => {
                    self.broadcasts.insert(*turret, status.clone());
                }
                Output::Broadcast { turret, status: None } => drop(self.broadcasts.remove(turret)),
                Output::TrackClosed { track } => self.ended.extend(self.tracks.remove(track)),
                Output::Answer { .. }
                | Output::LineAdded { .. }
                | Output::Listeners { .. }
                | Output::PanelChanged { .. }
                | Output::Person(_)
                | Output::Notice { .. }
                | Output::RecordingOpened { .. }
                | Output::Happened { .. }
                | Output::History { .. }
                | Output::Message { .. }
                | Output::RecordingClosed { .. } => {}
            }
        }
    }

    /// Microphones that headers show open, and the lines they are open towards.
    pub fn open(&self) -> BTreeSet<(TurretId, Uplink, LineId)> {
        let all = self.mics.iter().flat_map(|(turret, mics)| mics.iter().map(move |mic| (*turret, mic)));
        all.filter(|(_, mic)| !mic.muted).map(|(turret, mic)| (turret, mic.uplink, mic.line.clone())).collect()
    }

    /// Who is heard on which line by a handset or hands-free.
    pub fn by_handset(&self) -> BTreeSet<(TurretId, LineId)> {
        let all = self.mics.iter().flat_map(|(turret, mics)| mics.iter().map(move |mic| (*turret, mic)));
        let heard = all.filter(|(_, mic)| !mic.muted && mic.position != Position::Speakers);
        heard.map(|(turret, mic)| (turret, mic.line.clone())).collect()
    }

    /// What the input itself says of turrets and the recorder.
    pub fn told(&mut self, input: &Input, now: Moment) {
        match input {
            Input::LinkLost { turret } => drop(self.lost.insert(*turret)),
            Input::LinkBack { turret } => drop(self.lost.remove(turret)),
            Input::LogOn { turret, .. } | Input::LogOff { turret } => {
                self.lost.remove(turret);
                self.locked.remove(turret);
            }
            Input::Recorder { failing } => {
                self.failing_since = failing.as_ref().map(|_| self.failing_since.unwrap_or(now))
            }
            Input::Act { .. }
            | Input::Unlock { .. }
            | Input::Heard { .. }
            | Input::Seat { .. }
            | Input::TalkOrphaned { .. }
            | Input::VoiceActivity { .. }
            | Input::Microphone { .. }
            | Input::Users(_)
            | Input::Tick => {}
        }
    }
}
