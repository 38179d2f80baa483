//! A small real floor for one test: the switch and the turrets as processes, as an operator would start them, on
//! loopback, with WAV files for microphones and ears.
//!
//! Law: nothing is faked but the air between mouth and microphone. Waiting is for an event, never for a time; a wait
//! that lasts a minute has failed and says what it last saw. Every process is ended, by its id, when its owner drops.

use crate::owned::{Owned, program};
use crate::relay::Relay;
use crate::wav;
use anyhow::{Context, Result, bail};
use dealerboard_turret::view::{Change, Intent, KeyView, Meters, NoticeView, PositionView, View};
use dealerboard_turret::view::{ChannelView, PersonView};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Longest wait for an event before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a switch that is far away is reached: a loopback address beside its own.
const FAR_AWAY: &str = "127.0.0.2";

/// The password of every user of a test floor.
const PASSWORD: &str = "correct horse battery staple";

/// A running switch on loopback, and the folder that it keeps its data in.
pub struct World {
    folder: tempfile::TempDir,
    floor: PathBuf,
    switch: Option<Owned>,
    /// Program and arguments that stand before the switch's own, such as `ip netns exec NAME`.
    wrapper: Vec<String>,
    /// More words for `serve`.
    more: Vec<&'static str>,
    /// The long way to it, if there is one.
    relay: Option<Relay>,
    /// `wss://127.0.0.1:PORT`.
    pub address: String,
    /// `sha256:…` of its certificate.
    pub pin: String,
}

impl World {
    /// Starts a switch on the floor file `tests/floors/NAME.toml`, with a password for each of its users.
    ///
    /// # Errors
    /// The switch does not start.
    pub fn start(floor: &str) -> Result<Self> {
        Self::start_at(floor, Vec::new(), "127.0.0.1:0")
    }

    /// Starts a switch as [`Self::start`] does, behind `wrapper` (a program and its arguments that run another one, such
    /// as `ip netns exec NAME`), listening on `listen`.
    ///
    /// # Errors
    /// The switch does not start.
    pub fn start_at(floor: &str, wrapper: Vec<String>, listen: &str) -> Result<Self> {
        Self::start_behind(floor, |_| wrapper, listen)
    }

    /// As [`Self::start_at`], with a wrapper that needs to know the data folder.
    ///
    /// # Errors
    /// The switch does not start.
    pub fn start_behind(floor: &str, wrapper: impl FnOnce(&Path) -> Vec<String>, listen: &str) -> Result<Self> {
        let mut world = Self::prepare(floor, wrapper)?;
        world.start_switch(listen)?;
        Ok(world)
    }

    /// Starts a switch as [`Self::start`] does, to which everything takes `delay`, and back as long: voice and control.
    ///
    /// # Errors
    /// The switch does not start.
    pub fn start_far_away(floor: &str, delay: Duration) -> Result<Self> {
        let mut world = Self::prepare(floor, |_| Vec::new())?;
        world.more = vec!["--advertise", FAR_AWAY];
        world.start_switch("127.0.0.1:0")?;
        let to: SocketAddr = world.address.trim_start_matches("wss://").trim_end_matches('/').parse()?;
        let at = SocketAddr::new(FAR_AWAY.parse()?, to.port());
        world.relay = Some(Relay::start(at, to, delay)?);
        world.address = format!("wss://{at}");
        Ok(world)
    }

    fn prepare(floor: &str, wrapper: impl FnOnce(&Path) -> Vec<String>) -> Result<Self> {
        let floor = Path::new(env!("CARGO_MANIFEST_DIR")).join("floors").join(format!("{floor}.toml"));
        let folder = tempfile::tempdir()?;
        let wrapper = wrapper(&folder.path().join("data"));
        let (more, relay, address, pin) = (Vec::new(), None, String::new(), String::new());
        let world = Self { folder, floor, switch: None, wrapper, more, relay, address, pin };
        std::fs::write(world.password_file(), PASSWORD)?;
        for user in world.users()? {
            world.set_password(&user)?;
        }
        Ok(world)
    }

