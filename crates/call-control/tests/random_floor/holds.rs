//! What always holds, and is checked after each random move.
//!
//! Law: a check says in its failure which rule is broken, and where.

use super::known::Switch;
use super::moves::{ALL, LINES};
use crate::floor::*;
use dealerboard_call_control::{Act, Input, Kept, KeptParty, Output, Sound};
use dealerboard_model::{
    BROADCAST_MAX, ConferenceStatus, LineId, LinePhase, LineStatus, Party, Position, Right, TurretId, Uplink,
};
use std::collections::{BTreeMap, BTreeSet};

const RECORD_GRACE_US: u64 = 3_000_000;

/// Every line over which one voice on `line` is heard.
fn group(d: &Desk, line: &LineId) -> BTreeSet<LineId> {
    let mut all: BTreeSet<LineId> = [line.clone()].into();
    loop {
        let mut more = all.clone();
        for one in all.iter().filter_map(|one| d.status_of(one)) {
            let other = match one.line.as_str() {
                "ard-a" => Some("ard-b"),
                "ard-b" => Some("ard-a"),
                "mrd-a" => Some("mrd-b"),
                "mrd-b" => Some("mrd-a"),
                _ => None,
            };
            more.extend(other.map(l));
            more.extend(one.conference.into_iter().flat_map(|it| it.lines).map(|it| it.line));
            let dialled = one.dialled.as_ref().and(one.call);
            let same = LINES.into_iter().filter(|line| dialled.is_some() && d.status(line).call == dialled);
            more.extend(same.map(l));
        }
        if more == all {
            return all;
        }
        all = more;
    }
}

/// I33, BRC-1, BRC-5: who is heard is on a line that is talked to; no two lines of a broadcast hear each other; who broadcasts
/// hears each of them; what it has opened is there for as long as it lasts.
fn check_broadcasts(d: &Desk, switch: &Switch) {
    for turret in ALL {
        assert_eq!(switch.broadcasts.get(&turret), d.exchange.broadcast(turret).as_ref(), "I19 {turret}");
    }
    for ((turret, uplink), (legs, _)) in &switch.routes {
        let mics = switch.mics[turret].iter().filter(|mic| mic.uplink == *uplink && !mic.muted);
        let reach: BTreeSet<LineId> = mics.flat_map(|mic| group(d, &mic.line)).collect();
        assert!(legs.iter().all(|(_, label, _)| reach.contains(label)), "I33 {turret} is heard elsewhere: {legs:?}");
    }
    for (turret, status) in &switch.broadcasts {
        assert!(!status.lines.is_empty() && status.lines.len() <= BROADCAST_MAX, "BRC-1 {turret}");
        let groups: Vec<BTreeSet<LineId>> = status.lines.iter().map(|one| group(d, &one.line)).collect();
        for (at, one) in status.lines.iter().enumerate() {
            assert!(!groups[..at].iter().any(|group| group.contains(&one.line)), "I33 {turret} {}", one.line);
            let line = d.status_of(&one.line).unwrap();
            assert!(line.talkers.iter().any(|talker| talker.turret == *turret), "BRC-1 {turret} {}", one.line);
            assert!(!line.is_held_exclusively() || line.phase != LinePhase::Held, "I29 {}", one.line);
            let on_it = line.parties.iter().any(|party| party.turret == *turret);
            assert!(!one.opened || on_it, "BRC-5 {turret} {}", one.line);
            let ringdown = one.line.as_str().starts_with("ard") || one.line.as_str().starts_with("ext");
            assert!(!ringdown || on_it, "BRC-2 {turret} {}", one.line);
        }
    }
}

/// VM-1: a message is left on a line that still calls, where nobody else is and nobody hears it.
fn check_voicemails(d: &Desk, switch: &Switch) {
    for status in LINES.map(|line| d.status(line)).iter().filter(|it| it.voicemail.is_some() && it.ring.is_none()) {
        let line = &status.line;
        assert_eq!((status.phase, status.conference.as_ref()), (LinePhase::Calling, None), "VM-1 {line}");
        let users: BTreeSet<_> = status.parties.iter().map(|party| &party.user).collect();
        assert!(users.len() == 1 && status.holders.is_empty(), "VM-1 {line}: {users:?}");
        assert!(switch.failing_since.is_none(), "VM-2 {line}: no message is taken while the recorder cannot write");
        for (legs, _) in switch.routes.values() {
            assert!(!legs.iter().any(|(_, label, _)| label == line), "VM-1 {line} is heard");
        }
    }
}

