//! What follows from the state for the voice: which microphones are open towards which lines, and who hears each. Derived
//! anew after each input for the lines that it touched.
//!
//! Law: nothing here decides; a microphone that is open is routed, recorded and shown by the same derivation, so that these
//! cannot disagree (I3, I44).

use crate::line::Line;
use crate::messages::{MicReport, Output, RouteLeg};
use crate::mute;
use crate::record::Recordings;
use crate::state::State;
use dealerboard_model::{LineId, LineKind, Moment, Position, TrackId, TurretId, Uplink, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// One open microphone on one line.
#[derive(Clone, Debug)]
pub struct Mic {
    pub turret: TurretId,
    pub uplink: Uplink,
    /// Where its user talks: the speakers by a talk key.
    position: Position,
    pub user: UserId,
    pub since: Moment,
    /// A talk key of its turret keeps it from being heard (POS-4).
    pub muted: bool,
    closes: Option<Moment>,
}

/// An open microphone with who hears it.
#[derive(Clone, Debug)]
pub struct Open {
    pub mic: Mic,
    legs: Vec<RouteLeg>,
}

/// Who hears it, its tracks, and since when its newest talk key is down: a talk has a time of its own in which it must be heard,
/// on an uplink too that carried a call before (I7).
type Route = (Vec<RouteLeg>, Vec<TrackId>, Option<Moment>);

/// What is open, and what was sent of it last.
#[derive(Clone, Debug, Default)]
pub struct Voice {
    /// What is open towards each line.
    open: BTreeMap<LineId, Vec<Open>>,
    /// The lines that each uplink is open towards.
    towards: BTreeMap<(TurretId, Uplink), BTreeSet<LineId>>,
    routes: BTreeMap<(TurretId, Uplink), Route>,
    mics: BTreeMap<TurretId, Vec<MicReport>>,
    awaited: BTreeSet<(TurretId, Uplink)>,
}

impl Voice {
    /// The microphones of a turret, as they were sent last.
    pub fn mics(&self, turret: TurretId) -> Vec<MicReport> {
        self.mics.get(&turret).cloned().unwrap_or_default()
    }

    /// What is open towards a line.
    pub fn open_towards(&self, line: &LineId) -> &[Open] {
        self.open.get(line).map(Vec::as_slice).unwrap_or_default()
    }

    fn towards(&self, turret: TurretId, uplink: Uplink) -> impl Iterator<Item = (&LineId, &Open)> {
        let lines = self.towards.get(&(turret, uplink)).into_iter().flatten();
        lines.flat_map(move |line| {
            let mine = move |it: &&Open| (it.mic.turret, it.mic.uplink) == (turret, uplink);
            self.open_towards(line).iter().filter(mine).map(move |open| (line, open))
        })
    }
}

/// All microphones that are open towards a line.
pub fn mics_of(s: &State, line: &Line) -> Vec<Mic> {
    let legs = line.legs().iter().filter(|leg| leg.mic).map(|leg| Mic {
        turret: leg.party.turret,
        uplink: leg.uplink(),
        position: Position::of(leg.uplink()),
        user: leg.party.user.clone(),
        since: leg.mic_since,
        // While a speaker talk key is down the handsets do not hear the user (rule POS-4), nor does a line that its
        // supervisor is only announced on (SUP-2).
        muted: leg.enters.is_some() || s.talks_anywhere(leg.party.turret),
        closes: leg.key.and_then(|key| key.closes).map(|(at, _)| at),
    });
    let talks = line.talks().iter().map(|talk| Mic {
        turret: talk.turret,
        uplink: talk.uplink,
        position: Position::Speakers,
        user: talk.user.clone(),
        since: talk.since,
        muted: false,
        closes: talk.closes.map(|(at, _)| at),
    });
    legs.chain(talks).collect()
}

/// A turret that hears a microphone.
#[derive(Clone, Copy)]
pub struct Hearer<'s> {
    pub hearer: TurretId,
    /// The line of theirs that it comes by.
    label: &'s LineId,
    /// At the position of a call, and not by a speaker.
    handset: bool,
}

/// As [`hearing`], as routes name them.
fn route_legs(s: &State, line: &Line, talker: TurretId) -> Vec<RouteLeg> {
    let leg = |it: Hearer| RouteLeg { hearer: it.hearer, label: it.label.clone(), handset: it.handset };
    hearing(s, line, talker).into_iter().map(leg).collect()
}

