//! Talk keys: hoots, shout-downs, and the speaker channels of wires. The keys of intercoms are watched here too.
//!
//! ```text
//! Shut ─key, gates ok─► Talking ─silent | open for long─► Closing ─10 s─► Shut
//!                          ▲ └─ key up | displaced | lost ──┼───────────► Shut
//!                          └────────── speech | press ──────┘
//! ```

use crate::broadcast;
use crate::handset;
use crate::happenings::Happening;
use crate::intercom;
use crate::line::{Closes, Key, Line, Talk};
use crate::messages::{Accepted, Refusal, RefusalCode, Sound};
use crate::mute;
use crate::policy::{Policy, Value};
use crate::room;
use crate::state::{Done, State};
use crate::timer::{TALK_WARNING_MS, Timer};
use dealerboard_model::{CallId, LineId, LineKind, Moment, Right, TurretId, Uplink};

/// A talk key goes down or up (SPK-1, HOT-1, HOT-3).
pub fn talk(s: &mut State, turret: TurretId, line: &LineId, on: bool, latched: bool) -> Done {
    s.right_on(turret, line)?;
    if !on {
        end_talk(s, turret, line, Happening::TalkKeyUp);
        if let Some(seat) = s.turrets.get_mut(&turret) {
            seat.displaced.remove(line);
        }
        return Ok(Accepted { line: Some(line.clone()), position: None, call: None });
    }
    may_speak(s, turret, line)?;
    may_talk_now(s, turret, line)?;
    mute::may_talk(s, turret, line)?;
    s.recordable(line)?;
    s.not_just_closed(line, turret)?;
    room::let_go_first(s, turret, line, latched)?;
    let found = s.line(line)?;
    if found.spec.kind.is_open() && found.leg(turret).is_some_and(|leg| leg.mic) {
        let sentence = format!("{} hears you already: its microphone is open where you listen.", found.spec.name);
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    }
    if found.spec.kind.is_open() && found.talk(turret).is_none() {
        room::make(s, turret, line)?;
    }
    broadcast::answers(s, turret, line);
    let call = open(s, turret, line, latched, false)?;
    Ok(Accepted { line: Some(line.clone()), position: None, call: Some(call) })
}

/// Opens the talk of a turret on a line, or takes one more press on its key; by the key of its broadcast, or by the line's own.
pub fn open(s: &mut State, turret: TurretId, line: &LineId, latched: bool, broadcast: bool) -> Result<CallId, Refusal> {
    let user = s.party(turret, dealerboard_model::Position::Speakers)?.user;
    let call = match s.line(line)?.call {
        Some(call) => call,
        None => s.new_call(),
    };
    let now = s.now;
    // A broadcast is one voice for all its lines.
    let uplink = if broadcast { Uplink::Mic } else { handset::talks_by(s, turret, line) };
    let found = s.line_mut(line)?;
    if found.talks().is_empty() && !found.spec.kind.is_open() {
        found.since = now;
    }
    found.call = Some(call);
    match s.talk_mut(line, turret) {
        Some(talk) => {
            (talk.uplink, talk.broadcast) = (uplink, broadcast);
            (talk.latched, talk.pressed, talk.closes) = (latched, now, None);
        }
        None => {
            let (since, pressed) = (now, now);
            s.put_talk(line, Talk { user, turret, uplink, since, latched, pressed, closes: None, broadcast });
        }
    }
    s.happened_at(line, turret, Happening::TalkKeyDown { latched });
    touch_legs(s, turret);
    watch(s, turret, line);
    Ok(call)
}

/// Who may only listen does not talk (HOT-1).
pub fn may_speak(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    match s.right_on(turret, line)? {
        Right::Speak => Ok(()),
        Right::Listen => {
            let name = &s.line(line)?.spec.name;
            let sentence = format!("You may only listen on {name}; to talk there, ask your administrator.");
            Err(Refusal::new(RefusalCode::ListenOnly, sentence))
        }
    }
}

