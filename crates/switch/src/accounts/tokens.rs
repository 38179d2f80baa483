//! Tokens: what proves a log-on without its password.
//!
//! ```text
//! issued ─► alive in memory ─► on disk, as soon as the disk takes it ─► its life is over, or it is revoked ─► ended
//! ```
//!
//! Law: of a token only its SHA-256 is kept. Its life is counted in monotonic time, so a step of UTC ends none; UTC is for
//! the disk, read once at the start. A disk that refuses, or does not answer, ends no log-on: the token lives in memory and
//! follows with the next write. What an operator's command removes from the disk has ended.

use super::{Mark, Opens, secret, utc_ms};
use crate::certificate::hex;
use crate::keep::{Keep, Shelf};
use anyhow::Result;
use dealerboard_model::UserId;
use dealerboard_wire::Token;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long somebody who logs on waits for the disk.
const DISK_MAX: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptToken {
    user: UserId,
    /// Of the password that proved the log-on.
    #[serde(default)]
    mark: Mark,
    opens: Opens,
    expires_utc_ms: i64,
}

struct Alive {
    kept: KeptToken,
    ends: Instant,
    /// It has been on the disk: when it is there no longer, somebody removed it.
    on_disk: bool,
    unwritten: bool,
}

#[derive(Default)]
struct Contents {
    alive: HashMap<String, Alive>,
    /// Writes that have begun.
    begun: u64,
    /// Something has changed since the last write began.
    changed: bool,
    writing: bool,
    refused: bool,
}

/// All tokens of one switch. Clones are the same.
#[derive(Clone)]
pub struct Tokens {
    keep: Keep,
    life: Duration,
    contents: Arc<Mutex<Contents>>,
    /// Writes that have ended, well or not.
    ended: Arc<watch::Sender<u64>>,
}

/// A token that was just issued.
pub struct Issued {
    /// For the wire.
    pub token: Token,
    /// When it ends.
    pub ends: Instant,
}

impl Tokens {
    /// The tokens that outlived a restart; fresh ones live for `life`.
    pub fn new(keep: Keep, life: Duration) -> Self {
        let (now, now_utc_ms) = (Instant::now(), utc_ms());
        let alive = keep.all::<KeptToken>(Shelf::Tokens).into_iter().filter_map(|(digest, kept)| {
            let left = Duration::from_millis(u64::try_from(kept.expires_utc_ms - now_utc_ms).ok()?).min(life);
            Some((digest, Alive { kept, ends: now + left, on_disk: true, unwritten: false }))
        });
        let contents = Contents { alive: alive.collect(), ..Contents::default() };
        Self { keep, life, contents: Arc::new(Mutex::new(contents)), ended: Arc::new(watch::Sender::new(0)) }
    }

    /// A fresh token of `user`, on the disk unless the disk refuses or takes longer than a second.
    ///
    /// # Errors
    /// There is no randomness.
    pub async fn issue(&self, user: &UserId, mark: &Mark, opens: Opens) -> Result<Issued> {
        let token = secret()?;
        let (expires_utc_ms, ends) = self.whole_life();
        let kept = KeptToken { user: user.clone(), mark: mark.clone(), opens, expires_utc_ms };
        let write = {
            let mut contents = self.lock();
            let now = Instant::now();
            contents.alive.retain(|_, token| token.ends > now);
            contents.alive.insert(digest(&token), Alive { kept, ends, on_disk: false, unwritten: true });
            self.write_soon(&mut contents)
        };
        self.written(write).await;
        Ok(Issued { token: Token { token, expires_utc_ms }, ends })
    }

    /// Whose token this is, which password proved them, and how much of its life is left; none when it has ended or opens
    /// something else.
    pub fn user(&self, token: &str, opens: Opens) -> Option<(UserId, Mark, Duration)> {
        let digest = digest(token);
        let (user, mark, left, on_disk) = {
            let contents = self.lock();
            let alive = contents.alive.get(&digest).filter(|alive| alive.kept.opens == opens)?;
            let left = alive.ends.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            (alive.kept.user.clone(), alive.kept.mark.clone(), left, alive.on_disk)
        };
        let removed = on_disk && self.keep.get::<KeptToken>(Shelf::Tokens, &digest).is_none();
        (!removed).then_some((user, mark, left))
    }

    /// A token in use lives on: less than half its life left makes it a whole one again.
    pub fn prolong(&self, token: &str, opens: Opens) {
        let Some((_, _, left)) = self.user(token, opens) else { return };
        if left < self.life / 2 {
            let (expires_utc_ms, ends) = self.whole_life();
            let mut contents = self.lock();
            if let Some(alive) = contents.alive.get_mut(&digest(token)) {
                (alive.kept.expires_utc_ms, alive.ends, alive.unwritten) = (expires_utc_ms, ends, true);
            }
            self.write_soon(&mut contents);
        }
    }

    /// Ends a token.
    pub async fn revoke(&self, token: &str) {
        let write = {
            let mut contents = self.lock();
            contents.alive.remove(&digest(token));
            self.write_soon(&mut contents)
        };
        self.written(write).await;
    }

    /// When a token ends whose life begins now: in UTC, and for timers.
    fn whole_life(&self) -> (i64, Instant) {
        let life_ms = i64::try_from(self.life.as_millis()).unwrap_or(i64::MAX);
        (utc_ms().saturating_add(life_ms), Instant::now() + self.life)
    }

