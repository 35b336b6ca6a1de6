//! A server with a room and one who may come in, and starts of the app beside it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aside_history::Store;
use aside_protocol::{EntryId, Role, Topic};
use aside_server::{Config, NewEntry, RoomSpec, Running, TokenId, TokenSpec};
use aside_session::Env;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::dto::{ConnectionState, RoomForm, RoomStatus};
use crate::secrets::Strongbox;
use crate::shell::*;

/// Long enough for a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Table {
    pub(crate) server: Running,
    pub(crate) token: Token,
    pub(super) token_id: TokenId,
    home: TempDir,
    /// Told whenever a room looks different.
    pub(super) changed: Arc<Notify>,
}

impl Table {
    pub(crate) async fn set() -> Self {
        Self::set_with(Config::for_tests()).await
    }

    pub(crate) async fn set_with(config: Config) -> Self {
        crate::install_tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = aside_server::start(config, listener).await.unwrap();
        let issued = server
            .rooms()
            .create_token(TokenSpec::staff(RoomSpec::new("r"), "ana", "Ana", "Org"))
            .await
            .unwrap();
        let entry = NewEntry::message("bo", "Bo", "hello");
        server.rooms().publish(&Topic::new("r"), entry).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        Self { server, token: issued.token, token_id: issued.id, home, changed: Arc::default() }
    }

    pub(crate) fn form(&self) -> RoomForm {
        RoomForm {
            server: format!("http://{}", self.server.addr()),
            topic: "r".to_owned(),
            stream: "r".to_owned(),
            name: "Ana".to_owned(),
            user: "ana".to_owned(),
            ..RoomForm::default()
        }
    }

    /// Joins with another person's token, and is there.
    pub(crate) async fn join_as(&self, shell: &Shell, role: Role, user: &str) -> RoomKey {
        let spec = TokenSpec { role, ..TokenSpec::staff(RoomSpec::new("r"), user, user, "Org") };
        let token = self.server.rooms().create_token(spec).await.unwrap().token;
        let form = RoomForm { user: user.to_owned(), name: user.to_owned(), ..self.form() };
        let room = shell.join(form, Some(token.expose().to_owned())).await.unwrap();
        self.becomes(shell, room, ConnectionState::Online).await;
        room
    }

    /// Opens the room as Ana, until she is in it.
    pub(crate) async fn join(&self, shell: &Shell) -> RoomKey {
        let token = self.token.expose().to_owned();
        let room = shell.join(self.form(), Some(token)).await.unwrap();
        self.becomes(shell, room, ConnectionState::Online).await;
        room
    }

    /// Bo asks.
    pub(crate) async fn asks(&self, text: &str) -> EntryId {
        let question = NewEntry::question("bo", "Bo", text);
        self.server.rooms().publish(&Topic::new("r"), question).await.unwrap().id
    }

    /// Looks again whenever a room looks different, until there is something to see.
    pub(crate) async fn until<T>(&self, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let seen = async {
            loop {
                match look().await {
                    Some(seen) => return seen,
                    None => self.changed.notified().await,
                }
            }
        };
        timeout(PATIENCE, seen).await.unwrap()
    }

    /// A start of the app, with the keyring and the files of the one before.
    pub(crate) fn start(&self, secrets: &Secrets) -> Shell {
        let changed = Arc::clone(&self.changed);
        shell_at(self.home.path(), secrets, move || changed.notify_one())
    }

    pub(crate) async fn becomes(
        &self,
        shell: &Shell,
        key: RoomKey,
        state: ConnectionState,
    ) -> RoomStatus {
        let reached = async {
            loop {
                let status = shell.rooms.status(key);
                match status.filter(|status| status.connection.state == state) {
                    Some(status) => return status,
                    None => self.changed.notified().await,
                }
            }
        };
        timeout(PATIENCE, reached).await.unwrap()
    }
}

/// A start of the app, with the files that are there.
pub(crate) fn shell_at(
    home: &Path,
    secrets: &Secrets,
    changed: impl Fn() + Send + Sync + 'static,
) -> Shell {
    crate::install_tls();
    let home = Home::at(home);
    let remembered = Remembered::open(&home.settings(), 0).unwrap().remembered;
    let store = Store::open(&home.history()).unwrap().store;
    let rooms = Rooms::new(store, Env::real().unwrap(), changed);
    Shell::new(home, remembered, secrets.clone(), rooms, <[Ticks; 2]>::default())
}

pub(crate) fn keyring() -> Secrets {
    Secrets::new(Strongbox::default())
}
