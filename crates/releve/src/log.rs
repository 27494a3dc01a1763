//! What a gateway says of itself while it serves, on standard error: a line for each thing that a person should look at. Takeovers hide
//! a supplier's failure from the products, so this and the metrics are where it is seen.
//!
//! A thread of its own writes: whoever should read standard error and does not must stop no request. Lines that find no room are lost.

use std::io::IsTerminal;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::environment::Environment;

/// The variable that says how much is logged, and the one that Rust programs share.
pub(crate) const VARIABLES: [&str; 2] = ["RELEVE_LOG", "RUST_LOG"];
const USUAL: &str = "info";
/// So many lines wait for whoever reads. Their places are made at once: the crate's own 128,000 take four megabytes.
const WAITING: usize = 4_096;

/// Starts it: lines of text, or of JSON. What is left is written when the guard is dropped.
///
/// # Errors
/// What the variable says is no filter.
pub(crate) fn start(environment: &Environment, json: bool) -> Result<WorkerGuard, ParseError> {
    let wanted = VARIABLES.into_iter().find_map(|name| environment.get(name));
    let filter = EnvFilter::try_new(wanted.unwrap_or(USUAL))?;
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(WAITING).finish(std::io::stderr());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(writer);
    // Who has a logger already, as tests in one process do, keeps it.
    let _ = if json {
        log.json().flatten_event(true).try_init()
    } else {
        let is_plain = environment.get("NO_COLOR").is_some();
        log.with_ansi(!is_plain && std::io::stderr().is_terminal()).try_init()
    };
    Ok(guard)
}
