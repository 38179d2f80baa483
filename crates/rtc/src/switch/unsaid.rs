//! What the voice thread has to tell the switch and could not yet, because the switch was busy.
//!
//! Law: nothing that matters is lost, and of one matter only the newest is kept, so that there are never more than a few
//! for each turret and line. The order of what is kept is the order of its happening.

use super::forward::Notable;
use super::hub::VoiceEvent;
use dealerboard_model::{Csrc, TurretId, Uplink};
use std::collections::VecDeque;

/// What an event is about: a newer one about the same makes an older one untrue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matter {
    Connected(TurretId),
    Orphan(TurretId, Uplink),
    Ears(TurretId),
    Heard(TurretId, Csrc),
    Awaited(TurretId, Uplink),
}

fn matter(event: &VoiceEvent) -> Matter {
    match event {
        VoiceEvent::Connected(turret) => Matter::Connected(*turret),
        VoiceEvent::Notable(Notable::Orphan { turret, uplink }) => Matter::Orphan(*turret, *uplink),
        VoiceEvent::Notable(Notable::Heard { turret, uplink }) => Matter::Awaited(*turret, *uplink),
        VoiceEvent::Notable(Notable::EarsLow { turret, .. }) => Matter::Ears(*turret),
        VoiceEvent::Notable(Notable::NotHeard { turret, line, .. }) => Matter::Heard(*turret, *line),
    }
}

fn turret(matter: Matter) -> TurretId {
    match matter {
        Matter::Connected(turret)
        | Matter::Orphan(turret, _)
        | Matter::Ears(turret)
        | Matter::Heard(turret, _)
        | Matter::Awaited(turret, _) => turret,
    }
}

/// Events that wait to be told.
#[derive(Debug, Default)]
pub struct Unsaid {
    waiting: VecDeque<VoiceEvent>,
}

impl Unsaid {
    /// One more to tell.
    pub fn push(&mut self, event: VoiceEvent) {
        let about = matter(&event);
        self.waiting.retain(|older| matter(older) != about);
        self.waiting.push_back(event);
    }

    /// Nothing about this turret is of use any more.
    pub fn forget(&mut self, gone: TurretId) {
        self.waiting.retain(|event| turret(matter(event)) != gone);
    }

    /// Hands over what is still true, until `tell` gives one back.
    pub fn tell(
        &mut self,
        still_true: impl Fn(&VoiceEvent) -> bool,
        mut tell: impl FnMut(VoiceEvent) -> Result<(), VoiceEvent>,
    ) {
        while let Some(event) = self.waiting.pop_front() {
            if !still_true(&event) {
                continue;
            }
            if let Err(event) = tell(event) {
                return self.waiting.push_front(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orphan(turret: u32) -> VoiceEvent {
        VoiceEvent::Notable(Notable::Orphan { turret: TurretId(turret), uplink: Uplink::Mic })
    }

    fn not_heard(on: bool) -> VoiceEvent {
        VoiceEvent::Notable(Notable::NotHeard { turret: TurretId(1), line: Csrc(9), on })
    }

    fn told(unsaid: &mut Unsaid) -> Vec<VoiceEvent> {
        let mut told = Vec::new();
        unsaid.tell(
            |_| true,
            |event| {
                told.push(event);
                Ok(())
            },
        );
        told
    }

    #[test]
    fn what_finds_no_room_is_told_later_in_order() {
        let mut unsaid = Unsaid::default();
        [orphan(1), orphan(2)].into_iter().for_each(|event| unsaid.push(event));
        unsaid.tell(|_| true, Err);
        assert_eq!(told(&mut unsaid), [orphan(1), orphan(2)]);
        assert_eq!(told(&mut unsaid), []);
    }

    #[test]
    fn of_one_matter_only_the_newest_is_told() {
        let mut unsaid = Unsaid::default();
        [not_heard(true), orphan(1), not_heard(false)].into_iter().for_each(|event| unsaid.push(event));
        assert_eq!(told(&mut unsaid), [orphan(1), not_heard(false)]);
    }

    #[test]
    fn what_is_no_longer_true_is_not_told() {
        let mut unsaid = Unsaid::default();
        unsaid.push(orphan(1));
        unsaid.tell(|_| false, |_| panic!("it is not true"));
        assert_eq!(told(&mut unsaid), []);
    }

    #[test]
    fn of_a_turret_that_has_gone_nothing_is_told() {
        let mut unsaid = Unsaid::default();
        [orphan(1), not_heard(true), orphan(2)].into_iter().for_each(|event| unsaid.push(event));
        unsaid.forget(TurretId(1));
        assert_eq!(told(&mut unsaid), [orphan(2)]);
    }
}
