//! A turret's SDP offers, answered beside the loop: building a connection takes milliseconds.
//!
//! ```text
//! offer ─► the newest waits ─► built, given to the voice thread ─► no newer one came ─► answered
//!                                                                └─ a newer one did ──► built in its turn; one answer
//! the session ends ─► what is being built is taken away again
//! ```
//!
//! Law: one at a time for each session, so that no older connection replaces a newer one and none outlives its session.

use crate::outbox::Outbox;
use dealerboard_model::TurretId;
use dealerboard_rtc::switch::{HubError, VoiceHub};
use dealerboard_wire::FromSwitch;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// Answers offers: the voice of the switch, or what a test puts in its place.
pub trait Answers: Send + Sync + 'static {
    /// Answers an offer: one for a new connection, or one with more ears on the connection that the turret has.
    fn answer(
        &self,
        turret: TurretId,
        sdp: String,
        again: bool,
    ) -> impl Future<Output = Result<String, HubError>> + Send;

    /// Takes a turret's connection away.
    fn remove(&self, turret: TurretId);
}

impl Answers for VoiceHub {
    async fn answer(&self, turret: TurretId, sdp: String, again: bool) -> Result<String, HubError> {
        Self::answer(self, turret, sdp, again).await
    }

    fn remove(&self, turret: TurretId) {
        if let Err(error) = Self::remove(self, turret) {
            tracing::warn!(%turret, "its voice could not be removed: {error}");
        }
    }
}

#[derive(Clone)]
struct Offer {
    id: Option<Uuid>,
    sdp: String,
    /// Of the connection that the offer came by.
    outbox: Outbox,
}

/// Where one session's offers go; when it is dropped the session has ended.
pub struct Offers {
    newest: watch::Sender<Option<Offer>>,
}

impl Offers {
    /// The offers of `turret`'s session, to be answered by `voice`.
    pub fn of(turret: TurretId, voice: Arc<impl Answers>) -> Self {
        let (newest, offers) = watch::channel(None);
        tokio::spawn(answer_all(turret, voice, offers));
        Self { newest }
    }

    /// One more; it takes the place of one that nobody has looked at yet.
    pub fn put(&self, id: Option<Uuid>, sdp: String, outbox: Outbox) {
        self.newest.send_replace(Some(Offer { id, sdp, outbox }));
    }
}

async fn answer_all(turret: TurretId, voice: Arc<impl Answers>, mut offers: watch::Receiver<Option<Offer>>) {
    // The name of the connection that was answered last: an offer of the same name asks it for more ears.
    let mut connected = None;
    while offers.changed().await.is_ok() {
        let Some(Offer { id, sdp, outbox }) = offers.borrow_and_update().clone() else { continue };
        let name = ice_name(&sdp);
        let again = name.is_some() && name == connected;
        let answer = voice.answer(turret, sdp, again).await;
        if answer.is_ok() {
            connected = name;
        }
        // A turret that gives no ids would take this answer for that of its newer offer.
        if offers.has_changed().unwrap_or(false) {
            continue;
        }
        outbox.message(match answer {
            Ok(sdp) => FromSwitch::SdpAnswer { id, sdp: Some(sdp), error: None },
            Err(error) => FromSwitch::SdpAnswer { id, sdp: None, error: Some(error.to_string()) },
        });
    }
    // The last one may have been built while the session ended.
    voice.remove(turret);
}

/// The ICE name of a connection (RFC 8839 section 5.4).
fn ice_name(sdp: &str) -> Option<String> {
    sdp.lines().find(|line| line.starts_with("a=ice-ufrag:")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
    use super::*;
    use crate::outbox::{Leaving, Next};
    use std::sync::Mutex;
    use tokio::sync::{Semaphore, mpsc};

    #[derive(Debug, PartialEq, Eq)]
    enum Did {
        Began(String, bool),
        Added(String),
        Removed,
    }

    /// Builds a connection for each permit that it is given.
    struct Voice {
        did: mpsc::UnboundedSender<Did>,
        permits: Semaphore,
        refuses: Mutex<Vec<String>>,
    }

    impl Answers for Voice {
        async fn answer(&self, _: TurretId, sdp: String, again: bool) -> Result<String, HubError> {
            self.did.send(Did::Began(sdp.clone(), again)).unwrap();
            self.permits.acquire().await.unwrap().forget();
            if self.refuses.lock().unwrap().contains(&sdp) {
                return Err(HubError::Offer("no".into()));
            }
            self.did.send(Did::Added(sdp.clone())).unwrap();
            Ok(format!("answer to {sdp}"))
        }

        fn remove(&self, _: TurretId) {
            self.did.send(Did::Removed).unwrap();
        }
    }

    fn voice(permits: usize) -> (Arc<Voice>, mpsc::UnboundedReceiver<Did>) {
        let (did, seen) = mpsc::unbounded_channel();
        (Arc::new(Voice { did, permits: Semaphore::new(permits), refuses: Mutex::default() }), seen)
    }

    async fn answered(outbox: &Outbox) -> (Option<Uuid>, Option<String>) {
        match outbox.next().await {
            Next::Send(Leaving::Message(message)) => match *message {
                FromSwitch::SdpAnswer { id, sdp, .. } => (id, sdp),
                _ => panic!("only answers are sent"),
            },
            _ => panic!("only answers are sent"),
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_built_while_its_session_ends_is_taken_away_again() {
        let (voice, mut did) = voice(0);
        let offers = Offers::of(TurretId(1), Arc::clone(&voice));
        offers.put(None, "a".into(), Outbox::default());
        assert_eq!(did.recv().await, Some(Did::Began("a".into(), false)));
        drop(offers);
        voice.permits.add_permits(1);
        assert_eq!(did.recv().await, Some(Did::Added("a".into())));
        assert_eq!(did.recv().await, Some(Did::Removed));
    }

    #[tokio::test]
    async fn of_offers_that_come_while_one_is_answered_only_the_newest_gets_its_answer() {
        let (voice, mut did) = voice(0);
        let outbox = Outbox::default();
        let offers = Offers::of(TurretId(1), Arc::clone(&voice));
        offers.put(None, "a".into(), outbox.clone());
        assert_eq!(did.recv().await, Some(Did::Began("a".into(), false)));
        offers.put(None, "b".into(), outbox.clone());
        offers.put(Some(Uuid::from_u128(3)), "c".into(), outbox.clone());
        voice.permits.add_permits(2);
        assert_eq!(answered(&outbox).await, (Some(Uuid::from_u128(3)), Some("answer to c".to_owned())));
    }

    #[tokio::test]
    async fn only_an_offer_of_the_connection_that_was_answered_asks_it_for_more_ears() {
        let (voice, mut did) = voice(9);
        let outbox = Outbox::default();
        voice.refuses.lock().unwrap().push("a=ice-ufrag:two".into());
        let offers = Offers::of(TurretId(1), Arc::clone(&voice));
        let mut again = Vec::new();
        for name in ["one", "one", "two", "two", "one"] {
            offers.put(None, format!("a=ice-ufrag:{name}"), outbox.clone());
            let Some(Did::Began(_, it)) = did.recv().await else { panic!("an offer is answered") };
            again.push(it);
            if answered(&outbox).await.1.is_some() {
                did.recv().await;
            }
        }
        assert_eq!(again, [false, true, false, false, true]);
    }
}
