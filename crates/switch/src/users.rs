//! The operator's side of users: add, change, list, remove, set passwords, on the data folder itself.

use crate::accounts::Account;
use crate::floor::FloorFile;
use crate::keep::{Keep, Shelf};
use crate::password;
use crate::running::with_added_users;
use anyhow::{Context, Result, anyhow, bail};
use dealerboard_model::{Role, UserId};
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::path::Path;

/// The users of one data folder.
pub struct UserList {
    keep: Keep,
    /// Ids of the desks of the floor that was served from it last; none before a switch has kept them.
    desks: Vec<String>,
}

impl UserList {
    /// Opens the data folder of a switch, running or not, that has served a floor from it. A mistyped one is not made.
    ///
    /// # Errors
    /// It is not there, it is none, or it cannot be opened.
    pub fn open(data: &Path) -> Result<Self> {
        if !data.is_dir() {
            bail!(
                "there is no data folder {}; name the one that the switch serves with --data, or serve a floor there first",
                data.display()
            );
        }
        let keep = Keep::open_beside(data)?;
        if !keep.has_any() {
            bail!(
                "no floor was served from {} yet; name the data folder that the switch serves with --data, or serve a floor there first",
                data.display()
            );
        }
        let desks = keep.all::<String>(Shelf::Desks).into_iter().map(|(desk, _)| desk).collect();
        Ok(Self { keep, desks })
    }

    /// Adds a user with a password, in the place of one of the floor file who has none. Nobody is added unless all of it can
    /// be written.
    ///
    /// # Errors
    /// The password is too short, the user is there or has a password already, or the folder cannot be written.
    pub fn add(&self, account: &Account, password: &str) -> Result<()> {
        let user = account.user.as_str();
        let hash = password::hash(password)?;
        let kept = serde_json::to_value(account).context("an account is JSON")?;
        let taken =
            || anyhow!("there is a user \"{user}\" already; give them another password with: user password {user}");
        if self.knows(&account.user) {
            return Err(taken());
        }
        // What was proved before, by a user of that name who was removed, opens nothing of this one's.
        self.end_tokens(&account.user)?;
        let mut is_new = false;
        self.keep.change(Shelf::Users, |users| {
            if let Entry::Vacant(place) = users.entry(user.to_owned()) {
                place.insert(kept);
                is_new = true;
            }
        })?;
        if !is_new {
            return Err(taken());
        }
        if let Err(error) = self.keep.put(Shelf::Passwords, user, &hash) {
            for shelf in [Shelf::Users, Shelf::Passwords] {
                let left =
                    || format!("{error:#}; {user} stands without a password now, so remove them: user remove {user}");
                self.keep.remove(shelf, |name, _| name == user).with_context(left)?;
            }
            return Err(error);
        }
        Ok(())
    }

    /// The floor with the users who were added.
    pub(crate) fn added_to(&self, floor: FloorFile) -> FloorFile {
        with_added_users(floor, &self.keep)
    }

    /// Whether somebody of this name was added, or has a password.
    fn knows(&self, user: &UserId) -> bool {
        self.keep.get::<Account>(Shelf::Users, user.as_str()).is_some()
            || self.keep.get::<String>(Shelf::Passwords, user.as_str()).is_some()
    }

    /// An added user.
    ///
    /// # Errors
    /// Nobody of that name was added.
    pub fn added(&self, user: &str) -> Result<Account> {
        self.keep.get(Shelf::Users, user).ok_or_else(|| {
            anyhow!("nobody called \"{user}\" was added; see who was with: user list, or change the floor file")
        })
    }

