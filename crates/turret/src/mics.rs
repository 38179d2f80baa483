//! Which microphones are open, and towards what.
//!
//! Law: pure. A microphone is open while the switch lists it and its user has not shut it since; before it is listed, for
//! two seconds from a press; after the switch is lost, that of a call for one second more. A talk needs its key as well.
//! What was shut opens again only by a press. While a talk is open, or on its way, only talks are open (rule POS-4).

use crate::facts::Facts;
use crate::project::Local;
use crate::view::LinkView;
use dealerboard_model::{LineId, Moment, Position, Uplink};
use dealerboard_wire::OpenMic;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How long a press keeps its gate open while the switch has not listed the microphone.
pub const PENDING: Duration = Duration::from_secs(2);

/// `mic.link_loss`: microphones of calls survive a reconnect in mid-word, no longer.
const MIC_LINK_LOSS: Duration = Duration::from_millis(1_000);

/// A press whose microphone the switch has not listed yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Towards which line; none for an intercom whose line is still to be made.
    pub line: Option<LineId>,
    /// Which uplink.
    pub uplink: Uplink,
    /// For which position.
    pub position: Position,
    /// When it was pressed, UTC milliseconds by the switch's clock.
    pub since_utc_ms: i64,
    /// The gate shuts then, whatever has come.
    pub until: Instant,
}

/// Until when a microphone that its user shut stays shut, whatever the switch lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shut {
    /// While this command has no answer.
    Asked(Uuid),
    /// It may be listed late: until then at least.
    Until(Instant),
    /// While it is listed.
    Listed,
}

/// A microphone that is open towards a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Which line; none for an intercom whose line is still to be made.
    pub line: Option<LineId>,
    /// Which uplink.
    pub uplink: Uplink,
    /// The position that talks: speakers for a talk key.
    pub position: Position,
}

impl Gate {
    /// It is that of a position: of its call, or of the talk key of a hoot that is listened to at its handset.
    #[must_use]
    pub fn is_at(&self, position: Position) -> bool {
        let handset = matches!(position, Position::Left | Position::Right);
        self.position == position || (handset && self.uplink == position.uplink())
    }
}

/// What this turret alone knows about its microphones.
#[derive(Clone, Debug, Default)]
pub struct Mics {
    /// By their press, of which each may open towards several lines.
    pending: BTreeMap<(Uuid, usize), Pending>,
    shut: BTreeMap<(LineId, Uplink), Shut>,
    /// What a command of this turret ends, by when it was opened: while that is listed, a new press is not.
    ending: BTreeMap<(LineId, Uplink), Moment>,
    lingering: Vec<(OpenMic, Position)>,
    linger_until: Option<Instant>,
    /// The presses that take a call to another position: the microphone that it leaves is listed meanwhile.
    moves: BTreeSet<Uuid>,
}

/// The position that a listed microphone belongs to: as the switch says, else that of the party on its line, else the
/// speakers' talk keys.
#[must_use]
pub fn place(facts: &Facts, mic: &OpenMic) -> Position {
    if let Some(position) = mic.position {
        return position;
    }
    facts.position_of(&mic.line).filter(|position| position.uplink() == mic.uplink).unwrap_or(Position::Speakers)
}

/// Every open microphone.
#[must_use]
pub fn open(facts: &Facts, local: &Local) -> Vec<Gate> {
    let listed = shown(facts, local).into_iter().filter(|(mic, _)| !mic.muted);
    let mut all: Vec<Gate> =
        listed.map(|(mic, position)| Gate { line: Some(mic.line), uplink: mic.uplink, position }).collect();
    if matches!(local.link, LinkView::Up { .. }) {
        let pending = local.mics.pending.values();
        all.extend(pending.map(|it| Gate { line: it.line.clone(), uplink: it.uplink, position: it.position }));
    }
    all.retain(|gate| !is_muted(local, gate.uplink, gate.position));
    // The switch does so as well, one message later: until then words for a talk would reach the call of a handset.
    if all.iter().any(|gate| gate.position == Position::Speakers) {
        all.retain(|gate| gate.position == Position::Speakers);
        if muted_call_would_hear(facts, local) || local.several.would_be_overheard(facts, local) {
            all.clear();
        }
    }
    all
}

