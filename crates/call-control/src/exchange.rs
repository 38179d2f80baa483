//! The exchange: routes an input to the one feature that decides it, then sends what follows. Nothing is decided here.

use crate::audience::Audiences;
use crate::call::Take;
use crate::history::{self, History};
use crate::kept::{self, Kept, Told};
use crate::line::{Line, Places};
use crate::messages::{Act, Input, MicReport, Output};
use crate::presence::SecondLogOn;
use crate::project::{self, Sent};
use crate::record::Recordings;
use crate::restored::{self, Awaited};
use crate::state::{Done, State};
use crate::timer::{Timer, Timers};
use crate::{
    Floor, announce, ard, bridge, broadcast, call, conference, dial, divert, group, handset, hold, hoot, intercom,
    lock, loss, moves, mrd, presence, privacy, recorder, rights, ringing, routing, service, supervisor, takeover,
    transfer, voicemail,
};
use dealerboard_model::{
    BroadcastStatus, LineId, LineKind, LineStatus, Moment, PersonStatus, RecordingId, Right, TurretId, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// The brain of the switch.
#[derive(Debug)]
pub struct Exchange {
    state: State,
    sent: Sent,
    recordings: Recordings,
    kept: Told,
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
            appearances: floor.appearances(),
            differ: crate::ringing::appearances(&floor),
            ringing: BTreeSet::new(),
            routed_until_us: BTreeMap::new(),
            diverts: BTreeMap::new(),
            numbers: dial::numbers(lines.values()),
            floor,
            lines,
            conferences: BTreeMap::new(),
            next_conference: 0,
            temporary: BTreeSet::new(),
            places: Places::default(),
            turrets: BTreeMap::new(),
            guest_lines: BTreeMap::new(),
            seats: BTreeMap::new(),
            audiences: Audiences::default(),
            monitors: BTreeMap::new(),
            dnd: BTreeSet::new(),
            awaited: Awaited::default(),
            rights: BTreeMap::new(),
            recorder_failing: None,
            recorder_since_us: 0,
            timers: Timers::default(),
            acts: 0,
            touched: BTreeSet::new(),
            closed: BTreeSet::new(),
            broadcasts: BTreeMap::new(),
            broken: BTreeSet::new(),
            touched_broadcasts: BTreeSet::new(),
            handed: BTreeMap::new(),
            touched_people: BTreeSet::new(),
            outputs: Vec::new(),
            now,
            happenings: Vec::new(),
            messages: Vec::new(),
            history: History::default(),
        };
        let mut exchange = Self { state, sent: Sent::default(), recordings, kept: Told::new(&kept) };
        restored::restore(&mut exchange.state, &mut exchange.recordings, &kept);
        exchange.state.touched.extend(exchange.state.lines.keys().cloned());
        exchange.state.touched_people.extend(exchange.state.floor.users.keys().cloned());
        history::follow(&mut exchange.state);
        project::derive(&mut exchange.state, &mut exchange.sent, &mut exchange.recordings);
        // What nobody has come back to be recorded on is said with the first input, and so is a message that was cut off.
        let stays = |output: &Output| matches!(output, Output::RecordingClosed { .. } | Output::Message { .. });
        exchange.state.outputs.retain(stays);
        exchange
    }

    /// Takes one input at `now`: timers that were due before it, those of safety that are due at `now`, the input, then the
    /// others of `now` (TIM-2).
    pub fn handle(&mut self, now: Moment, input: Input) -> Drain<'_> {
        self.state.closed.clear();
        while let Some(due) = self.state.timers.take_before_input(now.mono_us) {
            self.fire(now, due);
        }
        self.take(now, input);
        settle(&mut self.state);
        while let Some(due) = self.state.timers.take_before(now.mono_us.saturating_add(1)) {
            self.fire(now, due);
        }
        self.state.forget_leavers();
        voicemail::deliver(&mut self.state, &self.recordings);
        let (lines, people) = project::derive(&mut self.state, &mut self.sent, &mut self.recordings);
        kept::derive(&mut self.state, &self.recordings, &mut self.kept, &lines, &people);
        Drain { outputs: self.state.outputs.drain(..) }
    }

    /// When [`Input::Tick`] is due at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        self.state.timers.next_us().map(|mono_us| Moment { mono_us, utc_ms: 0 })
    }

    /// What a log-on of `user` at one more turret means for the turrets that they have (LOG-1); `typed` when they have typed
    /// their password there.
    #[must_use]
    pub fn second_log_on(&self, user: &UserId, typed: bool) -> SecondLogOn {
        presence::second_log_on(&self.state, user, typed)
    }

    /// Whether a turret is locked (LOG-4), for a snapshot.
    #[must_use]
    pub fn is_locked(&self, turret: TurretId) -> bool {
        self.state.is_locked(turret)
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

    /// The recordings of calls that go on after a restart.
    #[must_use]
    pub fn kept_recordings(&self) -> BTreeSet<RecordingId> {
        self.kept.recordings()
    }

    /// Whose session is waited for at a turret since a restart: it goes on with [`Input::LinkBack`].
    #[must_use]
    pub fn awaits(&self, turret: TurretId) -> Option<&UserId> {
        self.state.awaits(turret)
    }

    /// The open microphones of a turret, for a snapshot.
    #[must_use]
    pub fn mics(&self, turret: TurretId) -> Vec<MicReport> {
        self.sent.voice.mics(turret)
    }

    /// What a turret talks to with one key, for a snapshot.
    #[must_use]
    pub fn broadcast(&self, turret: TurretId) -> Option<BroadcastStatus> {
        broadcast::status(&self.state, turret)
    }

    /// The lines that a turret sees beside its own, for a snapshot: intercoms, and those of which it has the key for a call.
    #[must_use]
    pub fn lines_of(&self, turret: TurretId) -> Vec<(LineId, String, LineKind)> {
        let Some(user) = self.state.user_of(turret) else { return Vec::new() };
        let guest = self.state.guest_lines.get(user).into_iter().flatten();
        let lines = self.state.temporary.iter().chain(guest).filter_map(|line| self.state.lines.get(line));
        let seen = lines.filter(|line| line.spec.members.contains_key(user) || line.guests.contains(user));
        seen.map(|line| (line.spec.line.clone(), line.spec.name.clone(), line.spec.kind)).collect()
    }

    /// The lines of the floor that a user has an appearance of, for a snapshot.
    #[must_use]
    pub fn appearances(&self, user: &UserId) -> BTreeSet<LineId> {
        self.state.appearances.get(user).cloned().unwrap_or_default()
    }

    /// A user's right on each hoot of theirs, for a snapshot.
    #[must_use]
    pub fn rights(&self, user: &UserId) -> Vec<(LineId, Right)> {
        let lines =
            self.state.appearances.get(user).into_iter().flatten().filter_map(|line| self.state.lines.get(line));
        let hoots = lines.filter(|line| line.spec.kind == LineKind::Hoot);
        hoots.filter_map(|line| Some((line.spec.line.clone(), *line.spec.members.get(user)?))).collect()
    }

    /// The lines on the speakers of a user's turrets, for a snapshot.
    #[must_use]
    pub fn speakers(&self, user: &UserId) -> BTreeSet<LineId> {
        let mine = self.appearances(user);
        rights::speakers(&self.state, user).intersection(&mine).cloned().collect()
    }

    fn take(&mut self, now: Moment, input: Input) {
        let s = &mut self.state;
        s.now = now;
        match input {
            Input::LogOn { turret, user } => presence::log_on(s, turret, &user),
            Input::Seat { turret, seat } => presence::sits(s, turret, seat),
            Input::LogOff { turret } => presence::log_off(s, turret),
            Input::Unlock { turret } => lock::unlock(s, turret),
            Input::LinkLost { turret } => loss::lost(s, turret),
            Input::LinkBack { turret } => loss::back(s, turret),
            Input::Act { turret, id, act } => {
                s.acts += 1;
                let used = s.acts;
                if let Some(seat) = s.turrets.get_mut(&turret) {
                    seat.used = used;
                }
                let result = do_act(s, turret, act);
                s.outputs.push(Output::Answer { turret, id, result });
            }
            Input::TalkOrphaned { turret, uplink } => {
                hoot::orphaned(s, turret, uplink);
            }
            Input::Heard { turret, uplink } => {
                moves::heard(s, turret, uplink);
                takeover::heard(s, turret, uplink);
            }
            Input::VoiceActivity { turret, uplink, speaking } => hoot::voice_activity(s, turret, uplink, speaking),
            Input::Microphone { turret, uplink, there } => {
                let lines = self.recordings.lines_of(turret, uplink);
                presence::microphone(s, turret, uplink, there, &lines);
            }
            Input::Recorder { failing } => recorder::health(s, failing),
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
            Timer::RecordGrace(since) => recorder::grace_over(s, since),
            Timer::RecordRelease(since) => recorder::release(s, since),
            Timer::TalkCloses(line, turret, at) => hoot::closes(s, &line, turret, at),
            Timer::LatchSilent(line, turret, since) => hoot::latch_silent(s, &line, turret, since),
            Timer::TalkLong(line, turret, pressed) => hoot::open_long(s, &line, turret, pressed),
            Timer::HoldForsaken(line, turret, left) => loss::forsaken(s, &line, turret, left),
            Timer::LinkGrace(turret, since) => loss::grace_over(s, turret, since),
            Timer::SignalEnds(line, since) => mrd::signal_ends(s, &line, since),
            Timer::SignalledEnds(line, since) => mrd::signalled_ends(s, &line, since),
            Timer::IntercomPending(line) => intercom::missed(s, &line),
            Timer::HoldReminder(line, turret, since) => hold::remind(s, &line, turret, since),
            Timer::HoldEscalates(line, turret, since) => hold::escalates(s, &line, turret, since),
            Timer::HoldExclusiveOver(line, turret, since) => hold::exclusive_over(s, &line, turret, since),
            Timer::MoveOver(turret, since) => moves::over(s, turret, since),
            Timer::TakeOverEnds(from, turret, since) => takeover::ends(s, from, turret, since),
            Timer::OverrideEnters(turret, at) => supervisor::enters(s, turret, at),
            Timer::TransferReturns(line, since) => transfer::returns(s, &line, since),
            Timer::TransferStep(line, since) => transfer::step(s, &line, since),
            Timer::RingDelay(line, since) => ringing::delay_over(s, &line, since),
            Timer::RouteStep(line, since) => routing::step(s, &line, since),
            Timer::RouteOverflow(line, since) => routing::overflow_due(s, &line, since),
            Timer::RingTimeout(line, call) => ard::ring_timeout(s, &line, call),
            Timer::DialDigits(line, call, digits) => dial::digits_over(s, &line, call, digits),
            Timer::DialNoAnswer(line, call) => dial::no_answer(s, &line, call),
            Timer::DialOutRing(line, call) => dial::out_ring_over(s, &line, call),
            Timer::VoicemailTone(line, call) => voicemail::tone(s, &line, call),
            Timer::VoicemailFull(line, call) => voicemail::full(s, &line, call),
            Timer::HootGap(line, since) => handset::gap(s, &line, since),
            Timer::RestartWindow => restored::window_over(s),
        }
        settle(s);
    }
}

