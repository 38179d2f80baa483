//! What is to survive a restart of the switch (SWI-2): call control says what must be kept, and what no longer. What becomes of it
//! afterwards is in `restored.rs`.
//!
//! Law: what is kept is derived from the one state after each input, for what that touched, as what turrets see is, so that no
//! feature can change it and forget to say so. No talk, latch, intercom, ring or transfer is kept.

use crate::divert::{DivertOf, Diverts};
use crate::line::Line;
use crate::messages::Output;
use crate::record::Recordings;
use crate::state::State;
use crate::voicemail;
use dealerboard_model::{
    Allowed, CallId, ConferenceId, Dialled, DivertTo, DivertWhen, LineId, Moment, Party, Position, RecordPolicy,
    RecordingId, TurretId, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A user does not want to be disturbed.
    Dnd(UserId),
    /// Who is on one end of a call, or holds it.
    Line(KeptLine),
    /// What a supervisor allows a user on a hoot.
    Right(LineId, UserId, Allowed),
    /// A line is out of service.
    OutOfService(LineId),
    /// Calls are diverted.
    Divert(DivertOf, DivertWhen, DivertTo),
    /// Somebody is leaving a message.
    Message(KeptMessage),
}

/// A message that is being left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptMessage {
    /// The line on which it is said.
    pub line: LineId,
    /// The line that was called.
    pub at: LineId,
    /// The call.
    pub call: CallId,
    /// The recording that it is a part of.
    pub recording: RecordingId,
    /// Whose message it is.
    pub owner: UserId,
    /// Who says it.
    pub caller: UserId,
    /// Since when they call.
    pub called: Moment,
    /// Since when they say it.
    pub since: Moment,
}

/// One end of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptLine {
    /// Which.
    pub line: LineId,
    /// The call on it.
    pub call: CallId,
    /// What the call is recorded on.
    pub recording: Option<RecordingId>,
    /// ARD: the far end has not answered.
    pub calling: bool,
    /// MRD: the far end was open and has released.
    pub far_gone: bool,
    /// The other end of a call that was dialled.
    pub dialled: Option<KeptDialled>,
    /// It is recorded at least as strictly as this.
    pub record_also: RecordPolicy,
    /// Who is on it.
    pub parties: Vec<KeptParty>,
    /// Who holds it.
    pub holders: Vec<KeptParty>,
    /// The conference that it is in.
    pub conference: Option<KeptConference>,
}

/// The other end of a call that was dialled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptDialled {
    /// The line there.
    pub peer: LineId,
    /// What was dialled, or who calls.
    pub dialled: Dialled,
    /// To an emergency number, or from there.
    pub emergency: bool,
}

/// Somebody who is on a line or holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptParty {
    /// Who.
    pub user: UserId,
    /// At which turret.
    pub turret: TurretId,
    /// Where at that turret.
    pub position: Position,
    /// Keeps everybody else off the line.
    pub private: bool,
    /// Holds it for themselves alone.
    pub exclusive: bool,
    /// Entered by override.
    pub overriding: bool,
}

/// A line's place in a conference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptConference {
    /// Which.
    pub id: ConferenceId,
    /// Its place among the lines that are kept of it.
    pub place: u32,
    /// Who added it.
    pub by: UserId,
    /// It goes on without anybody here.
    pub unattended: bool,
}

/// What was told to be kept.
#[derive(Clone, Debug, Default)]
pub struct Told {
    dnd: BTreeSet<UserId>,
    lines: BTreeMap<LineId, KeptLine>,
    rights: BTreeMap<LineId, BTreeMap<UserId, Allowed>>,
    failed: BTreeSet<LineId>,
    diverts: BTreeMap<DivertOf, Diverts>,
    messages: BTreeMap<LineId, KeptMessage>,
    /// What a restart may have left that is not so any more.
    unsure: bool,
}

