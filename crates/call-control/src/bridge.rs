//! Joining a line that colleagues are on.

use crate::call::join;
use crate::happenings::Happening;
use crate::line::Leg;
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::policy::BridgeTone;
use crate::position;
use crate::state::{Done, State, stale};
use dealerboard_model::{CallId, LineId, LineKind, Position, TurretId};
use std::collections::BTreeSet;

/// Joins a line that others are on (BRG-2 to BRG-4).
pub fn bridge(s: &mut State, turret: TurretId, line: &LineId, call: CallId, at: Position) -> Done {
    s.right_on(turret, line)?;
    let found = s.line(line)?;
    let name = found.spec.name.clone();
    if found.spec.kind.is_open() {
        return Err(Refusal::new(
            RefusalCode::NoRight,
            format!("{name} is not joined as a call is; hold its talk key to talk."),
        ));
    }
    if found.calling {
        return Err(Refusal::new(RefusalCode::StillRinging, format!("{name} is still ringing at the far end.")));
    }
    if found.call != Some(call) || (found.legs().is_empty() && !found.unattended) || found.leg(turret).is_some() {
        return Err(stale(&name));
    }
    if found.spec.kind == LineKind::Intercom {
        return Err(Refusal::new(RefusalCode::NoRight, "An intercom cannot be joined; call one of the two."));
    }
    let policy = s.policy(Some(line), s.user_of(turret));
    if !policy.bridge_allow {
        let sentence = format!("You may not join calls of others, {name} neither; ask your administrator.");
        return Err(Refusal::new(RefusalCode::NoRight, sentence));
    }
    if !found.is_held_by(turret) {
        s.open_to_others(line)?;
        let max = policy.bridge_max;
        if found.legs().len() >= max {
            return Err(Refusal::new(
                RefusalCode::GroupFull,
                format!("{max} are on {name}, as many as may be; join when one of them has left."),
            ));
        }
    }
    s.recordable(line)?;
    let who = s.user_of(turret).map(|user| s.name_of(user)).unwrap_or_default();
    // Whoever joins others does not lock the door behind them.
    let leg = Leg::new(s.party(turret, at)?, true, s.now);
    position::take(s, turret, at)?;
    s.happened_on_all(line, turret, &Happening::Joined);
    tell_joined(s, line, &who, policy.bridge_tone);
    join(s, line, call, leg);
    Ok(Accepted { line: Some(line.clone()), position: Some(at), call: Some(call) })
}

/// Who is on the line sees the name, and hears one beep where that is the policy (BRG-4).
fn tell_joined(s: &mut State, line: &LineId, who: &str, tone: BridgeTone) {
    let Some(found) = s.lines.get(line) else { return };
    let far = found.far().and_then(|far| s.lines.get(far)).filter(|_| tone == BridgeTone::All);
    let there: BTreeSet<TurretId> = far.map(|end| end.member_turrets()).unwrap_or_default();
    let far_line = far.map(|end| end.spec.line.clone());
    let sentence = format!("{who} has joined {}.", found.spec.name);
    s.notice_members(line, &sentence, (tone != BridgeTone::None).then_some(Sound::Beep));
    for turret in there {
        s.notice(turret, far_line.as_ref(), format!("{who} has joined the far end."), Some(Sound::Beep));
    }
}
