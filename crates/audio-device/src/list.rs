//! Which devices there are to choose from, and how a choice is found again.
//!
//! Law: asks only. A list has what people plug in, by the names that they know: the sound server's devices, or else ALSA's
//! cards; and what the user's own ALSA file names. It has no monitors, no rate converters, and no surround names.

use cpal::Device;
use cpal::traits::{DeviceTrait, HostTrait};

#[cfg(target_os = "linux")]
use crate::alsa::{patient, through};
#[cfg(target_os = "linux")]
use crate::server::{self, Node, Nodes};

/// Before the sound server's own name of a device, in an id.
#[cfg(target_os = "linux")]
const SERVER: &str = "server:";

/// A device that was chosen; of the same id is the same device.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Finds it again: stays the same while it is plugged out and in. Written by hand the name will do.
    pub id: String,
    /// For people.
    pub name: String,
}

impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Choice {}

impl Choice {
    /// The device of this id, which people know by this name.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

/// What a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It hears.
    Microphone,
    /// It plays.
    Loudspeaker,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Loudspeaker => "loudspeaker",
        }
    }

    /// For who has to find it: what it is, and its name when it was chosen.
    #[must_use]
    pub fn called(self, choice: Option<&Choice>) -> String {
        choice.map_or_else(|| self.word().to_owned(), |it| format!("{} called {}", self.word(), it.name))
    }
}

/// What there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Microphones.
    pub microphones: Vec<Choice>,
    /// Earpieces and loudspeakers.
    pub loudspeakers: Vec<Choice>,
    /// The name of the system's microphone, where it is known.
    pub default_microphone: Option<String>,
    /// The name of the system's loudspeaker, where it is known.
    pub default_loudspeaker: Option<String>,
}

impl Listed {
    fn of(&self, kind: Kind) -> &[Choice] {
        match kind {
            Kind::Microphone => &self.microphones,
            Kind::Loudspeaker => &self.loudspeakers,
        }
    }

    /// What was chosen, as it is called now. A spare headset of the same name never takes the place of the one that was chosen.
    fn find(&self, wanted: &Choice, kind: Kind) -> Option<&Choice> {
        let all = self.of(kind);
        all.iter().find(|it| it.id == wanted.id).or_else(|| {
            let mut same = all.iter().filter(|it| it.name == wanted.id);
            same.next().filter(|_| same.next().is_none())
        })
    }
}

/// A name of cpal's list, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    id: String,
    pcm: String,
    name: String,
    hears: bool,
    plays: bool,
}

fn named(device: &Device) -> Option<Named> {
    let id = device.id().ok()?;
    let name = device.to_string();
    Some(Named {
        id: id.to_string(),
        pcm: id.id().to_owned(),
        name,
        hears: device.supports_input(),
        plays: device.supports_output(),
    })
}

fn devices() -> Vec<Device> {
    cpal::default_host().devices().map(Iterator::collect).unwrap_or_default()
}

/// Looks for all that there is. Waits for the sound server, for a second at most, and for ALSA's files: only for a thread that
/// has nothing else to do.
#[must_use]
pub fn list() -> Listed {
    list_of(&devices().iter().filter_map(named).collect::<Vec<_>>())
}

#[cfg(target_os = "linux")]
fn list_of(all: &[Named]) -> Listed {
    let nodes = server::nodes().filter(|nodes| plugin(nodes, all).is_some());
    sort(all, nodes.as_ref(), &own_names())
}

#[cfg(not(target_os = "linux"))]
fn list_of(all: &[Named]) -> Listed {
    let choices = |which: fn(&Named) -> bool| all.iter().filter(|it| which(it)).map(choice).collect();
    Listed { microphones: choices(|it| it.hears), loudspeakers: choices(|it| it.plays), ..Listed::default() }
}

fn choice(named: &Named) -> Choice {
    Choice::new(&named.id, &named.name)
}

/// The device that was chosen, and its name for people; none: it is not there.
pub fn find(wanted: &Choice, kind: Kind) -> Option<(Device, String)> {
    let devices = devices();
    // By hand somebody may write any name that ALSA has.
    let is_it = |it: &Named| it.id == wanted.id || it.name == wanted.id;
    if let Some(device) = devices.iter().find(|it| named(it).as_ref().is_some_and(is_it)) {
        return Some((patient(device.clone()), device.to_string()));
    }
    let all: Vec<_> = devices.iter().filter_map(named).collect();
    let found = list_of(&all).find(wanted, kind)?.clone();
    Some((open(&found, devices, &all)?, found.name))
}

#[cfg(target_os = "linux")]
fn open(found: &Choice, devices: Vec<Device>, all: &[Named]) -> Option<Device> {
    let Some(node) = found.id.strip_prefix(SERVER) else { return by_id(&found.id, devices).map(patient) };
    let plugin = plugin(&server::nodes()?, all)?;
    let device = by_id(&plugin.id, devices)?;
    let argument = if plugin.pcm == PIPEWIRE { "NODE" } else { "DEVICE" };
    Some(through(device, &format!("{}:{argument}=\"{node}\"", plugin.pcm)))
}

