//! The one loop: owns all call state. Everything else sends it inputs over bounded queues; it answers through outboxes.
//!
//! Law: one place changes state, one input at a time, and all that comes of an input is sent before the next is taken, but
//! for what everybody sees of people, which is told in steps. What it shows to turrets is kept beside as last told, so that a
//! snapshot is what the others see.

mod calls;
mod history;
pub mod log;
mod messages;
mod numbers;
mod offers;
mod people;
mod recordings;
mod sessions;
mod users;

pub use recordings::has_rung_in_vain;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::control::{Arrival, FromConnection};
use crate::floor::{FloorFile, build, policies};
use crate::keep::Keep;
use crate::kept::Keeper;
use crate::panel::{Panels, TALKER_LABELS};
use crate::translate::{self, ToWhom};
use dealerboard_archive::{Library, Recorder, RecorderState};
use dealerboard_call_control::{Exchange, HootHandset, Input, IntercomTalk, Policies, SecondLogOn};
use dealerboard_model::{Csrc, DeskId, LineFacts, LineId, Moment, TalkMode, TurretId, UserId};
use dealerboard_rtc::switch::forward::Notable;
use dealerboard_rtc::switch::{VoiceEvent, VoiceHub};
use dealerboard_wire::{Act, Event, FromSwitch, Me, Snapshot, Welcome, close};
use history::Entries;
use numbers::Numbers;
use offers::Offers;
use people::People;
use sessions::Sessions;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// Inputs that may wait for the loop.
pub const INPUTS_MAX: usize = 1_024;

/// Ears that a turret offers at first.
pub const EARS_FIRST: u16 = 16;

/// How often the recorder is asked how it is, and the data folder what an operator has written there.
const LOOK: Duration = Duration::from_millis(250);

/// What the loop is made of.
pub struct FloorLoop {
    clock: Clock,
    floor: FloorFile,
    policies: Policies,
    panels: Panels,
    sessions: Sessions,
    exchange: Exchange,
    added: BTreeMap<LineId, LineFacts>,
    next_line_label: u32,
    voice: Arc<VoiceHub>,
    keep: Keep,
    keeper: Keeper,
    entries: Entries,
    accounts: Accounts,
    recorder: Recorder,
    library: Library,
    /// Who log-on names stand for, as the recorder was told last.
    named: BTreeMap<UserId, String>,
    /// As turrets were told last.
    recorder_state: RecorderState,
    /// By how much UTC is ahead of the recorder's time line, as the recorder was told last, in milliseconds.
    utc_ahead_ms: i64,
    /// When call control took its last input: all that comes of it is recorded with this time.
    handled: Moment,
    /// Packets that found no room at the recorder, as the log was told last.
    record_overflows: u64,
    turrets: Numbers,
    next_label: u32,
    people: People,
}

impl FloorLoop {
    /// A loop for `floor`.
    pub fn new(
        clock: Clock,
        floor: FloorFile,
        keeper: Keeper,
        keep: Keep,
        accounts: Accounts,
        voice: Arc<VoiceHub>,
        (recorder, library): (Recorder, Library),
    ) -> Self {
        let panels = Panels::new(&floor);
        let (recording, track, call) = recorder.next_numbers();
        let exchange = Exchange::new(build(&floor, [call.0, recording.0, track.0]), keeper.restored(), clock.now());
        let (sessions, entries) = (Sessions::default(), Entries::new(keeper.last_history(), &floor));
        Self {
            clock,
            policies: policies(&floor),
            floor,
            panels,
            sessions,
            exchange,
            added: BTreeMap::new(),
            next_line_label: calls::ADDED_LABELS,
            voice,
            recorder,
            library,
            recorder_state: RecorderState::Ok,
            named: BTreeMap::new(),
            utc_ahead_ms: 0,
            handled: clock.now(),
            record_overflows: 0,
            turrets: Numbers::new(keep.clone(), "turret"),
            keep,
            keeper,
            entries,
            accounts,
            next_label: TALKER_LABELS,
            people: People::default(),
        }
    }

