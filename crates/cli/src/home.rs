//! Where the CLI keeps its cache and its outbox: a folder for each process that runs at the same time.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use aside_history::{OpenError, RoomId, RoomName, Store};

/// How many commands may run beside each other in one home.
const SLOTS: u32 = 16;

/// Opens the first free slot below `home`, and so also finds again what an earlier command left in its outbox there.
pub(crate) fn open_store(home: Option<&Path>) -> anyhow::Result<Store> {
    let base = base(home)?;
    for slot in 1..=SLOTS {
        if let Some(store) = open_slot(&slot_dir(&base, slot))? {
            return Ok(store);
        }
    }
    bail!("{SLOTS} commands are running in {} already; stop one of them", base.display());
}

/// Opens the first slot below `home` whose cache has the room. What a command that is running has of it can't be looked at:
/// to do without could be to say less than there is.
pub(crate) async fn find_room(
    home: Option<&Path>,
    name: &RoomName,
) -> anyhow::Result<Option<(Store, RoomId)>> {
    let base = base(home)?;
    let mut found = None;
    for dir in (1..=SLOTS).map(|slot| slot_dir(&base, slot)).filter(|dir| dir.is_dir()) {
        let Some(store) = open_slot(&dir)? else {
            bail!(
                "another command is running in {}; stop it first, or leave --offline out",
                dir.display()
            );
        };
        let room = store.room(name).await?;
        let state = store.room_state(room).await?;
        // Who asked for a room that nobody was in has made it, too.
        let was_in = state.position.is_some() || state.newest.is_some();
        if found.is_none() && was_in {
            found = Some((store, room));
        } else {
            store.close().await;
        }
    }
    Ok(found)
}

fn slot_dir(base: &Path, slot: u32) -> PathBuf {
    base.join(slot.to_string())
}

/// None: another command has it.
fn open_slot(dir: &Path) -> anyhow::Result<Option<Store>> {
    match Store::open(dir) {
        Ok(opened) => {
            if let Some(path) = opened.report.cache_set_aside {
                tracing::warn!(path = %path.display(), "the cache was damaged; it is set aside and filled again");
            }
            if let Some(path) = opened.report.outbox_set_aside {
                tracing::warn!(path = %path.display(), "the outbox was damaged; it is set aside, and what could be read of it is kept");
            }
            Ok(Some(opened.store))
        }
        Err(OpenError::Locked) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot use {}", dir.display())),
    }
}

/// The folder of all slots.
fn base(home: Option<&Path>) -> anyhow::Result<PathBuf> {
    Ok(match home {
        Some(home) => home.join("cli"),
        None => default_home()?.join("cli"),
    })
}

/// The operating system's folder for data of this user.
fn default_home() -> anyhow::Result<PathBuf> {
    let dirs = directories::ProjectDirs::from("app", "Aside", "Aside")
        .context("this user has no home folder; name one in ASIDE_HOME")?;
    Ok(dirs.data_dir().to_owned())
}
