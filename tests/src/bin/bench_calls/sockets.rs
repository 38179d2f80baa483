//! The whole of it: a switch in a process of its own, a thousand turrets over TLS, and how long a change takes to the last.
//!
//! Law: a change is measured from the moment when its intent is handed over for sending to the moment when the last turret
//! has read it, by one clock; the next one is made only when it has arrived everywhere, or was waited for in vain.

use super::client::{Around, Counts, Told, Who, run};
use super::load::Load;
use super::many::{Many, ON_ALL, user};
use anyhow::{Context, Result, anyhow, bail, ensure};
use dealerboard_model::Position;
use dealerboard_tests::chirp::quantile;
use dealerboard_tests::process::{cpu_s, rss_mb};
use dealerboard_tests::world::World;
use dealerboard_turret::Fingerprint;
use dealerboard_wire::{Act, Answer};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

/// Turrets that log on at once: a switch has 512 people wait for their password to be looked at.
const LOG_ONS: usize = 64;

/// Turrets at one address: a switch takes 512 connections from each.
const AT_ONE_ADDRESS: usize = 250;

/// Longest time until everybody is logged on.
const LOGGED_ON_MAX: Duration = Duration::from_secs(300);

/// Changes of the line that all show come so far apart, at least.
const CHANGES_APART: Duration = Duration::from_millis(200);

/// How long a change is waited for.
const ARRIVED_MAX: Duration = Duration::from_secs(5);

/// Changes before the measurement begins.
const WARM_UP: usize = 25;

/// Descriptors beside those of connections.
const MORE_DESCRIPTORS: usize = 256;

/// A floor whose turrets are all logged on.
struct Floor {
    world: World,
    turrets: Vec<mpsc::Sender<(Uuid, Act)>>,
    told: mpsc::Receiver<Told>,
    counts: Arc<Counts>,
    load: Load,
    /// The last change of the line that all show.
    change: Change,
    over: Vec<String>,
}

/// A line that is taken, or let go.
struct Change {
    turret: usize,
    taken: bool,
    sent: Instant,
    last: Instant,
    /// Which turrets show it, and how many.
    shown: Vec<bool>,
    showing: usize,
}

/// What a stretch of time has cost.
struct Cost {
    at: Instant,
    switch_s: [f64; 2],
    bench_s: [f64; 2],
    frames: u64,
    bytes: u64,
}

