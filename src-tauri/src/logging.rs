//! Logs to stderr and to a small rotating file, and the two promises that they keep: no token and no body, at any level.

mod file;
mod recent;

use std::panic::PanicHookInfo;
use std::path::Path;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use self::file::RotatingFile;
pub(crate) use self::recent::Recent;

/// Crates that print requests, frames, replies or secrets below `warn`: tungstenite logs the whole handshake with its
/// `Authorization` at trace level. `RUST_LOG` cannot open them.
const PINNED: [&str; 15] = [
    "axum",
    "h2",
    "hyper",
    "hyper_util",
    "keyring",
    "keyring_core",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "secret_service",
    "tokio_rustls",
    "tokio_tungstenite",
    "tungstenite",
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
    *line.level() <= Level::WARN || !is_pinned(line.target())
}

fn is_pinned(target: &str) -> bool {
    PINNED.contains(&target.split("::").next().unwrap_or(target))
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
            .with(EnvFilter::new("trace,tungstenite::client=trace"))
            .with(fmt::layer().with_writer(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "tungstenite::client", "Request: canary-1");
            tracing::info!(target: "hyper_util::client::legacy", "canary-2");
            tracing::warn!(target: "tungstenite", "a warning");
            tracing::trace!(target: "aside_app::rooms", "our own");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("a warning") && text.contains("our own"), "{text}");
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

    #[test]
    fn a_crate_is_pinned_by_its_whole_name() {
        assert!(is_pinned("tungstenite"));
        assert!(is_pinned("zbus::connection::handshake"));
        assert!(!is_pinned("aside_session::link"));
        assert!(!is_pinned("hyperspace"));
    }
}
