//! The only crate that runs WebRTC: [`turret`] on the `webrtc` crate, [`switch`] on str0m with one UDP socket for all.
//!
//! Law: Opus payloads pass untouched, each packet names line and talker in its CSRC list, and no message has to come
//! before audio. What is forwarded to whom is decided by pure code in [`switch::forward`].

pub mod switch;
pub mod turret;
