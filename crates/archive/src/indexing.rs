//! What each line of the chain means to the index.
//!
//! Law: the same chain makes the same index. A segment is read once, when its line is taken, to know whether somebody speaks.

use crate::chain::Entry;
use crate::library::in_background;
use crate::{ArchiveError, Result, sound};
use dealerboard_model::{LineKind, Uplink};
use dealerboard_store::{GapRow, LineRow, MarkRow, RecordingRow, SegmentRow, TrackRow, Update};
use std::path::Path;

/// A line of the chain.
pub struct Place<'a> {
    /// Its number.
    pub n: u64,
    /// At which byte it begins.
    pub at: u64,
    /// Its own hash, hexadecimal.
    pub hash: &'a str,
}

/// Takes a line of the chain, written at `at_utc_ms`, into the index of `folder`.
///
/// # Errors
/// The index refuses, or no thread can be started.
pub async fn take(update: &mut Update, folder: &Path, place: &Place<'_>, at_utc_ms: i64, entry: Entry) -> Result<()> {
    let n = i64::try_from(place.n).unwrap_or(i64::MAX);
    match entry {
        Entry::RecordingOpened(facts) => {
            let row = RecordingRow {
                id: facts.recording.0,
                kind: kind_name(facts.kind).to_owned(),
                opened_utc_ms: at_utc_ms,
                closed_utc_ms: None,
                gaps: 0,
                spoken: true,
            };
            let names = facts.names.into_iter().chain(std::iter::repeat(String::new()));
            let lines = facts.lines.into_iter().zip(names).map(|(line, name)| LineRow { line: line.0, name });
            let lines: Vec<LineRow> = lines.collect();
            let people: Vec<String> = facts.people.into_iter().map(|user| user.0).collect();
            update.recording(&row, facts.call.0, &lines, &people).await?;
        }
        Entry::PersonNamed { user, name } => update.person(&user.0, &name).await?,
        Entry::RecordingClosed { recording } => update.recording_closed(recording.0, at_utc_ms).await?,
        Entry::TrackOpened(facts) => {
            let row = TrackRow {
                id: facts.track.0,
                line: facts.line.0,
                talker: facts.talker.0,
                uplink: uplink_name(facts.uplink).to_owned(),
                opened_utc_ms: at_utc_ms,
                closed_utc_ms: None,
            };
            update.track(facts.recording.0, &row).await?;
        }
        Entry::TrackClosed { track } => update.track_closed(track.0, at_utc_ms).await?,
        Entry::SegmentSealed(sealed) => {
            let path = folder.join(&sealed.file);
            let (number, samples, bytes) = (sealed.number, sealed.samples, sealed.bytes);
            let spoken = in_background(move || Ok(sound::is_spoken(&path, number, samples, bytes))).await?;
            let row = SegmentRow {
                track: sealed.track.0,
                number: sealed.number,
                file: sealed.file,
                from_utc_ms: sealed.from_utc_ms,
                samples: i64::try_from(sealed.samples).unwrap_or(i64::MAX),
                chain_at: i64::try_from(place.at).unwrap_or(i64::MAX),
                chain_hash: place.hash.to_owned(),
                spoken,
            };
            update.segment(&row).await?;
        }
        Entry::Gap(gap) => {
            let row = GapRow {
                recording: gap.recording.map(|recording| recording.0),
                line: gap.line.map(|line| line.0),
                talker: gap.talker.map(|talker| talker.0),
                from_utc_ms: gap.from_utc_ms,
                to_utc_ms: gap.to_utc_ms,
                why: gap.why,
            };
            update.gap(n, &row).await?;
        }
        Entry::Mark(mark) => {
            let who: Vec<String> = mark.who.into_iter().map(|user| user.0).collect();
            let line = mark.line.map(|line| line.0);
            let row = MarkRow { at_utc_ms, line, who: who.join("\n"), what_happened: mark.what_happened };
            update.mark(n, mark.recording.0, &row).await?;
        }
        Entry::Started { .. } | Entry::Stopped | Entry::UtcStepped { .. } | Entry::Recovered { .. } => {}
    }
    Ok(())
}

fn kind_name(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Ard => "ard",
        LineKind::Mrd => "mrd",
        LineKind::Hoot => "hoot",
        LineKind::ShoutDown => "shout_down",
        LineKind::Intercom => "intercom",
        LineKind::Extension => "extension",
        LineKind::Dial => "dial",
    }
}

fn uplink_name(uplink: Uplink) -> &'static str {
    match uplink {
        Uplink::Left => "left",
        Uplink::Right => "right",
        Uplink::Mic => "mic",
    }
}

/// The microphone that the index calls so.
///
/// # Errors
/// There is none of that name.
pub fn uplink_of(name: &str) -> Result<Uplink> {
    let called = |uplink: &Uplink| uplink_name(*uplink) == name;
    Uplink::ALL.into_iter().find(called).ok_or_else(|| ArchiveError::Microphone(name.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_microphone_of_which_the_index_has_another_word_is_an_error_and_no_other_microphone() {
        assert_eq!(Uplink::ALL.map(|uplink| uplink_of(uplink_name(uplink)).unwrap()), Uplink::ALL);
        let sentence = "the search index cannot be used: it knows a microphone \"boom\"; it is made anew from the chain when its file is deleted";
        assert_eq!(uplink_of("boom").unwrap_err().to_string(), sentence);
    }
}
