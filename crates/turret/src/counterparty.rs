//! A simulated counterparty: a turret whose user is a script.
//!
//! Law: nothing is faked beside the person: it logs on, rings, answers and speaks over the real control connection and the
//! real voice path, with a microphone that is fed instead of heard.

use crate::project::{CALLING, FAR_END_GONE, FAR_END_OPEN};
use crate::turret::{Devices, Turret, TurretConfig};
use crate::view::{Intent, KeyView, LinkView, PersonView, View};
use crate::voice::{Callbacks, monotonic_ns};
use anyhow::{Context, Result, bail};
use dealerboard_media::{RATE_HZ, samples_to_ns};
use dealerboard_model::{Lamp, LineId, Position, UserId};
use serde::Deserialize;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Samples in a period of the fed microphone.
const PERIOD: usize = 480;

/// A breath before speaking on a call that is up, and between two speeches.
const BREATH: Duration = Duration::from_millis(700);
const PAUSE: Duration = Duration::from_secs(3);

/// A call that nobody answers is given up after this long, one that is up is released after that long.
const RING_MAX: Duration = Duration::from_secs(25);
const CALL_MAX: Duration = Duration::from_secs(45);

/// A press is answered within this time, or was in vain.
const PRESS_MAX: Duration = Duration::from_secs(2);

/// How often it says that it is there: more often than the shortest `lock.idle`.
const HERE: Duration = Duration::from_secs(20);

/// What a counterparty does, as the floor file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Log-on name.
    pub user: String,
    /// Voice file that it speaks on a call.
    #[serde(default)]
    pub says: Option<String>,
    /// Lines that it answers; an MRD after its signal too, while the caller waits.
    #[serde(default)]
    pub answers: Vec<String>,
    /// After this long, milliseconds.
    #[serde(default = "soon")]
    pub answer_after_ms: u64,
    /// An ARD that it rings.
    #[serde(default)]
    pub rings: Option<Again>,
    /// A hoot that it speaks on.
    #[serde(default)]
    pub speaks_on_hoot: Option<Again>,
}

/// Something that is done again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// On which line.
    pub line: String,
    /// What is said there.
    #[serde(default)]
    pub says: Option<String>,
    /// The first time, seconds after the start.
    pub first_after_s: u64,
    /// Then every so many seconds.
    pub every_s: u64,
}

fn soon() -> u64 {
    1_500
}

/// The words of a mouth that are still to be said.
type Mouth = Arc<Mutex<VecDeque<f32>>>;

/// Plays a script until the task is dropped, or its turret has ended. `voice` gives the samples (48 kHz mono) of a voice file by its name.
///
/// # Errors
/// A voice file is missing, or the turret cannot start, or has ended by a fault.
pub async fn play(
    config: TurretConfig,
    password: String,
    script: Script,
    voice: impl Fn(&str) -> Result<Vec<f32>> + Send,
) -> Result<()> {
    let mouth = Mouth::default();
    let fed = Arc::downgrade(&mouth);
    let hook = Box::new(move |callbacks| feed(callbacks, fed));
    let turret = Turret::start(config, Devices::Hooks(hook))?;
    let user = UserId(script.user.clone());
    turret.intent(Intent::LogOn { user, password, switch: None });
    let load = |name: &Option<String>| name.as_deref().map(&voice).transpose();
    let says = load(&script.says)?.unwrap_or_default();
    let on_hoot = load(&script.speaks_on_hoot.as_ref().and_then(|again| again.says.clone()))?.unwrap_or_default();
    let now = Instant::now();
    let after = |again: &Option<Again>| again.as_ref().map(|again| now + Duration::from_secs(again.first_after_s));
    let (next_ring, next_hoot) = (after(&script.rings), after(&script.speaks_on_hoot));
    let player = Player { script, mouth, says, on_hoot, next_ring, next_hoot, call: None, talk_ends: None };
    attend(&turret, player).await;
    bail!("its turret has ended by a fault")
}

