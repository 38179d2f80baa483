//! The lamp: what a key shows, projected from the one truth about its line for one turret.

use crate::{LinePhase, LineStatus, RingPriority, TurretId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a key shows (the glossary's table, in the order in which the strongest wins).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Lamp {
    /// The turret is not sure: it lost the switch.
    Stale,
    /// No call is possible.
    OutOfService,
    /// Rings, high priority.
    RingingHigh,
    /// Rings, low priority.
    RingingLow,
    /// This turret is on it, or talks on it.
    InUseHere,
    /// This turret holds it.
    HeldHere,
    /// Another turret is on it, or talks on it.
    InUseElsewhere,
    /// Another turret holds it.
    HeldElsewhere,
    /// Nobody, no ring.
    Idle,
}

/// The lamp of `status` at `turret`: out of service, ringing, in use here, held here, in use elsewhere, held elsewhere,
/// idle, the first that is true. Who only listens to a hoot at a handset uses it there, and nowhere else: it is idle while
/// nobody talks. Staleness is the turret's own knowledge and is put over it there.
#[must_use]
pub fn lamp(status: &LineStatus, turret: TurretId) -> Lamp {
    if status.phase == LinePhase::OutOfService {
        return Lamp::OutOfService;
    }
    // A pending intercom rings at the one who is called, and its caller is on it.
    let party_here = status.parties.iter().any(|party| party.turret == turret);
    if let Some(ring) = status.ring.as_ref().filter(|ring| !party_here && ring.is_at(turret)) {
        return match ring.priority_at(turret) {
            RingPriority::High => Lamp::RingingHigh,
            RingPriority::Low => Lamp::RingingLow,
        };
    }
    let on_it = |at: &dyn Fn(TurretId) -> bool| {
        status.parties.iter().any(|party| at(party.turret)) || status.talkers.iter().any(|talker| at(talker.turret))
    };
    if on_it(&|at| at == turret) {
        Lamp::InUseHere
    } else if status.holders.iter().any(|holder| holder.turret == turret) {
        Lamp::HeldHere
    } else if (status.phase != LinePhase::Idle && on_it(&|at| at != turret))
        || status.conference.as_ref().is_some_and(|it| it.unattended)
    {
        Lamp::InUseElsewhere
    } else if status.holders.is_empty() && status.sent_to.is_none() {
        Lamp::Idle
    } else {
        Lamp::HeldElsewhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LineId, Moment, Party, Position, Ring, UserId};

    const NOW: Moment = Moment { mono_us: 0, utc_ms: 0 };

    fn party(turret: u32) -> Party {
        Party::new(UserId::from("reyes"), TurretId(turret), Position::Left, NOW)
    }

    fn status() -> LineStatus {
        LineStatus::idle(LineId::from("calder"), NOW)
    }

    #[test]
    fn a_ring_wins_over_a_hold_of_mine() {
        let ring = Ring::new(RingPriority::High, NOW, "Calder".into());
        let status = LineStatus { ring: Some(ring), holders: vec![party(1)], ..status() };
        assert_eq!(lamp(&status, TurretId(1)), Lamp::RingingHigh);
    }

    #[test]
    fn brg_1_the_same_truth_is_here_for_its_party_and_elsewhere_for_the_rest() {
        let status = LineStatus { phase: LinePhase::Talking, parties: vec![party(1)], ..status() };
        assert_eq!(lamp(&status, TurretId(1)), Lamp::InUseHere);
        assert_eq!(lamp(&status, TurretId(2)), Lamp::InUseElsewhere);
    }

    #[test]
    fn hot_6_a_hoot_that_a_colleague_only_listens_to_at_a_handset_is_idle() {
        let status = LineStatus { parties: vec![party(1)], ..status() };
        assert_eq!([1, 2].map(|turret| lamp(&status, TurretId(turret))), [Lamp::InUseHere, Lamp::Idle]);
    }

    #[test]
    fn a_pending_intercom_rings_at_the_callee_and_is_in_use_here_at_the_caller() {
        let ring = Ring::new(RingPriority::Low, NOW, "Reyes".into());
        let status = LineStatus { ring: Some(ring), parties: vec![party(1)], ..status() };
        assert_eq!(lamp(&status, TurretId(1)), Lamp::InUseHere);
        assert_eq!(lamp(&status, TurretId(2)), Lamp::RingingLow);
    }

    #[test]
    fn a_hold_is_here_for_its_holder_and_elsewhere_for_the_rest() {
        let status = LineStatus { phase: LinePhase::Held, holders: vec![party(1)], ..status() };
        assert_eq!(lamp(&status, TurretId(1)), Lamp::HeldHere);
        assert_eq!(lamp(&status, TurretId(2)), Lamp::HeldElsewhere);
    }
}
