//! A microphone made of a WAV file, or of a FIFO into which one is streamed.
//!
//! Law: it is read a second ahead on a thread of its own. What has ended is silence. What cannot be read is silence too, and
//! told once, in one sentence.

use dealerboard_media::RATE_HZ;
use rtrb::{Consumer, Producer, RingBuffer};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// Samples that are read ahead: a second.
const AHEAD: usize = RATE_HZ as usize;

/// How long the reader sleeps when the second is full: three quarters of it are left then, and one wake reads many samples.
const NAP: Duration = Duration::from_millis(250);

/// Longest chunk before the samples that is read; a header has no need of more.
const CHUNK_MAX: u32 = 1 << 20;

/// Reads `path` ahead, for as long as `running`; `tell` is called at most once, with what is wrong. Of a file, the first
/// second is there when this returns; a FIFO may be opened late by whoever writes it.
///
/// # Errors
/// The system gives no thread.
pub fn read_ahead(
    path: &Path,
    running: &Arc<AtomicBool>,
    tell: impl FnOnce(String) + Send + 'static,
) -> io::Result<Consumer<f32>> {
    let (mut producer, consumer) = RingBuffer::new(AHEAD);
    let (ready, filled) = sync_channel::<()>(1);
    let (from, running) = (path.to_owned(), Arc::clone(running));
    std::thread::Builder::new().name("mic file".into()).spawn(move || {
        // Nobody listens any more once the first second is there.
        let full = || ready.try_send(()).unwrap_or_default();
        let read = Samples::open(&from).and_then(|samples| feed(samples, &from, &mut producer, &running, full));
        if let Err(sentence) = read {
            tell(sentence);
        }
    })?;
    if !is_fifo(path) {
        // An error means that it ended before the second was full.
        let _ = filled.recv();
    }
    Ok(consumer)
}

fn is_fifo(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

fn feed(
    mut samples: Samples<BufReader<File>>,
    path: &Path,
    ring: &mut Producer<f32>,
    running: &AtomicBool,
    full: impl Fn(),
) -> Result<(), String> {
    let mut read = Vec::new();
    while samples.more(&mut read).map_err(|error| unreadable(path, &error))? {
        let mut rest = read.as_slice();
        while !rest.is_empty() {
            let (part, later) = rest.split_at(ring.slots().min(rest.len()));
            if let Ok(chunk) = ring.write_chunk_uninit(part.len()) {
                chunk.fill_from_iter(part.iter().copied());
            }
            rest = later;
            if !rest.is_empty() {
                full();
                if !running.load(Ordering::Acquire) || ring.is_abandoned() {
                    return Ok(());
                }
                std::thread::sleep(NAP);
            }
        }
        read.clear();
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    if error.kind() == ErrorKind::NotFound {
        return format!("The microphone file {shown} does not exist; name a 48 kHz mono WAV file.");
    }
    format!("The microphone file {shown} cannot be read ({error}); name a 48 kHz mono WAV file.")
}

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    I16,
    I24,
    I32,
    F32,
}

/// The samples of a WAV stream, between −1 and 1.
struct Samples<R> {
    from: R,
    form: Form,
    /// Bytes of sound that are still to come; none: all that comes is sound.
    left: Option<u64>,
}

impl Samples<BufReader<File>> {
    fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        Self::begin(BufReader::new(file), path)
    }
}

impl<R: BufRead> Samples<R> {
    /// Reads the header.
    fn begin(mut from: R, path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let none = |_: io::Error| format!("The microphone file {shown} is not a WAV file; make it 48 kHz mono WAV.");
        let mut head = [0; 12];
        from.read_exact(&mut head).map_err(none)?;
        if !matches!(&head[..4], b"RIFF" | b"RF64") || &head[8..] != b"WAVE" {
            return Err(none(ErrorKind::InvalidData.into()));
        }
        let mut form = None;
        loop {
            let mut chunk = [0; 8];
            from.read_exact(&mut chunk).map_err(none)?;
            let length = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
            if &chunk[..4] == b"data" {
                let form = form.ok_or_else(|| none(ErrorKind::InvalidData.into()))?;
                // Who writes into a pipe cannot come back to fill the length in, and leaves all ones, or nothing.
                let left = Some(u64::from(length)).filter(|_| length != 0 && length != u32::MAX);
                return Ok(Self { from, form, left });
            }
            if length > CHUNK_MAX {
                return Err(none(ErrorKind::InvalidData.into()));
            }
            let mut body = vec![0; (length + length % 2) as usize];
            from.read_exact(&mut body).map_err(none)?;
            if &chunk[..4] == b"fmt " {
                form = Some(format_of(&body).map_err(|what| {
                    format!("The microphone file {shown} is {what}; make it 48000 Hz mono of 16, 24 or 32 bit.")
                })?);
            }
        }
    }

    /// Appends what has come, one sample at least; false when the stream has ended.
    fn more(&mut self, out: &mut Vec<f32>) -> io::Result<bool> {
        let length = match self.form {
            Form::I16 => 2,
            Form::I24 => 3,
            Form::I32 | Form::F32 => 4,
        };
        let left = usize::try_from(self.left.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        if left < length {
            return Ok(false);
        }
        let there = match self.from.fill_buf() {
            Ok(there) => &there[..there.len().min(left)],
            // Nothing has come yet; it is asked for again.
            Err(error) if error.kind() == ErrorKind::Interrupted => &[],
            Err(error) => return Err(error),
        };
        let mut taken = there.len() - there.len() % length;
        append(self.form, &there[..taken], out);
        self.from.consume(taken);
        if taken == 0 {
            // A sample may come in two halves.
            let mut bytes = [0; 4];
            match self.from.read_exact(&mut bytes[..length]) {
                Ok(()) => append(self.form, &bytes[..length], out),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) => return Err(error),
            }
            taken = length;
        }
        self.left = self.left.map(|left| left - taken as u64);
        Ok(true)
    }
}

