//! Moves that are likely to be accepted: what somebody would do who looks at their panel; one in six is any move at all.
//!
//! Law: a run is its seed: the same seed makes the same moves, which can be played again without it.

use super::Played;
use super::moves::{ALL, KINDS, LINES, Move, POSITIONS, SERVICE};
use crate::floor::*;
use dealerboard_call_control::{Input, Output};
use dealerboard_model::{LinePhase, LineStatus, TurretId};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Counts by what was done, and by what came of it.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Accepted and refused acts; other inputs are accepted.
    pub of: BTreeMap<String, (u64, u64)>,
    /// Refusals by their code.
    pub codes: BTreeMap<String, u64>,
    /// What happened that a listener of a recording should know of.
    pub marks: BTreeMap<String, u64>,
}

impl Counts {
    fn take(&mut self, input: &Input, out: &[Output]) {
        let what = if let Input::Act { act, .. } = input { word(act) } else { word(input) };
        for out in out {
            if let Output::Happened { what, .. } = out {
                *self.marks.entry(word(what)).or_default() += 1;
            }
        }
        let refused = out.iter().find_map(|out| {
            let Output::Answer { result: Err(refusal), .. } = out else { return None };
            Some(refusal.code)
        });
        let of = self.of.entry(what).or_default();
        match refused {
            None => of.0 += 1,
            Some(code) => {
                of.1 += 1;
                *self.codes.entry(format!("{code:?}")).or_default() += 1;
            }
        }
    }
}

/// The name of a variant.
fn word(of: &impl std::fmt::Debug) -> String {
    let all = format!("{of:?}");
    all.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

/// What went wrong in a run, and the moves that lead there.
#[derive(Debug)]
pub struct Wrong {
    pub why: String,
    pub moves: Vec<Move>,
}

/// Plays `moves` moves of a seed.
pub fn run(seed: u64, moves: usize, counts: &mut Counts) -> Result<(), Wrong> {
    let (mut random, mut played, mut made) = (fastrand::Rng::with_seed(seed), Played::new(), Vec::new());
    let result = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..moves {
            let one = choose(&played, &mut random);
            made.push(one);
            if let Some((input, out)) = played.make(one) {
                counts.take(&input, out);
            }
        }
    }));
    result.map_err(|why| Wrong { why: in_words(&*why), moves: made })
}

/// Plays moves again: why they fail, if they do.
pub fn again(moves: &[Move]) -> Option<String> {
    let play = || {
        let mut played = Played::new();
        for one in moves {
            played.make(*one);
        }
    };
    catch_unwind(AssertUnwindSafe(play)).err().map(|why| in_words(&*why))
}

/// Leaves out what is not needed to fail.
pub fn shrink(wrong: Wrong) -> Wrong {
    let Wrong { mut why, mut moves } = wrong;
    let mut size = moves.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < moves.len() {
            let mut fewer = moves.clone();
            fewer.drain(at..(at + size).min(moves.len()));
            match again(&fewer) {
                Some(still) => (why, moves) = (still, fewer),
                None => at += size,
            }
        }
        size /= 2;
    }
    Wrong { why, moves }
}