#[cfg(not(target_os = "linux"))]
fn open(found: &Choice, devices: Vec<Device>, _: &[Named]) -> Option<Device> {
    by_id(&found.id, devices)
}

/// Only ALSA needs patience.
#[cfg(not(target_os = "linux"))]
fn patient(device: Device) -> Device {
    device
}

fn by_id(id: &str, devices: Vec<Device>) -> Option<Device> {
    devices.into_iter().find(|it| it.id().is_ok_and(|it| it.to_string() == id))
}

/// ALSA's plugins for the two servers; PipeWire answers to both.
#[cfg(target_os = "linux")]
const PIPEWIRE: &str = "pipewire";
#[cfg(target_os = "linux")]
const PULSE: &str = "pulse";

/// The plugin through which the server's devices are opened; none where none is installed.
#[cfg(target_os = "linux")]
fn plugin<'a>(nodes: &Nodes, all: &'a [Named]) -> Option<&'a Named> {
    let installed = |pcm: &str| all.iter().find(|it| it.pcm == pcm);
    installed(PIPEWIRE).filter(|_| nodes.is_pipewire).or_else(|| installed(PULSE))
}

/// The ALSA files that a user or an administrator writes by hand, as one text.
#[cfg(target_os = "linux")]
fn own_names() -> String {
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let config = std::env::var_os("XDG_CONFIG_HOME").map(std::path::PathBuf::from);
    let config = config.or_else(|| home.as_ref().map(|home| home.join(".config")));
    let files = [
        home.map(|it| it.join(".asoundrc")),
        config.map(|it| it.join("alsa/asoundrc")),
        Some("/etc/asound.conf".into()),
    ];
    files.into_iter().flatten().filter_map(|file| std::fs::read_to_string(file).ok()).collect::<Vec<_>>().join("\n")
}

/// Whether one of these files makes this device, as `pcm.NAME` or `pcm.!NAME`.
#[cfg(target_os = "linux")]
fn is_own(named: &Named, own: &str) -> bool {
    let made = |word: &str| word.strip_prefix("pcm.").map(|name| name.trim_start_matches('!')) == Some(&named.pcm);
    named.pcm != "default" && own.split(|letter: char| letter.is_whitespace() || "{}=;".contains(letter)).any(made)
}

#[cfg(target_os = "linux")]
fn sort(all: &[Named], nodes: Option<&Nodes>, own: &str) -> Listed {
    let mut listed = Listed::default();
    match nodes {
        Some(nodes) => {
            // A quote would end the name in ALSA's words for it.
            let clean = |it: &&Node| !it.node.contains(['"', '\\']);
            let choices = |nodes: &[Node]| {
                let choice = |it: &Node| Choice::new(format!("{SERVER}{}", it.node), &it.name);
                nodes.iter().filter(clean).map(choice).collect()
            };
            listed.microphones = choices(&nodes.microphones);
            listed.loudspeakers = choices(&nodes.loudspeakers);
            listed.default_microphone = nodes.default_microphone.clone();
            listed.default_loudspeaker = nodes.default_loudspeaker.clone();
        }
        None => {
            let cards = |way: fn(&Named) -> bool| cards(all, way).into_iter().map(choice).collect();
            listed.microphones = cards(|it| it.hears);
            listed.loudspeakers = cards(|it| it.plays);
        }
    }
    let owned = |it: &&Named| is_own(it, own);
    listed.microphones.extend(all.iter().filter(|it| it.hears).filter(owned).map(choice));
    listed.loudspeakers.extend(all.iter().filter(|it| it.plays).filter(owned).map(choice));
    listed
}

/// ALSA's cards: the name of each under which several may share it, and those of its further devices.
#[cfg(target_os = "linux")]
fn cards(all: &[Named], way: fn(&Named) -> bool) -> Vec<&Named> {
    // The further names of a device say what it can do; that of the whole card claims to do everything.
    let can = |card: &str| {
        let device =
            |it: &&Named| it.pcm.strip_prefix("plughw:CARD=").and_then(|it| it.split(',').next()) == Some(card);
        let mut devices = all.iter().filter(device).peekable();
        devices.peek().is_none() || devices.any(way)
    };
    let whole = |it: &&Named| it.pcm.strip_prefix("sysdefault:CARD=").is_some_and(can);
    let card_of =
        |it: &Named| it.pcm.strip_prefix("plughw:CARD=").map(|it| it.split(',').next().unwrap_or_default().to_owned());
    let has_whole = |card: &str| all.iter().any(|it| it.pcm.strip_prefix("sysdefault:CARD=") == Some(card));
    let further = |it: &&Named| {
        // cpal gives each device a second name by the number of its card, which another start may change.
        card_of(it)
            .is_some_and(|card| card.parse::<u32>().is_err() && !(it.pcm.ends_with(",DEV=0") && has_whole(&card)))
    };
    let wholes = all.iter().filter(|it| way(it)).filter(whole);
    wholes.chain(all.iter().filter(|it| way(it)).filter(further)).collect()
}

#[cfg(all(test, target_os = "linux"))]
#[path = "list_tests.rs"]
mod tests;
