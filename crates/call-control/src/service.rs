//! A line that has failed is out of service until it is put back (ARD-12), at both ends of a wire. A call that was dialled is
//! over at both ends, and the other end's line stays in service.
//!
//! ```text
//! In service (any state) ─an administrator takes it out─► Out of service ─they put it back─► Idle, never a call
//! ```
//!
//! Law: what ends a call for everybody on it, whatever they do there, is [`break_off`] alone: each of them is told why, and so
//! is whoever listens to its recording.

use crate::happenings::Happening;
use crate::line::Line;
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::state::{Done, State};
use crate::{call, hoot, mrd};
use dealerboard_model::{LineId, LineKind, TurretId};
use std::collections::BTreeSet;

/// Takes a line out of service, or puts it back: an administrator's act (ARD-12).
pub fn set(s: &mut State, turret: TurretId, line: &LineId, out: bool) -> Done {
    let who = s.administrator(turret)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    let wire: Vec<LineId> = std::iter::once(line.clone()).chain(found.spec.far.clone()).collect();
    if found.spec.kind == LineKind::Intercom {
        let sentence = format!("{name} is a call, not a line; release it.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    if found.failed == out {
        let now = match out {
            true => "is out of service already; put it back when it works",
            false => "is in service already; use it",
        };
        return Err(Refusal::new(RefusalCode::Stale, format!("{name} {now}.")));
    }
    if out {
        break_off(s, line, &format!("{who} took it out of service"));
    }
    for end in &wire {
        s.line_mut(end).into_iter().for_each(|found| found.failed = out);
    }
    Ok(Accepted { line: Some(line.clone()), position: None, call: None })
}

/// Both ends of a wire or of a call that was dialled, or the line alone.
fn ends(found: &Line) -> Vec<LineId> {
    std::iter::once(found.spec.line.clone()).chain(found.far().cloned()).collect()
}

/// Ends whatever is on a line, at both ends: nothing rings or talks there any more, and everybody is told why.
pub fn break_off(s: &mut State, line: &LineId, why: &str) {
    let Some(found) = s.lines.get(line) else { return };
    let (ends, name, peer) = (ends(found), found.spec.name.clone(), found.peer.clone());
    for end in &ends {
        let Some(found) = s.lines.get(end) else { continue };
        // The other line of a call that was dialled is meant by nobody.
        let why =
            if peer.as_ref() == Some(end) { format!("the far end, {name}, broke off: {why}") } else { why.to_owned() };
        let sentence = format!("{}: {why}. What was on it is over.", found.spec.name);
        let talkers = found.talks().iter().map(|talk| talk.turret);
        let sender = found.transfer.as_ref().map(|transfer| transfer.by.turret);
        let told: BTreeSet<TurretId> = found.member_turrets().into_iter().chain(talkers).chain(sender).collect();
        for turret in told {
            s.notice(turret, Some(end), sentence.clone(), Some(Sound::Warning));
        }
        s.happened(end, None, Happening::BrokenOff { why });
    }
    for end in &ends {
        let members = s.lines.get(end).map(Line::member_turrets).unwrap_or_default();
        for member in members {
            mrd::let_go(s, member, end);
            s.take_leg(end, member);
            s.take_holder(end, member);
            s.closed.insert((end.clone(), member));
        }
        hoot::close_all(s, end);
    }
    for end in &ends {
        call::end(s, end);
        // A Signal that still rings, and what it leaves, goes too.
        s.clear_line(end);
    }
}

impl State {
    /// Refuses while a line is out of service.
    pub fn in_service(&self, line: &LineId) -> Result<(), Refusal> {
        let found = self.line(line)?;
        if !found.failed {
            return Ok(());
        }
        let sentence = format!("{} is out of service; an administrator puts it back.", found.spec.name);
        Err(Refusal::new(RefusalCode::OutOfService, sentence))
    }
}