/// I6: whose microphone may have opened by this input.
fn opener(input: &Input) -> Option<TurretId> {
    match input {
        Input::Act { turret, .. } | Input::LinkBack { turret } | Input::Heard { turret, .. } => Some(*turret),
        Input::TalkOrphaned { .. }
        | Input::Unlock { .. }
        | Input::LogOn { .. }
        | Input::LogOff { .. }
        | Input::Seat { .. }
        | Input::LinkLost { .. }
        | Input::VoiceActivity { .. }
        | Input::Microphone { .. }
        | Input::Recorder { .. }
        | Input::Users(_)
        | Input::Tick => None,
    }
}

/// Somebody is on a line by handset or hands-free.
fn by_handset(d: &Desk, line: &str) -> bool {
    d.status(line).parties.iter().any(|party| party.position != Position::Speakers)
}

/// The user of a turret is on a line.
fn on_it(d: &Desk, line: &str, turret: TurretId) -> bool {
    d.status(line).parties.iter().any(|party| party.user == user(turret))
}

/// What the user of a turret may do on the hoot.
fn right(d: &Desk, turret: TurretId) -> Option<Right> {
    d.exchange.rights(&user(turret)).into_iter().find(|(line, _)| *line == l("hoot")).map(|(_, right)| right)
}

