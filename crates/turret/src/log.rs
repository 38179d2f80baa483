//! The log of a program, on its error output.
//!
//! Law: no password and no token is ever in it, whatever `RUST_LOG` asks for. Colours are for a terminal only.

use std::io::IsTerminal;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// What is left out unless `RUST_LOG` asks for it. The one warning of `rtc_dtls::config` comes with every voice connection that
/// is well: it misses a server name, which WebRTC has none of, since the fingerprint in the switch's answer says who it is.
const NOISE: &str = "rtc_dtls::config=error";

/// Begins the log of this process, as `RUST_LOG` says, else at `level`.
///
/// # Panics
/// Another log was begun before.
pub fn start_log(level: &str) {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(format!("{level},{NOISE}")));
    let lines = fmt::layer().with_ansi(shows_colours()).with_writer(std::io::stderr);
    registry().with(wanted).with(filter_fn(keeps_secrets)).with(lines).init();
}

/// A terminal that was not asked to leave them out: see no-color.org.
fn shows_colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|asked| asked.is_empty())
}

/// Below `info` the WebSocket library writes whole messages, and with them passwords and tokens.
fn keeps_secrets(about: &Metadata<'_>) -> bool {
    !about.target().starts_with("tungstenite") || *about.level() <= Level::INFO
}
