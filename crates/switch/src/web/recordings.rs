//! Recordings for reviewers: find, look, hear, check.
//!
//! Law: what is shown comes from the archive, lines and people by the names that they had then, or by those of the present
//! floor where the chain does not say; an id that nobody has a name for is shown as it is. Only who may review gets past the
//! door.

use super::Trouble;
use super::lines::{self, FloorLines};
use super::log_on::{Reviewer, is_by_itself};
use super::ranged::ranged;
use super::shared::Shared;
use super::types::{
    GapSpan, Health, Named, Peaks, RecordingDetail, RecordingEvent, RecordingPage, RecordingRow, Track, Verdict,
};
use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::floor::{FloorFile, policies};
use crate::floor_loop::has_rung_in_vain;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dealerboard_archive::{Filter, Library, RecorderState, RecorderWatch, RecordingFound};
use dealerboard_call_control::{Policies, Value};
use dealerboard_model::{LineId, RecordingId, TrackId, UserId};
use serde::Deserialize;
use std::sync::Arc;

/// Recordings in one answer.
const PAGE: u32 = 100;

/// What the review pages need of one switch. Clones are the same.
#[derive(Clone)]
pub struct Review {
    clock: Clock,
    library: Library,
    recorder: RecorderWatch,
    names: Arc<Names>,
    /// Whoever asks while all of it is being checked gets the same verdict.
    checks: Arc<Shared<Result<dealerboard_archive::Verdict, String>>>,
}

struct Names {
    floor: String,
    lines: FloorLines,
    policies: Policies,
    /// Asked each time: users are added, and get other names, while the switch runs.
    people: Accounts,
}

impl Names {
    fn of(file: &FloorFile, people: Accounts) -> Self {
        Self { floor: file.name.clone(), lines: FloorLines::of(file), policies: policies(file), people }
    }

    fn line(&self, line: &LineId) -> Named {
        let name = self.lines.name(line).map_or_else(|| line.to_string(), str::to_owned);
        Named { id: line.to_string(), name }
    }

    /// A line of a recording: as it was called then, where that is known.
    fn line_then(&self, found: &RecordingFound, line: &LineId) -> Named {
        match found.line_names.get(line) {
            Some(name) => Named { id: line.to_string(), name: shown(line, name) },
            None => self.line(line),
        }
    }

    /// Why a recording of this kind, of these lines, has not ended: one sentence.
    fn why_open(&self, kind: &str, lines: &[LineId]) -> String {
        match (kind, lines) {
            ("hoot" | "shout_down", [line, ..]) => {
                let gap = Value::Ms(self.policies.of(Some(line), None, None).hoot_activity_gap_ms);
                let what = if kind == "hoot" { "hoot" } else { "shout-down" };
                format!("It ends when nobody has talked on this {what} for {gap}.")
            }
            _ => "It ends with the call.".to_owned(),
        }
    }

    fn person(&self, user: &UserId) -> Named {
        let name = self.people.find(user).map_or_else(|| user.to_string(), |account| account.name);
        Named { id: user.to_string(), name }
    }

    /// A person of a recording: whom the log-on name stood for then, where that is known.
    fn person_then(&self, found: &RecordingFound, user: &UserId) -> Named {
        match found.people_names.get(user) {
            Some(name) => Named { id: user.to_string(), name: name.clone() },
            None => self.person(user),
        }
    }

    /// A person to choose: as the log-on name stands now, or as it stood when it was last recorded. It is the log-on name that
    /// is looked for, whoever had it.
    fn person_to_choose(&self, user: &UserId, then: Option<&str>) -> Named {
        match then.filter(|_| self.people.find(user).is_none()) {
            Some(name) => Named { id: user.to_string(), name: name.to_owned() },
            None => self.person(user),
        }
    }

    fn row(&self, found: &RecordingFound) -> RecordingRow {
        let mut people: Vec<Named> = found.tracks.iter().map(|track| self.person_then(found, &track.talker)).collect();
        people.sort();
        people.dedup();
        RecordingRow {
            id: found.recording.0,
            kind: found.kind.clone(),
            started_utc_ms: found.opened_utc_ms,
            ended_utc_ms: found.closed_utc_ms,
            lines: found.lines.iter().map(|line| self.line_then(found, line)).collect(),
            people,
            gaps: found.gaps,
            spoken: found.spoken,
            unanswered: found.closed_utc_ms.is_some() && has_rung_in_vain(&found.happened),
            sound_ms: found.tracks.iter().map(|track| track.length_ms).sum(),
        }
    }
}

