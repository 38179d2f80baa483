//! What the voice thread is told to do.
//!
//! Law: never waits and never loses a route that closes or a turret that leaves. When very much waits, older commands that
//! a newer one makes moot go, and only new connections are refused: so there are never more than [`COMMANDS_MAX`] and a few
//! for each turret.

use super::forward::Route;
use super::hub::HubError;
use super::peers::Peer;
use dealerboard_model::{TurretId, Uplink};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Commands that may wait before older ones are looked through for moot ones.
pub const COMMANDS_MAX: usize = 4_096;

/// One thing to do.
pub enum Command {
    /// A turret has a connection, its first or a new one.
    Add(TurretId, Box<Peer>),
    /// A re-offer on the connection that the turret has; the answer is none when it has none.
    Again(TurretId, String, oneshot::Sender<Option<Result<String, String>>>),
    /// A turret has left.
    Remove(TurretId),
    /// The route of an uplink is replaced.
    Route(TurretId, Uplink, Option<Route>),
    /// An uplink is waited for until it was heard for so long, or no longer.
    Await(TurretId, Uplink, Option<std::time::Duration>),
    /// The thread ends.
    Stop,
}

impl Command {
    fn turret(&self) -> Option<TurretId> {
        match self {
            Self::Add(turret, _)
            | Self::Again(turret, ..)
            | Self::Remove(turret)
            | Self::Route(turret, ..)
            | Self::Await(turret, ..) => Some(*turret),
            Self::Stop => None,
        }
    }

    fn is_route_of(&self, turret: TurretId, uplink: Uplink) -> Option<bool> {
        match self {
            Self::Route(of, by, route) if (*of, *by) == (turret, uplink) => Some(route.is_some()),
            Self::Add(..) | Self::Again(..) | Self::Remove(_) | Self::Route(..) | Self::Await(..) | Self::Stop => None,
        }
    }
}

#[derive(Default)]
struct Contents {
    waiting: VecDeque<Command>,
    ended: bool,
}

/// The queue to the voice thread. Clones are the same queue.
#[derive(Clone, Default)]
pub struct Commands {
    contents: Arc<Mutex<Contents>>,
}

impl Commands {
    /// Queues a command.
    ///
    /// # Errors
    /// The voice thread has ended, or it is too busy for a new connection.
    pub fn put(&self, command: Command) -> Result<(), HubError> {
        let mut contents = self.lock();
        if contents.ended {
            return Err(HubError::Stopped);
        }
        if contents.waiting.len() >= COMMANDS_MAX {
            make_room(&mut contents.waiting, &command)?;
        }
        contents.waiting.push_back(command);
        Ok(())
    }

    /// Takes all that waits.
    pub fn take(&self) -> VecDeque<Command> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// The voice thread has ended: what waits is dropped, and nothing is taken any more.
    pub fn end(&self) {
        let mut contents = self.lock();
        contents.ended = true;
        contents.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        // Nothing in here panics while it holds the lock; a poisoned one is as good.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes out what `command` makes moot.
fn make_room(waiting: &mut VecDeque<Command>, command: &Command) -> Result<(), HubError> {
    match command {
        Command::Remove(turret) => waiting.retain(|older| older.turret() != Some(*turret)),
        // A close between two talks stays: it ends the first and throws away what was said between them.
        Command::Route(turret, uplink, None) => waiting.retain(|older| older.is_route_of(*turret, *uplink).is_none()),
        Command::Route(turret, uplink, Some(_)) => {
            let last = waiting.iter().rposition(|older| older.is_route_of(*turret, *uplink).is_some());
            if let Some(last) = last.filter(|last| waiting[*last].is_route_of(*turret, *uplink) == Some(true)) {
                waiting.remove(last);
            }
        }
        Command::Await(turret, uplink, _) => {
            waiting.retain(|older| !matches!(older, Command::Await(of, by, _) if (of, by) == (turret, uplink)))
        }
        Command::Add(..) | Command::Again(..) => return Err(HubError::Busy),
        Command::Stop => waiting.clear(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::Csrc;

    fn route(turret: u32, talker: Option<u32>) -> Command {
        let route = |talker| Route { talker: Csrc(talker), legs: Vec::new(), tracks: Vec::new(), follows: None };
        Command::Route(TurretId(turret), Uplink::Mic, talker.map(route))
    }

    /// Talkers of the routes of one turret in the order of the queue; none for a close.
    fn routes_of(commands: &Commands, turret: u32) -> Vec<Option<Csrc>> {
        let route = |command| match command {
            Command::Route(of, _, route) if of == TurretId(turret) => Some(route.map(|route| route.talker)),
            Command::Add(..)
            | Command::Again(..)
            | Command::Remove(_)
            | Command::Route(..)
            | Command::Await(..)
            | Command::Stop => None,
        };
        commands.take().into_iter().filter_map(route).collect()
    }

    fn full() -> Commands {
        let commands = Commands::default();
        (0..COMMANDS_MAX as u32).for_each(|n| commands.put(route(100 + n, Some(1))).unwrap());
        commands
    }

    #[test]
    fn a_close_is_taken_however_many_commands_wait() {
        let commands = full();
        commands.put(route(1, None)).unwrap();
        assert_eq!(routes_of(&commands, 1), [None]);
    }

    #[test]
    fn a_full_queue_keeps_the_last_close_and_the_last_route_of_an_uplink() {
        let commands = full();
        for talker in [Some(1), Some(2), None, Some(3), None, Some(4), Some(5)] {
            commands.put(route(1, talker)).unwrap();
        }
        assert_eq!(routes_of(&commands, 1), [None, Some(Csrc(5))]);
    }

    #[test]
    fn a_full_queue_refuses_a_new_connection_as_busy_and_not_as_stopped() {
        let (reply, _answered) = oneshot::channel();
        let refused = full().put(Command::Again(TurretId(1), String::new(), reply));
        assert!(matches!(refused, Err(HubError::Busy)));
    }

    #[test]
    fn a_turret_that_leaves_takes_its_waiting_commands_with_it() {
        let commands = full();
        commands.put(Command::Remove(TurretId(100))).unwrap();
        assert_eq!(routes_of(&commands, 100), []);
    }

    #[test]
    fn a_thread_that_has_ended_takes_nothing() {
        let commands = Commands::default();
        commands.end();
        assert!(matches!(commands.put(route(1, None)), Err(HubError::Stopped)));
    }
}
