//! What the app remembers between starts: the saved rooms, without their tokens, and what a person has chosen.

mod disk;
mod hosted;
mod window;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

pub(crate) use self::hosted::Hosted;
pub(crate) use self::window::{WindowMemory, WindowPlace};
use crate::dto::{self, RoomForm, TokenStore};
use crate::overlay::Address;
use crate::windows::RoomWindow;

/// Our own name for a saved room; the page can name rooms only by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RoomKey(Uuid);

impl RoomKey {
    /// The room of the demo, the same at every start so that drafts and the place in the room survive.
    pub(crate) const DEMO: Self = Self(Uuid::from_u128(0xde30_0000_0000_4000_8000_0000_0000_0001));

    /// A name that no room has yet.
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Reads a name as the page gives it back.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // 36 characters are the only form that we write.
        (text.len() == 36).then(|| Uuid::try_parse(text).ok().map(Self)).flatten()
    }
}

impl std::fmt::Display for RoomKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A room that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SavedRoom {
    pub(crate) key: RoomKey,
    pub(crate) form: RoomForm,
    /// Where the token was put; what was only in memory is gone after a restart.
    pub(crate) token_store: TokenStore,
    /// Hosted by the app for this run; never written down.
    pub(crate) demo: bool,
    /// Whether the room is to be open.
    pub(crate) open: bool,
    /// Out of sight, with its history; never open.
    pub(crate) archived: bool,
    /// How the app hosts it, where it does.
    pub(crate) hosted: Option<Hosted>,
}

impl SavedRoom {
    /// A room of which nothing is known yet.
    pub(crate) fn new(key: RoomKey) -> Self {
        Self {
            key,
            form: RoomForm::default(),
            token_store: TokenStore::None,
            demo: false,
            open: false,
            archived: false,
            hosted: None,
        }
    }
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    pub(crate) rooms: Vec<SavedRoom>,
    pub(crate) settings: dto::Settings,
    windows: BTreeMap<RoomWindow, WindowMemory>,
    /// Keys that a person chose, by command.
    pub(crate) keys: BTreeMap<String, String>,
    /// Global keys that a person chose.
    pub(crate) hotkeys: BTreeMap<dto::HotkeyAction, String>,
    /// What this device is called in claims; made up once.
    pub(crate) device: String,
    /// Where the overlay is, once there was one. The page learns its addresses only when it asks for them.
    pub(crate) overlay: Option<Address>,
    /// What is to stand out, and what to step back.
    pub(crate) rules: dto::Rules,
    /// The tour was shown.
    pub(crate) toured: bool,
}

impl Memory {
    /// A saved room by its name.
    pub(crate) fn room(&self, key: RoomKey) -> Option<&SavedRoom> {
        self.rooms.iter().find(|room| room.key == key)
    }

    /// The place of a room in the list.
    pub(crate) fn rank(&self, key: RoomKey) -> usize {
        self.rooms.iter().position(|room| room.key == key).unwrap_or(usize::MAX)
    }

    /// What is remembered of a window.
    pub(crate) fn window(&self, which: RoomWindow) -> WindowMemory {
        self.windows.get(&which).cloned().unwrap_or_default()
    }

    /// The same, to be changed.
    pub(crate) fn window_mut(&mut self, which: RoomWindow) -> &mut WindowMemory {
        self.windows.entry(which).or_default()
    }

    /// A saved room by its name, to be changed.
    pub(crate) fn room_mut(&mut self, key: RoomKey) -> Option<&mut SavedRoom> {
        self.rooms.iter_mut().find(|room| room.key == key)
    }
}

/// The memory and its file. Written whole, to a new file that then takes the old one's place.
pub(crate) struct Remembered {
    path: PathBuf,
    // Held while the file is written, so that an older state never lands on a newer one. Writes are rare: a person did
    // something.
    memory: Mutex<Memory>,
}

/// What was found at the start.
pub(crate) struct Opened {
    pub(crate) remembered: Remembered,
    /// A file that could not be understood, and the name under which it was kept.
    pub(crate) set_aside: Option<PathBuf>,
}

impl Remembered {
    /// Reads the file. One that cannot be understood is kept under another name, and the app starts afresh.
    ///
    /// # Errors
    /// When the file is there but cannot be read, or cannot be moved out of the way.
    pub(crate) fn open(path: &Path, now_millis: i64) -> io::Result<Opened> {
        let text = match std::fs::read(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut set_aside = None;
        let memory = match text.map(|text| disk::read(&text)) {
            None => Memory::default(),
            Some(Ok(memory)) => memory,
            Some(Err(error)) => {
                let mut name = path.as_os_str().to_owned();
                name.push(format!(".broken-{now_millis}"));
                std::fs::rename(path, &name)?;
                tracing::warn!(%error, "the settings could not be understood and were set aside");
                set_aside = Some(PathBuf::from(name));
                Memory::default()
            }
        };
        Ok(Opened {
            remembered: Self { path: path.to_owned(), memory: Mutex::new(memory) },
            set_aside,
        })
    }

    /// Looks something up.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Memory) -> T) -> T {
        look(&self.lock())
    }

    /// Changes something and writes it down.
    ///
    /// # Errors
    /// When the file cannot be written; the change holds until the app quits.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> io::Result<T> {
        let mut memory = self.lock();
        let before = memory.clone();
        let result = change(&mut memory);
        if *memory != before {
            write_whole(&self.path, &disk::write(&memory))?;
        }
        Ok(result)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes beside the file, makes sure that it is on disk, then takes the file's place.
fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    use std::io::Write;

    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::Secret;