pub fn check(d: &Desk, switch: &Switch) {
    let open = switch.open();
    let keyed: BTreeSet<_> = open.iter().map(|(turret, uplink, _)| (*turret, *uplink)).collect();
    assert_eq!(keyed, switch.routes.keys().copied().collect(), "I44");
    for (turret, uplink, line) in &open {
        assert!(!switch.lost.contains(turret), "I8 {turret}");
        let failing_us = switch.failing_since.map(|since| d.now.mono_us - since.mono_us);
        let joined = d.status_of(line).and_then(|it| it.conference).into_iter().flat_map(|it| it.lines);
        if joined.map(|one| one.line).chain([line.clone()]).any(|one| one.as_str().starts_with("ard")) {
            match failing_us {
                None => assert!(switch.routes[&(*turret, *uplink)].1 > 0, "I4 {turret} {line}"),
                Some(us) => assert!(us < RECORD_GRACE_US, "I4 {turret} {line} after the grace"),
            }
        }
    }
    let members = |line: &LineId| d.status(line.as_str()).parties.iter().map(|party| party.turret).collect::<Vec<_>>();
    for ((turret, _), (legs, _)) in &switch.routes {
        for (hearer, label, handset) in legs {
            assert_ne!(hearer, turret, "I38");
            match label.as_str() {
                "shout" => assert!(ALL.contains(hearer), "I1 {hearer}"),
                // Their neighbour's speakers leave it out, no handset does.
                "hoot" if !handset && [*turret, *hearer].iter().all(|it| [A1, A2].contains(it)) => {
                    panic!("I38 {turret} {hearer}")
                }
                "hoot" => assert!(right(d, *hearer).is_some(), "I1 {hearer} hears the hoot"),
                name if LINES.contains(&name) => {
                    let is_party = members(label).contains(hearer);
                    assert!(!handset || is_party, "I1 {label}");
                    let alone = name != "mrd-a" || *handset || !by_handset(d, name);
                    assert!(alone || on_it(d, name, *hearer), "I39 {hearer} plays {label}");
                    assert!(is_party || d.status(name).private_by().is_none(), "I1, PRV-4 {label}");
                }
                name => {
                    assert!(switch.intercoms[label].contains(hearer), "I1 {label}");
                    let about = d.status(name).intercom.unwrap();
                    let replies = about.group.is_some() && user(*turret) != about.caller;
                    assert!(!replies || user(*hearer) == about.caller, "I34 {label}");
                }
            }
        }
    }
    let mrd = d.status("mrd-a");
    let talks = mrd.talkers.iter().filter(|talker| by_handset(d, "mrd-a") && !on_it(d, "mrd-a", talker.turret));
    assert_eq!(talks.count(), 0, "I39");
    check_conferences(d);
    check_broadcasts(d, switch);
    check_voicemails(d, switch);
    check_dialled(d);
    for (turret, uplink) in &switch.awaited {
        let waits = switch.open().iter().any(|(at, by, _)| user(*at) == user(*turret) && (at, by) != (turret, uplink));
        let quiet =
            LINES.iter().any(|line| d.status(line).parties.iter().any(|party| user(party.turret) == user(*turret)));
        assert!(waits || quiet || !switch.intercoms.is_empty(), "{turret} is waited for, and carries nothing");
    }
    for status in switch.intercoms.keys().filter_map(|line| d.status_of(line)) {
        let people = status.parties.len() + status.holders.len();
        let goes_on = status.conference.is_some() || status.ring.is_some() || people > 1;
        assert!(goes_on, "CNF-8 {} is an intercom of one", status.line);
    }
    for status in LINES.iter().map(|line| d.status(line)) {
        let turrets: BTreeSet<_> = status.parties.iter().map(|party| party.turret).collect();
        assert_eq!(turrets.len(), status.parties.len(), "I15 {}", status.line);
        let holds = status.holders.iter().filter(|holder| turrets.contains(&holder.turret)).count();
        assert_eq!(holds, 0, "I15 {} is held by who is on it there", status.line);
    }
    for status in LINES.iter().map(|line| d.status(line)) {
        assert!(status.holders.iter().all(|holder| !holder.private), "I30 {}", status.line);
        assert!(status.parties.iter().all(|party| !party.exclusive), "HOLD-4 {}", status.line);
        let waits = status.ring.as_ref().is_some_and(|ring| ring.recall);
        assert!(!waits || status.parties.is_empty(), "I21 {} rings though somebody is on it", status.line);
        if status.phase == LinePhase::OutOfService {
            let used = !status.parties.is_empty() || !status.holders.is_empty() || !status.talkers.is_empty();
            assert!(!used && status.ring.is_none() && status.call.is_none(), "ARD-12, I21 {}", status.line);
        }
        let waits = status.sent_to.is_some();
        assert!(
            !waits || status.ring.as_ref().is_some_and(|ring| ring.at.as_ref().is_some_and(|at| !at.is_empty())),
            "I41"
        );
    }
    let undisturbed = TURRETS.map(user).into_iter().filter(|user| d.exchange.person(user).dnd);
    let failed = LINES.iter().filter(|line| d.status(line).phase == LinePhase::OutOfService).map(|line| l(line));
    let told =
        switch.kept.iter().filter_map(|what| if let Kept::OutOfService(line) = what { Some(line) } else { None });
    assert_eq!(failed.collect::<BTreeSet<_>>(), told.cloned().collect(), "ARD-12");
    let dnd = switch.kept.iter().filter(|what| matches!(what, Kept::Dnd(_))).cloned();
    assert_eq!(dnd.collect::<BTreeSet<_>>(), undisturbed.map(Kept::Dnd).collect(), "SWI-2");
    check_kept_lines(d, switch);
    let of_file = |turret| match turret {
        A1 | A2 | A3 => Some(Right::Speak),
        B1 => Some(Right::Listen),
        _ => None,
    };
    let set = TURRETS.into_iter().filter(|turret| right(d, *turret) != of_file(*turret));
    let set = set.map(|turret| Kept::Right(l("hoot"), user(turret), right(d, turret).into()));
    let rights = switch.kept.iter().filter(|what| matches!(what, Kept::Right(..))).cloned();
    assert_eq!(rights.collect::<BTreeSet<_>>(), set.collect(), "SWI-2");
    check_locks(d, switch);
    let hoot = d.status("hoot");
    assert!(hoot.talkers.len() <= 2, "I37");
    assert!(d.status("shout").talkers.len() <= 2, "I37");
    let may_talk = |turret| right(d, turret) == Some(Right::Speak);
    assert!(hoot.talkers.iter().all(|talker| may_talk(talker.turret)), "I37 right");
    for line in LINES {
        assert_eq!(switch.lines.get(&l(line)).unwrap_or(&d.status(line)), &d.status(line), "I16, I19 {line}");
    }
    assert!(d.exchange.next_deadline().is_none_or(|due| due.mono_us > d.now.mono_us), "I42");
}

/// LOG-4: a lock is told, and no talk key of a locked turret is down.
fn check_locks(d: &Desk, switch: &Switch) {
    for turret in ALL {
        assert_eq!(switch.locked.contains(&turret), d.exchange.is_locked(turret), "I19 {turret}");
    }
    for status in LINES.iter().map(|line| d.status(line)) {
        let mut talks = status.talkers.iter().map(|talker| talker.turret);
        let by_key = |turret: &TurretId| status.line.as_str() == "hoot" || !on_it(d, status.line.as_str(), *turret);
        assert!(!talks.any(|turret| by_key(&turret) && switch.locked.contains(&turret)), "LOG-4 {}", status.line);
    }
}