/// Measures `changes` changes on a floor of `turrets`.
pub fn measure(turrets: usize, changes: usize) -> Result<Value> {
    dealerboard_switch::raise_descriptors();
    let many = Many { turrets };
    enough_descriptors(turrets)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("many.toml");
    std::fs::write(&file, many.file())?;
    let begun = Instant::now();
    let world = World::start_with_passwords_made(&file)?;
    let started_s = begun.elapsed().as_secs_f64();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(async {
        let begun = Instant::now();
        let (mut floor, snapshot_bytes) = log_on(world, many).await?;
        let logged_on_s = begun.elapsed().as_secs_f64();
        let mut result = floor.measure(changes).await?;
        result["turrets"] = json!(turrets);
        result["lines"] = json!(many.lines() + 2);
        result["turrets_on_each_line"] = json!(many.a_desk());
        result["started_s"] = json!(started_s);
        result["logged_on_s"] = json!(logged_on_s);
        result["snapshot_bytes"] = json!(snapshot_bytes);
        Ok(result)
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

/// A switch lends connections half of its descriptors.
fn enough_descriptors(turrets: usize) -> Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit(2) writes into a structure that lives here.
    let told = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0;
    let wanted = 2 * turrets + MORE_DESCRIPTORS;
    let enough = told && usize::try_from(limit.rlim_cur).is_ok_and(|may| may >= wanted);
    ensure!(enough, "{turrets} turrets need {wanted} open files and fewer are allowed here; raise it with ulimit -Hn");
    Ok(())
}

/// Logs everybody on; gives the size of the longest first picture too.
async fn log_on(world: World, many: Many) -> Result<(Floor, usize)> {
    let pin: Fingerprint = world.pin.parse().map_err(|wrong: String| anyhow!(wrong))?;
    let passwords = world.passwords()?;
    let (tell, mut told) = mpsc::channel(4 * many.turrets);
    let counts = Arc::new(Counts::default());
    let around = Around {
        switch: world.address.trim_start_matches("wss://").parse()?,
        tls: Arc::new(pin.client_config()?),
        log_on: Arc::new(Semaphore::new(LOG_ONS)),
        counts: Arc::clone(&counts),
        told: tell,
    };
    let mut turrets = Vec::new();
    for turret in 0..many.turrets {
        let user = user(turret);
        let password = passwords.get(user.as_str()).context("everybody has a password")?.clone();
        let host = u8::try_from(1 + turret / AT_ONE_ADDRESS).context("loopback has no more addresses")?;
        let from = SocketAddr::from((Ipv4Addr::new(127, 0, 1, host), 0));
        let (act, acts) = mpsc::channel(16);
        tokio::spawn(run(Who { turret, user, password, from }, around.clone(), acts));
        turrets.push(act);
    }
    let (mut there, mut longest) = (0, 0);
    let all_there = async {
        while there < many.turrets {
            match told.recv().await.context("no turret is left")? {
                Told::There { bytes } => (there, longest) = (there + 1, bytes.max(longest)),
                Told::Over { turret, why } => bail!("turret {turret} was not logged on: {why}"),
                Told::Shows { .. } | Told::Answered { .. } => {}
            }
        }
        Ok(())
    };
    let waited = timeout(LOGGED_ON_MAX, all_there).await;
    waited.with_context(|| format!("{there} of {} turrets were logged on in time", many.turrets))??;
    let now = Instant::now();
    let nothing = Change {
        turret: 0,
        taken: false,
        sent: now,
        last: now,
        shown: vec![true; many.turrets],
        showing: many.turrets,
    };
    let floor = Floor { world, turrets, told, counts, load: Load::new(many), change: nothing, over: Vec::new() };
    Ok((floor, longest))
}

impl Floor {
    /// Makes changes while the floor does its ordinary work.
    async fn measure(&mut self, changes: usize) -> Result<Value> {
        let mut every = interval(Duration::from_secs(1) / u32::try_from(self.load.a_second())?);
        // Late ones are made up for: the load is steady.
        every.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut next = interval(CHANGES_APART);
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut made, mut not_arrived, mut arrived_ms) = (0, 0, Vec::new());
        let mut before = self.cost()?;
        while made <= WARM_UP + changes {
            tokio::select! {
                biased;
                told = self.told.recv() => self.take(told.context("no turret is left")?),
                _ = every.tick() => {
                    if let Some((turret, id, act)) = self.load.next() {
                        self.send(turret, id, act);
                    }
                }
                _ = next.tick(), if self.has_arrived() || self.change.sent.elapsed() > ARRIVED_MAX => {
                    if made > WARM_UP {
                        not_arrived += usize::from(!self.has_arrived());
                        arrived_ms.push((self.change.last - self.change.sent).as_secs_f64() * 1e3);
                    }
                    made += 1;
                    if made == WARM_UP + 1 {
                        self.load.measure();
                        before = self.cost()?;
                    }
                    if made <= WARM_UP + changes {
                        self.make_change();
                    }
                }
            }
        }
        let mut result = self.in_words(&before)?;
        result["changes"] = json!(arrived_ms.len());
        result["changes_not_arrived"] = json!(not_arrived);
        result["change_ms"] = quantiles(&arrived_ms);
        Ok(result)
    }

    fn has_arrived(&self) -> bool {
        self.change.showing == self.turrets.len()
    }

    /// Somebody takes the line that all show, or lets it go again.
    fn make_change(&mut self) {
        let taken = !self.change.taken;
        let turret = if taken { self.load.somebody_else() } else { self.change.turret };
        let (id, now) = (Uuid::from_u128(fastrand::u128(..)), Instant::now());
        let shown = vec![false; self.turrets.len()];
        self.change = Change { turret, taken, sent: now, last: now, shown, showing: 0 };
        let line = ON_ALL.into();
        let seize = |line| Act::Seize { line, position: Position::Left, private: false };
        self.send(turret, id, if taken { seize(line) } else { Act::Release { line } });
    }

    fn send(&mut self, turret: usize, id: Uuid, act: Act) {
        if self.turrets[turret].try_send((id, act)).is_err() {
            self.over.push(format!("turret {turret} takes nothing to send any more"));
        }
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Shows { turret, taken, at } if taken == self.change.taken && !self.change.shown[turret] => {
                self.change.shown[turret] = true;
                self.change.showing += 1;
                self.change.last = self.change.last.max(at);
            }
            Told::Answered { id, answer, at } => {
                if !self.load.answered(id, answer.clone(), at)
                    && let Answer::Refused(refusal) = answer
                {
                    self.load.refused.push(refusal.sentence);
                }
            }
            Told::Over { turret, why } => self.over.push(format!("turret {turret}: {why}")),
            Told::Shows { .. } | Told::There { .. } => {}
        }
    }

    fn cost(&self) -> Result<Cost> {
        Ok(Cost {
            at: Instant::now(),
            switch_s: cpu_s(self.world.switch_id()?)?,
            bench_s: cpu_s(std::process::id())?,
            frames: self.counts.frames.load(Ordering::Relaxed),
            bytes: self.counts.bytes.load(Ordering::Relaxed),
        })
    }

    /// What it has cost since `before`.
    fn in_words(&self, before: &Cost) -> Result<Value> {
        let now = self.cost()?;
        let took_s = (now.at - before.at).as_secs_f64();
        let share = |now: [f64; 2], before: [f64; 2]| {
            let [user, system] = [0, 1].map(|part| (now[part] - before[part]) / took_s * 100.0);
            json!({ "user": user, "system": system, "both": user + system })
        };
        let to_one = |now: u64, before: u64| (now - before) as f64 / took_s / self.turrets.len() as f64;
        let [rss, peak_rss] = rss_mb(self.world.switch_id()?)?;
        Ok(json!({
            "took_s": took_s,
            "intents_a_second": self.load.answered_ms.len() as f64 / took_s,
            "intents_late": self.load.late,
            "answered_ms": quantiles(&self.load.answered_ms),
            "refused": self.load.refused.len(),
            "refusals": self.load.refused.iter().take(5).collect::<Vec<_>>(),
            "turned_away": self.over.len(),
            "turned_away_why": self.over.iter().take(5).collect::<Vec<_>>(),
            "cpu_percent_of_a_core": { "switch": share(now.switch_s, before.switch_s), "turrets": share(now.bench_s, before.bench_s) },
            "switch_rss_mb": rss,
            "switch_peak_rss_mb": peak_rss,
            "to_each_turret_a_second": { "frames": to_one(now.frames, before.frames), "bytes": to_one(now.bytes, before.bytes) },
        }))
    }
}

fn quantiles(ms: &[f64]) -> Value {
    json!({ "p50": quantile(ms, 0.5), "p99": quantile(ms, 0.99), "max": quantile(ms, 1.0) })
}
