//! The log of a program, on its error output.
//!
//! Law: no password and no token is ever in it, whatever `RUST_LOG` asks for.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// Begins the log of this process, as `RUST_LOG` says, else at `level`.
///
/// # Panics
/// Another log was begun before.
pub fn start_log(level: &str) {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
    registry().with(wanted).with(filter_fn(keeps_secrets)).with(fmt::layer().with_writer(std::io::stderr)).init();
}

/// Below `info` the WebSocket library writes whole messages, and with them passwords and tokens.
fn keeps_secrets(about: &Metadata<'_>) -> bool {
    !about.target().starts_with("tungstenite") || *about.level() <= Level::INFO
}
