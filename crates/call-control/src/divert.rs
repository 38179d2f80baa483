//! Divert: calls to somebody's extension, or to a line, ring somewhere else.
//!
//! ```text
//! Rings at its own ─always | its user does not want to be disturbed─► Diverted: rings at the target, seen at its own
//!   │   ▲    └─nobody answers in `ring.timeout.dial`─► Diverted ─answered there or at its own─► Talking
//!   │   └─it goes nowhere else─────────────────────────────┤
//!   │                                                      └─nobody answers there, or wants it─► the next target | not answered
//!   └─busy─► rings at the target's extension instead
//! ```
//!
//! Law: a call visits nobody twice, and makes `divert.hops` at most (I40); where it cannot go it rings where it is. Who gets a
//! diverted call has its key for the length of the call, and its own desk may answer it all the same (DIV-6).

use crate::happenings::Happening;
use crate::history;
use crate::line::Line;
use crate::messages::{Accepted, Refusal, RefusalCode};
use crate::ringing;
use crate::state::{Done, State, stale};
use crate::timer::Timer;
use dealerboard_model::{
    CallId, Divert, DivertTo, DivertWhen, LineId, LineKind, Moment, Position, RecordPolicy, TurretId, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whose calls are diverted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DivertOf {
    /// All calls of a user's extension.
    User(UserId),
    /// A line that several share.
    Line(LineId),
}

/// Where one's calls go in which case.
pub type Diverts = BTreeMap<DivertWhen, DivertTo>;

/// A call that was diverted and still rings.
#[derive(Clone, Debug)]
pub struct Diverted {
    /// Where to, in words.
    to: String,
    /// Whose call it is for who is rung, and by whom it came, in words.
    via: String,
    /// Who is rung there.
    at: BTreeSet<UserId>,
    /// Where it has been, the last place last.
    visited: Vec<DivertOf>,
    /// It went nowhere else, and rings where it began.
    home: bool,
    /// Since when it rings there.
    since: Moment,
}

impl Diverted {
    /// Whether somebody is rung because it was diverted to them.
    pub fn is_rung(&self, user: &UserId) -> bool {
        self.at.contains(user)
    }

    /// Whether it rings with a sound at somebody.
    pub fn sounds_at(&self, user: &UserId) -> bool {
        self.home || self.is_rung(user)
    }
}

/// A case in which a call goes somewhere else.
#[derive(Clone, Copy)]
struct Case<'a> {
    of: &'a DivertOf,
    when: DivertWhen,
    visited: &'a [DivertOf],
    caller: Option<&'a UserId>,
}

/// Whose divert counts for a line; nobody's for those that are not diverted: a signal is no call that waits (DIV-5).
fn whose(line: &Line) -> Option<DivertOf> {
    let owner = line.spec.number.as_ref().and_then(|about| about.owner.clone());
    match line.spec.kind {
        LineKind::Extension => owner.map(DivertOf::User),
        LineKind::Ard | LineKind::Dial => Some(DivertOf::Line(line.spec.line.clone())),
        LineKind::Mrd | LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => None,
    }
}

fn place_of(to: &DivertTo) -> Option<DivertOf> {
    match to {
        DivertTo::User(user) => Some(DivertOf::User(user.clone())),
        DivertTo::Line(line) => Some(DivertOf::Line(line.clone())),
        DivertTo::Desk(_) | DivertTo::Voicemail => None,
    }
}

impl State {
    /// Where `of` sends its calls in a case.
    fn divert_of(&self, of: &DivertOf, when: DivertWhen) -> Option<&DivertTo> {
        self.diverts.get(of)?.get(&when)
    }

    /// What a target is called.
    fn name_of_target(&self, to: &DivertTo) -> String {
        match to {
            DivertTo::User(user) => self.name_of(user),
            DivertTo::Desk(desk) => format!("the desk {desk}"),
            DivertTo::Line(line) => self.lines.get(line).map_or_else(|| line.to_string(), |it| it.spec.name.clone()),
            DivertTo::Voicemail => "voicemail".to_owned(),
        }
    }

    fn name_of_place(&self, of: &DivertOf) -> String {
        match of {
            DivertOf::User(user) => self.name_of(user),
            DivertOf::Line(line) => self.name_of_target(&DivertTo::Line(line.clone())),
        }
    }

