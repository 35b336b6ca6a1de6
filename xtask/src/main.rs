//! The house's own commands: `cargo xtask run` shows the app, `cargo xtask test` runs everything that CI runs.
#![allow(clippy::print_stdout, reason = "a command for people: what it says goes to the terminal")]

mod audit;
mod bench;
mod bindings;
mod capture;
mod command;
mod corpora;
mod counts;
mod debian;
mod display;
mod dist;
mod fuzz;
mod mutants;
mod package;
mod page;
mod run;
mod screens;
mod soak;
mod test;
mod tidy;
mod tools;

use std::{env, process::ExitCode};

const USAGE: &str = "\
Usage: cargo xtask <command>

  run [--release] [--for 30s] [-- ARGS]   build the app, start it (`aside --demo`, or `aside ARGS`)
  test [--only STEP] [--skip-e2e]         everything that CI runs; `test --list` names the steps
  fuzz [--seconds N] [--target NAME]      the fuzz targets, each for N seconds (60)
  soak [--seeds N] [--clients N] [--hidden-minutes N] [--nodes N] [--kills N] [--write]
                                          faults by seed, a restart, a hidden window, several servers, deaths (0 leaves a part out);
                                          --write: docs/reliability.md
  bench [--only NAME] [--quick] [--write] Aside beside what one would use instead; --write: docs/benchmarks.md
  corpora                                 fetch public bad input for the tests, below target/corpora
  counts [--write]                        instructions a message, against crates/sample/counts.json
  mutants [--only NAME]                   break a rule in a scratch copy: a named test must notice
  capture                                 docs/images/aside.gif, of the demo in a virtual display
  screens [--only NAME]                   a picture of every screen, in docs/screens
  tidy                                    the house rules alone
  dist [--only-build | --built] [--fetch-tools]
                                          packages to install, with licences and a bill of materials, below target/dist/release/packages;
                                          --only-build: nothing is packed; --built: of the release build that is there; --fetch-tools: kinds, too, whose tools
                                          Tauri downloads; --universal: macOS, both processors
  bindings                                write ui/src/bridge/dto.ts from src-tauri/src/dto.rs
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    if let Err(error) = env::set_current_dir(command::root()) {
        eprintln!("xtask: cannot enter the checkout: {error}");
        return ExitCode::FAILURE;
    }
    let outcome = match command {
        "run" => run::run(rest),
        "test" => test::test(rest),
        "tidy" => tidy::tidy(),
        "fuzz" => fuzz::fuzz(rest),
        "soak" => soak::soak(rest),
        "bench" => bench::bench(rest),
        "corpora" => corpora::ensure(),
        "counts" => counts::counts(rest),
        "mutants" => mutants::mutants(rest),
        "capture" => capture::capture(),
        "screens" => screens::screens(rest),
        "dist" => dist::dist(rest),
        "bindings" => bindings::write(),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => {
            eprintln!("xtask: no command `{other}`\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
