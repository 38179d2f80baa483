//! Private wires: ARD and MRD, seized, answered, bridged and released.
//!
//! ```text
//! ARD   A seizes             B answers              last party of an end releases, nobody there holds
//! Idle/Idle ──► Calling/Ringing ──► Talking/Talking ───────────────────────────────► Idle/Idle
//!      ▲  A releases │                 A holds │ ▲ A's end resumes
//!      └─────────────┘                         ▼ │          B holds
//!                                        Held/Talking  ◄──────────────►  Held/Held
//!
//! MRD   each end alone:  Idle ──seize──► Open ──hold──► Held ──resume──► Open ──release──► Idle;  Signal goes across
//! ```

use crate::happenings::Happening;
use crate::line::{Leg, Line};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::state::{State, stale};
use crate::timer::{HISTORY_MIN_RING_S, SIGNAL_MIN_MS, SIGNALLED_MS, Timer};
use dealerboard_model::{CallId, FarEnd, LineId, LineKind, Moment, Position, TurretId};

/// `bridge.max`, per end.
const BRIDGE_MAX: usize = 8;

/// Takes an idle line (ARD-1, ARD-4, ARD-5, MRD-1, MRD-4).
pub fn seize(s: &mut State, now: Moment, turret: TurretId, line: &LineId, at: Position) -> Result<Accepted, Refusal> {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let (kind, name, call) = (found.spec.kind, found.spec.name.clone(), found.call);
    match kind {
        LineKind::Ard | LineKind::Mrd => {}
        LineKind::Hoot | LineKind::Intercom => {
            return Err(Refusal::new(RefusalCode::NoRight, format!("{name} is talked on with its talk key.")));
        }
    }
    if let (Some(call), true) = (call, found.ring.is_some()) {
        // The same two ends, and both want to talk: seizing what has just begun to ring answers it.
        return answer(s, now, turret, line, call, at);
    }
    if found.calling {
        return Err(Refusal::new(RefusalCode::StillRinging, format!("{name} is still ringing at the far end.")));
    }
    if found.has_members() {
        return Err(stale(&name));
    }
    s.recordable(line)?;
    let call = call.unwrap_or_else(|| s.new_call());
    crate::hold::take_position(s, now, turret, at)?;
    join(s, now, turret, line, at, call)?;
    s.happened_at(line, turret, Happening::Seized);
    if kind == LineKind::Ard {
        s.line_mut(line)?.calling = true;
        let far = s.line(line)?.spec.far.clone();
        if let Some(far) = far {
            let from = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
            let end = s.line_mut(&far)?;
            end.call = Some(call);
            end.since = now;
            s.set_ring(&far, from, now);
            s.happened(&far, None, Happening::Rings);
            tell_unattended(s, &far);
        }
    } else {
        mrd_open(s, line, call);
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// Tells who rings `line` that nobody who could answer is logged on; it rings on (RTE-5).
pub fn tell_unattended(s: &mut State, line: &LineId) {
    let Some(rung) = s.lines.get(line).filter(|found| found.ring.is_some() && !s.is_attended(found)) else { return };
    let Some(here) = rung.spec.far.as_ref().and_then(|far| s.lines.get(far)) else { return };
    let goes_on = match here.spec.kind {
        LineKind::Mrd => format!("your signal stays on their key for {} min", SIGNALLED_MS / 60_000),
        LineKind::Ard | LineKind::Hoot | LineKind::Intercom => {
            "it rings on until somebody answers or you release".into()
        }
    };
    let nobody = if s.audience(rung).is_empty() { "Nobody is logged on" } else { "Nobody is reached" };
    let (here, sentence) = (here.spec.line.clone(), format!("{nobody} at {}: {goes_on}.", here.spec.name));
    s.notice_members(&here, &sentence, None);
}

/// An MRD's end is open now: the far end is marked, its open side hears (MRD-1, MRD-4).
fn mrd_open(s: &mut State, line: &LineId, call: CallId) {
    let Some(far) = s.lines.get(line).and_then(|found| found.spec.far.clone()) else { return };
    let far_open = s.lines.get(&far).is_some_and(|end| end.has_members());
    if let Ok(end) = s.line_mut(&far) {
        end.call = Some(call);
        end.far = FarEnd::Open;
        end.ring = end.ring.take().filter(|_| !far_open);
    }
    if let Ok(here) = s.line_mut(line) {
        here.far = if far_open { FarEnd::Open } else { FarEnd::Plain };
        (here.ring, here.signalled, here.signal_since, here.signal_by) = (None, None, None, None);
    }
}

fn join(
    s: &mut State,
    now: Moment,
    turret: TurretId,
    line: &LineId,
    at: Position,
    call: CallId,
) -> Result<(), Refusal> {
    let party = s.party(turret, at, now)?;
    let found = s.line_mut(line)?;
    if found.call != Some(call) || found.legs().is_empty() {
        found.since = now;
    }
    found.call = Some(call);
    let (is_ard, far) = (found.spec.kind == LineKind::Ard, found.spec.far.clone());
    s.take_holder(line, turret);
    s.put_leg(line, Leg::new(party, true, now));
    if is_ard {
        far_shows(s, far);
    }
    Ok(())
}

/// Answers a ringing line (ARD-2, RING-6).
pub fn answer(
    s: &mut State,
    now: Moment,
    turret: TurretId,
    line: &LineId,
    call: CallId,
    at: Position,
) -> Result<Accepted, Refusal> {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.call != Some(call) || found.ring.is_none() {
        let winner = found.legs().first().filter(|_| found.call == Some(call)).map(|leg| leg.party.user.clone());
        return Err(match winner {
            Some(user) => {
                let who = s.name_of(&user);
                Refusal::new(RefusalCode::AnsweredBy, format!("{who} answered {name} first."))
            }
            None => stale(&name),
        });
    }
    s.recordable(line)?;
    if found.spec.kind == LineKind::Intercom {
        return crate::intercom::accept(s, now, turret, line);
    }
    let (kind, far) = (found.spec.kind, found.spec.far.clone());
    if let Some(carried) = s.line_at(turret, at)
        && Some(&carried) == far.as_ref()
        && s.line(&carried)?.calling
    {
        // Making the position free would release the very call that is answered.
        let sentence = format!("This position rings {name} itself; answer on another one, or release it.");
        return Err(Refusal::new(RefusalCode::PositionBusy, sentence));
    }
    crate::hold::take_position(s, now, turret, at)?;
    join(s, now, turret, line, at, call)?;
    s.happened_at(line, turret, Happening::Answered);
    s.line_mut(line)?.ring = None;
    match (kind, far) {
        (LineKind::Ard, Some(far)) => {
            let end = s.line_mut(&far)?;
            end.calling = false;
            end.since = now;
        }
        (LineKind::Mrd, _) => mrd_open(s, line, call),
        (LineKind::Ard | LineKind::Hoot | LineKind::Intercom, _) => {}
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// Joins a line that others are on (BRG-2 to BRG-4).
pub fn bridge(
    s: &mut State,
    now: Moment,
    turret: TurretId,
    line: &LineId,
    call: CallId,
    at: Position,
) -> Result<Accepted, Refusal> {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.calling {
        return Err(Refusal::new(RefusalCode::StillRinging, format!("{name} is still ringing at the far end.")));
    }
    if found.call != Some(call) || found.legs().is_empty() || found.leg(turret).is_some() {
        return Err(stale(&name));
    }
    if found.spec.kind == LineKind::Intercom {
        return Err(Refusal::new(RefusalCode::NoRight, "An intercom cannot be joined; call one of the two."));
    }
    if found.legs().len() >= BRIDGE_MAX {
        return Err(Refusal::new(RefusalCode::GroupFull, format!("{BRIDGE_MAX} are on {name} already.")));
    }
    s.recordable(line)?;
    let who = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    crate::hold::take_position(s, now, turret, at)?;
    s.happened_at(line, turret, Happening::Joined);
    s.notice_members(line, &format!("{who} has joined {name}."), Some(Sound::Beep));
    join(s, now, turret, line, at, call)?;
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// Lets a line go (ARD-3, ARD-9 to ARD-11, MRD-5, HOLD-2).
pub fn release(s: &mut State, now: Moment, turret: TurretId, line: &LineId) -> Result<Accepted, Refusal> {
    let found = s.line(line)?;
    let (call, name) = (found.call, found.spec.name.clone());
    let mine = found.leg(turret).is_some() || found.is_held_by(turret);
    let held = found.legs().is_empty() && !found.holders().is_empty();
    if !mine {
        s.right_on(turret, line)?;
        if !held {
            let sentence = format!("You are not on {name}; there is nothing to release.");
            return Err(Refusal::new(RefusalCode::Stale, sentence));
        }
        let who = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
        s.notice_members(line, &format!("{who} released {name} while you held it."), None);
    }
    let_go(s, now, turret, line);
    // Who could resume a held call may release it (HOLD-10).
    let holders: Vec<TurretId> = s.line(line)?.holders().iter().map(|holder| holder.turret).collect();
    let holds: Vec<_> = holders.into_iter().filter(|at| !mine || *at == turret).collect();
    let left = s.take_leg(line, turret).map(|leg| leg.party.user);
    let let_go: Vec<_> = holds.into_iter().filter_map(|at| s.take_holder(line, at)).collect();
    let user = left.or_else(|| let_go.into_iter().find(|holder| holder.turret == turret).map(|holder| holder.user));
    let found = s.line(line)?;
    let (silent, stays) = (found.legs().is_empty(), found.has_members() && found.spec.kind != LineKind::Intercom);
    if silent {
        crate::hoot::close_all(s, line);
    }
    let user = user.or_else(|| s.user_of(turret).cloned());
    s.happened(line, user, if stays { Happening::Left } else { Happening::Released });
    let found = s.line_mut(line)?;
    // An intercom is over when one of the two leaves it.
    if !found.has_members() || found.spec.kind == LineKind::Intercom {
        end_empty(s, now, line);
    } else if let Some(found) = s.lines.get(line).filter(|found| found.legs().is_empty()) {
        let far = found.spec.far.clone();
        far_shows(s, far);
    }
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// The last member of an end is gone.
fn end_empty(s: &mut State, now: Moment, line: &LineId) {
    let Some(found) = s.lines.get(line) else { return };
    let (kind, far) = (found.spec.kind, found.spec.far.clone());
    let far_name = far.as_ref().and_then(|far| s.lines.get(far)).map(|end| end.spec.name.clone()).unwrap_or_default();
    match (kind, far) {
        (LineKind::Ard, Some(far)) => {
            s.notice_members(&far, &format!("The far end of {far_name} released."), None);
            tell_missed(s, now, &far);
            for end in [line, &far] {
                crate::hoot::close_all(s, end);
                s.clear_line(end, now);
            }
        }
        (LineKind::Mrd, Some(far)) => {
            let far_open = s.lines.get(&far).is_some_and(|end| end.has_members());
            let call = s.lines.get(line).and_then(|here| here.call).filter(|_| far_open);
            s.clear_line(line, now);
            if let Ok(here) = s.line_mut(line) {
                here.call = call;
                here.far = if far_open { FarEnd::Open } else { FarEnd::Plain };
            }
            if let Ok(end) = s.line_mut(&far) {
                end.far = if far_open { FarEnd::Gone } else { FarEnd::Plain };
                // A tapped Signal rings on for its least time, and can be answered until then.
                let (over, signalled) = (!far_open && end.ring.is_none(), end.signalled);
                if over {
                    s.clear_line(&far, now);
                    s.line_mut(&far).into_iter().for_each(|end| end.signalled = signalled);
                }
            }
        }
        (LineKind::Intercom, _) => crate::intercom::end(s, line),
        // A wire whose far end the floor does not name.
        (LineKind::Ard | LineKind::Mrd | LineKind::Hoot, _) => s.clear_line(line, now),
    }
}

/// A line has stopped ringing and nobody answered: whoever could have is told (ARD-3), if it was more than a slip (HIS-2).
fn tell_missed(s: &mut State, now: Moment, line: &LineId) {
    let Some(rang) = s.lines.get(line) else { return };
    let Some(ring) = &rang.ring else { return };
    let rang_s = now.mono_us.saturating_sub(ring.since.mono_us) / 1_000_000;
    if rang_s < HISTORY_MIN_RING_S {
        return;
    }
    let sentence = format!("{} rang for {rang_s} s and was not answered.", rang.spec.name);
    for turret in s.audience(rang) {
        s.notice(turret, Some(line), sentence.clone(), None);
    }
}

/// Shows the far end that nobody here hears it (ARD-6, LOS-4), or that somebody does again (ARD-7).
pub fn far_shows(s: &mut State, far: Option<LineId>) {
    let Some(far) = far else { return };
    let Some(here) = s.lines.get(&far).and_then(|end| end.spec.far.as_ref()).and_then(|here| s.lines.get(here)) else {
        return;
    };
    let (held, open) = (here.legs().is_empty() && !here.holders().is_empty(), !here.legs().is_empty());
    let is_mrd = here.spec.kind == LineKind::Mrd;
    let lost = open && here.legs().iter().all(|leg| leg.party.link_lost);
    if let Ok(end) = s.line_mut(&far) {
        end.far = if lost {
            FarEnd::LinkLost
        } else if held {
            FarEnd::Held
        } else if is_mrd && open {
            FarEnd::Open
        } else {
            FarEnd::Plain
        };
    }
}

/// MRD: Signal (MRD-2).
pub fn signal(s: &mut State, now: Moment, turret: TurretId, line: &LineId, on: bool) -> Result<Accepted, Refusal> {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    let (Some(far), LineKind::Mrd) = (found.spec.far.clone(), found.spec.kind) else {
        return Err(Refusal::new(RefusalCode::NoRight, format!("{name} rings by itself when it is seized.")));
    };
    let call = found.call;
    if !on {
        let_go(s, now, turret, line);
        return Ok(Accepted { line: Some(line.clone()), position: None, call });
    }
    if found.leg(turret).is_none() {
        return Err(Refusal::new(RefusalCode::Stale, format!("Press the key of {name} first, then Signal.")));
    }
    let from = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    s.happened_at(line, turret, Happening::SignalDown);
    let far_open = s.line(&far)?.has_members();
    if far_open {
        s.notice_members(&far, &format!("{from} signals."), Some(Sound::Beep));
    } else {
        s.set_ring(&far, from, now);
        let end = s.line_mut(&far)?;
        end.signal_since = Some(now);
        end.signal_by = Some(turret);
        end.signalled = None;
        s.happened(&far, None, Happening::Rings);
        tell_unattended(s, &far);
    }
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// A Signal key of this turret is down no more, by whatever cause: the ring that it makes ends, after its least time.
pub fn let_go(s: &mut State, now: Moment, turret: TurretId, line: &LineId) {
    let Some(far) = s.lines.get(line).and_then(|found| found.spec.far.clone()) else { return };
    let Some(end) = s.lines.get(&far).filter(|end| end.signal_by == Some(turret)) else { return };
    let Some(since) = end.signal_since else { return };
    s.happened_at(line, turret, Happening::SignalUp);
    if let Ok(end) = s.line_mut(&far) {
        end.signal_by = None;
    }
    let at = Moment { mono_us: since.plus_ms(SIGNAL_MIN_MS).mono_us.max(now.mono_us), utc_ms: now.utc_ms };
    s.set_timer(at, Timer::SignalEnds(far, since.mono_us));
}

/// Signal was let go, and the ring has lasted long enough.
pub fn signal_ends(s: &mut State, now: Moment, line: &LineId, since_us: u64) {
    let Ok(found) = s.line_mut(line) else { return };
    if found.signal_since.is_none_or(|since| since.mono_us != since_us) {
        return;
    }
    let name = found.spec.name.clone();
    (found.ring, found.signal_since, found.signal_by) = (None, None, None);
    found.signalled = Some(now);
    let far = found.spec.far.clone();
    if !far.and_then(|far| s.lines.get(&far)).is_some_and(Line::has_members)
        && let Ok(found) = s.line_mut(line)
    {
        found.call = None;
    }
    s.set_timer(now.plus_ms(SIGNALLED_MS), Timer::SignalledEnds(line.clone(), now.mono_us));
    let audience = s.lines.get(line).map(|found| s.audience(found)).unwrap_or_default();
    for turret in audience {
        s.notice(turret, Some(line), format!("{name} has signalled; press its key to talk."), None);
    }
}

/// SIGNALLED has stood for ten minutes.
pub fn signalled_ends(s: &mut State, line: &LineId, since_us: u64) {
    if let Ok(found) = s.line_mut(line) {
        found.signalled = found.signalled.filter(|since| since.mono_us != since_us);
    }
}

/// Opens the microphone of one's own party after a lapse (ALL-6).
pub fn open_mic(s: &mut State, now: Moment, turret: TurretId, line: &LineId) -> Result<Accepted, Refusal> {
    s.recordable(line)?;
    let found = s.line(line)?;
    let (name, call) = (found.spec.name.clone(), found.call);
    let Some(leg) = s.leg_mut(line, turret) else { return Err(stale(&name)) };
    let (position, opens) = (leg.party.position, !leg.mic);
    if opens {
        (leg.mic, leg.mic_since) = (true, now);
        s.happened_at(line, turret, Happening::MicOpened);
    }
    Ok(Accepted { line: Some(line.clone()), position: Some(position), call })
}