    /// The lines whose calls a divert is about.
    fn lines_of_place(&self, of: &DivertOf) -> Vec<LineId> {
        match of {
            DivertOf::Line(line) => vec![line.clone()],
            DivertOf::User(user) => {
                let all = self.appearances.get(user).into_iter().flatten().filter_map(|line| self.lines.get(line));
                let own = all.filter(|line| whose(line).as_ref() == Some(of));
                own.map(|line| line.spec.line.clone()).collect()
            }
        }
    }
}

/// Sets a divert of one's own extension, or of a line that one has; none ends it (DIV-1, DIV-2).
pub fn set(s: &mut State, turret: TurretId, line: Option<&LineId>, when: DivertWhen, to: Option<DivertTo>) -> Done {
    let user = s.party(turret, Position::Speakers)?.user;
    let of = match line {
        Some(line) => {
            s.right_on(turret, line)?;
            let found = s.line(line)?;
            let of = whose(found).filter(|of| !matches!(of, DivertOf::User(owner) if *owner != user));
            of.ok_or_else(|| {
                let sentence = format!(
                    "Calls of {} cannot be diverted; divert your own number, an ARD or a dial line.",
                    found.spec.name
                );
                Refusal::new(RefusalCode::NoRight, sentence)
            })?
        }
        None => DivertOf::User(user.clone()),
    };
    let lines = s.lines_of_place(&of);
    if lines.is_empty() {
        let sentence = "You have no extension whose calls could be diverted; ask your administrator for one.";
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    if let Some(to) = &to {
        known(s, &of, to)?;
        no_circle(s, &of, when, to)?;
    }
    let of_one = s.diverts.entry(of.clone()).or_default();
    if let Some(to) = to {
        of_one.insert(when, to);
    } else {
        of_one.remove(&when);
    }
    if of_one.is_empty() {
        s.diverts.remove(&of);
    }
    s.touched.extend(lines);
    s.touched_people.insert(user);
    Ok(Accepted { line: line.cloned(), position: None, call: None })
}

fn known(s: &State, of: &DivertOf, to: &DivertTo) -> Result<(), Refusal> {
    let (is_known, what) = match to {
        DivertTo::User(user) => (s.floor.users.contains_key(user), format!("nobody called {user}")),
        DivertTo::Desk(desk) => (s.floor.users.values().any(|it| it.desk == *desk), format!("nobody at a desk {desk}")),
        DivertTo::Line(line) => {
            let two_ends = s.lines.get(line).is_some_and(|it| it.spec.kind.has_two_ends());
            (two_ends, format!("no line {line} that rings"))
        }
        DivertTo::Voicemail => {
            let takes = matches!(of, DivertOf::User(user) if s.policy(None, Some(user)).voicemail);
            (takes, "no voicemail for these calls".to_owned())
        }
    };
    if is_known {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::UnknownNumber, format!("There is {what} on this floor; choose somebody else.")))
}

/// Refuses a divert to oneself, and a circle of diverts that always apply, with the path (DIV-2).
fn no_circle(s: &State, of: &DivertOf, when: DivertWhen, to: &DivertTo) -> Result<(), Refusal> {
    let mut path = vec![of.clone()];
    let mut next = place_of(to);
    while let Some(place) = next {
        let closes = path.contains(&place);
        path.push(place.clone());
        if closes {
            // A circle of others is not this one's to refuse: a call leaves it where it began.
            if place != *of {
                return Ok(());
            }
            let names: Vec<String> = path.iter().map(|one| s.name_of_place(one)).collect();
            let sentence = format!("These calls would come back: {}; choose somebody else.", names.join(" → "));
            return Err(Refusal::new(RefusalCode::Loop, sentence));
        }
        next = match when {
            DivertWhen::Always => s.divert_of(&place, when).and_then(place_of),
            DivertWhen::Dnd | DivertWhen::Busy | DivertWhen::NoAnswer => None,
        };
    }
    Ok(())
}

/// The diverts of a line's calls, as its key shows them, in the order in which the first that applies counts (DIV-6).
pub fn shown(s: &State, line: &Line) -> Vec<Divert> {
    if s.diverts.is_empty() {
        return Vec::new();
    }
    let of_line = whose(line).and_then(|of| s.diverts.get(&of)).into_iter().flatten();
    of_line.map(|(when, to)| Divert { when: *when, to: to.clone(), name: s.name_of_target(to) }).collect()
}

