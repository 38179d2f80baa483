//! Routing to a desk: at whom a wire rings, and where it rings on.
//!
//! ```text
//! Rings ─`route` is together─► at all who are there
//!    └─in order | longest idle─► at one ─`route.step`─► at the next, round and round
//!  any of them ─`route.overflow` | nobody is there─► at the overflow too, or there alone ─nobody is there either─► everywhere
//!  any of them ─answer | the caller goes─► over
//! ```
//!
//! Law: while somebody could answer there is always somebody at whom it rings: a ring is never silently lost. Whoever has an
//! appearance sees it and may answer, whosever turn it is.

use crate::happenings::Happening;
use crate::line::Line;
use crate::policy::{Overflow, Route};
use crate::ringing;
use crate::state::State;
use crate::timer::Timer;
use dealerboard_model::{LineId, LineKind, UserId};
use std::collections::BTreeSet;

/// Where a ring is on its way.
#[derive(Clone, Debug)]
pub struct Routing {
    /// Of which ring: monotonic microseconds.
    ring_us: u64,
    /// At one after the other.
    in_turns: bool,
    /// At whom of the desk it rings now.
    asked: BTreeSet<UserId>,
    /// At whom it has rung in this round.
    tried: BTreeSet<UserId>,
    /// When the last one was asked, monotonic microseconds.
    step_us: u64,
    /// At whom it rings besides.
    overflow: BTreeSet<UserId>,
    overflowed: bool,
    /// Nobody is left: it rings at every appearance.
    everywhere: bool,
}

fn of(line: &Line) -> Option<&Routing> {
    let ring = line.ring.as_ref().filter(|ring| !ring.recall)?;
    line.routing.as_ref().filter(|routing| routing.ring_us == ring.since.mono_us)
}

/// Whether it rings at somebody else now.
pub fn is_passed_over(line: &Line, user: &UserId) -> bool {
    let rings =
        |routing: &Routing| routing.everywhere || routing.asked.contains(user) || routing.overflow.contains(user);
    of(line).is_some_and(|routing| !rings(routing))
}

/// Whether it rings at one after the other, or nobody is left: then no appearance waits for its time.
pub fn is_in_turns(line: &Line) -> bool {
    of(line).is_some_and(|routing| routing.in_turns || routing.everywhere)
}

/// Whether somebody is rung because nobody of the desk has answered.
pub fn is_overflow(line: &Line, user: &UserId) -> bool {
    of(line).is_some_and(|routing| routing.overflow.contains(user))
}

/// A line has begun to ring (RTE-1).
pub fn begin(s: &mut State, line: &LineId) {
    let policy = s.policy(Some(line), None);
    let now = s.now;
    let Ok(found) = s.line_mut(line) else { return };
    let flows_over = !found.spec.overflow.is_empty();
    if policy.route == Route::Together && !flows_over {
        found.routing = None;
        return;
    }
    found.routing = Some(Routing {
        ring_us: now.mono_us,
        in_turns: policy.route != Route::Together,
        asked: BTreeSet::new(),
        tried: BTreeSet::new(),
        step_us: now.mono_us,
        overflow: BTreeSet::new(),
        overflowed: false,
        everywhere: false,
    });
    if flows_over {
        s.set_timer(now.plus_ms(policy.route_overflow_ms), Timer::RouteOverflow(line.clone(), now.mono_us));
    }
    ask(s, line);
}

fn is_there(s: &State, user: &UserId, kind: LineKind) -> bool {
    s.is_reached(user) && !ringing::is_undisturbed(s, user, kind)
}

/// Who of the desk may be asked, in their order (RTE-1, RTE-3).
fn free(s: &State, line: &Line, route: Route) -> Vec<UserId> {
    let may = |user: &&UserId| is_there(s, user, line.spec.kind) && ringing::has_sound(s, line, user);
    let may_be_alone = |user: &&UserId| route == Route::Together || !s.is_in_call(user);
    let mut users: Vec<UserId> = line.spec.order.iter().filter(may).filter(may_be_alone).cloned().collect();
    if route == Route::LongestIdle {
        users.sort_by_key(|user| s.routed_until_us.get(user).copied());
    }
    users
}

