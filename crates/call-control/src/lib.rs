//! The brain of the switch: lines, calls, hoots, intercom, as state machines.
//!
//! Law: pure. No clock, randomness, thread, file or socket; time is an argument, and the same inputs at the same times
//! give the same outputs in the same order. One feature, one file: each owns what it changes; `project` then derives what
//! turrets see, who hears whom and what is recorded from the one state, so that these can never disagree.

mod announce;
mod ard;
mod audience;
mod bridge;
mod broadcast;
mod call;
mod conference;
mod dial;
mod divert;
mod emergency;
mod exchange;
mod floor;
mod group;
mod handset;
mod happenings;
mod history;
mod hold;
mod hoot;
mod intercom;
mod kept;
mod line;
mod lock;
mod loss;
mod messages;
mod moves;
mod mrd;
mod mute;
mod policy;
mod position;
mod presence;
mod privacy;
mod project;
mod record;
mod recorder;
mod restored;
mod rights;
mod ringing;
mod room;
mod routing;
mod service;
mod state;
mod supervisor;
mod takeover;
mod timer;
mod transfer;
mod voice;
mod voicemail;

pub use dial::NUMBER_MAX;
pub use divert::DivertOf;
pub use exchange::{Drain, Exchange};
pub use floor::{Floor, GroupSpec, LineSpec, NumberSpec, UserSpec};
pub use group::GROUP_MAX;
pub use happenings::Happening;
pub use kept::{Kept, KeptConference, KeptDialled, KeptLine, KeptMessage, KeptParty};
pub use lock::LOCKED;
pub use messages::{Accepted, Act, Input, MicReport, Output, Refusal, RefusalCode, RouteLeg, Sound};
pub use policy::{
    HootHandset, IntercomTalk, Kind, Level, MrdSignal, POLICIES, Policies, Policy, RingInCall, SecondPress, Settings,
    Spec, TalkMode, Value, Wins,
};
pub use presence::SecondLogOn;
pub use voicemail::Said;