/// The microphones that the switch takes voice from, or will, and their user muted here: they send silence, so that the switch
/// and the recorder know that they are there, and a call that moves to one is waited for no longer than to any other.
#[must_use]
pub fn silent(facts: &Facts, local: &Local) -> Vec<Gate> {
    let muted = |(mic, at): &(OpenMic, Position)| !mic.muted && is_muted(local, mic.uplink, *at);
    let listed = shown(facts, local).into_iter().filter(muted);
    let listed = listed.map(|(mic, position)| Gate { line: Some(mic.line), uplink: mic.uplink, position });
    let up = matches!(local.link, LinkView::Up { .. });
    let comes = local.mics.pending.values().filter(|it| up && is_muted(local, it.uplink, it.position));
    let comes = comes.map(|it| Gate { line: it.line.clone(), uplink: it.uplink, position: it.position });
    listed.chain(comes).collect()
}

/// Its user muted this microphone: in the call of its position, or all that is said into a handset.
pub(crate) fn is_muted(local: &Local, uplink: Uplink, position: Position) -> bool {
    let at = match uplink {
        Uplink::Left => Position::Left,
        Uplink::Right => Position::Right,
        Uplink::Mic => position,
    };
    local.muted.contains(position) || local.muted.contains(at)
}

/// A talk shares its microphone with a hands-free call. One that the user muted hears nothing of it: the talk waits until
/// the switch does not route it there any more.
fn muted_call_would_hear(facts: &Facts, local: &Local) -> bool {
    let routed = |mic: &OpenMic| !mic.muted && place(facts, mic) == Position::HandsFree;
    local.muted.contains(Position::HandsFree) && facts.mics.iter().any(routed)
}

/// The microphones that the switch takes voice from and their user has not shut, with their positions.
#[must_use]
pub fn shown(facts: &Facts, local: &Local) -> Vec<(OpenMic, Position)> {
    let mut all: Vec<(OpenMic, Position)> = match local.link {
        LinkView::Up { .. } => facts.mics.iter().map(|mic| (mic.clone(), place(facts, mic))).collect(),
        LinkView::Lost { .. } | LinkView::Connecting => local.mics.lingering.clone(),
        LinkView::Refused { .. } | LinkView::Untrusted { .. } | LinkView::LoggedOff => Vec::new(),
    };
    all.retain(|(mic, position)| *position != Position::Speakers || local.talks_to(&mic.line));
    all.retain(|(mic, _)| !local.mics.is_shut(mic));
    all
}

impl Mics {
    /// A press is on its way: its gate opens before the switch is asked.
    pub fn press(&mut self, id: Uuid, pending: Pending) {
        if let Some(line) = &pending.line {
            self.shut.remove(&(line.clone(), pending.uplink));
        }
        let nth = self.pending.range((id, 0)..=(id, usize::MAX)).count();
        self.pending.insert((id, nth), pending);
    }

    /// The same for a press that takes a call to another position.
    pub fn press_to_move(&mut self, id: Uuid, pending: Pending) {
        self.press(id, pending);
        self.moves.insert(id);
    }

    /// The line that a press puts on `position`, before the switch has said so.
    #[must_use]
    pub fn line_on_its_way_to(&self, position: Position) -> Option<&LineId> {
        self.pending.values().filter(|it| it.position == position).find_map(|it| it.line.as_ref())
    }

