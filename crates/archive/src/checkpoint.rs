//! Signed checkpoints: an Ed25519 signature (RFC 8032) over the chain's end, each minute and when the recorder stops.
//!
//! Law: the key is readable by its owner alone and never leaves its file. A checkpoint proves the whole chain before it;
//! to prove it against whoever owns this machine, keep the public key and a copy of the checkpoints elsewhere.

use crate::chain::{End, hash};
use crate::{ArchiveError, Result, file_error, hex, unhex};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// File of the private key.
pub const KEY_FILE: &str = "signing.key";
/// File of the public key.
pub const PUBLIC_FILE: &str = "signing.pub";
/// File of the checkpoints.
pub const CHECKPOINTS_FILE: &str = "checkpoints.jsonl";

/// A checkpoint is shorter than this many bytes.
const TORN_LOOK: u64 = 1_024;

/// One signature over the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Number of the line that it is made at.
    pub n: u64,
    /// SHA-256 of that line, hexadecimal.
    pub hash: String,
    /// When, UTC milliseconds.
    pub at_utc_ms: i64,
    /// Ed25519 over the text of [`Checkpoint::signed`], hexadecimal.
    pub signature: String,
}

impl Checkpoint {
    /// Signs where a chain ends.
    pub fn sign(key: &SigningKey, end: &End, at_utc_ms: i64) -> Self {
        let signature = key.sign(&signed(end.n, &end.hash, at_utc_ms));
        Self { n: end.n, hash: end.hash.clone(), at_utc_ms, signature: hex(&signature.to_bytes()) }
    }

    /// Whether the owner of `key` made it.
    pub fn is_by(&self, key: &VerifyingKey) -> bool {
        let Some(signature) = unhex::<64>(&self.signature) else { return false };
        key.verify(&signed(self.n, &self.hash, self.at_utc_ms), &Signature::from_bytes(&signature)).is_ok()
    }
}

fn signed(n: u64, hash: &str, at_utc_ms: i64) -> Vec<u8> {
    format!("dealerboard checkpoint 1\n{n}\n{hash}\n{at_utc_ms}\n").into_bytes()
}

/// The key of a folder of recordings; made when it is not there.
pub fn load_or_make_key(folder: &Path) -> Result<SigningKey> {
    let path = folder.join(KEY_FILE);
    let key = match std::fs::read_to_string(&path) {
        Ok(text) => {
            SigningKey::from_bytes(&unhex::<32>(&text).ok_or_else(|| ArchiveError::Key { path: path.clone() })?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed)
                .map_err(|error| file_error(&path, "made")(std::io::Error::other(error.to_string())))?;
            let key = SigningKey::from_bytes(&seed);
            write_private(&path, hex(&key.to_bytes()).as_bytes())?;
            key
        }
        Err(cause) => return Err(file_error(&path, "read")(cause)),
    };
    let public = folder.join(PUBLIC_FILE);
    if !public.is_file() {
        std::fs::write(&public, hex(key.verifying_key().as_bytes())).map_err(file_error(&public, "written"))?;
    }
    Ok(key)
}

/// The public key of a folder of recordings.
pub fn public_key(folder: &Path) -> Result<VerifyingKey> {
    let path = folder.join(PUBLIC_FILE);
    let text = std::fs::read_to_string(&path).map_err(file_error(&path, "read"))?;
    let bytes = unhex::<32>(&text).ok_or_else(|| ArchiveError::Key { path: path.clone() })?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| ArchiveError::Key { path })
}

/// Sets a checkpoint aside that was torn while it was written: what stands behind the last line feed.
pub fn set_torn_aside(folder: &Path) -> Result<()> {
    let path = folder.join(CHECKPOINTS_FILE);
    let mut file = match File::options().read(true).write(true).open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(file_error(&path, "opened"))?,
    };
    let (whole_bytes, torn) = torn(&mut file).map_err(file_error(&path, "read"))?;
    if torn.is_empty() {
        return Ok(());
    }
    let aside = folder.join(format!("checkpoints.torn-{whole_bytes}"));
    std::fs::write(&aside, &torn).map_err(file_error(&aside, "written"))?;
    file.set_len(whole_bytes).and_then(|()| file.sync_all()).map_err(file_error(&path, "written"))
}

/// Length of a file up to its last line feed, and what stands behind that.
fn torn(file: &mut File) -> std::io::Result<(u64, Vec<u8>)> {
    let length = file.metadata()?.len();
    let mut back = TORN_LOOK.min(length);
    loop {
        let mut last = Vec::new();
        file.seek(SeekFrom::Start(length - back))?;
        file.read_to_end(&mut last)?;
        match last.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => return Ok((length - back + at as u64 + 1, last.split_off(at + 1))),
            None if back == length => return Ok((0, last)),
            None => back = (back * 2).min(length),
        }
    }
}

/// SHA-256 of the public key of the recordings in `folder`, hexadecimal: kept elsewhere, it finds a key that was replaced.
///
/// # Errors
/// There is no public key, or it is none.
pub fn key_fingerprint(folder: &Path) -> Result<String> {
    Ok(fingerprint(&public_key(folder)?))
}

/// The fingerprint that a text gives: one itself, with or without `sha256:`, or a file that holds one or a public key.
///
/// # Errors
/// It is neither.
pub fn read_fingerprint(text: &str) -> Result<String> {
    let digits = |text: &str| {
        let digits = text.trim().trim_start_matches("sha256:").replace(':', "");
        unhex::<32>(&digits).map(|bytes| hex(&bytes))
    };
    if let Some(fingerprint) = digits(text) {
        return Ok(fingerprint);
    }
    let path = Path::new(text);
    let held = std::fs::read_to_string(path).map_err(file_error(path, "read"))?;
    let said = held.trim().starts_with("sha256:").then(|| digits(&held)).flatten();
    let key = || VerifyingKey::from_bytes(&unhex::<32>(&held)?).ok().map(|key| fingerprint(&key));
    said.or_else(key).ok_or_else(|| ArchiveError::Key { path: path.to_owned() })
}

/// SHA-256 of a public key, hexadecimal.
pub fn fingerprint(key: &VerifyingKey) -> String {
    hash(key.as_bytes())
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).map_err(file_error(path, "made"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(file_error(path, "written"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_checkpoint_is_good_for_one_chain_and_one_key_only() {
        let (one, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let good = Checkpoint::sign(&one, &End { n: 7, hash: "ab".into() }, 5);
        assert!(good.is_by(&one.verifying_key()));
        assert!(!good.is_by(&other.verifying_key()));
        assert!(!Checkpoint { n: 8, ..good.clone() }.is_by(&one.verifying_key()));
        assert!(!Checkpoint { signature: "no hexadecimal".into(), ..good }.is_by(&one.verifying_key()));
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let made = load_or_make_key(folder.path()).unwrap();
        assert_eq!(std::fs::metadata(folder.path().join(KEY_FILE)).unwrap().mode() & 0o777, 0o600);
        assert_eq!(load_or_make_key(folder.path()).unwrap(), made);
        assert_eq!(public_key(folder.path()).unwrap(), made.verifying_key());
    }

    #[test]
    fn a_key_file_with_something_else_in_it_is_refused_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(KEY_FILE), "hello").unwrap();
        let said = load_or_make_key(folder.path()).unwrap_err().to_string();
        assert!(said.ends_with("signing.key is no signing key; restore it from a copy"), "{said}");
    }
}
