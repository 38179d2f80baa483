//! A line, and who is on it.
//!
//! Law: who is on a line, holds it or talks there changes here alone, so that the two ways to ask (who is on this line, on
//! which lines is this turret) give the same answer.

use crate::announce::Announced;
use crate::divert::Diverted;
use crate::floor::LineSpec;
use crate::intercom::Intercom;
use crate::routing::Routing;
use crate::state::State;
use crate::transfer::Transfer;
use crate::voicemail::Voicemail;
use dealerboard_model::{
    CallId, ConferenceId, Dialled, LineId, Moment, Party, Position, RecordPolicy, Ring, TurretId, Uplink, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// One user at one turret on a line, and whether the microphone is open.
#[derive(Clone, Debug)]
pub struct Leg {
    pub party: Party,
    pub mic: bool,
    pub mic_since: Moment,
    /// Was open when the link was lost: opens again by itself if the turret is back soon.
    pub mic_lapsed: bool,
    /// Enters by override: until then it neither hears nor is heard (SUP-2).
    pub enters: Option<Moment>,
    /// Of an intercom: what keeps its microphone open.
    pub key: Option<Key>,
    /// It has moved, and is spoken by the microphone of where it was until that of its position is heard.
    pub leaving: Option<Leaving>,
    /// Its user's other turret has asked for it.
    pub goes: Option<Goes>,
    /// It is there for its turret's broadcast alone, and goes with it (BRC-5).
    pub broadcast: bool,
}

/// Where a call goes when it is heard from there.
#[derive(Clone, Copy, Debug)]
pub struct Goes {
    pub turret: TurretId,
    pub at: Position,
    pub since: Moment,
}

/// The microphone that a call still has from where it was.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    pub uplink: Uplink,
    pub since: Moment,
}

impl Leg {
    pub fn new(party: Party, mic: bool, now: Moment) -> Self {
        Self {
            party,
            mic,
            mic_since: now,
            mic_lapsed: false,
            enters: None,
            key: None,
            leaving: None,
            goes: None,
            broadcast: false,
        }
    }

    /// The uplink by which it is spoken.
    pub fn uplink(&self) -> Uplink {
        self.leaving.map_or(self.party.position.uplink(), |leaving| leaving.uplink)
    }
}

/// One talk key that is down.
#[derive(Clone, Debug)]
pub struct Talk {
    pub user: UserId,
    pub turret: TurretId,
    /// The microphone that it opened: that of the talk keys, or of the handset where its user listens to a hoot (HOT-6).
    pub uplink: Uplink,
    pub since: Moment,
    pub latched: bool,
    /// The last press on it.
    pub pressed: Moment,
    /// Announced: when it closes unless its user does something, and why.
    pub closes: Option<(Moment, Closes)>,
    /// Its key is that of its turret's broadcast, and its user hears the line while it is down.
    pub broadcast: bool,
}

/// What keeps a microphone open that closes when it is forgotten (SPK-3).
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// It stays open when the key is let go.
    pub latched: bool,
    /// The last press on it.
    pub pressed: Moment,
    /// Announced: when it closes unless its user does something, and why.
    pub closes: Option<(Moment, Closes)>,
}

/// Why an open talk closes soon (SPK-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closes {
    /// A latch without speech.
    Silent,
    /// A latch that has been open for `latch.max`.
    Long,
    /// A key that has been down for `talk.held_max`.
    Held,
}

/// One line: an end of a wire, a hoot, an intercom, an extension's call, or a dial line.
#[derive(Clone, Debug)]
pub struct Line {
    pub spec: LineSpec,
    pub call: Option<CallId>,
    pub since: Moment,
    /// Seized here, and the far end has not answered, or no number has found it yet.
    pub calling: bool,
    /// The other end of a call that was dialled.
    pub peer: Option<LineId>,
    /// What was dialled, or who calls.
    pub dialled: Option<Dialled>,
    /// It rings somewhere else.
    pub diverted: Option<Diverted>,
    /// Its call is one to an emergency number, or from there.
    pub emergency: bool,
    /// It is at somebody's voicemail.
    pub voicemail: Option<Voicemail>,
    /// It is recorded at least as strictly as this, for it has come by a divert.
    pub record_also: RecordPolicy,
    legs: Vec<Leg>,
    holders: Vec<Party>,
    talks: Vec<Talk>,
    pub ring: Option<Ring>,
    pub signalled: Option<Moment>,
    pub signal_since: Option<Moment>,
    /// Whose Signal key at the far end makes this end ring.
    pub signal_by: Option<TurretId>,
    /// MRD: the far end was open and has released (MRD-5).
    pub far_gone: bool,
    /// On its way through a desk, while it rings.
    pub routing: Option<Routing>,
    /// Its call was answered on its way through a desk.
    pub is_routed: bool,
    /// Sent on, and not answered yet.
    pub transfer: Option<Transfer>,
    /// Held by somebody who talks about it with whom it may go to.
    pub announced: Option<Announced>,
    /// The conference that it is in.
    pub conference: Option<ConferenceId>,
    /// Its conference goes on without anybody at this end (CNF-6).
    pub unattended: bool,
    /// Users without an appearance who have its key for the length of the call.
    pub guests: BTreeSet<UserId>,
    pub failed: bool,
    /// Of an intercom.
    pub intercom: Option<Intercom>,
    /// Of a hoot: somebody talks on it, since `since`; else it has been quiet since then.
    pub spoken: bool,
}

