//! The brain of the switch: lines, calls, hoots, intercom, as state machines.
//!
//! Law: pure. No clock, randomness, thread, file or socket; time is an argument, and the same inputs at the same times
//! give the same outputs in the same order. One feature, one file: each owns what it changes; `project` then derives what
//! turrets see, who hears whom and what is recorded from the one state, so that these can never disagree.

mod exchange;
mod floor;
mod happenings;
mod hold;
mod hoot;
mod intercom;
mod kept;
mod messages;
mod presence;
mod private_wire;
mod project;
mod record;
mod state;
mod timer;

pub use exchange::{Drain, Exchange};
pub use floor::{Floor, LineSpec, UserSpec};
pub use happenings::Happening;
pub use kept::Kept;
pub use messages::{Accepted, Act, Input, MicReport, Output, Refusal, RefusalCode, RouteLeg, Sound};
