//! The voice connection to the switch: offered at log-on, and again when it breaks.
//!
//! Law: connections are numbered; what an old one says is not heard by the new one. Only the newest offer has an answer,
//! which bears its id; an offer without an answer is over after a while.

use crate::link::ToLink;
use crate::task::TurretTask;
use crate::turret::Input;
use crate::view::LinkView;
use dealerboard_model::Uplink;
use dealerboard_rtc::turret::{TurretVoice, VoiceError, VoiceState};
use dealerboard_wire::FromTurret;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Ears at first.
const EARS: u16 = 16;

/// How long the switch may take to answer an offer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// A broken connection is made anew after this long, doubling to the last.
const AGAIN_FIRST: Duration = Duration::from_millis(250);
const AGAIN_LAST: Duration = Duration::from_secs(5);

/// The voice connection.
#[derive(Default)]
pub(crate) struct VoicePath {
    /// Counts connections.
    pub(crate) number: u64,
    /// Voice can flow.
    pub(crate) up: bool,
    /// The newest offer, while the switch has not answered it.
    pub(crate) offer: Option<Uuid>,
    connection: Option<Arc<Mutex<TurretVoice>>>,
    /// This machine's address towards the switch.
    local: Option<IpAddr>,
    /// Breaks since voice flowed last.
    breaks: u32,
    /// The next attempt waits for its time.
    again: bool,
    /// Packets go another way, which is none of ours.
    elsewhere: bool,
}

impl VoicePath {
    /// Packets are carried by whoever has started the turret.
    pub(crate) fn elsewhere() -> Self {
        Self { elsewhere: true, ..Self::default() }
    }

    /// Lets the connection go.
    pub(crate) fn close(self) -> Option<tokio::task::JoinHandle<()>> {
        let old = self.connection?;
        // It may be broken already; closing only frees its socket.
        Some(tokio::spawn(async move { drop(old.lock().await.close().await) }))
    }
}

/// How long to wait before the next connection after so many breaks in a row.
fn wait_after(breaks: u32) -> Duration {
    AGAIN_FIRST.saturating_mul(1 << breaks.saturating_sub(1).min(5)).min(AGAIN_LAST)
}

impl TurretTask {
    /// A control connection is there: keeps the voice connection of the same session if it flows, else makes one.
    pub(crate) fn open_voice(&mut self, local: IpAddr, resumed: bool) {
        // Offers of the old control connection get no answer any more.
        self.path.offer = None;
        self.path.local = Some(local);
        if self.path.elsewhere {
            self.path.up = true;
        } else if !(resumed && self.path.up) {
            self.path.breaks = 0;
            self.offer_voice(local);
        }
    }

    /// The voice connection is closed; the next one has another number.
    pub(crate) fn end_voice(&mut self) {
        self.voice.disconnect();
        // The switch says what the next one cannot hear.
        self.facts.not_heard.clear();
        let (number, elsewhere) = (self.path.number + 1, self.path.elsewhere);
        std::mem::replace(&mut self.path, VoicePath { number, elsewhere, ..VoicePath::default() }).close();
    }

    fn offer_voice(&mut self, local: IpAddr) {
        let breaks = self.path.breaks;
        self.end_voice();
        (self.path.breaks, self.path.local) = (breaks, Some(local));
        self.show_voice(false);
        let (number, told, sink) = (self.path.number, self.inputs.clone(), self.voice.sink());
        let ssrc = Uuid::new_v4().as_u128() as u32 & 0x3fff_fff0;
        tokio::spawn(async move {
            let made = TurretVoice::offer(local, EARS, ssrc, sink).await;
            // A turret that has stopped needs no voice.
            let Some(told) = told.upgrade() else { return };
            let _ = told.send(Input::Voice(number, made)).await;
        });
    }

    /// The offer of connection `number` is ready.
    pub(crate) async fn voice_made(&mut self, number: u64, made: Result<(TurretVoice, String), VoiceError>) {
        if number != self.path.number {
            return;
        }
        let (voice, sdp) = match made {
            Ok(made) => made,
            Err(error) => {
                if self.path.breaks == 0 {
                    self.note(None, error.to_string(), false);
                }
                return self.voice_broke();
            }
        };
        self.voice.connect(Uplink::ALL.map(|uplink| voice.sender(uplink)));
        let mut states = voice.state();
        self.path.connection = Some(Arc::new(Mutex::new(voice)));
        self.offer(sdp).await;
        let told = self.inputs.clone();
        tokio::spawn(async move {
            while states.changed().await.is_ok() {
                let state = *states.borrow_and_update();
                let Some(told) = told.upgrade() else { return };
                if told.send(Input::VoiceState(number, state)).await.is_err() {
                    return;
                }
            }
        });
    }

