//! `aside-sample`: a large cache for a person to try, and the measures that need no window, as JSON lines.
#![allow(clippy::print_stdout, reason = "a command: what it measures goes to the terminal")]

use std::path::PathBuf;

use anyhow::{Context, Result};
use aside_history::RoomName;
use aside_sample::filling::{Filling, fill_home};
use aside_sample::{Form, SEED, finding, growing, talk};
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use url::Url;

#[derive(Parser)]
#[command(about = "Realistic rooms from a seed")]
struct Command {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Fill the cache of one room below an ASIDE_HOME that no app runs on.
    Fill(Box<Fill>),
    /// Print frames, one a line, as a server sends them.
    Frames {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        rows: usize,
        /// As a server without extensions.
        #[arg(long)]
        core: bool,
    },
    /// The search over so many rows, beside a scan and a trigram table.
    Search {
        /// How many rows.
        #[arg(long, default_value_t = 1_000_000)]
        rows: usize,
    },
    /// What things cost at several sizes of the cache.
    Growth {
        /// The sizes, rising.
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
        sizes: Vec<usize>,
    },
}

#[derive(Args)]
struct Fill {
    /// How many rows.
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// The ASIDE_HOME.
    #[arg(long)]
    home: PathBuf,
    /// The server's address, as it is given to `aside join`.
    #[arg(long)]
    server: Url,
    /// The room's name on the socket.
    #[arg(long)]
    topic: String,
    /// The room's name over HTTP.
    #[arg(long)]
    stream: String,
    /// Under whose id the room is joined.
    #[arg(long)]
    user: String,
    /// Another talk.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// As heard from a server without extensions: no ids, no places.
    #[arg(long)]
    core: bool,
    /// The life of the room's history, where the server has one: with its own, the cache goes on in it.
    #[arg(long, default_value = talk::EPOCH)]
    epoch: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let form = |core| if core { Form::Core } else { Form::Numbered };
    match Command::parse().job {
        Job::Fill(wish) => {
            let Fill { rows, home, server, topic, stream, user, seed, core, epoch } = *wish;
            let filling = Filling { rows, seed, form: form(core), epoch, stream, user };
            let (stream, user) = (filling.stream.clone(), filling.user.clone());
            // Named as a session names it.
            let name = RoomName { server: server.to_string(), topic, stream, user };
            let filled =
                fill_home(&home, &name, &filling).await.context("the cache can't be filled")?;
            println!("{}", json!({ "filled": filled.rows, "seconds": filled.took.as_secs_f64() }));
        }
        Job::Frames { rows, core } => {
            for entry in talk::Talk::new(SEED).take(rows) {
                println!("{}", talk::frame(&entry, form(core)));
            }
        }
        Job::Search { rows } => {
            let dir = tempfile::tempdir()?;
            finding::measure(dir.path(), rows, |line| println!("{line}")).await?;
        }
        Job::Growth { sizes } => {
            let dir = tempfile::tempdir()?;
            growing::measure(dir.path(), &sizes, |line| println!("{line}")).await?;
        }
    }
    Ok(())
}