    /// Where the switch keeps recordings and everything else.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file that holds every user's password.
    #[must_use]
    pub fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// A folder of this test's own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn users(&self) -> Result<Vec<String>> {
        let text = std::fs::read_to_string(&self.floor)?;
        let file: toml::Table = text.parse()?;
        let users = file.get("user").and_then(toml::Value::as_array).context("the floor file has users")?;
        Ok(users.iter().filter_map(|user| user.get("id")?.as_str().map(str::to_owned)).collect())
    }

    fn set_password(&self, user: &str) -> Result<()> {
        let status = Command::new(program("dealerboard-switch")?)
            .args(["user", "password", user, "--data"])
            .arg(self.data())
            .arg("--password-file")
            .arg(self.password_file())
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            bail!("user password {user} failed: {status}");
        }
        Ok(())
    }

    fn start_switch(&mut self, listen: &str) -> Result<()> {
        let switch = program("dealerboard-switch")?;
        let mut words: Vec<String> = self.wrapper.clone();
        words.push(switch.display().to_string());
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .args(["serve", "--listen", listen, "--floor"])
            .arg(&self.floor)
            .arg("--data")
            .arg(self.data())
            .args(&self.more)
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().context("the switch's output is piped")?;
        self.switch = Some(Owned(child));
        let mut lines = BufReader::new(said).lines();
        let (mut address, mut pin, mut all) = (None, None, String::new());
        while address.is_none() || pin.is_none() {
            let Some(line) = lines.next() else { bail!("the switch ended before it listened:\n{all}") };
            let line = line?;
            address = address.or_else(|| word_from(&line, "wss://"));
            pin = pin.or_else(|| word_from(&line, "sha256:"));
            all.push_str(&line);
            all.push('\n');
        }
        std::thread::spawn(move || lines.for_each(drop));
        self.address = address.context("an address was printed")?;
        self.pin = pin.context("a fingerprint was printed")?;
        Ok(())
    }

    /// The switch's process id.
    ///
    /// # Errors
    /// It does not run.
    pub fn switch_id(&self) -> Result<u32> {
        self.switch.as_ref().map(Owned::id).context("the switch runs")
    }

    /// Ends the switch without warning, as `kill -9` does.
    pub fn kill_switch(&mut self) {
        self.switch = None;
    }

    /// Ends the switch in good order, as an operator does: everything is sealed.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop_switch(&mut self) -> Result<()> {
        let mut switch = self.switch.take().context("the switch runs")?;
        let id = i32::try_from(switch.id()).context("a process id is small")?;
        // SAFETY: kill(2) takes two numbers; the process is a child of ours that has not been waited for.
        unsafe { libc::kill(id, libc::SIGTERM) };
        let status = switch.wait()?;
        if !status.success() {
            bail!("the switch ended with {status}");
        }
        Ok(())
    }

    /// Starts the switch again, at the address where it was.
    ///
    /// # Errors
    /// It does not start, or is far away: then its address is the relay's.
    pub fn restart_switch(&mut self) -> Result<()> {
        if self.relay.is_some() {
            bail!("a switch that is far away cannot be started again");
        }
        let listen = self.address.trim_start_matches("wss://").trim_end_matches('/').to_owned();
        self.start_switch(&listen)
    }

    /// A turret of `user`, not yet started.
    #[must_use]
    pub fn seat(&self, user: &str) -> Seat<'_> {
        Seat { world: self, user: user.to_owned(), mics: Vec::new(), wrapper: Vec::new() }
    }

    /// Runs `dealerboard-switch verify` on the data folder; gives its success and what it said.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn verify(&self) -> Result<(bool, String)> {
        let out = Command::new(program("dealerboard-switch")?).arg("verify").arg(self.data()).output()?;
        let said = [out.stdout, out.stderr].concat();
        Ok((out.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }
}

fn word_from(line: &str, start: &str) -> Option<String> {
    let at = line.find(start)?;
    line[at..].split_whitespace().next().map(|word| word.trim_end_matches([',', '.', '/']).to_owned())
}

/// A turret that is about to start.
pub struct Seat<'a> {
    world: &'a World,
    user: String,
    mics: Vec<(&'static str, PathBuf)>,
    wrapper: Vec<String>,
}

impl Seat<'_> {
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
        let mut taken = 0;
        let ears = loop {
            let ears = self.world.folder().join(format!("ears-{}-{taken}", self.user));
            if !ears.exists() {
                break ears;
            }
            taken += 1;
        };
        std::fs::create_dir_all(&ears)?;
        let mut words = self.wrapper.clone();
        words.push(program("dealerboard-turret")?.display().to_string());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command.args(["--switch", &self.world.address, "--pin", &self.world.pin, "--user", &self.user]);
        command.arg("--password-file").arg(self.world.password_file()).arg("--ears").arg(&ears).arg("--stay");
        for (position, wav) in &self.mics {
            command.arg("--mic").arg(format!("{position}={}", wav.display()));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take().context("the turret's input is piped")?;
        let stdout = child.stdout.take().context("the turret's output is piped")?;
        let seen = Arc::new(Seen::default());
        let turret = Turret { user: self.user, process: Owned(child), stdin, seen: Arc::clone(&seen), ears };
        std::thread::spawn(move || seen.follow(BufReader::new(stdout)));
        turret.until("it is logged on and voice flows", |view| {
            matches!(view.header.link, dealerboard_turret::view::LinkView::Up { voice: true, .. })
        })?;
        Ok(turret)
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
    ended: bool,
}

impl Seen {
    fn follow(&self, lines: impl BufRead) {
        for line in lines.lines() {
            let Ok(line) = line else { break };
            // Lines that are no change are the clocks of microphones and ears.
            let Ok(change) = serde_json::from_str::<Change>(&line) else { continue };
            self.state.lock().expect("no holder of this lock panics").apply(change);
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
            Change::Incoming(incoming) => view.incoming = incoming,
            Change::Notice(notice) => self.notices.push_back(notice),
            Change::Meters(meters) => self.meters = Some(meters),
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
        position: dealerboard_model::Position,
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
