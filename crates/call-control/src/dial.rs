//! Dialling: an extension, or a dial line, finds its far end by a number. There is no trunk: numbers reach lines of this floor.
//!
//! ```text
//! Idle ─seize─► Dialling ─the number is complete─► Calling/Ringing ─answer─► Talking/Talking ─one end releases─► Idle/Idle
//!                  │                                   ├─caller releases─► Idle/Idle
//!                  │                                   └─`ring.timeout.dial` | refused | `dial.out_ring`─► Idle/Idle, caller told
//!                  └─no digit in time | no such number | busy─► Idle, caller told; of somebody's extension: voicemail.rs
//! ```
//!
//! Law: who is at the other end is a matter of one call and set at both ends by `connect`; from the ring on the call is as an
//! ARD's. A number that leads nowhere frees its line at once: the caller hears why, and nothing waits.

use crate::ard;
use crate::call::{Take, join, taker};
use crate::divert::{self, Unanswered};
use crate::emergency;
use crate::happenings::Happening;
use crate::history;
use crate::line::Line;
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::position;
use crate::ringing;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use crate::voicemail;
use dealerboard_model::{CallId, Dialled, LineId, LineKind, TurretId, UserId};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Digits that a number has at most.
pub const NUMBER_MAX: usize = 32;

/// The lines that each number reaches, the first one first.
pub type Numbers = BTreeMap<String, Vec<LineId>>;

/// The numbers of a floor's lines.
pub fn numbers<'l>(lines: impl Iterator<Item = &'l Line>) -> Numbers {
    let mut numbers = Numbers::new();
    for line in lines {
        if let Some(about) = line.spec.number.as_ref().filter(|about| !about.number.is_empty()) {
            numbers.entry(about.number.clone()).or_default().push(line.spec.line.clone());
        }
    }
    numbers
}

/// What the digits so far mean.
enum Meaning {
    /// A number.
    Whole,
    /// A number, or the beginning of a longer one.
    Perhaps,
    /// The beginning of a number.
    More,
    /// Nothing.
    Unknown,
}

fn meaning(s: &State, digits: &str) -> Meaning {
    let after = (Bound::Excluded(digits.to_owned()), Bound::Unbounded);
    let longer = s.numbers.range(after).next().is_some_and(|(number, _)| number.starts_with(digits));
    match (s.numbers.contains_key(digits), longer) {
        (true, false) => Meaning::Whole,
        (true, true) => Meaning::Perhaps,
        (false, true) => Meaning::More,
        (false, false) => Meaning::Unknown,
    }
}

/// Why a call does not come about: what its caller reads and hears.
struct Failed {
    refusal: Refusal,
    sound: Sound,
}

fn failed(code: RefusalCode, sentence: String, sound: Sound) -> Failed {
    Failed { refusal: Refusal::new(code, sentence), sound }
}

/// A line was seized: it waits for a number, or for more of one (DIAL-1).
pub fn opened(s: &mut State, line: &LineId, call: CallId, number: String) {
    let user = s.lines.get(line).and_then(|found| found.legs().last()).map(|leg| leg.party.user.clone());
    let policy = s.policy(Some(line), user.as_ref());
    let digits = number.len();
    if let Ok(found) = s.line_mut(line) {
        found.calling = true;
        found.dialled = Some(Dialled { number, name: None, incoming: false });
    }
    let wait_ms = if digits == 0 { policy.dial_first_digit_ms } else { policy.dial_next_digit_ms };
    s.set_timer(s.now.plus_ms(wait_ms), Timer::DialDigits(line.clone(), call, digits));
}

/// A line that dials and has not found its far end yet.
pub fn is_dialling(line: &Line) -> bool {
    line.calling && line.dialled.is_some() && line.peer.is_none() && line.voicemail.is_none()
}

