//! The command line of the room server: run it, make rooms and tokens.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use aside_protocol::{Role, StreamId, Topic};
use aside_server::{Config, Limits, RoomSpec, Rooms, TokenId, TokenSpec};
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use tracing::Level;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// The Aside room server.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    serve: Serve,
}

/// Running the server, which is what happens without a subcommand.
#[derive(Debug, Args)]
struct Serve {
    /// Where to listen; port 0 picks a free one, which is printed.
    #[arg(long, default_value = "127.0.0.1:8790")]
    listen: SocketAddr,
    #[command(flatten)]
    data: Data,
    /// Keep nothing on disk; rooms and tokens are then made in code alone.
    #[arg(long, hide = true)]
    in_memory: bool,
    /// Know nothing beyond part 1 of the protocol.
    #[arg(long)]
    core_only: bool,
    /// A web origin that may connect; may be repeated.
    #[arg(long = "origin")]
    origins: Vec<String>,
    /// The topic of a room that anybody with its link may enter as a guest of the audience; may be repeated.
    #[arg(long, value_name = "TOPIC")]
    guests: Vec<String>,
    /// Do not limit rates (for tests and load).
    #[arg(long)]
    no_rate_limits: bool,
}

/// Where rooms and tokens are kept.
#[derive(Clone, Debug, Args)]
struct Data {
    /// The data directory. Default: `server` below $ASIDE_HOME, else `aside-server-data` here.
    #[arg(long = "data")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make, list and revoke tokens.
    #[command(subcommand)]
    Token(TokenTask),
    /// Make and list rooms, and set what they do with questions.
    #[command(subcommand)]
    Room(RoomTask),
}

#[derive(Debug, Subcommand)]
enum TokenTask {
    /// Make a token, and its room if there is none. The token is printed once and stored only as a hash.
    Create(Box<TokenArgs>),
    /// List tokens: name, room, role, user, end.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// End a token; its open sockets are closed within seconds.
    Revoke {
        #[command(flatten)]
        data: Data,
        /// The token's name, as `token list` prints it.
        id: String,
    },
}

#[derive(Debug, Args)]
struct RoomArgs {
    /// The room's topic (its number).
    #[arg(long = "room", alias = "topic")]
    topic: String,
    /// The room's stream id; the topic, if absent.
    #[arg(long)]
    stream: Option<String>,
}

#[derive(Debug, Args)]
struct TokenArgs {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    room: RoomArgs,
    /// audience, staff or host.
    #[arg(long, default_value = "audience", value_parser = parse_role)]
    role: Role,
    /// The id that stands in this token's entries.
    #[arg(long)]
    user: String,
    /// The name that stands there.
    #[arg(long)]
    name: String,
    /// The picture that stands there, as a URL.
    #[arg(long, default_value = "")]
    avatar: String,
    /// The organisation that staff answer for.
    #[arg(long, default_value = "")]
    org: String,
    /// That organisation's logo, as a URL.
    #[arg(long, default_value = "")]
    org_logo: String,
    /// When the token ends by itself: an RFC 3339 time.
    #[arg(long)]
    expires: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
enum RoomTask {
    /// Make a room.
    Create {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        room: RoomArgs,
    },
    /// List rooms: topic, stream id, entries, and whether they review.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Let staff approve what the audience asks before the room sees it. A running server heeds it at once.
    Review {
        #[command(flatten)]
        data: Data,
        /// The room's topic (its number).
        #[arg(long = "room", alias = "topic")]
        topic: String,
        /// on or off.
        switch: Switch,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

fn parse_role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "one of audience, staff, host".to_owned())
}

impl Data {
    fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| match std::env::var_os("ASIDE_HOME") {
            Some(home) => PathBuf::from(home).join("server"),
            None => PathBuf::from("aside-server-data"),
        })
    }

    fn rooms(&self) -> anyhow::Result<Rooms> {
        let dir = self.dir();
        Rooms::administer(&dir).with_context(|| format!("cannot use {}", dir.display()))
    }
}

impl RoomArgs {
    fn spec(self) -> RoomSpec {
        let spec = RoomSpec::new(self.topic);
        match self.stream {
            Some(stream) => RoomSpec { stream: StreamId::new(stream), ..spec },
            None => spec,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    tracing::error!("{error:#}");
    ExitCode::FAILURE
}

/// The libraries below print headers and frames at their lower levels, and with them tokens: no setting may show those.
const QUIET: [&str; 5] = ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "axum"];

fn log_to_stderr() {
    let chosen = EnvFilter::try_from_env("ASIDE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let safe = filter_fn(|line| {
        let library = line.target().split("::").next().unwrap_or_default();
        *line.level() <= Level::WARN || !QUIET.contains(&library)
    });
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(chosen.and(safe))).init();
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.task {
        None => serve(cli.serve).await,
        Some(Task::Token(task)) => token(task).await,
        Some(Task::Room(task)) => room(task).await,
    }
}

async fn serve(serve: Serve) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(serve.listen)
        .await
        .with_context(|| format!("cannot listen on {}", serve.listen))?;
    let config = Config {
        data: (!serve.in_memory).then(|| serve.data.dir()),
        core_only: serve.core_only,
        origins: serve.origins,
        guests: serve.guests.into_iter().map(Topic::new).collect(),
        limits: if serve.no_rate_limits { Limits::without_rates() } else { Limits::default() },
        ..Config::default()
    };
    let running = aside_server::start(config, listener).await?;
    // The one line on stdout: scripts wait for it, and read the port from it.
    print(&format!("listening {}", running.addr()))?;
    stop_signal().await?;
    running.stop().await;
    Ok(())
}

/// Waits for Ctrl-C, or for a service manager's request.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

async fn token(task: TokenTask) -> anyhow::Result<()> {
    match task {
        TokenTask::Create(args) => {
            let spec = TokenSpec {
                room: args.room.spec(),
                role: args.role,
                user: args.user,
                display_name: args.name,
                avatar_url: args.avatar,
                org_name: args.org,
                org_logo: args.org_logo,
                expires: args.expires,
            };
            let issued = args.data.rooms()?.create_token(spec).await?;
            tracing::info!(id = issued.id.0.as_str(), "token made; it is shown this once");
            print(issued.token.expose())
        }
        TokenTask::List { data } => {
            for token in data.rooms()?.tokens().await? {
                let end = match (token.revoked, token.expires) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) => format!("expires {at}"),
                    (None, None) => "-".to_owned(),
                };
                let (id, role) = (&token.id.0, token.role.as_str());
                print(&format!(
                    "{id}\t{}\t{role}\t{}\t{}\t{end}",
                    token.topic, token.user, token.display_name
                ))?;
            }
            Ok(())
        }
        TokenTask::Revoke { data, id } => Ok(data.rooms()?.revoke_token(&TokenId(id)).await?),
    }
}

async fn room(task: RoomTask) -> anyhow::Result<()> {
    match task {
        RoomTask::Create { data, room } => {
            let made = data.rooms()?.create_room(room.spec()).await?;
            print(&format!("{}\t{}", made.topic, made.stream))
        }
        RoomTask::List { data } => {
            for room in data.rooms()?.rooms().await? {
                let review = if room.review { "\treview" } else { "" };
                print(&format!("{}\t{}\t{}{review}", room.topic, room.stream, room.head))?;
            }
            Ok(())
        }
        RoomTask::Review { data, topic, switch } => {
            Ok(data.rooms()?.set_review(&Topic::new(topic), switch == Switch::On).await?)
        }
    }
}

fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
