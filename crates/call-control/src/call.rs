//! A line is taken, answered and let go: what calls of all kinds have in common.

use crate::happenings::Happening;
use crate::line::Leg;
use crate::messages::{Accepted, Refusal, RefusalCode};
use crate::state::{Done, State, stale};
use crate::{
    announce, ard, conference, dial, divert, emergency, handset, hold, hoot, intercom, mrd, mute, position, privacy,
    transfer,
};
use dealerboard_model::{CallId, LineId, LineKind, Party, Position, TurretId, UserId};
use std::collections::BTreeSet;

/// Where a call is taken to, and how.
#[derive(Clone, Copy, Debug)]
pub struct Take {
    pub at: Position,
    /// Private from its first moment, whatever its user's policy is (PRV-1).
    pub private: bool,
}

/// Takes an idle line (ARD-1, ARD-4, ARD-5, MRD-1, MRD-4).
pub fn seize(s: &mut State, turret: TurretId, line: &LineId, take: Take) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let (kind, name, call) = (found.spec.kind, found.spec.name.clone(), found.call);
    match kind {
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial => {}
        LineKind::Hoot | LineKind::ShoutDown => return handset::take(s, turret, line, take.at),
        LineKind::Intercom => {
            return Err(Refusal::new(
                RefusalCode::NoRight,
                format!("{name} is not taken as a line is; hold its talk key to talk."),
            ));
        }
    }
    if kind.is_dialled() && found.ring.is_some() && !found.has_members() {
        // Who rings is not known before: the press was meant for somebody else (DIAL-7).
        return Err(Refusal::new(RefusalCode::Stale, format!("{name} rang while you pressed; press again to answer.")));
    }
    if let (Some(call), true, false) = (call, found.ring.is_some(), found.has_members()) {
        // The same two ends, and both want to talk: seizing what has just begun to ring answers it (ALL-1).
        return answer(s, turret, line, call, take);
    }
    if found.calling {
        return Err(Refusal::new(RefusalCode::StillRinging, format!("{name} is still ringing at the far end.")));
    }
    if let Some(leg) = found.legs().last() {
        let who = s.name_of(&leg.party.user);
        return Err(Refusal::new(RefusalCode::Stale, format!("{who} took {name} first; press again to join them.")));
    }
    transfer::may_answer(s, turret, line)?;
    if found.has_members() {
        return Err(stale(&name));
    }
    // Which number is dialled is not known yet; it is judged when it is.
    if !(kind.is_dialled() && emergency::may_become(s, line, "")) {
        s.recordable(line)?;
    }
    let call = call.unwrap_or_else(|| s.new_call());
    let leg = taker(s, turret, line, take)?;
    position::take(s, turret, take.at)?;
    join(s, line, call, leg);
    s.happened_at(line, turret, Happening::Seized);
    match kind {
        LineKind::Ard => ard::ring(s, turret, line, call),
        LineKind::Mrd => mrd::opened(s, line, call),
        LineKind::Extension | LineKind::Dial => dial::opened(s, line, call, String::new()),
        LineKind::Hoot | LineKind::ShoutDown | LineKind::Intercom => {}
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(take.at), call: Some(call) })
}

/// A turret that takes a call, with its microphone open; private by its user's wish or policy (PRV-1).
pub fn taker(s: &State, turret: TurretId, line: &LineId, take: Take) -> Result<Leg, Refusal> {
    let mut party = s.party(turret, take.at)?;
    party.private = take.private || s.policy(Some(line), Some(&party.user)).privacy;
    Ok(Leg::new(party, true, s.now))
}

