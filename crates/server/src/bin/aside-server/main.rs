//! The command line of the room server: run it, and look after its rooms, tokens and users.

mod keys;
mod logging;
mod rooms;
mod serve;
mod when;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use aside_server::Rooms;
use clap::{Args, Parser, Subcommand};

/// The Aside room server.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    serve: serve::Serve,
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
    /// Make, list, change and revoke tokens.
    #[command(subcommand)]
    Token(keys::TokenTask),
    /// List users, and end what they have.
    #[command(subcommand)]
    User(keys::UserTask),
    /// Make and list rooms, and set what they do with questions.
    #[command(subcommand)]
    Room(rooms::RoomTask),
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

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::to_stderr();
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

async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.task {
        None => serve::serve(cli.serve).await,
        Some(Task::Token(task)) => keys::token(task).await,
        Some(Task::User(task)) => keys::user(task).await,
        Some(Task::Room(task)) => rooms::room(task).await,
    }
}

fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