/// Who a call to a line rings, but for those of `without`, the first to be asked first; and whether one after the other is
/// (RTE-1 to RTE-5). When nobody is free whom it would ring, everybody who is there.
pub fn would_ask(s: &State, line: &Line, without: &BTreeSet<UserId>) -> (Vec<UserId>, bool) {
    let route = s.policy(Some(&line.spec.line), None).route;
    let not_left_out = |user: &UserId| !without.contains(user);
    let asked: Vec<UserId> = free(s, line, route).into_iter().filter(not_left_out).collect();
    if !asked.is_empty() {
        return (asked, route != Route::Together);
    }
    let there = |user: &&UserId| is_there(s, user, line.spec.kind) && not_left_out(user);
    let overflow: Vec<UserId> = line.spec.overflow.iter().filter(there).cloned().collect();
    let all = || line.spec.order.iter().filter(there).cloned().collect();
    (if overflow.is_empty() { all() } else { overflow }, false)
}

/// Asks the next one, or all (RTE-1, RTE-2).
fn ask(s: &mut State, line: &LineId) {
    let policy = s.policy(Some(line), None);
    let Some(found) = s.lines.get(line).filter(|found| of(found).is_some()) else { return };
    let free = free(s, found, policy.route);
    let now = s.now;
    let Some(routing) = s.line_mut(line).ok().and_then(|found| found.routing.as_mut()) else { return };
    if free.is_empty() {
        routing.asked.clear();
        return if routing.overflow.is_empty() {
            flow_over(s, line)
        };
    }
    if policy.route == Route::Together {
        routing.asked = free.into_iter().collect();
        return;
    }
    if free.iter().all(|user| routing.tried.contains(user)) {
        routing.tried.clear();
    }
    let next = free.into_iter().find(|user| !routing.tried.contains(user));
    routing.tried.extend(next.clone());
    (routing.asked, routing.step_us) = (next.into_iter().collect(), now.mono_us);
    s.set_timer(now.plus_ms(policy.route_step_ms), Timer::RouteStep(line.clone(), now.mono_us));
}

/// Who was asked has not answered in `route.step`.
pub fn step(s: &mut State, line: &LineId, step_us: u64) {
    let waits = |routing: &Routing| routing.step_us == step_us && !routing.everywhere && !routing.asked.is_empty();
    if s.lines.get(line).and_then(of).is_some_and(waits) {
        ask(s, line);
    }
}

/// Nobody has answered for `route.overflow`.
pub fn overflow_due(s: &mut State, line: &LineId, ring_us: u64) {
    let waits = |routing: &Routing| routing.ring_us == ring_us && !routing.overflowed;
    if s.lines.get(line).and_then(of).is_some_and(waits) {
        flow_over(s, line);
    }
}

/// It rings on at the overflow, at whoever of it is there now (RTE-4, RTE-6); when nobody is, at every appearance (RTE-5).
fn flow_over(s: &mut State, line: &LineId) {
    let how = s.policy(Some(line), None).overflow;
    let Some(found) = s.lines.get(line) else { return };
    let (kind, targets) = (found.spec.kind, found.spec.overflow.clone());
    let there: BTreeSet<UserId> = targets.into_iter().filter(|user| is_there(s, user, kind)).collect();
    let Some(routing) = s.line_mut(line).ok().and_then(|found| found.routing.as_mut()) else { return };
    routing.overflowed = true;
    if there.is_empty() {
        if routing.asked.is_empty() && !routing.everywhere {
            routing.everywhere = true;
            tell_caller(s, line);
        }
        return;
    }
    let new: Vec<UserId> = there.difference(&routing.overflow).cloned().collect();
    routing.overflow = there;
    if how == Overflow::Move {
        routing.asked.clear();
    }
    for user in &new {
        s.add_guest(line, user);
        s.happened(line, Some(user.clone()), Happening::RingsOn);
    }
}

