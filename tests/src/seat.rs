//! One seat of a test's floor: a whole turret in a process of its own, what it shows and what its ears have heard.
//!
//! Law: waiting is for an event, never for a time; a wait that lasts a minute has failed and says what it last saw.

use crate::owned::{Owned, program};
use crate::speech::{Voice, WORDS_S};
use crate::wav;
use crate::world::{PATIENCE, World};
use anyhow::{Context, Result, bail};
use dealerboard_model::Position;
use dealerboard_turret::view::{
    Change, ChannelView, HistoryRow, Intent, KeyView, LinkView, Meters, NoticeView, PersonView, PositionView, View,
};
use serde::Deserialize;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// From this likeness on, words count as heard.
const LIKE: f64 = 0.7;

/// A turret that is about to start.
pub struct Seat<'a> {
    world: &'a World,
    user: String,
    mics: Vec<(&'static str, PathBuf)>,
    wrapper: Vec<String>,
    options: Vec<String>,
    pinned: bool,
    log: Option<(PathBuf, Option<&'static str>)>,
}

impl<'a> Seat<'a> {
    /// A turret of `user` in `world`, not yet started.
    #[must_use]
    pub fn new(world: &'a World, user: &str) -> Self {
        let (mics, wrapper, options) = (Vec::new(), Vec::new(), Vec::new());
        Self { world, user: user.to_owned(), mics, wrapper, options, pinned: true, log: None }
    }

    /// Knows no certificate: the turret has to be told whom to trust.
    #[must_use]
    pub fn unpinned(mut self) -> Self {
        self.pinned = false;
        self
    }

    /// Gives the program these arguments too.
    #[must_use]
    pub fn with(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Logs everything, at the finest level, into `file`.
    #[must_use]
    pub fn logs_into(mut self, file: &Path) -> Self {
        self.log = Some((file.to_owned(), Some("trace")));
        self
    }

    /// Logs what it logs of itself into `file`.
    #[must_use]
    pub fn errors_into(mut self, file: &Path) -> Self {
        self.log = Some((file.to_owned(), None));
        self
    }

    /// What `position` (`left`, `right`, `hands-free`) hears from its user's mouth.
    #[must_use]
    pub fn says(mut self, position: &'static str, wav: &Path) -> Self {
        self.mics.push((position, wav.to_owned()));
        self
    }

    /// Runs the turret behind `wrapper`, as [`World::start_at`] runs the switch.
    #[must_use]
    pub fn through(mut self, wrapper: Vec<String>) -> Self {
        self.wrapper = wrapper;
        self
    }

    /// Starts the turret and waits until it is logged on and voice can flow.
    ///
    /// # Errors
    /// It does not start, or is refused.
    pub fn sit_down(self) -> Result<Turret> {
        let turret = self.start()?;
        turret.until_logged_on()?;
        Ok(turret)
    }

    /// Starts the turret, and waits for nothing.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(self) -> Result<Turret> {
        let ears = self.ears_folder()?;
        let mut words = self.wrapper.clone();
        words.push(program("dealerboard-turret")?.display().to_string());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["--switch", &self.world.address, "--user", &self.user]);
        if self.pinned {
            command.args(["--pin", &self.world.pin]);
        }
        command.arg("--password-file").arg(self.world.password_file()).arg("--ears").arg(&ears).arg("--stay");
        for (position, wav) in &self.mics {
            command.arg("--mic").arg(format!("{position}={}", wav.display()));
        }
        command.args(&self.options);
        if let Some((log, level)) = &self.log {
            command.env_remove("RUST_LOG").stderr(std::fs::File::create(log)?);
            command.envs(level.map(|level| ("RUST_LOG", level)));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take().context("the turret's input is piped")?;
        let stdout = child.stdout.take().context("the turret's output is piped")?;
        let seen = Arc::new(Seen::default());
        let turret = Turret { user: self.user, process: Owned(child), stdin, seen: Arc::clone(&seen), ears };
        std::thread::spawn(move || seen.follow(BufReader::new(stdout)));
        Ok(turret)
    }

    fn ears_folder(&self) -> Result<PathBuf> {
        let mut taken = 0;
        loop {
            let ears = self.world.folder().join(format!("ears-{}-{taken}", self.user));
            if !ears.exists() {
                std::fs::create_dir_all(&ears)?;
                return Ok(ears);
            }
            taken += 1;
        }
    }
}

/// What a turret has shown so far.
#[derive(Default)]
struct Seen {
    state: Mutex<Shown>,
    changed: Condvar,
}

#[derive(Default)]
struct Shown {
    view: Option<View>,
    meters: Option<Meters>,
    notices: VecDeque<NoticeView>,
    history: Vec<HistoryRow>,
    clocks: Vec<ClockLine>,
    ended: bool,
}

/// When the first sample of a device was taken or played, as the turret prints it.
#[derive(Clone, Debug, Deserialize)]
struct ClockLine {
    clock: String,
    position: Position,
    first_sample_monotonic_ns: u64,
}

impl Seen {
    fn follow(&self, lines: impl BufRead) {
        for line in lines.lines() {
            let Ok(line) = line else { break };
            // Lines that are no change are the clocks of microphones and ears.
            let mut state = self.state.lock().expect("no holder of this lock panics");
            match serde_json::from_str::<Change>(&line) {
                Ok(change) => state.apply(change),
                Err(_) => state.clocks.extend(serde_json::from_str::<ClockLine>(&line)),
            }
            drop(state);
            self.changed.notify_all();
        }
        self.state.lock().expect("no holder of this lock panics").ended = true;
        self.changed.notify_all();
    }
}

fn put<T>(list: &mut Vec<T>, item: T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|old| same(old, &item)) {
        Some(old) => *old = item,
        None => list.push(item),
    }
}

