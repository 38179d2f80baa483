//! Who is where: log-on, log-off, do-not-disturb.

use crate::Floor;
use crate::divert;
use crate::happenings::Happening;
use crate::hoot;
use crate::loss::{Leaves, leave_to_others, lines_with, tell_callers};
use crate::messages::Accepted;
use crate::policy::LogonSecond;
use crate::restored;
use crate::rights;
use crate::ringing;
use crate::routing;
use crate::state::{Done, State};
use crate::transfer;
use dealerboard_model::{LineId, TurretId, Uplink, UserId};

/// Turrets that one user may be logged on at (LOG-1).
const SEATS_MAX: usize = 2;

/// What a log-on at one more turret means for the turrets that its user has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondLogOn {
    /// It is taken; these turrets are logged off before.
    Ends(Vec<TurretId>),
    /// It is refused: its user is logged on at these already.
    Refused(Vec<TurretId>),
}

/// Judges a log-on at one more turret (LOG-1). One that is lost keeps nobody out, and ends when there would be too many. A turret
/// that comes back without its user, who has typed no password there, logs no other one off.
pub fn second_log_on(s: &State, user: &UserId, typed: bool) -> SecondLogOn {
    let seats = s.seats.get(user).into_iter().flatten().copied();
    let (lost, reached): (Vec<_>, Vec<_>) = seats.partition(|turret| s.turrets[turret].lost.is_some());
    let max = match s.policy(None, Some(user)).logon_second {
        LogonSecond::Allow => SEATS_MAX,
        LogonSecond::Move if typed => return SecondLogOn::Ends([lost, reached].concat()),
        LogonSecond::Move | LogonSecond::Refuse => 1,
    };
    if reached.len() >= max {
        return SecondLogOn::Refused(reached);
    }
    let too_many = (reached.len() + lost.len() + 1).saturating_sub(max);
    SecondLogOn::Ends(lost.into_iter().take(too_many).collect())
}

/// A user has taken a turret: it hears the lines of their speakers.
pub fn log_on(s: &mut State, turret: TurretId, user: &UserId) {
    let monitors = rights::speakers(s, user);
    s.seat(turret, user, monitors);
    // What rings at this user alone rings at this turret too.
    touch_rings(s, user);
    routing::came(s, user);
}

/// What rings at a user may be shown, or sound, otherwise from now on.
fn touch_rings(s: &mut State, user: &UserId) {
    let rings: Vec<LineId> = ringing::lines_at(s, user).map(|line| line.spec.line.clone()).collect();
    s.touched.extend(rings);
}

/// Where a turret stands: whose neighbour it is changes who hears whom on its speakers.
pub fn sits(s: &mut State, turret: TurretId, name: String) {
    let Some(seat) = s.turrets.get_mut(&turret).filter(|seat| seat.seat != name) else { return };
    seat.seat = name;
    let heard = seat.monitors.iter().cloned().collect::<Vec<_>>();
    let on: Vec<LineId> = s.lines_of(turret).map(|line| line.spec.line.clone()).collect();
    s.touch_heard(heard.into_iter().chain(on));
}

/// The microphone of an uplink has gone, or one is there; `lines` are those that it is recorded on.
pub fn microphone(s: &mut State, turret: TurretId, uplink: Uplink, there: bool, lines: &[LineId]) {
    let Some(seat) = s.turrets.get_mut(&turret) else { return };
    let is_news = if there { seat.without_mic.remove(&uplink) } else { seat.without_mic.insert(uplink) };
    if is_news {
        let what = if there { Happening::MicBack(uplink) } else { Happening::MicLost(uplink) };
        lines.iter().for_each(|line| s.happened_at(line, turret, what.clone()));
    }
}

/// Takes in users who were added or changed while the exchange runs: whoever is logged on hears the speakers that they have
/// now. Who talks or is on a line stays there.
pub fn users(s: &mut State, floor: Floor) {
    s.differ = ringing::appearances(&floor);
    for (line, spec) in floor.lines {
        if let Some(known) = s.floor.lines.get_mut(&line) {
            known.members = spec.members;
        }
        let members = rights::members(s, &line);
        if let Some(found) = s.lines.get_mut(&line) {
            if found.spec.members != members {
                s.touched.insert(line);
            }
            (found.spec.members, found.spec.order, found.spec.overflow) = (members, spec.order, spec.overflow);
        }
    }
    (s.floor.users, s.floor.groups) = (floor.users, floor.groups);
    (s.floor.seats, s.floor.neighbours, s.floor.remote) = (floor.seats, floor.neighbours, floor.remote);
    s.appearances = rights::appearances(s);
    s.count_audiences();
    s.touched_people.extend(s.floor.users.keys().cloned());
    let seats: Vec<_> = s.turrets.iter().map(|(turret, seat)| (*turret, seat.user.clone())).collect();
    for (turret, user) in seats {
        let monitors = rights::speakers(s, &user);
        s.monitor(turret, monitors);
    }
}

/// The session is over: nothing stays open. Calls that somebody else can take wait for them on hold, the rest is released
/// (LOG-3).
pub fn log_off(s: &mut State, turret: TurretId) {
    leave(s, turret, Leaves::LogsOff);
}

/// A turret's user goes, by whatever cause.
pub fn leave(s: &mut State, turret: TurretId, how: Leaves) {
    if !s.turrets.contains_key(&turret) {
        return;
    }
    restored::forget(s, turret);
    if let Some(user) = s.user_of(turret).cloned() {
        touch_rings(s, &user);
    }
    hoot::stop_all(s, turret);
    crate::takeover::forget(s, turret);
    for line in lines_with(s, turret) {
        leave_to_others(s, turret, &line, how);
    }
    if let Some(seat) = s.unseat(turret)
        && !s.seats.contains_key(&seat.user)
    {
        s.dnd.remove(&seat.user);
        tell_callers(s, &seat.user);
        routing::left(s, &seat.user);
        divert::left(s, &seat.user);
        let asked = s.guest_lines.get(&seat.user).into_iter().chain(s.appearances.get(&seat.user)).flatten();
        let asked: Vec<LineId> =
            asked.filter(|line| s.lines.get(*line).is_some_and(|it| it.transfer.is_some())).cloned().collect();
        asked.iter().for_each(|line| transfer::gone(s, line, &seat.user));
    }
}

/// Sets or ends do-not-disturb.
pub fn dnd(s: &mut State, turret: TurretId, on: bool) -> Done {
    let user = s.party(turret, dealerboard_model::Position::Speakers)?.user;
    if on {
        s.dnd.insert(user.clone());
    } else {
        s.dnd.remove(&user);
    }
    touch_rings(s, &user);
    routing::disturbed(s, &user);
    divert::disturbed(s, &user);
    s.touched_people.insert(user);
    Ok(Accepted::default())
}
