//! What stands for the log where the build has no NATS in it: there never is one.

use std::sync::{Arc, Mutex};

use rusqlite::{Connection, Transaction};
use tokio::sync::mpsc;

use super::StoreError;
use super::writer::Write;
use crate::log::{LogError, LogPlace};
use crate::metrics::Metrics;
use crate::room::OpenRooms;
use crate::running::ServerError;

pub(crate) enum Log {}

impl Log {
    pub(super) fn open(
        _: &LogPlace,
        _: &mut Connection,
        _: Arc<OpenRooms>,
        _: Arc<Metrics>,
    ) -> Result<Self, ServerError> {
        Err(ServerError::Log(LogError::NotBuilt))
    }

    pub(super) fn next(
        &mut self,
        _: &mut mpsc::Receiver<Write>,
        _: &Mutex<Connection>,
    ) -> Option<Write> {
        match *self {}
    }

    pub(super) fn commit<T>(
        &mut self,
        _: &mut Connection,
        _: &mut dyn FnMut(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        match *self {}
    }
}