/// What is read from the one state after each input and each timer.
fn settle(s: &mut State) {
    broadcast::follow(s);
    handset::follow(s);
    history::follow(s);
    ringing::note(s);
}

fn do_act(s: &mut State, turret: TurretId, act: Act) -> Done {
    lock::may(s, turret, &act)?;
    match act {
        Act::Seize { line, position, private } => call::seize(s, turret, &line, Take { at: position, private }),
        Act::Answer { line, call, position, private } => {
            call::answer(s, turret, &line, call, Take { at: position, private })
        }
        Act::Bridge { line, call, position } => bridge::bridge(s, turret, &line, call, position),
        Act::Resume { line, call, position, private } => {
            hold::resume(s, turret, &line, call, Take { at: position, private })
        }
        Act::Hold { line, exclusive } => hold::hold(s, turret, &line, exclusive),
        Act::Release { line } => call::release(s, turret, &line),
        Act::Clear { line } => call::clear(s, turret, &line),
        Act::Service { line, out } => service::set(s, turret, &line, out),
        Act::Join { line, call, position } => conference::join(s, turret, &line, call, position),
        Act::Move { line, call, position } => moves::to(s, turret, &line, call, position),
        Act::TakeOver { line, call, position } => takeover::ask(s, turret, &line, call, position),
        Act::Transfer { line, to } => transfer::blind(s, turret, &line, &to),
        Act::Announce { line, to } => announce::announce(s, turret, &line, &to),
        Act::Complete { line } => announce::complete(s, turret, &line),
        Act::Cancel { line } => announce::cancel(s, turret, &line),
        Act::Unjoin { line } => conference::remove(s, turret, &line),
        Act::Private { line, on } => privacy::set(s, turret, &line, on),
        Act::Override { line, call, position, reason } => {
            supervisor::override_call(s, turret, &line, call, position, &reason)
        }
        Act::Signal { line, on } => mrd::signal(s, turret, &line, on),
        Act::Talk { line, on, latched } => hoot::talk(s, turret, &line, on, latched),
        Act::Broadcast { lines, on, latched } => broadcast::talk(s, turret, &lines, on, latched),
        Act::BroadcastLine { line, on } => broadcast::line(s, turret, &line, on),
        Act::Right { line, user, allowed } => rights::set(s, turret, &line, &user, allowed),
        Act::WhoHears { line } => rights::who_hears(s, turret, &line),
        Act::OpenMic { line } => call::open_mic(s, turret, &line),
        Act::Intercom { user, position } => intercom::call(s, turret, &user, position),
        Act::IntercomGroup { group, position } => group::call(s, turret, &group, position),
        Act::IntercomPicked { users, position } => group::call_picked(s, turret, &users, position),
        Act::TalkBack { line, on, latched } => intercom::talk_back(s, turret, &line, on, latched),
        Act::Divert { line, when, to } => divert::set(s, turret, line.as_ref(), when, to),
        Act::Dial { line, digits } => dial::dial(s, turret, &line, &digits),
        Act::Call { line, number, position, private } => {
            dial::call(s, turret, line.as_ref(), &number, Take { at: position, private })
        }
        Act::Lock => lock::lock(s, turret),
        Act::Dnd { on } => presence::dnd(s, turret, on),
    }
}
