//! Where tokens are kept: the system's keyring, or memory until the app quits. Never a file.

use std::collections::HashMap;
#[cfg(test)]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aside_protocol::Token;

use crate::dto::TokenStore;
use crate::settings::RoomKey;

/// What the entries are called in the system's own list of secrets.
const SERVICE: &str = "Aside";

/// Long enough for a person to type the keyring's password when the system asks for it, short enough that a keyring
/// which hangs does not keep a room shut for good.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place that keeps secrets for longer than we run. Its calls block.
pub(crate) trait Vault: Send + Sync + 'static {
    fn put(&self, account: &str, token: &Token) -> Result<(), VaultError>;
    fn get(&self, account: &str) -> Result<Option<Token>, VaultError>;
    fn remove(&self, account: &str) -> Result<(), VaultError>;
}

/// The keyring is not there, is locked, or did not answer. Its own words stay out of it: they may quote the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VaultError {
    #[error("the keyring is not available")]
    Unavailable,
    #[error("the keyring did not answer")]
    Silent,
}

/// The system's keyring: Keychain, Credential Manager, Secret Service.
pub(crate) struct SystemKeyring;

impl Vault for SystemKeyring {
    fn put(&self, account: &str, token: &Token) -> Result<(), VaultError> {
        entry(account)?.set_password(token.expose()).map_err(|_| VaultError::Unavailable)
    }

    fn get(&self, account: &str) -> Result<Option<Token>, VaultError> {
        match entry(account)?.get_password() {
            Ok(secret) => Ok(Some(Token::new(secret))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(_) => Err(VaultError::Unavailable),
        }
    }

    fn remove(&self, account: &str) -> Result<(), VaultError> {
        match entry(account)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(_) => Err(VaultError::Unavailable),
        }
    }
}

fn entry(account: &str) -> Result<keyring::Entry, VaultError> {
    keyring::Entry::new(SERVICE, account).map_err(|_| VaultError::Unavailable)
}

/// The tokens of all rooms.
#[derive(Clone)]
pub(crate) struct Secrets {
    vault: Arc<dyn Vault>,
    session: Arc<Mutex<HashMap<RoomKey, Token>>>,
}

impl Secrets {
    pub(crate) fn new(vault: impl Vault) -> Self {
        Self { vault: Arc::new(vault), session: Arc::default() }
    }

    /// Keeps a token as well as this machine can, and says how well that is.
    pub(crate) async fn keep(&self, room: RoomKey, token: Token) -> TokenStore {
        let secret = token.clone();
        match self.ask(move |vault| vault.put(&room.to_string(), &secret)).await {
            Ok(()) => {
                self.session().remove(&room);
                TokenStore::Keyring
            }
            Err(error) => {
                tracing::warn!(%error, "a token is kept in memory until the app quits");
                self.keep_for_this_run(room, token);
                TokenStore::Session
            }
        }
    }

    /// Keeps a token in memory alone.
    pub(crate) fn keep_for_this_run(&self, room: RoomKey, token: Token) {
        self.session().insert(room, token);
    }

    /// The token of a room, if it is in memory.
    pub(crate) fn held(&self, room: RoomKey) -> Option<Token> {
        self.session().get(&room).cloned()
    }

    /// The token of a room, if it is known.
    pub(crate) async fn find(&self, room: RoomKey) -> Result<Option<Token>, VaultError> {
        match self.held(room) {
            Some(token) => Ok(Some(token)),
            None => self.ask(move |vault| vault.get(&room.to_string())).await,
        }
    }

    /// Forgets a token everywhere.
    ///
    /// # Errors
    /// A keyring that does not open still holds it, and at its server it holds good.
    pub(crate) async fn forget(&self, room: RoomKey) -> Result<(), VaultError> {
        self.session().remove(&room);
        self.ask(move |vault| vault.remove(&room.to_string())).await
    }

