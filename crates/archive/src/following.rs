//! Reads a chain on from where it was left, some lines at a time, for a thread that may wait for the disk.
//!
//! Law: reads only. A line that is still being written is left for the next time.

use crate::chain::{End, Line};
use crate::{ArchiveError, Result, file_error};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Lines that are read together.
const LINES: usize = 256;

/// A line, and where it stands.
pub struct Followed {
    /// What it says.
    pub line: Line,
    /// At which byte of the chain it begins.
    pub at: u64,
    /// Its own hash, hexadecimal.
    pub hash: String,
}

/// A chain that was followed up to a line.
pub struct Following {
    path: PathBuf,
    reader: BufReader<File>,
    /// Where it stands.
    pub end: End,
    /// Bytes up to there.
    pub bytes: u64,
}

impl Following {
    /// Goes on behind `bytes` bytes, which end as `end` says.
    pub fn on(path: &Path, bytes: u64, end: End) -> Result<Self> {
        let mut file = File::open(path).map_err(file_error(path, "read"))?;
        file.seek(SeekFrom::Start(bytes)).map_err(file_error(path, "read"))?;
        Ok(Self { path: path.to_owned(), reader: BufReader::new(file), end, bytes })
    }

    /// The next lines; none at the end.
    pub fn next(&mut self) -> Result<Vec<Followed>> {
        let (mut lines, mut text) = (Vec::new(), Vec::new());
        while lines.len() < LINES {
            text.clear();
            let read = self.reader.read_until(b'\n', &mut text).map_err(file_error(&self.path, "read"))?;
            if text.pop_if(|byte| *byte == b'\n').is_none() {
                break;
            }
            let n = self.end.n + 1;
            let wrong = |why| ArchiveError::Chain { path: self.path.clone(), line: n, why };
            let line = self.end.take(&text).map_err(wrong)?;
            lines.push(Followed { line, at: self.bytes, hash: self.end.hash.clone() });
            self.bytes += read as u64;
        }
        Ok(lines)
    }
}
