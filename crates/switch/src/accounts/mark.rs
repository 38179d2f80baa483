//! Which password proved a log-on.
//!
//! Law: a mark tells one set password from another, also from the same one set again, and nothing of the password itself:
//! it is a digest of the salted hash.

use super::Account;
use crate::certificate::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Stands for one set password: the SHA-256 of its argon2id hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark(String);

impl Mark {
    /// The mark of a kept hash.
    pub fn of(hash: &str) -> Self {
        Self(hex(&Sha256::digest(hash.as_bytes())))
    }
}

/// Somebody who has proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Who.
    pub account: Account,
    /// By which password.
    pub mark: Mark,
}