    /// Changes what is known of an added user, or of one of the floor file; the password stays.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn change(&self, account: &Account) -> Result<()> {
        self.keep.put(Shelf::Users, account.user.as_str(), account)
    }

    /// A user as an operator names one.
    ///
    /// # Errors
    /// A name or role that cannot be, or a desk that the floor does not have.
    pub fn account(&self, user: &str, name: &str, desk: &str, roles: &[String], seat: &str) -> Result<Account> {
        if user.is_empty() || !user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            bail!("\"{user}\" cannot be a log-on name; use letters, digits, - _ and . only");
        }
        if name.chars().count() > crate::floor::NAME_MAX_CHARS {
            bail!(
                "the name \"{name}\" is longer than a key shows ({} characters); shorten it",
                crate::floor::NAME_MAX_CHARS
            );
        }
        // A desk that the user has already is nothing that the operator named.
        if !self.added(user).is_ok_and(|was| was.desk == desk) {
            self.check_desk(desk)?;
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
        Ok(Account {
            user: UserId::from(user),
            name: name.to_owned(),
            desk: desk.to_owned(),
            roles: held,
            seat: seat.to_owned(),
        })
    }

    fn check_desk(&self, desk: &str) -> Result<()> {
        if self.desks.is_empty() {
            bail!(
                "the desks of the floor are not known yet; start this version of the switch once with this data folder"
            );
        }
        if !self.desks.iter().any(|known| known == desk) {
            bail!("the floor has no desk \"{desk}\"; write one of {}", self.desks.join(", "));
        }
        Ok(())
    }

    /// That a password can be set: for an added user, or one of the floor file.
    ///
    /// # Errors
    /// There is nobody of that name.
    pub fn check_user(&self, user: &UserId) -> Result<()> {
        let of_floor = self.keep.all::<String>(Shelf::FloorUsers);
        // A data folder of an earlier version does not know whom its floor has.
        if of_floor.is_empty() || self.knows(user) || of_floor.iter().any(|(name, _)| name == user.as_str()) {
            return Ok(());
        }
        bail!("there is no user \"{user}\", neither in the floor file nor added; see who there is with: user list")
    }

    /// Sets a password, of an added user or of one of the floor file. Whatever was proved with the old one ends.
    ///
    /// # Errors
    /// There is nobody of that name, it is too short, or the folder cannot be written.
    pub fn set_password(&self, user: &UserId, password: &str) -> Result<()> {
        self.check_user(user)?;
        self.keep.put(Shelf::Passwords, user.as_str(), &password::hash(password)?)?;
        self.end_tokens(user)
    }

    fn end_tokens(&self, user: &UserId) -> Result<()> {
        self.keep.remove(Shelf::Tokens, |_, token| {
            token.get("user").and_then(serde_json::Value::as_str) == Some(user.as_str())
        })
    }

    /// One line for each added user, each of the floor file and each with a password.
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
        let in_file = self.keep.all::<String>(Shelf::FloorUsers).into_iter().map(|(user, _)| user);
        let others: BTreeSet<String> = in_file.chain(with_password.iter().cloned()).collect();
        for user in others.iter().filter(|user| !added.iter().any(|(name, _)| name == *user)) {
            let password = if with_password.contains(user) { "password set" } else { "no password" };
            lines.push(format!("{user}  (floor file)  {password}"));
        }
        lines
    }

    /// Removes an added user, and the password and tokens of any.
    ///
    /// # Errors
    /// Nobody of that name is here, or the folder cannot be written.
    pub fn remove(&self, user: &UserId) -> Result<()> {
        if !self.knows(user) {
            bail!("there is no user \"{user}\" in this data folder; see who is there with: user list");
        }
        self.keep.remove(Shelf::Users, |name, _| name == user.as_str())?;
        self.keep.remove(Shelf::Passwords, |name, _| name == user.as_str())?;
        self.end_tokens(user)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    /// The users of a data folder from which a floor with one desk was served.
    fn served(folder: &Path) -> UserList {
        Keep::open_beside(folder).unwrap().put(Shelf::Desks, "london", &"London").unwrap();
        UserList::open(folder).unwrap()
    }

    /// What adding a user comes to when `shelf` refuses every write, who is there then, and whose tokens.
    fn added_while_refused(shelf: &str) -> (Result<()>, Vec<String>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let users = served(folder.path());
        users.keep.put(Shelf::Tokens, "digest", &json!({ "user": "novak" })).unwrap();
        // A folder where the fresh file should stand refuses every write, to the superuser too.
        std::fs::create_dir(folder.path().join(format!("{shelf}.new"))).unwrap();
        let account = users.account("novak", "P. Novak", "london", &[], "").unwrap();
        let done = users.add(&account, "hyacinth-bulb");
        (done, users.lines(), users.keep.all::<serde_json::Value>(Shelf::Tokens).len())
    }

    #[test]
    fn nobody_is_added_whose_password_cannot_be_kept() {
        let (done, there, _) = added_while_refused("passwords");
        assert!(done.is_err());
        assert_eq!(there, Vec::<String>::new());
    }

    #[test]
    fn nobody_is_added_while_what_an_earlier_user_of_that_name_proved_cannot_be_ended() {
        let (done, there, tokens) = added_while_refused("tokens");
        assert!(done.is_err());
        assert_eq!((there, tokens), (Vec::<String>::new(), 1));
    }
}
