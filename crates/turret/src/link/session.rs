//! One connection to the switch, from its first message to its last.
//!
//! Law: nothing is asked before the welcome; then what was not answered is repeated in the order of its presses, and what
//! comes after follows it.

use super::handshake::{Lost, Socket, send};
use super::{End, Link, LinkEvent, RETRY_FIRST, ToLink, utc_ms};
use dealerboard_wire::{
    Credentials, Event, FromSwitch, FromTurret, HEARTBEAT_MS, Hello, LINK_STALE_MS, Token, Welcome, close,
};
use futures_util::StreamExt;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

/// How long the switch may take to judge a log-on.
const LOG_ON_MAX: Duration = Duration::from_secs(10);

/// How long one message may take to leave before the connection counts as lost.
const SEND_MAX: Duration = Duration::from_millis(LINK_STALE_MS);

/// How long the last message may take.
const CLOSE_MAX: Duration = Duration::from_millis(300);

/// A fresh token is asked for at most this often.
const RENEW_MIN: Duration = Duration::from_millis(500);

/// One connection.
struct Up {
    local: IpAddr,
    began: Instant,
    welcomed: bool,
    beats: u64,
    beaten: Instant,
    seq: Option<u64>,
    renew_at: Option<Instant>,
}

impl Link {
    /// Who logs on: by password after a log-on, by token after a break.
    fn hello(&self) -> Option<FromTurret> {
        let credentials = match (&self.log_on, &self.token) {
            (Some((user, password)), _) => Credentials::Password { user: user.clone(), password: password.clone() },
            (None, Some(token)) => Credentials::Token { token: token.token.clone() },
            (None, None) => return None,
        };
        Some(FromTurret::Hello(Hello {
            protocol: 1,
            client: format!("dealerboard-turret {}", env!("CARGO_PKG_VERSION")),
            seat: self.seat.clone(),
            credentials,
            resume: self.turret,
        }))
    }

