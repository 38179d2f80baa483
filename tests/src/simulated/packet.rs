//! A packet of the simulated floor: 20 ms of Opus that say when they were captured.

use dealerboard_rtc::switch::forward::UplinkPacket;
use std::sync::Arc;
use std::time::Instant;

/// How much sound is in a packet, microseconds.
pub const LENGTH_US: u64 = 20_000;

/// One frame of 20 ms (RFC 6716 section 3.1).
const TOC: u8 = 0xf8;

/// Makes the packet of what was captured until `captured_us`.
pub fn made(seq: u16, marker: bool, captured_us: u64, arrived: Instant) -> UplinkPacket {
    let mut payload = vec![TOC];
    payload.extend(captured_us.to_be_bytes());
    let rtp_ts = (captured_us / 1_000 * 48) as u32;
    UplinkPacket { seq, rtp_ts, marker, payload: Arc::from(payload), arrived }
}

/// When a packet was captured.
pub fn captured_us(payload: &[u8]) -> u64 {
    let at: Option<[u8; 8]> = payload.get(1..9).and_then(|bytes| bytes.try_into().ok());
    at.map_or(0, u64::from_be_bytes)
}