impl Shown {
    fn apply(&mut self, change: Change) {
        if let Change::View(view) = change {
            self.notices.extend(view.activity.iter().rev().cloned());
            self.view = Some(*view);
            return;
        }
        let Some(view) = &mut self.view else { return };
        match change {
            Change::View(_) => {}
            Change::Header(header) => view.header = header,
            Change::Pages(pages) => view.pages = pages,
            Change::Key(key) => put(&mut view.keys, key, |a, b| a.line == b.line),
            Change::KeyGone(line) => view.keys.retain(|key| key.line != line),
            Change::Position(position) => put(&mut view.positions, position, |a, b| a.position == b.position),
            Change::Channels(channels) => view.channels = channels,
            Change::Channel(channel) => put(&mut view.channels, channel, |a, b| a.line == b.line),
            Change::People(people) => view.people = people,
            Change::Person(person) => put(&mut view.people, person, |a, b| a.user == b.user),
            Change::Groups(groups) => view.groups = groups,
            Change::ChannelGroups(groups) => view.channel_groups = groups,
            Change::Incoming(incoming) => view.incoming = incoming,
            Change::Notice(notice) => self.notices.push_back(notice),
            Change::Meters(meters) => self.meters = Some(meters),
            Change::History(history) => self.history = history.rows,
            Change::HistoryEntry(row) => self.history.insert(0, row),
            Change::Devices(_) | Change::Listeners(_) => {}
        }
    }
}

/// A whole turret in a process of its own.
pub struct Turret {
    user: String,
    process: Owned,
    stdin: ChildStdin,
    seen: Arc<Seen>,
    ears: PathBuf,
}

impl Turret {
    /// Does what its user does.
    ///
    /// # Errors
    /// The process has ended.
    pub fn act(&mut self, intent: &Intent) -> Result<()> {
        let line = serde_json::to_string(intent)?;
        writeln!(self.stdin, "{line}").with_context(|| format!("{}'s turret has ended", self.user))
    }