impl Line {
    pub fn new(spec: LineSpec, now: Moment) -> Self {
        Self {
            spec,
            call: None,
            since: now,
            calling: false,
            peer: None,
            dialled: None,
            diverted: None,
            emergency: false,
            voicemail: None,
            record_also: RecordPolicy::Off,
            legs: Vec::new(),
            holders: Vec::new(),
            talks: Vec::new(),
            ring: None,
            signalled: None,
            signal_since: None,
            signal_by: None,
            far_gone: false,
            routing: None,
            is_routed: false,
            transfer: None,
            announced: None,
            conference: None,
            unattended: false,
            guests: BTreeSet::new(),
            failed: false,
            intercom: None,
            spoken: false,
        }
    }

    /// Who is on it by handset or hands-free, who came last at the end.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// Who holds it, the oldest hold first; one that was opened to all counts from then on.
    pub fn holders(&self) -> &[Party] {
        &self.holders
    }

    /// Whose talk keys are down, the oldest talk first.
    pub fn talks(&self) -> &[Talk] {
        &self.talks
    }

    /// The other end: of a wire, the one that the floor file names; of a call that was dialled, the one that was found.
    pub fn far(&self) -> Option<&LineId> {
        self.spec.far.as_ref().or(self.peer.as_ref())
    }

    /// Somebody is on it or holds it, or it goes on without anybody here, or waits for whom it was sent on to.
    pub fn has_members(&self) -> bool {
        !self.legs.is_empty() || !self.holders.is_empty() || self.unattended || self.transfer.is_some()
    }

    pub fn leg(&self, turret: TurretId) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.party.turret == turret)
    }

    pub fn hold_of(&self, turret: TurretId) -> Option<&Party> {
        self.holders.iter().find(|holder| holder.turret == turret)
    }

    /// Who keeps others off it (PRV-1).
    pub fn private_by(&self) -> Option<&Party> {
        self.legs.iter().map(|leg| &leg.party).find(|party| party.private)
    }

    pub fn is_held_by(&self, turret: TurretId) -> bool {
        self.hold_of(turret).is_some()
    }

    pub fn talk(&self, turret: TurretId) -> Option<&Talk> {
        self.talks.iter().find(|talk| talk.turret == turret)
    }

    /// A talk key is down, or a microphone open.
    pub fn is_spoken_on(&self) -> bool {
        !self.talks.is_empty() || self.legs.iter().any(|leg| leg.mic)
    }

    /// The key that keeps a microphone of a turret open towards it: a talk's, or an intercom's.
    pub fn key(&self, turret: TurretId) -> Option<(Key, Uplink)> {
        if let Some(Talk { uplink, latched, pressed, closes, .. }) = self.talk(turret) {
            return Some((Key { latched: *latched, pressed: *pressed, closes: *closes }, *uplink));
        }
        let leg = self.leg(turret).filter(|leg| leg.mic)?;
        Some((leg.key?, leg.uplink()))
    }

    /// Turrets of an intercom whose microphones stay open without a key that is held.
    pub fn latched(&self) -> impl Iterator<Item = TurretId> {
        let is_latched = |leg: &&Leg| leg.mic && leg.key.is_some_and(|key| key.latched);
        self.legs.iter().filter(is_latched).map(|leg| leg.party.turret)
    }

    /// Turrets of everybody who is on it or holds it.
    pub fn member_turrets(&self) -> BTreeSet<TurretId> {
        let legs = self.legs.iter().map(|leg| leg.party.turret);
        legs.chain(self.holders.iter().map(|holder| holder.turret)).collect()
    }
}

