//! Passwords: argon2id, and the making of new ones.
//!
//! Law: a password in the clear lives only in the message that brings it and in the sample floor's password file.

use anyhow::{Result, anyhow};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

/// Shortest password that is taken, in characters.
pub const PASSWORD_MIN_CHARS: usize = 8;

/// The hash to keep (PHC string, argon2id).
///
/// # Errors
/// The password is too short, or there is no randomness.
pub fn hash(password: &str) -> Result<String> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(anyhow!("the password is shorter than {PASSWORD_MIN_CHARS} characters; choose a longer one"));
    }
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| anyhow!("the system gives no randomness ({error})"))?;
    let salt = SaltString::encode_b64(&salt).map_err(|error| anyhow!("no salt could be made ({error})"))?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| anyhow!("the password could not be hashed ({error})"))?.to_string())
}

/// Whether `password` is the one that `kept` was made of. Takes tens of milliseconds by intention.
pub fn verify(password: &str, kept: &str) -> bool {
    PasswordHash::new(kept).is_ok_and(|kept| Argon2::default().verify_password(password.as_bytes(), &kept).is_ok())
}

/// A new password of four groups of four letters and digits: 80 bits.
///
/// # Errors
/// There is no randomness.
pub fn make() -> Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| anyhow!("the system gives no randomness ({error})"))?;
    let letters: Vec<char> = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_kept_hash_takes_its_own_password_and_no_other() {
        let kept = hash("tulip-mania").unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(verify("tulip-mania", &kept));
        assert!(!verify("tulip-mania ", &kept));
    }

    #[test]
    fn a_short_password_is_refused_with_a_sentence() {
        assert_eq!(
            hash("tulip").unwrap_err().to_string(),
            "the password is shorter than 8 characters; choose a longer one"
        );
    }
}