/// A wire can be talked on from the speakers only while it is up.
pub fn may_talk_now(s: &State, turret: TurretId, line: &LineId) -> Result<(), Refusal> {
    if let (Err(private), true) = (s.open_to_others(line), s.line(line)?.leg(turret).is_none()) {
        return Err(private);
    }
    let found = s.line(line)?;
    let name = &found.spec.name;
    if found.leg(turret).is_some_and(|leg| leg.enters.is_some()) {
        // Who was only announced is heard by nobody, by a talk key neither (SUP-2).
        let sentence = format!("You enter {name} in a moment; press its talk key then.");
        return Err(Refusal::new(RefusalCode::Stale, sentence));
    }
    match found.spec.kind {
        LineKind::Hoot | LineKind::ShoutDown => Ok(()),
        LineKind::Ard | LineKind::Mrd | LineKind::Extension | LineKind::Dial
            if !found.legs().is_empty() && !found.calling =>
        {
            Ok(())
        }
        LineKind::Extension | LineKind::Dial => {
            Err(Refusal::new(RefusalCode::NobodyThere, format!("Nobody is on {name}; press its key to dial.")))
        }
        LineKind::Ard | LineKind::Mrd => {
            Err(Refusal::new(RefusalCode::NobodyThere, format!("Nobody is on {name}; press its key to ring.")))
        }
        LineKind::Intercom => Err(Refusal::new(RefusalCode::NoRight, "Use the talk key beside the person's name.")),
    }
}

/// Ends a talk that its user has not ended; without one nothing happens. What they say now was meant for nobody else: their
/// handsets stay shut until a press (I6).
pub fn stop(s: &mut State, turret: TurretId, line: &LineId) {
    if talk_of(s, line, turret).is_some() {
        end_talk(s, turret, line, Happening::TalkClosed);
        s.closed.insert((line.clone(), turret));
        shut_handsets(s, turret);
    }
}

/// A turret's own talk on a line ends by its user's act.
pub fn let_go(s: &mut State, turret: TurretId, line: &LineId) {
    if talk_of(s, line, turret).is_some() {
        end_talk(s, turret, line, Happening::TalkKeyUp);
    }
}

/// The microphones of a turret's calls are shut; they open by a press. While its user goes on talking on another line they are
/// not heard there, and hear again when they end that.
pub fn shut_handsets(s: &mut State, turret: TurretId) {
    if s.talks_anywhere(turret) {
        return;
    }
    let open = |line: &&Line| line.leg(turret).is_some_and(|leg| leg.mic || leg.mic_lapsed);
    let lines: Vec<LineId> = s.lines_of(turret).filter(open).map(|line| line.spec.line.clone()).collect();
    for leg in lines {
        s.leg_mut(&leg, turret).into_iter().for_each(|leg| (leg.mic, leg.mic_lapsed) = (false, false));
    }
}

/// Ends all talks on a line that nobody is on any more.
pub fn close_all(s: &mut State, line: &LineId) {
    let Some(found) = s.lines.get(line) else { return };
    let turrets: Vec<TurretId> = found.talks().iter().map(|talk| talk.turret).collect();
    for talk in turrets.into_iter().filter_map(|turret| s.take_talk(line, turret)).collect::<Vec<_>>() {
        s.happened(line, Some(talk.user), Happening::TalkClosed);
        touch_legs(s, talk.turret);
        shut_handsets(s, talk.turret);
    }
}

fn end_talk(s: &mut State, turret: TurretId, line: &LineId, how: Happening) {
    if let Some(talk) = s.take_talk(line, turret) {
        s.happened(line, Some(talk.user), how);
    }
    touch_legs(s, turret);
}

/// A talk key keeps the handsets of its turret from being heard, or no longer: who is shown as a talker there changes (POS-4).
fn touch_legs(s: &mut State, turret: TurretId) {
    let on_it: Vec<_> = s.lines_of(turret).filter(|line| line.leg(turret).is_some()).collect();
    let ends = on_it.into_iter().flat_map(|line| [Some(line.spec.line.clone()), line.far().cloned()]);
    let ends: Vec<LineId> = ends.flatten().collect();
    s.touched.extend(ends);
}

