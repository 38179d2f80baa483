//! The exchange: routes an input to the one feature that decides it, then sends what follows. Nothing is decided here.

use crate::kept::{self, Kept};
use crate::messages::{Accepted, Act, Input, MicReport, Output, Refusal, Sound};
use crate::project::{self, Sent};
use crate::record::Recordings;
use crate::state::{Line, State};
use crate::timer::{RECORD_GRACE_MS, Timer, Timers};
use crate::{Floor, hold, hoot, intercom, presence, private_wire};
use dealerboard_model::{LineId, LineKind, LineStatus, Moment, PersonStatus, RecordPolicy, TurretId, Uplink, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// The brain of the switch.
#[derive(Debug)]
pub struct Exchange {
    state: State,
    sent: Sent,
    recordings: Recordings,
    /// As told last.
    kept: BTreeSet<Kept>,
}

/// What an input brought about, in order. It borrows the exchange: the next input cannot come before this is drained.
#[derive(Debug)]
#[must_use = "what is not drained is never sent"]
pub struct Drain<'e> {
    outputs: std::vec::Drain<'e, Output>,
}

impl Iterator for Drain<'_> {
    type Item = Output;

    fn next(&mut self) -> Option<Output> {
        self.outputs.next()
    }
}

impl Exchange {
    /// An exchange of idle lines where nobody is logged on, with what was `kept` when the switch ended.
    #[must_use]
    pub fn new(floor: Floor, kept: BTreeSet<Kept>, now: Moment) -> Self {
        let lines: BTreeMap<LineId, Line> =
            floor.lines.iter().map(|(line, spec)| (line.clone(), Line::new(spec.clone(), now))).collect();
        let recordings = Recordings::new(floor.first_recording, floor.first_track);
        let state = State {
            next_call: floor.first_call,
            floor,
            lines,
            turrets: BTreeMap::new(),
            dnd: BTreeSet::new(),
            recorder_failing: None,
            recorder_since_us: 0,
            timers: Timers::default(),
            acts: 0,
            touched: BTreeSet::new(),
            outputs: Vec::new(),
            now,
            happenings: Vec::new(),
        };
        let mut exchange = Self { state, sent: Sent::default(), recordings, kept };
        kept::restore(&mut exchange.state, &exchange.kept);
        exchange.state.touched = exchange.state.lines.keys().cloned().collect();
        project::derive(&mut exchange.state, &mut exchange.sent, &mut exchange.recordings);
        exchange.state.outputs.clear();
        exchange
    }

    /// Takes one input at `now`: timers that were due before it, those of safety that are due at `now`, the input, then the
    /// others of `now` (TIM-2).
    pub fn handle(&mut self, now: Moment, input: Input) -> Drain<'_> {
        while let Some(due) = self.state.timers.take_before_input(now.mono_us) {
            self.fire(now, due);
        }
        self.take(now, input);
        while let Some(due) = self.state.timers.take_before(now.mono_us.saturating_add(1)) {
            self.fire(now, due);
        }
        project::derive(&mut self.state, &mut self.sent, &mut self.recordings);
        kept::derive(&mut self.state, &mut self.kept);
        Drain { outputs: self.state.outputs.drain(..) }
    }

    /// When [`Input::Tick`] is due at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        self.state.timers.next_us().map(|mono_us| Moment { mono_us, utc_ms: 0 })
    }

    /// The truth about a line, for a snapshot.
    #[must_use]
    pub fn status(&self, line: &LineId) -> Option<LineStatus> {
        self.state.lines.get(line).map(|found| project::status(&self.state, found))
    }

    /// What others see of a user, for a snapshot.
    #[must_use]
    pub fn person(&self, user: &UserId) -> PersonStatus {
        project::person(&self.state, user)
    }

    /// The open microphones of a turret, for a snapshot.
    #[must_use]
    pub fn mics(&self, turret: TurretId) -> Vec<MicReport> {
        self.sent.mics(turret)
    }

    /// The intercoms that a turret sees, for a snapshot: lines that are in no floor file.
    #[must_use]
    pub fn lines_of(&self, turret: TurretId) -> Vec<(LineId, String, LineKind)> {
        let lines = self.state.lines.values().filter(|line| line.spec.kind == LineKind::Intercom);
        let seen = lines.filter(|line| self.state.audience(line).contains(&turret));
        seen.map(|line| (line.spec.line.clone(), line.spec.name.clone(), line.spec.kind)).collect()
    }

    fn take(&mut self, now: Moment, input: Input) {
        let s = &mut self.state;
        s.now = now;
        match input {
            Input::LogOn { turret, user } => presence::log_on(s, turret, &user),
            Input::LogOff { turret } => presence::log_off(s, now, turret),
            Input::LinkLost { turret } => presence::lost(s, now, turret),
            Input::LinkBack { turret } => presence::back(s, now, turret),
            Input::Act { turret, id, act } => {
                s.acts += 1;
                let used = s.acts;
                if let Some(seat) = s.turrets.get_mut(&turret) {
                    seat.used = used;
                }
                let result = do_act(s, now, turret, act);
                s.outputs.push(Output::Answer { turret, id, result });
            }
            Input::TalkOrphaned { turret, uplink } => {
                // A talk ends with its media (I7); a call waits for its turret's link.
                if uplink == Uplink::Mic {
                    hoot::orphaned(s, now, turret);
                }
            }
            Input::VoiceActivity { turret, uplink, speaking } => hoot::voice_activity(s, now, turret, uplink, speaking),
            Input::Microphone { turret, uplink, there } => {
                let lines = self.recordings.lines_of(turret, uplink);
                presence::microphone(s, turret, uplink, there, &lines);
            }
            Input::Recorder { failing } => recorder(s, now, failing),
            Input::Users(floor) => presence::users(s, *floor),
            Input::Tick => {}
        }
    }

    /// Fires a timer at its own due time.
    fn fire(&mut self, input_at: Moment, (due_us, timer): (u64, Timer)) {
        let late_ms = i64::try_from(input_at.mono_us.saturating_sub(due_us) / 1_000).unwrap_or(i64::MAX);
        let now = Moment { mono_us: due_us, utc_ms: input_at.utc_ms.saturating_sub(late_ms) };
        let s = &mut self.state;
        s.now = now;
        match timer {
            Timer::RecordGrace(since) => record_grace(s, now, since),
            Timer::TalkCloses(line, turret, at) => hoot::closes(s, now, &line, turret, at),
            Timer::LatchSilent(line, turret, since) => hoot::latch_silent(s, now, &line, turret, since),
            Timer::TalkLong(line, turret, pressed) => hoot::open_long(s, now, &line, turret, pressed),
            Timer::HoldForsaken(line, turret, left) => presence::forsaken(s, now, &line, turret, left),
            Timer::LinkGrace(turret, since) => presence::grace_over(s, now, turret, since),
            Timer::SignalEnds(line, since) => private_wire::signal_ends(s, now, &line, since),
            Timer::SignalledEnds(line, since) => private_wire::signalled_ends(s, &line, since),
            Timer::IntercomPending(line) => intercom::missed(s, &line),
            Timer::HoldReminder(line, turret, since) => hold::remind(s, now, &line, turret, since),
            Timer::HootGap(line, since) => hoot::gap(s, &line, since),
            Timer::RestartWindow => kept::window_over(s),
        }
    }
}