/// Puts a turret on a line, and on all that is joined with it.
pub fn join(s: &mut State, line: &LineId, call: CallId, leg: Leg) {
    let (now, turret) = (s.now, leg.party.turret);
    let Ok(found) = s.line_mut(line) else { return };
    if found.call != Some(call) || found.legs().is_empty() {
        found.since = now;
    }
    found.call = Some(call);
    found.ring = None;
    s.take_holder(line, turret);
    s.put_leg(line, leg);
    crate::routing::over(s, line);
    divert::over(s, line);
    conference::spread(s, line, None);
    privacy::close_strangers(s, line);
    mute::close_strangers(s, line);
}

/// Answers a ringing line (ARD-2, RING-6); one that rings because it waits on hold is resumed (HOLD-7).
pub fn answer(s: &mut State, turret: TurretId, line: &LineId, call: CallId, take: Take) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.call != Some(call) || found.ring.is_none() {
        let winner = found.legs().first().filter(|_| found.call == Some(call)).map(|leg| leg.party.user.clone());
        return Err(match winner {
            Some(user) => {
                let who = s.name_of(&user);
                let then = if found.spec.kind == LineKind::Intercom { "" } else { "; press its key to join them" };
                Refusal::new(RefusalCode::AnsweredBy, format!("{who} answered {name} first{then}."))
            }
            None => stale(&name),
        });
    }
    transfer::may_answer(s, turret, line)?;
    if !found.holders().is_empty() {
        return hold::resume(s, turret, line, call, take);
    }
    s.recordable(line)?;
    if found.spec.kind == LineKind::Intercom {
        return intercom::accept(s, turret, line, Some(take.at));
    }
    let (kind, far) = (found.spec.kind, found.far().cloned());
    if let Some(carried) = s.line_at(turret, take.at)
        && Some(&carried) == far.as_ref()
        && s.line(&carried)?.calling
    {
        // Making the position free would release the very call that is answered.
        let sentence = format!("This position rings {name} itself; answer on another one, or release it.");
        return Err(Refusal::new(RefusalCode::PositionBusy, sentence));
    }
    let leg = taker(s, turret, line, take)?;
    position::take(s, turret, take.at)?;
    join(s, line, call, leg);
    s.happened_at(line, turret, Happening::Answered);
    if s.line(line)?.transfer.is_some() {
        transfer::answered(s, line);
        return Ok(Accepted { line: Some(line.clone()), position: Some(take.at), call: Some(call) });
    }
    match (kind, far) {
        (LineKind::Ard | LineKind::Extension | LineKind::Dial, Some(far)) => ard::answered(s, &far),
        (LineKind::Mrd, _) => mrd::opened(s, line, call),
        (
            LineKind::Ard
            | LineKind::Hoot
            | LineKind::ShoutDown
            | LineKind::Intercom
            | LineKind::Extension
            | LineKind::Dial,
            _,
        ) => {}
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(take.at), call: Some(call) })
}