impl Review {
    /// The review pages of a floor.
    pub fn new(file: &FloorFile, people: Accounts, clock: Clock, library: Library, recorder: RecorderWatch) -> Self {
        Self { clock, library, recorder, names: Arc::new(Names::of(file, people)), checks: Arc::default() }
    }

    async fn found(&self, recording: u32) -> Result<RecordingFound, Trouble> {
        let found = self.library.recording(RecordingId(recording)).await.map_err(Trouble::inside)?;
        found.ok_or_else(|| Trouble::new(StatusCode::NOT_FOUND, "There is no such recording; search again."))
    }
}

/// `GET /api/health`.
pub async fn health(State(review): State<Review>) -> Json<Health> {
    let recorder_failing = match review.recorder.state() {
        RecorderState::Ok => None,
        RecorderState::Failing { why } => Some(why),
    };
    Json(Health {
        floor: review.names.floor.clone(),
        switch: env!("CARGO_PKG_VERSION").to_owned(),
        recorder_failing,
        now_utc_ms: review.clock.now().utc_ms,
    })
}

/// What to look for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Search {
    from: Option<i64>,
    to: Option<i64>,
    line: Option<String>,
    person: Option<String>,
    kind: Option<String>,
    gaps: bool,
    spoken: bool,
    before: Option<u32>,
}

/// `GET /api/recordings`.
pub async fn list(
    Reviewer(_): Reviewer,
    State(review): State<Review>,
    Query(search): Query<Search>,
) -> Result<Json<RecordingPage>, Trouble> {
    let choices = review.names.lines.to_choose(review.library.lines().await.map_err(Trouble::inside)?);
    let filter = Filter {
        from_utc_ms: search.from,
        to_utc_ms: search.to,
        lines: search.line.map(|line| lines::meant_by(&choices, &line)).unwrap_or_default(),
        talker: search.person,
        kind: search.kind,
        gaps: search.gaps,
        spoken: search.spoken,
        before: search.before,
        limit: PAGE,
    };
    let found = review.library.recordings(&filter).await.map_err(Trouble::inside)?;
    let full = found.len() >= PAGE as usize;
    let people = review.library.talkers().await.map_err(Trouble::inside)?;
    Ok(Json(RecordingPage {
        is_behind: review.library.is_behind(),
        next_before: found.last().filter(|_| full).map(|last| last.recording.0),
        recordings: found.iter().map(|found| review.names.row(found)).collect(),
        lines: choices.into_iter().map(|(choice, _)| choice).collect(),
        people: people.iter().map(|(user, then)| review.names.person_to_choose(user, then.as_deref())).collect(),
    }))
}

/// `GET /api/recordings/{recording}`.
pub async fn detail(
    Reviewer(account): Reviewer,
    State(review): State<Review>,
    Path(recording): Path<u32>,
    headers: HeaderMap,
) -> Result<Json<RecordingDetail>, Trouble> {
    let found = review.found(recording).await?;
    if is_by_itself(&headers) {
        tracing::info!(user = %account.user, recording, "a page has loaded a recording by itself");
    } else {
        tracing::info!(user = %account.user, recording, "a recording was opened");
    }
    let names = &review.names;
    let gaps = review.library.gaps(found.recording).await.map_err(Trouble::inside)?;
    let marks = review.library.marks(found.recording).await.map_err(Trouble::inside)?;
    let track = |track: &dealerboard_archive::TrackFound| Track {
        track: track.track.0,
        talker: names.person_then(&found, &track.talker),
        uplink: track.uplink,
        line: names.line_then(&found, &track.line),
        started_utc_ms: track.from_utc_ms,
        length_ms: track.length_ms,
    };
    let gap = |gap: dealerboard_archive::GapFound| GapSpan {
        talker: gap.talker.map(|user| names.person_then(&found, &UserId(user))),
        line: gap.line.map(|line| names.line_then(&found, &LineId(line))),
        from_utc_ms: gap.from_utc_ms,
        to_utc_ms: Some(gap.to_utc_ms),
        why: gap.why,
    };
    let event = |mark: dealerboard_archive::MarkFound| RecordingEvent {
        at_utc_ms: mark.at_utc_ms,
        line: mark.line.map(|line| names.line_then(&found, &line)),
        who: mark.who.iter().map(|user| names.person_then(&found, user)).collect(),
        what: mark.what_happened,
    };
    let checked = review.library.check(found.recording).await.map_err(Trouble::inside)?;
    Ok(Json(RecordingDetail {
        row: names.row(&found),
        goes_on: found.closed_utc_ms.is_none().then(|| names.why_open(&found.kind, &found.lines)),
        tracks: found.tracks.iter().map(track).collect(),
        events: marks.into_iter().map(event).collect(),
        gaps: gaps.into_iter().map(gap).collect(),
        verdict: Verdict::of_one(&checked, found.closed_utc_ms),
    }))
}