/// More digits of the number (DIAL-2, DIAL-3); `#` ends it.
pub fn dial(s: &mut State, turret: TurretId, line: &LineId, digits: &str) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    if !found.spec.kind.is_dialled() {
        return Err(Refusal::new(RefusalCode::NoRight, format!("{name} takes no number; it has one far end.")));
    }
    let (Some(leg), Some(call)) = (found.leg(turret), call) else { return Err(stale(&name)) };
    let position = leg.party.position;
    if found.voicemail.is_some() && digits == "#" {
        voicemail::tone(s, line, call);
        return Ok(Accepted { line: Some(line.clone()), position: Some(position), call: Some(call) });
    }
    if !is_dialling(found) {
        return Err(stale(&name));
    }
    let before = found.dialled.as_ref().map(|it| it.number.clone()).unwrap_or_default();
    let (number, ended) = checked(&format!("{before}{digits}"))?;
    if let Ok(found) = s.line_mut(line)
        && let Some(dialled) = &mut found.dialled
    {
        dialled.number.clone_from(&number);
    }
    if waits(s, &number, ended) {
        let next_ms = s.policy(Some(line), s.user_of(turret)).dial_next_digit_ms;
        s.set_timer(s.now.plus_ms(next_ms), Timer::DialDigits(line.clone(), call, number.len()));
    } else {
        complete(s, line, &number);
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(position), call: Some(call) })
}

/// Whether more digits may follow.
fn waits(s: &State, number: &str, ended: bool) -> bool {
    match meaning(s, number) {
        Meaning::Whole | Meaning::Unknown => false,
        Meaning::Perhaps | Meaning::More => !ended,
    }
}

/// Only what stands on a keypad is a number; `#` ends it: true when it does.
fn checked(digits: &str) -> Result<(String, bool), Refusal> {
    let (number, ended) = digits.split_once('#').map_or((digits, false), |(before, _)| (before, true));
    if number.len() > NUMBER_MAX || !number.bytes().all(|c| c.is_ascii_digit() || c == b'*') {
        let sentence = format!("A number has digits and * only, at most {NUMBER_MAX}; dial another one.");
        return Err(Refusal::new(RefusalCode::UnknownNumber, sentence));
    }
    Ok((number.to_owned(), ended))
}

/// No digit came in time (DIAL-1, DIAL-3): what was dialled is the number, if anything was.
pub fn digits_over(s: &mut State, line: &LineId, call: CallId, digits: usize) {
    let Some(found) = s.lines.get(line).filter(|found| found.call == Some(call) && is_dialling(found)) else { return };
    let number = found.dialled.as_ref().map(|it| it.number.clone()).unwrap_or_default();
    if number.len() != digits {
        return;
    }
    if number.is_empty() {
        let sentence = format!("No number was dialled on {}; press its key to dial again.", found.spec.name);
        give_up(s, line, &sentence, Sound::Fail);
    } else {
        complete(s, line, &number);
    }
}

/// The number is complete: its line rings, or the caller is told why not.
fn complete(s: &mut State, line: &LineId, number: &str) {
    let caller = s.lines.get(line).and_then(|found| found.legs().last()).map(|leg| leg.party.user.clone());
    let refused = s.recordable(line).err().filter(|_| !emergency::concerns(s, line, number));
    if let Some(refusal) = refused {
        return give_up(s, line, &refusal.sentence, Sound::Fail);
    }
    match target(s, caller.as_ref(), line, number) {
        Ok(found) => connect(s, line, &found, number),
        Err(Failed { refusal, sound }) => give_up(s, line, &refusal.sentence, sound),
    }
}

/// Takes a line of the caller's own, or the one that is named, and dials at once, so that no digit is lost (DIAL-2). A number
/// that leads nowhere is refused, and nothing has changed; the line waits for the rest of one that is not whole.
pub fn call(s: &mut State, turret: TurretId, line: Option<&LineId>, digits: &str, take: Take) -> Done {
    let line = match line {
        Some(line) => line.clone(),
        None => own_line(s, turret)?,
    };
    s.right_on(turret, &line)?;
    let found = s.line(&line)?;
    let name = found.spec.name.clone();
    if !found.spec.kind.is_dialled() {
        return Err(Refusal::new(RefusalCode::NoRight, format!("{name} takes no number; it has one far end.")));
    }
    if !is_free(found) {
        return Err(stale(&name));
    }
    let (number, ended) = checked(digits)?;
    let found = match waits(s, &number, ended) {
        true => None,
        false => Some(target(s, s.user_of(turret), &line, &number).map_err(|failed| failed.refusal)?),
    };
    if !emergency::may_become(s, &line, &number) {
        s.recordable(&line)?;
    }
    let leg = taker(s, turret, &line, take)?;
    position::take(s, turret, take.at)?;
    let call = s.new_call();
    join(s, &line, call, leg);
    s.happened_at(&line, turret, Happening::Seized);
    opened(s, &line, call, number.clone());
    if let Some(found) = found {
        connect(s, &line, &found, &number);
    }
    Ok(Accepted { line: Some(line), position: Some(take.at), call: Some(call) })
}

