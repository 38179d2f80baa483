//! Voicemail: who dials somebody's extension and reaches nobody leaves a message there.
//!
//! ```text
//! Calling ─nobody answers | wants it | is there, or all calls are taken─► Greeting ─over | `#`─► Message
//!    ▲                                                                       │  │                  │ │
//!    └──────────────────────── somebody picks up: Talking ◄──────────────────┘  │                  │ │
//!                                        Idle ◄─release────────────────────────-┴──────────────────┘ │
//!                                        Idle, caller told ◄─`voicemail.max` | not recorded any more─┘
//! ```
//!
//! Law: a message is what its caller says in their own call from the tone on, a part of that call's recording: nothing is
//! recorded twice, and what has been said stays a message however the call goes on. While it is left the line still calls, so
//! that nobody joins, holds or sends it on; where a line rang it can be picked up there, without a sound.

use crate::dial;
use crate::divert;
use crate::happenings::Happening;
use crate::history;
use crate::kept::KeptMessage;
use crate::line::Line;
use crate::messages::{Output, Sound};
use crate::record::Recordings;
use crate::state::State;
use crate::timer::Timer;
use dealerboard_model::{
    CallId, HistoryResult, LineId, Moment, RecordPolicy, RecordingId, UserId, VOICEMAIL_GREETING_MS, VoicemailStatus,
};

/// A call that is at somebody's voicemail; it stands at its caller's line.
#[derive(Clone, Debug)]
pub struct Voicemail {
    /// Whose.
    pub owner: UserId,
    /// The line of theirs that was called: the one that rang, else the first one of its number.
    pub at: LineId,
    /// The call.
    pub call: CallId,
    /// Since when it was called.
    pub called: Moment,
    /// Who calls.
    pub caller: UserId,
    /// Since when what is said is the message; none while the greeting is heard.
    pub since: Option<Moment>,
}

/// A message that was left, on its way to its owner.
#[derive(Clone, Debug)]
pub struct Left {
    about: Voicemail,
    /// The line on which it was said.
    line: LineId,
    from: Moment,
    to: Moment,
}

/// Where a message was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In which recording.
    pub recording: RecordingId,
    /// On which line.
    pub line: LineId,
    /// By whom.
    pub talker: UserId,
    /// From when.
    pub from: Moment,
    /// Until when; none: until the switch ended.
    pub to: Option<Moment>,
}

/// Whose voicemail takes the calls of a line: that of a person's extension, unless their policy is none.
pub fn owner_of<'s>(s: &'s State, at: &LineId) -> Option<&'s UserId> {
    let owner = s.lines.get(at)?.spec.number.as_ref()?.owner.as_ref()?;
    s.policy(None, Some(owner)).voicemail.then_some(owner)
}

/// Whether a call of `at` may end there: no emergency call does, and nothing that would not be recorded.
pub fn takes(s: &State, at: &LineId) -> bool {
    owner_of(s, at).is_some() && s.recorder_failing.is_none()
}

/// What a caller who reaches nobody reads besides, where a message would be taken but for the recorder.
pub fn because(s: &State, at: &LineId) -> String {
    match (&s.recorder_failing, owner_of(s, at)) {
        (Some(why), Some(_)) => format!(" No message can be taken: the recorder cannot write ({why})."),
        (Some(_) | None, _) => String::new(),
    }
}

/// The greeting begins for a caller who reaches nobody at `at`; false when no message can be left there.
pub fn begin(s: &mut State, line: &LineId, at: &LineId, why: &str) -> bool {
    let Some(owner) = owner_of(s, at).cloned().filter(|_| takes(s, at)) else { return false };
    let now = s.now;
    let Some(found) = s.lines.get(line).filter(|found| found.calling && !found.emergency) else { return false };
    let (Some(call), Some(leg), rung) = (found.call, found.legs().last(), found.peer.clone()) else { return false };
    let (called, caller) = (found.since, leg.party.user.clone());
    if let Ok(found) = s.line_mut(line) {
        found.voicemail = Some(Voicemail { owner: owner.clone(), at: at.clone(), call, called, caller, since: None });
        found.record_also = found.record_also.min(RecordPolicy::On);
    }
    rung.into_iter().for_each(|rung| divert::over(s, &rung));
    let name = s.name_of(&owner);
    s.notice_members(line, &format!("{why}; leave a message for {name} after the tone."), None);
    s.happened(line, None, Happening::Voicemail { of: name });
    s.set_timer(now.plus_ms(VOICEMAIL_GREETING_MS), Timer::VoicemailTone(line.clone(), call));
    true
}

/// Whether a call that rings on this line is at its user's voicemail.
pub fn is_at(s: &State, rung: &Line) -> bool {
    let far = rung.far().and_then(|far| s.lines.get(far));
    rung.dialled.is_some() && far.is_some_and(|far| far.voicemail.is_some())
}

/// As both of its lines show it.
pub fn status(s: &State, line: &Line) -> Option<VoicemailStatus> {
    let rung = || line.far().and_then(|far| s.lines.get(far)).filter(|_| line.ring.is_some());
    let here = line.voicemail.as_ref().or_else(|| rung()?.voicemail.as_ref())?;
    Some(VoicemailStatus { name: s.name_of(&here.owner), since: here.since })
}

