//! What the API says, as JSON. The TypeScript of these types is made from here.

use dealerboard_model::{Role, Uplink};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why something was not done.
#[derive(Debug, Serialize, TS)]
pub struct Problem {
    /// One sentence: what happened, what to do.
    pub sentence: String,
}

/// The log-on card.
#[derive(Deserialize, TS)]
pub struct LogOnForm {
    /// Log-on name.
    pub user: String,
    /// Password, as typed.
    pub password: String,
}

/// Who is logged on.
#[derive(Debug, Serialize, TS)]
pub struct Me {
    /// Log-on name.
    pub user: String,
    /// Name as shown.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
}

/// An address that opens the review pages once, without a password.
#[derive(Debug, Serialize, TS)]
pub struct HandOverLink {
    /// Path and query on this switch.
    pub path: String,
}

/// How the switch is.
#[derive(Debug, Serialize, TS)]
pub struct Health {
    /// The floor's name.
    pub floor: String,
    /// The switch's version.
    pub switch: String,
    /// Why the recorder cannot write; none when it can.
    pub recorder_failing: Option<String>,
    /// The switch's time, UTC milliseconds.
    #[ts(type = "number")]
    pub now_utc_ms: i64,
}

/// One page of recordings, newest first.
#[derive(Debug, Serialize, TS)]
pub struct RecordingPage {
    /// The recordings.
    pub recordings: Vec<RecordingRow>,
    /// The archive is still being read after a start: recordings may be missing.
    pub is_behind: bool,
    /// Ask for this as `before` to get the next page; none when this is the last.
    pub next_before: Option<u32>,
    /// Lines to choose from, sorted by kind and name.
    pub lines: Vec<LineChoice>,
    /// People to choose from.
    pub people: Vec<Named>,
}

/// What a person means by a line: a private wire with both its ends, a hoot, or the intercom of two people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct LineChoice {
    /// The id of one of its lines, to ask for.
    pub id: String,
    /// `ard`, `mrd`, `hoot`, `intercom`.
    pub kind: String,
    /// Its name, which no other of its kind has.
    pub name: String,
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name as shown.
    pub name: String,
}

/// One recording in the list.
#[derive(Clone, Debug, Serialize, TS)]
pub struct RecordingRow {
    /// Its number.
    pub id: u32,
    /// `ard`, `mrd`, `hoot`, `intercom`.
    pub kind: String,
    /// Began, UTC milliseconds.
    #[ts(type = "number")]
    pub started_utc_ms: i64,
    /// Ended, UTC milliseconds; none while it goes on.
    #[ts(type = "number | null")]
    pub ended_utc_ms: Option<i64>,
    /// The lines it was on.
    pub lines: Vec<Named>,
    /// Who talked.
    pub people: Vec<Named>,
    /// How many gaps it has.
    pub gaps: u32,
    /// Whether somebody spoke, or may have: one that goes on, or has a gap, counts as spoken.
    pub spoken: bool,
    /// It has ended, somebody was rung in it, and nobody answered.
    pub unanswered: bool,
    /// Length of the sound that is sealed, of all who talked together, in milliseconds.
    #[ts(type = "number")]
    pub sound_ms: u64,
}

/// One recording in full.
#[derive(Debug, Serialize, TS)]
pub struct RecordingDetail {
    /// As in the list.
    pub row: RecordingRow,
    /// While it goes on: one sentence about when it ends.
    pub goes_on: Option<String>,
    /// Its tracks.
    pub tracks: Vec<Track>,
    /// What happened meanwhile.
    pub events: Vec<RecordingEvent>,
    /// Keyed time without recorded audio.
    pub gaps: Vec<GapSpan>,
    /// Whether its hashes hold.
    pub verdict: Verdict,
}

/// One talker on one line.
#[derive(Debug, Serialize, TS)]
pub struct Track {
    /// Its number, for the audio's address.
    pub track: u32,
    /// Who talks.
    pub talker: Named,
    /// Into which microphone.
    pub uplink: Uplink,
    /// On which line.
    pub line: Named,
    /// Began, UTC milliseconds.
    #[ts(type = "number")]
    pub started_utc_ms: i64,
    /// Length of its audio, in milliseconds; zero when nothing of it is sealed yet.
    #[ts(type = "number")]
    pub length_ms: u64,
}

/// Something that happened during a recording.
#[derive(Debug, Serialize, TS)]
pub struct RecordingEvent {
    /// When, UTC milliseconds.
    #[ts(type = "number")]
    pub at_utc_ms: i64,
    /// On which line.
    pub line: Option<Named>,
    /// Who did it, or who heard it.
    pub who: Vec<Named>,
    /// What, in words.
    pub what: String,
}