/// Who hears a microphone that is open towards `line`, by the nearest of their lines; nobody while an ARD still rings.
pub fn hearing<'s>(s: &'s State, line: &Line, talker: TurretId) -> Vec<Hearer<'s>> {
    let mut heard: Vec<Hearer> = Vec::new();
    if line.calling {
        return heard;
    }
    let ends = s.group(&line.spec.line);
    for end in ends.iter().filter_map(|end| s.lines.get(end)) {
        let label = &end.spec.line;
        for leg in end.legs().iter().filter(|leg| leg.enters.is_none()) {
            heard.push(Hearer { hearer: leg.party.turret, label, handset: true });
        }
        // Who broadcasts hears each of the lines, on their speakers or not (BRC-1).
        for talk in end.talks().iter().filter(|talk| talk.broadcast) {
            heard.push(Hearer { hearer: talk.turret, label, handset: false });
        }
        let monitored = match end.spec.kind {
            LineKind::Hoot | LineKind::ShoutDown => true,
            LineKind::Ard | LineKind::Extension | LineKind::Dial => !end.legs().is_empty(),
            LineKind::Mrd => true,
            LineKind::Intercom => false,
        };
        let (global, private) = (mute::is_global(s, end), end.private_by().is_some());
        for turret in s.monitoring(label).filter(|_| monitored) {
            let seat = &s.turrets[&turret];
            let kept_out = private && end.leg(turret).is_none();
            let muted = global && !mute::is_on(end, &seat.user);
            if seat.lost.is_none() && !kept_out && !muted {
                heard.push(Hearer { hearer: turret, label, handset: false });
            }
        }
    }
    heard.retain(|it| it.hearer != talker);
    if mute::is_local(s, line, talker) {
        heard.retain(|it| it.handset || !mute::are_neighbours(s, talker, it.hearer));
    }
    // What is said back to the caller of a group is for them alone, unless their policy is another (I34).
    if let Some(about) = line.intercom.as_ref().filter(|about| about.group.is_some() && !about.reply_all)
        && about.caller.turret != talker
    {
        heard.retain(|it| it.hearer == about.caller.turret);
    }
    // One copy for each hearer, the handset's before a speaker's.
    heard.sort_by_key(|it| (it.hearer, !it.handset));
    heard.dedup_by_key(|it| it.hearer);
    heard
}

pub fn is_lost(s: &State, turret: TurretId) -> bool {
    s.turrets.get(&turret).is_some_and(|seat| seat.lost.is_some())
}

/// Sends what has changed on `lines` since the last time, which are whole groups of lines that hear each other.
pub fn derive(s: &mut State, voice: &mut Voice, recordings: &mut Recordings, lines: &BTreeSet<LineId>) {
    let mut changed: BTreeSet<(TurretId, Uplink)> = BTreeSet::new();
    for line in lines {
        let open: Vec<Open> = s.lines.get(line).map(|found| open_towards(s, found)).unwrap_or_default();
        let before = voice.open.remove(line).unwrap_or_default();
        let uplinks = |open: &[Open]| open.iter().map(|it| (it.mic.turret, it.mic.uplink)).collect::<BTreeSet<_>>();
        for uplink in uplinks(&before) {
            if let Some(lines) = voice.towards.get_mut(&uplink) {
                lines.remove(line);
                if lines.is_empty() {
                    voice.towards.remove(&uplink);
                }
            }
            changed.insert(uplink);
        }
        for uplink in uplinks(&open) {
            voice.towards.entry(uplink).or_default().insert(line.clone());
            changed.insert(uplink);
        }
        if !open.is_empty() {
            voice.open.insert(line.clone(), open);
        }
    }
    recordings.follow(s, lines, voice);
    for (turret, uplink) in &changed {
        send_route(s, voice, recordings, *turret, *uplink);
    }
    let turrets: BTreeSet<TurretId> = changed.into_iter().map(|(turret, _)| turret).collect();
    for turret in turrets {
        send_mics(s, voice, turret);
    }
    send_awaits(s, voice, lines);
    s.handed.clear();
}