/// The greeting is over, or its caller does not wait for its end: the tone is heard, and the message begins with it.
pub fn tone(s: &mut State, line: &LineId, call: CallId) {
    let now = s.now;
    let Some(found) = s.lines.get(line).filter(|found| found.call == Some(call)) else { return };
    let Some(owner) = found.voicemail.as_ref().filter(|it| it.since.is_none()).map(|it| it.owner.clone()) else {
        return;
    };
    if let Some(voicemail) = s.line_mut(line).ok().and_then(|found| found.voicemail.as_mut()) {
        voicemail.since = Some(now);
    }
    let name = s.name_of(&owner);
    s.happened(line, None, Happening::MessageBegins);
    s.notice_members(line, &format!("Leave a message for {name} now; your release ends it."), Some(Sound::Message));
    let max_ms = s.policy(None, Some(&owner)).voicemail_max_ms;
    s.set_timer(now.plus_ms(max_ms), Timer::VoicemailFull(line.clone(), call));
}

/// A message is as long as one may be.
pub fn full(s: &mut State, line: &LineId, call: CallId) {
    let Some(found) = s.lines.get(line).filter(|found| found.call == Some(call)) else { return };
    let Some(owner) = found.voicemail.as_ref().map(|it| it.owner.clone()) else { return };
    let sentence = format!("A message for {} can be no longer; what you said is kept.", s.name_of(&owner));
    dial::hang_up(s, line, &sentence, Sound::Beep);
}

/// The recorder cannot write: nothing more that is said would be heard by anybody.
pub fn not_recorded(s: &mut State, why: &str) {
    let at_voicemail = s.lines.values().filter(|line| line.voicemail.is_some());
    let lines: Vec<LineId> = at_voicemail.map(|line| line.spec.line.clone()).collect();
    for line in lines {
        let Some(about) = s.lines.get(&line).and_then(|found| found.voicemail.clone()) else { continue };
        let name = s.name_of(&about.owner);
        let kept = if is_message(s, &about) { " What you said before is kept." } else { "" };
        let sentence = format!("No message for {name} can be taken any more: {why}.{kept}");
        dial::hang_up(s, &line, &sentence, Sound::Fail);
    }
}

/// Whether enough was said until now.
fn is_message(s: &State, about: &Voicemail) -> bool {
    let min_ms = s.policy(None, Some(&about.owner)).voicemail_min_ms;
    about.since.is_some_and(|since| s.now.mono_us >= since.plus_ms(min_ms).mono_us)
}

/// Somebody picks up: what was said until now stays a message, and the call goes on as any other.
pub fn picked_up(s: &mut State, line: &LineId) {
    let Ok(found) = s.line_mut(line) else { return };
    let Some(about) = found.voicemail.take() else { return };
    if is_message(s, &about) {
        leave(s, line, about);
    }
}

/// The call is over: what was said is a message, and too little of it is a call that was missed.
pub fn over(s: &mut State, line: &LineId) {
    let Ok(found) = s.line_mut(line) else { return };
    let rang = found.peer.is_some();
    let Some(about) = found.voicemail.take() else { return };
    if is_message(s, &about) {
        history::left_message(s, line, &about);
        leave(s, line, about);
    } else if !rang {
        // It has rung nowhere, and its owner is to know of it all the same.
        let entry = history::of_voicemail(s, line, &about, HistoryResult::Missed { dnd: false });
        s.outputs.push(Output::History { user: about.owner, entry: Box::new(entry) });
    }
}

/// A message is on its way to its owner, who is told.
fn leave(s: &mut State, line: &LineId, about: Voicemail) {
    let (Some(from), to) = (about.since, s.now) else { return };
    let seconds = to.mono_us.saturating_sub(from.mono_us) / 1_000_000;
    let sentence = format!("{} left a message of {seconds} s; it is in your history.", s.name_of(&about.caller));
    for turret in s.seats.get(&about.owner).cloned().unwrap_or_default() {
        s.notice(turret, None, sentence.clone(), None);
    }
    s.messages.push(Left { about, line: line.clone(), from, to });
}

/// Hands over what was left since the last input, each with the recording that it is a part of.
pub fn deliver(s: &mut State, recordings: &Recordings) {
    for Left { about, line, from, to } in std::mem::take(&mut s.messages) {
        let user = about.owner.clone();
        let Some(recording) = recordings.of_call(about.call) else {
            // No microphone was open: there is nothing to hear.
            let entry = history::of_voicemail(s, &line, &about, HistoryResult::Missed { dnd: false });
            s.outputs.push(Output::History { user, entry: Box::new(entry) });
            continue;
        };
        let entry = Box::new(history::of_voicemail(s, &line, &about, HistoryResult::Voicemail));
        let said = Said { recording, line, talker: about.caller, from, to: Some(to) };
        s.outputs.push(Output::Message { user, entry, said });
    }
}

/// What a restart has cut off is a message as far as it was recorded.
pub fn restore(s: &mut State, kept: &KeptMessage) {
    let KeptMessage { line, at, call, recording, owner, caller, called, since } = kept.clone();
    if !s.floor.users.contains_key(&owner) {
        return;
    }
    let about = Voicemail { owner: owner.clone(), at, call, called, caller: caller.clone(), since: Some(since) };
    let entry = Box::new(history::of_voicemail(s, &line, &about, HistoryResult::Voicemail));
    let said = Said { recording, line, talker: caller, from: since, to: None };
    s.outputs.push(Output::Message { user: owner, entry, said });
}

/// What is kept of a message while it is left.
pub fn kept(recordings: &Recordings, line: &Line) -> Option<KeptMessage> {
    let Voicemail { owner, at, call, called, caller, since } = line.voicemail.clone()?;
    let (since, recording) = (since?, recordings.of_call(call)?);
    Some(KeptMessage { line: line.spec.line.clone(), at, call, recording, owner, caller, called, since })
}

/// Whether the caller of a line that rings leaves a message there, which is more than a call that was missed.
pub fn is_message_for(s: &State, rung: &Line) -> bool {
    let about = rung.far().and_then(|far| s.lines.get(far)).and_then(|far| far.voicemail.as_ref());
    about.is_some_and(|about| is_message(s, about))
}