    /// Runs until it is told to stop, or the voice thread has ended; then every turret is told and let go.
    pub async fn run(
        mut self,
        mut inputs: mpsc::Receiver<FromConnection>,
        mut heard: mpsc::Receiver<VoiceEvent>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut changes = self.keep.changes();
        loop {
            tokio::select! {
                biased;
                _ = &mut stop => break,
                () = sleep_until(self.next_deadline()) => self.input(Input::Tick),
                () = self.people.step() => self.tell_people(),
                _ = look.tick() => {
                    self.look_at_recorder();
                    self.sweep_history();
                    let keep = self.keep.clone();
                    tokio::spawn(async move { keep.look_soon().await });
                }
                Ok(()) = changes.changed() => self.users_have_changed(),
                event = heard.recv() => match event {
                    Some(event) => self.hear(event),
                    None => {
                        tracing::error!("the voice thread has ended: the switch carries no voice and stops");
                        break;
                    }
                },
                input = inputs.recv() => match input {
                    Some(input) => self.take(input),
                    None => break,
                },
            }
        }
        for (_, seat) in self.sessions.iter() {
            seat.outbox
                .end(close::STOPPING, Some("The switch is stopping; this turret connects again by itself.".into()));
        }
        // Neither waits for the other's disk.
        let goes_on = self.exchange.kept_recordings();
        tokio::join!(self.keeper.stop(), recordings::stop(self.recorder, goes_on));
    }

    fn take(&mut self, input: FromConnection) {
        match input {
            FromConnection::Arrived(arrival) => self.arrived(*arrival),
            FromConnection::Command { session, id, act } if self.sessions.is_current(session) => {
                self.command(session.turret, id, &act);
            }
            FromConnection::Closed { session, logged_off } if self.sessions.is_current(session) => {
                if logged_off {
                    self.end(session.turret, "logged off");
                } else if let Some(seat) = self.sessions.get_mut(session.turret) {
                    if !std::mem::replace(&mut seat.silent, true) {
                        log::lost(session.turret, seat.user());
                    }
                    seat.lost = true;
                    self.input(Input::LinkLost { turret: session.turret });
                }
            }
            FromConnection::Contact { session, there } if self.sessions.is_current(session) => {
                let turret = session.turret;
                if let Some(seat) = self.sessions.get_mut(turret)
                    && seat.silent == there
                {
                    seat.silent = !there;
                    if !there {
                        log::lost(turret, seat.user());
                    }
                }
                self.input(if there { Input::LinkBack { turret } } else { Input::LinkLost { turret } });
            }
            FromConnection::Offer { session, id, sdp } if self.sessions.is_current(session) => {
                self.offered(session.turret, id, sdp);
            }
            FromConnection::VoiceActivity { session, uplink, speaking } if self.sessions.is_current(session) => {
                self.input(Input::VoiceActivity { turret: session.turret, uplink, speaking });
            }
            FromConnection::Microphone { session, uplink, there } if self.sessions.is_current(session) => {
                self.input(Input::Microphone { turret: session.turret, uplink, there });
            }
            FromConnection::Unlocked { session } if self.sessions.is_current(session) => {
                self.input(Input::Unlock { turret: session.turret });
            }
            FromConnection::Keyed { session, id, intervals } if self.sessions.is_current(session) => {
                self.take_report(session.turret, id, intervals);
            }
            FromConnection::History { session, before } if self.sessions.is_current(session) => {
                self.asks_for_history(session.turret, before);
            }
            FromConnection::MessageHeard { session, entry } if self.sessions.is_current(session) => {
                self.has_heard(session.turret, entry);
            }
            FromConnection::MessageSound { session, entry, from_ms } if self.sessions.is_current(session) => {
                self.asks_for_sound(session.turret, entry, from_ms);
            }
            // What an old connection still says is no longer of this session.
            FromConnection::Command { .. }
            | FromConnection::Closed { .. }
            | FromConnection::Offer { .. }
            | FromConnection::VoiceActivity { .. }
            | FromConnection::Microphone { .. }
            | FromConnection::Keyed { .. }
            | FromConnection::Unlocked { .. }
            | FromConnection::History { .. }
            | FromConnection::MessageHeard { .. }
            | FromConnection::MessageSound { .. }
            | FromConnection::Contact { .. } => {}
        }
    }

