//! What a snapshot lists: who there is, the numbers, the groups and the pages.

use dealerboard_model::{DeskId, GroupId, LineId, Role, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The user of this turret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Me {
    /// Log-on name.
    pub user: UserId,
    /// Name as shown.
    pub name: String,
    /// Desk.
    pub desk: DeskId,
    /// The desk's name.
    pub desk_name: String,
    /// The seat.
    pub seat: String,
    /// Roles.
    pub roles: Vec<Role>,
}

/// A user as the intercom list shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Person {
    /// Log-on name.
    pub user: UserId,
    /// Name as shown.
    pub name: String,
    /// The desk's name.
    pub desk_name: String,
    /// The desk; a switch that does not say it diverts and sends to people alone.
    #[serde(default)]
    pub desk: Option<DeskId>,
}

/// A number that can be dialled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Number {
    /// The number.
    pub number: String,
    /// Whom it reaches.
    pub name: String,
    /// Whose extension it is; nobody's when it is a shared line.
    pub user: Option<UserId>,
    /// It is an emergency number: it is called at a locked turret too.
    #[serde(default)]
    pub emergency: bool,
}

/// A group as the intercom list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IntercomGroup {
    /// Its id.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// Everybody in it.
    pub members: Vec<UserId>,
}

/// Several speaker channels with one talk key and one mute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChannelGroup {
    /// Its name: no other group of this user has it.
    pub name: String,
    /// Its lines.
    pub lines: Vec<LineId>,
}

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Page {
    /// Name on the tab.
    pub name: String,
    /// 6 × 7 places, row by row; none is an empty place.
    pub keys: Vec<Option<LineId>>,
}
