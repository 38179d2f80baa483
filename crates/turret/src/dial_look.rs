//! Dialling and diverts as they are drawn: the numbers at hand, and where calls go instead.
//!
//! Law: pure, like the rest of the projection.

use super::Look;
use crate::view::{DialView, ExtensionView, SpeedView};
use dealerboard_model::{DivertWhen, LineFacts, LineKind, LineStatus, VoicemailStatus};

impl Look<'_> {
    pub(super) fn dial(&self) -> DialView {
        let kept = self.facts.speeds.iter().map(|it| SpeedView { name: it.name.clone(), number: it.number.clone() });
        DialView {
            can: self.facts.lines.values().any(|it| it.kind.is_dialled()),
            last: self.local.last_dialled.clone(),
            speeds: kept.collect(),
            extension: self.extension(),
        }
    }

    /// My number.
    fn own_number(&self) -> Option<&str> {
        let me = self.facts.me.as_ref().map(|it| &it.user);
        let mine = self.facts.directory.iter().find(|it| me.is_some() && it.user.as_ref() == me)?;
        Some(&mine.number)
    }

    fn is_own_extension(&self, about: &LineFacts) -> bool {
        let is_a_call_of = |number: &str| {
            about.number.strip_prefix(number).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        about.kind == LineKind::Extension && self.own_number().is_some_and(is_a_call_of)
    }

    /// Calls on it are diverted from here: those of a line that several share, or of my own extension.
    pub(super) fn is_diverted_here(&self, about: &LineFacts) -> bool {
        match about.kind {
            LineKind::Ard | LineKind::Dial => true,
            LineKind::Extension => self.is_own_extension(about),
            LineKind::Mrd | LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => false,
        }
    }

    /// What rings here was sent to me, or is for me: I may say that I do not take it.
    pub(super) fn can_decline(&self, about: &LineFacts, status: &LineStatus) -> bool {
        let for_me = self.is_own_extension(about) && status.dialled.is_some();
        let diverted_to_me = status.rings_at.is_some() && self.facts.is_heard_here(status);
        // Nobody cuts a message off.
        status.voicemail.is_none() && (for_me || diverted_to_me || status.sent_to.is_some())
    }

    fn extension(&self) -> Option<ExtensionView> {
        let number = self.own_number()?.to_owned();
        let mine = self.facts.lines.values().find(|about| self.is_own_extension(about))?;
        let diverts = self.facts.statuses.get(&mine.line).map(|it| it.diverts.clone()).unwrap_or_default();
        Some(ExtensionView { number, diverts })
    }
}

/// Where the call that rings has gone, or all calls of a line go.
pub(super) fn diverted(status: &LineStatus) -> Option<String> {
    let always = || status.diverts.iter().find(|it| it.when == DivertWhen::Always).map(|it| it.name.clone());
    status.rings_at.clone().or_else(always)
}

/// The same as a key says it: there is no room for more than a family name.
pub(super) fn diverted_words(status: &LineStatus) -> String {
    let to = diverted(status).unwrap_or_default();
    let to = if to.contains(' ') { to.rsplit(' ').next().unwrap_or_default() } else { &to };
    format!("DIVERTED → {to}")
}

/// Who is at the other end of a dialled call, with their number.
pub(super) fn other_end(status: &LineStatus) -> Option<String> {
    let dialled = status.dialled.as_ref()?;
    let name = dialled.name.as_deref()?;
    Some(format!("{name} {}", dialled.number).trim_end().to_owned())
}

/// What was dialled so far.
pub(super) fn dialling_words(status: &LineStatus) -> String {
    match status.dialled.as_ref().map(|it| it.number.as_str()) {
        None | Some("") => "Dial a number".into(),
        Some(digits) => format!("Dialling {digits}"),
    }
}

/// What a caller does at somebody's voicemail.
pub(super) fn voicemail_words(voicemail: &VoicemailStatus) -> String {
    match voicemail.since {
        None => format!("Voicemail of {}: wait for the tone, or press #", voicemail.name),
        Some(_) => format!("Message for {} · release ends it", voicemail.name),
    }
}
