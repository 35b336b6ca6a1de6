//! Where everything that the app writes lies.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::settings::RoomKey;

/// The environment variable that moves everything below one folder.
const VARIABLE: &str = "ASIDE_HOME";

/// The bundle identifier, under which a running app is found.
const INSTANCE: &str = "app.aside.desktop";

/// The folder that everything is written below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    root: PathBuf,
    moved: bool,
}

impl Home {
    /// The folder that the environment names, or the system's own.
    pub(crate) fn find() -> io::Result<Self> {
        Self::choose(std::env::var_os(VARIABLE), system_folder())
    }

    fn choose(variable: Option<OsString>, system: Option<PathBuf>) -> io::Result<Self> {
        if let Some(root) = variable.filter(|value| !value.is_empty()) {
            return Ok(Self { root: std::path::absolute(root)?, moved: true });
        }
        let root = system.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Self { root, moved: false })
    }

    #[cfg(test)]
    pub(crate) fn at(root: &std::path::Path) -> Self {
        Self { root: root.to_owned(), moved: true }
    }

    /// Makes the folder, for this user's eyes alone.
    pub(crate) fn create(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.root)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&self.root, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    /// The name under which a running app is found: apps with different homes live side by side.
    pub(crate) fn instance(&self) -> String {
        if !self.moved {
            return INSTANCE.to_owned();
        }
        let digest = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        // A part of a bus name may not begin with a digit.
        format!("{INSTANCE}.h{name}")
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings.json")
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.root.join("history")
    }

    pub(crate) fn avatars(&self) -> PathBuf {
        self.root.join("avatars")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// What was said, as text for people.
    pub(crate) fn transcripts(&self) -> PathBuf {
        self.root.join("transcripts")
    }

    pub(crate) fn demo(&self) -> PathBuf {
        self.root.join("demo")
    }

    /// The server's data of a room that is hosted here.
    pub(crate) fn hosted(&self, room: RoomKey) -> PathBuf {
        self.root.join("hosted").join(room.to_string())
    }

    /// What the web engine keeps.
    pub(crate) fn webview(&self) -> PathBuf {
        self.root.join("webview")
    }

    /// Where the tray's picture is written for the desktop to read.
    pub(crate) fn tray(&self) -> PathBuf {
        self.root.join("tray")
    }
}

/// The system's own folder for this user's data that does not travel with a roaming profile.
fn system_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("app", "Aside", "Aside")
        .map(|dirs| dirs.data_local_dir().to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_variable_moves_everything() {
        let home = Home::choose(Some("/tmp/a".into()), Some("/home/x".into())).unwrap();
        assert_eq!(home.settings(), Path::new("/tmp/a/settings.json"));
        let system = Home::choose(None, Some("/home/x".into())).unwrap();
        assert_eq!(system.settings(), Path::new("/home/x/settings.json"));
        assert_eq!(Home::choose(Some("".into()), Some("/home/x".into())).unwrap(), system);
        assert!(Home::choose(None, None).is_err());
    }

    #[test]
    fn apps_with_different_homes_are_different_apps() {
        let one = Home::choose(Some("/tmp/a".into()), None).unwrap();
        let other = Home::choose(Some("/tmp/b".into()), None).unwrap();
        let system = Home::choose(None, Some("/home/x".into())).unwrap();
        assert_ne!(one.instance(), other.instance());
        assert_eq!(one.instance(), one.clone().instance());
        assert_eq!(system.instance(), "app.aside.desktop");
        let last = one.instance().rsplit('.').next().unwrap().to_owned();
        assert!(last.starts_with(|first: char| first.is_ascii_alphabetic()), "{last}");
    }
}
