//! What becomes of a position's earlier call when another one takes its place.

use crate::messages::{Refusal, RefusalCode};
use crate::policy::PositionBusy;
use crate::state::State;
use crate::{call, handset, hold, intercom, takeover};
use dealerboard_model::{LineKind, Position, TurretId};

/// Refuses where a position that carries a call takes no other one (`position.busy`).
pub fn may_take(s: &State, turret: TurretId, at: Position) -> Result<(), Refusal> {
    let Some(line) = s.line_at(turret, at) else { return Ok(()) };
    if s.policy(Some(&line), s.user_of(turret)).position_busy != PositionBusy::Refuse {
        return Ok(());
    }
    let found = s.line(&line)?;
    if found.spec.kind.is_open() {
        // What is only listened to gives way to a call.
        return Ok(());
    }
    let intercom = found.spec.kind == LineKind::Intercom && found.conference.is_none();
    let name = if intercom { "The intercom" } else { found.spec.name.as_str() };
    let sentence = format!("{name} is on this position; release it, or use another position.");
    Err(Refusal::new(RefusalCode::PositionBusy, sentence))
}

/// Makes a position free: what it carries is held (POS-2), or released if it only rings yet; an intercom goes on at a free
/// handset, or is released (POS-3). What was asked for there from the other turret stays where it is (LOG-2).
pub fn take(s: &mut State, turret: TurretId, at: Position) -> Result<(), Refusal> {
    clear(s, turret, at)?;
    takeover::give_way(s, turret, at, &[]);
    Ok(())
}

fn clear(s: &mut State, turret: TurretId, at: Position) -> Result<(), Refusal> {
    if at == Position::Speakers {
        let sentence = "The speakers carry channels, not calls; choose a handset or hands-free.";
        return Err(Refusal::new(RefusalCode::PositionBusy, sentence));
    }
    may_take(s, turret, at)?;
    let Some(line) = s.line_at(turret, at) else { return Ok(()) };
    let found = s.line(&line)?;
    let calling = found.calling;
    let intercom = found.spec.kind == LineKind::Intercom && found.conference.is_none();
    let name = if intercom { "The intercom".to_owned() } else { found.spec.name.clone() };
    let policy = s.policy(Some(&line), s.user_of(turret));
    let released = policy.position_busy == PositionBusy::Release;
    if found.spec.kind.is_open() {
        let place = handset::where_it_is(s, turret, &line);
        handset::leave(s, turret, &line)?;
        s.notice(turret, Some(&line), format!("{name} is {place}: another call took its place."), None);
        return Ok(());
    }
    if intercom && !released && intercom::makes_room(s, turret, &line) {
        return Ok(());
    }
    if calling || intercom || released {
        call::release(s, turret, &line)?;
        s.notice(turret, None, format!("{name} is released: another call took its place."), None);
        return Ok(());
    }
    hold::hold(s, turret, &line, false).map_err(|refusal| Refusal {
        code: if refusal.code == RefusalCode::NotHoldable { RefusalCode::PositionBusy } else { refusal.code },
        sentence: refusal.sentence,
    })?;
    s.notice(turret, Some(&line), format!("{name} is on hold: another call took its place."), None);
    Ok(())
}
