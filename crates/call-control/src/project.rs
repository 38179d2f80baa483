//! What follows from the state: what each turret sees of lines and people. Derived anew after each input for what it
//! touched, and sent only where it differs from what was sent last (rule I19).

use crate::announce::Announced;
use crate::broadcast;
use crate::dial;
use crate::divert;
use crate::line::Line;
use crate::messages::Output;
use crate::mute;
use crate::record::Recordings;
use crate::ringing;
use crate::state::State;
use crate::voice::{self, Voice, hearing, is_lost, mics_of};
use crate::voicemail;
use dealerboard_model::{
    AnnouncedCall, BroadcastStatus, ConferenceLine, ConferenceStatus, FarEnd, IntercomCall, LineId, LineKind,
    LinePhase, LineStatus, PersonStatus, Proof, RecordPolicy, Talker, TurretId, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// What was sent last.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    lines: BTreeMap<LineId, LineStatus>,
    people: BTreeMap<UserId, PersonStatus>,
    broadcasts: BTreeMap<TurretId, BroadcastStatus>,
    pub voice: Voice,
}

fn phase(line: &Line) -> LinePhase {
    if line.failed {
        LinePhase::OutOfService
    } else if line.transfer.is_some() {
        LinePhase::Held
    } else if line.ring.as_ref().is_some_and(|ring| !ring.recall) && line.legs().is_empty() {
        LinePhase::Ringing
    } else if dial::is_dialling(line) {
        LinePhase::Dialling
    } else if line.calling {
        LinePhase::Calling
    } else if line.spec.kind.is_open() {
        // Who only listens at a handset is as quiet as who does so on the speakers (HOT-5).
        if line.is_spoken_on() { LinePhase::Talking } else { LinePhase::Idle }
    } else if !line.legs().is_empty() || !line.talks().is_empty() || line.unattended {
        LinePhase::Talking
    } else if !line.holders().is_empty() {
        LinePhase::Held
    } else {
        LinePhase::Idle
    }
}

/// What is seen of the far end of a wire (ARD-6, ARD-7, MRD-1, MRD-5, LOS-4).
fn far_end(s: &State, line: &Line) -> FarEnd {
    let Some(far) = line.far().and_then(|far| s.lines.get(far)) else { return FarEnd::Plain };
    match (far.legs(), far.spec.kind) {
        ([], _) if far.transfer.is_some() => FarEnd::SentOn,
        ([], _) if !far.holders().is_empty() => FarEnd::Held,
        ([], _) if line.far_gone => FarEnd::Gone,
        ([], _) => FarEnd::Plain,
        (legs, _) if legs.iter().all(|leg| leg.party.link_lost) => FarEnd::LinkLost,
        (_, LineKind::Mrd) => FarEnd::Open,
        (
            _,
            LineKind::Ard
            | LineKind::Hoot
            | LineKind::ShoutDown
            | LineKind::Intercom
            | LineKind::Extension
            | LineKind::Dial,
        ) => FarEnd::Plain,
    }
}

fn proof(s: &State, line: &Line, open: bool) -> Proof {
    match (&s.recorder_failing, s.record_policy(&line.spec.line), open) {
        (Some(why), RecordPolicy::Required | RecordPolicy::On, _) => Proof::NotRecorded { why: why.clone() },
        (None, _, false) | (Some(_), RecordPolicy::Off, false) => Proof::Silent,
        (None, RecordPolicy::Required | RecordPolicy::On, true) => Proof::Recorded,
        (_, RecordPolicy::Off, true) => Proof::OffByPolicy,
    }
}

