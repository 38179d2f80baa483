//! The switch.
pub mod floor;
