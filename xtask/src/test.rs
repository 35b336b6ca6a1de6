//! `cargo xtask test`: the steps that CI runs, in order, each with its time; the first failure ends it.

use std::{
    env,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    audit,
    command::{self, cargo},
    corpora, counts, debian, fuzz, package, page, screens, soak, tidy, tools,
};

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<()>,
}

/// Cheap checks first, so that a slip is known within seconds; the page before Rust, since the app carries it inside.
const STEPS: &[Step] = &[
    Step { name: "fmt", about: "rustfmt", run: fmt },
    Step {
        name: "tidy",
        about: "the house rules: arrows, first lines, lengths, colours, paths, locks, what libraries are for",
        run: tidy::tidy,
    },
    Step { name: "needs", about: "Debian packages, npm packages, cargo's add-ons", run: needs },
    Step { name: "corpora", about: "public bad input, through packages", run: corpora::ensure },
    Step { name: "ui-check", about: "types of the page", run: || page::script("check") },
    Step { name: "ui-lint", about: "lint of the page", run: || page::script("lint") },
    Step { name: "ui-test", about: "tests of the page", run: || page::script("test") },
    Step { name: "ui-build", about: "the page that the app carries", run: page::build },
    Step { name: "clippy", about: "lint of the workspace", run: clippy },
    Step {
        name: "deny",
        about: "bans, licences, sources (advisories need a network: left out)",
        run: deny,
    },
    Step {
        name: "audit",
        about: "holes in npm packages, as the registry tells",
        run: audit::audit,
    },
    Step {
        name: "nextest",
        about: "tests of the workspace, but for those in a real window",
        run: nextest,
    },
    Step {
        name: "counts",
        about: "instructions a message and a search, by valgrind",
        run: counts::check,
    },
    Step { name: "simulation", about: "200 seeds of each fault class", run: soak::simulation },
    Step { name: "doctest", about: "examples in the documentation", run: doctest },
    Step { name: "fuzz", about: "each fuzz target for 80,000 runs", run: fuzz::short },
    Step { name: E2E, about: "the app in a real window", run: window },
    Step {
        name: SCREENS,
        about: "every screen, beside its picture in docs/screens",
        run: screens::check,
    },
    Step {
        name: PACKAGE,
        about: "packages: installed, started in a room, taken out again",
        run: package::check,
    },
];

const E2E: &str = "e2e";
const SCREENS: &str = "screens";
const PACKAGE: &str = "package";

enum Wish {
    All,
    /// For a machine without a display's packages; CI may not ask for it.
    WithoutWindow,
    Only(String),
}

pub(crate) fn test(args: &[String]) -> Result<()> {
    let wish = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Wish::All,
        ["--list"] => {
            for step in STEPS {
                println!("{:<10} {}", step.name, step.about);
            }
            return Ok(());
        }
        ["--skip-e2e"] if env::var_os("CI").is_some() => {
            bail!("CI runs every step: --skip-e2e is for people")
        }
        ["--skip-e2e"] => Wish::WithoutWindow,
        ["--only", name] => Wish::Only(name.to_owned()),
        _ => bail!("test takes --only STEP, --skip-e2e or --list"),
    };
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| match &wish {
            Wish::All => true,
            Wish::WithoutWindow => ![E2E, SCREENS, PACKAGE].contains(&step.name),
            Wish::Only(name) => step.name == name,
        })
        .collect();
    if chosen.is_empty() {
        bail!("no such step: `cargo xtask test --list` names them");
    }
    let mut times = Vec::new();
    let mut failure = None;
    for step in &chosen {
        println!("\n=== {} ({})", step.name, step.about);
        let start = Instant::now();
        let outcome = (step.run)();
        times.push((step.name, start.elapsed(), outcome.is_ok()));
        if let Err(error) = outcome {
            failure = Some(error.context(format!("step `{}` failed", step.name)));
            break;
        }
    }
    table(&chosen, &times);
    failure.map_or(Ok(()), Err)
}

fn table(chosen: &[&Step], times: &[(&str, Duration, bool)]) {
    println!("\n{:<10} {:>8}", "step", "seconds");
    for (name, time, passed) in times {
        println!(
            "{name:<10} {:>8.1}  {}",
            time.as_secs_f64(),
            if *passed { "passed" } else { "FAILED" }
        );
    }
    for step in chosen.iter().skip(times.len()) {
        println!("{:<10} {:>8}  not reached", step.name, "-");
    }
    let total: Duration = times.iter().map(|(_, time, _)| *time).sum();
    println!("{:<10} {:>8.1}", "in all", total.as_secs_f64());
}

fn fmt() -> Result<()> {
    command::run(cargo().args(["fmt", "--all", "--check"]))
}

/// Packages come over the network while the add-ons are built.
fn needs() -> Result<()> {
    let needed: [fn() -> Result<()>; 3] = [
        || tools::ensure(&[tools::NEXTEST, tools::DRIVER, tools::DENY]),
        || debian::ensure(true),
        || page::install().and_then(|()| page::install_example()),
    ];
    command::side_by_side(&needed, |ensure| ensure()).into_iter().collect()
}

fn clippy() -> Result<()> {
    let lint = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    command::run(cargo().args(lint))
}

fn deny() -> Result<()> {
    command::run(cargo().args([
        "deny",
        "--workspace",
        "--locked",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}

/// The default profile of `.config/nextest.toml` leaves the window's tests out. The simulation is a step of its own, with a hundred
/// times the seeds.
fn nextest() -> Result<()> {
    let run = ["nextest", "run", "--workspace", "--locked", "-E", "not binary(simulation)"];
    command::run(cargo().args(run))
}

fn doctest() -> Result<()> {
    command::run(cargo().args(["test", "--doc", "--workspace", "--locked", "--quiet"]))
}

fn window() -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the tests in a real window run on Linux only");
    }
    // The whole workspace again, though the profile chooses one package: another choice would be another build.
    let run = ["nextest", "run", "--workspace", "--locked", "--profile", "window"];
    command::run(cargo().args(run)).context("pictures of failed windows are in target/e2e")
}
