//! What follows from the state: what each turret sees, who hears whom, which microphones are open. Derived anew after
//! each input for what it touched, and sent only where it differs from what was sent last (rule I19).

use crate::messages::{MicReport, Output, RouteLeg};
use crate::record::Recordings;
use crate::state::{Line, State};
use dealerboard_model::{
    LineId, LineKind, LinePhase, LineStatus, Moment, PersonStatus, Proof, RecordPolicy, Talker, TrackId, TurretId,
    Uplink, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// One open microphone on one line.
#[derive(Clone, Debug)]
struct Mic {
    turret: TurretId,
    uplink: Uplink,
    user: UserId,
    since: Moment,
    muted: bool,
    closes: Option<Moment>,
}

/// What was sent last.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    lines: BTreeMap<LineId, LineStatus>,
    people: BTreeMap<UserId, PersonStatus>,
    routes: BTreeMap<(TurretId, Uplink), (Vec<RouteLeg>, Vec<TrackId>)>,
    mics: BTreeMap<TurretId, Vec<MicReport>>,
}

impl Sent {
    pub fn mics(&self, turret: TurretId) -> Vec<MicReport> {
        self.mics.get(&turret).cloned().unwrap_or_default()
    }
}

fn talks_anywhere(s: &State, turret: TurretId) -> bool {
    s.lines.values().any(|line| line.talks.iter().any(|talk| talk.turret == turret))
}

/// All microphones that are open towards a line.
fn mics_of(s: &State, line: &Line) -> Vec<Mic> {
    let legs = line.legs.iter().filter(|leg| leg.mic).map(|leg| Mic {
        turret: leg.party.turret,
        uplink: leg.party.position.uplink(),
        user: leg.party.user.clone(),
        since: leg.mic_since,
        // While a speaker talk key is down the handsets do not hear the user (rule POS-4).
        muted: talks_anywhere(s, leg.party.turret),
        closes: None,
    });
    let talks = line.talks.iter().map(|talk| Mic {
        turret: talk.turret,
        uplink: Uplink::Mic,
        user: talk.user.clone(),
        since: talk.since,
        muted: false,
        closes: talk.closes.map(|(at, _)| at),
    });
    legs.chain(talks).collect()
}

/// Who hears a microphone that is open towards `line`; nobody while an ARD still rings.
fn hearers(s: &State, line: &Line, talker: TurretId) -> Vec<RouteLeg> {
    let mut legs: Vec<RouteLeg> = Vec::new();
    let both_ends = !line.calling;
    let far = line.spec.far.as_ref().and_then(|far| s.lines.get(far));
    let ends = [Some(line), far].into_iter().flatten().filter(|_| both_ends);
    for end in ends {
        let label = &end.spec.line;
        for leg in &end.legs {
            legs.push(RouteLeg { hearer: leg.party.turret, label: label.clone(), handset: true });
        }
        let monitored = match end.spec.kind {
            LineKind::Hoot => true,
            LineKind::Ard => !end.legs.is_empty(),
            LineKind::Mrd => true,
            LineKind::Intercom => false,
        };
        for (turret, seat) in s.turrets.iter().filter(|_| monitored) {
            if seat.monitors.contains(label) && seat.lost.is_none() && end.spec.members.contains_key(&seat.user) {
                legs.push(RouteLeg { hearer: *turret, label: label.clone(), handset: false });
            }
        }
    }
    legs.retain(|leg| leg.hearer != talker);
    // One copy for each hearer, the handset's before a speaker's.
    legs.sort_by_key(|leg| (leg.hearer, !leg.handset));
    legs.dedup_by_key(|leg| leg.hearer);
    legs
}

fn is_lost(s: &State, turret: TurretId) -> bool {
    s.turrets.get(&turret).is_some_and(|seat| seat.lost.is_some())
}

fn phase(line: &Line) -> LinePhase {
    if line.failed {
        LinePhase::OutOfService
    } else if line.ring.is_some() && line.legs.is_empty() {
        LinePhase::Ringing
    } else if line.calling {
        LinePhase::Calling
    } else if !line.legs.is_empty() || !line.talks.is_empty() {
        LinePhase::Talking
    } else if !line.holders.is_empty() {
        LinePhase::Held
    } else {
        LinePhase::Idle
    }
}

fn proof(s: &State, line: &Line, open: bool) -> Proof {
    match (&s.recorder_failing, line.spec.record, open) {
        (Some(why), RecordPolicy::Required | RecordPolicy::On, _) => Proof::NotRecorded { why: why.clone() },
        (None, _, false) | (Some(_), RecordPolicy::Off, false) => Proof::Silent,
        (None, RecordPolicy::Required | RecordPolicy::On, true) => Proof::Recorded,
        (_, RecordPolicy::Off, true) => Proof::OffByPolicy,
    }
}

