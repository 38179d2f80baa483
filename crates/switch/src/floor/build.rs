//! Makes call control's floor of a floor file.

use super::{FloorFile, Members, Whose, WireKind};
use crate::panel::members;
use dealerboard_call_control::{Floor, LineSpec, UserSpec};
use dealerboard_model::{LineId, LineKind, RecordPolicy, Right, RingPriority, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// `hoot.talkers`.
const HOOT_TALKERS: usize = 12;

/// `hoot.activity_gap`, milliseconds.
pub const HOOT_GAP_MS: u64 = 10_000;

/// The floor that `file` describes; `first` are the first numbers of calls, recordings and tracks that were never used.
pub fn build(file: &FloorFile, first: [u32; 3]) -> Floor {
    let mut lines = BTreeMap::new();
    for wire in &file.wires {
        let kind = match wire.kind {
            WireKind::Ard => LineKind::Ard,
            WireKind::Mrd => LineKind::Mrd,
        };
        for (place, end) in wire.ends.iter().enumerate() {
            let far = LineId(wire.ends[1 - place].line.value.clone());
            let members = with(file, &end.members, Right::Speak);
            let mut line = spec(&end.line.value, &end.name, kind, wire.record, members);
            (line.far, line.priority) = (Some(far), wire.priority);
            lines.insert(line.line.clone(), line);
        }
    }
    for hoot in &file.hoots {
        let mut members = with(file, &hoot.listen, Right::Listen);
        members.extend(with(file, &hoot.speak, Right::Speak));
        let line = spec(&hoot.id.value, &hoot.name, LineKind::Hoot, hoot.record, members);
        lines.insert(line.line.clone(), line);
    }
    let users = file.users.iter().map(|user| {
        let id = UserId(user.id.value.clone());
        let speakers = speakers(file, &id, &user.desk.value);
        (id.clone(), UserSpec { user: id, name: user.name.clone(), speakers })
    });
    Floor {
        lines,
        users: users.collect(),
        first_call: first[0],
        first_recording: first[1],
        first_track: first[2],
        hoot_talkers: HOOT_TALKERS,
        hoot_gap_ms: HOOT_GAP_MS,
    }
}

fn spec(id: &str, name: &str, kind: LineKind, record: RecordPolicy, members: BTreeMap<UserId, Right>) -> LineSpec {
    let (line, name) = (LineId(id.to_owned()), name.to_owned());
    LineSpec { line, name, kind, far: None, priority: RingPriority::Low, record, members }
}

fn with(file: &FloorFile, named: &Members, right: Right) -> BTreeMap<UserId, Right> {
    members(file, named).into_iter().map(|user| (user, right)).collect()
}

/// The lines on a user's speakers: their own channels, else their desk's.
fn speakers(file: &FloorFile, user: &UserId, desk: &str) -> BTreeSet<LineId> {
    let own = file.speakers.iter().find(|channels| matches!(&channels.whose, Whose::User(of) if of.value == user.0));
    let desks = file.speakers.iter().find(|channels| matches!(&channels.whose, Whose::Desk(of) if of.value == desk));
    let lines = own.or(desks).map(|channels| channels.lines.as_slice()).unwrap_or_default();
    lines.iter().map(|line| LineId(line.value.clone())).collect()
}
