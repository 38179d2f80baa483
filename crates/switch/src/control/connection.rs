//! One control connection from its first message to its last.

use super::log_on::{self, LoggedOn};
use super::{Arrival, Door, FromConnection, Session};
use crate::accounts::{Account, Issued, NotLoggedOn, Proved};
use crate::floor_loop::log;
use crate::outbox::{Ending, Next, Outbox};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use dealerboard_wire::{
    Act, Answer, Credentials, Event, FromSwitch, FromTurret, LINK_STALE_MS, Notice, Refusal, RefusalCode, close,
};
use futures_util::stream::SplitStream;
use futures_util::{Sink, SinkExt, StreamExt};
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

/// How long a connection may take to log on.
const LOG_ON_MAX: Duration = Duration::from_secs(10);
/// How long what leaves together may take before its reader counts as gone.
const SEND_MAX: Duration = Duration::from_secs(10);
/// Messages that leave together: what comes while they do may still take the place of an older one.
const TOGETHER_MAX: usize = 64;
/// How long a silent connection is kept; its session's grace runs in call control.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How long the other side has for its closing handshake.
const CLOSE_MAX: Duration = Duration::from_secs(3);

/// Somebody else wants to go on at a locked turret.
const NOT_THEIRS: &str = "Only who has locked this turret unlocks it; to use it yourself, log them off.";

/// Serves one WebSocket; `current` says that it offered our subprotocol.
pub async fn serve(socket: WebSocket, door: Door, from: IpAddr, current: bool) {
    let (sink, mut stream) = socket.split();
    let outbox = Outbox::default();
    let writer = tokio::spawn(write(sink, outbox.clone()));
    if current {
        attend(&mut stream, &door, from, &outbox).await;
    } else {
        let Ending { code, sentence } = log_on::version_ending();
        outbox.end(code, sentence);
    }
    outbox.end(close::NORMAL, None);
    // What the other side still sends is read and thrown away, so that the last sentence reaches it.
    let _ = timeout(CLOSE_MAX, async { while let Some(Ok(_)) = stream.next().await {} }).await;
    let _ = timeout(SEND_MAX, writer).await;
}

async fn attend(stream: &mut SplitStream<WebSocket>, door: &Door, from: IpAddr, outbox: &Outbox) {
    let logged_on = match first_message(stream, door, from).await {
        Ok(logged_on) => logged_on,
        Err(Some(Ending { code, sentence })) => return outbox.end(code, sentence),
        Err(None) => return,
    };
    let LoggedOn { proved, issued: Issued { token, ends }, hello } = logged_on;
    let connection = door.next_connection();
    let (arrived, session_number) = oneshot::channel();
    let arrival = Arrival {
        seat: seat_of(&proved.account, hello.seat),
        proved: proved.clone(),
        typed: matches!(hello.credentials, Credentials::Password { .. }),
        client: hello.client,
        resume: hello.resume,
        token,
        outbox: outbox.clone(),
        connection,
        arrived,
    };
    if door.to_loop.send(FromConnection::Arrived(Box::new(arrival))).await.is_err() {
        return;
    }
    let Ok(turret) = session_number.await else { return };
    let session = Session { turret, connection };
    let reader = Reader {
        door: door.clone(),
        from,
        judging: None,
        session,
        proved,
        outbox: outbox.clone(),
        log_on: LogOn::Valid(ends.into()),
        silent: None,
    };
    let logged_off = reader.read(stream).await;
    let _ = door.to_loop.send(FromConnection::Closed { session, logged_off }).await;
}

/// The seat that others see: where the turret stands, or where its user usually sits.
fn seat_of(account: &Account, stands: String) -> String {
    if stands.is_empty() { account.seat.clone() } else { stands }
}

