//! One segment as an Ogg Opus stream (RFC 7845): pages out of packets, and packets out of what is left of a file.

use crate::opus_packet;
use crate::{RecordingFacts, TrackFacts};
use ogg::reading::PageParser;
use ogg::{PacketReader, PacketWriteEndInfo, PacketWriter};
use std::io::Cursor;

/// Samples at the start that a player throws away: the look-ahead of the talker's encoder (RFC 7845 section 4.2).
pub const PRE_SKIP: u16 = 312;

/// Bytes of an Ogg page before its segment table (RFC 3533 section 6).
const PAGE_HEADER: usize = 27;

/// What a segment's comments say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// The track.
    pub track: &'a TrackFacts,
    /// The recording, where it is still known.
    pub recording: Option<&'a RecordingFacts>,
    /// Time of the first sample, UTC milliseconds.
    pub from_utc_ms: i64,
}

/// Lays packets out as pages. The last packet always waits for the next: the stream has to end with it.
pub struct Pages {
    serial: u32,
    writer: PacketWriter<'static, Vec<u8>>,
    /// Packets of the page that is being filled, with the granule position at the end of each.
    waiting: Vec<(Vec<u8>, u64)>,
    samples: u64,
    paged_samples: u64,
}

impl Pages {
    /// Begins a stream with its two headers (RFC 7845 sections 5.1 and 5.2).
    pub fn new(label: &Label<'_>) -> Self {
        let serial = label.track.track.0;
        let writer = PacketWriter::new(Vec::new());
        let mut pages = Self { serial, writer, waiting: Vec::new(), samples: 0, paged_samples: 0 };
        pages.put(head(), PacketWriteEndInfo::EndPage, 0);
        pages.put(comments(label), PacketWriteEndInfo::EndPage, 0);
        pages
    }

    /// Adds a packet of `samples` at 48 kHz.
    pub fn packet(&mut self, payload: &[u8], samples: u64) {
        self.samples += samples;
        self.waiting.push((payload.to_vec(), self.samples));
    }

    /// Ends the page before the last packet: what [`Self::take`] gives is everything up to there.
    pub fn end_page(&mut self) {
        let last = self.waiting.pop();
        self.put_waiting(PacketWriteEndInfo::EndPage);
        self.waiting.extend(last);
    }

    /// Ends the stream with its last packet.
    pub fn end_stream(&mut self) {
        self.put_waiting(PacketWriteEndInfo::EndStream);
    }

    /// Bytes that were not taken yet.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }

    /// Samples of all packets so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples up to the end of the last page.
    pub fn paged_samples(&self) -> u64 {
        self.paged_samples
    }

    fn put_waiting(&mut self, end: PacketWriteEndInfo) {
        let count = self.waiting.len();
        for (place, (packet, granule)) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            let here = if place + 1 == count { end } else { PacketWriteEndInfo::NormalPacket };
            self.put(packet, here, granule);
            self.paged_samples = granule;
        }
    }

    fn put(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, granule: u64) {
        self.writer.write_packet(packet, self.serial, end, granule).expect("writing to memory does not fail");
    }
}

