//! One long answer for all who ask for it meanwhile.
//!
//! Law: an answer that is given was begun after it was asked for, so it is never older than the question; at most one is
//! being made, however many ask, and also when who asked first has gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;
use tokio::task::{JoinError, spawn_blocking};

/// Answers to one question.
pub struct Shared<T> {
    begun: AtomicU64,
    /// The last answer, and its place among those that were begun.
    last: Arc<Mutex<Option<(u64, T)>>>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { begun: AtomicU64::new(0), last: Arc::default() }
    }
}

impl<T: Clone + Send + 'static> Shared<T> {
    /// An answer that is begun from now on: made by `make`, on a thread that may wait, or for another who asks.
    ///
    /// # Errors
    /// `make` panicked.
    pub async fn ask(&self, make: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
        let wanted = self.begun.load(Ordering::SeqCst) + 1;
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((begun, answer)) = last.as_ref()
            && *begun >= wanted
        {
            return Ok(answer.clone());
        }
        let begun = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        spawn_blocking(move || {
            let answer = make();
            *last = Some((begun, answer.clone()));
            answer
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn those_who_ask_while_an_answer_is_made_share_the_next_one() {
        let shared = Arc::new(Shared::default());
        let (go, wait) = mpsc::channel::<()>();
        let first = {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { shared.ask(move || wait.recv().map(|()| 1).unwrap()).await.unwrap() })
        };
        while shared.begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let asked = Arc::clone(&shared);
        let others = tokio::spawn(async move { tokio::join!(asked.ask(|| 2), asked.ask(|| 3), asked.ask(|| 4)) });
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), 1);
        let (second, third, fourth) = others.await.unwrap();
        assert_eq!([second.unwrap(), third.unwrap(), fourth.unwrap()], [2, 2, 2]);
    }

    #[tokio::test]
    async fn who_asks_after_an_answer_was_made_gets_a_fresh_one() {
        let shared = Shared::default();
        assert_eq!(shared.ask(|| 1).await.unwrap(), 1);
        assert_eq!(shared.ask(|| 2).await.unwrap(), 2);
    }
}