/// Where the call that rings on a line was sent to (DIV-6).
pub fn rings_at(line: &Line) -> Option<String> {
    line.diverted.as_ref().filter(|it| !it.home).map(|it| it.to.clone())
}

/// Of a call that came by a divert to somebody: whose it is, and by whom it came.
pub fn via(line: &Line, user: &UserId) -> Option<String> {
    line.diverted.as_ref().filter(|it| it.at.contains(user)).map(|it| it.via.clone())
}

/// Who is meant by a target.
fn all_of<'s>(s: &'s State, to: &'s DivertTo) -> Vec<&'s UserId> {
    match to {
        DivertTo::User(user) => vec![user],
        DivertTo::Desk(desk) => {
            s.floor.users.values().filter(|spec| spec.desk == *desk).map(|spec| &spec.user).collect()
        }
        DivertTo::Line(line) => s.lines.get(line).map(|it| it.spec.members.keys().collect()).unwrap_or_default(),
        DivertTo::Voicemail => Vec::new(),
    }
}

/// Who of them can take a call: those who are there and may be disturbed (DIV-7).
fn takers(s: &State, to: &DivertTo) -> BTreeSet<UserId> {
    let free = |user: &&UserId| s.is_reached(user) && !ringing::is_undisturbed(s, user, LineKind::Extension);
    all_of(s, to).into_iter().filter(free).cloned().collect()
}

fn is_undisturbed(s: &State, of: &DivertOf) -> bool {
    matches!(of, DivertOf::User(user) if ringing::is_undisturbed(s, user, LineKind::Extension))
}

/// Follows the diverts of whom a call goes to; none when nobody can be reached that way, or its caller would be (DIV-4).
fn follow(s: &State, case: Case<'_>) -> Option<(DivertTo, Vec<DivertOf>)> {
    let max = s.policy(None, None).divert_hops;
    let mut to = s.divert_of(case.of, case.when)?;
    let mut visited = case.visited.to_vec();
    let mut best = None;
    loop {
        if *to == DivertTo::Voicemail {
            // They want no ring, not even one that was sent to them: whoever called is the next to say where it goes.
            return None;
        }
        let place = place_of(to);
        let again = place.as_ref().is_some_and(|place| visited.contains(place));
        let calls_itself = case.caller.is_some_and(|caller| all_of(s, to).contains(&caller));
        if again || calls_itself || visited.len() > max {
            return best;
        }
        visited.extend(place.clone());
        if !takers(s, to).is_empty() {
            best = Some((to.clone(), visited.clone()));
        }
        let Some(place) = place else { return best };
        let dnd = || s.divert_of(&place, DivertWhen::Dnd).filter(|_| is_undisturbed(s, &place));
        match s.divert_of(&place, DivertWhen::Always).or_else(dnd) {
            Some(next) => to = next,
            None => return best,
        }
    }
}

/// A line has begun to ring: its calls may go elsewhere at once (DIV-1), but for whoever they go to (DIV-4).
pub fn rings(s: &mut State, line: &LineId, caller: Option<&UserId>) {
    let Some(found) = s.lines.get(line).filter(|found| !s.diverts.is_empty() && !found.emergency) else { return };
    let (Some(of), Some(call)) = (whose(found), found.call) else { return };
    let nobody = !s.is_attended(found);
    for when in at_once(s, &of, nobody) {
        if go(s, line, Case { of: &of, when, visited: std::slice::from_ref(&of), caller }) {
            return;
        }
    }
    if s.divert_of(&of, DivertWhen::NoAnswer).is_some() {
        wait(s, line, call);
    }
}

/// The cases that apply when a call begins, in their order (DIV-1).
fn at_once(s: &State, of: &DivertOf, nobody: bool) -> impl Iterator<Item = DivertWhen> + use<> {
    let cases = [(DivertWhen::Always, true), (DivertWhen::Dnd, is_undisturbed(s, of)), (DivertWhen::NoAnswer, nobody)];
    cases.into_iter().filter(|(_, applies)| *applies).map(|(when, _)| when)
}

/// Where a call to a line would ring now in place of there: at whom, and what they are called (TRF-1).
pub fn leads_to(s: &State, line: &Line, caller: Option<&UserId>) -> Option<(BTreeSet<UserId>, String)> {
    let of = whose(line).filter(|_| !s.diverts.is_empty())?;
    let visited = std::slice::from_ref(&of);
    let mut cases = at_once(s, &of, !s.is_attended(line));
    let (to, _) = cases.find_map(|when| follow(s, Case { of: &of, when, visited, caller }))?;
    Some((takers(s, &to), s.name_of_target(&to)))
}