impl Told {
    /// As the switch has it on its disk.
    pub fn new(kept: &BTreeSet<Kept>) -> Self {
        let mut told = Self { unsure: true, ..Self::default() };
        for what in kept {
            match what {
                Kept::Dnd(user) => drop(told.dnd.insert(user.clone())),
                Kept::Line(line) => drop(told.lines.insert(line.line.clone(), line.clone())),
                Kept::Right(line, user, allowed) => {
                    told.rights.entry(line.clone()).or_default().insert(user.clone(), *allowed);
                }
                Kept::OutOfService(line) => drop(told.failed.insert(line.clone())),
                Kept::Divert(of, when, to) => {
                    told.diverts.entry(of.clone()).or_default().insert(*when, to.clone());
                }
                Kept::Message(it) => drop(told.messages.insert(it.line.clone(), it.clone())),
            }
        }
        told
    }

    /// The recordings of calls that are kept; one that nobody has answered is over.
    pub fn recordings(&self) -> BTreeSet<RecordingId> {
        self.lines.values().filter(|line| !line.calling).filter_map(|line| line.recording).collect()
    }
}

impl From<&Party> for KeptParty {
    fn from(party: &Party) -> Self {
        let Party { user, turret, position, private, exclusive, overriding, since: _, link_lost: _ } = party;
        let (private, exclusive, overriding) = (*private, *exclusive, *overriding);
        Self { user: user.clone(), turret: *turret, position: *position, private, exclusive, overriding }
    }
}

/// What is kept of a line: who is on it or holds it. What was sent on waits for its sender. A call that was dialled is kept once
/// it was answered, for nobody would know before whom it was to reach.
fn of(s: &State, recordings: &Recordings, line: &LineId) -> Option<KeptLine> {
    let found = s.lines.get(line).filter(|found| is_kept(found))?;
    let call = found.call?;
    let parties: Vec<KeptParty> = {
        // No broadcast outlives a restart, and what it has opened goes with it.
        let stays = found.legs().iter().filter(|leg| !leg.broadcast);
        stays.map(|leg| KeptParty::from(&leg.party)).collect()
    };
    let sender = found.transfer.as_ref().map(|transfer| KeptParty {
        private: false,
        exclusive: false,
        overriding: false,
        ..KeptParty::from(&transfer.by)
    });
    let holders: Vec<KeptParty> = found.holders().iter().map(KeptParty::from).chain(sender).collect();
    // Of a line of a conference nobody may be left but who holds another one of it.
    let conference = conference_of(s, found);
    if parties.is_empty() && holders.is_empty() && conference.is_none() {
        return None;
    }
    Some(KeptLine {
        line: line.clone(),
        call,
        recording: recordings.of_call(call),
        calling: found.calling,
        far_gone: found.far_gone,
        dialled: found.peer.clone().zip(found.dialled.clone()).map(|(peer, dialled)| KeptDialled {
            peer,
            dialled,
            emergency: found.emergency,
        }),
        record_also: found.record_also,
        parties,
        holders,
        conference,
    })
}

fn is_kept(line: &Line) -> bool {
    let kind = line.spec.kind;
    kind.is_wire() || kind.is_open() || (kind.is_dialled() && !line.calling && line.peer.is_some())
}

/// An intercom that a conference has brought in ends with the restart: a conference of two lines is a plain call then.
fn conference_of(s: &State, found: &Line) -> Option<KeptConference> {
    let id = found.conference?;
    let stays = |line: &LineId| s.lines.get(line).is_some_and(is_kept);
    let lines: Vec<_> = s.conferences.get(&id)?.iter().filter(|one| stays(&one.line)).collect();
    let place = lines.iter().position(|one| one.line == found.spec.line).filter(|_| lines.len() > 1)?;
    let by = lines.get(place)?.by.clone();
    Some(KeptConference { id, place: u32::try_from(place).unwrap_or(u32::MAX), by, unattended: found.unattended })
}

