//! Both files and everything that is done with them, one thing after the other.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;

use super::readers::Shelf;
use crate::cache;
use crate::cache::indexing::{Index, index_new};
use crate::error::{CommitError, OpenError, OutboxError, StoreError};
use crate::files::database::{CACHE, OUTBOX, Trouble};
use crate::files::lock::{Held, Lock};
use crate::files::mend::{
    fold_in, in_transaction, open_outbox, replace_cache, replace_outbox, unusable,
};
use crate::files::{cache_path, make_dir, outbox_path};
use crate::ids::{RoomId, RoomName};
use crate::outbox;
use crate::store::OpenReport;

/// Whoever has it may read and write.
pub(crate) struct Desk {
    pub(super) cache: Connection,
    outbox: Connection,
    /// None: everything is in memory.
    on_disk: Option<OnDisk>,
    /// Revisions of rooms that are made now start after this.
    first_revision: i64,
    /// The rows of before are in the index.
    indexed: bool,
    pub(super) index: Index,
}

struct OnDisk {
    dir: PathBuf,
    lock: Lock,
    /// The readers' connections, which must be closed before a file is renamed.
    shelf: Arc<Shelf>,
    /// Where the last damaged cache went.
    cache_aside: PathBuf,
}

/// Errors of operations that may turn out to be damage.
pub(crate) trait Failure: From<StoreError> {
    /// What the store itself has to say.
    fn of_store(&self) -> Option<&StoreError>;
}

impl Failure for StoreError {
    fn of_store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Failure for OutboxError {
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::TooLong { .. } | Self::Full => None,
        }
    }
}

impl Failure for CommitError {
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::UnknownRow(_) | Self::NoSeq | Self::SeqOutOfRange(_) | Self::NoPlace => None,
        }
    }
}

fn is_damage(error: &impl Failure) -> bool {
    error.of_store().is_some_and(StoreError::is_damage)
}

impl Desk {
    /// Opens the files of a directory, setting aside what is damaged.
    pub(crate) fn open(dir: PathBuf, shelf: Arc<Shelf>) -> Result<(Self, OpenReport), OpenError> {
        make_dir(&dir)?;
        let Held { lock, unclean } = Lock::take(&dir)?;
        let mut report = OpenReport::default();
        let outbox = open_outbox(&dir, &mut report)?;
        let mut first_revision = 0;
        let cache = match CACHE.open(&cache_path(&dir), unclean) {
            Ok(cache) => cache,
            Err(Trouble::Damaged | Trouble::TooNew) => {
                let (cache, aside, first) = replace_cache(&dir)?;
                report.cache_set_aside = Some(aside);
                first_revision = first;
                cache
            }
            Err(Trouble::Open(error)) => return Err(error),
        };
        let on_disk = OnDisk { dir, lock, shelf, cache_aside: PathBuf::new() };
        let mut desk = Self {
            cache,
            outbox,
            on_disk: Some(on_disk),
            first_revision,
            indexed: false,
            index: Index::default(),
        };
        desk.reconcile()?;
        Ok((desk, report))
    }

    /// Everything in memory.
    pub(crate) fn in_memory() -> Result<Self, OpenError> {
        let cache = CACHE.open_in_memory().map_err(unusable)?;
        let outbox = OUTBOX.open_in_memory().map_err(unusable)?;
        Ok(Self {
            cache,
            outbox,
            on_disk: None,
            first_revision: 0,
            indexed: true,
            index: Index::default(),
        })
    }

    /// Each file learns the rooms that only the other one knows. The outbox's word on names and ids counts.
    fn reconcile(&mut self) -> Result<(), StoreError> {
        let known = outbox::rooms::all(&self.outbox)?;
        for (room, name) in cache::rooms::all(&self.cache)? {
            let same = known.contains(&(room, name.clone()));
            if !same && !outbox::rooms::add(&self.outbox, room, &name)? {
                tracing::warn!(
                    room = room.0,
                    "a cached room does not fit the outbox and is dropped"
                );
                in_transaction(&self.cache, |conn| {
                    Ok::<_, StoreError>(cache::rooms::erase(conn, room)?)
                })?;
                self.indexed = false;
            }
        }
        for (room, name) in known {
            cache::rooms::add(&self.cache, room, &name, self.first_revision)?;
        }
        self.index = Index::of(&self.cache);
        Ok(())
    }