/// How long it rings before nobody has answered.
fn wait(s: &mut State, line: &LineId, call: CallId) {
    s.set_timer(s.now.plus_ms(wait_ms(s, line)), Timer::DialNoAnswer(line.clone(), call));
}

fn wait_ms(s: &State, line: &LineId) -> u64 {
    let owner = s.lines.get(line).and_then(|found| found.spec.number.as_ref()).and_then(|about| about.owner.as_ref());
    s.policy(Some(line), owner).ring_timeout_dial_ms
}

/// Sends a ringing call where its calls go in a case; false when nobody is reached there.
fn go(s: &mut State, line: &LineId, case: Case<'_>) -> bool {
    let Some((to, visited)) = follow(s, case) else { return false };
    let (at, name, now) = (takers(s, &to), s.name_of_target(&to), s.now);
    let between = &visited[1..visited.len() - usize::from(place_of(&to).is_some())];
    let between: Vec<String> = between.iter().map(|place| s.name_of_place(place)).collect();
    let whose = visited.first().map(|place| s.name_of_place(place)).unwrap_or_default();
    let via = if between.is_empty() { String::new() } else { format!(", via {}", between.join(" and ")) };
    let on_the_way = visited.iter().flat_map(|place| s.lines_of_place(place));
    let strictest = on_the_way.filter_map(|one| Some(s.lines.get(&one)?.spec.record)).min();
    at.iter().for_each(|user| s.add_guest(line, user));
    let Ok(found) = s.line_mut(line) else { return false };
    found.record_also = found.record_also.min(strictest.unwrap_or(RecordPolicy::Off));
    let diverted =
        Diverted { to: name.clone(), via: format!("for {whose}{via}"), at, visited, home: false, since: now };
    found.diverted = Some(diverted);
    let (far, call) = (found.far().cloned(), found.call);
    s.happened(line, None, Happening::Diverted { to: name.clone() });
    if let Some(far) = far {
        s.notice_members(&far, &format!("{whose} is diverted to {name}: it rings there."), None);
    }
    call.into_iter().for_each(|call| wait(s, line, call));
    true
}

/// Nobody has answered, or wants it: the call goes where the one who was rung last sends such calls, else where its own line
/// does (DIV-1, DIV-3, DIV-7).
fn goes_on(s: &mut State, line: &LineId) -> bool {
    let Some(found) = s.lines.get(line) else { return false };
    let Some(of) = whose(found).filter(|_| !s.diverts.is_empty() && !found.emergency) else { return false };
    let visited = found.diverted.as_ref().map_or_else(|| vec![of.clone()], |it| it.visited.clone());
    let last = visited.last().cloned().unwrap_or_else(|| of.clone());
    let legs = found.far().and_then(|far| s.lines.get(far)).into_iter().flat_map(Line::legs);
    let caller = legs.last().map(|leg| leg.party.user.clone());
    let case = |of| Case { of, when: DivertWhen::NoAnswer, visited: &visited, caller: caller.as_ref() };
    go(s, line, case(&last)) || go(s, line, case(&of))
}

/// It goes nowhere else: it rings where it began.
fn comes_home(s: &mut State, line: &LineId) {
    if let Some(diverted) = s.line_mut(line).ok().and_then(|found| found.diverted.as_mut()) {
        (diverted.home, diverted.at) = (true, BTreeSet::new());
    }
}

/// What becomes of a call that has rung for `ring.timeout.dial`.
pub enum Unanswered {
    /// It rings somewhere else, or has not rung there for as long.
    RingsOn,
    /// Nobody is left whom it could ring at.
    Over,
}

/// It has rung for `ring.timeout.dial` since it began, or since it went somewhere else.
pub fn no_answer(s: &mut State, line: &LineId) -> Unanswered {
    let wait_us = wait_ms(s, line) * 1_000;
    let since = s.lines.get(line).and_then(|found| found.diverted.as_ref()).filter(|it| !it.home).map(|it| it.since);
    let still = since.is_some_and(|since| s.now.mono_us < since.mono_us + wait_us);
    if still || goes_on(s, line) {
        return Unanswered::RingsOn;
    }
    comes_home(s, line);
    Unanswered::Over
}