/// Says what of `lines` and `people` is to be kept from now on, and before it what no longer is.
pub fn derive(
    s: &mut State,
    recordings: &Recordings,
    told: &mut Told,
    lines: &BTreeSet<LineId>,
    people: &BTreeSet<UserId>,
) {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let known = |told: &Told| {
        let lines = told.lines.keys().chain(told.rights.keys()).chain(told.messages.keys());
        lines.chain(&told.failed).cloned().collect()
    };
    let was_unsure = std::mem::take(&mut told.unsure);
    let all = was_unsure.then(|| (known(told), told.dnd.clone()));
    let (mut more_lines, mut more_people): (BTreeSet<LineId>, BTreeSet<UserId>) = all.unwrap_or_default();
    for of in told.diverts.keys().filter(|_| was_unsure) {
        match of {
            DivertOf::User(user) => drop(more_people.insert(user.clone())),
            DivertOf::Line(line) => drop(more_lines.insert(line.clone())),
        }
    }
    for user in people.iter().chain(&more_people) {
        derive_diverts(s, told, &DivertOf::User(user.clone()), &mut gone, &mut come);
        match (told.dnd.contains(user), s.dnd.contains(user)) {
            (false, true) => come.push(Kept::Dnd(user.clone())),
            (true, false) => gone.push(Kept::Dnd(user.clone())),
            (true, true) | (false, false) => continue,
        }
        if !told.dnd.remove(user) {
            told.dnd.insert(user.clone());
        }
    }
    for line in lines.iter().chain(&more_lines) {
        derive_rights(s, told, line, &mut gone, &mut come);
        derive_diverts(s, told, &DivertOf::Line(line.clone()), &mut gone, &mut come);
        let failed = s.lines.get(line).is_some_and(|found| found.failed);
        if failed && told.failed.insert(line.clone()) {
            come.push(Kept::OutOfService(line.clone()));
        } else if !failed && told.failed.remove(line) {
            gone.push(Kept::OutOfService(line.clone()));
        }
        let said = s.lines.get(line).and_then(|found| voicemail::kept(recordings, found));
        if said.as_ref() != told.messages.get(line) {
            gone.extend(told.messages.remove(line).map(Kept::Message));
            come.extend(said.clone().map(Kept::Message));
            told.messages.extend(said.map(|said| (line.clone(), said)));
        }
        let now = of(s, recordings, line);
        if now.as_ref() == told.lines.get(line) {
            continue;
        }
        gone.extend(told.lines.remove(line).map(Kept::Line));
        if let Some(now) = now {
            told.lines.insert(line.clone(), now.clone());
            come.push(Kept::Line(now));
        }
    }
    let gone = gone.into_iter().map(|what| Output::Kept { what, on: false });
    let come = come.into_iter().map(|what| Output::Kept { what, on: true });
    s.outputs.extend(gone.chain(come));
}

/// What supervisors allow on one hoot.
fn derive_rights(s: &State, told: &mut Told, line: &LineId, gone: &mut Vec<Kept>, come: &mut Vec<Kept>) {
    if s.rights.get(line) == told.rights.get(line) {
        return;
    }
    let now = s.rights.get(line).cloned().unwrap_or_default();
    let before = told.rights.remove(line).unwrap_or_default();
    let right = |(user, allowed): (&UserId, &Allowed)| Kept::Right(line.clone(), user.clone(), *allowed);
    gone.extend(before.iter().filter(|(user, allowed)| now.get(*user) != Some(*allowed)).map(right));
    come.extend(now.iter().filter(|(user, allowed)| before.get(*user) != Some(*allowed)).map(right));
    if !now.is_empty() {
        told.rights.insert(line.clone(), now);
    }
}

/// Where the calls of a user or of a line go.
fn derive_diverts(s: &State, told: &mut Told, of: &DivertOf, gone: &mut Vec<Kept>, come: &mut Vec<Kept>) {
    if s.diverts.get(of) == told.diverts.get(of) {
        return;
    }
    let now = s.diverts.get(of).cloned().unwrap_or_default();
    let before = told.diverts.remove(of).unwrap_or_default();
    let divert = |(when, to): (&DivertWhen, &DivertTo)| Kept::Divert(of.clone(), *when, to.clone());
    gone.extend(before.iter().filter(|(when, to)| now.get(*when) != Some(*to)).map(divert));
    come.extend(now.iter().filter(|(when, to)| before.get(*when) != Some(*to)).map(divert));
    if !now.is_empty() {
        told.diverts.insert(of.clone(), now);
    }
}