/// Who is on a line and who holds it.
pub type Members = (Vec<(TurretId, Position)>, Vec<(TurretId, Position)>);

pub fn members(status: &LineStatus) -> Members {
    let of = |all: &[Party]| all.iter().map(|party| (party.turret, party.position)).collect();
    (of(&status.parties), of(&status.holders))
}

/// As [`members`], but for whom a broadcast alone has put there.
pub fn members_without_broadcasts(status: &LineStatus, switch: &Switch) -> Members {
    let opened = |turret: &TurretId| {
        let lines = switch.broadcasts.get(turret).into_iter().flat_map(|it| &it.lines);
        lines.into_iter().any(|one| one.opened && one.line == status.line)
    };
    let (mut parties, holders) = members(status);
    parties.retain(|(turret, _)| !opened(turret));
    (parties, holders)
}

/// SWI-2: who is on a wire, and who holds it, is what was told to be kept; what was sent on is its sender's.
fn check_kept_lines(d: &Desk, switch: &Switch) {
    for status in LINES[..5].iter().map(|line| d.status(line)) {
        let lines = switch.kept.iter().filter_map(|what| if let Kept::Line(kept) = what { Some(kept) } else { None });
        let mut kept = lines.filter(|kept| kept.line == status.line);
        let of = |all: &[KeptParty]| all.iter().map(|party| (party.turret, party.position)).collect();
        let told: Option<Members> = kept.next().map(|kept| (of(&kept.parties), of(&kept.holders)));
        assert!(kept.next().is_none(), "SWI-2 {} is kept twice", status.line);
        let (parties, holders) = members_without_broadcasts(&status, switch);
        let stays = |joined: &ConferenceStatus| {
            joined.lines.iter().filter(|one| LINES.contains(&one.line.as_str())).count() > 1
        };
        let goes_on = status.conference.as_ref().is_some_and(stays);
        if status.sent_to.is_some() {
            assert_eq!(told.map(|told| told.1.len()), Some(1), "SWI-2 {}", status.line);
        } else if parties.is_empty() && holders.is_empty() {
            assert_eq!(told.is_some(), goes_on, "SWI-2 {}", status.line);
        } else {
            assert_eq!(told, Some((parties, holders)), "SWI-2 {}", status.line);
        }
    }
}

/// I23: a new call that rings on an ARD is heard by somebody, while anybody is there who could answer.
pub fn check_rings(d: &Desk, switch: &Switch, on: &BTreeSet<TurretId>) {
    for (name, at) in [("ard-a", vec![A1, A1_TOO, A2, A3]), ("ard-b", vec![B1, B2, B3])] {
        let status = d.status(name);
        let Some(ring) = status.ring.filter(|ring| !ring.recall && status.sent_to.is_none()) else { continue };
        let undisturbed = |turret: TurretId| turret == A2 && d.exchange.person(&user(turret)).dnd;
        let is_there =
            |turret: &TurretId| on.contains(turret) && !switch.lost.contains(turret) && !undisturbed(*turret);
        let has_key = |turret: &TurretId| d.exchange.lines_of(*turret).iter().any(|(line, ..)| *line == l(name));
        let guests = ALL.into_iter().filter(has_key).filter(is_there);
        let there: Vec<TurretId> = at.into_iter().filter(is_there).collect();
        let heard = there.iter().copied().chain(guests).any(|turret| ring.is_heard_at(turret));
        assert!(there.is_empty() || heard, "I23 {name} {ring:?}");
    }
}

/// I14, I31, CNF-3: a position carries one call or one conference, and who is on one line of a conference is on all of it.
fn check_conferences(d: &Desk) {
    let all: Vec<LineStatus> = LINES.iter().map(|line| d.status(line)).collect();
    let mut carried: BTreeMap<(TurretId, Position), BTreeSet<String>> = BTreeMap::new();
    for status in &all {
        let joined = status.conference.as_ref();
        for party in &status.parties {
            let call = joined.map_or_else(|| status.line.to_string(), |it| format!("conference {}", it.id));
            if party.position == Position::Speakers {
                continue;
            }
            carried.entry((party.turret, party.position)).or_default().insert(call);
        }
        let Some(joined) = joined else { continue };
        assert!(joined.lines.len() > 1, "CNF-8 {}", status.line);
        let on = |status: &LineStatus| status.parties.iter().map(|party| party.turret).collect::<BTreeSet<_>>();
        for one in joined.lines.iter().filter_map(|one| all.iter().find(|it| it.line == one.line)) {
            assert_eq!(one.conference.as_ref(), Some(joined), "I16 {}", one.line);
            assert_eq!(on(one), on(status), "CNF-3 {} {}", one.line, status.line);
        }
    }
    assert!(carried.values().all(|calls| calls.len() == 1), "I14 {carried:?}");
}

