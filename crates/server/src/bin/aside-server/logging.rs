//! What is logged, and what no setting may show.

use std::io::IsTerminal;

use anyhow::Context;
use tracing::Level;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::settings::{LogFormat, LogSettings};

/// The libraries below print headers, frames and messages at their lower levels, and with them tokens: no setting may show those.
const QUIET: [&str; 6] =
    ["async_nats", "axum", "hyper", "hyper_util", "tokio_tungstenite", "tungstenite"];

/// Logs to stderr, as text or as JSON, one object a line.
pub(crate) fn to_stderr(log: &LogSettings) -> anyhow::Result<()> {
    let chosen = filter(log)?;
    let safe = filter_fn(|line| {
        let library = line.target().split("::").next().unwrap_or_default();
        *line.level() <= Level::WARN || !QUIET.contains(&library)
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        Some(LogFormat::Json) => lines.json().flatten_event(true).boxed(),
        Some(LogFormat::Text) | None => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(chosen.and(safe))).init();
    Ok(())
}

/// What is logged. `ASIDE_LOG` goes before the settings.
pub(crate) fn filter(log: &LogSettings) -> anyhow::Result<EnvFilter> {
    let usual = log.filter.as_deref().unwrap_or("info");
    let usual = EnvFilter::try_new(usual).context("log.filter")?;
    Ok(EnvFilter::try_from_env("ASIDE_LOG").unwrap_or(usual))
}
