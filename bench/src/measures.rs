//! What is measured, in the order of docs/benchmarks.md.

mod bundle;
mod burst;
mod fanout;
mod gap;
mod kept;
mod latency;
mod quiet;
mod scroll;
mod start;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Result;

pub(crate) use burst::Health;

use crate::report::Figure;
use crate::stage::Stage;

/// How long one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// For the figures that are published.
    Whole,
    /// To see that everything works, and about where the figures are.
    Quick,
}

impl Pace {
    /// So many seconds, or a sixth.
    fn time(self, seconds: u64) -> Duration {
        match self {
            Self::Whole => Duration::from_secs(seconds),
            Self::Quick => Duration::from_secs(seconds.div_ceil(6)),
        }
    }

    /// So many times, or a fifth.
    fn times(self, count: usize) -> usize {
        match self {
            Self::Whole => count,
            Self::Quick => count.div_ceil(5),
        }
    }
}

type Run = for<'a> fn(&'a Stage, Pace) -> Pin<Box<dyn Future<Output = Result<Vec<Figure>>> + 'a>>;

pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// About how long it takes.
    pub(crate) seconds: fn(Pace) -> u32,
    pub(crate) run: Run,
}

macro_rules! measure {
    ($name:literal, $about:literal, $whole:literal, $quick:literal, $run:path) => {
        Measure {
            name: $name,
            about: $about,
            seconds: |pace| match pace {
                Pace::Whole => $whole,
                Pace::Quick => $quick,
            },
            run: |stage, pace| Box::pin($run(stage, pace)),
        }
    };
}

pub(crate) const MEASURES: &[Measure] = &[
    measure!("latency", "1: from the server to the screen", 280, 70, latency::latency),
    measure!("burst", "2, 4: 5,000 messages a second", 260, 80, burst::burst),
    measure!("overload", "3: 50,000 messages a second", 90, 40, burst::overload),
    measure!("quiet", "5, 6, 7: hidden, and how much memory", 260, 80, quiet::quiet),
    measure!("start", "8: from the start to the first row", 90, 30, start::start),
    measure!("reopen", "9: from hidden to the first row", 60, 20, start::reopen),
    measure!("scroll", "10: back through a long history", 60, 20, scroll::scroll),
    measure!("search", "11: finding in a long history", 150, 40, kept::search),
    measure!("gap", "12: a broken connection", 90, 30, gap::gap),
    measure!("ingest", "13: instructions", 1, 1, kept::ingest),
    measure!("bundle", "14: what is downloaded", 120, 120, bundle::bundle),
    measure!("fanout", "15: from one to many, on a server", 420, 60, fanout::fanout),
    measure!("durable", "16: until it is on disk", 110, 40, fanout::durable),
    measure!("growth", "what more rows cost", 90, 20, kept::growth),
];
