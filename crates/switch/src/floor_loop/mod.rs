//! The one loop: owns all call state. Everything else sends it inputs over bounded queues; it answers through outboxes.
//!
//! Law: one place changes state, one input at a time, and all that comes of an input is sent before the next is taken. What
//! it shows to turrets is kept beside as last told, so that a snapshot is what the others see.

mod numbers;
mod sessions;
mod shown;

use crate::accounts::Account;
use crate::clock::Clock;
use crate::control::{Arrival, FromConnection};
use crate::floor::FloorFile;
use crate::keep::Keep;
use crate::panel::{Panels, TALKER_LABELS};
use dealerboard_model::{Csrc, LineId, Moment, PersonStatus, TurretId, UserId};
use dealerboard_rtc::switch::forward::Notable;
use dealerboard_rtc::switch::{VoiceEvent, VoiceHub};
use dealerboard_wire::{
    Act, Answer, Event, FromSwitch, Me, Refusal, RefusalCode, Snapshot, TalkerLabel, Welcome, close,
};
use numbers::Numbers;
use sessions::Sessions;
use shown::Shown;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// Inputs that may wait for the loop.
pub const INPUTS_MAX: usize = 1_024;

/// Ears that a turret offers at first.
pub const EARS_FIRST: u16 = 16;

/// `talk.tail`.
pub const TALK_TAIL_MS: u64 = 150;

/// `link.grace`: how long a session waits for its turret, in milliseconds.
pub const LINK_GRACE_MS: u64 = 15_000;

/// What the loop is made of.
pub struct FloorLoop {
    clock: Clock,
    floor: FloorFile,
    panels: Panels,
    sessions: Sessions,
    shown: Shown,
    voice: Arc<VoiceHub>,
    turrets: Numbers,
    next_label: u32,
}

impl FloorLoop {
    /// A loop for `floor`.
    pub fn new(clock: Clock, floor: FloorFile, keep: Keep, voice: Arc<VoiceHub>) -> Self {
        let panels = Panels::new(&floor);
        let shown = Shown::new(&panels, clock.now());
        let sessions = Sessions::default();
        Self {
            clock,
            floor,
            panels,
            sessions,
            shown,
            voice,
            turrets: Numbers::new(keep, "turret"),
            next_label: TALKER_LABELS,
        }
    }

