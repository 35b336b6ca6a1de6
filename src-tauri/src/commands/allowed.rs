//! What the page is really allowed to do, resolved from the files that the build resolves it from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tauri::utils::acl::capability::Capability;
use tauri::utils::acl::manifest::Manifest;
use tauri::utils::acl::resolved::Resolved;
use tauri::utils::config::{CapabilityEntry, Config, Csp};
use tauri::utils::platform::Target;

use crate::present::PRESENT;
use crate::windows::RoomWindow;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn config() -> Config {
    serde_json::from_str(&file("tauri.conf.json")).unwrap()
}

/// The capability of the window of this name.
fn capability(window: &str) -> Capability {
    let mut found = config().app.security.capabilities.into_iter().map(|entry| match entry {
        CapabilityEntry::Inlined(capability) => capability,
        CapabilityEntry::Reference(name) => panic!("{name} stands in a file of its own"),
    });
    found.find(|capability| capability.windows.iter().any(|name| name == window)).unwrap()
}

/// What the page of a window may call.
fn allowed(window: &str) -> BTreeSet<String> {
    let manifests: BTreeMap<String, Manifest> =
        serde_json::from_str(&file("gen/schemas/acl-manifests.json")).unwrap();
    let capabilities = BTreeMap::from([("page".to_owned(), capability(window))]);
    let resolved = Resolved::resolve(&manifests, capabilities, Target::current()).unwrap();
    resolved.allowed_commands.into_keys().collect()
}

/// The commands that the handler knows, as its source lists them.
fn handled() -> BTreeSet<String> {
    let source = file("src-tauri/src/commands.rs");
    let listed = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("crate::commands::")?.strip_suffix(','));
    listed.map(|path| path.rsplit("::").next().unwrap().to_owned()).collect()
}

const EVENTS: [&str; 2] = ["plugin:event|listen", "plugin:event|unlisten"];

#[test]
fn the_pages_may_hear_events_and_call_our_own_commands_and_nothing_else() {
    let handled = handled();
    assert!(handled.len() > 30, "{handled:?}");
    let (main, present) = (allowed(RoomWindow::Main.label()), allowed(PRESENT));
    let ours = main.union(&present).filter(|command| !EVENTS.contains(&command.as_str()));
    assert_eq!(ours.cloned().collect::<BTreeSet<_>>(), handled);
    for allowed in [&main, &present] {
        assert!(EVENTS.iter().all(|event| allowed.contains(*event)));
    }
}

#[test]
fn the_page_before_the_audience_may_do_next_to_nothing() {
    let ours = allowed(PRESENT).into_iter().filter(|command| !EVENTS.contains(&command.as_str()));
    let ours: Vec<_> = ours.collect();
    assert_eq!(ours, ["boot", "present", "present_step", "presented"]);
}

#[test]
fn each_capability_is_for_our_own_page() {
    assert_eq!(config().app.security.capabilities.len(), 2);
    for window in [RoomWindow::Main.label(), RoomWindow::Side.label(), PRESENT] {
        let capability = capability(window);
        assert!(capability.local && capability.remote.is_none() && capability.webviews.is_empty());
    }
}

#[test]
fn the_page_reaches_nothing_but_the_shell() {
    let config = config();
    assert!(!config.app.with_global_tauri);
    let security = config.app.security;
    assert!(security.freeze_prototype && !security.asset_protocol.enable);
    let Some(Csp::Policy(policy)) = security.csp else { panic!("no policy") };
    let directives: BTreeMap<&str, Vec<&str>> = policy
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_whitespace();
            Some((words.next()?, words.collect()))
        })
        .collect();
    for closed in ["frame-src", "object-src", "base-uri", "form-action"] {
        assert_eq!(directives[closed], ["'none'"], "{closed}");
    }
    let ours =
        ["'self'", "'none'", "ipc:", "http://ipc.localhost", "avatar:", "http://avatar.localhost"];
    for source in directives.values().flatten() {
        assert!(ours.contains(source), "{source}");
    }
    assert_eq!(directives["script-src"], ["'self'"]);
    assert_eq!(directives["style-src"], ["'self'"]);
}