/// Ends all talks of a turret (LOS-8, SPK-6).
pub fn stop_all(s: &mut State, turret: TurretId) {
    for line in talks_of(s, turret) {
        stop(s, turret, &line);
    }
    broadcast::follow(s);
}

/// No voice of a turret's uplink reaches the switch: its talks do not outlive it, and their user is told (I7). A call waits for
/// its turret's link; a hoot's microphone does not.
pub fn orphaned(s: &mut State, turret: TurretId, uplink: Uplink) {
    for line in talks_of(s, turret) {
        if talk_of(s, &line, turret).is_none_or(|talk| talk.uplink != uplink) {
            continue;
        }
        let name = named(s, turret, &line);
        broadcast::stop(s, turret, &line);
        let sentence =
            format!("Your voice did not reach the switch: the microphone on {name} was closed. Press again.");
        s.notice(turret, Some(&line), sentence, Some(Sound::Warning));
    }
    handset::orphaned(s, turret, uplink);
}

/// Since when nothing has been said into a microphone; none while its user speaks, and at a turret that does not report
/// speech.
pub fn quiet_since(s: &State, turret: TurretId, uplink: Uplink, pressed: Moment) -> Option<Moment> {
    let quiet = s.turrets.get(&turret)?.quiet[uplink.index()]?;
    Some(if quiet.mono_us > pressed.mono_us { quiet } else { pressed })
}

/// What a turret talks on with the key by which it talks on `line`.
fn named(s: &State, turret: TurretId, line: &LineId) -> String {
    let lines = broadcast::lines_with(s, turret, line);
    let names =
        lines.iter().filter_map(|line| s.lines.get(line)).map(|it| intercom::name_for(s, it, s.user_of(turret)));
    names.collect::<Vec<_>>().join(", ")
}

/// The lines that a turret talks on.
fn talks_of(s: &State, turret: TurretId) -> Vec<LineId> {
    s.lines_of(turret).filter(|line| line.talk(turret).is_some()).map(|line| line.spec.line.clone()).collect()
}

fn talk_of<'s>(s: &'s State, line: &LineId, turret: TurretId) -> Option<&'s Talk> {
    s.lines.get(line)?.talk(turret)
}

/// What keeps a turret's microphone open towards a line, and since when nothing was said into it.
fn key_of(s: &State, line: &LineId, turret: TurretId) -> Option<(Key, Option<Moment>)> {
    let (key, uplink) = s.lines.get(line)?.key(turret)?;
    Some((key, quiet_since(s, turret, uplink, key.pressed)))
}

/// A key was pressed: from now on it is watched, whether it is forgotten or something lies on it.
pub fn watch(s: &mut State, turret: TurretId, line: &LineId) {
    let Some((key, _)) = key_of(s, line, turret) else { return };
    let policy = policy_of(s, line, turret);
    if let Some(open_max_ms) = if key.latched { policy.latch_max_ms } else { Some(policy.talk_held_max_ms) } {
        let at = key.pressed.plus_ms(open_max_ms - TALK_WARNING_MS);
        s.set_timer(at, Timer::TalkLong(line.clone(), turret, key.pressed.mono_us));
    }
    watch_silence(s, turret, line);
}

/// Begins to wait for the end of a latch's silence.
fn watch_silence(s: &mut State, turret: TurretId, line: &LineId) {
    let Some((_, Some(since))) = key_of(s, line, turret).filter(|(key, _)| key.latched) else { return };
    let warn_ms = policy_of(s, line, turret).latch_silent_warn_ms;
    s.set_timer(since.plus_ms(warn_ms), Timer::LatchSilent(line.clone(), turret, since.mono_us));
}

