//! `aside-cli`: a room without a window, for terminals, scripts and tests.
//!
//! Reading order: [`options`] (the command line), [`home`] (where things are kept), [`line`] (what is printed), [`room`] (entering
//! and leaving), then a file for each kind of command: [`read`] (tail, history) [`write`] (send, ask, answer) [`keep`] (search, export), and
//! [`check`] and [`load`], which look at a server from outside.

// It panics where nobody reads stderr: `remark` does not.
#![warn(clippy::print_stderr)]

mod check;
mod home;
mod keep;
mod line;
mod load;
mod options;
mod read;
mod room;
mod write;

use std::process::ExitCode;

use aside_protocol::EntryId;
use clap::Parser as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use line::remark;
use options::{CheckOptions, Cli, Command, LoadOptions};
use room::{Arrival, Outcome};

fn main() -> ExitCode {
    // A usage error ends here, with exit code 2 and clap's words.
    let cli = Cli::parse();
    log_to_stderr();
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return report(&error.into()),
        };
    match runtime.block_on(run(cli.command)) {
        Ok(outcome) => outcome.exit_code(),
        Err(error) => report(&error),
    }
}

async fn run(command: Command) -> anyhow::Result<Outcome> {
    if let Command::Export { out, force: false, .. } = &command
        && out.exists()
    {
        report(&anyhow::anyhow!("{} is there already; --force writes over it", out.display()));
        return Ok(Outcome::Usage);
    }
    if command.is_offline() {
        return run_offline(command).await;
    }
    match &command {
        Command::Check(options) => return run_check(options).await,
        Command::Load(options) => return run_load(options).await,
        _ => {}
    }
    let (config, token) =
        match command.room().config().and_then(|config| Ok((config, command.room().token()?))) {
            Ok(given) => given,
            Err(error) => {
                report(&error);
                return Ok(Outcome::Usage);
            }
        };
    let (json, home) = (command.room().json, command.room().home.clone());
    let room = room::enter(config.clone(), token, home.as_deref(), json).await?;
    let outcome = match command {
        Command::Tail { history, .. } => read::tail(&room, history).await,
        Command::History { limit, wait, .. } => read::history(&room, limit, wait.duration()).await,
        Command::Search { ref query, limit, ref wait, .. } => {
            match keep::everything(&room, wait.duration()).await? {
                Arrival::Online => {
                    let (store, id) = (room.store(), room.session.room());
                    keep::search(store, id, query, limit, json).await
                }
                arrival => Ok(room.explain(arrival)),
            }
        }
        Command::Export { ref out, format, unanswered, lang, ref wait, .. } => {
            match keep::everything(&room, wait.duration()).await? {
                Arrival::Online => {
                    let wish = keep::Export { out, format, unanswered, lang };
                    keep::export(room.store(), room.session.room(), &config, wish).await
                }
                arrival => Ok(room.explain(arrival)),
            }
        }
        Command::Send { text, wait, .. } => write::send(&room, &text, wait.duration()).await,
        Command::Ask { text, wait, .. } => write::ask(&room, &text, wait.duration()).await,
        Command::Answer { question, text, wait, .. } => {
            write::answer(&room, EntryId::new(question), &text, wait.duration()).await
        }
        // Done above: they need no session.
        Command::Check(_) | Command::Load(_) => Ok(Outcome::Usage),
    };
    room.leave().await;
    outcome
}

/// What looks at a server from outside.
async fn run_check(options: &CheckOptions) -> anyhow::Result<Outcome> {
    match options.given() {
        Ok((config, token, wish)) => check::check(config, token, wish).await,
        Err(error) => {
            report(&error);
            Ok(Outcome::Usage)
        }
    }
}

/// What many members make of a server.
async fn run_load(options: &LoadOptions) -> anyhow::Result<Outcome> {
    match options.given() {
        Ok((config, wish)) => load::load(config, wish).await,
        Err(error) => {
            report(&error);
            Ok(Outcome::Usage)
        }
    }
}

/// What needs no server, and no token.
async fn run_offline(command: Command) -> anyhow::Result<Outcome> {
    let config = match command.room().config() {
        Ok(config) => config,
        Err(error) => {
            report(&error);
            return Ok(Outcome::Usage);
        }
    };
    let home = command.room().home.as_deref();
    let Some((store, room)) = home::find_room(home, &keep::name(&config)).await? else {
        remark!("nothing of this room is on this computer");
        return Ok(Outcome::Failed);
    };
    let outcome = match &command {
        Command::Search { query, limit, room: options, .. } => {
            keep::search(&store, room, query, *limit, options.json).await
        }
        Command::Export { out, format, unanswered, lang, .. } => {
            let (format, unanswered, lang) = (*format, *unanswered, *lang);
            keep::export(&store, room, &config, keep::Export { out, format, unanswered, lang })
                .await
        }
        // All others need the room.
        _ => Ok(Outcome::Usage),
    };
    store.close().await;
    outcome
}

/// Says what went wrong, with its causes, on the line where people look.
fn report(error: &anyhow::Error) -> ExitCode {
    remark!("{error:#}");
    ExitCode::FAILURE
}

/// Logs go to stderr, warnings alone unless `RUST_LOG` says more; the libraries that would print the token stay quiet.
fn log_to_stderr() {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    tracing_subscriber::registry()
        .with(filter_fn(|line| aside_session::may_log(line, &[])))
        .with(EnvFilter::new(wanted))
        .with(fmt::layer().with_writer(std::io::stderr))
        .init();
}