/// Waits for the microphones that calls on `lines` have moved to, and no longer for those that were heard or are not meant
/// any more.
fn send_awaits(s: &mut State, voice: &mut Voice, lines: &BTreeSet<LineId>) {
    let awaits = |line: &Line| {
        let moving = line.legs().iter().filter(|leg| leg.leaving.is_some()).map(|leg| &leg.party);
        let moving = moving.map(|party| (party.turret, party.position.uplink()));
        let going = line.legs().iter().filter_map(|leg| leg.goes).map(|goes| (goes.turret, goes.at.uplink()));
        moving.chain(going).collect::<Vec<_>>()
    };
    let now: BTreeSet<_> = lines.iter().filter_map(|line| s.lines.get(line)).flat_map(awaits).collect();
    let still = |s: &State, (turret, uplink): (TurretId, Uplink)| {
        let user = s.user_of(turret);
        user.is_some_and(|user| s.lines_of_user(user).flat_map(awaits).any(|one| one == (turret, uplink)))
    };
    let over: Vec<_> = voice.awaited.iter().filter(|one| !still(s, **one)).copied().collect();
    for (turret, uplink) in over {
        voice.awaited.remove(&(turret, uplink));
        s.outputs.push(Output::Await { turret, uplink, heard_ms: None });
    }
    for (turret, uplink) in now.difference(&voice.awaited.clone()).copied() {
        let heard_ms = Some(s.policy(None, s.user_of(turret)).move_overlap_ms);
        s.outputs.push(Output::Await { turret, uplink, heard_ms });
        voice.awaited.insert((turret, uplink));
    }
}

fn open_towards(s: &State, line: &Line) -> Vec<Open> {
    let heard_by = |mic: &Mic| if mic.muted { Vec::new() } else { route_legs(s, line, mic.turret) };
    mics_of(s, line).into_iter().map(|mic| Open { legs: heard_by(&mic), mic }).collect()
}

fn send_route(s: &mut State, voice: &mut Voice, recordings: &Recordings, turret: TurretId, uplink: Uplink) {
    let (mut legs, mut tracks, mut talk, mut is_open) = (Vec::new(), Vec::new(), None, false);
    for (line, open) in voice.towards(turret, uplink).filter(|(_, open)| !open.mic.muted) {
        is_open = true;
        talk = talk.max(Some(open.mic.since).filter(|_| open.mic.position == Position::Speakers));
        legs.extend(open.legs.iter().cloned());
        tracks.extend(recordings.track(line, turret, uplink));
    }
    if !is_open {
        if voice.routes.remove(&(turret, uplink)).is_some() {
            s.outputs.push(Output::Route {
                turret,
                uplink,
                open: false,
                legs: Vec::new(),
                tracks: Vec::new(),
                follows: None,
            });
        }
        return;
    }
    legs.sort_by_key(|leg: &RouteLeg| (leg.hearer, !leg.handset));
    legs.dedup_by_key(|leg| leg.hearer);
    let now = (legs, tracks, talk);
    if voice.routes.get(&(turret, uplink)) != Some(&now) {
        let (legs, tracks, _) = now.clone();
        let follows = s.handed.get(&(turret, uplink)).copied();
        s.outputs.push(Output::Route { turret, uplink, open: true, legs, tracks, follows });
        voice.routes.insert((turret, uplink), now);
    }
}

fn send_mics(s: &mut State, voice: &mut Voice, turret: TurretId) {
    let open = Uplink::ALL.into_iter().flat_map(|uplink| voice.towards(turret, uplink));
    let mut now: Vec<MicReport> = open
        .map(|(line, Open { mic, legs })| {
            // Who cannot be reached hears nothing, though what is said still goes there in case they are back at once.
            let reached = legs.iter().filter(|leg| !is_lost(s, leg.hearer)).count();
            MicReport {
                uplink: mic.uplink,
                position: mic.position,
                line: line.clone(),
                since: mic.since,
                hearers: u32::try_from(reached).unwrap_or(u32::MAX),
                muted: mic.muted,
                closes_at: mic.closes,
            }
        })
        .collect();
    now.sort_by(|one, other| one.line.cmp(&other.line));
    if voice.mics(turret) == now {
        return;
    }
    s.outputs.push(Output::Mics { turret, mics: now.clone() });
    if now.is_empty() {
        voice.mics.remove(&turret);
    } else {
        voice.mics.insert(turret, now);
    }
}
