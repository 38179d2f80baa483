//! What a press on the talk key of several lines means: a group of channels, or lines that were picked.
//!
//! Law: pure, as all of `press`; a group is what this turret shows of it, so that nobody hears who is not shown.

use super::hoots::NO_MICROPHONE;
use super::{Deed, LocalDeed, act, refuse};
use crate::facts::Facts;
use crate::project::Local;
use crate::words::name_of;
use dealerboard_model::{BROADCAST_MAX, LineId, Position};
use dealerboard_wire::{Act, ChannelGroup};

fn group<'f>(name: &str, facts: &'f Facts) -> Result<&'f ChannelGroup, Vec<Deed>> {
    let known = facts.channel_groups.iter().find(|group| group.name == name);
    known.ok_or_else(|| refuse(&format!("There is no group of channels called {name}; look at the speaker bar.")))
}

/// The talk key of a group of channels.
pub fn group_talk(name: &str, on: bool, latched: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    match group(name, facts) {
        Ok(group) => talk(&group.lines, on, latched, facts, local),
        Err(refused) => refused,
    }
}

/// The talk key of these lines.
pub fn talk(lines: &[LineId], on: bool, latched: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    if on && local.lacks_microphone(Position::HandsFree) {
        return refuse(NO_MICROPHONE);
    }
    if on && !facts.takes_broadcasts {
        return refuse("This switch talks to one line at a time; press the talk key of each, or update the switch.");
    }
    if on && lines.len() > BROADCAST_MAX {
        return refuse(&format!("One talk key has {BROADCAST_MAX} lines at most; pick fewer."));
    }
    act(Act::Broadcast { lines: lines.to_vec(), on, latched })
}

/// Adds a line to what the key that is down talks to, or drops it.
pub fn line(line: &LineId, on: bool, facts: &Facts, local: &Local) -> Vec<Deed> {
    if local.several.down().is_none() {
        let name = name_of(line, facts);
        return refuse(&format!("You talk to no lines together now; press a group's talk key, then add {name}."));
    }
    act(Act::BroadcastLine { line: line.clone(), on })
}

/// The one mute of a group: that of each of its channels.
pub fn group_mute(name: &str, on: bool, facts: &Facts) -> Vec<Deed> {
    match group(name, facts) {
        Ok(group) => {
            let mute = |line: &LineId| Deed::Local(LocalDeed::ChannelMute { line: line.clone(), on });
            group.lines.iter().map(mute).collect()
        }
        Err(refused) => refused,
    }
}

/// Lets the key go, if it is one that `which` means.
pub fn shut(local: &Local, which: impl Fn(crate::project::TalkKey) -> bool) -> Option<Deed> {
    let open = local.several.down().filter(|open| which(open.key))?;
    Some(Deed::Act(Act::Broadcast { lines: open.asked.clone(), on: false, latched: false }))
}