/// No call is on it, and nobody works at it.
fn is_free(line: &Line) -> bool {
    line.call.is_none() && line.ring.is_none() && !line.has_members() && !line.failed
}

/// The line from which a user dials: the first free one of their extension, else a free dial line of theirs.
fn own_line(s: &State, turret: TurretId) -> Result<LineId, Refusal> {
    let user = s.user_of(turret);
    let mine = user.and_then(|user| s.appearances.get(user)).into_iter().flatten();
    let mine = mine.filter_map(|line| s.lines.get(line)).filter(|line| line.spec.kind.is_dialled());
    let (mut any, mut best) = (false, None);
    for line in mine {
        let own = line.spec.number.as_ref().is_some_and(|about| about.owner.is_some() && about.owner.as_ref() == user);
        if own || line.spec.kind == LineKind::Dial {
            any = true;
            let rank = (!own, &line.spec.line);
            if is_free(line) && best.is_none_or(|before| rank < before) {
                best = Some(rank);
            }
        }
    }
    match (best, any) {
        (Some((_, line)), _) => Ok(line.clone()),
        (None, true) => {
            let sentence = "All lines from which you could dial are in use; release one first.";
            Err(Refusal::new(RefusalCode::Busy, sentence))
        }
        (None, false) => {
            let sentence = "You have no line to dial from; ask your administrator for an extension.";
            Err(Refusal::new(RefusalCode::NoRight, sentence))
        }
    }
}

/// What a number is called: its user, or its line.
fn name_of_number(s: &State, lines: &[LineId]) -> String {
    let first = lines.first().and_then(|line| s.lines.get(line)).map(|found| &found.spec);
    let owner = first.and_then(|spec| spec.number.as_ref()).and_then(|about| about.owner.as_ref());
    match (owner, first) {
        (Some(user), _) => s.name_of(user),
        (None, Some(spec)) => spec.name.clone(),
        (None, None) => String::new(),
    }
}

/// Where a number leads.
enum Target {
    /// To a line, which rings.
    Rings(LineId),
    /// To the voicemail of whose line this is, and why.
    Voicemail(LineId, String),
}

/// The line that rings when `number` is dialled on `from`, or why none does (DIAL-3, DIAL-4, DIAL-8).
fn target(s: &State, caller: Option<&UserId>, from: &LineId, number: &str) -> Result<Target, Failed> {
    let Some(lines) = s.numbers.get(number) else {
        let sentence = format!("There is no number {number} on this floor; numbers outside are not reached from here.");
        return Err(failed(RefusalCode::UnknownNumber, sentence, Sound::Fail));
    };
    if lines.contains(from) {
        let sentence = format!("{number} is the number that you dial from; dial another one.");
        return Err(failed(RefusalCode::Loop, sentence, Sound::Fail));
    }
    let name = name_of_number(s, lines);
    let free = lines.iter().filter_map(|line| s.lines.get(line)).find(|line| is_free(line));
    let first = lines.first().and_then(|line| s.lines.get(line));
    let elsewhere = || first.and_then(|line| divert::free_when_busy(s, line, is_free));
    let is_emergency = emergency::concerns(s, from, number);
    let or_message = |at: &LineId, why: String, code, sound| {
        if voicemail::takes(s, at) && !is_emergency {
            return Ok(Target::Voicemail(at.clone(), why));
        }
        Err(failed(code, format!("{why}; call again later.{}", voicemail::because(s, at)), sound))
    };
    let Some(free) = free.or_else(elsewhere).filter(|line| line.spec.line != *from) else {
        let at = lines.first().unwrap_or(from);
        return or_message(at, format!("{name} is busy"), RefusalCode::Busy, Sound::Busy);
    };
    let at = &free.spec.line;
    if divert::is_at_voicemail(s, free) && voicemail::takes(s, at) && !is_emergency {
        return Ok(Target::Voicemail(at.clone(), format!("{name} takes messages only")));
    }
    if !s.is_attended(free) && !divert::leads_on(s, free, caller) {
        let nobody = if s.audience(free).is_empty() { "Nobody is logged on" } else { "Nobody is reached" };
        return or_message(at, format!("{nobody} at {name}"), RefusalCode::NobodyThere, Sound::Fail);
    }
    Ok(Target::Rings(at.clone()))
}