/// Appends the samples that whole `bytes` are.
fn append(form: Form, bytes: &[u8], out: &mut Vec<f32>) {
    // Whole numbers stand in the upper bytes, so that all have one scale.
    let scaled = |word: [u8; 4]| i32::from_le_bytes(word) as f32 / 2_147_483_648.0;
    match form {
        Form::I16 => out.extend(bytes.chunks_exact(2).map(|it| scaled([0, 0, it[0], it[1]]))),
        Form::I24 => out.extend(bytes.chunks_exact(3).map(|it| scaled([0, it[0], it[1], it[2]]))),
        Form::I32 => out.extend(bytes.chunks_exact(4).map(|it| scaled([it[0], it[1], it[2], it[3]]))),
        Form::F32 => out.extend(bytes.chunks_exact(4).map(|it| f32::from_le_bytes([it[0], it[1], it[2], it[3]]))),
    }
}

/// The form of a `fmt ` chunk of 48 kHz mono; otherwise what it is instead.
fn format_of(chunk: &[u8]) -> Result<Form, String> {
    let field = |at: usize| chunk.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
    let rate_hz = u32::from(field(4)) | u32::from(field(6)) << 16;
    if rate_hz != RATE_HZ || field(2) != 1 {
        return Err(format!("of {rate_hz} Hz and {} channels", field(2)));
    }
    // An extensible header has the true form in its tail.
    let tag = if field(0) == 0xFFFE { field(24) } else { field(0) };
    match (tag, field(14)) {
        (1, 16) => Ok(Form::I16),
        (1, 24) => Ok(Form::I24),
        (1, 32) => Ok(Form::I32),
        (3, 32) => Ok(Form::F32),
        (_, bits) => Err(format!("of form {tag} with {bits} bits")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wav(tag: u16, channels: u16, rate_hz: u32, bits: u16, length: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(tag.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate_hz.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend(length.to_le_bytes());
        bytes.extend(body);
        bytes
    }

    fn samples(bytes: &[u8]) -> Result<Vec<f32>, String> {
        let mut samples = Samples::begin(bytes, Path::new("mic.wav"))?;
        let mut all = Vec::new();
        while samples.more(&mut all).unwrap() {}
        Ok(all)
    }

    #[test]
    fn a_sample_that_comes_in_two_halves_is_one_sample() {
        let stream = wav(1, 1, 48_000, 24, 6, &[0, 0, 0x40, 0, 0, 0xC0]);
        for piece in 1..5 {
            let mut samples = Samples::begin(Pieces(&stream, piece), Path::new("mic.wav")).unwrap();
            let mut all = Vec::new();
            while samples.more(&mut all).unwrap() {}
            assert_eq!(all, [0.5, -0.5]);
        }
    }

    /// Gives a few bytes at a time, as a pipe does.
    struct Pieces<'a>(&'a [u8], usize);

    impl io::Read for Pieces<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(to.len()).min(self.0.len());
            to[..count].copy_from_slice(&self.0[..count]);
            self.consume(count);
            Ok(count)
        }
    }

    impl BufRead for Pieces<'_> {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            Ok(&self.0[..self.1.min(self.0.len())])
        }

        fn consume(&mut self, count: usize) {
            self.0 = &self.0[count..];
        }
    }

    #[test]
    fn a_stream_of_unknown_length_is_sound_to_its_end() {
        for unknown in [u32::MAX, 0] {
            let stream = wav(1, 1, 48_000, 16, unknown, &[0, 0x40, 0, 0xC0, 7]);
            assert_eq!(samples(&stream), Ok(vec![0.5, -0.5]));
        }
    }

    #[test]
    fn what_stands_behind_the_sound_is_not_heard() {
        let stream = wav(1, 1, 48_000, 16, 2, b"\0\x40LIST");
        assert_eq!(samples(&stream), Ok(vec![0.5]));
    }

    #[test]
    fn every_form_has_the_same_loudness() {
        let half = [0.5_f32];
        assert_eq!(samples(&wav(1, 1, 48_000, 24, 3, &[0, 0, 0x40])).unwrap(), half);
        assert_eq!(samples(&wav(1, 1, 48_000, 32, 4, &[0, 0, 0, 0x40])).unwrap(), half);
        assert_eq!(samples(&wav(3, 1, 48_000, 32, 4, &half[0].to_le_bytes())).unwrap(), half);
    }

    #[test]
    fn another_rate_and_more_channels_are_told_in_a_sentence() {
        for stream in [wav(1, 1, 44_100, 16, 2, &[0, 0]), wav(1, 2, 48_000, 16, 2, &[0, 0])] {
            let told = samples(&stream).unwrap_err();
            assert!(told.contains("mic.wav") && told.ends_with("make it 48000 Hz mono of 16, 24 or 32 bit."), "{told}");
        }
    }

    #[test]
    fn what_is_no_wav_is_told_in_a_sentence() {
        for stream in
            [&b""[..], b"RIFF", b"RIFF\0\0\0\0WAVEdata\x02\0\0\0\0\0", b"RIFF\0\0\0\0WAVEabcd\xff\xff\xff\x7f"]
        {
            assert!(samples(stream).unwrap_err().contains("is not a WAV file"));
        }
    }
}