    /// The presses whose microphones are not listed yet.
    pub fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.pending.values()
    }

    /// The talk that was asked for on `line` does not come.
    pub fn not_coming(&mut self, line: &LineId) {
        self.pending.retain(|_, it| it.position != Position::Speakers || it.line.as_ref() != Some(line));
    }

    /// A press was refused, or is not sent any more.
    pub fn give_up(&mut self, id: Uuid) {
        self.pending.retain(|(by, _), _| *by != id);
    }

    /// The line that the switch made for an intercom.
    pub fn line_made(&mut self, id: Uuid, line: &LineId) {
        if let Some(pending) = self.pending.get_mut(&(id, 0)) {
            pending.line.get_or_insert_with(|| line.clone());
        }
    }

    /// The user lets go: the microphone of the call on `line`, or with `talk` of the talk key, is shut by command `by`.
    pub fn shut(&mut self, facts: &Facts, line: &LineId, talk: bool, by: Uuid) {
        // Who lets go of one line of a conference lets go of all.
        let same = |at: &LineId, _: Uplink, position: Position| {
            (position == Position::Speakers) == talk && (at == line || (!talk && facts.are_joined(line, at)))
        };
        self.shut_where(facts, same, |_| Shut::Asked(by));
    }

    /// A call on `line` that its user took back: it may be listed late, and stays shut.
    pub fn keep_shut(&mut self, line: &LineId, now: Instant) {
        for uplink in Uplink::ALL {
            self.shut.insert((line.clone(), uplink), Shut::Until(now + PENDING));
        }
    }

    /// The device behind `uplink` has gone or come (rule POS-6): whatever it is open towards is shut.
    pub fn shut_device(&mut self, facts: &Facts, position: Position, now: Instant) {
        let here = |_: &LineId, by: Uplink, _: Position| by == position.uplink();
        self.shut_where(facts, here, |listed| if listed { Shut::Listed } else { Shut::Until(now + PENDING) });
        self.pending.retain(|_, pending| pending.uplink != position.uplink());
    }

    /// Every talk is shut.
    pub fn shut_talks(&mut self, facts: &Facts, now: Instant) {
        let talk = |_: &LineId, _: Uplink, at: Position| at == Position::Speakers;
        self.shut_where(facts, talk, |listed| if listed { Shut::Listed } else { Shut::Until(now + PENDING) });
    }

    fn shut_where(
        &mut self,
        facts: &Facts,
        which: impl Fn(&LineId, Uplink, Position) -> bool,
        how: impl Fn(bool) -> Shut,
    ) {
        let listed = facts.mics.iter().map(|mic| (mic.clone(), place(facts, mic))).chain(self.lingering.clone());
        for (mic, _) in listed.filter(|(mic, position)| which(&mic.line, mic.uplink, *position)) {
            let (key, shut) = ((mic.line, mic.uplink), how(true));
            if matches!(shut, Shut::Asked(_)) {
                self.ending.insert(key.clone(), mic.since);
            }
            self.shut.insert(key, shut);
        }
        self.pending.retain(|_, pending| match &pending.line {
            Some(line) if which(line, pending.uplink, pending.position) => {
                self.shut.entry((line.clone(), pending.uplink)).or_insert_with(|| how(false));
                false
            }
            Some(_) | None => true,
        });
    }

    /// The user opens the microphone of the call on `line` again, with all that is joined with it.
    pub fn reopen(&mut self, facts: &Facts, line: &LineId, uplink: Uplink) {
        self.shut
            .retain(|(at, by), shut| *by != uplink || matches!(shut, Shut::Asked(_)) || !facts.are_joined(line, at));
    }

    /// A press opens the microphone of what is joined with `line` too, whatever shut it before.
    pub fn open_joined(&mut self, facts: &Facts, line: &LineId, uplink: Uplink) {
        self.shut.retain(|(at, by), _| *by != uplink || !facts.are_joined(line, at));
    }

    /// A command has its answer, or will have none.
    pub fn answered(&mut self, id: Uuid) {
        for shut in self.shut.values_mut().filter(|shut| **shut == Shut::Asked(id)) {
            *shut = Shut::Listed;
        }
    }

    /// The switch is lost: talks are over, calls go on for a moment, and nothing is known to be listed.
    pub fn lose(&mut self, facts: &mut Facts, now: Instant) {
        let mics = std::mem::take(&mut facts.mics);
        let placed = mics.into_iter().map(|mic| (place(facts, &mic), mic));
        let calls = placed.filter(|(position, mic)| *position != Position::Speakers && !mic.muted);
        self.lingering = calls.map(|(position, mic)| (mic, position)).collect();
        self.linger_until = Some(now + MIC_LINK_LOSS);
        self.pending.clear();
    }

    /// A snapshot has come: what the switch lists counts from now on.
    pub fn found(&mut self) {
        self.lingering.clear();
        self.linger_until = None;
        self.pending.clear();
    }

    /// Nothing that was pressed is meant any more, and nothing is open.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What time and the switch have settled.
    pub fn settle(&mut self, facts: &Facts, up: bool, now: Instant) {
        if self.linger_until.is_some_and(|until| until <= now) {
            self.lingering.clear();
            self.linger_until = None;
        }
        let same = |line: &LineId, uplink: Uplink, since: &Moment| {
            facts.mics.iter().any(|mic| mic.line == *line && mic.uplink == uplink && mic.since == *since)
        };
        self.ending.retain(|(line, uplink), since| same(line, *uplink, since));
        let (moves, ending) = (&self.moves, &self.ending);
        let leaves = self.left_again();
        self.pending.retain(|(id, nth), pending| {
            let talk = pending.position == Position::Speakers;
            let same = |mic: &&OpenMic| {
                Some(&mic.line) == pending.line.as_ref()
                    && (mic.uplink == pending.uplink || !moves.contains(id))
                    && ending.get(&(mic.line.clone(), mic.uplink)) != Some(&mic.since)
            };
            let listed = facts.mics.iter().filter(same).any(|mic| (place(facts, mic) == Position::Speakers) == talk);
            pending.until > now && (!listed || leaves.contains(&(*id, *nth)))
        });
        let pending = &self.pending;
        self.moves.retain(|id| pending.contains_key(&(*id, 0)));
        let listed = |(line, uplink): &(LineId, Uplink)| {
            let mut all = facts.mics.iter().chain(self.lingering.iter().map(|(mic, _)| mic));
            all.any(|mic| mic.line == *line && mic.uplink == *uplink)
        };
        self.shut.retain(|key, shut| match shut {
            Shut::Asked(_) => true,
            Shut::Until(_) if listed(key) => {
                *shut = Shut::Listed;
                true
            }
            Shut::Until(until) => *until > now,
            // While the switch is lost nothing is listed, and what was shut must not come back with it.
            Shut::Listed => !up || listed(key),
        });
    }

    /// The moves to a microphone that the call still has from before an earlier one of them: that it is listed is told of that one.
    fn left_again(&self) -> BTreeSet<(Uuid, usize)> {
        let moves: Vec<_> = self.pending.iter().filter(|((id, _), _)| self.moves.contains(id)).collect();
        let follows = |one: &Pending| {
            let elsewhere = |other: &Pending| other.line == one.line && other.uplink != one.uplink;
            moves.iter().any(|(_, other)| elsewhere(other) && other.until < one.until)
        };
        moves.iter().filter(|(_, pending)| follows(pending)).map(|(key, _)| **key).collect()
    }

    /// Whether time has something to settle.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        let pending = self.pending.values().any(|pending| pending.until <= now);
        let shut = self.shut.values().any(|shut| matches!(shut, Shut::Until(until) if *until <= now));
        pending || shut || self.linger_until.is_some_and(|until| until <= now)
    }

    fn is_shut(&self, mic: &OpenMic) -> bool {
        self.shut.contains_key(&(mic.line.clone(), mic.uplink))
    }
}

#[cfg(test)]
#[path = "mics_tests.rs"]
mod tests;
