//! How a line rings at whom: with a sound, later, seen only, or not at all; and how urgently.
//!
//! ```text
//! Rings ─`appearance.ring` is ring─► heard     ─lamp─► seen only     ─none─► nothing
//!    └─delayed─► seen only ─`ring.delay`─► heard
//! ```
//!
//! Law: what differs from appearance to appearance is read from the policies when the floor changes, never for one ring. What
//! was sent to one person alone, and an intercom, ring at them however their appearances do.

use crate::divert;
use crate::floor::Floor;
use crate::line::Line;
use crate::policy::{AppearanceRing, DndScope, Policies, Urgency};
use crate::routing;
use crate::state::State;
use crate::timer::Timer;
use crate::voicemail;
use dealerboard_model::{LineId, LineKind, Ring, RingPriority, TurretId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// An appearance that does not ring at once with the line's own priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appearance {
    ring: AppearanceRing,
    delay_ms: u64,
    high: bool,
}

/// Appearances that are not as all others, by line.
pub type Appearances = BTreeMap<LineId, BTreeMap<UserId, Appearance>>;

/// What the policies of a floor say of its appearances.
pub fn appearances(floor: &Floor) -> Appearances {
    let Policies { floor: all, lines, desks, users } = &floor.policies;
    let mut levels = std::iter::once(all).chain(lines.values()).chain(desks.values()).chain(users.values());
    if !levels.any(|set| set.iter().any(|(name, _)| name.starts_with("appearance."))) {
        return Appearances::new();
    }
    let mut differ = Appearances::new();
    for line in floor.lines.values().filter(|line| line.kind.has_two_ends()) {
        for user in line.members.keys() {
            let policy = floor.policy(Some(&line.line), Some(user));
            let (ring, high) = (policy.appearance_ring, policy.appearance_priority == Urgency::High);
            if ring != AppearanceRing::Ring || high {
                let of = differ.entry(line.line.clone()).or_default();
                of.insert(user.clone(), Appearance { ring, delay_ms: policy.ring_delay_ms, high });
            }
        }
    }
    differ
}

/// A new call rings, by who works at this turret.
pub fn begins(s: &mut State, line: &LineId, turret: TurretId) {
    let caller = s.user_of(turret).cloned();
    let from = caller.as_ref().map(|user| s.name_of(user)).unwrap_or_default();
    begins_by(s, line, caller.as_ref(), from);
}

/// A new call rings, and shows `from`: as urgently as the line or the caller, whoever is higher (RING-2).
pub fn begins_by(s: &mut State, line: &LineId, caller: Option<&UserId>, from: String) {
    s.set_ring(line, from);
    let urgent = s.policy(None, caller).caller_priority == Urgency::High;
    let now = s.now;
    if let Ok(found) = s.line_mut(line)
        && let Some(ring) = found.ring.as_mut().filter(|_| urgent)
    {
        ring.priority = RingPriority::High;
    }
    let theirs = s.differ.get(line).into_iter().flat_map(BTreeMap::values);
    let late: BTreeSet<u64> = theirs.filter(|it| it.ring == AppearanceRing::Delayed).map(|it| it.delay_ms).collect();
    for delay_ms in late {
        s.set_timer(now.plus_ms(delay_ms), Timer::RingDelay(line.clone(), now.mono_us));
    }
    divert::rings(s, line, caller);
    if s.lines.get(line).is_some_and(|found| found.diverted.is_none()) {
        routing::begin(s, line);
    }
}

/// Notes which of the lines that were touched ring.
pub fn note(s: &mut State) {
    let State { touched, lines, ringing, .. } = s;
    for line in touched.iter() {
        let rings = lines.get(line).is_some_and(|found| found.ring.is_some());
        if rings && !ringing.contains(line) {
            ringing.insert(line.clone());
        } else if !rings {
            ringing.remove(line);
        }
    }
}

/// The lines that ring at a user, or could.
pub fn lines_at<'s>(s: &'s State, user: &'s UserId) -> impl Iterator<Item = &'s Line> {
    let lines = s.ringing.iter().filter_map(|line| s.lines.get(line)).filter(|line| line.ring.is_some());
    lines.filter(|line| line.spec.members.contains_key(user) || line.guests.contains(user))
}

/// It has rung for as long as some appearances wait.
pub fn delay_over(s: &mut State, line: &LineId, since_us: u64) {
    let rings = |line: &Line| line.ring.as_ref().is_some_and(|ring| ring.since.mono_us == since_us);
    if s.lines.get(line).is_some_and(rings) {
        s.touched.insert(line.clone());
    }
}