/// `GET /api/recordings/{recording}/tracks/{track}/audio`: Ogg Opus, whole or a range of it.
pub async fn audio(
    Reviewer(account): Reviewer,
    State(review): State<Review>,
    Path((recording, track)): Path<(u32, u32)>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    tracing::info!(user = %account.user, recording, track, "the sound of a talker was opened");
    let audio = review.library.track_audio(RecordingId(recording), TrackId(track)).await.map_err(Trouble::inside)?;
    Ok(ranged(&headers, "audio/ogg; codecs=opus", Bytes::from_owner(audio.ok_or_else(no_sound)?)))
}

/// `GET /api/recordings/{recording}/tracks/{track}/peaks`.
pub async fn peaks(
    Reviewer(account): Reviewer,
    State(review): State<Review>,
    Path((recording, track)): Path<(u32, u32)>,
    headers: HeaderMap,
) -> Result<Json<Peaks>, Trouble> {
    if is_by_itself(&headers) {
        tracing::info!(user = %account.user, recording, track, "a page has loaded the loudness of a talker by itself");
    } else {
        tracing::info!(user = %account.user, recording, track, "the loudness of a talker was opened");
    }
    let peaks = review.library.peaks(RecordingId(recording), TrackId(track)).await.map_err(Trouble::inside)?;
    let peaks = peaks.ok_or_else(no_sound)?;
    Ok(Json(Peaks { step_ms: peaks.step_ms, peaks: peaks.peaks }))
}

/// `GET /api/verify`: all recordings.
pub async fn verify(Reviewer(_): Reviewer, State(review): State<Review>) -> Result<Json<Verdict>, Trouble> {
    let folder = review.library.folder().to_owned();
    let check = move || dealerboard_archive::verify(&folder).map_err(|error| error.to_string());
    let checked = review.checks.ask(check).await.map_err(Trouble::inside)?.map_err(Trouble::inside)?;
    Ok(Json(Verdict::of(&checked)))
}

/// The line of an intercom is called by its two people, which alone would look like a person.
fn shown(line: &LineId, name: &str) -> String {
    if line.0.starts_with("intercom-") { format!("Intercom: {name}") } else { name.to_owned() }
}

fn no_sound() -> Trouble {
    Trouble::new(StatusCode::NOT_FOUND, "There is no sound of this talker yet; it can be heard a minute later at most.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::accounts::TOKEN_LIFE;
    use crate::keep::{Keep, Shelf};
    use crate::users::UserList;

    #[test]
    fn people_have_the_names_that_the_floor_or_an_operator_gives_them_and_strangers_their_log_on_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = crate::floor::read(include_str!("../../../../tests/floors/two-desks.toml")).unwrap();
        let keep = Keep::open_beside(folder.path()).unwrap();
        let names = Names::of(&file, Accounts::new(&file, keep.clone(), TOKEN_LIFE).unwrap());
        keep.put(Shelf::Desks, "london", &"London").unwrap();
        let users = UserList::open(folder.path()).unwrap();
        let account = users.account("novak", "P. Novak", "london", &[], "").unwrap();
        users.add(&account, "hyacinth-bulb").unwrap();
        keep.look();
        let shown = ["reyes", "novak", "nobody"].map(|user| names.person(&UserId::from(user)).name);
        assert_eq!(shown, ["A. Reyes", "P. Novak", "nobody"]);
    }

    #[test]
    fn a_hoots_recording_that_goes_on_says_what_it_waits_for() {
        let folder = tempfile::tempdir().unwrap();
        let sets = "[policy]\nhoot.activity_gap = \"4 s\"\n";
        let file = crate::floor::read(&format!("{}\n{sets}", include_str!("../../../../tests/floors/two-desks.toml")));
        let file = file.unwrap();
        let keep = Keep::open_beside(folder.path()).unwrap();
        let names = Names::of(&file, Accounts::new(&file, keep, TOKEN_LIFE).unwrap());
        let why = |kind: &str, line: &str| names.why_open(kind, &[line.into()]);
        assert_eq!(why("hoot", "sterling"), "It ends when nobody has talked on this hoot for 4 s.");
        assert_eq!(why("ard", "calder"), "It ends with the call.");
    }
}
