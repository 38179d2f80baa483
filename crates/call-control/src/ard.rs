//! ARD: seizing one end rings the other until it is answered or released.
//!
//! ```text
//!       A seizes             B answers              last party of an end releases, nobody there holds
//! Idle/Idle ──► Calling/Ringing ──► Talking/Talking ───────────────────────────────► Idle/Idle
//!      ▲  A releases │                 A holds │ ▲ A's end resumes
//!      └─────────────┘                         ▼ │          B holds
//!                                        Held/Talking  ◄──────────────►  Held/Held
//! ```

use crate::happenings::Happening;
use crate::hoot;
use crate::ringing;
use crate::state::State;
use crate::timer::Timer;
use crate::voicemail;
use dealerboard_model::{CallId, LineId, TurretId};

/// `line` was seized: its far end rings (ARD-1).
pub fn ring(s: &mut State, turret: TurretId, line: &LineId, call: CallId) {
    let Ok(here) = s.line_mut(line) else { return };
    here.calling = true;
    let Some(far) = here.spec.far.clone() else { return };
    let now = s.now;
    if let Ok(end) = s.line_mut(&far) {
        (end.call, end.since) = (Some(call), now);
    }
    ringing::begins(s, &far, turret);
    s.happened(&far, None, Happening::Rings);
    tell_unattended(s, &far);
    if let Some(timeout_ms) = s.policy(Some(line), None).ring_timeout_ard_ms {
        s.set_timer(now.plus_ms(timeout_ms), Timer::RingTimeout(line.clone(), call));
    }
}

/// The far end has answered (ARD-2).
pub fn answered(s: &mut State, caller: &LineId) {
    let now = s.now;
    voicemail::picked_up(s, caller);
    if let Ok(end) = s.line_mut(caller) {
        (end.calling, end.since) = (false, now);
    }
}

/// Nobody has answered for `ring.timeout.ard`: the caller is told, and the line is free again.
pub fn ring_timeout(s: &mut State, line: &LineId, call: CallId) {
    let Some(here) = s.lines.get(line).filter(|found| found.calling && found.call == Some(call)) else { return };
    let sentence = format!("Nobody answered {}; press its key to ring again.", here.spec.name);
    let far = here.spec.far.clone();
    let callers: Vec<TurretId> = here.member_turrets().into_iter().collect();
    s.notice_members(line, &sentence, None);
    s.happened(line, None, Happening::NotAnswered);
    for caller in callers {
        s.take_leg(line, caller);
    }
    if let Some(far) = far {
        end(s, line, &far);
    }
}

/// The last member of an end is gone: both ends are idle (ARD-3, ARD-9, ARD-11).
pub fn end(s: &mut State, line: &LineId, far: &LineId) {
    let far_name = s.lines.get(far).map(|end| end.spec.name.clone()).unwrap_or_default();
    let dialled = s.lines.get(far).and_then(|end| end.dialled.as_ref());
    let sentence = match dialled.and_then(|it| it.name.as_ref()) {
        Some(who) => format!("{who} released {far_name}."),
        None => format!("The far end of {far_name} released."),
    };
    s.notice_members(far, &sentence, None);
    // Who sent it on is on it no more, and waits to hear what became of it.
    if let Some(sender) = s.lines.get(far).and_then(|end| end.transfer.as_ref()).map(|transfer| transfer.by.turret) {
        s.notice(sender, Some(far), sentence, None);
    }
    tell_missed(s, far);
    for end in [line, far] {
        hoot::close_all(s, end);
        s.clear_line(end);
    }
}

/// Tells who rings `line` that nobody who could answer is logged on; it rings on (RTE-5).
pub fn tell_unattended(s: &mut State, line: &LineId) {
    let rings = |found: &&crate::line::Line| found.ring.is_some() && !found.has_members();
    let Some(rung) = s.lines.get(line).filter(rings).filter(|found| !s.is_attended(found)) else { return };
    let Some(here) = rung.far().and_then(|far| s.lines.get(far)) else { return };
    let goes_on = match here.spec.kind {
        dealerboard_model::LineKind::Mrd => {
            format!("your signal stays on their key for {} min", crate::timer::SIGNALLED_MS / 60_000)
        }
        dealerboard_model::LineKind::Ard
        | dealerboard_model::LineKind::Hoot
        | dealerboard_model::LineKind::ShoutDown
        | dealerboard_model::LineKind::Intercom
        | dealerboard_model::LineKind::Extension
        | dealerboard_model::LineKind::Dial => "it rings on until somebody answers or you release".into(),
    };
    let nobody = if s.audience(rung).is_empty() { "Nobody is logged on" } else { "Nobody is reached" };
    let (here, sentence) = (here.spec.line.clone(), format!("{nobody} at {}: {goes_on}.", here.spec.name));
    s.notice_members(&here, &sentence, None);
}

/// A line has stopped ringing and nobody answered: whoever could have is told (ARD-3), if it was more than a slip (HIS-2).
fn tell_missed(s: &mut State, line: &LineId) {
    let Some(rang) = s.lines.get(line).filter(|found| !found.has_members()) else { return };
    let Some(ring) = rang.ring.as_ref().filter(|_| !voicemail::is_message_for(s, rang)) else { return };
    let rang_ms = s.now.mono_us.saturating_sub(ring.since.mono_us) / 1_000;
    let by = rang.dialled.as_ref().map(|_| format!(" ({})", ring.from)).unwrap_or_default();
    let sentence = format!("{} rang for {} s and was not answered{by}.", rang.spec.name, rang_ms / 1_000);
    for turret in s.audience(rang) {
        let least_ms = s.policy(Some(line), s.user_of(turret)).history_min_ring_ms;
        if rang_ms >= least_ms {
            s.notice(turret, Some(line), sentence.clone(), None);
        }
    }
}