/// On which lines each turret, and each user, is, holds or talks.
#[derive(Clone, Debug, Default)]
pub struct Places {
    turrets: BTreeMap<TurretId, BTreeSet<LineId>>,
    users: BTreeMap<UserId, BTreeSet<LineId>>,
}

impl Places {
    fn note<K: Ord + Clone>(places: &mut BTreeMap<K, BTreeSet<LineId>>, who: &K, line: &LineId, there: bool) {
        if there {
            places.entry(who.clone()).or_default().insert(line.clone());
        } else if let Some(lines) = places.get_mut(who) {
            lines.remove(line);
            if lines.is_empty() {
                places.remove(who);
            }
        }
    }
}

impl State {
    /// The lines that a turret is on, holds or talks on.
    pub fn lines_of(&self, turret: TurretId) -> impl Iterator<Item = &Line> {
        let lines = self.places.turrets.get(&turret).into_iter().flatten();
        lines.filter_map(|line| self.lines.get(line))
    }

    /// A talk key of a turret is down.
    pub fn talks_anywhere(&self, turret: TurretId) -> bool {
        self.lines_of(turret).any(|line| line.talk(turret).is_some())
    }

    /// The lines that a user is on, holds or talks on, at whichever turret.
    pub fn lines_of_user(&self, user: &UserId) -> impl Iterator<Item = &Line> {
        let lines = self.places.users.get(user).into_iter().flatten();
        lines.filter_map(|line| self.lines.get(line))
    }

    /// A user is in a call, at whichever turret. Nobody is who listens to a hoot.
    pub fn is_in_call(&self, user: &UserId) -> bool {
        let calls = self.lines_of_user(user).filter(|line| !line.spec.kind.is_open());
        calls.flat_map(|line| &line.legs).any(|leg| leg.party.user == *user)
    }

    pub fn put_leg(&mut self, line: &LineId, leg: Leg) {
        let (turret, user) = (leg.party.turret, leg.party.user.clone());
        if let Ok(found) = self.line_mut(line) {
            // Who is on it here takes it from nowhere else any more (LOG-2).
            for other in found.legs.iter_mut().filter(|other| other.goes.is_some_and(|goes| goes.turret == turret)) {
                other.goes = None;
            }
            found.legs.push(leg);
        }
        self.settle(line, turret, &user);
    }

    pub fn take_leg(&mut self, line: &LineId, turret: TurretId) -> Option<Leg> {
        let found = self.line_mut(line).ok()?;
        let place = found.legs.iter().position(|leg| leg.party.turret == turret)?;
        let leg = found.legs.remove(place);
        if found.is_routed {
            let now_us = self.now.mono_us;
            self.routed_until_us.insert(leg.party.user.clone(), now_us);
        }
        self.settle(line, turret, &leg.party.user);
        Some(leg)
    }

    /// A leg to change; whose it is stays.
    pub fn leg_mut(&mut self, line: &LineId, turret: TurretId) -> Option<&mut Leg> {
        self.line_mut(line).ok()?.legs.iter_mut().find(|leg| leg.party.turret == turret)
    }

    pub fn put_holder(&mut self, line: &LineId, holder: Party) {
        let (turret, user) = (holder.turret, holder.user.clone());
        if let Ok(found) = self.line_mut(line) {
            found.holders.push(holder);
        }
        self.settle(line, turret, &user);
    }

    pub fn take_holder(&mut self, line: &LineId, turret: TurretId) -> Option<Party> {
        let found = self.line_mut(line).ok()?;
        let place = found.holders.iter().position(|holder| holder.turret == turret)?;
        let holder = found.holders.remove(place);
        self.settle(line, turret, &holder.user);
        Some(holder)
    }

    pub fn put_talk(&mut self, line: &LineId, talk: Talk) {
        let (turret, user) = (talk.turret, talk.user.clone());
        if let Ok(found) = self.line_mut(line) {
            found.talks.push(talk);
        }
        self.settle(line, turret, &user);
    }

    pub fn take_talk(&mut self, line: &LineId, turret: TurretId) -> Option<Talk> {
        let found = self.line_mut(line).ok()?;
        let place = found.talks.iter().position(|talk| talk.turret == turret)?;
        let talk = found.talks.remove(place);
        if talk.broadcast {
            self.broken.insert((turret, line.clone()));
        }
        self.settle(line, turret, &talk.user);
        Some(talk)
    }

    /// A talk to change; whose it is stays.
    pub fn talk_mut(&mut self, line: &LineId, turret: TurretId) -> Option<&mut Talk> {
        self.line_mut(line).ok()?.talks.iter_mut().find(|talk| talk.turret == turret)
    }