/// Whether a turret's user was rung by a divert, and may say that they do not take it.
pub fn may_refuse(s: &State, turret: TurretId, line: &LineId) -> bool {
    let diverted = s.lines.get(line).filter(|found| found.ring.is_some()).and_then(|found| found.diverted.as_ref());
    diverted.is_some_and(|it| s.user_of(turret).is_some_and(|user| it.at.contains(user)))
}

/// Somebody who was rung does not take it: the last one sends it on, or back to where it began (DIV-7).
pub fn refuse(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let found = s.line(line)?;
    let (call, name) = (found.call, found.spec.name.clone());
    let user = s.user_of(turret).cloned().ok_or_else(|| stale(&name))?;
    history::refused(s, line, &user);
    s.happened_at(line, turret, Happening::Declined);
    gone(s, line, &user);
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// Somebody cannot be rung any more: what rings at them goes on (DIV-7).
pub fn left(s: &mut State, user: &UserId) {
    let diverted = ringing::lines_at(s, user).filter(|line| line.diverted.is_some());
    let lines: Vec<LineId> = diverted.map(|line| line.spec.line.clone()).collect();
    lines.iter().for_each(|line| gone(s, line, user));
}

/// Somebody does not want to be disturbed, or does again: a diverted call is passed over them, as one that comes now would be.
pub fn disturbed(s: &mut State, user: &UserId) {
    if ringing::is_undisturbed(s, user, LineKind::Extension) {
        left(s, user);
    }
}

fn gone(s: &mut State, line: &LineId, user: &UserId) {
    let Some(diverted) = s.line_mut(line).ok().and_then(|found| found.diverted.as_mut()) else { return };
    if diverted.at.remove(user) && diverted.at.is_empty() && !goes_on(s, line) {
        comes_home(s, line);
    }
}

/// Whether a call to a line at which nobody is there rings somewhere else.
pub fn leads_on(s: &State, line: &Line, caller: Option<&UserId>) -> bool {
    let Some(of) = whose(line).filter(|_| !s.diverts.is_empty()) else { return false };
    let visited = std::slice::from_ref(&of);
    let goes = |when| follow(s, Case { of: &of, when, visited, caller }).is_some();
    goes(DivertWhen::Always) || goes(DivertWhen::NoAnswer)
}

/// Whether calls to a line go to its user's voicemail without a ring.
pub fn is_at_voicemail(s: &State, line: &Line) -> bool {
    let Some(of) = whose(line).filter(|_| !s.diverts.is_empty()) else { return false };
    let dnd = || s.divert_of(&of, DivertWhen::Dnd).filter(|_| is_undisturbed(s, &of));
    s.divert_of(&of, DivertWhen::Always).or_else(dnd) == Some(&DivertTo::Voicemail)
}

/// A free line of whoever takes the calls of an extension that is full; visited once each, `divert.hops` at most.
pub fn free_when_busy<'s>(s: &'s State, line: &Line, is_free: impl Fn(&Line) -> bool) -> Option<&'s Line> {
    let mut visited: Vec<DivertOf> = whose(line).into_iter().collect();
    let max = s.policy(None, None).divert_hops;
    while visited.len() <= max {
        let to = s.divert_of(visited.last()?, DivertWhen::Busy)?;
        let places: Vec<DivertOf> = match to {
            DivertTo::Desk(_) => all_of(s, to).into_iter().map(|user| DivertOf::User(user.clone())).collect(),
            DivertTo::User(_) | DivertTo::Line(_) | DivertTo::Voicemail => place_of(to).into_iter().collect(),
        };
        let places: Vec<DivertOf> = places.into_iter().filter(|place| !visited.contains(place)).collect();
        let lines = places.iter().flat_map(|place| s.lines_of_place(place));
        let mut lines = lines.filter_map(|line| s.lines.get(&line)).filter(|it| it.spec.kind.is_dialled());
        if let Some(found) = lines.find(|it| is_free(it) && s.is_attended(it)) {
            return Some(found);
        }
        visited.push(places.into_iter().next()?);
    }
    None
}

/// The ring is over; whoever was rung and has not answered is no guest of the line any more (`forget_leavers`).
pub fn over(s: &mut State, line: &LineId) {
    s.line_mut(line).into_iter().for_each(|found| found.diverted = None);
}
