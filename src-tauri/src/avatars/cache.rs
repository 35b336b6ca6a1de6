//! Pictures on disk: small PNGs of our own making under names of our own making, never more than a limit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// Some three thousand faces.
const LIMIT_BYTES: u64 = 32 * 1024 * 1024;

/// The folder is measured at the first write and after every so many.
const MEASURED_EVERY: u32 = 64;

/// People change their picture; a week later everybody sees it.
const FRESH: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Clone)]
pub(super) struct Cache {
    folder: Arc<Path>,
    writes: Arc<AtomicU32>,
}

impl Cache {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.into(), writes: Arc::default() }
    }

    /// A picture that is there and not too old.
    pub(super) async fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path(name)?;
        let read = tokio::task::spawn_blocking(move || {
            let written = std::fs::metadata(&path).ok()?.modified().ok()?;
            // A file from the future (the clock was set back) is as good as one from now.
            let age = SystemTime::now().duration_since(written).unwrap_or_default();
            (age < FRESH).then(|| std::fs::read(&path).ok()).flatten()
        });
        read.await.ok().flatten()
    }

    /// Keeps a picture; without a cache the app still runs.
    pub(super) async fn write(&self, name: &str, picture: &[u8]) {
        let Some(path) = self.path(name) else { return };
        let (folder, picture) = (Arc::clone(&self.folder), picture.to_vec());
        let measure = self.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(MEASURED_EVERY);
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let beside = path.with_extension("new");
            std::fs::write(&beside, picture)?;
            std::fs::rename(beside, path)?;
            if measure { shrink(&folder, LIMIT_BYTES) } else { Ok(()) }
        });
        if let Ok(Err(error)) = written.await {
            tracing::debug!(%error, "a picture was not cached");
        }
    }

    /// Names are ours: hexadecimal, and of one length. Anything else is no name.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let ours = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        ours.then(|| self.folder.join(format!("{name}.png")))
    }
}

/// Takes the oldest away until three quarters of the limit are left.
fn shrink(folder: &Path, limit: u64) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        files.push((meta.modified()?, meta.len(), entry.path()));
    }
    let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    if total <= limit {
        return Ok(());
    }
    files.sort();
    let mut told = Ok(());
    for (_, bytes, path) in files {
        if total <= limit / 4 * 3 {
            break;
        }
        // One that cannot go keeps no other here.
        match std::fs::remove_file(path) {
            Ok(()) => total -= bytes,
            Err(error) => told = Err(error),
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "0123456789abcdef0123456789abcdef";

    #[tokio::test]
    async fn a_picture_is_kept_until_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(&folder.path().join("avatars"));
        assert_eq!(cache.read(NAME).await, None);
        cache.write(NAME, b"png").await;
        assert_eq!(cache.read(NAME).await.as_deref(), Some(&b"png"[..]));
        let file = std::fs::File::open(cache.path(NAME).unwrap()).unwrap();
        file.set_modified(SystemTime::now() - FRESH).unwrap();
        assert_eq!(cache.read(NAME).await, None);
    }

    #[tokio::test]
    async fn only_our_own_names_lead_to_files() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        for name in
            ["", "..", "../settings", "/etc/passwd", &NAME[1..], "0123456789abcdef0123456789abcde/"]
        {
            assert_eq!(cache.path(name), None);
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..10_u64 {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, [0; 100]).unwrap();
            let file = std::fs::File::open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(number)).unwrap();
        }
        shrink(folder.path(), 1000).unwrap();
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            10,
            "at the limit nothing is taken"
        );
        shrink(folder.path(), 900).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["4", "5", "6", "7", "8", "9"]);
    }
}