    /// Reads the cache.
    pub(crate) fn read<T, F>(&mut self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError>,
    {
        let result = self
            .cache
            .unchecked_transaction()
            .map_err(Into::into)
            .and_then(|_moment| work(&self.cache));
        match result {
            Err(error) if error.is_cache_damage() => Err(self.rebuild_cache(error)),
            result => result,
        }
    }

    /// Does something with the cache that is no commit of rows, all of it or nothing.
    pub(crate) fn cached<T, F>(&mut self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError>,
    {
        match in_transaction(&self.cache, work) {
            Err(error) if error.is_damage() => Err(self.rebuild_cache(error)),
            result => result,
        }
    }

    /// Makes some more rows searchable, if it is worth it. False when there is nothing to do, or it can't be done now.
    pub(crate) fn index_some(&mut self) -> bool {
        if self.index.is_behind() {
            return self.index_new().is_ok();
        }
        if self.indexed {
            return false;
        }
        // Damage is left to be met by somebody who can be told that the cache was rebuilt.
        let more =
            in_transaction(&self.cache, cache::indexing::index_some).unwrap_or_else(|error| {
                tracing::warn!(%error, "the search index is not completed");
                false
            });
        self.indexed = !more;
        more
    }

    /// Makes some more of the new rows searchable.
    fn index_new(&mut self) -> Result<(), StoreError> {
        match in_transaction(&self.cache, |conn| index_new(conn, &mut self.index)) {
            Ok(came) => {
                self.index.came_to(came);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "the search index does not follow");
                self.index.failed();
                Err(error)
            }
        }
    }

    /// Makes some more rows searchable, up to this one or, at first, the newest, and says up to which if there are more of them:
    /// commits that wait come in between.
    pub(crate) fn index_until(&mut self, until: Option<i64>) -> Result<Option<i64>, StoreError> {
        let Some(until) = self.index.lacks(until) else { return Ok(None) };
        match self.index_new() {
            Ok(()) => Ok(self.index.lacks(Some(until))),
            Err(error) if error.is_cache_damage() => Err(self.rebuild_cache(error)),
            // Full, or read-only: what is in the index can be found.
            Err(_) => Ok(None),
        }
    }

    /// Does something with the outbox, all of it or nothing.
    pub(crate) fn outbox<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        E: Failure + From<rusqlite::Error>,
        F: FnOnce(&Connection) -> Result<T, E>,
    {
        let result = in_transaction(&self.outbox, work);
        match result {
            Err(error) if is_damage(&error) => {
                let damage = error.of_store().cloned().unwrap_or(StoreError::Closed);
                Err(self.rebuild_outbox(damage).into())
            }
            result => result,
        }
    }

    /// Finds or makes a room.
    pub(crate) fn room(&mut self, name: &RoomName) -> Result<RoomId, StoreError> {
        let room =
            self.outbox(|conn| Ok::<_, StoreError>(outbox::rooms::find_or_make(conn, name)?))?;
        let first = self.first_revision;
        match cache::rooms::add(&self.cache, room, name, first).map_err(StoreError::from) {
            // The rebuilt cache was given all rooms of the outbox, this one too.
            Err(error) if error.is_damage() => match self.rebuild_cache(error) {
                StoreError::CacheRebuilt { .. } => Ok(room),
                error => Err(error),
            },
            result => result.map(|()| room),
        }
    }

    /// Gives a room another name in both files. Cut short between them, it is the cached rows that are lost.
    pub(crate) fn rename(&mut self, from: &RoomName, to: &RoomName) -> Result<bool, StoreError> {
        let renamed =
            self.outbox(|conn| Ok::<_, StoreError>(outbox::rooms::rename(conn, from, to)?))?;
        let Some(room) = renamed else { return Ok(false) };
        match cache::rooms::rename(&self.cache, room, to).map_err(StoreError::from) {
            // The rebuilt cache was given all rooms of the outbox, under their names of now.
            Err(error) if error.is_damage() => match self.rebuild_cache(error) {
                StoreError::CacheRebuilt { .. } => Ok(true),
                error => Err(error),
            },
            result => result.map(|()| true),
        }
    }

    /// Erases a room from both files, and from what the files would still hold after a mere delete. From the outbox last:
    /// cut short between them, the room is there to be forgotten again.
    pub(crate) fn forget(&mut self, room: RoomId) -> Result<(), StoreError> {
        let erase = |conn: &Connection| Ok::<_, StoreError>(cache::rooms::erase(conn, room)?);
        let rebuilt = match in_transaction(&self.cache, erase) {
            Err(error) if error.is_damage() => match self.rebuild_cache(error) {
                rebuilt @ StoreError::CacheRebuilt { .. } => Some(rebuilt),
                error => return Err(error),
            },
            result => result.map(|()| None)?,
        };
        self.index = Index::of(&self.cache);
        self.indexed = false;
        self.outbox(|conn| Ok::<_, StoreError>(outbox::rooms::erase(conn, room)?))?;
        if let Some(rebuilt) = rebuilt {
            // It was given all rooms of the outbox, this one too.
            in_transaction(&self.cache, erase)?;
            return Err(rebuilt);
        }
        if let Some(on_disk) = &self.on_disk {
            let _closed = on_disk.shelf.close_all();
            fold_in(&self.cache)?;
            fold_in(&self.outbox)?;
        } else {
            // Nobody comes back to it.
            while self.index_some() {}
        }
        Ok(())
    }

    /// A reader met damage in the cache of this generation; says what it should answer.
    pub(crate) fn cache_damaged(&mut self, generation: u64, error: StoreError) -> StoreError {
        match self.has_cache(Some(generation)) {
            Ok(()) => self.rebuild_cache(error),
            Err(rebuilt) => rebuilt,
        }
    }

    /// Whether the cache is still this one; any, for none.
    pub(crate) fn has_cache(&self, generation: Option<u64>) -> Result<(), StoreError> {
        match &self.on_disk {
            Some(OnDisk { shelf, cache_aside, .. })
                if generation.is_some_and(|known| known != shelf.generation()) =>
            {
                Err(StoreError::CacheRebuilt { set_aside: cache_aside.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Sets the cache aside and starts an empty one. Returns what those should be told whose work is lost.
    pub(super) fn rebuild_cache(&mut self, damage: StoreError) -> StoreError {
        let Some(on_disk) = &mut self.on_disk else { return damage };
        tracing::error!(error = ?damage, "the cache is damaged");
        let shelf = Arc::clone(&on_disk.shelf);
        let mut closed = shelf.close_all();
        let Ok(nothing) = Connection::open_in_memory() else { return damage };
        drop(std::mem::replace(&mut self.cache, nothing));
        self.index = Index::default();
        match replace_cache(&on_disk.dir) {
            Ok((cache, set_aside, first)) => {
                on_disk.cache_aside.clone_from(&set_aside);
                self.cache = cache;
                self.first_revision = first;
                closed.next_generation();
                // The rooms are in it before anybody reads it.
                let reconciled = self.reconcile();
                drop(closed);
                match reconciled {
                    Ok(()) => StoreError::CacheRebuilt { set_aside },
                    Err(error) => error,
                }
            }
            Err(error) => {
                tracing::error!(error = ?error, "the damaged cache cannot be replaced");
                // Still damaged, so the next job tries again.
                if let Ok(cache) = CACHE.open(&cache_path(&on_disk.dir), false) {
                    self.index = Index::of(&cache);
                    self.cache = cache;
                }
                damage
            }
        }
    }

    /// Sets the outbox aside, carries over what can be read, and says so.
    fn rebuild_outbox(&mut self, damage: StoreError) -> StoreError {
        let Some(on_disk) = &self.on_disk else { return damage };
        tracing::error!(error = ?damage, "the outbox is damaged");
        let Ok(nothing) = Connection::open_in_memory() else { return damage };
        drop(std::mem::replace(&mut self.outbox, nothing));
        match replace_outbox(&on_disk.dir) {
            Ok((outbox, set_aside, salvaged)) => {
                self.outbox = outbox;
                match self.reconcile() {
                    Ok(()) => StoreError::OutboxRebuilt { set_aside, salvaged },
                    Err(error) => error,
                }
            }
            Err(error) => {
                tracing::error!(error = ?error, "the damaged outbox cannot be replaced");
                let path = outbox_path(&on_disk.dir);
                // Still damaged, so the next job tries again.
                let still = OUTBOX.open(&path, false).ok();
                if let Some(outbox) = still.or_else(|| Connection::open(&path).ok()) {
                    self.outbox = outbox;
                }
                damage
            }
        }
    }

    /// Closes everything properly.
    pub(crate) fn finish(self) {
        let Self { cache, outbox, on_disk, .. } = self;
        let Some(OnDisk { lock, shelf, .. }) = on_disk else { return };
        shelf.close_for_good();
        let folded = fold_in(&cache).and(fold_in(&outbox));
        aside_failpoint::at("store.folded-in");
        let closed = cache
            .close()
            .map_err(|(_, error)| error)
            .and(outbox.close().map_err(|(_, error)| error));
        match folded.and(closed) {
            Ok(()) => lock.release_clean(),
            Err(error) => tracing::warn!(%error, "the store could not be closed properly"),
        }
    }
}
