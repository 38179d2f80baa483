//! A walk along the chain and its checkpoints.
//!
//! Law: reads only. It stops where the chain breaks, and can go on where the chain has grown; what it has walked it does not
//! read again. A line that is still being written at the chain's end is not judged.

use crate::chain::{End, Entry, Line};
use crate::checkpoint::{CHECKPOINTS_FILE, Checkpoint, PUBLIC_FILE, fingerprint, public_key};
use crate::recover::CHAIN_FILE;
use crate::tail::Tail;
use crate::verify::Verdict;
use crate::{ArchiveError, Result, file_error, hex};
use ed25519_dalek::VerifyingKey;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A walk that has come some way.
pub struct Walk {
    path: PathBuf,
    reader: BufReader<File>,
    /// Bytes of the chain that were read.
    read_bytes: u64,
    signed: Signed,
    key: Option<VerifyingKey>,
    end: End,
    /// Lines that a checkpoint may still come for.
    tail: Tail,
    /// What was read of a line that has no end yet.
    text: Vec<u8>,
    broken: bool,
}

/// The checkpoints that were read and not compared yet.
struct Signed {
    path: PathBuf,
    read_bytes: u64,
    read_lines: usize,
    missing: bool,
    waiting: VecDeque<Checkpoint>,
}

impl Walk {
    /// Stands before the first line.
    pub fn begin(folder: &Path, verdict: &mut Verdict) -> Result<Self> {
        let path = folder.join(CHAIN_FILE);
        let reader = BufReader::new(File::open(&path).map_err(file_error(&path, "read"))?);
        let key = match public_key(folder) {
            Ok(key) => Some(key),
            Err(ArchiveError::Key { .. } | ArchiveError::File { .. }) => {
                verdict.wrong(PUBLIC_FILE, "it is no public key, so that no checkpoint can be checked");
                None
            }
            Err(
                error @ (ArchiveError::Chain { .. }
                | ArchiveError::Index(_)
                | ArchiveError::Microphone(_)
                | ArchiveError::Thread(_)),
            ) => {
                return Err(error);
            }
        };
        let signed = Signed {
            path: folder.join(CHECKPOINTS_FILE),
            read_bytes: 0,
            read_lines: 0,
            missing: false,
            waiting: VecDeque::new(),
        };
        let (end, tail) = (End::default(), Tail::default());
        Ok(Self { path, reader, read_bytes: 0, signed, key, end, tail, text: Vec::new(), broken: false })
    }

    /// Whoever checks has the fingerprint of the key from elsewhere.
    pub fn expect_key(&self, expected: &str, verdict: &mut Verdict) {
        if let Some(own) = self.key.as_ref().map(fingerprint).filter(|own| own != expected) {
            verdict.wrong(PUBLIC_FILE, format!("it is the key sha256:{own}, and not sha256:{expected} that was given"));
        }
    }

    /// The fingerprint of the key that is checked with.
    pub fn fingerprint(&self) -> Option<String> {
        self.key.as_ref().map(fingerprint)
    }

    /// Whether the files are still those that were walked, or longer.
    pub fn goes_on(&self) -> bool {
        let here = self.reader.get_ref().metadata().map(|file| file.ino());
        let there = std::fs::metadata(&self.path).map(|file| (file.ino(), file.len()));
        let signed = std::fs::metadata(&self.signed.path).map_or(0, |file| file.len());
        let same = matches!((here, there), (Ok(here), Ok((ino, len))) if here == ino && len >= self.read_bytes);
        same && signed >= self.signed.read_bytes
    }

