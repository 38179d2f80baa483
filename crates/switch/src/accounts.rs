//! Who may log on: the floor file's users and the added ones, their passwords, their tokens.
//!
//! Law: of a password only its argon2id hash is kept, of a token only its SHA-256; neither stands in a log line. A token's
//! life is short; it survives a restart of the switch.

use crate::certificate::hex;
use crate::floor::{FloorFile, Placed, User};
use crate::keep::{Keep, Shelf, write_private};
use crate::password;
use crate::throttle::Throttle;
use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dealerboard_model::{Role, UserId};
use dealerboard_wire::Token;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a token lives, unless the switch is told otherwise.
pub const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// What is known of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Log-on name.
    pub user: UserId,
    /// Name as shown.
    pub name: String,
    /// The desk's id.
    pub desk: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// The usual seat.
    #[serde(default)]
    pub seat: String,
}

impl Account {
    /// As the floor file would name this user.
    pub fn as_floor_user(&self) -> User {
        let place = |value: &str| Placed { value: value.to_owned(), line: 0 };
        User {
            id: place(self.user.as_str()),
            name: self.name.clone(),
            desk: place(&self.desk),
            roles: self.roles.clone(),
            seat: self.seat.clone(),
        }
    }
}

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// The control connection.
    Control,
    /// The review pages.
    Review,
}

#[derive(Serialize, Deserialize)]
struct KeptToken {
    user: UserId,
    opens: Opens,
    expires_utc_ms: i64,
}

/// Why somebody is not logged on: one sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLoggedOn {
    /// No such user, or not that password: which of the two is not said.
    #[error("The name or the password is not right; type both again.")]
    Wrong,
    /// There is no password yet.
    #[error("This user has no password yet; ask the administrator to set one.")]
    NoPassword,
    /// Too many wrong passwords.
    #[error("There were too many wrong passwords; wait {0} s and try again.")]
    Wait(u64),
    /// The token is over.
    #[error("Your log-on has ended; log on again.")]
    Ended,
}

/// Everybody who may log on to one switch. Clones are the same.
#[derive(Clone)]
pub struct Accounts {
    keep: Keep,
    floor: Arc<BTreeMap<UserId, Account>>,
    throttle: Arc<Mutex<Throttle>>,
    token_life: Duration,
    /// Checked when a name is unknown, so that the time tells nothing.
    nobody: Arc<str>,
}

