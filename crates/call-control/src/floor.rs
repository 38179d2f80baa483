//! What the floor file says, as call control needs it. Does not change while the exchange runs.

use dealerboard_model::{LineId, LineKind, RecordPolicy, Right, RingPriority, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// One line: one end of a private wire, or a hoot.
#[derive(Clone, Debug)]
pub struct LineSpec {
    /// Which.
    pub line: LineId,
    /// What its key shows.
    pub name: String,
    /// Its kind.
    pub kind: LineKind,
    /// The other end of a private wire.
    pub far: Option<LineId>,
    /// How it rings.
    pub priority: RingPriority,
    /// Whether it is recorded.
    pub record: RecordPolicy,
    /// Users with an appearance; on a hoot with their right.
    pub members: BTreeMap<UserId, Right>,
}

/// One user.
#[derive(Clone, Debug)]
pub struct UserSpec {
    /// Log-on name.
    pub user: UserId,
    /// Name as shown.
    pub name: String,
    /// Lines on this user's speakers at log-on.
    pub speakers: BTreeSet<LineId>,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct Floor {
    /// Lines by id.
    pub lines: BTreeMap<LineId, LineSpec>,
    /// Users by log-on name.
    pub users: BTreeMap<UserId, UserSpec>,
    /// The first number for a call that was never used.
    pub first_call: u32,
    /// The first number for a recording.
    pub first_recording: u32,
    /// The first number for a track.
    pub first_track: u32,
    /// How many talk on a hoot at once (`hoot.talkers`).
    pub hoot_talkers: usize,
    /// How long a hoot's recording waits for the next talker (`hoot.activity_gap`), milliseconds.
    pub hoot_gap_ms: u64,
}

impl Floor {
    /// The lines that each user has an appearance of.
    pub(crate) fn appearances(&self) -> BTreeMap<UserId, BTreeSet<LineId>> {
        let mut of_users: BTreeMap<UserId, BTreeSet<LineId>> = BTreeMap::new();
        for line in self.lines.values() {
            for user in line.members.keys() {
                of_users.entry(user.clone()).or_default().insert(line.line.clone());
            }
        }
        of_users
    }
}

impl Default for Floor {
    fn default() -> Self {
        Self {
            lines: BTreeMap::new(),
            users: BTreeMap::new(),
            first_call: 0,
            first_recording: 0,
            first_track: 0,
            hoot_talkers: 12,
            hoot_gap_ms: 10_000,
        }
    }
}
