//! What survives a restart of the switch (SWI-2): what call control says must be kept, and what it does with it afterwards.
//!
//! Law: what is kept is derived from the one state after each input, as what turrets see is, so that no feature can change
//! it and forget to say so. One more kind is one more variant, with a line in `of` and one in [`restore`].

use crate::messages::Output;
use crate::state::State;
use crate::timer::Timer;
use dealerboard_model::UserId;
use std::collections::BTreeSet;

/// One thing that is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A user does not want to be disturbed.
    Dnd(UserId),
}

fn of(s: &State) -> BTreeSet<Kept> {
    s.dnd.iter().cloned().map(Kept::Dnd).collect()
}

/// Says what is to be kept from now on, and before it what no longer is: `told` is what was said so far.
pub fn derive(s: &mut State, told: &mut BTreeSet<Kept>) {
    let now = of(s);
    let gone = told.difference(&now).map(|what| Output::Kept { what: what.clone(), on: false });
    let come = now.difference(told).map(|what| Output::Kept { what: what.clone(), on: true });
    s.outputs.extend(gone.chain(come));
    *told = now;
}

/// Takes back what was kept when the switch ended; it waits `restart.window` for its people (SWI-3).
pub fn restore(s: &mut State, kept: &BTreeSet<Kept>) {
    for what in kept {
        match what {
            Kept::Dnd(user) => s.dnd.insert(user.clone()),
        };
    }
    if !kept.is_empty() {
        s.set_timer(s.now.plus_ms(s.policy(None, None).restart_window_ms), Timer::RestartWindow);
    }
}

/// Who has not come back since the restart is logged off: their do-not-disturb ends (LOG-3).
pub fn window_over(s: &mut State) {
    let gone: Vec<UserId> = s.dnd.iter().filter(|user| !s.seats.contains_key(*user)).cloned().collect();
    for user in gone {
        s.dnd.remove(&user);
        s.touched_people.insert(user);
    }
}