fn in_words(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().cloned();
    text.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn choose(played: &Played, random: &mut fastrand::Rng) -> Move {
    let who = random.usize(..ALL.len());
    let wait_ms = if random.bool() { random.u64(..900) } else { random.u64(..40_000) };
    let any =
        Move { who, kind: random.u8(..KINDS), line: random.usize(..LINES.len()), place: random.usize(..3), wait_ms };
    let going_on = under_way(played);
    if !going_on.is_empty() && random.u8(..3) == 0 {
        let (who, Offer { kind, line, place }) = going_on[random.usize(..going_on.len())];
        return Move { who, kind, line, place: place.unwrap_or(any.place), wait_ms: random.u64(..450) };
    }
    let turret = ALL[who];
    if !played.on.contains(&turret) {
        return Move { kind: 18, ..any };
    }
    if played.switch.lost.contains(&turret) {
        // Who is lost comes back, sooner or later.
        return if random.bool() { Move { kind: 15, ..any } } else { Move { kind: 23, ..any } };
    }
    if played.switch.locked.contains(&turret) && random.bool() {
        return Move { kind: 65, ..any };
    }
    if played.switch.failing_since.is_some() && random.bool() {
        return Move { kind: 20, place: 0, ..any };
    }
    if random.u8(..6) == 0 {
        return any;
    }
    let likely = offered(played, turret);
    match likely.as_slice() {
        [] => any,
        some => {
            let Offer { kind, line, place } = some[random.usize(..some.len())];
            Move { kind, line, place: place.unwrap_or(any.place), ..any }
        }
    }
}

/// A kind of move that a panel offers, on a line; at any place where none is named.
#[derive(Clone, Copy)]
struct Offer {
    kind: u8,
    line: usize,
    place: Option<usize>,
}

fn offer(kind: u8, line: usize) -> Offer {
    Offer { kind, line, place: None }
}

fn offered(played: &Played, turret: TurretId) -> Vec<Offer> {
    let at_a = [A1, A2, A3, A1_TOO].contains(&turret);
    let mut all = Vec::new();
    for (place, line) in LINES.iter().enumerate() {
        let status = played.status(line);
        if status.phase == LinePhase::OutOfService {
            if turret == B3 {
                all.push(Offer { place: Some(1), ..offer(SERVICE, place) });
            }
        } else if *line == "hoot" {
            let talks = status.talkers.iter().any(|talker| talker.turret == turret);
            if at_a {
                all.extend([offer(if talks { 9 } else { 7 }, place), offer(50, place)]);
                let here = status.parties.iter().any(|party| party.turret == turret);
                all.extend(if here { [5, 12, 43, 45].as_slice() } else { &[0] }.iter().map(|kind| offer(*kind, place)));
            }
        } else if let Some(whose) = dials(line) {
            if whose.contains(&turret) {
                on_dialled(&status, turret, |kind| all.push(offer(kind, place)));
            }
        } else if line.ends_with("-a") == at_a {
            on_wire(&status, turret, line.starts_with("mrd"), |kind| all.push(offer(kind, place)));
        }
        if status.phase == LinePhase::Idle && turret == B3 && place == 0 {
            all.push(Offer { place: Some(0), ..offer(SERVICE, place) });
        }
        of_what_is_joined(&status, turret, place, &mut all);
    }
    of_intercoms(played, turret, &mut all);
    if played.switch.broadcasts.contains_key(&turret) {
        all.push(offer(62, 0));
    }
    if turret == A3 {
        all.extend([offer(49, 0), offer(49, 3)]);
    }
    all.push(offer(13, 0));
    all
}

/// A conference that this user added lines to, and a call at the other turret of this user.
fn of_what_is_joined(status: &LineStatus, turret: TurretId, line: usize, all: &mut Vec<Offer>) {
    let is_here = status.parties.iter().any(|party| party.turret == turret);
    let added = status
        .conference
        .as_ref()
        .is_some_and(|joined| joined.lines.iter().any(|one| one.line == status.line && one.by == user(turret)));
    if is_here && added {
        all.extend([Offer { place: Some(1), ..offer(33, line) }; 2]);
    }
    let there = status.parties.iter().any(|party| party.turret != turret && party.user == user(turret));
    if there && !is_here {
        all.extend([offer(46, line); 4]);
    }
}

fn of_intercoms(played: &Played, turret: TurretId, all: &mut Vec<Offer>) {
    let intercoms = played.switch.intercoms.iter().filter(|(_, to)| to.contains(&turret));
    let mine: Vec<LineStatus> = intercoms.filter_map(|(line, _)| played.d.status_of(line)).collect();
    if mine.is_empty() {
        all.extend([offer(10, 0), offer(10, 2), offer(37, 0), offer(38, 1)]);
    } else {
        all.extend([offer(11, 0), offer(11, 0), offer(5, 0), offer(30, 0), offer(44, 0)]);
    }
    if mine.iter().any(|status| status.conference.is_some()) {
        all.push(Offer { place: Some(0), ..offer(33, 0) });
    }
}

/// What somebody has begun who goes on with it soon: a move to another microphone, a number, an announced call, a broadcast, and
/// one who is in two calls that can be joined.
fn under_way(played: &Played) -> Vec<(usize, Offer)> {
    let mut all = Vec::new();
    let gone = |turret: &TurretId| played.switch.lost.contains(turret) || played.switch.locked.contains(turret);
    let there = |(_, turret): &(usize, TurretId)| played.on.contains(turret) && !gone(turret);
    let lines: Vec<LineStatus> = LINES.iter().map(|line| played.status(line)).collect();
    for (who, turret) in ALL.into_iter().enumerate().filter(there) {
        let mut may = |offer| all.push((who, offer));
        for (place, position) in POSITIONS.iter().enumerate() {
            if played.switch.awaited.contains(&(turret, position.uplink())) {
                [Offer { place: Some(place), ..offer(47, 0) }; 4].into_iter().for_each(&mut may);
            }
        }
        if played.switch.broadcasts.contains_key(&turret) {
            [1, 2, 3, 4].into_iter().for_each(|line| may(offer(63, line)));
        }
        let at = |status: &LineStatus| {
            let here = status.parties.iter().find(|party| party.turret == turret);
            here.and_then(|party| POSITIONS.iter().position(|position| *position == party.position))
        };
        let talks = |status: &&LineStatus| matches!(status.phase, LinePhase::Talking | LinePhase::Held);
        let bases: Vec<usize> = lines.iter().filter(talks).filter_map(at).collect();
        for (line, status) in lines.iter().enumerate() {
            if status.phase == LinePhase::Dialling && at(status).is_some() {
                [53; 3].into_iter().for_each(|kind| may(offer(kind, line)));
            }
            if !status.holders.iter().any(|holder| holder.turret == turret) {
                continue;
            }
            if status.announced.is_some() {
                [41, 41, 42, 42].into_iter().for_each(|kind| may(offer(kind, line)));
            }
            bases.iter().for_each(|base| may(Offer { place: Some(*base), ..offer(31, line) }));
        }
        let mut intercoms = played.switch.intercoms.keys().filter_map(|line| played.d.status_of(line));
        let intercom = intercoms.any(|it| {
            let single = it.conference.is_none() && it.intercom.as_ref().is_some_and(|about| about.group.is_none());
            single && it.ring.is_none() && it.parties.iter().any(|party| party.turret == turret)
        });
        bases.iter().filter(|_| intercom).for_each(|base| may(Offer { place: Some(*base), ..offer(30, 0) }));
    }
    all
}

/// Who has a line that takes a number.
fn dials(line: &str) -> Option<&'static [TurretId]> {
    match line {
        "dial" => Some(&[A1, A2, A3, A1_TOO]),
        "ext-4001.1" | "ext-4001.2" => Some(&[A1, A1_TOO]),
        "ext-4002.1" => Some(&[A2]),
        "ext-5001.1" | "ext-5001.2" => Some(&[B1]),
        _ => None,
    }
}