    /// Runs until it is told to stop; then every turret is told and let go.
    pub async fn run(
        mut self,
        mut inputs: mpsc::Receiver<FromConnection>,
        mut heard: mpsc::Receiver<VoiceEvent>,
        mut stop: oneshot::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                biased;
                _ = &mut stop => break,
                () = sleep_until(self.next_deadline()) => self.end_of_grace(),
                Some(event) = heard.recv() => self.hear(event),
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
                    tracing::info!(turret = %session.turret, user = %seat.account.user, "turret lost");
                    seat.lost_since = Some(self.clock.now());
                }
            }
            FromConnection::Offer { session, sdp } if self.sessions.is_current(session) => {
                self.offered(session.turret, sdp);
            }
            // What an old connection still says is no longer of this session.
            FromConnection::Command { .. }
            | FromConnection::Closed { .. }
            | FromConnection::Offer { .. }
            | FromConnection::VoiceActivity { .. }
            | FromConnection::Keyed { .. }
            | FromConnection::Contact { .. } => {}
        }
    }

    fn command(&mut self, turret: TurretId, id: Uuid, act: &Act) {
        let Some(seat) = self.sessions.get_mut(turret) else { return };
        let result = seat.answers.of(id).unwrap_or_else(|| {
            tracing::debug!(%turret, ?act, "refused");
            let sentence = "This switch carries no calls yet; ask the administrator for a complete one.".to_owned();
            let answer = Answer::Refused(Refusal { code: RefusalCode::OutOfService, sentence });
            seat.answers.put(id, answer.clone());
            answer
        });
        seat.outbox.message(FromSwitch::Answer { id, result });
    }

    fn hear(&mut self, event: VoiceEvent) {
        match event {
            VoiceEvent::Connected(turret) => tracing::info!(%turret, "voice flows"),
            VoiceEvent::Notable(Notable::EarsLow { turret, total }) => {
                self.tell(turret, Event::MoreEars { total });
            }
            VoiceEvent::Notable(Notable::NotHeard { turret, line, on }) => {
                let known = self.panels.lines().find(|facts| facts.csrc == line).map(|facts| facts.line.clone());
                if let Some(line) = known {
                    self.tell(turret, Event::NotHeard { line, on });
                }
            }
            VoiceEvent::Notable(Notable::Orphan { turret, uplink }) => {
                tracing::info!(%turret, ?uplink, "a talk outlived its turret");
            }
        }
    }

    /// Answers an SDP offer beside the loop: building a connection takes milliseconds.
    fn offered(&mut self, turret: TurretId, sdp: String) {
        let Some(seat) = self.sessions.get_mut(turret) else { return };
        let ice = sdp.lines().find(|line| line.starts_with("a=ice-ufrag:")).map(str::to_owned);
        let again = ice.is_some() && ice == seat.ice;
        seat.ice = ice;
        let (voice, outbox) = (Arc::clone(&self.voice), seat.outbox.clone());
        tokio::spawn(async move {
            let answer = match voice.answer(turret, sdp, again).await {
                Ok(sdp) => FromSwitch::SdpAnswer { sdp: Some(sdp), error: None },
                Err(error) => FromSwitch::SdpAnswer { sdp: None, error: Some(error.to_string()) },
            };
            outbox.message(answer);
        });
    }

    fn tell(&self, turret: TurretId, event: Event) {
        if let Some(seat) = self.sessions.get(turret).filter(|seat| seat.lost_since.is_none()) {
            seat.outbox.event(event);
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        self.know(&arrival.account);
        let resumed = self.sessions.resumable(&arrival);
        let turret = match resumed {
            Some(turret) => {
                self.sessions.take_over(turret, &arrival);
                turret
            }
            None => {
                self.next_label += 1;
                let turret = TurretId(self.turrets.next());
                let label = Csrc(self.next_label);
                self.sessions.begin(turret, label, &arrival);
                let label = TalkerLabel { csrc: label, user: arrival.account.user.clone(), turret };
                self.tell_all_but(turret, &Event::TalkerLabel { label });
                turret
            }
        };
        tracing::info!(%turret, user = %arrival.account.user, seat = arrival.seat, client = arrival.client,
            resumed = resumed.is_some(), "turret logged on");
        arrival.outbox.message(FromSwitch::Welcome(Welcome {
            turret,
            resumed: resumed.is_some(),
            token: arrival.token.clone(),
            floor: self.floor.name.clone(),
            switch: env!("CARGO_PKG_VERSION").to_owned(),
        }));
        let user = arrival.account.user.clone();
        let news = self.person_news(&user);
        if let Some(snapshot) = self.snapshot(turret) {
            arrival.outbox.event(Event::Snapshot(Box::new(snapshot)));
        }
        if let Some(status) = news {
            self.tell_all_but(turret, &Event::Person { status });
        }
        let _ = arrival.arrived.send(turret);
    }

    /// Takes in a user who was added, or changed, after the switch started. Labels of lines stay: they go by the order of
    /// lines in the file.
    fn know(&mut self, account: &Account) {
        if self.floor.with_user(account.as_floor_user()) {
            self.panels = Panels::new(&self.floor);
        }
    }

    /// When the first lost session has waited long enough; far away when none is lost.
    fn next_deadline(&self) -> Instant {
        let first = self.sessions.iter().filter_map(|(_, seat)| seat.lost_since).min();
        match first {
            Some(lost) => self.clock.instant(lost.plus_ms(LINK_GRACE_MS)).into(),
            None => Instant::now() + Duration::from_secs(3_600),
        }
    }

    fn end_of_grace(&mut self) {
        let now = self.clock.now();
        let over = |lost: Moment| lost.plus_ms(LINK_GRACE_MS).mono_us <= now.mono_us;
        let lost: Vec<TurretId> = self
            .sessions
            .iter()
            .filter(|(_, seat)| seat.lost_since.is_some_and(over))
            .map(|(turret, _)| turret)
            .collect();
        lost.into_iter().for_each(|turret| self.end(turret, "did not come back"));
    }

    fn end(&mut self, turret: TurretId, why: &str) {
        let Some(seat) = self.sessions.end(turret) else { return };
        tracing::info!(%turret, user = %seat.account.user, why, "turret gone");
        if let Err(error) = self.voice.remove(turret) {
            tracing::warn!(%turret, "its voice could not be removed: {error}");
        }
        if let Some(status) = self.person_news(&seat.account.user) {
            self.tell_all(&Event::Person { status });
        }
    }

    fn person_news(&mut self, user: &UserId) -> Option<PersonStatus> {
        let logged_on = self.sessions.of(user).next().is_some();
        let status = PersonStatus { logged_on, ..self.shown.person(user) };
        self.shown.set_person(status.clone()).then_some(status)
    }

    fn snapshot(&self, turret: TurretId) -> Option<Snapshot> {
        let seat = self.sessions.get(turret)?;
        let account = &seat.account;
        let panel = self.panels.of(&account.user);
        let mine = |line: &&LineId| panel.lines.contains(line);
        let lines: Vec<_> = self.panels.lines().filter(|facts| mine(&&facts.line)).cloned().collect();
        let statuses = lines.iter().map(|facts| self.shown.line(&facts.line)).collect();
        Some(Snapshot {
            now: self.clock.now(),
            me: Me {
                user: account.user.clone(),
                name: account.name.clone(),
                desk: account.desk.as_str().into(),
                desk_name: self.panels.desk_name(&account.desk),
                seat: seat.seat.clone(),
                roles: account.roles.clone(),
            },
            lines,
            statuses,
            rights: panel.rights,
            pages: panel.pages,
            speakers: panel.speakers,
            people: self.panels.people().to_vec(),
            person_statuses: self.shown.people(),
            talkers: self.sessions.labels(),
            mics: self.shown.mics(turret),
            recorder: self.shown.recorder(),
            ears: EARS_FIRST,
            talk_tail_ms: TALK_TAIL_MS,
        })
    }

    fn tell_all(&self, event: &Event) {
        self.sessions
            .iter()
            .filter(|(_, seat)| seat.lost_since.is_none())
            .for_each(|(_, seat)| seat.outbox.event(event.clone()));
    }

    fn tell_all_but(&self, turret: TurretId, event: &Event) {
        let others = self.sessions.iter().filter(|(other, seat)| *other != turret && seat.lost_since.is_none());
        others.for_each(|(_, seat)| seat.outbox.event(event.clone()));
    }
}
