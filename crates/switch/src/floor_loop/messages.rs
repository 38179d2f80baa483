//! Messages of voicemails: kept in the history of whose they are, and played to them out of the recordings.
//!
//! Law: only its owner hears a message, and of its recording only that part; the loop reads no disk.

use super::FloorLoop;
use crate::history::{Ask, Asked};
use dealerboard_archive::{Library, Passage};
use dealerboard_call_control::{LOCKED, Said};
use dealerboard_model::{HistoryEntry, Message, TurretId, UserId};
use dealerboard_store::HistoryChange;
use dealerboard_wire::{Event, MESSAGE_PIECE_MS, MessageSound, OpusPacket};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Opus in one answer at most, in bytes: as base64 it is a third longer, and a message of the protocol has its limit.
const PIECE_BYTES_MAX: usize = 96 * 1_024;

impl FloorLoop {
    /// A message was left to somebody.
    pub(super) fn has_message(&mut self, user: &UserId, mut entry: HistoryEntry, said: Said) {
        let Said { recording, line, talker, from, to } = said;
        let recorded_ms = |moment| self.clock.recorded_ms(self.clock.instant(moment));
        // What a restart has cut off began in the time of another run of this switch.
        let from_utc_ms = if to.is_some() { recorded_ms(from) } else { from.utc_ms };
        let length_ms = to.map(|to| to.mono_us.saturating_sub(from.mono_us) / 1_000);
        entry.message = Some(Message { recording, line, talker, from_utc_ms, length_ms });
        self.has_ended(user, entry);
        self.count_messages(user);
    }

    /// Tells a user's turrets how many messages wait for them.
    pub(super) fn count_messages(&self, user: &UserId) {
        let readers = self.sessions.iter().map(|(_, seat)| seat);
        let readers = readers.filter(|seat| seat.reads_history && !seat.lost && seat.user() == user);
        let outboxes: Vec<_> = readers.map(|seat| seat.outbox.clone()).collect();
        if !outboxes.is_empty() {
            self.keeper.ask(Ask { user: user.clone(), what: Asked::Waiting(outboxes) });
        }
    }

    /// A user hears a message of theirs.
    pub(super) fn has_heard(&mut self, turret: TurretId, entry: u64) {
        let Some(seat) = self.sessions.get(turret).filter(|_| !self.exchange.is_locked(turret)) else { return };
        let user = seat.user().clone();
        tracing::info!(%turret, %user, entry, "a message was played");
        self.keeper.put_history(HistoryChange::Heard { user: user.0.clone(), n: entry });
        self.tell_readers(&user, &Event::MessageHeard { entry });
        self.count_messages(&user);
    }

    /// A turret plays a message of its user, and asks for the next piece.
    pub(super) fn asks_for_sound(&mut self, turret: TurretId, entry: u64, from_ms: u64) {
        let Some(seat) = self.sessions.get(turret) else { return };
        // Who asks for one piece after the other has had the last one by now; a flood is not read for.
        let Ok(turn) = Arc::clone(&seat.listens).try_acquire_owned() else { return };
        let (user, outbox) = (seat.user().clone(), seat.outbox.clone());
        if self.exchange.is_locked(turret) {
            return outbox.event(Event::MessageSound(none(entry, from_ms, LOCKED)));
        }
        let (found, finds) = oneshot::channel();
        self.keeper.ask(Ask { user, what: Asked::Entry(entry, found) });
        let library = self.library.clone();
        tokio::spawn(async move {
            let _turn = turn;
            let message = finds.await.ok().flatten().and_then(|found| found.message);
            outbox.event(Event::MessageSound(sound(&library, message, entry, from_ms).await));
        });
    }
}

/// A piece of a message, or why there is none.
async fn sound(library: &Library, message: Option<Message>, entry: u64, from_ms: u64) -> MessageSound {
    let none = |why| none(entry, from_ms, why);
    let Some(Message { recording, line, talker, from_utc_ms, length_ms }) = message else {
        return none("There is no such message in your history; look at it and choose one.");
    };
    let packets = match library.passage(Passage { recording, line, talker, from_utc_ms, length_ms }).await {
        Ok(packets) => packets,
        Err(error) => {
            tracing::error!(entry, "a message cannot be played: {error}");
            return none("This message cannot be read now; your administrator finds the cause in the switch's log.");
        }
    };
    if packets.is_empty() {
        return none("There is no sound of this message yet; it can be heard a minute later at most.");
    }
    let samples: u64 = packets.iter().map(|(_, samples)| samples).sum();
    MessageSound { entry, from_ms, packets: piece(packets, from_ms), length_ms: samples / 48, trouble: None }
}

/// No sound, and why.
fn none(entry: u64, from_ms: u64, why: &str) -> MessageSound {
    MessageSound { entry, from_ms, packets: Vec::new(), length_ms: 0, trouble: Some(why.to_owned()) }
}

/// What begins from `from_ms` on, as much as one answer may have.
fn piece(packets: Vec<(Vec<u8>, u64)>, from_ms: u64) -> Vec<OpusPacket> {
    let (skipped, mut at, mut bytes) = (from_ms.saturating_mul(48), 0, 0);
    let mut piece = Vec::new();
    for (payload, samples) in packets {
        let begins = at;
        at += samples;
        if begins < skipped {
            continue;
        }
        bytes += payload.len();
        if begins >= skipped.saturating_add(MESSAGE_PIECE_MS * 48) || bytes > PIECE_BYTES_MAX {
            break;
        }
        piece.push(OpusPacket { samples: u32::try_from(samples).unwrap_or(0), payload });
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(payload: usize) -> Vec<(Vec<u8>, u64)> {
        (0..1_000).map(|_| (vec![0xf8; payload], 960)).collect()
    }

    #[test]
    fn vm_2_the_pieces_of_a_message_are_all_of_it_and_none_is_longer_than_an_answer_may_be() {
        for payload in [40, 1_275] {
            let (mut from_ms, mut heard) = (0, 0);
            loop {
                let piece = piece(packets(payload), from_ms);
                if piece.is_empty() {
                    break;
                }
                let bytes: usize = piece.iter().map(|it| it.payload.len()).sum();
                assert!(bytes <= PIECE_BYTES_MAX && piece.len() as u64 * 20 <= MESSAGE_PIECE_MS);
                heard += piece.len();
                from_ms += piece.iter().map(|it| u64::from(it.samples)).sum::<u64>() / 48;
            }
            assert_eq!(heard, 1_000);
        }
    }

    #[test]
    fn a_piece_from_behind_the_end_is_empty() {
        assert_eq!(piece(packets(40), u64::MAX), []);
    }
}
