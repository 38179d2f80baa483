//! Compares the voice files that counterparties speak with the folder that they are taken from: `voices`, beside the floor
//! file or beside its folder. Where there is none, nobody plays them from there.

use super::Mistake;
use super::nearest::instead;
use super::words::{FloorFile, Placed};
use std::path::{Path, PathBuf};

/// The folder of voice files.
const FOLDER: &str = "voices";

/// Every voice file that is missing, or that cannot be spoken, of a floor file in `folder`.
pub fn compare(file: &FloorFile, folder: &Path) -> Vec<Mistake> {
    let Some(voices) = voices_of(folder) else { return Vec::new() };
    let there = names(&voices);
    let named = file.counterparties.iter().flat_map(|counterparty| &counterparty.voices);
    named.filter_map(|voice| wrong(voice, &voices, &there)).collect()
}

/// Where the voice files are.
fn voices_of(folder: &Path) -> Option<PathBuf> {
    [folder.join(FOLDER), folder.join("..").join(FOLDER)].into_iter().find(|voices| voices.is_dir())
}

/// The WAV files of a folder, in the order of their names.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".wav"));
    names.sort();
    names
}

fn wrong(voice: &Placed<String>, folder: &Path, there: &[String]) -> Option<Mistake> {
    let Placed { value: name, line } = voice;
    let path = folder.join(name);
    let sentence = if name.is_empty() {
        "a voice file has no name; write the name of a WAV file, or take says out".to_owned()
    } else if !path.is_file() {
        let better = match there {
            [] => format!("put the file into {}, or take says out", folder.display()),
            there => instead(name, there.iter().map(String::as_str)),
        };
        format!("there is no voice file \"{name}\" in {}; {better}", folder.display())
    } else {
        let why = match hound::WavReader::open(&path) {
            Ok(wav) if is_spoken(wav.spec()) => return None,
            Ok(wav) => {
                let spec = wav.spec();
                let channels = if spec.channels == 1 { "channel" } else { "channels" };
                format!("has {} Hz, {} {channels}, {} bits", spec.sample_rate, spec.channels, spec.bits_per_sample)
            }
            Err(error) => format!("cannot be read ({error})"),
        };
        format!("the voice file \"{name}\" {why}; write it as WAV with 48000 Hz, 1 channel, 16 bits")
    };
    Some(Mistake { line: *line, sentence })
}

fn is_spoken(spec: hound::WavSpec) -> bool {
    let whole = spec.sample_format == hound::SampleFormat::Int;
    (spec.sample_rate, spec.channels, spec.bits_per_sample) == (48_000, 1, 16) && whole
}
