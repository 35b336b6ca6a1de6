//! The command line: one set of room options for every command, as other programs rely on it.

mod measure;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use aside_protocol::{StreamId, Token, Topic};
use aside_session::RoomConfig;
use aside_words::Language;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

pub(crate) use measure::{CheckOptions, LoadOptions, ReportFormat};

/// A room without a window.
#[derive(Debug, Parser)]
#[command(name = "aside-cli", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do in the room.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the newest history, then everything that happens, until stopped.
    Tail {
        #[command(flatten)]
        room: RoomOptions,
        /// How many of the newest entries to print first.
        #[arg(long, value_name = "N", default_value_t = 100)]
        history: u32,
    },
    /// Say something; done when the server has it.
    Send {
        #[command(flatten)]
        room: RoomOptions,
        /// What to say.
        text: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Ask a question; done when the server has it.
    Ask {
        #[command(flatten)]
        room: RoomOptions,
        /// What to ask.
        text: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Answer a question, as staff; done when the server has it.
    Answer {
        #[command(flatten)]
        room: RoomOptions,
        /// The question's id, as `tail --json` prints it.
        #[arg(long, value_name = "ID")]
        question: String,
        /// The answer.
        text: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Print what is found in the room's history, newest first.
    Search {
        #[command(flatten)]
        room: RoomOptions,
        /// Words, "phrases", from:NAME, role:staff|audience, #NUMBER, tag:TAG, is:question|answer|message|mine|answered|unanswered,
        /// has:link, older:5m, newer:2h, before:2026-11-01, after:2026-11-01; any of them with a - before it must not be there.
        #[arg(allow_hyphen_values = true)]
        query: String,
        /// How many to print at most.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
        /// Look into what is on this computer, and nowhere else.
        #[arg(long)]
        offline: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Write all questions with all their answers to a file.
    Export {
        #[command(flatten)]
        room: RoomOptions,
        /// What the file is.
        #[arg(long, value_enum)]
        format: ExportFormat,
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Only questions that nobody has answered.
        #[arg(long)]
        unanswered: bool,
        /// The language of everything that nobody said.
        #[arg(long, value_parser = languages(), default_value = Language::english().tag())]
        lang: Language,
        /// Write over a file that is there.
        #[arg(long)]
        force: bool,
        /// Write what is on this computer, without asking the server for more.
        #[arg(long)]
        offline: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Find out which sentences of the protocol a server keeps. Writes a few entries into the room.
    #[command(mut_arg("server", |server| server.required(false)))]
    Check(Box<CheckOptions>),
    /// Bring many members into a room that talk, and see whether each is told everything, once and in one order. For a room of
    /// its own: what they say stays there.
    #[command(mut_arg("server", |server| server.required(false)))]
    Load(Box<LoadOptions>),
    /// Print the room's history, oldest entry first, and stop.
    History {
        #[command(flatten)]
        room: RoomOptions,
        /// How many of the newest entries to print; the whole room without it.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        #[command(flatten)]
        wait: Wait,
    },
}

impl Command {
    /// The room options, which every command has.
    pub(crate) fn room(&self) -> &RoomOptions {
        match self {
            Self::Tail { room, .. }
            | Self::Send { room, .. }
            | Self::Ask { room, .. }
            | Self::Answer { room, .. }
            | Self::Search { room, .. }
            | Self::Export { room, .. }
            | Self::History { room, .. } => room,
            Self::Check(check) => &check.room,
            Self::Load(load) => &load.room,
        }
    }
}

/// What an export may be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Comma-separated values.
    Csv,
    /// A workbook.
    Xlsx,
    /// JSON.
    Json,
    /// A page to print.
    Html,
    /// A page with the event's figures and charts.
    Report,
}

/// By their tags; each says its own name in the help.
fn languages() -> impl TypedValueParser<Value = Language> {
    let tags = Language::all().map(|one| PossibleValue::new(one.tag()).help(one.name()));
    PossibleValuesParser::new(tags).try_map(|tag| Language::tagged(&tag).ok_or("no such language"))
}

impl Command {
    /// Whether it has what it needs on this computer.
    pub(crate) fn is_offline(&self) -> bool {
        match self {
            Self::Search { offline, .. } | Self::Export { offline, .. } => *offline,
            Self::Tail { .. }
            | Self::Send { .. }
            | Self::Ask { .. }
            | Self::Answer { .. }
            | Self::Check(_)
            | Self::Load(_)
            | Self::History { .. } => false,
        }
    }
}

/// How long a command waits for the server before it gives up.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Seconds to wait for the server before giving up.
    #[arg(long = "timeout", value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
}

impl Wait {
    /// The time to wait.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Which room, as whom.
#[derive(Debug, Args)]
pub(crate) struct RoomOptions {
    /// The server's base URL, like https://rooms.example.org.
    #[arg(long, value_name = "URL", required = true)]
    server: Option<Url>,
    /// The socket's URL; the server's with ws(s) and the path /ws without it.
    #[arg(long, value_name = "URL")]
    ws: Option<Url>,
    /// The room's topic (its number on the socket).
    #[arg(long, value_name = "T")]
    topic: String,
    /// The room's stream id (its name over HTTP).
    #[arg(long, value_name = "S")]
    stream: String,
    /// Your name.
    #[arg(long, value_name = "N", default_value = "")]
    name: String,
    /// Your user id.
    #[arg(long, value_name = "U", default_value = "")]
    user: String,
    /// The address of your picture.
    #[arg(long, value_name = "A", default_value = "")]
    avatar: String,
    /// The environment variable that holds the token.
    #[arg(long, value_name = "VAR", default_value = "ASIDE_TOKEN")]
    token_env: String,
    /// Allow an unencrypted connection to a server that is not on this computer.
    #[arg(long)]
    insecure: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Where to keep the cache and what is not sent yet.
    #[arg(long, env = "ASIDE_HOME", value_name = "DIR", hide = true)]
    pub(crate) home: Option<PathBuf>,
}

impl RoomOptions {
    /// The room these options name.
    pub(crate) fn config(&self) -> anyhow::Result<RoomConfig> {
        self.config_at(self.server.as_ref())
    }

    /// The room these options name, on a server.
    pub(crate) fn config_at(&self, server: Option<&Url>) -> anyhow::Result<RoomConfig> {
        let server = server.context("--server is missing")?;
        if server.host_str().is_none() || !matches!(server.scheme(), "http" | "https") {
            bail!("--server must be an http or https address, like https://rooms.example.org");
        }
        let socket = self.ws.clone().unwrap_or_else(|| RoomConfig::default_socket(server));
        if socket.host_str().is_none() || !matches!(socket.scheme(), "ws" | "wss") {
            bail!("--ws must be a ws or wss address, like wss://rooms.example.org/ws");
        }
        Ok(RoomConfig {
            server: server.clone(),
            socket,
            topic: Topic::new(&self.topic),
            stream: StreamId::new(&self.stream),
            user: self.user.clone(),
            display_name: self.name.clone(),
            avatar_url: self.avatar.clone(),
            allow_insecure: self.insecure,
        })
    }

    /// The token, from the environment alone: an argument would show in every process list.
    pub(crate) fn token(&self) -> anyhow::Result<Token> {
        token_in(&self.token_env)
    }
}

/// The token in an environment variable.
pub(crate) fn token_in(variable: &str) -> anyhow::Result<Token> {
    let strange = || anyhow!("the token in {variable} holds characters that no token has");
    let secret = std::env::var_os(variable)
        .with_context(|| format!("put the token into the environment variable {variable}"))?;
    // Of what is no text, an error of the standard library would show the whole.
    let token = Token::new(secret.into_string().map_err(|_| strange())?);
    if token.fits_header() { Ok(token) } else { Err(strange()) }
}
