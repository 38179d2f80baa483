//! The whole system under test: real switch, real turrets, real sound, and the ears to judge what arrives.
//!
//! `world` starts a floor as processes (`owned`), `seat` its turrets, `players` its counterparties; `sound` is a private
//! sound server, `network` two machines, `relay` a long way, `disk` disks that take no more. `desk` is a turret in the
//! test's own process whose sounds are known to the sample, `crowd` twelve of them who talk at once. `speech`, `chirp`,
//! `sweep`, `choir` and `compare` tell what was heard, `recordings` what was kept, `review` what a reviewer is told of it. `bench-voice` measures the voice path with
//! the same means, `bench-calls` what a call costs; `process` tells what a program uses. `simulated` is a floor in virtual time.

pub mod chirp;
pub mod choir;
pub mod compare;
pub mod crowd;
pub mod desk;
pub mod disk;
pub mod network;
pub mod owned;
pub mod players;
pub mod process;
pub mod recordings;
pub mod relay;
pub mod review;
pub mod seat;
pub mod simulated;
pub mod sound;
pub mod speech;
pub mod sweep;
pub mod wav;
pub mod world;
