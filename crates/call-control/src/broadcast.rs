//! Group broadcast: one talk key, several lines. Each hears its user, who hears each of them; no line hears another.
//!
//! ```text
//! Shut ─key: some can─► Open ─key up | forgotten | lost─► Shut: what it opened and nobody else uses is released
//!   └─none can: refused   │ ▲
//!                         └─┘ a line is added or dropped, its far end releases, it is closed there: that line alone
//!                         └─one line's own talk key─► Shut, but for that line
//! ```
//!
//! Law: to each of its lines a broadcast is a talk like any other, whose end is the end of that line's part in it, by whatever
//! cause. Nothing tells a line of another one.

use crate::call::{self, Take};
use crate::happenings::Happening;
use crate::hoot;
use crate::line::Line;
use crate::messages::{Accepted, Output, Refusal, RefusalCode, Sound};
use crate::moves::SPEAKERS_MAX;
use crate::policy::BroadcastArd;
use crate::room;
use crate::state::{Done, State};
use crate::{ard, mrd, mute};
use dealerboard_model::{BROADCAST_MAX, BroadcastLine, BroadcastStatus, LeftOut, LineId, LineKind, Position, TurretId};
use std::collections::BTreeSet;

/// What one turret talks to with one key.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// What its key was pressed for.
    asked: Vec<LineId>,
    /// What hears it, in the order in which it came.
    lines: Vec<LineId>,
    left_out: Vec<LeftOut>,
    latched: bool,
}

/// How a line comes into a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is talked on as it is.
    Talks,
    /// It is idle: it is opened on the speakers first.
    Opens,
}

/// A talk key of several lines goes down or up (BRC-1 to BRC-3).
pub fn talk(s: &mut State, turret: TurretId, lines: &[LineId], on: bool, latched: bool) -> Done {
    let mut asked: Vec<LineId> = Vec::new();
    lines.iter().for_each(|line| {
        if !asked.contains(line) {
            asked.push(line.clone());
        }
    });
    s.party(turret, Position::Speakers)?;
    if !on {
        key_up(s, turret, &asked);
        return Ok(Accepted::default());
    }
    if asked.is_empty() {
        return Err(Refusal::new(RefusalCode::NobodyThere, "No line was picked; pick lines first, then talk to them."));
    }
    if asked.len() > BROADCAST_MAX {
        let sentence = format!("One talk key has {BROADCAST_MAX} lines at most; pick fewer.");
        return Err(Refusal::new(RefusalCode::GroupFull, sentence));
    }
    if s.broadcasts.get(&turret).is_some_and(|open| open.asked == asked) {
        pressed(s, turret, latched);
        return Ok(Accepted::default());
    }
    let (mut into, mut left_out) = (Vec::new(), Vec::new());
    for line in &asked {
        match way(s, turret, line, &into) {
            Ok(way) => into.push((line.clone(), way)),
            Err(refusal) => left_out.push((line.clone(), refusal)),
        }
    }
    if latched && let Some(seat) = s.turrets.get_mut(&turret) {
        seat.displaced.retain(|line| !asked.contains(line));
    }
    if into.is_empty() {
        return Err(nobody(s, turret, left_out));
    }
    let stay: Vec<LineId> = into.iter().map(|(line, _)| line.clone()).collect();
    shut(s, turret, &stay);
    s.broadcasts.insert(turret, Broadcast { asked, lines: Vec::new(), left_out: Vec::new(), latched });
    for (line, way) in into {
        if let Err(refusal) = enter(s, turret, &line, way, latched) {
            left_out.push((line, refusal));
        }
    }
    tell_left_out(s, turret, &left_out, Some(Sound::Blocking));
    let left_out = left_out.into_iter().map(|(line, refusal)| LeftOut { line, sentence: refusal.sentence });
    if let Some(open) = s.broadcasts.get_mut(&turret) {
        open.left_out = left_out.collect();
    }
    Ok(Accepted::default())
}