/// The truth about a line.
pub fn status(s: &State, line: &Line) -> LineStatus {
    let far = line.spec.far.as_ref().and_then(|far| s.lines.get(far));
    let here = mics_of(s, line);
    let there = far.map(|far| !mics_of(s, far).is_empty() && line.call.is_some()).unwrap_or(false);
    let mut heard_by: BTreeSet<TurretId> = BTreeSet::new();
    let talker = here.first().map(|mic| mic.turret);
    for leg in hearers(s, line, talker.unwrap_or(TurretId(u32::MAX))) {
        heard_by.insert(leg.hearer);
    }
    heard_by.retain(|turret| !is_lost(s, *turret));
    // A ring is shown where it can be answered: an intercom's only to the one who is called.
    let ring = line.ring.clone();
    let phase = phase(line);
    // An idle MRD end knows the call of its open far end; its key does not show it.
    let up = phase != LinePhase::Idle;
    LineStatus {
        line: line.spec.line.clone(),
        phase,
        call: line.call.filter(|_| up || line.ring.is_some()),
        since: line.since,
        parties: line.legs.iter().map(|leg| leg.party.clone()).collect(),
        holders: line.holders.clone(),
        talkers: here
            .iter()
            .filter(|mic| !mic.muted)
            .map(|mic| Talker { user: mic.user.clone(), turret: mic.turret, since: mic.since })
            .collect(),
        ring,
        signalled: line.signalled,
        far: line.far,
        proof: proof(s, line, !here.is_empty() || there),
        hearers: u32::try_from(heard_by.len()).unwrap_or(u32::MAX),
    }
}

/// What others see of a user.
pub fn person(s: &State, user: &UserId) -> PersonStatus {
    PersonStatus {
        user: user.clone(),
        logged_on: s.turrets.values().any(|seat| seat.user == *user),
        dnd: s.dnd.contains(user),
        busy: s.lines.values().any(|line| line.legs.iter().any(|leg| leg.party.user == *user)),
    }
}

/// Sends what has changed since the last time.
pub fn derive(s: &mut State, sent: &mut Sent, recordings: &mut Recordings) {
    let touched = std::mem::take(&mut s.touched);
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
    derive_people(s, sent);
    derive_voice(s, sent, recordings);
}

fn derive_people(s: &mut State, sent: &mut Sent) {
    let users: Vec<UserId> = s.floor.users.keys().cloned().collect();
    for user in users {
        let now = person(s, &user);
        if sent.people.get(&user) != Some(&now) {
            s.outputs.push(Output::Person(now.clone()));
            sent.people.insert(user, now);
        }
    }
}

type Routes = BTreeMap<(TurretId, Uplink), (Vec<RouteLeg>, Vec<TrackId>)>;

fn derive_voice(s: &mut State, sent: &mut Sent, recordings: &mut Recordings) {
    let mut open: Vec<(LineId, Mic, Vec<RouteLeg>)> = Vec::new();
    for line in s.lines.values() {
        for mic in mics_of(s, line) {
            let legs = if mic.muted { Vec::new() } else { hearers(s, line, mic.turret) };
            open.push((line.spec.line.clone(), mic, legs));
        }
    }
    let keyed: Vec<_> = open
        .iter()
        .filter(|(_, mic, _)| !mic.muted)
        .map(|(line, mic, _)| (line.clone(), mic.turret, mic.uplink, mic.user.clone()))
        .collect();
    recordings.follow(s, &keyed);
    let mut routes = Routes::new();
    let mut mics: BTreeMap<TurretId, Vec<MicReport>> = BTreeMap::new();
    for (line, mic, legs) in open {
        // Who cannot be reached hears nothing, though what is said still goes there in case they are back at once.
        let reached = legs.iter().filter(|leg| !is_lost(s, leg.hearer)).count();
        let report = MicReport {
            uplink: mic.uplink,
            line: line.clone(),
            since: mic.since,
            hearers: u32::try_from(reached).unwrap_or(u32::MAX),
            muted: mic.muted,
            closes_at: mic.closes,
        };
        mics.entry(mic.turret).or_default().push(report);
        if mic.muted {
            continue;
        }
        let route = routes.entry((mic.turret, mic.uplink)).or_default();
        route.0.extend(legs);
        route.1.extend(recordings.track(&line, mic.turret, mic.uplink));
    }
    let gone: Vec<_> = sent.routes.keys().filter(|key| !routes.contains_key(key)).copied().collect();
    for (turret, uplink) in gone {
        sent.routes.remove(&(turret, uplink));
        s.outputs.push(Output::Route { turret, uplink, open: false, legs: Vec::new(), tracks: Vec::new() });
    }
    for ((turret, uplink), (mut legs, tracks)) in routes {
        legs.sort_by_key(|leg| (leg.hearer, !leg.handset));
        legs.dedup_by_key(|leg| leg.hearer);
        let now = (legs, tracks);
        if sent.routes.get(&(turret, uplink)) != Some(&now) {
            let (legs, tracks) = now.clone();
            s.outputs.push(Output::Route { turret, uplink, open: true, legs, tracks });
            sent.routes.insert((turret, uplink), now);
        }
    }
    let turrets: BTreeSet<TurretId> = mics.keys().chain(sent.mics.keys()).copied().collect();
    for turret in turrets {
        let now = mics.remove(&turret).unwrap_or_default();
        if sent.mics(turret) != now {
            s.outputs.push(Output::Mics { turret, mics: now.clone() });
            sent.mics.insert(turret, now);
        }
    }
}
