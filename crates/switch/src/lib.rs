//! The switch.
pub mod floor;
mod accounts;
mod certificate;
mod clock;
mod control;
mod keep;
mod outbox;
mod password;
mod throttle;
