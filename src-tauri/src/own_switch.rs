//! The switch that this program runs by itself: watched, and started again when a part of it fails.
//!
//! Law: it comes back where it was, so that the turrets find it again by themselves. One that cannot be started, or fails
//! again and again, is given up and told of; what it holds is let go of first.

use anyhow::{Result, bail};
use dealerboard_switch::Running;
use std::future::Future;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often it is started again.
const STARTS_MAX: usize = 5;

/// What runs until a part of it fails: a switch, or what a test puts in its place.
pub trait Runs: Send + 'static {
    /// Waits until a part has failed; says why.
    fn failed(&mut self) -> impl Future<Output = String> + Send;

    /// Stops what still runs.
    fn stop(self) -> impl Future<Output = ()> + Send;
}

impl Runs for Running {
    async fn failed(&mut self) -> String {
        self.ended().await
    }

    async fn stop(self) {
        Running::stop(self).await;
    }
}

/// A switch that is watched.
pub struct Watched {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watched {
    /// Watches `running`; `start` starts it again, `give_up` is called when it does not run any more.
    pub fn new<S, F>(
        running: S,
        start: impl Fn() -> F + Send + Sync + 'static,
        give_up: impl FnOnce() + Send + 'static,
    ) -> Self
    where
        S: Runs,
        F: Future<Output = Result<S>> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            if let Err(error) = keep(running, start, stopped).await {
                tracing::error!("the switch of the sample floor is given up: {error:#}");
                give_up();
            }
        });
        Self { stop, task }
    }

    /// Stops the switch.
    pub async fn stop(self) {
        // An error means that it was given up.
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!("the switch of the sample floor was not stopped in order: {error}");
        }
    }
}

async fn keep<S, F>(mut running: S, start: impl Fn() -> F, mut stopped: oneshot::Receiver<()>) -> Result<()>
where
    S: Runs,
    F: Future<Output = Result<S>>,
{
    for _ in 0..=STARTS_MAX {
        let why = tokio::select! {
            _ = &mut stopped => {
                running.stop().await;
                return Ok(());
            }
            why = running.failed() => why,
        };
        tracing::error!("the sample floor is started again: {why}");
        running.stop().await;
        running = start().await?;
    }
    running.stop().await;
    bail!("it fails again and again")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::mpsc;

    /// Fails at once so many times.
    struct Frail {
        fails: Arc<AtomicUsize>,
        told: mpsc::UnboundedSender<&'static str>,
    }

    impl Runs for Frail {
        async fn failed(&mut self) -> String {
            let left = self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_err() {
                self.told.send("runs").unwrap();
                std::future::pending::<()>().await;
            }
            "a part has failed".to_owned()
        }

        async fn stop(self) {
            self.told.send("stopped").unwrap();
        }
    }

    fn watched(fails: usize) -> (Watched, mpsc::UnboundedReceiver<&'static str>) {
        let (told, seen) = mpsc::unbounded_channel();
        let fails = Arc::new(AtomicUsize::new(fails));
        let make = {
            let told = told.clone();
            move || Frail { fails: Arc::clone(&fails), told: told.clone() }
        };
        let (first, again) = (make(), move || std::future::ready(Ok(make())));
        (Watched::new(first, again, move || told.send("given up").unwrap()), seen)
    }

    #[tokio::test]
    async fn a_switch_that_fails_is_stopped_and_started_again() {
        let (watched, mut seen) = watched(1);
        assert_eq!((seen.recv().await, seen.recv().await), (Some("stopped"), Some("runs")));
        watched.stop().await;
        assert_eq!((seen.recv().await, seen.recv().await), (Some("stopped"), None));
    }

    #[tokio::test]
    async fn a_switch_that_fails_again_and_again_is_given_up_and_told_of() {
        let (_watched, mut seen) = watched(usize::MAX);
        let mut all = Vec::new();
        while let Some(what) = seen.recv().await {
            all.push(what);
        }
        assert_eq!((all.len(), all.last()), (STARTS_MAX + 3, Some(&"given up")));
    }
}
