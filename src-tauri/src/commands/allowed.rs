//! What the page is really allowed to do, resolved from the files that the build resolves it from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tauri::utils::acl::capability::Capability;
use tauri::utils::acl::manifest::Manifest;
use tauri::utils::acl::resolved::Resolved;
use tauri::utils::config::{CapabilityEntry, Config, Csp};
use tauri::utils::platform::Target;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn config() -> Config {
    serde_json::from_str(&file("tauri.conf.json")).unwrap()
}

fn capability() -> Capability {
    match &config().app.security.capabilities[..] {
        [CapabilityEntry::Inlined(capability)] => capability.clone(),
        other => panic!("{} capabilities where one is the rule", other.len()),
    }
}

/// The commands that the handler knows, as its source lists them.
fn handled() -> BTreeSet<String> {
    let source = file("src-tauri/src/commands.rs");
    let listed = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("crate::commands::")?.strip_suffix(','));
    listed.map(|path| path.rsplit("::").next().unwrap().to_owned()).collect()
}

#[test]
fn the_page_may_hear_events_and_call_our_own_commands_and_nothing_else() {
    let manifests: BTreeMap<String, Manifest> =
        serde_json::from_str(&file("gen/schemas/acl-manifests.json")).unwrap();
    let capabilities = BTreeMap::from([("main".to_owned(), capability())]);
    let resolved = Resolved::resolve(&manifests, capabilities, Target::current()).unwrap();
    let allowed: BTreeSet<String> = resolved.allowed_commands.into_keys().collect();

    let mut wanted = handled();
    assert!(wanted.len() > 20, "{wanted:?}");
    wanted.extend(["plugin:event|listen".to_owned(), "plugin:event|unlisten".to_owned()]);
    assert_eq!(allowed, wanted);
}

#[test]
fn the_one_capability_is_for_the_one_window_and_our_own_page() {
    let capability = capability();
    assert_eq!(capability.windows, [crate::windows::MAIN]);
    assert!(capability.local && capability.remote.is_none() && capability.webviews.is_empty());
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
