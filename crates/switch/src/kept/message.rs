//! Messages that are being left, as records: the key is the line on which one is said.

use dealerboard_call_control::KeptMessage;
use dealerboard_model::{CallId, LineId, Moment, RecordingId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
struct Row {
    at: LineId,
    call: CallId,
    recording: RecordingId,
    owner: UserId,
    caller: UserId,
    called_utc_ms: i64,
    since_utc_ms: i64,
}

pub fn to_value(kept: &KeptMessage) -> Value {
    let KeptMessage { line: _, at, call, recording, owner, caller, called, since } = kept.clone();
    let (called_utc_ms, since_utc_ms) = (called.utc_ms, since.utc_ms);
    serde_json::to_value(Row { at, call, recording, owner, caller, called_utc_ms, since_utc_ms }).unwrap_or_default()
}

/// Monotonic times of before a restart mean nothing: they are 0.
pub fn from_value(line: &str, value: Value) -> serde_json::Result<KeptMessage> {
    let Row { at, call, recording, owner, caller, called_utc_ms, since_utc_ms } = serde_json::from_value(value)?;
    let moment = |utc_ms| Moment { mono_us: 0, utc_ms };
    let (called, since) = (moment(called_utc_ms), moment(since_utc_ms));
    Ok(KeptMessage { line: LineId::from(line), at, call, recording, owner, caller, called, since })
}

#[cfg(test)]
mod tests {
    use super::{from_value, to_value};
    use dealerboard_call_control::KeptMessage;
    use dealerboard_model::{CallId, Moment, RecordingId};

    #[test]
    fn swi_2_a_message_that_was_being_left_is_read_as_it_was_written() {
        let moment = |utc_ms| Moment { mono_us: 0, utc_ms };
        let kept = KeptMessage {
            line: "ext-4001.1".into(),
            at: "ext-5001.1".into(),
            call: CallId(7),
            recording: RecordingId(3),
            owner: "lindt".into(),
            caller: "reyes".into(),
            called: moment(1_000),
            since: moment(27_000),
        };
        assert_eq!(from_value("ext-4001.1", to_value(&kept)).ok(), Some(kept));
    }
}