/// Keyed time without recorded audio.
#[derive(Debug, Serialize, TS)]
pub struct GapSpan {
    /// Whose.
    pub talker: Option<Named>,
    /// On which line.
    pub line: Option<Named>,
    /// From, UTC milliseconds.
    #[ts(type = "number")]
    pub from_utc_ms: i64,
    /// To, UTC milliseconds; none while it goes on.
    #[ts(type = "number | null")]
    pub to_utc_ms: Option<i64>,
    /// Why.
    pub why: String,
}

/// Whether a chain of segments holds.
#[derive(Debug, Serialize, TS)]
pub struct Verdict {
    /// Every segment, checkpoint and link is as it was sealed.
    pub verified: bool,
    /// Segments that were checked.
    pub segments: u32,
    /// All that was checked is under a signature; what has just ended is signed within a minute.
    pub signed: bool,
    /// The first one that is wrong.
    pub first_wrong: Option<String>,
    /// One sentence about the whole.
    pub sentence: String,
}

impl Verdict {
    /// In words.
    pub fn of(verdict: &dealerboard_archive::Verdict) -> Self {
        let first_wrong = verdict.wrong.first().map(|wrong| format!("{}: {}", wrong.file, wrong.why));
        let segments = verdict.segments;
        let some = if segments == 1 { "1 segment is".to_owned() } else { format!("{segments} segments are") };
        let sentence = match (&first_wrong, verdict.wrong.len()) {
            (None, _) => {
                let signed = verdict.signed_in_words();
                format!("{some} as sealed, and the chain of {} lines holds: {signed}.", verdict.lines)
            }
            (Some(first), 1) => format!("Not as sealed: {first}."),
            (Some(first), count) => format!("Not as sealed in {count} places, first {first}."),
        };
        Self { verified: verdict.holds(), segments, signed: verdict.unsigned_lines == 0, first_wrong, sentence }
    }

    /// In words, of one recording, which has ended or goes on: what is not there yet, or never came, is not called sealed, and
    /// what was signed before the recording's end does not sign it.
    pub fn of_one(verdict: &dealerboard_archive::Verdict, ended_utc_ms: Option<i64>) -> Self {
        let signed = ended_utc_ms.is_some_and(|ended| verdict.signed_utc_ms.is_some_and(|signed| signed >= ended));
        let whole = Self { signed, ..Self::of(verdict) };
        let sentence = match (whole.verified, ended_utc_ms.is_none(), whole.segments) {
            (false, _, _) => return whole,
            (true, true, 0) => "Nothing of it is sealed yet, so nothing is checked.".to_owned(),
            (true, true, _) => format!("So far: {}", whole.sentence),
            (true, false, 0) => {
                "There is no sound in it that could be checked; the chain that lists it holds.".to_owned()
            }
            (true, false, _) => return whole,
        };
        Self { sentence, ..whole }
    }
}

/// The loudness of a track over time, for drawing.
#[derive(Debug, Serialize, TS)]
pub struct Peaks {
    /// Length of one value, in milliseconds.
    pub step_ms: u32,
    /// 0 (silence) to 255 (full scale) each.
    pub peaks: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(segments: u32, goes_on: bool) -> String {
        let verdict = dealerboard_archive::Verdict { segments, lines: 9, ..dealerboard_archive::Verdict::default() };
        Verdict::of_one(&verdict, (!goes_on).then_some(0)).sentence
    }

    #[test]
    fn a_recording_is_signed_only_by_a_signature_after_its_end() {
        let signed_at = |signed_utc_ms| {
            let verdict = dealerboard_archive::Verdict { signed_utc_ms, ..dealerboard_archive::Verdict::default() };
            Verdict::of_one(&verdict, Some(70)).signed
        };
        assert_eq!([None, Some(69), Some(70)].map(signed_at), [false, false, true]);
    }

    #[test]
    fn a_recording_of_which_nothing_is_sealed_is_not_said_to_be_as_sealed() {
        assert_eq!(said(0, true), "Nothing of it is sealed yet, so nothing is checked.");
        assert_eq!(said(0, false), "There is no sound in it that could be checked; the chain that lists it holds.");
    }

    #[test]
    fn a_recording_that_goes_on_tells_of_what_is_sealed_so_far() {
        let ended = said(2, false);
        assert!(ended.starts_with("2 segments are as sealed"), "{ended}");
        assert_eq!(said(2, true), format!("So far: {ended}"));
    }
}
