//! MRD: two ends without supervision. Seizing opens the path silently; Signal rings.
//!
//! ```text
//! Idle ──seize──► Open ──hold──► Held ──resume──► Open ──release──► Idle      each end runs this alone; Signal is an event across
//! ```

use crate::happenings::Happening;
use crate::line::Line;
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::policy::MrdSignal;
use crate::state::{Done, State};
use crate::timer::{SIGNALLED_MS, Timer};
use dealerboard_model::{CallId, LineId, LineKind, Moment, TurretId};

/// An end was opened: its open far end hears it, an idle one is marked, and signalled where that is the policy (MRD-1, MRD-3,
/// MRD-4).
pub fn opened(s: &mut State, line: &LineId, call: CallId) {
    let Some(far) = s.lines.get(line).and_then(|found| found.spec.far.clone()) else { return };
    let far_open = s.lines.get(&far).is_some_and(Line::has_members);
    if let Ok(end) = s.line_mut(&far) {
        (end.call, end.far_gone) = (Some(call), false);
        // Signal has done its work; what waits on hold or was sent on rings until somebody takes it.
        let waits = end.transfer.is_some() || end.ring.as_ref().is_some_and(|ring| ring.recall);
        end.ring = end.ring.take().filter(|_| waits || !far_open);
    }
    if let Ok(here) = s.line_mut(line) {
        here.far_gone = false;
        (here.ring, here.signalled, here.signal_since, here.signal_by) = (None, None, None, None);
    }
    let opener = s.lines.get(line).and_then(|found| found.legs().last()).map(|leg| leg.party.turret);
    if let (Some(turret), false, MrdSignal::Auto) = (opener, far_open, s.policy(Some(line), None).mrd_signal) {
        let _ = signal(s, turret, line, true);
        let_go(s, turret, line);
    }
}

/// The last member of an end is gone; the other one does not end by it (MRD-5).
pub fn end(s: &mut State, line: &LineId, far: &LineId) {
    let far_open = s.lines.get(far).is_some_and(Line::has_members);
    let call = s.lines.get(line).and_then(|here| here.call).filter(|_| far_open);
    s.clear_line(line);
    if let Ok(here) = s.line_mut(line) {
        here.call = call;
    }
    let Ok(end) = s.line_mut(far) else { return };
    end.far_gone = far_open;
    // A tapped Signal rings on for its least time, and can be answered until then.
    let (over, signalled) = (!far_open && end.ring.is_none(), end.signalled);
    if over {
        s.clear_line(far);
        s.line_mut(far).into_iter().for_each(|end| end.signalled = signalled);
    }
}

/// Signal (MRD-2).
pub fn signal(s: &mut State, turret: TurretId, line: &LineId, on: bool) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    let (Some(far), LineKind::Mrd) = (found.spec.far.clone(), found.spec.kind) else {
        return Err(Refusal::new(RefusalCode::NoRight, format!("{name} rings by itself when it is seized.")));
    };
    let call = found.call;
    if !on {
        let_go(s, turret, line);
        return Ok(Accepted { line: Some(line.clone()), position: None, call });
    }
    if found.leg(turret).is_none() {
        return Err(Refusal::new(RefusalCode::Stale, format!("Press the key of {name} first, then Signal.")));
    }
    let from = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    s.happened_at(line, turret, Happening::SignalDown);
    if s.line(&far)?.has_members() {
        s.notice_members(&far, &format!("{from} signals."), Some(Sound::Beep));
    } else {
        crate::ringing::begins(s, &far, turret);
        let now = s.now;
        let end = s.line_mut(&far)?;
        (end.signal_since, end.signal_by, end.signalled) = (Some(now), Some(turret), None);
        s.happened(&far, None, Happening::Rings);
        crate::ard::tell_unattended(s, &far);
    }
    Ok(Accepted { line: Some(line.clone()), position: None, call })
}

/// A Signal key of this turret is down no more, by whatever cause: the ring that it makes ends, after its least time.
pub fn let_go(s: &mut State, turret: TurretId, line: &LineId) {
    let Some(far) = s.lines.get(line).and_then(|found| found.spec.far.clone()) else { return };
    let Some(end) = s.lines.get(&far).filter(|end| end.signal_by == Some(turret)) else { return };
    let Some(since) = end.signal_since else { return };
    s.happened_at(line, turret, Happening::SignalUp);
    if let Ok(end) = s.line_mut(&far) {
        end.signal_by = None;
    }
    let least = since.plus_ms(s.policy(Some(line), None).signal_min_ms);
    let at = Moment { mono_us: least.mono_us.max(s.now.mono_us), utc_ms: s.now.utc_ms };
    s.set_timer(at, Timer::SignalEnds(far, since.mono_us));
}

/// Signal was let go, and the ring has lasted long enough.
pub fn signal_ends(s: &mut State, line: &LineId, since_us: u64) {
    let now = s.now;
    let Ok(found) = s.line_mut(line) else { return };
    if found.signal_since.is_none_or(|since| since.mono_us != since_us) {
        return;
    }
    let name = found.spec.name.clone();
    (found.ring, found.signal_since, found.signal_by) = (None, None, None);
    found.signalled = Some(now);
    let far = found.spec.far.clone();
    crate::routing::over(s, line);
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
