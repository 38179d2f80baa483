//! People: roles and what others see of a user.

use crate::UserId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a user may do beside using a turret. A user may hold several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Uses a turret on lines of their own.
    Trader,
    /// Uses a turret between clients.
    Broker,
    /// Leads a desk.
    Supervisor,
    /// Listens to and searches recordings.
    Reviewer,
    /// Compliance officer: holds, exports, approves.
    Officer,
    /// Keeps the floor.
    Administrator,
}

impl Role {
    /// Whether this role opens the review page.
    #[must_use]
    pub fn may_review(self) -> bool {
        match self {
            Self::Reviewer | Self::Officer | Self::Administrator => true,
            Self::Trader | Self::Broker | Self::Supervisor => false,
        }
    }
}

/// What everybody on the floor sees of a user: the key of the intercom list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PersonStatus {
    /// Who.
    pub user: UserId,
    /// Logged on at one turret at least.
    pub logged_on: bool,
    /// Do not disturb: visible to others.
    pub dnd: bool,
    /// On a line by handset or hands-free, or in an intercom.
    pub busy: bool,
}
