//! The parts of the desktop turret: start options, the floor it speaks to, and the door of its review window.

pub mod app;
mod data;
mod devices;
mod drawing;
pub mod floor;
mod log_ons;
pub mod memory;
pub mod options;
mod own_switch;
pub mod review;
mod room;
mod seats;
mod tray;
mod turrets;