async fn first_message(
    stream: &mut SplitStream<WebSocket>,
    door: &Door,
    from: IpAddr,
) -> Result<LoggedOn, Option<Ending>> {
    let first = timeout(LOG_ON_MAX, async {
        loop {
            match stream.next().await {
                Some(Ok(Message::Text(text))) => return Some(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    });
    match first.await {
        Ok(Some(text)) => log_on::judge(text.as_str(), door, from).await.map_err(Some),
        Ok(None) => Err(None),
        Err(_) => {
            let sentence = "Nobody logged on for ten seconds; connect again.".to_owned();
            Err(Some(Ending { code: close::NOT_LOGGED_ON, sentence: Some(sentence) }))
        }
    }
}

/// Whether the turret's token is still good.
#[derive(Clone, Copy)]
enum LogOn {
    /// Until then.
    Valid(Instant),
    /// No longer: running calls go on (rule LOG-4), and a renewal makes it good again.
    Ended,
}

/// A password that is being looked at.
type Judging = JoinHandle<Result<Proved, NotLoggedOn>>;

struct Reader {
    door: Door,
    from: IpAddr,
    /// The password that a locked turret's user has typed, with the id of its answer.
    judging: Option<(Uuid, Judging)>,
    session: Session,
    proved: Proved,
    outbox: Outbox,
    log_on: LogOn,
    /// Since when nothing has come, once the loop has been told.
    silent: Option<Instant>,
}

impl Reader {
    /// Reads until the connection ends; true when the user logged off.
    async fn read(mut self, stream: &mut SplitStream<WebSocket>) -> bool {
        loop {
            let (valid, expiry) = match self.log_on {
                LogOn::Valid(ends) => (true, ends),
                LogOn::Ended => (false, Instant::now()),
            };
            let wait = match self.silent {
                None => Instant::now() + Duration::from_millis(LINK_STALE_MS),
                Some(since) => since + SILENCE_MAX,
            };
            tokio::select! {
                message = stream.next() => match message {
                    Some(Ok(message)) => {
                        if self.silent.take().is_some() {
                            self.tell(FromConnection::Contact { session: self.session, there: true }).await;
                        }
                        match self.take(message).await {
                            Goes::On => {}
                            Goes::Away { logged_off } => return logged_off,
                        }
                    }
                    Some(Err(_)) | None => return false,
                },
                () = self.outbox.wait_ended() => return false,
                (id, result) = judged(&mut self.judging) => self.judged(id, result).await,
                () = sleep_until(expiry), if valid => self.log_on_ends(),
                () = sleep_until(wait) => {
                    if self.silent.is_some() {
                        return false;
                    }
                    self.silent = Some(Instant::now());
                    self.tell(FromConnection::Contact { session: self.session, there: false }).await;
                }
            }
        }
    }

    async fn take(&mut self, message: Message) -> Goes {
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Goes::On,
            Message::Close(_) => return Goes::Away { logged_off: false },
            Message::Binary(_) => return self.not_understood(),
        };
        let Ok(message) = serde_json::from_str(text.as_str()) else { return self.not_understood() };
        let session = self.session;
        match message {
            FromTurret::Hello(_) => return self.not_understood(),
            FromTurret::Command { id, act } if self.may(&act) => {
                self.tell(FromConnection::Command { session, id, act }).await;
            }
            FromTurret::Command { id, act } => {
                let sentence = "Your log-on has ended; release, hold and mute still work, for all else log on again.";
                let refusal = Refusal { code: RefusalCode::Locked, sentence: sentence.to_owned() };
                let result = Answer::Refused(refusal);
                log::answered(session.turret, &self.proved.account.user, &act, &result);
                self.outbox.message(FromSwitch::Answer { id, result });
            }
            FromTurret::Offer { id, sdp } => self.tell(FromConnection::Offer { session, id, sdp }).await,
            FromTurret::Heartbeat { n } => {
                self.outbox.message(FromSwitch::HeartbeatAck { n, now: self.door.clock.now() });
            }
            FromTurret::Renew => self.renew().await,
            FromTurret::VoiceActivity { uplink, speaking } => {
                self.tell(FromConnection::VoiceActivity { session, uplink, speaking }).await;
            }
            FromTurret::Microphone { uplink, there } => {
                self.tell(FromConnection::Microphone { session, uplink, there }).await;
            }
            FromTurret::Keyed { id, intervals } => self.tell(FromConnection::Keyed { session, id, intervals }).await,
            FromTurret::MessageHeard { entry } => self.tell(FromConnection::MessageHeard { session, entry }).await,
            FromTurret::MessageSound { entry, from_ms } => {
                self.tell(FromConnection::MessageSound { session, entry, from_ms }).await
            }
            FromTurret::History { before } => self.tell(FromConnection::History { session, before }).await,
            FromTurret::Unlock { id, credentials } => self.unlock(id, credentials),
            FromTurret::LogOff => return Goes::Away { logged_off: true },
        }
        Goes::On
    }

    /// What a user may do whose log-on has ended: let go, hold, and shut microphones.
    fn may(&self, act: &Act) -> bool {
        match (self.log_on, act) {
            (LogOn::Valid(ends), _) if Instant::now() < ends => true,
            (
                LogOn::Valid(_) | LogOn::Ended,
                Act::Release { .. }
                | Act::Hold { .. }
                | Act::Signal { on: false, .. }
                | Act::Talk { on: false, .. }
                | Act::Broadcast { on: false, .. }
                | Act::BroadcastLine { on: false, .. }
                | Act::TalkBack { on: false, .. }
                | Act::Lock,
            ) => true,
            // A whole emergency number is dialled by whoever sits there (ALL-9).
            (LogOn::Valid(_) | LogOn::Ended, Act::Call { number, .. })
                if self.door.emergency.contains(number.trim_end_matches('#')) =>
            {
                true
            }
            (
                LogOn::Valid(_) | LogOn::Ended,
                Act::Seize { .. }
                | Act::Answer { .. }
                | Act::Bridge { .. }
                | Act::Resume { .. }
                | Act::Signal { on: true, .. }
                | Act::Talk { on: true, .. }
                | Act::Broadcast { on: true, .. }
                | Act::BroadcastLine { on: true, .. }
                | Act::Right { .. }
                | Act::WhoHears { .. }
                | Act::OpenMic { .. }
                | Act::Intercom { .. }
                | Act::IntercomGroup { .. }
                | Act::IntercomPicked { .. }
                | Act::TalkBack { on: true, .. }
                | Act::Join { .. }
                | Act::Unjoin { .. }
                | Act::Move { .. }
                | Act::TakeOver { .. }
                | Act::Transfer { .. }
                | Act::Announce { .. }
                | Act::Complete { .. }
                | Act::Cancel { .. }
                | Act::Private { .. }
                | Act::Override { .. }
                | Act::Clear { .. }
                | Act::HideHistory { .. }
                | Act::Service { .. }
                | Act::Divert { .. }
                | Act::Dial { .. }
                | Act::Call { .. }
                | Act::Dnd { .. },
            ) => false,
        }
    }

    fn log_on_ends(&mut self) {
        self.log_on = LogOn::Ended;
        tracing::warn!(turret = %self.session.turret, user = %self.proved.account.user, "a log-on has ended and was not renewed");
        let sentence = "Your log-on has ended: running calls go on; lock this turret and type your password to take or make others.".to_owned();
        self.outbox.event(Event::Notice(Notice { line: None, sentence, tone: None, at: self.door.clock.now() }));
    }

    async fn renew(&mut self) {
        match self.door.accounts.renew(&self.proved).await {
            Ok(Some(Issued { token, ends })) => {
                self.log_on = LogOn::Valid(ends.into());
                self.outbox.message(FromSwitch::Token(token));
            }
            Ok(None) => {
                tracing::warn!(user = %self.proved.account.user, "a log-on that holds no longer was not renewed")
            }
            Err(error) => tracing::error!("no token could be made: {error:#}"),
        }
    }

    /// Whoever has locked a turret goes on there by their password (LOG-4). It is looked at as one of a log-on is, and what
    /// else the turret says is read meanwhile.
    fn unlock(&mut self, id: Uuid, credentials: Credentials) {
        let Credentials::Password { user, password } = credentials else { return self.stays_locked(id, NOT_THEIRS) };
        if user != self.proved.account.user {
            return self.stays_locked(id, NOT_THEIRS);
        }
        if self.judging.is_some() {
            return self.stays_locked(id, "Your password is being looked at; wait a moment.");
        }
        let (accounts, from) = (self.door.accounts.clone(), self.from);
        self.judging = Some((id, tokio::spawn(async move { accounts.log_on(&user, password, from).await })));
    }

    async fn judged(&mut self, id: Uuid, result: Result<Proved, NotLoggedOn>) {
        match result {
            Ok(proved) => {
                self.proved = proved;
                self.renew().await;
                self.tell(FromConnection::Unlocked { session: self.session }).await;
                let done = Answer::Done { line: None, position: None, call: None };
                self.outbox.message(FromSwitch::Answer { id, result: done });
            }
            Err(refused) => self.stays_locked(id, &refused.to_string()),
        }
    }

    fn stays_locked(&self, id: Uuid, sentence: &str) {
        log::not_unlocked(self.session.turret, &self.proved.account.user, sentence);
        let refusal = Refusal { code: RefusalCode::Locked, sentence: sentence.to_owned() };
        self.outbox.message(FromSwitch::Answer { id, result: Answer::Refused(refusal) });
    }

    fn not_understood(&self) -> Goes {
        let sentence = "The switch did not understand this turret; install the version that belongs to it.";
        self.outbox.end(close::PROTOCOL, Some(sentence.to_owned()));
        Goes::Away { logged_off: false }
    }

    async fn tell(&self, what: FromConnection) {
        if self.door.to_loop.send(what).await.is_err() {
            self.outbox.end(close::STOPPING, Some("The switch is stopping.".to_owned()));
        }
    }
}

/// What has come of the password that is being looked at.
async fn judged(judging: &mut Option<(Uuid, Judging)>) -> (Uuid, Result<Proved, NotLoggedOn>) {
    let Some((id, judge)) = judging else { return std::future::pending().await };
    let (id, result) = (*id, judge.await.unwrap_or(Err(NotLoggedOn::Busy)));
    *judging = None;
    (id, result)
}

enum Goes {
    On,
    Away { logged_off: bool },
}

async fn write(mut sink: impl Sink<Message> + Unpin, outbox: Outbox) {
    loop {
        let first = outbox.next().await;
        match timeout(SEND_MAX, write_together(&mut sink, &outbox, first)).await {
            Ok(Ok(Some(ending))) => return close(sink, ending).await,
            Ok(Ok(None)) => {}
            Ok(Err(_)) | Err(_) => {
                return outbox.end(close::TOO_SLOW, Some("This turret does not take its messages.".to_owned()));
            }
        }
    }
}

/// Sends what waits, from `first` on: one record of TLS, and one call of the system. Gives what ends the connection, when
/// that is next.
async fn write_together<S: Sink<Message> + Unpin>(
    sink: &mut S,
    outbox: &Outbox,
    first: Next,
) -> Result<Option<Ending>, S::Error> {
    let (mut next, mut together) = (Some(first), 0);
    while let Some(Next::Send(leaving)) = next {
        together += 1;
        sink.feed(Message::Text(leaving.text().into())).await?;
        next = if together < TOGETHER_MAX { outbox.take() } else { None };
    }
    sink.flush().await?;
    Ok(match next {
        Some(Next::End(ending)) => Some(ending),
        Some(Next::Send(_)) | None => None,
    })
}

/// Says why, and closes.
async fn close(mut sink: impl Sink<Message> + Unpin, Ending { code, sentence }: Ending) {
    let said = sentence.and_then(|sentence| serde_json::to_string(&FromSwitch::Goodbye { code, sentence }).ok());
    // A close frame's reason holds 123 bytes (RFC 6455 section 5.5); the sentence goes before it.
    let frame = Message::Close(Some(CloseFrame { code, reason: "".into() }));
    let _ = timeout(SEND_MAX, async {
        if let Some(said) = said {
            sink.feed(Message::Text(said.into())).await?;
        }
        sink.send(frame).await
    })
    .await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::outbox::WAITING_MAX;
    use dealerboard_model::{Moment, UserId};
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn a_turret_that_does_not_read_is_told_why_and_closed() {
        let (reads, said) = (Arc::new(Semaphore::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (gate, heard) = (Arc::clone(&reads), Arc::clone(&said));
        let sink = futures_util::sink::unfold((), move |(), message: Message| {
            let (gate, heard) = (Arc::clone(&gate), Arc::clone(&heard));
            async move {
                gate.acquire().await.unwrap().forget();
                heard.lock().unwrap().push(message);
                Ok::<_, Infallible>(())
            }
        });
        let outbox = Outbox::default();
        let writer = tokio::spawn(write(Box::pin(sink), outbox.clone()));
        for n in 0..WAITING_MAX as u64 + 2 {
            outbox.message(FromSwitch::HeartbeatAck { n, now: Moment { mono_us: 0, utc_ms: 0 } });
            // The first one is on its way when the others come.
            tokio::task::yield_now().await;
        }
        reads.add_permits(10);
        writer.await.unwrap();
        let said = said.lock().unwrap();
        let [Message::Text(_), Message::Text(goodbye), Message::Close(Some(frame))] = &said[..] else {
            panic!("{said:?}")
        };
        assert!(goodbye.as_str().contains("This turret reads too slowly"), "{goodbye}");
        assert_eq!(frame.code, close::TOO_SLOW);
    }

    #[test]
    fn who_stands_nowhere_sits_at_the_usual_seat() {
        let user = UserId::from("reyes");
        let account =
            Account { user, name: "A. Reyes".into(), desk: "ldn".into(), roles: Vec::new(), seat: "4-12".into() };
        assert_eq!(seat_of(&account, String::new()), "4-12");
        assert_eq!(seat_of(&account, "2-01".into()), "2-01");
    }
}
