//! What the switch's log keeps of what is done on the floor.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_model::{FarEnd, LineId, Position};
use dealerboard_wire::{Act, Answer};
use std::io::Write;
use std::sync::{Arc, Mutex};
use support::World;

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// All that is logged in this process from now on.
    fn begin() -> Self {
        let log = Self::default();
        let into = log.clone();
        let events = tracing_subscriber::fmt().with_ansi(false).with_writer(move || into.clone());
        events.init();
        log
    }

    fn with(&self, words: &[&str]) -> usize {
        let all = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        all.lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }
}

#[tokio::test]
async fn i45_a_refusal_an_override_and_a_loss_are_one_event_each_with_who_and_what() {
    let log = Log::begin();
    let world = World::start().await;
    let (mut marsh, mut lindt, mut reyes) =
        (world.log_on("marsh").await, world.log_on("lindt").await, world.log_on("reyes").await);
    let line = LineId::from("ard-london");
    let refused = marsh.command(Act::OpenMic { line: line.clone() }).await;
    assert!(matches!(refused, Answer::Refused(_)));
    assert_eq!(log.with(&["refused", "user=marsh", "act=\"open_mic\"", "on=\"ard-london\"", "code=\"stale\""]), 1);

    marsh.command(Act::Seize { line: line.clone(), position: Position::Left, private: true }).await;
    let rings = lindt.until("ard-new-york", |status| status.ring.is_some()).await;
    let answer = Act::Answer {
        line: "ard-new-york".into(),
        call: rings.call.unwrap(),
        position: Position::Left,
        private: false,
    };
    lindt.command(answer).await;
    let call = rings.call.unwrap();
    let reason = "a limit was passed".to_owned();
    let enters = Act::Override { line, call, position: Position::Left, reason };
    assert!(matches!(reyes.command(enters).await, Answer::Done { .. }));
    assert_eq!(log.with(&["override", "user=reyes", "act=\"override\"", "on=\"ard-london\""]), 1);

    drop(lindt);
    reyes.until("ard-london", |status| status.far == FarEnd::LinkLost).await;
    let lost = log.with(&["turret lost", "user=lindt"]);
    assert_eq!((lost, log.with(&["turret lost"]), log.with(&["refused"])), (1, 1, 1));
}
