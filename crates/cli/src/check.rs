//! `check`: which sentences of the protocol a server keeps, found out from outside, at the level of frames and bytes.
//!
//! Reading order: [`engine`] (a probe, its verdict, running all of them), [`stage`] (the room they stand on), [`member`] and [`web`]
//! (the wire), [`log`] (what travelled), [`probes`] (a file for each area), [`report`].

mod engine;
mod log;
mod member;
mod probes;
mod report;
mod stage;
mod web;

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use aside_protocol::Token;
use aside_session::{Env, RoomConfig};

use crate::line::remark;
use crate::options::ReportFormat;
use crate::room::Outcome;
use engine::{Finding, Verdict};
use stage::Stage;

/// What is wanted of a check.
pub(crate) struct Wish {
    pub(crate) format: ReportFormat,
    /// Show what was sent and what came back for every sentence.
    pub(crate) verbose: bool,
    /// The longest wait for one thing.
    pub(crate) step: Duration,
    /// How long a socket is held open.
    pub(crate) hold: Duration,
    /// A token of another role.
    pub(crate) second: Option<Token>,
}

/// Checks the server of a room.
pub(crate) async fn check(config: RoomConfig, token: Token, wish: Wish) -> anyhow::Result<Outcome> {
    let env = Env::real()?;
    let reached = env.network.dial(&config.server).await;
    drop(reached.with_context(|| format!("nothing could be checked at {}", config.server))?);
    let probes = probes::all();
    remark!(
        "checking {} with {} probes. They write about seventy short entries into room {}, which stay there.",
        config.server,
        probes.len(),
        config.topic
    );
    let times = (wish.step, wish.hold);
    let mut stage = Stage::new(env.network, config.clone(), (token, wish.second), times, env.seed);
    let mut area = "";
    let mut printed = Ok(());
    let text = wish.format == ReportFormat::Text;
    let findings = engine::run(&mut stage, &probes, |found| {
        if text && printed.is_ok() {
            printed = print_finding(&mut area, found, wish.verbose);
        }
    })
    .await;
    printed?;
    let room = report::Room {
        server: config.server.as_str(),
        socket: config.socket.as_str(),
        topic: config.topic.as_str(),
        stream: config.stream.as_str(),
    };
    let report = match wish.format {
        ReportFormat::Text => report::summary(&findings),
        ReportFormat::Json => report::json(&room, &findings).context("the report is no JSON")?,
        ReportFormat::Junit => report::junit(&findings),
    };
    writeln!(io::stdout().lock(), "{report}")?;
    Ok(outcome(&findings))
}

fn print_finding(area: &mut &'static str, found: &Finding, verbose: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if *area != found.area() {
        *area = found.area();
        writeln!(out, "\n{area}")?;
    }
    write!(out, "{}", report::finding(found, verbose))?;
    out.flush()
}

/// Whether nothing failed. Where no socket opened, or no history, nothing was found out that would be worth a zero.
fn outcome(findings: &[Finding]) -> Outcome {
    if findings.iter().any(|found| found.verdict == Verdict::Fail) {
        return Outcome::Failed;
    }
    let opened = |id| findings.iter().any(|found| found.id == id && found.verdict == Verdict::Pass);
    if opened("socket.open") && opened("history.reply") { Outcome::Done } else { Outcome::Refused }
}
