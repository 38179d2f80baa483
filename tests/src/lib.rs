//! The whole system under test: a private sound server, and ears that judge what was heard.

pub mod compare;
pub mod sound;
