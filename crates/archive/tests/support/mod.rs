//! A recorder on a folder of its own, talkers who say tones, and ears that listen to what was kept.
#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "each test file uses its part")]

use dealerboard_archive::{
    Entry, Line, Recorder, RecorderInbox, RecorderOptions, RecorderState, RecordingFacts, ToRecorder, TrackAudio,
    TrackFacts,
};
use dealerboard_model::{CallId, LineId, LineKind, RecordingId, TrackId, TurretId, Uplink, UserId};
use opus::{Application, Channels, Decoder, Encoder};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub fn now_utc_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

pub fn options() -> RecorderOptions {
    RecorderOptions {
        now_utc_ms: Arc::new(now_utc_ms),
        fail_grace: Duration::from_millis(600),
        queue: 4_096,
        version: "test",
    }
}

pub fn start(folder: &Path) -> Recorder {
    Recorder::start(folder, options()).unwrap()
}

pub fn recording(n: u32) -> RecordingFacts {
    let lines = vec![LineId::from("ard-london"), LineId::from("ard-new-york")];
    let names = vec!["London".to_owned()];
    RecordingFacts { recording: RecordingId(n), call: CallId(n), lines, names, people: Vec::new(), kind: LineKind::Ard }
}

pub fn track(n: u32, recording: u32, talker: &str) -> TrackFacts {
    TrackFacts {
        track: TrackId(n),
        recording: RecordingId(recording),
        line: LineId::from("ard-london"),
        talker: UserId::from(talker),
        turret: TurretId(1),
        uplink: Uplink::Left,
    }
}

/// Somebody who says one tone, packet by packet of 20 ms.
pub struct Talker {
    encoder: Encoder,
    track: TrackId,
    hz: f32,
    pub seq: u64,
    pub began_utc_ms: i64,
}

impl Talker {
    pub fn new(track: u32, hz: f32, began_utc_ms: i64) -> Self {
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap();
        encoder.set_bitrate(opus::Bitrate::Bits(32_000)).unwrap();
        Self { encoder, track: TrackId(track), hz, seq: 0, began_utc_ms }
    }

    pub fn packet(&mut self) -> TrackAudio {
        let from = self.seq * 960;
        let tone: Vec<f32> = (from..from + 960)
            .map(|n| 0.4 * (std::f32::consts::TAU * self.hz * (n % 48_000) as f32 / 48_000.0).sin())
            .collect();
        let payload = self.encoder.encode_vec_float(&tone, 400).unwrap();
        let utc_ms = self.began_utc_ms + self.seq as i64 * 20;
        self.seq += 1;
        TrackAudio { track: self.track, seq: self.seq, rtp_ts: from, utc_ms, payload: payload.into() }
    }

    pub fn says(&mut self, inbox: &RecorderInbox, packets: usize) {
        for _ in 0..packets {
            let packet = self.packet();
            assert!(inbox.audio(packet));
        }
    }
}

/// One talker on one line, from the opening to the end.
pub fn one_talk(recorder: &Recorder, n: u32, talker: &str, hz: f32, packets: usize) -> i64 {
    let inbox = recorder.inbox();
    let length_ms = packets as i64 * 20;
    let began = now_utc_ms() - length_ms;
    inbox.tell(ToRecorder::OpenRecording(began, recording(n)));
    inbox.tell(ToRecorder::OpenTrack(began, track(n, n, talker)));
    Talker::new(n, hz, began).says(&inbox, packets);
    inbox.tell(ToRecorder::CloseTrack(began + length_ms, TrackId(n)));
    inbox.tell(ToRecorder::CloseRecording(began + length_ms, RecordingId(n)));
    began
}

pub fn chain(folder: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(folder.join("chain.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn gaps(folder: &Path) -> Vec<dealerboard_archive::Gap> {
    let gap = |line: Line| if let Entry::Gap(gap) = line.entry { Some(gap) } else { None };
    chain(folder).into_iter().filter_map(gap).collect()
}

pub fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder.join("segments"))
        .unwrap()
        .flat_map(|day| std::fs::read_dir(day.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    found.sort();
    found
}

/// Decodes an Ogg Opus file.
pub fn decode(bytes: &[u8]) -> Vec<f32> {
    let mut reader = ogg::PacketReader::new(std::io::Cursor::new(bytes));
    let mut decoder = Decoder::new(48_000, Channels::Mono).unwrap();
    let (mut all, mut samples) = (Vec::new(), vec![0.0; 5_760]);
    assert!(reader.read_packet().unwrap().unwrap().data.starts_with(b"OpusHead"));
    assert!(reader.read_packet().unwrap().unwrap().data.starts_with(b"OpusTags"));
    while let Some(packet) = reader.read_packet().unwrap() {
        let length = opus::packet::get_nb_samples(&packet.data, 48_000).unwrap();
        let payload = if packet.data.len() == 1 { &[][..] } else { &packet.data[..] };
        let made = decoder.decode_float(payload, &mut samples[..length], false).unwrap();
        all.extend(&samples[..made]);
    }
    all
}

/// How much of the power of `samples` is in the tone `hz`, 0 to 1.
pub fn tone_share(samples: &[f32], hz: f32) -> f32 {
    let (mut re, mut im, mut power) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (n, sample) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * f64::from(hz) * n as f64 / 48_000.0;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
        power += f64::from(*sample) * f64::from(*sample);
    }
    if power == 0.0 { 0.0 } else { (2.0 * (re * re + im * im) / (samples.len() as f64 * power)) as f32 }
}

/// Waits, bounded, until the recorder is in this state.
pub fn until_state(recorder: &Recorder, wanted: impl Fn(&RecorderState) -> bool) -> RecorderState {
    let began = Instant::now();
    loop {
        let state = recorder.state();
        if wanted(&state) {
            return state;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "the recorder stays {state:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits, bounded, until the chain says so.
pub fn until_chain(folder: &Path, wanted: impl Fn(&[Line]) -> bool) {
    let began = Instant::now();
    while !wanted(&chain(folder)) {
        assert!(began.elapsed() < Duration::from_secs(30), "the chain stays as it is");
        std::thread::sleep(Duration::from_millis(10));
    }
}
