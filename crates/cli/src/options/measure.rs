//! The options of commands that look at a server from outside.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use aside_protocol::Token;
use aside_session::RoomConfig;
use clap::{Args, ValueEnum};
use url::Url;

use super::{RoomOptions, token_in};
use crate::{check, load};

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
    pub(crate) fn given(&self) -> anyhow::Result<(RoomConfig, Token, check::Wish)> {
        let config = safe_config(&self.room, self.url.as_ref())?;
        let second = self.second_token_env.as_deref().map(token_in).transpose()?;
        let wish = check::Wish {
            format: if self.room.json { ReportFormat::Json } else { self.format },
            verbose: self.verbose,
            step: Duration::from_secs(self.timeout),
            hold: Duration::from_secs(self.hold),
            second,
        };
        Ok((config, self.room.token()?, wish))
    }
}

/// How many members do what.
#[derive(Debug, Args)]
pub(crate) struct LoadOptions {
    #[command(flatten)]
    pub(crate) room: RoomOptions,
    /// The server's base URL, like https://rooms.example.org.
    #[arg(value_name = "URL", required_unless_present = "server")]
    url: Option<Url>,
    /// How many members there are.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    members: u32,
    /// A file of lines `user token`, taken by the members in turns; without it, all have the one token.
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// Messages a second, of all members together.
    #[arg(long, value_name = "RATE", default_value_t = 10.0)]
    chat: f64,
    /// Questions a second.
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    ask: f64,
    /// Votes a second, for the questions that were asked (extension `votes`).
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    vote: f64,
    /// Seconds to talk.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=LONGEST))]
    duration: u64,
    /// Seconds until all members are in.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=LONGEST))]
    ramp: u64,
    /// What the result is.
    #[arg(long, value_enum, default_value_t = LoadFormat::Text)]
    format: LoadFormat,
}

/// What the result of a load is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LoadFormat {
    /// A table.
    Text,
    /// One JSON object.
    Json,
}

/// The most entries or votes a second: beyond it, one computer measures itself.
const FASTEST: f64 = 10_000.0;
/// The fewest, but for none: the distance of two is a time that a clock can count.
const SLOWEST: f64 = 0.001;
/// The most seconds that a load comes in or talks: a day.
const LONGEST: u64 = 24 * 60 * 60;

impl LoadOptions {
    /// The room, and what is wanted of it.
    pub(crate) fn given(&self) -> anyhow::Result<(RoomConfig, load::Wish)> {
        let config = safe_config(&self.room, self.url.as_ref())?;
        for (name, rate) in [("chat", self.chat), ("ask", self.ask), ("vote", self.vote)] {
            if rate != 0.0 && !(SLOWEST..=FASTEST).contains(&rate) {
                bail!("--{name} must be 0, or between {SLOWEST} and {FASTEST}");
            }
        }
        let seats = match &self.tokens {
            Some(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.with_context(|| format!("cannot read {}", file.display()))?;
                load::seats(&text).with_context(|| format!("in {}", file.display()))?
            }
            None => {
                let user = if config.user.is_empty() { "load" } else { &config.user };
                vec![load::Seat { user: user.to_owned(), token: self.room.token()? }]
            }
        };
        let wish = load::Wish {
            members: self.members,
            chat: self.chat,
            ask: self.ask,
            vote: self.vote,
            duration: Duration::from_secs(self.duration),
            ramp: Duration::from_secs(self.ramp),
            seats,
            json: self.room.json || self.format == LoadFormat::Json,
        };
        Ok((config, wish))
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::options::{Cli, Command};

    /// Whether a load would begin, as far as its numbers go.
    fn is_taken(args: &[&str]) -> bool {
        let room = ["aside-cli", "load", "http://127.0.0.1:9", "--topic", "1", "--stream", "s1"];
        let Ok(cli) = Cli::try_parse_from(room.iter().chain(args)) else { return false };
        let Command::Load(load) = cli.command else { return false };
        // Tests have no token.
        load.given().is_err_and(|error| error.to_string().contains("environment variable"))
    }

    #[test]
    fn no_number_is_taken_that_no_clock_can_count_to() {
        for good in ["0", "0.001", "0.5", "10000"] {
            for rate in ["--chat", "--ask", "--vote"] {
                assert!(is_taken(&[rate, good]), "{rate} {good}");
            }
        }
        for bad in ["1e-30", "0.0009", "10001", "inf", "NaN", "-1"] {
            for rate in ["--chat", "--ask", "--vote"] {
                assert!(!is_taken(&[&format!("{rate}={bad}")]), "{rate} {bad}");
            }
        }
        for time in ["--duration", "--ramp"] {
            assert!(is_taken(&[time, "86400"]), "{time}");
            for bad in ["86401", "18446744073709551615"] {
                assert!(!is_taken(&[time, bad]), "{time} {bad}");
            }
        }
    }
}