    /// Sees to it that the present state is written, and gives the number of the write that will hold it. There is never
    /// more than one at a time, so a disk that does not answer holds one thread.
    fn write_soon(&self, contents: &mut Contents) -> u64 {
        contents.changed = true;
        if !contents.writing {
            contents.writing = true;
            let tokens = self.clone();
            tokio::task::spawn_blocking(move || while tokens.write() {});
        }
        contents.begun + 1
    }

    async fn written(&self, write: u64) {
        let mut ended = self.ended.subscribe();
        // A disk that takes longer is waited for by nobody.
        let _ = tokio::time::timeout(DISK_MAX, ended.wait_for(|ended| *ended >= write)).await;
    }

    /// Writes the present state; false when nothing has changed since the last time.
    fn write(&self) -> bool {
        let (write, alive, unwritten) = {
            let mut contents = self.lock();
            contents.writing = contents.changed;
            if !contents.changed {
                return false;
            }
            contents.changed = false;
            contents.begun += 1;
            let alive: Vec<String> = contents.alive.keys().cloned().collect();
            let unwritten = contents.alive.iter().filter(|(_, alive)| alive.unwritten);
            let unwritten: Vec<_> = unwritten.map(|(digest, alive)| (digest.clone(), alive.kept.clone())).collect();
            (contents.begun, alive, unwritten)
        };
        let put = self.keep.change(Shelf::Tokens, |values| {
            values.retain(|digest, _| alive.contains(digest));
            for (digest, kept) in &unwritten {
                let value = serde_json::to_value(kept).expect("a token has no map with keys that are no text");
                values.insert(digest.clone(), value);
            }
        });
        let mut contents = self.lock();
        match put {
            Ok(()) => {
                contents.refused = false;
                for (digest, kept) in unwritten {
                    if let Some(alive) = contents.alive.get_mut(&digest) {
                        alive.on_disk = true;
                        alive.unwritten = alive.kept != kept;
                    }
                }
            }
            Err(error) if !contents.refused => {
                contents.refused = true;
                tracing::error!("log-ons are kept in memory only and would not outlive a restart: {error:#}");
            }
            Err(_) => {}
        }
        drop(contents);
        self.ended.send_replace(write);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        // Nothing in here panics while it holds the lock; a poisoned one is as good.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LIFE: Duration = Duration::from_secs(900);

    fn reyes() -> UserId {
        "reyes".into()
    }

    #[tokio::test]
    async fn a_disk_that_refuses_ends_no_log_on_and_gets_the_token_when_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(Keep::open_beside(folder.path()).unwrap(), LIFE);
        // A folder where the fresh file should stand refuses every write, to the superuser too.
        let in_the_way = folder.path().join("tokens.new");
        std::fs::create_dir(&in_the_way).unwrap();
        let first = tokens.issue(&reyes(), &Mark::default(), Opens::Control).await.unwrap().token.token;
        assert_eq!(tokens.user(&first, Opens::Control).unwrap().0, reyes());
        std::fs::remove_dir(&in_the_way).unwrap();
        tokens.issue(&reyes(), &Mark::default(), Opens::Control).await.unwrap();
        let restarted = Tokens::new(Keep::open_beside(folder.path()).unwrap(), LIFE);
        assert_eq!(restarted.user(&first, Opens::Control).unwrap().0, reyes());
    }

    #[tokio::test]
    async fn what_a_command_removes_from_the_disk_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(Keep::open_beside(folder.path()).unwrap(), LIFE);
        let token = tokens.issue(&reyes(), &Mark::default(), Opens::Control).await.unwrap().token.token;
        Keep::open_beside(folder.path()).unwrap().remove(Shelf::Tokens, |_, _| true).unwrap();
        tokens.keep.look_soon().await;
        assert!(tokens.user(&token, Opens::Control).is_none());
    }

    #[tokio::test]
    async fn a_token_opens_only_what_it_was_issued_for_and_only_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(Keep::open_beside(folder.path()).unwrap(), LIFE);
        let token = tokens.issue(&reyes(), &Mark::default(), Opens::Review).await.unwrap().token.token;
        assert!(tokens.user(&token, Opens::Control).is_none());
        assert!(tokens.user(&token, Opens::Review).is_some());
        tokens.revoke(&token).await;
        assert!(tokens.user(&token, Opens::Review).is_none());
        let restarted = Tokens::new(Keep::open_beside(folder.path()).unwrap(), LIFE);
        assert!(restarted.user(&token, Opens::Review).is_none());
    }

    #[tokio::test]
    async fn a_token_in_use_lives_on_and_its_new_end_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let keep = Keep::open_beside(folder.path()).unwrap();
        let tokens = Tokens::new(keep.clone(), LIFE);
        let token = tokens.issue(&reyes(), &Mark::default(), Opens::Review).await.unwrap().token.token;
        let on_disk = || {
            let restarted = Tokens::new(Keep::open_beside(folder.path()).unwrap(), LIFE);
            restarted.user(&token, Opens::Review).unwrap().2
        };
        let write = {
            let mut contents = tokens.lock();
            let alive = contents.alive.get_mut(&digest(&token)).unwrap();
            alive.ends = Instant::now() + LIFE / 3;
            (alive.kept.expires_utc_ms, alive.unwritten) = (utc_ms() + 300_000, true);
            tokens.write_soon(&mut contents)
        };
        tokens.written(write).await;
        assert!(on_disk() < LIFE / 2);
        let write = tokens.lock().begun + 1;
        tokens.prolong(&token, Opens::Review);
        tokens.written(write).await;
        assert!(tokens.user(&token, Opens::Review).unwrap().2 > LIFE / 2);
        assert!(on_disk() > LIFE / 2);
    }
}
