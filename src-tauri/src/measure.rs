//! When rows were painted, for the benchmark (`cargo xtask bench`): with `ASIDE_MEASURE=FILE`, the page says what it drew once
//! the second animation frame after it has begun, and each word is stamped here and added to the file, a line of JSON each.
//!
//! The page's own clock is a whole millisecond coarse. What is written are numbers: no text, no name.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

use crate::dto::Painted;

/// Names the file; without it nothing is measured.
const VARIABLE: &str = "ASIDE_MEASURE";

/// Where the stamps go, if somebody measures.
#[derive(Default)]
pub(crate) struct Measure(Option<Mutex<File>>);

#[derive(Serialize)]
struct Stamped<'a, T> {
    /// Nanoseconds since 1970: the one clock that is the same for whoever else takes part in a measurement.
    at: u64,
    #[serde(flatten)]
    what: &'a T,
}

impl Measure {
    /// Opens the file that the variable names.
    pub(crate) fn wanted() -> Self {
        let Some(path) = std::env::var_os(VARIABLE) else { return Self(None) };
        match File::options().create(true).append(true).open(&path) {
            Ok(file) => Self(Some(Mutex::new(file))),
            Err(error) => {
                tracing::warn!(%error, "nothing can be measured: {VARIABLE} names no file that can be written");
                Self(None)
            }
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// The page has drawn something.
    pub(crate) fn painted(&self, painted: Painted) {
        self.stamp(&painted);
    }

    /// A window is about to be shown.
    pub(crate) fn shows(&self) {
        #[derive(Serialize)]
        struct Shows {
            shows: bool,
        }
        self.stamp(&Shows { shows: true });
    }

    fn stamp(&self, what: &impl Serialize) {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let (Some(file), Ok(line)) = (&self.0, serde_json::to_string(&Stamped { at, what })) else {
            return;
        };
        let written = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
        if let Err(error) = written {
            tracing::warn!(%error, "a stamp is lost");
        }
    }
}
