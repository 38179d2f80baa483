//! The sound of a voicemail, in pieces that a turret asks for one after the other.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Sound that one answer has at most, in milliseconds.
pub const MESSAGE_PIECE_MS: u64 = 5_000;

/// A piece of the sound of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MessageSound {
    /// Which entry of the history.
    #[ts(type = "number")]
    pub entry: u64,
    /// From where on it was asked for, milliseconds.
    #[ts(type = "number")]
    pub from_ms: u64,
    /// What follows, for [`crate::MESSAGE_PIECE_MS`] at most.
    pub packets: Vec<OpusPacket>,
    /// How long the whole message is, milliseconds.
    #[ts(type = "number")]
    pub length_ms: u64,
    /// Why there is no sound: one sentence.
    pub trouble: Option<String>,
}

/// One packet of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpusPacket {
    /// How long it is, in samples of 48 kHz.
    pub samples: u32,
    /// The packet (RFC 6716), base64 (RFC 4648 section 4). One byte is a pause.
    #[serde(with = "in_base64")]
    #[ts(type = "string")]
    pub payload: Vec<u8>,
}

/// Bytes within JSON.
mod in_base64 {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_travels_as_base64_and_what_is_none_is_refused() {
        let packet = OpusPacket { samples: 480, payload: vec![0xf8, 0xff, 0xfe] };
        let text = serde_json::to_string(&packet).unwrap_or_default();
        assert_eq!(text, r#"{"samples":480,"payload":"+P/+"}"#);
        assert_eq!(serde_json::from_str::<OpusPacket>(&text).ok(), Some(packet));
        assert!(serde_json::from_str::<OpusPacket>(r#"{"samples":480,"payload":"*"}"#).is_err());
    }
}
