//! The command line of the room server: run it, and look after its rooms, tokens and users.

mod keys;
mod logging;
mod rooms;
mod serve;
mod settings;
mod when;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use aside_server::Rooms;
use clap::{Args, Parser, Subcommand};

use crate::settings::{FILE_VARIABLE, LogSettings, LogUrl, NatsSettings, Settings};

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
    /// The file of settings (docs/server.md). What the environment says (`ASIDE_SERVER_LISTEN` for `listen`) goes before it.
    #[arg(long, env = FILE_VARIABLE)]
    config: Option<PathBuf>,
    /// The log that several servers share: `nats://HOST:PORT`, several with commas. Absent: this one is alone. A URL with a password
    /// in it goes into `ASIDE_SERVER_NATS_URL` or the file: a command line is read by everybody on the machine.
    #[arg(long, value_name = "URL")]
    log: Option<LogUrl>,
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
    /// Copy the database into a new file, while the server runs or not. The copy is checked.
    Backup {
        #[command(flatten)]
        data: Data,
        /// The copy.
        file: PathBuf,
    },
    /// Put a copy back, while no server runs. What was there before is kept; every room begins a new epoch, unless a log goes
    /// on with it.
    Restore {
        #[command(flatten)]
        data: Data,
        /// The copy.
        file: PathBuf,
    },
    /// Read the settings, say what is wrong with them, and end.
    Check {
        #[command(flatten)]
        data: Data,
    },
}

impl Data {
    fn settings(&self) -> anyhow::Result<Settings> {
        let flags = NatsSettings { url: self.log.clone(), ..NatsSettings::default() };
        let flags = Settings { nats: flags, ..Settings::default() };
        Ok(Settings::load(self.config.as_deref())?.under(flags))
    }

    fn dir(&self, settings: &Settings) -> PathBuf {
        let chosen = self.dir.clone().or_else(|| settings.data.clone());
        chosen.unwrap_or_else(|| match std::env::var_os("ASIDE_HOME") {
            Some(home) => PathBuf::from(home).join("server"),
            None => PathBuf::from("aside-server-data"),
        })
    }

    fn rooms(&self) -> anyhow::Result<Rooms> {
        let settings = self.settings()?;
        let dir = self.dir(&settings);
        Rooms::administer_with(&dir, settings.log_place().as_ref())
            .with_context(|| format!("cannot use {}", dir.display()))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Settings that cannot be read are an error to log, and it is logged as is usual.
    let log = cli.serve.data.settings().map(|settings| settings.log);
    if let Err(error) = logging::to_stderr(&log.unwrap_or_else(|_| LogSettings::default())) {
        let _ = writeln!(std::io::stderr(), "{error:#}");
        return ExitCode::FAILURE;
    }
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
        Some(Task::Backup { data, file }) => {
            Ok(aside_server::backup(&data.dir(&data.settings()?), &file)?)
        }
        Some(Task::Restore { data, file }) => {
            let settings = data.settings()?;
            let follows = settings.log_place().is_some();
            match aside_server::restore(&file, &data.dir(&settings), follows)? {
                Some(before) => print(&format!("before\t{}", before.display())),
                None => Ok(()),
            }
        }
        Some(Task::Check { data }) => {
            let settings = data.settings()?;
            logging::filter(&settings.log)?;
            serve::metrics_token(&settings)?;
            print("ok")
        }
    }
}

fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