/// The number leads somewhere: to a line that rings, or to its user's voicemail.
fn connect(s: &mut State, line: &LineId, found: &Target, number: &str) {
    match found {
        Target::Rings(rung) => rings(s, line, rung, number),
        Target::Voicemail(at, why) => {
            let (now, name) = (s.now, name_of_number(s, &s.numbers.get(number).cloned().unwrap_or_default()));
            if let Ok(here) = s.line_mut(line) {
                here.since = now;
                here.dialled = Some(Dialled { number: number.to_owned(), name: Some(name.clone()), incoming: false });
            }
            let caller = s.lines.get(line).and_then(|found| found.legs().last()).map(|leg| leg.party.user.clone());
            s.happened(line, caller, Happening::Dialled { number: number.to_owned(), name });
            voicemail::begin(s, line, at, why);
        }
    }
}

/// Both ends know each other from now on, and the far one rings (DIAL-2, DIAL-5).
fn rings(s: &mut State, line: &LineId, rung: &LineId, number: &str) {
    let now = s.now;
    let Some(found) = s.lines.get(line) else { return };
    let Some(call) = found.call else { return };
    let caller = found.legs().last().map(|leg| leg.party.user.clone());
    let from = caller.as_ref().map(|user| s.name_of(user)).unwrap_or_default();
    let back = found.spec.number.as_ref().map(|about| about.number.clone()).unwrap_or_default();
    let lines = s.numbers.get(number).cloned().unwrap_or_default();
    let meant = name_of_number(s, &lines);
    let elsewhere = !lines.contains(rung);
    let emergency = emergency::concerns(s, line, number);
    let name = if elsewhere { name_of_number(s, std::slice::from_ref(rung)) } else { meant.clone() };
    if let Ok(here) = s.line_mut(line) {
        (here.peer, here.since, here.emergency) = (Some(rung.clone()), now, emergency);
        here.dialled = Some(Dialled { number: number.to_owned(), name: Some(name.clone()), incoming: false });
    }
    s.happened(line, caller.clone(), Happening::Dialled { number: number.to_owned(), name: name.clone() });
    if let Ok(there) = s.line_mut(rung) {
        (there.call, there.since, there.peer) = (Some(call), now, Some(line.clone()));
        there.emergency = emergency;
        there.dialled = Some(Dialled { number: back.clone(), name: Some(from.clone()), incoming: true });
    }
    let shown = if back.is_empty() { from } else { format!("{from} {back}") };
    let shown = if elsewhere { format!("{shown} for {meant}") } else { shown };
    ringing::begins_by(s, rung, caller.as_ref(), shown);
    s.happened(rung, None, Happening::Rings);
    if elsewhere {
        s.happened(rung, None, Happening::Diverted { to: name.clone() });
        s.notice_members(line, &format!("{meant} is busy: it rings at {name}."), None);
    }
    let stays = s.lines.get(rung).is_some_and(|found| found.diverted.is_none() && !found.emergency);
    let owner = owner_of(s, rung).cloned();
    if let Some(user) = owner.as_ref().filter(|user| stays && ringing::is_undisturbed(s, user, LineKind::Extension)) {
        let sentence = format!("{} does not want to be disturbed; your call is shown to them.", s.name_of(user));
        s.notice_members(line, &sentence, None);
    }
    let timeout_ms = s.policy(Some(rung), owner.as_ref()).ring_timeout_dial_ms;
    s.set_timer(now.plus_ms(timeout_ms), Timer::DialNoAnswer(rung.clone(), call));
    let out_ms = s.policy(Some(line), caller.as_ref()).dial_out_ring_ms;
    s.set_timer(now.plus_ms(out_ms), Timer::DialOutRing(line.clone(), call));
}

/// Whose extension a line is.
fn owner_of<'s>(s: &'s State, line: &LineId) -> Option<&'s UserId> {
    s.lines.get(line)?.spec.number.as_ref()?.owner.as_ref()
}

