//! The way of the user's intents to the turret's task.
//!
//! Law: nobody waits, every queue is bounded, and no letting go is ever lost. While intents that let go wait here for want
//! of room, nothing else of the user is taken: so an intent never overtakes one before it.

use crate::turret::Input;
use crate::view::Intent;
use crate::voice::monotonic_ns;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc};

/// Intents that let go and wait for room, at most, each once. Beyond it everything is closed at once.
const WAITING_MAX: usize = 64;

/// The panel's end; clones are the same one.
#[derive(Clone)]
pub struct Intake {
    inputs: mpsc::Sender<Input>,
    overflow: Arc<Overflow>,
}

/// What found no room.
#[derive(Default)]
pub struct Overflow {
    waiting: Mutex<VecDeque<Intent>>,
    came: Notify,
}

/// Whether an intent only lets go, shuts or ends something.
pub(crate) fn lets_go(intent: &Intent) -> bool {
    match intent {
        Intent::Hold { .. }
        | Intent::Release { .. }
        | Intent::ReleaseLine { .. }
        | Intent::CloseAll
        | Intent::FocusLost
        | Intent::Lock
        | Intent::LogOff
        | Intent::Talk { on: false, .. }
        | Intent::GroupBroadcast { on: false, .. }
        | Intent::Broadcast { on: false, .. }
        | Intent::BroadcastLine { on: false, .. }
        | Intent::TalkBack { on: false, .. }
        | Intent::GroupTalk { on: false, .. }
        | Intent::Signal { on: false, .. }
        | Intent::Mute { on: true, .. } => true,
        Intent::Press { .. }
        | Intent::AnswerNext { .. }
        | Intent::Private { .. }
        | Intent::Join { .. }
        | Intent::Unjoin { .. }
        | Intent::Move { .. }
        | Intent::Transfer { .. }
        | Intent::Announce { .. }
        | Intent::Complete { .. }
        | Intent::Cancel { .. }
        | Intent::Override { .. }
        | Intent::Clear { .. }
        | Intent::Service { .. }
        | Intent::Signal { on: true, .. }
        | Intent::Talk { on: true, .. }
        | Intent::GroupBroadcast { on: true, .. }
        | Intent::Broadcast { on: true, .. }
        | Intent::BroadcastLine { on: true, .. }
        | Intent::GroupMute { .. }
        | Intent::Mute { on: false, .. }
        | Intent::WhoHears { .. }
        | Intent::Right { .. }
        | Intent::OpenMic { .. }
        | Intent::Select { .. }
        | Intent::Intercom { .. }
        | Intent::IntercomGroup { .. }
        | Intent::IntercomPicked { .. }
        | Intent::TalkBack { on: true, .. }
        | Intent::GroupTalk { on: true, .. }
        | Intent::Divert { .. }
        | Intent::Redial { .. }
        | Intent::Decline { .. }
        | Intent::Dial { .. }
        | Intent::Call { .. }
        | Intent::Dnd { .. }
        | Intent::History { .. }
        | Intent::CallBack { .. }
        | Intent::PlayMessage { .. }
        | Intent::StopMessage
        | Intent::HideHistory { .. }
        | Intent::Volume { .. }
        | Intent::PositionVolume { .. }
        | Intent::ChannelMute { .. }
        | Intent::Solo { .. }
        | Intent::LogOn { .. }
        | Intent::Unlock { .. }
        | Intent::StillHere
        | Intent::Trust { .. }
        | Intent::Devices
        | Intent::ChooseDevice { .. }
        | Intent::Look => false,
    }
}

impl Intake {
    /// The panel's end of `inputs`, and what the task asks when its inputs are done.
    pub fn new(inputs: mpsc::Sender<Input>) -> (Self, Arc<Overflow>) {
        let overflow = Arc::new(Overflow::default());
        (Self { inputs, overflow: Arc::clone(&overflow) }, overflow)
    }

    /// Hands an intent over; false when it was dropped, since there is no room. What lets go is never dropped.
    pub fn put(&self, intent: Intent) -> bool {
        // Held over both ways, so that two threads cannot change the order.
        let mut waiting = self.overflow.waiting.lock().expect("no holder of this lock panics");
        let closes = lets_go(&intent);
        if waiting.is_empty() {
            match self.inputs.try_send(Input::Intent(intent, monotonic_ns())) {
                Ok(()) => return true,
                Err(mpsc::error::TrySendError::Full(Input::Intent(intent, _))) if closes => waiting.push_back(intent),
                Err(_) => return false,
            }
        } else if !closes {
            return false;
        } else if !waiting.contains(&intent) {
            let full = waiting.len() >= WAITING_MAX && intent != Intent::LogOff;
            let intent = if full { Intent::CloseAll } else { intent };
            if !waiting.contains(&intent) {
                waiting.push_back(intent);
            }
        }
        self.overflow.came.notify_one();
        true
    }
}

impl Overflow {
    /// The next intent that found no room. To be awaited only while no input waits: those came before it.
    pub async fn next(&self) -> Intent {
        loop {
            if let Some(intent) = self.waiting.lock().expect("no holder of this lock panics").pop_front() {
                return intent;
            }
            self.came.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::Position;

    fn talk(line: &str, on: bool) -> Intent {
        Intent::Talk { line: line.into(), on, latched: false }
    }

    /// A way with room for two, where two wait.
    fn full() -> (Intake, Arc<Overflow>, mpsc::Receiver<Input>) {
        let (inputs, inbox) = mpsc::channel(2);
        let (intake, overflow) = Intake::new(inputs);
        assert!(intake.put(talk("macro", true)) && intake.put(Intent::Look));
        (intake, overflow, inbox)
    }

    fn rest(overflow: &Overflow) -> Vec<Intent> {
        overflow.waiting.lock().unwrap().iter().cloned().collect()
    }

    #[test]
    fn letting_go_is_kept_when_there_is_no_room_and_a_press_is_not() {
        let (intake, overflow, _inbox) = full();
        assert!(!intake.put(talk("rates", true)));
        assert!(intake.put(talk("macro", false)) && intake.put(Intent::Release { position: Position::Left }));
        assert_eq!(rest(&overflow), [talk("macro", false), Intent::Release { position: Position::Left }]);
    }

    #[test]
    fn a_press_after_a_letting_go_that_waits_does_not_overtake_it() {
        let (intake, _overflow, mut inbox) = full();
        assert!(intake.put(talk("macro", false)));
        assert!(inbox.try_recv().is_ok());
        assert!(!intake.put(talk("macro", true)));
    }

    #[test]
    fn more_than_can_wait_closes_everything() {
        let (intake, overflow, _inbox) = full();
        for n in 0..1_000 {
            assert!(intake.put(talk(&format!("line-{n}"), false)));
        }
        assert!(intake.put(Intent::LogOff));
        let rest = rest(&overflow);
        assert_eq!((rest.len(), &rest[64..]), (66, &[Intent::CloseAll, Intent::LogOff][..]));
    }

    #[tokio::test]
    async fn what_waited_comes_in_its_order() {
        let (intake, overflow, _inbox) = full();
        assert!(intake.put(talk("macro", false)) && intake.put(Intent::FocusLost));
        assert_eq!((overflow.next().await, overflow.next().await), (talk("macro", false), Intent::FocusLost));
    }
}