/// HIS-1: who is out of a line's call, and waits for nobody whom they sent it to, has an entry of it; its times are in order.
fn check_history(d: &Desk, before: &[LineStatus], input: &Input) {
    let entries = d
        .out
        .iter()
        .filter_map(|out| if let Output::History { user, entry } = out { Some((user, entry)) } else { None });
    let entries: Vec<_> = entries.collect();
    for (user, entry) in &entries {
        let in_order = entry.start_utc_ms <= entry.answered_utc_ms.unwrap_or(entry.start_utc_ms)
            && entry.answered_utc_ms.unwrap_or(entry.start_utc_ms) <= entry.end_utc_ms
            && i64::try_from(entry.held_ms).unwrap() <= entry.end_utc_ms - entry.start_utc_ms;
        assert!(in_order, "HIS-1 {user} {entry:?} after {input:?}");
    }
    // Who is on a hoot has no call.
    for was in before.iter().filter(|was| was.line.as_str() != "hoot") {
        let is = d.status(was.line.as_str());
        let on = |status: &LineStatus| {
            let parties = status.parties.iter().chain(&status.holders);
            parties.map(|party| party.user.clone()).collect::<BTreeSet<_>>()
        };
        let same = is.call == was.call;
        for user in on(was).iter().filter(|user| !(same && on(&is).contains(*user))) {
            let told = entries.iter().filter(|(of, entry)| *of == user && entry.line == was.line).count();
            assert!(told > 0 || is.sent_to.is_some(), "HIS-1 {user} was on {} before {input:?}", was.line);
        }
    }
}

/// I21 to I23, I25, I26: a dialled call is on two lines or, while its number is dialled, on one; what rings has a caller, and
/// not for longer than it may.
fn check_dialled(d: &Desk) {
    let all: Vec<LineStatus> = LINES[5..].iter().map(|line| d.status(line)).collect();
    for status in &all {
        let line = &status.line;
        let ends: Vec<&LineStatus> = all.iter().filter(|it| it.call.is_some() && it.call == status.call).collect();
        match status.phase {
            LinePhase::Idle => {
                assert_eq!((&status.call, &status.ring, &status.dialled), (&None, &None, &None), "I25 {line}");
            }
            LinePhase::Dialling => assert_eq!(ends.len(), 1, "I25 {line}"),
            LinePhase::Calling | LinePhase::Ringing | LinePhase::Talking | LinePhase::Held => {
                // A voicemail answers where no line is free.
                let alone = status.phase == LinePhase::Calling && status.voicemail.is_some();
                assert!(ends.len() == 2 || (alone && ends.len() == 1), "I26 {line}");
            }
            LinePhase::OutOfService => {}
        }
        if status.phase == LinePhase::Ringing {
            let other = ends.iter().find(|it| it.line != *line).unwrap();
            assert_eq!(other.phase, LinePhase::Calling, "I21, I22 {line}");
            let rang_us = d.now.mono_us - status.ring.as_ref().unwrap().since.mono_us;
            // `dial.out_ring`: a call that was diverted rings at several in turn; then a message may be left.
            let most_us = if status.voicemail.is_some() { 306_000_000 } else { 120_000_000 };
            assert!(rang_us < most_us, "I23 {line}");
        }
    }
}

/// What was so before an input.
pub struct Before {
    /// Turrets that were locked.
    pub locked: BTreeSet<TurretId>,
    /// Who was heard on which line by a handset or hands-free.
    pub by_handset: BTreeSet<(TurretId, LineId)>,
    pub open: BTreeSet<(TurretId, Uplink, LineId)>,
    pub lines: Vec<LineStatus>,
}