    /// The keyring's calls block (on D-Bus, on a person); a call that hangs is left to itself.
    async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Vault) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let vault = Arc::clone(&self.vault);
        let answer = tokio::task::spawn_blocking(move || call(&*vault));
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panicked)) => Err(VaultError::Unavailable),
            Err(_elapsed) => Err(VaultError::Silent),
        }
    }

    fn session(&self) -> MutexGuard<'_, HashMap<RoomKey, Token>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A keyring in memory, for tests; into a locked one nothing is put, and out of it nothing is taken.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Strongbox {
    kept: Mutex<HashMap<String, Token>>,
    pub(crate) locked: Arc<AtomicBool>,
}

#[cfg(test)]
impl Vault for Strongbox {
    fn put(&self, account: &str, token: &Token) -> Result<(), VaultError> {
        self.opened()?.insert(account.to_owned(), token.clone());
        Ok(())
    }

    fn get(&self, account: &str) -> Result<Option<Token>, VaultError> {
        Ok(self.kept.lock().unwrap().get(account).cloned())
    }

    fn remove(&self, account: &str) -> Result<(), VaultError> {
        self.opened()?.remove(account);
        Ok(())
    }
}

#[cfg(test)]
impl Secrets {
    /// The same keyring at the next start, which has nothing in memory.
    pub(crate) fn next_run(&self) -> Self {
        Self { vault: Arc::clone(&self.vault), session: Arc::default() }
    }
}

#[cfg(test)]
impl Strongbox {
    fn opened(&self) -> Result<MutexGuard<'_, HashMap<String, Token>>, VaultError> {
        let locked = self.locked.load(Ordering::Relaxed);
        if locked { Err(VaultError::Unavailable) } else { Ok(self.kept.lock().unwrap()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    struct Absent;

    impl Vault for Absent {
        fn put(&self, _: &str, _: &Token) -> Result<(), VaultError> {
            Err(VaultError::Unavailable)
        }

        fn get(&self, _: &str) -> Result<Option<Token>, VaultError> {
            Err(VaultError::Unavailable)
        }

        fn remove(&self, _: &str) -> Result<(), VaultError> {
            Err(VaultError::Unavailable)
        }
    }

    /// Hangs until the test lets go of the other end.
    struct Hanging(Mutex<mpsc::Receiver<()>>);

    impl Vault for Hanging {
        fn put(&self, _: &str, _: &Token) -> Result<(), VaultError> {
            let _ = self.0.lock().unwrap().recv();
            Ok(())
        }

        fn get(&self, _: &str) -> Result<Option<Token>, VaultError> {
            Ok(None)
        }

        fn remove(&self, _: &str) -> Result<(), VaultError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_keyring_keeps_the_token() {
        let (secrets, room) = (Secrets::new(Strongbox::default()), RoomKey::random());
        assert_eq!(secrets.keep(room, Token::new("t")).await, TokenStore::Keyring);
        assert!(secrets.session().is_empty(), "what the keyring holds, memory need not");
        assert_eq!(secrets.find(room).await, Ok(Some(Token::new("t"))));
        assert_eq!(secrets.forget(room).await, Ok(()));
        assert_eq!(secrets.find(room).await, Ok(None));
    }

    #[tokio::test]
    async fn without_a_keyring_it_lasts_until_the_app_quits() {
        let (secrets, room) = (Secrets::new(Absent), RoomKey::random());
        assert_eq!(secrets.keep(room, Token::new("t")).await, TokenStore::Session);
        assert_eq!(secrets.find(room).await, Ok(Some(Token::new("t"))));
        assert_eq!(secrets.find(RoomKey::random()).await, Err(VaultError::Unavailable));
        assert_eq!(secrets.forget(room).await, Err(VaultError::Unavailable));
        assert_eq!(secrets.find(room).await, Err(VaultError::Unavailable));
    }

    #[tokio::test]
    async fn a_keyring_that_hangs_does_not_hang_the_app() {
        let (let_go, held) = mpsc::channel();
        let secrets = Secrets::new(Hanging(Mutex::new(held)));
        tokio::time::pause();
        let keeping =
            tokio::spawn(async move { secrets.keep(RoomKey::random(), Token::new("t")).await });
        // A paused clock does not run by itself while a blocking call does.
        tokio::task::yield_now().await;
        assert!(!keeping.is_finished());
        tokio::time::advance(PATIENCE * 2).await;
        assert_eq!(keeping.await.unwrap(), TokenStore::Session);
        drop(let_go);
    }
}
