//! The whole system under test: real switch, real turrets, real sound, and the ears to judge what arrives.
//!
//! `world` starts a floor as processes, `seat` its turrets, `players` its counterparties, `sound` a private sound server, `network` two machines, `disk` a disk that
//! is soon full. `speech`, `chirp`, `sweep` and `compare` tell what was heard, `recordings` what was kept.
//! `bench-voice` measures the voice path with the same means.

pub mod chirp;
pub mod compare;
pub mod disk;
pub mod network;
pub mod players;
pub mod recordings;
pub mod seat;
pub mod sound;
pub mod speech;
pub mod sweep;
pub mod wav;
pub mod world;
