//! Groups of speaker channels as they are drawn, each with one talk key and one mute; then what is talked to beside them.
//!
//! Law: pure, like the rest of the projection.

use super::{Look, TalkKey};
use crate::view::{ChannelGroupView, LeftOutView, TalkView};
use dealerboard_model::{LineId, Position, Right, TalkMode};
use dealerboard_wire::ChannelGroup;

/// What lines are called that were picked on the spot.
pub const PICKED: &str = "Picked lines";

impl Look<'_> {
    /// The groups of the floor file, then lines that were picked, while they are talked to.
    pub(super) fn channel_groups(&self) -> Vec<ChannelGroupView> {
        let groups = &self.facts.channel_groups;
        let of_file = groups.iter().map(|group| self.channel_group(Some(group), &group.lines));
        let open = self.local.several.key().map(|open| &open.asked);
        let picked = open.filter(|asked| !groups.iter().any(|group| group.lines == **asked));
        of_file.chain(picked.map(|lines| self.channel_group(None, lines))).collect()
    }

    /// The name of what the key of several lines talks to.
    pub(super) fn name_of_several(&self) -> String {
        let asked = self.local.several.key().map(|open| &open.asked);
        let group = self.facts.channel_groups.iter().find(|group| Some(&group.lines) == asked);
        group.map_or_else(|| PICKED.to_owned(), |group| group.name.clone())
    }

    fn channel_group(&self, group: Option<&ChannelGroup>, lines: &[LineId]) -> ChannelGroupView {
        let mine = self.local.several.down().filter(|open| open.asked == lines);
        let heard = self.facts.broadcast.as_ref().filter(|_| mine.is_some());
        let hear: Vec<LineId> =
            heard.map(|it| it.lines.iter().map(|one| one.line.clone()).collect()).unwrap_or_default();
        let left_out = heard.map(|it| it.left_out.as_slice()).unwrap_or_default().iter().map(|one| LeftOutView {
            line: one.line.clone(),
            name: self.name(&one.line),
            sentence: one.sentence.clone(),
        });
        let mics = || self.facts.mics.iter().filter(|mic| mine.is_some() && hear.contains(&mic.line));
        let muted = |line: &LineId| self.local.channels.get(line).is_some_and(|set| set.muted);
        ChannelGroupView {
            group: group.map(|group| group.name.clone()),
            name: group.map_or_else(|| PICKED.to_owned(), |group| group.name.clone()),
            lines: lines.to_vec(),
            words: self.several_words(lines, mine.is_some(), hear.len()),
            talk: self.several_talk(lines),
            talk_mode: self.several_mode(lines),
            talk_since_utc_ms: mics().map(|mic| mic.since.utc_ms).min(),
            closes_utc_ms: mics().filter_map(|mic| mic.closes_at).map(|at| at.utc_ms).min(),
            left_out: left_out.collect(),
            muted: !lines.is_empty() && lines.iter().all(muted),
            hear,
        }
    }

    fn several_talk(&self, lines: &[LineId]) -> TalkView {
        let listens = |line: &LineId| self.facts.rights.get(line) == Some(&Right::Listen);
        let closes = self.facts.mics.iter().any(|it| lines.contains(&it.line) && it.closes_at.is_some());
        if !self.up() {
            return TalkView::Stale;
        }
        match self.local.several.key().filter(|open| open.asked == lines).map(|open| open.key) {
            _ if self.local.lacks_microphone(Position::HandsFree) => TalkView::NoDevice,
            None if lines.iter().all(listens) => TalkView::ListenOnly,
            None => TalkView::Closed,
            Some(TalkKey::Refused) => TalkView::Refused,
            Some(TalkKey::Held) => TalkView::Open,
            Some(TalkKey::Latched) if closes => TalkView::Closing,
            Some(TalkKey::Latched) => TalkView::Latched,
        }
    }

    /// What a press does: what it does on each of them, else it is held.
    fn several_mode(&self, lines: &[LineId]) -> TalkMode {
        let mut modes = lines.iter().map(|line| self.talk_mode(line));
        let first = modes.next().unwrap_or_default();
        if modes.all(|mode| mode == first) { first } else { TalkMode::default() }
    }

    fn several_words(&self, lines: &[LineId], mine: bool, hear: usize) -> String {
        if !self.up() {
            return "Stale".into();
        }
        if mine && hear > 0 {
            let all = if hear == lines.len() { String::new() } else { format!(" of {}", lines.len()) };
            let verb = if hear == 1 { "hears" } else { "hear" };
            return format!("{hear}{all} {verb} you");
        }
        let talkers = lines.iter().filter_map(|line| self.facts.statuses.get(line));
        let talkers = talkers.flat_map(|status| status.talkers.iter().map(move |talker| (talker, &status.line)));
        let others = talkers.filter(|(talker, _)| Some(talker.turret) != self.facts.turret);
        match others.max_by_key(|(talker, _)| talker.since.mono_us) {
            Some((talker, line)) => format!("{} · {}", self.facts.name_of(&talker.user), self.name(line)),
            None if lines.len() == 1 => "1 line".into(),
            None => format!("{} lines", lines.len()),
        }
    }
}
