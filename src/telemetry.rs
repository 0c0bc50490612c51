//! What the service says while it runs, to stderr: for people or, as JSON, for programs.
//!
//! Invariant: words, content and tokens are never handed to it; the types that hold them do not show them.

use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt as _};

/// Why the service cannot speak.
#[derive(Debug, thiserror::Error)]
pub enum Mute {
    /// The level is no level.
    #[error("log.level: {0}; write such as info, or warn,pledgebook=debug")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody else in this process speaks already.
    #[error("the log was set up before: {0}")]
    Taken(#[from] tracing_subscriber::util::TryInitError),
}

/// Begins to speak, at a level such as `info` or `warn,pledgebook=debug`, for people or (`json`) for programs. Once a
/// process.
pub fn start(level: &str, json: bool) -> Result<(), Mute> {
    let filter = EnvFilter::try_new(level)?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if json {
        lines.json().with_current_span(true).with_span_list(false).finish().try_init()?;
    } else {
        let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
        lines.with_ansi(colours).finish().try_init()?;
    }
    Ok(())
}