    fn room(open: bool, demo: bool) -> SavedRoom {
        let form = RoomForm {
            topic: "7".to_owned(),
            server: "https://a.example".to_owned(),
            ..RoomForm::default()
        };
        SavedRoom {
            form,
            token_store: TokenStore::Keyring,
            demo,
            open,
            ..SavedRoom::new(RoomKey::random())
        }
    }

    fn hosted() -> SavedRoom {
        let hosted = Hosted {
            name: "问答".to_owned(),
            org: "Org".to_owned(),
            logo: String::new(),
            guests: true,
            reach: dto::Reach::Public { url: "https://room.example/".to_owned() },
            port: 8791,
            address: "192.168.1.5".to_owned(),
            on: true,
        };
        SavedRoom { token_store: TokenStore::None, hosted: Some(hosted), ..room(true, false) }
    }

    fn rules() -> dto::Rules {
        let rule = dto::Rule {
            id: "a".to_owned(),
            on: true,
            room: None,
            when: dto::When::Words { text: "发布".to_owned() },
            effect: dto::Effect::Mute,
        };
        dto::Rules { list: vec![rule], volume: 20, apart: 9 }
    }

    #[test]
    fn a_rule_that_is_not_understood_takes_nothing_else_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let remembered = Remembered::open(&path, 0).unwrap().remembered;
        remembered.change(|memory| memory.rules = rules()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let later = r#"{"id": "b", "on": true, "room": null, "when": {"by": "smell"}, "effect": {"do": "mute"}},"#;
        std::fs::write(&path, text.replacen(r#""list": ["#, &format!(r#""list": [{later}"#), 1))
            .unwrap();
        let opened = Remembered::open(&path, 0).unwrap();
        assert_eq!(opened.set_aside, None);
        assert_eq!(opened.remembered.read(|memory| memory.rules.clone()), rules());
    }

    #[test]
    fn what_was_saved_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let opened = Remembered::open(&path, 0).unwrap();
        assert_eq!(opened.set_aside, None);
        let remembered = opened.remembered;
        remembered
            .change(|memory| {
                memory.rooms = vec![room(true, false), room(false, false), hosted()];
                memory.settings.text_size = 120;
                memory.settings.close = dto::CloseChoice::Hide;
                memory.keys.insert("reply".to_owned(), "q".to_owned());
                memory.device = "d".to_owned();
                memory.rooms[1].archived = true;
                memory.toured = true;
                memory.hotkeys.insert(dto::HotkeyAction::Write, "F9".to_owned());
                let window = memory.window_mut(RoomWindow::Side);
                (window.open, window.pinned, window.bare) = (true, true, true);
                window.view = "questions".to_owned();
                for n in 0..20 {
                    let place = WindowPlace { x: 1.0, y: 2.0, width: 300.0, height: 700.0 };
                    window.put(format!("{n}x900+0+0"), place);
                }
                memory.overlay = Some(Address { port: 20_001, secret: Secret::random() });
                memory.rules = rules();
            })
            .unwrap();
        let again = Remembered::open(&path, 0).unwrap().remembered;
        assert_eq!(again.read(Clone::clone), remembered.read(Clone::clone));
        let side = again.read(|memory| memory.window(RoomWindow::Side));
        assert_eq!((side.place("3x900+0+0"), side.place("4x900+0+0")), (None, side.last()));
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no half-written file is left"
        );
    }

    #[test]
    fn whoever_had_the_app_before_there_was_a_tour_is_shown_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let toured = || Remembered::open(&path, 0).unwrap().remembered.read(|memory| memory.toured);
        assert!(!toured(), "a first start");
        std::fs::write(&path, r#"{"version": 1}"#).unwrap();
        assert!(toured());
    }

    #[test]
    fn the_demo_and_a_token_that_was_in_memory_are_not_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let remembered = Remembered::open(&path, 0).unwrap().remembered;
        let kept = SavedRoom { token_store: TokenStore::Session, ..room(true, false) };
        remembered.change(|memory| memory.rooms = vec![room(true, true), kept.clone()]).unwrap();
        let again = Remembered::open(&path, 0).unwrap().remembered;
        assert_eq!(
            again.read(|memory| memory.rooms.clone()),
            [SavedRoom { token_store: TokenStore::None, ..kept }]
        );
    }

    #[test]
    fn a_broken_file_is_set_aside_and_kept() {
        for broken in ["", "{", "[]", "null", r#"{"version":99}"#, "\u{0}\u{1}"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("settings.json");
            std::fs::write(&path, broken).unwrap();
            let opened = Remembered::open(&path, 123).unwrap();
            let kept = opened.set_aside.unwrap();
            assert!(kept.to_str().unwrap().ends_with("settings.json.broken-123"));
            assert_eq!(std::fs::read_to_string(kept).unwrap(), broken);
            assert_eq!(opened.remembered.read(Clone::clone), Memory::default());
            opened.remembered.change(|memory| memory.settings.text_size = 90).unwrap();
            assert_eq!(
                Remembered::open(&path, 0).unwrap().remembered.read(|m| m.settings.text_size),
                90
            );
        }
    }

    #[test]
    fn a_room_is_named_by_our_own_names_only() {
        let key = RoomKey::random();
        assert_eq!(RoomKey::parse(&key.to_string()), Some(key));
        for text in [
            "",
            "1",
            "../../etc/passwd",
            "' OR 1=1 --",
            &format!("urn:uuid:{key}"),
            &"x".repeat(10_000_000),
        ] {
            assert_eq!(RoomKey::parse(text), None);
        }
    }
}
