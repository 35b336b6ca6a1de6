//! The open sockets of a server: how many there are, whose they are, and ending them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aside_protocol::Role;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::config::Limits;
use crate::outlet::{Goodbye, Outlet};
use crate::store::tokens::TokenHash;

/// One open socket, as far as others need to know it.
#[derive(Debug)]
pub(crate) struct OpenSocket {
    pub(crate) token: TokenHash,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) room: i64,
    pub(crate) user: String,
    pub(crate) role: Role,
    pub(crate) outlet: Outlet,
}

/// Why a socket may not open now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// This user has as many as allowed.
    User,
    /// The server has.
    Server,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    last: AtomicU64,
    open: Mutex<BTreeMap<u64, OpenSocket>>,
    arrived: Notify,
}

/// Keeps a socket on the list for as long as it lives, panics included.
#[derive(Debug)]
pub(crate) struct Seated {
    number: u64,
    sockets: Arc<Sockets>,
}

impl Sockets {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, OpenSocket>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a socket on the list, if there is room.
    pub(crate) fn admit(
        self: &Arc<Self>,
        socket: OpenSocket,
        limits: &Limits,
    ) -> Result<Seated, Full> {
        let mut open = self.open();
        fits(&open, socket.room, &socket.user, socket.role, limits)?;
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        open.insert(number, socket);
        self.arrived.notify_one();
        Ok(Seated { number, sockets: self.clone() })
    }

    /// Whether there would be room for one more of somebody's.
    pub(crate) fn fits(
        &self,
        room: i64,
        user: &str,
        role: Role,
        limits: &Limits,
    ) -> Result<(), Full> {
        fits(&self.open(), room, user, role, limits)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.open().len()
    }

    /// How many people are in a room, however many sockets each of them has.
    pub(crate) fn people(&self, room: i64) -> usize {
        let open = self.open();
        let here = open.values().filter(|socket| socket.room == room);
        here.map(|socket| socket.user.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// Who is in a room.
    pub(crate) fn users(&self, room: i64) -> BTreeSet<String> {
        let open = self.open();
        open.values()
            .filter(|socket| socket.room == room)
            .map(|socket| socket.user.clone())
            .collect()
    }

    /// Waits until there is one.
    pub(crate) async fn some(&self) {
        while self.count() == 0 {
            self.arrived.notified().await;
        }
    }

    /// Looks at each, to change what is known of it, and ends those for which there is a goodbye.
    pub(crate) fn review(&self, mut look: impl FnMut(&mut OpenSocket) -> Option<Goodbye>) {
        for socket in self.open().values_mut() {
            if let Some(goodbye) = look(socket) {
                socket.outlet.end(goodbye);
            }
        }
    }

    /// Ends those that are meant.
    pub(crate) fn end(
        &self,
        meant: impl Fn(&OpenSocket) -> bool,
        mut goodbye: impl FnMut() -> Goodbye,
    ) {
        for socket in self.open().values().filter(|socket| meant(socket)) {
            socket.outlet.end(goodbye());
        }
    }
}

fn fits(
    open: &BTreeMap<u64, OpenSocket>,
    room: i64,
    user: &str,
    role: Role,
    limits: &Limits,
) -> Result<(), Full> {
    // However large the audience: who answers it must still get in.
    let most = if role.at_desk() { limits.sockets } else { limits.sockets / 5 * 4 };
    if open.len() >= most {
        return Err(Full::Server);
    }
    let own = open.values().filter(|other| other.room == room && other.user == user);
    if limits.sockets_per_user != usize::MAX && own.count() >= limits.sockets_per_user {
        return Err(Full::User);
    }
    Ok(())
}

impl Seated {
    /// The connection's number, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.sockets.open().remove(&self.number);
    }
}