/// What an input may have changed, and what it may not.
pub fn check_step(d: &Desk, switch: &Switch, before: &Before, input: &Input) {
    check_history(d, &before.lines, input);
    for (turret, uplink, line) in switch.open().difference(&before.open) {
        // Lines that were joined with that of a microphone that is open already, and what was given to who talks about it.
        let joined = d.status_of(line).is_some_and(|it| it.conference.is_some());
        let given = matches!(input, Input::Act { act: Act::Complete { .. }, .. });
        if (joined || given) && before.open.iter().any(|(at, by, _)| (at, by) == (turret, uplink)) {
            continue;
        }
        // A call that has moved: its other microphone was open until now.
        if before.open.iter().any(|(at, by, on)| at == turret && on == line && by != uplink) {
            continue;
        }
        assert!(!before.locked.contains(turret), "LOG-4 {turret} {line} after {input:?}");
        // A supervisor's own press, `override.lead` ago.
        let parties = d.status_of(line).map(|it| it.parties).unwrap_or_default();
        let entered = parties.iter().any(|party| party.turret == *turret && party.overriding);
        assert!(entered || opener(input) == Some(*turret), "I6 {turret} {line} after {input:?}");
    }
    if let Input::Act {
        act: Act::Intercom { .. } | Act::IntercomGroup { .. } | Act::IntercomPicked { .. },
        turret,
        ..
    } = input
    {
        for out in &d.out {
            // A warning is of a microphone that was shut, whoever calls; who calls hears at both their turrets what that ends.
            if let Output::Notice { turret: to, sound: Some(sound), .. } = out
                && *sound != Sound::Warning
            {
                let mine = user(*to) == user(*turret);
                assert!(mine || !d.exchange.person(&user(*to)).dnd, "I36 {to} after {input:?}");
            }
        }
    }
    check_tracks(d, switch, before, input);
    let refused = d.out.iter().find_map(|out| {
        let Output::Answer { result: Err(refusal), .. } = out else { return None };
        Some(refusal)
    });
    if let Some(refusal) = refused {
        for (was, is) in before.lines.iter().zip(LINES.iter().map(|line| d.status(line))) {
            assert_eq!(*was, is, "I9 {input:?}: {refusal:?}");
        }
        assert_eq!(before.open, switch.open(), "I9 {input:?}: {refusal:?}");
    }
}

/// I46: a user whose microphones were open towards a line, and are, has lost none of the tracks there by what others do or by a
/// move; by their own press the voice may go by another microphone.
fn check_tracks(d: &Desk, switch: &Switch, before: &Before, input: &Input) {
    let open = switch.open();
    for (line, who) in &switch.ended {
        let moves = matches!(input, Input::Act { act: Act::Move { .. } | Act::TakeOver { .. }, .. });
        // Who is at two positions of what becomes one conference goes on at one of them (CNF-3).
        let joins = matches!(input, Input::Act { act: Act::Join { .. }, .. });
        // On a hoot others may displace them (HOT-3).
        if line.as_str() == "hoot"
            || joins
            || !moves && matches!(input, Input::Act { turret, .. } if user(*turret) == *who)
        {
            continue;
        }
        // A talk key that was pressed while its call moved goes on as a talk, on a track of its own.
        let again =
            |out: &Output| matches!(out, Output::TrackOpened { line: on, user, .. } if on == line && user == who);
        if matches!(input, Input::Tick) && d.out.iter().any(again) {
            continue;
        }
        if !before.by_handset.iter().any(|(turret, on)| user(*turret) == *who && on == line) {
            continue;
        }
        let was = before.lines.iter().find(|it| it.line == *line);
        // What was talked on by its key on the speakers goes on by the microphone that it moves to, on a track of its own.
        let aloud = |turret: &TurretId| {
            was.is_some_and(|it| it.parties.iter().any(|at| at.turret == *turret && at.position == Position::Speakers))
        };
        if moves && matches!(input, Input::Act { turret, .. } if user(*turret) == *who && aloud(turret)) {
            continue;
        }
        let call = was.and_then(|it| it.call);
        if call.is_none() || call != d.status_of(line).and_then(|it| it.call) {
            continue;
        }
        let talks = |open: &BTreeSet<(TurretId, Uplink, LineId)>| {
            open.iter().filter(|(turret, _, on)| on == line && user(*turret) == *who).count()
        };
        let ended = switch.ended.iter().filter(|one| **one == (line.clone(), who.clone())).count();
        assert!(talks(&before.open) >= talks(&open) + ended, "I46 {who} on {line} after {input:?}: {:?}", d.out);
    }
}
