//! The devices of the positions, as the panel draws them, and what there is to choose from.
//!
//! Law: plain values.

use dealerboard_model::Position;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The devices of a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceView {
    /// Microphone; none: this position cannot talk.
    pub microphone: Option<String>,
    /// Earpiece or loudspeaker; none: this position cannot be heard.
    pub ear: Option<String>,
    /// What is wrong and what happens instead, one sentence; empty when all is well.
    pub trouble: String,
}

/// A device that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceChoice {
    /// Finds it again.
    pub id: String,
    /// For people.
    pub name: String,
}

/// What was chosen for a position; none: the system's device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChosenView {
    /// Which position.
    pub position: Position,
    /// Its microphone; the speakers have none of their own.
    pub microphone: Option<DeviceChoice>,
    /// Its earpiece or loudspeaker.
    pub ear: Option<DeviceChoice>,
}

/// What there is to choose from, and what was chosen. It is told when it is asked for, and is no part of the view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DevicesView {
    /// Microphones.
    pub microphones: Vec<DeviceChoice>,
    /// Earpieces and loudspeakers.
    pub ears: Vec<DeviceChoice>,
    /// The name of the system's microphone, where it is known.
    pub system_microphone: Option<String>,
    /// The name of the system's loudspeaker, where it is known.
    pub system_ear: Option<String>,
    /// What was chosen: left handset, right handset, hands-free, speakers.
    pub chosen: Vec<ChosenView>,
}