/// Nobody of the desk is free: who rings is told, and goes on ringing (RTE-5).
fn tell_caller(s: &mut State, line: &LineId) {
    let Some(found) = s.lines.get(line).filter(|found| s.is_attended(found)) else { return };
    let Some(here) = found.far().and_then(|far| s.lines.get(far)) else { return };
    let (here, name) = (here.spec.line.clone(), here.spec.name.clone());
    s.notice_members(
        &here,
        &format!("Nobody is free at {name}: it rings on at all of them until somebody answers."),
        None,
    );
}

/// Lines that ring on their way at `user`, or may.
fn on_their_way(s: &State, user: &UserId) -> Vec<LineId> {
    ringing::lines_at(s, user).filter(|line| of(line).is_some()).map(|line| line.spec.line.clone()).collect()
}

/// Somebody can be asked again: they have logged on, or are back (RTE-6).
pub fn came(s: &mut State, user: &UserId) {
    for line in on_their_way(s, user) {
        comes(s, &line);
    }
    for line in flown_over_without(s, user) {
        flow_over(s, &line);
    }
}

/// Lines that have rung on at their overflow, which names `user`, but not at them: they were not there (RTE-4).
fn flown_over_without(s: &State, user: &UserId) -> Vec<LineId> {
    let without = |routing: &Routing| routing.overflowed && !routing.overflow.contains(user);
    let ringing = s.ringing.iter().filter_map(|line| s.lines.get(line));
    let theirs = ringing.filter(|line| line.spec.overflow.contains(user) && of(line).is_some_and(without));
    theirs.map(|line| line.spec.line.clone()).collect()
}

/// Somebody cannot be asked any more (RTE-6).
pub fn left(s: &mut State, user: &UserId) {
    for line in on_their_way(s, user) {
        leaves(s, &line, user);
    }
}

/// Somebody does not want to be disturbed, or may be again (RTE-6).
pub fn disturbed(s: &mut State, user: &UserId) {
    for line in on_their_way(s, user) {
        let Some(kind) = s.lines.get(&line).map(|found| found.spec.kind) else { continue };
        if ringing::is_undisturbed(s, user, kind) {
            leaves(s, &line, user);
        } else {
            comes(s, &line);
        }
    }
    for line in flown_over_without(s, user) {
        flow_over(s, &line);
    }
}

fn comes(s: &mut State, line: &LineId) {
    let together = s.policy(Some(line), None).route == Route::Together;
    let nobody = |routing: &Routing| routing.asked.is_empty() && routing.overflow.is_empty();
    if together || s.lines.get(line).and_then(of).is_some_and(nobody) {
        ask_unless_moved(s, line);
    }
}

fn ask_unless_moved(s: &mut State, line: &LineId) {
    let moved = s.policy(Some(line), None).overflow == Overflow::Move;
    let over = |routing: &Routing| routing.everywhere || (moved && !routing.overflow.is_empty());
    if s.lines.get(line).and_then(of).is_some_and(|routing| !over(routing)) {
        ask(s, line);
    }
}

/// Of the last one it rings on elsewhere (RTE-4).
fn leaves(s: &mut State, line: &LineId, user: &UserId) {
    let Some(routing) = s.line_mut(line).ok().and_then(|found| found.routing.as_mut()) else { return };
    let was_asked = routing.asked.remove(user) | routing.overflow.remove(user);
    let nobody = routing.asked.is_empty() && routing.overflow.is_empty() && !routing.everywhere;
    if was_asked && nobody {
        ask(s, line);
    }
}

/// The ring is over; whoever was asked besides and has not answered is no guest of the line any more (`forget_leavers`).
pub fn over(s: &mut State, line: &LineId) {
    let Ok(found) = s.line_mut(line) else { return };
    if found.routing.take().is_some() {
        found.is_routed = !found.legs().is_empty();
    }
}
