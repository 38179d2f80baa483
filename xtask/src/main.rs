//! The one tool of this workspace: `cargo xtask run | test | bench | soak | shots | setup | ui | check`.
//!
//! Law: every command may be run twice; each says what it is doing and stops at the first thing that fails, with one
//! sentence. `setup` prepares the machine, `ui` the pages, `verify` judges, `step` runs a program and tells how long.

mod setup;
mod step;
mod ui;
mod verify;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use step::{cargo, open_program, root, run};

/// Builds, runs and tests Dealerboard.
#[derive(Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing, build, and open the turret on the sample floor.
    Run {
        /// Windows to open on the one embedded switch.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=6))]
        turrets: u8,
    },
    /// Install what is missing and pass every test.
    Test,
    /// Measure.
    Bench {
        #[command(subcommand)]
        bench: Bench,
    },
    /// Play random moves of a floor in virtual time, with all that always holds checked after each.
    Soak {
        /// How many.
        #[arg(long, default_value_t = 10_000_000)]
        moves: u64,
        /// The first seed; the result names the next one, with which a soak goes on.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Take pictures of the window and of the review page.
    Shots {
        /// Folder for the pictures; made when it does not exist.
        dir: PathBuf,
    },
    /// Install the system packages that building and testing need.
    Setup,
    /// Build the pages.
    Ui,
    /// Formatting, lints, and licences where cargo-deny is installed.
    Check,
}

#[derive(Subcommand)]
enum Bench {
    /// What one key press costs call control on a floor of a thousand turrets, and how soon the last of them shows it.
    Calls {
        /// File for the JSON result.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Rounds of everything that a turret can do.
        #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
        /// Turrets over real sockets, in twenties.
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(40..))]
        turrets: u32,
        /// Changes of a line that all of them show.
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
        changes: u32,
        /// One part alone: brain or sockets.
        #[arg(long)]
        only: Option<String>,
    },
    /// Mouth to ear, talk onset and the cost of forwarding.
    Voice {
        /// File for the JSON result.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Chirps of a run, one a second.
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
        chirps: u32,
        /// Runs; each figure is the median of them.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
        runs: u32,
        /// One part alone: idle, onset, talk or crowd.
        #[arg(long)]
        only: Option<String>,
        /// Talks whose beginning is measured on a line that was just used.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        talks: Option<u32>,
    },
}

/// What the bench ends with when it has measured and a limit is missed.
const MISSED: i32 = 2;

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::Run { turrets } => open(turrets),
        Task::Test => verify::test(),
        Task::Bench { bench: Bench::Calls { json, rounds, turrets, changes, only } } => {
            bench_calls(json, [("--rounds", rounds), ("--turrets", turrets), ("--changes", changes)], only)
        }
        Task::Bench { bench: Bench::Voice { json, chirps, runs, only, talks } } => {
            bench_voice(json, chirps, runs, only, talks)
        }
        Task::Soak { moves, seed } => soak(moves, seed),
        Task::Shots { dir } => shots(&dir),
        Task::Setup => setup::install(setup::Purpose::Test),
        Task::Ui => ui::build(),
        Task::Check => verify::check(),
    }
}

fn open(turrets: u8) -> Result<()> {
    setup::install(setup::Purpose::Build)?;
    ui::build()?;
    run("Build the turret", cargo().args(["build", "--package", "dealerboard"]))?;
    open_program(
        "Open the turret (close its window to end)",
        cargo().args(["run", "--quiet", "--package", "dealerboard", "--", "--turrets", &turrets.to_string()]),
    )
}

fn bench_calls(json: Option<PathBuf>, counts: [(&str, u32); 3], only: Option<String>) -> Result<()> {
    setup::install(setup::Purpose::Build)?;
    build_for_benches()?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "dealerboard-tests", "--bin", "bench-calls", "--"]);
    for (option, count) in counts {
        bench.args([option, &count.to_string()]);
    }
    if let Some(part) = only {
        bench.args(["--only", &part]);
    }
    quiet(&mut bench);
    measure("Measure calls in release mode", bench, json, "A limit of calls is missed")
}

/// A bench runs programs beside its own.
fn build_for_benches() -> Result<()> {
    let programs = ["dealerboard-switch", "dealerboard-turret", "dealerboard-tests"];
    let packages = programs.iter().flat_map(|name| ["--package", name]);
    run("Build the programs in release mode", cargo().args(["build", "--release", "--bins"]).args(packages))
}

/// What the switch tells of each log-on would hide the figures.
fn quiet(bench: &mut std::process::Command) {
    if std::env::var_os("RUST_LOG").is_none() {
        bench.env("RUST_LOG", "error");
    }
}

fn soak(moves: u64, seed: u64) -> Result<()> {
    let mut soak = cargo();
    soak.args(["run", "--release", "--package", "dealerboard-call-control", "--example", "soak", "--"]);
    soak.args(["--moves", &moves.to_string(), "--seed", &seed.to_string()]);
    measure(
        "Play random moves in release mode",
        soak,
        None,
        "Something that always holds did not, or too little was accepted",
    )
}

/// Runs a bench, which ends by itself with a code of its own when a limit is missed.
fn measure(title: &str, mut bench: std::process::Command, json: Option<PathBuf>, missed: &str) -> Result<()> {
    if let Some(file) = json {
        bench.arg("--json").arg(std::path::absolute(file)?);
    }
    let ended = step::status(title, &mut bench)?;
    if ended.code() == Some(MISSED) {
        eprintln!("{missed}; \"required\" in the result says which.");
        std::process::exit(MISSED);
    }
    step::succeeded(title, &bench, ended)
}

fn bench_voice(json: Option<PathBuf>, chirps: u32, runs: u32, only: Option<String>, talks: Option<u32>) -> Result<()> {
    setup::install(setup::Purpose::Build)?;
    build_for_benches()?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "dealerboard-tests", "--bin", "bench-voice", "--"]);
    bench.args(["--chirps", &chirps.to_string(), "--runs", &runs.to_string()]);
    quiet(&mut bench);
    if let Some(part) = only {
        bench.args(["--only", &part]);
    }
    if let Some(talks) = talks {
        bench.args(["--talks", &talks.to_string()]);
    }
    measure("Measure the voice path in release mode", bench, json, "A limit of the voice path is missed")
}

fn shots(dir: &std::path::Path) -> Result<()> {
    setup::install(setup::Purpose::Test)?;
    ui::build()?;
    // The same build as the tests': another choice of packages would build their dependencies with other features again.
    run("Build the programs", cargo().args(["build", "--workspace", "--bins"]))?;
    std::fs::create_dir_all(dir)?;
    let dir = std::path::absolute(dir)?;
    ui::install_packages(&root().join("tests/e2e"))?;
    let pictures = root().join("tests/e2e/shots.mjs");
    verify::in_private_session("Take the pictures", &pictures, &[dir.as_os_str()])
}
