//! Aside beside what a person would use instead; `cargo xtask bench` builds all that this needs and starts it.
#![allow(clippy::print_stdout, reason = "a command for people: what it says goes to the terminal")]

mod app;
mod crowd;
mod hubs;
mod measures;
mod peers;
mod plot;
mod report;
mod room;
mod stage;
mod tree;

use std::future::Future;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::measures::{MEASURES, Pace};
use crate::report::{Figure, publish, table};
use crate::stage::Stage;

struct Wish {
    only: Option<String>,
    pace: Pace,
    write: bool,
}

fn main() -> Result<()> {
    let wish = wish(std::env::args().skip(1))?;
    let chosen: Vec<_> = MEASURES
        .iter()
        .filter(|measure| wish.only.as_deref().is_none_or(|only| only == measure.name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = MEASURES.iter().map(|measure| measure.name).collect();
        bail!("no such measure; there are {}", names.join(", "));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (begun, mut figures, mut failed) = (Instant::now(), Vec::<Figure>::new(), Vec::new());
    let all: u32 = chosen.iter().map(|measure| (measure.seconds)(wish.pace)).sum();
    let mut done = 0;
    let quick = if wish.pace == Pace::Quick { ", quick" } else { "" };
    let now = jiff::Timestamp::now().to_string();
    let day = now.split('T').next().unwrap_or_default().to_owned() + quick;
    for measure in &chosen {
        let seconds = (measure.seconds)(wish.pace);
        let left = (all - done).div_ceil(60);
        println!("\n=== {} ({}): about {seconds} s, {left} min left", measure.name, measure.about);
        let outcome = Stage::set().and_then(|stage| {
            let outcome = runtime.block_on(unless_stopped((measure.run)(&stage, wish.pace)));
            if outcome.is_err() {
                println!("{}", stage.evidence()?);
            }
            outcome
        });
        done += seconds;
        match outcome {
            Ok(mut found) => {
                found.iter_mut().for_each(|figure| figure.day.clone_from(&day));
                print!("{}", table(&found));
                figures.extend(found);
            }
            Err(error) => {
                println!("{}: {error:#}", measure.name);
                failed.push(measure.name);
            }
        }
    }
    println!("\n{}", table(&figures));
    println!("{} figures in {} s", figures.len(), begun.elapsed().as_secs());
    if wish.write {
        publish(&figures)?;
    }
    // A fast wrong run is no run.
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}

/// Whoever ends the run ends what it has started.
async fn unless_stopped<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = run => outcome,
        _ = tokio::signal::ctrl_c() => bail!("stopped"),
        _ = terminated.recv() => bail!("stopped"),
    }
}

fn wish(mut args: impl Iterator<Item = String>) -> Result<Wish> {
    let mut wish = Wish { only: None, pace: Pace::Whole, write: false };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => wish.only = Some(args.next().context("--only takes a name")?),
            "--quick" => wish.pace = Pace::Quick,
            "--write" => wish.write = true,
            other => bail!("bench [--only NAME] [--quick] [--write], not {other}"),
        }
    }
    Ok(wish)
}
