//! Pictures beside entries: the page knows them by a name of ours, only the shell ever fetches one.
//!
//! Those of the room's own server are shown. Others would tell a host that any stranger may name where this reader is, so
//! they are shown only to who asked for them. [`policy`] says which addresses are fetched at all, [`fetch`] brings the bytes, [`picture`] makes them a small PNG,
//! [`cache`] keeps that on disk, [`serve`] hands it out. Whatever fails, the page gets nothing and draws initials.

mod cache;
mod fetch;
mod known;
mod picture;
mod policy;
mod serve;

pub(crate) use self::serve::serve;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use self::cache::Cache;
use self::fetch::Fetch;
use self::known::Known;
use self::policy::Source;

/// Pictures fetched at the same time. The rest wait: a page asks for a screen's worth at once.
const AT_ONCE: usize = 4;

/// All pictures of all rooms.
#[derive(Clone)]
pub(crate) struct Avatars {
    inner: Arc<Inner>,
}

struct Inner {
    known: Mutex<Known>,
    cache: Cache,
    fetch: Fetch,
    turns: Semaphore,
    /// Whether a person asked for pictures of other servers than the room's own.
    elsewhere: AtomicBool,
}

impl Avatars {
    /// Pictures cached below a folder; `elsewhere`: those of other servers than the room's own, too.
    pub(crate) fn new(folder: &Path, elsewhere: bool) -> Self {
        let inner = Inner {
            known: Mutex::default(),
            cache: Cache::new(folder),
            fetch: Fetch::default(),
            turns: Semaphore::new(AT_ONCE),
            elsewhere: AtomicBool::new(elsewhere),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A person chose whether pictures of other servers are shown.
    pub(crate) fn show_elsewhere(&self, wanted: bool) {
        self.inner.elsewhere.store(wanted, Ordering::Relaxed);
    }

    /// The name under which the page may show the picture that an entry of a room on `server` points at; nothing for an
    /// address that we would not fetch.
    pub(crate) fn address(&self, server: &Url, link: &str) -> Option<String> {
        let source = Source::of(server, link).filter(|source| self.is_wanted(source))?;
        let name = self.known().learn(source);
        // Where custom schemes are no schemes of their own, Tauri maps them to hosts below localhost.
        let scheme = if cfg!(any(windows, target_os = "android")) {
            "http://avatar.localhost"
        } else {
            "avatar://localhost"
        };
        Some(format!("{scheme}/{name}"))
    }

    /// The picture under a name, as a small PNG.
    pub(crate) async fn picture(&self, name: &str) -> Option<Vec<u8>> {
        // A page may still hold a name from before a person changed their mind.
        let source = self.known().source(name, Instant::now());
        let source = source.filter(|source| self.is_wanted(source))?;
        if let Some(picture) = self.inner.cache.read(name).await {
            return Some(picture);
        }
        let _turn = self.inner.turns.acquire().await.ok()?;
        // While this one waited for its turn, another row's request may have brought it, or failed to.
        if let Some(picture) = self.inner.cache.read(name).await {
            return Some(picture);
        }
        self.known().source(name, Instant::now())?;
        match self.bring(&source).await {
            Ok(picture) => {
                self.inner.cache.write(name, &picture).await;
                Some(picture)
            }
            Err(error) => {
                tracing::debug!(%error, "no picture");
                self.known().failed(name, Instant::now());
                None
            }
        }
    }

    async fn bring(&self, source: &Source) -> Result<Vec<u8>, Missing> {
        let bytes = self.inner.fetch.get(source).await?;
        let drawn = tokio::task::spawn_blocking(move || picture::shrink(&bytes)).await;
        // A decoder that panics on a hostile picture is one more way to have no picture.
        Ok(drawn.unwrap_or(Err(picture::NotAPicture))?)
    }

    fn is_wanted(&self, source: &Source) -> bool {
        source.own_server || self.inner.elsewhere.load(Ordering::Relaxed)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why there is no picture. It says nothing of where the picture was to come from.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error(transparent)]
    Fetch(#[from] fetch::FetchError),
    #[error(transparent)]
    Picture(#[from] picture::NotAPicture),
}