/// Calls the turret's callbacks at their pace, until the mouth is gone.
fn feed(callbacks: Callbacks, mouth: Weak<Mutex<VecDeque<f32>>>) {
    let Callbacks { mut taps, mut mixers, .. } = callbacks;
    let run = move || {
        let mut due_ns = monotonic_ns();
        let (mut block, mut unheard) = ([0.0; PERIOD], [0.0; PERIOD]);
        while let Some(mouth) = mouth.upgrade() {
            due_ns += samples_to_ns(PERIOD);
            std::thread::sleep(Duration::from_nanos(due_ns.saturating_sub(monotonic_ns())));
            {
                let mut words = mouth.lock().expect("no holder of this lock panics");
                block.iter_mut().for_each(|sample| *sample = words.pop_front().unwrap_or(0.0));
            }
            for tap in taps.values_mut() {
                tap.on_capture(&block, due_ns - samples_to_ns(PERIOD));
            }
            for mixer in mixers.values_mut() {
                mixer.on_playback(&mut unheard, due_ns);
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("counterparty".into()).spawn(run) {
        tracing::error!(%error, "a counterparty has no voice: the system gives no thread");
    }
}

/// Looks at the panel ten times a second and does what the script wants, while there is a turret.
async fn attend(turret: &Turret, mut player: Player) {
    let (mut look, mut told) = (Instant::now(), Instant::now());
    while !turret.has_ended() {
        look += Duration::from_millis(100);
        sleep_until(look).await;
        // A program does not leave its chair: its turret stays unlocked.
        if told.elapsed() > HERE {
            told = Instant::now();
            turret.intent(Intent::StillHere);
        }
        let view = turret.view();
        let now_utc_ms = utc_ms() + view.header.clock_offset_ms as i64;
        player.look(&view, Instant::now(), now_utc_ms).into_iter().for_each(|intent| turret.intent(intent));
    }
}

/// A call that this counterparty is on.
struct Call {
    line: LineId,
    since: Instant,
    speaks: Instant,
    up: bool,
}

/// Who decides: what the panel shows and the time go in, intents come out, words go to the mouth.
struct Player {
    script: Script,
    mouth: Mouth,
    says: Vec<f32>,
    on_hoot: Vec<f32>,
    next_ring: Option<Instant>,
    next_hoot: Option<Instant>,
    call: Option<Call>,
    talk_ends: Option<Instant>,
}

impl Player {
    fn look(&mut self, view: &View, now: Instant, now_utc_ms: i64) -> Vec<Intent> {
        if !matches!(view.header.link, LinkView::Up { voice: true, .. }) {
            (self.call, self.talk_ends) = (None, None);
            self.silence();
            return Vec::new();
        }
        let free = |player: &Self| player.call.is_none();
        let mut intents = Vec::new();
        if free(self) {
            intents.extend(self.answer(view, now, now_utc_ms));
        }
        if free(self) && self.talk_ends.is_none() {
            intents.extend(self.talk_back(view, now));
        }
        if free(self) {
            intents.extend(self.ring(view, now));
        }
        intents.extend(self.speak(view, now));
        intents.extend(self.speak_on_hoot(now));
        intents
    }

    fn say(&self, words: &[f32]) {
        self.mouth.lock().expect("no holder of this lock panics").extend(words);
    }

    fn silence(&self) {
        self.mouth.lock().expect("no holder of this lock panics").clear();
    }

    fn begin(&mut self, line: LineId, now: Instant) {
        self.call = Some(Call { line, since: now, speaks: now + BREATH, up: false });
    }

    fn press(&mut self, key: &KeyView, now: Instant) -> Intent {
        self.begin(key.line.clone(), now);
        let (line, call, lamp, position) = (key.line.clone(), key.call, Some(key.lamp), Some(Position::Left));
        Intent::Press { line, call, lamp, position }
    }

    /// Answers what rings, and an MRD whose signal has ended while its caller still waits.
    fn answer(&mut self, view: &View, now: Instant, now_utc_ms: i64) -> Option<Intent> {
        let after_ms = i64::try_from(self.script.answer_after_ms).unwrap_or(i64::MAX);
        let due = view.keys.iter().find(|key| {
            let rings = view.incoming.iter().find(|ring| ring.line == key.line).map(|ring| ring.since_utc_ms);
            let waits = key.signalled_utc_ms.filter(|_| key.lamp == Lamp::Idle && key.words == FAR_END_OPEN);
            let mine = self.script.answers.iter().any(|line| line == key.line.as_str());
            mine && rings.or(waits).is_some_and(|since| now_utc_ms.saturating_sub(since) >= after_ms)
        });
        due.map(|key| self.press(key, now))
    }

    /// Talks back to whoever calls by intercom.
    fn talk_back(&mut self, view: &View, now: Instant) -> Option<Intent> {
        let calls = |person: &&PersonView| matches!(person.lamp, Lamp::InUseHere | Lamp::RingingLow);
        let caller = view.people.iter().find(calls)?;
        self.begin(caller.line.clone()?, now);
        Some(Intent::TalkBack { user: caller.user.clone(), on: true, latched: true })
    }

    fn ring(&mut self, view: &View, now: Instant) -> Option<Intent> {
        let again = self.script.rings.as_ref()?;
        if self.next_ring.is_none_or(|next| now < next) {
            return None;
        }
        self.next_ring = Some(now + Duration::from_secs(again.every_s));
        let key = view.keys.iter().find(|key| key.line.as_str() == again.line && key.lamp == Lamp::Idle)?;
        Some(self.press(key, now))
    }

    /// Says the words of a call that is up, again and again, and opens a microphone that has lapsed meanwhile.
    fn speak(&mut self, view: &View, now: Instant) -> Option<Intent> {
        let call = self.call.as_mut()?;
        let on_it = view.positions.iter().find(|position| position.line.as_ref() == Some(&call.line));
        let Some(position) = on_it else {
            // The press is still on its way, or the far end has released.
            if call.up || now > call.since + PRESS_MAX {
                self.call = None;
                self.silence();
            }
            return None;
        };
        let up = position.words != CALLING;
        if up && !call.up {
            (call.up, call.since, call.speaks) = (true, now, now + BREATH);
        }
        let gone = view.keys.iter().any(|key| key.line == call.line && key.words == FAR_END_GONE);
        if gone || now > call.since + if up { CALL_MAX } else { RING_MAX } {
            self.silence();
            return Some(Intent::Release { position: position.position });
        }
        if up && position.mic_lapsed && now > call.since + BREATH {
            let caller = view.people.iter().find(|person| person.line.as_ref() == Some(&call.line));
            return Some(match caller {
                Some(caller) => Intent::TalkBack { user: caller.user.clone(), on: true, latched: true },
                None => Intent::OpenMic { position: position.position },
            });
        }
        if up && now >= call.speaks {
            call.speaks = now + length(&self.says) + PAUSE;
            self.say(&self.says);
        }
        None
    }

    fn speak_on_hoot(&mut self, now: Instant) -> Option<Intent> {
        let again = self.script.speaks_on_hoot.as_ref()?;
        let line = LineId(again.line.clone());
        if self.talk_ends.is_some_and(|end| now >= end) {
            self.talk_ends = None;
            return Some(Intent::Talk { line, on: false, latched: true });
        }
        let due = self.next_hoot.is_some_and(|next| now >= next);
        if !due || self.call.is_some() || self.talk_ends.is_some() {
            return None;
        }
        self.next_hoot = Some(now + Duration::from_secs(again.every_s));
        self.talk_ends = Some(now + length(&self.on_hoot));
        self.say(&self.on_hoot);
        Some(Intent::Talk { line, on: true, latched: true })
    }
}

fn length(words: &[f32]) -> Duration {
    Duration::from_nanos(samples_to_ns(words.len()))
}

fn utc_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Reads a voice file of 48 kHz mono from its bytes.
///
/// # Errors
/// It is no such file.
pub fn voice_from_wav(bytes: &[u8]) -> Result<Vec<f32>> {
    let mut wav = hound::WavReader::new(bytes).context("a voice file has to be a WAV file")?;
    let spec = wav.spec();
    anyhow::ensure!(spec.sample_rate == RATE_HZ && spec.channels == 1, "a voice file has to be 48000 Hz mono");
    wav.samples::<i16>().map(|sample| Ok(f32::from(sample?) / 32_768.0)).collect()
}

/// Reads the voice file `name` in `folder`.
///
/// # Errors
/// It is missing, or no such file.
pub fn voice_from_folder(folder: &Path, name: &str) -> Result<Vec<f32>> {
    let path = folder.join(name);
    let bytes = std::fs::read(&path).with_context(|| format!("the voice file {} cannot be read", path.display()))?;
    voice_from_wav(&bytes)
}

#[cfg(test)]
#[path = "counterparty_tests.rs"]
mod tests;