fn head() -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(PRE_SKIP.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

fn comments(label: &Label<'_>) -> Vec<u8> {
    let track = label.track;
    let mut comments = vec![
        format!("TRACK={}", track.track),
        format!("RECORDING={}", track.recording),
        format!("LINE={}", track.line),
        format!("TALKER={}", track.talker),
        format!("TURRET={}", track.turret),
        format!("START={}", label.from_utc_ms),
    ];
    comments.extend(label.recording.map(|recording| format!("CALL={}", recording.call)));
    let mut bytes = b"OpusTags".to_vec();
    let mut text = |text: &str| {
        bytes.extend(u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    text("Dealerboard");
    let mut list = Vec::new();
    for comment in &comments {
        list.extend(u32::try_from(comment.len()).unwrap_or(0).to_le_bytes());
        list.extend(comment.as_bytes());
    }
    bytes.extend(u32::try_from(comments.len()).unwrap_or(0).to_le_bytes());
    bytes.extend(list);
    bytes
}

/// What is left of a segment that was being written.
#[derive(Debug, PartialEq, Eq)]
pub struct Remains {
    /// Bytes up to the end of the last whole page.
    pub bytes: u64,
    /// Samples up to there.
    pub samples: u64,
    /// Time of the first sample, UTC milliseconds; none when not even the headers are whole.
    pub from_utc_ms: Option<i64>,
}

/// Looks for the last page that is whole and undamaged.
pub fn remains(file: &[u8]) -> Remains {
    let mut found = Remains { bytes: 0, samples: 0, from_utc_ms: None };
    let mut pages = 0;
    while let Some((length, granule)) = page(&file[found.bytes as usize..]) {
        let whole = &file[found.bytes as usize..found.bytes as usize + length];
        found.bytes += length as u64;
        pages += 1;
        if pages == 2 {
            found.from_utc_ms = start_of(whole);
        } else if pages > 2 {
            found.samples = granule;
        }
    }
    found
}

/// Length and granule position of the page that `bytes` begin with; none when it is not whole or damaged.
fn page(bytes: &[u8]) -> Option<(usize, u64)> {
    let header: [u8; PAGE_HEADER] = bytes.get(..PAGE_HEADER)?.try_into().ok()?;
    if !header.starts_with(b"OggS") {
        return None;
    }
    let granule = u64::from_le_bytes(header[6..14].try_into().ok()?);
    let (mut parser, table) = PageParser::new(header).ok()?;
    let lacing = bytes.get(PAGE_HEADER..PAGE_HEADER + table)?.to_vec();
    let body = parser.parse_segments(lacing);
    let from = PAGE_HEADER + table;
    parser.parse_packet_data(bytes.get(from..from + body)?.to_vec()).ok()?;
    Some((from + body, granule))
}

/// The START comment in a page.
fn start_of(page: &[u8]) -> Option<i64> {
    let at = page.windows(6).position(|window| window == b"START=")? + 6;
    let digits = page[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-');
    String::from_utf8(digits.copied().collect()).ok()?.parse().ok()
}

/// The Opus packets of a segment with the samples that each holds; ends where the file is damaged.
pub fn packets(file: &[u8]) -> Vec<(Vec<u8>, u64)> {
    let mut reader = PacketReader::new(Cursor::new(file));
    let mut packets = Vec::new();
    let mut headers = 2;
    while let Ok(Some(packet)) = reader.read_packet() {
        if headers > 0 {
            headers -= 1;
        } else if let Some(samples) = opus_packet::samples(&packet.data) {
            packets.push((packet.data, samples));
        }
    }
    packets
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use dealerboard_model::{LineId, RecordingId, TrackId, TurretId, Uplink, UserId};

    fn facts() -> TrackFacts {
        TrackFacts {
            track: TrackId(9),
            recording: RecordingId(4),
            line: LineId::from("ard-london"),
            talker: UserId::from("reyes"),
            turret: TurretId(2),
            uplink: Uplink::Left,
        }
    }

    /// A stream that was never ended: its last packet is in no page yet.
    fn written(pages: usize) -> Vec<u8> {
        let facts = facts();
        let mut stream = Pages::new(&Label { track: &facts, recording: None, from_utc_ms: 1_700_000_000_123 });
        stream.packet(&[0xf8, 1, 2, 3], 960);
        for _ in 0..pages {
            for _ in 0..10 {
                stream.packet(&[0xf8, 1, 2, 3], 960);
            }
            stream.end_page();
        }
        stream.take()
    }

    #[test]
    fn what_is_laid_out_is_read_back() {
        let facts = facts();
        let mut stream = Pages::new(&Label { track: &facts, recording: None, from_utc_ms: 5 });
        stream.packet(&[0xf8, 7], 960);
        stream.packet(&[0xf8, 8], 960);
        stream.end_stream();
        assert_eq!(packets(&stream.take()), [(vec![0xf8, 7], 960), (vec![0xf8, 8], 960)]);
    }

    #[test]
    fn half_a_page_at_the_end_is_left_out() {
        let (three, two) = (written(3), written(2));
        let found = remains(&three[..three.len() - 5]);
        assert_eq!(
            found,
            Remains { bytes: two.len() as u64, samples: 2 * 9_600, from_utc_ms: Some(1_700_000_000_123) }
        );
    }

    #[test]
    fn nothing_behind_a_damaged_page_is_trusted() {
        let (mut three, one) = (written(3), written(1));
        three[one.len() + 40] ^= 1;
        assert_eq!(remains(&three).bytes, one.len() as u64);
    }

    #[test]
    fn a_file_of_something_else_has_no_remains() {
        assert_eq!(
            remains(b"RIFF and so on, longer than a header of a page"),
            Remains { bytes: 0, samples: 0, from_utc_ms: None }
        );
        assert_eq!(remains(b""), Remains { bytes: 0, samples: 0, from_utc_ms: None });
    }
}
