//! The parts of the desktop turret: start options, the floor it speaks to, and the door of its review window.

pub mod app;
pub mod floor;
pub mod options;
mod pinned;
pub mod review;
mod seats;
mod tray;
mod turrets;