    pub(super) async fn serve(&mut self, mut socket: Socket, local: IpAddr) -> End {
        let Some(hello) = self.hello() else { return End::Off };
        if send(&mut socket, &hello, SEND_MAX).await.is_err() {
            return End::Lost;
        }
        let mut beat = tokio::time::interval(Duration::from_millis(HEARTBEAT_MS));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let now = Instant::now();
        let mut up = Up { local, began: now, welcomed: false, beats: 0, beaten: now, seq: None, renew_at: None };
        loop {
            let last = self.contact.filter(|_| up.welcomed).map(|at| at + Duration::from_millis(LINK_STALE_MS));
            let stale = last.unwrap_or(up.began + LOG_ON_MAX);
            let went = tokio::select! {
                () = tokio::time::sleep_until(stale) => Err(End::Lost),
                () = until(up.renew_at) => self.renew(&mut socket, &mut up).await.map_err(|Lost| End::Lost),
                _ = beat.tick(), if up.welcomed => self.beat(&mut socket, &mut up).await.map_err(|Lost| End::Lost),
                ask = self.inbox.recv() => self.ask(&mut socket, &up, ask).await,
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.read(&mut socket, &text, &mut up).await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Lost),
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                        self.in_contact(&up);
                        Ok(())
                    }
                },
            };
            if let Err(end) = went {
                return end;
            }
        }
    }

    fn in_contact(&mut self, up: &Up) {
        if up.welcomed {
            self.contact = Some(Instant::now());
        }
    }

    async fn beat(&mut self, socket: &mut Socket, up: &mut Up) -> Result<(), Lost> {
        let dropped = self.unanswered.drop_late(Instant::now());
        self.tell_dropped(dropped).await;
        (up.beats, up.beaten) = (up.beats + 1, Instant::now());
        send(socket, &FromTurret::Heartbeat { n: up.beats }, SEND_MAX).await
    }

    async fn renew(&mut self, socket: &mut Socket, up: &mut Up) -> Result<(), Lost> {
        // Until the fresh one is there this one is what is left.
        self.plan_renewal(up);
        send(socket, &FromTurret::Renew, SEND_MAX).await
    }

    fn plan_renewal(&self, up: &mut Up) {
        if let (Some(token), Some(offset_ms)) = (&self.token, self.clock_offset_ms) {
            up.renew_at = Some(Instant::now() + renew_after(token, utc_ms() + offset_ms as i64));
        }
    }

    fn clock_is(&mut self, clock_offset_ms: f64, up: &mut Up) {
        self.clock_offset_ms = Some(clock_offset_ms);
        if up.renew_at.is_none() {
            self.plan_renewal(up);
        }
    }

    async fn ask(&mut self, socket: &mut Socket, up: &Up, ask: Option<ToLink>) -> Result<(), End> {
        match ask {
            Some(ToLink::Send(message)) if up.welcomed => {
                send(socket, &message, SEND_MAX).await.map_err(|Lost| End::Lost)
            }
            Some(ToLink::Command { id, act, pressed }) if up.welcomed => {
                let command = FromTurret::Command { id, act: act.clone() };
                let dropped = self.unanswered.push(id, act, pressed);
                self.tell_dropped(dropped.into_iter().collect()).await;
                send(socket, &command, SEND_MAX).await.map_err(|Lost| End::Lost)
            }
            Some(ToLink::LogOff { .. } | ToLink::LogOn { .. }) => {
                // It is the last message: a lost one is noticed by the switch itself.
                let _ = send(socket, &FromTurret::LogOff, CLOSE_MAX).await;
                let _ = timeout(CLOSE_MAX, socket.close(None)).await;
                self.take(ask).await.map_or(Ok(()), Err)
            }
            Some(ToLink::Stop) | None => {
                let _ = timeout(CLOSE_MAX, socket.close(None)).await;
                Err(End::Stop)
            }
            Some(
                ToLink::Send(_) | ToLink::Command { .. } | ToLink::Trust(_) | ToLink::Know { .. } | ToLink::Access(_),
            ) => self.take(ask).await.map_or(Ok(()), Err),
        }
    }

    async fn read(&mut self, socket: &mut Socket, text: &str, up: &mut Up) -> Result<(), End> {
        self.in_contact(up);
        match serde_json::from_str::<FromSwitch>(text) {
            Ok(message) => self.hear(socket, message, up).await,
            Err(error) => {
                tracing::warn!(%error, "the switch sent what this turret does not understand");
                Err(End::Lost)
            }
        }
    }

    async fn hear(&mut self, socket: &mut Socket, message: FromSwitch, up: &mut Up) -> Result<(), End> {
        match message {
            FromSwitch::Welcome(welcome) => return self.welcome(socket, welcome, up).await.map_err(|Lost| End::Lost),
            FromSwitch::Token(token) => {
                self.token = Some(token);
                self.plan_renewal(up);
            }
            FromSwitch::HeartbeatAck { n, now } if n == up.beats => {
                let ms = up.beaten.elapsed().as_secs_f64() * 1_000.0;
                let clock_offset_ms = now.utc_ms as f64 + ms / 2.0 - utc_ms() as f64;
                self.clock_is(clock_offset_ms, up);
                self.tell(LinkEvent::RoundTrip { ms, clock_offset_ms }).await;
            }
            FromSwitch::HeartbeatAck { .. } => {}
            FromSwitch::Goodbye { code: close::NOT_LOGGED_ON | close::VERSION, sentence } => {
                self.tell(LinkEvent::Refused(sentence)).await;
                return Err(End::Off);
            }
            FromSwitch::Goodbye { sentence, .. } => {
                tracing::info!(sentence, "the switch ended the connection");
                return Err(End::Lost);
            }
            FromSwitch::Event { seq, event } => {
                if up.seq.is_some_and(|last| seq != last + 1) {
                    tracing::warn!(seq, "an event is missing: a snapshot is fetched");
                    return Err(End::Lost);
                }
                up.seq = Some(seq);
                if let Event::Snapshot(snapshot) = &event {
                    self.clock_is(snapshot.now.utc_ms as f64 - utc_ms() as f64, up);
                }
                self.tell(LinkEvent::Message(Box::new(FromSwitch::Event { seq, event }))).await;
            }
            FromSwitch::Answer { id, result } => {
                self.unanswered.answered(id);
                self.tell(LinkEvent::Message(Box::new(FromSwitch::Answer { id, result }))).await;
            }
            FromSwitch::SdpAnswer { .. } => self.tell(LinkEvent::Message(Box::new(message))).await,
        }
        Ok(())
    }

    async fn welcome(&mut self, socket: &mut Socket, welcome: Welcome, up: &mut Up) -> Result<(), Lost> {
        self.turret = Some(welcome.turret);
        self.token = Some(welcome.token.clone());
        // The password is not needed any more; the token is.
        self.log_on = None;
        self.retry = RETRY_FIRST;
        self.contact = Some(Instant::now());
        up.welcomed = true;
        self.tell(LinkEvent::Welcome { welcome: Box::new(welcome), local: up.local }).await;
        let dropped = self.unanswered.drop_late(Instant::now());
        self.tell_dropped(dropped).await;
        for (id, act) in self.unanswered.repeat() {
            send(socket, &FromTurret::Command { id, act }, SEND_MAX).await?;
        }
        Ok(())
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A token is renewed when a third of its life is left; `now_utc_ms` is by the switch's clock, as its end is.
fn renew_after(token: &Token, now_utc_ms: i64) -> Duration {
    let left_ms = u64::try_from(token.expires_utc_ms.saturating_sub(now_utc_ms)).unwrap_or(0);
    Duration::from_millis(left_ms / 3 * 2).max(RENEW_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(expires_utc_ms: i64) -> Token {
        Token { token: "hyacinth".into(), expires_utc_ms }
    }

    #[test]
    fn a_token_is_renewed_when_a_third_of_its_life_is_left() {
        assert_eq!(renew_after(&token(900_000), 0), Duration::from_secs(600));
        assert_eq!(renew_after(&token(6_000), 3_000), Duration::from_secs(2));
    }

    #[test]
    fn a_token_that_has_ended_is_renewed_soon_and_not_in_a_loop() {
        assert_eq!(renew_after(&token(0), 5_000), RENEW_MIN);
    }
}
