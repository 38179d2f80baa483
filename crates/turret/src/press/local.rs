//! What a turret does by itself, without the switch.

use crate::view::{DeviceChoice, DevicePart};
use dealerboard_model::{LineId, Position};
use uuid::Uuid;

/// What the turret does by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum LocalDeed {
    /// The next key lands here.
    Select(Position),
    /// Mutes or opens a position's microphone.
    Mute {
        /// Which position.
        position: Position,
        /// Muted.
        on: bool,
    },
    /// A channel's volume.
    Volume {
        /// Which line.
        line: LineId,
        /// 0 to 1.
        volume: f32,
    },
    /// A position's volume.
    PositionVolume {
        /// Which position.
        position: Position,
        /// 0 to 1.
        volume: f32,
    },
    /// Mutes a channel for one's own ears.
    ChannelMute {
        /// Which line.
        line: LineId,
        /// Muted.
        on: bool,
    },
    /// Solo for one's own ears.
    Solo {
        /// Which line.
        line: LineId,
        /// On.
        on: bool,
    },
    /// The next call at an idle position is private.
    NextPrivate {
        /// Which position.
        position: Position,
        /// Private.
        on: bool,
    },
    /// Ends an intercom on its way: the command with this id.
    TakeBack(Uuid),
    /// More digits for a line that is on its way.
    Digits(String),
    /// Shuts every talk at once.
    CloseAll,
    /// Locks the turret.
    Lock,
    /// Logs off.
    LogOff,
    /// Shows the whole view again.
    Look,
    /// Plays a message.
    PlayMessage {
        /// Of which entry.
        entry: u64,
        /// Where.
        position: Position,
        /// From where on, milliseconds.
        from_ms: u64,
    },
    /// Plays it no more.
    StopMessage,
    /// Lists the history, and asks the switch for what is older.
    History {
        /// What is older too.
        older: bool,
    },
    /// Lists the devices.
    Devices,
    /// Takes another device.
    ChooseDevice {
        /// Which position.
        position: Position,
        /// Its microphone or its ear.
        part: DevicePart,
        /// Which; none: the system's.
        device: Option<DeviceChoice>,
    },
}
