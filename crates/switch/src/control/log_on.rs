//! The first message of a connection: the version, then who it is.

use super::Door;
use crate::accounts::{Issued, Opens, Proved};
use crate::outbox::Ending;
use dealerboard_wire::{Credentials, FromTurret, Hello, close};
use std::net::IpAddr;

/// The version of the protocol that this switch speaks.
pub const PROTOCOL: u32 = 1;

/// A user who has been proved, with a fresh token.
pub struct LoggedOn {
    /// Who, and by which password.
    pub proved: Proved,
    /// For the next connection.
    pub issued: Issued,
    /// What they said.
    pub hello: Hello,
}

/// What an old client is told.
pub fn version_ending() -> Ending {
    ending(
        close::VERSION,
        "This turret speaks another version than its switch; install the version that belongs to this switch.",
    )
}

/// Judges the first message.
///
/// # Errors
/// How the connection ends: an old client, wrong credentials, or not our protocol.
pub async fn judge(text: &str, door: &Door, from: IpAddr) -> Result<LoggedOn, Ending> {
    let hello = match serde_json::from_str(text) {
        Ok(FromTurret::Hello(hello)) => hello,
        Ok(
            FromTurret::Command { .. }
            | FromTurret::Offer { .. }
            | FromTurret::Heartbeat { .. }
            | FromTurret::Renew
            | FromTurret::VoiceActivity { .. }
            | FromTurret::Microphone { .. }
            | FromTurret::Keyed { .. }
            | FromTurret::History { .. }
            | FromTurret::Unlock { .. }
            | FromTurret::MessageHeard { .. }
            | FromTurret::MessageSound { .. }
            | FromTurret::LogOff,
        ) => return Err(ending(close::PROTOCOL, "A turret must log on before anything else.")),
        Err(_) if names_another_version(text) => return Err(version_ending()),
        Err(_) => return Err(ending(close::PROTOCOL, "The first message was not a log-on of this protocol.")),
    };
    if hello.protocol != PROTOCOL {
        return Err(version_ending());
    }
    let proved = match &hello.credentials {
        Credentials::Password { user, password } => door.accounts.log_on(user, password.clone(), from).await,
        Credentials::Token { token } => door.accounts.token_user(token, Opens::Control),
    };
    let proved = proved.map_err(|refused| ending(close::NOT_LOGGED_ON, &refused.to_string()))?;
    let issued = door.accounts.issue(&proved, Opens::Control).await.map_err(|error| {
        tracing::error!("no token could be made: {error:#}");
        ending(close::NOT_LOGGED_ON, "The switch cannot make log-ons now; tell the administrator to look at its log.")
    })?;
    Ok(LoggedOn { proved, issued, hello })
}

/// Whether an unreadable first message says, at least, that it is of another version.
fn names_another_version(text: &str) -> bool {
    let message: Option<serde_json::Value> = serde_json::from_str(text).ok();
    message
        .and_then(|message| message.get("protocol").and_then(serde_json::Value::as_u64))
        .is_some_and(|version| version != u64::from(PROTOCOL))
}

fn ending(code: u16, sentence: &str) -> Ending {
    Ending { code, sentence: Some(sentence.to_owned()) }
}
