//! Lists what devices there are to choose from, whenever somebody asks.
//!
//! Law: on a thread of its own. A list waits for the sound server, and the thread that looks after the devices has to notice
//! at once that one was pulled out (rule POS-6). One list is made at a time, and one more may be asked for meanwhile.

use dealerboard_audio_device::Listed;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Lists that may be asked for while one is made: the next one answers all who ask.
const ASKS_MAX: usize = 1;

/// The thread that lists; dropping ends it after the list that it is making.
pub struct Lister {
    /// None: it ends.
    asks: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lister {
    /// A thread that makes a list with `look`, and gives it to `tell`, for who asks.
    pub fn start(look: impl Fn() -> Listed + Send + 'static, tell: impl Fn(Listed) + Send + 'static) -> Self {
        let (asks, asked) = sync_channel(ASKS_MAX);
        let work = move || asked.into_iter().for_each(|()| tell(look()));
        let thread = std::thread::Builder::new().name("device list".into()).spawn(work);
        if let Err(error) = &thread {
            tracing::error!(%error, "sound devices cannot be listed: the system gives no thread");
        }
        Self { asks: Some(asks), thread: thread.ok() }
    }

    /// Asks for a list. Never waits.
    pub fn list(&self) {
        if let Some(asks) = &self.asks {
            // One that finds no room is not needed: the one before it is not begun yet.
            let _ = asks.try_send(());
        }
    }
}

impl Drop for Lister {
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            // It only fails where a sound system's own code fails; there is nothing left to list then.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn who_asks_for_devices_never_waits_and_all_who_ask_while_a_list_is_made_get_the_next_one() {
        let ((begin, begun), (go, gone), (tell, told)) = (channel(), channel(), channel());
        let look = move || {
            begin.send(()).unwrap();
            gone.recv().unwrap();
            Listed::default()
        };
        let lister = Lister::start(look, move |listed| tell.send(listed).unwrap());
        lister.list();
        begun.recv().unwrap();
        (0..3).for_each(|_| lister.list());
        assert!(told.try_recv().is_err(), "the first list is still being made");
        (0..4).for_each(|_| go.send(()).unwrap());
        drop(lister);
        assert_eq!(told.iter().count(), 2);
    }
}