    /// Whether the chain broke.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Goes on to the last whole line that is there now.
    pub fn go(&mut self, verdict: &mut Verdict, mut see: impl FnMut(&mut Verdict, &Line)) -> Result<()> {
        // Signatures first: a line that is read and not signed yet cannot be missed then.
        self.signed.read(verdict)?;
        self.compare_checkpoints(verdict);
        while !self.broken {
            let read = self.reader.read_until(b'\n', &mut self.text).map_err(file_error(&self.path, "read"))?;
            self.read_bytes += read as u64;
            if self.text.pop_if(|byte| *byte == b'\n').is_none() {
                break;
            }
            match self.end.take(&self.text) {
                Ok(line) => {
                    verdict.lines = self.end.n;
                    verdict.unsigned_lines += 1;
                    self.tail.push(&line, &self.end.hash);
                    self.compare_checkpoints(verdict);
                    self.compare_key(verdict, &line);
                    see(verdict, &line);
                }
                Err(why) => {
                    verdict.wrong(CHAIN_FILE, format!("line {}: {why}", self.end.n + 1));
                    self.broken = true;
                }
            }
            self.text.clear();
        }
        Ok(())
    }

    fn compare_checkpoints(&mut self, verdict: &mut Verdict) {
        let last = self.end.n;
        while let Some(checkpoint) = self.signed.waiting.pop_front_if(|checkpoint| checkpoint.n <= last) {
            let same = self.tail.is_at(checkpoint.n, &checkpoint.hash);
            let good = self.key.as_ref().is_some_and(|key| checkpoint.is_by(key));
            if same && good {
                verdict.signed_utc_ms = Some(checkpoint.at_utc_ms);
                verdict.unsigned_lines = last - checkpoint.n;
                self.tail.signed(checkpoint.n);
            } else if self.key.is_some() {
                let why = format!("the checkpoint at line {} does not belong to this chain", checkpoint.n);
                verdict.wrong(CHECKPOINTS_FILE, why);
            }
        }
    }

    /// Every start says whose checkpoints follow.
    fn compare_key(&self, verdict: &mut Verdict, line: &Line) {
        if let (Entry::Started { key: said, .. }, Some(key)) = (&line.entry, &self.key)
            && *said != hex(key.as_bytes())
        {
            let why = format!("it is not the key that the recorder was started with at line {}", line.n);
            verdict.wrong(PUBLIC_FILE, why);
        }
    }

    /// Reads what was signed while the chain was walked.
    pub fn read_signed(&mut self, verdict: &mut Verdict) -> Result<()> {
        self.signed.read(verdict)?;
        self.compare_checkpoints(verdict);
        Ok(())
    }

    /// Whether what is not signed would be no honest recorder's, if nothing more were to come.
    pub fn is_forged(&self) -> bool {
        !self.broken && self.key.is_some() && self.tail.forged().is_some()
    }

    /// Nothing more comes that could sign the last lines: says what cannot have been left so.
    pub fn judge_tail(&self, verdict: &mut Verdict) {
        if let Some(why) = self.tail.forged().filter(|_| !self.broken && self.key.is_some()) {
            verdict.wrong(CHAIN_FILE, why);
        }
    }

    /// Nothing more of the chain is read for this verdict: what was signed beyond the last line is missing.
    pub fn end(&self, verdict: &mut Verdict) {
        if let Some(beyond) = self.signed.waiting.front().filter(|_| !self.broken) {
            let (last, signed) = (self.end.n, beyond.n);
            let why = format!("it ends at line {last}, but line {signed} was signed: lines were taken away");
            verdict.wrong(CHAIN_FILE, why);
        }
    }
}

impl Signed {
    /// Reads the checkpoints that have come since.
    fn read(&mut self, verdict: &mut Verdict) -> Result<()> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !std::mem::replace(&mut self.missing, true) {
                    verdict.wrong(CHECKPOINTS_FILE, "it is missing");
                }
                return Ok(());
            }
            Err(cause) => return Err(file_error(&self.path, "read")(cause)),
        };
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(self.read_bytes)).and_then(|_| file.read_to_end(&mut bytes));
        read.map_err(file_error(&self.path, "read"))?;
        // A last line without its line feed is still being written.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes.truncate(whole);
        self.read_bytes += whole as u64;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.read_lines += 1;
            match serde_json::from_slice(line) {
                Ok(checkpoint) => self.waiting.push_back(checkpoint),
                Err(error) => {
                    verdict.wrong(CHECKPOINTS_FILE, format!("line {}: it cannot be read ({error})", self.read_lines));
                }
            }
        }
        Ok(())
    }
}
