//! A canary for a token: wherever anything of ours writes, it is not there.

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aside_history::Store;
use support::*;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, fmt};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map(|mut log| log.extend_from_slice(bytes)).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_token_and_no_word_of_the_room_is_logged_at_trace_or_kept_on_disk() {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::registry()
        .with(filter_fn(|line| aside_session::may_log(line, &[])))
        .with(EnvFilter::new("trace,tungstenite::handshake=trace"))
        .with(fmt::layer().with_writer(move || written.clone()));
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::start(Mode::Full).await;
    let canary = stage.token.expose().to_owned();
    let store = Store::open(dir.path()).unwrap().store;
    let session = join_with(stage.addr(), stage.token.clone(), store.clone()).await;
    online(&session).await;
    let id = session.send("a secret between us").await.unwrap();
    session.settled(id).await.unwrap();
    let asked = session.ask("another secret").await.unwrap();
    session.settled(asked).await.unwrap();
    stage.running.cut_sockets();
    until(&session, "lost", |view| view.counters.losses == 1).await;
    online(&session).await;
    session.set_token(aside_protocol::Token::new("wrong-canary")).await;
    state(&session, "refused").await;
    session.close().await;
    store.close().await;
    tokio::time::sleep(Duration::from_millis(100)).await;

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("aside_session"), "the log works");
    for forbidden in [canary.as_str(), "wrong-canary", "secret between us", "another secret"] {
        assert!(!log.contains(forbidden), "{forbidden} is logged");
    }
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for forbidden in [canary.as_str(), "wrong-canary"] {
            assert!(!bytes.windows(forbidden.len()).any(|w| w == forbidden.as_bytes()));
        }
    }
}