fn do_act(s: &mut State, now: Moment, turret: TurretId, act: Act) -> Result<Accepted, Refusal> {
    match act {
        Act::Seize { line, position } => private_wire::seize(s, now, turret, &line, position),
        Act::Answer { line, call, position } => private_wire::answer(s, now, turret, &line, call, position),
        Act::Bridge { line, call, position } => private_wire::bridge(s, now, turret, &line, call, position),
        Act::Resume { line, call, position } => hold::resume(s, now, turret, &line, call, position),
        Act::Hold { line } => hold::hold(s, now, turret, &line),
        Act::Release { line } => private_wire::release(s, now, turret, &line),
        Act::Signal { line, on } => private_wire::signal(s, now, turret, &line, on),
        Act::Talk { line, on, latched } => hoot::talk(s, now, turret, &line, on, latched),
        Act::OpenMic { line } => private_wire::open_mic(s, now, turret, &line),
        Act::Intercom { user, position } => intercom::call(s, now, turret, &user, position),
        Act::TalkBack { line, on } => intercom::talk_back(s, now, turret, &line, on),
        Act::Dnd { on } => presence::dnd(s, turret, on),
    }
}

/// The recorder can write, or cannot (REC-1 to REC-3).
fn recorder(s: &mut State, now: Moment, failing: Option<String>) {
    let began = s.recorder_failing.is_none() && failing.is_some();
    s.recorder_failing = failing;
    s.touched.extend(s.lines.keys().cloned());
    if began {
        s.recorder_since_us = now.mono_us;
        s.set_timer(now.plus_ms(RECORD_GRACE_MS), Timer::RecordGrace(now.mono_us));
        warn_unrecorded(s);
    }
}

/// Everybody on a line that should be recorded is told at once, in words and by a tone (REC-3).
fn warn_unrecorded(s: &mut State) {
    let Some(why) = s.recorder_failing.clone() else { return };
    let mut told: BTreeSet<(TurretId, LineId)> = BTreeSet::new();
    for line in s.lines.values().filter(|line| line.spec.record != RecordPolicy::Off) {
        let parties = line.legs.iter().map(|leg| leg.party.turret);
        let talkers = line.talks.iter().map(|talk| talk.turret);
        told.extend(parties.chain(talkers).map(|turret| (turret, line.spec.line.clone())));
    }
    for (turret, line) in told {
        let Some(spec) = s.lines.get(&line).map(|found| &found.spec) else { continue };
        let closes = match spec.record {
            RecordPolicy::Required => " Microphones close in 3 seconds unless it is again.",
            RecordPolicy::On | RecordPolicy::Off => "",
        };
        let sentence = format!("{} is not recorded now: {why}.{closes}", spec.name);
        s.notice(turret, Some(&line), sentence, Some(Sound::Warning));
    }
}

/// Still not recorded after the grace: every microphone towards a line that must be recorded is shut (REC-3).
fn record_grace(s: &mut State, now: Moment, since_us: u64) {
    let Some(why) = s.recorder_failing.clone().filter(|_| s.recorder_since_us == since_us) else { return };
    let required = |line: &&Line| line.spec.record == RecordPolicy::Required;
    let lines: Vec<LineId> = s.lines.values().filter(required).map(|line| line.spec.line.clone()).collect();
    for line in lines {
        let Some(found) = s.lines.get(&line) else { continue };
        let talking: Vec<TurretId> = found.talks.iter().map(|talk| talk.turret).collect();
        let sentence = format!("{} is not recorded ({why}): microphones are closed.", found.spec.name);
        let mut told: BTreeSet<TurretId> = talking.iter().copied().collect();
        for turret in talking {
            hoot::stop(s, now, turret, &line);
        }
        if let Ok(found) = s.line_mut(&line) {
            for leg in found.legs.iter_mut().filter(|leg| leg.mic || leg.mic_lapsed) {
                (leg.mic, leg.mic_lapsed) = (false, false);
                told.insert(leg.party.turret);
            }
        }
        for turret in told {
            s.notice(turret, Some(&line), sentence.clone(), Some(Sound::Warning));
        }
    }
}
