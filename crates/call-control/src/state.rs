//! The one state: lines, turrets, people. Features change it; `project` reads it.

use crate::audience::Audiences;
use crate::broadcast::Broadcast;
use crate::conference::Joined;
use crate::divert::{DivertOf, Diverts};
use crate::floor::{Floor, LineSpec};
use crate::happenings::{Happened, Happening};
use crate::history::History;
use crate::intercom::Intercom;
use crate::line::{Line, Places};
use crate::messages::{Accepted, Output, Refusal, RefusalCode, Sound};
use crate::policy::Policy;
use crate::restored::Awaited;
use crate::ringing::{self, Appearances};
use crate::timer::{Timer, Timers};
use dealerboard_model::{
    Allowed, CallId, ConferenceId, LineId, LineKind, Moment, Party, Position, RecordPolicy, Right, Ring, RingPriority,
    Role, TurretId, Uplink, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// What comes of an act.
pub type Done = Result<Accepted, Refusal>;

/// One turret's session.
#[derive(Clone, Debug)]
pub struct Turret {
    pub user: UserId,
    /// The name of the seat where it stands.
    pub seat: String,
    pub monitors: BTreeSet<LineId>,
    pub lost: Option<Moment>,
    /// Its user has left it (LOG-4).
    pub locked: bool,
    /// Counts up with each act: the turret used last is rung by intercom.
    pub used: u64,
    /// Uplinks whose microphone is not there.
    pub without_mic: BTreeSet<Uplink>,
    /// Hoots whose talk key was down when its talk was displaced: it has to be let go first (HOT-4).
    pub displaced: BTreeSet<LineId>,
    /// Since when no speech has come into each uplink; unknown at a turret that never reports it.
    pub quiet: [Option<Moment>; 3],
}

/// Everything.
#[derive(Clone, Debug)]
pub struct State {
    pub floor: Floor,
    pub lines: BTreeMap<LineId, Line>,
    /// Lines that are joined, each with whose it is.
    pub conferences: BTreeMap<ConferenceId, Vec<Joined>>,
    pub next_conference: u32,
    /// Whose calls are diverted where.
    pub diverts: BTreeMap<DivertOf, Diverts>,
    /// The lines that each number reaches.
    pub numbers: crate::dial::Numbers,
    /// Lines that are in no floor file: intercoms.
    pub temporary: BTreeSet<LineId>,
    pub places: Places,
    pub turrets: BTreeMap<TurretId, Turret>,
    /// The lines of the floor file that each user has an appearance of.
    pub appearances: BTreeMap<UserId, BTreeSet<LineId>>,
    /// Appearances that do not ring as all others.
    pub differ: Appearances,
    /// The lines that ring.
    pub ringing: BTreeSet<LineId>,
    /// Until when each user has had a call that was routed to them, monotonic microseconds.
    pub routed_until_us: BTreeMap<UserId, u64>,
    /// The lines whose key each user has for the length of a call only.
    pub guest_lines: BTreeMap<UserId, BTreeSet<LineId>>,
    /// Sessions of each user who is logged on.
    pub seats: BTreeMap<UserId, BTreeSet<TurretId>>,
    /// The turrets of those who have an appearance of each line of the floor.
    pub audiences: Audiences,
    /// Turrets that have a line on their speakers.
    pub monitors: BTreeMap<LineId, BTreeSet<TurretId>>,
    pub dnd: BTreeSet<UserId>,
    /// Who is waited for since a restart.
    pub awaited: Awaited,
    /// What supervisors allow on hoots otherwise than the floor file does.
    pub rights: BTreeMap<LineId, BTreeMap<UserId, Allowed>>,
    pub recorder_failing: Option<String>,
    /// When the recorder began to fail, monotonic microseconds.
    pub recorder_since_us: u64,
    pub timers: Timers,
    pub next_call: u32,
    pub acts: u64,
    /// Lines whose truth may have changed since the last drain.
    pub touched: BTreeSet<LineId>,
    /// Whose microphones towards which line were closed without their user since the last drain (ALL-5).
    pub closed: BTreeSet<(LineId, TurretId)>,
    /// What each turret talks to with one key.
    pub broadcasts: BTreeMap<TurretId, Broadcast>,
    /// Lines that are no part of their turret's broadcast any more, and what follows from it does not yet.
    pub broken: BTreeSet<(TurretId, LineId)>,
    /// Turrets whose broadcast may have changed since the last drain.
    pub touched_broadcasts: BTreeSet<TurretId>,
    /// Uplinks that carry on the voice of another one since the last drain: which, and whose until now.
    pub handed: BTreeMap<(TurretId, Uplink), (TurretId, Uplink)>,
    /// Users of whom something may have changed since the last drain.
    pub touched_people: BTreeSet<UserId>,
    /// What goes out beside what `project` derives.
    pub outputs: Vec<Output>,
    /// The time of what is being taken.
    pub now: Moment,
    /// What has happened since the last drain.
    pub happenings: Vec<Happened>,
    /// Messages that were left since the last drain.
    pub messages: Vec<crate::voicemail::Left>,
    /// Calls that are not over.
    pub history: History,
}

impl State {
    pub fn line(&self, line: &LineId) -> Result<&Line, Refusal> {
        self.lines.get(line).ok_or_else(|| no_line(line))
    }

    /// A line to change: it counts as touched, and so does its far end.
    pub fn line_mut(&mut self, line: &LineId) -> Result<&mut Line, Refusal> {
        let found = self.lines.get_mut(line).ok_or_else(|| no_line(line))?;
        self.touched.insert(line.clone());
        self.touched.extend(found.far().cloned());
        Ok(found)
    }

    pub fn user_of(&self, turret: TurretId) -> Option<&UserId> {
        self.turrets.get(&turret).map(|seat| &seat.user)
    }

    /// A user is at a turret that can be reached.
    pub fn is_reached(&self, user: &UserId) -> bool {
        self.seats.get(user).into_iter().flatten().any(|turret| self.turrets[turret].lost.is_none())
    }

    pub fn is_locked(&self, turret: TurretId) -> bool {
        self.turrets.get(&turret).is_some_and(|seat| seat.locked)
    }

    /// A user's name as shown.
    pub fn name_of(&self, user: &UserId) -> String {
        self.floor.users.get(user).map_or_else(|| user.to_string(), |spec| spec.name.clone())
    }

    pub fn new_call(&mut self) -> CallId {
        let call = CallId(self.next_call);
        self.next_call += 1;
        call
    }

    /// The user of a turret as a party at one of its positions, from now on.
    pub fn party(&self, turret: TurretId, position: Position) -> Result<Party, Refusal> {
        let user = self.user_of(turret).cloned();
        let user = user.ok_or_else(|| Refusal::new(RefusalCode::NoRight, "Nobody is logged on here; log on first."))?;
        Ok(Party::new(user, turret, position, self.now))
    }

    /// The policies that are in force on a line for a user, each where there is one.
    pub fn policy(&self, line: Option<&LineId>, user: Option<&UserId>) -> Policy {
        self.floor.policy(line, user)
    }

    /// The name of a turret's user, who must be an administrator.
    pub fn administrator(&self, turret: TurretId) -> Result<String, Refusal> {
        let me = self.user_of(turret).and_then(|user| self.floor.users.get(user));
        let me = me.filter(|me| me.roles.contains(&Role::Administrator));
        me.map(|me| me.name.clone())
            .ok_or_else(|| Refusal::new(RefusalCode::NoRight, "Only an administrator may do this; call one of them."))
    }

    /// What the user may do on a line, or why nothing: it is out of service, or not theirs.
    pub fn right_on(&self, turret: TurretId, line: &LineId) -> Result<Right, Refusal> {
        let found = self.line(line)?;
        let spec = &found.spec;
        self.in_service(line)?;
        let user = self.user_of(turret);
        let guest = user.filter(|user| found.guests.contains(user)).map(|_| Right::Speak);
        user.and_then(|user| spec.members.get(user)).copied().or(guest).ok_or_else(|| {
            Refusal::new(RefusalCode::NoRight, format!("{} is not on your panel; ask your administrator.", spec.name))
        })
    }

    /// Whether a line is recorded: as strictly as the strictest line that it is joined with (CNF-8), or by which it
    /// was diverted (DIV-7).
    pub fn record_policy(&self, line: &LineId) -> RecordPolicy {
        let all = self.joined_with(line);
        let lines = || all.iter().filter_map(|one| self.lines.get(one));
        match lines().map(|found| found.spec.record.min(found.record_also)).min() {
            // No emergency call waits for a recorder (ALL-9).
            Some(RecordPolicy::Required) if lines().any(|found| found.emergency) => RecordPolicy::On,
            Some(policy) => policy,
            None => RecordPolicy::Off,
        }
    }

    /// Refuses while the line must be recorded and cannot be (rule REC-2).
    pub fn recordable(&self, line: &LineId) -> Result<(), Refusal> {
        let spec = &self.line(line)?.spec;
        match &self.recorder_failing {
            Some(why) if self.record_policy(line) == RecordPolicy::Required => Err(Refusal::new(
                RefusalCode::NotRecorded,
                format!("{} must be recorded and the recorder cannot write: {why}.", spec.name),
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses to open what something else has closed in the same drain: closing beats opening (ALL-5).
    pub fn not_just_closed(&self, line: &LineId, turret: TurretId) -> Result<(), Refusal> {
        if !self.closed.contains(&(line.clone(), turret)) {
            return Ok(());
        }
        let name = &self.line(line)?.spec.name;
        let sentence = format!("The microphone on {name} was closed as you pressed; press again to talk.");
        Err(Refusal::new(RefusalCode::Stale, sentence))
    }

    pub fn notice(&mut self, turret: TurretId, line: Option<&LineId>, sentence: String, sound: Option<Sound>) {
        if let (Some(line), Some(sound)) = (line, sound) {
            self.happened_at(line, turret, Happening::Tone(sound));
        }
        self.outputs.push(Output::Notice { turret, line: line.cloned(), sentence, sound });
    }

    /// Tells every party and holder of a line.
    pub fn notice_members(&mut self, line: &LineId, sentence: &str, sound: Option<Sound>) {
        let Some(found) = self.lines.get(line) else { return };
        for turret in found.member_turrets() {
            self.notice(turret, Some(line), sentence.to_owned(), sound);
        }
    }

    /// The line that a position of a turret carries.
    pub fn line_at(&self, turret: TurretId, position: Position) -> Option<LineId> {
        let carries = |line: &Line| line.leg(turret).is_some_and(|leg| leg.party.position == position);
        self.lines_of(turret).find(|line| carries(line)).map(|line| line.spec.line.clone())
    }

    /// Begins a session: its speakers hear `monitors`.
    pub fn seat(&mut self, turret: TurretId, user: &UserId, monitors: BTreeSet<LineId>) {
        let seat = Turret {
            user: user.clone(),
            seat: self.floor.seats.get(user).cloned().unwrap_or_default(),
            monitors: BTreeSet::new(),
            lost: None,
            locked: false,
            used: 0,
            without_mic: BTreeSet::new(),
            displaced: BTreeSet::new(),
            quiet: [None; 3],
        };
        self.turrets.insert(turret, seat);
        self.seats.entry(user.clone()).or_default().insert(turret);
        self.audiences.add(turret, self.appearances.get(user).into_iter().flatten());
        self.touched_people.insert(user.clone());
        self.touch_rings(user);
        self.monitor(turret, monitors);
    }

    /// Ends a session.
    pub fn unseat(&mut self, turret: TurretId) -> Option<Turret> {
        self.monitor(turret, BTreeSet::new());
        let seat = self.turrets.remove(&turret)?;
        self.audiences.remove(turret, self.appearances.get(&seat.user).into_iter().flatten());
        if let Some(seats) = self.seats.get_mut(&seat.user) {
            seats.remove(&turret);
            if seats.is_empty() {
                self.seats.remove(&seat.user);
            }
        }
        self.touched_people.insert(seat.user.clone());
        self.touch_rings(&seat.user);
        Some(seat)
    }

    /// Where a line rings, and how, names the turrets of its users: one more or less changes it.
    fn touch_rings(&mut self, user: &UserId) {
        let theirs = [&self.appearances, &self.guest_lines].into_iter().filter_map(|lines| lines.get(user)).flatten();
        let rings = |line: &&LineId| self.lines.get(*line).is_some_and(|found| found.ring.is_some());
        let rung: Vec<LineId> = theirs.filter(rings).cloned().collect();
        self.touched.extend(rung);
    }

    /// The lines that a turret hears on its speakers from now on.
    pub fn monitor(&mut self, turret: TurretId, lines: BTreeSet<LineId>) {
        let Some(seat) = self.turrets.get_mut(&turret) else { return };
        let before = std::mem::replace(&mut seat.monitors, lines.clone());
        for line in before.difference(&lines) {
            if let Some(turrets) = self.monitors.get_mut(line) {
                turrets.remove(&turret);
            }
        }
        for line in lines.difference(&before) {
            self.monitors.entry(line.clone()).or_default().insert(turret);
        }
        self.touch_heard(before.symmetric_difference(&lines).cloned());
    }

    /// Somebody who could answer a line is logged on, at a turret that is not lost.
    pub fn is_attended(&self, line: &Line) -> bool {
        let can_answer = |turret: &TurretId| {
            let seat = &self.turrets[turret];
            seat.lost.is_none() && ringing::is_at(self, line, &seat.user)
        };
        self.audience(line).iter().any(can_answer)
    }

    pub fn set_ring(&mut self, line: &LineId, from: String) {
        let since = self.now;
        if let Ok(found) = self.line_mut(line) {
            found.ring = Some(Ring::new(found.spec.priority, since, from));
        }
    }

    pub fn set_timer(&mut self, at: Moment, timer: Timer) {
        self.timers.set(at, timer);
    }

    /// A line for one intercom, seen by those who are in it.
    pub fn add_intercom(&mut self, call: CallId, name: String, users: BTreeSet<UserId>, about: Intercom) -> LineId {
        let line = LineId(format!("intercom-{call}"));
        let spec = LineSpec {
            line: line.clone(),
            name,
            kind: LineKind::Intercom,
            far: None,
            priority: RingPriority::Low,
            record: RecordPolicy::On,
            members: users.into_iter().map(|user| (user, Right::Speak)).collect(),
            order: Vec::new(),
            overflow: BTreeSet::new(),
            number: None,
        };
        let mut made = Line::new(spec, self.now);
        (made.call, made.intercom) = (Some(call), Some(about));
        let to = self.audience(&made);
        self.outputs.push(Output::LineAdded {
            line: line.clone(),
            name: made.spec.name.clone(),
            kind: LineKind::Intercom,
            to,
        });
        self.lines.insert(line.clone(), made);
        self.temporary.insert(line.clone());
        self.touched.insert(line.clone());
        line
    }
}

fn no_line(line: &LineId) -> Refusal {
    Refusal::new(RefusalCode::UnknownNumber, format!("There is no line {line}; choose one on your panel."))
}

/// What the user saw is no longer so.
pub fn stale(name: &str) -> Refusal {
    Refusal::new(RefusalCode::Stale, format!("{name} changed while you pressed; look at its key and press again."))
}
