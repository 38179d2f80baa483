//! Numbers that are unique for the life of a data folder.
//!
//! Law: a number is reserved on disk, in blocks, before it is lent, so that no restart lends it again.

use crate::keep::{Keep, Shelf};

/// Numbers reserved at once: one write for so many.
const BLOCK: u32 = 1_000;

/// A counter.
pub struct Numbers {
    keep: Keep,
    name: &'static str,
    last: u32,
    reserved: u32,
}

impl Numbers {
    /// The counter called `name`, going on behind every number that was ever lent.
    pub fn new(keep: Keep, name: &'static str) -> Self {
        let last = keep.get(Shelf::Survivors, name).unwrap_or(0);
        Self { keep, name, last, reserved: last }
    }

    /// The next number, from 1.
    pub fn next(&mut self) -> u32 {
        self.last += 1;
        if self.last > self.reserved {
            self.reserved = self.last + BLOCK;
            if let Err(error) = self.keep.put(Shelf::Survivors, self.name, &self.reserved) {
                tracing::error!("numbers could not be reserved, a restart may lend them again: {error:#}");
            }
        }
        self.last
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_number_is_lent_twice_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let first = {
            let mut numbers = Numbers::new(Keep::open(folder.path()).unwrap(), "turret");
            (0..2_500).map(|_| numbers.next()).max().unwrap()
        };
        assert!(Numbers::new(Keep::open(folder.path()).unwrap(), "turret").next() > first);
    }
}
