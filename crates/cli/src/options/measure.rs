//! The options of commands that look at a server from outside.

use std::time::Duration;

use aside_protocol::Token;
use aside_session::RoomConfig;
use clap::{Args, ValueEnum};
use url::Url;

use super::{RoomOptions, token_in};
use crate::check::Wish;

/// What is to be checked, and how.
#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    #[command(flatten)]
    pub(crate) room: RoomOptions,
    /// The server's base URL, like https://rooms.example.org.
    #[arg(value_name = "URL", required_unless_present = "server")]
    url: Option<Url>,
    /// What the report is.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,
    /// Show what was sent and what came back for what passed, too.
    #[arg(long)]
    verbose: bool,
    /// The environment variable that holds a token of another role, to try what staff may do and the audience may not.
    #[arg(long, value_name = "VAR")]
    second_token_env: Option<String>,
    /// Seconds to wait for one thing before it counts as missing.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Seconds to hold a socket open with heartbeats alone.
    #[arg(long, value_name = "SECONDS", default_value_t = 11, value_parser = clap::value_parser!(u64).range(..=3600))]
    hold: u64,
}

/// What a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Words.
    Text,
    /// One JSON object.
    Json,
    /// XML as JUnit writes it.
    Junit,
}

impl CheckOptions {
    /// The room, the token, and what is wanted of it.
    pub(crate) fn given(&self) -> anyhow::Result<(RoomConfig, Token, Wish)> {
        let config = safe_config(&self.room, self.url.as_ref())?;
        let second = self.second_token_env.as_deref().map(token_in).transpose()?;
        let wish = Wish {
            format: if self.room.json { ReportFormat::Json } else { self.format },
            verbose: self.verbose,
            step: Duration::from_secs(self.timeout),
            hold: Duration::from_secs(self.hold),
            second,
        };
        Ok((config, self.room.token()?, wish))
    }
}

/// A room whose token may travel as its addresses say.
fn safe_config(room: &RoomOptions, url: Option<&Url>) -> anyhow::Result<RoomConfig> {
    let config = room.config_at(url.or(room.server.as_ref()))?;
    config
        .check()
        .map_err(|error| anyhow::anyhow!("{error}; --insecure allows it for this room"))?;
    Ok(config)
}
