//! Speaker channels and talk keys as they are drawn.
//!
//! Law: pure, like the rest of the projection.

use super::{Look, TalkKey, mics, place};
use crate::gains;
use crate::view::{ChannelView, TalkView};
use dealerboard_model::{LineId, LineStatus, Mute, Position, Right, TalkMode};

/// How the user set a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelSetting {
    /// 0 to 1.
    pub volume: f32,
    /// Muted.
    pub muted: bool,
    /// Solo.
    pub solo: bool,
}

impl Default for ChannelSetting {
    fn default() -> Self {
        Self { volume: 1.0, muted: false, solo: false }
    }
}

impl Look<'_> {
    pub(super) fn talk(&self, line: &LineId) -> TalkView {
        let closes = self.facts.mics.iter().any(|it| it.line == *line && it.closes_at.is_some());
        if !self.up() {
            return TalkView::Stale;
        }
        if self.facts.rights.get(line) == Some(&Right::Listen) {
            return TalkView::ListenOnly;
        }
        match self.local.talk.get(line) {
            _ if self.local.lacks_microphone(self.facts.talks_at(line)) => TalkView::NoDevice,
            None => TalkView::Closed,
            Some(TalkKey::Refused) => TalkView::Refused,
            Some(TalkKey::Held) => TalkView::Open,
            Some(TalkKey::Latched) if closes => TalkView::Closing,
            Some(TalkKey::Latched) => TalkView::Latched,
        }
    }

    /// Somebody else's handset is on it, and this turret's speakers leave it out.
    fn is_muted_here(&self, status: &LineStatus) -> bool {
        let mine = status.parties.iter().any(|party| self.is_me(&party.user));
        status.mute == Mute::Global && !status.parties.is_empty() && !mine
    }

    /// What a press on the talk key of a line does.
    pub(super) fn talk_mode(&self, line: &LineId) -> TalkMode {
        self.facts.talk_modes.get(line).copied().unwrap_or_default()
    }

    /// Who is on a wire, for its speaker channel: nobody says who speaks at the far end, the meter says that somebody does.
    fn wire_words(&self, status: &LineStatus) -> String {
        match self.facts.position_of(&status.line) {
            Some(Position::Speakers) if status.private_by().is_some() => return "here · private, aloud".into(),
            Some(Position::Speakers) => return "your call, aloud".into(),
            Some(at) => return format!("on {}", place(at)),
            None => {}
        }
        match status.parties.as_slice() {
            [] => "quiet".into(),
            [one] => format!("{} is on", self.facts.name_of(&one.user)),
            [one, more @ ..] => format!("{} +{} on", self.facts.name_of(&one.user), more.len()),
        }
    }

    /// Since when this turret talks on a line with its talk key, UTC milliseconds.
    pub(super) fn talks_since(&self, line: &LineId) -> Option<i64> {
        let shown = mics::shown(self.facts, self.local);
        let talk = shown.iter().find(|(mic, at)| mic.line == *line && *at == Position::Speakers);
        talk.map(|(mic, _)| mic.since.utc_ms)
    }

    /// What is going on on a hoot, for the position where it is listened to: who talks, or how many hear it.
    pub(super) fn hoot_words(&self, status: &LineStatus) -> String {
        let others: Vec<_> = status.talkers.iter().rev().filter(|it| Some(it.turret) != self.facts.turret).collect();
        match others.as_slice() {
            [] => format!("{} on · quiet", status.hearers),
            [newest] => format!("{} talks", self.facts.name_of(&newest.user)),
            [newest, more @ ..] => format!("{} +{} talk", self.facts.name_of(&newest.user), more.len()),
        }
    }

    pub(super) fn channel(&self, number: u32, line: &LineId) -> Option<ChannelView> {
        let (about, status) = (self.facts.lines.get(line)?, self.facts.statuses.get(line)?);
        let set = self.local.channels.get(line).cloned().unwrap_or_default();
        let others: Vec<_> = status.talkers.iter().rev().filter(|it| Some(it.turret) != self.facts.turret).collect();
        let shown = mics::shown(self.facts, self.local);
        let mine = shown.iter().find(|(it, at)| it.line == *line && *at == Position::Speakers).map(|(it, _)| it);
        let hoot = about.kind.is_open();
        let words = match others.as_slice() {
            _ if self.facts.not_heard.contains(line) => "NOT HEARD".into(),
            _ if set.muted => "muted by you".into(),
            _ if self.is_muted_here(status) => "GLOBAL MUTE".into(),
            [newest] => self.facts.name_of(&newest.user),
            [newest, more @ ..] => format!("{} +{}", self.facts.name_of(&newest.user), more.len()),
            [] if hoot && mine.is_some() => hear_you(mine.map_or(0, |it| it.hearers)),
            [] if hoot => match self.facts.position_of(line) {
                Some(at) => format!("on {} · quiet", place(at)),
                None => format!("{} on · quiet", status.hearers),
            },
            [] => self.wire_words(status),
        };
        Some(ChannelView {
            number,
            line: line.clone(),
            name: about.name.clone(),
            kind: about.kind,
            words,
            talking: !others.is_empty(),
            volume: set.volume,
            muted: set.muted,
            solo: set.solo,
            ducked: gains::is_ducked(self.facts),
            talk: self.talk(line),
            talk_mode: self.talk_mode(line),
            talk_since_utc_ms: mine.map(|it| it.since.utc_ms),
            here: self.facts.position_of(line) == Some(Position::Speakers),
            grouped: self.local.several.talks_to(line) && mine.is_some(),
            closes_utc_ms: mine.and_then(|it| it.closes_at).map(|it| it.utc_ms),
            quiet_since_utc_ms: status.talkers.is_empty().then_some(status.since.utc_ms),
            proof: self.proof(status),
            lamp: self.lamp(status),
        })
    }
}

/// How many hear me.
fn hear_you(hearers: u32) -> String {
    match hearers {
        0 => "nobody hears you".into(),
        1 => "1 hears you".into(),
        many => format!("{many} hear you"),
    }
}
