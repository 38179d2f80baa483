//! What the panel shows of dialling: the numbers at hand, and where calls to one's own go.

use dealerboard_model::Divert;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How one dials here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DialView {
    /// There is a line to dial from.
    pub can: bool,
    /// The number that was dialled last.
    pub last: Option<String>,
    /// Numbers that the floor file keeps for this user.
    pub speeds: Vec<SpeedView>,
    /// My own extension, where I have one.
    pub extension: Option<ExtensionView>,
}

/// A number that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SpeedView {
    /// Whom it reaches.
    pub name: String,
    /// The number.
    pub number: String,
}

/// A locked turret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LockView {
    /// Emergency numbers, which are called all the same.
    pub emergency: Vec<SpeedView>,
}

/// One's own extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExtensionView {
    /// Its number.
    pub number: String,
    /// Where its calls go, in the order in which the first that applies counts.
    pub diverts: Vec<Divert>,
}
