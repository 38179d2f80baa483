//! Random moves of two desks of three turrets, against a small model of who is on what, and the invariants after each.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed unwrap is a failed test")]

mod floor;

use dealerboard_call_control::{Act, Output};
use dealerboard_model::{CallId, FarEnd, LinePhase, LineStatus, Position, TurretId};
use floor::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const WIRES: [&str; 4] = ["ard-a", "ard-b", "mrd-a", "mrd-b"];
const POSITIONS: [Position; 3] = [Position::Left, Position::Right, Position::HandsFree];

/// Who has a part in a line, learnt from answers alone.
type Members = BTreeMap<&'static str, BTreeSet<TurretId>>;

fn far(line: &str) -> &'static str {
    match line {
        "ard-a" => "ard-b",
        "ard-b" => "ard-a",
        "mrd-a" => "mrd-b",
        _ => "mrd-a",
    }
}

fn all(d: &Desk) -> Vec<LineStatus> {
    WIRES.iter().map(|line| d.status(line)).collect()
}

fn members(status: &LineStatus) -> BTreeSet<TurretId> {
    status.parties.iter().chain(&status.holders).map(|party| party.turret).collect()
}

fn act(d: &Desk, kind: u8, line: &str, position: Position) -> Act {
    let call = d.status(line).call.unwrap_or(CallId(0));
    let line = l(line);
    match kind {
        0 | 1 => Act::Seize { line, position, private: false },
        2 | 3 => Act::Answer { line, call, position, private: false },
        4 => Act::Bridge { line, call, position },
        5 => Act::Resume { line, call, position, private: false },
        6 => Act::Hold { line, exclusive: false },
        7 => Act::Release { line },
        8 => Act::Signal { line, on: true },
        _ => Act::Signal { line, on: false },
    }
}

/// The model's move: joining adds, releasing takes away (an ARD with its last member, both ends), a position is made free.
#[allow(clippy::wildcard_enum_match_arm, reason = "no other act changes who is on a line")]
fn follow(model: &mut Members, before: &[LineStatus], turret: TurretId, act: &Act, line: &'static str) {
    match act {
        Act::Seize { position, .. }
        | Act::Answer { position, .. }
        | Act::Bridge { position, .. }
        | Act::Resume { position, .. } => {
            let here = |status: &&LineStatus| {
                status.parties.iter().any(|party| party.turret == turret && party.position == *position)
            };
            if let Some(put_aside) = before.iter().find(here).filter(|status| status.phase == LinePhase::Calling) {
                let name = WIRES.iter().find(|name| l(name) == put_aside.line).unwrap();
                model.entry(name).or_default().clear();
            }
            if let Act::Resume { .. } = act {
                let held = before.iter().find(|status| status.line == l(line)).unwrap();
                let own = held.holders.iter().any(|holder| holder.turret == turret);
                let from = if own { turret } else { held.holders[0].turret };
                model.entry(line).or_default().remove(&from);
            }
            model.entry(line).or_default().insert(turret);
        }
        Act::Release { .. } => {
            let here = model.entry(line).or_default();
            if !here.remove(&turret) {
                here.clear();
            }
            if here.is_empty() && line.starts_with("ard") {
                model.entry(far(line)).or_default().clear();
            }
        }
        _ => {}
    }
}

fn check(d: &Desk) {
    let truth = all(d);
    for status in &truth {
        let line = status.line.as_str();
        let there = d.status(far(line));
        let on: BTreeSet<_> = status.parties.iter().map(|party| party.turret).collect();
        assert_eq!(on.len(), status.parties.len(), "I15 {line}");
        let empty = members(status).is_empty() && status.ring.is_none();
        assert_eq!(status.phase == LinePhase::Idle, empty, "I18 {line}");
        assert_eq!(status.call.is_none(), empty, "I25 {line}");
        if line.starts_with("ard") {
            assert_eq!(empty, there.phase == LinePhase::Idle, "I26 {line}");
        }
        if status.phase == LinePhase::Held {
            assert!(status.talkers.is_empty(), "I28 {line}");
            assert!(line.starts_with("mrd") || there.far == FarEnd::Held, "ARD-6 {line}");
        }
    }
    for turret in TURRETS {
        for position in POSITIONS {
            let carried = truth.iter().flat_map(|status| &status.parties);
            let carried = carried.filter(|party| party.turret == turret && party.position == position).count();
            assert!(carried <= 1, "I14 {turret} {position:?}");
        }
    }
    for out in &d.out {
        let Output::Route { turret, legs, .. } = out else { continue };
        for leg in legs {
            assert_ne!(leg.hearer, *turret, "I38");
            let label = leg.label.as_str();
            assert!(!leg.handset || d.status(label).parties.iter().any(|p| p.turret == leg.hearer), "I1 {label}");
        }
    }
}

fn check_sent(d: &Desk, before: &[LineStatus]) {
    let sent: Vec<&LineStatus> = d
        .out
        .iter()
        .filter_map(|out| if let Output::Line { status, .. } = out { Some(status) } else { None })
        .collect();
    for (old, new) in before.iter().zip(all(d)) {
        let told: Vec<_> = sent.iter().filter(|status| status.line == new.line).collect();
        assert_eq!(told.len(), usize::from(*old != new), "I19 {}", new.line);
        assert!(told.iter().all(|status| ***status == new), "I16 {}", new.line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_moves_keep_the_invariants(
        moves in prop::collection::vec((0_usize..6, 0_u8..10, 0_usize..2, 0_usize..3, 0_u64..900), 1..60),
    ) {
        let mut d = Desk::new();
        let mut model = Members::new();
        for (who, kind, wire, place, wait_ms) in moves {
            d.wait_ms(wait_ms);
            check(&d);
            let turret = TURRETS[who];
            let line = WIRES[wire * 2 + who / 3];
            let before = all(&d);
            let act = act(&d, kind, line, POSITIONS[place]);
            let result = d.act(turret, act.clone());
            check(&d);
            check_sent(&d, &before);
            if result.is_ok() {
                follow(&mut model, &before, turret, &act, line);
            } else {
                prop_assert_eq!(&before, &all(&d), "I9");
            }
            for line in WIRES {
                let meant = model.get(line).cloned().unwrap_or_default();
                prop_assert_eq!(meant, members(&d.status(line)), "I12, I24, I27: {} after {:?}", line, act);
            }
        }
    }
}
