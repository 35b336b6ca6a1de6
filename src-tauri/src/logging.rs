//! Logs to stderr and to a small rotating file, and the two promises that they keep: no token and no body, at any level.

mod file;
mod recent;

use std::panic::PanicHookInfo;
use std::path::Path;

use tracing::Metadata;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use self::file::RotatingFile;
pub(crate) use self::recent::Recent;

/// Crates that print requests or secrets below `warn`, beside those of the session. `RUST_LOG` cannot open them.
const PINNED: [&str; 7] = [
    "axum",
    "h2",
    "keyring",
    "keyring_core",
    "secret_service",
    "zbus",
    "zbus_secret_service_keyring_store",
];

/// Starts logging, once per process; what comes can be looked at in the answer.
pub(crate) fn start(folder: &Path) -> Recent {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let file = RotatingFile::open(folder, "aside.log");
    let file_layer = file.map(|file| fmt::layer().with_ansi(false).with_writer(file));
    let recent = Recent::default();
    let started = tracing_subscriber::registry()
        .with(filter_fn(passes))
        .with(wanted)
        .with(recent.clone())
        .with(fmt::layer().with_writer(std::io::stderr))
        .with(file_layer)
        .try_init();
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
    recent
}

/// Whether a line may be written at all.
fn passes(line: &Metadata<'_>) -> bool {
    aside_session::may_log(line, &PINNED)
}

/// A panic is logged with its place. Only a literal message is repeated: a formatted one may hold what a person wrote.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let message = panic
        .payload()
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(formatted message left out)");
    tracing::error!(place, thread = thread.name().unwrap_or_default(), message, "panic");
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_setting_opens_a_crate_that_prints_the_handshake() {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = tracing_subscriber::registry()
            .with(filter_fn(passes))
            .with(EnvFilter::new("trace,tungstenite::client=trace,zbus::connection=trace"))
            .with(fmt::layer().with_writer(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "tungstenite::client", "Request: canary-1");
            tracing::info!(target: "hyper_util::client::legacy", "canary-2");
            tracing::debug!(target: "zbus::connection::handshake", "canary-3");
            tracing::debug!(target: "hyperspace", "another's");
            tracing::warn!(target: "tungstenite", "a warning");
            tracing::trace!(target: "aside_app::rooms", "our own");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("canary"), "{text}");
        for written in ["a warning", "our own", "another's"] {
            assert!(text.contains(written), "{written}: {text}");
        }
    }

    #[test]
    fn a_panic_is_logged_with_its_place_and_never_with_what_somebody_wrote() {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = tracing_subscriber::registry()
            .with(EnvFilter::new("trace"))
            .with(fmt::layer().with_writer(move || writer.clone()));
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        tracing::subscriber::with_default(subscriber, || {
            let secret = "canary";
            let _caught = std::panic::catch_unwind(|| panic!("a body: {secret}"));
            let _caught = std::panic::catch_unwind(|| {
                let parsed: Result<u8, String> =
                    secret.parse::<u8>().map_err(|_| secret.to_owned());
                parsed.expect("a number")
            });
            let _caught = std::panic::catch_unwind(|| panic!("our own words"));
        });
        std::panic::set_hook(before);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(text.matches("src-tauri/src/logging.rs:").count(), 3, "{text}");
        assert_eq!(text.matches("formatted message left out").count(), 2, "{text}");
        assert!(text.contains("our own words"), "{text}");
    }
}