    /// Announces when an open microphone closes and why, or takes it back.
    pub fn set_closes(&mut self, line: &LineId, turret: TurretId, closes: Option<(Moment, Closes)>) {
        if let Some(talk) = self.talk_mut(line, turret) {
            talk.closes = closes;
        } else if let Some(key) = self.leg_mut(line, turret).and_then(|leg| leg.key.as_mut()) {
            key.closes = closes;
        }
    }

    /// Marks the parties and holds of a turret, or no longer, as those of one that cannot be reached.
    pub fn mark_lost(&mut self, line: &LineId, turret: TurretId, lost: bool) {
        let Ok(found) = self.line_mut(line) else { return };
        let parties = found.legs.iter_mut().map(|leg| &mut leg.party).chain(&mut found.holders);
        parties.filter(|party| party.turret == turret).for_each(|party| party.link_lost = lost);
    }

    /// Lets everything of a line go, the ring of a call that is over too.
    pub fn clear_line(&mut self, line: &LineId) {
        // A talk does not end without a word, and opens no handset of whoever talked (POS-4).
        crate::hoot::close_all(self, line);
        crate::conference::drop_line(self, line);
        self.drop_guests(line);
        crate::voicemail::over(self, line);
        let now = self.now;
        let Ok(found) = self.line_mut(line) else { return };
        let fresh = Line { failed: found.failed, ..Line::new(found.spec.clone(), now) };
        let old = std::mem::replace(found, fresh);
        for leg in old.legs.iter().filter(|_| old.is_routed) {
            self.routed_until_us.insert(leg.party.user.clone(), now.mono_us);
        }
        self.unsettle(line, &old);
    }

    /// Takes a line away that is in no floor file.
    pub fn remove_line(&mut self, line: &LineId) -> Option<Line> {
        crate::conference::drop_line(self, line);
        self.drop_guests(line);
        let _ = self.line_mut(line);
        let old = self.lines.remove(line)?;
        self.temporary.remove(line);
        self.unsettle(line, &old);
        Some(old)
    }

    fn unsettle(&mut self, line: &LineId, old: &Line) {
        let broken = old.talks.iter().filter(|talk| talk.broadcast).map(|talk| (talk.turret, line.clone()));
        self.broken.extend(broken);
        let legs = old.legs.iter().map(|leg| &leg.party).chain(&old.holders);
        let parties = legs.map(|party| (party.turret, &party.user));
        for (turret, user) in parties.chain(old.talks.iter().map(|talk| (talk.turret, &talk.user))) {
            self.settle(line, turret, user);
        }
    }

    /// Notes whether `turret` and `user` are still on `line` after something of theirs has changed there.
    fn settle(&mut self, line: &LineId, turret: TurretId, user: &UserId) {
        let Self { lines, places, touched_people, .. } = self;
        let is_there = |on: &dyn Fn(TurretId, &UserId) -> bool| {
            lines.get(line).is_some_and(|found| {
                found.legs.iter().any(|leg| on(leg.party.turret, &leg.party.user))
                    || found.holders.iter().any(|holder| on(holder.turret, &holder.user))
                    || found.talks.iter().any(|talk| on(talk.turret, &talk.user))
            })
        };
        Places::note(&mut places.turrets, &turret, line, is_there(&|at, _| at == turret));
        Places::note(&mut places.users, user, line, is_there(&|_, who| who == user));
        touched_people.insert(user.clone());
    }

    /// What was somebody's for as long as they are on a line is theirs no more: a guest's key, an announcement. Judged when an
    /// input is done, for who holds a line or resumes it is off it for a moment.
    pub fn forget_leavers(&mut self) {
        let touched: Vec<LineId> = self.touched.iter().cloned().collect();
        for line in touched {
            let Some(found) = self.lines.get_mut(&line) else { continue };
            let is_on_it = |user: &UserId| self.places.users.get(user).is_some_and(|lines| lines.contains(&line));
            if found.announced.as_ref().is_some_and(|announced| !is_on_it(&announced.by)) {
                found.announced = None;
            }
            let asked = found.transfer.as_ref().map(|transfer| &transfer.at);
            let diverted = |user: &UserId| found.diverted.as_ref().is_some_and(|it| it.is_rung(user));
            let rung = |user: &UserId| crate::routing::is_overflow(found, user) || diverted(user);
            let stays = |user: &&UserId| is_on_it(user) || rung(user) || asked.is_some_and(|at| at.contains(*user));
            let gone: Vec<UserId> = found.guests.iter().filter(|user| !stays(user)).cloned().collect();
            gone.iter().for_each(|user| self.drop_guest(&line, user));
        }
    }
}
