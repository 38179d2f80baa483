//! What the floor file says, as call control needs it. Does not change while the exchange runs.

use crate::policy::{Policies, Policy};
use dealerboard_model::{DeskId, LineId, LineKind, RecordPolicy, Right, RingPriority, UserId};
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
    /// The desk, whose policies are this user's too.
    pub desk: DeskId,
    /// Lines on this user's speakers at log-on.
    pub speakers: BTreeSet<LineId>,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    /// Lines by id.
    pub lines: BTreeMap<LineId, LineSpec>,
    /// Users by log-on name.
    pub users: BTreeMap<UserId, UserSpec>,
    /// What was set of the policies.
    pub policies: Policies,
    /// The first number for a call that was never used.
    pub first_call: u32,
    /// The first number for a recording.
    pub first_recording: u32,
    /// The first number for a track.
    pub first_track: u32,
}

impl Floor {
    /// The policies that are in force on a line for a user, each where there is one.
    #[must_use]
    pub fn policy(&self, line: Option<&LineId>, user: Option<&UserId>) -> Policy {
        let desk = user.and_then(|user| self.users.get(user)).map(|spec| &spec.desk);
        self.policies.of(line, desk, user)
    }
}