fn is_plain(line: &Line) -> bool {
    line.transfer.is_none() && line.intercom.is_none() && line.diverted.is_none()
}

fn of<'s>(s: &'s State, line: &Line, user: &UserId) -> Option<&'s Appearance> {
    s.differ.get(&line.spec.line).and_then(|users| users.get(user)).filter(|_| is_plain(line))
}

/// Whether it rings at this user's turrets at all.
pub fn is_at(s: &State, line: &Line, user: &UserId) -> bool {
    of(s, line, user).is_none_or(|it| it.ring != AppearanceRing::None)
}

/// Whether it ever has a sound at this user's turrets.
pub fn has_sound(s: &State, line: &Line, user: &UserId) -> bool {
    of(s, line, user).is_none_or(|it| match it.ring {
        AppearanceRing::Ring | AppearanceRing::Delayed => true,
        AppearanceRing::Lamp | AppearanceRing::None => false,
    })
}

/// Whether somebody's do-not-disturb keeps calls on a line of this kind silent (RING-4).
pub fn is_undisturbed(s: &State, user: &UserId, kind: LineKind) -> bool {
    if !s.dnd.contains(user) {
        return false;
    }
    match (s.policy(None, Some(user)).dnd_scope, kind) {
        (_, LineKind::Intercom) | (DndScope::All, _) | (DndScope::IntercomAndExtension, LineKind::Extension) => true,
        (
            DndScope::Intercom | DndScope::IntercomAndExtension,
            LineKind::Ard | LineKind::Mrd | LineKind::Hoot | LineKind::ShoutDown | LineKind::Extension | LineKind::Dial,
        ) => false,
    }
}

/// Whether this user's turrets show the ring without a sound: it is somebody else's turn, not their time, or they do not want
/// to be disturbed. What waits for somebody, or has come back to them, disturbs them all the same.
pub fn is_quiet(s: &State, line: &Line, user: &UserId) -> bool {
    let through = line.emergency || line.ring.as_ref().is_some_and(|ring| ring.recall);
    is_plain(line) && ((!through && is_undisturbed(s, user, line.spec.kind)) || is_quiet_for_now(s, line, user))
}

/// Whether it is somebody else's turn, or not their time.
pub fn is_quiet_for_now(s: &State, line: &Line, user: &UserId) -> bool {
    let Some(ring) = line.ring.as_ref().filter(|_| is_plain(line)) else { return false };
    if routing::is_passed_over(line, user) {
        return true;
    }
    of(s, line, user).is_some_and(|it| match it.ring {
        AppearanceRing::Ring => false,
        AppearanceRing::Lamp | AppearanceRing::None => true,
        AppearanceRing::Delayed => {
            !ring.recall && !routing::is_in_turns(line) && s.now.mono_us < ring.since.plus_ms(it.delay_ms).mono_us
        }
    })
}

/// A ring with where it rings, as turrets are told it.
pub fn shown(s: &State, line: &Line, ring: Ring) -> Ring {
    if let Some(transfer) = &line.transfer {
        let at = transfer.at.iter().filter_map(|user| s.seats.get(user)).flatten().copied().collect();
        return Ring { at: Some(at), ..ring };
    }
    if voicemail::is_at(s, line) {
        // Its caller leaves a message: who will may pick up, and nobody is rung.
        return Ring { quiet_at: s.audience(line), ..ring };
    }
    if let Some(diverted) = &line.diverted {
        let sounds = |user: &UserId| diverted.sounds_at(user) && !is_undisturbed(s, user, line.spec.kind);
        let quiet = |turret: &TurretId| !s.user_of(*turret).is_some_and(sounds);
        return Ring { quiet_at: s.audience(line).into_iter().filter(quiet).collect(), ..ring };
    }
    let all_alike = !s.differ.contains_key(&line.spec.line) && line.routing.is_none() && s.dnd.is_empty();
    if all_alike || !is_plain(line) {
        return ring;
    }
    let (mut at, mut quiet_at, mut high_at, mut everywhere) = (Vec::new(), Vec::new(), Vec::new(), true);
    for turret in s.audience(line) {
        let Some(user) = s.user_of(turret) else { continue };
        if !is_at(s, line, user) {
            everywhere = false;
            continue;
        }
        at.push(turret);
        if is_quiet(s, line, user) {
            quiet_at.push(turret);
        }
        if of(s, line, user).is_some_and(|it| it.high) {
            high_at.push(turret);
        }
    }
    Ring { at: (!everywhere).then_some(at), quiet_at, high_at, ..ring }
}
