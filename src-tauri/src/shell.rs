//! What the commands, the windows and the tray share, and the few things that take more than one of them.

mod files;
mod in_force;
mod joining;
mod list;
mod notices;
mod opening;
mod snippets;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aside_protocol::Token;
use aside_session::Questions;
use aside_words::Language;
use tokio::sync::Notify;

use crate::avatars::Avatars;
use crate::concerns::Me;
use crate::dto::{Boot, Notice, Settings, TokenStore, WindowLook};
use crate::errors::{AppError, Code};
use crate::form;
use crate::home::Home;
use crate::measure::Measure;
use crate::proxy;
use crate::questions::Clerk;
use crate::rooms::{Live, Rooms};
use crate::rows::Painter;
use crate::secrets::Secrets;
use crate::settings::{self, Memory, Remembered, RoomKey};
use crate::source::Source;
use crate::streamer::Streamer;
use crate::ticks::Ticks;
use crate::views;
use crate::windows::RoomWindow;
use crate::words::{self, system_locale};

use in_force::InForce;
pub(crate) use list::saved;
use list::set_open;
pub(crate) use opening::Opening;

/// The shell's state, one per process.
pub(crate) struct Shell {
    pub(crate) home: Home,
    pub(crate) remembered: Remembered,
    pub(crate) secrets: Secrets,
    pub(crate) rooms: Rooms,
    pub(crate) avatars: Avatars,
    ticks: [Ticks; 2],
    notices: Mutex<Vec<Notice>>,
    listed: Arc<Notify>,
    pub(crate) streamer: Streamer,
    in_force: InForce,
    pub(crate) opening: Opening,
    pub(crate) measure: Measure,
}

impl Shell {
    pub(crate) fn new(
        home: Home,
        remembered: Remembered,
        secrets: Secrets,
        rooms: Rooms,
        ticks: [Ticks; 2],
    ) -> Self {
        let elsewhere = remembered.read(|memory| memory.settings.pictures_elsewhere);
        let avatars = Avatars::new(&home.avatars(), elsewhere);
        let in_force = remembered.read(InForce::of);
        rooms.choose_proxy(&remembered.read(|memory| proxy::choice(&memory.settings.proxy)));
        Self {
            home,
            remembered,
            secrets,
            rooms,
            avatars,
            ticks,
            notices: Mutex::default(),
            listed: Arc::default(),
            streamer: Streamer::default(),
            in_force,
            opening: Opening::default(),
            measure: Measure::wanted(),
        }
    }

    /// What tells a window's page that something changed.
    pub(crate) fn ticks(&self, which: RoomWindow) -> &Ticks {
        match which {
            RoomWindow::Main => &self.ticks[0],
            RoomWindow::Side => &self.ticks[1],
        }
    }

    /// Whether the window that has the desk is shown.
    pub(crate) fn shows_desk(&self) -> bool {
        self.ticks(RoomWindow::Main).is_shown()
    }

    /// Whether any window shows the rooms.
    pub(crate) fn is_shown(&self) -> bool {
        self.ticks.iter().any(Ticks::is_shown)
    }

