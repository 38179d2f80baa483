//! Plain values that every other crate speaks in: ids, names, roles, line kinds, what a line is and what a lamp shows.
//!
//! Law: no behaviour beyond pure functions over these values; no I/O, clock, randomness or thread. Nothing here depends
//! on another crate of the workspace.

mod broadcast;
mod divert;
mod history;
mod ids;
mod kind;
mod lamp;
mod line;
mod person;
mod voicemail;

pub use broadcast::*;
pub use divert::*;
pub use history::*;
pub use ids::*;
pub use kind::*;
pub use lamp::*;
pub use line::*;
pub use person::*;
pub use voicemail::*;
