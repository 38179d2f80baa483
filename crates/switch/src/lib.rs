//! The switch of a floor: call state in one loop, control connections, voice, recording, pages and API.
//!
//! Law: one loop owns all call state (`floor_loop`); everything else sends it inputs over bounded queues. `translate` alone
//! knows both the protocol and call control. A data folder belongs to one running switch.

mod accounts;
mod certificate;
mod clock;
mod control;
pub mod floor;
mod floor_loop;
mod history;
mod keep;
mod kept;
mod outbox;
mod panel;
mod password;
mod places;
mod running;
mod throttle;
pub mod translate;
mod users;
pub mod web;

pub use accounts::Account;
pub use kept::changed_at_run_time;
pub use places::raise_descriptors;
pub use running::{FloorSource, Running, Switch, SwitchOptions, in_words, verify};
pub use users::UserList;