    fn command(&mut self, turret: TurretId, id: Uuid, act: &Act) {
        let Some(seat) = self.sessions.get(turret) else { return };
        if let Some(result) = seat.answers.of(id) {
            seat.outbox.message(FromSwitch::Answer { id, result });
            return;
        }
        match translate::act(act) {
            ToWhom::CallControl(act) => self.input(Input::Act { turret, id: id.as_u128(), act }),
            ToWhom::History(entry) => self.hide_history(turret, id, entry),
        }
        if let Some(seat) = self.sessions.get(turret)
            && let Some(result) = seat.answers.of(id)
        {
            log::answered(turret, seat.user(), act, &result);
        }
    }

    fn hear(&mut self, event: VoiceEvent) {
        match event {
            VoiceEvent::Connected(turret) => tracing::info!(%turret, "voice flows"),
            VoiceEvent::Notable(Notable::EarsLow { turret, total }) => {
                self.tell(turret, Event::MoreEars { total });
            }
            VoiceEvent::Notable(Notable::NotHeard { turret, line, on }) => {
                if let Some(line) = self.line_of(line) {
                    self.not_heard(turret, line, on);
                }
            }
            VoiceEvent::Notable(Notable::Heard { turret, uplink }) => self.input(Input::Heard { turret, uplink }),
            VoiceEvent::Notable(Notable::Orphan { turret, uplink }) => {
                tracing::info!(%turret, ?uplink, "a talk outlived its turret");
                self.input(Input::TalkOrphaned { turret, uplink });
            }
        }
    }

    fn line_of(&self, label: Csrc) -> Option<LineId> {
        let mut all = self.panels.lines().chain(self.added.values());
        all.find(|facts| facts.csrc == label).map(|facts| facts.line.clone())
    }

    /// Tells a turret what it does not hear, and keeps it for a turret that comes back.
    fn not_heard(&mut self, turret: TurretId, line: LineId, on: bool) {
        let Some(seat) = self.sessions.get_mut(turret) else { return };
        if on {
            seat.not_heard.insert(line.clone());
        } else {
            seat.not_heard.remove(&line);
        }
        self.tell(turret, Event::NotHeard { line, on });
    }

    fn offered(&mut self, turret: TurretId, id: Option<Uuid>, sdp: String) {
        let Some(seat) = self.sessions.get(turret) else { return };
        seat.offers.put(id, sdp, seat.outbox.clone());
    }

