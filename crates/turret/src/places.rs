//! Where each line is heard on this turret, and the packets of lines that it does not know yet.
//!
//! Law: pure. Voice overtakes the news of its line: an intercom's first packets come before the switch's word that there
//! is such a line. They wait for it, a moment and in bounds. What is known and heard nowhere is not kept.

use dealerboard_media::VoicePacket;
use dealerboard_model::{Csrc, Position};
use std::collections::{BTreeMap, VecDeque};

/// How long a packet waits for the news of its line: as much as the early burst of a talk holds.
const WAIT_NS: u64 = 300_000_000;

/// Packets of one line that wait at most: the early burst and as much again, at 10 ms each. The oldest go first.
const WAITING_MAX: usize = 60;

/// Lines whose packets wait at most.
const LINES_MAX: usize = 8;

/// Where lines are heard.
#[derive(Default)]
pub struct Places {
    known: BTreeMap<Csrc, Option<Position>>,
    waiting: BTreeMap<Csrc, VecDeque<VoicePacket>>,
}

impl Places {
    /// Where a packet that has just come is played; none when it waits, or is played nowhere.
    pub fn take(&mut self, packet: VoicePacket) -> Option<(Position, VoicePacket)> {
        if let Some(place) = self.known.get(&packet.line) {
            return place.map(|position| (position, packet));
        }
        let now_ns = packet.arrived_ns;
        self.waiting.retain(|_, packets| {
            packets.retain(|it| is_fresh(it, now_ns));
            !packets.is_empty()
        });
        if self.waiting.len() < LINES_MAX || self.waiting.contains_key(&packet.line) {
            let packets = self.waiting.entry(packet.line).or_default();
            if packets.len() == WAITING_MAX {
                packets.pop_front();
            }
            packets.push_back(packet);
        }
        None
    }

    /// These lines are known now, none other; gives what waited for them and is not too old, each line in order. It is
    /// heard as if it had come at `now_ns`: the moments it waited are no jitter of the network.
    pub fn know(&mut self, known: BTreeMap<Csrc, Option<Position>>, now_ns: u64) -> Vec<(Position, VoicePacket)> {
        self.known = known;
        let mut heard = Vec::new();
        for (line, place) in &self.known {
            let waited = self.waiting.remove(line).unwrap_or_default();
            let Some(position) = place else { continue };
            let fresh = waited.into_iter().filter(|it| is_fresh(it, now_ns));
            heard.extend(fresh.map(|packet| (*position, VoicePacket { arrived_ns: now_ns, ..packet })));
        }
        heard
    }
}

fn is_fresh(packet: &VoicePacket, now_ns: u64) -> bool {
    now_ns.saturating_sub(packet.arrived_ns) <= WAIT_NS
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Csrc = Csrc(7);

    fn packet(line: Csrc, seq: u16, arrived_ns: u64) -> VoicePacket {
        VoicePacket { line, seq, arrived_ns, length: 1, ..VoicePacket::default() }
    }

    fn at(position: Option<Position>) -> BTreeMap<Csrc, Option<Position>> {
        [(LINE, position)].into()
    }

    fn seqs(heard: &[(Position, VoicePacket)]) -> Vec<u16> {
        heard.iter().map(|(_, packet)| packet.seq).collect()
    }

    #[test]
    fn what_comes_before_its_line_is_known_is_played_in_order_when_it_is() {
        let mut places = Places::default();
        for seq in 0..30 {
            assert!(places.take(packet(LINE, seq, 1_000)).is_none());
        }
        let heard = places.know(at(Some(Position::HandsFree)), 200_000_000);
        assert_eq!(seqs(&heard), (0..30).collect::<Vec<_>>());
        assert!(heard.iter().all(|(at, it)| *at == Position::HandsFree && it.arrived_ns == 200_000_000));
        assert!(places.know(at(Some(Position::HandsFree)), 200_000_000).is_empty(), "it is played once");
    }

    #[test]
    fn what_waited_for_longer_than_300_ms_is_not_played() {
        let mut places = Places::default();
        places.take(packet(LINE, 1, 0));
        places.take(packet(LINE, 2, 100_000_000));
        assert_eq!(seqs(&places.know(at(Some(Position::Left)), 300_000_001)), [2]);
    }

    #[test]
    fn what_comes_on_a_line_that_is_known_and_heard_nowhere_is_not_kept() {
        let mut places = Places::default();
        places.know(at(None), 0);
        assert!(places.take(packet(LINE, 1, 0)).is_none());
        assert!(places.know(at(Some(Position::Left)), 1).is_empty());
    }

    #[test]
    fn no_more_than_sixty_packets_of_eight_lines_wait() {
        let mut places = Places::default();
        for line in 1..=20 {
            for seq in 0..100 {
                places.take(packet(Csrc(line), seq, 0));
            }
        }
        let all = (1..=20).map(|line| (Csrc(line), Some(Position::Left))).collect();
        let heard = places.know(all, 0);
        assert_eq!(heard.len(), 480);
        assert_eq!((heard[0].1.seq, heard[59].1.seq), (40, 99), "the newest are kept");
    }
}