    /// Everything that a new page needs.
    pub(crate) fn boot(&self) -> Boot {
        let (rooms, settings, toured) = self
            .remembered
            .read(|memory| (memory.rooms.clone(), memory.settings.clone(), memory.toured));
        let language = self.language();
        let streamer = self.streamer.is_on(settings.streamer_mode);
        let open = || rooms.iter().find(|room| room.open).map(|room| room.key);
        let first = self.opening.first().or_else(open);
        Boot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rooms: rooms.iter().map(|room| saved(room, language)).collect(),
            settings,
            system_locale: system_locale(),
            statuses: self.rooms.statuses(),
            room: first.map(|key| key.to_string()),
            page: None,
            spot: self.opening.take_spot(),
            streamer,
            notices: self.notices(),
            window: WindowLook::default(),
            closing: false,
            quitting: Vec::new(),
            writes: false,
            measured: self.measure.is_wanted(),
            stands: BTreeMap::new(),
            toured,
        }
    }

    /// The room that the overlay shows.
    pub(crate) fn overlaid(&self) -> Option<RoomKey> {
        let named = self.remembered.read(|memory| memory.settings.overlay_room.clone());
        if named.is_empty() { *self.opening.overlaid().borrow() } else { RoomKey::parse(&named) }
    }

    /// The language that the shell speaks now.
    pub(crate) fn language(&self) -> Language {
        words::language(self.remembered.read(|memory| memory.settings.locale), &system_locale())
    }

    /// Whether a saved room's server is in this app.
    pub(crate) fn hosts(&self, key: RoomKey) -> bool {
        self.remembered.read(|memory| memory.room(key).is_some_and(|room| room.hosted.is_some()))
    }

    /// Opens a room, unless it is open, and remembers that it is to be.
    ///
    /// # Errors
    /// An unknown room, an address that will not do, or a cache that cannot be used.
    pub(crate) async fn open(&self, key: RoomKey) -> Result<(), AppError> {
        let room = self.saved(key)?;
        let config = form::config(&room.form)?;
        if !room.open {
            self.change(|memory| set_open(memory, key, true))?;
            self.list_changed();
        }
        if !self.rooms.reserve(key) {
            return Ok(());
        }
        let token = self.find_token(&room).await;
        self.rooms.open(key, config, token).await
    }

    /// Leaves a room, and remembers that it is not to be open.
    ///
    /// # Errors
    /// `settings_not_saved`; the room is left all the same.
    pub(crate) async fn leave(&self, key: RoomKey) -> Result<(), AppError> {
        self.rooms.leave(key).await;
        let left = self.change(|memory| set_open(memory, key, false));
        self.list_changed();
        left
    }

    /// Forgets a room: its place in the list, its token, its rules, its cache, what was not sent, its drafts. Says so if its token
    /// stays behind: in a keyring that did not open, and at a server of somebody else's, where it holds good.
    ///
    /// # Errors
    /// When its files cannot be written: it is still in the list then, to be forgotten again. `settings_not_saved`.
    pub(crate) async fn forget(&self, key: RoomKey) -> Result<(), AppError> {
        let room = self.saved(key)?;
        self.rooms.leave(key).await;
        // Once it is out of the list, nobody could try this again.
        self.forget_files(&room).await?;
        let left = self.secrets.forget(key).await.is_err_and(|error| {
            tracing::warn!(%error, "a token could not be removed from the keyring");
            room.token_store == TokenStore::Keyring && room.hosted.is_none()
        });
        crate::keeping::forget(self.home.transcripts(), key).await;
        let rules = self.change(|memory| {
            memory.rooms.retain(|room| room.key != key);
            let here = Some(key.to_string());
            memory.rules.list.retain(|rule| rule.room != here);
            memory.rules.clone()
        })?;
        self.list_changed();
        self.rule(rules)?;
        let label = saved(&room, self.language()).label;
        let params = [("room", aside_text::name(&label)), ("entry", key.to_string())];
        if left {
            self.notice("token_left", &params);
        }
        Ok(())
    }

    /// Gives a room another token, and comes back with it.
    ///
    /// # Errors
    /// An unknown room, or one that cannot be opened.
    pub(crate) async fn set_token(&self, key: RoomKey, token: Token) -> Result<(), AppError> {
        let room = self.elsewhere(key)?;
        let token_store = self.keep_token(key, token.clone()).await;
        self.change(|memory| {
            if let Some(room) = memory.room_mut(key) {
                room.token_store = token_store;
            }
        })?;
        let came = if room.open { self.bring_token(key, token).await } else { Ok(()) };
        self.list_changed();
        came
    }

    /// An open room comes back with its new token; one that waited for a token is entered with it.
    async fn bring_token(&self, key: RoomKey, token: Token) -> Result<(), AppError> {
        match self.rooms.live(key).await {
            Ok(live) => {
                live.session.set_token(token).await;
                // The same token again means: try once more.
                live.session.reconnect();
                Ok(())
            }
            Err(_without_session) => self.open(key).await,
        }
    }

    /// What this device is called in claims.
    pub(crate) fn device(&self) -> String {
        let device = self.remembered.read(|memory| memory.device.clone());
        if !device.is_empty() {
            return device;
        }
        let made = uuid::Uuid::new_v4().simple().to_string();
        // Where it can't be written down, it holds until the app quits.
        let _logged = self.change(|memory| memory.device.clone_from(&made));
        made
    }

    /// Who makes questions of a room fit for the page.
    pub(crate) fn clerk<'a>(&'a self, live: &'a Live, questions: &Questions) -> Clerk<'a> {
        let painter = self.painter(live);
        Clerk::new(painter, &live.session.watch().borrow(), self.device(), questions)
    }

    /// Who makes rows of a room fit for the page.
    pub(crate) fn painter<'a>(&'a self, live: &'a Live) -> Painter<'a> {
        Painter {
            avatars: Some(&self.avatars),
            namesakes: &live.namesakes,
            server: &live.server,
            room: live.key,
            rules: self.rules(),
            me: Me::called(views::own_name(self, live.key)),
        }
    }

    /// The same, wherever they are read from. Of a room that has no session nothing is fetched, so no pictures either.
    pub(crate) fn painter_of<'a>(&'a self, source: &'a Source) -> Painter<'a> {
        match source {
            Source::Live(live) => self.painter(live),
            Source::Kept(kept) => Painter {
                avatars: None,
                namesakes: &kept.namesakes,
                server: &kept.server,
                room: kept.key,
                rules: self.rules(),
                me: Me::default(),
            },
        }
    }

    /// Keeps what a person chose.
    ///
    /// # Errors
    /// `settings_not_saved`; `bad_proxy` and `proxy_secret`, and then nothing is changed.
    pub(crate) fn choose(&self, mut settings: Settings) -> Result<(), AppError> {
        settings.proxy = proxy::tidy(settings.proxy)?;
        self.avatars.show_elsewhere(settings.pictures_elsewhere);
        let settings = settings.bounded();
        self.in_force.views(&settings.views);
        let proxy = settings.proxy.clone();
        let before = self.remembered.read(|memory| memory.settings.proxy.clone());
        if proxy != before {
            self.rooms.choose_proxy(&proxy::choice(&proxy));
        }
        self.change(|memory| memory.settings = settings)?;
        self.streamer.look_again();
        self.rooms.look_again();
        Ok(())
    }

    /// Changes what is remembered.
    ///
    /// # Errors
    /// `settings_not_saved`; the change holds until the app quits.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> Result<T, AppError> {
        self.remembered.change(change).map_err(|error| {
            tracing::error!(%error, "the settings could not be written");
            Code::SettingsNotSaved.into()
        })
    }

    fn saved(&self, key: RoomKey) -> Result<settings::SavedRoom, AppError> {
        self.remembered
            .read(|memory| memory.room(key).cloned())
            .ok_or_else(|| Code::RoomUnknown.into())
    }

    /// A saved room of another server: what leads to one of our own is not for a person to write.
    fn elsewhere(&self, key: RoomKey) -> Result<settings::SavedRoom, AppError> {
        let room = self.saved(key)?;
        if room.hosted.is_some() { Err(Code::NotOffered.into()) } else { Ok(room) }
    }

    async fn keep_token(&self, key: RoomKey, token: Token) -> TokenStore {
        let kept = self.secrets.keep(key, token).await;
        // What is in memory of another room is lost with it all the same.
        let is_lost = |room: &settings::SavedRoom| {
            let own = room.demo || room.hosted.is_some();
            room.token_store == TokenStore::Session && room.key != key && !own
        };
        if kept != TokenStore::Keyring {
            self.notice("no_keyring", &[]);
        } else if !self.remembered.read(|memory| memory.rooms.iter().any(is_lost)) {
            self.take_back_notices("no_keyring");
        }
        kept
    }

    /// The room has no token any more; one that a keyring does not give back is not asked for again.
    async fn drop_token(&self, key: RoomKey) -> TokenStore {
        if let Err(error) = self.secrets.forget(key).await {
            tracing::warn!(%error, "a token could not be removed from the keyring");
        }
        TokenStore::None
    }

    /// A room whose token cannot be found is opened without one: the page then says what is missing. What the keyring still holds of a room
    /// whose token it could not take is a former one, maybe another person's.
    async fn find_token(&self, room: &settings::SavedRoom) -> Option<Token> {
        if room.token_store != TokenStore::Keyring {
            return self.secrets.held(room.key);
        }
        self.secrets.find(room.key).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a room's token could not be looked up");
            self.notice("no_keyring", &[]);
            None
        })
    }
}