impl Accounts {
    /// The users of `floor` and those in `keep`.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn new(floor: &FloorFile, keep: Keep, token_life: Duration) -> Result<Self> {
        let accounts = floor.users.iter().map(|user| {
            let account = Account {
                user: UserId(user.id.value.clone()),
                name: user.name.clone(),
                desk: user.desk.value.clone(),
                roles: user.roles.clone(),
                seat: user.seat.clone(),
            };
            (account.user.clone(), account)
        });
        let nobody = password::hash(&password::make()?)?;
        Ok(Self {
            keep,
            floor: Arc::new(accounts.collect()),
            throttle: Arc::default(),
            token_life,
            nobody: nobody.into(),
        })
    }

    /// The user called `user`; an added one wins over the floor file's.
    pub fn find(&self, user: &UserId) -> Option<Account> {
        self.keep.get(Shelf::Users, user.as_str()).or_else(|| self.floor.get(user).cloned())
    }

    /// Checks a password; wrong ones are counted.
    ///
    /// # Errors
    /// One sentence why not.
    pub async fn log_on(&self, user: &UserId, typed: String, from: IpAddr) -> Result<Account, NotLoggedOn> {
        if let Some(wait) = self.throttle().wait(Instant::now(), user.as_str(), from) {
            return Err(NotLoggedOn::Wait(wait.as_secs() + 1));
        }
        let account = self.find(user);
        let kept: Option<String> = self.keep.get(Shelf::Passwords, user.as_str());
        if account.is_some() && kept.is_none() {
            return Err(NotLoggedOn::NoPassword);
        }
        let known = account.is_some();
        let hash = kept.filter(|_| known).unwrap_or_else(|| self.nobody.to_string());
        let right = tokio::task::spawn_blocking(move || password::verify(&typed, &hash)).await.unwrap_or(false);
        match account {
            Some(account) if right => {
                self.throttle().succeeded(user.as_str());
                Ok(account)
            }
            Some(_) | None => {
                self.throttle().failed(Instant::now(), user.as_str(), from);
                Err(NotLoggedOn::Wrong)
            }
        }
    }

    /// A fresh token of `user`.
    ///
    /// # Errors
    /// There is no randomness, or the token cannot be kept.
    pub fn issue(&self, user: &UserId, opens: Opens) -> Result<Token> {
        let secret = secret()?;
        let now_ms = utc_ms();
        let expires_utc_ms = now_ms.saturating_add(i64::try_from(self.token_life.as_millis()).unwrap_or(i64::MAX));
        self.keep.remove(Shelf::Tokens, |_, token| {
            token.get("expires_utc_ms").and_then(serde_json::Value::as_i64).is_none_or(|end| end <= now_ms)
        })?;
        let kept = KeptToken { user: user.clone(), opens, expires_utc_ms };
        self.keep.put(Shelf::Tokens, &digest(&secret), &kept)?;
        Ok(Token { token: secret, expires_utc_ms })
    }

    /// Whose token this is, and when it ends (UTC milliseconds).
    ///
    /// # Errors
    /// It is over, unknown, or opens something else.
    pub fn token_user(&self, token: &str, opens: Opens) -> Result<(Account, i64), NotLoggedOn> {
        let kept: KeptToken = self.keep.get(Shelf::Tokens, &digest(token)).ok_or(NotLoggedOn::Ended)?;
        if kept.opens != opens || kept.expires_utc_ms <= utc_ms() {
            return Err(NotLoggedOn::Ended);
        }
        Ok((self.find(&kept.user).ok_or(NotLoggedOn::Ended)?, kept.expires_utc_ms))
    }

    /// Whose review pages this token opens. In use it lives on: less than half its life left makes it a whole one again.
    ///
    /// # Errors
    /// It is over, unknown, or opens something else.
    pub fn reviewer(&self, token: &str) -> Result<Account, NotLoggedOn> {
        let (account, expires_utc_ms) = self.token_user(token, Opens::Review)?;
        let life_ms = i64::try_from(self.token_life.as_millis()).unwrap_or(i64::MAX);
        let now_ms = utc_ms();
        if expires_utc_ms - now_ms < life_ms / 2 {
            let expires_utc_ms = now_ms.saturating_add(life_ms);
            let kept = KeptToken { user: account.user.clone(), opens: Opens::Review, expires_utc_ms };
            if let Err(error) = self.keep.put(Shelf::Tokens, &digest(token), &kept) {
                tracing::warn!("a review log-on could not be prolonged: {error:#}");
            }
        }
        Ok(account)
    }

    /// Ends a token.
    ///
    /// # Errors
    /// The change cannot be written.
    pub fn revoke(&self, token: &str) -> Result<()> {
        let digest = digest(token);
        self.keep.remove(Shelf::Tokens, |name, _| name == digest)
    }

    /// Makes a password for every user of the floor who has none, and keeps them in `file`, which only its owner can read.
    /// Gives all passwords in that file.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn make_sample_passwords(&self, file: &Path) -> Result<BTreeMap<UserId, String>> {
        let mut made = match std::fs::read_to_string(file) {
            Ok(text) => text
                .lines()
                .filter_map(|line| line.split_once(' '))
                .map(|(user, password)| (UserId::from(user), password.trim().to_owned()))
                .collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
        };
        let mut fresh = false;
        for user in self.floor.keys() {
            let kept: Option<String> = self.keep.get(Shelf::Passwords, user.as_str());
            if kept.is_some() {
                continue;
            }
            if !made.contains_key(user) {
                made.insert(user.clone(), password::make()?);
                fresh = true;
            }
            self.keep.put(Shelf::Passwords, user.as_str(), &password::hash(&made[user])?)?;
        }
        if fresh {
            let text: String = made.iter().map(|(user, password)| format!("{user} {password}\n")).collect();
            write_private(file, text.as_bytes())?;
        }
        Ok(made)
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 random bits as URL-safe text.
///
/// # Errors
/// There is no randomness.
pub fn secret() -> Result<String> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow!("the system gives no randomness ({error})"))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Now, in milliseconds since 1970-01-01 UTC.
pub fn utc_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_review_log_on_lives_on_while_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let floor = crate::floor::read(include_str!("../../../tests/floors/two-desks.toml")).unwrap();
        let keep = Keep::open(folder.path()).unwrap();
        let accounts = Accounts::new(&floor, keep.clone(), TOKEN_LIFE).unwrap();
        let token = accounts.issue(&"reyes".into(), Opens::Review).unwrap();
        let soon = KeptToken { user: "reyes".into(), opens: Opens::Review, expires_utc_ms: utc_ms() + 60_000 };
        keep.put(Shelf::Tokens, &digest(&token.token), &soon).unwrap();
        accounts.reviewer(&token.token).unwrap();
        let (_, expires_utc_ms) = accounts.token_user(&token.token, Opens::Review).unwrap();
        assert!(expires_utc_ms > soon.expires_utc_ms);
    }
}
