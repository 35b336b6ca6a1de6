//! Where the CLI keeps its cache and its outbox: a folder for each process that runs at the same time.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use aside_history::{OpenError, Store};

/// How many commands may run beside each other in one home.
const SLOTS: u32 = 16;

/// Opens the first free slot below `home`, and so also finds again what an earlier command left in its outbox there.
pub(crate) fn open_store(home: Option<&Path>) -> anyhow::Result<Store> {
    let base = match home {
        Some(home) => home.join("cli"),
        None => default_home()?.join("cli"),
    };
    for slot in 1..=SLOTS {
        let dir = base.join(slot.to_string());
        match Store::open(&dir) {
            Ok(opened) => {
                if let Some(path) = opened.report.cache_set_aside {
                    tracing::warn!(path = %path.display(), "the cache was damaged; it is set aside and filled again");
                }
                return Ok(opened.store);
            }
            Err(OpenError::Locked) => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot use {}", dir.display()));
            }
        }
    }
    bail!("{SLOTS} commands are running in {} already; stop one of them", base.display());
}

/// The operating system's folder for data of this user.
fn default_home() -> anyhow::Result<PathBuf> {
    let dirs = directories::ProjectDirs::from("app", "Aside", "Aside")
        .context("this user has no home folder; name one in ASIDE_HOME")?;
    Ok(dirs.data_dir().to_owned())
}