    async fn offer(&mut self, sdp: String) {
        let id = Uuid::new_v4();
        self.path.offer = Some(id);
        let told = self.inputs.clone();
        tokio::spawn(async move {
            tokio::time::sleep(ANSWER_MAX).await;
            let Some(told) = told.upgrade() else { return };
            let _ = told.send(Input::OfferOver(id)).await;
        });
        self.tell_switch(FromTurret::Offer { id: Some(id), sdp }).await;
    }

    /// The time for an answer is over.
    pub(crate) fn offer_over(&mut self, id: Uuid) {
        if self.path.offer != Some(id) {
            return;
        }
        tracing::warn!("the switch did not answer an offer of voice");
        self.path.offer = None;
        // More ears that were not given leave the voice as it was.
        if !self.path.up {
            self.voice_broke();
        }
    }

    /// Sends what need not be repeated.
    pub(crate) async fn tell_switch(&self, message: FromTurret) {
        self.send(ToLink::Send(message)).await;
    }

    pub(crate) fn voice_state(&mut self, number: u64, state: VoiceState) {
        if number != self.path.number {
            return;
        }
        match state {
            VoiceState::Connected => {
                self.path.breaks = 0;
                self.show_voice(true);
            }
            VoiceState::Connecting => self.show_voice(false),
            VoiceState::Failed => self.voice_broke(),
        }
    }

    fn show_voice(&mut self, up: bool) {
        self.path.up = up;
        if let LinkView::Up { voice, .. } = &mut self.local.link {
            *voice = up;
        }
    }

    fn voice_broke(&mut self) {
        self.show_voice(false);
        self.voice.disconnect();
        if std::mem::replace(&mut self.path.again, true) {
            return;
        }
        self.path.breaks += 1;
        if self.path.breaks == 1 {
            tracing::warn!("the voice connection broke or was not made; it is tried again until it flows");
        }
        let (wait, number, told) = (wait_after(self.path.breaks), self.path.number, self.inputs.clone());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let Some(told) = told.upgrade() else { return };
            let _ = told.send(Input::VoiceAgain(number)).await;
        });
    }

    /// The time has come for another connection; while the switch is lost its return makes one.
    pub(crate) fn voice_again(&mut self, number: u64) {
        if number == self.path.number
            && matches!(self.local.link, LinkView::Up { .. })
            && let Some(local) = self.path.local
        {
            self.offer_voice(local);
        }
    }

    pub(crate) fn sdp_answered(&mut self, id: Option<Uuid>, sdp: Option<String>, error: Option<String>) {
        // An answer without an id is that of a switch that gives none: to the newest offer.
        if self.path.offer.is_none() || id.is_some_and(|id| self.path.offer != Some(id)) {
            return;
        }
        self.path.offer = None;
        let Some(sdp) = sdp else {
            if self.path.breaks == 0 {
                self.note(None, error.unwrap_or_else(|| "The switch gives this turret no voice.".into()), false);
            }
            // More ears that were not given leave the voice as it was.
            if !self.path.up {
                self.voice_broke();
            }
            return;
        };
        let Some(connection) = self.path.connection.clone() else { return };
        let (number, told) = (self.path.number, self.inputs.clone());
        tokio::spawn(async move {
            let taken = connection.lock().await.accept(&sdp).await;
            if let Err(error) = taken {
                tracing::warn!(%error, "the switch's answer was not taken");
                let Some(told) = told.upgrade() else { return };
                let _ = told.send(Input::VoiceState(number, VoiceState::Failed)).await;
            }
        });
    }

    /// The switch asks for a pool of `total` ears.
    pub(crate) fn more_ears(&mut self, total: u16) {
        let Some(connection) = self.path.connection.clone() else { return };
        let (number, told) = (self.path.number, self.inputs.clone());
        tokio::spawn(async move {
            let offered = connection.lock().await.offer_more_ears(total).await;
            match (offered, told.upgrade()) {
                // A turret that has stopped needs no ears.
                (Ok(sdp), Some(told)) => drop(told.send(Input::MoreEars(number, sdp)).await),
                (Ok(_), None) => {}
                (Err(error), _) => tracing::warn!(%error, "more ears could not be offered"),
            }
        });
    }

    /// The offer of more ears is ready.
    pub(crate) async fn more_ears_made(&mut self, number: u64, sdp: String) {
        if number == self.path.number {
            self.offer(sdp).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_that_breaks_again_and_again_is_tried_less_and_less_often() {
        let waits: Vec<u128> = [1, 2, 3, 5, 6, 99].map(|breaks| wait_after(breaks).as_millis()).into();
        assert_eq!(waits, [250, 500, 1_000, 4_000, 5_000, 5_000]);
    }
}
