//! A small real floor for one test: the switch and the turrets as processes, as an operator would start them, on
//! loopback, with WAV files for microphones and ears.
//!
//! Law: nothing is faked but the air between mouth and microphone. Waiting is for an event, never for a time; a wait
//! that lasts a minute has failed and says what it last saw. Every process is ended, by its id, when its owner drops.

use crate::owned::{Owned, program};
use crate::relay::Relay;
pub use crate::seat::{Seat, Turret};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for an event before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Where a switch that is far away is reached: a loopback address beside its own.
const FAR_AWAY: &str = "127.0.0.2";

/// The password of every user of a test floor.
pub const PASSWORD: &str = "correct horse battery staple";

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

    /// Starts a switch on the sample floor, without its counterparties: [`crate::players::play`] brings them.
    ///
    /// # Errors
    /// The switch does not start.
    pub fn start_sample() -> Result<Self> {
        Self::start_behind("../../assets/floors/sample", |_| Vec::new(), "127.0.0.1:0")
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
        world.set_passwords()?;
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
        world.set_passwords()?;
        let to: SocketAddr = world.address.trim_start_matches("wss://").trim_end_matches('/').parse()?;
        let at = SocketAddr::new(FAR_AWAY.parse()?, to.port());
        world.relay = Some(Relay::start(at, to, delay)?);
        world.address = format!("wss://{at}");
        Ok(world)
    }

    /// Starts a switch on any floor file, which makes a password of its own for each user.
    ///
    /// # Errors
    /// The switch does not start.
    pub fn start_with_passwords_made(floor: &Path) -> Result<Self> {
        let mut world = Self::prepare("", |_| Vec::new())?;
        floor.clone_into(&mut world.floor);
        world.more = vec!["--sample"];
        world.start_switch("127.0.0.1:0")?;
        Ok(world)
    }

    /// The passwords that the switch has made, by log-on name.
    ///
    /// # Errors
    /// It has made none.
    pub fn passwords(&self) -> Result<BTreeMap<String, String>> {
        let text = std::fs::read_to_string(self.data().join("passwords.txt"))?;
        let words = text.lines().filter_map(|line| line.split_once(' '));
        Ok(words.map(|(user, password)| (user.to_owned(), password.to_owned())).collect())
    }

    fn prepare(floor: &str, wrapper: impl FnOnce(&Path) -> Vec<String>) -> Result<Self> {
        let floor = Path::new(env!("CARGO_MANIFEST_DIR")).join("floors").join(format!("{floor}.toml"));
        let folder = tempfile::tempdir()?;
        let wrapper = wrapper(&folder.path().join("data"));
        let (more, relay, address, pin) = (Vec::new(), None, String::new(), String::new());
        let world = Self { folder, floor, switch: None, wrapper, more, relay, address, pin };
        std::fs::write(world.password_file(), PASSWORD)?;
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

    /// The floor file.
    #[must_use]
    pub fn floor_file(&self) -> &Path {
        &self.floor
    }

    fn users(&self) -> Result<Vec<String>> {
        let text = std::fs::read_to_string(&self.floor)?;
        let file: toml::Table = text.parse()?;
        let users = file.get("user").and_then(toml::Value::as_array).context("the floor file has users")?;
        Ok(users.iter().filter_map(|user| user.get("id")?.as_str().map(str::to_owned)).collect())
    }

    /// Adds a trader of `desk` beside the users of the floor file, as an operator does on the switch's machine while it runs.
    ///
    /// # Errors
    /// The program refuses.
    pub fn add_user(&self, user: &str, desk: &str) -> Result<()> {
        let password_file = self.password_file().display().to_string();
        self.user(&["add", user, "--desk", desk, "--role", "trader", "--password-file", &password_file])
    }

    /// Gives an added user another name, likewise.
    ///
    /// # Errors
    /// The program refuses.
    pub fn rename_user(&self, user: &str, name: &str) -> Result<()> {
        self.user(&["change", user, "--name", name])
    }

    fn user(&self, command: &[&str]) -> Result<()> {
        let mut words = self.wrapper.clone();
        words.push(program("dealerboard-switch")?.display().to_string());
        let mut program = Command::new(&words[0]);
        let out = program.args(&words[1..]).arg("user").args(command).arg("--data").arg(self.data()).output()?;
        if !out.status.success() {
            bail!("user {command:?} failed: {}", String::from_utf8_lossy(&out.stderr));
        }
        Ok(())
    }

    fn set_passwords(&self) -> Result<()> {
        self.users()?.iter().try_for_each(|user| self.set_password(user))
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
        Seat::new(self, user)
    }

    /// Waits until `dealerboard-switch check` lists `words` among what was changed at run time.
    ///
    /// # Errors
    /// It does not come to that, or the program refuses.
    pub fn until_checked(&self, words: &str) -> Result<()> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let mut program = Command::new(program("dealerboard-switch")?);
            let out = program.arg("check").arg("--floor").arg(&self.floor).arg("--data").arg(self.data()).output()?;
            let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
            if said.contains(words) {
                return Ok(());
            }
            if !out.status.success() || Instant::now() > give_up {
                bail!("waited in vain until check says “{words}”; it said last: {said}");
            }
        }
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
