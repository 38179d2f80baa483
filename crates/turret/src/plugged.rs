//! Which uplinks have a microphone, as the switch is told.
//!
//! Law: pure; all is told after a snapshot, then what changes. Nothing is told to a switch that does not take it. A position of
//! which nothing is known counts as whole.

use crate::view::DeviceView;
use dealerboard_model::{Position, Uplink};
use std::collections::{BTreeMap, BTreeSet};

/// The positions with a microphone, as [`Uplink::ALL`] has them.
const SPEAKING: [Position; 3] = [Position::Left, Position::Right, Position::HandsFree];

/// What was told last.
#[derive(Debug, Default)]
pub struct Plugged {
    /// None: nothing is told, for the switch does not take it, or is not there.
    told: Option<[bool; 3]>,
}

impl Plugged {
    /// The switch has sent its snapshot, and takes this or does not: gives what it is told.
    pub fn begin(&mut self, takes: bool, devices: &BTreeMap<Position, DeviceView>) -> Vec<(Uplink, bool)> {
        let now = there(devices);
        self.told = takes.then_some(now);
        if takes { Uplink::ALL.into_iter().zip(now).collect() } else { Vec::new() }
    }

    /// Takes the devices as they are now; gives what is told of them. A microphone that its user is changing, `by_choice`, is
    /// neither lost nor back.
    pub fn follow(
        &mut self,
        devices: &BTreeMap<Position, DeviceView>,
        by_choice: &BTreeSet<Position>,
    ) -> Vec<(Uplink, bool)> {
        let Some(told) = &mut self.told else { return Vec::new() };
        let before = *told;
        for (at, (position, is)) in SPEAKING.into_iter().zip(there(devices)).enumerate() {
            told[at] = if by_choice.contains(&position) { before[at] } else { is };
        }
        let now = *told;
        Uplink::ALL.into_iter().zip(now).filter(|(uplink, there)| before[uplink.index()] != *there).collect()
    }

    /// The switch is lost: it is told at its next snapshot.
    pub fn lose(&mut self) {
        self.told = None;
    }
}

fn there(devices: &BTreeMap<Position, DeviceView>) -> [bool; 3] {
    SPEAKING.map(|position| devices.get(&position).is_none_or(|view| view.microphone.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(left: Option<&str>) -> BTreeMap<Position, DeviceView> {
        let microphone = left.map(str::to_owned);
        [(Position::Left, DeviceView { microphone, ear: None, trouble: String::new() })].into()
    }

    #[test]
    fn a_microphone_that_goes_and_comes_back_is_told_once_each() {
        let mut plugged = Plugged::default();
        plugged.begin(true, &devices(Some("headset")));
        assert_eq!(plugged.follow(&devices(None), &BTreeSet::new()), [(Uplink::Left, false)]);
        assert_eq!(plugged.follow(&devices(None), &BTreeSet::new()), []);
        assert_eq!(plugged.follow(&devices(Some("another")), &BTreeSet::new()), [(Uplink::Left, true)]);
    }

    #[test]
    fn every_snapshot_is_followed_by_how_all_microphones_are() {
        let mut plugged = Plugged::default();
        plugged.begin(true, &devices(Some("headset")));
        plugged.lose();
        assert_eq!(plugged.follow(&devices(None), &BTreeSet::new()), [], "nobody is there to be told");
        let told = plugged.begin(true, &devices(None));
        assert_eq!(told, [(Uplink::Left, false), (Uplink::Right, true), (Uplink::Mic, true)]);
    }

    #[test]
    fn a_switch_that_does_not_take_it_is_told_nothing() {
        let mut plugged = Plugged::default();
        assert_eq!(plugged.begin(false, &devices(None)), []);
        assert_eq!(plugged.follow(&devices(Some("headset")), &BTreeSet::new()), []);
    }

    #[test]
    fn a_microphone_that_its_user_changes_is_not_told_as_lost_unless_the_other_does_not_open() {
        let mut plugged = Plugged::default();
        let changing = BTreeSet::from([Position::Left]);
        plugged.begin(true, &devices(Some("headset")));
        assert_eq!(plugged.follow(&devices(None), &changing), []);
        assert_eq!(plugged.follow(&devices(Some("another")), &BTreeSet::new()), []);
        assert_eq!(plugged.follow(&devices(None), &changing), []);
        assert_eq!(plugged.follow(&devices(None), &BTreeSet::new()), [(Uplink::Left, false)]);
    }
}