/// Adds a line to what its user talks to, or drops it: no other line hears a difference (BRC-4).
pub fn line(s: &mut State, turret: TurretId, line: &LineId, on: bool) -> Done {
    let Some(open) = s.broadcasts.get(&turret) else {
        let sentence = "You talk to no lines together now; press the talk key of a group first.";
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    };
    let (is_in, latched, lines) = (open.lines.contains(line), open.latched, open.lines.clone());
    let accepted = Accepted { line: Some(line.clone()), position: None, call: s.line(line)?.call };
    match (on, is_in) {
        (true, true) => {}
        (true, false) if lines.len() >= BROADCAST_MAX => {
            let sentence = format!("You talk to {BROADCAST_MAX} lines, as many as may be; drop another one first.");
            return Err(Refusal::new(RefusalCode::GroupFull, sentence));
        }
        (true, false) => {
            let into: Vec<(LineId, Way)> = lines.into_iter().map(|line| (line, Way::Talks)).collect();
            let way = way(s, turret, line, &into)?;
            enter(s, turret, line, way, latched)?;
        }
        (false, true) => hoot::let_go(s, turret, line),
        (false, false) => {
            let sentence =
                format!("{} is not among the lines that you talk to; look at its key.", s.line(line)?.spec.name);
            return Err(Refusal::new(RefusalCode::Stale, sentence));
        }
    }
    follow(s);
    // It was a press on the key: what it is watched for begins anew.
    pressed(s, turret, latched);
    Ok(accepted)
}

/// How a line could come into a broadcast that has some already, or why not (BRC-2, BRC-3).
fn way(s: &State, turret: TurretId, line: &LineId, into: &[(LineId, Way)]) -> Result<Way, Refusal> {
    hoot::may_speak(s, turret, line)?;
    let found = s.line(line)?;
    let way = way_by_kind(s, turret, found)?;
    match way {
        Way::Talks => hoot::may_talk_now(s, turret, line)?,
        Way::Opens => {
            let on_speakers = |it: &&Line| it.leg(turret).is_some_and(|leg| leg.party.position == Position::Speakers);
            let opens = into.iter().filter(|(_, way)| *way == Way::Opens).count();
            if s.lines_of(turret).filter(on_speakers).count() + opens >= SPEAKERS_MAX {
                let sentence = format!("The speakers carry {SPEAKERS_MAX} calls already; release one of them first.");
                return Err(Refusal::new(RefusalCode::GroupFull, sentence));
            }
        }
    }
    mute::may_talk(s, turret, line)?;
    s.recordable(line)?;
    s.not_just_closed(line, turret)?;
    room::must_let_go(s, turret, line)?;
    if found.spec.kind.is_open() && found.talk(turret).is_none() {
        room::is_there(s, turret, line)?;
    }
    apart(s, line, into.iter().map(|(other, _)| other))?;
    Ok(way)
}

/// Refuses a line that hears one of `others`: who is on it would hear them in the broadcast (I33).
fn apart<'l>(s: &State, line: &LineId, mut others: impl Iterator<Item = &'l LineId>) -> Result<(), Refusal> {
    let group = s.group(line);
    let Some(other) = others.find(|other| group.contains(other)) else { return Ok(()) };
    let sentence = format!("{} is connected with {}, which hears you already.", name(s, line), name(s, other));
    Err(Refusal::new(RefusalCode::Loop, sentence))
}

fn way_by_kind(s: &State, turret: TurretId, found: &Line) -> Result<Way, Refusal> {
    let (name, line) = (&found.spec.name, &found.spec.line);
    let refuse = |code, sentence: String| Err(Refusal::new(code, sentence));
    let connected = found.leg(turret).is_some_and(|leg| leg.enters.is_none()) && !found.calling;
    let idle = found.legs().is_empty() && !found.has_members();
    match found.spec.kind {
        LineKind::Intercom => {
            refuse(RefusalCode::NoRight, format!("{name} is an intercom; talk to it by its own key."))
        }
        LineKind::Hoot | LineKind::ShoutDown => Ok(Way::Talks),
        LineKind::Mrd if idle => Ok(Way::Opens),
        LineKind::Mrd if !found.legs().is_empty() => Ok(Way::Talks),
        LineKind::Ard | LineKind::Extension | LineKind::Dial if connected => Ok(Way::Talks),
        LineKind::Ard if idle && found.ring.is_none() && rings_idle(s, turret, line) => Ok(Way::Opens),
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial if found.calling => {
            refuse(RefusalCode::StillRinging, format!("{name} has not been answered yet; talk to it when it is."))
        }
        LineKind::Ard | LineKind::Extension | LineKind::Dial if idle => {
            refuse(RefusalCode::NobodyThere, format!("Nobody is on {name}; take its call by its key first."))
        }
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial if found.legs().is_empty() => {
            refuse(RefusalCode::NobodyThere, format!("{name} is on hold; resume it first."))
        }
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial => {
            s.open_to_others(line)?;
            refuse(RefusalCode::NobodyThere, format!("You are not on {name}; join it by its key first."))
        }
    }
}

fn rings_idle(s: &State, turret: TurretId, line: &LineId) -> bool {
    s.policy(Some(line), s.user_of(turret)).broadcast_ard == BroadcastArd::Ring
}

