//! The operator's side of users: add, list, remove, set passwords, on the data folder itself.

use crate::accounts::Account;
use crate::keep::{Keep, Shelf};
use crate::password;
use anyhow::{Result, bail};
use dealerboard_model::{Role, UserId};
use std::collections::BTreeSet;
use std::path::Path;

/// The users of one data folder.
pub struct UserList {
    keep: Keep,
}

impl UserList {
    /// Opens the data folder.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(data: &Path) -> Result<Self> {
        Ok(Self { keep: Keep::open_beside(data)? })
    }

    /// Adds a user, or changes an added one.
    ///
    /// # Errors
    /// A name or role that cannot be, or the folder cannot be written.
    pub fn add(&self, user: &str, name: &str, desk: &str, roles: &[String], seat: &str) -> Result<()> {
        if user.is_empty() || !user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            bail!("\"{user}\" cannot be a log-on name; use letters, digits, - _ and . only");
        }
        if name.chars().count() > crate::floor::NAME_MAX_CHARS {
            bail!(
                "the name \"{name}\" is longer than a key shows ({} characters); shorten it",
                crate::floor::NAME_MAX_CHARS
            );
        }
        let mut held = Vec::new();
        for role in roles {
            let Ok(role) = serde_json::from_value::<Role>(role.as_str().into()) else {
                bail!(
                    "\"{role}\" is not a role; write one of trader, broker, supervisor, reviewer, officer, administrator"
                );
            };
            held.push(role);
        }
        if held.is_empty() {
            held.push(Role::Trader);
        }
        let account = Account {
            user: UserId::from(user),
            name: name.to_owned(),
            desk: desk.to_owned(),
            roles: held,
            seat: seat.to_owned(),
        };
        self.keep.put(Shelf::Users, user, &account)
    }

    /// Sets a password, of an added user or of one of the floor file. Whatever was proved with the old one ends.
    ///
    /// # Errors
    /// It is too short, or the folder cannot be written.
    pub fn set_password(&self, user: &UserId, password: &str) -> Result<()> {
        self.keep.put(Shelf::Passwords, user.as_str(), &password::hash(password)?)?;
        self.end_tokens(user)
    }

    fn end_tokens(&self, user: &UserId) -> Result<()> {
        self.keep.remove(Shelf::Tokens, |_, token| {
            token.get("user").and_then(serde_json::Value::as_str) == Some(user.as_str())
        })
    }

    /// One line for each added user and each user with a password.
    pub fn lines(&self) -> Vec<String> {
        let added = self.keep.all::<Account>(Shelf::Users);
        let with_password: BTreeSet<String> =
            self.keep.all::<String>(Shelf::Passwords).into_iter().map(|(user, _)| user).collect();
        let mut lines: Vec<String> = added
            .iter()
            .map(|(user, account)| {
                let roles: Vec<String> = account.roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
                let password = if with_password.contains(user) { "password set" } else { "no password" };
                format!("{user}  {}  {}  {}  {password}", account.name, account.desk, roles.join(","))
            })
            .collect();
        let of_floor = with_password.iter().filter(|user| !added.iter().any(|(name, _)| name == *user));
        lines.extend(of_floor.map(|user| format!("{user}  (floor file)  password set")));
        lines
    }

    /// Removes an added user, and the password and tokens of any.
    ///
    /// # Errors
    /// Nobody of that name is here, or the folder cannot be written.
    pub fn remove(&self, user: &UserId) -> Result<()> {
        let known = self.keep.get::<Account>(Shelf::Users, user.as_str()).is_some()
            || self.keep.get::<String>(Shelf::Passwords, user.as_str()).is_some();
        if !known {
            bail!("there is no user \"{user}\" in this data folder; see who is there with: user list");
        }
        self.keep.remove(Shelf::Users, |name, _| name == user.as_str())?;
        self.keep.remove(Shelf::Passwords, |name, _| name == user.as_str())?;
        self.end_tokens(user)
    }
}
