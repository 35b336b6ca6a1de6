//! Pictures beside entries: the page knows them by a name of ours, only the shell ever fetches one.
//!
//! [`policy`] says which addresses are fetched at all, [`fetch`] brings the bytes, [`picture`] makes them a small PNG,
//! [`cache`] keeps that on disk, [`serve`] hands it out. Whatever fails, the page gets nothing and draws initials.

mod cache;
mod fetch;
mod known;
mod picture;
mod policy;
mod serve;

pub(crate) use self::serve::serve;

use std::path::Path;
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
}

impl Avatars {
    /// Pictures cached below a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let inner = Inner {
            known: Mutex::default(),
            cache: Cache::new(folder),
            fetch: Fetch::new(),
            turns: Semaphore::new(AT_ONCE),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The name under which the page may show the picture that an entry of a room on `server` points at; nothing for an
    /// address that we would not fetch.
    pub(crate) fn address(&self, server: &Url, link: &str) -> Option<String> {
        let source = Source::of(server, link)?;
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
        let source = self.known().source(name, Instant::now())?;
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