/// None of the lines can be talked on: each says why at its key.
fn nobody(s: &mut State, turret: TurretId, left_out: Vec<(LineId, Refusal)>) -> Refusal {
    if left_out.len() > 1 {
        tell_left_out(s, turret, &left_out, None);
    }
    let many = left_out.len() > 1;
    match left_out.into_iter().next() {
        Some((_, Refusal { code, .. })) if many => {
            Refusal::new(code, "None of these lines can be talked on now; the key of each says why.")
        }
        Some((_, refusal)) => refusal,
        None => Refusal::new(RefusalCode::NobodyThere, "No line was picked; pick lines first, then talk to them."),
    }
}

/// Says at the key of each line why it is left out, with one tone for all. The tone is the presser's alone, in no recording.
fn tell_left_out(s: &mut State, turret: TurretId, left_out: &[(LineId, Refusal)], sound: Option<Sound>) {
    let mut sound = sound;
    for (line, refusal) in left_out {
        let (line, sentence) = (Some(line.clone()), format!("Left out: {}", refusal.sentence));
        s.outputs.push(Output::Notice { turret, line, sentence, sound: sound.take() });
    }
}

/// Takes a line into the broadcast of a turret.
fn enter(s: &mut State, turret: TurretId, line: &LineId, way: Way, latched: bool) -> Result<(), Refusal> {
    match way {
        Way::Opens => open(s, turret, line)?,
        Way::Talks if s.line(line)?.spec.kind.is_open() && s.line(line)?.talk(turret).is_none() => {
            room::make(s, turret, line)?;
        }
        Way::Talks => {}
    }
    hoot::open(s, turret, line, latched, true)?;
    s.happened_at(line, turret, Happening::Broadcasts);
    if let Some(open) = s.broadcasts.get_mut(&turret) {
        open.lines.retain(|one| one != line);
        open.lines.push(line.clone());
        open.left_out.retain(|one| one.line != *line);
    }
    s.touched_broadcasts.insert(turret);
    Ok(())
}

/// Opens an idle wire on the speakers, for the broadcast alone.
fn open(s: &mut State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    let mut leg = call::taker(s, turret, line, Take { at: Position::Speakers, private: false })?;
    (leg.mic, leg.broadcast) = (false, true);
    let found = s.line(line)?;
    let (kind, call) = (found.spec.kind, found.call);
    let call = call.unwrap_or_else(|| s.new_call());
    call::join(s, line, call, leg);
    s.happened_at(line, turret, Happening::Seized);
    match kind {
        LineKind::Ard => ard::ring(s, turret, line, call),
        LineKind::Mrd => mrd::opened(s, line, call),
        LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom | LineKind::Extension | LineKind::Dial => {}
    }
    Ok(())
}

/// The key is pressed once more, or its lines have changed: it is open as it is now, on all that hear it.
fn pressed(s: &mut State, turret: TurretId, latched: bool) {
    let Some(broadcast) = s.broadcasts.get_mut(&turret) else { return };
    broadcast.latched = latched;
    for line in broadcast.lines.clone() {
        let _ = hoot::open(s, turret, &line, latched, true);
    }
}

/// Its user has let the key go.
fn key_up(s: &mut State, turret: TurretId, asked: &[LineId]) {
    if let Some(seat) = s.turrets.get_mut(&turret) {
        seat.displaced.retain(|line| !asked.contains(line));
    }
    // That of a broadcast which gave way to another one ends nothing.
    if s.broadcasts.get(&turret).is_some_and(|open| open.asked == asked) {
        shut(s, turret, &[]);
    }
}

/// One line's own talk key answers that line alone: the broadcast closes first, and what it opened there stays (BRC-4).
pub fn answers(s: &mut State, turret: TurretId, line: &LineId) {
    if !s.broadcasts.contains_key(&turret) {
        return;
    }
    shut(s, turret, std::slice::from_ref(line));
    s.talk_mut(line, turret).into_iter().for_each(|talk| talk.broadcast = false);
    s.leg_mut(line, turret).into_iter().for_each(|leg| leg.broadcast = false);
}

/// Ends a broadcast by its user's act, but for lines that go on being talked on.
fn shut(s: &mut State, turret: TurretId, stay: &[LineId]) {
    let Some(over) = s.broadcasts.remove(&turret) else { return };
    s.touched_broadcasts.insert(turret);
    let over = over.lines.into_iter().filter(|line| !stay.contains(line));
    over.for_each(|line| hoot::let_go(s, turret, &line));
    follow(s);
}

/// Ends the broadcast that a line is part of, if it is, though its user has not ended it; gives what it was open to.
pub fn stop(s: &mut State, turret: TurretId, line: &LineId) -> Vec<LineId> {
    let lines = lines_with(s, turret, line);
    lines.iter().for_each(|one| hoot::stop(s, turret, one));
    follow(s);
    lines
}