    fn tell(&self, turret: TurretId, event: Event) {
        if let Some(seat) = self.sessions.get(turret).filter(|seat| !seat.lost) {
            seat.outbox.event(event);
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        if !self.accounts.holds(&arrival.proved) {
            arrival.outbox.end(close::NOT_LOGGED_ON, Some(users::NO_LONGER.to_owned()));
            return;
        }
        self.know(std::slice::from_ref(&arrival.proved.account));
        // A session whose time is over at this instant is not gone on with.
        self.input(Input::Tick);
        let resumed = self.sessions.resumable(&arrival);
        // A session of before a restart, whose voice and answers are gone.
        let user = &arrival.proved.account.user;
        let awaited = arrival.resume.filter(|turret| self.exchange.awaits(*turret) == Some(user));
        let turret = match resumed {
            Some(turret) => {
                if arrival.typed {
                    self.input(Input::Unlock { turret });
                }
                self.sessions.take_over(turret, &arrival);
                turret
            }
            None => {
                if awaited.is_none()
                    && let Err(sentence) = self.admit(&arrival)
                {
                    return arrival.outbox.end(close::NOT_LOGGED_ON, Some(sentence));
                }
                self.next_label += 1;
                let turret = awaited.unwrap_or_else(|| TurretId(self.turrets.next()));
                let label = Csrc(self.next_label);
                self.sessions.begin(turret, label, Offers::of(turret, Arc::clone(&self.voice)), &arrival);
                turret
            }
        };
        if let Some(label) = self.sessions.get(turret).map(|seat| seat.talker(turret)) {
            self.tell_whom(Event::TalkerLabel { label }, |other| other != turret);
        }
        tracing::info!(%turret, user = %arrival.proved.account.user, seat = arrival.seat, client = arrival.client,
            resumed = resumed.is_some(), "turret logged on");
        arrival.outbox.message(FromSwitch::Welcome(Welcome {
            turret,
            resumed: resumed.is_some(),
            token: arrival.token.clone(),
            floor: self.floor.name.clone(),
            switch: env!("CARGO_PKG_VERSION").to_owned(),
            takes_microphones: true,
            takes_broadcasts: true,
            takes_locks: true,
            sends_to_lines: true,
            keeps_history: true,
            keeps_messages: true,
        }));
        let input = match resumed.or(awaited) {
            Some(_) => Input::LinkBack { turret },
            None => Input::LogOn { turret, user: arrival.proved.account.user.clone() },
        };
        // The snapshot comes first: what follows changes it.
        self.handled = self.clock.now();
        let mut news: Vec<_> = self.exchange.handle(self.handled, input).collect();
        news.extend(self.exchange.handle(self.handled, Input::Seat { turret, seat: arrival.seat.clone() }));
        if let Some(snapshot) = self.snapshot(turret) {
            arrival.outbox.event(Event::Snapshot(Box::new(snapshot)));
        }
        for line in self.sessions.get(turret).into_iter().flat_map(|seat| &seat.not_heard) {
            arrival.outbox.event(Event::NotHeard { line: line.clone(), on: true });
        }
        news.into_iter().for_each(|output| self.carry_out_but_for(turret, output));
        let _ = arrival.arrived.send(turret);
    }

    /// Whether a new session may begin, or why not; what it ends is logged off before (LOG-1).
    fn admit(&mut self, arrival: &Arrival) -> Result<(), String> {
        let seats = |turrets: &[TurretId]| {
            let seats = turrets.iter().filter_map(|turret| self.sessions.get(*turret));
            seats.map(|seat| seat.seat.as_str()).collect::<Vec<_>>().join(" and ")
        };
        match self.exchange.second_log_on(&arrival.proved.account.user, arrival.typed) {
            SecondLogOn::Refused(at) => {
                Err(format!("You are logged on at {} already; log off there first.", seats(&at)))
            }
            SecondLogOn::Ends(ended) => {
                for turret in ended {
                    if let Some(seat) = self.sessions.get(turret) {
                        let sentence = format!("You have logged on at {}: this turret is logged off.", arrival.seat);
                        seat.outbox.end(close::NOT_LOGGED_ON, Some(sentence));
                    }
                    self.forget(turret, "logged on elsewhere");
                    self.input(Input::LogOff { turret });
                }
                Ok(())
            }
        }
    }

    /// When call control wants to know the time; far away when nothing is due.
    fn next_deadline(&self) -> Instant {
        match self.exchange.next_deadline() {
            Some(due) => self.clock.instant(due).into(),
            None => Instant::now() + Duration::from_secs(3_600),
        }
    }

    /// A session is over, and call control is told.
    fn end(&mut self, turret: TurretId, why: &str) {
        // A session of before a restart is none of ours yet.
        if self.forget(turret, why) || self.exchange.awaits(turret).is_some() {
            self.input(Input::LogOff { turret });
        }
    }

    /// Lets a session go that is over for call control; false when there was none.
    pub(super) fn forget(&mut self, turret: TurretId, why: &str) -> bool {
        let Some(seat) = self.sessions.end(turret) else { return false };
        tracing::info!(%turret, user = %seat.user(), why, "turret gone");
        if let Err(error) = self.voice.remove(turret) {
            tracing::warn!(%turret, "its voice could not be removed: {error}");
        }
        true
    }

    fn snapshot(&self, turret: TurretId) -> Option<Snapshot> {
        let seat = self.sessions.get(turret)?;
        let account = &seat.proved.account;
        let panel = self.panels.of(&account.user);
        let appearances = self.exchange.appearances(&account.user);
        let mine = |line: &LineId| appearances.contains(line);
        let added = self.exchange.lines_of(turret).into_iter().filter_map(|(line, ..)| self.facts_of(&line).cloned());
        let lines: Vec<_> = self.panels.lines().filter(|facts| mine(&facts.line)).cloned().chain(added).collect();
        let statuses = lines.iter().filter_map(|facts| self.exchange.status(&facts.line)).collect();
        let desk = DeskId(account.desk.clone());
        let policy = self.policies.of(None, Some(&desk), Some(&account.user));
        Some(Snapshot {
            now: self.clock.now(),
            talk_modes: self.talk_modes(&lines, &desk, &account.user),
            open_handsets: self.open_handsets(&lines, &desk, &account.user),
            me: Me {
                user: account.user.clone(),
                name: account.name.clone(),
                desk,
                desk_name: self.panels.desk_name(&account.desk),
                seat: seat.seat.clone(),
                roles: account.roles.clone(),
            },
            lines,
            statuses,
            rights: self.exchange.rights(&account.user),
            pages: panel.pages_with(mine),
            speakers: panel.speakers_with(&self.exchange.speakers(&account.user)),
            channel_groups: panel.groups_with(mine),
            broadcast: self.exchange.broadcast(turret),
            people: self.panels.people().to_vec(),
            person_statuses: self.panels.people().iter().map(|person| self.exchange.person(&person.user)).collect(),
            talkers: self.sessions.labels(),
            mics: self.exchange.mics(turret).into_iter().map(translate::mic).collect(),
            recorder: self.recorder_health(),
            ears: EARS_FIRST,
            groups: self.panels.groups().to_vec(),
            intercom_latches: policy.intercom_talk == IntercomTalk::Latched,
            second_press: translate::second_press(policy.key_second_press),
            ring_in_call: translate::ring_in_call(policy.ring_in_call),
            directory: self.panels.directory().to_vec(),
            speeds: panel.speeds,
            tone_fail_ms: policy.tone_fail_ms,
            locked: self.exchange.is_locked(turret),
            lock_idle_ms: policy.lock_idle_ms,
            talk_tail_ms: policy.talk_tail_ms,
        })
    }

    /// What the talk keys of a user's lines do that are not open while they are held.
    fn talk_modes(&self, lines: &[LineFacts], desk: &DeskId, user: &UserId) -> Vec<(LineId, TalkMode)> {
        let mode = |facts: &LineFacts| {
            let policy = self.policies.of(Some(&facts.line), Some(desk), Some(user));
            (facts.line.clone(), translate::talk_mode(policy.talk_mode))
        };
        lines.iter().map(mode).filter(|(_, mode)| *mode != TalkMode::Momentary).collect()
    }

    /// The hoots of a user whose microphone is open at a handset as in a call.
    fn open_handsets(&self, lines: &[LineFacts], desk: &DeskId, user: &UserId) -> Vec<LineId> {
        let is_open = |facts: &&LineFacts| {
            let policy = self.policies.of(Some(&facts.line), Some(desk), Some(user));
            facts.kind.is_open() && policy.hoot_handset == HootHandset::Open
        };
        lines.iter().filter(is_open).map(|facts| facts.line.clone()).collect()
    }
}
