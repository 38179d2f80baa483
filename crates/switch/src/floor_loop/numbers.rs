//! Numbers that are unique for the life of a data folder.
//!
//! Law: a number is reserved on disk, in blocks, before it is lent, so that no restart lends it again. The next block is
//! reserved on a thread of its own while half of the last one is still there: who takes a number never waits for the disk.
//! Only when the disk does not answer for so long that none is left, numbers are lent that a restart may lend again.

use crate::keep::{Keep, Shelf};
use std::thread::JoinHandle;

/// Numbers reserved at once: one write for so many.
const BLOCK: u32 = 1_000;

/// A counter.
pub struct Numbers {
    keep: Keep,
    name: &'static str,
    last: u32,
    reserved: u32,
    /// Gives what is reserved when it is done; none when the disk refused.
    reserving: Option<JoinHandle<Option<u32>>>,
}

impl Numbers {
    /// The counter called `name`, going on behind every number that was ever lent. Waits for the disk.
    pub fn new(keep: Keep, name: &'static str) -> Self {
        let last = keep.get(Shelf::Survivors, name).unwrap_or(0);
        let reserved = reserve(&keep, name, last + BLOCK).unwrap_or(last);
        Self { keep, name, last, reserved, reserving: None }
    }

    /// The next number, from 1.
    pub fn next(&mut self) -> u32 {
        self.last += 1;
        self.take_reserved();
        if self.reserving.is_none() && self.last + BLOCK / 2 > self.reserved {
            let (keep, name, wanted) = (self.keep.clone(), self.name, self.last + BLOCK);
            let thread = std::thread::Builder::new().name("numbers".into());
            self.reserving = thread.spawn(move || reserve(&keep, name, wanted)).ok();
        }
        if self.last > self.reserved {
            tracing::error!(number = self.last, "no reserved number is left, a restart may lend this one again");
        }
        self.last
    }

    fn take_reserved(&mut self) {
        if let Some(done) = self.reserving.take_if(|reserving| reserving.is_finished())
            && let Ok(Some(reserved)) = done.join()
        {
            self.reserved = reserved;
        }
    }
}

fn reserve(keep: &Keep, name: &'static str, wanted: u32) -> Option<u32> {
    match keep.put(Shelf::Survivors, name, &wanted) {
        Ok(()) => Some(wanted),
        Err(error) => {
            tracing::error!("numbers could not be reserved: {error:#}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_number_is_lent_twice_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut numbers = Numbers::new(Keep::open_beside(folder.path()).unwrap(), "turret");
        let mut first = 0;
        while first < 2_500 {
            first = numbers.next();
            while numbers.reserving.as_ref().is_some_and(|reserving| !reserving.is_finished()) {
                std::thread::yield_now();
            }
        }
        assert!(Numbers::new(Keep::open_beside(folder.path()).unwrap(), "turret").next() > first);
    }

    #[test]
    fn a_number_is_lent_while_the_disk_does_not_answer() {
        let folder = tempfile::tempdir().unwrap();
        let keep = Keep::open_beside(folder.path()).unwrap();
        let mut numbers = Numbers::new(keep.clone(), "turret");
        let held = keep.lock_for_writing();
        let lent: Vec<u32> = (0..BLOCK).map(|_| numbers.next()).collect();
        assert_eq!(lent, (1..=BLOCK).collect::<Vec<_>>());
        drop(held);
    }
}