/// What a turret talks to with the key by which it talks to `line`: that line alone, or all of a broadcast.
pub fn lines_with(s: &State, turret: TurretId, line: &LineId) -> Vec<LineId> {
    let broadcast = s.broadcasts.get(&turret).filter(|open| open.lines.contains(line));
    broadcast.map_or_else(|| vec![line.clone()], |open| open.lines.clone())
}

/// What follows for broadcasts from what an input has changed: a line whose talk has ended is no part of one any more, nor is
/// one where its user is not connected any more, or that hears another one of it now.
pub fn follow(s: &mut State) {
    for (turret, line, why) in strays(s) {
        hoot::let_go(s, turret, &line);
        if let Some(Refusal { sentence, .. }) = why {
            s.notice(turret, Some(&line), format!("Dropped: {sentence}"), Some(Sound::Blocking));
        }
    }
    while let Some((turret, line)) = s.broken.pop_first() {
        s.touched_broadcasts.insert(turret);
        if let Some(open) = s.broadcasts.get_mut(&turret) {
            open.lines.retain(|one| *one != line);
            if open.lines.is_empty() {
                s.broadcasts.remove(&turret);
            }
        }
        let_opened_go(s, turret, &line);
    }
}

/// Lines that have to leave their broadcast, each with why where its user has not done it.
fn strays(s: &mut State) -> Vec<(TurretId, LineId, Option<Refusal>)> {
    let (mut strays, mut touched) = (Vec::new(), BTreeSet::new());
    for line in s.touched.iter().filter_map(|line| s.lines.get(line)) {
        for turret in line.talks().iter().filter(|talk| talk.broadcast).map(|talk| talk.turret) {
            let Some(open) = s.broadcasts.get(&turret) else { continue };
            touched.insert(turret);
            let this = &line.spec.line;
            let gone = match line.spec.kind {
                LineKind::Ard | LineKind::Extension | LineKind::Dial => line.leg(turret).is_none(),
                LineKind::Mrd | LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => false,
            };
            let before = open.lines.iter().take_while(|one| *one != this);
            match apart(s, this, before) {
                Err(why) => strays.push((turret, this.clone(), Some(why))),
                Ok(()) if gone => strays.push((turret, this.clone(), None)),
                Ok(()) => {}
            }
        }
    }
    s.touched_broadcasts.extend(touched);
    // A wire that was rung and answered is a call from then on.
    let answered = |line: &&LineId| s.lines.get(*line).is_some_and(|found| is_cut_by_release(s, found));
    let answered: Vec<LineId> = s.touched.iter().filter(answered).cloned().collect();
    for line in answered {
        let opened = s.lines.get(&line).into_iter().flat_map(|found| found.legs()).filter(|leg| leg.broadcast);
        for turret in opened.map(|leg| leg.party.turret).collect::<Vec<_>>() {
            s.leg_mut(&line, turret).into_iter().for_each(|leg| leg.broadcast = false);
        }
    }
    strays
}

/// Somebody is at the far end of a wire that ends with the last party of either end.
fn is_cut_by_release(s: &State, line: &Line) -> bool {
    let far = line.far().and_then(|far| s.lines.get(far));
    line.spec.kind == LineKind::Ard && far.is_some_and(Line::has_members)
}

/// Releases a line that a broadcast has opened, if nobody else uses it (BRC-5).
fn let_opened_go(s: &mut State, turret: TurretId, line: &LineId) {
    let Some(found) = s.lines.get(line) else { return };
    if !found.leg(turret).is_some_and(|leg| leg.broadcast) {
        return;
    }
    let others = found.legs().len() > 1 || !found.holders().is_empty() || !found.talks().is_empty();
    if others || found.conference.is_some() || is_cut_by_release(s, found) {
        s.leg_mut(line, turret).into_iter().for_each(|leg| leg.broadcast = false);
    } else {
        let _ = call::release(s, turret, line);
    }
}

/// What a turret talks to with one key, as it is shown there.
pub fn status(s: &State, turret: TurretId) -> Option<BroadcastStatus> {
    let open = s.broadcasts.get(&turret)?;
    let opened = |line: &LineId| s.lines.get(line)?.leg(turret).map(|leg| leg.broadcast);
    let one = |line: &LineId| BroadcastLine { line: line.clone(), opened: opened(line).unwrap_or_default() };
    Some(BroadcastStatus { lines: open.lines.iter().map(one).collect(), left_out: open.left_out.clone() })
}

fn name(s: &State, line: &LineId) -> String {
    s.lines.get(line).map(|found| found.spec.name.clone()).unwrap_or_default()
}
