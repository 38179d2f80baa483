//! Makes call control's floor of a floor file.

use super::{FloorFile, Members, Whose, extensions};
use crate::panel::{members, rights};
use dealerboard_call_control::{Floor, GroupSpec, LineSpec, NumberSpec, Policies, UserSpec};
use dealerboard_model::{DeskId, GroupId, LineId, LineKind, RecordPolicy, Right, RingPriority, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// The floor that `file` describes; `first` are the first numbers of calls, recordings and tracks that were never used.
pub fn build(file: &FloorFile, first: [u32; 3]) -> Floor {
    let mut lines = BTreeMap::new();
    for wire in &file.wires {
        let kind = wire.kind.of_line();
        for (place, end) in wire.ends.iter().enumerate() {
            let far = LineId(wire.ends[1 - place].line.value.clone());
            let members = with(file, &end.members, Right::Speak);
            let mut line = spec(&end.line.value, &end.name, kind, wire.record, members);
            (line.far, line.priority) = (Some(far), wire.priority);
            (line.order, line.overflow) = (in_order(file, &end.members), crate::panel::members(file, &end.overflow));
            lines.insert(line.line.clone(), line);
        }
    }
    for hoot in &file.hoots {
        let members = rights(file, &hoot.speak, &hoot.listen);
        let line = spec(&hoot.id.value, &hoot.name, LineKind::Hoot, hoot.record, members);
        lines.insert(line.line.clone(), line);
    }
    for shout in &file.shout_downs {
        let members = shout.ends.iter().flat_map(|end| with(file, end, Right::Speak)).collect();
        let line = spec(&shout.id.value, &shout.name, LineKind::ShoutDown, shout.record, members);
        lines.insert(line.line.clone(), line);
    }
    for extension_line in extensions::lines(file) {
        let of = extension_line.of;
        let owner = UserId(of.user.value.clone());
        let mut members = with(file, &of.members, Right::Speak);
        members.insert(owner.clone(), Right::Speak);
        let mut line = spec(&extension_line.line.0, &of.name, LineKind::Extension, of.record, members);
        line.number = Some(NumberSpec { number: of.number.value.clone(), owner: Some(owner), emergency: of.emergency });
        lines.insert(line.line.clone(), line);
    }
    for of in &file.dial_lines {
        let mut line = spec(&of.id.value, &of.name, LineKind::Dial, of.record, with(file, &of.members, Right::Speak));
        line.priority = of.priority;
        line.number = Some(NumberSpec { number: of.number.value.clone(), owner: None, emergency: of.emergency });
        (line.order, line.overflow) = (in_order(file, &of.members), crate::panel::members(file, &of.overflow));
        lines.insert(line.line.clone(), line);
    }
    let users = file.users.iter().map(|user| {
        let id = UserId(user.id.value.clone());
        let speakers = speakers(file, &id, &user.desk.value);
        let desk = DeskId(user.desk.value.clone());
        (
            id.clone(),
            UserSpec { user: id, name: user.name.clone(), desk, roles: user.roles.iter().copied().collect(), speakers },
        )
    });
    Floor {
        lines,
        users: users.collect(),
        groups: groups(file),
        seats: file.users.iter().map(|user| (UserId(user.id.value.clone()), user.seat.clone())).collect(),
        neighbours: neighbours(file),
        remote: file.users.iter().filter(|user| user.remote).map(|user| UserId(user.id.value.clone())).collect(),
        policies: policies(file),
        first_call: first[0],
        first_recording: first[1],
        first_track: first[2],
    }
}

/// The seats beside each seat: those of one table are all beside each other.
fn neighbours(file: &FloorFile) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for seats in &file.neighbours {
        for seat in seats {
            let others = seats.iter().filter(|other| other.value != seat.value).map(|other| other.value.clone());
            all.entry(seat.value.clone()).or_default().extend(others);
        }
    }
    all
}

fn groups(file: &FloorFile) -> BTreeMap<GroupId, GroupSpec> {
    let groups = file.groups.iter().map(|group| {
        let spec = GroupSpec { name: group.name.clone(), members: members(file, &group.members) };
        (GroupId(group.id.value.clone()), spec)
    });
    groups.collect()
}

/// What every level of `file` sets of the policies; those of a wire hold at both of its ends.
pub fn policies(file: &FloorFile) -> Policies {
    let wires = file.wires.iter().flat_map(|wire| wire.ends.iter().map(move |end| (&end.line, &wire.policy)));
    let lines = wires.chain(file.hoots.iter().map(|hoot| (&hoot.id, &hoot.policy)));
    let lines = lines.chain(file.shout_downs.iter().map(|shout| (&shout.id, &shout.policy)));
    let lines = lines.chain(file.dial_lines.iter().map(|line| (&line.id, &line.policy)));
    Policies {
        floor: file.policy.clone(),
        lines: lines.map(|(line, policy)| (LineId(line.value.clone()), policy.clone())).collect(),
        desks: file.desks.iter().map(|desk| (DeskId(desk.id.value.clone()), desk.policy.clone())).collect(),
        users: file.users.iter().map(|user| (UserId(user.id.value.clone()), user.policy.clone())).collect(),
    }
}

fn spec(id: &str, name: &str, kind: LineKind, record: RecordPolicy, members: BTreeMap<UserId, Right>) -> LineSpec {
    let (line, name) = (LineId(id.to_owned()), name.to_owned());
    let (order, overflow) = (Vec::new(), BTreeSet::new());
    LineSpec {
        line,
        name,
        kind,
        far: None,
        priority: RingPriority::Low,
        record,
        members,
        order,
        overflow,
        number: None,
    }
}

/// Whom `named` names, from the top: users as they are listed, then each desk's in the order of the file.
fn in_order(file: &FloorFile, named: &Members) -> Vec<UserId> {
    let users = named.users.iter().map(|user| &user.value);
    let of_desk = |desk: &'_ str| -> Vec<&String> {
        file.users.iter().filter(|user| user.desk.value == desk).map(|user| &user.id.value).collect()
    };
    let desks = named.desks.iter().flat_map(|desk| of_desk(&desk.value));
    let mut order: Vec<UserId> = Vec::new();
    for user in users.chain(desks).map(|user| UserId(user.clone())) {
        if !order.contains(&user) {
            order.push(user);
        }
    }
    order
}

fn with(file: &FloorFile, named: &Members, right: Right) -> BTreeMap<UserId, Right> {
    members(file, named).into_iter().map(|user| (user, right)).collect()
}

/// The lines on a user's speakers: their own channels, else their desk's.
fn speakers(file: &FloorFile, user: &UserId, desk: &str) -> BTreeSet<LineId> {
    let own = file.speakers.iter().find(|channels| matches!(&channels.whose, Whose::User(of) if of.value == user.0));
    let desks = file.speakers.iter().find(|channels| matches!(&channels.whose, Whose::Desk(of) if of.value == desk));
    let lines = own.or(desks).map(|channels| channels.lines.as_slice()).unwrap_or_default();
    lines.iter().map(|line| LineId(line.value.clone())).collect()
}