/// Lets a line go (ARD-3, ARD-9 to ARD-11, MRD-5, HOLD-2, HOLD-10).
pub fn release(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let found = s.line(line)?;
    let (call, name) = (found.call, found.spec.name.clone());
    let mine = found.leg(turret).is_some() || found.is_held_by(turret);
    let asked =
        found.transfer.as_ref().is_some_and(|sent| s.user_of(turret).is_some_and(|user| sent.at.contains(user)));
    if asked {
        return transfer::refuse(s, turret, line);
    }
    if let Some(announced) = announce::completes(s, turret, line) {
        return announce::complete(s, turret, &announced);
    }
    if found.spec.kind.is_open() {
        return handset::leave(s, turret, line);
    }
    if !mine {
        s.right_on(turret, line)?;
        if divert::may_refuse(s, turret, line) {
            return divert::refuse(s, turret, line);
        }
        if dial::may_refuse(s, turret, line) {
            return dial::refuse(s, turret, line);
        }
        if !found.legs().is_empty() || found.holders().is_empty() {
            let sentence = format!("You are not on {name}; there is nothing to release.");
            return Err(Refusal::new(RefusalCode::Stale, sentence));
        }
        hold::takeable(s, turret, found)?;
        tell_released(s, turret, line);
    }
    part(s, turret, line, mine, None);
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// A turret's hold is over because nobody has taken it in its time (HOLD-6, LOS-4): nobody releases it, and when the call ends
/// with it `why` is kept with its recording.
pub fn lapse(s: &mut State, turret: TurretId, line: &LineId, why: &str) {
    part(s, turret, line, true, Some(why));
}

/// Takes a turret off a line and all that is joined with it.
fn part(s: &mut State, turret: TurretId, line: &LineId, mine: bool, lapsed: Option<&str>) {
    let lines = s.joined_with(line);
    // Who has logged off holds it until nobody has taken it for too long (LOG-3).
    let Some(found) = s.lines.get(line) else { return };
    let conference = found.conference;
    let theirs = found.leg(turret).map(|leg| &leg.party).or(found.hold_of(turret));
    let user = theirs.map(|party| &party.user).or(s.user_of(turret)).cloned();
    // Whose holds were let go have left as well.
    let held = if mine { Vec::new() } else { hold::releasable(s, turret, found) };
    let gone: BTreeSet<UserId> = held.into_iter().map(|holder| holder.user).chain(user).collect();
    lines.iter().for_each(|one| leave(s, turret, one, mine, lapsed));
    for (id, user) in gone.iter().filter_map(|user| Some((conference?, user))) {
        conference::left(s, id, user);
    }
}

/// Whose hold is let go by somebody else is told by whom (HOLD-10), and who lets it go when it stays on hold for a colleague.
fn tell_released(s: &mut State, turret: TurretId, line: &LineId) {
    let Some(found) = s.lines.get(line) else { return };
    let (name, gone) = (found.spec.name.clone(), hold::releasable(s, turret, found));
    let stays = found.holders().iter().find(|holder| gone.iter().all(|it| it.turret != holder.turret));
    let stays = stays.map(|holder| s.name_of(&holder.user));
    let who = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    for holder in gone {
        s.notice(holder.turret, Some(line), format!("{who} released {name} while you held it."), None);
    }
    if let Some(other) = stays {
        s.notice(turret, Some(line), format!("{other} holds {name} for themselves: it stays on hold."), None);
    }
}

/// Takes a turret off one line, with its hold, or with all holds that it may release.
fn leave(s: &mut State, turret: TurretId, line: &LineId, mine: bool, lapsed: Option<&str>) {
    mrd::let_go(s, turret, line);
    // Who could resume a held call may release it.
    let Some(found) = s.lines.get(line) else { return };
    let holds: Vec<Party> =
        if mine { found.hold_of(turret).cloned().into_iter().collect() } else { hold::releasable(s, turret, found) };
    let left = s.take_leg(line, turret).map(|leg| leg.party);
    if left.as_ref().is_some_and(|party| party.position == Position::Speakers) {
        // What was released at the speakers is not talked on any more, by its talk key neither.
        hoot::let_go(s, turret, line);
    }
    let left = left.map(|party| party.user);
    let held: Vec<_> = holds.iter().filter_map(|hold| s.take_holder(line, hold.turret)).collect();
    let user = left.or_else(|| held.into_iter().find(|holder| holder.turret == turret).map(|holder| holder.user));
    let Some(found) = s.lines.get(line) else { return };
    let conference = found.conference.is_some();
    let alone = !conference && found.intercom.is_some() && !intercom::goes_on(found);
    let (silent, stays) = (found.legs().is_empty(), found.has_members() && !alone);
    if silent {
        hoot::close_all(s, line);
    }
    privacy::close_strangers(s, line);
    mute::close_strangers(s, line);
    let user = user.or_else(|| s.user_of(turret).cloned());
    match lapsed.filter(|_| !stays) {
        Some(why) => s.happened(line, None, Happening::BrokenOff { why: why.to_owned() }),
        None => s.happened(line, user, if stays { Happening::Left } else { Happening::Released }),
    }
    // An intercom is over when one of the two leaves it, or a group's caller; what a conference that nobody is left in becomes
    // is its own affair.
    if !stays && !conference {
        end(s, line);
    }
}

/// Lets go of all that is on a line, at both ends of an ARD: an administrator's act for what nobody else ends (HOLD-10).
pub fn clear(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    let who = s.administrator(turret)?;
    let found = s.line(line)?;
    let (call, name) = (found.call, found.spec.name.clone());
    if !found.has_members() {
        return Err(Refusal::new(RefusalCode::NobodyThere, format!("Nobody is on {name}; there is nothing to clear.")));
    }
    s.notice_members(line, &format!("{who} cleared {name}: the call is over."), None);
    for member in s.line(line)?.member_turrets() {
        mrd::let_go(s, member, line);
        s.take_leg(line, member);
        s.take_holder(line, member);
    }
    hoot::close_all(s, line);
    s.happened_at(line, turret, Happening::Cleared);
    end(s, line);
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// The last member of an end is gone.
pub fn end(s: &mut State, line: &LineId) {
    let Some(found) = s.lines.get(line) else { return };
    match (found.spec.kind, found.far().cloned()) {
        (LineKind::Ard | LineKind::Extension | LineKind::Dial, Some(far)) => ard::end(s, line, &far),
        (LineKind::Mrd, Some(far)) => mrd::end(s, line, &far),
        (LineKind::Intercom, _) => intercom::end(s, line),
        // A wire whose far end the floor does not name, or a line that has dialled nobody yet.
        (
            LineKind::Ard | LineKind::Mrd | LineKind::Hoot | LineKind::ShoutDown | LineKind::Extension | LineKind::Dial,
            _,
        ) => s.clear_line(line),
    }
}

/// Opens the microphone of one's own party after a lapse (ALL-6).
pub fn open_mic(s: &mut State, turret: TurretId, line: &LineId) -> Done {
    if s.line(line)?.intercom.is_some() {
        return intercom::talk_back(s, turret, line, true, true);
    }
    if s.line(line)?.spec.kind.is_open() {
        return handset::open_mic(s, turret, line);
    }
    s.recordable(line)?;
    s.not_just_closed(line, turret)?;
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    let Some(position) = found.leg(turret).map(|leg| leg.party.position) else { return Err(stale(&name)) };
    if position == Position::Speakers {
        let sentence = format!("{name} is on the speakers; press its talk key to talk.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    for opened in open_all(s, turret, line) {
        s.happened_at(&opened, turret, Happening::MicOpened);
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(position), call })
}

/// Opens a turret's microphone towards a line and all that is joined with it, each of which has what is said there on its own
/// recording (CNF-8). Gives those towards which it was shut.
pub fn open_all(s: &mut State, turret: TurretId, line: &LineId) -> Vec<LineId> {
    let now = s.now;
    let shut = |s: &State, one: &LineId| s.lines.get(one).and_then(|it| it.leg(turret)).is_some_and(|leg| !leg.mic);
    let lines: Vec<LineId> = s.joined_with(line).into_iter().filter(|one| shut(s, one)).collect();
    for one in &lines {
        s.leg_mut(one, turret).into_iter().for_each(|leg| (leg.mic, leg.mic_since) = (true, now));
    }
    lines
}

/// Shuts it towards all of them. Gives those towards which it was open.
pub fn shut_all(s: &mut State, turret: TurretId, line: &LineId) -> Vec<LineId> {
    let open = |s: &State, one: &LineId| s.lines.get(one).and_then(|it| it.leg(turret)).is_some_and(|leg| leg.mic);
    let lines: Vec<LineId> = s.joined_with(line).into_iter().filter(|one| open(s, one)).collect();
    for one in &lines {
        s.leg_mut(one, turret).into_iter().for_each(|leg| (leg.mic, leg.key) = (false, None));
    }
    lines
}