    /// Waits until it is logged on and voice can flow.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn until_logged_on(&self) -> Result<View> {
        self.until("it is logged on and voice flows", |view| {
            matches!(view.header.link, LinkView::Up { voice: true, .. })
        })
    }

    /// When the first sample of `device` (`mic` or `ear`) of `position` was taken or played, CLOCK_MONOTONIC nanoseconds.
    ///
    /// # Errors
    /// It was not printed.
    pub fn first_sample_ns(&self, device: &str, position: Position) -> Result<u64> {
        self.wait("its clocks are printed", |shown| {
            let mut clocks = shown.clocks.iter();
            clocks.find(|it| it.clock == device && it.position == position).map(|it| it.first_sample_monotonic_ns)
        })
    }

    /// Waits until what it shows satisfies `wanted`, and gives the view.
    ///
    /// # Errors
    /// It does not come to that, or the process has ended.
    pub fn until(&self, what: &str, wanted: impl Fn(&View) -> bool) -> Result<View> {
        self.wait(what, |shown| shown.view.as_ref().filter(|view| wanted(view)).cloned())
    }

    /// Waits for a notice whose sentence contains `words`.
    ///
    /// # Errors
    /// None comes.
    pub fn until_told(&self, words: &str) -> Result<NoticeView> {
        self.wait(&format!("it is told “{words}”"), |shown| {
            shown.notices.iter().rev().find(|notice| notice.sentence.contains(words)).cloned()
        })
    }

    /// Waits until the history that was asked for has a row that satisfies `wanted`.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn until_in_history(&self, what: &str, wanted: impl Fn(&HistoryRow) -> bool) -> Result<HistoryRow> {
        let found = |shown: &Shown| shown.history.iter().find(|row| wanted(row)).cloned();
        self.wait(&format!("{what} is in the history"), found)
    }

    fn wait<T>(&self, what: &str, found: impl Fn(&Shown) -> Option<T>) -> Result<T> {
        let give_up = Instant::now() + PATIENCE;
        let mut shown = self.seen.state.lock().expect("no holder of this lock panics");
        loop {
            if let Some(value) = found(&shown) {
                return Ok(value);
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if shown.ended || left.is_zero() {
                let last = serde_json::to_string(&shown.view)?;
                bail!("{}: waited in vain until {what}; last seen: {last}; told: {:?}", self.user, shown.notices);
            }
            shown = self.seen.changed.wait_timeout(shown, left).expect("no holder of this lock panics").0;
        }
    }

    /// Waits until the key of `line` satisfies `wanted`.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn until_key(&self, line: &str, what: &str, wanted: impl Fn(&KeyView) -> bool) -> Result<KeyView> {
        let of = |view: &View| view.keys.iter().find(|key| key.line.as_str() == line).cloned();
        let view = self.until(&format!("{line} {what}"), |view| of(view).is_some_and(|key| wanted(&key)))?;
        of(&view).context("the key was just there")
    }

    /// Waits until the channel of `line` satisfies `wanted`.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn until_channel(&self, line: &str, what: &str, wanted: impl Fn(&ChannelView) -> bool) -> Result<View> {
        self.until(&format!("channel {line} {what}"), |view| {
            view.channels.iter().any(|channel| channel.line.as_str() == line && wanted(channel))
        })
    }

    /// Waits until the row of person `user` satisfies `wanted`.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn until_person(&self, user: &str, what: &str, wanted: impl Fn(&PersonView) -> bool) -> Result<View> {
        self.until(&format!("person {user} {what}"), |view| {
            view.people.iter().any(|person| person.user.as_str() == user && wanted(person))
        })
    }

    /// Waits until `position` satisfies `wanted`.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn until_position(
        &self,
        position: Position,
        what: &str,
        wanted: impl Fn(&PositionView) -> bool,
    ) -> Result<View> {
        self.until(&format!("{position:?} {what}"), |view| {
            view.positions.iter().any(|shown| shown.position == position && wanted(shown))
        })
    }

    /// Everything that `position` (`left`, `right`, `hands-free`, `speakers`) has heard so far, 48 kHz mono.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn heard(&self, position: &str) -> Result<Vec<f32>> {
        wav::read(&self.ears.join(format!("{position}.wav")))
    }

    /// Waits until `position` has heard `seconds` more than it has now, and gives those.
    ///
    /// # Errors
    /// The file stops growing.
    pub fn listen(&self, position: &str, seconds: f64) -> Result<Vec<f32>> {
        let from = self.heard(position)?.len();
        let wanted = from + (seconds * f64::from(wav::RATE_HZ)) as usize;
        let give_up = Instant::now() + PATIENCE;
        loop {
            let heard = self.heard(position)?;
            if heard.len() >= wanted {
                return Ok(heard[from..wanted].to_vec());
            }
            if Instant::now() > give_up {
                bail!("{}: the {position} ear stopped at {} samples", self.user, heard.len());
            }
            // The file is written by another process: its growth has no event on every system.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Listens at `position` until it has heard `voice`, who says the same words again and again, whole; gives what was
    /// heard last, the words in it.
    ///
    /// # Errors
    /// They are not heard in five times their length.
    pub fn until_hears(&self, position: &str, voice: Voice) -> Result<Vec<f32>> {
        let stretch = (WORDS_S * f64::from(wav::RATE_HZ)) as usize;
        let (begun, mut heard) = (self.heard(position)?.len(), Vec::new());
        for _ in 0..5 {
            self.listen(position, WORDS_S)?;
            heard = self.heard(position)?;
            // Two stretches at most, so that a comparison is short; never what was heard before.
            heard.drain(..begun.max(heard.len().saturating_sub(2 * stretch)));
            if voice.likeness(&heard) > LIKE {
                return Ok(heard);
            }
        }
        let (likeness, loudest_dbfs) = (voice.likeness(&heard), wav::loudest_dbfs(&heard));
        bail!("{}: {voice:?} was not heard at {position}: {likeness:.2}, {loudest_dbfs:.0} dBFS", self.user)
    }

    /// Process id of this turret.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends the turret without warning.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}
