//! What the floor file says, as call control needs it. People, their groups and seats, and who has a line change while the
//! exchange runs (`Input::Users`); which lines there are, and the policies, do not.

use crate::policy::{Policies, Policy};
use dealerboard_model::{DeskId, GroupId, LineId, LineKind, RecordPolicy, Right, RingPriority, Role, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// One line: one end of a private wire, a hoot, a call of an extension, or a dial line.
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
    /// Those of them at whom it rings in turn, the first at the top.
    pub order: Vec<UserId>,
    /// At whom it rings when nobody of them has answered for long.
    pub overflow: BTreeSet<UserId>,
    /// Of an extension or a dial line.
    pub number: Option<NumberSpec>,
}

/// The number that reaches a line. Several lines may have the same one: the first that is free rings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberSpec {
    /// The number; empty when it is not reached by one.
    pub number: String,
    /// Whose extension it is; nobody's when it is a shared line.
    pub owner: Option<UserId>,
    /// It is an emergency number: calls to it and from there are never refused (ALL-9).
    pub emergency: bool,
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
    /// What they may do beside using a turret.
    pub roles: BTreeSet<Role>,
    /// Lines on this user's speakers at log-on.
    pub speakers: BTreeSet<LineId>,
}

/// A group that is called by intercom.
#[derive(Clone, Debug)]
pub struct GroupSpec {
    /// Name as shown.
    pub name: String,
    /// Everybody in it.
    pub members: BTreeSet<UserId>,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    /// Lines by id.
    pub lines: BTreeMap<LineId, LineSpec>,
    /// Users by log-on name.
    pub users: BTreeMap<UserId, UserSpec>,
    /// Groups that are called by intercom.
    pub groups: BTreeMap<GroupId, GroupSpec>,
    /// Where each user usually sits.
    pub seats: BTreeMap<UserId, String>,
    /// The seats beside each seat: whose loudspeakers its microphone hears.
    pub neighbours: BTreeMap<String, BTreeSet<String>>,
    /// Users who sit elsewhere: nobody is their neighbour.
    pub remote: BTreeSet<UserId>,
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

    /// The policies that are in force on a line for a user, each where there is one.
    #[must_use]
    pub fn policy(&self, line: Option<&LineId>, user: Option<&UserId>) -> Policy {
        let desk = user.and_then(|user| self.users.get(user)).map(|spec| &spec.desk);
        self.policies.of(line, desk, user)
    }
}
