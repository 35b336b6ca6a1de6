//! Probes one after the other: each stands for one sentence of the protocol, and ends with one verdict.

use std::collections::HashMap;
use std::pin::Pin;

use serde::Serialize;

use super::stage::Stage;

/// What became of one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// The server keeps it.
    Pass,
    /// The server breaks it.
    Fail,
    /// It says nothing about this server.
    NotApplicable,
    /// It could not be found out.
    NotTried,
}

impl Verdict {
    /// The word for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::NotApplicable => "n/a",
            Self::NotTried => "not tried",
        }
    }
}

/// Why a probe does not pass, in words for the server's author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The sentence is broken.
    Broken(String),
    /// The sentence does not concern this server or this token.
    Foreign(String),
    /// Something else is in the way.
    Stuck(String),
}

/// What came back, in words; or why that is not enough.
pub(crate) type Judged = Result<String, Flaw>;

/// Breaks the sentence.
pub(crate) fn broken<T>(why: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::Broken(why.into()))
}

/// Does not concern this server.
pub(crate) fn foreign<T>(why: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::Foreign(why.into()))
}

/// Could not be tried.
pub(crate) fn stuck<T>(why: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::Stuck(why.into()))
}

/// A probe at work.
pub(crate) type Run<'a> = Pin<Box<dyn Future<Output = Judged> + 'a>>;

/// One sentence of the protocol, and how it is tried.
pub(crate) struct Probe {
    /// Its name: the area, a dot, a word.
    pub(crate) id: &'static str,
    /// What the protocol says.
    pub(crate) sentence: &'static str,
    /// What its author does about a server that breaks it.
    pub(crate) mend: &'static str,
    /// Probes that must have passed, or this one says nothing.
    pub(crate) needs: &'static [&'static str],
    /// Tries it.
    pub(crate) run: for<'a> fn(&'a mut Stage) -> Run<'a>,
}

/// Writes a probe down: its name, what it needs, the sentence, what to do, and the function that tries it.
macro_rules! probe {
    ($id:literal, [$($need:literal),*], $sentence:literal, $mend:literal, $run:path) => {
        $crate::check::engine::Probe {
            id: $id,
            sentence: $sentence,
            mend: $mend,
            needs: &[$($need),*],
            run: |stage| Box::pin($run(stage)),
        }
    };
}
pub(crate) use probe;

/// One probe's end.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) id: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) verdict: Verdict,
    /// What was found, in words.
    pub(crate) why: String,
    /// What was sent, the token left out.
    pub(crate) sent: Vec<String>,
    /// What came back, the token left out.
    pub(crate) got: Vec<String>,
    /// What to do about it; empty for what is kept.
    #[serde(rename = "do", skip_serializing_if = "str::is_empty")]
    pub(crate) mend: &'static str,
}

impl Finding {
    /// The area, for grouping.
    pub(crate) fn area(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }
}

/// Runs all of them in order, and tells of each as it ends.
pub(crate) async fn run(
    stage: &mut Stage,
    probes: &[Probe],
    mut told: impl FnMut(&Finding),
) -> Vec<Finding> {
    let mut verdicts: HashMap<&str, Verdict> = HashMap::new();
    let mut findings = Vec::with_capacity(probes.len());
    for probe in probes {
        stage.log.begin();
        let judged = match missing(probe, &verdicts) {
            Some(flaw) => Err(flaw),
            None => {
                let limit = stage.probe_limit();
                let run = tokio::time::timeout(limit, (probe.run)(stage));
                let late = || {
                    Err(Flaw::Stuck(format!("it was not over within {} s", limit.as_secs_f32())))
                };
                run.await.unwrap_or_else(|_| late())
            }
        };
        let (verdict, why) = match judged {
            Ok(why) => (Verdict::Pass, why),
            Err(Flaw::Broken(why)) => (Verdict::Fail, why),
            Err(Flaw::Foreign(why)) => (Verdict::NotApplicable, why),
            Err(Flaw::Stuck(why)) => (Verdict::NotTried, why),
        };
        verdicts.insert(probe.id, verdict);
        let (sent, got) = stage.log.end();
        let mend = if verdict == Verdict::Fail { probe.mend } else { "" };
        let why = stage.log.shown(&why);
        let finding =
            Finding { id: probe.id, sentence: probe.sentence, verdict, why, sent, got, mend };
        told(&finding);
        findings.push(finding);
    }
    findings
}

/// What a probe needs and has not.
fn missing(probe: &Probe, verdicts: &HashMap<&str, Verdict>) -> Option<Flaw> {
    let need = probe.needs.iter().find(|need| verdicts.get(*need) != Some(&Verdict::Pass))?;
    Some(match verdicts.get(need) {
        Some(Verdict::NotApplicable) => {
            Flaw::Foreign(format!("says nothing here, as {need} does not"))
        }
        _ => Flaw::Stuck(format!("needs {need}, which did not pass")),
    })
}
