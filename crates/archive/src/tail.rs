//! The lines of a chain that no checkpoint covers, and whether an honest recorder can have left them so.
//!
//! Law: pure. A recorder signs when it starts, each [`CHECKPOINT`], and when it is stopped in order. A cut leaves what came
//! since then unsigned, until the next start signs it. Times are compared only where they are told in the same UTC: a
//! recording goes on in the one that it began in, whatever UTC was set to meanwhile.

use crate::chain::{Entry, Line};
use crate::recorder::CHECKPOINT;
use dealerboard_model::{RecordingId, TrackId};
use std::collections::{BTreeMap, VecDeque};

/// A recorder that runs has signed a line when a line this much later is written, in milliseconds.
const SIGNED_WITHIN_MS: i64 = 2 * CHECKPOINT.as_millis() as i64;

/// What tells times that can be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Teller {
    /// The recorder's time line, which no step of UTC moves.
    Recorder,
    Recording(RecordingId),
    Track(TrackId),
}

/// What a line has to do with signing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Started,
    Recovered,
    Stopped,
    Other,
}

struct Unsigned {
    n: u64,
    hash: String,
    kind: Kind,
    /// When it was about to be written, by whom that is told.
    told: [Option<(Teller, i64)>; 2],
}

/// The lines that a checkpoint may still come for.
#[derive(Default)]
pub struct Tail {
    lines: VecDeque<Unsigned>,
    /// The last line that was signed.
    signed: u64,
    /// By how much UTC was set so far.
    stepped_ms: i64,
}

impl Tail {
    /// The next line, whose hash is `hash`.
    pub fn push(&mut self, line: &Line, hash: &str) {
        if let Entry::UtcStepped { step_ms } = line.entry {
            self.stepped_ms = self.stepped_ms.saturating_add(step_ms);
        }
        let told = told(line, self.stepped_ms);
        self.lines.push_back(Unsigned { n: line.n, hash: hash.to_owned(), kind: kind(&line.entry), told });
    }

    /// Whether line `n` is here with this hash; what stands before it is let go.
    pub fn is_at(&mut self, n: u64, hash: &str) -> bool {
        while self.lines.pop_front_if(|line| line.n < n).is_some() {}
        self.lines.front().is_some_and(|line| (line.n, line.hash.as_str()) == (n, hash))
    }

    /// Everything up to line `n` is signed.
    pub fn signed(&mut self, n: u64) {
        self.signed = n;
    }

    /// Why no honest recorder leaves these lines unsigned, as one clause; none when one may.
    pub fn forged(&self) -> Option<String> {
        let lines = self.lines.iter().filter(|line| line.n > self.signed);
        let (mut started, mut first): (Option<u64>, BTreeMap<Teller, (u64, i64)>) = (None, BTreeMap::new());
        for line in lines {
            match line.kind {
                Kind::Stopped => {
                    return Some(format!(
                        "line {} says that the recorder was stopped in order, but nobody signed it",
                        line.n
                    ));
                }
                // A start that was cut off before it signed is mended by the next one.
                Kind::Started => started = Some(line.n),
                Kind::Recovered => {}
                Kind::Other if self.signed == 0 => return Some("no line of it is signed".to_owned()),
                Kind::Other => {
                    if let Some(n) = started {
                        return Some(format!("it goes on after the start at line {n}, which nobody signed"));
                    }
                }
            }
            for (teller, ms) in line.told.into_iter().flatten() {
                let (from_n, from_ms) = *first.entry(teller).or_insert((line.n, ms));
                if ms.saturating_sub(from_ms) > SIGNED_WITHIN_MS {
                    let (long_s, n) = ((ms - from_ms) / 1_000, line.n);
                    return Some(format!("lines {from_n} to {n} span {long_s} s, and nobody signed them"));
                }
            }
        }
        None
    }
}

fn kind(entry: &Entry) -> Kind {
    match entry {
        Entry::Started { .. } => Kind::Started,
        Entry::Recovered { .. } => Kind::Recovered,
        Entry::Stopped => Kind::Stopped,
        Entry::RecordingOpened(_)
        | Entry::RecordingClosed { .. }
        | Entry::TrackOpened(_)
        | Entry::TrackClosed { .. }
        | Entry::SegmentSealed(_)
        | Entry::Gap(_)
        | Entry::Mark(_)
        | Entry::PersonNamed { .. }
        | Entry::UtcStepped { .. } => Kind::Other,
    }
}

fn told(line: &Line, stepped_ms: i64) -> [Option<(Teller, i64)>; 2] {
    let at_ms = line.at_utc_ms;
    let recorder = Some((Teller::Recorder, at_ms.saturating_sub(stepped_ms)));
    match &line.entry {
        Entry::RecordingOpened(facts) => [recorder, Some((Teller::Recording(facts.recording), at_ms))],
        Entry::RecordingClosed { recording } => [Some((Teller::Recording(*recording), at_ms)), None],
        Entry::Mark(mark) => [Some((Teller::Recording(mark.recording), at_ms)), None],
        Entry::TrackOpened(facts) => {
            [Some((Teller::Recording(facts.recording), at_ms)), Some((Teller::Track(facts.track), at_ms))]
        }
        Entry::TrackClosed { track } => [Some((Teller::Track(*track), at_ms)), None],
        Entry::SegmentSealed(sealed) => {
            let length_ms = i64::try_from(sealed.samples / 48).unwrap_or(i64::MAX);
            [Some((Teller::Track(sealed.track), sealed.from_utc_ms.saturating_add(length_ms))), None]
        }
        Entry::PersonNamed { .. } | Entry::UtcStepped { .. } => [recorder, None],
        // A gap may be told of long after it was.
        Entry::Gap(_) | Entry::Started { .. } | Entry::Stopped | Entry::Recovered { .. } => [None, None],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::RecordingFacts;
    use crate::chain::End;
    use dealerboard_model::{CallId, LineKind};

    fn opened(n: u32) -> Entry {
        let recording = RecordingId(n);
        let (lines, names, kind) = (Vec::new(), Vec::new(), LineKind::Hoot);
        Entry::RecordingOpened(RecordingFacts { recording, call: CallId(n), lines, names, people: Vec::new(), kind })
    }

    /// What is thought of these lines behind a start that is signed.
    fn forged(entries: &[(i64, Entry)]) -> Option<String> {
        let (mut end, mut again, mut tail) = (End::default(), End::default(), Tail::default());
        let started = (0, Entry::Started { version: String::new(), key: String::new() });
        for (utc_ms, entry) in [&started].into_iter().chain(entries) {
            let text = end.push(*utc_ms, entry);
            tail.push(&again.take(&text).unwrap(), &end.hash);
        }
        tail.signed(1);
        tail.forged()
    }

    #[test]
    fn a_step_of_utc_makes_no_tail_long() {
        let step_ms = 3_600_000;
        let stepped = (step_ms + 2_000, Entry::UtcStepped { step_ms });
        let closed = (3_000, Entry::RecordingClosed { recording: RecordingId(1) });
        assert_eq!(forged(&[(1_000, opened(1)), stepped, (step_ms + 3_000, opened(2)), closed]), None);
    }

    #[test]
    fn an_hour_without_a_signature_is_no_honest_recorders() {
        assert!(forged(&[(1_000, opened(1)), (3_601_000, opened(2))]).is_some());
    }
}
