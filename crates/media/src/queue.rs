//! Packets that came and have not been played, in the order of their sequence numbers.
//!
//! Law: fixed places, no allocation after the start; a packet stands here once.

use crate::voice_decoder::has_redundancy;
use crate::{PAYLOAD_MAX, VoicePacket};

/// Places: 640 ms of 5 ms frames, more than twice what a switch keeps of a talk before its route.
pub const PLACES: usize = 128;

/// A packet that waits for its turn.
#[derive(Clone, Copy)]
pub struct Held {
    /// Sequence number.
    pub seq: u16,
    /// Timestamp, 48 kHz.
    pub rtp_ts: u32,
    /// When it was received.
    pub arrived_ns: u64,
    /// Bytes of its payload.
    length: usize,
    place: usize,
}

/// The packets of one stream.
pub struct Queue {
    payloads: Vec<[u8; PAYLOAD_MAX]>,
    free: Vec<usize>,
    order: Vec<Held>,
}

impl Queue {
    pub fn new() -> Self {
        Self {
            payloads: vec![[0; PAYLOAD_MAX]; PLACES],
            free: (0..PLACES).collect(),
            order: Vec::with_capacity(PLACES),
        }
    }

    pub fn clear(&mut self) {
        while self.pop().is_some() {}
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// The next packet in order.
    pub fn front(&self) -> Option<Held> {
        self.order.first().copied()
    }

    /// Samples from the first packet's timestamp to the last one's; 0 when time runs back between them.
    pub fn span_samples(&self) -> usize {
        let (Some(first), Some(last)) = (self.order.first(), self.order.last()) else { return 0 };
        usize::try_from(last.rtp_ts.wrapping_sub(first.rtp_ts) as i32).unwrap_or(0)
    }

    /// Takes a packet; false when it is here already, or when there is no place.
    pub fn insert(&mut self, packet: &VoicePacket) -> bool {
        let after = |held: &&Held| (held.seq.wrapping_sub(packet.seq) as i16) > 0;
        let at = self.order.len() - self.order.iter().rev().take_while(after).count();
        if at > 0 && self.order[at - 1].seq == packet.seq {
            return false;
        }
        let Some(place) = self.free.pop() else { return false };
        let length = usize::from(packet.length).min(PAYLOAD_MAX);
        self.payloads[place][..length].copy_from_slice(&packet.payload[..length]);
        let held = Held { seq: packet.seq, rtp_ts: packet.rtp_ts, arrived_ns: packet.arrived_ns, length, place };
        self.order.insert(at, held);
        true
    }

    /// Takes the next packet out. Its payload stays readable until the next insertion.
    pub fn pop(&mut self) -> Option<Held> {
        if self.order.is_empty() {
            return None;
        }
        let held = self.order.remove(0);
        self.free.push(held.place);
        Some(held)
    }

    /// The Opus packet of what [`Self::front`] or [`Self::pop`] gave.
    pub fn payload(&self, held: &Held) -> &[u8] {
        &self.payloads[held.place][..held.length]
    }

    /// Whether a packet carries the one before it a second time.
    pub fn has_redundancy(&self, held: &Held) -> bool {
        has_redundancy(self.payload(held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_once_and_in_order_across_the_end_of_the_numbers() {
        let mut queue = Queue::new();
        for seq in [65_535, 1, 0, 65_534, 0] {
            queue.insert(&VoicePacket { seq, ..VoicePacket::default() });
        }
        let order: Vec<u16> = std::iter::from_fn(|| queue.pop()).map(|held| held.seq).collect();
        assert_eq!(order, [65_534, 65_535, 0, 1]);
    }

    #[test]
    fn a_full_queue_takes_no_more_and_loses_nothing() {
        let mut queue = Queue::new();
        let taken = (0..200).filter(|seq| queue.insert(&VoicePacket { seq: *seq, ..VoicePacket::default() })).count();
        assert_eq!((taken, queue.is_full(), queue.front().map(|held| held.seq)), (PLACES, true, Some(0)));
    }
}
