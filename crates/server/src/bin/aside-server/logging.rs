//! What is logged, and what no setting may show.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// The libraries below print headers and frames at their lower levels, and with them tokens: no setting may show those.
const QUIET: [&str; 5] = ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "axum"];

/// Logs to stderr, by the filter in `ASIDE_LOG`; as JSON, one object a line, where `ASIDE_LOG_FORMAT` is `json`.
pub(crate) fn to_stderr() {
    let chosen = EnvFilter::try_from_env("ASIDE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let safe = filter_fn(|line| {
        let library = line.target().split("::").next().unwrap_or_default();
        *line.level() <= Level::WARN || !QUIET.contains(&library)
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match std::env::var("ASIDE_LOG_FORMAT").as_deref() {
        Ok("json") => lines.json().flatten_event(true).boxed(),
        _ => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(chosen.and(safe))).init();
}