fn on_dialled(status: &LineStatus, turret: TurretId, may: impl FnMut(u8)) {
    match status.phase {
        LinePhase::Idle => [54, 55, 57].into_iter().for_each(may),
        LinePhase::Dialling => [53; 4].into_iter().for_each(may),
        LinePhase::Calling | LinePhase::Ringing | LinePhase::Talking | LinePhase::Held | LinePhase::OutOfService => {
            on_wire(status, turret, false, may)
        }
    }
}

fn on_wire(status: &LineStatus, turret: TurretId, is_mrd: bool, mut may: impl FnMut(u8)) {
    let is_here = status.parties.iter().any(|party| party.turret == turret);
    let holds = status.holders.iter().any(|holder| holder.turret == turret);
    let rings = status.ring.as_ref().is_some_and(|ring| ring.is_at(turret));
    if rings && !is_here {
        [1, 1, 1].into_iter().for_each(&mut may);
    } else if is_here && status.phase == LinePhase::Calling {
        may(5);
    } else if is_here {
        [4, 5, 12, 24, 25, 26, 34, 40, 43, 45].into_iter().for_each(&mut may);
        if is_mrd {
            may(6);
        }
    } else if holds {
        [3, 3, 5, 31].into_iter().for_each(&mut may);
        if status.announced.is_some() {
            [41, 41, 41, 42, 42, 42].into_iter().for_each(&mut may);
        }
    } else if !status.parties.is_empty() && status.phase != LinePhase::Calling {
        if status.private_by().is_none() {
            may(2);
        }
        if turret == A3 {
            may(27);
        }
        if turret == B3 {
            may(29);
        }
    } else if status.phase == LinePhase::Held && !status.is_held_exclusively() {
        may(3);
    } else if status.phase == LinePhase::Idle {
        [0, 0].into_iter().for_each(&mut may);
    }
}