/// Somebody has begun to speak, or has ended: a latch that would close for its silence stays, or is watched (SPK-3).
pub fn voice_activity(s: &mut State, turret: TurretId, uplink: Uplink, speaking: bool) {
    let now = s.now;
    let Some(seat) = s.turrets.get_mut(&turret) else { return };
    seat.quiet[uplink.index()] = (!speaking).then_some(now);
    let open = |line: &&Line| line.key(turret).is_some_and(|(_, by)| by == uplink);
    let lines: Vec<LineId> = s.lines_of(turret).filter(open).map(|line| line.spec.line.clone()).collect();
    for line in lines {
        if !speaking {
            watch_silence(s, turret, &line);
        } else if let Some((Key { closes: Some((_, Closes::Silent)), .. }, _)) = key_of(s, &line, turret) {
            s.set_closes(&line, turret, None);
        }
    }
}

/// A latch has had no speech for `latch.silent_warn`.
pub fn latch_silent(s: &mut State, line: &LineId, turret: TurretId, since_us: u64) {
    let Some((key, since)) = key_of(s, line, turret) else { return };
    if key.latched && since.is_some_and(|since| since.mono_us == since_us) {
        warn(s, line, turret, Closes::Silent);
    }
}

/// A talk is about to be open for as long as it may.
pub fn open_long(s: &mut State, line: &LineId, turret: TurretId, pressed_us: u64) {
    let Some((key, _)) = key_of(s, line, turret).filter(|(key, _)| key.pressed.mono_us == pressed_us) else { return };
    warn(s, line, turret, if key.latched { Closes::Long } else { Closes::Held });
}

fn policy_of(s: &State, line: &LineId, turret: TurretId) -> Policy {
    s.policy(Some(line), s.user_of(turret))
}

fn warn(s: &mut State, line: &LineId, turret: TurretId, why: Closes) {
    let policy = policy_of(s, line, turret);
    let warned_ms = if why == Closes::Silent { policy.latch_silent_release_ms } else { TALK_WARNING_MS };
    let at = s.now.plus_ms(warned_ms);
    let name = named(s, turret, line);
    let Some((key, _)) = key_of(s, line, turret) else { return };
    // Speech takes back what silence announced, and nothing else.
    if key.closes.is_some_and(|(_, announced)| announced != Closes::Silent || why == Closes::Silent) {
        return;
    }
    for one in broadcast::lines_with(s, turret, line) {
        s.set_closes(&one, turret, Some((at, why)));
    }
    let soon = Value::Ms(warned_ms);
    let sentence = match why {
        Closes::Silent => {
            format!(
                "Nothing has been said on {name} for {}: it closes in {soon}.",
                Value::Ms(policy.latch_silent_warn_ms)
            )
        }
        Closes::Long => {
            let long = policy.latch_max_ms.map_or(Value::Off, Value::Ms);
            format!("The microphone on {name} has been open for {long}: it closes in {soon}.")
        }
        Closes::Held => format!("The talk key of {name} has been down for long: it closes in {soon}."),
    };
    s.notice(turret, Some(line), sentence, Some(Sound::Warning));
    for one in broadcast::lines_with(s, turret, line) {
        s.set_timer(at, Timer::TalkCloses(one, turret, at.mono_us));
    }
}

/// The warning was not heeded (SPK-3).
pub fn closes(s: &mut State, line: &LineId, turret: TurretId, at_us: u64) {
    let Some((key, _)) = key_of(s, line, turret) else { return };
    let Some((_, why)) = key.closes.filter(|(at, _)| at.mono_us == at_us) else { return };
    let name = named(s, turret, line);
    let because = match why {
        Closes::Silent => "nothing was said",
        Closes::Long => "it was open for too long",
        Closes::Held => "its talk key was down for too long",
    };
    broadcast::stop(s, turret, line);
    intercom::shut(s, turret, line);
    s.notice(turret, Some(line), format!("The microphone on {name} was closed: {because}."), Some(Sound::Warning));
}
