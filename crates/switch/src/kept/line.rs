//! Who is on an end of a wire, as it stands in the records.
//!
//! Law: these are the names and words on the disk of every floor. Call control's own may change, these may only grow.

use dealerboard_call_control::{KeptConference, KeptDialled, KeptLine, KeptParty};
use dealerboard_model::{CallId, ConferenceId, LineId, Position, RecordPolicy, RecordingId, TurretId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
struct Line {
    call: CallId,
    #[serde(default)]
    recording: Option<RecordingId>,
    #[serde(default)]
    calling: bool,
    #[serde(default)]
    far_gone: bool,
    #[serde(default)]
    dialled: Option<Dialled>,
    #[serde(default = "off")]
    record_also: RecordPolicy,
    #[serde(default)]
    parties: Vec<Party>,
    #[serde(default)]
    holders: Vec<Party>,
    #[serde(default)]
    conference: Option<Conference>,
}

#[derive(Serialize, Deserialize)]
struct Party {
    user: UserId,
    turret: TurretId,
    position: Position,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    exclusive: bool,
    #[serde(default)]
    overriding: bool,
}

#[derive(Serialize, Deserialize)]
struct Dialled {
    peer: LineId,
    number: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    incoming: bool,
    #[serde(default)]
    emergency: bool,
}

fn off() -> RecordPolicy {
    RecordPolicy::Off
}

#[derive(Serialize, Deserialize)]
struct Conference {
    id: ConferenceId,
    place: u32,
    by: UserId,
    #[serde(default)]
    unattended: bool,
}

/// As it is written.
pub fn to_value(kept: &KeptLine) -> Value {
    let parties = |all: &[KeptParty]| all.iter().map(party).collect();
    let line = Line {
        call: kept.call,
        recording: kept.recording,
        calling: kept.calling,
        far_gone: kept.far_gone,
        dialled: kept.dialled.clone().map(|it| Dialled {
            peer: it.peer,
            number: it.dialled.number,
            name: it.dialled.name,
            incoming: it.dialled.incoming,
            emergency: it.emergency,
        }),
        record_also: kept.record_also,
        parties: parties(&kept.parties),
        holders: parties(&kept.holders),
        conference: kept.conference.as_ref().map(|it| Conference {
            id: it.id,
            place: it.place,
            by: it.by.clone(),
            unattended: it.unattended,
        }),
    };
    serde_json::to_value(line).unwrap_or_default()
}

fn party(kept: &KeptParty) -> Party {
    let KeptParty { user, turret, position, private, exclusive, overriding } = kept.clone();
    Party { user, turret, position, private, exclusive, overriding }
}

/// As it was written for `line`.
///
/// # Errors
/// It is of a newer version, or of none.
pub fn from_value(line: &str, value: Value) -> serde_json::Result<KeptLine> {
    let read: Line = serde_json::from_value(value)?;
    let parties = |all: Vec<Party>| {
        let kept = |Party { user, turret, position, private, exclusive, overriding }| KeptParty {
            user,
            turret,
            position,
            private,
            exclusive,
            overriding,
        };
        all.into_iter().map(kept).collect()
    };
    Ok(KeptLine {
        line: LineId::from(line),
        call: read.call,
        recording: read.recording,
        calling: read.calling,
        far_gone: read.far_gone,
        dialled: read.dialled.map(|Dialled { peer, number, name, incoming, emergency }| KeptDialled {
            peer,
            dialled: dealerboard_model::Dialled { number, name, incoming },
            emergency,
        }),
        record_also: read.record_also,
        parties: parties(read.parties),
        holders: parties(read.holders),
        conference: read.conference.map(|it| KeptConference {
            id: it.id,
            place: it.place,
            by: it.by,
            unattended: it.unattended,
        }),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let (user, turret, position) = (UserId::from("reyes"), TurretId(7), Position::HandsFree);
        let party =
            KeptParty { user: user.clone(), turret, position, private: true, exclusive: false, overriding: true };
        let holder = KeptParty { exclusive: true, private: false, ..party.clone() };
        let kept = KeptLine {
            line: LineId::from("calder"),
            call: CallId(3),
            recording: Some(RecordingId(9)),
            calling: false,
            far_gone: true,
            dialled: Some(KeptDialled {
                peer: LineId::from("ext-4012.1"),
                dialled: dealerboard_model::Dialled {
                    number: "4012".into(),
                    name: Some("Marsh".into()),
                    incoming: true,
                },
                emergency: true,
            }),
            record_also: RecordPolicy::Required,
            parties: vec![party],
            holders: vec![holder],
            conference: Some(KeptConference { id: ConferenceId(1), place: 2, by: user, unattended: false }),
        };
        assert_eq!(from_value("calder", to_value(&kept)).unwrap(), kept);
    }

    #[test]
    fn what_a_later_version_leaves_out_is_as_if_it_were_not_so() {
        let read = from_value("calder", serde_json::json!({ "call": 3, "shape": "unknown" })).unwrap();
        assert_eq!((read.call, read.recording, read.parties.len()), (CallId(3), None, 0));
    }
}