/// The truth about a line.
pub fn status(s: &State, line: &Line) -> LineStatus {
    let far = line.far().and_then(|far| s.lines.get(far));
    let here = mics_of(s, line);
    let there = far.map(|far| !mics_of(s, far).is_empty() && line.call.is_some()).unwrap_or(false);
    let talker = here.first().map_or(TurretId(u32::MAX), |mic| mic.turret);
    let heard_by = hearing(s, line, talker).into_iter().filter(|it| !is_lost(s, it.hearer)).count();
    // A ring is shown where it can be answered: an intercom's only to the one who is called.
    let ring = line.ring.clone().map(|ring| ringing::shown(s, line, ring));
    let phase = phase(line);
    // An idle MRD end knows the call of its open far end; its key does not show it.
    let up = phase != LinePhase::Idle || !line.legs().is_empty();
    LineStatus {
        line: line.spec.line.clone(),
        phase,
        call: line.call.filter(|_| up || line.ring.is_some()),
        since: line.since,
        parties: line.legs().iter().map(|leg| leg.party.clone()).collect(),
        holders: line.holders().to_vec(),
        talkers: here
            .iter()
            .filter(|mic| !mic.muted)
            .map(|mic| Talker { user: mic.user.clone(), turret: mic.turret, since: mic.since })
            .collect(),
        ring,
        signalled: line.signalled,
        far: far_end(s, line),
        proof: proof(s, line, !here.is_empty() || there),
        sent_to: line.transfer.as_ref().map(|transfer| transfer.to.clone()),
        announced: line.announced.as_ref().map(|announced| {
            let Announced { by, to, with } = announced.clone();
            Box::new(AnnouncedCall { by, to, with })
        }),
        conference: conference(s, line),
        mute: mute::in_force(s, line),
        hearers: u32::try_from(heard_by).unwrap_or(u32::MAX),
        intercom: line.intercom.as_ref().map(|about| {
            Box::new(IntercomCall {
                caller: about.caller.user.clone(),
                callee: line.spec.members.keys().find(|it| about.group.is_none() && **it != about.caller.user).cloned(),
                group: about.group.clone(),
                rings: about.rings,
                latched: line.latched().collect(),
            })
        }),
        dialled: line.dialled.clone().map(Box::new),
        diverts: divert::shown(s, line),
        rings_at: divert::rings_at(line),
        voicemail: voicemail::status(s, line).map(Box::new),
    }
}

/// The conference that a line is in.
fn conference(s: &State, line: &Line) -> Option<ConferenceStatus> {
    let id = line.conference?;
    let joined = s.conferences.get(&id)?.iter().map(|one| ConferenceLine {
        line: one.line.clone(),
        name: s.lines.get(&one.line).map(|found| found.spec.name.clone()).unwrap_or_default(),
        by: one.by.clone(),
    });
    Some(ConferenceStatus { id, lines: joined.collect(), unattended: line.unattended })
}

/// What others see of a user.
pub fn person(s: &State, user: &UserId) -> PersonStatus {
    PersonStatus {
        user: user.clone(),
        logged_on: s.seats.contains_key(user),
        dnd: s.dnd.contains(user),
        busy: s.is_in_call(user),
    }
}

/// Sends what has changed since the last time; gives the lines and the people of whom something may have.
pub fn derive(s: &mut State, sent: &mut Sent, recordings: &mut Recordings) -> (BTreeSet<LineId>, BTreeSet<UserId>) {
    // Who hears a line is decided at its far end too, and at all that is joined with either.
    let touched: BTreeSet<LineId> = std::mem::take(&mut s.touched).iter().flat_map(|line| s.group(line)).collect();
    for line in &touched {
        let Some(found) = s.lines.get(line) else {
            sent.lines.remove(line);
            continue;
        };
        let now = status(s, found);
        if sent.lines.get(line) != Some(&now) {
            let to = s.audience(found);
            s.outputs.push(Output::Line { status: now.clone(), to });
            sent.lines.insert(line.clone(), now);
        }
    }
    let people = std::mem::take(&mut s.touched_people);
    derive_people(s, sent, &people);
    derive_broadcasts(s, sent);
    voice::derive(s, &mut sent.voice, recordings, &touched);
    (touched, people)
}

fn derive_broadcasts(s: &mut State, sent: &mut Sent) {
    for turret in std::mem::take(&mut s.touched_broadcasts) {
        let status = broadcast::status(s, turret);
        let before = match &status {
            Some(now) => sent.broadcasts.insert(turret, now.clone()),
            None => sent.broadcasts.remove(&turret),
        };
        if before != status {
            s.outputs.push(Output::Broadcast { turret, status });
        }
    }
}

fn derive_people(s: &mut State, sent: &mut Sent, people: &BTreeSet<UserId>) {
    for user in people.iter().filter(|user| s.floor.users.contains_key(*user)) {
        let now = person(s, user);
        if sent.people.get(user) != Some(&now) {
            sent.people.insert(user.clone(), now.clone());
            s.outputs.push(Output::Person(now));
        }
    }
}