fn still_rings<'s>(s: &'s State, line: &LineId, call: CallId) -> Option<&'s Line> {
    s.lines.get(line).filter(|found| found.call == Some(call) && found.ring.is_some() && !found.has_members())
}

/// Nobody has answered for `ring.timeout.dial` (DIAL-6).
pub fn no_answer(s: &mut State, line: &LineId, call: CallId) {
    let Some(found) = still_rings(s, line, call) else { return };
    let (caller, dialled) = (found.far().cloned(), found.dialled.is_some());
    if voicemail::is_at(s, found) {
        return;
    }
    match (divert::no_answer(s, line), caller) {
        // A wire rings on until somebody comes.
        (Unanswered::Over, Some(caller)) if dialled => not_taken(s, line, &caller),
        (Unanswered::Over | Unanswered::RingsOn, _) => {}
    }
}

fn not_taken(s: &mut State, line: &LineId, caller: &LineId) {
    let name = called(s, caller);
    s.happened(line, None, Happening::NotAnswered);
    if !voicemail::begin(s, caller, line, &format!("{name} did not answer")) {
        let because = voicemail::because(s, line);
        give_up(s, caller, &format!("{name} did not answer; call again later.{because}"), Sound::Fail);
    }
}

/// A caller has let it ring for `dial.out_ring`.
pub fn out_ring_over(s: &mut State, line: &LineId, call: CallId) {
    let calls =
        |found: &&Line| found.call == Some(call) && found.calling && found.peer.is_some() && found.voicemail.is_none();
    if s.lines.get(line).filter(calls).is_none() {
        return;
    }
    let name = called(s, line);
    s.happened(line, None, Happening::NotAnswered);
    give_up(s, line, &format!("{name} did not answer; call again later."), Sound::Fail);
}

/// Whom a line calls, as its caller knows them.
fn called(s: &State, line: &LineId) -> String {
    let dialled = s.lines.get(line).and_then(|found| found.dialled.as_ref());
    dialled.map(|it| it.name.clone().unwrap_or_else(|| it.number.clone())).unwrap_or_default()
}

/// Whether a turret's user may say that they do not take what rings: it is their own extension.
pub fn may_refuse(s: &State, turret: TurretId, line: &LineId) -> bool {
    let rings = |found: &&Line| {
        found.ring.is_some() && !found.has_members() && found.dialled.is_some() && !voicemail::is_at(s, found)
    };
    s.lines.get(line).filter(rings).is_some() && owner_of(s, line).is_some_and(|owner| Some(owner) == s.user_of(turret))
}

/// Its user does not take the call: the caller is told (DIAL-4).
pub fn refuse(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let found = s.line(line)?;
    let (call, name) = (found.call, found.spec.name.clone());
    let caller = found.far().cloned().ok_or_else(|| stale(&name))?;
    let who = called(s, &caller);
    if let Some(user) = s.user_of(turret).cloned() {
        history::refused(s, line, &user);
    }
    s.happened_at(line, turret, Happening::Declined);
    if !voicemail::begin(s, &caller, line, &format!("{who} does not take your call now")) {
        // Who refused a call has not missed it.
        s.line_mut(line).into_iter().for_each(|found| found.ring = None);
        give_up(s, &caller, &format!("{who} does not take your call now.{}", voicemail::because(s, line)), Sound::Busy);
    }
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// A call that does not come about: its caller hears why, and both lines are free again (DIAL-3, DIAL-4).
fn give_up(s: &mut State, line: &LineId, sentence: &str, sound: Sound) {
    s.happened(line, None, Happening::NotConnected);
    hang_up(s, line, sentence, sound);
}

/// Everybody at its caller's end is let go and hears why: both lines are free again.
pub fn hang_up(s: &mut State, line: &LineId, sentence: &str, sound: Sound) {
    s.notice_members(line, sentence, Some(sound));
    let Some(found) = s.lines.get(line) else { return };
    let (far, callers) = (found.far().cloned(), found.member_turrets());
    for turret in callers {
        s.take_leg(line, turret);
        s.take_holder(line, turret);
    }
    match far {
        Some(far) => ard::end(s, line, &far),
        None => s.clear_line(line),
    }
}
