//! Playing and stopping messages of this user's voicemail.

use crate::dialling::landing;
use crate::facts::Facts;
use crate::playing::Playing;
use crate::press::{Deed, LocalDeed, refuse};
use crate::project::Local;
use crate::task::TurretTask;
use dealerboard_media::PlaybackControl;
use dealerboard_model::Position;
use dealerboard_wire::{FromTurret, MessageSound};
use tokio::time::Instant;

/// Plays the message of an entry at a position, by default where the next key would land: never on speakers unasked (VM-2).
#[must_use]
pub fn play(entry: u64, at: Option<Position>, from_ms: u64, facts: &Facts, local: &Local) -> Vec<Deed> {
    if !facts.keeps_messages {
        return refuse("This switch keeps no messages; ask your administrator for a newer one.");
    }
    if !facts.history.has_message(entry) {
        return refuse("There is no such message; look at the history and choose one.");
    }
    let position = landing(at, facts, local);
    if position != Position::Speakers && facts.line_at(position).is_some() {
        return refuse("A call is at this position; release it, or play the message at another one.");
    }
    vec![Deed::Local(LocalDeed::PlayMessage { entry, position, from_ms })]
}

impl TurretTask {
    /// Plays a message instead of any other.
    pub(crate) fn play_message(&mut self, entry: u64, position: Position, from_ms: u64) {
        self.stop_message();
        match Playing::new(entry, position, from_ms) {
            Ok(playing) => self.playing = Some(playing),
            Err(sentence) => self.note(None, sentence, true),
        }
        self.show_playing();
    }

    /// Nothing is played any more.
    pub(crate) fn stop_message(&mut self) {
        if let Some(playing) = self.playing.take() {
            self.voice.control(playing.at(), PlaybackControl::EndClip);
        }
        self.local.playing = None;
    }

    /// A piece of a message has come.
    pub(crate) fn message_came(&mut self, sound: &MessageSound) {
        if let Some(Err(trouble)) = self.playing.as_mut().map(|playing| playing.take(sound)) {
            self.stop_message();
            self.note(None, trouble, true);
        }
    }

    /// Hands over what the ear has room for, and asks for more; true while a message is played.
    pub(crate) async fn go_on_playing(&mut self) -> bool {
        let Some(playing) = &mut self.playing else { return false };
        let at = playing.at();
        if at != Position::Speakers && self.facts.line_at(at).is_some() {
            self.stop_message();
            return true;
        }
        let begins = playing.hand_over(|samples| self.voice.play(at, samples));
        let (over, asks) = (playing.is_over(self.voice.clip_waits(at)), playing.asks(Instant::now()));
        if let Some(entry) = begins {
            self.tell_switch(FromTurret::MessageHeard { entry }).await;
        }
        if over {
            self.stop_message();
            return true;
        }
        if let Some((entry, from_ms)) = asks {
            self.tell_switch(FromTurret::MessageSound { entry, from_ms }).await;
        }
        self.show_playing();
        true
    }

    fn show_playing(&mut self) {
        let view = self.playing.as_ref().map(|playing| playing.view(self.voice.clip_waits(playing.at())));
        self.local.playing = view;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::LinkView;
    use dealerboard_model::{
        CallId, HistoryEntry, HistoryResult, HistoryWay, LineKind, LineStatus, Message, Moment, NumberedEntry, Party,
        RecordingId, TurretId,
    };

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    fn with_a_message() -> (Facts, Local) {
        let mut facts = Facts { turret: Some(TurretId(1)), keeps_messages: true, ..Facts::default() };
        let message = Message {
            recording: RecordingId(3),
            line: "ext-4012.1".into(),
            talker: "lindt".into(),
            from_utc_ms: 0,
            length_ms: Some(9_000),
        };
        let entry = HistoryEntry {
            line: "ext-4011.1".into(),
            name: "Reyes 4011".into(),
            kind: LineKind::Extension,
            call: CallId(7),
            way: HistoryWay::Came,
            far: Some("R. Lindt 4012".into()),
            user: None,
            group: None,
            via: None,
            start_utc_ms: 0,
            answered_utc_ms: None,
            end_utc_ms: 0,
            lasted_ms: 0,
            held_ms: 0,
            result: HistoryResult::Voicemail,
            message: Some(message),
        };
        let missed = HistoryEntry { result: HistoryResult::Missed { dnd: false }, message: None, ..entry.clone() };
        let entries = [(4, entry), (5, missed)].map(|(n, entry)| NumberedEntry { n, entry, heard: false });
        facts.history.take(&entries, true, false);
        (facts, Local { link: LinkView::Up { round_trip_ms: None, voice: true }, ..Local::default() })
    }

    fn plays_at(deeds: Vec<Deed>) -> Option<Position> {
        deeds.into_iter().find_map(|deed| {
            let Deed::Local(LocalDeed::PlayMessage { position, .. }) = deed else { return None };
            Some(position)
        })
    }

    #[test]
    fn vm_2_a_message_is_played_at_a_handset_and_on_the_speakers_only_where_it_is_asked_for() {
        let (mut facts, mut local) = with_a_message();
        assert_eq!(plays_at(play(4, None, 0, &facts, &local)), Some(Position::Left));
        assert_eq!(plays_at(play(4, Some(Position::Speakers), 0, &facts, &local)), Some(Position::Speakers));
        local.selected = Some(Position::Right);
        assert_eq!(plays_at(play(4, None, 0, &facts, &local)), Some(Position::Right));
        assert_eq!(plays_at(play(5, None, 0, &facts, &local)), None, "no message");
        let party = Party::new("reyes".into(), TurretId(1), Position::Right, NOW);
        let busy = LineStatus { parties: vec![party], ..LineStatus::idle("calder".into(), NOW) };
        facts.statuses.insert("calder".into(), busy);
        assert_eq!(plays_at(play(4, None, 0, &facts, &local)), None, "a call is there");
    }
}
