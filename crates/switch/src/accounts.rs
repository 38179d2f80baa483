//! Who may log on: the floor file's users and the added ones, their passwords, their tokens.
//!
//! Law: of a password only its argon2id hash is kept, of a token only its SHA-256; neither stands in a log line. A password
//! costs memory and time before it is known to be wrong, so few are looked at at once, and each counts as wrong until it is
//! known to be right. A log-on lasts no longer than the password that proved it.

mod mark;
mod tokens;

use crate::floor::{FloorFile, Placed, User};
use crate::keep::{Keep, Shelf, write_private};
use crate::password;
use crate::throttle::{self, Throttle};
use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dealerboard_call_control::Settings;
use dealerboard_model::{Role, UserId};
use mark::Mark;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokens::Tokens;
use tokio::sync::Semaphore;

pub use mark::Proved;
pub use tokens::Issued;

/// Longest log-on name that is looked at, in bytes.
const NAME_MAX_BYTES: usize = 64;

/// Longest password that is looked at, in bytes.
const PASSWORD_MAX_BYTES: usize = 1_024;

/// Passwords that are looked at at once: each takes 19 MiB and tens of milliseconds of a core.
const PASSWORDS_AT_ONCE: usize = 3;

/// People who may wait for their password to be looked at: a whole floor after a power cut.
const PASSWORDS_WAITING_MAX: usize = 512;

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
            remote: false,
            policy: Settings::default(),
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
    /// Too many people are logging on at this instant.
    #[error("Too many people are logging on; try again in a few seconds.")]
    Busy,
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
    /// Places of those who log on, and of those whose password is being looked at.
    waiting: Arc<Semaphore>,
    looked_at: Arc<Semaphore>,
    tokens: Tokens,
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
            tokens: Tokens::new(keep.clone(), token_life),
            keep,
            floor: Arc::new(accounts.collect()),
            throttle: Arc::default(),
            waiting: Arc::new(Semaphore::new(PASSWORDS_WAITING_MAX)),
            looked_at: Arc::new(Semaphore::new(PASSWORDS_AT_ONCE)),
            nobody: nobody.into(),
        })
    }

    /// The user called `user`; an added one wins over the floor file's.
    pub fn find(&self, user: &UserId) -> Option<Account> {
        self.keep.get(Shelf::Users, user.as_str()).or_else(|| self.floor.get(user).cloned())
    }

    /// Users who were added beside the floor file's.
    pub fn added(&self) -> Vec<Account> {
        self.keep.all(Shelf::Users).into_iter().map(|(_, account)| account).collect()
    }

    /// Checks a password; wrong ones are counted.
    ///
    /// # Errors
    /// One sentence why not.
    pub async fn log_on(&self, user: &UserId, typed: String, from: IpAddr) -> Result<Proved, NotLoggedOn> {
        if user.as_str().len() > NAME_MAX_BYTES || typed.len() > PASSWORD_MAX_BYTES {
            return Err(NotLoggedOn::Wrong);
        }
        let from = throttle::source(from);
        let pause = self.throttle().pause(Instant::now(), user.as_str(), from);
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| NotLoggedOn::Busy)?;
        let turn = Arc::clone(&self.looked_at).acquire_owned().await.map_err(|_| NotLoggedOn::Busy)?;
        // A user who was added, or whose password was set, beside the running switch.
        self.keep.look_soon().await;
        let now = Instant::now();
        if let Some(wait) = self.throttle().wait(now, user.as_str(), from) {
            return Err(NotLoggedOn::Wait(wait.as_secs() + 1));
        }
        let account = self.find(user);
        let kept: Option<String> = self.keep.get(Shelf::Passwords, user.as_str());
        if account.is_some() && kept.is_none() {
            return Err(NotLoggedOn::NoPassword);
        }
        let known = account.is_some();
        let hash = kept.filter(|_| known).unwrap_or_else(|| self.nobody.to_string());
        let mark = Mark::of(&hash);
        // Counted before it is known, so that those that are looked at together do not all pass.
        self.throttle().failed(now, user.as_str(), from);
        // The work goes on when who asked hangs up, so it holds its places itself.
        let look = move || {
            let right = password::verify(&typed, &hash);
            drop((place, turn));
            right
        };
        let right = tokio::task::spawn_blocking(look).await.unwrap_or(false);
        let account = account.filter(|_| right).ok_or(NotLoggedOn::Wrong)?;
        self.throttle().succeeded(now, user.as_str(), from);
        Ok(Proved { account, mark })
    }

    /// Whether this log-on is still good: its user is there, and the password is the one that proved it.
    pub fn holds(&self, proved: &Proved) -> bool {
        self.proved(&proved.account.user, &proved.mark).is_some()
    }

    /// A log-on by the password that `mark` stands for; none when that one is no longer the user's.
    fn proved(&self, user: &UserId, mark: &Mark) -> Option<Proved> {
        let kept: String = self.keep.get(Shelf::Passwords, user.as_str())?;
        let account = self.find(user).filter(|_| Mark::of(&kept) == *mark)?;
        Some(Proved { account, mark: mark.clone() })
    }

    /// A fresh token of a user. A disk that refuses it is in the log; the token lives in memory.
    ///
    /// # Errors
    /// There is no randomness.
    pub async fn issue(&self, proved: &Proved, opens: Opens) -> Result<Issued> {
        self.tokens.issue(&proved.account.user, &proved.mark, opens).await
    }

    /// A fresh token in place of one that ends, for a connection that is still there; none when its log-on holds no longer.
    ///
    /// # Errors
    /// There is no randomness.
    pub async fn renew(&self, proved: &Proved) -> Result<Option<Issued>> {
        if self.holds(proved) { self.issue(proved, Opens::Control).await.map(Some) } else { Ok(None) }
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// It is over, unknown, or opens something else.
    pub fn token_user(&self, token: &str, opens: Opens) -> Result<Proved, NotLoggedOn> {
        let (user, mark, _) = self.tokens.user(token, opens).ok_or(NotLoggedOn::Ended)?;
        self.proved(&user, &mark).ok_or(NotLoggedOn::Ended)
    }

    /// Whose review pages this token opens. In use it lives on: less than half its life left makes it a whole one again.
    ///
    /// # Errors
    /// It is over, unknown, or opens something else.
    pub fn reviewer(&self, token: &str) -> Result<Account, NotLoggedOn> {
        let proved = self.token_user(token, Opens::Review)?;
        self.tokens.prolong(token, Opens::Review);
        Ok(proved.account)
    }

    /// Whose review pages this token opens; its life stays as it is.
    ///
    /// # Errors
    /// It is over, unknown, or opens something else.
    pub fn watcher(&self, token: &str) -> Result<Account, NotLoggedOn> {
        Ok(self.token_user(token, Opens::Review)?.account)
    }

    /// Ends a token.
    pub async fn revoke(&self, token: &str) {
        self.tokens.revoke(token).await;
    }

    /// Makes a password for every user of the floor who has none in `file`, and keeps them there; only its owner can read it.
    /// Gives all passwords in that file. One that is cut short anywhere is made good by the next.
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
        let fresh: Vec<&UserId> = self.floor.keys().filter(|user| !made.contains_key(*user)).collect();
        if !fresh.is_empty() {
            // A hash without its password opens nothing: it goes first, so that it never stands beside another password.
            self.keep.remove(Shelf::Passwords, |user, _| fresh.contains(&&UserId::from(user)))?;
            for user in fresh {
                made.insert(user.clone(), password::make()?);
            }
            let text: String = made.iter().map(|(user, password)| format!("{user} {password}\n")).collect();
            write_private(file, text.as_bytes())?;
        }
        let mut hashes = Vec::new();
        for user in self.floor.keys() {
            if self.keep.get::<String>(Shelf::Passwords, user.as_str()).is_none() {
                hashes.push((user.to_string(), password::hash(&made[user])?));
            }
        }
        self.keep.change(Shelf::Passwords, |kept| {
            kept.extend(hashes.into_iter().map(|(user, hash)| (user, hash.into())));
        })?;
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

/// Now, in milliseconds since 1970-01-01 UTC.
pub fn utc_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn accounts(folder: &Path) -> Accounts {
        let floor = crate::floor::read(include_str!("../../../tests/floors/two-desks.toml")).unwrap();
        Accounts::new(&floor, Keep::open_beside(folder).unwrap(), TOKEN_LIFE).unwrap()
    }

    #[tokio::test]
    async fn of_wrong_passwords_that_come_together_no_more_are_looked_at_than_of_those_that_come_in_turn() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(folder.path());
        let user = UserId::from("nobody");
        let tries = (0..20).map(|_| accounts.log_on(&user, "not-the-one".into(), HERE));
        let refused = futures_util::future::join_all(tries).await;
        let looked_at = refused.iter().filter(|refused| **refused == Err(NotLoggedOn::Wrong)).count();
        assert_eq!(looked_at, crate::throttle::NAME_FAILURES_MAX);
    }

    #[tokio::test]
    async fn a_name_of_more_than_64_bytes_is_wrong_and_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(folder.path());
        let user = UserId("n".repeat(65));
        for _ in 0..10 {
            let refused = accounts.log_on(&user, "not-the-one".into(), HERE).await;
            assert_eq!(refused, Err(NotLoggedOn::Wrong));
        }
    }

    #[tokio::test]
    async fn a_new_password_ends_tokens_that_never_reached_the_disk_too() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(folder.path());
        accounts.keep.put(Shelf::Passwords, "reyes", &password::hash("tulip-mania").unwrap()).unwrap();
        std::fs::create_dir(folder.path().join("tokens.new")).unwrap();
        let proved = accounts.log_on(&"reyes".into(), "tulip-mania".into(), HERE).await.unwrap();
        let token = accounts.issue(&proved, Opens::Control).await.unwrap().token.token;
        accounts.token_user(&token, Opens::Control).unwrap();
        accounts.keep.put(Shelf::Passwords, "reyes", &password::hash("tulip-mania").unwrap()).unwrap();
        assert_eq!(accounts.token_user(&token, Opens::Control), Err(NotLoggedOn::Ended));
        assert!(!accounts.holds(&proved) && accounts.renew(&proved).await.unwrap().is_none());
    }

    #[test]
    fn a_password_that_is_being_looked_at_keeps_its_place_when_who_typed_it_hangs_up() {
        let one_thread = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
        one_thread.unwrap().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let accounts = accounts(folder.path());
            accounts.keep.put(Shelf::Passwords, "reyes", &password::hash("tulip-mania").unwrap()).unwrap();
            // While this holds the only thread for such work, nothing that was begun can end.
            let (end, ended) = std::sync::mpsc::channel::<()>();
            let holding = tokio::task::spawn_blocking(move || ended.recv());
            let asking = tokio::spawn({
                let accounts = accounts.clone();
                async move { accounts.log_on(&"reyes".into(), "tulip-mania".into(), HERE).await }
            });
            while accounts.throttle().addresses_counted() == 0 {
                tokio::task::yield_now().await;
            }
            asking.abort();
            assert!(asking.await.unwrap_err().is_cancelled());
            assert_eq!(accounts.looked_at.available_permits(), PASSWORDS_AT_ONCE - 1);
            end.send(()).unwrap();
            holding.await.unwrap().unwrap();
            let all = u32::try_from(PASSWORDS_AT_ONCE).unwrap();
            drop(accounts.looked_at.acquire_many(all).await.unwrap());
        });
    }

    async fn everybody_logs_on(accounts: &Accounts, made: BTreeMap<UserId, String>) {
        assert_eq!(made.len(), accounts.floor.len());
        for (user, password) in made {
            accounts.log_on(&user, password, HERE).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_first_start_that_was_cut_short_before_the_file_was_there_locks_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(folder.path());
        accounts.keep.put(Shelf::Passwords, "reyes", &password::hash("nobody-knows-it").unwrap()).unwrap();
        let made = accounts.make_sample_passwords(&folder.path().join("passwords.txt")).unwrap();
        everybody_logs_on(&accounts, made).await;
    }

    #[tokio::test]
    async fn a_first_start_that_was_cut_short_before_the_hashes_were_there_keeps_the_passwords_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(folder.path());
        let file = folder.path().join("passwords.txt");
        let first = accounts.make_sample_passwords(&file).unwrap();
        accounts.keep.remove(Shelf::Passwords, |user, _| user > "m").unwrap();
        let second = accounts.make_sample_passwords(&file).unwrap();
        assert_eq!(first, second);
        everybody_logs_on(&accounts, second).await;
    }

    #[tokio::test]
    async fn the_right_passwords_of_a_whole_office_keep_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(folder.path());
        accounts.keep.put(Shelf::Passwords, "reyes", &password::hash("tulip-mania").unwrap()).unwrap();
        for _ in 0..6 {
            accounts.log_on(&"reyes".into(), "tulip-mania".into(), HERE).await.unwrap();
        }
        assert_eq!(accounts.throttle().addresses_counted(), 0);
    }
}
